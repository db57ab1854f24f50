//! Reads that arrive while another read is under way share the next statement: under load a statement's fixed costs (planning, round
//! trips) are paid once for many, and a lone read waits for nobody.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::StoreError;

/// Statements of one group under way at once; what arrives meanwhile waits for the next.
const RUNNING: usize = 2;
/// So many have to wait before a second statement is begun beside the first: few large statements cost less than many small ones.
const CROWD: usize = 16;
/// Most keys of one statement.
const MOST: usize = 256;

/// Keys of the groups that wait, each with who asked.
#[derive(Debug)]
pub(crate) struct Together<G, K, V> {
    groups: Arc<Mutex<HashMap<G, Group<K, V>>>>,
}

impl<G, K, V> Clone for Together<G, K, V> {
    fn clone(&self) -> Self {
        Self { groups: Arc::clone(&self.groups) }
    }
}

impl<G, K, V> Default for Together<G, K, V> {
    fn default() -> Self {
        Self { groups: Arc::default() }
    }
}

#[derive(Debug)]
struct Group<K, V> {
    running: usize,
    waiting: Vec<(K, oneshot::Sender<Result<V, StoreError>>)>,
}

impl<G, K, V> Together<G, K, V>
where
    G: Clone + Eq + Hash + Send + 'static,
    K: Send + 'static,
    V: Send + 'static,
{
    /// The value of `key`, looked up together with others of its group. `run` answers keys in their order, one value each.
    ///
    /// # Errors
    /// That of the statement.
    pub async fn get<F>(&self, group: G, key: K, run: F) -> Result<V, StoreError>
    where
        F: AsyncRun<G, K, V>,
    {
        let (answer, answered) = oneshot::channel();
        let (leads, alone) = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = groups.entry(group.clone()).or_insert_with(|| Group { running: 0, waiting: Vec::new() });
            let alone = if entry.running == 0 && entry.waiting.is_empty() {
                Some(key)
            } else {
                entry.waiting.push((key, answer));
                None
            };
            let leads = alone.is_some() || entry.running < RUNNING && entry.waiting.len() >= CROWD;
            entry.running += usize::from(leads);
            (leads, alone)
        };
        let leading = leads.then(|| Leading { groups: Arc::clone(&self.groups), group, counted: true });
        match (leading, alone) {
            // Nobody to share with: no other task has to be woken for it, twice.
            (Some(leading), Some(key)) => {
                let mut here = Here { leading: Some(leading), run: Some(run) };
                let answered = here.run(key).await;
                drop(here);
                return answered;
            }
            // A task of its own: who asked may go away, those who wait with it may not.
            (Some(leading), None) => drop(tokio::spawn(lead(leading, run))),
            (None, _) => {}
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::Internal("a shared read ended without an answer".into())))
    }
}

/// One statement for several keys.
pub(crate) trait AsyncRun<G, K, V>: Send + 'static {
    fn run(&self, group: &G, keys: Vec<K>) -> impl Future<Output = Result<Vec<V>, StoreError>> + Send;
}

async fn lead<G, K, V>(mut leading: Leading<G, K, V>, run: impl AsyncRun<G, K, V>)
where
    G: Clone + Eq + Hash + Send + 'static,
    K: Send + 'static,
    V: Send + 'static,
{
    loop {
        // Requests that are ready to ask, ask first.
        tokio::task::yield_now().await;
        let Some(batch) = leading.next() else { return };
        let group = &leading.group;
        let (keys, askers): (Vec<K>, Vec<_>) = batch.into_iter().unzip();
        match run.run(group, keys).await {
            Ok(values) => askers.into_iter().zip(values).for_each(|(asker, value)| drop(asker.send(Ok(value)))),
            Err(error) => askers.into_iter().for_each(|asker| drop(asker.send(Err(error.clone())))),
        }
    }
}

/// One who leads in the task that asked, for itself alone. When it is done, or its asker has gone, those who came meanwhile are led by a
/// task of their own.
struct Here<G, K, V, F>
where
    G: Clone + Eq + Hash + Send + 'static,
    K: Send + 'static,
    V: Send + 'static,
    F: AsyncRun<G, K, V>,
{
    leading: Option<Leading<G, K, V>>,
    run: Option<F>,
}

impl<G, K, V, F> Here<G, K, V, F>
where
    G: Clone + Eq + Hash + Send + 'static,
    K: Send + 'static,
    V: Send + 'static,
    F: AsyncRun<G, K, V>,
{
    async fn run(&mut self, key: K) -> Result<V, StoreError> {
        let (Some(leading), Some(run)) = (&self.leading, &self.run) else { unreachable!("made with both") };
        let mut values = run.run(&leading.group, vec![key]).await?;
        values.pop().ok_or_else(|| StoreError::Internal("a statement without an answer".into()))
    }
}

impl<G, K, V, F> Drop for Here<G, K, V, F>
where
    G: Clone + Eq + Hash + Send + 'static,
    K: Send + 'static,
    V: Send + 'static,
    F: AsyncRun<G, K, V>,
{
    fn drop(&mut self) {
        let (Some(mut leading), Some(run)) = (self.leading.take(), self.run.take()) else { return };
        if leading.has_followers()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(lead(leading, run));
        }
    }
}

/// One who leads, counted until it goes, whatever makes it go.
struct Leading<G: Eq + Hash, K, V> {
    groups: Arc<Mutex<HashMap<G, Group<K, V>>>>,
    group: G,
    counted: bool,
}

type Batch<K, V> = Vec<(K, oneshot::Sender<Result<V, StoreError>>)>;

impl<G: Eq + Hash, K, V> Leading<G, K, V> {
    /// Whether somebody waits. When nobody does, this one stops counting under the same lock, so that who comes next leads.
    fn has_followers(&mut self) -> bool {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = groups.get(&self.group).is_some_and(|group| !group.waiting.is_empty());
        if !waits {
            self.counted = false;
            leave(&mut groups, &self.group);
        }
        waits
    }

    /// Who waits. When nobody does, this one stops counting under the same lock, so that who comes next leads.
    fn next(&mut self) -> Option<Batch<K, V>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let group = groups.get_mut(&self.group)?;
        let n = group.waiting.len().min(MOST);
        if n > 0 {
            return Some(group.waiting.drain(..n).collect());
        }
        self.counted = false;
        leave(&mut groups, &self.group);
        None
    }
}

impl<G: Eq + Hash, K, V> Drop for Leading<G, K, V> {
    fn drop(&mut self) {
        if self.counted {
            leave(&mut self.groups.lock().unwrap_or_else(PoisonError::into_inner), &self.group);
        }
    }
}

/// With the last one the group goes. Somebody waits in it then only after a panic, and is told so by the closed channel.
fn leave<G: Eq + Hash, K, V>(groups: &mut HashMap<G, Group<K, V>>, group: &G) {
    if let Some(found) = groups.get_mut(group) {
        found.running -= 1;
        if found.running == 0 {
            groups.remove(group);
        }
    }
}
