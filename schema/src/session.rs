//! One operation's caller, instant, store and loaders.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Result};
use chrono::{DateTime, Utc};
use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use entity::store::{Page, PageRequest, TimelinePage, may_decide};
use entity::{Actor, Request, Store, StoreError};
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, Parsed, parse};
use fhir::search::query::{Clause, Query};
use fhir::{Issue, IssueType, ResourceType};
use tokio::sync::OnceCell;

use crate::document::Document;
use crate::error;
use crate::referring::{Referring, TargetLoader};

/// Most matches of one page.
pub const MAX_PAGE: u32 = 200;
/// Page size when none is asked for.
pub const DEFAULT_PAGE: u32 = 50;
/// How often a loader lets others come before it asks. Whoever can ask does so in the first round; each further round resumes all of
/// them once more, for nothing.
const YIELDS: usize = 1;

/// What resolvers work with; one per operation, since loaders batch within one operation only.
pub struct Session {
    pub store: Store,
    pub actor: Actor,
    /// The request that the operation came with.
    pub request: Request,
    pub now: DateTime<Utc>,
    /// Whether the caller is told names that were perhaps meant.
    pub explores: bool,
    /// Whether the operation is of a document that the server itself lists.
    pub trusted: bool,
    loaders: Mutex<HashMap<Shape, PatientLoader>>,
    by_id: Mutex<HashMap<(ResourceType, Option<DateTime<Utc>>), IdLoader>>,
    orders: Mutex<HashMap<OrdersShape, OrdersLoader>>,
    questions: Mutex<HashMap<&'static str, QuestionLoader>>,
    pub(crate) referring: Mutex<HashMap<Referring, TargetLoader>>,
    /// Whom the caller starred, once somebody asks.
    stars: OnceCell<HashSet<String>>,
    passwords: Option<Passwords>,
    secrets: Option<Secrets>,
}

/// Makes a password: its text to tell once, and the PHC string to keep.
pub type Passwords = fn() -> Pin<Box<dyn Future<Output = (String, String)> + Send>>;

/// Makes a secret of an application: its text to tell once, and the SHA-256 to keep.
pub type Secrets = fn() -> (String, Vec<u8>);

/// A list of a patient that can be loaded for many patients at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    pub resource_type: ResourceType,
    /// Search parameters beside the patient.
    pub pairs: Vec<(String, String)>,
    pub limit: u32,
    /// Whether to find out if anything follows.
    pub peek: bool,
}

type PatientLoader = Loader<String, Result<Arc<Page>, Arc<StoreError>>, PerPatient>;

/// Loads one shape for the patients that were asked for together.
pub struct PerPatient {
    store: Store,
    actor: Actor,
    now: DateTime<Utc>,
    shape: Shape,
}

impl BatchFn<String, Result<Arc<Page>, Arc<StoreError>>> for PerPatient {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Result<Arc<Page>, Arc<StoreError>>> {
        let Shape { resource_type, pairs, limit, peek } = &self.shape;
        let loaded = match query(*resource_type, pairs, &[], self.now) {
            Ok(template) => {
                let (shape, now) = (self.shape.clone(), self.now);
                let of = move |id: &str| {
                    query(shape.resource_type, &shape.pairs, &[id], now)
                        .expect("as the template, and an id of the store")
                };
                self.store.search_per_patient(&self.actor, &template, keys, (*limit, *peek), of).await
            }
            Err(error) => Err(error),
        };
        match loaded {
            Ok(pages) => keys.iter().cloned().zip(pages.into_iter().map(|page| Ok(Arc::new(page)))).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (key.clone(), Err(Arc::clone(&error)))).collect()
            }
        }
    }
}

/// A patient's orders, as they can be loaded for many patients at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrdersShape {
    /// Types with their search parameters beside the patient.
    pub lists: Vec<(ResourceType, Vec<(String, String)>)>,
    pub limit: u32,
}

impl OrdersShape {
    async fn of(
        &self,
        store: &Store,
        actor: &Actor,
        now: DateTime<Utc>,
        charts: &[Vec<String>],
        page: &PageRequest,
    ) -> Result<Vec<TimelinePage>, StoreError> {
        let queries = self.lists.iter().map(|(ty, pairs)| query(*ty, pairs, &[], now));
        let queries = queries.collect::<Result<Vec<_>, _>>()?;
        store.timelines(actor, &queries, charts, page).await
    }
}

