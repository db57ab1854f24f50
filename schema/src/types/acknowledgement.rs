//! Who has seen a result: the acknowledgement of the version that is shown, and the reports that a result is in.

use async_graphql::{Context, Result, SimpleObject};
use fhir::ResourceType;
use fhir::temporal::{self, Zone};

use crate::document::Document;
use crate::referring::Referring;
use crate::scalar::DateTime;
use crate::session::session;
use crate::types::care::Task;
use crate::types::chart::DiagnosticReport;
use crate::types::worklist::{ACKNOWLEDGE, TASK_KIND};
use crate::value::{Annotation, ResourceRef};

/// That somebody has seen a result and answers for what follows from it.
#[derive(SimpleObject)]
pub struct Acknowledgement {
    /// Who.
    pub by: Option<ResourceRef>,
    /// When.
    pub at: Option<DateTime>,
    /// What they remarked.
    pub notes: Vec<Annotation>,
    /// The task that it is on record as.
    pub task: Task,
}

fn past(document: &Document) -> Option<(String, chrono::DateTime<chrono::Utc>)> {
    let patient = document.text(&["subject", "reference"])?.strip_prefix("Patient/")?;
    Some((patient.to_owned(), document.as_of()?))
}

/// The first acknowledgement of the version that is shown.
pub(crate) async fn acknowledgement(ctx: &Context<'_>, result: &Document) -> Result<Option<Acknowledgement>> {
    let stored = result.stored();
    let asked = Referring {
        source: ResourceType::Task,
        parameter: "focus",
        element: "focus",
        pairs: vec![("code".into(), format!("{TASK_KIND}|{ACKNOWLEDGE}")), ("status".into(), "completed".into())],
        target: stored.resource_type,
        past: past(result),
    };
    let tasks = session(ctx).referring(asked, &stored.id).await?;
    let version = format!("{}/{}/_history/{}", stored.resource_type, stored.id, stored.version_id);
    let done = |task: &Document| task.text(&["executionPeriod", "end"]).map(ToOwned::to_owned);
    let at = |task: &Document| done(task).and_then(|end| temporal::parse(&end, Zone::UTC).ok()).map(|at| at.low);
    let of_version = tasks.into_iter().filter(|task| task.text(&["focus", "reference"]) == Some(version.as_str()));
    Ok(of_version.min_by_key(|task| at(task).unwrap_or(i64::MAX)).map(|task| Acknowledgement {
        by: task.reference("owner"),
        at: done(&task).map(DateTime),
        notes: task.notes(),
        task: Task(task),
    }))
}

/// The reports that name the observation among their results, newest first.
pub(crate) async fn reports(ctx: &Context<'_>, result: &Document) -> Result<Vec<DiagnosticReport>> {
    let asked = Referring {
        source: ResourceType::DiagnosticReport,
        parameter: "result",
        element: "result",
        pairs: Vec::new(),
        target: ResourceType::Observation,
        past: past(result),
    };
    let found = session(ctx).referring(asked, &result.stored().id).await?;
    Ok(found.into_iter().map(DiagnosticReport).collect())
}
