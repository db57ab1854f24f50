//! Instants that the record is read as of, and what was written since one.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, Utc};
use entity::store::{Change as Written, ChangePage};

use crate::document::{Document, PageArguments, PageInfo};
use crate::error;
use crate::scalar::{FhirJson, Instant};
use crate::session::{Session, invalid, session};

/// A full instant, not after now.
pub(crate) fn instant(session: &Session, argument: &str, at: &Instant) -> Result<Moment<Utc>> {
    let moment = Moment::parse_from_rfc3339(&at.0).map(|m| m.to_utc());
    let moment =
        moment.map_err(|_| invalid(argument, format!("{argument} is a full instant such as 2026-05-17T08:00:00Z")))?;
    if moment > session.now {
        return Err(invalid(argument, format!("{argument} is in the future")));
    }
    Ok(moment)
}

/// What a write did.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ChangeAction {
    /// The first version.
    Created,
    /// A further version.
    Updated,
    /// The end, until it is written again.
    Deleted,
}

/// One version that was written.
#[derive(SimpleObject)]
pub struct Change {
    /// Global id of what was written.
    pub id: ID,
    /// The version that was written.
    pub version_id: String,
    /// What the write did.
    pub action: ChangeAction,
    /// When it was written.
    pub at: Instant,
    /// The account that wrote it, by its log-in name; null where the audit has no trace of it.
    pub by: Option<String>,
    /// The version as FHIR JSON; null for a deletion.
    pub fhir: Option<FhirJson>,
}

/// What was written, one page, newest first.
pub struct ChangeConnection(ChangePage);

/// What was written, one page, newest first.
#[Object]
impl ChangeConnection {
    /// The page's writes with their cursors.
    async fn edges(&self) -> Vec<ChangeEdge> {
        self.0.changes.iter().map(|c| ChangeEdge { cursor: c.cursor.clone(), node: change(c) }).collect()
    }
    /// The page's writes.
    async fn nodes(&self) -> Vec<Change> {
        self.0.changes.iter().map(change).collect()
    }
    /// Where the page stands; `hasPreviousPage` is always false: the list is walked towards the past only.
    async fn page_info(&self) -> PageInfo {
        let cursor = |c: Option<&Written>| c.map(|c| c.cursor.clone());
        PageInfo {
            has_next_page: self.0.has_next,
            has_previous_page: false,
            start_cursor: cursor(self.0.changes.first()),
            end_cursor: cursor(self.0.changes.last()),
        }
    }
}

/// A write and its place.
#[derive(SimpleObject)]
pub struct ChangeEdge {
    /// The write's place, for `after`.
    pub cursor: String,
    /// The write.
    pub node: Change,
}

fn change(written: &Written) -> Change {
    let version = &written.entry.version;
    Change {
        id: format!("{}/{}", written.entry.resource_type, written.entry.id).into(),
        version_id: version.version_id.to_string(),
        action: match version.operation {
            'C' => ChangeAction::Created,
            'D' => ChangeAction::Deleted,
            _ => ChangeAction::Updated,
        },
        at: Instant(version.last_updated.to_rfc3339_opts(SecondsFormat::Micros, true)),
        by: written.principal.clone(),
        fhir: version.body.clone().map(FhirJson),
    }
}

/// What was written about the patient since an instant.
pub(crate) async fn changes(
    ctx: &Context<'_>,
    patient: &Document,
    since: &Instant,
    page: &PageArguments,
) -> Result<ChangeConnection> {
    let session = session(ctx);
    if patient.as_of().is_some() {
        return Err(invalid("changes", "changes are those until now; ask for them without asOf"));
    }
    let since = instant(session, "since", since)?;
    let request = page.request()?;
    let id = &patient.stored().id;
    let page = session.store.changes_since(&session.actor, id, since, request.limit, request.token.as_deref()).await;
    page.map(ChangeConnection).map_err(|e| error::graphql(&e))
}
