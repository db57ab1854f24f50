//! Clinical knowledge: scores and the demo hospital. Pure: no clock, no randomness source, no IO.

pub mod catalog;
pub mod cell;
pub mod demo;
pub mod flowsheet;
pub mod form;
pub mod measure;
pub mod note;
pub mod order;
pub mod questionnaire;
pub mod score;
pub mod series;
pub mod vital;
