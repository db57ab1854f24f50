//! What waits to be told, and to whom. Two deliveries of a subscription that are about the same patient keep their order: the second waits
//! until the first was taken.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use fhir::ResourceType;
use sea_orm::{ConnectionTrait as _, QueryResult, Value};

use super::{COLUMNS, LEASE, Subscriber, sql, subscriber};
use crate::store::{Lookup, Store, Stored};
use crate::{Actor, StoreError};

/// Deliveries of one subscription that are looked at together.
const WINDOW: i64 = 500;
/// What waits for a socket is kept this long.
const SOCKET_KEPT: TimeDelta = TimeDelta::hours(24);

/// A delivery that may be tried now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub n: i64,
    pub resource_type: ResourceType,
    pub id: String,
    pub version_id: i32,
    /// Tries that failed.
    pub attempts: i32,
}

/// A row of the queue.
struct Queued {
    due: Due,
    pats: Vec<i64>,
    next_at: DateTime<Utc>,
}

/// Subscriptions that something is to be done about.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Not active yet.
    pub requested: Vec<Subscriber>,
    /// Past their end.
    pub ended: Vec<Subscriber>,
    /// Hooks with something to deliver.
    pub hooks: Vec<Subscriber>,
}

impl Store {
    /// What is to be done at that instant.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn subscriptions_waiting(&self, now: DateTime<Utc>) -> Result<Waiting, StoreError> {
        let text = format!(
            "SELECT {COLUMNS}, CASE WHEN s.ends_at <= $1 THEN 'ended' ELSE s.state END AS due FROM app.subscription AS s
             WHERE (s.state IN ('requested', 'active') AND s.ends_at <= $1) OR (s.state = 'requested' AND s.next_at <= $1)
                OR (s.state = 'active' AND s.channel = 'rest-hook' AND EXISTS (SELECT 1 FROM app.subscription_delivery AS d
                    WHERE d.subscription = s.id AND d.dead_at IS NULL AND d.next_at <= $1))
             ORDER BY s.id"
        );
        let mut waiting = Waiting::default();
        for row in &self.db.query_all_raw(sql(&text, [now.into()])).await? {
            let due: String = row.try_get("", "due")?;
            let list = match due.as_str() {
                "ended" => &mut waiting.ended,
                "requested" => &mut waiting.requested,
                _ => &mut waiting.hooks,
            };
            list.push(subscriber(self, row)?);
        }
        Ok(waiting)
    }

    /// Whether a handshake is still wanted: the subscription is that version, and the time of its next try has come. What
    /// [`subscriptions_waiting`](Self::subscriptions_waiting) said may be over by the time it is acted on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn wants_handshake(&self, subscriber: &Subscriber, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let text = "SELECT 1 AS one FROM app.subscription
            WHERE id = $1 AND version_id = $2 AND state = 'requested' AND next_at <= $3 AND attempts = $4";
        let binds: [Value; 4] =
            [subscriber.id.clone().into(), subscriber.version_id.into(), now.into(), subscriber.attempts.into()];
        Ok(self.db.query_one_raw(sql(text, binds)).await?.is_some())
    }

    /// The registration of a subscription that is active.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn active_subscription(&self, id: &str) -> Result<Option<Subscriber>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM app.subscription AS s WHERE s.id = $1 AND s.state = 'active'");
        let row = self.db.query_one_raw(sql(&text, [id.into()])).await?;
        row.as_ref().map(|row| subscriber(self, row)).transpose()
    }

    /// Whether a socket of the actor may be bound to it: it is one for sockets, of the actor's account, and not off or broken.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn may_bind(&self, actor: &Actor, subscription: &str) -> Result<bool, StoreError> {
        let text = "SELECT 1 AS one FROM app.subscription
            WHERE id = $1 AND account = $2 AND channel = 'websocket' AND state IN ('requested', 'active')";
        let Some(account) = actor.account else { return Ok(false) };
        Ok(self.db.query_one_raw(sql(text, [subscription.into(), account.into()])).await?.is_some())
    }

    /// The deliveries of an active subscription that may be tried now, oldest first, no two about one patient.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn deliveries_due(&self, subscription: &str, now: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
        let text = "SELECT n, d.type, d.id, d.version_id, d.pats, d.attempts, d.next_at FROM app.subscription_delivery AS d
            WHERE subscription = $1 AND dead_at IS NULL
              AND EXISTS (SELECT 1 FROM app.subscription AS s WHERE s.id = $1 AND s.state = 'active') ORDER BY n LIMIT $2";
        let rows = self.db.query_all_raw(sql(text, [subscription.into(), WINDOW.into()])).await?;
        let queued: Vec<Queued> = rows
            .iter()
            .map(|row| {
                Ok(Queued { due: due(row)?, pats: row.try_get("", "pats")?, next_at: row.try_get("", "next_at")? })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(ready(queued, now))
    }

    /// The version that a delivery is about, when the actor may see it at this moment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn delivery_content(&self, actor: &Actor, due: &Due) -> Result<Option<Stored>, StoreError> {
        match self.vread(actor, due.resource_type, &due.id, due.version_id).await? {
            Lookup::Found(stored) => Ok(Some(stored)),
            Lookup::Deleted { .. } | Lookup::Absent => Ok(None),
        }
    }

    /// It was taken, or is of no interest to the subscriber any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away; it may be told again then.
    pub async fn delivered(&self, n: i64) -> Result<(), StoreError> {
        self.db.execute_raw(sql("DELETE FROM app.subscription_delivery WHERE n = $1", [n.into()])).await?;
        Ok(())
    }

    /// It was not taken. `again` is when it is tried next; without it, it is dead until the subscription is requested anew. `false` when
    /// another process has the lease meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn not_delivered(
        &self,
        holder: &str,
        n: i64,
        again: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let text = "UPDATE app.subscription_delivery SET attempts = attempts + 1, next_at = coalesce($2, next_at),
                dead_at = CASE WHEN $2 IS NULL THEN $3 END
            WHERE n = $1 AND EXISTS (SELECT 1 FROM app.lease WHERE name = $4 AND holder = $5)";
        let binds: [Value; 5] = [n.into(), again.into(), now.into(), LEASE.into(), holder.into()];
        Ok(self.db.execute_raw(sql(text, binds)).await?.rows_affected() == 1)
    }

    /// A handshake failed; the next try is at `again`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn handshake_failed(&self, subscriber: &Subscriber, again: DateTime<Utc>) -> Result<(), StoreError> {
        let text =
            "UPDATE app.subscription SET attempts = attempts + 1, next_at = $3 WHERE id = $1 AND version_id = $2";
        let binds: [Value; 3] = [subscriber.id.clone().into(), subscriber.version_id.into(), again.into()];
        self.db.execute_raw(sql(text, binds)).await?;
        Ok(())
    }

    /// The number of the last delivery of a subscription that went over a socket.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn told(&self, subscription: &str) -> Result<i64, StoreError> {
        let text = "SELECT told FROM app.subscription WHERE id = $1";
        let row = self.db.query_one_raw(sql(text, [subscription.into()])).await?;
        row.map_or(Ok(0), |row| Ok(row.try_get("", "told")?))
    }

    /// What follows a delivery, for a socket: the subscription must be an active one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn deliveries_after(&self, subscription: &str, n: i64, limit: i64) -> Result<Vec<Due>, StoreError> {
        let text = "SELECT n, type, id, version_id, attempts FROM app.subscription_delivery
            WHERE subscription = $1 AND n > $2 ORDER BY n LIMIT $3";
        let rows = self.db.query_all_raw(sql(text, [subscription.into(), n.into(), limit.into()])).await?;
        rows.iter().map(due).collect()
    }

    /// A socket was told up to that delivery. Other sockets of the subscription may still be at earlier ones, so they stay for a day.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away; it is told again then.
    pub async fn tell_up_to(&self, subscription: &str, n: i64) -> Result<(), StoreError> {
        let text = "UPDATE app.subscription SET told = greatest(told, $2) WHERE id = $1";
        self.db.execute_raw(sql(text, [subscription.into(), n.into()])).await?;
        Ok(())
    }

    /// Removes what waited for sockets too long; how many rows.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn prune_deliveries(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let tx = self.begin().await?;
        let text = "DELETE FROM app.subscription_delivery AS d USING app.subscription AS s
            WHERE s.id = d.subscription AND s.channel = 'websocket' AND d.at < $1";
        let rows = tx.execute_raw(sql(text, [(now - SOCKET_KEPT).into()])).await?.rows_affected();
        tx.commit().await?;
        Ok(rows)
    }
}

