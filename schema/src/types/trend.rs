//! Results over time: never two units on one axis, and nothing left out without saying so.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use entity::StoreError;
use entity::store::PageRequest;
use fhir::temporal::{self, Zone};
use fhir::{Json, ResourceType, ucum};

use crate::code::ResultCategory;
use crate::document::{Document, List};
use crate::error;
use crate::scalar::{DateTime, Decimal};
use crate::session::{self, session};
use crate::types::chart::Observation;
use crate::types::merged::in_chart;
use crate::value::{Concept, Interpretation, Quantity, ReferenceRange, interpretation};

/// Observations read for one answer; more is refused, never cut.
const MAX_OBSERVATIONS: usize = 20_000;
const PAGE: u32 = 1000;
/// Points of a short series.
const SERIES: usize = 12;

/// The newest observation of one code, with what went before.
#[derive(SimpleObject)]
pub struct LatestResult {
    /// What was observed.
    pub code: Concept,
    /// The newest.
    pub observation: Observation,
    /// The one before it.
    pub previous: Option<Observation>,
    /// Newest minus previous; null unless both are plain numbers in one unit.
    pub change: Option<Decimal>,
    /// Oldest first, newest last, at most 12, all in the unit of the newest.
    pub series: Vec<SeriesPoint>,
    /// Observations left out of the series for another unit or no number.
    pub excluded_count: i32,
    /// Of a result in parts that are numbers, such as blood pressure: each part of the newest with what went before.
    pub components: Vec<ComponentSeries>,
}

/// A part of a result, with what went before.
#[derive(SimpleObject)]
pub struct ComponentSeries {
    /// What was observed.
    pub code: Concept,
    /// Oldest first, newest last, at most 12, all in the unit of the newest.
    pub series: Vec<SeriesPoint>,
}

/// A number at a time.
#[derive(SimpleObject)]
pub struct SeriesPoint {
    /// When.
    pub at: DateTime,
    /// The number.
    pub value: Decimal,
    /// Global id of the observation.
    pub observation_id: ID,
}

/// One code over time, in one unit.
#[derive(SimpleObject)]
pub struct Trend {
    /// What was observed.
    pub code: Concept,
    /// The unit of every `value`.
    pub unit: Option<String>,
    /// Oldest first; the lowest and the highest of all are among them, as are the first and the last.
    pub points: Vec<TrendPoint>,
    /// Whether `maxPoints` left some out.
    pub downsampled: bool,
    /// What `maxPoints` left out, oldest first.
    pub omitted: Vec<SeriesPoint>,
    /// What could not be shown, each with its reason.
    pub excluded: Vec<TrendExclusion>,
    /// The range of the newest point, where it is in the trend's unit.
    pub reference_range: Option<ReferenceRange>,
    /// The newest point.
    pub latest: Option<TrendPoint>,
    /// The newest point minus the one before it, whether that is among `points` or not.
    pub change_from_previous: Option<Decimal>,
    /// Of results in parts that are numbers, such as blood pressure: each part over time.
    pub components: Vec<ComponentTrend>,
}

/// A part of a result over time, in one unit.
#[derive(SimpleObject)]
pub struct ComponentTrend {
    /// What was observed.
    pub code: Concept,
    /// The unit of every `value`.
    pub unit: Option<String>,
    /// Oldest first, as those of the trend.
    pub points: Vec<TrendPoint>,
}

/// A point of a trend.
#[derive(SimpleObject, Clone)]
pub struct TrendPoint {
    /// When.
    pub at: DateTime,
    /// The number in the trend's unit.
    pub value: Decimal,
    /// The number as recorded.
    pub original_value: Decimal,
    /// The unit as recorded.
    pub original_unit: Option<String>,
    /// How it stands against what is expected.
    pub interpretation: Option<Interpretation>,
    /// The observation.
    pub observation: Observation,
}

/// An observation that is not in a trend.
#[derive(SimpleObject)]
pub struct TrendExclusion {
    /// Global id of the observation.
    pub observation_id: ID,
    /// When, where that is known.
    pub at: Option<DateTime>,
    /// Why.
    pub reason: TrendExclusionReason,
    /// Its unit.
    pub unit: Option<String>,
}

impl TrendExclusion {
    pub(crate) fn of(document: &Document, part: &Json<'_>, reason: TrendExclusionReason) -> Self {
        let unit = part.get("valueQuantity").map(Quantity::read).and_then(|q| q.unit.or(q.code));
        Self { observation_id: global_id(document), at: at(document), reason, unit }
    }
}

