//! Walks the tree over a focus: navigation, variables, operators of logic, and the budget.

use super::ast::{Expr, Literal, Name, Operator, Step, TypeName, TypeOperator};
use super::model::Type;
use super::temporal::Kind;
use super::value::{Collection, Node, Quantity, Value};
use super::{ErrorKind, PathError};
use crate::Json;
use chrono::{DateTime, FixedOffset};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};

/// How much work one evaluation may do. A step is about one item looked at, or 64 characters built.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub steps: u64,
}

impl Default for Budget {
    /// 100 000 steps (fhir.md section 7).
    fn default() -> Self {
        Self { steps: 100_000 }
    }
}

/// What `trace` was given.
#[derive(Debug, Clone)]
pub struct Trace<'a> {
    pub name: String,
    pub values: Collection<'a>,
}

/// Answers the resource behind a reference text.
pub type Resolver<'a> = dyn Fn(&str) -> Option<&'a Json<'a>> + 'a;
/// Answers whether a value is in the value set of a url; `None` when that is not known.
pub type Terminology<'a> = dyn Fn(&Value<'a>, &str) -> Option<bool> + 'a;
/// Answers whether a node conforms to the profile of a url; `None` when the profile is not known.
pub type Profiles<'a> = dyn Fn(&Node<'a>, &str) -> Option<bool> + 'a;

/// Everything an evaluation depends on besides the expression.
pub struct Context<'a> {
    /// `%resource`: the resource that holds the focus.
    pub resource: Node<'a>,
    /// `%rootResource`: the container of a contained resource, else as `resource`.
    pub root: Node<'a>,
    /// `%context` and the first `$this`.
    pub focus: Collection<'a>,
    /// The clock behind `now()`, `today()` and `timeOfDay()`; without it they are errors.
    pub now: Option<DateTime<FixedOffset>>,
    /// Further `%name` values.
    pub variables: Vec<(Cow<'a, str>, Collection<'a>)>,
    /// Our own base url without a slash at the end: a reference below it is a local one.
    pub base_url: Option<&'a str>,
    pub resolver: Option<&'a Resolver<'a>>,
    pub terminology: Option<&'a Terminology<'a>>,
    pub profiles: Option<&'a Profiles<'a>>,
    pub budget: Budget,
    /// `as` on several items filters instead of failing. R4's own search parameters and invariants need that.
    pub as_filters: bool,
    traces: Option<RefCell<Vec<Trace<'a>>>>,
}

impl<'a> Context<'a> {
    /// A resource as focus, root and `%resource`.
    pub fn new(resource: &'a Json<'a>) -> Self {
        Self::at(Node::resource(resource), Node::resource(resource))
    }

    /// A focus inside a resource.
    pub fn at(resource: Node<'a>, focus: Node<'a>) -> Self {
        Self {
            resource,
            root: resource,
            focus: Collection::One(Value::Node(focus)),
            now: None,
            variables: Vec::new(),
            base_url: None,
            resolver: None,
            terminology: None,
            profiles: None,
            budget: Budget::default(),
            as_filters: false,
            traces: None,
        }
    }

    /// Keeps what `trace` is given, for [`Self::traces`].
    #[must_use]
    pub fn tracing(mut self) -> Self {
        self.traces = Some(RefCell::default());
        self
    }

    pub(super) fn trace_sink(&self) -> Option<&RefCell<Vec<Trace<'a>>>> {
        self.traces.as_ref()
    }

    /// What was traced since the last call.
    pub fn traces(&self) -> Vec<Trace<'a>> {
        self.traces.as_ref().map(RefCell::take).unwrap_or_default()
    }
}

/// The values, and the steps used.
pub(super) fn evaluate<'a>(expr: &'a Expr, context: &Context<'a>) -> (Result<Collection<'a>, PathError>, u64) {
    let evaluator = Evaluator { context, left: Cell::new(context.budget.steps) };
    let focus = context.focus.clone();
    let values = evaluator.eval(expr, &Scope { this: focus.as_slice(), index: None, total: None });
    (values, context.budget.steps - evaluator.left.get())
}

