//! Stays in hospital: those in bed this morning, and the shape that earlier stays share with them.

use fhir::ResourceType;

use crate::demo::chart::{Chart, Class, INPATIENT, OUTPATIENT, Prescription, Stay, Visit, Vitals};
use crate::demo::institution::{self, Clinic, HOSPITAL, WARDS};
use crate::demo::person::{Person, TEACHING_CASE};
use crate::demo::rng::Stream;
use crate::demo::table::drug::{self, Drug, Often};
use crate::demo::table::lab::{self, Measure};
use crate::demo::table::prevalence::Illness;
use crate::demo::table::story::{self, Story};
use crate::demo::table::{problem, snomed};
use crate::demo::time::{DAY, HOUR, MINUTE};
use crate::demo::writer::{Ref, Writer};
use crate::order;

use super::flowsheet;

const MODULE: &str = "inpatient";

/// The stay that is going on, for patients with a bed.
pub fn write(chart: &mut Chart<'_>) {
    let Some(slot) = chart.person.inpatient else { return };
    chart.enter(MODULE);
    let story = story_of(chart.person, slot);
    let admitted = admitted_at(chart.now, story, &mut chart.rng);
    let (bed, name) = institution::bed(slot);
    let Admitted { encounter, nurse, doctor } = stay(chart, story, admitted, None, bed, &name);
    flowsheet::write(chart, admitted, encounter, nurse);
    // With some it has not been talked about yet.
    if slot % 5 != 4 {
        let very_old = chart.person.age_at(chart.now) >= 85.0;
        let status = if very_old { &order::DO_NOT_RESUSCITATE } else { &order::RESUSCITATE };
        let first_round = Visit { encounter, at: admitted + HOUR, doctor };
        chart.service_request((status, status.display), &order::CODE_STATUS, first_round, "active");
    }
}

/// Since when the patient has the bed, if in one.
pub fn since(chart: &Chart<'_>) -> Option<i64> {
    let slot = chart.person.inpatient?;
    let mut rng = Stream::new(chart.seed, u64::from(chart.person.k), MODULE);
    Some(admitted_at(chart.now, story_of(chart.person, slot), &mut rng))
}

fn admitted_at(now: i64, story: &Story, rng: &mut Stream) -> i64 {
    now - story.days * DAY - (2 + rng.below(9) as i64) * HOUR
}

fn story_of(person: &Person, slot: u32) -> &'static Story {
    if person.k == TEACHING_CASE {
        return &story::TEACHING;
    }
    let or = |illness, story, other| if person.has(illness) { story } else { other };
    match slot % 8 {
        0 => &story::ANEMIA,
        1 => or(Illness::KidneyDisease, &story::HYPERKALEMIA, &story::PNEUMONIA),
        2 => &story::PNEUMONIA,
        3 => or(Illness::Diabetes, &story::HYPERGLYCEMIA, &story::SEPSIS),
        4 => or(Illness::HeartFailure, &story::HEART_FAILURE, &story::HYPONATREMIA),
        5 => or(Illness::Copd, &story::COPD, &story::PNEUMONIA),
        6 => &story::HYPONATREMIA,
        _ => &story::SEPSIS,
    }
}

/// A pneumonia in the past, four days in a ward.
pub fn past_pneumonia(chart: &mut Chart<'_>, admitted: i64) {
    let length = 4 * DAY + 5 * HOUR;
    if !chart.within(admitted - 6 * HOUR, length + DAY) {
        return;
    }
    let ward = chart.rng.below(WARDS.len() - 1);
    let place = institution::ward(ward);
    stay(chart, &story::PNEUMONIA, admitted, Some(admitted + length), place, WARDS[ward]);
}

/// A stay, and who is in charge of it.
struct Admitted {
    encounter: Ref,
    nurse: usize,
    doctor: usize,
}

