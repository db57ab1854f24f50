//! FHIR's own GraphQL over the store: the schema is the R4 definitions, the executor our own, because the directives of the specification
//! change the shape of answers. It knows no HTTP; documents have passed the guard and the limits before.
//!
//! An operation succeeds as a whole or fails as a whole: nothing is cut off or left out in silence.
//!
//! Source: FHIR R4 `graphql.html` and OperationDefinition `Resource-graphql`.

mod check;
mod fetch;
mod field;
mod input;
mod introspect;
mod out;
mod variable;
mod walk;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, Value as Const};
use chrono::{DateTime, Utc};
use entity::StoreError;
use entity::store::{Act, Outcome, Parameters, Plan, Stored, Write};
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::{Json, ResourceType};

use crate::session::Session;
use check::Check;
use fetch::{Found, Needs, Search};
use field::{Field, On, invalid, is_served, type_of};
use out::Object;
use walk::{At, Walk, texts};

/// Most matches of one list; more are an error, never a shorter list.
const MAX_MATCHES: u32 = 1_000;
/// Most elements of one answer.
const MAX_ELEMENTS: u64 = 500_000;
/// Most parts of the schema in one answer.
const MAX_DESCRIBED: u64 = 2_000_000;
/// How often an operation is run again because what may be searched by changed meanwhile.
const TRIES: usize = 3;
/// Levels of fetching; the depth of documents is bounded before.
const MAX_LEVELS: usize = 32;

/// Why an operation has no answer, and where: in the document, and in the answer.
#[derive(Debug)]
pub struct GraphError {
    pub error: StoreError,
    pub pos: Option<Pos>,
    pub path: Vec<String>,
    /// What a mutation wrote before its answer failed, as a reference to the version.
    pub written: Option<String>,
}

impl From<StoreError> for GraphError {
    fn from(error: StoreError) -> Self {
        Self { error, pos: None, path: Vec::new(), written: None }
    }
}

impl GraphError {
    fn at(error: StoreError, pos: Pos) -> Self {
        Self { pos: Some(pos), ..error.into() }
    }
}

/// A document and what is asked of it.
pub struct Question<'d> {
    pub document: &'d ExecutableDocument,
    /// Its text; numbers in it are written as they stand there.
    pub text: &'d str,
    pub operation_name: Option<&'d str>,
    pub variables: &'d fhir::json::Object<'static>,
}

impl<'d> Question<'d> {
    fn operation(&self) -> Result<&'d Positioned<OperationDefinition>, GraphError> {
        let operation = match (&self.document.operations, self.operation_name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next(),
            (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
            (DocumentOperations::Single(_) | DocumentOperations::Multiple(_), _) => None,
        };
        operation.ok_or_else(|| invalid("'operationName' names one of the document's operations").into())
    }
}

/// An operation to run.
struct Asked<'d> {
    /// `None` where nothing is read.
    session: Option<&'d Session>,
    base_url: &'d str,
    now: DateTime<Utc>,
    document: &'d ExecutableDocument,
    text: &'d str,
    operation: &'d Positioned<OperationDefinition>,
    variables: &'d fhir::json::Object<'static>,
    /// The search parameters beside R4's own, and the same as they are read for this operation.
    parameters: &'d Arc<Parameters>,
    added: &'d Reading<'d>,
}

impl Asked<'_> {
    /// What searches are read by.
    fn options(&self) -> Options<'_> {
        let base_url = Some(self.base_url).filter(|url| !url.is_empty());
        Options { base_url, added: Some(self.added), ..Options::default() }
    }

    /// Why a type is not searched by a code, as the REST interface says it.
    fn searched(&self, ty: ResourceType, code: &str) -> Result<(), StoreError> {
        let pairs = [(code.to_owned(), "1".to_owned())];
        parse(ty, &pairs, Handling::Strict, self.now, &self.options()).map(|_| ()).map_err(StoreError::Invalid)
    }

    /// A value with its variables filled in; what is declared and has no value is null.
    fn value(&self, value: &async_graphql_value::Value) -> Result<Const, GraphError> {
        value.clone().into_const_with(|name: Name| {
            let declared = self.operation.node.variable_definitions.iter().find(|d| d.node.name.node == name);
            let Some(declared) = declared else {
                let error = invalid(format!("the variable '${name}' is not declared"));
                return Err(GraphError::at(error, self.operation.pos));
            };
            match self.variables.get(name.as_str()) {
                Some(value) => constant(value).map_err(|text| GraphError::at(invalid(text), self.operation.pos)),
                None => Ok(declared.node.default_value.as_ref().map_or(Const::Null, |v| v.node.clone())),
            }
        })
    }

    fn page(&self, ty: ResourceType, cursor: &str) -> Result<Search, StoreError> {
        let session = self.session.ok_or_else(|| StoreError::Internal("a page is read without a session".into()))?;
        Search::at(session, ty, cursor)
    }
}

