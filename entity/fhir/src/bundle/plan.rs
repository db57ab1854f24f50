//! The plan of a bundle and its resolution.

use std::collections::{HashMap, HashSet};

use crate::bundle::rewrite::{Place, rewrite};
use crate::outcome::{Issue, IssueType};
use crate::reference;
use crate::{Json, ResourceType};

/// Most entries of a bundle.
pub const MAX_ENTRIES: usize = 10_000;
/// Most criteria of a bundle: conditional entries and conditional references together.
pub const MAX_CONDITIONAL: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Batch,
    Transaction,
}

/// What a bundle asks for, in request order, before anything was looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'a> {
    pub kind: Kind,
    /// The position in the bundle of the first of `entries`.
    pub first: usize,
    /// By position in the bundle. Only a batch has entries that failed; a transaction with one is refused as a whole.
    pub entries: Vec<Result<Entry<'a>, Vec<Issue>>>,
    /// The searches to be done first; [`Plan::resolve`] takes their answers in this order.
    pub needs: Vec<Need>,
    /// What is worth telling, such as an unresolvable `urn:uuid` in a batch.
    pub warnings: Vec<Issue>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    pub action: Action<'a>,
    pub conditions: Conditions,
    pub full_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Action<'a> {
    /// `id` is the id it will get, unless `ifNoneExist` finds another.
    Create {
        resource_type: ResourceType,
        id: String,
        resource: Json<'a>,
    },
    /// `new_id` is for criteria without match and a body without id.
    Update {
        target: Target,
        new_id: String,
        resource: Json<'a>,
    },
    /// The body is FHIRPath Patch `Parameters`, or a `Binary` that holds a JSON Patch.
    Patch {
        target: Target,
        body: Json<'a>,
    },
    Delete {
        target: Target,
    },
    /// Path and query below the base, as given.
    Read {
        url: String,
        head: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Id {
        resource_type: ResourceType,
        id: String,
    },
    /// The query string as given, still encoded.
    Criteria {
        resource_type: ResourceType,
        criteria: String,
    },
}

/// The conditions of an entry's request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The version of `ifMatch`.
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
    pub if_none_exist: Option<String>,
}

/// A search whose result decides what an entry or a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub resource_type: ResourceType,
    /// The query string as given, still encoded.
    pub criteria: String,
    /// The (first) entry that asks.
    pub entry: usize,
    pub purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Create,
    Update,
    Patch,
    Delete,
    /// A conditional reference: exactly one resource must match, of the server or of the bundle.
    Reference,
}

/// What a [`Need`]'s search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    None,
    One(String),
    Many,
    /// The criteria cannot be used (empty, unknown parameter …).
    Unusable(Vec<Issue>),
}

/// What is to be done, in the order of doing it: DELETE, POST, PUT and PATCH, GET and HEAD; a batch in request order.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved<'a> {
    pub kind: Kind,
    /// The position in the bundle, where the answer goes, with the work or (in a batch) why there is none.
    pub work: Vec<(usize, Result<Work<'a>, Vec<Issue>>)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Work<'a> {
    /// The resource has its id.
    Create {
        resource_type: ResourceType,
        id: String,
        resource: Json<'a>,
    },
    /// `ifNoneExist` found this one: 200, nothing is written.
    Exists {
        resource_type: ResourceType,
        id: String,
    },
    /// Update, or creation when there is no such resource.
    Update {
        resource_type: ResourceType,
        id: String,
        resource: Json<'a>,
        if_match: Option<String>,
        /// Criteria found nothing, so a live resource under this id is a conflict.
        is_new: bool,
    },
    Patch {
        resource_type: ResourceType,
        id: String,
        body: Json<'a>,
        if_match: Option<String>,
    },
    Delete {
        resource_type: ResourceType,
        id: String,
        if_match: Option<String>,
    },
    /// A conditional delete without match: 204.
    Nothing,
    Read {
        url: String,
        head: bool,
        if_none_match: Option<String>,
        if_modified_since: Option<String>,
    },
}

impl Work<'_> {
    /// The resource that is written, if any.
    pub fn writes(&self) -> Option<(ResourceType, &str)> {
        match self {
            Self::Create { resource_type, id, .. }
            | Self::Update { resource_type, id, .. }
            | Self::Patch { resource_type, id, .. }
            | Self::Delete { resource_type, id, .. } => Some((*resource_type, id)),
            Self::Exists { .. } | Self::Nothing | Self::Read { .. } => None,
        }
    }
}

