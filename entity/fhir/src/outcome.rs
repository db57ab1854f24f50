//! The issues a FHIR server reports, and their rendering as OperationOutcome.

use crate::json::{self, Json};

/// `OperationOutcome.issue.severity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Fatal,
    Error,
    Warning,
    Information,
}

impl Severity {
    pub fn code(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }
}

/// `OperationOutcome.issue.code` (<https://hl7.org/fhir/R4/valueset-issue-type.html>), the codes this server uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueType {
    Invalid,
    Structure,
    Required,
    Value,
    Invariant,
    Login,
    Forbidden,
    Expired,
    NotSupported,
    NotFound,
    Deleted,
    MultipleMatches,
    Duplicate,
    TooLong,
    TooCostly,
    CodeInvalid,
    BusinessRule,
    Conflict,
    Transient,
    Timeout,
    Throttled,
    NoStore,
    Exception,
    Informational,
}

impl IssueType {
    pub fn code(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::Login => "login",
            Self::Forbidden => "forbidden",
            Self::Expired => "expired",
            Self::NotSupported => "not-supported",
            Self::NotFound => "not-found",
            Self::Deleted => "deleted",
            Self::MultipleMatches => "multiple-matches",
            Self::Duplicate => "duplicate",
            Self::TooLong => "too-long",
            Self::TooCostly => "too-costly",
            Self::CodeInvalid => "code-invalid",
            Self::BusinessRule => "business-rule",
            Self::Conflict => "conflict",
            Self::Transient => "transient",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::NoStore => "no-store",
            Self::Exception => "exception",
            Self::Informational => "informational",
        }
    }
}

/// One finding. `expression` is the FHIRPath of the culprit, such as `Patient.name[0].given`; empty when there is no place.
/// `diagnostics` names the culprit and never holds SQL or the values of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub severity: Severity,
    pub code: IssueType,
    pub diagnostics: String,
    pub expression: Vec<String>,
}

impl Issue {
    pub fn error(code: IssueType, diagnostics: impl Into<String>) -> Self {
        Self { severity: Severity::Error, code, diagnostics: diagnostics.into(), expression: Vec::new() }
    }

    pub fn warning(code: IssueType, diagnostics: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, diagnostics) }
    }

    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression.push(expression.into());
        self
    }

    pub fn blocks(&self) -> bool {
        matches!(self.severity, Severity::Fatal | Severity::Error)
    }
}

/// The OperationOutcome of these issues as JSON text. An empty list is the information "All OK".
pub fn operation_outcome(issues: &[Issue]) -> String {
    let all_ok = [Issue {
        severity: Severity::Information,
        code: IssueType::Informational,
        diagnostics: "All OK".into(),
        expression: Vec::new(),
    }];
    let issues = if issues.is_empty() { &all_ok[..] } else { issues };
    let issue = issues
        .iter()
        .map(|i| {
            let mut o = json::Object::new();
            o.push("severity", Json::from(i.severity.code()));
            o.push("code", Json::from(i.code.code()));
            o.push("diagnostics", Json::from(i.diagnostics.as_str()));
            if !i.expression.is_empty() {
                o.push("expression", Json::Array(i.expression.iter().map(|e| Json::from(e.as_str())).collect()));
            }
            Json::Object(o)
        })
        .collect();
    let mut outcome = json::Object::new();
    outcome.push("resourceType", Json::from("OperationOutcome"));
    outcome.push("issue", Json::Array(issue));
    Json::Object(outcome).to_text()
}
