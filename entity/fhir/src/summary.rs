//! `_summary` and `_elements`: a part of a document, tagged as such.
//!
//! Source: FHIR R4 search, "summary" and "elements". Mandatory elements and modifiers always stay, for without them the rest may be
//! read wrongly.

use std::collections::BTreeMap;

use crate::json::Object;
use crate::path::Type;
use crate::search::query::Summary;
use crate::{Json, ResourceType};

/// The tag of a document that is not whole.
const TAG_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
const TAG_CODE: &str = "SUBSETTED";

/// Which part of each document is wanted.
#[derive(Debug, Clone)]
pub struct Subset<'q> {
    pub summary: Summary,
    /// `name`, `name.family` or `Patient.name`; the first two are meant for the type that is searched.
    pub elements: &'q [String],
}

/// Wanted names, each with the names wanted below it; none means all.
#[derive(Default)]
struct Tree(BTreeMap<String, Tree>);

impl Subset<'_> {
    /// Whether documents stay as they are.
    pub fn is_whole(&self) -> bool {
        matches!(self.summary, Summary::False | Summary::Count) && self.elements.is_empty()
    }

    /// The wanted part of a document. `searched` is the type the unprefixed names are meant for, `None` when this document was only
    /// included.
    pub fn of<'d>(&self, document: Json<'d>, resource_type: ResourceType, searched: bool) -> Json<'d> {
        let Json::Object(mut object) = document else { return document };
        let ty = Type::named(resource_type.name()).unwrap_or(Type::UNKNOWN);
        let before = object.iter().count();
        match self.summary {
            Summary::True => object = marked(object, ty, true),
            Summary::Text => {
                let kept = |name: &str| name == "text" || stays(ty, name);
                object = members(object, |name, value| kept(name).then_some(value));
            }
            Summary::Data => {
                object.remove("text");
                if object.iter().count() == before {
                    return Json::Object(object);
                }
            }
            Summary::False | Summary::Count => {}
        }
        if !self.elements.is_empty() {
            let tree = tree(self.elements, resource_type, searched);
            if tree.0.is_empty() && !searched {
                return Json::Object(object);
            }
            object = wanted(object, ty, &tree, true);
        } else if self.is_whole() {
            return Json::Object(object);
        }
        tag(&mut object);
        Json::Object(object)
    }
}

/// Whether `_elements` may name this on a resource of that type.
pub fn is_element(resource_type: ResourceType, path: &str) -> bool {
    let mut steps = path.split('.').peekable();
    let mut ty = Type::named(resource_type.name()).unwrap_or(Type::UNKNOWN);
    if let Some(other) = steps.peek().and_then(|name| ResourceType::named(name)) {
        ty = Type::named(other.name()).unwrap_or(Type::UNKNOWN);
        steps.next();
        if steps.peek().is_none() {
            return false;
        }
    }
    let mut types = vec![ty];
    for step in steps {
        let children = |t: &Type| -> Vec<Type> {
            match (t.child(step), t.by_json(step)) {
                (Some(child), _) => child.choices.iter().map(|c| c.ty).collect(),
                (None, Some((_, choice))) => vec![choice.ty],
                (None, None) => Vec::new(),
            }
        };
        types = types.iter().flat_map(children).collect();
        if types.is_empty() {
            return false;
        }
    }
    true
}

fn tree(elements: &[String], resource_type: ResourceType, searched: bool) -> Tree {
    let mut root = Tree::default();
    for path in elements {
        let mut steps = path.split('.').peekable();
        match steps.peek().and_then(|name| ResourceType::named(name)) {
            Some(named) if named == resource_type => {
                steps.next();
            }
            None if searched => {}
            _ => continue,
        }
        let mut at = &mut root;
        for step in steps {
            at = at.0.entry(step.to_owned()).or_default();
        }
    }
    root
}

fn members<'d>(object: Object<'d>, mut keep: impl FnMut(&str, Json<'d>) -> Option<Json<'d>>) -> Object<'d> {
    let mut out = Object::new();
    for (name, value) in object {
        if let Some(value) = keep(&name, value) {
            out.push(name, value);
        }
    }
    out
}

/// Whether a top-level member stays whatever is wanted.
fn stays(ty: Type, name: &str) -> bool {
    matches!(name, "resourceType" | "id" | "meta") || must_stay(ty, name)
}

/// Mandatory, or a modifier. `_birthDate` goes with `birthDate`.
fn must_stay(ty: Type, name: &str) -> bool {
    let plain = name.strip_prefix('_').unwrap_or(name);
    ty.by_json(plain).is_some_and(|(child, _)| child.min > 0 || child.is_modifier)
}

