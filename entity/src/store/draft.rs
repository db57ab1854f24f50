//! Private drafts: what an account is writing and has not put on record. Every statement names the account; nobody else's rows are ever
//! looked at. What a draft holds is its act's business.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, QueryResult, Statement, Value};

use crate::role::Interaction;
use crate::{Actor, Request, Store, StoreError};

/// Most drafts of one account.
const MOST: i64 = 200;
const COLUMNS: &str = "id, patient, about, version, body::text AS body, created_at, updated_at";

/// A draft as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateDraft {
    pub id: String,
    /// `Patient/…`
    pub patient: String,
    /// The record that it will change, as `Type/id`; `None` for a new one.
    pub about: Option<String>,
    /// Counts from 1.
    pub version: i32,
    /// JSON text.
    pub body: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct DraftText<'a> {
    /// The act that it will become, such as `noteEdit`.
    pub act: &'static str,
    pub patient: &'a str,
    pub about: Option<&'a str>,
    /// JSON text.
    pub body: &'a str,
}

/// What became of keeping a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftKept {
    Saved(PrivateDraft),
    /// It was changed elsewhere, or there is one about the same record already; nothing was written.
    Changed(PrivateDraft),
    /// There is none of that id.
    Absent,
}

fn read(row: &QueryResult) -> Result<PrivateDraft, StoreError> {
    Ok(PrivateDraft {
        id: row.try_get("", "id")?,
        patient: row.try_get("", "patient")?,
        about: row.try_get("", "about")?,
        version: row.try_get("", "version")?,
        body: row.try_get("", "body")?,
        created_at: row.try_get("", "created_at")?,
        updated_at: row.try_get("", "updated_at")?,
    })
}

fn account(actor: &Actor) -> Result<i64, StoreError> {
    let resource_type = fhir::ResourceType::Composition;
    actor.account.ok_or(StoreError::Forbidden { interaction: Interaction::Create.code(), resource_type })
}

impl Store {
    /// Keeps a new draft (`of` is `None`) or the next state of one, named by id and the version that was seen.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for the server itself; [`StoreError::Conflict`] above 200 drafts; what the database answers.
    pub async fn keep_draft(
        &self,
        actor: &Actor,
        request: &Request,
        of: Option<(&str, i32)>,
        text: &DraftText<'_>,
    ) -> Result<DraftKept, StoreError> {
        let account = account(actor)?;
        let Some((id, expected)) = of else {
            let sql = format!(
                "INSERT INTO app.draft (id, author, kind, patient, about, body, created_at, updated_at)
                SELECT $1, $2, $3, $4, $5, $6::jsonb, $7, $7
                WHERE (SELECT count(*) FROM app.draft WHERE author = $2) < $8
                ON CONFLICT DO NOTHING RETURNING {COLUMNS}"
            );
            let binds: [Value; 8] = [
                request.ids.nth(0).into(),
                account.into(),
                text.act.into(),
                text.patient.into(),
                text.about.map(ToOwned::to_owned).into(),
                text.body.into(),
                request.now.into(),
                MOST.into(),
            ];
            if let Some(kept) = self.one_draft(sql, binds).await? {
                return Ok(DraftKept::Saved(kept));
            }
            let sql = format!("SELECT {COLUMNS} FROM app.draft WHERE author = $1 AND kind = $2 AND about = $3");
            let about = text.about.map(ToOwned::to_owned);
            return match self.one_draft(sql, [account.into(), text.act.into(), about.into()]).await? {
                Some(there) => Ok(DraftKept::Changed(there)),
                None => Err(StoreError::Conflict(format!("more than {MOST} drafts; sign or discard some"))),
            };
        };
        let sql = format!(
            "UPDATE app.draft SET body = $4::jsonb, version = version + 1, updated_at = $5
            WHERE id = $1 AND author = $2 AND version = $3 AND kind = $6 RETURNING {COLUMNS}"
        );
        let binds: [Value; 6] =
            [id.into(), account.into(), expected.into(), text.body.into(), request.now.into(), text.act.into()];
        if let Some(kept) = self.one_draft(sql, binds).await? {
            return Ok(DraftKept::Saved(kept));
        }
        Ok(self.draft(actor, text.act, id).await?.map_or(DraftKept::Absent, DraftKept::Changed))
    }

    /// One of the actor's drafts.
    ///
    /// # Errors
    /// As [`Store::keep_draft`].
    pub async fn draft(&self, actor: &Actor, act: &'static str, id: &str) -> Result<Option<PrivateDraft>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM app.draft WHERE id = $1 AND author = $2 AND kind = $3");
        self.one_draft(sql, [id.into(), account(actor)?.into(), act.into()]).await
    }

    /// The actor's drafts of an act, the one written last first; those about a patient when one is named.
    ///
    /// # Errors
    /// As [`Store::keep_draft`].
    pub async fn drafts(
        &self,
        actor: &Actor,
        act: &'static str,
        patient: Option<&str>,
    ) -> Result<Vec<PrivateDraft>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM app.draft WHERE author = $1 AND kind = $2 AND ($3::text IS NULL OR patient = $3)
            ORDER BY updated_at DESC, id LIMIT $4"
        );
        let patient = patient.map(ToOwned::to_owned);
        let binds: [Value; 4] = [account(actor)?.into(), act.into(), patient.into(), MOST.into()];
        let rows = self.db.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        rows.iter().map(read).collect()
    }

    /// Throws a draft away; whether there was one.
    ///
    /// # Errors
    /// As [`Store::keep_draft`].
    pub async fn discard_draft(&self, actor: &Actor, act: &'static str, id: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM app.draft WHERE id = $1 AND author = $2 AND kind = $3";
        let binds: [Value; 3] = [id.into(), account(actor)?.into(), act.into()];
        let done = self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
        Ok(done.rows_affected() > 0)
    }

    async fn one_draft<const N: usize>(
        &self,
        sql: String,
        binds: [Value; N],
    ) -> Result<Option<PrivateDraft>, StoreError> {
        let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds);
        self.db.query_one_raw(statement).await?.as_ref().map(read).transpose()
    }
}
