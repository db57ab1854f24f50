//! Search: one driver per statement, every other condition a filter on the head row, keyset pages only.
//!
//! What one statement cannot answer is looked up before ([`prepare`]).
//!
//! Drivers: row key, patient, a few patients, `ix_ord` in its own order, a side table or the GIN index behind a MATERIALIZED fence, else a
//! walk in the order asked for. The fence keeps the planner from turning a sparse match into a walk of the table. A page whose statement
//! leaves the planner one way only is planned once for all values ([`Planned`]).

mod changes;
mod count;
mod each;
pub(in crate::store) mod export;
mod filter;
mod include;
mod meets;
mod order;
mod outstanding;
mod past;
mod people;
mod prepare;
mod profile;
mod several;
mod terminology;
mod timeline;

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use fhir::document::{Stamp, stamp_of};
use fhir::search::query::{Clause, Modifier, Operand, Query, ReferenceOperand};
use fhir::search::registry::{self, Kind};
use fhir::search::sort;
use fhir::{Json, ResourceType};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use smallvec::smallvec;

pub use changes::{Change, ChangePage};
pub use count::Count;
pub(in crate::store) use filter::unsupported;
use filter::{Filter, Side, ord_key, terms_of};
pub use include::{Included, MAX_INCLUDED};
use order::{Key, Order, Place, beyond, compare, direction, order_by};
pub use people::{PeopleGroup, may_decide};
pub(in crate::store) use profile::Claims;
pub(crate) use terminology::Definitions;
pub use timeline::{TimelineEntry, TimelinePage};

use crate::store::kept::Kept;
use crate::store::read;
use crate::store::row::Cells;
use crate::store::seal::Seal;
use crate::store::sql::Sql;
use crate::store::{Match, Store, Stored};
use crate::trail::About;
use crate::{Actor, Clearance, StoreError};

/// Most candidates that are sorted by a looked-up value; above it the search is refused, never cut.
const SORT_LIMIT: i64 = 100_000;
/// As [`SORT_LIMIT`], where each candidate's document has to be read.
const READ_LIMIT: i64 = 10_000;

/// For how many rows of a page there is room before the first arrives.
const ROOM: usize = 64;

/// What of a head is read for an answer: the first columns of a statement, in the order that [`Store::found`] takes them in.
const HEAD: &str = "h.rid, h.pat, h.conf, h.raw";

/// The place of the first column behind those of [`HEAD`]. By place, since a look-up by name costs more than the value.
const BEHIND_HEAD: usize = 4;

/// Which slice of a search is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Rows per page.
    pub limit: u32,
    /// A token of another page, or a cursor of a match, of the same query and caller.
    pub token: Option<String>,
    /// Walk towards the beginning; without a token, from the end.
    pub backward: bool,
    /// Also count the matches of a first page, up to so many, where the statement of the page can.
    pub count_up_to: Option<u32>,
}

/// One page of matches in order. Its tokens are made when they are asked for: most pages of a screen are not turned.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub matches: Vec<Stored>,
    /// As [`PageRequest::count_up_to`] asks: the number, or one more than that when there are more.
    pub counted: Option<u64>,
    tokens: Tokens,
}

#[derive(Debug, Clone)]
enum Tokens {
    /// Of the following page, `None` on the last.
    Next(Option<String>),
    Places(Places),
}

impl Default for Tokens {
    fn default() -> Self {
        Self::Next(None)
    }
}

/// What makes the tokens of a page.
#[derive(Debug, Clone)]
struct Places {
    seal: Seal,
    bound: Bound,
    /// Of each match.
    of: Vec<Place>,
    /// Whether something follows, and whether something comes before.
    after: bool,
    before: bool,
}

/// What the tokens of a page are good for, worked out for the first of them.
#[derive(Clone)]
struct Bound(Arc<LazyLock<Vec<u8>, Box<dyn FnOnce() -> Vec<u8> + Send>>>);

impl Bound {
    fn to(work_out: impl FnOnce() -> Vec<u8> + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(work_out))))
    }
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bound")
    }
}

impl Page {
    /// A page that is only walked forward, by `next`.
    pub(in crate::store) fn forward(matches: Vec<Stored>, next: Option<String>) -> Self {
        Self { matches, counted: None, tokens: Tokens::Next(next) }
    }

