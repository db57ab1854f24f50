//! A resource that is given to a mutation: from the document or its variables to the JSON that the REST interface would be sent. Members and
//! shapes are looked at here; whether the resource is valid is for the store.

use async_graphql::parser::types::OperationDefinition;
use async_graphql::{Pos, Positioned};
use async_graphql_value::Value;
use fhir::json::Object;
use fhir::path::{Primitive, Type};
use fhir::{Json, ResourceType};

use super::field::{invalid, name_of, type_of};
use super::{Asked, GraphError};

/// The resource of an argument.
///
/// # Errors
/// Names the member that cannot be meant.
pub(super) fn resource(
    asked: &Asked<'_>,
    resource_type: ResourceType,
    value: &Positioned<Value>,
) -> Result<Object<'static>, GraphError> {
    let pos = value.pos;
    let refuse = |text: String| GraphError::at(invalid(text), pos);
    let mut numbers = numbers(asked.text, pos).into_iter();
    let tree = tree(asked, &value.node, &mut numbers).map_err(refuse)?;
    let resource = typed(tree, type_of(resource_type), resource_type.name()).map_err(refuse)?;
    match resource {
        Json::Object(resource) => Ok(resource),
        _ => Err(refuse(format!("'res' is a {resource_type}"))),
    }
}

/// A value as JSON; numbers keep the text that they have in the document.
fn tree(asked: &Asked<'_>, value: &Value, numbers: &mut impl Iterator<Item = String>) -> Result<Json<'static>, String> {
    Ok(match value {
        Value::Variable(name) => return variable(asked, asked.operation, name),
        Value::Null => Json::Null,
        Value::Number(number) => {
            let text = numbers.next().filter(|text| text.parse::<serde_json::Number>().is_ok_and(|n| n == *number));
            Json::Number(text.ok_or("a member of an object is given twice")?.into())
        }
        Value::String(text) => Json::from(text.clone()),
        Value::Boolean(holds) => Json::from(*holds),
        Value::Enum(word) => Json::from(word.to_string()),
        Value::List(all) => Json::Array(all.iter().map(|one| tree(asked, one, numbers)).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let mut object = Object::new();
            for (name, value) in members {
                object.push(name.to_string(), tree(asked, value, numbers)?);
            }
            Json::Object(object)
        }
        Value::Binary(_) => return Err("bytes are no JSON".into()),
    })
}

fn variable(
    asked: &Asked<'_>,
    operation: &Positioned<OperationDefinition>,
    name: &str,
) -> Result<Json<'static>, String> {
    let declared = operation.node.variable_definitions.iter().find(|d| d.node.name.node == name);
    let declared = declared.ok_or_else(|| format!("the variable '${name}' is not declared"))?;
    match (asked.variables.get(name), &declared.node.default_value) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => {
            let mut numbers = numbers(asked.text, default.pos).into_iter();
            tree(asked, &default.node.clone().into_value(), &mut numbers)
        }
        (None, None) => Ok(Json::Null),
    }
}

/// The numbers of the value that begins there, as they are written. The parser keeps values only, and `7.10` is not `7.1` in a record.
fn numbers(text: &str, begins: Pos) -> Vec<String> {
    let (mut line, mut column) = (1, 1);
    let from = text.char_indices().find_map(|(at, c)| {
        if (line, column) == (begins.line, begins.column) {
            return Some(at);
        }
        match c {
            '\n' => (line, column) = (line + 1, 1),
            '\r' => column = 1,
            _ => column += 1,
        }
        None
    });
    let bytes = &text.as_bytes()[from.unwrap_or(text.len())..];
    let mut found = Vec::new();
    let (mut at, mut open) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'#' => {
                while bytes.get(at).is_some_and(|b| !matches!(b, b'\n' | b'\r')) {
                    at += 1;
                }
            }
            b'"' if bytes[at..].starts_with(b"\"\"\"") => {
                at += 3;
                while at < bytes.len() && !bytes[at..].starts_with(b"\"\"\"") {
                    at += if bytes[at..].starts_with(b"\\\"\"\"") { 4 } else { 1 };
                }
                at += 3;
            }
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|b| *b != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'{' | b'[' => (at, open) = (at + 1, open + 1),
            b'}' | b']' => (at, open) = (at + 1, open.saturating_sub(1)),
            b'-' | b'0'..=b'9' => {
                let end = bytes[at..].iter().position(|b| !matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
                let end = at + end.unwrap_or(bytes.len() - at);
                found.push(String::from_utf8_lossy(&bytes[at..end]).into_owned());
                at = end;
            }
            // Names and variables may end in digits.
            b'_' | b'$' | b'a'..=b'z' | b'A'..=b'Z' => {
                at += 1;
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                    at += 1;
                }
            }
            _ => at += 1,
        }
        if open == 0 && !matches!(byte, b' ' | b',' | b'\n' | b'\r' | b'\t' | b'#') {
            break;
        }
    }
    found
}

