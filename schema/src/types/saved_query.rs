//! Questions that the asking party keeps to ask again, and phrases for notes. Nobody else sees them.

use async_graphql::{Enum, InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::store::SavedQuery as Kept;

use crate::error;
use crate::scalar::Instant;
use crate::session::{Session, invalid};

/// Longest name, in characters.
const NAME: usize = 100;
/// Longest text, in bytes.
const BODY: usize = 16 * 1024;

/// What is kept.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum SavedQueryKind {
    /// A FHIR search: type and parameters, as in its address.
    Fhir,
    /// A GraphQL document.
    Graphql,
    /// Words that a note is written with. Its name is letters, digits and hyphens, since it is typed behind a dot.
    Phrase,
}

impl SavedQueryKind {
    fn code(self) -> &'static str {
        match self {
            Self::Fhir => "fhir",
            Self::Graphql => "graphql",
            Self::Phrase => "phrase",
        }
    }
}

/// A question or a phrase that is kept.
#[derive(SimpleObject)]
pub struct SavedQuery {
    /// What it is called.
    pub name: String,
    /// The question, or the words.
    pub text: String,
    /// When it was kept.
    pub saved_at: Instant,
}

/// A question or a phrase to be kept.
#[derive(InputObject)]
pub struct SavedQuerySaveInput {
    /// What kind.
    pub kind: SavedQueryKind,
    /// What it is called, at most 100 characters. One of that name is replaced.
    pub name: String,
    /// The question, or the words, at most 16 KiB.
    pub text: String,
}

/// A question or a phrase to be removed.
#[derive(InputObject)]
pub struct SavedQueryRemoveInput {
    /// What kind.
    pub kind: SavedQueryKind,
    /// What it is called.
    pub name: String,
}

/// What of the kind is kept now.
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
    let typed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if input.kind == SavedQueryKind::Phrase && !name.chars().all(typed) {
        return Err(invalid("input.name", "the name of a phrase has letters, digits and hyphens only"));
    }
    if input.text.trim().is_empty() || input.text.len() > BODY {
        return Err(invalid("input.text", format!("a text has 1 to {BODY} bytes")));
    }
    let (store, kind) = (&session.store, input.kind.code());
    let kept = store.save_query(&session.actor, &session.request, kind, name, &input.text).await;
    kept.map_err(|e| error::graphql(&e))?;
    Ok(SavedQueriesPayload { queries: all(session, input.kind).await? })
}

pub(crate) async fn remove(session: &Session, input: SavedQueryRemoveInput) -> Result<SavedQueriesPayload> {
    let removed = session.store.remove_query(&session.actor, input.kind.code(), input.name.trim()).await;
    if !removed.map_err(|e| error::graphql(&e))? {
        return Err(invalid("input.name", "nothing is kept under this name"));
    }
    Ok(SavedQueriesPayload { queries: all(session, input.kind).await? })
}
