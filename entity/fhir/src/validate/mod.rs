//! Is this document a valid R4 resource? Structure, cardinality, primitives, references, required bindings and invariants of the base
//! definitions, in one pass over [`Json`].
//!
//! Profiles beyond base R4 are checked by [`profile`]. Not known here: value sets that R4 does not list (mime types, currencies, UCUM units), whether a reference exists.
//!
//! Source: FHIR R4 `validation.html`, `json.html`, `references.html`, `terminologies.html#required`.

mod primitive;
pub mod profile;
mod quick;
pub(crate) mod rules;
#[cfg(test)]
mod tests;
mod walk;

use crate::json::Json;
use crate::outcome::{Issue, IssueType};
use crate::table::View;
use walk::{MAX_ISSUES, Place, Walk};

/// What is wrong with a resource; empty when nothing is.
///
/// Each issue names its place as a FHIRPath from the resource, such as `Patient.name[0].given[1]`, and repeats no value. After 100
/// issues the walk ends, and a warning says so.
///
/// `ViewDefinition` is stored beside the R4 types; R4 has no definition of it: it is valid when it can be run.
pub fn validate(document: &Json<'_>) -> Vec<Issue> {
    let name = document.str_at("resourceType").unwrap_or("Resource");
    if name == "ViewDefinition" {
        return View::read(document).err().unwrap_or_default();
    }
    let mut walk = Walk::new(document);
    let root = if crate::ResourceType::named(name).is_some() { name } else { "Resource" };
    walk.resource(document, &Place::root(root));
    let mut issues = walk.issues;
    if issues.len() >= MAX_ISSUES {
        issues.push(Issue::warning(IssueType::TooCostly, "there may be more issues than these"));
    }
    issues
}
