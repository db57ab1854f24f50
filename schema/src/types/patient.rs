//! The patient: who it is, and the lists of the chart.

use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject};
use chrono::{Datelike as _, NaiveDate};
use entity::Interaction;
use fhir::{Json, ResourceType};

use crate::code::{
    AdministrationStatus, AllergyCategory, AllergyClinicalStatus, AppointmentStatus, ConditionClinicalStatus,
    DocumentStatus, EncounterStatus, Gender, GoalStatus, MedicationRequestIntent, MedicationRequestStatus,
    MedicationStatementStatus, NoteStatus, ObservationStatus, PlanStatus, ProcedureStatus, ReportStatus, RequestStatus,
    ResultCategory, TaskStatus, alternatives,
};
use crate::document::{Document, List, PageArguments, PageInfo, connection};
use crate::error::or_null;
use crate::query::{code_value, escaped};
use crate::scalar::{Date, DateTime, FhirJson, Instant};
use crate::session::{ABNORMAL, DEFAULT_PAGE, Session, invalid, session};
use crate::types::audit::{self, AuditEventConnection, AuditFilter};
use crate::types::background::{
    ConsentConnection, FAMILY_LIST, FamilyHistoryConnection, FamilyHistoryStatement, FlagConnection,
};
use crate::types::care::{
    AppointmentConnection, CarePlanConnection, CareTeamConnection, CareTeamMember, CoverageConnection, GoalConnection,
    PatientContact, RelatedPersonConnection, TaskConnection,
};
use crate::types::chart::{
    AllergyConnection, AllergyEdge, AllergyIntolerance, Attachment, ConditionConnection, DiagnosticReportConnection,
    DocumentConnection, EncounterConnection, ImmunizationConnection, MedicationRequest, MedicationRequestConnection,
    ObservationConnection, ProcedureConnection,
};
use crate::types::flowsheet::{self, Flowsheet};
use crate::types::measure::{self, CareGap};
use crate::types::medication::{self, CurrentMedicationConnection, MedicationStatementConnection};
use crate::types::merged;
use crate::types::note::NoteConnection;
use crate::types::order::{self, OrderConnection, OrderFilter};
use crate::types::past::{self, ChangeConnection, EverythingConnection};
use crate::types::questionnaire::{self, QuestionnaireResponseConnection};
use crate::types::request::{
    ImagingStudyConnection, MedicationAdministrationConnection, ServiceRequest, ServiceRequestConnection,
};
use crate::types::review::{self, ListReview, ReviewedList};
use crate::types::score::{self, RiskScore};
use crate::types::timeline::{self, SinceVisit, TimelineConnection, TimelineKind};
use crate::types::trend::{self, LatestResult, Trend};
use crate::value::{Concept, ResourceRef};

/// A person's name.
#[derive(SimpleObject)]
pub struct HumanName {
    /// What it is used for: `official`, `usual`, `maiden` and the like.
    pub r#use: Option<String>,
    /// Ready to show: the name in words where the record has it, else prefix, given, family, suffix.
    pub display: String,
    /// Family name.
    pub family: Option<String>,
    /// Given names.
    pub given: Vec<String>,
    /// Titles before the name.
    pub prefix: Vec<String>,
    /// Titles after the name.
    pub suffix: Vec<String>,
}

/// A number or code that someone gave.
#[derive(SimpleObject)]
pub struct Identifier {
    /// What it is used for.
    pub r#use: Option<String>,
    /// Who gives it.
    pub system: Option<String>,
    /// The identifier.
    pub value: Option<String>,
    /// What kind of identifier.
    pub r#type: Option<Concept>,
}

/// An age in the unit that suits it.
#[derive(SimpleObject)]
pub struct Age {
    /// Completed units.
    pub value: i32,
    /// The unit.
    pub unit: AgeUnit,
}

/// The unit of an age.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AgeUnit {
    /// Below four weeks.
    Days,
    /// Below three months.
    Weeks,
    /// Below two years.
    Months,
    /// From two years.
    Years,
}

/// Death, where it is on record.
#[derive(SimpleObject)]
pub struct Deceased {
    /// Whether the patient has died.
    pub deceased: bool,
    /// When, where that is recorded.
    pub at: Option<DateTime>,
}

/// A way to reach someone.
#[derive(SimpleObject)]
pub struct ContactPoint {
    /// `phone`, `email` and the like.
    pub system: Option<String>,
    /// The number or address.
    pub value: Option<String>,
    /// What it is used for.
    pub r#use: Option<String>,
}

/// A postal address.
#[derive(SimpleObject)]
pub struct Address {
    /// What it is used for.
    pub r#use: Option<String>,
    /// The address in words.
    pub text: Option<String>,
    /// Street, number, box.
    pub lines: Vec<String>,
    /// City.
    pub city: Option<String>,
    /// State or region.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: Option<String>,
}

/// Dates in `[low, high)`; a missing end is open.
#[derive(InputObject)]
pub struct DateRange {
    /// The first that counts.
    pub low: Option<DateTime>,
    /// The first that no longer counts.
    pub high: Option<DateTime>,
}

impl DateRange {
    /// As search parameters under `name`. `eb` is "before": the value has ended when `high` begins.
    pub fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let low = self.low.iter().map(|d| (name.to_owned(), format!("ge{}", d.0)));
        let high = self.high.iter().map(|d| (name.to_owned(), format!("lt{}", d.0)));
        low.chain(high).collect()
    }
}

/// Which conditions.
#[derive(InputObject, Default)]
pub struct ConditionFilter {
    /// Any of these.
    pub clinical_status: Option<Vec<ConditionClinicalStatus>>,
    /// A code, or `system|code`.
    pub code: Option<String>,
    /// When it was recorded.
    pub recorded: Option<DateRange>,
}