type OrdersLoader = Loader<String, Result<Arc<TimelinePage>, Arc<StoreError>>, PerOrders>;

/// Loads the orders of the patients that were asked for together.
pub struct PerOrders {
    store: Store,
    actor: Actor,
    now: DateTime<Utc>,
    shape: OrdersShape,
}

impl BatchFn<String, Result<Arc<TimelinePage>, Arc<StoreError>>> for PerOrders {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Result<Arc<TimelinePage>, Arc<StoreError>>> {
        let charts: Vec<Vec<String>> = keys.iter().map(|key| vec![key.clone()]).collect();
        let page = PageRequest { limit: self.shape.limit, ..PageRequest::default() };
        match self.shape.of(&self.store, &self.actor, self.now, &charts, &page).await {
            Ok(pages) => keys.iter().cloned().zip(pages.into_iter().map(|page| Ok(Arc::new(page)))).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (key.clone(), Err(Arc::clone(&error)))).collect()
            }
        }
    }
}

type QuestionLoader = Loader<String, Result<bool, Arc<StoreError>>, PerQuestion>;

/// Says of the patients that were asked about together which ones a query matches.
pub struct PerQuestion {
    store: Store,
    actor: Actor,
    now: DateTime<Utc>,
    query: Query,
}

impl PerQuestion {
    async fn matching(&self, keys: &[String]) -> Result<HashSet<String>, StoreError> {
        may_decide(&self.actor, &self.query)?;
        let mut found = HashSet::new();
        for ids in keys.chunks(MAX_PAGE as usize) {
            let mut query = self.query.clone();
            let pairs = [("_id".to_owned(), ids.join(","))];
            let these = parse(ResourceType::Patient, &pairs, Handling::Strict, self.now, &Options::default());
            query.all.extend(these.map_err(StoreError::Invalid)?.query.all);
            let page = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
            let page = Box::pin(self.store.search(&self.actor, &query, &page)).await?;
            found.extend(page.matches.iter().map(|stored| stored.id.clone()));
        }
        Ok(found)
    }
}

impl BatchFn<String, Result<bool, Arc<StoreError>>> for PerQuestion {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Result<bool, Arc<StoreError>>> {
        let found = self.matching(keys).await.map_err(Arc::new);
        let of = |key: &String| found.as_ref().map(|found| found.contains(key)).map_err(Arc::clone);
        keys.iter().map(|key| (key.clone(), of(key))).collect()
    }
}

type IdLoader = Loader<String, Result<Option<Document>, Arc<StoreError>>, PerId>;

/// Loads resources of one type, as they are or as they were at an instant, for all references that were followed together.
pub struct PerId {
    store: Store,
    actor: Actor,
    resource_type: ResourceType,
    as_of: Option<DateTime<Utc>>,
}

