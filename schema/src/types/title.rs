//! What a record is called in lists, the same in every one of them. It knows no list.

use fhir::{Json, ResourceType};

use crate::document::Document;
use crate::types::medication::medication;
use crate::types::worklist::{COSIGN, MESSAGE, TASK_KIND};
use crate::value::Concept;

/// Source: HL7 "Task Codes", FHIR R4.
const TASK_CODE: &str = "http://hl7.org/fhir/CodeSystem/task-code";
/// Where an order stands on its way through the pharmacy, by `Task.businessStatus`.
const STAGE: &str = "https://wintehr.org/fhir/CodeSystem/task-stage";

fn words(concept: Option<Concept>) -> Option<String> {
    concept.map(|c| c.text).filter(|t| !t.is_empty())
}

/// The record in words, as itself names it; `None` when it does not.
pub(crate) fn title(document: &Document) -> Option<String> {
    use ResourceType as T;
    let text = |name: &str| document.text(&[name]).map(ToOwned::to_owned);
    let concept = |name: &str| words(document.concept(name));
    let first = |name: &str| document.concepts(name).into_iter().map(|c| c.text).find(|t| !t.is_empty());
    match document.stored().resource_type {
        T::Task => task_title(document),
        T::MedicationRequest | T::MedicationStatement | T::MedicationAdministration | T::MedicationDispense => {
            words(medication(document))
        }
        T::Immunization => concept("vaccineCode"),
        T::CarePlan | T::Composition => text("title").or_else(|| concept("type")),
        T::CareTeam => text("name"),
        T::Goal => concept("description"),
        T::Encounter => {
            first("type").or_else(|| document.at(&["class"]).and_then(|c| c.str_at("display")).map(ToOwned::to_owned))
        }
        T::Appointment => text("description").or_else(|| first("serviceType")).or_else(|| concept("appointmentType")),
        T::DocumentReference => concept("type").or_else(|| text("description")),
        T::Coverage => concept("type"),
        T::NutritionOrder => {
            let of = |path: [&str; 2]| words(document.at(&path).and_then(Concept::read));
            let ways = [["oralDiet", "type"], ["enteralFormula", "baseFormulaType"], ["supplement", "type"]];
            ways.into_iter().find_map(of)
        }
        T::DeviceRequest => concept("codeCodeableConcept"),
        _ => concept("code"),
    }
}

/// What a task wants of whoever does it, and of what: `Prescription to verify: Metformin 500 mg`.
fn task_title(task: &Document) -> Option<String> {
    let what = task.text(&["description"]).map(str::trim).filter(|t| !t.is_empty());
    let wanted = wanted(task);
    match (wanted, what) {
        (Some(wanted), Some(what)) if !begins(what, &wanted) => Some(format!("{wanted}: {what}")),
        (_, Some(what)) => Some(what.to_owned()),
        (wanted, None) => wanted,
    }
}

fn begins(text: &str, with: &str) -> bool {
    text.to_lowercase().starts_with(&with.to_lowercase())
}

fn coded<'d>(task: &'d Document, name: &str, system: &str) -> Option<&'d str> {
    let codings = task.at(&[name])?.get("coding").map_or(&[][..], Json::items);
    codings.iter().find(|c| c.str_at("system") == Some(system))?.str_at("code")
}

