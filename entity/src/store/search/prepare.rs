//! What has to be looked up before a search is one statement. Hops to other types become the ids they lead to, and what no index row
//! answers is decided on the documents of the candidates, by the matcher.
//!
//! Every look-up is a search of its own, under the same actor. Each is bounded, and refused when the bound does not do.

use std::borrow::Cow;
use std::collections::BTreeSet;

use fhir::search::coded::is_coded_by_terminology;
use fhir::search::extract::{is_canonical, references_of};
use fhir::search::matcher::{NoLookup, matches};
use fhir::search::query::{Clause, Modifier, Operand, Query, ReferenceOperand, Token};
use fhir::search::registry::{self, SearchParameter};
use fhir::{Json, ResourceType};
use futures_util::future::BoxFuture;
use sea_orm::ConnectionTrait;

use super::filter::{Filter, is_patient_of, unsupported};
use super::order::SortValues;
use super::{HEAD, Order, Planned, READ_LIMIT};
use crate::role::Interaction;
use crate::store::row::Cells;
use crate::store::sql::Sql;
use crate::store::{Store, Stored};
use crate::{Actor, StoreError};

/// Most resources a hop may lead to.
const HOP_LIMIT: u32 = 10_000;
/// So many patients are named rather than joined: their records are read by an index, where a join is made for every record there is.
const FEW_PATIENTS: u32 = 100;
/// Longest way up or down a hierarchy.
const MAX_LEVELS: usize = 32;

/// Over which connection, for whom.
pub(super) struct Asking<'a, C> {
    pub store: &'a Store,
    pub db: &'a C,
    pub actor: &'a Actor,
}

impl<C> Clone for Asking<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Asking<'_, C> {}

impl Store {
    /// The query with conditions that one statement can answer.
    pub(super) async fn prepared<'q, C: ConnectionTrait>(
        &self,
        db: &C,
        actor: &Actor,
        query: &'q Query,
    ) -> Result<Cow<'q, Query>, StoreError> {
        let asking = Asking { store: self, db, actor };
        let mut plain = true;
        for clause in &query.all {
            plain = plain && !has_hops(clause) && asking.is_indexed(query.resource_type, clause)?;
        }
        if plain {
            return Ok(Cow::Borrowed(query));
        }
        let all = asking.clauses(query.resource_type, &query.all).await?;
        Ok(Cow::Owned(Query { all, ..query.clone() }))
    }
}

/// Whether other resources decide about the condition.
pub(super) fn has_hops(clause: &Clause) -> bool {
    match clause {
        Clause::Chain { .. } | Clause::Has { .. } | Clause::HasLast { .. } | Clause::List(_) => true,
        Clause::Param { param, modifier, .. } => {
            is_hierarchical(param, modifier) || is_coded_by_terminology(param, modifier)
        }
        Clause::And(all) | Clause::Or(all) => all.iter().any(has_hops),
        Clause::Not(inner) => has_hops(inner),
        Clause::Missing { .. } | Clause::Abnormal | Clause::Compartment { .. } | Clause::FullText { .. } => false,
    }
}

fn is_hierarchical(param: &SearchParameter, modifier: &Modifier) -> bool {
    param.kind == registry::Kind::Reference && matches!(modifier, Modifier::Above | Modifier::Below)
}

/// A condition that nothing meets.
fn nothing() -> Clause {
    Clause::Or(Vec::new())
}

