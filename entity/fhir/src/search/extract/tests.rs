use super::*;

fn keys() -> Keys {
    Keys::new([1; 16])
}

fn read(text: &str) -> (ResourceType, Extracted) {
    let json = Json::parse(text).unwrap();
    let ty = ResourceType::named(json.str_at("resourceType").unwrap()).unwrap();
    let options = Options { zone: Zone::UTC, base_url: Some("https://here/fhir/R4"), added: None };
    (ty, extract(&json, ty, &keys(), &options))
}

const OBSERVATION: &str = r##"{"resourceType":"Observation","id":"o1","status":"final",
    "meta":{"profile":["http://p/bp|2"],"tag":[{"system":"http://t","code":"x"}],"security":[
        {"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"},
        {"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}]},
    "category":[{"coding":[{"system":"http://c","code":"vital-signs"}],"text":"Vital signs"}],
    "code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure"}]},
    "subject":{"reference":"Patient/p1"},"encounter":{"reference":"https://here/fhir/R4/Encounter/e1"},
    "performer":[{"reference":"Patient/p2"},{"reference":"Practitioner/d1/_history/3"},{"reference":"https://there/Organization/9"},
                 {"identifier":{"system":"http://npi","value":"AB1"}},{"reference":"#c"}],
    "effectivePeriod":{"start":"2024-01-01","end":"2024-01-02"},
    "component":[
        {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
         "valueQuantity":{"value":120,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
        {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
         "valueQuantity":{"value":5,"comparator":"<","unit":"furlong"}}]}"##;

#[test]
fn every_parameter_of_every_type_compiles() {
    let mut count = 0;
    for ty in ResourceType::all() {
        check(*ty).unwrap_or_else(|errors| panic!("{ty}: {errors:?}"));
        count += registry::parameters(*ty).len();
    }
    assert!(count > 1378, "{count}");
}

#[test]
fn an_observation_is_found_by_all_its_values() {
    let (ty, out) = read(OBSERVATION);
    let k = keys();
    let present = [
        k.term_code("status", "final"),
        k.term_system_code("status", "", "final"),
        k.term_present("status"),
        k.term_system_code("code", "http://loinc.org", "85354-9"),
        k.term_code("combo-code", "8480-6"),
        k.term_system("category", "http://c"),
        k.term_code("_tag", "x"),
        k.term_code("_security", "HIV"),
        k.term_uri("_profile", "http://p/bp"),
        k.term_uri("_profile", "http://p/bp|2"),
        k.term_reference("subject", "Patient/p1"),
        k.term_reference("patient", "Patient/p1"),
        k.term_reference("encounter", "Encounter/e1"),
        k.term_reference("performer", "Practitioner/d1"),
        k.term_reference("performer", "Practitioner/d1/_history/3"),
        k.term_reference("performer", "https://there/Organization/9"),
        k.term_reference_identifier("performer", "http://npi", "ab1"),
        k.term_present("component-value-quantity"),
        k.term_present("component-code-value-quantity"),
    ];
    for (i, term) in present.iter().enumerate() {
        assert!(out.terms.binary_search(term).is_ok(), "term {i}");
    }
    let absent = [
        k.term_code("status", "Final"),
        k.term_present("value-quantity"),
        k.term_code("component-code", "85354-9"),
        k.term_reference("patient", "Patient/p2"),
        k.term_present("code-value-quantity"),
    ];
    for (i, term) in absent.iter().enumerate() {
        assert!(out.terms.binary_search(term).is_err(), "term {i}");
    }
    assert!(out.ord.contains(&k.ord(ty, "code", None, "85354-9")));
    assert!(out.ord.contains(&k.ord(ty, "category", Some("http://c"), "vital-signs")));
    assert!(!out.ord.contains(&k.ord(ty, "status", None, "final")));
    assert_eq!(out.patients, ["p1"], "a performer is not whom it is about");
    assert_eq!((out.conf, out.sens), (4, 0b100));
    let day = |d: &str| temporal::parse(d, Zone::UTC).unwrap();
    assert_eq!((out.ts_lo, out.ts_hi), (day("2024-01-01").low, day("2024-01-02").high));
    let below_five = (ordered(f64::NEG_INFINITY), ordered(5.0));
    assert!(out.dates.iter().all(|(_, low, high)| (*low, *high) == below_five), "no date but the primary one");
    let texts: Vec<String> = out
        .references
        .iter()
        .map(|r| {
            format!("{}/{}{}", r.resource_type, r.id, r.version.as_ref().map_or(String::new(), |v| format!("@{v}")))
        })
        .collect();
    assert_eq!(texts, ["Encounter/e1", "Patient/p1", "Patient/p2", "Practitioner/d1@3"]);
    assert_eq!(out.unreadable, [""; 0]);
}

#[test]
fn quantities_are_kept_with_and_without_unit_and_by_code() {
    let (ty, out) = read(OBSERVATION);
    let k = keys();
    let has = |key: i64, v: f64| {
        out.quantities
            .iter()
            .any(|(q, w)| *q == key && (w.total_cmp(&v).is_eq() || (w - v).abs() < 1e-9 * v.abs().max(1.0)))
    };
    let p = "component-value-quantity";
    assert!(has(k.number(ty, p), 120.0));
    // 120 mm[Hg] in g/(m.s2)
    let pressure = k.quantity(ty, p, ucum::SYSTEM, "g.m-1.s-2");
    assert!(has(pressure, 15_998_640.0));
    let composite = "component-code-value-quantity";
    let code = k.term_system_code("component-code", "http://loinc.org", "8480-6");
    assert!(has(k.composite(ty, composite, code, k.number(ty, p)), 120.0));
    assert!(has(k.composite(ty, composite, code, pressure), 15_998_640.0));
    let other = k.term_code("component-code", "8462-4");
    assert!(!has(k.composite(ty, composite, other, k.number(ty, p)), 120.0), "parts come from one component");
    // <5 furlong is a pair of ends
    let unit = k.quantity(ty, p, "", "furlong");
    assert!(has(k.low_end(unit), f64::NEG_INFINITY) && has(k.high_end(unit), 5.0));
    assert!(out.dates.contains(&(k.range(unit), ordered(f64::NEG_INFINITY), ordered(5.0))));
    assert!(!has(k.number(ty, p), 5.0));
}

#[test]
fn a_patient_is_found_by_names_identifiers_and_contacts() {
    let (ty, out) = read(
        r#"{"resourceType":"Patient","id":"p1","active":true,"gender":"male","birthDate":"1970-05",
        "identifier":[{"system":"http://mrn","value":"Ab-1","type":{"coding":[{"system":"http://v2","code":"MR"}]}},{"value":"X"}],
        "name":[{"family":"Müller","given":["Jean","Luc"],"text":"Jean Luc Müller","use":"official"}],
        "telecom":[{"system":"phone","value":"+1 555"},{"system":"email","value":"A@B.org"}],
        "address":[{"line":["1 High St"],"city":"Århus","use":"home"}],"deceasedBoolean":false,
        "generalPractitioner":[{"reference":"Practitioner/d"}],"link":[{"other":{"reference":"Patient/p0"},"type":"refer"}]}"#,
    );
    let k = keys();
    for term in [
        k.term_system_code("identifier", "http://mrn", "ab-1"),
        k.term_code("identifier", "ab-1"),
        k.term_system("identifier", "http://mrn"),
        k.term_of_type("identifier", "http://v2", "MR", "ab-1"),
        k.term_system_code("identifier", "", "x"),
        k.term_code("phone", "+1 555"),
        k.term_code("email", "a@b.org"),
        k.term_system_code("telecom", "", "a@b.org"),
        k.term_code("active", "true"),
        k.term_code("deceased", "false"),
        k.term_exact("family", "Müller"),
        k.term_compartment(k.resource(ResourceType::Patient, "p0")),
    ] {
        assert!(out.terms.binary_search(&term).is_ok());
    }
    assert!(out.terms.binary_search(&k.term_code("phone", "a@b.org")).is_err());
    assert!(out.terms.binary_search(&k.term_exact("family", "muller")).is_err());
    let strings = |param| {
        let key = k.string(ty, param);
        out.strings.iter().filter(|(s, _)| *s == key).map(|(_, t)| t.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(strings("family"), ["muller"]);
    assert_eq!(strings("given"), ["jean", "luc"]);
    assert_eq!(strings("name"), ["jean", "jean luc muller", "luc", "muller"]);
    assert_eq!(strings("address"), ["1 high st", "arhus"]);
    assert_eq!(out.patients, ["p1", "p0"]);
    assert!(folds_case(registry::parameter(ty, "identifier").unwrap()));
    assert!(folds_case(registry::parameter(ty, "phone").unwrap()));
    assert!(!folds_case(registry::parameter(ty, "gender").unwrap()));
    assert!(is_coded(registry::parameter(ty, "language").unwrap()));
    let (_, dead) = read(r#"{"resourceType":"Patient","deceasedDateTime":"2020"}"#);
    assert!(dead.terms.binary_search(&k.term_code("deceased", "true")).is_ok());
    let (_, silent) = read(r#"{"resourceType":"Patient"}"#);
    assert!(silent.terms.binary_search(&k.term_code("deceased", "false")).is_ok());
    assert_eq!((silent.ts_lo, silent.ts_hi), (temporal::MIN, temporal::MIN));
}

#[test]
fn other_dates_go_to_rows_and_bad_ones_are_named() {
    let (ty, out) = read(
        r#"{"resourceType":"Condition","onsetDateTime":"2020","abatementDateTime":"2021-02-30","recordedDate":"2022-01-01"}"#,
    );
    let year = temporal::parse("2020", Zone::UTC).unwrap();
    assert_eq!((out.ts_lo, out.ts_hi), (year.low, year.high));
    let day = temporal::parse("2022-01-01", Zone::UTC).unwrap();
    assert_eq!(out.dates, [(keys().date(ty, "recorded-date"), day.low, day.high)]);
    assert_eq!(out.unreadable, ["abatement-date"]);
}

#[test]
fn conditions_in_paths_hold() {
    let (_, out) = read(
        r#"{"resourceType":"Library","relatedArtifact":[{"type":"composed-of","resource":"http://a|1"},{"type":"depends-on","resource":"http://b"}]}"#,
    );
    let k = keys();
    let has = |t: i64| out.terms.binary_search(&t).is_ok();
    assert!(has(k.term_reference("composed-of", "http://a")) && has(k.term_reference("composed-of", "http://a|1")));
    assert!(!has(k.term_reference("composed-of", "http://b")) && has(k.term_reference("depends-on", "http://b")));
    let (_, out) = read(
        r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Composition","id":"c"}},{"resource":{"resourceType":"Patient","id":"p"}}]}"#,
    );
    assert!(out.terms.binary_search(&k.term_reference("composition", "Composition/c")).is_ok());
    assert!(out.terms.binary_search(&k.term_reference("composition", "Patient/p")).is_err());
}

#[test]
fn long_strings_are_cut_at_a_character() {
    let long = "é".repeat(2000);
    let (_, out) = read(&format!(r#"{{"resourceType":"Patient","name":[{{"family":"{long}"}}]}}"#));
    assert!(out.strings.iter().all(|(_, s)| s.len() <= MAX_STRING && !s.is_empty()));
    assert!(out.terms.binary_search(&keys().term_exact("family", &long)).is_ok());
}

#[test]
fn includes_follow_a_parameter() {
    let json = Json::parse(OBSERVATION).unwrap();
    let param = registry::parameter(ResourceType::Observation, "performer").unwrap();
    let found = references_of(&json, param, &Options::default());
    let texts: Vec<_> = found.iter().map(|r| format!("{}/{}", r.resource_type, r.id)).collect();
    assert_eq!(texts, ["Patient/p2", "Practitioner/d1"]);
    let mut each = Vec::new();
    let of = |code| registry::parameter(ResourceType::Observation, code).unwrap();
    let here = Options { base_url: Some("https://here/fhir/R4"), ..Options::default() };
    references_by(&json, &[of("performer"), of("encounter")], &here, &mut |param, r| {
        each.push(format!("{} {}/{}", param.code, r.resource_type, r.id));
    });
    each.sort();
    assert_eq!(each, ["encounter Encounter/e1", "performer Patient/p2", "performer Practitioner/d1"]);
}

#[test]
fn every_expression_ends_at_elements_its_kind_reads() {
    let readable = |kind: Kind, name: &str| match kind {
        Kind::Token => [
            "CodeableConcept",
            "Coding",
            "Identifier",
            "ContactPoint",
            "code",
            "boolean",
            "string",
            "id",
            "uri",
            "dateTime",
        ]
        .contains(&name),
        Kind::Date => ["date", "dateTime", "instant", "Period", "Timing"].contains(&name),
        Kind::String => ["string", "markdown", "HumanName", "Address"].contains(&name),
        Kind::Reference => ["Reference", "canonical", "uri", "Resource"].contains(&name),
        Kind::Quantity => ["Quantity", "Range", "Money", "Age", "Duration", "SampledData"].contains(&name),
        Kind::Number => ["decimal", "integer", "positiveInt", "unsignedInt", "Range"].contains(&name),
        Kind::Uri => ["uri", "url", "canonical", "oid", "uuid"].contains(&name),
        Kind::Composite | Kind::Special => true,
    };
    let mut odd = Vec::new();
    for ty in ResourceType::all() {
        for param in registry::parameters(*ty).iter().filter(|p| !p.expression.is_empty() && !p.code.starts_with('_')) {
            let types: Vec<_> = element_path::value_types(param).iter().map(|t| t.name()).collect();
            // published with R4's parameters, but R4 has no such element
            if *ty == ResourceType::DeviceDefinition && param.code == "classification" {
                continue;
            }
            if types.is_empty() || !types.iter().all(|t| readable(param.kind, t)) {
                odd.push(format!("{ty}.{}: {types:?}", param.code));
            }
        }
    }
    assert_eq!(odd, [""; 0]);
}
