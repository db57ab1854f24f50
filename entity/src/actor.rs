//! Who asks and what they may see. The first argument of every store function.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::query::{Clause, Query};
use fhir::search::{label, registry};

use crate::StoreError;
use crate::app::account;
use crate::role::{self, Interaction, Role};
use crate::scope::Scope;
use crate::trail::Trail;

/// The asking party: a signed-in person, a client, or the server itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Actor {
    /// Account id in `app.account`; `None` for the server's own jobs.
    pub account: Option<i64>,
    /// Log-in name: for audit and idempotency, never for decisions.
    pub principal: String,
    /// What a person is called, as the account has it: for what the person writes, never for decisions.
    pub name: Option<String>,
    pub roles: Vec<Role>,
    /// `Practitioner/…`, `Patient/…` or `RelatedPerson/…` this person is, as `Type/id`.
    pub fhir_user: Option<String>,
    pub rows: Rows,
    pub clearance: Clearance,
    /// Of a person who treats, where staff see only whom they treat.
    pub care: Option<Care>,
    /// Of a person who treats: charts may be opened beyond the clearance.
    pub opened: Option<Opened>,
    /// What Consents of patients keep from the person.
    pub denied: Denied,
    /// Of these types only what is of one of these categories; other types are not narrowed by it. A scope never widens.
    pub categories: Vec<Category>,
    /// What a type may be written by these interactions: only what is of one of these categories, before and after. Another interaction is
    /// not narrowed by it.
    pub writable: Vec<(Interaction, Category)>,
    /// Id of the application whose token it came by; `None` for who has signed in, and for tokens that were made by hand.
    pub client: Option<String>,
    /// Permitted interactions of a token, `None` for no narrowing. A scope never widens what the roles give.
    pub scope: Option<Vec<(Option<ResourceType>, Interaction)>>,
    /// Where what this request reads is noted for the audit.
    pub trail: Trail,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor").field("account", &self.account).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// Which rows of patient-bound tables the actor may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rows {
    All,
    /// Only what is about these patients (bare ids).
    Patients(BTreeSet<String>),
}

/// Security labels the actor is cleared for: `conf <= level` and no sensitivity bit outside `sensitivities`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clearance {
    /// Confidentiality U L M N R V = 0..5.
    pub level: i16,
    /// Bits of the sensitivity codes that may be seen.
    pub sensitivities: i32,
}

/// By what charts are opened to a person beyond the clearance, as the database has it at that instant: restricted and sensitive records by a
/// care relation or in an emergency, very restricted ones by a grant of that name only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Opened {
    pub account: i64,
    /// Bare id of the Practitioner that the person is.
    pub practitioner: Option<String>,
    /// The instant of the request.
    pub at: DateTime<Utc>,
}

/// Narrows a person who treats to what is about patients with a care relation at that instant, or whose chart is opened to the person
/// ([`Actor::opened`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Care {
    /// Bare id of the Practitioner that the person is; who is none treats nobody.
    pub practitioner: Option<String>,
    /// Whether the person registers patients too, and sees of everybody what registrars see.
    pub registers: bool,
    /// The instant of the request.
    pub at: DateTime<Utc>,
}

impl Care {
    /// Whether records of the type are narrowed by it.
    pub(crate) fn narrows(&self, resource_type: ResourceType) -> bool {
        let registered = |i| role::permits(&[Role::Registrar], i, resource_type) == Some(true);
        let belongs = resource_type == ResourceType::Binary || registry::in_patient_compartment(resource_type);
        belongs && !(self.registers && registered(Interaction::Read) && registered(Interaction::Search))
    }
}

/// Charts, or parts of them, that Consents keep from an actor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Denied(Arc<[DeniedChart]>);

/// What is kept of a patient's chart; the patient as its row key and as the term of its compartment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DeniedChart {
    pub pat: i64,
    pub term: i64,
    pub part: DeniedPart,
}

/// All of a chart, or what is of these types and has one of these labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct DeniedPart {
    pub types: Option<Vec<ResourceType>>,
    pub labels: Option<DeniedLabels>,
}

