//! Decides the common shapes of invariants by looking at members, without building collections: presence, literals, logic.
//!
//! It answers only what FHIRPath would answer; anything else is `None`, and the engine decides. A test compares the two.

use crate::Json;
use crate::path::ast::{Expr, Function, Literal, Name, Operator, Step};
use crate::path::model::{Choice, Primitive, Type};
use crate::path::{Expression, Node};

/// Whether the invariant holds at `focus`; `None` when that takes the engine.
pub(super) fn holds(expression: &Expression, focus: &Node<'_>) -> Option<bool> {
    match value(expression.root(), focus) {
        Quick::Bool(b) => Some(b),
        Quick::Empty => Some(true),
        _ => None,
    }
}

enum Quick<'a> {
    Empty,
    Bool(bool),
    Text(&'a str),
    Count(usize),
    Node(Node<'a>),
    /// Two or more nodes.
    Nodes(usize),
    Unknown,
}

#[derive(Clone, Copy, PartialEq)]
enum Truth {
    Yes,
    No,
    Empty,
}

impl Truth {
    fn of(b: bool) -> Self {
        if b { Truth::Yes } else { Truth::No }
    }
}

impl Quick<'_> {
    /// As a value of three-valued logic; `None` when not known.
    fn truth(&self) -> Option<Truth> {
        match self {
            Quick::Empty => Some(Truth::Empty),
            Quick::Bool(b) | Quick::Node(Node { json: Some(Json::Bool(b)), .. }) => Some(Truth::of(*b)),
            _ => None,
        }
    }

    fn count(&self) -> Option<usize> {
        match self {
            Quick::Empty => Some(0),
            Quick::Bool(_) | Quick::Text(_) | Quick::Count(_) | Quick::Node(_) => Some(1),
            Quick::Nodes(n) => Some(*n),
            Quick::Unknown => None,
        }
    }

    /// The text of a string; none for dates and times, which compare otherwise.
    fn text(&self) -> Option<&str> {
        match self {
            Quick::Text(text) => Some(text),
            Quick::Node(node) if node.ty.primitive() == Some(Primitive::String) => node.json.and_then(Json::as_str),
            _ => None,
        }
    }
}

fn value<'a>(expr: &'a Expr, focus: &Node<'a>) -> Quick<'a> {
    match expr {
        Expr::Literal(Literal::String(text)) => Quick::Text(text),
        Expr::Literal(Literal::Boolean(b)) => Quick::Bool(*b),
        Expr::Literal(Literal::Integer(n)) => usize::try_from(*n).map_or(Quick::Unknown, Quick::Count),
        Expr::Variable { name, .. } if &**name == "ucum" => Quick::Text(crate::ucum::SYSTEM),
        Expr::This => Quick::Node(*focus),
        Expr::Chain { start, steps } => chain(start.as_deref(), steps, focus),
        Expr::Operators { first, rest } => {
            let mut left = value(first, focus);
            for (operator, right, _) in rest {
                left = operate(*operator, &left, right, focus);
            }
            left
        }
        _ => Quick::Unknown,
    }
}

fn chain<'a>(start: Option<&'a Expr>, steps: &'a [Step], focus: &Node<'a>) -> Quick<'a> {
    let leading_type = |name: &Name| name.text.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    let mut at = match (start, steps.first()) {
        (Some(start), _) => value(start, focus),
        (None, Some(Step::Child { name, .. })) if leading_type(name) => return Quick::Unknown,
        (None, _) => Quick::Node(*focus),
    };
    for step in steps {
        at = match (step, at) {
            (_, Quick::Unknown) => return Quick::Unknown,
            (Step::Child { .. }, Quick::Empty) => Quick::Empty,
            (Step::Child { name, .. }, Quick::Node(node)) => child(&node, name),
            (Step::Call { function, arguments, .. }, at) => call(*function, arguments, at),
            _ => return Quick::Unknown,
        };
    }
    at
}

