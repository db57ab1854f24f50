//! A program with a bearer token, as the tests of the REST facade use it.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tests::Server;

/// An integrator at a server of its own.
pub struct Client {
    pub server: Server,
    pub token: String,
}

impl Client {
    pub async fn start() -> Self {
        let server = Server::start().await;
        let token = server.token("system/*.cruds").await;
        Self { server, token }
    }

    pub fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        reqwest::Client::new().request(method, format!("{}/fhir/R4{path}", self.server.url)).bearer_auth(&self.token)
    }

    pub async fn send(&self, method: Method, path: &str, body: &str) -> Response {
        let request = self.ask(method, path).header("content-type", "application/fhir+json").body(body.to_owned());
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path).send().await.unwrap()
    }

    /// The answer of that status, as JSON.
    pub async fn json(&self, method: Method, path: &str, body: &str, status: u16) -> Value {
        let response = self.send(method, path, body).await;
        let found = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert_eq!(found, status, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// The page at a path, or at a link.
    pub async fn page(&self, path: &str) -> Value {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/fhir/R4{path}", self.server.url) };
        let response = reqwest::Client::new().get(url).bearer_auth(&self.token).send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn create(&self, body: &str) -> Value {
        let response = self.send(Method::POST, "/Patient", body).await;
        assert_eq!(response.status(), 201);
        response.json().await.unwrap()
    }
}

pub fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The first issue of a refusal, after the status.
pub async fn refusal(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["resourceType"], "OperationOutcome", "{body}");
    let issue = &body["issue"][0];
    (status, issue["code"].as_str().unwrap().into(), issue["diagnostics"].as_str().unwrap().into())
}
