//! The table of roles, as administrators read it.

use async_graphql::{Enum, Result, SimpleObject};
use entity::Interaction;
use entity::store::{RoleCell, RoleLine, Seen};

use crate::error;
use crate::query::UserRole;
use crate::session::Session;

/// What may be done with records of a type.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "Interaction")]
pub enum RoleInteraction {
    /// Make new ones.
    Create,
    /// Read one by its id, and its versions.
    Read,
    /// Change one.
    Update,
    /// Delete one.
    Delete,
    /// Find them, and what became of them.
    Search,
}

/// Of which records a role's rights are, security labels apart.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "Seen")]
pub enum RoleSight {
    /// Of all.
    All,
    /// Of all, but names, numbers, addresses and texts are not shown.
    Masked,
    /// Of those about the patient who the person is.
    Own,
    /// Of those about patients with whom the person has a care relation.
    Treated,
}

/// What one role may do with one type.
#[derive(SimpleObject)]
pub struct RoleRights {
    /// The role.
    pub role: UserRole,
    /// What it may do; nothing when empty.
    pub interactions: Vec<RoleInteraction>,
    /// Of which records.
    pub of: RoleSight,
}

/// What the roles may do with records of a type.
#[derive(SimpleObject)]
pub struct RoleTableLine {
    /// FHIR resource type.
    pub resource_type: &'static str,
    /// One for each role that people have.
    pub rights: Vec<RoleRights>,
}

impl From<RoleCell> for RoleRights {
    fn from(cell: RoleCell) -> Self {
        let interactions = cell.interactions.into_iter().map(RoleInteraction::from).collect();
        Self { role: cell.role.into(), interactions, of: cell.seen.into() }
    }
}

/// All lines, by type.
pub fn table(session: &Session) -> Result<Vec<RoleTableLine>> {
    let lines = session.store.role_table(&session.actor, session.now).map_err(|e| error::graphql(&e))?;
    let line = |line: RoleLine| RoleTableLine {
        resource_type: line.resource_type.name(),
        rights: line.cells.into_iter().map(RoleRights::from).collect(),
    };
    Ok(lines.into_iter().map(line).collect())
}
