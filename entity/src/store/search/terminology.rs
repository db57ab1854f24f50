//! Stored code systems, value sets and structure definitions as the pure terminology takes them.
//!
//! A definition is found by canonical url under the actor, and remembered by the version it was read from: a version never changes, so
//! what is remembered is never stale.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fhir::reference::{canonical, is_id};
use fhir::search::coded::{Needed, needed, tokens};
use fhir::search::query::{Clause, Modifier, Operand, Query, Token};
use fhir::search::registry::{self, SearchParameter};
use fhir::terminology::{CodeSystem, Library, Trouble, ValueSet, compare_versions};
use fhir::{Json, ResourceType};
use sea_orm::ConnectionTrait;

use super::prepare::{Asking, one_of, parsed};
use crate::role::Interaction;
use crate::store::{Match, Store, Stored};
use crate::{Actor, StoreError};

/// Codes that are remembered, over all definitions; above it all are forgotten.
const MOST_CODES: usize = 2_000_000;
/// Most definitions under one canonical url.
const MOST_VERSIONS: u32 = 100;
/// Most definitions that one question may draw on.
const MOST_NAMED: usize = 1_000;

/// Definitions that were read, by the version they were read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions(Arc<Mutex<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    by_id: HashMap<(ResourceType, String), (i32, Definition)>,
    codes: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Definition {
    System(Arc<CodeSystem>),
    Set(Arc<ValueSet>),
    Structure(Arc<Json<'static>>),
}

impl Definition {
    fn read(stored: &Stored) -> Result<Self, StoreError> {
        let document = parsed(stored)?;
        Ok(match stored.resource_type {
            ResourceType::CodeSystem => Self::System(Arc::new(CodeSystem::read(&document)?)),
            ResourceType::StructureDefinition => Self::Structure(Arc::new(document.into_owned())),
            _ => Self::Set(Arc::new(ValueSet::read(&document)?)),
        })
    }

    fn codes(&self) -> usize {
        1 + match self {
            Self::System(system) => system.len(),
            Self::Set(set) => set.include.iter().chain(&set.exclude).map(|r| 1 + r.concepts.len()).sum(),
            Self::Structure(_) => 100,
        }
    }

    fn version(&self) -> &str {
        match self {
            Self::System(system) => system.version.as_deref(),
            Self::Set(set) => set.version.as_deref(),
            Self::Structure(definition) => definition.str_at("version"),
        }
        .unwrap_or_default()
    }
}

impl Definitions {
    fn get(&self, ty: ResourceType, found: &Match) -> Option<Definition> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, definition) = all.by_id.get(&(ty, found.id.clone()))?;
        (*version == found.version_id).then(|| definition.clone())
    }

    fn keep(&self, stored: &Stored, definition: &Definition) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.codes + definition.codes() > MOST_CODES {
            *all = Remembered::default();
        }
        all.codes += definition.codes();
        let place = (stored.resource_type, stored.id.clone());
        if let Some((_, before)) = all.by_id.insert(place, (stored.version_id, definition.clone())) {
            all.codes -= before.codes();
        }
    }
}

impl Store {
    /// The stored code system of that canonical url, in the newest version where none is named; R4's own are not among them.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a definition that contradicts itself.
    pub async fn code_system(&self, actor: &Actor, url: &str) -> Result<Option<Arc<CodeSystem>>, StoreError> {
        let asking = Asking { store: self, db: &self.db, actor };
        Ok(asking.named(ResourceType::CodeSystem, url).await?.and_then(|d| match d {
            Definition::System(system) => Some(system),
            Definition::Set(_) | Definition::Structure(_) => None,
        }))
    }

    /// The value set of that canonical url, stored or of R4, or the one stored under that id (`ValueSet/x`, `x`).
    ///
    /// # Errors
    /// As [`Store::code_system`].
    pub async fn value_set(&self, actor: &Actor, name: &str) -> Result<Option<Arc<ValueSet>>, StoreError> {
        Asking { store: self, db: &self.db, actor }.set(name).await
    }

    /// All that is stored of these systems, and of what the sets draw on.
    ///
    /// # Errors
    /// As [`Store::code_system`].
    pub async fn library(&self, actor: &Actor, systems: &[&str], sets: &[&ValueSet]) -> Result<Library, StoreError> {
        Asking { store: self, db: &self.db, actor }.library(systems, sets).await
    }
}

