//! The write gate: what clinical safety has to say about a write before it is committed, whichever door it came through.
//!
//! Declared here without IO, so that one table test covers every door; the store does the reading (`store/chart.rs`). It knows no drug and
//! no order: its implementation does.

use chrono::{DateTime, Utc};
use fhir::search::query::Query;
use fhir::{Issue, ResourceType};

use crate::Actor;
use crate::store::{Stored, Write};

/// A resource that is about to change. Bodies are JSON text with `id` and `meta` as served.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    pub resource_type: ResourceType,
    pub id: &'a str,
    /// The current version; `None` when there is none or it is deleted.
    pub before: Option<&'a str>,
    /// The version to be; `None` for a deletion.
    pub after: Option<&'a str>,
}

/// What a gate has to know, and how firmly.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Whether nobody else may write to the charts concerned between the reading of the facts and the commit. An act that decides on a
    /// chart (activating an order, dispensing, administering, merging) needs that; whatever only adds to it does not.
    pub exclusive: bool,
    /// Searches whose matches are the facts. They are answered in full sight: what the writer may not see counts for safety all the same.
    pub facts: Vec<Query>,
}

/// The matches of each of [`Needs::facts`], in that order.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub found: Vec<Vec<Stored>>,
}

/// Clinical safety at the one write path. Both questions are pure: they are asked again when a write is tried again.
pub trait WriteGate: Send + Sync {
    /// Whether changes of this type are shown to the gate at all.
    fn guards(&self, resource_type: ResourceType) -> bool;

    /// What is needed to decide on these changes, all of guarded types.
    fn needs(&self, changes: &[Change<'_>], actor: &Actor) -> Needs;

    /// Creations that belong into the same transaction, or why it is refused. `mint` gives ids for them.
    ///
    /// # Errors
    /// The issues of the refusal; the write is answered with [`crate::StoreError::Refused`] and nothing of it is stored.
    fn decide(
        &self,
        changes: &[Change<'_>],
        facts: &Facts,
        actor: &Actor,
        now: DateTime<Utc>,
        mint: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Write>, Vec<Issue>>;
}

/// Guards nothing: there is no ordering, dispensing or administration whose safety would have to be decided.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unguarded;

impl WriteGate for Unguarded {
    fn guards(&self, _: ResourceType) -> bool {
        false
    }

    fn needs(&self, _: &[Change<'_>], _: &Actor) -> Needs {
        Needs::default()
    }

    fn decide(
        &self,
        _: &[Change<'_>],
        _: &Facts,
        _: &Actor,
        _: DateTime<Utc>,
        _: &mut dyn FnMut() -> String,
    ) -> Result<Vec<Write>, Vec<Issue>> {
        Ok(Vec::new())
    }
}
