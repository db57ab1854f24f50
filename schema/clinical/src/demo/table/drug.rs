//! Drugs as RxNorm codes them, with the dose the hospital gives.
//!
//! Source: RxNorm (Current Prescribable Content); doses are ordinary labelled adult doses. A drug given at several strengths is
//! coded by its ingredient and dosed by the instruction.

use super::{Code, RXNORM, code, snomed};

/// How often: text, R4 timing (`frequency` per `period` `unit`), HL7 GTSAbbreviation where one exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Often {
    Daily,
    Night,
    Twice,
    Three,
    Four,
    Weekly,
    Once,
    /// As needed, at most every so many hours.
    AsNeeded(u8),
}

impl Often {
    pub fn text(self) -> &'static str {
        match self {
            Self::Daily => "once daily",
            Self::Night => "at night",
            Self::Twice => "twice daily",
            Self::Three => "three times daily",
            Self::Four => "four times daily",
            Self::Weekly => "once a week",
            Self::Once => "once",
            Self::AsNeeded(_) => "as needed",
        }
    }

    /// Frequency, period, period unit.
    pub fn repeat(self) -> (u64, u64, &'static str) {
        match self {
            Self::Daily | Self::Night | Self::Once => (1, 1, "d"),
            Self::Twice => (2, 1, "d"),
            Self::Three => (3, 1, "d"),
            Self::Four => (4, 1, "d"),
            Self::Weekly => (1, 1, "wk"),
            Self::AsNeeded(hours) => (1, u64::from(hours), "h"),
        }
    }

    pub fn code(self) -> Option<Code> {
        const GTS: &str = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation";
        match self {
            Self::Daily => Some(code(GTS, "QD", "QD")),
            Self::Twice => Some(code(GTS, "BID", "BID")),
            Self::Three => Some(code(GTS, "TID", "TID")),
            Self::Four => Some(code(GTS, "QID", "QID")),
            Self::Night => Some(code(GTS, "BED", "at bedtime")),
            Self::Weekly => Some(code(GTS, "WK", "weekly")),
            Self::Once | Self::AsNeeded(_) => None,
        }
    }

    /// Doses in `days`, for the quantity to dispense.
    pub fn doses(self, days: f64) -> f64 {
        let per_day = match self {
            Self::Once => return 1.0,
            Self::Daily | Self::Night => 1.0,
            Self::Twice => 2.0,
            Self::Three => 3.0,
            Self::Four => 4.0,
            Self::Weekly => 1.0 / 7.0,
            Self::AsNeeded(hours) => 24.0 / f64::from(hours) / 4.0,
        };
        (per_day * days).ceil()
    }
}

#[derive(Debug)]
pub struct Drug {
    pub code: Code,
    /// Short name, dose and form for people: `metformin 500 mg tablet`.
    pub text: &'static str,
    pub form: &'static str,
    pub route: &'static Code,
    pub dose: f64,
    pub dose_digits: u8,
    /// UCUM unit of the dose.
    pub unit: &'static str,
    pub often: Often,
}

/// The route in words of an instruction.
pub fn way(route: &Code) -> &'static str {
    match *route {
        r if r == ORAL => "by mouth",
        r if r == INTRAVENOUS => "into a vein",
        r if r == SUBCUTANEOUS => "under the skin",
        r if r == INHALED => "inhaled",
        r if r == INTRAMUSCULAR => "into a muscle",
        _ => route.display,
    }
}

pub const ORAL: Code = snomed("26643006", "Oral route");
pub const INTRAVENOUS: Code = snomed("47625008", "Intravenous route");
pub const SUBCUTANEOUS: Code = snomed("34206005", "Subcutaneous route");
pub const INHALED: Code = snomed("447694001", "Respiratory tract route");
pub const INTRAMUSCULAR: Code = snomed("78421000", "Intramuscular route");

const fn rx(value: &'static str, display: &'static str) -> Code {
    code(RXNORM, value, display)
}

