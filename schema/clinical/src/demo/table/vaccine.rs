//! Vaccines and the ages they are given at. Source: CDC CVX code set; CDC child and adult immunization schedules, 2024.

use super::{CVX, Code, code};

const fn cvx(value: &'static str, display: &'static str) -> Code {
    code(CVX, value, display)
}

pub const INFLUENZA: Code = cvx("140", "Influenza, seasonal, injectable, preservative free");
pub const TD: Code = cvx("113", "Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed");
pub const ZOSTER: Code = cvx("187", "zoster recombinant");
pub const PNEUMOCOCCAL_20: Code =
    cvx("216", "Pneumococcal conjugate PCV20, polysaccharide CRM197 conjugate, adjuvant, PF");

const HEP_B: Code = cvx("08", "Hep B, adolescent or pediatric");
const ROTAVIRUS: Code = cvx("119", "rotavirus, monovalent");
const DTAP: Code = cvx("20", "DTaP");
const HIB: Code = cvx("49", "Hib (PRP-OMP)");
const PCV13: Code = cvx("133", "Pneumococcal conjugate PCV 13");
const IPV: Code = cvx("10", "IPV");
const MMR: Code = cvx("03", "MMR");
const VARICELLA: Code = cvx("21", "varicella");
const HEP_A: Code = cvx("83", "Hep A, ped/adol, 2 dose");
const TDAP: Code = cvx("115", "Tdap");
const HPV: Code = cvx("165", "HPV9");
const MENINGOCOCCAL: Code = cvx("114", "meningococcal MCV4P");

/// Vaccine, age in months, dose number.
pub const CHILD_SERIES: &[(Code, u32, u64)] = &[
    (HEP_B, 0, 1),
    (HEP_B, 2, 2),
    (ROTAVIRUS, 2, 1),
    (DTAP, 2, 1),
    (HIB, 2, 1),
    (PCV13, 2, 1),
    (IPV, 2, 1),
    (ROTAVIRUS, 4, 2),
    (DTAP, 4, 2),
    (HIB, 4, 2),
    (PCV13, 4, 2),
    (IPV, 4, 2),
    (HEP_B, 6, 3),
    (DTAP, 6, 3),
    (PCV13, 6, 3),
    (IPV, 6, 3),
    (HIB, 12, 3),
    (PCV13, 12, 4),
    (MMR, 12, 1),
    (VARICELLA, 12, 1),
    (HEP_A, 12, 1),
    (DTAP, 15, 4),
    (HEP_A, 18, 2),
    (DTAP, 48, 5),
    (IPV, 48, 4),
    (MMR, 48, 2),
    (VARICELLA, 48, 2),
    (TDAP, 132, 1),
    (HPV, 132, 1),
    (MENINGOCOCCAL, 132, 1),
    (HPV, 144, 2),
    (MENINGOCOCCAL, 192, 2),
];

/// Ages of well-child visits in months. Source: AAP/Bright Futures periodicity schedule.
pub const WELL_CHILD_MONTHS: &[u32] =
    &[0, 1, 2, 4, 6, 9, 12, 15, 18, 24, 30, 36, 48, 60, 72, 84, 96, 108, 120, 132, 144, 156, 168, 180, 192, 204];

/// Every vaccine above, some more than once.
pub fn all() -> impl Iterator<Item = Code> {
    [INFLUENZA, TD, ZOSTER, PNEUMOCOCCAL_20].into_iter().chain(CHILD_SERIES.iter().map(|(code, ..)| *code))
}
