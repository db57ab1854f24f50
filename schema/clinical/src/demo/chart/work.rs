//! Work around the record: appointments, tasks, messages, dispensed drugs, referrals.

use fhir::ResourceType as Kind;

use super::treat::Order;
use super::{Chart, Visit, practitioner};
use crate::demo::BASE;
use crate::demo::hours;
use crate::demo::institution::{self, Clinic};
use crate::demo::table::{Code, code, snomed};
use crate::demo::time::{DAY, HOUR, MINUTE};
use crate::demo::writer::{Decimal, Ref, Writer};

pub const REFERRAL: Code = snomed("3457005", "Patient referral");

/// An appointment in a clinic; `at` is its exact start.
pub struct Booking<'a> {
    pub clinic: Clinic,
    pub doctor: usize,
    pub at: i64,
    /// R4 appointmentstatus.
    pub status: &'static str,
    pub reason: &'a str,
    /// The slot that it takes.
    pub slot: Option<Ref>,
}

/// Something somebody has to do.
pub struct Work<'a> {
    pub code: Code,
    /// R4 task-status.
    pub status: &'static str,
    /// Code and display of the stage, in a code system of ours.
    pub stage: Option<(&'static str, &'static str)>,
    /// R4 request-priority.
    pub priority: &'static str,
    pub text: &'a str,
    pub focus: Ref,
    pub encounter: Option<Ref>,
    pub since: i64,
    pub requester: Ref,
    pub requester_name: &'a str,
    pub owner: Option<usize>,
}

/// A code of the hospital's own kinds of task.
pub const fn task_code(value: &'static str, display: &'static str) -> Code {
    code("https://wintehr.org/fhir/CodeSystem/task-kind", value, display)
}

