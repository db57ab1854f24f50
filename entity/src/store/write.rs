//! The one write path: versions, heads, outbox and audit of a plan commit together or not at all.
//!
//! Order in the transaction: request row, criteria locks and their matches, row locks by type and row key, decision, chart locks, the
//! gate's facts and its word, rows, commit.
//! READ COMMITTED, so each of these statements sees what the previous holder committed.

mod bounds;
mod rows;
mod share;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use fhir::patch::Patch;
use fhir::reference::is_id;
use fhir::search::added::Reading;
use fhir::search::extract::{Extracted, Options, extract};
use fhir::search::{label, registry};
use fhir::validate::validate;
use fhir::{Issue, IssueType, Json, ResourceType, document};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement, Value};
use serde::Deserialize as _;
use sha2::{Digest as _, Sha256};

use crate::actor::{Category, DeniedLabels};
use crate::gate::Change;
use crate::role::{self, Interaction};
use crate::store::audit::{self, AuditRow};
use crate::store::condition::{Conditions, Criterion, Decide, Match};
use crate::store::parameter::Defined;
use crate::store::search::Claims;
use crate::store::sql::Sql;
use crate::store::subscription::Wanted;
use crate::store::{Act, Attestation, Lookup, Outcome, Plan, Store, Stored, Write, attest, care, denial, paired};
use crate::trail::Trail;
use crate::{Actor, Request, Rows, StoreError};

pub(super) use rows::{Current, rewrite};
pub(crate) use share::Sharing;

/// Row keys taken from the sequence at once; the sequence's increment.
const RID_BLOCK: i64 = 1000;
/// How often a write that met another one is tried again.
pub(super) const RETRIES: u32 = 5;

/// Locked heads by type and id.
pub(super) type Heads = HashMap<(ResourceType, String), Head>;

/// The head of a resource as it was locked.
pub(super) struct Head {
    rid: i64,
    version_id: i32,
    last_updated: DateTime<Utc>,
    deleted: bool,
    pub(super) pat: Option<i64>,
    ts_lo: i64,
    ts_hi: i64,
    conf: i16,
    sens: i32,
    /// The current text of what is to be patched, and of what the gate guards.
    body: Option<String>,
}

/// The place of the Provenance's id among a request's ids.
const ATTESTED_AS: u64 = 1 << 33;

/// One new version, decided and ready to be written.
pub(super) struct Row {
    at: usize,
    resource_type: ResourceType,
    id: String,
    rid: i64,
    is_new: bool,
    version_id: i32,
    last_updated: DateTime<Utc>,
    /// The instant of the request, which [`Row::last_updated`] may be later than.
    requested: DateTime<Utc>,
    operation: &'static str,
    /// Row keys of the patients it is about; the first one is the head's `pat`.
    pats: Vec<i64>,
    /// The first patient of the version before, when there is one.
    pat_before: Option<i64>,
    /// The index rows; for a deletion only labels, primary date and compartment terms are left.
    index: Extracted,
    /// Empty for a deletion.
    body: String,
    keep_text: bool,
    /// The generation of the type's search parameters that the index rows were made by; none for a deletion.
    by: Option<i64>,
}

impl Row {
    fn defines(&self) -> Defined<'_> {
        let body = (self.operation != "D").then_some(self.body.as_str());
        Defined { at: self.at, id: &self.id, version_id: self.version_id, body }
    }
}

impl Row {
    fn interaction(&self) -> Interaction {
        match self.operation {
            "C" => Interaction::Create,
            "U" => Interaction::Update,
            _ => Interaction::Delete,
        }
    }

    fn written(&self) -> care::Written<'_> {
        care::Written {
            resource_type: self.resource_type,
            rid: self.rid,
            is_new: self.is_new,
            body: &self.body,
            pats: &self.pats,
            when: (self.index.ts_lo, self.index.ts_hi),
            at_us: self.last_updated.timestamp_micros(),
        }
    }
}

/// The refusal of a write about somebody whom the actor does not see.
fn not_own(write: &Write) -> StoreError {
    let interaction = match write.act {
        Act::Create { .. } => Interaction::Create,
        Act::Update { .. } | Act::Patch { .. } => Interaction::Update,
        Act::Delete { .. } => Interaction::Delete,
    };
    StoreError::Forbidden { interaction: interaction.code(), resource_type: write.resource_type }
}

impl Store {
    /// Commits the plan: all of its writes, or none.
    ///
    /// With [`Request::idempotency_key`] a repeated request gets the outcome of the first one.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] before anything is looked at; [`StoreError::Invalid`] names the place in a body;
    /// [`StoreError::Stale`], [`StoreError::NotFound`] and [`StoreError::Conflict`] name the resource.
    pub async fn commit(&self, actor: &Actor, request: &Request, plan: &Plan) -> Result<Vec<Outcome>, StoreError> {
        check(actor, plan)?;
        let fingerprint = request.idempotency_key.as_ref().map(|_| plan_hash(plan)).unwrap_or_default();
        if let Some(done) = self.commit_shared(actor, request, plan, &fingerprint).await? {
            return Ok(done);
        }
        let conditions = Conditions { criteria: Vec::new(), fingerprint };
        let decide = |_: &[Vec<Match>]| Ok((Cow::Borrowed(plan), ()));
        Ok(self.commit_decided(actor, request, &conditions, &decide).await?.0)
    }

