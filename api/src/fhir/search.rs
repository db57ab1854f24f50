//! Search over a type, several types or a compartment: <https://hl7.org/fhir/R4/search.html>. A parameter that cannot be applied exactly
//! is refused; in lenient handling it is left out visibly.
//!
//! What was sent as a form does not come back in a URL: the links of its pages carry it sealed ([`SEALED`]).

use std::fmt::Write as _;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::store::{Count, Included, MAX_INCLUDED, Page, PageRequest, Stored};
use entity::{Actor, Store, StoreError};
use fhir::outcome::operation_outcome;
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::matcher::distance_km_between;
use fhir::search::parse::{Handling, Parsed, is_single, parse};
use fhir::search::query::{Clause, Include, Operand, Query, Summary, Total};
use fhir::search::registry;
use fhir::summary::Subset;
use fhir::ucum::SYSTEM as UCUM;
use fhir::{Issue, IssueType, Json, ResourceType};
use http::{HeaderMap, StatusCode, Uri, header};

use super::failure::issues_status;
use super::format::Wanted;
use super::prefer::Prefer;
use super::{Base, Failure, PAGE, Response, State, encoded, json, pairs, resource_type};
use crate::auth::Caller;

/// Matches per page when the client does not say.
const DEFAULT_COUNT: u32 = 20;
/// Up to this many matches are counted without being asked.
const CHEAP_COUNT: u32 = 1000;
/// The parameter that carries a search that was sent as a form: path, question mark, query, with the page.
const SEALED: &str = "_sealed";
/// Within a sealed search: the name of one that is kept because it is too long for a link.
const KEPT: &str = "_kept";
/// Longest search that stands in a link itself, in bytes.
const IN_LINK: usize = 8 << 10;
/// Longest form of a POST search, in bytes.
const FORM_LIMIT: usize = 64 << 10;

/// Of R4: how far a match is from the place that was searched for.
const LOCATION_DISTANCE: &str = "http://hl7.org/fhir/StructureDefinition/location-distance";

/// What is searched.
enum Scope {
    Type(ResourceType),
    System,
    /// The compartment of an owner; `None` for all its members.
    Compartment {
        owner: ResourceType,
        id: String,
        member: Option<ResourceType>,
    },
}

impl Scope {
    /// Below the base.
    fn path(&self) -> String {
        match self {
            Self::Type(ty) => format!("/{ty}"),
            Self::System => String::new(),
            Self::Compartment { owner, id, member } => {
                format!("/{owner}/{id}/{}", member.map_or("*", ResourceType::name))
            }
        }
    }
}

/// The types that have a compartment (R4 CompartmentDefinition).
pub(super) const OWNERS: [ResourceType; 5] = [
    ResourceType::Patient,
    ResourceType::Encounter,
    ResourceType::Practitioner,
    ResourceType::RelatedPerson,
    ResourceType::Device,
];

pub(super) async fn get(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let scope = Scope::Type(resource_type(&name)?);
    answer(&state, base, &caller, &scope, asked(&state, &caller, &scope, &uri).await?, &headers).await
}

pub(super) async fn get_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let asked = asked(&state, &caller, &Scope::System, &uri).await?;
    answer(&state, base, &caller, &Scope::System, asked, &headers).await
}

