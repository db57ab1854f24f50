use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::validate;
use crate::definitions::INVARIANTS;
use crate::path::invariant::{Place, holds};
use crate::path::model::{Child, Type};
use crate::path::{Context, Expression, Node, Value};
use crate::{IssueType, Json};

fn found(text: &str) -> Vec<String> {
    let document = Json::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    validate(&document).iter().map(|i| format!("{} {}", i.code.code(), i.expression.join(","))).collect()
}

fn patient(rest: &str) -> String {
    format!(r#"{{"resourceType":"Patient",{rest}}}"#)
}

fn observation(rest: &str) -> String {
    format!(r#"{{"resourceType":"Observation","status":"final","code":{{"text":"c"}},{rest}}}"#)
}

/// A document that keeps the rule, and what is found in one that breaks it.
fn table(rows: &[(&str, String, String, &[&str])]) {
    for (rule, good, bad, expected) in rows {
        assert_eq!(found(good), Vec::<String>::new(), "{rule}: {good}");
        assert_eq!(found(bad), *expected, "{rule}: {bad}");
    }
}

#[test]
fn structure() {
    let p = |rest: &str| patient(rest);
    table(&[
        (
            "resource type",
            r#"{"resourceType":"Patient"}"#.into(),
            r#"{"resourceType":"Patience"}"#.into(),
            &["structure Resource.resourceType"],
        ),
        (
            "resource type there",
            r#"{"resourceType":"Basic","code":{"text":"x"}}"#.into(),
            "{}".into(),
            &["required Resource.resourceType"],
        ),
        ("an object", r#"{"resourceType":"Patient"}"#.into(), "[]".into(), &["structure Resource"]),
        (
            "abstract",
            r#"{"resourceType":"Patient"}"#.into(),
            r#"{"resourceType":"DomainResource"}"#.into(),
            &["structure Resource.resourceType"],
        ),
        (
            "unknown element",
            p(r#""active":true"#),
            p(r#""colour":"red","name":[{"nam":"x","text":"y"}]"#),
            &["structure Patient.colour", "structure Patient.name[0].nam"],
        ),
        (
            "unknown companion",
            p(r#""_active":{"extension":[{"url":"u","valueCode":"c"}]}"#),
            p(r#""_colour":{"id":"x"}"#),
            &["structure Patient._colour"],
        ),
        ("no name", p(r#""active":true"#), p(r#""a b":1"#), &["structure Patient"]),
        ("repeats", p(r#""name":[{"text":"x"}]"#), p(r#""name":{"text":"x"}"#), &["structure Patient.name"]),
        ("does not repeat", p(r#""active":true"#), p(r#""active":[true]"#), &["structure Patient.active"]),
        ("not empty", p(r#""name":[{"text":"x"}]"#), p(r#""name":[]"#), &["structure Patient.name"]),
        ("no null", p(r#""active":true"#), p(r#""active":null"#), &["structure Patient.active"]),
        (
            "no null item",
            p(r#""name":[{"given":["a"]}]"#),
            p(r#""name":[{"given":["a",null]}]"#),
            &["structure Patient.name[0].given[1]"],
        ),
        (
            "null with companion",
            p(r#""name":[{"given":["a",null],"_given":[null,{"extension":[{"url":"u","valueCode":"c"}]}]}]"#),
            p(r#""name":[{"given":[null],"_given":[null]}]"#),
            &["structure Patient.name[0].given[0]"],
        ),
        ("null complex", p(r#""name":[{"text":"x"}]"#), p(r#""name":[null]"#), &["structure Patient.name[0]"]),
        (
            "complex",
            p(r#""maritalStatus":{"text":"x"}"#),
            p(r#""maritalStatus":"x""#),
            &["structure Patient.maritalStatus"],
        ),
        (
            "companion of complex",
            p(r#""maritalStatus":{"text":"x"}"#),
            p(r#""maritalStatus":{"text":"x"},"_maritalStatus":{"id":"x"}"#),
            &["structure Patient.maritalStatus"],
        ),
        (
            "companion is an object",
            p(r#""_birthDate":{"extension":[{"url":"u","valueCode":"c"}]}"#),
            p(r#""birthDate":"2000","_birthDate":"x""#),
            &["structure Patient.birthDate"],
        ),
        (
            "companion's elements",
            p(r#""birthDate":"2000","_birthDate":{"id":"x"}"#),
            p(r#""birthDate":"2000","_birthDate":{"value":"x"}"#),
            &["structure Patient.birthDate.value"],
        ),
        (
            "one type of choice",
            p(r#""deceasedBoolean":true"#),
            p(r#""deceasedBoolean":true,"deceasedDateTime":"2000""#),
            &["structure Patient.deceased"],
        ),
        (
            "one type of choice, companion",
            p(r#""deceasedBoolean":true,"_deceasedBoolean":{"id":"x"}"#),
            p(r#""deceasedBoolean":true,"_deceasedDateTime":{"id":"x"}"#),
            &["structure Patient.deceased"],
        ),
        (
            "choice by its name",
            p(r#""multipleBirthInteger":2"#),
            p(r#""multipleBirth":2"#),
            &["structure Patient.multipleBirth"],
        ),
        (
            "type of choice",
            p(r#""multipleBirthInteger":2"#),
            p(r#""multipleBirthString":"x""#),
            &["structure Patient.multipleBirthString"],
        ),
        ("JSON type", p(r#""active":true"#), p(r#""active":"true""#), &["structure Patient.active"]),
        (
            "number",
            observation(r#""valueInteger":1"#),
            observation(r#""valueInteger":"1""#),
            &["structure Observation.value.ofType(integer)"],
        ),
        (
            "resourceType inside",
            p(r#""name":[{"text":"x"}]"#),
            p(r#""name":[{"resourceType":"HumanName","text":"x"}]"#),
            &["structure Patient.name[0].resourceType"],
        ),
        (
            "modifier extension in a datatype",
            p(r#""modifierExtension":[{"url":"u","valueCode":"c"}]"#),
            p(r#""name":[{"text":"x","modifierExtension":[{"url":"u","valueCode":"c"}]}]"#),
            &["structure Patient.name[0].modifierExtension"],
        ),
    ]);
}

#[test]
fn cardinality() {
    table(&[
        (
            "min 1",
            observation(r#""valueString":"x""#),
            r#"{"resourceType":"Observation","code":{"text":"x"}}"#.into(),
            &["required Observation.status"],
        ),
        (
            "min 1 below",
            patient(r#""communication":[{"language":{"text":"x"}}]"#),
            patient(r#""communication":[{"preferred":true}]"#),
            &["required Patient.communication[0].language"],
        ),
        (
            "min 1 of a choice",
            r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"display":"x"},"medicationCodeableConcept":{"text":"m"}}"#.into(),
            r#"{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"display":"x"}}"#.into(),
            &["required MedicationRequest.medication"],
        ),
        (
            "a companion with an extension is there",
            r#"{"resourceType":"Observation","_status":{"extension":[{"url":"u","valueCode":"unknown"}]},"code":{"text":"x"}}"#.into(),
            r#"{"resourceType":"Observation","_status":{"id":"x"},"code":{"text":"x"}}"#.into(),
            &["invariant Observation.status"],
        ),
        (
            "content reference",
            r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"2","type":"display"}]}]}"#.into(),
            r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"type":"display"}]}]}"#.into(),
            &["required Questionnaire.item[0].item[0].linkId"],
        ),
    ]);
}

#[test]
fn primitives() {
    table(&[
        (
            "date",
            patient(r#""birthDate":"1980-02-29""#),
            patient(r#""birthDate":"1981-02-29""#),
            &["value Patient.birthDate"],
        ),
        ("id", patient(r#""id":"a""#), patient(r#""id":"a_b""#), &["value Patient.id"]),
        (
            "empty",
            patient(r#""name":[{"family":"x"}]"#),
            patient(r#""name":[{"family":""}]"#),
            &["value Patient.name[0].family"],
        ),
        (
            "instant",
            observation(r#""issued":"2020-01-01T00:00:00Z""#),
            observation(r#""issued":"2020-01-01""#),
            &["value Observation.issued"],
        ),
        (
            "in a list",
            patient(r#""name":[{"given":["a","b"]}]"#),
            patient(r#""name":[{"given":["a","\u0007"]}]"#),
            &["value Patient.name[0].given[1]"],
        ),
        (
            "of a choice",
            observation(r#""valueTime":"12:00:00""#),
            observation(r#""valueTime":"noon""#),
            &["value Observation.value.ofType(time)"],
        ),
    ]);
}

#[test]
fn references() {
    let org = r#""contained":[{"resourceType":"Organization","id":"o","name":"x"}]"#;
    table(&[
        (
            "relative",
            observation(r#""subject":{"reference":"Patient/1"}"#),
            observation(r#""subject":{"reference":"Organization/1"}"#),
            &["value Observation.subject.reference"],
        ),
        (
            "versioned",
            observation(r#""subject":{"reference":"Patient/1/_history/2"}"#),
            observation(r#""subject":{"reference":"Organization/1/_history/2"}"#),
            &["value Observation.subject.reference"],
        ),
        (
            "absolute",
            observation(r#""subject":{"reference":"https://a/Patient/1"}"#),
            observation(r#""subject":{"reference":"https://a/Organization/1"}"#),
            &["value Observation.subject.reference"],
        ),
        (
            "conditional",
            observation(r#""subject":{"reference":"Patient?identifier=1"}"#),
            observation(r#""subject":{"reference":"Organization?identifier=1"}"#),
            &["value Observation.subject.reference"],
        ),
        (
            "urn",
            observation(r#""subject":{"reference":"urn:uuid:0"}"#),
            observation(r#""subject":{"reference":"urn:uuid:0","type":"Organization"}"#),
            &["value Observation.subject.type"],
        ),
        (
            "type",
            observation(r#""subject":{"display":"x","type":"Patient"}"#),
            observation(r#""subject":{"display":"x","type":"Claim"}"#),
            &["value Observation.subject.type"],
        ),
        (
            "any target",
            r#"{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Claim/1"}}"#.into(),
            r#"{"resourceType":"Basic","code":{"text":"x"},"author":{"reference":"Claim/1"}}"#.into(),
            &["value Basic.author.reference"],
        ),
        (
            "contained",
            patient(&format!(r##"{org},"managingOrganization":{{"reference":"#o"}}"##)),
            patient(&format!(
                r##"{org},"managingOrganization":{{"reference":"#o"}},"generalPractitioner":[{{"reference":"#p"}}]"##
            )),
            &["invariant Patient.generalPractitioner[0].reference"],
        ),
        (
            "contained of the right type",
            patient(&format!(r##"{org},"generalPractitioner":[{{"reference":"#o"}}]"##)),
            patient(&format!(r##"{org},"link":[{{"type":"refer","other":{{"reference":"#o"}}}}]"##)),
            &["value Patient.link[0].other.reference"],
        ),
        (
            "contained and not referred to",
            patient(&format!(r##"{org},"managingOrganization":{{"reference":"#o"}}"##)),
            patient(org),
            &["invariant Patient.contained[0]"],
        ),
        (
            "contained refers to its container",
            observation(
                r##""contained":[{"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}]"##,
            ),
            observation(
                r##""contained":[{"resourceType":"Provenance","id":"p","target":[{"reference":"#p"},{"reference":"#q"}],"recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}]"##,
            ),
            &["invariant Observation.contained[0].target[1].reference"],
        ),
        (
            "contained is validated",
            patient(&format!(r##"{org},"managingOrganization":{{"reference":"#o"}}"##)),
            patient(
                r##""contained":[{"resourceType":"Organization","id":"o","nam":"x"}],"managingOrganization":{"reference":"#o"}"##,
            ),
            &["structure Patient.contained[0].nam", "invariant Patient.contained[0]"],
        ),
        (
            "contained has a type",
            patient(&format!(r##"{org},"managingOrganization":{{"reference":"#o"}}"##)),
            patient(r##""contained":[{"id":"o"}],"managingOrganization":{"reference":"#o"}"##),
            &["required Patient.contained[0].resourceType", "value Patient.managingOrganization.reference"],
        ),
    ]);
}

#[test]
fn bindings() {
    let allergy = |status: &str| {
        format!(
            r#"{{"resourceType":"AllergyIntolerance","patient":{{"reference":"Patient/1"}},"clinicalStatus":{{{status}}}}}"#
        )
    };
    let system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
    table(&[
        ("code", patient(r#""gender":"female""#), patient(r#""gender":"F""#), &["code-invalid Patient.gender"]),
        (
            "code in a list",
            r#"{"resourceType":"Schedule","actor":[{"display":"x"}]}"#.into(),
            patient(r#""name":[{"use":"x"}]"#),
            &["code-invalid Patient.name[0].use"],
        ),
        (
            "concept",
            allergy(&format!(
                r#""coding":[{{"system":"http://x","code":"y"}},{{"system":"{system}","code":"active"}}]"#
            )),
            allergy(r#""coding":[{"system":"http://x","code":"active"}]"#),
            &["code-invalid AllergyIntolerance.clinicalStatus"],
        ),
        (
            "text is no code",
            allergy(&format!(r#""coding":[{{"system":"{system}","code":"active"}}]"#)),
            allergy(r#""text":"active""#),
            &["code-invalid AllergyIntolerance.clinicalStatus"],
        ),
        (
            "a set that is not listed",
            r#"{"resourceType":"Binary","contentType":"text/x"}"#.into(),
            r#"{"resourceType":"Binary","contentType":""}"#.into(),
            &["value Binary.contentType"],
        ),
        (
            "resource type",
            r#"{"resourceType":"Questionnaire","status":"draft","subjectType":["Patient"]}"#.into(),
            r#"{"resourceType":"Questionnaire","status":"draft","subjectType":["Nobody"]}"#.into(),
            &["code-invalid Questionnaire.subjectType[0]"],
        ),
    ]);
}

#[test]
fn extensions() {
    table(&[
        (
            "value",
            patient(r#""extension":[{"url":"u","valueDecimal":1.50}]"#),
            patient(r#""extension":[{"url":"u"}]"#),
            &["invariant Patient.extension[0]"],
        ),
        (
            "value xor extension",
            patient(r#""extension":[{"url":"u","extension":[{"url":"v","valueCode":"c"}]}]"#),
            patient(r#""extension":[{"url":"u","valueCode":"c","extension":[{"url":"v","valueCode":"c"}]}]"#),
            &["invariant Patient.extension[0]"],
        ),
        (
            "url",
            patient(r#""extension":[{"url":"u","valueCode":"c"}]"#),
            patient(r#""extension":[{"valueCode":"c"}]"#),
            &["required Patient.extension[0].url"],
        ),
        (
            "value is validated",
            patient(r#""extension":[{"url":"u","valuePeriod":{"start":"2020"}}]"#),
            patient(r#""extension":[{"url":"u","valuePeriod":{"start":"x"}}]"#),
            &["value Patient.extension[0].value.ofType(Period).start"],
        ),
    ]);
}

#[test]
fn invariants() {
    table(&[
        ("pat-1", patient(r#""contact":[{"name":{"text":"x"}}]"#), patient(r#""contact":[{"gender":"male"}]"#), &["invariant Patient.contact[0]"]),
        ("ele-1", patient(r#""name":[{"id":"a","text":"x"}]"#), patient(r#""name":[{"id":"a"},{}]"#), &["invariant Patient.name[0]", "invariant Patient.name[1]"]),
        ("ele-1 of a companion", patient(r#""birthDate":"2000","_birthDate":{"id":"x"}"#), patient(r#""birthDate":"2000","_birthDate":{}"#), &["invariant Patient.birthDate"]),
        ("obs-6", observation(r#""valueString":"x""#), observation(r#""valueString":"x","dataAbsentReason":{"text":"y"}"#), &["invariant Observation"]),
        ("obs-7", r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}]},"valueString":"x","component":[{"code":{"coding":[{"code":"b"}]}}]}"#.into(), r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}]},"valueString":"x","component":[{"code":{"coding":[{"code":"a"}]}}]}"#.into(), &["invariant Observation"]),
        ("per-1", patient(r#""name":[{"period":{"start":"2020","end":"2020-06"}}]"#), patient(r#""name":[{"period":{"start":"2021-01-01T00:00:00Z","end":"2020-06-01T00:00:00Z"}}]"#), &["invariant Patient.name[0].period"]),
        ("dom-2", patient(r##""contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}"##), patient(r##""contained":[{"resourceType":"Patient","id":"o","contained":[{"resourceType":"Patient","id":"q"}]}],"link":[{"type":"refer","other":{"reference":"#o"}}]"##), &["invariant Patient"]),
        ("dom-4", patient(r#""meta":{"versionId":"1"}"#), patient(r##""contained":[{"resourceType":"Organization","id":"o","name":"x","meta":{"versionId":"1"}}],"managingOrganization":{"reference":"#o"}"##), &["invariant Patient"]),
        ("sqty-1", observation(r#""valueQuantity":{"value":1,"comparator":"<"}"#), observation(r#""referenceRange":[{"low":{"value":1,"comparator":"<"}}]"#), &["invariant Observation.referenceRange[0].low"]),
        ("qty-3", observation(r#""valueQuantity":{"value":1,"system":"s","code":"c"}"#), observation(r#""valueQuantity":{"value":1,"code":"c"}"#), &["invariant Observation.value.ofType(Quantity)"]),
        ("txt-1", patient(r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}"#), patient(r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>"}"#), &["invariant Patient.text.`div`"]),
        ("que-2", r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"string"},{"linkId":"2","type":"string"}]}"#.into(), r#"{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"string"},{"linkId":"1","type":"string"}]}"#.into(), &["invariant Questionnaire"]),
        ("bdl-7 and the entries of a bundle", r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Patient"}}]}"#.into(), r#"{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Patient","gender":"x"}},{"fullUrl":"urn:a","resource":{"resourceType":"Patient"}}]}"#.into(), &["code-invalid Bundle.entry[0].resource.gender", "invariant Bundle"]),
        ("a bundle's resource is a root", r##"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}}]}"##.into(), r##"{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Patient","managingOrganization":{"reference":"#o"}}}]}"##.into(), &["invariant Parameters.parameter[0].resource.managingOrganization.reference"]),
    ]);
}

#[test]
fn diagnostics_repeat_no_value() {
    let secret = "hunter2";
    let texts = [
        patient(r#""gender":"hunter2","birthDate":"hunter2","name":[{"use":"hunter2"}],"active":"hunter2""#),
        observation(r#""subject":{"reference":"Claim/hunter2"},"valueQuantity":{"code":"hunter2"}"#),
        patient(r##""managingOrganization":{"reference":"#hunter2"},"contained":[{"resourceType":"hunter2"}]"##),
        r#"{"resourceType":"hunter2"}"#.into(),
    ];
    for text in texts {
        let issues = validate(&Json::parse(&text).unwrap());
        assert!(!issues.is_empty());
        for issue in issues {
            assert!(!format!("{issue:?}").contains(secret), "{issue:?}");
        }
    }
}

#[test]
fn issues_are_bounded() {
    let names = vec![r#"{"use":"x"}"#; 5000].join(",");
    let issues = validate(&Json::parse(&patient(&format!(r#""name":[{names}]"#))).unwrap());
    assert_eq!(issues.len(), 101);
    assert_eq!(issues[100].code, IssueType::TooCostly);
}

#[test]
fn a_document_of_many_parts_is_validated_in_bounded_steps() {
    // Distinct ids of all concepts are compared pairwise by csd-1; the budget grows with the document, not with its square.
    let concepts = |n: usize| (0..n).map(|i| format!(r#"{{"code":"{i}"}}"#)).collect::<Vec<_>>().join(",");
    let system = |n| {
        format!(r#"{{"resourceType":"CodeSystem","status":"draft","content":"complete","concept":[{}]}}"#, concepts(n))
    };
    assert_eq!(found(&system(200)), Vec::<String>::new());
    assert_eq!(found(&system(20_000)), vec!["too-costly CodeSystem"]);
}

/// Invariants of error severity that the engine does not run, with the reason. All others run on an empty element of their type and on
/// one with every child that has a sample.
const NOT_RUN: [(&str, &str); 0] = [];

/// `{"resourceType": …}` with one sample for each child, to a depth.
fn sample(ty: Type, depth: usize) -> Json<'static> {
    let mut object = crate::json::Object::new();
    if ty.is_resource() {
        object.push("resourceType", Json::from(ty.name().to_owned()));
    }
    for child in ty.children() {
        let Some(value) = sample_of(child, depth) else { continue };
        object.push(child.choices[0].json, if child.many { Json::Array(vec![value]) } else { value });
    }
    Json::Object(object)
}

fn sample_of(child: &Child, depth: usize) -> Option<Json<'static>> {
    let ty = child.choices.first()?.ty;
    Some(match ty.name() {
        "boolean" => Json::Bool(true),
        "integer" | "positiveInt" | "unsignedInt" | "decimal" => Json::from(1),
        "date" | "dateTime" => Json::from("2020-01-01".to_owned()),
        "instant" => Json::from("2020-01-01T00:00:00Z".to_owned()),
        "time" => Json::from("12:00:00".to_owned()),
        _ if ty.primitive().is_some() => Json::from("x".to_owned()),
        "Extension" => return None,
        _ if ty.is_abstract() || depth == 0 => return None,
        _ => sample(ty, depth - 1),
    })
}

#[test]
fn the_engine_runs_every_invariant() {
    let mut failed = BTreeMap::new();
    let run = |ids: &[&'static str], ty: Type, failed: &mut BTreeMap<&str, String>| {
        for id in ids {
            let invariant = INVARIANTS.iter().find(|i| i.id == *id).expect("defined");
            let expression = Expression::parse(invariant.expression).expect("parses");
            for json in [sample(ty, 0), sample(ty, 4)] {
                let place = Place::resource(&json).focus(Node::element(Some(&json), None, ty));
                if let Err(error) = holds(&expression, &place) {
                    failed.insert(invariant.id, error.to_string());
                }
            }
        }
    };
    let mut count = 0;
    for ty in Type::all() {
        run(ty.invariants(), ty, &mut failed);
        count += ty.invariants().len();
        for child in ty.children() {
            run(&child.invariants, child.choices[0].ty, &mut failed);
            count += child.invariants.len();
        }
    }
    for (key, reason) in NOT_RUN {
        assert!(failed.remove(key).is_some(), "{key} runs: {reason}");
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(count > 1000, "{count}");
}

/// Each node with the invariants of its type, by the engine and by the short cut.
fn compare(json: &Json<'_>, ty: Type) -> Result<usize, TestCaseError> {
    let mut decided = 0;
    for id in ty.invariants() {
        let Some(invariant) = INVARIANTS.iter().find(|i| i.id == *id && !super::rules::NATIVE.contains(id)) else {
            continue;
        };
        let expression = Expression::parse(invariant.expression).expect("parses");
        let focus = Node::element(Some(json), None, ty);
        if let Some(quick) = super::quick::holds(&expression, &focus) {
            decided += 1;
            let engine = holds(&expression, &Place::resource(json).focus(focus));
            prop_assert_eq!(engine, Ok(quick), "{}: {}", invariant.id, json.to_text());
        }
    }
    Ok(decided)
}

/// Documents by the names of a type's own elements, with values good and bad.
fn arbitrary(depth: u32) -> impl Strategy<Value = Json<'static>> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        "-?[0-9]{1,12}(\\.[0-9]{1,3})?".prop_map(|n| Json::parse(&n).map_or(Json::Null, Json::into_owned)),
        prop_oneof![
            "[ -~]{0,8}",
            Just("Patient/1".to_owned()),
            Just("#a".to_owned()),
            Just("2020-01-01".to_owned()),
            Just("active".to_owned())
        ]
        .prop_map(Json::from),
    ];
    let names = prop_oneof![
        Just("resourceType"),
        Just("id"),
        Just("extension"),
        Just("url"),
        Just("valueString"),
        Just("_valueString"),
        Just("valueQuantity"),
        Just("contained"),
        Just("name"),
        Just("given"),
        Just("_given"),
        Just("coding"),
        Just("code"),
        Just("system"),
        Just("value"),
        Just("reference"),
        Just("entry"),
        Just("resource"),
        Just("item"),
        Just("period"),
        Just("start"),
        Just("end"),
        Just("component"),
        Just("subject"),
        Just("status"),
        Just("text"),
        Just("div"),
        Just("clinicalStatus"),
        Just("low"),
        Just("high"),
        Just("comparator"),
    ];
    leaf.prop_recursive(depth, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map(names.clone(), inner, 0..6).prop_map(|members| {
                let mut object = crate::json::Object::new();
                for (name, value) in members {
                    object.push(name, value);
                }
                Json::Object(object)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_validated_without_a_panic(json in arbitrary(6), ty in prop::sample::select(crate::ResourceType::all())) {
        let mut json = json;
        validate(&json);
        if let Some(object) = json.as_object_mut() {
            object.set("resourceType", Json::from(ty.name()));
        }
        prop_assert!(validate(&json).len() <= 101);
    }

    #[test]
    fn the_short_cut_agrees_with_the_engine(json in arbitrary(4), at in 0..1000usize) {
        let types: Vec<Type> = Type::all().filter(|ty| !ty.invariants().is_empty()).collect();
        // Members that are there as the type has them: FHIRPath is asked about nothing else, since the structure is checked first.
        let ty = types[at % types.len()];
        if json.as_object().is_some() {
            compare(&json, ty)?;
        }
        compare(&sample(ty, at % 4), ty)?;
    }
}

#[test]
fn what_an_issue_names_is_there() {
    let text = observation(
        r#""subject":{"reference":"Claim/1"},"valueQuantity":{"value":"x"},"component":[{"code":{"text":"a"}},{"code":{"text":""},"valueTime":"x"}],"extension":[{"url":"u","valuePeriod":{"start":"x"}}]"#,
    );
    let document = Json::parse(&text).unwrap();
    let issues = validate(&document);
    assert_eq!(issues.len(), 5);
    for issue in issues {
        let expression = Expression::parse(&issue.expression[0]).unwrap();
        let found = expression.evaluate(&Context::new(&document)).unwrap();
        assert!(matches!(found.as_slice(), [Value::Node(_)]), "{}", issue.expression[0]);
    }
}

#[test]
fn the_smallest_document_of_each_type_is_valid() {
    let documents: Vec<Json<'_>> =
        include_str!("../../tests/minimal.ndjson").lines().map(|line| Json::parse(line).unwrap()).collect();
    for document in &documents {
        assert_eq!(found(&document.to_text()), Vec::<String>::new());
    }
    let mut names: Vec<&str> = documents.iter().filter_map(|d| d.str_at("resourceType")).collect();
    names.push("ViewDefinition");
    names.sort_unstable();
    assert_eq!(names, crate::ResourceType::all().iter().map(|t| t.name()).collect::<Vec<_>>());
}

#[test]
fn synthea_is_valid() {
    let Some(folder) = std::env::var_os("WINTEHR_TEST_DATA") else {
        println!("SKIPPED: WINTEHR_TEST_DATA is not set");
        return;
    };
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let (mut resources, mut decided) = (0, 0);
    for file in std::fs::read_dir(Path::new(&folder).join("synthea")).expect("the data folder has synthea/") {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let bundle = Json::parse(&text).unwrap();
        for issue in validate(&bundle) {
            *found.entry(format!("{} {:?} {}", issue.code.code(), issue.expression, issue.diagnostics)).or_default() +=
                1;
        }
        for entry in bundle.get("entry").unwrap().items() {
            let resource = entry.get("resource").unwrap();
            resources += 1;
            for issue in validate(resource) {
                *found
                    .entry(format!("{} {:?} {}", issue.code.code(), issue.expression, issue.diagnostics))
                    .or_default() += 1;
            }
            decided += compare(resource, Node::resource(resource).ty).unwrap();
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(resources > 1000 && decided > resources, "{resources} {decided}");
}
