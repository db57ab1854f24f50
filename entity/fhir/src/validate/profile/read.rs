//! StructureDefinitions as [`Profile`]s. A differential is laid over its base, element by element; of a definition without one, the
//! snapshot is read.

use std::collections::HashMap;
use std::sync::Arc;

use super::{
    BASE, Constraint, Discriminator, DiscriminatorKind, Node, Profile, Profiles, Slicing, SlicingRules, Step, TypeRef,
};
use crate::path::Expression;
use crate::path::model::Type;
use crate::reference::canonical;
use crate::{Issue, IssueType, Json};

/// Canonical urls of what a profile draws on.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Needs {
    pub profiles: Vec<String>,
    pub value_sets: Vec<String>,
}

fn elements<'d>(definition: &'d Json<'d>) -> &'d [Json<'d>] {
    let of = |name: &str| definition.get(name).and_then(|d| d.get("element")).map(Json::items);
    of("differential").filter(|e| !e.is_empty()).or_else(|| of("snapshot")).unwrap_or_default()
}

fn required_set<'d>(element: &'d Json<'d>) -> Option<&'d str> {
    let binding = element.get("binding").filter(|b| b.str_at("strength") == Some("required"))?;
    binding.str_at("valueSet")
}

impl Needs {
    /// What the definition names itself; what those name is not among it.
    pub fn of(definition: &Json<'_>) -> Self {
        let mut needs = Self::default();
        let mut profile = |url: &str| {
            if !Profiles::is_base(url) {
                needs.profiles.push(url.to_owned());
            }
        };
        if let Some(base) = definition.str_at("baseDefinition") {
            profile(base);
        }
        for element in elements(definition) {
            for ty in element.get("type").map_or(&[][..], Json::items) {
                for name in ["profile", "targetProfile"] {
                    ty.get(name).map_or(&[][..], Json::items).iter().filter_map(Json::as_str).for_each(&mut profile);
                }
            }
        }
        needs.value_sets = elements(definition).iter().filter_map(required_set).map(ToOwned::to_owned).collect();
        needs
    }
}

