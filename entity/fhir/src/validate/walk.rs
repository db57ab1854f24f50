//! One pass over a document beside the definitions. Every problem becomes an issue with its place; nothing is corrected.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::primitive::Fault;
use super::quick;
use super::rules::{Field, Kind, Rule, Set, TypeRules};
use crate::json::{MAX_DEPTH, Object};
use crate::path::invariant::{self, Place as At};
use crate::path::model::{Choice, Type};
use crate::path::{Budget, ErrorKind, Node};
use crate::reference::{self, Target};
use crate::{Issue, IssueType, Json, media};

/// Issues listed at most; the walk ends there.
pub(super) const MAX_ISSUES: usize = 100;
/// Steps that all invariants of a document may take together, beside [`STEPS_PER_NODE`]. A step is about one item looked at.
const STEPS: u64 = 100_000;
const STEPS_PER_NODE: u64 = 200;

/// As `base64Binary` is read: what the last bits are does not matter.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Where the walk stands: a list back to the resource, made into text only when there is something to say.
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    name: &'p str,
    index: Option<usize>,
    of_type: Option<&'static str>,
}

impl<'p> Place<'p> {
    pub fn root(name: &'p str) -> Self {
        Self { parent: None, name, index: None, of_type: None }
    }

    fn child(&'p self, name: &'p str) -> Place<'p> {
        Place { parent: Some(self), name, index: None, of_type: None }
    }

    fn field(&'p self, field: &Field, choice: &'static Choice, index: Option<usize>) -> Place<'p> {
        let of_type = field.child.is_choice.then(|| choice.ty.name());
        Place { parent: Some(self), name: field.child.name, index, of_type }
    }

    /// `Patient.name[0].given[1]`, `Observation.value.ofType(Quantity).unit`
    pub fn text(&self) -> String {
        let mut out = self.parent.map(|parent| parent.text() + ".").unwrap_or_default();
        // `div` is an operator of FHIRPath.
        if self.name == "div" {
            out.push_str("`div`");
        } else {
            out.push_str(self.name);
        }
        if let Some(index) = self.index {
            let _ = write!(out, "[{index}]");
        }
        if let Some(ty) = self.of_type {
            let _ = write!(out, ".ofType({ty})");
        }
        out
    }
}

/// What a resource and those it contains have in common.
#[derive(Default)]
struct Local<'a> {
    /// Ids of contained resources with their types, once they were asked for.
    contained: Option<HashMap<&'a str, &'a str>>,
    /// Local references found so far, without `#`.
    anchors: HashSet<&'a str>,
    /// The contained resource the walk is in, and those that refer to their container.
    within: Option<usize>,
    to_container: HashSet<usize>,
}

pub(super) struct Walk<'a> {
    pub issues: Vec<Issue>,
    resource: Node<'a>,
    root: Node<'a>,
    local: Local<'a>,
    depth: usize,
    nodes: u64,
    steps: u64,
}

impl<'a> Walk<'a> {
    pub fn new(document: &'a Json<'a>) -> Self {
        let node = Node::resource(document);
        Self { issues: Vec::new(), resource: node, root: node, local: Local::default(), depth: 0, nodes: 0, steps: 0 }
    }

    fn full(&self) -> bool {
        self.issues.len() >= MAX_ISSUES
    }

    fn add(&mut self, code: IssueType, text: impl Into<String>, place: &Place<'_>) {
        if !self.full() {
            self.issues.push(Issue::error(code, text).at(place.text()));
        }
    }

    /// A resource that stands alone: the document itself, or one in a Bundle or Parameters.
    pub fn resource(&mut self, json: &'a Json<'a>, place: &Place<'_>) {
        let outer = (self.resource, self.root, std::mem::take(&mut self.local));
        let node = Node::resource(json);
        (self.resource, self.root) = (node, node);
        self.resource_body(json, place);
        (self.resource, self.root, self.local) = outer;
    }

