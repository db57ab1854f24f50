//! FHIR's own GraphQL: `[base]/$graphql` and `[base]/{type}/{id}/$graphql`, by GET and by POST in the four forms of the specification;
//! mutations by POST only. The answer is `application/json`, with `data` or with `errors`, never with both.

use std::io::{Read as _, Write as _};
use std::sync::{Mutex, PoisonError};

use async_graphql::Pos;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use entity::StoreError;
use entity::store::Lookup;
use fhir::json::Object;
use fhir::outcome::operation_outcome;
use fhir::{Issue, IssueType, Json};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use schema::fhir_graphql::{GraphError, Question, Root, asks_for_schema_only, execute, introspect};
use schema::session::Session;
use serde_json::{Value, json, value::RawValue};

use super::{Base, Failure, Response, State, resource_type, text};
use crate::auth::Caller;
use crate::graphql::request::{Operation, Refusal, Source, from_body, from_query_string};
use crate::graphql::{Admitted, Refused, admit};

/// Largest body, variables included.
const BODY_LIMIT: usize = 1 << 20;

/// Answers about the schema that are kept.
const KEPT: usize = 4;

/// Why a request is not run or has no answer.
struct Fault {
    status: StatusCode,
    /// At least one; each is an error of the answer.
    issues: Vec<Issue>,
    pos: Option<Pos>,
    path: Vec<String>,
    written: Option<String>,
}

impl Fault {
    fn new(status: StatusCode, issues: Vec<Issue>) -> Self {
        Self { status, issues, pos: None, path: Vec::new(), written: None }
    }

    fn bad(code: IssueType, text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)])
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        let (status, mut issues) = failure.parts();
        issues.retain(Issue::blocks);
        if issues.is_empty() {
            issues.push(Issue::error(IssueType::Exception, "the request failed"));
        }
        Self::new(status, issues)
    }
}

impl From<GraphError> for Fault {
    fn from(error: GraphError) -> Self {
        Self { pos: error.pos, path: error.path, written: error.written, ..Failure::from(error.error).into() }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status(), vec![Issue::error(IssueType::Invalid, refusal.to_string())])
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Limit(status, text) => Self::new(status, vec![Issue::error(IssueType::TooCostly, text)]),
            Refused::Unreadable(error) => {
                Self { pos: error.locations.first().copied(), ..Self::bad(IssueType::Invalid, error.message) }
            }
            Refused::Schema => Self::bad(IssueType::Forbidden, "introspection is not for your roles"),
            Refused::Document(error) => Self::bad(IssueType::NotFound, error.to_string()),
        }
    }
}

pub(super) async fn of_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Result<Caller, Failure>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let asked = async {
        let caller = caller?;
        let asked = operation(&method, &uri, &headers, content).await?;
        run(&state, base, caller, &method, asked, Root::System).await
    };
    answer(asked.await, &headers)
}

pub(super) async fn of_instance(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Result<Caller, Failure>,
    Path((name, id)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let asked = async {
        let caller = caller?;
        let resource_type = resource_type(&name)?;
        let asked = operation(&method, &uri, &headers, content).await?;
        let found = state.store.read(&caller.actor, resource_type, &id).await.map_err(Failure::from)?;
        let root = match found {
            Lookup::Found(stored) => Root::Instance(stored),
            Lookup::Deleted { .. } => return Err(Failure::from(StoreError::Gone { resource_type, id }).into()),
            Lookup::Absent => return Err(Failure::from(StoreError::NotFound { resource_type, id }).into()),
        };
        run(&state, base, caller, &method, asked, root).await
    };
    answer(asked.await, &headers)
}

/// An operation, and its variables with numbers as they are written.
struct Asked {
    operation: Operation,
    variables: Object<'static>,
}

/// The operation in a query string, a document, a JSON body, or Parameters.
async fn operation(method: &Method, uri: &Uri, headers: &HeaderMap, content: Body) -> Result<Asked, Fault> {
    let plain = |text: &str| {
        let document = Source::Text(text.into());
        let operation = Operation { document, operation_name: None, variables: serde_json::Map::new() };
        Asked { operation, variables: Object::new() }
    };
    if *method == Method::GET {
        let operation = from_query_string(uri.query().unwrap_or_default())?;
        let variables = variables(&Value::Object(operation.variables.clone()).to_string())?;
        return Ok(Asked { operation, variables });
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let body = text(content, BODY_LIMIT).await?;
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "application/graphql" => Ok(plain(&body)),
        "application/fhir+json" => {
            let parameters = Json::parse(&body).map_err(|e| Fault::bad(IssueType::Structure, e.to_string()))?;
            let items = parameters.get("parameter").map_or(&[][..], Json::items);
            let is = parameters.str_at("resourceType") == Some("Parameters");
            match items {
                [one] if is && one.str_at("name") == Some("query") => match one.str_at("valueString") {
                    Some(text) => Ok(plain(text)),
                    None => Err(Fault::bad(IssueType::Required, "the parameter 'query' has a valueString")),
                },
                _ => Err(Fault::bad(IssueType::Structure, "the body is Parameters with one parameter, 'query'")),
            }
        }
        _ => {
            let operation = from_body(Some(content_type), body.as_bytes())?;
            let written = Json::parse(&body).map_err(|e| Fault::bad(IssueType::Structure, e.to_string()))?;
            let variables = variables(&written.get("variables").map_or("{}".into(), Json::to_text))?;
            Ok(Asked { operation, variables })
        }
    }
}

fn variables(text: &str) -> Result<Object<'static>, Fault> {
    match Json::parse(text).map(Json::into_owned) {
        Ok(Json::Object(variables)) => Ok(variables),
        Ok(_) => Ok(Object::new()),
        Err(error) => Err(Fault::bad(IssueType::Structure, error.to_string())),
    }
}

