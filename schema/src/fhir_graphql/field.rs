//! Which fields, arguments and types there are: all from the R4 definitions and the search parameters, those of the server among them,
//! nothing by hand.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use entity::StoreError;
use fhir::path::{Child, Choice, Type};
use fhir::search::added::Reading;
use fhir::search::registry::{self, Kind, SearchParameter};
use fhir::{Issue, IssueType, ResourceType};

use super::introspect::{Meta, MetaField};

/// The search parameters beside R4's own; with `None` there are none. R4's are asked first, so that what needs no others does not depend on
/// how new the set is.
pub(super) type Added<'a> = Option<&'a Reading<'a>>;

/// What a selection is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum On {
    Query,
    Mutation,
    /// A resource or a part of one.
    Element(Type),
    /// A resource of any type: what `Reference.resource`, `contained` and `Bundle.entry.resource` have.
    AnyResource,
    Connection(ResourceType),
    Edge(ResourceType),
    /// A part of the schema itself.
    Meta(Meta),
}

/// A field of one of these.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    Typename,
    ResourceType,
    Child {
        child: &'static Child,
        choice: &'static Choice,
        companion: bool,
    },
    /// What a Reference points to.
    Resolve,
    Read(ResourceType),
    List(ResourceType),
    Connection(ResourceType),
    /// Of a connection or an edge.
    Part(Part),
    Create(ResourceType),
    Update(ResourceType),
    Delete(ResourceType),
    /// Of the schema itself, and what leads to it.
    Meta(&'static MetaField),
}

/// What stands around the name of a type, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrap {
    NonNull,
    List,
}

/// A type as a field or an argument has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeRef {
    pub name: &'static str,
    pub wraps: &'static [Wrap],
}

impl TypeRef {
    pub fn plain(name: &'static str) -> Self {
        Self { name, wraps: &[] }
    }

    pub fn needed(name: &'static str) -> Self {
        Self { name, wraps: &[Wrap::NonNull] }
    }

    pub fn list(name: &'static str) -> Self {
        Self { name, wraps: &[Wrap::List] }
    }

    pub fn is_needed(self) -> bool {
        self.wraps.first() == Some(&Wrap::NonNull)
    }

    pub fn is_list(self) -> bool {
        self.wraps.contains(&Wrap::List)
    }
}

/// As in the language of schemas: `[String]!`.
impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.wraps {
            [] => f.write_str(self.name),
            [Wrap::NonNull, inner @ ..] => write!(f, "{}!", Self { wraps: inner, ..*self }),
            [Wrap::List, inner @ ..] => write!(f, "[{}]", Self { wraps: inner, ..*self }),
        }
    }
}

/// An argument of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    pub name: &'static str,
    pub ty: TypeRef,
    pub default: Option<&'static str>,
}

impl Argument {
    fn new(name: &'static str, ty: TypeRef) -> Self {
        Self { name, ty, default: None }
    }
}

/// One name for good. Only for names out of the definitions and of search parameters that are kept for good; never for what a client sends.
pub(super) fn interned(name: String) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Count,
    Offset,
    Pagesize,
    Edges,
    First,
    Previous,
    Next,
    Last,
    Mode,
    Score,
    Resource,
}

