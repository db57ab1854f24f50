//! Search: <https://hl7.org/fhir/R4/search.html>. A parameter that cannot be applied exactly is refused; in lenient handling it is
//! left out visibly.

use std::fmt::Write as _;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::store::{Count, PageRequest, Stored};
use fhir::outcome::operation_outcome;
use fhir::search::extract::Options;
use fhir::search::parse::{Parsed, parse};
use fhir::search::query::{Query, Summary, Total};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri, header};

use super::failure::issues_status;
use super::prefer::Prefer;
use super::{Base, Failure, PAGE, Response, State, accept, encoded, json, pairs, resource_type};
use crate::auth::Caller;

/// Matches per page when the client does not say.
const DEFAULT_COUNT: u32 = 20;
/// Up to this many matches are counted without being asked.
const CHEAP_COUNT: u32 = 1000;
/// Longest form of a POST search, in bytes.
const FORM_LIMIT: usize = 64 << 10;

pub(super) async fn get(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    answer(&state, base, &caller, resource_type, pairs(uri.query().unwrap_or_default())?, &headers).await
}

pub(super) async fn post(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if media.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        let issue = Issue::error(IssueType::NotSupported, "the body of a search is application/x-www-form-urlencoded");
        return Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, vec![issue]));
    }
    let form = axum::body::to_bytes(content, FORM_LIMIT).await.map_err(|_| {
        let issue =
            Issue::error(IssueType::TooLong, format!("the form has more than {FORM_LIMIT} bytes, or it broke off"));
        Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, vec![issue])
    })?;
    let form = std::str::from_utf8(&form).map_err(|_| Failure::bad("the form is not UTF-8"))?;
    let mut all = pairs(uri.query().unwrap_or_default())?;
    all.extend(pairs(form)?);
    answer(&state, base, &caller, resource_type, all, &headers).await
}

async fn answer(
    state: &State,
    base: Base,
    caller: &Caller,
    resource_type: ResourceType,
    mut pairs: Vec<(String, String)>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let token = take_page(&mut pairs)?;
    let prefer = Prefer::of(headers);
    let base_url = format!("{}{}", state.public_url, base.0);
    let options = Options { base_url: Some(&base_url), ..Options::default() };
    let parsed = parse(resource_type, &pairs, prefer.handling(), caller.request.now, &options)
        .map_err(|issues| Failure::Status(issues_status(&issues), issues))?;
    accept(parsed.format.as_deref(), headers)?;
    let Parsed { query, warnings, .. } = parsed;
    refuse_unserved(&query)?;

    let limit = query.count.unwrap_or(DEFAULT_COUNT);
    let only_count = limit == 0 || query.summary == Summary::Count;
    let first = token.is_none();
    let actor = &caller.actor;
    let page = if only_count {
        entity::store::Page::default()
    } else {
        state
            .store
            .search(actor, &query, &PageRequest { limit, token: token.clone(), ..PageRequest::default() })
            .await?
    };
    let total = match query.total {
        _ if only_count => state.store.count(actor, &query, Count::Exact).await?,
        Total::Accurate | Total::Estimate => state.store.count(actor, &query, Count::Exact).await?,
        Total::None => None,
        Total::Default if first && page.next.is_none() => Some(page.matches.len() as u64),
        Total::Default if first => state.store.count(actor, &query, Count::UpTo(CHEAP_COUNT)).await?,
        Total::Default => None,
    };
    let included = state.store.included(actor, &page.matches, &query.include, &query.revinclude).await?;

    let link = |token: Option<&str>| self_link(&base_url, &query, limit, token);
    let mut links = vec![("self", link(token.as_deref()))];
    if token.is_some() {
        links.push(("first", link(None)));
    }
    links.extend(page.next.as_deref().map(|t| ("next", link(Some(t)))));
    links.extend(page.previous.as_deref().map(|t| ("previous", link(Some(t)))));
    let mut response = json(StatusCode::OK, bundle(&base_url, total, &links, &page.matches, &included, &warnings));
    prefer.handled(response.headers_mut());
    Ok(response)
}

/// What the parser understands and this page does not carry out.
fn refuse_unserved(query: &Query) -> Result<(), Failure> {
    let name = match query.summary {
        Summary::True | Summary::Text | Summary::Data => "_summary other than count and false",
        Summary::False | Summary::Count if !query.elements.is_empty() => "_elements",
        Summary::False | Summary::Count => return Ok(()),
    };
    Err(StoreError::NotSupported(format!("{name} is not supported yet")).into())
}

fn take_page(pairs: &mut Vec<(String, String)>) -> Result<Option<String>, Failure> {
    let mut tokens: Vec<String> = pairs.iter().filter(|(n, _)| n == PAGE).map(|(_, v)| v.clone()).collect();
    pairs.retain(|(n, _)| n != PAGE);
    if tokens.len() > 1 {
        return Err(Failure::bad("_page is given twice"));
    }
    Ok(tokens.pop())
}

/// What was applied, the page size included.
fn self_link(base_url: &str, query: &Query, limit: u32, token: Option<&str>) -> String {
    let mut url = format!("{base_url}/{}", query.resource_type);
    let mut separator = '?';
    let mut add = |name: &str, value: &str| {
        let _ = write!(url, "{separator}{}={}", encoded(name), encoded(value));
        separator = '&';
    };
    for (name, value) in query.applied.iter().filter(|(n, _)| n != "_count") {
        add(name, value);
    }
    add("_count", &limit.to_string());
    if let Some(token) = token {
        add(PAGE, token);
    }
    url
}

/// The bundle as text: stored bodies go in as they are.
fn bundle(
    base_url: &str,
    total: Option<u64>,
    links: &[(&str, String)],
    matches: &[Stored],
    included: &[Stored],
    warnings: &[Issue],
) -> String {
    let mut out = String::from(r#"{"resourceType":"Bundle","type":"searchset""#);
    if let Some(total) = total {
        let _ = write!(out, r#","total":{total}"#);
    }
    out.push_str(r#","link":["#);
    for (i, (relation, url)) in links.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let _ = write!(out, r#"{comma}{{"relation":"{relation}","url":"#);
        fhir::json::write_string(url, &mut out);
        out.push('}');
    }
    out.push(']');
    let modes = matches.iter().map(|s| (s, "match")).chain(included.iter().map(|s| (s, "include")));
    let mut empty = true;
    let mut begin = |out: &mut String| out.push_str(if std::mem::take(&mut empty) { r#","entry":["# } else { "," });
    for (stored, mode) in modes {
        begin(&mut out);
        let url = format!("{base_url}/{}/{}", stored.resource_type, stored.id);
        let _ = write!(out, r#"{{"fullUrl":"{url}","resource":{},"search":{{"mode":"{mode}"}}}}"#, stored.body);
    }
    if !warnings.is_empty() {
        begin(&mut out);
        let _ = write!(out, r#"{{"resource":{},"search":{{"mode":"outcome"}}}}"#, operation_outcome(warnings));
    }
    if !empty {
        out.push(']');
    }
    out.push('}');
    debug_assert!(Json::parse(&out).is_ok(), "a searchset is JSON");
    out
}