pub(super) async fn get_compartment(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path((owner, id, member)): Path<(String, String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let owner = resource_type(&owner)?;
    let member = if member == "*" { None } else { Some(resource_type(&member)?) };
    let inside = |m: ResourceType| m == owner || !registry::compartment_parameters(owner, m).is_empty();
    if !OWNERS.contains(&owner) || member.is_some_and(|m| !inside(m)) {
        return Err(super::no_place(uri).await);
    }
    let scope = Scope::Compartment { owner, id, member };
    let asked = asked(&state, &caller, &scope, &uri).await?;
    answer(&state, base, &caller, &scope, asked, &headers).await
}

pub(super) async fn post(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let scope = Scope::Type(resource_type(&name)?);
    let asked = Asked { pairs: form(&uri, &headers, content).await?, as_form: true };
    answer(&state, base, &caller, &scope, asked, &headers).await
}

pub(super) async fn post_system(
    Extract(state): Extract<State>,
    Extension(base): Extension<Base>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked { pairs: form(&uri, &headers, content).await?, as_form: true };
    answer(&state, base, &caller, &Scope::System, asked, &headers).await
}

/// What is asked, and whether it came as a form, or by a link to a page of such a search.
#[derive(Clone)]
struct Asked {
    pairs: Vec<(String, String)>,
    as_form: bool,
}

/// What a URL asks; a sealed search is opened, and one that is kept is looked up.
async fn asked(state: &State, caller: &Caller, scope: &Scope, uri: &Uri) -> Result<Asked, Failure> {
    let mut all = pairs(uri.query().unwrap_or_default())?;
    let Some(sealed) = take(&mut all, SEALED)? else { return Ok(Asked { pairs: all, as_form: false }) };
    if let Some((name, _)) = all.iter().find(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty")) {
        return Err(Failure::bad(&format!("{name} cannot be added to a link ({SEALED})")));
    }
    let opened = state.store.opened(&caller.actor, &sealed)?;
    let (path, query) = opened.split_once('?').ok_or(StoreError::BadToken)?;
    if path != scope.path() {
        return Err(StoreError::BadToken.into());
    }
    let mut opened = pairs(query)?;
    if let Some(name) = take(&mut opened, KEPT)? {
        let kept = state.store.kept_search(&caller.actor, &name, caller.request.now).await?;
        let kept = kept.ok_or_else(|| {
            let text = "the search of this link is not kept any more; it has to be sent again";
            Failure::Status(StatusCode::GONE, vec![Issue::error(IssueType::Expired, text)])
        })?;
        all.extend(pairs(&kept)?);
    }
    all.extend(opened);
    Ok(Asked { pairs: all, as_form: true })
}

/// The pairs of the URL, then those of the body.
async fn form(uri: &Uri, headers: &HeaderMap, content: Body) -> Result<Vec<(String, String)>, Failure> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if media.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        let issue = Issue::error(IssueType::NotSupported, "the body of a search is application/x-www-form-urlencoded");
        return Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, vec![issue]));
    }
    let form = axum::body::to_bytes(content, FORM_LIMIT).await.map_err(|_| {
        let issue =
            Issue::error(IssueType::TooLong, format!("the form has more than {FORM_LIMIT} bytes, or it broke off"));
        Failure::Status(StatusCode::PAYLOAD_TOO_LARGE, vec![issue])
    })?;
    let form = std::str::from_utf8(&form).map_err(|_| Failure::bad("the form is not UTF-8"))?;
    let mut all = pairs(uri.query().unwrap_or_default())?;
    all.extend(pairs(form)?);
    Ok(all)
}

/// How often a search is asked again because what may be searched by changed meanwhile.
pub(super) const TRIES: usize = 3;

async fn answer(
    state: &State,
    base: Base,
    caller: &Caller,
    scope: &Scope,
    asked: Asked,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let mut tries = 0;
    loop {
        let parameters = state.store.parameters();
        let lookup = Reading::of(&parameters.added);
        let answer = Box::pin(answer_by(state, base, caller, scope, asked.clone(), headers, &lookup)).await;
        tries += 1;
        // Asked afterwards: a parameter that was taken away while the page was read may have lost rows of it.
        if !lookup.went_beyond() || tries == TRIES || state.store.are_newest(&parameters).await? {
            return answer;
        }
    }
}