impl BatchFn<String, Result<Option<Document>, Arc<StoreError>>> for PerId {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Result<Option<Document>, Arc<StoreError>>> {
        let found = match self.as_of {
            Some(at) => self.store.read_past(&self.actor, self.resource_type, keys, at).await,
            None => self.store.read_many(&self.actor, self.resource_type, keys).await,
        };
        let mut all: HashMap<String, _> = HashMap::with_capacity(keys.len());
        match found {
            Ok(found) => {
                all.extend(keys.iter().map(|key| (key.clone(), Ok(None))));
                for stored in found {
                    let id = stored.id.clone();
                    let broken = |_| Arc::new(StoreError::Internal("a stored body is no JSON".into()));
                    all.insert(id, Document::as_of_instant(stored, self.as_of).map(Some).map_err(broken));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                all.extend(keys.iter().map(|key| (key.clone(), Err(Arc::clone(&error)))));
            }
        }
        all
    }
}

/// Stands beside search parameters where only results that are not as expected are wanted; FHIR has no parameter for it.
pub const ABNORMAL: &str = "abnormal only";

/// The search for a list of one patient, who may have several records (or of any, with none of `patients`), newest first by the type's
/// primary date.
pub fn query(
    resource_type: ResourceType,
    pairs: &[(String, String)],
    patients: &[&str],
    now: DateTime<Utc>,
) -> Result<Query, StoreError> {
    query_by(resource_type, pairs, patients, now, &Options::default())
}

/// The same, by other search parameters than R4's too.
pub fn query_by(
    resource_type: ResourceType,
    pairs: &[(String, String)],
    patients: &[&str],
    now: DateTime<Utc>,
    options: &Options<'_>,
) -> Result<Query, StoreError> {
    let abnormal = pairs.iter().any(|(name, _)| name == ABNORMAL);
    let mut all: Vec<_> = pairs.iter().filter(|(name, _)| name != ABNORMAL).cloned().collect();
    if let Some(code) =
        fhir::search::registry::primary_date(resource_type).filter(|_| !pairs.iter().any(|(n, _)| n == "_sort"))
    {
        all.push(("_sort".into(), format!("-{code}")));
    }
    if !patients.is_empty() {
        let any: Vec<String> = patients.iter().map(|id| format!("Patient/{id}")).collect();
        all.push(("patient".into(), any.join(",")));
    }
    let parsed = parse(resource_type, &all, Handling::Strict, now, options).and_then(Parsed::whole);
    let mut query = parsed.map_err(StoreError::Invalid)?;
    if abnormal {
        query.all.push(Clause::Abnormal);
    }
    Ok(query)
}

impl Session {
    pub fn new(store: Store, actor: Actor, request: Request) -> Self {
        let (now, loaders) = (request.now, Mutex::default());
        Self {
            store,
            actor,
            now,
            request,
            explores: false,
            trusted: false,
            loaders,
            by_id: Mutex::default(),
            orders: Mutex::default(),
            questions: Mutex::default(),
            referring: Mutex::default(),
            stars: OnceCell::new(),
            passwords: None,
            secrets: None,
        }
    }

    /// To whom the schema is no secret.
    #[must_use]
    pub fn exploring(self, explores: bool) -> Self {
        Self { explores, ..self }
    }

    /// Of a document that the server itself lists.
    #[must_use]
    pub fn trusting(self, trusted: bool) -> Self {
        Self { trusted, ..self }
    }

    /// Where passwords are made; without it the operation makes none.
    #[must_use]
    pub fn with_passwords(self, passwords: Passwords) -> Self {
        Self { passwords: Some(passwords), ..self }
    }

    /// Where secrets of applications are made; without it the operation makes none.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets: Some(secrets), ..self }
    }

    /// A secret that is made up, and its SHA-256.
    pub(crate) fn secret(&self) -> Result<(String, Vec<u8>)> {
        let secrets = self.secrets.ok_or_else(|| {
            error::graphql(&StoreError::NotSupported("applications are not registered at this door".into()))
        })?;
        Ok(secrets())
    }

    /// A password that is made up, and its PHC string.
    pub(crate) async fn password(&self) -> Result<(String, String)> {
        let Some(passwords) = self.passwords else {
            return Err(error::graphql(&StoreError::NotSupported("accounts are not made at this door".into())));
        };
        Ok(passwords().await)
    }

    /// Whether the caller starred the patient (bare id); one statement for all patients of an operation.
    pub async fn starred(&self, patient: &str) -> Result<bool> {
        let ask = || async { Ok(self.store.stars(&self.actor).await?.into_iter().collect()) };
        let stars = self.stars.get_or_try_init(ask).await.map_err(|e: StoreError| error::graphql(&e))?;
        Ok(stars.contains(patient))
    }

    /// Stars a patient or takes the star back; what is asked afterwards is answered anew.
    pub async fn star(&self, patient: &str, starred: bool) -> Result<()> {
        let done = self.store.star(&self.actor, &self.request, patient, starred).await;
        done.map_err(|e| error::graphql(&e))
    }

    /// The first page of a list, loaded together with the same list of other patients.
    pub async fn first_page(&self, patient: &str, shape: Shape) -> Result<Arc<Page>> {
        let loader = {
            let mut loaders = self.loaders.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || {
                Loader::new(PerPatient {
                    store: self.store.clone(),
                    actor: self.actor.clone(),
                    now: self.now,
                    shape: shape.clone(),
                })
                .with_yield_count(YIELDS)
            };
            loaders.entry(shape.clone()).or_insert_with(new).clone()
        };
        // The loader's locks would use the task's budget up, and those who ask beyond it would come too late to be loaded with the others.
        let loaded = tokio::task::unconstrained(loader.try_load(patient.to_owned())).await;
        let loaded = loaded.map_err(|e| error::graphql(&StoreError::Internal(e.to_string())))?;
        loaded.map_err(|e| error::graphql(&e))
    }

