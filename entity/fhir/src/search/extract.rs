//! The index rows of one document: every value of every search parameter of its type, as keys, ranges and strings.
//!
//! Each type's parameters are compiled once into one tree of member names, so that a document is walked once and only where a
//! parameter looks. It knows nothing of tables; [`super::probe`] is the other half, and both are part of the stored format.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::quantity::{self, Span};
use crate::reference::{self, Reference, Target};
use crate::search::added::Reading;
use crate::search::element_path::{self, Path, PathError, Step};
use crate::search::key::{Keys, ordered};
use crate::search::registry::{self, Kind, SearchParameter};
use crate::search::{fold, label, sound};
use crate::temporal::{self, Interval, Zone};
use crate::{Json, ResourceType, ucum};

/// Longest string, in bytes, that is kept for prefix and substring search; what follows is found by `:exact` only. A key of a
/// PostgreSQL btree must fit a third of a page.
pub const MAX_STRING: usize = 1024;

/// What reading a document depends on besides the document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// The zone in which dates without one are read.
    pub zone: Zone,
    /// Our own base url without a slash at the end: absolute references below it are references to this server.
    pub base_url: Option<&'a str>,
    /// The parameters beside R4's own; `None` for none.
    pub added: Option<&'a Reading<'a>>,
}

impl Options<'_> {
    /// The parameter that may be searched by.
    pub fn parameter(&self, resource_type: ResourceType, code: &str) -> Option<&'static SearchParameter> {
        let own = registry::parameter(resource_type, code);
        own.or_else(|| self.added?.parameter(resource_type, code))
    }

    /// The job that has to be done before the parameter may be searched by.
    pub fn waiting(&self, resource_type: ResourceType, code: &str) -> Option<&str> {
        self.added?.waiting(resource_type, code)
    }
}

/// The index rows of a document. Lists are sorted and without repetition, except `patients`, which is in order of the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// Words of the head's `terms`; see [`Keys`].
    pub terms: Vec<i64>,
    /// Keys of `ix_ord`: codes of the parameters for which [`is_coded`] holds, with and without system.
    pub ord: Vec<i64>,
    /// Rows of `ix_qty`. A plain value is one number under the number key and one under each unit key. A range, or a value with
    /// a comparator, is a pair of ends instead, under `low_end` and `high_end` of those keys (an open end is infinite), and a row of
    /// `dates` that has both.
    pub quantities: Vec<(i64, f64)>,
    /// Rows of `ix_str`: folded strings, and uris as they stand, both cut at [`MAX_STRING`].
    pub strings: Vec<(i64, String)>,
    /// Rows of `ix_dat`: every date but the primary one, `[low, high)`, and ranges of numbers (`Keys::range`), `[low, high]`.
    pub dates: Vec<(i64, i64, i64)>,
    /// The primary date `[low, high)`, the hull when it repeats; `(MIN, MIN)` when there is none.
    pub ts_lo: i64,
    pub ts_hi: i64,
    /// Ids of the patients the document is about ([`registry::patient_parameters`]); a Patient is about itself.
    pub patients: Vec<String>,
    pub conf: i16,
    pub sens: i32,
    /// Every literal reference to a resource of this server, wherever it stands in the document.
    pub references: Vec<Reference>,
    /// Codes of parameters whose value could not be read (an impossible date, a number out of range); empty for valid documents.
    pub unreadable: Vec<&'static str>,
}

impl Extracted {
    /// The rows of a number, or of the range `[low, high]`, that belongs under that key.
    fn number(&mut self, keys: &Keys, key: i64, low: f64, high: f64) {
        if low.to_bits() == high.to_bits() {
            self.quantities.push((key, low));
        } else {
            self.quantities.extend([(keys.low_end(key), low), (keys.high_end(key), high)]);
            self.dates.push((keys.range(key), ordered(low), ordered(high)));
        }
    }
}

