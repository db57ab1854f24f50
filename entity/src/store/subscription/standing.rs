//! By which right a subscription stands at an instant: that of the account that made it, as it is then. A program has what the application
//! that made the Subscription is registered for, or, where its tokens were made by hand, what those permit that are good; and never more
//! than the token that the Subscription was written by.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use sea_orm::{ConnectionTrait as _, FromQueryResult as _, QueryResult};

use super::{Broken, Subscriber, sql};
use crate::app::account;
use crate::launch::{self, PROGRAM};
use crate::role::{Interaction, Role};
use crate::scope::{self, Scope};
use crate::store::Store;
use crate::{Actor, StoreError};

/// The account of each subscription, with what the right of a program is made of at the instant `$1`.
const STANDING: &str = "SELECT a.*, s.id AS subscription, s.version_id, s.type, s.scope, s.client, c.disabled AS closed, c.scope AS registered,
        ARRAY(SELECT t.scope FROM app.token AS t WHERE t.account = s.account AND t.client IS NULL AND t.expires_at > $1
            AND (t.revoked_at IS NULL OR t.revoked_at > $1)) AS tokens
    FROM app.subscription AS s JOIN app.account AS a ON a.id = s.account LEFT JOIN app.oauth_client AS c ON c.id = s.client";

impl Store {
    /// Who a subscription acts for, with the rights of that moment; or why it has none any more, in words for its reader.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn subscription_actor(
        &self,
        subscriber: &Subscriber,
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Result<Actor, String>, StoreError> {
        let text = format!("{STANDING} WHERE s.id = $2");
        let row = self.db.query_one_raw(sql(&text, [now.into(), subscriber.id.clone().into()])).await?;
        let Some(row) = row else { return Ok(Err("it was deleted".into())) };
        Ok(match self.standing(&row, demo_mode, now)? {
            Ok((account, actor)) if actor.scope.is_none() => Ok(self.person(account, now, false).await?),
            Ok((_, actor)) => Ok(actor),
            Err(ended) => Err(ended),
        })
    }

    /// Those that tell something, or are about to, and have no right to any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn subscriptions_without_right(
        &self,
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Vec<Broken>, StoreError> {
        let text = format!("{STANDING} WHERE s.state IN ('requested', 'active')");
        let mut broken = Vec::new();
        for row in &self.db.query_all_raw(sql(&text, [now.into()])).await? {
            if let Err(error) = self.standing(row, demo_mode, now)? {
                broken.push(Broken {
                    id: row.try_get("", "subscription")?,
                    version_id: row.try_get("", "version_id")?,
                    error,
                });
            }
        }
        Ok(broken)
    }

    /// The account, and an actor with its roles and scope; whom of the patients a person sees is not in it.
    fn standing(
        &self,
        row: &QueryResult,
        demo_mode: bool,
        now: DateTime<Utc>,
    ) -> Result<Result<(account::Model, Actor), String>, StoreError> {
        let ended = |text: &str| Ok(Err(text.to_owned()));
        let account = account::Model::from_query_result(row, "")?;
        if account.disabled || account.demo && !demo_mode {
            return ended("the account it acts for is closed");
        }
        let (written_by, client): (Option<String>, Option<String>) =
            (row.try_get("", "scope")?, row.try_get("", "client")?);
        let actor = match written_by {
            None if account.roles != [Role::System.name()] => {
                let roles = account.roles.iter().filter_map(|r| Role::named(r)).collect();
                self.of_roles(roles, (None, None), now)
            }
            Some(text) if account.roles == [Role::System.name()] => {
                let held = match &client {
                    Some(_) if row.try_get("", "closed")? => return ended("the application that made it is closed"),
                    Some(_) => registered(&row.try_get::<String>("", "registered")?),
                    None => {
                        let tokens: Vec<String> = row.try_get("", "tokens")?;
                        if tokens.is_empty() {
                            return ended("no token of the account it acts for is good any more");
                        }
                        tokens.iter().filter_map(|text| scope::parse(text).ok()).flatten().collect()
                    }
                };
                let scope = scope::parse(&text).map_or_else(|_| Scope::new(), |written| scope::meet(&written, &held));
                Actor::program(&account, client, scope)
            }
            // The account was a person's then and a program's now, or the other way round.
            _ => return ended("the account it acts for is another one now"),
        };
        let name: String = row.try_get("", "type")?;
        let told = ResourceType::named(&name).ok_or_else(|| StoreError::Internal("a type that is none".into()))?;
        if !(actor.may(Interaction::Read, told) && actor.may(Interaction::Search, told)) {
            return Ok(Err(format!("the account it acts for may not read and search {told} any more")));
        }
        let has = |i| actor.may(i, ResourceType::Subscription);
        if !(has(Interaction::Create) || has(Interaction::Update)) {
            return ended("the account it acts for may not have Subscriptions any more");
        }
        Ok(Ok((account, actor)))
    }
}

/// What an application may have by itself.
fn registered(text: &str) -> Scope {
    let registered = launch::parse(text).unwrap_or_default();
    launch::compile(&launch::grantable(&registered, &registered, &PROGRAM))
}
