//! What a walk needs and what was fetched for it, by the actor's rights: one statement per type and level for references and for lists by
//! patient, one for each other list.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use entity::StoreError;
use entity::store::{Count, Lookup, PageRequest};
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, Parsed, parse};
use fhir::search::query::Query;
use fhir::search::registry;
use fhir::{Json, ResourceType};
use serde::{Deserialize, Serialize};

use super::{Asked, MAX_MATCHES};
use crate::session::{self, Session};

/// Most lists and connections of one operation that take a statement each.
const MAX_SEARCHES: usize = 30;

/// A search, and where its page begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Search {
    pub resource_type: ResourceType,
    pub pairs: Vec<(String, String)>,
    /// The parameter by which the matches refer to the resource that they are listed in, and that resource.
    pub parent: Option<(&'static str, ResourceType, String)>,
    /// Further conditions, decided on the matches.
    pub fhirpath: Vec<String>,
    pub offset: usize,
    pub count: Option<usize>,
    /// How many matches are fetched.
    pub limit: u32,
    /// Whether more matches than those are no error, because no more were asked for.
    pub cut: bool,
    pub paged: bool,
    pub total: bool,
    pub token: Option<String>,
    pub backward: bool,
    /// The matches before the page, when that is known.
    pub from: Option<u64>,
}

/// What a cursor of a connection says.
#[derive(Serialize, Deserialize)]
struct Cursor {
    ty: String,
    pairs: Vec<(String, String)>,
    limit: u32,
    token: Option<String>,
    backward: bool,
    from: Option<u64>,
}

impl Search {
    pub fn new(resource_type: ResourceType) -> Self {
        Self {
            resource_type,
            pairs: Vec::new(),
            parent: None,
            fhirpath: Vec::new(),
            offset: 0,
            count: None,
            limit: MAX_MATCHES,
            cut: false,
            paged: false,
            total: false,
            token: None,
            backward: false,
            from: None,
        }
    }

    /// All parameters, that of the parent included.
    fn all(&self) -> Vec<(String, String)> {
        let parent = self.parent.as_ref().map(|(code, ty, id)| ((*code).to_owned(), format!("{ty}/{id}")));
        self.pairs.iter().cloned().chain(parent).collect()
    }

    fn query(&self, asked: &Asked<'_>) -> Result<Query, StoreError> {
        let parsed = parse(self.resource_type, &self.all(), Handling::Strict, asked.now, &asked.options());
        parsed.and_then(Parsed::whole).map_err(StoreError::Invalid)
    }

    /// A cursor of another page of the same search.
    fn cursor(&self, session: &Session, token: Option<String>, backward: bool, from: Option<u64>) -> String {
        let cursor =
            Cursor { ty: self.resource_type.to_string(), pairs: self.all(), limit: self.limit, token, backward, from };
        session.store.sealed(&session.actor, &serde_json::to_string(&cursor).unwrap_or_default())
    }

    /// The page of a cursor.
    pub fn at(session: &Session, resource_type: ResourceType, cursor: &str) -> Result<Self, StoreError> {
        let text = session.store.opened(&session.actor, cursor)?;
        let Cursor { ty, pairs, limit, token, backward, from } =
            serde_json::from_str(&text).map_err(|_| StoreError::BadToken)?;
        if ty != resource_type.name() {
            return Err(StoreError::BadToken);
        }
        Ok(Self { pairs, limit, token, backward, from, paged: true, ..Self::new(resource_type) })
    }

    /// Whether it is one of those that many patients' are fetched together.
    fn by_patient(&self) -> bool {
        let ty = self.resource_type;
        let patient = matches!(&self.parent, Some(("patient", ResourceType::Patient, _)));
        patient
            && !self.paged
            && registry::parameter(ty, "patient").is_some()
            && registry::in_patient_compartment(ty)
            && !registry::several_patients(ty)
            && !self.pairs.iter().any(|(name, _)| name == "_sort")
    }
}

/// What a walk missed.
#[derive(Debug, Default)]
pub(super) struct Needs {
    resources: BTreeSet<(ResourceType, String, Option<i32>)>,
    searches: BTreeSet<Search>,
}

impl Needs {
    pub fn resource(&mut self, ty: ResourceType, id: &str, version: Option<i32>) {
        self.resources.insert((ty, id.to_owned(), version));
    }

    pub fn search(&mut self, search: Search) {
        self.searches.insert(search);
    }

    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.searches.is_empty()
    }
}

/// One page or list.
#[derive(Debug)]
pub(super) struct Held {
    pub search: Search,
    pub documents: Vec<Json<'static>>,
    pub total: Option<u64>,
    /// A cursor for pages; for lists, whether there is more.
    pub next: Option<String>,
    pub previous: Option<String>,
    pub cursor_first: String,
    pub cursor_last: String,
}

/// What was fetched. A resource that is absent, deleted or not to be seen is `None`.
#[derive(Default)]
pub(super) struct Found {
    resources: HashMap<(ResourceType, String, Option<i32>), Option<Json<'static>>>,
    searches: HashMap<Search, Held>,
    spent: usize,
}

