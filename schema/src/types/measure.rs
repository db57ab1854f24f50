//! Quality measures (`clinical::measure`) over all patients that the asking party may see, or may count. Every figure is a number of
//! persons, counted by one statement over the same search as any other question; small ones are not told to who may only count.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::Datelike as _;
use clinical::cell;
use clinical::measure::{Conditions, Event, MEASURES, Measure as Definition, When, named, value_set};
use entity::{Actor, StoreError};
use fhir::ResourceType;
use fhir::search::query::{Clause, Query};
use fhir::search::registry;

use crate::document::{Document, List, PageArguments};
use crate::error;
use crate::session::{Session, invalid, session};
use crate::types::cohort::{PeopleCount, conditions};
use crate::types::measure_report::{self, MeasureReportConnection};
use crate::types::patient::{DateRange, PatientConnection, page_cost};

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
    /// Of a diagnosis that has to hold in the period: in its first so many months.
    pub holds_in_months: Option<u32>,
    /// What the last of them has to say; null when any of them counts.
    pub last: Option<MeasureLast>,
    /// Whether it counts that there is none.
    pub absent: bool,
}

/// What the results of the last day that has one have to say.
#[derive(SimpleObject)]
pub struct MeasureLast {
    /// Each of these is true of some result of that day, as parameters of a FHIR search.
    pub each: Vec<String>,
    /// None of these is true of any.
    pub none: Vec<String>,
}

impl MeasureEvent {
    fn of(event: &Event) -> Self {
        let text = |all: &Conditions| {
            let all: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
            all.join("&")
        };
        let texts = |all: &[Conditions]| -> Vec<String> { all.iter().map(text).collect() };
        let (mut since_month, mut since_years_before, mut holds_in_months) = (None, None, None);
        match event.when {
            When::Before(_) | When::BeforeOrUndated(_) => {}
            When::Overlaps { months, .. } => holds_in_months = Some(months),
            When::Since { years_before, month, .. } => {
                (since_month, since_years_before) = (Some(month), Some(years_before));
            }
        }
        let last = event.last.map(|last| MeasureLast { each: texts(last.each), none: texts(last.none) });
        Self {
            description: event.words.to_owned(),
            resource_type: event.resource_type.to_owned(),
            value_set: event.set.map(MeasureValueSet::of),
            own_codes: event.own_codes.iter().map(|code| (*code).to_owned()).collect(),
            conditions: text(&event.search),
            valued: event.valued,
            since_month,
            since_years_before,
            holds_in_months,
            last,
            absent: event.absent,
        }
    }
}

/// A quality measure: a proportion of persons over a calendar year.
pub struct Measure(pub(crate) &'static Definition);

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
        let diagnoses: String =
            self.0.diagnoses.iter().map(|event| format!(" and {}", event.words.to_lowercase())).collect();
        format!("{who} of {from} to {to} years at the end of the period, with a visit in it{diagnoses}")
    }
    /// Diagnoses, each of which a person of the population has.
    async fn diagnoses(&self) -> Vec<MeasureEvent> {
        self.0.diagnoses.iter().map(MeasureEvent::of).collect()
    }
    /// Whether a low score is a good one: what is to be done is to be done for those in the numerator.
    async fn lower_is_better(&self) -> bool {
        self.0.lower_is_better
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
    /// Runs of it that were kept, the newest first.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
    async fn reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this calendar year")] year: Option<i32>,
        #[graphql(desc = "How many, from the beginning")] first: Option<i32>,
        #[graphql(desc = "Only after this cursor")] after: Option<String>,
        #[graphql(desc = "How many, from the end")] last: Option<i32>,
        #[graphql(desc = "Only before this cursor")] before: Option<String>,
    ) -> Option<MeasureReportConnection> {
        let page = PageArguments { first, after, last, before };
        error::or_null(ctx, measure_report::reports(ctx, self.0, year, &page)).await
    }
}

/// A part of the persons a measure looks at.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum MeasureGroup {
    /// All of them.
    InitialPopulation,
    /// Those left out.
    Exclusion,
    /// Those who are not left out and for whom something is still to be done: who are not in the numerator, or, where a low score is a good
    /// one, who are in it.
    Gap,
    /// Those who are neither left out nor have a gap.
    WithoutGap,
    /// Those who meet the measure.
    Numerator,
}

/// A measure over one year.
pub struct MeasureResult {
    definition: &'static Definition,
    year: i32,
    parts: Parts,
    figures: Figures,
    masked: bool,
}

/// What a measure counts.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    /// Persons left out, in the numerator, and in neither: together the population.
    pub people: [u64; 3],
}

