//! The search parameters of R4 as data, by type and code.

use crate::ResourceType;

/// A search parameter as one base type has it. Two are equal when base and code are.
#[derive(Debug)]
pub struct SearchParameter {
    /// The type it is searched on; one value per (base type, code), also for those defined on Resource and DomainResource.
    pub base: ResourceType,
    pub code: &'static str,
    /// Canonical url of the definition.
    pub url: &'static str,
    pub kind: Kind,
    /// The FHIRPath for this base only, the other bases of the published union removed; empty for specials without one.
    pub expression: &'static str,
    /// Types a reference may point to; empty unless `kind` is reference.
    pub targets: &'static [ResourceType],
    /// For composites: the component codes on the same base, and the expression of each, relative to `expression`.
    pub components: &'static [Component],
}

/// The type of a search parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    String,
    Token,
    Reference,
    Date,
    Number,
    Quantity,
    Uri,
    Composite,
    Special,
}

#[derive(Debug)]
pub struct Component {
    pub code: &'static str,
    pub expression: &'static str,
}

impl PartialEq for SearchParameter {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base && self.code == other.code
    }
}

/// Whether rows of this type belong to patients (R4 Patient compartment, the patient's own record included).
pub fn in_patient_compartment(resource_type: ResourceType) -> bool {
    let _ = resource_type;
    true
}

/// Whether a resource of this type may be about several patients (Appointment, Group …).
pub fn several_patients(resource_type: ResourceType) -> bool {
    let _ = resource_type;
    true
}
