use super::*;

fn planned(bundle: &str) -> Result<Plan<'static>, Vec<Issue>> {
    let mut count = 0;
    plan(Json::parse(bundle).unwrap().into_owned(), Some("https://here/fhir/R4"), &mut || {
        count += 1;
        format!("new{count}")
    })
}

fn transaction(entries: &str) -> Result<Plan<'static>, Vec<Issue>> {
    planned(&format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entries}]}}"#))
}

fn resolved(entries: &str, answers: &[Answer]) -> Result<Resolved<'static>, Vec<Issue>> {
    transaction(entries).unwrap().resolve(answers, &mut |_, _| false)
}

#[track_caller]
fn refused(entries: &str, place: &str, reason: &str) {
    let issues = transaction(entries).expect_err(reason);
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert_eq!(issues[0].expression, [place]);
    assert!(issues[0].diagnostics.contains(reason), "{issues:?}");
}

const PATIENT: &str = r#"{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","identifier":[{"value":"urn:uuid:p"}]},
    "request":{"method":"POST","url":"Patient"}}"#;

#[test]
fn transaction_rewrites_urn_uuid() {
    let entries = format!(
        r#"{PATIENT},{{"fullUrl":"urn:uuid:o","resource":{{"resourceType":"Observation","subject":{{"reference":"urn:uuid:p"}},
        "derivedFrom":[{{"reference":"urn:uuid:o"}}],"text":{{"div":"<a href='urn:uuid:p'/>"}}}},"request":{{"method":"POST","url":"Observation"}}}}"#
    );
    let resolved = resolved(&entries, &[]).unwrap();
    let Ok(Work::Create { id, resource, .. }) = &resolved.work[1].1 else { panic!() };
    assert_eq!((id.as_str(), resource.str_at("id")), ("new2", Some("new2")));
    assert_eq!(resource.get("subject").unwrap().str_at("reference"), Some("Patient/new1"));
    assert_eq!(resource.get("derivedFrom").unwrap().items()[0].str_at("reference"), Some("Observation/new2"));
    assert_eq!(resource.get("text").unwrap().str_at("div"), Some("<a href='Patient/new1'/>"));
    let Ok(Work::Create { resource, .. }) = &resolved.work[0].1 else { panic!() };
    assert_eq!(resource.get("identifier").unwrap().items()[0].str_at("value"), Some("urn:uuid:p"));
    refused(
        r#"{"resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:x"}},"request":{"method":"POST","url":"Observation"}}"#,
        "Bundle.entry[0]",
        "urn:uuid:x",
    );
}

#[test]
fn transaction_orders_verbs() {
    let resolved = resolved(
        r#"{"request":{"method":"GET","url":"Patient/1"}},
        {"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/2","ifMatch":"W/\"3\""}},
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"resource":{"resourceType":"Parameters"},"request":{"method":"PATCH","url":"Patient/3"}},
        {"request":{"method":"DELETE","url":"Patient/4"}},{"request":{"method":"HEAD","url":"/Patient?name=x"}}"#,
        &[],
    )
    .unwrap();
    assert_eq!(resolved.work.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [4, 2, 1, 3, 0, 5]);
    assert!(matches!(&resolved.work[2].1, Ok(Work::Update { if_match: Some(v), .. }) if v == "3"));
    assert!(matches!(&resolved.work[5].1, Ok(Work::Read { url, head: true, .. }) if url == "Patient?name=x"));
}

#[test]
fn absolute_and_relative_full_urls_are_rewritten() {
    let resolved = resolved(
        r#"{"fullUrl":"http://old/fhir/Patient/7","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
        {"fullUrl":"http://old/fhir/Observation/8","resource":{"resourceType":"Observation","id":"8","subject":{"reference":"Patient/7"},
         "performer":[{"reference":"http://old/fhir/Patient/7"},{"reference":"Patient/9"}],"instantiatesUri":"http://old/fhir/Patient/7"},
         "request":{"method":"PUT","url":"https://here/fhir/R4/Observation/8"}}"#,
        &[],
    )
    .unwrap();
    let Ok(Work::Update { resource, id, .. }) = &resolved.work[1].1 else { panic!() };
    assert_eq!(id, "8");
    assert_eq!(resource.get("subject").unwrap().str_at("reference"), Some("Patient/new1"));
    let performers = resource.get("performer").unwrap().items();
    assert_eq!(performers[0].str_at("reference"), Some("Patient/new1"));
    assert_eq!(performers[1].str_at("reference"), Some("Patient/9"));
    assert_eq!(resource.str_at("instantiatesUri"), Some("http://old/fhir/Patient/7"), "a url is not a reference");
}