impl<'a, C: ConnectionTrait> Asking<'a, C> {
    /// The conditions of a search over `ty`, each answerable by one statement.
    fn clauses<'c>(self, ty: ResourceType, all: &'c [Clause]) -> BoxFuture<'c, Result<Vec<Clause>, StoreError>>
    where
        'a: 'c,
    {
        Box::pin(async move {
            let (mut indexed, mut rest) = (Vec::new(), Vec::new());
            for clause in all {
                let plain = self.hops(ty, clause, true).await?;
                if self.is_indexed(ty, &plain)? {
                    indexed.push(plain);
                } else {
                    rest.push(self.hops(ty, clause, false).await?);
                }
            }
            if !rest.is_empty() {
                let checked = self.checked(ty, &indexed, &rest).await?;
                indexed.push(checked);
            }
            Ok(indexed)
        })
    }

    fn is_indexed(self, ty: ResourceType, clause: &Clause) -> Result<bool, StoreError> {
        let mut filter = Filter::new(self.actor, &self.store.keys);
        match filter.write(&mut Sql::new(), "h", ty, clause) {
            Ok(()) => Ok(true),
            Err(StoreError::NotSupported(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The condition without hops. With `joined`, those over a record's patient stay: the statement joins them.
    fn hops<'c>(self, ty: ResourceType, clause: &'c Clause, joined: bool) -> BoxFuture<'c, Result<Clause, StoreError>>
    where
        'a: 'c,
    {
        Box::pin(async move {
            Ok(match clause {
                Clause::And(all) => Clause::And(self.each(ty, all, joined).await?),
                Clause::Or(any) => Clause::Or(self.each(ty, any, joined).await?),
                Clause::Not(inner) => Clause::Not(Box::new(self.hops(ty, inner, joined).await?)),
                Clause::Chain { param, target, clause } => self.chain(ty, param, *target, clause, joined).await?,
                Clause::Has { source, param, clause } => self.has(ty, *source, param, clause, joined).await?,
                Clause::HasLast { source, param, among, clause } => {
                    if !self.actor.may(Interaction::Search, *source) {
                        return Ok(nothing());
                    }
                    let among = self.clauses(*source, std::slice::from_ref(among)).await?;
                    let clause = self.clauses(*source, std::slice::from_ref(clause)).await?;
                    let [among, clause] = [among, clause].map(|all| Box::new(Clause::And(all)));
                    Clause::HasLast { source: *source, param, among, clause }
                }
                Clause::List(id) => self.list(ty, id).await?,
                Clause::Param { param, modifier, any } if is_hierarchical(param, modifier) => {
                    let mut all = Vec::new();
                    for operand in any {
                        all.extend(self.hierarchy(param, modifier, operand).await?);
                    }
                    Clause::Param { param, modifier: Modifier::None, any: all }
                }
                Clause::Param { param, modifier, any } if is_coded_by_terminology(param, modifier) => {
                    self.coded(param, modifier, any).await?
                }
                other => other.clone(),
            })
        })
    }

    async fn each(self, ty: ResourceType, clauses: &[Clause], joined: bool) -> Result<Vec<Clause>, StoreError> {
        let mut out = Vec::with_capacity(clauses.len());
        for clause in clauses {
            out.push(self.hops(ty, clause, joined).await?);
        }
        Ok(out)
    }

    async fn chain(
        self,
        ty: ResourceType,
        param: &'static SearchParameter,
        target: ResourceType,
        clause: &Clause,
        joined: bool,
    ) -> Result<Clause, StoreError> {
        if is_canonical(param) {
            return unsupported(&format!("a chain through {} of {ty}, which refers by canonical url,", param.code));
        }
        if !self.actor.may(Interaction::Search, target) {
            return Ok(nothing());
        }
        let inner = self.clauses(target, std::slice::from_ref(clause)).await?;
        let can_join = joined && target == ResourceType::Patient && is_patient_of(ty, param);
        let most = if can_join { FEW_PATIENTS } else { HOP_LIMIT };
        let query = Query { all: inner, ..Query::new(target) };
        let found = self.store.indexed_ids(self.db, self.actor, &query, most + 1).await?;
        if found.len() > most as usize {
            if can_join {
                return Ok(Clause::Chain { param, target, clause: Box::new(Clause::And(query.all)) });
            }
            return Err(too_many(&format!("{} leads to", param.code)));
        }
        if found.is_empty() {
            return Ok(nothing());
        }
        let any = found.into_iter().map(|m| local(target, m.id)).collect();
        Ok(Clause::Param { param, modifier: Modifier::None, any })
    }

    async fn has(
        self,
        ty: ResourceType,
        source: ResourceType,
        param: &'static SearchParameter,
        clause: &Clause,
        joined: bool,
    ) -> Result<Clause, StoreError> {
        if is_canonical(param) {
            return unsupported(&format!("_has:{source}:{}, which refers by canonical url,", param.code));
        }
        if !self.actor.may(Interaction::Search, source) {
            return Ok(nothing());
        }
        let inner = self.clauses(source, std::slice::from_ref(clause)).await?;
        if joined && ty == ResourceType::Patient && is_patient_of(source, param) {
            return Ok(Clause::Has { source, param, clause: Box::new(Clause::And(inner)) });
        }
        let mut ids = BTreeSet::new();
        for stored in self.bodies(source, &inner).await? {
            let document = parsed(&stored)?;
            let referred = references_of(&document, param, &self.store.options());
            ids.extend(referred.into_iter().filter(|r| r.resource_type == ty).map(|r| r.id));
        }
        one_of(ty, ids)
    }

    /// The members of a list the actor may see; of another one, none.
    async fn list(self, ty: ResourceType, id: &str) -> Result<Clause, StoreError> {
        if id.starts_with('$') {
            return unsupported(&format!("_list={id}"));
        }
        if !self.actor.may(Interaction::Search, ResourceType::List) {
            return Ok(nothing());
        }
        let itself = one_of(ResourceType::List, [id.to_owned()].into())?;
        let mut ids = BTreeSet::new();
        for stored in self.bodies(ResourceType::List, &[itself]).await? {
            let members = fhir::search::matcher::list_members(&parsed(&stored)?, &self.store.options());
            ids.extend(members.into_iter().filter(|(t, _)| *t == ty).map(|(_, id)| id));
        }
        one_of(ty, ids)
    }

    /// What is above or below a resource in the hierarchy of its type, itself included.
    async fn hierarchy(
        self,
        param: &'static SearchParameter,
        modifier: &Modifier,
        operand: &Operand,
    ) -> Result<Vec<Operand>, StoreError> {
        let Operand::Reference(ReferenceOperand::Local { types, id, version: None }) = operand else {
            return unsupported(&format!("{}:{modifier:?} of anything but a resource", param.code));
        };
        let mut all = Vec::new();
        for ty in types {
            let Some(part_of) = registry::part_of(*ty) else { continue };
            if !self.actor.may(Interaction::Search, *ty) {
                continue;
            }
            let mut reached = BTreeSet::from([id.clone()]);
            let mut edge = reached.clone();
            for level in 0..=MAX_LEVELS {
                if level == MAX_LEVELS || reached.len() > HOP_LIMIT as usize {
                    return Err(too_many(&format!("the hierarchy of {ty} has")));
                }
                let next: BTreeSet<String> = if *modifier == Modifier::Below {
                    let any = edge.iter().map(|id| local(*ty, id.clone())).collect();
                    let below = Clause::Param { param: part_of, modifier: Modifier::None, any };
                    let query = Query { all: vec![below], ..Query::new(*ty) };
                    let found = self.store.indexed_ids(self.db, self.actor, &query, HOP_LIMIT + 1).await?;
                    found.into_iter().map(|m| m.id).collect()
                } else {
                    let of_edge = one_of(*ty, edge)?;
                    let mut up = BTreeSet::new();
                    for stored in self.bodies(*ty, &[of_edge]).await? {
                        let referred = references_of(&parsed(&stored)?, part_of, &self.store.options());
                        up.extend(referred.into_iter().filter(|r| r.resource_type == *ty).map(|r| r.id));
                    }
                    up
                };
                edge = next.difference(&reached).cloned().collect();
                if edge.is_empty() {
                    break;
                }
                reached.extend(edge.iter().cloned());
            }
            all.extend(reached.into_iter().map(|id| local(*ty, id)));
        }
        if all.is_empty() && types.iter().all(|ty| registry::part_of(*ty).is_none()) {
            return unsupported(&format!("{}:{modifier:?}, for what it refers to has no hierarchy,", param.code));
        }
        Ok(all)
    }

    /// Which candidates meet the rest, as the matcher says.
    async fn checked(self, ty: ResourceType, indexed: &[Clause], rest: &[Clause]) -> Result<Clause, StoreError> {
        // Whether it can be decided at all does not depend on what is there.
        let empty = Json::parse("{}").expect("an object");
        let decide = |document: &Json<'_>| {
            rest.iter().try_fold(true, |so_far, clause| {
                let holds = matches(document, ty, clause, &self.store.options(), &NoLookup);
                holds.map(|h| so_far && h).map_err(|e| StoreError::NotSupported(e.to_string()))
            })
        };
        decide(&empty)?;
        let mut ids = BTreeSet::new();
        for stored in self.bodies(ty, indexed).await? {
            if decide(&parsed(&stored)?)? {
                ids.insert(stored.id);
            }
        }
        one_of(ty, ids)
    }

    /// The documents that meet indexed conditions.
    pub(super) async fn bodies(self, ty: ResourceType, indexed: &[Clause]) -> Result<Vec<Stored>, StoreError> {
        let query = Query { all: indexed.to_vec(), ..Query::new(ty) };
        let driver = self.store.driver(&query, &Order::Newest)?;
        let mut sql = Sql::new();
        self.store.fence(&mut sql, self.actor, &query, &driver);
        sql.push("SELECT ").push(HEAD).push(" FROM ");
        self.store.matching(&mut sql, self.actor, &query, &driver, Planned::Anew)?;
        sql.push(" LIMIT ").bind(READ_LIMIT + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        if rows.len() as i64 > READ_LIMIT {
            return Err(too_many(&format!("the search would have to read {ty}:")));
        }
        rows.iter().map(|row| Ok(self.store.found(ty, Cells::of(row)?, SortValues::new(), false)?.stored)).collect()
    }
}

fn too_many(what: &str) -> StoreError {
    StoreError::TooCostly(format!("{what} more than {HOP_LIMIT} resources; narrow the search"))
}

pub(super) fn parsed(stored: &Stored) -> Result<Json<'_>, StoreError> {
    Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))
}

fn local(ty: ResourceType, id: String) -> Operand {
    Operand::Reference(ReferenceOperand::Local { types: vec![ty], id, version: None })
}

pub(super) fn one_of(ty: ResourceType, ids: BTreeSet<String>) -> Result<Clause, StoreError> {
    let param = registry::parameter(ty, "_id");
    let param = param.ok_or_else(|| StoreError::Internal(format!("{ty} has no _id")))?;
    let any = ids.into_iter().map(|id| Operand::Token(Token::Code(id))).collect();
    Ok(Clause::Param { param, modifier: Modifier::None, any })
}
