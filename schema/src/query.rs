//! The root of all questions.

use async_graphql::{Context, Enum, ID, InputObject, Interface, Object, Result, SimpleObject};
use chrono::{DateTime as Moment, Utc};
use entity::StoreError;
use entity::role::Role;
use entity::store::{Lookup, PageRequest};
use fhir::ResourceType;
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, Parsed, parse};
use fhir::search::query::Clause;

use crate::code::{AllergyCategory, Gender};
use crate::document::{Document, List, PageArguments, PageInfo};
use crate::error;
use crate::mutation::app::{self, App, AppGrant, LaunchableApp};
use crate::mutation::glass::{self, ChartGrant, ChartGrantConnection, PersonCard};
use crate::mutation::user::{self, UserConnection};
use crate::objects::Refetched;
use crate::scalar::{FhirJson, Instant};
use crate::session::{MAX_PAGE, Session, invalid, session};
use crate::types::audit::{self, AuditEventConnection, AuditFilter};
use crate::types::background::{Consent, FamilyMemberHistory, Flag};
use crate::types::care::{Appointment, CarePlan, CareTeam, Coverage, Goal, RelatedPerson, Task};
use crate::types::census::{self, Census, ScheduleDay};
use crate::types::chart::{
    AllergyIntolerance, ClinicalDocument, Condition, DiagnosticReport, Encounter, EncounterConnection, Immunization,
    MedicationRequest, Observation, Procedure,
};
use crate::types::cohort::{self, Cohort, CohortInput};
use crate::types::directory::{self, ConceptConnection, NearInput, Practitioner, PractitionerConnection};
use crate::types::flowsheet::{self, FlowsheetTemplate};
use crate::types::measure::{self, Measure, MeasureResult};
use crate::types::measure_report::MeasureReport;
use crate::types::medication::MedicationStatement;
use crate::types::message::Message;
use crate::types::note::{self, Note, NoteDraft, NoteTemplate};
use crate::types::past;
use crate::types::patient::{DateRange, EncounterFilter, Patient, PatientConnection, page_cost};
use crate::types::patient_list::{self, ChartOpened, PatientListKind};
use crate::types::place::{Location, Medication, Organization, PractitionerRole, Specimen};
use crate::types::questionnaire::{
    self, Questionnaire, QuestionnaireConnection, QuestionnaireResponse, ScoreInstrument,
};
use crate::types::request::{ImagingStudy, MedicationAdministration, ServiceRequest};
use crate::types::role_table::{self, RoleTableLine};
use crate::types::saved_query::{self, SavedQuery, SavedQueryKind};
use crate::types::slot::{Schedule, Slot};
use crate::types::versions::{Provenance, ProvenanceConnection, VersionConnection};
use crate::types::worklist::{self, WorklistConnection, WorklistFilter, WorklistKind};
use crate::value::Coding;

/// A stored resource.
#[expect(clippy::duplicated_attributes, reason = "two fields of an interface have arguments of one name")]
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global id: the FHIR reference, such as `Patient/p1`."),
    field(name = "fhir_id", ty = "String", desc = "The id within its type."),
    field(name = "version_id", ty = "String", desc = "The version that is shown, counting from 1."),
    field(name = "last_updated", ty = "Instant", desc = "When this version was stored."),
    field(name = "fhir", ty = "FhirJson", desc = "The whole resource as FHIR JSON."),
    field(
        name = "history",
        ty = "Option<VersionConnection>",
        desc = "Its versions, newest first.",
        arg(name = "first", ty = "Option<i32>", desc = "How many, the newest first"),
        arg(name = "after", ty = "Option<String>", desc = "Only after this cursor")
    ),
    field(
        name = "provenance",
        ty = "Option<ProvenanceConnection>",
        desc = "Who answers for its versions, the newest act first.",
        arg(name = "first", ty = "Option<i32>", desc = "How many, the newest first"),
        arg(name = "after", ty = "Option<String>", desc = "Only after this cursor")
    )
)]
pub enum Node {
    Patient(Patient),
    Condition(Condition),
    AllergyIntolerance(AllergyIntolerance),
    MedicationRequest(MedicationRequest),
    Encounter(Encounter),
    Observation(Observation),
    Immunization(Immunization),
    Procedure(Procedure),
    DiagnosticReport(DiagnosticReport),
    ClinicalDocument(ClinicalDocument),
    Note(Note),
    MedicationStatement(MedicationStatement),
    CarePlan(CarePlan),
    CareTeam(CareTeam),
    Goal(Goal),
    Appointment(Appointment),
    Task(Task),
    Coverage(Coverage),
    RelatedPerson(RelatedPerson),
    Consent(Consent),
    FamilyMemberHistory(FamilyMemberHistory),
    Flag(Flag),
    Practitioner(Practitioner),
    Questionnaire(Questionnaire),
    QuestionnaireResponse(QuestionnaireResponse),
    Provenance(Provenance),
    Location(Location),
    Medication(Medication),
    Organization(Organization),
    PractitionerRole(PractitionerRole),
    Specimen(Specimen),
    Schedule(Schedule),
    Slot(Slot),
    Message(Message),
    ServiceRequest(ServiceRequest),
    ImagingStudy(ImagingStudy),
    MedicationAdministration(MedicationAdministration),
    MeasureReport(MeasureReport),
    OtherResource(OtherResource),
}

