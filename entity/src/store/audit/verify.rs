//! Whether the audit is what it was: every hash and every seal computed again, and every row that came of the journal compared with it.

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use sha2::{Digest as _, Sha256};

use super::seal::{Marked, Row, Seal, mark, seal, seal_of, statement};
use super::{AuditRow, What, hash, hex, journal};
use crate::store::sql::i64_array;
use crate::{Store, StoreError};

/// Journal rows read at once.
const AT_ONCE: usize = 16;

/// The outcome of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Events looked at, sealed or not, in rows or in the journal.
    pub rows: u64,
    pub seals: u64,
    /// The newest seal, to be compared with the log; hexadecimal.
    pub head: String,
    /// The first thing that is wrong.
    pub broken: Option<Break>,
}

/// Where the audit is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    #[error("row {0} was changed")]
    Changed(i64),
    #[error("row {0} is missing")]
    Missing(i64),
    #[error("row {0} was put in later")]
    Inserted(i64),
    #[error("journal row {0} was changed")]
    JournalChanged(i64),
    #[error("journal row {0} is missing")]
    JournalMissing(i64),
    #[error("journal row {0} was put in later")]
    JournalInserted(i64),
    #[error("seal {0} was changed")]
    Seal(i64),
    #[error("seal {0} is missing")]
    NoSeal(i64),
}

/// How a difference is called.
struct Kind {
    changed: fn(i64) -> Break,
    missing: fn(i64) -> Break,
    inserted: fn(i64) -> Break,
}

const ROWS: Kind = Kind { changed: Break::Changed, missing: Break::Missing, inserted: Break::Inserted };
const JOURNAL: Kind =
    Kind { changed: Break::JournalChanged, missing: Break::JournalMissing, inserted: Break::JournalInserted };

/// What is there of a range of transactions.
struct Found {
    /// Each with whether its hash is that of what it says.
    rows: Vec<(Row, bool)>,
    journal: Vec<(Row, bool)>,
    /// How many events the journal has.
    journaled: u64,
    /// The first row that is not what the journal says.
    unlike: Option<Break>,
}

impl Store {
    /// Computes every row's hash and every seal again, and compares with the journal what came of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn verify_audit(&self) -> Result<Verified, StoreError> {
        const SEAL: &str =
            "SELECT n, below::text AS below, ids, marks, journals, journal_marks, hash FROM fhir.audit_seal";
        let tx = self.begin_with(Some(sea_orm::IsolationLevel::RepeatableRead)).await?;
        let first = statement(&format!("{SEAL} WHERE n = 0"), []);
        let mut verified = Verified { rows: 0, seals: 0, head: String::new(), broken: None };
        let Some(first) = tx.query_one_raw(first).await? else {
            return Ok(Verified { broken: Some(Break::NoSeal(0)), ..verified });
        };
        let mut last = seal_of(&first)?;
        if last.hash != Sha256::digest("WintEHR audit").to_vec() {
            return Ok(Verified { broken: Some(Break::Seal(0)), ..verified });
        }
        loop {
            let next = statement(&format!("{SEAL} WHERE n > $1 ORDER BY n LIMIT 1"), [last.n.into()]);
            let next = tx.query_one_raw(next).await?.as_ref().map(seal_of).transpose()?;
            verified.head = hex(&last.hash);
            if next.as_ref().is_some_and(|next| next.n != last.n + 1) {
                return Ok(Verified { broken: Some(Break::NoSeal(last.n + 1)), ..verified });
            }
            let found = found(&tx, &last.below, next.as_ref().map(|next| &*next.below)).await?;
            verified.rows += found.rows.len() as u64 + found.journaled;
            verified.broken = match &next {
                Some(next) => sealed(next, &found, &last.hash),
                None => changed(&found.rows, &ROWS).or_else(|| changed(&found.journal, &JOURNAL)),
            };
            verified.broken = verified.broken.or(found.unlike);
            let (Some(next), None) = (next, verified.broken) else { break };
            verified.seals += 1;
            last = next;
        }
        if verified.broken.is_none() {
            verified.broken = of_no_journal(&tx).await?;
        }
        tx.rollback().await?;
        Ok(verified)
    }
}

