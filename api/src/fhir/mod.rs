//! The FHIR R4 REST facade: HTTP to store calls, results to FHIR. It holds no rules of its own.

mod binary;
mod capability;
mod failure;
mod format;
mod graphql;
mod history;
mod job;
mod openapi;
mod operation;
mod patch;
mod prefer;
mod read;
mod search;
mod transaction;
mod validate;
mod write;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::handler::Handler;
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get, post};
use entity::store::Stored;
use entity::{Role, Store, StoreError};
use fhir::summary::Subset;
use fhir::xml::{XmlError, from_xml};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

pub use failure::Failure;
use format::Format;
use operation::terminology;

use schema::ClinicalSchema;
use tower::ServiceExt as _;

use crate::auth::Caller;
use crate::auth::pace::Pace;
use crate::auth::password::Work;
use crate::clock::Clock;
use crate::graphql::Settings;
use crate::jobs::Jobs;
use crate::live::Live;
use crate::smart::KeySets;

/// What the doors need: one count, since each layer of a route has it, and each request copies the layers.
#[derive(Clone)]
pub struct State(Arc<Parts>);

impl From<Parts> for State {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for State {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of a [`State`].
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    /// Without a slash at the end; every absolute URL is made from it, never from a request header.
    pub public_url: Arc<str>,
    pub schema: ClinicalSchema,
    /// Whether the demo log-ins are good.
    pub demo: bool,
    /// Whether what only reads is in the audit before it is answered, instead of a tenth of a second later.
    pub audit_at_once: bool,
    pub live: Live,
    pub jobs: Jobs,
    pub graphql: Arc<Settings>,
    /// How many proxies of ours stand in front.
    pub proxy_hops: usize,
    /// How many requests of one account are taken.
    pub pace: Arc<Pace>,
    /// Roles that have to have a second factor.
    pub second_factor: Arc<[Role]>,
    /// Keys that applications publish, as they were last fetched.
    pub key_sets: Arc<KeySets>,
    /// How much was worked on passwords.
    pub password_work: Arc<Work>,
}

/// Largest resource, in bytes.
const RESOURCE_LIMIT: usize = 5 << 20;
/// Largest bundle, in bytes.
const BUNDLE_LIMIT: usize = 50 << 20;
/// Longest URL, in bytes, with its query.
const URL_LIMIT: usize = 16 << 10;
const FHIR_JSON: &str = "application/fhir+json";
/// The parameter that carries a page token.
const PAGE: &str = "_page";

type Response = axum::response::Response;

/// The routes below one base path; links answer with the base the client used.
pub fn routes(base: &'static str, state: &State) -> Router {
    let json = in_json(base, state).layer(axum::middleware::from_fn(format::layer));
    json.merge(in_other_forms(base, state)).layer(axum::middleware::from_fn(bounded))
}

/// Refuses a URL that is too long before anybody reads it.
async fn bounded(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    if request.uri().path().contains("%00") {
        return Failure::bad("the path holds the character NUL").into_response();
    }
    let length = request.uri().path_and_query().map_or(0, |p| p.as_str().len());
    if length <= URL_LIMIT {
        return next.run(request).await;
    }
    let text =
        format!("the URL has {length} bytes, at most {URL_LIMIT} are read; a search may go as a form to _search");
    let issue = Issue::error(IssueType::TooLong, text);
    Failure::Status(StatusCode::URI_TOO_LONG, vec![issue]).into_response()
}

/// What is answered in forms of its own.
fn in_other_forms(base: &'static str, state: &State) -> Router {
    let at = |path: &str| format!("{base}{path}");
    Router::new()
        .route(&at("/ws"), get(crate::hook::socket::upgrade))
        .route(&at("/$graphql"), operation(graphql::of_system))
        .route(&at("/{type}/{id}/$graphql"), operation(graphql::of_instance))
        .route(&at("/$viewdefinition-run"), operation(operation::view::of_system))
        .route(&at("/ViewDefinition/$run"), operation(operation::view::of_system))
        .route(&at("/ViewDefinition/{id}/$run"), operation(operation::view::of_instance))
        .route(&at("/$job/{id}"), get(job::status).delete(job::end).fallback(no_method))
        .route(&at("/$job/{id}/{file}"), get(job::file).fallback(no_method))
        .layer(axum::Extension(Base(base)))
        .with_state(state.clone())
}

fn in_json(base: &'static str, state: &State) -> Router {
    let at = |path: &str| format!("{base}{path}");
    let system = post(transaction::handle).get(search::get_system).options(capability::handle).fallback(no_method);
    Router::new()
        .route(base, system.clone())
        .route(&at("/"), system)
        .route(&at("/metadata"), get(capability::handle).fallback(no_method))
        .route(&at("/openapi.json"), get(openapi::handle).fallback(no_method))
        .route(
            &at("/{type}"),
            get(search::get)
                .post(write::create)
                .put(write::conditional_update)
                .patch(patch::conditional)
                .delete(write::conditional_delete)
                .fallback(no_method),
        )
        .route(&at("/_history"), get(history::of_system).fallback(no_method))
        .route(&at("/_search"), post(search::post_system).fallback(no_method))
        .route(&at("/{type}/_history"), get(history::of_type).fallback(no_method))
        .route(&at("/{type}/_search"), post(search::post).fallback(no_method))
        .route(&at("/{type}/$validate"), post(validate::of_type).fallback(no_method))
        .route(
            &at("/{type}/{id}/$validate"),
            get(validate::of_instance).post(validate::of_instance).fallback(no_method),
        )
        .route(&at("/$export"), operation(operation::export::of_system))
        .route(&at("/$fhirpath"), post(operation::fhirpath::handle).fallback(no_method))
        .route(&at("/$import"), post(operation::import::handle).fallback(no_method))
        .route(&at("/$reindex"), post(operation::reindex::of_system).fallback(no_method))
        .route(&at("/{type}/$reindex"), post(operation::reindex::of_type).fallback(no_method))
        .route(&at("/Patient/$export"), operation(operation::export::of_patients))
        .route(&at("/Group/{id}/$export"), operation(operation::export::of_group))
        .route(&at("/Patient/$everything"), operation(operation::everything::of_all))
        .route(&at("/Group/{id}/$everything"), operation(operation::everything::of_group))
        .route(&at("/Patient/{id}/$everything"), operation(operation::everything::of_patient))
        .route(&at("/Encounter/{id}/$everything"), operation(operation::everything::of_encounter))
        .route(&at("/Composition/{id}/$document"), operation(operation::document::handle))
        .route(&at("/Patient/$match"), post(operation::match_patient::handle).fallback(no_method))
        .route(&at("/Observation/$lastn"), operation(operation::lastn::handle))
        .route(&at("/ValueSet/$expand"), operation(terminology::expand::of_type))
        .route(&at("/ValueSet/{id}/$expand"), operation(terminology::expand::of_instance))
        .route(&at("/ValueSet/$validate-code"), operation(terminology::code::validate_in_set))
        .route(&at("/ValueSet/{id}/$validate-code"), operation(terminology::code::validate_in_stored_set))
        .route(&at("/CodeSystem/$validate-code"), operation(terminology::code::validate_in_system))
        .route(&at("/CodeSystem/{id}/$validate-code"), operation(terminology::code::validate_in_stored_system))
        .route(&at("/CodeSystem/$lookup"), operation(terminology::code::lookup))
        .route(&at("/CodeSystem/$subsumes"), operation(terminology::code::subsumes))
        .route(&at("/CodeSystem/{id}/$subsumes"), operation(terminology::code::subsumes_in_stored))
        .route(&at("/ConceptMap/$translate"), operation(terminology::translate::of_type))
        .route(&at("/ConceptMap/{id}/$translate"), operation(terminology::translate::of_instance))
        .route(&at("/{type}/{id}/$meta"), get(operation::meta::of_instance).fallback(no_method))
        .route(&at("/{type}/{id}/_history/{version}/$meta"), get(operation::meta::of_version).fallback(no_method))
        .route(&at("/{type}/{id}/$meta-add"), post(operation::meta::add).fallback(no_method))
        .route(&at("/{type}/{id}/$meta-delete"), post(operation::meta::delete).fallback(no_method))
        .route(&at("/Subscription/{id}/$webhook-secret"), post(operation::webhook_secret::handle).fallback(no_method))
        .route(&at("/{type}/{id}/$diff"), get(operation::diff::handle).fallback(no_method))
        .route(
            &at("/{type}/{id}"),
            get(read::read).put(write::update).patch(patch::one).delete(write::delete).fallback(nothing_or_no_method),
        )
        .route(&at("/{type}/{id}/{member}"), get(search::get_compartment).fallback(nothing_or_no_method))
        .route(&at("/{type}/{id}/_history"), get(history::of_instance).fallback(no_method))
        .route(&at("/{type}/{id}/_history/{version}"), get(read::vread).fallback(no_method))
        .layer(axum::Extension(Base(base)))
        .with_state(state.clone())
}

/// An operation that changes nothing is asked by GET or POST.
fn operation<H, T>(handler: H) -> MethodRouter<State>
where
    H: Handler<T, State>,
    T: 'static,
{
    get(handler.clone()).post(handler).fallback(no_method)
}

/// The base path a request came in by.
#[derive(Debug, Clone, Copy)]
struct Base(&'static str);

/// Answers a request that came within another one, as its caller.
async fn within(state: &State, base: Base, caller: &Caller, mut request: http::Request<Body>) -> Response {
    request.extensions_mut().insert(caller.clone());
    let routes = in_json(base.0, state).fallback(no_place);
    match routes.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn no_method(method: Method) -> Failure {
    let issue = Issue::error(IssueType::NotSupported, format!("{method} is not served here"));
    Failure::Status(StatusCode::METHOD_NOT_ALLOWED, vec![issue])
}

/// As [`no_method`]; an operation that nobody knows is not there by any method.
async fn nothing_or_no_method(method: Method, uri: Uri) -> Failure {
    if uri.path().rsplit('/').next().is_some_and(|last| last.starts_with('$')) {
        return no_place(uri).await;
    }
    no_method(method).await
}

/// Provenance and the audit tell what was done: nobody changes them afterwards.
fn changeable(resource_type: ResourceType, method: &str) -> Result<(), Failure> {
    if capability::is_changeable(resource_type) {
        return Ok(());
    }
    let text = format!("{method} is not served for {resource_type}, which is a record of what was done");
    let issue = Issue::error(IssueType::NotSupported, text);
    Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED, vec![issue]))
}

/// The answer to a path that no route has.
pub async fn no_place(uri: Uri) -> Failure {
    let issue = Issue::error(IssueType::NotFound, format!("there is nothing at {}", uri.path()));
    Failure::Status(StatusCode::NOT_FOUND, vec![issue])
}

/// The type in a URL. `Parameters` has no endpoint in R4.
pub(crate) fn resource_type(name: &str) -> Result<ResourceType, Failure> {
    ResourceType::named(name).filter(|t| capability::is_served(*t)).ok_or_else(|| {
        let issue = Issue::error(IssueType::NotFound, format!("\"{name}\" is not a resource type served here"));
        Failure::Status(StatusCode::NOT_FOUND, vec![issue])
    })
}

/// Refuses a parameter nobody reads. `_format` and `_pretty` are read in [`format`].
///
/// `known` names the parameters the interaction reads itself.
pub(crate) fn parameters(uri: &Uri, known: &[&str]) -> Result<Vec<(String, String)>, Failure> {
    let mut own = Vec::new();
    for (name, value) in pairs(uri.query().unwrap_or_default())? {
        match name.as_str() {
            "_format" | "_pretty" => {}
            known_name if known.contains(&known_name) => own.push((name, value)),
            name => {
                let issue =
                    Issue::error(IssueType::NotSupported, format!("the parameter {name} is not supported here"));
                return Err(Failure::Status(StatusCode::BAD_REQUEST, vec![issue]));
            }
        }
    }
    Ok(own)
}

/// The decoded pairs of a query string or a form.
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, String)>, Failure> {
    let pairs = fhir::search::criteria::pairs(query);
    let pairs = pairs.ok_or_else(|| Failure::bad("the query is not percent-encoded UTF-8"))?;
    // Nothing that is stored has it, and the database takes none.
    match pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        Some((name, _)) => Err(Failure::bad(&format!("the parameter {name:?} holds the character NUL"))),
        None => Ok(pairs),
    }
}

