//! Looks for mistakes in an expression without a document: children that no possible type has, types that do not exist.
//!
//! Where the type is not known (`descendants()`, `resolve()`, abstract types) anything goes.

use super::ast::{Expr, Function, Literal, Operator, Step, TypeName, TypeOperator};
use super::eval::TypeTest;
use super::model::Type;
use super::temporal::Kind;
use super::{ErrorKind, Expression, PathError};

/// What is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Check {
    /// Refuse `first()`, `skip()`, `[0]` and the like where the order is not defined (after `children()`, `descendants()`).
    pub ordered_functions: bool,
}

impl Expression {
    /// Checks the expression for a focus of type `focus`.
    ///
    /// # Errors
    /// [`ErrorKind::Semantic`] with the place.
    pub fn check(&self, focus: Type, options: Check) -> Result<(), PathError> {
        let checker = Checker { focus, options };
        checker.shape(self.root(), &Shape::of(Static::Node(focus))).map(|_| ())
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Static {
    Node(Type),
    System(&'static str),
}

/// The types an expression may yield; `None` for any.
#[derive(Debug, Clone)]
struct Shape {
    types: Option<Vec<Static>>,
    ordered: bool,
}

impl Shape {
    const ANY: Shape = Shape { types: None, ordered: true };

    fn of(ty: Static) -> Self {
        Shape { types: Some(vec![ty]), ordered: true }
    }

    fn system(name: &'static str) -> Self {
        Shape::of(Static::System(name))
    }

    fn with(mut self, other: Shape) -> Self {
        self.ordered &= other.ordered;
        match (&mut self.types, other.types) {
            (Some(types), Some(more)) => {
                for ty in more {
                    if !types.contains(&ty) {
                        types.push(ty);
                    }
                }
            }
            _ => self.types = None,
        }
        self
    }
}

struct Checker {
    focus: Type,
    options: Check,
}

impl Checker {
    fn shape(&self, expr: &Expr, this: &Shape) -> Result<Shape, PathError> {
        Ok(match expr {
            Expr::Literal(literal) => match literal {
                Literal::Empty => Shape { types: Some(Vec::new()), ordered: true },
                Literal::Boolean(_) => Shape::system("Boolean"),
                Literal::Integer(_) => Shape::system("Integer"),
                Literal::Decimal(_) => Shape::system("Decimal"),
                Literal::String(_) => Shape::system("String"),
                Literal::Temporal(_, Kind::Date) => Shape::system("Date"),
                Literal::Temporal(_, Kind::DateTime) => Shape::system("DateTime"),
                Literal::Temporal(_, Kind::Time) => Shape::system("Time"),
                Literal::Quantity { .. } => Shape::system("Quantity"),
            },
            Expr::This => this.clone(),
            Expr::Index => Shape::system("Integer"),
            Expr::Total => Shape::ANY,
            Expr::Variable { name, .. } => match &**name {
                "context" => Shape::of(Static::Node(self.focus)),
                "resource" if self.focus.is_resource() => Shape::of(Static::Node(self.focus)),
                "ucum" | "sct" | "loinc" => Shape::system("String"),
                _ => Shape::ANY,
            },
            Expr::Chain { start, steps } => {
                let (mut shape, rest) = match (start, &steps[..]) {
                    (Some(start), steps) => (self.shape(start, this)?, steps),
                    (None, [Step::Child { name, at }, rest @ ..]) => (leading(&name.text, this, *at)?, rest),
                    (None, [first, rest @ ..]) => (self.step(first, this, this)?, rest),
                    (None, []) => return Ok(this.clone()),
                };
                for step in rest {
                    shape = self.step(step, &shape, this)?;
                }
                shape
            }
            Expr::Operators { first, rest } => {
                let mut shape = self.shape(first, this)?;
                for (operator, right, _) in rest {
                    let right = self.shape(right, this)?;
                    shape = match operator {
                        Operator::Union => shape.with(right),
                        Operator::Concatenate => Shape::system("String"),
                        Operator::Add
                        | Operator::Subtract
                        | Operator::Multiply
                        | Operator::Divide
                        | Operator::Div
                        | Operator::Mod => Shape::ANY,
                        _ => Shape::system("Boolean"),
                    };
                }
                shape
            }
            Expr::Type { operand, operator, name, at } => {
                self.shape(operand, this)?;
                TypeTest::new(name, *at)?;
                match operator {
                    TypeOperator::Is => Shape::system("Boolean"),
                    TypeOperator::As => cast(name),
                }
            }
            Expr::Sign { operand, .. } => self.shape(operand, this)?,
        })
    }

    fn ordered(&self, input: &Shape, what: &str, at: usize) -> Result<(), PathError> {
        if self.options.ordered_functions && !input.ordered {
            return Err(PathError::new(
                ErrorKind::Semantic,
                format!("{what} needs an order, and there is none here"),
                at,
            ));
        }
        Ok(())
    }

    fn step(&self, step: &Step, input: &Shape, this: &Shape) -> Result<Shape, PathError> {
        let (function, arguments, type_name, at) = match step {
            Step::Child { name, at } => return child(&name.text, input, *at),
            Step::Item { index, at } => {
                self.ordered(input, "an index", *at)?;
                self.shape(index, this)?;
                return Ok(input.clone());
            }
            Step::Call { function, arguments, type_name, at, .. } => (*function, arguments, type_name, *at),
        };
        let mut inner = input.clone();
        inner.ordered = true;
        match function {
            Function::First | Function::Last | Function::Tail | Function::Skip | Function::Take => {
                self.ordered(input, function.name(), at)?;
                for argument in arguments {
                    self.shape(argument, this)?;
                }
                Ok(input.clone())
            }
            Function::Where | Function::Trace | Function::Sort => {
                for argument in arguments {
                    self.shape(argument, &inner)?;
                }
                Ok(Shape { ordered: input.ordered || function == Function::Sort, ..input.clone() })
            }
            Function::Exists | Function::All => {
                for argument in arguments {
                    self.shape(argument, &inner)?;
                }
                Ok(Shape::system("Boolean"))
            }
            Function::Select => Ok(Shape { ordered: input.ordered, ..self.shape(&arguments[0], &inner)? }),
            Function::Repeat => {
                let mut all = self.shape(&arguments[0], &inner)?;
                // What comes later may lack the child; then nothing more comes.
                for _ in 0..8 {
                    match self.shape(&arguments[0], &all) {
                        Ok(more) => all = all.with(more),
                        Err(_) => break,
                    }
                }
                Ok(all)
            }
            Function::Iif => {
                let inner = if input.types.as_ref().is_some_and(Vec::is_empty) { this } else { &inner };
                self.shape(&arguments[0], inner)?;
                let mut shape = self.shape(&arguments[1], inner)?;
                if let Some(other) = arguments.get(2) {
                    shape = shape.with(self.shape(other, inner)?);
                }
                Ok(shape)
            }
            Function::Aggregate => {
                self.shape(&arguments[0], &inner)?;
                Ok(Shape::ANY)
            }
            Function::Union | Function::Combine => Ok(input.clone().with(self.shape(&arguments[0], this)?)),
            Function::Is | Function::As | Function::OfType => {
                let name = type_name.as_ref().expect("the parser gives type functions their type");
                TypeTest::new(name, at)?;
                Ok(if function == Function::Is {
                    Shape::system("Boolean")
                } else {
                    Shape { ordered: input.ordered, ..cast(name) }
                })
            }
            Function::Extension => Ok(Type::named("Extension").map_or(Shape::ANY, |ty| Shape::of(Static::Node(ty)))),
            Function::Children | Function::Descendants => Ok(Shape { types: None, ordered: false }),
            Function::Single | Function::Distinct => Ok(input.clone()),
            _ => {
                for argument in arguments {
                    self.shape(argument, this)?;
                }
                Ok(match function {
                    Function::Intersect | Function::Exclude => input.clone(),
                    Function::Empty | Function::Not | Function::HasValue | Function::IsDistinct => {
                        Shape::system("Boolean")
                    }
                    Function::Count | Function::Length | Function::ToInteger => Shape::system("Integer"),
                    Function::ToString | Function::Upper | Function::Lower | Function::Join => Shape::system("String"),
                    _ => Shape::ANY,
                })
            }
        }
    }
}

fn cast(name: &TypeName) -> Shape {
    match Type::named(&name.name) {
        Some(ty) if name.namespace.as_deref() != Some("System") => Shape::of(Static::Node(ty)),
        _ => Shape::ANY,
    }
}

fn leading(name: &str, this: &Shape, at: usize) -> Result<Shape, PathError> {
    if name.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
        && let Some(ty) = Type::named(name)
    {
        let Some(types) = &this.types else { return Ok(Shape::of(Static::Node(ty))) };
        let mut here = Vec::new();
        for known in types {
            match known {
                Static::Node(known) if known.is_a(ty) => here.push(Static::Node(*known)),
                Static::Node(known) if ty.is_a(*known) => here.push(Static::Node(ty)),
                _ => {}
            }
        }
        if !here.is_empty() {
            return Ok(Shape { types: Some(here), ordered: this.ordered });
        }
    }
    child(name, this, at)
}

fn child(name: &str, input: &Shape, at: usize) -> Result<Shape, PathError> {
    let Some(types) = &input.types else { return Ok(Shape { types: None, ordered: input.ordered }) };
    let mut found: Vec<Static> = Vec::new();
    let mut open = types.is_empty();
    for ty in types {
        match ty {
            Static::Node(ty) => match ty.child(name) {
                Some(child) => {
                    for choice in &child.choices {
                        if !found.contains(&Static::Node(choice.ty)) {
                            found.push(Static::Node(choice.ty));
                        }
                    }
                }
                None => open |= ty.is_abstract() || *ty == Type::UNKNOWN,
            },
            Static::System(_) => {}
        }
    }
    if open {
        return Ok(Shape { types: None, ordered: input.ordered });
    }
    if found.is_empty() {
        let names: Vec<&str> = types
            .iter()
            .map(|t| match t {
                Static::Node(ty) => ty.name(),
                Static::System(name) => name,
            })
            .collect();
        let reason = format!("\"{name}\" is no element of {}", names.join(" or "));
        return Err(PathError::new(ErrorKind::Semantic, reason, at));
    }
    Ok(Shape { types: Some(found), ordered: input.ordered })
}