    fn contained(&mut self, json: &'a Json<'a>, place: &Place<'_>) {
        let outer = (self.resource, self.local.within);
        self.resource = Node::resource(json);
        // What is contained in a contained resource (dom-2 refuses it) counts as part of that.
        self.local.within = outer.1.or(place.index);
        self.resource_body(json, place);
        (self.resource, self.local.within) = outer;
    }

    fn resource_body(&mut self, json: &'a Json<'a>, place: &Place<'_>) {
        let Json::Object(object) = json else {
            return self.add(IssueType::Structure, "a resource is a JSON object", place);
        };
        let Some(name) = object.get("resourceType") else {
            return self.add(IssueType::Required, "resourceType is missing", &place.child("resourceType"));
        };
        let ty = name.as_str().and_then(Type::named).filter(|ty| ty.is_resource() && !ty.is_abstract());
        let Some(ty) = ty else {
            return self.add(IssueType::Structure, "resourceType is no R4 resource type", &place.child("resourceType"));
        };
        let rules = TypeRules::of(ty);
        self.members(object, rules, true, place);
        if ty.name() == "Binary" {
            self.content(object, place);
        }
        let node = Node::element(Some(json), None, ty);
        self.invariants(&rules.invariants, node, place);
        if let Some(contained) = object.get("contained") {
            self.unreferenced(contained, place);
        }
    }

    /// dom-3: what is contained is referred to, or refers to its container.
    fn unreferenced(&mut self, contained: &'a Json<'a>, place: &Place<'_>) {
        if self.local.within.is_some() {
            return;
        }
        for (i, resource) in contained.items().iter().enumerate() {
            let Some(id) = resource.str_at("id") else { continue };
            if !self.local.anchors.contains(id) && !self.local.to_container.contains(&i) {
                let text =
                    "dom-3: a contained resource must be referred to from elsewhere in the resource, or refer to it";
                let at = Place { parent: Some(place), name: "contained", index: Some(i), of_type: None };
                self.add(IssueType::Invariant, text, &at);
            }
        }
    }

