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
            {"linkId": "weight", "type": "quantity"}, {"linkId": "since", "type": "date"}]},
        {"resourceType": "ValueSet", "id": "colours", "status": "active", "url": "https://example.org/colours",
         "compose": {"include": [{"system": "https://example.org/c", "concept": [{"code": "red", "display": "Red"}, {"code": "blue"}]}]}},
        {"resourceType": "Questionnaire", "id": "drugs", "status": "active", "title": "Medicines", "url": "https://example.org/drugs", "item": [
            {"linkId": "colour", "type": "choice", "answerValueSet": "https://example.org/colours"},
            {"linkId": "drug", "type": "group", "repeats": true, "text": "Medicine", "item": [
                {"linkId": "name", "type": "string", "required": true},
                {"linkId": "dose", "type": "decimal", "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueDecimal": 10}]},
                {"linkId": "why", "type": "string", "enableWhen": [{"question": "dose", "operator": ">", "answerDecimal": 5}]}]}]}
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
    assert_eq!(response["author"]["display"], "Lee", "{response}");
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

/// The form as the pages draw it, and what was answered as they read it.
#[tokio::test]
async fn a_form_is_told_item_by_item_with_what_can_be_chosen_from() {
    let site = Site::start(&record()).await;
    let lee = site.person(Role::Physician, None).await;
    let query = r"query F($of: String!) { questionnaire(canonical: $of) { id versionId title instrument { name largest lowestAnswer urgentItem source bands { least says } }
        items { linkId parent type required repeats maxValue cannot options { text coding { code } } enableWhen { question operator answer { number text } } } } }";
    let drugs = site.ask(&lee, query, json!({"of": "https://example.org/drugs"})).await["questionnaire"].clone();
    assert_eq!(drugs["title"], "Medicines", "{drugs}");
    assert_eq!(
        drugs["items"][0]["options"],
        json!([{"text": "Red", "coding": {"code": "red"}}, {"text": "blue", "coding": {"code": "blue"}}])
    );
    assert_eq!(drugs["items"][1]["repeats"], true);
    assert_eq!((&drugs["items"][3]["parent"], &drugs["items"][3]["maxValue"]), (&json!("drug"), &json!("10")));
    assert_eq!(
        drugs["items"][4]["enableWhen"],
        json!([{"question": "dose", "operator": ">", "answer": {"number": "5", "text": "5"}}])
    );
    let phq = site.ask(&lee, query, json!({"of": "https://example.org/phq9|2"})).await["questionnaire"].clone();
    let instrument = &phq["instrument"];
    assert_eq!((&instrument["name"], &instrument["largest"]), (&json!("PHQ-9"), &json!(27)), "{phq}");
    assert_eq!(instrument["bands"][2], json!({"least": 10, "says": "moderate depression"}));
    let intake = site.ask(&lee, query, json!({"of": "Questionnaire/intake"})).await["questionnaire"].clone();
    assert_eq!((&intake["id"], &intake["instrument"]), (&json!("Questionnaire/intake"), &Value::Null));
    assert_eq!(site.ask(&lee, query, json!({"of": "https://example.org/none"})).await["questionnaire"], Value::Null);
}

