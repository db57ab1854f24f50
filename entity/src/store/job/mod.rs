//! Work that outlives its request: who asked for it, how far it has come, and the files it makes.
//!
//! A job is worked on by who holds its lease. Each step commits its place, its files' new parts and its audit together, so whoever
//! takes a job over goes on exactly there. A job is seen by the account that asked for it, to others it is absent.

mod export;
mod import;
mod reindex;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use fhir::outcome::operation_outcome;
use fhir::{Issue, ResourceType};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, QueryResult, Statement, Value};
use serde::{Deserialize, Serialize};

pub use export::{Associated, Export, TypeFilter, Whose};
pub use import::{ImportInput, Source};
pub use reindex::Reindex;

use super::search::export::Snapshot;
use crate::role::Interaction;
use crate::store::{Store, body, read};
use crate::trail::Trail;
use crate::{Actor, Clearance, Denied, Request, Role, Rows, StoreError};

/// How long whoever works on a job may be silent.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How long a finished job and its files are kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// Failures in a row that may pass by themselves, after which a job has failed.
const MAX_FAILURES: i32 = 20;
/// Plain text of one part of a file, at least; a line is never cut.
const PART_BYTES: usize = 4 << 20;
/// Parts that one statement removes.
const PARTS_AT_ONCE: i64 = 100;

/// A job as its owner sees it.
#[derive(Debug, Clone)]
pub struct JobStatus {
    pub kind: String,
    /// The URL of the kick-off.
    pub url: String,
    pub created_at: DateTime<Utc>,
    pub state: JobState,
}

#[derive(Debug, Clone)]
pub enum JobState {
    /// Types or inputs that are done, of how many, and the resources so far.
    Running { done: usize, of: usize, rows: u64 },
    Done {
        ended_at: DateTime<Utc>,
        files: Vec<JobFile>,
        /// What an import stored, by type.
        stored: BTreeMap<String, u64>,
    },
    /// With an OperationOutcome as JSON text.
    Failed(String),
}

/// A file of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    pub name: String,
    pub parts: u32,
    /// Lines.
    pub rows: u64,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advance {
    More,
    /// What is at this URL is to be fetched and kept, by [`Store::keep_fetched`] and [`Store::end_fetch`].
    Fetch(String),
    /// Transactions that belong to the snapshot are not over yet.
    Waiting,
    Done,
    /// The job was ended, or somebody else has it.
    Lost,
}

/// A job in somebody's hands.
#[derive(Debug)]
pub struct Claim {
    id: String,
    owner: String,
    actor: Actor,
    request_id: String,
    created_at: DateTime<Utc>,
    below: Option<i64>,
    task: Task,
}

/// What is to be done, and how far it has come.
#[derive(Debug)]
enum Task {
    Export(Box<export::Task>),
    Import(import::Import, import::Place),
    Reindex(Reindex, reindex::Place),
    /// In hand; after a failed step nothing can be said of it.
    Taken,
}

impl Task {
    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let kind: String = row.try_get("", "kind")?;
        Ok(match kind.as_str() {
            "export" => Self::Export(Box::new(export::Task::new(parsed(row, "work")?, parsed(row, "place")?))),
            "reindex" => Self::Reindex(parsed(row, "work")?, parsed(row, "place")?),
            _ => Self::Import(parsed(row, "work")?, parsed(row, "place")?),
        })
    }
}

impl Claim {
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is to leave time to others: nobody waits for it.
    pub fn is_patient(&self) -> bool {
        matches!(self.task, Task::Reindex(..))
    }
}

/// An actor as a job keeps it: its rights of the kick-off, whatever becomes of the token.
#[derive(Serialize, Deserialize)]
struct Kept {
    principal: String,
    roles: Vec<String>,
    fhir_user: Option<String>,
    /// `None` for all.
    patients: Option<Vec<String>>,
    level: i16,
    sensitivities: i32,
    /// Type (empty for every type) and letter.
    scope: Option<Vec<(String, char)>>,
}