fn at(entry: usize, code: IssueType, text: impl std::fmt::Display) -> Issue {
    Issue::error(code, format!("Bundle.entry[{entry}]: {text}")).at(format!("Bundle.entry[{entry}]"))
}

/// Reads a bundle. `base_url` is our own base without a slash at the end; `ids` makes the ids of new resources.
///
/// # Errors
/// All that is wrong with the bundle, or with any entry of a transaction.
pub fn plan<'a>(
    mut bundle: Json<'a>,
    base_url: Option<&str>,
    ids: &mut dyn FnMut() -> String,
) -> Result<Plan<'a>, Vec<Issue>> {
    let whole = |code, text: String| vec![Issue::error(code, text).at("Bundle")];
    if bundle.str_at("resourceType") != Some("Bundle") {
        return Err(whole(IssueType::Structure, "a Bundle was expected".into()));
    }
    let kind = match bundle.str_at("type") {
        Some("batch") => Kind::Batch,
        Some("transaction") => Kind::Transaction,
        other => {
            let other = other.unwrap_or("nothing");
            return Err(whole(IssueType::Value, format!("Bundle.type is batch or transaction here, not \"{other}\"")));
        }
    };
    let entries = match bundle.as_object_mut().and_then(|o| o.remove("entry")) {
        Some(Json::Array(entries)) => entries,
        None => Vec::new(),
        Some(_) => return Err(whole(IssueType::Structure, "Bundle.entry is an array".into())),
    };
    if entries.len() > MAX_ENTRIES {
        return Err(whole(IssueType::TooLong, format!("the bundle has over {MAX_ENTRIES} entries")));
    }
    let mut plan =
        Plan { kind, first: 0, entries: Vec::with_capacity(entries.len()), needs: Vec::new(), warnings: Vec::new() };
    let mut full_urls: HashMap<String, usize> = HashMap::new();
    for (index, json) in entries.into_iter().enumerate() {
        let mut entry = read_entry(index, json, base_url, ids);
        if let Some(url) = entry.as_ref().ok().and_then(|e| e.full_url.clone())
            && let Some(first) = full_urls.insert(url, index)
        {
            entry = Err(vec![at(index, IssueType::Invalid, format!("has the fullUrl of Bundle.entry[{first}]"))]);
        }
        plan.entries.push(entry);
    }
    plan.collect_needs(&full_urls);
    if plan.needs.len() > MAX_CONDITIONAL {
        return Err(whole(IssueType::TooCostly, format!("the bundle has over {MAX_CONDITIONAL} conditions")));
    }
    if kind == Kind::Transaction {
        let mut issues: Vec<Issue> = plan.entries.iter().filter_map(|e| e.as_ref().err()).flatten().cloned().collect();
        issues.extend(plan.twice());
        if !issues.is_empty() {
            return Err(issues);
        }
    }
    Ok(plan)
}