/// Why an observation is not in a trend.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum TrendExclusionReason {
    /// Its unit cannot be converted into the trend's.
    UnitNotConvertible,
    /// It has no number.
    NoNumericValue,
    /// It has no date.
    NoDate,
    /// Its number is only a bound.
    Comparator,
    /// It was recorded by mistake.
    EnteredInError,
}

fn quantity(document: &Document) -> Option<Quantity> {
    document.at(&["valueQuantity"]).map(Quantity::read)
}

/// When it was observed; the beginning of a span.
pub(crate) fn at(document: &Document) -> Option<DateTime> {
    let period = || document.text(&["effectivePeriod", "start"]).map(|t| DateTime(t.to_owned()));
    document.date_time("effectiveDateTime").or_else(|| document.date_time("effectiveInstant")).or_else(period)
}

fn global_id(document: &Document) -> ID {
    format!("Observation/{}", document.stored().id).into()
}

fn entered_in_error(document: &Document) -> bool {
    document.text(&["status"]) == Some("entered-in-error")
}

/// Every observation of the patient that the parameters find, newest first.
pub(crate) async fn observations(
    ctx: &Context<'_>,
    patient: &Document,
    pairs: &[(String, String)],
) -> Result<Vec<Document>> {
    let session = session(ctx);
    let query = session::query(ResourceType::Observation, pairs, &in_chart(patient), session.now);
    let query = query.map_err(|e| error::graphql(&e))?;
    // A past record is read whole for each page.
    let limit = if patient.as_of().is_some() { MAX_OBSERVATIONS as u32 } else { PAGE };
    let mut request = PageRequest { limit, ..PageRequest::default() };
    let mut all = Vec::new();
    loop {
        let page = List::page_of_patient(session, patient, query.clone(), &request).await?;
        request.token = page.next();
        all.extend(page.documents);
        if request.token.is_none() {
            return Ok(all);
        }
        if all.len() >= MAX_OBSERVATIONS {
            let text = format!("more than {MAX_OBSERVATIONS} observations; narrow the codes or the period");
            return Err(error::graphql(&StoreError::TooCostly(text)));
        }
    }
}

/// What an observation is of: its first coding, else its words.
fn key(document: &Document) -> Option<String> {
    code_key(document.at(&["code"])?)
}

fn code_key(code: &Json<'_>) -> Option<String> {
    let coding = code.get("coding").and_then(|c| c.items().first());
    match coding.and_then(|c| Some((c.str_at("system").unwrap_or_default(), c.str_at("code")?))) {
        Some((system, code)) => Some(format!("{system}|{code}")),
        None => code.str_at("text").map(ToOwned::to_owned),
    }
}

/// The parts of an observation that have a number, each with what it is of.
fn parts(document: &Document) -> impl Iterator<Item = (String, &Json<'static>)> {
    let numbers = document.all("component").iter().filter(|c| c.get("valueQuantity").is_some());
    numbers.filter_map(|c| Some((code_key(c.get("code")?)?, c)))
}

fn part<'d>(document: &'d Document, key: &str) -> Option<&'d Json<'static>> {
    parts(document).find(|(k, _)| k == key).map(|(_, part)| part)
}

/// The parts of the newest of a group with what went before.
fn component_series(group: &[Document]) -> Vec<ComponentSeries> {
    let of = |(key, newest): (String, &Json<'_>)| {
        let unit = newest.get("valueQuantity").map(Quantity::read)?;
        let value = |d: &Document| {
            let q = part(d, &key)?.get("valueQuantity").map(Quantity::read).filter(|q| q.comparator.is_none())?;
            (q.unit_key() == unit.unit_key()).then_some(q.value).flatten()
        };
        let point = |d: &Document| Some(SeriesPoint { at: at(d)?, value: value(d)?, observation_id: global_id(d) });
        let mut series: Vec<SeriesPoint> = group.iter().filter_map(point).take(SERIES).collect();
        series.reverse();
        Some(ComponentSeries { code: newest.get("code").and_then(Concept::read)?, series })
    };
    group.first().map_or_else(Vec::new, |newest| parts(newest).filter_map(of).collect())
}

