//! Reads of one resource: its current version, or one of its versions.

use std::collections::HashMap;
use std::sync::Arc;

use fhir::search::extract::{Options, extract};
use fhir::search::key::Keys;
use fhir::search::registry;
use fhir::{Json, ResourceType};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use crate::actor::Sight;
use crate::role::Interaction;
use crate::store::body;
use crate::store::kept::Kept;
use crate::store::row::Cells;
use crate::store::sql::Sql;
use crate::store::together::AsyncRun;
use crate::store::{Lookup, Store, Stored, Version};
use crate::trail::About;
use crate::{Actor, Clearance, StoreError};

/// Most bytes a stored body may unpack to.
const BODY_LIMIT: u64 = 64 << 20;

impl Store {
    /// The current version.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] by the role table, before any row is looked at.
    pub async fn read(&self, actor: &Actor, resource_type: ResourceType, id: &str) -> Result<Lookup, StoreError> {
        if resource_type == ResourceType::AuditEvent {
            self.note(actor, resource_type, id, None, &About::default());
            return self.audit_read(actor, id).await;
        }
        actor.require(Interaction::Read, resource_type)?;
        let sight = actor.sight();
        let read = async |sight| {
            let heads = ReadHeads { db: self.once.clone(), keys: self.keys, base_url: self.base_url.clone() };
            self.reads.get((resource_type, sight), id.to_owned(), heads).await
        };
        // What everybody sees is read together with others; only what is absent then is looked for in the charts opened to this one.
        let (found, about) = if sight.opened.is_some() && sight.care.is_none() {
            match read(sight.common()).await? {
                (Lookup::Absent, _) => read(sight).await?,
                common => common,
            }
        } else {
            read(sight).await?
        };
        self.note(actor, resource_type, id, None, &about);
        Ok(match found {
            Lookup::Found(stored) => {
                let body = actor.shown(resource_type, stored.body)?;
                Lookup::Found(Stored { body, ..stored })
            }
            other => other,
        })
    }

    /// The current versions of several resources of one type, in one statement; those absent, deleted or not to be seen are missing.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] by the role table.
    pub async fn read_many(
        &self,
        actor: &Actor,
        resource_type: ResourceType,
        ids: &[String],
    ) -> Result<Vec<Stored>, StoreError> {
        actor.require(Interaction::Read, resource_type)?;
        let statement = self.of_ids(actor, resource_type, ids);
        self.once.query_each(statement, ids.len(), |row| self.read_row(actor, resource_type, row)).await
    }

    /// As [`Store::read_many`], within a transaction.
    pub(super) async fn read_many_in(
        &self,
        db: &impl ConnectionTrait,
        actor: &Actor,
        resource_type: ResourceType,
        ids: &[String],
    ) -> Result<Vec<Stored>, StoreError> {
        actor.require(Interaction::Read, resource_type)?;
        let rows = db.query_all_raw(self.of_ids(actor, resource_type, ids)).await?;
        rows.iter().map(|row| self.read_row(actor, resource_type, Cells::of(row)?)).collect()
    }

    fn of_ids(&self, actor: &Actor, resource_type: ResourceType, ids: &[String]) -> Statement {
        let mut sql = Sql::new();
        sql.push("SELECT h.id, h.version_id, h.last_updated, h.pat, h.conf, h.raw FROM ");
        sql.heads(resource_type, "h", actor, &self.keys).push(" AND h.rkey = ANY(");
        sql.bind_i64s(ids.iter().map(|id| self.keys.resource(resource_type, id)));
        sql.push(") AND h.id = ANY(").bind_texts(ids.iter().cloned()).push(")");
        sql.statement()
    }

    /// A row of [`Store::of_ids`].
    fn read_row(&self, actor: &Actor, resource_type: ResourceType, row: Cells<'_>) -> Result<Stored, StoreError> {
        let body = text_at(row, 5)?.ok_or_else(|| StoreError::Internal("a row without its body".into()))?;
        let (id, pat, conf) = (row.text(0)?.to_owned(), row.some_i64(3)?, row.i16(4)?);
        let about = about(resource_type, pat, conf, Some(&body), &self.keys, &self.options());
        self.note(actor, resource_type, &id, None, &about);
        let body = actor.shown(resource_type, body)?;
        Ok(Stored { resource_type, id, version_id: row.i32(1)?, last_updated: row.instant(2)?, body })
    }

