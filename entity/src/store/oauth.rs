//! Applications and what people granted them: the registry, grants, and the secrets of a grant (code, access and refresh tokens).
//!
//! All secrets of one grant are a family: a code or refresh token that comes a second time ends the whole family. It knows neither HTTP
//! nor signatures; secrets come in as SHA-256 only.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, Statement, Value,
};

use super::account::insert_token;
use super::app::{audit_app, require_client_register};
use super::session::{audit_sign_in, is_open};
use crate::app::{account, oauth_client, oauth_grant, oauth_launch, oauth_secret, session, signing_key};
use crate::launch::{self, Context, Permission};
use crate::registration;
use crate::{Actor, Request, Rows, Store, StoreError};

/// How long a code is good for.
const CODE: TimeDelta = TimeDelta::seconds(60);
/// How long a launch begun in a chart may wait.
const LAUNCH: TimeDelta = TimeDelta::minutes(5);

/// How an application shows who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKind {
    Public,
    /// By a secret, of which this is the SHA-256.
    Symmetric(Vec<u8>),
    /// By a signature that one of these keys verifies; the text of a JWK set.
    Asymmetric(String),
    /// By a signature that a key of the JWK set at this URL verifies.
    AsymmetricAt(String),
}

/// An application to be registered.
#[derive(Debug, Clone)]
pub struct NewClient {
    pub id: String,
    pub name: String,
    pub kind: ClientKind,
    pub redirect_uris: Vec<String>,
    pub launch_url: Option<String>,
    /// Whether it is shown within the chart that launches it; else in a tab of its own.
    pub framed: bool,
    /// What it may ask for at most.
    pub scope: String,
    /// Log-in name of the `system` account that it acts for by itself; `None` when it only acts for people.
    pub account: Option<String>,
}

/// A registered application.
#[derive(Debug, Clone)]
pub struct AppClient {
    pub id: String,
    pub name: String,
    pub kind: ClientKind,
    pub redirect_uris: Vec<String>,
    pub launch_url: Option<String>,
    pub framed: bool,
    pub scope: String,
    pub account: Option<i64>,
    pub disabled: bool,
}

/// A launch from a chart.
#[derive(Debug, Clone)]
pub struct NewLaunch {
    pub hash: Vec<u8>,
    pub client: String,
    pub account: i64,
    pub patient: String,
    pub encounter: Option<String>,
}

/// What a person agreed to.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub client: String,
    pub account: i64,
    /// The session it ends with; `None` when it outlives it (`offline_access`).
    pub session: Option<Vec<u8>>,
    pub scope: String,
    pub patient: Option<String>,
    pub encounter: Option<String>,
    pub nonce: Option<String>,
    pub redirect_uri: String,
    /// PKCE S256 challenge.
    pub challenge: String,
    pub code_hash: Vec<u8>,
}

/// A grant whose code or refresh token was just taken.
#[derive(Debug, Clone)]
pub struct Grant {
    pub id: i64,
    pub account: i64,
    pub fhir_user: Option<String>,
    pub scope: String,
    pub patient: Option<String>,
    pub encounter: Option<String>,
    pub nonce: Option<String>,
    pub redirect_uri: String,
    pub challenge: String,
    /// When the person agreed to it.
    pub since: DateTime<Utc>,
}

/// Tokens to be kept for a grant.
#[derive(Debug, Clone)]
pub struct Issued {
    pub scope: String,
    pub access: (Vec<u8>, DateTime<Utc>),
    pub refresh: Option<(Vec<u8>, DateTime<Utc>)>,
}

/// What is told of a good token.
#[derive(Debug, Clone)]
pub struct Introspection {
    pub client: String,
    pub scope: String,
    pub expires_at: DateTime<Utc>,
    pub subject: String,
    pub fhir_user: Option<String>,
    pub patient: Option<String>,
    pub encounter: Option<String>,
}

/// A private key of the server (PKCS #8).
#[derive(Clone)]
pub struct SigningKey {
    pub kid: String,
    pub pkcs8: Vec<u8>,
}

pub(super) fn client_of(row: oauth_client::Model) -> AppClient {
    let kind = match (row.secret_hash, row.jwks, row.jwks_uri) {
        (Some(hash), _, _) => ClientKind::Symmetric(hash),
        (None, Some(jwks), _) => ClientKind::Asymmetric(jwks),
        (None, None, Some(url)) => ClientKind::AsymmetricAt(url),
        (None, None, None) => ClientKind::Public,
    };
    AppClient {
        id: row.id,
        name: row.name,
        kind,
        redirect_uris: row.redirect_uris,
        launch_url: row.launch_url,
        framed: row.framed,
        scope: row.scope,
        account: row.account,
        disabled: row.disabled,
    }
}

