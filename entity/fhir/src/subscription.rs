//! What an R4 Subscription asks for, and what is refused of it: <https://hl7.org/fhir/R4/subscription.html>.
//!
//! It knows no network: whether an endpoint may be reached is decided where it is reached. Header values are secrets; [`mask`] takes them
//! out of a document.

use chrono::{DateTime, Utc};

use crate::json::Object;
use crate::search::criteria;
use crate::search::extract::Options;
use crate::search::query::Query;
use crate::{Issue, IssueType, Json, ResourceType};

/// What stands in a document where a header's value was.
pub const MASK: &str = "********";
/// Most headers of a channel, and most bytes of one.
const MAX_HEADERS: usize = 20;
const MAX_HEADER: usize = 4096;
const MAX_CRITERIA: usize = 2048;

/// Headers that the sender sets itself, and those that say how a connection is used (RFC 9110, 7.6.1).
const OWN_HEADERS: [&str; 15] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// How matches are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    RestHook { endpoint: String, headers: Vec<Header> },
    WebSocket,
}

/// A header of a channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    /// [`MASK`] stands for the value that was given before.
    pub value: String,
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: [redacted]", self.name)
    }
}

/// The form of a resource that is sent along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    Json,
    Xml,
}

impl Payload {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json",
            Self::Xml => "application/fhir+xml",
        }
    }

    pub fn named(media_type: &str) -> Option<Self> {
        [Self::Json, Self::Xml].into_iter().find(|p| p.media_type() == media_type)
    }
}

/// A Subscription as a client may write it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Not to be told anything, for the time being.
    pub off: bool,
    pub query: Query,
    /// As they were written: what is relative to the present in them is read anew each time.
    pub criteria: String,
    pub channel: Channel,
    pub payload: Option<Payload>,
    pub end: Option<DateTime<Utc>>,
}

/// Reads a Subscription. Structure and required codes are the validator's business; what is missing is refused here as well.
///
/// # Errors
/// One issue per culprit, with its place.
pub fn read(document: &Object<'_>, now: DateTime<Utc>, options: &Options<'_>) -> Result<Asked, Vec<Issue>> {
    let mut issues = Vec::new();
    let refuse = |place: &str, text: String| Issue::error(IssueType::BusinessRule, text).at(place.to_owned());
    let text = |name: &str| document.get(name).and_then(Json::as_str);
    let off = match text("status") {
        Some("requested") => false,
        Some("off") => true,
        other => {
            let text = format!(
                "a client writes the status requested or off; {} is the server's word",
                other.map_or_else(|| "no status".into(), |s| format!("\"{s}\""))
            );
            issues.push(refuse("Subscription.status", text));
            false
        }
    };
    let end = match text("end").map(DateTime::parse_from_rfc3339) {
        None => None,
        Some(Ok(end)) if end > now => Some(end.to_utc()),
        Some(_) => {
            issues.push(refuse("Subscription.end", "the end is an instant that is still to come".into()));
            None
        }
    };
    let criteria = text("criteria").unwrap_or_default();
    let query = match query(criteria, now, options) {
        Ok(query) => Some(query),
        Err(found) => {
            issues.extend(found.into_iter().map(|i| i.at("Subscription.criteria")));
            None
        }
    };
    let channel = document.get("channel");
    let of_channel = |name: &str| channel.and_then(|c| c.str_at(name));
    let payload = match of_channel("payload") {
        None => None,
        Some(name) => {
            let payload = Payload::named(name);
            if payload.is_none() {
                let text = format!("the payload is application/fhir+json or application/fhir+xml, not \"{name}\"");
                issues.push(refuse("Subscription.channel.payload", text));
            }
            payload
        }
    };
    let headers = headers(channel, &mut issues);
    let endpoint = of_channel("endpoint");
    let channel = match (of_channel("type"), endpoint) {
        (Some("rest-hook"), Some(endpoint)) => Some(Channel::RestHook { endpoint: endpoint.to_owned(), headers }),
        (Some("rest-hook"), None) => {
            issues.push(refuse("Subscription.channel.endpoint", "a rest-hook has an endpoint".into()));
            None
        }
        (Some("websocket"), None) if headers.is_empty() => Some(Channel::WebSocket),
        (Some("websocket"), _) => {
            let text = "a websocket has neither endpoint nor headers: clients connect to this server's";
            issues.push(refuse("Subscription.channel", text.into()));
            None
        }
        (other, _) => {
            let text = format!(
                "the channels served are rest-hook and websocket, not {}",
                other.map_or_else(|| "none".into(), |s| format!("\"{s}\""))
            );
            issues.push(refuse("Subscription.channel.type", text));
            None
        }
    };
    match (query, channel) {
        (Some(query), Some(channel)) if issues.is_empty() => {
            Ok(Asked { off, query, criteria: criteria.to_owned(), channel, payload, end })
        }
        _ => Err(issues),
    }
}