/// `data` of an answer.
enum Data {
    Text(String),
    /// A whole answer, compressed with gzip.
    Kept(Bytes),
}

async fn run(
    state: &State,
    base: Base,
    caller: Caller,
    method: &Method,
    asked: Asked,
    root: Root,
) -> Result<Data, Fault> {
    let Asked { operation, variables } = asked;
    let admitted = admit(state, &caller.actor.roles, operation)?;
    if let Some(name) = admitted.spoken() {
        caller.actor.trail.name(name);
    }
    if admitted.is_mutation() && *method == Method::GET {
        let issue = Issue::error(IssueType::NotSupported, "mutations are sent by POST");
        return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, vec![issue]));
    }
    let limit = state.graphql.time_limit(&caller.actor.roles);
    let base_url = format!("{}{}", state.public_url, base.0);
    let (document, text, operation_name) = admitted.parts();
    let question = Question { document, text, operation_name, variables: &variables };
    if matches!(root, Root::System) && asks_for_schema_only(&question) {
        return described(state, admitted, variables).await.map(Data::Kept);
    }
    let session = Session::new(state.store.clone(), caller.actor, caller.request);
    match tokio::time::timeout(limit, execute(&session, &base_url, &question, root)).await {
        Ok(done) => Ok(Data::Text(done?)),
        Err(_) => Err(Failure::from(StoreError::Timeout).into()),
    }
}

/// The answer to a question about the schema: the same for all who may ask, as long as the search parameters are, so the last ones are kept.
async fn described(state: &State, admitted: Admitted, variables: Object<'static>) -> Result<Bytes, Fault> {
    static ANSWERS: Mutex<Vec<(Vec<u8>, Bytes)>> = Mutex::new(Vec::new());
    let answers = || ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut parameters = state.store.parameters();
    if !state.store.are_newest(&parameters).await.map_err(Failure::from)? {
        parameters = state.store.parameters();
    }
    let key = {
        let (_, text, name) = admitted.parts();
        crate::auth::hash(
            &json!([parameters.added.identity(), text, name, Json::Object(variables.clone()).to_text()]).to_string(),
        )
    };
    if let Some((_, kept)) = answers().iter().find(|(of, _)| *of == key) {
        return Ok(kept.clone());
    }
    let computed = tokio::task::spawn_blocking(move || -> Result<Bytes, GraphError> {
        let (document, text, operation_name) = admitted.parts();
        let data = introspect(&Question { document, text, operation_name, variables: &variables }, &parameters)?;
        let packed = GzEncoder::new(Vec::new(), Compression::default());
        let packed =
            written(packed, &data).map_err(|e| StoreError::Internal(format!("an answer is not packed: {e}")))?;
        Ok(packed.into())
    });
    let computed = computed.await.map_err(|e| Failure::from(StoreError::Internal(e.to_string())))??;
    let mut answers = answers();
    if answers.len() == KEPT {
        answers.remove(0);
    }
    answers.push((key, computed.clone()));
    Ok(computed)
}

fn written(mut packed: GzEncoder<Vec<u8>>, data: &str) -> std::io::Result<Vec<u8>> {
    write!(packed, "{{\"data\":{data}}}")?;
    packed.finish()
}

fn answer(asked: Result<Data, Fault>, headers: &HeaderMap) -> Response {
    let Fault { status, issues, pos, path, written } = match asked {
        Ok(Data::Text(data)) => return respond(StatusCode::OK, format!("{{\"data\":{data}}}")),
        Ok(Data::Kept(packed)) => match kept(packed, headers) {
            Ok(response) => return response,
            Err(error) => Failure::from(StoreError::Internal(error.to_string())).into(),
        },
        Err(fault) => fault,
    };
    let errors = issues.into_iter().map(|mut issue| {
        if let Some(written) = &written {
            issue.diagnostics = format!("{written} was written, but has no answer: {}", issue.diagnostics);
        }
        let outcome =
            RawValue::from_string(operation_outcome(std::slice::from_ref(&issue))).expect("an outcome is JSON");
        let mut error = json!({ "message": issue.diagnostics, "extensions": { "resource": outcome } });
        if let Some(pos) = pos {
            error["locations"] = json!([{ "line": pos.line, "column": pos.column }]);
        }
        if !path.is_empty() {
            error["path"] = json!(path);
        }
        error
    });
    let errors: Vec<Value> = errors.collect();
    let mut response = respond(status, json!({ "errors": errors, "data": Value::Null }).to_string());
    let told = match status {
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "POST")),
        _ => None,
    };
    if let Some((name, value)) = told {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.extensions_mut().insert(crate::audit::Refused);
    response
}

/// As it is kept, for who takes gzip; else unpacked.
fn kept(packed: Bytes, headers: &HeaderMap) -> std::io::Result<Response> {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    let mut accepted = accepted.flat_map(|v| v.split(','));
    let takes = accepted.any(|one| matches!(one.trim(), "gzip" | "gzip;q=1" | "gzip;q=1.0"));
    let mut response = if takes {
        let mut response = respond(StatusCode::OK, packed);
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut text = String::new();
        GzDecoder::new(&*packed).read_to_string(&mut text)?;
        respond(StatusCode::OK, text)
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

fn respond(status: StatusCode, body: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.into()).into_response()
}
