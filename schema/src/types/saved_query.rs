//! Questions that the asking party keeps to ask again. Nobody else sees them.

use async_graphql::{Enum, InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::store::SavedQuery as Kept;

use crate::error;
use crate::scalar::Instant;
use crate::session::{Session, invalid};

/// Longest name of a question, in characters.
const NAME: usize = 100;
/// Longest text of a question, in bytes.
const BODY: usize = 16 * 1024;

/// What kind of question.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum SavedQueryKind {
    /// A FHIR search: type and parameters, as in its address.
    Fhir,
    /// A GraphQL document.
    Graphql,
}

impl SavedQueryKind {
    fn code(self) -> &'static str {
        match self {
            Self::Fhir => "fhir",
            Self::Graphql => "graphql",
        }
    }
}

/// A question that is kept.
#[derive(SimpleObject)]
pub struct SavedQuery {
    /// What it is called.
    pub name: String,
    /// The question.
    pub text: String,
    /// When it was kept.
    pub saved_at: Instant,
}

/// A question to be kept.
#[derive(InputObject)]
pub struct SavedQuerySaveInput {
    /// What kind.
    pub kind: SavedQueryKind,
    /// What it is called, at most 100 characters. One of that name is replaced.
    pub name: String,
    /// The question, at most 16 KiB.
    pub text: String,
}

/// A question to be removed.
#[derive(InputObject)]
pub struct SavedQueryRemoveInput {
    /// What kind.
    pub kind: SavedQueryKind,
    /// What it is called.
    pub name: String,
}

/// The questions of the kind as they are kept now.
#[derive(SimpleObject)]
pub struct SavedQueriesPayload {
    /// By name.
    pub queries: Vec<SavedQuery>,
}

pub(crate) async fn all(session: &Session, kind: SavedQueryKind) -> Result<Vec<SavedQuery>> {
    let kept = session.store.saved_queries(&session.actor, kind.code()).await.map_err(|e| error::graphql(&e))?;
    let read = |one: Kept| SavedQuery {
        name: one.name,
        text: one.body,
        saved_at: Instant(one.saved_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
    };
    Ok(kept.into_iter().map(read).collect())
}

pub(crate) async fn save(session: &Session, input: SavedQuerySaveInput) -> Result<SavedQueriesPayload> {
    let name = input.name.trim();
    if !(1..=NAME).contains(&name.chars().count()) {
        return Err(invalid("input.name", format!("a name has 1 to {NAME} characters")));
    }
    if input.text.trim().is_empty() || input.text.len() > BODY {
        return Err(invalid("input.text", format!("a question has 1 to {BODY} bytes")));
    }
    let (store, kind) = (&session.store, input.kind.code());
    let kept = store.save_query(&session.actor, &session.request, kind, name, &input.text).await;
    kept.map_err(|e| error::graphql(&e))?;
    Ok(SavedQueriesPayload { queries: all(session, input.kind).await? })
}

pub(crate) async fn remove(session: &Session, input: SavedQueryRemoveInput) -> Result<SavedQueriesPayload> {
    let removed = session.store.remove_query(&session.actor, input.kind.code(), input.name.trim()).await;
    if !removed.map_err(|e| error::graphql(&e))? {
        return Err(invalid("input.name", "no question is kept under this name"));
    }
    Ok(SavedQueriesPayload { queries: all(session, input.kind).await? })
}