/// Reads the index rows of a document of that type.
pub fn extract(document: &Json<'_>, resource_type: ResourceType, keys: &Keys, options: &Options<'_>) -> Extracted {
    let plan = plan(resource_type);
    let mut sink = Sink {
        keys,
        options,
        resource_type,
        out: Extracted { ts_lo: temporal::MIN, ts_hi: temporal::MIN, ..Extracted::default() },
        scratch: String::new(),
    };
    (sink.out.conf, sink.out.sens) = label::of(document);
    if resource_type == ResourceType::Patient
        && let Some(id) = document.str_at("id")
    {
        sink.out.patients.push(id.to_owned());
    }
    sink.walk(&plan.root, document, document);
    for param in options.added.map_or(&[][..], |a| a.written(resource_type)) {
        if let Some(own) = param.own.get() {
            sink.walk(&own.root, document, document);
        }
    }
    sink.literal_references(document);
    let mut out = sink.out;
    for patient in out.patients.iter().skip(1) {
        out.terms.push(keys.term_compartment(keys.resource(ResourceType::Patient, patient)));
    }
    out.terms.sort_unstable();
    out.terms.dedup();
    out.ord.sort_unstable();
    out.ord.dedup();
    out.quantities.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    out.quantities.dedup_by(|a, b| a.0 == b.0 && a.1.to_bits() == b.1.to_bits());
    out.strings.sort_unstable();
    out.strings.dedup();
    out.dates.sort_unstable();
    out.dates.dedup();
    out.references.sort_unstable();
    out.references.dedup();
    out.unreadable.sort_unstable();
    out.unreadable.dedup();
    out
}

/// The references to this server that the parameter finds in a document: what an include follows.
pub fn references_of(document: &Json<'_>, param: &'static SearchParameter, options: &Options<'_>) -> Vec<Reference> {
    let mut found = Vec::new();
    references_by(document, &[param], options, &mut |_, one| {
        if !found.contains(&one) {
            found.push(one);
        }
    });
    found
}

