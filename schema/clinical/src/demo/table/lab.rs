//! Measurements: LOINC codes, UCUM units, reference and critical limits, plausible limits, panels.
//!
//! Sources: LOINC 2.78 for codes; each row names where its range comes from. Ranges are for adults.

use super::{Code, loinc};

/// What is measured; the person's physiology answers to these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Systolic,
    Diastolic,
    HeartRate,
    RespiratoryRate,
    Temperature,
    Saturation,
    Weight,
    Height,
    Bmi,
    HeadCircumference,
    GestationalAge,
    Pain,
    OxygenFlow,
    Sodium,
    Potassium,
    Chloride,
    Bicarbonate,
    Urea,
    Creatinine,
    Egfr,
    Glucose,
    Calcium,
    Leukocytes,
    Erythrocytes,
    Hemoglobin,
    Hematocrit,
    MeanCellVolume,
    Platelets,
    TotalCholesterol,
    Triglycerides,
    Hdl,
    Ldl,
    HbA1c,
    Thyrotropin,
    FreeT4,
    AlbuminCreatinineRatio,
    NtProBnp,
    CReactiveProtein,
    Lactate,
    Alt,
    Ast,
    AlkalinePhosphatase,
    Bilirubin,
    Albumin,
    EjectionFraction,
    Fev1Ratio,
    Phq9,
    Gad7,
}

impl Measure {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Systolic => "Systolic blood pressure",
            Self::Diastolic => "Diastolic blood pressure",
            Self::HeartRate => "Heart rate",
            Self::RespiratoryRate => "Respiratory rate",
            Self::Temperature => "Temperature",
            Self::Saturation => "Oxygen saturation",
            Self::Weight => "Weight",
            Self::Height => "Height",
            Self::Bmi => "Body mass index",
            Self::HeadCircumference => "Head circumference",
            Self::GestationalAge => "Gestational age at birth",
            Self::Pain => "Pain score",
            Self::OxygenFlow => "Oxygen flow",
            Self::Sodium => "Sodium",
            Self::Potassium => "Potassium",
            Self::Chloride => "Chloride",
            Self::Bicarbonate => "Bicarbonate",
            Self::Urea => "Urea nitrogen",
            Self::Creatinine => "Creatinine",
            Self::Egfr => "eGFR (CKD-EPI 2021)",
            Self::Glucose => "Glucose",
            Self::Calcium => "Calcium",
            Self::Leukocytes => "Leukocytes",
            Self::Erythrocytes => "Erythrocytes",
            Self::Hemoglobin => "Hemoglobin",
            Self::Hematocrit => "Hematocrit",
            Self::MeanCellVolume => "MCV",
            Self::Platelets => "Platelets",
            Self::TotalCholesterol => "Total cholesterol",
            Self::Triglycerides => "Triglycerides",
            Self::Hdl => "HDL cholesterol",
            Self::Ldl => "LDL cholesterol",
            Self::HbA1c => "HbA1c",
            Self::Thyrotropin => "TSH",
            Self::FreeT4 => "Free T4",
            Self::AlbuminCreatinineRatio => "Urine albumin/creatinine",
            Self::NtProBnp => "NT-proBNP",
            Self::CReactiveProtein => "C-reactive protein",
            Self::Lactate => "Lactate",
            Self::Alt => "ALT",
            Self::Ast => "AST",
            Self::AlkalinePhosphatase => "Alkaline phosphatase",
            Self::Bilirubin => "Bilirubin",
            Self::Albumin => "Albumin",
            Self::EjectionFraction => "Ejection fraction",
            Self::Fev1Ratio => "FEV1/FVC",
            Self::Phq9 => "PHQ-9",
            Self::Gad7 => "GAD-7",
        }
    }
}

/// Limits of the printed reference range; a missing end is open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub low: Option<f64>,
    pub high: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
pub struct Analyte {
    pub measure: Measure,
    pub code: Code,
    pub unit: &'static str,
    pub ucum: &'static str,
    /// Digits after the point.
    pub digits: u8,
    pub female: Range,
    pub male: Range,
    /// Beyond these a result is critical.
    pub critical: Range,
    /// Hard limits: nothing generated lies outside.
    pub plausible: (f64, f64),
    pub source: &'static str,
}

