//! Measurements of one moment as they are put on record: one Observation each, blood pressure as one with two components, sums and indices
//! with what they are derived from. What is told is judged here, whichever act brings it.

use async_graphql::{ID, Result, SimpleObject};
use clinical::flowsheet::{self, Row};
use clinical::score::Sex;
use clinical::vital::{self, Consciousness, Vital};
use fhir::json::Object;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::Act;
use super::input::{Draft, code, quantity, reference};
use crate::document::Document;
use crate::scalar::{DateTime, Decimal};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
/// Reference ranges of the table are those of adults.
const ADULT_YEARS: i64 = 18;

/// A value that no body has: a slip of the pen or of the unit.
#[derive(SimpleObject)]
pub struct ImplausibleVital {
    /// Which input.
    pub input: String,
    /// What was told.
    pub value: Decimal,
    /// The unit it is taken in.
    pub unit: String,
    /// Least value that is believed.
    pub least: f64,
    /// Greatest value that is believed.
    pub most: f64,
    /// Where the bounds are from.
    pub source: String,
}

/// Values that cannot be; nothing was written.
#[derive(SimpleObject)]
pub struct ImplausibleValue {
    /// All of them.
    pub values: Vec<ImplausibleVital>,
}

/// One value that was told.
pub(super) struct Reading {
    /// Where in the input it stands.
    pub place: String,
    pub row: Row,
    told: Decimal,
    number: f64,
}

/// Of whom, in which visit and when.
pub(super) struct Moment<'i> {
    pub patient: &'i ID,
    pub encounter: Option<&'i ID>,
    /// Now when it is left out.
    pub taken_at: Option<&'i DateTime>,
    pub note: Option<&'i String>,
    /// How the patient responds, where that was looked at.
    pub responds: Option<Consciousness>,
}

/// Whose values, when.
struct Taken {
    subject: Json<'static>,
    encounter: Option<Json<'static>>,
    at: Json<'static>,
    performer: Option<Json<'static>>,
    note: Option<Json<'static>>,
    /// Whether ranges of adults apply, and of which sex.
    adult: bool,
    sex: Option<Sex>,
}

/// The value that was told, when it is a number; what is wrong with it is told at its place.
pub(super) fn read(act: &mut Act<'_>, place: String, row: Row, told: &Decimal) -> Option<Reading> {
    act.problems.decimal(&place, told)?;
    let number = told.0.parse::<f64>().ok()?;
    if row.units()[1] == flowsheet::POINTS && number.fract() != 0.0 {
        act.problems.add(&place, IssueType::Value, "points are whole numbers");
        return None;
    }
    Some(Reading { place, row, told: told.clone(), number })
}

