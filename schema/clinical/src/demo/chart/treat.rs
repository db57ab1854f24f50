//! Drugs, vaccines, procedures, notes, plans and appointments.

use fhir::ResourceType as Kind;

use super::{Chart, Visit, practitioner};
use crate::demo::institution::{self, HOSPITAL};
use crate::demo::table::drug::{self, Drug, Often};
use crate::demo::table::lab::Analyte;
use crate::demo::table::problem::Problem;
use crate::demo::table::{Code, code, snomed};
use crate::demo::time::{DAY, MINUTE, YEAR};
use crate::demo::writer::{Decimal, Ref, Writer};
use crate::note::narrative;

/// An order for a drug.
pub struct Prescription<'a> {
    pub drug: &'static Drug,
    pub from: i64,
    /// When it ended; absent while it lasts.
    pub until: Option<i64>,
    /// R4 medicationrequest-status.
    pub status: &'static str,
    /// R4 medicationrequest-category: `outpatient`, `inpatient`.
    pub category: Code,
    pub doctor: usize,
    pub encounter: Option<Ref>,
    pub reason: Option<(Ref, &'a str)>,
    pub prior: Option<Ref>,
    /// Why it is stopped or held.
    pub because: Option<&'static str>,
    pub days: u32,
    pub repeats: u64,
}

/// A drug order as the work that follows it sees it.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub request: Ref,
    pub drug: &'static Drug,
    pub status: &'static str,
    pub inpatient: bool,
    pub doctor: usize,
    pub at: i64,
    pub encounter: Option<Ref>,
}

