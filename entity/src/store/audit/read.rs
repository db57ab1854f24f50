//! The audit as it is read: one event for each row and patient, found by columns. What a restricted actor gets is about its own patients:
//! of a request that touched others too, it sees its own part. What was answered before the question is in rows when they are looked
//! through ([`Store::flush_audit`]).
//!
//! Search parameters are compiled here, because the audit has no head table and no index of terms. What is not served is refused by name.

use chrono::{DateTime, SecondsFormat, Utc};
use fhir::ResourceType;
use fhir::search::query::{Clause, DateOperand, Modifier, Operand, Prefix, Query, ReferenceOperand, Token};
use sea_orm::{ConnectionTrait as _, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::event::{AuditEntry, Part, document, subtypes};
use crate::role::Interaction;
use crate::store::search::unsupported;
use crate::store::sql::Sql;
use crate::store::{Lookup, Page, PageRequest, Store, Stored};
use crate::{Actor, Rows, StoreError};

/// The search parameters of AuditEvent that are served.
pub const PARAMETERS: [&str; 10] =
    ["_id", "_lastUpdated", "action", "agent", "agent-name", "date", "entity", "outcome", "patient", "subtype"];

/// Which events are wanted: all conditions hold, an empty list is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Id of the patient concerned.
    pub patient: Option<String>,
    /// Log-in name of who asked.
    pub principal: Option<String>,
    /// `C`, `R`, `U`, `D`, `E`.
    pub actions: Vec<String>,
    /// Names of interactions as rows have them.
    pub subtypes: Vec<String>,
    pub outcomes: Vec<i16>,
    /// `Type/id` of what was touched.
    pub resource: Option<(ResourceType, String)>,
    /// `[since, until)`.
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// One page of events, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditPage {
    /// With the cursor of each.
    pub events: Vec<(AuditEntry, String)>,
    /// Whether older ones follow.
    pub more: bool,
}

/// The conditions of a search of either kind.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'q> {
    Query(&'q Query),
    Filter(&'q AuditFilter),
}

/// What an account may be linked to.
const USERS: [ResourceType; 3] = [ResourceType::Practitioner, ResourceType::Patient, ResourceType::RelatedPerson];

/// Where an event stands: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    micros: i64,
    id: i64,
    part: i64,
}

