//! Terminology over HTTP: stored definitions and R4's own, and searches that ask them, as the matcher does.

use std::collections::BTreeSet;
use std::sync::Arc;

use entity::Actor;
use entity::store::PageRequest;
use fhir::search::coded::tokens;
use fhir::search::extract::Options;
use fhir::search::matcher::{Lookup, Unsupported, matches_query};
use fhir::search::parse::{Handling, parse};
use fhir::search::query::{Clause, Modifier, Operand, Token};
use fhir::search::registry::SearchParameter;
use fhir::terminology::{CodeSystem, Library, ValueSet};
use fhir::{Json, ResourceType};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, refusal};
use crate::search::store_all;

const TERMS: &str = r#"[
{"resourceType":"CodeSystem","id":"colours","url":"urn:colours","version":"1.0","status":"active","content":"complete","caseSensitive":true,"concept":[
 {"code":"red","display":"Red","definition":"As blood","designation":[{"language":"de","value":"Rot"}],"concept":[{"code":"crimson","display":"Crimson"},{"code":"rose","display":"Rose"}]},
 {"code":"blue","display":"Blue"}],"property":[{"code":"inactive","type":"boolean"}]},
{"resourceType":"CodeSystem","id":"colours9","url":"urn:colours","version":"0.9","status":"active","content":"complete","concept":[{"code":"old","display":"Old"}]},
{"resourceType":"ValueSet","id":"reds","url":"urn:vs:reds","status":"active","compose":{"include":[{"system":"urn:colours","filter":[{"property":"concept","op":"is-a","value":"red"}]}],
 "exclude":[{"system":"urn:colours","concept":[{"code":"rose"}]}]}},
{"resourceType":"ValueSet","id":"all","url":"urn:vs:all","status":"active","compose":{"include":[{"valueSet":["urn:vs:reds"]},{"system":"urn:colours","concept":[{"code":"blue","display":"Azure"}]}]}},
{"resourceType":"ConceptMap","id":"map","url":"urn:map","status":"active","sourceUri":"urn:vs:all","group":[{"source":"urn:colours","target":"urn:light","element":[
 {"code":"red","target":[{"code":"long","display":"Long waves","equivalence":"wider"}]}],"unmapped":{"mode":"fixed","code":"light"}}]},
{"resourceType":"Observation","id":"o-red","status":"final","code":{"coding":[{"system":"urn:colours","code":"red"}]}},
{"resourceType":"Observation","id":"o-crimson","status":"preliminary","code":{"coding":[{"system":"urn:x","code":"1"},{"system":"urn:colours","code":"crimson"}]}},
{"resourceType":"Observation","id":"o-rose","status":"amended","code":{"coding":[{"system":"urn:colours","code":"rose"}]}},
{"resourceType":"Observation","id":"o-blue","status":"final","code":{"coding":[{"system":"urn:colours","code":"blue"}]}},
{"resourceType":"Observation","id":"o-text","status":"final","code":{"text":"red"},"derivedFrom":[{"reference":"Observation/o-crimson"}]},
{"resourceType":"Patient","id":"p","gender":"other"},
{"resourceType":"Condition","id":"c-on","subject":{"reference":"Patient/p"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"relapse"}]}},
{"resourceType":"Condition","id":"c-off","subject":{"reference":"Patient/p"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]}},
{"resourceType":"Condition","id":"c-never","subject":{"reference":"Patient/p"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
 "verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"refuted"}]}}]"#;

async fn client() -> Client {
    let client = Client::start().await;
    store_all(&client.server.store, Json::parse(TERMS).unwrap().items()).await;
    client
}

fn codes(expansion: &Value) -> String {
    let all = expansion["expansion"]["contains"].as_array().cloned().unwrap_or_default();
    all.iter().map(|c| c["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
}

/// The value of an output, whatever its type.
fn output<'v>(answer: &'v Value, name: &str) -> &'v Value {
    let all = answer["parameter"].as_array().unwrap();
    let found = all.iter().find(|p| p["name"] == name);
    found
        .and_then(|p| p.as_object().unwrap().iter().find(|(m, _)| m.starts_with("value")))
        .map_or(&Value::Null, |(_, v)| v)
}

#[tokio::test]
async fn sets_expand() {
    let client = client().await;
    for (path, expected) in [
        ("/ValueSet/$expand?url=urn:vs:reds", "red crimson"),
        ("/ValueSet/reds/$expand", "red crimson"),
        ("/ValueSet/all/$expand?count=1&offset=1", "crimson"),
        ("/ValueSet/all/$expand?filter=azu", "blue"),
        ("/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender", "male female other unknown"),
        (
            "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&valueSetVersion=4.0.1&count=1",
            "male",
        ),
    ] {
        assert_eq!(codes(&client.page(path).await), expected, "{path}");
    }
    let page = client.page("/ValueSet/reds/$expand?includeDesignations=true&displayLanguage=de").await;
    let red = &page["expansion"]["contains"][0];
    assert_eq!(
        (&red["display"], &red["designation"][0]["value"], &red["version"]),
        (&json!("Rot"), &json!("Rot"), &json!("1.0"))
    );
    assert_eq!(page["expansion"]["total"], 2);
    let given = json!({"resourceType": "ValueSet", "status": "draft", "compose": {"include": [{"system": "urn:colours", "version": "0.9"}]}});
    let bare = client.json(Method::POST, "/ValueSet/$expand", &given.to_string(), 200).await;
    assert_eq!(codes(&bare), "old");
    let wrapped = json!({"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": given}, {"name": "count", "valueInteger": 0}]});
    let wrapped = client.json(Method::POST, "/ValueSet/$expand", &wrapped.to_string(), 200).await;
    assert_eq!((codes(&wrapped).as_str(), &wrapped["expansion"]["total"]), ("", &json!(1)));
    for (path, status) in [
        ("/ValueSet/$expand", 400),
        ("/ValueSet/$expand?url=urn:vs:none", 404),
        ("/ValueSet/none/$expand", 404),
        ("/ValueSet/$expand?url=urn:vs:reds&valueSetVersion=7", 404),
        ("/ValueSet/reds/$expand?count=-1", 400),
        ("/ValueSet/reds/$expand?date=2020", 400),
        ("/Patient/p/$expand", 404),
    ] {
        assert_eq!(refusal(client.get(path).await).await.0, status, "{path}");
    }
    let regex = json!({"resourceType": "ValueSet", "status": "draft",
        "compose": {"include": [{"system": "urn:colours", "filter": [{"property": "code", "op": "regex", "value": "(a+)+"}]}]}});
    let (status, code, text) = refusal(client.send(Method::POST, "/ValueSet/$expand", &regex.to_string()).await).await;
    assert_eq!((status, code.as_str()), (400, "not-supported"), "{text}");
}

