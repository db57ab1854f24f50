//! How a resource came to be what it is: its versions, and who answers for them.

use std::collections::HashMap;

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, TimeDelta};
use entity::store::{HistoryEntry, HistoryOf, HistoryPage, HistoryRequest};
use fhir::{Json, ResourceType};

use crate::document::{Document, List, PageArguments, PageInfo, connection, resource};
use crate::error;
use crate::scalar::{FhirJson, Instant};
use crate::session::{self, session};
use crate::types::past::ChangeAction;
use crate::value::{Concept, ResourceRef};

/// A version of a resource.
#[derive(SimpleObject)]
pub struct RecordVersion {
    /// The version, counting from 1.
    pub version_id: String,
    /// What was done.
    pub action: ChangeAction,
    /// When it was written.
    pub at: Instant,
    /// The account that wrote it, by its log-in name; null where the audit has no trace of it.
    pub by: Option<String>,
    /// The version as FHIR JSON; null for a deletion.
    pub fhir: Option<FhirJson>,
}

/// The versions of a resource, one page, newest first.
pub struct VersionConnection(HistoryPage);

/// The versions of a resource, one page, newest first.
#[Object]
impl VersionConnection {
    /// The page's versions.
    async fn nodes(&self, ctx: &Context<'_>) -> Result<Vec<RecordVersion>> {
        let entries = &self.0.entries;
        let authors = match entries.first() {
            Some(first) if ctx.look_ahead().field("by").exists() => {
                let versions: Vec<i32> = entries.iter().map(|e| e.version.version_id).collect();
                let authors = session(ctx).store.authors(first.resource_type, &first.id, &versions).await;
                authors.map_err(|e| error::graphql(&e))?
            }
            _ => HashMap::new(),
        };
        Ok(entries.iter().map(|entry| version(entry, authors.get(&entry.version.version_id))).collect())
    }
    /// Where the page stands. The list is walked towards the past only, from `endCursor`, which is null on the last page.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.0.next.is_some(),
            has_previous_page: false,
            start_cursor: None,
            end_cursor: self.0.next.clone(),
        }
    }
}

fn version(entry: &HistoryEntry, by: Option<&String>) -> RecordVersion {
    let version = &entry.version;
    RecordVersion {
        version_id: version.version_id.to_string(),
        action: match version.operation {
            'C' => ChangeAction::Created,
            'D' => ChangeAction::Deleted,
            _ => ChangeAction::Updated,
        },
        at: Instant(version.last_updated.to_rfc3339_opts(SecondsFormat::Micros, true)),
        by: by.cloned(),
        fhir: version.body.clone().map(FhirJson),
    }
}

/// The versions of what was read; of what was read as of an instant, those until then.
pub(crate) async fn history(
    ctx: &Context<'_>,
    document: &Document,
    first: Option<i32>,
    after: Option<String>,
) -> Result<VersionConnection> {
    let session = session(ctx);
    let request = PageArguments { first, after, ..PageArguments::default() }.request()?;
    let stored = document.stored();
    let at = document.as_of().map(|at| (Moment::UNIX_EPOCH, at + TimeDelta::microseconds(1)));
    let request = HistoryRequest { at, limit: request.limit, token: request.token, ..HistoryRequest::default() };
    let of = HistoryOf::Instance(stored.resource_type, stored.id.clone());
    let page = session.store.history(&session.actor, &of, &request).await;
    page.map(VersionConnection).map_err(|e| error::graphql(&e))
}

/// Who had a part in an act.
#[derive(SimpleObject)]
pub struct ProvenanceAgent {
    /// Which part.
    pub r#type: Option<Concept>,
    /// Who.
    pub who: ResourceRef,
    /// For whom they acted.
    pub on_behalf_of: Option<ResourceRef>,
}

resource! {
    /// What was done to records in one act, and who answers for it.
    Provenance {
        /// The versions it is about.
        async fn targets(&self) -> Vec<ResourceRef> {
            self.0.references("target")
        }
        /// When it was done.
        async fn recorded(&self) -> Option<Instant> {
            self.0.text(&["recorded"]).map(|t| Instant(t.to_owned()))
        }
        /// What was done: the name of the act.
        async fn activity(&self) -> Option<Concept> {
            self.0.concept("activity")
        }
        /// Why.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reason")
        }
        /// Who had a part in it.
        async fn agents(&self) -> Vec<ProvenanceAgent> {
            let read = |a: &Json<'_>| Some(ProvenanceAgent {
                r#type: a.get("type").and_then(Concept::read),
                who: a.get("who").map(|who| ResourceRef::read(who, self.0.as_of()))?,
                on_behalf_of: a.get("onBehalfOf").map(|who| ResourceRef::read(who, self.0.as_of())),
            });
            self.0.all("agent").iter().filter_map(read).collect()
        }
    }
}
connection!(ProvenanceConnection, ProvenanceEdge, Provenance);

/// Who answers for the versions of what was read, newest first; of what was read as of an instant, until then.
pub(crate) async fn provenance(
    ctx: &Context<'_>,
    document: &Document,
    first: Option<i32>,
    after: Option<String>,
) -> Result<ProvenanceConnection> {
    let session = session(ctx);
    let request = PageArguments { first, after, ..PageArguments::default() }.request()?;
    let stored = document.stored();
    let mut pairs = vec![("target".to_owned(), format!("{}/{}", stored.resource_type, stored.id))];
    let at = document.as_of().map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true));
    pairs.extend(at.map(|at| ("recorded".to_owned(), format!("le{at}"))));
    let query = session::query(ResourceType::Provenance, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    List::search(session, query, &request).await.map(ProvenanceConnection)
}