impl Analyte {
    /// Code and everyday name.
    pub fn named(&self) -> (&Code, &'static str) {
        (&self.code, self.measure.name())
    }
}

const OPEN: Range = Range { low: None, high: None };

const fn between(low: f64, high: f64) -> Range {
    Range { low: Some(low), high: Some(high) }
}

const fn below(high: f64) -> Range {
    Range { low: None, high: Some(high) }
}

const fn above(low: f64) -> Range {
    Range { low: Some(low), high: None }
}

const ABIM: &str =
    "ABIM Laboratory Test Reference Ranges, 2024; critical limits: Kost, JAMA 1990;263:704 and clinical.md defaults";
const NEWS: &str = "RCP NEWS2 2017: the zero-point band";

#[expect(clippy::too_many_arguments, reason = "a table row, read by its columns")]
const fn analyte(
    measure: Measure,
    code: Code,
    units: (&'static str, &'static str),
    digits: u8,
    normal: Range,
    critical: Range,
    plausible: (f64, f64),
    source: &'static str,
) -> Analyte {
    Analyte {
        measure,
        code,
        unit: units.0,
        ucum: units.1,
        digits,
        female: normal,
        male: normal,
        critical,
        plausible,
        source,
    }
}

const fn by_sex(row: Analyte, female: Range, male: Range) -> Analyte {
    Analyte { female, male, ..row }
}

// Vital signs
pub const BLOOD_PRESSURE: Code = loinc("85354-9", "Blood pressure panel with all children optional");
pub static SYSTOLIC: Analyte = analyte(
    Measure::Systolic,
    loinc("8480-6", "Systolic blood pressure"),
    ("mmHg", "mm[Hg]"),
    0,
    between(90.0, 129.0),
    between(80.0, 200.0),
    (55.0, 240.0),
    "ACC/AHA 2017 hypertension guideline; low end RCP NEWS2 2017",
);
pub static DIASTOLIC: Analyte = analyte(
    Measure::Diastolic,
    loinc("8462-4", "Diastolic blood pressure"),
    ("mmHg", "mm[Hg]"),
    0,
    between(60.0, 79.0),
    between(40.0, 120.0),
    (30.0, 140.0),
    "ACC/AHA 2017 hypertension guideline; low end 60 mmHg by convention",
);
pub static HEART_RATE: Analyte = analyte(
    Measure::HeartRate,
    loinc("8867-4", "Heart rate"),
    ("/min", "/min"),
    0,
    between(60.0, 100.0),
    between(40.0, 131.0),
    (30.0, 210.0),
    "American Heart Association, Bradycardia and Tachycardia: 60-100 a minute at rest; critical ends RCP NEWS2 2017, three points",
);
pub static RESPIRATORY_RATE: Analyte = analyte(
    Measure::RespiratoryRate,
    loinc("9279-1", "Respiratory rate"),
    ("/min", "/min"),
    0,
    between(12.0, 20.0),
    between(8.0, 30.0),
    (6.0, 60.0),
    NEWS,
);
pub static TEMPERATURE: Analyte = analyte(
    Measure::Temperature,
    loinc("8310-5", "Body temperature"),
    ("°C", "Cel"),
    1,
    between(36.1, 38.0),
    between(35.0, 40.0),
    (34.0, 41.5),
    NEWS,
);
pub static SATURATION: Analyte = analyte(
    Measure::Saturation,
    loinc("2708-6", "Oxygen saturation in Arterial blood"),
    ("%", "%"),
    0,
    above(96.0),
    above(88.0),
    (70.0, 100.0),
    NEWS,
);
pub static WEIGHT: Analyte = analyte(
    Measure::Weight,
    loinc("29463-7", "Body weight"),
    ("kg", "kg"),
    1,
    OPEN,
    OPEN,
    (2.0, 220.0),
    "no reference range",
);
pub static HEIGHT: Analyte = analyte(
    Measure::Height,
    loinc("8302-2", "Body height"),
    ("cm", "cm"),
    1,
    OPEN,
    OPEN,
    (40.0, 215.0),
    "no reference range",
);
pub static BMI: Analyte = analyte(
    Measure::Bmi,
    loinc("39156-5", "Body mass index (BMI) [Ratio]"),
    ("kg/m2", "kg/m2"),
    1,
    between(18.5, 24.9),
    OPEN,
    (8.0, 75.0),
    "CDC, adult BMI categories",
);
pub static HEAD_CIRCUMFERENCE: Analyte = analyte(
    Measure::HeadCircumference,
    loinc("9843-4", "Head Occipital-frontal circumference"),
    ("cm", "cm"),
    1,
    OPEN,
    OPEN,
    (28.0, 56.0),
    "no reference range",
);
pub static GESTATIONAL_AGE: Analyte = analyte(
    Measure::GestationalAge,
    loinc("76516-4", "Gestational age--at birth"),
    ("weeks", "wk"),
    1,
    OPEN,
    OPEN,
    (20.0, 45.0),
    "no reference range",
);
pub static PAIN: Analyte = analyte(
    Measure::Pain,
    loinc("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported"),
    ("{score}", "{score}"),
    0,
    OPEN,
    OPEN,
    (0.0, 10.0),
    "no reference range",
);
pub static OXYGEN_FLOW: Analyte = analyte(
    Measure::OxygenFlow,
    loinc("3151-8", "Inhaled oxygen flow rate"),
    ("L/min", "L/min"),
    0,
    OPEN,
    OPEN,
    (0.0, 15.0),
    "no reference range",
);

