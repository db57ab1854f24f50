//! `Patient/$match`: <https://hl7.org/fhir/R4/patient-operation-match.html>. Candidates share an identifier, a telephone number or address,
//! or two of name and birth date with what is asked; `fhir::same_patient` weighs them. Nothing is merged.

use std::collections::BTreeMap;

use axum::Extension;
use axum::body::Body;
use axum::extract::State as Extract;
use entity::StoreError;
use entity::store::{PageRequest, Stored};
use fhir::json::Object;
use fhir::same_patient::{Agreement, Grade, agreement};
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode};

use crate::auth::Caller;
use crate::fhir::failure::issues_status;
use crate::fhir::{Base, Failure, RESOURCE_LIMIT, Response, State, body, json};

/// Most candidates of one way to find them.
const MOST: u32 = 1000;

/// What is asked for.
struct Asked {
    patient: Json<'static>,
    only_certain: bool,
    count: usize,
}

pub(in crate::fhir) async fn handle(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let text = body(&headers, content, RESOURCE_LIMIT).await?;
    let asked = read(&text)?;
    let mut candidates: BTreeMap<String, Stored> = BTreeMap::new();
    let ways = ways(&asked.patient);
    if ways.is_empty() {
        return Err(Failure::bad(
            "the patient has nothing to be found by: identifier, telecom, or two of given name, family name and birth date",
        ));
    }
    for pairs in &ways {
        let read = parse(ResourceType::Patient, pairs, Handling::Strict, caller.request.now, &Options::default());
        let query = read.map_err(|issues| Failure::Status(issues_status(&issues), issues))?.query;
        let request = PageRequest { limit: MOST, ..PageRequest::default() };
        let page = state.store.search(&caller.actor, &query, &request).await?;
        if page.has_next() {
            let names: Vec<&str> = pairs.iter().map(|(n, _)| n.as_str()).collect();
            let text =
                format!("more than {MOST} patients have the same {}: tell more of the patient", names.join(" and "));
            return Err(StoreError::TooCostly(text).into());
        }
        candidates.extend(page.matches.into_iter().map(|m| (m.id.clone(), m)));
    }
    let mut found: Vec<(Agreement, Json<'_>)> = Vec::new();
    for stored in candidates.values() {
        let document =
            Json::parse(&stored.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
        let agreed = agreement(&asked.patient, &document);
        if agreed.grade() > Grade::CertainlyNot {
            found.push((agreed, document));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.grade().cmp(&a.grade()).then(b.score().total_cmp(&a.score())));
    // Two who are certain are not: one of them is somebody else, or a double.
    let certain = found.iter().filter(|(a, _)| a.grade() == Grade::Certain).count();
    let grade = |a: &Agreement| if certain > 1 { a.grade().min(Grade::Probable) } else { a.grade() };
    if asked.only_certain {
        found.retain(|(a, _)| grade(a) == Grade::Certain);
    }
    let total = found.len();
    let base_url = format!("{}{}", state.public_url, base.0);
    let entries: Vec<Json<'_>> = found
        .into_iter()
        .take(asked.count)
        .map(|(a, document)| entry(&base_url, document, grade(&a), a.score()))
        .collect();
    let mut bundle = Object::new();
    bundle.push("resourceType", Json::from("Bundle"));
    bundle.push("type", Json::from("searchset"));
    bundle.push("total", Json::from(total as i64));
    if !entries.is_empty() {
        bundle.push("entry", Json::Array(entries));
    }
    Ok(json(StatusCode::OK, Json::Object(bundle).to_text()))
}

fn entry<'d>(base_url: &str, document: Json<'d>, grade: Grade, score: f64) -> Json<'d> {
    let mut extension = Object::new();
    extension.push("url", Json::from("http://hl7.org/fhir/StructureDefinition/match-grade"));
    extension.push("valueCode", Json::from(grade.code()));
    let mut search = Object::new();
    search.push("extension", Json::Array(vec![Json::Object(extension)]));
    search.push("mode", Json::from("match"));
    search.push("score", Json::Number(format!("{score:.4}").into()));
    let mut entry = Object::new();
    let id = document.str_at("id").unwrap_or_default();
    entry.push("fullUrl", Json::from(format!("{base_url}/Patient/{id}")));
    entry.push("resource", document);
    entry.push("search", Json::Object(search));
    Json::Object(entry)
}

fn read(text: &str) -> Result<Asked, Failure> {
    let bad = |code, text: String| Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(code, text)]);
    let document = Json::parse(text).map_err(|e| bad(IssueType::Structure, e.to_string()))?.into_owned();
    let (mut patient, mut only_certain, mut count) = (None, false, 100);
    match document.str_at("resourceType") {
        Some("Patient") => patient = Some(document),
        Some("Parameters") => {
            for parameter in document.get("parameter").map_or(&[][..], Json::items) {
                match parameter.str_at("name") {
                    Some("resource") => patient = parameter.get("resource").cloned(),
                    Some("onlyCertainMatches") => {
                        let flag = parameter.get("valueBoolean").and_then(Json::as_bool);
                        only_certain = flag.ok_or_else(|| Failure::bad("onlyCertainMatches is a boolean"))?;
                    }
                    Some("count") => {
                        let number = parameter.get("valueInteger").and_then(Json::as_number);
                        let number = number.and_then(|n| n.parse::<usize>().ok()).filter(|n| *n > 0);
                        count =
                            number.ok_or_else(|| Failure::bad("count is a positive whole number"))?.min(MOST as usize);
                    }
                    other => {
                        let text = format!("the parameter {} is not supported here", other.unwrap_or("without name"));
                        return Err(bad(IssueType::NotSupported, text));
                    }
                }
            }
        }
        _ => return Err(bad(IssueType::Structure, "the body is Parameters with a Patient as resource".into())),
    }
    let patient = patient.filter(|p| p.str_at("resourceType") == Some("Patient"));
    let patient = patient.ok_or_else(|| bad(IssueType::Required, "resource, a Patient, is not given".into()))?;
    Ok(Asked { patient, only_certain, count })
}

/// The searches that find candidates.
fn ways(patient: &Json<'_>) -> Vec<Vec<(String, String)>> {
    let escaped = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            if matches!(c, '\\' | ',' | '|' | '$') {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    let items = |name: &str| patient.get(name).map_or(&[][..], Json::items).iter();
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let mut ways = Vec::new();
    for identifier in items("identifier") {
        if let (Some(system), Some(value)) = (identifier.str_at("system"), identifier.str_at("value")) {
            ways.push(vec![pair("identifier", format!("{}|{}", escaped(system), escaped(value)))]);
        }
    }
    for value in items("telecom").filter_map(|t| t.str_at("value")) {
        ways.push(vec![pair("telecom", escaped(value))]);
    }
    let birth = patient.str_at("birthDate").map(|date| pair("birthdate", date.to_owned()));
    for name in items("name") {
        let family = name.str_at("family").map(|f| pair("family", escaped(f)));
        let given = name.get("given").and_then(|g| g.items().first()).and_then(Json::as_str);
        let given = given.map(|g| pair("given", escaped(g)));
        for (a, b) in [(&family, &given), (&family, &birth), (&given, &birth)] {
            if let (Some(a), Some(b)) = (a, b) {
                ways.push(vec![a.clone(), b.clone()]);
            }
        }
    }
    ways
}
