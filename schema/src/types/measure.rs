//! Quality measures (`clinical::measure`) over all patients that the asking party may see, or may count. Every figure is a number of
//! persons, counted by one statement over the same search as any other question; small ones are not told to who may only count.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::Datelike as _;
use clinical::cell;
use clinical::measure::{Event, MEASURES, Measure as Definition, When, named, value_set};
use entity::StoreError;
use fhir::ResourceType;
use fhir::search::query::{Clause, Query};

use crate::document::{Document, List, PageArguments};
use crate::error;
use crate::session::{Session, invalid, session};
use crate::types::cohort::{PeopleCount, conditions, has};
use crate::types::patient::{DateRange, PatientConnection};

/// A published set of codes, reduced to the code systems of our charts.
#[derive(SimpleObject)]
pub struct MeasureValueSet {
    /// Its published name.
    pub name: String,
    /// Its canonical address.
    pub url: String,
    /// The published version.
    pub version: String,
    /// Its codes here, as `system|code`.
    pub codes: Vec<String>,
}

impl MeasureValueSet {
    fn of(set: &value_set::ValueSet) -> Self {
        Self {
            name: set.name.to_owned(),
            url: set.url(),
            version: set.version.to_owned(),
            codes: set.tokens().collect(),
        }
    }
}

/// One thing that decides about a person in a measure. It has begun when the period ends.
#[derive(SimpleObject)]
pub struct MeasureEvent {
    /// In words.
    pub description: String,
    /// Its FHIR type.
    pub resource_type: String,
    /// The published set, a code of which it has.
    pub value_set: Option<MeasureValueSet>,
    /// Further codes that count here, as `system|code`.
    pub own_codes: Vec<String>,
    /// Further conditions, as parameters of a FHIR search.
    pub conditions: String,
    /// Whether a result without a value is none.
    pub valued: bool,
    /// It counts from the first day of this month on; null when it counts whenever it was.
    pub since_month: Option<u32>,
    /// That many years before the year of the period.
    pub since_years_before: Option<i32>,
}

impl MeasureEvent {
    fn of(event: &Event) -> Self {
        let conditions: Vec<String> = event.search.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (since_month, since_years_before) = match event.when {
            When::Before(_) | When::BeforeOrUndated(_) => (None, None),
            When::Since { years_before, month, .. } => (Some(month), Some(years_before)),
        };
        Self {
            description: event.words.to_owned(),
            resource_type: event.resource_type.to_owned(),
            value_set: event.set.map(MeasureValueSet::of),
            own_codes: event.own_codes.iter().map(|code| (*code).to_owned()).collect(),
            conditions: conditions.join("&"),
            valued: event.valued,
            since_month,
            since_years_before,
        }
    }
}

/// A quality measure: a proportion of persons over a calendar year.
pub struct Measure(&'static Definition);

/// A quality measure: a proportion of persons over a calendar year.
#[Object]
impl Measure {
    /// Its number, such as `CMS125`.
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Its published title.
    async fn title(&self) -> &str {
        self.0.title
    }
    /// The published version that this follows.
    async fn version(&self) -> &str {
        self.0.version
    }
    /// Where it is published.
    async fn source(&self) -> &str {
        self.0.source
    }
    /// How the score is computed.
    async fn formula(&self) -> &str {
        self.0.formula
    }
    /// Who is looked at, in words; the visit is among `events`.
    async fn population(&self) -> String {
        let who = match self.0.gender {
            Some("female") => "Women",
            Some("male") => "Men",
            _ => "Persons",
        };
        let (from, to) = self.0.ages;
        format!("{who} of {from} to {to} years at the end of the period, with a visit in it")
    }
    /// What counts as a visit.
    async fn visits(&self) -> Vec<MeasureEvent> {
        self.0.visits.iter().map(MeasureEvent::of).collect()
    }
    /// Any of these leaves a person out.
    async fn exclusions(&self) -> Vec<MeasureEvent> {
        self.0.exclusions.iter().map(MeasureEvent::of).collect()
    }
    /// Any of these meets the measure.
    async fn numerator(&self) -> Vec<MeasureEvent> {
        self.0.numerator.iter().map(MeasureEvent::of).collect()
    }
    /// Where this differs from the published text.
    async fn differences(&self) -> &[&str] {
        self.0.differs
    }
}

/// A part of the persons a measure looks at.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum MeasureGroup {
    /// All of them.
    InitialPopulation,
    /// Those left out.
    Exclusion,
    /// Those who are neither left out nor in the numerator: what is still to be done.
    Gap,
    /// Those who meet the measure.
    Numerator,
}

