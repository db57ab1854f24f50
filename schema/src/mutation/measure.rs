//! Keeping a run of a quality measure: its figures as a FHIR MeasureReport, so that later runs can be compared with it.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use clinical::measure::{Measure, named};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, NotPermitted, outcome};
use super::first;
use super::input::{Draft, code, object, quantity, reference};
use crate::session::Session;
use crate::types::measure::{Figures, calendar_year};
use crate::types::measure_report::{MeasureReport, POPULATIONS};
use crate::types::patient::DateRange;

/// A measure that is run and kept.
#[derive(InputObject)]
pub struct MeasureRunInput {
    /// Its number, such as `CMS125`.
    pub measure: ID,
    /// The year, such as `{low: "2025-01-01", high: "2026-01-01"}`.
    pub period: DateRange,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The run as it is on record.
#[derive(SimpleObject)]
pub struct MeasureKept {
    /// Its figures, with what they are figures of.
    pub report: MeasureReport,
}

outcome! {
    /// What became of running a measure.
    MeasureRunOutcome, MeasureRunPayload, MeasureKept
}

pub async fn run(session: &Session, input: MeasureRunInput) -> Result<MeasureRunPayload> {
    let mut act = Act::new(session, "measureRun", &input, input.idempotency_key.as_ref());
    let definition = named(&input.measure);
    if definition.is_none() {
        act.problems.add("measure", IssueType::NotFound, "there is no such measure; `measures` names them");
    }
    let year = calendar_year(&input.period);
    if let Err(text) = year {
        act.problems.add("period", IssueType::Value, text);
    }
    // Before anything is counted.
    if let Some(refused) = not_permitted(session) {
        return Ok(MeasureRunPayload { outcome: refused.into() });
    }
    if let (Some(definition), Ok(year)) = (definition, year)
        && act.problems.0.is_empty()
    {
        let figures = Figures::count(session, &session.actor.unopened(), definition, year).await?;
        let report = report(&act, definition, year, &figures);
        act.create(report);
    }
    Ok(match act.commit().await? {
        Ok(saved) => MeasureRunPayload { outcome: MeasureKept { report: MeasureReport(first(saved)?) }.into() },
        Err(refused) => MeasureRunOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

/// A report is of the whole house and is read by others, so who sees some patients only, or figures only, makes none.
fn not_permitted(session: &Session) -> Option<NotPermitted> {
    let actor = &session.actor;
    let ty = ResourceType::MeasureReport;
    let refused = |message: &str| {
        Some(NotPermitted { message: message.to_owned(), permission: format!("{} {ty}", Interaction::Create.code()) })
    };
    if !actor.may(Interaction::Create, ty) || actor.is_masked(ResourceType::Patient) {
        return refused("create on MeasureReport is not for your role");
    }
    if !actor.sees_all_patients() {
        return refused("you do not see all patients, and the report would be taken for one of all");
    }
    None
}

/// The document. Denominator and exclusions are as published: who is left out is in the denominator too, and the score is of the others.
fn report(act: &Act<'_>, measure: &Measure, year: i32, figures: &Figures) -> Draft {
    let mut draft = Draft::new(ResourceType::MeasureReport);
    draft.set("status", Json::from("complete"));
    draft.set("type", Json::from("summary"));
    draft.set("measure", Json::from(measure.canonical()));
    draft.set("date", act.now());
    let reporter = act.session().actor.fhir_user.as_deref().filter(|me| me.starts_with("Practitioner"));
    draft.set("reporter", reporter.map(reference));
    let period = [("start", format!("{year:04}-01-01")), ("end", format!("{year:04}-12-31"))];
    draft.set("period", object(period.map(|(name, day)| (name, Json::from(day)))));
    let better = if measure.lower_is_better { "decrease" } else { "increase" };
    draft.set(
        "improvementNotation",
        code("http://terminology.hl7.org/CodeSystem/measure-improvement-notation", better, None),
    );
    let [excluded, met, others] = figures.people;
    let all = excluded + met + others;
    let population = |(name, people): (&str, u64)| {
        object([("code", code(POPULATIONS, name, None)), ("count", Json::Number(people.to_string().into()))])
    };
    let populations =
        [("initial-population", all), ("denominator", all), ("denominator-exclusion", excluded), ("numerator", met)];
    let mut group = vec![("population", Json::Array(populations.map(population).to_vec()))];
    if let Some(percent) = figures.score_percent() {
        group.push(("measureScore", quantity(Json::Number(percent.to_string().into()), "%", "%")));
    }
    draft.set("group", Json::Array(vec![object(group)]));
    draft
}