/// Percent-encoded for a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' | b'/' | b'$' => {
                out.push(b as char);
            }
            _ => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    out
}

/// Reads a body up to `limit` bytes, as JSON text.
async fn body(headers: &HeaderMap, body: Body, limit: usize) -> Result<String, Failure> {
    let format = Format::of_body(headers)?;
    let text = text(body, limit).await?;
    match format {
        Format::Json => Ok(text),
        Format::Xml => {
            let unreadable = |error: XmlError| vec![Issue::error(IssueType::Structure, error.to_string())];
            let document = from_xml(&text).map_err(|e| Failure::Status(StatusCode::BAD_REQUEST, unreadable(e)))?;
            Ok(document.to_text())
        }
    }
}

/// Reads a body up to `limit` bytes.
async fn text(body: Body, limit: usize) -> Result<String, Failure> {
    let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| {
        let issue = Issue::error(IssueType::TooLong, format!("the body has more than {limit} bytes, or it broke off"));
        Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, vec![issue])
    })?;
    String::from_utf8(bytes.into()).map_err(|e| {
        let text = format!("the body is not UTF-8 (byte {})", e.utf8_error().valid_up_to());
        Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::Structure, text)])
    })
}

/// `W/"3"` as a version.
fn version_tag(headers: &HeaderMap, name: http::HeaderName) -> Result<Option<i32>, Failure> {
    let Some(value) = headers.get(&name) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let version = tag.strip_prefix('"').and_then(|t| t.strip_suffix('"')).and_then(|t| t.parse().ok());
    version.map(Some).ok_or_else(|| Failure::bad(&format!("{name} is of the form W/\"1\"")))
}

fn etag(version_id: i32) -> HeaderValue {
    HeaderValue::from_str(&format!("W/\"{version_id}\"")).expect("digits are a header value")
}

/// The text of the wanted part of a resource.
fn part<'s>(stored: &'s Stored, subset: &Subset<'_>, searched: bool) -> Result<Cow<'s, str>, Failure> {
    if subset.is_whole() {
        return Ok(Cow::Borrowed(&stored.body));
    }
    let document = Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    Ok(Cow::Owned(subset.of(document, stored.resource_type, searched).to_text()))
}

/// Status, `ETag`, `Last-Modified` and the resource as body.
fn resource(status: StatusCode, stored: Stored) -> Response {
    let mut response = json(status, stored.body);
    stamp(response.headers_mut(), stored.version_id, stored.last_updated);
    response
}

fn stamp(headers: &mut HeaderMap, version_id: i32, last_updated: chrono::DateTime<chrono::Utc>) {
    headers.insert(header::ETAG, etag(version_id));
    let http_date = httpdate::fmt_http_date(last_updated.into());
    headers.insert(header::LAST_MODIFIED, HeaderValue::from_str(&http_date).expect("a date is a header value"));
}

fn json(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let value = HeaderValue::from_static("application/fhir+json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
