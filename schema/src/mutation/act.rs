//! How an act is carried out: one transaction with its Provenance, bound to its input by the idempotency key, and answered in the words
//! of the chart. What a clinician can act on is a member of the act's outcome; what only an operator can act on is an error.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_graphql::{Enum, ID, InputType, Result, SimpleObject};
use entity::store::{Act as Change, Attestation, Conditions, Criterion, Lookup, Match, Outcome, Plan, Write};
use entity::{Request, StoreError};
use fhir::json::Object;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::{Issue, IssueType, Json, ResourceType, Severity};
use sha2::{Digest as _, Sha256};

use super::input::{Draft, Problems, reference};
use crate::document::Document;
use crate::error;
use crate::query::{Node, node, parts};
use crate::session::Session;

/// Most matches of a condition that are told.
const TOLD: u32 = 20;

/// How grave an issue is.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum IssueSeverity {
    /// Nothing was stored because of it.
    Error,
    /// Worth knowing.
    Warning,
    /// For information.
    Information,
}

/// Something that is wrong, and where.
#[derive(SimpleObject, Clone, Debug)]
pub struct InputIssue {
    /// How grave.
    pub severity: IssueSeverity,
    /// The FHIR issue type, such as `required`.
    pub code: String,
    /// Where: `input.…` for what was told, a FHIRPath expression for what it led to.
    pub expression: Vec<String>,
    /// In words.
    pub text: String,
}

/// Someone changed it meanwhile; nothing was written.
#[derive(SimpleObject)]
pub struct Stale {
    /// Of what was to be changed.
    pub id: ID,
    /// The version that the act was made on.
    pub expected_version: String,
    /// The version that is there now.
    pub current_version: String,
    /// How it stands now; null when it is gone or may not be seen.
    pub current: Option<Node>,
}

/// The act is not for this role; nothing was written.
#[derive(SimpleObject)]
pub struct NotPermitted {
    /// In words.
    pub message: String,
    /// The permission that is missing, as interaction and type.
    pub permission: String,
}

/// What was told cannot be recorded; nothing was written.
#[derive(SimpleObject)]
pub struct Invalid {
    /// All that is wrong.
    pub issues: Vec<InputIssue>,
}

/// Why an act was refused.
pub(super) enum Refused {
    Stale(Stale),
    NotPermitted(NotPermitted),
    Invalid(Invalid),
    /// Conditions of the act were met by these resources.
    Met(Vec<Document>),
}

