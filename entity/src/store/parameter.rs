//! Search parameters that SearchParameter resources define: their registration in the write that makes them, the job that indexes what is
//! stored, and how every node learns of them.
//!
//! A write extracts by the set its node knows, and reads the generation of its types in its last statement: one that was made by an older
//! set starts over. So whatever commits after all transactions of the change's time are over is indexed by the new set, and the job begins
//! then. A search that is about a parameter beside R4's own asks whether the set is the newest; others ask nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use fhir::search::added::{self, Added, MOST_PER_TYPE};
use fhir::search::registry::SearchParameter;
use fhir::{Issue, IssueType, Json, ResourceType};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement, Value};

use crate::store::Store;
use crate::store::job::Reindex;
use crate::{Actor, Request, StoreError};

/// The lock under which the set is changed.
const LOCK: i64 = 7_406_322_712;

/// The set as a node knows it.
#[derive(Debug, Default)]
pub struct Parameters {
    pub added: Added,
    /// Counts all changes of the set.
    revision: i64,
    /// Counts the changes of what is written, by type.
    generations: BTreeMap<ResourceType, i64>,
}

impl Parameters {
    /// What index rows of this type are written by.
    pub(super) fn generation(&self, resource_type: ResourceType) -> i64 {
        self.generations.get(&resource_type).copied().unwrap_or(0)
    }
}

/// The newest set that this process has seen.
pub(crate) type Known = Arc<RwLock<Arc<Parameters>>>;

/// A SearchParameter as a transaction leaves it; `body` is `None` when it was deleted.
pub(super) struct Defined<'r> {
    pub at: usize,
    pub id: &'r str,
    pub version_id: i32,
    pub body: Option<&'r str>,
}

/// A registered SearchParameter.
struct Registered {
    definition: String,
    adds: Vec<&'static SearchParameter>,
    job: Option<String>,
}

fn sql(text: &str, binds: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, binds)
}

/// What a definition adds; nothing of one that this version of the server cannot serve any more.
fn adds(id: &str, definition: &str) -> Vec<&'static SearchParameter> {
    let read = Json::parse(definition).ok().and_then(|document| added::read(&document).ok());
    read.unwrap_or_else(|| {
        tracing::warn!(id, "a SearchParameter that was served once cannot be any more");
        Vec::new()
    })
}

async fn registered(db: &impl ConnectionTrait) -> Result<BTreeMap<String, Registered>, StoreError> {
    let text = "SELECT id, definition, job FROM app.search_parameter";
    let mut all = BTreeMap::new();
    for row in db.query_all_raw(sql(text, [])).await? {
        let (id, definition): (String, String) = (row.try_get("", "id")?, row.try_get("", "definition")?);
        let adds = adds(&id, &definition);
        all.insert(id, Registered { definition, adds, job: row.try_get("", "job")? });
    }
    Ok(all)
}

/// The set as it is stored.
pub(super) async fn load(db: &impl ConnectionTrait) -> Result<Parameters, StoreError> {
    let mut known = Parameters::default();
    // Counted first: a change in between makes the set look older than it is, never newer.
    for row in db.query_all_raw(sql("SELECT type, gen FROM app.index_generation", [])).await? {
        let (name, count): (String, i64) = (row.try_get("", "type")?, row.try_get("", "gen")?);
        match ResourceType::named(&name) {
            Some(resource_type) => {
                known.generations.insert(resource_type, count);
            }
            None => known.revision = count,
        }
    }
    for one in registered(db).await?.values() {
        for param in &one.adds {
            known.added.add(param, one.job.as_deref());
        }
    }
    Ok(known)
}

/// Counts a change of the set, and of what is written on these types.
async fn count(db: &impl ConnectionTrait, types: impl Iterator<Item = ResourceType>) -> Result<(), StoreError> {
    let names: Vec<String> = types.map(|t| t.name().to_owned()).chain([String::new()]).collect();
    let text = "INSERT INTO app.index_generation AS g (type, gen) SELECT t, 1 FROM unnest($1::text[]) AS t ORDER BY t
                ON CONFLICT (type) DO UPDATE SET gen = g.gen + 1";
    db.execute_raw(sql(text, [names.into()])).await?;
    Ok(())
}

impl Store {
    /// The search parameters beside R4's own, as this process knows them.
    pub fn parameters(&self) -> Arc<Parameters> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether these are the parameters of now. If not, they have been read anew.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn are_newest(&self, parameters: &Parameters) -> Result<bool, StoreError> {
        let text = "SELECT gen FROM app.index_generation WHERE type = ''";
        let row = self.db.query_one_raw(sql(text, [])).await?;
        let revision = row.map_or(Ok(0), |row| row.try_get::<i64>("", "gen"))?;
        if revision == parameters.revision {
            return Ok(true);
        }
        self.read_parameters(&self.db).await?;
        Ok(false)
    }

