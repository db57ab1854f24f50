//! Writes that arrive while others are under way share the next transaction, and with it its statements, its round trips and its flush to
//! disk. A lone write waits for nobody: there is no timer, who comes while a transaction runs is carried out by the next one.
//!
//! Each keeps what is its own: actor, rights, validation, version, audit row, request id, idempotency key, answer. A shared transaction
//! waits for no lock that others hold ([`Shared::lock`]), but for an idempotency key that an earlier request under it still has, so that
//! nobody's write stands still for somebody else's, and no two of them can lock each other out. What would have to wait, and what needs
//! more statements than its rows, is carried out alone ([`Verdict::Alone`]), and so is each of them when the shared transaction fails
//! before its commit.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fhir::ResourceType;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, DbErr, Statement, Value};
use tokio::sync::oneshot;

use super::{Head, Heads, Row, audited, intended, keep_outcomes, kept_outcome, outcomes};
use crate::actor::Sight;
use crate::store::chart;
use crate::store::condition::WIDE;
use crate::store::search::Claims;
use crate::store::sql::{Sql, i64_array, text_array};
use crate::store::{Act, Outcome, Plan, Store, paired};
use crate::{Actor, Request, Rows, StoreError};

/// Shared transactions under way at once: while one waits for the disk, another one works.
const RUNNING: usize = 2;
/// So many have to wait before a second transaction is begun beside the first: few large ones cost less than many small ones.
const CROWD: usize = 8;
/// Most writes of one transaction.
const MOST: usize = 64;
/// Larger bodies, in bytes, are carried out alone: nobody waits for somebody else's documents.
const LARGE: usize = 64 << 10;

/// The writes that wait for a shared transaction of one store.
#[derive(Default)]
pub(crate) struct Sharing(Mutex<Waiting>);

impl Clone for Sharing {
    /// Of another store, which checks other things: nobody waits there yet.
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[derive(Default)]
struct Waiting {
    running: usize,
    entries: VecDeque<Entry>,
}

/// One write, of one resource, and who waits for it.
struct Entry {
    actor: Actor,
    request: Request,
    plan: Plan,
    /// What its idempotency key is bound to.
    fingerprint: Vec<u8>,
    /// Of what needs nothing from the database but a row key.
    row: Option<Row>,
    asker: oneshot::Sender<Verdict>,
}

/// What became of a write that was to share a transaction.
enum Verdict {
    Done(Result<Vec<Outcome>, StoreError>),
    /// Nothing was done; it is to have a transaction of its own.
    Alone,
}

/// Why a shared transaction ended without being committed.
enum Failure {
    /// Nothing of it is stored.
    Before(StoreError),
    /// It may be stored or not.
    AtCommit(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Before(error)
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Before(error.into())
    }
}

impl Entry {
    fn write(&self) -> &crate::store::Write {
        &self.plan.writes[0]
    }

    fn target(&self) -> (ResourceType, &str) {
        (self.write().resource_type, &self.write().id)
    }

    fn key(&self) -> Option<(&String, &String)> {
        self.request.idempotency_key.as_ref().map(|key| (&self.actor.principal, key))
    }

    fn answer(self, verdict: Verdict) {
        // Who asked may have gone.
        let _ = self.asker.send(verdict);
    }
}

impl Sharing {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Whether a plan may be carried out in a transaction with others.
    fn shares(&self, actor: &Actor, plan: &Plan) -> bool {
        let [write] = &plan.writes[..] else { return false };
        let small = match &write.act {
            Act::Create { body } | Act::Update { body, .. } => body.len() <= LARGE,
            Act::Patch { patch, .. } => patch.text().len() <= LARGE,
            // All types are asked for references to what is deleted.
            Act::Delete { .. } => false,
        };
        // What these define, what the gate has to know, what two people do together and whom one treats take statements of their own.
        let special = matches!(
            write.resource_type,
            ResourceType::Subscription | ResourceType::SearchParameter | ResourceType::Consent
        ) || self.gate.guards(write.resource_type)
            || paired::is_watched(actor, plan.act.as_ref(), write.resource_type);
        // So does what is asked of the version before.
        let bounded = actor.rows != Rows::All || !actor.writable.is_empty();
        plan.act.is_none() && actor.care.is_none() && actor.denied.is_empty() && !bounded && small && !special
    }

