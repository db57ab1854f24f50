//! One reindex: the current versions of some types, in order of their row keys. A step is a batch of one type.
//!
//! A version that changed since it was read was written by the new set already and is passed by.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fhir::search::added;
use fhir::search::extract::values;
use fhir::search::registry::SearchParameter;
use fhir::{Issue, IssueType, Json, ResourceType};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement};
use serde::{Deserialize, Serialize};

use super::{Advance, Claim, Kept, broken, json, read, statement};
use crate::store::Store;
use crate::store::write::{Current, rewrite};
use crate::{Actor, Request, StoreError};

/// Resources of one step.
const BATCH: i64 = 200;
/// Documents that are read before other tasks have a turn.
const TURN: usize = 50;

/// What is indexed anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reindex {
    /// In this order.
    pub types: Vec<String>,
    /// SearchParameter resources, as they are or were: documents in which they find something are written.
    pub touched: Vec<String>,
    /// Every document is written.
    pub all: bool,
}

/// How far a reindex has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    ty: usize,
    /// The last row key that was looked at; 0 before the first.
    after: i64,
    /// What was written, by type.
    pub counts: BTreeMap<String, u64>,
}

/// The types that are done, of how many, and the resources so far.
pub(super) fn progress(work: &Reindex, place: &Place) -> (usize, usize, u64) {
    (place.ty, work.types.len(), place.counts.values().sum())
}

impl Store {
    /// Keeps a reindex of all that is stored of these types, of every type when none is named.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn begin_reindex(
        &self,
        actor: &Actor,
        request: &Request,
        id: &str,
        url: &str,
        types: &[ResourceType],
    ) -> Result<(), StoreError> {
        let all = || ResourceType::all().iter().filter(|t| has_heads(**t));
        let types: Vec<String> = match types {
            [] => all().map(|t| t.name().to_owned()).collect(),
            some => all().filter(|t| some.contains(t)).map(|t| t.name().to_owned()).collect(),
        };
        let work = Reindex { types, touched: Vec::new(), all: true };
        let tx = self.begin().await?;
        self.keep_reindex(&tx, actor, request, actor.account, id, url, &work).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a reindex; without an account it is the server's own.
    #[expect(clippy::too_many_arguments, reason = "the parts of a job")]
    pub(in crate::store) async fn keep_reindex(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        account: Option<i64>,
        id: &str,
        url: &str,
        work: &Reindex,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO app.job (id, kind, account, actor, request_id, url, work, place, created_at, touched_at)
                   VALUES ($1, 'reindex', $2, $3::jsonb, $4, $5, $6::jsonb, $7::jsonb, $8, $8)";
        let binds = [
            id.into(),
            account.into(),
            json(&Kept::of(actor))?.into(),
            request.request_id.clone().into(),
            url.into(),
            json(work)?.into(),
            json(&Place::default())?.into(),
            request.now.into(),
        ];
        tx.execute_raw(statement(sql, binds)).await?;
        Ok(())
    }

    pub(super) async fn advance_reindex(
        &self,
        claim: &mut Claim,
        work: &Reindex,
        mut place: Place,
        now: DateTime<Utc>,
    ) -> Result<(Advance, Place), StoreError> {
        if self.snapshot(claim).await?.is_none() {
            return Ok((if claim.below.is_some() { Advance::Waiting } else { Advance::Lost }, place));
        }
        let Some(name) = work.types.get(place.ty) else {
            let Some(tx) = self.keep_place(claim, &place, true, now).await? else { return Ok((Advance::Lost, place)) };
            self.serve(&tx, &claim.id).await?;
            tx.commit().await?;
            self.read_parameters(&self.db).await?;
            return Ok((Advance::Done, place));
        };
        let ty = ResourceType::named(name).filter(|t| has_heads(*t)).ok_or_else(|| broken("a type"))?;
        // What is written has to be by the set of now, whoever changed it.
        let known = self.parameters();
        if !self.are_newest(&known).await? {
            return Ok((Advance::More, place));
        }
        let (rows, last) = self.outdated(ty, work, &place).await?;
        let Some(last) = last else {
            (place.ty, place.after) = (place.ty + 1, 0);
            let Some(tx) = self.keep_place(claim, &place, false, now).await? else { return Ok((Advance::Lost, place)) };
            tx.commit().await?;
            return Ok((Advance::More, place));
        };
        place.after = last;
        *place.counts.entry(name.clone()).or_default() += rows.len() as u64;
        let Some(tx) = self.keep_place(claim, &place, false, now).await? else { return Ok((Advance::Lost, place)) };
        rewrite(&tx, ty, rows).await?;
        tx.commit().await?;
        Ok((Advance::More, place))
    }

    /// The next batch of current versions: those to be written, with their index rows, and the last row key that was looked at.
    async fn outdated(
        &self,
        ty: ResourceType,
        work: &Reindex,
        place: &Place,
    ) -> Result<(Vec<Current>, Option<i64>), StoreError> {
        let touched = touched(work, ty)?;
        let table = ty.table();
        // Primary keys of both tables.
        let sql = format!(
            r#"SELECT h.rid, h.version_id, h.id, h.raw, v.pat, v.pats FROM fhir."{table}_ix" AS h
               JOIN fhir."{table}" AS v ON v.rid = h.rid AND v.version_id = h.version_id
               WHERE h.rid > $1 ORDER BY h.rid LIMIT $2"#
        );
        let binds = [place.after.into(), BATCH.into()];
        let found =
            self.db.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        let (mut rows, mut last) = (Vec::new(), None);
        for (n, row) in found.iter().enumerate() {
            if n % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            let rid: i64 = row.try_get("", "rid")?;
            last = Some(rid);
            let Some(raw) = row.try_get::<Option<Vec<u8>>>("", "raw")? else { continue };
            let body = read::text(&raw)?;
            let document = Json::parse(&body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            if !work.all && !touched.iter().any(|param| finds(&document, param)) {
                continue;
            }
            let pats: Option<Vec<i64>> = row.try_get("", "pats")?;
            let pats = pats.unwrap_or_default();
            let pat: Option<i64> = row.try_get("", "pat")?;
            let pats = if pats.is_empty() { pat.into_iter().collect() } else { pats };
            let index = self.index_again(ty, &document, &pats);
            if let Some(code) = index.unreadable.first() {
                let id: String = row.try_get("", "id")?;
                let text = format!("{ty}/{id} has a value that the search parameter {code} cannot read");
                return Err(StoreError::Invalid(vec![Issue::error(IssueType::Value, text)]));
            }
            rows.push(Current { rid, version_id: row.try_get("", "version_id")?, pats, index });
        }
        Ok((rows, last))
    }
}

/// Whether there is a table of heads.
fn has_heads(ty: ResourceType) -> bool {
    !matches!(ty, ResourceType::AuditEvent | ResourceType::Parameters)
}

fn finds(document: &Json<'_>, param: &'static SearchParameter) -> bool {
    let mut any = false;
    values(document, param, &mut |_| any = true);
    any
}

/// The parameters of the type among those that were added or taken away.
fn touched(work: &Reindex, ty: ResourceType) -> Result<Vec<&'static SearchParameter>, StoreError> {
    let mut all = Vec::new();
    for text in &work.touched {
        let document = Json::parse(text).map_err(|_| broken("a definition"))?;
        let adds = added::read(&document).map_err(|_| broken("a definition"))?;
        all.extend(adds.into_iter().filter(|p| p.base == ty));
    }
    Ok(all)
}
