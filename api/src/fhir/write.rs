//! create, update and delete, plain and conditional: <https://hl7.org/fhir/R4/http.html#create>.

use std::borrow::Cow;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::response::IntoResponse as _;
use entity::StoreError;
use entity::role::Interaction;
use entity::store::{Act, Conditions, Criterion, Lookup, Match, Outcome, PageRequest, Plan, Stored, Write};
use fhir::outcome::operation_outcome;
use fhir::search::extract::Options;
use fhir::search::query::Query;
use fhir::{Issue, IssueType, Json, ResourceType, document};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use sha2::{Digest as _, Sha256};

use super::failure::issues_status;
use super::prefer::{Prefer, Return};
use super::{
    Base, Failure, RESOURCE_LIMIT, Response, State, binary, body, changeable, json, pairs, parameters, resource,
    resource_type, stamp, version_tag,
};
use crate::auth::Caller;
use crate::bundle::{by_newest, criteria, criteria_of};

/// Most resources that one conditional delete removes.
const MOST_DELETED: u32 = 1000;

pub(super) async fn create(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let resource_type = resource_type(&name)?;
    // The audit is written by what happens.
    if resource_type == ResourceType::AuditEvent {
        changeable(resource_type, "POST")?;
    }
    let condition = headers.get("if-none-exist").map(|text| text.to_str());
    let condition = condition.transpose().map_err(|_| Failure::bad("If-None-Exist is not ASCII text"))?;
    let condition = match condition {
        Some(text) => {
            Some(read(&state, base, |options| criteria(resource_type, text, &caller.request, options)).await?)
        }
        None => None,
    };
    let body = binary::text(resource_type, None, &headers, content).await?;
    let id = caller.request.ids.nth(0);
    let write = Write { resource_type, id, act: Act::Create { body } };
    let Some(query) = condition else {
        let outcome = commit(&state, &caller, write).await?;
        return Ok(written(outcome, &state, &caller, base, &headers).await);
    };
    permitted(&caller, resource_type, &[Interaction::Create])?;
    let decide = |matches: &[Vec<Match>]| match &matches[0][..] {
        [] => Ok((Cow::Owned(Plan::of(vec![write.clone()])), None)),
        [one] => Ok((Cow::Owned(Plan::of(Vec::new())), Some(one.clone()))),
        _ => Err(StoreError::MultipleMatches { resource_type }),
    };
    let Act::Create { body } = &write.act else { unreachable!("made above") };
    let conditions = conditions(query, 2, &["create", body]);
    let store = &state.store;
    let (outcomes, found) = store.commit_conditional(&caller.actor, &caller.request, &conditions, &decide).await?;
    let Some(found) = found else { return Ok(written(only(outcomes)?, &state, &caller, base, &headers).await) };
    // The version that was found, whatever happened since.
    match store.vread(&caller.actor, resource_type, &found.id, found.version_id).await? {
        Lookup::Found(stored) => {
            let place = location(&state.public_url, base, &stored);
            let mut response = written(Outcome::Updated(stored), &state, &caller, base, &headers).await;
            response.headers_mut().insert(header::LOCATION, place);
            Ok(response)
        }
        Lookup::Deleted { .. } | Lookup::Absent => Err(StoreError::NotFound { resource_type, id: found.id }.into()),
    }
}

pub(super) async fn update(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let resource_type = resource_type(&name)?;
    changeable(resource_type, "PUT")?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let body = binary::text(resource_type, Some(&id), &headers, content).await?;
    match own_id(&body, resource_type)? {
        Some(own) if own == id => {}
        Some(_) => return Err(misplaced("the id of the resource differs from that of the URL")),
        None => return Err(misplaced("the resource has no id")),
    }
    let act = Act::Update { body, expected, may_create: expected.is_none() };
    let outcome = commit(&state, &caller, Write { resource_type, id, act }).await?;
    Ok(written(outcome, &state, &caller, base, &headers).await)
}

