//! The audit as a file: `GET /audit/export?format=csv|ndjson`, narrowed as the GraphQL field `auditEvents` is. Its row in the audit is
//! written before the first byte leaves.
//!
//! CSV: RFC 4180, with a head row; cells that a spreadsheet would run as a formula are disarmed (OWASP, CSV injection).

use async_graphql::resolver_utils::EnumType;
use async_graphql::{ID, InputType as _, Value};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::routing::get;
use chrono::SecondsFormat;
use entity::store::{AuditEntry, AuditFilter as Wanted, PageRequest};
use entity::{Actor, Store, Trail};
use fhir::Json;
use fhir::table::write_csv;
use http::{HeaderValue, Uri, header};
use schema::scalar::Instant;
use schema::types::audit::{AuditFilter, AuditKind, AuditOutcome};

use crate::auth::Caller;
use crate::fhir::{Failure, State, parameters};

type Response = axum::response::Response;

/// Events that are read at once.
const PAGE: u32 = 1000;
const COLUMNS: [&str; 13] = [
    "id",
    "at",
    "user",
    "userName",
    "roles",
    "action",
    "interaction",
    "outcome",
    "patient",
    "resources",
    "queries",
    "operation",
    "requestId",
];

pub fn routes(state: &State) -> Router {
    Router::new().route("/audit/export", get(export)).with_state(state.clone())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Ndjson,
}

async fn export(Extract(state): Extract<State>, caller: Caller, uri: Uri) -> Result<Response, Failure> {
    let names = ["format", "patient", "user", "kind", "outcome", "resource", "since", "until"];
    let (mut form, mut filter) = (Form::Csv, AuditFilter::default());
    for (name, value) in parameters(&uri, &names)? {
        match name.as_str() {
            "format" => {
                form = match value.as_str() {
                    "csv" => Form::Csv,
                    "ndjson" => Form::Ndjson,
                    _ => return Err(Failure::bad("format is csv or ndjson")),
                };
            }
            "patient" => filter.patient = Some(ID(value)),
            "user" => filter.user = Some(value),
            "kind" => filter.kinds.get_or_insert_default().push(named::<AuditKind>("kind", &value)?),
            "outcome" => filter.outcomes.get_or_insert_default().push(named::<AuditOutcome>("outcome", &value)?),
            "resource" => filter.resource = Some(ID(value)),
            "since" => filter.since = Some(instant("since", value)?),
            _ => filter.until = Some(instant("until", value)?),
        }
    }
    let mut wanted = filter.wanted().map_err(|error| Failure::bad(&error.message))?;
    // What happens while the file is written, this request included, is not in it: else it might never end.
    let now = caller.request.now;
    wanted.until = Some(wanted.until.map_or(now, |until| until.min(now)));
    caller.actor.trail.at_once();
    let trailed = caller.actor;
    let mut rows =
        Rows { store: state.store.clone(), actor: trailed.clone(), wanted, form, token: None, state: Walk::Begun };
    // What is refused is refused before anything is sent; further pages are of the same request.
    let first = rows.page().await?;
    rows.actor.trail = Trail::default();
    let rest = futures_util::stream::try_unfold(rows, |mut rows| async move {
        match rows.page().await {
            Ok(Some(text)) => Ok(Some((Bytes::from(text), rows))),
            Ok(None) => Ok(None),
            Err(_) => {
                tracing::warn!("an export of the audit broke off");
                Err(std::io::Error::other("the export broke off"))
            }
        }
    });
    let first = futures_util::stream::iter(first.map(|text| Ok(Bytes::from(text))));
    let mut response = Response::new(Body::from_stream(futures_util::StreamExt::chain(first, rest)));
    let (media, disposition) = match form {
        Form::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"audit.csv\""),
        Form::Ndjson => ("application/fhir+ndjson", "attachment; filename=\"audit.ndjson\""),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    Ok(response)
}

/// A value of a GraphQL enum by its name.
fn named<T: EnumType + async_graphql::InputType>(name: &str, value: &str) -> Result<T, Failure> {
    T::parse(Some(Value::Enum(async_graphql::Name::new(value)))).map_err(|_| {
        let known: Vec<&str> = T::items().iter().map(|i| i.name).collect();
        Failure::bad(&format!("{name} is one of {}", known.join(", ")))
    })
}

fn instant(name: &str, value: String) -> Result<Instant, Failure> {
    Instant::parse(Some(Value::String(value)))
        .map_err(|_| Failure::bad(&format!("{name} is a full instant such as 2026-05-17T08:00:00Z")))
}

enum Walk {
    Begun,
    Going,
    Ended,
}

struct Rows {
    store: Store,
    actor: Actor,
    wanted: Wanted,
    form: Form,
    token: Option<String>,
    state: Walk,
}

impl Rows {
    /// The text of the next page; `None` after the last.
    async fn page(&mut self) -> Result<Option<String>, Failure> {
        let mut out = String::new();
        match self.state {
            Walk::Ended => return Ok(None),
            Walk::Begun if self.form == Form::Csv => out = COLUMNS.join(",") + "\r\n",
            Walk::Begun | Walk::Going => {}
        }
        let request = PageRequest { limit: PAGE, token: self.token.take(), ..PageRequest::default() };
        let page = self.store.audit_events(&self.actor, &self.wanted, &request).await?;
        for (entry, _) in &page.events {
            match self.form {
                Form::Csv => row(entry, &mut out),
                Form::Ndjson => {
                    out.push_str(&entry.fhir());
                    out.push('\n');
                }
            }
        }
        self.token = page.events.last().map(|(_, cursor)| cursor.clone());
        self.state = if page.more { Walk::Going } else { Walk::Ended };
        Ok(Some(out))
    }
}

fn row(entry: &AuditEntry, out: &mut String) {
    let outcome = entry.outcome.to_string();
    let cells = [
        entry.id.clone(),
        entry.recorded.to_rfc3339_opts(SecondsFormat::Micros, true),
        entry.principal.clone(),
        entry.name.clone().unwrap_or_default(),
        entry.roles.join(" "),
        entry.action.clone(),
        entry.subtype.clone(),
        outcome,
        entry.patient.clone().unwrap_or_default(),
        entry.resources.join(" "),
        entry.queries.join(" "),
        entry.operation.clone().unwrap_or_default(),
        entry.request_id.clone(),
    ];
    let cells = cells.map(|text| Json::from(disarmed(text)));
    write_csv(&cells, out);
}

/// What begins like a formula gets an apostrophe.
fn disarmed(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed() {
        assert_eq!(disarmed("=1+1".into()), "'=1+1");
        assert_eq!(disarmed("@x".into()), "'@x");
        assert_eq!(disarmed("lee".into()), "lee");
    }
}
