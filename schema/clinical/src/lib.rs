//! Clinical knowledge: scores and the demo hospital. Pure: no clock, no randomness source, no IO.

pub mod catalog;
pub mod demo;
pub mod score;
pub mod vital;
