//! What a desk writes into the record of a patient beside name and birth date, and lists of patients that leave the system.

use entity::Role;
use serde_json::{Value, json};

use crate::client::Client;
use crate::gql::Site;

const PEOPLE: &str = r#"[
    {"resourceType":"Practitioner","id":"lee","name":[{"family":"Lee"}]},
    {"resourceType":"Practitioner","id":"kim","name":[{"family":"Kim"}]},
    {"resourceType":"Patient","id":"ada","active":true,"name":[{"family":"=Lind","given":["Ada"]}],"gender":"female","birthDate":"1970-04-19",
     "telecom":[{"system":"phone","value":"555 0100","use":"home","period":{"start":"2020-01-01"}},{"system":"phone","value":"555 0101","use":"work"}],
     "address":[{"use":"home","line":["1 Hill"],"city":"Bergen","district":"North"}],
     "communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"nb"}],"text":"Norwegian"}},
       {"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en"}],"text":"English"},"preferred":true}],
     "generalPractitioner":[{"reference":"Practitioner/lee"},{"reference":"Practitioner/kim"}]},
    {"resourceType":"Patient","id":"ben","name":[{"family":"Ott, the \"Great\"","given":["Ben","C."]}],"gender":"male","deceasedBoolean":true,
     "telecom":[{"system":"phone","value":"+47 555 0102"}]}
]"#;
const SAVED: &str = "... on PatientSaved { patient { id versionId } } ... on Invalid { issues { text expression } }";

async fn patient(site: &Site, id: &str) -> Value {
    let program = Client { server: site.server.clone(), token: site.server.token("system/*.cruds").await };
    program.page(&format!("/Patient/{id}")).await
}

#[tokio::test]
async fn what_is_told_replaces_its_list_and_what_is_told_as_it_stands_keeps_all_of_it() {
    let site = Site::start(PEOPLE).await;
    let desk = site.person(Role::Registrar, None).await;
    let before = patient(&site, "ada").await;
    let input = json!({"id": "Patient/ada", "expectedVersion": "1",
        "telecoms": [{"system": "EMAIL", "value": "ada@example.org"}, {"system": "PHONE", "value": "555 0100", "use": "HOME"}],
        "addresses": [{"lines": ["1 Hill"], "city": "Bergen", "use": "HOME"}, {"lines": ["2 Quay"], "city": "Oslo", "use": "TEMP"}],
        "language": "nb", "maritalStatus": "WIDOWED", "generalPractitioner": "Practitioner/kim"});
    let done = site.act(&desk, "patientUpdate", input, SAVED).await;
    assert_eq!(done["__typename"], "PatientSaved", "{done}");
    let after = patient(&site, "ada").await;
    let kept = before["telecom"][0].clone();
    assert_eq!(after["telecom"], json!([{"system": "email", "value": "ada@example.org"}, kept]));
    assert_eq!(after["address"][0], before["address"][0]);
    assert_eq!(after["address"][1], json!({"use": "temp", "line": ["2 Quay"], "city": "Oslo"}));
    // Norwegian was on record already, and takes the place of what was spoken until now.
    let mut norwegian = before["communication"][0].clone();
    norwegian["preferred"] = json!(true);
    assert_eq!(after["communication"], json!([norwegian]));
    let marital = &after["maritalStatus"]["coding"][0];
    assert_eq!(marital["system"], "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus");
    assert_eq!((&marital["code"], &marital["display"]), (&json!("W"), &json!("Widowed")));
    assert_eq!(
        after["generalPractitioner"],
        json!([{"reference": "Practitioner/kim"}, {"reference": "Practitioner/lee"}])
    );
    assert_eq!(after["name"], before["name"]);

    // What is not told stays; null takes away.
    let input = json!({"id": "Patient/ada", "expectedVersion": "2", "gender": "OTHER"});
    site.act(&desk, "patientUpdate", input, SAVED).await;
    let same = patient(&site, "ada").await;
    for element in ["telecom", "address", "communication", "maritalStatus", "generalPractitioner"] {
        assert_eq!(same[element], after[element]);
    }
    let input = json!({"id": "Patient/ada", "expectedVersion": "3", "language": null, "maritalStatus": null, "generalPractitioner": null, "telecoms": []});
    site.act(&desk, "patientUpdate", input, SAVED).await;
    let bare = patient(&site, "ada").await;
    for element in ["telecom", "communication", "maritalStatus", "generalPractitioner"] {
        assert_eq!(bare.get(element), None, "{bare}");
    }
    assert_eq!(bare["address"], after["address"]);
}