impl Store {
    /// One page of events that match.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] by the role table; [`StoreError::BadToken`].
    pub async fn audit_events(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<AuditPage, StoreError> {
        actor.require_audit(Interaction::Search)?;
        self.audit_asked(actor, filter);
        let bound = Sha256::digest(format!("audit events {:?} {filter:?}", actor.account)).to_vec();
        let (found, more) = self.audit_page(actor, Wanted::Filter(filter), false, &bound, page).await?;
        let cursor = |place: &Place| self.seal.seal(&serde_json::to_vec(place).expect("plain data"), &bound);
        Ok(AuditPage { events: found.into_iter().map(|(entry, place)| (entry, cursor(&place))).collect(), more })
    }

    /// How many events match.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] by the role table.
    pub async fn audit_events_count(&self, actor: &Actor, filter: &AuditFilter) -> Result<u64, StoreError> {
        actor.require_audit(Interaction::Search)?;
        self.audit_asked(actor, filter);
        self.audit_number(actor, Wanted::Filter(filter)).await
    }

    fn audit_asked(&self, actor: &Actor, filter: &AuditFilter) {
        let instant = |at: &DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let list = |values: Vec<String>| (!values.is_empty()).then(|| values.join(","));
        let pairs = [
            ("patient", filter.patient.as_ref().map(|id| format!("Patient/{id}"))),
            ("agent-name:exact", filter.principal.clone()),
            ("action", list(filter.actions.clone())),
            ("subtype", list(filter.subtypes.clone())),
            ("outcome", list(filter.outcomes.iter().map(ToString::to_string).collect())),
            ("entity", filter.resource.as_ref().map(|(ty, id)| format!("{ty}/{id}"))),
            ("date", filter.since.as_ref().map(|at| format!("ge{}", instant(at)))),
            ("date", filter.until.as_ref().map(|at| format!("lt{}", instant(at)))),
        ];
        let pairs: Vec<_> = pairs.into_iter().filter_map(|(n, v)| Some((n.to_owned(), v?))).collect();
        let patient = filter.patient.as_ref().map(|id| self.keys.resource(ResourceType::Patient, id));
        actor.trail.asked(ResourceType::AuditEvent, &pairs, patient);
    }

    pub(in crate::store) async fn audit_read(&self, actor: &Actor, id: &str) -> Result<Lookup, StoreError> {
        actor.require_audit(Interaction::Read)?;
        let Some((row, part)) = parsed_id(id) else { return Ok(Lookup::Absent) };
        self.flush_audit().await?;
        let mut sql = Sql::new();
        sql.push(COLUMNS);
        self.audit_from(&mut sql, actor);
        sql.push(" AND a.id = ").bind(row).push(" AND p.part = ").bind(part);
        match self.db.query_one_raw(sql.statement()).await? {
            Some(row) => Ok(Lookup::Found(stored(entry(actor, &row)?.0))),
            None => Ok(Lookup::Absent),
        }
    }

    pub(in crate::store) async fn audit_search(
        &self,
        actor: &Actor,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page, StoreError> {
        actor.require_audit(Interaction::Search)?;
        let ascending = match &query.sort[..] {
            [] => false,
            [one] if matches!(one.param.code, "date" | "_lastUpdated") => !one.descending,
            _ => return unsupported("_sort of AuditEvent by anything but date"),
        };
        let bound = Sha256::digest(format!("audit {:?} {:?} {ascending}", actor.account, query.all)).to_vec();
        let (found, more) = self.audit_page(actor, Wanted::Query(query), ascending, &bound, page).await?;
        let last = found.last().filter(|_| more).map(|(_, place)| *place);
        let next = last.map(|place| self.seal.seal(&serde_json::to_vec(&place).expect("plain data"), &bound));
        Ok(Page::forward(found.into_iter().map(|(entry, _)| stored(entry)).collect(), next))
    }

    pub(in crate::store) async fn audit_count(&self, actor: &Actor, query: &Query) -> Result<u64, StoreError> {
        actor.require_audit(Interaction::Search)?;
        self.audit_number(actor, Wanted::Query(query)).await
    }

    async fn audit_number(&self, actor: &Actor, wanted: Wanted<'_>) -> Result<u64, StoreError> {
        let mut sql = Sql::new();
        sql.push("SELECT count(*) AS n");
        self.flush_audit().await?;
        self.audit_matching(&mut sql, actor, wanted).await?;
        let row = self.db.query_one_raw(sql.statement()).await?;
        let row = row.ok_or_else(|| StoreError::Internal("a count without a row".into()))?;
        Ok(row.try_get::<i64>("", "n")? as u64)
    }

    /// A page in order, and whether more follow.
    async fn audit_page(
        &self,
        actor: &Actor,
        wanted: Wanted<'_>,
        ascending: bool,
        bound: &[u8],
        page: &PageRequest,
    ) -> Result<(Vec<(AuditEntry, Place)>, bool), StoreError> {
        if page.backward {
            return unsupported("walking backward through AuditEvent");
        }
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, bound)?;
                Some(serde_json::from_slice::<Place>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        self.flush_audit().await?;
        let mut sql = Sql::new();
        sql.push(COLUMNS);
        self.audit_matching(&mut sql, actor, wanted).await?;
        let (operator, direction) = if ascending { (" > ", "ASC") } else { (" < ", "DESC") };
        if let Some(Place { micros, id, part }) = from {
            // Says no more than what follows; the indexes begin there.
            sql.push(" AND a.recorded").push(operator.trim_end()).push("= ").bind(instant(micros)?);
            sql.push(" AND (a.recorded, a.id, p.part)").push(operator).push("(");
            sql.bind(instant(micros)?).push(", ").bind(id).push(", ").bind(part).push(")");
        }
        sql.push(&format!(" ORDER BY a.recorded {direction}, a.id {direction}, p.part {direction} LIMIT "));
        sql.bind(i64::from(page.limit) + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let more = rows.len() > page.limit as usize;
        let found = rows.iter().take(page.limit as usize).map(|row| entry(actor, row));
        Ok((found.collect::<Result<_, _>>()?, more))
    }

    /// Rows by patient, those of nobody once, of whom the actor may know; the index on `patients` leads where patients are named.
    fn audit_from(&self, sql: &mut Sql, actor: &Actor) {
        sql.push(
            " FROM fhir.audit_event AS a CROSS JOIN LATERAL
              unnest(CASE WHEN a.patients = '{}' THEN '{NULL}'::bigint[] ELSE a.patients END) WITH ORDINALITY AS p (pat, part)
              WHERE true",
        );
        if let Rows::Patients(ids) = &actor.rows {
            self.audit_about(sql, ids.iter().map(String::as_str));
        }
    }

    fn audit_about<'i>(&self, sql: &mut Sql, ids: impl Iterator<Item = &'i str>) {
        let pats: Vec<i64> = ids.map(|id| self.keys.resource(ResourceType::Patient, id)).collect();
        sql.push(" AND a.patients && ").bind_i64s(pats.iter().copied());
        sql.push(" AND p.pat = ANY(").bind_i64s(pats).push(")");
    }

    async fn audit_matching(&self, sql: &mut Sql, actor: &Actor, wanted: Wanted<'_>) -> Result<(), StoreError> {
        self.audit_from(sql, actor);
        for lead in self.audit_leads(wanted).await? {
            lead.push(sql);
        }
        match wanted {
            Wanted::Filter(filter) => {
                self.audit_filter(sql, filter);
                Ok(())
            }
            Wanted::Query(query) => query.all.iter().try_for_each(|clause| match clause {
                Clause::Param { param, modifier: Modifier::None, any } => self.audit_param(sql, param.code, any),
                Clause::Param { param, modifier: Modifier::Exact, any } if param.code == "agent-name" => {
                    sql.push(" AND a.principal = ANY(").bind_texts(strings(any)?.map(ToOwned::to_owned)).push(")");
                    Ok(())
                }
                Clause::Compartment { owner: ResourceType::Patient, id } => {
                    self.audit_about(sql, std::iter::once(id.as_str()));
                    Ok(())
                }
                _ => unsupported("this condition on AuditEvent"),
            }),
        }
    }

    fn audit_filter(&self, sql: &mut Sql, filter: &AuditFilter) {
        if let Some(id) = &filter.patient {
            self.audit_about(sql, std::iter::once(id.as_str()));
        }
        if let Some(principal) = &filter.principal {
            sql.push(" AND a.principal = ").bind(principal.as_str());
        }
        if !filter.actions.is_empty() {
            sql.push(" AND a.action::text = ANY(").bind_texts(filter.actions.iter().cloned()).push(")");
        }
        if !filter.subtypes.is_empty() {
            sql.push(" AND a.subtype = ANY(").bind_texts(filter.subtypes.iter().cloned()).push(")");
        }
        if !filter.outcomes.is_empty() {
            sql.push(" AND a.outcome = ANY(").bind_i64s(filter.outcomes.iter().map(|o| i64::from(*o))).push(")");
        }
        if let Some((ty, id)) = &filter.resource {
            sql.push(" AND ");
            self.audit_touched(sql, Some(*ty), id);
        }
        if let Some(since) = filter.since {
            sql.push(" AND a.recorded >= ").bind(since);
        }
        if let Some(until) = filter.until {
            sql.push(" AND a.recorded < ").bind(until);
        }
    }

    /// Of the resources of a request, those of this patient.
    fn audit_touched(&self, sql: &mut Sql, ty: Option<ResourceType>, id: &str) {
        sql.push("(");
        if ty.is_none_or(|ty| ty == ResourceType::Patient) {
            sql.push("p.pat = ").bind(self.keys.resource(ResourceType::Patient, id));
        }
        if ty.is_none() {
            sql.push(" OR ");
        }
        if ty != Some(ResourceType::Patient) {
            if let Some(ty) = ty {
                // Says no more than what follows, in a third of its time.
                let named = serde_json::json!([{ "what": format!("{ty}/{id}") }]);
                sql.push("a.what->'items' @> ").bind(named.to_string()).push("::jsonb AND ");
            }
            sql.push("EXISTS (SELECT FROM jsonb_array_elements(a.what->'items') AS i (item) WHERE ");
            match ty {
                Some(ty) => sql.push("item->>'what' = ").bind(format!("{ty}/{id}")),
                None => sql.push("split_part(item->>'what', '/', 2) = ").bind(id),
            };
            sql.push(" AND (a.patients = '{}' OR item->'patients' @> to_jsonb(p.part - 1)))");
        }
        sql.push(")");
    }

    fn audit_param(&self, sql: &mut Sql, code: &str, any: &[Operand]) -> Result<(), StoreError> {
        let each = |(_, code): (Option<&str>, &str)| code.to_owned();
        match code {
            "_id" => {
                let ids = codes(code, any)?.filter_map(|(_, id)| parsed_id(id)).collect::<Vec<_>>();
                sql.push(" AND (a.id, p.part) IN (SELECT i.id, i.part FROM unnest(");
                sql.bind_i64s(ids.iter().map(|i| i.0)).push(", ").bind_i64s(ids.iter().map(|i| i.1));
                sql.push(") AS i (id, part))");
            }
            "action" => {
                sql.push(" AND a.action::text = ANY(").bind_texts(codes(code, any)?.map(each)).push(")");
            }
            "outcome" => {
                sql.push(" AND a.outcome::text = ANY(").bind_texts(codes(code, any)?.map(each)).push(")");
            }
            "subtype" => {
                let names = codes(code, any)?.flat_map(|(system, code)| subtypes(system, code));
                sql.push(" AND a.subtype = ANY(").bind_texts(names.collect::<Vec<_>>()).push(")");
            }
            "agent-name" => {
                sql.push(" AND (");
                for (at, text) in strings(any)?.enumerate() {
                    sql.push(if at > 0 { " OR " } else { "" }).push("starts_with(lower(a.principal), lower(");
                    sql.bind(text).push("))");
                }
                sql.push(")");
            }
            "patient" => {
                let ids = references(code, any)?;
                self.audit_about(sql, ids.iter().map(|(_, id)| *id));
            }
            "agent" => {
                sql.push(" AND a.what->>'user' = ANY(").bind_texts(users(any)?).push(")");
            }
            "entity" => {
                sql.push(" AND (");
                for (at, (ty, id)) in references(code, any)?.into_iter().enumerate() {
                    sql.push(if at > 0 { " OR " } else { "" });
                    self.audit_touched(sql, ty, id);
                }
                sql.push(")");
            }
            "date" | "_lastUpdated" => {
                sql.push(" AND (");
                for (at, operand) in any.iter().enumerate() {
                    let Operand::Date(date) = operand else { return unsupported("this value of date") };
                    sql.push(if at > 0 { " OR " } else { "" });
                    within(sql, *date)?;
                }
                sql.push(")");
            }
            other => return unsupported(&format!("the parameter {other} of AuditEvent")),
        }
        Ok(())
    }
}

fn entry(actor: &Actor, row: &QueryResult) -> Result<(AuditEntry, Place), StoreError> {
    let what: String = row.try_get("", "what")?;
    let what: Value =
        serde_json::from_str(&what).map_err(|_| StoreError::Internal("an audit row without JSON".into()))?;
    let place =
        Place { micros: row.try_get("", "micros")?, id: row.try_get("", "id")?, part: row.try_get("", "part")? };
    let entry = AuditEntry {
        id: format!("{}-{}", place.id, place.part),
        recorded: instant(place.micros)?,
        request_id: row.try_get("", "request_id")?,
        principal: row.try_get("", "principal")?,
        name: row.try_get("", "name")?,
        user: None,
        roles: Vec::new(),
        action: row.try_get("", "action")?,
        subtype: row.try_get("", "subtype")?,
        outcome: row.try_get("", "outcome")?,
        patient: row.try_get("", "patient")?,
        resources: Vec::new(),
        queries: Vec::new(),
        operation: None,
    };
    let part = Part {
        number: place.part as u64,
        has_patients: row.try_get("", "has_patients")?,
        whole: actor.rows == Rows::All,
    };
    Ok((entry.detailed(&what, &part), place))
}

fn stored(entry: AuditEntry) -> Stored {
    Stored {
        resource_type: ResourceType::AuditEvent,
        version_id: 1,
        last_updated: entry.recorded,
        body: document(&entry).to_string(),
        id: entry.id,
    }
}

/// The patient's id is looked up whoever asks: the event says whose record was touched, and nothing of the record.
const COLUMNS: &str = r#"SELECT a.id, p.part, (extract(epoch FROM a.recorded) * 1000000)::bigint AS micros, a.request_id, a.principal,
    a.action::text AS action, a.subtype, a.outcome, a.what::text AS what, a.patients <> '{}' AS has_patients,
    (SELECT c.name FROM app.account AS c WHERE c.id = a.account) AS name,
    (SELECT h.id FROM fhir."patient_ix" AS h WHERE h.rkey = p.pat) AS patient"#;

/// `row-part`.
fn parsed_id(id: &str) -> Option<(i64, i64)> {
    let (row, part) = id.split_once('-')?;
    let (row, part) = (row.parse().ok()?, part.parse().ok()?);
    (format!("{row}-{part}") == id).then_some((row, part))
}

fn instant(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or(StoreError::BadToken)
}

/// Codes with their systems.
fn codes<'a>(code: &str, any: &'a [Operand]) -> Result<impl Iterator<Item = (Option<&'a str>, &'a str)>, StoreError> {
    let codes = any.iter().map(|operand| match operand {
        Operand::Token(Token::Code(c)) => Ok((None, c.as_str())),
        Operand::Token(Token::SystemCode { system, code }) => Ok((Some(system.as_str()), code.as_str())),
        _ => unsupported(&format!("this value of {code}")),
    });
    Ok(codes.collect::<Result<Vec<_>, _>>()?.into_iter())
}

fn strings(any: &[Operand]) -> Result<impl Iterator<Item = &str>, StoreError> {
    let texts = any.iter().map(|operand| match operand {
        Operand::String(text) => Ok(text.as_str()),
        _ => unsupported("this value of agent-name"),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.into_iter())
}

/// What the accounts of agents are linked to, `Type/id`.
fn users(any: &[Operand]) -> Result<Vec<String>, StoreError> {
    let all = references("agent", any)?;
    let users = all.iter().flat_map(|(ty, id)| {
        let types = ty.as_ref().map_or(&USERS[..], std::slice::from_ref);
        types.iter().map(move |ty| format!("{ty}/{id}"))
    });
    Ok(users.collect())
}

/// Type, where there is only one it can be, and id.
pub(super) fn references<'a>(
    code: &str,
    any: &'a [Operand],
) -> Result<Vec<(Option<ResourceType>, &'a str)>, StoreError> {
    let references = any.iter().map(|operand| match operand {
        Operand::Reference(ReferenceOperand::Local { types, id, version: None }) => match types[..] {
            [ty] => Ok((Some(ty), id.as_str())),
            _ => Ok((None, id.as_str())),
        },
        _ => unsupported(&format!("this value of {code}")),
    });
    references.collect()
}

/// An instant against the range of the value, which is never empty.
fn within(sql: &mut Sql, DateOperand { prefix, low, high }: DateOperand) -> Result<(), StoreError> {
    let (low, high) = (instant(low)?, instant(high)?);
    match prefix {
        Prefix::Eq | Prefix::Ap => {
            sql.push("a.recorded >= ").bind(low).push(" AND a.recorded < ").bind(high);
        }
        Prefix::Ne => {
            sql.push("NOT (a.recorded >= ").bind(low).push(" AND a.recorded < ").bind(high).push(")");
        }
        Prefix::Gt | Prefix::Sa => {
            sql.push("a.recorded >= ").bind(high);
        }
        Prefix::Ge => {
            sql.push("a.recorded >= ").bind(low);
        }
        Prefix::Lt | Prefix::Eb => {
            sql.push("a.recorded < ").bind(low);
        }
        Prefix::Le => {
            sql.push("a.recorded < ").bind(high);
        }
    }
    Ok(())
}