impl Part {
    pub const OF_CONNECTION: [(&'static str, Self); 8] = [
        ("count", Self::Count),
        ("offset", Self::Offset),
        ("pagesize", Self::Pagesize),
        ("edges", Self::Edges),
        ("first", Self::First),
        ("previous", Self::Previous),
        ("next", Self::Next),
        ("last", Self::Last),
    ];
    pub const OF_EDGE: [(&'static str, Self); 3] =
        [("mode", Self::Mode), ("score", Self::Score), ("resource", Self::Resource)];
}

/// Types that have no endpoint, or are no R4.
pub(super) fn served(name: &str) -> Option<ResourceType> {
    ResourceType::named(name).filter(|ty| is_served(*ty))
}

pub(super) fn is_served(ty: ResourceType) -> bool {
    !matches!(ty, ResourceType::Parameters | ResourceType::AuditEvent | ResourceType::ViewDefinition)
}

pub(super) fn type_of(ty: ResourceType) -> Type {
    Type::named(ty.name()).expect("every served type is defined")
}

fn named_type(name: &str) -> Type {
    Type::named(name).unwrap_or(Type::UNKNOWN)
}

/// The GraphQL name of a type: `PatientContact` of `Patient.contact`, and GraphQL's own for its own primitives.
pub(super) fn name_of(ty: Type) -> &'static str {
    match ty.name() {
        "boolean" => "Boolean",
        "string" => "String",
        "integer" => "Int",
        name if !name.contains('.') => name,
        name => {
            let mut out = String::with_capacity(name.len());
            for (at, part) in name.split('.').enumerate() {
                let first = part.chars().next().unwrap_or_default();
                if at == 0 {
                    out.push(first);
                } else {
                    out.extend(first.to_uppercase());
                }
                out.push_str(part.get(first.len_utf8()..).unwrap_or_default());
            }
            interned(out)
        }
    }
}

/// The input type that mirrors a type; resources inside others are given as they are. `Task.input` has the name that Task's would have.
pub(super) fn input_of(ty: Type) -> &'static str {
    if ty.primitive().is_some() {
        return name_of(ty);
    }
    let suffix = if Type::named(&format!("{}.input", ty.name())).is_some() { "AsInput" } else { "Input" };
    interned(format!("{}{suffix}", name_of(ty)))
}

impl On {
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::Mutation => "Mutation",
            Self::Element(ty) => name_of(ty),
            Self::AnyResource => "Resource",
            Self::Connection(ty) => interned(format!("{ty}Connection")),
            Self::Edge(ty) => interned(format!("{ty}Edge")),
            Self::Meta(meta) => meta.name(),
        }
    }

    /// What elements of a type are selected on.
    pub fn of(ty: Type) -> Self {
        if ty.name() == "Resource" { Self::AnyResource } else { Self::Element(ty) }
    }

    /// Whether a fragment on the type of that name applies here; `None` when it can never.
    pub fn meets(self, condition: &str) -> Option<Self> {
        if self.name() == condition {
            return Some(self);
        }
        let other = Type::named(condition).filter(|ty| ty.is_resource())?;
        match self {
            Self::AnyResource => Some(Self::of(other)),
            Self::Element(ty) if ty.is_a(other) => Some(self),
            Self::Element(ty) if ty.is_abstract() && other.is_a(ty) => Some(Self::Element(other)),
            _ => None,
        }
    }

    /// All fields, but `__typename` and those that lead to the schema.
    pub fn fields(self, added: Added<'_>) -> Vec<(&'static str, Field)> {
        let children = |ty: Type| {
            let choices =
                ty.children().iter().flat_map(|child| child.choices.iter().map(move |choice| (child, choice)));
            choices.flat_map(|(child, choice)| {
                let own = [(choice.json, Field::Child { child, choice, companion: false })];
                let primitive = choice.ty.primitive().is_some();
                let beside = (&*choice.companion, Field::Child { child, choice, companion: true });
                own.into_iter().chain(primitive.then_some(beside))
            })
        };
        let named = |ty: ResourceType, suffix: &str, field| (interned(format!("{ty}{suffix}")), field);
        let searches =
            |ty: ResourceType| [named(ty, "List", Field::List(ty)), named(ty, "Connection", Field::Connection(ty))];
        let served = ResourceType::all().iter().copied().filter(|ty| is_served(*ty));
        match self {
            Self::Query => {
                served.flat_map(|ty| std::iter::once((ty.name(), Field::Read(ty))).chain(searches(ty))).collect()
            }
            Self::Mutation => served
                .flat_map(|ty| {
                    [
                        named(ty, "Create", Field::Create(ty)),
                        named(ty, "Update", Field::Update(ty)),
                        named(ty, "Delete", Field::Delete(ty)),
                    ]
                })
                .collect(),
            Self::AnyResource => {
                std::iter::once(("resourceType", Field::ResourceType)).chain(children(named_type("Resource"))).collect()
            }
            Self::Element(ty) => {
                let mut all: Vec<_> = children(ty).collect();
                if ty.is_resource() {
                    all.insert(0, ("resourceType", Field::ResourceType));
                }
                if ty.name() == "Reference" {
                    all.push(("resource", Field::Resolve));
                }
                if let Some(target) = ResourceType::named(ty.name()) {
                    let referring = served.filter(|of| reverse(*of, target, added).next().is_some());
                    all.extend(referring.flat_map(searches));
                }
                all
            }
            Self::Connection(_) => Part::OF_CONNECTION.iter().map(|(name, part)| (*name, Field::Part(*part))).collect(),
            Self::Edge(_) => Part::OF_EDGE.iter().map(|(name, part)| (*name, Field::Part(*part))).collect(),
            Self::Meta(meta) => meta.fields().iter().map(|field| (field.name, Field::Meta(field))).collect(),
        }
    }

    pub fn field(self, name: &str, added: Added<'_>) -> Option<Field> {
        if name == "__typename" {
            return Some(Field::Typename);
        }
        match self {
            Self::Query => MetaField::at_root(name)
                .map(Field::Meta)
                .or_else(|| search_field(name))
                .or_else(|| served(name).map(Field::Read)),
            Self::Mutation => act_field(name),
            Self::Meta(meta) => meta.fields().iter().find(|field| field.name == name).map(Field::Meta),
            Self::AnyResource if name == "resourceType" => Some(Field::ResourceType),
            Self::AnyResource => child(named_type("Resource"), name),
            Self::Element(ty) => match name {
                "resourceType" if ty.is_resource() => Some(Field::ResourceType),
                "resource" if ty.name() == "Reference" => Some(Field::Resolve),
                _ => child(ty, name).or_else(|| {
                    let target = ResourceType::named(ty.name())?;
                    search_field(name).filter(|f| match f {
                        Field::List(of) | Field::Connection(of) => reverse(*of, target, added).next().is_some(),
                        _ => false,
                    })
                }),
            },
            Self::Connection(_) => Part::OF_CONNECTION.iter().find(|(n, _)| *n == name).map(|(_, p)| Field::Part(*p)),
            Self::Edge(_) => Part::OF_EDGE.iter().find(|(n, _)| *n == name).map(|(_, p)| Field::Part(*p)),
        }
    }
}