/// The first difference between a seal and what it is about.
fn sealed(next: &Seal, found: &Found, before: &[u8]) -> Option<Break> {
    let differs = differs(&next.rows, &found.rows, &ROWS).or_else(|| differs(&next.journal, &found.journal, &JOURNAL));
    let of = |rows: &'_ [(Row, bool)]| rows.iter().map(|(row, _)| row.clone()).collect::<Vec<_>>();
    let again = || seal(before, &next.below, &of(&found.rows), &of(&found.journal));
    differs.or_else(|| (next.hash != again()).then_some(Break::Seal(next.n)))
}

fn changed(rows: &[(Row, bool)], kind: &Kind) -> Option<Break> {
    rows.iter().find(|(_, right)| !right).map(|(row, _)| (kind.changed)(row.id))
}

fn differs(sealed: &Marked, rows: &[(Row, bool)], kind: &Kind) -> Option<Break> {
    let mut place = 0;
    for (row, right) in rows {
        match sealed.ids.get(place) {
            Some(id) if *id == row.id => {
                if !right || sealed.marks.get(place) != Some(&mark(&row.hash)) {
                    return Some((kind.changed)(row.id));
                }
                place += 1;
            }
            Some(id) if sealed.ids.contains(&row.id) => return Some((kind.missing)(*id)),
            Some(_) | None => return Some((kind.inserted)(row.id)),
        }
    }
    sealed.ids.get(place).map(|id| (kind.missing)(*id))
}

/// The rows and journal rows of a range of transactions, `[from, below)`.
async fn found(tx: &DatabaseTransaction, from: &str, below: Option<&str>) -> Result<Found, StoreError> {
    let range = || [from.into(), below.map(ToOwned::to_owned).into()];
    let rows = format!(
        "SELECT {COLUMNS} FROM fhir.audit_event WHERE id < 4503599627370496
           AND xact >= $1::text::xid8 AND ($2::text IS NULL OR xact < $2::text::xid8) ORDER BY xact, id"
    );
    let mut found = Found { rows: Vec::new(), journal: Vec::new(), journaled: 0, unlike: None };
    for row in tx.query_all_raw(statement(&rows, range())).await? {
        let kept = Row { id: row.try_get("", "id")?, hash: row.try_get("", "hash")? };
        let right = kept.hash == hash(&said(&row)?.hashed());
        found.rows.push((kept, right));
    }
    let ids = "SELECT id FROM fhir.audit_journal
        WHERE xact >= $1::text::xid8 AND ($2::text IS NULL OR xact < $2::text::xid8) ORDER BY xact, id";
    let ids = tx.query_all_raw(statement(ids, range())).await?;
    let ids = ids.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<i64>, _>>()?;
    for ids in ids.chunks(AT_ONCE) {
        let journal = "SELECT j.id, j.events, j.body, j.hash, u.journal IS NOT NULL AS unrolled
            FROM fhir.audit_journal AS j LEFT JOIN fhir.audit_unrolled AS u ON u.journal = j.id WHERE j.id = ANY($1) ORDER BY j.xact, j.id";
        for row in tx.query_all_raw(statement(journal, [i64_array(ids.iter().copied())])).await? {
            found.journal_row(tx, &row).await?;
        }
    }
    Ok(found)
}

impl Found {
    async fn journal_row(&mut self, tx: &DatabaseTransaction, row: &QueryResult) -> Result<(), StoreError> {
        let kept = Row { id: row.try_get("", "id")?, hash: row.try_get("", "hash")? };
        let (events, body): (i32, Vec<u8>) = (row.try_get("", "events")?, row.try_get("", "body")?);
        let events = journal::unpack(events, &body, &kept.hash);
        if let (Some(events), true, None) = (&events, row.try_get("", "unrolled")?, self.unlike) {
            self.unlike = unlike(tx, kept.id, events).await?;
        }
        self.journaled += events.as_ref().map_or(0, Vec::len) as u64;
        self.journal.push((kept, events.is_some()));
        Ok(())
    }
}