impl Figures {
    /// Counts a calendar year, over the persons that the actor sees or may count.
    pub async fn count(session: &Session, actor: &Actor, definition: &'static Definition, year: i32) -> Result<Self> {
        Self::of(session, actor, &parts(session, definition, year)?).await
    }

    async fn of(session: &Session, actor: &Actor, parts: &Parts) -> Result<Self> {
        let groups = [MeasureGroup::Exclusion, MeasureGroup::Numerator, parts.others()].map(|group| parts.query(group));
        let people = session.store.count_people(actor, &groups).await.map_err(|e| error::graphql(&e))?;
        Ok(Self { people: people.try_into().expect("a figure for each") })
    }

    /// The score; `None` when nobody is in the denominator.
    pub fn score_percent(&self) -> Option<f64> {
        let [_, met, others] = self.people;
        percent(met, met + others)
    }
}

/// Percent with two decimals; `None` of nobody.
pub(crate) fn percent(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| (part as f64 * 10_000.0 / all as f64).round() / 100.0)
}

/// The conditions that part the persons.
struct Parts {
    population: Vec<Clause>,
    excluded: Clause,
    met: Clause,
    lower_is_better: bool,
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
            MeasureGroup::Gap if self.lower_is_better => return self.query(MeasureGroup::Numerator),
            MeasureGroup::WithoutGap if !self.lower_is_better => return self.query(MeasureGroup::Numerator),
            MeasureGroup::Gap | MeasureGroup::WithoutGap => query.all.extend([not(&self.excluded), not(&self.met)]),
        }
        query
    }

    /// Those who are neither left out nor in the numerator.
    fn others(&self) -> MeasureGroup {
        if self.lower_is_better { MeasureGroup::WithoutGap } else { MeasureGroup::Gap }
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
        let people = self.figures.people.iter().sum();
        PeopleCount { value: if self.masked { cell::alone(people) } else { Some(people) } }
    }
    /// Who is left out.
    async fn exclusions(&self) -> PeopleCount {
        PeopleCount { value: self.told()[0] }
    }
    /// Who is not left out.
    async fn denominator(&self) -> PeopleCount {
        let [_, met, others] = self.told();
        PeopleCount { value: met.zip(others).map(|(met, others)| met + others) }
    }
    /// Who meets the measure.
    async fn numerator(&self) -> PeopleCount {
        PeopleCount { value: self.told()[1] }
    }
    /// The score in percent with two decimals; null when nobody is in the denominator, or when its parts are not told.
    async fn score_percent(&self) -> Option<f64> {
        let [_, met, others] = self.told();
        let (met, all) = met.zip(others).map(|(met, others)| (met, met + others))?;
        percent(met, all)
    }
    /// Who they are; null for who may count patients and not see them.
    #[graphql(complexity = "page_cost(first, last) * child_complexity")]
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
            return self.figures.people.map(Some);
        }
        let told = cell::told(&self.figures.people);
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

/// Those of these numbers; all there are when none are given.
pub(crate) fn named_or_all(ids: Option<Vec<ID>>) -> Result<Vec<Measure>> {
    match ids {
        None => Ok(MEASURES.iter().map(Measure).collect()),
        Some(ids) => ids.iter().map(|id| of("ids", id).map(Measure)).collect(),
    }
}

fn of(argument: &str, id: &ID) -> Result<&'static Definition> {
    named(id).ok_or_else(|| invalid(argument, "there is no such measure; `measures` names them"))
}

/// Measures a calendar year.
pub(crate) async fn measure(ctx: &Context<'_>, id: &ID, period: &DateRange) -> Result<MeasureResult> {
    let session = session(ctx);
    let definition = of("id", id)?;
    let year = calendar_year(period).map_err(|text| invalid("period", text))?;
    let parts = parts(session, definition, year)?;
    let figures = Figures::of(session, &session.actor, &parts).await?;
    let masked = session.actor.is_masked(ResourceType::Patient);
    Ok(MeasureResult { definition, year, parts, figures, masked })
}

/// The year whose first day begins the period and whose last day ends it. Only whole years are measured: so the measures are published, and
/// a shorter period would tell the day of a birth to who may know its year.
pub(crate) fn calendar_year(period: &DateRange) -> std::result::Result<i32, &'static str> {
    let first_day = |at: Option<&crate::scalar::DateTime>| -> Option<i32> {
        let text = at?.0.as_str();
        let year = text.strip_suffix("-01-01").unwrap_or(text);
        (year.len() == 4).then(|| year.parse().ok()).flatten()
    };
    match (first_day(period.low.as_ref()), first_day(period.high.as_ref())) {
        (Some(low), Some(high)) if high == low + 1 => Ok(low),
        _ => Err("a period is one calendar year, such as {low: \"2025-01-01\", high: \"2026-01-01\"}"),
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
    for diagnosis in definition.diagnoses {
        population.push(happened(session, diagnosis, year)?);
    }
    let (excluded, met) = (any(definition.exclusions)?, any(definition.numerator)?);
    Ok(Parts { population, excluded, met, lower_is_better: definition.lower_is_better })
}

