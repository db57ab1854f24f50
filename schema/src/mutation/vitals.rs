//! Vital signs of one moment: one Observation each, blood pressure as one with two components.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use clinical::score::Sex;
use clinical::vital::{self, Vital};
use fhir::json::Object;
use fhir::temporal::{Zone, parse};
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, outcome};
use super::input::{Draft, code, quantity, reference};
use crate::document::Document;
use crate::scalar::{DateTime, Decimal};
use crate::session::Session;
use crate::types::chart::Observation;

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
/// Reference ranges of the table are those of adults.
const ADULT_YEARS: i64 = 18;

/// Vital signs taken at one moment; what was not taken is left out.
#[derive(InputObject)]
pub struct VitalsRecordInput {
    /// Whose.
    pub patient: ID,
    /// When they were taken; now when it is left out.
    pub taken_at: Option<DateTime>,
    /// The visit they were taken in.
    pub encounter: Option<ID>,
    /// Systolic blood pressure in mmHg.
    pub systolic: Option<Decimal>,
    /// Diastolic blood pressure in mmHg.
    pub diastolic: Option<Decimal>,
    /// Heart rate per minute.
    pub heart_rate: Option<Decimal>,
    /// Breaths per minute.
    pub respiratory_rate: Option<Decimal>,
    /// Body temperature in °C.
    pub temperature: Option<Decimal>,
    /// Oxygen saturation in %.
    pub oxygen_saturation: Option<Decimal>,
    /// Body weight in kg.
    pub weight: Option<Decimal>,
    /// Body height in cm.
    pub height: Option<Decimal>,
    /// A remark on all of them.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The vital signs as they are on record.
#[derive(SimpleObject)]
pub struct VitalsSaved {
    /// One per sign, and the body mass index when weight and height were taken together.
    pub observations: Vec<Observation>,
}

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

outcome! {
    /// What became of recording vital signs.
    VitalsRecordOutcome, VitalsRecordPayload, VitalsSaved, ImplausibleValue
}

/// One value that was told.
struct Reading<'i> {
    name: &'static str,
    vital: &'static Vital,
    told: &'i Decimal,
    number: f64,
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

pub async fn record(session: &Session, input: VitalsRecordInput) -> Result<VitalsRecordPayload> {
    let mut act = Act::new(session, "vitalsRecord", &input, input.idempotency_key.as_ref());
    let told: [(&'static str, &'static Vital, &Option<Decimal>); 8] = [
        ("systolic", &vital::SYSTOLIC, &input.systolic),
        ("diastolic", &vital::DIASTOLIC, &input.diastolic),
        ("heartRate", &vital::HEART_RATE, &input.heart_rate),
        ("respiratoryRate", &vital::RESPIRATORY_RATE, &input.respiratory_rate),
        ("temperature", &vital::TEMPERATURE, &input.temperature),
        ("oxygenSaturation", &vital::SATURATION, &input.oxygen_saturation),
        ("weight", &vital::WEIGHT, &input.weight),
        ("height", &vital::HEIGHT, &input.height),
    ];
    let mut readings = Vec::new();
    for (name, vital, value) in told {
        if let Some(told) = value
            && act.problems.decimal(name, told).is_some()
            && let Ok(number) = told.0.parse::<f64>()
        {
            readings.push(Reading { name, vital, told, number });
        }
    }
    let of = |name: &str| readings.iter().find(|r| r.name == name);
    if readings.is_empty() && act.problems.0.is_empty() {
        act.problems.add("systolic", IssueType::Required, "no value is told");
    }
    if let (Some(systolic), Some(diastolic)) = (of("systolic"), of("diastolic"))
        && diastolic.number > systolic.number
    {
        act.problems.add("diastolic", IssueType::BusinessRule, "diastolic pressure is above systolic");
    }
    let taken_at = input.taken_at.as_ref().map(|t| t.0.clone());
    if let Some(at) = &taken_at {
        let future = parse(at, Zone::UTC).is_ok_and(|i| i.low > session.now.timestamp_micros());
        if future {
            act.problems.add("takenAt", IssueType::BusinessRule, "it lies in the future");
        }
        if !at.contains('T') {
            act.problems.add("takenAt", IssueType::Value, "vital signs have a time of day");
        }
    }
    let patient = act.existing("patient", &input.patient, &[ResourceType::Patient]).await?;
    let encounter = act.encounter(input.encounter.as_ref(), &input.patient).await?;
    let note = act.annotation("note", input.note.as_ref());
    let implausible: Vec<ImplausibleVital> = readings
        .iter()
        .filter(|r| !r.vital.is_plausible(r.number))
        .map(|r| ImplausibleVital {
            input: r.name.to_owned(),
            value: r.told.clone(),
            unit: r.vital.analyte.unit.to_owned(),
            least: r.vital.least,
            most: r.vital.most,
            source: r.vital.source.to_owned(),
        })
        .collect();
    if act.problems.0.is_empty() && !implausible.is_empty() {
        return Ok(VitalsRecordPayload { outcome: ImplausibleValue { values: implausible }.into() });
    }
    if let Some(patient) = patient {
        let at = taken_at.map_or_else(|| act.now(), Json::from);
        let (adult, sex) = about(&patient, at.as_str().unwrap_or_default());
        let taken =
            Taken { subject: reference(&input.patient), encounter, at, performer: act.author(), note, adult, sex };
        let pressure: Vec<&Reading<'_>> = ["systolic", "diastolic"].into_iter().filter_map(of).collect();
        if !pressure.is_empty() {
            let mut draft = taken.draft(vital::BLOOD_PRESSURE.code, vital::BLOOD_PRESSURE.display);
            for reading in pressure {
                let component = taken.value(reading.vital, reading.json(), reading.number);
                let mut all = Object::new();
                all.push("code", reading.code());
                component.into_iter().for_each(|(name, value)| all.push(name, value));
                draft.add("component", Some(Json::Object(all)));
            }
            act.create(draft);
        }
        let mut written = Vec::new();
        for reading in readings.iter().filter(|r| !matches!(r.name, "systolic" | "diastolic")) {
            let mut draft = taken.draft(reading.vital.analyte.code.code, reading.vital.analyte.code.display);
            let value = taken.value(reading.vital, reading.json(), reading.number);
            value.into_iter().for_each(|(name, value)| draft.set(name, value));
            if let Some(id) = act.create(draft) {
                written.push((reading.name, id));
            }
        }
        if let (Some(weight), Some(height)) = (of("weight"), of("height")) {
            let bmi = vital::body_mass_index(weight.number, height.number);
            let mut draft = taken.draft(vital::BMI.analyte.code.code, vital::BMI.analyte.code.display);
            let value = taken.value(&vital::BMI, Json::Number(format!("{bmi:.1}").into()), bmi);
            value.into_iter().for_each(|(name, value)| draft.set(name, value));
            for (_, id) in written.iter().filter(|(name, _)| matches!(*name, "weight" | "height")) {
                draft.add("derivedFrom", Some(reference(&format!("Observation/{id}"))));
            }
            act.create(draft);
        }
    }
    Ok(match act.commit().await? {
        Ok(saved) => {
            let observations = saved.into_iter().map(Observation).collect();
            VitalsRecordPayload { outcome: VitalsSaved { observations }.into() }
        }
        Err(refused) => VitalsRecordOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

impl Reading<'_> {
    fn json(&self) -> Json<'static> {
        Json::Number(self.told.0.clone().into())
    }

    fn code(&self) -> Json<'static> {
        let analyte = self.vital.analyte;
        code(clinical::demo::table::LOINC, analyte.code.code, Some(analyte.code.display))
    }
}

impl Taken {
    fn draft(&self, loinc: &'static str, display: &'static str) -> Draft {
        let mut draft = Draft::new(ResourceType::Observation);
        draft.set("status", Json::from("final"));
        draft.add("category", Some(code(CATEGORY, "vital-signs", Some("Vital Signs"))));
        draft.set("code", code(clinical::demo::table::LOINC, loinc, Some(display)));
        draft.set("subject", self.subject.clone());
        draft.set("encounter", self.encounter.clone());
        draft.set("effectiveDateTime", self.at.clone());
        draft.add("performer", self.performer.clone());
        draft.add("note", self.note.clone());
        draft
    }

    /// The value with its flag and its range, where there is one for this patient.
    fn value(&self, vital: &Vital, value: Json<'static>, number: f64) -> Vec<(&'static str, Json<'static>)> {
        let (unit, ucum) = (vital.analyte.unit, vital.analyte.ucum);
        let mut members = vec![("valueQuantity", quantity(value, unit, ucum))];
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
