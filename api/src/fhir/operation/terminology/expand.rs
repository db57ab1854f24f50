//! `ValueSet/$expand`: <https://hl7.org/fhir/R4/valueset-operation-expand.html>. The expansion is flat.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use fhir::json::Object;
use fhir::terminology::{Designation, Hit, ValueSet, Wanted};
use fhir::{IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::{Asked, refused, stored};
use crate::auth::Caller;
use crate::fhir::{Failure, Response, State, json};

pub(in crate::fhir) const KNOWN: [&str; 10] = [
    "url",
    "valueSet",
    "valueSetVersion",
    "filter",
    "offset",
    "count",
    "activeOnly",
    "includeDesignations",
    "displayLanguage",
    "excludeNested",
];

pub(in crate::fhir) async fn of_type(
    Extract(state): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &KNOWN, Some(("ValueSet", "valueSet"))).await?;
    let (set, document) = named_set(&state, &caller, &asked).await?;
    answer(&state, &caller, &asked, &set, document).await
}

pub(in crate::fhir) async fn of_instance(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &KNOWN[3..], None).await?;
    let document = stored(&state, &caller, ResourceType::ValueSet, &id).await?;
    let set = ValueSet::read(&document).map_err(entity::StoreError::from)?;
    answer(&state, &caller, &asked, &set, Some(document)).await
}

/// The set that is given, or named by url, and its document where it was given.
pub(super) async fn named_set(
    state: &State,
    caller: &Caller,
    asked: &Asked,
) -> Result<(Arc<ValueSet>, Option<Json<'static>>), Failure> {
    if let Some(given) = asked.one("valueSet")? {
        if asked.has("url") {
            return Err(Failure::bad("give either url or valueSet"));
        }
        let set = ValueSet::read(given).map_err(entity::StoreError::from)?;
        return Ok((Arc::new(set), Some(given.clone())));
    }
    let url = asked.needed("url")?;
    let name = match asked.text("valueSetVersion")? {
        Some(version) => format!("{url}|{version}"),
        None => url.to_owned(),
    };
    let set = state.store.value_set(&caller.actor, &name).await?;
    let set = set.ok_or_else(|| refused(IssueType::NotFound, format!("the value set {name} is not known here")))?;
    Ok((set, None))
}

async fn answer(
    state: &State,
    caller: &Caller,
    asked: &Asked,
    set: &ValueSet,
    document: Option<Json<'static>>,
) -> Result<Response, Failure> {
    let wanted = Wanted {
        filter: asked.text("filter")?.map(ToOwned::to_owned),
        active_only: asked.flag("activeOnly")?.unwrap_or(false),
        offset: asked.number("offset")?.unwrap_or(0),
        count: asked.number("count")?,
    };
    // A flat expansion has nothing nested.
    asked.flag("excludeNested")?;
    let designations = asked.flag("includeDesignations")?.unwrap_or(false);
    let language = asked.text("displayLanguage")?;
    let library = state.store.library(&caller.actor, &[], &[set]).await?;
    let expansion = library.expand(set, &wanted).map_err(entity::StoreError::from)?;

    let mut told = Vec::new();
    let mut tell = |name: &'static str, member: &'static str, value: Json<'static>| {
        told.push(super::valued(name, member, value));
    };
    if let Some(filter) = &wanted.filter {
        tell("filter", "valueString", Json::from(filter.clone()));
    }
    if wanted.active_only {
        tell("activeOnly", "valueBoolean", Json::from(true));
    }
    if let Some(count) = wanted.count {
        tell("count", "valueInteger", Json::from(count as i64));
        tell("offset", "valueInteger", Json::from(wanted.offset as i64));
    }
    let mut used: Vec<String> =
        expansion.hits.iter().filter_map(|h| Some(format!("{}|{}", h.system?, h.version?))).collect();
    used.sort_unstable();
    used.dedup();
    for system in used {
        tell("version", "valueUri", Json::from(system));
    }
    let mut part = Object::new();
    part.push("identifier", Json::from(format!("urn:uuid:{}", caller.request.ids.nth(0))));
    part.push("timestamp", Json::from(caller.request.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)));
    part.push("total", Json::from(expansion.total as i64));
    if wanted.count.is_some() {
        part.push("offset", Json::from(wanted.offset as i64));
    }
    if !told.is_empty() {
        part.push("parameter", Json::Array(told));
    }
    let contains: Vec<_> = expansion.hits.iter().map(|h| contained(h, designations, language)).collect();
    if !contains.is_empty() {
        part.push("contains", Json::Array(contains));
    }
    let mut result = if let Some(Json::Object(given)) = document {
        given
    } else {
        let mut own = Object::new();
        own.push("resourceType", Json::from("ValueSet"));
        let members = [("url", &set.url), ("version", &set.version), ("name", &set.name), ("title", &set.title)];
        for (name, value) in members {
            if let Some(value) = value {
                own.push(name, Json::from(value.clone()));
            }
        }
        own.push("status", Json::from("active"));
        own
    };
    for definition in ["compose", "text", "expansion"] {
        result.remove(definition);
    }
    result.push("expansion", Json::Object(part));
    Ok(json(StatusCode::OK, Json::Object(result).to_text()))
}

fn contained(hit: &Hit<'_>, with_designations: bool, language: Option<&str>) -> Json<'static> {
    let mut entry = Object::new();
    let mut text = |name: &'static str, value: Option<&str>| {
        if let Some(value) = value {
            entry.push(name, Json::from(value.to_owned()));
        }
    };
    text("system", hit.system);
    text("version", hit.version);
    text("code", Some(hit.code));
    text("display", display(hit, language));
    if hit.concept.is_some_and(|c| c.is_abstract) {
        entry.push("abstract", Json::from(true));
    }
    if hit.concept.is_some_and(|c| c.inactive) {
        entry.push("inactive", Json::from(true));
    }
    if with_designations {
        let all: Vec<_> = designations(hit).map(designation).collect();
        if !all.is_empty() {
            entry.push("designation", Json::Array(all));
        }
    }
    Json::Object(entry)
}

/// All other names of a code: the set's and the system's.
fn designations<'h>(hit: &Hit<'h>) -> impl Iterator<Item = &'h Designation> {
    hit.designations.iter().chain(hit.concept.map_or(&[][..], |c| &c.designations))
}

/// The name in that language where there is one.
pub(super) fn display<'h>(hit: &Hit<'h>, language: Option<&str>) -> Option<&'h str> {
    let same =
        |own: &str, wanted: &str| own == wanted || own.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('-'));
    let translated = language
        .and_then(|wanted| designations(hit).find(|d| d.language.as_deref().is_some_and(|own| same(own, wanted))));
    translated.map(|d| d.value.as_str()).or(hit.display)
}

pub(super) fn designation(of: &Designation) -> Json<'static> {
    let mut out = Object::new();
    if let Some(language) = &of.language {
        out.push("language", Json::from(language.clone()));
    }
    if let Some(r#use) = &of.r#use {
        out.push("use", r#use.clone());
    }
    out.push("value", Json::from(of.value.clone()));
    Json::Object(out)
}
