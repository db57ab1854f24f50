//! A column of a flowsheet: what was measured at one moment, by the rows of one of our flowsheets.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use clinical::flowsheet::named;
use fhir::IssueType;

use super::act::{Act, outcome};
use super::measurement::{self, ImplausibleValue, Moment};
use crate::scalar::{DateTime, Decimal};
use crate::session::Session;
use crate::types::chart::Observation;

/// A value of a flowsheet's row.
#[derive(InputObject)]
pub struct FlowsheetValueInput {
    /// The code of the row, as `FlowsheetTemplate.rows` has it.
    pub code: String,
    /// The number in the row's unit.
    pub value: Decimal,
}

/// What was measured at one moment, by the rows of a flowsheet; what was not measured is left out.
#[derive(InputObject)]
pub struct FlowsheetRecordInput {
    /// Whose.
    pub patient: ID,
    /// Which flowsheet, such as `neurological`; `flowsheetTemplates` names them.
    pub template: ID,
    /// When it was measured; now when it is left out. A total of 24 hours: when they ended.
    pub taken_at: Option<DateTime>,
    /// The visit it was measured in.
    pub encounter: Option<ID>,
    /// The values, one for a row at most.
    pub values: Vec<FlowsheetValueInput>,
    /// A remark on all of them.
    pub note: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The measurements as they are on record.
#[derive(SimpleObject)]
pub struct FlowsheetSaved {
    /// One per value, blood pressure as one, and what is derived from them: the body mass index, the total of a coma scale.
    pub observations: Vec<Observation>,
}

outcome! {
    /// What became of recording a column of a flowsheet.
    FlowsheetRecordOutcome, FlowsheetRecordPayload, FlowsheetSaved, ImplausibleValue
}

pub async fn record(session: &Session, input: FlowsheetRecordInput) -> Result<FlowsheetRecordPayload> {
    let mut act = Act::new(session, "flowsheetRecord", &input, input.idempotency_key.as_ref());
    let template = named(&input.template);
    if template.is_none() {
        act.problems.add(
            "template",
            IssueType::NotFound,
            "there is no such flowsheet; `flowsheetTemplates` names them",
        );
    }
    if input.values.is_empty() {
        act.problems.add("values", IssueType::Required, "no value is told");
    }
    let mut readings: Vec<measurement::Reading> = Vec::new();
    for (n, told) in input.values.iter().enumerate() {
        let Some(template) = template else { break };
        let place = format!("values[{n}]");
        let Some(row) = template.rows.iter().copied().find(|row| row.code().code == told.code) else {
            act.problems.add(&format!("{place}.code"), IssueType::NotFound, "the flowsheet has no such row");
            continue;
        };
        if row.is_computed() {
            act.problems.add(&format!("{place}.code"), IssueType::BusinessRule, "the row is computed from others");
            continue;
        }
        if readings.iter().any(|r| r.row.code() == row.code()) {
            act.problems.add(&format!("{place}.code"), IssueType::Duplicate, "named twice");
            continue;
        }
        readings.extend(measurement::read(&mut act, format!("{place}.value"), row, &told.value));
    }
    let moment = Moment {
        patient: &input.patient,
        encounter: input.encounter.as_ref(),
        taken_at: input.taken_at.as_ref(),
        note: input.note.as_ref(),
        responds: None,
    };
    let values = measurement::put(&mut act, &moment, &readings).await?;
    if !values.is_empty() {
        return Ok(FlowsheetRecordPayload { outcome: ImplausibleValue { values }.into() });
    }
    Ok(match act.commit().await? {
        Ok(saved) => {
            let observations = saved.into_iter().map(Observation).collect();
            FlowsheetRecordPayload { outcome: FlowsheetSaved { observations }.into() }
        }
        Err(refused) => FlowsheetRecordOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}