const CONDITIONAL: &str = r#"{"fullUrl":"urn:uuid:d","resource":{"resourceType":"Practitioner"},
    "request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=s|1"}},
    {"resource":{"resourceType":"Observation","performer":[{"reference":"urn:uuid:d"},{"reference":"Patient?identifier=s|2"}]},
    "request":{"method":"POST","url":"Observation"}},
    {"request":{"method":"DELETE","url":"Flag?identifier=s|3"}},
    {"resource":{"resourceType":"Device"},"request":{"method":"PUT","url":"Device?identifier=s|4"}}"#;

#[test]
fn transaction_honours_conditions() {
    let plan = transaction(CONDITIONAL).unwrap();
    let needs: Vec<_> = plan.needs.iter().map(|n| (n.entry, n.purpose, n.criteria.as_str())).collect();
    assert_eq!(
        needs,
        [
            (0, Purpose::Create, "identifier=s|1"),
            (1, Purpose::Reference, "identifier=s|2"),
            (2, Purpose::Delete, "identifier=s|3"),
            (3, Purpose::Update, "identifier=s|4"),
        ]
    );
    let one = |id: &str| Answer::One(id.into());
    let done = resolved(CONDITIONAL, &[one("d1"), one("p2"), Answer::None, one("v4")]).unwrap();
    let of = |i: usize| &done.work.iter().find(|(at, _)| *at == i).unwrap().1;
    assert!(matches!(of(0), Ok(Work::Exists { id, .. }) if id == "d1"));
    assert!(matches!(of(2), Ok(Work::Nothing)));
    assert!(matches!(of(3), Ok(Work::Update { id, .. }) if id == "v4"));
    let Ok(Work::Create { resource, .. }) = of(1) else { panic!() };
    let performers = resource.get("performer").unwrap().items();
    assert_eq!(performers[0].str_at("reference"), Some("Practitioner/d1"));
    assert_eq!(performers[1].str_at("reference"), Some("Patient/p2"));

    let none = resolved(CONDITIONAL, &[Answer::None, one("p2"), one("f3"), Answer::None]).unwrap();
    assert!(matches!(&none.work[0], (2, Ok(Work::Delete { id, .. })) if id == "f3"));
    assert!(none.work.iter().any(|(i, w)| *i == 3 && matches!(w, Ok(Work::Create { .. }))));

    for answers in [
        [Answer::Many, one("p2"), Answer::None, Answer::None],
        [Answer::None, Answer::Many, Answer::None, Answer::None],
        [Answer::None, Answer::None, Answer::None, Answer::None],
    ] {
        let issues = resolved(CONDITIONAL, &answers).unwrap_err();
        assert_eq!(issues.len(), 1, "{issues:?}");
        assert_eq!(issues[0].code, IssueType::MultipleMatches);
        assert!(issues[0].diagnostics.starts_with("Bundle.entry["));
    }
}

#[test]
fn a_conditional_reference_finds_an_entry_of_the_bundle() {
    let entries = format!(
        r#"{PATIENT},{{"resource":{{"resourceType":"Observation","subject":{{"reference":"Patient?identifier=x"}}}},"request":{{"method":"POST","url":"Observation"}}}}"#
    );
    let found = transaction(&entries).unwrap().resolve(&[Answer::None], &mut |_, _| true).unwrap();
    let Ok(Work::Create { resource, .. }) = &found.work[1].1 else { panic!() };
    assert_eq!(resource.get("subject").unwrap().str_at("reference"), Some("Patient/new1"));
    let two = transaction(&entries).unwrap().resolve(&[Answer::One("old".into())], &mut |_, _| true);
    assert!(two.is_err(), "one of the server and one of the bundle are two");
}

