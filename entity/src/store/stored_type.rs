//! The types that anything was ever stored of. To look into a table of each type takes longer than most of what is asked of them then.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use fhir::ResourceType;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, QueryResult, Statement};

use super::Store;
use super::sql::text_array;
use crate::StoreError;

/// Those that are known to be put down: a type stays, so each is put down once and then left alone.
#[derive(Debug)]
pub(crate) struct Known([AtomicBool; ResourceType::COUNT]);

impl Default for Known {
    fn default() -> Self {
        Self([const { AtomicBool::new(false) }; ResourceType::COUNT])
    }
}

const ALL: &str = "SELECT name FROM app.stored_type";

impl Store {
    /// All of them, in the order of R4's list.
    pub(super) async fn stored_types(&self) -> Result<Vec<ResourceType>, StoreError> {
        of_names(&self.once.query_all(Statement::from_string(DatabaseBackend::Postgres, ALL)).await?)
    }

    /// The same within a transaction.
    pub(super) async fn stored_types_in(&self, db: &impl ConnectionTrait) -> Result<Vec<ResourceType>, StoreError> {
        of_names(&db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, ALL)).await?)
    }

    /// Puts down that the transaction stores something of these types. Once in a transaction: what it finds put down is then of others, and
    /// stays.
    pub(super) async fn stores(
        &self,
        tx: &DatabaseTransaction,
        types: impl Iterator<Item = ResourceType>,
    ) -> Result<(), StoreError> {
        let known = &self.stored.0;
        let new: Vec<ResourceType> = types.filter(|ty| !known[*ty as usize].load(Ordering::Relaxed)).collect();
        if new.is_empty() {
            return Ok(());
        }
        // In one order: of two transactions that are the first to store them, one waits for the other.
        let sql = "INSERT INTO app.stored_type (name) SELECT u.name FROM unnest($1::text[]) AS u (name) ORDER BY u.name \
                   ON CONFLICT DO NOTHING RETURNING name";
        let binds = [text_array(new.iter().map(|ty| ty.table().to_owned()))];
        let rows = tx.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        let first = of_names(&rows)?;
        // What this transaction puts down is gone again when it fails; what was there stays.
        for ty in new.into_iter().filter(|ty| !first.contains(ty)) {
            known[ty as usize].store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn of_names(rows: &[QueryResult]) -> Result<Vec<ResourceType>, StoreError> {
    let names = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<BTreeSet<String>, _>>()?;
    Ok(ResourceType::all().iter().copied().filter(|ty| names.contains(ty.table())).collect())
}