pub(super) async fn conditional_update(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    changeable(resource_type, "PUT")?;
    let (query, _) = criteria_in(&uri, resource_type, &caller, &state, base, &[]).await?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let body = body(&headers, content, RESOURCE_LIMIT).await?;
    let own = own_id(&body, resource_type)?;
    permitted(&caller, resource_type, &[Interaction::Update, Interaction::Create])?;
    let conditions = conditions(query, 2, &["update", &format!("{expected:?}"), &body]);
    let decide = |matches: &[Vec<Match>]| {
        let body = body.clone();
        let (id, act) = match (&matches[0][..], &own) {
            ([one], Some(own)) if one.id != *own => {
                let text = "the id of the resource differs from that of the match";
                return Err(StoreError::Invalid(vec![Issue::error(IssueType::Invalid, text).at("id")]));
            }
            ([one], _) => (one.id.clone(), Act::Update { body, expected, may_create: false }),
            // Nothing matches, so nothing may be there under the id of the body either.
            ([], Some(own)) => {
                (own.clone(), Act::Update { body, expected: expected.or(Some(0)), may_create: expected.is_none() })
            }
            ([], None) if expected.is_some() => return Err(StoreError::Invalid(vec![no_match()])),
            ([], None) => (caller.request.ids.nth(0), Act::Create { body }),
            _ => return Err(StoreError::MultipleMatches { resource_type }),
        };
        Ok((Cow::Owned(Plan::of(vec![Write { resource_type, id, act }])), ()))
    };
    let (outcomes, ()) = state.store.commit_conditional(&caller.actor, &caller.request, &conditions, &decide).await?;
    Ok(written(only(outcomes)?, &state, &caller, base, &headers).await)
}

fn no_match() -> Issue {
    Issue::error(IssueType::NotFound, "If-Match names a version, and the criteria match no resource")
}

/// With `_cascade=delete`, what refers to it goes as well, all in one transaction.
pub(super) async fn delete(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let cascade = cascades(&parameters(&uri, &["_cascade"])?)?;
    let resource_type = resource_type(&name)?;
    changeable(resource_type, "DELETE")?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let act = Act::Delete { expected };
    if !cascade {
        let outcome = commit(&state, &caller, Write { resource_type, id, act }).await?;
        return Ok(deleted(&[outcome], &headers));
    }
    let all = state.store.with_referrers(&caller.actor, resource_type, &id).await?;
    let with = all.iter().skip(1).map(|(resource_type, id)| Write {
        resource_type: *resource_type,
        id: id.clone(),
        act: Act::Delete { expected: None },
    });
    let writes = std::iter::once(Write { resource_type, id, act }).chain(with).collect();
    // Who begins to refer to one of them meanwhile makes it a conflict, and nothing is deleted.
    let outcomes = state.store.commit(&caller.actor, &caller.request, &Plan::of(writes)).await?;
    Ok(deleted(&outcomes[..1], &headers))
}

/// Whether `_cascade=delete` is among the parameters.
fn cascades(own: &[(String, String)]) -> Result<bool, Failure> {
    let mut asked = own.iter().filter(|(name, _)| name == "_cascade").map(|(_, value)| value);
    let any = asked.clone().next().is_some();
    if asked.all(|value| value == "delete") { Ok(any) } else { Err(Failure::bad("_cascade is 'delete' or not there")) }
}

