//! `_include` and `_revinclude`: what the matches of a page refer to, and what refers to them.

use std::collections::{BTreeMap, HashSet};

use fhir::Json;
use fhir::ResourceType;
use fhir::search::extract::{Options, references_of};
use fhir::search::query::Include;
use fhir::search::registry::{self, Kind, SearchParameter};
use sea_orm::ConnectionTrait as _;

use super::filter::unsupported;
use super::found;
use crate::role::Interaction;
use crate::store::sql::Sql;
use crate::store::{Store, Stored};
use crate::{Actor, StoreError};

/// Most resources included on one page; above it the page is refused, never cut.
const LIMIT: usize = 1000;

impl Store {
    /// What the query includes beside these matches: each resource once, none of the matches, only what the actor may see.
    ///
    /// # Errors
    /// [`StoreError::NotSupported`] for `:iterate`, and for a `_revinclude` that names no type; [`StoreError::TooCostly`] over 1,000.
    pub async fn included(
        &self,
        actor: &Actor,
        matches: &[Stored],
        include: &[Include],
        revinclude: &[Include],
    ) -> Result<Vec<Stored>, StoreError> {
        if include.iter().chain(revinclude).any(|i| i.iterate) {
            return unsupported("_include:iterate");
        }
        let mut seen: HashSet<(ResourceType, String)> =
            matches.iter().map(|m| (m.resource_type, m.id.clone())).collect();
        let mut wanted: BTreeMap<ResourceType, Vec<String>> = BTreeMap::new();
        for stored in matches {
            let document =
                Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            for one in include {
                for param in parameters_of(one, stored.resource_type) {
                    for reference in references_of(&document, param, &Options::default()) {
                        let target = reference.resource_type;
                        if one.target.is_none_or(|t| t == target) && seen.insert((target, reference.id.clone())) {
                            wanted.entry(target).or_default().push(reference.id);
                        }
                    }
                }
            }
        }
        let mut all = Vec::new();
        for (resource_type, ids) in wanted {
            if actor.may(Interaction::Read, resource_type) {
                all.extend(self.read_many(actor, resource_type, &ids).await?);
            }
        }
        for one in revinclude {
            let Some(source) = one.source else { return unsupported("_revinclude=*") };
            if !actor.may(Interaction::Search, source) || matches.is_empty() {
                continue;
            }
            let terms = parameters_of(one, source).flat_map(|param| {
                matches.iter().map(|m| self.keys.term_reference(param.code, &format!("{}/{}", m.resource_type, m.id)))
            });
            let mut sql = Sql::new();
            sql.push("WITH m AS MATERIALIZED (SELECT h.rid FROM ");
            sql.heads(source, "h", actor, &self.keys).push(" AND h.terms && ").bind_i64s(terms.collect::<Vec<_>>());
            sql.push(") SELECT h.rid, h.id, h.version_id, h.last_updated, h.raw FROM ");
            sql.heads(source, "h", actor, &self.keys)
                .push(" AND h.rid IN (SELECT m.rid FROM m) ORDER BY h.rid DESC LIMIT ");
            sql.bind(LIMIT as i64 + 1);
            let mut found = Vec::new();
            self.take(sql, source, &mut found).await?;
            all.extend(found.into_iter().filter(|s| seen.insert((source, s.id.clone()))));
        }
        if all.len() > LIMIT {
            return Err(StoreError::TooCostly(format!("a page would include more than {LIMIT} resources")));
        }
        Ok(all)
    }

    async fn take(&self, sql: Sql, resource_type: ResourceType, all: &mut Vec<Stored>) -> Result<(), StoreError> {
        for row in self.db.query_all_raw(sql.statement()).await? {
            all.push(found(resource_type, &row, Vec::new(), false)?.stored);
        }
        Ok(())
    }
}

/// The reference parameters an include path names on a type; all of them for `*`.
fn parameters_of(include: &Include, ty: ResourceType) -> impl Iterator<Item = &'static SearchParameter> {
    let named = include.param;
    let applies = include.source.is_none_or(|s| s == ty);
    registry::parameters(ty)
        .iter()
        .filter(move |p| applies && p.kind == Kind::Reference && named.is_none_or(|n| n.code == p.code))
}