/// Calls `each` with every reference to this server that one of the parameters finds in a document, and with the parameter. They are of the
/// document's type; for those of R4 the document is walked once.
pub fn references_by(
    document: &Json<'_>,
    params: &[&'static SearchParameter],
    options: &Options<'_>,
    each: &mut dyn FnMut(&'static SearchParameter, Reference),
) {
    let (added, own): (Vec<&'static SearchParameter>, Vec<_>) = params.iter().copied().partition(|p| p.is_added());
    let added = added.iter().filter_map(|param| param.own.get());
    let own = own.first().map(|param| references_plan(param.base));
    for plan in added.chain(own) {
        plan.root.visit(&|param| params.contains(&param), document, &mut |param, element| {
            let text = match element {
                Json::String(s) => Some(&**s),
                other => other.str_at("reference"),
            };
            let target = text.map(|t| reference::parse(t, options.base_url));
            if let Some(Target::Local { resource_type, id, version }) = target {
                let version = version.map(ToOwned::to_owned);
                each(param, Reference { resource_type, id: id.to_owned(), version });
            }
        });
    }
}

/// Calls `each` with every element the parameter's expression selects. For a composite these are the instances its parts are taken
/// from; a parameter that is a test (`deceased`) selects nothing here.
pub fn values<'d>(document: &'d Json<'_>, param: &'static SearchParameter, each: &mut dyn FnMut(&'d Json<'d>)) {
    plan_of(param).root.visit(&|one| one == param, document, &mut |_, element| each(element));
}

/// Whether all the parameter's values are CodeableConcepts or Codings, which also go to `ix_ord`.
pub fn is_coded(param: &SearchParameter) -> bool {
    param.kind == Kind::Token && traits(param).coded
}

/// Whether the parameter's values are Identifiers or ContactPoints, which are compared without regard to case.
pub fn folds_case(param: &SearchParameter) -> bool {
    param.kind == Kind::Token && traits(param).folded
}

/// Whether a reference parameter reads canonical urls only, which name no resource by type and id.
pub fn is_canonical(param: &SearchParameter) -> bool {
    let types = element_path::value_types(param);
    !types.is_empty() && types.iter().all(|t| ["canonical", "uri", "url"].contains(&t.name()))
}

/// Every parameter of the type compiles.
///
/// # Errors
/// The expressions outside what [`element_path`] covers.
pub fn check(resource_type: ResourceType) -> Result<(), Vec<PathError>> {
    let errors: Vec<_> =
        registry::parameters(resource_type).iter().filter_map(|p| Node::default().add(p).err()).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

// The compiled plan of a type.

/// Where values are in a document.
pub(super) struct Plan {
    root: Node,
    /// By position of the parameter in the registry.
    traits: Vec<(&'static str, Traits)>,
}

#[derive(Debug, Clone, Copy)]
struct Traits {
    coded: bool,
    folded: bool,
}

#[derive(Default)]
struct Node {
    /// Sorted by name; a name may stand several times, under different conditions.
    edges: Vec<Edge>,
    emits: Vec<Emit>,
}

struct Edge {
    name: String,
    index: Option<usize>,
    /// Only items whose member of that name is that string.
    equals: Option<(String, String)>,
    node: Node,
}

struct Emit {
    param: &'static SearchParameter,
    refers: Option<ResourceType>,
    /// A reference found here says whom the document is about.
    about: bool,
    primary: bool,
    coded: bool,
    /// The value is whether this choice element exists and is not `false`.
    flag: Option<String>,
    parts: Vec<Part>,
}

/// A component of a composite: its own parameter, and for each path the member names of each step (several for a choice).
struct Part {
    param: &'static SearchParameter,
    paths: Vec<(bool, Vec<Vec<String>>)>,
}

type Plans = [OnceLock<Plan>; ResourceType::COUNT];

/// Of all the type's parameters.
fn plan(resource_type: ResourceType) -> &'static Plan {
    static PLANS: Plans = [const { OnceLock::new() }; ResourceType::COUNT];
    PLANS[resource_type as usize].get_or_init(|| Plan::of_all(registry::parameters(resource_type).iter()))
}

/// Of those that are references: their values stand at few places of a document.
fn references_plan(resource_type: ResourceType) -> &'static Plan {
    static PLANS: Plans = [const { OnceLock::new() }; ResourceType::COUNT];
    PLANS[resource_type as usize].get_or_init(|| {
        Plan::of_all(registry::parameters(resource_type).iter().filter(|param| param.kind == Kind::Reference))
    })
}

impl Plan {
    fn of_all(params: impl Iterator<Item = &'static SearchParameter>) -> Self {
        let mut plan = Self { root: Node::default(), traits: Vec::new() };
        for param in params {
            plan.traits.push((param.code, Traits::of(param)));
            plan.root.add(param).expect("a test compiles every parameter");
        }
        plan.root.sort();
        plan
    }

    /// The plan of one parameter that was defined at run time.
    pub(super) fn of(param: &'static SearchParameter) -> Result<Self, PathError> {
        let mut plan = Self { root: Node::default(), traits: vec![(param.code, Traits::of(param))] };
        plan.root.add(param)?;
        plan.root.sort();
        Ok(plan)
    }
}

fn plan_of(param: &SearchParameter) -> &Plan {
    param.own.get().unwrap_or_else(|| plan(param.base))
}

fn traits(param: &SearchParameter) -> Traits {
    let found = plan_of(param).traits.iter().find(|(code, _)| *code == param.code).map(|(_, t)| *t);
    found.unwrap_or(Traits { coded: false, folded: false })
}

impl Traits {
    fn of(param: &SearchParameter) -> Self {
        let types = element_path::value_types(param);
        let all = |names: &[&str]| !types.is_empty() && types.iter().all(|t| names.contains(&t.name()));
        Self { coded: all(&["CodeableConcept", "Coding"]), folded: all(&["Identifier", "ContactPoint"]) }
    }
}

impl Node {
    fn add(&mut self, param: &'static SearchParameter) -> Result<(), PathError> {
        // the head row's own columns answer these
        if param.expression.is_empty() || ["_id", "_lastUpdated"].contains(&param.code) {
            return Ok(());
        }
        let emit = |refers, flag, parts| Emit {
            param,
            refers,
            about: registry::patient_parameters(param.base).contains(&param.code),
            primary: registry::primary_date(param.base) == Some(param.code),
            coded: Traits::of(param).coded,
            flag,
            parts,
        };
        let refuse = |reason: &str| PathError { expression: param.expression.to_owned(), reason: reason.to_owned() };
        for path in element_path::parse(param.expression, param.base.name())? {
            if path.flag {
                let [Step::Member { name, cast: None }] = &path.steps[..] else {
                    return Err(refuse("a test of something other than a member"));
                };
                self.emits.push(emit(None, Some(name.clone()), Vec::new()));
                continue;
            }
            let mut steps = path.steps;
            let refers = match steps.last() {
                Some(Step::Refers(t)) => Some(*t),
                _ => None,
            };
            steps.truncate(steps.len() - usize::from(refers.is_some()));
            self.reach(&steps, param.kind, &mut |node| {
                node.emits.push(emit(refers, None, parts(param)?));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Makes the nodes the steps lead to and calls `at` with each: several where the last step is a choice.
    fn reach(
        &mut self,
        steps: &[Step],
        kind: Kind,
        at: &mut dyn FnMut(&mut Node) -> Result<(), PathError>,
    ) -> Result<(), PathError> {
        let Some((Step::Member { name, cast }, mut rest)) = steps.split_first() else {
            return match steps.first() {
                None => at(self),
                Some(step) => Err(PathError { expression: format!("{step:?}"), reason: "not after a member".into() }),
            };
        };
        let (mut index, mut equals) = (None, None);
        while let Some((step, after)) = rest.split_first() {
            match step {
                Step::Index(i) => index = Some(*i),
                Step::Equals { name, value } if equals.is_none() => equals = Some((name.clone(), value.clone())),
                _ => break,
            }
            rest = after;
        }
        for name in names(name, cast.as_deref(), rest.is_empty().then_some(kind)) {
            let found = self.edges.iter().position(|e| e.name == name && e.index == index && e.equals == equals);
            let at_edge = found.unwrap_or_else(|| {
                self.edges.push(Edge { name, index, equals: equals.clone(), node: Node::default() });
                self.edges.len() - 1
            });
            self.edges[at_edge].node.reach(rest, kind, at)?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        self.edges.sort_by(|a, b| a.name.cmp(&b.name));
        for edge in &mut self.edges {
            edge.node.sort();
        }
    }

    /// Calls `each` with every element that a wanted parameter selects, here and below.
    fn visit<'d>(
        &self,
        wants: &dyn Fn(&'static SearchParameter) -> bool,
        item: &'d Json<'d>,
        each: &mut dyn FnMut(&'static SearchParameter, &'d Json<'d>),
    ) {
        for emit in self.emits.iter().filter(|e| e.flag.is_none() && wants(e.param)) {
            if !item_is_absent(item) && emit.refers.is_none_or(|t| element_path::referred_type(item, None) == Some(t)) {
                each(emit.param, item);
            }
        }
        self.follow(item, &mut |next, value| next.visit(wants, value, each));
    }

    /// Calls `each` for every item behind an edge whose conditions hold.
    fn follow<'d>(&self, item: &'d Json<'d>, each: &mut dyn FnMut(&Node, &'d Json<'d>)) {
        let (Json::Object(members), false) = (item, self.edges.is_empty()) else { return };
        for (name, value) in members.iter() {
            let from = self.edges.partition_point(|e| *e.name < *name);
            for edge in self.edges[from..].iter().take_while(|e| e.name == name) {
                for (i, next) in value.items().iter().enumerate() {
                    let here = edge.index.is_none_or(|at| at == i)
                        && edge.equals.as_ref().is_none_or(|(name, text)| next.str_at(name) == Some(text));
                    if here {
                        each(&edge.node, next);
                    }
                }
            }
        }
    }
}

/// The JSON names of a member: with its cast, or at the end of a path with all endings the kind reads.
fn names(name: &str, cast: Option<&str>, last: Option<Kind>) -> Vec<String> {
    match (cast, last) {
        (Some(cast), _) => vec![format!("{name}{cast}")],
        (None, Some(kind)) => element_path::endings(kind).iter().map(|e| format!("{name}{e}")).collect(),
        (None, None) => vec![name.to_owned()],
    }
}

fn parts(param: &'static SearchParameter) -> Result<Vec<Part>, PathError> {
    param
        .components
        .iter()
        .map(|component| {
            let own = registry::parameter(param.base, component.code).ok_or_else(|| PathError {
                expression: component.expression.to_owned(),
                reason: format!("{} has no parameter {}", param.base, component.code),
            })?;
            let paths = element_path::parse(component.expression, param.base.name())?;
            let paths = paths.into_iter().map(|p| part_path(&p, own.kind)).collect::<Result<_, _>>();
            let refuse = |reason| PathError { expression: component.expression.to_owned(), reason };
            Ok(Part { param: own, paths: paths.map_err(refuse)? })
        })
        .collect()
}

fn part_path(path: &Path, kind: Kind) -> Result<(bool, Vec<Vec<String>>), String> {
    let count = path.steps.len();
    let steps = path.steps.iter().enumerate().map(|(i, step)| match step {
        Step::Member { name, cast } => Ok(names(name, cast.as_deref(), (i + 1 == count).then_some(kind))),
        other => Err(format!("{other:?} within a component")),
    });
    Ok((path.from_resource, steps.collect::<Result<_, _>>()?))
}

impl Part {
    fn each<'d>(&self, instance: &'d Json<'d>, document: &'d Json<'d>, each: &mut dyn FnMut(&'d Json<'d>)) {
        fn descend<'d>(item: &'d Json<'d>, steps: &[Vec<String>], each: &mut dyn FnMut(&'d Json<'d>)) {
            let Some((names, rest)) = steps.split_first() else {
                if !item_is_absent(item) {
                    each(item);
                }
                return;
            };
            for value in names.iter().filter_map(|n| item.get(n)) {
                for next in value.items() {
                    descend(next, rest, each);
                }
            }
        }
        for (from_resource, steps) in &self.paths {
            descend(if *from_resource { document } else { instance }, steps, each);
        }
    }
}

fn item_is_absent(item: &Json<'_>) -> bool {
    matches!(item, Json::Null)
}

// Reading values.

/// A coded value of any of the token types.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TokenValue<'d> {
    system: Option<&'d str>,
    code: Option<Cow<'d, str>>,
}

/// Contact point systems: an Identifier's system is a uri, so these tell the two apart.
const CONTACT_SYSTEMS: [&str; 7] = ["phone", "fax", "email", "pager", "url", "sms", "other"];

/// The codes of a CodeableConcept, Coding, Identifier, ContactPoint or primitive. The system of a ContactPoint is not matched.
fn tokens<'d>(element: &'d Json<'d>, each: &mut dyn FnMut(TokenValue<'d>)) {
    match element {
        Json::String(s) => each(TokenValue { system: None, code: Some(Cow::Borrowed(s)) }),
        Json::Bool(b) => {
            each(TokenValue { system: None, code: Some(Cow::Borrowed(if *b { "true" } else { "false" })) });
        }
        Json::Number(n) => each(TokenValue { system: None, code: Some(Cow::Borrowed(n)) }),
        Json::Object(o) => {
            if let Some(codings) = o.get("coding") {
                for coding in codings.items() {
                    each(TokenValue {
                        system: coding.str_at("system"),
                        code: coding.str_at("code").map(Cow::Borrowed),
                    });
                }
            } else if let Some(value) = o.get("value").and_then(Json::as_str) {
                let system = o.get("system").and_then(Json::as_str).filter(|s| !CONTACT_SYSTEMS.contains(s));
                each(TokenValue { system, code: Some(fold::fold_case(value)) });
                if system.is_none()
                    && let Some(digits) = fold::dialled(element).filter(|digits| digits != value)
                {
                    each(TokenValue { system, code: Some(Cow::Owned(digits)) });
                }
            } else if o.get("code").is_some() || o.get("system").is_some() {
                let text = |name| o.get(name).and_then(Json::as_str);
                each(TokenValue { system: text("system"), code: text("code").map(Cow::Borrowed) });
            }
        }
        Json::Null | Json::Array(_) => {}
    }
}

/// The searchable parts of a string, HumanName or Address.
fn strings<'d>(element: &'d Json<'d>, each: &mut dyn FnMut(&'d str)) {
    const PARTS: [&str; 12] = [
        "text",
        "family",
        "given",
        "prefix",
        "suffix",
        "line",
        "city",
        "district",
        "state",
        "postalCode",
        "country",
        "value",
    ];
    match element {
        Json::String(s) => each(s),
        Json::Object(o) => {
            for (name, value) in o.iter() {
                if PARTS.contains(&name) {
                    value.items().iter().filter_map(Json::as_str).for_each(&mut *each);
                }
            }
        }
        _ => {}
    }
}

