//! `$run` of a ViewDefinition: <https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/operations-run.html>. Rows are made page by page as the
//! answer leaves, of what the caller may search. A view that fails on a later page breaks the answer off; it never ends as if it were whole.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use bytes::Bytes;
use entity::store::{Lookup, PageRequest};
use entity::{Actor, Store, StoreError};
use fhir::reference::relative;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Clause, Query};
use fhir::search::registry;
use fhir::table::{Surroundings, View, write_csv, write_object};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::group::members;
use super::once;
use crate::auth::Caller;
use crate::fhir::failure::issues_status;
use crate::fhir::format::accepted;
use crate::fhir::{BUNDLE_LIMIT, Base, Failure, Response, State, body, pairs};

/// Resources per statement.
const PAGE_SIZE: u32 = 500;
/// Most patients that one request is narrowed to.
const MAX_PATIENTS: usize = 1000;
const SIMPLE: [&str; 7] = ["_format", "header", "viewReference", "patient", "group", "_since", "_limit"];

/// `/$viewdefinition-run` and `/ViewDefinition/$run`: the view is named or given.
pub(in crate::fhir) async fn of_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    mut caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    // A chart that is opened to one person is for reading it, not for tables of many.
    caller.actor = caller.actor.unopened();
    let asked = Asked::read(&uri, &headers, content).await?;
    let view = match (once(&asked.simple, "viewReference")?, &asked.view) {
        (Some(_), Some(_)) => return Err(Failure::bad("viewReference and viewResource exclude each other")),
        (None, None) => return Err(refused(IssueType::Required, "viewReference or viewResource names the view")),
        (Some(reference), None) => match relative(&reference) {
            Some((ResourceType::ViewDefinition, id, None)) => stored_view(&state, &caller.actor, id).await?,
            _ => return Err(Failure::bad("viewReference is of the form ViewDefinition/id")),
        },
        (None, Some(text)) => text.clone(),
    };
    answer(&state, base, caller, &view, asked, &headers).await
}

/// `/ViewDefinition/{id}/$run`
pub(in crate::fhir) async fn of_instance(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    mut caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    caller.actor = caller.actor.unopened();
    let asked = Asked::read(&uri, &headers, content).await?;
    if asked.view.is_some() || once(&asked.simple, "viewReference")?.is_some() {
        return Err(Failure::bad("the view is the one in the URL"));
    }
    let view = stored_view(&state, &caller.actor, &id).await?;
    answer(&state, base, caller, &view, asked, &headers).await
}

async fn stored_view(state: &State, actor: &Actor, id: &str) -> Result<String, Failure> {
    Ok(stored(&state.store, actor, ResourceType::ViewDefinition, id).await?)
}

async fn stored(store: &Store, actor: &Actor, ty: ResourceType, id: &str) -> Result<String, StoreError> {
    match store.read(actor, ty, id).await? {
        Lookup::Found(stored) => Ok(stored.body),
        Lookup::Deleted { .. } => Err(StoreError::Gone { resource_type: ty, id: id.to_owned() }),
        Lookup::Absent => Err(StoreError::NotFound { resource_type: ty, id: id.to_owned() }),
    }
}

fn refused(code: IssueType, text: &str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)])
}

/// What a request gives.
#[derive(Default)]
struct Asked {
    simple: Vec<(String, String)>,
    /// `viewResource` as text.
    view: Option<String>,
    /// Each `resource`, to be used in place of what is stored.
    resources: Vec<String>,
}