/// The search that criteria mean, by R4's parameters and those that were added; a type alone is all of its resources.
///
/// # Errors
/// What cannot be understood, each issue naming it; an unknown parameter is a business rule here, not a search that failed.
pub fn query(criteria: &str, now: DateTime<Utc>, options: &Options<'_>) -> Result<Query, Vec<Issue>> {
    let wrong = |text: String| vec![Issue::error(IssueType::BusinessRule, text)];
    if criteria.len() > MAX_CRITERIA {
        return Err(wrong(format!("criteria have at most {MAX_CRITERIA} bytes")));
    }
    let (name, rest) = criteria.split_once('?').unwrap_or((criteria, ""));
    let Some(resource_type) = ResourceType::named(name) else {
        return Err(wrong(format!(
            "criteria are a search such as Observation?code=…, and \"{name}\" is no resource type"
        )));
    };
    if matches!(resource_type, ResourceType::Parameters | ResourceType::AuditEvent | ResourceType::Subscription) {
        return Err(wrong(format!("{resource_type} cannot be subscribed to")));
    }
    let Some(pairs) = criteria::pairs(rest) else {
        return Err(wrong("the criteria are not percent-encoded UTF-8".into()));
    };
    let refused = |issue: Issue| Issue::error(IssueType::BusinessRule, issue.diagnostics);
    criteria::conditions(resource_type, &pairs, now, options)
        .map_err(|issues| issues.into_iter().map(refused).collect())
}

fn headers(channel: Option<&Json<'_>>, issues: &mut Vec<Issue>) -> Vec<Header> {
    let given = channel.and_then(|c| c.get("header")).map_or(&[][..], Json::items);
    if given.len() > MAX_HEADERS {
        let text = format!("a channel has at most {MAX_HEADERS} headers");
        issues.push(Issue::error(IssueType::BusinessRule, text).at("Subscription.channel.header"));
        return Vec::new();
    }
    let mut headers = Vec::new();
    for (at, line) in given.iter().enumerate() {
        match header(line.as_str().unwrap_or_default()) {
            Ok(header) => headers.push(header),
            Err(text) => {
                let place = format!("Subscription.channel.header[{at}]");
                issues.push(Issue::error(IssueType::BusinessRule, text).at(place));
            }
        }
    }
    headers
}

/// `Name: value`, of one line and without control characters (RFC 9110, 5.5). The value is not told back.
fn header(line: &str) -> Result<Header, String> {
    let form = || "a header is of the form \"Name: value\", in one line of visible ASCII characters".to_owned();
    let (name, value) = line.split_once(':').ok_or_else(form)?;
    let value = value.trim_matches([' ', '\t']);
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_value = |b: u8| b.is_ascii_graphic() || b == b' ' || b == b'\t';
    if line.len() > MAX_HEADER || name.is_empty() || !name.bytes().all(is_token) || !value.bytes().all(is_value) {
        return Err(form());
    }
    if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("the header {name} is the server's to set"));
    }
    Ok(Header { name: name.to_owned(), value: value.to_owned() })
}

