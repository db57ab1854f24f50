//! The answer to an operation from what was fetched so far: one synchronous walk over the stored JSON, whose numbers stay text. What is
//! not there yet is noted in [`Needs`] and left out; the caller fetches it and walks again, one statement per level.
//!
//! Source: FHIR R4 `graphql.html`; the directives as its section "Directives" has them.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use async_graphql::parser::types::{Directive, Selection, SelectionSet};
use async_graphql::{Pos, Value as Const};
use entity::StoreError;
use fhir::path::{Context, Expression, Node, Type, Value};
use fhir::reference::{self, Target};
use fhir::{Issue, IssueType, Json, ResourceType};

use super::fetch::{Found, Held, Needs, Search};
use super::field::{Added, Field, On, Part, code_of, invalid, name_of, parameter_of, reverse, served};
use super::introspect::{Meta, What};
use super::out::{Object, Out, Shape};
use super::{Asked, Done, GraphError, MAX_MATCHES};

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) enum At<'w> {
    Query,
    Mutation,
    Element {
        json: &'w Json<'static>,
        ty: Type,
        home: Home<'w>,
    },
    Connection {
        search: &'w Search,
        held: &'w Held,
    },
    Edge {
        document: &'w Json<'static>,
        ty: ResourceType,
    },
    /// A part of the schema of that type.
    Meta(Meta),
}

/// The resource that holds an element, and the one that holds that.
#[derive(Clone, Copy)]
pub(super) struct Home<'w> {
    pub resource: &'w Json<'static>,
    pub root: &'w Json<'static>,
}

impl<'w> At<'w> {
    /// A resource that stands by itself.
    pub fn resource(document: &'w Json<'static>) -> Self {
        Self::in_root(document, document)
    }

    fn in_root(document: &'w Json<'static>, root: &'w Json<'static>) -> Self {
        let ty = document.str_at("resourceType").and_then(Type::named).unwrap_or(Type::UNKNOWN);
        Self::Element { json: document, ty, home: Home { resource: document, root } }
    }

    fn on(self) -> On {
        match self {
            Self::Query => On::Query,
            Self::Mutation => On::Mutation,
            Self::Meta(meta) => On::Meta(meta),
            Self::Element { ty, .. } => On::Element(ty),
            Self::Connection { search, .. } => On::Connection(search.resource_type),
            Self::Edge { ty, .. } => On::Edge(ty),
        }
    }
}

type GqlField = async_graphql::parser::types::Field;

/// Fields of one response key; their selections are merged.
pub(super) struct Group<'w> {
    pub key: &'w str,
    /// At least one.
    pub fields: Vec<(&'w GqlField, Pos)>,
}

pub(super) struct Walk<'w> {
    pub asked: &'w Asked<'w>,
    pub found: &'w Found,
    pub done: Option<&'w Done>,
    pub needs: RefCell<Needs>,
    pub path: RefCell<Vec<String>>,
    /// Elements that may still be written, and steps that FHIRPath may still take.
    pub left: Cell<u64>,
}

type Result<T> = std::result::Result<T, GraphError>;

impl<'w> Walk<'w> {
    pub fn fail<T>(&self, error: StoreError, pos: Pos) -> Result<T> {
        Err(GraphError { path: self.path.borrow().clone(), ..GraphError::at(error, pos) })
    }

    pub fn refuse<T>(&self, text: impl Into<String>, pos: Pos) -> Result<T> {
        self.fail(invalid(text), pos)
    }

