//! One GraphQL operation over HTTP: read, guarded, bounded, run, answered with the status the media type asks for.
//!
//! Source: GraphQL over HTTP (<https://graphql.github.io/graphql-over-http/draft/>).

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Positioned, Request, Response as Answer, ServerError, Variables};
use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use entity::Role;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use schema::limits;
use schema::session::Session;
use serde_json::{Value, json};

use super::documents::{Compiled, DocumentError};
use super::guard;
use super::request::{AnswerType, Operation, Refusal, Wanted, from_body, from_query_string, negotiate};
use crate::audit;
use crate::auth::{Caller, password};
use crate::fhir::{Failure, State};
use crate::live::sse;

/// Largest body, variables included.
const BODY_LIMIT: usize = 1 << 20;
/// Largest answer.
const ANSWER_LIMIT: usize = 32 << 20;

type Response = axum::response::Response;

pub(super) async fn handle(
    Extract(state): Extract<State>,
    caller: Result<Caller, Failure>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    let answer_type = match negotiate(&method, accept) {
        Ok(Wanted::Answer(answer_type)) => Some(answer_type),
        Ok(Wanted::Events) => None,
        Ok(Wanted::Playground) => {
            return (StatusCode::SEE_OTHER, [(header::LOCATION, "/playground")]).into_response();
        }
        Err(refusal) => return refuse(&refusal),
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(failure) => return unauthenticated(&failure),
    };
    let operation = if method == Method::GET {
        from_query_string(uri.query().unwrap_or_default())
    } else {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        if let Ok(bytes) = axum::body::to_bytes(body, BODY_LIMIT).await {
            from_body(content_type, &bytes)
        } else {
            let text = format!("the body has more than {BODY_LIMIT} bytes, or it broke off");
            return errors(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", &text);
        }
    };
    match operation {
        Ok(operation) => run(state, caller, &method, &headers, operation, answer_type).await,
        Err(refusal) => refuse(&refusal),
    }
}

/// An operation that may be run, as often as wanted.
pub(crate) struct Admitted {
    text: Arc<str>,
    operation: Operation,
    /// Whether the schema is no secret to the caller.
    explores: bool,
    /// Whether the server itself lists the text.
    trusted: bool,
    compiled: Arc<Compiled>,
}

/// Why an operation is not run.
pub(crate) enum Refused {
    Limit(StatusCode, String),
    /// The text is no GraphQL, or lacks the value of a variable.
    Unreadable(ServerError),
    Schema,
    /// There is no such text, or it is not for the caller.
    Document(DocumentError),
}

impl Admitted {
    pub fn request(&self) -> Request {
        let variables = Variables::from_json(Value::Object(self.operation.variables.clone()));
        let mut request = Request::new(&*self.text).variables(variables);
        request.operation_name.clone_from(&self.operation.operation_name);
        request.set_parsed_query(self.compiled.document.clone());
        request
    }

    /// The document, its text, and the name of the operation in it.
    pub fn parts(&self) -> (&ExecutableDocument, &str, Option<&str>) {
        (&self.compiled.document, &self.text, self.operation.operation_name.as_deref())
    }

    pub fn is_mutation(&self) -> bool {
        self.operation_type() == Some(OperationType::Mutation)
    }

    pub fn explores(&self) -> bool {
        self.explores
    }

    pub fn trusted(&self) -> bool {
        self.trusted
    }

    pub fn is_subscription(&self) -> bool {
        self.operation_type() == Some(OperationType::Subscription)
    }

    /// Of the operation that would run; when it cannot be told, execution says why.
    fn operation_type(&self) -> Option<OperationType> {
        self.running().map(|(_, o)| o.ty)
    }

    /// The operation that would run with its name, when it can be told.
    fn running(&self) -> Option<(Option<&str>, &OperationDefinition)> {
        match (&self.compiled.document.operations, self.operation.operation_name.as_deref()) {
            (DocumentOperations::Single(operation), _) => Some((None, &operation.node)),
            (DocumentOperations::Multiple(operations), Some(name)) => {
                operations.get(name).map(|o| (Some(name), &o.node))
            }
            // The only one runs without being named.
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
                operations.iter().next().map(|(name, o)| (Some(name.as_str()), &o.node))
            }
            (DocumentOperations::Multiple(_), None) => None,
        }
    }

    /// A variable that must have a value and has none: found before anything runs (GraphQL specification, section 6.1.2).
    fn missing(&self) -> Option<ServerError> {
        let (_, operation) = self.running()?;
        let variables = &self.operation.variables;
        let missing = operation.variable_definitions.iter().find(|definition| {
            let Positioned { node: definition, .. } = definition;
            let given = variables.get(definition.name.node.as_str());
            let defaulted = given.is_none() && definition.default_value.is_some();
            !definition.var_type.node.nullable && !defaulted && given.is_none_or(Value::is_null)
        })?;
        let (name, ty) = (&missing.node.name.node, &missing.node.var_type.node);
        let mut error =
            ServerError::new(format!("Variable \"${name}\" of type \"{ty}\" has no value"), Some(missing.pos));
        error.extensions.get_or_insert_default().set("code", "INVALID");
        Some(error)
    }

    /// Kind, name and root fields of the operation that would run, for the audit; no values.
    pub fn spoken(&self) -> Option<String> {
        let (name, operation) = self.running()?;
        let fields = operation.selection_set.node.items.iter().filter_map(|item| match &item.node {
            Selection::Field(field) => Some(field.node.name.node.as_str()),
            Selection::InlineFragment(_) | Selection::FragmentSpread(_) => None,
        });
        let fields: Vec<&str> = fields.collect();
        Some(format!("{} {} {{ {} }}", operation.ty, name.unwrap_or_default(), fields.join(" ")))
    }
}