fn search_field(name: &str) -> Option<Field> {
    let of = |suffix| name.strip_suffix(suffix).and_then(served);
    of("List").map(Field::List).or_else(|| of("Connection").map(Field::Connection))
}

fn act_field(name: &str) -> Option<Field> {
    let of = |suffix| name.strip_suffix(suffix).and_then(served);
    let create = of("Create").map(Field::Create);
    create.or_else(|| of("Update").map(Field::Update)).or_else(|| of("Delete").map(Field::Delete))
}

fn child(ty: Type, name: &str) -> Option<Field> {
    let (json, companion) = match name.strip_prefix('_') {
        Some(json) => (json, true),
        None => (name, false),
    };
    let (child, choice) = ty.by_json(json)?;
    let primitive = choice.ty.primitive().is_some();
    (primitive || !companion).then_some(Field::Child { child, choice, companion })
}

impl Field {
    /// What a selection below the field is made on; `None` for a scalar, which has none.
    pub fn below(self, on: On) -> Option<On> {
        match self {
            Self::Typename | Self::ResourceType => None,
            Self::Child { companion: true, .. } => Some(On::Element(named_type("Element"))),
            Self::Child { choice, .. } => choice.ty.primitive().is_none().then(|| On::of(choice.ty)),
            Self::Resolve => Some(On::AnyResource),
            Self::Read(ty) | Self::List(ty) | Self::Create(ty) | Self::Update(ty) => Some(On::Element(type_of(ty))),
            Self::Delete(_) => None,
            Self::Meta(field) => field.below.map(On::Meta),
            Self::Connection(ty) => Some(On::Connection(ty)),
            Self::Part(part) => match (part, on) {
                (Part::Edges, On::Connection(ty)) => Some(On::Edge(ty)),
                (Part::Resource, On::Edge(ty)) => Some(On::Element(type_of(ty))),
                _ => None,
            },
        }
    }