/// Which allergies.
#[derive(InputObject, Default)]
pub struct AllergyFilter {
    /// Any of these.
    pub clinical_status: Option<Vec<AllergyClinicalStatus>>,
    /// Any of these.
    pub category: Option<Vec<AllergyCategory>>,
}

/// Which prescriptions.
#[derive(InputObject, Default)]
pub struct MedicationRequestFilter {
    /// Any of these.
    pub status: Option<Vec<MedicationRequestStatus>>,
    /// Any of these.
    pub intent: Option<Vec<MedicationRequestIntent>>,
    /// When it was written.
    pub authored_on: Option<DateRange>,
}

/// Which orders.
#[derive(InputObject, Default)]
pub struct ServiceRequestFilter {
    /// Any of these.
    pub status: Option<Vec<RequestStatus>>,
    /// A category code, or `system|code`.
    pub category: Option<String>,
    /// A code, or `system|code`.
    pub code: Option<String>,
    /// When it was written.
    pub authored_on: Option<DateRange>,
}

/// Which visits.
#[derive(InputObject, Default)]
pub struct EncounterFilter {
    /// Any of these.
    pub status: Option<Vec<EncounterStatus>>,
    /// A class code, such as `AMB`, `EMER` or `IMP`.
    pub class: Option<String>,
    /// When it took place.
    pub date: Option<DateRange>,
    /// Where: a location, by its global id. Beds are locations of their own.
    pub location: Option<ID>,
    /// Who took part, by a global id.
    pub participant: Option<ID>,
}

impl EncounterFilter {
    /// As search parameters.
    pub fn pairs(self) -> Vec<(String, String)> {
        let mut pairs = range("date", self.date.as_ref());
        pairs.extend(pair("status", self.status.map(|s| alternatives(s.into_iter().map(EncounterStatus::code)))));
        pairs.extend(code_pair("class", self.class));
        pairs.extend(pair("location", self.location.map(|id| escaped(&id))));
        pairs.extend(pair("participant", self.participant.map(|id| escaped(&id))));
        pairs
    }
}

/// Which observations.
#[derive(InputObject, Default)]
pub struct ObservationFilter {
    /// A category code, such as `laboratory` or `vital-signs`.
    pub category: Option<String>,
    /// Any of these codes; see `labs`.
    pub codes: Option<Vec<String>>,
    /// Any of these.
    pub status: Option<Vec<ObservationStatus>>,
    /// When it was true of the patient.
    pub date: Option<DateRange>,
}

/// Which procedures.
#[derive(InputObject, Default)]
pub struct ProcedureFilter {
    /// Any of these.
    pub status: Option<Vec<ProcedureStatus>>,
    /// A code, or `system|code`.
    pub code: Option<String>,
    /// When it was done.
    pub date: Option<DateRange>,
}

/// Which reports.
#[derive(InputObject, Default)]
pub struct ReportFilter {
    /// Any of these.
    pub status: Option<Vec<ReportStatus>>,
    /// A code, or `system|code`.
    pub code: Option<String>,
    /// When it was true of the patient.
    pub date: Option<DateRange>,
}

/// Which documents.
#[derive(InputObject, Default)]
pub struct DocumentFilter {
    /// Any of these.
    pub status: Option<Vec<DocumentStatus>>,
    /// A type code, or `system|code`.
    pub r#type: Option<String>,
    /// When it was put on record.
    pub date: Option<DateRange>,
}

/// What an allergy list says as a whole.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AllergyListStatus {
    /// At least one allergy is on record and not refuted.
    Known,
    /// It is on record, and holds, that there is none.
    NoneKnown,
    /// Nothing is on record that holds.
    NotAsked,
}

/// One page of allergies, with what the whole list says.
pub struct AllergyList {
    list: AllergyConnection,
    patient: Document,
}

/// One page of allergies, with what the whole list says.
#[async_graphql::Object]
impl AllergyList {
    /// What the whole list says, whatever the filter and page.
    async fn status(&self, ctx: &Context<'_>) -> Result<AllergyListStatus> {
        let page = PageArguments { first: Some(200), ..PageArguments::default() };
        let pairs = vec![("verification-status:not".into(), "refuted,entered-in-error".into())];
        let all = List::of_patient(ctx, &self.patient, ResourceType::AllergyIntolerance, pairs, &page).await?;
        // A statement that there is none counts while it holds: an allergy ends it, and is refuted or a mistake later.
        let holds = |d: &Document| {
            let status = d.at(&["clinicalStatus"]).and_then(|s| s.get("coding")).map_or(&[][..], Json::items);
            status.iter().any(|c| c.str_at("code") == Some("active"))
        };
        Ok(if all.documents.iter().any(|d| !says_none(d)) || all.has_next() {
            AllergyListStatus::Known
        } else if all.documents.iter().any(holds) {
            AllergyListStatus::NoneKnown
        } else {
            AllergyListStatus::NotAsked
        })
    }

    /// The page's items with their cursors.
    async fn edges(&self) -> Vec<AllergyEdge> {
        let items = self.list.0.documents.iter().enumerate();
        items
            .map(|(at, d)| AllergyEdge { cursor: self.list.0.cursor(at), node: AllergyIntolerance(d.clone()) })
            .collect()
    }

    /// The page's items.
    async fn nodes(&self) -> Vec<AllergyIntolerance> {
        self.list.0.documents.iter().cloned().map(AllergyIntolerance).collect()
    }

    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        self.list.0.info()
    }

    /// The exact number of items in the whole list, counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<u64>> {
        self.list.0.total(ctx).await
    }
}

