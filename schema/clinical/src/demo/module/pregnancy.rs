//! A pregnancy without complications: antenatal visits, birth, one visit afterwards. The child is not a patient of its own here.

use fhir::ResourceType;

use crate::demo::chart::{Chart, Class, Stay, Visit};
use crate::demo::institution::{self, Clinic, WARDS};
use crate::demo::table::{lab, problem};
use crate::demo::time::{DAY, HOUR};
use crate::score::Sex;

/// Share of women of the age who carry a pregnancy within five years of record; a planning figure of ours.
const SHARE: f64 = 0.22;
const MATERNITY: usize = WARDS.len() - 1;

pub fn write(chart: &mut Chart<'_>) {
    chart.enter("pregnancy");
    let person = chart.person;
    let (happens, when) = (chart.rng.chance(SHARE), chart.rng.unit());
    if person.sex != Sex::Female || !(21.0..43.0).contains(&person.age_end()) || !happens {
        return;
    }
    let conceived = person.start + ((person.end - person.start) as f64 * when) as i64;
    if person.age_at(conceived) < 18.5 {
        return;
    }
    let born = conceived + (266 + chart.rng.below(17) as i64 - 8) * DAY;
    let condition = chart.claim(ResourceType::Condition);
    let first = conceived + 56 * DAY;
    let mut seen = None;
    let mut week = 10;
    while week <= 40 {
        let at = conceived + (week * 7 - 14) * DAY;
        if at >= born {
            break;
        }
        let kind = if seen.is_none() { &problem::PRENATAL_FIRST } else { &problem::PRENATAL };
        if let Some(visit) = chart.visit(Clinic::Womens, kind, at, Some((&problem::PREGNANCY, condition))) {
            antenatal(chart, visit, seen.is_none(), week);
            seen = seen.or(Some(visit.at));
        }
        week += if week < 28 { 5 } else { 3 };
    }
    let Some(recorded) = seen else { return };
    let over = born < person.end;
    chart.condition(condition, &problem::PREGNANCY, first.min(recorded), over.then_some(born), recorded, None);
    if chart.within(born, 3 * DAY) {
        birth(chart, born - born % HOUR, condition);
    }
    let after = chart.visit(Clinic::Womens, &problem::POSTNATAL, born + 42 * DAY, None);
    if let Some(visit) = after {
        chart.short_vitals(visit);
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, "Six weeks after birth. Mother and child well.", false);
    } else if !over {
        chart.appointment(Clinic::Womens, chart.now + 9 * DAY, "Antenatal visit");
    }
}

fn antenatal(chart: &mut Chart<'_>, visit: Visit, first: bool, week: i64) {
    chart.short_vitals(visit);
    if first {
        chart.procedure(&problem::PREGNANCY_TEST, visit, 5, None);
    }
    if first || (28..31).contains(&week) {
        chart.panel(&lab::BLOOD_COUNT, visit, 3 * HOUR, &|_, value| value);
    }
    let text =
        format!("Antenatal visit, week {week}. Blood pressure as recorded, no complaints, movements as expected.");
    chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, &text, false);
}

fn birth(chart: &mut Chart<'_>, born: i64, condition: crate::demo::writer::Ref) {
    let doctor = institution::physician(Clinic::Womens, 0);
    let nurse = institution::nurse(chart.rng.below(64));
    let encounter = chart.encounter(&Stay {
        class: Class::Inpatient,
        kind: &problem::ADMISSION,
        start: born - 9 * HOUR,
        end: Some(born + 2 * DAY),
        doctor,
        nurse: Some(nurse),
        place: institution::ward(MATERNITY),
        place_name: WARDS[MATERNITY],
        specialty: institution::specialty(Clinic::Womens),
        reason: Some(&problem::PREGNANCY),
        diagnosis: Some(condition),
        appointment: None,
    });
    let visit = Visit { encounter, at: born, doctor };
    chart.office_vitals(Visit { at: born - 8 * HOUR, ..visit }, false);
    chart.procedure(&problem::CHILDBIRTH, visit, 30, Some((condition, problem::PREGNANCY.text)));
    chart.office_vitals(Visit { at: born + 6 * HOUR, ..visit }, false);
    let text = "Spontaneous birth of a healthy child at term. Mother and child home on the second day.";
    chart.note(&lab::DISCHARGE_SUMMARY, Visit { at: born + 2 * DAY - HOUR, ..visit }, doctor, text, false);
}
