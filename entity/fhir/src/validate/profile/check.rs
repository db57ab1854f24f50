//! A document against a profile. Every issue has its place; what cannot be checked is a warning.

use super::{BASE, Discriminator, DiscriminatorKind, Node, Profile, Profiles, Slicing, SlicingRules, Step, TypeRef};
use crate::path::invariant::{self, Place as At};
use crate::path::model::Type;
use crate::path::{Budget, Node as PathNode};
use crate::reference::{self, Target, canonical};
use crate::{Issue, IssueType, Json};

/// Issues listed at most.
const MAX_ISSUES: usize = 100;
/// Deepest way through elements and the profiles of their types.
const MAX_DEPTH: usize = 64;
/// Steps that all constraints of a document may take together.
const STEPS: u64 = 100_000;

/// One value of an element.
#[derive(Clone)]
struct Value<'a> {
    json: Option<&'a Json<'a>>,
    companion: Option<&'a Json<'a>>,
    ty: Type,
    place: String,
}

impl<'a> Value<'a> {
    /// What has the children: the object, or the companion of a primitive.
    fn object(&self) -> Option<&'a crate::json::Object<'a>> {
        self.json.and_then(Json::as_object).or_else(|| self.companion.and_then(Json::as_object))
    }

    fn children(&self, name: &str) -> Vec<Self> {
        let Some(object) = self.object() else { return Vec::new() };
        let Some(child) = self.ty.child(name) else { return Vec::new() };
        let mut out = Vec::new();
        for choice in &child.choices {
            let (value, companion) = (object.get(choice.json), object.get(&choice.companion));
            let is_list = matches!(value.or(companion), Some(Json::Array(_)));
            let lists = [value, companion].map(|v| v.map_or(&[][..], Json::items));
            for i in 0..lists[0].len().max(lists[1].len()) {
                let [json, companion] = lists.map(|l| l.get(i).filter(|v| **v != Json::Null));
                let mut ty = choice.ty;
                if ty.is_resource() {
                    ty = json.and_then(|j| j.str_at("resourceType")).and_then(Type::named).unwrap_or(ty);
                }
                let index = if is_list { format!("[{i}]") } else { String::new() };
                let cast = if child.is_choice { format!(".ofType({})", choice.ty.name()) } else { String::new() };
                out.push(Value { json, companion, ty, place: format!("{}.{name}{index}{cast}", self.place) });
            }
        }
        out
    }
}

struct Walk<'a> {
    profiles: &'a Profiles,
    issues: Vec<Issue>,
    root: PathNode<'a>,
    resource: PathNode<'a>,
    steps: u64,
    depth: usize,
}

pub(super) fn check(profiles: &Profiles, document: &Json<'_>, url: &str) -> Vec<Issue> {
    if Profiles::is_base(url) {
        let name = canonical(url).0.strip_prefix(BASE).unwrap_or_default();
        let own = document.str_at("resourceType").and_then(Type::named);
        let good = own.zip(Type::named(name)).is_some_and(|(own, wanted)| own.is_a(wanted));
        return if good {
            Vec::new()
        } else {
            vec![Issue::error(IssueType::Structure, format!("the resource is no {name}"))]
        };
    }
    let node = PathNode::resource(document);
    let place = document.str_at("resourceType").unwrap_or("Resource").to_owned();
    let value = Value { json: Some(document), companion: None, ty: node.ty, place };
    let mut walk = Walk { profiles, issues: Vec::new(), root: node, resource: node, steps: 0, depth: 0 };
    match profiles.get(url) {
        None => {
            walk.warn(
                IssueType::NotFound,
                format!("the profile {url} is not loaded; it was not checked"),
                &value.place,
            );
        }
        Some(profile) => walk.profile(profile, &value),
    }
    walk.issues
}

fn blocks(issues: &[Issue]) -> bool {
    issues.iter().any(Issue::blocks)
}

