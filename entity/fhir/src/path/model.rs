//! What the R4 definitions say about types and their children, in the form that evaluation asks for.

use crate::definitions::{ElementRow, TYPE_ROWS};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A type of the R4 definitions: `Patient`, `Patient.contact`, `HumanName`, `date`. Small and copied freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type(u16);

/// How a primitive's JSON is read as a FHIRPath value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primitive {
    Boolean,
    Integer,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
}

/// A child as FHIRPath names it: `value` stands for all of `valueQuantity`, `valueString`, ….
#[derive(Debug, Clone)]
pub struct Child {
    pub name: &'static str,
    pub min: u32,
    /// `None` for `*`.
    pub max: Option<u32>,
    /// Whether JSON has it as an array.
    pub many: bool,
    /// `value[x]`, even with one type.
    pub is_choice: bool,
    pub is_modifier: bool,
    pub is_summary: bool,
    /// The value set of a required binding.
    pub binding: Option<&'static str>,
    /// Ids of the invariants that hold here beside those of its type.
    pub invariants: Vec<&'static str>,
    pub choices: Vec<Choice>,
}

#[derive(Debug, Clone)]
pub struct Choice {
    /// `valueQuantity`, `birthDate`
    pub json: &'static str,
    /// `_birthDate`
    pub companion: String,
    pub ty: Type,
    /// Types that a reference may point to; empty for any.
    pub targets: Vec<&'static str>,
}

#[derive(Debug)]
struct TypeDef {
    name: &'static str,
    base: Option<Type>,
    primitive: Option<Primitive>,
    is_abstract: bool,
    invariants: Vec<&'static str>,
    children: Vec<Child>,
}

struct Model {
    types: Vec<TypeDef>,
    names: HashMap<&'static str, Type>,
}

static MODEL: LazyLock<Model> = LazyLock::new(load);

impl Type {
    /// A node whose type the definitions do not have; its children are found by their JSON names.
    pub const UNKNOWN: Type = Type(0);

    pub fn named(name: &str) -> Option<Type> {
        MODEL.names.get(name).copied()
    }

    fn def(self) -> &'static TypeDef {
        &MODEL.types[usize::from(self.0)]
    }

    pub fn name(self) -> &'static str {
        self.def().name
    }

    /// Whether this is `other` or specialises it.
    pub fn is_a(self, other: Type) -> bool {
        let mut at = Some(self);
        while let Some(ty) = at {
            if ty == other {
                return true;
            }
            at = ty.def().base;
        }
        false
    }

    pub fn is_abstract(self) -> bool {
        self.def().is_abstract
    }

    pub fn is_resource(self) -> bool {
        Type::named("Resource").is_some_and(|resource| self.is_a(resource))
    }

    pub fn primitive(self) -> Option<Primitive> {
        self.def().primitive
    }

    /// Position among all types; 0 is [`Self::UNKNOWN`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Every type of the definitions.
    pub fn all() -> impl Iterator<Item = Type> {
        (1..MODEL.types.len()).map(|i| Type(i as u16))
    }

    /// Ids of the invariants of the type and its bases.
    pub(crate) fn invariants(self) -> &'static [&'static str] {
        &self.def().invariants
    }

    pub fn children(self) -> &'static [Child] {
        &self.def().children
    }

    pub fn child(self, name: &str) -> Option<&'static Child> {
        self.children().iter().find(|c| c.name == name)
    }

    /// The child behind a JSON member or XML element name.
    pub fn by_json(self, json: &str) -> Option<(&'static Child, &'static Choice)> {
        self.children().iter().find_map(|child| {
            if !json.starts_with(child.name) {
                return None;
            }
            child.choices.iter().find(|c| c.json == json).map(|choice| (child, choice))
        })
    }
}

fn primitive_of(name: &str) -> Primitive {
    match name {
        "boolean" => Primitive::Boolean,
        "integer" | "positiveInt" | "unsignedInt" => Primitive::Integer,
        "decimal" => Primitive::Decimal,
        "date" => Primitive::Date,
        "dateTime" | "instant" => Primitive::DateTime,
        "time" => Primitive::Time,
        _ => Primitive::String,
    }
}

fn load() -> Model {
    let mut names = HashMap::new();
    for (i, row) in TYPE_ROWS.iter().enumerate() {
        names.insert(row.name, Type(i as u16 + 1));
    }
    let unknown = TypeDef {
        name: "",
        base: None,
        primitive: None,
        is_abstract: false,
        invariants: Vec::new(),
        children: Vec::new(),
    };
    let mut types = vec![unknown];
    for row in TYPE_ROWS.iter() {
        types.push(TypeDef {
            name: row.name,
            base: names.get(row.base).copied(),
            primitive: (row.kind == "primitive").then(|| primitive_of(row.name)),
            is_abstract: row.kind == "abstract",
            invariants: row.invariants.split(' ').filter(|i| !i.is_empty()).collect(),
            children: row.elements.iter().map(|element| child(element, &names)).collect(),
        });
    }
    flatten(types, names)
}

fn child(row: &ElementRow, names: &HashMap<&'static str, Type>) -> Child {
    let stem = row.name.strip_suffix("[x]");
    let choices = row.types.split('|').filter_map(|of| {
        let (of, targets) = match of.split_once('(') {
            Some((of, targets)) => (of, targets.trim_end_matches(')').split(',').collect()),
            None => (of, Vec::new()),
        };
        let ty = *names.get(of)?;
        let json: &'static str = match stem {
            Some(stem) => {
                let mut json = stem.to_owned();
                json.push(of.as_bytes()[0].to_ascii_uppercase() as char);
                json.push_str(&of[1..]);
                json.leak()
            }
            None => row.name,
        };
        Some(Choice { json, companion: format!("_{json}"), ty, targets })
    });
    let (min, max) = row.range.split_once("..").expect("a range is min..max");
    Child {
        is_modifier: row.flags.contains('M'),
        is_summary: row.flags.contains('S'),
        name: stem.unwrap_or(row.name),
        min: min.parse().expect("min is a number"),
        max: max.parse().ok(),
        many: max != "1" && max != "0",
        is_choice: stem.is_some(),
        binding: Some(row.binding).filter(|b| !b.is_empty()),
        invariants: row.invariants.split(' ').filter(|i| !i.is_empty()).collect(),
        choices: choices.collect(),
    }
}

/// A type has the children and invariants of its bases first.
fn flatten(own: Vec<TypeDef>, names: HashMap<&'static str, Type>) -> Model {
    let mut all = Vec::new();
    for i in 0..own.len() {
        let mut chain = vec![i];
        while let Some(base) = own[chain[chain.len() - 1]].base {
            chain.push(usize::from(base.0));
        }
        let children: Vec<Child> = chain.iter().rev().flat_map(|t| own[*t].children.clone()).collect();
        let invariants: Vec<&'static str> = chain.iter().rev().flat_map(|t| own[*t].invariants.clone()).collect();
        all.push((children, invariants));
    }
    let types = own.into_iter().zip(all);
    let types = types.map(|(def, (children, invariants))| TypeDef { invariants, children, ..def }).collect();
    Model { types, names }
}