impl Kept {
    fn of(actor: &Actor) -> Self {
        let name = |ty: &Option<ResourceType>| ty.map_or_else(String::new, |ty| ty.name().to_owned());
        let letters = |s: &crate::scope::Scope| s.iter().map(|(ty, i)| (name(ty), i.letter())).collect();
        Self {
            principal: actor.principal.clone(),
            roles: actor.roles.iter().map(|r| r.name().to_owned()).collect(),
            fhir_user: actor.fhir_user.clone(),
            patients: match &actor.rows {
                // Jobs are programs' work; of a person who sees some patients only, none is done with more.
                Rows::All if actor.care.is_some() || !actor.denied.is_empty() => Some(Vec::new()),
                Rows::All => None,
                Rows::Patients(ids) => Some(ids.iter().cloned().collect()),
            },
            level: actor.clearance.level,
            sensitivities: actor.clearance.sensitivities,
            scope: actor.scope.as_ref().map(letters),
        }
    }

    /// `None` when it cannot be understood, as after a change of the list of types.
    fn actor(self, account: Option<i64>) -> Option<Actor> {
        let permission = |(name, letter): (String, char)| {
            let ty = if name.is_empty() { None } else { Some(ResourceType::named(&name)?) };
            Some((ty, Interaction::of_letter(letter)?))
        };
        Some(Actor {
            account,
            principal: self.principal,
            name: None,
            roles: self.roles.iter().map(|r| Role::named(r)).collect::<Option<_>>()?,
            fhir_user: self.fhir_user,
            rows: self.patients.map_or(Rows::All, |ids| Rows::Patients(ids.into_iter().collect())),
            clearance: Clearance { level: self.level, sensitivities: self.sensitivities },
            care: None,
            opened: None,
            denied: Denied::default(),
            categories: Vec::new(),
            writable: Vec::new(),
            client: None,
            scope: match self.scope {
                None => None,
                Some(all) => Some(all.into_iter().map(permission).collect::<Option<_>>()?),
            },
            trail: Trail::default(),
        })
    }
}

fn statement<const N: usize>(sql: &str, binds: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)
}

fn broken(what: &str) -> StoreError {
    StoreError::Internal(format!("{what} of a job cannot be read"))
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| broken("a part"))
}

impl Store {
    /// Keeps a job to be worked on, under the rights of this actor.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away; so do all functions below.
    pub async fn begin_export(
        &self,
        actor: &Actor,
        request: &Request,
        id: &str,
        url: &str,
        work: &Export,
    ) -> Result<(), StoreError> {
        let account = actor.account.ok_or_else(|| StoreError::Internal("a job needs an account".into()))?;
        let sql = "INSERT INTO app.job (id, kind, account, actor, request_id, url, work, place, created_at, touched_at)
                   VALUES ($1, 'export', $2, $3::jsonb, $4, $5, $6::jsonb, $7::jsonb, $8, $8)";
        let binds = [
            id.into(),
            account.into(),
            json(&Kept::of(actor))?.into(),
            request.request_id.clone().into(),
            url.into(),
            json(work)?.into(),
            json(&export::Place::default())?.into(),
            request.now.into(),
        ];
        self.db.execute_raw(statement(sql, binds)).await?;
        Ok(())
    }

