//! `$everything` of a patient or an encounter, and of the members of a group and of all patients, one after the other:
//! <https://hl7.org/fhir/R4/patient-operation-everything.html>, <https://hl7.org/fhir/R4/group-operation-everything.html>. The compartment
//! page by page, each page with the practitioners, organizations, locations and medications it refers to; nothing that is about another
//! patient.

use std::fmt::Write as _;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use entity::role::Interaction;
use entity::store::{Included, Lookup, MAX_INCLUDED, Page, PageRequest, Stored};
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, MAX_COUNT, parse};
use fhir::search::query::{Clause, Modifier, Operand, Query, ReferenceOperand, Summary};
use fhir::search::registry;
use fhir::summary::Subset;
use fhir::{Issue, IssueType, ResourceType};
use http::{HeaderMap, StatusCode, Uri};

use super::{group, inputs, once};
use crate::auth::Caller;
use crate::fhir::failure::issues_status;
use crate::fhir::{Base, Failure, PAGE, Response, State, encoded, json, resource_type, search};

/// Matches per page when the client does not say.
const DEFAULT_COUNT: u32 = 100;
/// How many patients without anything are passed by in one answer.
const MOST_PASSED: usize = 50;

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

pub(in crate::fhir) async fn of_group(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let resource_type = ResourceType::Group;
    let members = match state.store.read(&caller.actor, resource_type, &id).await? {
        Lookup::Found(stored) => group::members(&stored.body, caller.request.now)?,
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type, id }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type, id }.into()),
    };
    let asked = Asked::read(&uri, &headers, content, ResourceType::Patient).await?;
    let path = format!("Group/{id}/$everything");
    of_many(&state, base, &caller, asked, &path, Some(members)).await
}

pub(in crate::fhir) async fn of_all(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, ResourceType::Patient).await?;
    of_many(&state, base, &caller, asked, "Patient/$everything", None).await
}

/// What is asked of one owner or of many.
struct Asked {
    given: Vec<(String, String)>,
    count: u32,
    token: Option<String>,
    types: Vec<ResourceType>,
}

