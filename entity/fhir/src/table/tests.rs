//! Views of our own over resources of our own, and what a view is refused for.

use super::*;

const ADA: &str = r#"{"resourceType":"Patient","id":"ada","active":true,"birthDate":"1970-03",
"name":[{"use":"official","family":"Ash","given":["Ada","May"]},{"use":"nickname","given":["Addy"]}],
"telecom":[{"system":"phone","value":"1"}],
"contact":[{"name":{"family":"Oak"},"telecom":[{"system":"phone","value":"2"},{"system":"email","value":"o@x"}]}],
"managingOrganization":{"reference":"Organization/clinic"},
"generalPractitioner":[{"reference":"https://here/fhir/R4/Practitioner/doc"},{"reference":"https://there/Practitioner/x"},{"display":"someone"}]}"#;
const BEN: &str = r#"{"resourceType":"Patient","id":"ben","active":false,"multipleBirthInteger":2}"#;
const FORM: &str = r#"{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","item":[
{"linkId":"1","item":[{"linkId":"1.1","answer":[{"valueDecimal":1.50,"item":[{"linkId":"1.1.1"}]}]},{"linkId":"1.2"}]},{"linkId":"2"}]}"#;

/// The rows of all resources as NDJSON, or the first issue as `place: text`.
fn answer(view: &str, resources: &[&str]) -> String {
    let told = |issue: &Issue| format!("{}: {}", issue.expression.join(","), issue.diagnostics);
    let document = Json::parse(view).unwrap();
    let view = match View::read(&document) {
        Ok(view) => view,
        Err(issues) => return issues.iter().map(told).collect::<Vec<_>>().join("\n"),
    };
    let now = DateTime::parse_from_rfc3339("2024-01-01T00:00:00Z").unwrap();
    let around = Surroundings { now, base_url: "https://here/fhir/R4" };
    let mut out = String::new();
    for text in resources {
        let resource = Json::parse(text).unwrap();
        match view.rows(&resource, around) {
            Ok(rows) => {
                for row in rows {
                    assert_eq!(row.len(), view.columns().len());
                    write_object(view.columns(), &row, &mut out);
                    out.push('\n');
                }
            }
            Err(issue) => return told(&issue),
        }
    }
    out
}