fn read_entry<'a>(
    index: usize,
    mut json: Json<'a>,
    base_url: Option<&str>,
    ids: &mut dyn FnMut() -> String,
) -> Result<Entry<'a>, Vec<Issue>> {
    let fail = |code, text: String| Err(vec![at(index, code, text)]);
    let Some(members) = json.as_object_mut() else {
        return fail(IssueType::Structure, "is not an object".into());
    };
    let resource = members.remove("resource");
    let full_url = members.get("fullUrl").and_then(Json::as_str).map(ToOwned::to_owned);
    let Some(request) = members.get("request") else {
        return fail(IssueType::Required, "has no request".into());
    };
    let (Some(method), Some(url)) = (request.str_at("method"), request.str_at("url")) else {
        return fail(IssueType::Required, "its request has no method or no url".into());
    };
    let path = base_url.and_then(|b| url.strip_prefix(b)).unwrap_or(url);
    let path = path.strip_prefix('/').unwrap_or(path);
    let text = |name| request.str_at(name).map(ToOwned::to_owned);
    let if_match = match request.str_at("ifMatch").map(|tag| (tag, version_of(tag))) {
        None => None,
        Some((_, Some(version))) => Some(version.to_owned()),
        Some((tag, None)) => return fail(IssueType::Value, format!("ifMatch is of the form W/\"1\", not {tag}")),
    };
    let conditions = Conditions {
        if_match,
        if_none_match: text("ifNoneMatch"),
        if_modified_since: text("ifModifiedSince"),
        if_none_exist: text("ifNoneExist"),
    };
    if conditions.if_none_exist.is_some() && method != "POST" {
        return fail(IssueType::Invalid, "ifNoneExist belongs to POST".into());
    }
    if matches!(method, "GET" | "HEAD") {
        if path.is_empty() {
            return fail(IssueType::Value, "its url is empty".into());
        }
        let action = Action::Read { url: path.to_owned(), head: method == "HEAD" };
        return Ok(Entry { action, conditions, full_url });
    }
    let (target, named) = match target(path) {
        Ok(found) => found,
        Err((code, reason)) => return fail(code, format!("{method} {url}: {reason}")),
    };
    let resource_type = match &target {
        Some(Target::Id { resource_type, .. } | Target::Criteria { resource_type, .. }) => *resource_type,
        None => named,
    };
    let body =
        |what: &str| resource.ok_or_else(|| vec![at(index, IssueType::Required, format!("{method} needs {what}"))]);
    let typed = |resource: &Json<'a>| match resource.str_at("resourceType") {
        Some(name) if name == resource_type.name() => Ok(()),
        name => Err(vec![at(
            index,
            IssueType::Invalid,
            format!("its resource is {}, its url says {resource_type}", name.unwrap_or("without resourceType")),
        )]),
    };
    let action = match (method, target) {
        ("POST", None) => {
            let resource = body("a resource")?;
            typed(&resource)?;
            Action::Create { resource_type, id: ids(), resource }
        }
        ("POST", Some(_)) => return fail(IssueType::Invalid, format!("POST goes to a type, not to {url}")),
        ("PUT", Some(target)) => {
            let resource = body("a resource")?;
            typed(&resource)?;
            match (&target, resource.str_at("id")) {
                (Target::Id { id, .. }, Some(own)) if id == own => {}
                (Target::Id { .. }, own) => {
                    let own = own.unwrap_or("missing");
                    return fail(IssueType::Invalid, format!("the id of its resource is {own}, its url is {url}"));
                }
                (Target::Criteria { .. }, Some(own)) if !reference::is_id(own) => {
                    return fail(IssueType::Value, format!("\"{own}\" is no id"));
                }
                (Target::Criteria { .. }, _) => {}
            }
            Action::Update { target, new_id: ids(), resource }
        }
        ("PATCH", Some(target)) => {
            let body = body("Parameters or a Binary with a patch")?;
            if !matches!(body.str_at("resourceType"), Some("Parameters" | "Binary")) {
                return fail(IssueType::Structure, "a patch is Parameters, or a Binary with a JSON Patch".into());
            }
            Action::Patch { target, body }
        }
        ("DELETE", Some(target)) => Action::Delete { target },
        ("PUT" | "PATCH" | "DELETE", None) => {
            return fail(IssueType::Invalid, format!("{method} needs an id or criteria, not {url}"));
        }
        _ => return fail(IssueType::Value, format!("\"{method}\" is no method")),
    };
    Ok(Entry { action, conditions, full_url })
}

/// The version of `W/"3"`.
fn version_of(tag: &str) -> Option<&str> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    quoted.strip_prefix('"')?.strip_suffix('"').filter(|v| reference::is_id(v))
}

