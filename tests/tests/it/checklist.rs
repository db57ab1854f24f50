//! The checklist of the security design, S1 to S53: each line has a test with its id in the name, or a line of ARCHITECTURE.md that says why
//! not. Here are the tests that are about nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tests::Server;

use crate::client::{Client, header, refusal};

const LINES: u32 = 53;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && !["target", "node_modules", "dist", "gql"].contains(&name.as_str()) {
            sources(&path, found);
        } else if [".rs", ".test.ts", ".test.tsx", ".test.mjs"].iter().any(|end| name.ends_with(end)) {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// The ids at the beginning of a test's name: `s01_s04_…`.
fn ids(name: &str) -> BTreeSet<u32> {
    let id = |part: &&str| part.len() == 3 && part.starts_with('s') && part[1..].bytes().all(|b| b.is_ascii_digit());
    name.split(['_', ' ']).take_while(id).map(|part| part[1..].parse().unwrap()).collect()
}

/// The ids of tests in a source: what a Rust test is called, and what a test of the pages says.
fn tested(source: &str) -> BTreeSet<u32> {
    let rust = source.match_indices("fn s").map(|(at, _)| &source[at + 3..]);
    let pages = ["('s", " 's"]
        .into_iter()
        .flat_map(|begin| source.match_indices(begin).map(move |(at, _)| &source[at + begin.len() - 1..]));
    rust.chain(pages).flat_map(ids).collect()
}

/// What is claimed of the OWASP Application Security Verification Standard 5.0.0: `tests/asvs.csv` has the number of a requirement, its level, and
/// the test that shows it. Without a line nothing is claimed.
#[test]
fn each_claim_of_asvs_has_its_test() {
    let mut all = Vec::new();
    for folder in ["api", "entity", "schema", "tests"] {
        sources(&root().join(folder), &mut all);
    }
    let claims = std::fs::read_to_string(root().join("tests/asvs.csv")).unwrap();
    let mut lines = claims.lines();
    assert_eq!(lines.next(), Some("requirement,level,test"));
    let mut before: Vec<u32> = Vec::new();
    for line in lines {
        let parts: Vec<&str> = line.split(',').collect();
        let [requirement, level, test] = parts[..] else { panic!("{line}") };
        let number: Vec<u32> = requirement.strip_prefix('V').unwrap().split('.').map(|n| n.parse().unwrap()).collect();
        assert!(number.len() == 3 && (1..=17).contains(&number[0]) && ["1", "2", "3"].contains(&level), "{line}");
        assert!(number > before, "out of order, or twice: {line}");
        assert!(all.iter().any(|source| source.contains(&format!("fn {test}()"))), "there is no such test: {line}");
        before = number;
    }
    assert!(before.first().is_some_and(|chapter| *chapter > 1), "nothing is claimed");
}

#[test]
fn each_line_of_the_checklist_has_a_test_or_a_reason() {
    let mut all = Vec::new();
    for folder in ["api", "entity", "schema", "tests", "frontend/src"] {
        sources(&root().join(folder), &mut all);
    }
    let mut there: BTreeSet<u32> = all.iter().flat_map(|source| tested(source)).collect();
    let document = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let reasons = document.lines().filter_map(|line| line.strip_prefix("- S")?.split_once(": "));
    there.extend(reasons.filter(|(_, why)| why.len() > 40).filter_map(|(id, _)| id.parse::<u32>().ok()));
    let missing: Vec<u32> = (1..=LINES).filter(|id| !there.contains(id)).collect();
    assert!(missing.is_empty(), "neither a test nor a reason: {missing:?}");
    assert!(there.iter().all(|id| (1..=LINES).contains(id)), "{there:?}");
    assert_eq!(
        tested("async fn s17_s18_x() {} it('s40 y') (\n  's41 %s' fn sxx_ fn s1_z"),
        BTreeSet::from([17, 18, 40, 41])
    );
}

/// Licences and bans are `cargo deny`'s (`deny.toml`); where the crates and packages come from is seen here.
#[test]
fn s49_dependencies_come_from_the_public_registries() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let sources: BTreeSet<&str> = lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    assert_eq!(sources, BTreeSet::from(["\"registry+https://github.com/rust-lang/crates.io-index\""]));
    for folder in ["frontend", "tests/e2e"] {
        let lock = std::fs::read_to_string(root().join(folder).join("package-lock.json")).unwrap();
        let lock: Value = serde_json::from_str(&lock).unwrap();
        for (name, package) in lock["packages"].as_object().unwrap().iter().filter(|(name, _)| !name.is_empty()) {
            let from = package["resolved"].as_str().unwrap_or("https://registry.npmjs.org/");
            assert!(from.starts_with("https://registry.npmjs.org/"), "{name} comes from {from}");
            assert!(package["integrity"].is_string() || package["link"] == true, "{name} has no hash");
        }
    }
    assert!(root().join("deny.toml").is_file());
}