/// Emergency department, ward, vital signs, results, drugs, notes. `discharged` absent while the patient is in bed.
fn stay(
    chart: &mut Chart<'_>,
    story: &'static Story,
    admitted: i64,
    discharged: Option<i64>,
    place: Ref,
    place_name: &str,
) -> Admitted {
    let last = discharged.unwrap_or(chart.now);
    let main = story.problems[0];
    let doctor =
        if chart.person.k == TEACHING_CASE { 0 } else { institution::physician(attending(story), chart.rng.below(4)) };
    let nurse = institution::nurse(chart.rng.below(64));
    let conditions: Vec<Ref> = story.problems.iter().map(|_| chart.claim(ResourceType::Condition)).collect();

    let arrived = admitted - 4 * HOUR;
    let emergency_doctor = institution::physician(Clinic::Emergency, chart.rng.below(4));
    let emergency = chart.encounter(&Stay {
        class: Class::Emergency,
        kind: &problem::EMERGENCY,
        start: arrived,
        end: Some(admitted),
        doctor: emergency_doctor,
        nurse: None,
        place: institution::clinic(Clinic::Emergency),
        place_name: institution::clinic_name(Clinic::Emergency),
        specialty: institution::specialty(Clinic::Emergency),
        reason: Some(main),
        diagnosis: Some(conditions[0]),
        appointment: None,
    });
    let triage = Visit { encounter: emergency, at: arrived + 15 * MINUTE, doctor: emergency_doctor };
    bedside(chart, story, 0.0, triage.at, emergency, nurse, false);

    let encounter = chart.encounter(&Stay {
        class: Class::Inpatient,
        kind: &problem::ADMISSION,
        start: admitted,
        end: discharged,
        doctor,
        nurse: Some(nurse),
        place,
        place_name,
        specialty: snomed("394802001", "General medicine"),
        reason: Some(main),
        diagnosis: Some(conditions[0]),
        appointment: None,
    });
    let abated = discharged.map(|t| t + 6 * DAY).filter(|t| *t < chart.person.end).or(discharged);
    for problem in story.late {
        let target = chart.claim(ResourceType::Condition);
        let seen = last - 40 * MINUTE;
        chart.condition(target, problem, seen, abated, seen, Some(encounter));
    }
    for (problem, target) in story.problems.iter().zip(&conditions) {
        chart.condition(*target, problem, arrived - DAY, abated, arrived + HOUR, Some(encounter));
    }
    let share = |t: i64| ((t - admitted) as f64 / (last - admitted).max(1) as f64).clamp(0.0, 1.0);

    // counted back from the end, so the last set is always this morning's
    let rounds = (last - admitted - 30 * MINUTE) / (4 * HOUR);
    for i in (0..=rounds).rev() {
        let at = last - 25 * MINUTE - i * 4 * HOUR;
        let who = institution::nurse(nurse + (i / 3) as usize);
        bedside(chart, story, share(at), at, encounter, who, i % 6 == 0);
    }
    let mornings = (last - admitted) / DAY;
    for i in (0..=mornings).rev() {
        let at = if i == mornings { admitted + 20 * MINUTE } else { last - 100 * MINUTE - i * DAY };
        results(chart, story, share(at), Visit { encounter, at, doctor });
    }
    if let Some(conclusion) = story.radiograph {
        let taken = Visit { encounter: emergency, at: arrived + HOUR, doctor: emergency_doctor };
        chart.imaging_report(&lab::CHEST_XRAY_REPORT, taken, conclusion);
        chart.procedure(&problem::CHEST_XRAY, taken, 10, Some((conditions[0], main.text)));
    }
    drugs(chart, story, Visit { encounter, at: admitted + HOUR, doctor }, discharged, &conditions, nurse);
    if chart.person.k == TEACHING_CASE {
        teaching_orders(chart, Visit { encounter, at: last - 20 * MINUTE, doctor }, conditions[0]);
    }
    notes(chart, story, Visit { encounter, at: admitted + 2 * HOUR, doctor }, discharged, nurse);
    team(chart, encounter, admitted, discharged, doctor, nurse);
    Admitted { encounter, nurse, doctor }
}

