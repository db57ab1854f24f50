//! The FHIR door under requests that are meant to hurt: each is refused by name, within a budget of processor time, by a process that lives
//! on and keeps its memory; nothing of them is stored.

use reqwest::Method;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, Statement};
use serde_json::{Value, json};

use crate::attacked::Attacked;

/// Processor time of the server that one refusal may take, in milliseconds; a debug build is some ten times slower.
const BUDGET_MS: u64 = if cfg!(debug_assertions) { 4_000 } else { 500 };
/// What the memory may grow by over all, in KiB: the largest bodies are 50 MB, and an allocator keeps some of what it had.
const GROWTH_KIB: u64 = 400 << 10;
/// Longest quotation of an input in an answer, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";
const PATCH: &str = "application/json-patch+json";
const FORM: &str = "application/x-www-form-urlencoded";

struct Hostile {
    name: String,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// What the outcome has to say, in its diagnostics or expressions.
    says: String,
}

fn sent(name: &str, method: Method, path: &str, media: &str, body: impl Into<Vec<u8>>, says: &str) -> Hostile {
    let headers = if media.is_empty() { Vec::new() } else { vec![("content-type", media.to_owned())] };
    Hostile { name: name.into(), method, path: path.into(), headers, body: body.into(), says: says.into() }
}

fn put(name: &str, body: impl Into<Vec<u8>>, says: &str) -> Hostile {
    sent(name, Method::PUT, "/Patient/h", JSON, body, says)
}

fn get(name: &str, path: &str, says: &str) -> Hostile {
    sent(name, Method::GET, path, "", "", says)
}

fn with(mut hostile: Hostile, header: &'static str, value: &str) -> Hostile {
    hostile.headers.push((header, value.to_owned()));
    hostile
}

