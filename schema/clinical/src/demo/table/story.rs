//! Hospital stays as data: the bedside on admission and at the end, the results that stray, the treatment, the notes.
//!
//! Source: invented teaching cases of ours; every number lies inside the plausible limits of its analyte.

use super::drug::{self, Drug};
use super::lab::{self, Analyte, Measure};
use super::problem::{self, Problem};
use crate::vital::Consciousness::{self, Alert, Confused, Voice};

/// Vital signs at one end of a stay; between the ends they move in a line.
#[derive(Debug, Clone, Copy)]
pub struct Bedside {
    pub systolic: f64,
    pub diastolic: f64,
    pub pulse: f64,
    pub breathing: f64,
    pub temperature: f64,
    pub saturation: f64,
    /// L/min, 0 is room air.
    pub oxygen: f64,
}

const fn bedside(
    pressure: (f64, f64),
    pulse: f64,
    breathing: f64,
    temperature: f64,
    saturation: f64,
    oxygen: f64,
) -> Bedside {
    Bedside { systolic: pressure.0, diastolic: pressure.1, pulse, breathing, temperature, saturation, oxygen }
}

#[derive(Debug)]
pub struct Story {
    pub problems: &'static [&'static Problem],
    /// Problems that came with the last results only.
    pub late: &'static [&'static Problem],
    /// Days from admission to now for somebody still in bed.
    pub days: i64,
    pub first: Bedside,
    pub last: Bedside,
    /// How the patient responds in the first and in the second half of the stay.
    pub responds: [Consciousness; 2],
    /// Results on admission and at the end; all others come from the person's physiology.
    pub results: &'static [(Measure, f64, f64)],
    /// Tests beside metabolic panel and blood count.
    pub tests: &'static [&'static Analyte],
    pub drugs: &'static [&'static Drug],
    /// Conclusion of the chest radiograph, where one was taken.
    pub radiograph: Option<&'static str>,
    pub admission: &'static str,
    pub progress: &'static str,
}

/// The patient of the chart's design: heart failure with pneumonia, weak kidneys and a dangerous potassium.
pub static TEACHING: Story = Story {
    problems: &[&problem::HEART_FAILURE_ACUTE, &problem::PNEUMONIA],
    late: &[&problem::HYPERKALEMIA],
    days: 6,
    first: bedside((138.0, 82.0), 92.0, 26.0, 38.4, 89.0, 4.0),
    last: bedside((104.0, 58.0), 48.0, 22.0, 37.1, 94.0, 2.0),
    responds: [Alert, Alert],
    results: &[
        (Measure::Potassium, 4.7, 6.1),
        (Measure::Creatinine, 1.42, 1.79),
        (Measure::Urea, 31.0, 44.0),
        (Measure::Hemoglobin, 11.1, 10.8),
        (Measure::Leukocytes, 14.2, 9.8),
        (Measure::Sodium, 133.0, 136.0),
        (Measure::CReactiveProtein, 142.0, 46.0),
        (Measure::NtProBnp, 9860.0, 4120.0),
    ],
    tests: &[&lab::C_REACTIVE_PROTEIN, &lab::NT_PRO_BNP],
    drugs: &[&drug::FUROSEMIDE_IV, &drug::DOXYCYCLINE],
    radiograph: Some("Right lower zone consolidation. Heart enlarged, upper lobe vessels wide."),
    admission: "Admitted with breathlessness, cough and fever for three days, ankles swollen. Crackles at the right base. \
                Impression: acute on chronic heart failure with pneumonia. Plan: intravenous furosemide, doxycycline because \
                of penicillin allergy, oxygen, daily weight and kidney tests.",
    progress: "Breathing easier, less oxygen. Pulse slow this morning, beta blocker held. Potassium 6.1 mmol/L: ECG, calcium \
               and insulin-glucose per protocol, spironolactone and potassium stopped, repeat in two hours.",
};

