//! The kick-off of `$export`: <https://hl7.org/fhir/uv/bulkdata/STU2/export.html>. It keeps a job; what becomes of it is told by
//! [`crate::fhir::job`].

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use chrono::{DateTime, Utc};
use entity::role::Interaction;
use entity::store::{Associated, Export, Lookup, TypeFilter, Whose};
use entity::{Actor, StoreError};
use fhir::search::parse::Handling;
use fhir::search::registry;
use fhir::summary::is_element;
use fhir::temporal::{self, Zone};
use fhir::{Issue, IssueType, ResourceType};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::group::members;
use super::{inputs, once};
use crate::auth::Caller;
use crate::bundle::by_newest;
use crate::fhir::failure::issues_status;
use crate::fhir::job::{is_ndjson, kept, wants_async};
use crate::fhir::prefer::Prefer;
use crate::fhir::{Base, Failure, Response, State, pairs, resource_type};

/// Most patients of one export by name.
const MAX_PATIENTS: usize = 10_000;
const ASSOCIATED: &str = "includeAssociatedData";
/// What may be given, with words for who reads of it.
pub(in crate::fhir) const PARAMETERS: [(&str, &str); 7] = [
    ("_outputFormat", "application/fhir+ndjson"),
    ("_since", "changed after this instant; deletions are told"),
    ("_until", "changed before this instant"),
    ("_type", "the types, separated by commas"),
    ("_typeFilter", "searches, of which resources of their type meet one"),
    ("_elements", "the elements, separated by commas"),
    (ASSOCIATED, "LatestProvenanceResources or RelevantProvenanceResources"),
];
/// Where patients may be named, by POST.
const PATIENT: &str = "patient";

/// The parts of a request.
type Asked = (Method, Uri, HeaderMap, Body);

pub(in crate::fhir) async fn of_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    kick_off(&state, base, &caller, Level::System, (method, uri, headers, content)).await
}

pub(in crate::fhir) async fn of_patients(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    kick_off(&state, base, &caller, Level::Patients, (method, uri, headers, content)).await
}

#[expect(clippy::too_many_arguments, reason = "the parts of a request")]
pub(in crate::fhir) async fn of_group(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(id): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    kick_off(&state, base, &caller, Level::Group(id), (method, uri, headers, content)).await
}

enum Level {
    System,
    Patients,
    Group(String),
}

async fn kick_off(
    state: &State,
    base: Base,
    caller: &Caller,
    level: Level,
    (method, uri, headers, content): Asked,
) -> Result<Response, Failure> {
    if !caller.actor.may_move_bulk() {
        let text = "an export is for programs: accounts of the role system";
        return Err(Failure::Status(StatusCode::FORBIDDEN, vec![Issue::error(IssueType::Forbidden, text)]));
    }
    wants_async(&headers)?;
    let mut known: Vec<&str> = PARAMETERS.iter().map(|(name, _)| *name).collect();
    known.extend(Some(PATIENT).filter(|_| !matches!(level, Level::System)));
    let given = inputs(&uri, &headers, content, &known).await?;
    if method == Method::GET && given.iter().any(|(name, _)| name == PATIENT) {
        return Err(Failure::bad("patient is given in Parameters, by POST"));
    }
    let prefer = Prefer::of(&headers);
    let export = export(state, caller, level, &given, prefer.handling()).await?;
    let path = uri.path_and_query().map_or("", |p| p.as_str());
    let url = format!("{}{path}", state.public_url);
    let begun = kept(state, base, caller, async |id| {
        state.store.begin_export(&caller.actor, &caller.request, id, &url, &export).await
    });
    let mut response = begun.await?;
    prefer.handled(response.headers_mut());
    Ok(response)
}