#[tokio::test]
async fn groups_that_repeat_limits_and_value_sets_are_judged_at_their_place() {
    let site = Site::start(&record()).await;
    let lee = site.person(Role::Physician, None).await;
    let drugs = |answers: Value| json!({"patient": "Patient/ada", "questionnaire": "Questionnaire/drugs", "expectedVersion": "1", "answers": answers});
    let text = |link_id: &str, text: &str| json!({"linkId": link_id, "values": [{"text": text}]});
    let dose = |dose: &str| json!({"linkId": "dose", "values": [{"decimal": dose}]});
    let drug = |items: Value| json!({"linkId": "drug", "items": items});
    let colour = |code: &str| json!({"linkId": "colour", "values": [{"coding": {"system": "https://example.org/c", "code": code}}]});
    for (answers, place, told) in [
        (
            json!([drug(json!([text("name", "a")])), drug(json!([dose("2")]))]),
            "input.answers[1].items",
            "name: the item has to be answered",
        ),
        (
            json!([drug(json!([text("name", "a"), dose("10.1")]))]),
            "input.answers[0].items[1]",
            "dose: the answer is more than 10",
        ),
        (
            json!([drug(json!([text("name", "a"), dose("5"), text("why", "x")]))]),
            "input.answers[0].items[2]",
            "why: the item is not asked",
        ),
        (json!([text("name", "a")]), "input.answers[0]", "name: the item stands in a group that repeats"),
        (json!([colour("green")]), "input.answers[0]", "colour: the answer is none of the options"),
    ] {
        let refused = site.act(&lee, "questionnaireSubmit", drugs(answers), SAVED).await;
        assert_eq!(refused["issues"][0]["expression"][0], place, "{refused}");
        assert!(refused["issues"][0]["text"].as_str().unwrap().starts_with(told), "{refused}");
    }
    assert_eq!(site.count("fhir.questionnaire_response").await, 0);
    let answers = json!([
        colour("red"),
        drug(json!([text("name", "a"), dose("6.0"), text("why", "pain")])),
        drug(json!([text("name", "b")]))
    ]);
    let saved = site.act(&lee, "questionnaireSubmit", drugs(answers), SAVED).await;
    let response = site.document(saved["response"]["id"].as_str().unwrap()).await;
    let ids: Vec<&Value> = response["item"].as_array().unwrap().iter().map(|i| &i["linkId"]).collect();
    assert_eq!(ids, ["colour", "drug", "drug"]);
    assert_eq!(response["item"][1]["item"][1]["answer"][0]["valueDecimal"].to_string(), "6.0", "{response}");
    let query = r#"{ patient(id: "Patient/ada") { questionnaireResponses { nodes { title items { parent linkId text values { kind text } } } } } }"#;
    let read = site.ask(&lee, query, json!({})).await["patient"]["questionnaireResponses"]["nodes"][0].clone();
    assert_eq!(read["title"], "Medicines");
    assert_eq!(
        read["items"][3],
        json!({"parent": 1, "linkId": "dose", "text": null, "values": [{"kind": "DECIMAL", "text": "6.0"}]})
    );
}

#[tokio::test]
async fn what_is_begun_is_kept_gone_on_with_and_scored_once_it_is_done() {
    let site = Site::start(&record()).await;
    let kim = site.person(Role::Nurse, None).await;
    let mut begun = phq9([3, 0, 0, 0, 0, 0, 0, 0, 3]);
    begun["answers"].as_array_mut().unwrap().remove(1);
    begun["finished"] = json!(false);
    let first = site.act(&kim, "questionnaireSubmit", begun.clone(), SAVED).await;
    assert_eq!((&first["score"], &first["urgent"]), (&Value::Null, &Value::Null), "{first}");
    let id = first["response"]["id"].clone();
    assert_eq!(site.document(id.as_str().unwrap()).await["status"], "in-progress");
    begun["response"] = id.clone();
    begun["responseVersion"] = json!("1");
    begun["answers"][0]["values"][0]["coding"]["code"] = json!("LA0-0");
    let refused = site.act(&kim, "questionnaireSubmit", begun.clone(), SAVED).await;
    assert_eq!(refused["issues"][0]["code"], "code-invalid", "what is kept is judged too: {refused}");
    let mut done = phq9([1, 1, 1, 1, 0, 0, 0, 0, 1]);
    done["response"] = id.clone();
    done["responseVersion"] = json!("1");
    let done_now = site.act(&kim, "questionnaireSubmit", done.clone(), SAVED).await;
    assert_eq!(done_now["score"]["value"]["value"], "5", "{done_now}");
    assert_eq!(done_now["response"], json!({"id": id, "versionId": "2"}));
    assert!(done_now["urgent"]["id"].is_string());
    assert_eq!(site.document(id.as_str().unwrap()).await["status"], "completed");
    // Somebody else had it open.
    let stale = site.act(&kim, "questionnaireSubmit", done.clone(), SAVED).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")), "{stale}");
    done["responseVersion"] = json!("2");
    done["finished"] = json!(false);
    let refused = site.act(&kim, "questionnaireSubmit", done.clone(), SAVED).await;
    assert_eq!(refused["issues"][0]["expression"][0], "input.finished", "{refused}");
    assert_eq!(site.count("fhir.questionnaire_response").await, 2, "two versions of one response");
}

