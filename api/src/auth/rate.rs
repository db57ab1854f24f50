//! How often secrets may be tried from one address: passwords, codes, tokens and what applications show. It counts on the database, so
//! that all servers count together; how long one account waits is the sign-in's own matter.
//!
//! A try counts as wrong before it is looked at and is given back when it was right: tries sent together cannot all be the first.

use std::net::{IpAddr, SocketAddr};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::Json;
use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use entity::StoreError;
use entity::store::Allowance;
use serde_json::json;

use crate::fhir::State;

/// Wrong secrets from one address.
const WRONG: Allowance = Allowance { name: "wrong", tries: 30, within: TimeDelta::minutes(10) };
/// Requests of any kind from one address, right ones too: each costs a hash or a signature.
const ALL: Allowance = Allowance { name: "all", tries: 300, within: TimeDelta::minutes(1) };

/// Put on an answer: a secret was tried, and it was wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrong;

/// Over the doors of secrets.
pub async fn layer(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    // To say that one is at work needs a session, and everybody does it each minute.
    if request.method() != Method::POST || request.uri().path() == "/auth/session" {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let Some(address) = address(peer, request.headers(), state.proxy_hops) else { return next.run(request).await };
    let (key, now) = (network(address), state.clock.now());
    let allowed = async {
        for allowance in [&ALL, &WRONG] {
            if let Some(wait) = state.store.claim_try(allowance, &key, now).await? {
                return Ok(Some(wait));
            }
        }
        Ok(None)
    };
    match allowed.await {
        Ok(None) => {}
        Ok(Some(wait)) => return too_many(wait),
        Err(error) => return failed(&error),
    }
    let response = next.run(request).await;
    if response.extensions().get::<Wrong>().is_none()
        && let Err(error) = state.store.give_back_try(&WRONG, &key, now).await
    {
        tracing::warn!(cause = %error, "a right try counts as a wrong one");
    }
    response
}

/// Who asks: the peer, or where that many proxies of ours stand in front, the address the outermost of them saw. What a client writes
/// into the header itself stands further left and is not looked at.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, hops: usize) -> Option<IpAddr> {
    let Some(behind) = hops.checked_sub(1) else { return peer };
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let named: Vec<&str> = named.flat_map(|v| v.split(',')).map(str::trim).collect();
    let place = named.len().checked_sub(behind + 1)?;
    named[place].parse().ok().or(peer)
}

/// One household has one IPv4 address, or 2^64 IPv6 ones.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn too_many(wait: TimeDelta) -> Response {
    let seconds = wait.num_seconds().max(1);
    let text = "too many tries from this address; try again later";
    // `error` is OAuth's word as well as that of the sign-in.
    let body = Json(json!({ "error": text, "error_description": text }));
    let mut response = (StatusCode::TOO_MANY_REQUESTS, body).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(cause = %error, "tries could not be counted");
    let text = "the server cannot answer now; try again";
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": text }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_forwarding_headers_change_nothing() {
        let peer: Option<IpAddr> = Some("192.0.2.1".parse().unwrap());
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            headers
        };
        for (values, hops, expected) in [
            (&[][..], 0, Some("192.0.2.1")),
            (&["203.0.113.9"], 0, Some("192.0.2.1")),
            (&["203.0.113.9"], 1, Some("203.0.113.9")),
            (&["198.51.100.1, 203.0.113.9"], 1, Some("203.0.113.9")),
            (&["198.51.100.1", "203.0.113.9"], 1, Some("203.0.113.9")),
            (&["198.51.100.1, 203.0.113.9, 10.0.0.1"], 2, Some("203.0.113.9")),
            (&["nonsense"], 1, Some("192.0.2.1")),
        ] {
            let expected = expected.map(|a| a.parse::<IpAddr>().unwrap());
            assert_eq!(address(peer, &headers(values), hops), expected, "{values:?} {hops}");
        }
        assert_eq!(network("2001:db8:1:2:3::4".parse().unwrap()), "2001:db8:1:2::/64");
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
    }
}
