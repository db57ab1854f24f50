//! Observations, laboratory panels and reports.

use fhir::ResourceType as Kind;

use super::{Chart, Visit, practitioner};
use crate::demo::institution;
use crate::demo::rng::{Stream, hash_name};
use crate::demo::table::lab::{self, Analyte, Measure, Panel, Range};
use crate::demo::table::{Code, code, snomed};
use crate::demo::time::{DAY, HOUR};
use crate::demo::writer::{Decimal, Ref, Writer};
use crate::flowsheet::Parameter;
use crate::form::{self, Scale};
use crate::score;
use crate::vital::{self, Consciousness};

const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const EXAM: Code = code(OBSERVATION_CATEGORY, "exam", "Exam");
const VITAL_SIGNS: Code = code(OBSERVATION_CATEGORY, "vital-signs", "Vital Signs");
const LABORATORY: Code = code(OBSERVATION_CATEGORY, "laboratory", "Laboratory");
const SURVEY: Code = code(OBSERVATION_CATEGORY, "survey", "Survey");
const SOCIAL_HISTORY: Code = code(OBSERVATION_CATEGORY, "social-history", "Social History");
const PROCEDURE_RESULT: Code = code(OBSERVATION_CATEGORY, "procedure", "Procedure");
pub const LABORATORY_ORDER: Code = snomed("108252007", "Laboratory procedure");
pub const IMAGING_ORDER: Code = snomed("363679005", "Imaging");
const FINAL: &str = "final";

/// Where, when and on whose order a specimen was taken, and when its results were released.
#[derive(Debug, Clone, Copy)]
struct Specimen {
    /// R4 observation-status of the results.
    status: &'static str,
    at: i64,
    encounter: Ref,
    order: Ref,
    delay: i64,
}

impl Specimen {
    fn of(visit: Visit, order: Ref, delay: i64, status: &'static str) -> Self {
        Self { status, at: visit.at, encounter: visit.encounter, order, delay }
    }
}

/// One set of vital signs; what is `None` was not taken.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    pub pressure: Option<(f64, f64)>,
    pub pulse: Option<f64>,
    pub breathing: Option<f64>,
    pub temperature: Option<f64>,
    pub saturation: Option<f64>,
    /// L/min, 0 is room air.
    pub oxygen: Option<f64>,
    pub responds: Option<Consciousness>,
    pub weight: Option<f64>,
    pub height: Option<f64>,
}