    pub fn has_next(&self) -> bool {
        match &self.tokens {
            Tokens::Next(next) => next.is_some(),
            Tokens::Places(places) => places.after && !places.of.is_empty(),
        }
    }

    pub fn has_previous(&self) -> bool {
        matches!(&self.tokens, Tokens::Places(places) if places.before && !places.of.is_empty())
    }

    /// Token of the following page, `None` on the last.
    pub fn next(&self) -> Option<String> {
        match &self.tokens {
            Tokens::Next(next) => next.clone(),
            Tokens::Places(places) => places.of.last().filter(|_| places.after).map(|place| places.token(place, false)),
        }
    }

    /// Token of the page before, `None` on the first.
    pub fn previous(&self) -> Option<String> {
        match &self.tokens {
            Tokens::Next(_) => None,
            Tokens::Places(places) => {
                places.of.first().filter(|_| places.before).map(|place| places.token(place, true))
            }
        }
    }

    /// The token that resumes after the match at that position.
    pub fn cursor(&self, at: usize) -> Option<String> {
        match &self.tokens {
            Tokens::Next(_) => None,
            Tokens::Places(places) => Some(places.token(places.of.get(at)?, false)),
        }
    }
}

impl Places {
    fn token(&self, place: &Place, backward: bool) -> String {
        let content = serde_json::to_vec(&Token { place: place.clone(), backward });
        self.seal.seal(&content.expect("plain data"), &self.bound.0)
    }
}

/// What a page token holds.
#[derive(Serialize, Deserialize)]
struct Token {
    place: Place,
    backward: bool,
}

/// When the planner is asked for a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Planned {
    /// Once: there is one good way, and the statement leaves no other.
    Once,
    /// Each time, by the values.
    Anew,
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
    /// The rows of these patients, sorted; it is the condition at that place.
    Patients(usize, Vec<i64>),
    /// A side table, then the heads; it is the condition at that place.
    Side(usize, Side),
    /// Any of these terms by the GIN index, then the heads; likewise.
    Terms(usize, Vec<i64>),
}

impl Store {
    /// One page of a search.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`]; [`StoreError::NotSupported`] names what cannot be answered exactly; [`StoreError::TooCostly`]
    /// when too many candidates would have to be sorted; [`StoreError::BadToken`].
    pub async fn search(&self, actor: &Actor, query: &Query, page: &PageRequest) -> Result<Page, StoreError> {
        if query.resource_type == ResourceType::AuditEvent {
            self.asked(actor, query);
            return self.audit_search(actor, query, page).await;
        }
        actor.require_search(query)?;
        self.asked(actor, query);
        let bound = bound(actor, query.clone());
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound.0)?;
                Some(serde_json::from_slice::<Token>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let backward = page.backward || from.as_ref().is_some_and(|t| t.backward);
        let place = from.as_ref().map(|t| &t.place);
        // Boxed: a search is part of larger futures, whose stack is that of their largest part.
        let query = &*Box::pin(self.prepared(&self.db, actor, query)).await?;
        let count = page.count_up_to.filter(|_| place.is_none());
        let (rows, counted) = match Order::of(query.resource_type, &query.sort, &self.keys)? {
            order @ (Order::Newest | Order::DateDescending) => {
                let limits = (page.limit + 1, count);
                Box::pin(self.walk(actor, query, &order, false, place, backward, limits)).await?
            }
            order => {
                let rows = Box::pin(self.rows_in(actor, query, order, place, backward, page.limit + 1));
                (rows.await?, None)
            }
        };
        Ok(Page { counted, ..self.page(actor, rows, page.limit, backward, from.is_some(), bound)? })
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
        bound: Bound,
    ) -> Result<Page, StoreError> {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        if backward {
            rows.reverse();
        }
        actor.trail.rows(rows.iter().map(|f| &f.about));
        let (mut matches, of): (Vec<_>, Vec<_>) = rows.into_iter().map(|f| (f.stored, f.place)).unzip();
        for stored in &mut matches {
            stored.body = actor.shown(stored.resource_type, std::mem::take(&mut stored.body))?;
        }
        let (after, before) = if backward { (resumed, more) } else { (more, resumed) };
        let places = Places { seal: self.seal.clone(), bound, of, after, before };
        Ok(Page { matches, counted: None, tokens: Tokens::Places(places) })
    }

