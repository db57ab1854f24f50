//! The course of each long-term illness as data: where it is followed, how often, what is measured, done and prescribed.
//!
//! Source: the shape follows the guideline each row names; intervals and shares are planning figures of ours.

use super::Code;
use super::drug::{self, Drug};
use super::lab::{self, Analyte, Panel};
use super::prevalence::Illness;
use super::problem::{self, Problem};
use crate::demo::institution::Clinic;
use crate::demo::person::Person;

/// One line of treatment.
pub struct Line {
    /// One of these is chosen per person.
    pub choices: &'static [&'static Drug],
    /// Years after onset when it starts, and when the next line replaces it.
    pub from_years: f64,
    pub until_years: Option<f64>,
    /// Share of people who get it.
    pub share: f64,
    /// People who must not get it, or get the like from another programme.
    pub unless: fn(&Person) -> bool,
}

/// Something done at every n-th visit.
pub struct Every<T: 'static> {
    pub visits: u32,
    pub what: &'static T,
}

pub struct Programme {
    pub illness: Illness,
    /// The name of the stream of draws: never change one, the bytes depend on it.
    pub module: &'static str,
    pub problem: fn(&Person) -> &'static Problem,
    pub clinic: Clinic,
    pub months_between: f64,
    pub panels: &'static [Every<Panel>],
    pub measures: &'static [Every<Analyte>],
    pub procedures: &'static [Every<Code>],
    pub lines: &'static [Line],
    /// Goal: description, and the upper bound of each measure.
    pub goal: Option<(&'static str, &'static [(&'static Analyte, f64)])>,
    pub note: &'static str,
    pub source: &'static str,
}

const fn every<T>(visits: u32, what: &'static T) -> Every<T> {
    Every { visits, what }
}

const fn line(
    choices: &'static [&'static Drug],
    from: f64,
    until: Option<f64>,
    share: f64,
    unless: fn(&Person) -> bool,
) -> Line {
    Line { choices, from_years: from, until_years: until, share, unless }
}

fn nobody(_: &Person) -> bool {
    false
}

fn kidneys_weak(p: &Person) -> bool {
    p.egfr_end() < 45.0
}

fn kidneys_strong(p: &Person) -> bool {
    !kidneys_weak(p)
}

/// Anticoagulants, weak kidneys, a weak heart or an aspirin allergy forbid NSAIDs. Source: labels; AGS Beers 2023.
pub fn no_nsaid(p: &Person) -> bool {
    p.egfr_end() < 60.0
        || p.age_end() >= 75.0
        || p.is_allergic(&problem::ASPIRIN_ALLERGY)
        || [Illness::AtrialFibrillation, Illness::HeartFailure, Illness::Coronary, Illness::KidneyDisease]
            .iter()
            .any(|i| p.has(*i))
}

fn has_hypertension(p: &Person) -> bool {
    p.has(Illness::Hypertension)
}

fn has_heart_failure(p: &Person) -> bool {
    p.has(Illness::HeartFailure)
}

fn ace_elsewhere(p: &Person) -> bool {
    p.has(Illness::Hypertension) || p.has(Illness::HeartFailure)
}

fn beta_blocker_elsewhere(p: &Person) -> bool {
    p.has(Illness::HeartFailure) || p.has(Illness::Coronary)
}

fn statin_elsewhere(p: &Person) -> bool {
    p.has(Illness::Lipids)
}

fn no_aspirin(p: &Person) -> bool {
    p.has(Illness::AtrialFibrillation) || p.is_allergic(&problem::ASPIRIN_ALLERGY)
}

/// Two of: 80 years, 60 kg, creatinine 1.5 mg/dL (apixaban label, section 2.1).
fn apixaban_reduced(p: &Person) -> bool {
    p.apixaban_criteria() >= 2
}

fn apixaban_full(p: &Person) -> bool {
    !apixaban_reduced(p)
}

fn under_eighteen(p: &Person) -> bool {
    p.age_end() < 18.0
}

fn ssri_elsewhere(p: &Person) -> bool {
    p.has(Illness::Depression) || under_eighteen(p)
}

fn kidney_stage(p: &Person) -> &'static Problem {
    match p.egfr_end() {
        e if e >= 60.0 => &problem::CKD_2,
        e if e >= 45.0 => &problem::CKD_3A,
        e if e >= 30.0 => &problem::CKD_3B,
        _ => &problem::CKD_4,
    }
}

pub static PROGRAMMES: &[Programme] = &[
    Programme {
        illness: Illness::Diabetes,
        module: "diabetes-2",
        problem: |_| &problem::DIABETES,
        clinic: Clinic::Endocrinology,
        months_between: 6.0,
        panels: &[every(2, &lab::METABOLIC)],
        measures: &[every(1, &lab::HBA1C), every(2, &lab::ALBUMIN_CREATININE)],
        procedures: &[every(3, &problem::FOOT_EXAM), every(3, &problem::RETINA_SCREENING)],
        lines: &[
            line(&[&drug::METFORMIN_500], 0.0, Some(0.8), 1.0, kidneys_weak),
            line(&[&drug::METFORMIN_1000], 0.8, None, 1.0, kidneys_weak),
            line(&[&drug::GLIPIZIDE, &drug::EMPAGLIFLOZIN, &drug::EMPAGLIFLOZIN], 2.0, None, 0.55, kidneys_weak),
            line(&[&drug::INSULIN_GLARGINE], 0.2, None, 1.0, kidneys_strong),
            line(&[&drug::INSULIN_GLARGINE], 7.0, None, 0.35, kidneys_weak),
        ],
        goal: Some(("HbA1c below 7 %", &[(&lab::HBA1C, 7.0)])),
        note: "Diabetes review. Home glucose diary discussed, feet and eyes asked about, no hypoglycemia reported.",
        source: "ADA Standards of Care",
    },
    Programme {
        illness: Illness::Hypertension,
        module: "hypertension",
        problem: |_| &problem::HYPERTENSION,
        clinic: Clinic::Primary,
        months_between: 12.0,
        panels: &[every(2, &lab::METABOLIC)],
        measures: &[],
        procedures: &[every(6, &problem::ECG)],
        lines: &[
            line(&[&drug::LISINOPRIL_10], 0.0, Some(1.0), 0.7, nobody),
            line(&[&drug::LISINOPRIL_20, &drug::LOSARTAN], 1.0, None, 0.85, nobody),
            line(&[&drug::AMLODIPINE_5, &drug::HYDROCHLOROTHIAZIDE], 2.0, Some(5.0), 0.5, has_heart_failure),
            line(&[&drug::AMLODIPINE_10, &drug::AMLODIPINE_5], 5.0, None, 0.5, has_heart_failure),
        ],
        goal: Some(("Blood pressure below 130/80 mmHg", &[(&lab::SYSTOLIC, 130.0), (&lab::DIASTOLIC, 80.0)])),
        note: "Blood pressure review. Takes the tablets on most days. Salt and exercise discussed.",
        source: "ACC/AHA 2017 hypertension guideline",
    },
    Programme {
        illness: Illness::KidneyDisease,
        module: "kidney-disease",
        problem: kidney_stage,
        clinic: Clinic::Nephrology,
        months_between: 9.0,
        panels: &[every(1, &lab::METABOLIC), every(2, &lab::BLOOD_COUNT)],
        measures: &[every(1, &lab::ALBUMIN_CREATININE)],
        procedures: &[],
        lines: &[line(&[&drug::LOSARTAN], 0.5, None, 0.6, ace_elsewhere)],
        goal: None,
        note: "Kidney review. Fluid state normal. Advised to avoid anti-inflammatory painkillers.",
        source: "KDIGO 2024 CKD guideline",
    },
    Programme {
        illness: Illness::Lipids,
        module: "lipids",
        problem: |_| &problem::HYPERLIPIDEMIA,
        clinic: Clinic::Primary,
        months_between: 17.0,
        panels: &[every(1, &lab::LIPID), every(2, &lab::LIVER)],
        measures: &[],
        procedures: &[],
        lines: &[
            line(&[&drug::ATORVASTATIN_20], 0.0, Some(2.0), 0.9, nobody),
            line(&[&drug::ATORVASTATIN_40, &drug::ATORVASTATIN_20], 2.0, None, 0.9, nobody),
        ],
        goal: Some(("LDL cholesterol below 100 mg/dL", &[(&lab::LDL, 100.0)])),
        note: "Cholesterol review. Tolerates the statin, no muscle pain.",
        source: "AHA/ACC 2018 cholesterol guideline",
    },
    Programme {
        illness: Illness::Asthma,
        module: "asthma",
        problem: |_| &problem::ASTHMA,
        clinic: Clinic::Respiratory,
        months_between: 10.0,
        panels: &[],
        measures: &[every(2, &lab::FEV1_RATIO)],
        procedures: &[every(2, &problem::SPIROMETRY)],
        lines: &[
            line(&[&drug::ALBUTEROL], 0.0, None, 1.0, nobody),
            line(&[&drug::FLUTICASONE], 0.3, None, 0.7, nobody),
        ],
        goal: None,
        note: "Asthma review. Inhaler technique checked, no night symptoms this month.",
        source: "GINA report",
    },
    Programme {
        illness: Illness::Copd,
        module: "copd",
        problem: |_| &problem::COPD,
        clinic: Clinic::Respiratory,
        months_between: 9.0,
        panels: &[every(3, &lab::BLOOD_COUNT)],
        measures: &[every(2, &lab::FEV1_RATIO)],
        procedures: &[every(2, &problem::SPIROMETRY)],
        lines: &[
            line(&[&drug::ALBUTEROL], 0.0, None, 1.0, |p| p.has(Illness::Asthma)),
            line(&[&drug::TIOTROPIUM], 0.2, None, 0.8, nobody),
            line(&[&drug::FLUTICASONE_SALMETEROL], 2.0, None, 0.4, |p| p.has(Illness::Asthma)),
        ],
        goal: None,
        note: "COPD review. Breathless on hills, one flare-up since the last visit. Pulmonary rehabilitation offered.",
        source: "GOLD report",
    },
    Programme {
        illness: Illness::HeartFailure,
        module: "heart-failure",
        problem: |_| &problem::HEART_FAILURE,
        clinic: Clinic::Cardiology,
        months_between: 5.0,
        panels: &[every(1, &lab::METABOLIC)],
        measures: &[every(1, &lab::NT_PRO_BNP), every(3, &lab::EJECTION_FRACTION)],
        procedures: &[every(3, &problem::ECHOCARDIOGRAPHY)],
        lines: &[
            line(&[&drug::CARVEDILOL], 0.1, None, 0.9, |p| p.has(Illness::Asthma)),
            line(&[&drug::LOSARTAN], 0.0, None, 0.9, has_hypertension),
            line(&[&drug::FUROSEMIDE], 0.0, None, 0.85, nobody),
            line(&[&drug::SPIRONOLACTONE], 0.5, None, 0.5, kidneys_weak),
            line(&[&drug::EMPAGLIFLOZIN], 1.0, None, 0.5, |p| p.has(Illness::Diabetes) || p.egfr_end() < 25.0),
        ],
        goal: None,
        note: "Heart failure review. Weighs daily, ankles not swollen, sleeps on two pillows.",
        source: "AHA/ACC/HFSA 2022 heart failure guideline",
    },
    Programme {
        illness: Illness::AtrialFibrillation,
        module: "atrial-fibrillation",
        problem: |_| &problem::ATRIAL_FIBRILLATION,
        clinic: Clinic::Cardiology,
        months_between: 8.0,
        panels: &[every(2, &lab::METABOLIC), every(2, &lab::BLOOD_COUNT)],
        measures: &[],
        procedures: &[every(1, &problem::ECG)],
        lines: &[
            line(&[&drug::APIXABAN_5], 0.0, None, 0.9, apixaban_reduced),
            line(&[&drug::APIXABAN_2_5], 0.0, None, 0.9, apixaban_full),
            line(&[&drug::METOPROLOL_50, &drug::METOPROLOL_25], 0.0, None, 0.75, beta_blocker_elsewhere),
        ],
        goal: None,
        note: "Atrial fibrillation review. Rate controlled, no bleeding, takes the anticoagulant.",
        source: "ACC/AHA/ACCP/HRS 2023 atrial fibrillation guideline",
    },
    Programme {
        illness: Illness::Coronary,
        module: "coronary",
        problem: |_| &problem::CORONARY,
        clinic: Clinic::Cardiology,
        months_between: 10.0,
        panels: &[every(1, &lab::LIPID)],
        measures: &[],
        procedures: &[every(2, &problem::ECG)],
        lines: &[
            line(&[&drug::ASPIRIN], 0.0, None, 0.95, no_aspirin),
            line(&[&drug::CLOPIDOGREL], 0.0, Some(1.0), 0.5, no_aspirin),
            line(&[&drug::ATORVASTATIN_40], 0.0, None, 0.9, statin_elsewhere),
            line(&[&drug::METOPROLOL_25], 0.0, None, 0.7, has_heart_failure),
        ],
        goal: None,
        note: "Coronary review. No chest pain at rest or on exertion.",
        source: "AHA/ACC 2023 chronic coronary disease guideline",
    },
    Programme {
        illness: Illness::Depression,
        module: "depression",
        problem: |_| &problem::DEPRESSION,
        clinic: Clinic::MentalHealth,
        months_between: 5.0,
        panels: &[],
        measures: &[every(1, &lab::PHQ9)],
        procedures: &[],
        lines: &[
            line(&[&drug::SERTRALINE_50], 0.0, Some(0.7), 0.75, under_eighteen),
            line(&[&drug::SERTRALINE_100, &drug::SERTRALINE_50], 0.7, None, 0.6, under_eighteen),
        ],
        goal: Some(("PHQ-9 below 5", &[(&lab::PHQ9, 5.0)])),
        note: "Mood review. Sleep and activity discussed, no thoughts of self-harm. Talking therapy continues.",
        source: "APA depression guideline 2019; USPSTF 2023",
    },
    Programme {
        illness: Illness::Anxiety,
        module: "anxiety",
        problem: |_| &problem::ANXIETY,
        clinic: Clinic::MentalHealth,
        months_between: 6.0,
        panels: &[],
        measures: &[every(1, &lab::GAD7)],
        procedures: &[],
        lines: &[line(&[&drug::FLUOXETINE], 0.2, None, 0.5, ssri_elsewhere)],
        goal: None,
        note: "Anxiety review. Breathing exercises help, avoids fewer situations than before.",
        source: "USPSTF 2023",
    },
    Programme {
        illness: Illness::Hypothyroid,
        module: "hypothyroid",
        problem: |_| &problem::HYPOTHYROID,
        clinic: Clinic::Endocrinology,
        months_between: 12.0,
        panels: &[],
        measures: &[every(1, &lab::THYROTROPIN), every(1, &lab::FREE_T4)],
        procedures: &[],
        lines: &[line(&[&drug::LEVOTHYROXINE], 0.0, None, 1.0, nobody)],
        goal: None,
        note: "Thyroid review. Takes the tablet before breakfast, energy normal.",
        source: "ATA 2014 hypothyroidism guideline",
    },
    Programme {
        illness: Illness::Osteoarthritis,
        module: "osteoarthritis",
        problem: |_| &problem::OSTEOARTHRITIS,
        clinic: Clinic::Orthopaedics,
        months_between: 12.0,
        panels: &[],
        measures: &[every(1, &lab::PAIN)],
        procedures: &[every(2, &problem::PHYSICAL_THERAPY)],
        lines: &[line(&[&drug::ACETAMINOPHEN], 0.0, None, 0.8, nobody)],
        goal: None,
        note: "Knee review. Pain on stairs, exercises at home twice a week.",
        source: "ACR 2019 osteoarthritis guideline",
    },
    Programme {
        illness: Illness::BackPain,
        module: "back-pain",
        problem: |_| &problem::BACK_PAIN,
        clinic: Clinic::Primary,
        months_between: 11.0,
        panels: &[],
        measures: &[every(1, &lab::PAIN)],
        procedures: &[every(1, &problem::PHYSICAL_THERAPY)],
        lines: &[line(&[&drug::IBUPROFEN], 0.0, None, 0.6, no_nsaid)],
        goal: None,
        note: "Back pain review. No red flags, keeps active, works full hours.",
        source: "ACP 2017 low back pain guideline",
    },
];
