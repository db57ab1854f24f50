//! One invented person: who they are, what they suffer from, and the hidden physiology that every measurement comes from.
//!
//! Drawn without writing any document, so whole populations can be counted cheaply.

use chrono::{DateTime, Utc};

use super::Plan;
use super::rng::Stream;
use super::table::growth::MEDIANS;
use super::table::lab::Measure;
use super::table::names;
use super::table::prevalence::{FEMALE_BY_AGE, ILLNESSES, Illness, PREVALENCE, PYRAMID};
use super::table::problem::{self, ALLERGIES, Allergy};
use super::time::{self, DAY, MINUTE, YEAR};
use crate::score::{self, Sex};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoking {
    Never,
    Former,
    Current,
}

/// Patients in a bed today have a slot, which is also their bed.
pub const INPATIENT_SLOTS: u32 = 40;

/// The first inpatient is the teaching case of the chart's design: heart failure, weak kidneys, pneumonia, high potassium.
pub const TEACHING_CASE: u32 = 0;

#[derive(Debug, Clone)]
pub struct Person {
    pub k: u32,
    pub sex: Sex,
    pub given: &'static str,
    pub middle: &'static str,
    pub family: &'static str,
    /// Day number of birth.
    pub birth_day: i64,
    /// Instant of death, never after `now`.
    pub death: Option<i64>,
    /// Days of gestation at birth, of a child whose birth is in the record.
    pub gestation_days: Option<i64>,
    /// The record covers `[start, end)`; `end` is death or now.
    pub start: i64,
    pub end: i64,
    pub smoking: Smoking,
    pub inpatient: Option<u32>,
    pub allergies: Vec<&'static Allergy>,
    onsets: [Option<i64>; ILLNESSES],
    height_z: f64,
    weight_z: f64,
    adult_bmi: f64,
    weight_drift_kg: f64,
    pressure: f64,
    pressure_ill: f64,
    pressure_effect: f64,
    egfr_end: f64,
    egfr_slope: f64,
    hba1c_normal: f64,
    hba1c_goal: f64,
    ldl: f64,
    hdl: f64,
    triglycerides: f64,
    hemoglobin_z: f64,
    pulse: f64,
    score_low: f64,
}

impl Person {
    /// Draws patient `k` of the plan; depends on seed, `k`, years and now only.
    pub fn draw(plan: &Plan, k: u32) -> Self {
        let now = minute(plan.now);
        let mut s = Stream::new(plan.seed, u64::from(k), "person");
        let inpatient = inpatient_slot(k);
        let teaching = k == TEACHING_CASE;

        let mut age = draw_age(&mut s);
        if inpatient.is_some() {
            age = 48.0 + age * 0.45;
        }
        if teaching {
            age = 81.36;
        }
        let female_share = FEMALE_BY_AGE.iter().rev().find(|(from, _)| age >= *from).map_or(0.5, |(_, share)| *share);
        let sex = if s.chance(female_share) || teaching { Sex::Female } else { Sex::Male };
        let birth_day = now.div_euclid(DAY) - (age * 365.2425) as i64;

        let dies = if age >= 75.0 {
            0.10
        } else if age >= 60.0 {
            0.04
        } else {
            0.004
        };
        let record_days = f64::from(plan.years.max(1)) * 365.0;
        let ago_days = s.range(3.0, record_days * 0.8).min((age * 365.0 - 2.0).max(1.0));
        let dies = s.chance(dies) && inpatient.is_none();
        let death = dies.then(|| now - (ago_days * DAY as f64) as i64).map(|t| t - t % MINUTE);
        let end = death.unwrap_or(now);
        let start = (end - i64::from(plan.years.max(1)) * YEAR).max(birth_day * DAY);
        let age_end = time::age_years(birth_day, end);

        let (given, middle, family) = draw_name(plan.seed, k, sex);
        let shared = s.unit();
        let mut person = Self {
            k,
            sex,
            given,
            middle,
            family,
            birth_day,
            death,
            gestation_days: (birth_day * DAY >= start).then(|| draw_gestation(plan.seed, k)),
            start,
            end,
            smoking: match s.unit() {
                _ if age_end < 16.0 => Smoking::Never,
                u if u < 0.13 => Smoking::Current,
                u if u < 0.35 => Smoking::Former,
                _ => Smoking::Never,
            },
            inpatient,
            allergies: Vec::new(),
            onsets: [None; ILLNESSES],
            height_z: s.normal(),
            weight_z: s.normal(),
            adult_bmi: 0.0,
            weight_drift_kg: s.normal() * 0.4,
            pressure: (116.0 + (age_end - 40.0).max(0.0) * 0.15 + s.normal() * 6.0).min(127.0),
            pressure_ill: 152.0 + s.normal() * 8.0,
            pressure_effect: (22.0 + s.normal() * 8.0).clamp(4.0, 36.0),
            egfr_end: 0.0,
            egfr_slope: 0.0,
            hba1c_normal: 5.3 + s.normal() * 0.15,
            hba1c_goal: (6.9 + s.normal() * 0.7).clamp(5.9, 9.5),
            ldl: (112.0 + s.normal() * 18.0).clamp(60.0, 155.0),
            hdl: if sex == Sex::Female { 58.0 } else { 48.0 } + s.normal() * 10.0,
            triglycerides: (110.0 + s.normal() * 35.0).clamp(40.0, 240.0),
            hemoglobin_z: s.normal(),
            pulse: 72.0 + s.normal() * 7.0,
            score_low: s.unit(),
        };
        person.adult_bmi = (22.5 + shared_part(shared) * 8.0 + person.weight_z * 3.6).clamp(17.0, 52.0);
        person.draw_illnesses(plan.seed, shared, age_end);
        person.draw_kidneys(&mut s, age_end);
        person.draw_allergies(plan.seed);
        person
    }

