//! What an R4 document means: definitions, JSON text, FHIRPath, search parameters, validation, bundle planning.
//!
//! Pure: values in, values out. It knows no clock, no randomness, no database and no HTTP.

pub mod bundle;
mod definitions;
pub mod document;
pub mod interpretation;
pub mod json;
pub mod mask;
pub mod media;
pub mod members;
pub mod outcome;
pub mod patch;
pub mod path;
pub mod quantity;
pub mod reference;
pub mod resource_type;
mod resource_type_list;
pub mod same_patient;
pub mod search;
pub mod subscription;
pub mod summary;
pub mod table;
pub mod temporal;
pub mod terminology;
pub mod ucum;
pub mod validate;
pub mod xml;

pub use json::Json;
pub use outcome::{Issue, IssueType, Severity};
pub use resource_type::ResourceType;
