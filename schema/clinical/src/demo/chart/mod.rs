//! One patient's chart while it is being written: ids, references, and one method per kind of document.
//!
//! It knows R4's shape of each resource. When something happens and what its values are is decided by the modules.

mod measure;
mod treat;
mod work;

use fhir::ResourceType as Kind;

pub use measure::{IMAGING_ORDER, LABORATORY_ORDER, Vitals};
pub use treat::{INPATIENT, OUTPATIENT, Order, Prescription};
pub use work::{Booking, Work, task_code};

use super::hours::{self, Booked};
use super::institution::{self, Clinic, HOSPITAL, document_id};
use super::person::{Person, minute};
use super::rng::{Stream, hash_name};
use super::table::problem::Problem;
use super::table::{Code, code};
use super::time::{self, DAY, HOUR, MINUTE};
use super::writer::{Ref, Writer};
use super::{Document, Plan};

const ATTENDER: Code = code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND", "attender");

pub struct Chart<'p> {
    pub person: &'p Person,
    pub seed: u64,
    pub rng: Stream,
    /// The present, whole minutes.
    pub now: i64,
    patient: Ref,
    patient_name: String,
    /// Who is something to the patient, by name.
    pub relative: Option<(Ref, String)>,
    /// What the patient has in the hours of those who can log in.
    pub booked: Option<Booked>,
    /// Since when the patient is in bed, if still; nobody comes to a clinic from there.
    pub in_bed_since: Option<i64>,
    /// When the appointments that are there begin; each has half an hour.
    taken: Vec<i64>,
    /// Drug orders written so far.
    pub orders: Vec<Order>,
    /// Critical results of the last day: observation, name, encounter.
    pub criticals: Vec<(Ref, &'static str, Ref)>,
    module: u64,
    written: u64,
    out: Vec<Document>,
}

/// An encounter to write. `end` absent while it lasts.
pub struct Stay<'a> {
    /// HL7 v3 ActCode: `AMB`, `EMER`, `IMP`.
    pub class: Class,
    pub kind: &'a Code,
    pub start: i64,
    pub end: Option<i64>,
    pub doctor: usize,
    pub nurse: Option<usize>,
    pub place: Ref,
    pub place_name: &'a str,
    pub specialty: Code,
    pub reason: Option<&'a Problem>,
    pub diagnosis: Option<Ref>,
    pub appointment: Option<Ref>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Ambulatory,
    Emergency,
    Inpatient,
}

/// A visit that took place.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    pub encounter: Ref,
    pub at: i64,
    pub doctor: usize,
}

impl<'p> Chart<'p> {
    pub fn new(plan: &Plan, person: &'p Person) -> Self {
        let k = u64::from(person.k);
        let booked = hours::booked(plan.seed, minute(plan.now), person);
        Self {
            person,
            seed: plan.seed,
            rng: Stream::new(plan.seed, k, "registration"),
            now: minute(plan.now),
            patient: patient(plan, person.k),
            patient_name: format!("{} {}", person.given, person.family),
            module: hash_name("registration"),
            written: 0,
            relative: None,
            in_bed_since: None,
            taken: booked.iter().map(|b| b.at).collect(),
            booked,
            orders: Vec::new(),
            criticals: Vec::new(),
            out: Vec::with_capacity(256),
        }
    }

    pub fn into_documents(self) -> Vec<Document> {
        self.out
    }

    /// Starts a module: its own stream of draws and its own ids.
    pub fn enter(&mut self, module: &'static str) {
        self.module = hash_name(module);
        self.written = 0;
        self.rng = Stream::new(self.seed, u64::from(self.person.k), module);
    }

    pub fn patient(&self) -> Ref {
        self.patient
    }

    pub fn patient_name(&self) -> &str {
        &self.patient_name
    }

    /// The reference of the next document of this module.
    pub fn claim(&mut self, kind: Kind) -> Ref {
        self.written += 1;
        Ref { kind, id: document_id(self.seed, kind, u64::from(self.person.k), self.module, self.written) }
    }

    pub fn push(&mut self, writer: Writer) {
        self.out.push(writer.finish());
    }

    fn subject(&self, w: &mut Writer, name: &str) {
        w.reference(name, self.patient, Some(&self.patient_name));
    }

    /// The family doctor, the same for every module.
    pub fn family_doctor(&self) -> usize {
        let clinic = if self.person.age_end() < 18.0 { Clinic::Pediatrics } else { Clinic::Primary };
        institution::physician(clinic, self.person.k as usize)
    }

    /// Whether an event of that length fits the record.
    pub fn within(&self, at: i64, length: i64) -> bool {
        at >= self.person.start && at + length < self.person.end
    }

    /// An office hour (08:00 to 17:00 UTC) on a working day near `at`.
    pub fn office_hour(&mut self, at: i64) -> i64 {
        let day = time::weekday(at.div_euclid(DAY));
        let slot = self.rng.below(36) as i64;
        day * DAY + 8 * HOUR + slot * 15 * MINUTE
    }

