//! When those who can log in see outpatients: their hours in the weeks around `now`, and which patient comes when.
//!
//! A time is at most one patient's, told by the patient's number, so nobody is booked twice and no patient depends on another.

use std::sync::LazyLock;

use fhir::ResourceType;

use super::institution::{self, Clinic};
use super::person::{Person, minute};
use super::rng::Stream;
use super::table::prevalence::Illness;
use super::time::{DAY, MINUTE};
use super::writer::{Ref, Writer};
use super::{Document, Plan};

/// Last week, this week and the next two.
const WEEKS: i64 = 4;
pub const LENGTH: i64 = 30 * MINUTE;
/// Spreads neighbouring patients over the weeks; has no factor in common with the number of times.
const STEP: usize = 101;

/// Somebody's hours, the same each week.
struct Hours {
    /// Number of the member of staff.
    worker: usize,
    clinic: Clinic,
    nurse: bool,
    /// Days after Monday.
    days: &'static [i64],
    /// `[from, to)` in half hours after midnight (UTC).
    half_hours: &'static [(i64, i64)],
}

const HOURS: [Hours; 4] = [
    Hours {
        worker: 0,
        clinic: Clinic::Cardiology,
        nurse: false,
        days: &[0, 1, 2, 3, 4],
        half_hours: &[(17, 23), (27, 31)],
    },
    Hours { worker: 1, clinic: Clinic::Emergency, nurse: false, days: &[0, 2, 4], half_hours: &[(26, 30)] },
    Hours { worker: 2, clinic: Clinic::Primary, nurse: true, days: &[1, 3], half_hours: &[(18, 22)] },
    Hours { worker: 3, clinic: Clinic::Primary, nurse: true, days: &[2], half_hours: &[(18, 22)] },
];

/// A time that can be booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time {
    /// Whose, as a place in [`HOURS`].
    of: usize,
    /// Seconds after Monday of last week.
    after: i64,
}

static TIMES: LazyLock<Vec<Time>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (of, hours) in HOURS.iter().enumerate() {
        for day in (0..WEEKS).flat_map(|week| hours.days.iter().map(move |day| week * 7 + day)) {
            for half in hours.half_hours.iter().flat_map(|(from, to)| *from..*to) {
                all.push(Time { of, after: day * DAY + half * LENGTH });
            }
        }
    }
    all
});

/// Midnight of Monday of last week. Day 0 was a Thursday.
fn first_monday(now: i64) -> i64 {
    let today = now.div_euclid(DAY);
    (today - (today + 3).rem_euclid(7) - 7) * DAY
}

/// Whether a follow-up with that member of staff at that time would come between the hours that are told here.
pub fn keeps(worker: usize, at: i64, now: i64) -> bool {
    let first = first_monday(now);
    HOURS.iter().any(|hours| hours.worker == worker) && (first..first + WEEKS * 7 * DAY).contains(&at)
}

/// A patient's appointment in those weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    pub worker: usize,
    pub clinic: Clinic,
    pub nurse: bool,
    pub at: i64,
    /// R4 appointmentstatus, as the time of day has it.
    pub status: &'static str,
    pub reason: &'static str,
    pub slot: Ref,
}

