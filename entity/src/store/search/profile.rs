//! Stored StructureDefinitions as the pure validator takes them, and the claims of `meta.profile` at a write.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use fhir::search::query::{Clause, Modifier, Operand, Query};
use fhir::search::registry;
use fhir::validate::profile::{Needs, Profiles};
use fhir::{Issue, Json, ResourceType};
use sea_orm::ConnectionTrait;

use super::prepare::Asking;
use super::terminology::Definition;
use crate::store::Store;
use crate::{Actor, StoreError};

/// Most definitions that the profiles of one request may draw on.
const MOST_NAMED: usize = 500;

/// The claims of one document that is about to become a version.
pub(in crate::store) struct Claims<'r> {
    /// The write's place in the plan.
    pub at: usize,
    pub body: &'r str,
}

impl Store {
    /// The profiles of these urls with all that they draw on; those that are not stored are left out. The second value tells of
    /// definitions that cannot be read.
    ///
    /// # Errors
    /// [`StoreError::TooCostly`] when they draw on too many others.
    pub async fn profiles(&self, actor: &Actor, urls: &[String]) -> Result<(Profiles, Vec<Issue>), StoreError> {
        Asking { store: self, db: &self.db, actor }.profiles(urls).await
    }

    /// Refuses a document that claims a profile which is loaded and does not conform to it.
    pub(in crate::store) async fn conform<C: ConnectionTrait>(
        &self,
        db: &C,
        claims: &[Claims<'_>],
    ) -> Result<(), StoreError> {
        match self.not_conforming(db, claims).await?.pop_first() {
            Some((at, issues)) => Err(StoreError::NotValid { at, issues }),
            None => Ok(()),
        }
    }

    /// The issues of the documents that claim a profile which is loaded and do not conform to it, by the place of their writes.
    pub(in crate::store) async fn not_conforming<C: ConnectionTrait>(
        &self,
        db: &C,
        claims: &[Claims<'_>],
    ) -> Result<BTreeMap<usize, Vec<Issue>>, StoreError> {
        let mut refused = BTreeMap::new();
        if !self.checks_claims {
            return Ok(refused);
        }
        let mut documents = Vec::new();
        for claim in claims.iter().filter(|c| c.body.contains("\"profile\"")) {
            let document = Json::parse(claim.body).map_err(|_| StoreError::Internal("a body is no JSON".into()))?;
            let urls = claimed(&document);
            if !urls.is_empty() {
                documents.push((claim.at, document, urls));
            }
        }
        let all: BTreeSet<&String> = documents.iter().flat_map(|(_, _, urls)| urls).collect();
        if all.is_empty() {
            return Ok(refused);
        }
        // The rules are the server's, whoever writes.
        let asking = Asking { store: self, db, actor: &Actor::server() };
        if !asking.is_any_stored(&all).await? {
            return Ok(refused);
        }
        let all: Vec<String> = all.into_iter().cloned().collect();
        let (profiles, _) = asking.profiles(&all).await?;
        for (at, document, urls) in &documents {
            let issues: Vec<Issue> =
                urls.iter().filter(|u| profiles.get(u).is_some()).flat_map(|u| profiles.check(document, u)).collect();
            if issues.iter().any(Issue::blocks) {
                refused.insert(*at, issues);
            }
        }
        Ok(refused)
    }
}

/// The profiles that a document claims, R4's own types apart.
fn claimed(document: &Json<'_>) -> Vec<String> {
    let all = document.get("meta").and_then(|m| m.get("profile")).map_or(&[][..], Json::items);
    all.iter().filter_map(Json::as_str).filter(|u| !Profiles::is_base(u)).map(ToOwned::to_owned).collect()
}

impl<C: ConnectionTrait> Asking<'_, C> {
    /// Whether one of these profiles may be there: one statement for any number of claims.
    async fn is_any_stored(self, urls: &BTreeSet<&String>) -> Result<bool, StoreError> {
        let ty = ResourceType::StructureDefinition;
        let param = registry::parameter(ty, "url");
        let param = param.ok_or_else(|| StoreError::Internal(format!("{ty} has no url")))?;
        let plain = |url: &&String| Operand::Uri(fhir::reference::canonical(url).0.to_owned());
        let any = urls.iter().map(plain).collect();
        let query = Query { all: vec![Clause::Param { param, modifier: Modifier::None, any }], ..Query::new(ty) };
        Ok(!self.store.indexed_ids(self.db, self.actor, &query, 1).await?.is_empty())
    }

    async fn profiles(self, urls: &[String]) -> Result<(Profiles, Vec<Issue>), StoreError> {
        let mut wanted: Vec<String> = urls.iter().filter(|u| !Profiles::is_base(u)).cloned().collect();
        let mut looked = HashSet::new();
        let mut found: Vec<Arc<Json<'static>>> = Vec::new();
        let mut value_sets = BTreeSet::new();
        while let Some(url) = wanted.pop() {
            if !looked.insert(url.clone()) {
                continue;
            }
            if looked.len() > MOST_NAMED {
                return Err(StoreError::TooCostly(format!("the profiles draw on more than {MOST_NAMED} definitions")));
            }
            let Some(Definition::Structure(definition)) = self.named(ResourceType::StructureDefinition, &url).await?
            else {
                continue;
            };
            let needs = Needs::of(&definition);
            wanted.extend(needs.profiles);
            value_sets.extend(needs.value_sets);
            found.push(definition);
        }
        let mut profiles = Profiles::default();
        for name in value_sets {
            if let Some(set) = self.set(&name).await? {
                profiles.sets.insert(name, set);
            }
        }
        let sets: Vec<_> = profiles.sets.values().map(|s| &**s).collect();
        profiles.library = self.library(&[], &sets).await?;
        let definitions: Vec<Json<'_>> = found.iter().map(|d| (**d).clone()).collect();
        let unread = profiles.add(&definitions).err().unwrap_or_default();
        Ok((profiles, unread))
    }
}
