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
    /// Tasks that lead.
    running: usize,
    /// Lone reads, each in the task that asked. Nobody waits for one: that task may stand still for something else.
    alone: usize,
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
        let role = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            let entry =
                groups.entry(group.clone()).or_insert_with(|| Group { running: 0, alone: 0, waiting: Vec::new() });
            if entry.running == 0 && entry.alone == 0 && entry.waiting.is_empty() {
                entry.alone += 1;
                Role::Alone(key)
            } else {
                entry.waiting.push((key, answer));
                let leads = entry.running == 0 || entry.running < RUNNING && entry.waiting.len() >= CROWD;
                entry.running += usize::from(leads);
                if leads { Role::Leads } else { Role::Follows }
            }
        };
        match role {
            // Nobody to share with: no other task has to be woken for it, twice.
            Role::Alone(key) => {
                let alone = Counted::new(&self.groups, group, false);
                let mut values = run.run(&alone.group, vec![key]).await?;
                return values.pop().ok_or_else(|| StoreError::Internal("a statement without an answer".into()));
            }
            // A task of its own: who asked may go away, those who wait with it may not.
            Role::Leads => {
                tokio::spawn(lead(Counted::new(&self.groups, group, true), run));
            }
            Role::Follows => {}
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::Internal("a shared read ended without an answer".into())))
    }
}

/// Who asks, among those who ask at the same time.
enum Role<K> {
    Alone(K),
    Leads,
    Follows,
}

/// One statement for several keys.
pub(crate) trait AsyncRun<G, K, V>: Send + 'static {
    fn run(&self, group: &G, keys: Vec<K>) -> impl Future<Output = Result<Vec<V>, StoreError>> + Send;
}

async fn lead<G, K, V>(mut leading: Counted<G, K, V>, run: impl AsyncRun<G, K, V>)
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

/// One who reads for a group, counted until it goes, whatever makes it go.
struct Counted<G: Eq + Hash, K, V> {
    groups: Arc<Mutex<HashMap<G, Group<K, V>>>>,
    group: G,
    as_leader: bool,
    counted: bool,
}

type Batch<K, V> = Vec<(K, oneshot::Sender<Result<V, StoreError>>)>;

impl<G: Eq + Hash, K, V> Counted<G, K, V> {
    fn new(groups: &Arc<Mutex<HashMap<G, Group<K, V>>>>, group: G, as_leader: bool) -> Self {
        Self { groups: Arc::clone(groups), group, as_leader, counted: true }
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
        leave(&mut groups, &self.group, self.as_leader);
        None
    }
}

impl<G: Eq + Hash, K, V> Drop for Counted<G, K, V> {
    fn drop(&mut self) {
        if self.counted {
            leave(&mut self.groups.lock().unwrap_or_else(PoisonError::into_inner), &self.group, self.as_leader);
        }
    }
}

/// With the last one the group goes. Somebody waits in it then only after a panic, and is told so by the closed channel.
fn leave<G: Eq + Hash, K, V>(groups: &mut HashMap<G, Group<K, V>>, group: &G, as_leader: bool) {
    if let Some(found) = groups.get_mut(group) {
        if as_leader {
            found.running -= 1;
        } else {
            found.alone -= 1;
        }
        if found.running == 0 && found.alone == 0 {
            groups.remove(group);
        }
    }
}
