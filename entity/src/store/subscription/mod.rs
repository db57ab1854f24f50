//! Subscription resources at work: their registration in the write that makes them, whose rights each has, and the lease of the one
//! process that matches and delivers. It sends nothing.
//!
//! A registration is the account that wrote the resource, with application and scope of the token it came by. Header values and what messages are
//! signed with are kept here only, under the server's key; the document has a mask in place of the values, in every version.

mod delivery;
mod matching;
mod secret;
mod since;
mod standing;

use chrono::{DateTime, TimeDelta, Utc};
use fhir::json::Object;
use fhir::patch::Patch;
use fhir::search::added::Reading;
use fhir::search::extract::Options;
use fhir::subscription::{self, Asked, Channel, Header, MASK, Payload};
use fhir::{Issue, IssueType, Json, ResourceType, document};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, QueryResult, Statement, Value};

pub use delivery::{Due, Waiting};
pub use matching::{Broken, Matched};
pub use secret::ToldSecret;
pub(super) use secret::owner as secret_owner;

use self::since::Since;
use crate::role::Interaction;
use crate::store::{Act, Plan, Store, Write, parameter, sealed};
use crate::{Actor, Request, Role, StoreError, scope};

/// The lease of who matches and delivers.
pub(super) const LEASE: &str = "subscriptions";
/// Most Subscription resources of one account.
const MOST: i64 = 100;

/// A Subscription that is about to become a version.
pub(super) struct Wanted<'w> {
    pub at: usize,
    pub id: &'w str,
    pub version_id: i32,
    pub text: &'w str,
    /// Whether it was made by a patch of the version before.
    pub patched: bool,
}

/// A registered Subscription: where to, and for whom.
#[derive(Debug, Clone)]
pub struct Subscriber {
    pub id: String,
    /// Of the resource; what happens to the subscription is written under the condition that it is still this one.
    pub version_id: i32,
    pub channel: Channel,
    pub payload: Option<Payload>,
    pub resource_type: ResourceType,
    /// Handshakes that failed so far.
    pub attempts: i32,
    criteria: String,
    since: Option<Since>,
}

/// What the server says about a Subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Active,
    Error,
    Off,
}

impl Status {
    fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Error => "error",
            Self::Off => "off",
        }
    }
}

/// The columns that [`subscriber`] reads.
const COLUMNS: &str = "s.id, s.version_id, s.type, s.criteria, s.channel, s.endpoint, s.payload, s.header_names,
    s.header_sealed, s.since::text AS since, s.attempts";

fn subscriber(store: &Store, row: &QueryResult) -> Result<Subscriber, StoreError> {
    let broken = || StoreError::Internal("a registration of a Subscription cannot be read".into());
    let (id, names): (String, Vec<String>) = (row.try_get("", "id")?, row.try_get("", "header_names")?);
    let sealed: Vec<Vec<u8>> = row.try_get("", "header_sealed")?;
    if names.len() != sealed.len() {
        return Err(broken());
    }
    let header = |(name, sealed): (String, Vec<u8>)| Ok(Header { name, value: store.header_value(&id, &sealed)? });
    let headers = names.into_iter().zip(sealed).map(header).collect::<Result<_, StoreError>>()?;
    let channel = match row.try_get::<Option<String>>("", "endpoint")? {
        Some(endpoint) => Channel::RestHook { endpoint, headers },
        None => Channel::WebSocket,
    };
    let payload: Option<String> = row.try_get("", "payload")?;
    let name: String = row.try_get("", "type")?;
    let since: Option<String> = row.try_get("", "since")?;
    Ok(Subscriber {
        id,
        version_id: row.try_get("", "version_id")?,
        channel,
        payload: payload.map(|p| Payload::named(&p).ok_or_else(broken)).transpose()?,
        resource_type: ResourceType::named(&name).ok_or_else(broken)?,
        attempts: row.try_get("", "attempts")?,
        criteria: row.try_get("", "criteria")?,
        since: since.map(|x| Since::read(&x).ok_or_else(broken)).transpose()?,
    })
}

/// What is registered already.
struct Registered {
    account: i64,
    names: Vec<String>,
    /// As the database has them.
    sealed: Vec<Vec<u8>>,
}

/// Whose secret a header value is, in the vault.
pub(super) fn header_owner(id: &str) -> String {
    format!("subscription {id}")
}

/// Whether it is a person who signed in, or a program; not an application that a person has lent its rights.
fn acts_for_itself(actor: &Actor) -> bool {
    actor.scope.is_none() || actor.roles == [Role::System]
}

fn sql(text: &str, binds: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DatabaseBackend::Postgres, text, binds)
}