impl Chart<'_> {
    fn range_of(&self, analyte: &Analyte, at: i64) -> Option<Range> {
        let range = if self.person.sex == score::Sex::Female { analyte.female } else { analyte.male };
        let printed = self.person.is_adult_at(at) && (range.low.is_some() || range.high.is_some());
        printed.then_some(range)
    }

    fn value_and_flag(&self, w: &mut Writer, analyte: &Analyte, value: Decimal, at: i64) {
        w.quantity("valueQuantity", value, analyte.unit, analyte.ucum);
        let Some(range) = self.range_of(analyte, at) else { return };
        w.concepts("interpretation", &interpretation(analyte, range, value.value()));
        w.list("referenceRange");
        w.item();
        if let Some(low) = range.low {
            w.quantity("low", Decimal::round(low, analyte.digits), analyte.unit, analyte.ucum);
        }
        if let Some(high) = range.high {
            w.quantity("high", Decimal::round(high, analyte.digits), analyte.unit, analyte.ucum);
        }
        w.close();
        w.end();
    }

    /// Rounds to the analyte's digits inside its plausible limits.
    pub fn printed(analyte: &Analyte, value: f64) -> Decimal {
        Decimal::round(value.clamp(analyte.plausible.0, analyte.plausible.1), analyte.digits)
    }

    fn observation_head(
        &mut self,
        category: &Code,
        (what, name): (&Code, &str),
        status: &str,
        at: i64,
        encounter: Ref,
    ) -> (Ref, Writer) {
        let target = self.claim(Kind::Observation);
        let mut w = Writer::new(target);
        w.string("status", status);
        w.concepts("category", category);
        w.concept_of("code", &[*what], name);
        self.subject(&mut w, "subject");
        w.reference("encounter", encounter, None);
        w.date_time("effectiveDateTime", at);
        (target, w)
    }

    fn observe(
        &mut self,
        category: &Code,
        analyte: &Analyte,
        value: Decimal,
        at: i64,
        encounter: Ref,
        who: usize,
    ) -> Ref {
        let (target, mut w) = self.observation_head(category, analyte.named(), FINAL, at, encounter);
        w.date_time("issued", at);
        w.references("performer", institution::practitioner(who), Some(institution::practitioner_name(who)));
        self.value_and_flag(&mut w, analyte, value, at);
        self.push(w);
        target
    }

    /// A score or a bedside measurement from the person's physiology.
    pub fn measure(&mut self, analyte: &Analyte, visit: Visit) -> Ref {
        let value = self.person.measure(analyte.measure, visit.at, &mut self.rng);
        let category = match analyte.measure {
            Measure::Phq9 => return self.survey(analyte, &form::PHQ9, value, visit),
            Measure::Gad7 => return self.survey(analyte, &form::GAD7, value, visit),
            Measure::Pain => SURVEY,
            Measure::EjectionFraction | Measure::Fev1Ratio => PROCEDURE_RESULT,
            Measure::HeadCircumference => VITAL_SIGNS,
            _ => {
                let order = self.order(&analyte.code, analyte.measure.name(), visit);
                let value = Self::printed(analyte, value);
                return self.result(analyte, value, Specimen::of(visit, order, 4 * HOUR, FINAL));
            }
        };
        self.observe(&category, analyte, Self::printed(analyte, value), visit.at, visit.encounter, visit.doctor)
    }

    /// A value that was told and not measured, such as one of an earlier paper.
    pub fn stated(&mut self, analyte: &Analyte, value: f64, visit: Visit) -> Ref {
        let value = Self::printed(analyte, value);
        self.observe(&EXAM, analyte, value, visit.at, visit.encounter, visit.doctor)
    }

    /// A value of a flowsheet that is no vital sign, as the ward charts it. `from`: what it is derived from.
    pub fn charted(&mut self, row: &Parameter, value: f64, at: i64, encounter: Ref, who: usize, from: &[Ref]) -> Ref {
        let category = code(OBSERVATION_CATEGORY, row.category.0, row.category.1);
        let (target, mut w) = self.observation_head(&category, (&row.code, row.name), FINAL, at, encounter);
        w.date_time("issued", at);
        w.references("performer", institution::practitioner(who), Some(institution::practitioner_name(who)));
        w.quantity("valueQuantity", Decimal::round(value.clamp(row.least, row.most), 0), row.unit, row.ucum);
        if !from.is_empty() {
            w.list("derivedFrom");
            from.iter().for_each(|source| w.item_reference(*source, None));
            w.end();
        }
        self.push(w);
        target
    }

    /// A scale that the patient filled in, and its sum.
    fn survey(&mut self, analyte: &Analyte, scale: &Scale, value: f64, visit: Visit) -> Ref {
        let value = Self::printed(analyte, value);
        let response = self.filled_in(scale, value.value() as usize, visit);
        let (target, mut w) = self.observation_head(&SURVEY, analyte.named(), FINAL, visit.at, visit.encounter);
        w.date_time("issued", visit.at);
        w.references(
            "performer",
            institution::practitioner(visit.doctor),
            Some(institution::practitioner_name(visit.doctor)),
        );
        self.value_and_flag(&mut w, analyte, value, visit.at);
        if let Some(response) = response {
            w.references("derivedFrom", response, None);
        }
        self.push(w);
        target
    }

    /// Answers that add up to the sum. The last item of the PHQ-9 asks for thoughts of death, which nobody here has: `None` when the sum
    /// is not reached without them, and only the sum was handed over. Draws and ids are its own, so the module's other documents stay.
    fn filled_in(&mut self, scale: &Scale, sum: usize, visit: Visit) -> Option<Ref> {
        let answered = scale.items.len() - usize::from(scale.id == form::PHQ9.id);
        let highest = form::FREQUENCY.len() - 1;
        if sum > answered * highest {
            return None;
        }
        let k = u64::from(self.person.k);
        let mut draws = Stream::new(self.seed ^ visit.at.unsigned_abs(), k, scale.id);
        let mut worth = vec![0; scale.items.len()];
        for _ in 0..sum {
            let open: Vec<usize> = (0..answered).filter(|at| worth[*at] < highest).collect();
            worth[*draws.pick(&open)] += 1;
        }
        let id = institution::document_id(
            self.seed,
            Kind::QuestionnaireResponse,
            k,
            hash_name(scale.id),
            visit.at.unsigned_abs(),
        );
        let target = Ref { kind: Kind::QuestionnaireResponse, id };
        let mut w = Writer::new(target);
        w.string("questionnaire", &format!("{}|1", scale.url()));
        w.open("_questionnaire");
        w.list("extension");
        w.item();
        w.string("url", "http://hl7.org/fhir/StructureDefinition/display");
        w.string("valueString", scale.title);
        w.close();
        w.end();
        w.close();
        w.string("status", "completed");
        self.subject(&mut w, "subject");
        w.reference("encounter", visit.encounter, None);
        w.date_time("authored", visit.at);
        practitioner(&mut w, "author", visit.doctor);
        self.subject(&mut w, "source");
        w.list("item");
        for (at, (_, text)) in scale.items.iter().enumerate() {
            w.item();
            w.string("linkId", &(at + 1).to_string());
            w.string("text", text);
            w.list("answer");
            w.item();
            let (answer, display) = form::FREQUENCY[worth[at]];
            w.coding("valueCoding", &code("http://loinc.org", answer, display));
            w.close();
            w.end();
            w.close();
        }
        w.end();
        self.push(w);
        Some(target)
    }

    /// A laboratory result, final some time after the specimen was taken but not after the record ends.
    fn result(&mut self, analyte: &Analyte, value: Decimal, drawn: Specimen) -> Ref {
        let Specimen { status, at, encounter, order, delay } = drawn;
        let (target, mut w) = self.observation_head(&LABORATORY, analyte.named(), status, at, encounter);
        w.references("basedOn", order, None);
        w.date_time("issued", (at + delay).min(self.person.end));
        w.references("performer", institution::laboratory(), Some("Laboratory"));
        self.value_and_flag(&mut w, analyte, value, at);
        self.push(w);
        if at > self.now - DAY && self.is_critical(analyte, value, at) {
            self.criticals.push((target, analyte.measure.name(), encounter));
        }
        target
    }

    fn is_critical(&self, analyte: &Analyte, value: Decimal, at: i64) -> bool {
        let range = self.range_of(analyte, at);
        range.is_some_and(|r| interpretation(analyte, r, value.value()).code.len() == 2)
    }

    /// Vital signs; BMI follows from the printed weight and height.
    pub fn vitals(&mut self, v: &Vitals, at: i64, encounter: Ref, who: usize) {
        if let Some((systolic, diastolic)) = v.pressure {
            let systolic = Self::printed(&lab::SYSTOLIC, systolic);
            let diastolic = Self::printed(&lab::DIASTOLIC, diastolic.min(systolic.value() - 18.0));
            let (_, mut w) =
                self.observation_head(&VITAL_SIGNS, (&lab::BLOOD_PRESSURE, "Blood pressure"), FINAL, at, encounter);
            w.date_time("issued", at);
            w.references("performer", institution::practitioner(who), Some(institution::practitioner_name(who)));
            w.list("component");
            for (analyte, value) in [(&lab::SYSTOLIC, systolic), (&lab::DIASTOLIC, diastolic)] {
                w.item();
                w.concept_of("code", &[analyte.code], analyte.measure.name());
                self.value_and_flag(&mut w, analyte, value, at);
                w.close();
            }
            w.end();
            self.push(w);
        }
        if let Some(responds) = v.responds {
            let what = (&vital::CONSCIOUSNESS, vital::CONSCIOUSNESS.display);
            let (_, mut w) = self.observation_head(&VITAL_SIGNS, what, FINAL, at, encounter);
            w.date_time("issued", at);
            w.references("performer", institution::practitioner(who), Some(institution::practitioner_name(who)));
            w.concept_of("valueCodeableConcept", &[responds.answer()], responds.name());
            self.push(w);
        }
        let weight = v.weight.map(|x| Self::printed(&lab::WEIGHT, x));
        let height = v.height.map(|x| Self::printed(&lab::HEIGHT, x));
        for (analyte, value) in [
            (&lab::HEART_RATE, v.pulse),
            (&lab::RESPIRATORY_RATE, v.breathing),
            (&lab::TEMPERATURE, v.temperature),
            (&lab::SATURATION, v.saturation),
            (&lab::OXYGEN_FLOW, v.oxygen),
        ] {
            if let Some(value) = value {
                self.observe(&VITAL_SIGNS, analyte, Self::printed(analyte, value), at, encounter, who);
            }
        }
        let weight_at = weight.map(|value| self.observe(&VITAL_SIGNS, &lab::WEIGHT, value, at, encounter, who));
        let height_at = height.map(|value| self.observe(&VITAL_SIGNS, &lab::HEIGHT, value, at, encounter, who));
        let (Some(weight), Some(height)) = (weight, height) else { return };
        let Some(bmi) = score::bmi_kg_m2(weight.value(), height.value()) else { return };
        let (_, mut w) = self.observation_head(&VITAL_SIGNS, lab::BMI.named(), FINAL, at, encounter);
        w.date_time("issued", at);
        self.value_and_flag(&mut w, &lab::BMI, Self::printed(&lab::BMI, bmi), at);
        w.list("derivedFrom");
        for source in [weight_at, height_at].into_iter().flatten() {
            w.item_reference(source, None);
        }
        w.end();
        self.push(w);
    }

    /// What the nurse takes at an office visit.
    pub fn office_vitals(&mut self, visit: Visit, with_height: bool) {
        let (person, at) = (self.person, visit.at);
        let age = person.age_at(at);
        let mut take = |measure| person.measure(measure, at, &mut self.rng);
        let vitals = Vitals {
            pressure: (age >= 3.0).then(|| (take(Measure::Systolic), take(Measure::Diastolic))),
            pulse: Some(take(Measure::HeartRate)),
            breathing: Some(take(Measure::RespiratoryRate)),
            temperature: Some(take(Measure::Temperature)),
            saturation: Some(take(Measure::Saturation)),
            oxygen: None,
            responds: None,
            weight: Some(take(Measure::Weight)),
            height: with_height.then(|| take(Measure::Height)),
        };
        let nurse = institution::nurse(self.rng.below(64));
        self.vitals(&vitals, at, visit.encounter, nurse);
    }

    /// Blood pressure, pulse and weight only.
    pub fn short_vitals(&mut self, visit: Visit) {
        let (person, at) = (self.person, visit.at);
        let mut take = |measure| person.measure(measure, at, &mut self.rng);
        let vitals = Vitals {
            pressure: Some((take(Measure::Systolic), take(Measure::Diastolic))),
            pulse: Some(take(Measure::HeartRate)),
            weight: Some(take(Measure::Weight)),
            ..Vitals::default()
        };
        let nurse = institution::nurse(self.rng.below(64));
        self.vitals(&vitals, at, visit.encounter, nurse);
    }

    /// A laboratory order that has been carried out.
    fn order(&mut self, what: &Code, name: &str, visit: Visit) -> Ref {
        self.service_request((what, name), &LABORATORY_ORDER, visit, "completed")
    }

    pub fn service_request(&mut self, (what, name): (&Code, &str), category: &Code, visit: Visit, status: &str) -> Ref {
        let target = self.claim(Kind::ServiceRequest);
        let mut w = Writer::new(target);
        w.string("status", status);
        w.string("intent", "order");
        w.concepts("category", category);
        w.string("priority", "routine");
        w.concept_of("code", &[*what], name);
        self.subject(&mut w, "subject");
        w.reference("encounter", visit.encounter, None);
        w.date_time("authoredOn", visit.at);
        practitioner(&mut w, "requester", visit.doctor);
        self.push(w);
        target
    }

    /// A panel with its order, its results and its report. `adjust` may change a value before it is printed.
    pub fn panel(&mut self, panel: &Panel, visit: Visit, delay: i64, adjust: &dyn Fn(Measure, f64) -> f64) -> Ref {
        self.panel_as(FINAL, panel, visit, delay, adjust)
    }

    /// A panel whose results and report have another status than final.
    pub fn panel_as(
        &mut self,
        status: &'static str,
        panel: &Panel,
        visit: Visit,
        delay: i64,
        adjust: &dyn Fn(Measure, f64) -> f64,
    ) -> Ref {
        let order = self.order(&panel.code, panel.name, visit);
        let drawn = Specimen::of(visit, order, delay, status);
        let age = self.person.age_at(visit.at);
        let mut printed: Vec<(Measure, Decimal)> = Vec::with_capacity(panel.members.len());
        let mut results = Vec::with_capacity(panel.members.len());
        for analyte in panel.members {
            let known =
                |m: Measure| printed.iter().find(|(measure, _)| *measure == m).map_or(0.0, |(_, value)| value.value());
            let value = match analyte.measure {
                Measure::Egfr => {
                    let Some(egfr) = score::egfr_ckd_epi_2021(known(Measure::Creatinine), age, self.person.sex) else {
                        continue;
                    };
                    egfr
                }
                Measure::Ldl => {
                    known(Measure::TotalCholesterol) - known(Measure::Hdl) - known(Measure::Triglycerides) / 5.0
                }
                Measure::Hematocrit => {
                    known(Measure::Hemoglobin) * self.person.measure(analyte.measure, visit.at, &mut self.rng)
                }
                Measure::Erythrocytes => {
                    let volume = self.person.measure(Measure::MeanCellVolume, visit.at, &mut self.rng);
                    known(Measure::Hematocrit) * 10.0 / volume
                }
                Measure::MeanCellVolume => known(Measure::Hematocrit) * 10.0 / known(Measure::Erythrocytes),
                measure => adjust(measure, self.person.measure(measure, visit.at, &mut self.rng)),
            };
            let value = Self::printed(analyte, value);
            printed.push((analyte.measure, value));
            results.push((self.result(analyte, value, drawn), analyte.measure.name()));
        }
        let target = self.claim(Kind::DiagnosticReport);
        let mut w = Writer::new(target);
        w.references("basedOn", order, None);
        w.string("status", status);
        w.concepts("category", &code("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory"));
        w.concept_of("code", &[panel.code], panel.name);
        self.subject(&mut w, "subject");
        w.reference("encounter", visit.encounter, None);
        w.date_time("effectiveDateTime", visit.at);
        w.date_time("issued", (visit.at + delay).min(self.person.end));
        w.references("performer", institution::laboratory(), Some("Laboratory"));
        w.list("result");
        for (result, display) in &results {
            w.item_reference(*result, Some(display));
        }
        w.end();
        self.push(w);
        target
    }

    /// Results of tests that belong to no panel, such as lactate.
    pub fn single_result(&mut self, analyte: &Analyte, value: f64, visit: Visit, delay: i64) -> Ref {
        let order = self.order(&analyte.code, analyte.measure.name(), visit);
        self.result(analyte, Self::printed(analyte, value), Specimen::of(visit, order, delay, FINAL))
    }

    pub fn smoking_status(&mut self, status: &Code, visit: Visit) {
        let (_, mut w) = self.observation_head(
            &SOCIAL_HISTORY,
            (&lab::SMOKING_STATUS, "Smoking status"),
            FINAL,
            visit.at,
            visit.encounter,
        );
        w.date_time("issued", visit.at);
        w.references(
            "performer",
            institution::practitioner(visit.doctor),
            Some(institution::practitioner_name(visit.doctor)),
        );
        w.concept("valueCodeableConcept", status);
        self.push(w);
    }

    pub fn imaging_report(&mut self, what: &Code, visit: Visit, conclusion: &str) -> Ref {
        let order = self.service_request((what, what.display), &IMAGING_ORDER, visit, "completed");
        let target = self.claim(Kind::DiagnosticReport);
        let mut w = Writer::new(target);
        w.references("basedOn", order, None);
        w.string("status", "final");
        w.concepts("category", &code("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology"));
        w.concept("code", what);
        self.subject(&mut w, "subject");
        w.reference("encounter", visit.encounter, None);
        w.date_time("effectiveDateTime", visit.at);
        w.date_time("issued", (visit.at + HOUR).min(self.person.end));
        w.references("performer", institution::radiology(), Some("Radiology"));
        w.string("conclusion", conclusion);
        self.push(w);
        target
    }
}

/// HL7 v3 ObservationInterpretation of a value against the printed range.
fn interpretation(analyte: &Analyte, range: Range, value: f64) -> Code {
    const V3: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    let under = |limit: Option<f64>| limit.is_some_and(|l| value < l);
    let over = |limit: Option<f64>| limit.is_some_and(|l| value > l);
    if under(analyte.critical.low) {
        code(V3, "LL", "Critical low")
    } else if over(analyte.critical.high) {
        code(V3, "HH", "Critical high")
    } else if under(range.low) {
        code(V3, "L", "Low")
    } else if over(range.high) {
        code(V3, "H", "High")
    } else {
        code(V3, "N", "Normal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpretation_follows_the_range_and_the_critical_limits() {
        let range = lab::POTASSIUM.female;
        for (value, expected) in [(2.4, "LL"), (3.4, "L"), (3.5, "N"), (5.0, "N"), (5.1, "H"), (6.0, "H"), (6.1, "HH")]
        {
            assert_eq!(interpretation(&lab::POTASSIUM, range, value).code, expected, "{value}");
        }
    }
}
