//! How many matches a search has: exactly, up to a bound, or by the planner's statistics.

use fhir::ResourceType;
use fhir::search::query::Query;

use super::{Order, Planned};
use crate::store::Store;
use crate::store::sql::Sql;
use crate::{Actor, Clearance, StoreError};

/// Up to this many matches are counted when an estimate is asked for.
const COUNTED: i64 = 10_000;

/// How exactly the number of matches is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Exact,
    /// Exact up to this many, else unknown.
    UpTo(u32),
    /// Exact when it is cheap, else what the planner's statistics say; always exact for an actor who may not see all rows.
    Estimate,
}

impl Store {
    /// The number of matches.
    ///
    /// # Errors
    /// As [`Store::search`].
    pub async fn count(&self, actor: &Actor, query: &Query, count: Count) -> Result<Option<u64>, StoreError> {
        if query.resource_type == ResourceType::AuditEvent {
            self.asked(actor, query);
            return Ok(Some(self.audit_count(actor, query).await?));
        }
        actor.require_search(query)?;
        self.asked(actor, query);
        let query = &*self.prepared(&self.db, actor, query).await?;
        let limit = match count {
            Count::Exact => None,
            Count::UpTo(limit) => Some(i64::from(limit)),
            // Statistics know of rows the actor must not know of.
            Count::Estimate if !actor.sees_everybody(query.resource_type) || actor.clearance != Clearance::FULL => None,
            Count::Estimate => Some(COUNTED),
        };
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        let planned = if Self::counts_keys(actor, query, &driver) {
            sql.push("SELECT count(*) AS n FROM (");
            self.keys_of_code(&mut sql, actor, query.resource_type, &driver);
            Planned::Once
        } else {
            self.fence(&mut sql, actor, query, &driver);
            sql.push("SELECT count(*) AS n FROM (SELECT 1 FROM ");
            self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
            Planned::Anew
        };
        if let Some(limit) = limit {
            sql.push(" LIMIT ").bind(limit + 1);
        }
        sql.push(") AS c");
        let rows = self.ask(planned, sql).await?;
        let row = rows.first().ok_or_else(|| StoreError::Internal("a count without a row".into()))?;
        let n: i64 = row.try_get("", "n")?;
        Ok(match (count, limit) {
            (_, limit) if limit.is_none_or(|limit| n <= limit) => Some(n as u64),
            (Count::Estimate, _) => Some(self.estimate(actor, query).await?.max(n as u64)),
            _ => None,
        })
    }

    /// The number of rows the planner expects.
    async fn estimate(&self, actor: &Actor, query: &Query) -> Result<u64, StoreError> {
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        sql.push("EXPLAIN (FORMAT JSON) ");
        self.fence(&mut sql, actor, query, &driver);
        sql.push("SELECT 1 FROM ");
        self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
        let rows = self.ask(Planned::Anew, sql).await?;
        let plan: Option<serde_json::Value> = rows.first().map(|row| row.try_get("", "QUERY PLAN")).transpose()?;
        plan.and_then(|plan| plan[0]["Plan"]["Plan Rows"].as_f64())
            .map(|rows| rows as u64)
            .ok_or_else(|| StoreError::Internal("a plan without rows".into()))
    }
}
