//! Who the patient is: Patient, contact, cover, allergies.

use fhir::ResourceType as Kind;

use crate::demo::chart::Chart;
use crate::demo::institution::{self, HOSPITAL, INSURERS};
use crate::demo::rng::Stream;
use crate::demo::table::problem::{ALLERGIES, Allergy, NO_KNOWN_ALLERGY};
use crate::demo::table::{code, names};
use crate::demo::time::{DAY, YEAR};
use crate::demo::writer::{Ref, Writer};
use crate::demo::{BASE, MRN_SYSTEM};
use crate::score::Sex;

struct Address {
    line: String,
    town: &'static str,
    postcode: &'static str,
}

pub fn write(chart: &mut Chart<'_>) {
    chart.enter("registration");
    let street = *chart.rng.pick(names::STREETS);
    let number = 1 + chart.rng.below(240);
    let (town, postcode) = *chart.rng.pick(names::TOWNS);
    let address = Address { line: format!("{number} {street}"), town, postcode };
    let phone = format!("555-{:03}-{:04}", 200 + chart.rng.below(700), chart.rng.below(10_000));
    let relative = contact(chart);
    patient(chart, &address, &phone, relative.as_ref());
    if let Some(relative) = relative {
        related_person(chart, &relative, &address);
    }
    coverage(chart);
    allergies(chart);
}

struct Relative {
    given: &'static str,
    family: &'static str,
    female: bool,
    /// HL7 v3 RoleCode.
    relation: (&'static str, &'static str),
    phone: String,
}

/// A parent of a child, a spouse or child of most adults.
fn contact(chart: &mut Chart<'_>) -> Option<Relative> {
    let age = chart.person.age_end();
    let female = chart.rng.chance(0.5);
    let given = *chart.rng.pick(if female { names::FEMALE } else { names::MALE });
    let own_family = chart.rng.chance(0.75);
    let other = *chart.rng.pick(names::FAMILY);
    let phone = format!("555-{:03}-{:04}", 200 + chart.rng.below(700), chart.rng.below(10_000));
    let has = chart.rng.chance(0.85);
    let relation = match age {
        a if a < 20.0 => {
            if female {
                ("MTH", "mother")
            } else {
                ("FTH", "father")
            }
        }
        a if a < 70.0 => ("SPS", "spouse"),
        _ => {
            if female {
                ("DAUC", "daughter")
            } else {
                ("SONC", "son")
            }
        }
    };
    let family = if own_family { chart.person.family } else { other };
    (has || age < 18.0).then_some(Relative { given, family, female, relation, phone })
}

fn human_name(w: &mut Writer, given: &[&str], family: &str, prefix: Option<&str>) {
    w.string("use", "official");
    w.string("family", family);
    w.list("given");
    for name in given {
        w.item_string(name);
    }
    w.end();
    if let Some(prefix) = prefix {
        w.list("prefix");
        w.item_string(prefix);
        w.end();
    }
}

fn telecom(w: &mut Writer, phone: &str) {
    w.list("telecom");
    w.item();
    w.string("system", "phone");
    w.string("value", phone);
    w.string("use", "home");
    w.close();
    w.end();
}

fn address_body(w: &mut Writer, address: &Address) {
    w.string("use", "home");
    w.list("line");
    w.item_string(&address.line);
    w.end();
    w.string("city", address.town);
    w.string("state", "MA");
    w.string("postalCode", address.postcode);
    w.string("country", "US");
}

