//! Search over HTTP against what the resources say, and against the pure matcher.

use std::collections::BTreeSet;

use entity::store::{Act, Count, PageRequest, Plan, Write};
use entity::{Actor, IdSource, Request, Rows, Store};
use fhir::search::extract::Options;
use fhir::search::matcher::{NoLookup, matches_query};
use fhir::search::parse::{Handling, parse};
use fhir::search::query::Query;
use fhir::search::registry::{self, Kind, SearchParameter};
use fhir::{Json, ResourceType};
use reqwest::StatusCode;
use serde_json::Value;
use tests::Server;

/// Four patients and what belongs to them.
const WARD: &str = r#"[
{"resourceType":"Patient","id":"ada","active":true,"gender":"female","birthDate":"1970-05-01","name":[{"family":"Ångström","given":["Ada"]}],
 "identifier":[{"system":"urn:mrn","value":"A-1"}],"generalPractitioner":[{"reference":"Practitioner/doc"}]},
{"resourceType":"Patient","id":"ben","active":false,"gender":"male","birthDate":"1980","name":[{"family":"Berg","given":["Ben"]}],
 "identifier":[{"system":"urn:mrn","value":"B-2"}],"telecom":[{"system":"phone","value":"555-0100"}]},
{"resourceType":"Patient","id":"cyd","gender":"female","birthDate":"1980-06-15","name":[{"family":"Bergman"},{"family":"Aalto"}]},
{"resourceType":"Patient","id":"dot"},
{"resourceType":"Practitioner","id":"doc","name":[{"family":"Okafor"}]},
{"resourceType":"Observation","id":"o1","status":"final","category":[{"coding":[{"system":"cat","code":"lab"}]}],
 "code":{"coding":[{"system":"http://loinc.org","code":"2160-0"}],"text":"Creatinine"},"subject":{"reference":"Patient/ada"},
 "effectiveDateTime":"2026-01-10T08:00:00Z","valueQuantity":{"value":90,"unit":"umol/L","system":"http://unitsofmeasure.org","code":"umol/L"}},
{"resourceType":"Observation","id":"o2","status":"final","category":[{"coding":[{"system":"cat","code":"lab"}]}],
 "code":{"coding":[{"system":"http://loinc.org","code":"2160-0"}]},"subject":{"reference":"Patient/ada"},
 "effectiveDateTime":"2026-02-10T08:00:00Z","valueQuantity":{"value":120,"unit":"umol/L","system":"http://unitsofmeasure.org","code":"umol/L"}},
{"resourceType":"Observation","id":"o3","status":"preliminary","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},
 "subject":{"reference":"Patient/ben"},"effectivePeriod":{"start":"2026-01-31T20:00:00Z","end":"2026-02-01T06:00:00Z"},
 "valueQuantity":{"value":0.150,"unit":"kg/L","system":"http://unitsofmeasure.org","code":"kg/L"}},
{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"no coding"},"subject":{"reference":"Patient/ben"},"valueString":"Pale"},
{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Patient/ada"},"prediction":[{"probabilityDecimal":0.25}]},
{"resourceType":"ValueSet","id":"v1","status":"active","url":"http://example.org/vs/one","name":"One"},
{"resourceType":"ValueSet","id":"v2","status":"draft","url":"http://example.org/vs/one/two"}]"#;

fn request(n: u8) -> Request {
    let now = chrono::DateTime::from_timestamp(1_790_000_000 + i64::from(n), 0).unwrap();
    Request { now, ids: IdSource::new(now, [n; 16]), request_id: format!("r{n}"), idempotency_key: None }
}

/// Stores documents in their order.
pub async fn store_all<'a>(store: &Store, documents: impl IntoIterator<Item = &'a Json<'a>>) {
    let write = |d: &Json<'_>| Write {
        resource_type: ResourceType::named(d.str_at("resourceType").unwrap()).unwrap(),
        id: d.str_at("id").unwrap().to_owned(),
        act: Act::Create { body: d.to_text() },
    };
    let plan = Plan::of(documents.into_iter().map(write).collect());
    store.commit(&Actor::server(), &request(0), &plan).await.unwrap();
}

