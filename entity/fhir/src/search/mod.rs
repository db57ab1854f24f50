//! Search: the query tree, its parser, the extraction of index values, and the pure matcher that is its oracle.

pub mod added;
pub mod coded;
pub mod criteria;
mod element_path;
pub mod extract;
pub mod fold;
pub mod full_text;
pub mod key;
pub mod label;
pub mod matcher;
pub mod parse;
pub mod query;
pub mod registry;
pub mod sort;
pub mod sound;
