//! What lies behind the chart: what the parents had, what the patient agreed to, and what is taken without a prescription.

use fhir::ResourceType as Kind;

use crate::demo::chart::Chart;
use crate::demo::institution::{self, HOSPITAL};
use crate::demo::person::TEACHING_CASE;
use crate::demo::table::prevalence::Illness;
use crate::demo::table::problem::{self, Problem};
use crate::demo::table::{Code, LOINC, code, drug};
use crate::demo::time::{DAY, YEAR, date_text};
use crate::demo::writer::{Decimal, Writer};

const ROLE: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";

pub fn write(chart: &mut Chart<'_>) {
    chart.enter("family-history");
    if chart.rng.chance(0.75) || chart.person.k == TEACHING_CASE {
        let at = asked(chart);
        parent(chart, at, true);
        parent(chart, at, false);
    }
    chart.enter("consents");
    consents(chart);
    chart.enter("taken");
    taken(chart);
}

/// What a parent may have had: the share of parents who had it, and the earliest and latest age it began. Planning figures of ours; who has
/// an illness has it from a parent more often.
const INHERITED: &[(&Problem, Option<Illness>, f64, (f64, f64))] = &[
    (&problem::DIABETES, Some(Illness::Diabetes), 0.14, (38.0, 70.0)),
    (&problem::HYPERTENSION, Some(Illness::Hypertension), 0.3, (35.0, 68.0)),
    (&problem::CORONARY, Some(Illness::Coronary), 0.12, (45.0, 74.0)),
    (&problem::ASTHMA, Some(Illness::Asthma), 0.07, (4.0, 40.0)),
    (&problem::DEPRESSION, Some(Illness::Depression), 0.1, (20.0, 60.0)),
    (&problem::HYPOTHYROID, Some(Illness::Hypothyroid), 0.06, (30.0, 62.0)),
];

/// When the family was asked: in the first weeks of the record.
fn asked(chart: &mut Chart<'_>) -> i64 {
    let person = chart.person;
    chart.office_hour(person.start + (person.end - person.start) / 15).clamp(person.start, person.end)
}

fn parent(chart: &mut Chart<'_>, at: i64, mother: bool) {
    let person = chart.person;
    let older = chart.rng.range(20.0, 36.0);
    let age = person.age_end() + older;
    let deceased = chart.rng.chance(((age - 62.0) / 30.0).clamp(0.01, 0.97));
    let born = date_text(person.birth_day * DAY - (older * YEAR as f64) as i64);
    let mut had = Vec::new();
    for (illness, own, share, (from, to)) in INHERITED {
        let share = if own.is_some_and(|own| person.has(own)) { (share * 2.5).min(0.65) } else { *share };
        let (has, years) = (chart.rng.chance(share), chart.rng.range(*from, *to).floor());
        if has && years + 1.0 < age {
            had.push((*illness, years));
        }
    }
    let unknown = !mother && had.is_empty() && chart.rng.chance(0.2);
    let target = chart.claim(Kind::FamilyMemberHistory);
    let mut w = Writer::new(target);
    w.string("status", if unknown { "health-unknown" } else { "completed" });
    w.reference("patient", chart.patient(), Some(chart.patient_name()));
    w.date_time("date", at);
    w.concept("relationship", &if mother { code(ROLE, "MTH", "mother") } else { code(ROLE, "FTH", "father") });
    let gender = "http://hl7.org/fhir/administrative-gender";
    w.concept("sex", &if mother { code(gender, "female", "Female") } else { code(gender, "male", "Male") });
    // of a parent the year is remembered
    w.string("bornDate", &born[..4]);
    w.boolean("deceasedBoolean", deceased);
    if !had.is_empty() {
        w.list("condition");
        for (illness, years) in had {
            w.item();
            w.concept_of("code", &[illness.snomed, illness.icd10], illness.text);
            w.quantity("onsetAge", Decimal::round(years, 0), "years", "a");
            w.close();
        }
        w.end();
    }
    chart.push(w);
}

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const CATEGORIES: &str = "http://terminology.hl7.org/CodeSystem/consentcategorycodes";
const RESEARCH_CATEGORY: Code = code(CATEGORIES, "research", "Research Information Access");
const TREATMENT_CATEGORY: Code = code(LOINC, "59284-0", "Patient Consent");
const RELEASE_CATEGORY: Code = code(LOINC, "64292-6", "Release of information consent");