/// `Type`, `Type/id` or `Type?criteria`, as what is meant and the type.
fn target(path: &str) -> Result<(Option<Target>, ResourceType), (IssueType, String)> {
    let (place, criteria) = path.split_once('?').map_or((path, None), |(p, c)| (p, Some(c)));
    let (name, id) = place.split_once('/').map_or((place, None), |(n, i)| (n, Some(i)));
    let Some(resource_type) = ResourceType::named(name) else {
        return Err((IssueType::NotSupported, format!("\"{name}\" is no resource type")));
    };
    let target = match (id, criteria) {
        (None, None) => None,
        (None, Some("")) => return Err((IssueType::Value, "the criteria are empty".into())),
        (None, Some(criteria)) => Some(Target::Criteria { resource_type, criteria: criteria.to_owned() }),
        (Some(id), None) if reference::is_id(id) => Some(Target::Id { resource_type, id: id.to_owned() }),
        (Some(id), None) if id.starts_with(['_', '$']) => {
            return Err((IssueType::NotSupported, "not in a bundle".into()));
        }
        (Some(id), _) => return Err((IssueType::Value, format!("\"{id}\" is no id"))),
    };
    Ok((target, resource_type))
}

impl<'a> Plan<'a> {
    fn collect_needs(&mut self, full_urls: &HashMap<String, usize>) {
        let transaction = self.kind == Kind::Transaction;
        let (mut needs, mut warnings): (Vec<Need>, Vec<Issue>) = (Vec::new(), Vec::new());
        let mut known: HashSet<(ResourceType, String)> = HashSet::new();
        for (index, slot) in self.entries.iter_mut().enumerate() {
            let Ok(entry) = slot else { continue };
            let mut need = |purpose, resource_type, criteria: &str| {
                needs.push(Need { resource_type, criteria: criteria.to_owned(), entry: index, purpose });
            };
            let document = match &mut entry.action {
                Action::Create { resource_type, resource, .. } => {
                    if let Some(criteria) = &entry.conditions.if_none_exist {
                        need(Purpose::Create, *resource_type, criteria.trim_start_matches('?'));
                    }
                    Some(resource)
                }
                Action::Update { target, resource, .. } => {
                    if let Target::Criteria { resource_type, criteria } = target {
                        need(Purpose::Update, *resource_type, criteria);
                    }
                    Some(resource)
                }
                Action::Patch { target, body } => {
                    if let Target::Criteria { resource_type, criteria } = target {
                        need(Purpose::Patch, *resource_type, criteria);
                    }
                    Some(body)
                }
                Action::Delete { target: Target::Criteria { resource_type, criteria } } => {
                    need(Purpose::Delete, *resource_type, criteria);
                    None
                }
                Action::Delete { .. } | Action::Read { .. } => None,
            };
            let Some(document) = document else { continue };
            let mut faults = Vec::new();
            rewrite(document, &mut |text, place| {
                if place != Place::Reference {
                    return None;
                }
                match reference::parse(text, None) {
                    reference::Target::Conditional { .. } if !transaction => {
                        let text = format!("the conditional reference {text} needs a transaction");
                        faults.push(at(index, IssueType::NotSupported, text));
                    }
                    reference::Target::Conditional { resource_type, criteria }
                        if known.insert((resource_type, criteria.to_owned())) =>
                    {
                        need(Purpose::Reference, resource_type, criteria);
                    }
                    reference::Target::Urn(urn) if transaction && !full_urls.contains_key(urn) => {
                        faults.push(at(
                            index,
                            IssueType::Invalid,
                            format!("no entry has the fullUrl {urn} that it refers to"),
                        ));
                    }
                    reference::Target::Urn(urn) if !transaction => {
                        let text =
                            format!("Bundle.entry[{index}]: entries of a batch cannot refer to each other ({urn})");
                        warnings
                            .push(Issue::warning(IssueType::Informational, text).at(format!("Bundle.entry[{index}]")));
                    }
                    _ => {}
                }
                None
            });
            if !faults.is_empty() {
                *slot = Err(faults);
            }
        }
        needs.retain(|n| self.entries[n.entry].is_ok());
        self.needs = needs;
        self.warnings = warnings;
    }