async fn answer_by(
    state: &State,
    base: Base,
    caller: &Caller,
    scope: &Scope,
    Asked { mut pairs, as_form }: Asked,
    headers: &HeaderMap,
    lookup: &Reading<'_>,
) -> Result<Response, Failure> {
    let token = take(&mut pairs, PAGE)?;
    let prefer = Prefer::of(headers);
    let base_url = format!("{}{}", state.public_url, base.0);
    let options = Options { base_url: Some(&base_url), added: Some(lookup), ..Options::default() };
    let search = Search::read(&state.store, caller, scope, pairs, prefer.handling(), &options).await?;
    let wanted = Wanted::of(search.format.as_deref(), search.pretty, headers)?;

    let common = &search.common;
    let limit = common.count.unwrap_or(DEFAULT_COUNT);
    let (store, actor) = (&state.store, &caller.actor);
    let rows = async {
        if limit == 0 || common.summary == Summary::Count {
            return Ok(Page::default());
        }
        let count_up_to = (common.total == Total::Default && token.is_none()).then_some(CHEAP_COUNT);
        let request = PageRequest { limit, token: token.clone(), count_up_to, ..PageRequest::default() };
        search.page(store, actor, &request).await
    };
    let (page, total) = if let Some(count) = search.count_beside(limit) {
        // Neither waits for the other: each is a statement of its own, and the count is mostly the longer one.
        let counted = Box::pin(store.count_several(actor, &search.queries, count));
        tokio::try_join!(rows, counted)?
    } else {
        let page = rows.await?;
        let total = search.total_behind(store, actor, token.is_none(), &page).await?;
        (page, total)
    };
    let (include, revinclude) = search.includes();
    let Included { resources: included, cut } = store.included(actor, &page.matches, &include, &revinclude).await?;
    let mut warnings = search.warnings.clone();
    if cut {
        let text =
            format!("not everything that was asked for is included: at most {MAX_INCLUDED} resources are, to depth 5");
        warnings.push(Issue::warning(IssueType::TooCostly, text));
    }

    let format = search.format.as_ref().map(|format| format!("&_format={}", encoded(format))).unwrap_or_default();
    let whole = search.query(limit, None);
    let kept =
        if whole.len() > IN_LINK { Some(store.keep_search(actor, &whole, caller.request.now).await?) } else { None };
    let path = scope.path();
    let link = |token: Option<&str>| {
        let query = match &kept {
            Some(name) => {
                let page = token.map(|t| format!("&{PAGE}={}", encoded(t))).unwrap_or_default();
                format!("{KEPT}={name}{page}")
            }
            None => search.query(limit, token),
        };
        let sealed = as_form || kept.is_some();
        let query =
            if sealed { format!("{SEALED}={}", store.sealed(actor, &format!("{path}?{query}"))) } else { query };
        format!("{base_url}{path}?{query}{format}")
    };
    let (next, previous) = (page.next(), page.previous());
    let mut links = vec![("self", link(token.as_deref()))];
    if token.is_some() {
        links.push(("first", link(None)));
    }
    links.extend(next.as_deref().map(|t| ("next", link(Some(t)))));
    links.extend(previous.as_deref().map(|t| ("previous", link(Some(t)))));
    if next.is_none() && previous.is_none() {
        links.push(("last", link(None)));
    }
    let subset = Subset { summary: common.summary, elements: &common.elements };
    let near = near(common);
    let distance = |stored: &Stored| distance(&near, stored);
    let text = bundle(&base_url, total, &links, &page.matches, &included, &warnings, &subset, &distance)?;
    let mut response = json(StatusCode::OK, text);
    prefer.handled(response.headers_mut());
    response.extensions_mut().insert(wanted);
    Ok(response)
}

/// A search as understood: one query for each type.
struct Search {
    /// Path below the base.
    path: String,
    /// The types that were named, of a search over several.
    types: Option<String>,
    /// What was asked for beside the types, as given; for the links.
    applied: Vec<(String, String)>,
    queries: Vec<Query>,
    /// What concerns the answer as a whole; its conditions are those of one of the types.
    common: Query,
    warnings: Vec<Issue>,
    format: Option<String>,
    pretty: bool,
}

