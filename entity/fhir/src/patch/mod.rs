//! Changes to a document: JSON Patch (RFC 6902), FHIRPath Patch (FHIR R4 `fhirpatch.html`) and those of `$meta-add` and `$meta-delete`. All operations of a patch apply, or none.
//!
//! It does not know whether the result is valid: the store asks that of every document.

mod json;
mod meta;
mod path;

use crate::json::MAX_DEPTH;
use crate::{Issue, IssueType, Json};
use base64::Engine as _;

/// The media type of a JSON Patch.
pub const JSON_PATCH: &str = "application/json-patch+json";

/// Operations of one patch at most.
const MAX_OPERATIONS: usize = 1_000;
/// What the operations of one patch may add, in bytes and values.
const MAX_WEIGHT: usize = 8 << 20;

/// A patch that was read, with the text it was read from.
#[derive(Debug, Clone)]
pub struct Patch {
    text: String,
    operations: Operations,
}

#[derive(Debug, Clone)]
enum Operations {
    Json(Vec<json::Operation>),
    Path(Vec<path::Operation>),
    Meta(meta::Operation),
}

impl Patch {
    /// Reads a JSON Patch: an array of operations.
    ///
    /// # Errors
    /// One issue that names the operation.
    pub fn json(text: &str) -> Result<Self, Issue> {
        let document = Json::parse(text).map_err(|e| Issue::error(IssueType::Structure, e.to_string()))?;
        let Json::Array(items) = &document else {
            return Err(Issue::error(IssueType::Structure, "a JSON Patch is an array of operations"));
        };
        bounded(items.len())?;
        let operations = items.iter().enumerate().map(|(i, item)| {
            json::Operation::read(item)
                .map_err(|reason| Issue::error(IssueType::Value, format!("operation {i}: {reason}")))
        });
        Ok(Self { text: text.to_owned(), operations: Operations::Json(operations.collect::<Result<_, _>>()?) })
    }

    /// Reads a FHIRPath Patch: `Parameters` with a parameter `operation` for each step.
    ///
    /// # Errors
    /// One issue with the place in the Parameters.
    pub fn fhirpath(parameters: &Json<'_>) -> Result<Self, Issue> {
        if parameters.str_at("resourceType") != Some("Parameters") {
            return Err(Issue::error(IssueType::Structure, "a FHIRPath Patch is a Parameters resource"));
        }
        let items = parameters.get("parameter").and_then(Json::as_array).unwrap_or_default();
        bounded(items.len())?;
        let operations = items.iter().enumerate().map(|(i, item)| {
            path::Operation::read(item).map_err(|reason| {
                let place = format!("Parameters.parameter[{i}]");
                Issue::error(IssueType::Value, format!("{place}: {reason}")).at(place)
            })
        });
        let operations = Operations::Path(operations.collect::<Result<_, _>>()?);
        Ok(Self { text: parameters.to_text(), operations })
    }

    /// Reads the Parameters of `$meta-add` or `$meta-delete`.
    ///
    /// # Errors
    /// One issue that names the member of the Meta.
    pub fn meta(parameters: &Json<'_>, add: bool) -> Result<Self, Issue> {
        let operation =
            meta::Operation::read(parameters, add).map_err(|reason| Issue::error(IssueType::Invalid, reason))?;
        bounded(operation.len())?;
        let text = format!("{} {}", if add { "add" } else { "delete" }, parameters.to_text());
        Ok(Self { text, operations: Operations::Meta(operation) })
    }

