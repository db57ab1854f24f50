//! One import: lines of resources, put under their ids or created. A step is a part of an input. What is at a URL is fetched by whoever
//! works on the job, and kept here in parts before any of it is stored.
//!
//! A line that cannot be stored is told with its reason and does not stop the others. A step that is taken again after a crash finds its
//! writes by their idempotency keys, and the ids of what it creates are the same.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use fhir::outcome::operation_outcome;
use fhir::validate::validate;
use fhir::{Issue, IssueType, Json, ResourceType, document};
use sea_orm::ConnectionTrait as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Advance, Claim, Kept, Task, append, json, read, statement};
use crate::role::Interaction;
use crate::store::{Act, Plan, Store, Write};
use crate::{Actor, IdSource, Request, StoreError};

/// Plain text of a part of an input, at least; what one step stores.
const PART_BYTES: usize = 256 << 10;
/// Lines that are refused in the store before each line gets a transaction of its own.
const TRIES: usize = 5;
/// Lines that are validated before other tasks have a turn.
const TURN: usize = 50;

/// NDJSON to be stored; `resource_type` is that of every line, `None` for any.
#[derive(Debug, Clone)]
pub struct ImportInput {
    pub resource_type: Option<ResourceType>,
    pub source: Source,
}

/// Where the lines of an input are.
#[derive(Debug, Clone)]
pub enum Source {
    Content(String),
    Url(String),
}

/// What is imported, without the content: the type of each input, empty for any, and how many parts it has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Import {
    pub inputs: Vec<(String, u32)>,
    /// Where inputs are that are still to be fetched.
    #[serde(default)]
    pub urls: BTreeMap<usize, String>,
}

/// How far an import has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    pub input: usize,
    part: u32,
    /// Lines of the input before this part.
    line: u64,
    /// Parts of the input, once it has been fetched.
    #[serde(default)]
    fetched: Option<u32>,
    /// What was stored, by type.
    pub counts: BTreeMap<String, u64>,
}

/// A line that may be stored, and its number from 1.
struct Line {
    number: u64,
    write: Write,
}

