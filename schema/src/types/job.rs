//! How far a job has come that was kicked off at the FHIR door: an export, an import, a reindex.

use async_graphql::{Enum, ID, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::Interaction;
use entity::store::{JobState, JobStatus};
use fhir::{Json, ResourceType};

use crate::error;
use crate::scalar::Instant;
use crate::session::Session;

/// Where a job stands.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum JobPhase {
    /// It goes on.
    Running,
    /// It is finished.
    Done,
    /// It could not be finished.
    Failed,
}

/// A file that a job made.
#[derive(SimpleObject)]
pub struct JobFile {
    /// Its name; at the FHIR door it is below the job's URL, as `NAME.ndjson`.
    pub name: String,
    /// Its lines.
    pub resource_count: u64,
}

/// How far a job has come.
#[derive(SimpleObject)]
pub struct JobProgress {
    /// The last part of the job's URL at the FHIR door.
    pub job: ID,
    /// `export`, `import` or `reindex`.
    pub kind: String,
    /// Where it stands.
    pub phase: JobPhase,
    /// Types, or inputs of an import, that are done; null once it is over.
    pub parts_done: Option<u64>,
    /// Of so many.
    pub parts: Option<u64>,
    /// Resources so far, or in all.
    pub resource_count: u64,
    /// Its files, once it is finished.
    pub files: Vec<JobFile>,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub requested_at: Instant,
    /// When it was finished.
    pub ended_at: Option<Instant>,
}

impl JobProgress {
    fn of(id: &str, status: JobStatus) -> Self {
        let instant = |at: chrono::DateTime<chrono::Utc>| Instant(at.to_rfc3339_opts(SecondsFormat::Micros, true));
        let mut progress = Self {
            job: id.into(),
            kind: status.kind,
            phase: JobPhase::Running,
            parts_done: None,
            parts: None,
            resource_count: 0,
            files: Vec::new(),
            failure: None,
            requested_at: instant(status.created_at),
            ended_at: None,
        };
        match status.state {
            JobState::Running { done, of, rows } => {
                (progress.parts_done, progress.parts) = (Some(done as u64), Some(of as u64));
                progress.resource_count = rows;
            }
            JobState::Done { ended_at, files, stored } => {
                progress.phase = JobPhase::Done;
                progress.ended_at = Some(instant(ended_at));
                let made = files.iter().filter(|file| file.name != "error").map(|file| file.rows).sum::<u64>();
                progress.resource_count = if progress.kind == "export" { made } else { stored.values().sum() };
                progress.files = files.into_iter().map(|f| JobFile { name: f.name, resource_count: f.rows }).collect();
            }
            JobState::Failed(outcome) => {
                progress.phase = JobPhase::Failed;
                let text = Json::parse(&outcome).ok().and_then(|outcome| {
                    let issues = outcome.get("issue")?.items().iter();
                    let words: Vec<String> =
                        issues.filter_map(|i| i.str_at("diagnostics")).map(ToOwned::to_owned).collect();
                    (!words.is_empty()).then(|| words.join("; "))
                });
                progress.failure = Some(text.unwrap_or_else(|| "the job could not be finished".to_owned()));
            }
        }
        progress
    }
}

/// Whether jobs of the server itself are for who asks.
pub fn sees_own(session: &Session) -> bool {
    session.actor.may(Interaction::Update, ResourceType::SearchParameter)
}

/// The job of that id, which the asking party kicked off, or the server itself; `None` for any other.
pub async fn progress(session: &Session, id: &str) -> Result<Option<JobProgress>> {
    let own = sees_own(session);
    if !own && !session.actor.may_move_bulk() {
        return Ok(None);
    }
    let found = session.store.job(session.actor.account, own, id, session.now).await;
    Ok(found.map_err(|e| error::graphql(&e))?.map(|status| JobProgress::of(id, status)))
}