pub struct Ward {
    pub server: Server,
    pub token: String,
}

impl Ward {
    pub async fn start() -> Self {
        let server = Server::start().await;
        let ward = Json::parse(WARD).unwrap();
        store_all(&server.store, ward.items()).await;
        let token = server.token("system/*.cruds").await;
        Self { server, token }
    }

    pub async fn answer(&self, url: &str) -> (StatusCode, Value) {
        let url = if url.starts_with("http") { url.to_owned() } else { format!("{}/fhir/R4/{url}", self.server.url) };
        let response = reqwest::Client::new().get(url).bearer_auth(&self.token).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    pub async fn page(&self, url: &str) -> Value {
        let (status, body) = self.answer(url).await;
        assert_eq!(status, 200, "{url}: {body}");
        body
    }
}

/// The ids of the entries with that mode, in order.
pub fn ids(page: &Value, mode: &str) -> Vec<String> {
    let entries = page["entry"].as_array().cloned().unwrap_or_default();
    let entries = entries.iter().filter(|e| e["search"]["mode"] == mode);
    entries.map(|e| e["resource"]["id"].as_str().unwrap_or_default().to_owned()).collect()
}

pub fn link<'p>(page: &'p Value, relation: &str) -> Option<&'p str> {
    page["link"].as_array().unwrap().iter().find(|l| l["relation"] == relation).map(|l| l["url"].as_str().unwrap())
}

#[tokio::test]
async fn each_kind_of_parameter_finds_what_it_says() {
    let ward = Ward::start().await;
    for (query, expected) in [
        ("Patient", "dot cyd ben ada"),
        ("Patient?_id=ada,ben,nobody", "ben ada"),
        ("Patient?gender=female", "cyd ada"),
        ("Patient?gender:not=female", "dot ben"),
        ("Patient?gender:missing=true", "dot"),
        ("Patient?active=true", "ada"),
        ("Patient?identifier=urn:mrn|A-1", "ada"),
        ("Patient?identifier=a-1", "ada"),
        ("Patient?identifier=urn:mrn|", "ben ada"),
        ("Patient?identifier:not=A-1", "dot cyd ben"),
        ("Patient?identifier:not=A-1&gender=male", "ben"),
        ("Patient?telecom=phone|555-0100", ""),
        ("Patient?phone=555-0100", "ben"),
        ("Patient?family=ang", "ada"),
        ("Patient?family=berg", "cyd ben"),
        ("Patient?family:exact=Berg", "ben"),
        ("Patient?family:exact=berg", ""),
        ("Patient?name:contains=ERG", "cyd ben"),
        ("Patient?name=a_a", ""),
        ("Patient?birthdate=1980", "cyd ben"),
        ("Patient?birthdate=1980-06-15", "cyd"),
        ("Patient?birthdate=lt1980", "ada"),
        ("Patient?birthdate=ge1980-06&birthdate=le1980-06", "cyd ben"),
        ("Patient?general-practitioner=Practitioner/doc", "ada"),
        ("Patient?family=berg&gender=male", "ben"),
        ("Observation?patient=ada", "o2 o1"),
        ("Observation?subject=Patient/ben", "o4 o3"),
        ("Observation?code=http://loinc.org|2160-0", "o2 o1"),
        ("Observation?code=2160-0,718-7", "o3 o2 o1"),
        ("Observation?patient=ada&code=2160-0&_sort=-date", "o2 o1"),
        ("Observation?patient=ada&code=2160-0&_sort=date", "o1 o2"),
        ("Observation?status=final", "o4 o2 o1"),
        ("Observation?date=2026-01", "o1"),
        // The clock says September 2026, so a tenth of the distance is three weeks.
        ("Observation?date=ap2026-01-31", "o3 o2 o1"),
        ("Observation?date=sa2026-01-15", "o3 o2"),
        ("Observation?date:missing=true", "o4"),
        ("Observation?value-quantity=gt100", "o2"),
        ("Observation?value-quantity=gt0.1|http://unitsofmeasure.org|mmol/L", "o2"),
        ("Observation?value-quantity=150|http://unitsofmeasure.org|g/L", "o3"),
        ("Observation?value-quantity=lt1000|http://unitsofmeasure.org|mmol/L", "o2 o1"),
        ("Observation?code-value-quantity=2160-0$lt100", "o1"),
        ("Observation?code-value-quantity=718-7$lt100|http://unitsofmeasure.org|umol/L", ""),
        ("Observation?value-string=pal", "o4"),
        ("Observation?patient.name=ada", "o2 o1"),
        ("Observation?subject:Patient.gender=male", "o4 o3"),
        ("Patient?_has:Observation:patient:code=718-7", "ben"),
        ("RiskAssessment?probability=gt0.2", "r1"),
        ("RiskAssessment?probability=0.2", ""),
        ("ValueSet?url=http://example.org/vs/one", "v1"),
        ("ValueSet?url:below=http://example.org/vs/one", "v2 v1"),
        ("ValueSet?url:above=http://example.org/vs/one/two", "v2 v1"),
        ("Patient?_lastUpdated=gt2000-01-01&_count=1", "dot"),
        ("Patient?_lastUpdated=lt2000-01-01", ""),
    ] {
        let page = ward.page(query).await;
        assert_eq!(ids(&page, "match").join(" "), expected, "{query}");
    }
}

