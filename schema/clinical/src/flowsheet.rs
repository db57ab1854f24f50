//! Flowsheets as data: which measurements stand in a row each, in which unit, and what of them is believed. Those of ventilation and wounds
//! come when their codes and limits have a source that was read.

use crate::demo::table::{Code, lab, loinc};
use crate::vital::{self, Vital};

/// A flowsheet.
#[derive(Debug)]
pub struct Template {
    /// By which it is asked for.
    pub id: &'static str,
    pub title: &'static str,
    pub rows: &'static [Row],
    /// Panels whose components its rows may be, beside observations of their own.
    pub panels: &'static [Code],
}

/// What stands in a row.
#[derive(Debug, Clone, Copy)]
pub enum Row {
    Vital(&'static Vital),
    Other(&'static Parameter),
}

/// A measurement that is no vital sign.
#[derive(Debug)]
pub struct Parameter {
    /// What it is called every day.
    pub name: &'static str,
    pub code: Code,
    /// As people write it.
    pub unit: &'static str,
    pub ucum: &'static str,
    /// HL7 observation-category, code and display.
    pub category: (&'static str, &'static str),
    /// Least value that is believed.
    pub least: f64,
    /// Greatest value that is believed.
    pub most: f64,
    /// Where the code and the bounds are from.
    pub source: &'static str,
    /// Whether it is a volume that went in or came out at one moment, to be added to others of its kind.
    pub fluid: Option<Fluid>,
}

/// Which way a fluid went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fluid {
    In,
    Out,
}

impl Row {
    pub fn name(self) -> &'static str {
        match self {
            Self::Vital(vital) => vital.analyte.named().1,
            Self::Other(own) => own.name,
        }
    }

    pub fn code(self) -> Code {
        match self {
            Self::Vital(vital) => vital.analyte.code,
            Self::Other(own) => own.code,
        }
    }

    /// As people write it, and in UCUM.
    pub fn units(self) -> [&'static str; 2] {
        match self {
            Self::Vital(vital) => [vital.analyte.unit, vital.analyte.ucum],
            Self::Other(own) => [own.unit, own.ucum],
        }
    }

    /// Both ends are believed.
    pub fn bounds(self) -> [f64; 2] {
        match self {
            Self::Vital(vital) => [vital.least, vital.most],
            Self::Other(own) => [own.least, own.most],
        }
    }

    pub fn source(self) -> &'static str {
        match self {
            Self::Vital(vital) => vital.source,
            Self::Other(own) => own.source,
        }
    }

    /// Which way the fluid went, of a volume of one moment.
    pub fn fluid(self) -> Option<Fluid> {
        match self {
            Self::Vital(_) => None,
            Self::Other(own) => own.fluid,
        }
    }

    /// Whether it is computed from other measurements and never told.
    pub fn is_computed(self) -> bool {
        self.code() == vital::BMI.analyte.code
    }
}

/// The unit of what is counted in points, in UCUM.
pub const POINTS: &str = "{score}";
/// By the definitions of HL7 observation-category: scores of assessment scales, and what is observed of the patient with simple instruments.
const SURVEY: (&str, &str) = ("survey", "Survey");
const EXAM: (&str, &str) = ("exam", "Exam");

const GLASGOW: &str = "codes: HL7 FHIR R4, questionnaire-example-gcs and observation-example-glasgow; points: Teasdale and Jennett, Lancet \
                       1974;2:81, with the motor scale of six points of 1976";

const fn points(name: &'static str, code: Code, least: f64, most: f64) -> Parameter {
    Parameter { name, code, unit: "points", ucum: POINTS, category: SURVEY, least, most, source: GLASGOW, fluid: None }
}

pub static GCS_TOTAL: Parameter =
    points("Glasgow Coma Scale, total", loinc("9269-2", "Glasgow coma score total"), 3.0, 15.0);
static GCS_EYE: Parameter = points("Eye opening", loinc("9267-6", "Glasgow coma score eye opening"), 1.0, 4.0);
static GCS_VERBAL: Parameter = points("Verbal response", loinc("9270-0", "Glasgow coma score verbal"), 1.0, 5.0);
static GCS_MOTOR: Parameter = points("Motor response", loinc("9268-4", "Glasgow coma score motor"), 1.0, 6.0);
/// What the total is the sum of.
pub static GCS_PARTS: [&Parameter; 3] = [&GCS_EYE, &GCS_VERBAL, &GCS_MOTOR];

static PAIN: Parameter = Parameter {
    name: "Pain score",
    code: lab::PAIN.code,
    unit: "points",
    ucum: POINTS,
    category: SURVEY,
    least: 0.0,
    most: 10.0,
    source: "from 0 to 10 by the definition of LOINC 72514-3, \"Pain severity - 0-10 verbal numeric rating [Score] - Reported\"",
    fluid: None,
};

const FLUID: &str = "codes: HL7 Clinical Practice Guidelines 2.0.0, example chf-scenario1-urineout3 (9192-6), and the FHIR profiles of \
                     savannahghi (sil_fhir_profile_ig, intake and output record: 9108-2, 9192-6); bounds ours: nothing is negative, and more \
                     than 100 litres a day is a slip of the unit";

const fn fluid(name: &'static str, code: Code) -> Parameter {
    Parameter {
        name,
        code,
        unit: "mL",
        ucum: "mL",
        category: EXAM,
        least: 0.0,
        most: 100_000.0,
        source: FLUID,
        fluid: None,
    }
}