    /// An office visit of 20 to 45 minutes, or `None` when it does not fit the record or the patient is in bed.
    pub fn visit(&mut self, clinic: Clinic, kind: &Code, at: i64, reason: Option<(&Problem, Ref)>) -> Option<Visit> {
        let at = self.office_hour(at);
        let length = (20 + self.rng.below(6) as i64 * 5) * MINUTE;
        let n = self.rng.below(4);
        let in_bed = self.in_bed_since.is_some_and(|since| at.div_euclid(DAY) >= since.div_euclid(DAY));
        if in_bed || !self.within(at, length) {
            return None;
        }
        let own = matches!(clinic, Clinic::Primary | Clinic::Pediatrics);
        let doctor = if own { self.family_doctor() } else { institution::physician(clinic, n) };
        let encounter = self.encounter(&Stay {
            class: Class::Ambulatory,
            kind,
            start: at,
            end: Some(at + length),
            doctor,
            nurse: None,
            place: institution::clinic(clinic),
            place_name: institution::clinic_name(clinic),
            specialty: institution::specialty(clinic),
            reason: reason.map(|r| r.0),
            diagnosis: reason.map(|r| r.1),
            appointment: None,
        });
        Some(Visit { encounter, at: at + 5 * MINUTE, doctor })
    }

    pub fn encounter(&mut self, stay: &Stay<'_>) -> Ref {
        const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
        let target = self.claim(Kind::Encounter);
        let mut w = Writer::new(target);
        w.string("status", if stay.end.is_some() { "finished" } else { "in-progress" });
        w.coding(
            "class",
            &match stay.class {
                Class::Ambulatory => code(ACT, "AMB", "ambulatory"),
                Class::Emergency => code(ACT, "EMER", "emergency"),
                Class::Inpatient => code(ACT, "IMP", "inpatient encounter"),
            },
        );
        w.concepts("type", stay.kind);
        w.concept("serviceType", &stay.specialty);
        self.subject(&mut w, "subject");
        w.list("participant");
        for who in [Some(stay.doctor), stay.nurse].into_iter().flatten() {
            w.item();
            if who == stay.doctor {
                w.concepts("type", &ATTENDER);
            } else {
                w.concepts(
                    "type",
                    &code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PART", "Participation"),
                );
            }
            w.period("period", stay.start, stay.end);
            practitioner(&mut w, "individual", who);
            w.close();
        }
        w.end();
        if let Some(appointment) = stay.appointment {
            w.references("appointment", appointment, None);
        }
        w.period("period", stay.start, stay.end);
        if let Some(problem) = stay.reason {
            w.concepts_of("reasonCode", &[problem.snomed], Some(problem.text));
        }
        if let Some(diagnosis) = stay.diagnosis {
            w.list("diagnosis");
            w.item();
            w.reference("condition", diagnosis, stay.reason.map(|p| p.text));
            w.integer("rank", 1);
            w.close();
            w.end();
        }
        if stay.class == Class::Inpatient {
            w.open("hospitalization");
            let source = "http://terminology.hl7.org/CodeSystem/admit-source";
            w.concept("admitSource", &code(source, "emd", "From accident/emergency department"));
            if stay.end.is_some() {
                let disposition = "http://terminology.hl7.org/CodeSystem/discharge-disposition";
                w.concept("dischargeDisposition", &code(disposition, "home", "Home"));
            }
            w.close();
        }
        w.list("location");
        w.item();
        w.reference("location", stay.place, Some(stay.place_name));
        w.string("status", if stay.end.is_some() { "completed" } else { "active" });
        w.period("period", stay.start, stay.end);
        w.close();
        w.end();
        w.reference("serviceProvider", institution::hospital(), Some(HOSPITAL));
        self.push(w);
        target
    }

    /// A problem on the list (`encounter` absent) or a diagnosis of an encounter.
    pub fn condition(
        &mut self,
        target: Ref,
        problem: &Problem,
        onset: i64,
        abated: Option<i64>,
        recorded: i64,
        encounter: Option<Ref>,
    ) {
        const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
        const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
        let doctor = self.family_doctor();
        let mut w = Writer::new(target);
        let status =
            if abated.is_some() { code(CLINICAL, "resolved", "Resolved") } else { code(CLINICAL, "active", "Active") };
        w.concept("clinicalStatus", &status);
        let verification = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
        w.concept("verificationStatus", &code(verification, "confirmed", "Confirmed"));
        let category = match encounter {
            Some(_) => code(CATEGORY, "encounter-diagnosis", "Encounter Diagnosis"),
            None => code(CATEGORY, "problem-list-item", "Problem List Item"),
        };
        w.concepts("category", &category);
        w.concept_of("code", &[problem.snomed, problem.icd10], problem.text);
        self.subject(&mut w, "subject");
        if let Some(encounter) = encounter {
            w.reference("encounter", encounter, None);
        }
        let text = time::date_text(onset);
        // what began before the record is remembered by month only
        w.string("onsetDateTime", if onset < self.person.start { &text[..7] } else { &text });
        if let Some(abated) = abated {
            w.date("abatementDateTime", abated.div_euclid(DAY));
        }
        w.date_time("recordedDate", recorded);
        practitioner(&mut w, "recorder", doctor);
        self.push(w);
    }
}

/// A reference to a member of staff.
fn practitioner(w: &mut Writer, name: &str, who: usize) {
    w.reference(name, institution::practitioner(who), Some(institution::practitioner_name(who)));
}

/// Patient `k` of a plan.
pub fn patient(plan: &Plan, k: u32) -> Ref {
    let id = document_id(plan.seed, Kind::Patient, u64::from(k), hash_name("registration"), 0);
    Ref { kind: Kind::Patient, id }
}
