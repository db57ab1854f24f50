//! Search: one driver per statement, every other condition a filter on the head row, keyset pages only.
//!
//! What one statement cannot answer is looked up before ([`prepare`]).
//!
//! Drivers: row key, patient, `ix_ord` in its own order, a side table or the GIN index behind a MATERIALIZED fence, else a walk
//! in the order asked for. The fence keeps the planner from turning a sparse match into a walk of the table.

mod changes;
mod count;
mod each;
mod filter;
mod include;
mod order;
mod past;
mod prepare;
mod profile;
mod several;
mod terminology;
mod timeline;

use std::cmp::Ordering;

use fhir::search::extract::Options;
use fhir::search::query::{Clause, Modifier, Operand, Query, ReferenceOperand};
use fhir::search::registry::{self, Kind};
use fhir::search::sort;
use fhir::{Json, ResourceType};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use changes::{Change, ChangePage};
pub use count::Count;
use filter::{Filter, Side, ord_key, terms_of};
pub use include::{Included, MAX_INCLUDED};
use order::{Key, Order, Place, beyond, compare, direction, instant, order_by};
pub(in crate::store) use profile::Claims;
pub(crate) use terminology::Definitions;
pub use timeline::{TimelineEntry, TimelinePage};

use crate::role::Interaction;
use crate::store::read::text;
use crate::store::seal::Seal;
use crate::store::sql::Sql;
use crate::store::{Match, Store, Stored};
use crate::trail::About;
use crate::{Actor, StoreError};

/// Most candidates that are sorted by a looked-up value; above it the search is refused, never cut.
const SORT_LIMIT: i64 = 100_000;
/// As [`SORT_LIMIT`], where each candidate's document has to be read.
const READ_LIMIT: i64 = 10_000;

/// Which slice of a search is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Rows per page.
    pub limit: u32,
    /// A token of another page, or a cursor of a match, of the same query and caller.
    pub token: Option<String>,
    /// Walk towards the beginning; without a token, from the end.
    pub backward: bool,
}

/// One page of matches in order.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub matches: Vec<Stored>,
    /// Token of the following page, `None` on the last.
    pub next: Option<String>,
    pub previous: Option<String>,
    cursors: Option<Cursors>,
}

/// What makes cursors of a page's matches when they are asked for.
#[derive(Debug, Clone)]
struct Cursors {
    seal: Seal,
    bound: Vec<u8>,
    places: Vec<Place>,
}

impl Page {
    /// The token that resumes after the match at that position.
    pub fn cursor(&self, at: usize) -> Option<String> {
        let cursors = self.cursors.as_ref()?;
        Some(cursors.token(cursors.places.get(at)?, false))
    }
}

impl Cursors {
    fn token(&self, place: &Place, backward: bool) -> String {
        let content = serde_json::to_vec(&Token { place: place.clone(), backward });
        self.seal.seal(&content.expect("plain data"), &self.bound)
    }
}

/// What a page token holds.
#[derive(Serialize, Deserialize)]
struct Token {
    place: Place,
    backward: bool,
}

/// A row with its place in the order.
struct Found {
    stored: Stored,
    about: About,
    place: Place,
}

/// How the matches are reached.
enum Driver {
    /// The conditions themselves: row key, patient, primary date, or a walk in order.
    Filters,
    /// One code in `ix_ord`, within a patient where one is asked for; each is the condition at that place of the query.
    Ordered { key: (usize, i64), patient: Option<(usize, i64)> },
    /// A side table, then the heads.
    Side(Side),
    /// Any of these terms by the GIN index, then the heads.
    Terms(Vec<i64>),
}

impl Store {
    /// One page of a search.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::NotSupported`] names what cannot be answered exactly; [`StoreError::TooCostly`]
    /// when too many candidates would have to be sorted; [`StoreError::BadToken`].
    pub async fn search(&self, actor: &Actor, query: &Query, page: &PageRequest) -> Result<Page, StoreError> {
        actor.require(Interaction::Search, query.resource_type)?;
        self.asked(actor, query);
        let bound = bound_to(actor, query);
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice::<Token>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let backward = page.backward || from.as_ref().is_some_and(|t| t.backward);
        let rows = self.rows(actor, query, from.as_ref().map(|t| &t.place), backward, page.limit + 1).await?;
        Ok(self.page(actor, rows, page.limit, backward, from.is_some(), bound))
    }

