//! Acts: writes that are decided on what the record says, read under locks within the transaction that writes.
//!
//! Order in the transaction: request row, criteria locks, row locks of what may change, chart locks, facts, decision, and from there the one
//! write path. It knows no clinical act; what the facts mean is the caller's decision.

use std::collections::BTreeSet;

use fhir::ResourceType;
use fhir::search::query::Query;

use crate::role::Interaction;
use crate::store::condition::Criterion;
use crate::store::write::{RETRIES, check, claim, outcomes};
use crate::store::{Act, Attestation, Outcome, Plan, Store, Stored, Write};
use crate::{Actor, Request, StoreError};

/// More matches than this of one fact cannot be decided on.
const FACTS: u32 = 1_000;

/// A search whose matches are part of what an act is decided on.
#[derive(Debug, Clone)]
pub struct Fact {
    pub query: Query,
    /// Whether the decision may change the matches: their rows are locked.
    pub changes: bool,
    /// The newest matches up to this number are enough; `None` when the decision needs all of them.
    pub sample: Option<u32>,
    /// Whether what the actor may not see counts too. Nothing of it may reach an answer that the actor's rights do not cover: the act's
    /// writes are still the actor's.
    pub unseen: bool,
}

/// What an act works on.
#[derive(Debug, Clone)]
pub struct Deed {
    /// What the act is, for its Provenance.
    pub act: Attestation,
    /// A hash of the act's name and input: what an idempotency key is bound to, whatever ids are minted for the answer.
    pub fingerprint: Vec<u8>,
    /// Writes that do not depend on the facts.
    pub writes: Vec<Write>,
    /// What further writes will have to be permitted, asked before anything is looked at.
    pub needs: Vec<(Interaction, ResourceType)>,
    /// Patients (bare ids) whose charts nobody else writes to until this act is committed.
    pub charts: Vec<String>,
    /// Criteria that are not looked up: acts with an equal one follow one another. For what no chart lock keeps apart, such as a bed.
    pub turns: Vec<Query>,
    pub facts: Vec<Fact>,
}

/// Why an act was not carried out; nothing of it is stored.
#[derive(Debug)]
pub enum Refusal<R> {
    Store(StoreError),
    /// The decision's own refusal.
    Act(R),
}

impl<R> From<StoreError> for Refusal<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R> From<sea_orm::DbErr> for Refusal<R> {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// Further writes, given the matches of each fact in the order of [`Deed::facts`]; or a refusal. Asked again for each try.
pub type Judge<'j, R> = dyn Fn(&[Vec<Stored>]) -> Result<Vec<Write>, R> + Send + Sync + 'j;

impl Store {
    /// Reads the facts, decides, and commits all writes or nothing. The outcomes are those of the deed's writes and then of the further
    /// ones. A repeated request under one key with the same fingerprint gets what became of the first one, without a decision.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`StoreError::TooCostly`] when a fact has more than 1,000 matches; and what `judge` refuses.
    pub async fn act<R: Send>(
        &self,
        actor: &Actor,
        request: &Request,
        deed: &Deed,
        judge: &Judge<'_, R>,
    ) -> Result<Vec<Outcome>, Refusal<R>> {
        check(actor, &Plan::of(deed.writes.clone()))?;
        for (interaction, resource_type) in &deed.needs {
            actor.require(*interaction, *resource_type)?;
        }
        for fact in deed.facts.iter().filter(|f| !f.unseen) {
            actor.require_search(&fact.query)?;
        }
        let mut tries = 0;
        loop {
            match self.act_once(actor, request, deed, judge).await {
                Err(Refusal::Store(StoreError::Contention { .. })) if tries < RETRIES => tries += 1,
                other => return other,
            }
        }
    }

    async fn act_once<R: Send>(
        &self,
        actor: &Actor,
        request: &Request,
        deed: &Deed,
        judge: &Judge<'_, R>,
    ) -> Result<Vec<Outcome>, Refusal<R>> {
        let tx = self.begin().await?;
        if let Some(key) = &request.idempotency_key
            && let Some(earlier) = claim(&tx, actor, key, request, &deed.fingerprint).await?
        {
            tx.rollback().await?;
            return Ok(self.replay(actor, &earlier).await?.1);
        }
        let turn = |query: &Query| Criterion { query: query.clone(), limit: 0, exclusive: true };
        let turns: Vec<Criterion> = deed.turns.iter().map(turn).collect();
        self.lock_criteria(&tx, &turns).await?;
        // What a fact will want changed has to be locked before the charts are: a row is never waited for under a chart lock.
        let named = deed.writes.iter().filter(|w| !matches!(w.act, Act::Create { .. }));
        let mut changes: BTreeSet<(ResourceType, String)> = named.map(|w| (w.resource_type, w.id.clone())).collect();
        let mut hidden: BTreeSet<(ResourceType, String)> = BTreeSet::new();
        let server = Actor::server();
        let sight = |fact: &Fact| if fact.unseen { &server } else { actor };
        for fact in deed.facts.iter().filter(|f| f.changes) {
            let matches = self.matching_ids(&tx, sight(fact), &fact.query, FACTS + 1).await?;
            let named = if fact.unseen { &mut hidden } else { &mut changes };
            named.extend(matches.into_iter().map(|m| (fact.query.resource_type, m.id)));
        }
        let named = |(ty, id): &'_ (ResourceType, String)| (*ty, id.clone(), self.gate.guards(*ty));
        let (seen, unseen): (Vec<_>, Vec<_>) =
            (changes.iter().map(named).collect(), hidden.iter().map(named).collect());
        let mut heads =
            self.lock_heads(&tx, actor, seen.iter().map(|(ty, id, body)| (*ty, id.as_str(), *body))).await?;
        if !unseen.is_empty() {
            let named = unseen.iter().map(|(ty, id, body)| (*ty, id.as_str(), *body));
            heads.extend(self.lock_heads(&tx, &server, named).await?);
            changes.append(&mut hidden);
        }
        let charts = deed.charts.iter().map(|id| self.keys.resource(ResourceType::Patient, id));
        let charts: Vec<i64> = charts.chain(heads.values().filter_map(|h| h.pat)).collect();
        let _turn = self.lock_charts(&tx, charts.into_iter(), true).await?;
        let mut facts = Vec::with_capacity(deed.facts.len());
        for fact in &deed.facts {
            let resource_type = fact.query.resource_type;
            let limit = fact.sample.unwrap_or(FACTS + 1);
            let matches = self.matching_ids(&tx, sight(fact), &fact.query, limit).await?;
            if matches.len() > FACTS as usize {
                return Err(StoreError::TooCostly(format!("more than {FACTS} {resource_type} to decide on")).into());
            }
            let ids: Vec<String> = matches.into_iter().map(|m| m.id).collect();
            facts.push(self.read_many_in(&tx, sight(fact), resource_type, &ids).await?);
        }
        let further = judge(&facts).map_err(Refusal::Act)?;
        let mut plan = Plan { writes: deed.writes.clone(), act: Some(deed.act.clone()) };
        plan.writes.extend(further);
        check(actor, &plan)?;
        let mut changed = plan.writes.iter().filter(|w| !matches!(w.act, Act::Create { .. }));
        if changed.any(|w| !changes.contains(&(w.resource_type, w.id.clone()))) {
            // A fact has a match that it had not when the rows were locked.
            return Err(StoreError::Contention { sql_state: "40001".into() }.into());
        }
        let rows = self.write(&tx, actor, request, &plan, &heads, &[]).await?;
        tx.commit().await?;
        self.bell.ring();
        Ok(outcomes(&plan, rows))
    }
}
