//! Whether a document can be meant: every field, argument, fragment, variable and directive is one that there is. Checked before
//! anything is fetched, so that the data never decide whether a mistake is found.

use std::collections::HashSet;

use async_graphql::parser::types::{BaseType, Directive as Given, OperationType, Selection, SelectionSet};
use async_graphql::{Pos, Positioned, Value as Const};
use async_graphql_value::Value;

use super::field::{Argument, Field, On, TypeRef, Wrap, code_of, invalid};
use super::introspect::is_input;
use super::walk::{is_type, texts};
use super::{Asked, GraphError, variable};

/// A directive, and where it may stand.
#[derive(Debug)]
pub(super) struct Directive {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    pub locations: &'static [&'static str],
    pub words: &'static str,
}

const IF: &[Argument] =
    &[Argument { name: "if", ty: TypeRef { name: "Boolean", wraps: &[Wrap::NonNull] }, default: None }];
const TEXT: TypeRef = TypeRef { name: "String", wraps: &[] };
const ANYWHERE: &[&str] = &["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"];

/// GraphQL's directives and those of FHIR.
pub(super) static DIRECTIVES: [Directive; 6] = [
    Directive { name: "skip", arguments: IF, locations: ANYWHERE, words: "Leaves it out if so." },
    Directive { name: "include", arguments: IF, locations: ANYWHERE, words: "Leaves it out unless so." },
    Directive {
        name: "flatten",
        arguments: &[],
        locations: &["FIELD"],
        words: "The field vanishes, and what is selected below it stands in its place.",
    },
    Directive { name: "first", arguments: &[], locations: &["FIELD"], words: "Only the first of a list." },
    Directive {
        name: "singleton",
        arguments: &[],
        locations: &["FIELD"],
        words: "Below a flattened list: one value instead of a list; a second is an error.",
    },
    Directive {
        name: "slice",
        arguments: &[
            Argument { name: "path", ty: TEXT, default: None },
            Argument { name: "fhirpath", ty: TEXT, default: None },
        ],
        locations: &["FIELD"],
        words: "The value of a FHIRPath of each element, or `$index`, is put behind the names below it.",
    },
];

pub(super) struct Check<'d> {
    pub asked: &'d Asked<'d>,
    /// Selections that were looked at, on what.
    pub seen: HashSet<(*const SelectionSet, On)>,
}

type Result = std::result::Result<(), GraphError>;

fn refuse(text: impl Into<String>, pos: Pos) -> Result {
    Err(GraphError::at(invalid(text), pos))
}

impl<'d> Check<'d> {
    pub fn operation(&mut self, root: On) -> Result {
        let operation = self.asked.operation;
        let root = match (operation.node.ty, root) {
            (OperationType::Query, root) => root,
            (OperationType::Mutation, On::Query) => On::Mutation,
            (OperationType::Mutation, _) => {
                return refuse("mutations are sent to [base]/$graphql, not to a resource", operation.pos);
            }
            (OperationType::Subscription, _) => return refuse("subscriptions are not served here", operation.pos),
        };
        let mut declared = HashSet::new();
        for Positioned { pos, node: definition } in &operation.node.variable_definitions {
            let name = &definition.name.node;
            if !declared.insert(name) {
                return refuse(format!("'${name}' is declared twice"), *pos);
            }
            let mut base = &definition.var_type.node.base;
            while let BaseType::List(inner) = base {
                base = &inner.base;
            }
            if let BaseType::Named(ty) = base
                && !is_input(ty)
            {
                return refuse(format!("'${name}': there is no input type {ty}"), *pos);
            }
            let given = self.asked.variables.get(name.as_str());
            variable::value(definition, given).or_else(|text| refuse(text, *pos))?;
        }
        self.directives(&operation.node.directives, false)?;
        self.selection(&operation.node.selection_set.node, root)
    }

