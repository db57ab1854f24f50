//! Reading a GraphQL request out of HTTP, without running it (GraphQL over HTTP, sections "Request" and "Media Types").

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Map, Value};

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerType {
    /// `application/graphql-response+json`: request errors are 4xx.
    GraphqlResponse,
    /// `application/json`: well-formed requests are answered with 200.
    Json,
}

impl AnswerType {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// What the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Answer(AnswerType),
    /// Answers as server-sent events.
    Events,
    /// A browser opened the address: it is sent to the playground.
    Playground,
}

/// The document of an operation, or where it is. It has not passed the guard yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Text(Arc<str>),
    /// A text to be kept under its hash (`extensions.persistedQuery`). The hash is as the client says, in lower case.
    Registered {
        text: Arc<str>,
        hash: String,
    },
    /// One that was registered, or is trusted.
    Hash(String),
    /// A trusted one by its id (`documentId`).
    Trusted(String),
}

/// One operation to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    pub document: Source,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
}

/// A malformed request. The message names the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0} is not accepted here; use GET or POST")]
    Method(Method),
    #[error(
        "none of the accepted media types is served; accept application/graphql-response+json, application/json or text/event-stream"
    )]
    NotAcceptable,
    #[error("the content type must be application/json in UTF-8")]
    ContentType,
    #[error("the body is not JSON: line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("several operations in one request are not accepted")]
    Batch,
    #[error("the body must be a JSON object")]
    NotAnObject,
    #[error("'{name}' must be {expected}")]
    Parameter { name: &'static str, expected: &'static str },
    #[error("'query' is missing")]
    NoQuery,
    #[error("'{0}' is given more than once")]
    Repeated(&'static str),
    #[error("the query string is not percent-encoded UTF-8")]
    Encoding,
    #[error("'documentId' names a document; 'query' and 'extensions.persistedQuery' cannot stand beside it")]
    TwoDocuments,
}

impl Refusal {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Json { .. }
            | Self::Batch
            | Self::NotAnObject
            | Self::Parameter { .. }
            | Self::NoQuery
            | Self::Repeated(_)
            | Self::Encoding
            | Self::TwoDocuments => StatusCode::BAD_REQUEST,
        }
    }

    /// Value of the `Allow` header, for 405.
    pub fn allow(&self) -> Option<&'static str> {
        matches!(self, Self::Method(_)).then_some("GET, POST")
    }
}

/// Chooses the answer's type. Among equal weights the client's order decides; no `Accept` header means `application/json`.
pub fn negotiate(method: &Method, accept: Option<&str>) -> Result<Wanted, Refusal> {
    if method != Method::GET && method != Method::POST {
        return Err(Refusal::Method(method.clone()));
    }
    let Some(accept) = accept.filter(|a| !a.trim().is_empty()) else {
        return Ok(Wanted::Answer(AnswerType::Json));
    };
    let mut best: Option<(f32, Wanted)> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let wanted = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Wanted::Answer(AnswerType::GraphqlResponse),
            "application/json" | "application/*" | "*/*" => Wanted::Answer(AnswerType::Json),
            "text/event-stream" => Wanted::Events,
            "text/html" if method == Method::GET => Wanted::Playground,
            _ => continue,
        };
        let weight = parts
            .filter_map(|p| p.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1.0, |(_, q)| q.trim().parse().unwrap_or(0.0));
        if weight > 0.0 && best.is_none_or(|(b, _)| weight > b) {
            best = Some((weight, wanted));
        }
    }
    best.map(|(_, wanted)| wanted).ok_or(Refusal::NotAcceptable)
}

/// The operation of a POST.
pub fn from_body(content_type: Option<&str>, body: &[u8]) -> Result<Operation, Refusal> {
    check_content_type(content_type.unwrap_or_default())?;
    let value: Value =
        serde_json::from_slice(body).map_err(|e| Refusal::Json { line: e.line(), column: e.column() })?;
    let mut object = match value {
        Value::Object(object) => object,
        Value::Array(_) => return Err(Refusal::Batch),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(Refusal::NotAnObject),
    };
    operation(
        object.remove("documentId"),
        object.remove("query"),
        object.remove("operationName"),
        object.remove("variables"),
        object.remove("extensions"),
    )
}

