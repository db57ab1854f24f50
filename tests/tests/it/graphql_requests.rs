//! Orders of services, imaging studies and doses of a chart: what each says, which are wanted, and for whom.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

fn world() -> String {
    let order = |id: &str, status: &str, category: &str, authored: &str| {
        json!({"resourceType": "ServiceRequest", "id": id, "status": status, "intent": "order", "priority": "stat", "subject": {"reference": "Patient/ada"},
            "category": [{"coding": [{"system": "http://snomed.info/sct", "code": category}]}], "code": {"text": format!("Order {id}")}, "authoredOn": authored,
            "requester": {"reference": "Practitioner/lee"}, "reasonCode": [{"text": "cough"}], "occurrenceDateTime": "2026-03-05"})
    };
    let study = |id: &str, started: &str| {
        json!({"resourceType": "ImagingStudy", "id": id, "status": "available", "subject": {"reference": "Patient/ada"}, "started": started,
            "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.840.1"}], "numberOfSeries": 1, "numberOfInstances": 12,
            "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}],
            "series": [{"uid": "1.2.840.1.1", "number": 3, "numberOfInstances": 12, "description": "lung",
                        "modality": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "CT"}}]})
    };
    let given = |id: &str, status: &str, at: &str| {
        json!({"resourceType": "MedicationAdministration", "id": id, "status": status, "subject": {"reference": "Patient/ada"}, "effectiveDateTime": at,
            "medicationCodeableConcept": {"text": "Heparin"}, "performer": [{"actor": {"reference": "Practitioner/kim"}}],
            "dosage": {"text": "5 mL/h", "dose": {"value": 5.0, "unit": "mL"}, "rateQuantity": {"value": 5, "unit": "mL/h"}}})
    };
    json!([{"resourceType": "Patient", "id": "ada"}, {"resourceType": "Patient", "id": "ben"},
        order("draft", "draft", "108252007", "2026-03-03"), order("lab", "active", "108252007", "2026-03-02"),
        order("image", "completed", "363679005", "2026-03-01"), study("old", "2020-01-01T08:00:00Z"), study("new", "2026-03-01T08:00:00Z"),
        given("g1", "completed", "2026-03-01T08:00:00Z"), given("g2", "not-done", "2026-03-02T08:00:00Z")])
    .to_string()
}

const ALL: &str = "query($orders: ServiceRequestFilter, $studies: DateRange, $states: [AdministrationStatus!]) { patient(id: \"Patient/ada\") {
    serviceRequests(filter: $orders, first: 10) { totalCount nodes { fhirId status intent priority doNotPerform code { text } authoredOn occursAt requester { id } reasons { text } } }
    imagingStudies(date: $studies, first: 10) { totalCount nodes { fhirId status modalities { code } started studyUid seriesCount instanceCount series { uid number instanceCount description modality { code } } } }
    medicationAdministrations(status: $states, first: 10) { totalCount nodes { fhirId status givenAt medication { text } performers { id } dose { text dose { value unit } rateQuantity { value } } } } } }";

fn ids(list: &Value) -> Vec<&str> {
    list["nodes"].as_array().unwrap().iter().map(|n| n["fhirId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_chart_lists_orders_images_and_doses() {
    let site = Site::start(&world()).await;
    let lee = site.person(Role::Physician, None).await;
    let chart = site.ask(&lee, ALL, json!({})).await["patient"].clone();
    let orders = &chart["serviceRequests"];
    assert_eq!(
        (ids(orders), &orders["totalCount"]),
        (vec!["draft", "lab", "image"], &json!(3)),
        "drafts too, newest first"
    );
    assert_eq!(
        orders["nodes"][0],
        json!({"fhirId": "draft", "status": "DRAFT", "intent": "ORDER", "priority": "STAT", "doNotPerform": false, "code": {"text": "Order draft"},
            "authoredOn": "2026-03-03", "occursAt": "2026-03-05", "requester": {"id": "Practitioner/lee"}, "reasons": [{"text": "cough"}]})
    );
    let studies = &chart["imagingStudies"];
    assert_eq!(ids(studies), ["new", "old"]);
    assert_eq!(
        studies["nodes"][0],
        json!({"fhirId": "new", "status": "AVAILABLE", "modalities": [{"code": "CT"}], "started": "2026-03-01T08:00:00Z", "studyUid": "1.2.840.1",
            "seriesCount": 1, "instanceCount": 12,
            "series": [{"uid": "1.2.840.1.1", "number": 3, "instanceCount": 12, "description": "lung", "modality": {"code": "CT"}}]})
    );
    let doses = &chart["medicationAdministrations"];
    assert_eq!(ids(doses), ["g2", "g1"]);
    assert_eq!(
        doses["nodes"][1],
        json!({"fhirId": "g1", "status": "COMPLETED", "givenAt": "2026-03-01T08:00:00Z", "medication": {"text": "Heparin"}, "performers": [{"id": "Practitioner/kim"}],
            "dose": {"text": "5 mL/h", "dose": {"value": "5.0", "unit": "mL"}, "rateQuantity": {"value": "5"}}})
    );
    // Which are wanted.
    let some = json!({"orders": {"status": ["ACTIVE", "DRAFT"], "category": "108252007", "authoredOn": {"low": "2026-03-02", "high": "2026-03-03"}},
        "studies": {"low": "2026"}, "states": ["NOT_DONE"]});
    let chart = site.ask(&lee, ALL, some).await["patient"].clone();
    let found =
        ["serviceRequests", "imagingStudies", "medicationAdministrations"].map(|list| ids(&chart[list]).join(" "));
    assert_eq!(found, ["lab", "new", "g2"]);
    // For whom they are.
    let rex = site.person(Role::Registrar, None).await;
    let closed = site.answer(&rex, ALL, json!({})).await;
    assert_eq!(closed["data"]["patient"]["medicationAdministrations"], Value::Null, "{closed}");
    assert!(
        closed["errors"].as_array().unwrap().iter().all(|e| e["extensions"]["code"] == "NOT_PERMITTED"),
        "{closed}"
    );
    let ben = site.person(Role::Patient, Some("Patient/ben")).await;
    assert_eq!(site.ask(&ben, ALL, json!({})).await["patient"], Value::Null);
}
