//! Vital signs as they are taken by hand: what each is called, its unit, and the bounds beyond which it is no measurement but a slip of
//! the pen or of the unit. The bounds are wide on purpose: what is abnormal must be recorded.

use crate::demo::table::lab::{self, Analyte, Range};
use crate::demo::table::{Code, loinc};
use crate::score::Sex;

/// A vital sign.
#[derive(Debug, Clone, Copy)]
pub struct Vital {
    pub analyte: &'static Analyte,
    /// Least value that is believed.
    pub least: f64,
    /// Greatest value that is believed.
    pub most: f64,
    /// Where the bounds are from.
    pub source: &'static str,
}

/// The panel that systolic and diastolic pressure are components of.
pub const BLOOD_PRESSURE: Code = lab::BLOOD_PRESSURE;

const PRESSURE: &str =
    "MacDougall et al., J Appl Physiol 1985;58:785: 480/350 mmHg, the highest recorded; 0 when there is none";

pub static SYSTOLIC: Vital = Vital { analyte: &lab::SYSTOLIC, least: 0.0, most: 480.0, source: PRESSURE };
pub static DIASTOLIC: Vital = Vital { analyte: &lab::DIASTOLIC, least: 0.0, most: 350.0, source: PRESSURE };
pub static HEART_RATE: Vital = Vital {
    analyte: &lab::HEART_RATE,
    least: 0.0,
    most: 480.0,
    source: "Chhabra et al., Indian Pacing Electrophysiol J 2012;12:32: 480/min, the highest recorded; 0 in arrest",
};
pub static RESPIRATORY_RATE: Vital = Vital {
    analyte: &lab::RESPIRATORY_RATE,
    least: 0.0,
    most: 200.0,
    source: "ours: more than three breaths a second cannot be counted; 0 in arrest",
};
pub static TEMPERATURE: Vital = Vital {
    analyte: &lab::TEMPERATURE,
    least: 11.8,
    most: 46.5,
    source: "survived extremes: 11.8 °C (Mroczek et al., Eur J Cardiothorac Surg 2020), 46.5 °C (Slovis et al., Ann Emerg Med 1982;11:269)",
};
pub static SATURATION: Vital =
    Vital { analyte: &lab::SATURATION, least: 0.0, most: 100.0, source: "a share: from 0 to 100 % by definition" };
pub static OXYGEN_FLOW: Vital = Vital {
    analyte: &lab::OXYGEN_FLOW,
    least: 0.0,
    most: 100.0,
    source: "ours: 0 is room air, and no device for one patient gives more than 100 litres a minute",
};
pub static WEIGHT: Vital = Vital {
    analyte: &lab::WEIGHT,
    least: 0.2,
    most: 635.0,
    source: "Guinness World Records: 0.212 kg, the lightest newborn to survive; 635 kg, the heaviest person",
};
pub static HEIGHT: Vital = Vital {
    analyte: &lab::HEIGHT,
    least: 20.0,
    most: 272.0,
    source: "Guinness World Records: 272 cm, the tallest person; 20 cm is below the shortest newborn to survive (24 cm)",
};
pub static BMI: Vital = Vital {
    analyte: &lab::BMI,
    least: 1.0,
    most: 300.0,
    source: "ours: computed from weight and height, each within its own bounds",
};

/// What [`Consciousness`] is an answer to.
pub const CONSCIOUSNESS: Code = loinc("67775-7", "Level of responsiveness");

/// How somebody responds, by the ACVPU scale.
///
/// Source: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017; the codes of the answers: LOINC list of 67775-7, and
/// LA6560-2 for the confusion that NEWS2 has added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consciousness {
    Alert,
    Confused,
    Voice,
    Pain,
    Unresponsive,
}

impl Consciousness {
    /// LOINC code and name of the answer.
    pub fn answer(self) -> Code {
        match self {
            Self::Alert => loinc("LA9340-6", "Alert"),
            Self::Confused => loinc("LA6560-2", "Confused"),
            Self::Voice => loinc("LA17108-4", "Verbal"),
            Self::Pain => loinc("LA17107-6", "Painful"),
            Self::Unresponsive => loinc("LA9343-0", "Unresponsive"),
        }
    }

    /// As it is said at the bedside.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alert => "Alert",
            Self::Confused => "New confusion",
            Self::Voice => "Responds to voice",
            Self::Pain => "Responds to pain",
            Self::Unresponsive => "Unresponsive",
        }
    }
}

impl Vital {
    pub fn is_plausible(&self, value: f64) -> bool {
        (self.least..=self.most).contains(&value)
    }

    /// The range of an adult; `None` where the table has none. Children's ranges depend on age and are not in it.
    pub fn range(&self, sex: Option<Sex>) -> Option<Range> {
        let (female, male) = (self.analyte.female, self.analyte.male);
        let range = match sex {
            Some(Sex::Female) => female,
            Some(Sex::Male) => male,
            None if female == male => female,
            None => return None,
        };
        (range.low.is_some() || range.high.is_some()).then_some(range)
    }

    /// HL7 v3 ObservationInterpretation of a value against the range and the critical limits.
    pub fn interpretation(&self, range: Range, value: f64) -> (&'static str, &'static str) {
        let beyond = |r: Range| (r.low.is_some_and(|low| value < low), r.high.is_some_and(|high| value > high));
        match (beyond(self.analyte.critical), beyond(range)) {
            ((true, _), _) => ("LL", "Critical low"),
            ((_, true), _) => ("HH", "Critical high"),
            (_, (true, _)) => ("L", "Low"),
            (_, (_, true)) => ("H", "High"),
            _ => ("N", "Normal"),
        }
    }
}

/// Body mass index, kg/m2, to one digit: weight over the square of height.
///
/// Source: WHO Technical Report Series 894 (2000). Worked example: 70 kg and 175 cm are 22.9.
pub fn body_mass_index(weight_kg: f64, height_cm: f64) -> f64 {
    (weight_kg / (height_cm / 100.0).powi(2) * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bmi_of_the_worked_example() {
        assert!((body_mass_index(70.0, 175.0) - 22.9).abs() < 1e-9);
    }

    #[test]
    fn bounds_hold_all_that_is_normal_or_critical_and_name_their_source() {
        let taken = [
            &SYSTOLIC,
            &DIASTOLIC,
            &HEART_RATE,
            &RESPIRATORY_RATE,
            &TEMPERATURE,
            &SATURATION,
            &OXYGEN_FLOW,
            &WEIGHT,
            &HEIGHT,
            &BMI,
        ];
        for vital in taken {
            let a = vital.analyte;
            assert!(!vital.source.is_empty() && vital.least < vital.most);
            for limit in [a.critical.low, a.critical.high, a.female.low, a.female.high].into_iter().flatten() {
                assert!(vital.is_plausible(limit), "{:?}", a.measure);
            }
            assert!(vital.is_plausible(a.plausible.0) && vital.is_plausible(a.plausible.1), "{:?}", a.measure);
        }
    }

    #[test]
    fn a_value_is_told_against_range_and_critical_limits() {
        let range = HEART_RATE.range(None).unwrap();
        let told = |value| HEART_RATE.interpretation(range, value).0;
        assert_eq!(
            [39.0, 40.0, 59.9, 60.0, 100.0, 101.0, 131.0, 132.0].map(told),
            ["LL", "L", "L", "N", "N", "H", "H", "HH"]
        );
    }
}
