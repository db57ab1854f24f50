//! The facts the demo hospital is made of: codes, ranges, prevalences, names. Every table names its source.
//!
//! Codes and their displays are facts of LOINC, SNOMED CT, RxNorm, ICD-10-CM, CVX and HL7 terminology.

pub mod drug;
pub mod growth;
pub mod lab;
pub mod names;
pub mod prevalence;
pub mod problem;
pub mod programme;
pub mod story;
pub mod vaccine;

/// A coding: system URI, code, display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    pub system: &'static str,
    pub code: &'static str,
    pub display: &'static str,
}

pub const SNOMED: &str = "http://snomed.info/sct";
pub const LOINC: &str = "http://loinc.org";
pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
pub const ICD10: &str = "http://hl7.org/fhir/sid/icd-10-cm";
pub const CVX: &str = "http://hl7.org/fhir/sid/cvx";

pub const fn code(system: &'static str, code: &'static str, display: &'static str) -> Code {
    Code { system, code, display }
}

pub const fn snomed(value: &'static str, display: &'static str) -> Code {
    code(SNOMED, value, display)
}

pub const fn loinc(value: &'static str, display: &'static str) -> Code {
    code(LOINC, value, display)
}