fn attending(story: &Story) -> Clinic {
    match story.problems[0] {
        p if *p == problem::HEART_FAILURE_ACUTE => Clinic::Cardiology,
        p if *p == problem::HYPERKALEMIA || *p == problem::HYPONATREMIA => Clinic::Nephrology,
        p if *p == problem::HYPERGLYCEMIA => Clinic::Endocrinology,
        p if *p == problem::ANEMIA => Clinic::Primary,
        _ => Clinic::Respiratory,
    }
}

fn bedside(chart: &mut Chart<'_>, story: &Story, share: f64, at: i64, encounter: Ref, who: usize, weighs: bool) {
    // the teaching case shows its planned numbers exactly at the end
    let spread = if chart.person.k == TEACHING_CASE && share > 0.98 { 0.0 } else { 1.0 };
    let (a, b) = (&story.first, &story.last);
    let mut between = |low: f64, high: f64, sd: f64| low + (high - low) * share + chart.rng.normal() * sd * spread;
    let vitals = Vitals {
        pressure: Some((between(a.systolic, b.systolic, 5.0), between(a.diastolic, b.diastolic, 3.0))),
        pulse: Some(between(a.pulse, b.pulse, 3.0)),
        breathing: Some(between(a.breathing, b.breathing, 0.9)),
        temperature: Some(between(a.temperature, b.temperature, 0.15)),
        saturation: Some(between(a.saturation, b.saturation, 0.7).min(99.0)),
        oxygen: Some(between(a.oxygen, b.oxygen, 0.0).round()),
        responds: Some(story.responds[usize::from(share >= 0.5)]),
        weight: weighs.then(|| chart.person.weight_kg(at) + (1.0 - share) * 1.5),
        height: None,
    };
    chart.vitals(&vitals, at, encounter, who);
}

fn results(chart: &mut Chart<'_>, story: &'static Story, share: f64, visit: Visit) {
    // the last specimen is taken a little before the end of the stay and shows its numbers exactly
    let share = if share > 0.9 { 1.0 } else { share };
    let adjust = move |measure: Measure, usual: f64| {
        let row = story.results.iter().find(|(m, ..)| *m == measure);
        row.map_or(usual, |(_, first, last)| first + (last - first) * share)
    };
    let delay = 45 * MINUTE;
    chart.panel(&lab::METABOLIC, visit, delay, &adjust);
    chart.panel(&lab::BLOOD_COUNT, visit, delay, &adjust);
    for test in story.tests {
        let usual = chart.person.measure(test.measure, visit.at, &mut chart.rng);
        chart.single_result(test, adjust(test.measure, usual), visit, delay);
    }
}

fn drugs(
    chart: &mut Chart<'_>,
    story: &Story,
    start: Visit,
    discharged: Option<i64>,
    conditions: &[Ref],
    nurse: usize,
) {
    let last = discharged.unwrap_or(chart.now);
    // antibiotics are for the infection, the rest is for the first problem
    let infection = story.problems.iter().position(|p| **p == problem::PNEUMONIA).unwrap_or(0);
    let reason = |drug: &Drug| {
        let i = if [drug::CEFTRIAXONE.code, drug::DOXYCYCLINE.code].contains(&drug.code) { infection } else { 0 };
        (conditions[i], story.problems[i].text)
    };
    for given in story.drugs {
        let request = chart.prescribe(&Prescription {
            drug: given,
            from: start.at,
            until: discharged,
            status: if discharged.is_some() { "completed" } else { "active" },
            category: INPATIENT,
            doctor: start.doctor,
            encounter: Some(start.encounter),
            reason: Some(reason(given)),
            prior: None,
            because: None,
            days: 7,
            repeats: 0,
        });
        let every = match given.often {
            Often::Twice => 12,
            Often::Three => 8,
            Often::Four => 6,
            Often::AsNeeded(hours) => i64::from(hours),
            Often::Daily | Often::Night | Often::Weekly | Often::Once => 24,
        };
        let mut at = start.at + 30 * MINUTE;
        while at < last - 10 * MINUTE {
            chart.administer(given, request, start.encounter, at, nurse);
            at += every * HOUR;
        }
    }
    if let Some(discharged) = discharged {
        chart.prescribe(&Prescription {
            drug: &drug::DOXYCYCLINE,
            from: discharged - HOUR,
            until: Some((discharged + 5 * DAY).min(chart.person.end)),
            status: "completed",
            category: OUTPATIENT,
            doctor: start.doctor,
            encounter: Some(start.encounter),
            reason: Some(reason(&drug::DOXYCYCLINE)),
            prior: None,
            because: None,
            days: 5,
            repeats: 0,
        });
    }
}