crate::document::resource! {
    /// A resource of a type without fields of its own here.
    OtherResource {
        /// Its FHIR type.
        async fn resource_type(&self) -> &str {
            self.0.stored().resource_type.name()
        }
    }
}

pub(crate) fn node(document: Document) -> Node {
    match document.stored().resource_type {
        ResourceType::Patient => Node::Patient(Patient(document)),
        ResourceType::Condition => Node::Condition(Condition(document)),
        ResourceType::AllergyIntolerance => Node::AllergyIntolerance(AllergyIntolerance(document)),
        ResourceType::MedicationRequest => Node::MedicationRequest(MedicationRequest(document)),
        ResourceType::Encounter => Node::Encounter(Encounter(document)),
        ResourceType::Observation => Node::Observation(Observation(document)),
        ResourceType::Immunization => Node::Immunization(Immunization(document)),
        ResourceType::Procedure => Node::Procedure(Procedure(document)),
        ResourceType::DiagnosticReport => Node::DiagnosticReport(DiagnosticReport(document)),
        ResourceType::DocumentReference => Node::ClinicalDocument(ClinicalDocument(document)),
        ResourceType::Composition => Node::Note(Note(document)),
        ResourceType::MedicationStatement => Node::MedicationStatement(MedicationStatement(document)),
        ResourceType::CarePlan => Node::CarePlan(CarePlan(document)),
        ResourceType::CareTeam => Node::CareTeam(CareTeam(document)),
        ResourceType::Goal => Node::Goal(Goal(document)),
        ResourceType::Appointment => Node::Appointment(Appointment(document)),
        ResourceType::Task => Node::Task(Task(document)),
        ResourceType::Coverage => Node::Coverage(Coverage(document)),
        ResourceType::RelatedPerson => Node::RelatedPerson(RelatedPerson(document)),
        ResourceType::Consent => Node::Consent(Consent(document)),
        ResourceType::FamilyMemberHistory => Node::FamilyMemberHistory(FamilyMemberHistory(document)),
        ResourceType::Flag => Node::Flag(Flag(document)),
        ResourceType::Practitioner => Node::Practitioner(Practitioner(document)),
        ResourceType::Questionnaire => Node::Questionnaire(Questionnaire(document)),
        ResourceType::QuestionnaireResponse => Node::QuestionnaireResponse(QuestionnaireResponse(document)),
        ResourceType::Provenance => Node::Provenance(Provenance(document)),
        ResourceType::Location => Node::Location(Location(document)),
        ResourceType::Medication => Node::Medication(Medication(document)),
        ResourceType::Organization => Node::Organization(Organization(document)),
        ResourceType::PractitionerRole => Node::PractitionerRole(PractitionerRole(document)),
        ResourceType::Specimen => Node::Specimen(Specimen(document)),
        ResourceType::Schedule => Node::Schedule(Schedule(document)),
        ResourceType::Slot => Node::Slot(Slot(document)),
        ResourceType::ServiceRequest => Node::ServiceRequest(ServiceRequest(document)),
        ResourceType::ImagingStudy => Node::ImagingStudy(ImagingStudy(document)),
        ResourceType::MedicationAdministration => Node::MedicationAdministration(MedicationAdministration(document)),
        ResourceType::Communication => Node::Message(Message(document)),
        ResourceType::MeasureReport => Node::MeasureReport(MeasureReport(document)),
        _ => Node::OtherResource(OtherResource(document)),
    }
}

/// The asking party.
#[derive(SimpleObject)]
pub struct Me {
    /// Log-in name.
    pub principal: String,
    /// Roles held.
    pub roles: Vec<UserRole>,
    /// Global id of the Practitioner, Patient or RelatedPerson this is.
    pub fhir_user: Option<ID>,
    /// Whether there may be patients who are not seen: those with whom no care relation is on record, where that is the policy, and those who
    /// deny it by a Consent. They are looked up with `personLookup`.
    pub sees_only_treated: bool,
}

