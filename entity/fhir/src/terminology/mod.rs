//! What codes mean: code systems, value sets and concept maps, and the questions R4 asks of them
//! (<https://hl7.org/fhir/R4/terminology-service.html>).
//!
//! Pure: what is stored is handed in as a [`Library`]; R4's own systems and sets are always in it. An unknown system or set is
//! never taken for an empty one.

mod builtin;
mod code_system;
mod concept_map;
mod expand;
mod value_set;

pub use code_system::{CodeSystem, Concept, Designation, Subsumption};
pub use concept_map::{Mapped, Mapping, translate};
pub use expand::{Expansion, Hit, Library, MAX_EXPANSION, Wanted};
pub use value_set::{Filter, Listed, Rule, ValueSet};

use crate::IssueType;

/// Why a question about codes has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A code system, value set or code that is not there.
    #[error("{0}")]
    NotFound(String),
    /// What cannot be answered exactly.
    #[error("{0}")]
    NotSupported(String),
    #[error("{0}")]
    TooCostly(String),
    /// A definition that contradicts itself.
    #[error("{0}")]
    Invalid(String),
}

impl Trouble {
    /// The FHIR issue type of the cause.
    pub fn issue_type(&self) -> IssueType {
        match self {
            Self::NotFound(_) => IssueType::NotFound,
            Self::NotSupported(_) => IssueType::NotSupported,
            Self::TooCostly(_) => IssueType::TooCostly,
            Self::Invalid(_) => IssueType::Invalid,
        }
    }
}

/// The order of two business versions: runs of digits count as numbers, `2.10` comes after `2.9`.
pub fn compare_versions(a: &str, b: &str) -> std::cmp::Ordering {
    fn runs(text: &str) -> Vec<(u64, &str)> {
        let mut out = Vec::new();
        for part in text.split(['.', '-']) {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            out.push((part[..digits].parse().unwrap_or(0), &part[digits..]));
        }
        out
    }
    runs(a).cmp(&runs(b))
}

#[cfg(test)]
mod tests;
