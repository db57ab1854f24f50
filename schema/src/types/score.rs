//! Clinical scores of one patient (`clinical::score`) from the newest results on record. A score is never guessed: what it lacks is named.

use async_graphql::{Context, Result, SimpleObject};
use chrono::{Datelike as _, NaiveDate, SecondsFormat};
use clinical::score::instrument::INSTRUMENTS;
use clinical::score::news2::{self, Observed};
use clinical::score::{self, Sex};
use fhir::temporal::{self, Zone};
use fhir::{Json, ResourceType, ucum};

use crate::document::{Document, List, PageArguments};
use crate::scalar::{DateTime, Decimal, Instant};
use crate::session::session;
use crate::types::chart::Observation;
use crate::types::trend;
use crate::value::Quantity;

const WEIGHT: &str = "29463-7";
const HEIGHT: &str = "8302-2";
/// Creatinine in serum or plasma, and in blood; mass per volume.
const CREATININE: &str = "2160-0,http://loinc.org|38483-4";

/// A score by a published formula.
#[derive(SimpleObject)]
pub struct RiskScore {
    /// Its name, such as `eGFR`.
    pub name: String,
    /// The score; null while something is missing.
    pub value: Option<Decimal>,
    /// UCUM unit of `value`; null for a sum of points.
    pub unit: Option<String>,
    /// What the published bands say of the value; null when none is published for it.
    pub band: Option<String>,
    /// When its newest input was measured.
    pub at: Option<DateTime>,
    /// What it was computed from.
    pub inputs: Vec<ScoreInput>,
    /// What it lacks, in words; empty when there is a value.
    pub missing: Vec<String>,
    /// How often to measure again by what the score says; null for scores that say nothing of it.
    pub monitoring: Option<String>,
    /// When it is to be measured again at the latest by that; null where it says no interval.
    pub due_at: Option<Instant>,
    /// The publication of the formula.
    pub source: String,
}

/// A result that a score was computed from.
#[derive(SimpleObject)]
pub struct ScoreInput {
    /// What it is.
    pub name: String,
    /// When it was measured.
    pub at: Option<DateTime>,
    /// The result.
    pub observation: Observation,
}

/// The newest result of some codes.
struct Newest {
    input: ScoreInput,
    quantity: Quantity,
}

impl Newest {
    /// The number in that unit; `None` for a bound and for what does not convert.
    fn number(&self, unit: &str) -> Option<f64> {
        let of = &self.quantity;
        let number = of.number().filter(|_| of.comparator.is_none())?;
        match of.code.as_deref().or(of.unit.as_deref())? {
            own if own == unit => Some(number),
            own => ucum::convert(number, own, unit),
        }
    }

    fn day(&self) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(self.input.at.as_ref()?.0.get(..10)?, "%Y-%m-%d").ok()
    }
}

async fn newest(ctx: &Context<'_>, patient: &Document, name: &str, codes: &str) -> Result<Option<Newest>> {
    let pairs = vec![
        ("code".to_owned(), format!("http://loinc.org|{codes}")),
        ("status".to_owned(), "final,amended,corrected".to_owned()),
    ];
    let page = PageArguments { first: Some(1), ..PageArguments::default() };
    let found = List::of_patient(ctx, patient, ResourceType::Observation, pairs, &page).await?;
    Ok(found.documents.into_iter().next().map(|document| Newest {
        quantity: document.at(&["valueQuantity"]).map_or_else(|| Quantity::read(&fhir::Json::Null), Quantity::read),
        input: ScoreInput { name: name.to_owned(), at: trend::at(&document), observation: Observation(document) },
    }))
}

/// A score under way: its inputs, and what is missing.
struct Draft {
    name: &'static str,
    inputs: Vec<ScoreInput>,
    missing: Vec<String>,
}

impl Draft {
    fn new(name: &'static str) -> Self {
        Self { name, inputs: Vec::new(), missing: Vec::new() }
    }

    fn number(&mut self, found: Option<Newest>, what: &str, unit: &str) -> Option<f64> {
        let Some(found) = found else {
            self.missing.push(format!("{what} is not on record"));
            return None;
        };
        let number = found.number(unit);
        if number.is_none() {
            self.missing.push(format!("the newest {what} has no number that converts to {unit}"));
        }
        self.inputs.push(found.input);
        number
    }

    fn done(self, value: Option<Decimal>, unit: Option<&str>, band: Option<&str>, source: &str) -> RiskScore {
        let mut days: Vec<&DateTime> = self.inputs.iter().filter_map(|i| i.at.as_ref()).collect();
        days.sort_by(|a, b| a.0.cmp(&b.0));
        RiskScore {
            at: days.last().map(|at| DateTime(at.0.clone())),
            name: self.name.to_owned(),
            value,
            unit: unit.map(ToOwned::to_owned),
            band: band.map(ToOwned::to_owned),
            inputs: self.inputs,
            missing: self.missing,
            monitoring: None,
            due_at: None,
            source: source.to_owned(),
        }
    }
}