/// Confidentialities as bits (`1 << conf`), and sensitivities as they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct DeniedLabels {
    pub confidentialities: i32,
    pub sensitivities: i32,
}

impl DeniedLabels {
    /// Whether a record of these labels is meant.
    pub fn hold(self, conf: i16, sens: i32) -> bool {
        (1 << conf) & self.confidentialities != 0 || sens & self.sensitivities != 0
    }
}

impl Denied {
    pub(crate) fn of(charts: Vec<DeniedChart>) -> Self {
        Self(charts.into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is kept of a type, by the labels that it is limited to.
    pub(crate) fn charts(&self, resource_type: ResourceType) -> BTreeMap<Option<DeniedLabels>, Vec<&DeniedChart>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let belongs = resource_type == ResourceType::Binary || registry::in_patient_compartment(resource_type);
        let of_type = |chart: &&DeniedChart| chart.part.types.as_ref().is_none_or(|all| all.contains(&resource_type));
        for chart in self.0.iter().filter(|_| belongs).filter(of_type) {
            found.entry(chart.part.labels).or_default().push(chart);
        }
        found
    }
}

/// `?category=system|code` of a granted scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Category {
    pub resource_type: ResourceType,
    pub system: String,
    pub code: String,
}

/// All of an actor that decides which rows it sees: the only thing the store's predicates are written from, so that actors of one sight
/// may share a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Sight {
    pub rows: Rows,
    pub clearance: Clearance,
    pub care: Option<Care>,
    pub opened: Option<Opened>,
    pub denied: Denied,
    pub categories: Vec<Category>,
}

impl Sight {
    /// The categories that rows of the type have to be of; none for any.
    pub fn categories(&self, resource_type: ResourceType) -> Vec<&Category> {
        self.categories.iter().filter(|c| c.resource_type == resource_type).collect()
    }

    /// What everybody with this clearance sees, without the charts that are opened to one person.
    pub fn common(&self) -> Self {
        Self { opened: None, ..self.clone() }
    }
}

impl Clearance {
    /// Normal confidentiality, no sensitive category.
    pub const NORMAL: Self = Self { level: 3, sensitivities: 0 };
    /// A patient's own record: restricted, and of any known sensitivity, but what is kept from the patient.
    pub const OWN_RECORD: Self =
        Self { level: label::RESTRICTED, sensitivities: !(label::NOT_FOR_PATIENT | label::OTHER_SENSITIVITY) };
    /// Everything; for the server's own jobs (import, reindex, demo).
    pub const FULL: Self = Self { level: 5, sensitivities: -1 };
}

impl Actor {
    /// The server itself: import, demo hospital, jobs. Never made from a request.
    pub fn server() -> Self {
        Self {
            account: None,
            principal: "server".into(),
            name: None,
            roles: vec![Role::System],
            fhir_user: None,
            rows: Rows::All,
            clearance: Clearance::FULL,
            care: None,
            opened: None,
            denied: Denied::default(),
            categories: Vec::new(),
            writable: Vec::new(),
            client: None,
            scope: Some(role::every_interaction()),
            trail: Trail::default(),
        }
    }

    /// A program with its account, by a token of that application, or by one that was made by hand.
    pub(crate) fn program(account: &account::Model, client: Option<String>, scope: Scope) -> Self {
        Self {
            account: Some(account.id),
            principal: account.login.clone(),
            fhir_user: account.fhir_user.clone(),
            clearance: Clearance::NORMAL,
            client,
            scope: Some(scope),
            ..Self::server()
        }
    }

    /// The actor as who only counts patients and what is on record of them: who may analyse, but would have to be shown it masked, may do
    /// that too.
    pub(crate) fn counting(&self) -> Self {
        if !self.roles.contains(&Role::Analyst) || self.scope.is_some() {
            return self.clone();
        }
        let may = |ty: &ResourceType| role::is_counted(*ty) || self.may(Interaction::Search, *ty);
        let types = ResourceType::all().iter().copied().filter(may).map(|ty| (Some(ty), Interaction::Search));
        Self { roles: vec![Role::System], scope: Some(types.collect()), opened: None, ..self.clone() }
    }

