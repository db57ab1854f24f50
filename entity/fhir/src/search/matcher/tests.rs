use super::*;
use crate::search::parse::{Handling, parse};
use chrono::DateTime;

mod properties;

use crate::ResourceType::{Encounter, Location, Observation, Patient};

pub(super) fn query(ty: ResourceType, pairs: &[(&str, &str)]) -> Query {
    let pairs: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    parse(ty, &pairs, Handling::Strict, now, &Options::default()).unwrap_or_else(|e| panic!("{pairs:?}: {e:?}")).query
}

fn found(document: &str, name: &str, value: &str) -> bool {
    let json = Json::parse(document).unwrap();
    let ty = ResourceType::named(json.str_at("resourceType").unwrap()).unwrap();
    matches_query(&json, &query(ty, &[(name, value)]), &Options::default(), &NoLookup).unwrap()
}

#[track_caller]
fn check(document: &str, table: &[(&str, &str, bool)]) {
    for (name, value, expected) in table {
        assert_eq!(found(document, name, value), *expected, "{name}={value}");
    }
}

/// The examples of R4 search, "date" and "prefixes".
#[test]
fn dates_follow_the_prefix_table() {
    check(
        r#"{"resourceType":"Observation","effectiveDateTime":"2013-01-14T10:00:00Z"}"#,
        &[
            ("date", "eq2013-01-14", true),
            ("date", "2013-01-14T10:00", true),
            ("date", "2013", true),
            ("date", "2013-01-15", false),
            ("date", "ne2013-01-14", false),
            ("date", "ne2013-01-15", true),
            ("date", "lt2013-01-14T10:00", false),
            ("date", "lt2013-01-15", true),
            ("date", "gt2013-01-14", false),
            ("date", "gt2013-01-13", true),
            ("date", "ge2013-01-14", true),
            ("date", "le2013-01-14", true),
        ],
    );
    check(
        r#"{"resourceType":"Encounter","period":{"start":"2013-01-21T00:00:00Z"}}"#,
        &[
            ("date", "gt2013-01-14", true),
            ("date", "ge2013-03-14", true),
            ("date", "le2013-03-14", true),
            ("date", "sa2013-03-14", false),
            ("date", "sa2013-01-20", true),
            ("date", "eb2013-03-14", false),
            ("date", "2013", false),
        ],
    );
    check(
        r#"{"resourceType":"Encounter","period":{"start":"2013-01-21","end":"2013-01-21"}}"#,
        &[("date", "ap2013-01-21", true), ("date", "eb2013-03-14", true), ("date", "2013-01", true)],
    );
    assert!(!found(r#"{"resourceType":"Encounter"}"#, "date", "ne2013"), "no date satisfies nothing");
}

#[test]
fn numbers_and_quantities_follow_the_specification() {
    let observation = |value: &str| {
        format!(
            r#"{{"resourceType":"Observation","valueQuantity":{{"value":{value},"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}}}"#
        )
    };
    let g = "|http://unitsofmeasure.org|g";
    for (stored, value, expected) in [
        ("5400", "5.4".to_owned() + g, true),
        ("5449", "5.4".to_owned() + g, true),
        ("5451", "5.4".to_owned() + g, false),
        ("5449", "5.40".to_owned() + g, false),
        ("5400", "gt5.4".to_owned() + g, false),
        ("5400", "ge5.4".to_owned() + g, true),
        ("5401", "gt5.4".to_owned() + g, true),
        ("5400", "5400".to_owned(), true),
        ("5400", "5400||mg".to_owned(), true),
        ("5400", "5.4||g".to_owned(), true),
        ("5400", "5400||mL".to_owned(), false),
        ("5400", "5400|http://unitsofmeasure.org|mL".to_owned(), false),
        ("5000", "ap5400||mg".to_owned(), true),
        ("4800", "ap5400||mg".to_owned(), false),
    ] {
        assert_eq!(found(&observation(stored), "value-quantity", &value), expected, "{stored} {value}");
    }
    let below = r#"{"resourceType":"Observation","valueQuantity":{"value":5,"comparator":"<"}}"#;
    check(
        below,
        &[
            ("value-quantity", "lt1", true),
            ("value-quantity", "gt4", true),
            ("value-quantity", "gt5", false),
            ("value-quantity", "5", false),
        ],
    );
    let risk = r#"{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":100}]}"#;
    check(
        risk,
        &[
            ("probability", "100", true),
            ("probability", "1e2", true),
            ("probability", "101", false),
            ("probability", "gt99.9", true),
        ],
    );
}

#[test]
fn tokens_and_strings_follow_the_specification() {
    check(
        r#"{"resourceType":"Patient","gender":"male","active":true,"identifier":[{"system":"http://a","value":"AB"},{"value":"z"}],
        "telecom":[{"system":"email","value":"X@y.org"}],"name":[{"family":"Müller","given":["Jean"]}],
        "communication":[{"language":{"coding":[{"system":"http://l","code":"de","display":"German"}]}}]}"#,
        &[
            ("gender", "male", true),
            ("gender", "MALE", false),
            ("gender", "|male", true),
            ("gender:not", "female", true),
            ("gender:not", "male", false),
            ("active", "true", true),
            ("identifier", "ab", true),
            ("identifier", "http://a|ab", true),
            ("identifier", "|AB", false),
            ("identifier", "|Z", true),
            ("identifier", "http://a|", true),
            ("email", "x@Y.org", true),
            ("phone", "x@y.org", false),
            ("language", "http://l|de", true),
            ("language:text", "ger", true),
            ("name", "mull", true),
            ("name", "uller", false),
            ("name:contains", "ULL", true),
            ("name:exact", "Müller", true),
            ("name:exact", "Muller", false),
            ("family", "jean", false),
            ("name", "x,jea", true),
            ("deceased", "false", true),
            ("birthdate:missing", "true", true),
            ("name:missing", "true", false),
        ],
    );
}

#[test]
fn references_uris_and_composites_follow_the_specification() {
    check(
        r#"{"resourceType":"Observation","meta":{"profile":["http://a/b/c|1"]},"subject":{"reference":"Patient/1/_history/2"},
        "component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":2}}]}"#,
        &[
            ("subject", "Patient/1", true),
            ("subject", "1", true),
            ("patient", "1", true),
            ("subject:Group", "1", false),
            ("subject", "Patient/1/_history/2", true),
            ("subject", "Patient/1/_history/3", false),
            ("_profile", "http://a/b/c", true),
            ("_profile:below", "http://a/b", true),
            ("_profile:below", "http://a/", true),
            ("_profile:below", "http://a/b/c/d", false),
            ("_profile:above", "http://a/b/c/d", true),
            ("_profile", "http://a/b", false),
            ("component-code-value-quantity", "a$1", true),
            ("component-code-value-quantity", "a$2", false),
            ("component-code-value-quantity", "b$gt1", true),
            ("combo-code-value-quantity", "b$2", true),
        ],
    );
}

