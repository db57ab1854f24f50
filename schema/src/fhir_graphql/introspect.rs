//! What the schema says of itself. Nothing is kept: each type's fields and arguments are enumerated by the same functions that documents
//! are checked against, so what is told is what is served.
//!
//! Source: GraphQL specification, section "Introspection" (October 2021).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_graphql::parser::types::SelectionSet;
use entity::StoreError;
use fhir::ResourceType;
use fhir::path::Type;
use fhir::search::registry::Kind;

use super::GraphError;
use super::check::{DIRECTIVES, Directive};
use super::field::{Added, Argument, Field, On, TypeRef, Wrap, input_of, is_served, kind_of, name_of};
use super::walk::{At, Walk, quoted};

/// Most bytes of a description.
const MOST_BYTES: usize = 32 << 20;

/// The types by which a schema is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Meta {
    Schema,
    Type,
    Field,
    InputValue,
    EnumValue,
    Directive,
}

/// A field of one of them.
#[derive(Debug)]
pub(super) struct MetaField {
    pub name: &'static str,
    pub ty: TypeRef,
    pub arguments: &'static [Argument],
    pub below: Option<Meta>,
}

const NEEDED: &[Wrap] = &[Wrap::NonNull];
const LIST: &[Wrap] = &[Wrap::List, Wrap::NonNull];
const NEEDED_LIST: &[Wrap] = &[Wrap::NonNull, Wrap::List, Wrap::NonNull];
const DEPRECATED: &[Argument] =
    &[Argument { name: "includeDeprecated", ty: TypeRef { name: "Boolean", wraps: &[] }, default: Some("false") }];
const NAME: &[Argument] = &[Argument { name: "name", ty: TypeRef { name: "String", wraps: NEEDED }, default: None }];

const fn leaf(name: &'static str, of: &'static str, wraps: &'static [Wrap]) -> MetaField {
    MetaField { name, ty: TypeRef { name: of, wraps }, arguments: &[], below: None }
}

const fn part(name: &'static str, below: Meta, wraps: &'static [Wrap], arguments: &'static [Argument]) -> MetaField {
    MetaField { name, ty: TypeRef { name: below.name(), wraps }, arguments, below: Some(below) }
}

static AT_ROOT: [MetaField; 2] = [part("__schema", Meta::Schema, NEEDED, &[]), part("__type", Meta::Type, &[], NAME)];
static OF_SCHEMA: [MetaField; 6] = [
    leaf("description", "String", &[]),
    part("types", Meta::Type, NEEDED_LIST, &[]),
    part("queryType", Meta::Type, NEEDED, &[]),
    part("mutationType", Meta::Type, &[], &[]),
    part("subscriptionType", Meta::Type, &[], &[]),
    part("directives", Meta::Directive, NEEDED_LIST, &[]),
];
static OF_TYPE: [MetaField; 11] = [
    leaf("kind", "__TypeKind", NEEDED),
    leaf("name", "String", &[]),
    leaf("description", "String", &[]),
    leaf("specifiedByURL", "String", &[]),
    part("fields", Meta::Field, LIST, DEPRECATED),
    part("interfaces", Meta::Type, LIST, &[]),
    part("possibleTypes", Meta::Type, LIST, &[]),
    part("enumValues", Meta::EnumValue, LIST, DEPRECATED),
    part("inputFields", Meta::InputValue, LIST, DEPRECATED),
    part("ofType", Meta::Type, &[], &[]),
    leaf("isOneOf", "Boolean", &[]),
];
static OF_FIELD: [MetaField; 6] = [
    leaf("name", "String", NEEDED),
    leaf("description", "String", &[]),
    part("args", Meta::InputValue, NEEDED_LIST, DEPRECATED),
    part("type", Meta::Type, NEEDED, &[]),
    leaf("isDeprecated", "Boolean", NEEDED),
    leaf("deprecationReason", "String", &[]),
];
static OF_INPUT_VALUE: [MetaField; 6] = [
    leaf("name", "String", NEEDED),
    leaf("description", "String", &[]),
    part("type", Meta::Type, NEEDED, &[]),
    leaf("defaultValue", "String", &[]),
    leaf("isDeprecated", "Boolean", NEEDED),
    leaf("deprecationReason", "String", &[]),
];
static OF_ENUM_VALUE: [MetaField; 4] = [
    leaf("name", "String", NEEDED),
    leaf("description", "String", &[]),
    leaf("isDeprecated", "Boolean", NEEDED),
    leaf("deprecationReason", "String", &[]),
];
static OF_DIRECTIVE: [MetaField; 5] = [
    leaf("name", "String", NEEDED),
    leaf("description", "String", &[]),
    leaf("locations", "__DirectiveLocation", NEEDED_LIST),
    part("args", Meta::InputValue, NEEDED_LIST, DEPRECATED),
    leaf("isRepeatable", "Boolean", NEEDED),
];
const ALL: [Meta; 6] = [Meta::Schema, Meta::Type, Meta::Field, Meta::InputValue, Meta::EnumValue, Meta::Directive];