    fn selection(&mut self, set: &'d SelectionSet, on: On) -> Result {
        if !self.seen.insert((std::ptr::from_ref(set), on)) {
            return Ok(());
        }
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => self.field(field, on)?,
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    self.directives(&fragment.directives, false)?;
                    let condition = fragment.type_condition.as_ref().map(|c| c.node.on.node.as_str());
                    self.fragment(condition, &fragment.selection_set.node, on, item.pos)?;
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives, false)?;
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.asked.document.fragments.get(name) else {
                        return refuse(format!("there is no fragment '{name}'"), item.pos);
                    };
                    let fragment = &fragment.node;
                    let condition = fragment.type_condition.node.on.node.as_str();
                    self.fragment(Some(condition), &fragment.selection_set.node, on, item.pos)?;
                }
            }
        }
        Ok(())
    }

    fn fragment(&mut self, condition: Option<&str>, set: &'d SelectionSet, on: On, pos: Pos) -> Result {
        let inner = match condition {
            None => Some(on),
            Some(condition) => on.meets(condition),
        };
        match inner {
            Some(inner) => self.selection(set, inner),
            None => refuse(format!("{} is never {}", on.name(), condition.unwrap_or_default()), pos),
        }
    }

    fn field(&mut self, field: &'d Positioned<async_graphql::parser::types::Field>, on: On) -> Result {
        let (pos, field) = (field.pos, &field.node);
        let name = field.name.node.as_str();
        let Some(found) = on.field(name, None).or_else(|| on.field(name, Some(self.asked.added))) else {
            if matches!(name, "__schema" | "__type") {
                return refuse("the schema is told at the root of queries to [base]/$graphql", pos);
            }
            return refuse(format!("{} has no field '{name}'", on.name()), pos);
        };
        self.directives(&field.directives, true)?;
        let has = |name: &str| field.directives.iter().any(|d| d.node.name.node == name);
        if has("slice") && has("first") {
            return refuse("@slice and @first do not go together", pos);
        }
        let mut known = found.arguments(on, None);
        if let Field::List(_) | Field::Connection(_) = found
            && field.arguments.iter().any(|(name, _)| known.iter().all(|k| k.name != name.node))
        {
            known = found.arguments(on, Some(self.asked.added));
        }
        let mut given = HashSet::new();
        for (argument, value) in &field.arguments {
            let name = argument.node.as_str();
            let Some(known) = known.iter().find(|k| k.name == name) else {
                if let Field::List(ty) | Field::Connection(ty) = found
                    && !name.starts_with('_')
                    && let Err(error) = self.asked.searched(ty, code_of(ty, name, Some(self.asked.added)))
                {
                    return Err(GraphError::at(error, argument.pos));
                }
                return refuse(format!("'{}' takes no argument '{name}'", field.name.node), argument.pos);
            };
            if !given.insert(name) {
                return refuse(format!("the argument '{name}' is given twice"), argument.pos);
            }
            self.stands(value, known)?;
            // A resource to be written is read where it is written.
            if known.name == "res" {
                continue;
            }
            let value = self.asked.value(&value.node)?;
            if texts(&value).is_none() && value != Const::Null {
                return refuse(format!("'{name}' takes a text, a number or a list of them"), argument.pos);
            }
        }
        if let Some(missing) = known.iter().find(|k| k.ty.is_needed() && !given.contains(k.name)) {
            return refuse(format!("'{name}' needs the argument '{}'", missing.name), pos);
        }
        let below = match found {
            // The type that is asked for, where it is known.
            Field::Resolve => match field.get_argument("type").map(|v| self.asked.value(&v.node)).transpose()? {
                Some(value) => match texts(&value).as_deref() {
                    Some([ty]) if is_type(ty) => On::AnyResource.meets(ty),
                    _ => return refuse("'type' is one type of resource", pos),
                },
                None => found.below(on),
            },
            _ => found.below(on),
        };
        let set = &field.selection_set.node;
        match below {
            None if set.items.is_empty() && has("flatten") => refuse("@flatten is for elements with children", pos),
            None if set.items.is_empty() => Ok(()),
            None => refuse(format!("'{name}' has no fields"), pos),
            Some(_) if set.items.is_empty() => refuse(format!("'{name}' needs a selection of its fields"), pos),
            Some(below) => self.selection(set, below),
        }
    }

    /// A variable stands where values of its type are taken.
    fn stands(&self, value: &Positioned<Value>, place: &Argument) -> Result {
        let Value::Variable(name) = &value.node else { return Ok(()) };
        let declared = self.asked.operation.node.variable_definitions.iter().find(|d| d.node.name.node == *name);
        // What is not declared is told where its value is looked for.
        let Some(declared) = declared else { return Ok(()) };
        let stands = variable::stands(&declared.node, place.ty, place.default.is_some());
        stands.or_else(|text| refuse(text, value.pos))
    }

    fn directives(&self, directives: &'d [Positioned<Given>], on_field: bool) -> Result {
        let mut given = HashSet::new();
        for Positioned { pos, node: directive } in directives {
            let name = directive.name.node.as_str();
            let Some(known) = DIRECTIVES.iter().find(|d| d.name == name) else {
                return refuse(format!("there is no directive @{name}"), *pos);
            };
            if !on_field && known.locations != ANYWHERE {
                return refuse(format!("@{name} is for fields"), *pos);
            }
            if !given.insert(name) {
                return refuse(format!("@{name} is given twice"), *pos);
            }
            for (argument, value) in &directive.arguments {
                let Some(known) = known.arguments.iter().find(|a| a.name == argument.node.as_str()) else {
                    return refuse(format!("@{name} takes no argument '{}'", argument.node), *pos);
                };
                self.stands(value, known)?;
                self.asked.value(&value.node)?;
            }
        }
        Ok(())
    }
}