    /// The entries of a batch as plans of their own, each with its own needs.
    pub fn singles(self) -> impl Iterator<Item = Self> {
        let Self { kind, first, entries, needs, .. } = self;
        entries.into_iter().enumerate().map(move |(offset, entry)| {
            let place = first + offset;
            let needs = needs.iter().filter(|n| n.entry == place).cloned().collect();
            Self { kind, first: place, entries: vec![entry], needs, warnings: Vec::new() }
        })
    }

    /// Issues for the resources that are named twice before anything is looked up.
    fn twice(&self) -> Vec<Issue> {
        let mut seen: HashMap<(ResourceType, &str), usize> = HashMap::new();
        let mut issues = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let Ok(Action::Update { target, .. } | Action::Patch { target, .. } | Action::Delete { target }) =
                entry.as_ref().map(|e| &e.action)
            else {
                continue;
            };
            if let Target::Id { resource_type, id } = target
                && let Some(first) = seen.insert((*resource_type, id), index)
            {
                issues.push(same(index, first, *resource_type, id));
            }
        }
        issues
    }

    /// Says what to do, given the `answers` to [`Plan::needs`] in their order. `matches` tells whether a resource that the bundle
    /// itself writes meets the criteria of a conditional reference.
    ///
    /// # Errors
    /// For a transaction: criteria that match too many or too few, and resources that are written twice.
    ///
    /// # Panics
    /// When there are not as many answers as needs.
    pub fn resolve(
        self,
        answers: &[Answer],
        matches: &mut dyn FnMut(&Need, &Json<'_>) -> bool,
    ) -> Result<Resolved<'a>, Vec<Issue>> {
        assert_eq!(answers.len(), self.needs.len(), "an answer for each need");
        let transaction = self.kind == Kind::Transaction;
        let of_entry: HashMap<usize, &Answer> = self
            .needs
            .iter()
            .zip(answers)
            .filter(|(n, _)| n.purpose != Purpose::Reference)
            .map(|(n, a)| (n.entry, a))
            .collect();
        let mut full_urls: HashMap<String, String> = HashMap::new();
        let mut origins = Vec::new();
        let mut work: Vec<(usize, Result<Work<'a>, Vec<Issue>>)> = Vec::new();
        let mut ranks = Vec::new();
        for (offset, entry) in self.entries.into_iter().enumerate() {
            let index = self.first + offset;
            let (rank, full_url, done) = match entry {
                Err(issues) => (0, None, Err(issues)),
                Ok(entry) => {
                    let rank = rank(&entry.action);
                    let full_url = entry.full_url.clone();
                    (rank, full_url, carry_out(index, entry, of_entry.get(&index).copied()))
                }
            };
            if let (Some(url), Ok(done)) = (&full_url, &done)
                && let Some((ty, id)) = done.writes().or(match done {
                    Work::Exists { resource_type, id } => Some((*resource_type, id.as_str())),
                    _ => None,
                })
            {
                full_urls.insert(url.clone(), format!("{ty}/{id}"));
            }
            origins.push(full_url);
            ranks.push(rank);
            work.push((index, done));
        }
        let mut issues: Vec<Issue> = Vec::new();
        if transaction {
            issues.extend(work.iter().filter_map(|(_, w)| w.as_ref().err()).flatten().cloned());
            issues.extend(written_twice(&work));
            issues.extend(created_twice(&self.needs, answers));
            let references = conditional_references(&self.needs, answers, &work, matches, &mut issues);
            if !issues.is_empty() {
                return Err(issues);
            }
            for (index, slot) in &mut work {
                let document = match slot {
                    Ok(Work::Create { resource, .. } | Work::Update { resource, .. }) => resource,
                    Ok(Work::Patch { body, .. }) => body,
                    _ => continue,
                };
                let base = origins[*index].as_deref().and_then(base_of);
                rewrite(document, &mut |text, place| rename(text, place, base, &full_urls, &references));
            }
            work.sort_by_key(|(index, _)| (ranks[*index], *index));
        }
        Ok(Resolved { kind: self.kind, work })
    }
}