    /// Carries the plan out together with others that wait; `None` when it has to be carried out alone.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub(super) async fn commit_shared(
        &self,
        actor: &Actor,
        request: &Request,
        plan: &Plan,
        fingerprint: &[u8],
    ) -> Result<Option<Vec<Outcome>>, StoreError> {
        if !self.shares(actor, plan) {
            return Ok(None);
        }
        // What can be known before is not left to the transaction. Under a key the first request's outcome comes first.
        let row = match &plan.writes[0].act {
            Act::Create { body } if request.idempotency_key.is_none() => {
                Some(self.row(actor, request, 0, &plan.writes[0], None, (Some(body), "C"))?)
            }
            _ => None,
        };
        let (asker, answered) = oneshot::channel();
        let leads = {
            let mut waiting = self.sharing.lock();
            waiting.entries.push_back(Entry {
                actor: actor.clone(),
                request: request.clone(),
                plan: plan.clone(),
                fingerprint: fingerprint.to_vec(),
                row,
                asker,
            });
            let leads = waiting.running == 0 || waiting.running < RUNNING && waiting.entries.len() >= CROWD;
            waiting.running += usize::from(leads);
            leads
        };
        if leads {
            // A task of its own: who asked may go away, those who wait with it may not.
            tokio::spawn(lead(self.clone()));
        }
        match answered.await {
            Ok(Verdict::Done(done)) => done.map(Some),
            Ok(Verdict::Alone) => Ok(None),
            Err(_) => Err(StoreError::Internal("a shared transaction ended without an answer".into())),
        }
    }
}

async fn lead(store: Store) {
    let mut leading = Leading { store: &store, counted: true };
    loop {
        // Requests that are ready to write, join first.
        tokio::task::yield_now().await;
        let Some(entries) = leading.next() else { return };
        Shared { store: &store, entries, given_back: Vec::new() }.carry_out().await;
    }
}

/// One who leads, counted until it goes, whatever makes it go.
struct Leading<'s> {
    store: &'s Store,
    counted: bool,
}

impl Leading<'_> {
    /// Those who wait, in their order, and of those with the same resource the first. When nobody waits this one stops counting under the
    /// same lock, so that who comes next leads.
    fn next(&mut self) -> Option<Vec<Entry>> {
        let mut waiting = self.store.sharing.lock();
        waiting.entries.retain(|entry| !entry.asker.is_closed());
        let mut taken: Vec<Entry> = Vec::new();
        let mut later = VecDeque::new();
        let mut named: HashSet<(ResourceType, String)> = HashSet::new();
        while let Some(entry) = waiting.entries.pop_front() {
            let (resource_type, id) = entry.target();
            if taken.len() < MOST && named.insert((resource_type, id.to_owned())) {
                taken.push(entry);
            } else {
                later.push_back(entry);
            }
        }
        waiting.entries = later;
        if taken.is_empty() {
            self.counted = false;
            waiting.running -= 1;
            return None;
        }
        Some(taken)
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        // Only after a panic: who still waits is told so by the closed channel.
        if self.counted {
            let mut waiting = self.store.sharing.lock();
            waiting.running -= 1;
            if waiting.running == 0 {
                waiting.entries.clear();
            }
        }
    }
}

/// A transaction of several writes.
struct Shared<'s> {
    store: &'s Store,
    /// Those that are still in it.
    entries: Vec<Entry>,
    /// Principals and keys of those that took one and did not stay.
    given_back: Vec<(String, String)>,
}