fn due(row: &QueryResult) -> Result<Due, StoreError> {
    let name: String = row.try_get("", "type")?;
    Ok(Due {
        n: row.try_get("", "n")?,
        resource_type: ResourceType::named(&name)
            .ok_or_else(|| StoreError::Internal("a delivery names an unknown type".into()))?,
        id: row.try_get("", "id")?,
        version_id: row.try_get("", "version_id")?,
        attempts: row.try_get("", "attempts")?,
    })
}

/// Those whose time has come and that no earlier one about the same patient stands before.
fn ready(queued: Vec<Queued>, now: DateTime<Utc>) -> Vec<Due> {
    let mut busy: HashSet<i64> = HashSet::new();
    let mut out = Vec::new();
    for Queued { due, pats, next_at } in queued {
        let free = pats.iter().all(|pat| !busy.contains(pat));
        busy.extend(pats);
        if free && next_at <= now {
            out.push(due);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_one_patient_keeps_its_order() {
        let now = DateTime::from_timestamp(1000, 0).unwrap();
        let row = |n: i64, pats: &[i64], wait: i64| Queued {
            due: Due { n, resource_type: ResourceType::Observation, id: n.to_string(), version_id: 1, attempts: 0 },
            pats: pats.to_vec(),
            next_at: now + TimeDelta::seconds(wait),
        };
        let ns = |rows| ready(rows, now).into_iter().map(|d| d.n).collect::<Vec<_>>();
        assert_eq!(ns(vec![row(1, &[7], 0), row(2, &[7], 0), row(3, &[8], 0)]), [1, 3]);
        // The first waits for its next try: what follows it waits too, also by way of another patient.
        assert_eq!(ns(vec![row(1, &[7], 5), row(2, &[7, 8], 0), row(3, &[8], 0), row(4, &[9], 0)]), [4]);
    }
}
