//! What one request has touched: collected by the store as it reads, written as one row of the audit when the request is answered.
//!
//! An [`Actor`](crate::Actor) carries the trail of the request it came with. It decides nothing, and actors that differ in it only are equal.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use fhir::ResourceType;

use crate::{Actor, Request};

/// A request's trail; the default one collects nothing (the server's own work).
#[derive(Clone, Default)]
pub struct Trail(Option<Arc<Mutex<Access>>>);

/// Who asked, as the audit keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub principal: String,
    pub account: Option<i64>,
    pub roles: Vec<&'static str>,
    pub fhir_user: Option<String>,
    pub request_id: String,
}

/// What was touched so far.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// `None` until the caller is known.
    pub who: Option<Who>,
    /// Row keys of the patients that what was read is about, or that were asked for, in that order.
    pub patients: Vec<i64>,
    pub items: Vec<Item>,
    /// What the request is in its own words: the kind and name of a GraphQL operation.
    pub name: Option<String>,
    /// Writes of this request are in the audit already, each in its own transaction.
    pub committed: bool,
    /// Something was read that is more than normally confidential, or leaves the system.
    pub at_once: bool,
    patients_at: HashMap<i64, usize, ByKey>,
    items_at: HashMap<Item, usize>,
}

/// A list up to this long is looked through; beyond it, looked up.
const SHORT: usize = 16;

/// Row keys are hashes already; only their bits are mixed.
#[derive(Debug, Clone, Copy, Default)]
struct ByKey;

/// See [`ByKey`].
#[derive(Default)]
struct Mixed(u64);

impl BuildHasher for ByKey {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed::default()
    }
}

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, part: u64) {
        // 2^64 over the golden ratio.
        self.0 = (self.0.rotate_left(5) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_i64(&mut self, key: i64) {
        self.write_u64(key.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The place of `value` in a list that has each value once, added at its end when it is new.
fn place<T: Clone + Eq + Hash, S: BuildHasher>(
    list: &mut Vec<T>,
    places: &mut HashMap<T, usize, S>,
    value: T,
) -> usize {
    if list.len() <= SHORT {
        if let Some(at) = list.iter().position(|v| *v == value) {
            return at;
        }
        list.push(value);
        if list.len() > SHORT {
            places.extend(list.iter().cloned().enumerate().map(|(at, v)| (v, at)));
        }
        return list.len() - 1;
    }
    *places.entry(value).or_insert_with_key(|value| {
        list.push(value.clone());
        list.len() - 1
    })
}

/// One thing that was read or asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// A resource or a version of it; the places in [`Access::patients`] of those it is about.
    Resource { resource_type: ResourceType, id: String, version: Option<i32>, patients: Vec<usize> },
    /// A search, as `Type?parameters`.
    Query(String),
}

/// Whom a row is about, and how confidential it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    /// Most rows are about one patient, and need no list.
    pub patient: Option<i64>,
    pub others: Vec<i64>,
    pub confidential: bool,
}

impl About {
    fn patients(&self) -> impl Iterator<Item = i64> {
        self.patient.into_iter().chain(self.others.iter().copied())
    }
}

impl std::fmt::Debug for Trail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trail").finish_non_exhaustive()
    }
}

impl PartialEq for Trail {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Trail {}

impl Trail {
    /// A trail that collects.
    pub fn start() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whose request it is.
    pub fn caller(&self, actor: &Actor, request: &Request) {
        self.with(|access| {
            access.who = Some(Who {
                principal: actor.principal.clone(),
                account: actor.account,
                roles: actor.roles.iter().map(|r| r.name()).collect(),
                fhir_user: actor.fhir_user.clone(),
                request_id: request.request_id.clone(),
            });
        });
    }

    /// What the request calls itself.
    pub fn name(&self, name: String) {
        self.with(|access| access.name = Some(name));
    }

    /// The request is in the audit before it is answered, as for what is more than normally confidential.
    pub fn at_once(&self) {
        self.with(|access| access.at_once = true);
    }

