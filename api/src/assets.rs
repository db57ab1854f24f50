//! The browser application, embedded at build time. An unknown path with an extension is 404, never the page.

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::RustEmbed;

use crate::{clock, fhir};

#[derive(RustEmbed)]
#[folder = "../frontend/dist"]
struct Dist;

const NOT_BUILT: &str = "This program was built without pages. `make run` builds them first.\n";

/// The GraphQL operations of the embedded pages, as JSON from `sha256:…` to a text. `None` in a program without pages.
pub fn documents() -> Option<String> {
    Dist::get("persisted-documents.json").map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

/// Answers every path no other route took: below the doors of programs with an OperationOutcome, else with pages and their parts.
pub async fn serve(method: Method, uri: Uri) -> Response {
    let below = |door: &str| uri.path().strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if ["/fhir", "/graphql", "/auth", "/health", "/oauth2", "/smart", "/.well-known"].iter().any(|door| below(door)) {
        return fhir::no_place(uri).await.into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::NOT_FOUND.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    match path {
        "" | "index.html" => return page("index.html", Styles::Ours),
        "playground" | "playground.html" => return page("playground.html", Styles::Editor),
        _ => {}
    }
    if let Some(file) = Dist::get(path) {
        let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return ([(header::CONTENT_TYPE, content_type(path)), (header::CACHE_CONTROL, caching)], file.data)
            .into_response();
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') { StatusCode::NOT_FOUND.into_response() } else { page("index.html", Styles::Ours) }
}

/// What styles a page may have beyond files and elements with the nonce.
#[derive(Clone, Copy)]
enum Styles {
    Ours,
    /// The code editor writes `style` attributes into markup, which no nonce can bless. Only its own page lets them be.
    Editor,
}

/// A page with a fresh nonce, and the policy that names it.
fn page(name: &str, styles: Styles) -> Response {
    let Some(file) = Dist::get(name) else {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    };
    let nonce = STANDARD_NO_PAD.encode(clock::random::<18>());
    let text = String::from_utf8_lossy(&file.data).replace("__CSP_NONCE__", &nonce);
    let mut response =
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], text)
            .into_response();
    let policy = HeaderValue::from_str(&policy(&nonce, styles)).expect("base64 is a header value");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// `connect-src 'self'` covers WebSockets of the same origin (CSP level 3).
fn policy(nonce: &str, styles: Styles) -> String {
    let attributes = match styles {
        Styles::Ours => "",
        Styles::Editor => " style-src-attr 'unsafe-inline';",
    };
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self' 'nonce-{nonce}';{attributes} \
         img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; frame-src 'self' blob:; frame-ancestors 'none'; form-action 'self'; \
         base-uri 'none'; object-src 'none'"
    )
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
