//! Bundles for both doors, REST and import: planned by `fhir::bundle`, their criteria looked up and their writes committed in one
//! transaction of the store.

use std::borrow::Cow;
use std::sync::Mutex;

use entity::store::{Act, Conditions, Criterion, Match, Outcome, Plan, Write};
use entity::{Actor, Request, Store, StoreError};
use fhir::bundle::{self, Answer, Need, Purpose, Resolved, Work};
use fhir::patch::Patch;
use fhir::search::added::Reading;
use fhir::search::criteria::{conditions, pairs};
use fhir::search::extract::Options;
use fhir::search::matcher::{NoLookup, matches_query};
use fhir::search::query::Query;
use fhir::{Issue, IssueType, Json, ResourceType};
use sha2::{Digest as _, Sha256};

/// What became of an entry.
#[derive(Debug, Clone)]
pub enum Done {
    Written(Outcome),
    /// `ifNoneExist` found this one.
    Exists {
        resource_type: ResourceType,
        id: String,
    },
    /// Criteria of a deletion without match.
    Nothing,
    /// Still to be answered, after the writes. Path and query below the base.
    Read(Read),
}

/// A GET or HEAD within a bundle.
#[derive(Debug, Clone)]
pub struct Read {
    pub url: String,
    pub head: bool,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
}

/// Where an entry's answer comes from.
enum Step {
    /// The write of that number.
    Write(usize),
    Exists(ResourceType, String),
    Nothing,
    Read(Read),
}

/// Reads a bundle.
///
/// # Errors
/// What is wrong with it, each issue naming its entry.
pub fn plan<'a>(bundle: Json<'a>, base_url: Option<&str>, request: &Request) -> Result<bundle::Plan<'a>, Vec<Issue>> {
    let mut minted = 0;
    let mut mint = || {
        minted += 1;
        request.ids.nth(minted - 1)
    };
    bundle::plan(bundle, base_url, &mut mint)
}

/// The search that criteria mean. Anything but conditions on the resource is refused, and nothing of them is ignored.
///
/// # Errors
/// One issue per culprit.
pub fn criteria(
    resource_type: ResourceType,
    text: &str,
    request: &Request,
    options: &Options<'_>,
) -> Result<Query, Vec<Issue>> {
    let wrong = |text: &str| vec![Issue::error(IssueType::Value, text)];
    let Some(pairs) = pairs(text.strip_prefix('?').unwrap_or(text)) else {
        return Err(wrong("the criteria are not percent-encoded UTF-8"));
    };
    if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(wrong("the criteria hold the character NUL"));
    }
    criteria_of(resource_type, &pairs, request, options)
}

/// As [`criteria`], of decoded pairs.
///
/// # Errors
/// One issue per culprit.
pub fn criteria_of(
    resource_type: ResourceType,
    pairs: &[(String, String)],
    request: &Request,
    options: &Options<'_>,
) -> Result<Query, Vec<Issue>> {
    let query = conditions(resource_type, pairs, request.now, options)?;
    if query.all.is_empty() {
        return Err(vec![Issue::error(IssueType::Value, "the criteria name no condition")]);
    }
    Ok(query)
}

