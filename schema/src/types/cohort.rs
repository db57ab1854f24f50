//! Questions about many patients: who meets typed criteria, how many they are by age and gender, and how many were seen in which month.
//!
//! The criteria become the same search as any other; every figure is one statement over all patients that the asking party may see, or
//! may count. Who may count and not read is told no small figures (`clinical::cell`).

use async_graphql::{Context, Enum, InputObject, Object, OneofObject, Result, SimpleObject};
use chrono::{DateTime as Moment, Datelike as _, Months, TimeZone as _, Utc};
use clinical::cell;
use entity::StoreError;
use entity::store::PeopleGroup;
use fhir::ResourceType;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Clause, Query};
use fhir::search::registry;

use crate::code::Gender;
use crate::document::{List, PageArguments};
use crate::error;
use crate::query::code_value;
use crate::scalar::{Decimal, Instant};
use crate::session::{Session, invalid, session};
use crate::types::patient::{DateRange, PatientConnection};

/// Most criteria of one question.
const MOST: usize = 20;
/// Most months of a trend.
const MOST_MONTHS: u32 = 120;

/// Ages in whole years on 31 December of the year of the question, so that the year of birth decides. Both ends count.
#[derive(InputObject)]
pub struct AgeRangeInput {
    /// The youngest.
    pub from: Option<i32>,
    /// The oldest.
    pub to: Option<i32>,
}

/// Has a problem or diagnosis on record.
#[derive(InputObject)]
pub struct CohortConditionInput {
    /// Any of these codes, as `SNOMED|44054006`, `ICD10|E11.9` or `system|code`.
    pub codes: Vec<String>,
    /// Whether it has to be active.
    #[graphql(default)]
    pub active: bool,
    /// When it was put on record.
    pub recorded: Option<DateRange>,
}

/// Has an observation on record.
#[derive(InputObject)]
pub struct CohortObservationInput {
    /// Any of these codes, as `LOINC|4548-4`.
    pub codes: Vec<String>,
    /// Its number is greater than this.
    pub above: Option<Decimal>,
    /// Its number is less than this.
    pub below: Option<Decimal>,
    /// The UCUM unit of the numbers; others are converted.
    pub unit: Option<String>,
    /// When it was made.
    pub date: Option<DateRange>,
}

/// Has a prescription on record.
#[derive(InputObject)]
pub struct CohortMedicationInput {
    /// Any of these codes, as `RXNORM|860975`.
    pub codes: Vec<String>,
    /// Whether it has to be in force.
    #[graphql(default)]
    pub active: bool,
    /// When it was written.
    pub authored: Option<DateRange>,
}

/// Has an immunization on record that was given.
#[derive(InputObject)]
pub struct CohortImmunizationInput {
    /// Any of these codes, as `CVX|140`.
    pub codes: Vec<String>,
    /// When it was given.
    pub date: Option<DateRange>,
}

/// Has a procedure on record that was done.
#[derive(InputObject)]
pub struct CohortProcedureInput {
    /// Any of these codes, as `SNOMED|73761001`.
    pub codes: Vec<String>,
    /// When it was done.
    pub date: Option<DateRange>,
}

/// Was seen, or is in hospital.
#[derive(InputObject)]
pub struct CohortEncounterInput {
    /// Any of these classes of v3-ActCode, as `AMB`, `EMER` or `IMP`.
    pub classes: Option<Vec<String>>,
    /// When it took place.
    pub date: Option<DateRange>,
}

/// One thing that is asked of a patient.
#[derive(OneofObject)]
pub enum CohortCriterionInput {
    /// Administrative gender.
    Gender(Gender),
    /// Age.
    Age(AgeRangeInput),
    /// Whether a death is on record.
    Deceased(bool),
    /// A problem or diagnosis.
    Condition(CohortConditionInput),
    /// An observation.
    Observation(CohortObservationInput),
    /// A prescription.
    Medication(CohortMedicationInput),
    /// An immunization.
    Immunization(CohortImmunizationInput),
    /// A procedure.
    Procedure(CohortProcedureInput),
    /// An encounter.
    Encounter(CohortEncounterInput),
    /// Any of these.
    Any(Vec<CohortCriterionInput>),
}