    /// Writes what is selected of one place. `suffix` is of slices above; `inherited` says that a flattened list is above.
    pub fn object(
        &self,
        sets: &[&'w SelectionSet],
        at: At<'w>,
        out: &mut Object,
        suffix: &str,
        inherited: bool,
    ) -> Result<()> {
        for group in self.groups(sets, at)? {
            self.path.borrow_mut().push(group.key.to_owned());
            self.group(&group, at, out, suffix, inherited)?;
            self.path.borrow_mut().pop();
        }
        Ok(())
    }

    /// What is selected, by response key.
    pub fn groups(&self, sets: &[&'w SelectionSet], at: At<'w>) -> Result<Vec<Group<'w>>> {
        let mut groups = Vec::new();
        let mut seen = HashSet::new();
        for set in sets {
            self.collect(set, at, &mut seen, &mut groups)?;
        }
        Ok(groups)
    }

    fn collect(
        &self,
        set: &'w SelectionSet,
        at: At<'w>,
        seen: &mut HashSet<*const SelectionSet>,
        groups: &mut Vec<Group<'w>>,
    ) -> Result<()> {
        if !seen.insert(std::ptr::from_ref(set)) {
            return Ok(());
        }
        for item in &set.items {
            let (directives, condition, inner) = match &item.node {
                Selection::Field(field) => {
                    if self.is_asked(&field.node.directives)? {
                        let key = field.node.response_key().node.as_str();
                        // `resource` of several types under one key: at most one of them has a value.
                        let same = |g: &&mut Group<'w>| {
                            let (first, _) = g.fields[0];
                            g.key == key
                                && (first.arguments.len(), alike(first))
                                    == (field.node.arguments.len(), alike(&field.node))
                        };
                        if let Some(group) = groups.iter_mut().find(same) {
                            group.fields.push((&field.node, field.pos));
                        } else {
                            let other = groups.iter().find(|g| g.key == key);
                            if other.is_some_and(|g| g.fields[0].0.name.node != field.node.name.node)
                                || other.is_some() && field.node.name.node != "resource"
                            {
                                return self.refuse(format!("'{key}' stands for two different fields"), field.pos);
                            }
                            groups.push(Group { key, fields: vec![(&field.node, field.pos)] });
                        }
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    (&fragment.directives, fragment.type_condition.as_ref(), &fragment.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.asked.document.fragments.get(&spread.node.fragment_name.node) else {
                        return self.refuse("there is no such fragment", item.pos);
                    };
                    let fragment = &fragment.node;
                    (&spread.node.directives, Some(&fragment.type_condition), &fragment.selection_set.node)
                }
            };
            let meets = condition.is_none_or(|c| at.on().meets(&c.node.on.node).is_some());
            if meets && self.is_asked(directives)? {
                self.collect(inner, at, seen, groups)?;
            }
        }
        Ok(())
    }

    /// `@skip` and `@include`.
    fn is_asked(&self, directives: &'w [async_graphql::Positioned<Directive>]) -> Result<bool> {
        for directive in directives {
            let name = directive.node.name.node.as_str();
            if !matches!(name, "skip" | "include") {
                continue;
            }
            let value = directive.node.get_argument("if").map(|v| self.asked.value(&v.node)).transpose()?;
            let Some(Const::Boolean(holds)) = value else {
                return self.refuse(format!("@{name} needs 'if', a Boolean"), directive.pos);
            };
            if holds == (name == "skip") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn group(&self, group: &Group<'w>, at: At<'w>, out: &mut Object, suffix: &str, inherited: bool) -> Result<()> {
        let (first, pos) = group.fields[0];
        let on = at.on();
        let name = first.name.node.as_str();
        let Some(field) = on.field(name, None).or_else(|| on.field(name, Some(self.asked.added))) else {
            return self.refuse(format!("{} has no field '{name}'", on.name()), pos);
        };
        let sets: Vec<&SelectionSet> = group.fields.iter().map(|(f, _)| &f.selection_set.node).collect();
        let directive = |name: &str| first.directives.iter().find(|d| d.node.name.node == name).map(|d| &d.node);
        let marks = Marks {
            flatten: directive("flatten").is_some(),
            first: directive("first").is_some(),
            singleton: directive("singleton").is_some(),
            slice: directive("slice").map(|d| self.slice(d, pos)).transpose()?,
        };
        let key = format!("{}{suffix}", group.key);
        let scalar = |text: String, out: &mut Object| self.put(out, &key, Shape::Single, "", Out::Raw(text), pos);
        match field {
            Field::Typename => {
                // Of an interface, the type that it is.
                scalar(quoted(on.name()), out)
            }
            Field::ResourceType => match at {
                At::Element { ty, .. } => scalar(quoted(ty.name()), out),
                _ => Ok(()),
            },
            Field::Child { child, choice, companion } => {
                let At::Element { json, home, .. } = at else { return Ok(()) };
                let member = if companion { &choice.companion } else { choice.json };
                let values = json.get(member).map_or(&[][..], Json::items);
                let below = field.below(on);
                let arguments = self.arguments(first)?;
                let kept = if arguments.is_empty() {
                    values.iter().collect()
                } else {
                    self.filtered(values, choice.ty, home, &arguments, pos)?
                };
                let list = child.many;
                let items = kept.into_iter().map(|value| match (below, value) {
                    (None, value) => Item::Scalar(value),
                    (Some(_), Json::Null) => Item::Nothing,
                    (Some(On::AnyResource), document) => Item::Place(At::in_root(document, home.root)),
                    (Some(On::Element(ty)), json) => Item::Place(At::Element { json, ty, home }),
                    (Some(_), _) => Item::Nothing,
                });
                let absent = values.is_empty();
                self.items(
                    items.collect(),
                    &Spot { key: &key, list, absent, pos, choice: choice.ty },
                    &sets,
                    &marks,
                    out,
                    suffix,
                    inherited,
                )
            }
            Field::Resolve => {
                let At::Element { json, home, .. } = at else { return Ok(()) };
                match self.resolve(json, home, first, pos)? {
                    Resolved::Waiting => Ok(()),
                    Resolved::Other => {
                        // Another selection under the same key may have it.
                        if !out.has(&key) && !marks.flatten {
                            self.put(out, &key, Shape::Single, "", Out::Null, pos)?;
                        }
                        Ok(())
                    }
                    Resolved::Is(place) => {
                        out.remove_null(&key);
                        let spot = Spot { key: &key, list: false, absent: false, pos, choice: Type::UNKNOWN };
                        self.items(vec![Item::Place(place)], &spot, &sets, &marks, out, suffix, inherited)
                    }
                }
            }
            Field::Read(ty) => {
                let arguments = self.arguments(first)?;
                let id = match &arguments[..] {
                    [(_, Some(values))] if values.len() == 1 => values[0].clone(),
                    _ => return self.refuse(format!("{ty} is read by 'id'"), pos),
                };
                match self.found.resource(ty, &id, None) {
                    None => self.needs.borrow_mut().resource(ty, &id, None),
                    Some(None) => return self.fail(StoreError::NotFound { resource_type: ty, id }, pos),
                    Some(Some(document)) => {
                        let spot = Spot { key: &key, list: false, absent: false, pos, choice: Type::UNKNOWN };
                        let item = Item::Place(At::resource(document));
                        self.items(vec![item], &spot, &sets, &marks, out, suffix, inherited)?;
                    }
                }
                Ok(())
            }
            Field::List(ty) => {
                let search = self.search(ty, at, first, false, pos)?;
                let Some(held) = self.found.search(&search) else {
                    self.needs.borrow_mut().search(search);
                    return Ok(());
                };
                let path = search.fhirpath.clone();
                if held.next.is_some() && !search.cut {
                    let text =
                        format!("{ty}List has more than {MAX_MATCHES} matches; ask for less, or use {ty}Connection");
                    return self.fail(StoreError::TooCostly(text), pos);
                }
                let mut kept: Vec<&Json<'static>> = Vec::new();
                for document in &held.documents {
                    let node = Node::resource(document);
                    if path.iter().map(|p| self.holds(p, node, node, pos)).try_fold(true, |a, b| b.map(|b| a && b))? {
                        kept.push(document);
                    }
                }
                let kept = kept.into_iter().skip(search.offset).take(search.count.unwrap_or(usize::MAX));
                let items = kept.map(|d| Item::Place(At::resource(d))).collect();
                let spot = Spot { key: &key, list: true, absent: false, pos, choice: Type::UNKNOWN };
                self.items(items, &spot, &sets, &marks, out, suffix, inherited)
            }
            Field::Connection(ty) => {
                let mut search = self.search(ty, at, first, true, pos)?;
                search.total = selects(self.asked, &sets, "count");
                let Some(held) = self.found.search(&search) else {
                    self.needs.borrow_mut().search(search);
                    return Ok(());
                };
                let (search, held) = (&held.search, held);
                let spot = Spot { key: &key, list: false, absent: false, pos, choice: Type::UNKNOWN };
                self.items(
                    vec![Item::Place(At::Connection { search, held })],
                    &spot,
                    &sets,
                    &marks,
                    out,
                    suffix,
                    inherited,
                )
            }
            Field::Create(_) | Field::Update(_) => {
                let document = self.done.and_then(|done| done.document.as_ref());
                let spot = Spot { key: &key, list: false, absent: false, pos, choice: Type::UNKNOWN };
                let item = document.map(|document| Item::Place(At::resource(document)));
                self.items(item.into_iter().collect(), &spot, &sets, &marks, out, suffix, inherited)
            }
            Field::Delete(_) => scalar(self.done.is_some_and(|done| done.deleted).to_string(), out),
            Field::Meta(meta) => {
                let arguments = self.arguments(first)?;
                let name = arguments.iter().find_map(|(_, values)| values.as_ref()?.first());
                let text = match (What::at_root(meta, name.map(String::as_str)), meta.below) {
                    (Some(what), Some(below)) => Out::Raw(self.described(&sets, below, what)?),
                    _ => Out::Null,
                };
                self.put(out, &key, Shape::Single, "", text, pos)
            }
            Field::Part(part) => self.part(part, at, &key, &sets, &marks, pos, out, suffix, inherited),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "where it is, what is asked and where it goes")]
    fn part(
        &self,
        part: Part,
        at: At<'w>,
        key: &str,
        sets: &[&'w SelectionSet],
        marks: &Marks,
        pos: Pos,
        out: &mut Object,
        suffix: &str,
        inherited: bool,
    ) -> Result<()> {
        let spot = |list| Spot { key, list, absent: false, pos, choice: Type::UNKNOWN };
        let scalar = |value: Option<String>, out: &mut Object| {
            self.put(out, key, Shape::Single, "", value.map_or(Out::Null, Out::Raw), pos)
        };
        match (part, at) {
            (Part::Count, At::Connection { held, .. }) => scalar(held.total.map(|n| n.to_string()), out),
            (Part::Offset, At::Connection { search, .. }) => scalar(search.from.map(|n| n.to_string()), out),
            (Part::Pagesize, At::Connection { search, .. }) => scalar(Some(search.limit.to_string()), out),
            (Part::First, At::Connection { held, .. }) => scalar(Some(quoted(&held.cursor_first)), out),
            (Part::Last, At::Connection { held, .. }) => scalar(Some(quoted(&held.cursor_last)), out),
            (Part::Next, At::Connection { held, .. }) => scalar(held.next.as_deref().map(quoted), out),
            (Part::Previous, At::Connection { held, .. }) => scalar(held.previous.as_deref().map(quoted), out),
            (Part::Edges, At::Connection { search, held }) => {
                let ty = search.resource_type;
                let items = held.documents.iter().map(|document| Item::Place(At::Edge { document, ty })).collect();
                self.items(items, &spot(true), sets, marks, out, suffix, inherited)
            }
            (Part::Mode, At::Edge { .. }) => scalar(Some(quoted("match")), out),
            (Part::Score, At::Edge { .. }) => scalar(None, out),
            (Part::Resource, At::Edge { document, .. }) => {
                self.items(vec![Item::Place(At::resource(document))], &spot(false), sets, marks, out, suffix, inherited)
            }
            _ => Ok(()),
        }
    }

    /// Writes the values of one field, as its directives will have them.
    #[expect(clippy::too_many_arguments, reason = "where it is, what is asked and where it goes")]
    fn items(
        &self,
        items: Vec<Item<'w>>,
        spot: &Spot<'_>,
        sets: &[&'w SelectionSet],
        marks: &Marks,
        out: &mut Object,
        suffix: &str,
        inherited: bool,
    ) -> Result<()> {
        let Spot { key, list, absent, pos, choice } = *spot;
        let shape = match () {
            () if marks.singleton => Shape::Singleton,
            () if list && !marks.first || inherited => Shape::List,
            () => Shape::Single,
        };
        let kind = if choice == Type::UNKNOWN { "" } else { choice.name() };
        if !marks.flatten {
            // The name stands in the answer whether there is a value or not, but where other elements may bring one.
            if !inherited && suffix.is_empty() {
                out.open(key, shape, absent).or_else(|text| self.refuse(text, pos))?;
            }
        }
        let below = if marks.flatten && list && !marks.first { true } else { marks.flatten && inherited };
        for (index, item) in items.into_iter().enumerate() {
            let left = self.left.get();
            if left == 0 {
                return self.fail(StoreError::TooCostly("the answer has too many elements; ask for less".into()), pos);
            }
            self.left.set(left - 1);
            let own = match (&marks.slice, item) {
                (None, _) if marks.flatten => suffix.to_owned(),
                (None, _) => String::new(),
                (Some(Slice::Index), _) => format!("{suffix}.{index}"),
                (Some(Slice::Path(path)), Item::Place(At::Element { json, ty, home })) => {
                    let node = Node::element(Some(json), None, ty);
                    format!("{suffix}.{}", self.text(path, Node::resource(home.resource), node, pos)?)
                }
                (Some(_), _) => return self.refuse("@slice is for elements with children", pos),
            };
            match item {
                Item::Nothing => self.put(out, key, shape, kind, Out::Null, pos)?,
                Item::Scalar(value) => {
                    let value = if *value == Json::Null { Out::Null } else { Out::Raw(value.to_text()) };
                    self.put(out, key, shape, kind, value, pos)?;
                }
                Item::Place(place) if marks.flatten => self.object(sets, place, out, &own, below)?,
                Item::Place(place) => {
                    let mut inner = Object::default();
                    self.object(sets, place, &mut inner, &own, false)?;
                    self.put(out, key, shape, kind, Out::Object(inner), pos)?;
                }
            }
            if marks.first {
                break;
            }
        }
        Ok(())
    }

    fn put(&self, out: &mut Object, key: &str, shape: Shape, kind: &'static str, value: Out, pos: Pos) -> Result<()> {
        out.put(key, shape, kind, value).or_else(|text| self.refuse(text, pos))
    }

    fn slice(&self, directive: &'w Directive, pos: Pos) -> Result<Slice> {
        let value = directive.get_argument("path").or_else(|| directive.get_argument("fhirpath"));
        let texts = value.map(|v| self.asked.value(&v.node)).transpose()?.and_then(|v| texts(&v));
        match texts.as_deref() {
            Some([path]) if path == "$index" => Ok(Slice::Index),
            Some([path]) => Ok(Slice::Path(path.clone())),
            _ => self.refuse("@slice needs 'path', a FHIRPath", pos),
        }
    }

    /// The arguments of a field by name; `None` for null.
    fn arguments(&self, field: &'w GqlField) -> Result<Vec<(&'w str, Option<Vec<String>>)>> {
        let all = field.arguments.iter().map(|(name, value)| {
            let value = self.asked.value(&value.node)?;
            let texts = texts(&value);
            if texts.is_none() && value != Const::Null {
                return self.refuse(format!("'{}' takes a text, a number or a list of them", name.node), name.pos);
            }
            Ok((name.node.as_str(), texts))
        });
        all.collect()
    }

    /// Those values of a list that the arguments leave: filters first, then offset and count.
    fn filtered(
        &self,
        values: &'w [Json<'static>],
        ty: Type,
        home: Home<'w>,
        arguments: &[(&str, Option<Vec<String>>)],
        pos: Pos,
    ) -> Result<Vec<&'w Json<'static>>> {
        let mut kept: Vec<&Json<'static>> = values.iter().collect();
        let (mut offset, mut count) = (0, usize::MAX);
        for (name, wanted) in arguments {
            let Some(wanted) = wanted else { continue };
            match *name {
                "_offset" => offset = self.whole(name, wanted, pos)?,
                "_count" => count = self.whole(name, wanted, pos)?,
                "fhirpath" => {
                    for path in wanted {
                        let mut left = Vec::new();
                        for value in kept {
                            let node = Node::element(Some(value), None, ty);
                            if self.holds(path, Node::resource(home.resource), node, pos)? {
                                left.push(value);
                            }
                        }
                        kept = left;
                    }
                }
                name => kept.retain(|value| {
                    let has = value.get(name).map_or(&[][..], Json::items);
                    has.iter().any(|one| wanted.iter().any(|w| plain(one).as_deref() == Some(w)))
                }),
            }
        }
        Ok(kept.into_iter().skip(offset).take(count).collect())
    }

    fn whole(&self, name: &str, values: &[String], pos: Pos) -> Result<usize> {
        match values {
            [one] if one.parse::<usize>().is_ok() => Ok(one.parse().unwrap_or_default()),
            _ => self.refuse(format!("'{name}' is a whole number"), pos),
        }
    }

    /// Whether an expression holds: true, or one value that is not a Boolean.
    fn holds(&self, path: &str, resource: Node<'_>, focus: Node<'_>, pos: Pos) -> Result<bool> {
        self.evaluated(path, resource, focus, pos, |values| match values {
            [] => Ok(false),
            [Value::Boolean(holds)] => Ok(*holds),
            [_] => Ok(true),
            _ => Err("has several values where one is a condition"),
        })
    }

    fn text(&self, path: &str, resource: Node<'_>, focus: Node<'_>, pos: Pos) -> Result<String> {
        self.evaluated(path, resource, focus, pos, |values| match values {
            [] => Ok(String::new()),
            [one] => one.text().ok_or("has no text"),
            _ => Err("has several values where one is a name"),
        })
    }

    fn evaluated<T>(
        &self,
        path: &str,
        resource: Node<'_>,
        focus: Node<'_>,
        pos: Pos,
        read: impl Fn(&[Value<'_>]) -> std::result::Result<T, &'static str>,
    ) -> Result<T> {
        let refuse = |code, text: String| {
            self.fail(StoreError::Invalid(vec![Issue::error(code, format!("fhirpath '{path}' {text}"))]), pos)
        };
        let expression = match Expression::parse_user(path) {
            Ok(expression) => expression,
            Err(error) => return refuse(error.issue_type(), error.to_string()),
        };
        let mut context = Context::at(resource, focus);
        context.budget.steps = 10_000;
        context.now = Some(self.asked.now.fixed_offset());
        let values = match expression.evaluate(&context) {
            Ok(values) => values,
            Err(error) => return refuse(error.issue_type(), error.to_string()),
        };
        read(values.as_slice()).or_else(|text| refuse(IssueType::Invalid, text.to_owned()))
    }

    /// What a Reference points to, if it is of the type asked for.
    fn resolve(&self, json: &'w Json<'static>, home: Home<'w>, field: &'w GqlField, pos: Pos) -> Result<Resolved<'w>> {
        let mut wanted: Option<Vec<String>> = None;
        let mut optional = false;
        for (name, values) in self.arguments(field)? {
            match (name, values) {
                ("optional", Some(values)) => match values.first().map(String::as_str) {
                    Some("true") => optional = true,
                    Some("false") => {}
                    _ => return self.refuse("'optional' is a Boolean", pos),
                },
                (_, values) => wanted = values,
            }
        }
        let text = json.str_at("reference").unwrap_or_default();
        let other = |name: &str| wanted.as_ref().is_some_and(|w| !w.iter().any(|w| w == name));
        let lost = |text: &str| -> Result<Resolved<'w>> {
            let text = format!("the reference '{text}' cannot be resolved");
            self.fail(StoreError::Invalid(vec![Issue::error(IssueType::NotFound, text)]), pos)
        };
        match reference::parse(text, Some(self.asked.base_url)) {
            Target::Local { resource_type, id, version } => {
                if other(resource_type.name()) {
                    return Ok(Resolved::Other);
                }
                let version = match version.map(str::parse) {
                    Some(Ok(version)) => Some(version),
                    Some(Err(_)) => return if optional { Ok(Resolved::Other) } else { lost(text) },
                    None => None,
                };
                match self.found.resource(resource_type, id, version) {
                    Some(Some(document)) => Ok(Resolved::Is(At::resource(document))),
                    Some(None) if optional => Ok(Resolved::Other),
                    Some(None) => lost(text),
                    None => {
                        self.needs.borrow_mut().resource(resource_type, id, version);
                        Ok(Resolved::Waiting)
                    }
                }
            }
            Target::Contained(id) => {
                let inside = home.root.get("contained").map_or(&[][..], Json::items);
                let found =
                    if id.is_empty() { Some(home.root) } else { inside.iter().find(|d| d.str_at("id") == Some(id)) };
                match found {
                    Some(document) if other(document.str_at("resourceType").unwrap_or_default()) => Ok(Resolved::Other),
                    Some(document) => Ok(Resolved::Is(At::in_root(document, home.root))),
                    None if optional => Ok(Resolved::Other),
                    None => lost(text),
                }
            }
            Target::Absolute { resource_type: Some(ty), .. } if other(ty.name()) => Ok(Resolved::Other),
            _ if optional => Ok(Resolved::Other),
            _ => lost(text),
        }
    }

    /// The search that a list or connection asks for.
    fn search(&self, ty: ResourceType, at: At<'w>, field: &'w GqlField, paged: bool, pos: Pos) -> Result<Search> {
        let mut search = Search::new(ty);
        let mut cursor = None;
        for (name, values) in self.arguments(field)? {
            let Some(values) = values else { continue };
            match name {
                "fhirpath" => search.fhirpath.extend(values),
                "_offset" => search.offset = self.whole(name, &values, pos)?,
                "_count" | "pageSize" => search.count = Some(self.whole(name, &values, pos)?),
                "cursor" | "_cursor" => cursor = values.into_iter().next(),
                "_reference" => {
                    let At::Element { json, ty: own, .. } = at else {
                        return self.refuse("'_reference' is for lists inside a resource", pos);
                    };
                    let [wanted] = &values[..] else { return self.refuse("'_reference' is one parameter", pos) };
                    let target = ResourceType::named(own.name());
                    let by = |added: Added<'_>| {
                        reverse(ty, target?, added).find(|p| p.code.replace('-', "_") == *wanted || p.code == wanted)
                    };
                    let parameter = by(None).or_else(|| by(Some(self.asked.added)));
                    let (Some(target), Some(parameter)) = (target, parameter) else {
                        let code = code_of(ty, wanted, Some(self.asked.added));
                        if code != wanted || parameter_of(ty, wanted, Some(self.asked.added)).is_none() {
                            self.asked.searched(ty, code).or_else(|error| self.fail(error, pos))?;
                        }
                        let text = format!("'{wanted}' is no parameter by which {ty} refers to {}", name_of(own));
                        return self.refuse(text, pos);
                    };
                    let id = json.str_at("id").unwrap_or_default().to_owned();
                    search.parent = Some((parameter.code, target, id));
                }
                "_sort" => search.pairs.push(("_sort".into(), values.join(","))),
                "_filter" => search.pairs.extend(values.into_iter().map(|value| ("_filter".into(), value))),
                name => match parameter_of(ty, name, Some(self.asked.added)) {
                    Some(parameter) => search.pairs.push((parameter.code.to_owned(), values.join(","))),
                    None => return self.refuse(format!("{ty} has no search parameter '{name}'"), pos),
                },
            }
        }
        if matches!(at, At::Element { .. }) && search.parent.is_none() {
            return self.refuse(format!("'_reference' says by which parameter {ty} refers to this resource"), pos);
        }
        if paged {
            if search.count == Some(0) || search.count.is_some_and(|n| n > MAX_MATCHES as usize) {
                return self.refuse(format!("a page has 1 to {MAX_MATCHES} resources"), pos);
            }
            if let Some(cursor) = cursor {
                if field.arguments.len() > 1 {
                    return self.refuse("a cursor says all; no other argument stands beside it", pos);
                }
                search = match self.asked.page(ty, &cursor) {
                    Ok(search) => search,
                    Err(error) => return self.fail(error, pos),
                };
            } else {
                search.limit = search.count.map_or(50, |n| n as u32);
                search.from = Some(0);
            }
            search.paged = true;
        } else if let (Some(count), true) = (search.count, search.fhirpath.is_empty()) {
            let wanted = search.offset.saturating_add(count);
            if wanted <= MAX_MATCHES as usize {
                search.limit = (wanted as u32).max(1);
                search.cut = true;
            }
        }
        Ok(search)
    }
}

struct Marks {
    flatten: bool,
    first: bool,
    singleton: bool,
    slice: Option<Slice>,
}

enum Slice {
    Index,
    Path(String),
}

#[derive(Clone, Copy)]
enum Item<'w> {
    Nothing,
    Scalar(&'w Json<'static>),
    Place(At<'w>),
}

struct Spot<'s> {
    key: &'s str,
    list: bool,
    absent: bool,
    pos: Pos,
    choice: Type,
}

enum Resolved<'w> {
    /// Not fetched yet.
    Waiting,
    /// Of another type, or nothing where nothing may be.
    Other,
    Is(At<'w>),
}

/// What makes two fields of one key the same.
fn alike(field: &GqlField) -> String {
    let arguments: Vec<String> = field.arguments.iter().map(|(n, v)| format!("{}:{}", n.node, v.node)).collect();
    let directives = field.directives.iter().filter(|d| !matches!(d.node.name.node.as_str(), "skip" | "include"));
    let directives: Vec<String> = directives
        .map(|d| {
            format!(
                "{}{:?}",
                d.node.name.node,
                d.node.arguments.iter().map(|(n, v)| format!("{}:{}", n.node, v.node)).collect::<Vec<_>>()
            )
        })
        .collect();
    format!("{} {arguments:?} {directives:?}", field.name.node)
}

/// Whether any of the sets, or a fragment in them, selects a field of that name.
fn selects(asked: &Asked<'_>, sets: &[&SelectionSet], name: &str) -> bool {
    sets.iter().any(|set| {
        set.items.iter().any(|item| match &item.node {
            Selection::Field(field) => field.node.name.node == name,
            Selection::InlineFragment(fragment) => selects(asked, &[&fragment.node.selection_set.node], name),
            Selection::FragmentSpread(spread) => {
                let fragment = asked.document.fragments.get(&spread.node.fragment_name.node);
                fragment.is_some_and(|f| selects(asked, &[&f.node.selection_set.node], name))
            }
        })
    })
}

/// Texts of a value; barewords and numbers count as texts.
pub(super) fn texts(value: &Const) -> Option<Vec<String>> {
    match value {
        Const::String(text) => Some(vec![text.clone()]),
        Const::Enum(word) => Some(vec![word.to_string()]),
        Const::Number(number) => Some(vec![number.to_string()]),
        Const::Boolean(holds) => Some(vec![holds.to_string()]),
        Const::List(all) => {
            all.iter().map(|one| texts(one).filter(|t| t.len() == 1)).collect::<Option<Vec<_>>>().map(|v| v.concat())
        }
        Const::Null | Const::Object(_) | Const::Binary(_) => None,
    }
}

fn plain(json: &Json<'_>) -> Option<String> {
    match json {
        Json::String(text) => Some(text.to_string()),
        Json::Number(text) => Some(text.to_string()),
        Json::Bool(holds) => Some(holds.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    fhir::json::write_string(text, &mut out);
    out
}

/// Whether a type of that name is served, for the argument `type`.
pub(super) fn is_type(name: &str) -> bool {
    served(name).is_some()
}