fn same(index: usize, first: usize, ty: ResourceType, id: &str) -> Issue {
    at(index, IssueType::Invalid, format!("changes {ty}/{id}, as Bundle.entry[{first}] does"))
}

fn written_twice(work: &[(usize, Result<Work<'_>, Vec<Issue>>)]) -> Vec<Issue> {
    let mut seen: HashMap<(ResourceType, &str), usize> = HashMap::new();
    let written = work.iter().filter_map(|(i, w)| Some((*i, w.as_ref().ok()?.writes()?)));
    written.filter_map(|(i, (ty, id))| seen.insert((ty, id), i).map(|first| same(i, first, ty, id))).collect()
}

/// Conditional creates and updates of one criteria that nothing met yet: the second would have to find the first.
fn created_twice(needs: &[Need], answers: &[Answer]) -> Vec<Issue> {
    let mut seen: HashMap<(ResourceType, &str), usize> = HashMap::new();
    let creates = needs
        .iter()
        .zip(answers)
        .filter(|(n, a)| matches!(n.purpose, Purpose::Create | Purpose::Update) && **a == Answer::None);
    creates
        .filter_map(|(n, _)| {
            let first = seen.insert((n.resource_type, &n.criteria), n.entry)?;
            let text = format!("creates under the same criteria as Bundle.entry[{first}]");
            Some(at(n.entry, IssueType::Invalid, text))
        })
        .collect()
}

/// Order of processing (R4 http, "transaction processing rules").
fn rank(action: &Action<'_>) -> u8 {
    match action {
        Action::Delete { .. } => 0,
        Action::Create { .. } => 1,
        Action::Update { .. } | Action::Patch { .. } => 2,
        Action::Read { .. } => 3,
    }
}

/// An entry with the answer to its own criteria.
fn carry_out<'a>(index: usize, entry: Entry<'a>, answer: Option<&Answer>) -> Result<Work<'a>, Vec<Issue>> {
    match answer {
        Some(Answer::Many) => {
            return Err(vec![at(index, IssueType::MultipleMatches, "its criteria match more than one resource")]);
        }
        Some(Answer::Unusable(issues)) => {
            let named = issues
                .iter()
                .map(|i| Issue { diagnostics: format!("Bundle.entry[{index}]: {}", i.diagnostics), ..i.clone() });
            return Err(named.map(|i| i.at(format!("Bundle.entry[{index}]"))).collect());
        }
        _ => {}
    }
    let found = match answer {
        Some(Answer::One(id)) => Some(id.clone()),
        _ => None,
    };
    let if_match = entry.conditions.if_match;
    let named = |target: Target| match (target, found.clone()) {
        (Target::Id { resource_type, id }, _) => (resource_type, Some(id)),
        (Target::Criteria { resource_type, .. }, found) => (resource_type, found),
    };
    Ok(match entry.action {
        Action::Create { resource_type, id, resource } => match found {
            Some(id) => Work::Exists { resource_type, id },
            None => Work::Create { resource_type, resource: with_id(resource, &id), id },
        },
        Action::Update { target, new_id, resource } => {
            let (resource_type, found) = named(target);
            let own = resource.str_at("id").map(ToOwned::to_owned);
            match (found, own) {
                (Some(id), Some(own)) if id != own => {
                    return Err(vec![at(
                        index,
                        IssueType::Invalid,
                        format!("the id of its resource is {own}, its criteria match another"),
                    )]);
                }
                (Some(id), _) => {
                    Work::Update { resource_type, resource: with_id(resource, &id), id, if_match, is_new: false }
                }
                // no match: the id of the body, or a new one
                (None, Some(id)) => Work::Update { resource_type, id, resource, if_match, is_new: true },
                (None, None) => Work::Create { resource_type, resource: with_id(resource, &new_id), id: new_id },
            }
        }
        Action::Patch { target, body } => match named(target) {
            (resource_type, Some(id)) => Work::Patch { resource_type, id, body, if_match },
            (_, None) => return Err(vec![at(index, IssueType::NotFound, "its criteria match no resource")]),
        },
        Action::Delete { target } => match named(target) {
            (resource_type, Some(id)) => Work::Delete { resource_type, id, if_match },
            (_, None) => Work::Nothing,
        },
        Action::Read { url, head } => Work::Read {
            url,
            head,
            if_none_match: entry.conditions.if_none_match,
            if_modified_since: entry.conditions.if_modified_since,
        },
    })
}

