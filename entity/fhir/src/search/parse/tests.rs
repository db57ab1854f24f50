use super::*;
use crate::temporal::Zone;

const BASE: &str = "https://here/fhir/R4";

fn read_as(ty: ResourceType, query: &str, handling: Handling) -> Result<Parsed, Vec<Issue>> {
    let pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once('=').map_or((p.to_owned(), String::new()), |(n, v)| (n.to_owned(), v.to_owned())))
        .collect();
    let now = DateTime::parse_from_rfc3339("2024-01-11T00:00:00Z").unwrap().with_timezone(&Utc);
    parse(ty, &pairs, handling, now, &Options { zone: Zone::UTC, base_url: Some(BASE), added: None })
}

fn read(ty: ResourceType, query: &str) -> Query {
    read_as(ty, query, Handling::Strict).unwrap_or_else(|e| panic!("{query}: {e:?}")).query
}

#[track_caller]
fn refused(ty: ResourceType, query: &str, code: IssueType, culprit: &str) {
    let errors = read_as(ty, query, Handling::Strict).expect_err(query);
    assert_eq!(errors.len(), 1, "{query}: {errors:?}");
    assert_eq!(errors[0].code, code, "{query}: {errors:?}");
    assert!(errors[0].diagnostics.contains(culprit), "{query}: {errors:?}");
}

/// The one operand of the one clause.
#[track_caller]
fn operand(ty: ResourceType, query: &str) -> (Modifier, Operand) {
    match read(ty, query).all.remove(0) {
        Clause::Param { modifier, mut any, .. } => {
            assert_eq!(any.len(), 1);
            (modifier, any.remove(0))
        }
        other => panic!("{other:?}"),
    }
}

use ResourceType::{Condition, Encounter, Immunization, Location, MolecularSequence, Observation, Patient};

#[test]
fn tokens_are_read_with_their_escapes() {
    let code = |c: &str| Token::Code(c.into());
    let table = [
        ("code=1", Token::Code("1".into())),
        ("code=s|1", Token::SystemCode { system: "s".into(), code: "1".into() }),
        ("code=|1", Token::NoSystemCode("1".into())),
        ("code=s|", Token::System("s".into())),
        (r"code=a\|b", code("a|b")),
        (r"code=a\,b", code("a,b")),
        (r"code=a\\b", code(r"a\b")),
        (r"code=a\xb", code(r"a\xb")),
    ];
    for (query, token) in table {
        assert_eq!(operand(Observation, query), (Modifier::None, Operand::Token(token)), "{query}");
    }
    assert_eq!(
        operand(Patient, "identifier:of-type=http://s|MR|12").1,
        Operand::Token(Token::OfType { system: "http://s".into(), code: "MR".into(), value: "12".into() })
    );
    refused(Patient, "identifier:of-type=http://s|MR", IssueType::Value, "identifier:of-type");
    refused(Observation, "code=a|b|c", IssueType::Value, "code");
    refused(Observation, "code=|", IssueType::Value, "code");
    let Clause::Param { any, .. } = &read(Observation, "code=a,b,c").all[0] else { panic!() };
    assert_eq!(any.len(), 3);
    refused(Observation, "code=a,,c", IssueType::Value, "code");
}

#[test]
fn references_are_local_absolute_canonical_or_logical() {
    let local = |types: &[ResourceType], id: &str, version: Option<&str>| {
        Operand::Reference(ReferenceOperand::Local {
            types: types.to_vec(),
            id: id.into(),
            version: version.map(Into::into),
        })
    };
    let table = [
        ("subject=Patient/1", local(&[Patient], "1", None)),
        ("subject=Patient/1/_history/2", local(&[Patient], "1", Some("2"))),
        ("subject=https://here/fhir/R4/Patient/1", local(&[Patient], "1", None)),
        ("subject:Patient=1", local(&[Patient], "1", None)),
        ("patient=1", local(&[Patient], "1", None)),
        (
            "subject=https://there/Patient/1",
            Operand::Reference(ReferenceOperand::Absolute("https://there/Patient/1".into())),
        ),
    ];
    for (query, expected) in table {
        assert_eq!(operand(Condition, query), (Modifier::None, expected), "{query}");
    }
    let Operand::Reference(ReferenceOperand::Local { types, .. }) = operand(Condition, "subject=1").1 else { panic!() };
    assert!(types.contains(&Patient) && types.contains(&ResourceType::Group));
    assert_eq!(
        operand(ResourceType::CarePlan, "instantiates-canonical=http://a|1").1,
        Operand::Reference(ReferenceOperand::Canonical { url: "http://a".into(), version: Some("1".into()) })
    );
    assert_eq!(operand(Condition, "subject:identifier=s|v").0, Modifier::Identifier);
    refused(Condition, "subject=a b", IssueType::Value, "subject");
    refused(Condition, "subject:Patient=Group/1", IssueType::Value, "subject:Patient");
    refused(Condition, "subject:Practitioner=1", IssueType::NotSupported, "Practitioner");
}