    /// The first page of one search for each of several patients, in their order: newest first by the type's primary date. One
    /// statement, whatever the number of patients.
    ///
    /// `query` says everything but the patient; `of` adds a patient to it, and gives the query whose cursors the pages have. The limit
    /// comes with whether to find out what follows; else the pages say that nothing does.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::NotSupported`] for a type that can be about several patients.
    pub async fn search_per_patient(
        &self,
        actor: &Actor,
        query: &Query,
        patients: &[String],
        (limit, peek): (u32, bool),
        of: impl Fn(&str) -> Query + Send + Sync + 'static,
    ) -> Result<Vec<Page>, StoreError> {
        let ty = query.resource_type;
        actor.require_search(query)?;
        if registry::several_patients(ty) {
            return filter::unsupported(&format!("{ty} by patient"));
        }
        self.asked(actor, query);
        let query = &*self.prepared(&self.db, actor, query).await?;
        let pats: Vec<i64> = patients.iter().map(|id| self.keys.resource(ResourceType::Patient, id)).collect();
        actor.trail.patients(pats.iter().copied());
        let mut sql = Sql::new();
        sql.push("SELECT r.*, q.n FROM unnest(").bind_i64s(pats.iter().copied());
        sql.push(") WITH ORDINALITY AS q (pat, n), LATERAL (SELECT ").push(HEAD).push(", h.ts_lo FROM ");
        let code = self.code(query);
        let (date, rid) = if let Some((_, key)) = code {
            self.heads_of_code(&mut sql, actor, ty, key);
            sql.push(" AND k.pat = q.pat");
            ("k.ts", "k.rid")
        } else {
            sql.heads(ty, "h", actor, &self.keys).push(" AND h.pat = q.pat");
            ("h.ts_lo", "h.rid")
        };
        let mut filter = Filter::new(actor, &self.keys);
        for (_, clause) in query.all.iter().enumerate().filter(|(at, _)| code.is_none_or(|(met, _)| met != *at)) {
            sql.push(" AND ");
            filter.write(&mut sql, "h", ty, clause)?;
        }
        sql.push(" ORDER BY ").push(date).push(" DESC, ").push(rid).push(" DESC LIMIT ");
        sql.bind(i64::from(limit) + i64::from(peek));
        // Not sorted as a whole, which would keep the first row until the last is found.
        sql.push(") AS r");
        let filters_heads = self.filters_heads(query, [code.map(|(met, _)| met), None]);
        let planned = if filters_heads { Planned::Once } else { Planned::Anew };
        let mut groups: Vec<Vec<Found>> = patients.iter().map(|_| Vec::new()).collect();
        let rows = self.ask_each(planned, sql, 0, |row| {
            let values = smallvec![order::SortValue::Int(row.i64(BEHIND_HEAD)?)];
            groups[(row.i64(BEHIND_HEAD + 1)? - 1) as usize].push(self.found(ty, row, values, false)?);
            Ok(())
        });
        rows.await?;
        for group in &mut groups {
            group.sort_by(|a, b| {
                let ts = |found: &Found| match found.place.values[..] {
                    [order::SortValue::Int(ts)] => ts,
                    _ => i64::MIN,
                };
                (ts(b), b.place.rid).cmp(&(ts(a), a.place.rid))
            });
        }
        let of = Arc::new(of);
        let pages = groups.into_iter().zip(patients).map(|(rows, id)| {
            let (of, id, account) = (Arc::clone(&of), id.clone(), actor.account);
            let bound = Bound::to(move || bound_to(account, &of(&id)));
            self.page(actor, rows, limit, false, false, bound)
        });
        pages.collect()
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
        self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
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
        let order = Order::of(query.resource_type, &query.sort, &self.keys)?;
        Box::pin(self.rows_in(actor, query, order, from, backward, limit)).await
    }