pub(super) struct Evaluator<'c, 'a> {
    pub context: &'c Context<'a>,
    left: Cell<u64>,
}

/// `$this`, `$index` and `$total` of the innermost function that sets them.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub this: &'s [Value<'a>],
    pub index: Option<i64>,
    pub total: Option<&'s Collection<'a>>,
}

pub(super) fn fail<T>(at: usize, reason: impl Into<String>) -> Result<T, PathError> {
    Err(PathError::new(ErrorKind::Execution, reason, at))
}

impl<'a> Evaluator<'_, 'a> {
    pub fn charge(&self, steps: usize, at: usize) -> Result<(), PathError> {
        if let Some(left) = self.left.get().checked_sub(steps as u64) {
            self.left.set(left);
            return Ok(());
        }
        let reason = format!("the budget of {} steps is spent", self.context.budget.steps);
        Err(PathError::new(ErrorKind::TooCostly, reason, at))
    }

    /// Depth of recursion follows nesting of the expression, which the parser bounds.
    pub fn eval(&self, expr: &'a Expr, scope: &Scope<'_, 'a>) -> Result<Collection<'a>, PathError> {
        match expr {
            Expr::Literal(literal) => Ok(literal_value(literal)),
            Expr::This => Ok(Collection::from(scope.this)),
            Expr::Index => Ok(scope.index.map(Value::Integer).into()),
            Expr::Total => Ok(scope.total.cloned().unwrap_or_default()),
            Expr::Variable { name, at } => self.variable(name, *at),
            Expr::Chain { start, steps } => self.chain(start.as_deref(), steps, scope),
            Expr::Operators { first, rest } => {
                let mut left = self.eval(first, scope)?;
                for (operator, right, at) in rest {
                    self.charge(1, *at)?;
                    left = self.operate(*operator, &left, right, scope, *at)?;
                }
                Ok(left)
            }
            Expr::Type { operand, operator, name, at } => {
                let operand = self.eval(operand, scope)?;
                self.type_operation(*operator, operand.as_slice(), name, *at)
            }
            Expr::Sign { negative, operand, at } => {
                let operand = self.eval(operand, scope)?;
                super::math::sign(*negative, operand.as_slice(), *at)
            }
        }
    }

    fn chain(
        &self,
        start: Option<&'a Expr>,
        steps: &'a [Step],
        scope: &Scope<'_, 'a>,
    ) -> Result<Collection<'a>, PathError> {
        let (mut current, rest) = match (start, steps) {
            (Some(start), steps) => (self.eval(start, scope)?, steps),
            (None, [Step::Child { name, at }, rest @ ..]) => (self.leading(name, scope.this, *at)?, rest),
            (None, [first, rest @ ..]) => (self.step(first, scope.this, scope)?, rest),
            (None, []) => unreachable!("the parser makes no chain without start and steps"),
        };
        for step in rest {
            current = self.step(step, current.as_slice(), scope)?;
        }
        Ok(current)
    }

    /// The first name of an expression may be the type of the focus.
    fn leading(&self, name: &'a Name, this: &[Value<'a>], at: usize) -> Result<Collection<'a>, PathError> {
        if name.text.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
            && let Some(ty) = Type::named(&name.text)
        {
            let here = this.iter().filter(|v| matches!(v, Value::Node(node) if node.ty.is_a(ty))).cloned();
            let here: Collection<'a> = here.collect();
            if !here.is_empty() {
                return Ok(here);
            }
        }
        self.child(name, this, at)
    }

    fn step(&self, step: &'a Step, input: &[Value<'a>], scope: &Scope<'_, 'a>) -> Result<Collection<'a>, PathError> {
        match step {
            Step::Child { name, at } => self.child(name, input, *at),
            Step::Item { index, at } => {
                let index = self.eval(index, scope)?;
                match single(index.as_slice(), *at)?.and_then(system) {
                    None => Ok(Collection::Empty),
                    Some(Value::Integer(i)) => Ok(usize::try_from(i).ok().and_then(|i| input.get(i)).cloned().into()),
                    Some(_) => fail(*at, "an index is a whole number"),
                }
            }
            Step::Call { function, arguments, type_name, pattern, at } => {
                self.charge(1 + input.len() / 32, *at)?;
                let call = super::function::Call {
                    function: *function,
                    arguments,
                    type_name: type_name.as_ref(),
                    pattern: pattern.as_ref(),
                    at: *at,
                };
                self.call(&call, input, scope)
            }
        }
    }

    fn child(&self, name: &'a Name, input: &[Value<'a>], at: usize) -> Result<Collection<'a>, PathError> {
        let mut out = Collection::Empty;
        for value in input {
            self.charge(1, at)?;
            match value {
                Value::Node(node) => self.child_of(node, &name.text, &name.companion, &mut out, at)?,
                Value::TypeInfo(namespace, type_name) => match &*name.text {
                    "namespace" => out.push(Value::String(Cow::Borrowed(namespace))),
                    "name" => out.push(Value::String(Cow::Borrowed(type_name))),
                    _ => {}
                },
                Value::Quantity(quantity) if &*name.text == "value" => out.push(Value::Decimal(quantity.value)),
                Value::Quantity(quantity) if &*name.text == "unit" => {
                    out.push(Value::String(Cow::Owned(quantity.unit.text().to_owned())));
                }
                _ => {}
            }
        }
        Ok(out)
    }

    pub fn child_of(
        &self,
        node: &Node<'a>,
        name: &str,
        companion: &str,
        out: &mut Collection<'a>,
        at: usize,
    ) -> Result<(), PathError> {
        // A primitive's id and extensions are in its companion.
        let holder = match node.json {
            Some(Json::Object(object)) => object,
            _ => match node.companion {
                Some(Json::Object(object)) => object,
                _ => return Ok(()),
            },
        };
        if node.ty == Type::UNKNOWN {
            return self.push(holder.get(name), holder.get(companion), Type::UNKNOWN, out, at);
        }
        let Some(child) = node.ty.child(name) else { return Ok(()) };
        if let [only] = &child.choices[..] {
            let other = if only.ty.primitive().is_some() { holder.get(&only.companion) } else { None };
            return self.push(holder.get(only.json), other, only.ty, out, at);
        }
        for (key, value) in holder.iter() {
            let (json, is_companion) = match key.strip_prefix('_') {
                Some(json) => (json, true),
                None => (key, false),
            };
            if !json.starts_with(name) || json.len() == name.len() {
                continue;
            }
            let Some(choice) = child.choices.iter().find(|c| c.json == json) else { continue };
            if !is_companion {
                let other = if choice.ty.primitive().is_some() { holder.get(&choice.companion) } else { None };
                self.push(Some(value), other, choice.ty, out, at)?;
            } else if holder.get(json).is_none() {
                self.push(None, Some(value), choice.ty, out, at)?;
            }
        }
        Ok(())
    }

    /// Appends the items of a member and its companion.
    fn push(
        &self,
        json: Option<&'a Json<'a>>,
        companion: Option<&'a Json<'a>>,
        ty: Type,
        out: &mut Collection<'a>,
        at: usize,
    ) -> Result<(), PathError> {
        let items = json.map_or(&[][..], Json::items);
        let companions = companion.map_or(&[][..], Json::items);
        for i in 0..items.len().max(companions.len()) {
            self.charge(1, at)?;
            let present = |j: &&'a Json<'a>| **j != Json::Null;
            let (json, companion) = (items.get(i).filter(present), companions.get(i).filter(present));
            if json.is_none() && companion.is_none() {
                continue;
            }
            let ty = match json {
                Some(json) if ty.is_abstract() || ty == Type::UNKNOWN => {
                    json.str_at("resourceType").and_then(Type::named).unwrap_or(ty)
                }
                _ => ty,
            };
            out.push(Value::Node(Node { json, companion, ty }));
        }
        Ok(())
    }

    /// All children of a node, in the order of the document.
    pub fn children_of(&self, node: &Node<'a>, out: &mut Collection<'a>, at: usize) -> Result<(), PathError> {
        for holder in [node.json, node.companion].into_iter().flatten() {
            let Json::Object(object) = holder else { continue };
            for (key, value) in object.iter() {
                let name = key.strip_prefix('_');
                let json = name.unwrap_or(key);
                if json == "resourceType" || (name.is_some() && object.get(json).is_some()) {
                    continue;
                }
                let choice = if node.ty == Type::UNKNOWN {
                    None
                } else {
                    match node.ty.by_json(json) {
                        Some((_, choice)) => Some(choice),
                        None => continue,
                    }
                };
                let ty = choice.map_or(Type::UNKNOWN, |c| c.ty);
                if name.is_some() {
                    self.push(None, Some(value), ty, out, at)?;
                } else {
                    let companion = match choice {
                        Some(choice) if ty.primitive().is_some() => object.get(&choice.companion),
                        _ => None,
                    };
                    self.push(Some(value), companion, ty, out, at)?;
                }
            }
        }
        Ok(())
    }

    fn variable(&self, name: &str, at: usize) -> Result<Collection<'a>, PathError> {
        if let Some((_, value)) = self.context.variables.iter().find(|(n, _)| n == name) {
            self.charge(value.len() / 8, at)?;
            return Ok(value.clone());
        }
        let string = |s: String| Ok(Collection::One(Value::String(Cow::Owned(s))));
        match name {
            "context" => Ok(self.context.focus.clone()),
            "resource" => Ok(Collection::One(Value::Node(self.context.resource))),
            "rootResource" => Ok(Collection::One(Value::Node(self.context.root))),
            "ucum" => string(crate::ucum::SYSTEM.to_owned()),
            "sct" => string("http://snomed.info/sct".to_owned()),
            "loinc" => string("http://loinc.org".to_owned()),
            _ => {
                if let Some(set) = name.strip_prefix("vs-") {
                    return string(format!("http://hl7.org/fhir/ValueSet/{set}"));
                }
                if let Some(extension) = name.strip_prefix("ext-") {
                    return string(format!("http://hl7.org/fhir/StructureDefinition/{extension}"));
                }
                Err(PathError::new(ErrorKind::NotSupported, format!("the variable %{name} is not set"), at))
            }
        }
    }

    fn operate(
        &self,
        operator: Operator,
        left: &Collection<'a>,
        right: &'a Expr,
        scope: &Scope<'_, 'a>,
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        if matches!(operator, Operator::And | Operator::Or | Operator::Xor | Operator::Implies) {
            let a = truth(left.as_slice(), at)?;
            match (operator, a) {
                (Operator::And, Some(false)) => return Ok(Collection::boolean(false)),
                (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => return Ok(Collection::boolean(true)),
                _ => {}
            }
            let right = self.eval(right, scope)?;
            let b = truth(right.as_slice(), at)?;
            return Ok(Collection::maybe(match operator {
                Operator::And => match (a, b) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
                Operator::Or => match (a, b) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
                Operator::Xor => a.zip(b).map(|(a, b)| a != b),
                _ => match (a, b) {
                    (_, Some(true)) => Some(true),
                    (Some(true), b) => b,
                    _ => None,
                },
            }));
        }
        let right = self.eval(right, scope)?;
        let (a, b) = (left.as_slice(), right.as_slice());
        match operator {
            Operator::Equal => Ok(Collection::maybe(self.equal(a, b, at)?)),
            Operator::NotEqual => Ok(Collection::maybe(self.equal(a, b, at)?.map(|equal| !equal))),
            Operator::Equivalent => Ok(Collection::boolean(self.equivalent(a, b, at)?)),
            Operator::NotEquivalent => Ok(Collection::boolean(!self.equivalent(a, b, at)?)),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                Ok(Collection::maybe(super::compare::ordered(operator, a, b, at)?))
            }
            Operator::Union => self.distinct(a.iter().chain(b), at),
            Operator::In => Ok(Collection::maybe(match single(a, at)? {
                Some(item) => Some(self.has(b, item, at)?),
                None => None,
            })),
            Operator::Contains => Ok(Collection::maybe(match single(b, at)? {
                Some(item) => Some(self.has(a, item, at)?),
                None => None,
            })),
            _ => self.arithmetic(operator, a, b, at),
        }
    }

    fn type_operation(
        &self,
        operator: TypeOperator,
        input: &[Value<'a>],
        name: &TypeName,
        at: usize,
    ) -> Result<Collection<'a>, PathError> {
        let test = TypeTest::new(name, at)?;
        match operator {
            TypeOperator::Is => Ok(Collection::maybe(single(input, at)?.map(|v| test.is(v)))),
            TypeOperator::As => {
                if !self.context.as_filters {
                    single(input, at)?;
                }
                Ok(input.iter().filter(|v| test.as_is(v)).cloned().collect())
            }
        }
    }
}

