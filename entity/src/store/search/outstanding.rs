//! What is still to be answered: matches of one search whose version at hand no match of another search has as its focus.
//!
//! Tasks of a record's patient are few, and found by the index of patients; their focus is read from their documents. A record of no
//! patient is never outstanding.

use fhir::search::query::Query;
use fhir::search::registry;
use sea_orm::ConnectionTrait as _;
use smallvec::smallvec;

use super::filter::Filter;
use super::order::SortValue;
use super::{Bound, HEAD, Order, Page, PageRequest, Planned, Token, bound_to};
use crate::store::Store;
use crate::store::row::Cells;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

impl Store {
    /// One page of the matches of `query` that no match of `answers` (a search of Tasks) has as its focus in their current version, newest
    /// first by the type's primary date.
    ///
    /// # Errors
    /// As [`Store::search`]; [`StoreError::NotSupported`] for a type that can be about several patients or has no primary date.
    pub async fn outstanding(
        &self,
        actor: &Actor,
        query: &Query,
        answers: &Query,
        page: &PageRequest,
    ) -> Result<Page, StoreError> {
        self.may_ask(actor, query, answers)?;
        let mut bound = bound_to(actor.account, query);
        bound.extend(bound_to(actor.account, answers));
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice::<Token>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        let backward = page.backward || from.as_ref().is_some_and(|t| t.backward);
        let prepared = &*self.prepared(&self.db, actor, query).await?;
        let driver = self.driver(prepared, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, prepared, &driver);
        sql.push("SELECT ").push(HEAD).push(", h.ts_lo FROM ");
        self.matching(&mut sql, actor, prepared, &driver, Planned::Anew)?;
        self.unanswered(&mut sql, actor, query, answers).await?;
        if let Some(place) = from.as_ref().map(|t| &t.place) {
            let Some(SortValue::Int(ts)) = place.values.first() else { return Err(StoreError::BadToken) };
            sql.push(" AND (h.ts_lo, h.rid) ").push(if backward { ">" } else { "<" });
            sql.push(" (").bind(*ts).push(", ").bind(place.rid).push(")");
        }
        let direction = if backward { "ASC" } else { "DESC" };
        sql.push(&format!(" ORDER BY h.ts_lo {direction}, h.rid {direction} LIMIT ")).bind(i64::from(page.limit) + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let found = rows.iter().map(|row| {
            let values = smallvec![SortValue::Int(row.try_get("", "ts_lo")?)];
            self.found(query.resource_type, Cells::of(row)?, values, false)
        });
        let found = found.collect::<Result<Vec<_>, StoreError>>()?;
        self.page(actor, found, page.limit, backward, from.is_some(), Bound::to(move || bound))
    }

    /// The exact number of what [`Store::outstanding`] lists.
    ///
    /// # Errors
    /// As [`Store::outstanding`].
    pub async fn count_outstanding(&self, actor: &Actor, query: &Query, answers: &Query) -> Result<u64, StoreError> {
        self.may_ask(actor, query, answers)?;
        let prepared = &*self.prepared(&self.db, actor, query).await?;
        let driver = self.driver(prepared, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, prepared, &driver);
        sql.push("SELECT count(*) AS n FROM ");
        self.matching(&mut sql, actor, prepared, &driver, Planned::Anew)?;
        self.unanswered(&mut sql, actor, query, answers).await?;
        let row = self.db.query_one_raw(sql.statement()).await?;
        let n: i64 = row.ok_or_else(|| StoreError::Internal("a count without a row".into()))?.try_get("", "n")?;
        Ok(n as u64)
    }

    fn may_ask(&self, actor: &Actor, query: &Query, answers: &Query) -> Result<(), StoreError> {
        for one in [query, answers] {
            actor.require_search(one)?;
            self.asked(actor, one);
            if registry::several_patients(one.resource_type) || registry::primary_date(one.resource_type).is_none() {
                return Err(StoreError::NotSupported(format!("what is outstanding of {}", one.resource_type)));
            }
        }
        Ok(())
    }

    /// ` AND …` on the head `h`: no answer has its version as focus.
    async fn unanswered(&self, sql: &mut Sql, actor: &Actor, query: &Query, answers: &Query) -> Result<(), StoreError> {
        let prepared = &*self.prepared(&self.db, actor, answers).await?;
        let ty = answers.resource_type;
        sql.push(" AND h.pat IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ").heads(ty, "t", actor, &self.keys);
        sql.push(" AND t.pat = h.pat");
        let mut filter = Filter::new(actor, &self.keys);
        for clause in &prepared.all {
            sql.push(" AND ");
            filter.write(sql, "t", ty, clause)?;
        }
        // The version of a head that was judged.
        sql.push(" AND EXISTS (SELECT 1 FROM ").every_version(ty, "n");
        sql.push(" WHERE n.rid = t.rid AND n.version_id = t.version_id AND n.resource->'focus'->>'reference' = ");
        sql.bind(format!("{}/", query.resource_type)).push(" || h.id || '/_history/' || h.version_id))");
        Ok(())
    }
}
