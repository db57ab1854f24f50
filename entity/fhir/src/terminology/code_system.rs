//! A code system: its concepts, their properties, and which is a kind of which.

use std::collections::{HashMap, VecDeque};

use super::{Filter, Trouble};
use crate::Json;

/// One code of a system.
#[derive(Debug, Clone, PartialEq)]
pub struct Concept {
    pub code: String,
    pub display: Option<String>,
    pub definition: Option<String>,
    pub designations: Vec<Designation>,
    /// Code of the property, name of the `value[x]` member, value.
    pub properties: Vec<(String, String, Json<'static>)>,
    /// Not to be chosen: it only groups others.
    pub is_abstract: bool,
    pub inactive: bool,
}

impl Concept {
    pub fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            display: None,
            definition: None,
            designations: Vec::new(),
            properties: Vec::new(),
            is_abstract: false,
            inactive: false,
        }
    }
}

/// Another name of a concept, in a language or for a use.
#[derive(Debug, Clone, PartialEq)]
pub struct Designation {
    pub language: Option<String>,
    /// A Coding.
    pub r#use: Option<Json<'static>>,
    pub value: String,
}

impl Designation {
    pub(super) fn read_all(of: &Json<'_>) -> Vec<Self> {
        let all = of.get("designation").map_or(&[][..], Json::items).iter();
        all.filter_map(|d| {
            Some(Self {
                language: d.str_at("language").map(ToOwned::to_owned),
                r#use: d.get("use").map(|u| u.clone().into_owned()),
                value: d.str_at("value")?.to_owned(),
            })
        })
        .collect()
    }
}

/// How the first of two codes relates to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subsumption {
    Equivalent,
    Subsumes,
    SubsumedBy,
    NotSubsumed,
}

impl Subsumption {
    pub fn code(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::Subsumes => "subsumes",
            Self::SubsumedBy => "subsumed-by",
            Self::NotSubsumed => "not-subsumed",
        }
    }
}

/// The concepts of one version of a system, found by code, related by number.
#[derive(Debug, Clone)]
pub struct CodeSystem {
    pub url: String,
    pub version: Option<String>,
    pub name: Option<String>,
    pub title: Option<String>,
    pub case_sensitive: bool,
    /// Whether all codes of the system are here.
    pub complete: bool,
    concepts: Vec<Concept>,
    by_code: HashMap<String, u32>,
    parents: Vec<Vec<u32>>,
    children: Vec<Vec<u32>>,
}

impl CodeSystem {
    pub(super) fn new(url: &str, case_sensitive: bool, complete: bool) -> Self {
        Self {
            url: url.to_owned(),
            version: None,
            name: None,
            title: None,
            case_sensitive,
            complete,
            concepts: Vec::new(),
            by_code: HashMap::new(),
            parents: Vec::new(),
            children: Vec::new(),
        }
    }

