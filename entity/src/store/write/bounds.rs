//! What a bounded actor finds before it writes: whoever sees some patients only takes nothing from the chart of another, and whoever writes
//! by category changes what is of it. What a record becomes is judged where its new text is read ([`Store::own`]).

use std::collections::{BTreeMap, HashSet};

use fhir::ResourceType;
use fhir::search::registry;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};

use super::{Row, not_own};
use crate::actor::Sight;
use crate::store::sql::Sql;
use crate::store::{Plan, Store};
use crate::{Actor, Rows, StoreError};

impl Store {
    /// Refuses a change or deletion of what the actor sees, but is about others as well, or is of another category. The heads are locked, so
    /// their versions are what they are until the commit.
    pub(super) async fn was_own(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        plan: &Plan,
        rows: &[Row],
    ) -> Result<(), StoreError> {
        if actor.rows == Rows::All && actor.writable.is_empty() {
            return Ok(());
        }
        let mut before: BTreeMap<(ResourceType, &str), Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|r| !r.is_new) {
            before.entry((row.resource_type, row.operation)).or_default().push(row);
        }
        for ((resource_type, _), rows) in before {
            let mut sql = Sql::new();
            let interaction = rows[0].interaction();
            if let Rows::Patients(ids) = &actor.rows
                && registry::several_patients(resource_type)
            {
                sql.push("SELECT v.rid FROM ")
                    .every_version(resource_type, "v")
                    .push(" WHERE (v.rid, v.version_id) IN (");
                sql.push("SELECT u.rid, u.version_id FROM unnest(")
                    .bind_i64s(rows.iter().map(|r| r.rid))
                    .push("::bigint[], ");
                sql.bind_i64s(rows.iter().map(|r| i64::from(r.version_id) - 1))
                    .push("::bigint[]) AS u (rid, version_id))");
                sql.push(" AND NOT coalesce(coalesce(v.pats, ARRAY[v.pat]) <@ ");
                sql.bind_i64s(ids.iter().map(|id| self.keys.resource(ResourceType::Patient, id)));
                sql.push("::bigint[], false)");
                let others = keys_of(tx, std::mem::take(&mut sql)).await?;
                if let Some(row) = rows.iter().find(|r| others.contains(&r.rid)) {
                    return Err(not_own(&plan.writes[row.at]));
                }
            }
            let categories = actor.writable(interaction, resource_type);
            if !categories.is_empty() {
                let sight = Sight { categories, ..actor.sight() };
                sql.push("SELECT h.rid FROM ").heads_in_sight(resource_type, "h", &sight, &self.keys);
                sql.push(" AND h.rid = ANY(").bind_i64s(rows.iter().map(|r| r.rid)).push(")");
                let fitting = keys_of(tx, sql).await?;
                if let Some(row) = rows.iter().find(|r| !fitting.contains(&r.rid)) {
                    return Err(not_own(&plan.writes[row.at]));
                }
            }
        }
        Ok(())
    }
}

/// The row keys that a statement finds.
async fn keys_of(tx: &DatabaseTransaction, sql: Sql) -> Result<HashSet<i64>, StoreError> {
    let mut found = HashSet::new();
    for row in tx.query_all_raw(sql.statement()).await? {
        found.insert(row.try_get("", "rid")?);
    }
    Ok(found)
}