/// What is asked for, checked as far as it can be before the work.
async fn export(
    state: &State,
    caller: &Caller,
    level: Level,
    given: &[(String, String)],
    handling: Handling,
) -> Result<Export, Failure> {
    if let Some(format) = once(given, "_outputFormat")?
        && !is_ndjson(&format.replace(' ', "+"))
    {
        return Err(refused("_outputFormat is application/fhir+ndjson"));
    }
    let listed = |name: &str| {
        let values = given.iter().filter(|(n, _)| n == name).flat_map(|(_, v)| v.split(','));
        values.filter(|v| !v.is_empty()).map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    let whose = match &level {
        Level::System => Whose::Everything,
        Level::Patients if given.iter().any(|(n, _)| n == "patient") => Whose::Patients(patients(given)?),
        Level::Patients => Whose::EveryPatient,
        Level::Group(id) => Whose::Patients(of_members(state, caller, id, given).await?),
    };
    if let Whose::Patients(ids) = &whose
        && ids.len() > MAX_PATIENTS
    {
        return Err(StoreError::TooCostly(format!("an export is of at most {MAX_PATIENTS} patients by name")).into());
    }
    let (associated, ignored) = associated(&listed(ASSOCIATED), handling)?;
    let mut types = types(state, &caller.actor, &whose, &listed("_type")).await?;
    if associated != Associated::Nothing {
        require(&caller.actor, ResourceType::Provenance)?;
    }
    let named = given.iter().any(|(n, _)| n == "_type");
    let along = match associated {
        Associated::Nothing => false,
        // No other goes out, whatever the types.
        Associated::LatestProvenance => true,
        Associated::RelevantProvenance => !named,
    };
    types.retain(|ty| !along || *ty != ResourceType::Provenance);
    let mut filters = Vec::new();
    for (_, value) in given.iter().filter(|(n, _)| n == "_typeFilter") {
        for part in searches(value) {
            let (name, query) =
                part.split_once('?').ok_or_else(|| Failure::bad("_typeFilter is of the form Type?parameters"))?;
            let ty = resource_type(name)?;
            if along && ty == ResourceType::Provenance {
                return Err(Failure::bad(&format!("Provenance goes along by {ASSOCIATED} and is not filtered")));
            }
            if !types.contains(&ty) && named {
                return Err(Failure::bad(&format!("_typeFilter is of {ty}, which _type does not name")));
            }
            filters.push(TypeFilter { resource_type: name.to_owned(), parameters: pairs(query)? });
        }
    }
    let elements = listed("_elements");
    let provenance = Some(ResourceType::Provenance).filter(|_| associated != Associated::Nothing);
    let out = || types.iter().copied().chain(provenance);
    if let Some(element) = elements.iter().find(|e| !out().any(|ty| is_element(ty, e))) {
        return Err(Failure::bad(&format!("_elements: no exported type has {element}")));
    }
    let export = Export {
        whose,
        types: types.iter().map(|ty| ty.name().to_owned()).collect(),
        since: instant(given, "_since")?,
        until: instant(given, "_until")?,
        filters,
        elements,
        associated,
        ignored,
    };
    let checked = by_newest(&state.store, |added| export.check(caller.request.now, added)).await?;
    checked.map_err(|issues| Failure::Status(issues_status(&issues), issues))?;
    Ok(export)
}

/// The Provenance that goes along, and, of who takes that, what is not done. All of them include the latest.
fn associated(values: &[String], handling: Handling) -> Result<(Associated, Vec<String>), Failure> {
    let (mut associated, mut ignored) = (Associated::Nothing, Vec::new());
    for value in values {
        match (value.as_str(), associated) {
            ("RelevantProvenanceResources", _) => associated = Associated::RelevantProvenance,
            ("LatestProvenanceResources", Associated::Nothing) => associated = Associated::LatestProvenance,
            ("LatestProvenanceResources", _) => {}
            (other, _) => ignored.push(format!(
                "{ASSOCIATED}={other} is not supported; LatestProvenanceResources and RelevantProvenanceResources are"
            )),
        }
    }
    if let Some(text) = ignored.first().filter(|_| handling == Handling::Strict) {
        return Err(refused(text));
    }
    Ok((associated, ignored))
}

fn require(actor: &Actor, resource_type: ResourceType) -> Result<(), Failure> {
    for interaction in [Interaction::Read, Interaction::Search] {
        if !actor.may(interaction, resource_type) {
            return Err(StoreError::Forbidden { interaction: interaction.code(), resource_type }.into());
        }
    }
    Ok(())
}

fn refused(text: &str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::NotSupported, text)])
}