/// Which patients are meant. Records that were merged into another one, or are not in use, are not counted.
#[derive(InputObject)]
pub struct CohortInput {
    /// All of these have to be met; none of them means everybody.
    pub all: Vec<CohortCriterionInput>,
    /// None of these may be met.
    pub none: Option<Vec<CohortCriterionInput>>,
}

/// A number of people.
#[derive(SimpleObject, Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeopleCount {
    /// How many; null when the asking party may not be told: they are few, or would give away how many of another group there are.
    pub value: Option<u64>,
}

/// How people are put together.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum PeopleGroupBy {
    /// By age, in bands of ten years.
    Age,
    /// By administrative gender.
    Gender,
}

/// People who have something in common.
#[derive(SimpleObject)]
pub struct PeopleCell {
    /// What, as `40-49`, `90+`, `FEMALE` or `UNKNOWN`.
    pub label: String,
    /// How many.
    pub people: PeopleCount,
}

/// People who were seen in a month.
#[derive(SimpleObject)]
pub struct PeopleMonth {
    /// The month, as `2026-05`.
    pub month: String,
    /// How many had an encounter that began in it (UTC).
    pub people: PeopleCount,
}

/// Patients who meet the same criteria.
pub struct Cohort {
    query: Query,
    groups: Vec<PeopleGroup>,
    masked: bool,
    at: Moment<Utc>,
}

/// Patients who meet the same criteria.
#[Object]
impl Cohort {
    /// When they were counted.
    async fn as_of(&self) -> Instant {
        Instant(self.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }
    /// How many they are.
    async fn count(&self) -> PeopleCount {
        let people = self.groups.iter().map(|g| g.people).sum();
        PeopleCount { value: if self.masked { cell::alone(people) } else { Some(people) } }
    }
    /// From this number of people on a figure is told to the asking party; null when all are.
    async fn fewest_told(&self) -> Option<u64> {
        self.masked.then_some(cell::FEWEST)
    }
    /// How they are distributed.
    async fn distribution(&self, #[graphql(desc = "By what")] by: PeopleGroupBy) -> Vec<PeopleCell> {
        let label = |g: &PeopleGroup| match by {
            PeopleGroupBy::Gender => g.gender.as_deref().unwrap_or("unknown").to_uppercase(),
            PeopleGroupBy::Age => g.birth_year.map_or_else(|| "UNKNOWN".to_owned(), |y| band(self.at.year() - y)),
        };
        let mut cells: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        for group in &self.groups {
            *cells.entry(label(group)).or_default() += group.people;
        }
        let people: Vec<u64> = cells.values().copied().collect();
        let told = if self.masked { cell::told(&people) } else { people.into_iter().map(Some).collect() };
        let told = told.into_iter().map(|value| PeopleCount { value });
        cells.into_keys().zip(told).map(|(label, people)| PeopleCell { label, people }).collect()
    }
    /// How many of them were seen in each of the last months, this one included.
    #[graphql(complexity = 200)]
    async fn seen_by_month(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many months, at most 120", default = 12)] months: u32,
    ) -> Option<Vec<PeopleMonth>> {
        error::or_null(ctx, self.seen(session(ctx), months)).await
    }
    /// Who they are; null for who may count patients and not see them.
    #[graphql(complexity = "crate::types::patient::page_cost(first, last) * child_complexity")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<PatientConnection> {
        if self.masked {
            return None;
        }
        let page = PageArguments { first, after, last, before };
        error::or_null(ctx, async {
            List::search(session(ctx), self.query.clone(), &page.request()?).await.map(PatientConnection)
        })
        .await
    }
}

