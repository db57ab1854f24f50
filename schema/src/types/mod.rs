//! The types of the API: the patient, what a chart holds, what is taken now, and what stands around the chart.

pub mod care;
pub mod chart;
pub mod medication;
pub mod past;
pub mod patient;
pub mod timeline;
pub mod trend;
