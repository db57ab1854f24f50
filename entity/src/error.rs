//! Why the store refused or failed. Every cause has its values and its FHIR issue; nothing here holds SQL text or record values.

use fhir::{Issue, IssueType, ResourceType};

#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The role table or the token's scope does not permit this interaction.
    #[error("{interaction} on {resource_type} is not permitted")]
    Forbidden { interaction: &'static str, resource_type: ResourceType },
    /// What only others may do.
    #[error("{0}")]
    NotPermitted(&'static str),
    /// Absent, or outside what the actor may see: the two are never told apart.
    #[error("{resource_type}/{id} was not found")]
    NotFound { resource_type: ResourceType, id: String },
    /// An update of what is absent or not to be seen, by an actor who may not choose ids: the two are never told apart.
    #[error("{resource_type}/{id} is not there to be updated, and it cannot be created under that id")]
    NoCreateByUpdate { resource_type: ResourceType, id: String },
    #[error("{resource_type}/{id} was deleted")]
    Gone { resource_type: ResourceType, id: String },
    /// `expected` is not the current version.
    #[error("{resource_type}/{id} is at version {current}, not {expected}")]
    Stale { resource_type: ResourceType, id: String, expected: i32, current: i32 },
    /// A condition that must match at most one resource matched several.
    #[error("the criteria match more than one {resource_type}")]
    MultipleMatches { resource_type: ResourceType },
    #[error("{0}")]
    Conflict(String),
    /// Concurrent writers of the same rows; the write was tried again several times.
    #[error("the write lost against concurrent writers")]
    Contention { sql_state: String },
    /// The same idempotency key came with another body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A part of a query that cannot be answered exactly.
    #[error("{0}")]
    NotSupported(String),
    /// Too many candidates for an exact answer.
    #[error("{0}")]
    TooCostly(String),
    /// A page token or cursor that is damaged, of another query or of another actor.
    #[error("the page token is not valid for this request")]
    BadToken,
    /// The document or plan is not acceptable; the issues name the places.
    #[error("the content is not acceptable")]
    Invalid(Vec<Issue>),
    /// As [`StoreError::Invalid`], of the write at that place in the plan.
    #[error("the content of write {at} is not acceptable")]
    InvalidWrite { at: usize, issues: Vec<Issue> },
    /// A cause that lies in one entry of a bundle.
    #[error("Bundle.entry[{entry}]: {error}")]
    AtEntry { entry: usize, error: Box<StoreError> },
    /// The resource of the write at that place can be read and is not valid.
    #[error("the resource of write {at} is not valid")]
    NotValid { at: usize, issues: Vec<Issue> },
    /// A clinical gate refused.
    #[error("refused by a safety rule")]
    Refused(Vec<Issue>),
    /// The database is away, overloaded or full; the request may be repeated.
    #[error("the database is not available")]
    Unavailable { retry_after_s: u32, full: bool },
    #[error("the request took too long")]
    Timeout,
    /// A defect or an unexpected database answer: SQLSTATE and constraint only.
    #[error("internal error {0}")]
    Internal(String),
}

impl StoreError {
    /// The FHIR issue type of the cause.
    pub fn issue_type(&self) -> IssueType {
        match self {
            Self::Forbidden { .. } | Self::NotPermitted(_) => IssueType::Forbidden,
            Self::NotFound { .. } => IssueType::NotFound,
            Self::Gone { .. } => IssueType::Deleted,
            Self::Stale { .. } | Self::Conflict(_) | Self::Contention { .. } => IssueType::Conflict,
            Self::MultipleMatches { .. } => IssueType::MultipleMatches,
            Self::NoCreateByUpdate { .. } => IssueType::NotSupported,
            Self::KeyReused | Self::Refused(_) => IssueType::BusinessRule,
            Self::NotSupported(_) => IssueType::NotSupported,
            Self::TooCostly(_) => IssueType::TooCostly,
            Self::BadToken | Self::Invalid(_) | Self::InvalidWrite { .. } | Self::NotValid { .. } => IssueType::Invalid,
            Self::Unavailable { full: true, .. } => IssueType::NoStore,
            Self::Unavailable { .. } => IssueType::Transient,
            Self::Timeout => IssueType::Timeout,
            Self::Internal(_) => IssueType::Exception,
            Self::AtEntry { error, .. } => error.issue_type(),
        }
    }

    /// The issues to report: the cause's own where it has them.
    pub fn issues(&self) -> Vec<Issue> {
        match self {
            Self::Invalid(issues)
            | Self::InvalidWrite { issues, .. }
            | Self::NotValid { issues, .. }
            | Self::Refused(issues) => issues.clone(),
            Self::AtEntry { entry, .. } => {
                vec![Issue::error(self.issue_type(), self.to_string()).at(format!("Bundle.entry[{entry}]"))]
            }
            other => vec![Issue::error(other.issue_type(), other.to_string())],
        }
    }
}

impl From<fhir::terminology::Trouble> for StoreError {
    fn from(trouble: fhir::terminology::Trouble) -> Self {
        use fhir::terminology::Trouble;
        match trouble {
            Trouble::NotFound(text) => Self::Invalid(vec![Issue::error(IssueType::NotFound, text)]),
            Trouble::NotSupported(text) => Self::NotSupported(text),
            Trouble::TooCostly(text) => Self::TooCostly(text),
            Trouble::Invalid(text) => Self::Invalid(vec![Issue::error(IssueType::Invalid, text)]),
        }
    }
}

impl From<sea_orm::DbErr> for StoreError {
    fn from(error: sea_orm::DbErr) -> Self {
        crate::store::database_error(&error)
    }
}