impl MetaField {
    /// What leads to the schema from the root of queries.
    pub fn at_root(name: &str) -> Option<&'static Self> {
        AT_ROOT.iter().find(|field| field.name == name)
    }
}

impl Meta {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Type => "__Type",
            Self::Field => "__Field",
            Self::InputValue => "__InputValue",
            Self::EnumValue => "__EnumValue",
            Self::Directive => "__Directive",
        }
    }

    pub fn fields(self) -> &'static [MetaField] {
        match self {
            Self::Schema => &OF_SCHEMA,
            Self::Type => &OF_TYPE,
            Self::Field => &OF_FIELD,
            Self::InputValue => &OF_INPUT_VALUE,
            Self::EnumValue => &OF_ENUM_VALUE,
            Self::Directive => &OF_DIRECTIVE,
        }
    }
}

/// A named type.
#[derive(Debug, Clone)]
enum Definition {
    Object(On),
    Interface(On),
    Input(Type),
    Scalar(String),
    Enum(Vec<&'static str>),
}

static DEFINITIONS: LazyLock<BTreeMap<&'static str, Definition>> = LazyLock::new(definitions);

fn definitions() -> BTreeMap<&'static str, Definition> {
    let mut all = BTreeMap::new();
    let mut put = |name: &'static str, definition: Definition| {
        let before = all.insert(name, definition);
        debug_assert!(before.is_none(), "two types have the name {name}");
    };
    for on in [On::Query, On::Mutation] {
        put(on.name(), Definition::Object(on));
    }
    for ty in Type::all() {
        let name = name_of(ty);
        if ty.primitive().is_some() {
            put(name, Definition::Scalar(format!("The primitive `{}` of FHIR R4.", ty.name())));
        } else if ty.name() == "Resource" {
            put(name, Definition::Interface(On::AnyResource));
            let text = "Any resource as its JSON object, which begins with its `resourceType`.";
            put(input_of(ty), Definition::Scalar(text.into()));
        } else if ty.name() == "DomainResource" {
            put(name, Definition::Interface(On::Element(ty)));
        } else if !ty.is_abstract() || ty.name() == "Element" {
            put(name, Definition::Object(On::Element(ty)));
            put(input_of(ty), Definition::Input(ty));
        }
    }
    for ty in ResourceType::all().iter().copied().filter(|ty| is_served(*ty)) {
        for on in [On::Connection(ty), On::Edge(ty)] {
            put(on.name(), Definition::Object(on));
        }
    }
    for kind in [Kind::Token, Kind::Reference, Kind::Number, Kind::Quantity, Kind::Composite, Kind::Special] {
        let text = format!("A value of a search parameter of type {}, as in a FHIR search.", kind_of(kind));
        put(kind_of(kind), Definition::Scalar(text));
    }
    put("ID", Definition::Scalar("The logical id of a resource.".into()));
    let served = ResourceType::all().iter().filter(|ty| is_served(**ty)).map(|ty| ty.name());
    put("ResourceType", Definition::Enum(served.collect()));
    for meta in ALL {
        put(meta.name(), Definition::Object(On::Meta(meta)));
    }
    let kinds = ["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT", "LIST", "NON_NULL"];
    put("__TypeKind", Definition::Enum(kinds.to_vec()));
    let locations = [
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    ];
    put("__DirectiveLocation", Definition::Enum(locations.to_vec()));
    all
}

/// Whether a variable may be of the type of that name.
pub(super) fn is_input(name: &str) -> bool {
    let found = DEFINITIONS.get(name);
    matches!(found, Some(Definition::Scalar(_) | Definition::Enum(_) | Definition::Input(_)))
}