#[tokio::test]
async fn what_is_amended_or_taken_back_carries_its_sum_with_it() {
    let site = Site::start(&record()).await;
    let lee = site.person(Role::Physician, None).await;
    let first = site.act(&lee, "questionnaireSubmit", phq9([1, 1, 1, 1, 1, 1, 0, 0, 1]), SAVED).await;
    let (response, score) = (first["response"]["id"].clone(), first["score"]["id"].clone());
    let (response, score) = (response.as_str().unwrap(), score.as_str().unwrap());
    let task = first["urgent"]["id"].as_str().unwrap();
    let authored = site.document(response).await["authored"].clone();
    site.server.clock.advance(chrono::TimeDelta::minutes(5));
    let mut input = phq9([3, 3, 3, 1, 1, 1, 0, 0, 1]);
    input["response"] = json!(response);
    input["responseVersion"] = json!("1");
    let amended = site.act(&lee, "questionnaireSubmit", input.clone(), SAVED).await;
    assert_eq!(
        (&amended["score"]["id"], &amended["score"]["value"]["value"]),
        (&json!(score), &json!("13")),
        "{amended}"
    );
    assert_eq!(amended["urgent"], Value::Null, "one task is enough");
    let (now, sum) = (site.document(response).await, site.document(score).await);
    assert_eq!((&now["status"], &now["authored"]), (&json!("amended"), &authored));
    assert_eq!((&sum["status"], &sum["interpretation"][0]["text"]), (&json!("amended"), &json!("moderate depression")));
    assert_eq!(site.count("fhir.task").await, 1);
    // Without one answer there is no sum.
    input["responseVersion"] = json!("2");
    input["answers"].as_array_mut().unwrap().remove(3);
    let fewer = site.act(&lee, "questionnaireSubmit", input.clone(), SAVED).await;
    assert_eq!(fewer["score"], Value::Null, "{fewer}");
    assert_eq!(site.document(score).await["status"], "entered-in-error");
    let mut whole = phq9([1, 1, 1, 1, 1, 1, 0, 0, 1]);
    whole["response"] = json!(response);
    whole["responseVersion"] = json!("3");
    let again = site.act(&lee, "questionnaireSubmit", whole, SAVED).await;
    let again = again["score"]["id"].as_str().unwrap();
    assert_ne!(again, score, "a sum that was taken back stays so");
    let back = json!({"id": response, "expectedVersion": "4", "reason": "Of another patient"});
    let refused = site
        .act(
            &lee,
            "recordEnterInError",
            json!({"id": response, "expectedVersion": "3", "reason": "x"}),
            "... on EnteredInError { record { id } }",
        )
        .await;
    assert_eq!(refused["__typename"], "Stale", "{refused}");
    assert_eq!(site.document(again).await["status"], "final");
    let taken = site.act(&lee, "recordEnterInError", back, "... on EnteredInError { record { id versionId } }").await;
    assert_eq!(taken["record"]["versionId"], "5", "{taken}");
    assert_eq!(site.document(response).await["status"], "entered-in-error");
    assert_eq!(site.document(again).await["status"], "entered-in-error");
    let task = site.document(task).await;
    assert_eq!(task["status"], "cancelled");
    assert_eq!(task["statusReason"]["text"], "the answers were taken back: Of another patient");
    let scores = r#"{ patient(id: "Patient/ada") { questionnaireScores { nodes { status derivedFrom { id } } } } }"#;
    let scores = site.ask(&lee, scores, json!({})).await["patient"]["questionnaireScores"]["nodes"].clone();
    assert_eq!(scores.as_array().unwrap().len(), 2);
    assert_eq!(scores[0], json!({"status": "ENTERED_IN_ERROR", "derivedFrom": [{"id": response}]}));
}
