//! What acts are told, and its translation into FHIR. Whatever is wrong is collected, so that all of it is told at once.

use async_graphql::{ID, InputObject};
use entity::store::{Act, Write};
use fhir::json::Object;
use fhir::{Issue, IssueType, Json, ResourceType};

use crate::document::Document;
use crate::query::parts;
use crate::scalar::{DateTime, Decimal};

/// A code of a code system.
#[derive(InputObject, Clone, Debug)]
pub struct CodingInput {
    /// Canonical URL of the code system, such as `http://snomed.info/sct`.
    pub system: String,
    /// The code.
    pub code: String,
    /// The code's meaning in words.
    pub display: Option<String>,
}

/// A coded idea: words, codings or both.
#[derive(InputObject, Clone, Debug)]
pub struct ConceptInput {
    /// As the author says it.
    pub text: Option<String>,
    /// Codes that mean it.
    pub codings: Option<Vec<CodingInput>>,
}

/// What is wrong with an input, each with its place.
#[derive(Default)]
pub(super) struct Problems(pub Vec<Issue>);

impl Problems {
    pub fn add(&mut self, place: &str, code: IssueType, text: impl Into<String>) {
        self.0.push(Issue::error(code, text).at(format!("input.{place}")));
    }

    /// The words, when there are any: empty text is no text and would not be valid FHIR.
    pub fn words(&mut self, place: &str, text: Option<&String>) -> Option<Json<'static>> {
        let text = text?;
        if text.trim().is_empty() {
            self.add(place, IssueType::Value, "the text is empty");
            return None;
        }
        Some(text.trim().to_owned().into())
    }

    pub fn concept(&mut self, place: &str, concept: &ConceptInput) -> Json<'static> {
        let mut object = Object::new();
        let codings = concept.codings.as_deref().unwrap_or_default();
        if codings.is_empty() && concept.text.is_none() {
            self.add(place, IssueType::Required, "neither words nor a code");
        }
        let mut all = Vec::new();
        for (i, coding) in codings.iter().enumerate() {
            let place = format!("{place}.codings[{i}]");
            let mut one = Object::new();
            for (name, text) in
                [("system", Some(&coding.system)), ("code", Some(&coding.code)), ("display", coding.display.as_ref())]
            {
                if let Some(text) = self.words(&format!("{place}.{name}"), text) {
                    one.push(name, text);
                }
            }
            all.push(Json::Object(one));
        }
        if !all.is_empty() {
            object.push("coding", Json::Array(all));
        }
        if let Some(text) = self.words(&format!("{place}.text"), concept.text.as_ref()) {
            object.push("text", text);
        }
        Json::Object(object)
    }

    /// The number with its digits.
    pub fn decimal(&mut self, place: &str, value: &Decimal) -> Option<Json<'static>> {
        if let Ok(Json::Number(text)) = Json::parse(&value.0) {
            Some(Json::Number(text.into_owned().into()))
        } else {
            self.add(place, IssueType::Value, "not a decimal as JSON writes it, such as 7.10");
            None
        }
    }

    /// A reference to one of these types.
    pub fn reference(&mut self, place: &str, id: &ID, types: &[ResourceType]) -> Option<Json<'static>> {
        match parts(id) {
            Some((ty, _)) if types.contains(&ty) => Some(reference(id.as_str())),
            _ => {
                let types: Vec<&str> = types.iter().map(|t| t.name()).collect();
                self.add(place, IssueType::Value, format!("not the global id of a {}", types.join(" or ")));
                None
            }
        }
    }
}

pub(super) fn reference(id: &str) -> Json<'static> {
    let mut object = Object::new();
    object.push("reference", id.to_owned().into());
    Json::Object(object)
}

/// A CodeableConcept of one code.
pub(super) fn code(system: &'static str, code: &str, display: Option<&'static str>) -> Json<'static> {
    let mut coding = Object::new();
    coding.push("system", system.into());
    coding.push("code", code.to_owned().into());
    if let Some(display) = display {
        coding.push("display", display.into());
    }
    let mut concept = Object::new();
    concept.push("coding", Json::Array(vec![Json::Object(coding)]));
    Json::Object(concept)
}

/// An amount in a UCUM unit.
pub(super) fn quantity(value: Json<'static>, unit: &'static str, ucum: &'static str) -> Json<'static> {
    let mut quantity = Object::new();
    quantity.push("value", value);
    quantity.push("unit", unit.into());
    quantity.push("system", "http://unitsofmeasure.org".into());
    quantity.push("code", ucum.into());
    Json::Object(quantity)
}

/// A document that is being written. What is absent is not set; what is set replaces what was there.
pub(super) struct Draft {
    pub document: Object<'static>,
}

impl Draft {
    pub fn new(resource_type: ResourceType) -> Self {
        let mut document = Object::new();
        document.push("resourceType", resource_type.name().into());
        Self { document }
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<Option<Json<'static>>>) {
        if let Some(value) = value.into() {
            self.document.set(name, value);
        }
    }

    pub fn set_text(&mut self, name: &'static str, value: Option<&DateTime>) {
        self.set(name, value.map(|v| Json::from(v.0.clone())));
    }

    /// One more element of a list.
    pub fn add(&mut self, name: &'static str, value: Option<Json<'static>>) {
        let Some(value) = value else { return };
        match self.document.get_mut(name) {
            Some(Json::Array(all)) => all.push(value),
            _ => self.document.set(name, Json::Array(vec![value])),
        }
    }

    /// A draft of the next version of what was read.
    pub fn of(document: &Document) -> Self {
        Self { document: document.json().as_object().cloned().unwrap_or_default() }
    }

    pub fn text(self) -> String {
        Json::Object(self.document).to_text()
    }

    /// The write that makes a new resource of it.
    pub fn new_as(self, resource_type: ResourceType, id: String) -> Write {
        Write { resource_type, id, act: Act::Create { body: self.text() } }
    }

    /// The write that makes the next version of what was read of it.
    pub fn next_of(self, document: &Document) -> Write {
        let stored = document.stored();
        let act = Act::Update { body: self.text(), expected: Some(stored.version_id), may_create: false };
        Write { resource_type: stored.resource_type, id: stored.id.clone(), act }
    }
}

pub(super) fn object<'a>(members: impl IntoIterator<Item = (&'static str, Json<'a>)>) -> Json<'a> {
    let mut object = Object::new();
    members.into_iter().for_each(|(name, value)| object.push(name, value));
    Json::Object(object)
}

/// A Reference with words for people.
pub(super) fn named(id: &str, display: Option<&str>) -> Json<'static> {
    let display = display.map(|d| ("display", Json::from(d.to_owned())));
    object([("reference", Json::from(id.to_owned()))].into_iter().chain(display))
}
