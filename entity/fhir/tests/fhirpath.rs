//! FHIRPath over a document written here: navigation, types, functions, limits, and R4 invariants.

use chrono::DateTime;
use fhir::Json;
use fhir::path::invariant::{Place, holds};
use fhir::path::{Budget, Check, Collection, Context, ErrorKind, Expression, Node, Type, Value};

const PATIENT: &str = r##"{
  "resourceType": "Patient", "id": "p1",
  "contained": [
    {"resourceType": "Organization", "id": "org", "name": "Clinic"},
    {"resourceType": "Practitioner", "id": "doc"}
  ],
  "extension": [{"url": "http://example.org/eyes", "valueString": "blue"}],
  "active": true,
  "name": [
    {"use": "official", "family": "Berg", "given": ["Ada", "Lina"], "period": {"start": "2001-05-06", "end": "2001-05-06T10:10:10Z"}},
    {"use": "nickname", "given": ["Ad", null], "_given": [null, {"extension": [{"url": "http://example.org/why", "valueCode": "masked"}]}]}
  ],
  "telecom": [{"system": "phone", "value": "1", "rank": 2}, {"system": "email", "value": "a@b.c"}, {"system": "phone", "value": "2", "rank": 1}],
  "gender": "female",
  "birthDate": "1980-02-29",
  "_birthDate": {"id": "b", "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": "1980-02-29T04:05:06Z"}]},
  "deceasedBoolean": false,
  "multipleBirthInteger": 2,
  "generalPractitioner": [{"reference": "#doc"}, {"reference": "Practitioner/7"}, {"reference": "urn:uuid:1", "type": "Organization"}],
  "managingOrganization": {"reference": "#org"}
}"##;

const OBSERVATION: &str = r#"{
  "resourceType": "Observation", "status": "final",
  "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}], "text": "Body  Weight"},
  "subject": {"reference": "Patient/p1"},
  "effectiveDateTime": "2024-03",
  "valueQuantity": {"value": 72.50, "unit": "kilo", "system": "http://unitsofmeasure.org", "code": "kg"},
  "component": [
    {"code": {"text": "a"}, "valueQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "mg"}},
    {"code": {"text": "b"}, "valueString": "x"}
  ]
}"#;

fn show(values: &Collection<'_>) -> String {
    let items: Vec<String> =
        values.iter().map(|v| v.text().unwrap_or_else(|| format!("<{}>", v.type_name().1))).collect();
    items.join(",")
}

fn evaluate(text: &str, document: &Json<'_>) -> Result<String, String> {
    let expression = Expression::parse(text).map_err(|e| e.to_string())?;
    let mut context = Context::new(document);
    context.now = Some(DateTime::parse_from_rfc3339("2024-07-01T12:30:00.5+02:00").expect("a date"));
    expression.evaluate(&context).map(|values| show(&values)).map_err(|e| e.to_string())
}

