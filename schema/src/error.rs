//! Store errors as GraphQL errors: a message for people, `extensions { code issue expression }` for programs.

use async_graphql::{Context, Error, ErrorExtensions as _, Result};
use entity::StoreError;

/// The `code` of an error. Exhaustive, so that a new cause cannot ship without one.
pub fn code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Forbidden { .. } | StoreError::NotPermitted(_) => "NOT_PERMITTED",
        StoreError::NotFound { .. } | StoreError::NoCreateByUpdate { .. } => "NOT_FOUND",
        StoreError::Gone { .. } => "DELETED",
        StoreError::Stale { .. } => "STALE",
        StoreError::MultipleMatches { .. } => "MULTIPLE_MATCHES",
        StoreError::Conflict(_) | StoreError::Contention { .. } => "CONFLICT",
        StoreError::KeyReused => "IDEMPOTENCY_KEY_REUSED",
        StoreError::NotSupported(_) => "NOT_SUPPORTED",
        StoreError::TooCostly(_) => "TOO_COSTLY",
        StoreError::BadToken => "BAD_CURSOR",
        StoreError::Invalid(_) | StoreError::InvalidWrite { .. } | StoreError::NotValid { .. } => "INVALID",
        StoreError::Refused(_) => "REFUSED",
        StoreError::Unavailable { .. } => "UNAVAILABLE",
        StoreError::Timeout => "TIMEOUT",
        StoreError::Internal(_) => "INTERNAL",
        StoreError::AtEntry { error, .. } => code(error),
    }
}

/// The GraphQL error. An internal cause shows its class only: SQLSTATE and constraint names belong in the log.
pub fn graphql(error: &StoreError) -> Error {
    let issues = error.issues();
    let message = if matches!(error, StoreError::Internal(_)) {
        "internal error".to_owned()
    } else {
        issues.iter().map(|i| i.diagnostics.as_str()).collect::<Vec<_>>().join("; ")
    };
    let issue = error.issue_type();
    let expression: Vec<String> = issues.into_iter().flat_map(|i| i.expression).collect();
    Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code(error));
        extensions.set("issue", issue.code());
        if !expression.is_empty() {
            extensions.set("expression", expression.clone());
        }
    })
}

/// Null in the place of what could not be read, with its error there. A person who may see who the patient is but not what is known
/// about them gets the rest; every list of a chart is nullable for this. A `Result` would leave the field out of the answer instead.
pub async fn or_null<T>(ctx: &Context<'_>, read: impl Future<Output = Result<T>>) -> Option<T> {
    match read.await {
        Ok(value) => Some(value),
        Err(error) => {
            ctx.add_error(ctx.set_error_path(error.into_server_error(ctx.item.pos)));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fhir::{Issue, IssueType};

    #[test]
    fn an_invalid_document_names_its_places() {
        let error =
            graphql(&StoreError::Invalid(vec![Issue::error(IssueType::Value, "not a date").at("Patient.birthDate")]));
        assert_eq!(error.message, "not a date");
        let extensions = serde_json::to_value(error.extensions.expect("set")).expect("serialises");
        assert_eq!(
            extensions,
            serde_json::json!({"code": "INVALID", "issue": "invalid", "expression": ["Patient.birthDate"]})
        );
    }

    #[test]
    fn s18_an_internal_error_shows_no_detail() {
        let error = graphql(&StoreError::Internal("23505 patient_pkey".into()));
        assert_eq!(error.message, "internal error");
        let extensions = serde_json::to_value(error.extensions.expect("set")).expect("serialises");
        assert_eq!(extensions, serde_json::json!({"code": "INTERNAL", "issue": "exception"}));
    }
}