impl<C: ConnectionTrait> Asking<'_, C> {
    /// The condition with the codes written out.
    pub(super) async fn coded(
        self,
        param: &'static SearchParameter,
        modifier: &Modifier,
        operands: &[Operand],
    ) -> Result<Clause, StoreError> {
        let mut all = Vec::new();
        for operand in operands {
            let (mut systems, mut set) = (Vec::new(), None);
            match needed(param, operand)? {
                Needed::System(url) => systems.push(url),
                Needed::Set(name) => set = self.set(&name).await?,
            }
            let systems: Vec<&str> = systems.iter().map(String::as_str).collect();
            let library = self.library(&systems, set.as_deref().as_slice()).await?;
            let found: Vec<Token> =
                tokens(param, modifier, operand, set.as_deref(), &library).map_err(|trouble| match trouble {
                    // The search is at fault, not the place it was sent to.
                    Trouble::NotFound(text) => StoreError::NotSupported(text),
                    other => other.into(),
                })?;
            all.extend(found.into_iter().map(Operand::Token));
        }
        let any = Clause::Param { param, modifier: Modifier::None, any: all };
        Ok(if *modifier == Modifier::NotIn { Clause::Not(Box::new(any)) } else { any })
    }

    pub(super) async fn set(self, name: &str) -> Result<Option<Arc<ValueSet>>, StoreError> {
        let own = name.strip_prefix("ValueSet/").unwrap_or(name);
        let found = if is_id(own) {
            let itself = one_of(ResourceType::ValueSet, [own.to_owned()].into())?;
            self.newest(ResourceType::ValueSet, itself).await?
        } else {
            self.named(ResourceType::ValueSet, name).await?
        };
        Ok(match found {
            Some(Definition::Set(set)) => Some(set),
            _ => Library::default().value_set(name).cloned().map(Arc::new),
        })
    }

    pub(super) async fn library(self, systems: &[&str], sets: &[&ValueSet]) -> Result<Library, StoreError> {
        let mut library = Library::default();
        let mut wanted_systems: Vec<String> = systems.iter().map(|s| (*s).to_owned()).collect();
        let mut wanted_sets: Vec<String> = Vec::new();
        for set in sets {
            let (systems, sets) = Library::named_by(set);
            wanted_systems.extend(systems);
            wanted_sets.extend(sets);
        }
        let mut looked = std::collections::HashSet::new();
        while let Some(url) = wanted_sets.pop() {
            if !looked.insert(url.clone()) {
                continue;
            }
            if looked.len() > MOST_NAMED {
                return Err(StoreError::TooCostly(format!("the set draws on more than {MOST_NAMED} others")));
            }
            if let Some(Definition::Set(set)) = self.named(ResourceType::ValueSet, &url).await? {
                library.sets.insert(url.clone(), set);
            }
            if let Some(set) = library.value_set(&url) {
                let (systems, sets) = Library::named_by(set);
                wanted_systems.extend(systems);
                wanted_sets.extend(sets);
            }
        }
        wanted_systems.sort_unstable();
        wanted_systems.dedup();
        for url in wanted_systems {
            if let Some(Definition::System(system)) = self.named(ResourceType::CodeSystem, &url).await? {
                library.systems.insert(url, system);
            }
        }
        Ok(library)
    }

    /// By canonical url; a version that is named must be the one found.
    pub(super) async fn named(self, ty: ResourceType, name: &str) -> Result<Option<Definition>, StoreError> {
        let (url, version) = canonical(name);
        let clause = |code: &str, operand: Operand| {
            let param = registry::parameter(ty, code);
            let param = param.ok_or_else(|| StoreError::Internal(format!("{ty} has no {code}")))?;
            Ok::<_, StoreError>(Clause::Param { param, modifier: Modifier::None, any: vec![operand] })
        };
        let mut all = clause("url", Operand::Uri(url.to_owned()))?;
        if let Some(version) = version {
            let version = clause("version", Operand::Token(Token::Code(version.to_owned())))?;
            all = Clause::And(vec![all, version]);
        }
        self.newest(ty, all).await
    }

    /// Of what meets the condition, the highest business version, and of equal ones the newest row.
    async fn newest(self, ty: ResourceType, clause: Clause) -> Result<Option<Definition>, StoreError> {
        if !self.actor.may(Interaction::Search, ty) {
            return Ok(None);
        }
        let query = Query { all: vec![clause], ..Query::new(ty) };
        let mut best: Option<Definition> = None;
        for found in self.store.indexed_ids(self.db, self.actor, &query, MOST_VERSIONS).await? {
            let definition = if let Some(definition) = self.store.definitions.get(ty, &found) {
                definition
            } else {
                let itself = one_of(ty, [found.id.clone()].into())?;
                let Some(stored) = self.bodies(ty, &[itself]).await?.pop() else { continue };
                let definition = Definition::read(&stored)?;
                self.store.definitions.keep(&stored, &definition);
                definition
            };
            if best.as_ref().is_none_or(|b| compare_versions(definition.version(), b.version()).is_gt()) {
                best = Some(definition);
            }
        }
        Ok(best)
    }
}
