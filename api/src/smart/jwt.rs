//! JSON Web Tokens: `id_token` signed with RS256, and assertions of applications verified (RS384, ES384, RS256). Other algorithms do not
//! exist here. Keys of an earlier version, which signed with ES256, stay published until they are forgotten.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use entity::store::SigningKey;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use rsa::PrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::text;

/// How far ahead an assertion may expire.
const LONGEST: TimeDelta = TimeDelta::minutes(5);

/// How an application may sign, the ways that SMART requires first. OpenID Connect Discovery asks for RS256 besides.
pub const ASSERTED: [&str; 3] = ["RS384", "ES384", "RS256"];
/// How an `id_token` is signed: what every relying party understands.
///
/// Source: OpenID Connect Core 1.0, section 15.1.
pub const SIGNED: &str = "RS256";
/// Size of a key, in bits.
const BITS: usize = 2048;

/// A new RS256 key, named by its public half. It takes the processor for a moment: not for a thread that serves.
pub fn new_signing_key() -> SigningKey {
    let made = PrivateKey::new(&mut getrandom::SysRng, BITS);
    let document = made.expect("the size is a usual one").to_pkcs8_der().expect("an RSA key is written in PKCS #8");
    let mut key = SigningKey { kid: String::new(), pkcs8: document.as_bytes().to_vec() };
    let pair = rsa(&key).expect("made above");
    key.kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(pair.public_key().as_ref())[..12]);
    key
}

/// Whether the key signs as [`SIGNED`] says.
pub fn signs(key: &SigningKey) -> bool {
    rsa(key).is_some()
}

fn rsa(key: &SigningKey) -> Option<RsaKeyPair> {
    RsaKeyPair::from_pkcs8(&key.pkcs8).ok()
}

/// The public half as a JWK.
pub fn public(key: &SigningKey) -> Option<Value> {
    if let Some(pair) = rsa(key) {
        let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
        return Some(json!({ "kty": "RSA", "use": "sig", "alg": SIGNED, "kid": key.kid, "n": n, "e": e }));
    }
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.pkcs8, &SystemRandom::new()).ok()?;
    // SEC 1: 0x04, then both coordinates.
    let (x, y) = pair.public_key().as_ref().get(1..65)?.split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    Some(json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key.kid, "x": x, "y": y }))
}

/// The compact form of signed claims; `None` when the key is none that signs.
pub fn sign(key: &SigningKey, claims: &Value) -> Option<String> {
    let head = json!({ "alg": SIGNED, "typ": "JWT", "kid": key.kid });
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let pair = rsa(key)?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    jku: Option<String>,
    crit: Option<Value>,
}

/// What an assertion says of itself.
#[derive(Deserialize)]
pub struct Claims {
    pub iss: String,
    sub: String,
    aud: Value,
    exp: i64,
    nbf: Option<i64>,
    pub jti: String,
}

impl Claims {
    pub fn expires_at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.exp, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

fn part<T: for<'d> Deserialize<'d>>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// Who an assertion says it is from. Not verified yet.
pub fn issuer(assertion: &str) -> Option<String> {
    let claims: Claims = part(assertion.split('.').nth(1)?)?;
    Some(claims.iss)
}

/// Which key an assertion says it is signed with. Not verified yet.
pub fn key_id(assertion: &str) -> Option<String> {
    let head: Head = part(assertion.split('.').next()?)?;
    head.kid
}

/// The keys of an application: the text of a JWK set, and the URL it was registered by, if it was.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'k> {
    pub set: &'k str,
    pub url: Option<&'k str>,
}

/// Verifies an assertion of an application against its JWK set. `audience` is the URL of the token endpoint.
///
/// # Errors
/// What is wrong with it, for the developer of the application.
///
/// Source: SMART App Launch 2.2, "Asymmetric (private key JWT) authentication"; RFC 7523 section 3.
pub fn verify(assertion: &str, keys: Keys<'_>, audience: &str, now: DateTime<Utc>) -> Result<Claims, &'static str> {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [head, claims, signature] = parts[..] else { return Err("the assertion is no signed JWT") };
    let signed = &assertion[..head.len() + 1 + claims.len()];
    let head: Head = part(head).ok_or("the header of the assertion cannot be read")?;
    let claims: Claims = part(claims).ok_or("the claims iss, sub, aud, exp and jti cannot be read")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature is not base64url")?;
    if !ASSERTED.contains(&head.alg.as_str()) {
        return Err("alg is RS384, ES384 or RS256");
    }
    if head.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err("typ is JWT");
    }
    if head.jku.as_deref().is_some_and(|jku| keys.url != Some(jku)) {
        return Err("jku is the registered URL of the keys, or left out");
    }
    if head.crit.is_some() {
        return Err("crit is not supported");
    }
    let kid = head.kid.ok_or("kid is missing")?;
    let set: Value = serde_json::from_str(keys.set).map_err(|_| "the registered keys cannot be read")?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or("the registered keys cannot be read")?;
    let key = keys.iter().find(|k| text(k, "kid") == Some(&kid)).ok_or("kid names no registered key")?;
    if text(key, "alg").is_some_and(|alg| alg != head.alg) {
        return Err("the registered key is for another alg");
    }
    if !verifies(key, &head.alg, signed.as_bytes(), &signature) {
        return Err("the signature does not verify");
    }
    if claims.iss != claims.sub {
        return Err("iss and sub are the client_id");
    }
    let for_us = match &claims.aud {
        Value::String(one) => one == audience,
        Value::Array(all) => all.iter().any(|a| a == audience),
        _ => false,
    };
    if !for_us {
        return Err("aud is the URL of the token endpoint");
    }
    if claims.nbf.is_some_and(|nbf| now.timestamp() < nbf) {
        return Err("nbf is in the future");
    }
    if now.timestamp() >= claims.exp || claims.exp > (now + LONGEST).timestamp() {
        return Err("exp is past, or more than five minutes ahead");
    }
    if claims.jti.is_empty() || claims.jti.len() > 200 {
        return Err("jti has 1 to 200 characters");
    }
    Ok(claims)
}

fn verifies(key: &Value, alg: &str, signed: &[u8], signature: &[u8]) -> bool {
    let bytes = |name| text(key, name).and_then(|v| URL_SAFE_NO_PAD.decode(v).ok());
    match (alg, text(key, "kty")) {
        ("ES384", Some("EC")) if text(key, "crv") == Some("P-384") => {
            let (Some(x), Some(y)) = (bytes("x"), bytes("y")) else { return false };
            let point = [&[4][..], &x, &y].concat();
            x.len() == 48 && UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(signed, signature).is_ok()
        }
        ("RS384" | "RS256", Some("RSA")) => {
            let (Some(n), Some(e)) = (bytes("n"), bytes("e")) else { return false };
            let by = if alg == "RS384" { &RSA_PKCS1_2048_8192_SHA384 } else { &RSA_PKCS1_2048_8192_SHA256 };
            RsaPublicKeyComponents { n, e }.verify(by, signed, signature).is_ok()
        }
        _ => false,
    }
}
