//! Questionnaires as acts: judged, stored, scored, and urgent when an answer is.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const PHQ9: [&str; 9] =
    ["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"];
const ANSWERS: [&str; 4] = ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"];
const SAVED: &str = "... on QuestionnaireSubmitted { response { id versionId } score { id code { codings { code } } value { ... on Quantity { value } } } urgent { id } }";

fn coding(code: &str) -> Value {
    json!({"system": "http://loinc.org", "code": code})
}

fn record() -> String {
    let options: Vec<Value> = ANSWERS.iter().map(|a| json!({"valueCoding": coding(a)})).collect();
    let item = |(at, code): (usize, &&str)| json!({"linkId": format!("q{}", at + 1), "type": "choice", "code": [coding(code)], "answerOption": options});
    let items: Vec<Value> = PHQ9.iter().enumerate().map(item).collect();
    json!([
        {"resourceType": "Practitioner", "id": "physician", "name": [{"family": "Lee"}]},
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "Lind"}]},
        {"resourceType": "Questionnaire", "id": "phq9", "status": "active", "url": "https://example.org/phq9", "version": "2", "code": [coding("44249-1")], "item": items},
        {"resourceType": "Questionnaire", "id": "old", "status": "retired", "item": [{"linkId": "1", "type": "string"}]},
        {"resourceType": "Questionnaire", "id": "intake", "status": "active", "item": [
            {"linkId": "smokes", "type": "boolean", "required": true},
            {"linkId": "packs", "type": "decimal", "required": true, "enableWhen": [{"question": "smokes", "operator": "=", "answerBoolean": true}]},
            {"linkId": "weight", "type": "quantity"}, {"linkId": "since", "type": "date"}]}
    ])
    .to_string()
}

fn phq9(worth: [usize; 9]) -> Value {
    let answer = |(at, w): (usize, &usize)| json!({"linkId": format!("q{}", at + 1), "values": [{"coding": coding(ANSWERS[*w])}]});
    let answers: Vec<Value> = worth.iter().enumerate().map(answer).collect();
    json!({"patient": "Patient/ada", "questionnaire": "Questionnaire/phq9", "expectedVersion": "1", "answers": answers})
}

#[tokio::test]
async fn answers_are_stored_with_their_published_sum_in_one_transaction() {
    let site = Site::start(&record()).await;
    let lee = site.person(Role::Physician, None).await;
    let saved = site.act(&lee, "questionnaireSubmit", phq9([1, 2, 3, 1, 1, 1, 1, 0, 0]), SAVED).await;
    assert_eq!(saved["__typename"], "QuestionnaireSubmitted", "{saved}");
    assert_eq!(saved["score"]["value"]["value"], "10", "{saved}");
    assert_eq!(saved["urgent"], Value::Null);
    let response = site.document(saved["response"]["id"].as_str().unwrap()).await;
    assert_eq!(response["questionnaire"], "https://example.org/phq9|2");
    assert_eq!(
        (&response["source"]["reference"], &response["author"]["reference"]),
        (&json!("Patient/ada"), &json!("Practitioner/physician"))
    );
    assert_eq!(response["item"].as_array().unwrap().len(), 9);
    let score = site.document(saved["score"]["id"].as_str().unwrap()).await;
    assert_eq!(score["code"]["coding"][0]["code"], "44261-6");
    assert_eq!(score["derivedFrom"][0]["reference"], saved["response"]["id"]);
    assert_eq!(score["interpretation"][0]["text"], "moderate depression");
    assert!(score["method"]["text"].as_str().unwrap().contains("J Gen Intern Med 2001"), "{score}");
    let targets = "jsonb_array_elements(p.resource->'target') AS t WHERE p.resource->'activity'->'coding'->0->>'code' = 'questionnaireSubmit'";
    assert_eq!(site.count(&format!("fhir.provenance AS p, {targets}")).await, 2);
}

