//! One store over one pool: what goes in and out of every function. The SQL is in the submodules.

mod account;
mod act;
mod app;
mod attest;
mod audit;
mod bell;
pub mod body;
mod care;
mod chart;
mod condition;
mod denial;
mod draft;
mod glass;
mod history;
mod job;
mod kept;
mod kept_search;
mod live;
mod number;
mod oauth;
mod open;
mod outbox;
mod paired;
mod parameter;
mod patient_list;
mod proxy;
mod read;
mod recent;
mod referrer;
mod role_table;
mod row;
mod saved_query;
mod seal;
mod sealed;
mod search;
mod second_factor;
mod session;
mod sql;
mod stored_type;
mod subscription;
mod together;
mod tries;
mod user;
mod vault;
mod write;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::patch::Patch;
use fhir::search::key::Keys;
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr};

pub use account::{NewToken, SystemAccount};
pub use act::{Deed, Fact, Refusal};
pub use app::{AppChange, OwnGrant, launches};
pub use audit::{
    AuditEntry, AuditFilter, AuditPage, AuditRow, Break, Members, PARAMETERS as AUDIT_PARAMETERS, Verified, What,
};
pub use care::{CarePolicy, Sought};
pub use condition::{Conditions, Criterion, Decide, Match};
pub use draft::{DraftKept, DraftText, PrivateDraft};
pub use glass::{ChartGrant, EMERGENCY, Emergency, Review};
pub use history::{HistoryEntry, HistoryOf, HistoryPage, HistoryRequest};
pub use job::{
    Advance, Associated, Claim, Export, ImportInput, JobFile, JobState, JobStatus, KEPT as JOB_KEPT, Reindex, Source,
    TypeFilter, Whose,
};
pub use kept_search::SEARCH_KEPT;
pub use live::{Interest, Notice, QUEUE, Reason, Subscription};
pub use oauth::{AppClient, ClientKind, Grant, Introspection, Issued, NewClient, NewGrant, NewLaunch, SigningKey};
pub use open::{StoreConfig, analyze, migrate};
pub use outbox::{Event, KEPT};
pub use parameter::Parameters;
pub use role_table::{RoleCell, RoleLine, Seen};
pub use saved_query::SavedQuery;
pub use search::{
    Change, ChangePage, Count, Included, MAX_INCLUDED, Page, PageRequest, PeopleGroup, TimelineEntry, TimelinePage,
    may_decide,
};
pub use second_factor::{HALF, Half, SecondFactor};
pub use session::{PersonAccount, SessionEnd, SignIn, SignedIn};
pub use subscription::{Broken, Due, Matched, Status, Subscriber, ToldSecret, Waiting};
pub use tries::Allowance;
pub use user::{DEMO_PASSWORD, OwnSession, UserAccount, UserChange};

use crate::actor::Sight;
use crate::gate::WriteGate;
use crate::outbound::Reach;
use crate::trail::About;
use crate::{Actor, StoreError};
use recent::Recent;
use together::Together;

/// The store. Cheap to clone; all state that matters is in PostgreSQL.
#[derive(Clone)]
pub struct Store(Arc<Parts>);

impl std::ops::Deref for Store {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What a store is made of; nobody outside sees into it.
#[derive(Clone)]
pub struct Parts {
    pub(crate) db: DatabaseConnection,
    /// Where reading statements are planned once, whatever their values.
    pub(crate) once: kept::Kept,
    /// Where searches are planned by their values.
    pub(crate) anew: kept::Kept,
    pub(crate) keys: Keys,
    pub(crate) seal: seal::Seal,
    /// Where the server's key is known.
    pub(crate) vault: Option<vault::Vault>,
    /// Where single writes wait for a transaction that they share.
    pub(crate) sharing: write::Sharing,
    /// Row keys taken from the sequence and not used yet: `[next, end)`.
    pub(crate) rids: Arc<tokio::sync::Mutex<(i64, i64)>>,
    /// Turns of the transactions that take very many locks.
    pub(crate) wide: Arc<tokio::sync::Semaphore>,
    pub(crate) wide_charts: Arc<tokio::sync::Semaphore>,
    pub(crate) gate: Arc<dyn WriteGate>,
    pub(crate) reads: Together<(ResourceType, Sight), String, (Lookup, About)>,
    pub(crate) audit: audit::Queue,
    pub(crate) tokens: Recent<Actor>,
    /// Of what people granted to applications; apart, because only one door honours them.
    pub(crate) grants: Recent<Actor>,
    pub(crate) sessions: Recent<SignedIn>,
    pub(crate) definitions: search::Definitions,
    /// Whether a document must conform to the loaded profiles it claims.
    pub(crate) checks_claims: bool,
    /// Whom staff see.
    pub(crate) care_policy: CarePolicy,
    /// What endpoints of Subscription resources may be.
    pub(crate) reach: Reach,
    /// Where clients reach it.
    pub(crate) base_url: Option<Arc<str>>,
    /// As `sessions`, for those who look without being seen.
    pub(crate) glances: Recent<SignedIn>,
    /// The search parameters beside R4's own.
    pub(crate) known: parameter::Known,
    pub(crate) hub: live::Hub,
    pub(crate) stored: Arc<stored_type::Known>,
    pub(crate) bell: bell::Bell,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// One version of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub resource_type: ResourceType,
    pub id: String,
    pub version_id: i32,
    pub last_updated: DateTime<Utc>,
    /// JSON text with `id` and `meta` as served.
    pub body: String,
}

/// The answer to a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    Found(Stored),
    /// The version of the deletion.
    Deleted {
        version_id: i32,
        last_updated: DateTime<Utc>,
    },
    /// Absent, or not to be seen by this actor.
    Absent,
}