fn patient(chart: &mut Chart<'_>, address: &Address, phone: &str, relative: Option<&Relative>) {
    const V2_0203: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
    let person = chart.person;
    let adult = person.age_end() >= 18.0;
    let marital = chart.rng.unit();
    let language = {
        let mut u = chart.rng.unit();
        let found = names::LANGUAGES.iter().find(|(_, _, share)| {
            u -= share;
            u < 0.0
        });
        found.unwrap_or(&names::LANGUAGES[0])
    };
    let mut w = Writer::new(chart.patient());
    w.open("meta");
    w.list("tag");
    w.item();
    w.string("system", "http://terminology.hl7.org/CodeSystem/v3-ActReason");
    w.string("code", "HTEST");
    w.string("display", "test health data");
    w.close();
    w.end();
    w.close();
    w.list("identifier");
    w.item();
    w.string("use", "usual");
    w.concept("type", &code(V2_0203, "MR", "Medical record number"));
    w.string("system", MRN_SYSTEM);
    w.string("value", &medical_record_number(person.k));
    w.reference("assigner", institution::hospital(), Some(HOSPITAL));
    w.close();
    w.end();
    w.boolean("active", person.death.is_none());
    w.list("name");
    w.item();
    let prefix = match person.sex {
        _ if !adult => None,
        Sex::Male => Some("Mr."),
        Sex::Female if marital < 0.5 => Some("Mrs."),
        Sex::Female => Some("Ms."),
    };
    human_name(&mut w, &[person.given, person.middle], person.family, prefix);
    w.close();
    w.end();
    w.list("telecom");
    w.item();
    w.string("system", "phone");
    w.string("value", phone);
    w.string("use", "mobile");
    w.close();
    if adult {
        w.item();
        w.string("system", "email");
        w.string("value", &format!("{}.{}@example.com", person.given.to_lowercase(), person.family.to_lowercase()));
        w.close();
    }
    w.end();
    w.string("gender", if person.sex == Sex::Female { "female" } else { "male" });
    w.date("birthDate", person.birth_day);
    if let Some(death) = person.death {
        w.date_time("deceasedDateTime", death);
    }
    w.list("address");
    w.item();
    address_body(&mut w, address);
    w.close();
    w.end();
    if adult {
        const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
        let status = match marital {
            u if u < 0.5 => code(MARITAL, "M", "Married"),
            u if u < 0.65 => code(MARITAL, "D", "Divorced"),
            u if u < 0.75 && person.age_end() > 60.0 => code(MARITAL, "W", "Widowed"),
            _ => code(MARITAL, "S", "Never Married"),
        };
        w.concept("maritalStatus", &status);
    }
    if let Some(relative) = relative {
        w.list("contact");
        w.item();
        let role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
        w.concepts("relationship", &code(role, relative.relation.0, relative.relation.1));
        w.open("name");
        human_name(&mut w, &[relative.given], relative.family, None);
        w.close();
        telecom(&mut w, &relative.phone);
        w.close();
        w.end();
    }
    w.list("communication");
    w.item();
    w.concept_of("language", &[code("urn:ietf:bcp:47", language.0, language.1)], language.1);
    w.boolean("preferred", true);
    w.close();
    w.end();
    let doctor = chart.family_doctor();
    w.references(
        "generalPractitioner",
        institution::practitioner(doctor),
        Some(institution::practitioner_name(doctor)),
    );
    w.reference("managingOrganization", institution::hospital(), Some(HOSPITAL));
    chart.push(w);
}

/// Ten digits in groups, such as `4471 0926 03`: spread over the number space, and distinct for every `k` because the
/// multiplier is odd and coprime to 10^10.
fn medical_record_number(k: u32) -> String {
    let n = (u64::from(k) * 7_368_787_391 + 4_471_092_603) % 10_000_000_000;
    let digits = format!("{n:010}");
    format!("{} {} {}", &digits[..4], &digits[4..8], &digits[8..])
}

fn related_person(chart: &mut Chart<'_>, relative: &Relative, address: &Address) {
    let target = chart.claim(Kind::RelatedPerson);
    chart.relative = Some((target, format!("{} {}", relative.given, relative.family)));
    let mut w = Writer::new(target);
    w.boolean("active", true);
    w.reference("patient", chart.patient(), Some(chart.patient_name()));
    let role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    w.concepts("relationship", &code(role, relative.relation.0, relative.relation.1));
    w.list("name");
    w.item();
    human_name(&mut w, &[relative.given], relative.family, None);
    w.close();
    w.end();
    telecom(&mut w, &relative.phone);
    w.string("gender", if relative.female { "female" } else { "male" });
    w.list("address");
    w.item();
    address_body(&mut w, address);
    w.close();
    w.end();
    chart.push(w);
}

