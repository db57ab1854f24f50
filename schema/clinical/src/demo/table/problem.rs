//! Problems, findings, procedures, visit types and allergens.
//!
//! Source: SNOMED CT International and US editions; ICD-10-CM FY 2025 tabular list. Displays are the terminologies' own.

use super::{Code, ICD10, code, snomed};

/// A diagnosis with both codings.
#[derive(Debug, PartialEq)]
pub struct Problem {
    pub snomed: Code,
    pub icd10: Code,
    /// What the problem list shows.
    pub text: &'static str,
}

const fn problem(sct: (&'static str, &'static str), icd: (&'static str, &'static str), text: &'static str) -> Problem {
    Problem { snomed: snomed(sct.0, sct.1), icd10: code(ICD10, icd.0, icd.1), text }
}

pub const DIABETES: Problem = problem(
    ("44054006", "Diabetes mellitus type 2"),
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    "Type 2 diabetes mellitus",
);
pub const HYPERTENSION: Problem = problem(
    ("59621000", "Essential hypertension"),
    ("I10", "Essential (primary) hypertension"),
    "Essential hypertension",
);
pub const CKD_2: Problem = problem(
    ("431856006", "Chronic kidney disease stage 2"),
    ("N18.2", "Chronic kidney disease, stage 2 (mild)"),
    "Chronic kidney disease, stage 2",
);
pub const CKD_3A: Problem = problem(
    ("700378005", "Chronic kidney disease stage 3A"),
    ("N18.31", "Chronic kidney disease, stage 3a"),
    "Chronic kidney disease, stage 3a",
);
pub const CKD_3B: Problem = problem(
    ("700379002", "Chronic kidney disease stage 3B"),
    ("N18.32", "Chronic kidney disease, stage 3b"),
    "Chronic kidney disease, stage 3b",
);
pub const CKD_4: Problem = problem(
    ("431857002", "Chronic kidney disease stage 4"),
    ("N18.4", "Chronic kidney disease, stage 4 (severe)"),
    "Chronic kidney disease, stage 4",
);
pub const HYPERLIPIDEMIA: Problem =
    problem(("55822004", "Hyperlipidemia"), ("E78.5", "Hyperlipidemia, unspecified"), "Hyperlipidemia");
pub const ASTHMA: Problem =
    problem(("195967001", "Asthma"), ("J45.909", "Unspecified asthma, uncomplicated"), "Asthma");
pub const COPD: Problem = problem(
    ("13645005", "Chronic obstructive lung disease"),
    ("J44.9", "Chronic obstructive pulmonary disease, unspecified"),
    "Chronic obstructive pulmonary disease",
);
pub const COPD_EXACERBATION: Problem = problem(
    ("195951007", "Acute exacerbation of chronic obstructive airways disease"),
    ("J44.1", "Chronic obstructive pulmonary disease with (acute) exacerbation"),
    "Exacerbation of COPD",
);
pub const HEART_FAILURE_ACUTE: Problem = problem(
    ("42343007", "Congestive heart failure"),
    ("I50.23", "Acute on chronic systolic (congestive) heart failure"),
    "Acute on chronic heart failure, reduced ejection fraction",
);
pub const HEART_FAILURE: Problem = problem(
    ("88805009", "Chronic congestive heart failure"),
    ("I50.22", "Chronic systolic (congestive) heart failure"),
    "Chronic heart failure, reduced ejection fraction",
);
pub const ATRIAL_FIBRILLATION: Problem =
    problem(("49436004", "Atrial fibrillation"), ("I48.91", "Unspecified atrial fibrillation"), "Atrial fibrillation");
pub const CORONARY: Problem = problem(
    ("53741008", "Coronary arteriosclerosis"),
    ("I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris"),
    "Coronary artery disease",
);
pub const DEPRESSION: Problem =
    problem(("35489007", "Depressive disorder"), ("F32.A", "Depression, unspecified"), "Depression");
pub const ANXIETY: Problem = problem(
    ("21897009", "Generalized anxiety disorder"),
    ("F41.1", "Generalized anxiety disorder"),
    "Generalised anxiety disorder",
);
pub const HYPOTHYROID: Problem =
    problem(("40930008", "Hypothyroidism"), ("E03.9", "Hypothyroidism, unspecified"), "Hypothyroidism");
pub const OSTEOARTHRITIS: Problem = problem(
    ("239873007", "Osteoarthritis of knee"),
    ("M17.9", "Osteoarthritis of knee, unspecified"),
    "Osteoarthritis of knee",
);
pub const BACK_PAIN: Problem =
    problem(("279039007", "Low back pain"), ("M54.50", "Low back pain, unspecified"), "Low back pain");