    /// The members of an element or resource, without its invariants.
    fn members(&mut self, object: &'a Object<'a>, rules: &'static TypeRules, is_resource: bool, place: &Place<'_>) {
        if self.depth > MAX_DEPTH {
            return self.add(IssueType::Structure, format!("nested deeper than {MAX_DEPTH}"), place);
        }
        self.depth += 1;
        let has_companions = object.iter().any(|(name, _)| name.starts_with('_'));
        let mut seen = 0u128;
        let mut chosen: Option<(usize, &'static str)> = None;
        for (name, value) in object.iter() {
            if self.full() {
                break;
            }
            let json = name.strip_prefix('_').unwrap_or(name);
            let is_companion = json.len() < name.len();
            let Some((at, field, choice)) = rules.field(json) else {
                if !(is_resource && name == "resourceType") {
                    self.unknown(name, rules, place);
                }
                continue;
            };
            let is_primitive = matches!(TypeRules::of(choice.ty).kind, Kind::Primitive(_));
            if is_companion {
                if !is_primitive {
                    let text = format!("{name}: only primitive elements have a companion");
                    self.add(IssueType::Structure, text, &place.field(field, choice, None));
                    continue;
                }
                if object.get(json).is_some() {
                    continue;
                }
            }
            if seen & (1 << at) != 0 && chosen != Some((at, choice.json)) {
                let text = format!("{}[x] has more than one type", field.child.name);
                self.add(IssueType::Structure, text, &place.child(field.child.name));
                continue;
            }
            seen |= 1 << at;
            if field.child.is_choice {
                chosen = Some((at, choice.json));
            }
            if is_companion {
                self.field(field, choice, None, Some(value), place);
            } else {
                let companion = if is_primitive && has_companions { object.get(&choice.companion) } else { None };
                self.field(field, choice, Some(value), companion, place);
            }
        }
        let missing = rules.required & !seen;
        if missing != 0 {
            for (at, field) in rules.fields.iter().enumerate().filter(|(at, _)| missing & (1 << at) != 0) {
                debug_assert!(at < 128);
                let name = field.child.name;
                let x = if field.child.is_choice { "[x]" } else { "" };
                let text = format!("{}.{name}{x} is required", rules.ty.name());
                self.add(IssueType::Required, text, &place.child(name));
            }
        }
        self.depth -= 1;
    }

    /// The name is repeated when it looks like one; it is the client's text all the same.
    fn unknown(&mut self, name: &str, rules: &TypeRules, place: &Place<'_>) {
        let is_name = name.len() <= 64
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        let ty = rules.ty.name();
        if is_name {
            self.add(IssueType::Structure, format!("{ty} has no element {name}"), &place.child(name));
        } else {
            self.add(IssueType::Structure, format!("{ty} has a member whose name is no element name"), place);
        }
    }

    fn field(
        &mut self,
        field: &'static Field,
        choice: &'static Choice,
        json: Option<&'a Json<'a>>,
        companion: Option<&'a Json<'a>>,
        place: &Place<'_>,
    ) {
        if !field.child.many {
            let place = place.field(field, choice, None);
            for given in [json, companion].into_iter().flatten() {
                match given {
                    Json::Null => return self.add(IssueType::Structure, "null is no value", &place),
                    Json::Array(_) => {
                        return self.add(
                            IssueType::Structure,
                            "the element does not repeat, so it is no array",
                            &place,
                        );
                    }
                    _ => {}
                }
            }
            return self.value(field, choice, json, companion, &place);
        }
        let whole = place.child(field.child.name);
        let mut lists: [&'a [Json<'a>]; 2] = [&[], &[]];
        for (list, given) in lists.iter_mut().zip([json, companion]) {
            match given {
                None => {}
                Some(Json::Array(items)) if items.is_empty() => {
                    return self.add(IssueType::Structure, "an array has at least one item", &whole);
                }
                Some(Json::Array(items)) => *list = items,
                Some(_) => {
                    return self.add(IssueType::Structure, "the element repeats, so it is an array", &whole);
                }
            }
        }
        let count = lists[0].len().max(lists[1].len());
        for i in 0..count {
            if self.full() {
                return;
            }
            let place = place.field(field, choice, Some(i));
            let [value, extra] = lists.map(|list| list.get(i).filter(|item| **item != Json::Null));
            if value.is_none() && extra.is_none() {
                self.add(IssueType::Structure, "null is no value", &place);
                continue;
            }
            self.value(field, choice, value, extra, &place);
        }
        if field.child.max.is_some_and(|max| count > max as usize) {
            self.add(IssueType::Structure, format!("at most {} are allowed", field.child.max.unwrap_or(0)), &whole);
        }
        if count < field.child.min as usize {
            self.add(IssueType::Required, format!("at least {} are required", field.child.min), &whole);
        }
    }