fn coverage(chart: &mut Chart<'_>) {
    const KIND: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let senior = chart.person.age_end() >= 65.0;
    let insurer = if senior { 2 } else { chart.rng.below(2) };
    let member = format!("M{:09}", chart.rng.below(1_000_000_000));
    let since = chart.person.start - chart.rng.below(300) as i64 * DAY;
    let target = chart.claim(Kind::Coverage);
    let mut w = Writer::new(target);
    w.identifier(&format!("{BASE}/member-number"), &member);
    w.string("status", if chart.person.death.is_some() { "cancelled" } else { "active" });
    w.concept(
        "type",
        &code(
            KIND,
            if senior { "RETIRE" } else { "EHCPOL" },
            if senior { "retiree health program" } else { "extended healthcare" },
        ),
    );
    w.string("subscriberId", &member);
    w.reference("beneficiary", chart.patient(), Some(chart.patient_name()));
    let relation = "http://terminology.hl7.org/CodeSystem/subscriber-relationship";
    w.concept("relationship", &code(relation, "self", "Self"));
    w.open("period");
    w.date("start", since.div_euclid(DAY).max(chart.person.birth_day));
    w.close();
    w.references("payor", institution::insurer(insurer), Some(INSURERS[insurer]));
    w.integer("order", 1);
    chart.push(w);
}

/// Recorded allergies, or for most others the coded statement that there are none; the rest is "not recorded".
fn allergies(chart: &mut Chart<'_>) {
    let person = chart.person;
    let asked = chart.rng.chance(0.8);
    let recorded = chart.office_hour(person.start + (person.end - person.start) / 20).min(person.end);
    if person.allergies.is_empty() {
        if asked {
            allergy(chart, None, recorded, person.start);
        }
        return;
    }
    for known in &person.allergies {
        // a stream per allergen: the same onset whatever else the patient is allergic to
        let place = ALLERGIES.iter().position(|(a, _)| a.code == known.code).unwrap_or_default() as u64;
        let mut s = Stream::new(chart.seed, u64::from(person.k) << 8 | place, "allergy-onset");
        let life = person.end - person.birth_day * DAY;
        let onset = (person.birth_day * DAY + (life as f64 * s.range(0.05, 0.9)) as i64)
            .min(recorded - DAY)
            .max(person.birth_day * DAY);
        allergy(chart, Some(known), recorded, onset);
    }
}

fn allergy(chart: &mut Chart<'_>, known: Option<&Allergy>, recorded: i64, onset: i64) {
    let doctor = chart.family_doctor();
    let who: (Ref, &str) = (institution::practitioner(doctor), institution::practitioner_name(doctor));
    let target = chart.claim(Kind::AllergyIntolerance);
    let mut w = Writer::new(target);
    let clinical = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
    w.concept("clinicalStatus", &code(clinical, "active", "Active"));
    let verification = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
    w.concept("verificationStatus", &code(verification, "confirmed", "Confirmed"));
    match known {
        Some(known) => {
            w.string("type", "allergy");
            w.list("category");
            w.item_string(known.category);
            w.end();
            w.string("criticality", known.criticality);
            w.concept_of("code", &[known.code], known.text);
        }
        None => w.concept_of("code", &[NO_KNOWN_ALLERGY], "No known allergies"),
    }
    w.reference("patient", chart.patient(), Some(chart.patient_name()));
    if known.is_some() {
        // years back a patient remembers the year
        if recorded - onset > 3 * YEAR {
            w.string("onsetDateTime", &crate::demo::time::date_text(onset)[..4]);
        } else {
            w.date("onsetDateTime", onset.div_euclid(DAY));
        }
    }
    w.date_time("recordedDate", recorded);
    w.reference("recorder", who.0, Some(who.1));
    if let Some(known) = known {
        w.list("reaction");
        w.item();
        w.concepts("manifestation", &known.reaction);
        w.string("severity", known.severity);
        w.close();
        w.end();
    }
    chart.push(w);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn record_numbers_are_distinct() {
        let numbers: HashSet<String> = (0..50_000).map(medical_record_number).collect();
        assert_eq!(numbers.len(), 50_000);
        assert!(numbers.iter().all(|n| n.len() == 12));
    }
}
