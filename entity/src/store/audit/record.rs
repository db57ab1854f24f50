//! Events of the audit as bytes: how they wait in memory and lie in the journal, one after the other.
//!
//! Each is the instant (µs of the epoch, `i64`), the letter of the action, the outcome (`u8`), whether there is an account (`u8`) and it
//! (`i64`), then request, principal, subtype and what was touched, each with its length before it, and the patients (`i64`) with their
//! number. Integers are little-endian; lengths have seven bits to a byte, the lowest first, and the eighth says that one more follows.

use chrono::DateTime;

use super::{AuditRow, What};

/// Adds a row to `out`.
pub(super) fn write(row: &AuditRow, out: &mut Vec<u8>) {
    out.extend_from_slice(&row.recorded.timestamp_micros().to_le_bytes());
    out.extend_from_slice(row.action.as_bytes());
    out.push(u8::try_from(row.outcome).expect("an outcome is one of four small numbers"));
    out.push(row.account.is_some().into());
    out.extend_from_slice(&row.account.unwrap_or_default().to_le_bytes());
    for text in [&*row.request_id, &row.principal, &row.subtype, row.what.as_str()] {
        write_length(text.len(), out);
        out.extend_from_slice(text.as_bytes());
    }
    write_length(row.patients.len(), out);
    for patient in &row.patients {
        out.extend_from_slice(&patient.to_le_bytes());
    }
}

/// All rows of `bytes`; `None` when they are not what [`write`] makes.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<AuditRow>> {
    let mut left = Left(bytes);
    let mut rows = Vec::with_capacity(bytes.len() / 256);
    while !left.0.is_empty() {
        rows.push(left.row()?);
    }
    Some(rows)
}

fn write_length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// What is not read yet.
struct Left<'b>(&'b [u8]);

impl Left<'_> {
    fn row(&mut self) -> Option<AuditRow> {
        let recorded = DateTime::from_timestamp_micros(self.number()?)?;
        let action =
            ["C", "R", "U", "D", "E"].into_iter().find(|a| a.as_bytes() == self.0.get(..1).unwrap_or_default())?;
        self.bytes(1)?;
        let outcome = self.bytes(1)?[0].into();
        let has_account = self.bytes(1)?[0] == 1;
        let account = Some(self.number()?).filter(|_| has_account);
        let (request_id, principal) = (self.text()?, self.text()?);
        let subtype = self.text()?.into();
        let what = What::written(self.text()?);
        let patients = (0..self.length()?).map(|_| self.number()).collect::<Option<_>>()?;
        Some(AuditRow { recorded, request_id, principal, account, action, subtype, outcome, patients, what })
    }

    fn bytes(&mut self, n: usize) -> Option<&[u8]> {
        let (bytes, left) = self.0.split_at_checked(n)?;
        self.0 = left;
        Some(bytes)
    }

    fn number(&mut self) -> Option<i64> {
        self.bytes(8)?.try_into().ok().map(i64::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0_usize;
        for shift in (0..35).step_by(7) {
            let byte = self.bytes(1)?[0];
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(length);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        self.bytes(length).and_then(|text| String::from_utf8(text.to_vec()).ok())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(n: i64) -> AuditRow {
        AuditRow {
            recorded: DateTime::from_timestamp_micros(1_790_000_000_000_000 + n).unwrap(),
            request_id: format!("r{n}"),
            principal: "é".repeat(n as usize * 50),
            account: (n % 2 == 0).then_some(-n),
            action: ["C", "R", "U", "D", "E"][n as usize % 5],
            subtype: "search-type".into(),
            outcome: [0, 4, 8, 12][n as usize % 4],
            patients: (0..n * 100).collect(),
            what: json!({ "path": "/Patient", "status": 200 }).into(),
        }
    }

    #[test]
    fn rows_are_read_as_they_were_written() {
        let rows: Vec<AuditRow> = (0..6).map(row).collect();
        let mut bytes = Vec::new();
        rows.iter().for_each(|r| write(r, &mut bytes));
        assert_eq!(read(&bytes), Some(rows));
        assert_eq!(read(&[]), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_is_no_row() {
        let mut bytes = Vec::new();
        write(&row(3), &mut bytes);
        for end in 1..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end}");
        }
        bytes[8] = b'X';
        assert_eq!(read(&bytes), None);
    }
}