impl<'a> Walk<'a> {
    fn add(&mut self, code: IssueType, text: impl Into<String>, place: &str) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Issue::error(code, text).at(place));
        }
    }

    fn warn(&mut self, code: IssueType, text: impl Into<String>, place: &str) {
        let issue = Issue::warning(code, text).at(place);
        if self.issues.len() < MAX_ISSUES && !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }

    /// What the value lacks of a profile, apart from the issues so far.
    fn apart(&mut self, test: impl FnOnce(&mut Self)) -> Vec<Issue> {
        let before = std::mem::take(&mut self.issues);
        test(self);
        std::mem::replace(&mut self.issues, before)
    }

    fn profile(&mut self, profile: &'a Profile, value: &Value<'a>) {
        if !value.ty.is_a(profile.ty) {
            let text = format!("{} is a profile of {}, this is {}", profile.url, profile.ty.name(), value.ty.name());
            return self.add(IssueType::Structure, text, &value.place);
        }
        for text in &profile.unchecked {
            self.warn(IssueType::NotSupported, format!("{}: {text}", profile.url), &value.place);
        }
        self.value(&profile.root, value);
    }

    /// All values of an element, or of one slice of it.
    fn element(&mut self, node: &'a Node, values: &[Value<'a>], place: &str) {
        let count = values.len();
        if count < node.min as usize {
            let text = format!("at least {} required by the profile, {count} found", node.min);
            self.add(IssueType::Required, text, place);
        }
        if let Some(max) = node.max.filter(|max| count > *max as usize) {
            self.add(IssueType::Structure, format!("at most {max} allowed by the profile, {count} found"), place);
        }
        for value in values {
            self.value(node, value);
        }
        if let Some(slicing) = node.slicing.as_ref().filter(|_| !node.slices.is_empty()) {
            self.slices(node, slicing, values, place);
        }
    }

    fn value(&mut self, node: &'a Node, value: &Value<'a>) {
        if self.depth > MAX_DEPTH {
            return self.add(
                IssueType::TooCostly,
                format!("the profile leads deeper than {MAX_DEPTH} elements"),
                &value.place,
            );
        }
        self.depth += 1;
        let outer = self.resource;
        if value.ty.is_resource()
            && let Some(json) = value.json
        {
            self.resource = PathNode::resource(json);
        }
        self.types(node, value);
        if let Some(fixed) = &node.fixed
            && !value.json.is_some_and(|v| same(fixed, v))
        {
            self.add(IssueType::Value, "the profile fixes another value", &value.place);
        }
        if let Some(pattern) = &node.pattern
            && !value.json.is_some_and(|v| fits(pattern, v))
        {
            self.add(IssueType::Value, "the value does not have the pattern of the profile", &value.place);
        }
        if let (Some(most), Some(text)) = (node.max_length, value.json.and_then(Json::as_str))
            && text.chars().count() > most
        {
            self.add(IssueType::TooLong, format!("the profile allows {most} characters"), &value.place);
        }
        if let Some(set) = &node.binding {
            match self.is_bound(set, value) {
                Ok(true) => {}
                Ok(false) => self.add(
                    IssueType::CodeInvalid,
                    format!("the code is not in {set}, which the profile requires"),
                    &value.place,
                ),
                Err(text) => self.warn(
                    IssueType::NotSupported,
                    format!("the code was not checked against {set}: {text}"),
                    &value.place,
                ),
            }
        }
        for constraint in &node.constraints {
            let focus = PathNode::element(value.json, value.companion, value.ty);
            let budget = Budget { steps: STEPS.saturating_sub(self.steps) };
            let at = At { resource: self.resource, root: self.root, focus, budget, now: None };
            let (holds, used) = invariant::holds_counted(&constraint.expression, &at);
            self.steps += used;
            let text = format!("{}: {}", constraint.key, constraint.words);
            match holds {
                Ok(true) => {}
                Ok(false) if constraint.blocks => self.add(IssueType::Invariant, text, &value.place),
                Ok(false) => self.warn(IssueType::Invariant, text, &value.place),
                Err(e) => self.warn(e.issue_type(), format!("{text} (not checked: {e})"), &value.place),
            }
        }
        for child in &node.children {
            let values = value.children(&child.name);
            self.element(child, &values, &format!("{}.{}", value.place, child.name));
        }
        self.resource = outer;
        self.depth -= 1;
    }

    fn types(&mut self, node: &'a Node, value: &Value<'a>) {
        if node.types.is_empty() {
            return;
        }
        let fitting: Vec<&TypeRef> = node.types.iter().filter(|t| is_of(value.ty, &t.code)).collect();
        if fitting.is_empty() {
            let names: Vec<&str> = node.types.iter().map(|t| t.code.as_str()).collect();
            return self.add(
                IssueType::Structure,
                format!("the profile asks for {}", names.join(" or ")),
                &value.place,
            );
        }
        let wanted: Vec<&String> = fitting.iter().flat_map(|t| &t.profiles).filter(|p| !Profiles::is_base(p)).collect();
        if !wanted.is_empty() && fitting.iter().all(|t| !t.profiles.is_empty()) {
            let mut first = None;
            let mut met = false;
            for url in wanted {
                match self.profiles.get(url) {
                    None => {
                        met = true;
                        self.warn(
                            IssueType::NotFound,
                            format!("the profile {url} is not loaded; it was not checked"),
                            &value.place,
                        );
                    }
                    Some(profile) => {
                        let found = self.apart(|walk| walk.profile(profile, value));
                        if blocks(&found) {
                            first.get_or_insert(found);
                        } else {
                            met = true;
                            self.issues.extend(found);
                        }
                    }
                }
            }
            if let Some(found) = first.filter(|_| !met) {
                self.issues.extend(found);
                self.issues.truncate(MAX_ISSUES);
            }
        }
        let targets: Vec<&String> = fitting.iter().flat_map(|t| &t.target_profiles).collect();
        if let Some(own) = self.target_type(value).filter(|_| !targets.is_empty()) {
            let names: Vec<Option<&str>> = targets.iter().map(|t| self.type_of_profile(t)).collect();
            let good = names.iter().any(|n| n.is_none_or(|n| Type::named(n).is_some_and(|t| own.is_a(t))));
            if !good {
                let names: Vec<&str> = names.into_iter().flatten().collect();
                self.add(
                    IssueType::Value,
                    format!("the profile asks for a reference to {}", names.join(" or ")),
                    &value.place,
                );
            }
        }
    }

    /// The R4 type that a profile is of, where it is known.
    fn type_of_profile(&self, url: &str) -> Option<&'a str> {
        let (plain, _) = canonical(url);
        let own = plain.strip_prefix(BASE).and_then(Type::named).map(Type::name);
        own.or_else(|| self.profiles.get(url).map(|p| p.ty.name()))
    }

    /// What a reference points to, as its text says.
    fn target_type(&self, value: &Value<'a>) -> Option<Type> {
        let json = value.json?;
        let text = json.str_at("reference").unwrap_or_default();
        let named = match reference::parse(text, None) {
            Target::Local { resource_type, .. } | Target::Conditional { resource_type, .. } => {
                Some(resource_type.name())
            }
            Target::Absolute { resource_type, .. } => resource_type.map(crate::ResourceType::name),
            Target::Contained(id) => {
                let contained = self.root.json.and_then(|r| r.get("contained")).map_or(&[][..], Json::items);
                contained.iter().find(|c| c.str_at("id") == Some(id)).and_then(|c| c.str_at("resourceType"))
            }
            _ => None,
        };
        named.or_else(|| json.str_at("type")).and_then(Type::named)
    }

    fn is_bound(&self, name: &str, value: &Value<'a>) -> Result<bool, String> {
        let set = self.profiles.sets.get(name).map(|s| &**s).or_else(|| self.profiles.library.value_set(name));
        let set = set.ok_or("it is not known here")?;
        let has = |system: Option<&str>, code: &str| {
            let found = self.profiles.library.member(set, system, code);
            found.map(|hit| hit.is_some()).map_err(|trouble| trouble.to_string())
        };
        let coding = |coding: &Json<'_>| match coding.str_at("code") {
            Some(code) => has(coding.str_at("system").or(Some("")), code),
            None => Ok(false),
        };
        match value.json {
            None => Ok(true),
            Some(Json::String(code)) => has(None, code),
            Some(json) if value.ty.name() == "CodeableConcept" => {
                let mut trouble = None;
                for one in json.get("coding").map_or(&[][..], Json::items) {
                    match coding(one) {
                        Ok(true) => return Ok(true),
                        Ok(false) => {}
                        Err(text) => trouble = trouble.or(Some(text)),
                    }
                }
                trouble.map_or(Ok(false), Err)
            }
            Some(json) => coding(json),
        }
    }

    fn slices(&mut self, node: &'a Node, slicing: &'a Slicing, values: &[Value<'a>], place: &str) {
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (name, slice) in &node.slices {
            let outer = name.rsplit_once('/').and_then(|(outer, _)| node.slices.iter().position(|(n, _)| n == outer));
            let own = outer.and_then(|o| node.slices[o].1.slicing.as_ref()).unwrap_or(slicing);
            let mut found = Vec::new();
            for (i, value) in values.iter().enumerate() {
                if outer.is_some_and(|o| !members[o].contains(&i)) {
                    continue;
                }
                let mut all = true;
                for discriminator in &own.discriminators {
                    if let Some(hit) = self.told(discriminator, slice, value) {
                        all = all && hit;
                    } else {
                        all = false;
                        let text = format!(
                            "the profile does not say by what the slice {name} is told from others; it was not checked"
                        );
                        self.warn(IssueType::NotSupported, text, place);
                    }
                }
                if all {
                    found.push(i);
                }
            }
            members.push(found);
        }
        let first = |i: usize| {
            let top = node.slices.iter().zip(&members).enumerate().filter(|(_, ((name, _), _))| !name.contains('/'));
            top.filter(|(_, (_, found))| found.contains(&i)).map(|(n, _)| n).next()
        };
        let of: Vec<Option<usize>> = (0..values.len()).map(first).collect();
        for (i, value) in values.iter().enumerate().filter(|(i, _)| of[*i].is_none()) {
            match slicing.rules {
                SlicingRules::Open => {}
                SlicingRules::Closed => self.add(
                    IssueType::Structure,
                    "it is in none of the slices of the profile, which are closed",
                    &value.place,
                ),
                SlicingRules::OpenAtEnd if of[i..].iter().any(Option::is_some) => {
                    self.add(IssueType::Structure, "what is in no slice stands at the end", &value.place);
                }
                SlicingRules::OpenAtEnd => {}
            }
        }
        if slicing.ordered {
            let order: Vec<usize> = of.iter().copied().flatten().collect();
            if order.windows(2).any(|pair| pair[0] > pair[1]) {
                self.add(IssueType::Structure, "the slices do not stand in the order of the profile", place);
            }
        }
        for ((name, slice), found) in node.slices.iter().zip(members) {
            let own: Vec<Value<'a>> = found.into_iter().map(|i| values[i].clone()).collect();
            self.element(slice, &own, &format!("{place} (slice {name})"));
        }
    }

    /// Whether the value is of the slice, by one discriminator; `None` when the profile does not say.
    fn told(&mut self, discriminator: &'a Discriminator, slice: &'a Node, value: &Value<'a>) -> Option<bool> {
        let path = &discriminator.path[..];
        let (path, resolves) = match path {
            [before @ .., Step::Resolve] => (before, true),
            path => (path, false),
        };
        if path.contains(&Step::Resolve) {
            return None;
        }
        let found = follow(value, path);
        let wanted = self.wanted(slice, path);
        match discriminator.kind {
            DiscriminatorKind::Value => {
                let patterns: Vec<&Wanted<'a>> = wanted.iter().filter(|w| w.says_value()).collect();
                if patterns.is_empty() {
                    // An extension's url is that of its definition, loaded or not.
                    let mut urls = slice.types.iter().flat_map(|t| &t.profiles).peekable();
                    if path == [Step::Child("url".into())] && urls.peek().is_some() {
                        let own = value.json.and_then(|j| j.str_at("url"));
                        return Some(urls.any(|url| Some(canonical(url).0) == own));
                    }
                    return None;
                }
                Some(found.iter().any(|v| patterns.iter().all(|w| self.has_value(w, v))))
            }
            DiscriminatorKind::Exists => wanted.iter().find_map(|w| match w {
                Wanted::Node(node) if node.max == Some(0) => Some(found.is_empty()),
                Wanted::Node(node) if node.min > 0 => Some(!found.is_empty()),
                _ => None,
            }),
            DiscriminatorKind::Type => {
                let types = wanted.iter().filter_map(|w| match w {
                    Wanted::Node(node) => Some(&node.types),
                    Wanted::Pattern(_) => None,
                });
                let types: Vec<&TypeRef> = types.flatten().collect();
                if resolves {
                    let names: Vec<&str> =
                        types.iter().flat_map(|t| &t.target_profiles).filter_map(|p| self.type_of_profile(p)).collect();
                    let hit =
                        |v: &Value<'a>| self.target_type(v).is_some_and(|own| names.iter().any(|n| is_of(own, n)));
                    return (!names.is_empty()).then(|| found.iter().any(hit));
                }
                (!types.is_empty()).then(|| found.iter().any(|v| types.iter().any(|t| is_of(v.ty, &t.code))))
            }
            DiscriminatorKind::Profile => {
                if resolves {
                    return None;
                }
                let urls = wanted.iter().filter_map(|w| match w {
                    Wanted::Node(node) => Some(node.types.iter().flat_map(|t| &t.profiles)),
                    Wanted::Pattern(_) => None,
                });
                let loaded: Vec<&'a Profile> = urls.flatten().filter_map(|url| self.profiles.get(url)).collect();
                if loaded.is_empty() {
                    return None;
                }
                Some(found.iter().any(|v| loaded.iter().any(|p| !blocks(&self.apart(|walk| walk.profile(p, v))))))
            }
        }
    }

    /// What the slice says of the element at the path.
    fn wanted(&self, slice: &'a Node, path: &[Step]) -> Vec<Wanted<'a>> {
        let mut at = vec![Wanted::Node(slice)];
        for step in path {
            let mut next = Vec::new();
            for wanted in at {
                match (wanted, step) {
                    (Wanted::Pattern(json), Step::Child(name)) => {
                        next.extend(json.get(name).map_or(&[][..], Json::items).iter().map(Wanted::Pattern));
                    }
                    (Wanted::Pattern(_), _) | (_, Step::Resolve) => {}
                    (Wanted::Node(node), Step::OfType(_)) => next.push(Wanted::Node(node)),
                    (Wanted::Node(node), Step::Child(name)) => {
                        let own = node.pattern.as_ref().or(node.fixed.as_ref()).and_then(|p| p.get(name));
                        next.extend(own.map_or(&[][..], Json::items).iter().map(Wanted::Pattern));
                        let of_types = node.types.iter().flat_map(|t| &t.profiles).filter_map(|p| self.profiles.get(p));
                        let all = of_types.map(|p| &p.root).chain([node]).flat_map(|n| &n.children);
                        for child in all.filter(|c| c.name == *name) {
                            next.push(Wanted::Node(child));
                            // A choice narrowed to one type may say it there.
                            next.extend(
                                child.slices.iter().filter(|_| child.slices.len() == 1).map(|(_, s)| Wanted::Node(s)),
                            );
                        }
                    }
                    (Wanted::Node(node), Step::Extension(url)) => {
                        let slices = node.children.iter().filter(|c| c.name == "extension").flat_map(|c| &c.slices);
                        let named = slices.filter(|(_, s)| {
                            s.types.iter().flat_map(|t| &t.profiles).any(|p| canonical(p).0 == url)
                                || s.children
                                    .iter()
                                    .any(|c| c.name == "url" && c.fixed.as_ref().and_then(Json::as_str) == Some(url))
                        });
                        next.extend(named.map(|(_, s)| Wanted::Node(s)));
                    }
                }
            }
            at = next;
        }
        at
    }

    fn has_value(&self, wanted: &Wanted<'a>, value: &Value<'a>) -> bool {
        match wanted {
            Wanted::Pattern(json) => value.json.is_some_and(|v| fits(json, v)),
            Wanted::Node(node) => {
                node.fixed.as_ref().is_none_or(|f| value.json.is_some_and(|v| same(f, v)))
                    && node.pattern.as_ref().is_none_or(|p| value.json.is_some_and(|v| fits(p, v)))
                    && node.binding.as_ref().is_none_or(|set| self.is_bound(set, value) == Ok(true))
            }
        }
    }
}

/// What a slice says at a place: an element of the profile, or a part of a pattern above it.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Node(&'a Node),
    Pattern(&'a Json<'a>),
}