/// The types that are named, or those of the level that there is anything of and that the caller may have.
async fn types(state: &State, actor: &Actor, whose: &Whose, named: &[String]) -> Result<Vec<ResourceType>, Failure> {
    let of_level = |ty: ResourceType| *whose == Whose::Everything || registry::in_patient_compartment(ty);
    if named.is_empty() {
        let mut types = state.store.searchable_types(actor).await?;
        types.retain(|ty| of_level(*ty) && actor.may(Interaction::Read, *ty));
        types.sort_unstable_by_key(|ty| ty.name());
        return Ok(types);
    }
    let mut types = Vec::new();
    for name in named {
        let ty = resource_type(name)?;
        if !of_level(ty) {
            return Err(refused(&format!("{ty} is of no patient: it is exported from the system")));
        }
        require(actor, ty)?;
        if !types.contains(&ty) {
            types.push(ty);
        }
    }
    Ok(types)
}

/// The patients given by name.
fn patients(given: &[(String, String)]) -> Result<Vec<String>, Failure> {
    let ids = given.iter().filter(|(n, _)| n == "patient").map(|(_, value)| match fhir::reference::relative(value) {
        Some((ResourceType::Patient, id, None)) => Ok(id.to_owned()),
        _ => Err(Failure::bad("patient is of the form Patient/id")),
    });
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The members of the group, or those of them given by name.
async fn of_members(
    state: &State,
    caller: &Caller,
    id: &str,
    given: &[(String, String)],
) -> Result<Vec<String>, Failure> {
    let resource_type = ResourceType::Group;
    let group = match state.store.read(&caller.actor, resource_type, id).await? {
        Lookup::Found(stored) => stored.body,
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type, id: id.to_owned() }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type, id: id.to_owned() }.into()),
    };
    let all = members(&group, caller.request.now)?;
    let named = patients(given)?;
    if named.is_empty() {
        return Ok(all);
    }
    match named.iter().find(|id| !all.contains(id)) {
        Some(id) => Err(Failure::bad(&format!("Patient/{id} is no member of the group"))),
        None => Ok(named),
    }
}

fn instant(given: &[(String, String)], name: &str) -> Result<Option<DateTime<Utc>>, Failure> {
    let Some(text) = once(given, name)? else { return Ok(None) };
    let wrong = |e: &dyn std::fmt::Display| Failure::bad(&format!("{name}: {e}"));
    // A plus sign in a query means a space.
    let low = temporal::parse(&text.replace(' ', "+"), Zone::default()).map_err(|e| wrong(&e))?.low;
    DateTime::from_timestamp_micros(low).map(Some).ok_or_else(|| wrong(&"out of range"))
}

/// The searches of a `_typeFilter`: separated by commas, which may also stand in them. A new one begins with a type and a question mark.
fn searches(value: &str) -> Vec<&str> {
    let begins = |rest: &str| {
        rest.split_once('?').is_some_and(|(name, _)| {
            name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphabetic())
        })
    };
    let (mut all, mut start) = (Vec::new(), 0);
    for (at, _) in value.match_indices(',') {
        if begins(&value[at + 1..]) {
            all.push(&value[start..at]);
            start = at + 1;
        }
    }
    all.push(&value[start..]);
    all
}

/// The answer to a kick-off: where the job is told of.
pub(in crate::fhir) fn accepted(place: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    let place = HeaderValue::from_str(place).expect("a URL of ours is a header value");
    response.headers_mut().insert(header::CONTENT_LOCATION, place);
    response
}

#[cfg(test)]
mod tests {
    use super::searches;

    #[test]
    fn filters_are_split_where_a_new_one_begins() {
        for (value, parts) in [
            ("Observation?code=a,b", vec!["Observation?code=a,b"]),
            ("Observation?code=a,b,Patient?active=true", vec!["Observation?code=a,b", "Patient?active=true"]),
            ("Observation?code=http://a|B,c", vec!["Observation?code=http://a|B,c"]),
            ("Condition?x=1,Condition?x=2", vec!["Condition?x=1", "Condition?x=2"]),
            ("", vec![""]),
        ] {
            assert_eq!(searches(value), parts, "{value}");
        }
    }
}
