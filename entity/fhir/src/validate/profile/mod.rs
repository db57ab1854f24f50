//! Profiles: what a StructureDefinition of kind constraint asks of a resource beyond base R4.
//!
//! A profile is kept as the elements that it or its bases constrain; what R4 itself says is checked by [`super::validate`]. Pure: the
//! definitions are handed in as a [`Collection`](Profiles). A profile that is not loaded is said to be so, never taken for met.
//!
//! Source: FHIR R4 `profiling.html`, `elementdefinition.html`.

mod check;
mod read;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::path::Expression;
use crate::path::model::Type;
use crate::reference::canonical;
use crate::terminology::{Library, ValueSet};
use crate::{Issue, Json};

pub use read::Needs;

/// Where the definitions of R4 itself stand.
pub const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The loaded profiles, by canonical url, with the value sets that they bind to.
#[derive(Debug, Default)]
pub struct Profiles {
    by_url: HashMap<String, Arc<Profile>>,
    pub library: Library,
    pub sets: HashMap<String, Arc<ValueSet>>,
}

/// One profile, its bases included.
#[derive(Debug, Clone)]
pub struct Profile {
    pub url: String,
    pub version: Option<String>,
    ty: Type,
    root: Node,
    /// What it asks for and is not checked, in words.
    unchecked: Vec<String>,
}

/// A constrained element.
#[derive(Debug, Clone, Default)]
struct Node {
    /// As FHIRPath names it: `value` for `value[x]`.
    name: String,
    min: u32,
    max: Option<u32>,
    types: Vec<TypeRef>,
    fixed: Option<Json<'static>>,
    pattern: Option<Json<'static>>,
    /// The value set of a required binding.
    binding: Option<String>,
    max_length: Option<usize>,
    constraints: Vec<Constraint>,
    slicing: Option<Slicing>,
    /// Under their names.
    slices: Vec<(String, Node)>,
    children: Vec<Node>,
}

#[derive(Debug, Clone)]
struct TypeRef {
    code: String,
    profiles: Vec<String>,
    target_profiles: Vec<String>,
}

#[derive(Debug, Clone)]
struct Constraint {
    key: String,
    blocks: bool,
    words: String,
    expression: Expression,
}

#[derive(Debug, Clone)]
struct Slicing {
    discriminators: Vec<Discriminator>,
    ordered: bool,
    rules: SlicingRules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SlicingRules {
    Open,
    Closed,
    OpenAtEnd,
}

#[derive(Debug, Clone)]
struct Discriminator {
    kind: DiscriminatorKind,
    path: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiscriminatorKind {
    /// `value` and `pattern`: fixed value, pattern or required binding.
    Value,
    Exists,
    Type,
    Profile,
}

/// A step of a discriminator's path; `$this` is none.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Child(String),
    OfType(String),
    Extension(String),
    /// The target of a reference; only its type is known.
    Resolve,
}

impl Profiles {
    /// The profile of that url; a version that is named must be the one loaded.
    pub fn get(&self, name: &str) -> Option<&Profile> {
        let (url, version) = canonical(name);
        let found = self.by_url.get(url)?;
        (version.is_none() || version == found.version.as_deref()).then_some(&**found)
    }

    /// Whether R4 defines it, so that nothing has to be loaded.
    pub fn is_base(name: &str) -> bool {
        canonical(name).0.strip_prefix(BASE).is_some_and(|ty| Type::named(ty).is_some())
    }

    /// What stands against the resource conforming to the profile, beside base R4. A profile that is not loaded is a warning.
    pub fn check(&self, document: &Json<'_>, profile: &str) -> Vec<Issue> {
        check::check(self, document, profile)
    }
}