impl Store {
    /// Keeps an import to be worked on, under the rights of this actor.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn begin_import(
        &self,
        actor: &Actor,
        request: &Request,
        id: &str,
        url: &str,
        inputs: &[ImportInput],
    ) -> Result<(), StoreError> {
        let account = actor.account.ok_or_else(|| StoreError::Internal("a job needs an account".into()))?;
        let tx = self.begin().await?;
        let sql = "INSERT INTO app.job (id, kind, account, actor, request_id, url, work, place, created_at, touched_at)
                   VALUES ($1, 'import', $2, $3::jsonb, $4, $5, '{}'::jsonb, $6::jsonb, $7, $7)";
        let binds = [
            id.into(),
            account.into(),
            json(&Kept::of(actor))?.into(),
            request.request_id.clone().into(),
            url.into(),
            json(&Place::default())?.into(),
            request.now.into(),
        ];
        tx.execute_raw(statement(sql, binds)).await?;
        let mut work = Import { inputs: Vec::new(), urls: BTreeMap::new() };
        for (n, input) in inputs.iter().enumerate() {
            let parts = match &input.source {
                Source::Content(content) => {
                    let lines: Vec<String> = content.lines().map(ToOwned::to_owned).collect();
                    append(&tx, id, &file(n), &lines, PART_BYTES).await?
                }
                Source::Url(url) => {
                    work.urls.insert(n, url.clone());
                    0
                }
            };
            work.inputs.push((input.resource_type.map_or_else(String::new, |ty| ty.name().to_owned()), parts));
        }
        let sql = "UPDATE app.job SET work = $2::jsonb WHERE id = $1";
        tx.execute_raw(statement(sql, [id.into(), json(&work)?.into()])).await?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn advance_import(
        &self,
        claim: &mut Claim,
        work: &Import,
        mut place: Place,
        now: DateTime<Utc>,
    ) -> Result<(Advance, Place), StoreError> {
        let Some((name, parts)) = work.inputs.get(place.input) else {
            let Some(tx) = self.keep_place(claim, &place, true, now).await? else { return Ok((Advance::Lost, place)) };
            tx.commit().await?;
            return Ok((Advance::Done, place));
        };
        let parts = match (work.urls.get(&place.input), place.fetched) {
            (Some(url), None) => return Ok((Advance::Fetch(url.clone()), place)),
            (Some(_), Some(fetched)) => fetched,
            (None, _) => *parts,
        };
        let mut refused = Vec::new();
        if place.part == parts {
            place = Place { input: place.input + 1, counts: place.counts, ..Place::default() };
        } else {
            let Some(text) = self.input_part(claim, place.input, place.part).await? else {
                return Ok((Advance::Lost, place));
            };
            let at = (place.input, place.line);
            let (lines, mut unfit) = self.lines(claim, name, at, &text).await?;
            let stored = self.store_lines(claim, place.input, lines, &mut unfit).await?;
            for (ty, count) in stored {
                *place.counts.entry(ty).or_default() += count;
            }
            unfit.sort_by_key(|(number, _)| *number);
            refused.extend(unfit.into_iter().map(|(number, issues)| told(place.input, number, issues)));
            place.line += text.lines().count() as u64;
            place.part += 1;
        }
        let Some(tx) = self.keep_place(claim, &place, false, now).await? else { return Ok((Advance::Lost, place)) };
        if !refused.is_empty() {
            append(&tx, &claim.id, "error", &refused, super::PART_BYTES).await?;
        }
        tx.commit().await?;
        Ok((Advance::More, place))
    }

    /// Keeps lines of the input that is being fetched, `first` when they are its first; whether the job is still in these hands. Without
    /// lines it says that somebody is at work.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn keep_fetched(
        &self,
        claim: &Claim,
        lines: &[String],
        first: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Task::Import(_, place) = &claim.task else { return Ok(false) };
        let Some(tx) = self.keep_place(claim, place, false, now).await? else { return Ok(false) };
        let name = file(place.input);
        if first {
            // What somebody fetched who did not come to its end.
            for sql in [
                "DELETE FROM app.job_part WHERE job = $1 AND name = $2",
                "DELETE FROM app.job_file WHERE job = $1 AND name = $2",
            ] {
                tx.execute_raw(statement(sql, [claim.id.as_str().into(), name.clone().into()])).await?;
            }
        }
        if !lines.is_empty() {
            append(&tx, &claim.id, &name, lines, PART_BYTES).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Says that the input has been fetched as a whole, or why it cannot be had: that is told, and the next one is taken. Whether the job
    /// is still in these hands.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn end_fetch(
        &self,
        claim: &mut Claim,
        fetched: Result<(), Issue>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Task::Import(_, place) = &claim.task else { return Ok(false) };
        let mut place = place.clone();
        let input = place.input;
        let mut refused = None;
        match fetched {
            Ok(()) => {
                let sql = "SELECT parts FROM app.job_file WHERE job = $1 AND name = $2";
                let row = self.db.query_one_raw(statement(sql, [claim.id.as_str().into(), file(input).into()])).await?;
                place.fetched = Some(row.map_or(Ok(0), |row| row.try_get::<i32>("", "parts"))? as u32);
            }
            Err(mut reason) => {
                reason.diagnostics = format!("input[{input}]: {}", reason.diagnostics);
                refused = Some(operation_outcome(&[reason]));
                place = Place { input: input + 1, counts: place.counts, ..Place::default() };
            }
        }
        let Some(tx) = self.keep_place(claim, &place, false, now).await? else { return Ok(false) };
        if let Some(line) = refused {
            append(&tx, &claim.id, "error", &[line], super::PART_BYTES).await?;
        }
        tx.commit().await?;
        if let Task::Import(_, kept) = &mut claim.task {
            *kept = place;
        }
        Ok(true)
    }

    /// A part of an input; `None` when the job is no longer in these hands.
    async fn input_part(&self, claim: &Claim, input: usize, part: u32) -> Result<Option<String>, StoreError> {
        let sql = "SELECT p.content FROM app.job_part AS p JOIN app.job AS j ON j.id = p.job
                   WHERE p.job = $1 AND p.name = $2 AND p.part = $3 AND j.state = 'running' AND j.owner = $4";
        let binds = [claim.id.as_str().into(), file(input).into(), (part as i32).into(), claim.owner.as_str().into()];
        let Some(row) = self.db.query_one_raw(statement(sql, binds)).await? else { return Ok(None) };
        Ok(Some(read::text(&row.try_get::<Vec<u8>>("", "content")?)?))
    }

    /// The lines that can be read, are valid and may be written by this actor, and the others with their issues.
    async fn lines(
        &self,
        claim: &Claim,
        name: &str,
        (input, before): (usize, u64),
        text: &str,
    ) -> Result<(Vec<Line>, Vec<(u64, Vec<Issue>)>), StoreError> {
        let ids = ids(claim);
        let (mut lines, mut unfit) = (Vec::new(), Vec::new());
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if n % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let number = before + n as u64 + 1;
            let minted = || ids.nth(((input as u64) << 40) + number);
            match write_of(&claim.actor, name, line, minted) {
                Ok(write) => lines.push(Line { number, write }),
                Err(issues) => unfit.push((number, issues)),
            }
        }
        Ok((lines, unfit))
    }

    /// Stores lines together as far as that can be; how many of each type.
    async fn store_lines(
        &self,
        claim: &Claim,
        input: usize,
        lines: Vec<Line>,
        unfit: &mut Vec<(u64, Vec<Issue>)>,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        let mut group: Vec<Line> = Vec::new();
        let mut seen = HashSet::new();
        let mut groups = Vec::new();
        for line in lines {
            // A resource that comes again is a version after the first.
            if !seen.insert((line.write.resource_type, line.write.id.clone())) {
                groups.push(std::mem::take(&mut group));
                seen.clear();
                seen.insert((line.write.resource_type, line.write.id.clone()));
            }
            group.push(line);
        }
        groups.push(group);
        for group in groups {
            for line in self.store_group(claim, input, group, unfit).await? {
                *counts.entry(line.write.resource_type.name().to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// Stores lines that name different resources; those that were stored.
    async fn store_group(
        &self,
        claim: &Claim,
        input: usize,
        mut group: Vec<Line>,
        unfit: &mut Vec<(u64, Vec<Issue>)>,
    ) -> Result<Vec<Line>, StoreError> {
        for _ in 0..TRIES {
            match self.commit_lines(claim, input, &group).await {
                Ok(()) => return Ok(group),
                Err(StoreError::InvalidWrite { at, issues } | StoreError::NotValid { at, issues })
                    if at < group.len() =>
                {
                    unfit.push((group.remove(at).number, issues));
                }
                Err(error) if passes(&error) => return Err(error),
                Err(_) => break,
            }
        }
        let mut stored = Vec::new();
        for line in group {
            let number = line.number;
            let one = [line];
            match self.commit_lines(claim, input, &one).await {
                Ok(()) => stored.extend(one),
                Err(error) if passes(&error) => return Err(error),
                Err(error) => unfit.push((number, error.issues())),
            }
        }
        Ok(stored)
    }

    async fn commit_lines(&self, claim: &Claim, input: usize, lines: &[Line]) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return Ok(()) };
        let key = format!("job {} {input} {}-{} {}", claim.id, first.number, last.number, lines.len());
        let request = Request {
            now: claim.created_at,
            ids: ids(claim),
            request_id: claim.request_id.clone(),
            idempotency_key: Some(key),
        };
        let plan = Plan::of(lines.iter().map(|l| l.write.clone()).collect());
        self.commit(&claim.actor, &request, &plan).await.map(|_| ())
    }
}

/// The name of an input among the job's parts.
fn file(input: usize) -> String {
    format!("input.{input}")
}

/// The ids of what a job creates, whoever works on it.
fn ids(claim: &Claim) -> IdSource {
    let seed = Sha256::digest(claim.id.as_bytes());
    IdSource::new(claim.created_at, seed[..16].try_into().expect("a digest has 32 bytes"))
}

fn passes(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable { .. } | StoreError::Timeout | StoreError::Contention { .. } | StoreError::Internal(_)
    )
}