/// A variable's value where a text, a number or a list of them is taken.
fn constant(value: &Json<'static>) -> Result<Const, String> {
    serde_json::from_str(&value.to_text())
        .map_err(|e| e.to_string())
        .and_then(|value| Const::from_json(value).map_err(|e| e.to_string()))
}

/// What an operation is about: everything by type and criteria, or one resource, which is the root.
pub enum Root {
    System,
    Instance(Stored),
}

/// The JSON text of `data`.
///
/// `base_url` is our own FHIR base without a slash at the end: a reference below it is ours.
///
/// # Errors
/// The first thing that is wrong; there is no partial answer. When a mutation has written by then, the error says what.
pub async fn execute(
    session: &Session,
    base_url: &str,
    question: &Question<'_>,
    root: Root,
) -> Result<String, GraphError> {
    let operation = question.operation()?;
    let (on, instance) = match root {
        Root::System => (On::Query, None),
        Root::Instance(stored) if !is_served(stored.resource_type) => {
            let text = format!("FHIR's GraphQL does not know {}", stored.resource_type);
            return Err(StoreError::NotSupported(text).into());
        }
        Root::Instance(stored) => (On::Element(type_of(stored.resource_type)), Some(fetch::document(&stored.body)?)),
    };
    let mutates = operation.node.ty == OperationType::Mutation;
    let mut done: Option<Done> = None;
    let mut tries = 0;
    loop {
        let parameters = session.store.parameters();
        let added = Reading::of(&parameters.added);
        let asked = Asked {
            session: Some(session),
            base_url,
            now: session.now,
            document: question.document,
            text: question.text,
            operation,
            variables: question.variables,
            parameters: &parameters,
            added: &added,
        };
        let checked = Check { asked: &asked, seen: HashSet::new() }.operation(on);
        tries += 1;
        let answer = match checked {
            // Nothing is written by a document that is to be read by another set.
            Ok(()) if mutates && done.is_none() => {
                if added.went_beyond() && tries < TRIES && !session.store.are_newest(&parameters).await? {
                    continue;
                }
                done = Some(write(&asked, session).await?);
                answer(&asked, session, At::Mutation, done.as_ref()).await
            }
            Ok(()) => {
                let at = match &instance {
                    _ if mutates => At::Mutation,
                    Some(document) => At::resource(document),
                    None => At::Query,
                };
                answer(&asked, session, at, done.as_ref()).await
            }
            Err(error) => Err(error),
        };
        // Asked afterwards: a parameter that was taken away while something was read may have lost rows of it.
        if !added.went_beyond() || tries == TRIES || session.store.are_newest(&parameters).await? {
            let written = done.as_ref().and_then(|done| done.written.clone());
            return answer.map_err(|error| GraphError { written, ..error });
        }
    }
}

async fn answer(asked: &Asked<'_>, session: &Session, at: At<'_>, done: Option<&Done>) -> Result<String, GraphError> {
    let mut found = Found::default();
    for _ in 0..MAX_LEVELS {
        let needs = match walked(asked, &found, at, done, MAX_ELEMENTS)? {
            Ok(text) => return Ok(text),
            Err(needs) => needs,
        };
        found.fetch(asked, session, needs).await?;
    }
    Err(StoreError::TooCostly("the operation follows references too deeply".into()).into())
}

/// The answer, or what is missing for it.
fn walked(
    asked: &Asked<'_>,
    found: &Found,
    at: At<'_>,
    done: Option<&Done>,
    most: u64,
) -> Result<Result<String, Needs>, GraphError> {
    let walk = Walk {
        asked,
        found,
        done,
        needs: RefCell::new(Needs::default()),
        path: RefCell::default(),
        left: Cell::new(most),
    };
    let mut out = Object::default();
    walk.object(&[&asked.operation.node.selection_set.node], at, &mut out, "", false)?;
    let needs = walk.needs.into_inner();
    if !needs.is_empty() {
        return Ok(Err(needs));
    }
    let mut text = String::with_capacity(4096);
    out.write(&mut text);
    Ok(Ok(text))
}

/// Whether the operation asks for nothing but the schema. Its answer is the same for everybody.
pub fn asks_for_schema_only(question: &Question<'_>) -> bool {
    fn only(document: &ExecutableDocument, set: &SelectionSet) -> bool {
        set.items.iter().all(|item| match &item.node {
            Selection::Field(field) => matches!(field.node.name.node.as_str(), "__schema" | "__type"),
            Selection::InlineFragment(fragment) => only(document, &fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| only(document, &fragment.node.selection_set.node)),
        })
    }
    question.operation().is_ok_and(|operation| {
        operation.node.ty == OperationType::Query && only(question.document, &operation.node.selection_set.node)
    })
}

