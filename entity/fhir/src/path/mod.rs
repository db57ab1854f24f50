//! FHIRPath 2.0 over [`Json`](crate::Json): parse once, evaluate many times, within a budget.
//!
//! Types of nodes come from the R4 definitions. It knows no clock, no store and no terminology: they are given in [`Context`].
//! Not here, and therefore an error: `defineVariable`, `subsumes`, `elementDefinition`, `slice`, `checkModifiers`.
//!
//! Source: FHIRPath 2.0.0 (<http://hl7.org/fhirpath/N1/>), FHIR R4 `fhirpath.html`, and the functions of later drafts that the R4
//! conformance suite asks for (`sort`, boundaries, `precision`, `comparable`).

pub mod ast;
mod check;
mod compare;
mod convert;
pub mod decimal;
mod eval;
mod function;
pub mod invariant;
mod lexer;
mod math;
pub(crate) mod model;
mod parser;
pub mod simple;
pub mod temporal;
mod text;
mod value;

pub use check::Check;
pub use eval::{Budget, Context, Trace};
pub use model::{Child, Choice, Primitive, Type};
pub use parser::MAX_NESTING;
pub use value::{Collection, Node, Quantity, Value};

use crate::outcome::IssueType;
use ast::Expr;

/// Longest expression taken from a user, in bytes.
pub const MAX_USER_LENGTH: usize = 2048;

/// Why an expression cannot be read or evaluated, and where: `at` is a byte offset into its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (at {at})")]
pub struct PathError {
    pub kind: ErrorKind,
    pub reason: String,
    pub at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is no expression.
    Syntax,
    /// A name, type or function does not exist, or cannot stand there.
    Semantic,
    /// The data do not allow the operation.
    Execution,
    /// The budget is spent.
    TooCostly,
    /// The context has no answer: no clock, no terminology, an unknown variable or profile.
    NotSupported,
}

impl PathError {
    pub(crate) fn new(kind: ErrorKind, reason: impl Into<String>, at: usize) -> Self {
        Self { kind, reason: reason.into(), at }
    }

    pub fn issue_type(&self) -> IssueType {
        match self.kind {
            ErrorKind::Syntax | ErrorKind::Semantic | ErrorKind::Execution => IssueType::Invalid,
            ErrorKind::TooCostly => IssueType::TooCostly,
            ErrorKind::NotSupported => IssueType::NotSupported,
        }
    }
}

/// A parsed expression. Cheap to evaluate, made to be kept.
#[derive(Debug, Clone)]
pub struct Expression {
    text: Box<str>,
    root: Expr,
}

impl Expression {
    /// Reads an expression that ships with the definitions, or that a caller has bounded already.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] with the place; [`ErrorKind::Semantic`] for an unknown function or a wrong number of arguments.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Ok(Self { text: text.into(), root: parser::parse(text)? })
    }

    /// Reads an expression written by a user: at most [`MAX_USER_LENGTH`] bytes.
    pub fn parse_user(text: &str) -> Result<Self, PathError> {
        if text.len() > MAX_USER_LENGTH {
            let reason = format!("an expression has at most {MAX_USER_LENGTH} bytes, this has {}", text.len());
            return Err(PathError::new(ErrorKind::TooCostly, reason, MAX_USER_LENGTH));
        }
        Self::parse(text)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tree, for callers that compile some shapes to something faster.
    pub fn root(&self) -> &Expr {
        &self.root
    }

    /// Evaluates with the focus, variables and budget of `context`. Values borrow the document and the
    /// expression, so the expression must outlive what the context borrows.
    pub fn evaluate<'a>(&'a self, context: &Context<'a>) -> Result<Collection<'a>, PathError> {
        self.evaluate_counted(context).0
    }

    /// As [`Self::evaluate`], with the steps of the budget that were used.
    pub fn evaluate_counted<'a>(&'a self, context: &Context<'a>) -> (Result<Collection<'a>, PathError>, u64) {
        eval::evaluate(&self.root, context)
    }
}
