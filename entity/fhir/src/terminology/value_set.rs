//! A value set as it is defined: the rules that include and exclude codes.

use super::{Designation, Trouble};
use crate::Json;

/// The definition of a set of codes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueSet {
    pub url: Option<String>,
    pub version: Option<String>,
    pub name: Option<String>,
    pub title: Option<String>,
    pub include: Vec<Rule>,
    pub exclude: Vec<Rule>,
    /// `compose.inactive`: whether inactive codes belong to it; they do unless it says no.
    pub without_inactive: bool,
}

/// One `compose.include` or `exclude`. All that it says must hold of a code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    pub system: Option<String>,
    pub version: Option<String>,
    pub concepts: Vec<Listed>,
    pub filters: Vec<Filter>,
    /// Canonical urls of other sets.
    pub value_sets: Vec<String>,
}

impl Rule {
    /// The system as it is looked up, with its version where one is named.
    pub(super) fn canonical(&self) -> Option<String> {
        let system = self.system.as_ref()?;
        Some(match &self.version {
            Some(version) => format!("{system}|{version}"),
            None => system.clone(),
        })
    }
}

/// A code that a rule names.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub code: String,
    pub display: Option<String>,
    pub designations: Vec<Designation>,
}

/// `property op value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub property: String,
    pub op: String,
    pub value: String,
}

impl ValueSet {
    /// Reads a ValueSet resource. One without `compose` is what its stored expansion lists.
    ///
    /// # Errors
    /// [`Trouble::NotSupported`] for a set with neither, or an expansion that is only a part.
    pub fn read(resource: &Json<'_>) -> Result<Self, Trouble> {
        let text = |name: &str| resource.str_at(name).map(ToOwned::to_owned);
        let mut set = Self {
            url: text("url"),
            version: text("version"),
            name: text("name"),
            title: text("title"),
            ..Self::default()
        };
        let named = || format!("the value set {}", resource.str_at("url").unwrap_or("without url"));
        if let Some(compose) = resource.get("compose") {
            set.without_inactive = compose.get("inactive").and_then(Json::as_bool) == Some(false);
            let rules = |name: &str| compose.get(name).map_or(&[][..], Json::items).iter().map(rule).collect();
            (set.include, set.exclude) = (rules("include"), rules("exclude"));
            return Ok(set);
        }
        let Some(expansion) = resource.get("expansion") else {
            return Err(Trouble::NotSupported(format!("{} has neither compose nor expansion", named())));
        };
        let mut stack: Vec<&Json<'_>> = expansion.get("contains").map_or(&[][..], Json::items).iter().rev().collect();
        let mut listed = 0;
        while let Some(item) = stack.pop() {
            stack.extend(item.get("contains").map_or(&[][..], Json::items).iter().rev());
            let Some(code) = item.str_at("code") else { continue };
            listed += 1;
            if item.get("abstract").and_then(Json::as_bool) == Some(true) {
                continue;
            }
            let system = item.str_at("system").map(ToOwned::to_owned);
            let version = item.str_at("version").map(ToOwned::to_owned);
            if set.include.last().is_none_or(|r| r.system != system || r.version != version) {
                set.include.push(Rule { system, version, ..Rule::default() });
            }
            let rule = set.include.last_mut().expect("pushed above");
            rule.concepts.push(Listed {
                code: code.to_owned(),
                display: item.str_at("display").map(ToOwned::to_owned),
                designations: Designation::read_all(item),
            });
        }
        let total = expansion.get("total").and_then(Json::as_number).and_then(|n| n.parse::<usize>().ok());
        if total.is_some_and(|total| total > listed) {
            return Err(Trouble::NotSupported(format!("{} has only a part of its expansion, and no compose", named())));
        }
        Ok(set)
    }
}

fn rule(of: &Json<'_>) -> Rule {
    let text = |of: &Json<'_>, name: &str| of.str_at(name).unwrap_or_default().to_owned();
    let items = |name: &str| of.get(name).map_or(&[][..], Json::items).iter();
    Rule {
        system: of.str_at("system").map(ToOwned::to_owned),
        version: of.str_at("version").map(ToOwned::to_owned),
        concepts: items("concept")
            .map(|c| Listed {
                code: text(c, "code"),
                display: c.str_at("display").map(ToOwned::to_owned),
                designations: Designation::read_all(c),
            })
            .collect(),
        filters: items("filter")
            .map(|f| Filter { property: text(f, "property"), op: text(f, "op"), value: text(f, "value") })
            .collect(),
        value_sets: items("valueSet").filter_map(Json::as_str).map(ToOwned::to_owned).collect(),
    }
}
