//! Flowsheets as data: which measurements stand in a row each, in which unit, and what of them is believed. One is there; those of other
//! wards (neurological signs, intake and output, ventilation) come when their codes and limits have a source that was read.

use crate::demo::table::Code;
use crate::vital::{self, Vital};

/// A flowsheet.
#[derive(Debug)]
pub struct Template {
    /// By which it is asked for.
    pub id: &'static str,
    pub title: &'static str,
    pub rows: &'static [&'static Vital],
    /// Panels whose components its rows may be, beside observations of their own.
    pub panels: &'static [Code],
}

pub static TEMPLATES: &[Template] = &[Template {
    id: "vitals",
    title: "Vital signs",
    rows: &[
        &vital::SYSTOLIC,
        &vital::DIASTOLIC,
        &vital::HEART_RATE,
        &vital::RESPIRATORY_RATE,
        &vital::TEMPERATURE,
        &vital::SATURATION,
        &vital::WEIGHT,
        &vital::HEIGHT,
        &vital::BMI,
    ],
    panels: &[vital::BLOOD_PRESSURE],
}];

/// The flowsheet of that id.
pub fn named(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

impl Template {
    /// `system|code` of each observation that may have a value of it.
    pub fn codes(&self) -> impl Iterator<Item = String> {
        let rows = self.rows.iter().map(|row| row.analyte.code);
        rows.chain(self.panels.iter().copied()).map(|code| format!("{}|{}", code.system, code.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_code_of_its_own() {
        for template in TEMPLATES {
            let mut codes: Vec<String> = template.codes().collect();
            let all = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(
                (codes.len(), all),
                (template.rows.len() + template.panels.len(), codes.len()),
                "{}",
                template.id
            );
            assert!(std::ptr::eq(named(template.id).unwrap(), template));
        }
        assert!(named("none").is_none());
    }
}
