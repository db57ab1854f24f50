//! What an application may be registered with: its id, where people are sent, which keys it signs with.

use serde_json::Value;

use crate::outbound::Reach;
use crate::store::{ClientKind, NewClient};

/// Longest id and name, in characters.
const LONGEST: usize = 100;

/// Whether an application may be registered so.
///
/// # Errors
/// What is wrong, in words.
pub fn check(new: &NewClient) -> Result<(), String> {
    let id_fits = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if new.id.is_empty() || new.id.len() > LONGEST || !new.id.chars().all(id_fits) {
        return Err("a client_id has 1 to 100 letters, digits, or - . _ ~".into());
    }
    if new.name.trim().is_empty() || new.name.chars().count() > LONGEST {
        return Err("a name has 1 to 100 characters".into());
    }
    for uri in new.redirect_uris.iter().chain(&new.launch_url) {
        if !is_target(uri) {
            return Err(format!(
                "{uri} is no address to send people to: https://…, http:// on loopback, or a private scheme, without a fragment"
            ));
        }
    }
    if new.redirect_uris.is_empty() && new.account.is_none() {
        return Err("an application for people has at least one address to send them back to".into());
    }
    // A frame shows pages of the web; a private scheme opens a program.
    if new.framed && new.launch_url.as_deref().is_none_or(|url| origin(url).is_none()) {
        return Err("an application within the chart has an http(s) address where a launch begins".into());
    }
    let permissions = crate::launch::parse(&new.scope).map_err(|e| e.to_string())?;
    if crate::launch::has(&permissions, crate::launch::Context::System) != new.account.is_some() {
        return Err("system/ scopes go with an account, and with none else".into());
    }
    match &new.kind {
        ClientKind::Asymmetric(jwks) => keys(jwks).map(|_| ()),
        // Whether it may be reached is the rule of the server that fetches it, each time.
        ClientKind::AsymmetricAt(url) => {
            let told = |e| format!("the URL of the keys: {e}");
            Reach { private: true }.endpoint(url).map(|_| ()).map_err(told)
        }
        ClientKind::Public | ClientKind::Symmetric(_) => Ok(()),
    }
}

/// Scheme, host and port of a URL, as browsers send it as Origin; `None` for the private schemes of installed applications.
pub fn origin(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    let scheme = uri.scheme_str().filter(|s| matches!(*s, "http" | "https"))?;
    Some(format!("{scheme}://{}", uri.authority()?))
}

/// Source: RFC 6749 section 3.1.2; RFC 8252 section 7.
fn is_target(uri: &str) -> bool {
    let plain = uri.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>#;,'\\".contains(&b));
    let Some((scheme, _)) = uri.split_once(':') else { return false };
    let host = origin(uri).and_then(|o| o.parse::<http::Uri>().ok()).and_then(|u| u.host().map(ToOwned::to_owned));
    plain
        && match scheme {
            "https" => host.is_some(),
            "http" => host.is_some_and(|h| ["localhost", "127.0.0.1", "[::1]"].contains(&h.as_str())),
            // RFC 8252: a private scheme is a domain in reverse.
            scheme => scheme.contains('.') && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)),
        }
}

/// The set as it is kept, when it has at least one key of ours and nothing private.
///
/// # Errors
/// What is wrong, in words.
pub fn keys(json: &str) -> Result<String, String> {
    let set = public(json)?;
    if !set["keys"].as_array().is_some_and(|keys| !keys.is_empty() && keys.iter().all(verifies)) {
        return Err("the JWK set: each key has a kid and is RSA or EC P-384".into());
    }
    Ok(set.to_string())
}

/// The set that an application publishes, reduced to the keys that can verify what it signs: it may have others, for others.
///
/// # Errors
/// What is wrong, in words.
///
/// Source: RFC 7517 section 5: keys that are not understood are passed over.
pub fn published(json: &str) -> Result<String, String> {
    let mut set = public(json)?;
    let keys = set["keys"].as_array_mut().expect("read so");
    keys.retain(verifies);
    if keys.is_empty() {
        return Err("the JWK set: no key of it has a kid and is RSA or EC P-384".into());
    }
    Ok(set.to_string())
}

/// A JWK set without private keys.
fn public(json: &str) -> Result<Value, String> {
    let refuse = |text: &str| format!("the JWK set: {text}");
    let set: Value = serde_json::from_str(json).map_err(|e| refuse(&e.to_string()))?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or_else(|| refuse("it has no keys"))?;
    if keys.iter().any(|k| k.get("d").is_some() || k.get("k").is_some()) {
        return Err(refuse("it holds private keys; register the public ones"));
    }
    Ok(set)
}

fn verifies(key: &Value) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let kind = match text("kty") {
        Some("EC") => text("crv") == Some("P-384"),
        Some("RSA") => true,
        _ => false,
    };
    kind && text("kid").is_some()
}

#[cfg(test)]
mod tests {
    use super::{is_target, keys, published};

    #[test]
    fn people_are_sent_to_safe_addresses_only() {
        for good in
            ["https://app.example/cb", "http://127.0.0.1:9000/cb?x=1", "http://localhost/", "com.example.app:/cb"]
        {
            assert!(is_target(good), "{good}");
        }
        for bad in [
            "http://app.example/cb",
            "javascript:alert(1)",
            "https://",
            "https://a.example/#f",
            "data:x",
            "cb",
            "https://a.example/;x",
        ] {
            assert!(!is_target(bad), "{bad}");
        }
    }

    #[test]
    fn only_public_keys_that_can_verify_are_registered() {
        assert!(keys(r#"{"keys":[{"kty":"EC","crv":"P-384","kid":"1","x":"","y":""}]}"#).is_ok());
        for bad in [
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":[{"kty":"EC","crv":"P-384","x":"","y":""}]}"#,
            r#"{"keys":[{"kty":"EC","crv":"P-384","kid":"1","d":"secret"}]}"#,
            r#"{"keys":[{"kty":"oct","kid":"1","k":"secret"}]}"#,
        ] {
            assert!(keys(bad).is_err(), "{bad}");
            assert!(published(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_published_keys_those_are_taken_that_can_verify() {
        let ours = r#"{"crv":"P-384","kid":"1","kty":"EC","x":"","y":""}"#;
        let other = r#"{"crv":"P-256","kid":"2","kty":"EC","x":"","y":""}"#;
        let set = format!(r#"{{"keys":[{other},{ours}]}}"#);
        assert_eq!(published(&set).unwrap(), format!(r#"{{"keys":[{ours}]}}"#));
        assert!(keys(&set).is_err());
        assert!(published(&format!(r#"{{"keys":[{other}]}}"#)).is_err());
    }
}
