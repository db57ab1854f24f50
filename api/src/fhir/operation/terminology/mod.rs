//! The terminology operations: <https://hl7.org/fhir/R4/terminology-service.html>. This file reads what is asked and writes Parameters;
//! the answers are `fhir::terminology`'s over what the store has.

pub(in crate::fhir) mod code;
pub(in crate::fhir) mod expand;
pub(in crate::fhir) mod translate;

use axum::body::Body;
use entity::StoreError;
use entity::store::Lookup;
use fhir::json::Object;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri, header};

use crate::auth::Caller;
use crate::fhir::{Failure, RESOURCE_LIMIT, Response, State, body, json, parameters};

/// The inputs of an operation, complex values included. Values of a query stand as strings.
struct Asked(Vec<(String, Json<'static>)>);

impl Asked {
    /// Other names than `known` are refused. A body that is a resource of the type `bare` names stands for that parameter.
    async fn read(
        uri: &Uri,
        headers: &HeaderMap,
        content: Body,
        known: &[&str],
        bare: Option<(&str, &str)>,
    ) -> Result<Self, Failure> {
        let mut all: Vec<(String, Json<'static>)> =
            parameters(uri, known)?.into_iter().map(|(name, value)| (name, Json::from(value))).collect();
        if !headers.contains_key(header::CONTENT_TYPE) {
            return Ok(Self(all));
        }
        let text = body(headers, content, RESOURCE_LIMIT).await?;
        let document = Json::parse(&text).map_err(|e| refused(IssueType::Structure, e.to_string()))?;
        let kind = document.str_at("resourceType");
        if let Some((_, name)) = bare.filter(|(ty, _)| kind == Some(ty)) {
            all.push((name.to_owned(), document.into_owned()));
            return Ok(Self(all));
        }
        if kind != Some("Parameters") {
            return Err(refused(IssueType::Structure, "the body of an operation is Parameters".into()));
        }
        for (n, parameter) in document.get("parameter").map_or(&[][..], Json::items).iter().enumerate() {
            let name = parameter.str_at("name").unwrap_or_default();
            if !known.contains(&name) {
                let text = format!("the parameter {name} is not supported here");
                return Err(refused(IssueType::NotSupported, text));
            }
            let value =
                parameter.as_object().and_then(|o| o.iter().find(|(m, _)| m.starts_with("value") || *m == "resource"));
            let Some((_, value)) = value else {
                return Err(refused(IssueType::Structure, format!("Parameters.parameter[{n}] has no value")));
            };
            all.push((name.to_owned(), value.clone().into_owned()));
        }
        Ok(Self(all))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    fn one(&self, name: &str) -> Result<Option<&Json<'static>>, Failure> {
        let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v);
        let first = values.next();
        if values.next().is_some() {
            return Err(Failure::bad(&format!("{name} is given twice")));
        }
        Ok(first)
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        let value = self.one(name)?;
        value.map(|v| v.as_str().ok_or_else(|| Failure::bad(&format!("{name} is a simple value")))).transpose()
    }

    fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.text(name)?.ok_or_else(|| refused(IssueType::Required, format!("{name} is not given")))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.one(name)? {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(Json::String(text)) if text == "true" => Ok(Some(true)),
            Some(Json::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(Failure::bad(&format!("{name} is true or false"))),
        }
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Failure> {
        let wrong = || Failure::bad(&format!("{name} is a whole number, not below zero"));
        match self.one(name)? {
            None => Ok(None),
            Some(Json::String(text) | Json::Number(text)) => text.parse().map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Json<'static>> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v)
    }
}

fn refused(code: IssueType, text: String) -> Failure {
    let status = if code == IssueType::NotFound { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
    Failure::Status(status, vec![Issue::error(code, text)])
}

/// A definition that an operation on an instance is about.
async fn stored(state: &State, caller: &Caller, ty: ResourceType, id: &str) -> Result<Json<'static>, Failure> {
    match state.store.read(&caller.actor, ty, id).await? {
        Lookup::Found(stored) => Json::parse(&stored.body)
            .map(Json::into_owned)
            .map_err(|_| StoreError::Internal("a stored body is no JSON".into()).into()),
        Lookup::Deleted { .. } => Err(StoreError::Gone { resource_type: ty, id: id.to_owned() }.into()),
        Lookup::Absent => Err(StoreError::NotFound { resource_type: ty, id: id.to_owned() }.into()),
    }
}

/// A Parameters resource as it is written.
#[derive(Default)]
struct Answer(Vec<Json<'static>>);

impl Answer {
    fn push(&mut self, name: &'static str, member: &'static str, value: Json<'static>) {
        self.0.push(valued(name, member, value));
    }

    fn text(&mut self, name: &'static str, member: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.push(name, member, Json::from(value.to_owned()));
        }
    }

    fn parts(&mut self, name: &'static str, parts: Vec<Json<'static>>) {
        let mut parameter = Object::new();
        parameter.push("name", Json::from(name));
        parameter.push("part", Json::Array(parts));
        self.0.push(Json::Object(parameter));
    }

    fn response(self) -> Response {
        let mut object = Object::new();
        object.push("resourceType", Json::from("Parameters"));
        if !self.0.is_empty() {
            object.push("parameter", Json::Array(self.0));
        }
        json(StatusCode::OK, Json::Object(object).to_text())
    }
}

fn valued(
    name: &'static str,
    member: impl Into<std::borrow::Cow<'static, str>>,
    value: Json<'static>,
) -> Json<'static> {
    let mut parameter = Object::new();
    parameter.push("name", Json::from(name));
    parameter.push(member, value);
    Json::Object(parameter)
}

fn coding(system: Option<&str>, version: Option<&str>, code: &str, display: Option<&str>) -> Json<'static> {
    let mut coding = Object::new();
    for (name, value) in [("system", system), ("version", version), ("code", Some(code)), ("display", display)] {
        if let Some(value) = value {
            coding.push(name, Json::from(value.to_owned()));
        }
    }
    Json::Object(coding)
}