/// Reads criteria by the search parameters of now, R4's own and those that were added.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database is away.
pub async fn by_newest<T>(store: &Store, read: impl Fn(&Reading<'_>) -> T) -> Result<T, StoreError> {
    let mut parameters = store.parameters();
    loop {
        let lookup = Reading::of(&parameters.added);
        let done = read(&lookup);
        if !lookup.went_beyond() || store.are_newest(&parameters).await? {
            return Ok(done);
        }
        parameters = store.parameters();
    }
}

/// Carries out a transaction, or one entry of a batch: what became of each entry, by its place in the bundle. `text` is what the client
/// sent.
///
/// # Errors
/// As [`Store::commit_conditional`]; what can be laid to an entry names it.
pub async fn carry_out(
    store: &Store,
    actor: &Actor,
    request: &Request,
    plan: bundle::Plan<'_>,
    base_url: Option<&str>,
    text: &str,
) -> Result<Vec<(usize, Done)>, StoreError> {
    let options = Options { base_url, ..Options::default() };
    let queries: Vec<Result<Query, Vec<Issue>>> = by_newest(store, |lookup| {
        let options = Options { added: Some(lookup), ..options };
        plan.needs.iter().map(|n| criteria(n.resource_type, &n.criteria, request, &options)).collect()
    })
    .await?;
    let criteria = plan.needs.iter().zip(&queries).filter_map(|(need, query)| {
        let exclusive = need.purpose != Purpose::Reference;
        Some(Criterion { query: query.as_ref().ok()?.clone(), limit: 2, exclusive })
    });
    let conditions = Conditions { criteria: criteria.collect(), fingerprint: Sha256::digest(text).to_vec() };

    let committed = if conditions.criteria.is_empty() {
        let (writes, places, steps) = steps(resolve(plan, &queries, &[], &options)?)?;
        let plan = Plan::of(writes);
        let committed = store.commit(actor, request, &plan).await;
        committed.map(|outcomes| (outcomes, steps)).map_err(|error| name_entry(error, &named(&plan.writes), &places))
    } else {
        // What each write names, and which entry it came from, as of the last try.
        let tried = Mutex::new((Vec::new(), Vec::new()));
        let decide = |matches: &[Vec<Match>]| {
            let (writes, places, steps) = steps(resolve(plan.clone(), &queries, matches, &options)?)?;
            *tried.lock().expect("nobody panics with it") = (named(&writes), places);
            Ok((Cow::Owned(Plan::of(writes)), steps))
        };
        let committed = store.commit_conditional(actor, request, &conditions, &decide).await;
        committed.map_err(|error| {
            let (names, places) = &*tried.lock().expect("nobody panics with it");
            name_entry(error, names, places)
        })
    };
    let (outcomes, steps) = committed?;
    let mut outcomes: Vec<Option<Outcome>> = outcomes.into_iter().map(Some).collect();
    let mut done = Vec::with_capacity(steps.len());
    for (n, step) in steps {
        let end = match step {
            Step::Write(at) => {
                let outcome = outcomes.get_mut(at).and_then(Option::take);
                Done::Written(outcome.ok_or_else(|| StoreError::Internal("a write without an outcome".into()))?)
            }
            Step::Exists(resource_type, id) => Done::Exists { resource_type, id },
            Step::Nothing => Done::Nothing,
            Step::Read(read) => Done::Read(read),
        };
        done.push((n, end));
    }
    done.sort_by_key(|(n, _)| *n);
    Ok(done)
}

/// The plan with its criteria answered, by the store's matches and by the bundle itself.
fn resolve<'a>(
    plan: bundle::Plan<'a>,
    queries: &[Result<Query, Vec<Issue>>],
    matches: &[Vec<Match>],
    options: &Options<'_>,
) -> Result<Resolved<'a>, StoreError> {
    let mut found = matches.iter();
    let answers: Vec<Answer> = queries
        .iter()
        .map(|query| match query {
            Err(issues) => Answer::Unusable(issues.clone()),
            Ok(_) => match found.next().map(Vec::as_slice) {
                None | Some([]) => Answer::None,
                Some([one]) => Answer::One(one.id.clone()),
                Some(_) => Answer::Many,
            },
        })
        .collect();
    let needs = plan.needs.clone();
    let mut undecided: Vec<Issue> = Vec::new();
    let mut meets = |need: &Need, document: &Json<'_>| {
        let query = needs.iter().zip(queries).find(|(n, _)| *n == need).and_then(|(_, query)| query.as_ref().ok());
        let Some(query) = query else { return false };
        matches_query(document, query, options, &NoLookup).unwrap_or_else(|error| {
            let text = format!("Bundle.entry[{}]: in a bundle with other {}s, {error}", need.entry, need.resource_type);
            undecided.push(Issue::error(IssueType::NotSupported, text).at(format!("Bundle.entry[{}]", need.entry)));
            false
        })
    };
    let resolved = plan.resolve(&answers, &mut meets);
    if !undecided.is_empty() {
        return Err(StoreError::Invalid(undecided));
    }
    resolved.map_err(StoreError::Invalid)
}

type Steps = (Vec<Write>, Vec<usize>, Vec<(usize, Step)>);

/// The writes in order, the entry each came from, and where each entry's answer comes from.
fn steps(resolved: Resolved<'_>) -> Result<Steps, StoreError> {
    let (mut writes, mut places, mut steps, mut issues) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, work) in resolved.work {
        match work.and_then(|work| task(n, work)) {
            Ok(Task::Write(write)) => {
                steps.push((n, Step::Write(writes.len())));
                writes.push(write);
                places.push(n);
            }
            Ok(Task::Other(step)) => steps.push((n, step)),
            Err(more) => issues.extend(more),
        }
    }
    if issues.is_empty() { Ok((writes, places, steps)) } else { Err(StoreError::Invalid(issues)) }
}

