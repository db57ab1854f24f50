//! What was written about a patient since an instant, and by whom.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::registry;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

use super::past::about;
use crate::role::Interaction;
use crate::store::read::version_of;
use crate::store::sql::Sql;
use crate::store::{HistoryEntry, Store};
use crate::{Actor, StoreError};

/// A version that was written, with what the audit says about it.
#[derive(Debug, Clone)]
pub struct Change {
    pub entry: HistoryEntry,
    /// The account that wrote it, by its name in the audit; `None` where that has no row of it.
    pub principal: Option<String>,
    /// The token that resumes here.
    pub cursor: String,
}

#[derive(Debug, Clone, Default)]
pub struct ChangePage {
    /// Newest first.
    pub changes: Vec<Change>,
    pub has_next: bool,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Spot {
    micros: i64,
    rid: i64,
    version_id: i32,
}

impl Store {
    /// The versions written at `since` or later that were about the patient, newest first, deletions included. Types that the actor may
    /// not search are left out. A record's way to another patient is a change of the other chart.
    ///
    /// # Errors
    /// [`StoreError::BadToken`].
    pub async fn changes_since(
        &self,
        actor: &Actor,
        patient: &str,
        since: DateTime<Utc>,
        limit: u32,
        token: Option<&str>,
    ) -> Result<ChangePage, StoreError> {
        let bound = Sha256::digest(format!("changes {:?} {patient} {since:?}", actor.account)).to_vec();
        let from: Option<Spot> = match token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let mut types = self.stored_types().await?;
        types.retain(|ty| registry::in_patient_compartment(*ty) && actor.may(Interaction::Search, *ty));
        if types.is_empty() {
            return Ok(ChangePage::default());
        }
        let pat = self.keys.resource(ResourceType::Patient, patient);
        actor.trail.patients([pat]);
        let mut sql = Sql::new();
        for (n, ty) in types.iter().enumerate() {
            sql.push(if n == 0 { "" } else { " UNION ALL " });
            sql.push("(SELECT ")
                .bind(n as i32)
                .push("::int AS n, v.id, v.rid, v.version_id, v.last_updated, v.op::text AS op,");
            sql.push(" v.resource::text AS resource, v.raw, v.pat, v.conf FROM (");
            self.ever_about(&mut sql, actor, *ty, pat);
            sql.push(") AS c, ").versions(*ty, "v", actor, &self.keys);
            sql.push(" AND v.rid = c.rid AND v.last_updated >= ").bind(since);
            about(&mut sql, pat);
            if let Some(Spot { micros, rid, version_id }) = from {
                let at = DateTime::from_timestamp_micros(micros).ok_or(StoreError::BadToken)?;
                sql.push(" AND (v.last_updated, v.rid, v.version_id) < (");
                sql.bind(at).push(", ").bind(rid).push(", ").bind(version_id).push(")");
            }
            sql.push(" ORDER BY v.last_updated DESC, v.rid DESC, v.version_id DESC LIMIT ");
            sql.bind(i64::from(limit) + 1).push(")");
        }
        sql.push(" ORDER BY last_updated DESC, rid DESC, version_id DESC LIMIT ").bind(i64::from(limit) + 1);
        let mut rows = self.db.query_all_raw(sql.statement()).await?;
        let has_next = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            let n: i32 = row.try_get("", "n")?;
            let mut version = version_of(row)?;
            actor.trail.row(&self.about(types[n as usize], row, version.body.as_deref())?);
            let spot = Spot {
                micros: version.last_updated.timestamp_micros(),
                rid: row.try_get("", "rid")?,
                version_id: version.version_id,
            };
            version.body = version.body.map(|body| actor.shown(types[n as usize], body)).transpose()?;
            changes.push(Change {
                cursor: self.seal.seal(&serde_json::to_vec(&spot).expect("plain data"), &bound),
                entry: HistoryEntry { resource_type: types[n as usize], id: row.try_get("", "id")?, version },
                principal: None,
            });
        }
        self.name_principals(pat, &mut changes).await?;
        Ok(ChangePage { changes, has_next })
    }

    /// Says who wrote the versions, which the actor was found to see. The index on `patients` answers it.
    async fn name_principals(&self, pat: i64, changes: &mut [Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let reference = |c: &Change| format!("{}/{}", c.entry.resource_type, c.entry.id);
        let mut sql = Sql::new();
        sql.push("SELECT a.principal, w.item->>'what' AS reference, (w.item->>'version')::int AS version");
        sql.push(" FROM fhir.audit_event AS a CROSS JOIN LATERAL (SELECT a.what->'items'->0 AS item) AS w WHERE a.action IN ('C', 'U', 'D') AND a.patients @> ");
        sql.bind_i64s([pat]).push(" AND w.item->>'what' = ANY(").bind_texts(changes.iter().map(reference)).push(")");
        let mut names: HashMap<(String, i32), String> = HashMap::new();
        for row in self.db.query_all_raw(sql.statement()).await? {
            names.insert((row.try_get("", "reference")?, row.try_get("", "version")?), row.try_get("", "principal")?);
        }
        for change in changes {
            change.principal = names.remove(&(reference(change), change.entry.version.version_id));
        }
        Ok(())
    }
}