impl Store {
    /// Registers an application, by the server itself.
    ///
    /// # Errors
    /// As [`Store::app_register`].
    pub async fn create_client(&self, new: NewClient, now: DateTime<Utc>) -> Result<(), StoreError> {
        let request = Request::by_server(now, format!("application {}", new.id));
        self.app_register(&Actor::server(), &request, new).await.map(|_| ())
    }

    /// The application of that id, disabled ones too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away; so do all functions below.
    pub async fn client(&self, id: &str) -> Result<Option<AppClient>, StoreError> {
        Ok(oauth_client::Entity::find_by_id(id.to_owned()).one(&self.db).await?.map(client_of))
    }

    /// All applications by id.
    pub async fn clients(&self) -> Result<Vec<AppClient>, StoreError> {
        let rows = oauth_client::Entity::find().order_by_asc(oauth_client::Column::Id).all(&self.db).await?;
        Ok(rows.into_iter().map(client_of).collect())
    }

    /// Keeps a launch from a chart.
    pub async fn begin_launch(&self, new: NewLaunch, now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = oauth_launch::ActiveModel {
            hash: Set(new.hash),
            client: Set(new.client),
            account: Set(new.account),
            patient: Set(new.patient),
            encounter: Set(new.encounter),
            expires_at: Set(now + LAUNCH),
            used_at: Set(None),
        };
        oauth_launch::Entity::insert(row).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// Patient and encounter of a launch that this person began for this application; `None` when there is none that is still good.
    /// With `take` it is good no more.
    pub async fn launched(
        &self,
        hash: &[u8],
        client: &str,
        account: i64,
        take: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, Option<String>)>, StoreError> {
        let found = oauth_launch::Entity::find_by_id(hash.to_vec()).one(&self.db).await?;
        let good = |l: &oauth_launch::Model| {
            l.client == client && l.account == account && now < l.expires_at && l.used_at.is_none()
        };
        let Some(found) = found.filter(good) else { return Ok(None) };
        if take {
            let taken = oauth_launch::Entity::update_many()
                .col_expr(oauth_launch::Column::UsedAt, Expr::value(now))
                .filter(oauth_launch::Column::Hash.eq(hash.to_vec()))
                .filter(oauth_launch::Column::UsedAt.is_null())
                .exec(&self.db)
                .await?;
            if taken.rows_affected == 0 {
                return Ok(None);
            }
        }
        Ok(Some((found.patient, found.encounter)))
    }

    /// Keeps what a person agreed to, with its code, and audits it.
    pub async fn grant(&self, new: NewGrant, request_id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let row = oauth_grant::ActiveModel {
            client: Set(new.client),
            account: Set(new.account),
            session: Set(new.session),
            scope: Set(new.scope.clone()),
            patient: Set(new.patient),
            encounter: Set(new.encounter),
            nonce: Set(new.nonce),
            redirect_uri: Set(new.redirect_uri),
            challenge: Set(new.challenge),
            created_at: Set(now),
            ..Default::default()
        };
        let family = row.insert(&tx).await?.id;
        let row = secret(family, "code", new.scope, (new.code_hash, now + CODE), now);
        oauth_secret::Entity::insert(row).exec_without_returning(&tx).await?;
        audit_sign_in(&tx, Some(new.account), "authorize", 0, request_id, now).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a code (`kind` "code") or a refresh token ("refresh") of this application, once. One that was taken before ends its family.
    pub async fn take_secret(
        &self,
        hash: &[u8],
        kind: &str,
        client: &str,
        demo_mode: bool,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Grant>, StoreError> {
        let Some((found, family)) = self.secret_of(hash).await? else { return Ok(None) };
        if found.kind != kind || family.client != client {
            return Ok(None);
        }
        let taken = oauth_secret::Entity::update_many()
            .col_expr(oauth_secret::Column::EndedAt, Expr::value(now))
            .filter(oauth_secret::Column::Hash.eq(hash.to_vec()))
            .filter(oauth_secret::Column::EndedAt.is_null())
            .exec(&self.db)
            .await?;
        if taken.rows_affected == 0 {
            self.end_family(&family, request_id, now).await?;
            return Ok(None);
        }
        if now >= found.expires_at || !self.is_alive(&family, now).await? {
            return Ok(None);
        }
        let account = account::Entity::find_by_id(family.account).one(&self.db).await?;
        let Some(account) = account.filter(|a| !a.disabled && (demo_mode || !a.demo)) else { return Ok(None) };
        Ok(Some(Grant {
            id: family.id,
            account: account.id,
            fhir_user: account.fhir_user,
            scope: found.scope,
            patient: family.patient,
            encounter: family.encounter,
            nonce: family.nonce,
            redirect_uri: family.redirect_uri,
            challenge: family.challenge,
            since: family.created_at,
        }))
    }

    /// Keeps the tokens of a grant, and forgets its outlived ones. `false` when the grant was ended meanwhile.
    pub async fn keep_tokens(&self, family: i64, new: Issued, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let lock = "SELECT 1 FROM app.oauth_grant WHERE id = $1 AND revoked_at IS NULL FOR SHARE";
        let lock = Statement::from_sql_and_values(DatabaseBackend::Postgres, lock, [family.into()]);
        if tx.query_one_raw(lock).await?.is_none() {
            return Ok(false);
        }
        // A code stays known as long as its tokens, so that its second coming can end them.
        oauth_secret::Entity::delete_many()
            .filter(oauth_secret::Column::Family.eq(family))
            .filter(oauth_secret::Column::Kind.eq("access"))
            .filter(oauth_secret::Column::ExpiresAt.lte(now))
            .exec(&tx)
            .await?;
        let access = secret(family, "access", new.scope.clone(), new.access, now);
        oauth_secret::Entity::insert(access).exec_without_returning(&tx).await?;
        if let Some(refresh) = new.refresh {
            let refresh = secret(family, "refresh", new.scope, refresh, now);
            oauth_secret::Entity::insert(refresh).exec_without_returning(&tx).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a token of this application: an access token alone, a refresh token with its family. Unknown ones are no error.
    pub async fn end_token(
        &self,
        hash: &[u8],
        client: &str,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some((found, family)) = self.secret_of(hash).await? else { return Ok(()) };
        if family.client != client {
            return Ok(());
        }
        if found.kind == "refresh" {
            return self.end_family(&family, request_id, now).await;
        }
        oauth_secret::Entity::update_many()
            .col_expr(oauth_secret::Column::EndedAt, Expr::value(now))
            .filter(oauth_secret::Column::Hash.eq(hash.to_vec()))
            .filter(oauth_secret::Column::EndedAt.is_null())
            .exec(&self.db)
            .await?;
        self.grants.forget();
        Ok(())
    }

    /// Ends a grant with all that came of it.
    pub async fn end_grant(&self, family: i64, request_id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        match oauth_grant::Entity::find_by_id(family).one(&self.db).await? {
            Some(family) => self.end_family(&family, request_id, now).await,
            None => Ok(()),
        }
    }

    async fn end_family(
        &self,
        family: &oauth_grant::Model,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let ended = oauth_grant::Entity::update_many()
            .col_expr(oauth_grant::Column::RevokedAt, Expr::value(now))
            .filter(oauth_grant::Column::Id.eq(family.id))
            .filter(oauth_grant::Column::RevokedAt.is_null())
            .exec(&tx)
            .await?;
        if ended.rows_affected == 1 {
            audit_sign_in(&tx, Some(family.account), "revoke", 0, request_id, now).await?;
        }
        tx.commit().await?;
        self.grants.forget();
        Ok(())
    }

    /// What a token of people's grants is good for; `None` when it is good for nothing.
    pub async fn introspect(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Introspection>, StoreError> {
        let Some((secret, family, account)) = self.good_secret(hash, demo_mode, now).await? else { return Ok(None) };
        if secret.kind == "code" {
            return Ok(None);
        }
        Ok(Some(Introspection {
            client: family.client,
            scope: secret.scope,
            expires_at: secret.expires_at,
            subject: account.login,
            fhir_user: account.fhir_user,
            patient: family.patient,
            encounter: family.encounter,
        }))
    }

    /// Who an application's access token acts for, as known within the last second: the person, narrowed to the granted scopes, and by
    /// a `patient/` scope to the patient of the launch.
    pub async fn grant_actor(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Actor>, StoreError> {
        let looked_up = match self.grants.get(hash, demo_mode, now) {
            Ok(known) => return Ok(Some(known.at(now))),
            Err(looked_up) => looked_up,
        };
        let Some((secret, family, account)) = self.good_secret(hash, demo_mode, now).await? else { return Ok(None) };
        if secret.kind != "access" {
            return Ok(None);
        }
        let Ok(granted) = launch::parse(&secret.scope) else { return Ok(None) };
        let person = self.person(account, now, false).await?;
        let Some(mut actor) = narrowed(person, &granted, family.patient.as_deref()) else { return Ok(None) };
        actor.client = Some(family.client);
        if !actor.is_proxy() {
            self.grants.keep(&looked_up, (hash, demo_mode), now, secret.expires_at, actor.clone());
        }
        Ok(Some(actor))
    }

    async fn secret_of(&self, hash: &[u8]) -> Result<Option<(oauth_secret::Model, oauth_grant::Model)>, StoreError> {
        let Some(found) = oauth_secret::Entity::find_by_id(hash.to_vec()).one(&self.db).await? else { return Ok(None) };
        let family = oauth_grant::Entity::find_by_id(found.family).one(&self.db).await?;
        Ok(family.map(|family| (found, family)))
    }

    async fn good_secret(
        &self,
        hash: &[u8],
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<(oauth_secret::Model, oauth_grant::Model, account::Model)>, StoreError> {
        let Some((found, family)) = self.secret_of(hash).await? else { return Ok(None) };
        if found.ended_at.is_some() || now >= found.expires_at || !self.is_alive(&family, now).await? {
            return Ok(None);
        }
        let account = account::Entity::find_by_id(family.account).one(&self.db).await?;
        let account = account.filter(|a| !a.disabled && (demo_mode || !a.demo));
        Ok(account.map(|account| (found, family, account)))
    }

    /// Whether a grant is not ended, its application open, and the session alive that it lives with.
    async fn is_alive(&self, family: &oauth_grant::Model, now: DateTime<Utc>) -> Result<bool, StoreError> {
        if family.revoked_at.is_some() {
            return Ok(false);
        }
        let client = oauth_client::Entity::find_by_id(family.client.clone()).one(&self.db).await?;
        if client.is_none_or(|c| c.disabled) {
            return Ok(false);
        }
        let Some(hash) = &family.session else { return Ok(true) };
        let session = session::Entity::find_by_id(hash.clone()).one(&self.db).await?;
        Ok(session.is_some_and(|s| is_open(&s, now)))
    }

    /// Whether this application has not shown this `jti` before; it is remembered until it expires.
    pub async fn first_use(
        &self,
        client: &str,
        jti: &str,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let run = async |sql: &str, binds: Vec<Value>| {
            let statement = Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds);
            self.db.execute_raw(statement).await.map(|done| done.rows_affected())
        };
        run("DELETE FROM app.oauth_assertion WHERE expires_at < $1", vec![now.into()]).await?;
        let sql =
            "INSERT INTO app.oauth_assertion (client, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        Ok(run(sql, vec![client.into(), jti.into(), expires_at.into()]).await? == 1)
    }

    /// Keeps a token of a program that showed that it is this application, for its `system` account.
    pub async fn keep_program_token(
        &self,
        (client, account): (&str, i64),
        (hash, expires_at): (Vec<u8>, DateTime<Utc>),
        scope: &str,
        request_id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let found = account::Entity::find_by_id(account).one(&self.db).await?;
        let Some(found) = found.filter(|a| !a.disabled) else { return Ok(false) };
        let new = super::NewToken { hash, scope: scope.to_owned(), expires_at };
        let tx = self.begin().await?;
        insert_token(&tx, found.id, Some(client), new, now).await?;
        audit_sign_in(&tx, Some(account), "token", 0, request_id, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The keys that sign, the newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        let newest = signing_key::Entity::find().order_by_desc(signing_key::Column::CreatedAt);
        let rows = newest.order_by_desc(signing_key::Column::Kid).all(&self.db).await?;
        let open = |row: signing_key::Model| {
            let pkcs8 = self.vault()?.open(&row.pkcs8, &key_owner(&row.kid))?;
            Ok(SigningKey { kid: row.kid, pkcs8 })
        };
        rows.into_iter().map(open).collect()
    }

    /// As [`Store::signing_key_rotate`], by the server itself.
    pub async fn add_signing_key(&self, new: SigningKey, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.signing_key_rotate(&Actor::server(), &Request::by_server(now, format!("signing key {}", new.kid)), new)
            .await
    }

    /// Adds a key that signs from now on, and audits it. All but the one before it are forgotten.
    pub async fn signing_key_rotate(
        &self,
        actor: &Actor,
        request: &Request,
        new: SigningKey,
    ) -> Result<(), StoreError> {
        require_client_register(actor)?;
        let keep = self.signing_keys().await?.into_iter().next().map(|k| k.kid);
        let tx = self.begin().await?;
        let old = signing_key::Entity::delete_many();
        let old = match keep {
            Some(kid) => old.filter(signing_key::Column::Kid.ne(kid)),
            None => old,
        };
        old.exec(&tx).await?;
        let sealed = self.vault()?.seal(&new.pkcs8, &key_owner(&new.kid));
        audit_app(&tx, actor, request, ("signing-key", "C"), &new.kid).await?;
        let row = signing_key::ActiveModel { kid: Set(new.kid), pkcs8: Set(sealed), created_at: Set(request.now) };
        signing_key::Entity::insert(row).exec_without_returning(&tx).await?;
        Ok(tx.commit().await?)
    }
}

/// Registers an application, by this connection.
pub(super) async fn insert_client(
    db: &impl ConnectionTrait,
    new: NewClient,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    registration::check(&new).map_err(StoreError::NotSupported)?;
    let account = match &new.account {
        None => None,
        Some(login) => {
            let found = account::Entity::find().filter(account::Column::Login.eq(login)).one(db).await?;
            let found = found.filter(|a| a.roles == ["system"]);
            Some(found.ok_or_else(|| StoreError::Conflict(format!("there is no program's account {login}")))?.id)
        }
    };
    let (kind, secret_hash, jwks, jwks_uri) = match new.kind {
        ClientKind::Public => ("public", None, None, None),
        ClientKind::Symmetric(hash) => ("symmetric", Some(hash), None, None),
        ClientKind::Asymmetric(jwks) => ("asymmetric", None, Some(jwks), None),
        ClientKind::AsymmetricAt(url) => ("asymmetric", None, None, Some(url)),
    };
    let row = oauth_client::ActiveModel {
        id: Set(new.id.clone()),
        name: Set(new.name),
        kind: Set(kind.into()),
        secret_hash: Set(secret_hash),
        jwks: Set(jwks),
        jwks_uri: Set(jwks_uri),
        redirect_uris: Set(new.redirect_uris),
        launch_url: Set(new.launch_url),
        framed: Set(new.framed),
        scope: Set(new.scope),
        account: Set(account),
        disabled: Set(false),
        created_at: Set(now),
    };
    match oauth_client::Entity::insert(row).exec_without_returning(db).await.map_err(StoreError::from) {
        Ok(_) => Ok(()),
        Err(StoreError::Contention { .. }) => {
            Err(StoreError::Conflict(format!("the application {} is registered already", new.id)))
        }
        Err(other) => Err(other),
    }
}

/// Whose secret a signing key is, in the vault.
pub(super) fn key_owner(kid: &str) -> String {
    format!("signing key {kid}")
}

fn secret(
    family: i64,
    kind: &str,
    scope: String,
    (hash, expires_at): (Vec<u8>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> oauth_secret::ActiveModel {
    oauth_secret::ActiveModel {
        hash: Set(hash),
        family: Set(family),
        kind: Set(kind.into()),
        scope: Set(scope),
        created_at: Set(now),
        expires_at: Set(expires_at),
        ended_at: Set(None),
    }
}

/// The person as an application sees the records. `None` when a `patient/` scope was granted without a patient. Beside a `patient/` scope
/// a `user/` scope too is narrowed to the patient of the launch.
fn narrowed(person: Actor, granted: &[Permission], patient: Option<&str>) -> Option<Actor> {
    let rows = if launch::has(granted, Context::Patient) {
        let patient = patient?;
        let seen = match &person.rows {
            Rows::All => true,
            Rows::Patients(own) => own.contains(patient),
        };
        Rows::Patients(seen.then(|| patient.to_owned()).into_iter().collect())
    } else {
        person.rows.clone()
    };
    let (categories, writable) = (launch::categories(granted), launch::writable(granted));
    Some(Actor { rows, categories, writable, scope: Some(launch::compile(granted)), ..person })
}