impl Chart<'_> {
    /// A follow-up some time after `now`, in office hours.
    pub fn appointment(&mut self, clinic: Clinic, at: i64, reason: &str) {
        let mut at = self.office_hour(at);
        let n = self.rng.below(4);
        // Not at the time of another appointment, nor between the hours of who has some.
        while self.taken.iter().any(|other| (at - other).abs() < hours::LENGTH) {
            at += 7 * DAY;
        }
        let first = self.doctor_of(clinic, n);
        let doctor = if hours::keeps(first, at, self.now) { self.doctor_of(clinic, n + 1) } else { first };
        self.book(&Booking { clinic, doctor, at, status: "booked", reason, slot: None });
    }

    /// The family doctor in primary care, else the `n`-th physician of the clinic.
    pub fn doctor_of(&self, clinic: Clinic, n: usize) -> usize {
        if matches!(clinic, Clinic::Primary | Clinic::Pediatrics) {
            self.family_doctor()
        } else {
            institution::physician(clinic, n)
        }
    }

    pub fn book(&mut self, booking: &Booking<'_>) -> Ref {
        let target = self.claim(Kind::Appointment);
        self.taken.push(booking.at);
        let mut w = Writer::new(target);
        w.string("status", booking.status);
        if booking.status == "cancelled" {
            let system = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";
            w.concept("cancelationReason", &code(system, "pat", "Patient"));
        }
        w.concepts("serviceType", &institution::specialty(booking.clinic));
        let kind = "http://terminology.hl7.org/CodeSystem/v2-0276";
        w.concept("appointmentType", &code(kind, "FOLLOWUP", "A follow up visit from a previous appointment"));
        w.string("description", booking.reason);
        w.date_time("start", booking.at);
        w.date_time("end", booking.at + 30 * MINUTE);
        w.integer("minutesDuration", 30);
        if let Some(slot) = booking.slot {
            w.references("slot", slot, None);
        }
        w.date_time("created", (self.now.min(booking.at) - DAY).max(self.person.start));
        w.list("participant");
        for (target, name) in [
            (self.patient, self.patient_name.as_str()),
            (institution::practitioner(booking.doctor), institution::practitioner_name(booking.doctor)),
            (institution::clinic(booking.clinic), institution::clinic_name(booking.clinic)),
        ] {
            w.item();
            w.reference("actor", target, Some(name));
            w.string("required", "required");
            w.string("status", "accepted");
            w.close();
        }
        w.end();
        self.push(w);
        target
    }

    pub fn task(&mut self, work: &Work<'_>) -> Ref {
        let target = self.claim(Kind::Task);
        let mut w = Writer::new(target);
        w.string("status", work.status);
        if let Some((stage, display)) = work.stage {
            w.concept("businessStatus", &code("https://wintehr.org/fhir/CodeSystem/task-stage", stage, display));
        }
        w.string("intent", "order");
        w.string("priority", work.priority);
        w.concept("code", &work.code);
        w.string("description", work.text);
        w.reference("focus", work.focus, None);
        self.subject(&mut w, "for");
        if let Some(encounter) = work.encounter {
            w.reference("encounter", encounter, None);
        }
        w.date_time("authoredOn", work.since);
        w.date_time("lastModified", work.since);
        w.reference("requester", work.requester, Some(work.requester_name));
        if let Some(owner) = work.owner {
            practitioner(&mut w, "owner", owner);
        }
        self.push(w);
        target
    }

    /// A message about the patient that has been sent; the patient is the sender when `from` is `None`.
    pub fn message(&mut self, about: Option<Ref>, from: Option<usize>, to: usize, at: i64, text: &str) -> Ref {
        let target = self.claim(Kind::Communication);
        let mut w = Writer::new(target);
        w.string("status", "completed");
        if let Some(about) = about {
            w.references("about", about, None);
        }
        self.subject(&mut w, "subject");
        w.date_time("sent", at);
        w.references("recipient", institution::practitioner(to), Some(institution::practitioner_name(to)));
        match from {
            Some(from) => practitioner(&mut w, "sender", from),
            None => self.subject(&mut w, "sender"),
        }
        w.list("payload");
        w.item();
        w.string("contentString", text);
        w.close();
        w.end();
        self.push(w);
        target
    }

    /// A supply of `days` handed to the patient.
    pub fn dispense(&mut self, order: &Order, at: i64, days: u32, pharmacist: usize) {
        let target = self.claim(Kind::MedicationDispense);
        let mut w = Writer::new(target);
        w.string("status", "completed");
        w.concept_of("medicationCodeableConcept", &[order.drug.code], order.drug.text);
        self.subject(&mut w, "subject");
        w.list("performer");
        w.item();
        practitioner(&mut w, "actor", pharmacist);
        w.close();
        w.end();
        w.references("authorizingPrescription", order.request, Some(order.drug.text));
        w.open("quantity");
        w.decimal("value", Decimal::round(order.drug.often.doses(f64::from(days)), 0));
        w.string("unit", "doses");
        w.close();
        w.open("daysSupply");
        w.integer("value", u64::from(days));
        w.string("unit", "days");
        w.string("system", "http://unitsofmeasure.org");
        w.string("code", "d");
        w.close();
        w.date_time("whenPrepared", at - 20 * MINUTE);
        w.date_time("whenHandedOver", at);
        self.push(w);
    }

    /// A referral by the family doctor to a clinic.
    pub fn refer(&mut self, to: Clinic, at: i64, status: &'static str, reason: (Ref, &str)) -> Ref {
        let target = self.claim(Kind::ServiceRequest);
        let doctor = self.family_doctor();
        let mut w = Writer::new(target);
        w.identifier(&format!("{BASE}/referral-number"), target.id.as_str());
        w.string("status", status);
        w.string("intent", "order");
        w.concepts("category", &REFERRAL);
        w.string("priority", "routine");
        w.concept_of("code", &[REFERRAL], &format!("Referral to {}", institution::clinic_name(to)));
        self.subject(&mut w, "subject");
        w.date_time("authoredOn", at);
        practitioner(&mut w, "requester", doctor);
        w.concept("performerType", &institution::specialty(to));
        w.references("locationReference", institution::clinic(to), Some(institution::clinic_name(to)));
        w.references("reasonReference", reason.0, Some(reason.1));
        self.push(w);
        target
    }

    /// What a visit that is over or going on at `now` looks like for one of today's appointments.
    pub fn seen_today(&mut self, booking: &Booking<'_>, appointment: Ref) -> Visit {
        let over = booking.at + 30 * MINUTE <= self.now;
        let encounter = self.encounter(&super::Stay {
            class: super::Class::Ambulatory,
            kind: &crate::demo::table::problem::FOLLOW_UP,
            start: booking.at,
            end: over.then_some(booking.at + 30 * MINUTE),
            doctor: booking.doctor,
            nurse: None,
            place: institution::clinic(booking.clinic),
            place_name: institution::clinic_name(booking.clinic),
            specialty: institution::specialty(booking.clinic),
            reason: None,
            diagnosis: None,
            appointment: Some(appointment),
        });
        Visit { encounter, at: (booking.at + 5 * MINUTE).min(self.now - MINUTE), doctor: booking.doctor }
    }

    /// Midnight of the present day.
    pub fn today(&self) -> i64 {
        self.now - self.now.rem_euclid(DAY)
    }

    /// Hours before the present, but not before the record.
    pub fn hours_ago(&self, hours: i64) -> i64 {
        (self.now - hours * HOUR).max(self.person.start)
    }
}