/// Patients for whom some measure of this year asks for something that is not on record.
pub(crate) fn with_gaps(session: &Session) -> Result<Clause> {
    let year = session.now.year();
    let gap = |definition| Ok(Clause::And(parts(session, definition, year)?.query(MeasureGroup::Gap).all));
    MEASURES.iter().map(gap).collect::<Result<_>>().map(Clause::Or)
}

/// The types that decide about gaps.
pub(crate) fn types() -> Vec<ResourceType> {
    let mut all = vec![ResourceType::Patient];
    for event in MEASURES.iter().flat_map(|m| m.visits.iter().chain(m.diagnoses).chain(m.exclusions).chain(m.numerator))
    {
        all.extend(ResourceType::named(event.resource_type).filter(|found| !all.contains(found)));
    }
    all
}

/// The patient has one such resource, or none, or a last one that says so.
fn happened(session: &Session, event: &Event, year: i32) -> Result<Clause> {
    let internal = |text: &str| error::graphql(&StoreError::Internal(text.to_owned()));
    let source = ResourceType::named(event.resource_type).ok_or_else(|| internal("a measure names no type"))?;
    let param = registry::parameter(source, "patient").ok_or_else(|| internal("a type without a patient"))?;
    let among = Clause::And(among(session, source, event, year)?);
    let Some(last) = event.last else {
        let has = Clause::Has { source, param, clause: Box::new(among) };
        return Ok(if event.absent { Clause::Not(Box::new(has)) } else { has });
    };
    let of_last = |all: &Conditions| {
        let clause = Clause::And(conditions(session, source, &owned(all))?);
        Ok(Clause::HasLast { source, param, among: Box::new(among.clone()), clause: Box::new(clause) })
    };
    let mut all = last.each.iter().map(of_last).collect::<Result<Vec<_>>>()?;
    for none in last.none {
        all.push(Clause::Not(Box::new(of_last(none)?)));
    }
    Ok(Clause::And(all))
}

/// What makes a resource one of the event's, its dates among it.
fn among(session: &Session, source: ResourceType, event: &Event, year: i32) -> Result<Vec<Clause>> {
    const VALUES: [&str; 4] = ["value-quantity", "value-concept", "value-string", "value-date"];
    let of = |pairs: &[(String, String)]| conditions(session, source, pairs);
    let pair = |name: &str, value: String| of(&[(name.to_owned(), value)]);
    let any = |ways: Vec<Vec<Clause>>| Clause::Or(ways.into_iter().map(Clause::And).collect());
    let date = event.when.parameter();
    let mut all = of(&event.pairs())?;
    all.extend(of_codes(session, source, &event.codes())?);
    if let Some(day) = event.when.first_day(year) {
        all.extend(pair(date, format!("ge{day}"))?);
    }
    let begun = pair(date, format!("lt{}", event.when.end(year)))?;
    let undated = || pair(&format!("{date}:missing"), "true".to_owned());
    match event.when {
        When::Before(_) | When::Since { .. } => all.extend(begun),
        When::BeforeOrUndated(_) => all.push(any(vec![begun, undated()?])),
        When::Overlaps { abatement, .. } => {
            all.push(any(vec![begun, undated()?]));
            let later = pair(abatement, format!("ge{year:04}-01-01"))?;
            let goes_on = [
                (format!("{abatement}:missing"), "true".to_owned()),
                ("clinical-status:not".to_owned(), "inactive,remission,resolved".to_owned()),
            ];
            all.push(any(vec![later, of(&goes_on)?]));
        }
    }
    if event.valued {
        let there = |name: &&str| pair(&format!("{name}:missing"), "false".to_owned());
        all.push(any(VALUES.iter().map(there).collect::<Result<_>>()?));
    }
    Ok(all)
}

/// One of these codes. A set has more of them than a search is told at once.
fn of_codes(session: &Session, source: ResourceType, codes: &[String]) -> Result<Option<Clause>> {
    const AT_ONCE: usize = 200;
    let mut whole: Option<Clause> = None;
    for some in codes.chunks(AT_ONCE) {
        for clause in conditions(session, source, &[("code".to_owned(), some.join(","))])? {
            match (&mut whole, clause) {
                (Some(Clause::Param { any, .. }), Clause::Param { any: more, .. }) => any.extend(more),
                (None, clause) => whole = Some(clause),
                (Some(so_far), clause) => *so_far = Clause::Or(vec![so_far.clone(), clause]),
            }
        }
    }
    Ok(whole)
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
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