    /// Whether the plan would be committed now; nothing of it is, and nobody is told.
    ///
    /// # Errors
    /// What [`Store::commit`] would refuse.
    pub async fn would_commit(&self, actor: &Actor, request: &Request, plan: &Plan) -> Result<(), StoreError> {
        check(actor, plan)?;
        let asking = Actor { trail: Trail::default(), ..actor.clone() };
        let tx = self.begin().await?;
        let heads = self.lock(&tx, &asking, plan).await?;
        let would = self.write(&tx, &asking, request, plan, &heads, &[]).await;
        tx.rollback().await?;
        would.map(|_| ())
    }

    /// Tries until the write is committed or refused; every try starts from the request.
    pub(super) async fn commit_decided<T: Send>(
        &self,
        actor: &Actor,
        request: &Request,
        conditions: &Conditions,
        decide: &Decide<'_, T>,
    ) -> Result<(Vec<Outcome>, T), StoreError> {
        let mut tries = 0;
        loop {
            match self.attempt(actor, request, conditions, decide).await {
                Err(StoreError::Contention { .. }) if tries < RETRIES => tries += 1,
                other => return other,
            }
        }
    }

    async fn attempt<T: Send>(
        &self,
        actor: &Actor,
        request: &Request,
        conditions: &Conditions,
        decide: &Decide<'_, T>,
    ) -> Result<(Vec<Outcome>, T), StoreError> {
        let tx = self.begin().await?;
        if let Some(key) = &request.idempotency_key
            && let Some(earlier) = claim(&tx, actor, key, request, &conditions.fingerprint).await?
        {
            tx.rollback().await?;
            let (matches, outcomes) = self.replay(actor, &earlier).await?;
            return Ok((outcomes, decide(&matches)?.1));
        }
        let matches = self.matches(&tx, actor, &conditions.criteria).await?;
        let (plan, rest) = decide(&matches)?;
        let plan = plan.as_ref();
        check(actor, plan)?;
        let heads = self.lock(&tx, actor, plan).await?;
        unchanged(&heads, &conditions.criteria, &matches)?;
        let rows = self.write(&tx, actor, request, plan, &heads, &matches).await?;
        tx.commit().await?;
        self.bell.ring();
        if rows.iter().any(|row| row.resource_type == ResourceType::Consent) {
            self.forget_people();
        }
        Ok((outcomes(plan, rows), rest))
    }

    /// Everything of a write after its row locks and before its commit.
    pub(super) async fn write(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        plan: &Plan,
        heads: &Heads,
        matches: &[Vec<Match>],
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = self.decide(tx, actor, heads, request, plan).await?;
        self.was_own(tx, actor, plan, &rows).await?;
        self.own_care(tx, actor, plan, &rows).await?;
        let claims: Vec<_> = rows.iter().map(|r| Claims { at: r.at, body: &r.body }).collect();
        self.conform(tx, &claims).await?;
        let patients = rows.iter().flat_map(|r| r.pats.iter().copied().chain(r.pat_before));
        let (_turn, added) = self.guarded(tx, actor, request, patients, &self.changes(heads, &rows)).await?;
        rows.extend(self.added(tx, request, plan, &added).await?);
        if let Some(act) = plan.act.as_ref().filter(|_| !rows.is_empty()) {
            rows.push(self.attested(tx, actor, request, plan, act, &rows).await?);
        }
        self.insert_rows(tx, &rows).await?;
        let deleted: Vec<_> =
            rows.iter().filter(|r| r.operation == "D").map(|r| (r.resource_type, r.id.as_str())).collect();
        self.unreferenced(tx, actor, &deleted).await?;
        let audited: Vec<AuditRow> = rows.iter().map(|row| audited(actor, request, row)).collect();
        self.tell(tx, &rows, &audited).await?;
        if let Some(key) = &request.idempotency_key {
            let outcome = kept_outcome(plan.writes.len(), matches, &rows);
            keep_outcomes(tx, &[(&actor.principal, key, outcome)]).await?;
        }
        // What this transaction writes beside it is left to the job, as all that is stored.
        let defining = rows.iter().filter(|r| r.resource_type == ResourceType::SearchParameter);
        self.define(tx, actor, request, &defining.map(Row::defines).collect::<Vec<_>>()).await?;
        if !rows.is_empty() {
            actor.trail.committed();
        }
        Ok(rows)
    }