pub const OBESITY: Problem = problem(("414916001", "Obesity"), ("E66.9", "Obesity, unspecified"), "Obesity");
pub const PNEUMONIA: Problem = problem(
    ("385093006", "Community acquired pneumonia"),
    ("J18.9", "Pneumonia, unspecified organism"),
    "Community-acquired pneumonia",
);
pub const BRONCHITIS: Problem =
    problem(("10509002", "Acute bronchitis"), ("J20.9", "Acute bronchitis, unspecified"), "Acute bronchitis");
pub const PHARYNGITIS: Problem = problem(
    ("195662009", "Acute viral pharyngitis"),
    ("J02.9", "Acute pharyngitis, unspecified"),
    "Acute viral pharyngitis",
);
pub const SINUSITIS: Problem =
    problem(("444814009", "Viral sinusitis"), ("J01.90", "Acute sinusitis, unspecified"), "Viral sinusitis");
pub const OTITIS: Problem =
    problem(("65363002", "Otitis media"), ("H66.90", "Otitis media, unspecified, unspecified ear"), "Otitis media");
pub const STREP: Problem = problem(
    ("43878008", "Streptococcal sore throat"),
    ("J02.0", "Streptococcal pharyngitis"),
    "Streptococcal sore throat",
);
pub const ANKLE_SPRAIN: Problem = problem(
    ("44465007", "Sprain of ankle"),
    ("S93.409A", "Sprain of unspecified ligament of unspecified ankle, initial encounter"),
    "Sprain of ankle",
);
pub const FOREARM_FRACTURE: Problem = problem(
    ("65966004", "Fracture of forearm"),
    ("S52.90XA", "Unspecified fracture of unspecified forearm, initial encounter for closed fracture"),
    "Fracture of forearm",
);
pub const CONCUSSION: Problem = problem(
    ("62106007", "Concussion with no loss of consciousness"),
    ("S06.0X0A", "Concussion without loss of consciousness, initial encounter"),
    "Concussion",
);
pub const PREGNANCY: Problem = problem(
    ("72892002", "Normal pregnancy"),
    ("Z34.90", "Encounter for supervision of normal pregnancy, unspecified, unspecified trimester"),
    "Normal pregnancy",
);
pub const HYPERKALEMIA: Problem = problem(("14140009", "Hyperkalemia"), ("E87.5", "Hyperkalemia"), "Hyperkalemia");
pub const HYPONATREMIA: Problem =
    problem(("89627008", "Hyponatremia"), ("E87.1", "Hypo-osmolality and hyponatremia"), "Hyponatremia");
pub const HYPERGLYCEMIA: Problem =
    problem(("80394007", "Hyperglycemia"), ("R73.9", "Hyperglycemia, unspecified"), "Severe hyperglycemia");
pub const ANEMIA: Problem = problem(("271737000", "Anemia"), ("D64.9", "Anemia, unspecified"), "Anemia");

/// Every problem above, for the tests of the table.
pub const PROBLEMS: &[&Problem] = &[
    &DIABETES,
    &HYPERTENSION,
    &CKD_2,
    &CKD_3A,
    &CKD_3B,
    &CKD_4,
    &HYPERLIPIDEMIA,
    &ASTHMA,
    &COPD,
    &COPD_EXACERBATION,
    &HEART_FAILURE,
    &HEART_FAILURE_ACUTE,
    &ATRIAL_FIBRILLATION,
    &CORONARY,
    &DEPRESSION,
    &ANXIETY,
    &HYPOTHYROID,
    &OSTEOARTHRITIS,
    &BACK_PAIN,
    &OBESITY,
    &PNEUMONIA,
    &BRONCHITIS,
    &PHARYNGITIS,
    &SINUSITIS,
    &OTITIS,
    &STREP,
    &ANKLE_SPRAIN,
    &FOREARM_FRACTURE,
    &CONCUSSION,
    &PREGNANCY,
    &HYPERKALEMIA,
    &HYPONATREMIA,
    &HYPERGLYCEMIA,
    &ANEMIA,
];

// Visit types
pub const CHECK_UP: Code = snomed("185349003", "Encounter for check up");
pub const FOLLOW_UP: Code = snomed("390906007", "Follow-up encounter");
pub const SYMPTOM_VISIT: Code = snomed("185345009", "Encounter for symptom");
pub const INFLUENZA_VACCINATION: Code =
    snomed("86198006", "Administration of vaccine product containing only Influenza virus antigen");
pub const WELL_CHILD: Code = snomed("410620009", "Well child visit");
pub const EMERGENCY: Code = snomed("50849002", "Emergency room admission");
pub const ADMISSION: Code = snomed("183452005", "Emergency hospital admission");
pub const PRENATAL_FIRST: Code = snomed("424441002", "Prenatal initial visit");
pub const PRENATAL: Code = snomed("424619006", "Prenatal visit");
pub const POSTNATAL: Code = snomed("169762003", "Postnatal visit");