const fn tablet(code: Code, text: &'static str, dose: (f64, u8), often: Often) -> Drug {
    Drug { code, text, form: "tablet", route: &ORAL, dose: dose.0, dose_digits: dose.1, unit: "mg", often }
}

const fn capsule(code: Code, text: &'static str, dose: f64, often: Often) -> Drug {
    Drug { code, text, form: "capsule", route: &ORAL, dose, dose_digits: 0, unit: "mg", often }
}

const fn inhaler(code: Code, text: &'static str, puffs: f64, often: Often) -> Drug {
    Drug { code, text, form: "inhaler", route: &INHALED, dose: puffs, dose_digits: 0, unit: "{puff}", often }
}

pub static METFORMIN_500: Drug =
    tablet(rx("861007", "metformin hydrochloride 500 MG Oral Tablet"), "metformin 500 mg", (500.0, 0), Often::Twice);
pub static METFORMIN_1000: Drug = tablet(
    rx("861004", "metformin hydrochloride 1000 MG Oral Tablet"),
    "metformin 1,000 mg",
    (1000.0, 0),
    Often::Twice,
);
pub static GLIPIZIDE: Drug =
    tablet(rx("310490", "glipizide 5 MG Oral Tablet"), "glipizide 5 mg", (5.0, 0), Often::Daily);
pub static EMPAGLIFLOZIN: Drug =
    tablet(rx("1545653", "empagliflozin 10 MG Oral Tablet"), "empagliflozin 10 mg", (10.0, 0), Often::Daily);
pub static INSULIN_GLARGINE: Drug = Drug {
    code: rx("311041", "insulin glargine 100 UNT/ML Injectable Solution"),
    text: "insulin glargine 14 units",
    form: "injection",
    route: &SUBCUTANEOUS,
    dose: 14.0,
    dose_digits: 0,
    unit: "[iU]",
    often: Often::Night,
};
pub static LISINOPRIL_10: Drug =
    tablet(rx("314076", "lisinopril 10 MG Oral Tablet"), "lisinopril 10 mg", (10.0, 0), Often::Daily);
pub static LISINOPRIL_20: Drug =
    tablet(rx("314077", "lisinopril 20 MG Oral Tablet"), "lisinopril 20 mg", (20.0, 0), Often::Daily);
pub static LOSARTAN: Drug =
    tablet(rx("979492", "losartan potassium 50 MG Oral Tablet"), "losartan 50 mg", (50.0, 0), Often::Daily);
pub static AMLODIPINE_5: Drug =
    tablet(rx("197361", "amlodipine 5 MG Oral Tablet"), "amlodipine 5 mg", (5.0, 0), Often::Daily);
pub static AMLODIPINE_10: Drug =
    tablet(rx("308135", "amlodipine 10 MG Oral Tablet"), "amlodipine 10 mg", (10.0, 0), Often::Daily);
pub static HYDROCHLOROTHIAZIDE: Drug =
    tablet(rx("310798", "hydrochlorothiazide 25 MG Oral Tablet"), "hydrochlorothiazide 25 mg", (25.0, 0), Often::Daily);
pub static ATORVASTATIN_20: Drug =
    tablet(rx("617310", "atorvastatin 20 MG Oral Tablet"), "atorvastatin 20 mg", (20.0, 0), Often::Night);
pub static ATORVASTATIN_40: Drug =
    tablet(rx("617311", "atorvastatin 40 MG Oral Tablet"), "atorvastatin 40 mg", (40.0, 0), Often::Night);
pub static METOPROLOL_25: Drug = tablet(
    rx("866427", "24 HR metoprolol succinate 25 MG Extended Release Oral Tablet"),
    "metoprolol succinate 25 mg",
    (25.0, 0),
    Often::Daily,
);
pub static METOPROLOL_50: Drug = tablet(
    rx("866436", "24 HR metoprolol succinate 50 MG Extended Release Oral Tablet"),
    "metoprolol succinate 50 mg",
    (50.0, 0),
    Often::Daily,
);
pub static CARVEDILOL: Drug =
    tablet(rx("200031", "carvedilol 6.25 MG Oral Tablet"), "carvedilol 6.25 mg", (6.25, 2), Often::Twice);