    /// Versions, heads and all index rows.
    async fn insert_rows(&self, tx: &DatabaseTransaction, rows: &[Row]) -> Result<(), StoreError> {
        let mut by_type: BTreeMap<ResourceType, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_type.entry(row.resource_type).or_default().push(row);
        }
        self.stores(tx, by_type.keys().copied()).await?;
        for (resource_type, rows) in &by_type {
            rows::insert_versions(tx, *resource_type, rows).await?;
            rows::insert_heads(&self.keys, tx, *resource_type, rows).await?;
            rows::update_heads(tx, *resource_type, rows).await?;
        }
        rows::write_side_rows(tx, rows).await?;
        care::keep(tx, &self.keys, rows.iter().map(Row::written)).await?;
        denial::keep(tx, (&self.keys, self.options()), rows.iter().map(Row::written)).await?;
        rows::write_moves(tx, rows).await
    }

    /// Outbox and audit, when all other rows are written; refuses what was indexed by an older set of search parameters.
    async fn tell(&self, tx: &DatabaseTransaction, rows: &[Row], audited: &[AuditRow]) -> Result<(), StoreError> {
        audit::insert(tx, audited).await?;
        let generations = rows::write_outbox(tx, rows).await?;
        let by = rows.iter().filter_map(|r| Some((r.resource_type, r.by?)));
        self.indexed_by_newest(tx, by, &generations).await
    }

    /// Locks the heads of every target the actor may see, in the same order for every writer.
    async fn lock(&self, tx: &DatabaseTransaction, actor: &Actor, plan: &Plan) -> Result<Heads, StoreError> {
        let targets = plan.writes.iter().map(|w| {
            let with_body = matches!(w.act, Act::Patch { .. })
                || self.gate.guards(w.resource_type)
                || paired::is_watched(actor, plan.act.as_ref(), w.resource_type);
            (w.resource_type, w.id.as_str(), with_body)
        });
        self.lock_heads(tx, actor, targets).await
    }

    /// As [`Store::lock`], of resources by type and id, and with the current text of those it is wanted of.
    pub(super) async fn lock_heads<'n>(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        named: impl Iterator<Item = (ResourceType, &'n str, bool)>,
    ) -> Result<Heads, StoreError> {
        self.lock_heads_or(tx, actor, named, "").await
    }

    /// As [`Store::lock_heads`], of those heads that nobody else has locked.
    async fn lock_free_heads<'n>(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        named: impl Iterator<Item = (ResourceType, &'n str, bool)>,
    ) -> Result<Heads, StoreError> {
        self.lock_heads_or(tx, actor, named, " SKIP LOCKED").await
    }

    async fn lock_heads_or<'n>(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        named: impl Iterator<Item = (ResourceType, &'n str, bool)>,
        otherwise: &str,
    ) -> Result<Heads, StoreError> {
        let mut targets: BTreeMap<ResourceType, (Vec<i64>, Vec<i64>)> = BTreeMap::new();
        for (resource_type, id, wants_body) in named {
            let rkey = self.keys.resource(resource_type, id);
            let (all, with_body) = targets.entry(resource_type).or_default();
            all.push(rkey);
            if wants_body {
                with_body.push(rkey);
            }
        }
        let mut heads = HashMap::new();
        for (resource_type, (rkeys, with_body)) in targets {
            let mut sql = Sql::new();
            sql.push("SELECT h.id, h.rid, h.version_id, h.last_updated, h.deleted, h.pat, h.ts_lo, h.ts_hi, h.conf, h.sens, CASE WHEN h.rkey = ANY(");
            sql.bind_i64s(with_body).push(") THEN h.raw END AS raw FROM ");
            sql.heads_with_deleted(resource_type, "h", actor, &self.keys);
            sql.push(" AND h.rkey = ANY(").bind_i64s(rkeys).push(") ORDER BY h.rkey FOR UPDATE").push(otherwise);
            for row in tx.query_all_raw(sql.statement()).await? {
                let raw: Option<Vec<u8>> = row.try_get("", "raw")?;
                let head = Head {
                    rid: row.try_get("", "rid")?,
                    version_id: row.try_get("", "version_id")?,
                    last_updated: row.try_get("", "last_updated")?,
                    deleted: row.try_get("", "deleted")?,
                    pat: row.try_get("", "pat")?,
                    ts_lo: row.try_get("", "ts_lo")?,
                    ts_hi: row.try_get("", "ts_hi")?,
                    conf: row.try_get("", "conf")?,
                    sens: row.try_get("", "sens")?,
                    body: raw.as_deref().map(super::read::text).transpose()?,
                };
                heads.insert((resource_type, row.try_get("", "id")?), head);
            }
        }
        Ok(heads)
    }

    /// The changes that the gate is asked about.
    fn changes<'r>(&self, heads: &'r Heads, rows: &'r [Row]) -> Vec<Change<'r>> {
        let guarded = rows.iter().filter(|r| self.gate.guards(r.resource_type));
        guarded
            .map(|r| Change {
                resource_type: r.resource_type,
                id: &r.id,
                before: heads
                    .get(&(r.resource_type, r.id.clone()))
                    .filter(|h| !h.deleted)
                    .and_then(|h| h.body.as_deref()),
                after: (r.operation != "D").then_some(r.body.as_str()),
            })
            .collect()
    }

    /// The rows of what the gate adds. The client did not ask for them: they have no place in its outcome.
    async fn added(
        &self,
        tx: &DatabaseTransaction,
        request: &Request,
        plan: &Plan,
        added: &Plan,
    ) -> Result<Vec<Row>, StoreError> {
        let wrong = |e: StoreError| StoreError::Internal(format!("what the write gate adds is refused: {e}"));
        check(&Actor::server(), added).map_err(wrong)?;
        let mut rows = self.decide(tx, &Actor::server(), &HashMap::new(), request, added).await.map_err(wrong)?;
        for row in &mut rows {
            row.at += plan.writes.len();
        }
        Ok(rows)
    }

    /// The row of the act's Provenance. It is as confidential as all it is about, and belongs to the same patients.
    async fn attested(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        plan: &Plan,
        act: &Attestation,
        rows: &[Row],
    ) -> Result<Row, StoreError> {
        let targets = rows.iter().map(|r| format!("{}/{}/_history/{}", r.resource_type, r.id, r.version_id));
        let body = attest::document(actor, request, act, targets);
        let write = Write {
            resource_type: ResourceType::Provenance,
            id: request.ids.nth(ATTESTED_AS),
            act: Act::Create { body },
        };
        let mut added = self.added(tx, request, plan, &Plan::of(vec![write])).await?;
        let mut row = added.pop().ok_or_else(|| StoreError::Internal("an act without its Provenance".into()))?;
        row.pats = rows.iter().flat_map(|r| r.pats.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
        row.index.terms.extend(self.compartment_terms(row.resource_type, &row.pats));
        for about in rows {
            row.index.conf = row.index.conf.max(about.index.conf);
            row.index.sens |= about.index.sens;
        }
        Ok(row)
    }

    /// What each write amounts to against the locked heads.
    async fn decide(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        heads: &Heads,
        request: &Request,
        plan: &Plan,
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::with_capacity(plan.writes.len());
        for (at, write) in plan.writes.iter().enumerate() {
            let Write { resource_type, id, act } = write;
            let head = heads.get(&(*resource_type, id.clone()));
            let Some((text, operation)) = intended(actor, at, write, head)? else { continue };
            let text = if let Some(text) = text {
                if paired::is_watched(actor, plan.act.as_ref(), *resource_type) {
                    let before = head.filter(|h| !h.deleted).and_then(|h| h.body.as_deref());
                    paired::check(*resource_type, before, &text)?;
                }
                Some(match resource_type {
                    ResourceType::Subscription => {
                        let patched = matches!(act, Act::Patch { .. });
                        let version_id = head.map_or(1, |h| h.version_id + 1);
                        let wanted = Wanted { at, id, version_id, text: &text, patched };
                        Cow::Owned(self.subscribe_to(tx, actor, request, wanted).await?)
                    }
                    _ => text,
                })
            } else {
                if *resource_type == ResourceType::Subscription {
                    self.unsubscribe(tx, id).await?;
                }
                None
            };
            let mut row = self.row(actor, request, at, write, head, (text.as_deref(), operation))?;
            row.rid = match head {
                Some(head) => head.rid,
                None => self.next_rid(tx).await?,
            };
            rows.push(row);
        }
        Ok(rows)
    }

    /// The row of a write with this text, or of a deletion; of a new resource without its row key.
    fn row(
        &self,
        actor: &Actor,
        request: &Request,
        at: usize,
        write: &Write,
        head: Option<&Head>,
        (text, operation): (Option<&str>, &'static str),
    ) -> Result<Row, StoreError> {
        let resource_type = write.resource_type;
        let mut row = Row {
            at,
            resource_type,
            id: write.id.clone(),
            rid: head.map_or(0, |h| h.rid),
            is_new: head.is_none(),
            version_id: head.map_or(1, |h| h.version_id + 1),
            last_updated: head.map_or(request.now, |h| request.now.max(h.last_updated + TimeDelta::microseconds(1))),
            requested: request.now,
            operation,
            pats: head.and_then(|h| h.pat).into_iter().collect(),
            pat_before: head.and_then(|h| h.pat),
            index: Extracted::default(),
            body: String::new(),
            keep_text: false,
            by: None,
        };
        if let Some(text) = text {
            self.read_body(&mut row, text)?;
            self.own(actor, write, &row)?;
            let labels = head.map_or((label::NORMAL, 0), |h| (h.conf, h.sens));
            if labels != (row.index.conf, row.index.sens) {
                labelled(actor)?;
            }
        } else if let Some(head) = head {
            row.index.terms = self.compartment_terms(resource_type, &row.pats);
            (row.index.ts_lo, row.index.ts_hi) = (head.ts_lo, head.ts_hi);
            (row.index.conf, row.index.sens) = (head.conf, head.sens);
        }
        Ok(row)
    }

    /// Reads a body into the row: index rows, patients, and the text as it is served. Every document that becomes a version passes here,
    /// so here it is validated.
    fn read_body(&self, row: &mut Row, text: &str) -> Result<(), StoreError> {
        let at = row.at;
        let unreadable = |issue| StoreError::InvalidWrite { at, issues: vec![issue] };
        let mut object = document::read(text, row.resource_type).map_err(unreadable)?;
        object.set("id", Json::from(row.id.clone()));
        let document = Json::Object(object);
        let issues = validate(&document);
        // Too much of it is another matter than wrong.
        if issues.iter().any(|i| i.blocks() && i.code == IssueType::TooLong) {
            let issues = issues.into_iter().filter(|i| i.code == IssueType::TooLong).collect();
            return Err(StoreError::InvalidWrite { at, issues });
        }
        if issues.iter().any(Issue::blocks) {
            return Err(StoreError::NotValid { at, issues });
        }
        let parameters = self.parameters();
        let lookup = Reading::of(&parameters.added);
        let options = Options { added: Some(&lookup), ..self.options() };
        row.index = extract(&document, row.resource_type, &self.keys, &options);
        row.by = Some(parameters.generation(row.resource_type));
        if !row.index.unreadable.is_empty() {
            let issues = row.index.unreadable.iter().map(|code| {
                let text = format!("{} has a value that search parameter {code} cannot read", row.resource_type);
                Issue::error(IssueType::Value, text).at(row.resource_type.name())
            });
            return Err(StoreError::NotValid { at, issues: issues.collect() });
        }
        row.pats = row.index.patients.iter().map(|id| self.keys.resource(ResourceType::Patient, id)).collect();
        row.index.terms.extend(self.compartment_terms(row.resource_type, &row.pats));
        row.keep_text = document::has_fragile_number(&document);
        let Json::Object(object) = document else { unreachable!("built above") };
        row.body = document::stamp(object, &row.id, row.version_id, row.last_updated).map_err(unreadable)?;
        Ok(())
    }

    /// The index rows of a document that is stored already, of these patients.
    pub(super) fn index_again(&self, resource_type: ResourceType, document: &Json<'_>, pats: &[i64]) -> Extracted {
        let parameters = self.parameters();
        let lookup = Reading::of(&parameters.added);
        let options = Options { added: Some(&lookup), ..self.options() };
        let mut index = extract(document, resource_type, &self.keys, &options);
        index.terms.extend(self.compartment_terms(resource_type, pats));
        index
    }

    /// Whoever sees the rows of some patients only writes about them only, and who writes by category what is of it only.
    fn own(&self, actor: &Actor, write: &Write, row: &Row) -> Result<(), StoreError> {
        if let Rows::Patients(ids) = &actor.rows {
            let own = |pat: &i64| ids.iter().any(|id| self.keys.resource(ResourceType::Patient, id) == *pat);
            let bound = registry::in_patient_compartment(row.resource_type);
            if bound && (row.pats.is_empty() || !row.pats.iter().all(own)) {
                return Err(not_own(write));
            }
        }
        let categories = actor.writable(row.interaction(), row.resource_type);
        let is = |c: &Category| row.index.terms.contains(&self.keys.term_system_code("category", &c.system, &c.code));
        if !categories.is_empty() && !categories.iter().any(is) {
            return Err(not_own(write));
        }
        Ok(())
    }

    /// Whoever sees only whom they treat writes about those only. Who is absent is refused as who is hidden.
    async fn own_care(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        plan: &Plan,
        rows: &[Row],
    ) -> Result<(), StoreError> {
        let denied = |r: &&Row| {
            let mut charts = actor.denied.charts(r.resource_type).into_iter();
            let held =
                |labels: &Option<DeniedLabels>| labels.is_none_or(|labels| labels.hold(r.index.conf, r.index.sens));
            charts.any(|(labels, charts)| held(&labels) && charts.iter().any(|chart| r.pats.contains(&chart.pat)))
        };
        if let Some(row) = rows.iter().find(denied) {
            return Err(not_own(&plan.writes[row.at]));
        }
        let Some(care) = &actor.care else { return Ok(()) };
        let narrowed = |r: &&Row| registry::in_patient_compartment(r.resource_type) && care.narrows(r.resource_type);
        let narrowed: Vec<&Row> = rows.iter().filter(narrowed).collect();
        if let Some(row) = narrowed.iter().find(|r| r.pats.is_empty() && !role::is_common(r.resource_type)) {
            return Err(not_own(&plan.writes[row.at]));
        }
        let pats: Vec<i64> = narrowed.iter().flat_map(|r| r.pats.iter().copied()).collect();
        if pats.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new();
        sql.not_in_care(pats, care, actor.opened.as_ref(), &self.keys);
        let mut others = HashSet::new();
        for row in tx.query_all_raw(sql.statement()).await? {
            others.insert(row.try_get::<i64>("", "pat")?);
        }
        match narrowed.iter().find(|r| r.pats.iter().any(|pat| others.contains(pat))) {
            Some(row) => Err(not_own(&plan.writes[row.at])),
            None => Ok(()),
        }
    }

    /// The terms by which a record about several patients is found under each of them.
    fn compartment_terms(&self, resource_type: ResourceType, pats: &[i64]) -> Vec<i64> {
        if registry::several_patients(resource_type) {
            pats.iter().map(|pat| self.keys.term_compartment(*pat)).collect()
        } else {
            Vec::new()
        }
    }

    /// A row key of this process's block. Blocks of failed writes are not given back.
    async fn next_rid(&self, tx: &DatabaseTransaction) -> Result<i64, StoreError> {
        let mut block = self.rids.lock().await;
        if block.0 >= block.1 {
            let sql = Statement::from_string(DatabaseBackend::Postgres, "SELECT nextval('fhir.rid') AS first");
            let row = tx.query_one_raw(sql).await?;
            let row = row.ok_or_else(|| StoreError::Internal("the sequence gave no row".into()))?;
            let first: i64 = row.try_get("", "first")?;
            *block = (first, first + RID_BLOCK);
        }
        block.0 += 1;
        Ok(block.0 - 1)
    }

    /// The outcome of the first request under the same key, from the versions it wrote.
    pub(super) async fn replay(
        &self,
        actor: &Actor,
        earlier: &serde_json::Value,
    ) -> Result<(Vec<Vec<Match>>, Vec<Outcome>), StoreError> {
        let broken = || StoreError::Internal("the outcome of an earlier request cannot be read".into());
        // Without criteria there are only writes.
        let (matches, writes) = match earlier.get("matches") {
            Some(matches) => (Vec::deserialize(matches).map_err(|_| broken())?, &earlier["writes"]),
            None => (Vec::new(), earlier),
        };
        let mut outcomes = Vec::new();
        for entry in writes.as_array().ok_or_else(broken)? {
            let operation = entry["operation"].as_str().ok_or_else(broken)?;
            if operation == "-" {
                outcomes.push(Outcome::Deleted(None));
                continue;
            }
            let resource_type = entry["type"].as_str().and_then(ResourceType::named).ok_or_else(broken)?;
            let id = entry["id"].as_str().ok_or_else(broken)?;
            let version = entry["version"].as_i64().ok_or_else(broken)? as i32;
            outcomes.push(match (operation, self.vread(actor, resource_type, id, version).await?) {
                ("C", Lookup::Found(stored)) => Outcome::Created(stored),
                ("U", Lookup::Found(stored)) => Outcome::Updated(stored),
                ("D", Lookup::Deleted { version_id, last_updated }) => {
                    Outcome::Deleted(Some((version_id, last_updated)))
                }
                _ => return Err(StoreError::NotFound { resource_type, id: id.to_owned() }),
            });
        }
        Ok((matches, outcomes))
    }
}

/// What can be refused without looking at a row: rights, ids, a resource named twice.
pub(super) fn check(actor: &Actor, plan: &Plan) -> Result<(), StoreError> {
    let mut seen = HashSet::new();
    for (at, write) in plan.writes.iter().enumerate() {
        let interactions: &[Interaction] = match write.act {
            Act::Create { .. } => &[Interaction::Create],
            Act::Update { .. } => &[Interaction::Update],
            // A test in it tells what is there.
            Act::Patch { .. } => &[Interaction::Read, Interaction::Update],
            Act::Delete { .. } => &[Interaction::Delete],
        };
        for interaction in interactions {
            actor.require(*interaction, write.resource_type)?;
        }
        let refuse =
            |code, text: String| Err(StoreError::Invalid(vec![Issue::error(code, text).at(format!("write[{at}]"))]));
        if !is_id(&write.id) {
            return refuse(IssueType::Value, "an id is 1 to 64 of A-Z, a-z, 0-9, - and .".into());
        }
        if !seen.insert((write.resource_type, write.id.as_str())) {
            return refuse(IssueType::Invalid, format!("{}/{} is written twice", write.resource_type, write.id));
        }
    }
    Ok(())
}

/// What a write amounts to against the head as it is locked: the text of a new version or none for a deletion, and its operation;
/// `None` when there is nothing to delete.
fn intended<'w>(
    actor: &Actor,
    at: usize,
    write: &'w Write,
    head: Option<&Head>,
) -> Result<Option<(Option<Cow<'w, str>>, &'static str)>, StoreError> {
    let Write { resource_type, id, act } = write;
    let live = head.filter(|h| !h.deleted);
    let absent = || StoreError::NotFound { resource_type: *resource_type, id: id.clone() };
    Ok(Some(match act {
        Act::Create { .. } if head.is_some() => {
            return Err(StoreError::Conflict(format!("{resource_type}/{id} exists already")));
        }
        Act::Create { body } => (Some(Cow::Borrowed(body.as_str())), "C"),
        Act::Update { body, expected, may_create } => {
            stale(write, *expected, live)?;
            match live {
                Some(_) => (Some(Cow::Borrowed(body.as_str())), "U"),
                // To who sees some rows only, a taken id would tell of a row that is hidden.
                None if *may_create
                    && (!actor.may_create_by_update(*resource_type)
                        || actor.rows != Rows::All
                        || !actor.sees_everybody(*resource_type)
                        || actor.by_category(*resource_type)) =>
                {
                    return Err(StoreError::NoCreateByUpdate { resource_type: *resource_type, id: id.clone() });
                }
                None if *may_create => (Some(Cow::Borrowed(body.as_str())), "C"),
                None => return Err(absent()),
            }
        }
        Act::Patch { patch, expected } => {
            stale(write, *expected, live)?;
            let Some(live) = live else {
                return Err(match head {
                    Some(_) => StoreError::Gone { resource_type: *resource_type, id: id.clone() },
                    None => absent(),
                });
            };
            (Some(Cow::Owned(patched(actor, patch, live, at)?)), "U")
        }
        Act::Delete { expected } => {
            stale(write, *expected, live)?;
            if live.is_none() {
                return Ok(None);
            }
            (None, "D")
        }
    }))
}