/// Whether the entry states the absence of allergies. Source: SNOMED CT, "No known allergy" (716186003) and its children that
/// FHIR's AllergyIntolerance lists: drug (409137002), food (429625007), environmental (428607008), latex (1003774007).
pub(crate) fn says_none(document: &Document) -> bool {
    const NONE: [&str; 5] = ["716186003", "409137002", "429625007", "428607008", "1003774007"];
    let codings = document.at(&["code", "coding"]).is_some();
    codings
        && document.at(&["code"]).and_then(|c| c.get("coding")).map_or(&[][..], Json::items).iter().any(|c| {
            c.str_at("system") == Some("http://snomed.info/sct") && c.str_at("code").is_some_and(|c| NONE.contains(&c))
        })
}

fn strings(value: &Json<'_>, name: &str) -> Vec<String> {
    value.get(name).map_or(&[][..], Json::items).iter().filter_map(Json::as_str).map(ToOwned::to_owned).collect()
}

fn own(value: &Json<'_>, name: &str) -> Option<String> {
    value.str_at(name).map(ToOwned::to_owned)
}

pub(crate) fn contact_point(value: &Json<'_>) -> ContactPoint {
    ContactPoint { system: own(value, "system"), value: own(value, "value"), r#use: own(value, "use") }
}

pub(crate) fn identifier(value: &Json<'_>) -> Identifier {
    Identifier {
        r#use: own(value, "use"),
        system: own(value, "system"),
        value: own(value, "value"),
        r#type: value.get("type").and_then(Concept::read),
    }
}

pub(crate) fn address(value: &Json<'_>) -> Address {
    Address {
        r#use: own(value, "use"),
        text: own(value, "text"),
        lines: strings(value, "line"),
        city: own(value, "city"),
        state: own(value, "state"),
        postal_code: own(value, "postalCode"),
        country: own(value, "country"),
    }
}

/// The official name, else the usual one, else the first.
pub(crate) fn main_name(patient: &Document) -> Option<HumanName> {
    let names = patient.all("name");
    let of = |usage| names.iter().find(|n| n.str_at("use") == Some(usage));
    of("official").or_else(|| of("usual")).or_else(|| names.first()).map(human_name)
}

/// The name that a person's record has, read together with the others that are asked for meanwhile; `None` when it is absent or not to be
/// seen, or has none.
pub(crate) async fn name_if_seen(
    session: &Session,
    resource_type: ResourceType,
    id: &str,
) -> Result<Option<HumanName>> {
    if !session.actor.may(Interaction::Read, resource_type) {
        return Ok(None);
    }
    let found = session.one_of_many(resource_type, id, None).await?;
    Ok(found.as_ref().and_then(main_name).filter(|name| !name.display.is_empty()))
}

/// The medical record number: the identifier of type `MR`.
pub(crate) fn record_number(patient: &Document) -> Option<&str> {
    let is_mr = |i: &&Json<'_>| {
        let codings = i.get("type").and_then(|t| t.get("coding")).map_or(&[][..], Json::items);
        codings.iter().any(|c| c.str_at("code") == Some("MR"))
    };
    patient.all("identifier").iter().find(is_mr).and_then(|i| i.str_at("value"))
}

pub(crate) fn human_name(value: &Json<'_>) -> HumanName {
    let [given, prefix, suffix] = ["given", "prefix", "suffix"].map(|name| strings(value, name));
    let family = own(value, "family");
    let display = own(value, "text").unwrap_or_else(|| {
        let parts = prefix.iter().chain(&given).chain(&family).chain(&suffix);
        parts.map(String::as_str).collect::<Vec<_>>().join(" ")
    });
    HumanName { r#use: own(value, "use"), display, family, given, prefix, suffix }
}

fn codes_pair(codes: Option<Vec<String>>) -> Option<(String, String)> {
    codes.map(|codes| ("code".to_owned(), codes.iter().map(|c| code_value(c)).collect::<Vec<_>>().join(",")))
}

fn code_pair(name: &str, code: Option<String>) -> impl Iterator<Item = (String, String)> {
    pair(name, code.as_deref().map(code_value))
}

fn pair(name: &str, value: Option<String>) -> impl Iterator<Item = (String, String)> {
    value.map(|value| (name.to_owned(), value)).into_iter()
}

fn range(name: &str, range: Option<&DateRange>) -> Vec<(String, String)> {
    range.map(|r| r.pairs(name)).unwrap_or_default()
}

pub(crate) fn page_cost(first: Option<i32>, last: Option<i32>) -> usize {
    let size = first.or(last).unwrap_or(DEFAULT_PAGE as i32);
    usize::try_from(size).unwrap_or(0).max(1)
}

/// Completed units between two days; `None` when the second is before the first.
fn age_between(born: NaiveDate, day: NaiveDate) -> Option<Age> {
    let days = (day - born).num_days();
    if days < 0 {
        return None;
    }
    let months =
        (day.year() - born.year()) * 12 + day.month() as i32 - born.month() as i32 - i32::from(day.day() < born.day());
    let (value, unit) = match (days, months) {
        (0..28, _) => (days as i32, AgeUnit::Days),
        (_, ..3) => ((days / 7) as i32, AgeUnit::Weeks),
        (_, ..24) => (months, AgeUnit::Months),
        _ => (months / 12, AgeUnit::Years),
    };
    Some(Age { value, unit })
}

fn full_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()
}

/// A person in care.
#[derive(Clone)]
pub struct Patient(pub Document);