// Laboratory
pub static SODIUM: Analyte = analyte(
    Measure::Sodium,
    loinc("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
    ("mmol/L", "mmol/L"),
    0,
    between(136.0, 145.0),
    between(120.0, 160.0),
    (105.0, 175.0),
    ABIM,
);
pub static POTASSIUM: Analyte = analyte(
    Measure::Potassium,
    loinc("2823-3", "Potassium [Moles/volume] in Serum or Plasma"),
    ("mmol/L", "mmol/L"),
    1,
    between(3.5, 5.0),
    between(2.5, 6.0),
    (1.8, 8.5),
    ABIM,
);
pub static CHLORIDE: Analyte = analyte(
    Measure::Chloride,
    loinc("2075-0", "Chloride [Moles/volume] in Serum or Plasma"),
    ("mmol/L", "mmol/L"),
    0,
    between(98.0, 106.0),
    between(80.0, 125.0),
    (70.0, 135.0),
    ABIM,
);
pub static BICARBONATE: Analyte = analyte(
    Measure::Bicarbonate,
    loinc("2028-9", "Carbon dioxide, total [Moles/volume] in Serum or Plasma"),
    ("mmol/L", "mmol/L"),
    0,
    between(23.0, 28.0),
    between(11.0, 40.0),
    (6.0, 48.0),
    ABIM,
);
pub static UREA: Analyte = analyte(
    Measure::Urea,
    loinc("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma"),
    ("mg/dL", "mg/dL"),
    0,
    between(8.0, 20.0),
    below(104.0),
    (2.0, 180.0),
    ABIM,
);
pub static CREATININE: Analyte = by_sex(
    analyte(
        Measure::Creatinine,
        loinc("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"),
        ("mg/dL", "mg/dL"),
        2,
        OPEN,
        below(7.4),
        (0.2, 14.0),
        ABIM,
    ),
    between(0.5, 1.1),
    between(0.7, 1.3),
);
pub static EGFR: Analyte = analyte(
    Measure::Egfr,
    loinc(
        "98979-8",
        "Glomerular filtration rate [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI 2021)/1.73 sq M",
    ),
    ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
    0,
    above(60.0),
    OPEN,
    (3.0, 180.0),
    "KDIGO 2012 CKD guideline: G3 below 60",
);
pub static GLUCOSE: Analyte = analyte(
    Measure::Glucose,
    loinc("2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
    ("mg/dL", "mg/dL"),
    0,
    between(70.0, 99.0),
    between(40.0, 500.0),
    (25.0, 900.0),
    ABIM,
);
pub static CALCIUM: Analyte = analyte(
    Measure::Calcium,
    loinc("17861-6", "Calcium [Mass/volume] in Serum or Plasma"),
    ("mg/dL", "mg/dL"),
    1,
    between(8.6, 10.2),
    between(6.6, 13.0),
    (5.0, 15.0),
    ABIM,
);
pub static LEUKOCYTES: Analyte = analyte(
    Measure::Leukocytes,
    loinc("6690-2", "Leukocytes [#/volume] in Blood by Automated count"),
    ("10*3/uL", "10*3/uL"),
    1,
    between(4.0, 11.0),
    between(2.0, 30.0),
    (0.5, 60.0),
    ABIM,
);
pub static ERYTHROCYTES: Analyte = by_sex(
    analyte(
        Measure::Erythrocytes,
        loinc("789-8", "Erythrocytes [#/volume] in Blood by Automated count"),
        ("10*6/uL", "10*6/uL"),
        2,
        OPEN,
        OPEN,
        (1.2, 7.5),
        "ABIM Laboratory Test Reference Ranges, 2024 (4.2-5.9); split by sex by hematocrit",
    ),
    between(3.9, 5.2),
    between(4.2, 5.9),
);
pub static HAEMOGLOBIN: Analyte = by_sex(
    analyte(
        Measure::Hemoglobin,
        loinc("718-7", "Hemoglobin [Mass/volume] in Blood"),
        ("g/dL", "g/dL"),
        1,
        OPEN,
        between(7.0, 20.0),
        (3.5, 21.0),
        ABIM,
    ),
    between(12.0, 16.0),
    between(14.0, 18.0),
);
pub static HAEMATOCRIT: Analyte = by_sex(
    analyte(
        Measure::Hematocrit,
        loinc("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count"),
        ("%", "%"),
        1,
        OPEN,
        OPEN,
        (10.0, 65.0),
        ABIM,
    ),
    between(37.0, 47.0),
    between(42.0, 50.0),
);
pub static MEAN_CELL_VOLUME: Analyte = analyte(
    Measure::MeanCellVolume,
    loinc("787-2", "MCV [Entitic volume] by Automated count"),
    ("fL", "fL"),
    0,
    between(80.0, 98.0),
    OPEN,
    (55.0, 130.0),
    ABIM,
);
pub static PLATELETS: Analyte = analyte(
    Measure::Platelets,
    loinc("777-3", "Platelets [#/volume] in Blood by Automated count"),
    ("10*3/uL", "10*3/uL"),
    0,
    between(150.0, 450.0),
    between(20.0, 1000.0),
    (10.0, 1200.0),
    ABIM,
);
pub static TOTAL_CHOLESTEROL: Analyte = analyte(
    Measure::TotalCholesterol,
    loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"),
    ("mg/dL", "mg/dL"),
    0,
    below(200.0),
    OPEN,
    (60.0, 450.0),
    "NCEP ATP III: desirable below 200",
);
pub static TRIGLYCERIDES: Analyte = analyte(
    Measure::Triglycerides,
    loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma"),
    ("mg/dL", "mg/dL"),
    0,
    below(150.0),
    OPEN,
    (25.0, 900.0),
    "NCEP ATP III: normal below 150",
);
pub static HDL: Analyte = by_sex(
    analyte(
        Measure::Hdl,
        loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma"),
        ("mg/dL", "mg/dL"),
        0,
        OPEN,
        OPEN,
        (15.0, 120.0),
        "NCEP ATP III: 50 in women and 40 in men (metabolic syndrome criteria)",
    ),
    above(50.0),
    above(40.0),
);
pub static LDL: Analyte = analyte(
    Measure::Ldl,
    loinc("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation"),
    ("mg/dL", "mg/dL"),
    0,
    below(100.0),
    OPEN,
    (15.0, 350.0),
    "NCEP ATP III: optimal below 100; value by Friedewald, Clin Chem 1972;18:499",
);
pub static HBA1C: Analyte = analyte(
    Measure::HbA1c,
    loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
    ("%", "%"),
    1,
    between(4.0, 5.6),
    OPEN,
    (3.8, 16.0),
    "ADA Standards of Care: below 5.7 % is normal",
);
pub static THYROTROPIN: Analyte = analyte(
    Measure::Thyrotropin,
    loinc("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"),
    ("m[IU]/L", "m[IU]/L"),
    2,
    between(0.5, 4.0),
    OPEN,
    (0.01, 100.0),
    ABIM,
);
pub static FREE_T4: Analyte = analyte(
    Measure::FreeT4,
    loinc("3024-7", "Thyroxine (T4) free [Mass/volume] in Serum or Plasma"),
    ("ng/dL", "ng/dL"),
    1,
    between(0.8, 1.8),
    OPEN,
    (0.2, 6.0),
    ABIM,
);
pub static ALBUMIN_CREATININE: Analyte = analyte(
    Measure::AlbuminCreatinineRatio,
    loinc("9318-7", "Albumin/Creatinine [Mass Ratio] in Urine"),
    ("mg/g", "mg/g"),
    0,
    below(30.0),
    OPEN,
    (1.0, 4000.0),
    "KDIGO 2012 CKD guideline: A1 below 30 mg/g",
);
pub static NT_PRO_BNP: Analyte = analyte(
    Measure::NtProBnp,
    loinc("33762-6", "Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma"),
    ("pg/mL", "pg/mL"),
    0,
    below(125.0),
    OPEN,
    (5.0, 35_000.0),
    "ESC 2021 heart failure guideline: 125 pg/mL rules out, not acute",
);
pub static C_REACTIVE_PROTEIN: Analyte = analyte(
    Measure::CReactiveProtein,
    loinc("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"),
    ("mg/L", "mg/L"),
    1,
    below(8.0),
    OPEN,
    (0.1, 450.0),
    ABIM,
);
pub static LACTATE: Analyte = analyte(
    Measure::Lactate,
    loinc("2524-7", "Lactate [Moles/volume] in Serum or Plasma"),
    ("mmol/L", "mmol/L"),
    1,
    between(0.7, 2.1),
    below(4.0),
    (0.3, 16.0),
    "ABIM 2024 (6-19 mg/dL); critical 4 mmol/L: Surviving Sepsis Campaign 2021",
);
pub static ALT: Analyte = analyte(
    Measure::Alt,
    loinc("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    ("U/L", "U/L"),
    0,
    between(10.0, 40.0),
    below(1000.0),
    (4.0, 3000.0),
    ABIM,
);
pub static AST: Analyte = analyte(
    Measure::Ast,
    loinc("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
    ("U/L", "U/L"),
    0,
    between(10.0, 40.0),
    below(1000.0),
    (5.0, 3000.0),
    ABIM,
);
pub static ALKALINE_PHOSPHATASE: Analyte = analyte(
    Measure::AlkalinePhosphatase,
    loinc("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma"),
    ("U/L", "U/L"),
    0,
    between(30.0, 120.0),
    OPEN,
    (15.0, 1200.0),
    ABIM,
);
pub static BILIRUBIN: Analyte = analyte(
    Measure::Bilirubin,
    loinc("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma"),
    ("mg/dL", "mg/dL"),
    1,
    between(0.3, 1.2),
    below(15.0),
    (0.1, 30.0),
    ABIM,
);
pub static ALBUMIN: Analyte = analyte(
    Measure::Albumin,
    loinc("1751-7", "Albumin [Mass/volume] in Serum or Plasma"),
    ("g/dL", "g/dL"),
    1,
    between(3.5, 5.5),
    OPEN,
    (1.2, 6.0),
    ABIM,
);
pub static EJECTION_FRACTION: Analyte = analyte(
    Measure::EjectionFraction,
    loinc("10230-1", "Left ventricular Ejection fraction"),
    ("%", "%"),
    0,
    between(53.0, 73.0),
    OPEN,
    (10.0, 80.0),
    "ASE/EACVI chamber quantification, J Am Soc Echocardiogr 2015;28:1 (widest normal 52-74)",
);
pub static FEV1_RATIO: Analyte = analyte(
    Measure::Fev1Ratio,
    loinc("19926-5", "FEV1/FVC"),
    ("%", "%"),
    0,
    above(70.0),
    OPEN,
    (20.0, 98.0),
    "GOLD report: obstruction below 0.70 after bronchodilator",
);
pub static PHQ9: Analyte = analyte(
    Measure::Phq9,
    loinc("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]"),
    ("{score}", "{score}"),
    0,
    below(4.0),
    OPEN,
    (0.0, 27.0),
    "Kroenke, J Gen Intern Med 2001;16:606: 5 and more is at least mild",
);
pub static GAD7: Analyte = analyte(
    Measure::Gad7,
    loinc("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]"),
    ("{score}", "{score}"),
    0,
    below(4.0),
    OPEN,
    (0.0, 21.0),
    "Spitzer, Arch Intern Med 2006;166:1092: 5 and more is at least mild",
);

/// Every analyte above, for the tests of the table and of plausibility.
pub static ANALYTES: [&Analyte; 48] = [
    &SYSTOLIC,
    &DIASTOLIC,
    &HEART_RATE,
    &RESPIRATORY_RATE,
    &TEMPERATURE,
    &SATURATION,
    &WEIGHT,
    &HEIGHT,
    &BMI,
    &HEAD_CIRCUMFERENCE,
    &GESTATIONAL_AGE,
    &PAIN,
    &OXYGEN_FLOW,
    &SODIUM,
    &POTASSIUM,
    &CHLORIDE,
    &BICARBONATE,
    &UREA,
    &CREATININE,
    &EGFR,
    &GLUCOSE,
    &CALCIUM,
    &LEUKOCYTES,
    &ERYTHROCYTES,
    &HAEMOGLOBIN,
    &HAEMATOCRIT,
    &MEAN_CELL_VOLUME,
    &PLATELETS,
    &TOTAL_CHOLESTEROL,
    &TRIGLYCERIDES,
    &HDL,
    &LDL,
    &HBA1C,
    &THYROTROPIN,
    &FREE_T4,
    &ALBUMIN_CREATININE,
    &NT_PRO_BNP,
    &C_REACTIVE_PROTEIN,
    &LACTATE,
    &ALT,
    &AST,
    &ALKALINE_PHOSPHATASE,
    &BILIRUBIN,
    &ALBUMIN,
    &EJECTION_FRACTION,
    &FEV1_RATIO,
    &PHQ9,
    &GAD7,
];

/// Tests reported together. A later member may be derived from an earlier one (eGFR, hematocrit, LDL).
#[derive(Debug)]
pub struct Panel {
    pub code: Code,
    /// What people call it.
    pub name: &'static str,
    pub members: &'static [&'static Analyte],
}

pub static METABOLIC: Panel = Panel {
    code: loinc("24321-2", "Basic metabolic 2000 panel - Serum or Plasma"),
    name: "Basic metabolic panel",
    members: &[&SODIUM, &POTASSIUM, &CHLORIDE, &BICARBONATE, &UREA, &CREATININE, &EGFR, &GLUCOSE, &CALCIUM],
};
pub static BLOOD_COUNT: Panel = Panel {
    code: loinc("58410-2", "CBC panel - Blood by Automated count"),
    name: "Complete blood count",
    members: &[&LEUKOCYTES, &HAEMOGLOBIN, &HAEMATOCRIT, &ERYTHROCYTES, &MEAN_CELL_VOLUME, &PLATELETS],
};
pub static LIPID: Panel = Panel {
    code: loinc("24331-1", "Lipid 1996 panel - Serum or Plasma"),
    name: "Lipid panel",
    members: &[&TOTAL_CHOLESTEROL, &TRIGLYCERIDES, &HDL, &LDL],
};
pub static LIVER: Panel = Panel {
    code: loinc("24325-3", "Hepatic function 2000 panel - Serum or Plasma"),
    name: "Liver panel",
    members: &[&ALT, &AST, &ALKALINE_PHOSPHATASE, &BILIRUBIN, &ALBUMIN],
};

pub const SMOKING_STATUS: Code = loinc("72166-2", "Tobacco smoking status");
pub const CHEST_XRAY_REPORT: Code = loinc("36643-5", "XR Chest 2 Views");

// Kinds of note
pub const PROGRESS_NOTE: Code = loinc("11506-3", "Progress note");
pub const ADMISSION_NOTE: Code = loinc("34117-2", "History and physical note");
pub const DISCHARGE_SUMMARY: Code = loinc("18842-5", "Discharge summary");
pub const EMERGENCY_NOTE: Code = loinc("34111-5", "Emergency department Note");
pub const NURSE_NOTE: Code = loinc("34746-8", "Nurse Note");