/// Refuses another label to whoever may not label. Of a patch all labels count, of whole documents those that rights depend on.
fn labelled(actor: &Actor) -> Result<(), StoreError> {
    if actor.may_label() {
        return Ok(());
    }
    Err(StoreError::NotPermitted("the security labels of a record are set by physicians, registrars and programs only"))
}

/// The text after the patch.
fn patched(actor: &Actor, patch: &Patch, live: &Head, at: usize) -> Result<String, StoreError> {
    let unreadable = || StoreError::Internal("a stored body is no JSON".into());
    let before = Json::parse(live.body.as_deref().ok_or_else(unreadable)?).map_err(|_| unreadable())?;
    let after = patch.apply(&before).map_err(|issue| StoreError::NotValid { at, issues: vec![issue] })?;
    let labels = |document: &Json<'_>| document.get("meta").and_then(|m| m.get("security")).map(Json::to_text);
    if labels(&before) != labels(&after) {
        labelled(actor)?;
    }
    Ok(after.to_text())
}

fn stale(write: &Write, expected: Option<i32>, live: Option<&Head>) -> Result<(), StoreError> {
    let Some(expected) = expected else { return Ok(()) };
    let current = live.map_or(0, |h| h.version_id);
    if current == expected {
        return Ok(());
    }
    if let (0, Act::Update { may_create: true, .. }) = (expected, &write.act) {
        return Err(StoreError::Conflict(format!("{}/{} exists already", write.resource_type, write.id)));
    }
    Err(StoreError::Stale { resource_type: write.resource_type, id: write.id.clone(), expected, current })
}