/// A type name looked up.
pub(super) struct TypeTest<'t> {
    system: Option<&'t str>,
    fhir: Option<Type>,
}

/// The types of the namespace `System`.
pub(super) const SYSTEM_TYPES: [&str; 9] =
    ["Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity", "Any"];

impl<'t> TypeTest<'t> {
    pub fn new(name: &'t TypeName, at: usize) -> Result<Self, PathError> {
        let unknown =
            |what: String| Err(PathError::new(ErrorKind::Semantic, format!("the type {what} is not known"), at));
        match name.namespace.as_deref() {
            Some("System") => Ok(Self { system: Some(&name.name), fhir: None }),
            Some("FHIR") => match Type::named(&name.name) {
                Some(ty) => Ok(Self { system: None, fhir: Some(ty) }),
                None => unknown(format!("FHIR.{}", name.name)),
            },
            Some(other) => unknown(format!("{other}.{}", name.name)),
            None => {
                let system = SYSTEM_TYPES.contains(&&*name.name).then_some(&*name.name);
                let fhir = Type::named(&name.name);
                if system.is_none() && fhir.is_none() {
                    return unknown(name.name.to_string());
                }
                Ok(Self { system, fhir })
            }
        }
    }

    pub fn is(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Node(node) => self.fhir.is_some_and(|ty| node.ty.is_a(ty)),
            other => self.system.is_some_and(|name| name == "Any" || other.type_name().1 == name),
        }
    }

    /// As [`Self::is`], but a primitive must be of exactly the type: a `code` is not taken as a `string` (R4 suite).
    pub fn as_is(&self, value: &Value<'_>) -> bool {
        match (value, self.fhir) {
            (Value::Node(node), Some(ty)) if ty.primitive().is_some() => node.ty == ty,
            _ => self.is(value),
        }
    }
}

