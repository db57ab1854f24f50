//! Bundles for both doors, REST and import: planned by `fhir::bundle`, conditional references looked up, turned into store writes.

use entity::store::{Act, PageRequest, Write};
use entity::{Actor, Request, Store, StoreError};
use fhir::bundle::{self, Answer, Need, Purpose, Resolved, Work};
use fhir::search::extract::Options;
use fhir::search::matcher::{NoLookup, matches_query};
use fhir::search::parse::{Handling, parse};
use fhir::search::query::Query;
use fhir::{Issue, IssueType, Json, ResourceType};

use crate::fhir::pairs;

/// Why a bundle was not carried out.
#[derive(Debug)]
pub enum BundleError {
    /// What is wrong with it, each naming its entry.
    Issues(Vec<Issue>),
    Store(StoreError),
}

impl From<StoreError> for BundleError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Plans a bundle and resolves its conditional references, against the store and against the bundle itself.
///
/// # Errors
/// [`BundleError::Issues`]; conditional creates, updates, patches and deletes are refused by name.
pub async fn resolve<'a>(
    store: &Store,
    actor: &Actor,
    request: &Request,
    bundle: Json<'a>,
    base_url: Option<&str>,
) -> Result<Resolved<'a>, BundleError> {
    let mut minted = 0;
    let mut mint = || {
        minted += 1;
        request.ids.nth(minted - 1)
    };
    let plan = bundle::plan(bundle, base_url, &mut mint).map_err(BundleError::Issues)?;
    let unmet: Vec<Issue> = plan.needs.iter().filter(|n| n.purpose != Purpose::Reference).map(unmet).collect();
    if !unmet.is_empty() {
        return Err(BundleError::Issues(unmet));
    }
    let options = Options { base_url, ..Options::default() };
    let mut queries = Vec::with_capacity(plan.needs.len());
    let mut answers = Vec::with_capacity(plan.needs.len());
    for need in &plan.needs {
        let (query, answer) = look_up(store, actor, request, need, &options).await?;
        queries.push((need.clone(), query));
        answers.push(answer);
    }
    let mut matches = |need: &Need, document: &Json<'_>| {
        let query = queries.iter().find(|(n, _)| n == need).and_then(|(_, query)| query.as_ref());
        query.is_some_and(|query| matches_query(document, query, &options, &NoLookup).unwrap_or(false))
    };
    plan.resolve(&answers, &mut matches).map_err(BundleError::Issues)
}

fn unmet(need: &Need) -> Issue {
    let text = format!("Bundle.entry[{}]: conditional requests are not supported yet", need.entry);
    Issue::error(IssueType::NotSupported, text).at(format!("Bundle.entry[{}]", need.entry))
}

async fn look_up(
    store: &Store,
    actor: &Actor,
    request: &Request,
    need: &Need,
    options: &Options<'_>,
) -> Result<(Option<Query>, Answer), BundleError> {
    let Ok(pairs) = pairs(&need.criteria) else {
        let issue = Issue::error(IssueType::Value, "the criteria are not percent-encoded UTF-8");
        return Ok((None, Answer::Unusable(vec![issue])));
    };
    let query = match parse(need.resource_type, &pairs, Handling::Strict, request.now, options) {
        Ok(parsed) => parsed.query,
        Err(issues) => return Ok((None, Answer::Unusable(issues))),
    };
    let page = store.search(actor, &query, &PageRequest { limit: 2, token: None, ..PageRequest::default() }).await?;
    let mut found = page.matches.into_iter().map(|m| m.id);
    let answer = match (found.next(), found.next()) {
        (None, _) => Answer::None,
        (Some(id), None) => Answer::One(id),
        (Some(_), Some(_)) => Answer::Many,
    };
    Ok((Some(query), answer))
}

/// What one entry asks of the store.
pub enum Task {
    Write(Write),
    Read(ResourceType, String),
}

/// The task of an entry, or why there is none. `n` is its place in the bundle.
pub fn task(n: usize, work: Work<'_>) -> Result<Task, Vec<Issue>> {
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
        Work::Update { resource_type, id, resource, if_match } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            let act = Act::Update { body: resource.to_text(), expected, may_create: expected.is_none() };
            write(resource_type, id, act)
        }
        Work::Delete { resource_type, id, if_match } => {
            let Ok(expected) = version(if_match) else { return no_version() };
            write(resource_type, id, Act::Delete { expected })
        }
        Work::Read { url, head: false, if_none_match: None, if_modified_since: None } => {
            match url.split_once('/').and_then(|(name, id)| Some((crate::fhir::resource_type(name).ok()?, id))) {
                Some((resource_type, id)) if fhir::reference::is_id(id) => Ok(Task::Read(resource_type, id.to_owned())),
                _ => refuse(IssueType::NotSupported, format!("GET {url} is not supported in a bundle yet")),
            }
        }
        Work::Patch { .. } | Work::Read { .. } | Work::Exists { .. } | Work::Nothing => {
            refuse(IssueType::NotSupported, "this request is not supported in a bundle yet".into())
        }
    }
}

/// The store numbers writes; the client numbers entries: `places` says which entry each write came from.
pub fn name_entry(error: StoreError, places: &[usize]) -> StoreError {
    match error {
        StoreError::InvalidWrite { at, issues } if at < places.len() => {
            let n = places[at];
            let named = issues.into_iter().map(|i| Issue {
                diagnostics: format!("Bundle.entry[{n}]: {}", i.diagnostics),
                expression: i.expression.iter().map(|e| format!("Bundle.entry[{n}].resource.{e}")).collect(),
                ..i
            });
            StoreError::Invalid(named.collect())
        }
        other => other,
    }
}