#[test]
fn dates_have_prefixes_and_ranges() {
    let at = |t: &str| temporal::parse(t, Zone::UTC).unwrap();
    for (text, prefix) in
        [("", Prefix::Eq), ("eq", Prefix::Eq), ("ne", Prefix::Ne), ("sa", Prefix::Sa), ("le", Prefix::Le)]
    {
        let i = at("2024-01");
        let expected = Operand::Date(DateOperand { prefix, low: i.low, high: i.high });
        assert_eq!(operand(Observation, &format!("date={text}2024-01")).1, expected);
    }
    // ten days from now: a day on either side
    let Operand::Date(d) = operand(Observation, "date=ap2024-01-01").1 else { panic!() };
    assert_eq!((d.low, d.high), (at("2023-12-31").low, at("2024-01-02").high));
    refused(Observation, "date=zz2024", IssueType::Value, "date");
    refused(Observation, "date=2024-02-30", IssueType::Value, "2024-02-30");
}

#[test]
fn numbers_and_quantities_have_ranges_and_units() {
    let Operand::Number(n) = operand(ResourceType::RiskAssessment, "probability=gt0.8").1 else { panic!() };
    assert_eq!((n.prefix, n.value, n.low, n.high), (Prefix::Gt, 0.8, 0.75, 0.85));
    let Operand::Number(n) = operand(ResourceType::RiskAssessment, "probability=ap100").1 else { panic!() };
    assert_eq!((n.low, n.high), (90.0, 110.0));
    let Operand::Number(n) = operand(MolecularSequence, "variant-start=100").1 else { panic!() };
    assert_eq!((n.low, n.high), (100.0, 100.0), "an integer is exact");
    let quantity = |query| match operand(Observation, query).1 {
        Operand::Quantity(q) => q,
        other => panic!("{other:?}"),
    };
    let q = quantity("value-quantity=5.4|http://unitsofmeasure.org|mg");
    assert_eq!(q.unit, Unit::Coded { system: ucum::SYSTEM.into(), code: "g".into() });
    assert_eq!((q.number.value, q.number.low, q.number.high), (0.0054, 0.00535, 0.00545));
    assert_eq!(quantity("value-quantity=5.4").unit, Unit::Any);
    assert_eq!(quantity("value-quantity=5.4||mg").unit, Unit::Text("mg".into()));
    assert_eq!(
        quantity("value-quantity=lt5|http://x|y").unit,
        Unit::Coded { system: "http://x".into(), code: "y".into() }
    );
    refused(Observation, "value-quantity=5|mg", IssueType::Value, "value-quantity");
    refused(Observation, "value-quantity=five", IssueType::Value, "value-quantity");
    let Operand::Composite(parts) = operand(Observation, "code-value-quantity=http://loinc.org|1$ge5").1 else {
        panic!()
    };
    assert_eq!(parts.len(), 2);
    refused(Observation, "code-value-quantity=1", IssueType::Value, "code-value-quantity");
    assert_eq!(
        operand(Location, "near=42.5|-71.1|1|[mi_i]").1,
        Operand::Near { latitude: 42.5, longitude: -71.1, distance_km: 1.609_344 }
    );
    refused(Location, "near=142|0", IssueType::Value, "near");
}

