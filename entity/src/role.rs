//! The role table: role x type group x interaction, as data. Checked at every door before any row is looked at.
//!
//! What an analyst reads about patients is masked ([`is_masked`], `fhir::mask`). A cell whose right has a condition that nothing enforces
//! yet is empty: a nurse's draft orders, a pharmacist's orders, a patient's own requests, administrative encounters and documents, own Subscriptions. What a patient may read
//! is narrowed to own records by [`crate::Actor::rows`]; where rows do not say whose they are, a patient reads nothing.

use fhir::ResourceType;
use fhir::search::registry;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Physician,
    Nurse,
    Pharmacist,
    Registrar,
    Analyst,
    Admin,
    Patient,
    System,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::Physician,
        Self::Nurse,
        Self::Pharmacist,
        Self::Registrar,
        Self::Analyst,
        Self::Admin,
        Self::Patient,
        Self::System,
    ];

    /// The name in accounts and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Physician => "physician",
            Self::Nurse => "nurse",
            Self::Pharmacist => "pharmacist",
            Self::Registrar => "registrar",
            Self::Analyst => "analyst",
            Self::Admin => "admin",
            Self::Patient => "patient",
            Self::System => "system",
        }
    }

    /// Whether who holds it treats patients.
    pub fn treats(self) -> bool {
        matches!(self, Self::Physician | Self::Nurse | Self::Pharmacist)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }
}

/// `c r u d s` of the table: `Read` covers vread and instance history, `Search` covers type history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interaction {
    Create,
    Read,
    Update,
    Delete,
    Search,
}

impl Interaction {
    pub const ALL: [Self; 5] = [Self::Create, Self::Read, Self::Update, Self::Delete, Self::Search];

    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Search => "search",
        }
    }

    pub(crate) fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
            Self::Search => 's',
        }
    }

    pub(crate) fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|i| i.letter() == letter)
    }
}

/// `system/*.cruds`.
pub fn every_interaction() -> Vec<(Option<ResourceType>, Interaction)> {
    Interaction::ALL.map(|i| (None, i)).to_vec()
}

/// Types that the table treats alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Demographic,
    Schedule,
    Encounter,
    Clinical,
    Order,
    Pharmacy,
    Administration,
    Result,
    Document,
    Work,
    Directory,
    Knowledge,
    Privacy,
    Audit,
    Configuration,
    /// May hold what belongs to persons although nothing in it says to whom: bundles, payments, what verifies or links records.
    Unattributed,
    /// Has no endpoint in R4.
    Nothing,
}

/// A type the table does not name is clinical when R4 has it in the Patient compartment, else knowledge.
fn group(resource_type: ResourceType) -> Group {
    use ResourceType as T;
    match resource_type {
        T::Patient
        | T::RelatedPerson
        | T::Coverage
        | T::Account
        | T::Claim
        | T::ClaimResponse
        | T::ExplanationOfBenefit => Group::Demographic,
        T::Appointment | T::Schedule | T::Slot => Group::Schedule,
        T::Encounter | T::EpisodeOfCare | T::CareTeam => Group::Encounter,
        T::MedicationRequest | T::ServiceRequest | T::NutritionOrder | T::DeviceRequest => Group::Order,
        T::MedicationDispense => Group::Pharmacy,
        T::MedicationAdministration => Group::Administration,
        T::Observation | T::DiagnosticReport | T::Specimen | T::ImagingStudy | T::Media => Group::Result,
        T::DocumentReference | T::Composition | T::Binary | T::QuestionnaireResponse => Group::Document,
        T::Task | T::Communication | T::CommunicationRequest => Group::Work,
        T::Practitioner
        | T::PractitionerRole
        | T::Organization
        | T::Location
        | T::HealthcareService
        | T::Device
        | T::Medication
        | T::Substance => Group::Directory,
        T::Consent => Group::Privacy,
        T::AuditEvent | T::Provenance => Group::Audit,
        T::Subscription => Group::Configuration,
        T::BiologicallyDerivedProduct
        | T::Bundle
        | T::DeviceMetric
        | T::EnrollmentResponse
        | T::Linkage
        | T::MessageHeader
        | T::OperationOutcome
        | T::PaymentNotice
        | T::PaymentReconciliation
        | T::VerificationResult => Group::Unattributed,
        T::Parameters => Group::Nothing,
        T::FamilyMemberHistory | T::List | T::Flag | T::Goal => Group::Clinical,
        other if registry::in_patient_compartment(other) => Group::Clinical,
        _ => Group::Knowledge,
    }
}