    /// One version. It is seen only by who may see it *and* the current one.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] by the role table.
    pub async fn vread(
        &self,
        actor: &Actor,
        resource_type: ResourceType,
        id: &str,
        version: i32,
    ) -> Result<Lookup, StoreError> {
        actor.require(Interaction::Read, resource_type)?;
        let mut sql = self.versions(actor, resource_type, id);
        sql.push(" AND v.version_id = ").bind(version);
        let Some(row) = self.db.query_one_raw(sql.statement()).await? else {
            self.note(actor, resource_type, id, Some(version), &About::default());
            return Ok(Lookup::Absent);
        };
        let Version { version_id, last_updated, body, .. } = version_of(&row)?;
        self.note(actor, resource_type, id, Some(version), &self.about(resource_type, &row, body.as_deref())?);
        Ok(match body {
            Some(body) => {
                let body = actor.shown(resource_type, body)?;
                Lookup::Found(Stored { resource_type, id: id.to_owned(), version_id, last_updated, body })
            }
            None => Lookup::Deleted { version_id, last_updated },
        })
    }

    /// `SELECT … FROM versions v WHERE v.rid = (the head this actor may see) AND <the version is to be seen too>`.
    fn versions(&self, actor: &Actor, resource_type: ResourceType, id: &str) -> Sql {
        let mut sql = Sql::new();
        sql.push("SELECT v.version_id, v.last_updated, v.pat, v.conf, v.op::text AS op, v.resource::text AS resource, v.raw FROM ");
        sql.versions(resource_type, "v", actor, &self.keys);
        sql.push(" AND v.rid = (SELECT h.rid FROM ");
        sql.heads_with_deleted(resource_type, "h", actor, &self.keys);
        sql.push(" AND h.rkey = ").bind(self.keys.resource(resource_type, id)).push(" AND h.id = ").bind(id).push(")");
        sql
    }
}

impl Store {
    /// Notes a read for the audit. Who asks for a patient by id asks about that patient, whether there is one or not.
    pub(super) fn note(
        &self,
        actor: &Actor,
        resource_type: ResourceType,
        id: &str,
        version: Option<i32>,
        about: &About,
    ) {
        if resource_type == ResourceType::Patient {
            actor.trail.patients([self.keys.resource(resource_type, id)]);
        }
        actor.trail.read(resource_type, id, version, about);
    }

    /// Whom a row with `pat` and `conf` is about.
    pub(super) fn about(
        &self,
        resource_type: ResourceType,
        row: &QueryResult,
        body: Option<&str>,
    ) -> Result<About, StoreError> {
        Ok(about(resource_type, row.try_get("", "pat")?, row.try_get("", "conf")?, body, &self.keys, &self.options()))
    }
}

/// Whom a row is about: its first patient, and where there may be several, all that its body names.
pub(super) fn about(
    resource_type: ResourceType,
    pat: Option<i64>,
    conf: i16,
    body: Option<&str>,
    keys: &Keys,
    options: &Options<'_>,
) -> About {
    let mut others = Vec::new();
    if pat.is_some()
        && registry::several_patients(resource_type)
        && let Some(document) = body.filter(|body| may_name_another(body)).and_then(|b| Json::parse(b).ok())
    {
        let named = extract(&document, resource_type, keys, options).patients;
        others.extend(named.iter().map(|id| keys.resource(ResourceType::Patient, id)).filter(|p| Some(*p) != pat));
    }
    About { patient: pat, others, confidential: conf > Clearance::NORMAL.level }
}

/// Whether a body that is about a patient may be about another one too: whatever names a patient has the type's name in it, as letters
/// or escaped. Most bodies have it once, and need not be read.
fn may_name_another(body: &str) -> bool {
    body.matches("Patient").nth(1).is_some() || body.contains("\\u") || body.contains("\\/")
}

