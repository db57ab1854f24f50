use super::*;
use crate::{IssueType, Json};

fn loaded(definitions: &[&str]) -> Profiles {
    let mut profiles = Profiles::default();
    let definitions: Vec<Json<'_>> = definitions.iter().map(|d| Json::parse(d).unwrap()).collect();
    profiles.add(&definitions).unwrap();
    profiles
}

fn profile(url: &str, ty: &str, base: &str, elements: &str) -> String {
    format!(
        r#"{{"resourceType":"StructureDefinition","url":"{url}","type":"{ty}","baseDefinition":"{base}","derivation":"constraint","differential":{{"element":[{elements}]}}}}"#
    )
}

/// Codes and places of what blocks.
fn faults(profiles: &Profiles, document: &str, url: &str) -> String {
    let issues = profiles.check(&Json::parse(document).unwrap(), url);
    let told = issues.iter().filter(|i| i.blocks());
    told.map(|i| format!("{} {}", i.code.code(), i.expression.first().map_or("", String::as_str)))
        .collect::<Vec<_>>()
        .join("; ")
}

const PATIENT: &str = "http://hl7.org/fhir/StructureDefinition/Patient";
const OBSERVATION: &str = "http://hl7.org/fhir/StructureDefinition/Observation";

#[test]
fn elements_are_narrowed() {
    let narrow = profile(
        "urn:p",
        "Patient",
        PATIENT,
        r#"{"id":"Patient.name","path":"Patient.name","min":1,"max":"1"},{"id":"Patient.name.family","path":"Patient.name.family","min":1,"maxLength":5},
           {"id":"Patient.gender","path":"Patient.gender","fixedCode":"female"},{"id":"Patient.photo","path":"Patient.photo","max":"0"},
           {"id":"Patient.deceased[x]","path":"Patient.deceased[x]","type":[{"code":"boolean"}]},
           {"id":"Patient.maritalStatus","path":"Patient.maritalStatus","patternCodeableConcept":{"coding":[{"system":"s","code":"M"}]}},
           {"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"]}]},
           {"id":"Patient","path":"Patient","constraint":[{"key":"born","severity":"error","human":"A birth date is needed","expression":"birthDate.exists()"}]}"#,
    );
    let profiles = loaded(&[&narrow]);
    let good = r#"{"resourceType":"Patient","gender":"female","birthDate":"1970","name":[{"family":"Berg"}],"deceasedBoolean":false,
        "maritalStatus":{"text":"x","coding":[{"system":"o","code":"1"},{"system":"s","code":"M","display":"d"}]},"generalPractitioner":[{"reference":"Practitioner/d"}]}"#;
    assert_eq!(faults(&profiles, good, "urn:p"), "");
    for (from, to, expected) in [
        (r#""name":[{"family":"Berg"}]"#, r#""name":[{"family":"Berg"},{"family":"B"}]"#, "structure Patient.name"),
        (r#""family":"Berg""#, r#""text":"Berg""#, "required Patient.name[0].family"),
        (r#""family":"Berg""#, r#""family":"Bergman""#, "too-long Patient.name[0].family"),
        (r#""gender":"female""#, r#""gender":"male""#, "value Patient.gender"),
        (r#""deceasedBoolean":false"#, r#""deceasedDateTime":"2020""#, "structure Patient.deceased.ofType(dateTime)"),
        (r#""code":"M""#, r#""code":"S""#, "value Patient.maritalStatus"),
        ("Practitioner/d", "Organization/d", "value Patient.generalPractitioner[0]"),
        (r#""birthDate":"1970","#, "", "invariant Patient"),
        (r#""gender":"female""#, r#""gender":"female","photo":[{"url":"x"}]"#, "structure Patient.photo"),
    ] {
        assert_eq!(faults(&profiles, &good.replace(from, to), "urn:p"), expected, "{from} -> {to}");
    }
    assert_eq!(faults(&profiles, r#"{"resourceType":"Basic"}"#, "urn:p"), "structure Basic");
    let unknown = profiles.check(&Json::parse(good).unwrap(), "urn:none");
    assert!(unknown.len() == 1 && !unknown[0].blocks());
}

#[test]
fn slices_are_told_apart_by_each_kind_of_discriminator() {
    let sliced = |discriminator: &str, rules: &str, slices: &str| {
        let first = format!(
            r#"{{"id":"Observation.component","path":"Observation.component","slicing":{{"discriminator":[{discriminator}],"rules":"{rules}"}}}},{slices}"#
        );
        loaded(&[&profile("urn:o", "Observation", OBSERVATION, &first)])
    };
    let slice = |name: &str, more: &str| {
        format!(r#"{{"id":"Observation.component:{name}","path":"Observation.component","sliceName":"{name}"{more}}}"#)
    };
    let component =
        |code: &str, value: &str| format!(r#"{{"code":{{"coding":[{{"system":"s","code":"{code}"}}]}}{value}}}"#);
    let document =
        |components: &[String]| format!(r#"{{"resourceType":"Observation","component":[{}]}}"#, components.join(","));

    // By value: a fixed code below, a pattern on it, a pattern above it.
    let fixed = r#"{"id":"Observation.component:a.code.coding.code","path":"Observation.component.code.coding.code","fixedCode":"a"}"#;
    let pattern = r#"{"id":"Observation.component:a.code","path":"Observation.component.code","patternCodeableConcept":{"coding":[{"system":"s","code":"a"}]}}"#;
    for (path, says) in [("code.coding.code", fixed), ("code", pattern), ("code.coding.code", pattern)] {
        let of = format!(r#"{{"type":"value","path":"{path}"}}"#);
        let profiles = sliced(&of, "closed", &format!("{},{says}", slice("a", r#","min":1,"max":"1""#)));
        for (components, expected) in [
            (vec![component("a", "")], ""),
            (vec![component("a", ""), component("a", "")], "structure Observation.component (slice a)"),
            (vec![component("b", "")], "structure Observation.component[0]; required Observation.component (slice a)"),
        ] {
            assert_eq!(faults(&profiles, &document(&components), "urn:o"), expected, "{path} {says}");
        }
    }

    // By presence.
    let value = |n: &str, range: &str| {
        format!(r#"{{"id":"Observation.component:{n}.value[x]","path":"Observation.component.value[x]",{range}}}"#)
    };
    let slices = [
        slice("with", r#","max":"1""#),
        value("with", r#""min":1"#),
        slice("without", r#","max":"1""#),
        value("without", r#""max":"0""#),
    ];
    let profiles = sliced(r#"{"type":"exists","path":"value"}"#, "closed", &slices.join(","));
    let (with, without) = (component("a", r#","valueString":"x""#), component("b", ""));
    assert_eq!(faults(&profiles, &document(&[with.clone(), without.clone()]), "urn:o"), "");
    assert_eq!(
        faults(&profiles, &document(&[with.clone(), with.clone()]), "urn:o"),
        "structure Observation.component (slice with)"
    );

    // By type.
    let of = |n: &str, ty: &str| {
        format!(
            r#"{{"id":"Observation.component:{n}.value[x]","path":"Observation.component.value[x]","min":1,"type":[{{"code":"{ty}"}}]}}"#
        )
    };
    let slices = [slice("q", r#","max":"1""#), of("q", "Quantity"), slice("s", r#","max":"1""#), of("s", "string")];
    let profiles = sliced(r#"{"type":"type","path":"value"}"#, "openAtEnd", &slices.join(","));
    let number = component("a", r#","valueQuantity":{"value":1}"#);
    assert_eq!(faults(&profiles, &document(&[number.clone(), with.clone(), without.clone()]), "urn:o"), "");
    assert_eq!(faults(&profiles, &document(&[without, number.clone()]), "urn:o"), "structure Observation.component[0]");
    assert_eq!(
        faults(&profiles, &document(&[number.clone(), number]), "urn:o"),
        "structure Observation.component (slice q)"
    );
}

#[test]
fn slices_follow_profiles_and_order() {
    // By the profile of what is contained.
    let adult =
        profile("urn:adult", "Patient", PATIENT, r#"{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}"#);
    let bundle = profile(
        "urn:b",
        "Bundle",
        "http://hl7.org/fhir/StructureDefinition/Bundle",
        r#"{"id":"Bundle.entry","path":"Bundle.entry","slicing":{"discriminator":[{"type":"profile","path":"resource"}],"ordered":true,"rules":"open"}},
           {"id":"Bundle.entry:adult","path":"Bundle.entry","sliceName":"adult","min":1},
           {"id":"Bundle.entry:adult.resource","path":"Bundle.entry.resource","type":[{"code":"Patient","profile":["urn:adult"]}]}"#,
    );
    let profiles = loaded(&[&bundle, &adult]);
    let of = |patient: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"resource":{{"resourceType":"Patient"{patient}}}}}]}}"#
        )
    };
    assert_eq!(faults(&profiles, &of(r#","birthDate":"1970""#), "urn:b"), "");
    assert_eq!(faults(&profiles, &of(""), "urn:b"), "required Bundle.entry (slice adult)");

    // A profile on a profile: the slices of the base are narrowed without saying again how they are told apart.
    let base = profile(
        "urn:base",
        "Patient",
        PATIENT,
        r#"{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"ordered":true,"rules":"open"}},
           {"id":"Patient.identifier:mrn","path":"Patient.identifier","sliceName":"mrn"},{"id":"Patient.identifier:mrn.system","path":"Patient.identifier.system","fixedUri":"urn:mrn"},
           {"id":"Patient.identifier:ssn","path":"Patient.identifier","sliceName":"ssn"},{"id":"Patient.identifier:ssn.system","path":"Patient.identifier.system","fixedUri":"urn:ssn"}"#,
    );
    let derived = profile(
        "urn:derived",
        "Patient",
        "urn:base|1",
        r#"{"id":"Patient.identifier:mrn","path":"Patient.identifier","sliceName":"mrn","min":1}"#,
    );
    let profiles = loaded(&[&derived, &base]);
    let of = |systems: &[&str]| {
        let all: Vec<String> = systems.iter().map(|s| format!(r#"{{"system":"{s}","value":"1"}}"#)).collect();
        format!(r#"{{"resourceType":"Patient","identifier":[{}]}}"#, all.join(","))
    };
    assert_eq!(faults(&profiles, &of(&["urn:mrn", "urn:x", "urn:ssn"]), "urn:derived"), "");
    assert_eq!(faults(&profiles, &of(&["urn:ssn"]), "urn:derived"), "required Patient.identifier (slice mrn)");
    assert_eq!(faults(&profiles, &of(&["urn:ssn"]), "urn:base"), "");
    assert_eq!(faults(&profiles, &of(&["urn:ssn", "urn:mrn"]), "urn:base"), "structure Patient.identifier");
}

#[test]
fn extensions_are_slices_by_their_url() {
    let extension = profile(
        "urn:ext",
        "Extension",
        "http://hl7.org/fhir/StructureDefinition/Extension",
        r#"{"id":"Extension.url","path":"Extension.url","fixedUri":"urn:ext"},{"id":"Extension.value[x]","path":"Extension.value[x]","min":1,"type":[{"code":"code"}],
           "binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}}"#,
    );
    let patient = profile(
        "urn:p",
        "Patient",
        PATIENT,
        r#"{"id":"Patient.extension","path":"Patient.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}},
           {"id":"Patient.extension:e","path":"Patient.extension","sliceName":"e","min":1,"type":[{"code":"Extension","profile":["urn:ext"]}]},
           {"id":"Patient.extension:f","path":"Patient.extension","sliceName":"f","max":"0","type":[{"code":"Extension","profile":["urn:unloaded"]}]}"#,
    );
    let profiles = loaded(&[&patient, &extension]);
    let of = |extension: &str| format!(r#"{{"resourceType":"Patient","extension":[{extension}]}}"#);
    for (extension, expected) in [
        (r#"{"url":"urn:ext","valueCode":"male"}"#, ""),
        (r#"{"url":"urn:ext","valueCode":"none"}"#, "code-invalid Patient.extension[0].value.ofType(code)"),
        (r#"{"url":"urn:ext","valueString":"male"}"#, "structure Patient.extension[0].value.ofType(string)"),
        (r#"{"url":"urn:other","valueCode":"male"}"#, "required Patient.extension (slice e)"),
        (
            r#"{"url":"urn:ext","valueCode":"male"},{"url":"urn:unloaded","valueCode":"x"}"#,
            "structure Patient.extension (slice f)",
        ),
    ] {
        let found = faults(&profiles, &of(extension), "urn:p");
        assert_eq!(found, expected, "{extension}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (elements, text) in [
        (r#"{"id":"Patient.nothing","path":"Patient.nothing","min":1}"#, "no element nothing"),
        (
            r#"{"id":"Patient","path":"Patient","constraint":[{"key":"k","severity":"error","human":"x","expression":"name.exists("}]}"#,
            "constraint k",
        ),
        (
            r#"{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"value","path":"a.where(b=1)"}],"rules":"open"}}"#,
            "not supported",
        ),
    ] {
        let mut profiles = Profiles::default();
        let text_of = profile("urn:p", "Patient", PATIENT, elements);
        let issues = profiles.add(&[Json::parse(&text_of).unwrap()]).unwrap_err();
        assert!(issues[0].diagnostics.contains(text) && issues[0].code == IssueType::NotSupported, "{issues:?}");
    }
    // A base that is not there.
    let derived = profile("urn:p", "Patient", "urn:none", "");
    assert!(Profiles::default().add(&[Json::parse(&derived).unwrap()]).is_err());
}