/// The letters of a cell.
#[expect(clippy::match_same_arms, reason = "an arm is a line of the table, not a set of letters")]
fn cell(role: Role, group: Group, resource_type: ResourceType) -> &'static str {
    use Group as G;
    use ResourceType as T;
    match (role, group) {
        (_, G::Nothing) => "",
        (
            Role::Physician,
            G::Schedule | G::Encounter | G::Clinical | G::Order | G::Administration | G::Result | G::Document | G::Work,
        ) => "crus",
        (Role::Physician | Role::Nurse, G::Demographic) => "rus",
        (Role::Physician, G::Privacy) => "crs",
        (
            Role::Nurse,
            G::Schedule | G::Encounter | G::Clinical | G::Administration | G::Result | G::Document | G::Work,
        ) => "crus",
        (Role::Nurse, G::Order) => "rs",
        (Role::Pharmacist, G::Clinical) if matches!(resource_type, T::AllergyIntolerance | T::MedicationStatement) => {
            "crus"
        }
        (Role::Pharmacist, G::Directory) if resource_type == T::Medication => "crus",
        (Role::Pharmacist, G::Pharmacy | G::Work) => "crus",
        (
            Role::Pharmacist,
            G::Demographic
            | G::Schedule
            | G::Encounter
            | G::Clinical
            | G::Order
            | G::Administration
            | G::Result
            | G::Document,
        ) => "rs",
        (Role::Physician | Role::Nurse, G::Pharmacy) => "rs",
        // Who may read knowledge and every chart; the design has them under knowledge.
        (Role::Physician | Role::Nurse | Role::Pharmacist, G::Unattributed) => "rs",
        (Role::Physician | Role::Nurse | Role::Pharmacist, G::Audit) if resource_type == T::Provenance => "rs",
        (
            Role::Physician | Role::Nurse | Role::Pharmacist | Role::Registrar | Role::Analyst,
            G::Directory | G::Knowledge,
        ) => "rs",
        (Role::Nurse | Role::Pharmacist, G::Privacy) => "rs",
        (Role::Registrar, G::Demographic | G::Schedule | G::Work | G::Privacy) => "crus",
        (
            Role::Analyst,
            G::Demographic
            | G::Schedule
            | G::Encounter
            | G::Clinical
            | G::Order
            | G::Pharmacy
            | G::Administration
            | G::Result,
        ) => "rs",
        (Role::Admin, G::Directory | G::Knowledge) => "crus",
        (Role::Admin, G::Audit) if resource_type == T::AuditEvent => "rs",
        (Role::Admin, G::Configuration) => "crud",
        // Who read their record.
        (Role::Patient, G::Audit) if resource_type == T::AuditEvent => "rs",
        (Role::Patient, G::Audit | G::Configuration | G::Unattributed) => "",
        (Role::Patient, G::Directory | G::Knowledge) => "rs",
        // `Actor::rows` narrows these types only; the rest (Binary, Slot) would be everybody's.
        (Role::Patient, _) if registry::in_patient_compartment(resource_type) => "rs",
        (
            Role::Physician
            | Role::Nurse
            | Role::Pharmacist
            | Role::Registrar
            | Role::Analyst
            | Role::Admin
            | Role::Patient
            | Role::System,
            _,
        ) => "",
    }
}