/// What someone may do.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "Role")]
pub enum UserRole {
    /// Doctors.
    Physician,
    /// Nurses.
    Nurse,
    /// Pharmacists.
    Pharmacist,
    /// Registration and appointments.
    Registrar,
    /// Population questions.
    Analyst,
    /// Administration of the system.
    Admin,
    /// Patients.
    Patient,
    /// Programs.
    System,
}

/// A list of terms.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "clinical::catalog::Kind")]
pub enum CatalogKind {
    /// Problems and diagnoses, with SNOMED CT and ICD-10-CM codes.
    Conditions,
    /// What people are allergic to.
    Allergens,
    /// Reactions to allergens.
    Reactions,
    /// Vaccines, with CVX codes.
    Vaccines,
    /// Procedures, with SNOMED CT codes.
    Procedures,
    /// Medicines, with RxNorm codes.
    Medicines,
}

/// A term to choose.
#[derive(SimpleObject)]
pub struct CatalogEntry {
    /// What a chart shows.
    pub text: String,
    /// Its codes.
    pub codings: Vec<Coding>,
    /// The kind of substance, of an allergen.
    pub category: Option<AllergyCategory>,
}

impl From<clinical::catalog::Entry> for CatalogEntry {
    fn from(entry: clinical::catalog::Entry) -> Self {
        let coding = |c: clinical::demo::table::Code| Coding {
            system: Some(c.system.to_owned()),
            code: Some(c.code.to_owned()),
            display: Some(c.display.to_owned()),
        };
        Self {
            text: entry.text.to_owned(),
            codings: entry.codes.into_iter().map(coding).collect(),
            category: entry.category.and_then(AllergyCategory::of),
        }
    }
}

/// Which patients.
#[derive(InputObject, Default)]
pub struct PatientFilter {
    /// Words that begin parts of the name, all of them.
    pub name: Option<String>,
    /// Words that parts of the name sound like, all of them, by American Soundex.
    pub sounds_like: Option<String>,
    /// A number to reach the patient by, whatever stands between its digits.
    pub phone: Option<String>,
    /// An identifier such as the medical record number, or `system|value`.
    pub identifier: Option<String>,
    /// Administrative gender.
    pub gender: Option<Gender>,
    /// Date of birth.
    pub birth_date: Option<DateRange>,
    /// Whether the record is in use.
    pub active: Option<bool>,
    /// Whether the patient has died.
    pub deceased: Option<bool>,
    /// Only who is on this list.
    pub list: Option<PatientListKind>,
    /// Only who lies at this place now, or at a part of it: a ward, say, by its global id.
    pub location: Option<ID>,
    /// Only who has an appointment that stands, or a visit that is no stay, in this time: a day, say.
    pub seen: Option<DateRange>,
}

/// The order of patients.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum PatientSort {
    /// By family name, then by given name.
    Family,
    /// By family name, backwards.
    FamilyDesc,
    /// Oldest first.
    BirthDate,
    /// Youngest first.
    BirthDateDesc,
    /// Last changed first.
    LastUpdatedDesc,
}

impl PatientSort {
    fn parameter(self) -> &'static str {
        match self {
            Self::Family => "family,given",
            Self::FamilyDesc => "-family,-given",
            Self::BirthDate => "birthdate",
            Self::BirthDateDesc => "-birthdate",
            Self::LastUpdatedDesc => "-_lastUpdated",
        }
    }
}

/// A global id, as type and id; `None` for what cannot be one. Audit events are rows of another kind and not served as resources, and
/// `Parameters` are never stored.
pub(crate) fn parts(id: &ID) -> Option<(ResourceType, &str)> {
    let (name, id) = id.split_once('/')?;
    let served = |ty: &ResourceType| !matches!(ty, ResourceType::AuditEvent | ResourceType::Parameters);
    let resource_type = ResourceType::named(name).filter(served)?;
    Some((resource_type, id)).filter(|(_, id)| fhir::reference::is_id(id))
}

async fn read(ctx: &Context<'_>, id: &ID, as_of: Option<&Instant>) -> Result<Option<Document>> {
    let session = session(ctx);
    let as_of = as_of.map(|at| past::instant(session, "asOf", at)).transpose()?;
    let Some((resource_type, id)) = parts(id) else { return Ok(None) };
    if as_of.is_some() {
        return many(session, resource_type, &[id.to_owned()], as_of).await.map(|mut found| found.pop());
    }
    match session.store.read(&session.actor, resource_type, id).await {
        Ok(Lookup::Found(stored)) => Document::new(stored).map(Some),
        Ok(Lookup::Deleted { .. } | Lookup::Absent) => Ok(None),
        Err(error) => Err(error::graphql(&error)),
    }
}

