//! History: the versions of one resource, of a type or of everything, in order of time.
//!
//! A version is seen by who may see it and the current one. Pages walk by (instant, row key, version); one page of everything merges
//! the types that anything is stored of.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use sea_orm::ConnectionTrait as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::role::Interaction;
use crate::store::read::version_of;
use crate::store::sql::Sql;
use crate::store::{Store, Version};
use crate::trail::About;
use crate::{Actor, StoreError};

/// Whose versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryOf {
    System,
    Type(ResourceType),
    Instance(ResourceType, String),
}

/// Which versions, and which page of them.
#[derive(Debug, Clone, Default)]
pub struct HistoryRequest {
    /// Made at this instant or later.
    pub since: Option<DateTime<Utc>>,
    /// Current at some instant of `[low, high)`.
    pub at: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub oldest_first: bool,
    pub limit: u32,
    /// A token of another page of the same history and caller.
    pub token: Option<String>,
}

/// A version with the resource it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub resource_type: ResourceType,
    pub id: String,
    pub version: Version,
}

#[derive(Debug, Clone, Default)]
pub struct HistoryPage {
    pub entries: Vec<HistoryEntry>,
    /// Token of the following page, `None` on the last.
    pub next: Option<String>,
}

/// Where a version stands, in order of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place {
    micros: i64,
    rid: i64,
    version_id: i32,
}

impl Store {
    /// One page of a history. Reading a type's or the system's needs the right to search; of the system, the types without it are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::NotFound`] for an instance that never existed or is not to be seen;
    /// [`StoreError::BadToken`].
    pub async fn history(
        &self,
        actor: &Actor,
        of: &HistoryOf,
        request: &HistoryRequest,
    ) -> Result<HistoryPage, StoreError> {
        let types = match of {
            HistoryOf::System => {
                let stored = self.stored_types().await?;
                stored.into_iter().filter(|t| actor.may(Interaction::Search, *t)).collect()
            }
            HistoryOf::Type(ty) => {
                actor.require(Interaction::Search, *ty)?;
                vec![*ty]
            }
            HistoryOf::Instance(ty, _) => {
                actor.require(Interaction::Read, *ty)?;
                vec![*ty]
            }
        };
        match of {
            HistoryOf::System => actor.trail.history(None),
            HistoryOf::Type(ty) => actor.trail.history(Some(*ty)),
            HistoryOf::Instance(ty, id) => self.note(actor, *ty, id, None, &About::default()),
        }
        let rid = match of {
            HistoryOf::Instance(ty, id) => Some(self.rid(actor, *ty, id).await?),
            HistoryOf::System | HistoryOf::Type(_) => None,
        };
        let bound = bound_to(actor, of, request);
        let from: Option<Place> = match &request.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let mut places = Vec::new();
        for ty in types {
            places.extend(self.places(actor, ty, rid, request, from).await?.into_iter().map(|p| (p, ty)));
        }
        places.sort_unstable();
        if !request.oldest_first {
            places.reverse();
        }
        let more = places.len() > request.limit as usize;
        places.truncate(request.limit as usize);
        let next = places.last().filter(|_| more).map(|(place, _)| {
            let content = serde_json::to_vec(place).expect("plain data");
            self.seal.seal(&content, &bound)
        });
        Ok(HistoryPage { entries: self.entries(actor, &places).await?, next })
    }

    async fn rid(&self, actor: &Actor, resource_type: ResourceType, id: &str) -> Result<i64, StoreError> {
        let mut sql = Sql::new();
        sql.push("SELECT h.rid FROM ").heads_with_deleted(resource_type, "h", actor, &self.keys);
        sql.push(" AND h.rkey = ").bind(self.keys.resource(resource_type, id)).push(" AND h.id = ").bind(id);
        match self.db.query_one_raw(sql.statement()).await? {
            Some(row) => Ok(row.try_get("", "rid")?),
            None => Err(StoreError::NotFound { resource_type, id: id.to_owned() }),
        }
    }