// Written out: the `complexity` of a field cannot come through a macro.
/// A person in care.
#[async_graphql::Object]
impl Patient {
    /// Global id: the FHIR reference, such as `Patient/p1`.
    pub(crate) async fn id(&self) -> ID {
        format!("Patient/{}", self.0.stored().id).into()
    }
    /// The id within its type.
    pub(crate) async fn fhir_id(&self) -> String {
        self.0.stored().id.clone()
    }
    /// The version that is shown, counting from 1.
    pub(crate) async fn version_id(&self) -> String {
        self.0.stored().version_id.to_string()
    }
    /// When this version was stored.
    pub(crate) async fn last_updated(&self) -> Instant {
        Instant(self.0.stored().last_updated.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    }
    /// Whether the asking party starred the patient. Stars are of one account; nobody else sees them.
    async fn starred(&self, ctx: &Context<'_>) -> Option<bool> {
        or_null(ctx, async { session(ctx).starred(&self.0.stored().id).await }).await
    }
    /// What is ordered for when the heart or the breathing stops: the newest active order of the category `code-status`. Null where there is
    /// none, which does not say that everything is to be done.
    #[graphql(complexity = "10 + child_complexity")]
    async fn code_status(&self, ctx: &Context<'_>) -> Option<ServiceRequest> {
        let newest = async {
            let is = clinical::order::CODE_STATUS;
            let pairs = vec![
                ("category".to_owned(), format!("{}|{}", is.system, is.code)),
                ("status".to_owned(), "active".to_owned()),
            ];
            let page = PageArguments { first: Some(1), ..PageArguments::default() };
            let found = List::of_patient(ctx, &self.0, ResourceType::ServiceRequest, pairs, &page).await?;
            Ok(found.documents.into_iter().next().map(ServiceRequest))
        };
        or_null(ctx, newest).await.flatten()
    }
    /// The whole resource as FHIR JSON.
    pub(crate) async fn fhir(&self) -> FhirJson {
        FhirJson(self.0.stored().body.clone())
    }

    /// Its versions, newest first.
    #[graphql(complexity = 50)]
    pub(crate) async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, the newest first")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Option<crate::types::versions::VersionConnection> {
        crate::error::or_null(ctx, crate::types::versions::history(ctx, &self.0, first, after)).await
    }

