//! What a search answers with beside its matches: order, parts, includes, several types, compartments.

use std::collections::BTreeSet;

use entity::store::PageRequest;
use entity::{Actor, Rows};
use fhir::search::query::Query;
use fhir::{Json, ResourceType};
use serde_json::Value;

use crate::search::{Ward, ids, link, query_of, store_all};

/// More of the ward, to follow references through.
const MORE: &str = r#"[
{"resourceType":"Organization","id":"clinic","name":"Clinic","partOf":{"reference":"Organization/hospital"}},
{"resourceType":"Organization","id":"hospital","name":"Hospital","partOf":{"reference":"Organization/trust"}},
{"resourceType":"Organization","id":"trust","name":"Trust"},
{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ada"},
 "serviceProvider":{"reference":"Organization/clinic"},"participant":[{"individual":{"reference":"Practitioner/doc"}}]},
{"resourceType":"Encounter","id":"e2","status":"planned","class":{"code":"IMP"},"subject":{"reference":"Patient/ben"}},
{"resourceType":"Observation","id":"o5","status":"final","code":{"coding":[{"code":"z"}]},"subject":{"reference":"Patient/ada"},
 "encounter":{"reference":"Encounter/e1"},"performer":[{"reference":"Practitioner/doc"}]}]"#;

async fn ward() -> Ward {
    let ward = Ward::start().await;
    store_all(&ward.server.store, Json::parse(MORE).unwrap().items()).await;
    ward
}

/// All matches over all pages, in order, and back again.
async fn walked(ward: &Ward, query: &str) -> String {
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    let mut page = ward.page(query).await;
    loop {
        forward.extend(ids(&page, "match"));
        assert!(forward.len() <= 30, "{query} does not end");
        match link(&page, "next").map(ToOwned::to_owned) {
            Some(next) => page = ward.page(&next).await,
            None => break,
        }
    }
    loop {
        backward.splice(0..0, ids(&page, "match"));
        assert!(backward.len() <= 30, "{query} does not end backward");
        match link(&page, "previous").map(ToOwned::to_owned) {
            Some(previous) => page = ward.page(&previous).await,
            None => break,
        }
    }
    assert_eq!(backward, forward, "{query} backward");
    forward.join(" ")
}