    /// Reads the set as this connection sees it.
    pub(super) async fn read_parameters(&self, db: &impl ConnectionTrait) -> Result<(), StoreError> {
        let newest = Arc::new(load(db).await?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = newest;
        Ok(())
    }

    /// Refuses rows that were made by an older set than that of now, which is read for the next try. `now` has the types that were ever
    /// changed.
    pub(super) async fn indexed_by_newest(
        &self,
        tx: &DatabaseTransaction,
        by: impl Iterator<Item = (ResourceType, i64)>,
        now: &BTreeMap<ResourceType, i64>,
    ) -> Result<(), StoreError> {
        for (resource_type, generation) in by {
            if now.get(&resource_type).copied().unwrap_or(0) != generation {
                self.read_parameters(tx).await?;
                return Err(StoreError::Contention { sql_state: "40001".into() });
            }
        }
        Ok(())
    }

    /// Registers what SearchParameters define now, in the transaction that writes them, and keeps the job that indexes what is stored.
    ///
    /// # Errors
    /// [`StoreError::NotValid`] names what cannot be served, and a code that is taken.
    pub(super) async fn define(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        defined: &[Defined<'_>],
    ) -> Result<(), StoreError> {
        let Some(first) = defined.first() else { return Ok(()) };
        tx.execute_raw(sql("SELECT pg_advisory_xact_lock($1)", [LOCK.into()])).await?;
        let mut all = registered(tx).await?;
        let job = format!("reindex-{}-{}", first.id, first.version_id);
        let job: String = job.chars().rev().take(64).collect::<Vec<_>>().into_iter().rev().collect();
        let (mut types, mut touched, mut changed) = (BTreeSet::new(), Vec::new(), false);
        for one in defined {
            let document = one.body.map(Json::parse).transpose();
            let document = document.map_err(|_| StoreError::Internal("a body is no JSON".into()))?;
            let adds = document.as_ref().map_or(Ok(Vec::new()), added::read);
            let adds = adds.map_err(|issues| StoreError::NotValid { at: one.at, issues })?;
            let before = all.remove(one.id);
            let same = before.as_ref().map_or(adds.is_empty(), |b| b.adds == adds && same_definitions(&b.adds, &adds));
            let in_work = match before.as_ref().and_then(|b| b.job.as_deref()) {
                Some(job) => is_running(tx, job).await?,
                None => true,
            };
            if same && in_work {
                if let (Some(before), Some(body)) = (before, one.body) {
                    all.insert(one.id.to_owned(), Registered { definition: body.to_owned(), ..before });
                    let text = "UPDATE app.search_parameter SET version_id = $2, definition = $3 WHERE id = $1";
                    tx.execute_raw(sql(text, [one.id.into(), one.version_id.into(), body.into()])).await?;
                }
                continue;
            }
            changed = true;
            for param in before.iter().flat_map(|b| &b.adds).chain(&adds) {
                types.insert(param.base);
            }
            touched.extend(before.map(|b| b.definition));
            tx.execute_raw(sql("DELETE FROM app.search_parameter WHERE id = $1", [one.id.into()])).await?;
            let Some(body) = one.body.filter(|_| !adds.is_empty()) else { continue };
            let refuse = |code, text: String| {
                let issue = Issue::error(code, text).at("SearchParameter.code");
                Err(StoreError::NotValid { at: one.at, issues: vec![issue] })
            };
            for param in &adds {
                let others = || {
                    all.iter()
                        .flat_map(|(id, r)| r.adds.iter().map(move |p| (id, p)))
                        .filter(|(_, p)| p.base == param.base)
                };
                if let Some((id, _)) = others().find(|(_, p)| p.code == param.code) {
                    let text =
                        format!("{} has the search parameter \"{}\" by SearchParameter/{id}", param.base, param.code);
                    return refuse(IssueType::Duplicate, text);
                }
                if others().count() >= MOST_PER_TYPE {
                    let text = format!("{} has {MOST_PER_TYPE} search parameters beside those of R4", param.base);
                    return refuse(IssueType::TooCostly, text);
                }
            }
            touched.push(body.to_owned());
            let text = "INSERT INTO app.search_parameter (id, version_id, definition, job) VALUES ($1, $2, $3, $4)";
            tx.execute_raw(sql(text, [one.id.into(), one.version_id.into(), body.into(), job.clone().into()])).await?;
            let registered = Registered { definition: body.to_owned(), adds, job: Some(job.clone()) };
            all.insert(one.id.to_owned(), registered);
        }
        if !changed {
            return Ok(());
        }
        count(tx, types.iter().copied()).await?;
        let types = types.into_iter().map(|t| t.name().to_owned()).collect();
        // What a job that failed has left behind is not known.
        let failed = tx
            .query_one_raw(sql("SELECT 1 AS n FROM app.job WHERE kind = 'reindex' AND state = 'failed' LIMIT 1", []))
            .await?;
        let work = Reindex { types, touched, all: failed.is_some() };
        self.keep_reindex(tx, actor, request, None, &job, &format!("SearchParameter/{}", first.id), &work).await
    }

    /// Lets those parameters be searched by whose job is done, in the transaction that ends it.
    pub(super) async fn serve(&self, tx: &DatabaseTransaction, job: &str) -> Result<(), StoreError> {
        tx.execute_raw(sql("UPDATE app.search_parameter SET job = NULL WHERE job = $1", [job.into()])).await?;
        count(tx, std::iter::empty()).await
    }
}

/// Equal parameters are equal by base and code; one definition is kept once.
fn same_definitions(a: &[&'static SearchParameter], b: &[&'static SearchParameter]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| std::ptr::eq(*a, *b))
}

async fn is_running(tx: &DatabaseTransaction, job: &str) -> Result<bool, StoreError> {
    let text = "SELECT 1 AS n FROM app.job WHERE id = $1 AND state = 'running'";
    Ok(tx.query_one_raw(sql(text, [job.into()])).await?.is_some())
}