/// Those resources of one type that are there and to be seen.
async fn many(
    session: &Session,
    resource_type: ResourceType,
    ids: &[String],
    as_of: Option<Moment<Utc>>,
) -> Result<Vec<Document>> {
    let found = match as_of {
        Some(at) => session.store.read_past(&session.actor, resource_type, ids, at).await,
        None => session.store.read_many(&session.actor, resource_type, ids).await,
    };
    let found = found.map_err(|e| error::graphql(&e))?;
    found.into_iter().map(|stored| Document::as_of_instant(stored, as_of)).collect()
}

/// The parameters of a FHIR search string. `%20` and its like are decoded, `+` stands for itself. Control parameters that have no effect
/// here are refused, but for those of `also`.
fn search_pairs(argument: &str, text: &str, also: &[&str]) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| {
            percent_decoded(text).ok_or_else(|| invalid(argument, format!("'{text}' is not percent-encoded UTF-8")))
        };
        let (name, value) = (decoded(name)?, decoded(value)?);
        let plain = name.split(':').next().unwrap_or_default();
        if plain.starts_with('_')
            && !matches!(plain, "_has" | "_id" | "_lastUpdated" | "_tag" | "_profile" | "_security")
            && !also.contains(&plain)
        {
            return Err(invalid(argument, format!("{name} has no effect here")));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            out.push((digit()? * 16 + digit()?) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// One page of resources of one type. Cursors resume it, also while others write.
pub struct ResourceConnection(List);

/// One page of resources of one type. Cursors resume it, also while others write.
#[Object]
impl ResourceConnection {
    /// The page's items with their cursors.
    async fn edges(&self) -> Vec<ResourceEdge> {
        let items = self.0.documents.iter().enumerate();
        items.map(|(at, d)| ResourceEdge { cursor: self.0.cursor(at), node: node(d.clone()) }).collect()
    }

    /// The page's items.
    async fn nodes(&self) -> Vec<Node> {
        self.0.documents.iter().cloned().map(node).collect()
    }

    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        self.0.info()
    }

    /// The exact number of items in the whole list, counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<u64>> {
        self.0.total(ctx).await
    }
}

/// A resource and its place.
#[derive(SimpleObject)]
pub struct ResourceEdge {
    /// The resource's place, for `after` and `before`.
    pub cursor: String,
    /// The resource.
    pub node: Node,
}

/// A type by its FHIR name that is served as a resource.
fn served_type(name: &str) -> Result<ResourceType> {
    let served = |ty: &ResourceType| !matches!(ty, ResourceType::AuditEvent | ResourceType::Parameters);
    let found = ResourceType::named(name).filter(served);
    found.ok_or_else(|| invalid("type", format!("'{name}' is no type of resource that is served here")))
}

/// How often a search is asked again because what may be searched by changed meanwhile.
const TRIES: usize = 3;

/// A page of what a FHIR search finds, by R4's parameters and by those that were defined at run time; of a list, when there is one, those
/// alone.
async fn found(
    session: &Session,
    resource_type: ResourceType,
    pairs: &[(String, String)],
    only: Vec<Clause>,
    request: &PageRequest,
) -> Result<List> {
    let mut tries = 0;
    loop {
        let parameters = session.store.parameters();
        let lookup = Reading::of(&parameters.added);
        let options = Options { added: Some(&lookup), ..Options::default() };
        let parsed = parse(resource_type, pairs, Handling::Strict, session.now, &options).and_then(Parsed::whole);
        let list = match parsed {
            Ok(mut query) => {
                query.all.extend(only.clone());
                Box::pin(List::search(session, query, request)).await
            }
            Err(issues) => Err(error::graphql(&StoreError::Invalid(issues))),
        };
        tries += 1;
        // Asked afterwards: a parameter that was taken away while the page was read may have lost rows of it.
        let newest = !lookup.went_beyond() || tries == TRIES;
        if newest || session.store.are_newest(&parameters).await.map_err(|e| error::graphql(&e))? {
            return list;
        }
    }
}

/// The root of all questions.
pub struct Query;

/// The root of all questions.
#[Object]
impl Query {
    /// The asking party.
    async fn me(&self, ctx: &Context<'_>) -> Me {
        let actor = &session(ctx).actor;
        Me {
            principal: actor.principal.clone(),
            roles: actor.roles.iter().copied().map(UserRole::from).collect(),
            fhir_user: actor.fhir_user.clone().map(ID::from),
            sees_only_treated: actor.sees_only_treated(),
        }
    }