pub static FUROSEMIDE: Drug =
    tablet(rx("313988", "furosemide 40 MG Oral Tablet"), "furosemide 40 mg", (40.0, 0), Often::Daily);
pub static SPIRONOLACTONE: Drug =
    tablet(rx("313096", "spironolactone 25 MG Oral Tablet"), "spironolactone 25 mg", (25.0, 0), Often::Daily);
pub static APIXABAN_5: Drug =
    tablet(rx("1364445", "apixaban 5 MG Oral Tablet"), "apixaban 5 mg", (5.0, 0), Often::Twice);
pub static APIXABAN_2_5: Drug =
    tablet(rx("1364435", "apixaban 2.5 MG Oral Tablet"), "apixaban 2.5 mg", (2.5, 1), Often::Twice);
pub static ASPIRIN: Drug = tablet(rx("243670", "aspirin 81 MG Oral Tablet"), "aspirin 81 mg", (81.0, 0), Often::Daily);
pub static CLOPIDOGREL: Drug =
    tablet(rx("309362", "clopidogrel 75 MG Oral Tablet"), "clopidogrel 75 mg", (75.0, 0), Often::Daily);
pub static SERTRALINE_50: Drug =
    tablet(rx("312941", "sertraline 50 MG Oral Tablet"), "sertraline 50 mg", (50.0, 0), Often::Daily);
pub static SERTRALINE_100: Drug =
    tablet(rx("312938", "sertraline 100 MG Oral Tablet"), "sertraline 100 mg", (100.0, 0), Often::Daily);
pub static FLUOXETINE: Drug =
    capsule(rx("310385", "fluoxetine 20 MG Oral Capsule"), "fluoxetine 20 mg", 20.0, Often::Daily);
pub static LEVOTHYROXINE: Drug = Drug {
    code: rx("10582", "levothyroxine"),
    text: "levothyroxine 75 mcg",
    form: "tablet",
    route: &ORAL,
    dose: 75.0,
    dose_digits: 0,
    unit: "ug",
    often: Often::Daily,
};
pub static ALBUTEROL: Drug = inhaler(
    rx("745679", "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"),
    "albuterol inhaler",
    2.0,
    Often::AsNeeded(6),
);
pub static FLUTICASONE: Drug = inhaler(
    rx("895994", "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"),
    "fluticasone inhaler",
    2.0,
    Often::Twice,
);
pub static FLUTICASONE_SALMETEROL: Drug = inhaler(
    rx("896209", "60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler"),
    "fluticasone-salmeterol inhaler",
    1.0,
    Often::Twice,
);
pub static TIOTROPIUM: Drug = Drug {
    code: rx("69120", "tiotropium"),
    text: "tiotropium 18 mcg",
    form: "inhalation capsule",
    route: &INHALED,
    dose: 18.0,
    dose_digits: 0,
    unit: "ug",
    often: Often::Daily,
};
pub static PREDNISONE: Drug =
    tablet(rx("312615", "prednisone 20 MG Oral Tablet"), "prednisone 40 mg", (40.0, 0), Often::Daily);
pub static AMOXICILLIN: Drug =
    capsule(rx("308191", "amoxicillin 500 MG Oral Capsule"), "amoxicillin 500 mg", 500.0, Often::Three);
pub static AZITHROMYCIN: Drug =
    tablet(rx("308460", "azithromycin 250 MG Oral Tablet"), "azithromycin 250 mg", (250.0, 0), Often::Daily);
pub static DOXYCYCLINE: Drug =
    tablet(rx("1650143", "doxycycline hyclate 100 MG Oral Tablet"), "doxycycline 100 mg", (100.0, 0), Often::Twice);
