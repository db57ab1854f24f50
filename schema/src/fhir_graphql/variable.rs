//! Whether variables have values of the types they are declared with, and stand where such values are taken. Words are lenient where FHIR
//! is: a number or a truth value may stand for a text, one value for a list.
//!
//! Source: GraphQL specification, sections 5.8.5 and 6.1.2; FHIR R4 `graphql.html`, barewords.

use async_graphql::parser::types::{BaseType, Type, VariableDefinition};
use fhir::Json;

use super::field::TypeRef;

/// What a named input type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Integer,
    Decimal,
    /// A resource or an element.
    Object,
    /// GraphQL's own string.
    String,
    /// FHIR's scalars that are written as texts, ids and enums; `number` where a number is taken for such a text.
    Text {
        number: bool,
    },
}

fn kind(name: &str) -> Kind {
    match name {
        "Boolean" => Kind::Boolean,
        "Int" | "positiveInt" | "unsignedInt" => Kind::Integer,
        "decimal" => Kind::Decimal,
        "String" => Kind::String,
        "ID" | "token" | "reference" | "number" | "quantity" | "composite" | "special" => Kind::Text { number: true },
        _ if name.ends_with("Input") => Kind::Object,
        _ => Kind::Text { number: false },
    }
}

/// Whether the variable has a value of its type; `given` is `None` where the request has none.
///
/// # Errors
/// Says what the variable takes.
pub(super) fn value(definition: &VariableDefinition, given: Option<&Json<'_>>) -> Result<(), String> {
    let (name, ty) = (&definition.name.node, &definition.var_type.node);
    let default = definition.default_value.as_ref().and_then(|v| v.node.clone().into_json().ok());
    let default = default.map(|value| value.to_string());
    let default = default.as_deref().map(Json::parse).transpose().map_err(|e| format!("'${name}': {e}"))?;
    if default.as_ref().is_some_and(|value| !fits(ty, value)) {
        return Err(format!("the default of '${name}' is no {ty}"));
    }
    match given.or(default.as_ref()) {
        Some(value) if fits(ty, value) => Ok(()),
        Some(_) => Err(format!("the value of '${name}' is no {ty}")),
        None if ty.nullable => Ok(()),
        None => Err(format!("'${name}' of type {ty} has no value")),
    }
}

fn fits(ty: &Type, value: &Json<'_>) -> bool {
    match (&ty.base, value) {
        (_, Json::Null) => ty.nullable,
        (BaseType::List(item), Json::Array(all)) => all.iter().all(|one| fits(item, one)),
        (BaseType::List(item), one) => fits(item, one),
        (BaseType::Named(name), value) => match (kind(name), value) {
            (Kind::Boolean, Json::Bool(_))
            | (Kind::Decimal | Kind::Text { number: true }, Json::Number(_))
            | (Kind::Object, Json::Object(_))
            | (Kind::String | Kind::Text { .. }, Json::String(_)) => true,
            (Kind::Integer, Json::Number(text)) => text.parse::<i32>().is_ok(),
            // A client whose numbers lose their last noughts sends them as texts.
            (Kind::Decimal, Json::String(text)) => matches!(Json::parse(text), Ok(Json::Number(_))),
            _ => false,
        },
    }
}

/// Whether a variable may stand where `place` is taken; `defaulted` where the place has a value of its own.
///
/// # Errors
/// Says what is taken there.
pub(super) fn stands(definition: &VariableDefinition, place: TypeRef, defaulted: bool) -> Result<(), String> {
    let ty = &definition.var_type.node;
    let refused = || format!("'${}' of type {ty} stands where {place} is taken", definition.name.node);
    if place.is_needed() && !defaulted && ty.nullable && definition.default_value.is_none() {
        return Err(refused());
    }
    let named = match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => match &item.base {
            BaseType::Named(name) if place.is_list() => name,
            BaseType::Named(_) | BaseType::List(_) => return Err(refused()),
        },
    };
    let fits = match (kind(named), kind(place.name)) {
        (Kind::Object, _) | (_, Kind::Object) => named == place.name,
        // Barewords: where a text is taken, other scalars are written as one.
        (_, Kind::Text { .. } | Kind::String) => true,
        (Kind::Integer, Kind::Decimal) => true,
        (given, taken) => given == taken,
    };
    if fits { Ok(()) } else { Err(refused()) }
}
