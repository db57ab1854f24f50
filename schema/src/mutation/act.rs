//! How an act is carried out: one transaction with its Provenance, bound to its input by the idempotency key, and answered in the words
//! of the chart. What a clinician can act on is a member of the act's outcome; what only an operator can act on is an error.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_graphql::{Enum, ID, InputType, Result, SimpleObject};
use chrono::TimeDelta;
use entity::store::{
    Act as Change, Attestation, Conditions, Criterion, Deed, Fact, Lookup, Match, Outcome, Plan, Refusal, Stored, Write,
};
use entity::{Interaction, Request, StoreError};
use fhir::json::Object;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::Query;
use fhir::temporal::{self, Zone};
use fhir::{Issue, IssueType, Json, ResourceType, Severity};
use sha2::{Digest as _, Sha256};

use super::input::{Draft, Problems, reference};
use crate::document::Document;
use crate::error;
use crate::query::{Node, node, parts};
use crate::scalar::DateTime;
use crate::session::Session;
use crate::types::merged::linked;

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

/// As `outcome`, of an act that is judged on facts: it refuses in its own words, and its conditions cannot be met by documents.
macro_rules! judged {
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

        impl From<$crate::mutation::act::Refused> for $outcome {
            fn from(refused: $crate::mutation::act::Refused) -> Self {
                use $crate::mutation::act::Refused;
                match refused {
                    Refused::Stale(stale) => Self::Stale(stale),
                    Refused::NotPermitted(refused) => Self::NotPermitted(refused),
                    Refused::Invalid(invalid) => Self::Invalid(invalid),
                    Refused::Met(_) => unreachable!("it has facts and no conditions"),
                }
            }
        }

        impl $payload {
            /// The success made of what was written, or the refusal.
            fn of(
                acted: Result<Vec<$crate::document::Document>, $outcome>,
                success: impl FnOnce(Vec<$crate::document::Document>) -> async_graphql::Result<$success>,
            ) -> async_graphql::Result<Self> {
                let outcome = match acted {
                    Ok(saved) => $outcome::$success(success(saved)?),
                    Err(refused) => refused,
                };
                Ok(Self { outcome })
            }
        }
    };
}
pub(super) use judged;

impl Refused {
    /// One thing that is wrong with what was told, found only when the record was read.
    pub fn invalid(place: &str, code: IssueType, text: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.add(place, code, text);
        Self::Invalid(Invalid::new(problems.0))
    }
}

