//! Loading files: each is one transaction of the store, under an idempotency key made of its content, so that loading it again
//! changes nothing.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use entity::store::{Act, Outcome, Plan, Write};
use entity::{Actor, IdSource, Request, Store, StoreError};
use fhir::bundle::{Action, Entry};
use fhir::json::Object;
use fhir::{Issue, Json, ResourceType};
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::bundle::{Done, carry_out, plan};
use crate::clock::{self, Clock};

/// Files in work at once.
const PARALLEL: usize = 4;
/// Largest file, in bytes after unpacking.
const FILE_LIMIT: u64 = 512 << 20;

/// A path that is neither a file nor a folder.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct NotFound {
    pub path: PathBuf,
    pub source: std::io::Error,
}

/// What became of an import.
#[derive(Debug, Default)]
pub struct Summary {
    pub files: usize,
    pub resources: usize,
    pub took: Duration,
    /// Name and reason of each file of which nothing was stored.
    pub refused: Vec<(String, String)>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stored = self.files - self.refused.len();
        let rate = self.resources as f64 / self.took.as_secs_f64().max(1e-6);
        write!(f, "{stored} of {} files, {} resources in {:.1?} ({rate:.0}/s)", self.files, self.resources, self.took)?;
        for (file, reason) in &self.refused {
            write!(f, "\nnot stored: {file}: {reason}")?;
        }
        Ok(())
    }
}

/// The files named or found in the folders named, in order; those of hospitals and practitioners first, since others refer to them.
///
/// # Errors
/// The first path that cannot be read.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, NotFound> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, &mut found).map_err(|source| NotFound { path: path.clone(), source })?;
    }
    found.sort_by_key(|path: &PathBuf| (!is_referred_to(path), path.clone()));
    found.dedup();
    Ok(found)
}

fn is_referred_to(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.starts_with("hospital") || name.starts_with("practitioner")
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        std::fs::metadata(path)?;
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || kind(&path).is_some() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bundle,
    Lines,
}

/// By the ending of the name; `None` for files that are not ours to load.
fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit('.').next()? {
        "json" => Some(Kind::Bundle),
        "ndjson" | "jsonl" => Some(Kind::Lines),
        _ => None,
    }
}

/// Loads the files, several at once. A file that is refused stores nothing; the rest goes on.
pub async fn load(store: &Store, files: Vec<PathBuf>, show: bool) -> Summary {
    let start = Instant::now();
    let bar = if show { ProgressBar::new(files.len() as u64) } else { ProgressBar::hidden() };
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} files, {msg}").expect("a template of known parts"),
    );
    let mut summary = Summary { files: files.len(), ..Summary::default() };
    let (first, rest): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_referred_to(path));
    for wave in [first, rest] {
        let (turns, mut tasks) = (Arc::new(Semaphore::new(PARALLEL)), JoinSet::new());
        for path in wave {
            let (store, turns) = (store.clone(), Arc::clone(&turns));
            tasks.spawn(async move {
                let _turn = turns.acquire().await.expect("never closed");
                let done = one(&store, &path).await;
                (path, done)
            });
        }
        while let Some(joined) = tasks.join_next().await {
            match joined {
                Ok((_, Ok(stored))) => summary.resources += stored,
                Ok((path, Err(reason))) => summary.refused.push((path.display().to_string(), reason)),
                Err(panic) => summary.refused.push(("a file".into(), panic.to_string())),
            }
            bar.inc(1);
            bar.set_message(format!("{:.0} resources/s", summary.resources as f64 / start.elapsed().as_secs_f64()));
        }
    }
    bar.finish_and_clear();
    summary.refused.sort();
    summary.took = start.elapsed();
    summary
}