/// The operation of a GET, from the raw query string. Parameters other than the protocol's are ignored.
pub fn from_query_string(raw: &str) -> Result<Operation, Refusal> {
    const NAMES: [&str; 5] = ["query", "operationName", "variables", "extensions", "documentId"];
    let mut values: [Option<String>; 5] = Default::default();
    for pair in raw.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_decode(name)?;
        let Some(slot) = NAMES.iter().position(|n| *n == name) else { continue };
        if values[slot].replace(percent_decode(value)?).is_some() {
            return Err(Refusal::Repeated(NAMES[slot]));
        }
    }
    let [query, name, variables, extensions, document_id] = values;
    let object = |name, text: Option<String>| {
        text.filter(|t| !t.is_empty())
            .map(|t| serde_json::from_str(&t).map_err(|_| Refusal::Parameter { name, expected: "a JSON object" }))
            .transpose()
    };
    operation(
        document_id.map(Value::String),
        query.map(Value::String),
        name.filter(|n| !n.is_empty()).map(Value::String),
        object("variables", variables)?,
        object("extensions", extensions)?,
    )
}

fn operation(
    document_id: Option<Value>,
    query: Option<Value>,
    operation_name: Option<Value>,
    variables: Option<Value>,
    extensions: Option<Value>,
) -> Result<Operation, Refusal> {
    let operation_name = text("operationName", operation_name)?;
    let variables = match variables {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return Err(Refusal::Parameter { name: "variables", expected: "a JSON object" }),
    };
    let hash = match extensions {
        Some(Value::Object(mut extensions)) => {
            extensions.remove("persistedQuery").map(|p| persisted_hash(&p)).transpose()?
        }
        None | Some(Value::Null) => None,
        Some(_) => return Err(Refusal::Parameter { name: "extensions", expected: "a JSON object" }),
    };
    let query = text("query", query)?.filter(|q| !q.trim().is_empty()).map(Arc::from);
    let document = match (text("documentId", document_id)?, query, hash) {
        (Some(id), None, None) => Source::Trusted(id),
        (Some(_), ..) => return Err(Refusal::TwoDocuments),
        (None, Some(text), None) => Source::Text(text),
        (None, Some(text), Some(hash)) => Source::Registered { text, hash },
        (None, None, Some(hash)) => Source::Hash(hash),
        (None, None, None) => return Err(Refusal::NoQuery),
    };
    Ok(Operation { document, operation_name, variables })
}

fn text(name: &'static str, value: Option<Value>) -> Result<Option<String>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::Parameter { name, expected: "a string" }),
    }
}

/// The hash of `extensions.persistedQuery`, version 1.
fn persisted_hash(persisted: &Value) -> Result<String, Refusal> {
    if persisted["version"] != 1 {
        return Err(Refusal::Parameter { name: "extensions.persistedQuery.version", expected: "1" });
    }
    let hash = persisted["sha256Hash"].as_str().unwrap_or_default().to_ascii_lowercase();
    let bare = hash.strip_prefix("sha256:").unwrap_or(&hash);
    if bare.len() == 64 && bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(bare.to_owned())
    } else {
        Err(Refusal::Parameter { name: "extensions.persistedQuery.sha256Hash", expected: "64 hexadecimal digits" })
    }
}