impl Shared<'_> {
    async fn carry_out(mut self) {
        let done = self.commit().await;
        if let Err(Failure::Before(cause)) = &done {
            tracing::debug!(%cause, writes = self.entries.len(), "a shared transaction failed; its writes go alone");
        }
        for mut entry in self.entries {
            let verdict = match &done {
                Ok(()) => {
                    entry.actor.trail.committed();
                    let rows = entry.row.take().into_iter().collect();
                    Verdict::Done(Ok(outcomes(&entry.plan, rows)))
                }
                Err(Failure::Before(_)) => Verdict::Alone,
                Err(Failure::AtCommit(error)) => Verdict::Done(Err(error.clone())),
            };
            entry.answer(verdict);
        }
    }

    /// In the order of every write: keys, rows, decision, charts, rows of the new versions, commit.
    async fn commit(&mut self) -> Result<(), Failure> {
        let tx = self.store.begin().await?;
        self.claim(&tx).await?;
        let heads = self.lock(&tx).await?;
        self.decide(&tx, &heads).await?;
        self.conform(&tx).await?;
        self.lock_charts(&tx).await?;
        if self.entries.is_empty() {
            tx.rollback().await?;
            return Ok(());
        }
        let audit: Vec<_> =
            self.entries.iter().filter_map(|e| Some(audited(&e.actor, &e.request, e.row.as_ref()?))).collect();
        let rows: Vec<Row> = self.entries.iter_mut().filter_map(|e| e.row.take()).collect();
        self.store.insert_rows(&tx, &rows).await?;
        self.store.tell(&tx, &rows, &audit).await?;
        for (entry, row) in self.entries.iter_mut().zip(rows) {
            entry.row = Some(row);
        }
        self.keep(&tx).await?;
        tx.commit().await.map_err(|error| Failure::AtCommit(error.into()))?;
        self.store.bell.ring();
        Ok(())
    }

    /// Takes the idempotency keys. Who comes second with one goes alone, and is told what became of the first.
    async fn claim(&mut self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        // In the same order for every writer.
        let mut keyed: Vec<&Entry> = self.entries.iter().filter(|e| e.key().is_some()).collect();
        if keyed.is_empty() {
            return Ok(());
        }
        keyed.sort_by_key(|e| e.key());
        let text = |of: fn(&Entry) -> &String| text_array(keyed.iter().map(|e| of(e).clone()));
        let sql = "INSERT INTO app.write_request (principal, key, request_hash, created_at)
                   SELECT u.principal, u.key, u.hash, 'epoch'::timestamptz + u.at * interval '1 microsecond'
                   FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[]) AS u (principal, key, hash, at)
                   ON CONFLICT DO NOTHING RETURNING principal, key, request_hash";
        let hashes = keyed.iter().map(|e| Value::from(e.fingerprint.clone())).collect();
        let binds = [
            text(|e| &e.actor.principal),
            text(|e| e.request.idempotency_key.as_ref().expect("filtered above")),
            Value::Array(ArrayType::Bytes, Some(Box::new(hashes))),
            i64_array(keyed.iter().map(|e| e.request.now.timestamp_micros())),
        ];
        let mut taken: HashSet<(String, String)> = HashSet::new();
        for row in tx.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await? {
            taken.insert((row.try_get("", "principal")?, row.try_get("", "key")?));
        }
        // Of two with one key in this very transaction the first has it; the key of the other is not its own to give back.
        for entry in std::mem::take(&mut self.entries) {
            let key = entry.key().map(|(principal, key)| (principal.clone(), key.clone()));
            if key.is_none_or(|key| taken.remove(&key)) {
                self.entries.push(entry);
            } else {
                entry.answer(Verdict::Alone);
            }
        }
        Ok(())
    }

    /// Locks the heads of what is changed, as far as nobody else holds them. Whose head is not there, is held or is not to be seen goes
    /// alone.
    async fn lock(&mut self, tx: &DatabaseTransaction) -> Result<Heads, StoreError> {
        let mut by_sight: Vec<(Sight, &Actor, Vec<&Entry>)> = Vec::new();
        for entry in self.entries.iter().filter(|e| e.row.is_none() && !matches!(e.write().act, Act::Create { .. })) {
            let sight = entry.actor.sight();
            match by_sight.iter_mut().find(|(other, ..)| *other == sight) {
                Some((.., entries)) => entries.push(entry),
                None => by_sight.push((sight, &entry.actor, vec![entry])),
            }
        }
        let mut heads = HashMap::new();
        for (_, actor, entries) in by_sight {
            let named = entries.iter().map(|e| {
                let (resource_type, id) = e.target();
                (resource_type, id, matches!(e.write().act, Act::Patch { .. }))
            });
            heads.extend(self.store.lock_free_heads(tx, actor, named).await?);
        }
        self.keep_if(|e| {
            let (resource_type, id) = e.target();
            matches!(e.write().act, Act::Create { .. }) || heads.contains_key(&(resource_type, id.to_owned()))
        });
        Ok(heads)
    }

    /// The new version of each. A refusal is answered at once: it was decided on what is committed.
    async fn decide(&mut self, tx: &DatabaseTransaction, heads: &Heads) -> Result<(), StoreError> {
        for mut entry in std::mem::take(&mut self.entries) {
            if entry.row.is_none() {
                let (resource_type, id) = entry.target();
                let head = heads.get(&(resource_type, id.to_owned()));
                match self.store.shared_row(&entry, head) {
                    Ok(row) => entry.row = Some(row),
                    Err(error) => {
                        self.refuse(entry, error);
                        continue;
                    }
                }
            }
            if let Some(row) = entry.row.as_mut().filter(|r| r.is_new) {
                row.rid = self.store.next_rid(tx).await?;
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Refuses what claims a profile that it does not conform to.
    async fn conform(&mut self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        let bodies = self.entries.iter().map(|e| e.row.as_ref().map_or("", |r| &r.body));
        let claims: Vec<_> = bodies.enumerate().map(|(at, body)| Claims { at, body }).collect();
        let mut refused = self.store.not_conforming(tx, &claims).await?;
        for (at, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            match refused.remove(&at) {
                Some(issues) => self.refuse(entry, StoreError::NotValid { at: 0, issues }),
                None => self.entries.push(entry),
            }
        }
        Ok(())
    }

    /// Takes the chart locks of all patients, as far as no act holds them.
    async fn lock_charts(&mut self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        fn of(entry: &Entry) -> impl Iterator<Item = i32> + '_ {
            entry.row.iter().flat_map(|r| r.pats.iter().copied().chain(r.pat_before)).map(chart::bucket)
        }
        let mut all: HashSet<i32> = HashSet::new();
        self.keep_if(|entry| {
            let fits = all.len() + of(entry).filter(|b| !all.contains(b)).count() <= WIDE;
            if fits {
                all.extend(of(entry));
            }
            fits
        });
        let held = if all.is_empty() { all } else { self.store.try_charts(tx, all).await? };
        self.keep_if(|entry| of(entry).all(|b| held.contains(&b)));
        Ok(())
    }

    /// The outcomes under the keys that were taken, and nothing under those of what did not stay.
    async fn keep(&self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        if !self.given_back.is_empty() {
            let mut sql = Sql::new();
            sql.push("DELETE FROM app.write_request AS w USING unnest(");
            sql.bind_texts(self.given_back.iter().map(|(principal, _)| principal.clone())).push("::text[], ");
            sql.bind_texts(self.given_back.iter().map(|(_, key)| key.clone())).push("::text[]) AS u (principal, key)");
            sql.push(" WHERE w.principal = u.principal AND w.key = u.key");
            tx.execute_raw(sql.statement()).await?;
        }
        let kept = self.entries.iter().filter_map(|e| {
            let (principal, key) = e.key()?;
            Some((principal, key, kept_outcome(1, &[], std::slice::from_ref(e.row.as_ref()?))))
        });
        let kept: Vec<_> = kept.collect();
        if kept.is_empty() { Ok(()) } else { keep_outcomes(tx, &kept).await }
    }

    fn refuse(&mut self, entry: Entry, error: StoreError) {
        self.leaves(&entry);
        entry.answer(Verdict::Done(Err(error)));
    }

    /// Leaves in the transaction what satisfies; the others go alone.
    fn keep_if(&mut self, mut satisfies: impl FnMut(&Entry) -> bool) {
        for entry in std::mem::take(&mut self.entries) {
            if satisfies(&entry) {
                self.entries.push(entry);
            } else {
                self.leaves(&entry);
                entry.answer(Verdict::Alone);
            }
        }
    }

    fn leaves(&mut self, entry: &Entry) {
        self.given_back.extend(entry.key().map(|(principal, key)| (principal.clone(), key.clone())));
    }
}

impl Store {
    fn shared_row(&self, entry: &Entry, head: Option<&Head>) -> Result<Row, StoreError> {
        let write = entry.write();
        let intended = intended(&entry.actor, 0, write, head)?;
        let (text, operation) = intended.ok_or_else(|| StoreError::Internal("a deletion was shared".into()))?;
        self.row(&entry.actor, &entry.request, 0, write, head, (text.as_deref(), operation))
    }
}