    /// What was collected; the trail is empty afterwards.
    pub fn take(&self) -> Access {
        let mut taken = Access::default();
        self.with(|access| taken = std::mem::take(access));
        taken
    }

    pub(crate) fn read(&self, resource_type: ResourceType, id: &str, version: Option<i32>, about: &About) {
        self.with(|access| {
            let patients = access.about(about);
            access.add(Item::Resource { resource_type, id: id.to_owned(), version, patients });
        });
    }

    pub(crate) fn asked(&self, resource_type: ResourceType, parameters: &[(String, String)], patient: Option<i64>) {
        self.with(|access| {
            let mut text = resource_type.name().to_owned();
            for (at, (name, value)) in parameters.iter().enumerate() {
                text.push(if at == 0 { '?' } else { '&' });
                text.push_str(name);
                text.push('=');
                text.push_str(value);
            }
            access.add(Item::Query(text));
            access.patients(patient);
        });
    }

    /// A history of a type or of everything.
    pub(crate) fn history(&self, resource_type: Option<ResourceType>) {
        let text = resource_type.map_or_else(|| "_history".to_owned(), |ty| format!("{ty}/_history"));
        self.with(|access| access.add(Item::Query(text)));
    }

    pub(crate) fn row(&self, about: &About) {
        self.rows(std::iter::once(about));
    }

    /// As [`Trail::row`], of all the rows of a page.
    pub(crate) fn rows<'a>(&self, rows: impl IntoIterator<Item = &'a About>) {
        let rows = rows.into_iter();
        self.with(|access| {
            if rows.size_hint().0 > SHORT {
                access.patients_at.reserve(rows.size_hint().0);
            }
            for about in rows {
                access.at_once |= about.confidential;
                access.patients(about.patients());
            }
        });
    }

    pub(crate) fn patients(&self, patients: impl IntoIterator<Item = i64>) {
        self.with(|access| access.patients(patients));
    }

    pub(crate) fn committed(&self) {
        self.with(|access| access.committed = true);
    }

    fn with(&self, act: impl FnOnce(&mut Access)) {
        if let Some(access) = &self.0 {
            act(&mut access.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Access {
    fn patients(&mut self, patients: impl IntoIterator<Item = i64>) {
        for patient in patients {
            self.place(patient);
        }
    }

    fn about(&mut self, about: &About) -> Vec<usize> {
        self.at_once |= about.confidential;
        about.patients().map(|p| self.place(p)).collect()
    }

    fn place(&mut self, patient: i64) -> usize {
        place(&mut self.patients, &mut self.patients_at, patient)
    }

    fn add(&mut self, item: Item) {
        place(&mut self.items, &mut self.items_at, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_keeps_each_thing_once_and_whom_it_is_about() {
        let trail = Trail::start();
        let about = |patients: &[i64]| About {
            patient: Some(patients[0]),
            others: patients[1..].to_vec(),
            confidential: false,
        };
        for _ in 0..2 {
            trail.read(ResourceType::Observation, "o", None, &about(&[7]));
            trail.asked(ResourceType::Condition, &[("patient".into(), "b".into())], Some(9));
        }
        trail.row(&about(&[7, 8]));
        let access = trail.take();
        assert_eq!(access.patients, [7, 9, 8]);
        assert_eq!(access.items.len(), 2);
        assert_eq!(access.items[1], Item::Query("Condition?patient=b".into()));
        assert!(trail.take().items.is_empty());
        let server = Trail::default();
        server.read(ResourceType::Patient, "p", None, &about(&[1]));
        assert!(server.take().items.is_empty());
    }

    #[test]
    fn a_long_list_has_each_value_once_too() {
        let trail = Trail::start();
        for n in (0..100).chain(0..100).chain([50]) {
            trail.patients([n]);
        }
        assert_eq!(trail.take().patients, (0..100).collect::<Vec<_>>());
    }
}
