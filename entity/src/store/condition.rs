//! Conditions of a write: criteria are locked, then looked up, inside the transaction that acts on the answer.
//!
//! It knows no interaction; what the matches mean is the caller's decision.

use std::borrow::Cow;
use std::collections::BTreeSet;

use fhir::search::query::Query;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::SemaphorePermit;

use crate::store::{Outcome, Plan, Store};
use crate::{Actor, Request, StoreError};

/// First word of the advisory lock on criteria; other kinds of lock have others.
const LOCK_KIND: i32 = 1;
/// Criteria share this many locks, so that a large bundle cannot fill the server's lock table. Sharing costs a wait, nothing else.
const BUCKETS: u32 = 1024;
/// A transaction with more locks than this takes one of [`WIDE_AT_ONCE`] turns first.
pub(super) const WIDE: usize = 64;
pub(super) const WIDE_AT_ONCE: usize = 2;

/// A search whose matches decide what is written.
#[derive(Debug, Clone)]
pub struct Criterion {
    pub query: Query,
    /// No more matches than this are looked for.
    pub limit: u32,
    /// Whether writers under the same criteria wait for each other: yes for an entry that is carried out under them, no for a
    /// reference that only has to be resolved.
    pub exclusive: bool,
}

/// A resource that met a criterion, newest created first among its like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub id: String,
    pub version_id: i32,
}

/// What is written, given the matches of each criterion; called again for each try. Beside the plan it may give what the caller wants
/// to remember of the matches.
pub type Decide<'d, T> = dyn Fn(&[Vec<Match>]) -> Result<(Cow<'d, Plan>, T), StoreError> + Send + Sync + 'd;

/// The conditions of a request.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    pub criteria: Vec<Criterion>,
    /// A hash of the request as it came: what an idempotency key is bound to, whatever the criteria find.
    pub fingerprint: Vec<u8>,
}

impl Store {
    /// As [`Store::commit`], of the plan that `decide` makes of what the criteria find. Requests with the same criteria follow one
    /// another, and each sees what those before it wrote.
    ///
    /// Two different criteria that one resource meets, or a write without criteria beside one with, are not kept apart.
    ///
    /// # Errors
    /// As [`Store::search`] and [`Store::commit`], and whatever `decide` refuses.
    pub async fn commit_conditional<T: Send>(
        &self,
        actor: &Actor,
        request: &Request,
        conditions: &Conditions,
        decide: &Decide<'_, T>,
    ) -> Result<(Vec<Outcome>, T), StoreError> {
        for criterion in &conditions.criteria {
            actor.require_search(&criterion.query)?;
        }
        let _turn = self.turn(&conditions.criteria).await;
        self.commit_decided(actor, request, conditions, decide).await
    }

    async fn turn(&self, criteria: &[Criterion]) -> Option<SemaphorePermit<'_>> {
        if buckets(criteria).len() <= WIDE {
            return None;
        }
        Some(self.wide.acquire().await.expect("never closed"))
    }

    /// Takes the locks of the criteria and looks them up, in statements of their own: they see what was committed while this waited.
    pub(super) async fn matches(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        criteria: &[Criterion],
    ) -> Result<Vec<Vec<Match>>, StoreError> {
        self.lock_criteria(tx, criteria).await?;
        self.matching_each(tx, actor, criteria).await
    }

    /// Takes the locks of the exclusive criteria.
    pub(super) async fn lock_criteria(
        &self,
        tx: &DatabaseTransaction,
        criteria: &[Criterion],
    ) -> Result<(), StoreError> {
        let buckets = buckets(criteria);
        if !buckets.is_empty() {
            // In ascending order for every writer.
            let sql = "SELECT pg_advisory_xact_lock($1, b) FROM unnest($2::int[]) AS b";
            let all = Value::Array(ArrayType::Int, Some(Box::new(buckets.into_iter().map(Value::from).collect())));
            let binds = [LOCK_KIND.into(), all];
            tx.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        }
        Ok(())
    }
}

/// The locks of these criteria, in order.
fn buckets(criteria: &[Criterion]) -> BTreeSet<i32> {
    criteria.iter().filter(|c| c.exclusive).map(|c| bucket(&c.query)).collect()
}

/// By SHA-256 of the type and the criteria, whatever their order.
fn bucket(query: &Query) -> i32 {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(query.resource_type.name());
    let mut applied: Vec<&(String, String)> = query.applied.iter().collect();
    applied.sort_unstable();
    for (name, value) in applied {
        part(name);
        part(value);
    }
    let hash = hash.finalize();
    (u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) % BUCKETS) as i32
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use fhir::ResourceType;
    use fhir::search::extract::Options;
    use fhir::search::parse::{Handling, parse};

    use super::*;

    #[test]
    fn equal_criteria_have_one_lock_in_whatever_order() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let now = DateTime::from_timestamp(0, 0).unwrap();
            bucket(&parse(ResourceType::Patient, &pairs, Handling::Strict, now, &Options::default()).unwrap().query)
        };
        assert_eq!(of(&[("identifier", "a|1"), ("active", "true")]), of(&[("active", "true"), ("identifier", "a|1")]));
        assert_ne!(of(&[("identifier", "a|1")]), of(&[("identifier", "a|2")]));
        assert!((0..BUCKETS as i32).contains(&of(&[("identifier", "a|1")])));
    }
}