/// What this morning's potassium led to: two home tablets stopped, three drafts that await a signature.
fn teaching_orders(chart: &mut Chart<'_>, round: Visit, condition: Ref) {
    let reason = Some((condition, problem::HEART_FAILURE_ACUTE.text));
    let family_doctor = chart.family_doctor();
    for drug in [&drug::SPIRONOLACTONE, &drug::POTASSIUM_CHLORIDE] {
        chart.prescribe(&Prescription {
            drug,
            from: round.at - 97 * DAY,
            until: Some(round.at),
            status: "stopped",
            category: OUTPATIENT,
            doctor: family_doctor,
            encounter: None,
            reason,
            prior: None,
            because: Some("Potassium 6.1 mmol/L"),
            days: 180,
            repeats: 1,
        });
    }
    for drug in [&drug::CALCIUM_GLUCONATE, &drug::INSULIN_REGULAR, &drug::GLUCOSE] {
        chart.prescribe(&Prescription {
            drug,
            from: round.at,
            until: None,
            status: "draft",
            category: INPATIENT,
            doctor: round.doctor,
            encounter: Some(round.encounter),
            reason: None,
            prior: None,
            because: None,
            days: 1,
            repeats: 0,
        });
    }
}

fn notes(chart: &mut Chart<'_>, story: &Story, first: Visit, discharged: Option<i64>, nurse: usize) {
    let given = chart.person.given;
    chart.note(&lab::ADMISSION_NOTE, first, first.doctor, story.admission, false);
    if let Some(at) = discharged {
        let text = format!(
            "{given} was treated for {}. {} Discharged home with tablets for five days; family doctor to review in a week.",
            story.problems[0].text.to_lowercase(),
            story.progress,
        );
        chart.note(&lab::DISCHARGE_SUMMARY, Visit { at: at - HOUR, ..first }, first.doctor, &text, false);
    } else {
        let morning = Visit { at: chart.now - 155 * MINUTE, ..first };
        let text = format!("Night quiet, bell and drink within reach. {given} turned and skin inspected, no redness.");
        chart.note(&lab::NURSE_NOTE, morning, nurse, &text, false);
        let round = Visit { at: chart.now - 30 * MINUTE, ..first };
        chart.note(&lab::PROGRESS_NOTE, round, first.doctor, story.progress, true);
    }
}

fn team(chart: &mut Chart<'_>, encounter: Ref, since: i64, until: Option<i64>, doctor: usize, nurse: usize) {
    let target = chart.claim(ResourceType::CareTeam);
    let mut w = Writer::new(target);
    w.string("status", if until.is_some() { "inactive" } else { "active" });
    w.string("name", "Ward team");
    w.reference("subject", chart.patient(), Some(chart.patient_name()));
    w.reference("encounter", encounter, None);
    w.period("period", since, until);
    w.list("participant");
    for (who, role) in [(doctor, snomed("309343006", "Physician")), (nurse, snomed("106292003", "Professional nurse"))]
    {
        w.item();
        w.concepts("role", &role);
        w.reference("member", institution::practitioner(who), Some(institution::practitioner_name(who)));
        w.reference("onBehalfOf", institution::hospital(), Some(HOSPITAL));
        w.close();
    }
    w.end();
    chart.push(w);
}
