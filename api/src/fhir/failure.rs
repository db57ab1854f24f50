//! Every failure as an OperationOutcome with its status.

use axum::body::Body;
use axum::response::IntoResponse;
use entity::StoreError;
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueType};
use http::{HeaderValue, StatusCode, header};

use super::{Response, json};

/// Why a request was not carried out.
#[derive(Debug)]
pub enum Failure {
    /// Neither session nor token, or none that is good now.
    Login,
    Store(StoreError),
    /// Too much at once.
    Throttled {
        text: String,
        retry_after_s: u32,
    },
    Status(StatusCode, Vec<Issue>),
}

impl Failure {
    /// A request that cannot be read, in words.
    pub fn bad(text: &str) -> Self {
        Self::Status(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::Invalid, text)])
    }

    /// More requests of one account than are taken; `wait` is until the next one.
    pub(crate) fn too_fast(wait: chrono::TimeDelta) -> Self {
        let retry_after_s = u32::try_from(wait.num_milliseconds().max(1)).unwrap_or(u32::MAX).div_ceil(1_000);
        Self::Throttled { text: "too many requests of this account at once; try again".into(), retry_after_s }
    }

    /// Status and issues; an internal cause shows its class only.
    pub fn parts(&self) -> (StatusCode, Vec<Issue>) {
        match self {
            Self::Login => {
                let issue = Issue::error(IssueType::Login, "sign in, or send a bearer token");
                (StatusCode::UNAUTHORIZED, vec![issue])
            }
            Self::Store(StoreError::Internal(cause)) => {
                tracing::error!(cause, "a request failed");
                let issue = Issue::error(IssueType::Exception, "the server failed; its log has the cause");
                (StatusCode::INTERNAL_SERVER_ERROR, vec![issue])
            }
            Self::Store(error) => (status(error), error.issues()),
            Self::Throttled { text, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, vec![Issue::error(IssueType::Throttled, text.clone())])
            }
            Self::Status(status, issues) => (*status, issues.clone()),
        }
    }
}

/// The status of a cause. Exhaustive, so that a new cause cannot ship without one.
fn status(error: &StoreError) -> StatusCode {
    match error {
        StoreError::Forbidden { .. } | StoreError::NotPermitted(_) => StatusCode::FORBIDDEN,
        StoreError::NotFound { .. } => StatusCode::NOT_FOUND,
        StoreError::NoCreateByUpdate { .. } => StatusCode::METHOD_NOT_ALLOWED,
        StoreError::Gone { .. } => StatusCode::GONE,
        StoreError::Stale { .. } | StoreError::MultipleMatches { .. } => StatusCode::PRECONDITION_FAILED,
        StoreError::Conflict(_) | StoreError::Contention { .. } => StatusCode::CONFLICT,
        StoreError::KeyReused | StoreError::Refused(_) | StoreError::NotValid { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        StoreError::NotSupported(_) | StoreError::BadToken => StatusCode::BAD_REQUEST,
        StoreError::TooCostly(_) => StatusCode::PAYLOAD_TOO_LARGE,
        StoreError::Invalid(issues) | StoreError::InvalidWrite { issues, .. } => issues_status(issues),
        StoreError::Unavailable { full: true, .. } => StatusCode::INSUFFICIENT_STORAGE,
        StoreError::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        StoreError::Timeout => StatusCode::GATEWAY_TIMEOUT,
        StoreError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        StoreError::AtEntry { error, .. } => status(error),
    }
}

/// 400 for what cannot be read, 422 for what can be read but is not valid, 413 for what is too large.
pub(super) fn issues_status(issues: &[Issue]) -> StatusCode {
    match issues.iter().find(|i| i.blocks()).map(|i| i.code) {
        Some(IssueType::Required | IssueType::CodeInvalid | IssueType::Invariant | IssueType::BusinessRule) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Some(IssueType::TooLong | IssueType::TooCostly) => StatusCode::PAYLOAD_TOO_LARGE,
        Some(IssueType::MultipleMatches) => StatusCode::PRECONDITION_FAILED,
        Some(IssueType::NotFound) => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response<Body> {
        let (status, issues) = self.parts();
        let mut response: Response = json(status, operation_outcome(&issues));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::Store(StoreError::Unavailable { retry_after_s, .. }) | Self::Throttled { retry_after_s, .. } = self
        {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        response
    }
}