#[tokio::test]
async fn post_search() {
    let ward = Ward::start().await;
    let http = reqwest::Client::new();
    let url = format!("{}/fhir/R4/Patient/_search", ward.server.url);
    let form = http.post(url).bearer_auth(&ward.token).header("content-type", "application/x-www-form-urlencoded");
    let page: Value = form.body("family=berg&gender=male").send().await.unwrap().json().await.unwrap();
    assert_eq!(ids(&page, "match"), ["ben"]);
}

#[tokio::test]
async fn pages_are_complete_in_every_order_and_both_directions() {
    let ward = Ward::start().await;
    for (query, expected) in [
        ("Patient?_count=1", "dot cyd ben ada"),
        ("Patient?_sort=family&_count=1", "cyd ada ben dot"),
        ("Patient?_sort=-family&_count=1", "cyd ben ada dot"),
        ("Patient?_sort=birthdate,-family&_count=1", "ada ben cyd dot"),
        ("Patient?_sort=-_id&_count=3", "dot cyd ben ada"),
        ("Patient?_sort=_lastUpdated,_id&_count=1", "ada ben cyd dot"),
        ("Observation?_sort=date&_count=1", "o1 o3 o2 o4"),
        ("Observation?_sort=-date&_count=1", "o2 o3 o1 o4"),
        ("Observation?patient=ada&code=2160-0&_sort=date&_count=1", "o1 o2"),
        ("Observation?code=2160-0&_count=1", "o2 o1"),
    ] {
        let (mut forward, mut backward) = (Vec::new(), Vec::new());
        let mut page = ward.page(query).await;
        assert!(link(&page, "previous").is_none(), "{query}");
        loop {
            forward.extend(ids(&page, "match"));
            assert!(forward.len() <= 10, "{query} does not end");
            match link(&page, "next").map(ToOwned::to_owned) {
                Some(next) => page = ward.page(&next).await,
                None => break,
            }
        }
        assert_eq!(forward.join(" "), expected, "{query}");
        loop {
            backward.splice(0..0, ids(&page, "match"));
            assert!(backward.len() <= 10, "{query} does not end backward");
            match link(&page, "previous").map(ToOwned::to_owned) {
                Some(previous) => page = ward.page(&previous).await,
                None => break,
            }
        }
        assert_eq!(backward.join(" "), expected, "{query} backward");
    }
}

