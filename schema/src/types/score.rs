//! Clinical scores of one patient (`clinical::score`) from the newest results on record. A score is never guessed: what it lacks is named.

use async_graphql::{Context, Result, SimpleObject};
use chrono::{Datelike as _, NaiveDate};
use clinical::score::instrument::INSTRUMENTS;
use clinical::score::{self, Sex};
use fhir::{ResourceType, ucum};

use crate::document::{Document, List, PageArguments};
use crate::scalar::{DateTime, Decimal};
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