/// Reads of one type by actors of one sight, in one statement.
struct ReadHeads {
    db: Kept,
    keys: Keys,
    base_url: Option<Arc<str>>,
}

impl AsyncRun<(ResourceType, Sight), String, (Lookup, About)> for ReadHeads {
    async fn run(
        &self,
        (resource_type, sight): &(ResourceType, Sight),
        ids: Vec<String>,
    ) -> Result<Vec<(Lookup, About)>, StoreError> {
        let resource_type = *resource_type;
        let mut sql = Sql::new();
        sql.push("SELECT h.id, h.version_id, h.last_updated, h.deleted, h.raw, h.pat, h.conf FROM ");
        sql.heads_in_sight(resource_type, "h", sight, &self.keys).push(" AND h.rkey = ANY(");
        sql.bind_i64s(ids.iter().map(|id| self.keys.resource(resource_type, id))).push(")");
        let options = Options { base_url: self.base_url.as_deref(), ..Options::default() };
        let rows = self.db.query_each(sql.statement(), ids.len(), |row| {
            let (id, version_id, last_updated) = (row.text(0)?.to_owned(), row.i32(1)?, row.instant(2)?);
            let body = if row.bool(3)? { None } else { text_at(row, 4)? };
            let lookup = match body {
                Some(body) => Lookup::Found(Stored { resource_type, id: id.clone(), version_id, last_updated, body }),
                None => Lookup::Deleted { version_id, last_updated },
            };
            let body = match &lookup {
                Lookup::Found(stored) => Some(stored.body.as_str()),
                Lookup::Deleted { .. } | Lookup::Absent => None,
            };
            let about = about(resource_type, row.some_i64(5)?, row.i16(6)?, body, &self.keys, &options);
            Ok((id, (lookup, about)))
        });
        let mut rows = rows.await?;
        // A hash that is another id's finds nothing.
        if let [id] = &ids[..] {
            let at = rows.iter().position(|(found, _)| found == id);
            return Ok(vec![at.map_or((Lookup::Absent, About::default()), |at| rows.swap_remove(at).1)]);
        }
        let found: HashMap<String, (Lookup, About)> = rows.into_iter().collect();
        // The same resource may be asked for twice.
        Ok(ids.iter().map(|id| found.get(id).cloned().unwrap_or((Lookup::Absent, About::default()))).collect())
    }
}

/// The text of the `raw` column at that place, unpacked from where the row lies; nothing of NULL.
pub(super) fn text_at(row: Cells<'_>, at: usize) -> Result<Option<String>, StoreError> {
    row.bytes(at)?.map(text).transpose()
}

/// The text of a `raw` column.
pub(super) fn text(raw: &[u8]) -> Result<String, StoreError> {
    body::decode(raw, BODY_LIMIT).map_err(|e| StoreError::Internal(e.to_string()))
}

pub(super) fn version_of(row: &QueryResult) -> Result<Version, StoreError> {
    let raw: Option<Vec<u8>> = row.try_get("", "raw")?;
    let resource: Option<String> = row.try_get("", "resource")?;
    let body = match raw {
        Some(raw) => Some(text(&raw)?),
        None => resource,
    };
    let operation: String = row.try_get("", "op")?;
    Ok(Version {
        version_id: row.try_get("", "version_id")?,
        last_updated: row.try_get("", "last_updated")?,
        operation: operation.chars().next().unwrap_or('?'),
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_patient_is_looked_for_where_one_may_be() {
        assert!(!may_name_another(r#"{"subject":{"reference":"Patient/a"},"note":[{"text":"a \"b\""}]}"#));
        assert!(may_name_another(r#"{"subject":{"reference":"Patient/a"},"performer":[{"reference":"Patient/b"}]}"#));
        assert!(may_name_another(
            r#"{"subject":{"reference":"Patient/a"},"performer":[{"reference":"Pat\u0069ent/b"}]}"#
        ));
        assert!(may_name_another(
            r#"{"subject":{"reference":"Patient/a"},"performer":[{"reference":"http:\/\/x/b"}]}"#
        ));
    }
}