impl Store {
    /// Registers what a Subscription asks for, in the transaction that writes it, and gives the document as it is stored.
    ///
    /// # Errors
    /// [`StoreError::NotValid`] names what is not served; [`StoreError::Forbidden`] when the actor may not search what it wants to be told.
    pub(super) async fn subscribe_to(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        wanted: Wanted<'_>,
    ) -> Result<String, StoreError> {
        let Wanted { at, id, text, .. } = wanted;
        // Who reads the body next says what is wrong with it.
        let Ok(mut object) = document::read(text, ResourceType::Subscription) else { return Ok(text.to_owned()) };
        let refuse = |text: &str, place: &str| {
            let issue = Issue::error(IssueType::BusinessRule, text).at(place);
            Err(StoreError::NotValid { at, issues: vec![issue] })
        };
        let registered = self.registered(tx, id).await?;
        let Some(account) = actor.account else {
            match (&registered, object.get("status").and_then(Json::as_str)) {
                (Some(_), Some(status)) if wanted.patched => {
                    let text = "UPDATE app.subscription SET state = $2, version_id = $3, attempts = 0, next_at = $4,
                        since = CASE $2 WHEN 'active' THEN pg_current_snapshot() ELSE since END WHERE id = $1";
                    let binds: [Value; 4] = [id.into(), status.into(), wanted.version_id.into(), request.now.into()];
                    tx.execute_raw(sql(text, binds)).await?;
                    return Ok(text_of(object));
                }
                (None, Some("off")) => {
                    subscription::mask(&mut object);
                    return Ok(text_of(object));
                }
                _ => return refuse("without an account to act for, a Subscription is off", "Subscription.status"),
            }
        };
        if !acts_for_itself(actor) {
            return refuse("an application that acts for a person has no Subscription of its own", "Subscription");
        }
        if registered.as_ref().is_some_and(|r| r.account != account) {
            return refuse(
                "only the account that made a Subscription changes it; others may delete it",
                "Subscription",
            );
        }
        let not_valid = |issues| StoreError::NotValid { at, issues };
        let asked = self.asked_for(tx, &object, request).await?.map_err(not_valid)?;
        for interaction in [Interaction::Search, Interaction::Read] {
            actor.require(interaction, asked.query.resource_type)?;
        }
        if let Err(error) = self.decidable(tx, actor, &asked.query).await {
            return match error {
                StoreError::NotSupported(text) | StoreError::TooCostly(text) => refuse(&text, "Subscription.criteria"),
                other => Err(other),
            };
        }
        let (mut names, mut values) = (Vec::new(), Vec::new());
        if let Channel::RestHook { endpoint, headers } = &asked.channel {
            if let Err(text) = self.reach.endpoint(endpoint) {
                return refuse(&text, "Subscription.channel.endpoint");
            }
            for Header { name, value } in headers {
                let known = || {
                    let registered = registered.as_ref()?;
                    let place = registered.names.iter().position(|n| n.eq_ignore_ascii_case(name))?;
                    registered.sealed.get(place).cloned()
                };
                let sealed = || Ok::<_, StoreError>(self.vault()?.seal(value.as_bytes(), &header_owner(id)));
                let value = if value == MASK { known() } else { Some(sealed()?) };
                let Some(value) = value else {
                    let text = format!("no value of the header {name} is known");
                    return refuse(&text, "Subscription.channel.header");
                };
                names.push(name.clone());
                values.push(value);
            }
        }
        if registered.is_none() && self.held_by(tx, account).await? >= MOST {
            return refuse(&format!("an account has at most {MOST} Subscriptions"), "Subscription");
        }
        self.register(tx, actor, request, &wanted, account, &asked, (names, values)).await?;
        subscription::mask(&mut object);
        Ok(text_of(object))
    }