/// Whether the matches are still what they were when they were found; else the try starts over.
fn unchanged(heads: &Heads, criteria: &[Criterion], matches: &[Vec<Match>]) -> Result<(), StoreError> {
    for (criterion, matches) in criteria.iter().zip(matches) {
        for found in matches {
            let head = heads.get(&(criterion.query.resource_type, found.id.clone()));
            if head.is_some_and(|h| h.version_id != found.version_id) {
                return Err(StoreError::Contention { sql_state: "40001".into() });
            }
        }
    }
    Ok(())
}

/// Takes the idempotency key, or gives the outcome of who has it. Waits for a holder that has not finished.
pub(super) async fn claim(
    tx: &DatabaseTransaction,
    actor: &Actor,
    key: &str,
    request: &Request,
    hash: &[u8],
) -> Result<Option<serde_json::Value>, StoreError> {
    let sql = "INSERT INTO app.write_request (principal, key, request_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let binds: [Value; 4] = [actor.principal.clone().into(), key.into(), hash.to_vec().into(), request.now.into()];
    if tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?.rows_affected() == 1
    {
        return Ok(None);
    }
    let sql = "SELECT request_hash, outcome::text AS outcome FROM app.write_request WHERE principal = $1 AND key = $2";
    let binds: [Value; 2] = [actor.principal.clone().into(), key.into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    let row = row.ok_or_else(|| StoreError::Contention { sql_state: "23505".into() })?;
    if row.try_get::<Vec<u8>>("", "request_hash")? != hash {
        return Err(StoreError::KeyReused);
    }
    let outcome: String = row.try_get("", "outcome")?;
    let outcome =
        serde_json::from_str(&outcome).map_err(|_| StoreError::Internal("a stored outcome is no JSON".into()))?;
    Ok(Some(outcome))
}

/// The same request has the same hash whatever ids were minted for what it creates: an id of a create counts as its place in the
/// plan, wherever it stands after a quote or a slash in a body.
fn plan_hash(plan: &Plan) -> Vec<u8> {
    let created = plan.writes.iter().enumerate().filter(|(_, w)| matches!(w.act, Act::Create { .. }));
    let minted: HashMap<&str, usize> = created.map(|(at, w)| (w.id.as_str(), at)).collect();
    let lengths: HashSet<usize> = minted.keys().map(|id| id.len()).collect();
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        let mut done = 0;
        for (at, _) in text.match_indices(['"', '/']) {
            let start = at + 1;
            let id = lengths.iter().find_map(|len| {
                let id = text.get(start..start + len).filter(|_| start >= done)?;
                Some((minted.get(id)?, len))
            });
            if let Some((place, len)) = id {
                hash.update(&text.as_bytes()[done..start]);
                hash.update(format!("#{place}#"));
                done = start + len;
            }
        }
        hash.update(&text.as_bytes()[done..]);
        // No text has this byte, so parts cannot run into each other.
        hash.update([0xff]);
    };
    for write in &plan.writes {
        part(write.resource_type.name());
        match &write.act {
            Act::Create { body } => ["create", body].map(&mut part),
            Act::Update { body, expected, may_create } => {
                part(&format!("update {expected:?} {may_create}"));
                [write.id.as_str(), body].map(&mut part)
            }
            Act::Patch { patch, expected } => {
                part(&format!("patch {expected:?}"));
                [write.id.as_str(), patch.text()].map(&mut part)
            }
            Act::Delete { expected } => [&format!("delete {expected:?}"), write.id.as_str()].map(&mut part),
        };
    }
    hash.finalize().to_vec()
}

