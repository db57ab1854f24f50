//! The types of the API: the patient, what a chart holds, what is taken now, what stands around the chart,
//! how a record came to be, who has seen it, and what waits for somebody.

pub mod acknowledgement;
pub mod audit;
pub mod background;
pub mod care;
pub mod census;
pub mod chart;
pub mod cohort;
pub mod directory;
pub mod flowsheet;
pub mod job;
pub(crate) mod kinds;
pub mod measure;
pub mod measure_report;
pub mod medication;
pub mod merged;
pub mod message;
pub mod note;
pub mod order;
pub mod past;
pub mod patient;
pub mod patient_export;
pub mod patient_list;
pub mod place;
pub mod questionnaire;
pub mod request;
pub mod review;
pub mod role_table;
pub mod saved_query;
pub mod score;
pub mod slot;
pub mod timeline;
pub(crate) mod title;
pub mod trend;
pub mod versions;
pub mod worklist;
