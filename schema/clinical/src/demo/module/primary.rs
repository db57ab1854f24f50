//! The family doctor: check-ups, well-child visits, vaccines, screening.

use crate::demo::chart::{Chart, Visit};
use crate::demo::institution::Clinic;
use crate::demo::person::Smoking;
use crate::demo::table::{lab, problem, vaccine};
use crate::demo::time::{self, DAY, HOUR, YEAR};
use crate::score::Sex;

pub fn write(chart: &mut Chart<'_>) {
    children(chart);
    adults(chart);
    obesity(chart);
}

fn children(chart: &mut Chart<'_>) {
    chart.enter("well-child");
    let birth = chart.person.birth_day * DAY;
    let mut first = None;
    for months in vaccine::WELL_CHILD_MONTHS {
        let due = birth + i64::from(*months) * YEAR / 12 + chart.rng.below(12) as i64 * DAY;
        let keeps = chart.rng.chance(0.94);
        if !keeps || chart.person.age_at(due) >= 18.0 {
            continue;
        }
        let Some(visit) = chart.visit(Clinic::Pediatrics, &problem::WELL_CHILD, due, None) else { continue };
        chart.office_vitals(visit, true);
        first = first.or(Some(visit));
        if *months <= 36 {
            chart.measure(&lab::HEAD_CIRCUMFERENCE, visit);
        }
        for (code, _, dose) in vaccine::CHILD_SERIES.iter().filter(|(_, at, _)| at == months) {
            chart.immunize(code, visit, Some(*dose));
        }
        if *months >= 6 && chart.rng.chance(0.55) {
            chart.immunize(&vaccine::INFLUENZA, visit, None);
        }
        let text = format!(
            "Well-child visit. {} grows along the centile, eats and sleeps well. Development as expected for the age. \
             Safety at home and teeth discussed with the parent.",
            chart.person.given
        );
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, &text, false);
    }
    if chart.person.death.is_none() && chart.person.age_end() < 18.0 {
        let after = 20 + chart.rng.below(200) as i64;
        chart.appointment(Clinic::Pediatrics, chart.now + after * DAY, "Well-child visit");
    }
    // The parents bring the papers of the birth to the first visit.
    if let (Some(days), Some(visit)) = (chart.person.gestation_days, first) {
        chart.enter("gestation");
        chart.stated(&lab::GESTATIONAL_AGE, days as f64 / 7.0, visit);
    }
}

fn adults(chart: &mut Chart<'_>) {
    chart.enter("check-up");
    let person = chart.person;
    let years = (person.end - person.start).div_euclid(YEAR) + 1;
    let first = person.start + chart.rng.below(250) as i64 * DAY;
    let mut late_vaccines = [person.age_at(person.start) >= 55.0, person.age_at(person.start) >= 70.0];
    let tetanus_year = chart.rng.below(10) as i64;
    let colonoscopy_year = chart.rng.below(8) as i64;
    let mut last_labs = false;
    for year in 0..years {
        let at = first + year * YEAR + (chart.rng.below(60) as i64 - 30) * DAY;
        let age = person.age_at(at);
        let (keeps, labs, flu) = (chart.rng.unit(), chart.rng.unit(), chart.rng.chance(0.5));
        let share = match age {
            a if a < 40.0 => 0.5,
            a if a < 65.0 => 0.7,
            _ => 0.85,
        };
        if age < 18.0 || keeps > share {
            continue;
        }
        let Some(visit) = chart.visit(Clinic::Primary, &problem::CHECK_UP, at, None) else { continue };
        chart.office_vitals(visit, true);
        let status = match person.smoking {
            Smoking::Never => &problem::NEVER_SMOKER,
            Smoking::Former => &problem::FORMER_SMOKER,
            Smoking::Current => &problem::CURRENT_SMOKER,
        };
        chart.smoking_status(status, visit);
        // never two blood draws skipped in a row after 40
        let draws = labs < if age < 40.0 { 0.3 } else { 0.45 } || (age >= 40.0 && !last_labs);
        last_labs = draws;
        if draws {
            let plain = |_, value| value;
            chart.panel(&lab::METABOLIC, visit, 5 * HOUR, &plain);
            chart.panel(&lab::BLOOD_COUNT, visit, 3 * HOUR, &plain);
            chart.panel(&lab::LIPID, visit, 5 * HOUR, &plain);
            if age >= 40.0 {
                chart.measure(&lab::HBA1C, visit);
            }
        }
        if flu && matches!(time::civil(visit.at.div_euclid(DAY)).1, 9..=12) {
            chart.immunize(&vaccine::INFLUENZA, visit, None);
        }
        if year == tetanus_year {
            chart.immunize(&vaccine::TD, visit, None);
        }
        if age >= 50.0 && !late_vaccines[0] {
            chart.immunize(&vaccine::ZOSTER, visit, Some(1));
            late_vaccines[0] = true;
        }
        if age >= 65.0 && !late_vaccines[1] {
            chart.immunize(&vaccine::PNEUMOCOCCAL_20, visit, None);
            late_vaccines[1] = true;
        }
        screening(chart, visit, age, year, colonoscopy_year);
        let text = check_up_text(chart, year, draws);
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, &text, false);
    }
    flu_shots(chart);
    if person.death.is_none() && person.age_end() >= 18.0 {
        let (books, after) = (chart.rng.chance(0.55), 7 + chart.rng.below(300) as i64);
        if books {
            chart.appointment(Clinic::Primary, chart.now + after * DAY, "Yearly check-up");
        }
    }
}