#[test]
fn the_same_resource_twice_is_refused() {
    let delete = r#"{"request":{"method":"DELETE","url":"Patient/1"}}"#;
    let put = r#"{"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1"}}"#;
    refused(&format!("{delete},{put}"), "Bundle.entry[1]", "Bundle.entry[0]");
    let by_criteria = format!(r#"{put},{{"request":{{"method":"DELETE","url":"Patient?identifier=1"}}}}"#);
    let issues = resolved(&by_criteria, &[Answer::One("1".into())]).unwrap_err();
    assert!(issues[0].diagnostics.contains("Patient/1"));
    let read = r#"{"request":{"method":"GET","url":"Patient/1"}}"#;
    assert!(transaction(&format!("{read},{put},{read}")).is_ok());
    refused(&format!("{PATIENT},{PATIENT}"), "Bundle.entry[1]", "fullUrl");
    let create = r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=1"}}"#;
    let twice = format!("{create},{create}");
    assert!(resolved(&twice, &[Answer::None, Answer::None]).is_err());
    assert!(resolved(&twice, &[Answer::One("1".into()), Answer::One("1".into())]).is_ok());
}

#[test]
fn faults_name_their_entry() {
    let table = [
        ("1", "not an object"),
        ("{}", "no request"),
        (r#"{"request":{"method":"POST"}}"#, "no method or no url"),
        (r#"{"request":{"method":"POST","url":"Patient"}}"#, "needs a resource"),
        (r#"{"request":{"method":"FETCH","url":"Patient/1"}}"#, "FETCH"),
        (r#"{"request":{"method":"DELETE","url":"Patient"}}"#, "needs an id or criteria"),
        (r#"{"request":{"method":"DELETE","url":"Patient?"}}"#, "criteria are empty"),
        (r#"{"request":{"method":"DELETE","url":"Nonsense/1"}}"#, "Nonsense"),
        (r#"{"request":{"method":"DELETE","url":"Patient/a_b"}}"#, "a_b"),
        (
            r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient/1"}}"#,
            "POST goes to a type",
        ),
        (r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Observation"}}"#, "Patient"),
        (
            r#"{"resource":{"resourceType":"Patient","id":"2"},"request":{"method":"PUT","url":"Patient/1"}}"#,
            "id of its resource is 2",
        ),
        (r#"{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient/1"}}"#, "missing"),
        (
            r#"{"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1","ifMatch":"3"}}"#,
            "ifMatch",
        ),
        (r#"{"resource":{"resourceType":"Patient"},"request":{"method":"PATCH","url":"Patient/1"}}"#, "patch"),
        (
            r#"{"resource":{"resourceType":"Parameters"},"request":{"method":"POST","url":"Patient/$match"}}"#,
            "not in a bundle",
        ),
        (r#"{"request":{"method":"DELETE","url":"Patient/1","ifNoneExist":"x"}}"#, "ifNoneExist"),
    ];
    for (entry, reason) in table {
        let reason = if reason == "not an object" { "is not an object" } else { reason };
        let issues = transaction(&format!("{{\"request\":{{\"method\":\"GET\",\"url\":\"Patient\"}}}},{entry}"))
            .expect_err(entry);
        assert_eq!(issues[0].expression, ["Bundle.entry[1]"], "{entry}");
        assert!(issues[0].diagnostics.contains(reason), "{entry}: {issues:?}");
    }
    assert!(planned(r#"{"resourceType":"Bundle","type":"collection"}"#).is_err());
    assert!(planned(r#"{"resourceType":"Patient"}"#).is_err());
    assert_eq!(transaction("").unwrap().entries.len(), 0);
}

#[test]
fn a_batch_keeps_its_order_and_its_faults_apart() {
    let plan = planned(
        r#"{"resourceType":"Bundle","type":"batch","entry":[
        {"request":{"method":"GET","url":"Patient/1"}},{"request":{"method":"DELETE","url":"Nonsense/1"}},
        {"resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:p"}},"request":{"method":"POST","url":"Observation"}},
        {"resource":{"resourceType":"Flag","subject":{"reference":"Patient?name=x"}},"request":{"method":"POST","url":"Flag"}},
        {"request":{"method":"DELETE","url":"Patient?name=x"}}]}"#,
    )
    .unwrap();
    assert_eq!(plan.entries.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false, true]);
    assert_eq!((plan.warnings.len(), plan.needs.len()), (1, 1));
    let done = plan.resolve(&[Answer::Many], &mut |_, _| false).unwrap();
    assert_eq!(
        done.work.iter().map(|(i, w)| (*i, w.is_ok())).collect::<Vec<_>>(),
        [(0, true), (1, false), (2, true), (3, false), (4, false)]
    );
}

#[test]
fn bundles_are_bounded() {
    let entry = r#"{"request":{"method":"GET","url":"Patient"}}"#;
    let issues = transaction(&vec![entry; MAX_ENTRIES + 1].join(",")).unwrap_err();
    assert_eq!(issues[0].code, IssueType::TooLong);
    let entry = r#"{"request":{"method":"DELETE","url":"Patient?identifier=1"}}"#;
    let issues = transaction(&vec![entry; MAX_CONDITIONAL + 1].join(",")).unwrap_err();
    assert_eq!(issues[0].code, IssueType::TooCostly);
}
