//! Short illnesses and injuries, and now and then a pneumonia with a stay in hospital.

use fhir::ResourceType;

use super::inpatient;
use crate::demo::chart::{Chart, Class, OUTPATIENT, Prescription, Stay, Visit};
use crate::demo::institution::{self, Clinic};
use crate::demo::table::drug::{self, Drug};
use crate::demo::table::problem::{self, Problem};
use crate::demo::table::programme::no_nsaid;
use crate::demo::table::{Code, lab};
use crate::demo::time::{DAY, HOUR, MINUTE, YEAR};
use crate::demo::writer::Ref;

pub fn write(chart: &mut Chart<'_>) {
    infections(chart);
    injuries(chart);
    pneumonia(chart);
}

/// Whole years of the record, counted from its start.
fn years(chart: &Chart<'_>) -> i64 {
    (chart.person.end - chart.person.start).div_euclid(YEAR) + 1
}

fn infections(chart: &mut Chart<'_>) {
    chart.enter("infection");
    for year in 0..years(chart) {
        let at = chart.person.start + year * YEAR + chart.rng.below(360) as i64 * DAY;
        let age = chart.person.age_at(at);
        let happens = chart.rng.chance(if age < 12.0 { 0.6 } else { 0.28 });
        let (which, lasts) = (chart.rng.unit(), 6 + chart.rng.below(9) as i64);
        if !happens {
            continue;
        }
        let problem = match which {
            u if u < 0.30 => &problem::PHARYNGITIS,
            u if u < 0.50 => &problem::SINUSITIS,
            u if u < 0.72 => &problem::BRONCHITIS,
            u if u < 0.86 && age < 12.0 => &problem::OTITIS,
            _ => &problem::STREP,
        };
        let clinic = if age < 18.0 { Clinic::Pediatrics } else { Clinic::Primary };
        let condition = chart.claim(ResourceType::Condition);
        let Some(visit) = chart.visit(clinic, &problem::SYMPTOM_VISIT, at, Some((problem, condition))) else {
            continue;
        };
        chart.office_vitals(visit, false);
        let healed = Some(visit.at + lasts * DAY).filter(|t| *t < chart.person.end);
        chart.condition(condition, problem, visit.at - 2 * DAY, healed, visit.at, Some(visit.encounter));
        // capsules are for those who can swallow them; below twelve the wait-and-see advice is recorded instead
        if *problem == problem::STREP && age >= 12.0 {
            let allergic = chart.person.is_allergic(&problem::PENICILLIN);
            let drug = if allergic { &drug::AZITHROMYCIN } else { &drug::AMOXICILLIN };
            short_course(chart, drug, visit, 10, (condition, problem.text));
        }
        let text =
            format!("{}. No danger signs. Fluids and rest advised, to return if not better in a week.", problem.text);
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, &text, false);
    }
}

fn short_course(chart: &mut Chart<'_>, drug: &'static Drug, visit: Visit, days: u32, reason: (Ref, &str)) {
    let until = visit.at + i64::from(days) * DAY;
    let over = until <= chart.person.end;
    chart.prescribe(&Prescription {
        drug,
        from: visit.at,
        until: Some(until.min(chart.person.end)).filter(|_| over || chart.person.death.is_some()),
        status: if over {
            "completed"
        } else if chart.person.death.is_some() {
            "stopped"
        } else {
            "active"
        },
        category: OUTPATIENT,
        doctor: visit.doctor,
        encounter: Some(visit.encounter),
        reason: Some(reason),
        prior: None,
        because: None,
        days,
        repeats: 0,
    });
}

struct Injury {
    problem: &'static Problem,
    treatment: Option<&'static Code>,
    weeks: i64,
    story: &'static str,
}

const INJURIES: [Injury; 3] = [
    Injury {
        problem: &problem::ANKLE_SPRAIN,
        treatment: None,
        weeks: 4,
        story: "Twisted the ankle on a kerb. Swollen on the outer side, can bear weight. Bandage, ice and early movement.",
    },
    Injury {
        problem: &problem::FOREARM_FRACTURE,
        treatment: Some(&problem::IMMOBILISATION),
        weeks: 7,
        story: "Fell on the outstretched hand. Forearm tender and bent, fingers warm with normal feeling. Cast applied.",
    },
    Injury {
        problem: &problem::CONCUSSION,
        treatment: None,
        weeks: 2,
        story: "Knocked the head, dizzy for an hour, no loss of consciousness. Head injury advice given to family.",
    },
];

fn injuries(chart: &mut Chart<'_>) {
    chart.enter("injury");
    for year in 0..years(chart) {
        let at =
            chart.person.start + year * YEAR + chart.rng.below(360) as i64 * DAY + chart.rng.below(22) as i64 * HOUR;
        let (happens, which) = (chart.rng.chance(0.05), chart.rng.below(INJURIES.len()));
        if !happens || chart.person.age_at(at) < 2.0 || !chart.within(at, 4 * HOUR) {
            continue;
        }
        injury(chart, &INJURIES[which], at);
    }
}

fn injury(chart: &mut Chart<'_>, injury: &Injury, at: i64) {
    let condition = chart.claim(ResourceType::Condition);
    let doctor = institution::physician(Clinic::Emergency, chart.rng.below(4));
    let encounter = chart.encounter(&Stay {
        class: Class::Emergency,
        kind: &problem::EMERGENCY,
        start: at,
        end: Some(at + 3 * HOUR),
        doctor,
        nurse: None,
        place: institution::clinic(Clinic::Emergency),
        place_name: institution::clinic_name(Clinic::Emergency),
        specialty: institution::specialty(Clinic::Emergency),
        reason: Some(injury.problem),
        diagnosis: Some(condition),
        appointment: None,
    });
    let visit = Visit { encounter, at: at + 20 * MINUTE, doctor };
    chart.office_vitals(visit, false);
    chart.measure(&lab::PAIN, visit);
    let healed = Some(at + injury.weeks * 7 * DAY).filter(|t| *t < chart.person.end);
    chart.condition(condition, injury.problem, at - HOUR, healed, visit.at, Some(encounter));
    if let Some(treatment) = injury.treatment {
        let later = Visit { at: at + 2 * HOUR, ..visit };
        chart.procedure(treatment, later, 20, Some((condition, injury.problem.text)));
    }
    if chart.person.age_at(at) >= 16.0 {
        let drug = if no_nsaid(chart.person) { &drug::ACETAMINOPHEN } else { &drug::IBUPROFEN };
        short_course(chart, drug, visit, 7, (condition, injury.problem.text));
    }
    chart.note(&lab::EMERGENCY_NOTE, Visit { at: at + 2 * HOUR, ..visit }, doctor, injury.story, false);
}

fn pneumonia(chart: &mut Chart<'_>) {
    chart.enter("pneumonia");
    let span = chart.person.end - chart.person.start;
    let age = chart.person.age_end();
    let share = match age {
        a if a < 18.0 => 0.0,
        a if a < 50.0 => 0.015,
        a if a < 70.0 => 0.05,
        _ => 0.14,
    };
    let (happens, when) = (chart.rng.chance(share), chart.rng.range(0.1, 0.85));
    if happens && chart.person.inpatient.is_none() {
        let at = chart.person.start + (span as f64 * when) as i64;
        inpatient::past_pneumonia(chart, at - at % MINUTE);
    }
}
