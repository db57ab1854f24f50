//! `/smart/frame/{client}`: an application within a chart. A page of ours holds its frame, so that its policy names that application's
//! origin and no other, and the sandbox keeps it from leading the chart away.

use axum::extract::{Path, RawQuery, State as Extract};
use entity::launch::address;
use entity::registration::origin;
use entity::store::launches;
use http::StatusCode;

use super::{Form, Response, page};
use crate::auth::Caller;
use crate::fhir::{Failure, State};

/// The page with the frame, for who is signed in. What the launch is good for is asked where the application uses it.
pub(super) async fn frame(
    Extract(state): Extract<State>,
    _caller: Caller,
    Path(client): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let not = |text: &str| Ok(page::framed_problem(StatusCode::BAD_REQUEST, text));
    let form = Form::read(query.as_deref().unwrap_or_default()).ok();
    let launch = form.as_ref().and_then(|form| form.need("launch").ok());
    let token = |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let Some(launch) = launch.filter(token) else { return not("The launch cannot be read.") };
    let client = state.store.client(&client).await?.filter(|c| c.framed && launches(c));
    let Some((name, url)) = client.and_then(|c| Some((c.name, c.launch_url?))) else {
        return not("The application is not one that is shown within a chart.");
    };
    // With our own origin a frame could take its sandbox away.
    let Some(origin) = origin(&url).filter(|origin| **origin != *state.public_url) else {
        return not("The application cannot be shown within a chart.");
    };
    let url = address(&url, &format!("{}/fhir/R4", state.public_url), launch);
    Ok(page::frame(&name, &url, &origin))
}