/// The row of the audit of a new version.
fn audited(actor: &Actor, request: &Request, row: &Row) -> AuditRow {
    let (action, subtype) = match row.operation {
        "C" => ("C", "create"),
        "U" => ("U", "update"),
        _ => ("D", "delete"),
    };
    let roles: Vec<&str> = actor.roles.iter().map(|r| r.name()).collect();
    let about: Vec<usize> = (0..row.pats.len()).collect();
    let item = serde_json::json!({
        "what": format!("{}/{}", row.resource_type, row.id), "version": row.version_id, "patients": about,
    });
    AuditRow {
        recorded: request.now,
        request_id: request.request_id.clone(),
        principal: actor.principal.clone(),
        account: actor.account,
        action,
        subtype: subtype.to_owned().into(),
        outcome: 0,
        patients: row.pats.clone(),
        what: serde_json::json!({ "items": [item], "roles": roles, "user": actor.fhir_user }).into(),
    }
}

/// What became of a request, as it is kept under its idempotency key.
fn kept_outcome(writes: usize, matches: &[Vec<Match>], rows: &[Row]) -> serde_json::Value {
    let mut entries = vec![serde_json::json!({ "operation": "-" }); writes];
    for r in rows.iter().filter(|r| r.at < writes) {
        entries[r.at] = serde_json::json!({
            "operation": r.operation, "type": r.resource_type.name(), "id": r.id, "version": r.version_id,
        });
    }
    match matches {
        [] => serde_json::Value::Array(entries),
        matches => serde_json::json!({ "matches": matches, "writes": entries }),
    }
}

