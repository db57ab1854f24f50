//! The kick-off of `$import`: NDJSON as the body, or as inputs of Parameters, with their content or the URL it is at. It keeps a job; what
//! becomes of it is told by [`crate::fhir::job`]. Whoever works on the job fetches what is at a URL.

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::StoreError;
use entity::outbound::Reach;
use entity::role::Interaction;
use entity::store::{ImportInput, Source};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri, header};

use crate::auth::Caller;
use crate::fhir::job::{is_ndjson, kept, wants_async};
use crate::fhir::{BUNDLE_LIMIT, Base, Failure, Response, State, body, parameters, resource_type, text};

/// Most inputs of one import.
const MAX_INPUTS: usize = 200;

pub(in crate::fhir) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    if !caller.actor.may_move_bulk() {
        let text = "an import is for programs: accounts of the role system";
        return Err(Failure::Status(StatusCode::FORBIDDEN, vec![Issue::error(IssueType::Forbidden, text)]));
    }
    parameters(&uri, &[])?;
    wants_async(&headers)?;
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let inputs = if is_ndjson(media.split(';').next().unwrap_or_default().trim()) {
        vec![ImportInput { resource_type: None, source: Source::Content(text(content, BUNDLE_LIMIT).await?) }]
    } else {
        inputs(&body(&headers, content, BUNDLE_LIMIT).await?, state.store.reach())?
    };
    if inputs.iter().all(|i| matches!(&i.source, Source::Content(content) if content.trim().is_empty())) {
        return Err(refused(IssueType::Required, "there is nothing to import"));
    }
    for ty in inputs.iter().filter_map(|i| i.resource_type) {
        for interaction in [Interaction::Create, Interaction::Update] {
            if !caller.actor.may(interaction, ty) {
                return Err(StoreError::Forbidden { interaction: interaction.code(), resource_type: ty }.into());
            }
        }
    }
    let url = format!("{}{}", state.public_url, uri.path());
    kept(&state, base, &caller, async |id| {
        state.store.begin_import(&caller.actor, &caller.request, id, &url, &inputs).await
    })
    .await
}

fn refused(code: IssueType, text: &str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)])
}

/// The inputs of a Parameters resource.
fn inputs(text: &str, reach: Reach) -> Result<Vec<ImportInput>, Failure> {
    let document = Json::parse(text).map_err(|e| refused(IssueType::Structure, &e.to_string()))?;
    if document.str_at("resourceType") != Some("Parameters") {
        return Err(refused(IssueType::Structure, "the body is NDJSON, or Parameters with inputs"));
    }
    let mut inputs = Vec::new();
    for (n, parameter) in document.get("parameter").map_or(&[][..], Json::items).iter().enumerate() {
        let place = format!("Parameters.parameter[{n}]");
        match parameter.str_at("name").unwrap_or_default() {
            "inputFormat" if value(parameter).is_some_and(is_ndjson) => {}
            "inputFormat" => return Err(refused(IssueType::NotSupported, "inputFormat is application/fhir+ndjson")),
            "input" if inputs.len() == MAX_INPUTS => {
                return Err(StoreError::TooCostly(format!("an import has at most {MAX_INPUTS} inputs")).into());
            }
            "input" => inputs.push(input(parameter, &place, reach)?),
            name => {
                let text = format!("the parameter {name} is not supported here");
                return Err(refused(IssueType::NotSupported, &text));
            }
        }
    }
    Ok(inputs)
}

/// The value of a parameter or of a part, of whatever primitive type.
fn value<'d>(parameter: &'d Json<'_>) -> Option<&'d str> {
    let mut values = parameter.as_object()?.iter().filter(|(member, _)| member.starts_with("value"));
    values.find_map(|(_, value)| value.as_str())
}

fn input(parameter: &Json<'_>, place: &str, reach: Reach) -> Result<ImportInput, Failure> {
    let (mut named, mut source): (Option<ResourceType>, Option<Source>) = (None, None);
    for (n, part) in parameter.get("part").map_or(&[][..], Json::items).iter().enumerate() {
        let place = format!("{place}.part[{n}]");
        let value = value(part)
            .ok_or_else(|| refused(IssueType::Structure, &format!("{place} has no value that can be read")))?;
        match part.str_at("name").unwrap_or_default() {
            "type" if named.is_none() => named = Some(resource_type(value)?),
            "content" if source.is_none() => {
                let bytes = STANDARD.decode(value.as_bytes()).ok().and_then(|b| String::from_utf8(b).ok());
                let wrong = || refused(IssueType::Value, &format!("{place} is no base64 of UTF-8 text"));
                source = Some(Source::Content(bytes.ok_or_else(wrong)?));
            }
            "url" if source.is_none() => {
                // Asked here to tell it at once; the address behind the name is judged when it is fetched.
                let uri = reach.endpoint(value).map_err(|e| refused(IssueType::Value, &format!("{place}: {e}")))?;
                source = Some(Source::Url(uri.to_string()));
            }
            "url" | "content" => {
                return Err(refused(IssueType::Invalid, &format!("{place}: an input has one content or url")));
            }
            name => return Err(refused(IssueType::NotSupported, &format!("{place}: {name} is not supported here"))),
        }
    }
    let source = source.ok_or_else(|| refused(IssueType::Required, &format!("{place} has no content and no url")))?;
    Ok(ImportInput { resource_type: named, source })
}