impl Search {
    async fn read(
        store: &Store,
        caller: &Caller,
        scope: &Scope,
        mut pairs: Vec<(String, String)>,
        handling: Handling,
        options: &Options<'_>,
    ) -> Result<Self, Failure> {
        once_each(&mut pairs);
        let mut given = None;
        let types = match scope {
            Scope::Type(ty) | Scope::Compartment { member: Some(ty), .. } => vec![*ty],
            Scope::System | Scope::Compartment { member: None, .. } => {
                given = take(&mut pairs, "_type")?;
                let mut types = match &given {
                    Some(names) => names.split(',').map(resource_type).collect::<Result<Vec<_>, _>>()?,
                    None => store.searchable_types(&caller.actor).await?,
                };
                if let Scope::Compartment { owner, .. } = scope {
                    types.retain(|ty| *ty == *owner || !registry::compartment_parameters(*owner, *ty).is_empty());
                }
                types.sort_unstable();
                types.dedup();
                types
            }
        };
        let mut search = Self {
            path: scope.path(),
            types: given.clone(),
            applied: Vec::new(),
            queries: Vec::new(),
            common: Query::new(ResourceType::Basic),
            warnings: Vec::new(),
            format: None,
            pretty: false,
        };
        let several = !matches!(scope, Scope::Type(_) | Scope::Compartment { member: Some(_), .. });
        // Without a type named, only what every type has can be meant. Any type tells whether the parameters can be read.
        let only_common = several && given.is_none();
        let tried: &[ResourceType] = if types.is_empty() { &[ResourceType::Basic] } else { &types };
        for ty in tried {
            let own = if several { includes_of(*ty, &types, &pairs, caller, options)? } else { pairs.clone() };
            let Parsed { mut query, warnings, format, pretty } =
                parse(*ty, &own, handling, caller.request.now, options)
                    .map_err(|issues| Failure::Status(issues_status(&issues), issues))?;
            if only_common {
                common_only(&query)?;
            }
            if let Scope::Compartment { owner, id, .. } = scope {
                query.all.push(Clause::Compartment { owner: *owner, id: id.clone() });
            }
            for warning in warnings {
                if !search.warnings.contains(&warning) {
                    search.warnings.push(warning);
                }
            }
            for pair in &query.applied {
                if !search.applied.contains(pair) {
                    search.applied.push(pair.clone());
                }
            }
            (search.format, search.pretty) = (format, pretty);
            search.common = query.clone();
            search.queries.push(query);
        }
        if types.is_empty() {
            search.queries.clear();
        }
        if search.common.summary == Summary::Text
            && search.queries.iter().any(|q| !q.include.is_empty() || !q.revinclude.is_empty())
        {
            return Err(Failure::bad("_summary=text does not go with _include and _revinclude"));
        }
        Ok(search)
    }

    async fn page(&self, store: &Store, actor: &Actor, request: &PageRequest) -> Result<Page, StoreError> {
        match &self.queries[..] {
            [one] => store.search(actor, one, request).await,
            several => {
                let conditions = self.applied.iter().filter(|(n, _)| !is_of_the_page(n));
                let scope = format!("{} {:?} {:?}", self.path, self.types, conditions.collect::<Vec<_>>());
                store.search_several(actor, several, &scope, self.types.is_none(), request).await
            }
        }
    }

    /// How matches are to be counted, where that depends on the question alone.
    fn count_beside(&self, limit: u32) -> Option<Count> {
        match self.common.total {
            Total::Estimate => Some(Count::Estimate),
            Total::Accurate => Some(Count::Exact),
            Total::None | Total::Default => {
                (limit == 0 || self.common.summary == Summary::Count).then_some(Count::Exact)
            }
        }
    }

    /// How many matches there are, where a page told it or they are quickly counted; a page behind the first does not say it again.
    async fn total_behind(
        &self,
        store: &Store,
        actor: &Actor,
        first: bool,
        page: &Page,
    ) -> Result<Option<u64>, StoreError> {
        if self.common.total == Total::None || !first {
            return Ok(None);
        }
        if !page.has_next() {
            return Ok(Some(page.matches.len() as u64));
        }
        match page.counted {
            Some(counted) => Ok(Some(counted).filter(|n| *n <= u64::from(CHEAP_COUNT))),
            None => store.count_several(actor, &self.queries, Count::UpTo(CHEAP_COUNT)).await,
        }
    }

