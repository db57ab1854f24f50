//! Search over several types at once: each is searched as by itself, and their rows are merged in one order.

use futures_util::future::try_join_all;
use sha2::{Digest as _, Sha256};

use super::order::{self, Order, Place, SortValues, compare, direction};
use super::{BEHIND_HEAD, Bound, Count, Found, HEAD, Page, PageRequest, Planned, Token};
use crate::role::Interaction;
use crate::store::Store;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};
use fhir::search::query::Query;

/// So many types are asked for by one statement. It is kept with its plan, whose memory grows with them.
const TOGETHER: usize = 16;

impl Store {
    /// One page of a search over the types of the queries. They have the same order: the default, `_id` or `_lastUpdated`. `scope` says
    /// what was asked for: a token is good for the same scope, whichever types have rows by then.
    ///
    /// With `all_types` the types are all that come into question, not a choice of them, and few statements ask for many. Of choices there
    /// are too many to keep a statement of each.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::NotSupported`] for another order.
    pub async fn search_several(
        &self,
        actor: &Actor,
        queries: &[Query],
        scope: &str,
        all_types: bool,
        page: &PageRequest,
    ) -> Result<Page, StoreError> {
        let bound = Sha256::digest(format!("{:?} {scope}", actor.account)).to_vec();
        let mut keys = Vec::new();
        for query in queries {
            actor.require_search(query)?;
            self.asked(actor, query);
            keys = match Order::of(query.resource_type, &query.sort, &self.keys)? {
                Order::Newest => Vec::new(),
                Order::Keys(keys) if keys.iter().all(order::Key::is_common) => keys,
                _ => {
                    return super::filter::unsupported("_sort over several types by anything but _id and _lastUpdated");
                }
            };
        }
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice::<Token>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let backward = page.backward || from.as_ref().is_some_and(|t| t.backward);
        let place = from.as_ref().map(|t| &t.place);
        let mut rows: Vec<Found> = Vec::new();
        if all_types && keys.is_empty() {
            let together =
                queries.chunks(TOGETHER).map(|some| self.rows_together(actor, some, place, backward, page.limit + 1));
            rows.extend(try_join_all(together).await?.into_iter().flatten());
        } else {
            for query in queries {
                rows.extend(self.rows(actor, query, place, backward, page.limit + 1).await?);
            }
        }
        rows.sort_by(|a, b| {
            let order = compare(&keys, &a.place, &b.place);
            if backward { order.reverse() } else { order }
        });
        rows.truncate(page.limit as usize + 1);
        self.page(actor, rows, page.limit, backward, from.is_some(), Bound::to(move || bound))
    }

    /// The newest of all the queries, by one statement.
    async fn rows_together(
        &self,
        actor: &Actor,
        queries: &[Query],
        from: Option<&Place>,
        backward: bool,
        limit: u32,
    ) -> Result<Vec<Found>, StoreError> {
        let order = Order::Newest;
        let mut parts = Vec::with_capacity(queries.len());
        for query in queries {
            let query = self.prepared(&self.db, actor, query).await?;
            let driver = self.driver(&query, &order)?;
            let planned = self.planned(&query, &driver, &order);
            parts.push((query, driver, planned));
        }
        let once = parts.iter().all(|(.., planned)| *planned == Planned::Once);
        let planned = if once { Planned::Once } else { Planned::Anew };
        let mut sql = Sql::new();
        sql.push("SELECT * FROM (");
        for (at, (query, driver, _)) in parts.iter().enumerate() {
            sql.push(if at == 0 { "(" } else { " UNION ALL (" });
            if planned == Planned::Anew {
                self.fence(&mut sql, actor, query, driver);
            }
            sql.push("SELECT ").push(HEAD).push(&format!(", {at}::bigint AS part"));
            self.in_order(&mut sql, actor, query, (driver, planned), (&order, false), from, backward)?;
            sql.push(" LIMIT ").bind(i64::from(limit)).push(")");
        }
        sql.push(") AS u ORDER BY u.rid ").push(direction(!backward)).push(" LIMIT ").bind(i64::from(limit));
        let read = self.ask_each(planned, sql, limit as usize, |row| {
            let (query, ..) = &parts[row.i64(BEHIND_HEAD)? as usize];
            self.found(query.resource_type, row, SortValues::new(), false)
        });
        read.await
    }

    /// The number of matches of all the queries; as [`Store::count`] of each.
    ///
    /// # Errors
    /// As [`Store::search`].
    pub async fn count_several(
        &self,
        actor: &Actor,
        queries: &[Query],
        count: Count,
    ) -> Result<Option<u64>, StoreError> {
        let mut all = 0;
        for query in queries {
            let Some(n) = self.count(actor, query, count).await? else { return Ok(None) };
            all += n;
        }
        Ok(match count {
            Count::UpTo(limit) if all > u64::from(limit) => None,
            _ => Some(all),
        })
    }

    /// The types with anything in them that the actor may search.
    ///
    /// # Errors
    /// Of the database.
    pub async fn searchable_types(&self, actor: &Actor) -> Result<Vec<fhir::ResourceType>, StoreError> {
        let stored = self.stored_types().await?;
        Ok(stored.into_iter().filter(|ty| actor.may(Interaction::Search, *ty)).collect())
    }
}