pub const OUTPATIENT: Code =
    code("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "outpatient", "Outpatient");
pub const INPATIENT: Code =
    code("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "inpatient", "Inpatient");

impl Chart<'_> {
    pub fn prescribe(&mut self, p: &Prescription<'_>) -> Ref {
        let target = self.claim(Kind::MedicationRequest);
        let drug = p.drug;
        let mut w = Writer::new(target);
        w.string("status", p.status);
        if let Some(because) = p.because {
            w.concept_of("statusReason", &[], because);
        }
        w.string("intent", "order");
        w.concepts("category", &p.category);
        w.concept_of("medicationCodeableConcept", &[drug.code], drug.text);
        self.subject(&mut w, "subject");
        if let Some(encounter) = p.encounter {
            w.reference("encounter", encounter, None);
        }
        w.date_time("authoredOn", p.from);
        practitioner(&mut w, "requester", p.doctor);
        if let Some((reason, text)) = p.reason {
            w.references("reasonReference", reason, Some(text));
        }
        w.list("dosageInstruction");
        w.item();
        Self::dosage(&mut w, p);
        w.close();
        w.end();
        w.open("dispenseRequest");
        w.period("validityPeriod", p.from, Some(p.until.unwrap_or(p.from + i64::from(p.days) * DAY)));
        w.integer("numberOfRepeatsAllowed", p.repeats);
        w.open("quantity");
        let doses = drug.often.doses(f64::from(p.days) / (p.repeats + 1) as f64);
        w.decimal("value", Decimal::round(doses, 0));
        w.string("unit", "doses");
        w.close();
        w.close();
        if let Some(prior) = p.prior {
            w.reference("priorPrescription", prior, Some(drug.text));
        }
        self.push(w);
        self.orders.push(Order {
            request: target,
            drug,
            status: p.status,
            inpatient: p.category == INPATIENT,
            doctor: p.doctor,
            at: p.from,
            encounter: p.encounter,
        });
        target
    }

    fn dosage(w: &mut Writer, p: &Prescription<'_>) {
        let drug = p.drug;
        let dose = Decimal::round(drug.dose, drug.dose_digits);
        let mut text = String::with_capacity(96);
        dose.push(&mut text);
        // People read it: 1,000 mg. No dose comes to ten thousand of its unit.
        if dose.value() >= 1000.0 {
            text.insert(1, ',');
        }
        let unit = match drug.unit {
            "[iU]" => "units",
            "{puff}" => "puffs",
            "ug" => "mcg",
            "meq" => "mEq",
            unit => unit,
        };
        for part in [" ", unit, " ", drug::way(drug.route), ", ", drug.often.text()] {
            text.push_str(part);
        }
        if let Some((_, reason)) = p.reason {
            text.push_str(", for ");
            text.push_str(reason);
        }
        w.integer("sequence", 1);
        w.string("text", &text);
        let (frequency, period, unit_of_period) = drug.often.repeat();
        w.open("timing");
        w.open("repeat");
        w.open("boundsPeriod");
        w.date_time("start", p.from);
        if let Some(until) = p.until {
            w.date_time("end", until);
        }
        w.close();
        if drug.often == Often::Once {
            w.integer("count", 1);
        }
        w.integer("frequency", frequency);
        w.integer("period", period);
        w.string("periodUnit", unit_of_period);
        w.close();
        if let Some(often) = drug.often.code() {
            w.concept_of("code", &[often], drug.often.text());
        }
        w.close();
        w.boolean("asNeededBoolean", matches!(drug.often, Often::AsNeeded(_)));
        w.concept("route", drug.route);
        w.list("doseAndRate");
        w.item();
        let kind = "http://terminology.hl7.org/CodeSystem/dose-rate-type";
        w.concept("type", &code(kind, "ordered", "Ordered"));
        w.quantity("doseQuantity", dose, unit, drug.unit);
        w.close();
        w.end();
    }

    /// A dose that was given.
    pub fn administer(&mut self, drug: &Drug, request: Ref, encounter: Ref, at: i64, nurse: usize) {
        let target = self.claim(Kind::MedicationAdministration);
        let mut w = Writer::new(target);
        w.string("status", "completed");
        w.concept_of("medicationCodeableConcept", &[drug.code], drug.text);
        self.subject(&mut w, "subject");
        w.reference("context", encounter, None);
        w.date_time("effectiveDateTime", at);
        w.list("performer");
        w.item();
        practitioner(&mut w, "actor", nurse);
        w.close();
        w.end();
        w.reference("request", request, Some(drug.text));
        w.open("dosage");
        w.concept("route", drug.route);
        w.quantity("dose", Decimal::round(drug.dose, drug.dose_digits), drug.unit, drug.unit);
        w.close();
        self.push(w);
    }

    /// A vaccine given; `dose` is its number in the series, if it has one.
    pub fn immunize(&mut self, vaccine: &Code, visit: Visit, dose: Option<u64>) {
        let target = self.claim(Kind::Immunization);
        let lot = format!("L{:05}", self.rng.below(100_000));
        let left = self.rng.chance(0.5);
        let nurse = institution::nurse(self.rng.below(64));
        let mut w = Writer::new(target);
        w.string("status", "completed");
        w.concept("vaccineCode", vaccine);
        self.subject(&mut w, "patient");
        w.reference("encounter", visit.encounter, None);
        w.date_time("occurrenceDateTime", visit.at);
        w.boolean("primarySource", true);
        w.string("lotNumber", &lot);
        w.date("expirationDate", visit.at.div_euclid(DAY) + 240);
        let site = "http://terminology.hl7.org/CodeSystem/v3-ActSite";
        w.concept("site", &if left { code(site, "LA", "left arm") } else { code(site, "RA", "right arm") });
        w.concept("route", &drug::INTRAMUSCULAR);
        w.list("performer");
        w.item();
        practitioner(&mut w, "actor", nurse);
        w.close();
        w.end();
        if let Some(dose) = dose {
            w.list("protocolApplied");
            w.item();
            w.integer("doseNumberPositiveInt", dose);
            w.close();
            w.end();
        }
        self.push(w);
    }

    pub fn procedure(&mut self, what: &Code, visit: Visit, minutes: i64, reason: Option<(Ref, &str)>) -> Ref {
        let target = self.claim(Kind::Procedure);
        let mut w = Writer::new(target);
        w.string("status", "completed");
        w.concept("code", what);
        self.subject(&mut w, "subject");
        w.reference("encounter", visit.encounter, None);
        let end = (visit.at + minutes * MINUTE).min(self.person.end);
        w.period("performedPeriod", visit.at, Some(end));
        w.list("performer");
        w.item();
        practitioner(&mut w, "actor", visit.doctor);
        w.close();
        w.end();
        if let Some((reason, text)) = reason {
            w.references("reasonReference", reason, Some(text));
        }
        self.push(w);
        target
    }

    /// A signed note with its text inside. `preliminary` marks a draft.
    pub fn note(&mut self, kind: &Code, visit: Visit, author: usize, text: &str, preliminary: bool) {
        let target = self.claim(Kind::DocumentReference);
        // What is older came as a document from the system before; a note of ours is a Composition that it lists.
        let written = (!preliminary && visit.at > self.now - YEAR).then(|| self.composition(kind, visit, author, text));
        let mut w = Writer::new(target);
        w.string("status", "current");
        w.string("docStatus", if preliminary { "preliminary" } else { "final" });
        w.concept("type", kind);
        let category = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";
        w.concepts("category", &code(category, "clinical-note", "Clinical Note"));
        self.subject(&mut w, "subject");
        w.date_time("date", visit.at);
        w.references("author", institution::practitioner(author), Some(institution::practitioner_name(author)));
        w.reference("custodian", institution::hospital(), Some(HOSPITAL));
        w.list("content");
        w.item();
        w.open("attachment");
        w.string("contentType", "text/plain; charset=utf-8");
        w.string("language", "en");
        w.base64("data", text);
        w.string("title", kind.display);
        w.date_time("creation", visit.at);
        w.close();
        w.close();
        w.end();
        w.open("context");
        w.references("encounter", visit.encounter, None);
        w.open("period");
        w.date_time("start", visit.at);
        w.close();
        if let Some(note) = written {
            w.references("related", note, None);
        }
        w.close();
        self.push(w);
    }

    /// A note that its author has signed, by no template of ours.
    fn composition(&mut self, kind: &Code, visit: Visit, author: usize, text: &str) -> Ref {
        let target = self.claim(Kind::Composition);
        let who = (institution::practitioner(author), Some(institution::practitioner_name(author)));
        let mut w = Writer::new(target);
        w.string("status", "final");
        w.concept("type", kind);
        self.subject(&mut w, "subject");
        w.reference("encounter", visit.encounter, None);
        w.date_time("date", visit.at);
        w.references("author", who.0, who.1);
        w.string("title", kind.display);
        w.list("attester");
        w.item();
        w.string("mode", "professional");
        w.date_time("time", visit.at);
        w.reference("party", who.0, who.1);
        w.close();
        w.end();
        w.reference("custodian", institution::hospital(), Some(HOSPITAL));
        w.list("section");
        w.item();
        w.string("title", kind.display);
        w.open("text");
        w.string("status", "generated");
        w.string("div", &narrative(text));
        w.close();
        w.close();
        w.end();
        self.push(w);
        target
    }

    /// A goal with its measures and their bounds, and the plan of care that follows it.
    pub fn plan(
        &mut self,
        problem: &Problem,
        condition: Ref,
        at: i64,
        goal: Option<(&str, &[(&Analyte, f64)])>,
        activity: &str,
    ) {
        let goal = goal.map(|(text, bounds)| {
            let target = self.claim(Kind::Goal);
            let mut w = Writer::new(target);
            w.string("lifecycleStatus", "active");
            w.concept_of("description", &[], text);
            self.subject(&mut w, "subject");
            w.date("startDate", at.div_euclid(DAY));
            w.list("target");
            for (analyte, below) in bounds {
                w.item();
                w.concept("measure", &analyte.code);
                w.open("detailRange");
                w.quantity("high", Decimal::round(*below, analyte.digits), analyte.unit, analyte.ucum);
                w.close();
                w.date("dueDate", at.div_euclid(DAY) + 365);
                w.close();
            }
            w.end();
            w.references("addresses", condition, Some(problem.text));
            self.push(w);
            (target, text)
        });
        let target = self.claim(Kind::CarePlan);
        let mut w = Writer::new(target);
        w.string("status", if self.person.death.is_some() { "revoked" } else { "active" });
        w.string("intent", "plan");
        w.concepts("category", &snomed("734163000", "Care plan"));
        w.string("title", problem.text);
        self.subject(&mut w, "subject");
        w.open("period");
        w.date_time("start", at);
        w.close();
        w.references("addresses", condition, Some(problem.text));
        if let Some((goal, text)) = goal {
            w.references("goal", goal, Some(text));
        }
        w.list("activity");
        w.item();
        w.open("detail");
        w.string("status", "in-progress");
        w.string("description", activity);
        w.close();
        w.close();
        w.end();
        self.push(w);
    }
}