    fn draw_illnesses(&mut self, seed: u64, shared: f64, age: f64) {
        let mut s = Stream::new(seed, u64::from(self.k), "illnesses");
        for row in &PREVALENCE {
            // three draws per row whatever the outcome, so rows do not disturb each other
            let (own, uses_shared, since) = (s.unit(), s.chance(row.shared), s.unit());
            let band = row.bands.iter().rev().find(|b| age >= b.from_age);
            let share = band.map_or(0.0, |b| if self.sex == Sex::Female { b.female } else { b.male });
            // a high shared draw is an unhealthy metabolism
            let luck = if uses_shared { 1.0 - shared } else { own };
            let forced = self.k == TEACHING_CASE && teaching_illness(row.illness);
            let spared = self.k == TEACHING_CASE && !forced;
            if (luck < share || forced) && !spared {
                let earliest = row.bands[0].from_age;
                let years = (0.3 + since.powi(2) * row.longest_years).min((age - earliest).max(0.3) + 0.2).min(age);
                let minutes = (years * (YEAR / MINUTE) as f64) as i64;
                self.onsets[row.illness as usize] = Some(self.end - minutes * MINUTE);
            }
        }
    }

    fn draw_kidneys(&mut self, s: &mut Stream, age: f64) {
        let (stage, within, noise) = (s.unit(), s.unit(), s.normal());
        if self.k == TEACHING_CASE {
            self.egfr_end = 33.0;
            self.egfr_slope = -2.4;
        } else if self.has(Illness::KidneyDisease) {
            let (low, high) = match stage {
                u if u < 0.45 => (62.0, 88.0),
                u if u < 0.80 => (46.0, 59.0),
                u if u < 0.95 => (31.0, 44.0),
                _ => (16.0, 29.0),
            };
            self.egfr_end = low + within * (high - low);
            self.egfr_slope = -(0.8 + within * 2.0);
        } else {
            self.egfr_end = (108.0 - (age - 25.0).max(0.0) * 0.62 + noise * 9.0).clamp(64.0, 126.0);
            self.egfr_slope = -0.7;
        }
    }

    fn draw_allergies(&mut self, seed: u64) {
        let mut s = Stream::new(seed, u64::from(self.k), "allergies");
        if self.k == TEACHING_CASE {
            self.allergies.extend([&problem::PENICILLIN, &problem::SULFONAMIDE, &problem::CONTRAST]);
        } else {
            self.allergies.extend(ALLERGIES.iter().filter(|(_, share)| s.chance(*share)).map(|(allergy, _)| *allergy));
        }
    }

    pub fn onset(&self, illness: Illness) -> Option<i64> {
        self.onsets[illness as usize]
    }

    pub fn has(&self, illness: Illness) -> bool {
        self.onset(illness).is_some()
    }

    /// Whether the illness had begun by `at`.
    fn had(&self, illness: Illness, at: i64) -> Option<f64> {
        let since = at - self.onset(illness)?;
        (since >= 0).then_some(since as f64 / YEAR as f64)
    }

