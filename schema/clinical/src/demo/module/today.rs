//! What is going on at `now`: the clinic list, the pharmacy queue, results to acknowledge, refills, referrals, messages.

use crate::demo::chart::{Booking, Chart, IMAGING_ORDER, LABORATORY_ORDER, Order, Visit, Work, task_code};
use crate::demo::hours::Booked;
use crate::demo::institution::{self, Clinic};
use crate::demo::table::prevalence::Illness;
use crate::demo::table::{Code, code, lab};
use crate::demo::time::{self, DAY, HOUR, MINUTE};

const FULFIL: Code = code("http://hl7.org/fhir/CodeSystem/task-code", "fulfill", "Fulfill the focal request");

pub fn write(chart: &mut Chart<'_>) {
    if chart.person.death.is_some() {
        return;
    }
    if chart.person.inpatient.is_some() {
        ward_work(chart);
    } else {
        clinic_list(chart);
        hours(chart);
        refill(chart);
        message(chart);
    }
}

/// Tasks of an inpatient: critical results without an acknowledgement, and each drug order's way through the pharmacy.
fn ward_work(chart: &mut Chart<'_>) {
    chart.enter("ward-work");
    let slot = chart.person.inpatient.unwrap_or_default() as usize;
    let criticals = std::mem::take(&mut chart.criticals);
    for (result, name, encounter) in criticals {
        chart.task(&Work {
            code: task_code("acknowledge-result", "Acknowledge a critical result"),
            status: "requested",
            stage: None,
            priority: "stat",
            text: name,
            focus: result,
            encounter: Some(encounter),
            since: chart.now - 30 * MINUTE,
            requester: institution::laboratory(),
            requester_name: "Laboratory",
            owner: None,
        });
    }
    let given: Vec<Order> = chart.orders.iter().copied().filter(|o| o.inpatient && o.status == "active").collect();
    for (i, order) in given.iter().enumerate() {
        pharmacy(chart, order, slot + i);
    }
    let Some(encounter) = given.iter().find_map(|o| o.encounter) else { return };
    let round = Visit { encounter, at: chart.now - 15 * MINUTE, doctor: given[0].doctor };
    match slot % 3 {
        0 => {
            let repeat = (&lab::POTASSIUM.code, "Potassium, repeat in two hours");
            chart.service_request(repeat, &LABORATORY_ORDER, round, "active");
        }
        1 => {
            chart.service_request((&lab::CHEST_XRAY_REPORT, "Chest radiograph"), &IMAGING_ORDER, round, "draft");
        }
        _ => {}
    }
}

/// One order's task in the pharmacy, in one of the stages; a query comes with the question to the prescriber.
fn pharmacy(chart: &mut Chart<'_>, order: &Order, n: usize) {
    const STAGES: [(&str, (&str, &str)); 8] = [
        ("requested", ("to-verify", "To verify")),
        ("accepted", ("verified", "Verified")),
        ("in-progress", ("prepared", "Prepared")),
        ("in-progress", ("dispensed", "Dispensed")),
        ("completed", ("handed-out", "Handed out")),
        ("on-hold", ("query", "Question to the prescriber")),
        ("on-hold", ("on-hold", "On hold")),
        ("rejected", ("returned", "Returned")),
    ];
    let (status, stage) = STAGES[n % STAGES.len()];
    let pharmacist = institution::pharmacist(n);
    let since = (chart.now - (1 + n as i64 % 5) * HOUR).max(order.at);
    let task = chart.task(&Work {
        code: FULFIL,
        status,
        stage: Some(stage),
        priority: "routine",
        text: order.drug.text,
        focus: order.request,
        encounter: order.encounter,
        since,
        requester: institution::practitioner(order.doctor),
        requester_name: institution::practitioner_name(order.doctor),
        owner: (stage.0 != "to-verify").then_some(pharmacist),
    });
    if stage.0 == "query" {
        let text =
            format!("{}: is the dose meant for this kidney function? Please confirm or change.", order.drug.text);
        chart.message(Some(task), Some(pharmacist), order.doctor, since, &text);
    }
}