/// What the definitions mark as summary, at every level.
fn marked(object: Object<'_>, ty: Type, top: bool) -> Object<'_> {
    members(object, |name, value| {
        if top && matches!(name, "resourceType" | "id") {
            return Some(value);
        }
        let plain = name.strip_prefix('_').unwrap_or(name);
        let (child, choice) = ty.by_json(plain)?;
        if !(child.is_summary || child.min > 0 || child.is_modifier) {
            return None;
        }
        // The companion of a primitive has only its id and extensions.
        if name.starts_with('_') { Some(value) } else { Some(each(value, &mut |o| marked(o, choice.ty, false))) }
    })
}

fn wanted<'d>(object: Object<'d>, ty: Type, tree: &Tree, top: bool) -> Object<'d> {
    members(object, |name, value| {
        let plain = name.strip_prefix('_').unwrap_or(name);
        let child = ty.by_json(plain);
        let named = tree.0.get(plain).or_else(|| child.and_then(|(c, _)| tree.0.get(c.name)));
        match (named, child) {
            (Some(below), Some((_, choice))) if !below.0.is_empty() => {
                Some(each(value, &mut |o| wanted(o, choice.ty, below, false)))
            }
            (Some(_), _) => Some(value),
            (None, _) if must_stay(ty, name) || top && stays(ty, name) => Some(value),
            (None, _) => None,
        }
    })
}

/// Applies to the object, or to each object of the array.
fn each<'d>(value: Json<'d>, change: &mut dyn FnMut(Object<'d>) -> Object<'d>) -> Json<'d> {
    match value {
        Json::Object(object) => Json::Object(change(object)),
        Json::Array(items) => Json::Array(items.into_iter().map(|item| each(item, change)).collect()),
        other => other,
    }
}

pub(crate) fn tag(object: &mut Object<'_>) {
    let mut tag = Object::new();
    tag.push("system", Json::from(TAG_SYSTEM));
    tag.push("code", Json::from(TAG_CODE));
    let tag = Json::Object(tag);
    if let Some(meta) = object.get_mut("meta").and_then(Json::as_object_mut) {
        match meta.get_mut("tag") {
            Some(Json::Array(tags)) => tags.push(tag),
            _ => meta.set("tag", Json::Array(vec![tag])),
        }
    } else {
        let mut meta = Object::new();
        meta.push("tag", Json::Array(vec![tag]));
        object.push("meta", Json::Object(meta));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = r#"{"resourceType":"Patient","id":"p","meta":{"versionId":"1"},"language":"en","text":{"status":"generated","div":"<div/>"},
        "contained":[{"resourceType":"Organization","id":"o"}],"modifierExtension":[{"url":"u"}],"active":true,
        "name":[{"use":"usual","family":"F","given":["G"],"_family":{"id":"1"}}],"birthDate":"1970","_birthDate":{"id":"2"},
        "photo":[{"title":"t"}],"link":[{"other":{"reference":"Patient/2","display":"d"},"type":"refer","extension":[{"url":"x"}]}]}"#;

    fn names(summary: Summary, elements: &[&str], searched: bool) -> String {
        let elements: Vec<String> = elements.iter().map(|e| (*e).to_owned()).collect();
        let subset = Subset { summary, elements: &elements };
        let part = subset.of(Json::parse(PATIENT).unwrap(), ResourceType::Patient, searched);
        let tagged =
            part.get("meta").and_then(|m| m.get("tag")).is_some_and(|t| t.items()[0].str_at("code") == Some(TAG_CODE));
        let names: Vec<&str> =
            part.as_object().unwrap().iter().map(|(n, _)| n).filter(|n| *n != "resourceType").collect();
        format!("{}{}", names.join(" "), if tagged { " *" } else { "" })
    }

    #[test]
    fn each_summary_has_its_part() {
        let all = "id meta language text contained modifierExtension active name birthDate _birthDate photo link";
        assert_eq!(names(Summary::False, &[], true), all);
        assert_eq!(
            names(Summary::True, &[], true),
            "id meta modifierExtension active name birthDate _birthDate link *"
        );
        assert_eq!(names(Summary::Text, &[], true), "id meta text modifierExtension active link *");
        assert_eq!(names(Summary::Data, &[], true), all.replace(" text", "") + " *");
        let subset = Subset { summary: Summary::True, elements: &[] };
        let part = subset.of(Json::parse(PATIENT).unwrap(), ResourceType::Patient, true);
        let link = &part.get("link").unwrap().items()[0];
        assert_eq!(link.to_text(), r#"{"other":{"reference":"Patient/2","display":"d"},"type":"refer"}"#);
    }

    #[test]
    fn elements_keep_what_is_named_and_what_must_stay() {
        let must = "modifierExtension active";
        assert_eq!(names(Summary::False, &["birthDate"], true), format!("id meta {must} birthDate _birthDate link *"));
        assert_eq!(names(Summary::False, &["Patient.photo"], true), format!("id meta {must} photo link *"));
        assert_eq!(names(Summary::False, &["Observation.code"], false).matches(' ').count(), 11);
        let elements = ["name.family".to_owned()];
        let subset = Subset { summary: Summary::False, elements: &elements };
        let part = subset.of(Json::parse(PATIENT).unwrap(), ResourceType::Patient, true);
        let name = part.get("name").unwrap().items()[0].to_text();
        assert_eq!(name, r#"{"use":"usual","family":"F","_family":{"id":"1"}}"#);
    }

    #[test]
    fn only_elements_of_the_type_can_be_named() {
        for (path, known) in [
            ("name", true),
            ("name.family", true),
            ("Patient.name", true),
            ("Observation.value", true),
            ("deceased", true),
            ("deceasedBoolean", true),
            ("link.other.reference", true),
            ("Patient", false),
            ("nothing", false),
            ("name.nothing", false),
            ("Observation.name", false),
        ] {
            assert_eq!(is_element(ResourceType::Patient, path), known, "{path}");
        }
    }
}