/// One match is deleted, several with `_multiple=true`; none is no error. What refers to the one goes as well with `_cascade=delete`.
pub(super) async fn conditional_delete(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    changeable(resource_type, "DELETE")?;
    let (query, own) = criteria_in(&uri, resource_type, &caller, &state, base, &["_multiple", "_cascade"]).await?;
    let cascade = cascades(&own)?;
    let multiple = match own.iter().rev().find(|(name, _)| name == "_multiple").map(|(_, value)| value.as_str()) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Failure::bad("_multiple is true or false")),
    };
    let expected = version_tag(&headers, header::IF_MATCH)?;
    if multiple && expected.is_some() {
        return Err(Failure::bad("If-Match names one version; it does not go with _multiple=true"));
    }
    permitted(&caller, resource_type, &[Interaction::Delete])?;
    if cascade && multiple {
        return Err(Failure::bad("_cascade=delete is for one match; it does not go with _multiple=true"));
    }
    // What refers to the match is looked for before the transaction; one that came to refer to it meanwhile makes it a conflict.
    let with = if cascade { referrers(&state, &caller, &query).await? } else { Vec::new() };
    let most = if multiple { MOST_DELETED } else { 1 };
    let conditions = conditions(query, most + 1, &["delete", &format!("{multiple} {cascade} {expected:?}")]);
    let decide = |matches: &[Vec<Match>]| {
        let found = &matches[0];
        if cascade && found.len() == 1 && with.first().is_none_or(|(_, id)| *id != found[0].id) {
            let text = "what the criteria match has changed meanwhile; nothing was deleted";
            return Err(StoreError::Conflict(text.into()));
        }
        if found.len() > most as usize {
            return Err(if multiple {
                StoreError::TooCostly(format!("the criteria match more than {MOST_DELETED} resources"))
            } else {
                StoreError::MultipleMatches { resource_type }
            });
        }
        let delete = |m: &Match| Write { resource_type, id: m.id.clone(), act: Act::Delete { expected } };
        let taken = with.iter().skip(1).map(|(resource_type, id)| Write {
            resource_type: *resource_type,
            id: id.clone(),
            act: Act::Delete { expected: None },
        });
        let taken = taken.filter(|_| !found.is_empty());
        Ok((Cow::Owned(Plan::of(found.iter().map(delete).chain(taken).collect())), ()))
    };
    let (outcomes, ()) = state.store.commit_conditional(&caller.actor, &caller.request, &conditions, &decide).await?;
    let told = if cascade { outcomes.len().min(1) } else { outcomes.len() };
    Ok(deleted(&outcomes[..told], &headers))
}

/// The one match of the criteria, and what would be left referring to it; nothing when they match none or several.
async fn referrers(state: &State, caller: &Caller, query: &Query) -> Result<Vec<(ResourceType, String)>, Failure> {
    let page = PageRequest { limit: 2, ..PageRequest::default() };
    let page = state.store.search(&caller.actor, query, &page).await?;
    let [found] = &page.matches[..] else { return Ok(Vec::new()) };
    Ok(state.store.with_referrers(&caller.actor, found.resource_type, &found.id).await?)
}

/// Criteria read by the search parameters of now.
async fn read(
    state: &State,
    base: Base,
    criteria: impl Fn(&Options<'_>) -> Result<Query, Vec<Issue>>,
) -> Result<Query, Failure> {
    let base_url = format!("{}{}", state.public_url, base.0);
    let read = by_newest(&state.store, |lookup| {
        criteria(&Options { base_url: Some(&base_url), added: Some(lookup), ..Options::default() })
    });
    read.await?.map_err(refused)
}

/// The criteria in a URL, and the parameters of the interaction's own, which are `known`.
pub(super) async fn criteria_in(
    uri: &Uri,
    resource_type: ResourceType,
    caller: &Caller,
    state: &State,
    base: Base,
    known: &[&str],
) -> Result<(Query, Vec<(String, String)>), Failure> {
    let (mut own, mut rest) = (Vec::new(), Vec::new());
    for (name, value) in pairs(uri.query().unwrap_or_default())? {
        if matches!(name.as_str(), "_format" | "_pretty") {
            // read in `format`
        } else if known.contains(&name.as_str()) {
            own.push((name, value));
        } else {
            rest.push((name, value));
        }
    }
    let query = read(state, base, |options| criteria_of(resource_type, &rest, &caller.request, options)).await?;
    Ok((query, own))
}

fn refused(issues: Vec<Issue>) -> Failure {
    Failure::Status(issues_status(&issues), issues)
}

pub(super) fn conditions(query: Query, limit: u32, request: &[&str]) -> Conditions {
    let mut hash = Sha256::new();
    hash.update(format!("{} {:?}", query.resource_type, query.applied));
    for part in request {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let criteria = vec![Criterion { query, limit, exclusive: true }];
    Conditions { criteria, fingerprint: hash.finalize().to_vec() }
}

/// Refuses before anything is looked up, so that rights do not depend on what is there.
pub(super) fn permitted(caller: &Caller, resource_type: ResourceType, all: &[Interaction]) -> Result<(), Failure> {
    match all.iter().find(|i| !caller.actor.may(**i, resource_type)) {
        Some(interaction) => Err(StoreError::Forbidden { interaction: interaction.code(), resource_type }.into()),
        None => Ok(()),
    }
}

fn own_id(body: &str, resource_type: ResourceType) -> Result<Option<String>, Failure> {
    let own = document::read(body, resource_type).map_err(|i| StoreError::Invalid(vec![i]))?;
    Ok(own.get("id").and_then(Json::as_str).map(ToOwned::to_owned))
}

fn misplaced(text: &str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::Invalid, text).at("id")])
}