#[tokio::test]
async fn a_new_patient_has_them_from_the_beginning_and_what_is_wrong_is_told_at_its_place() {
    let site = Site::start(PEOPLE).await;
    let desk = site.person(Role::Registrar, None).await;
    let new = |more: Value| {
        let mut input =
            json!({"name": {"family": "Vik", "given": ["Eva"]}, "gender": "FEMALE", "birthDate": "1990-02-03"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let told = new(json!({"telecoms": [{"system": "PHONE", "value": "555 0200", "use": "MOBILE"}],
        "addresses": [{"city": "Oslo"}], "language": "pt-BR", "maritalStatus": "UNKNOWN", "generalPractitioner": "Practitioner/lee"}));
    let done = site.act(&desk, "patientRegister", told, SAVED).await;
    let id =
        done["patient"]["id"].as_str().unwrap_or_else(|| panic!("{done}")).split('/').next_back().unwrap().to_owned();
    let stored = patient(&site, &id).await;
    assert_eq!(stored["communication"][0]["language"]["coding"][0]["code"], "pt-BR");
    assert_eq!(stored["maritalStatus"]["coding"][0]["system"], "http://terminology.hl7.org/CodeSystem/v3-NullFlavor");
    assert_eq!(stored["telecom"], json!([{"system": "phone", "value": "555 0200", "use": "mobile"}]));
    assert_eq!(stored["address"], json!([{"city": "Oslo"}]));

    assert_eq!(stored["generalPractitioner"], json!([{"reference": "Practitioner/lee", "display": "Lee"}]));

    // Of any telephone that is told it is asked whose it is already.
    let known = json!({"name": {"family": "Else", "given": ["Somebody"]}, "gender": "MALE",
        "telecoms": [{"system": "EMAIL", "value": "x@example.org"}, {"system": "PHONE", "value": "555 0101"}]});
    let alike = "... on PossibleDuplicates { candidates { agrees patient { id } } }";
    let found = site.act(&desk, "patientRegister", known, alike).await;
    assert_eq!(found["candidates"][0]["patient"]["id"], "Patient/ada", "{found}");
    assert_eq!(found["candidates"][0]["agrees"], json!(["phone"]), "{found}");

    for (wrong, place) in [
        (json!({"language": "Portuguese (Brazil)"}), "input.language"),
        (json!({"generalPractitioner": "Practitioner/nobody"}), "input.generalPractitioner"),
        (json!({"generalPractitioner": "Patient/ada"}), "input.generalPractitioner"),
        (json!({"telecoms": [{"system": "PHONE", "value": " "}]}), "input.telecoms[0].value"),
        (json!({"telecoms": [], "phone": "1"}), "input.telecoms"),
        (json!({"addresses": [{"city": "Oslo"}, {}]}), "input.addresses[1]"),
        (json!({"addresses": [], "address": {"city": "Oslo"}}), "input.addresses"),
        (json!({"telecoms": vec![json!({"system": "PHONE", "value": "1"}); 21]}), "input.telecoms"),
    ] {
        let answer = site.act(&desk, "patientRegister", new(wrong), SAVED).await;
        assert_eq!(answer["issues"][0]["expression"][0], place, "{answer}");
    }
}

#[tokio::test]
async fn a_list_that_leaves_the_system_is_in_the_audit_with_its_reason_and_everybody_on_it() {
    let site = Site::start(PEOPLE).await;
    let desk = site.person(Role::Registrar, None).await;
    let export = "mutation($i: PatientListExportInput!) { patientListExport(input: $i) { csv rows at } }";
    let all = site.ask(&desk, export, json!({"i": {"reason": "letters about the flu"}})).await;
    let table = &all["patientListExport"];
    assert_eq!(table["rows"], 2, "{all}");
    let expected = "MRN,Family name,Given names,Birth date,Gender,Deceased,Telephone,General practitioner,Record\r\n\
        ,'=Lind,Ada,1970-04-19,female,,555 0100,,in use\r\n\
        ,\"Ott, the \"\"Great\"\"\",Ben C.,,male,yes,+47 555 0102,,in use\r\n";
    assert_eq!(table["csv"], expected);
    let men = json!({"i": {"reason": "a recall", "filter": {"gender": "MALE"}}});
    assert_eq!(site.ask(&desk, export, men).await["patientListExport"]["rows"], 1);

    let admin = site.person(Role::Admin, None).await;
    site.server.store.flush_audit().await.unwrap();
    let events = "{ auditEvents(filter: {patient: \"Patient/ada\"}) { nodes { user patient operation } } }";
    let events = site.ask(&admin, events, json!({})).await;
    let nodes = events["auditEvents"]["nodes"].as_array().unwrap();
    let told = |n: &&Value| n["operation"] == "export of 2 patients as a table: letters about the flu";
    assert_eq!(nodes.iter().filter(told).count(), 1, "{events}");
    assert_eq!(nodes.iter().find(told).unwrap()["user"], desk.login.as_str());

    for (wrong, code) in [
        (json!({"reason": " "}), "INVALID"),
        (json!({"reason": "x".repeat(501)}), "INVALID"),
        (json!({"reason": "x", "filter": {"phone": "none"}}), "INVALID"),
    ] {
        let answer = site.answer(&desk, export, json!({"i": wrong})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
    }
}