    /// The type of what the field answers.
    pub fn output(self, on: On) -> TypeRef {
        let below = self.below(on).map(On::name);
        match self {
            Self::Typename => TypeRef::needed("String"),
            Self::ResourceType => TypeRef::plain("code"),
            Self::Child { child, choice, .. } => {
                let name = below.unwrap_or_else(|| name_of(choice.ty));
                if child.many { TypeRef::list(name) } else { TypeRef::plain(name) }
            }
            Self::Delete(_) => TypeRef::needed("Boolean"),
            Self::List(ty) => TypeRef::list(name_of(type_of(ty))),
            Self::Part(Part::Edges) => TypeRef::list(below.unwrap_or_default()),
            Self::Part(Part::Count | Part::Offset | Part::Pagesize) => TypeRef::plain("Int"),
            Self::Part(Part::Mode) => TypeRef::plain("code"),
            Self::Part(Part::Score) => TypeRef::plain("decimal"),
            Self::Part(Part::First | Part::Previous | Part::Next | Part::Last) => TypeRef::plain("String"),
            Self::Part(Part::Resource)
            | Self::Resolve
            | Self::Read(_)
            | Self::Connection(_)
            | Self::Create(_)
            | Self::Update(_) => TypeRef::plain(below.unwrap_or_default()),
            Self::Meta(field) => field.ty,
        }
    }

    /// The arguments that the field takes on `on`.
    pub fn arguments(self, on: On, added: Added<'_>) -> Vec<Argument> {
        let text = |name| Argument::new(name, TypeRef::plain("String"));
        let number = |name| Argument::new(name, TypeRef::plain("Int"));
        let id = |name| Argument::new(name, TypeRef::plain("ID"));
        let res = |ty| Argument::new("res", TypeRef::needed(input_of(type_of(ty))));
        match self {
            Self::Typename | Self::ResourceType | Self::Part(_) | Self::Child { companion: true, .. } => Vec::new(),
            Self::Child { child, choice, .. } if child.many && choice.ty.primitive().is_none() => {
                let children = choice.ty.children().iter().flat_map(|c| &c.choices);
                let filters = children.filter(|c| c.ty.primitive().is_some());
                let filters = filters.map(|c| Argument::new(c.json, TypeRef::list(name_of(c.ty))));
                [text("fhirpath"), number("_offset"), number("_count")].into_iter().chain(filters).collect()
            }
            Self::Child { .. } => Vec::new(),
            Self::Resolve => {
                let optional =
                    Argument { default: Some("false"), ..Argument::new("optional", TypeRef::plain("Boolean")) };
                vec![Argument::new("type", TypeRef::plain("ResourceType")), optional]
            }
            Self::Read(_) => vec![id("id"), id("_id")],
            Self::Create(ty) => vec![res(ty)],
            Self::Update(ty) => vec![Argument::new("id", TypeRef::needed("ID")), res(ty), text("ifMatch")],
            Self::Delete(_) => vec![Argument::new("id", TypeRef::needed("ID")), text("ifMatch")],
            Self::Meta(field) => field.arguments.to_vec(),
            Self::List(ty) | Self::Connection(ty) => {
                let is_list = matches!(self, Self::List(_));
                let size = if is_list { number("_count") } else { number("pageSize") };
                let target = match on {
                    On::Element(target) => ResourceType::named(target.name()),
                    _ => None,
                };
                let mut all = vec![size, text("_filter")];
                if let Some(target) = target {
                    all.push(Argument::new("_reference", TypeRef::needed("String")));
                    // What may refer to anything stands in every type; there `_filter` says all else.
                    if reverse(ty, target, added).all(|p| p.targets.len() == ResourceType::all().len()) {
                        return all;
                    }
                }
                all.push(text("_sort"));
                match (is_list, target) {
                    (true, _) => all.extend([text("fhirpath"), number("_offset")]),
                    (false, Some(_)) => all.push(number("_count")),
                    (false, None) => all.extend([number("_count"), text("cursor"), text("_cursor")]),
                }
                let parameters = named_parameters(ty, added).into_iter();
                let parameters = parameters.filter(|(_, p)| target.is_none() || p.code != "_id");
                all.extend(parameters.map(|(name, p)| Argument::new(name, TypeRef::list(kind_of(p.kind)))));
                all
            }
        }
    }
}