/// Keeps outcomes under the keys that were taken: principal, key, outcome.
async fn keep_outcomes(
    tx: &DatabaseTransaction,
    outcomes: &[(&String, &String, serde_json::Value)],
) -> Result<(), StoreError> {
    let mut sql = Sql::new();
    sql.push("UPDATE app.write_request AS w SET outcome = u.outcome::jsonb FROM unnest(");
    sql.bind_texts(outcomes.iter().map(|(principal, ..)| (*principal).clone())).push("::text[], ");
    sql.bind_texts(outcomes.iter().map(|(_, key, _)| (*key).clone())).push("::text[], ");
    sql.bind_texts(outcomes.iter().map(|(.., outcome)| outcome.to_string()))
        .push("::text[]) AS u (principal, key, outcome)");
    sql.push(" WHERE w.principal = u.principal AND w.key = u.key");
    tx.execute_raw(sql.statement()).await?;
    Ok(())
}

/// In the order of the plan; a deletion of nothing wrote no row, and what the gate added is no answer to anything.
pub(super) fn outcomes(plan: &Plan, rows: Vec<Row>) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = plan.writes.iter().map(|_| Outcome::Deleted(None)).collect();
    for row in rows {
        let Row { resource_type, id, version_id, last_updated, body, .. } = row;
        let stored = Stored { resource_type, id, version_id, last_updated, body };
        let Some(outcome) = outcomes.get_mut(row.at) else { continue };
        *outcome = match row.operation {
            "C" => Outcome::Created(stored),
            "U" => Outcome::Updated(stored),
            _ => Outcome::Deleted(Some((version_id, last_updated))),
        };
    }
    outcomes
}