impl Profiles {
    /// Adds definitions; the bases of each must be among them or R4's own.
    ///
    /// # Errors
    /// Issues that name the profile and the element: what it says cannot be read, or is not supported.
    pub fn add(&mut self, definitions: &[Json<'_>]) -> Result<(), Vec<Issue>> {
        let by_url: HashMap<&str, &Json<'_>> = definitions.iter().filter_map(|d| Some((d.str_at("url")?, d))).collect();
        let mut issues = Vec::new();
        for definition in definitions {
            if let Err(text) = self.add_one(definition, &by_url, 0) {
                let url = definition.str_at("url").unwrap_or_default();
                issues.push(Issue::error(IssueType::NotSupported, format!("the profile {url}: {text}")));
            }
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }

    fn add_one(
        &mut self,
        definition: &Json<'_>,
        all: &HashMap<&str, &Json<'_>>,
        depth: usize,
    ) -> Result<Arc<Profile>, String> {
        let url = definition.str_at("url").ok_or("it has no url")?;
        if let Some(known) = self.by_url.get(url) {
            return Ok(Arc::clone(known));
        }
        if depth > 16 {
            return Err("its bases go round in a circle".into());
        }
        let type_name = definition.str_at("type").ok_or("it has no type")?;
        let ty = Type::named(type_name).ok_or_else(|| format!("{type_name} is no R4 type"))?;
        let base = definition.str_at("baseDefinition").unwrap_or_default();
        let has_differential = definition.get("differential").and_then(|d| d.get("element")).is_some();
        let mut profile = if Profiles::is_base(base) || !has_differential {
            let root = Node { name: type_name.to_owned(), ..Node::default() };
            Profile { url: String::new(), version: None, ty, root, unchecked: Vec::new() }
        } else {
            let base_url = canonical(base).0;
            let of_base = all.get(base_url).ok_or_else(|| format!("its base {base_url} is not loaded"))?;
            (*self.add_one(of_base, all, depth + 1)?).clone()
        };
        url.clone_into(&mut profile.url);
        profile.version = definition.str_at("version").map(ToOwned::to_owned);
        for element in elements(definition) {
            let id =
                element.str_at("id").or_else(|| element.str_at("path")).ok_or("an element has neither id nor path")?;
            profile.lay(element, id).map_err(|text| format!("{id}: {text}"))?;
        }
        let profile = Arc::new(profile);
        self.by_url.insert(url.to_owned(), Arc::clone(&profile));
        Ok(profile)
    }
}

impl Profile {
    /// Lays one ElementDefinition over what is there.
    fn lay(&mut self, element: &Json<'_>, id: &str) -> Result<(), String> {
        let mut steps = id.split('.');
        steps.next();
        let (mut node, mut ty) = (&mut self.root, Some(self.ty));
        for step in steps {
            let (name, slice) = step.split_once(':').map_or((step, None), |(n, s)| (n, Some(s)));
            let mut slice = slice.map(ToOwned::to_owned);
            let mut stem = name.strip_suffix("[x]").unwrap_or(name);
            let mut of_type = None;
            if let Some(at) = ty {
                if let Some(child) = at.child(stem) {
                    ty = match &child.choices[..] {
                        [only] => Some(only.ty),
                        choices => {
                            let named = slice.as_deref().and_then(|s| choices.iter().find(|c| c.json == s));
                            named.map(|c| c.ty)
                        }
                    };
                    if child.is_choice
                        && let Some(t) = ty
                    {
                        of_type = Some(t.name().to_owned());
                    }
                } else {
                    // `valueQuantity` is short for `value[x]:valueQuantity`.
                    let (child, choice) =
                        at.by_json(stem).ok_or_else(|| format!("{} has no element {stem}", at.name()))?;
                    slice.get_or_insert_with(|| choice.json.to_owned());
                    stem = child.name;
                    ty = Some(choice.ty);
                    of_type = Some(choice.ty.name().to_owned());
                }
            }
            let at = if let Some(at) = node.children.iter().position(|c| c.name == stem) {
                at
            } else {
                node.children.push(Node { name: stem.to_owned(), ..Node::default() });
                node.children.len() - 1
            };
            node = &mut node.children[at];
            if let Some(slice) = slice {
                let at = if let Some(at) = node.slices.iter().position(|(n, _)| *n == slice) {
                    at
                } else {
                    let types = of_type.into_iter();
                    let types = types.map(|code| TypeRef { code, profiles: Vec::new(), target_profiles: Vec::new() });
                    // A slice of a slice begins as a copy of it.
                    let from =
                        slice.rsplit_once('/').and_then(|(outer, _)| node.slices.iter().find(|(n, _)| n == outer));
                    let mut new = from.map_or_else(Node::default, |(_, n)| Node { slicing: None, min: 0, ..n.clone() });
                    new.name.clone_from(&node.name);
                    if new.types.is_empty() {
                        new.types = types.collect();
                    }
                    node.slices.push((slice, new));
                    node.slices.len() - 1
                };
                if node.slicing.is_none()
                    && node.slices[at].1.types.len() == 1
                    && Type::named(&node.slices[at].1.types[0].code).is_some()
                {
                    let this = Discriminator { kind: DiscriminatorKind::Type, path: Vec::new() };
                    node.slicing =
                        Some(Slicing { discriminators: vec![this], ordered: false, rules: SlicingRules::Open });
                }
                node = &mut node.slices[at].1;
            }
        }
        node.take(element, &mut self.unchecked, id)
    }
}

impl Node {
    fn take(&mut self, element: &Json<'_>, unchecked: &mut Vec<String>, id: &str) -> Result<(), String> {
        let number = |name: &str| element.get(name).and_then(Json::as_number).and_then(|n| n.parse::<u32>().ok());
        if let Some(min) = number("min") {
            self.min = self.min.max(min);
        }
        if let Some(max) = element.str_at("max").filter(|m| *m != "*") {
            let max: u32 = max.parse().map_err(|_| "max is no number".to_owned())?;
            self.max = Some(self.max.map_or(max, |own| own.min(max)));
        }
        if let Some(length) = number("maxLength") {
            self.max_length = Some(length as usize);
        }
        let types = element.get("type").map_or(&[][..], Json::items);
        if !types.is_empty() {
            let urls = |of: &Json<'_>, name: &str| {
                let all = of.get(name).map_or(&[][..], Json::items).iter();
                all.filter_map(Json::as_str).map(ToOwned::to_owned).collect()
            };
            self.types = types
                .iter()
                .filter_map(|t| {
                    Some(TypeRef {
                        code: t.str_at("code")?.to_owned(),
                        profiles: urls(t, "profile"),
                        target_profiles: urls(t, "targetProfile"),
                    })
                })
                // `http://hl7.org/fhirpath/System.String` stands for the value of a primitive.
                .filter(|t| !t.code.contains('/'))
                .collect();
        }
        for (member, value) in element.as_object().into_iter().flat_map(crate::json::Object::iter) {
            if member.starts_with("fixed") {
                self.fixed = Some(value.clone().into_owned());
            } else if member.starts_with("pattern") {
                self.pattern = Some(value.clone().into_owned());
            } else if member.starts_with("minValue") || member.starts_with("maxValue") {
                unchecked.push(format!("{id}: {member} is not checked"));
            }
        }
        if let Some(set) = required_set(element) {
            self.binding = Some(set.to_owned());
        }
        for constraint in element.get("constraint").map_or(&[][..], Json::items) {
            // What a type of R4 brings along is checked with it.
            let source = constraint.str_at("source").map(|s| s.strip_prefix(BASE).unwrap_or(s));
            if source.is_some_and(|s| Type::named(s).is_some()) {
                continue;
            }
            let key = constraint.str_at("key").unwrap_or_default();
            if self.constraints.iter().any(|c| c.key == key) {
                continue;
            }
            let Some(text) = constraint.str_at("expression") else {
                unchecked.push(format!("{id}: the constraint {key} has no expression and is not checked"));
                continue;
            };
            let expression = Expression::parse_user(text).map_err(|e| format!("the constraint {key}: {e}"))?;
            self.constraints.push(Constraint {
                key: key.to_owned(),
                blocks: constraint.str_at("severity") != Some("warning"),
                words: constraint.str_at("human").unwrap_or_default().to_owned(),
                expression,
            });
        }
        if let Some(slicing) = element.get("slicing") {
            let mut discriminators = Vec::new();
            for given in slicing.get("discriminator").map_or(&[][..], Json::items) {
                let kind = match given.str_at("type") {
                    Some("value" | "pattern") => DiscriminatorKind::Value,
                    Some("exists") => DiscriminatorKind::Exists,
                    Some("type") => DiscriminatorKind::Type,
                    Some("profile") => DiscriminatorKind::Profile,
                    _ => return Err("a discriminator has no type of R4".into()),
                };
                discriminators.push(Discriminator { kind, path: steps(given.str_at("path").unwrap_or("$this"))? });
            }
            let rules = match slicing.str_at("rules") {
                Some("closed") => SlicingRules::Closed,
                Some("openAtEnd") => SlicingRules::OpenAtEnd,
                _ => SlicingRules::Open,
            };
            let ordered = slicing.get("ordered").and_then(Json::as_bool) == Some(true);
            if discriminators.is_empty() {
                unchecked.push(format!("{id}: its slices have no discriminator and are not told apart"));
            } else {
                self.slicing = Some(Slicing { discriminators, ordered, rules });
            }
        }
        Ok(())
    }
}

/// `coding.code`, `$this`, `value.ofType(Quantity)`, `extension('url').value`, `item.resolve()`.
fn steps(path: &str) -> Result<Vec<Step>, String> {
    let mut out = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        let (step, after) = if let Some(quoted) = rest.strip_prefix("extension('") {
            let (url, after) = quoted.split_once("')").ok_or_else(|| format!("the path {path} does not close"))?;
            (Some(Step::Extension(url.to_owned())), after)
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let step = match name {
                "$this" => None,
                "resolve()" => Some(Step::Resolve),
                name => match name.strip_prefix("ofType(").and_then(|n| n.strip_suffix(')')) {
                    Some(ty) => Some(Step::OfType(ty.to_owned())),
                    None if name.chars().all(|c| c.is_ascii_alphanumeric()) => Some(Step::Child(name.to_owned())),
                    None => return Err(format!("the discriminator path {path} is not supported")),
                },
            };
            (step, after)
        };
        out.extend(step);
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Ok(out)
}
