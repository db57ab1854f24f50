//! Stars: patients that somebody wants to find again. They belong to an account, not to the record.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::StoreError;
use entity::store::Lookup;
use fhir::ResourceType;

use crate::document::Document;
use crate::error;
use crate::query::parts;
use crate::session::{Session, invalid};
use crate::types::patient::Patient;

/// A star that is set or taken back.
#[derive(InputObject)]
pub struct PatientStarInput {
    /// Global id of the patient.
    pub patient: ID,
    /// Whether the patient is to be starred.
    pub starred: bool,
}

/// The patient, starred or not.
#[derive(SimpleObject)]
pub struct PatientStarPayload {
    /// Whom.
    pub patient: Patient,
}

pub async fn star(session: &Session, input: &PatientStarInput) -> Result<PatientStarPayload> {
    let Some((ResourceType::Patient, id)) = parts(&input.patient) else {
        return Err(invalid("patient", "patient is the global id of a Patient"));
    };
    let found = session.store.read(&session.actor, ResourceType::Patient, id).await.map_err(|e| error::graphql(&e))?;
    let Lookup::Found(stored) = found else {
        let absent = StoreError::NotFound { resource_type: ResourceType::Patient, id: id.to_owned() };
        return Err(error::graphql(&absent));
    };
    session.star(id, input.starred).await?;
    Ok(PatientStarPayload { patient: Patient(Document::new(stored)?) })
}
