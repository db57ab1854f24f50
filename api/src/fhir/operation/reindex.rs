//! The kick-off of `$reindex`: what is stored is indexed anew, in the background. What becomes of it is told by [`crate::fhir::job`].

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use fhir::{Issue, IssueType, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::inputs;
use crate::auth::Caller;
use crate::fhir::job::{kept, may_index, wants_async};
use crate::fhir::{Base, Failure, Response, State, resource_type};

/// `POST /$reindex`, of every type or of those named by `_type`.
pub(in crate::fhir) async fn of_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    permitted(&caller)?;
    let mut types = Vec::new();
    for (_, names) in inputs(&uri, &headers, content, &["_type"]).await? {
        for name in names.split(',') {
            types.push(indexed(name)?);
        }
    }
    begin(&state, base, &caller, &headers, &uri, &types).await
}

/// `POST /{type}/$reindex`
pub(in crate::fhir) async fn of_type(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let ty = indexed(&name)?;
    permitted(&caller)?;
    inputs(&uri, &headers, content, &[]).await?;
    begin(&state, base, &caller, &headers, &uri, &[ty]).await
}

fn permitted(caller: &Caller) -> Result<(), Failure> {
    if may_index(caller) {
        return Ok(());
    }
    let text = "a reindex is for who may change search parameters";
    Err(Failure::Status(StatusCode::FORBIDDEN, vec![Issue::error(IssueType::Forbidden, text)]))
}

/// The audit has an index of its own.
fn indexed(name: &str) -> Result<ResourceType, Failure> {
    resource_type(name).ok().filter(|t| *t != ResourceType::AuditEvent).ok_or_else(|| {
        let issue = Issue::error(IssueType::NotSupported, format!("\"{name}\" is no type that is indexed"));
        Failure::Status(StatusCode::BAD_REQUEST, vec![issue])
    })
}

async fn begin(
    state: &State,
    base: Base,
    caller: &Caller,
    headers: &HeaderMap,
    uri: &Uri,
    types: &[ResourceType],
) -> Result<Response, Failure> {
    wants_async(headers)?;
    let url = format!("{}{}", state.public_url, uri.path_and_query().map_or("", |p| p.as_str()));
    kept(state, base, caller, async |id| {
        state.store.begin_reindex(&caller.actor, &caller.request, id, &url, types).await
    })
    .await
}
