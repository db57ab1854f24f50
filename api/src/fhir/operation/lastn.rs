//! `Observation/$lastn`: the latest observations of each code, of one patient: <https://hl7.org/fhir/R4/observation-operation-lastn.html>.

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use entity::StoreError;
use entity::store::{PageRequest, Stored};
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, Parsed, parse};
use fhir::search::query::Summary;
use fhir::search::registry;
use fhir::summary::Subset;
use fhir::temporal::{self, Zone};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::super::pairs;
use super::{inputs, once};
use crate::auth::Caller;
use crate::fhir::failure::issues_status;
use crate::fhir::{Base, Failure, Response, State, json, search};

/// Most observations that are looked through.
const MOST: usize = 10_000;

pub(in crate::fhir) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    // Every parameter of Observation may narrow it.
    let names: Vec<String> = pairs(uri.query().unwrap_or_default())?.into_iter().map(|(name, _)| name).collect();
    let mut known = vec!["max", "patient", "subject", "category", "code", "date"];
    known.extend(names.iter().map(String::as_str));
    let given = inputs(&uri, &headers, content, &known).await?;
    let max = match once(&given, "max")? {
        None => 1,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| Failure::bad("max is a positive whole number"))?,
    };
    let mut narrowing: Vec<(String, String)> = given.into_iter().filter(|(n, _)| n != "max").collect();
    let ty = ResourceType::Observation;
    let of_patient = |name: &str| {
        let code = name.split([':', '.']).next().unwrap_or_default();
        code == "patient" || registry::patient_parameters(ty).contains(&code)
    };
    if !narrowing.iter().any(|(name, _)| of_patient(name)) {
        return Err(Failure::bad("$lastn needs a patient or subject"));
    }
    narrowing.push(("_sort".to_owned(), "-date".to_owned()));
    let base_url = format!("{}{}", state.public_url, base.0);
    let mut tries = 0;
    let all = loop {
        let parameters = state.store.parameters();
        let lookup = Reading::of(&parameters.added);
        let found = narrowed(&state, &caller, &narrowing, &base_url, &lookup).await;
        tries += 1;
        // Asked afterwards: a parameter that was taken away meanwhile may have lost rows.
        if !lookup.went_beyond() || tries == search::TRIES || state.store.are_newest(&parameters).await? {
            break found?;
        }
    };
    let latest = latest(&all, max)?;
    let links = [("self", format!("{base_url}/Observation/$lastn?{}", uri.query().unwrap_or_default()))];
    let subset = Subset { summary: Summary::False, elements: &[] };
    let total = Some(latest.len() as u64);
    Ok(json(
        StatusCode::OK,
        search::bundle(&base_url, total, &links, &latest, &[], &[], &subset, &search::no_distance)?,
    ))
}

/// All observations that the parameters find, newest first.
async fn narrowed(
    state: &State,
    caller: &Caller,
    narrowing: &[(String, String)],
    base_url: &str,
    lookup: &Reading<'_>,
) -> Result<Vec<Stored>, Failure> {
    let options = Options { base_url: Some(base_url), added: Some(lookup), ..Options::default() };
    let query = parse(ResourceType::Observation, narrowing, Handling::Strict, caller.request.now, &options)
        .and_then(Parsed::whole)
        .map_err(|issues| Failure::Status(issues_status(&issues), issues))?;
    if query.all.len() + 1 != query.applied.len() {
        let issue = Issue::error(IssueType::NotSupported, "$lastn takes max and conditions on the observations");
        return Err(Failure::Status(StatusCode::BAD_REQUEST, vec![issue]));
    }

    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: 1000, token, ..PageRequest::default() };
        let page = state.store.search(&caller.actor, &query, &page).await?;
        token = page.next();
        all.extend(page.matches);
        if token.is_none() {
            break;
        }
        if all.len() > MOST {
            let text = format!("more than {MOST} observations would have to be looked through; narrow by code or date");
            return Err(StoreError::TooCostly(text).into());
        }
    }
    Ok(all)
}

/// The first `max` of each group of observations that come newest first, and those as new as the last of them. Observations that share a
/// coding are of one group; without a coding, those of one text.
fn latest(all: &[Stored], max: usize) -> Result<Vec<Stored>, StoreError> {
    // Groups found so far: their names, and how many were taken down to which instant.
    let mut groups: Vec<(Vec<String>, usize, Option<i64>)> = Vec::new();
    let documents = all
        .iter()
        .map(|stored| Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into())))
        .collect::<Result<Vec<_>, _>>()?;
    // Codes that stand together in one observation name one group, wherever they stand alone.
    for document in &documents {
        let mut own = codes(document);
        let (joined, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(names, ..)| names.iter().any(|name| own.contains(name)));
        own.extend(joined.into_iter().flat_map(|(names, ..)| names));
        own.sort_unstable();
        own.dedup();
        groups = rest;
        groups.push((own, 0, None));
    }
    let mut out = Vec::new();
    for (stored, document) in all.iter().zip(&documents) {
        let own = codes(document);
        let Some((_, taken, last)) = groups.iter_mut().find(|(names, ..)| names.iter().any(|n| own.contains(n))) else {
            continue;
        };
        let at = instant(document);
        if *taken < max || *last == at {
            *taken += 1;
            *last = at;
            out.push(stored.clone());
        }
    }
    Ok(out)
}

fn codes(document: &Json<'_>) -> Vec<String> {
    let code = document.get("code");
    let codings = code.and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    let named: Vec<String> = codings
        .iter()
        .filter_map(|c| Some(format!("{}|{}", c.str_at("system").unwrap_or_default(), c.str_at("code")?)))
        .collect();
    if named.is_empty() {
        return vec![code.and_then(|c| c.str_at("text")).unwrap_or_default().to_owned()];
    }
    named
}

/// When the observation begins; `None` when it does not say.
fn instant(document: &Json<'_>) -> Option<i64> {
    let period = document.get("effectivePeriod").and_then(|p| p.str_at("start"));
    let text = document.str_at("effectiveDateTime").or_else(|| document.str_at("effectiveInstant")).or(period)?;
    temporal::parse(text, Zone::default()).ok().map(|i| i.low)
}
