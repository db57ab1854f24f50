//! What the R4 definitions say about types and their children, in the form that evaluation asks for.

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
#[derive(Debug)]
pub struct Child {
    pub name: &'static str,
    pub many: bool,
    pub choices: Vec<Choice>,
}

#[derive(Debug)]
pub struct Choice {
    /// `valueQuantity`, `birthDate`
    pub json: &'static str,
    /// `_birthDate`
    pub companion: String,
    pub ty: Type,
}

#[derive(Debug)]
struct TypeDef {
    name: &'static str,
    base: Option<Type>,
    primitive: Option<Primitive>,
    is_abstract: bool,
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

    pub(crate) fn is_resource(self) -> bool {
        Type::named("Resource").is_some_and(|resource| self.is_a(resource))
    }

    pub(crate) fn primitive(self) -> Option<Primitive> {
        self.def().primitive
    }

    pub(crate) fn children(self) -> &'static [Child] {
        &self.def().children
    }

    pub(crate) fn child(self, name: &str) -> Option<&'static Child> {
        self.children().iter().find(|c| c.name == name)
    }

    /// The child behind a JSON member or XML element name.
    pub(crate) fn by_json(self, json: &str) -> Option<(&'static Child, &'static Choice)> {
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
    let text = include_str!("../../definitions/types.txt");
    let mut names = HashMap::new();
    let mut rows: Vec<(&'static str, &'static str, &'static str, Vec<[&'static str; 3]>)> =
        vec![("", "", "", Vec::new())];
    for line in text.lines() {
        let columns: Vec<&'static str> = line.split('\t').collect();
        match columns[..] {
            ["T", name, base, kind, ..] => {
                names.insert(name, Type(rows.len() as u16));
                rows.push((name, base, kind, Vec::new()));
            }
            [name, range, types, ..] if name.starts_with('.') => {
                rows.last_mut().expect("one is there from the start").3.push([&name[1..], range, types]);
            }
            _ => {}
        }
    }
    let mut types: Vec<TypeDef> = Vec::new();
    for (name, base, kind, own) in &rows {
        let children = own
            .iter()
            .map(|[child, range, of]| {
                let of: Vec<&'static str> = of.split('|').map(|t| t.split('(').next().unwrap_or(t)).collect();
                let stem = child.strip_suffix("[x]");
                let choices = of.into_iter().filter_map(|of| {
                    let ty = *names.get(of)?;
                    let json: &'static str = match stem {
                        Some(stem) => {
                            let mut json = stem.to_owned();
                            json.push(of.as_bytes()[0].to_ascii_uppercase() as char);
                            json.push_str(&of[1..]);
                            json.leak()
                        }
                        None => child,
                    };
                    Some(Choice { json, companion: format!("_{json}"), ty })
                });
                Child { name: stem.unwrap_or(child), many: range.ends_with('*'), choices: choices.collect() }
            })
            .collect();
        types.push(TypeDef {
            name,
            base: names.get(base).copied(),
            primitive: (*kind == "primitive").then(|| primitive_of(name)),
            is_abstract: *kind == "abstract",
            children,
        });
    }
    flatten(types, names)
}

fn flatten(own: Vec<TypeDef>, names: HashMap<&'static str, Type>) -> Model {
    let bases: Vec<Option<Type>> = own.iter().map(|t| t.base).collect();
    let copy = |from: &[Child]| -> Vec<Child> {
        from.iter()
            .map(|c| Child {
                name: c.name,
                many: c.many,
                choices: c
                    .choices
                    .iter()
                    .map(|x| Choice { json: x.json, companion: x.companion.clone(), ty: x.ty })
                    .collect(),
            })
            .collect()
    };
    let mut all = Vec::new();
    for i in 0..own.len() {
        let mut chain = vec![i];
        while let Some(base) = bases[chain[chain.len() - 1]] {
            chain.push(usize::from(base.0));
        }
        all.push(chain.iter().rev().flat_map(|t| copy(&own[*t].children)).collect::<Vec<Child>>());
    }
    let types = own.into_iter().zip(all).map(|(def, children)| TypeDef { children, ..def }).collect();
    Model { types, names }
}
