//! The plain paths inside an expression, for callers that run them without the evaluator.

use super::Expression;
use super::ast::{Expr, Function, Literal, Operator, Step, TypeName, TypeOperator};

/// `Type.step.step…`
#[derive(Debug, Clone, PartialEq)]
pub struct SimplePath<'e> {
    /// The type name that stood first, if one did.
    pub root: Option<&'e str>,
    pub steps: Vec<SimpleStep<'e>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SimpleStep<'e> {
    /// A child by its FHIRPath name: `value`, not `valueQuantity`.
    Child(&'e str),
    /// `as T`, `.as(T)`, `.ofType(T)`: keeps items of the type.
    OfType(&'e TypeName),
    /// `.where(resolve() is T)`: keeps references to the type.
    ResolvesTo(&'e TypeName),
    /// `.where(child = 'value')`: keeps items with that child.
    ChildEquals { child: &'e str, value: &'e str },
}

impl Expression {
    /// The expression as a union of plain paths. `None` when any part is something else: then only evaluation gives the answer.
    pub fn simple_paths(&self) -> Option<Vec<SimplePath<'_>>> {
        let mut out = Vec::new();
        union(self.root(), &mut out)?;
        Some(out)
    }
}

fn union<'e>(expr: &'e Expr, out: &mut Vec<SimplePath<'e>>) -> Option<()> {
    match expr {
        Expr::Operators { first, rest } if rest.iter().all(|(operator, ..)| *operator == Operator::Union) => {
            union(first, out)?;
            rest.iter().try_for_each(|(_, right, _)| union(right, out))
        }
        _ => {
            out.push(path(expr)?);
            Some(())
        }
    }
}

fn path(expr: &Expr) -> Option<SimplePath<'_>> {
    match expr {
        Expr::Type { operand, operator: TypeOperator::As, name, .. } => {
            let mut path = path(operand)?;
            path.steps.push(SimpleStep::OfType(name));
            Some(path)
        }
        Expr::Chain { start, steps } => {
            let (mut path, rest) = match (start.as_deref(), &steps[..]) {
                (Some(start), rest) => (path(start)?, rest),
                (None, [Step::Child { name, .. }, rest @ ..])
                    if name.text.starts_with(|c: char| c.is_ascii_uppercase()) =>
                {
                    (SimplePath { root: Some(&*name.text), steps: Vec::new() }, rest)
                }
                (None, rest) => (SimplePath { root: None, steps: Vec::new() }, rest),
            };
            for step in rest {
                path.steps.push(simple_step(step)?);
            }
            Some(path)
        }
        _ => None,
    }
}

fn simple_step(step: &Step) -> Option<SimpleStep<'_>> {
    match step {
        Step::Child { name, .. } => Some(SimpleStep::Child(&name.text)),
        Step::Call { function: Function::As | Function::OfType, type_name: Some(name), .. } => {
            Some(SimpleStep::OfType(name))
        }
        Step::Call { function: Function::Where, arguments, .. } => condition(&arguments[0]),
        _ => None,
    }
}

fn condition(expr: &Expr) -> Option<SimpleStep<'_>> {
    match expr {
        Expr::Type { operand, operator: TypeOperator::Is, name, .. } => match &**operand {
            Expr::Chain { start: None, steps } => match &steps[..] {
                [Step::Call { function: Function::Resolve, .. }] => Some(SimpleStep::ResolvesTo(name)),
                _ => None,
            },
            _ => None,
        },
        Expr::Operators { first, rest } => match (&**first, &rest[..]) {
            (Expr::Chain { start: None, steps }, [(Operator::Equal, Expr::Literal(Literal::String(value)), _)]) => {
                match &steps[..] {
                    [Step::Child { name, .. }] => Some(SimpleStep::ChildEquals { child: &name.text, value }),
                    _ => None,
                }
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_expressions_are_plain_paths() {
        let text = "(Observation.value as Quantity) | Observation.subject.where(resolve() is Patient) | Patient.telecom.where(system='phone').value";
        let expression = Expression::parse(text).unwrap();
        let quantity = TypeName { namespace: None, name: "Quantity".into() };
        let patient = TypeName { namespace: None, name: "Patient".into() };
        assert_eq!(
            expression.simple_paths().unwrap(),
            [
                SimplePath {
                    root: Some("Observation"),
                    steps: vec![SimpleStep::Child("value"), SimpleStep::OfType(&quantity)]
                },
                SimplePath {
                    root: Some("Observation"),
                    steps: vec![SimpleStep::Child("subject"), SimpleStep::ResolvesTo(&patient)]
                },
                SimplePath {
                    root: Some("Patient"),
                    steps: vec![
                        SimpleStep::Child("telecom"),
                        SimpleStep::ChildEquals { child: "system", value: "phone" },
                        SimpleStep::Child("value")
                    ]
                },
            ]
        );
        for text in [
            "Patient.deceased.exists() and Patient.deceased != false",
            "name.first()",
            "name[0]",
            "a.where(b = c)",
            "1",
        ] {
            assert!(Expression::parse(text).unwrap().simple_paths().is_none(), "{text}");
        }
    }
}
