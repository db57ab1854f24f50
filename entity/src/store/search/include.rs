//! `_include` and `_revinclude`: what the matches of a page refer to, and what refers to them; with `:iterate` also of what was included.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fhir::Json;
use fhir::ResourceType;
use fhir::reference::{self, Target};
use fhir::search::added::Added;
use fhir::search::extract::references_by;
use fhir::search::parse::MAX_DEPTH;
use fhir::search::query::Include;
use fhir::search::registry::{self, Kind, SearchParameter};
use futures_util::future::try_join_all;

use super::order::SortValues;
use super::{Found, HEAD, Planned};
use crate::role::Interaction;
use crate::store::row::Cells;
use crate::store::sql::Sql;
use crate::store::{Store, Stored};
use crate::{Actor, StoreError};

/// Most resources included on one page.
pub const MAX_INCLUDED: usize = 1000;

/// What a page includes beside its matches.
#[derive(Debug, Clone, Default)]
pub struct Included {
    pub resources: Vec<Stored>,
    /// There is more than [`MAX_INCLUDED`], or iteration goes on beyond [`MAX_DEPTH`].
    pub cut: bool,
}

type Seen = HashSet<(ResourceType, String)>;

impl Store {
    /// What the query includes beside these matches: each resource once, none of the matches, only what the actor may see.
    ///
    /// # Errors
    /// Of the database.
    pub async fn included(
        &self,
        actor: &Actor,
        matches: &[Stored],
        include: &[Include],
        revinclude: &[Include],
    ) -> Result<Included, StoreError> {
        if include.is_empty() && revinclude.is_empty() {
            return Ok(Included::default());
        }
        let mut seen: Seen = matches.iter().map(|m| (m.resource_type, m.id.clone())).collect();
        let mut all = Included::default();
        // From where the latest of `all.resources` begin; what they include comes next.
        let mut latest = 0;
        for depth in 0..=MAX_DEPTH {
            let again = |paths: &[Include]| -> Vec<Include> {
                paths.iter().filter(|i| depth == 0 || i.iterate).cloned().collect()
            };
            let (include, revinclude) = (again(include), again(revinclude));
            let from = if depth == 0 { matches } else { &all.resources[latest..] };
            if from.is_empty() || include.is_empty() && revinclude.is_empty() {
                break;
            }
            let mut more = self.referred_to(actor, from, &include, &mut seen).await?;
            more.extend(self.referring_to(actor, from, &revinclude, &mut seen).await?);
            if depth == MAX_DEPTH {
                all.cut |= !more.is_empty();
                break;
            }
            latest = all.resources.len();
            all.resources.append(&mut more);
            if all.resources.len() > MAX_INCLUDED {
                all.resources.truncate(MAX_INCLUDED);
                all.cut = true;
                break;
            }
        }
        Ok(all)
    }

    /// What these resources refer to of those types, wherever the reference stands: each once, none of the resources themselves, only what
    /// the actor may see.
    ///
    /// # Errors
    /// Of the database.
    pub async fn referred(
        &self,
        actor: &Actor,
        from: &[Stored],
        types: &[ResourceType],
    ) -> Result<Included, StoreError> {
        let options = self.options();
        let mut wanted: BTreeMap<ResourceType, BTreeSet<String>> = BTreeMap::new();
        for stored in from {
            for text in reference::texts_in(&stored.body) {
                if let Target::Local { resource_type, id, .. } = reference::parse(&text, options.base_url)
                    && types.contains(&resource_type)
                {
                    let ids = wanted.entry(resource_type).or_default();
                    if !ids.contains(id) {
                        ids.insert(id.to_owned());
                    }
                }
            }
        }
        for stored in from {
            if let Some(ids) = wanted.get_mut(&stored.resource_type) {
                ids.remove(&stored.id);
            }
        }
        wanted.retain(|ty, ids| actor.may(Interaction::Read, *ty) && !ids.is_empty());
        let (mut room, mut cut) = (MAX_INCLUDED, false);
        let reads = wanted.into_iter().map(|(ty, ids)| {
            cut |= ids.len() > room;
            let ids: Vec<String> = ids.into_iter().take(room).collect();
            room -= ids.len();
            async move { self.read_many(actor, ty, &ids).await }
        });
        let read: Vec<Vec<Stored>> = try_join_all(reads).await?;
        Ok(Included { resources: read.into_iter().flatten().collect(), cut })
    }

