//! The demo hospital: invented patients with invented courses, as R4 documents written straight to text.
//!
//! Pure and seeded: the same [`Plan`] gives the same bytes, and patient `k` depends on seed, `k`, years and now only, never on
//! the number of patients, the order or the threads. No patient content is copied from anywhere.

mod chart;
mod hours;
pub mod institution;
mod module;
pub mod person;
pub mod progress;
mod rng;
pub mod table;
mod time;
mod writer;

use chrono::{DateTime, Utc};
use fhir::ResourceType;

pub use institution::{Role, Staff, staff};

/// Canonical base of the hospital's own identifier systems and codes.
pub const BASE: &str = "https://wintehr.org/fhir";

/// System of the medical record number in `Patient.identifier`.
pub const MRN_SYSTEM: &str = "https://wintehr.org/fhir/mrn";

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub seed: u64,
    pub patients: u32,
    /// Years of history, at least 1.
    pub years: u16,
    /// The present of the hospital: the ward round is this morning.
    pub now: DateTime<Utc>,
}

/// One generated document; `body` is JSON text of a complete R4 resource with this type and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub resource_type: ResourceType,
    pub id: String,
    pub body: String,
}

/// The whole hospital: institution first, then patient by patient.
pub fn generate(plan: Plan) -> impl Iterator<Item = Document> {
    institution(&plan).into_iter().chain((0..plan.patients).flat_map(move |k| patient(&plan, k)))
}

/// Organisations, places and staff, the same for every plan, and the hours of the staff in the weeks around `now`. Patients refer to these.
pub fn institution(plan: &Plan) -> Vec<Document> {
    let mut documents = institution::documents();
    documents.extend(hours::documents(plan));
    documents
}

/// The id of patient `k`'s Patient document.
pub fn patient_id(plan: &Plan, k: u32) -> String {
    chart::patient(plan, k).id.as_str().to_owned()
}

/// Every document of patient `k`, each after those it refers to where R4 allows that order; the Patient is the first.
pub fn patient(plan: &Plan, k: u32) -> Vec<Document> {
    let person = person::Person::draw(plan, k);
    let mut chart = chart::Chart::new(plan, &person);
    module::write_all(&mut chart);
    chart.into_documents()
}

#[cfg(test)]
mod tests;