/// Whether who holds these roles is shown a type masked only: it is about patients, and no other role than analyst lets them read it.
///
/// The design masks persons, what is known of them and results. What was ordered, given and planned is masked as well: it names the same
/// persons in its references.
pub fn is_masked(roles: &[Role], resource_type: ResourceType) -> bool {
    let group = group(resource_type);
    let may = |role: &Role| cell(*role, group, resource_type).contains(['r', 's']);
    let open = matches!(group, Group::Directory | Group::Knowledge);
    roles.contains(&Role::Analyst) && !open && !roles.iter().any(|role| *role != Role::Analyst && may(role))
}

/// Whether records of the type may hold what belongs to persons although nothing in them says to whom.
pub(crate) fn is_unattributed(resource_type: ResourceType) -> bool {
    group(resource_type) == Group::Unattributed
}

/// Whether a record of the type that is about no patient is for everybody who may read the type: what the house works with (schedules,
/// tasks, devices). A clinical record about nobody is somebody's all the same, only not known whose.
pub fn is_common(resource_type: ResourceType) -> bool {
    matches!(
        group(resource_type),
        Group::Directory | Group::Knowledge | Group::Schedule | Group::Work | Group::Configuration
    )
}

/// What analysts count without seeing it.
pub(crate) fn is_counted(resource_type: ResourceType) -> bool {
    resource_type == ResourceType::Patient || matches!(group(resource_type), Group::Clinical | Group::Result)
}

/// What no account may do, whatever its role or scope: write audit events, change or delete Provenance, use `Parameters`.
pub fn is_immutable(interaction: Interaction, resource_type: ResourceType) -> bool {
    use Interaction::{Create, Delete, Update};
    match resource_type {
        ResourceType::AuditEvent => matches!(interaction, Create | Update | Delete),
        ResourceType::Provenance => matches!(interaction, Update | Delete),
        ResourceType::Parameters => true,
        _ => false,
    }
}

