//! All routes, and what every answer carries. A client sees nothing that did not pass here.

use axum::Router;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::audit::Audited;
use crate::health::{self, Readiness};
use crate::smart::cors::Cors;
use crate::{assets, audit, auth, fhir, graphql, live, smart};

/// On every answer.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin-allow-popups"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "private, no-store"),
];

/// The routes of one server over one store.
pub fn router(readiness: Readiness, fhir: fhir::State) -> Router {
    let is_https = fhir.public_url.starts_with("https://");
    health::routes(readiness)
        .merge(fhir::routes("/fhir/R4", &fhir))
        .merge(fhir::routes("/fhir", &fhir))
        .merge(graphql::routes(&fhir))
        .merge(live::routes(&fhir))
        .merge(audit::export::routes(&fhir))
        .merge(secrets(&fhir))
        .fallback(assets::serve)
        // One stack: what is added by itself is boxed, and copied for each request, by itself. Nothing in it boxes.
        .layer(
            ServiceBuilder::new()
                .map_response(with_headers)
                .map_response(move |response| if is_https { over_https(response) } else { response })
                .layer(Audited::by(fhir.clone()))
                .layer(CatchPanicLayer::new())
                .layer(CompressionLayer::new())
                .layer(Cors::by(fhir)),
        )
}

/// The doors where secrets are tried.
fn secrets(state: &fhir::State) -> Router {
    let layer = axum::middleware::from_fn_with_state(state.clone(), auth::rate::layer);
    auth::http::routes(state).merge(smart::routes(state)).layer(layer)
}

/// Who came by https comes by it from then on. Plain http is for loopback, which may serve other things tomorrow.
fn over_https(mut response: Response) -> Response {
    let value = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    response
}

/// What an answer has not said itself.
fn with_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
