//! The types of the API: one file for the patient, one for what a chart holds.

pub mod chart;
pub mod patient;
pub mod trend;