/// The newest observation of each code of a category, newest code first.
pub async fn latest_results(
    ctx: &Context<'_>,
    patient: &Document,
    category: ResultCategory,
    codes: Option<String>,
    first: usize,
) -> Result<Vec<LatestResult>> {
    let mut pairs = vec![
        ("category".to_owned(), category.code().to_owned()),
        ("status:not".to_owned(), "entered-in-error".to_owned()),
    ];
    pairs.extend(codes.map(|codes| ("code".to_owned(), codes)));
    let mut order: Vec<String> = Vec::new();
    let mut groups: HashMap<String, Vec<Document>> = HashMap::new();
    for document in observations(ctx, patient, &pairs).await? {
        let Some(key) = key(&document) else { continue };
        if !groups.contains_key(&key) {
            order.push(key.clone());
        }
        groups.entry(key).or_default().push(document);
    }
    let of = |key: String| {
        let group = &groups[&key];
        let newest = &group[0];
        let unit = quantity(newest);
        let in_unit = |d: &Document| {
            let q = quantity(d).filter(|q| q.comparator.is_none())?;
            let same = unit.as_ref().is_some_and(|u| u.unit_key() == q.unit_key());
            same.then_some(q.value).flatten()
        };
        let numbers: Vec<Option<Decimal>> = group.iter().map(in_unit).collect();
        let mut series: Vec<SeriesPoint> = group
            .iter()
            .zip(&numbers)
            .filter_map(|(d, n)| Some(SeriesPoint { at: at(d)?, value: n.clone()?, observation_id: global_id(d) }))
            .take(SERIES)
            .collect();
        series.reverse();
        LatestResult {
            code: newest.concept("code").expect("it has a key"),
            observation: Observation(newest.clone()),
            previous: group.get(1).cloned().map(Observation),
            change: match &numbers[..] {
                [Some(new), Some(old), ..] => difference(&new.0, &old.0),
                _ => None,
            },
            excluded_count: numbers.iter().filter(|n| n.is_none()).count() as i32,
            components: component_series(group),
            series,
        }
    };
    Ok(order.into_iter().take(first).map(of).collect())
}

/// The trend of a code; `None` when there is no observation of it.
pub async fn trend(
    ctx: &Context<'_>,
    patient: &Document,
    code: String,
    period: Vec<(String, String)>,
    unit: Option<String>,
    max_points: Option<usize>,
) -> Result<Option<Trend>> {
    let mut pairs = vec![("code".to_owned(), code)];
    pairs.extend(period);
    let mut found = observations(ctx, patient, &pairs).await?;
    let Some(code) = found.iter().find_map(|d| d.concept("code")) else { return Ok(None) };
    let newest = found.iter().filter(|d| !entered_in_error(d)).find_map(quantity);
    let target = unit.or_else(|| newest.as_ref().and_then(|q| q.code.clone().or_else(|| q.unit.clone())));
    found.reverse();
    let (mut points, mut excluded): (Vec<TrendPoint>, Vec<TrendExclusion>) = (Vec::new(), Vec::new());
    for document in &found {
        match point(document, document.json(), target.as_deref()) {
            Ok(point) => points.push(point),
            // Its parts have the numbers.
            Err(TrendExclusionReason::NoNumericValue) if parts(document).next().is_some() => {}
            Err(reason) => excluded.push(TrendExclusion::of(document, document.json(), reason)),
        }
    }
    let range = points.last().and_then(|p| {
        let ranges = ReferenceRange::all(p.observation.0.all("referenceRange"));
        let in_unit = |q: &Option<Quantity>| q.as_ref().is_none_or(|q| unit_text(q) == target.as_deref());
        ranges.into_iter().find(|r| in_unit(&r.low) && in_unit(&r.high))
    });
    let change = match &points[..] {
        [.., before, last] => difference(&last.value.0, &before.value.0),
        _ => None,
    };
    let latest = points.last().cloned();
    let (points, mut omitted) = thinned(points, max_points);
    let mut components = component_trends(&found, &mut excluded);
    for component in &mut components {
        let (points, more) = thinned(std::mem::take(&mut component.points), max_points);
        component.points = points;
        omitted.extend(more);
    }
    Ok(Some(Trend {
        code,
        unit: target,
        downsampled: !omitted.is_empty(),
        points,
        omitted,
        excluded,
        reference_range: range,
        latest,
        change_from_previous: change,
        components,
    }))
}

/// The parts that the newest has, over all that were found, oldest first. What is excluded for all of itself is there already.
fn component_trends(found: &[Document], excluded: &mut Vec<TrendExclusion>) -> Vec<ComponentTrend> {
    let Some(newest) = found.iter().rev().find(|d| !entered_in_error(d) && parts(d).next().is_some()) else {
        return Vec::new();
    };
    let mut components = Vec::new();
    for (key, of) in parts(newest) {
        let Some(code) = of.get("code").and_then(Concept::read) else { continue };
        let unit = of.get("valueQuantity").map(Quantity::read).and_then(|q| q.code.or(q.unit));
        let mut points = Vec::new();
        for document in found {
            let Some(part) = part(document, &key) else { continue };
            match point(document, part, unit.as_deref()) {
                Ok(point) => points.push(point),
                Err(reason) => {
                    let id = global_id(document);
                    if !excluded.iter().any(|e| e.observation_id == id) {
                        excluded.push(TrendExclusion::of(document, part, reason));
                    }
                }
            }
        }
        components.push(ComponentTrend { code, unit, points });
    }
    components
}