fn call<'a>(function: Function, arguments: &'a [Expr], input: Quick<'a>) -> Quick<'a> {
    let Some(count) = input.count() else { return Quick::Unknown };
    match (function, arguments) {
        (Function::Empty, []) => Quick::Bool(count == 0),
        (Function::Exists, []) => Quick::Bool(count > 0),
        (Function::Exists, [_]) if count == 0 => Quick::Bool(false),
        (Function::Exists, [criteria]) => match input {
            Quick::Node(node) => {
                value(criteria, &node).truth().map_or(Quick::Unknown, |t| Quick::Bool(t == Truth::Yes))
            }
            _ => Quick::Unknown,
        },
        (Function::Count, []) => Quick::Count(count),
        (Function::Not, []) => match input.truth() {
            Some(Truth::Yes) => Quick::Bool(false),
            Some(Truth::No) => Quick::Bool(true),
            Some(Truth::Empty) => Quick::Empty,
            None => Quick::Unknown,
        },
        (Function::HasValue, []) => match input {
            Quick::Empty => Quick::Bool(false),
            Quick::Node(node) => match node.json {
                Some(Json::Bool(_) | Json::String(_)) => Quick::Bool(true),
                None => Quick::Bool(false),
                _ => Quick::Unknown,
            },
            _ => Quick::Unknown,
        },
        (Function::Where, [criteria]) => match input {
            Quick::Empty => Quick::Empty,
            Quick::Node(node) => match value(criteria, &node).truth() {
                Some(Truth::Yes) => Quick::Node(node),
                Some(_) => Quick::Empty,
                None => Quick::Unknown,
            },
            _ => Quick::Unknown,
        },
        (Function::All, [_]) if count == 0 => Quick::Bool(true),
        (Function::IsDistinct, []) if count < 2 => Quick::Bool(true),
        (Function::Select, [_]) if count == 0 => Quick::Empty,
        (Function::Trace, [_]) => input,
        (Function::StartsWith, [Expr::Literal(Literal::String(prefix))]) => match input.text() {
            Some(text) => Quick::Bool(text.starts_with(&**prefix)),
            None if count == 0 => Quick::Empty,
            None => Quick::Unknown,
        },
        _ => Quick::Unknown,
    }
}

