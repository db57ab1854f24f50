//! R4's own code systems and value sets, from the trimmed definitions.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::code_system::{CodeSystem, Concept};
use super::value_set::{Filter, Listed, Rule, ValueSet};

static SYSTEMS: LazyLock<HashMap<&'static str, CodeSystem>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    let mut open: Option<(&'static str, CodeSystem)> = None;
    // The last concept of each level above the line.
    let mut path: Vec<u32> = Vec::new();
    let mut children: Vec<(u32, &'static str)> = Vec::new();
    let mut close = |open: &mut Option<(&'static str, CodeSystem)>, children: &mut Vec<(u32, &'static str)>| {
        if let Some((url, mut system)) = open.take() {
            for (parent, code) in children.drain(..) {
                if let Some(child) = system.find(code) {
                    system.relate(parent, child);
                }
            }
            all.insert(url, system);
        }
    };
    for line in include_str!("../../definitions/code-systems.txt").lines().filter(|l| !l.starts_with('#')) {
        let mut columns = line.split('\t');
        let head = columns.next().unwrap_or_default();
        let mut next = || columns.next().unwrap_or_default();
        if head == "C" {
            close(&mut open, &mut children);
            let [url, version, flags, name, title] = std::array::from_fn(|_| next());
            let mut system = CodeSystem::new(url, !flags.contains('i'), !flags.contains('f'));
            system.version = given(version);
            system.name = given(name);
            system.title = given(title);
            open = Some((url, system));
            path.clear();
        } else if let (Ok(depth), Some((_, system))) = (head.parse::<usize>(), open.as_mut()) {
            let [code, display, marks, others] = std::array::from_fn(|_| next());
            let mut concept = Concept::new(code);
            concept.display = Some(if display.is_empty() { code } else { display }.to_owned());
            concept.is_abstract = marks.contains('a');
            concept.inactive = marks.contains('i');
            path.truncate(depth);
            let at = system.add(concept, path.last().copied());
            path.push(at);
            children.extend(others.split(' ').filter(|c| !c.is_empty()).map(|c| (at, c)));
        }
    }
    close(&mut open, &mut children);
    all
});

static SETS: LazyLock<HashMap<&'static str, ValueSet>> = LazyLock::new(|| {
    let mut all: HashMap<&'static str, ValueSet> = HashMap::new();
    let mut at = "";
    let mut excluding = false;
    for line in include_str!("../../definitions/value-set-rules.txt").lines().filter(|l| !l.starts_with('#')) {
        let mut columns = line.split('\t');
        let head = columns.next().unwrap_or_default();
        let mut next = || columns.next().unwrap_or_default();
        if head == "V" {
            let [url, version, name, title] = std::array::from_fn(|_| next());
            at = url;
            let set = ValueSet {
                url: given(url),
                version: given(version),
                name: given(name),
                title: given(title),
                ..ValueSet::default()
            };
            all.insert(url, set);
            continue;
        }
        let Some(set) = all.get_mut(at) else { continue };
        match head {
            "+" | "-" => {
                excluding = head == "-";
                let rule = Rule { system: given(next()), version: given(next()), ..Rule::default() };
                if excluding { &mut set.exclude } else { &mut set.include }.push(rule);
                continue;
            }
            _ => {}
        }
        let Some(rule) = if excluding { &mut set.exclude } else { &mut set.include }.last_mut() else { continue };
        match head {
            "=" => {
                let (code, display) = (next().to_owned(), given(next()));
                rule.concepts.push(Listed { code, display, designations: Vec::new() });
            }
            "?" => {
                let [property, op, value] = std::array::from_fn(|_| next().to_owned());
                rule.filters.push(Filter { property, op, value });
            }
            "@" => rule.value_sets.push(next().to_owned()),
            _ => {}
        }
    }
    all
});

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn of_version(own: Option<&str>, wanted: Option<&str>) -> bool {
    wanted.is_none() || own == wanted
}

/// One of R4's code systems, by its canonical url, with or without version.
pub(super) fn code_system(canonical: &str) -> Option<&'static CodeSystem> {
    let (url, version) = crate::reference::canonical(canonical);
    SYSTEMS.get(url).filter(|s| of_version(s.version.as_deref(), version))
}

/// One of R4's value sets, by its canonical url, with or without version.
pub(super) fn value_set(canonical: &str) -> Option<&'static ValueSet> {
    let (url, version) = crate::reference::canonical(canonical);
    SETS.get(url).filter(|s| of_version(s.version.as_deref(), version))
}

#[cfg(test)]
pub(super) fn all_sets() -> impl Iterator<Item = &'static ValueSet> {
    SETS.values()
}