/// The points that stay when there may be so many, and those that do not.
fn thinned(points: Vec<TrendPoint>, most: Option<usize>) -> (Vec<TrendPoint>, Vec<SeriesPoint>) {
    let Some(most) = most.filter(|most| *most < points.len()) else { return (points, Vec::new()) };
    let place = |p: &TrendPoint| {
        let at = temporal::parse(&p.at.0, Zone::UTC).map_or(0, |interval| interval.low);
        (at, p.value.0.parse().unwrap_or(0.0))
    };
    let places: Vec<(i64, f64)> = points.iter().map(place).collect();
    let kept: HashSet<usize> = clinical::series::extremes(&places, most).into_iter().collect();
    let (mut shown, mut omitted) = (Vec::new(), Vec::new());
    for (at, point) in points.into_iter().enumerate() {
        if kept.contains(&at) {
            shown.push(point);
        } else {
            let observation_id = global_id(&point.observation.0);
            omitted.push(SeriesPoint { at: point.at, value: point.value, observation_id });
        }
    }
    (shown, omitted)
}

fn unit_text(q: &Quantity) -> Option<&str> {
    q.code.as_deref().or(q.unit.as_deref())
}

/// A number of the observation, or of a part of it, as a point.
fn point(
    document: &Document,
    part: &Json<'_>,
    unit: Option<&str>,
) -> std::result::Result<TrendPoint, TrendExclusionReason> {
    let Reading { at, value, original_value, original_unit, interpretation } = reading(document, part, unit)?;
    let observation = Observation(document.clone());
    Ok(TrendPoint { at, value, original_value, original_unit, interpretation, observation })
}

/// A number in the unit that was asked for.
pub(crate) struct Reading {
    pub at: DateTime,
    pub value: Decimal,
    pub original_value: Decimal,
    pub original_unit: Option<String>,
    pub interpretation: Option<Interpretation>,
}

/// The number of an observation, or of a part of it, in a unit (UCUM, or as it is recorded).
pub(crate) fn reading(
    document: &Document,
    part: &Json<'_>,
    unit: Option<&str>,
) -> std::result::Result<Reading, TrendExclusionReason> {
    if entered_in_error(document) {
        return Err(TrendExclusionReason::EnteredInError);
    }
    let q = part.get("valueQuantity").map(Quantity::read).ok_or(TrendExclusionReason::NoNumericValue)?;
    let original = q.value.clone().ok_or(TrendExclusionReason::NoNumericValue)?;
    if q.comparator.is_some() {
        return Err(TrendExclusionReason::Comparator);
    }
    let at = at(document).ok_or(TrendExclusionReason::NoDate)?;
    let value = if unit_text(&q) == unit {
        original.clone()
    } else {
        let converted = match (q.system.as_deref(), q.code.as_deref(), unit) {
            (Some(ucum::SYSTEM), Some(from), Some(to)) => q.number().and_then(|n| ucum::convert(n, from, to)),
            _ => None,
        };
        Decimal(converted.ok_or(TrendExclusionReason::UnitNotConvertible)?.to_string())
    };
    Ok(Reading {
        at,
        value,
        original_value: original,
        original_unit: q.unit.or(q.code),
        interpretation: interpretation(part).map(|i| i.0),
    })
}

/// `a - b` of decimal texts, exact, with as many places as the longer of the two; `None` for exponents.
fn difference(a: &str, b: &str) -> Option<Decimal> {
    let scaled = |text: &str, places: usize| -> Option<i128> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<places$}").parse().ok()
    };
    let places = [a, b].map(|t| t.split_once('.').map_or(0, |(_, f)| f.len()));
    let places = places[0].max(places[1]);
    let d = scaled(a, places)?.checked_sub(scaled(b, places)?)?;
    let digits = format!("{:0>width$}", d.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if d < 0 { "-" } else { "" };
    Some(Decimal(if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_exact() {
        for (a, b, expected) in [
            ("7.10", "7.1", "0.00"),
            ("5.3", "6.1", "-0.8"),
            ("158", "137", "21"),
            ("0.1", "0.05", "0.05"),
            ("-1.5", "1", "-2.5"),
        ] {
            assert_eq!(difference(a, b).map(|d| d.0).as_deref(), Some(expected), "{a} - {b}");
        }
        assert!(difference("1e2", "1").is_none());
    }
}