#[test]
fn expressions_over_a_patient() {
    let document = Json::parse(PATIENT).unwrap();
    let table = [
        ("name.given", "Ada,Lina,Ad,<string>"),
        ("Patient.name.where(use = 'official').family", "Berg"),
        ("Person.name", ""),
        ("name[1].given[0]", "Ad"),
        ("name.given.select(hasValue())", "true,true,true,false"),
        ("name.given.extension('http://example.org/why').value", "masked"),
        ("birthDate.extension.value", "1980-02-29T04:05:06Z"),
        ("birthDate.id", "b"),
        ("birthDate is date", "true"),
        ("birthDate is System.Date", "false"),
        ("gender is string", "true"),
        ("gender.ofType(string)", ""),
        ("gender.ofType(code)", "female"),
        ("deceased", "false"),
        ("deceased is boolean", "true"),
        ("deceased.ofType(dateTime).empty()", "true"),
        ("deceasedBoolean", ""),
        ("multipleBirth + 1", "3"),
        ("extension.where(url.endsWith('eyes')).value", "blue"),
        ("telecom.where(system = 'phone').value", "1,2"),
        ("telecom.where(rank.exists()).sort(rank).value", "2,1"),
        ("telecom.sort(-value).value", "a@b.c,2,1"),
        ("telecom.system.distinct()", "phone,email"),
        ("telecom.system.isDistinct()", "false"),
        ("telecom.select(iif(rank > 1, value, system))", "1,email,phone"),
        ("telecom.select($index)", "0,1,2"),
        ("telecom.rank.aggregate($this + $total, 0)", "3"),
        ("generalPractitioner.where(resolve() is Practitioner).count()", "2"),
        ("generalPractitioner[2].resolve() is Organization", "true"),
        ("managingOrganization.resolve().name", "Clinic"),
        ("contained.ofType(Practitioner).id", "doc"),
        ("contained.where(('#' + id) in %resource.descendants().reference).id", "org,doc"),
        ("children().count() > 10", "true"),
        ("descendants().where($this is Extension).count()", "3"),
        ("birthDate < @1980-03", "true"),
        ("birthDate > @1980", ""),
        ("birthDate + 1 year", "1981-02-28"),
        ("birthDate + 1 month", "1980-03-29"),
        ("today() - 1 day", "2024-06-30"),
        ("now()", "2024-07-01T12:30:00.500+02:00"),
        ("timeOfDay()", "12:30:00.500"),
        ("name.period.start <= name.period.end", ""),
        ("name.period.start.lowBoundary() < name.period.end.highBoundary()", "true"),
        ("name.family.upper() & '-' & gender.substring(0, 3)", "BERG-fem"),
        ("name.given.join('/')", "Ada/Lina/Ad"),
        ("'a,b,,c'.split(',').count()", "4"),
        ("'añb'.length() = 3 and 'añb'.indexOf('b') = 2", "true"),
        ("'x1y22'.replaceMatches('[0-9]+', '#')", "x#y#"),
        ("'line\\nbreak'.matches('line.break')", "true"),
        ("name.family.matches('er')", "true"),
        ("name.family.matchesFull('er')", "false"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("7 div 2", "3"),
        ("-7 mod 2", "-1"),
        ("1 / 3", "0.3333333333333333"),
        ("1 / 0", ""),
        ("2147483647 + 1", ""),
        ("2.power(10)", "1024"),
        ("1.10.precision()", "2"),
        ("(1 | 2 | 3).exclude(2)", "1,3"),
        ("(1 | 2).combine(2)", "1,2,2"),
        ("1 in (1 | 2) and (1 | 2) contains 2", "true"),
        ("{} or true", "true"),
        ("{} and true", ""),
        ("1 'g' = 1000 'mg'", "true"),
        ("3 weeks = 21 days", "true"),
        ("1 year = 12 months", "true"),
        ("1 year = 365 days", ""),
        ("'2.5 \\'kg\\''.toQuantity() > 2 'kg'", "true"),
        ("'yes'.toBoolean()", "true"),
        ("'12x'.toInteger().empty()", "true"),
        ("@2024-02-30.exists()", "a date or time was expected after \"@\" (at 0)"),
        ("name.given.single()", "one item was expected, there are 4 (at 11)"),
        ("%unknown", "the variable %unknown is not set (at 0)"),
        ("gender.memberOf('http://x')", "the value set http://x is not available (at 7)"),
        ("type().name", "Patient"),
        ("active.type().namespace & '.' & active.type().name", "FHIR.boolean"),
        ("text.`div`.exists()", "false"),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", "true"),
    ];
    for (text, expected) in table {
        let actual = evaluate(text, &document).unwrap_or_else(|e| e);
        assert_eq!(actual, expected, "{text}");
    }
}

#[test]
fn expressions_over_an_observation() {
    let document = Json::parse(OBSERVATION).unwrap();
    let table = [
        ("value.value", "72.50"),
        ("value", "72.50 'kg'"),
        ("value > 70000 'g'", "true"),
        ("value = 72.5 'kg'", "true"),
        ("value > 1 'm'", ""),
        ("value.as(Quantity).unit", "kilo"),
        ("(value as string).empty()", "true"),
        ("component.value.ofType(Quantity).code", "mg"),
        ("component.value.ofType(string)", "x"),
        ("component.where(value is Quantity).code.text", "a"),
        ("code.text ~ 'body weight'", "true"),
        ("effective is dateTime", "true"),
        ("effective < @2024-04-01", "true"),
        ("subject.resolve() is Patient", "true"),
        ("subject.reference.resolve() is Group", "false"),
        ("component.repeat(children()).count() > 5", "true"),
        ("code.coding.exists(system = %loinc)", "true"),
    ];
    for (text, expected) in table {
        let actual = evaluate(text, &document).unwrap_or_else(|e| e);
        assert_eq!(actual, expected, "{text}");
    }
}

#[test]
fn mistakes_name_their_place() {
    let table = [
        ("name..given", ErrorKind::Syntax, 5),
        ("1 +", ErrorKind::Syntax, 3),
        ("name and", ErrorKind::Syntax, 8),
        ("(1", ErrorKind::Syntax, 2),
        ("'open", ErrorKind::Syntax, 0),
        ("name.frobnicate()", ErrorKind::Semantic, 5),
        ("name.first(1)", ErrorKind::Semantic, 5),
        ("name.where()", ErrorKind::Semantic, 5),
        ("'a'.matches('(')", ErrorKind::Execution, 4),
        ("$that", ErrorKind::Syntax, 5),
        ("99999999999", ErrorKind::Syntax, 0),
    ];
    for (text, kind, at) in table {
        let error = Expression::parse(text).unwrap_err();
        assert_eq!((error.kind, error.at), (kind, at), "{text}: {error}");
    }
}

#[test]
fn the_check_finds_what_no_type_has() {
    let patient = Type::named("Patient").unwrap();
    let table = [
        ("name.given", true),
        ("Patient.name.givven", false),
        ("Observation.value", false),
        ("deceased.ofType(boolean)", true),
        ("deceasedBoolean", false),
        ("contained.name", true),
        ("contact.where(name.family = 'x').telecom.value", true),
        ("contact.where(nam.family = 'x')", false),
        ("generalPractitioner.resolve().anything", true),
        ("link.other.reference", true),
        ("name.as(Nothing)", false),
        ("extension.value.as(Quantity).unit", true),
        ("(deceased as dateTime).unit", false),
    ];
    for (text, good) in table {
        let result = Expression::parse(text).unwrap().check(patient, Check::default());
        assert_eq!(result.is_ok(), good, "{text}: {result:?}");
    }
    let unordered = Expression::parse("children().first()").unwrap();
    assert!(unordered.check(patient, Check::default()).is_ok());
    assert!(unordered.check(patient, Check { ordered_functions: true }).is_err());
}

#[test]
fn limits_hold() {
    let document = Json::parse(PATIENT).unwrap();
    let deep = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert!(Expression::parse(&deep(63)).is_ok());
    assert_eq!(Expression::parse(&deep(64)).unwrap_err().kind, ErrorKind::Syntax);
    assert!(Expression::parse(&"-".repeat(100_000)).is_err());
    assert!(Expression::parse(&"iif(true,".repeat(100_000)).is_err());
    let nested = format!("{}1{}", "iif(true, ".repeat(60), ")".repeat(60));
    assert_eq!(evaluate(&nested, &document).unwrap(), "1");
    let long = vec!["1"; 5000].join("+");
    assert_eq!(evaluate(&long, &document).unwrap(), "5000");
    assert_eq!(Expression::parse_user(&long).unwrap_err().kind, ErrorKind::TooCostly);

    for text in [
        "descendants().select(%resource.descendants().select(%resource.descendants()))",
        "(1|2|3|4|5|6|7|8|9).select(%resource.descendants()).aggregate($total & 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' & $total, 'x')",
        "'x'.repeat($this & 'x')",
    ] {
        let expression = Expression::parse(text).unwrap();
        let mut context = Context::new(&document);
        context.budget = Budget { steps: 20_000 };
        assert_eq!(expression.evaluate(&context).unwrap_err().kind, ErrorKind::TooCostly, "{text}");
    }
}

#[test]
fn the_context_answers() {
    let document = Json::parse(PATIENT).unwrap();
    let practitioner = Json::parse(r#"{"resourceType":"Practitioner","gender":"male"}"#).unwrap();
    let resolver = |reference: &str| (reference == "Practitioner/7").then_some(&practitioner);
    let terminology =
        |value: &Value<'_>, url: &str| (url == "http://set").then(|| value.text().as_deref() == Some("female"));
    let profiles = |_: &Node<'_>, url: &str| (url == "http://profile").then_some(true);
    let table = [
        ("generalPractitioner.resolve().gender", "male"),
        ("gender.memberOf('http://set')", "true"),
        ("conformsTo('http://profile')", "true"),
        ("telecom.take(%limit).value", "1,a@b.c"),
        ("name.trace('names', family).count()", "2"),
    ];
    let expressions = table.map(|(text, expected)| (Expression::parse(text).unwrap(), expected));
    let as_on_many = Expression::parse("name.given.as(string).count()").unwrap();
    let mut context = Context::new(&document).tracing();
    context.resolver = Some(&resolver);
    context.terminology = Some(&terminology);
    context.profiles = Some(&profiles);
    context.variables.push(("limit".into(), Collection::One(Value::Integer(2))));
    for (expression, expected) in &expressions {
        assert_eq!(show(&expression.evaluate(&context).unwrap()), *expected, "{}", expression.text());
    }
    let traces = context.traces();
    assert_eq!(traces.len(), 1);
    assert_eq!((traces[0].name.as_str(), show(&traces[0].values).as_str()), ("names", "Berg"));

    assert!(as_on_many.evaluate(&context).is_err());
    context.as_filters = true;
    assert_eq!(show(&as_on_many.evaluate(&context).unwrap()), "4");
}

#[test]
fn nodes_know_their_place() {
    let document = Json::parse(PATIENT).unwrap();
    let table = [
        ("name[1].given", vec!["Patient.name[1].given[0]", "Patient.name[1].given[1]"]),
        ("birthDate", vec!["Patient.birthDate"]),
        ("birthDate.extension.value", vec!["Patient.birthDate.extension[0].valueDateTime"]),
        ("$this", vec!["Patient"]),
    ];
    for (text, expected) in table {
        let expression = Expression::parse(text).unwrap();
        let context = Context::new(&document);
        let places: Vec<String> = expression
            .evaluate(&context)
            .unwrap()
            .iter()
            .map(|v| match v {
                Value::Node(node) => node.location(&document).unwrap(),
                _ => panic!("{text} yields nodes"),
            })
            .collect();
        assert_eq!(places, expected, "{text}");
    }
}

/// The published invariants: key and expression.
fn published() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../definitions/types.txt").lines().filter_map(|line| {
        let mut columns = line.strip_prefix("I\t")?.split('\t');
        Some((columns.next()?, columns.next()?))
    })
}

