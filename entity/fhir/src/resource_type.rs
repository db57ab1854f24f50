//! Resource types by name, and the SQL table each one lives in. The list itself is generated beside this file.

use std::fmt;
use std::str::FromStr;

pub use crate::resource_type_list::ResourceType;
use crate::resource_type_list::{ALL, NAMES, TABLES};

impl ResourceType {
    /// How many types there are.
    pub const COUNT: usize = ALL.len();

    /// Every stored type in alphabetical order.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The FHIR name, for example `MedicationRequest`.
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// The table of its versions in schema `fhir`, for example `medication_request`. Always quote it: `group` is a keyword.
    pub fn table(self) -> &'static str {
        TABLES[self as usize]
    }

    /// The type of that exact, case-sensitive name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.binary_search(&name).ok().map(|i| ALL[i])
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no R4 resource type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a FHIR R4 resource type")]
pub struct UnknownResourceType(pub String);

impl FromStr for ResourceType {
    type Err = UnknownResourceType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::named(name).ok_or_else(|| UnknownResourceType(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_round_trip() {
        assert_eq!(ResourceType::all().len(), 147);
        assert!(NAMES.is_sorted());
        for ty in ResourceType::all() {
            assert_eq!(ResourceType::named(ty.name()), Some(*ty));
        }
        assert_eq!(ResourceType::MedicationRequest.table(), "medication_request");
        assert_eq!(ResourceType::named("patient"), None);
    }
}