/// Takes the values of the headers out of a document, and the error of an earlier life.
pub fn mask(document: &mut Object<'_>) {
    document.remove("error");
    document.remove("_error");
    let Some(channel) = document.get_mut("channel").and_then(Json::as_object_mut) else { return };
    if let Some(headers) = channel.get("header") {
        let masked = headers.items().iter().map(|line| {
            let name = line.as_str().and_then(|line| line.split_once(':')).map_or("", |(name, _)| name);
            Json::from(format!("{name}: {MASK}"))
        });
        let masked = Json::Array(masked.collect());
        channel.set("header", masked);
    }
    // What an extension of a header says may be the same secret.
    channel.remove("_header");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Asked, Vec<Issue>> {
        let Json::Object(object) = Json::parse(text).unwrap() else { panic!("an object") };
        read(&object, DateTime::from_timestamp(1_000_000_000, 0).unwrap(), &Options::default())
    }

    fn hook(change: impl Fn(&str) -> String) -> Result<Asked, Vec<Issue>> {
        of(&change(
            r#"{"status":"requested","criteria":"Observation?code=x","channel":{"type":"rest-hook","endpoint":"https://a.example/b","header":["Authorization: Bearer s"]}}"#,
        ))
    }

    #[test]
    fn a_hook_is_read_and_its_secret_taken_out() {
        let asked = hook(ToOwned::to_owned).unwrap();
        assert_eq!(asked.query.resource_type, ResourceType::Observation);
        let Channel::RestHook { endpoint, headers } = &asked.channel else { panic!("a hook") };
        assert_eq!((endpoint.as_str(), headers[0].value.as_str()), ("https://a.example/b", "Bearer s"));
        assert!(!format!("{asked:?}").contains("Bearer"));
        let Json::Object(mut document) = Json::parse(
            r#"{"error":"x","channel":{"header":["Authorization: Bearer s"],"_header":[{"extension":[]}]}}"#,
        )
        .unwrap() else {
            panic!("an object")
        };
        mask(&mut document);
        let text = Json::Object(document).to_text();
        assert_eq!(text, r#"{"channel":{"header":["Authorization: ********"]}}"#);
    }

    #[test]
    fn what_is_not_served_is_refused_at_its_place() {
        for (from, to, place, says) in [
            ("requested", "active", "Subscription.status", "server's word"),
            ("rest-hook", "email", "Subscription.channel.type", "\"email\""),
            ("rest-hook", "websocket", "Subscription.channel", "neither endpoint"),
            ("code=x", "cod=x", "Subscription.criteria", "cod"),
            ("code=x", "_count=1", "Subscription.criteria", "nothing else"),
            ("code=x", "code=", "Subscription.criteria", "without a value"),
            ("code=x", "code=%ff", "Subscription.criteria", "UTF-8"),
            ("Observation?code=x", "Nothing?code=x", "Subscription.criteria", "Nothing"),
            ("Observation?code=x", "AuditEvent?", "Subscription.criteria", "AuditEvent"),
            ("Authorization: Bearer s", "Authorization", "Subscription.channel.header[0]", "Name: value"),
            ("Authorization: Bearer s", "Host: a", "Subscription.channel.header[0]", "Host"),
            ("Authorization: Bearer s", "A: b\\r\\nC: d", "Subscription.channel.header[0]", "one line"),
            ("Authorization: Bearer s", "A b: c", "Subscription.channel.header[0]", "Name: value"),
        ] {
            let issues = hook(|text| text.replace(from, to)).unwrap_err();
            assert_eq!(issues[0].expression, [place], "{to}");
            assert!(issues[0].diagnostics.contains(says), "{to}: {}", issues[0].diagnostics);
            assert!(!issues[0].diagnostics.contains("Bearer"));
        }
        for end in ["2001-09-09T01:46:40Z", "nonsense"] {
            let issues =
                hook(|text| text.replace("\"criteria\"", &format!("\"end\":\"{end}\",\"criteria\""))).unwrap_err();
            assert_eq!(issues[0].expression, ["Subscription.end"]);
        }
        let missing = of("{}").unwrap_err();
        assert_eq!(missing.len(), 3, "{missing:?}");
    }

    #[test]
    fn a_type_alone_is_all_of_it() {
        let asked = hook(|text| text.replace("Observation?code=x", "Patient")).unwrap();
        assert_eq!(asked.query.resource_type, ResourceType::Patient);
        let socket = of(
            r#"{"status":"off","criteria":"Patient?","channel":{"type":"websocket","payload":"application/fhir+xml"}}"#,
        );
        let socket = socket.unwrap();
        assert!(socket.off && socket.channel == Channel::WebSocket && socket.payload == Some(Payload::Xml));
    }
}