/// All scores there are.
pub(crate) async fn scores(ctx: &Context<'_>, patient: &Document) -> Result<Vec<RiskScore>> {
    let weight = newest(ctx, patient, "body weight", WEIGHT).await?;
    let height = newest(ctx, patient, "body height", HEIGHT).await?;
    let creatinine = newest(ctx, patient, "creatinine", CREATININE).await?;
    let mut all = vec![bmi(patient, weight, height), egfr(patient, creatinine)];
    for instrument in INSTRUMENTS {
        let sum = newest(ctx, patient, instrument.name, instrument.total.0).await?;
        let mut draft = Draft::new(instrument.name);
        let points = draft.number(sum, "its sum", "{score}").map(|points| points.round() as u32);
        let value = points.map(|points| Decimal(points.to_string()));
        all.push(draft.done(value, None, points.map(|points| instrument.band(points)), instrument.source));
    }
    Ok(all)
}

/// What the newest set of vital signs gives as an early-warning score. What was taken at other times does not belong to the set.
pub(crate) async fn early_warning(ctx: &Context<'_>, patient: &Document) -> Result<RiskScore> {
    /// The names of the parts and their LOINC codes.
    const PARTS: [(&str, &str, &str); 5] = [
        ("respiratory rate", "9279-1", "/min"),
        ("oxygen saturation", "2708-6,http://loinc.org|59408-5", "%"),
        ("heart rate", "8867-4", "/min"),
        ("temperature", "8310-5", "Cel"),
        ("oxygen flow", "3151-8", "L/min"),
    ];
    let mut draft = Draft::new("NEWS2");
    let now = patient.as_of().unwrap_or(session(ctx).now).date_naive();
    match years_at_least(patient, now) {
        None => draft.missing.push("the year of birth".into()),
        Some(age) if age < news2::LEAST_AGE_YEARS => draft.missing.push("the score is from 16 years on".into()),
        Some(_) => {}
    }
    let pregnancy = newest(ctx, patient, "pregnancy status", "82810-3").await?;
    if pregnancy.as_ref().is_some_and(|of| is_pregnant(of, now)) {
        draft.missing.push("the score is not for pregnancy".into());
    }
    let pressure = newest(ctx, patient, "blood pressure", "85354-9").await?;
    let alertness = newest(ctx, patient, "consciousness", "67775-7").await?;
    let mut found = Vec::with_capacity(PARTS.len());
    for (name, codes, _) in PARTS {
        found.push(newest(ctx, patient, name, codes).await?);
    }
    let moments = found.iter().flatten().chain(&pressure).chain(&alertness).filter_map(|of| of.input.at.as_ref());
    let newest_set = moments.filter_map(|at| temporal::parse(&at.0, Zone::UTC).ok()).map(|at| at.low).max();
    let of_set = |of: Option<Newest>| {
        of.filter(|of| {
            let at = of.input.at.as_ref().and_then(|at| temporal::parse(&at.0, Zone::UTC).ok());
            at.zip(newest_set).is_some_and(|(at, newest)| newest - at.low <= SET_MICROS)
        })
    };
    let numbers: Vec<Option<f64>> = PARTS
        .iter()
        .zip(found)
        .map(|((name, _, unit), of)| draft.number(of_set(of), &format!("{name} of the newest set"), unit))
        .collect();
    let systolic = of_set(pressure).and_then(|of| {
        let value = component(&of.input.observation.0, "8480-6");
        draft.inputs.push(of.input);
        value
    });
    if systolic.is_none() {
        draft.missing.push("systolic pressure of the newest set is not on record".into());
    }
    let alert = of_set(alertness).and_then(|of| {
        let answer = of.input.observation.0.text(&["valueCodeableConcept", "coding", "code"]).map(|c| c == ALERT);
        draft.inputs.push(of.input);
        answer
    });
    if alert.is_none() {
        draft.missing.push("consciousness of the newest set is not on record".into());
    }
    let observed = (|| {
        Some(Observed {
            respirations: numbers[0]?,
            saturation: numbers[1]?,
            oxygen: numbers[4]? > 0.0,
            systolic: systolic?,
            pulse: numbers[2]?,
            alert: alert?,
            temperature: numbers[3]?,
        })
    })();
    let parts = observed.filter(|_| draft.missing.is_empty()).map(|of| news2::parts(&of));
    let value = parts.map(|parts| Decimal(parts.iter().map(|(_, points)| points).sum::<u32>().to_string()));
    let monitoring = parts.as_ref().map(|parts| news2::monitoring(parts));
    let due = monitoring
        .and_then(|(_, minutes)| minutes)
        .zip(newest_set)
        .and_then(|(minutes, taken)| chrono::DateTime::from_timestamp_micros(taken + minutes * 60 * 1_000_000));
    Ok(RiskScore {
        monitoring: monitoring.map(|(words, _)| words.to_owned()),
        due_at: due.map(|at| Instant(at.to_rfc3339_opts(SecondsFormat::Secs, true))),
        ..draft.done(value, None, parts.as_ref().map(|parts| news2::risk(parts)), news2::SOURCE)
    })
}