fn check_content_type(content_type: &str) -> Result<(), Refusal> {
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|t| t.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.filter_map(|p| p.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if json && utf8 { Ok(()) } else { Err(Refusal::ContentType) }
}

/// `application/x-www-form-urlencoded` decoding of one name or value.
fn percent_decode(text: &str) -> Result<String, Refusal> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).ok_or(Refusal::Encoding);
                (digit()? * 16 + digit()?) as u8
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| Refusal::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const JSON: Option<&str> = Some("application/json");

    #[test]
    fn accept_decides_the_answer_type() {
        use AnswerType::{GraphqlResponse, Json};
        for (accept, wanted) in [
            (None, Wanted::Answer(Json)),
            (Some("*/*"), Wanted::Answer(Json)),
            (Some("application/json"), Wanted::Answer(Json)),
            (
                Some("application/graphql-response+json; charset=utf-8, application/json;q=0.9"),
                Wanted::Answer(GraphqlResponse),
            ),
            (Some("application/json;q=0.5, application/graphql-response+json;q=0.8"), Wanted::Answer(GraphqlResponse)),
            (Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), Wanted::Playground),
            (Some("text/html;q=0.1, application/json"), Wanted::Answer(Json)),
        ] {
            assert_eq!(negotiate(&Method::GET, accept), Ok(wanted), "{accept:?}");
        }
        for accept in ["text/html", "application/xml", "application/json;q=0"] {
            assert_eq!(negotiate(&Method::POST, Some(accept)), Err(Refusal::NotAcceptable), "{accept}");
        }
    }

    #[test]
    fn other_methods_are_405_with_allow() {
        for method in [Method::PUT, Method::DELETE, Method::HEAD, Method::PATCH] {
            let refusal = negotiate(&method, None).expect_err("refused");
            assert_eq!((refusal.status(), refusal.allow()), (StatusCode::METHOD_NOT_ALLOWED, Some("GET, POST")));
        }
    }

    #[test]
    fn post_reads_all_parameters() {
        let body = br#"{"query":"query A{me{principal}}","operationName":"A","variables":{"n":7},"extensions":{}}"#;
        let read = from_body(Some("Application/JSON; charset=UTF-8"), body).expect("read");
        assert_eq!(read.operation_name.as_deref(), Some("A"));
        assert_eq!(Value::Object(read.variables), json!({"n": 7}));
    }

    #[test]
    fn a_document_is_named_by_its_hash() {
        let hash = "0123456789abcdef".repeat(4);
        let named = |query: &str, hash: &str| {
            let body = format!(r#"{{{query}"extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}"}}}}}}"#);
            from_body(JSON, body.as_bytes()).map(|o| o.document)
        };
        assert_eq!(named("", &hash.to_uppercase()), Ok(Source::Hash(hash.clone())));
        assert_eq!(named("", &format!("sha256:{hash}")), Ok(Source::Hash(hash.clone())));
        let text = "{a}".into();
        assert_eq!(named(r#""query":"{a}","#, &hash), Ok(Source::Registered { text, hash: hash.clone() }));
        assert!(named("", "x").is_err() && named("", &hash[1..]).is_err());
        assert_eq!(named(r#""documentId":"x","#, &hash), Err(Refusal::TwoDocuments));
        let read = from_body(JSON, br#"{"documentId":"sha256:7"}"#).map(|o| o.document);
        assert_eq!(read, Ok(Source::Trusted("sha256:7".into())));
    }

    #[test]
    fn malformed_posts_are_4xx() {
        for (content_type, body, status) in [
            (None, r#"{"query":"{a}"}"#, 415),
            (Some("text/plain"), r#"{"query":"{a}"}"#, 415),
            (Some("application/json; charset=latin1"), r#"{"query":"{a}"}"#, 415),
            (Some("multipart/form-data; boundary=x"), "", 415),
            (JSON, "{", 400),
            (JSON, "", 400),
            (JSON, r#"[{"query":"{a}"}]"#, 400),
            (JSON, "7", 400),
            (JSON, "{}", 400),
            (JSON, r#"{"query":7}"#, 400),
            (JSON, r#"{"query":" "}"#, 400),
            (JSON, r#"{"query":"{a}","operationName":1}"#, 400),
            (JSON, r#"{"query":"{a}","variables":"x"}"#, 400),
            (JSON, r#"{"query":"{a}","variables":[1]}"#, 400),
            (JSON, r#"{"query":"{a}","extensions":"x"}"#, 400),
            (JSON, r#"{"query":"{a}","extensions":{"persistedQuery":{}}}"#, 400),
            (JSON, r#"{"documentId":"sha256:0","query":"{a}"}"#, 400),
        ] {
            let refusal = from_body(content_type, body.as_bytes()).expect_err(body);
            assert_eq!(refusal.status(), status, "{body}");
        }
        let nested = format!("{{\"query\":\"{{a}}\",\"variables\":{{\"x\":{}}}}}", "[".repeat(100_000));
        assert!(matches!(from_body(JSON, nested.as_bytes()), Err(Refusal::Json { .. })));
    }

    #[test]
    fn get_reads_the_query_string() {
        let read = from_query_string(
            "query=query+A%28%24n%3AInt%29%7Ba%7D&operationName=A&variables=%7B%22n%22%3A1%7D&other=1",
        )
        .expect("read");
        assert_eq!(read.document, Source::Text("query A($n:Int){a}".into()));
        assert_eq!(read.operation_name.as_deref(), Some("A"));
        assert_eq!(Value::Object(read.variables), json!({"n": 1}));
        for raw in [
            "",
            "query=",
            "query=%7",
            "query=%zz",
            "query=%ff",
            "query=a&query=b",
            "query=a&variables=7",
            "query=a&variables=%7B",
            "documentId=x&query=a",
        ] {
            assert_eq!(from_query_string(raw).expect_err(raw).status(), StatusCode::BAD_REQUEST);
        }
    }
}