pub static FLUID_INTAKE: Parameter = fluid("Fluid intake in 24 hours", loinc("9108-2", "Fluid intake total 24 hour"));
pub static URINE_OUTPUT: Parameter = fluid("Urine output in 24 hours", loinc("9192-6", "Urine output 24 hour"));

const VOLUMES: &str = "codes: Medical Informatics Initiative Germany, module ICU 2026.0.0, value set mii-vs-icu-code-observation-bilanzen-loinc; \
                       8985-4 (volume of a moment, its route not part of the code): LOINC 2.82; bounds ours: nothing is negative, and more \
                       than 20 litres at one moment is a slip of the unit";

const fn volume(name: &'static str, code: Code, fluid: Fluid) -> Parameter {
    let (least, most) = (0.0, 20_000.0);
    Parameter { name, code, unit: "mL", ucum: "mL", category: EXAM, least, most, source: VOLUMES, fluid: Some(fluid) }
}

pub static ORAL_INTAKE: Parameter = volume("By mouth", loinc("9000-1", "Fluid intake oral Measured"), Fluid::In);
static TUBE_INTAKE: Parameter =
    volume("By feeding tube", loinc("8953-2", "Fluid intake enteral tube Measured"), Fluid::In);
pub static OTHER_INTAKE: Parameter =
    volume("Infusions and other intake", loinc("8985-4", "Fluid intake Measured"), Fluid::In);
pub static URINE: Parameter = volume("Urine", loinc("9187-6", "Urine output"), Fluid::Out);
static TUBE_OUTPUT: Parameter =
    volume("Out of the stomach tube", loinc("79561-7", "Fluid output enteral tube [Volume] Measured"), Fluid::Out);
static WOUND_DRAIN: Parameter = volume("Wound drain", loinc("9203-1", "Fluid output wound drain"), Fluid::Out);
static BILIARY_DRAIN: Parameter = volume("Biliary drain", loinc("9113-2", "Fluid output biliary drain"), Fluid::Out);
static STOOL: Parameter = volume("Stool", loinc("9217-1", "Output.stool [Volume]"), Fluid::Out);
static BLOOD_LOSS: Parameter = volume("Blood loss", loinc("81661-1", "Blood loss [Volume] Measured"), Fluid::Out);

pub static TEMPLATES: &[Template] = &[
    Template {
        id: "vitals",
        title: "Vital signs",
        rows: &[
            Row::Vital(&vital::SYSTOLIC),
            Row::Vital(&vital::DIASTOLIC),
            Row::Vital(&vital::HEART_RATE),
            Row::Vital(&vital::RESPIRATORY_RATE),
            Row::Vital(&vital::TEMPERATURE),
            Row::Vital(&vital::SATURATION),
            Row::Vital(&vital::OXYGEN_FLOW),
            Row::Vital(&vital::WEIGHT),
            Row::Vital(&vital::HEIGHT),
            Row::Vital(&vital::BMI),
        ],
        panels: &[vital::BLOOD_PRESSURE],
    },
    Template {
        id: "intake-output",
        title: "Intake and output",
        rows: &[Row::Other(&FLUID_INTAKE), Row::Other(&URINE_OUTPUT), Row::Vital(&vital::WEIGHT)],
        panels: &[],
    },
    Template {
        id: "fluids",
        title: "Fluids by source",
        rows: &[
            Row::Other(&ORAL_INTAKE),
            Row::Other(&TUBE_INTAKE),
            Row::Other(&OTHER_INTAKE),
            Row::Other(&URINE),
            Row::Other(&TUBE_OUTPUT),
            Row::Other(&WOUND_DRAIN),
            Row::Other(&BILIARY_DRAIN),
            Row::Other(&STOOL),
            Row::Other(&BLOOD_LOSS),
        ],
        panels: &[],
    },
    Template {
        id: "neurological",
        title: "Neurological signs",
        rows: &[
            Row::Other(&GCS_TOTAL),
            Row::Other(&GCS_EYE),
            Row::Other(&GCS_VERBAL),
            Row::Other(&GCS_MOTOR),
            Row::Vital(&vital::HEART_RATE),
            Row::Vital(&vital::RESPIRATORY_RATE),
        ],
        panels: &[],
    },
    Template {
        id: "pain",
        title: "Pain",
        rows: &[Row::Other(&PAIN), Row::Vital(&vital::HEART_RATE), Row::Vital(&vital::SYSTOLIC)],
        panels: &[vital::BLOOD_PRESSURE],
    },
];

/// The flowsheet of that id.
pub fn named(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}

impl Template {
    /// `system|code` of each observation that may have a value of it.
    pub fn codes(&self) -> impl Iterator<Item = String> {
        let rows = self.rows.iter().map(|row| row.code());
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
            for row in template.rows {
                let [least, most] = row.bounds();
                assert!(least < most && !row.source().is_empty() && !row.name().is_empty(), "{row:?}");
            }
        }
        assert!(named("none").is_none());
    }

    /// Source: Teasdale and Jennett; the total is the sum of its parts, at both ends.
    #[test]
    fn the_total_of_the_coma_scale_is_the_sum_of_its_parts() {
        let sum = |end: fn(&Parameter) -> f64| [&GCS_EYE, &GCS_VERBAL, &GCS_MOTOR].into_iter().map(end).sum::<f64>();
        assert!((sum(|p| p.least) - GCS_TOTAL.least).abs() < 1e-9 && (sum(|p| p.most) - GCS_TOTAL.most).abs() < 1e-9);
    }
}
