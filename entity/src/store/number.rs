//! Medical record numbers: given out in order, with a check digit, never twice.

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};

use crate::{Store, StoreError};

impl Store {
    /// The next number: eight digits and the check digit of ISO/IEC 7812-1 annex B (Luhn). A number that is not used in the end is a gap.
    ///
    /// # Errors
    /// Of the database.
    pub async fn next_record_number(&self) -> Result<String, StoreError> {
        let sql = Statement::from_string(DatabaseBackend::Postgres, "SELECT nextval('app.record_number') AS n");
        let row = self.db.query_one_raw(sql).await?;
        let row = row.ok_or_else(|| StoreError::Internal("the sequence gave no row".into()))?;
        Ok(with_check_digit(row.try_get("", "n")?))
    }
}

fn with_check_digit(n: i64) -> String {
    let digits = format!("{n:08}");
    let doubled = |(i, d): (usize, u8)| {
        let d = u32::from(d - b'0') * if i % 2 == 0 { 2 } else { 1 };
        d / 10 + d % 10
    };
    let sum: u32 = digits.bytes().rev().enumerate().map(doubled).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::with_check_digit;

    #[test]
    fn the_check_digit_is_luhns() {
        // The worked example of ISO/IEC 7812-1: 7992739871 has 3.
        assert_eq!(with_check_digit(7_992_739_871), "79927398713");
        assert_eq!(with_check_digit(1), "000000018");
    }
}
