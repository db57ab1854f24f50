//! Criteria: a search that stands for a condition on one resource, wherever one is written down as text.

use chrono::{DateTime, Utc};

use crate::search::extract::Options;
use crate::search::parse::{Handling, parse};
use crate::search::query::Query;
use crate::{Issue, IssueType, ResourceType};

/// The decoded pairs of a query string or a form; `None` when it is not percent-encoded UTF-8.
pub fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let pairs = query.split('&').filter(|p| !p.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    });
    pairs.collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|b| (b as char).to_digit(16));
                bytes.push((digit()? * 16 + digit()?) as u8);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The search that criteria mean. Anything but conditions on the resource is refused, and nothing of them is ignored.
///
/// # Errors
/// One issue per culprit.
pub fn conditions(
    resource_type: ResourceType,
    pairs: &[(String, String)],
    now: DateTime<Utc>,
    options: &Options<'_>,
) -> Result<Query, Vec<Issue>> {
    let wrong = |text: &str| vec![Issue::error(IssueType::Value, text)];
    let parsed = parse(resource_type, pairs, Handling::Strict, now, options)?;
    if !parsed.warnings.is_empty() {
        return Err(wrong("criteria may have no parameter without a value"));
    }
    if parsed.query.applied.len() != parsed.query.all.len() {
        return Err(wrong("criteria are conditions on the resource, nothing else"));
    }
    Ok(parsed.query)
}