    /// Who answers for its versions, the newest act first.
    #[graphql(complexity = 50)]
    pub(crate) async fn provenance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, the newest first")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Option<crate::types::versions::ProvenanceConnection> {
        crate::error::or_null(ctx, crate::types::versions::provenance(ctx, &self.0, first, after)).await
    }

    /// Everything in the patient's compartment that the asking party may read, newest on record first.
    #[graphql(complexity = "50 + page_cost(first, None) * child_complexity")]
    async fn everything(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these FHIR types")] types: Option<Vec<String>>,
        #[graphql(desc = "Only what was written at this instant or later")] since: Option<Instant>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Option<EverythingConnection> {
        let page = PageArguments { first, after, ..PageArguments::default() };
        or_null(ctx, past::everything(ctx, &self.0, types, since.as_ref(), &page)).await
    }

    /// The official name, else the usual one, else the first.
    async fn name(&self) -> Option<HumanName> {
        main_name(&self.0)
    }
    /// All names on record.
    async fn names(&self) -> Vec<HumanName> {
        self.0.all("name").iter().map(human_name).collect()
    }
    /// All identifiers on record.
    async fn identifiers(&self) -> Vec<Identifier> {
        self.0.all("identifier").iter().map(identifier).collect()
    }
    /// The medical record number: the identifier of type `MR`.
    async fn mrn(&self) -> Option<&str> {
        record_number(&self.0)
    }
    /// Whether the record is in use.
    async fn active(&self) -> Option<bool> {
        self.0.at(&["active"]).and_then(Json::as_bool)
    }
    /// The record that is used in the place of this one, when the two were merged.
    async fn replaced_by(&self, ctx: &Context<'_>) -> Option<Patient> {
        or_null(ctx, merged::replaced_by(ctx, &self.0)).await.flatten()
    }
    /// The records of the same person that this one replaces. The lists of this chart have what is recorded under them too, and its
    /// `everything` and `changes` have not.
    async fn replaces(&self, ctx: &Context<'_>) -> Option<Vec<Patient>> {
        or_null(ctx, merged::replaces(ctx, &self.0)).await
    }
    /// Administrative gender.
    async fn gender(&self) -> Option<Gender> {
        self.0.text(&["gender"]).and_then(Gender::of)
    }
    /// Date of birth, possibly partial.
    async fn birth_date(&self) -> Option<Date> {
        self.0.text(&["birthDate"]).map(|t| Date(t.to_owned()))
    }
    /// Age on a day: by default today (with `asOf`, that day), or the day of death. Null when the birth date is not a full date.
    async fn age(&self, ctx: &Context<'_>, #[graphql(desc = "The day")] at: Option<Date>) -> Result<Option<Age>> {
        let Some(born) = self.0.text(&["birthDate"]).and_then(full_day) else { return Ok(None) };
        let day = if let Some(date) = &at {
            full_day(&date.0).ok_or_else(|| invalid("at", "at is a full date"))?
        } else {
            let today = self.0.as_of().unwrap_or(session(ctx).now).date_naive();
            self.0.text(&["deceasedDateTime"]).and_then(full_day).unwrap_or(today)
        };
        Ok(age_between(born, day))
    }
    /// Death, where something about it is on record.
    async fn deceased(&self) -> Option<Deceased> {
        let at = self.0.date_time("deceasedDateTime");
        let said = self.0.at(&["deceasedBoolean"]).and_then(Json::as_bool);
        (at.is_some() || said.is_some()).then(|| Deceased { deceased: at.is_some() || said == Some(true), at })
    }
    /// Ways to reach the patient.
    async fn telecom(&self) -> Vec<ContactPoint> {
        self.0.all("telecom").iter().map(contact_point).collect()
    }
    /// Addresses.
    async fn addresses(&self) -> Vec<Address> {
        self.0.all("address").iter().map(address).collect()
    }
    /// The language to speak with the patient: the preferred one, else the first.
    async fn language(&self) -> Option<Concept> {
        let all = self.0.all("communication");
        let preferred = |c: &&Json<'_>| c.get("preferred").and_then(Json::as_bool) == Some(true);
        all.iter().find(preferred).or_else(|| all.first())?.get("language").and_then(Concept::read)
    }
    /// Marital status.
    async fn marital_status(&self) -> Option<Concept> {
        self.0.concept("maritalStatus")
    }
    /// Pictures of the patient.
    async fn photos(&self, ctx: &Context<'_>) -> Vec<Attachment> {
        self.0.all("photo").iter().map(|photo| Attachment::read(session(ctx), photo)).collect()
    }
    /// The organization that keeps the record.
    async fn managing_organization(&self) -> Option<ResourceRef> {
        self.0.reference("managingOrganization")
    }
    /// Who cares for the patient in general.
    async fn general_practitioners(&self) -> Vec<ResourceRef> {
        self.0.references("generalPractitioner")
    }
    /// Problems and diagnoses, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn conditions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<ConditionFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ConditionConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("recorded-date", f.recorded.as_ref());
            pairs.extend(pair(
                "clinical-status",
                f.clinical_status.map(|s| alternatives(s.into_iter().map(ConditionClinicalStatus::code))),
            ));
            pairs.extend(code_pair("code", f.code));
            self.list(ctx, ResourceType::Condition, pairs, PageArguments { first, after, last, before })
                .await
                .map(ConditionConnection)
        })
        .await
    }
    /// Allergies, newest first, and what the list says as a whole.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn allergies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<AllergyFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<AllergyList> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs: Vec<_> = pair(
                "clinical-status",
                f.clinical_status.map(|s| alternatives(s.into_iter().map(AllergyClinicalStatus::code))),
            )
            .collect();
            pairs.extend(pair("category", f.category.map(|c| alternatives(c.into_iter().map(AllergyCategory::code)))));
            let list = self
                .list(ctx, ResourceType::AllergyIntolerance, pairs, PageArguments { first, after, last, before })
                .await?;
            Ok(AllergyList { list: AllergyConnection(list), patient: self.0.clone() })
        })
        .await
    }
    /// Prescriptions, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn medication_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<MedicationRequestFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<MedicationRequestConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("authoredon", f.authored_on.as_ref());
            pairs.extend(pair(
                "status",
                f.status.map(|s| alternatives(s.into_iter().map(MedicationRequestStatus::code))),
            ));
            pairs.extend(pair(
                "intent",
                f.intent.map(|s| alternatives(s.into_iter().map(MedicationRequestIntent::code))),
            ));
            self.list(ctx, ResourceType::MedicationRequest, pairs, PageArguments { first, after, last, before })
                .await
                .map(MedicationRequestConnection)
        })
        .await
    }
    /// Visits and stays, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn encounters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<EncounterFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<EncounterConnection> {
        or_null(ctx, async {
            let pairs = filter.unwrap_or_default().pairs();
            self.list(ctx, ResourceType::Encounter, pairs, PageArguments { first, after, last, before })
                .await
                .map(EncounterConnection)
        })
        .await
    }
    /// Observations of any kind, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn observations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<ObservationFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ObservationConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("date", f.date.as_ref());
            pairs.extend(code_pair("category", f.category));
            pairs.extend(codes_pair(f.codes));
            pairs.extend(pair("status", f.status.map(|s| alternatives(s.into_iter().map(ObservationStatus::code)))));
            self.list(ctx, ResourceType::Observation, pairs, PageArguments { first, after, last, before })
                .await
                .map(ObservationConnection)
        })
        .await
    }
    /// Laboratory results, newest first. A code is `system|code`, `LOINC|2160-0` or a code of any system.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn labs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these codes")] codes: Option<Vec<String>>,
        #[graphql(desc = "When it was true of the patient")] date: Option<DateRange>,
        #[graphql(
            desc = "Only results that are not as expected, of themselves or in one of their parts: as the record states (abnormal, high, low, critical, off the scale, positive, reactive), or, where it states nothing, by its own reference range"
        )]
        abnormal_only: Option<bool>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ObservationConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let abnormal = abnormal_only == Some(true);
            self.results(ctx, ResultCategory::Laboratory, codes, date, abnormal, page).await
        })
        .await
    }
    /// Vital signs, newest first; codes as in `labs`.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn vitals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these codes")] codes: Option<Vec<String>>,
        #[graphql(desc = "When it was true of the patient")] date: Option<DateRange>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ObservationConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.results(ctx, ResultCategory::VitalSigns, codes, date, false, page).await
        })
        .await
    }
    /// The newest observation of each code of a category with the one before and a short series, newest code first. What was
    /// entered in error does not count.
    #[graphql(complexity = "100 + page_cost(Some(first), None) * child_complexity")]
    async fn latest_results(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which family")] category: ResultCategory,
        #[graphql(desc = "Only these codes; see `labs`")] codes: Option<Vec<String>>,
        #[graphql(desc = "How many codes, at most 50", default = 20)] first: i32,
    ) -> Option<Vec<LatestResult>> {
        or_null(ctx, async {
            let first = usize::try_from(first)
                .ok()
                .filter(|n| (1..=50).contains(n))
                .ok_or_else(|| invalid("first", "first is from 1 to 50"))?;
            trend::latest_results(ctx, &self.0, category, codes_pair(codes).map(|p| p.1), first).await
        })
        .await
    }
    /// One code over time, in one unit; null when there is no observation of it. What cannot be converted is listed, never mixed in.
    #[graphql(complexity = "100 + 10 * child_complexity")]
    async fn trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code; see `labs`")] code: String,
        #[graphql(desc = "When it was true of the patient")] date: Option<DateRange>,
        #[graphql(desc = "The unit to show, in UCUM; by default that of the newest")] unit: Option<String>,
        #[graphql(
            desc = "At most so many points, from 4 on: the first, the last, and the lowest and highest of equal spans of time between them; by default all"
        )]
        max_points: Option<i32>,
    ) -> Option<Trend> {
        or_null(ctx, async {
            let most = max_points.map(|n| {
                let most = usize::try_from(n).ok().filter(|n| *n >= clinical::series::FEWEST);
                most.ok_or_else(|| invalid("maxPoints", format!("maxPoints is {} or more", clinical::series::FEWEST)))
            });
            let date = range("date", date.as_ref());
            trend::trend(ctx, &self.0, code_value(&code), date, unit, most.transpose()?).await
        })
        .await
        .flatten()
    }
    /// Measurements by row and time, each row in one unit; what cannot be converted is listed, never mixed in. Refused above 20,000.
    #[graphql(complexity = "100 + 20 * child_complexity")]
    async fn flowsheet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, such as `vitals`; `flowsheetTemplates` names them")] template: ID,
        #[graphql(desc = "When it was true of the patient")] date: DateRange,
    ) -> Option<Flowsheet> {
        or_null(ctx, flowsheet::flowsheet(ctx, &self.0, &template, &date)).await
    }
    /// Vaccines, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn immunizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ImmunizationConnection> {
        or_null(ctx, async {
            self.list(ctx, ResourceType::Immunization, Vec::new(), PageArguments { first, after, last, before })
                .await
                .map(ImmunizationConnection)
        })
        .await
    }
    /// Procedures, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn procedures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<ProcedureFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ProcedureConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("date", f.date.as_ref());
            pairs.extend(pair("status", f.status.map(|s| alternatives(s.into_iter().map(ProcedureStatus::code)))));
            pairs.extend(code_pair("code", f.code));
            self.list(ctx, ResourceType::Procedure, pairs, PageArguments { first, after, last, before })
                .await
                .map(ProcedureConnection)
        })
        .await
    }
    /// Reports, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn diagnostic_reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<ReportFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<DiagnosticReportConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("date", f.date.as_ref());
            pairs.extend(pair("status", f.status.map(|s| alternatives(s.into_iter().map(ReportStatus::code)))));
            pairs.extend(code_pair("code", f.code));
            self.list(ctx, ResourceType::DiagnosticReport, pairs, PageArguments { first, after, last, before })
                .await
                .map(DiagnosticReportConnection)
        })
        .await
    }
    /// Documents, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<DocumentFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<DocumentConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("date", f.date.as_ref());
            pairs.extend(pair("status", f.status.map(|s| alternatives(s.into_iter().map(DocumentStatus::code)))));
            pairs.extend(code_pair("type", f.r#type));
            self.list(ctx, ResourceType::DocumentReference, pairs, PageArguments { first, after, last, before })
                .await
                .map(DocumentConnection)
        })
        .await
    }
    /// Notes and their addenda, signed and not, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn notes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<NoteStatus>>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<NoteConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let pairs = pair("status", status.map(|s| alternatives(s.into_iter().map(NoteStatus::code)))).collect();
            self.list(ctx, ResourceType::Composition, pairs, page).await.map(NoteConnection)
        })
        .await
    }
    /// What the patient takes now, one line per medicine; what is over is never among it.
    #[graphql(complexity = "50 + page_cost(first, last) * child_complexity")]
    async fn current_medications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<CurrentMedicationConnection> {
        let page = PageArguments { first, after, last, before };
        or_null(ctx, medication::current(ctx, &self.0, &page)).await
    }
    /// Prescriptions that are active or on hold by their status and are no current medication: their course is over and nobody ended them, or
    /// they are a proposal or a plan.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn prescriptions_not_current(&self, ctx: &Context<'_>) -> Option<Vec<MedicationRequest>> {
        or_null(ctx, medication::not_current(ctx, &self.0)).await
    }
    /// Whom to reach about the patient, as the patient's own record says.
    async fn contacts(&self) -> Vec<PatientContact> {
        self.0.all("contact").iter().map(PatientContact::read).collect()
    }
    /// Who cares for the patient: the members of the teams in force.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn care_team(&self, ctx: &Context<'_>) -> Option<Vec<CareTeamMember>> {
        or_null(ctx, async {
            let page = PageArguments { first: Some(200), ..PageArguments::default() };
            let pairs = vec![("status".to_owned(), "active".to_owned())];
            let teams = List::of_patient(ctx, &self.0, ResourceType::CareTeam, pairs, &page).await?;
            if teams.has_next() {
                return Err(invalid("careTeam", "more than 200 teams"));
            }
            Ok(teams.documents.iter().flat_map(CareTeamMember::of_team).collect())
        })
        .await
    }
    /// Teams that care or cared for the patient, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn care_teams(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<CareTeamConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::CareTeam, Vec::new(), page).await.map(CareTeamConnection)
        })
        .await
    }
    /// What someone says the patient takes or took, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn medication_statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<MedicationStatementStatus>>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<MedicationStatementConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let pairs =
                pair("status", status.map(|s| alternatives(s.into_iter().map(MedicationStatementStatus::code))))
                    .collect();
            self.list(ctx, ResourceType::MedicationStatement, pairs, page).await.map(MedicationStatementConnection)
        })
        .await
    }
    /// Orders of all kinds in any state, drafts too, newest first; what has no date comes last.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<OrderFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<OrderConnection> {
        let page = PageArguments { first, after, last, before };
        or_null(ctx, Box::pin(order::orders(ctx, &self.0, filter.unwrap_or_default(), &page))).await
    }
    /// Orders of services (tests, images, procedures, referrals) in any state, drafts too, newest first; prescriptions are
    /// `medicationRequests`.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn service_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] filter: Option<ServiceRequestFilter>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ServiceRequestConnection> {
        or_null(ctx, async {
            let f = filter.unwrap_or_default();
            let mut pairs = range("authored", f.authored_on.as_ref());
            pairs.extend(pair("status", f.status.map(|s| alternatives(s.into_iter().map(RequestStatus::code)))));
            pairs.extend(code_pair("category", f.category));
            pairs.extend(code_pair("code", f.code));
            self.list(ctx, ResourceType::ServiceRequest, pairs, PageArguments { first, after, last, before })
                .await
                .map(ServiceRequestConnection)
        })
        .await
    }
    /// Studies of images, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn imaging_studies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When they began")] date: Option<DateRange>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ImagingStudyConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let pairs = range("started", date.as_ref());
            self.list(ctx, ResourceType::ImagingStudy, pairs, page).await.map(ImagingStudyConnection)
        })
        .await
    }
    /// Doses that were given or not, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn medication_administrations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<AdministrationStatus>>,
        #[graphql(desc = "When they were given")] date: Option<DateRange>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<MedicationAdministrationConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let mut pairs = range("effective-time", date.as_ref());
            pairs.extend(pair("status", status.map(|s| alternatives(s.into_iter().map(AdministrationStatus::code)))));
            self.list(ctx, ResourceType::MedicationAdministration, pairs, page)
                .await
                .map(MedicationAdministrationConnection)
        })
        .await
    }
    /// What is planned for the patient, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn care_plans(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<PlanStatus>>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<CarePlanConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let pairs = pair("status", status.map(|s| alternatives(s.into_iter().map(PlanStatus::code)))).collect();
            self.list(ctx, ResourceType::CarePlan, pairs, page).await.map(CarePlanConnection)
        })
        .await
    }
    /// What is to be reached, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn goals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<GoalStatus>>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<GoalConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let pairs =
                pair("lifecycle-status", status.map(|s| alternatives(s.into_iter().map(GoalStatus::code)))).collect();
            self.list(ctx, ResourceType::Goal, pairs, page).await.map(GoalConnection)
        })
        .await
    }
    /// Planned meetings, the latest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn appointments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<AppointmentStatus>>,
        #[graphql(desc = "When it begins")] date: Option<DateRange>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<AppointmentConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let mut pairs = range("date", date.as_ref());
            pairs.extend(pair("status", status.map(|s| alternatives(s.into_iter().map(AppointmentStatus::code)))));
            self.list(ctx, ResourceType::Appointment, pairs, page).await.map(AppointmentConnection)
        })
        .await
    }
    /// What someone has to do for the patient, newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any of these states")] status: Option<Vec<TaskStatus>>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<TaskConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            let pairs = pair("status", status.map(|s| alternatives(s.into_iter().map(TaskStatus::code)))).collect();
            self.list(ctx, ResourceType::Task, pairs, page).await.map(TaskConnection)
        })
        .await
    }
    /// Who pays.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<CoverageConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::Coverage, Vec::new(), page).await.map(CoverageConnection)
        })
        .await
    }
    /// Persons who are something to the patient.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn related_persons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<RelatedPersonConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::RelatedPerson, Vec::new(), page).await.map(RelatedPersonConnection)
        })
        .await
    }
    /// What the patient has agreed to, or refused.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ConsentConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::Consent, Vec::new(), page).await.map(ConsentConnection)
        })
        .await
    }
    /// What relatives have or had.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn family_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<FamilyHistoryConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::FamilyMemberHistory, Vec::new(), page).await.map(FamilyHistoryConnection)
        })
        .await
    }
    /// What is said of the family as a whole, and holds: that no illness is known in it, or why nothing is listed. Null: nobody has said so.
    #[graphql(complexity = "2 + child_complexity")]
    async fn family_history_statement(&self, ctx: &Context<'_>) -> Option<FamilyHistoryStatement> {
        or_null(ctx, async {
            let (system, list, _) = FAMILY_LIST;
            let pairs = vec![
                ("code".into(), format!("{system}|{list}")),
                ("status".into(), "current".into()),
                ("empty-reason:missing".into(), "false".into()),
            ];
            let page = PageArguments { first: Some(1), ..PageArguments::default() };
            let found = self.list(ctx, ResourceType::List, pairs, page).await?;
            Ok(found.documents.first().and_then(FamilyHistoryStatement::of))
        })
        .await
        .flatten()
    }
    /// Warnings, those that no longer hold included.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn flags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<FlagConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::Flag, Vec::new(), page).await.map(FlagConnection)
        })
        .await
    }
    /// Questionnaires that were filled in.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn questionnaire_responses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<QuestionnaireResponseConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::QuestionnaireResponse, Vec::new(), page)
                .await
                .map(QuestionnaireResponseConnection)
        })
        .await
    }
    /// The sums of scored questionnaires, newest first, those that were taken back included.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn questionnaire_scores(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<ObservationConnection> {
        or_null(ctx, async {
            let page = PageArguments { first, after, last, before };
            self.list(ctx, ResourceType::Observation, questionnaire::sums(), page).await.map(ObservationConnection)
        })
        .await
    }
    /// Who has seen or changed this record, newest first: for administrators, and for the patient. It is that of now, whatever `asOf`.
    #[graphql(complexity = "page_cost(first, None) * child_complexity")]
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, the newest first")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Option<AuditEventConnection> {
        or_null(ctx, async {
            let id = format!("Patient/{}", self.0.stored().id).into();
            audit::events(session(ctx), AuditFilter { patient: Some(id), ..AuditFilter::default() }, first, after).await
        })
        .await
    }
    /// Scores by published formulas from the newest results on record. What is missing for one is told in its place.
    #[graphql(complexity = "100 + 4 * child_complexity")]
    async fn scores(&self, ctx: &Context<'_>) -> Option<Vec<RiskScore>> {
        or_null(ctx, score::scores(ctx, &self.0)).await
    }
    /// The early-warning score NEWS2 of the newest set of vital signs: what was taken within half an hour, saturation on scale 1. There is no
    /// value where a part is missing, below 16 years, and in pregnancy; `missing` says which.
    #[graphql(complexity = "20 + child_complexity")]
    async fn early_warning(&self, ctx: &Context<'_>) -> Option<RiskScore> {
        or_null(ctx, score::early_warning(ctx, &self.0)).await
    }
    /// The quality measures whose population the patient is in this year, left out by nothing, and whose numerator nothing on record meets:
    /// what is still to be done. Only what the asking party sees, and only under this record, counts; null below `asOf`.
    #[graphql(complexity = "100 + 2 * child_complexity")]
    async fn care_gaps(&self, ctx: &Context<'_>) -> Option<Vec<CareGap>> {
        or_null(ctx, measure::care_gaps(ctx, &self.0)).await.flatten()
    }
    /// Everything with a place in time as one list, newest first; what has no date comes last.
    #[graphql(complexity = "50 + page_cost(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection with filters")]
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these kinds; by default all that the asking party may read")] kinds: Option<
            Vec<TimelineKind>,
        >,
        #[graphql(desc = "When it took place")] date: Option<DateRange>,
        #[graphql(desc = "Only what is on record under this encounter, by its global id, and the encounter itself")]
        encounter: Option<ID>,
        #[graphql(desc = "Only what this person or organization wrote, made, did or took part in, by a global id")]
        author: Option<ID>,
        #[graphql(desc = "Only what has all these words in any of its texts")] text: Option<String>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<TimelineConnection> {
        let page = PageArguments { first, after, last, before };
        let only = timeline::Only { encounter, author, text };
        or_null(ctx, timeline::timeline(ctx, &self.0, kinds, date.as_ref(), &only, &page)).await
    }
    /// Whether the record is no person's but for tests: it is labelled `HTEST`.
    async fn is_test(&self) -> bool {
        let labels = self.0.at(&["meta"]).and_then(|m| m.get("security")).map_or(&[][..], Json::items);
        labels.iter().any(|label| label.str_at("code") == Some("HTEST"))
    }
    /// What has been dated since the last visit that is over, up to now: how many of each kind. Null while no visit is over.
    #[graphql(complexity = "100 + child_complexity")]
    async fn since_last_visit(&self, ctx: &Context<'_>) -> Option<SinceVisit> {
        or_null(ctx, timeline::since_last_visit(ctx, &self.0)).await.flatten()
    }
    /// Who looked a list through last, and when. Null while nobody has said so.
    #[graphql(complexity = "5 + child_complexity")]
    async fn list_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list")] list: ReviewedList,
    ) -> Option<ListReview> {
        or_null(ctx, review::last(ctx, &self.0, list)).await.flatten()
    }
    /// What was written about the patient since an instant, by whom, newest first; deletions included.
    #[graphql(complexity = "50 + page_cost(first, None) * child_complexity")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Written at this instant or later")] since: Instant,
        #[graphql(desc = "How many, the newest first")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
    ) -> Option<ChangeConnection> {
        let page = PageArguments { first, after, ..PageArguments::default() };
        or_null(ctx, past::changes(ctx, &self.0, &since, &page)).await
    }
}
connection!(PatientConnection, PatientEdge, Patient);