/// Whether the union of the roles permits the interaction; `None` when exactly `system` is held, whose rights are its scope's.
pub fn permits(roles: &[Role], interaction: Interaction, resource_type: ResourceType) -> Option<bool> {
    if roles == [Role::System] {
        return None;
    }
    if is_immutable(interaction, resource_type) {
        return Some(false);
    }
    let group = group(resource_type);
    Some(roles.iter().any(|role| cell(*role, group, resource_type).contains(interaction.letter())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceType as T;

    #[test]
    fn the_table_says_what_it_says() {
        for (role, resource_type, letters) in [
            (Role::Physician, T::Patient, "rus"),
            (Role::Physician, T::Condition, "crus"),
            (Role::Physician, T::MedicationRequest, "crus"),
            (Role::Physician, T::MedicationDispense, "rs"),
            (Role::Physician, T::Organization, "rs"),
            (Role::Physician, T::ValueSet, "rs"),
            (Role::Physician, T::Consent, "crs"),
            (Role::Physician, T::Provenance, "rs"),
            (Role::Physician, T::AuditEvent, ""),
            (Role::Physician, T::Subscription, ""),
            (Role::Nurse, T::Observation, "crus"),
            (Role::Nurse, T::MedicationRequest, "rs"),
            (Role::Pharmacist, T::MedicationDispense, "crus"),
            (Role::Pharmacist, T::AllergyIntolerance, "crus"),
            (Role::Pharmacist, T::Condition, "rs"),
            (Role::Pharmacist, T::Medication, "crus"),
            (Role::Pharmacist, T::Location, "rs"),
            (Role::Registrar, T::Patient, "crus"),
            (Role::Registrar, T::Condition, ""),
            (Role::Registrar, T::Encounter, ""),
            (Role::Registrar, T::Observation, ""),
            (Role::Analyst, T::Encounter, "rs"),
            (Role::Analyst, T::Patient, "rs"),
            (Role::Analyst, T::Observation, "rs"),
            (Role::Analyst, T::DocumentReference, ""),
            (Role::Analyst, T::Task, ""),
            (Role::Analyst, T::Consent, ""),
            (Role::Analyst, T::Binary, ""),
            (Role::Admin, T::Patient, ""),
            (Role::Admin, T::Practitioner, "crus"),
            (Role::Admin, T::AuditEvent, "rs"),
            (Role::Admin, T::Subscription, "crud"),
            (Role::Patient, T::Observation, "rs"),
            (Role::Patient, T::AuditEvent, "rs"),
            (Role::Patient, T::Binary, ""),
            (Role::Patient, T::Slot, ""),
            (Role::Patient, T::Bundle, ""),
            (Role::Patient, T::Practitioner, "rs"),
            (Role::Registrar, T::Bundle, ""),
            (Role::Admin, T::Bundle, ""),
            (Role::Physician, T::Bundle, "rs"),
            (Role::Physician, T::Parameters, ""),
        ] {
            use Interaction::{Create, Delete, Read, Search, Update};
            for interaction in [Create, Read, Update, Delete, Search] {
                let expected = letters.contains(interaction.letter());
                assert_eq!(
                    permits(&[role], interaction, resource_type),
                    Some(expected),
                    "{role:?} {interaction:?} {resource_type}"
                );
            }
        }
    }

    #[test]
    fn what_is_about_patients_is_masked_for_who_is_an_analyst_only() {
        for resource_type in T::all().iter().copied() {
            let may = permits(&[Role::Analyst], Interaction::Search, resource_type) == Some(true);
            let open = matches!(group(resource_type), Group::Directory | Group::Knowledge);
            assert_eq!(may && !open, may && is_masked(&[Role::Analyst], resource_type), "{resource_type}");
            for role in Role::ALL.into_iter().filter(|r| *r != Role::Analyst) {
                assert!(!is_masked(&[role], resource_type), "{role:?} {resource_type}");
            }
        }
        assert!(is_masked(&[Role::Analyst, Role::Admin], T::Patient));
        assert!(is_masked(&[Role::Analyst, Role::Registrar], T::Condition));
        assert!(!is_masked(&[Role::Analyst, Role::Registrar], T::Patient));
        assert!(!is_masked(&[Role::Analyst], T::Location));
    }

    #[test]
    fn roles_add_up_and_none_is_nothing() {
        use Interaction::{Create, Read, Update};
        assert_eq!(permits(&[], Read, T::Patient), Some(false));
        assert_eq!(permits(&[Role::Admin, Role::Nurse], Create, T::Practitioner), Some(true));
        assert_eq!(permits(&[Role::Admin, Role::Nurse], Create, T::Observation), Some(true));
        assert_eq!(permits(&[Role::System], Create, T::Observation), None);
        assert_eq!(permits(&[Role::System, Role::Nurse], Create, T::MedicationRequest), Some(false));
        assert_eq!(permits(&[Role::System], Update, T::Provenance), None);
        assert_eq!(permits(&[Role::System, Role::Nurse], Update, T::Provenance), Some(false));
        assert!(Role::ALL.iter().all(|r| Role::named(r.name()) == Some(*r)));
    }

    /// Every type and role, those included that no line of the table was written for.
    #[test]
    fn every_cell_keeps_the_general_rules() {
        for resource_type in T::all().iter().copied() {
            let held = |role| {
                let held =
                    every_interaction().into_iter().filter(|(_, i)| permits(&[role], *i, resource_type) == Some(true));
                held.map(|(_, i)| i.letter()).collect::<String>()
            };
            for role in Role::ALL {
                let deletes = role == Role::Admin && resource_type == T::Subscription;
                assert_eq!(held(role).contains('d'), deletes, "{role:?} {resource_type}");
            }
            let open = matches!(group(resource_type), Group::Directory | Group::Knowledge);
            let patient = held(Role::Patient);
            let narrowed = registry::in_patient_compartment(resource_type);
            assert!(patient.is_empty() || (patient == "rs" && (open || narrowed)), "{resource_type} {patient}");
            if narrowed && !open {
                assert_eq!(held(Role::Admin).replace("rs", ""), "", "an administrator sees charts: {resource_type}");
            }
        }
    }
}