pub static PNEUMONIA: Story = Story {
    problems: &[&problem::PNEUMONIA],
    late: &[],
    days: 3,
    first: bedside((108.0, 62.0), 112.0, 26.0, 39.1, 90.0, 3.0),
    last: bedside((122.0, 72.0), 84.0, 18.0, 37.2, 95.0, 0.0),
    responds: [Alert, Alert],
    results: &[
        (Measure::Leukocytes, 17.4, 9.6),
        (Measure::CReactiveProtein, 188.0, 52.0),
        (Measure::Lactate, 2.6, 1.2),
        (Measure::Urea, 26.0, 18.0),
    ],
    tests: &[&lab::C_REACTIVE_PROTEIN, &lab::LACTATE],
    drugs: &[&drug::CEFTRIAXONE, &drug::DOXYCYCLINE],
    radiograph: Some("Consolidation in the left lower zone. No effusion."),
    admission: "Cough, fever and pain on breathing in for four days. Bronchial breathing at the left base. Impression: \
                community-acquired pneumonia. Plan: ceftriaxone and doxycycline, oxygen, fluids.",
    progress: "Fever has settled, walks to the bathroom without oxygen. Change to tablets tomorrow if this holds.",
};

pub static SEPSIS: Story = Story {
    problems: &[&problem::PNEUMONIA],
    late: &[],
    days: 1,
    first: bedside((102.0, 60.0), 118.0, 27.0, 39.3, 90.0, 2.0),
    last: bedside((92.0, 52.0), 124.0, 29.0, 38.9, 91.0, 4.0),
    responds: [Confused, Confused],
    results: &[
        (Measure::Leukocytes, 19.8, 24.6),
        (Measure::CReactiveProtein, 210.0, 286.0),
        (Measure::Lactate, 2.8, 4.6),
        (Measure::Creatinine, 1.1, 1.6),
    ],
    tests: &[&lab::C_REACTIVE_PROTEIN, &lab::LACTATE],
    drugs: &[&drug::CEFTRIAXONE, &drug::DOXYCYCLINE],
    radiograph: Some("Consolidation in the right middle and lower zones."),
    admission: "Shivering, confused since last night. Impression: pneumonia with sepsis. Plan: cultures, ceftriaxone, fluids.",
    progress: "Worse this morning: faster pulse and breathing, lactate above 4. Fluids given, critical care asked to see.",
};

pub static COPD: Story = Story {
    problems: &[&problem::COPD_EXACERBATION],
    late: &[],
    days: 3,
    first: bedside((142.0, 82.0), 108.0, 28.0, 37.6, 86.0, 2.0),
    last: bedside((132.0, 78.0), 88.0, 20.0, 36.8, 91.0, 1.0),
    responds: [Alert, Alert],
    results: &[(Measure::Bicarbonate, 31.0, 29.0), (Measure::CReactiveProtein, 48.0, 14.0)],
    tests: &[&lab::C_REACTIVE_PROTEIN],
    drugs: &[&drug::PREDNISONE, &drug::DOXYCYCLINE],
    radiograph: Some("Hyperinflated lungs. No consolidation."),
    admission: "Three days of wheeze and more sputum. Speaks in short sentences. Impression: exacerbation of COPD. Plan: \
                nebulisers, prednisone five days, doxycycline, oxygen to 88-92 %.",
    progress: "Wheeze less, sleeps lying down. Inhalers restarted, physiotherapy seen.",
};

pub static HYPERKALEMIA: Story = Story {
    problems: &[&problem::HYPERKALEMIA],
    late: &[],
    days: 1,
    first: bedside((134.0, 78.0), 74.0, 17.0, 36.7, 96.0, 0.0),
    last: bedside((128.0, 74.0), 58.0, 17.0, 36.8, 96.0, 0.0),
    responds: [Alert, Alert],
    results: &[
        (Measure::Potassium, 5.9, 6.6),
        (Measure::Creatinine, 2.3, 2.9),
        (Measure::Urea, 52.0, 66.0),
        (Measure::Bicarbonate, 20.0, 17.0),
    ],
    tests: &[],
    drugs: &[&drug::FUROSEMIDE_IV],
    radiograph: None,
    admission: "Weak for two days after vomiting. Kidney function worse than usual. Impression: hyperkalemia with acute on \
                chronic kidney injury. Plan: fluids, stop tablets that raise potassium, repeat tests.",
    progress: "Potassium higher this morning. Kidney team called, ECG repeated.",
};