impl Patient {
    /// A field that is a connection.
    async fn list(
        &self,
        ctx: &Context<'_>,
        resource_type: ResourceType,
        pairs: Vec<(String, String)>,
        page: PageArguments,
    ) -> Result<List> {
        List::connected(ctx, &self.0, resource_type, pairs, &page).await
    }

    async fn results(
        &self,
        ctx: &Context<'_>,
        category: ResultCategory,
        codes: Option<Vec<String>>,
        date: Option<DateRange>,
        abnormal: bool,
        page: PageArguments,
    ) -> Result<ObservationConnection> {
        let mut pairs = range("date", date.as_ref());
        pairs.extend(pair(ABNORMAL, abnormal.then(|| "true".to_owned())));
        pairs.push(("category".into(), category.code().into()));
        pairs.extend(codes_pair(codes));
        self.list(ctx, ResourceType::Observation, pairs, page).await.map(ObservationConnection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_completed_units() {
        let day = |t: &str| full_day(t).unwrap();
        for (born, on, value, unit) in [
            ("2026-11-01", "2026-11-25", 24, AgeUnit::Days),
            ("2026-10-01", "2026-11-25", 7, AgeUnit::Weeks),
            ("2025-12-26", "2026-11-25", 10, AgeUnit::Months),
            ("1945-07-14", "2026-07-13", 80, AgeUnit::Years),
            ("1945-07-14", "2026-07-14", 81, AgeUnit::Years),
            ("2000-02-29", "2026-02-28", 25, AgeUnit::Years),
        ] {
            let age = age_between(day(born), day(on)).unwrap();
            assert_eq!((age.value, age.unit), (value, unit), "{born} on {on}");
        }
        assert!(age_between(day("2026-01-02"), day("2026-01-01")).is_none());
    }
}
