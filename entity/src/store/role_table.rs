//! The role table as people read it: what each role may do with each type, decided by the functions that decide it at every door, for an
//! actor who has that role and nothing else.

use chrono::{DateTime, Utc};
use fhir::ResourceType;

use crate::role::{self, Interaction, Role};
use crate::{Actor, Rows, Store, StoreError};

/// A line of the table.
#[derive(Debug, Clone)]
pub struct RoleLine {
    pub resource_type: ResourceType,
    /// One for each role that people have, in the order of [`Role::ALL`].
    pub cells: Vec<RoleCell>,
}

/// What a role may do with a type.
#[derive(Debug, Clone)]
pub struct RoleCell {
    pub role: Role,
    pub interactions: Vec<Interaction>,
    pub seen: Seen,
}

/// Of which records of a type, and how, a role's interactions are; labels and opened charts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    All,
    /// All, without what names persons.
    Masked,
    /// What is about the patient who the person is.
    Own,
    /// What is about patients with a care relation to the person.
    Treated,
}

impl Store {
    /// The role table as it holds on this server: types by name, without those that no role may do anything with. `system` is not in it: a
    /// program has what its scope says.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] to all but administrators.
    pub fn role_table(&self, actor: &Actor, at: DateTime<Utc>) -> Result<Vec<RoleLine>, StoreError> {
        if !actor.keeps_accounts() {
            return Err(StoreError::NotPermitted("only administrators see the table of roles"));
        }
        let people = Role::ALL.into_iter().filter(|role| *role != Role::System);
        let people: Vec<(Role, Actor)> =
            people.map(|role| (role, self.of_roles(vec![role], (None, None), at))).collect();
        let line = |resource_type: ResourceType| RoleLine {
            resource_type,
            cells: people.iter().map(|(role, actor)| cell(*role, actor, resource_type)).collect(),
        };
        let mut lines: Vec<RoleLine> = ResourceType::all().iter().copied().map(line).collect();
        lines.retain(|line| line.cells.iter().any(|cell| !cell.interactions.is_empty()));
        lines.sort_unstable_by_key(|line| line.resource_type.name());
        Ok(lines)
    }
}

fn cell(role: Role, actor: &Actor, resource_type: ResourceType) -> RoleCell {
    let audit = resource_type == ResourceType::AuditEvent;
    let may = |interaction: &Interaction| {
        if audit {
            !role::is_immutable(*interaction, resource_type) && actor.require_audit(*interaction).is_ok()
        } else {
            actor.may(*interaction, resource_type)
        }
    };
    let seen = match () {
        () if actor.is_masked(resource_type) => Seen::Masked,
        () if actor.sees_everybody(resource_type) => Seen::All,
        () if actor.rows == Rows::All => Seen::Treated,
        () => Seen::Own,
    };
    RoleCell { role, interactions: Interaction::ALL.into_iter().filter(may).collect(), seen }
}
