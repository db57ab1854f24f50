//! `wintehr app …`: the registry of applications on the command line.

use entity::StoreError;
use entity::store::{ClientKind, NewClient};
use serde_json::Value;

use super::{new_signing_key, origin, text};
use crate::auth;
use crate::clock::Clock;
use crate::config::{App, NewApp};
use crate::server::{ServeError, with_store};

/// `false` when there is no such application.
pub async fn run(settings: &App) -> Result<bool, ServeError> {
    let now = Clock::Machine.now();
    match settings {
        App::Create(new) => create(new).await.map(|()| true),
        App::List { database } => {
            for app in with_store(database, async |store| store.clients().await).await? {
                let kind = match app.kind {
                    ClientKind::Public => "public",
                    ClientKind::Symmetric(_) => "secret",
                    ClientKind::Asymmetric(_) => "signature",
                };
                let state = if app.disabled { "disabled" } else { "enabled" };
                println!("{}\t{}\t{kind}\t{state}\t{}", app.id, app.name, app.scope);
            }
            Ok(true)
        }
        App::Enable { id, database } => {
            with_store(database, async |store| store.set_client_disabled(id, false, now).await).await
        }
        App::Disable { id, database } => {
            with_store(database, async |store| store.set_client_disabled(id, true, now).await).await
        }
        App::RotateKey { database } => {
            with_store(database, async |store| store.add_signing_key(new_signing_key(), now).await).await?;
            Ok(true)
        }
    }
}

async fn create(new: &NewApp) -> Result<(), ServeError> {
    let refuse = |text: String| Err(ServeError::App(text));
    let id_fits = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if new.id.is_empty() || new.id.len() > 100 || !new.id.chars().all(id_fits) {
        return refuse("a client_id has 1 to 100 letters, digits, or - . _ ~".into());
    }
    for uri in new.redirect_uris.iter().chain(&new.launch_url) {
        if !is_target(uri) {
            return refuse(format!(
                "{uri} is no address to send people to: https://…, http:// on loopback, or a private scheme, without a fragment"
            ));
        }
    }
    if new.redirect_uris.is_empty() && new.account.is_none() {
        return refuse("an application for people has at least one --redirect-uri".into());
    }
    let mut secret = None;
    let kind = match (&new.jwks, new.secret) {
        (Some(file), _) => ClientKind::Asymmetric(keys(&std::fs::read_to_string(file)?)?),
        (None, true) => {
            let (text, hash) = auth::new_token();
            secret = Some(text);
            ClientKind::Symmetric(hash)
        }
        (None, false) => ClientKind::Public,
    };
    let client = NewClient {
        id: new.id.clone(),
        name: new.name.clone().unwrap_or_else(|| new.id.clone()),
        kind,
        redirect_uris: new.redirect_uris.clone(),
        launch_url: new.launch_url.clone(),
        scope: new.scope.clone(),
        account: new.account.clone(),
    };
    with_store(&new.database, async |store| {
        Ok::<_, StoreError>(store.create_client(client, Clock::Machine.now()).await?)
    })
    .await?;
    if let Some(secret) = secret {
        println!("{secret}");
    }
    Ok(())
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

/// The set without what is private, when it has at least one key of ours.
fn keys(json: &str) -> Result<String, ServeError> {
    let refuse = |text: &str| ServeError::App(format!("the JWK set: {text}"));
    let set: Value = serde_json::from_str(json).map_err(|e| refuse(&e.to_string()))?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or_else(|| refuse("it has no keys"))?;
    if keys.iter().any(|k| k.get("d").is_some() || k.get("k").is_some()) {
        return Err(refuse("it holds private keys; register the public ones"));
    }
    let ours = |k: &Value| match text(k, "kty") {
        Some("EC") => text(k, "crv") == Some("P-384"),
        Some("RSA") => true,
        _ => false,
    };
    if keys.is_empty() || !keys.iter().all(|k| text(k, "kid").is_some() && ours(k)) {
        return Err(refuse("each key has a kid and is RSA or EC P-384"));
    }
    Ok(set.to_string())
}

#[cfg(test)]
mod tests {
    use super::{is_target, keys};

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
        }
    }
}