#[tokio::test]
async fn sort_changes_order() {
    let ward = ward().await;
    for (query, expected) in [
        ("Patient?_sort=gender", "cyd ada ben dot"),
        ("Patient?_sort=-gender", "ben cyd ada dot"),
        ("Patient?_sort=-gender,family", "ben cyd ada dot"),
        ("Patient?_sort=gender,-birthdate", "cyd ada ben dot"),
        ("Patient?_sort=general-practitioner,_id", "ada ben cyd dot"),
        ("Observation?_sort=status,-date", "o2 o1 o5 o4 o3"),
        ("Observation?_sort=-code,_id", "o5 o3 o1 o2 o4"),
        ("Observation?_sort=subject,_id", "o1 o2 o5 o3 o4"),
        ("Observation?_sort=value-quantity", "o3 o1 o2 o5 o4"),
        ("Observation?_sort=-value-quantity,_id", "o2 o1 o3 o4 o5"),
        ("ValueSet?_sort=-url", "v2 v1"),
        ("Encounter?_sort=class,_id&subject=Patient/ada,Patient/ben", "e1 e2"),
    ] {
        for size in [1, 2, 50] {
            assert_eq!(walked(&ward, &format!("{query}&_count={size}")).await, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn summaries_and_elements_are_parts_and_say_so() {
    let ward = ward().await;
    let names = |resource: &Value| -> Vec<String> {
        let mut names: Vec<String> = resource.as_object().unwrap().keys().cloned().collect();
        names.retain(|n| !["resourceType", "id", "meta"].contains(&n.as_str()));
        names.sort();
        names
    };
    for (query, expected, tagged) in [
        ("Patient?_id=ada&_summary=true", "active birthDate gender identifier name", true),
        ("Patient?_id=ada&_summary=false", "active birthDate gender generalPractitioner identifier name", false),
        ("Patient?_id=ada&_summary=text", "active", true),
        ("Patient?_id=ada&_elements=gender", "active gender", true),
        ("Patient?_id=ada&_elements=Patient.name,birthDate", "active birthDate name", true),
        ("Observation?_id=o1&_elements=subject", "code status subject", true),
    ] {
        let page = ward.page(query).await;
        let searched = &page["entry"][0]["resource"];
        let (ty, id) = (searched["resourceType"].as_str().unwrap(), searched["id"].as_str().unwrap());
        let rest = query.split_once('&').unwrap().1;
        for resource in [
            searched.clone(),
            ward.page(&format!("{ty}/{id}?{rest}")).await,
            ward.page(&format!("{ty}/{id}/_history/1?{rest}")).await,
        ] {
            assert_eq!(names(&resource).join(" "), expected, "{query}");
            let is_tagged = resource["meta"]["tag"][0]["code"] == "SUBSETTED";
            assert_eq!(is_tagged, tagged, "{query}");
        }
    }
    // What is included is whole unless it is named.
    let page = ward.page("Observation?_id=o1&_elements=code&_include=Observation:subject").await;
    assert!(page["entry"][1]["resource"].get("birthDate").is_some());
    let page = ward.page("Observation?_id=o1&_elements=code,Patient.gender&_include=Observation:subject").await;
    assert_eq!(names(&page["entry"][1]["resource"]).join(" "), "active gender");
    for query in [
        "Patient?_elements=nothing",
        "Patient/ada?_elements=nothing",
        "Patient/ada?_summary=count",
        "Observation?_summary=text&_include=Observation:subject",
    ] {
        assert_eq!(ward.answer(query).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn include_iterate() {
    let ward = ward().await;
    for (query, included) in [
        ("Observation?_id=o5&_include=Observation:encounter", "e1"),
        ("Observation?_id=o5&_include=Observation:encounter&_include:iterate=Encounter:service-provider", "e1 clinic"),
        (
            "Observation?_id=o5&_include=Observation:encounter&_include:iterate=Encounter:service-provider&_include:iterate=Organization:partof",
            "e1 clinic hospital trust",
        ),
        ("Observation?_id=o5&_include=*", "e1 ada doc"),
        ("Observation?_id=o5&_include:recurse=*", "e1 ada doc clinic hospital trust"),
        ("Observation?_id=o5&_include=Observation:*", "e1 ada doc"),
        ("Organization?_id=trust&_revinclude=Organization:partof", "hospital"),
        ("Organization?_id=trust&_revinclude:iterate=Organization:partof", "hospital clinic"),
        ("Patient?_id=ada&_revinclude=*", "e1 o5 o2 o1 r1"),
        ("Patient?_id=ada&_revinclude=Observation:*", "o5 o2 o1"),
        ("Patient?_id=ada&_revinclude=Observation:subject:Patient", "o5 o2 o1"),
    ] {
        let page = ward.page(query).await;
        assert_eq!(ids(&page, "include").join(" "), included, "{query}");
    }
}

#[tokio::test]
async fn totals_are_what_was_asked_for() {
    let ward = ward().await;
    for (query, total) in [
        ("Patient?_count=1&_total=estimate", Some(4)),
        ("Patient?_count=1&_total=accurate", Some(4)),
        ("Patient?_count=1&_total=none", None),
        ("Patient?_total=estimate&_summary=count", Some(4)),
    ] {
        assert_eq!(ward.page(query).await.get("total").and_then(Value::as_u64), total, "{query}");
    }
}

#[tokio::test]
async fn an_estimate_of_many_is_of_their_size() {
    const MANY: usize = 10_500;
    let store = tests::store().await;
    let one = |n| {
        Json::parse(&format!(r#"{{"resourceType":"Basic","id":"b{n}","code":{{"text":"x"}}}}"#)).unwrap().into_owned()
    };
    let all: Vec<Json<'static>> = (0..MANY).map(one).collect();
    store_all(&store, &all).await;
    let query = Query::new(ResourceType::Basic);
    let estimate = store.count(&Actor::server(), &query, entity::store::Count::Estimate).await.unwrap().unwrap();
    assert!((10_001..200_000).contains(&estimate), "{estimate}");
    // Statistics know of rows that this actor must not know of.
    let own = Actor { rows: Rows::Patients(BTreeSet::from(["ben".to_owned()])), ..Actor::server() };
    let exact = store.count(&own, &query, entity::store::Count::Exact).await.unwrap();
    assert_eq!(store.count(&own, &query, entity::store::Count::Estimate).await.unwrap(), exact);
}

#[tokio::test]
async fn several_types_are_searched_at_once() {
    let ward = ward().await;
    for (query, expected) in [
        ("?_type=Patient,Encounter", "e2 e1 dot cyd ben ada"),
        ("?_type=Patient,Practitioner&_sort=_id", "ada ben cyd doc dot"),
        ("?_type=Patient,Practitioner&_sort=-_id", "dot doc cyd ben ada"),
        ("?_type=Encounter,Observation&subject=Patient/ada", "o5 e1 o2 o1"),
        ("?_id=ada,e1,trust", "e1 trust ada"),
        ("?_type=Patient&gender=male", "ben"),
    ] {
        for size in [1, 4, 50] {
            assert_eq!(walked(&ward, &format!("{query}&_count={size}")).await, expected, "{query}");
        }
    }
    let page = ward.page("?_type=Encounter,Observation&_id=e1,o5&_include=Observation:performer").await;
    assert_eq!(ids(&page, "include"), ["doc"]);
    assert_eq!(page["total"], 2);
    assert_eq!(ward.page("?_summary=count").await["total"], 18);
    for (query, status) in [
        ("?name=x", 400),
        ("?_type=Patient,Nothing", 404),
        ("?_type=Patient,Observation&gender=male", 400),
        ("?_type=Patient,Practitioner&_sort=family", 400),
        ("?_type=Patient&_include=Observation:subject", 400),
    ] {
        assert_eq!(ward.answer(query).await.0, status, "{query}");
    }
    let form = reqwest::Client::new().post(format!("{}/fhir/R4/_search", ward.server.url)).bearer_auth(&ward.token);
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("_type=Patient&_id=ada");
    assert_eq!(ids(&form.send().await.unwrap().json().await.unwrap(), "match"), ["ada"]);
}

#[tokio::test]
async fn compartment_uses_subject() {
    let ward = ward().await;
    for (query, expected) in [
        ("Patient/ada/Observation", "o5 o2 o1"),
        ("Patient/ada/Observation?code=2160-0", "o2 o1"),
        ("Patient/ada/Observation?_sort=date", "o1 o2 o5"),
        ("Patient/ben/Encounter", "e2"),
        ("Patient/nobody/Encounter", ""),
        ("Patient/ada/*?_type=Encounter,Observation", "o5 e1 o2 o1"),
        ("Patient/ada/*", "o5 e1 r1 o2 o1 ada"),
        ("Practitioner/doc/Observation", "o5"),
        ("Practitioner/doc/Encounter", "e1"),
        ("Encounter/e1/Observation", "o5"),
        ("Patient/ada/Patient", "ada"),
    ] {
        assert_eq!(walked(&ward, query).await, expected, "{query}");
    }
    for (query, status) in [
        ("Organization/clinic/Patient", 404),
        ("Patient/ada/Organization", 404),
        ("Patient/ada/Nothing", 404),
        ("Patient/ada/Observation?nothing=1", 400),
    ] {
        assert_eq!(ward.answer(query).await.0, status, "{query}");
    }
}

#[tokio::test]
async fn a_restricted_actor_is_shown_own_records_only_in_every_part() {
    let ward = ward().await;
    let own = Actor { rows: Rows::Patients(BTreeSet::from(["ben".to_owned()])), ..Actor::server() };
    let store = &ward.server.store;
    let names = |all: &[entity::store::Stored]| all.iter().map(|m| m.id.clone()).collect::<Vec<_>>().join(" ");
    let all = PageRequest { limit: 50, ..PageRequest::default() };
    // Sorting by a document's values, and by several types.
    let mut query = query_of(ResourceType::Observation, "_sort", "-status");
    assert_eq!(names(&store.search(&own, &query, &all).await.unwrap().matches), "o3 o4");
    query.sort.clear();
    let queries = [query, Query::new(ResourceType::Patient)];
    for together in [false, true] {
        let found = store.search_several(&own, &queries, "", together, &all).await.unwrap();
        assert_eq!(names(&found.matches), "o4 o3 ben");
    }
    assert_eq!(store.count_several(&own, &queries, entity::store::Count::Estimate).await.unwrap(), Some(3));
    // An include of a hidden record is none, nor does one lead on.
    let practitioner = store.search(&own, &query_of(ResourceType::Practitioner, "_id", "doc"), &all).await.unwrap();
    let paths = |name: &str, value: &str| query_of(ResourceType::Practitioner, name, value);
    let revinclude = paths("_revinclude", "*").revinclude;
    let included = store.included(&own, &practitioner.matches, &[], &revinclude).await.unwrap();
    assert_eq!(names(&included.resources), "");
    let everybody = store.included(&Actor::server(), &practitioner.matches, &[], &revinclude).await.unwrap();
    assert_eq!(names(&everybody.resources), "e1 o5 ada");
}

/// A condition stated twice stood once in the links, to which the token of the next page was not bound.
#[tokio::test]
async fn a_parameter_given_twice_alike_has_its_next_pages() {
    let ward = ward().await;
    for (query, expected) in [
        ("Patient?gender=female&gender=female", "cyd ada"),
        ("Patient?gender=female&gender=female&_sort=birthdate", "ada cyd"),
        ("Observation?status=final&code:not=z&status=final&code:not=z", "o4 o2 o1"),
        ("Observation?_id=o1&_include=Observation:subject&_include=Observation:subject", "o1"),
        ("?_type=Patient,Observation&_id=ada,o1&_id=ada,o1&_sort=_id", "ada o1"),
    ] {
        assert_eq!(walked(&ward, &format!("{query}&_count=1")).await, expected, "{query}");
    }
    let own = link(&ward.page("Patient?gender=female&gender=female").await, "self").unwrap().to_owned();
    assert!(own.ends_with("/Patient?gender=female&_count=20"), "{own}");
    // Two that differ are two conditions.
    assert_eq!(walked(&ward, "Patient?gender=female&gender=male,female&_count=1").await, "cyd ada");
    for query in ["Patient?_count=1&_count=1", "Patient?_sort=family&_sort=family", "?_type=Patient&_type=Patient"] {
        assert_eq!(ward.answer(query).await.0, 400, "{query}");
    }
}

/// 0.1 degrees of latitude are 11.1195 km on the mean earth radius, and 0.05 half of it.
#[tokio::test]
async fn a_search_by_place_tells_how_far_each_match_is() {
    let ward = ward().await;
    let documents = r#"[
        {"resourceType":"Location","id":"here","position":{"latitude":52.5,"longitude":13.4},"managingOrganization":{"reference":"Organization/clinic"}},
        {"resourceType":"Location","id":"there","position":{"latitude":52.6,"longitude":13.4}}]"#;
    store_all(&ward.server.store, Json::parse(documents).unwrap().items()).await;
    let told = async |query: &str| -> Vec<String> {
        let page = ward.page(query).await;
        let line = |entry: &Value| {
            let extension = &entry["search"]["extension"][0];
            let distance = &extension["valueDistance"];
            if distance.is_null() {
                assert_eq!(entry["search"].as_object().unwrap().len(), 1);
                return format!("{} -", entry["resource"]["id"].as_str().unwrap());
            }
            assert_eq!(extension["url"], "http://hl7.org/fhir/StructureDefinition/location-distance");
            assert_eq!((&distance["unit"], &distance["code"]), (&"km".into(), &"km".into()));
            format!("{} {}", entry["resource"]["id"].as_str().unwrap(), distance["value"])
        };
        page["entry"].as_array().unwrap().iter().map(line).collect()
    };
    let near = "Location?near=52.5|13.4|20|km&_include=Location:organization";
    assert_eq!(told(near).await, ["there 11.12", "here 0.0", "clinic -"]);
    // The nearer of two places counts; a unit of the search does not change that of the answer.
    assert_eq!(told("Location?near=52.5|13.4|20|km,52.65|13.4|20000|m").await, ["there 5.56", "here 0.0"]);
    assert_eq!(told("Location?_sort=_id").await, ["here -", "there -"]);
}
