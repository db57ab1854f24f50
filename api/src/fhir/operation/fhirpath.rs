//! `$fhirpath`: an expression over a resource that comes with the request, answered in the shape that FHIRPath tools understand.

use axum::body::Body;
use axum::extract::State as Extract;
use fhir::json::Object;
use fhir::path::{Budget, Collection, Context, Expression, Node, PathError, Value};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use crate::auth::Caller;
use crate::fhir::{Failure, RESOURCE_LIMIT, Response, State, body, json, parameters};

/// Holds what no type of Parameters can, as JSON text.
const JSON_VALUE: &str = "http://fhir.forms-lab.com/StructureDefinition/json-value";

pub(in crate::fhir) async fn handle(
    Extract(_): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let text = body(&headers, content, RESOURCE_LIMIT).await?;
    let asked = Json::parse(&text).map_err(|e| refused(IssueType::Structure, &e.to_string()))?;
    Ok(json(StatusCode::OK, answer(&asked, &caller)?))
}

fn refused(code: IssueType, text: &str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)])
}

fn unevaluated(name: &str, error: &PathError) -> Failure {
    refused(error.issue_type(), &format!("{name}: {error}"))
}

fn answer(asked: &Json<'_>, caller: &Caller) -> Result<String, Failure> {
    if asked.str_at("resourceType") != Some("Parameters") {
        return Err(refused(IssueType::Structure, "the body of an operation is Parameters"));
    }
    let (mut expression, mut context, mut resource) = (None, None, None);
    for parameter in asked.get("parameter").map_or(&[][..], Json::items) {
        let name = parameter.str_at("name").unwrap_or_default();
        let given = match name {
            "expression" => std::mem::replace(&mut expression, parameter.str_at("valueString")).is_some(),
            "context" => std::mem::replace(&mut context, parameter.str_at("valueString")).is_some(),
            "resource" => std::mem::replace(&mut resource, parameter.get("resource")).is_some(),
            _ => return Err(refused(IssueType::NotSupported, &format!("the parameter {name} is not supported here"))),
        };
        if given {
            return Err(Failure::bad(&format!("{name} is given twice")));
        }
    }
    let text = expression.ok_or_else(|| refused(IssueType::Required, "expression is missing, as a valueString"))?;
    let resource = resource.ok_or_else(|| refused(IssueType::Required, "resource is missing"))?;
    if resource.str_at("resourceType").and_then(ResourceType::named).is_none() {
        return Err(refused(IssueType::Invalid, "resource is of no known type"));
    }
    let expression = Expression::parse_user(text).map_err(|e| unevaluated("expression", &e))?;
    let foci = context.map(Expression::parse_user).transpose().map_err(|e| unevaluated("context", &e))?;
    let whole = Node::resource(resource);
    // One budget for all: as many foci as a resource has nodes would have as many.
    let mut budget = Budget::default();
    let foci = match &foci {
        None => Collection::One(Value::Node(whole)),
        Some(foci) => {
            let mut at = Context::new(resource);
            at.now = Some(caller.request.now.into());
            let (found, steps) = foci.evaluate_counted(&at);
            budget.steps -= steps;
            found.map_err(|e| unevaluated("context", &e))?
        }
    };
    let mut said = vec![
        part("evaluator", "valueString", Json::from(concat!("WintEHR ", env!("CARGO_PKG_VERSION")))),
        part("expression", "valueString", Json::from(text)),
    ];
    said.extend(context.map(|c| part("context", "valueString", Json::from(c))));
    said.push(part("resource", "resource", resource.clone()));
    let mut all = vec![part("parameters", "part", Json::Array(said))];
    for focus in &foci {
        let mut at = Context::at(whole, whole).tracing();
        at.focus = Collection::One(focus.clone());
        at.now = Some(caller.request.now.into());
        at.budget = budget;
        let (values, steps) = expression.evaluate_counted(&at);
        budget.steps -= steps;
        let values = values.map_err(|e| unevaluated("expression", &e))?;
        let mut parts: Vec<Json<'_>> = values.iter().map(of_value).collect();
        for trace in at.traces() {
            let mut traced = Object::new();
            traced.push("name", Json::from("trace"));
            traced.push("valueString", Json::from(trace.name));
            traced.push("part", Json::Array(trace.values.iter().map(of_value).collect()));
            parts.push(Json::Object(traced));
        }
        let mut result = Object::new();
        result.push("name", Json::from("result"));
        if let (Some(_), Value::Node(node)) = (context, focus)
            && let Some(place) = node.location(resource)
        {
            result.push("valueString", Json::from(place));
        }
        if !parts.is_empty() {
            result.push("part", Json::Array(parts));
        }
        all.push(Json::Object(result));
    }
    let mut parameters = Object::new();
    parameters.push("resourceType", Json::from("Parameters"));
    parameters.push("parameter", Json::Array(all));
    Ok(Json::Object(parameters).to_text())
}