#[tokio::test]
async fn codes_are_validated_looked_up_and_related() {
    let client = client().await;
    for (path, result) in [
        ("/ValueSet/$validate-code?url=urn:vs:reds&system=urn:colours&code=crimson", true),
        ("/ValueSet/$validate-code?url=urn:vs:reds&system=urn:colours&code=rose", false),
        ("/ValueSet/reds/$validate-code?code=crimson&inferSystem=true", true),
        ("/ValueSet/all/$validate-code?system=urn:colours&code=blue&display=Azure", true),
        ("/ValueSet/all/$validate-code?system=urn:colours&code=blue&display=Green", false),
        ("/CodeSystem/$validate-code?url=urn:colours&code=rose", true),
        ("/CodeSystem/$validate-code?url=urn:colours&version=0.9&code=rose", false),
        ("/CodeSystem/colours/$validate-code?code=Rose", false),
        ("/CodeSystem/$validate-code?url=http://hl7.org/fhir/administrative-gender&code=female", true),
        ("/CodeSystem/$validate-code?url=http://loinc.org&code=718-7", false),
    ] {
        let answer = client.page(path).await;
        assert_eq!(output(&answer, "result"), result, "{path}: {answer}");
    }
    let unknown = client.page("/CodeSystem/$validate-code?url=http://loinc.org&code=718-7").await;
    assert!(output(&unknown, "message").as_str().unwrap().contains("cannot be checked"), "{unknown}");
    let concept = json!({"resourceType": "Parameters", "parameter": [{"name": "codeableConcept", "valueCodeableConcept": {"coding": [
        {"system": "urn:x", "code": "1"}, {"system": "urn:colours", "code": "red"}]}}]});
    let answer = client.json(Method::POST, "/ValueSet/reds/$validate-code", &concept.to_string(), 200).await;
    assert_eq!((output(&answer, "result"), output(&answer, "display")), (&json!(true), &json!("Red")));

    let red = client.page("/CodeSystem/$lookup?system=urn:colours&code=red").await;
    assert_eq!(
        (output(&red, "display"), output(&red, "version"), output(&red, "name")),
        (&json!("Red"), &json!("1.0"), &json!("urn:colours"))
    );
    let text = red.to_string();
    assert!(text.contains("crimson") && text.contains("Rot") && text.contains("As blood"), "{text}");
    let narrowed = client.page("/CodeSystem/$lookup?system=urn:colours&code=red&property=child").await.to_string();
    assert!(narrowed.contains("crimson") && !narrowed.contains("Rot"), "{narrowed}");
    for (path, outcome) in [
        ("/CodeSystem/$subsumes?system=urn:colours&codeA=red&codeB=rose", "subsumes"),
        ("/CodeSystem/colours/$subsumes?codeA=rose&codeB=red", "subsumed-by"),
        ("/CodeSystem/colours/$subsumes?codeA=rose&codeB=rose", "equivalent"),
        ("/CodeSystem/colours/$subsumes?codeA=rose&codeB=blue", "not-subsumed"),
    ] {
        assert_eq!(output(&client.page(path).await, "outcome"), outcome, "{path}");
    }
    for (path, status) in [
        ("/CodeSystem/$lookup?system=urn:colours&code=green", 404),
        ("/CodeSystem/$lookup?system=urn:nowhere&code=red", 404),
        ("/CodeSystem/$lookup?code=red", 400),
        ("/CodeSystem/$subsumes?system=urn:colours&codeA=red&codeB=green", 404),
        ("/ValueSet/reds/$validate-code?code=red", 400),
        ("/ValueSet/reds/$validate-code?system=urn:colours", 400),
    ] {
        assert_eq!(refusal(client.get(path).await).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn codes_are_translated() {
    let client = client().await;
    for (path, result, code) in [
        ("/ConceptMap/$translate?url=urn:map&system=urn:colours&code=red", true, "long"),
        ("/ConceptMap/$translate?system=urn:colours&code=blue&targetsystem=urn:light", true, "light"),
        ("/ConceptMap/map/$translate?system=urn:light&code=long&reverse=true", true, "red"),
        ("/ConceptMap/map/$translate?system=urn:other&code=long", false, ""),
    ] {
        let answer = client.page(path).await;
        assert_eq!(output(&answer, "result"), result, "{path}");
        assert!(answer.to_string().contains(code), "{path}: {answer}");
    }
    assert_eq!(refusal(client.get("/ConceptMap/$translate?url=urn:none&system=a&code=b").await).await.0, 404);
    assert_eq!(refusal(client.get("/ConceptMap/map/$translate?code=b").await).await.0, 400);
}

/// What the matcher is told by the definitions above, without the store.
struct Terms(Library, Vec<ValueSet>);

impl Lookup for Terms {
    fn matches(&self, ty: ResourceType, _: &str, _: &Clause) -> Result<bool, Unsupported> {
        Err(Unsupported(format!("a chain to {ty}")))
    }

    fn has(
        &self,
        ty: ResourceType,
        _: &'static SearchParameter,
        _: (ResourceType, &str),
        _: &Clause,
    ) -> Result<bool, Unsupported> {
        Err(Unsupported(format!("_has:{ty}")))
    }

    fn is_within(&self, ty: ResourceType, _: &str, _: &str) -> Result<bool, Unsupported> {
        Err(Unsupported(format!("the hierarchy of {ty}")))
    }

    fn list(&self, _: &str) -> Result<Vec<(ResourceType, String)>, Unsupported> {
        Err(Unsupported("_list".into()))
    }

    fn tokens(
        &self,
        param: &'static SearchParameter,
        modifier: &Modifier,
        operand: &Operand,
    ) -> Result<Vec<Token>, Unsupported> {
        let set = match operand {
            Operand::Uri(url) => {
                let own = self.1.iter().find(|s| {
                    s.url.as_deref() == Some(url) || url == "reds" && s.url.as_deref() == Some("urn:vs:reds")
                });
                own.or_else(|| self.0.value_set(url))
            }
            _ => None,
        };
        tokens(param, modifier, operand, set, &self.0).map_err(|e| Unsupported(e.to_string()))
    }
}

#[tokio::test]
async fn searches_by_meaning_are_answered_as_the_matcher_does() {
    let client = client().await;
    let terms = Json::parse(TERMS).unwrap();
    let of = |id: &str| terms.items().iter().find(|d| d.str_at("id") == Some(id)).unwrap();
    let sets: Vec<ValueSet> = ["reds", "all"].iter().map(|id| ValueSet::read(of(id)).unwrap()).collect();
    let mut library = Library::default();
    library.systems.insert("urn:colours".into(), Arc::new(CodeSystem::read(of("colours")).unwrap()));
    library.sets.insert("urn:vs:reds".into(), Arc::new(sets[0].clone()));
    let lookup = Terms(library, sets);
    let store = &client.server.store;
    let now = client.server.clock.now();
    for (text, expected) in [
        ("Observation?code:in=urn:vs:reds", "o-crimson o-red"),
        ("Observation?code:in=reds", "o-crimson o-red"),
        ("Observation?code:in=urn:vs:all", "o-blue o-crimson o-red"),
        ("Observation?code:not-in=urn:vs:reds", "o-blue o-rose o-text"),
        ("Observation?code:below=urn:colours|red", "o-crimson o-red o-rose"),
        ("Observation?code:above=urn:colours|rose", "o-red o-rose"),
        ("Observation?code:below=urn:colours|green", ""),
        ("Observation?code:below=urn:colours|blue,urn:colours|crimson&status=final", "o-blue"),
        (
            "Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status",
            "o-blue o-crimson o-red o-rose o-text",
        ),
        ("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "p"),
        ("Condition?patient=p&_list=$current-problems", "c-on"),
    ] {
        let (name, rest) = text.split_once('?').unwrap();
        let pairs: Vec<(String, String)> =
            rest.split('&').map(|p| p.split_once('=').unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let ty = ResourceType::named(name).unwrap();
        let query = parse(ty, &pairs, Handling::Strict, now, &Options::default()).unwrap().query;
        let page = PageRequest { limit: 100, ..PageRequest::default() };
        let found = store.search(&Actor::server(), &query, &page).await.unwrap();
        let found: BTreeSet<String> = found.matches.into_iter().map(|m| m.id).collect();
        assert_eq!(found.iter().cloned().collect::<Vec<_>>().join(" "), expected, "{text}");
        for document in terms.items().iter().filter(|d| d.str_at("resourceType") == Some(name)) {
            let id = document.str_at("id").unwrap();
            let matched = matches_query(document, &query, &Options::default(), &lookup).unwrap();
            assert_eq!(matched, found.contains(id), "{text} {id}");
        }
    }
    // Through a hop, and by the door.
    let page = client.page("/Observation?derived-from:Observation.code:below=urn:colours|red").await;
    assert_eq!(crate::search::ids(&page, "match"), ["o-text"]);
    for path in
        ["/Observation?code:in=urn:vs:none", "/Patient?identifier:in=urn:vs:reds", "/Patient?_list=$current-problems"]
    {
        assert_eq!(refusal(client.get(path).await).await.0, 400, "{path}");
    }
}

/// What is remembered of a definition is not what a later version says.
#[tokio::test]
async fn a_new_version_of_a_definition_counts_at_once() {
    let client = client().await;
    assert_eq!(codes(&client.page("/ValueSet/$expand?url=urn:vs:reds").await), "red crimson");
    let body = json!({"resourceType": "CodeSystem", "id": "colours", "url": "urn:colours", "version": "1.0", "status": "active", "content": "complete",
        "concept": [{"code": "red", "concept": [{"code": "ruby"}]}]});
    client.json(Method::PUT, "/CodeSystem/colours", &body.to_string(), 200).await;
    assert_eq!(codes(&client.page("/ValueSet/$expand?url=urn:vs:reds").await), "red ruby");
    client.send(Method::DELETE, "/CodeSystem/colours", "").await;
    // The older version is the newest that is left; it has no such code.
    assert_eq!(refusal(client.get("/ValueSet/$expand?url=urn:vs:reds").await).await.0, 400);
}