#[tokio::test]
async fn a_missing_answer_leaves_no_sum_and_thoughts_of_death_make_a_task_all_the_same() {
    let site = Site::start(&record()).await;
    let kim = site.person(Role::Nurse, None).await;
    let mut input = phq9([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    input["answers"].as_array_mut().unwrap().remove(0);
    input["idempotencyKey"] = json!("k");
    let saved = site.act(&kim, "questionnaireSubmit", input.clone(), SAVED).await;
    assert_eq!(saved["score"], Value::Null, "{saved}");
    let task = site.document(saved["urgent"]["id"].as_str().unwrap()).await;
    assert_eq!(
        (&task["priority"], &task["focus"]["reference"]),
        (&json!("urgent"), &saved["response"]["id"]),
        "{task}"
    );
    let again = site.act(&kim, "questionnaireSubmit", input, SAVED).await;
    assert_eq!(again["response"]["id"], saved["response"]["id"], "{again}");
    assert_eq!(site.count("fhir.task").await, 1);
}

#[tokio::test]
async fn what_the_questionnaire_does_not_allow_is_told_by_its_item() {
    let site = Site::start(&record()).await;
    let lee = site.person(Role::Physician, None).await;
    let intake = |answers: Value| json!({"patient": "Patient/ada", "questionnaire": "Questionnaire/intake", "expectedVersion": "1", "answers": answers});
    let smokes = |yes: bool| json!({"linkId": "smokes", "values": [{"boolean": yes}]});
    let packs = || json!({"linkId": "packs", "values": [{"decimal": "1.50"}]});
    for (answers, place, text) in [
        (json!([]), "input.answers", "smokes: the item has to be answered"),
        (json!([smokes(true)]), "input.answers", "packs: the item has to be answered"),
        (json!([smokes(false), packs()]), "input.answers[1]", "packs: the item is not asked after these answers"),
        (json!([{"linkId": "smokes", "values": [{"text": "yes"}]}]), "input.answers[0]", "the item asks for boolean"),
        (
            json!([smokes(true), packs(), {"linkId": "x", "values": [{"text": "y"}]}]),
            "input.answers[2]",
            "no such item",
        ),
        (json!([smokes(false), {"linkId": "weight", "values": []}]), "input.answers[1].values", "no answer is told"),
    ] {
        let refused = site.act(&lee, "questionnaireSubmit", intake(answers), SAVED).await;
        let issue = &refused["issues"][0];
        assert_eq!(issue["expression"][0], place, "{refused}");
        assert!(issue["text"].as_str().unwrap().contains(text), "{refused}");
    }
    let weight = json!({"linkId": "weight", "values": [{"quantity": {"value": "70.0", "unit": "kg"}}]});
    let saved = site.act(&lee, "questionnaireSubmit", intake(json!([weight, packs(), smokes(true)])), SAVED).await;
    let response = site.document(saved["response"]["id"].as_str().unwrap()).await;
    assert_eq!(response["questionnaire"], "Questionnaire/intake", "{saved}");
    let order: Vec<&str> = response["item"].as_array().unwrap().iter().map(|i| i["linkId"].as_str().unwrap()).collect();
    assert_eq!(order, ["smokes", "packs", "weight"]);
    let mut wrong = phq9([0; 9]);
    wrong["answers"][0]["values"][0]["coding"]["code"] = json!("LA0-0");
    let refused = site.act(&lee, "questionnaireSubmit", wrong, SAVED).await;
    assert_eq!(refused["issues"][0]["code"], "code-invalid", "{refused}");
    let mut retired = intake(json!([{"linkId": "1", "values": [{"text": "x"}]}]));
    retired["questionnaire"] = json!("Questionnaire/old");
    let refused = site.act(&lee, "questionnaireSubmit", retired, SAVED).await;
    assert_eq!(refused["issues"][0]["text"], "the questionnaire is not in use", "{refused}");
    let other = site.person(Role::Registrar, None).await;
    let refused = site.act(&other, "questionnaireSubmit", phq9([0; 9]), SAVED).await;
    assert_eq!(refused["permission"], "create QuestionnaireResponse", "{refused}");
    assert_eq!(site.count("fhir.questionnaire_response").await, 1);
}
