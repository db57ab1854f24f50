//! The audit: one kind of row for reads, writes, refusals and sign-ins, inserted here only, each with the hash of all that it says.
//!
//! A write's rows are in its transaction ([`insert`]). What only reads is queued and written in batches ([`queue`]); the rows are
//! chained by [`seal`].

mod queue;
mod seal;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, Value};
use serde_json::Value as Plain;
use sha2::{Digest as _, Sha256};

pub(crate) use queue::Queue;
pub use seal::{Break, Verified};

use crate::StoreError;
use crate::store::sql::i64_array;

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
    pub subtype: String,
    /// 0 done, 4 refused, 8 failed, 12 the server had to stop.
    pub outcome: i16,
    /// Row keys of the patients concerned.
    pub patients: Vec<i64>,
    /// What was touched and how it was asked for. Numbers in it are integers.
    pub what: Plain,
}

/// Inserts the rows, in one statement.
pub(crate) async fn insert(db: &impl ConnectionTrait, rows: &[AuditRow]) -> Result<(), StoreError> {
    const SQL: &str = r#"INSERT INTO fhir.audit_event
          (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash)
        SELECT 'epoch'::timestamptz + u.recorded * interval '1 microsecond', u.request_id, u.principal, NULLIF(u.account, 0),
               u.action::"char", u.subtype, u.outcome, ($11::bigint[])[u.pat_lo:u.pat_hi], u.what::jsonb, u.hash
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::smallint[], $8::text[],
                    $9::bytea[], $10::int[], $12::int[])
          AS u (recorded, request_id, principal, account, action, subtype, outcome, what, hash, pat_lo, pat_hi)"#;
    if rows.is_empty() {
        return Ok(());
    }
    let mut end = 0;
    let ends: Vec<(i32, i32)> = rows
        .iter()
        .map(|r| {
            let start = end + 1;
            end += r.patients.len() as i32;
            (start, end)
        })
        .collect();
    let (whats, hashes): (Vec<String>, Vec<Vec<u8>>) = rows
        .iter()
        .map(|r| {
            let what = canonical(&r.what);
            let hash = hash(&r.hashed(&what)).to_vec();
            (what, hash)
        })
        .unzip();
    let texts = |of: fn(&AuditRow) -> String| array(ArrayType::String, rows.iter().map(|r| of(r).into()));
    let binds = [
        i64_array(rows.iter().map(|r| r.recorded.timestamp_micros())),
        texts(|r| r.request_id.clone()),
        texts(|r| r.principal.clone()),
        i64_array(rows.iter().map(|r| r.account.unwrap_or(0))),
        texts(|r| r.action.to_owned()),
        texts(|r| r.subtype.clone()),
        array(ArrayType::SmallInt, rows.iter().map(|r| r.outcome.into())),
        array(ArrayType::String, whats.into_iter().map(Value::from)),
        array(ArrayType::Bytes, hashes.into_iter().map(Value::from)),
        array(ArrayType::Int, ends.iter().map(|(lo, _)| (*lo).into())),
        i64_array(rows.iter().flat_map(|r| r.patients.iter().copied())),
        array(ArrayType::Int, ends.iter().map(|(_, hi)| (*hi).into())),
    ];
    db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, SQL, binds)).await?;
    Ok(())
}

fn array(ty: ArrayType, values: impl Iterator<Item = Value>) -> Value {
    Value::Array(ty, Some(Box::new(values.collect())))
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
    /// By [`canonical`].
    what: &'r str,
}

impl AuditRow {
    fn hashed<'r>(&'r self, what: &'r str) -> Hashed<'r> {
        Hashed {
            micros: self.recorded.timestamp_micros(),
            request_id: &self.request_id,
            principal: &self.principal,
            account: self.account,
            action: self.action,
            subtype: &self.subtype,
            outcome: self.outcome,
            patients: &self.patients,
            what,
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

/// JSON as it is hashed, whatever order jsonb gives its keys: sorted, without spaces. U+0000, which jsonb cannot hold, becomes U+FFFD.
fn canonical(value: &Plain) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

fn write_canonical(value: &Plain, out: &mut String) {
    let mut text = |s: &str| {
        let clean = s.replace('\0', "\u{fffd}");
        out.push_str(&Plain::from(clean).to_string());
    };
    match value {
        Plain::String(s) => text(s),
        Plain::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, member)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(&Plain::from(name.as_str()), out);
                out.push(':');
                write_canonical(member, out);
            }
            out.push('}');
        }
        Plain::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        Plain::Null | Plain::Bool(_) | Plain::Number(_) => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_hashed_does_not_depend_on_the_order_of_keys() {
        let one = canonical(&json!({"b": [1, {"z": null, "a": "x\u{0}\"é"}], "a": true}));
        assert_eq!(one, "{\"a\":true,\"b\":[1,{\"a\":\"x\u{fffd}\\\"é\",\"z\":null}]}");
        assert_eq!(canonical(&serde_json::from_str(&one).unwrap()), one);
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
            what: json!({}),
        };
        let of = |r: &AuditRow| hash(&r.hashed(&canonical(&r.what)));
        let others = [
            AuditRow { recorded: DateTime::from_timestamp(2, 0).unwrap(), ..row.clone() },
            AuditRow { request_id: "rp".into(), principal: String::new(), ..row.clone() },
            AuditRow { account: Some(0), ..row.clone() },
            AuditRow { action: "U", ..row.clone() },
            AuditRow { subtype: "vread".into(), ..row.clone() },
            AuditRow { outcome: 4, ..row.clone() },
            AuditRow { patients: vec![1, 2], ..row.clone() },
            AuditRow { what: json!({"a": 1}), ..row.clone() },
        ];
        for other in &others {
            assert_ne!(of(other), of(&row), "{other:?}");
        }
    }
}