pub static HYPERGLYCEMIA: Story = Story {
    problems: &[&problem::HYPERGLYCEMIA],
    late: &[],
    days: 1,
    first: bedside((112.0, 66.0), 104.0, 20.0, 37.0, 97.0, 0.0),
    last: bedside((116.0, 70.0), 96.0, 18.0, 36.9, 97.0, 0.0),
    responds: [Alert, Alert],
    results: &[(Measure::Glucose, 486.0, 538.0), (Measure::Sodium, 131.0, 130.0), (Measure::Urea, 34.0, 30.0)],
    tests: &[],
    drugs: &[&drug::INSULIN_GLARGINE],
    radiograph: None,
    admission: "Thirst and passing much water for a week, ran out of medicines. No ketones. Plan: fluids, insulin, potassium \
                checks.",
    progress: "Glucose above 500 mg/dL again this morning, basal dose missed overnight. Insulin adjusted.",
};

pub static HYPONATREMIA: Story = Story {
    problems: &[&problem::HYPONATREMIA],
    late: &[],
    days: 1,
    first: bedside((118.0, 70.0), 82.0, 16.0, 36.6, 97.0, 0.0),
    last: bedside((116.0, 68.0), 80.0, 16.0, 36.6, 97.0, 0.0),
    responds: [Alert, Voice],
    results: &[(Measure::Sodium, 121.0, 118.0), (Measure::Chloride, 88.0, 85.0)],
    tests: &[],
    drugs: &[&drug::ACETAMINOPHEN],
    radiograph: None,
    admission: "Unsteady and slow for some days. Impression: hyponatremia. Plan: restrict fluids, urine sodium, tests every \
                six hours.",
    progress: "Sodium has fallen further to 118 mmol/L. Drowsy, no seizure. Hypertonic saline discussed.",
};

pub static ANEMIA: Story = Story {
    problems: &[&problem::ANEMIA],
    late: &[],
    days: 2,
    first: bedside((104.0, 60.0), 106.0, 19.0, 36.7, 96.0, 0.0),
    last: bedside((108.0, 62.0), 102.0, 18.0, 36.8, 96.0, 0.0),
    responds: [Alert, Alert],
    results: &[(Measure::Hemoglobin, 7.8, 6.6), (Measure::Urea, 30.0, 34.0), (Measure::Platelets, 310.0, 290.0)],
    tests: &[],
    drugs: &[&drug::OMEPRAZOLE],
    radiograph: None,
    admission: "Breathless on stairs, dark stools for a week. Impression: anemia from bleeding of the upper gut. Plan: \
                omeprazole, endoscopy, cross-match.",
    progress: "Hemoglobin 6.6 g/dL this morning, transfusion ordered. Endoscopy today.",
};

pub static HEART_FAILURE: Story = Story {
    problems: &[&problem::HEART_FAILURE_ACUTE],
    late: &[],
    days: 4,
    first: bedside((148.0, 88.0), 104.0, 26.0, 36.8, 90.0, 3.0),
    last: bedside((118.0, 70.0), 78.0, 18.0, 36.6, 95.0, 0.0),
    responds: [Alert, Alert],
    results: &[(Measure::NtProBnp, 8900.0, 2600.0), (Measure::Sodium, 132.0, 135.0)],
    tests: &[&lab::NT_PRO_BNP],
    drugs: &[&drug::FUROSEMIDE_IV],
    radiograph: Some("Heart enlarged. Small effusions on both sides."),
    admission: "Gained five kilograms in two weeks, cannot lie flat. Impression: acute on chronic heart failure. Plan: \
                intravenous furosemide, daily weight.",
    progress: "Four kilograms lighter, ankles slim. Tablets from tomorrow, home in two days.",
};

/// Every story above, for the tests of the table.
pub static STORIES: [&Story; 9] =
    [&TEACHING, &PNEUMONIA, &SEPSIS, &COPD, &HYPERKALEMIA, &HYPERGLYCEMIA, &HYPONATREMIA, &ANEMIA, &HEART_FAILURE];