impl Stale {
    /// What stands at another version than the one that was seen.
    pub fn of(current: &Document, expected: i32) -> Self {
        let stored = current.stored();
        Self {
            id: format!("{}/{}", stored.resource_type, stored.id).into(),
            expected_version: expected.to_string(),
            current_version: stored.version_id.to_string(),
            current: Some(node(current.clone())),
        }
    }
}

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
    needs: Vec<(Interaction, ResourceType)>,
    charts: Vec<String>,
    turns: Vec<Query>,
    facts: Vec<Fact>,
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
            needs: Vec::new(),
            charts: Vec::new(),
            turns: Vec::new(),
            facts: Vec::new(),
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

    /// Who acts, as a reference with the name of the account, when the record knows them.
    pub fn author(&self) -> Option<Json<'static>> {
        let actor = &self.session.actor;
        let mut author = actor.fhir_user.as_deref().map(reference)?;
        if let (Json::Object(author), Some(name)) = (&mut author, &actor.name) {
            author.push("display", name.clone().into());
        }
        Some(author)
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
        let Some(found) = self.existing("patient", id, &[ResourceType::Patient]).await? else { return Ok(None) };
        if let Some(by) = linked(&found, "replaced-by").next() {
            let text = format!("the record was merged into Patient/{by}; record it there");
            self.problems.add("patient", IssueType::BusinessRule, text);
        }
        Ok(Some(reference(id)))
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

    /// A time that has come, give or take a minute of clocks that differ.
    pub fn past(&mut self, place: &str, time: Option<&DateTime>) {
        let read = time.and_then(|t| temporal::read(&t.0, Zone::UTC).ok());
        // A day without a zone has come somewhere on earth.
        let slack = |zone: Option<Zone>| if zone.is_some() { TimeDelta::minutes(1) } else { TimeDelta::hours(14) };
        if read.is_some_and(|t| t.interval.low > (self.session.now + slack(t.zone)).timestamp_micros()) {
            self.problems.add(place, IssueType::BusinessRule, "it lies in the future");
        }
    }

    /// What a write that is decided on facts will have to be permitted.
    pub fn needs(&mut self, interaction: Interaction, resource_type: ResourceType) {
        self.needs.push((interaction, resource_type));
    }

    /// The chart that is decided on: nobody else writes to it until this act is committed.
    pub fn chart(&mut self, patient: &str) {
        self.charts.extend(patient.strip_prefix("Patient/").map(ToOwned::to_owned));
    }

    fn query(&mut self, resource_type: ResourceType, pairs: &[(&str, String)]) -> Option<Query> {
        let pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        match parse(resource_type, &pairs, Handling::Strict, self.session.now, &Options::default()) {
            Ok(parsed) => Some(parsed.query),
            Err(issues) => {
                self.problems.0.extend(issues);
                None
            }
        }
    }

    /// Acts that take a turn under the same criteria follow one another.
    pub fn turn(&mut self, resource_type: ResourceType, pairs: &[(&str, String)]) {
        let query = self.query(resource_type, pairs);
        self.turns.extend(query);
    }

    /// A search whose matches are judged; in the order of these calls.
    pub fn fact(&mut self, resource_type: ResourceType, pairs: &[(&str, String)], how: Facts) {
        let (changes, sample, unseen) = match how {
            Facts::All => (false, None, false),
            Facts::Changed => (true, None, false),
            Facts::Some => (false, Some(TOLD), false),
            Facts::Unseen => (false, Some(TOLD), true),
            Facts::ChangedUnseen => (true, None, true),
        };
        let query = self.query(resource_type, pairs);
        self.facts.extend(query.map(|query| Fact { query, changes, sample, unseen }));
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

    /// A write that was made with an id of its own.
    pub fn add(&mut self, write: Write) {
        self.writes.push(write);
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
        self.editing_at(("id", "expectedVersion"), id, version, types).await
    }

    /// As [`Act::editing`], where the input has id and version in these places.
    pub async fn editing_at(
        &mut self,
        (id_place, version_place): (&str, &str),
        id: &ID,
        version: &str,
        types: &[ResourceType],
    ) -> Result<Option<(Document, i32, Draft)>> {
        let Some(expected) = version.parse::<i32>().ok().filter(|v| *v > 0) else {
            self.problems.add(version_place, IssueType::Value, "a version counts from 1");
            return Ok(None);
        };
        let Some(found) = self.existing(id_place, id, types).await? else { return Ok(None) };
        let Some(document) = found.json().as_object().cloned() else { return Ok(None) };
        Ok(Some((found, expected, Draft { document })))
    }

    /// Commits what was drafted and what `judge` adds, given the matches of each fact; or nothing, when it refuses. The documents are those
    /// of the writes, in their order. `judge` is asked again when the transaction is tried again.
    ///
    /// # Errors
    /// What only an operator can act on.
    pub async fn commit_if<O: From<Refused> + Send>(
        self,
        judge: impl Fn(&[Vec<Document>]) -> std::result::Result<Vec<Write>, O> + Send + Sync,
    ) -> Result<std::result::Result<Vec<Document>, O>> {
        if !self.problems.0.is_empty() {
            return Ok(Err(Refused::Invalid(Invalid::new(self.problems.0)).into()));
        }
        let session = self.session;
        let request = Request { idempotency_key: self.key, ..session.request.clone() };
        let deed = Deed {
            act: Attestation { activity: self.name, reason: self.reason },
            fingerprint: self.fingerprint,
            writes: self.writes,
            needs: self.needs,
            charts: self.charts,
            turns: self.turns,
            facts: self.facts,
        };
        let judge = |facts: &[Vec<Stored>]| {
            let read = |found: &Vec<Stored>| found.iter().filter_map(|s| Document::new(s.clone()).ok()).collect();
            let facts: Vec<Vec<Document>> = facts.iter().map(read).collect();
            judge(&facts)
        };
        match session.store.act(&session.actor, &request, &deed, &judge).await {
            Ok(outcomes) => documents(outcomes).map(Ok),
            Err(Refusal::Act(refused)) => Ok(Err(refused)),
            Err(Refusal::Store(refusal)) => Ok(Err(refused(session, refusal).await?.into())),
        }
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
        documents(outcomes).map(Ok)
    }
}

/// How a fact is looked at.
#[derive(Clone, Copy)]
pub(super) enum Facts {
    All,
    /// All, and they may be changed.
    Changed,
    /// A few are enough to refuse.
    Some,
    /// As `Some`, and what the person may not see counts too.
    Unseen,
    /// As `Changed`, and what the person may not see counts too. Changing it is still asked of the person's role.
    ChangedUnseen,
}

fn documents(outcomes: Vec<Outcome>) -> Result<Vec<Document>> {
    let written = outcomes.into_iter().filter_map(|outcome| match outcome {
        Outcome::Created(stored) | Outcome::Updated(stored) => Some(Document::new(stored)),
        Outcome::Deleted(_) => None,
    });
    written.collect()
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