/// Every sixth patient is on today's clinic list, on working days.
fn clinic_list(chart: &mut Chart<'_>) {
    chart.enter("clinic-list");
    let (k, today) = (chart.person.k, chart.today());
    let working = time::weekday(today / DAY) == today / DAY;
    if k % 6 != 5 || !working || chart.person.start > today {
        return;
    }
    let clinic = match chart.person.age_end() {
        a if a < 18.0 => Clinic::Pediatrics,
        _ if chart.person.has(Illness::HeartFailure) || chart.person.has(Illness::Coronary) => Clinic::Cardiology,
        _ if chart.person.has(Illness::Diabetes) => Clinic::Endocrinology,
        _ => Clinic::Primary,
    };
    let at = today + 8 * HOUR + i64::from(k / 6 % 18) * 30 * MINUTE;
    let (misses, signed) = (chart.rng.chance(0.12), chart.rng.chance(0.6));
    let ends = at + 30 * MINUTE;
    let status = match chart.now {
        now if now >= ends && misses => "noshow",
        now if now >= ends => "fulfilled",
        now if now >= at => "arrived",
        now if now >= at - 20 * MINUTE => "checked-in",
        _ => "booked",
    };
    let doctor = chart.doctor_of(clinic, k as usize);
    let booking = Booking { clinic, doctor, at, status, reason: "Follow-up", slot: None };
    let appointment = chart.book(&booking);
    if !matches!(status, "fulfilled" | "arrived") || chart.now - at < 2 * MINUTE {
        return;
    }
    let visit = chart.seen_today(&booking, appointment);
    if status == "fulfilled" {
        chart.office_vitals(visit, false);
        let text = "Seen as planned. Medicines and readings at home gone through together, no change today.";
        chart.note(&lab::PROGRESS_NOTE, Visit { at: ends - 5 * MINUTE, ..visit }, doctor, text, !signed);
    }
}

/// What the patient has in the hours of those who can log in, and the visit that it became.
fn hours(chart: &mut Chart<'_>) {
    chart.enter("hours");
    let Some(booked) = chart.booked else { return };
    let Booked { clinic, worker: doctor, at, status, reason, .. } = booked;
    // One that was cancelled has given its slot back.
    let slot = (status != "cancelled").then_some(booked.slot);
    let booking = Booking { clinic, doctor, at, status, reason, slot };
    let appointment = chart.book(&booking);
    if !matches!(status, "fulfilled" | "arrived") || chart.now - at < 2 * MINUTE {
        return;
    }
    let visit = chart.seen_today(&booking, appointment);
    if status != "fulfilled" {
        return;
    }
    if booked.nurse {
        chart.short_vitals(visit);
        return;
    }
    chart.office_vitals(visit, false);
    let text = "Seen as planned. Medicines and readings at home gone through together, no change today.";
    chart.note(&lab::PROGRESS_NOTE, Visit { at: at + 25 * MINUTE, ..visit }, doctor, text, false);
}

/// Every tenth patient asks for more of a drug.
fn refill(chart: &mut Chart<'_>) {
    chart.enter("refill");
    let order = chart.orders.iter().rev().find(|o| !o.inpatient && o.status == "active").copied();
    let Some(order) = order.filter(|_| chart.person.k % 10 == 7) else { return };
    let since = chart.hours_ago(3 + i64::from(chart.person.k % 40));
    let name = chart.patient_name().to_owned();
    chart.task(&Work {
        code: task_code("refill-request", "Request for a refill"),
        status: "requested",
        stage: None,
        priority: "routine",
        text: order.drug.text,
        focus: order.request,
        encounter: None,
        since: since.max(order.at),
        requester: chart.patient(),
        requester_name: &name,
        owner: Some(order.doctor),
    });
}

/// Every eleventh adult has written to the family doctor.
fn message(chart: &mut Chart<'_>) {
    const TEXTS: [&str; 4] = [
        "My readings at home were higher this week, around 150 in the mornings. Shall I come in?",
        "Could you send the letter for my employer once more, please?",
        "The new tablets make me cough at night. Is there another one?",
        "I will be away in March. May I take my supply along for three months?",
    ];
    chart.enter("message");
    let k = chart.person.k;
    if k % 11 != 5 || chart.person.age_end() < 18.0 {
        return;
    }
    let doctor = chart.family_doctor();
    let at = chart.hours_ago(2 + i64::from(k % 30));
    chart.message(None, None, doctor, at, TEXTS[(k / 11) as usize % TEXTS.len()]);
}