/// A measure over one year.
pub struct MeasureResult {
    definition: &'static Definition,
    year: i32,
    parts: Parts,
    /// Persons left out, with the measure met, with a gap: together the population.
    people: [u64; 3],
    masked: bool,
}

/// The conditions that part the persons.
struct Parts {
    population: Vec<Clause>,
    excluded: Clause,
    met: Clause,
}

impl Parts {
    fn query(&self, group: MeasureGroup) -> Query {
        let not = |clause: &Clause| Clause::Not(Box::new(clause.clone()));
        let mut query = Query::new(ResourceType::Patient);
        query.all.clone_from(&self.population);
        match group {
            MeasureGroup::InitialPopulation => {}
            MeasureGroup::Exclusion => query.all.push(self.excluded.clone()),
            MeasureGroup::Numerator => query.all.extend([not(&self.excluded), self.met.clone()]),
            MeasureGroup::Gap => query.all.extend([not(&self.excluded), not(&self.met)]),
        }
        query
    }
}

/// A measure over one year.
#[Object]
impl MeasureResult {
    /// What is measured.
    async fn measure(&self) -> Measure {
        Measure(self.definition)
    }
    /// The calendar year that was measured.
    async fn year(&self) -> i32 {
        self.year
    }
    /// From this number of people on a figure is told to the asking party; null when all are.
    async fn fewest_told(&self) -> Option<u64> {
        self.masked.then_some(cell::FEWEST)
    }
    /// Who is looked at.
    async fn initial_population(&self) -> PeopleCount {
        let people = self.people.iter().sum();
        PeopleCount { value: if self.masked { cell::alone(people) } else { Some(people) } }
    }
    /// Who is left out.
    async fn exclusions(&self) -> PeopleCount {
        PeopleCount { value: self.told()[0] }
    }
    /// Who is not left out.
    async fn denominator(&self) -> PeopleCount {
        let [_, met, gap] = self.told();
        PeopleCount { value: met.zip(gap).map(|(met, gap)| met + gap) }
    }
    /// Who meets the measure.
    async fn numerator(&self) -> PeopleCount {
        PeopleCount { value: self.told()[1] }
    }
    /// The score in percent with two decimals; null when nobody is in the denominator, or when its parts are not told.
    async fn score_percent(&self) -> Option<f64> {
        let [_, met, gap] = self.told();
        let (met, all) = met.zip(gap).map(|(met, gap)| (met, met + gap))?;
        (all > 0).then(|| (met as f64 * 10_000.0 / all as f64).round() / 100.0)
    }
    /// Who they are; null for who may count patients and not see them.
    #[graphql(complexity = "crate::types::patient::page_cost(first, last) * child_complexity")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which part")] group: MeasureGroup,
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
            List::search(session(ctx), self.parts.query(group), &page.request()?).await.map(PatientConnection)
        })
        .await
    }
}

impl MeasureResult {
    /// The three parts as far as they may be told.
    fn told(&self) -> [Option<u64>; 3] {
        if !self.masked {
            return self.people.map(Some);
        }
        let told = cell::told(&self.people);
        [told[0], told[1], told[2]]
    }
}

/// What a quality measure asks for and is not on record.
pub struct CareGap {
    definition: &'static Definition,
    year: i32,
}

/// What a quality measure asks for and is not on record.
#[Object]
impl CareGap {
    /// The measure, with what would meet it.
    async fn measure(&self) -> Measure {
        Measure(self.definition)
    }
    /// The calendar year that is looked at, which may not be over.
    async fn year(&self) -> i32 {
        self.year
    }
}

/// What the measures of this year ask for and is not on record for the patient; `None` where the record is shown as it was.
pub(crate) async fn care_gaps(ctx: &Context<'_>, patient: &Document) -> Result<Option<Vec<CareGap>>> {
    if patient.as_of().is_some() {
        return Ok(None);
    }
    let session = session(ctx);
    let year = session.now.year();
    let mut gaps = Vec::new();
    for definition in MEASURES {
        let gap = || parts(session, definition, year).map(|parts| parts.query(MeasureGroup::Gap));
        if session.is_among(definition.id, gap, &patient.stored().id).await? {
            gaps.push(CareGap { definition, year });
        }
    }
    Ok(Some(gaps))
}

/// All measures there are.
pub(crate) fn all() -> Vec<Measure> {
    MEASURES.iter().map(Measure).collect()
}