    /// How many jobs of the account are not finished.
    pub async fn running_jobs(&self, account: Option<i64>) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) AS n FROM app.job WHERE state = 'running' AND account = $1";
        let row = self.db.query_one_raw(statement(sql, [account.into()])).await?;
        Ok(row.map(|r| r.try_get::<i64>("", "n")).transpose()?.unwrap_or(0) as u64)
    }

    /// A job of that account, or with `own` one of the server itself; `None` when there is none, it was ended, or it is over for longer than [`KEPT`].
    pub async fn job(
        &self,
        account: Option<i64>,
        own: bool,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<JobStatus>, StoreError> {
        let sql = "SELECT kind, state, url, work::text AS work, place::text AS place, failure, created_at, ended_at FROM app.job
                   WHERE id = $1 AND (account = $2 OR account IS NULL AND $4) AND state <> 'ended' AND (ended_at IS NULL OR ended_at > $3)";
        let binds = [id.into(), account.into(), (now - KEPT).into(), own.into()];
        let Some(row) = self.db.query_one_raw(statement(sql, binds)).await? else { return Ok(None) };
        let state: String = row.try_get("", "state")?;
        let ended_at: Option<DateTime<Utc>> = row.try_get("", "ended_at")?;
        let state = match (state.as_str(), ended_at) {
            ("done", Some(ended_at)) => {
                let stored = match Task::read(&row)? {
                    Task::Import(_, place) => place.counts,
                    Task::Reindex(_, place) => place.counts,
                    Task::Export(_) | Task::Taken => BTreeMap::new(),
                };
                JobState::Done { ended_at, files: self.job_files(id).await?, stored }
            }
            ("failed", _) => JobState::Failed(row.try_get::<Option<String>>("", "failure")?.unwrap_or_default()),
            _ => {
                let (done, of, rows) = match Task::read(&row)? {
                    Task::Export(task) => task.progress(),
                    Task::Import(work, place) => import::progress(&work, &place),
                    Task::Reindex(work, place) => reindex::progress(&work, &place),
                    Task::Taken => (0, 0, 0),
                };
                JobState::Running { done, of, rows }
            }
        };
        Ok(Some(JobStatus {
            kind: row.try_get("", "kind")?,
            url: row.try_get("", "url")?,
            created_at: row.try_get("", "created_at")?,
            state,
        }))
    }

    async fn job_files(&self, id: &str) -> Result<Vec<JobFile>, StoreError> {
        let sql = "SELECT name, parts, rows FROM app.job_file WHERE job = $1 AND name NOT LIKE 'input.%' ORDER BY name";
        let rows = self.db.query_all_raw(statement(sql, [id.into()])).await?;
        rows.iter()
            .map(|row| {
                let (parts, rows): (i32, i64) = (row.try_get("", "parts")?, row.try_get("", "rows")?);
                Ok(JobFile { name: row.try_get("", "name")?, parts: parts as u32, rows: rows as u64 })
            })
            .collect()
    }

    /// A part of a file, counted from 0, while its job is there.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when there is no such part.
    pub async fn job_part(&self, id: &str, name: &str, part: u32) -> Result<String, StoreError> {
        let sql = "SELECT p.content FROM app.job_part AS p JOIN app.job AS j ON j.id = p.job
                   WHERE p.job = $1 AND p.name = $2 AND p.part = $3 AND j.state = 'done'";
        let row = self.db.query_one_raw(statement(sql, [id.into(), name.into(), (part as i32).into()])).await?;
        let row = row.ok_or_else(|| StoreError::Internal("a part of a file is gone".into()))?;
        read::text(&row.try_get::<Vec<u8>>("", "content")?)
    }

    /// Ends a job of that account, running or not; whether there was one. Its files are gone at once.
    pub async fn end_job(&self, account: Option<i64>, id: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "UPDATE app.job SET state = 'ended', ended_at = $3, owner = NULL, lease_until = NULL
                   WHERE id = $1 AND account = $2 AND state <> 'ended' AND (ended_at IS NULL OR ended_at > $4)";
        let binds = [id.into(), account.into(), now.into(), (now - KEPT).into()];
        Ok(self.db.execute_raw(statement(sql, binds)).await?.rows_affected() == 1)
    }

    /// Takes the job that nobody works on and that has waited longest.
    ///
    /// A job whose account was closed has failed by that. Reindexes follow one another: what one leaves behind the next one knows.
    pub async fn claim_job(&self, owner: &str, now: DateTime<Utc>) -> Result<Option<Claim>, StoreError> {
        let sql = "UPDATE app.job AS j SET owner = $1, lease_until = $2 WHERE j.id =
                     (SELECT id FROM app.job AS c WHERE state = 'running' AND (lease_until IS NULL OR lease_until <= $3)
                        AND (kind <> 'reindex' OR NOT EXISTS
                          (SELECT FROM app.job AS e WHERE e.kind = 'reindex' AND e.state = 'running' AND e.seq < c.seq))
                      ORDER BY touched_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                   RETURNING j.id, j.kind, j.account, j.actor::text AS actor, j.request_id, j.created_at, j.below::text AS below,
                     j.work::text AS work, j.place::text AS place,
                     (SELECT a.disabled FROM app.account AS a WHERE a.id = j.account) AS disabled";
        let binds = [owner.into(), (now + LEASE).into(), now.into()];
        let Some(row) = self.db.query_one_raw(statement(sql, binds)).await? else { return Ok(None) };
        let below: Option<String> = row.try_get("", "below")?;
        let kept: Kept = parsed(&row, "actor")?;
        let claim = Claim {
            id: row.try_get("", "id")?,
            owner: owner.to_owned(),
            actor: kept.actor(row.try_get("", "account")?).ok_or_else(|| broken("the actor"))?,
            request_id: row.try_get("", "request_id")?,
            created_at: row.try_get("", "created_at")?,
            below: below.map(|b| b.parse().map_err(|_| broken("the snapshot"))).transpose()?,
            task: Task::read(&row)?,
        };
        if row.try_get::<Option<bool>>("", "disabled")?.unwrap_or(false) {
            let issue = Issue::error(fhir::IssueType::Forbidden, "the account that asked for this is closed");
            self.fail_job(&claim, &[issue], now).await?;
            return Ok(None);
        }
        Ok(Some(claim))
    }

    /// Gives a job back, for another turn. After a failure it stays untouched until the lease is over.
    pub async fn release_job(&self, claim: &Claim, failed: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = if failed {
            "UPDATE app.job SET failures = failures + 1, touched_at = $3 WHERE id = $1 AND owner = $2 RETURNING failures"
        } else {
            "UPDATE app.job SET owner = NULL, lease_until = NULL, touched_at = $3 WHERE id = $1 AND owner = $2 RETURNING failures"
        };
        let binds = [claim.id.as_str().into(), claim.owner.as_str().into(), now.into()];
        let row = self.db.query_one_raw(statement(sql, binds)).await?;
        if let Some(row) = row
            && row.try_get::<i32>("", "failures")? >= MAX_FAILURES
        {
            let issue = Issue::error(fhir::IssueType::Timeout, "the server could not carry this out, often enough");
            self.fail_job(claim, &[issue], now).await?;
        }
        Ok(())
    }

    /// Ends a job as failed, with the reasons.
    pub async fn fail_job(&self, claim: &Claim, issues: &[Issue], now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "UPDATE app.job SET state = 'failed', failure = $3, ended_at = $4, owner = NULL, lease_until = NULL
                   WHERE id = $1 AND owner = $2 AND state = 'running'";
        let binds =
            [claim.id.as_str().into(), claim.owner.as_str().into(), operation_outcome(issues).into(), now.into()];
        self.db.execute_raw(statement(sql, binds)).await?;
        Ok(())
    }

    /// Removes what was ended and what is over for longer than [`KEPT`], with the files; how many jobs.
    pub async fn prune_jobs(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let gone = "UPDATE app.job SET state = 'ended' WHERE ended_at <= $1 AND state <> 'ended'";
        self.db.execute_raw(statement(gone, [(now - KEPT).into()])).await?;
        let parts = "DELETE FROM app.job_part AS p USING
                       (SELECT q.job, q.name, q.part FROM app.job_part AS q JOIN app.job AS j ON j.id = q.job
                        WHERE j.state = 'ended' LIMIT $1) AS d
                     WHERE (p.job, p.name, p.part) = (d.job, d.name, d.part)";
        while self.db.execute_raw(statement(parts, [PARTS_AT_ONCE.into()])).await?.rows_affected() > 0 {}
        // Whoever was at work when it was ended may have been about to write; the parts of a job that is gone would stay.
        let jobs = "DELETE FROM app.job AS j WHERE j.state = 'ended' AND j.ended_at <= $1
                    AND NOT EXISTS (SELECT FROM app.job_part AS p WHERE p.job = j.id)";
        Ok(self.db.execute_raw(statement(jobs, [(now - LEASE).into()])).await?.rows_affected())
    }

    /// Takes the next step of a claimed job, and commits it.
    ///
    /// # Errors
    /// Nothing of the step's place stays; the claim is to be given back.
    pub async fn advance_job(&self, claim: &mut Claim, now: DateTime<Utc>) -> Result<Advance, StoreError> {
        match std::mem::replace(&mut claim.task, Task::Taken) {
            Task::Export(mut task) => {
                let done = self.advance_export(claim, &mut task, now).await;
                claim.task = Task::Export(task);
                done
            }
            Task::Import(work, place) => {
                let (done, place) = self.advance_import(claim, &work, place, now).await?;
                claim.task = Task::Import(work, place);
                Ok(done)
            }
            Task::Reindex(work, place) => {
                let (done, place) = self.advance_reindex(claim, &work, place, now).await?;
                claim.task = Task::Reindex(work, place);
                Ok(done)
            }
            Task::Taken => Ok(Advance::Lost),
        }
    }

    /// Begins the transaction of a step: the new place, if the job is still in these hands.
    async fn keep_place(
        &self,
        claim: &Claim,
        place: &impl Serialize,
        done: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<DatabaseTransaction>, StoreError> {
        let tx = self.begin().await?;
        let sql = "UPDATE app.job SET place = $3::jsonb, failures = 0, touched_at = $4,
                     state = CASE WHEN $5 THEN 'done' ELSE state END, ended_at = CASE WHEN $5 THEN $4 END,
                     owner = CASE WHEN $5 THEN NULL ELSE owner END, lease_until = CASE WHEN $5 THEN NULL ELSE $6 END
                   WHERE id = $1 AND owner = $2 AND state = 'running'";
        let binds = [
            claim.id.as_str().into(),
            claim.owner.as_str().into(),
            json(place)?.into(),
            now.into(),
            done.into(),
            (now + LEASE).into(),
        ];
        let kept = tx.execute_raw(statement(sql, binds)).await?.rows_affected() == 1;
        Ok(kept.then_some(tx))
    }

    /// The job's snapshot, taken once; `None` while transactions of it are not over, or when the job is lost.
    async fn snapshot(&self, claim: &mut Claim) -> Result<Option<Snapshot>, StoreError> {
        let below = if let Some(below) = claim.below {
            below
        } else {
            let sql = "UPDATE app.job SET below = coalesce(below, pg_snapshot_xmax(pg_current_snapshot()))
                       WHERE id = $1 AND owner = $2 AND state = 'running' RETURNING below::text AS below";
            let binds = [claim.id.as_str().into(), claim.owner.as_str().into()];
            let Some(row) = self.db.query_one_raw(statement(sql, binds)).await? else { return Ok(None) };
            let below: String = row.try_get("", "below")?;
            let below = below.parse().map_err(|_| broken("the snapshot"))?;
            claim.below = Some(below);
            below
        };
        let over = self.outbox_horizon().await? >= below;
        Ok(over.then_some(Snapshot { at: claim.created_at, below }))
    }
}

/// Appends lines to a file, in parts of at least that many bytes; how many parts that were.
async fn append(
    db: &impl ConnectionTrait,
    job: &str,
    name: &str,
    lines: &[String],
    part_bytes: usize,
) -> Result<u32, StoreError> {
    let mut parts: Vec<String> = Vec::new();
    for line in lines {
        if parts.last().is_none_or(|p| p.len() >= part_bytes) {
            parts.push(String::new());
        }
        let part = parts.last_mut().expect("one was pushed");
        part.push_str(line);
        part.push('\n');
    }
    let sql = "INSERT INTO app.job_file AS f (job, name, parts, rows) VALUES ($1, $2, $3, $4)
               ON CONFLICT (job, name) DO UPDATE SET parts = f.parts + excluded.parts, rows = f.rows + excluded.rows
               RETURNING parts";
    let binds = [job.into(), name.into(), (parts.len() as i32).into(), (lines.len() as i64).into()];
    let row = db.query_one_raw(statement(sql, binds)).await?.ok_or_else(|| broken("a file"))?;
    let first = row.try_get::<i32>("", "parts")? - parts.len() as i32;
    for (n, part) in parts.iter().enumerate() {
        let sql = "INSERT INTO app.job_part (job, name, part, content) VALUES ($1, $2, $3, $4)";
        let binds = [job.into(), name.into(), (first + n as i32).into(), body::encode(part).into()];
        db.execute_raw(statement(sql, binds)).await?;
    }
    Ok(parts.len() as u32)
}

fn parsed<T: for<'d> Deserialize<'d>>(row: &QueryResult, column: &str) -> Result<T, StoreError> {
    let text: String = row.try_get("", column)?;
    serde_json::from_str(&text).map_err(|_| broken(column))
}
