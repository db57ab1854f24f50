//! Security labels as the two numbers a row is authorised on: confidentiality 0 to 5 and a set of sensitivities as bits.
//!
//! The order of the sensitivities is part of the stored format: new ones are appended.

use crate::Json;

/// HL7 v3 Confidentiality.
pub const CONFIDENTIALITY_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// HL7 v3 ActCode, which holds the sensitivity policies.
pub const ACT_CODE_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/// Confidentiality from unrestricted to very restricted; the position is the stored number.
pub const CONFIDENTIALITY: [&str; 6] = ["U", "L", "M", "N", "R", "V"];
/// What a record without a label has.
pub const NORMAL: i16 = 3;

/// Highest confidentiality that a care relation opens.
pub const RESTRICTED: i16 = 4;

/// Sensitivity policies and `NOPAT`; the position is the bit. Source: v3 ActCode, _InformationSensitivityPolicy (HL7 HCS, DS4P).
pub const SENSITIVITY: [&str; 26] = [
    "ETH", "PSY", "HIV", "SUD", "NOPAT", "BH", "MH", "PSYTHPN", "SEX", "STD", "SDV", "SCA", "GDIS", "PREGNANT",
    "OPIOIDUD", "ETHUD", "SPI", "SICKLE", "VIO", "TBOO", "COGN", "DVD", "EMOTDIS", "MST", "ADOL", "CEL",
];
/// The bit of `NOPAT`: kept from the patient.
pub const NOT_FOR_PATIENT: i32 = 1 << 4;
/// The bit of an ActCode label that is not in [`SENSITIVITY`]: nobody is cleared for it by accident.
pub const OTHER_SENSITIVITY: i32 = 1 << 30;

/// The bit of a sensitivity code.
pub fn sensitivity_bit(code: &str) -> i32 {
    SENSITIVITY.iter().position(|c| *c == code).map_or(OTHER_SENSITIVITY, |bit| 1 << bit)
}

/// The number of a confidentiality code; `None` when it is none.
pub fn confidentiality(code: &str) -> Option<i16> {
    CONFIDENTIALITY.iter().position(|c| *c == code).map(|at| at as i16)
}

/// Confidentiality (the highest given, [`NORMAL`] when none is) and sensitivity bits of a document's `meta.security`.
/// An unknown confidentiality code counts as very restricted.
pub fn of(document: &Json<'_>) -> (i16, i32) {
    let (mut conf, mut sens) = (None, 0);
    let labels = document.get("meta").and_then(|m| m.get("security")).map_or(&[][..], Json::items);
    for label in labels {
        match (label.str_at("system"), label.str_at("code")) {
            (Some(CONFIDENTIALITY_SYSTEM), Some(code)) => {
                conf = conf.max(Some(confidentiality(code).unwrap_or(CONFIDENTIALITY.len() as i16 - 1)));
            }
            (Some(ACT_CODE_SYSTEM), Some(code)) => sens |= sensitivity_bit(code),
            _ => {}
        }
    }
    (conf.unwrap_or(NORMAL), sens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_numbers() {
        let of = |labels: &str| of(&Json::parse(&format!(r#"{{"meta":{{"security":[{labels}]}}}}"#)).unwrap());
        let conf = |c| format!(r#"{{"system":"{CONFIDENTIALITY_SYSTEM}","code":"{c}"}}"#);
        let act = |c| format!(r#"{{"system":"{ACT_CODE_SYSTEM}","code":"{c}"}}"#);
        assert_eq!(of(""), (3, 0));
        assert_eq!(of(&conf("U")), (0, 0));
        assert_eq!(of(&format!("{},{}", conf("R"), conf("L"))), (4, 0));
        assert_eq!(of(&conf("X")), (5, 0));
        assert_eq!(of(&format!("{},{}", act("HIV"), act("ETH"))), (3, 0b101));
        assert_eq!(of(&act("NOPAT")), (3, NOT_FOR_PATIENT));
        assert_eq!(of(&conf("R")).0, RESTRICTED);
        assert_eq!(of(&act("SOMETHING")), (3, OTHER_SENSITIVITY));
        assert_eq!(of(r#"{"system":"http://else","code":"V"}"#), (3, 0));
    }
}
