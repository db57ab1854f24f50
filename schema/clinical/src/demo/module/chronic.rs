//! Long-term illnesses: runs the programmes of the table over the record.

use fhir::ResourceType;

use crate::demo::chart::{Chart, OUTPATIENT, Prescription, Visit};
use crate::demo::institution::{self, Clinic, HOSPITAL};
use crate::demo::table::programme::{Line, PROGRAMMES, Programme};
use crate::demo::table::{lab, problem, snomed};
use crate::demo::time::{DAY, HOUR, YEAR};
use crate::demo::writer::{Ref, Writer};

pub fn write(chart: &mut Chart<'_>) {
    let mut clinics: Vec<Clinic> = Vec::new();
    for programme in PROGRAMMES {
        if let Some(onset) = chart.person.onset(programme.illness) {
            chart.enter(programme.module);
            run(chart, programme, onset);
            if !clinics.contains(&programme.clinic) {
                clinics.push(programme.clinic);
            }
        }
    }
    if !clinics.is_empty() {
        chart.enter("care-team");
        care_team(chart, &clinics);
    }
}

fn run(chart: &mut Chart<'_>, programme: &Programme, onset: i64) {
    let person = chart.person;
    let problem = (programme.problem)(person);
    let condition = chart.claim(ResourceType::Condition);
    let recorded = onset.max(person.start + DAY).min(person.end);
    chart.condition(condition, problem, onset, None, recorded, None);

    let step = (programme.months_between / 12.0 * YEAR as f64) as i64;
    let mut due = recorded + (step as f64 * chart.rng.range(0.02, 0.35)) as i64;
    let mut n = 0;
    let mut first_visit = None;
    while due < person.end {
        let next = due + (step as f64 * chart.rng.range(0.85, 1.15)) as i64;
        if let Some(visit) = chart.visit(programme.clinic, &problem::FOLLOW_UP, due, Some((problem, condition))) {
            follow_up(chart, programme, visit, n, condition, problem.text);
            first_visit.get_or_insert(visit);
            n += 1;
        }
        due = next;
    }
    if let Some(visit) = first_visit {
        chart.plan(
            problem,
            condition,
            visit.at,
            programme.goal,
            "Regular review at the clinic, medicines as prescribed",
        );
    }
    for line in programme.lines {
        treat(chart, programme, line, onset, (condition, problem.text));
    }
    let (books, after) = (chart.rng.chance(0.8), 4 + chart.rng.below(110) as i64);
    if person.death.is_none() && books {
        chart.appointment(programme.clinic, chart.now + after * DAY, problem.text);
    }
}

fn follow_up(chart: &mut Chart<'_>, programme: &Programme, visit: Visit, n: u32, condition: Ref, text: &str) {
    chart.short_vitals(visit);
    for every in programme.panels.iter().filter(|e| n.is_multiple_of(e.visits)) {
        chart.panel(every.what, visit, 5 * HOUR, &|_, value| value);
    }
    for every in programme.measures.iter().filter(|e| n.is_multiple_of(e.visits)) {
        chart.measure(every.what, visit);
    }
    for every in programme.procedures.iter().filter(|e| n.is_multiple_of(e.visits)) {
        chart.procedure(every.what, visit, 15, Some((condition, text)));
    }
    let asks = chart.rng.chance(0.6);
    if n == 0 || asks {
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, programme.note, false);
    }
}

/// One line of treatment as yearly orders; the last one is active unless the line or the life ended.
fn treat(chart: &mut Chart<'_>, programme: &Programme, line: &Line, onset: i64, reason: (Ref, &str)) {
    let person = chart.person;
    let (chosen, gets) = (*chart.rng.pick(line.choices), chart.rng.chance(line.share));
    let n = chart.rng.below(4);
    if !gets || (line.unless)(person) {
        return;
    }
    let years = |y: f64| onset + (y * YEAR as f64) as i64;
    let from = years(line.from_years).max(person.start + 2 * DAY);
    let stop = line.until_years.map(years);
    let until = stop.unwrap_or(i64::MAX).min(person.end);
    if from + 7 * DAY >= until {
        return;
    }
    let doctor = if programme.clinic == Clinic::Primary {
        chart.family_doctor()
    } else {
        institution::physician(programme.clinic, n)
    };
    let mut start = from + 9 * HOUR - from.rem_euclid(HOUR);
    let mut prior = None;
    while start < until {
        let renewed = start + 360 * DAY;
        let last = renewed >= until;
        let ended = if last { stop.filter(|s| *s <= person.end).or(person.death) } else { Some(renewed) };
        let status = match (last, ended) {
            (true, None) => "active",
            (true, Some(_)) => "stopped",
            (false, _) => "completed",
        };
        prior = Some(chart.prescribe(&Prescription {
            drug: chosen,
            from: start,
            until: ended,
            status,
            category: OUTPATIENT,
            doctor,
            encounter: None,
            reason: Some(reason),
            prior,
            days: 360,
            repeats: 3,
        }));
        start = renewed;
    }
}

fn care_team(chart: &mut Chart<'_>, clinics: &[Clinic]) {
    let nurse = institution::nurse(chart.person.k as usize);
    let family_doctor = chart.family_doctor();
    let mut members = vec![(family_doctor, snomed("59058001", "General physician"))];
    for clinic in clinics.iter().filter(|c| **c != Clinic::Primary) {
        let doctor = institution::physician(*clinic, chart.rng.below(4));
        members.push((doctor, snomed("309343006", "Physician")));
    }
    members.push((nurse, snomed("106292003", "Professional nurse")));
    let target = chart.claim(ResourceType::CareTeam);
    let mut w = Writer::new(target);
    w.string("status", if chart.person.death.is_some() { "inactive" } else { "active" });
    w.string("name", "Long-term care team");
    w.reference("subject", chart.patient(), Some(chart.patient_name()));
    w.open("period");
    w.date_time("start", chart.person.start + DAY / 2);
    w.close();
    w.list("participant");
    for (who, role) in &members {
        w.item();
        w.concepts("role", role);
        w.reference("member", institution::practitioner(*who), Some(institution::practitioner_name(*who)));
        w.reference("onBehalfOf", institution::hospital(), Some(HOSPITAL));
        w.close();
    }
    w.end();
    w.references("managingOrganization", institution::hospital(), Some(HOSPITAL));
    chart.push(w);
}
