//! Functions on collections and FHIR's own functions. The others are in `text`, `math` and `convert`.

use super::ast::{Expr, Function, TypeName};
use super::compare::order;
use super::eval::{Evaluator, Scope, Trace, TypeTest, fail, single, system, truth};
use super::model::Type;
use super::value::{Collection, Node, Value};
use super::{ErrorKind, PathError};
use crate::Json;
use crate::reference::{self, Target};
use regex::Regex;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A function call as parsed.
pub(super) struct Call<'a> {
    pub function: Function,
    pub arguments: &'a [Expr],
    pub type_name: Option<&'a TypeName>,
    /// Compiled at parse time when the pattern is a literal.
    pub pattern: Option<&'a Regex>,
    pub at: usize,
}

impl<'a> Evaluator<'_, 'a> {
    pub fn call(
        &self,
        call: &Call<'a>,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        let at = call.at;
        let boolean = |b| Ok(Collection::boolean(b));
        match call.function {
            Function::Empty => boolean(input.is_empty()),
            Function::Exists => match call.arguments {
                [] => boolean(!input.is_empty()),
                [criteria, ..] => {
                    for (i, item) in input.iter().enumerate() {
                        if self.holds(criteria, item, i, scope, at)? {
                            return boolean(true);
                        }
                    }
                    boolean(false)
                }
            },
            Function::All => {
                for (i, item) in input.iter().enumerate() {
                    if !self.holds(&call.arguments[0], item, i, scope, at)? {
                        return boolean(false);
                    }
                }
                boolean(true)
            }
            Function::AllTrue => Ok(Collection::boolean(self.booleans(input, at)?.into_iter().all(|b| b))),
            Function::AnyTrue => Ok(Collection::boolean(self.booleans(input, at)?.into_iter().any(|b| b))),
            Function::AllFalse => Ok(Collection::boolean(self.booleans(input, at)?.into_iter().all(|b| !b))),
            Function::AnyFalse => Ok(Collection::boolean(self.booleans(input, at)?.into_iter().any(|b| !b))),
            Function::Not => Ok(Collection::maybe(truth(input, at)?.map(|b| !b))),
            Function::Count => Ok(Collection::One(Value::Integer(input.len() as i64))),
            Function::Distinct => self.distinct(input.iter(), at),
            Function::IsDistinct => Ok(Collection::boolean(self.distinct(input.iter(), at)?.len() == input.len())),
            Function::Single => Ok(single(input, at)?.cloned().into()),
            Function::First => Ok(input.first().cloned().into()),
            Function::Last => Ok(input.last().cloned().into()),
            Function::Tail => Ok(Collection::from(input.get(1..).unwrap_or_default())),
            Function::Skip | Function::Take => {
                let Some(n) = self.integer_argument(call, 0, scope)? else { return Ok(Collection::Empty) };
                let n = usize::try_from(n.max(0)).unwrap_or(usize::MAX).min(input.len());
                Ok(Collection::from(if call.function == Function::Skip { &input[n..] } else { &input[..n] }))
            }
            Function::SubsetOf
            | Function::SupersetOf
            | Function::Intersect
            | Function::Exclude
            | Function::Union
            | Function::Combine => {
                let other = self.eval(&call.arguments[0], scope)?;
                self.set_operation(call.function, input, other, at)
            }
            Function::Coalesce => {
                for argument in call.arguments {
                    let value = self.eval(argument, scope)?;
                    if !value.is_empty() {
                        return Ok(value);
                    }
                }
                Ok(Collection::Empty)
            }
            Function::Where => {
                let mut out = Collection::Empty;
                for (i, item) in input.iter().enumerate() {
                    if self.holds(&call.arguments[0], item, i, scope, at)? {
                        out.push(item.clone());
                    }
                }
                Ok(out)
            }
            Function::Select => {
                let mut out = Collection::Empty;
                for (i, item) in input.iter().enumerate() {
                    for value in self.project(&call.arguments[0], item, i, scope, at)? {
                        out.push(value);
                    }
                }
                Ok(out)
            }
            Function::Repeat => self.repeat(&call.arguments[0], input, scope, at),
            Function::Aggregate => {
                let mut total = match call.arguments.get(1) {
                    Some(start) => self.eval(start, scope)?,
                    None => Collection::Empty,
                };
                for (i, item) in input.iter().enumerate() {
                    self.charge(1, at)?;
                    let inner = Scope { this: std::slice::from_ref(item), index: Some(i as i64), total: Some(&total) };
                    total = self.eval(&call.arguments[0], &inner)?;
                }
                Ok(total)
            }
            Function::Iif => {
                single(input, at)?;
                let inner = Scope { this: if input.is_empty() { scope.this } else { input }, ..*scope };
                let criteria = self.eval(&call.arguments[0], &inner)?;
                let chosen = match single(criteria.as_slice(), at)?.map(system) {
                    None => false,
                    Some(Some(Value::Boolean(b))) => b,
                    Some(_) => {
                        return Err(PathError::new(ErrorKind::Semantic, "the criterion of iif() is a boolean", at));
                    }
                };
                match call.arguments.get(if chosen { 1 } else { 2 }) {
                    Some(branch) => self.eval(branch, &inner),
                    None => Ok(Collection::Empty),
                }
            }
            Function::Sort => self.sort(call.arguments, input, scope, at),
            Function::Is | Function::As | Function::OfType => {
                let name = call.type_name.expect("the parser gives type functions their type");
                let test = TypeTest::new(name, at)?;
                if call.function == Function::Is {
                    return Ok(Collection::maybe(single(input, at)?.map(|v| test.is(v))));
                }
                if call.function == Function::As && !self.context.as_filters {
                    single(input, at)?;
                }
                Ok(input.iter().filter(|v| test.as_is(v)).cloned().collect())
            }
            Function::Children => {
                let mut out = Collection::Empty;
                for node in nodes(input) {
                    self.children_of(node, &mut out, at)?;
                }
                Ok(out)
            }
            Function::Descendants => {
                // Depth first, in the order of the document.
                let mut open: Vec<Value<'a>> = Vec::new();
                let mut out = Vec::new();
                for node in nodes(input) {
                    open.push(Value::Node(*node));
                    let mut is_root = true;
                    while let Some(value) = open.pop() {
                        if let Value::Node(node) = &value {
                            let mut children = Collection::Empty;
                            self.children_of(node, &mut children, at)?;
                            open.extend(children.iter().rev().cloned());
                        }
                        if !std::mem::take(&mut is_root) {
                            out.push(value);
                        }
                    }
                }
                Ok(Collection::Many(out))
            }
            Function::Trace => {
                let name = self.string_argument(call, 0, scope)?.unwrap_or_default();
                if let Some(traces) = self.context.trace_sink() {
                    let values = match call.arguments.get(1) {
                        Some(projection) => {
                            let mut values = Collection::Empty;
                            for (i, item) in input.iter().enumerate() {
                                for value in self.project(projection, item, i, scope, at)? {
                                    values.push(value);
                                }
                            }
                            values
                        }
                        None => Collection::from(input),
                    };
                    traces.borrow_mut().push(Trace { name: name.into_owned(), values });
                }
                Ok(Collection::from(input))
            }
            Function::Now | Function::Today | Function::TimeOfDay => {
                let Some(now) = self.context.now else {
                    let reason = format!("{}() needs a clock", call.function.name());
                    return Err(PathError::new(ErrorKind::NotSupported, reason, at));
                };
                Ok(Collection::One(super::convert::clock(call.function, now)))
            }
            Function::Type => Ok(input
                .iter()
                .map(|value| {
                    let (namespace, name) = value.type_name();
                    Value::TypeInfo(namespace, name)
                })
                .collect()),
            Function::Extension => {
                let Some(url) = self.string_argument(call, 0, scope)? else { return Ok(Collection::Empty) };
                let mut out = Collection::Empty;
                for node in nodes(input) {
                    let mut extensions = Collection::Empty;
                    self.child_of(node, "extension", "_extension", &mut extensions, at)?;
                    for extension in extensions {
                        if matches!(&extension, Value::Node(Node { json: Some(json), .. }) if json.str_at("url") == Some(&url))
                        {
                            out.push(extension);
                        }
                    }
                }
                Ok(out)
            }
            Function::HasValue => match input {
                [Value::Node(node)] => {
                    boolean(matches!(node.json, Some(Json::Bool(_) | Json::Number(_) | Json::String(_))))
                }
                [_] => boolean(true),
                _ => boolean(false),
            },
            Function::GetValue => match input {
                [Value::Node(Node { json: Some(Json::Object(_)), .. })] => Ok(Collection::Empty),
                [value] => Ok(system(value).into()),
                _ => Ok(Collection::Empty),
            },
            Function::Resolve => {
                let mut out = Collection::Empty;
                for value in input {
                    self.charge(1, at)?;
                    if let Some(node) = self.resolve(value) {
                        out.push(Value::Node(node));
                    }
                }
                Ok(out)
            }
            Function::GetResourceKey => {
                let mut out = Collection::Empty;
                for json in nodes(input).filter_map(|node| node.json) {
                    self.charge(1, at)?;
                    if let (Some(ty), Some(id)) = (json.str_at("resourceType"), json.str_at("id")) {
                        out.push(Value::String(Cow::Owned(format!("{ty}/{id}"))));
                    }
                }
                Ok(out)
            }
            Function::GetReferenceKey => {
                let mut out = Collection::Empty;
                for text in nodes(input).filter_map(|node| node.json?.str_at("reference")) {
                    self.charge(1, at)?;
                    if let Target::Local { resource_type, id, .. } = reference::parse(text, self.context.base_url)
                        && call.type_name.is_none_or(|t| &*t.name == resource_type.name())
                    {
                        out.push(Value::String(Cow::Owned(format!("{resource_type}/{id}"))));
                    }
                }
                Ok(out)
            }
            Function::MemberOf => {
                let Some(url) = self.string_argument(call, 0, scope)? else { return Ok(Collection::Empty) };
                let Some(value) = single(input, at)? else { return Ok(Collection::Empty) };
                match self.context.terminology.and_then(|ask| ask(value, &url)) {
                    Some(answer) => boolean(answer),
                    None => Err(PathError::new(
                        ErrorKind::NotSupported,
                        format!("the value set {url} is not available"),
                        at,
                    )),
                }
            }
            Function::ConformsTo => {
                let Some(url) = self.string_argument(call, 0, scope)? else { return Ok(Collection::Empty) };
                let Some(value) = single(input, at)? else { return Ok(Collection::Empty) };
                let Value::Node(node) = value else { return boolean(false) };
                if let Some(answer) = self.context.profiles.and_then(|ask| ask(node, &url)) {
                    return boolean(answer);
                }
                match url.strip_prefix("http://hl7.org/fhir/StructureDefinition/").and_then(Type::named) {
                    Some(ty) => boolean(node.ty.is_a(ty)),
                    None => {
                        Err(PathError::new(ErrorKind::NotSupported, format!("the profile {url} is not loaded"), at))
                    }
                }
            }
            Function::HtmlChecks => match single(input, at)? {
                None => Ok(Collection::Empty),
                Some(Value::Node(Node { json: Some(Json::String(html)), .. })) => {
                    self.charge(html.len() / 64, at)?;
                    boolean(crate::xml::is_narrative(html))
                }
                Some(_) => boolean(false),
            },
            _ => self.value_function(call, input, scope),
        }
    }

    /// Functions of one value: text, mathematics, conversion.
    fn value_function(
        &self,
        call: &Call<'a>,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        match call.function {
            Function::Abs
            | Function::Ceiling
            | Function::Exp
            | Function::Floor
            | Function::Ln
            | Function::Log
            | Function::Power
            | Function::Round
            | Function::Sqrt
            | Function::Truncate => self.math(call, input, scope),
            Function::ToBoolean
            | Function::ToInteger
            | Function::ToDecimal
            | Function::ToString
            | Function::ToDate
            | Function::ToDateTime
            | Function::ToTime
            | Function::ToQuantity
            | Function::ConvertsToBoolean
            | Function::ConvertsToInteger
            | Function::ConvertsToDecimal
            | Function::ConvertsToString
            | Function::ConvertsToDate
            | Function::ConvertsToDateTime
            | Function::ConvertsToTime
            | Function::ConvertsToQuantity => self.convert(call, input, scope),
            Function::LowBoundary | Function::HighBoundary | Function::Precision | Function::Comparable => {
                self.boundary(call, input, scope)
            }
            _ => self.text_function(call, input, scope),
        }
    }

    fn item_scope<'s>(
        &self,
        item: &'s Value<'a>,
        index: usize,
        scope: &Scope<'s, 'a>,
        at: usize,
    ) -> Result<Scope<'s, 'a>, PathError> {
        self.charge(1, at)?;
        Ok(Scope { this: std::slice::from_ref(item), index: Some(index as i64), total: scope.total })
    }

    fn holds(
        &self,
        criteria: &'a Expr,
        item: &Value<'a>,
        i: usize,
        scope: &Scope<'_, 'a>,
        at: usize,
    ) -> Result<bool, PathError> {
        let result = self.project(criteria, item, i, scope, at)?;
        Ok(truth(result.as_slice(), at)? == Some(true))
    }

    fn project(
        &self,
        expr: &'a Expr,
        item: &Value<'a>,
        i: usize,
        scope: &Scope<'_, 'a>,
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        let inner = self.item_scope(item, i, scope, at)?;
        self.eval(expr, &inner)
    }

    fn booleans(&self, input: &[Value<'a>], at: usize) -> Result<Vec<bool>, PathError> {
        self.charge(input.len(), at)?;
        input
            .iter()
            .filter_map(|value| match system(value) {
                Some(Value::Boolean(b)) => Some(Ok(b)),
                None if matches!(value, Value::Node(Node { json: None, .. })) => None,
                _ => Some(fail(at, "a collection of booleans was expected")),
            })
            .collect()
    }

    fn set_operation(
        &self,
        function: Function,
        input: &[Value<'a>],
        other: Collection<'a>,
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        let all_in = |of: &[Value<'a>], set: &[Value<'a>]| -> Result<bool, PathError> {
            for item in of {
                if !self.has(set, item, at)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        match function {
            Function::SubsetOf => Ok(Collection::boolean(all_in(input, other.as_slice())?)),
            Function::SupersetOf => Ok(Collection::boolean(all_in(other.as_slice(), input)?)),
            Function::Union => self.distinct(input.iter().chain(other.iter()), at),
            Function::Combine => {
                self.charge(input.len() + other.len(), at)?;
                Ok(input.iter().cloned().chain(other).collect())
            }
            Function::Intersect => {
                let mut out = Collection::Empty;
                for item in input {
                    if self.has(other.as_slice(), item, at)? && !self.has(out.as_slice(), item, at)? {
                        out.push(item.clone());
                    }
                }
                Ok(out)
            }
            _ => {
                let mut out = Collection::Empty;
                for item in input {
                    if !self.has(other.as_slice(), item, at)? {
                        out.push(item.clone());
                    }
                }
                Ok(out)
            }
        }
    }

    /// Applies the projection to its own results until nothing new comes. Nodes are new by place, values by equality.
    fn repeat(
        &self,
        projection: &'a Expr,
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        let mut out: Vec<Value<'a>> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut open: std::collections::VecDeque<Value<'a>> = input.iter().cloned().collect();
        let mut i = 0;
        while let Some(item) = open.pop_front() {
            for value in self.project(projection, &item, i, scope, at)? {
                let is_new = match &value {
                    Value::Node(Node { json, companion, .. }) if json.is_some() || companion.is_some() => {
                        seen.insert((json.map(std::ptr::from_ref), companion.map(std::ptr::from_ref)))
                    }
                    other => !self.has(&out, other, at)?,
                };
                if is_new {
                    out.push(value.clone());
                    open.push_back(value);
                }
            }
            i += 1;
        }
        Ok(Collection::Many(out))
    }

    /// Sorts by the keys; `-key` is descending. Items without a key come first.
    fn sort(
        &self,
        keys: &'a [Expr],
        input: &[Value<'a>],
        scope: &Scope<'_, 'a>,
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        let mut rows: Vec<(Vec<Option<Value<'a>>>, &Value<'a>)> = Vec::with_capacity(input.len());
        for (i, item) in input.iter().enumerate() {
            let mut row = Vec::with_capacity(keys.len().max(1));
            if keys.is_empty() {
                row.push(Some(item.clone()));
            }
            for key in keys {
                let key = match key {
                    Expr::Sign { negative: true, operand, .. } => operand,
                    key => key,
                };
                let value = self.project(key, item, i, scope, at)?;
                row.push(single(value.as_slice(), at)?.cloned());
            }
            rows.push((row, item));
        }
        let mut error = None;
        rows.sort_by(|(a, _), (b, _)| {
            for (k, (x, y)) in a.iter().zip(b).enumerate() {
                let order = match (x, y) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => return Ordering::Less,
                    (Some(_), None) => return Ordering::Greater,
                    (Some(x), Some(y)) => match self.charge(1, at).and_then(|()| order(x, y, at)) {
                        Ok(found) => found.unwrap_or(Ordering::Equal),
                        Err(e) => {
                            error.get_or_insert(e);
                            Ordering::Equal
                        }
                    },
                };
                let descending = matches!(keys.get(k), Some(Expr::Sign { negative: true, .. }));
                let order = if descending { order.reverse() } else { order };
                if order != Ordering::Equal {
                    return order;
                }
            }
            Ordering::Equal
        });
        match error {
            Some(error) => Err(error),
            None => Ok(rows.into_iter().map(|(_, item)| item.clone()).collect()),
        }
    }

    /// The resource behind a Reference, uri or canonical. Without data, a reference that tells its type resolves to a node of
    /// that type and no content, which is enough for `resolve() is Patient`.
    fn resolve(&self, value: &Value<'a>) -> Option<Node<'a>> {
        let (text, declared): (Cow<'a, str>, Option<&str>) = match value {
            Value::Node(Node { json: Some(json @ Json::Object(_)), .. }) => {
                let declared = json.str_at("type");
                match json.str_at("reference") {
                    Some(text) => (Cow::Borrowed(text), declared),
                    None => return declared.and_then(Type::named).map(|ty| Node::element(None, None, ty)),
                }
            }
            other => match system(other)? {
                Value::String(text) => (text, None),
                _ => return None,
            },
        };
        if let Some(found) = self.context.resolver.and_then(|resolver| resolver(&text)) {
            return Some(Node::resource(found));
        }
        let root = self.context.root;
        let ty = match reference::parse(&text, None) {
            Target::Contained("") => return Some(root),
            Target::Contained(id) => {
                let contained = root.json?.get("contained")?.items();
                return contained.iter().find(|c| c.str_at("id") == Some(id)).map(Node::resource);
            }
            Target::Local { resource_type, .. } | Target::Conditional { resource_type, .. } => Some(resource_type),
            Target::Absolute { resource_type, .. } => resource_type,
            Target::Urn(_) | Target::Other(_) => None,
        };
        if let Some(entries) = root.json.and_then(|bundle| bundle.get("entry"))
            && let Some(entry) = entries.items().iter().find(|e| e.str_at("fullUrl") == Some(&text))
            && let Some(resource) = entry.get("resource")
        {
            return Some(Node::resource(resource));
        }
        let ty = ty.map(crate::ResourceType::name).or(declared).and_then(Type::named)?;
        Some(Node::element(None, None, ty))
    }

    /// An argument that is a text, or empty.
    pub fn string_argument(
        &self,
        call: &Call<'a>,
        i: usize,
        scope: &Scope<'_, 'a>,
    ) -> Result<Option<Cow<'a, str>>, PathError> {
        let value = self.eval(&call.arguments[i], scope)?;
        match single(value.as_slice(), call.at)?.map(system) {
            None => Ok(None),
            Some(Some(Value::String(s))) => Ok(Some(s)),
            Some(_) => fail(call.at, format!("argument {} of {}() is a string", i + 1, call.function.name())),
        }
    }

    /// An argument that is a whole number, or empty or left out.
    pub fn integer_argument(&self, call: &Call<'a>, i: usize, scope: &Scope<'_, 'a>) -> Result<Option<i64>, PathError> {
        let Some(argument) = call.arguments.get(i) else { return Ok(None) };
        let value = self.eval(argument, scope)?;
        match single(value.as_slice(), call.at)?.map(system) {
            None => Ok(None),
            Some(Some(Value::Integer(n))) => Ok(Some(n)),
            Some(_) => fail(call.at, format!("argument {} of {}() is a whole number", i + 1, call.function.name())),
        }
    }
}

fn nodes<'s, 'a>(input: &'s [Value<'a>]) -> impl Iterator<Item = &'s Node<'a>> {
    input.iter().filter_map(|value| match value {
        Value::Node(node) => Some(node),
        _ => None,
    })
}