#[test]
fn every_published_invariant_parses() {
    let mut count = 0;
    for (key, text) in published() {
        if let Err(error) = Expression::parse(text) {
            panic!("{key}: {text}: {error}");
        }
        count += 1;
    }
    assert!(count > 150, "{count}");
}

#[test]
fn invariants_tell_good_from_bad() {
    let patient = |rest: &str| format!(r#"{{"resourceType":"Patient",{rest}}}"#);
    let observation = |rest: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"s","code":"c"}}]}},{rest}}}"#
        )
    };
    // Key, where it is looked at, a document that keeps it, a document that breaks it.
    let table = [
        (
            "pat-1",
            "contact",
            patient(r#""contact":[{"name":{"text":"x"}}]"#),
            patient(r#""contact":[{"gender":"male"}]"#),
        ),
        (
            "obs-6",
            "$this",
            observation(r#""valueString":"x""#),
            observation(r#""valueString":"x","dataAbsentReason":{"text":"y"}"#),
        ),
        (
            "obs-7",
            "$this",
            observation(r#""valueString":"x","component":[{"code":{"coding":[{"system":"s","code":"d"}]}}]"#),
            observation(r#""valueString":"x","component":[{"code":{"coding":[{"system":"s","code":"c"}]}}]"#),
        ),
        (
            "dom-2",
            "$this",
            patient(r#""contained":[{"resourceType":"Organization"}]"#),
            patient(r#""contained":[{"resourceType":"Organization","contained":[{"resourceType":"Patient"}]}]"#),
        ),
        (
            "dom-3",
            "$this",
            patient(
                r##""contained":[{"resourceType":"Organization","id":"o"}],"managingOrganization":{"reference":"#o"}"##,
            ),
            patient(
                r##""contained":[{"resourceType":"Organization","id":"o"}],"managingOrganization":{"reference":"#p"}"##,
            ),
        ),
        ("ele-1", "name", patient(r#""name":[{"text":"x"}]"#), patient(r#""name":[{"id":"only"}]"#)),
        (
            "per-1",
            "name.period",
            patient(r#""name":[{"period":{"start":"2020","end":"2021-01"}}]"#),
            patient(r#""name":[{"period":{"start":"2022","end":"2021-01"}}]"#),
        ),
        (
            "ext-1",
            "extension",
            patient(r#""extension":[{"url":"u","valueCode":"x"}]"#),
            patient(r#""extension":[{"url":"u"}]"#),
        ),
        (
            "ref-1",
            "managingOrganization",
            patient(
                r##""contained":[{"resourceType":"Organization","id":"o"}],"managingOrganization":{"reference":"#o"}"##,
            ),
            patient(r##""managingOrganization":{"reference":"#o"}"##),
        ),
        (
            "txt-1",
            "text.`div`",
            patient(r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}"#),
            patient(
                r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script/></div>"}"#,
            ),
        ),
    ];
    for (key, at, good, bad) in table {
        let text = published().find(|(k, _)| *k == key).unwrap().1;
        let invariant = Expression::parse(text).unwrap();
        let place = Expression::parse(at).unwrap();
        for (document, expected) in [(good, true), (bad, false)] {
            let document = Json::parse(&document).unwrap();
            let foci = place.evaluate(&Context::new(&document)).unwrap();
            let [Value::Node(focus)] = foci.as_slice() else { panic!("{key}: one node at {at}") };
            assert_eq!(holds(&invariant, &Place::resource(&document).focus(*focus)), Ok(expected), "{key}");
        }
    }
    // Unknown is no violation: a year and a month of it.
    let document =
        Json::parse(r#"{"resourceType":"Patient","name":[{"period":{"start":"2020","end":"2020-06"}}]}"#).unwrap();
    let period = Expression::parse("name.period").unwrap();
    let foci = period.evaluate(&Context::new(&document)).unwrap();
    let [Value::Node(focus)] = foci.as_slice() else { panic!() };
    let per_1 = Expression::parse(published().find(|(k, _)| *k == "per-1").unwrap().1).unwrap();
    assert_eq!(holds(&per_1, &Place::resource(&document).focus(*focus)), Ok(true));
}