fn part<'j>(name: &'static str, member: &'static str, value: Json<'j>) -> Json<'j> {
    let mut part = Object::new();
    part.push("name", Json::from(name));
    part.push(member, value);
    Json::Object(part)
}

/// A value as a part named by its type.
fn of_value<'j>(value: &Value<'j>) -> Json<'j> {
    let name = value.type_name().1;
    let (name, member, json) = match value {
        Value::Node(node) => {
            let member = format!("value{}{}", name[..1].to_ascii_uppercase(), &name[1..]);
            match node.json {
                Some(json) if ResourceType::named(name).is_some() => {
                    (name.to_owned(), "resource".to_owned(), json.clone())
                }
                // Backbone elements have names with a dot, or this one.
                Some(json) if name.contains('.') || matches!(name, "BackboneElement" | "Element" | "") => {
                    let mut extension = Object::new();
                    extension.push("url", Json::from(JSON_VALUE));
                    extension.push("valueString", Json::from(json.to_text()));
                    (name.to_owned(), "extension".to_owned(), Json::Array(vec![Json::Object(extension)]))
                }
                Some(json) => (name.to_owned(), member, json.clone()),
                None => (name.to_owned(), format!("_{member}"), node.companion.cloned().unwrap_or(Json::Null)),
            }
        }
        Value::Boolean(flag) => ("boolean".into(), "valueBoolean".into(), Json::Bool(*flag)),
        Value::Integer(n) => match i32::try_from(*n) {
            Ok(_) => ("integer".into(), "valueInteger".into(), Json::Number(n.to_string().into())),
            Err(_) => ("decimal".into(), "valueDecimal".into(), Json::Number(n.to_string().into())),
        },
        Value::Decimal(d) => ("decimal".into(), "valueDecimal".into(), Json::Number(d.to_string().into())),
        Value::Date(_) => ("date".into(), "valueDate".into(), text_of(value)),
        Value::DateTime(_) => ("dateTime".into(), "valueDateTime".into(), text_of(value)),
        Value::Time(_) => ("time".into(), "valueTime".into(), text_of(value)),
        Value::Quantity(q) => {
            let mut quantity = Object::new();
            quantity.push("value", Json::Number(q.value.to_string().into()));
            quantity.push("unit", Json::from(q.unit.text().to_owned()));
            ("Quantity".into(), "valueQuantity".into(), Json::Object(quantity))
        }
        Value::String(_) => ("string".into(), "valueString".into(), text_of(value)),
        Value::TypeInfo(namespace, name) => {
            ("string".into(), "valueString".into(), Json::from(format!("{namespace}.{name}")))
        }
    };
    let mut part = Object::new();
    part.push("name", Json::from(if name.is_empty() { "Element".to_owned() } else { name }));
    part.push(member, json);
    Json::Object(part)
}

fn text_of<'j>(value: &Value<'_>) -> Json<'j> {
    Json::from(value.text().unwrap_or_default())
}