    /// As [`Store::rows`], of a prepared query.
    async fn rows_in(
        &self,
        actor: &Actor,
        query: &Query,
        order: Order,
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        match order {
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
                    let part =
                        self.walk(actor, query, &Order::DateAscending, undated, start, backward, (rest, None)).await?;
                    found.extend(part.0);
                    if found.len() as u32 == limit {
                        break;
                    }
                }
                Ok(found)
            }
            order => Ok(self.walk(actor, query, &order, false, from, backward, (limit, None)).await?.0),
        }
    }

    /// Newest first, or by primary date: the index has the order, the statement stops at the limit. Where matches are to be counted
    /// beside, up to `count`, it goes on that far.
    #[expect(clippy::too_many_arguments, reason = "one statement, and each part of it is independent")]
    async fn walk(
        &self,
        actor: &Actor,
        query: &Query,
        order: &Order,
        undated: bool,
        from: Option<&Place>,
        backward: bool,
        (limit, count): (u32, Option<u32>),
    ) -> Result<(Vec<Found>, Option<u64>), StoreError> {
        let driver = self.driver(query, order)?;
        let planned = self.planned(query, &driver, order);
        let mut sql = Sql::new();
        let counts_keys = count.is_some() && Self::counts_keys(actor, query, &driver);
        let counts_rows = count.filter(|up_to| !counts_keys && *up_to >= limit);
        if counts_rows.is_some() {
            sql.push("SELECT *, count(*) OVER () AS n FROM (");
        }
        if planned == Planned::Anew {
            self.fence(&mut sql, actor, query, &driver);
        }
        sql.push("SELECT ").push(HEAD);
        // A column that nobody reads is made, sent and split for each row all the same.
        let dated = matches!(order, Order::DateAscending | Order::DateDescending);
        if dated {
            sql.push(", h.ts_lo");
        }
        if let Some(up_to) = count.filter(|_| counts_keys) {
            sql.push(", (SELECT count(*) FROM (");
            self.keys_of_code(&mut sql, actor, query.resource_type, &driver);
            sql.push(" LIMIT ").bind(i64::from(up_to) + 1).push(") AS c) AS n");
        }
        let by_date = self.in_order(&mut sql, actor, query, (&driver, planned), (order, undated), from, backward)?;
        let most = counts_rows.map_or(limit, |up_to| up_to + 1);
        sql.push(" LIMIT ").bind(i64::from(most));
        if counts_rows.is_some() {
            sql.push(") AS r LIMIT ").bind(i64::from(limit));
        }
        // Each row has it.
        let mut counted = (counts_keys || counts_rows.is_some()).then_some(0);
        let found = self.ask_each(planned, sql, limit as usize, |row| {
            if let Some(counted) = &mut counted {
                *counted = row.i64(BEHIND_HEAD + usize::from(dated))? as u64;
            }
            let values = match by_date {
                Some(_) => smallvec![order::SortValue::Int(row.i64(BEHIND_HEAD)?)],
                None => order::SortValues::new(),
            };
            self.found(query.resource_type, row, values, undated)
        });
        let found = found.await?;
        Ok((found, counted))
    }

    /// ` FROM … ORDER BY …` of a walk. Whether a date is part of the order, and whether it descends.
    #[expect(clippy::too_many_arguments, reason = "one statement, and each part of it is independent")]
    fn in_order(
        &self,
        sql: &mut Sql,
        actor: &Actor,
        query: &Query,
        (driver, planned): (&Driver, Planned),
        (order, undated): (&Order, bool),
        from: Option<&Place>,
        backward: bool,
    ) -> Result<Option<bool>, StoreError> {
        sql.push(" FROM ");
        self.matching(sql, actor, query, driver, planned)?;
        let (date, rid) = match driver {
            Driver::Ordered { .. } => ("k.ts", "k.rid"),
            _ => ("h.ts_lo", "h.rid"),
        };
        // No index has this order, so the few rows of the driver are sorted rather than all rows walked.
        let sorted = match driver {
            Driver::Patients(..) => true,
            Driver::Filters => planned == Planned::Once && matches!(order, Order::Newest) && !query.all.is_empty(),
            _ => false,
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
            sql.push(date).push(if sorted { " + 0 " } else { " " }).push(direction(descending)).push(", ");
        }
        sql.push(rid);
        if sorted {
            sql.push(" + 0");
        }
        sql.push(" ").push(direction(rid_descending));
        Ok(by_date)
    }

    /// The rows of a statement that is planned when that says.
    async fn ask(&self, planned: Planned, sql: Sql) -> Result<Vec<QueryResult>, StoreError> {
        self.kept(planned).query_all(sql.statement()).await
    }

    /// What `read` makes of each of them.
    async fn ask_each<T: Send>(
        &self,
        planned: Planned,
        sql: Sql,
        expected: usize,
        read: impl FnMut(Cells<'_>) -> Result<T, StoreError> + Send,
    ) -> Result<Vec<T>, StoreError> {
        self.kept(planned).query_each(sql.statement(), expected.min(ROOM), read).await
    }

    fn kept(&self, planned: Planned) -> &Kept {
        match planned {
            Planned::Once => &self.once,
            Planned::Anew => &self.anew,
        }
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
        sql.push(if matches!(driver, Driver::Side(..) | Driver::Terms(..)) { ", " } else { "WITH " });
        sql.push("c AS MATERIALIZED (SELECT h.rid");
        for (i, key) in keys.iter().enumerate() {
            sql.push(", ");
            key.write(&mut sql, "h");
            sql.push(&format!(" AS s{i}"));
        }
        sql.push(" FROM ");
        self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
        sql.push(" LIMIT ").bind(SORT_LIMIT + 1).push(") ");
        sql.push("SELECT ").push(HEAD).push(", p.n");
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
        let rows = self.ask(Planned::Anew, sql).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.try_get::<i64>("", "n")? > SORT_LIMIT {
                let text = format!("more than {SORT_LIMIT} matches would have to be sorted; narrow the search");
                return Err(StoreError::TooCostly(text));
            }
            let values = keys.iter().enumerate().map(|(i, key)| key.read(row, &format!("s{i}")));
            all.push(self.found(query.resource_type, Cells::of(row)?, values.collect::<Result<_, _>>()?, false)?);
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
        sql.push("SELECT ").push(HEAD);
        for (i, key) in keys.iter().enumerate() {
            sql.push(", ");
            key.write(&mut sql, "h");
            sql.push(&format!(" AS s{i}"));
        }
        sql.push(" FROM ");
        self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
        sql.push(" LIMIT ").bind(READ_LIMIT + 1);
        let rows = self.ask(Planned::Anew, sql).await?;
        if rows.len() as i64 > READ_LIMIT {
            let text = format!("more than {READ_LIMIT} matches would have to be read to sort them; narrow the search");
            return Err(StoreError::TooCostly(text));
        }
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let values = keys.iter().enumerate().map(|(i, key)| key.read(row, &format!("s{i}")));
            let mut one = self.found(query.resource_type, Cells::of(row)?, values.collect::<Result<_, _>>()?, false)?;
            let document =
                Json::parse(&one.stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            for (key, value) in keys.iter().zip(&mut one.place.values) {
                if let Some(param) = key.document() {
                    let text = sort::text(&document, param, key.descending, &self.options());
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
            Driver::Side(_, side) => {
                sql.push("WITH m AS MATERIALIZED (SELECT DISTINCT x.rid FROM ");
                side.write(sql);
                sql.push(") ");
            }
            Driver::Terms(_, terms) => {
                sql.push("WITH m AS MATERIALIZED (SELECT h.rid FROM ");
                sql.heads(query.resource_type, "h", actor, &self.keys).push(" AND h.terms && ");
                sql.bind_i64s(terms.iter().copied()).push(") ");
            }
            Driver::Filters | Driver::Patients(..) | Driver::Ordered { .. } => {}
        }
    }

    /// `<tables> WHERE <all conditions>`; the head is `h`, a row of `ix_ord` is `k`. Planned once, the row keys of a driver are an array,
    /// and nothing is to go before it; else they stand in the fence.
    fn matching(
        &self,
        sql: &mut Sql,
        actor: &Actor,
        query: &Query,
        driver: &Driver,
        planned: Planned,
    ) -> Result<(), StoreError> {
        let ty = query.resource_type;
        match driver {
            Driver::Ordered { key: (_, key), patient } => {
                self.heads_of_code(sql, actor, ty, *key);
                if let Some((_, patient)) = patient {
                    sql.push(" AND k.pat = ").bind(*patient);
                }
            }
            Driver::Side(_, side) if planned == Planned::Once => {
                // In order, so that the scan of the row keys finds the array sorted.
                sql.heads(ty, "h", actor, &self.keys).push(" AND h.rid = ANY(ARRAY(SELECT x.rid FROM ");
                side.write(sql);
                sql.push(" ORDER BY x.rid))");
            }
            Driver::Terms(_, terms) if planned == Planned::Once => {
                sql.heads(ty, "h", actor, &self.keys).push(" AND h.rid = ANY(ARRAY(SELECT m.rid FROM ");
                sql.heads(ty, "m", actor, &self.keys).push(" AND m.terms && ");
                sql.bind_i64s(terms.iter().copied()).push("))");
            }
            Driver::Side(..) | Driver::Terms(..) => {
                sql.heads(ty, "h", actor, &self.keys).push(" AND h.rid IN (SELECT m.rid FROM m)");
            }
            Driver::Patients(_, patients) => {
                sql.heads(ty, "h", actor, &self.keys).push(" AND h.pat = ANY(").bind_i64s(patients.iter().copied());
                sql.push(")");
            }
            Driver::Filters => {
                sql.heads(ty, "h", actor, &self.keys);
                if let Some((_, patient)) = self.patient(query) {
                    sql.push(" AND h.pat = ").bind(patient);
                }
            }
        }
        let met = self.met(query, driver);
        let mut filter = Filter::of(actor, &self.keys, query);
        for (at, clause) in query.all.iter().enumerate() {
            if met.contains(&Some(at)) {
                continue;
            }
            sql.push(" AND ");
            filter.write(sql, "h", ty, clause)?;
        }
        Ok(())
    }

    /// The places of the conditions that the driver is: asking them again would cost more than the rest of the row.
    fn met(&self, query: &Query, driver: &Driver) -> [Option<usize>; 2] {
        match driver {
            Driver::Ordered { key: (at, _), patient } => [Some(*at), patient.map(|p| p.0)],
            Driver::Patients(at, _) | Driver::Side(at, _) | Driver::Terms(at, _) => [Some(*at), None],
            Driver::Filters => [self.patient(query).map(|p| p.0), None],
        }
    }

    /// The rows of `ix_ord` under a key with their heads: `fhir.ix_ord AS k … AS h WHERE k.key = …`.
    fn heads_of_code(&self, sql: &mut Sql, actor: &Actor, ty: ResourceType, key: i64) {
        // Row by row behind a fence: the planner cannot know that every key has its head, and would hash all heads for a few.
        sql.push("fhir.ix_ord AS k CROSS JOIN LATERAL (SELECT h.* FROM ");
        sql.heads(ty, "h", actor, &self.keys);
        sql.push(" AND h.rid = k.rid OFFSET 0) AS h WHERE k.key = ").bind(key);
    }

    /// Whether `ix_ord` alone says what matches: the driver is all that is asked, and what the actor may not see of the type can be
    /// told from the few labelled heads. A deleted resource has no row in it.
    fn counts_keys(actor: &Actor, query: &Query, driver: &Driver) -> bool {
        let Driver::Ordered { patient, .. } = driver else { return false };
        query.all.len() == 1 + usize::from(patient.is_some())
            && !actor.categories.iter().any(|c| c.resource_type == query.resource_type)
            && actor.sees_everybody(query.resource_type)
            && (actor.clearance == Clearance::FULL
                || patient.is_none() && actor.clearance.level >= Clearance::NORMAL.level)
    }

    /// `SELECT FROM fhir.ix_ord …`: a row for each match, where [`Store::counts_keys`].
    fn keys_of_code(&self, sql: &mut Sql, actor: &Actor, ty: ResourceType, driver: &Driver) {
        let Driver::Ordered { key: (_, key), patient } = driver else { return };
        sql.push("SELECT FROM fhir.ix_ord AS k WHERE k.key = ").bind(*key);
        if let Some((_, patient)) = patient {
            sql.push(" AND k.pat = ").bind(*patient);
        }
        if actor.clearance != Clearance::FULL {
            sql.push(" AND k.rid NOT IN (SELECT l.rid FROM ").hidden_heads(ty, "l", &actor.sight(), &self.keys);
            sql.push(")");
        }
    }

    /// A page is planned once where its driver and its conditions leave one way.
    fn planned(&self, query: &Query, driver: &Driver, order: &Order) -> Planned {
        let driven = match driver {
            Driver::Patients(..) | Driver::Ordered { .. } | Driver::Terms(..) => true,
            Driver::Side(_, side) => side.is_one_range(),
            // All there is, in an order that an index has.
            Driver::Filters if query.all.is_empty() => matches!(order, Order::Newest | Order::DateDescending),
            Driver::Filters => {
                let by_id = |c: &Clause| matches!(c, Clause::Param { param, modifier, .. } if param.code == "_id" && *modifier == Modifier::None);
                // A stretch of the primary date is walked in its own order: the index has it, and stops at the limit.
                let stretch = |c: &Clause| matches!(c, Clause::Param { param, modifier: Modifier::None, .. } if registry::primary_date(query.resource_type) == Some(param.code));
                let dated = matches!(order, Order::DateAscending | Order::DateDescending);
                self.patient(query).is_some() || query.all.iter().any(by_id) || dated && query.all.iter().any(stretch)
            }
        };
        if driven && self.filters_heads(query, self.met(query, driver)) { Planned::Once } else { Planned::Anew }
    }

    /// Whether all conditions but those need no row but the head.
    fn filters_heads(&self, query: &Query, met: [Option<usize>; 2]) -> bool {
        let mut rest = query.all.iter().enumerate().filter(|(at, _)| !met.contains(&Some(*at)));
        rest.all(|(_, clause)| filter::is_of_the_head(&self.keys, query.resource_type, clause))
    }

    /// The patients the query is about, where the head's `pat` says so, and the place of the condition.
    fn patients(&self, query: &Query) -> Option<(usize, Vec<i64>)> {
        query.all.iter().enumerate().find_map(|(at, clause)| match clause {
            Clause::Param { param, modifier: Modifier::None, any }
                if !any.is_empty() && filter::is_patient_of(query.resource_type, param) =>
            {
                let key = |operand: &Operand| match operand {
                    Operand::Reference(ReferenceOperand::Local { types, id, version: None })
                        if types.contains(&ResourceType::Patient) && only_patients(types, param) =>
                    {
                        Some(self.keys.resource(ResourceType::Patient, id))
                    }
                    _ => None,
                };
                Some((at, any.iter().map(key).collect::<Option<_>>()?))
            }
            _ => None,
        })
    }

    /// The one patient the query is about, likewise.
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

    /// The first condition that a key of `ix_ord` stands for, and its place.
    fn code(&self, query: &Query) -> Option<(usize, i64)> {
        query.all.iter().enumerate().find_map(|(at, clause)| match clause {
            Clause::Param { param, modifier: Modifier::None, any } => match &any[..] {
                [one] => Some((at, ord_key(&self.keys, param, one)?)),
                _ => None,
            },
            _ => None,
        })
    }

    /// The terms of which a resource has one just when it meets the clause, where that refers to something.
    fn reference_terms(&self, clause: &Clause) -> Option<Vec<i64>> {
        match clause {
            Clause::Param { param, modifier: Modifier::None, any } if param.kind == Kind::Reference => {
                let terms = any.iter().map(|one| terms_of(&self.keys, param, &Modifier::None, one).ok().flatten());
                Some(terms.collect::<Option<Vec<_>>>()?.concat())
            }
            _ => None,
        }
    }

    fn driver(&self, query: &Query, order: &Order) -> Result<Driver, StoreError> {
        let ty = query.resource_type;
        let params = || {
            query.all.iter().enumerate().filter_map(|(at, clause)| match clause {
                Clause::Param { param, modifier, any } => Some((at, *param, modifier, any)),
                _ => None,
            })
        };
        if params().any(|(_, param, ..)| param.code == "_id") {
            return Ok(Driver::Filters);
        }
        let patient = self.patient(query);
        let code = self.code(query);
        let dated = matches!(order, Order::DateAscending | Order::DateDescending);
        match (patient, code) {
            (Some(_), Some(key)) if dated => return Ok(Driver::Ordered { key, patient }),
            (Some(_), _) => return Ok(Driver::Filters),
            _ => {}
        }
        // Identifiers, references and the like name few rows; codes of status name many.
        let mut sparse: Option<(usize, Vec<i64>)> = None;
        for (at, param, modifier, any) in params() {
            let named = fhir::search::extract::folds_case(param) || matches!(param.kind, Kind::Reference | Kind::Uri);
            if *modifier != Modifier::Not && (named || *modifier == Modifier::Exact) {
                let mut terms = Vec::new();
                for operand in any {
                    match terms_of(&self.keys, param, modifier, operand)? {
                        Some(more) => terms.extend(more),
                        None => break,
                    }
                }
                let fewer = sparse.as_ref().is_none_or(|s| terms.len() < s.1.len());
                if fewer && !terms.is_empty() && terms.len() >= any.len() {
                    sparse = Some((at, terms));
                }
            }
        }
        if let Some((at, terms)) = sparse {
            return Ok(match self.patients(query) {
                Some((of, patients)) if of == at => Driver::Patients(at, patients),
                _ => Driver::Terms(at, terms),
            });
        }
        // The owner itself is in its compartment by its key.
        let compartment = query.all.iter().enumerate().find_map(|(at, clause)| match clause {
            Clause::Compartment { owner, id } if *owner != ty => {
                Some((at, filter::compartment_terms(&self.keys, *owner, ty, &format!("{owner}/{id}"))))
            }
            _ => None,
        });
        let any_reference = || {
            query.all.iter().enumerate().find_map(|(at, clause)| match clause {
                Clause::Or(any) => {
                    Some((at, any.iter().map(|one| self.reference_terms(one)).collect::<Option<Vec<_>>>()?))
                }
                _ => None,
            })
        };
        if let Some((at, terms)) = compartment.or_else(|| any_reference().map(|(at, terms)| (at, terms.concat()))) {
            return Ok(Driver::Terms(at, terms));
        }
        if let Some(key) = code {
            return Ok(Driver::Ordered { key, patient: None });
        }
        for (at, param, modifier, any) in params() {
            if let [one] = &any[..]
                && *modifier != Modifier::Not
                && registry::primary_date(ty) != Some(param.code)
                && let Some(side) = Side::of(&self.keys, ty, param, modifier, one)?
            {
                return Ok(Driver::Side(at, side));
            }
        }
        let terms = params().find_map(|(at, param, modifier, any)| {
            let coded = fhir::search::extract::is_coded(param) && *modifier == Modifier::None;
            let terms = any.iter().map(|o| terms_of(&self.keys, param, modifier, o).ok().flatten());
            if coded { terms.collect::<Option<Vec<_>>>().map(|t| (at, t.concat())) } else { None }
        });
        Ok(terms.map_or(Driver::Filters, |(at, terms)| Driver::Terms(at, terms)))
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
        row: Cells<'_>,
        values: order::SortValues,
        undated: bool,
    ) -> Result<Found, StoreError> {
        let body = read::text_at(row, 3)?.ok_or_else(|| StoreError::Internal("a row without its body".into()))?;
        let Stamp { id, version_id, last_updated } =
            stamp_of(&body).ok_or_else(|| StoreError::Internal("a stored body without its stamp".into()))?;
        let stored = Stored { resource_type, id, version_id, last_updated, body };
        let (pat, conf) = (row.some_i64(1)?, row.i16(2)?);
        let about = read::about(resource_type, pat, conf, Some(&stored.body), &self.keys, &self.options());
        Ok(Found { stored, about, place: Place { values, rid: row.i64(0)?, undated } })
    }
}

impl Store {
    /// A text that only this caller gets back, by [`Store::opened`].
    pub fn sealed(&self, actor: &Actor, text: &str) -> String {
        self.seal.seal(text.as_bytes(), format!("text {:?}", actor.account).as_bytes())
    }

    /// # Errors
    /// [`StoreError::BadToken`] for anything that was not sealed here for this caller.
    pub fn opened(&self, actor: &Actor, token: &str) -> Result<String, StoreError> {
        let text = self.seal.open(token, format!("text {:?}", actor.account).as_bytes())?;
        String::from_utf8(text).map_err(|_| StoreError::BadToken)
    }
}

/// What a token is good for: this caller, type, conditions and order.
fn bound(actor: &Actor, query: Query) -> Bound {
    let account = actor.account;
    Bound::to(move || bound_to(account, &query))
}

fn bound_to(account: Option<i64>, query: &Query) -> Vec<u8> {
    use std::fmt::Write as _;

    let mut hash = Hashed(Sha256::new());
    // Conditions and order decide; page size, includes and totals may differ from page to page.
    let written = write!(hash, "{account:?}{:?}{:?}{:?}", query.resource_type, query.all, query.sort);
    written.expect("a hash takes everything");
    hash.0.finalize().to_vec()
}

/// What is written is hashed, and kept nowhere.
struct Hashed(Sha256);

impl std::fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}
