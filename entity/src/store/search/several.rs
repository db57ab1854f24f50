//! Search over several types at once: each is searched as by itself, and their rows are merged in one order.

use sha2::{Digest as _, Sha256};

use super::order::{self, Order, compare};
use super::{Bound, Count, Found, Page, PageRequest, Token};
use crate::role::Interaction;
use crate::store::Store;
use crate::{Actor, StoreError};
use fhir::search::query::Query;

impl Store {
    /// One page of a search over the types of the queries. They have the same order: the default, `_id` or `_lastUpdated`. `scope` says
    /// what was asked for: a token is good for the same scope, whichever types have rows by then.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::NotSupported`] for another order.
    pub async fn search_several(
        &self,
        actor: &Actor,
        queries: &[Query],
        scope: &str,
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
        let mut rows: Vec<Found> = Vec::new();
        for query in queries {
            rows.extend(self.rows(actor, query, from.as_ref().map(|t| &t.place), backward, page.limit + 1).await?);
        }
        rows.sort_by(|a, b| {
            let order = compare(&keys, &a.place, &b.place);
            if backward { order.reverse() } else { order }
        });
        rows.truncate(page.limit as usize + 1);
        self.page(actor, rows, page.limit, backward, from.is_some(), Bound::to(move || bound))
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
        let stored = self.types_with_rows(&self.db).await?;
        Ok(stored.into_iter().filter(|ty| actor.may(Interaction::Search, *ty)).collect())
    }
}