impl Asked {
    async fn read(uri: &Uri, headers: &HeaderMap, content: Body) -> Result<Self, Failure> {
        let mut asked = Self::default();
        for (name, value) in pairs(uri.query().unwrap_or_default())? {
            asked.take(&name, value)?;
        }
        if !headers.contains_key(header::CONTENT_TYPE) {
            return Ok(asked);
        }
        let text = body(headers, content, BUNDLE_LIMIT).await?;
        let document = Json::parse(&text).map_err(|e| refused(IssueType::Structure, &e.to_string()))?;
        if document.str_at("resourceType") != Some("Parameters") {
            return Err(refused(IssueType::Structure, "the body of an operation is Parameters"));
        }
        for (n, parameter) in document.get("parameter").map_or(&[][..], Json::items).iter().enumerate() {
            let place = format!("Parameters.parameter[{n}]");
            let name = parameter.str_at("name").unwrap_or_default();
            let resource = parameter.get("resource").map(Json::to_text);
            match (name, resource) {
                ("viewResource", Some(view)) if asked.view.is_none() => asked.view = Some(view),
                ("viewResource", Some(_)) => return Err(Failure::bad("viewResource is given twice")),
                ("resource", Some(resource)) => asked.resources.push(resource),
                ("viewResource" | "resource", None) => {
                    return Err(refused(IssueType::Required, &format!("{place} has no resource")));
                }
                _ => {
                    let values = parameter.as_object().into_iter().flat_map(fhir::json::Object::iter);
                    let value = values.filter(|(member, _)| member.starts_with("value")).find_map(|(_, v)| match v {
                        Json::String(text) | Json::Number(text) => Some(text.to_string()),
                        Json::Bool(flag) => Some(flag.to_string()),
                        other => other.str_at("reference").map(ToOwned::to_owned),
                    });
                    let text = format!("{place} has no value that can be read");
                    asked.take(name, value.ok_or_else(|| refused(IssueType::Structure, &text))?)?;
                }
            }
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), Failure> {
        if !SIMPLE.contains(&name) {
            let text = format!("the parameter {name} is not supported here");
            return Err(refused(IssueType::NotSupported, &text));
        }
        self.simple.push((name.to_owned(), value));
        Ok(())
    }

    /// The ids behind a repeated reference, which may be given bare.
    fn ids(&self, name: &str, of: ResourceType) -> Result<Vec<String>, Failure> {
        let values = self.simple.iter().filter(|(n, _)| n == name).map(|(_, value)| {
            let id = value.strip_prefix(of.name()).and_then(|v| v.strip_prefix('/')).unwrap_or(value);
            let text = format!("{name} is of the form {of}/id");
            if fhir::reference::is_id(id) { Ok(id.to_owned()) } else { Err(Failure::bad(&text)) }
        });
        values.collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Ndjson,
    Csv { header: bool },
}

impl Form {
    fn named(media: &str) -> Option<Self> {
        let name = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().replace(' ', "+");
        match name.as_str() {
            "*/*"
            | "application/*"
            | "ndjson"
            | "application/x-ndjson"
            | "application/ndjson"
            | "application/fhir+ndjson" => Some(Self::Ndjson),
            "json" | "application/json" | "application/fhir+json" => Some(Self::Json),
            "csv" | "text/csv" | "text/*" => Some(Self::Csv { header: true }),
            _ => None,
        }
    }

    fn media(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
            Self::Csv { header: true } => "text/csv; charset=utf-8; header=present",
            Self::Csv { header: false } => "text/csv; charset=utf-8; header=absent",
        }
    }
}

async fn answer(
    state: &State,
    base: Base,
    caller: Caller,
    view: &str,
    asked: Asked,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let form = match once(&asked.simple, "_format")? {
        Some(name) => Form::named(&name),
        None => accepted(headers, Form::named),
    };
    let form = form.ok_or_else(|| {
        let issue = Issue::error(IssueType::NotSupported, "rows are served as json, ndjson or csv");
        Failure::Status(StatusCode::NOT_ACCEPTABLE, vec![issue])
    })?;
    let form = match (form, once(&asked.simple, "header")?.as_deref()) {
        (form, None) | (form @ Form::Csv { .. }, Some("true")) => form,
        (Form::Csv { .. }, Some("false")) => Form::Csv { header: false },
        (Form::Csv { .. }, Some(_)) => return Err(Failure::bad("header is true or false")),
        (_, Some(_)) => return Err(Failure::bad("header goes with csv")),
    };
    let limit = match once(&asked.simple, "_limit")? {
        Some(text) => Some(
            text.parse::<u64>()
                .ok()
                .filter(|n| *n > 0)
                .ok_or_else(|| Failure::bad("_limit is a positive whole number"))?,
        ),
        None => None,
    };
    let unreadable = |issues: Vec<Issue>| Failure::Status(StatusCode::UNPROCESSABLE_ENTITY, issues);
    let document = Json::parse(view).map_err(|e| refused(IssueType::Structure, &e.to_string()))?;
    if document.str_at("resourceType") != Some("ViewDefinition") {
        return Err(refused(IssueType::Invalid, "viewResource is a ViewDefinition"));
    }
    let view = View::read(&document).map_err(unreadable)?;
    let source = if asked.resources.is_empty() {
        match query(&state.store, &caller, view.resource(), &asked).await? {
            Some(query) => Source::Stored { query: Box::new(query), token: None },
            None => Source::Given(Vec::new()),
        }
    } else {
        if let Some((name, _)) = asked.simple.iter().find(|(n, _)| matches!(n.as_str(), "patient" | "group" | "_since"))
        {
            return Err(Failure::bad(&format!("{name} narrows what is stored; it does not go with resource")));
        }
        Source::Given(asked.resources)
    };
    let mut rows = Rows {
        store: state.store.clone(),
        base_url: format!("{}{}", state.public_url, base.0),
        caller,
        view: Arc::new(view),
        form,
        left: limit.unwrap_or(u64::MAX),
        source,
        begun: false,
        any: false,
    };
    // What fails on the first page is still a refusal.
    let first = rows.page().await?;
    let rest = futures_util::stream::try_unfold(rows, |mut rows| async move {
        match rows.page().await {
            Ok(Some(text)) => Ok(Some((Bytes::from(text), rows))),
            Ok(None) => Ok(None),
            Err(failure) => {
                let issues = failure.parts().1;
                let places: Vec<&str> = issues.iter().flat_map(|i| &i.expression).map(String::as_str).collect();
                tracing::warn!(place = places.join(" "), "the rows of a view broke off");
                Err(std::io::Error::other("the rows broke off"))
            }
        }
    });
    let first = futures_util::stream::iter(first.map(|text| Ok(Bytes::from(text))));
    let mut response = Response::new(Body::from_stream(futures_util::StreamExt::chain(first, rest)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media()));
    Ok(response)
}

/// The resources of the view's type that the request is about; `None` for those of groups without members.
async fn query(store: &Store, caller: &Caller, ty: ResourceType, asked: &Asked) -> Result<Option<Query>, Failure> {
    let read = |pairs: &[(String, String)]| {
        let parsed = parse(ty, pairs, Handling::Strict, caller.request.now, &Options::default());
        parsed.map(|p| p.query).map_err(|issues| Failure::Status(issues_status(&issues), issues))
    };
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let since = once(&asked.simple, "_since")?.map(|since| pair("_lastUpdated", format!("ge{since}")));
    let mut query = read(since.as_slice())?;
    let mut patients = asked.ids("patient", ResourceType::Patient)?;
    let groups = asked.ids("group", ResourceType::Group)?;
    if patients.is_empty() && groups.is_empty() {
        return Ok(Some(query));
    }
    for id in &groups {
        let text = stored(store, &caller.actor, ResourceType::Group, id).await?;
        patients.extend(members(&text, caller.request.now)?);
    }
    patients.sort_unstable();
    patients.dedup();
    if patients.len() > MAX_PATIENTS {
        let text = format!("rows are narrowed to at most {MAX_PATIENTS} patients at once");
        return Err(StoreError::TooCostly(text).into());
    }
    if patients.is_empty() {
        return Ok(None);
    }
    if ty == ResourceType::Patient {
        query.all.extend(read(&[pair("_id", patients.join(","))])?.all);
    } else if registry::compartment_parameters(ResourceType::Patient, ty).is_empty() {
        return Err(refused(IssueType::NotSupported, &format!("{ty} is of no patient: patient and group say nothing")));
    } else {
        let owner = ResourceType::Patient;
        let mut compartments: Vec<Clause> = patients.into_iter().map(|id| Clause::Compartment { owner, id }).collect();
        query.all.push(if compartments.len() == 1 { compartments.remove(0) } else { Clause::Or(compartments) });
    }
    Ok(Some(query))
}

/// Where the resources come from, and how far one has come.
enum Source {
    /// `token` is of the next page; `None` at the beginning.
    Stored {
        query: Box<Query>,
        token: Option<String>,
    },
    Given(Vec<String>),
    /// Nothing more comes.
    Ended,
}

/// An answer under way.
struct Rows {
    store: Store,
    caller: Caller,
    base_url: String,
    view: Arc<View>,
    form: Form,
    /// Rows that may still be given.
    left: u64,
    source: Source,
    begun: bool,
    /// Whether a row was given.
    any: bool,
}

impl Rows {
    /// The text of the next page of resources; `None` after the last.
    async fn page(&mut self) -> Result<Option<String>, Failure> {
        let (bodies, next): (Vec<String>, Source) = match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Ended => return Ok(None),
            Source::Given(texts) => (texts, Source::Ended),
            Source::Stored { query, token } => {
                let request = PageRequest { limit: PAGE_SIZE, token, ..PageRequest::default() };
                let page = self.store.search(&self.caller.actor, &query, &request).await?;
                let next = match page.next() {
                    Some(token) => Source::Stored { query, token: Some(token) },
                    None => Source::Ended,
                };
                (page.matches.into_iter().map(|s| s.body).collect(), next)
            }
        };
        let mut out = String::new();
        let is_first = !std::mem::replace(&mut self.begun, true);
        match self.form {
            Form::Json if is_first => out.push('['),
            Form::Csv { header: true } if is_first => {
                let names: Vec<Json<'_>> = self.view.columns().iter().map(|n| Json::from(n.as_str())).collect();
                write_csv(&names, &mut out);
            }
            _ => {}
        }
        for text in &bodies {
            if self.left == 0 {
                break;
            }
            self.rows_of(text, &mut out)?;
        }
        self.source = if self.left == 0 { Source::Ended } else { next };
        if self.form == Form::Json && matches!(self.source, Source::Ended) {
            out.push_str("\n]\n");
        }
        Ok(Some(out))
    }

    fn rows_of(&mut self, text: &str, out: &mut String) -> Result<(), Failure> {
        let document = Json::parse(text).map_err(|e| refused(IssueType::Structure, &e.to_string()))?;
        let around = Surroundings { now: self.caller.request.now.into(), base_url: &self.base_url };
        let view = self.view.clone();
        let rows = view.rows(&document, around);
        let rows = rows.map_err(|issue| Failure::Status(StatusCode::UNPROCESSABLE_ENTITY, vec![issue]))?;
        for row in rows.iter().take(usize::try_from(self.left).unwrap_or(usize::MAX)) {
            self.left -= 1;
            match self.form {
                Form::Json => {
                    out.push_str(if std::mem::replace(&mut self.any, true) { ",\n" } else { "\n" });
                    write_object(view.columns(), row, out);
                }
                Form::Ndjson => {
                    write_object(view.columns(), row, out);
                    out.push('\n');
                }
                Form::Csv { .. } => write_csv(row, out),
            }
        }
        Ok(())
    }
}
