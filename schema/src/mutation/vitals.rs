//! Vital signs of one moment, each under its own name.

use async_graphql::{Enum, ID, InputObject, Result, SimpleObject};
use clinical::flowsheet::Row;
use clinical::vital::{self, Vital};
use fhir::IssueType;

use super::act::{Act, outcome};
use super::measurement::{self, ImplausibleValue, Moment};
use crate::scalar::{DateTime, Decimal};
use crate::session::Session;
use crate::types::chart::Observation;

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
    /// Oxygen that is breathed in, in L/min; 0 is room air.
    pub oxygen_flow: Option<Decimal>,
    /// How the patient responds.
    pub consciousness: Option<Consciousness>,
    /// Body weight in kg.
    pub weight: Option<Decimal>,
    /// Body height in cm.
    pub height: Option<Decimal>,
    /// A remark on all of them.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// How somebody responds, by the ACVPU scale: LOINC 67775-7.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum Consciousness {
    /// Alert: LA9340-6.
    Alert,
    /// Newly confused: LA6560-2.
    Confused,
    /// Responds to voice: LA17108-4.
    Voice,
    /// Responds to pain: LA17107-6.
    Pain,
    /// Unresponsive: LA9343-0.
    Unresponsive,
}

impl From<Consciousness> for vital::Consciousness {
    fn from(told: Consciousness) -> Self {
        match told {
            Consciousness::Alert => Self::Alert,
            Consciousness::Confused => Self::Confused,
            Consciousness::Voice => Self::Voice,
            Consciousness::Pain => Self::Pain,
            Consciousness::Unresponsive => Self::Unresponsive,
        }
    }
}

/// The vital signs as they are on record.
#[derive(SimpleObject)]
pub struct VitalsSaved {
    /// One per sign, and the body mass index when weight and height were taken together.
    pub observations: Vec<Observation>,
}

outcome! {
    /// What became of recording vital signs.
    VitalsRecordOutcome, VitalsRecordPayload, VitalsSaved, ImplausibleValue
}

pub async fn record(session: &Session, input: VitalsRecordInput) -> Result<VitalsRecordPayload> {
    let mut act = Act::new(session, "vitalsRecord", &input, input.idempotency_key.as_ref());
    let told: [(&'static str, &'static Vital, &Option<Decimal>); 9] = [
        ("systolic", &vital::SYSTOLIC, &input.systolic),
        ("diastolic", &vital::DIASTOLIC, &input.diastolic),
        ("heartRate", &vital::HEART_RATE, &input.heart_rate),
        ("respiratoryRate", &vital::RESPIRATORY_RATE, &input.respiratory_rate),
        ("temperature", &vital::TEMPERATURE, &input.temperature),
        ("oxygenSaturation", &vital::SATURATION, &input.oxygen_saturation),
        ("oxygenFlow", &vital::OXYGEN_FLOW, &input.oxygen_flow),
        ("weight", &vital::WEIGHT, &input.weight),
        ("height", &vital::HEIGHT, &input.height),
    ];
    let mut readings = Vec::new();
    for (name, vital, value) in told {
        let Some(told) = value else { continue };
        readings.extend(measurement::read(&mut act, name.to_owned(), Row::Vital(vital), told));
    }
    if readings.is_empty() && input.consciousness.is_none() && act.problems.0.is_empty() {
        act.problems.add("systolic", IssueType::Required, "no value is told");
    }
    let moment = Moment {
        patient: &input.patient,
        encounter: input.encounter.as_ref(),
        taken_at: input.taken_at.as_ref(),
        note: input.note.as_ref(),
        responds: input.consciousness.map(Into::into),
    };
    let values = measurement::put(&mut act, &moment, &readings).await?;
    if !values.is_empty() {
        return Ok(VitalsRecordPayload { outcome: ImplausibleValue { values }.into() });
    }
    Ok(match act.commit().await? {
        Ok(saved) => {
            let observations = saved.into_iter().map(Observation).collect();
            VitalsRecordPayload { outcome: VitalsSaved { observations }.into() }
        }
        Err(refused) => VitalsRecordOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}
