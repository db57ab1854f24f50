//! Which codes a value set holds: all of them in order, or whether one is among them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::code_system::{CodeSystem, Concept, Designation};
use super::value_set::{Rule, ValueSet};
use super::{Trouble, builtin};
use crate::search::fold::fold;

/// Most codes of an answer that does not ask for a page.
pub const MAX_EXPANSION: usize = 10_000;
/// Longest way from set to set.
const MAX_DEPTH: usize = 32;

/// The stored definitions that a question needs, by the canonical url they were asked for; beside them R4's own.
#[derive(Debug, Clone, Default)]
pub struct Library {
    pub systems: HashMap<String, Arc<CodeSystem>>,
    pub sets: HashMap<String, Arc<ValueSet>>,
}

/// One code of a set.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'l> {
    pub system: Option<&'l str>,
    pub version: Option<&'l str>,
    pub code: &'l str,
    pub display: Option<&'l str>,
    /// What the set itself says of it.
    pub designations: &'l [Designation],
    /// Where its system is known.
    pub concept: Option<&'l Concept>,
}

/// Which part of a set is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Words, each of which begins a word of the display or is the beginning of the code.
    pub filter: Option<String>,
    pub active_only: bool,
    pub offset: usize,
    /// `None`: all, up to [`MAX_EXPANSION`].
    pub count: Option<usize>,
}

/// A page of a set's codes.
#[derive(Debug)]
pub struct Expansion<'l> {
    /// Of all pages.
    pub total: usize,
    pub hits: Vec<Hit<'l>>,
}

impl Library {
    pub fn code_system(&self, canonical: &str) -> Option<&CodeSystem> {
        self.systems.get(canonical).map(|s| &**s).or_else(|| builtin::code_system(canonical))
    }

    pub fn value_set(&self, canonical: &str) -> Option<&ValueSet> {
        self.sets.get(canonical).map(|s| &**s).or_else(|| builtin::value_set(canonical))
    }

    /// Canonical urls of the systems and sets that the set names itself.
    pub fn named_by(set: &ValueSet) -> (Vec<String>, Vec<String>) {
        let rules = || set.include.iter().chain(&set.exclude);
        (rules().filter_map(Rule::canonical).collect(), rules().flat_map(|r| r.value_sets.clone()).collect())
    }

    /// A page of the set's codes, in the order of its rules.
    ///
    /// # Errors
    /// [`Trouble::NotFound`] for a set or system that is not there, [`Trouble::NotSupported`] for a system whose codes are not all
    /// known, [`Trouble::TooCostly`] when more than [`MAX_EXPANSION`] codes are asked for at once.
    pub fn expand<'l>(&'l self, set: &'l ValueSet, wanted: &Wanted) -> Result<Expansion<'l>, Trouble> {
        let mut hits = self.all(set, &mut Vec::new())?;
        if wanted.active_only {
            hits.retain(|h| !h.concept.is_some_and(|c| c.inactive));
        }
        if let Some(filter) = &wanted.filter {
            let words: Vec<String> = fold(filter).split_whitespace().map(ToOwned::to_owned).collect();
            hits.retain(|h| {
                let (code, display) = (fold(h.code), fold(h.display.unwrap_or_default()));
                words.iter().all(|word| {
                    code.starts_with(word.as_str())
                        || display.split(|c: char| !c.is_alphanumeric()).any(|w| w.starts_with(word.as_str()))
                        || display.contains(word.as_str()) && word.contains(|c: char| !c.is_alphanumeric())
                })
            });
        }
        let total = hits.len();
        let rest = hits.into_iter().skip(wanted.offset);
        let hits: Vec<_> = match wanted.count {
            Some(count) => rest.take(count.min(MAX_EXPANSION)).collect(),
            None if total.saturating_sub(wanted.offset) > MAX_EXPANSION => {
                let text = format!(
                    "the set has {total} codes: ask for a page of at most {MAX_EXPANSION} by count, or narrow it by filter"
                );
                return Err(Trouble::TooCostly(text));
            }
            None => rest.collect(),
        };
        Ok(Expansion { total, hits })
    }