#[tokio::test]
async fn totals_are_exact_or_absent() {
    let ward = Ward::start().await;
    for (query, total) in [
        ("Patient", Some(4)),
        ("Patient?_count=1", Some(4)),
        ("Patient?_count=1&_total=none", None),
        ("Patient?_count=1&_total=accurate&gender=female", Some(2)),
        ("Patient?_count=0&family=berg", Some(2)),
        ("Patient?_summary=count&identifier=A-1", Some(1)),
        ("Observation?code=2160-0&_summary=count", Some(2)),
    ] {
        let page = ward.page(query).await;
        assert_eq!(page.get("total").and_then(Value::as_u64), total, "{query}");
    }
}

/// The matches of a code are counted without their heads: what labels hide and what is deleted is left out all the same.
#[tokio::test]
async fn a_count_by_code_leaves_out_what_is_hidden_or_deleted() {
    let ward = Ward::start().await;
    let store = &ward.server.store;
    let label = |system, code| {
        format!(
            r#","meta":{{"security":[{{"system":"http://terminology.hl7.org/CodeSystem/{system}","code":"{code}"}}]}}"#
        )
    };
    let texts: Vec<String> = [
        ("n1", String::new()),
        ("n2", label("v3-Confidentiality", "N")),
        ("n3", label("v3-Confidentiality", "L")),
        ("gone", String::new()),
        ("h1", label("v3-Confidentiality", "R")),
        ("h2", label("v3-ActCode", "HIV")),
    ]
    .iter()
    .map(|(id, meta)| {
        let code = r#"{"coding":[{"system":"http://loinc.org","code":"8867-4"}]}"#;
        let subject = r#"{"reference":"Patient/dot"}"#;
        format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{code},"subject":{subject}{meta}}}"#
        )
    })
    .collect();
    let documents: Vec<Json<'_>> = texts.iter().map(|t| Json::parse(t).unwrap()).collect();
    store_all(store, &documents).await;
    let gone =
        Write { resource_type: ResourceType::Observation, id: "gone".into(), act: Act::Delete { expected: None } };
    store.commit(&Actor::server(), &request(1), &Plan::of(vec![gone])).await.unwrap();
    for url in [
        "Observation?code=http://loinc.org|8867-4&_total=accurate&_count=0",
        "Observation?code=8867-4&_total=accurate&_count=1",
        "Observation?code=8867-4&_count=1",
        "Observation?code=8867-4&_summary=count",
        "Observation?code=8867-4&_total=estimate",
        "Observation?code=8867-4&patient=dot&_count=1",
        "Observation?code=8867-4&patient=dot&_sort=-date&_count=1",
        "Observation?code=8867-4&patient=dot&_sort=-date&_count=0",
        "Observation?code=8867-4&status=final&_count=1",
        "Observation?patient=dot&_count=2",
    ] {
        assert_eq!(ward.page(url).await["total"], 3, "{url}");
    }
    let query = query_of(ResourceType::Observation, "code", "8867-4");
    for count in [Count::Exact, Count::UpTo(5), Count::Estimate] {
        assert_eq!(store.count(&Actor::server(), &query, count).await.unwrap(), Some(5), "{count:?}");
    }
    assert_eq!(store.count(&Actor::server(), &query, Count::UpTo(4)).await.unwrap(), None);
    let own = Actor { rows: Rows::Patients(BTreeSet::from(["ada".to_owned()])), ..Actor::server() };
    assert_eq!(store.count(&own, &query, Count::Exact).await.unwrap(), Some(0));
}