impl Refused {
    /// As the `errors` of an answer.
    pub fn errors(&self) -> Value {
        match self {
            Self::Unreadable(error) => json!([error]),
            Self::Limit(_, text) => json!([{ "message": text, "extensions": { "code": "LIMIT" } }]),
            Self::Schema => json!([{ "message": NO_SCHEMA, "extensions": { "code": "NOT_PERMITTED" } }]),
            Self::Document(error) => json!([{ "message": error.to_string(), "extensions": { "code": error.code() } }]),
        }
    }
}

const NO_SCHEMA: &str = "introspection is not for your roles";

/// Finds an operation and what its text says, whatever it came by.
pub(crate) fn admit(state: &State, roles: &[Role], operation: Operation) -> Result<Admitted, Refused> {
    let settings = &state.graphql;
    let text = settings.documents.text(&operation.document, roles).map_err(Refused::Document)?;
    let compiled = settings.documents.compiled(&text, || compile(&text))?;
    let explores = settings.shows_schema(state.demo, roles);
    if compiled.introspects && !explores {
        return Err(Refused::Schema);
    }
    settings.documents.register(&operation.document);
    let trusted = settings.documents.is_trusted(&operation.document);
    let admitted = Admitted { text, operation, explores, trusted, compiled };
    match admitted.missing() {
        Some(error) => Err(Refused::Unreadable(error)),
        None => Ok(admitted),
    }
}

/// Guards, parses and bounds a text: nothing of it depends on who asks.
fn compile(text: &str) -> Result<Compiled, Refused> {
    guard::check(text, &guard::Limits::DEFAULT).map_err(|error| {
        if error.is_syntax() {
            Refused::Unreadable(ServerError::new(error.to_string(), None))
        } else {
            Refused::Limit(error.status(), error.to_string())
        }
    })?;
    let document = parse_query(text).map_err(|error| Refused::Unreadable(error.into()))?;
    limits::check(&document, &limits::Limits::DEFAULT)
        .map_err(|error| Refused::Limit(StatusCode::BAD_REQUEST, error.to_string()))?;
    let introspects = asks_for_schema(&document);
    Ok(Compiled { document, introspects })
}