/// The kind of a task as an instruction; `None` where its own words say all of it.
fn wanted(task: &Document) -> Option<String> {
    if matches!(coded(task, "code", TASK_KIND), Some(MESSAGE | COSIGN)) {
        return None;
    }
    let code = coded(task, "code", TASK_CODE);
    let focus = task.text(&["focus", "reference"]).and_then(|r| r.split('/').next());
    let wanted = match (code, focus) {
        (Some("fulfill"), Some("MedicationRequest")) => match coded(task, "businessStatus", STAGE) {
            Some("verified") => "Prescription to prepare",
            Some("prepared") => "Prescription to dispense",
            Some("dispensed") => "Medicine to hand out",
            Some("handed-out") => "Medicine handed out",
            Some("query") => "Question about a prescription",
            Some("on-hold") => "Prescription on hold in the pharmacy",
            Some("returned") => "Prescription returned by the pharmacy",
            Some("to-verify") => "Prescription to verify",
            _ => "Prescription to carry out",
        },
        (Some("fulfill"), _) => "Order to carry out",
        (Some("approve"), _) => "To approve",
        (Some("abort"), _) => "To end",
        (Some("replace"), _) => "To replace",
        (Some("change"), _) => "To change",
        (Some("suspend"), _) => "To hold",
        (Some("resume"), _) => "To resume",
        _ => return words(task.concept("code")),
    };
    Some(wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use entity::store::Stored;
    use serde_json::{Value, json};

    use super::*;

    fn of(body: &Value) -> Option<String> {
        let resource_type = ResourceType::named(body["resourceType"].as_str().unwrap()).unwrap();
        let last_updated = chrono::DateTime::UNIX_EPOCH;
        let stored = Stored { resource_type, id: "x".into(), version_id: 1, last_updated, body: body.to_string() };
        title(&Document::new(stored).unwrap())
    }

    fn task(code: Value, description: Option<&str>, more: Value) -> Option<String> {
        let mut body = json!({"resourceType": "Task", "code": code});
        if let Some(description) = description {
            body["description"] = description.into();
        }
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of(&body)
    }

    #[test]
    fn a_task_says_what_it_wants_and_of_what() {
        let fulfil =
            || json!({"coding": [{"system": TASK_CODE, "code": "fulfill", "display": "Fulfill the focal request"}]});
        let stage = |code: &str| json!({"businessStatus": {"coding": [{"system": STAGE, "code": code}]}, "focus": {"reference": "MedicationRequest/m"}});
        let ours =
            |code: &str, display: &str| json!({"coding": [{"system": TASK_KIND, "code": code, "display": display}]});
        let none = || json!({});
        for (found, expected) in [
            (task(fulfil(), Some("Metformin 500 mg"), stage("to-verify")), "Prescription to verify: Metformin 500 mg"),
            (
                task(fulfil(), Some("Metformin 500 mg"), stage("query")),
                "Question about a prescription: Metformin 500 mg",
            ),
            (
                task(fulfil(), Some("Chest film"), json!({"focus": {"reference": "ServiceRequest/s"}})),
                "Order to carry out: Chest film",
            ),
            (task(fulfil(), None, none()), "Order to carry out"),
            (
                task(ours("refill-request", "Request for a refill"), Some("Metformin"), none()),
                "Request for a refill: Metformin",
            ),
            (task(ours(MESSAGE, "Read message"), Some("Handover"), none()), "Handover"),
            (
                task(ours(COSIGN, "Co-sign note"), Some("Co-sign: Progress note by Dr Lee"), none()),
                "Co-sign: Progress note by Dr Lee",
            ),
            (task(json!({"text": "Call"}), Some("Call the pharmacy back"), none()), "Call the pharmacy back"),
            (
                task(json!({"text": "Call"}), Some("The pharmacy, about metformin"), none()),
                "Call: The pharmacy, about metformin",
            ),
            (task(json!({"text": "Call"}), None, none()), "Call"),
        ] {
            assert_eq!(found.as_deref(), Some(expected));
        }
        assert_eq!(of(&json!({"resourceType": "Task"})), None);
    }

    #[test]
    fn an_appointment_is_called_by_what_it_is_for() {
        let kind = json!({"text": "A follow up visit from a previous appointment"});
        let full = json!({"resourceType": "Appointment", "appointmentType": kind, "description": "Blood pressure review", "serviceType": [{"text": "Cardiology"}]});
        assert_eq!(of(&full).as_deref(), Some("Blood pressure review"));
        let bare =
            json!({"resourceType": "Appointment", "appointmentType": kind, "serviceType": [{"text": "Cardiology"}]});
        assert_eq!(of(&bare).as_deref(), Some("Cardiology"));
    }
}