#[test]
fn near_is_a_great_circle() {
    // Greenwich to Paris is 342 km
    let km = distance_km_between((51.4779, 0.0), (48.8566, 2.3522));
    assert!((335.0..345.0).contains(&km), "{km}");
    let paris = r#"{"resourceType":"Location","position":{"latitude":48.8566,"longitude":2.3522}}"#;
    check(paris, &[("near", "51.4779|0|350", true), ("near", "51.4779|0|300", false), ("near", "48.8|2.3", true)]);
    assert!(
        matches_query(&Json::parse(paris).unwrap(), &query(Location, &[]), &Options::default(), &NoLookup).unwrap()
    );
}

struct One;

impl Lookup for One {
    fn matches(&self, ty: ResourceType, id: &str, clause: &Clause) -> Result<bool, Unsupported> {
        let json = Json::parse(r#"{"resourceType":"Patient","id":"1","name":[{"family":"Doe"}]}"#).unwrap();
        Ok(ty == Patient && id == "1" && matches(&json, ty, clause, &Options::default(), &NoLookup)?)
    }

    fn has(
        &self,
        source: ResourceType,
        param: &'static SearchParameter,
        target: (ResourceType, &str),
        _: &Clause,
    ) -> Result<bool, Unsupported> {
        Ok(source == Observation && param.code == "patient" && target == (Patient, "1"))
    }

    fn is_within(&self, _: ResourceType, part: &str, whole: &str) -> Result<bool, Unsupported> {
        Ok(part == whole || (part, whole) == ("ward", "house"))
    }

    fn list(&self, id: &str) -> Result<Vec<(ResourceType, String)>, Unsupported> {
        Ok(if id == "mine" { vec![(Patient, "p".to_owned())] } else { Vec::new() })
    }
}

#[test]
fn chains_and_has_ask_elsewhere() {
    let observation = Json::parse(r#"{"resourceType":"Observation","subject":{"reference":"Patient/1"}}"#).unwrap();
    let patient = Json::parse(r#"{"resourceType":"Patient","id":"1"}"#).unwrap();
    let options = Options::default();
    let run = |json: &Json<'_>, ty, name, value, lookup: &dyn Lookup| {
        matches_query(json, &query(ty, &[(name, value)]), &options, lookup)
    };
    assert_eq!(run(&observation, Observation, "subject:Patient.name", "doe", &One), Ok(true));
    assert_eq!(run(&observation, Observation, "subject:Patient.name", "roe", &One), Ok(false));
    assert!(run(&observation, Observation, "patient.name", "doe", &NoLookup).is_err());
    assert_eq!(run(&patient, Patient, "_has:Observation:patient:code", "x", &One), Ok(true));
    assert!(run(&patient, Patient, "language:in", "http://vs", &One).is_err());
}

#[test]
fn compartments_are_of_their_owner() {
    let options = Options::default();
    let encounter =
        Json::parse(r#"{"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/1"}}"#).unwrap();
    let within = |owner, id: &str| {
        matches(&encounter, Encounter, &Clause::Compartment { owner, id: id.into() }, &options, &NoLookup).unwrap()
    };
    assert!(within(Patient, "1") && within(Encounter, "e"));
    assert!(!within(Patient, "2") && !within(Encounter, "1") && !within(ResourceType::Practitioner, "1"));
}

#[test]
fn hierarchies_and_lists_are_asked_of_the_lookup() {
    let found = |document: &str, name: &str, value: &str| {
        let json = Json::parse(document).unwrap();
        let ty = ResourceType::named(json.str_at("resourceType").unwrap()).unwrap();
        matches_query(&json, &query(ty, &[(name, value)]), &Options::default(), &One).unwrap()
    };
    let in_ward = r#"{"resourceType":"Procedure","location":{"reference":"Location/ward"}}"#;
    let in_house = r#"{"resourceType":"Procedure","location":{"reference":"Location/house"}}"#;
    for (document, name, value, expected) in [
        (in_ward, "location:below", "house", true),
        (in_ward, "location:below", "Location/ward", true),
        (in_house, "location:below", "ward", false),
        (in_house, "location:above", "ward", true),
        (in_ward, "location:above", "house", false),
        (r#"{"resourceType":"Patient","id":"p"}"#, "_list", "mine", true),
        (r#"{"resourceType":"Patient","id":"q"}"#, "_list", "mine", false),
        (r#"{"resourceType":"Group","id":"p"}"#, "_list", "mine", false),
    ] {
        assert_eq!(found(document, name, value), expected, "{document} {name}={value}");
    }
    let list = r#"{"resourceType":"List","entry":[{"item":{"reference":"Patient/1"}},{"deleted":true,"item":{"reference":"Patient/2"}},{"item":{"display":"x"}}]}"#;
    assert_eq!(list_members(&Json::parse(list).unwrap(), &Options::default()), [(Patient, "1".to_owned())]);
}
