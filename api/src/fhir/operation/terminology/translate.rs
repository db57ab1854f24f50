//! `ConceptMap/$translate`: <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>.

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::store::PageRequest;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::terminology::{Mapped, Mapping, compare_versions, translate};
use fhir::{IssueType, Json, ResourceType};
use http::{HeaderMap, Uri};

use super::{Answer, Asked, refused, stored, valued};
use crate::auth::Caller;
use crate::fhir::failure::issues_status;
use crate::fhir::{Failure, Response, State};

const KNOWN: [&str; 11] = [
    "url",
    "conceptMap",
    "conceptMapVersion",
    "code",
    "system",
    "coding",
    "codeableConcept",
    "source",
    "target",
    "targetsystem",
    "reverse",
];
/// Most maps that are looked through when none is named.
const MOST_MAPS: u32 = 100;
/// Longest way from map to map.
const MAX_MAPS: usize = 8;

pub(in crate::fhir) async fn of_type(
    Extract(state): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &KNOWN, None).await?;
    if let Some(map) = asked.one("conceptMap")? {
        return answer(&state, &caller, &asked, vec![map.clone()]).await;
    }
    let mut criteria = Vec::new();
    if let Some(url) = asked.text("url")? {
        criteria.push(("url", url));
        criteria.extend(asked.text("conceptMapVersion")?.map(|version| ("version", version)));
    } else {
        criteria.extend(asked.text("source")?.map(|set| ("source", set)));
        criteria.extend(asked.text("target")?.map(|set| ("target", set)));
    }
    let maps = maps(&state, &caller, &criteria).await?;
    if maps.is_empty() && asked.has("url") {
        let text = format!("the concept map {} is not known here", asked.needed("url")?);
        return Err(refused(IssueType::NotFound, text));
    }
    // Of a map that is named, the newest version; of others, each is asked.
    let maps = if asked.has("url") { maps.into_iter().take(1).collect() } else { maps };
    answer(&state, &caller, &asked, maps).await
}

pub(in crate::fhir) async fn of_instance(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let known = ["code", "system", "coding", "codeableConcept", "targetsystem", "reverse"];
    let asked = Asked::read(&uri, &headers, content, &known, None).await?;
    let map = stored(&state, &caller, ResourceType::ConceptMap, &id).await?;
    answer(&state, &caller, &asked, vec![map]).await
}

/// Stored maps that meet the criteria, newest version first.
async fn maps(state: &State, caller: &Caller, criteria: &[(&str, &str)]) -> Result<Vec<Json<'static>>, Failure> {
    let escaped = |v: &str| v.replace('\\', "\\\\").replace(',', "\\,");
    let pairs: Vec<(String, String)> = criteria.iter().map(|(n, v)| ((*n).to_owned(), escaped(v))).collect();
    let read = parse(ResourceType::ConceptMap, &pairs, Handling::Strict, caller.request.now, &Options::default());
    let query = read.map_err(|issues| Failure::Status(issues_status(&issues), issues))?.query;
    let request = PageRequest { limit: MOST_MAPS, ..PageRequest::default() };
    let page = state.store.search(&caller.actor, &query, &request).await?;
    if page.has_next() {
        return Err(StoreError::TooCostly(format!("more than {MOST_MAPS} maps could be asked: name one by url")).into());
    }
    let read = |body: &str| Json::parse(body).map(Json::into_owned);
    let mut maps = Vec::new();
    for stored in &page.matches {
        maps.push(read(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?);
    }
    maps.sort_by(|a, b| {
        let version = |map: &Json<'_>| map.str_at("version").unwrap_or_default().to_owned();
        compare_versions(&version(b), &version(a))
    });
    Ok(maps)
}

async fn answer(
    state: &State,
    caller: &Caller,
    asked: &Asked,
    mut maps: Vec<Json<'static>>,
) -> Result<Response, Failure> {
    let reverse = asked.flag("reverse")?.unwrap_or(false);
    let target_system = asked.text("targetsystem")?;
    let mut codes: Vec<(String, String)> = Vec::new();
    let coding = |c: &Json<'_>| {
        let part = |name: &str| c.str_at(name).map(ToOwned::to_owned);
        part("system")
            .zip(part("code"))
            .ok_or_else(|| refused(IssueType::Required, "a coding needs system and code".into()))
    };
    match (asked.text("code")?, asked.one("coding")?, asked.one("codeableConcept")?) {
        (Some(code), None, None) => codes.push((asked.needed("system")?.to_owned(), code.to_owned())),
        (None, Some(given), None) => codes.push(coding(given)?),
        (None, None, Some(concept)) => {
            for given in concept.get("coding").map_or(&[][..], Json::items) {
                codes.push(coding(given)?);
            }
        }
        _ => return Err(Failure::bad("give one of code, coding and codeableConcept")),
    }
    let mut found: Vec<(Mapped, Option<String>)> = Vec::new();
    let mut followed = 0;
    while !maps.is_empty() {
        let map = maps.remove(0);
        for (system, code) in &codes {
            let mapping = Mapping { system, code, target_system, reverse };
            for mapped in translate(&map, &mapping) {
                match &mapped.other_map {
                    Some(other) => {
                        followed += 1;
                        if followed > MAX_MAPS {
                            return Err(StoreError::TooCostly(format!(
                                "the maps lead over more than {MAX_MAPS} others"
                            ))
                            .into());
                        }
                        maps.extend(self::maps(state, caller, &[("url", other)]).await?.into_iter().take(1));
                    }
                    None => found.push((mapped, map.str_at("url").map(ToOwned::to_owned))),
                }
            }
        }
    }
    let result = found.iter().any(|(mapped, _)| mapped.is_match());
    let mut answer = Answer::default();
    answer.push("result", "valueBoolean", Json::from(result));
    if !result {
        answer.text("message", "valueString", Some("no map says what the code is there"));
    }
    for (mapped, source) in &found {
        let mut parts = vec![valued("equivalence", "valueCode", Json::from(mapped.equivalence.clone()))];
        if let Some(code) = &mapped.code {
            let concept =
                super::coding(mapped.system.as_deref(), mapped.version.as_deref(), code, mapped.display.as_deref());
            parts.push(valued("concept", "valueCoding", concept));
        }
        parts.extend(source.iter().map(|url| valued("source", "valueUri", Json::from(url.clone()))));
        answer.parts("match", parts);
    }
    Ok(answer.response())
}