/// Puts them on record with what is derived from them. What cannot be is answered with, and then nothing is to be written.
pub(super) async fn put(act: &mut Act<'_>, of: &Moment<'_>, readings: &[Reading]) -> Result<Vec<ImplausibleVital>> {
    let find = |row: Row| readings.iter().find(|r| r.row.code() == row.code());
    let vital = |vital: &'static Vital| find(Row::Vital(vital));
    if let (Some(systolic), Some(diastolic)) = (vital(&vital::SYSTOLIC), vital(&vital::DIASTOLIC))
        && diastolic.number > systolic.number
    {
        act.problems.add(&diastolic.place, IssueType::BusinessRule, "diastolic pressure is above systolic");
    }
    let parts: Vec<&Reading> = flowsheet::GCS_PARTS.iter().filter_map(|part| find(Row::Other(part))).collect();
    let coma = (parts.len() == flowsheet::GCS_PARTS.len()).then(|| parts.iter().map(|r| r.number).sum::<f64>());
    if let (Some(sum), Some(total)) = (coma, find(Row::Other(&flowsheet::GCS_TOTAL)))
        && (total.number - sum).abs() > 0.5
    {
        let text = format!("its parts add up to {sum}; leave the total out, it is computed");
        act.problems.add(&total.place, IssueType::BusinessRule, text);
    }
    if let Some(at) = of.taken_at.map(|t| &t.0) {
        let future = parse(at, Zone::UTC).is_ok_and(|i| i.low > act.session().now.timestamp_micros());
        if future {
            act.problems.add("takenAt", IssueType::BusinessRule, "it lies in the future");
        }
        if !at.contains('T') {
            act.problems.add("takenAt", IssueType::Value, "measurements have a time of day");
        }
    }
    let patient = act.existing("patient", of.patient, &[ResourceType::Patient]).await?;
    let encounter = act.encounter(of.encounter, of.patient).await?;
    let note = act.annotation("note", of.note);
    if !act.problems.0.is_empty() {
        return Ok(Vec::new());
    }
    let implausible: Vec<ImplausibleVital> = readings.iter().filter_map(Reading::implausible).collect();
    let Some(patient) = patient.filter(|_| implausible.is_empty()) else { return Ok(implausible) };
    let at = of.taken_at.map_or_else(|| act.now(), |at| Json::from(at.0.clone()));
    let (adult, sex) = about(&patient, at.as_str().unwrap_or_default());
    let taken = Taken { subject: reference(of.patient), encounter, at, performer: act.author(), note, adult, sex };
    let pressure: Vec<&Reading> = [&vital::SYSTOLIC, &vital::DIASTOLIC].into_iter().filter_map(vital).collect();
    if !pressure.is_empty() {
        let mut draft = taken.draft(VITAL_SIGNS, vital::BLOOD_PRESSURE.code, vital::BLOOD_PRESSURE.display);
        for reading in &pressure {
            let component = taken.value(reading.row, reading.json(), reading.number);
            let mut all = Object::new();
            all.push("code", loinc(reading.row));
            component.into_iter().for_each(|(name, value)| all.push(name, value));
            draft.add("component", Some(Json::Object(all)));
        }
        act.create(draft);
    }
    if let Some(responds) = of.responds {
        let mut draft = taken.draft(VITAL_SIGNS, vital::CONSCIOUSNESS.code, vital::CONSCIOUSNESS.display);
        let answer = responds.answer();
        let mut value = code(clinical::demo::table::LOINC, answer.code, Some(answer.display));
        if let Json::Object(value) = &mut value {
            value.push("text", responds.name().into());
        }
        draft.set("valueCodeableConcept", value);
        act.create(draft);
    }
    let mut written: Vec<(clinical::demo::table::Code, String)> = Vec::new();
    for reading in readings.iter().filter(|r| !pressure.iter().any(|p| p.place == r.place)) {
        // A total beside all its parts is the sum that is derived from them.
        if coma.is_some() && reading.row.code() == flowsheet::GCS_TOTAL.code {
            continue;
        }
        let draft = taken.whole(reading.row, reading.json(), reading.number);
        if let Some(id) = act.create(draft) {
            written.push((reading.row.code(), id));
        }
    }
    let mut derived = |row: Row, value: String, number: f64, from: &[Row]| {
        let mut draft = taken.whole(row, Json::Number(value.into()), number);
        for (_, id) in written.iter().filter(|(code, _)| from.iter().any(|f| f.code() == *code)) {
            draft.add("derivedFrom", Some(reference(&format!("Observation/{id}"))));
        }
        act.create(draft);
    };
    if let (Some(weight), Some(height)) = (vital(&vital::WEIGHT), vital(&vital::HEIGHT)) {
        let bmi = vital::body_mass_index(weight.number, height.number);
        let from = [Row::Vital(&vital::WEIGHT), Row::Vital(&vital::HEIGHT)];
        derived(Row::Vital(&vital::BMI), format!("{bmi:.1}"), bmi, &from);
    }
    if let Some(sum) = coma {
        let from: Vec<Row> = flowsheet::GCS_PARTS.iter().map(|part| Row::Other(part)).collect();
        derived(Row::Other(&flowsheet::GCS_TOTAL), format!("{sum:.0}"), sum, &from);
    }
    Ok(Vec::new())
}