/// Declares the outcome of an act as a union of its success, its own refusals and those every act has; and the payload that carries it.
macro_rules! outcome {
    ($(#[$doc:meta])* $outcome:ident, $payload:ident, $success:ident $(, $refusal:ident)* $(,)?) => {
        $(#[$doc])*
        #[derive(async_graphql::Union)]
        pub enum $outcome {
            $success($success),
            $($refusal($refusal),)*
            Stale($crate::mutation::act::Stale),
            NotPermitted($crate::mutation::act::NotPermitted),
            Invalid($crate::mutation::act::Invalid),
        }

        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $payload {
            /// What became of it.
            pub outcome: $outcome,
        }

        impl $outcome {
            /// The refusal that any act may have; `met` tells what a condition of this act means.
            fn refused(
                refused: $crate::mutation::act::Refused,
                met: impl FnOnce(Vec<$crate::document::Document>) -> Self,
            ) -> $payload {
                use $crate::mutation::act::Refused;
                $payload {
                    outcome: match refused {
                        Refused::Stale(stale) => Self::Stale(stale),
                        Refused::NotPermitted(refused) => Self::NotPermitted(refused),
                        Refused::Invalid(invalid) => Self::Invalid(invalid),
                        Refused::Met(documents) => met(documents),
                    },
                }
            }
        }
    };
}
pub(super) use outcome;

impl Invalid {
    pub fn new(issues: Vec<Issue>) -> Self {
        let told = |i: Issue| InputIssue {
            severity: match i.severity {
                Severity::Fatal | Severity::Error => IssueSeverity::Error,
                Severity::Warning => IssueSeverity::Warning,
                Severity::Information => IssueSeverity::Information,
            },
            code: i.code.code().to_owned(),
            expression: i.expression,
            text: i.diagnostics,
        };
        Self { issues: issues.into_iter().map(told).collect() }
    }
}

/// An act under way.
pub(super) struct Act<'s> {
    session: &'s Session,
    name: &'static str,
    fingerprint: Vec<u8>,
    key: Option<String>,
    pub reason: Option<String>,
    pub problems: Problems,
    unless: Vec<Criterion>,
    writes: Vec<Write>,
    minted: AtomicU64,
}

impl<'s> Act<'s> {
    /// `input` is what the idempotency key is bound to.
    pub fn new(session: &'s Session, name: &'static str, input: &impl InputType, key: Option<&String>) -> Self {
        let told = serde_json::to_string(&input.to_value()).unwrap_or_default();
        let mut act = Self {
            session,
            name,
            fingerprint: Sha256::new().chain_update(name).chain_update([0]).chain_update(told).finalize().to_vec(),
            key: key.cloned(),
            reason: None,
            problems: Problems::default(),
            unless: Vec::new(),
            writes: Vec::new(),
            minted: AtomicU64::new(0),
        };
        if key.is_some_and(|k| k.is_empty() || k.len() > 255) {
            act.problems.add("idempotencyKey", IssueType::Value, "1 to 255 characters");
        }
        act
    }

    pub fn session(&self) -> &'s Session {
        self.session
    }

    pub fn mint(&self) -> String {
        self.session.request.ids.nth(self.minted.fetch_add(1, Ordering::Relaxed))
    }

    /// Who acts, as a reference, when the record knows them.
    pub fn author(&self) -> Option<Json<'static>> {
        self.session.actor.fhir_user.as_deref().map(reference)
    }

    /// The instant of the act.
    pub fn now(&self) -> Json<'static> {
        self.session.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into()
    }

    /// A remark of the author, now.
    pub fn annotation(&mut self, place: &str, text: Option<&String>) -> Option<Json<'static>> {
        let text = self.problems.words(place, text)?;
        let mut note = Object::new();
        if let Some(author) = self.author() {
            note.push("authorReference", author);
        }
        note.push("time", self.now());
        note.push("text", text);
        Some(Json::Object(note))
    }

    /// The patient the act is about: a reference to one that is there.
    ///
    /// # Errors
    /// What only an operator can act on.
    pub async fn patient(&mut self, id: &ID) -> Result<Option<Json<'static>>> {
        self.existing("patient", id, &[ResourceType::Patient]).await.map(|found| found.map(|_| reference(id)))
    }

    /// A resource of one of these types that must be there. A hidden one is told like an absent one.
    pub async fn existing(&mut self, place: &str, id: &ID, types: &[ResourceType]) -> Result<Option<Document>> {
        if self.problems.reference(place, id, types).is_none() {
            return Ok(None);
        }
        let Some((resource_type, bare)) = parts(id) else { return Ok(None) };
        match self.session.store.read(&self.session.actor, resource_type, bare).await {
            Ok(Lookup::Found(stored)) => Document::new(stored).map(Some),
            Ok(Lookup::Deleted { .. } | Lookup::Absent) => {
                self.problems.add(place, IssueType::NotFound, format!("{} was not found", id.as_str()));
                Ok(None)
            }
            Err(StoreError::Forbidden { .. }) => {
                self.problems.add(place, IssueType::NotFound, format!("{} was not found", id.as_str()));
                Ok(None)
            }
            Err(other) => Err(error::graphql(&other)),
        }
    }

    /// The encounter of the act, which must be one of the same patient.
    pub async fn encounter(&mut self, id: Option<&ID>, patient: &ID) -> Result<Option<Json<'static>>> {
        let Some(id) = id else { return Ok(None) };
        let Some(found) = self.existing("encounter", id, &[ResourceType::Encounter]).await? else { return Ok(None) };
        if found.text(&["subject", "reference"]) != Some(patient.as_str()) {
            self.problems.add("encounter", IssueType::BusinessRule, "the encounter is of another patient");
        }
        Ok(Some(reference(id)))
    }

    /// Refuses the act when the search finds anything, decided under the lock of its criteria.
    pub fn unless(&mut self, resource_type: ResourceType, pairs: &[(&str, String)]) -> Result<()> {
        let pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let parsed = parse(resource_type, &pairs, Handling::Strict, self.session.now, &Options::default());
        let query = parsed.map_err(|issues| error::graphql(&StoreError::Invalid(issues)))?.query;
        self.unless.push(Criterion { query, limit: TOLD, exclusive: true });
        Ok(())
    }

    pub fn create(&mut self, draft: Draft) -> Option<String> {
        let resource_type = draft.document.get("resourceType").and_then(Json::as_str).and_then(ResourceType::named)?;
        let id = self.mint();
        self.writes.push(Write { resource_type, id: id.clone(), act: Change::Create { body: draft.text() } });
        Some(id)
    }

    /// A new version of what was read. `expected` is the version the caller saw.
    pub fn update(&mut self, of: &Document, expected: i32, draft: Draft) {
        let stored = of.stored();
        let act = Change::Update { body: draft.text(), expected: Some(expected), may_create: false };
        self.writes.push(Write { resource_type: stored.resource_type, id: stored.id.clone(), act });
    }

    /// What is to be changed: its document to be edited, and the version the caller saw.
    pub async fn editing(
        &mut self,
        id: &ID,
        version: &str,
        types: &[ResourceType],
    ) -> Result<Option<(Document, i32, Draft)>> {
        let Some(expected) = version.parse::<i32>().ok().filter(|v| *v > 0) else {
            self.problems.add("expectedVersion", IssueType::Value, "a version counts from 1");
            return Ok(None);
        };
        let Some(found) = self.existing("id", id, types).await? else { return Ok(None) };
        let Some(document) = found.json().as_object().cloned() else { return Ok(None) };
        Ok(Some((found, expected, Draft { document })))
    }

    /// Commits. The documents are those of the writes, in their order.
    ///
    /// # Errors
    /// What only an operator can act on.
    pub async fn commit(self) -> Result<std::result::Result<Vec<Document>, Refused>> {
        if !self.problems.0.is_empty() {
            return Ok(Err(Refused::Invalid(Invalid::new(self.problems.0))));
        }
        let session = self.session;
        let request = Request { idempotency_key: self.key, ..session.request.clone() };
        let conditions = Conditions { criteria: self.unless, fingerprint: self.fingerprint };
        let plan = Plan { writes: self.writes, act: Some(Attestation { activity: self.name, reason: self.reason }) };
        // A refused act leaves nothing behind, its key included: it may be sent again.
        let met = Mutex::new(Vec::new());
        let decide = |matches: &[Vec<Match>]| {
            let found: Vec<Vec<Match>> = matches.to_vec();
            let refuse = found.iter().any(|m| !m.is_empty());
            *met.lock().unwrap_or_else(PoisonError::into_inner) = found;
            if refuse {
                return Err(StoreError::Conflict("a condition of the act is met".into()));
            }
            Ok((Cow::Borrowed(&plan), ()))
        };
        let committed = session.store.commit_conditional(&session.actor, &request, &conditions, &decide).await;
        let met = met.into_inner().unwrap_or_else(PoisonError::into_inner);
        if committed.is_err() && met.iter().any(|m| !m.is_empty()) {
            let mut documents = Vec::new();
            let mut told = BTreeSet::new();
            for (criterion, matches) in conditions.criteria.iter().zip(met) {
                let ids: Vec<String> = matches.into_iter().map(|m| m.id).filter(|id| told.insert(id.clone())).collect();
                let found = session.store.read_many(&session.actor, criterion.query.resource_type, &ids).await;
                for stored in found.map_err(|e| error::graphql(&e))? {
                    documents.push(Document::new(stored)?);
                }
            }
            return Ok(Err(Refused::Met(documents)));
        }
        let outcomes = match committed {
            Ok((outcomes, ())) => outcomes,
            Err(refusal) => return refused(session, refusal).await.map(Err),
        };
        let documents = outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Created(stored) | Outcome::Updated(stored) => Some(Document::new(stored)),
            Outcome::Deleted(_) => None,
        });
        Ok(Ok(documents.collect::<Result<_>>()?))
    }
}

async fn refused(session: &Session, refusal: StoreError) -> Result<Refused> {
    Ok(match refusal {
        StoreError::Stale { resource_type, id, expected, current } => {
            let found = session.store.read(&session.actor, resource_type, &id).await;
            let found = match found {
                Ok(Lookup::Found(stored)) => Some(node(Document::new(stored)?)),
                _ => None,
            };
            Refused::Stale(Stale {
                id: format!("{resource_type}/{id}").into(),
                expected_version: expected.to_string(),
                current_version: current.to_string(),
                current: found,
            })
        }
        StoreError::Forbidden { interaction, resource_type } => Refused::NotPermitted(NotPermitted {
            message: format!("{interaction} on {resource_type} is not for your role"),
            permission: format!("{interaction} {resource_type}"),
        }),
        StoreError::Invalid(issues)
        | StoreError::InvalidWrite { issues, .. }
        | StoreError::NotValid { issues, .. }
        | StoreError::Refused(issues) => Refused::Invalid(Invalid::new(issues)),
        gone @ (StoreError::NotFound { .. } | StoreError::Gone { .. }) => Refused::Invalid(Invalid::new(gone.issues())),
        other => return Err(error::graphql(&other)),
    })
}