    pub fn is_allergic(&self, allergy: &Allergy) -> bool {
        self.allergies.iter().any(|a| a.code == allergy.code)
    }

    pub fn age_at(&self, at: i64) -> f64 {
        time::age_years(self.birth_day, at)
    }

    pub fn age_end(&self) -> f64 {
        self.age_at(self.end)
    }

    pub fn is_adult_at(&self, at: i64) -> bool {
        self.age_at(at) >= 18.0
    }

    /// Latent filtration rate at the end of the record, mL/min/1.73 m².
    pub fn egfr_end(&self) -> f64 {
        self.egfr_end
    }

    fn egfr_at(&self, at: i64) -> f64 {
        let years_before = (self.end - at) as f64 / YEAR as f64;
        (self.egfr_end - self.egfr_slope * years_before).clamp(8.0, 130.0)
    }

    /// How many of the three criteria for the lower apixaban dose hold at the end of the record.
    pub fn apixaban_criteria(&self) -> usize {
        let creatinine = score::creatinine_of_egfr(self.egfr_end, self.age_end().max(18.0), self.sex);
        [self.age_end() >= 80.0, self.weight_kg(self.end) <= 60.0, creatinine >= 1.5].iter().filter(|c| **c).count()
    }

    fn median(&self, age: f64) -> (f64, f64) {
        let next = MEDIANS.iter().position(|row| row.0 > age).unwrap_or(MEDIANS.len() - 1).max(1);
        let (a, b) = (&MEDIANS[next - 1], &MEDIANS[next]);
        let part = ((age - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
        let mid = |low: f64, high: f64| low + (high - low) * part;
        match self.sex {
            Sex::Female => (mid(a.1, b.1), mid(a.2, b.2)),
            Sex::Male => (mid(a.3, b.3), mid(a.4, b.4)),
        }
    }

    /// Growth goes by the age since term in the first two years, and catches up by then. With it the share of the size at term of who has
    /// not reached that day: a planning figure of ours, 7 % of the weight and 2 % of the length a week.
    fn growing_age(&self, at: i64) -> (f64, f64) {
        let age = self.age_at(at);
        let early_weeks =
            self.gestation_days.filter(|days| *days < PRETERM_DAYS).map_or(0, |days| 280 - days) as f64 / 7.0;
        let grown = age - early_weeks * 7.0 / 365.25 * (1.0 - age / 2.0).max(0.0);
        (grown.max(0.0), (-grown * 365.25 / 7.0).max(0.0))
    }

    pub fn height_cm(&self, at: i64) -> f64 {
        let (age, weeks_to_term) = self.growing_age(at);
        self.median(age).0 * (1.0 + 0.04 * self.height_z) * (1.0 - 0.02 * weeks_to_term)
    }

    pub fn weight_kg(&self, at: i64) -> f64 {
        let age = self.age_at(at);
        let (grown, weeks_to_term) = self.growing_age(at);
        let born = 1.0 - 0.07 * weeks_to_term;
        let child = self.median(grown).1 * (1.0 + 0.04 * self.height_z + 0.11 * self.weight_z).max(0.6) * born;
        if age < 16.0 {
            return child;
        }
        let height_m = self.height_cm(at) / 100.0;
        let drift = (self.weight_drift_kg * (at - self.end) as f64 / YEAR as f64).clamp(-6.0, 6.0);
        let adult = self.adult_bmi * height_m * height_m + drift;
        let part = ((age - 16.0) / 8.0).min(1.0);
        (child * (1.0 - part) + adult * part).max(35.0)
    }

    /// Head circumference in cm, first three years. Source of shape: CDC 2000 growth charts, 50th centile, read off.
    pub fn head_cm(&self, at: i64) -> f64 {
        let (age, weeks_to_term) = self.growing_age(at);
        let months = age * 12.0;
        let growth = [(0.0, 35.5), (3.0, 40.2), (6.0, 43.0), (12.0, 46.0), (24.0, 48.3), (36.0, 49.4)];
        let next = growth.iter().position(|g| g.0 > months).unwrap_or(growth.len() - 1).max(1);
        let (a, b) = (growth[next - 1], growth[next]);
        let part = ((months - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
        (a.1 + (b.1 - a.1) * part) * (1.0 + 0.02 * self.height_z) * (1.0 - 0.02 * weeks_to_term)
    }

    fn systolic(&self, at: i64) -> f64 {
        let age = self.age_at(at);
        if age < 18.0 {
            return 88.0 + age * 1.6;
        }
        match self.had(Illness::Hypertension, at) {
            Some(years) => self.pressure_ill - self.pressure_effect * (years / 1.5).min(1.0),
            None if self.has(Illness::Hypertension) => self.pressure_ill - 6.0,
            None => self.pressure,
        }
    }

    fn hba1c(&self, at: i64) -> f64 {
        match self.had(Illness::Diabetes, at) {
            Some(years) => self.hba1c_goal + 1.6 * (1.0 - years).max(0.0) + 0.05 * years,
            None if self.has(Illness::Diabetes) => 6.1,
            None => self.hba1c_normal,
        }
    }

    /// One measurement at `at` with its natural spread; not yet rounded, inside no particular limits.
    ///
    /// BMI, eGFR, erythrocytes and LDL are the caller's: they follow from printed values. Hematocrit is given as per cent per g/dL
    /// of hemoglobin.
    pub fn measure(&self, measure: Measure, at: i64, s: &mut Stream) -> f64 {
        let age = self.age_at(at);
        let noise = s.normal();
        let child = age < 18.0;
        match measure {
            Measure::Systolic => self.systolic(at) + noise * 6.0,
            Measure::Diastolic => {
                let base = if child { 52.0 + age * 0.9 } else { self.systolic(at) * 0.45 + 19.0 };
                base + noise * 4.5
            }
            Measure::HeartRate => {
                let base = match age {
                    a if a < 1.0 => 130.0,
                    a if a < 12.0 => 118.0 - a * 3.0,
                    _ => self.pulse,
                };
                base + noise * 5.0 + if self.had(Illness::AtrialFibrillation, at).is_some() { 6.0 } else { 0.0 }
            }
            Measure::RespiratoryRate => {
                let base = match age {
                    a if a < 1.0 => 38.0,
                    a if a < 12.0 => 28.0 - a,
                    _ => 15.0,
                };
                base + noise * 1.4 + if self.had(Illness::Copd, at).is_some() { 2.0 } else { 0.0 }
            }
            Measure::Temperature => 36.7 + noise * 0.2,
            Measure::Saturation => {
                (98.2 + noise * 0.8).min(100.0) - if self.had(Illness::Copd, at).is_some() { 4.0 } else { 0.0 }
            }
            Measure::Weight => self.weight_kg(at) + noise * (0.006 * self.weight_kg(at)),
            Measure::Height => self.height_cm(at) + noise * 0.2,
            Measure::HeadCircumference => self.head_cm(at) + noise * 0.2,
            Measure::GestationalAge => self.gestation_days.unwrap_or(280) as f64 / 7.0,
            Measure::Pain => 4.0 + self.score_low * 3.0 + noise,
            Measure::OxygenFlow => 2.0,
            Measure::Sodium => 139.5 + noise * 1.9,
            Measure::Potassium => 4.15 + (60.0 - self.egfr_at(at)).max(0.0) * 0.012 + noise * 0.25,
            Measure::Chloride => 102.5 + noise * 1.8,
            Measure::Bicarbonate => 25.5 - (45.0 - self.egfr_at(at)).max(0.0) * 0.12 + noise * 1.3,
            Measure::Urea => 13.5 + (90.0 - self.egfr_at(at)).max(0.0) * 0.35 + noise * 2.6,
            Measure::Creatinine => {
                if child {
                    0.25 + age * 0.03 + noise * 0.04
                } else {
                    score::creatinine_of_egfr(self.egfr_at(at), age, self.sex) * (1.0 + noise * 0.035)
                }
            }
            // estimated average glucose: Nathan, Diabetes Care 2008;31:1473; fasting values lie below it
            Measure::Glucose => {
                (28.7 * self.hba1c(at) - 46.7) * 0.86 + noise * (4.0 + (self.hba1c(at) - 5.5).max(0.0) * 8.0)
            }
            Measure::Calcium => 9.4 + noise * 0.25,
            Measure::Leukocytes => 6.9 + noise * 1.3,
            Measure::Hemoglobin => {
                let base = match self.sex {
                    _ if age < 12.0 => 12.4,
                    Sex::Female => 13.6,
                    Sex::Male => 15.2,
                };
                base + self.hemoglobin_z * 0.7 - (60.0 - self.egfr_at(at)).max(0.0) * 0.05 + noise * 0.25
            }
            Measure::Platelets => 252.0 + noise * 42.0,
            Measure::TotalCholesterol => {
                let treated = self.had(Illness::Lipids, at).is_some() || self.had(Illness::Coronary, at).is_some();
                let untreated = if self.has(Illness::Lipids) { self.ldl + 58.0 } else { self.ldl };
                let ldl = if treated { untreated * 0.60 } else { untreated };
                ldl + self.hdl + self.triglycerides / 5.0 + noise * 7.0
            }
            Measure::Triglycerides => self.triglycerides + (self.hba1c(at) - 5.5).max(0.0) * 14.0 + noise * 14.0,
            Measure::Hdl => self.hdl + noise * 2.5,
            Measure::HbA1c => self.hba1c(at) + noise * 0.2,
            Measure::Thyrotropin => match self.had(Illness::Hypothyroid, at) {
                Some(years) => 2.6 + 6.0 * (0.8 - years).max(0.0) + noise * 0.7,
                None if self.has(Illness::Hypothyroid) => 7.5 + noise,
                None => 1.9 + noise * 0.45,
            },
            Measure::FreeT4 => (if self.has(Illness::Hypothyroid) { 1.05 } else { 1.25 }) + noise * 0.1,
            Measure::AlbuminCreatinineRatio => {
                let base = if self.has(Illness::KidneyDisease) {
                    55.0 + (60.0 - self.egfr_at(at)).max(0.0) * 6.0
                } else {
                    9.0
                };
                base * (1.0 + noise * 0.25)
            }
            Measure::NtProBnp => {
                let base =
                    if self.had(Illness::HeartFailure, at).is_some() { 1500.0 + self.score_low * 1200.0 } else { 60.0 };
                base * (1.0 + noise * 0.2)
            }
            Measure::CReactiveProtein => 2.4 + noise * 0.6,
            Measure::Lactate => 1.2 + noise * 0.2,
            Measure::Alt => 24.0 + noise * 6.0,
            Measure::Ast => 23.0 + noise * 5.0,
            Measure::AlkalinePhosphatase => 74.0 + noise * 14.0,
            Measure::Bilirubin => 0.7 + noise * 0.15,
            Measure::Albumin => 4.2 + noise * 0.2,
            Measure::EjectionFraction => {
                let base = if self.has(Illness::HeartFailure) { 27.0 + self.score_low * 10.0 } else { 61.0 };
                base + noise * 2.5
            }
            Measure::Fev1Ratio => {
                let base = if self.has(Illness::Copd) { 50.0 + self.score_low * 14.0 } else { 76.0 };
                base + noise * 3.0
            }
            Measure::Phq9 => match self.had(Illness::Depression, at) {
                Some(years) => 4.0 + self.score_low * 5.0 + 9.0 * (1.0 - years).max(0.0) + noise * 1.6,
                None => 1.5 + noise,
            },
            Measure::Gad7 => match self.had(Illness::Anxiety, at) {
                Some(years) => 4.0 + self.score_low * 4.0 + 6.0 * (1.0 - years).max(0.0) + noise * 1.4,
                None => 1.2 + noise,
            },
            Measure::Hematocrit => 2.96 + noise * 0.03,
            Measure::MeanCellVolume => 88.5 + noise * 2.6,
            Measure::Bmi | Measure::Egfr | Measure::Erythrocytes | Measure::Ldl => {
                unreachable!("{measure:?} is derived from printed values")
            }
        }
    }
}

/// Which bed patient `k` lies in today: every twelfth patient, until the ward is full.
pub fn inpatient_slot(k: u32) -> Option<u32> {
    (k.is_multiple_of(12) && k / 12 < INPATIENT_SLOTS).then_some(k / 12)
}

/// `now` in seconds, down to the whole minute.
pub fn minute(now: DateTime<Utc>) -> i64 {
    now.timestamp() - now.timestamp().rem_euclid(MINUTE)
}

fn teaching_illness(illness: Illness) -> bool {
    matches!(
        illness,
        Illness::Diabetes
            | Illness::Hypertension
            | Illness::KidneyDisease
            | Illness::HeartFailure
            | Illness::AtrialFibrillation
            | Illness::Osteoarthritis
    )
}

/// A shared draw in `[0, 1)` as a heavy-tailed body weight share.
fn shared_part(shared: f64) -> f64 {
    0.35 + shared * shared
}

fn draw_age(s: &mut Stream) -> f64 {
    let (mut group, part) = (s.unit(), s.unit());
    for (i, share) in PYRAMID.iter().enumerate() {
        if group < *share {
            let width = if i + 1 == PYRAMID.len() { 8.0 } else { 5.0 };
            return i as f64 * 5.0 + part * width + 0.02;
        }
        group -= share;
    }
    90.0 + part * 8.0
}

/// Given, middle and family name. Every fiftieth patient bears the names of the one before (the given one if
/// both are of one sex).
/// Who is born before 37 weeks is born before term.
const PRETERM_DAYS: i64 = 37 * 7;

/// Term for most, 31 to 36 weeks for every sixth child: more than in the field (a tenth), so that a small hospital has some.
fn draw_gestation(seed: u64, k: u32) -> i64 {
    let mut s = Stream::new(seed, u64::from(k), "gestation");
    let early = s.chance(1.0 / 6.0);
    let days = if early { s.range(217.0, 258.0) } else { s.range(262.0, 290.0) };
    days as i64
}

fn draw_name(seed: u64, k: u32, sex: Sex) -> (&'static str, &'static str, &'static str) {
    if k == TEACHING_CASE {
        return ("Ingrid", "Marta", "Halvorsen");
    }
    let lists = |sex| if sex == Sex::Female { names::FEMALE } else { names::MALE };
    let middle = *Stream::new(seed, u64::from(k), "middle-name").pick(lists(sex));
    let twin = k % 50 == 49;
    let mut s = Stream::new(seed, u64::from(if twin { k - 1 } else { k }), "name");
    let (given, family) = (s.unit(), *s.pick(names::FAMILY));
    let list = lists(sex);
    (list[(given * list.len() as f64) as usize], middle, family)
}

#[cfg(test)]
mod tests {
    use super::super::table::prevalence::TARGETS;
    use super::*;

    fn plan() -> Plan {
        Plan { seed: 1, patients: 10_000, years: 5, now: "2026-11-25T09:00:00Z".parse().unwrap() }
    }

    #[test]
    fn prevalence_lands_within_fifteen_percent_of_the_published_figures() {
        let plan = plan();
        let people: Vec<Person> = (0..plan.patients).map(|k| Person::draw(&plan, k)).collect();
        for target in TARGETS {
            let among: Vec<&Person> = people.iter().filter(|p| p.age_end() >= target.from_age).collect();
            let share = among.iter().filter(|p| p.has(target.illness)).count() as f64 / among.len() as f64;
            let off = share / target.share - 1.0;
            assert!(off.abs() < 0.15, "{:?}: {share:.4}, published {} ({off:+.2})", target.illness, target.share);
        }
    }

    #[test]
    fn a_person_does_not_depend_on_the_number_of_patients() {
        let few = Plan { patients: 10, ..plan() };
        for k in [0, 3, 9] {
            assert_eq!(format!("{:?}", Person::draw(&few, k)), format!("{:?}", Person::draw(&plan(), k)));
        }
    }

    #[test]
    fn the_pyramid_is_a_distribution_and_lives_have_an_order() {
        assert!((PYRAMID.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let plan = plan();
        let people: Vec<Person> = (0..2_000).map(|k| Person::draw(&plan, k)).collect();
        let now = plan.now.timestamp();
        for p in &people {
            assert!(p.birth_day * DAY <= p.start && p.start < p.end && p.end <= now, "{p:?}");
            assert!(
                PREVALENCE.iter().all(|row| p.onset(row.illness).is_none_or(|t| t <= p.end && t >= p.birth_day * DAY))
            );
        }
        let dead = people.iter().filter(|p| p.death.is_some()).count();
        assert!((10..120).contains(&dead), "{dead} of 2,000 died");
        assert!(people.iter().all(|p| p.inpatient.is_none() || p.death.is_none()));
    }

    #[test]
    fn some_people_share_a_name_but_not_a_birthday() {
        let plan = plan();
        let pairs = (0..40).filter(|i| {
            let (a, b) = (Person::draw(&plan, i * 50 + 48), Person::draw(&plan, i * 50 + 49));
            a.family == b.family && a.given == b.given && a.birth_day != b.birth_day
        });
        assert!(pairs.count() >= 10);
    }
}