/// A view of patients with these selects and further members.
fn patients(select: &str, more: &str) -> String {
    let view = format!(r#"{{"resourceType":"ViewDefinition","resource":"Patient","select":[{select}]{more}}}"#);
    answer(&view, &[ADA, BEN, FORM])
}

#[test]
fn rows_are_made_as_the_view_says() {
    let id = r#"{"column":[{"name":"id","path":"id","type":"id"}]}"#;
    let table: [(&str, &str, &str); 17] = [
        (
            r#"{"column":[{"name":"id","path":"id"},{"name":"active","path":"active","type":"boolean"},{"name":"born","path":"birthDate","type":"date"}]}"#,
            "",
            "{\"id\":\"ada\",\"active\":true,\"born\":\"1970-03\"}\n{\"id\":\"ben\",\"active\":false,\"born\":null}\n",
        ),
        // Siblings multiply; what finds nothing takes the row away.
        (
            &format!(
                r#"{id},{{"forEach":"name","column":[{{"name":"family","path":"family"}},{{"name":"n","path":"%rowIndex"}}]}}"#
            ),
            "",
            "{\"id\":\"ada\",\"family\":\"Ash\",\"n\":0}\n{\"id\":\"ada\",\"family\":null,\"n\":1}\n",
        ),
        (
            &format!(r#"{id},{{"forEachOrNull":"name","column":[{{"name":"family","path":"family"}}]}}"#),
            "",
            "{\"id\":\"ada\",\"family\":\"Ash\"}\n{\"id\":\"ada\",\"family\":null}\n{\"id\":\"ben\",\"family\":null}\n",
        ),
        (
            r#"{"forEach":"contact","column":[{"name":"of","path":"name.family"}],"select":[{"forEach":"telecom","column":[{"name":"system","path":"system"}]}]}"#,
            "",
            "{\"of\":\"Oak\",\"system\":\"phone\"}\n{\"of\":\"Oak\",\"system\":\"email\"}\n",
        ),
        // Below nothing there is one row of nothing, whatever is nested.
        (
            &format!(
                r#"{id},{{"forEachOrNull":"contact","select":[{{"forEach":"telecom","column":[{{"name":"v","path":"value"}}]}}],
                "unionAll":[{{"column":[{{"name":"f","path":"name.family"}}]}},{{"column":[{{"name":"f","path":"gender"}}]}}]}}"#
            ),
            "",
            "{\"id\":\"ada\",\"v\":\"2\",\"f\":\"Oak\"}\n{\"id\":\"ada\",\"v\":\"2\",\"f\":null}\n{\"id\":\"ada\",\"v\":\"o@x\",\"f\":\"Oak\"}\n{\"id\":\"ada\",\"v\":\"o@x\",\"f\":null}\n{\"id\":\"ben\",\"v\":null,\"f\":null}\n",
        ),
        (
            &format!(
                r#"{id},{{"unionAll":[{{"forEach":"telecom","column":[{{"name":"v","path":"value"}}]}},{{"forEach":"contact.telecom","column":[{{"name":"v","path":"value"}}]}}]}}"#
            ),
            "",
            "{\"id\":\"ada\",\"v\":\"1\"}\n{\"id\":\"ada\",\"v\":\"2\"}\n{\"id\":\"ada\",\"v\":\"o@x\"}\n",
        ),
        // The order is columns, selects, union, in whatever order they are written.
        (
            r#"{"unionAll":[{"column":[{"name":"c","path":"'u'"}]}],"select":[{"column":[{"name":"b","path":"'s'"}]}],"column":[{"name":"a","path":"id"}]}"#,
            "",
            "{\"a\":\"ada\",\"b\":\"s\",\"c\":\"u\"}\n{\"a\":\"ben\",\"b\":\"s\",\"c\":\"u\"}\n",
        ),
        (
            r#"{"column":[{"name":"given","path":"name.given","collection":true,"type":"string"}]}"#,
            "",
            "{\"given\":[\"Ada\",\"May\",\"Addy\"]}\n{\"given\":[]}\n",
        ),
        (id, r#","where":[{"path":"active"}]"#, "{\"id\":\"ada\"}\n"),
        (id, r#","where":[{"path":"active.not()"},{"path":"name.empty()"}]"#, "{\"id\":\"ben\"}\n"),
        (id, r#","where":[{"path":"birthDate < @1980"}]"#, "{\"id\":\"ada\"}\n"),
        (
            r#"{"column":[{"name":"given","path":"name.where(use = %use).given.first()"},{"name":"n","path":"%n + 1","type":"integer"}]}"#,
            r#","constant":[{"name":"use","valueCode":"nickname"},{"name":"n","valuePositiveInt":2}]"#,
            "{\"given\":\"Addy\",\"n\":3}\n{\"given\":null,\"n\":3}\n",
        ),
        (
            id,
            r#","constant":[{"name":"day","valueDate":"1970-01-01"}],"where":[{"path":"birthDate > %day"}]"#,
            "{\"id\":\"ada\"}\n",
        ),
        (
            r#"{"column":[{"name":"key","path":"getResourceKey()"},{"name":"at","path":"managingOrganization.getReferenceKey()"},{"name":"no","path":"managingOrganization.getReferenceKey(Patient)"},{"name":"gp","path":"generalPractitioner.getReferenceKey(Practitioner)"}]}"#,
            r#","where":[{"path":"active"}]"#,
            "{\"key\":\"Patient/ada\",\"at\":\"Organization/clinic\",\"no\":null,\"gp\":\"Practitioner/doc\"}\n",
        ),
        (
            r#"{"column":[{"name":"n","path":"multipleBirth.ofType(integer)","type":"integer"},{"name":"name","path":"name.first()","type":"HumanName"}]}"#,
            r#","where":[{"path":"active.not()"}]"#,
            "{\"n\":2,\"name\":null}\n",
        ),
        (
            r#"{"column":[{"name":"low","path":"birthDate.lowBoundary()","type":"date"}]}"#,
            "",
            "{\"low\":\"1970-03-01\"}\n{\"low\":null}\n",
        ),
        (
            r#"{"column":[{"name":"a","path":"active","type":"http://hl7.org/fhirpath/System.Boolean"}]}"#,
            r#","name":"v","status":"draft","fhirVersion":["4.0.1"]"#,
            "{\"a\":true}\n{\"a\":false}\n",
        ),
    ];
    for (select, more, expected) in table {
        assert_eq!(patients(select, more), expected, "{select}{more}");
    }
}

#[test]
fn repeat_walks_down_each_branch() {
    let view = |paths: &str| {
        let view = format!(
            r#"{{"resource":"QuestionnaireResponse","select":[{{"column":[{{"name":"id","path":"id"}}]}},{{"repeat":{paths},"column":[{{"name":"l","path":"linkId"}},{{"name":"n","path":"%rowIndex"}}],
            "select":[{{"forEachOrNull":"answer","column":[{{"name":"v","path":"value","type":"decimal"}}]}}]}}]}}"#
        );
        answer(&view, &[FORM])
    };
    let row = |link: &str, n: i32, v: &str| format!("{{\"id\":\"q\",\"l\":\"{link}\",\"n\":{n},\"v\":{v}}}\n");
    let items = [row("1", 0, "null"), row("1.1", 1, "1.50"), row("1.2", 2, "null"), row("2", 3, "null")];
    assert_eq!(view(r#"["item"]"#), items.concat());
    let deep = [
        row("1", 0, "null"),
        row("1.1", 1, "1.50"),
        row("1.1.1", 2, "null"),
        row("1.2", 3, "null"),
        row("2", 4, "null"),
    ];
    assert_eq!(view(r#"["item","answer.item"]"#), deep.concat());
    assert_eq!(view(r#"["nothing"]"#), "");
}

#[test]
fn bad_views_are_refused_at_their_place() {
    let id = r#"{"column":[{"name":"id","path":"id"}]}"#;
    let table = [
        (r#"{"column":[{"name":"id","path":"@@"}]}"#, "", "ViewDefinition.select[0].column[0].path: "),
        (
            r#"{"column":[{"name":"id","path":7}]}"#,
            "",
            "ViewDefinition.select[0].column[0].path: an expression is a string",
        ),
        (r#"{"column":[{"name":"id"}]}"#, "", "ViewDefinition.select[0].column[0].path: there is no expression"),
        (r#"{"column":[{"name":"1d","path":"id"}]}"#, "", "ViewDefinition.select[0].column[0].name: a name is"),
        (
            r#"{"column":[{"name":"id","path":"id","type":"Nonsense"}]}"#,
            "",
            "ViewDefinition.select[0].column[0].type: no data type",
        ),
        (
            r#"{"column":[{"name":"id","path":"id"}],"foreach":"name"}"#,
            "",
            "ViewDefinition.select[0]: \"foreach\" is no element",
        ),
        (
            r#"{"forEach":1,"column":[{"name":"id","path":"id"}]}"#,
            "",
            "ViewDefinition.select[0].forEach: an expression",
        ),
        (
            r#"{"forEach":"name","repeat":["name"],"column":[{"name":"id","path":"id"}]}"#,
            "",
            "ViewDefinition.select[0]: forEach, forEachOrNull",
        ),
        ("{}", "", "ViewDefinition.select[0]: a select has"),
        (r#"{"column":[]}"#, "", "ViewDefinition.select[0].column: an array with items"),
        (&format!("{id},{id}"), "", "ViewDefinition.select: two columns are called id"),
        (
            r#"{"unionAll":[{"column":[{"name":"a","path":"id"},{"name":"b","path":"id"}]},{"column":[{"name":"b","path":"id"},{"name":"a","path":"id"}]}]}"#,
            "",
            "ViewDefinition.select[0].unionAll[1]: the branches",
        ),
        (id, r#","where":[{"path":"%nothing"}]"#, "ViewDefinition.where[0].path: the constant %nothing is not defined"),
        (id, r#","wher":[{"path":"active"}]"#, "ViewDefinition: \"wher\" is no element"),
        (id, r#","constant":[{"name":"a"}]"#, "ViewDefinition.constant[0]: a constant has one value"),
        (
            id,
            r#","constant":[{"name":"a","valueInteger":"1"}]"#,
            "ViewDefinition.constant[0].valueInteger: the value is not",
        ),
        (
            id,
            r#","constant":[{"name":"a","valueQuantity":{}}]"#,
            "ViewDefinition.constant[0].valueQuantity: a constant is of",
        ),
        (id, r#","fhirVersion":["5.0.0"]"#, "ViewDefinition.fhirVersion: the resources here"),
        // Only the data tell.
        (
            r#"{"column":[{"name":"g","path":"name.given"}]}"#,
            "",
            "ViewDefinition.select[0].column[0].path: there are 3 values",
        ),
        (
            r#"{"column":[{"name":"g","path":"active","type":"string"}]}"#,
            "",
            "ViewDefinition.select[0].column[0].path: a value is a boolean",
        ),
        (id, r#","where":[{"path":"name.family"}]"#, "ViewDefinition.where[0].path: a filter is a boolean"),
        (
            r#"{"column":[{"name":"k","path":"managingOrganization.getReferenceKey(Nonsense)"}]}"#,
            "",
            "ViewDefinition.select[0].column[0].path: Nonsense is no",
        ),
    ];
    for (select, more, expected) in table {
        let found = patients(select, more);
        assert!(found.starts_with(expected), "{select}{more}: {found}");
    }
    let whole = [
        ("{}", "ViewDefinition.resource: a view names"),
        (
            r#"{"resource":"Nonsense","select":[{"column":[{"name":"id","path":"id"}]}]}"#,
            "ViewDefinition.resource: no resource type",
        ),
        (r#"{"resource":"Patient"}"#, "ViewDefinition.select: a view selects something"),
    ];
    for (view, expected) in whole {
        let found = answer(view, &[ADA]);
        assert!(found.starts_with(expected), "{view}: {found}");
    }
}

#[test]
fn costs_are_bounded() {
    let mut nested = r#"{"column":[{"name":"id","path":"id"}]}"#.to_owned();
    for _ in 0..20 {
        nested = format!(r#"{{"select":[{nested}]}}"#);
    }
    assert!(patients(&nested, "").contains("selects are nested at most"));
    let telecom: Vec<String> = (0..400).map(|n| format!(r#"{{"value":"{n}"}}"#)).collect();
    let wide = format!(r#"{{"resourceType":"Patient","id":"w","telecom":[{}]}}"#, telecom.join(","));
    let each = |name: &str| format!(r#"{{"forEach":"telecom","column":[{{"name":"{name}","path":"value"}}]}}"#);
    let view = format!(r#"{{"resource":"Patient","select":[{},{}]}}"#, each("a"), each("b"));
    assert_eq!(answer(&view, &[&wide]), "ViewDefinition: one resource makes more than 100000 rows");
}

#[test]
fn csv_keeps_every_text() {
    let cells = [
        Json::from("plain"),
        Json::from("a,\"b\"\n"),
        Json::from(""),
        Json::Null,
        Json::from(true),
        Json::Array(vec![Json::from(1), Json::from("x")]),
    ];
    let mut out = String::new();
    write_csv(&cells, &mut out);
    assert_eq!(out, "plain,\"a,\"\"b\"\"\n\",\"\",,true,\"[1,\"\"x\"\"]\"\r\n");
}