/// Stores one file; how many resources it holds, or why nothing of it was stored.
async fn one(store: &Store, path: &Path) -> Result<usize, String> {
    let kind = kind(path).ok_or("the name ends neither in .json nor in .ndjson")?;
    let text = read(path).map_err(|e| e.to_string())?;
    let now = Clock::Machine.now();
    let hash: String = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    let request = Request {
        now,
        ids: IdSource::new(now, clock::random()),
        request_id: format!("import {}", &hash[..16]),
        idempotency_key: Some(format!("import {hash}")),
    };
    let actor = Actor { principal: "import".into(), ..Actor::server() };
    match kind {
        Kind::Bundle => bundle(store, &actor, &request, &text).await,
        Kind::Lines => {
            let (plan, places) = lines(&text, &request)?;
            let outcomes = store.commit(&actor, &request, &plan).await.map_err(|error| match error {
                StoreError::InvalidWrite { at, issues } | StoreError::NotValid { at, issues } => {
                    format!("line {}: {}", places[at] + 1, words(&issues))
                }
                other => words(&other.issues()),
            })?;
            Ok(outcomes.iter().filter(|o| is_stored(o)).count())
        }
    }
}

fn is_stored(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Deleted(_))
}

fn read(path: &Path) -> std::io::Result<String> {
    let file = std::fs::File::open(path)?;
    let mut text = String::new();
    let read = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
        flate2::read::MultiGzDecoder::new(file).take(FILE_LIMIT + 1).read_to_string(&mut text)?
    } else {
        file.take(FILE_LIMIT + 1).read_to_string(&mut text)?
    };
    if read as u64 > FILE_LIMIT {
        return Err(std::io::Error::other(format!("more than {FILE_LIMIT} bytes")));
    }
    Ok(text)
}

fn words(issues: &[Issue]) -> String {
    let all: Vec<String> = issues
        .iter()
        .map(|i| match i.expression.first() {
            Some(place) => format!("{} ({place})", i.diagnostics),
            None => i.diagnostics.clone(),
        })
        .collect();
    all.join("; ")
}

async fn bundle(store: &Store, actor: &Actor, request: &Request, text: &str) -> Result<usize, String> {
    let mut bundle = Json::parse(text).map_err(|e| e.to_string())?;
    collection_as_transaction(&mut bundle);
    let plan = plan(bundle, None, request).map_err(|issues| words(&issues))?;
    if let Some(n) = plan.entries.iter().position(|e| matches!(e, Ok(Entry { action: Action::Read { .. }, .. }))) {
        return Err(format!("Bundle.entry[{n}]: an import reads nothing"));
    }
    let done = carry_out(store, actor, request, plan, None, text).await.map_err(|error| words(&error.issues()))?;
    Ok(done.iter().filter(|(_, d)| matches!(d, Done::Written(outcome) if is_stored(outcome))).count())
}

/// A collection says what there is, not what to do: each resource with an id is put under it, the others are created.
fn collection_as_transaction(bundle: &mut Json<'_>) {
    if bundle.str_at("type") != Some("collection") {
        return;
    }
    let Some(object) = bundle.as_object_mut() else { return };
    object.set("type", Json::from("transaction"));
    let Some(Json::Array(entries)) = object.get_mut("entry") else { return };
    for entry in entries {
        let Some(resource) = entry.get("resource") else { continue };
        let Some(name) = resource.str_at("resourceType").map(ToOwned::to_owned) else { continue };
        let (method, url) = match resource.str_at("id") {
            Some(id) => ("PUT", format!("{name}/{id}")),
            None => ("POST", name),
        };
        let mut request = Object::new();
        request.push("method", Json::from(method));
        request.push("url", Json::from(url));
        if let Some(entry) = entry.as_object_mut() {
            entry.set("request", Json::Object(request));
        }
    }
}

/// One resource a line, put under its id, or created when it has none. Empty lines are skipped.
fn lines(text: &str, request: &Request) -> Result<(Plan, Vec<usize>), String> {
    let (mut writes, mut places) = (Vec::new(), Vec::new());
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = |reason: String| format!("line {}: {reason}", n + 1);
        let document = Json::parse(line).map_err(|e| at(e.to_string()))?;
        let name = document.str_at("resourceType").ok_or_else(|| at("no resourceType".into()))?;
        let resource_type = ResourceType::named(name).ok_or_else(|| at(format!("\"{name}\" is no resource type")))?;
        let body = line.to_owned();
        let (id, act) = match document.str_at("id") {
            Some(id) => (id.to_owned(), Act::Update { body, expected: None, may_create: true }),
            None => (request.ids.nth(n as u64), Act::Create { body }),
        };
        writes.push(Write { resource_type, id, act });
        places.push(n);
    }
    Ok((Plan::of(writes), places))
}