// Procedures
pub const COLONOSCOPY: Code = snomed("73761001", "Colonoscopy");
pub const MAMMOGRAPHY: Code = snomed("71651007", "Mammography");
pub const CHEST_XRAY: Code = snomed("399208008", "Plain chest X-ray");
pub const SPIROMETRY: Code = snomed("127783003", "Spirometry");
pub const ECHOCARDIOGRAPHY: Code = snomed("40701008", "Echocardiography");
pub const ECG: Code = snomed("29303009", "Electrocardiographic procedure");
pub const RETINA_SCREENING: Code = snomed("134395001", "Diabetic retinopathy screening");
pub const FOOT_EXAM: Code = snomed("401191002", "Diabetic foot examination");
pub const IMMOBILISATION: Code = snomed("274474001", "Bone immobilization");
pub const PREGNANCY_TEST: Code = snomed("252160004", "Standard pregnancy test");
pub const CHILDBIRTH: Code = snomed("66348005", "Childbirth");
pub const PHYSICAL_THERAPY: Code = snomed("91251008", "Physical therapy procedure");

/// All of them.
pub const PROCEDURES: &[Code] = &[
    COLONOSCOPY,
    MAMMOGRAPHY,
    CHEST_XRAY,
    SPIROMETRY,
    ECHOCARDIOGRAPHY,
    ECG,
    RETINA_SCREENING,
    FOOT_EXAM,
    IMMOBILISATION,
    PREGNANCY_TEST,
    CHILDBIRTH,
    PHYSICAL_THERAPY,
];

// Smoking status, for LOINC 72166-2
pub const NEVER_SMOKER: Code = snomed("266919005", "Never smoked tobacco");
pub const FORMER_SMOKER: Code = snomed("8517006", "Ex-smoker");
pub const CURRENT_SMOKER: Code = snomed("77176002", "Smoker");

/// What somebody is allergic to, and how it showed.
#[derive(Debug)]
pub struct Allergy {
    pub code: Code,
    pub text: &'static str,
    /// R4 allergy-intolerance-category: `food`, `medication`, `environment`.
    pub category: &'static str,
    pub reaction: Code,
    /// R4 allergy-intolerance-criticality.
    pub criticality: &'static str,
    /// R4 reaction-event-severity.
    pub severity: &'static str,
}

const ANAPHYLAXIS: Code = snomed("39579001", "Anaphylaxis");
const RASH: Code = snomed("271807003", "Eruption of skin");
const URTICARIA: Code = snomed("126485001", "Urticaria");

pub const PENICILLIN: Allergy = Allergy {
    code: snomed("91936005", "Allergy to penicillin"),
    text: "Penicillin",
    category: "medication",
    reaction: ANAPHYLAXIS,
    criticality: "high",
    severity: "severe",
};
pub const SULFONAMIDE: Allergy = Allergy {
    code: snomed("91939003", "Allergy to sulfonamide"),
    text: "Sulfonamides",
    category: "medication",
    reaction: RASH,
    criticality: "low",
    severity: "moderate",
};
pub const CONTRAST: Allergy = Allergy {
    code: snomed("293637006", "Allergy to contrast media"),
    text: "Iodinated contrast",
    category: "medication",
    reaction: URTICARIA,
    criticality: "low",
    severity: "moderate",
};
pub const ASPIRIN_ALLERGY: Allergy = Allergy {
    code: snomed("293586001", "Allergy to aspirin"),
    text: "Aspirin",
    category: "medication",
    reaction: URTICARIA,
    criticality: "low",
    severity: "moderate",
};
const PEANUT: Allergy = Allergy {
    code: snomed("91935009", "Allergy to peanut"),
    text: "Peanut",
    category: "food",
    reaction: ANAPHYLAXIS,
    criticality: "high",
    severity: "severe",
};
const SHELLFISH: Allergy = Allergy {
    code: snomed("300913006", "Allergy to shellfish"),
    text: "Shellfish",
    category: "food",
    reaction: URTICARIA,
    criticality: "low",
    severity: "moderate",
};
const LATEX: Allergy = Allergy {
    code: snomed("300916003", "Allergy to latex"),
    text: "Latex",
    category: "environment",
    reaction: RASH,
    criticality: "low",
    severity: "mild",
};
const DUST_MITE: Allergy = Allergy {
    code: snomed("232350006", "Allergy to house dust mite"),
    text: "House dust mite",
    category: "environment",
    reaction: snomed("70076002", "Rhinitis"),
    criticality: "low",
    severity: "mild",
};

/// Allergens with the share of people who have one recorded; planning figures of ours.
pub const ALLERGIES: &[(&Allergy, f64)] = &[
    (&PENICILLIN, 0.09),
    (&SULFONAMIDE, 0.04),
    (&CONTRAST, 0.01),
    (&ASPIRIN_ALLERGY, 0.015),
    (&PEANUT, 0.02),
    (&SHELLFISH, 0.025),
    (&LATEX, 0.01),
    (&DUST_MITE, 0.03),
];

pub const NO_KNOWN_ALLERGY: Code = snomed("716186003", "No known allergy");
