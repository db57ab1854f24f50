//! Rows of the audit by `COPY … (FORMAT binary)`: no statement to plan, no arrays to take apart, and pages that are filled many rows at a time.
//!
//! The format: <https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.4>.

use sea_orm::sqlx::{self, PgConnection};

use super::{AuditRow, hash};

const SQL: &str = "COPY fhir.audit_event \
    (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash) FROM STDIN (FORMAT binary)";
const COLUMNS: i16 = 10;
/// Of rows that come of the journal: by their ids they are found in it.
const UNROLLED_SQL: &str = "COPY fhir.audit_event \
    (recorded, request_id, principal, account, action, subtype, outcome, patients, what, id) FROM STDIN (FORMAT binary)";
/// So many rows are written and hashed before others have their turn.
const AT_ONCE: usize = 128;
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// 2000-01-01T00:00:00Z, where PostgreSQL counts from, in microseconds of the epoch.
const EPOCH: i64 = 946_684_800_000_000;
/// `int8`, as `pg_type` numbers it.
const BIGINT: i32 = 20;
/// The one version of jsonb on the wire.
const JSONB: u8 = 1;

/// All rows or none, in a transaction of their own.
pub(super) async fn copy(connection: &mut PgConnection, rows: &[AuditRow]) -> Result<(), sqlx::Error> {
    let bytes = file(rows, |row| row, |row, out| field(out, &hash(&row.hashed()))).await;
    send(connection, SQL, bytes).await
}

/// All rows or none, under these ids.
pub(super) async fn copy_unrolled(connection: &mut PgConnection, rows: &[(i64, AuditRow)]) -> Result<(), sqlx::Error> {
    let bytes = file(rows, |(_, row)| row, |(id, _), out| field(out, &id.to_be_bytes())).await;
    send(connection, UNROLLED_SQL, bytes).await
}

async fn send(connection: &mut PgConnection, sql: &str, bytes: Vec<u8>) -> Result<(), sqlx::Error> {
    let mut copy = connection.copy_in_raw(sql).await?;
    copy.send(bytes).await?;
    copy.finish().await?;
    Ok(())
}

/// What is copied; `last` writes the last field of each.
async fn file<R>(rows: &[R], row_of: impl Fn(&R) -> &AuditRow, last: impl Fn(&R, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + rows.len() * 512);
    out.extend_from_slice(SIGNATURE);
    // Neither flags nor an extension of the header.
    out.extend_from_slice(&[0; 8]);
    for (at, kept) in rows.iter().enumerate() {
        if at > 0 && at.is_multiple_of(AT_ONCE) {
            tokio::task::yield_now().await;
        }
        let row = row_of(kept);
        out.extend_from_slice(&COLUMNS.to_be_bytes());
        field(&mut out, &(row.recorded.timestamp_micros() - EPOCH).to_be_bytes());
        field(&mut out, row.request_id.as_bytes());
        field(&mut out, row.principal.as_bytes());
        match row.account {
            Some(account) => field(&mut out, &account.to_be_bytes()),
            None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
        field(&mut out, row.action.as_bytes());
        field(&mut out, row.subtype.as_bytes());
        field(&mut out, &row.outcome.to_be_bytes());
        within(&mut out, |out| array(out, &row.patients));
        within(&mut out, |out| {
            out.push(JSONB);
            out.extend_from_slice(row.what.as_str().as_bytes());
        });
        last(kept, &mut out);
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}

fn field(out: &mut Vec<u8>, value: &[u8]) {
    within(out, |out| out.extend_from_slice(value));
}

/// A field of whatever `write` writes, with its length before it.
fn within(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = i32::try_from(out.len() - at - 4).expect("a row is bounded far below two gigabytes");
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// `bigint[]`: dimensions, whether there are nulls, the type, and of the one dimension its length and where it begins.
fn array(out: &mut Vec<u8>, values: &[i64]) {
    let count = i32::try_from(values.len()).expect("patients of one request are bounded");
    for part in [i32::from(count > 0), 0, BIGINT] {
        out.extend_from_slice(&part.to_be_bytes());
    }
    if count > 0 {
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&1_i32.to_be_bytes());
    }
    for value in values {
        field(out, &value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_carry_their_length() {
        let mut out = Vec::new();
        field(&mut out, b"ab");
        array(&mut out, &[]);
        array(&mut out, &[-2]);
        let empty = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20];
        let one = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8];
        let expected = [&[0, 0, 0, 2, b'a', b'b'][..], &empty, &one, &(-2_i64).to_be_bytes()].concat();
        assert_eq!(out, expected);
    }
}
