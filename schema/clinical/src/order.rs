//! Kinds of orders that R4 and its terminologies have no category for, and what is ordered by them.

use crate::demo::table::{Code, code, snomed};

/// The category of what is to be done when the heart or the breathing stops.
pub const CODE_STATUS: Code = code("https://wintehr.org/fhir/CodeSystem/order-category", "code-status", "Code status");

/// Source of both: the inclusion dataset of the NHS Summary Care Record.
pub const RESUSCITATE: Code = snomed("304252001", "For resuscitation");
pub const DO_NOT_RESUSCITATE: Code = snomed("304253006", "Not for resuscitation");