const VITAL_SIGNS: (&str, &str) = ("vital-signs", "Vital Signs");

fn loinc(row: Row) -> Json<'static> {
    let of = row.code();
    code(clinical::demo::table::LOINC, of.code, Some(of.display))
}

impl Reading {
    fn json(&self) -> Json<'static> {
        Json::Number(self.told.0.clone().into())
    }

    fn implausible(&self) -> Option<ImplausibleVital> {
        let [least, most] = self.row.bounds();
        (!(least..=most).contains(&self.number)).then(|| ImplausibleVital {
            input: self.place.clone(),
            value: self.told.clone(),
            unit: self.row.units()[0].to_owned(),
            least,
            most,
            source: self.row.source().to_owned(),
        })
    }
}

impl Taken {
    fn draft(&self, category: (&'static str, &'static str), loinc: &'static str, display: &'static str) -> Draft {
        let mut draft = Draft::new(ResourceType::Observation);
        draft.set("status", Json::from("final"));
        draft.add("category", Some(code(CATEGORY, category.0, Some(category.1))));
        draft.set("code", code(clinical::demo::table::LOINC, loinc, Some(display)));
        draft.set("subject", self.subject.clone());
        draft.set("encounter", self.encounter.clone());
        draft.set("effectiveDateTime", self.at.clone());
        draft.add("performer", self.performer.clone());
        draft.add("note", self.note.clone());
        draft
    }

    /// An observation that is the value of a row.
    fn whole(&self, row: Row, value: Json<'static>, number: f64) -> Draft {
        let category = match row {
            Row::Vital(_) => VITAL_SIGNS,
            Row::Other(own) => own.category,
        };
        let mut draft = self.draft(category, row.code().code, row.code().display);
        self.value(row, value, number).into_iter().for_each(|(name, value)| draft.set(name, value));
        draft
    }

    /// The value with its flag and its range, where there is one for this patient.
    fn value(&self, row: Row, value: Json<'static>, number: f64) -> Vec<(&'static str, Json<'static>)> {
        let [unit, ucum] = row.units();
        let mut members = vec![("valueQuantity", quantity(value, unit, ucum))];
        let Row::Vital(vital) = row else { return members };
        let Some(range) = vital.range(self.sex).filter(|_| self.adult) else { return members };
        let (flag, display) = vital.interpretation(range, number);
        members.push(("interpretation", Json::Array(vec![code(INTERPRETATION, flag, Some(display))])));
        let mut limits = Object::new();
        for (name, limit) in [("low", range.low), ("high", range.high)] {
            if let Some(limit) = limit {
                limits.push(name, quantity(Json::Number(limit.to_string().into()), unit, ucum));
            }
        }
        limits.push("text", vital.analyte.source.into());
        members.push(("referenceRange", Json::Array(vec![Json::Object(limits)])));
        members
    }
}

/// Whether the patient is an adult at that instant, and the sex that ranges go by. Unknown is not adult.
fn about(patient: &Document, at: &str) -> (bool, Option<Sex>) {
    let sex = match patient.text(&["gender"]) {
        Some("female") => Some(Sex::Female),
        Some("male") => Some(Sex::Male),
        _ => None,
    };
    let born = patient.text(&["birthDate"]).and_then(|d| parse(d, Zone::UTC).ok());
    let at = parse(at, Zone::UTC).ok();
    let adult = born.zip(at).is_some_and(|(born, at)| {
        // The youngest the patient can be, by the last day that the date of birth allows.
        let born = chrono::DateTime::from_timestamp_micros(born.high - 1);
        let at = chrono::DateTime::from_timestamp_micros(at.low);
        born.zip(at).and_then(|(born, at)| at.years_since(born)).is_some_and(|years| i64::from(years) >= ADULT_YEARS)
    });
    (adult, sex)
}