/// What one entry asks of the store.
enum Task {
    Write(Write),
    Other(Step),
}

/// The task of an entry, or why there is none. `n` is its place in the bundle.
fn task(n: usize, work: Work<'_>) -> Result<Task, Vec<Issue>> {
    let refuse = |code, text: String| {
        Err(vec![Issue::error(code, format!("Bundle.entry[{n}]: {text}")).at(format!("Bundle.entry[{n}]"))])
    };
    let version = |tag: Option<String>| match tag.map(|t| t.parse::<i32>()) {
        None => Ok(None),
        Some(Ok(version)) => Ok(Some(version)),
        Some(Err(_)) => Err(()),
    };
    let write = |resource_type, id, act| Ok(Task::Write(Write { resource_type, id, act }));
    let no_version = || refuse(IssueType::Value, "ifMatch names no version of ours".into());
    match work {
        Work::Create { resource_type, id, resource } => {
            write(resource_type, id, Act::Create { body: resource.to_text() })
        }
        Work::Update { resource_type, id, resource, if_match, is_new } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            let expected = expected.or(is_new.then_some(0));
            let may_create = matches!(expected, None | Some(0));
            write(resource_type, id, Act::Update { body: resource.to_text(), expected, may_create })
        }
        Work::Delete { resource_type, id, if_match } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            write(resource_type, id, Act::Delete { expected })
        }
        Work::Exists { resource_type, id } => Ok(Task::Other(Step::Exists(resource_type, id))),
        Work::Nothing => Ok(Task::Other(Step::Nothing)),
        Work::Read { url, head, if_none_match, if_modified_since } => {
            Ok(Task::Other(Step::Read(Read { url, head, if_none_match, if_modified_since })))
        }
        Work::Patch { resource_type, id, body, if_match } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            match Patch::of_resource(&body) {
                Ok(patch) => write(resource_type, id, Act::Patch { patch, expected }),
                Err(issue) => refuse(issue.code, issue.diagnostics),
            }
        }
    }
}

/// A resource by type and id.
type Name = (ResourceType, String);

/// What each write is of: bodies of a bundle are not kept for the sake of an error.
fn named(writes: &[Write]) -> Vec<Name> {
    writes.iter().map(|w| (w.resource_type, w.id.clone())).collect()
}

/// The store numbers and names writes; the client numbers entries: `places` says which entry each write came from.
fn name_entry(error: StoreError, names: &[Name], places: &[usize]) -> StoreError {
    let of = |wanted: &dyn Fn(&Name) -> bool| names.iter().position(wanted).and_then(|at| places.get(at).copied());
    let place = match &error {
        StoreError::InvalidWrite { at, .. } | StoreError::NotValid { at, .. } => places.get(*at).copied(),
        StoreError::NotFound { resource_type, id }
        | StoreError::NoCreateByUpdate { resource_type, id }
        | StoreError::Gone { resource_type, id }
        | StoreError::Stale { resource_type, id, .. } => of(&|n| n.0 == *resource_type && n.1 == *id),
        StoreError::Forbidden { resource_type, .. } => of(&|n| n.0 == *resource_type),
        _ => None,
    };
    let named = |n: usize, issues: Vec<Issue>| {
        let named = issues.into_iter().map(|i| Issue {
            diagnostics: format!("Bundle.entry[{n}]: {}", i.diagnostics),
            expression: i.expression.iter().map(|e| in_entry(n, e)).collect(),
            ..i
        });
        named.collect()
    };
    match (error, place) {
        (StoreError::InvalidWrite { issues, .. }, Some(n)) => StoreError::Invalid(named(n, issues)),
        (StoreError::NotValid { issues, at }, Some(n)) => StoreError::NotValid { at, issues: named(n, issues) },
        (error, Some(n)) => StoreError::AtEntry { entry: n, error: Box::new(error) },
        (error, None) => error,
    }
}

/// The place of a resource as a place of its bundle: `Patient.name[0]` is `Bundle.entry[n].resource.name[0]`.
fn in_entry(n: usize, expression: &str) -> String {
    match expression.split_once('.') {
        Some((_, rest)) => format!("Bundle.entry[{n}].resource.{rest}"),
        None if ResourceType::named(expression).is_some() => format!("Bundle.entry[{n}].resource"),
        None => format!("Bundle.entry[{n}].resource.{expression}"),
    }
}