/// What a line amounts to.
fn write_of(actor: &Actor, expected: &str, line: &str, minted: impl FnOnce() -> String) -> Result<Write, Vec<Issue>> {
    let refuse = |code, text: String| vec![Issue::error(code, text)];
    let parsed = Json::parse(line).map_err(|e| refuse(IssueType::Structure, e.to_string()))?;
    let name = parsed.str_at("resourceType").unwrap_or_default();
    let resource_type = ResourceType::named(name)
        .ok_or_else(|| refuse(IssueType::Structure, "the line has no known resourceType".into()))?;
    if !expected.is_empty() && expected != name {
        return Err(refuse(IssueType::Invalid, format!("the line is of {name}, the input of {expected}")));
    }
    let id = parsed.str_at("id").map(ToOwned::to_owned);
    let rights: &[Interaction] =
        if id.is_some() { &[Interaction::Create, Interaction::Update] } else { &[Interaction::Create] };
    for interaction in rights {
        actor.require(*interaction, resource_type).map_err(|e| e.issues())?;
    }
    if id.as_deref().is_some_and(|id| !fhir::reference::is_id(id)) {
        return Err(refuse(IssueType::Value, "an id is 1 to 64 of A-Z, a-z, 0-9, - and .".into()));
    }
    let object = document::read(line, resource_type).map_err(|issue| vec![issue])?;
    let issues = validate(&Json::Object(object));
    if issues.iter().any(Issue::blocks) {
        return Err(issues);
    }
    let body = line.to_owned();
    Ok(match id {
        Some(id) => Write { resource_type, id, act: Act::Update { body, expected: None, may_create: true } },
        None => Write { resource_type, id: minted(), act: Act::Create { body } },
    })
}

/// Why a line was not stored, as a line of the file of errors.
fn told(input: usize, number: u64, mut issues: Vec<Issue>) -> String {
    issues.retain(Issue::blocks);
    for issue in &mut issues {
        issue.diagnostics = format!("input[{input}], line {number}: {}", issue.diagnostics);
    }
    operation_outcome(&issues)
}

/// The inputs that are done, of how many, and the resources that were stored.
pub(super) fn progress(work: &Import, place: &Place) -> (usize, usize, u64) {
    (place.input, work.inputs.len(), place.counts.values().sum())
}
