//! One store over one pool: what goes in and out of every function. The SQL is in the submodules.

pub mod body;
pub mod sql;

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::key::Keys;
use fhir::search::query::Query;
use sea_orm::DatabaseConnection;

use crate::StoreError;

/// The store. Cheap to clone; all state is in PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    pub(crate) keys: Keys,
    /// 32 bytes that seal cursors and page tokens.
    pub(crate) seal_key: [u8; 32],
}

/// One version of one resource.
#[derive(Debug, Clone)]
pub struct Stored {
    pub resource_type: ResourceType,
    pub id: String,
    pub rid: i64,
    pub version_id: i32,
    pub last_updated: DateTime<Utc>,
    /// JSON text with `id` and `meta` as served.
    pub body: String,
}

/// The answer to a read.
#[derive(Debug, Clone)]
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

/// Which slice of a search is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Rows per page, already within the server's limits.
    pub limit: u32,
    /// An opaque token of an earlier page of the same query and actor.
    pub token: Option<String>,
    /// Whether the exact number of matches is wanted (`_total=accurate`, GraphQL `totalCount`).
    pub count_total: bool,
}

/// One page of matches in order, with what the query includes.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub matches: Vec<Match>,
    pub included: Vec<Stored>,
    /// Token of the following page, `None` on the last.
    pub next: Option<String>,
    pub previous: Option<String>,
    /// Exact number of matches when asked for, or when it was cheap to know; never an estimate.
    pub total: Option<u64>,
}

/// A match and the token that resumes after it (Relay cursor).
#[derive(Debug, Clone)]
pub struct Match {
    pub stored: Stored,
    pub cursor: String,
}

/// Bounds of a search over many patients at once (DataLoader): the newest `limit` per patient by the type's primary date.
#[derive(Debug, Clone)]
pub struct PerPatient {
    pub query: Query,
    pub limit: u32,
}

/// A set of writes that commit together.
#[derive(Debug, Clone)]
pub struct Plan {
    pub writes: Vec<Write>,
}

/// One write. Bodies are JSON text already validated by the caller's door through `fhir::validate`; the store validates again nothing,
/// but stamps id and meta, extracts the index and checks rights.
#[derive(Debug, Clone)]
pub struct Write {
    pub resource_type: ResourceType,
    pub act: Act,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// A new resource with this id (minted by the caller from `Request::ids`). With `if_none_exist`, nothing is written when one resource matches.
    Create { id: String, body: String, if_none_exist: Option<Query> },
    /// A new version. `expected` is checked (`Stale`); an absent id is created when `may_create`, else `NotFound`. A deleted one is revived when `may_create`.
    Update { id: String, body: String, expected: Option<i32>, may_create: bool },
    /// A deletion; absent or already deleted is no error.
    Delete { id: String, expected: Option<i32> },
}

/// What became of each write, in the order of the plan.
#[derive(Debug, Clone)]
pub enum Outcome {
    Created(Stored),
    Updated(Stored),
    /// The deletion's version; `None` when there was nothing to delete.
    Deleted(Option<(i32, DateTime<Utc>)>),
    /// `if_none_exist` matched this one.
    Existing(Stored),
}

/// Scope of a history.
#[derive(Debug, Clone)]
pub enum HistoryScope {
    Instance(ResourceType, String),
    Type(ResourceType),
}

#[derive(Debug, Clone, Default)]
pub struct HistoryRequest {
    pub since: Option<DateTime<Utc>>,
    pub limit: u32,
    pub token: Option<String>,
}

/// A version in a history, newest first. `body` is `None` for a deletion.
#[derive(Debug, Clone)]
pub struct Version {
    pub resource_type: ResourceType,
    pub id: String,
    pub version_id: i32,
    pub last_updated: DateTime<Utc>,
    /// `C`, `U` or `D`.
    pub operation: char,
    pub body: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct HistoryPage {
    pub versions: Vec<Version>,
    pub next: Option<String>,
    pub total: Option<u64>,
}

pub(crate) fn database_error(error: &sea_orm::DbErr) -> StoreError {
    StoreError::Internal(format!("{:?}", error.sql_err()))
}