    /// A page of the orders of a chart (bare ids of patients). A first page of one patient is loaded together with those of others.
    pub async fn orders(&self, chart: &[&str], shape: OrdersShape, page: &PageRequest) -> Result<Arc<TimelinePage>> {
        let [patient] = chart else { return self.orders_of(chart, &shape, page).await };
        if page.token.is_some() || page.backward {
            return self.orders_of(chart, &shape, page).await;
        }
        let loader = {
            let mut loaders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
            let (store, actor, now) = (&self.store, &self.actor, self.now);
            let new = || {
                let per = PerOrders { store: store.clone(), actor: actor.clone(), now, shape: shape.clone() };
                Loader::new(per).with_yield_count(YIELDS)
            };
            loaders.entry(shape.clone()).or_insert_with(new).clone()
        };
        // As for other first pages.
        let loaded = tokio::task::unconstrained(loader.try_load((*patient).to_owned())).await;
        let loaded = loaded.map_err(|e| error::graphql(&StoreError::Internal(e.to_string())))?;
        loaded.map_err(|e| error::graphql(&e))
    }

    async fn orders_of(&self, chart: &[&str], shape: &OrdersShape, page: &PageRequest) -> Result<Arc<TimelinePage>> {
        let chart: Vec<String> = chart.iter().map(|id| (*id).to_owned()).collect();
        let pages = shape.of(&self.store, &self.actor, self.now, &[chart], page).await;
        let page = pages.map_err(|e| error::graphql(&e))?.into_iter().next();
        page.map(Arc::new).ok_or_else(|| error::graphql(&StoreError::Internal("a chart without a page".into())))
    }
}

impl Session {
    /// Whether the question that goes by that name finds the patient (bare id), asked about all patients of the operation together.
    ///
    /// # Errors
    /// Also `NOT_PERMITTED` for who may not search all that the question looks at.
    pub async fn is_among(
        &self,
        name: &'static str,
        question: impl FnOnce() -> Result<Query>,
        patient: &str,
    ) -> Result<bool> {
        let kept = self.questions.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let loader = if let Some(loader) = kept {
            loader
        } else {
            let (store, actor, now) = (self.store.clone(), self.actor.clone(), self.now);
            let loader = Loader::new(PerQuestion { store, actor, now, query: question()? });
            let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
            questions.entry(name).or_insert(loader).clone()
        };
        let loaded = loader.try_load(patient.to_owned()).await;
        let loaded = loaded.map_err(|e| error::graphql(&StoreError::Internal(e.to_string())))?;
        loaded.map_err(|e| error::graphql(&e))
    }

    /// The resource of that type and id, read together with the others of its type that are asked for meanwhile; `None` when it is absent,
    /// deleted or not to be seen.
    pub async fn one_of_many(
        &self,
        resource_type: ResourceType,
        id: &str,
        as_of: Option<DateTime<Utc>>,
    ) -> Result<Option<Document>> {
        let loader = {
            let mut loaders = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
            let (store, actor) = (&self.store, &self.actor);
            let new = || Loader::new(PerId { store: store.clone(), actor: actor.clone(), resource_type, as_of });
            loaders.entry((resource_type, as_of)).or_insert_with(new).clone()
        };
        let loaded = loader.try_load(id.to_owned()).await;
        let loaded = loaded.map_err(|e| error::graphql(&StoreError::Internal(e.to_string())))?;
        loaded.map_err(|e| error::graphql(&e))
    }
}

/// The session of the operation in progress.
pub fn session<'c>(ctx: &Context<'c>) -> &'c Session {
    ctx.data_unchecked::<Session>()
}

/// A request that cannot be carried out, with the argument that is at fault.
pub fn invalid(argument: &str, text: impl Into<String>) -> async_graphql::Error {
    error::graphql(&StoreError::Invalid(vec![Issue::error(IssueType::Invalid, text).at(argument)]))
}