/// The interval of a date, dateTime, instant, Period or Timing; `Err` when it cannot be read, `Ok(None)` when it names no instant.
fn interval(element: &Json<'_>, zone: Zone) -> Result<Option<Interval>, temporal::TemporalError> {
    match element {
        Json::String(s) => temporal::parse(s, zone).map(Some),
        Json::Object(o) if o.get("event").is_some() || o.get("repeat").is_some() => temporal::timing(element, zone),
        Json::Object(_) => temporal::period(element, zone),
        _ => Ok(None),
    }
}

fn number_span<'d>(element: &'d Json<'_>) -> Result<Option<Span<'d>>, quantity::NumberError> {
    match element {
        Json::Number(n) => {
            let value = quantity::number(n)?.value;
            Ok(Some(Span { low: value, high: value, unit: quantity::UnitOf::default() }))
        }
        other => quantity::span(other),
    }
}

fn cut(text: &mut String) {
    if text.len() > MAX_STRING {
        let end = (0..=MAX_STRING).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
}

struct Sink<'s> {
    keys: &'s Keys,
    options: &'s Options<'s>,
    resource_type: ResourceType,
    out: Extracted,
    scratch: String,
}

impl Sink<'_> {
    fn walk<'d>(&mut self, node: &Node, item: &'d Json<'d>, document: &'d Json<'d>) {
        for emit in &node.emits {
            self.emit(emit, item, document);
        }
        node.follow(item, &mut |next, value| self.walk(next, value, document));
    }

    fn emit<'d>(&mut self, emit: &Emit, element: &'d Json<'d>, document: &'d Json<'d>) {
        let param = emit.param;
        if let Some(name) = &emit.flag {
            let is_set = element.as_object().is_some_and(|o| {
                o.iter().any(|(n, v)| {
                    n.strip_prefix(name.as_str())
                        .is_some_and(|end| end.bytes().next().is_none_or(|b| b.is_ascii_uppercase()))
                        && v.as_bool() != Some(false)
                })
            });
            return self.token(
                emit,
                &TokenValue { system: None, code: Some(Cow::Borrowed(if is_set { "true" } else { "false" })) },
            );
        }
        if item_is_absent(element)
            || emit.refers.is_some_and(|t| element_path::referred_type(element, self.options.base_url) != Some(t))
        {
            return;
        }
        if param.kind != Kind::Composite {
            self.out.terms.push(self.keys.term_present(param.code));
        }
        match param.kind {
            Kind::Token => {
                tokens(element, &mut |value| self.token(emit, &value));
                self.identifier_types(param, element);
            }
            Kind::Reference => self.reference(emit, element),
            Kind::String => {
                let key = self.keys.string(self.resource_type, param.code);
                strings(element, &mut |text| {
                    self.out.terms.push(self.keys.term_exact(param.code, text));
                    if sound::is_by(param) {
                        sound::sounds(text).for_each(|sound| self.string(key, sound));
                    } else {
                        self.string(key, fold::fold(text));
                    }
                });
            }
            Kind::Uri => {
                if let Json::String(uri) = element {
                    let (url, version) = reference::canonical(uri);
                    self.out.terms.push(self.keys.term_uri(param.code, uri));
                    if version.is_some() {
                        self.out.terms.push(self.keys.term_uri(param.code, url));
                    }
                    self.string(self.keys.string(self.resource_type, param.code), url.to_owned());
                }
            }
            Kind::Date => match interval(element, self.options.zone) {
                Ok(Some(i)) if emit.primary => {
                    let none = self.out.ts_hi == temporal::MIN;
                    self.out.ts_lo = if none { i.low } else { self.out.ts_lo.min(i.low) };
                    self.out.ts_hi = if none { i.high } else { self.out.ts_hi.max(i.high) };
                }
                Ok(Some(i)) => self.out.dates.push((self.keys.date(self.resource_type, param.code), i.low, i.high)),
                Ok(None) => {}
                Err(_) => self.out.unreadable.push(param.code),
            },
            Kind::Number | Kind::Quantity => match number_span(element) {
                Ok(Some(span)) => self.quantity(param, &span),
                Ok(None) => {}
                Err(_) => self.out.unreadable.push(param.code),
            },
            Kind::Composite => self.composite(emit, element, document),
            Kind::Special => {}
        }
    }

    fn token(&mut self, emit: &Emit, value: &TokenValue<'_>) {
        let (keys, param) = (self.keys, emit.param.code);
        if emit.flag.is_some() {
            self.out.terms.push(keys.term_present(param));
        }
        let system = value.system.unwrap_or("");
        if let Some(code) = &value.code {
            self.out.terms.push(keys.term_system_code(param, system, code));
            self.out.terms.push(keys.term_code(param, code));
            if emit.coded {
                self.out.ord.push(keys.ord(self.resource_type, param, Some(system), code));
                self.out.ord.push(keys.ord(self.resource_type, param, None, code));
            }
        }
        if value.system.is_some() {
            self.out.terms.push(keys.term_system(param, system));
        }
    }

    /// `:of-type`: the codings of an Identifier's type with its value.
    fn identifier_types(&mut self, param: &SearchParameter, element: &Json<'_>) {
        let (Some(kind), Some(value)) = (element.get("type"), element.str_at("value")) else { return };
        let value = fold::fold_case(value);
        for coding in kind.get("coding").map_or(&[][..], Json::items) {
            if let Some(code) = coding.str_at("code") {
                let system = coding.str_at("system").unwrap_or("");
                self.out.terms.push(self.keys.term_of_type(param.code, system, code, &value));
            }
        }
    }

    fn reference(&mut self, emit: &Emit, element: &Json<'_>) {
        let (keys, param) = (self.keys, emit.param.code);
        if let Json::String(canonical) = element {
            let (url, version) = reference::canonical(canonical);
            if version.is_some() {
                self.out.terms.push(keys.term_reference(param, url));
            }
            // a relative or own url in a canonical or uri element is a reference like any other
            return self.reference_text(emit, canonical);
        }
        // a resource in place (the first entry of a document or message)
        if let (Some(name), Some(id)) = (element.str_at("resourceType"), element.str_at("id")) {
            self.out.terms.push(keys.term_reference(param, &format!("{name}/{id}")));
            return;
        }
        if let Some(text) = element.str_at("reference") {
            self.reference_text(emit, text);
        }
        if let Some(identifier) = element.get("identifier")
            && let Some(value) = identifier.str_at("value")
        {
            let system = identifier.str_at("system").unwrap_or("");
            self.out.terms.push(keys.term_reference_identifier(param, system, &fold::fold_case(value)));
        }
    }

    fn reference_text(&mut self, emit: &Emit, text: &str) {
        let (keys, param) = (self.keys, emit.param.code);
        match reference::parse(text, self.options.base_url) {
            Target::Local { resource_type, id, version } => {
                self.local(resource_type, id, None);
                self.out.terms.push(keys.term_reference(param, &self.scratch));
                if version.is_some() {
                    self.local(resource_type, id, version);
                    self.out.terms.push(keys.term_reference(param, &self.scratch));
                }
                if emit.about && resource_type == ResourceType::Patient && !self.out.patients.iter().any(|p| p == id) {
                    self.out.patients.push(id.to_owned());
                }
            }
            Target::Contained(_) => {}
            Target::Absolute { url, .. } | Target::Urn(url) | Target::Other(url) => {
                self.out.terms.push(keys.term_reference(param, url));
            }
            Target::Conditional { .. } => self.out.terms.push(keys.term_reference(param, text)),
        }
    }

    /// Writes `Type/id[/_history/version]` into the scratch buffer.
    fn local(&mut self, resource_type: ResourceType, id: &str, version: Option<&str>) {
        self.scratch.clear();
        self.scratch.push_str(resource_type.name());
        self.scratch.push('/');
        self.scratch.push_str(id);
        if let Some(version) = version {
            self.scratch.push_str("/_history/");
            self.scratch.push_str(version);
        }
    }

    fn string(&mut self, key: i64, mut text: String) {
        cut(&mut text);
        if !text.is_empty() {
            self.out.strings.push((key, text));
        }
    }

    fn quantity(&mut self, param: &SearchParameter, span: &Span<'_>) {
        let ty = self.resource_type;
        let keys = self.keys;
        self.out.number(keys, keys.number(ty, param.code), span.low, span.high);
        quantity_units(span, &mut |system, unit, low, high| {
            self.out.number(keys, keys.quantity(ty, param.code, system, unit), low, high);
        });
    }

    fn composite<'d>(&mut self, emit: &Emit, instance: &'d Json<'d>, document: &'d Json<'d>) {
        let (ty, param, keys) = (self.resource_type, emit.param.code, self.keys);
        let [first, second] = &emit.parts[..] else { return };
        if first.param.kind != Kind::Token {
            return;
        }
        let mut codes: Vec<i64> = Vec::new();
        let mut coded = false;
        first.each(instance, document, &mut |element| {
            coded = true;
            part_terms(keys, first.param, element, self.options, &mut codes);
        });
        codes.sort_unstable();
        codes.dedup();
        let mut present = false;
        let (out, options) = (&mut self.out, self.options);
        second.each(instance, document, &mut |element| {
            present = true;
            let own = second.param.code;
            match second.param.kind {
                Kind::Token | Kind::Reference | Kind::Uri => {
                    let mut values = Vec::new();
                    part_terms(keys, second.param, element, options, &mut values);
                    for code in &codes {
                        out.terms.extend(values.iter().map(|v| keys.term_composite(param, &[*code, *v])));
                    }
                }
                Kind::Quantity | Kind::Number => match number_span(element) {
                    Ok(Some(span)) => {
                        let mut row = |key: i64, low: f64, high: f64| {
                            for code in &codes {
                                out.number(keys, keys.composite(ty, param, *code, key), low, high);
                            }
                        };
                        row(keys.number(ty, own), span.low, span.high);
                        quantity_units(&span, &mut |system, unit, low, high| {
                            row(keys.quantity(ty, own, system, unit), low, high);
                        });
                    }
                    Ok(None) => {}
                    Err(_) => out.unreadable.push(param),
                },
                Kind::Date => match interval(element, options.zone) {
                    Ok(Some(i)) => {
                        for code in &codes {
                            out.dates.push((keys.composite(ty, param, *code, keys.date(ty, own)), i.low, i.high));
                        }
                    }
                    Ok(None) => {}
                    Err(_) => out.unreadable.push(param),
                },
                Kind::String => strings(element, &mut |text| {
                    for code in &codes {
                        let mut folded = fold::fold(text);
                        cut(&mut folded);
                        out.strings.push((keys.composite(ty, param, *code, keys.string(ty, own)), folded));
                    }
                }),
                Kind::Composite | Kind::Special => {}
            }
        });
        if coded && present {
            self.out.terms.push(keys.term_present(param));
        }
    }

    fn literal_references(&mut self, item: &Json<'_>) {
        match item {
            Json::Object(o) => {
                for (name, value) in o.iter() {
                    match value {
                        Json::String(text) if name == "reference" => {
                            if let Target::Local { resource_type, id, version } =
                                reference::parse(text, self.options.base_url)
                            {
                                let version = version.map(ToOwned::to_owned);
                                self.out.references.push(Reference { resource_type, id: id.to_owned(), version });
                            }
                        }
                        Json::Object(_) | Json::Array(_) => self.literal_references(value),
                        _ => {}
                    }
                }
            }
            Json::Array(items) => {
                for item in items {
                    self.literal_references(item);
                }
            }
            _ => {}
        }
    }
}