    /// Notes a search for the audit, with the patient it names.
    fn asked(&self, actor: &Actor, query: &Query) {
        actor.trail.asked(query.resource_type, &query.applied, self.patient(query).map(|(_, patient)| patient));
    }

    /// A page of rows in walking order, of which one more than `limit` was asked for.
    fn page(
        &self,
        actor: &Actor,
        mut rows: Vec<Found>,
        limit: u32,
        backward: bool,
        resumed: bool,
        bound: Vec<u8>,
    ) -> Page {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        if backward {
            rows.reverse();
        }
        rows.iter().for_each(|f| actor.trail.row(&f.about));
        let (matches, places): (Vec<_>, Vec<_>) = rows.into_iter().map(|f| (f.stored, f.place)).unzip();
        let cursors = Cursors { seal: self.seal.clone(), bound, places };
        let (after, before) = if backward { (resumed, more) } else { (more, resumed) };
        let next = cursors.places.last().filter(|_| after).map(|place| cursors.token(place, false));
        let previous = cursors.places.first().filter(|_| before).map(|place| cursors.token(place, true));
        Page { matches, next, previous, cursors: Some(cursors) }
    }

    /// The first page of one search for each of several patients, in their order: newest first by the type's primary date. One
    /// statement, whatever the number of patients.
    ///
    /// `query` says everything but the patient; `of` adds a patient to it, and gives the query whose cursors the pages have.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::NotSupported`] for a type that can be about several patients.
    pub async fn search_per_patient(
        &self,
        actor: &Actor,
        query: &Query,
        patients: &[String],
        limit: u32,
        of: impl Fn(&str) -> Query,
    ) -> Result<Vec<Page>, StoreError> {
        let ty = query.resource_type;
        actor.require(Interaction::Search, ty)?;
        if registry::several_patients(ty) {
            return filter::unsupported(&format!("{ty} by patient"));
        }
        self.asked(actor, query);
        let query = &*self.prepared(&self.db, actor, query).await?;
        let pats: Vec<i64> = patients.iter().map(|id| self.keys.resource(ResourceType::Patient, id)).collect();
        actor.trail.patients(pats.iter().copied());
        let mut sql = Sql::new();
        sql.push("SELECT q.n, r.* FROM unnest(").bind_i64s(pats.iter().copied());
        sql.push(") WITH ORDINALITY AS q (pat, n), LATERAL (SELECT h.rid, h.id, h.version_id, h.last_updated, h.pat, h.conf, h.raw, h.ts_lo FROM ");
        sql.heads(ty, "h", actor, &self.keys).push(" AND h.pat = q.pat");
        let mut filter = Filter { actor, keys: &self.keys, aliases: 0 };
        for clause in &query.all {
            sql.push(" AND ");
            filter.write(&mut sql, "h", ty, clause)?;
        }
        sql.push(" ORDER BY h.ts_lo DESC, h.rid DESC LIMIT ").bind(i64::from(limit) + 1);
        sql.push(") AS r ORDER BY q.n, r.ts_lo DESC, r.rid DESC");
        let mut groups: Vec<Vec<Found>> = patients.iter().map(|_| Vec::new()).collect();
        for row in self.db.query_all_raw(sql.statement()).await? {
            let n: i64 = row.try_get("", "n")?;
            let values = vec![order::SortValue::Int(row.try_get("", "ts_lo")?)];
            groups[(n - 1) as usize].push(self.found(ty, &row, values, false)?);
        }
        let pages = groups.into_iter().zip(patients).map(|(rows, id)| {
            let bound = bound_to(actor, &of(id));
            self.page(actor, rows, limit, false, false, bound)
        });
        Ok(pages.collect())
    }