/// The first row that is not the event of the journal whose id it has; the index on ids answers it.
async fn unlike(tx: &DatabaseTransaction, journal: i64, events: &[AuditRow]) -> Result<Option<Break>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM fhir.audit_event WHERE id >= $1 AND id < $2 ORDER BY id");
    let (first, end) = (journal::row_id(journal, 0), journal::row_id(journal + 1, 0));
    let mut events = events.iter().enumerate().map(|(place, event)| (journal::row_id(journal, place), event));
    for row in tx.query_all_raw(statement(&sql, [first.into(), end.into()])).await? {
        let id: i64 = row.try_get("", "id")?;
        match events.next() {
            Some((due, _)) if due < id => return Ok(Some(Break::Missing(due))),
            Some((due, event)) if due == id && *event == said(&row)? => {}
            Some((due, _)) if due == id => return Ok(Some(Break::Changed(id))),
            // One that was there already, or is beyond what the journal has.
            _ => return Ok(Some(Break::Inserted(id))),
        }
    }
    Ok(events.next().map(|(due, _)| Break::Missing(due)))
}

/// A row with an id of the journal, of which no journal row has become rows; and a note of that without the journal row.
async fn of_no_journal(tx: &DatabaseTransaction) -> Result<Option<Break>, StoreError> {
    let rows = "SELECT a.id FROM fhir.audit_event AS a WHERE a.id >= 4503599627370496
        AND NOT EXISTS (SELECT FROM fhir.audit_unrolled AS u JOIN fhir.audit_journal AS j ON j.id = u.journal
                        WHERE u.journal = (a.id - 4503599627370496) / 8192) ORDER BY a.id LIMIT 1";
    if let Some(row) = tx.query_one_raw(statement(rows, [])).await? {
        return Ok(Some(Break::Inserted(row.try_get("", "id")?)));
    }
    let notes = "SELECT u.journal FROM fhir.audit_unrolled AS u
        WHERE NOT EXISTS (SELECT FROM fhir.audit_journal AS j WHERE j.id = u.journal) ORDER BY u.journal LIMIT 1";
    let note = tx.query_one_raw(statement(notes, [])).await?;
    Ok(note.map(|row| row.try_get("", "journal")).transpose()?.map(Break::JournalMissing))
}

const COLUMNS: &str = "id, (extract(epoch FROM recorded) * 1000000)::bigint AS micros, request_id, principal, account,
    action::text AS action, subtype, outcome, patients, what::text AS what, hash";

/// What a row of [`COLUMNS`] says.
fn said(row: &QueryResult) -> Result<AuditRow, StoreError> {
    let micros: i64 = row.try_get("", "micros")?;
    let action: String = row.try_get("", "action")?;
    let subtype: String = row.try_get("", "subtype")?;
    let what: String = row.try_get("", "what")?;
    let what = serde_json::from_str::<serde_json::Value>(&what)
        .map_err(|_| StoreError::Internal("a row of the audit is no JSON".into()))?;
    Ok(AuditRow {
        recorded: chrono::DateTime::from_timestamp_micros(micros)
            .ok_or_else(|| StoreError::Internal("an instant of the audit is out of range".into()))?,
        request_id: row.try_get("", "request_id")?,
        principal: row.try_get("", "principal")?,
        account: row.try_get("", "account")?,
        // The table takes no other.
        action: ["C", "R", "U", "D", "E"].into_iter().find(|a| *a == action).unwrap_or_default(),
        subtype: subtype.into(),
        outcome: row.try_get("", "outcome")?,
        patients: row.try_get("", "patients")?,
        what: What::from(what),
    })
}