/// The terms of a composite's token-like component, under the component's own code.
fn part_terms(keys: &Keys, param: &SearchParameter, element: &Json<'_>, options: &Options<'_>, out: &mut Vec<i64>) {
    match param.kind {
        Kind::Token => tokens(element, &mut |value| {
            if let Some(code) = &value.code {
                out.push(keys.term_code(param.code, code));
                out.push(keys.term_system_code(param.code, value.system.unwrap_or(""), code));
            }
        }),
        Kind::Reference => {
            let text = element.as_str().or_else(|| element.str_at("reference"));
            match text.map(|t| (t, reference::parse(t, options.base_url))) {
                Some((_, Target::Local { resource_type, id, version })) => {
                    out.push(keys.term_reference(param.code, &format!("{resource_type}/{id}")));
                    if let Some(v) = version {
                        out.push(keys.term_reference(param.code, &format!("{resource_type}/{id}/_history/{v}")));
                    }
                }
                Some((text, _)) => out.push(keys.term_reference(param.code, text)),
                None => {}
            }
        }
        Kind::Uri => {
            if let Json::String(uri) = element {
                out.push(keys.term_uri(param.code, uri));
            }
        }
        _ => {}
    }
}

/// The units a quantity is found under: base units when they are known, else system and code as they stand; and the unit's text,
/// or the code without regard to its system, where base units do not already say it.
fn quantity_units(span: &Span<'_>, each: &mut dyn FnMut(&str, &str, f64, f64)) {
    let unit = span.unit;
    let base = unit.ucum();
    if let Some(base) = &base {
        each(ucum::SYSTEM, &base.base, base.to_base(span.low), base.to_base(span.high));
    } else if let Some(code) = unit.code {
        if let Some(system) = unit.system {
            each(system, code, span.low, span.high);
        }
        each("", code, span.low, span.high);
    }
    if let Some(text) = unit.text
        && unit.code != Some(text)
    {
        each("", text, span.low, span.high);
    }
}

#[cfg(test)]
mod tests;