fn operate<'a>(operator: Operator, left: &Quick<'a>, right: &'a Expr, focus: &Node<'a>) -> Quick<'a> {
    // One side may decide alone, as in the engine; what is not known here is for the engine.
    if let Operator::And | Operator::Or | Operator::Xor | Operator::Implies = operator {
        let Some(left) = left.truth() else { return Quick::Unknown };
        match (operator, left) {
            (Operator::And, Truth::No) => return Quick::Bool(false),
            (Operator::Or, Truth::Yes) | (Operator::Implies, Truth::No) => return Quick::Bool(true),
            _ => {}
        }
        let Some(right) = value(right, focus).truth() else { return Quick::Unknown };
        return match (operator, left, right) {
            (Operator::And, _, Truth::No) => Quick::Bool(false),
            (Operator::Or | Operator::Implies, _, Truth::Yes) => Quick::Bool(true),
            (_, Truth::Empty, _) | (_, _, Truth::Empty) => Quick::Empty,
            (Operator::Xor, left, right) => Quick::Bool(left != right),
            (_, _, right) => Quick::Bool(right == Truth::Yes),
        };
    }
    let right = value(right, focus);
    let (Some(_), Some(_)) = (left.count(), right.count()) else { return Quick::Unknown };
    match operator {
        Operator::Equal | Operator::NotEqual => {
            let equal = match (left, &right) {
                (Quick::Empty, _) | (_, Quick::Empty) => return Quick::Empty,
                (Quick::Bool(a), Quick::Bool(b)) => a == b,
                (Quick::Count(a), Quick::Count(b)) => a == b,
                (a, b) => match (a.text(), b.text()) {
                    (Some(a), Some(b)) => a == b,
                    _ => return Quick::Unknown,
                },
            };
            Quick::Bool(equal == (operator == Operator::Equal))
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let order = match (left, &right) {
                (Quick::Empty, _) | (_, Quick::Empty) => return Quick::Empty,
                (Quick::Count(a), Quick::Count(b)) => a.cmp(b),
                (Quick::Node(a), Quick::Node(b)) => match (instant(a), instant(b)) {
                    (Some((a, a_zone)), Some((b, b_zone))) if a.len() == b.len() && a_zone == b_zone => a.cmp(b),
                    _ => return Quick::Unknown,
                },
                _ => return Quick::Unknown,
            };
            Quick::Bool(match operator {
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        Operator::Add => match (left, &right) {
            (Quick::Count(a), Quick::Count(b)) => Quick::Count(a + b),
            _ => Quick::Unknown,
        },
        _ => Quick::Unknown,
    }
}

/// A full day, or date and time with seconds, before its zone: texts of one length and zone are in the order of time.
fn instant<'a>(node: &Node<'a>) -> Option<(&'a str, &'a str)> {
    let text = node.json.and_then(Json::as_str).filter(|t| t.is_ascii())?;
    match (node.ty.primitive(), text.len()) {
        (Some(Primitive::Date | Primitive::DateTime), 10) => Some((text, "")),
        (Some(Primitive::DateTime), 20..) => match text.strip_suffix('Z') {
            Some(text) => Some((text, "Z")),
            None => text.split_at_checked(text.len() - 6),
        },
        _ => None,
    }
}

/// The nodes of one child.
fn child<'a>(node: &Node<'a>, name: &Name) -> Quick<'a> {
    let ((Some(Json::Object(holder)), _) | (_, Some(Json::Object(holder)))) = (node.json, node.companion) else {
        return Quick::Empty;
    };
    if node.ty == Type::UNKNOWN {
        return Quick::Unknown;
    }
    let Some(child) = node.ty.child(&name.text) else { return Quick::Empty };
    let found = |choice: &'static Choice| {
        let json = holder.get(choice.json);
        let companion = if choice.ty.primitive().is_some() { holder.get(&choice.companion) } else { None };
        (json.is_some() || companion.is_some()).then_some((choice.ty, json, companion))
    };
    let (ty, json, companion) = match &child.choices[..] {
        [only] => match found(only) {
            Some(found) => found,
            None => return Quick::Empty,
        },
        choices => {
            let is_ours = |key: &str| {
                let key = key.strip_prefix('_').unwrap_or(key);
                key.len() > name.text.len() && key.starts_with(&*name.text)
            };
            let mut all = holder.iter().filter(|(key, _)| is_ours(key)).filter_map(|(key, _)| {
                let key = key.strip_prefix('_').unwrap_or(key);
                choices.iter().find(|c| c.json == key)
            });
            let Some(first) = all.next() else { return Quick::Empty };
            if all.any(|other| other.json != first.json) {
                return Quick::Unknown;
            }
            match found(first) {
                Some(found) => found,
                None => return Quick::Empty,
            }
        }
    };
    let (json, companion) = match (json, companion) {
        (Some(Json::Array(items)), None) => match &items[..] {
            [] => return Quick::Empty,
            items if items.contains(&Json::Null) => return Quick::Unknown,
            [one] => (Some(one), None),
            items => return Quick::Nodes(items.len()),
        },
        (json, None) => (json, None),
        (Some(Json::Array(_)), _) | (_, Some(Json::Array(_))) => return Quick::Unknown,
        both => both,
    };
    if json == Some(&Json::Null) || companion == Some(&Json::Null) {
        return Quick::Unknown;
    }
    let ty = match json {
        Some(json) if ty.is_abstract() => json.str_at("resourceType").and_then(Type::named).unwrap_or(ty),
        _ => ty,
    };
    Quick::Node(Node { json, companion, ty })
}
