//! Execution of the objects of a list.
//!
//! The library makes a task of every field of every object, and joins them. Most fields have their value in hand; here the fields of all
//! objects are tried in turn in one piece of memory, and only those that wait for something become tasks. What
//! waits for the store does so in the same round as before, so loaders batch as they did. The answer has the fields in the order they
//! were asked for.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::Poll;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_list;
use async_graphql::{ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::query::Node;
use crate::types::patient::Patient;

/// A list of objects: `[T!]!`.
pub struct Nodes<T>(pub Vec<T>);

impl<T: ContainerType> OutputType for Nodes<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match selected::<T>(ctx) {
            Some(fields) => Ok(Value::List(resolved(ctx, &fields, self.0.iter().map(Some)).await)),
            None => resolve_list(ctx, field, &self.0, Some(self.0.len())).await,
        }
    }
}

/// What was asked for by ids: `[Node]!`, null in the place of each that is absent, deleted or not to be seen.
pub struct Refetched(pub Vec<Option<Node>>);

impl OutputType for Refetched {
    fn type_name() -> Cow<'static, str> {
        Vec::<Option<Node>>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Option<Node>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Option<Node>>::create_type_info(registry)
    }

    /// Patients, which are asked for by ids the most, are resolved together.
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let patient = |node: &Node| matches!(node, Node::Patient(_));
        if self.0.iter().flatten().all(patient)
            && let Some(fields) = selected::<Patient>(ctx)
        {
            let patients = self.0.iter().map(|node| match node {
                Some(Node::Patient(patient)) => Some(patient),
                _ => None,
            });
            return Ok(Value::List(resolved(ctx, &fields, patients).await));
        }
        OutputType::resolve(&self.0, ctx, field).await
    }
}

/// The fields that a selection has of an object type, those of its fragments among them. `None` where the library has to say what they
/// are: with directives. The schema has no extensions, which would have to see each field.
fn selected<'c, T: ContainerType>(ctx: &ContextSelectionSet<'c>) -> Option<Vec<&'c Positioned<Field>>> {
    fn collect<'c, T: ContainerType>(
        ctx: &ContextSelectionSet<'c>,
        set: &'c SelectionSet,
        fields: &mut Vec<&'c Positioned<Field>>,
    ) -> Option<()> {
        for selection in &set.items {
            let (condition, directives, set) = match &selection.node {
                Selection::Field(field) => {
                    field.node.directives.is_empty().then(|| fields.push(field))?;
                    continue;
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &ctx.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                    let directives = spread.node.directives.is_empty() && fragment.directives.is_empty();
                    (Some(&fragment.type_condition), directives, &fragment.selection_set)
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    (fragment.type_condition.as_ref(), fragment.directives.is_empty(), &fragment.selection_set)
                }
            };
            if !directives {
                return None;
            }
            let name = T::type_name();
            let applies = condition.is_none_or(|condition| {
                let condition = condition.node.on.node.as_str();
                let interfaces = ctx.schema_env.registry.implements.get(&*name);
                name == condition || interfaces.is_some_and(|all| all.contains(condition))
            });
            if applies {
                collect::<T>(ctx, &set.node, fields)?;
            }
        }
        Some(())
    }
    let mut fields = Vec::new();
    collect::<T>(ctx, &ctx.item.node, &mut fields)?;
    Some(fields)
}

/// Each of the objects with its fields; null for `None`. Errors stand beside, as those of any field do.
async fn resolved<'o, T: ContainerType + 'o>(
    ctx: &ContextSelectionSet<'_>,
    fields: &[&Positioned<Field>],
    objects: impl Iterator<Item = Option<&'o T>>,
) -> Vec<Value> {
    let objects: Vec<Option<&T>> = objects.collect();
    let width = fields.len();
    let mut values: Vec<Option<ServerResult<Value>>> = Vec::with_capacity(objects.len() * width);
    let mut waiting = Vec::new();
    std::future::poll_fn(|cx| {
        let mut spare = None;
        for (at, object) in objects.iter().enumerate() {
            for field in fields {
                let Some(object) = object else {
                    values.push(None);
                    continue;
                };
                if field.node.name.node == "__typename" {
                    values.push(Some(Ok(Value::String(object.introspection_type_name().into_owned()))));
                    continue;
                }
                let mut answer = placed(spare.take(), || field_of(ctx, at, *object, field));
                match answer.as_mut().poll(cx) {
                    Poll::Ready(value) => {
                        values.push(Some(value));
                        spare = Some(answer);
                    }
                    Poll::Pending => {
                        waiting.push((values.len(), answer));
                        values.push(None);
                    }
                }
            }
        }
        Poll::Ready(())
    })
    .await;
    let mut rest: FuturesUnordered<_> =
        waiting.into_iter().map(|(place, field)| async move { (place, field.await) }).collect();
    while let Some((place, value)) = rest.next().await {
        values[place] = Some(value);
    }
    let mut values = values.into_iter();
    let of = |object: Option<&T>| {
        let mut map = IndexMap::with_capacity(width);
        for (field, value) in fields.iter().zip(values.by_ref()) {
            match value {
                Some(Ok(value)) => put(&mut map, field.node.response_key().node.clone(), value),
                Some(Err(error)) => ctx.add_error(error),
                None => {}
            }
        }
        if object.is_none() || map.is_empty() { Value::Null } else { Value::Object(map) }
    };
    objects.into_iter().map(of).collect()
}

async fn field_of<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    at: usize,
    object: &T,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let ctx = ctx.with_index(at);
    let ctx = ctx.with_field(field);
    Ok(object.resolve_field(&ctx).await?.unwrap_or_default())
}

/// The future in the place of one that is done with, which saves making it one. A function of its own, never inlined: on its way there the
/// future is on the stack, where it would stay while what is within it is resolved.
#[inline(never)]
fn placed<F>(spare: Option<Pin<Box<F>>>, future: impl FnOnce() -> F) -> Pin<Box<F>> {
    match spare {
        Some(mut place) => {
            place.set(future());
            place
        }
        None => Box::pin(future()),
    }
}

/// Fields of one name were asked for twice with different parts, which belong together.
fn put(map: &mut IndexMap<Name, Value>, name: Name, value: Value) {
    match (map.get_mut(&name), value) {
        (Some(Value::Object(kept)), Value::Object(more)) => {
            more.into_iter().for_each(|(name, value)| put(kept, name, value));
        }
        (Some(Value::List(kept)), Value::List(more)) => {
            for (kept, more) in kept.iter_mut().zip(more) {
                if let (Value::Object(kept), Value::Object(more)) = (kept, more) {
                    more.into_iter().for_each(|(name, value)| put(kept, name, value));
                }
            }
        }
        (Some(_), _) => {}
        (None, value) => {
            map.insert(name, value);
        }
    }
}
