//! Clinical calculators: numbers in, one number out, each with its published formula.

pub mod instrument;
pub mod news2;

/// Sex as the formulas use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    Female,
    Male,
}

/// Body mass index in kg/m², or `None` when a measure is not positive.
///
/// Source: CDC, "About adult BMI": weight in kg divided by the square of height in metres.
pub fn bmi_kg_m2(weight_kg: f64, height_cm: f64) -> Option<f64> {
    if weight_kg <= 0.0 || height_cm <= 0.0 {
        return None;
    }
    let height_m = height_cm / 100.0;
    Some(weight_kg / (height_m * height_m))
}

/// The part of CKD-EPI 2021 that does not depend on creatinine.
fn ckd_epi_scale(age_years: f64, sex: Sex) -> f64 {
    let female = if sex == Sex::Female { 1.012 } else { 1.0 };
    142.0 * 0.9938_f64.powf(age_years) * female
}

fn ckd_epi_terms(sex: Sex) -> (f64, f64) {
    match sex {
        Sex::Female => (0.7, -0.241),
        Sex::Male => (0.9, -0.302),
    }
}

/// Estimated glomerular filtration rate in mL/min/1.73 m² from serum creatinine in mg/dL.
///
/// `None` under 18 years, where the equation does not apply, and for a creatinine that is not positive.
///
/// Source: CKD-EPI 2021, Inker et al., N Engl J Med 2021;385:1737.
pub fn egfr_ckd_epi_2021(creatinine_mg_dl: f64, age_years: f64, sex: Sex) -> Option<f64> {
    if age_years < 18.0 || creatinine_mg_dl <= 0.0 {
        return None;
    }
    let (kappa, alpha) = ckd_epi_terms(sex);
    let ratio = creatinine_mg_dl / kappa;
    Some(ckd_epi_scale(age_years, sex) * ratio.min(1.0).powf(alpha) * ratio.max(1.0).powf(-1.2))
}

/// The category of a glomerular filtration rate in mL/min/1.73 m².
///
/// Source: KDIGO 2012 Clinical Practice Guideline for CKD, GFR categories: G1 90 and more, G2 60-89, G3a 45-59, G3b 30-44, G4 15-29, G5
/// below 15.
pub fn kdigo_category(egfr: f64) -> &'static str {
    const LEAST: [(f64, &str); 5] = [(90.0, "G1"), (60.0, "G2"), (45.0, "G3a"), (30.0, "G3b"), (15.0, "G4")];
    LEAST.iter().find(|(least, _)| egfr >= *least).map_or("G5", |(_, category)| category)
}

/// The creatinine in mg/dL at which [`egfr_ckd_epi_2021`] gives `egfr`: its inverse.
pub(crate) fn creatinine_of_egfr(egfr: f64, age_years: f64, sex: Sex) -> f64 {
    let (kappa, alpha) = ckd_epi_terms(sex);
    let share = egfr / ckd_epi_scale(age_years, sex);
    if share < 1.0 { kappa * share.powf(-1.0 / 1.2) } else { kappa * share.powf(1.0 / alpha) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn egfr_matches_published_examples() {
        for (creatinine, age, sex, expected) in
            [(1.0, 50.0, Sex::Female, 68.6), (0.8, 70.0, Sex::Male, 95.2), (1.2, 55.0, Sex::Male, 71.0)]
        {
            let egfr = egfr_ckd_epi_2021(creatinine, age, sex).unwrap();
            assert!((egfr - expected).abs() < 0.6, "{creatinine} {age}: {egfr}, expected {expected}");
        }
        assert_eq!(egfr_ckd_epi_2021(0.6, 17.0, Sex::Male), None);
        assert_eq!(egfr_ckd_epi_2021(0.0, 40.0, Sex::Male), None);
    }

    #[test]
    fn filtration_falls_into_the_published_categories() {
        let ends = [(90.0, "G1"), (89.0, "G2"), (60.0, "G2"), (59.0, "G3a"), (45.0, "G3a"), (44.0, "G3b")];
        for (egfr, category) in ends.into_iter().chain([(30.0, "G3b"), (29.0, "G4"), (15.0, "G4"), (14.0, "G5")]) {
            assert_eq!(kdigo_category(egfr), category, "{egfr}");
        }
    }

    #[test]
    fn creatinine_is_the_inverse() {
        for sex in [Sex::Female, Sex::Male] {
            for egfr in [12.0, 29.0, 58.0, 90.0, 118.0] {
                let back = egfr_ckd_epi_2021(creatinine_of_egfr(egfr, 61.0, sex), 61.0, sex).unwrap();
                assert!((back - egfr).abs() < 1e-6, "{egfr} came back as {back}");
            }
        }
    }

    #[test]
    fn bmi_matches_the_cdc_example() {
        let bmi = bmi_kg_m2(68.0, 165.0).unwrap();
        assert!((bmi - 24.98).abs() < 0.005, "{bmi}");
        assert_eq!(bmi_kg_m2(70.0, 0.0), None);
    }
}
