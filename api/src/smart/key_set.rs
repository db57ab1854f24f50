//! The keys that applications publish at a URL of theirs: fetched when an assertion needs them, and kept for a while on this server.
//!
//! A set is kept as long as its answer says, an hour at most. A key that is not in it has it fetched anew, as has a URL that did not answer,
//! but once in [`AGAIN`] at most: whoever sends us assertions must not make us call somebody else's server at will.
//!
//! Source: SMART App Launch 2.2, "Registering a client (communicating public keys)"; RFC 9111 section 5.2.2.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use entity::outbound::Reach;
use entity::registration;
use http::{HeaderMap, header};

use crate::outbound::{self, NotSent};

/// Of an answer that does not say how long it is good.
const UNSAID: TimeDelta = TimeDelta::minutes(5);
const LONGEST: TimeDelta = TimeDelta::hours(1);
const AGAIN: TimeDelta = TimeDelta::seconds(30);
/// Of a set, in bytes.
const LARGEST: usize = 64 << 10;
/// Sets kept at once; with more, all are fetched anew.
const MOST: usize = 256;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    #[error("{0}")]
    NotSent(#[from] NotSent),
    #[error("{0}")]
    Unusable(String),
    #[error("they could not be had a moment ago")]
    NotYet,
}

/// What was fetched, by URL.
#[derive(Debug, Default)]
pub struct KeySets(Mutex<HashMap<String, Arc<Place>>>);

#[derive(Debug, Default)]
struct Place {
    /// How many fetches have begun.
    begun: AtomicU64,
    kept: tokio::sync::Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The text of a JWK set and until when it is good.
    set: Option<(Arc<str>, DateTime<Utc>)>,
    asked_at: Option<DateTime<Utc>>,
}

impl KeySets {
    /// The set at a URL, which need not have the key of that `kid`.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn at(&self, reach: Reach, url: &str, kid: &str, now: DateTime<Utc>) -> Result<Arc<str>, NoKeys> {
        let place = self.place(url);
        let begun = place.begun.load(Ordering::Acquire);
        let mut kept = place.kept.lock().await;
        // Of those who waited together, one has asked for all.
        let asked_for_us = place.begun.load(Ordering::Acquire) > begun;
        let lately = asked_for_us || kept.asked_at.is_some_and(|at| now < at + AGAIN);
        let good = kept.set.as_ref().filter(|(_, until)| now < *until || asked_for_us).map(|(set, _)| Arc::clone(set));
        match good {
            Some(set) if lately || has(&set, kid) => return Ok(set),
            // What may not be kept is fetched each time; what was not there is not asked for again at once.
            None if lately && kept.set.is_none() => return Err(NoKeys::NotYet),
            Some(_) | None => {}
        }
        place.begun.fetch_add(1, Ordering::AcqRel);
        kept.asked_at = Some(now);
        match fetch(reach, url).await {
            Ok((set, lasts)) => {
                let set: Arc<str> = set.into();
                kept.set = Some((Arc::clone(&set), now + lasts));
                Ok(set)
            }
            Err(error) => {
                kept.set = kept.set.take().filter(|(_, until)| now < *until);
                match &kept.set {
                    Some((set, _)) => Ok(Arc::clone(set)),
                    None => Err(error),
                }
            }
        }
    }

    fn place(&self, url: &str) -> Arc<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(url) {
            all.clear();
        }
        Arc::clone(all.entry(url.to_owned()).or_default())
    }
}

async fn fetch(reach: Reach, url: &str) -> Result<(String, TimeDelta), NoKeys> {
    let (headers, body) = outbound::document(reach, url, "application/json, application/jwk-set+json", LARGEST).await?;
    let text = std::str::from_utf8(&body).map_err(|_| NoKeys::Unusable("the JWK set: it is not UTF-8".into()))?;
    Ok((registration::published(text).map_err(NoKeys::Unusable)?, lasts(&headers)))
}

/// How long an answer is good.
fn lasts(headers: &HeaderMap) -> TimeDelta {
    let mut said = None;
    let values = headers.get_all(header::CACHE_CONTROL).into_iter().filter_map(|v| v.to_str().ok());
    for directive in values.flat_map(|v| v.split(',')).map(|d| d.trim().to_ascii_lowercase()) {
        if directive == "no-store" || directive.split('=').next() == Some("no-cache") {
            return TimeDelta::zero();
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            // What cannot be read is the shortest.
            let seconds = seconds.trim_matches('"').parse::<u32>().unwrap_or(0);
            let lasts = TimeDelta::seconds(seconds.into());
            said = Some(said.map_or(lasts, |before: TimeDelta| before.min(lasts)));
        }
    }
    said.unwrap_or(UNSAID).min(LONGEST)
}

fn has(set: &str, kid: &str) -> bool {
    let set: serde_json::Value = serde_json::from_str(set).unwrap_or_default();
    set["keys"].as_array().is_some_and(|keys| keys.iter().any(|key| key["kid"] == kid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_set_is_kept_as_long_as_its_answer_says_and_an_hour_at_most() {
        for (said, seconds) in [
            (&["max-age=60"][..], 60),
            (&["public, Max-Age=90"], 90),
            (&["max-age=86400"], 3600),
            (&["max-age=99999999999999"], 0),
            (&["max-age=60, max-age=30"], 30),
            (&["public", "max-age=30"], 30),
            (&["max-age=60, no-store"], 0),
            (&["no-cache"], 0),
            (&["no-cache=\"set-cookie\", max-age=60"], 0),
            (&["private"], 300),
            (&[], 300),
        ] {
            let headers = said.iter().map(|v| (header::CACHE_CONTROL, HeaderValue::from_static(v)));
            let mut map = HeaderMap::new();
            headers.for_each(|(name, value)| {
                map.append(name, value);
            });
            assert_eq!(lasts(&map).num_seconds(), seconds, "{said:?}");
        }
    }
}