    /// One resource of any type by global id; null when it is absent, deleted or not to be seen.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id, such as `Patient/p1`")] id: ID,
        #[graphql(desc = "As the system knew it at this instant, by the rights of now; by default now")] as_of: Option<
            Instant,
        >,
    ) -> Result<Option<Node>> {
        Ok(read(ctx, &id, as_of.as_ref()).await?.map(node))
    }

    /// One resource of any type; null when it is absent, deleted or not to be seen.
    async fn resource(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", desc = "FHIR type, such as `Observation`")] resource_type: String,
        #[graphql(desc = "Id within the type")] id: String,
        #[graphql(desc = "As the system knew it at this instant, by the rights of now; by default now")] as_of: Option<
            Instant,
        >,
    ) -> Result<Option<Node>> {
        let id = ID(format!("{}/{id}", served_type(&resource_type)?));
        Ok(read(ctx, &id, as_of.as_ref()).await?.map(node))
    }

    /// Resources of one type by a FHIR search, one page. Newest created first unless `_sort` says otherwise.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection with type and criteria")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", desc = "FHIR type, such as `Observation`")] resource_type: String,
        #[graphql(
            desc = "FHIR search parameters, such as `code=http://loinc.org|718-7&date=ge2020`; an unknown one is refused. `%26` stands for &, `+` for itself.",
            default
        )]
        query: String,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<ResourceConnection> {
        let session = session(ctx);
        let resource_type = served_type(&resource_type)?;
        let pairs = search_pairs("query", &query, &["_sort", "_filter", "_text", "_content", "_list"])?;
        let request = PageArguments { first, after, last, before }.request()?;
        found(session, resource_type, &pairs, Vec::new(), &request).await.map(ResourceConnection)
    }

    /// Several resources in the order asked, at most 200; null in the place of each that is absent or not to be seen.
    #[graphql(complexity = "ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids")] ids: Vec<ID>,
        #[graphql(desc = "As the system knew them at this instant, by the rights of now; by default now")]
        as_of: Option<Instant>,
    ) -> Result<Refetched> {
        if ids.len() > MAX_PAGE as usize {
            return Err(invalid("ids", format!("at most {MAX_PAGE} ids")));
        }
        let session = session(ctx);
        let as_of = as_of.map(|at| past::instant(session, "asOf", &at)).transpose()?;
        let mut by_type: std::collections::BTreeMap<ResourceType, Vec<String>> = std::collections::BTreeMap::new();
        for (resource_type, id) in ids.iter().filter_map(parts) {
            by_type.entry(resource_type).or_default().push(id.to_owned());
        }
        let mut found = std::collections::HashMap::new();
        for (resource_type, ids) in by_type {
            for one in many(session, resource_type, &ids, as_of).await? {
                found.insert((resource_type, one.stored().id.clone()), one);
            }
        }
        let of = |id: &ID| parts(id).and_then(|(ty, id)| found.get(&(ty, id.to_owned())).cloned()).map(node);
        Ok(Refetched(ids.iter().map(of).collect()))
    }

    /// One patient by global id; null when absent, deleted or not to be seen.
    ///
    /// With `asOf` the patient and the whole chart below answer as the system knew them at that instant, deleted and amended entries
    /// included; who may see them is decided by the rights and labels of now.
    async fn patient(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id, such as `Patient/p1`")] id: ID,
        #[graphql(desc = "As the system knew it at this instant; by default now")] as_of: Option<Instant>,
        #[graphql(desc = "Whether the chart is opened with it: it is then among the asking party's `chartsOpened`")]
        opens: Option<bool>,
    ) -> Result<Option<Patient>> {
        let Some((ResourceType::Patient, bare)) = parts(&id) else { return Ok(None) };
        let Some(found) = read(ctx, &id, as_of.as_ref()).await? else { return Ok(None) };
        if opens == Some(true) {
            let session = session(ctx);
            let noted = session.store.chart_opened(&session.actor, session.now, bare).await;
            noted.map_err(|e| error::graphql(&e))?;
        }
        Ok(Some(Patient(found)))
    }

    /// The charts that the asking party opened last, at most 30, the last one first; those that may not be seen any more are left out.
    #[graphql(complexity = "30 * child_complexity")]
    async fn charts_opened(&self, ctx: &Context<'_>) -> Result<Vec<ChartOpened>> {
        patient_list::opened(ctx).await
    }

    /// One note by global id; null when absent, deleted or not to be seen.
    async fn note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id, such as `Composition/c1`")] id: ID,
    ) -> Result<Option<Note>> {
        match parts(&id) {
            Some((ResourceType::Composition, _)) => Ok(read(ctx, &id, None).await?.map(Note)),
            _ => Ok(None),
        }
    }

    /// The kinds of notes that there are, with their sections.
    async fn note_templates(&self) -> Vec<NoteTemplate> {
        clinical::note::templates().iter().map(NoteTemplate).collect()
    }

    /// What the asking party is writing and has not put on record, the one written last first. Nobody else sees it.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn note_drafts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only about this patient")] patient: Option<ID>,
    ) -> Result<Vec<NoteDraft>> {
        note::drafts(session(ctx), patient.as_ref()).await
    }

    /// What waits for somebody, newest first.
    #[graphql(complexity = "20 + page_cost(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection with kind and filter")]
    async fn worklist(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What kind of work")] kind: WorklistKind,
        #[graphql(desc = "Which")] filter: Option<WorklistFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<WorklistConnection> {
        let page = PageArguments { first, after, last, before };
        worklist::worklist(ctx, kind, filter.unwrap_or_default(), &page).await
    }

    /// The patients in the care of who asks, by name: named as general practitioner, by an active team, or in a visit under way.
    #[graphql(complexity = "20 + page_cost(first, last) * child_complexity")]
    async fn my_patients(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<PatientConnection> {
        worklist::my_patients(ctx, &PageArguments { first, after, last, before }).await
    }

    /// Patients who meet typed criteria, and how many they are; who may only count them is told no small figures.
    #[graphql(complexity = "500 + child_complexity")]
    async fn cohort(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which patients")] definition: CohortInput,
    ) -> Result<Cohort> {
        cohort::cohort(ctx, &definition).await
    }

    /// The quality measures there are, each with its published source and where it differs from it.
    async fn measures(
        &self,
        #[graphql(desc = "Only these, by their numbers, such as `CMS125`")] ids: Option<Vec<ID>>,
    ) -> Result<Vec<Measure>> {
        measure::named_or_all(ids)
    }

    /// The flowsheets there are, for `Patient.flowsheet`.
    async fn flowsheet_templates(&self) -> Vec<FlowsheetTemplate> {
        flowsheet::all()
    }

    /// A quality measure over a calendar year; who may only count patients is told no small figures.
    #[graphql(complexity = "500 + child_complexity")]
    async fn measure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number, such as `CMS125`")] id: ID,
        #[graphql(desc = "The year, such as `{low: \"2025-01-01\", high: \"2026-01-01\"}`")] period: DateRange,
    ) -> Result<MeasureResult> {
        measure::measure(ctx, &id, &period).await
    }

    /// Who is in hospital, by ward and bed. Refused above 5,000 stays.
    #[graphql(complexity = "200 + 10 * child_complexity")]
    async fn census(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only at this Location and below it")] location: Option<ID>,
        #[graphql(desc = "By the times on record at this instant; by default now")] at: Option<Instant>,
    ) -> Result<Census> {
        census::census(ctx, location.as_ref(), at.as_ref()).await
    }

    /// The days with appointments, and, where free slots are asked for, those with free slots, in order; those of who asks, unless a
    /// practitioner or location is named. Refused above 1,000 appointments or 2,000 free slots.
    #[graphql(complexity = "50 + 20 * child_complexity")]
    async fn schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose")] practitioner: Option<ID>,
        #[graphql(desc = "Where")] location: Option<ID>,
        #[graphql(desc = "Which days, with both ends")] date: DateRange,
    ) -> Result<Vec<ScheduleDay>> {
        census::schedule(ctx, practitioner.as_ref(), location.as_ref(), &date).await
    }

    /// Terms to choose from by name when a chart is written, those that begin with the text first. They are the terms of our own
    /// lists, not a terminology: what is not among them is recorded in words.
    async fn catalog(
        &self,
        #[graphql(desc = "Which list")] kind: CatalogKind,
        #[graphql(desc = "Words that begin words of the term, or a code; empty for all")] search: String,
        #[graphql(desc = "How many", default = 20)] first: usize,
    ) -> Vec<CatalogEntry> {
        let found = clinical::catalog::search(kind.into(), &search).into_iter().take(first.min(MAX_PAGE as usize));
        found.map(CatalogEntry::from).collect()
    }

    /// Forms of questions that are in use, by title, one page.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn questionnaires(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words that begin the title")] search: Option<String>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<QuestionnaireConnection> {
        questionnaire::questionnaires(ctx, search.as_deref(), &PageArguments { first, after, last, before }).await
    }

    /// The form that a filled-in one names; null when it is not here, or may not be seen.
    #[graphql(complexity = "20 + child_complexity")]
    async fn questionnaire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its canonical URL, with `|version` for one version, or its global id")] canonical: String,
    ) -> Result<Option<Questionnaire>> {
        Ok(questionnaire::by_canonical(session(ctx), &canonical).await?.map(Questionnaire))
    }

    /// The published instruments that forms are scored by.
    async fn score_instruments(&self) -> Vec<ScoreInstrument> {
        questionnaire::instruments()
    }

    /// Who works here, by family name, one page; those who no longer do included.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection with filters")]
    async fn practitioners(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words that begin parts of the name, all of them")] search: Option<String>,
        #[graphql(desc = "Who has a role of this specialty: `system|code`, or a code of any system")] specialty: Option<
            String,
        >,
        #[graphql(desc = "Who has a role at a place near this one")] near: Option<NearInput>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<PractitionerConnection> {
        let page = PageArguments { first, after, last, before };
        directory::practitioners(ctx, search.as_deref(), specialty, near.as_ref(), &page).await
    }

    /// The codes of a value set in the order of its rules, one page: R4's own, and those that are stored here.
    #[graphql(complexity = "page_cost(first, None) * child_complexity")]
    async fn value_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its canonical URL, with `|version` for one version")] url: String,
        #[graphql(desc = "Words that begin words of the display, or the beginning of a code")] search: Option<String>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Result<ConceptConnection> {
        directory::value_set(ctx, &url, search, first, after).await
    }

    /// Who did what, newest first, one page: to administrators all of it, to patients what concerns their record.
    #[graphql(complexity = "page_cost(first, None) * child_complexity")]
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which", default)] filter: AuditFilter,
        #[graphql(desc = "How many")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Result<AuditEventConnection> {
        audit::events(session(ctx), filter, first, after).await
    }

    /// Accounts by log-in name, one page. For administrators.
    #[graphql(complexity = "page_cost(first, None) * child_complexity")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of a log-in name or of a name")] search: Option<String>,
        #[graphql(desc = "How many")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Result<UserConnection> {
        user::all(session(ctx), search, first, after).await
    }

    /// Who may do what: each type that any role may do something with, by name. For administrators.
    async fn role_table(&self, ctx: &Context<'_>) -> Result<Vec<RoleTableLine>> {
        role_table::table(session(ctx))
    }

    /// Registered applications by client_id. For administrators.
    async fn apps(&self, ctx: &Context<'_>) -> Result<Vec<App>> {
        app::all(session(ctx)).await
    }

    /// The open applications that a chart can launch, by client_id.
    async fn launchable_apps(&self, ctx: &Context<'_>) -> Result<Vec<LaunchableApp>> {
        app::launchable(session(ctx)).await
    }

    /// What the asking party has allowed applications, the newest first.
    async fn app_grants(&self, ctx: &Context<'_>) -> Result<Vec<AppGrant>> {
        app::own(session(ctx)).await
    }

    /// The charts that are open to the asking party in an emergency, the newest first.
    async fn break_glass_opened(&self, ctx: &Context<'_>) -> Result<Vec<ChartGrant>> {
        glass::opened(session(ctx)).await
    }

    /// People whom the asking party does not see because nothing says that they are in its care, by name or number, ten at most: only whom
    /// an emergency is about is told, to open the chart with `breakGlassOpen`. Empty where staff see all patients. Each look-up is in the
    /// audit of those it found.
    #[graphql(complexity = "20 + child_complexity")]
    async fn person_lookup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words that begin parts of the name, all of them; three letters at least")] name: Option<
            String,
        >,
        #[graphql(
            desc = "In the place of a name a whole number, such as that of the medical record; its spellings with commas between"
        )]
        number: Option<String>,
    ) -> Result<Vec<PersonCard>> {
        glass::look_up(session(ctx), name, number).await
    }

    /// Emergencies that wait for a review, or were reviewed, the oldest first. For administrators.
    #[graphql(complexity = "page_cost(first, None) * child_complexity")]
    async fn break_glass_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that were reviewed instead", default)] reviewed: bool,
        #[graphql(desc = "How many")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Result<ChartGrantConnection> {
        glass::reviews(session(ctx), reviewed, first, after).await
    }

    /// The grants that open what is very restricted, as they last now, the newest first. For administrators.
    async fn chart_grants(&self, ctx: &Context<'_>) -> Result<Vec<ChartGrant>> {
        glass::given(session(ctx)).await
    }

    /// What of a kind the asking party keeps, by name: questions to ask again, phrases for notes.
    async fn saved_queries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What kind")] kind: SavedQueryKind,
    ) -> Result<Vec<SavedQuery>> {
        saved_query::all(session(ctx), kind).await
    }

    /// Visits and stays of all patients whose visits the asking party may see, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn encounters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<EncounterFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<EncounterConnection> {
        let session = session(ctx);
        let mut pairs = filter.unwrap_or_default().pairs();
        pairs.push(("_sort".into(), "-date".into()));
        let request = PageArguments { first, after, last, before }.request()?;
        found(session, ResourceType::Encounter, &pairs, Vec::new(), &request).await.map(EncounterConnection)
    }

    /// Patients, one page.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn patients(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<PatientFilter>,
        #[graphql(
            desc = "In which order; by default by family name, for who is shown patients masked the last changed first"
        )]
        sort: Option<PatientSort>,
        #[graphql(desc = "Further FHIR search parameters, `_has` and chains included; an unknown one is refused")]
        fhir_query: Option<String>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Result<PatientConnection> {
        let session = session(ctx);
        let asked = patients(session, filter.unwrap_or_default(), sort, fhir_query.as_deref()).await?;
        let request = PageArguments { first, after, last, before }.request()?;
        asked.page(session, &request).await.map(PatientConnection)
    }
}

