//! One GraphQL operation over HTTP: read, guarded, bounded, run, answered with the status the media type asks for.
//!
//! Source: GraphQL over HTTP (<https://graphql.github.io/graphql-over-http/draft/>).

use std::time::Duration;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Request, Response as Answer, Variables};
use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use entity::Role;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use schema::limits;
use schema::session::Session;
use serde_json::{Value, json};

use super::guard;
use super::request::{AnswerType, Operation, Refusal, Wanted, from_body, from_query_string, negotiate};
use crate::audit::Refused;
use crate::auth::Caller;
use crate::fhir::{Failure, State};

/// Largest body, variables included.
const BODY_LIMIT: usize = 1 << 20;
/// Largest answer.
const ANSWER_LIMIT: usize = 32 << 20;
const TIME_LIMIT: Duration = Duration::from_secs(5);
const ANALYST_TIME_LIMIT: Duration = Duration::from_secs(30);

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
        Ok(Wanted::Answer(answer_type)) => answer_type,
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
        match axum::body::to_bytes(body, BODY_LIMIT).await {
            Ok(bytes) => from_body(content_type, &bytes),
            Err(_) => {
                let text = format!("the body has more than {BODY_LIMIT} bytes, or it broke off");
                return errors(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", &text);
            }
        }
    };
    match operation {
        Ok(operation) => run(&state, caller, &method, operation, answer_type).await,
        Err(refusal) => refuse(&refusal),
    }
}

async fn run(
    state: &State,
    caller: Caller,
    method: &Method,
    operation: Operation,
    answer_type: AnswerType,
) -> Response {
    if let Err(error) = guard::check(&operation.query, &guard::Limits::DEFAULT) {
        return errors(error.status(), "LIMIT", &error.to_string());
    }
    let document = match parse_query(&operation.query) {
        Ok(document) => document,
        Err(error) => {
            let answer = Answer::from_errors(vec![error.into()]);
            return write(&answer, answer_type);
        }
    };
    if let Err(error) = limits::check(&document, &limits::Limits::DEFAULT) {
        return errors(StatusCode::BAD_REQUEST, "LIMIT", &error.to_string());
    }
    if *method == Method::GET && !is_query(&document, operation.operation_name.as_deref()) {
        return refuse(&Refusal::Method(method.clone()));
    }
    let roles = &caller.actor.roles;
    let explores = state.demo || roles.iter().any(|r| matches!(r, Role::Analyst | Role::Admin));
    if asks_for_schema(&document) && !explores {
        return errors(StatusCode::BAD_REQUEST, "NOT_PERMITTED", "introspection is for analysts and administrators");
    }
    if let Some(name) = spoken(&document, operation.operation_name.as_deref()) {
        caller.actor.trail.name(name);
    }
    let mut request = Request::new(operation.query).variables(Variables::from_json(Value::Object(operation.variables)));
    request.operation_name = operation.operation_name;
    request.set_parsed_query(document);
    let limit = if roles.contains(&Role::Analyst) { ANALYST_TIME_LIMIT } else { TIME_LIMIT };
    let session = Session::new(state.store.clone(), caller.actor, caller.request);
    match tokio::time::timeout(limit, state.schema.execute(request, session)).await {
        Ok(answer) => write(&answer, answer_type),
        Err(_) => errors(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", "the operation took too long"),
    }
}

/// Whether the operation that would run is a query; when it cannot be told, execution says why.
fn is_query(document: &ExecutableDocument, name: Option<&str>) -> bool {
    operation_of(document, name).is_none_or(|(_, o)| o.ty == OperationType::Query)
}

/// The operation that would run with its name, when it can be told.
fn operation_of<'d>(
    document: &'d ExecutableDocument,
    name: Option<&'d str>,
) -> Option<(Option<&'d str>, &'d OperationDefinition)> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some((None, &operation.node)),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map(|o| (Some(name), &o.node)),
        // The only one runs without being named.
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.iter().next().map(|(name, o)| (Some(name.as_str()), &o.node))
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// Kind, name and root fields of the operation that would run, for the audit; no values.
fn spoken(document: &ExecutableDocument, name: Option<&str>) -> Option<String> {
    let (name, operation) = operation_of(document, name)?;
    let fields = operation.selection_set.node.items.iter().filter_map(|item| match &item.node {
        Selection::Field(field) => Some(field.node.name.node.as_str()),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => None,
    });
    let fields: Vec<&str> = fields.collect();
    Some(format!("{} {} {{ {} }}", operation.ty, name.unwrap_or_default(), fields.join(" ")))
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
        response.extensions_mut().insert(Refused);
    }
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
        _ => "BAD_REQUEST",
    };
    let mut response = errors(status, code, text);
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
