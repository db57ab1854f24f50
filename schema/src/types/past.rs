//! Instants that the record is read as of, what was written since one, and all that is on record of a patient.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime as Moment, SecondsFormat, Utc};
use entity::store::{Change as Written, ChangePage, Page, Stored};
use fhir::ResourceType;
use fhir::search::query::{Clause, Modifier, Operand, Query, ReferenceOperand};
use fhir::search::registry;

use crate::document::{Document, PageArguments, PageInfo};
use crate::error;
use crate::query::{Node, node};
use crate::scalar::{FhirJson, Instant};
use crate::session::{Session, invalid, session};
use crate::types::title::title;

/// A full instant.
pub(crate) fn moment(argument: &str, at: &Instant) -> Result<Moment<Utc>> {
    let moment = Moment::parse_from_rfc3339(&at.0).map(|m| m.to_utc());
    moment.map_err(|_| invalid(argument, format!("{argument} is a full instant such as 2026-05-17T08:00:00Z")))
}

/// A full instant, not after now.
pub(crate) fn instant(session: &Session, argument: &str, at: &Instant) -> Result<Moment<Utc>> {
    let moment = moment(argument, at)?;
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
    /// What the version is called in words, as lists name the record; null for a deletion, and where it does not say.
    pub title: Option<String>,
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
    let named = |body: &String| {
        let stored = Stored {
            resource_type: written.entry.resource_type,
            id: written.entry.id.clone(),
            version_id: version.version_id,
            last_updated: version.last_updated,
            body: body.clone(),
        };
        Document::new(stored).ok().and_then(|document| title(&document))
    };
    Change {
        id: format!("{}/{}", written.entry.resource_type, written.entry.id).into(),
        version_id: version.version_id.to_string(),
        action: match version.operation {
            'C' => ChangeAction::Created,
            'D' => ChangeAction::Deleted,
            _ => ChangeAction::Updated,
        },
        title: version.body.as_ref().and_then(named),
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

/// What is on record of a patient, one page.
pub struct EverythingConnection {
    page: Page,
    documents: Vec<Document>,
}

/// What is on record of a patient, one page.
#[Object]
impl EverythingConnection {
    /// The page's resources.
    async fn nodes(&self) -> Vec<Node> {
        self.documents.iter().cloned().map(node).collect()
    }
    /// Where the page stands. The list is walked forwards, from `endCursor`, which is null on the last page.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.has_next(),
            has_previous_page: self.page.has_previous(),
            start_cursor: None,
            end_cursor: self.page.next(),
        }
    }
}

/// What is about the patient, or about nobody: a patient may be in a record about somebody else as who performed or recorded it.
fn about(ty: ResourceType, id: &str) -> Option<Clause> {
    let params = registry::patient_parameters(ty).iter().filter_map(|code| registry::parameter(ty, code));
    let params: Vec<_> = params.collect();
    let own = || ReferenceOperand::Local { types: vec![ResourceType::Patient], id: id.to_owned(), version: None };
    let is_own = |param| Clause::Param { param, modifier: Modifier::None, any: vec![Operand::Reference(own())] };
    let mut any: Vec<Clause> = params.iter().map(|param| is_own(*param)).collect();
    any.push(Clause::And(params.iter().map(|param| Clause::Missing { param, missing: true }).collect()));
    (!params.is_empty()).then_some(Clause::Or(any))
}

/// The patient's compartment.
pub(crate) async fn everything(
    ctx: &Context<'_>,
    patient: &Document,
    types: Option<Vec<String>>,
    since: Option<&Instant>,
    page: &PageArguments,
) -> Result<EverythingConnection> {
    let session = session(ctx);
    if patient.as_of().is_some() {
        return Err(invalid("everything", "everything is as the record is now; ask for it without asOf"));
    }
    let since = since.map(|at| instant(session, "since", at)).transpose()?;
    let known = |name: &String| {
        let found = ResourceType::named(name);
        found.ok_or_else(|| invalid("types", format!("{name} is no type of FHIR R4")))
    };
    let types = types.map(|all| all.iter().map(known).collect::<Result<Vec<_>>>()).transpose()?;
    let wanted = |ty: ResourceType| types.as_ref().is_none_or(|all| all.contains(&ty));
    let id = &patient.stored().id;
    let stored = session.store.searchable_types(&session.actor).await.map_err(|e| error::graphql(&e))?;
    let mut queries = Vec::new();
    for ty in stored {
        let own = ty == ResourceType::Patient;
        if !wanted(ty) || !own && registry::compartment_parameters(ResourceType::Patient, ty).is_empty() {
            continue;
        }
        let mut pairs = Vec::new();
        if own {
            pairs.push(("_id".to_owned(), id.clone()));
        }
        let text = since.map(|at| format!("ge{}", at.to_rfc3339_opts(SecondsFormat::Micros, true)));
        pairs.extend(text.map(|t| ("_lastUpdated".to_owned(), t)));
        let options = fhir::search::extract::Options::default();
        let parsed =
            fhir::search::parse::parse(ty, &pairs, fhir::search::parse::Handling::Strict, session.now, &options);
        let mut query: Query = parsed.map_err(|i| error::graphql(&entity::StoreError::Invalid(i)))?.query;
        if !own {
            query.all.push(Clause::Compartment { owner: ResourceType::Patient, id: id.clone() });
            query.all.extend(about(ty, id));
        }
        queries.push(query);
    }
    let scope = format!("everything of {id} {types:?} {since:?}");
    let page = session.store.search_several(&session.actor, &queries, &scope, types.is_none(), &page.request()?).await;
    let page = page.map_err(|e| error::graphql(&e))?;
    let documents = page.matches.iter().cloned().map(Document::new).collect::<Result<_>>()?;
    Ok(EverythingConnection { page, documents })
}
