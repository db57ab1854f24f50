//! The facade as OpenAPI 3.1, from the tables that the CapabilityStatement is made from: <https://spec.openapis.org/oas/v3.1.0>.

use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use fhir::search::added::Added;
use fhir::search::registry::Kind;
use fhir::{Json, ResourceType};
use http::{HeaderValue, StatusCode, Uri, header};

use super::capability::{all, interactions, is_served, newest, object};
use super::format::SERVED;
use super::operation::{OPERATIONS, SYSTEM_OPERATIONS, told_parameters};
use super::{Failure, Response, State, json, parameters};

pub(super) async fn handle(Extract(state): Extract<State>, uri: Uri) -> Result<Response, Failure> {
    parameters(&uri, &[])?;
    let mut response = json(StatusCode::OK, description(&state, &newest(&state).await?.added).to_text());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response.into_response())
}

fn description(state: &State, added: &Added) -> Json<'static> {
    let mut paths = fhir::json::Object::new();
    let mut jobs = Vec::new();
    paths.push("/metadata", item(vec![("get", call("What is served", "CapabilityStatement", Vec::new(), false))]));
    paths.push(
        "/",
        item(vec![
            ("post", call("Batch or transaction", "Bundle", Vec::new(), true)),
            ("get", call("Search over several types", "Bundle", vec![query("_type", "string", "the types")], false)),
        ]),
    );
    paths.push("/_history", item(vec![("get", call("History of everything", "Bundle", history(), false))]));
    for operation in &SYSTEM_OPERATIONS {
        let words = format!("Operation {}: {}", operation.name, operation.definition);
        let given = || told(operation.name);
        let asked = operation.by.iter().map(|m| (*m, call(&words, "Resource", given(), *m == "post")));
        paths.push(format!("/${}", operation.name), item(asked.collect()));
    }
    for (method, words) in [("get", "How far a job is, or its manifest"), ("delete", "End a job")] {
        let answer = if method == "get" { "the manifest" } else { "nothing" };
        jobs.push((method, call(words, answer, vec![place("id")], false)));
    }
    paths.push("/$job/{id}", item(jobs));
    let of_file = vec![place("id"), place("file")];
    paths.push("/$job/{id}/{file}", item(vec![("get", call("A file of a job", "NDJSON", of_file, false))]));
    for ty in ResourceType::all().iter().filter(|t| is_served(**t)) {
        of_type(*ty, added, &mut paths);
    }
    let schema = object([
        ("type", Json::from("object")),
        ("required", Json::Array(vec![Json::from("resourceType")])),
        ("properties", object([("resourceType", object([("type", Json::from("string"))]))])),
    ]);
    let bearer = object([("type", Json::from("http")), ("scheme", Json::from("bearer"))]);
    object([
        ("openapi", Json::from("3.1.0")),
        (
            "info",
            object([
                ("title", Json::from("WintEHR, FHIR R4")),
                ("version", Json::from(env!("CARGO_PKG_VERSION"))),
                (
                    "description",
                    Json::from(
                        "Made from the tables that serve requests. What a resource may hold is said by FHIR R4 (4.0.1).",
                    ),
                ),
            ]),
        ),
        ("servers", Json::Array(vec![object([("url", Json::from(format!("{}/fhir/R4", state.public_url)))])])),
        ("security", Json::Array(vec![object([("bearer", Json::Array(Vec::new()))])])),
        ("paths", Json::Object(paths)),
        (
            "components",
            object([("schemas", object([("Resource", schema)])), ("securitySchemes", object([("bearer", bearer)]))]),
        ),
    ])
}