impl Definition {
    fn kind(&self) -> &'static str {
        match self {
            Self::Object(_) => "OBJECT",
            Self::Interface(_) => "INTERFACE",
            Self::Input(_) => "INPUT_OBJECT",
            Self::Scalar(_) => "SCALAR",
            Self::Enum(_) => "ENUM",
        }
    }

    fn description(&self) -> Option<Cow<'_, str>> {
        let of = |ty: Type| format!("`{}` of FHIR R4 (4.0.1).", ty.name());
        let text = match self {
            Self::Object(On::Query) => "Resources by their id and by search parameters.".into(),
            Self::Object(On::Mutation) => {
                "One resource is written by an operation, by the rules of the REST interface. Only by POST.".into()
            }
            Self::Object(On::Connection(ty)) => format!("A page of a search for {ty}."),
            Self::Object(On::Edge(ty)) => format!("A match of a search for {ty}."),
            Self::Object(On::Element(ty)) | Self::Interface(On::Element(ty)) => of(*ty),
            Self::Interface(_) => "Any resource.".into(),
            Self::Input(ty) => format!("{} To be written; where a list stands, one value may.", of(*ty)),
            Self::Scalar(text) => return Some(Cow::Borrowed(text)),
            Self::Object(_) | Self::Enum(_) => return None,
        };
        Some(Cow::Owned(text))
    }

    fn fields(&self, added: Added<'_>) -> Option<Vec<What>> {
        match self {
            Self::Object(on) | Self::Interface(on) => {
                Some(on.fields(added).into_iter().map(|(name, field)| What::Field(*on, name, field)).collect())
            }
            Self::Input(_) | Self::Scalar(_) | Self::Enum(_) => None,
        }
    }

    fn interfaces(&self) -> Option<Vec<What>> {
        let ty = match self {
            Self::Object(On::Element(ty)) | Self::Interface(On::Element(ty)) => *ty,
            Self::Object(_) | Self::Interface(_) => return Some(Vec::new()),
            Self::Input(_) | Self::Scalar(_) | Self::Enum(_) => return None,
        };
        let above = ["Resource", "DomainResource"].into_iter().filter(|name| *name != ty.name());
        let above = above.filter(|name| Type::named(name).is_some_and(|above| ty.is_a(above)));
        Some(above.map(|name| What::Type(TypeRef::plain(name))).collect())
    }

    fn possible(&self) -> Option<Vec<What>> {
        let above = match self {
            Self::Interface(On::Element(ty)) => *ty,
            Self::Interface(_) => Type::named("Resource")?,
            _ => return None,
        };
        let all = Type::all().filter(|ty| !ty.is_abstract() && ty.is_a(above));
        Some(all.map(|ty| What::Type(TypeRef::plain(name_of(ty)))).collect())
    }

    fn inputs(&self) -> Option<Vec<What>> {
        let Self::Input(ty) = self else { return None };
        let own = ty.is_resource().then(|| What::Input(argument("resourceType", TypeRef::plain("code"))));
        let choices = ty.children().iter().flat_map(|child| child.choices.iter().map(move |choice| (child, choice)));
        let members = choices.flat_map(|(child, choice)| {
            let of = |name| if child.many { TypeRef::list(name) } else { TypeRef::plain(name) };
            let value = argument(choice.json, of(input_of(choice.ty)));
            let beside = choice.ty.primitive().is_some().then(|| argument(&choice.companion, of("ElementInput")));
            std::iter::once(value).chain(beside)
        });
        Some(own.into_iter().chain(members.map(What::Input)).collect())
    }

    fn values(&self) -> Option<Vec<What>> {
        match self {
            Self::Enum(values) => Some(values.iter().map(|name| What::Value(name)).collect()),
            _ => None,
        }
    }
}

fn argument(name: &'static str, ty: TypeRef) -> Argument {
    Argument { name, ty, default: None }
}