/// LOINC answer of 67775-7.
const ALERT: &str = "LA9340-6";
/// What was taken within half an hour is one set.
const SET_MICROS: i64 = 30 * 60 * 1_000_000;

/// Completed years, from a birth that is known by its year at least; the fewest it can be.
fn years_at_least(patient: &Document, day: NaiveDate) -> Option<i32> {
    years(patient, day).or_else(|| {
        let born: i32 = patient.text(&["birthDate"])?.get(..4)?.parse().ok()?;
        Some(day.year() - born - 1)
    })
}

/// Whether a pregnancy status of the last ten months says so. Source: LOINC 82810-3, answer LA15173-0; SNOMED CT 77386006.
fn is_pregnant(of: &Newest, now: NaiveDate) -> bool {
    let codings = of.input.observation.0.at(&["valueCodeableConcept"]).and_then(|c| c.get("coding"));
    let says = codings.map_or(&[][..], Json::items).iter().filter_map(|c| c.str_at("code"));
    of.day().is_some_and(|day| (now - day).num_days() <= 300)
        && says.into_iter().any(|c| ["LA15173-0", "77386006"].contains(&c))
}

/// The number of a component in mmHg.
fn component(observation: &Document, code: &str) -> Option<f64> {
    let is_it = |c: &&Json<'_>| {
        let codings = c.get("code").and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
        codings.iter().any(|c| c.str_at("code") == Some(code))
    };
    let value = Quantity::read(observation.all("component").iter().find(is_it)?.get("valueQuantity")?);
    value.number().filter(|_| value.comparator.is_none() && value.code.as_deref() == Some("mm[Hg]"))
}

/// Completed years between a birth and a day; `None` where the birth is not known by its day.
fn years(patient: &Document, day: NaiveDate) -> Option<i32> {
    let born = patient.text(&["birthDate"]).filter(|b| b.len() == 10)?;
    let born = NaiveDate::parse_from_str(born, "%Y-%m-%d").ok()?;
    Some(day.year() - born.year() - i32::from((day.month(), day.day()) < (born.month(), born.day())))
}

/// Who grows has to have been measured and weighed on one day: a height of earlier makes no index of today.
fn bmi(patient: &Document, weight: Option<Newest>, height: Option<Newest>) -> RiskScore {
    const GROWN_YEARS: i32 = 20;
    let mut draft = Draft::new("BMI");
    let days = weight.as_ref().and_then(Newest::day).zip(height.as_ref().and_then(Newest::day));
    let grown = days.is_some_and(|(_, measured)| years(patient, measured).is_some_and(|age| age >= GROWN_YEARS));
    let kg = draft.number(weight, "body weight", "kg");
    let cm = draft.number(height, "body height", "cm");
    let mut value = kg.zip(cm).and_then(|(kg, cm)| score::bmi_kg_m2(kg, cm));
    if value.is_some() && !grown && days.is_none_or(|(weighed, measured)| weighed != measured) {
        draft.missing.push(
            "a height of the same day as the weight: the patient is not known to have been 20 years old then".into(),
        );
        value = None;
    } else if value.is_none() && draft.missing.is_empty() {
        draft.missing.push("a weight and a height above zero".into());
    }
    draft.done(value.map(|v| Decimal(format!("{v:.1}"))), Some("kg/m2"), None, "CDC, About adult BMI")
}

fn egfr(patient: &Document, creatinine: Option<Newest>) -> RiskScore {
    let mut draft = Draft::new("eGFR");
    let age = creatinine.as_ref().and_then(Newest::day).and_then(|day| years(patient, day));
    let known = creatinine.is_some();
    let mg_dl = draft.number(creatinine, "creatinine", "mg/dL");
    let sex = match patient.text(&["gender"]) {
        Some("female") => Some(Sex::Female),
        Some("male") => Some(Sex::Male),
        _ => None,
    };
    if sex.is_none() {
        draft.missing.push("the formula knows female and male only".into());
    }
    match age {
        None if known => draft.missing.push("the days of birth and of the creatinine".into()),
        Some(age) if age < 18 => draft.missing.push("the formula is for adults".into()),
        _ => {}
    }
    let inputs = mg_dl.zip(age).zip(sex);
    let value = inputs.and_then(|((mg_dl, age), sex)| score::egfr_ckd_epi_2021(mg_dl, f64::from(age), sex));
    if value.is_none() && draft.missing.is_empty() {
        draft.missing.push("a creatinine above zero".into());
    }
    let whole = value.map(f64::round);
    draft.done(
        whole.map(|v| Decimal(format!("{v:.0}"))),
        Some("mL/min/{1.73_m2}"),
        whole.map(score::kdigo_category),
        "CKD-EPI 2021, Inker et al., N Engl J Med 2021;385:1737; categories: KDIGO 2012 CKD guideline",
    )
}