pub(super) async fn commit(state: &State, caller: &Caller, write: Write) -> Result<Outcome, Failure> {
    let plan = Plan::of(vec![write]);
    only(state.store.commit(&caller.actor, &caller.request, &plan).await?)
}

pub(super) fn only(mut outcomes: Vec<Outcome>) -> Result<Outcome, Failure> {
    outcomes.pop().ok_or_else(|| StoreError::Internal("a write without an outcome".into()).into())
}

/// 201 with `Location`, or 200; with the resource unless the client prefers something else.
pub(super) async fn written(
    outcome: Outcome,
    state: &State,
    caller: &Caller,
    base: Base,
    headers: &HeaderMap,
) -> Response {
    let (status, stored) = match outcome {
        Outcome::Created(stored) => (StatusCode::CREATED, stored),
        Outcome::Updated(stored) => (StatusCode::OK, stored),
        Outcome::Deleted(_) => return StatusCode::NO_CONTENT.into_response(),
    };
    let location = location(&state.public_url, base, &stored);
    let prefer = Prefer::of(headers);
    let mut response = match prefer.returns {
        None | Some(Return::Representation) => resource(status, stored),
        Some(short) => {
            let mut response = match short {
                Return::OperationOutcome => {
                    // It is stored, so nothing of it is an error; warnings are all there can be.
                    let warnings = super::validate::of_stored(state, caller, &stored).await.unwrap_or_default();
                    json(status, operation_outcome(&warnings))
                }
                Return::Minimal | Return::Representation => status.into_response(),
            };
            stamp(response.headers_mut(), stored.version_id, stored.last_updated);
            response
        }
    };
    prefer.returned(response.headers_mut());
    if status == StatusCode::CREATED {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 204, with the version of the deletion when there was one; 200 with an OperationOutcome for who prefers it.
fn deleted(outcomes: &[Outcome], headers: &HeaderMap) -> Response {
    let prefer = Prefer::of(headers);
    let mut response = if prefer.returns == Some(Return::OperationOutcome) {
        let mut response = json(StatusCode::OK, operation_outcome(&[]));
        prefer.returned(response.headers_mut());
        response
    } else {
        StatusCode::NO_CONTENT.into_response()
    };
    if let [Outcome::Deleted(Some((version_id, last_updated)))] = outcomes {
        stamp(response.headers_mut(), *version_id, *last_updated);
    }
    response
}

fn location(public_url: &str, base: Base, stored: &Stored) -> HeaderValue {
    let Stored { resource_type, id, version_id, .. } = stored;
    let url = format!("{public_url}{}/{resource_type}/{id}/_history/{version_id}", base.0);
    HeaderValue::from_str(&url).expect("ids, names and the configured URL are header values")
}
