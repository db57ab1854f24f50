//! Charts that are opened to one person: in an emergency (break-the-glass), by the person; and what is very restricted, by an
//! administrator's grant of that name. What is opened is decided in `store/sql.rs`; each act here is in the audit, in its own transaction.

use chrono::{DateTime, TimeDelta, Utc};
use fhir::search::label;
use fhir::{Issue, IssueType, ResourceType};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, Statement, Value};

use crate::actor::{Actor, Clearance, Denied};
use crate::store::audit::{self, AuditRow};
use crate::store::sql::Sql;
use crate::{Request, Store, StoreError};

/// How long a chart stays open in an emergency.
pub const EMERGENCY: TimeDelta = TimeDelta::minutes(60);
/// Longest a grant of that name lasts.
const LONGEST_GRANT: TimeDelta = TimeDelta::days(366);
/// Longest explanation, in characters.
const LONGEST: usize = 1_000;

/// Why a chart is opened. Source: HL7 v3 ActReason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emergency {
    /// `BTG`.
    BreakTheGlass,
    /// `ETREAT`.
    EmergencyTreatment,
}

impl Emergency {
    pub fn code(self) -> &'static str {
        match self {
            Self::BreakTheGlass => "BTG",
            Self::EmergencyTreatment => "ETREAT",
        }
    }

    fn of(code: &str) -> Option<Self> {
        [Self::BreakTheGlass, Self::EmergencyTreatment].into_iter().find(|e| e.code() == code)
    }
}

/// A chart that is or was opened to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartGrant {
    pub id: i64,
    /// Log-in name and name of whom it is opened to.
    pub login: String,
    pub name: String,
    /// Bare id.
    pub patient: String,
    /// `None` for a grant by an administrator.
    pub emergency: Option<Emergency>,
    pub explanation: String,
    pub from: DateTime<Utc>,
    /// Not at or after this instant.
    pub until: DateTime<Utc>,
    /// When it was ended before.
    pub ended: Option<DateTime<Utc>>,
    pub review: Option<Review>,
}

/// What was said of an emergency afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub at: DateTime<Utc>,
    /// Log-in name.
    pub by: String,
    pub justified: bool,
    pub note: Option<String>,
}

const COLUMNS: &str = "SELECT g.id, a.login, a.name, g.patient, g.reason, g.explanation, g.from_at, g.until_at, g.ended_at,
    g.reviewed_at, r.login AS reviewer, g.justified, g.review_note
    FROM app.chart_grant AS g JOIN app.account AS a ON a.id = g.account LEFT JOIN app.account AS r ON r.id = g.reviewed_by";

impl ChartGrant {
    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let reason: Option<String> = row.try_get("", "reason")?;
        let (at, by, justified): (Option<DateTime<Utc>>, Option<String>, Option<bool>) =
            (row.try_get("", "reviewed_at")?, row.try_get("", "reviewer")?, row.try_get("", "justified")?);
        let note = row.try_get("", "review_note")?;
        Ok(Self {
            id: row.try_get("", "id")?,
            login: row.try_get("", "login")?,
            name: row.try_get("", "name")?,
            patient: row.try_get("", "patient")?,
            emergency: reason.as_deref().and_then(Emergency::of),
            explanation: row.try_get("", "explanation")?,
            from: row.try_get("", "from_at")?,
            until: row.try_get("", "until_at")?,
            ended: row.try_get("", "ended_at")?,
            review: match (at, by, justified) {
                (Some(at), Some(by), Some(justified)) => Some(Review { at, by, justified, note }),
                _ => None,
            },
        })
    }
}

fn statement(sql: &str, binds: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)
}

/// What was typed, without white space around it.
fn explained(argument: &str, text: &str) -> Result<String, StoreError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST {
        let told = format!("{argument} has 1 to {LONGEST} characters");
        return Err(StoreError::Invalid(vec![Issue::error(IssueType::Invalid, told).at(argument)]));
    }
    Ok(text.to_owned())
}