/// The FHIRPath value of an item; `None` for complex elements and elements without a value.
pub(super) fn system<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Node(node) => node.system(),
        other => Some(other.clone()),
    }
}

fn literal_value(literal: &Literal) -> Collection<'_> {
    Collection::One(match literal {
        Literal::Empty => return Collection::Empty,
        Literal::Boolean(b) => Value::Boolean(*b),
        Literal::Integer(n) => Value::Integer(*n),
        Literal::Decimal(d) => Value::Decimal(*d),
        Literal::String(s) => Value::String(Cow::Borrowed(s)),
        Literal::Temporal(t, Kind::Date) => Value::Date(*t),
        Literal::Temporal(t, Kind::DateTime) => Value::DateTime(*t),
        Literal::Temporal(t, Kind::Time) => Value::Time(*t),
        Literal::Quantity { value, unit } => Value::Quantity(Box::new(Quantity { value: *value, unit: unit.clone() })),
    })
}

/// The only item; `None` when there is none.
pub(super) fn single<'s, 'a>(input: &'s [Value<'a>], at: usize) -> Result<Option<&'s Value<'a>>, PathError> {
    match input {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        many => fail(at, format!("one item was expected, there are {}", many.len())),
    }
}

/// A collection as a boolean: a boolean stands for itself, any other single item is true (FHIRPath 4.5).
pub(super) fn truth(input: &[Value<'_>], at: usize) -> Result<Option<bool>, PathError> {
    Ok(single(input, at)?
        .map(|value| !matches!(value, Value::Boolean(false) | Value::Node(Node { json: Some(Json::Bool(false)), .. }))))
}