    async fn referred_to(
        &self,
        actor: &Actor,
        from: &[Stored],
        include: &[Include],
        seen: &mut Seen,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut wanted: BTreeMap<ResourceType, Vec<String>> = BTreeMap::new();
        let parameters = self.parameters();
        for stored in from.iter().filter(|_| !include.is_empty()) {
            let document =
                Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            let ty = stored.resource_type;
            let paths = |param| include.iter().filter(move |one| names(one, ty, param));
            let params: Vec<_> =
                reference_parameters(ty, &parameters.added).filter(|param| paths(param).next().is_some()).collect();
            references_by(&document, &params, &self.options(), &mut |param, reference| {
                let target = reference.resource_type;
                let wants = paths(param).any(|one| one.target.is_none_or(|t| t == target));
                if wants && seen.insert((target, reference.id.clone())) {
                    wanted.entry(target).or_default().push(reference.id);
                }
            });
        }
        let mut all = Vec::new();
        for (resource_type, ids) in wanted {
            if actor.may(Interaction::Read, resource_type) {
                all.extend(self.read_many(actor, resource_type, &ids).await?);
            }
        }
        Ok(all)
    }

    async fn referring_to(
        &self,
        actor: &Actor,
        from: &[Stored],
        revinclude: &[Include],
        seen: &mut Seen,
    ) -> Result<Vec<Stored>, StoreError> {
        let mut all = Vec::new();
        let parameters = self.parameters();
        for one in revinclude {
            let sources = match one.source {
                Some(source) => vec![source],
                None => self.stored_types().await?,
            };
            for source in sources.into_iter().filter(|s| actor.may(Interaction::Search, *s)) {
                let terms: Vec<i64> = parameters_of(one, source, &parameters.added)
                    .flat_map(|param| {
                        from.iter()
                            .filter(|m| one.target.is_none_or(|t| t == m.resource_type))
                            .filter(|m| param.targets.is_empty() || param.targets.contains(&m.resource_type))
                            .map(|m| self.keys.term_reference(param.code, &format!("{}/{}", m.resource_type, m.id)))
                    })
                    .collect();
                if terms.is_empty() {
                    continue;
                }
                let mut sql = Sql::new();
                sql.push("WITH m AS MATERIALIZED (SELECT h.rid FROM ");
                sql.heads(source, "h", actor, &self.keys).push(" AND h.terms && ").bind_i64s(terms);
                sql.push(") SELECT ").push(HEAD).push(" FROM ");
                sql.heads(source, "h", actor, &self.keys)
                    .push(" AND h.rid IN (SELECT m.rid FROM m) ORDER BY h.rid DESC LIMIT ");
                sql.bind(MAX_INCLUDED as i64 + 1);
                for row in self.ask(Planned::Anew, sql).await? {
                    let Found { mut stored, about, .. } =
                        self.found(source, Cells::of(&row)?, SortValues::new(), false)?;
                    stored.body = actor.shown(source, stored.body)?;
                    if seen.insert((source, stored.id.clone())) {
                        actor.trail.row(&about);
                        all.push(stored);
                    }
                }
            }
        }
        Ok(all)
    }
}

/// The reference parameters an include path names on a type; all of them for `*`.
fn parameters_of<'i>(
    include: &'i Include,
    ty: ResourceType,
    added: &'i Added,
) -> impl Iterator<Item = &'static SearchParameter> + use<'i> {
    reference_parameters(ty, added).filter(move |param| names(include, ty, param))
}

fn reference_parameters(ty: ResourceType, added: &Added) -> impl Iterator<Item = &'static SearchParameter> + use<'_> {
    registry::parameters(ty)
        .iter()
        .chain(added.served(ty).iter().copied())
        .filter(|param| param.kind == Kind::Reference)
}

fn names(include: &Include, ty: ResourceType, param: &SearchParameter) -> bool {
    include.source.is_none_or(|source| source == ty) && include.param.is_none_or(|named| named.code == param.code)
}