/// The JSON text of `data` of such an operation, by these search parameters beside R4's. It computes for a while.
pub fn introspect(question: &Question<'_>, parameters: &Arc<Parameters>) -> Result<String, GraphError> {
    let operation = question.operation()?;
    let added = Reading::of(&parameters.added);
    let asked = Asked {
        session: None,
        base_url: "",
        now: DateTime::UNIX_EPOCH,
        document: question.document,
        text: question.text,
        operation,
        variables: question.variables,
        parameters,
        added: &added,
    };
    Check { asked: &asked, seen: HashSet::new() }.operation(On::Query)?;
    match walked(&asked, &Found::default(), At::Query, None, MAX_DESCRIBED)? {
        Ok(text) => Ok(text),
        Err(_) => Err(StoreError::Internal("the schema is told without reading anything".into()).into()),
    }
}

/// What a mutation has done.
#[derive(Default)]
struct Done {
    /// The resource as it is now; `None` after a deletion.
    document: Option<Json<'static>>,
    /// Whether there was something to delete.
    deleted: bool,
    /// The version that was written.
    written: Option<String>,
}

/// Carries out the one field of a mutation, as the REST interface would.
async fn write(asked: &Asked<'_>, session: &Session) -> Result<Done, GraphError> {
    let planned = planned(asked, session)?;
    // Only `__typename`, or everything is skipped.
    let Some((write, pos)) = planned else { return Ok(Done::default()) };
    let (resource_type, id) = (write.resource_type, write.id.clone());
    let plan = Plan::of(vec![write]);
    let mut outcomes = session
        .store
        .commit(&session.actor, &session.request, &plan)
        .await
        .map_err(|error| GraphError::at(error, pos))?;
    let of = |version: i32| Some(format!("{resource_type}/{id}/_history/{version}"));
    match outcomes.pop() {
        Some(Outcome::Created(stored) | Outcome::Updated(stored)) => {
            let document = Some(fetch::document(&stored.body)?);
            Ok(Done { document, deleted: false, written: of(stored.version_id) })
        }
        Some(Outcome::Deleted(version)) => Ok(Done {
            document: None,
            deleted: version.is_some(),
            written: version.and_then(|(version, _)| of(version)),
        }),
        None => Err(StoreError::Internal("a write without an outcome".into()).into()),
    }
}

fn planned(asked: &Asked<'_>, session: &Session) -> Result<Option<(Write, Pos)>, GraphError> {
    let found = Found::default();
    let walk = Walk {
        asked,
        found: &found,
        done: None,
        needs: RefCell::default(),
        path: RefCell::default(),
        left: Cell::new(MAX_ELEMENTS),
    };
    for group in walk.groups(&[&asked.operation.node.selection_set.node], At::Mutation)? {
        let (field, pos) = group.fields[0];
        let text = |name: &str| -> Result<Option<String>, GraphError> {
            let Some(value) = field.get_argument(name) else { return Ok(None) };
            match texts(&asked.value(&value.node)?).as_deref() {
                None => Ok(None),
                Some([one]) => Ok(Some(one.clone())),
                Some(_) => Err(GraphError::at(invalid(format!("'{name}' is one text")), value.pos)),
            }
        };
        let id = || text("id")?.ok_or_else(|| GraphError::at(invalid("'id' is the logical id of a resource"), pos));
        let expected = || -> Result<Option<i32>, GraphError> {
            let Some(tag) = text("ifMatch")? else { return Ok(None) };
            let bare = tag.strip_prefix("W/").unwrap_or(&tag).trim_matches('"');
            let version = bare.parse().map_err(|_| GraphError::at(invalid("'ifMatch' is a version, such as 3"), pos));
            version.map(Some)
        };
        let resource = |ty| match field.get_argument("res") {
            Some(value) => input::resource(asked, ty, value),
            None => Err(GraphError::at(invalid("'res' is the resource"), pos)),
        };
        let body = |object| Json::Object(object).to_text();
        let (resource_type, id, act) = match On::Mutation.field(field.name.node.as_str(), None) {
            Some(Field::Create(ty)) => {
                let mut object = resource(ty)?;
                object.remove("id");
                (ty, session.request.ids.nth(0), Act::Create { body: body(object) })
            }
            Some(Field::Update(ty)) => {
                let (id, expected, mut object) = (id()?, expected()?, resource(ty)?);
                if object.get("id").is_some_and(|own| own.as_str() != Some(&id)) {
                    let text = "the id of the resource differs from the argument 'id'";
                    return Err(GraphError::at(invalid(text), pos));
                }
                object.set("id", Json::from(id.clone()));
                (ty, id, Act::Update { body: body(object), expected, may_create: expected.is_none() })
            }
            Some(Field::Delete(ty)) => (ty, id()?, Act::Delete { expected: expected()? }),
            _ => continue,
        };
        return Ok(Some((Write { resource_type, id, act }, pos)));
    }
    Ok(None)
}
