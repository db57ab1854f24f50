//! The messages of a rest-hook: <https://hl7.org/fhir/R4/subscription.html>. Without payload an empty POST to the endpoint; with one, the
//! endpoint is a FHIR base, and the resource is put there.

use bytes::Bytes;
use entity::outbound::Reach;
use entity::store::Stored;
use fhir::Json;
use fhir::subscription::{Header, Payload};
use fhir::xml::to_xml;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use super::sign::Envelope;
use crate::outbound::{Message, NotSent, send};

/// An empty message: before any other, and that something met the criteria.
pub(super) async fn ping(reach: Reach, endpoint: &str, given: &[Header], envelope: &Envelope) -> Result<(), NotSent> {
    let headers = headers(given, envelope, &[])?;
    send(reach, Message { method: Method::POST, uri: uri(endpoint)?, headers, body: Bytes::new() }).await
}

pub(super) async fn resource(
    reach: Reach,
    endpoint: &str,
    given: &[Header],
    envelope: &Envelope,
    payload: Payload,
    stored: &Stored,
) -> Result<(), NotSent> {
    let body = body(payload, &stored.body)?;
    let mut headers = headers(given, envelope, body.as_bytes())?;
    let media_type = match payload {
        Payload::Json => "application/fhir+json; charset=utf-8",
        Payload::Xml => "application/fhir+xml; charset=utf-8",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let (base, query) = endpoint.split_once('?').map_or((endpoint, None), |(base, query)| (base, Some(query)));
    let mut place = format!("{}/{}/{}", base.trim_end_matches('/'), stored.resource_type, stored.id);
    if let Some(query) = query {
        place.push('?');
        place.push_str(query);
    }
    send(reach, Message { method: Method::PUT, uri: uri(&place)?, headers, body: body.into() }).await
}

/// The resource in the form asked for.
pub(super) fn body(payload: Payload, text: &str) -> Result<String, NotSent> {
    let unreadable = || NotSent::Refused("the resource has no form that could be sent".into());
    match payload {
        Payload::Json => Ok(text.to_owned()),
        Payload::Xml => {
            let document = Json::parse(text).map_err(|_| unreadable())?;
            to_xml(&document, false).map_err(|_| unreadable())
        }
    }
}

fn uri(text: &str) -> Result<Uri, NotSent> {
    text.parse().map_err(|_| NotSent::Refused("the endpoint is no URL".into()))
}

/// Those of the channel, and ours, which none of them can stand for.
fn headers(given: &[Header], envelope: &Envelope, body: &[u8]) -> Result<HeaderMap, NotSent> {
    let mut headers = HeaderMap::new();
    for Header { name, value } in given {
        let unfit = || NotSent::Refused(format!("the header {name} cannot be sent"));
        let name = HeaderName::try_from(name.as_str()).map_err(|_| unfit())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    headers.insert(header::USER_AGENT, HeaderValue::from_static("WintEHR"));
    envelope.seal(body, &mut headers);
    Ok(headers)
}