impl Cohort {
    async fn seen(&self, session: &Session, months: u32) -> Result<Vec<PeopleMonth>> {
        if !(1..=MOST_MONTHS).contains(&months) {
            return Err(invalid("months", format!("months is from 1 to {MOST_MONTHS}")));
        }
        let first = |year, month| Utc.with_ymd_and_hms(year, month, 1, 0, 0, 0).single();
        let this = first(self.at.year(), self.at.month());
        let from = this.and_then(|t| t.checked_sub_months(Months::new(months - 1)));
        let to = this.and_then(|t| t.checked_add_months(Months::new(1)));
        let (Some(from), Some(to)) = (from, to) else { return Err(invalid("months", "not a time of the calendar")) };
        let found = session.store.people_seen(&session.actor.unopened(), &self.query, [from, to]).await;
        let found = found.map_err(|e| error::graphql(&e))?;
        let month = |n: u32| {
            let at = from + Months::new(n);
            let people = found.iter().find(|(y, m, _)| (*y, *m) == (at.year(), at.month())).map_or(0, |(.., n)| *n);
            let value = if self.masked { cell::alone(people) } else { Some(people) };
            PeopleMonth { month: at.format("%Y-%m").to_string(), people: PeopleCount { value } }
        };
        Ok((0..months).map(month).collect())
    }
}

/// `40-49`; sorted as text the bands are in order.
fn band(age: i32) -> String {
    match age {
        ..0 => "UNBORN".to_owned(),
        90.. => "90+".to_owned(),
        _ => format!("{:02}-{:02}", age / 10 * 10, age / 10 * 10 + 9),
    }
}

/// Counts the patients who meet the criteria.
pub(crate) async fn cohort(ctx: &Context<'_>, definition: &CohortInput) -> Result<Cohort> {
    let session = session(ctx);
    let mut left = MOST;
    let mut read = Reader { session, left: &mut left };
    let mut query = Query::new(ResourceType::Patient);
    query.all = read.patient(&[("active:not", "false".to_owned())])?;
    for (at, criterion) in definition.all.iter().enumerate() {
        query.all.push(read.clause(&format!("definition.all[{at}]"), criterion)?);
    }
    for (at, criterion) in definition.none.iter().flatten().enumerate() {
        query.all.push(Clause::Not(Box::new(read.clause(&format!("definition.none[{at}]"), criterion)?)));
    }
    let masked = session.actor.is_masked(ResourceType::Patient);
    let groups = session.store.people(&session.actor.unopened(), &query).await.map_err(|e| error::graphql(&e))?;
    Ok(Cohort { query, groups, masked, at: session.now })
}

struct Reader<'r> {
    session: &'r Session,
    left: &'r mut usize,
}