/// A set of writes that commit together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub writes: Vec<Write>,
    /// What the writes are as an act of the actor: recorded as a Provenance of all versions written, in the same transaction.
    pub act: Option<Attestation>,
}

impl Plan {
    /// Writes that are no act: what came by FHIR says itself where it is from.
    pub fn of(writes: Vec<Write>) -> Self {
        Self { writes, act: None }
    }
}

/// What the actor did, as its Provenance says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The name of the act, such as `conditionRecord`.
    pub activity: &'static str,
    /// Why, in the actor's words.
    pub reason: Option<String>,
}

/// One write of one resource. No two writes of a plan name the same resource.
#[derive(Debug, Clone)]
pub struct Write {
    pub resource_type: ResourceType,
    pub id: String,
    pub act: Act,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// A new resource under an id that the caller minted from [`crate::Request::ids`]. `body` is JSON text; its own id is replaced.
    Create { body: String },
    /// A new version. `expected` is checked ([`StoreError::Stale`]); 0 says that there is none yet. An absent or deleted id is created or revived when
    /// `may_create`, else [`StoreError::NotFound`].
    Update { body: String, expected: Option<i32>, may_create: bool },
    /// A new version made from the current one, which is read under its lock. `expected` is checked ([`StoreError::Stale`]).
    Patch { patch: Patch, expected: Option<i32> },
    /// A deletion; absent or already deleted is no error.
    Delete { expected: Option<i32> },
}

/// What became of each write, in the order of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Created(Stored),
    Updated(Stored),
    /// The version of the deletion; `None` when there was nothing to delete.
    Deleted(Option<(i32, DateTime<Utc>)>),
}

/// A version in a history. `body` is `None` for a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub version_id: i32,
    pub last_updated: DateTime<Utc>,
    /// `C`, `U` or `D`.
    pub operation: char,
    pub body: Option<String>,
}

/// What the driver itself answered.
pub(crate) fn driver_error(error: sea_orm::sqlx::Error) -> StoreError {
    database_error(&DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))))
}

/// Maps a database error to its cause by SQLSTATE; the message, which may hold values, is dropped.
///
/// Source: PostgreSQL manual, appendix A.
pub(crate) fn database_error(error: &DbErr) -> StoreError {
    const UNAVAILABLE: StoreError = StoreError::Unavailable { retry_after_s: 1, full: false };
    let runtime = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return UNAVAILABLE,
        DbErr::Exec(e) | DbErr::Query(e) => e,
        _ => return StoreError::Internal("the database answered in an unexpected shape".into()),
    };
    let RuntimeErr::SqlxError(cause) = runtime else { return StoreError::Internal("database driver".into()) };
    match cause.as_ref() {
        sea_orm::sqlx::Error::Database(database) => {
            let state = database.code().unwrap_or_default().into_owned();
            match state.as_str() {
                "57014" => StoreError::Timeout,
                "53100" => StoreError::Unavailable { retry_after_s: 30, full: true },
                "40001" | "40P01" | "55P03" | "23505" => StoreError::Contention { sql_state: state },
                s if s.starts_with("08") || s.starts_with("53") || s.starts_with("57P") => UNAVAILABLE,
                _ => StoreError::Internal(format!("SQLSTATE {state}")),
            }
        }
        sea_orm::sqlx::Error::Io(_) | sea_orm::sqlx::Error::PoolTimedOut | sea_orm::sqlx::Error::PoolClosed => {
            UNAVAILABLE
        }
        _ => StoreError::Internal("database driver".into()),
    }
}