    /// One item of an element: its type's structure, its binding, its invariants.
    fn value(
        &mut self,
        field: &'static Field,
        choice: &'static Choice,
        json: Option<&'a Json<'a>>,
        companion: Option<&'a Json<'a>>,
        place: &Place<'_>,
    ) {
        self.nodes += 1;
        let rules = TypeRules::of(choice.ty);
        match (rules.kind, json) {
            (Kind::Primitive(lexical), _) => {
                if let Some(value) = json {
                    match lexical.check(value) {
                        Ok(()) => self.local_reference(choice.ty, value),
                        Err(Fault::JsonType(expected)) => {
                            let text = format!("{expected} was expected for {}", choice.ty.name());
                            return self.add(IssueType::Structure, text, place);
                        }
                        Err(Fault::Text(expected)) => {
                            return self.add(IssueType::Value, format!("the value is not {expected}"), place);
                        }
                    }
                    if let (Some(set), Some(code)) = (field.set, value.as_str())
                        && !set.has_code(code)
                    {
                        self.not_in(set, place);
                    }
                }
                if let Some(companion) = companion {
                    let Json::Object(object) = companion else {
                        return self.add(IssueType::Structure, "a companion is a JSON object", place);
                    };
                    let is_bare = object.iter().all(|(name, _)| name == "id");
                    if object.is_empty() || (is_bare && json.is_none()) {
                        return self.add(IssueType::Invariant, "ele-1: an element has a value or children", place);
                    }
                    self.members(object, rules, false, place);
                }
            }
            (Kind::Complex, Some(Json::Object(object))) => {
                if object.iter().all(|(name, _)| name == "id") {
                    return self.add(IssueType::Invariant, "ele-1: an element has a value or children", place);
                }
                self.members(object, rules, false, place);
                match choice.ty.name() {
                    "Reference" => self.reference(object, choice, place),
                    "Attachment" => self.content(object, place),
                    _ => {}
                }
                if let Some(set) = field.set {
                    self.binding(object, choice.ty, set, place);
                }
            }
            (Kind::Resource, Some(json @ Json::Object(_))) => {
                if field.child.name == "contained" {
                    self.contained(json, place);
                } else {
                    self.resource(json, place);
                }
                return;
            }
            (Kind::Complex | Kind::Resource, _) => {
                let text = format!("a JSON object was expected for {}", choice.ty.name());
                return self.add(IssueType::Structure, text, place);
            }
        }
        if rules.invariants.is_empty() && field.invariants.is_empty() {
            return;
        }
        let node = Node::element(json, companion, choice.ty);
        self.invariants(&rules.invariants, node, place);
        self.invariants(&field.invariants, node, place);
    }

    /// The bytes in `data` are not too many, and of the type that `contentType` says where that type can be told. What cannot be told is
    /// taken at its word.
    fn content(&mut self, object: &Object<'_>, place: &Place<'_>) {
        let text = |name| object.get(name).and_then(Json::as_str);
        let Some(data) = text("data").filter(|data| !data.is_empty()) else { return };
        let data = data.split_ascii_whitespace().collect::<String>();
        // Anything else is no base64, which has been said.
        let Ok(bytes) = BASE64.decode(data) else { return };
        if bytes.len() > media::LARGEST {
            let text = format!("the content has {} bytes, at most {} are taken", bytes.len(), media::LARGEST);
            return self.add(IssueType::TooLong, text, &place.child("data"));
        }
        if let Some(Err(fault @ media::Fault::Mismatch { .. })) = text("contentType").map(|ty| media::check(ty, &bytes))
        {
            self.add(IssueType::Value, fault.to_string(), &place.child("contentType"));
        }
    }

    /// Remembers `#id` for dom-3. Canonicals and the like refer, too.
    fn local_reference(&mut self, ty: Type, value: &'a Json<'a>) {
        if let Some(id) = value.as_str().and_then(|text| text.strip_prefix('#'))
            && matches!(ty.name(), "uri" | "url" | "canonical")
        {
            self.anchor(id);
        }
    }

    fn anchor(&mut self, id: &'a str) {
        match self.local.within {
            Some(within) if id.is_empty() => {
                self.local.to_container.insert(within);
            }
            _ => {
                self.local.anchors.insert(id);
            }
        }
    }