/// Screening by colonoscopy from 45 to 75 every ten years and mammography from 40 to 74 every two. Source: USPSTF 2021, 2024.
fn screening(chart: &mut Chart<'_>, visit: Visit, age: f64, year: i64, colonoscopy_year: i64) {
    let accepts = chart.rng.chance(0.7);
    if !accepts {
        return;
    }
    if (45.0..75.0).contains(&age) && year == colonoscopy_year {
        chart.procedure(&problem::COLONOSCOPY, visit, 40, None);
    }
    if chart.person.sex == Sex::Female && (40.0..75.0).contains(&age) && year % 2 == i64::from(chart.person.k % 2) {
        chart.procedure(&problem::MAMMOGRAPHY, visit, 15, None);
    }
}

/// Autumn walk-in vaccination, for those who did not get it at a check-up in season.
fn flu_shots(chart: &mut Chart<'_>) {
    chart.enter("influenza");
    let person = chart.person;
    let share = match person.age_end() {
        a if a < 50.0 => 0.22,
        a if a < 65.0 => 0.35,
        _ => 0.55,
    };
    let (first, _, _) = time::civil(person.start.div_euclid(DAY));
    let (last, _, _) = time::civil(person.end.div_euclid(DAY));
    for year in first..=last {
        // 1 October of the year, by whole years from 1970-10-01 (day 273)
        let october = 273 + (year - 1970) * 365 + (year - 1969).div_euclid(4);
        let (takes, day) = (chart.rng.chance(share), chart.rng.below(60) as i64);
        let at = (october + day) * DAY;
        if !takes || person.age_at(at) < 18.0 {
            continue;
        }
        if let Some(visit) = chart.visit(Clinic::Primary, &problem::INFLUENZA_VACCINATION, at, None) {
            chart.immunize(&vaccine::INFLUENZA, visit, None);
        }
    }
}

fn check_up_text(chart: &mut Chart<'_>, year: i64, labs: bool) -> String {
    const FEELS: [&str; 11] = [
        "Feels well, no new complaints.",
        "Sleeps poorly at times, otherwise well.",
        "More tired than last year after a busy season.",
        "Walks half an hour on most days, feels fit.",
        "Worried about weight, wishes to eat better.",
        "Back at work after a long holiday, no complaints.",
        "Headache now and then, better with rest and water.",
        "Caring for a relative, little time for sport.",
        "Has begun to swim twice a week and feels stronger.",
        "Short of breath on the third flight of stairs only, no change since last year.",
        "Drinks wine at weekends, does not smoke at home.",
    ];
    const EXAM: [&str; 3] = [
        "Heart sounds normal, lungs clear, abdomen soft.",
        "Examination without findings.",
        "Skin and feet inspected, no findings. Heart and lungs normal.",
    ];
    // in turn, so no two years read alike
    let feels = FEELS[(chart.person.k as usize + year as usize) % FEELS.len()];
    let exam = *chart.rng.pick(&EXAM);
    let labs = if labs { " Blood taken for metabolic panel, count and lipids." } else { "" };
    format!("Yearly check-up. {feels}\n{exam}{labs}\nMedicines and vaccines reviewed with {}.", chart.person.given)
}

/// Obesity on the problem list when the latent BMI at the end of the record is 30 or more.
fn obesity(chart: &mut Chart<'_>) {
    use fhir::ResourceType;
    chart.enter("obesity");
    let person = chart.person;
    if person.age_end() < 20.0 {
        return;
    }
    let metres = person.height_cm(person.end) / 100.0;
    if person.weight_kg(person.end) / (metres * metres) < 30.0 {
        return;
    }
    let recorded = person.start + (person.end - person.start) / 10 + chart.rng.below(90) as i64 * DAY;
    let recorded = chart.office_hour(recorded);
    if recorded < person.end {
        let target = chart.claim(ResourceType::Condition);
        chart.condition(target, &problem::OBESITY, recorded, None, recorded, None);
    }
}
