//! `$everything` of a patient or an encounter: <https://hl7.org/fhir/R4/patient-operation-everything.html>. The compartment page by
//! page, each page with the practitioners, organizations, locations and medications it refers to; nothing that is about another patient.

use std::fmt::Write as _;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::role::Interaction;
use entity::store::{Included, Lookup, MAX_INCLUDED, PageRequest};
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, MAX_COUNT, parse};
use fhir::search::query::{Clause, Include, Modifier, Operand, Query, ReferenceOperand, Summary};
use fhir::search::registry;
use fhir::summary::Subset;
use fhir::{Issue, IssueType, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::{inputs, once};
use crate::auth::Caller;
use crate::fhir::failure::issues_status;
use crate::fhir::{Base, Failure, PAGE, Response, State, encoded, json, resource_type, search};

/// Matches per page when the client does not say.
const DEFAULT_COUNT: u32 = 100;

/// What a record refers to and is of no patient.
const REFERRED: [ResourceType; 5] = [
    ResourceType::Practitioner,
    ResourceType::PractitionerRole,
    ResourceType::Organization,
    ResourceType::Location,
    ResourceType::Medication,
];

pub(in crate::fhir) async fn of_patient(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    answer(&state, base, &caller, ResourceType::Patient, id, &uri, &headers, content).await
}

pub(in crate::fhir) async fn of_encounter(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    answer(&state, base, &caller, ResourceType::Encounter, id, &uri, &headers, content).await
}

#[expect(clippy::too_many_arguments, reason = "the parts of a request")]
async fn answer(
    state: &State,
    base: Base,
    caller: &Caller,
    owner: ResourceType,
    id: String,
    uri: &Uri,
    headers: &HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let known: &[&str] = match owner {
        ResourceType::Patient => &["start", "end", "_since", "_type", "_count", PAGE],
        _ => &["_since", "_type", "_count", PAGE],
    };
    let given = inputs(uri, headers, content, known).await?;
    let count = match once(&given, "_count")? {
        Some(text) => text
            .parse::<u32>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| Failure::bad("_count is a positive whole number"))?,
        None => DEFAULT_COUNT,
    };
    let count = count.min(MAX_COUNT);
    let token = once(&given, PAGE)?;
    let named: Vec<String> =
        given.iter().filter(|(n, _)| n == "_type").flat_map(|(_, v)| v.split(',')).map(ToOwned::to_owned).collect();
    let named = named.iter().map(|name| resource_type(name)).collect::<Result<Vec<_>, _>>()?;
    let wanted = |ty: ResourceType| named.is_empty() || named.contains(&ty);

    let (store, actor) = (&state.store, &caller.actor);
    match store.read(actor, owner, &id).await? {
        Lookup::Found(_) => {}
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type: owner, id }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type: owner, id }.into()),
    }
    let mut queries = Vec::new();
    for ty in store.searchable_types(actor).await? {
        let inside =
            ty == owner || ty != ResourceType::Patient && !registry::compartment_parameters(owner, ty).is_empty();
        if inside && wanted(ty) {
            queries.push(query(ty, owner, &id, &given, caller)?);
        }
    }
    let scope = format!(
        "{owner}/{id}/$everything {:?}",
        given.iter().filter(|(n, _)| n != "_count" && n != PAGE).collect::<Vec<_>>()
    );
    let request = PageRequest { limit: count, token: token.clone(), ..PageRequest::default() };
    let page = store.search_several(actor, &queries, &scope, &request).await?;
    let referred = REFERRED.into_iter().chain((owner != ResourceType::Patient).then_some(ResourceType::Patient));
    let include: Vec<Include> = referred
        .filter(|ty| wanted(*ty) && actor.may(Interaction::Read, *ty))
        .map(|ty| Include { source: None, param: None, target: Some(ty), iterate: false })
        .collect();
    let Included { resources, cut } = store.included(actor, &page.matches, &include, &[]).await?;
    let mut warnings = Vec::new();
    if cut {
        let text = format!("not everything that is referred to is included: at most {MAX_INCLUDED} resources are");
        warnings.push(Issue::warning(IssueType::TooCostly, text));
    }

    let base_url = format!("{}{}", state.public_url, base.0);
    let link = |token: Option<&str>| {
        let mut url = format!("{base_url}/{owner}/{id}/$everything?_count={count}");
        for (name, value) in given.iter().filter(|(n, _)| n != "_count" && n != PAGE) {
            let _ = write!(url, "&{name}={}", encoded(value));
        }
        if let Some(token) = token {
            let _ = write!(url, "&{PAGE}={token}");
        }
        url
    };
    let mut links = vec![("self", link(token.as_deref()))];
    links.extend(page.next().as_deref().map(|t| ("next", link(Some(t)))));
    links.extend(page.previous().as_deref().map(|t| ("previous", link(Some(t)))));
    let subset = Subset { summary: Summary::False, elements: &[] };
    let text =
        search::bundle(&base_url, None, &links, &page.matches, &resources, &warnings, &subset, &search::no_distance)?;
    Ok(json(StatusCode::OK, text))
}

/// What of a type belongs to the owner.
fn query(
    ty: ResourceType,
    owner: ResourceType,
    id: &str,
    given: &[(String, String)],
    caller: &Caller,
) -> Result<Query, Failure> {
    let read = |pairs: &[(String, String)]| {
        let parsed = parse(ty, pairs, Handling::Strict, caller.request.now, &Options::default());
        parsed.map(|p| p.query).map_err(|issues| Failure::Status(issues_status(&issues), issues))
    };
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let since = once(given, "_since")?.map(|since| pair("_lastUpdated", format!("ge{since}")));
    let mut query = read(since.as_slice())?;
    // Dates of care; what has no date is of every time.
    let dates = [("ge", once(given, "start")?), ("le", once(given, "end")?)];
    if let Some(date) = registry::primary_date(ty).and_then(|code| registry::parameter(ty, code)) {
        let pairs: Vec<_> =
            dates.into_iter().filter_map(|(p, d)| Some(pair(date.code, format!("{p}{}", d?)))).collect();
        let within = read(&pairs)?.all;
        if !within.is_empty() {
            query.all.push(Clause::Or(vec![Clause::And(within), Clause::Missing { param: date, missing: true }]));
        }
    }
    if ty == owner {
        // Others of its type are in the compartment by links to it.
        query.all.extend(read(&[pair("_id", id.to_owned())])?.all);
    } else {
        query.all.push(Clause::Compartment { owner, id: id.to_owned() });
    }
    if owner == ResourceType::Patient && ty != owner {
        // In the compartment as who performed or recorded something about somebody else: not this patient's.
        let about: Vec<_> =
            registry::patient_parameters(ty).iter().filter_map(|code| registry::parameter(ty, code)).collect();
        if !about.is_empty() {
            let patient = || {
                let own =
                    ReferenceOperand::Local { types: vec![ResourceType::Patient], id: id.to_owned(), version: None };
                vec![Operand::Reference(own)]
            };
            let mut any: Vec<Clause> =
                about.iter().map(|param| Clause::Param { param, modifier: Modifier::None, any: patient() }).collect();
            any.push(Clause::And(about.iter().map(|param| Clause::Missing { param, missing: true }).collect()));
            query.all.push(Clause::Or(any));
        }
    }
    query.applied.clear();
    Ok(query)
}
