//! What refers to a resource that is deleted: live resources of any type, by their reference parameters.
//!
//! It sees what the actor may see; references in elements that no search parameter reads are not known to it. Provenance is a record of
//! what was done and refers to what is gone.

use std::collections::BTreeMap;

use fhir::ResourceType;
use fhir::search::registry::{self, Kind};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};

use crate::store::Store;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

impl Store {
    /// Refuses when a live resource refers to one of these, as the transaction has left them.
    pub(super) async fn unreferenced(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        deleted: &[(ResourceType, &str)],
    ) -> Result<(), StoreError> {
        if deleted.is_empty() {
            return Ok(());
        }
        let mut by_type: BTreeMap<ResourceType, Vec<String>> = BTreeMap::new();
        for (ty, id) in deleted {
            by_type.entry(*ty).or_default().push(format!("{ty}/{id}"));
        }
        let parameters = self.parameters();
        for source in self.types_with_rows(tx).await? {
            if source == ResourceType::Provenance {
                continue;
            }
            let mut terms = Vec::new();
            let all = registry::parameters(source).iter().chain(parameters.added.served(source).iter().copied());
            for param in all.filter(|p| p.kind == Kind::Reference) {
                let targets = by_type.iter().filter(|(ty, _)| param.targets.is_empty() || param.targets.contains(ty));
                terms.extend(targets.flat_map(|(_, all)| all).map(|t| self.keys.term_reference(param.code, t)));
            }
            if terms.is_empty() {
                continue;
            }
            let mut sql = Sql::new();
            sql.push("SELECT h.id FROM ").heads(source, "h", actor, &self.keys);
            sql.push(" AND h.terms && ").bind_i64s(terms).push(" LIMIT 1");
            if let Some(row) = tx.query_one_raw(sql.statement()).await? {
                let id: String = row.try_get("", "id")?;
                let what = match deleted {
                    [(ty, id)] => format!("{ty}/{id}"),
                    _ => "one of them".to_owned(),
                };
                return Err(StoreError::Conflict(format!("{source}/{id} refers to {what}; nothing was deleted")));
            }
        }
        Ok(())
    }
}