#[tokio::test]
async fn s02_nesting_beyond_128_is_refused() {
    let client = Client::start().await;
    // Each level is an array and an object.
    let nested = |depth: usize| {
        let (open, close) = (r#"[{"url":"u","extension":"#.repeat(depth), "}]".repeat(depth));
        format!(r#"{{"resourceType":"Basic","extension":{open}[]{close}}}"#)
    };
    for depth in [65, 100, 10_000] {
        let (status, _, text) = refusal(client.send(Method::POST, "/Basic", &nested(depth)).await).await;
        assert_eq!(status, 400, "{depth}: {text}");
    }
    assert_eq!(client.get("/metadata").await.status(), 200);
}

#[tokio::test]
async fn s04_values_that_are_none_are_refused_with_an_outcome() {
    let client = Client::start().await;
    let observation = |value: &str| {
        format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"valueQuantity":{{"value":{value}}}}}"#
        )
    };
    for (value, statuses) in [
        ("NaN", [400, 400]),
        ("Infinity", [400, 400]),
        ("1e", [400, 400]),
        ("01", [400, 400]),
        (&*"9".repeat(1_000_000), [400, 422]),
        ("1e999999999", [400, 422]),
    ] {
        let (status, _, text) = refusal(client.send(Method::POST, "/Observation", &observation(value)).await).await;
        assert!(statuses.contains(&status), "{}: {status} {text}", &value[..value.len().min(20)]);
    }
    for text in [r"\ud800", r"\udc00x", r"\u0000"] {
        let body = format!(r#"{{"resourceType":"Patient","name":[{{"text":"{text}"}}]}}"#);
        assert_eq!(refusal(client.send(Method::POST, "/Patient", &body).await).await.0, 400, "{text}");
    }
}

#[tokio::test]
async fn s05_bundles_are_bounded() {
    let client = Client::start().await;
    let bundle = |n: usize, condition: bool| {
        let entry = |at: usize| {
            let mut request = json!({"method": "POST", "url": "Basic"});
            if condition {
                request["ifNoneExist"] = json!(format!("identifier=urn:n|{at}"));
            }
            json!({"resource": {"resourceType": "Basic", "code": {"text": "x"}}, "request": request})
        };
        json!({"resourceType": "Bundle", "type": "transaction", "entry": (0..n).map(entry).collect::<Vec<_>>()})
            .to_string()
    };
    for (body, about) in [(bundle(10_001, false), "over 10000 entries"), (bundle(1_001, true), "over 1000 conditions")]
    {
        let (status, _, text) = refusal(client.send(Method::POST, "", &body).await).await;
        assert!(status == 413 && text.contains(about), "{status} {text}");
    }
    assert_eq!(client.page("/Basic?_summary=count").await["total"], 0);
}

