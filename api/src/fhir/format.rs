//! JSON or XML: <https://hl7.org/fhir/R4/http.html#mime-type>. The handlers speak JSON; an answer is turned into the wanted form as it
//! leaves, a body as it is read. `_format` outweighs `Accept`.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use fhir::outcome::operation_outcome;
use fhir::xml::to_xml;
use fhir::{Issue, IssueType, Json};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::{FHIR_JSON, Failure, Response, json, pairs};

const FHIR_XML: &str = "application/fhir+xml";
/// Every form of an answer, for the CapabilityStatement.
pub(super) const SERVED: [&str; 4] = [FHIR_JSON, FHIR_XML, "json", "xml"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}

impl Format {
    /// The form behind a media type, a range, or a short name of `_format`.
    pub fn named(media: &str) -> Option<Self> {
        let mut parts = media.split(';').map(|part| part.trim().to_ascii_lowercase());
        // A plus sign in a query means a space.
        let name = parts.next().unwrap_or_default().replace(' ', "+");
        if parts.any(|part| part.strip_prefix("fhirversion=").is_some_and(|version| version.trim_matches('"') != "4.0"))
        {
            return None;
        }
        match name.as_str() {
            "" | "*/*" | "application/*" | "json" | FHIR_JSON | "application/json" | "text/json" => Some(Self::Json),
            "xml" | FHIR_XML | "application/xml" | "text/xml" => Some(Self::Xml),
            _ => None,
        }
    }

    /// The form of a request's body.
    pub fn of_body(headers: &HeaderMap) -> Result<Self, Failure> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let mut parameters = content_type.split(';').skip(1).map(|part| part.trim().to_ascii_lowercase());
        let is_utf8 =
            parameters.all(|p| p.strip_prefix("charset=").is_none_or(|charset| charset.trim_matches('"') == "utf-8"));
        let is_exact = !content_type.is_empty() && !content_type.contains('*');
        Self::named(content_type).filter(|_| is_utf8 && is_exact).ok_or_else(|| {
            let text = format!("the body must be {FHIR_JSON} or {FHIR_XML}, FHIR 4.0, in UTF-8");
            Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, vec![Issue::error(IssueType::NotSupported, text)])
        })
    }
}

/// What an answer is to look like. A handler that finds `_format` in a body puts this into its response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    format: Format,
    pretty: bool,
}

impl Wanted {
    /// # Errors
    /// 406 when no acceptable form is served, 400 for `_pretty` without a boolean.
    pub fn of(format: Option<&str>, pretty: bool, headers: &HeaderMap) -> Result<Self, Failure> {
        let format = match format.filter(|f| !f.is_empty()) {
            Some(format) => Format::named(format),
            None => accepted(headers, Format::named),
        };
        let format = format.ok_or_else(|| {
            let issue = Issue::error(IssueType::NotSupported, format!("only {FHIR_JSON} and {FHIR_XML} are served"));
            Failure::Status(StatusCode::NOT_ACCEPTABLE, vec![issue])
        })?;
        Ok(Self { format, pretty })
    }

    fn of_request(uri: &Uri, headers: &HeaderMap) -> Result<Self, Failure> {
        let (mut format, mut pretty) = (None, false);
        for (name, value) in pairs(uri.query().unwrap_or_default())? {
            match (name.as_str(), value.as_str()) {
                ("_format", _) => format = Some(value),
                ("_pretty", "true" | "false" | "") => pretty = value == "true",
                ("_pretty", _) => return Err(Failure::bad("_pretty is true or false")),
                _ => {}
            }
        }
        Self::of(format.as_deref(), pretty, headers)
    }
}

/// The best form of the `Accept` header among those that `named` knows: highest weight, then first named.
pub(super) fn accepted<T>(headers: &HeaderMap, named: impl Fn(&str) -> Option<T>) -> Option<T> {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    let mut best: Option<(f32, T)> = None;
    for range in accept.split(',') {
        let weight =
            range.split(';').find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if let Some(format) = named(range)
            && weight > 0.0
            && best.as_ref().is_none_or(|(found, _)| weight > *found)
        {
            best = Some((weight, format));
        }
    }
    best.map(|(_, format)| format)
}

/// Bodies are read as they come; taken for plain, a compressed one would be stored for what it is not.
///
/// # Errors
/// 415 for a `Content-Encoding` other than `identity`. Source: RFC 9110, 8.4.
fn plain(headers: &HeaderMap) -> Result<(), Failure> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let issue =
                Issue::error(IssueType::NotSupported, "a body with a Content-Encoding is not read; send it plain");
            Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, vec![issue]))
        }
        _ => Ok(()),
    }
}

/// Refuses what cannot be answered before anything is done, and gives the answer its form.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    if let Err(failure) = plain(request.headers()) {
        return failure.into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let raw = super::binary::is_raw(request.method(), request.uri().path(), query, request.headers());
    let wanted = match Wanted::of_request(request.uri(), request.headers()) {
        Ok(wanted) => wanted,
        // What goes wrong is told in JSON.
        Err(_) if raw => Wanted { format: Format::Json, pretty: false },
        Err(failure) => return failure.into_response(),
    };
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    let wanted = response.extensions().get::<Wanted>().copied().unwrap_or(wanted);
    let is_fhir =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(FHIR_JSON.as_bytes()));
    if !is_fhir || wanted == (Wanted { format: Format::Json, pretty: false }) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = match axum::body::to_bytes(body, usize::MAX).await {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "an answer broke off");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    if wanted.format == Format::Xml {
        let value = HeaderValue::from_static("application/fhir+xml; charset=utf-8");
        parts.headers.insert(header::CONTENT_TYPE, value);
    }
    // The answer to HEAD.
    if text.is_empty() {
        return Response::from_parts(parts, Body::empty());
    }
    let document = std::str::from_utf8(&text).ok().and_then(|text| Json::parse(text).ok());
    let document = document.expect("an answer of ours is JSON");
    let text = match wanted.format {
        Format::Json => Ok(document.to_pretty_text()),
        Format::Xml => to_xml(&document, wanted.pretty),
    };
    match text {
        Ok(text) => Response::from_parts(parts, Body::from(text)),
        Err(error) if is_safe => {
            let issue = Issue::error(IssueType::NotSupported, format!("there is no XML of this answer: {error}"));
            json(StatusCode::NOT_ACCEPTABLE, operation_outcome(&[issue]))
        }
        // It is done; only its account is missing.
        Err(_) => Response::from_parts(parts, Body::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_weighed() {
        let table = [
            ("*/*", Some(Format::Json)),
            ("application/fhir+xml", Some(Format::Xml)),
            ("application/xml;q=0.9, application/fhir+json", Some(Format::Json)),
            ("application/fhir+json;q=0.5, text/xml", Some(Format::Xml)),
            ("text/html, application/xml;q=0.9, */*;q=0.8", Some(Format::Xml)),
            ("application/fhir+json; fhirVersion=4.0", Some(Format::Json)),
            ("application/fhir+json; fhirVersion=3.0", None),
            ("application/fhir+json;q=0", None),
            ("text/turtle, application/pdf", None),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(accepted(&headers, Format::named), expected, "{accept}");
        }
        assert_eq!(Format::named("application/fhir xml"), Some(Format::Xml));
    }
}
