//! Long-term illnesses: runs the programmes of the table over the record.

use fhir::ResourceType;

use crate::demo::chart::{Chart, OUTPATIENT, Prescription, Visit};
use crate::demo::institution::{self, Clinic, HOSPITAL};
use crate::demo::person::TEACHING_CASE;
use crate::demo::table::drug;
use crate::demo::table::programme::{Line, PROGRAMMES, Programme};
use crate::demo::table::{lab, problem, snomed};
use crate::demo::time::{DAY, HOUR, MINUTE, YEAR};
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
    let is_new = onset > person.start + 2 * DAY;

    let step = (programme.months_between / 12.0 * YEAR as f64) as i64;
    let lead = (step as f64 * chart.rng.range(0.02, 0.35)) as i64;
    // what begins within the record is found at its first visit
    let mut due = if is_new { onset } else { person.start + DAY + lead };
    let mut visits: Vec<Visit> = Vec::new();
    while due < person.end {
        let next = due + (step as f64 * chart.rng.range(0.85, 1.15)) as i64;
        let kind = if is_new && visits.is_empty() { &problem::SYMPTOM_VISIT } else { &problem::FOLLOW_UP };
        if let Some(visit) = chart.visit(programme.clinic, kind, due, Some((problem, condition))) {
            let n = visits.len() as u32;
            follow_up(chart, programme, visit, n, is_new && n == 0, (condition, problem.text));
            visits.push(visit);
        }
        due = next;
    }
    let found = visits.first().filter(|_| is_new);
    let recorded = found.map_or_else(|| onset.max(person.start + DAY).min(person.end), |v| v.at + 15 * MINUTE);
    let began = found.map_or(onset, |v| v.at - v.at % DAY);
    chart.condition(condition, problem, began, None, recorded, None);
    if let Some(visit) = found
        && !matches!(programme.clinic, Clinic::Primary | Clinic::Pediatrics)
    {
        let written = (visit.at - 12 * DAY).max(person.start);
        chart.refer(programme.clinic, written, "completed", (condition, problem.text));
    }
    if let Some(visit) = visits.first() {
        chart.plan(
            problem,
            condition,
            visit.at,
            programme.goal,
            "Regular review at the clinic, medicines as prescribed",
        );
    }
    for line in programme.lines {
        treat(chart, programme, line, onset, &visits, (condition, problem.text));
    }
    let (books, after) = (chart.rng.chance(0.8), 4 + chart.rng.below(110) as i64);
    if person.death.is_none() && books {
        chart.appointment(programme.clinic, chart.now + after * DAY, problem.text);
    }
}

fn follow_up(
    chart: &mut Chart<'_>,
    programme: &Programme,
    visit: Visit,
    n: u32,
    is_diagnosis: bool,
    (condition, text): (Ref, &str),
) {
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
    if is_diagnosis {
        let first = format!("{text}, newly diagnosed. Findings explained, treatment and follow-up agreed.");
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, &first, false);
    } else if n == 0 || asks {
        chart.note(&lab::PROGRESS_NOTE, visit, visit.doctor, programme.note, false);
    }
}

/// One line of treatment as yearly orders, begun at a visit where there is one; the last one is active unless the line or the
/// life ended.
fn treat(chart: &mut Chart<'_>, programme: &Programme, line: &Line, onset: i64, visits: &[Visit], reason: (Ref, &str)) {
    let person = chart.person;
    let (chosen, gets) = (*chart.rng.pick(line.choices), chart.rng.chance(line.share));
    let (n, minute) = (chart.rng.below(4), chart.rng.below(9 * 60) as i64 * MINUTE);
    if !gets || (line.unless)(person) {
        return;
    }
    // one line ends at the visit at which the next one begins
    let turn = |years: f64| {
        let planned = (onset + (years * YEAR as f64) as i64).max(person.start + 2 * DAY);
        visits.iter().find(|v| v.at >= planned).map_or(planned, |v| v.at)
    };
    let from = turn(line.from_years);
    let stop = line.until_years.map(turn);
    let until = stop.unwrap_or(i64::MAX).min(person.end);
    if from + 7 * DAY >= until {
        return;
    }
    let begun = visits.iter().find(|v| v.at == from);
    let doctor = match begun {
        Some(visit) => visit.doctor,
        None if programme.clinic == Clinic::Primary => chart.family_doctor(),
        None => institution::physician(programme.clinic, n),
    };
    let mut start = if begun.is_some() { from + 10 * MINUTE } else { from - from % DAY + 8 * HOUR + minute };
    let mut encounter = begun.map(|v| v.encounter);
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
        // the slow pulse of the teaching case
        let held = status == "active" && person.k == TEACHING_CASE && chosen.code == drug::CARVEDILOL.code;
        let (status, because) = if held { ("on-hold", Some("Pulse below 50")) } else { (status, None) };
        prior = Some(chart.prescribe(&Prescription {
            drug: chosen,
            from: start,
            until: ended,
            status,
            category: OUTPATIENT,
            doctor,
            encounter: encounter.take(),
            reason: Some(reason),
            prior,
            because,
            days: 360,
            repeats: 3,
        }));
        fills(chart, ended.unwrap_or(person.end));
        start = renewed;
    }
}

/// Supplies of 90 days handed out on the last order during the last year of the record; now and then one is not fetched.
fn fills(chart: &mut Chart<'_>, until: i64) {
    let order = *chart.orders.last().expect("an order was just written");
    let mut at = order.at + 2 * HOUR;
    while at < until.min(chart.person.end) {
        let (fetched, pharmacist) = (chart.rng.chance(0.93), chart.rng.below(2));
        if fetched && at > chart.person.end - YEAR {
            chart.dispense(&order, at, 90, institution::pharmacist(pharmacist));
        }
        at += 90 * DAY;
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
