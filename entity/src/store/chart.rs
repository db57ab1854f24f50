//! Chart locks and the asking of the write gate, within the transaction of a write.
//!
//! A chart lock is an advisory lock on a patient. Every write takes those of the patients it touches, shared; a write that decides on the
//! chart takes them exclusively, so that between the facts it was decided on and its commit nothing is added to that chart. They are taken
//! after the row locks by every writer: who holds a chart never waits for a row, and the patients of a locked head are final.

use std::collections::{BTreeSet, HashSet};

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement, Value};
use tokio::sync::SemaphorePermit;

use crate::gate::{Change, Facts, Needs};
use crate::store::condition::WIDE;
use crate::store::{Act, Plan, Store, Write};
use crate::{Actor, Request, StoreError};

/// First word of the advisory lock on charts; other kinds of lock have others.
const LOCK_KIND: i32 = 2;
/// Patients share this many locks, so that a large bundle cannot fill the server's lock table. Sharing costs a wait, nothing else.
const BUCKETS: i64 = 1024;
/// More facts than this of one kind are not a chart to be decided on.
const FACTS: u32 = 10_000;
/// Ids of what a gate adds are counted from here, those of the request itself from 0.
const MINTED_FROM: u64 = 1 << 32;

/// The lock of a patient's chart (by row key).
pub(super) fn bucket(pat: i64) -> i32 {
    pat.rem_euclid(BUCKETS) as i32
}

impl Store {
    /// Takes these chart locks, shared, as far as nobody holds or wants them exclusively: those that it has now.
    pub(super) async fn try_charts(
        &self,
        tx: &DatabaseTransaction,
        charts: HashSet<i32>,
    ) -> Result<HashSet<i32>, StoreError> {
        let sql = "SELECT b FROM unnest($2::int[]) AS b WHERE pg_try_advisory_xact_lock_shared($1, b)";
        let all = Value::Array(ArrayType::Int, Some(Box::new(charts.into_iter().map(Value::from).collect())));
        let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [LOCK_KIND.into(), all]);
        tx.query_all_raw(statement).await?.iter().map(|row| Ok(row.try_get("", "b")?)).collect()
    }

    /// Takes the chart locks of these patients (row keys). The permit is held until the transaction ends.
    pub(super) async fn lock_charts(
        &self,
        tx: &DatabaseTransaction,
        patients: impl Iterator<Item = i64>,
        exclusive: bool,
    ) -> Result<Option<SemaphorePermit<'_>>, StoreError> {
        let charts: BTreeSet<i32> = patients.map(bucket).collect();
        let turn =
            if charts.len() > WIDE { Some(self.wide_charts.acquire().await.expect("never closed")) } else { None };
        if !charts.is_empty() {
            // In ascending order for every writer.
            let sql = if exclusive {
                "SELECT pg_advisory_xact_lock($1, b) FROM unnest($2::int[]) AS b"
            } else {
                "SELECT pg_advisory_xact_lock_shared($1, b) FROM unnest($2::int[]) AS b"
            };
            let all = Value::Array(ArrayType::Int, Some(Box::new(charts.into_iter().map(Value::from).collect())));
            tx.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [LOCK_KIND.into(), all]))
                .await?;
        }
        Ok(turn)
    }

    /// Locks the charts of these patients (row keys), asks the gate about the changes, and gives what it adds. The permit is held until the
    /// transaction ends.
    pub(super) async fn guarded(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        patients: impl Iterator<Item = i64>,
        changes: &[Change<'_>],
    ) -> Result<(Option<SemaphorePermit<'_>>, Plan), StoreError> {
        let needs = if changes.is_empty() { Needs::default() } else { self.gate.needs(changes, actor) };
        let turn = self.lock_charts(tx, patients, needs.exclusive).await?;
        if changes.is_empty() {
            return Ok((turn, Plan::of(Vec::new())));
        }
        // Whoever writes, the decision is made on the whole chart.
        let server = Actor::server();
        let mut facts = Facts::default();
        for query in &needs.facts {
            let matches = self.matching_ids(tx, &server, query, FACTS + 1).await?;
            if matches.len() > FACTS as usize {
                return Err(StoreError::TooCostly(format!("more than {FACTS} {} to decide on", query.resource_type)));
            }
            let ids: Vec<String> = matches.into_iter().map(|m| m.id).collect();
            facts.found.push(self.read_many_in(tx, &server, query.resource_type, &ids).await?);
        }
        let mut minted = MINTED_FROM;
        let mut mint = || {
            minted += 1;
            request.ids.nth(minted - 1)
        };
        let writes = self.gate.decide(changes, &facts, actor, request.now, &mut mint).map_err(StoreError::Refused)?;
        // A change of what exists would need its row lock, which was due before the charts'.
        match writes.iter().find(|w| !matches!(w.act, Act::Create { .. })) {
            Some(Write { resource_type, id, .. }) => {
                Err(StoreError::Internal(format!("the write gate would change {resource_type}/{id}")))
            }
            None => Ok((turn, Plan::of(writes))),
        }
    }
}