#[test]
fn modifiers_belong_to_kinds() {
    assert_eq!(operand(Patient, "name:exact=Ü").0, Modifier::Exact);
    assert_eq!(operand(Patient, "name:contains=u").0, Modifier::Contains);
    assert_eq!(operand(Observation, "code:text=heart").0, Modifier::Text);
    assert_eq!(operand(Observation, "status:not=final").0, Modifier::Not);
    assert_eq!(operand(Observation, "code:in=http://vs").1, Operand::Uri("http://vs".into()));
    assert!(matches!(read(Patient, "name:missing=true").all[0], Clause::Missing { missing: true, .. }));
    for (ty, query, culprit) in [
        (Patient, "name:nonsense=x", "nonsense"),
        (Patient, "birthdate:exact=2020", "exact"),
        (Observation, "status:exact=final", "exact"),
        (Observation, "value-quantity:not=1", "not"),
    ] {
        refused(ty, query, IssueType::NotSupported, culprit);
    }
    refused(Patient, "name:missing=maybe", IssueType::Value, "missing");
}

#[test]
fn chains_and_has_follow_references() {
    let Clause::Chain { param, target, clause } = &read(Observation, "subject:Patient.name:exact=x").all[0] else {
        panic!()
    };
    assert_eq!((param.code, *target), ("subject", Patient));
    assert!(matches!(&**clause, Clause::Param { modifier: Modifier::Exact, .. }));
    let Clause::Chain { clause, .. } = &read(Observation, "patient.organization.name=x").all[0] else { panic!() };
    assert!(matches!(&**clause, Clause::Chain { target: ResourceType::Organization, .. }));
    // Device, Group, Location and Patient have identifiers
    let Clause::Or(all) = &read(Observation, "subject.identifier=x").all[0] else { panic!() };
    assert_eq!(all.len(), 4);
    let Clause::Has { source, param, clause } = &read(Patient, "_has:Observation:patient:code=x").all[0] else {
        panic!()
    };
    assert_eq!((*source, param.code), (Observation, "patient"));
    assert!(matches!(&**clause, Clause::Param { .. }));
    assert!(
        matches!(&read(Patient, "_has:Observation:patient:_has:AuditEvent:entity:agent=x").all[0], Clause::Has { clause, .. } if matches!(**clause, Clause::Has { .. }))
    );
    refused(Observation, "subject.nonsense=x", IssueType::NotSupported, "nonsense");
    refused(Observation, "code.name=x", IssueType::NotSupported, "code");
    refused(Observation, "subject:Encounter.class=x", IssueType::NotSupported, "Encounter");
    refused(Patient, "_has:Observation:code=x", IssueType::NotSupported, "_has:Observation:code");
    refused(Patient, "_has:Observation:encounter:code=x", IssueType::NotSupported, "encounter");
    let deep = format!("{}name=x", "partof.".repeat(7));
    refused(ResourceType::Organization, &deep, IssueType::TooCostly, "5 references");
    refused(Observation, "focus.focus.focus.focus.code=x", IssueType::TooCostly, "focus");
}

#[test]
fn result_parameters_are_read() {
    let q = read(
        Observation,
        "_count=10&_sort=-date,code&_total=accurate&_summary=data&_elements=code,subject&_include=Observation:subject:Patient&_include:recurse=Patient:*&_revinclude=Provenance:target&_contained=false",
    );
    assert_eq!((q.count, q.total, q.summary), (Some(10), Total::Accurate, Summary::Data));
    assert_eq!(
        q.sort.iter().map(|s| (s.param.code, s.descending)).collect::<Vec<_>>(),
        [("date", true), ("code", false)]
    );
    assert_eq!(q.include[0].target, Some(Patient));
    assert!(q.include[1].iterate && q.include[1].param.is_none());
    assert_eq!(q.revinclude[0].source, Some(ResourceType::Provenance));
    assert_eq!(q.elements, ["code", "subject"]);
    assert!(q.applied.contains(&("_include:iterate".into(), "Patient:*".into())));
    assert_eq!(read(Observation, "_count=5000").count, Some(MAX_COUNT));
    assert_eq!(read(Observation, "_count=0").count, Some(0));
    let p = read_as(Observation, "_format=json&_pretty=true", Handling::Strict).unwrap();
    assert_eq!((p.format.as_deref(), p.pretty, p.query.applied.len()), (Some("json"), true, 0));
    for (query, code, culprit) in [
        ("_count=-1", IssueType::Value, "_count"),
        ("_count=x", IssueType::Value, "_count"),
        ("_count=1&_count=2", IssueType::Invalid, "_count"),
        ("_total=all", IssueType::Value, "_total"),
        ("_summary=x", IssueType::Value, "_summary"),
        ("_sort=nonsense", IssueType::NotSupported, "nonsense"),
        ("_sort=code-value-quantity", IssueType::NotSupported, "code-value-quantity"),
        ("_include=Patient:general-practitioner", IssueType::NotSupported, "_include"),
        ("_include=Observation:code", IssueType::NotSupported, "code"),
        ("_include=Observation:subject:Practitioner", IssueType::NotSupported, "Practitioner"),
        ("_revinclude=Encounter:patient", IssueType::NotSupported, "patient"),
        ("_contained=both", IssueType::NotSupported, "_contained"),
        ("_filter=x", IssueType::Value, "_filter"),
        ("_query=x", IssueType::NotSupported, "_query"),
        ("nonsense=1", IssueType::NotSupported, "nonsense"),
    ] {
        refused(Observation, query, code, culprit);
    }
}

