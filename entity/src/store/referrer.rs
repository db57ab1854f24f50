//! What refers to a resource that is deleted: live resources of any type, by their reference parameters.
//!
//! It sees what the actor may see; references in elements that no search parameter reads are not known to it. Provenance is a record of
//! what was done and refers to what is gone.

use std::collections::{BTreeMap, HashSet};

use fhir::ResourceType;
use fhir::search::registry::{self, Kind};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::role::Interaction;
use crate::store::Store;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

/// Most resources that one deletion takes with it.
const MOST_TAKEN: usize = 1000;
/// Most steps from what is deleted to what goes with it.
const MOST_STEPS: usize = 32;

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
        for source in self.stored_types_in(tx).await? {
            if let Some(id) = self.referring(tx, actor, source, deleted, 1).await?.pop() {
                let what = match deleted {
                    [(ty, id)] => format!("{ty}/{id}"),
                    _ => "one of them".to_owned(),
                };
                return Err(StoreError::Conflict(format!("{source}/{id} refers to {what}; nothing was deleted")));
            }
        }
        Ok(())
    }

    /// A resource and all that would be left referring to what is not there, in the order in which they were found; 1,000 at most, 32 steps
    /// away at most. The resource alone when it is not there itself.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where one of them may not be deleted; [`StoreError::TooCostly`] beyond the limits.
    pub async fn with_referrers(
        &self,
        actor: &Actor,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Vec<(ResourceType, String)>, StoreError> {
        actor.require(Interaction::Delete, resource_type)?;
        let root = (resource_type, id.to_owned());
        let (mut all, mut seen, mut begin) = (vec![root.clone()], HashSet::from([root]), 0);
        let mut sql = Sql::new();
        sql.push("SELECT h.id FROM ").heads(resource_type, "h", actor, &self.keys);
        sql.push(" AND h.rkey = ").bind(self.keys.resource(resource_type, id));
        if self.db.query_one_raw(sql.statement()).await?.is_none() {
            return Ok(all);
        }
        let sources = self.stored_types().await?;
        for _ in 0..MOST_STEPS {
            let step: Vec<_> = all[begin..].iter().map(|(ty, id)| (*ty, id.clone())).collect();
            if step.is_empty() {
                return Ok(all);
            }
            begin = all.len();
            let step: Vec<_> = step.iter().map(|(ty, id)| (*ty, id.as_str())).collect();
            for source in &sources {
                for id in self.referring(&self.db, actor, *source, &step, MOST_TAKEN + 1).await? {
                    let found = (*source, id);
                    if seen.insert(found.clone()) {
                        actor.require(Interaction::Delete, *source)?;
                        all.push(found);
                    }
                }
            }
            if all.len() > MOST_TAKEN {
                return Err(StoreError::TooCostly(format!("more than {MOST_TAKEN} resources would go with it")));
            }
        }
        Err(StoreError::TooCostly(format!("what would go with it is more than {MOST_STEPS} references away")))
    }

    /// Ids of the live resources of a type that refer to one of these.
    async fn referring(
        &self,
        db: &impl ConnectionTrait,
        actor: &Actor,
        source: ResourceType,
        targets: &[(ResourceType, &str)],
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        if source == ResourceType::Provenance {
            return Ok(Vec::new());
        }
        let mut by_type: BTreeMap<ResourceType, Vec<String>> = BTreeMap::new();
        for (ty, id) in targets {
            by_type.entry(*ty).or_default().push(format!("{ty}/{id}"));
        }
        let mut terms = Vec::new();
        let parameters = self.parameters();
        let all = registry::parameters(source).iter().chain(parameters.added.served(source).iter().copied());
        for param in all.filter(|p| p.kind == Kind::Reference) {
            let targets = by_type.iter().filter(|(ty, _)| param.targets.is_empty() || param.targets.contains(ty));
            terms.extend(targets.flat_map(|(_, all)| all).map(|t| self.keys.term_reference(param.code, t)));
        }
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new();
        sql.push("SELECT h.id FROM ").heads(source, "h", actor, &self.keys);
        sql.push(" AND h.terms && ").bind_i64s(terms).push(&format!(" LIMIT {limit}"));
        let rows = db.query_all_raw(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }
}