fn patient(members: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"h",{members}}}"#)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn documents() -> Vec<Hostile> {
    let deep = |n: usize, open: &str, close: &str| format!("{}1{}", open.repeat(n), close.repeat(n));
    let extensions = |n| format!("{}{}", r#"{"url":"u","extension":["#.repeat(n), r"]}".repeat(n));
    let mut all = vec![
        put("nothing", "", ""),
        put("half an object", r#"{"resourceType":"Patient""#, ""),
        put("an array", "[]", ""),
        put("a number", "1", ""),
        put("text behind", format!("{}x", patient(r#""active":true"#)), ""),
        put("two documents", format!("{0}{0}", patient(r#""active":true"#)), ""),
        put("a trailing comma", patient(r#""active":true,"#), ""),
        put("a comment", patient(r#"/* x */"active":true"#), ""),
        put("single quotes", "{'resourceType':'Patient'}", ""),
        put("NaN", patient(r#""multipleBirthInteger":NaN"#), ""),
        put("a plus sign", patient(r#""multipleBirthInteger":+1"#), ""),
        put("a leading zero", patient(r#""multipleBirthInteger":01"#), ""),
        put("one name twice", patient(r#""active":true,"active":false"#), "active"),
        put(
            "resourceType twice",
            r#"{"resourceType":"Patient","resourceType":"Observation","id":"h"}"#,
            "resourceType",
        ),
        put("NUL escaped", patient(r#""name":[{"family":"a\u0000b"}]"#), ""),
        put("NUL itself", patient("\"name\":[{\"family\":\"a\0b\"}]"), ""),
        put("NUL in a member's name", patient(r#""a\u0000":1"#), ""),
        put("a lone high surrogate", patient(r#""name":[{"family":"\ud800"}]"#), ""),
        put("a lone low surrogate", patient(r#""name":[{"family":"\udc00x"}]"#), ""),
        put("surrogates in the wrong order", patient(r#""name":[{"family":"\udc00\ud800"}]"#), ""),
        put("a bad escape", patient(r#""name":[{"family":"\x41"}]"#), ""),
        put("a raw newline in a string", patient("\"name\":[{\"family\":\"a\nb\"}]"), ""),
        put(
            "bytes that are no UTF-8",
            [patient("\"name\":[{\"family\":\"").into_bytes(), vec![0xff, 0xfe], b"\"}]}".to_vec()].concat(),
            "UTF-8",
        ),
        put(
            "an overlong slash",
            [b"{\"resourceType\":\"Patient\",\"id\":\"".to_vec(), vec![0xc0, 0xaf], b"\"}".to_vec()].concat(),
            "UTF-8",
        ),
        put(
            "UTF-16",
            "{\"resourceType\":\"Patient\"}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            "",
        ),
        put("200 arrays", patient(&format!("\"name\":{}", deep(200, "[", "]"))), ""),
        put("200 objects", patient(&format!("\"name\":{}", deep(200, "{\"a\":", "}"))), ""),
        put("100,000 brackets", patient(&format!("\"name\":{}", "[".repeat(100_000))), ""),
        put("100 extensions in one another", patient(&format!("\"extension\":[{}]", extensions(100))), ""),
        put(
            "resources in one another",
            patient(&format!("\"contained\":{}", deep(60, r#"[{"resourceType":"Patient","contained":"#, "}]"))),
            "",
        ),
        put("a million digits", patient(&format!("\"multipleBirthInteger\":{}", "9".repeat(1_000_000))), ""),
        put("an enormous exponent", patient("\"multipleBirthInteger\":1e999999999"), "multipleBirth"),
        put("a fraction for an integer", patient("\"multipleBirthInteger\":1.5"), "multipleBirth"),
        put("a text for a boolean", patient("\"active\":\"true\""), "Patient.active"),
        put("an object for a text", patient("\"birthDate\":{\"a\":1}"), "Patient.birthDate"),
        put("null", patient("\"active\":null"), ""),
        put("an unknown member", patient("\"nothing\":1"), "nothing"),
        put("__proto__", patient("\"__proto__\":{\"admin\":true}"), "__proto__"),
        put(
            "10,000 unknown members",
            patient(&(0..10_000).map(|n| format!("\"m{n}\":1")).collect::<Vec<_>>().join(",")),
            "m0",
        ),
        put("a date that is none", patient("\"birthDate\":\"2023-02-30\""), "Patient.birthDate"),
        put("a year of ten digits", patient("\"birthDate\":\"1234567890\""), "Patient.birthDate"),
        put("SQL for a date", patient("\"birthDate\":\"'; DROP TABLE fhir.patient; --\""), "Patient.birthDate"),
        put("a code of R4 that is none", patient("\"gender\":\"' OR '1'='1\""), "Patient.gender"),
        put(
            "a reference to a type only",
            patient("\"managingOrganization\":{\"reference\":\"Organization\"}"),
            "Patient.managingOrganization",
        ),
        put(
            "a reference to nobody's id",
            patient("\"managingOrganization\":{\"reference\":\"Organization/\"}"),
            "Patient.managingOrganization",
        ),
        put(
            "a reference to the wrong type",
            patient("\"managingOrganization\":{\"reference\":\"Patient/1\"}"),
            "Patient.managingOrganization",
        ),
        put(
            "a script in the narrative",
            patient(
                "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><script>x</script></div>\"}",
            ),
            "Patient.text",
        ),
        put(
            "an event handler in the narrative",
            patient(
                "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p onclick=\\\"x\\\">x</p></div>\"}",
            ),
            "Patient.text",
        ),
        put("another id", r#"{"resourceType":"Patient","id":"other"}"#, "id"),
        put("another type", r#"{"resourceType":"Observation","id":"h"}"#, ""),
        put("no type", r#"{"id":"h"}"#, "resourceType"),
        put("a type nobody knows", r#"{"resourceType":"Pat\u0069ents","id":"h"}"#, ""),
        put("six megabytes of blanks", " ".repeat(6 << 20), "bytes"),
        sent("a body of 51 MB", Method::POST, "", JSON, " ".repeat(51 << 20), "bytes"),
        with(
            put("a charset nobody has", patient("\"active\":true"), ""),
            "content-type",
            "application/fhir+json;charset=utf-7",
        ),
        with(put("a deflated body", patient("\"active\":true"), "Content-Encoding"), "content-encoding", "deflate"),
    ];
    for (name, media) in [
        ("text", "text/plain"),
        ("an image", "image/png"),
        ("a form", FORM),
        ("turtle", "text/turtle"),
        ("nonsense", "a/b/c;;=,"),
    ] {
        all.push(sent(&format!("a body of {name}"), Method::PUT, "/Patient/h", media, patient("\"active\":true"), ""));
    }
    all
}

fn xml() -> Vec<Hostile> {
    let put = |name: &str, body: String, says: &str| sent(name, Method::PUT, "/Patient/h", XML, body, says);
    let entities = (1..12).map(|n| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10)));
    let laughs = format!("<!DOCTYPE x [<!ENTITY e0 \"ha\">{}]>", entities.collect::<String>());
    let of = |inner: &str| format!("<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"h\"/>{inner}</Patient>");
    vec![
        put("a billion laughs", format!("{laughs}{}", of("<active value=\"&e11;\"/>")), ""),
        put(
            "a file by an entity",
            format!("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>{}", of("<language value=\"&f;\"/>")),
            "",
        ),
        put("a DTD of elsewhere", format!("<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x.dtd\">{}", of("")), ""),
        put("an entity nobody declared", of("<active value=\"&nothing;\"/>"), ""),
        put("a character that may not be", of("<language value=\"&#0;\"/>"), ""),
        put("a character beyond all", of("<language value=\"&#x110000;\"/>"), ""),
        put("CDATA", of("<![CDATA[x]]>"), ""),
        put("another namespace", "<Patient xmlns=\"urn:other\"><id value=\"h\"/></Patient>".into(), ""),
        put("no namespace", "<Patient><id value=\"h\"/></Patient>".into(), ""),
        put(
            "elements in one another",
            of(&format!("{}{}", "<extension url=\"u\">".repeat(5_000), "</extension>".repeat(5_000))),
            "",
        ),
        put("never closed", format!("<Patient xmlns=\"http://hl7.org/fhir\">{}", "<name>".repeat(50_000)), ""),
        put("an attribute twice", of("<active value=\"true\" value=\"false\"/>"), ""),
        put(
            "20,000 attributes",
            of(&format!("<active {}/>", (0..20_000).map(|n| format!("a{n}=\"1\" ")).collect::<String>())),
            "",
        ),
        put("no XML", "Patient".into(), ""),
        put("JSON", patient("\"active\":true"), ""),
    ]
}

fn bundles() -> Vec<Hostile> {
    let post = |name: &str, body: String, says: &str| sent(name, Method::POST, "", JSON, body, says);
    let of = |ty: &str, entries: &[Value]| json!({"resourceType": "Bundle", "type": ty, "entry": entries}).to_string();
    let create = |resource: Value| json!({"resource": resource, "request": {"method": "POST", "url": "Patient"}});
    let plain = json!({"resourceType": "Patient"});
    let urn = |n: usize| format!("urn:uuid:00000000-0000-4000-8000-{n:012}");
    vec![
        post("a bundle of no type", json!({"resourceType": "Bundle", "entry": []}).to_string(), "Bundle.type"),
        post("a searchset", of("searchset", &[]), "type"),
        post("no request", of("transaction", &[json!({"resource": plain})]), "Bundle.entry[0]"),
        post("a method nobody knows", of("transaction", &[json!({"resource": plain, "request": {"method": "BREW", "url": "Patient"}})]), "Bundle.entry[0]"),
        post("a url of elsewhere", of("transaction", &[json!({"resource": plain, "request": {"method": "PUT", "url": "http://127.0.0.1:1/Patient/1"}})]), "Bundle.entry[0]"),
        post("a way out of the base", of("transaction", &[json!({"resource": plain, "request": {"method": "PUT", "url": "../../etc/passwd"}})]), "Bundle.entry[0]"),
        post("10,001 entries", of("transaction", &vec![create(plain.clone()); 10_001]), "10000"),
        post("1,001 conditions", of("transaction", &(0..1_001).map(|n| json!({"resource": plain, "request": {"method": "POST", "url": "Patient", "ifNoneExist": format!("identifier=x|{n}")}})).collect::<Vec<_>>()), ""),
        post("one resource twice", of("transaction", &vec![json!({"resource": {"resourceType": "Patient", "id": "t"}, "request": {"method": "PUT", "url": "Patient/t"}}); 2]), "Bundle.entry[1]"),
        post("one fullUrl twice", of("transaction", &[json!({"fullUrl": urn(1), "resource": plain, "request": {"method": "POST", "url": "Patient"}}), json!({"fullUrl": urn(1), "resource": plain, "request": {"method": "POST", "url": "Patient"}})]), "Bundle.entry[1]"),
        post("a urn of nobody", of("transaction", &[create(json!({"resourceType": "Patient", "managingOrganization": {"reference": urn(7)}}))]), "Bundle.entry[0]"),
        post("a condition that is none", of("transaction", &[json!({"resource": plain, "request": {"method": "POST", "url": "Patient", "ifNoneExist": "_sort=name"}})]), "Bundle.entry[0]"),
        post("NUL in a condition", of("transaction", &[json!({"resource": plain, "request": {"method": "POST", "url": "Patient", "ifNoneExist": "name=%00"}})]), "Bundle.entry[0]"),
        post("a chain in a condition", of("transaction", &[json!({"resource": plain, "request": {"method": "POST", "url": "Patient", "ifNoneExist": format!("{}name=x", "organization.partof.partof.partof.partof.partof.partof.")}})]), "Bundle.entry[0]"),
        post("one bad entry among good ones", of("transaction", &[create(plain.clone()), create(json!({"resourceType": "Patient", "birthDate": "x"})), create(plain.clone())]), "Bundle.entry[1]"),
        post("a bad version", of("transaction", &[json!({"resource": {"resourceType": "Patient", "id": "t"}, "request": {"method": "PUT", "url": "Patient/t", "ifMatch": "W/\"99999999999999\""}})]), "Bundle.entry[0]"),
        post("bundles in one another", (0..40).fold(of("transaction", &[]), |inner, _| format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{inner},"request":{{"method":"POST","url":"Bundle"}}}}]}}"#)), ""),
    ]
}

fn searches() -> Vec<Hostile> {
    let mut all = vec![
        get("a parameter nobody knows", "/Patient?x=1", "\"x\""),
        get(
            "SQL for a parameter",
            &format!("/Patient?{}=1", encoded("name'; DROP TABLE fhir.patient; --")),
            "DROP TABLE",
        ),
        get(
            "SQL for a sort key",
            &format!("/Patient?_sort={}", encoded("name); DELETE FROM app.account; --")),
            "_sort",
        ),
        get("SQL for an element", &format!("/Patient?_elements={}", encoded("id' OR 1=1")), "_elements"),
        get("SQL for a type", &format!("/?_type={}", encoded("Patient; DROP")), "Patient; DROP"),
        get("SQL for a count", &format!("/Patient?_count={}", encoded("1 UNION SELECT")), "_count"),
        get("a negative count", "/Patient?_count=-1", "_count"),
        get("SQL for a date", &format!("/Patient?birthdate={}", encoded("2020' OR 'a'='a")), "birthdate"),
        get("SQL for a filter", &format!("/Patient?_filter={}", encoded("name eq x); DROP TABLE x; --")), "_filter"),
        get("a modifier nobody knows", "/Patient?name:regex=(a%2B)%2B$", "regex"),
        get("a modifier of another type", "/Patient?birthdate:exact=2020", "birthdate"),
        get("two modifiers", "/Patient?name:exact:contains=a", "name"),
        get("a prefix only", "/Patient?birthdate=ge", "birthdate"),
        get("a year of a million digits", &format!("/Patient?birthdate={}", "9".repeat(8_000)), "birthdate"),
        get("a number beyond numbers", "/Observation?value-quantity=1e999999", "value-quantity"),
        get(
            "a number of 9,000 digits",
            &format!("/Observation?value-quantity={}", "9".repeat(9_000)),
            "value-quantity",
        ),
        get("NaN", "/Observation?value-quantity=NaN", "value-quantity"),
        get("too many bars", "/Patient?identifier=a|b|c|d", "identifier"),
        get("nothing between commas", "/Patient?name=a,,b", "name"),
        get("257 values", &format!("/Patient?name={}", vec!["a"; 257].join(",")), "256"),
        get(
            "257 values of seven parameters",
            &format!(
                "/Patient?{}",
                vec![format!("name={}", vec!["a"; 40].join(",")); 7]
                    .iter()
                    .enumerate()
                    .map(|(n, p)| format!("{p}{n}"))
                    .collect::<Vec<_>>()
                    .join("&")
            ),
            "256",
        ),
        get("a chain of seven", "/Patient?organization.partof.partof.partof.partof.partof.partof.name=x", "references"),
        get("a chain through everything", "/Observation?focus.focus.focus.focus.code=x", ""),
        get("a chain through a text", "/Patient?name.name=x", "name"),
        get("a chain to nothing", "/Observation?subject.=x", "subject"),
        get("dots", &format!("/Patient?{}=x", ".".repeat(4_000)), ""),
        get("_has in one another", &format!("/Patient?{}code=x", "_has:Observation:patient:".repeat(7)), "refer"),
        get("half a _has", "/Patient?_has:Observation=x", "_has"),
        get("a _has of colons", &format!("/Patient?_has{}=x", ":".repeat(3_000)), "_has"),
        get("an include nobody knows", "/Patient?_include=Patient:x", "_include"),
        get("an include of three colons", "/Patient?_include=Patient:link:Patient:x", "_include"),
        get("an include that is no reference", "/Patient?_include=Patient:name", "_include"),
        get("a modifier of an include", "/Patient?_include:sideways=Patient:link", "_include"),
        get(
            "33 parentheses",
            &format!("/Patient?_filter={}", encoded(&format!("{}name eq x{}", "(".repeat(33), ")".repeat(33)))),
            "_filter",
        ),
        get("5,000 parentheses", &format!("/Patient?_filter={}", "(".repeat(5_000)), "_filter"),
        get("brackets in a filter", &format!("/Patient?_filter={}", "[".repeat(5_000)), "_filter"),
        get(
            "a filter of 300 tests",
            &format!("/Patient?_filter={}", encoded(&vec!["name eq x"; 300].join(" or "))),
            "",
        ),
        get("an open string in a filter", "/Patient?_filter=name%20eq%20%22x", "_filter"),
        get("an operator nobody knows", "/Patient?_filter=name%20matches%20x", "_filter"),
        get("a sort by what has no order", "/Observation?_sort=code-value-quantity", "_sort"),
        get("two sorts", "/Patient?_sort=name&_sort=birthdate", "_sort"),
        get("a total nobody knows", "/Patient?_total=all", "_total"),
        get("a summary nobody knows", "/Patient?_summary=all", "_summary"),
        get("a page token of nobody", &format!("/Patient?_page={}", "A".repeat(4_000)), "token"),
        get("a sealed search of nobody", "/Patient?_sealed=AQEBAQEBAQEBAQEBAQEBAQEBAQ", "token"),
        get("a list that is none", "/Patient?_list=$current-nothing", "_list"),
        get("a place that is none", "/Location?near=91|0|1|km", "near"),
        get("a unit that is none", "/Location?near=1|0|1|parsecs", "near"),
        get("NUL in a value", "/Patient?name=a%00b", "name"),
        get("NUL in a token", "/Patient?identifier=x|%00", "identifier"),
        get("NUL in a name", "/Patient?na%00me=a", "NUL"),
        sent("NUL in a form", Method::POST, "/Patient/_search", FORM, "name=%00", "name"),
        get("half a percent sign", "/Patient?name=%", "percent"),
        get("bytes that are no UTF-8", "/Patient?name=%ff%fe", "UTF-8"),
        get("a bad _has target", "/Patient?_has:Nothing:patient:code=x", "Nothing"),
        get("a content that is none", "/Patient?_content=%20", "_content"),
        get("a URL of 17 KiB", &format!("/Patient?name={}", "a".repeat(17 << 10)), "bytes"),
        get("a type nobody knows", "/Nothing", "Nothing"),
        get("an operation nobody knows", "/Patient/$destroy", ""),
        get("an id that is none", "/Patient/a%00b", ""),
        get("an id of a thousand", &format!("/Patient/{}", "a".repeat(1_000)), ""),
        get("a way up", "/Patient/..%2f..%2fetc%2fpasswd", ""),
        get("a version that is none", "/Patient/a/_history/x", ""),
        get("a version beyond numbers", &format!("/Patient/a/_history/{}", "9".repeat(40)), ""),
        get("a history since never", "/Patient/_history?_since=yesterday", "_since"),
        get("a compartment of nobody", "/Observation/a/Patient", ""),
        sent("a search that is JSON", Method::POST, "/Patient/_search", JSON, "{}", "x-www-form-urlencoded"),
        sent(
            "a form of 65 KiB",
            Method::POST,
            "/Patient/_search",
            FORM,
            format!("name={}", "a".repeat(65 << 10)),
            "bytes",
        ),
        sent(
            "a form of 5,000 values",
            Method::POST,
            "/Patient/_search",
            FORM,
            format!("name={}", vec!["a"; 5_000].join(",")),
            "256",
        ),
        sent("a form of bad bytes", Method::POST, "/Patient/_search", FORM, vec![b'a', b'=', 0xff], "UTF-8"),
        with(get("an Accept nobody serves", "/Patient", ""), "accept", "image/png"),
        get("a format nobody serves", "/Patient?_format=text/turtle", ""),
    ];
    for (name, value) in [
        ("no quotes", "1"),
        ("text", "W/\"x\""),
        ("a huge number", "W/\"999999999999999999\""),
        ("two", "W/\"1\", W/\"2\""),
    ] {
        let conditional = sent(
            &format!("If-Match of {name}"),
            Method::PUT,
            "/Patient/h",
            JSON,
            patient("\"active\":true"),
            "if-match",
        );
        all.push(with(conditional, "if-match", value));
    }
    for (name, value) in [
        ("nothing", ""),
        ("a result parameter", "_sort=name"),
        ("an unknown one", "x=y"),
        ("SQL", "name='; DROP"),
        ("a percent sign", "name=%"),
    ] {
        let conditional = sent(
            &format!("If-None-Exist of {name}"),
            Method::POST,
            "/Patient",
            JSON,
            r#"{"resourceType":"Patient"}"#,
            "",
        );
        if value != "name='; DROP" {
            all.push(with(conditional, "if-none-exist", value));
        }
    }
    all
}

fn acts() -> Vec<Hostile> {
    let patch = |name: &str, body: String| sent(name, Method::PATCH, "/Patient/there", PATCH, body, "");
    let doubling = |n: usize| {
        let steps: Vec<Value> = (0..n)
            .flat_map(|_| {
                [
                    json!({"op": "copy", "from": "/name", "path": "/name/0/extension"}),
                    json!({"op": "copy", "from": "/name/0/extension", "path": "/name/-"}),
                ]
            })
            .collect();
        Value::Array(steps).to_string()
    };
    let fhirpath = |name: &str, expression: &str| {
        let body = json!({"resourceType": "Parameters", "parameter": [
            {"name": "expression", "valueString": expression}, {"name": "resource", "resource": {"resourceType": "Patient"}}]});
        sent(name, Method::POST, "/$fhirpath", JSON, body.to_string(), "")
    };
    let path_patch = |name: &str, path: &str| {
        let part = |name: &str, value: Value| json!({"name": name, "valueString": value});
        let body = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
            {"name": "type", "valueCode": "replace"}, part("path", json!(path)), {"name": "value", "valueBoolean": true}]}]});
        sent(name, Method::PATCH, "/Patient/there", JSON, body.to_string(), "")
    };
    vec![
        patch("a patch that is no array", "{}".into()),
        patch("a patch nobody knows", r#"[{"op":"destroy","path":"/active"}]"#.into()),
        patch("a patch of nowhere", r#"[{"op":"replace","path":"/name/5/family","value":"x"}]"#.into()),
        patch("a pointer that is none", r#"[{"op":"add","path":"name","value":1}]"#.into()),
        patch("an index beyond numbers", r#"[{"op":"add","path":"/name/99999999999999999999","value":{}}]"#.into()),
        patch("a patch of the id", r#"[{"op":"replace","path":"/id","value":"x"}]"#.into()),
        patch("a patch that copies itself", doubling(40)),
        patch("100,000 patches", format!("[{}]", vec![r#"{"op":"test","path":"/active","value":false}"#; 100_000].join(","))),
        patch("a deep pointer", format!(r#"[{{"op":"remove","path":"{}"}}]"#, "/a".repeat(50_000))),
        path_patch("a path patch that is no path", "Patient.name.where("),
        path_patch("a path patch of everything", "Patient.descendants()"),
        path_patch("a path patch that goes on", "Patient.repeat(descendants() | children())"),
        fhirpath("an expression that is none", "Patient.name.where("),
        fhirpath("10,000 parentheses", &"(".repeat(1_900)),
        fhirpath("an expression of 3 KiB", &"a.".repeat(1_500)),
        fhirpath("an expression that squares", &format!("(1|2|3|4|5|6|7|8|9){}.count()", ".select((1|2|3|4|5|6|7|8|9))".repeat(60))),
        fhirpath("a regular expression that goes back", "('a'.matches('(a+)+$').not()).iif(true, nothing())"),
        sent("an operation of nothing", Method::POST, "/$fhirpath", JSON, "{}", ""),
        sent("a trace", Method::TRACE, "/Patient", "", "", ""),
        sent("a method nobody knows", Method::from_bytes(b"BREW").unwrap(), "/Patient", "", "", ""),
        sent("a deletion of everything", Method::DELETE, "/Patient", "", "", ""),
        sent("a deletion by what is no condition", Method::DELETE, "/Patient?_sort=name&_multiple=true", "", "", ""),
        sent("a deletion of a type nobody knows", Method::DELETE, "/Nothing/1", "", "", "Nothing"),
        sent("an id that may not be", Method::PUT, "/Patient/a_b", JSON, r#"{"resourceType":"Patient","id":"a_b"}"#, "id"),
        sent("an audit event", Method::POST, "/AuditEvent", JSON, r#"{"resourceType":"AuditEvent"}"#, ""),
        sent("a search parameter that squares", Method::PUT, "/SearchParameter/h", JSON, json!({"resourceType": "SearchParameter", "id": "h", "url": "urn:h", "name": "h", "status": "active", "description": "h", "code": "h", "base": ["Resource"], "type": "token", "expression": "Resource.repeat(descendants())"}).to_string(), "SearchParameter.expression"),
    ]
}

async fn written(attacked: &Attacked) -> i64 {
    let db = Database::connect(&attacked.here.database).await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM app.outbox) + (SELECT count(*) FROM app.job) + (SELECT count(*) FROM app.search_parameter) AS n";
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

#[tokio::test]
async fn hostile_requests_are_refused_by_name_and_leave_nothing_behind() {
    let attacked = Attacked::start("system/*.cruds").await;
    // A connection each: some are closed by what is refused.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let base = format!("{}/fhir/R4", attacked.url);
    let there = http.put(format!("{base}/Patient/there")).bearer_auth(&attacked.token).header("content-type", JSON);
    let there = there.body(r#"{"resourceType":"Patient","id":"there","active":true,"name":[{"family":"There"}]}"#);
    assert_eq!(there.send().await.unwrap().status(), 201);
    let before = written(&attacked).await;
    let all: Vec<Hostile> = [documents(), xml(), bundles(), searches(), acts()].into_iter().flatten().collect();
    assert!(all.len() >= 130, "{}", all.len());
    let mut wrong = Vec::new();
    let mut memory = attacked.memory();
    for (at, hostile) in all.iter().enumerate() {
        let mut request =
            http.request(hostile.method.clone(), format!("{base}{}", hostile.path)).bearer_auth(&attacked.token);
        for (name, value) in hostile.headers.iter().rev() {
            let given = reqwest::header::HeaderName::from_static(name);
            // The last one that was named counts.
            if !request.try_clone().unwrap().build().unwrap().headers().contains_key(&given) {
                request = request.header(given, value);
            }
        }
        let spent = attacked.processor_ms();
        let large = hostile.body.len() > 1 << 20;
        let response = match request.body(hostile.body.clone()).send().await {
            Ok(response) => response,
            // Refused while the client still wrote: it may find the connection closed before it reads why.
            Err(_) if large => continue,
            Err(error) => panic!("{}: {error}", hostile.name),
        };
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let spent = attacked.processor_ms() - spent;
        let outcome: Value = serde_json::from_str(&text).unwrap_or_default();
        let issues = outcome["issue"].as_array().cloned().unwrap_or_default();
        let said: String = issues
            .iter()
            .map(|i| format!("{} {}\n", i["diagnostics"].as_str().unwrap_or_default(), i["expression"]))
            .collect();
        let is_outcome = outcome["resourceType"] == "OperationOutcome"
            && issues.iter().all(|i| !i["diagnostics"].as_str().unwrap_or_default().is_empty());
        let leaks = ["SELECT ", "SQLSTATE", "syntax error at or near", "fhir.\"", "panicked"]
            .iter()
            .any(|sql| said.contains(sql) && !hostile.path.contains(&encoded(sql)));
        if !(400..500).contains(&status)
            || !is_outcome
            || !said.contains(&hostile.says)
            || leaks
            || text.len() > LONGEST_ANSWER
            || spent > BUDGET_MS
        {
            let said: String = said.chars().take(300).collect();
            wrong.push(format!(
                "{}: {status}, {spent} ms, {} bytes, {:?} in: {said}",
                hostile.name,
                text.len(),
                hostile.says
            ));
        }
        // The first of each kind fill pools and caches.
        if at == all.len() / 2 {
            memory = memory.max(attacked.memory());
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert_eq!(written(&attacked).await, before, "nothing is stored");
    let grown = attacked.memory().saturating_sub(memory);
    assert!(grown < GROWTH_KIB, "grew by {grown} KiB");
    let alive = http.get(format!("{base}/Patient/there")).bearer_auth(&attacked.token).send().await.unwrap();
    assert_eq!(alive.status(), 200);
    assert!(!attacked.log().contains("panicked"), "{}", attacked.log());
}

/// A circle of records, included by `:iterate` and `*` from every side: bounded, told when cut, and over soon.
#[tokio::test]
async fn includes_in_a_circle_end() {
    let attacked = Attacked::start("system/*.cruds").await;
    let http = reqwest::Client::new();
    let base = format!("{}/fhir/R4", attacked.url);
    let entries: Vec<Value> = (0..300)
        .map(|n| {
            let next = (n + 1) % 300;
            let organization = json!({"resourceType": "Organization", "id": format!("o{n}"), "name": "Circle", "partOf": {"reference": format!("Organization/o{next}")}});
            json!({"resource": organization, "request": {"method": "PUT", "url": format!("Organization/o{n}")}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string();
    let stored =
        http.post(&base).bearer_auth(&attacked.token).header("content-type", JSON).body(bundle).send().await.unwrap();
    assert_eq!(stored.status(), 200);
    for (query, included) in [
        ("_include:iterate=Organization:partof", 5),
        ("_include:iterate=*&_revinclude:iterate=*", 10),
        ("_include=Organization:partof&_include:iterate=Organization:partof&_include:recurse=Organization:*", 5),
    ] {
        let spent = attacked.processor_ms();
        let answer =
            http.get(format!("{base}/Organization?_id=o7&{query}")).bearer_auth(&attacked.token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let page: Value = answer.json().await.unwrap();
        let modes = page["entry"].as_array().unwrap().iter().filter(|e| e["search"]["mode"] == "include").count();
        assert_eq!(modes, included, "{query}");
        assert!(attacked.processor_ms() - spent < BUDGET_MS, "{query}");
    }
}