/// `answer_type` is `None` for server-sent events.
async fn run(
    state: State,
    caller: Caller,
    method: &Method,
    headers: &HeaderMap,
    operation: Operation,
    answer_type: Option<AnswerType>,
) -> Response {
    let admitted = match admit(&state, &caller.actor.roles, operation) {
        Ok(admitted) => admitted,
        Err(Refused::Limit(status, text)) => return errors(status, "LIMIT", &text),
        Err(Refused::Schema) => return errors(StatusCode::BAD_REQUEST, "NOT_PERMITTED", NO_SCHEMA),
        Err(Refused::Unreadable(error)) => {
            return write(&Answer::from_errors(vec![error]), answer_type.unwrap_or(AnswerType::GraphqlResponse));
        }
        Err(Refused::Document(error)) => return no_document(error, answer_type),
    };
    if let Some(name) = admitted.spoken() {
        caller.actor.trail.name(name);
    }
    let subscribes = admitted.is_subscription() && answer_type.is_none();
    if *method == Method::GET && !subscribes && admitted.operation_type().is_some_and(|ty| ty != OperationType::Query) {
        return refuse(&Refusal::Method(method.clone()));
    }
    if subscribes {
        return sse::subscription(state, headers, caller.actor, admitted).await;
    }
    let limit = state.graphql.time_limit(&caller.actor.roles);
    let session = Session::new(state.store.clone(), caller.actor, caller.request).exploring(admitted.explores());
    let session = session.trusting(admitted.trusted());
    let session = session.with_passwords(|| Box::pin(password::made_up())).with_secrets(crate::auth::new_token);
    // Dropped when the time is over or the client goes; the store ends the statement that is under way.
    match (tokio::time::timeout(limit, state.schema.execute(admitted.request(), session)).await, answer_type) {
        (Ok(answer), Some(answer_type)) => write(&answer, answer_type),
        (Ok(answer), None) => sse::single(&answer),
        (Err(_), _) => errors(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", "the operation took too long"),
    }
}

/// Whether any operation selects `__schema` or `__type` at its root. The limits have bounded the nesting.
fn asks_for_schema(document: &ExecutableDocument) -> bool {
    fn at_root(document: &ExecutableDocument, set: &SelectionSet) -> bool {
        set.items.iter().any(|item| match &item.node {
            Selection::Field(field) => matches!(field.node.name.node.as_str(), "__schema" | "__type"),
            Selection::InlineFragment(fragment) => at_root(document, &fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_some_and(|fragment| at_root(document, &fragment.node.selection_set.node)),
        })
    }
    document.operations.iter().any(|(_, operation)| at_root(document, &operation.node.selection_set.node))
}

/// The answer in the type asked for. A request that was not executed has no `data`.
fn write(answer: &Answer, answer_type: AnswerType) -> Response {
    let executed = answer.is_ok() || answer.errors.iter().any(|e| !e.path.is_empty());
    let costly = answer.errors.iter().any(|e| e.message == "Query is too complex.");
    let status = match answer_type {
        _ if costly => StatusCode::BAD_REQUEST,
        AnswerType::GraphqlResponse if !executed => StatusCode::BAD_REQUEST,
        AnswerType::GraphqlResponse | AnswerType::Json => StatusCode::OK,
    };
    let text = if executed {
        serde_json::to_string(answer)
    } else {
        serde_json::to_string(&json!({ "errors": answer.errors }))
    };
    let Ok(text) = text else {
        return errors(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the answer cannot be written");
    };
    if text.len() > ANSWER_LIMIT {
        let message = format!("the answer has more than {ANSWER_LIMIT} bytes; ask for less");
        return errors(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", &message);
    }
    let mut response = respond(status, answer_type.content_type(), text);
    if !answer.is_ok() {
        response.extensions_mut().insert(audit::Refused);
    }
    response
}

/// A hash that is not known is an ordinary answer of the protocol: the client sends the text next.
fn no_document(error: DocumentError, answer_type: Option<AnswerType>) -> Response {
    let status = match (error, answer_type) {
        (DocumentError::NotFound, Some(AnswerType::Json)) => StatusCode::OK,
        (DocumentError::NotFound | DocumentError::NotTrusted | DocumentError::Mismatch, _) => StatusCode::BAD_REQUEST,
        (DocumentError::OwnDocument | DocumentError::Role, _) => StatusCode::FORBIDDEN,
    };
    let mut response = errors(status, error.code(), &error.to_string());
    response.extensions_mut().insert(audit::Refused);
    response
}

fn refuse(refusal: &Refusal) -> Response {
    let mut response = errors(refusal.status(), "BAD_REQUEST", &refusal.to_string());
    if let Some(allow) = refusal.allow() {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    response
}

fn unauthenticated(failure: &Failure) -> Response {
    let (status, issues) = failure.parts();
    let text = issues.first().map(|i| i.diagnostics.as_str()).unwrap_or_default();
    let code = match status {
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::TOO_MANY_REQUESTS => "THROTTLED",
        _ => "BAD_REQUEST",
    };
    let mut response = errors(status, code, text);
    if let Failure::Throttled { retry_after_s, .. } = failure {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A request that was not executed, whatever media type was asked for.
fn errors(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    respond(status, AnswerType::Json.content_type(), body.to_string())
}

fn respond(status: StatusCode, content_type: &'static str, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, content_type)], text).into_response()
}