    /// Whether nothing but labels and categories hides a record of the type.
    pub(crate) fn sees_everybody(&self, resource_type: ResourceType) -> bool {
        (self.rows == Rows::All || !registry::in_patient_compartment(resource_type))
            && !self.care.as_ref().is_some_and(|care| care.narrows(resource_type))
            && self.denied.charts(resource_type).is_empty()
    }

    /// The categories that records of the type have to be of where they are written so; none for any.
    pub(crate) fn writable(&self, interaction: Interaction, resource_type: ResourceType) -> Vec<Category> {
        let of =
            |(i, category): &&(Interaction, Category)| *i == interaction && category.resource_type == resource_type;
        self.writable.iter().filter(of).map(|(_, category)| category.clone()).collect()
    }

    /// Whether the type is reached by category only, to be read or to be written.
    pub(crate) fn by_category(&self, resource_type: ResourceType) -> bool {
        let mut all = self.categories.iter().chain(self.writable.iter().map(|(_, category)| category));
        all.any(|category| category.resource_type == resource_type)
    }

    /// Whether it is somebody who sees another person's records, by a Consent that may end at any time: what it may see is not to be
    /// remembered from one request to the next.
    pub(crate) fn is_proxy(&self) -> bool {
        let related = |user: &String| user.starts_with("RelatedPerson/");
        self.roles.contains(&Role::Patient) && self.fhir_user.as_ref().is_some_and(related)
    }

    /// The actor of a later instant.
    pub(crate) fn at(mut self, now: DateTime<Utc>) -> Self {
        if let Some(opened) = &mut self.opened {
            opened.at = now;
        }
        if let Some(care) = &mut self.care {
            care.at = now;
        }
        self
    }

    pub(crate) fn sight(&self) -> Sight {
        let (rows, opened, categories) = (self.rows.clone(), self.opened.clone(), self.categories.clone());
        let (care, denied) = (self.care.clone(), self.denied.clone());
        Sight { rows, clearance: self.clearance, care, opened, denied, categories }
    }

    /// Whether the actor may read or search the audit: the role table's word, and the scope's.
    pub(crate) fn require_audit(&self, interaction: Interaction) -> Result<(), StoreError> {
        let resource_type = ResourceType::AuditEvent;
        let by_role = role::permits(&self.roles, interaction, resource_type)
            .unwrap_or(self.roles.contains(&Role::System) && self.scope.is_some());
        if by_role && self.scoped(interaction, resource_type) {
            Ok(())
        } else {
            Err(StoreError::Forbidden { interaction: interaction.code(), resource_type })
        }
    }

    /// Whether the actor keeps the accounts of others: administrators who have signed in, and the server itself (its command line).
    pub fn keeps_accounts(&self) -> bool {
        self.account.is_none() || (self.roles.contains(&Role::Admin) && self.scope.is_none())
    }

    /// Whether the actor may open a chart in an emergency: people who treat and have signed in themselves.
    pub fn may_break_glass(&self) -> bool {
        self.account.is_some() && self.scope.is_none() && self.roles.iter().copied().any(Role::treats)
    }

    /// Whether there may be patients whom the actor does not see: those not in its care, or who deny it.
    pub fn sees_only_treated(&self) -> bool {
        !self.denied.is_empty() || self.care.as_ref().is_some_and(|care| care.narrows(ResourceType::Patient))
    }

    /// Whether the actor sees the patients of the whole house, but for what labels hide.
    pub fn sees_all_patients(&self) -> bool {
        self.sees_everybody(ResourceType::Patient) && !self.sees_only_treated()
    }

    /// The actor without the charts that are opened to it: for questions about populations.
    #[must_use]
    pub fn unopened(&self) -> Self {
        Self { opened: None, ..self.clone() }
    }

