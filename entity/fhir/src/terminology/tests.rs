use std::sync::Arc;

use super::*;
use crate::Json;

const COLOURS: &str = r#"{"resourceType":"CodeSystem","url":"urn:colours","version":"1.2","status":"active","content":"complete","caseSensitive":false,
"concept":[{"code":"any","display":"Any colour","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
 {"code":"red","display":"Red","property":[{"code":"warm","valueBoolean":true}],"concept":[{"code":"crimson","display":"Deep crimson"}]},
 {"code":"blue","display":"Blue","designation":[{"language":"de","value":"Blau"}]}]},
 {"code":"purple","display":"Purple","property":[{"code":"parent","valueCode":"red"},{"code":"parent","valueCode":"blue"},{"code":"inactive","valueBoolean":true}]}]}"#;

fn library() -> Library {
    let system = CodeSystem::read(&Json::parse(COLOURS).unwrap()).unwrap();
    Library { systems: [("urn:colours".to_owned(), Arc::new(system))].into(), ..Library::default() }
}

fn set(compose: &str) -> ValueSet {
    ValueSet::read(&Json::parse(&format!(r#"{{"resourceType":"ValueSet","compose":{compose}}}"#)).unwrap()).unwrap()
}

#[test]
fn sets_are_what_their_rules_say() {
    let library = library();
    let all = r#"{"include":[{"system":"urn:colours"}]}"#;
    let filtered = |filter: &str| {
        let (property, rest) = filter.split_once(' ').unwrap();
        let (op, value) = rest.split_once(' ').unwrap();
        format!(
            r#"{{"include":[{{"system":"urn:colours","filter":[{{"property":"{property}","op":"{op}","value":"{value}"}}]}}]}}"#
        )
    };
    for (compose, expected) in [
        (all.to_owned(), "red crimson blue purple"),
        (r#"{"inactive":false,"include":[{"system":"urn:colours"}]}"#.into(), "red crimson blue"),
        (filtered("concept is-a red"), "red crimson purple"),
        (filtered("concept descendent-of red"), "crimson purple"),
        (filtered("concept is-not-a red"), "blue"),
        (filtered("concept generalizes crimson"), "red crimson"),
        (filtered("concept = RED"), "red"),
        (filtered("code in red,blue"), "red blue"),
        (filtered("warm = true"), "red"),
        (filtered("warm exists false"), "crimson blue purple"),
        (filtered("parent = blue"), "purple"),
        (r#"{"include":[{"system":"urn:colours"}],"exclude":[{"system":"urn:colours","concept":[{"code":"blue"}]}]}"#.into(), "red crimson purple"),
        (r#"{"include":[{"system":"urn:x","concept":[{"code":"1"}]},{"system":"urn:colours","concept":[{"code":"any"}]}]}"#.into(), "1 any"),
        (r#"{"include":[{"valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"]}]}"#.into(), "male female other unknown"),
        (r#"{"include":[{"system":"http://hl7.org/fhir/administrative-gender","valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"],"concept":[{"code":"male"},{"code":"none"}]}]}"#.into(), "male"),
    ] {
        let set = set(&compose);
        let expansion = library.expand(&set, &Wanted::default()).unwrap();
        let codes: Vec<&str> = expansion.hits.iter().map(|h| h.code).collect();
        assert_eq!(codes.join(" "), expected, "{compose}");
        // A single code is decided by other code than the list.
        for code in ["any", "red", "crimson", "blue", "purple", "1", "male", "none"] {
            let found = ["urn:colours", "urn:x", "http://hl7.org/fhir/administrative-gender"]
                .iter()
                .any(|s| library.member(&set, Some(s), code).unwrap().is_some());
            assert_eq!(found, codes.contains(&code), "{compose} {code}");
        }
    }
    for (filter, refused) in [("code regex .*", "NotSupported"), ("concept is-a green", "Invalid")] {
        let error = library.expand(&set(&filtered(filter)), &Wanted::default()).unwrap_err();
        assert!(format!("{error:?}").starts_with(refused), "{error:?}");
    }
    let unknown = set(r#"{"include":[{"system":"urn:unknown"}]}"#);
    assert!(matches!(library.expand(&unknown, &Wanted::default()), Err(Trouble::NotFound(_))));
    assert!(matches!(library.member(&unknown, Some("urn:unknown"), "x"), Err(Trouble::NotFound(_))));
}

#[test]
fn pages_and_words_narrow_an_expansion() {
    let (library, set) = (library(), set(r#"{"include":[{"system":"urn:colours"}]}"#));
    let page = |wanted: Wanted| {
        let expansion = library.expand(&set, &wanted).unwrap();
        (expansion.total, expansion.hits.iter().map(|h| h.code).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(page(Wanted { offset: 1, count: Some(2), ..Wanted::default() }), (4, "crimson blue".into()));
    assert_eq!(page(Wanted { count: Some(0), ..Wanted::default() }), (4, String::new()));
    assert_eq!(page(Wanted { filter: Some("CRIM deep".into()), ..Wanted::default() }), (1, "crimson".into()));
    assert_eq!(page(Wanted { filter: Some("rimson".into()), ..Wanted::default() }), (0, String::new()));
    assert_eq!(page(Wanted { active_only: true, ..Wanted::default() }), (3, "red crimson blue".into()));
}

#[test]
fn codes_subsume_one_another() {
    let library = library();
    let system = library.code_system("urn:colours").unwrap();
    let number = |code| system.find(code).unwrap();
    for (a, b, outcome) in [
        ("red", "RED", Subsumption::Equivalent),
        ("any", "purple", Subsumption::Subsumes),
        ("purple", "blue", Subsumption::SubsumedBy),
        ("red", "blue", Subsumption::NotSubsumed),
    ] {
        assert_eq!(system.subsumption(number(a), number(b)), outcome, "{a} {b}");
    }
    // Of a published hierarchy with several parents.
    let act = library.code_system("http://terminology.hl7.org/CodeSystem/v3-ActCode").unwrap();
    let of = |code| act.find(code).unwrap();
    assert_eq!(act.subsumption(of("_ActInsuranceTypeCode"), of("AUTOPOL")), Subsumption::Subsumes);
    assert!(act.parents(of("PRDMX")).count() >= 2);
}

#[test]
fn a_contradictory_system_is_refused() {
    for body in [
        r#"{"url":"urn:x","content":"complete","concept":[{"code":"a"},{"code":"a"}]}"#,
        r#"{"url":"urn:x","content":"complete","concept":[{"code":"a","property":[{"code":"parent","valueCode":"b"}]}]}"#,
    ] {
        assert!(matches!(CodeSystem::read(&Json::parse(body).unwrap()), Err(Trouble::Invalid(_))), "{body}");
    }
}

/// Every set of R4 that is shipped can be expanded: nothing it draws on is left out.
#[test]
fn every_set_of_r4_expands() {
    let library = Library::default();
    let mut codes = 0;
    for set in builtin::all_sets() {
        let expansion = library.expand(set, &Wanted { count: Some(MAX_EXPANSION), ..Wanted::default() });
        codes += expansion.unwrap_or_else(|e| panic!("{:?}: {e}", set.url)).total;
    }
    assert!(codes > 20_000, "{codes}");
}

#[test]
fn maps_translate_both_ways() {
    let map = Json::parse(
        r#"{"group":[{"source":"a","target":"b","element":[{"code":"1","target":[{"code":"x","equivalence":"wider"},{"equivalence":"unmatched"}]}],
            "unmapped":{"mode":"fixed","code":"other"}}]}"#,
    )
    .unwrap();
    let codes = |asked: &Mapping<'_>| -> Vec<(String, Option<String>)> {
        translate(&map, asked).into_iter().map(|m| (m.equivalence, m.code)).collect()
    };
    let ask = |system, code, reverse| Mapping { system, code, reverse, target_system: None };
    assert_eq!(codes(&ask("a", "1", false)), [("wider".into(), Some("x".into())), ("unmatched".into(), None)]);
    assert_eq!(codes(&ask("a", "2", false)), [("inexact".into(), Some("other".into()))]);
    assert_eq!(codes(&ask("b", "x", true)), [("narrower".into(), Some("1".into()))]);
    assert!(codes(&ask("c", "1", false)).is_empty());
    assert!(codes(&Mapping { target_system: Some("z"), ..ask("a", "1", false) }).is_empty());
}

#[test]
fn versions_are_ordered_by_their_numbers() {
    for (a, b) in [("2.9", "2.10"), ("1", "1.1"), ("2018-08-12", "2019-01-01"), ("4.0.1-b", "4.0.2")] {
        assert!(compare_versions(a, b).is_lt(), "{a} {b}");
    }
}
