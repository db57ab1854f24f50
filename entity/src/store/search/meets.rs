//! Whether one version of one resource meets a query: what its document decides is decided on it, and only where other resources have a
//! say is the index asked about the resource as it is now.

use fhir::search::matcher::{NoLookup, Unsupported, matches};
use fhir::search::query::{Clause, Query};
use fhir::{Json, ResourceType};
use sea_orm::ConnectionTrait;

use super::prepare::{has_hops, one_of, parsed};
use crate::store::{Store, Stored};
use crate::{Actor, StoreError};

impl Store {
    /// Whether the version meets the query, as the actor sees it.
    ///
    /// # Errors
    /// [`StoreError::NotSupported`] for what cannot be decided; [`StoreError::TooCostly`] when too many other resources have a say.
    pub(in crate::store) async fn meets(
        &self,
        actor: &Actor,
        query: &Query,
        stored: &Stored,
    ) -> Result<bool, StoreError> {
        let (hops, plain): (Vec<Clause>, Vec<Clause>) = query.all.iter().cloned().partition(has_hops);
        if !self.decided(&parsed(stored)?, query.resource_type, &plain)? {
            return Ok(false);
        }
        Ok(hops.is_empty() || self.among(&self.db, actor, query.resource_type, hops, &stored.id).await?)
    }

    /// Refuses a query that [`Store::meets`] cannot decide on, whatever there is.
    pub(in crate::store) async fn decidable<C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
        query: &Query,
    ) -> Result<(), StoreError> {
        let (hops, plain): (Vec<Clause>, Vec<Clause>) = query.all.iter().cloned().partition(has_hops);
        let empty = Json::parse("{}").map_err(|_| StoreError::Internal("an object".into()))?;
        for clause in plain {
            self.decided(&empty, query.resource_type, &[clause])?;
        }
        if !hops.is_empty() {
            self.among(db, actor, query.resource_type, hops, "-").await?;
        }
        Ok(())
    }

    async fn among<C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
        ty: ResourceType,
        mut all: Vec<Clause>,
        id: &str,
    ) -> Result<bool, StoreError> {
        all.push(one_of(ty, [id.to_owned()].into())?);
        let query = Query { all, ..Query::new(ty) };
        Ok(!self.matching_ids(db, actor, &query, 1).await?.is_empty())
    }

    fn decided(&self, document: &Json<'_>, ty: ResourceType, all: &[Clause]) -> Result<bool, StoreError> {
        for clause in all {
            let holds = matches(document, ty, clause, &self.options(), &NoLookup);
            if !holds.map_err(|e: Unsupported| StoreError::NotSupported(e.to_string()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
