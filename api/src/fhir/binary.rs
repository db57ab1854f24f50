//! Bytes as they are: <https://hl7.org/fhir/R4/binary.html#rest>. A Binary is sent and fetched in its own media type, or as any resource.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entity::StoreError;
use entity::store::Stored;
use fhir::json::Object;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::format::{self, Format};
use super::{Failure, RESOURCE_LIMIT, Response, body, stamp};

/// The body of a create or update as JSON text. Of a Binary, any other media type than FHIR's is its content.
pub(super) async fn text(
    resource_type: ResourceType,
    id: Option<&str>,
    headers: &HeaderMap,
    content: Body,
) -> Result<String, Failure> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if resource_type != ResourceType::Binary || media.is_empty() || Format::of_body(headers).is_ok() {
        return body(headers, content, RESOURCE_LIMIT).await;
    }
    let bytes = axum::body::to_bytes(content, RESOURCE_LIMIT).await.map_err(|_| {
        let text = format!("the content has more than {RESOURCE_LIMIT} bytes, or it broke off");
        Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, vec![Issue::error(IssueType::TooLong, text)])
    })?;
    let mut binary = Object::new();
    binary.push("resourceType", Json::from("Binary"));
    if let Some(id) = id {
        binary.push("id", Json::from(id.to_owned()));
    }
    binary.push("contentType", Json::from(media.to_owned()));
    if let Some(context) = headers.get("x-security-context") {
        let context = context.to_str().map_err(|_| Failure::bad("X-Security-Context is not ASCII text"))?;
        let mut reference = Object::new();
        reference.push("reference", Json::from(context.to_owned()));
        binary.push("securityContext", Json::Object(reference));
    }
    if !bytes.is_empty() {
        binary.push("data", Json::from(STANDARD.encode(&bytes)));
    }
    Ok(Json::Object(binary).to_text())
}

/// Whether the request asks for the bytes of a Binary: its `Accept` names none of FHIR's types.
pub(super) fn is_raw(method: &Method, path: &str, query: &str, headers: &HeaderMap) -> bool {
    let mut parts = path.rsplit('/');
    let is_binary = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(id), Some("Binary"), ..) => !id.starts_with(['_', '$']),
        (Some(_), Some("_history"), Some(_), Some("Binary")) => true,
        _ => false,
    };
    let asked = query.split('&').any(|pair| pair.starts_with("_format="));
    is_binary && matches!(*method, Method::GET | Method::HEAD) && !asked && wants_bytes(headers)
}

pub(super) fn wants_bytes(headers: &HeaderMap) -> bool {
    format::accepted(headers, format::Format::named).is_none()
}

/// The content in its own type; a page must not run what somebody stored.
pub(super) fn bytes(stored: &Stored, headers: &HeaderMap) -> Result<Response, Failure> {
    let document = Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    let media = document.str_at("contentType").unwrap_or_default();
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    let (own, _) = media.split_once(';').unwrap_or((media, ""));
    let fits = accept.split(',').any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        let is_wide = range.strip_suffix("/*").is_some_and(|kind| own.split('/').next() == Some(kind));
        range == "*/*" || is_wide || range.eq_ignore_ascii_case(own.trim())
    });
    if !fits {
        let issue = Issue::error(IssueType::NotSupported, format!("the content is {own}, or FHIR JSON or XML"));
        return Err(Failure::Status(StatusCode::NOT_ACCEPTABLE, vec![issue]));
    }
    let data = STANDARD.decode(document.str_at("data").unwrap_or_default());
    let data = data.map_err(|_| StoreError::Internal("a stored Binary is no base64".into()))?;
    let mut response = Response::new(Body::from(data));
    stamp(response.headers_mut(), stored.version_id, stored.last_updated);
    let of = response.headers_mut();
    let octets = HeaderValue::from_static("application/octet-stream");
    of.insert(header::CONTENT_TYPE, HeaderValue::from_str(media).unwrap_or(octets));
    of.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    of.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    of.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    let context = document.get("securityContext").and_then(|c| c.str_at("reference"));
    if let Some(context) = context.and_then(|c| HeaderValue::from_str(c).ok()) {
        of.insert("x-security-context", context);
    }
    Ok(response)
}