    /// Reads a CodeSystem resource. Concepts are related by nesting and by the properties `parent`, `child`, `subsumedBy`. Without a
    /// `caseSensitive` case matters.
    ///
    /// # Errors
    /// [`Trouble::Invalid`] for a code that is there twice, or a resource without url.
    pub fn read(resource: &Json<'_>) -> Result<Self, Trouble> {
        let url = resource.str_at("url").ok_or_else(|| Trouble::Invalid("the code system has no url".into()))?;
        let case_sensitive = resource.get("caseSensitive").and_then(Json::as_bool) != Some(false);
        let mut system = Self::new(url, case_sensitive, resource.str_at("content") == Some("complete"));
        let text = |name: &str| resource.str_at(name).map(ToOwned::to_owned);
        (system.version, system.name, system.title) = (text("version"), text("name"), text("title"));
        let mut related: Vec<(u32, bool, String)> = Vec::new();
        let mut stack: Vec<(&Json<'_>, Option<u32>)> = Vec::new();
        push_concepts(&mut stack, resource, None);
        while let Some((item, parent)) = stack.pop() {
            let code =
                item.str_at("code").ok_or_else(|| Trouble::Invalid(format!("a concept of {url} has no code")))?;
            if system.find(code).is_some() {
                return Err(Trouble::Invalid(format!("{url} has the code \"{code}\" twice")));
            }
            let mut concept = Concept::new(code);
            concept.display = item.str_at("display").map(ToOwned::to_owned);
            concept.definition = item.str_at("definition").map(ToOwned::to_owned);
            concept.designations = Designation::read_all(item);
            let number = system.concepts.len() as u32;
            for property in item.get("property").map_or(&[][..], Json::items) {
                let Some(name) = property.str_at("code") else { continue };
                let value = property.as_object().and_then(|o| o.iter().find(|(n, _)| n.starts_with("value")));
                let Some((member, value)) = value else { continue };
                match (name, value) {
                    ("parent" | "subsumedBy", Json::String(other)) => {
                        related.push((number, true, other.to_string()));
                        continue;
                    }
                    ("child", Json::String(other)) => {
                        related.push((number, false, other.to_string()));
                        continue;
                    }
                    ("notSelectable" | "abstract", Json::Bool(true)) => concept.is_abstract = true,
                    ("inactive", Json::Bool(true)) => concept.inactive = true,
                    ("status", Json::String(status)) if ["retired", "inactive"].contains(&&**status) => {
                        concept.inactive = true;
                    }
                    _ => {}
                }
                concept.properties.push((name.to_owned(), member.to_owned(), value.clone().into_owned()));
            }
            system.add(concept, parent);
            push_concepts(&mut stack, item, Some(number));
        }
        for (number, is_parent, code) in related {
            let other = system.find(&code).ok_or_else(|| {
                let own = &system.concepts[number as usize].code;
                Trouble::Invalid(format!("\"{own}\" of {url} is related to \"{code}\", which is not there"))
            })?;
            if is_parent { system.relate(other, number) } else { system.relate(number, other) }
        }
        Ok(system)
    }

    /// Adds a concept below a parent; its number.
    pub(super) fn add(&mut self, concept: Concept, parent: Option<u32>) -> u32 {
        let number = self.concepts.len() as u32;
        self.by_code.insert(self.folded(&concept.code), number);
        self.concepts.push(concept);
        self.parents.push(Vec::new());
        self.children.push(Vec::new());
        if let Some(parent) = parent {
            self.relate(parent, number);
        }
        number
    }

    pub(super) fn relate(&mut self, parent: u32, child: u32) {
        if parent != child && !self.parents[child as usize].contains(&parent) {
            self.parents[child as usize].push(parent);
            self.children[parent as usize].push(child);
        }
    }

    fn folded(&self, code: &str) -> String {
        if self.case_sensitive { code.to_owned() } else { code.to_lowercase() }
    }

    /// Whether two codes are one by the system's rule of case.
    pub(super) fn same(&self, a: &str, b: &str) -> bool {
        a == b || !self.case_sensitive && a.to_lowercase() == b.to_lowercase()
    }

    /// The number of a code.
    pub fn find(&self, code: &str) -> Option<u32> {
        match self.by_code.get(code) {
            Some(number) => Some(*number),
            None if self.case_sensitive => None,
            None => self.by_code.get(&self.folded(code)).copied(),
        }
    }

    pub fn concept(&self, number: u32) -> &Concept {
        &self.concepts[number as usize]
    }

    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    pub fn parents(&self, number: u32) -> impl Iterator<Item = &Concept> {
        self.parents[number as usize].iter().map(|n| self.concept(*n))
    }

    pub fn children(&self, number: u32) -> impl Iterator<Item = &Concept> {
        self.children[number as usize].iter().map(|n| self.concept(*n))
    }

    /// The concept and all above it.
    pub fn above(&self, number: u32) -> Vec<u32> {
        reach(&self.parents, number)
    }

    /// The concept and all below it.
    pub fn below(&self, number: u32) -> Vec<u32> {
        reach(&self.children, number)
    }

    /// How two concepts relate.
    pub fn subsumption(&self, a: u32, b: u32) -> Subsumption {
        if a == b {
            Subsumption::Equivalent
        } else if self.above(b).contains(&a) {
            Subsumption::Subsumes
        } else if self.above(a).contains(&b) {
            Subsumption::SubsumedBy
        } else {
            Subsumption::NotSubsumed
        }
    }

    /// Which concepts meet all filters, by number.
    ///
    /// # Errors
    /// [`Trouble::NotSupported`] for an operator that is not served, [`Trouble::Invalid`] for a filter over a code that is not there.
    pub fn filtered(&self, filters: &[Filter]) -> Result<Vec<bool>, Trouble> {
        let mut met = vec![true; self.len()];
        for filter in filters {
            // The subtree is walked once.
            if let ("concept" | "code", "is-a" | "descendent-of" | "is-not-a") = (&*filter.property, &*filter.op) {
                let root = self.named(filter)?;
                let mut inside = vec![false; self.len()];
                for number in self.below(root) {
                    inside[number as usize] = number != root || filter.op != "descendent-of";
                }
                let wanted = filter.op != "is-not-a";
                for (number, met) in met.iter_mut().enumerate() {
                    *met = *met && inside[number] == wanted;
                }
            } else {
                for (number, met) in met.iter_mut().enumerate() {
                    *met = *met && self.meets(number as u32, filter)?;
                }
            }
        }
        Ok(met)
    }

    fn named(&self, filter: &Filter) -> Result<u32, Trouble> {
        self.find(&filter.value).ok_or_else(|| {
            Trouble::Invalid(format!("{} has no code \"{}\", which a filter names", self.url, filter.value))
        })
    }

    /// Whether one concept meets a filter.
    ///
    /// # Errors
    /// As [`CodeSystem::filtered`].
    pub fn meets(&self, number: u32, filter: &Filter) -> Result<bool, Trouble> {
        let concept = self.concept(number);
        let Filter { property, op, value } = filter;
        let refuse = || {
            let text = format!("a filter \"{property} {op}\" over {} is not supported", self.url);
            Err(Trouble::NotSupported(text))
        };
        if let "concept" | "code" = &**property {
            return Ok(match &**op {
                "is-a" => self.above(number).contains(&self.named(filter)?),
                "descendent-of" => {
                    let root = self.named(filter)?;
                    number != root && self.above(number).contains(&root)
                }
                "is-not-a" => !self.above(number).contains(&self.named(filter)?),
                "generalizes" => self.above(self.named(filter)?).contains(&number),
                "=" => self.same(&concept.code, value),
                "in" => value.split(',').any(|v| self.same(&concept.code, v.trim())),
                "not-in" => !value.split(',').any(|v| self.same(&concept.code, v.trim())),
                _ => return refuse(),
            });
        }
        let own: Vec<String> = match &**property {
            "parent" => self.parents(number).map(|c| c.code.clone()).collect(),
            "child" => self.children(number).map(|c| c.code.clone()).collect(),
            "display" => concept.display.iter().cloned().collect(),
            "inactive" => vec![concept.inactive.to_string()],
            "notSelectable" | "abstract" => vec![concept.is_abstract.to_string()],
            name => concept.properties.iter().filter(|p| p.0 == name).map(|(_, _, v)| simple(v)).collect(),
        };
        Ok(match &**op {
            "=" => own.iter().any(|v| v == value),
            "in" => value.split(',').any(|v| own.iter().any(|o| o == v.trim())),
            "not-in" => !value.split(',').any(|v| own.iter().any(|o| o == v.trim())),
            "exists" => match &**value {
                "true" => !own.is_empty(),
                "false" => own.is_empty(),
                _ => return refuse(),
            },
            _ => return refuse(),
        })
    }
}

/// The nested concepts, the first on top.
fn push_concepts<'d, 'j>(stack: &mut Vec<(&'d Json<'j>, Option<u32>)>, from: &'d Json<'j>, parent: Option<u32>) {
    let items = from.get("concept").map_or(&[][..], Json::items);
    stack.extend(items.iter().rev().map(|item| (item, parent)));
}

/// A property's value as a filter names it; of a Coding, its code.
fn simple(value: &Json<'_>) -> String {
    match value {
        Json::String(text) | Json::Number(text) => text.to_string(),
        Json::Bool(flag) => flag.to_string(),
        other => other.str_at("code").unwrap_or_default().to_owned(),
    }
}

/// All that is reached over the edges, the start first; a circle ends where it began.
fn reach(edges: &[Vec<u32>], start: u32) -> Vec<u32> {
    let mut all = vec![start];
    let mut queue = VecDeque::from([start]);
    let mut seen = std::collections::HashSet::from([start]);
    while let Some(number) = queue.pop_front() {
        for next in &edges[number as usize] {
            if seen.insert(*next) {
                all.push(*next);
                queue.push_back(*next);
            }
        }
    }
    all
}