fn keeps_grants(actor: &Actor) -> Result<(i64, &Actor), StoreError> {
    match actor.account {
        Some(account) if actor.keeps_accounts() => Ok((account, actor)),
        _ => Err(StoreError::NotPermitted("only administrators review emergencies and give grants")),
    }
}

impl Store {
    /// Opens a patient's chart to the actor in an emergency. An opening of the same chart that still lasts is ended. When this returns,
    /// grant and audit are committed; nothing of the chart was read.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who does not treat, and through an application; [`StoreError::Invalid`] without an explanation;
    /// [`StoreError::NotFound`] when there is no such patient, or it is very restricted: the two are never told apart.
    pub async fn glass_open(
        &self,
        actor: &Actor,
        request: &Request,
        patient: &str,
        reason: Emergency,
        explanation: &str,
    ) -> Result<ChartGrant, StoreError> {
        let Some(account) = actor.account.filter(|_| actor.may_break_glass()) else {
            return Err(StoreError::NotPermitted("only people who treat patients open a chart in an emergency"));
        };
        let explanation = explained("explanation", explanation)?;
        let tx = self.begin().await?;
        let mut sql = Sql::new();
        let in_emergency = Actor {
            clearance: Clearance { level: label::RESTRICTED, sensitivities: !label::OTHER_SENSITIVITY },
            care: None,
            denied: Denied::default(),
            ..actor.clone()
        };
        sql.push("SELECT h.pat FROM ").heads(ResourceType::Patient, "h", &in_emergency, &self.keys);
        let pat = self.keys.resource(ResourceType::Patient, patient);
        sql.push(" AND h.rkey = ").bind(pat).push(" AND h.id = ").bind(patient);
        if tx.query_one_raw(sql.statement()).await?.is_none() {
            return Err(StoreError::NotFound { resource_type: ResourceType::Patient, id: patient.to_owned() });
        }
        end_emergencies(&tx, account, pat, request.now).await?;
        let until = request.now + EMERGENCY;
        let sql = "INSERT INTO app.chart_grant (account, patient, pat, term, reason, explanation, given_by, from_at, until_at)
            VALUES ($1, $2, $3, $4, $5, $6, $1, $7, $8) RETURNING id";
        let binds: [Value; 8] = [
            account.into(),
            patient.into(),
            pat.into(),
            self.keys.term_compartment(pat).into(),
            reason.code().into(),
            explanation.clone().into(),
            request.now.into(),
            until.into(),
        ];
        let row = tx.query_one_raw(statement(sql, binds)).await?;
        let row = row.ok_or_else(|| StoreError::Internal("a grant without its number".into()))?;
        let id: i64 = row.try_get("", "id")?;
        let told = format!("{} {explanation}", reason.code());
        audit_glass(&tx, actor, request, ("glass-open", 0), pat, &told).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.forget_people();
        self.chart_grant(id).await
    }

