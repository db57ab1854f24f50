//! The columns of a row by their place, read from PostgreSQL's binary format. A look-up by name, and asking the driver whether the type
//! fits, cost more than the value; a column of another width is refused.

use chrono::{DateTime, Utc};
use sea_orm::QueryResult;
use sea_orm::sqlx::postgres::{PgRow, PgValueFormat};
use sea_orm::sqlx::{Row as _, ValueRef as _};

use crate::StoreError;

/// Microseconds from the Unix epoch to 2000-01-01T00:00:00Z, from which PostgreSQL counts.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// A row of a prepared statement.
#[derive(Clone, Copy)]
pub(in crate::store) struct Cells<'r>(&'r PgRow);

impl<'r> From<&'r PgRow> for Cells<'r> {
    fn from(row: &'r PgRow) -> Self {
        Self(row)
    }
}

impl<'r> Cells<'r> {
    /// # Errors
    /// [`StoreError::Internal`] for a row of another database.
    pub fn of(row: &'r QueryResult) -> Result<Self, StoreError> {
        row.try_as_pg_row().map(Self).ok_or_else(|| StoreError::Internal("a row is not PostgreSQL's".into()))
    }

    /// A `bytea`, or the binary form of any other type; `None` is NULL. So are the functions below, each of its type.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when there is no such column, or it is of another width or form.
    pub fn bytes(self, at: usize) -> Result<Option<&'r [u8]>, StoreError> {
        // Looked at where the driver has put it: each move of it takes longer than all else here, and a page reads thousands.
        match &self.0.try_get_raw(at) {
            Ok(value) if value.is_null() => Ok(None),
            Ok(value) if value.format() == PgValueFormat::Binary => value.as_bytes().map(Some).map_err(|_| unlike(at)),
            _ => Err(unlike(at)),
        }
    }

    pub fn text(self, at: usize) -> Result<&'r str, StoreError> {
        let bytes = self.bytes(at)?.ok_or_else(|| unlike(at))?;
        std::str::from_utf8(bytes).map_err(|_| unlike(at))
    }

    pub fn bool(self, at: usize) -> Result<bool, StoreError> {
        Ok(self.fixed::<1>(at)?.ok_or_else(|| unlike(at))? != [0])
    }

    pub fn i16(self, at: usize) -> Result<i16, StoreError> {
        self.fixed(at)?.map(i16::from_be_bytes).ok_or_else(|| unlike(at))
    }

    pub fn i32(self, at: usize) -> Result<i32, StoreError> {
        self.fixed(at)?.map(i32::from_be_bytes).ok_or_else(|| unlike(at))
    }

    pub fn i64(self, at: usize) -> Result<i64, StoreError> {
        self.some_i64(at)?.ok_or_else(|| unlike(at))
    }

    pub fn some_i64(self, at: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.fixed(at)?.map(i64::from_be_bytes))
    }

    /// A `timestamptz`.
    pub fn instant(self, at: usize) -> Result<DateTime<Utc>, StoreError> {
        let micros = self.i64(at)?.checked_add(POSTGRES_EPOCH_US);
        micros.and_then(DateTime::from_timestamp_micros).ok_or_else(|| unlike(at))
    }

    fn fixed<const WIDTH: usize>(self, at: usize) -> Result<Option<[u8; WIDTH]>, StoreError> {
        self.bytes(at)?.map(|bytes| bytes.try_into().map_err(|_| unlike(at))).transpose()
    }
}

fn unlike(at: usize) -> StoreError {
    StoreError::Internal(format!("column {at} of a statement is not as it was read"))
}