    /// ref-1, and the types a reference may point to.
    fn reference(&mut self, object: &'a Object<'a>, choice: &'static Choice, place: &Place<'_>) {
        let text = object.get("reference").and_then(Json::as_str).unwrap_or_default();
        let named = match reference::parse(text, None) {
            Target::Contained(id) => {
                self.anchor(id);
                if id.is_empty() {
                    // The container itself.
                    self.root.json.and_then(|json| json.str_at("resourceType"))
                } else {
                    let found = self.contained_type(id);
                    if found.is_none() {
                        let text = "ref-1: a local reference must name a contained resource";
                        self.add(IssueType::Invariant, text, &place.child("reference"));
                    }
                    found
                }
            }
            Target::Local { resource_type, .. } | Target::Conditional { resource_type, .. } => {
                Some(resource_type.name())
            }
            Target::Absolute { resource_type, .. } => resource_type.map(crate::ResourceType::name),
            Target::Urn(_) => None,
            // The name of a type and nothing that could be an id.
            Target::Other(text) => {
                let name = text.split('/').next().unwrap_or_default();
                if crate::ResourceType::named(name).is_some() {
                    let reason = format!(
                        "\"{name}\" without an id names no resource: a reference is Type/id, a url, urn:… or #id"
                    );
                    self.add(IssueType::Value, reason, &place.child("reference"));
                }
                None
            }
        };
        if choice.targets.is_empty() {
            return;
        }
        let stated = object.get("type").and_then(Json::as_str);
        let stated = stated.map(|ty| ty.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or(ty));
        let stated = stated.filter(|ty| Type::named(ty).is_some());
        for (ty, name) in [(named, "reference"), (stated, "type")] {
            if ty.is_some_and(|ty| !choice.targets.contains(&ty)) {
                let expected = choice.targets.join(", ");
                self.add(IssueType::Value, format!("a reference to {expected} was expected"), &place.child(name));
                return;
            }
        }
    }

    fn contained_type(&mut self, id: &str) -> Option<&'a str> {
        let root = self.root.json;
        let contained = self.local.contained.get_or_insert_with(|| {
            let all = root.and_then(|json| json.get("contained")).map_or(&[][..], Json::items);
            all.iter().filter_map(|r| Some((r.str_at("id")?, r.str_at("resourceType").unwrap_or_default()))).collect()
        });
        contained.get(id).copied()
    }

    /// A coded element against the value set it is bound to.
    fn binding(&mut self, object: &'a Object<'a>, ty: Type, set: &'static Set, place: &Place<'_>) {
        let coding = |o: &Object<'_>| {
            let code = o.get("code").and_then(Json::as_str);
            code.is_some_and(|code| set.has(o.get("system").and_then(Json::as_str), code))
        };
        let good = match ty.name() {
            "CodeableConcept" => {
                let codings = object.get("coding").map_or(&[][..], Json::items);
                codings.iter().filter_map(Json::as_object).any(coding)
            }
            "Coding" | "Quantity" => coding(object),
            _ => true,
        };
        if !good {
            self.not_in(set, place);
        }
    }

    fn not_in(&mut self, set: &Set, place: &Place<'_>) {
        self.add(IssueType::CodeInvalid, format!("the code is not in the required value set {}", set.url), place);
    }

    fn invariants(&mut self, rules: &[&'static Rule], node: Node<'a>, place: &Place<'_>) {
        for rule in rules {
            if self.full() {
                return;
            }
            let holds = match quick::holds(&rule.expression, &node) {
                Some(holds) => holds,
                None => match self.evaluate(rule, node, place) {
                    Some(holds) => holds,
                    None => continue,
                },
            };
            if !holds {
                self.add(IssueType::Invariant, format!("{}: {}", rule.key, rule.words), place);
            }
        }
    }

    fn evaluate(&mut self, rule: &'static Rule, node: Node<'a>, place: &Place<'_>) -> Option<bool> {
        let allowed = STEPS + STEPS_PER_NODE * self.nodes;
        let budget = Budget { steps: allowed.saturating_sub(self.steps) };
        let at = At { resource: self.resource, root: self.root, focus: node, budget, now: None };
        let (holds, used) = invariant::holds_counted(&rule.expression, &at);
        self.steps += used;
        match holds {
            Ok(holds) => return Some(holds),
            Err(error) if error.kind == ErrorKind::TooCostly => {
                let text = format!("{}: checking this rule costs too much for a document of this shape", rule.key);
                self.add(IssueType::TooCostly, text, place);
            }
            // The data do not allow the expression: something is wrong there, and is reported by its own rule.
            Err(_) if !self.issues.is_empty() => {}
            Err(_) => {
                self.add(
                    IssueType::Invariant,
                    format!("{}: the rule cannot be applied here: {}", rule.key, rule.words),
                    place,
                );
            }
        }
        None
    }
}
