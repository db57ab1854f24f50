//! The audit: one kind of row for reads, writes, refusals and sign-ins, inserted here only, each with the hash of all that it says.
//!
//! A write's rows are in its transaction ([`insert`]). What only reads is queued ([`queue`]): a small batch is copied as rows, a large one
//! lies in the [`journal`] as one row until somebody asks or there is time ([`unroll`]). Both are chained by [`seal`] and judged by
//! [`verify`]; rows are read as R4 AuditEvents by [`read`].

mod copy;
mod event;
mod journal;
mod lead;
mod queue;
mod read;
mod record;
mod seal;
mod unroll;
mod verify;
mod what;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, Value};
use sha2::{Digest as _, Sha256};

pub use event::AuditEntry;
pub(crate) use queue::Queue;
pub use read::{AuditFilter, AuditPage, PARAMETERS};
pub use verify::{Break, Verified};
use what::write_number;
pub use what::{Members, What};

use crate::StoreError;

/// A row of the audit before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    pub recorded: DateTime<Utc>,
    pub request_id: String,
    pub principal: String,
    pub account: Option<i64>,
    /// `C`, `R`, `U`, `D` or `E`.
    pub action: &'static str,
    /// The interaction, such as `read` or `login`.
    pub subtype: Cow<'static, str>,
    /// 0 done, 4 refused, 8 failed, 12 the server had to stop.
    pub outcome: i16,
    /// Row keys of the patients concerned.
    pub patients: Vec<i64>,
    /// What was touched and how it was asked for.
    pub what: What,
}

/// Inserts the rows, in one statement. Each column is one array in its text form: a parameter each, however many rows.
pub(crate) async fn insert(db: &impl ConnectionTrait, rows: &[AuditRow]) -> Result<(), StoreError> {
    const SQL: &str = r#"INSERT INTO fhir.audit_event
          (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash)
        SELECT 'epoch'::timestamptz + u.recorded * interval '1 microsecond', u.request_id, u.principal, u.account,
               u.action::"char", u.subtype, u.outcome, u.patients::bigint[], u.what, u.hash
        FROM unnest($1::text::bigint[], $2::text::text[], $3::text::text[], $4::text::bigint[], $5::text::text[], $6::text::text[],
                    $7::text::smallint[], $8::text::text[], $9::text::jsonb[], $10::text::bytea[])
          AS u (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash)"#;
    if rows.is_empty() {
        return Ok(());
    }
    let columns = [
        column(rows, |r, out| write_number(r.recorded.timestamp_micros(), out)),
        column(rows, |r, out| quoted(&r.request_id, out)),
        column(rows, |r, out| quoted(&r.principal, out)),
        column(rows, |r, out| match r.account {
            Some(account) => write_number(account, out),
            None => out.push_str("NULL"),
        }),
        column(rows, |r, out| quoted(r.action, out)),
        column(rows, |r, out| quoted(&r.subtype, out)),
        column(rows, |r, out| write_number(r.outcome.into(), out)),
        column(rows, |r, out| {
            out.push_str("\"{");
            separated(&r.patients, out, |p, out| write_number(*p, out));
            out.push_str("}\"");
        }),
        column(rows, |r, out| quoted(r.what.as_str(), out)),
        column(rows, |r, out| {
            out.push_str("\"\\\\x");
            out.push_str(&hex(&hash(&r.hashed())));
            out.push('"');
        }),
    ];
    let binds = columns.map(Value::from);
    db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, SQL, binds)).await?;
    Ok(())
}

/// One column of all rows as the text of an array: <https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO>.
fn column(rows: &[AuditRow], write: impl Fn(&AuditRow, &mut String)) -> String {
    let mut out = String::with_capacity(rows.len() * 24);
    out.push('{');
    separated(rows, &mut out, write);
    out.push('}');
    out
}

fn separated<T>(values: &[T], out: &mut String, write: impl Fn(&T, &mut String)) {
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(value, out);
    }
}

/// An element of an array of texts. A text has no U+0000.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        match part.as_bytes().last() {
            Some(mark @ (b'"' | b'\\')) => {
                out.push_str(&part[..part.len() - 1]);
                out.push('\\');
                out.push(*mark as char);
            }
            _ => out.push_str(part),
        }
    }
    out.push('"');
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|digit| DIGITS[usize::from(digit)] as char).collect()
}

/// All that a row says, as it is hashed.
struct Hashed<'r> {
    micros: i64,
    request_id: &'r str,
    principal: &'r str,
    account: Option<i64>,
    action: &'r str,
    subtype: &'r str,
    outcome: i16,
    patients: &'r [i64],
    what: &'r str,
}

impl AuditRow {
    fn hashed(&self) -> Hashed<'_> {
        Hashed {
            micros: self.recorded.timestamp_micros(),
            request_id: &self.request_id,
            principal: &self.principal,
            account: self.account,
            action: self.action,
            subtype: &self.subtype,
            outcome: self.outcome,
            patients: &self.patients,
            what: self.what.as_str(),
        }
    }
}

/// The one hash of an audit row: SHA-256 over every field with its length before it.
fn hash(row: &Hashed<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(&row.micros.to_le_bytes());
    part(row.request_id.as_bytes());
    part(row.principal.as_bytes());
    part(&row.account.map_or_else(Vec::new, |a| a.to_le_bytes().to_vec()));
    part(row.action.as_bytes());
    part(row.subtype.as_bytes());
    part(&row.outcome.to_le_bytes());
    part(&row.patients.iter().flat_map(|p| p.to_le_bytes()).collect::<Vec<u8>>());
    part(row.what.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_array_in_text_form() {
        let mut out = String::new();
        quoted("a\"b\\c,{}é", &mut out);
        quoted("", &mut out);
        assert_eq!(out, "\"a\\\"b\\\\c,{}é\"\"\"");
        assert_eq!(hex(&[0, 0xa7]), "00a7");
    }

    #[test]
    fn every_field_of_a_row_is_in_its_hash() {
        let row = AuditRow {
            recorded: DateTime::from_timestamp(1, 0).unwrap(),
            request_id: "r".into(),
            principal: "p".into(),
            account: None,
            action: "R",
            subtype: "read".into(),
            outcome: 0,
            patients: vec![1],
            what: json!({}).into(),
        };
        let of = |r: &AuditRow| hash(&r.hashed());
        let others = [
            AuditRow { recorded: DateTime::from_timestamp(2, 0).unwrap(), ..row.clone() },
            AuditRow { request_id: "rp".into(), principal: String::new(), ..row.clone() },
            AuditRow { account: Some(0), ..row.clone() },
            AuditRow { action: "U", ..row.clone() },
            AuditRow { subtype: "vread".into(), ..row.clone() },
            AuditRow { outcome: 4, ..row.clone() },
            AuditRow { patients: vec![1, 2], ..row.clone() },
            AuditRow { what: json!({"a": 1}).into(), ..row.clone() },
        ];
        for other in &others {
            assert_ne!(of(other), of(&row), "{other:?}");
        }
    }
}