impl Reader<'_> {
    fn clause(&mut self, place: &str, criterion: &CohortCriterionInput) -> Result<Clause> {
        *self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| error::graphql(&StoreError::TooCostly(format!("a question has at most {MOST} criteria"))))?;
        let codes = |codes: &[String], name: &'static str| -> Result<(&'static str, String)> {
            if codes.is_empty() {
                return Err(invalid(place, "no code is named"));
            }
            Ok((name, codes.iter().map(|c| code_value(c)).collect::<Vec<_>>().join(",")))
        };
        let real = ("status:not", "entered-in-error".to_owned());
        match criterion {
            CohortCriterionInput::Gender(gender) => {
                self.patient(&[("gender", gender.code().to_owned())]).map(Clause::And)
            }
            CohortCriterionInput::Deceased(dead) => self.patient(&[("deceased", dead.to_string())]).map(Clause::And),
            CohortCriterionInput::Age(AgeRangeInput { from, to }) => {
                let year = |age: &i32| {
                    let year = self.session.now.year() - age;
                    (0..=150).contains(age).then_some(year).ok_or_else(|| invalid(place, "an age is from 0 to 150"))
                };
                let mut pairs = Vec::new();
                if let Some(to) = to {
                    pairs.push(("birthdate", format!("ge{:04}", year(to)?)));
                }
                if let Some(from) = from {
                    pairs.push(("birthdate", format!("le{:04}", year(from)?)));
                }
                if pairs.is_empty() {
                    return Err(invalid(place, "neither the youngest nor the oldest"));
                }
                self.patient(&pairs).map(Clause::And)
            }
            CohortCriterionInput::Condition(of) => {
                let mut pairs =
                    vec![codes(&of.codes, "code")?, ("verification-status:not", "entered-in-error,refuted".to_owned())];
                if of.active {
                    pairs.push(("clinical-status", "active,recurrence,relapse".to_owned()));
                }
                self.has(ResourceType::Condition, pairs, ("recorded-date", of.recorded.as_ref()))
            }
            CohortCriterionInput::Observation(of) => {
                let mut pairs = vec![codes(&of.codes, "code")?, real];
                let unit = of
                    .unit
                    .as_ref()
                    .map_or(String::new(), |u| format!("|http://unitsofmeasure.org|{}", crate::query::escaped(u)));
                for (prefix, number) in [("gt", &of.above), ("lt", &of.below)] {
                    pairs.extend(number.as_ref().map(|n| ("value-quantity", format!("{prefix}{}{unit}", n.0))));
                }
                if of.unit.is_some() && of.above.is_none() && of.below.is_none() {
                    return Err(invalid(place, "a unit without a number"));
                }
                self.has(ResourceType::Observation, pairs, ("date", of.date.as_ref()))
            }
            CohortCriterionInput::Medication(of) => {
                let mut pairs = vec![codes(&of.codes, "code")?];
                pairs.push(if of.active { ("status", "active".to_owned()) } else { real });
                self.has(ResourceType::MedicationRequest, pairs, ("authoredon", of.authored.as_ref()))
            }
            CohortCriterionInput::Immunization(of) => {
                let pairs = vec![codes(&of.codes, "vaccine-code")?, ("status", "completed".to_owned())];
                self.has(ResourceType::Immunization, pairs, ("date", of.date.as_ref()))
            }
            CohortCriterionInput::Procedure(of) => {
                let pairs = vec![codes(&of.codes, "code")?, ("status", "completed".to_owned())];
                self.has(ResourceType::Procedure, pairs, ("date", of.date.as_ref()))
            }
            CohortCriterionInput::Encounter(of) => {
                let mut pairs = vec![("status:not", "entered-in-error,cancelled,planned".to_owned())];
                if let Some(classes) = &of.classes {
                    let class = |c: &String| {
                        format!("http://terminology.hl7.org/CodeSystem/v3-ActCode|{}", crate::query::escaped(c))
                    };
                    pairs.push(("class", classes.iter().map(class).collect::<Vec<_>>().join(",")));
                }
                self.has(ResourceType::Encounter, pairs, ("date", of.date.as_ref()))
            }
            CohortCriterionInput::Any(any) => {
                if any.is_empty() {
                    return Err(invalid(place, "any of none"));
                }
                let clauses = any.iter().enumerate().map(|(at, one)| self.clause(&format!("{place}.any[{at}]"), one));
                clauses.collect::<Result<_>>().map(Clause::Or)
            }
        }
    }

    /// Conditions on the patient. Only what no mask hides is asked: of a birth, the year.
    fn patient(&self, pairs: &[(&str, String)]) -> Result<Vec<Clause>> {
        conditions(self.session, ResourceType::Patient, &owned(pairs))
    }

    /// One resource about the patient that meets all of these.
    fn has(
        &self,
        source: ResourceType,
        pairs: Vec<(&str, String)>,
        (name, range): (&'static str, Option<&DateRange>),
    ) -> Result<Clause> {
        let mut all = owned(&pairs);
        all.extend(range.map(|r| r.pairs(name)).unwrap_or_default());
        has(self.session, source, &all)
    }
}

fn owned(pairs: &[(&str, String)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The conditions of a FHIR search.
pub(crate) fn conditions(
    session: &Session,
    resource_type: ResourceType,
    pairs: &[(String, String)],
) -> Result<Vec<Clause>> {
    let parsed = parse(resource_type, pairs, Handling::Strict, session.now, &Options::default());
    parsed.map(|p| p.query.all).map_err(|issues| error::graphql(&StoreError::Invalid(issues)))
}

/// The patient has one resource of that type that meets all of these.
fn has(session: &Session, source: ResourceType, pairs: &[(String, String)]) -> Result<Clause> {
    let all = conditions(session, source, pairs)?;
    let param = registry::parameter(source, "patient");
    let param = param.ok_or_else(|| error::graphql(&StoreError::Internal("a type without a patient".into())))?;
    Ok(Clause::Has { source, param, clause: Box::new(Clause::And(all)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_in_order_as_text() {
        let ages = [0, 9, 10, 45, 89, 90, 101];
        let bands: Vec<String> = ages.into_iter().map(band).collect();
        assert_eq!(bands, ["00-09", "00-09", "10-19", "40-49", "80-89", "90+", "90+"]);
        assert!(bands.is_sorted());
    }
}
