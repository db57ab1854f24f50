//! The audit as it is read: one event for each row and patient, found by columns. What a restricted actor gets is about its own patients:
//! of a request that touched others too, it sees its own part.
//!
//! Search parameters are compiled here, because the audit has no head table and no index of terms. What is not served is refused by name.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::query::{Clause, DateOperand, Modifier, Operand, Prefix, Query, ReferenceOperand, Token};
use sea_orm::{ConnectionTrait as _, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::event::{Event, document};
use crate::role::Interaction;
use crate::store::search::unsupported;
use crate::store::sql::Sql;
use crate::store::{Lookup, Page, PageRequest, Store, Stored};
use crate::{Actor, Rows, StoreError};

/// The search parameters of AuditEvent that are served.
pub const PARAMETERS: [&str; 8] = ["_id", "_lastUpdated", "action", "agent", "date", "entity", "outcome", "patient"];

/// Where an event stands: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    micros: i64,
    id: i64,
    part: i64,
}

impl Store {
    pub(in crate::store) async fn audit_read(&self, actor: &Actor, id: &str) -> Result<Lookup, StoreError> {
        actor.require_audit(Interaction::Read)?;
        let Some((row, part)) = parsed_id(id) else { return Ok(Lookup::Absent) };
        let mut sql = Sql::new();
        sql.push(COLUMNS);
        self.audit_from(&mut sql, actor);
        sql.push(" AND a.id = ").bind(row).push(" AND p.part = ").bind(part);
        match self.db.query_one_raw(sql.statement()).await? {
            Some(row) => Ok(Lookup::Found(self.audit_stored(actor, &row)?.0)),
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
        let from = match &page.token {
            Some(token) => {
                let content = self.seal.open(token, &bound)?;
                Some(serde_json::from_slice::<Place>(&content).map_err(|_| StoreError::BadToken)?)
            }
            None => None,
        };
        if page.backward {
            return unsupported("walking backward through AuditEvent");
        }
        let mut sql = Sql::new();
        sql.push(COLUMNS);
        self.audit_matching(&mut sql, actor, query)?;
        let (operator, direction) = if ascending { (" > ", "ASC") } else { (" < ", "DESC") };
        if let Some(Place { micros, id, part }) = from {
            sql.push(" AND (a.recorded, a.id, p.part)").push(operator).push("(");
            sql.bind(instant(micros)?).push(", ").bind(id).push(", ").bind(part).push(")");
        }
        sql.push(&format!(" ORDER BY a.recorded {direction}, a.id {direction}, p.part {direction} LIMIT "));
        sql.bind(i64::from(page.limit) + 1);
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let more = rows.len() > page.limit as usize;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows.iter().take(page.limit as usize) {
            found.push(self.audit_stored(actor, row)?);
        }
        let next = found.last().filter(|_| more).map(|(_, place)| {
            let content = serde_json::to_vec(place).expect("plain data");
            self.seal.seal(&content, &bound)
        });
        Ok(Page { matches: found.into_iter().map(|(stored, _)| stored).collect(), next, ..Page::default() })
    }

    pub(in crate::store) async fn audit_count(&self, actor: &Actor, query: &Query) -> Result<u64, StoreError> {
        actor.require_audit(Interaction::Search)?;
        let mut sql = Sql::new();
        sql.push("SELECT count(*) AS n");
        self.audit_matching(&mut sql, actor, query)?;
        let row = self.db.query_one_raw(sql.statement()).await?;
        let row = row.ok_or_else(|| StoreError::Internal("a count without a row".into()))?;
        Ok(row.try_get::<i64>("", "n")? as u64)
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

    fn audit_matching(&self, sql: &mut Sql, actor: &Actor, query: &Query) -> Result<(), StoreError> {
        self.audit_from(sql, actor);
        for clause in &query.all {
            match clause {
                Clause::Param { param, modifier: Modifier::None, any } => self.audit_param(sql, param.code, any)?,
                Clause::Compartment { owner: ResourceType::Patient, id } => {
                    self.audit_about(sql, std::iter::once(id.as_str()));
                }
                _ => return unsupported("this condition on AuditEvent"),
            }
        }
        Ok(())
    }

    fn audit_param(&self, sql: &mut Sql, code: &str, any: &[Operand]) -> Result<(), StoreError> {
        match code {
            "_id" => {
                let ids = codes(code, any)?.filter_map(parsed_id).collect::<Vec<_>>();
                sql.push(" AND (a.id, p.part) IN (SELECT i.id, i.part FROM unnest(");
                sql.bind_i64s(ids.iter().map(|i| i.0)).push(", ").bind_i64s(ids.iter().map(|i| i.1));
                sql.push(") AS i (id, part))");
            }
            "action" => {
                sql.push(" AND a.action::text = ANY(").bind_texts(codes(code, any)?.map(ToOwned::to_owned)).push(")");
            }
            "outcome" => {
                sql.push(" AND a.outcome::text = ANY(").bind_texts(codes(code, any)?.map(ToOwned::to_owned)).push(")");
            }
            "patient" => {
                let ids = references(code, any)?;
                self.audit_about(sql, ids.iter().map(|(_, id)| *id));
            }
            "agent" => {
                let names = references(code, any)?.into_iter().map(|(ty, id)| named(code, ty, id));
                let names = names.collect::<Result<Vec<_>, _>>()?;
                sql.push(" AND a.what->>'user' = ANY(").bind_texts(names).push(")");
            }
            "entity" => {
                sql.push(" AND (");
                for (at, (ty, id)) in references(code, any)?.into_iter().enumerate() {
                    sql.push(if at > 0 { " OR " } else { "" });
                    if ty == Some(ResourceType::Patient) {
                        sql.push("p.pat = ").bind(self.keys.resource(ResourceType::Patient, id));
                        continue;
                    }
                    let item = json!([{ "what": named(code, ty, id)? }]);
                    // Of the resources of a request, those of this patient.
                    sql.push("EXISTS (SELECT FROM jsonb_array_elements(a.what->'items') AS i (item) WHERE item->>'what' = ");
                    sql.bind(item[0]["what"].as_str().unwrap_or_default());
                    sql.push(" AND (a.patients = '{}' OR item->'patients' @> to_jsonb(p.part - 1)))");
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

    fn audit_stored(&self, actor: &Actor, row: &QueryResult) -> Result<(Stored, Place), StoreError> {
        let what: String = row.try_get("", "what")?;
        let what: Value =
            serde_json::from_str(&what).map_err(|_| StoreError::Internal("an audit row without JSON".into()))?;
        let place =
            Place { micros: row.try_get("", "micros")?, id: row.try_get("", "id")?, part: row.try_get("", "part")? };
        let recorded = instant(place.micros)?;
        let event = Event {
            id: format!("{}-{}", place.id, place.part),
            recorded,
            request_id: row.try_get("", "request_id")?,
            principal: row.try_get("", "principal")?,
            action: row.try_get("", "action")?,
            subtype: row.try_get("", "subtype")?,
            outcome: row.try_get("", "outcome")?,
            patient: row.try_get("", "patient")?,
            has_patients: row.try_get("", "has_patients")?,
            part: place.part as u64,
            what: &what,
            whole: actor.rows == Rows::All,
        };
        let body = document(&event).to_string();
        let stored = Stored {
            resource_type: ResourceType::AuditEvent,
            id: event.id,
            version_id: 1,
            last_updated: recorded,
            body,
        };
        Ok((stored, place))
    }
}

/// The patient's id is looked up whoever asks: the event says whose record was touched, and nothing of the record.
const COLUMNS: &str = r#"SELECT a.id, p.part, (extract(epoch FROM a.recorded) * 1000000)::bigint AS micros, a.request_id, a.principal,
    a.action::text AS action, a.subtype, a.outcome, a.what::text AS what, a.patients <> '{}' AS has_patients,
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

fn codes<'a>(code: &str, any: &'a [Operand]) -> Result<impl Iterator<Item = &'a str>, StoreError> {
    let codes = any.iter().map(|operand| match operand {
        Operand::Token(Token::Code(c) | Token::SystemCode { code: c, .. }) => Ok(c.as_str()),
        _ => unsupported(&format!("this value of {code}")),
    });
    Ok(codes.collect::<Result<Vec<_>, _>>()?.into_iter())
}

/// Type, where there is only one it can be, and id.
fn references<'a>(code: &str, any: &'a [Operand]) -> Result<Vec<(Option<ResourceType>, &'a str)>, StoreError> {
    let references = any.iter().map(|operand| match operand {
        Operand::Reference(ReferenceOperand::Local { types, id, version: None }) => match types[..] {
            [ty] => Ok((Some(ty), id.as_str())),
            _ => Ok((None, id.as_str())),
        },
        _ => unsupported(&format!("this value of {code}")),
    });
    references.collect()
}

fn named(code: &str, ty: Option<ResourceType>, id: &str) -> Result<String, StoreError> {
    match ty {
        Some(ty) => Ok(format!("{ty}/{id}")),
        None => unsupported(&format!("{code} of AuditEvent without a type; say Type/id")),
    }
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
