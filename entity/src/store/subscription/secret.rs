//! What messages of a rest-hook are signed with: a secret of the Subscription, under the server's key, told once to the account that made
//! it. After a new one was told the one before is signed with too, for a day.

use chrono::{DateTime, TimeDelta, Utc};
use fhir::ResourceType;
use sea_orm::{ConnectionTrait as _, Value};

use super::{acts_for_itself, sql};
use crate::role::Interaction;
use crate::store::Store;
use crate::store::app::audit_app;
use crate::{Actor, Request, StoreError};

/// How long a receiver may go on with the secret before.
const OVERLAP: TimeDelta = TimeDelta::days(1);

/// A secret as its account is told.
#[derive(Clone)]
pub struct ToldSecret {
    pub secret: Vec<u8>,
    /// Until when the one before is signed with too; `None` when nobody knew one.
    pub before_until: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for ToldSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToldSecret").field("before_until", &self.before_until).finish_non_exhaustive()
    }
}

/// Whose secret it is, in the vault.
pub(in crate::store) fn owner(id: &str) -> String {
    format!("webhook {id}")
}

impl Store {
    /// What a message of that instant is signed with, the newest first; nothing when the subscription is gone. `make` gives a secret to
    /// one that has none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn signing_secrets(
        &self,
        subscription: &str,
        make: fn() -> [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let kept = || {
            let text = "SELECT secret, CASE WHEN before_until > $2 THEN secret_before END AS before
                FROM app.subscription WHERE id = $1 AND secret IS NOT NULL";
            self.db.query_one_raw(sql(text, [subscription.into(), now.into()]))
        };
        let mut row = kept().await?;
        if row.is_none() {
            let made = self.vault()?.seal(&make(), &owner(subscription));
            let text = "UPDATE app.subscription SET secret = $2 WHERE id = $1 AND secret IS NULL";
            self.db.execute_raw(sql(text, [subscription.into(), made.into()])).await?;
            row = kept().await?;
        }
        let Some(row) = row else { return Ok(Vec::new()) };
        let sealed: [Option<Vec<u8>>; 2] = [row.try_get("", "secret")?, row.try_get("", "before")?];
        sealed.into_iter().flatten().map(|sealed| self.vault()?.open(&sealed, &owner(subscription))).collect()
    }

    /// Tells the account that made a rest-hook what its messages are signed with, and audits it: the secret that nobody knows yet, else
    /// `made`, a new one.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for who may not have Subscriptions; [`StoreError::NotPermitted`] for another account, and for an
    /// application that acts for a person; [`StoreError::NotFound`] when there is none that was ever served; [`StoreError::NotSupported`]
    /// when it sends no messages.
    pub async fn subscription_secret(
        &self,
        actor: &Actor,
        request: &Request,
        id: &str,
        made: &[u8; 32],
    ) -> Result<ToldSecret, StoreError> {
        const TYPE: ResourceType = ResourceType::Subscription;
        if !actor.may(Interaction::Create, TYPE) {
            actor.require(Interaction::Update, TYPE)?;
        }
        let tx = self.begin().await?;
        let text = "SELECT account, channel, secret, secret_told FROM app.subscription WHERE id = $1 FOR UPDATE";
        let row = tx.query_one_raw(sql(text, [id.into()])).await?;
        let row = row.ok_or_else(|| StoreError::NotFound { resource_type: TYPE, id: id.to_owned() })?;
        if actor.account != Some(row.try_get("", "account")?) || !acts_for_itself(actor) {
            return Err(StoreError::NotPermitted("only the account that made a Subscription is told its secret"));
        }
        if row.try_get::<String>("", "channel")? != "rest-hook" {
            return Err(StoreError::NotSupported("only messages of a rest-hook are signed".into()));
        }
        let kept: Option<Vec<u8>> = row.try_get("", "secret")?;
        let (secret, before) = match kept {
            Some(kept) if !row.try_get::<bool>("", "secret_told")? => (self.vault()?.open(&kept, &owner(id))?, None),
            kept => (made.to_vec(), kept),
        };
        let before_until = before.is_some().then(|| request.now + OVERLAP);
        let sealed = self.vault()?.seal(&secret, &owner(id));
        let text = "UPDATE app.subscription SET secret = $2, secret_told = true, secret_before = $3, before_until = $4 WHERE id = $1";
        let binds: [Value; 4] = [id.into(), sealed.into(), before.into(), before_until.into()];
        tx.execute_raw(sql(text, binds)).await?;
        audit_app(&tx, actor, request, ("subscription-secret", "U"), id).await?;
        tx.commit().await?;
        actor.trail.committed();
        Ok(ToldSecret { secret, before_until })
    }
}