impl Asked {
    async fn read(uri: &Uri, headers: &HeaderMap, content: Body, owner: ResourceType) -> Result<Self, Failure> {
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
        let token = once(&given, PAGE)?;
        let named: Vec<String> =
            given.iter().filter(|(n, _)| n == "_type").flat_map(|(_, v)| v.split(',')).map(ToOwned::to_owned).collect();
        let types = named.iter().map(|name| resource_type(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { given, count: count.min(MAX_COUNT), token, types })
    }

    fn wants(&self, ty: ResourceType) -> bool {
        self.types.is_empty() || self.types.contains(&ty)
    }

    /// What limits the resources.
    fn limits(&self) -> impl Iterator<Item = &(String, String)> {
        self.given.iter().filter(|(n, _)| n != "_count" && n != PAGE)
    }

    fn link(&self, base_url: &str, path: &str, token: Option<&str>) -> String {
        let mut url = format!("{base_url}/{path}?_count={}", self.count);
        for (name, value) in self.limits() {
            let _ = write!(url, "&{name}={}", encoded(value));
        }
        if let Some(token) = token {
            let _ = write!(url, "&{PAGE}={token}");
        }
        url
    }

    /// A page of what belongs to one owner.
    async fn page(
        &self,
        state: &State,
        caller: &Caller,
        owner: ResourceType,
        id: &str,
        token: Option<String>,
    ) -> Result<Page, Failure> {
        let (store, actor) = (&state.store, &caller.actor);
        let mut queries = Vec::new();
        for ty in store.searchable_types(actor).await? {
            let inside =
                ty == owner || ty != ResourceType::Patient && !registry::compartment_parameters(owner, ty).is_empty();
            if inside && self.wants(ty) {
                queries.extend(of_type(ty, owner, id, &self.given, caller)?);
            }
        }
        let scope = format!("{owner}/{id}/$everything {:?}", self.limits().collect::<Vec<_>>());
        let request = PageRequest { limit: self.count, token, ..PageRequest::default() };
        Ok(store.search_several(actor, &queries, &scope, self.types.is_empty(), &request).await?)
    }

    /// What a page refers to, and what is to be said of it.
    async fn referred(
        &self,
        state: &State,
        caller: &Caller,
        owner: ResourceType,
        page: &Page,
    ) -> Result<(Vec<Stored>, Vec<Issue>), Failure> {
        let patient = (owner != ResourceType::Patient).then_some(ResourceType::Patient);
        let types: Vec<ResourceType> = REFERRED.into_iter().chain(patient).filter(|ty| self.wants(*ty)).collect();
        let Included { resources, cut } = state.store.referred(&caller.actor, &page.matches, &types).await?;
        let mut warnings = Vec::new();
        if cut {
            let text = format!("not everything that is referred to is included: at most {MAX_INCLUDED} resources are");
            warnings.push(Issue::warning(IssueType::TooCostly, text));
        }
        Ok((resources, warnings))
    }
}

/// Where the pages of many patients stand: at which of them, and at which page of theirs.
#[derive(serde::Serialize, serde::Deserialize)]
struct Place {
    path: String,
    limits: String,
    /// Of a group the number of the member; of all patients the place in their list.
    whose: Option<String>,
    within: Option<String>,
}

/// What belongs to each of the members, or to each patient there is, patient by patient: a page is of one of them.
async fn of_many(
    state: &State,
    base: Base,
    caller: &Caller,
    asked: Asked,
    path: &str,
    members: Option<Vec<String>>,
) -> Result<Response, Failure> {
    let (store, actor) = (&state.store, &caller.actor);
    if !actor.may(Interaction::Search, ResourceType::Patient) {
        let interaction = Interaction::Search.code();
        return Err(StoreError::Forbidden { interaction, resource_type: ResourceType::Patient }.into());
    }
    let limits = format!("{:?}", asked.limits().collect::<Vec<_>>());
    let mut place = match &asked.token {
        None => Place { path: path.to_owned(), limits: limits.clone(), whose: None, within: None },
        Some(token) => serde_json::from_str::<Place>(&store.opened(actor, token)?)
            .ok()
            .filter(|place| place.path == path && place.limits == limits)
            .ok_or(StoreError::BadToken)?,
    };
    let (mut page, mut next) = (Page::default(), None);
    for passed in 0.. {
        let (id, after) = whose(state, caller, members.as_deref(), place.whose.as_deref()).await?;
        let Some(id) = id else { break };
        page = asked.page(state, caller, ResourceType::Patient, &id, place.within.take()).await?;
        next = match (page.next(), after) {
            (Some(within), _) => Some(Place { within: Some(within), whose: place.whose.clone(), ..copy(&place) }),
            (None, Some(after)) => Some(Place { whose: Some(after), ..copy(&place) }),
            (None, None) => None,
        };
        match next.take() {
            Some(following) if page.matches.is_empty() && passed < MOST_PASSED => place = following,
            end => {
                next = end;
                break;
            }
        }
    }
    let (resources, warnings) = asked.referred(state, caller, ResourceType::Patient, &page).await?;
    let base_url = format!("{}{}", state.public_url, base.0);
    let mut links = vec![("self", asked.link(&base_url, path, asked.token.as_deref()))];
    if let Some(place) = next {
        let text = serde_json::to_string(&place).map_err(|e| StoreError::Internal(e.to_string()))?;
        links.push(("next", asked.link(&base_url, path, Some(&store.sealed(actor, &text)))));
    }
    let subset = Subset { summary: Summary::False, elements: &[] };
    let text =
        search::bundle(&base_url, None, &links, &page.matches, &resources, &warnings, &subset, &search::no_distance)?;
    Ok(json(StatusCode::OK, text))
}

/// The same search, at no place yet.
fn copy(place: &Place) -> Place {
    Place { path: place.path.clone(), limits: place.limits.clone(), whose: None, within: None }
}

/// The patient at a place, and the place of the one behind; no patient at the end.
async fn whose(
    state: &State,
    caller: &Caller,
    members: Option<&[String]>,
    at: Option<&str>,
) -> Result<(Option<String>, Option<String>), Failure> {
    if let Some(members) = members {
        let at: usize = at.map_or(Ok(0), str::parse).map_err(|_| StoreError::BadToken)?;
        let after = (at + 1 < members.len()).then(|| (at + 1).to_string());
        return Ok((members.get(at).cloned(), after));
    }
    let request = PageRequest { limit: 1, token: at.map(ToOwned::to_owned), ..PageRequest::default() };
    let found = state.store.search(&caller.actor, &Query::new(ResourceType::Patient), &request).await?;
    Ok((found.matches.first().map(|patient| patient.id.clone()), found.next()))
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
    let asked = Asked::read(uri, headers, content, owner).await?;
    match state.store.read(&caller.actor, owner, &id).await? {
        Lookup::Found(_) => {}
        Lookup::Deleted { .. } => return Err(StoreError::Gone { resource_type: owner, id }.into()),
        Lookup::Absent => return Err(StoreError::NotFound { resource_type: owner, id }.into()),
    }
    let page = asked.page(state, caller, owner, &id, asked.token.clone()).await?;
    let (resources, warnings) = asked.referred(state, caller, owner, &page).await?;
    let base_url = format!("{}{}", state.public_url, base.0);
    let link = |token: Option<&str>| asked.link(&base_url, &format!("{owner}/{id}/$everything"), token);
    let mut links = vec![("self", link(asked.token.as_deref()))];
    links.extend(page.next().as_deref().map(|t| ("next", link(Some(t)))));
    links.extend(page.previous().as_deref().map(|t| ("previous", link(Some(t)))));
    let subset = Subset { summary: Summary::False, elements: &[] };
    let text =
        search::bundle(&base_url, None, &links, &page.matches, &resources, &warnings, &subset, &search::no_distance)?;
    Ok(json(StatusCode::OK, text))
}

/// What of a type belongs to the owner: by one search, or by two that have nothing in common.
fn of_type(
    ty: ResourceType,
    owner: ResourceType,
    id: &str,
    given: &[(String, String)],
    caller: &Caller,
) -> Result<Vec<Query>, Failure> {
    let read = |pairs: &[(String, String)]| {
        let parsed = parse(ty, pairs, Handling::Strict, caller.request.now, &Options::default());
        parsed.map(|p| p.query).map_err(|issues| Failure::Status(issues_status(&issues), issues))
    };
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let since = once(given, "_since")?.map(|since| pair("_lastUpdated", format!("ge{since}")));
    let mut query = read(since.as_slice())?;
    query.applied.clear();
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
    let with =
        |clauses: Vec<Clause>| Query { all: clauses.into_iter().chain(query.all.clone()).collect(), ..query.clone() };
    if ty == owner {
        // Others of its type are in the compartment by links to it.
        return Ok(vec![with(read(&[pair("_id", id.to_owned())])?.all)]);
    }
    let compartment = || Clause::Compartment { owner, id: id.to_owned() };
    let about: Vec<_> =
        registry::patient_parameters(ty).iter().filter_map(|code| registry::parameter(ty, code)).collect();
    if owner != ResourceType::Patient || about.is_empty() {
        return Ok(vec![with(vec![compartment()])]);
    }
    // In the compartment as who performed or recorded something about somebody else: not this patient's.
    let refers = |param| {
        let own = ReferenceOperand::Local { types: vec![ResourceType::Patient], id: id.to_owned(), version: None };
        Clause::Param { param, modifier: Modifier::None, any: vec![Operand::Reference(own)] }
    };
    let of_nobody = Clause::And(about.iter().map(|param| Clause::Missing { param, missing: true }).collect());
    let inside = registry::compartment_parameters(owner, ty);
    if let Some(of) =
        about.iter().find(|param| inside.contains(&param.code)).filter(|_| !registry::several_patients(ty))
    {
        let others = inside.iter().filter_map(|code| registry::parameter(ty, code));
        let others: Vec<Clause> = others.filter(|param| !about.contains(param)).map(refers).collect();
        let rest = (!others.is_empty()).then(|| with(vec![Clause::Or(others), of_nobody]));
        return Ok([with(vec![refers(of)])].into_iter().chain(rest).collect());
    }
    let any = about.iter().map(|param| refers(param)).chain([of_nobody]).collect();
    Ok(vec![with(vec![compartment(), Clause::Or(any)])])
}