#[test]
fn each_culprit_has_its_issue_and_lenient_handling_is_visible() {
    let errors = read_as(Patient, "foo=1&bar=2&_count=x", Handling::Strict).unwrap_err();
    assert_eq!(errors.len(), 3);
    let parsed = read_as(Patient, "foo=1&name=x&gender:what=male", Handling::Lenient).unwrap();
    assert_eq!((parsed.warnings.len(), parsed.query.all.len()), (2, 1));
    assert_eq!(parsed.query.applied, [("name".to_owned(), "x".to_owned())]);
    // what cannot be read, or limits the rows to a patient, is never left out
    assert!(read_as(Patient, "birthdate=yesterday", Handling::Lenient).is_err());
    assert!(read_as(ResourceType::CarePlan, "patient:what=1", Handling::Lenient).is_err());
    assert!(read_as(ResourceType::Practitioner, "patient=1", Handling::Lenient).is_err());
    assert!(read_as(Immunization, "patient.nonsense=1", Handling::Lenient).is_err());
}

#[test]
fn empty_values_are_ignored_visibly_except_where_they_select_a_patient() {
    let parsed = read_as(Patient, "name=", Handling::Strict).unwrap();
    assert_eq!((parsed.warnings.len(), parsed.query.all.len(), parsed.query.applied.len()), (1, 0, 0));
    for (ty, query) in [(Encounter, "patient="), (Encounter, "subject="), (Patient, "_id=")] {
        refused(ty, query, IssueType::Value, query.trim_end_matches('='));
        assert!(read_as(ty, query, Handling::Lenient).is_err());
    }
}

#[test]
fn values_are_bounded() {
    let many = vec!["a"; MAX_VALUES + 1].join(",");
    refused(Observation, &format!("code={many}"), IssueType::TooCostly, "256");
    let nested = format!("{}_id eq a{}", "(".repeat(30_000), ")".repeat(30_000));
    refused(Observation, &format!("_filter={nested}"), IssueType::TooCostly, "parentheses");
    let many = vec!["code=a,b"; MAX_VALUES / 2 + 1].join("&");
    assert!(read_as(Observation, &many, Handling::Lenient).is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    /// Whatever people send, the answer is a query or issues that name a culprit.
    #[test]
    fn no_input_is_a_panic(
        name in "(_has:|_include|_sort|code|date|subject|value-quantity|near|component-code-value-quantity|name|[a-z_:.é]{0,12})([:.](Patient|missing|exact|of-type|name|_id|[a-z]{1,4})){0,3}",
        value in "(gt|ap|ne|sa)?[0-9a-zT:|$,.\\\\ é%+-]{0,24}",
        lenient in proptest::bool::ANY,
    ) {
        let handling = if lenient { Handling::Lenient } else { Handling::Strict };
        let pairs = [(name, value)];
        for ty in [Patient, Observation, Location] {
            let now = DateTime::<Utc>::MIN_UTC;
            match parse(ty, &pairs, handling, now, &Options::default()) {
                Ok(_) => {}
                Err(issues) => proptest::prop_assert!(issues.iter().all(|i| !i.diagnostics.is_empty())),
            }
        }
    }

    /// The readers of single values refuse or read, and never panic.
    #[test]
    fn no_text_is_a_panic(text in "[0-9TZ:.eE+/|#?a-z{}()\\[\\]*^%é-]{0,40}") {
        let _ = temporal::parse(&text, Zone::UTC);
        let _ = temporal::time(&text);
        let _ = quantity::number(&text);
        let _ = ucum::canonical(&text);
        let _ = reference::parse(&text, Some(BASE));
        let _ = crate::search::fold::fold(&text);
        let _ = crate::search::element_path::parse(&text, "Patient");
    }
}