/// The scalar of a kind of search parameter.
pub(super) fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "String",
        Kind::Token => "token",
        Kind::Reference => "reference",
        Kind::Date => "date",
        Kind::Number => "number",
        Kind::Quantity => "quantity",
        Kind::Uri => "uri",
        Kind::Composite => "composite",
        Kind::Special => "special",
    }
}

/// Arguments of lists that a search parameter of that name could be taken for.
const TAKEN: [&str; 3] = ["fhirpath", "cursor", "pageSize"];

/// A search parameter as an argument: `clinical_status` for `clinical-status`.
fn argument_of(parameter: &SearchParameter) -> &'static str {
    if parameter.code.contains('-') { interned(parameter.code.replace('-', "_")) } else { parameter.code }
}

/// The search parameters of a type by the arguments that stand for them. One that was added under a name that is taken is asked for in
/// `_filter` only.
fn named_parameters(ty: ResourceType, added: Added<'_>) -> Vec<(&'static str, &'static SearchParameter)> {
    let own = registry::parameters(ty).iter().filter(|p| p.code != "_query");
    let mut all: Vec<_> = own.map(|p| (argument_of(p), p)).collect();
    for parameter in added.map_or(&[][..], |added| added.served(ty)) {
        let name = argument_of(parameter);
        if !TAKEN.contains(&name) && all.iter().all(|(other, _)| *other != name) {
            all.push((name, parameter));
        }
    }
    all
}

/// The search parameter that an argument stands for.
pub(super) fn parameter_of(ty: ResourceType, argument: &str, added: Added<'_>) -> Option<&'static SearchParameter> {
    let of = |added| named_parameters(ty, added).into_iter().find(|(name, _)| *name == argument).map(|(_, p)| p);
    of(None).or_else(|| of(added))
}

/// The code by which a search is refused that has no such argument: of a parameter that is not indexed yet, or the argument itself.
pub(super) fn code_of<'n>(ty: ResourceType, argument: &'n str, added: Added<'_>) -> &'n str {
    let mut unfinished = added.into_iter().flat_map(|added| added.unfinished(ty));
    unfinished.find(|code| code.replace('-', "_") == argument).unwrap_or(argument)
}

/// The parameters of `of` by which it refers to resources of a type; R4's first.
pub(super) fn reverse(
    of: ResourceType,
    target: ResourceType,
    added: Added<'_>,
) -> impl Iterator<Item = &'static SearchParameter> + use<'_> {
    let added = added.into_iter().flat_map(move |added| added.served(of).iter().copied());
    let references = registry::parameters(of).iter().chain(added).filter(|p| p.kind == Kind::Reference);
    references.filter(move |p| p.targets.contains(&target))
}

pub(super) fn invalid(text: impl Into<String>) -> StoreError {
    StoreError::Invalid(vec![Issue::error(IssueType::Invalid, text)])
}
