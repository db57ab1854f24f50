//! Planning of batch and transaction bundles: what is to be done, in which order, and what has to be looked up first.
//!
//! Pure. The caller plans, resolves the plan's [`Plan::needs`] inside its own transaction, and hands the answers to
//! [`Plan::resolve`]; the result says what to write and where each answer belongs. Source: FHIR R4 http, "transaction".

mod plan;
mod rewrite;

pub use plan::{
    Action, Answer, Conditions, Entry, Kind, MAX_CONDITIONAL, MAX_ENTRIES, Need, Plan, Purpose, Resolved, Target, Work,
    plan,
};
