//! One subscription of one caller: notices in, answers out. Each answer is an execution of its own, by who the caller is at that moment.

use std::time::Duration;

use async_graphql::{Pos, Response, ServerError};
use entity::store::{JobState, Notice, Subscription};
use entity::{Actor, IdSource, Request, StoreError};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use schema::session::Session;
use schema::subscription::{Occasion, Telling, Watched};

use super::Credential;
use crate::fhir::State;
use crate::graphql::Admitted;
use crate::{audit, clock};

/// One answer takes no longer.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How often the row of a job is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What the audit calls this door.
pub(super) const DOOR: &str = "/graphql";

/// An open subscription.
pub(super) struct Feed {
    state: State,
    credential: Credential,
    admitted: Admitted,
    source: Source,
}

/// What says that there is something to tell.
enum Source {
    Events(Subscription),
    Job(Watch),
}

/// The row of a job, looked at while somebody listens.
struct Watch {
    job: Watched,
    /// How it stood when it was told.
    told: Option<String>,
    over: bool,
}

impl Watch {
    /// Waits until the job has come further; whether it is there, and was not over when it was told last.
    async fn next(&mut self, state: &State) -> Result<bool, StoreError> {
        while !self.over {
            let Watched { id, account, own } = &self.job;
            let Some(job) = state.store.job(*account, *own, id, state.clock.now()).await? else { return Ok(false) };
            let now = Some(format!("{:?}", job.state));
            if now != self.told {
                self.told = now;
                self.over = !matches!(job.state, JobState::Running { .. });
                return Ok(true);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(false)
    }
}

/// What a subscription comes to.
pub(super) enum Step {
    /// `cursor` resumes behind it.
    Answer { response: Box<Response>, cursor: String },
    /// The caller may not see what it listens to any more.
    Over,
    /// The session or token ended.
    Unauthenticated,
    /// The server cannot answer now; who comes back with the last cursor misses nothing.
    Failed,
}

impl Feed {
    /// Says what the subscription listens for and begins to listen. `after` goes before the operation's own cursor.
    pub async fn open(
        state: &State,
        credential: &Credential,
        actor: Actor,
        admitted: Admitted,
        after: Option<&str>,
    ) -> Result<Self, Vec<ServerError>> {
        let failed = |error: &StoreError| vec![schema::error::graphql(error).into_server_error(Pos::default())];
        let occasion = Occasion::opening();
        let now = state.clock.now();
        let session = Session::new(state.store.clone(), actor, request(state));
        let answers = state.schema.subscription(admitted.request(), session, occasion.clone());
        let answers: Vec<Response> =
            tokio::time::timeout(TIME_LIMIT, answers.collect()).await.map_err(|_| failed(&StoreError::Timeout))?;
        if let Some(refused) = answers.into_iter().find(|a| !a.errors.is_empty()) {
            return Err(refused.errors);
        }
        let Some(topic) = occasion.topic() else {
            return Err(failed(&StoreError::NotSupported("the subscription selects nothing to listen for".into())));
        };
        let after = after.or(topic.after.as_deref());
        let source = match topic.job {
            Some(job) => Source::Job(Watch { job, told: None, over: false }),
            None => Source::Events(state.store.subscribe(topic.interest, after, now).await.map_err(|e| failed(&e))?),
        };
        Ok(Self { state: state.clone(), credential: credential.clone(), admitted, source })
    }

    /// The steps to the end; nothing is lost between two polls.
    pub fn steps(self) -> BoxStream<'static, Step> {
        let next = |feed: Option<Self>| async {
            let mut feed = feed?;
            let step = feed.next().await;
            let goes_on = matches!(step, Step::Answer { .. });
            Some((step, goes_on.then_some(feed)))
        };
        stream::unfold(Some(self), next).boxed()
    }

    async fn next(&mut self) -> Step {
        loop {
            let (telling, cursor) = match &mut self.source {
                Source::Events(events) => {
                    let Some(notice) = events.next().await else { return Step::Failed };
                    let (Notice::Changed { cursor, .. } | Notice::Resync { cursor, .. }) = &notice;
                    let cursor = cursor.clone();
                    (Telling::new(notice), cursor)
                }
                Source::Job(watch) => match watch.next(&self.state).await {
                    Ok(true) => (Telling::of_job(), String::new()),
                    Ok(false) => return Step::Over,
                    Err(_) => return Step::Failed,
                },
            };
            let mut actor = match self.credential.actor(&self.state).await {
                Ok(Some(actor)) => actor,
                Ok(None) => return Step::Unauthenticated,
                Err(_) => return Step::Failed,
            };
            let telling = std::sync::Arc::new(telling);
            let occasion = Occasion::Telling(std::sync::Arc::clone(&telling));
            let request = request(&self.state);
            let audit = audit::Telling::begin(&mut actor, &request);
            let session = Session::new(self.state.store.clone(), actor, request);
            let mut answers = self.state.schema.subscription(self.admitted.request(), session, occasion);
            let Ok(answer) = tokio::time::timeout(TIME_LIMIT, answers.next()).await else { return Step::Failed };
            // Nothing leaves that is not in the audit.
            if audit.end(&self.state, DOOR, &self.admitted.spoken().unwrap_or_default()).await.is_err() {
                return Step::Failed;
            }
            if telling.is_over() {
                return Step::Over;
            }
            match answer {
                None => {}
                // What could not be read is not told as if it were nothing.
                Some(answer) if answer.data == async_graphql::Value::Null => return Step::Failed,
                Some(response) => return Step::Answer { response: Box::new(response), cursor },
            }
        }
    }
}

/// Of what happens without a client's request.
pub(super) fn request(state: &State) -> Request {
    let now = state.clock.now();
    let ids = IdSource::new(now, clock::random());
    Request { now, ids, request_id: ids.nth(u64::MAX), idempotency_key: None }
}