impl Wanted<'_> {
    fn says_value(&self) -> bool {
        match self {
            Self::Pattern(_) => true,
            Self::Node(node) => node.fixed.is_some() || node.pattern.is_some() || node.binding.is_some(),
        }
    }
}

fn follow<'a>(from: &Value<'a>, path: &[Step]) -> Vec<Value<'a>> {
    let mut at = vec![from.clone()];
    for step in path {
        at = match step {
            Step::Child(name) => at.iter().flat_map(|v| v.children(name)).collect(),
            Step::OfType(ty) => at.into_iter().filter(|v| is_of(v.ty, ty)).collect(),
            Step::Extension(url) => {
                let all = at.iter().flat_map(|v| v.children("extension"));
                all.filter(|e| e.json.and_then(|j| j.str_at("url")) == Some(url)).collect()
            }
            Step::Resolve => at,
        };
    }
    at
}

fn is_of(own: Type, wanted: &str) -> bool {
    own.name() == wanted || Type::named(wanted).is_some_and(|t| own.is_a(t))
}

/// Equal; members may stand in another order, numbers in another form.
fn same(a: &Json<'_>, b: &Json<'_>) -> bool {
    match (a, b) {
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(name, v)| y.get(name).is_some_and(|w| same(v, w)))
        }
        (Json::Array(x), Json::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(v, w)| same(v, w)),
        (Json::Number(x), Json::Number(y)) => x == y || x.parse::<f64>().ok() == y.parse::<f64>().ok(),
        (a, b) => a == b,
    }
}

/// Whether all that the pattern has is in the value; of a list, each item in some item.
fn fits(pattern: &Json<'_>, value: &Json<'_>) -> bool {
    match (pattern, value) {
        (Json::Object(x), Json::Object(y)) => x.iter().all(|(name, v)| y.get(name).is_some_and(|w| fits(v, w))),
        (Json::Array(x), Json::Array(y)) => x.iter().all(|v| y.iter().any(|w| fits(v, w))),
        (a, b) => same(a, b),
    }
}