impl Found {
    pub fn resource(&self, ty: ResourceType, id: &str, version: Option<i32>) -> Option<Option<&Json<'static>>> {
        self.resources.get(&(ty, id.to_owned(), version)).map(Option::as_ref)
    }

    pub fn search(&self, search: &Search) -> Option<&Held> {
        self.searches.get(search)
    }

    pub async fn fetch(&mut self, asked: &Asked<'_>, session: &Session, needs: Needs) -> Result<(), StoreError> {
        let mut by_type: BTreeMap<ResourceType, Vec<String>> = BTreeMap::new();
        for (ty, id, version) in needs.resources {
            match version {
                None => {
                    by_type.entry(ty).or_default().push(id.clone());
                    self.resources.insert((ty, id, None), None);
                }
                Some(number) => {
                    let found = match session.store.vread(&session.actor, ty, &id, number).await {
                        Ok(Lookup::Found(stored)) => Some(document(&stored.body)?),
                        Ok(Lookup::Deleted { .. } | Lookup::Absent) | Err(StoreError::Forbidden { .. }) => None,
                        Err(error) => return Err(error),
                    };
                    self.resources.insert((ty, id, version), found);
                }
            }
        }
        for (ty, ids) in by_type {
            let found = match session.store.read_many(&session.actor, ty, &ids).await {
                Ok(found) => found,
                Err(StoreError::Forbidden { .. }) => Vec::new(),
                Err(error) => return Err(error),
            };
            for stored in found {
                let read = document(&stored.body)?;
                self.resources.insert((ty, stored.id, None), Some(read));
            }
        }
        let (together, alone): (Vec<Search>, Vec<Search>) = needs.searches.into_iter().partition(Search::by_patient);
        // Those that differ in the patient only are one statement.
        let mut groups: BTreeMap<Search, Vec<Search>> = BTreeMap::new();
        for search in together {
            groups.entry(Search { parent: None, ..search.clone() }).or_default().push(search);
        }
        for (shape, searches) in groups {
            self.spend()?;
            self.of_patients(asked, session, &shape, searches).await?;
        }
        for search in alone {
            self.spend()?;
            let held = page(asked, session, search).await?;
            self.searches.insert(held.search.clone(), held);
        }
        Ok(())
    }

    fn spend(&mut self) -> Result<(), StoreError> {
        self.spent += 1;
        if self.spent > MAX_SEARCHES {
            let text = format!(
                "more than {MAX_SEARCHES} lists that take a statement each; list by 'patient', or ask in parts"
            );
            return Err(StoreError::TooCostly(text));
        }
        Ok(())
    }

    async fn of_patients(
        &mut self,
        asked: &Asked<'_>,
        session: &Session,
        shape: &Search,
        searches: Vec<Search>,
    ) -> Result<(), StoreError> {
        let ty = shape.resource_type;
        let template = session::query_by(ty, &shape.pairs, &[], session.now, &asked.options())?;
        let (pairs, now, any) = (shape.pairs.clone(), session.now, template.clone());
        let (parameters, base_url) = (Arc::clone(asked.parameters), asked.base_url.to_owned());
        let of = move |id: &str| {
            let added = Reading::of(&parameters.added);
            let options = Options { base_url: Some(&base_url), added: Some(&added), ..Options::default() };
            session::query_by(ty, &pairs, &[id], now, &options).unwrap_or_else(|_| any.clone())
        };
        let ids = searches.iter().filter_map(|s| s.parent.as_ref()).map(|(_, _, id)| id.clone());
        let ids: Vec<String> = ids.collect();
        let pages = session.store.search_per_patient(&session.actor, &template, &ids, (shape.limit, true), of).await?;
        for (search, page) in searches.into_iter().zip(pages) {
            let documents = page.matches.iter().map(|s| document(&s.body)).collect::<Result<_, _>>()?;
            let held = Held {
                search: search.clone(),
                documents,
                total: None,
                next: page.next(),
                previous: None,
                cursor_first: String::new(),
                cursor_last: String::new(),
            };
            self.searches.insert(search, held);
        }
        Ok(())
    }
}

async fn page(asked: &Asked<'_>, session: &Session, search: Search) -> Result<Held, StoreError> {
    let query = search.query(asked)?;
    let request = PageRequest {
        limit: search.limit,
        token: search.token.clone(),
        backward: search.backward,
        ..PageRequest::default()
    };
    let page = session.store.search(&session.actor, &query, &request).await?;
    let documents = page.matches.iter().map(|s| document(&s.body)).collect::<Result<Vec<_>, _>>()?;
    let total = if search.total { session.store.count(&session.actor, &query, Count::Exact).await? } else { None };
    let (mut next, mut previous) = (page.next(), page.previous());
    let (mut cursor_first, mut cursor_last) = (String::new(), String::new());
    if search.paged {
        let after = search.from.map(|n| n + documents.len() as u64);
        next = next.map(|token| search.cursor(session, Some(token), false, after));
        let before = search.from.map(|n| n.saturating_sub(u64::from(search.limit)));
        previous = previous.map(|token| search.cursor(session, Some(token), true, before));
        cursor_first = search.cursor(session, None, false, Some(0));
        cursor_last = search.cursor(session, None, true, None);
    }
    Ok(Held { search, documents, total, next, previous, cursor_first, cursor_last })
}

/// The tree of a stored body.
pub(super) fn document(body: &str) -> Result<Json<'static>, StoreError> {
    Json::parse(body).map(Json::into_owned).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))
}