/// A value as one of that type: one value where a list stands is a list, words and numbers are texts where texts stand, nulls are absent.
fn typed(value: Json<'static>, ty: Type, place: &str) -> Result<Json<'static>, String> {
    if let Some(primitive) = ty.primitive() {
        return scalar(value, primitive, place);
    }
    let Json::Object(mut given) = value else {
        return Err(format!("{place} is an object of type {}", name_of(ty)));
    };
    let mut ty = ty;
    let mut object = Object::new();
    if ty.is_resource() {
        let own = given.remove("resourceType");
        let name = match own.as_ref().map(Json::as_str) {
            Some(Some(name)) => name,
            Some(None) => return Err(format!("{place}.resourceType is the name of a type")),
            None if ty.is_abstract() => return Err(format!("{place} needs 'resourceType'")),
            None => ty.name(),
        };
        match Type::named(name).filter(|t| t.is_resource() && !t.is_abstract() && t.is_a(ty)) {
            Some(known) => ty = known,
            None => return Err(format!("{place}: '{name}' is not the type of a resource that stands here")),
        }
        object.push("resourceType", Json::from(ty.name()));
    }
    for (name, value) in given.iter() {
        if *value == Json::Null {
            continue;
        }
        let place = format!("{place}.{name}");
        let (json, beside) = match name.strip_prefix('_') {
            Some(json) => (json, true),
            None => (name, false),
        };
        let found = ty.by_json(json).filter(|(_, choice)| !beside || choice.ty.primitive().is_some());
        let Some((child, choice)) = found else {
            return Err(format!("{place}: {} has no member '{name}'", name_of(ty)));
        };
        let of = if beside { Type::named("Element").unwrap_or(Type::UNKNOWN) } else { choice.ty };
        let value = match (child.many, value.clone()) {
            (true, Json::Array(items)) => {
                let items = items.into_iter().enumerate().map(|(at, item)| match item {
                    Json::Null => Ok(Json::Null),
                    item => typed(item, of, &format!("{place}[{at}]")),
                });
                Json::Array(items.collect::<Result<_, _>>()?)
            }
            (true, one) => Json::Array(vec![typed(one, of, &place)?]),
            (false, one) => typed(one, of, &place)?,
        };
        object.push(name.to_owned(), value);
    }
    Ok(Json::Object(object))
}

fn scalar(value: Json<'static>, primitive: Primitive, place: &str) -> Result<Json<'static>, String> {
    match (primitive, value) {
        (_, Json::Array(_) | Json::Object(_)) => Err(format!("{place} is one value")),
        (Primitive::Boolean, value @ Json::Bool(_)) => Ok(value),
        (Primitive::Boolean, _) => Err(format!("{place} is true or false")),
        (Primitive::Integer | Primitive::Decimal, value @ Json::Number(_)) => Ok(value),
        // A client whose numbers lose their last noughts sends them as texts.
        (Primitive::Decimal, Json::String(text)) if matches!(Json::parse(&text), Ok(Json::Number(_))) => {
            Ok(Json::Number(text))
        }
        (Primitive::Integer | Primitive::Decimal, _) => Err(format!("{place} is a number")),
        (_, Json::Number(text)) => Ok(Json::String(text)),
        (_, Json::Bool(_)) => Err(format!("{place} is a text")),
        (_, value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_as_they_are_written() {
        let text = "mutation {\r\n  A(res: {a: 7.10, b1: [1e2 -3], # 9\n s: \"4 \\\" 5\", t: \"\"\"6 \\\"\"\" 7\"\"\", v: $x8, e: B9}, z: 10)";
        let begins = Pos { line: 2, column: 10 };
        assert_eq!(numbers(text, begins), ["7.10", "1e2", "-3"]);
        assert_eq!(numbers("($a: decimal = 5.0 $b: Int = 6)", Pos { line: 1, column: 16 }), ["5.0"]);
    }
}