    /// Whether the actor may set security labels: who decides on a chart's confidentiality, and programs.
    pub(crate) fn may_label(&self) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Physician | Role::Registrar | Role::System))
    }

    /// Whether the actor is shown records of the type masked only.
    pub fn is_masked(&self, resource_type: ResourceType) -> bool {
        role::is_masked(&self.roles, resource_type)
    }

    /// The body as the actor is shown it.
    pub(crate) fn shown(&self, resource_type: ResourceType, body: String) -> Result<String, StoreError> {
        if !self.is_masked(resource_type) {
            return Ok(body);
        }
        fhir::mask::masked(&body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))
    }

    /// As [`Actor::require`] for a search: what is masked may not be asked for either, or the mask could be seen behind.
    pub(crate) fn require_search(&self, query: &Query) -> Result<(), StoreError> {
        self.require(Interaction::Search, query.resource_type)?;
        if !self.roles.contains(&Role::Analyst) {
            return Ok(());
        }
        let ordered = self.is_masked(query.resource_type) && fhir::mask::hides_order(&query.sort);
        if ordered || query.all.iter().any(|clause| self.hides(query.resource_type, clause)) {
            return Err(StoreError::NotPermitted(
                "what is masked (names, numbers, addresses, texts, days of birth) may not be searched or sorted by",
            ));
        }
        Ok(())
    }

    fn hides(&self, resource_type: ResourceType, clause: &Clause) -> bool {
        match clause {
            Clause::And(all) | Clause::Or(all) => all.iter().any(|one| self.hides(resource_type, one)),
            Clause::Not(one) => self.hides(resource_type, one),
            Clause::Chain { target, clause: further, .. } => {
                self.is_masked(resource_type) && fhir::mask::hides(clause) || self.hides(*target, further)
            }
            Clause::Has { source, clause: further, .. } => self.hides(*source, further),
            Clause::HasLast { source, among, clause: further, .. } => {
                self.hides(*source, among) || self.hides(*source, further)
            }
            one => self.is_masked(resource_type) && fhir::mask::hides(one),
        }
    }

    /// As [`Actor::may`], as an error.
    pub(crate) fn require(&self, interaction: Interaction, resource_type: ResourceType) -> Result<(), StoreError> {
        if self.may(interaction, resource_type) {
            Ok(())
        } else {
            Err(StoreError::Forbidden { interaction: interaction.code(), resource_type })
        }
    }

    /// Whether whole populations may be taken out and brought in: by programs whose account was made for it, not by people.
    pub fn may_move_bulk(&self) -> bool {
        self.roles == [Role::System]
    }

    /// Whether role table and scope permit this interaction on this type. Rows are the SQL's business.
    ///
    /// Provenance is immutable for every account, but the server itself may put it in place: an import brings it under its own ids.
    pub fn may(&self, interaction: Interaction, resource_type: ResourceType) -> bool {
        // The audit has no head table that a hop of a search could go to; who may read it is asked by `require_audit`.
        if resource_type == ResourceType::AuditEvent {
            return false;
        }
        // What may be about anybody although nothing in it says so is for nobody who sees some patients only.
        if self.care.is_some() && role::is_unattributed(resource_type) {
            return false;
        }
        let in_place = self.account.is_none() && resource_type == ResourceType::Provenance;
        if role::is_immutable(interaction, resource_type) && !in_place {
            return false;
        }
        role::permits(&self.roles, interaction, resource_type)
            .unwrap_or(self.roles.contains(&Role::System) && self.scope.is_some())
            && self.scoped(interaction, resource_type)
    }

    /// Whether an update of what is not there may create it. Of a scope `u` is enough for that; of a role it is not.
    ///
    /// Source: SMART App Launch 2.2, "Scopes for requesting FHIR Resources", `u`.
    pub(crate) fn may_create_by_update(&self, resource_type: ResourceType) -> bool {
        role::permits(&self.roles, Interaction::Create, resource_type) != Some(false)
            && self.may(Interaction::Update, resource_type)
    }

    /// Whether the token's scope, if there is one, has it.
    fn scoped(&self, interaction: Interaction, resource_type: ResourceType) -> bool {
        self.scope
            .as_ref()
            .is_none_or(|s| s.iter().any(|(ty, i)| *i == interaction && ty.is_none_or(|ty| ty == resource_type)))
    }
}