/// One rule of a consent.
struct Said {
    scope: Code,
    category: Code,
    permits: bool,
    /// About the relative only.
    relative: bool,
}

/// To be treated, most; that a relative sees the record, children, the old and some others; research, some.
fn consents(chart: &mut Chart<'_>) {
    let at = asked(chart);
    let age = chart.person.age_end();
    let (treated, sees, asks, agrees) =
        (chart.rng.chance(0.85), chart.rng.chance(0.25), chart.rng.chance(0.3), chart.rng.chance(0.7));
    let teaching = chart.person.k == TEACHING_CASE;
    if treated || teaching {
        let scope = code(SCOPE, "treatment", "Treatment");
        consent(chart, at, &Said { scope, category: TREATMENT_CATEGORY, permits: true, relative: false });
    }
    if chart.relative.is_some() && (sees || teaching || !(18.0..70.0).contains(&age)) {
        let scope = code(SCOPE, "patient-privacy", "Privacy Consent");
        consent(chart, at, &Said { scope, category: RELEASE_CATEGORY, permits: true, relative: true });
    }
    if asks {
        let scope = code(SCOPE, "research", "Research");
        consent(chart, at, &Said { scope, category: RESEARCH_CATEGORY, permits: agrees, relative: false });
    }
}

fn consent(chart: &mut Chart<'_>, at: i64, said: &Said) {
    const ACT: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let minor = !chart.person.is_adult_at(at);
    let relative = chart.relative.clone();
    let target = chart.claim(Kind::Consent);
    let mut w = Writer::new(target);
    w.string("status", if chart.person.death.is_some() { "inactive" } else { "active" });
    w.concept("scope", &said.scope);
    w.concepts("category", &said.category);
    w.reference("patient", chart.patient(), Some(chart.patient_name()));
    w.date_time("dateTime", at);
    match relative.as_ref().filter(|_| minor) {
        Some((who, name)) => w.references("performer", *who, Some(name)),
        None => w.references("performer", chart.patient(), Some(chart.patient_name())),
    }
    w.references("organization", institution::hospital(), Some(HOSPITAL));
    let (rule, policy) =
        if said.permits { ("permit", code(ACT, "OPTIN", "opt-in")) } else { ("deny", code(ACT, "OPTOUT", "opt-out")) };
    w.concept("policyRule", &policy);
    w.open("provision");
    w.string("type", rule);
    w.open("period");
    w.date_time("start", at);
    w.close();
    if let Some((who, name)) = relative.as_ref().filter(|_| said.relative) {
        w.list("actor");
        w.item();
        let participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
        w.concept("role", &code(participation, "IRCP", "information recipient"));
        w.reference("reference", *who, Some(name));
        w.close();
        w.end();
    }
    w.close();
    chart.push(w);
}

/// What some adults take of their own accord, as they told it at the last look through their medicines.
fn taken(chart: &mut Chart<'_>) {
    let person = chart.person;
    let (takes, since) = (chart.rng.chance(0.22), chart.rng.range(0.1, 0.9));
    let (what, how, why) = *chart.rng.pick(&[
        (&drug::ACETAMINOPHEN, "1 tablet when needed, a few times a week", "Headache"),
        (&drug::OMEPRAZOLE, "1 capsule in the morning", "Heartburn"),
    ]);
    // who lies in hospital or is a planted case has the medicines that are meant to be there, and no others
    if !takes || person.k <= 64 || person.inpatient.is_some() || person.death.is_some() || person.age_end() < 18.0 {
        return;
    }
    let from = person.start + ((person.end - person.start) as f64 * since) as i64;
    let said = (from + 30 * DAY).min(person.end);
    let target = chart.claim(Kind::MedicationStatement);
    let mut w = Writer::new(target);
    w.string("status", "active");
    w.concept_of("medicationCodeableConcept", &[what.code], what.text);
    w.reference("subject", chart.patient(), Some(chart.patient_name()));
    w.period("effectivePeriod", from, None);
    w.date_time("dateAsserted", said);
    w.reference("informationSource", chart.patient(), Some(chart.patient_name()));
    w.list("reasonCode");
    w.item();
    w.string("text", why);
    w.close();
    w.end();
    w.list("dosage");
    w.item();
    w.string("text", how);
    w.close();
    w.end();
    chart.push(w);
}
