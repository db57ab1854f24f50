//! The definitions in the form that the walk asks for: elements by JSON name, invariants parsed, value sets sorted.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::primitive::Lexical;
use crate::definitions::{INVARIANTS, VALUE_SETS};
use crate::path::Expression;
use crate::path::model::{Child, Choice, Type};

pub(crate) struct TypeRules {
    pub ty: Type,
    pub kind: Kind,
    pub fields: Vec<Field>,
    /// JSON names with field and choice, sorted by length, then bytes.
    names: Vec<(&'static str, u16, u16)>,
    /// One bit per field that must be there.
    pub required: u128,
    pub invariants: Vec<&'static Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Primitive(Lexical),
    Complex,
    Resource,
}

pub(crate) struct Field {
    pub child: &'static Child,
    pub set: Option<&'static Set>,
    pub invariants: Vec<&'static Rule>,
}

pub(crate) struct Rule {
    pub key: &'static str,
    pub words: &'static str,
    pub expression: Expression,
}

/// The codes of a required binding. Sets whose codes are not distributed with R4 are not here: nothing is known to be outside.
pub(crate) struct Set {
    pub url: &'static str,
    systems: Vec<(&'static str, Vec<&'static str>)>,
}

impl Set {
    pub fn has_code(&self, code: &str) -> bool {
        self.systems.iter().any(|(_, codes)| codes.binary_search(&code).is_ok())
    }

    pub fn has(&self, system: Option<&str>, code: &str) -> bool {
        self.systems.iter().any(|(s, codes)| Some(*s) == system && codes.binary_search(&code).is_ok())
    }
}

/// Checked by the walk itself, which already holds what they ask for: `ele-1` at every element, `ref-1` and `dom-3` by one list of
/// the local references. `txt-2` is the same expression as `txt-1`.
pub(super) const NATIVE: [&str; 4] = ["ele-1", "ref-1", "dom-3", "txt-2"];

struct Rules {
    types: Vec<TypeRules>,
}

static SETS: LazyLock<HashMap<&'static str, Set>> = LazyLock::new(|| {
    let listed = VALUE_SETS.iter().filter(|s| s.open.is_none());
    let sets = listed.map(|s| {
        let mut systems = s.systems.clone();
        for (_, codes) in &mut systems {
            codes.sort_unstable();
        }
        (s.url, Set { url: s.url, systems })
    });
    sets.collect()
});

static INVARIANT_RULES: LazyLock<HashMap<&'static str, Rule>> = LazyLock::new(|| {
    let rows = INVARIANTS.iter().filter(|i| !NATIVE.contains(&i.id));
    let rules = rows.map(|i| {
        let key = i.id.split('#').next().unwrap_or(i.id);
        let expression = Expression::parse(i.expression).expect("a published expression (tests/fhirpath.rs)");
        (i.id, Rule { key, words: i.words, expression })
    });
    rules.collect()
});

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules { types: std::iter::once(Type::UNKNOWN).chain(Type::all()).map(type_rules).collect() });

fn rules_of(ids: &[&'static str]) -> Vec<&'static Rule> {
    ids.iter().filter_map(|id| INVARIANT_RULES.get(id)).collect()
}

fn type_rules(ty: Type) -> TypeRules {
    let kind = match (ty.primitive(), ty.is_resource()) {
        (Some(_), _) => Kind::Primitive(Lexical::named(ty.name()).expect("every primitive is known")),
        (None, true) => Kind::Resource,
        (None, false) => Kind::Complex,
    };
    let fields: Vec<Field> = ty
        .children()
        .iter()
        .map(|child| Field {
            child,
            set: child.binding.and_then(|url| SETS.get(url)),
            invariants: rules_of(&child.invariants),
        })
        .collect();
    assert!(fields.len() <= 128, "{} has {} elements", ty.name(), fields.len());
    let mut names: Vec<(&'static str, u16, u16)> = Vec::new();
    let mut required = 0;
    for (i, field) in fields.iter().enumerate() {
        for (n, choice) in field.child.choices.iter().enumerate() {
            names.push((choice.json, i as u16, n as u16));
        }
        if field.child.min > 0 {
            required |= 1 << i;
        }
    }
    names.sort_unstable_by_key(|(name, ..)| (name.len(), *name));
    TypeRules { ty, kind, fields, names, required, invariants: rules_of(ty.invariants()) }
}

impl TypeRules {
    pub fn of(ty: Type) -> &'static TypeRules {
        &RULES.types[ty.index()]
    }

    /// The place of the field behind a JSON name, the field, and the choice.
    pub fn field(&'static self, json: &str) -> Option<(usize, &'static Field, &'static Choice)> {
        let at = self.names.binary_search_by(|(name, ..)| (name.len(), *name).cmp(&(json.len(), json))).ok()?;
        let (_, field, choice) = self.names[at];
        let field_at = usize::from(field);
        let field = &self.fields[field_at];
        Some((field_at, field, &field.child.choices[usize::from(choice)]))
    }
}