/// The content of attachments wherever they stand, and of Binary; what cannot be told from its bytes is taken at its word.
#[tokio::test]
async fn s06_files_are_bounded_and_what_they_are_said_to_be() {
    let client = Client::start().await;
    let attachment = |media: &str, bytes: &[u8]| json!({"contentType": media, "data": STANDARD.encode(bytes)});
    let resources = |file: Value| {
        let content = json!([{"attachment": file}]);
        let text = json!([{"linkId": "1", "answer": [{"valueAttachment": file}]}]);
        [
            ("Patient.photo[0]", json!({"resourceType": "Patient", "photo": [file]})),
            (
                "DocumentReference.content[0].attachment",
                json!({"resourceType": "DocumentReference", "status": "current", "content": content}),
            ),
            (
                "QuestionnaireResponse.item[0].answer[0].value.ofType(Attachment)",
                json!({"resourceType": "QuestionnaireResponse", "status": "completed", "item": text}),
            ),
            (
                "Basic.extension[0].value.ofType(Attachment)",
                json!({"resourceType": "Basic", "code": {"text": "x"}, "extension": [{"url": "urn:x", "valueAttachment": file}]}),
            ),
            ("Binary", json!({"resourceType": "Binary", "contentType": file["contentType"], "data": file["data"]})),
        ]
    };
    let bundle = |resource: &Value| {
        let request = json!({"method": "POST", "url": resource["resourceType"]});
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": resource, "request": request}]})
    };
    let answer = async |path: &str, body: &Value| {
        let answer = client.send(Method::POST, path, &body.to_string()).await;
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let false_ones: [(&str, &[u8]); 4] = [
        ("application/pdf", b"MZ\x90\0"),
        ("image/png", b"\xff\xd8\xff\xe0"),
        ("text/plain; charset=utf-8", b"%PDF-1.7"),
        ("application/xml", b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc\">]><a/>"),
    ];
    for (media, bytes) in false_ones {
        for (place, resource) in resources(attachment(media, bytes)) {
            let (status, body) = answer(&format!("/{}", resource["resourceType"].as_str().unwrap()), &resource).await;
            assert_eq!(
                (status, body["issue"][0]["expression"][0].as_str().unwrap()),
                (422, &*format!("{place}.contentType")),
                "{body}"
            );
            assert_eq!(answer("", &bundle(&resource)).await.0, 422, "{resource}");
        }
    }
    // A resource has 5 MiB at most, so a file of that size comes in a bundle only.
    let large = vec![b'x'; (5 << 20) + 1];
    let (place, resource) = &resources(attachment("text/plain", &large))[1];
    let (status, body) = answer("", &bundle(resource)).await;
    assert_eq!((status, &body["issue"][0]["code"]), (413, &json!("too-long")), "{body}");
    let place = place.split_once('.').unwrap().1;
    assert_eq!(body["issue"][0]["expression"][0], format!("Bundle.entry[0].resource.{place}.data"), "{body}");
    assert_eq!(answer("/DocumentReference", resource).await.0, 413);
    for ty in ["Patient", "DocumentReference", "QuestionnaireResponse", "Basic", "Binary"] {
        assert_eq!(client.page(&format!("/{ty}?_summary=count")).await["total"], 0, "{ty}");
    }
    let good: [(&str, &[u8]); 4] = [
        ("application/pdf", b"%PDF-1.7"),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("text/plain", "Gr\u{fc}\u{df}e".as_bytes()),
        ("application/x-unknown", b"MZ\x90\0"),
    ];
    for (media, bytes) in good {
        for (_, resource) in resources(attachment(media, bytes)) {
            let path = format!("/{}", resource["resourceType"].as_str().unwrap());
            assert_eq!(answer(&path, &resource).await.0, 201, "{resource}");
        }
    }
}

#[tokio::test]
async fn s07_xml_with_a_document_type_or_entities_is_refused() {
    let client = Client::start().await;
    let bomb = r#"<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"#;
    let outside = r#"<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#;
    for (head, value) in
        [(bomb, "&b;"), (outside, "&x;"), ("<!DOCTYPE p SYSTEM \"http://127.0.0.1/x.dtd\">", "x"), ("", "&x;")]
    {
        let body = format!(r#"{head}<Patient xmlns="http://hl7.org/fhir"><language value="{value}"/></Patient>"#);
        let request = client.ask(Method::POST, "/Patient").header("content-type", "application/fhir+xml").body(body);
        let (status, _, text) = refusal(request.send().await.unwrap()).await;
        assert_eq!(status, 400, "{head}: {text}");
        assert!(!text.contains("root:"));
    }
}

/// Narrative that would do something is refused, not mended: what was sent is what is stored.
#[tokio::test]
async fn s08_narrative_that_would_do_something_is_not_stored() {
    let client = Client::start().await;
    for bad in [
        "<script>alert(1)</script>",
        "<img src=\\\"x\\\" onerror=\\\"alert(1)\\\"/>",
        "<iframe src=\\\"http://x\\\"></iframe>",
        "<p onclick=\\\"alert(1)\\\">x</p>",
        "<object data=\\\"x\\\"></object>",
        "<form action=\\\"http://x\\\"></form>",
    ] {
        let body = format!(
            r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x{bad}</div>"}}}}"#
        );
        assert_eq!(refusal(client.send(Method::POST, "/Patient", &body).await).await.0, 422, "{bad}");
    }
    assert_eq!(client.page("/Patient?_summary=count").await["total"], 0);
}

#[tokio::test]
async fn s09_expressions_are_bounded_in_length_depth_and_work() {
    let client = Client::start().await;
    let people: Vec<Value> = (0..100).map(|n| json!({"text": format!("n{n}")})).collect();
    let many = ".select($this | %resource.name)".repeat(40);
    let expressions = [
        format!("'{}'", "x".repeat(3_000)),
        format!("{}1{}", "(".repeat(200), ")".repeat(200)),
        format!("%resource.name{}", &many[..1_900.min(many.len())]),
    ];
    for expression in &expressions {
        let body = json!({"resourceType": "Parameters", "parameter": [
            {"name": "expression", "valueString": expression}, {"name": "resource", "resource": {"resourceType": "Patient", "name": people}}]});
        let asked = Instant::now();
        let answer = client.send(Method::POST, "/$fhirpath", &body.to_string()).await;
        let (status, _, text) = refusal(answer).await;
        assert_eq!(status, 400, "{}: {text}", &expression[..40]);
        assert!(asked.elapsed() < Duration::from_secs(20), "{}", &expression[..40]);
    }
    // Many foci share what one has: each of these would do by itself.
    let body = json!({"resourceType": "Parameters", "parameter": [
        {"name": "expression", "valueString": "%resource.name.text.select($this & 'x').count()"},
        {"name": "context", "valueString": "name | name.text"},
        {"name": "resource", "resource": {"resourceType": "Patient", "name": (0..1_000).map(|n| json!({"text": format!("n{n}")})).collect::<Vec<_>>()}}]});
    let (status, code, text) = refusal(client.send(Method::POST, "/$fhirpath", &body.to_string()).await).await;
    assert_eq!((status, &*code), (400, "too-costly"), "{text}");

    // The other doors that take an expression.
    let patient = json!({"resourceType": "Patient", "id": "p", "name": people});
    client.json(Method::PUT, "/Patient/p", &patient.to_string(), 201).await;
    let doors = |[patched, viewed, searched, walked]: [&str; 4]| {
        let part = json!([{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": patched}]);
        let patch = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]});
        let view = json!({"resourceType": "ViewDefinition", "status": "active", "resource": "Patient",
            "select": [{"column": [{"name": "a", "path": viewed, "collection": true}]}]});
        let run = json!({"resourceType": "Parameters", "parameter": [{"name": "viewResource", "resource": view}]});
        let parameter = json!({"resourceType": "SearchParameter", "url": "urn:s", "name": "S", "status": "active",
            "description": "s", "code": "s", "base": ["Patient"], "type": "string", "expression": searched});
        let ask = format!("{{ Patient(id: \"p\") {{ name(fhirpath: {}) {{ text }} }} }}", json!(walked));
        let answer = async |method: Method, path: &str, body: Value| {
            let media = if path == "/$graphql" { "application/json" } else { "application/fhir+json" };
            let answer = client.ask(method, path).header("content-type", media).body(body.to_string()).send().await;
            let answer = answer.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        async move {
            [
                answer(Method::PATCH, "/Patient/p", patch).await,
                answer(Method::POST, "/$viewdefinition-run", run).await,
                answer(Method::POST, "/SearchParameter", parameter).await,
                answer(Method::POST, "/$graphql", json!({"query": ask})).await,
            ]
        }
    };
    for (n, expression) in expressions.iter().enumerate() {
        // What is read as part of a resource is 422, what is asked 400, and 413 where it would cost too much.
        for (status, text) in doors([expression.as_str(); 4]).await {
            assert!([400, 413, 422].contains(&status), "{n}: {status} {text}");
        }
    }
    assert_eq!(client.page("/SearchParameter?_summary=count").await["total"], 0);
    assert_eq!(client.page("/Patient/p").await["meta"]["versionId"], "1");
    // The doors are open for others.
    let good = doors(["Patient.active", "name.text", "Patient.name.text", "text = 'n1'"]).await;
    assert_eq!(good.each_ref().map(|(status, _)| *status), [200, 200, 201, 200], "{good:?}");
}

/// Hostile names and values at every place of a search: 400 or an empty answer, and nothing of the database in it.
#[tokio::test]
async fn s29_hostile_searches_reach_no_statement() {
    const HOSTILE: [&str; 20] = [
        "'",
        "''",
        "\"",
        "' OR '1'='1",
        "'; SELECT pg_sleep(10) --",
        "1); SELECT pg_sleep(10); --",
        "$1",
        "$$x$$",
        "%27",
        "\\",
        "\\'",
        "%",
        "_",
        "a|b|c|d",
        "\u{202e}",
        "-- ",
        "/*",
        "pg_sleep(10)",
        "${jndi:x}",
        "\u{7f}",
    ];
    let client = Client::start().await;
    let enc = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let mut asked = 0;
    for hostile in HOSTILE {
        let h = enc(hostile);
        for path in [
            format!("/Patient?{h}=1"),
            format!("/Patient?name{h}=1"),
            format!("/Patient?name:{h}=1"),
            format!("/Patient?name={h}"),
            format!("/Patient?name:exact={h}"),
            format!("/Patient?name:contains={h}"),
            format!("/Patient?identifier={h}"),
            format!("/Patient?birthdate={h}"),
            format!("/Patient?_id={h}"),
            format!("/Patient?_sort={h}"),
            format!("/Patient?_elements={h}"),
            format!("/Patient?_include={h}"),
            format!("/Patient?_count={h}"),
            format!("/Patient?_summary={h}"),
            format!("/Patient?_filter={h}"),
            format!("/Patient?_has:Observation:patient:{h}=1"),
            format!("/Patient?_has:{h}:patient:code=1"),
            format!("/Patient?_list={h}"),
            format!("/Patient?_content={h}"),
            format!("/Patient?_page={h}"),
            format!("/Observation?value-quantity={h}"),
            format!("/Observation?code={h}"),
            format!("/Observation?subject:Patient.{h}=1"),
            format!("/Observation?patient={h}"),
            format!("/Patient/{h}"),
            format!("/{h}"),
        ] {
            let begun = Instant::now();
            let answer = client.get(&path).await;
            let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
            assert!([200, 400, 404].contains(&status), "{hostile:?} {path}: {status} {body}");
            assert!(
                !body.contains("SQLSTATE") && !body.contains("syntax error at") && !body.contains("fhir.patient"),
                "{path}: {body}"
            );
            assert!(begun.elapsed() < Duration::from_secs(8), "{path}");
            asked += 1;
        }
    }
    assert!(asked >= 500, "{asked}");
}

#[tokio::test]
async fn s39_every_answer_carries_the_headers() {
    let server = Server::start_as(false, Some("https://ehr.example")).await;
    for path in ["/", "/login", "/playground", "/fhir/R4/metadata", "/health", "/nothing.js", "/auth/config"] {
        let answer = reqwest::Client::new().get(format!("{}{path}", server.url)).send().await.unwrap();
        for (name, part) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("permissions-policy", "camera=()"),
            ("cross-origin-opener-policy", "same-origin-allow-popups"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
            ("content-security-policy", "default-src 'none'"),
            ("content-security-policy", "frame-ancestors 'none'"),
        ] {
            assert!(header(&answer, name).contains(part), "{path} {name}: {:?}", answer.headers());
        }
        let policy = header(&answer, "content-security-policy");
        assert!(!policy.contains("unsafe-eval'") || policy.contains("'wasm-unsafe-eval'"), "{policy}");
        assert!(!policy.contains("script-src 'unsafe-inline'"), "{policy}");
    }
    // Over plain http, which is loopback only, browsers are not told to come by https from then on.
    let plain = Server::start().await;
    let answer = reqwest::get(format!("{}/", plain.url)).await.unwrap();
    assert_eq!(header(&answer, "strict-transport-security"), "");
}