/// A question for patients, to be asked page by page.
pub(crate) struct PatientsAsked {
    pairs: Vec<(String, String)>,
    only: Vec<Clause>,
}

impl PatientsAsked {
    pub(crate) async fn page(&self, session: &Session, request: &PageRequest) -> Result<List> {
        found(session, ResourceType::Patient, &self.pairs, self.only.clone(), request).await
    }
}

/// The question that filter, order and further FHIR parameters mean.
pub(crate) async fn patients(
    session: &Session,
    f: PatientFilter,
    sort: Option<PatientSort>,
    fhir_query: Option<&str>,
) -> Result<PatientsAsked> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| pairs.push((name.to_owned(), value));
    for word in f.name.iter().flat_map(|n| n.split_whitespace()) {
        add("name", escaped(word));
    }
    for word in f.sounds_like.iter().flat_map(|n| n.split_whitespace()) {
        add("phonetic", escaped(word));
    }
    if let Some(phone) = &f.phone {
        add("phone", dialled(phone)?);
    }
    f.identifier.into_iter().for_each(|v| add("identifier", v));
    f.gender.into_iter().for_each(|g| add("gender", g.code().to_owned()));
    f.active.into_iter().for_each(|a| add("active", a.to_string()));
    f.deceased.into_iter().for_each(|d| add("deceased", d.to_string()));
    pairs.extend(f.birth_date.iter().flat_map(|r| r.pairs("birthdate")));
    if let Some(text) = fhir_query {
        pairs.extend(search_pairs("fhirQuery", text, &[])?);
    }
    let mut only = Vec::new();
    if let Some(list) = f.list {
        only.push(patient_list::clause(patient_list::ids(session, list).await?)?);
    }
    if let Some(location) = &f.location {
        only.push(patient_list::clause(census::lying_at(session, location).await?)?);
    }
    if let Some(time) = &f.seen {
        only.push(patient_list::clause(patient_list::seen(session, time).await?)?);
    }
    let masked = session.actor.is_masked(ResourceType::Patient);
    let sort = sort.unwrap_or(if masked { PatientSort::LastUpdatedDesc } else { PatientSort::Family });
    pairs.push(("_sort".into(), sort.parameter().into()));
    Ok(PatientsAsked { pairs, only })
}