/// Measures a calendar year.
pub(crate) async fn measure(ctx: &Context<'_>, id: &ID, period: &DateRange) -> Result<MeasureResult> {
    let session = session(ctx);
    let definition = named(id).ok_or_else(|| invalid("id", "there is no such measure; `measures` names them"))?;
    let year = calendar_year(period)?;
    let parts = parts(session, definition, year)?;
    let groups = [MeasureGroup::Exclusion, MeasureGroup::Numerator, MeasureGroup::Gap].map(|group| parts.query(group));
    let people = session.store.count_people(&session.actor, &groups).await.map_err(|e| error::graphql(&e))?;
    let people = people.try_into().expect("a figure for each");
    let masked = session.actor.is_masked(ResourceType::Patient);
    Ok(MeasureResult { definition, year, parts, people, masked })
}

/// The year whose first day begins the period and whose last day ends it. Only whole years are measured: so the measures are published, and
/// a shorter period would tell the day of a birth to who may know its year.
fn calendar_year(period: &DateRange) -> Result<i32> {
    let first_day = |at: Option<&crate::scalar::DateTime>| -> Option<i32> {
        let text = at?.0.as_str();
        let year = text.strip_suffix("-01-01").unwrap_or(text);
        (year.len() == 4).then(|| year.parse().ok()).flatten()
    };
    match (first_day(period.low.as_ref()), first_day(period.high.as_ref())) {
        (Some(low), Some(high)) if high == low + 1 => Ok(low),
        _ => {
            Err(invalid("period", "a period is one calendar year, such as {low: \"2025-01-01\", high: \"2026-01-01\"}"))
        }
    }
}

fn parts(session: &Session, definition: &Definition, year: i32) -> Result<Parts> {
    let (from, to) = definition.ages;
    let mut patient = vec![
        ("active:not".to_owned(), "false".to_owned()),
        ("birthdate".to_owned(), format!("ge{:04}", year - to)),
        ("birthdate".to_owned(), format!("le{:04}", year - from)),
    ];
    patient.extend(definition.gender.map(|gender| ("gender".to_owned(), gender.to_owned())));
    let any = |events: &[Event]| -> Result<Clause> {
        events.iter().map(|event| happened(session, event, year)).collect::<Result<_>>().map(Clause::Or)
    };
    let mut population = conditions(session, ResourceType::Patient, &patient)?;
    population.push(any(definition.visits)?);
    Ok(Parts { population, excluded: any(definition.exclusions)?, met: any(definition.numerator)? })
}

/// The patient has one such resource. What may be said in several ways (a value, no date) is any of them.
fn happened(session: &Session, event: &Event, year: i32) -> Result<Clause> {
    const VALUES: [&str; 4] = ["value-quantity", "value-concept", "value-string", "value-date"];
    let resource_type = ResourceType::named(event.resource_type)
        .ok_or_else(|| error::graphql(&StoreError::Internal("a measure names a type that there is not".into())))?;
    let date = event.when.parameter();
    let mut pairs = event.pairs();
    pairs.extend(event.when.first_day(year).map(|day| (date.to_owned(), format!("ge{day}"))));
    let before = (date.to_owned(), format!("lt{:04}-01-01", year + 1));
    let with = |more: (String, String)| {
        let all: Vec<(String, String)> = pairs.iter().cloned().chain([more]).collect();
        all
    };
    let mut ways = vec![with(before.clone())];
    if let When::BeforeOrUndated(date) = event.when {
        ways.push(with((format!("{date}:missing"), "true".to_owned())));
    }
    if event.valued {
        let of = |name: &str| {
            let mut way = with(before.clone());
            way.push((format!("{name}:missing"), "false".to_owned()));
            way
        };
        ways = VALUES.iter().map(|name| of(name)).collect();
    }
    let any: Result<Vec<Clause>> = ways.iter().map(|pairs| has(session, resource_type, pairs)).collect();
    any.map(Clause::Or)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::DateTime;

    #[test]
    fn a_period_is_a_calendar_year() {
        let of = |low: Option<&str>, high: Option<&str>| {
            let at = |text: Option<&str>| text.map(|t| DateTime(t.to_owned()));
            calendar_year(&DateRange { low: at(low), high: at(high) }).ok()
        };
        assert_eq!(of(Some("2025"), Some("2026")), Some(2025));
        assert_eq!(of(Some("2025-01-01"), Some("2026-01-01")), Some(2025));
        for (low, high) in [
            (None, Some("2026")),
            (Some("2025"), None),
            (Some("2025"), Some("2025")),
            (Some("2025"), Some("2027")),
            (Some("2025-02-01"), Some("2026-02-01")),
            (Some("2025-01-01T00:00:00Z"), Some("2026-01-01")),
        ] {
            assert_eq!(of(low, high), None, "{low:?} {high:?}");
        }
    }
}