    /// The include paths of all the queries, each once.
    fn includes(&self) -> (Vec<Include>, Vec<Include>) {
        let once = |of: fn(&Query) -> &Vec<Include>| {
            let mut all: Vec<Include> = Vec::new();
            for path in self.queries.iter().flat_map(of) {
                if !all.contains(path) {
                    all.push(path.clone());
                }
            }
            all
        };
        (once(|q| &q.include), once(|q| &q.revinclude))
    }

    /// What was applied, the page size included, as a query.
    fn query(&self, limit: u32, token: Option<&str>) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: &str| {
            let separator = if query.is_empty() { "" } else { "&" };
            let _ = write!(query, "{separator}{}={}", encoded(name), encoded(value));
        };
        if let Some(types) = &self.types {
            add("_type", types);
        }
        for (name, value) in self.applied.iter().filter(|(n, _)| n != "_count") {
            add(name, value);
        }
        add("_count", &limit.to_string());
        if let Some(token) = token {
            add(PAGE, token);
        }
        query
    }
}

/// Parameters that may differ from page to page.
fn is_of_the_page(name: &str) -> bool {
    ["_count", "_total", "_summary", "_elements"].contains(&name)
        || name.starts_with("_include")
        || name.starts_with("_revinclude")
}

/// The pairs for one of several types. An include path belongs to the types it can be read for; one that no type can read is refused.
fn includes_of(
    ty: ResourceType,
    types: &[ResourceType],
    pairs: &[(String, String)],
    caller: &Caller,
    options: &Options<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let reads = |ty: ResourceType, pair: &(String, String)| {
        parse(ty, std::slice::from_ref(pair), Handling::Strict, caller.request.now, options)
    };
    let mut own = Vec::new();
    for pair in pairs {
        let is_path = pair.0.starts_with("_include") || pair.0.starts_with("_revinclude");
        match if is_path { reads(ty, pair).err() } else { None } {
            None => own.push(pair.clone()),
            Some(issues) if types.iter().all(|t| reads(*t, pair).is_err()) => {
                return Err(Failure::Status(issues_status(&issues), issues));
            }
            Some(_) => {}
        }
    }
    Ok(own)
}

/// Without `_type`, only the parameters of every resource can be meant.
fn common_only(query: &Query) -> Result<(), Failure> {
    let own = query.applied.iter().find(|(name, _)| !name.starts_with('_') || name.starts_with("_has"));
    match own {
        Some((name, _)) => {
            let issue = Issue::error(
                IssueType::NotSupported,
                format!("\"{name}\" is no parameter of every type; name the types by _type"),
            );
            Err(Failure::Status(StatusCode::BAD_REQUEST, vec![issue]))
        }
        None => Ok(()),
    }
}

/// A condition that is stated twice is one: links state it once, and a page token is bound to what they state. What may be given
/// only once is refused all the same.
fn once_each(pairs: &mut Vec<(String, String)>) {
    let mut seen = std::collections::HashSet::new();
    pairs.retain(|pair| is_single(&pair.0) || pair.0 == "_type" || seen.insert(pair.clone()));
}

/// Takes the one value of a parameter out of the pairs.
fn take(pairs: &mut Vec<(String, String)>, wanted: &str) -> Result<Option<String>, Failure> {
    let mut found: Vec<String> = pairs.iter().filter(|(n, _)| n == wanted).map(|(_, v)| v.clone()).collect();
    pairs.retain(|(n, _)| n != wanted);
    if found.len() > 1 {
        return Err(Failure::bad(&format!("{wanted} is given twice")));
    }
    Ok(found.pop())
}