pub static CEFTRIAXONE: Drug = Drug {
    code: rx("2193", "ceftriaxone"),
    text: "ceftriaxone 1 g",
    form: "injection",
    route: &INTRAVENOUS,
    dose: 1.0,
    dose_digits: 0,
    unit: "g",
    often: Often::Daily,
};
pub static FUROSEMIDE_IV: Drug = Drug {
    code: rx("4603", "furosemide"),
    text: "furosemide 40 mg",
    form: "injection",
    route: &INTRAVENOUS,
    dose: 40.0,
    dose_digits: 0,
    unit: "mg",
    often: Often::Twice,
};
const fn once(code: Code, text: &'static str, dose: f64, unit: &'static str) -> Drug {
    Drug { code, text, form: "injection", route: &INTRAVENOUS, dose, dose_digits: 0, unit, often: Often::Once }
}

pub static CALCIUM_GLUCONATE: Drug = once(rx("1908", "calcium gluconate"), "calcium gluconate 1 g", 1.0, "g");
pub static INSULIN_REGULAR: Drug =
    once(rx("253182", "insulin, regular, human"), "regular insulin 10 units", 10.0, "[iU]");
pub static GLUCOSE: Drug = once(rx("4850", "glucose"), "glucose 25 g", 25.0, "g");
pub static POTASSIUM_CHLORIDE: Drug = Drug {
    code: rx("8591", "potassium chloride"),
    text: "potassium chloride 20 mEq",
    form: "tablet",
    route: &ORAL,
    dose: 20.0,
    dose_digits: 0,
    unit: "meq",
    often: Often::Daily,
};
pub static IBUPROFEN: Drug =
    tablet(rx("310965", "ibuprofen 200 MG Oral Tablet"), "ibuprofen 400 mg", (400.0, 0), Often::AsNeeded(6));
pub static ACETAMINOPHEN: Drug =
    tablet(rx("198440", "acetaminophen 500 MG Oral Tablet"), "acetaminophen 1,000 mg", (1000.0, 0), Often::AsNeeded(6));
pub static OMEPRAZOLE: Drug =
    capsule(rx("198051", "omeprazole 20 MG Delayed Release Oral Capsule"), "omeprazole 20 mg", 20.0, Often::Daily);

/// Every drug above, for the tests of the table.
pub static DRUGS: [&Drug; 43] = [
    &CALCIUM_GLUCONATE,
    &INSULIN_REGULAR,
    &GLUCOSE,
    &POTASSIUM_CHLORIDE,
    &METFORMIN_500,
    &METFORMIN_1000,
    &GLIPIZIDE,
    &EMPAGLIFLOZIN,
    &INSULIN_GLARGINE,
    &LISINOPRIL_10,
    &LISINOPRIL_20,
    &LOSARTAN,
    &AMLODIPINE_5,
    &AMLODIPINE_10,
    &HYDROCHLOROTHIAZIDE,
    &ATORVASTATIN_20,
    &ATORVASTATIN_40,
    &METOPROLOL_25,
    &METOPROLOL_50,
    &CARVEDILOL,
    &FUROSEMIDE,
    &SPIRONOLACTONE,
    &APIXABAN_5,
    &APIXABAN_2_5,
    &ASPIRIN,
    &CLOPIDOGREL,
    &SERTRALINE_50,
    &SERTRALINE_100,
    &FLUOXETINE,
    &LEVOTHYROXINE,
    &ALBUTEROL,
    &FLUTICASONE,
    &FLUTICASONE_SALMETEROL,
    &TIOTROPIUM,
    &PREDNISONE,
    &AMOXICILLIN,
    &AZITHROMYCIN,
    &DOXYCYCLINE,
    &CEFTRIAXONE,
    &FUROSEMIDE_IV,
    &IBUPROFEN,
    &ACETAMINOPHEN,
    &OMEPRAZOLE,
];
