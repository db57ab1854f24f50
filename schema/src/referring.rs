//! What refers to records, such as reports to a result: loaded for all records of a list together.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use async_graphql::Result;
use chrono::{DateTime, Utc};
use dataloader::BatchFn;
use dataloader::non_cached::Loader;
use entity::store::PageRequest;
use entity::{Actor, Store, StoreError};
use fhir::ResourceType;
use fhir::reference::{Target, parse};

use crate::document::Document;
use crate::error;
use crate::session::{Session, query};

/// Most resources that refer to the records of one list; more is refused, never cut.
const MOST: usize = 5_000;
const PAGE: u32 = 1_000;

/// Which resources refer to records of one type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Referring {
    pub source: ResourceType,
    /// The search parameter that reads the reference.
    pub parameter: &'static str,
    /// The element that holds it.
    pub element: &'static str,
    /// Further search parameters.
    pub pairs: Vec<(String, String)>,
    pub target: ResourceType,
    /// The patient (bare id) and the instant that the records are read as of.
    pub past: Option<(String, DateTime<Utc>)>,
}

pub type TargetLoader = Loader<String, Result<Vec<Document>, Arc<StoreError>>, PerTarget>;

/// Loads what refers to the records that were asked about together.
pub struct PerTarget {
    store: Store,
    actor: Actor,
    now: DateTime<Utc>,
    asked: Referring,
}

impl PerTarget {
    async fn all(&self, keys: &[String]) -> Result<HashMap<String, Vec<Document>>, StoreError> {
        let Referring { source, parameter, element, pairs, target, past } = &self.asked;
        let any: Vec<String> = keys.iter().map(|id| format!("{target}/{id}")).collect();
        let mut pairs = pairs.clone();
        pairs.push(((*parameter).to_owned(), any.join(",")));
        let query = query(*source, &pairs, &[], self.now)?;
        let mut request = PageRequest { limit: PAGE, ..PageRequest::default() };
        let (mut found, mut read): (HashMap<String, Vec<Document>>, usize) = (HashMap::new(), 0);
        loop {
            let page = match past {
                Some((patient, at)) => {
                    Box::pin(self.store.search_past(&self.actor, &query, patient, *at, &request)).await?.0
                }
                None => Box::pin(self.store.search(&self.actor, &query, &request)).await?,
            };
            request.token = page.next();
            read += page.matches.len();
            if read > MOST {
                return Err(StoreError::TooCostly(format!("more than {MOST} {source} refer to the records of a list")));
            }
            for stored in page.matches {
                let broken = |_| StoreError::Internal("a stored body is no JSON".into());
                let document = Document::as_of_instant(stored, past.as_ref().map(|(_, at)| *at)).map_err(broken)?;
                for reference in document.all(element).iter().filter_map(|r| r.str_at("reference")) {
                    if let Target::Local { resource_type, id, .. } = parse(reference, None)
                        && resource_type == *target
                    {
                        found.entry(id.to_owned()).or_default().push(document.clone());
                    }
                }
            }
            if request.token.is_none() {
                return Ok(found);
            }
        }
    }
}

impl BatchFn<String, Result<Vec<Document>, Arc<StoreError>>> for PerTarget {
    async fn load(&mut self, keys: &[String]) -> HashMap<String, Result<Vec<Document>, Arc<StoreError>>> {
        match self.all(keys).await {
            Ok(mut found) => keys.iter().map(|key| (key.clone(), Ok(found.remove(key).unwrap_or_default()))).collect(),
            Err(error) => {
                let error = Arc::new(error);
                keys.iter().map(|key| (key.clone(), Err(Arc::clone(&error)))).collect()
            }
        }
    }
}

impl Session {
    /// What refers to the record (bare id), newest first by its type's primary date, read together with what refers to the others of its
    /// list.
    pub async fn referring(&self, asked: Referring, target: &str) -> Result<Vec<Document>> {
        let loader = {
            let mut loaders = self.referring.lock().unwrap_or_else(PoisonError::into_inner);
            let (store, actor, now) = (&self.store, &self.actor, self.now);
            let new =
                || Loader::new(PerTarget { store: store.clone(), actor: actor.clone(), now, asked: asked.clone() });
            loaders.entry(asked.clone()).or_insert_with(new).clone()
        };
        let loaded = loader.try_load(target.to_owned()).await;
        let loaded = loaded.map_err(|e| error::graphql(&StoreError::Internal(e.to_string())))?;
        loaded.map_err(|e| error::graphql(&e))
    }
}