fn with_id<'a>(mut resource: Json<'a>, id: &str) -> Json<'a> {
    if let Some(members) = resource.as_object_mut() {
        members.set_at(1, "id", Json::from(id.to_owned()));
    }
    resource
}

/// What each conditional reference stands for.
fn conditional_references(
    needs: &[Need],
    answers: &[Answer],
    work: &[(usize, Result<Work<'_>, Vec<Issue>>)],
    matches: &mut dyn FnMut(&Need, &Json<'_>) -> bool,
    issues: &mut Vec<Issue>,
) -> HashMap<(ResourceType, String), String> {
    let mut out = HashMap::new();
    for (need, answer) in needs.iter().zip(answers).filter(|(n, _)| n.purpose == Purpose::Reference) {
        let ty = need.resource_type;
        let mut ids: Vec<&str> = Vec::new();
        let mut many = false;
        match answer {
            Answer::None => {}
            Answer::One(id) => ids.push(id),
            Answer::Many => many = true,
            Answer::Unusable(reasons) => {
                let texts: Vec<_> = reasons.iter().map(|i| i.diagnostics.as_str()).collect();
                issues.push(at(need.entry, IssueType::Invalid, format!("the reference {ty}?…: {}", texts.join("; "))));
                continue;
            }
        }
        for (_, entry) in work {
            match entry {
                Ok(Work::Create { resource_type, id, resource } | Work::Update { resource_type, id, resource, .. })
                    if *resource_type == ty =>
                {
                    // the bundle's own content of a resource replaces what the server has of it
                    ids.retain(|i| i != id);
                    if matches(need, resource) {
                        ids.push(id);
                    }
                }
                Ok(Work::Delete { resource_type, id, .. }) if *resource_type == ty => ids.retain(|i| i != id),
                _ => {}
            }
        }
        match (&ids[..], many) {
            ([id], false) => {
                out.insert((ty, need.criteria.clone()), format!("{ty}/{id}"));
            }
            (ids, many) => {
                let count = if ids.is_empty() && !many { "no" } else { "more than one" };
                issues.push(at(
                    need.entry,
                    IssueType::MultipleMatches,
                    format!("its reference to {ty} by criteria matches {count} resource"),
                ));
            }
        }
    }
    out
}

/// The base of a RESTful url `base/Type/id`, without the slash.
fn base_of(full_url: &str) -> Option<&str> {
    if !full_url.starts_with("http") {
        return None;
    }
    let (rest, id) = full_url.rsplit_once('/')?;
    let (base, name) = rest.rsplit_once('/')?;
    (reference::is_id(id) && ResourceType::named(name).is_some()).then_some(base)
}

/// The new text of a reference or uri, or `None` when it stays.
fn rename(
    text: &str,
    place: Place,
    base: Option<&str>,
    full_urls: &HashMap<String, String>,
    references: &HashMap<(ResourceType, String), String>,
) -> Option<String> {
    // a fragment or a version behind an entry's url stays behind its new name
    let (stem, tail) = text.find('#').filter(|i| *i > 0).map_or((text, ""), |i| text.split_at(i));
    if stem.starts_with("urn:") {
        return full_urls.get(stem).map(|new| format!("{new}{tail}"));
    }
    if place != Place::Reference {
        return None;
    }
    if let Some(new) = full_urls.get(stem) {
        return Some(format!("{new}{tail}"));
    }
    match reference::parse(text, None) {
        reference::Target::Conditional { resource_type, criteria } => {
            references.get(&(resource_type, criteria.to_owned())).cloned()
        }
        reference::Target::Local { version: None, .. } => {
            full_urls.get(&format!("{}/{stem}", base?)).map(|n| format!("{n}{tail}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