    /// All codes, each once.
    fn all<'l>(&'l self, set: &'l ValueSet, path: &mut Vec<&'l ValueSet>) -> Result<Vec<Hit<'l>>, Trouble> {
        Self::step(set, path)?;
        let mut seen = HashSet::new();
        let mut hits = Vec::new();
        for rule in &set.include {
            hits.extend(self.of_rule(rule, path)?.into_iter().filter(|h| seen.insert((h.system, h.code))));
        }
        for rule in &set.exclude {
            let out: HashSet<_> = self.of_rule(rule, path)?.into_iter().map(|h| (h.system, h.code)).collect();
            hits.retain(|h| !out.contains(&(h.system, h.code)));
        }
        if set.without_inactive {
            hits.retain(|h| !h.concept.is_some_and(|c| c.inactive));
        }
        path.pop();
        Ok(hits)
    }

    fn step<'l>(set: &'l ValueSet, path: &mut Vec<&'l ValueSet>) -> Result<(), Trouble> {
        if path.iter().any(|other| std::ptr::eq(*other, set)) || path.len() == MAX_DEPTH {
            let url = set.url.as_deref().unwrap_or("without url");
            return Err(Trouble::Invalid(format!("the value set {url} includes itself")));
        }
        path.push(set);
        Ok(())
    }

    fn of_rule<'l>(&'l self, rule: &'l Rule, path: &mut Vec<&'l ValueSet>) -> Result<Vec<Hit<'l>>, Trouble> {
        let mut hits: Option<Vec<Hit<'l>>> = None;
        if let Some(url) = &rule.system {
            let system = self.code_system(&rule.canonical().expect("it has a system"));
            let version = rule.version.as_deref().or_else(|| system.and_then(|s| s.version.as_deref()));
            let listed = rule.concepts.iter().map(|c| {
                let concept = system.and_then(|s| s.find(&c.code).map(|n| s.concept(n)));
                Hit {
                    system: Some(url),
                    version,
                    code: &c.code,
                    display: c.display.as_deref().or_else(|| concept.and_then(|c| c.display.as_deref())),
                    designations: &c.designations,
                    concept,
                }
            });
            hits = Some(if rule.concepts.is_empty() {
                let system = complete(url, system)?;
                let met = system.filtered(&rule.filters)?;
                let numbers = (0..system.len() as u32).filter(|n| met[*n as usize]);
                // What only groups others is no member unless a rule names it.
                let own = numbers.map(|n| of_concept(url, version, system.concept(n)));
                own.filter(|h| !h.concept.is_some_and(|c| c.is_abstract)).collect()
            } else {
                listed.collect()
            });
        }
        for url in &rule.value_sets {
            let other = self.all(self.set(url)?, path)?;
            hits = Some(match hits {
                None => other,
                Some(so_far) => {
                    let other: HashSet<_> = other.iter().map(|h| (h.system, h.code)).collect();
                    so_far.into_iter().filter(|h| other.contains(&(h.system, h.code))).collect()
                }
            });
        }
        Ok(hits.unwrap_or_default())
    }

    fn set(&self, url: &str) -> Result<&ValueSet, Trouble> {
        self.value_set(url).ok_or_else(|| Trouble::NotFound(format!("the value set {url} is not known here")))
    }

    /// The code as the set holds it, without listing the set. A code without system is looked for in all systems of the set.
    ///
    /// # Errors
    /// As [`Library::expand`].
    pub fn member<'l>(
        &'l self,
        set: &'l ValueSet,
        system: Option<&str>,
        code: &str,
    ) -> Result<Option<Hit<'l>>, Trouble> {
        self.member_of(set, system, code, &mut Vec::new())
    }

    fn member_of<'l>(
        &'l self,
        set: &'l ValueSet,
        system: Option<&str>,
        code: &str,
        path: &mut Vec<&'l ValueSet>,
    ) -> Result<Option<Hit<'l>>, Trouble> {
        Self::step(set, path)?;
        let mut found = None;
        let mut trouble = None;
        for rule in &set.include {
            match self.rule_member(rule, system, code, path) {
                Ok(None) => {}
                Ok(hit) => {
                    found = hit;
                    break;
                }
                // Another rule may hold it all the same.
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        let Some(hit) = found else {
            path.pop();
            return trouble.map_or(Ok(None), Err);
        };
        for rule in &set.exclude {
            if self.rule_member(rule, hit.system, hit.code, path)?.is_some() {
                path.pop();
                return Ok(None);
            }
        }
        path.pop();
        Ok(Some(hit).filter(|h| !(set.without_inactive && h.concept.is_some_and(|c| c.inactive))))
    }

    fn rule_member<'l>(
        &'l self,
        rule: &'l Rule,
        system: Option<&str>,
        code: &str,
        path: &mut Vec<&'l ValueSet>,
    ) -> Result<Option<Hit<'l>>, Trouble> {
        let mut hit = None;
        if let Some(url) = &rule.system {
            if system.is_some_and(|s| s != url) {
                return Ok(None);
            }
            let known = self.code_system(&rule.canonical().expect("it has a system"));
            let version = rule.version.as_deref().or_else(|| known.and_then(|s| s.version.as_deref()));
            let found = if rule.concepts.is_empty() {
                let known = complete(url, known)?;
                match known.find(code) {
                    None => None,
                    Some(n) => {
                        let mut met = !known.concept(n).is_abstract;
                        for filter in &rule.filters {
                            met = met && known.meets(n, filter)?;
                        }
                        met.then(|| of_concept(url, version, known.concept(n)))
                    }
                }
            } else {
                let same = |own: &str| known.map_or(own == code, |k| k.same(own, code));
                rule.concepts.iter().find(|c| same(&c.code)).map(|c| {
                    let concept = known.and_then(|s| s.find(&c.code).map(|n| s.concept(n)));
                    Hit {
                        system: Some(url),
                        version,
                        code: &c.code,
                        display: c.display.as_deref().or_else(|| concept.and_then(|c| c.display.as_deref())),
                        designations: &c.designations,
                        concept,
                    }
                })
            };
            match found {
                None => return Ok(None),
                some => hit = some,
            }
        }
        for url in &rule.value_sets {
            let set = self.set(url)?;
            match self.member_of(set, hit.map_or(system, |h| h.system), code, path)? {
                None => return Ok(None),
                some => hit = hit.or(some),
            }
        }
        Ok(hit)
    }
}

fn of_concept<'l>(url: &'l str, version: Option<&'l str>, concept: &'l Concept) -> Hit<'l> {
    Hit {
        system: Some(url),
        version,
        code: &concept.code,
        display: concept.display.as_deref(),
        designations: &[],
        concept: Some(concept),
    }
}

fn complete<'l>(url: &str, system: Option<&'l CodeSystem>) -> Result<&'l CodeSystem, Trouble> {
    match system {
        None => Err(Trouble::NotFound(format!("the code system {url} is not known here"))),
        Some(system) if !system.complete => {
            Err(Trouble::NotSupported(format!("the codes of {url} are not all known here")))
        }
        Some(system) => Ok(system),
    }
}