    /// The places of one more version than a page has. The index on (last_updated, rid) has the order.
    async fn places(
        &self,
        actor: &Actor,
        ty: ResourceType,
        rid: Option<i64>,
        request: &HistoryRequest,
        from: Option<Place>,
    ) -> Result<Vec<Place>, StoreError> {
        let mut sql = Sql::new();
        sql.push("SELECT v.last_updated, v.rid, v.version_id FROM ");
        sql.versions(ty, "v", actor, &self.keys);
        if let Some(rid) = rid {
            sql.push(" AND v.rid = ").bind(rid);
        }
        sql.push(" AND EXISTS (SELECT FROM ").heads_with_deleted(ty, "h", actor, &self.keys);
        sql.push(" AND h.rid = v.rid)");
        if let Some(since) = request.since {
            sql.push(" AND v.last_updated >= ").bind(since);
        }
        if let Some((low, high)) = request.at {
            sql.push(" AND v.last_updated < ").bind(high);
            sql.push(" AND NOT EXISTS (SELECT FROM ").every_version(ty, "n");
            sql.push(" WHERE n.rid = v.rid AND n.version_id = v.version_id + 1 AND n.last_updated <= ").bind(low);
            sql.push(")");
        }
        let (operator, direction) = if request.oldest_first { (" > ", "ASC") } else { (" < ", "DESC") };
        if let Some(Place { micros, rid, version_id }) = from {
            let instant = DateTime::from_timestamp_micros(micros).ok_or(StoreError::BadToken)?;
            sql.push(" AND (v.last_updated, v.rid, v.version_id)").push(operator);
            sql.push("(").bind(instant).push(", ").bind(rid).push(", ").bind(version_id).push(")");
        }
        sql.push(&format!(" ORDER BY v.last_updated {direction}, v.rid {direction}, v.version_id {direction} LIMIT "));
        sql.bind(i64::from(request.limit) + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        rows.iter()
            .map(|row| {
                let instant: DateTime<Utc> = row.try_get("", "last_updated")?;
                Ok(Place {
                    micros: instant.timestamp_micros(),
                    rid: row.try_get("", "rid")?,
                    version_id: row.try_get("", "version_id")?,
                })
            })
            .collect()
    }

    /// The versions at these places, in their order; one statement for each type among them.
    async fn entries(&self, actor: &Actor, places: &[(Place, ResourceType)]) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut found: Vec<Option<HistoryEntry>> = places.iter().map(|_| None).collect();
        let mut types: Vec<ResourceType> = places.iter().map(|(_, ty)| *ty).collect();
        types.sort_unstable();
        types.dedup();
        for ty in types {
            let of_type: Vec<(usize, Place)> =
                places.iter().enumerate().filter(|(_, (_, t))| *t == ty).map(|(at, (place, _))| (at, *place)).collect();
            let mut sql = Sql::new();
            sql.push("SELECT q.at, v.id, v.version_id, v.last_updated, v.pat, v.conf, v.op::text AS op, v.resource::text AS resource, v.raw FROM unnest(");
            sql.bind_i64s(of_type.iter().map(|(at, _)| *at as i64)).push(", ");
            sql.bind_i64s(of_type.iter().map(|(_, p)| p.rid)).push(", ");
            sql.bind_i64s(of_type.iter().map(|(_, p)| i64::from(p.version_id)));
            sql.push(") AS q (at, rid, version_id), ").versions(ty, "v", actor, &self.keys);
            sql.push(" AND v.rid = q.rid AND v.version_id = q.version_id::int");
            for row in self.db.query_all_raw(sql.statement()).await? {
                let at: i64 = row.try_get("", "at")?;
                let mut version = version_of(&row)?;
                actor.trail.row(&self.about(ty, &row, version.body.as_deref())?);
                version.body = version.body.map(|body| actor.shown(ty, body)).transpose()?;
                let entry = HistoryEntry { resource_type: ty, id: row.try_get("", "id")?, version };
                found[at as usize] = Some(entry);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }
}

/// What a token is good for; page size and whether it is there may differ.
fn bound_to(actor: &Actor, of: &HistoryOf, request: &HistoryRequest) -> Vec<u8> {
    let HistoryRequest { since, at, oldest_first, .. } = request;
    Sha256::digest(format!("history {:?} {of:?} {since:?} {at:?} {oldest_first}", actor.account)).to_vec()
}