    /// A try to open a chart that was refused, as the audit keeps it. Whoever asks for a patient asks about that patient.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn glass_refused(&self, actor: &Actor, request: &Request, patient: &str) -> Result<(), StoreError> {
        let pat = self.keys.resource(ResourceType::Patient, patient);
        audit_glass(&self.db, actor, request, ("glass-open", 4), pat, "").await
    }

    /// Ends the actor's own emergency in a chart; whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn glass_close(&self, actor: &Actor, request: &Request, patient: &str) -> Result<bool, StoreError> {
        let Some(account) = actor.account else { return Ok(false) };
        let pat = self.keys.resource(ResourceType::Patient, patient);
        let tx = self.begin().await?;
        if !end_emergencies(&tx, account, pat, request.now).await? {
            return Ok(false);
        }
        audit_glass(&tx, actor, request, ("glass-close", 0), pat, "").await?;
        tx.commit().await?;
        actor.trail.committed();
        self.forget_people();
        Ok(true)
    }

    /// The charts that are open to the actor in an emergency at that instant, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn glass_opened(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Vec<ChartGrant>, StoreError> {
        let Some(account) = actor.account.filter(|_| actor.may_break_glass()) else { return Ok(Vec::new()) };
        let sql = format!(
            "{COLUMNS} WHERE g.account = $1 AND g.reason IS NOT NULL AND g.ended_at IS NULL AND g.until_at > $2
             ORDER BY g.id DESC LIMIT 100"
        );
        let rows = self.db.query_all_raw(statement(&sql, [account.into(), now.into()])).await?;
        rows.iter().map(ChartGrant::read).collect()
    }

    /// Emergencies after the place `after`, the oldest first; `reviewed`: those that were looked at, else those that wait for it.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who is no administrator.
    pub async fn glass_reviews(
        &self,
        actor: &Actor,
        reviewed: bool,
        after: i64,
        limit: u32,
    ) -> Result<Vec<ChartGrant>, StoreError> {
        keeps_grants(actor)?;
        let sql = format!(
            "{COLUMNS} WHERE g.reason IS NOT NULL AND (g.reviewed_at IS NOT NULL) = $1 AND g.id > $2 ORDER BY g.id LIMIT $3"
        );
        let binds = [reviewed.into(), after.into(), i64::from(limit).into()];
        let rows = self.db.query_all_raw(statement(&sql, binds)).await?;
        rows.iter().map(ChartGrant::read).collect()
    }

    /// Says whether an emergency was justified, once.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who is no administrator, and for one's own; [`StoreError::Conflict`] when it was reviewed before or
    /// there is none of that number.
    pub async fn glass_review(
        &self,
        actor: &Actor,
        request: &Request,
        id: i64,
        justified: bool,
        note: Option<&str>,
    ) -> Result<ChartGrant, StoreError> {
        let (account, _) = keeps_grants(actor)?;
        let note = note.filter(|n| !n.trim().is_empty()).map(|n| explained("note", n)).transpose()?;
        let tx = self.begin().await?;
        let find = "SELECT account, pat FROM app.chart_grant WHERE id = $1 AND reason IS NOT NULL AND reviewed_at IS NULL FOR UPDATE";
        let Some(found) = tx.query_one_raw(statement(find, [id.into()])).await? else {
            return Err(StoreError::Conflict(format!("no emergency {id} waits for a review")));
        };
        if found.try_get::<i64>("", "account")? == account {
            return Err(StoreError::NotPermitted("nobody reviews an emergency of their own"));
        }
        let sql = "UPDATE app.chart_grant SET reviewed_at = $2, reviewed_by = $3, justified = $4, review_note = $5 WHERE id = $1";
        let binds: [Value; 5] = [id.into(), request.now.into(), account.into(), justified.into(), note.clone().into()];
        tx.execute_raw(statement(sql, binds)).await?;
        let told =
            format!("{id} {} {}", if justified { "justified" } else { "not justified" }, note.unwrap_or_default());
        audit_glass(&tx, actor, request, ("glass-review", 0), found.try_get("", "pat")?, told.trim_end()).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.forget_people();
        self.chart_grant(id).await
    }

    /// Opens what is very restricted in a chart to one person who treats, until then. Whether there is such a patient is not looked at: who
    /// keeps accounts sees no charts.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who is no administrator, and for one's own account; [`StoreError::Invalid`] names what is wrong.
    pub async fn chart_grant_give(
        &self,
        actor: &Actor,
        request: &Request,
        (login, patient): (&str, &str),
        explanation: &str,
        until: DateTime<Utc>,
    ) -> Result<ChartGrant, StoreError> {
        let (giver, _) = keeps_grants(actor)?;
        let explanation = explained("explanation", explanation)?;
        let invalid = |at: &str, text: String| StoreError::Invalid(vec![Issue::error(IssueType::Invalid, text).at(at)]);
        if until <= request.now || until > request.now + LONGEST_GRANT {
            return Err(invalid("until", "a grant lasts a year at most, and ends in the future".into()));
        }
        let tx = self.begin().await?;
        let find = "SELECT id FROM app.account WHERE login = $1 AND NOT disabled AND roles && ARRAY['physician', 'nurse', 'pharmacist']";
        let Some(found) = tx.query_one_raw(statement(find, [login.into()])).await? else {
            return Err(invalid("login", format!("{login} is no open account of somebody who treats")));
        };
        let account: i64 = found.try_get("", "id")?;
        if account == giver {
            return Err(StoreError::NotPermitted("nobody gives a grant to themselves"));
        }
        let pat = self.keys.resource(ResourceType::Patient, patient);
        let sql = "INSERT INTO app.chart_grant (account, patient, pat, term, explanation, given_by, from_at, until_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id";
        let binds: [Value; 8] = [
            account.into(),
            patient.into(),
            pat.into(),
            self.keys.term_compartment(pat).into(),
            explanation.clone().into(),
            giver.into(),
            request.now.into(),
            until.into(),
        ];
        let row = tx.query_one_raw(statement(sql, binds)).await?;
        let row = row.ok_or_else(|| StoreError::Internal("a grant without its number".into()))?;
        let id: i64 = row.try_get("", "id")?;
        audit_glass(&tx, actor, request, ("grant-give", 0), pat, &format!("{login} {explanation}")).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.forget_people();
        self.chart_grant(id).await
    }

    /// Ends a grant of that name.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who is no administrator; [`StoreError::Conflict`] when none of that number lasts.
    pub async fn chart_grant_end(&self, actor: &Actor, request: &Request, id: i64) -> Result<ChartGrant, StoreError> {
        keeps_grants(actor)?;
        let tx = self.begin().await?;
        let sql = "UPDATE app.chart_grant SET ended_at = $2
            WHERE id = $1 AND reason IS NULL AND ended_at IS NULL AND until_at > $2 RETURNING pat";
        let Some(row) = tx.query_one_raw(statement(sql, [id.into(), request.now.into()])).await? else {
            return Err(StoreError::Conflict(format!("no grant {id} lasts")));
        };
        audit_glass(&tx, actor, request, ("grant-end", 0), row.try_get("", "pat")?, &id.to_string()).await?;
        tx.commit().await?;
        actor.trail.committed();
        self.forget_people();
        self.chart_grant(id).await
    }

    /// The grants of that name that last at an instant, the newest first.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who is no administrator.
    pub async fn chart_grants(
        &self,
        actor: &Actor,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<ChartGrant>, StoreError> {
        keeps_grants(actor)?;
        let sql = format!(
            "{COLUMNS} WHERE g.reason IS NULL AND g.ended_at IS NULL AND g.until_at > $1 ORDER BY g.id DESC LIMIT $2"
        );
        let rows = self.db.query_all_raw(statement(&sql, [now.into(), i64::from(limit).into()])).await?;
        rows.iter().map(ChartGrant::read).collect()
    }

    async fn chart_grant(&self, id: i64) -> Result<ChartGrant, StoreError> {
        let row = self.db.query_one_raw(statement(&format!("{COLUMNS} WHERE g.id = $1"), [id.into()])).await?;
        ChartGrant::read(&row.ok_or_else(|| StoreError::Internal("a grant that was just written is gone".into()))?)
    }
}

async fn end_emergencies(
    db: &impl ConnectionTrait,
    account: i64,
    pat: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let sql = "UPDATE app.chart_grant SET ended_at = $3
        WHERE account = $1 AND pat = $2 AND reason IS NOT NULL AND ended_at IS NULL AND until_at > $3";
    let done = db.execute_raw(statement(sql, [account.into(), pat.into(), now.into()])).await?;
    Ok(done.rows_affected() > 0)
}

async fn audit_glass(
    db: &impl ConnectionTrait,
    actor: &Actor,
    request: &Request,
    (subtype, outcome): (&str, i16),
    pat: i64,
    detail: &str,
) -> Result<(), StoreError> {
    let roles: Vec<&str> = actor.roles.iter().map(|r| r.name()).collect();
    let name = format!("{subtype} {detail}");
    let row = AuditRow {
        recorded: request.now,
        request_id: request.request_id.clone(),
        principal: actor.principal.clone(),
        account: actor.account,
        action: "E",
        subtype: subtype.to_owned().into(),
        outcome,
        patients: vec![pat],
        what: serde_json::json!({ "name": name.trim_end(), "roles": roles, "user": actor.fhir_user }).into(),
    };
    audit::insert(db, &[row]).await
}