/// What the patient has, if anything. Inpatients, the dead and who is not old enough for the clinic have nothing.
pub fn booked(seed: u64, now: i64, person: &Person) -> Option<Booked> {
    let k = person.k as usize;
    if k >= TIMES.len() || person.death.is_some() || person.inpatient.is_some() {
        return None;
    }
    let n = k * STEP % TIMES.len();
    let time = TIMES[n];
    let hours = &HOURS[time.of];
    let at = first_monday(now) + time.after;
    let grown = hours.clinic == Clinic::Emergency || person.is_adult_at(at);
    // Every sixth is on the list of a clinic today.
    let listed = k % 6 == 5 && at.div_euclid(DAY) == now.div_euclid(DAY);
    if !grown || listed || at < person.start + DAY {
        return None;
    }
    let fate = Stream::new(seed, u64::from(person.k), "hours").unit();
    let status = match now {
        _ if fate < 0.08 => "cancelled",
        now if now >= at + LENGTH && fate < 0.20 => "noshow",
        now if now >= at + LENGTH => "fulfilled",
        now if now >= at => "arrived",
        now if now >= at - 20 * MINUTE => "checked-in",
        _ => "booked",
    };
    let reason = match hours.clinic {
        Clinic::Cardiology if person.has(Illness::HeartFailure) => "Heart failure follow-up",
        Clinic::Cardiology if person.has(Illness::AtrialFibrillation) => "Atrial fibrillation follow-up",
        Clinic::Cardiology if person.has(Illness::Coronary) => "Coronary disease follow-up",
        Clinic::Cardiology if person.has(Illness::Hypertension) => "Blood pressure review",
        Clinic::Cardiology => "Cardiology check-up",
        _ if hours.nurse => "Blood pressure check",
        _ => "Follow-up",
    };
    let (worker, clinic, nurse) = (hours.worker, hours.clinic, hours.nurse);
    Some(Booked { worker, clinic, nurse, at, status, reason, slot: slot(n) })
}

fn slot(n: usize) -> Ref {
    institution::own(ResourceType::Slot, "hours", n as u64)
}

/// The schedules and their slots. A slot is busy while an appointment that stands has it.
pub fn documents(plan: &Plan) -> Vec<Document> {
    let now = minute(plan.now);
    let first = first_monday(now);
    let most = plan.patients.min(TIMES.len() as u32);
    let taken: Vec<Ref> = (0..most)
        .filter_map(|k| booked(plan.seed, now, &Person::draw(plan, k)))
        .filter(|b| b.status != "cancelled")
        .map(|b| b.slot)
        .collect();
    let schedule = |of: usize| institution::own(ResourceType::Schedule, "hours", of as u64);
    let mut out = Vec::with_capacity(HOURS.len() + TIMES.len());
    for (of, hours) in HOURS.iter().enumerate() {
        let mut w = Writer::new(schedule(of));
        w.boolean("active", true);
        w.concepts("serviceType", &institution::specialty(hours.clinic));
        w.list("actor");
        let who = institution::practitioner(hours.worker);
        w.item_reference(who, Some(institution::practitioner_name(hours.worker)));
        w.item_reference(institution::clinic(hours.clinic), Some(institution::clinic_name(hours.clinic)));
        w.end();
        w.period("planningHorizon", first, Some(first + WEEKS * 7 * DAY));
        out.push(w.finish());
    }
    for (n, time) in TIMES.iter().enumerate() {
        let target = slot(n);
        let at = first + time.after;
        let mut w = Writer::new(target);
        w.concepts("serviceType", &institution::specialty(HOURS[time.of].clinic));
        w.reference("schedule", schedule(time.of), None);
        w.string("status", if taken.contains(&target) { "busy" } else { "free" });
        w.date_time("start", at);
        w.date_time("end", at + LENGTH);
        out.push(w.finish());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_of_one_patient_and_each_worker_is_in_one_place() {
        let n = TIMES.len();
        let mut met: Vec<usize> = (0..n).map(|k| k * STEP % n).collect();
        met.sort_unstable();
        assert_eq!(met, (0..n).collect::<Vec<_>>());
        for (i, a) in TIMES.iter().enumerate() {
            let same = |b: &&Time| HOURS[b.of].worker == HOURS[a.of].worker && (a.after - b.after).abs() < LENGTH;
            assert!(!TIMES[i + 1..].iter().any(|b| same(&b)), "{a:?}");
        }
    }

    #[test]
    fn the_weeks_begin_on_monday_of_last_week() {
        for (now, monday) in [
            ("2026-11-30T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("2026-11-25T09:12:00Z", "2026-11-16T00:00:00Z"),
            ("2026-11-29T23:59:00Z", "2026-11-16T00:00:00Z"),
        ] {
            let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
            assert_eq!(first_monday(at(now)), at(monday), "{now}");
        }
    }
}