/// A part of the schema.
#[derive(Clone, Copy)]
pub(super) enum What {
    Schema,
    Type(TypeRef),
    Field(On, &'static str, Field),
    Input(Argument),
    Value(&'static str),
    Directive(&'static Directive),
}

/// What it says under a name.
enum Said {
    Null,
    Text(Cow<'static, str>),
    Texts(&'static [&'static str]),
    Holds(bool),
    One(What),
    Many(Vec<What>),
}

impl What {
    /// What a field at the root leads to; `name` is its argument.
    pub fn at_root(field: &MetaField, name: Option<&str>) -> Option<Self> {
        match name {
            None if field.name == "__schema" => Some(Self::Schema),
            None => None,
            Some(name) => DEFINITIONS.get_key_value(name).map(|(name, _)| Self::Type(TypeRef::plain(name))),
        }
    }

    fn says(self, name: &str, added: Added<'_>) -> Said {
        let text = |text: &'static str| Said::Text(Cow::Borrowed(text));
        let ty = |ty: TypeRef| Said::One(Self::Type(ty));
        let many = |many: Option<Vec<Self>>| many.map_or(Said::Null, Said::Many);
        match (self, name) {
            (Self::Schema, "description") => text("FHIR R4, as its page on GraphQL has it."),
            (Self::Schema, "types") => {
                Said::Many(DEFINITIONS.keys().map(|name| Self::Type(TypeRef::plain(name))).collect())
            }
            (Self::Schema, "queryType") => ty(TypeRef::plain(On::Query.name())),
            (Self::Schema, "mutationType") => ty(TypeRef::plain(On::Mutation.name())),
            (Self::Schema, "directives") => Said::Many(DIRECTIVES.iter().map(Self::Directive).collect()),
            (Self::Type(TypeRef { name: of, wraps: [outer, inner @ ..] }), name) => match name {
                "kind" => text(match outer {
                    Wrap::NonNull => "NON_NULL",
                    Wrap::List => "LIST",
                }),
                "ofType" => ty(TypeRef { name: of, wraps: inner }),
                _ => Said::Null,
            },
            (Self::Type(of), name) => {
                let Some(definition) = DEFINITIONS.get(of.name) else { return Said::Null };
                match name {
                    "kind" => text(definition.kind()),
                    "name" => text(of.name),
                    "description" => definition.description().map_or(Said::Null, Said::Text),
                    "fields" => many(definition.fields(added)),
                    "interfaces" => many(definition.interfaces()),
                    "possibleTypes" => many(definition.possible()),
                    "enumValues" => many(definition.values()),
                    "inputFields" => many(definition.inputs()),
                    "isOneOf" if matches!(definition, Definition::Input(_)) => Said::Holds(false),
                    _ => Said::Null,
                }
            }
            (Self::Field(_, own, _), "name") => text(own),
            (Self::Field(on, _, field), "args") => {
                Said::Many(field.arguments(on, added).into_iter().map(Self::Input).collect())
            }
            (Self::Field(on, _, field), "type") => ty(field.output(on)),
            (Self::Field(_, _, field), "description") => match field {
                Field::Resolve => {
                    text("What the reference points to. What cannot be found is an error unless `optional`.")
                }
                Field::Delete(_) => text("Whether there was something to delete."),
                _ => Said::Null,
            },
            (Self::Input(own), "name") => text(own.name),
            (Self::Input(own), "type") => ty(own.ty),
            (Self::Input(own), "defaultValue") => own.default.map_or(Said::Null, text),
            (Self::Input(own), "description") => described(own.name).map_or(Said::Null, text),
            (Self::Value(own), "name") => text(own),
            (Self::Directive(own), "name") => text(own.name),
            (Self::Directive(own), "description") => text(own.words),
            (Self::Directive(own), "locations") => Said::Texts(own.locations),
            (Self::Directive(own), "args") => Said::Many(own.arguments.iter().copied().map(Self::Input).collect()),
            (Self::Field(..) | Self::Input(_) | Self::Value(_), "isDeprecated") => Said::Holds(false),
            (Self::Directive(_), "isRepeatable") => Said::Holds(false),
            _ => Said::Null,
        }
    }
}

/// What the arguments of our own mean; search parameters and elements mean what FHIR says.
fn described(argument: &str) -> Option<&'static str> {
    Some(match argument {
        "cursor" | "_cursor" => "The page that another one named; no other argument stands beside it.",
        "_reference" => "The search parameter by which they refer to this resource.",
        "res" => "The resource as it is to be.",
        "ifMatch" => "The version that must be the current one.",
        "optional" => "Whether null stands for what cannot be found.",
        _ => return None,
    })
}

/// A selection on a type of the schema, with its fragments merged.
struct Plan<'w> {
    on: Meta,
    fields: Vec<(&'w str, Option<&'static MetaField>, Option<Self>)>,
}

impl<'w> Walk<'w> {
    /// The text of what is selected of a part of the schema.
    pub fn described(&self, sets: &[&'w SelectionSet], on: Meta, what: What) -> Result<String, GraphError> {
        let plan = self.plan(sets, on)?;
        let mut out = String::new();
        self.describe(&plan, what, &mut out)?;
        Ok(out)
    }

    fn plan(&self, sets: &[&'w SelectionSet], on: Meta) -> Result<Plan<'w>, GraphError> {
        let mut fields = Vec::new();
        for group in self.groups(sets, At::Meta(on))? {
            let (first, pos) = group.fields[0];
            let marked = first.directives.iter().find(|d| !matches!(d.node.name.node.as_str(), "skip" | "include"));
            if let Some(marked) = marked {
                return self.refuse(format!("@{} is not for the schema", marked.node.name.node), pos);
            }
            let field = on.fields().iter().find(|f| f.name == first.name.node.as_str());
            let below = match field.and_then(|f| f.below) {
                Some(below) => {
                    let sets: Vec<&SelectionSet> = group.fields.iter().map(|(f, _)| &f.selection_set.node).collect();
                    Some(self.plan(&sets, below)?)
                }
                None => None,
            };
            fields.push((group.key, field, below));
        }
        Ok(Plan { on, fields })
    }

    fn describe(&self, plan: &Plan<'_>, what: What, out: &mut String) -> Result<(), GraphError> {
        let left = self.left.get();
        if left == 0 || out.len() > MOST_BYTES {
            return Err(StoreError::TooCostly("too much of the schema at once; ask for less".into()).into());
        }
        self.left.set(left - 1);
        out.push('{');
        for (at, (key, field, below)) in plan.fields.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            fhir::json::write_string(key, out);
            out.push(':');
            let said = match field {
                Some(field) => what.says(field.name, Some(self.asked.added)),
                None => Said::Text(Cow::Borrowed(plan.on.name())),
            };
            match (said, below) {
                (Said::Text(text), _) => fhir::json::write_string(&text, out),
                (Said::Texts(texts), _) => {
                    out.push('[');
                    out.push_str(&texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","));
                    out.push(']');
                }
                (Said::Holds(holds), _) => out.push_str(if holds { "true" } else { "false" }),
                (Said::One(what), Some(below)) => self.describe(below, what, out)?,
                (Said::Many(many), Some(below)) => {
                    out.push('[');
                    for (at, what) in many.into_iter().enumerate() {
                        if at > 0 {
                            out.push(',');
                        }
                        self.describe(below, what, out)?;
                    }
                    out.push(']');
                }
                (Said::Null | Said::One(_) | Said::Many(_), _) => out.push_str("null"),
            }
        }
        out.push('}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What is told is served, and what is served is told.
    #[test]
    fn every_name_that_is_told_is_known() {
        let of = |what: What, name: &str| match what.says(name, None) {
            Said::Many(many) => many,
            _ => Vec::new(),
        };
        let known = |ty: TypeRef, place: &str| assert!(DEFINITIONS.contains_key(ty.name), "{place}: {}", ty.name);
        let mut fields = 0;
        for (name, definition) in DEFINITIONS.iter() {
            let well = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(name.chars().all(well) && !name.starts_with(|c: char| c.is_ascii_digit()), "{name}");
            let what = What::Type(TypeRef::plain(name));
            let (Definition::Object(on) | Definition::Interface(on)) = definition else { continue };
            let all = of(what, "fields");
            assert!(!all.is_empty(), "{name} has no fields");
            let mut seen = BTreeSet::new();
            for field in all {
                let What::Field(_, own, field) = field else { panic!("a field") };
                fields += 1;
                assert!(seen.insert(own), "{name}.{own} is told twice");
                assert!(on.field(own, None).is_some(), "{name}.{own} is told and not served");
                known(field.output(*on), own);
                let mut arguments = BTreeSet::new();
                for argument in field.arguments(*on, None) {
                    assert!(arguments.insert(argument.name), "{name}.{own}({}) is told twice", argument.name);
                    known(argument.ty, own);
                    assert!(is_input(argument.ty.name), "{name}.{own}({})", argument.name);
                }
            }
        }
        for (name, definition) in DEFINITIONS.iter() {
            if let Definition::Input(_) = definition {
                for input in of(What::Type(TypeRef::plain(name)), "inputFields") {
                    let What::Input(input) = input else { panic!("an input") };
                    known(input.ty, name);
                    assert!(is_input(input.ty.name), "{name}.{}", input.name);
                }
            }
        }
        assert!(fields > 15_000, "{fields}");
    }
}
