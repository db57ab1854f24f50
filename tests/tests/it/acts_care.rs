//! Care plans and goals as acts.

use entity::Role;
use serde_json::{Value, json};

use crate::gql::Site;

const RECORD: &str = r#"[
    {"resourceType":"Practitioner","id":"physician","name":[{"family":"Lee"}]},
    {"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott"}]},
    {"resourceType":"Condition","id":"of-ada","subject":{"reference":"Patient/ada"},"code":{"text":"Diabetes"}},
    {"resourceType":"Condition","id":"of-ben","subject":{"reference":"Patient/ben"},"code":{"text":"Gout"}},
    {"resourceType":"Observation","id":"a1c","status":"final","code":{"text":"HbA1c"},"subject":{"reference":"Patient/ada"}}
]"#;

const PLAN: &str = "... on CarePlanSaved { carePlan { id versionId status title activities { description status } } }";
const CHANGED: &str =
    "... on CarePlanSaved { carePlan { id versionId status activities { description } } } ... on PlanClosed { status }";
const GOAL: &str = "... on GoalSaved { goal { id versionId status targets { low { value unit } high { value } due } } withoutMeasure }";

fn goal() -> Value {
    json!({"patient": "Patient/ada", "description": {"text": "HbA1c below 7 %"}, "addresses": ["Condition/of-ada"],
           "target": {"measure": {"text": "HbA1c"}, "high": "7.0", "unit": "%", "due": "2027-03"}})
}

#[tokio::test]
async fn a_goal_is_set_with_its_measure_and_its_progress_is_recorded() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let set = site.act(&lee, "goalSet", goal(), GOAL).await;
    assert_eq!(set["withoutMeasure"], false, "{set}");
    assert_eq!(set["goal"]["targets"], json!([{"low": null, "high": {"value": "7.0"}, "due": "2027-03"}]));
    let id = set["goal"]["id"].clone();
    let progress =
        json!({"id": id, "expectedVersion": "1", "achievement": "IMPROVING", "observation": "Observation/a1c"});
    let told = site.act(&lee, "goalProgressRecord", progress.clone(), GOAL).await;
    assert_eq!(told["goal"]["versionId"], "2", "{told}");
    let document = site.document(id.as_str().unwrap()).await;
    assert_eq!(document["achievementStatus"]["coding"][0]["code"], "improving");
    assert_eq!(document["outcomeReference"][0]["reference"], "Observation/a1c");
    let stale = site.act(&lee, "goalProgressRecord", progress, GOAL).await;
    assert_eq!((&stale["__typename"], &stale["currentVersion"]), (&json!("Stale"), &json!("2")));
    let open = json!({"patient": "Patient/ada", "description": {"text": "walk more"}});
    assert_eq!(site.act(&lee, "goalSet", open, GOAL).await["withoutMeasure"], true);
    assert_eq!(site.count("fhir.provenance").await, 3);
}

#[tokio::test]
async fn a_plan_is_made_changed_and_closed() {
    let site = Site::start(RECORD).await;
    let kim = site.person(Role::Nurse, None).await;
    let goal = site.act(&kim, "goalSet", goal(), GOAL).await["goal"]["id"].clone();
    let input = json!({"patient": "Patient/ada", "title": "Diabetes", "addresses": ["Condition/of-ada"], "goals": [goal],
                       "steps": [{"description": "measure at home"}]});
    let made = site.act(&kim, "carePlanCreate", input, PLAN).await;
    assert_eq!(
        made["carePlan"]["activities"],
        json!([{"description": "measure at home", "status": "not-started"}]),
        "{made}"
    );
    let id = made["carePlan"]["id"].clone();
    let change = |version: &str, status: Value| json!({"id": id, "expectedVersion": version, "status": status, "addSteps": [{"description": "see the dietician"}]});
    let changed = site.act(&kim, "carePlanUpdate", change("1", Value::Null), CHANGED).await;
    assert_eq!(changed["carePlan"]["activities"].as_array().unwrap().len(), 2, "{changed}");
    let closed = site.act(&kim, "carePlanUpdate", change("2", "COMPLETED".into()), CHANGED).await;
    assert_eq!(closed["carePlan"]["status"], "COMPLETED", "{closed}");
    let document = site.document(id.as_str().unwrap()).await;
    assert!(document["period"]["start"].is_string() && document["period"]["end"].is_string(), "{document}");
    let refused = site.act(&kim, "carePlanUpdate", change("3", Value::Null), CHANGED).await;
    assert_eq!(refused, json!({"__typename": "PlanClosed", "status": "completed"}));
}

#[tokio::test]
async fn what_is_another_patients_or_wrong_is_named_and_nothing_is_stored() {
    let site = Site::start(RECORD).await;
    let lee = site.person(Role::Physician, None).await;
    let before = site.count("app.outbox").await;
    let input = json!({"patient": "Patient/ada", "title": " ", "addresses": ["Condition/of-ada", "Condition/of-ben"], "goals": ["Goal/none"]});
    let refused = site.act(&lee, "carePlanCreate", input, PLAN).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["input.addresses[1]", "input.goals[0]", "input.title"], "{refused}");
    let mut wrong = goal();
    wrong["target"] = json!({"measure": {"text": "x"}, "low": "9", "high": "7", "unit": "furlong"});
    let refused = site.act(&lee, "goalSet", wrong, GOAL).await;
    let mut places: Vec<&str> =
        refused["issues"].as_array().unwrap().iter().map(|i| i["expression"][0].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["input.target.high", "input.target.unit"], "{refused}");
    for role in [Role::Pharmacist, Role::Registrar] {
        let who = site.person(role, None).await;
        let plain = json!({"patient": "Patient/ada", "description": {"text": "x"}});
        assert_eq!(site.act(&who, "goalSet", plain, GOAL).await["__typename"], "NotPermitted", "{role:?}");
    }
    assert_eq!(site.count("app.outbox").await, before);
}

#[tokio::test]
async fn a_step_of_a_plan_says_where_it_stands() {
    let site = Site::start(
        r#"[{"resourceType":"Patient","id":"ada","name":[{"family":"Lind"}]},
            {"resourceType":"CarePlan","id":"plan","status":"active","intent":"plan","subject":{"reference":"Patient/ada"},
             "activity":[{"detail":{"status":"not-started","description":"walk"}},{"reference":{"reference":"ServiceRequest/order"}}]},
            {"resourceType":"ServiceRequest","id":"order","status":"active","intent":"order","subject":{"reference":"Patient/ada"}}]"#,
    )
    .await;
    let lee = site.person(Role::Physician, None).await;
    let saved = "... on CarePlanSaved { carePlan { versionId activities { status description } } }";
    let change = |index: u32| json!({"id": "CarePlan/plan", "expectedVersion": "1", "steps": [{"index": index, "status": "COMPLETED"}]});
    // What is another record's, and what is not there.
    for index in [1, 2] {
        let refused = site.act(&lee, "carePlanUpdate", change(index), saved).await;
        assert_eq!(refused["issues"][0]["expression"][0], "input.steps[0].index", "{refused}");
    }
    let done = site.act(&lee, "carePlanUpdate", change(0), saved).await;
    assert_eq!(done["carePlan"]["activities"][0], json!({"status": "completed", "description": "walk"}), "{done}");
    assert_eq!(done["carePlan"]["versionId"], "2");
}
