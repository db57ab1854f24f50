//! patch: <https://hl7.org/fhir/R4/http.html#patch>. The store applies the patch to the version it has locked.

use std::borrow::Cow;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::role::Interaction;
use entity::store::{Act, Match, Plan, Write};
use fhir::patch::{JSON_PATCH, Patch};
use fhir::{Issue, IssueType, Json};
use http::{HeaderMap, StatusCode, Uri, header};

use super::write::{commit, conditions, criteria_in, only, permitted, written};
use super::{
    Base, Failure, RESOURCE_LIMIT, Response, State, body, changeable, parameters, resource_type, text, version_tag,
};
use crate::auth::Caller;

pub(super) async fn one(
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
    changeable(resource_type, "PATCH")?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let patch = read(&headers, content).await?;
    let outcome = commit(&state, &caller, Write { resource_type, id, act: Act::Patch { patch, expected } }).await?;
    Ok(written(outcome, &state, &caller, base, &headers).await)
}

/// The one resource that meets the criteria.
pub(super) async fn conditional(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let resource_type = resource_type(&name)?;
    changeable(resource_type, "PATCH")?;
    let (query, _) = criteria_in(&uri, resource_type, &caller, &state, base, &[]).await?;
    let expected = version_tag(&headers, header::IF_MATCH)?;
    let patch = read(&headers, content).await?;
    permitted(&caller, resource_type, &[Interaction::Read, Interaction::Update])?;
    let conditions = conditions(query, 2, &["patch", &format!("{expected:?}"), patch.text()]);
    let decide = |matches: &[Vec<Match>]| match &matches[0][..] {
        [one] => {
            let act = Act::Patch { patch: patch.clone(), expected };
            Ok((Cow::Owned(Plan::of(vec![Write { resource_type, id: one.id.clone(), act }])), true))
        }
        [] => Ok((Cow::Owned(Plan::of(Vec::new())), false)),
        _ => Err(StoreError::MultipleMatches { resource_type }),
    };
    let (outcomes, found) =
        state.store.commit_conditional(&caller.actor, &caller.request, &conditions, &decide).await?;
    if !found {
        let issue = Issue::error(IssueType::NotFound, "the criteria match no resource");
        return Err(Failure::Status(StatusCode::NOT_FOUND, vec![issue]));
    }
    Ok(written(only(outcomes)?, &state, &caller, base, &headers).await)
}

/// A JSON Patch, or a FHIRPath Patch in any form that a resource has.
async fn read(headers: &HeaderMap, content: Body) -> Result<Patch, Failure> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_json_patch = media.split(';').next().is_some_and(|m| m.trim().eq_ignore_ascii_case(JSON_PATCH));
    let patch = if is_json_patch {
        Patch::json(&text(content, RESOURCE_LIMIT).await?)
    } else {
        let parameters = body(headers, content, RESOURCE_LIMIT).await?;
        let parameters =
            Json::parse(&parameters).map_err(|e| refused(Issue::error(IssueType::Structure, e.to_string())))?;
        Patch::fhirpath(&parameters)
    };
    patch.map_err(refused)
}

/// What cannot be read is 400, whatever is wrong with it.
fn refused(issue: Issue) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![issue])
}