    /// What the document asks for. Criteria that go beyond R4's parameters are read by those that this transaction sees.
    async fn asked_for(
        &self,
        tx: &DatabaseTransaction,
        object: &Object<'_>,
        request: &Request,
    ) -> Result<Result<Asked, Vec<Issue>>, StoreError> {
        let read = |lookup: &Reading<'_>| {
            subscription::read(object, request.now, &Options { added: Some(lookup), ..self.options() })
        };
        let known = self.parameters();
        let lookup = Reading::of(&known.added);
        let asked = read(&lookup);
        if !lookup.went_beyond() {
            return Ok(asked);
        }
        let newest = parameter::load(tx).await?;
        Ok(read(&Reading::of(&newest.added)))
    }

    async fn registered(&self, tx: &DatabaseTransaction, id: &str) -> Result<Option<Registered>, StoreError> {
        let text = "SELECT account, header_names, header_sealed FROM app.subscription WHERE id = $1 FOR UPDATE";
        let Some(row) = tx.query_one_raw(sql(text, [id.into()])).await? else { return Ok(None) };
        Ok(Some(Registered {
            account: row.try_get("", "account")?,
            names: row.try_get("", "header_names")?,
            sealed: row.try_get("", "header_sealed")?,
        }))
    }

    fn header_value(&self, id: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let value = self.vault()?.open(sealed, &header_owner(id))?;
        String::from_utf8(value).map_err(|_| StoreError::Internal("the value of a header is no text".into()))
    }

    async fn held_by(&self, tx: &DatabaseTransaction, account: i64) -> Result<i64, StoreError> {
        let text = "SELECT count(*) AS n FROM app.subscription WHERE account = $1";
        let row = tx.query_one_raw(sql(text, [account.into()])).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("", "n")?))
    }

    #[expect(clippy::too_many_arguments, reason = "what is written, by whom, and the secrets apart from it")]
    async fn register(
        &self,
        tx: &DatabaseTransaction,
        actor: &Actor,
        request: &Request,
        wanted: &Wanted<'_>,
        account: i64,
        asked: &Asked,
        (names, values): (Vec<String>, Vec<Vec<u8>>),
    ) -> Result<(), StoreError> {
        let text = "INSERT INTO app.subscription (id, version_id, account, scope, type, criteria, channel, endpoint, payload, header_names,
                header_sealed, header_values, state, ends_at, next_at, client)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '{}', $12, $13, $14, $15)
            ON CONFLICT (id) DO UPDATE SET version_id = $2, account = $3, scope = $4, type = $5, criteria = $6, channel = $7,
                endpoint = $8, payload = $9, header_names = $10, header_sealed = $11, header_values = '{}', state = $12, ends_at = $13, next_at = $14, client = $15, attempts = 0";
        let (channel, endpoint) = match &asked.channel {
            Channel::RestHook { endpoint, .. } => ("rest-hook", Some(endpoint.clone())),
            Channel::WebSocket => ("websocket", None),
        };
        let scope = actor.scope.as_ref().map(scope::text);
        let binds: [Value; 15] = [
            wanted.id.into(),
            wanted.version_id.into(),
            account.into(),
            scope.into(),
            asked.query.resource_type.name().into(),
            asked.criteria.clone().into(),
            channel.into(),
            endpoint.into(),
            asked.payload.map(|p| p.media_type().to_owned()).into(),
            names.into(),
            sealed::bytes(values),
            if asked.off { "off" } else { "requested" }.into(),
            asked.end.into(),
            request.now.into(),
            actor.client.clone().into(),
        ];
        tx.execute_raw(sql(text, binds)).await?;
        // What waits is told once it is active again; whoever turns it off wants to hear nothing of it.
        let (text, binds): (_, Vec<Value>) = if asked.off {
            ("DELETE FROM app.subscription_delivery WHERE subscription = $1", vec![wanted.id.into()])
        } else {
            let text = "UPDATE app.subscription_delivery SET attempts = 0, next_at = $2, dead_at = NULL WHERE subscription = $1";
            (text, vec![wanted.id.into(), request.now.into()])
        };
        tx.execute_raw(sql(text, binds)).await?;
        Ok(())
    }

    /// Forgets a Subscription with all that waits for it.
    pub(super) async fn unsubscribe(&self, tx: &DatabaseTransaction, id: &str) -> Result<(), StoreError> {
        tx.execute_raw(sql("DELETE FROM app.subscription WHERE id = $1", [id.into()])).await?;
        Ok(())
    }

    /// Says in the resource what became of it; `false` when it is not the version it was any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn subscription_status(
        &self,
        request: &Request,
        of: (&str, i32),
        status: Status,
        error: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (id, version) = of;
        let mut operations = vec![serde_json::json!({ "op": "replace", "path": "/status", "value": status.code() })];
        operations.extend(error.map(|text| serde_json::json!({ "op": "add", "path": "/error", "value": text })));
        let patch = Patch::json(&serde_json::Value::Array(operations).to_string());
        let patch = patch.map_err(|issue| StoreError::Internal(issue.diagnostics))?;
        let act = Act::Patch { patch, expected: Some(version) };
        let write = Write { resource_type: ResourceType::Subscription, id: id.to_owned(), act };
        match self.commit(&Actor::server(), request, &Plan::of(vec![write])).await {
            Ok(_) => Ok(true),
            Err(StoreError::Stale { .. } | StoreError::NotFound { .. } | StoreError::Gone { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Takes or keeps the lease of matching and delivering until `now + ttl`; `false` while another process has it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn lease_subscriptions(
        &self,
        holder: &str,
        ttl: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let text = "INSERT INTO app.lease (name, holder, until) VALUES ($1, $2, $3)
            ON CONFLICT (name) DO UPDATE SET holder = $2, until = $3 WHERE lease.holder = $2 OR lease.until <= $4";
        let binds: [Value; 4] = [LEASE.into(), holder.into(), (now + ttl).into(), now.into()];
        Ok(self.db.execute_raw(sql(text, binds)).await?.rows_affected() == 1)
    }

    /// Gives the lease back, so that another process need not wait for its end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn end_lease_of_subscriptions(&self, holder: &str) -> Result<(), StoreError> {
        let text = "UPDATE app.lease SET until = 'epoch' WHERE name = $1 AND holder = $2";
        self.db.execute_raw(sql(text, [LEASE.into(), holder.into()])).await?;
        Ok(())
    }
}

fn text_of(object: Object<'_>) -> String {
    Json::Object(object).to_text()
}