/// The digits of a telephone number, and its leading `+`.
fn dialled(phone: &str) -> Result<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err(invalid("filter.phone", "filter.phone has no digit"));
    }
    Ok(if phone.trim_start().starts_with('+') { format!("+{digits}") } else { digits })
}

/// Text of a filter as the value of a search parameter.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, ',' | '|' | '$' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

/// `system|code` of one code, which may name its system by its short name. Nothing in it is taken for syntax: a code with a comma is one code.
pub(crate) fn code_value(code: &str) -> String {
    const SYSTEMS: [(&str, &str); 5] = [
        ("LOINC", "http://loinc.org"),
        ("SNOMED", "http://snomed.info/sct"),
        ("ICD10", "http://hl7.org/fhir/sid/icd-10-cm"),
        ("RXNORM", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("CVX", "http://hl7.org/fhir/sid/cvx"),
    ];
    match code.split_once('|') {
        Some((system, code)) => {
            let known = SYSTEMS.iter().find(|(short, _)| *short == system).map_or(system, |(_, url)| *url);
            format!("{}|{}", escaped(known), escaped(code))
        }
        None => escaped(code),
    }
}

#[cfg(test)]
mod tests {
    use super::code_value;

    #[test]
    fn a_code_is_one_code_and_names_its_system() {
        assert_eq!(code_value("LOINC|4548-4"), "http://loinc.org|4548-4");
        assert_eq!(code_value("urn:x|a,b"), "urn:x|a\\,b");
        assert_eq!(code_value("a|b|c"), "a|b\\|c");
        assert_eq!(code_value("IMP,EMER"), "IMP\\,EMER");
        assert_eq!(code_value("|x"), "|x");
    }
}