    /// The first matches, newest created first, by this connection.
    pub(super) async fn matching_ids(
        &self,
        db: &impl ConnectionTrait,
        actor: &Actor,
        query: &Query,
        limit: u32,
    ) -> Result<Vec<Match>, StoreError> {
        self.indexed_ids(db, actor, &*self.prepared(db, actor, query).await?, limit).await
    }

    /// As [`Store::matching_ids`], of a prepared query.
    async fn indexed_ids(
        &self,
        db: &impl ConnectionTrait,
        actor: &Actor,
        query: &Query,
        limit: u32,
    ) -> Result<Vec<Match>, StoreError> {
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, query, &driver);
        sql.push("SELECT h.id, h.version_id FROM ");
        self.matching(&mut sql, actor, query, &driver)?;
        sql.push(" ORDER BY h.rid DESC LIMIT ").bind(i64::from(limit));
        let rows = db.query_all_raw(sql.statement()).await?;
        rows.iter()
            .map(|row| Ok(Match { id: row.try_get("", "id")?, version_id: row.try_get("", "version_id")? }))
            .collect()
    }

    async fn rows(
        &self,
        actor: &Actor,
        query: &Query,
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let query = &*self.prepared(&self.db, actor, query).await?;
        match Order::of(query.resource_type, &query.sort, &self.keys)? {
            Order::Keys(keys) if keys.iter().any(|k| k.document().is_some()) => {
                self.rows_by_documents(actor, query, &keys, from, backward, limit).await
            }
            Order::Keys(keys) => self.rows_by_keys(actor, query, &keys, from, backward, limit).await,
            Order::DateAscending => {
                let mut found: Vec<Found> = Vec::new();
                for undated in if backward { [true, false] } else { [false, true] } {
                    // A walk that began in the other half has left this one behind.
                    if from.is_some_and(|p| p.undated != undated && p.undated != backward) {
                        continue;
                    }
                    let start = from.filter(|p| p.undated == undated);
                    let rest = limit - found.len() as u32;
                    found.extend(self.walk(actor, query, &Order::DateAscending, undated, start, backward, rest).await?);
                    if found.len() as u32 == limit {
                        break;
                    }
                }
                Ok(found)
            }
            order => self.walk(actor, query, &order, false, from, backward, limit).await,
        }
    }

    /// Newest first, or by primary date: the index has the order, the statement stops at the limit.
    #[expect(clippy::too_many_arguments, reason = "one statement, and each part of it is independent")]
    async fn walk(
        &self,
        actor: &Actor,
        query: &Query,
        order: &Order,
        undated: bool,
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let driver = self.driver(query, order)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, query, &driver);
        sql.push("SELECT h.rid, h.id, h.version_id, h.last_updated, h.pat, h.conf, h.raw, h.ts_lo FROM ");
        self.matching(&mut sql, actor, query, &driver)?;
        let (date, rid) = match driver {
            Driver::Ordered { .. } => ("k.ts", "k.rid"),
            _ => ("h.ts_lo", "h.rid"),
        };
        let by_date = match order {
            Order::DateDescending => Some(!backward),
            Order::DateAscending => {
                sql.push(if undated { " AND h.ts_hi = " } else { " AND h.ts_hi > " }).bind(i64::MIN);
                (!undated).then_some(backward)
            }
            Order::Newest | Order::Keys(_) => None,
        };
        // Rows of one date follow the date's direction, so that one index serves both columns.
        let rid_descending = by_date.unwrap_or(!backward);
        if let Some(place) = from {
            let operator = |descending: bool| if descending { " < " } else { " > " };
            match (by_date, place.values.first()) {
                (Some(descending), Some(order::SortValue::Int(ts))) => {
                    sql.push(" AND (").push(date).push(", ").push(rid).push(")").push(operator(descending));
                    sql.push("(").bind(*ts).push(", ").bind(place.rid).push(")");
                }
                (Some(_), _) => return Err(StoreError::BadToken),
                (None, _) => {
                    sql.push(" AND ").push(rid).push(operator(rid_descending)).bind(place.rid);
                }
            }
        }
        sql.push(" ORDER BY ");
        if let Some(descending) = by_date {
            sql.push(date).push(" ").push(direction(descending)).push(", ");
        }
        sql.push(rid).push(" ").push(direction(rid_descending)).push(" LIMIT ").bind(i64::from(limit));
        let rows = self.db.query_all_raw(sql.statement()).await?;
        rows.iter()
            .map(|row| {
                let values = match by_date {
                    Some(_) => vec![order::SortValue::Int(row.try_get("", "ts_lo")?)],
                    None => Vec::new(),
                };
                self.found(query.resource_type, row, values, undated)
            })
            .collect()
    }

    /// By looked-up values: all candidates, their values, the page of them, then the bodies.
    async fn rows_by_keys(
        &self,
        actor: &Actor,
        query: &Query,
        keys: &[Key],
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        if from.is_some_and(|p| p.values.len() != keys.len()) {
            return Err(StoreError::BadToken);
        }
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, query, &driver);
        sql.push(if matches!(driver, Driver::Side(_) | Driver::Terms(_)) { ", " } else { "WITH " });
        sql.push("c AS MATERIALIZED (SELECT h.rid");
        for (i, key) in keys.iter().enumerate() {
            sql.push(", ");
            key.write(&mut sql, "h");
            sql.push(&format!(" AS s{i}"));
        }
        sql.push(" FROM ");
        self.matching(&mut sql, actor, query, &driver)?;
        sql.push(" LIMIT ").bind(SORT_LIMIT + 1).push(") ");
        sql.push("SELECT h.rid, h.id, h.version_id, h.last_updated, h.pat, h.conf, h.raw, p.n");
        for i in 0..keys.len() {
            sql.push(&format!(", p.s{i}"));
        }
        sql.push(" FROM (SELECT c.*, (SELECT count(*) FROM c) AS n FROM c");
        if let Some(place) = from {
            sql.push(" WHERE ");
            beyond(&mut sql, keys, "c", place, backward);
        }
        order_by(&mut sql, keys, "c", backward);
        sql.push(" LIMIT ").bind(i64::from(limit)).push(") AS p, ");
        sql.heads(query.resource_type, "h", actor, &self.keys).push(" AND h.rid = p.rid");
        order_by(&mut sql, keys, "p", backward);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<i64>("", "n")? > SORT_LIMIT {
                let text = format!("more than {SORT_LIMIT} matches would have to be sorted; narrow the search");
                return Err(StoreError::TooCostly(text));
            }
            let values = keys.iter().enumerate().map(|(i, key)| key.read(row, &format!("s{i}")));
            all.push(self.found(query.resource_type, row, values.collect::<Result<_, _>>()?, false)?);
        }
        Ok(all)
    }

    /// By values of which some are in the documents only: all candidates are read, and sorted here.
    async fn rows_by_documents(
        &self,
        actor: &Actor,
        query: &Query,
        keys: &[Key],
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        if from.is_some_and(|p| p.values.len() != keys.len()) {
            return Err(StoreError::BadToken);
        }
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, query, &driver);
        sql.push("SELECT h.rid, h.id, h.version_id, h.last_updated, h.pat, h.conf, h.raw");
        for (i, key) in keys.iter().enumerate() {
            sql.push(", ");
            key.write(&mut sql, "h");
            sql.push(&format!(" AS s{i}"));
        }
        sql.push(" FROM ");
        self.matching(&mut sql, actor, query, &driver)?;
        sql.push(" LIMIT ").bind(READ_LIMIT + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        if rows.len() as i64 > READ_LIMIT {
            let text = format!("more than {READ_LIMIT} matches would have to be read to sort them; narrow the search");
            return Err(StoreError::TooCostly(text));
        }
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let values = keys.iter().enumerate().map(|(i, key)| key.read(row, &format!("s{i}")));
            let mut one = self.found(query.resource_type, row, values.collect::<Result<_, _>>()?, false)?;
            let document =
                Json::parse(&one.stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            for (key, value) in keys.iter().zip(&mut one.place.values) {
                if let Some(param) = key.document() {
                    let text = sort::text(&document, param, key.descending, &Options::default());
                    let text = text.map_err(|e| StoreError::NotSupported(e.to_string()))?;
                    *value = text.map_or(order::SortValue::Null, order::SortValue::Text);
                }
            }
            all.push(one);
        }
        all.sort_by(|a, b| compare(keys, &a.place, &b.place));
        if backward {
            all.reverse();
        }
        if let Some(from) = from {
            let behind = if backward { Ordering::Less } else { Ordering::Greater };
            all.retain(|one| compare(keys, &one.place, from) == behind);
        }
        all.truncate(limit as usize);
        Ok(all)
    }

    /// `WITH m AS MATERIALIZED (…) ` where the driver needs it; statements go on with a comma or with their SELECT.
    fn fence(&self, sql: &mut Sql, actor: &Actor, query: &Query, driver: &Driver) {
        match driver {
            Driver::Side(side) => {
                sql.push("WITH m AS MATERIALIZED (SELECT DISTINCT x.rid FROM ");
                side.write(sql);
                sql.push(") ");
            }
            Driver::Terms(terms) => {
                sql.push("WITH m AS MATERIALIZED (SELECT h.rid FROM ");
                sql.heads(query.resource_type, "h", actor, &self.keys).push(" AND h.terms && ");
                sql.bind_i64s(terms.iter().copied()).push(") ");
            }
            Driver::Filters | Driver::Ordered { .. } => {}
        }
    }

    /// `<tables> WHERE <all conditions>`; the head is `h`, a row of `ix_ord` is `k`.
    fn matching(&self, sql: &mut Sql, actor: &Actor, query: &Query, driver: &Driver) -> Result<(), StoreError> {
        // Conditions that the driver is: asking them again of the terms would cost more than the rest of the row.
        let mut met = [None, None];
        match driver {
            Driver::Ordered { key: (at, key), patient } => {
                // Row by row behind a fence: the planner cannot know that every key has its head, and would hash all heads for a few.
                sql.push("fhir.ix_ord AS k CROSS JOIN LATERAL (SELECT h.* FROM ");
                sql.heads(query.resource_type, "h", actor, &self.keys);
                sql.push(" AND h.rid = k.rid OFFSET 0) AS h WHERE k.key = ").bind(*key);
                met = [Some(*at), patient.map(|p| p.0)];
                if let Some((_, patient)) = patient {
                    sql.push(" AND k.pat = ").bind(*patient);
                }
            }
            Driver::Side(_) | Driver::Terms(_) => {
                sql.heads(query.resource_type, "h", actor, &self.keys).push(" AND h.rid IN (SELECT m.rid FROM m)");
            }
            Driver::Filters => {
                sql.heads(query.resource_type, "h", actor, &self.keys);
                if let Some((at, patient)) = self.patient(query) {
                    met[1] = Some(at);
                    sql.push(" AND h.pat = ").bind(patient);
                }
            }
        }
        let mut filter = Filter { actor, keys: &self.keys, aliases: 0 };
        for (at, clause) in query.all.iter().enumerate() {
            if met.contains(&Some(at)) {
                continue;
            }
            sql.push(" AND ");
            filter.write(sql, "h", query.resource_type, clause)?;
        }
        Ok(())
    }

    /// The one patient the query is about, where the head's `pat` says so, and the place of the condition.
    fn patient(&self, query: &Query) -> Option<(usize, i64)> {
        query.all.iter().enumerate().find_map(|(at, clause)| match clause {
            Clause::Param { param, modifier: Modifier::None, any }
                if filter::is_patient_of(query.resource_type, param) =>
            {
                match &any[..] {
                    [Operand::Reference(ReferenceOperand::Local { types, id, version: None })]
                        if types.contains(&ResourceType::Patient) && only_patients(types, param) =>
                    {
                        Some((at, self.keys.resource(ResourceType::Patient, id)))
                    }
                    _ => None,
                }
            }
            _ => None,
        })
    }

    fn driver(&self, query: &Query, order: &Order) -> Result<Driver, StoreError> {
        let ty = query.resource_type;
        let params = || {
            query.all.iter().filter_map(|clause| match clause {
                Clause::Param { param, modifier, any } => Some((*param, modifier, any)),
                _ => None,
            })
        };
        if params().any(|(param, ..)| param.code == "_id") {
            return Ok(Driver::Filters);
        }
        let patient = self.patient(query);
        let code = query.all.iter().enumerate().find_map(|(at, clause)| match clause {
            Clause::Param { param, modifier: Modifier::None, any } => match &any[..] {
                [one] => Some((at, ord_key(&self.keys, param, one)?)),
                _ => None,
            },
            _ => None,
        });
        let dated = matches!(order, Order::DateAscending | Order::DateDescending);
        match (patient, code) {
            (Some(_), Some(key)) if dated => return Ok(Driver::Ordered { key, patient }),
            (Some(_), _) => return Ok(Driver::Filters),
            _ => {}
        }
        // Identifiers, references and the like name few rows; codes of status name many.
        let mut sparse: Option<Vec<i64>> = None;
        for (param, modifier, any) in params() {
            let named = fhir::search::extract::folds_case(param) || matches!(param.kind, Kind::Reference | Kind::Uri);
            if *modifier != Modifier::Not && (named || *modifier == Modifier::Exact) {
                let mut terms = Vec::new();
                for operand in any {
                    match terms_of(&self.keys, param, modifier, operand)? {
                        Some(more) => terms.extend(more),
                        None => break,
                    }
                }
                let fewer = sparse.as_ref().is_none_or(|s| terms.len() < s.len());
                if fewer && !terms.is_empty() && terms.len() >= any.len() {
                    sparse = Some(terms);
                }
            }
        }
        if let Some(terms) = sparse {
            return Ok(Driver::Terms(terms));
        }
        // The owner itself is in its compartment by its key.
        let compartment = query.all.iter().find_map(|clause| match clause {
            Clause::Compartment { owner, id } if *owner != ty => {
                Some(filter::compartment_terms(&self.keys, *owner, ty, &format!("{owner}/{id}")))
            }
            _ => None,
        });
        if let Some(terms) = compartment {
            return Ok(Driver::Terms(terms));
        }
        if let Some(key) = code {
            return Ok(Driver::Ordered { key, patient: None });
        }
        for (param, modifier, any) in params() {
            if let [one] = &any[..]
                && *modifier != Modifier::Not
                && registry::primary_date(ty) != Some(param.code)
                && let Some(side) = Side::of(&self.keys, ty, param, modifier, one)?
            {
                return Ok(Driver::Side(side));
            }
        }
        let terms = params().find_map(|(param, modifier, any)| {
            let coded = fhir::search::extract::is_coded(param) && *modifier == Modifier::None;
            let terms = any.iter().map(|o| terms_of(&self.keys, param, modifier, o).ok().flatten());
            if coded { terms.collect::<Option<Vec<_>>>().map(|t| t.concat()) } else { None }
        });
        Ok(terms.map_or(Driver::Filters, Driver::Terms))
    }
}

/// Whether a bare id can only be a patient here, so that `pat` alone decides.
fn only_patients(types: &[ResourceType], param: &registry::SearchParameter) -> bool {
    types == [ResourceType::Patient] || param.targets == [ResourceType::Patient]
}

impl Store {
    fn found(
        &self,
        resource_type: ResourceType,
        row: &QueryResult,
        values: Vec<order::SortValue>,
        undated: bool,
    ) -> Result<Found, StoreError> {
        let raw: Vec<u8> = row.try_get("", "raw")?;
        let stored = Stored {
            resource_type,
            id: row.try_get("", "id")?,
            version_id: row.try_get("", "version_id")?,
            last_updated: instant(row)?,
            body: text(&raw)?,
        };
        let about = self.about(resource_type, row, Some(&stored.body))?;
        Ok(Found { stored, about, place: Place { values, rid: row.try_get("", "rid")?, undated } })
    }
}

/// What a token is good for: this caller, type, conditions and order.
fn bound_to(actor: &Actor, query: &Query) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}{:?}", actor.account, query.resource_type));
    // Conditions and order decide; page size, includes and totals may differ from page to page.
    hash.update(format!("{:?}{:?}", query.all, query.sort));
    hash.finalize().to_vec()
}