/// The points that matches are to be near to; empty for other searches.
fn near(query: &Query) -> Vec<(f64, f64)> {
    let points = query.all.iter().find_map(|clause| match clause {
        Clause::Param { param, any, .. } if param.code == "near" => Some(any),
        _ => None,
    });
    let point = |operand: &Operand| match operand {
        Operand::Near { latitude, longitude, .. } => Some((*latitude, *longitude)),
        _ => None,
    };
    points.map_or(&[][..], Vec::as_slice).iter().filter_map(point).collect()
}

/// Kilometres to the nearest of the points: <https://hl7.org/fhir/R4/location.html#positional>.
fn distance(points: &[(f64, f64)], stored: &Stored) -> Option<f64> {
    if points.is_empty() || stored.resource_type != ResourceType::Location {
        return None;
    }
    let document = Json::parse(&stored.body).ok()?;
    let position = document.get("position")?;
    let degrees = |name| position.get(name).and_then(Json::as_number).and_then(|n| n.parse::<f64>().ok());
    let here = (degrees("latitude")?, degrees("longitude")?);
    points.iter().map(|point| distance_km_between(*point, here)).min_by(f64::total_cmp)
}

/// A bundle of what no search by place found.
pub(super) fn no_distance(_: &Stored) -> Option<f64> {
    None
}

/// The bundle as text: whole bodies go in as they are. `distance` is told of matches, in kilometres, to the metre.
#[expect(clippy::too_many_arguments, reason = "the parts of one bundle")]
pub(super) fn bundle(
    base_url: &str,
    total: Option<u64>,
    links: &[(&str, String)],
    matches: &[Stored],
    included: &[Stored],
    warnings: &[Issue],
    subset: &Subset<'_>,
    distance: &dyn Fn(&Stored) -> Option<f64>,
) -> Result<String, Failure> {
    // An entry's url and mode are below 200 bytes: the text is not moved as it grows.
    let bodies: usize = matches.iter().chain(included).map(|s| s.body.len() + base_url.len() + 200).sum();
    let mut out = String::with_capacity(bodies + 4096);
    out.push_str(r#"{"resourceType":"Bundle","type":"searchset""#);
    if let Some(total) = total {
        let _ = write!(out, r#","total":{total}"#);
    }
    out.push_str(r#","link":["#);
    for (i, (relation, url)) in links.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let _ = write!(out, r#"{comma}{{"relation":"{relation}","url":"#);
        fhir::json::write_string(url, &mut out);
        out.push('}');
    }
    out.push(']');
    let modes = matches.iter().map(|s| (s, "match")).chain(included.iter().map(|s| (s, "include")));
    let mut empty = true;
    let mut begin = |out: &mut String| out.push_str(if std::mem::take(&mut empty) { r#","entry":["# } else { "," });
    for (stored, mode) in modes {
        begin(&mut out);
        // Piece by piece, without the formatter: a page may have a thousand entries.
        for piece in
            [r#"{"fullUrl":""#, base_url, "/", stored.resource_type.name(), "/", &stored.id, r#"","resource":"#]
        {
            out.push_str(piece);
        }
        out.push_str(&super::part(stored, subset, mode == "match")?);
        out.push_str(r#","search":{"#);
        if let Some(km) = distance(stored).filter(|_| mode == "match") {
            let _ = write!(
                out,
                r#""extension":[{{"url":"{LOCATION_DISTANCE}","valueDistance":{{"value":{km:.3},"unit":"km","system":"{UCUM}","code":"km"}}}}],"#,
            );
        }
        for piece in [r#""mode":""#, mode, r#""}}"#] {
            out.push_str(piece);
        }
    }
    if !warnings.is_empty() {
        begin(&mut out);
        let _ = write!(out, r#"{{"resource":{},"search":{{"mode":"outcome"}}}}"#, operation_outcome(warnings));
    }
    if !empty {
        out.push(']');
    }
    out.push('}');
    debug_assert!(Json::parse(&out).is_ok(), "a searchset is JSON");
    Ok(out)
}
