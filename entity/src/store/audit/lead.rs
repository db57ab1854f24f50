//! By which rows a question about the audit is answered, where its own conditions have no index: what leads to those rows is looked up
//! first, and stands beside the conditions, which decide.

use std::collections::HashMap;

use fhir::ResourceType;
use fhir::search::query::{Clause, Modifier, Query};
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::read::{AuditFilter, Wanted, references};
use crate::store::Store;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

/// Rows that are about one of these patients, by the index on `patients`; or about nobody, by the index on what such rows touched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lead {
    patients: Vec<i64>,
    items: Vec<String>,
}

impl Lead {
    /// ` AND …`.
    pub fn push(self, sql: &mut Sql) {
        sql.push(" AND (a.patients && ").bind_i64s(self.patients);
        sql.push(" OR a.patients = '{}' AND a.what->'items' @> ANY(").bind_texts(self.items).push("::jsonb[]))");
    }
}

impl Store {
    /// The accounts that wrote these versions of a resource, by their names in the audit; a version that it has no trace of is left out. Who
    /// asks was found to see the versions.
    ///
    /// # Errors
    /// What only an operator can act on.
    pub async fn authors(
        &self,
        resource_type: ResourceType,
        id: &str,
        versions: &[i32],
    ) -> Result<HashMap<i32, String>, StoreError> {
        let mut sql = Sql::new();
        sql.push("SELECT a.principal, w.version FROM fhir.audit_event AS a CROSS JOIN LATERAL");
        sql.push(" (SELECT i.item->>'what' AS what, (i.item->>'version')::int AS version FROM (SELECT a.what->'items'->0 AS item) AS i) AS w");
        sql.push(" WHERE a.action IN ('C', 'U', 'D')");
        self.touching(&[(Some(resource_type), id)]).await?.push(&mut sql);
        sql.push(" AND w.what = ").bind(format!("{resource_type}/{id}"));
        sql.push(" AND w.version = ANY(").bind_i64s(versions.iter().copied().map(i64::from)).push(")");
        let rows = self.db.query_all_raw(sql.statement()).await?;
        rows.iter().map(|row| Ok((row.try_get("", "version")?, row.try_get("", "principal")?))).collect()
    }

    /// One for each condition that needs one. All that was answered before is in rows.
    pub(super) async fn audit_leads(&self, wanted: Wanted<'_>) -> Result<Vec<Lead>, StoreError> {
        let mut leads = Vec::new();
        match wanted {
            Wanted::Filter(AuditFilter { resource: Some((ty, id)), .. }) => {
                leads.push(self.touching(&[(Some(*ty), id.as_str())]).await?);
            }
            Wanted::Filter(_) => {}
            Wanted::Query(Query { all, .. }) => {
                for clause in all {
                    let Clause::Param { param, modifier: Modifier::None, any } = clause else { continue };
                    if param.code == "entity" {
                        leads.push(self.touching(&references(param.code, any)?).await?);
                    }
                }
            }
        }
        Ok(leads)
    }

    /// To the rows that touched one of these. A row says of each resource whom the version was about that was touched, so those of all its
    /// versions lead to it; where it was about nobody, or nobody saw it, the row is of nobody, or it is not found by that resource.
    async fn touching(&self, resources: &[(Option<ResourceType>, &str)]) -> Result<Lead, StoreError> {
        let (mut patients, mut items) = (Vec::new(), Vec::new());
        let mut sql = Sql::new();
        let mut versions = 0;
        for (ty, id) in resources {
            let types = match ty {
                Some(ty) => std::slice::from_ref(ty),
                None => ResourceType::all(),
            };
            for ty in types {
                if *ty == ResourceType::Patient {
                    patients.push(self.keys.resource(*ty, id));
                    continue;
                }
                items.push(json!([{ "what": format!("{ty}/{id}") }]).to_string());
                if *ty == ResourceType::AuditEvent {
                    continue;
                }
                sql.push(if versions == 0 { "" } else { " UNION ALL " }).push("SELECT v.pat FROM ");
                sql.every_version(*ty, "v").push(" WHERE v.pat IS NOT NULL AND v.rid = (SELECT h.rid FROM ");
                sql.heads_with_deleted(*ty, "h", &Actor::server(), &self.keys);
                sql.push(" AND h.rkey = ").bind(self.keys.resource(*ty, id)).push(")");
                versions += 1;
            }
        }
        if versions > 0 {
            for row in self.db.query_all_raw(sql.statement()).await? {
                patients.push(row.try_get("", "pat")?);
            }
        }
        patients.sort_unstable();
        patients.dedup();
        Ok(Lead { patients, items })
    }
}
