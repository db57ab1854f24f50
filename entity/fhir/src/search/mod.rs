//! Search: the query tree, its parser, the extraction of index values, and the pure matcher that is its oracle.

pub mod fold;
pub mod key;
pub mod label;
pub mod query;
pub mod registry;