#[tokio::test]
async fn includes_follow_references_once() {
    let ward = Ward::start().await;
    for (query, matched, included) in [
        ("Patient?_id=ada&_include=Patient:general-practitioner", "ada", "doc"),
        ("Observation?code=2160-0&_include=Observation:subject", "o2 o1", "ada"),
        ("Observation?code=2160-0&_include=Observation:subject:Group", "o2 o1", ""),
        ("Observation?_id=o1&_include=*", "o1", "ada"),
        ("Patient?_id=ada&_revinclude=Observation:patient", "ada", "o2 o1"),
        ("Patient?_id=dot&_revinclude=Observation:subject", "dot", ""),
    ] {
        let page = ward.page(query).await;
        assert_eq!(
            (ids(&page, "match").join(" "), ids(&page, "include").join(" ")),
            (matched.into(), included.into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn undeclared_parameter_is_refused() {
    let ward = Ward::start().await;
    for (query, culprit) in [
        ("CarePlan?nothing=Patient/ada", "nothing"),
        ("Patient?gender:exact=male", "exact"),
        ("Patient?birthdate=1980-13", "birthdate"),
        ("Patient?_count=-1", "_count"),
        ("Patient?_sort=nothing", "_sort"),
        ("Patient?_include=Patient:nothing", "nothing"),
        ("Patient?_elements=nothing", "_elements"),
        ("Patient?_text=-", "_text"),
        ("Observation?code:in=http://example.org/vs", "http://example.org/vs"),
        ("Observation?code:below=http://loinc.org|1-8", "http://loinc.org"),
        ("Observation?code:below=1-8", "code"),
        ("Patient?_list=$current-problems", "_list"),
        ("Patient?gender:below=male", "gender"),
        ("Patient?_filter=gender in http://example.org/vs", "http://example.org/vs"),
        ("Patient?_filter=family gt x", "gt"),
        ("Patient?_filter=(family eq x", "closed"),
        ("Patient?_filter=family eq x family", "and"),
        ("Patient?_filter=nothing eq x", "nothing"),
        ("Patient?_filter=birthdate eq x", "birthdate"),
        ("Patient?_page=AAAA", "page token"),
        ("Observation?patient=", "patient"),
    ] {
        let (status, body) = ward.answer(query).await;
        assert_eq!(status, 400, "{query}");
        let text = body["issue"][0]["diagnostics"].as_str().unwrap();
        assert!(text.contains(culprit), "{query}: {text}");
    }
    let lenient = reqwest::Client::new().get(format!("{}/fhir/R4/Patient?nothing=1&gender=male", ward.server.url));
    let lenient = lenient.bearer_auth(&ward.token).header("prefer", "handling=lenient").send().await.unwrap();
    let page: Value = lenient.json().await.unwrap();
    assert_eq!(ids(&page, "match"), ["ben"]);
    let outcome = page["entry"].as_array().unwrap().last().unwrap();
    assert_eq!(outcome["search"]["mode"], "outcome");
    assert!(!link(&page, "self").unwrap().contains("nothing"));
}

#[tokio::test]
async fn s20_a_page_token_is_of_one_query_and_one_caller() {
    let ward = Ward::start().await;
    let page = ward.page("Patient?_count=1&gender=female").await;
    let next = link(&page, "next").unwrap();
    assert!(!next.contains("1970"));
    let token = next.split("_page=").nth(1).unwrap();
    let (status, _) = ward.answer(&format!("Patient?_count=1&gender=male&_page={token}")).await;
    assert_eq!(status, 400);
    let store = &ward.server.store;
    let query = query_of(ResourceType::Patient, "gender", "female");
    let request = PageRequest { limit: 1, token: Some(token.into()), ..PageRequest::default() };
    assert!(store.search(&Actor::server(), &query, &request).await.is_err());
}

#[tokio::test]
async fn a_restricted_actor_finds_own_records_only_at_every_hop() {
    let ward = Ward::start().await;
    let own = Actor { rows: Rows::Patients(BTreeSet::from(["ada".to_owned()])), ..Actor::server() };
    let store = &ward.server.store;
    for (ty, name, value, expected) in [
        (ResourceType::Patient, "gender", "male,female", "ada"),
        (ResourceType::Observation, "status", "final,preliminary", "o2 o1"),
        (ResourceType::Observation, "patient", "ben", ""),
        (ResourceType::Observation, "code", "718-7", ""),
        (ResourceType::Observation, "value-quantity", "gt0", "o2 o1"),
        (ResourceType::Observation, "patient.name", "ben", ""),
        (ResourceType::Patient, "_has:Observation:patient:code", "718-7", ""),
        (ResourceType::Patient, "family", "berg", ""),
        (ResourceType::Practitioner, "family", "oka", "doc"),
    ] {
        let query = query_of(ty, name, value);
        let page = store
            .search(&own, &query, &PageRequest { limit: 10, token: None, ..PageRequest::default() })
            .await
            .unwrap();
        let found: Vec<&str> = page.matches.iter().map(|m| m.id.as_str()).collect();
        assert_eq!(found.join(" "), expected, "{name}={value}");
        assert_eq!(store.count(&own, &query, Count::Exact).await.unwrap(), Some(found.len() as u64), "{name}={value}");
    }
}

pub fn query_of(ty: ResourceType, name: &str, value: &str) -> Query {
    let pairs = [(name.to_owned(), value.to_owned())];
    let now = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    parse(ty, &pairs, Handling::Strict, now, &Options::default())
        .unwrap_or_else(|e| panic!("{ty}?{name}={value}: {e:?}"))
        .query
}

/// A value that every parameter of the kind can read.
fn sample(param: &SearchParameter) -> String {
    match param.kind {
        Kind::Date => "2026-01-01".into(),
        Kind::Number | Kind::Quantity => "1".into(),
        Kind::Reference => "some-id".into(),
        Kind::Composite => {
            let parts = param.components.iter().map(|c| sample(registry::parameter(param.base, c.code).unwrap()));
            parts.collect::<Vec<_>>().join("$")
        }
        Kind::Special if param.code == "near" => "1|1".into(),
        Kind::String | Kind::Token | Kind::Uri | Kind::Special => "x".into(),
    }
}

#[tokio::test]
async fn capability_claims_are_served() {
    let ward = Ward::start().await;
    let statement = ward.page("metadata").await;
    let (mut asked, mut refused) = (0, Vec::new());
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let ty = ResourceType::named(resource["type"].as_str().unwrap()).unwrap();
        for claimed in resource["searchParam"].as_array().unwrap() {
            let param = registry::parameter(ty, claimed["name"].as_str().unwrap()).unwrap();
            let query = query_of(ty, param.code, &sample(param));
            asked += 1;
            let page = PageRequest { limit: 1, token: None, ..PageRequest::default() };
            if let Err(error) = ward.server.store.search(&Actor::server(), &query, &page).await {
                refused.push(format!("{ty}.{}: {error}", param.code));
            }
        }
    }
    assert!(asked > 2000, "{asked}");
    assert_eq!(refused, Vec::<String>::new());
}

/// Every search that the data suggests answers as the matcher does on the same documents.
#[tokio::test]
async fn real_records_are_found_as_the_matcher_says() {
    let Some(folder) = std::env::var_os("WINTEHR_TEST_DATA") else {
        eprintln!("SKIPPED: WINTEHR_TEST_DATA is not set");
        return;
    };
    let store = tests::store().await;
    let mut files: Vec<_> =
        std::fs::read_dir(std::path::Path::new(&folder).join("synthea")).unwrap().flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    let mut documents: Vec<Json<'static>> = Vec::new();
    for (n, file) in files.iter().take(6).enumerate() {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let mut minted = 0;
        let ids = request(n as u8 + 1).ids;
        let mut mint = || {
            minted += 1;
            ids.nth(minted)
        };
        let plan = fhir::bundle::plan(Json::parse(&text).unwrap(), None, &mut mint).unwrap();
        let resolved = plan.resolve(&[], &mut |_, _| false).unwrap();
        let mut of_bundle = Vec::new();
        for (_, work) in resolved.work {
            let fhir::bundle::Work::Create { resource, .. } = work.unwrap() else { panic!("a create") };
            of_bundle.push(resource.into_owned());
        }
        store_all(&store, &of_bundle).await;
        documents.extend(of_bundle);
    }
    let mut compared = 0;
    for ty in ResourceType::all() {
        let of_type: Vec<&Json<'_>> =
            documents.iter().filter(|d| d.str_at("resourceType") == Some(ty.name())).collect();
        for param in registry::parameters(*ty).iter().filter(|_| !of_type.is_empty()) {
            for value in suggested(param, &of_type) {
                let query = query_of(*ty, param.code, &value);
                let expected: BTreeSet<&str> = of_type
                    .iter()
                    .filter(|d| matches_query(d, &query, &Options::default(), &NoLookup).unwrap())
                    .map(|d| d.str_at("id").unwrap())
                    .collect();
                let mut found = BTreeSet::new();
                let mut page = PageRequest { limit: 500, token: None, ..PageRequest::default() };
                loop {
                    let answer = store.search(&Actor::server(), &query, &page).await.unwrap();
                    let next = answer.next();
                    found.extend(answer.matches.into_iter().map(|m| m.id));
                    match next {
                        Some(next) => page.token = Some(next),
                        None => break,
                    }
                }
                assert!(found.iter().map(String::as_str).eq(expected.iter().copied()), "{ty}?{}={value}", param.code);
                let count = store.count(&Actor::server(), &query, Count::Exact).await.unwrap();
                assert_eq!(count, Some(expected.len() as u64), "{ty}?{}={value}", param.code);
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
    eprintln!("{compared} searches over {} resources", documents.len());
}

/// Search values that occur in the first documents, with the prefixes and forms of the parameter's kind.
fn suggested(param: &'static SearchParameter, documents: &[&Json<'_>]) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    if param.code.starts_with('_') {
        return values;
    }
    for document in documents.iter().take(3) {
        fhir::search::extract::values(document, param, &mut |element| match param.kind {
            Kind::Token => {
                let codings = element.get("coding").map_or(std::slice::from_ref(element), Json::items);
                for coding in codings {
                    let code = coding.str_at("code").or(coding.str_at("value")).or(coding.as_str());
                    if let Some(code) = code.filter(|c| !c.contains([',', '|', '$', '\\'])) {
                        values.insert(code.to_owned());
                        values.extend(coding.str_at("system").map(|s| format!("{s}|{code}")));
                    }
                }
            }
            Kind::Reference => {
                values.extend(
                    element.str_at("reference").filter(|r| !r.contains([',', '|', '#'])).map(ToOwned::to_owned),
                );
            }
            Kind::Date => {
                for text in [element.as_str(), element.str_at("start")].into_iter().flatten() {
                    let day = &text[..text.len().min(10)];
                    values.extend(["", "ne", "gt", "lt", "ge", "le", "sa", "eb"].map(|p| format!("{p}{day}")));
                }
            }
            Kind::String => {
                let text = element.as_str().or(element.str_at("family")).or(element.str_at("city"));
                values.extend(text.filter(|t| !t.contains([',', '|', '$', '\\'])).map(ToOwned::to_owned));
            }
            Kind::Quantity => {
                if let Some(number) = element.get("value").and_then(Json::as_number) {
                    values.extend(["", "gt", "le", "ne"].map(|p| format!("{p}{number}")));
                    if let (Some(system), Some(code)) = (element.str_at("system"), element.str_at("code")) {
                        values.extend(["", "gt", "le"].map(|p| format!("{p}{number}|{system}|{code}")));
                    }
                }
            }
            Kind::Uri => values.extend(element.as_str().filter(|u| !u.contains([',', '|'])).map(ToOwned::to_owned)),
            Kind::Number | Kind::Composite | Kind::Special => {}
        });
    }
    values
}
