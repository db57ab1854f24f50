//! The journal: a batch of events as one compressed row, which costs the database next to nothing beside theirs, until somebody wants to see them.
//!
//! A body is one format byte and one zstd frame of [`record`]s. What a batch says is bound to its place by [`hash`], and by the chain.

use std::cell::RefCell;

use sea_orm::sqlx::{self, PgConnection};
use sha2::{Digest as _, Sha256};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::get_frame_content_size;

use super::{AuditRow, record};

/// Ids of rows that come of the journal begin here; all others are below.
pub(super) const FIRST: i64 = 1 << 52;
/// Ids of one journal row.
pub(super) const PLACES: i64 = 8192;

const FORMAT: u8 = 1;
/// The fastest that still finds what requests have in common.
const LEVEL: i32 = 1;
/// No batch is so large (`queue`).
const LARGEST: u64 = 1 << 30;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(LEVEL).ok());
}

/// The id of the row that the event at `place` (from 0) of a journal row becomes.
pub(super) fn row_id(journal: i64, place: usize) -> i64 {
    FIRST + journal * PLACES + place as i64
}

/// Of all that a row of the journal says.
pub(super) fn hash(events: i32, body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(events.to_le_bytes()).chain_update(body).finalize().into()
}

/// Adds a batch of records, in a transaction of its own. Its work is no part of what it says, and not hashed.
pub(super) async fn add(
    connection: &mut PgConnection,
    events: usize,
    work: usize,
    records: &[u8],
) -> Result<(), sqlx::Error> {
    let events = i32::try_from(events).expect("a batch is bounded");
    let work = i32::try_from(work).unwrap_or(i32::MAX);
    let body = pack(records).map_err(sqlx::Error::Io)?;
    let hash = hash(events, &body);
    let sql = "INSERT INTO fhir.audit_journal (events, work, body, hash) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql).bind(events).bind(work).bind(body).bind(&hash[..]).execute(connection).await?;
    Ok(())
}

fn pack(records: &[u8]) -> std::io::Result<Vec<u8>> {
    let frame = COMPRESSOR.with_borrow_mut(|compressor| match compressor {
        Some(compressor) => compressor.compress(records),
        None => zstd::bulk::compress(records, LEVEL),
    })?;
    let mut body = Vec::with_capacity(frame.len() + 1);
    body.push(FORMAT);
    body.extend_from_slice(&frame);
    Ok(body)
}

/// The events of a row of the journal; `None` when it is not what [`add`] wrote.
pub(super) fn unpack(events: i32, body: &[u8], hashed: &[u8]) -> Option<Vec<AuditRow>> {
    if hash(events, body) != *hashed {
        return None;
    }
    let frame = body.strip_prefix(&[FORMAT])?;
    let size = get_frame_content_size(frame).ok()?.filter(|size| *size <= LARGEST)?;
    let records = Decompressor::new().ok()?.decompress(frame, usize::try_from(size).ok()?).ok()?;
    record::read(&records).filter(|rows| i32::try_from(rows.len()) == Ok(events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_journal_is_what_it_was_or_nothing() {
        let mut row = AuditRow {
            recorded: chrono::DateTime::UNIX_EPOCH,
            request_id: "r".into(),
            principal: "p".into(),
            account: None,
            action: "R",
            subtype: "read".into(),
            outcome: 0,
            patients: vec![7],
            what: serde_json::json!({}).into(),
        };
        let mut rows = Vec::new();
        let mut records = Vec::new();
        for n in 0..100 {
            row.request_id = format!("r{n}");
            record::write(&row, &mut records);
            rows.push(row.clone());
        }
        let body = pack(&records).unwrap();
        assert!(body.len() < records.len() / 3, "{} of {}", body.len(), records.len());
        let hashed = hash(100, &body);
        assert_eq!(unpack(100, &body, &hashed), Some(rows));
        assert_eq!(unpack(99, &body, &hashed), None);
        // The number of events is of what is hashed, and is compared with what is there.
        assert_eq!(unpack(99, &body, &hash(99, &body)), None);
        for at in 0..body.len() {
            let mut other = body.clone();
            other[at] ^= 1;
            assert_eq!(unpack(100, &other, &hashed), None, "{at}");
        }
        assert_eq!(unpack(100, &body[..0], &hash(100, &[])), None);
        assert_eq!((row_id(1, 0), row_id(1, 8191), row_id(2, 0)), (FIRST + 8192, FIRST + 16383, FIRST + 16384));
    }
}