fn of_type(ty: ResourceType, added: &Added, paths: &mut fhir::json::Object<'static>) {
    let name = ty.name();
    let may = |interaction: &str| interactions(ty).contains(&interaction);
    let mut on_type = vec![("get", call(&format!("Search {name}"), "Bundle", search(ty, added), false))];
    if may("create") {
        on_type.push(("post", call(&format!("Create {name}"), name, Vec::new(), true)));
    }
    paths.push(format!("/{name}"), item(on_type));
    let mut on_one = vec![("get", call(&format!("Read {name}"), name, vec![place("id")], false))];
    for (interaction, method, words, has_body) in
        [("update", "put", "Update", true), ("patch", "patch", "Patch", true), ("delete", "delete", "Delete", false)]
    {
        if may(interaction) {
            let mut given = vec![place("id")];
            if interaction == "delete" {
                given.push(query("_cascade", "string", "'delete' takes what refers to it as well"));
            }
            on_one.push((method, call(&format!("{words} {name}"), name, given, has_body)));
        }
    }
    paths.push(format!("/{name}/{{id}}"), item(on_one));
    paths.push(
        format!("/{name}/_search"),
        item(vec![("post", call(&format!("Search {name}"), "Bundle", Vec::new(), true))]),
    );
    paths.push(
        format!("/{name}/_history"),
        item(vec![("get", call(&format!("History of {name}"), "Bundle", history(), false))]),
    );
    let of_one = history().into_iter().chain([place("id")]).collect();
    paths
        .push(format!("/{name}/{{id}}/_history"), item(vec![("get", call("History of one", "Bundle", of_one, false))]));
    let version = vec![place("id"), place("version")];
    paths.push(
        format!("/{name}/{{id}}/_history/{{version}}"),
        item(vec![("get", call("Read a version", name, version, false))]),
    );
    for operation in OPERATIONS.iter().filter(|o| o.is_on(ty)) {
        let words = format!("Operation {}: {}", operation.name, operation.definition);
        if operation.on_type {
            let given = || told(operation.name);
            let asked = operation.methods().iter().map(|m| (*m, call(&words, "Resource", given(), *m == "post")));
            paths.push(format!("/{name}/${}", operation.name), item(asked.collect()));
        }
        if operation.on_instance {
            let given = || [place("id")].into_iter().chain(told(operation.name)).collect();
            let asked = operation.methods().iter().map(|m| (*m, call(&words, "Resource", given(), *m == "post")));
            paths.push(format!("/{name}/{{id}}/${}", operation.name), item(asked.collect()));
        }
    }
}

fn item(methods: Vec<(&'static str, Json<'static>)>) -> Json<'static> {
    let mut item = fhir::json::Object::new();
    for (method, call) in methods {
        item.push(method, call);
    }
    Json::Object(item)
}

fn call(words: &str, answer: &str, given: Vec<Json<'static>>, has_body: bool) -> Json<'static> {
    let content = || {
        let schema = || object([("schema", object([("$ref", Json::from("#/components/schemas/Resource"))]))]);
        object([(SERVED[0], schema()), (SERVED[1], schema())])
    };
    let response = |text: String| object([("description", Json::from(text)), ("content", content())]);
    let mut call = fhir::json::Object::new();
    call.push("summary", Json::from(words.to_owned()));
    if !given.is_empty() {
        call.push("parameters", Json::Array(given));
    }
    if has_body {
        call.push("requestBody", object([("required", Json::from(true)), ("content", content())]));
    }
    let responses =
        [("2XX", answer.to_owned()), ("4XX", "OperationOutcome".into()), ("5XX", "OperationOutcome".into())];
    let mut all = fhir::json::Object::new();
    for (status, text) in responses {
        all.push(status, response(text));
    }
    call.push("responses", Json::Object(all));
    Json::Object(call)
}

fn parameter(name: &str, at: &'static str, kind: &'static str, words: &str) -> Json<'static> {
    object([
        ("name", Json::from(name.to_owned())),
        ("in", Json::from(at)),
        ("required", Json::from(at == "path")),
        ("description", Json::from(words.to_owned())),
        ("schema", object([("type", Json::from(kind))])),
    ])
}

fn query(name: &str, kind: &'static str, words: &str) -> Json<'static> {
    parameter(name, "query", kind, words)
}

fn place(name: &str) -> Json<'static> {
    parameter(name, "path", "string", "a part of the place")
}

/// What may be given to an operation.
fn told(operation: &str) -> Vec<Json<'static>> {
    told_parameters(operation).iter().map(|(name, words)| query(name, "string", words)).collect()
}

fn history() -> Vec<Json<'static>> {
    vec![
        query("_since", "string", "instant"),
        query("_at", "string", "date or instant"),
        query("_count", "integer", "versions per page"),
    ]
}

fn search(ty: ResourceType, added: &Added) -> Vec<Json<'static>> {
    let own = all(ty, added).filter(|p| p.code != "_query");
    let own = own.map(|p| {
        let kind = match p.kind {
            Kind::String => "string",
            Kind::Token => "token",
            Kind::Reference => "reference",
            Kind::Date => "date",
            Kind::Number => "number",
            Kind::Quantity => "quantity",
            Kind::Uri => "uri",
            Kind::Composite => "composite",
            Kind::Special => "special",
        };
        query(p.code, "string", kind)
    });
    let results = ["_sort", "_count", "_include", "_revinclude", "_summary", "_elements", "_total"];
    own.chain(results.iter().map(|name| query(name, "string", "of the result"))).collect()
}