    /// Reads the patch of a bundle's entry: `Parameters`, or a `Binary` that holds a JSON Patch.
    ///
    /// # Errors
    /// One issue with the reason.
    pub fn of_resource(resource: &Json<'_>) -> Result<Self, Issue> {
        if resource.str_at("resourceType") != Some("Binary") {
            return Self::fhirpath(resource);
        }
        if resource.str_at("contentType").map(|t| t.split(';').next().unwrap_or(t).trim()) != Some(JSON_PATCH) {
            return Err(Issue::error(IssueType::NotSupported, format!("a Binary with a patch is {JSON_PATCH}")));
        }
        let data: String = resource.str_at("data").unwrap_or_default().split_ascii_whitespace().collect();
        let text = base64::engine::general_purpose::STANDARD.decode(data).ok().and_then(|b| String::from_utf8(b).ok());
        Self::json(&text.ok_or_else(|| Issue::error(IssueType::Structure, "Binary.data is no base64 of a text"))?)
    }

    /// What it was read from, as a text that tells it from others.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document after the patch.
    ///
    /// # Errors
    /// One issue that names the operation: a place that is not there, a test that failed, more than one element where one is meant, or a
    /// change to what the server sets itself (`resourceType`, `id`, `meta.versionId`, `meta.lastUpdated`).
    pub fn apply(&self, document: &Json<'_>) -> Result<Json<'static>, Issue> {
        let mut work = Work { document: document.clone().into_owned(), left: MAX_WEIGHT };
        let fail = |i: usize, reason: String| Issue::error(IssueType::Invalid, format!("operation {i}: {reason}"));
        match &self.operations {
            Operations::Json(operations) => {
                for (i, operation) in operations.iter().enumerate() {
                    operation.apply(&mut work).map_err(|reason| fail(i, reason))?;
                }
                for operation in operations {
                    operation.tidy(&mut work.document);
                }
            }
            Operations::Meta(operation) => operation.apply(&mut work.document).map_err(|reason| fail(0, reason))?,
            Operations::Path(operations) => {
                for (i, operation) in operations.iter().enumerate() {
                    operation.apply(&mut work).map_err(|reason| fail(i, reason))?;
                }
            }
        }
        let own = |document: &Json<'_>| {
            let meta = |name| document.get("meta").and_then(|m| m.get(name)).map(Json::to_text);
            [
                ("resourceType", document.get("resourceType").map(Json::to_text)),
                ("id", document.get("id").map(Json::to_text)),
                ("meta.versionId", meta("versionId")),
                ("meta.lastUpdated", meta("lastUpdated")),
            ]
        };
        for ((name, before), (_, after)) in own(document).into_iter().zip(own(&work.document)) {
            if before != after {
                let text = format!("{name} is set by the server and cannot be patched");
                let root = document.str_at("resourceType").unwrap_or("Resource");
                return Err(Issue::error(IssueType::BusinessRule, text).at(format!("{root}.{name}")));
            }
        }
        Ok(work.document)
    }
}

fn bounded(operations: usize) -> Result<(), Issue> {
    if operations <= MAX_OPERATIONS {
        return Ok(());
    }
    let text = format!("a patch has at most {MAX_OPERATIONS} operations, this has {operations}");
    Err(Issue::error(IssueType::TooCostly, text))
}

/// The document under change, and how much may still be added to it.
struct Work {
    document: Json<'static>,
    left: usize,
}

impl Work {
    /// Charges a value that is to be put `depth` levels below the root.
    fn charge(&mut self, value: &Json<'_>, depth: usize) -> Result<(), String> {
        if depth + height(value) > MAX_DEPTH {
            return Err(format!("the document would be nested deeper than {MAX_DEPTH}"));
        }
        match self.left.checked_sub(weight(value)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err("the patch adds too much".into()),
        }
    }
}

/// Levels of a value; it was bounded when it was read or charged.
fn height(value: &Json<'_>) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Json::Object(object) => 1 + object.iter().map(|(_, v)| height(v)).max().unwrap_or(0),
        _ => 0,
    }
}

fn weight(value: &Json<'_>) -> usize {
    match value {
        Json::Null | Json::Bool(_) => 1,
        Json::Number(text) | Json::String(text) => 1 + text.len(),
        Json::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Json::Object(object) => 1 + object.iter().map(|(name, v)| name.len() + weight(v)).sum::<usize>(),
    }
}
