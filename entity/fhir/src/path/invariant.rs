//! Invariants of the definitions: an expression that must hold at a place.

use super::eval::{Budget, Context};
use super::value::{Collection, Node, Value};
use super::{ErrorKind, Expression, PathError};
use crate::Json;
use chrono::{DateTime, FixedOffset};

/// Where and with what an invariant is looked at.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// `%resource`
    pub resource: Node<'a>,
    /// `%rootResource`
    pub root: Node<'a>,
    /// The element that carries the invariant.
    pub focus: Node<'a>,
    pub budget: Budget,
    /// For invariants that compare with today; most do not.
    pub now: Option<DateTime<FixedOffset>>,
}

impl<'a> Place<'a> {
    /// The resource itself.
    pub fn resource(json: &'a Json<'a>) -> Self {
        let node = Node::resource(json);
        Self { resource: node, root: node, focus: node, budget: Budget::default(), now: None }
    }

    #[must_use]
    pub fn focus(self, focus: Node<'a>) -> Self {
        Self { focus, ..self }
    }
}

/// Whether the invariant holds: true, or empty (unknown is no violation, as the published validators have it).
///
/// # Errors
/// As evaluation; and [`ErrorKind::Execution`] for an expression that yields something else than one boolean.
pub fn holds<'a>(expression: &'a Expression, place: &Place<'a>) -> Result<bool, PathError> {
    holds_counted(expression, place).0
}

/// As [`holds`], with the steps it took.
pub(crate) fn holds_counted<'a>(expression: &'a Expression, place: &Place<'a>) -> (Result<bool, PathError>, u64) {
    let mut context = Context::at(place.resource, place.focus);
    context.root = place.root;
    context.budget = place.budget;
    context.now = place.now;
    // R4's own invariants use `as` on many items (dom-3).
    context.as_filters = true;
    let (values, steps) = expression.evaluate_counted(&context);
    (values.and_then(|values| boolean(&values)), steps)
}

fn boolean(values: &Collection<'_>) -> Result<bool, PathError> {
    match values {
        Collection::Empty => Ok(true),
        Collection::One(Value::Boolean(b) | Value::Node(Node { json: Some(Json::Bool(b)), .. })) => Ok(*b),
        Collection::Many(values) if values.is_empty() => Ok(true),
        _ => Err(PathError::new(ErrorKind::Execution, "an invariant yields one boolean", 0)),
    }
}
