//! How common each long-term illness is, by age and sex, and the age pyramid.

/// Long-term illnesses a person may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illness {
    Diabetes,
    Hypertension,
    KidneyDisease,
    Lipids,
    Asthma,
    Copd,
    HeartFailure,
    AtrialFibrillation,
    Coronary,
    Depression,
    Anxiety,
    Hypothyroid,
    Osteoarthritis,
    BackPain,
}

pub const ILLNESSES: usize = 14;

/// Share of people with an illness in an age band; a band reaches to the next one's `from_age`.
pub struct Band {
    pub from_age: f64,
    pub female: f64,
    pub male: f64,
}

pub struct Prevalence {
    pub illness: Illness,
    /// How much of the draw is shared with the other metabolic illnesses, 0 to 1.
    pub shared: f64,
    /// Longest time since onset, in years.
    pub longest_years: f64,
    pub bands: &'static [Band],
    pub source: &'static str,
}

const fn band(from_age: f64, female: f64, male: f64) -> Band {
    Band { from_age, female, male }
}

/// Published whole-population shares the generator is tested against (10,000 people, ±15 % relative).
pub struct Target {
    pub illness: Illness,
    pub from_age: f64,
    pub share: f64,
    pub source: &'static str,
}

pub const TARGETS: &[Target] = &[
    Target {
        illness: Illness::Diabetes,
        from_age: 0.0,
        share: 0.116,
        source: "CDC National Diabetes Statistics Report (2021 data): 38.4 million people, 11.6 % of the US population",
    },
    Target {
        illness: Illness::Hypertension,
        from_age: 18.0,
        share: 0.477,
        source: "NCHS Data Brief 511 (August 2021 to August 2023): 47.7 % of adults",
    },
    Target {
        illness: Illness::KidneyDisease,
        from_age: 18.0,
        share: 0.14,
        source: "CDC, Chronic Kidney Disease in the United States, 2023: about 14 % of adults (1 in 7)",
    },
];

/// One row per illness, in the order of the enum.
pub const PREVALENCE: [Prevalence; ILLNESSES] = [
    Prevalence {
        illness: Illness::Diabetes,
        shared: 0.5,
        longest_years: 18.0,
        bands: &[band(18.0, 0.046, 0.050), band(45.0, 0.175, 0.203), band(65.0, 0.275, 0.312)],
        source: "CDC National Diabetes Statistics Report (2021 data), total diabetes: 4.8 %, 18.9 %, 29.2 % from 18, 45, 65; \
                 split by sex ours",
    },
    Prevalence {
        illness: Illness::Hypertension,
        shared: 0.5,
        longest_years: 20.0,
        bands: &[band(18.0, 0.19, 0.278), band(40.0, 0.495, 0.555), band(60.0, 0.73, 0.70)],
        source: "NCHS Data Brief 511: 23.4 %, 52.5 %, 71.6 % from 18, 40, 60; split by sex ours",
    },
    Prevalence {
        illness: Illness::KidneyDisease,
        shared: 0.5,
        longest_years: 10.0,
        bands: &[band(18.0, 0.065, 0.055), band(45.0, 0.125, 0.115), band(65.0, 0.35, 0.33)],
        source: "CDC, Chronic Kidney Disease in the United States, 2023: 6 %, 12 %, 34 % from 18, 45, 65; split by sex ours",
    },
    Prevalence {
        illness: Illness::Lipids,
        shared: 0.4,
        longest_years: 15.0,
        bands: &[band(20.0, 0.05, 0.07), band(40.0, 0.27, 0.33), band(60.0, 0.48, 0.50)],
        source: "planning figure of ours, of the order of US statin use by age",
    },
    Prevalence {
        illness: Illness::Asthma,
        shared: 0.0,
        longest_years: 25.0,
        bands: &[band(2.0, 0.055, 0.075), band(18.0, 0.097, 0.060)],
        source: "CDC, Most Recent National Asthma Data (2021): children 6.5 %, adults 8.0 %; split by sex ours",
    },
    Prevalence {
        illness: Illness::Copd,
        shared: 0.1,
        longest_years: 12.0,
        bands: &[band(40.0, 0.045, 0.04), band(65.0, 0.12, 0.11)],
        source: "planning figure of ours, near CDC MMWR 2023;72:1250",
    },
    Prevalence {
        illness: Illness::HeartFailure,
        shared: 0.6,
        longest_years: 7.0,
        bands: &[band(45.0, 0.012, 0.018), band(65.0, 0.06, 0.08)],
        source: "planning figure of ours, near 2.5 % of adults (AHA Heart Disease and Stroke Statistics)",
    },
    Prevalence {
        illness: Illness::AtrialFibrillation,
        shared: 0.4,
        longest_years: 10.0,
        bands: &[band(40.0, 0.015, 0.02), band(65.0, 0.08, 0.10)],
        source: "CDC, About Atrial Fibrillation: about 2 % under 65 and 9 % from 65",
    },
    Prevalence {
        illness: Illness::Coronary,
        shared: 0.6,
        longest_years: 12.0,
        bands: &[band(40.0, 0.03, 0.05), band(65.0, 0.12, 0.20)],
        source: "planning figure of ours, near 1 in 20 adults (CDC, Heart Disease Facts)",
    },
    Prevalence {
        illness: Illness::Depression,
        shared: 0.0,
        longest_years: 6.0,
        bands: &[band(14.0, 0.15, 0.09), band(26.0, 0.10, 0.062), band(65.0, 0.06, 0.04)],
        source: "planning figure of ours, near 8.3 % of adults (NIMH, major depressive episode, 2021)",
    },
    Prevalence {
        illness: Illness::Anxiety,
        shared: 0.0,
        longest_years: 6.0,
        bands: &[band(16.0, 0.045, 0.025)],
        source: "planning figure of ours, near 2.7 % to 3.4 % past-year generalised anxiety (NIMH)",
    },
    Prevalence {
        illness: Illness::Hypothyroid,
        shared: 0.0,
        longest_years: 15.0,
        bands: &[band(18.0, 0.03, 0.008), band(45.0, 0.08, 0.025), band(65.0, 0.12, 0.05)],
        source: "planning figure of ours, near 4.6 % (Hollowell, J Clin Endocrinol Metab 2002;87:489)",
    },
    Prevalence {
        illness: Illness::Osteoarthritis,
        shared: 0.2,
        longest_years: 12.0,
        bands: &[band(45.0, 0.14, 0.10), band(65.0, 0.40, 0.28)],
        source: "planning figure of ours, near 32.5 million US adults (CDC)",
    },
    Prevalence {
        illness: Illness::BackPain,
        shared: 0.0,
        longest_years: 5.0,
        bands: &[band(20.0, 0.11, 0.10), band(50.0, 0.16, 0.14), band(70.0, 0.13, 0.12)],
        source: "planning figure of ours, near 13.1 % of adults (Shmagel, Arthritis Care Res 2016;68:1688)",
    },
];

/// Share of people per five-year age group from 0; the last reaches to 100. Sums to 1.
///
/// Source: US Census Bureau, population estimates by age, 2022 vintage, rounded.
pub const PYRAMID: [f64; 19] = [
    0.056, 0.060, 0.063, 0.065, 0.067, 0.066, 0.069, 0.066, 0.065, 0.059, 0.063, 0.062, 0.064, 0.055, 0.045, 0.034,
    0.021, 0.012, 0.008,
];

/// Share of women from this age on; below it 0.49. Source: as the pyramid.
pub const FEMALE_BY_AGE: [(f64, f64); 4] = [(0.0, 0.489), (30.0, 0.50), (60.0, 0.525), (80.0, 0.60)];
