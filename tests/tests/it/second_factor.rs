//! The second factor: enrolled with a code, asked for after the password, used up with each code, and lost.

use std::sync::Arc;

use api::auth::totp;
use chrono::TimeDelta;
use entity::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::gql::{PASSWORD, Person, Site};

impl Site {
    /// An answer with the cookies it sets, as a browser would send them back: those that are not taken away.
    async fn factor(&self, path: &str, cookies: &str, body: Value) -> (u16, Value, String) {
        let request = self.http.post(format!("{}/auth/{path}", self.server.url)).header("x-wintehr-request", "1");
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
        read(request.json(&body).send().await.unwrap()).await
    }

    async fn password(&self, login: &str) -> (u16, Value, String) {
        self.factor("login", "", json!({"user": login, "password": PASSWORD})).await
    }

    fn code(&self, secret: &[u8]) -> String {
        totp::code_at(secret, self.server.clock.now().timestamp())
    }

    /// Enrols someone who is signed in; the secret and the recovery codes.
    async fn enrol(&self, person: &Person) -> (Vec<u8>, Vec<String>) {
        let begun = self.factor("second-factor/enrol", &person.cookie, json!({"password": PASSWORD})).await;
        assert_eq!(begun.0, 200, "{begun:?}");
        let secret = secret(&begun.1);
        let confirmed = self.factor("second-factor/confirm", &person.cookie, json!({"code": self.code(&secret)})).await;
        assert_eq!(confirmed.0, 200, "{confirmed:?}");
        let codes = confirmed.1["recoveryCodes"].as_array().unwrap();
        (secret, codes.iter().map(|c| c.as_str().unwrap().to_owned()).collect())
    }

    /// Whether that cookie opens anything.
    async fn opens(&self, cookies: &str) -> bool {
        let mut open = false;
        for path in [
            "/auth/session",
            "/auth/sessions",
            "/auth/second-factor",
            "/fhir/R4/Patient",
            "/graphql?query={me{principal}}",
        ] {
            let request =
                self.http.request(Method::GET, format!("{}{path}", self.server.url)).header("cookie", cookies);
            open |= request.send().await.unwrap().status() == 200;
        }
        open
    }
}

async fn read(response: Response) -> (u16, Value, String) {
    let set = response.headers().get_all("set-cookie").iter().map(|v| v.to_str().unwrap().to_owned());
    let kept: Vec<String> =
        set.filter(|c| !c.contains("Max-Age=0")).map(|c| c.split(';').next().unwrap().to_owned()).collect();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null), kept.join("; "))
}

/// RFC 4648 backwards.
fn secret(begun: &Value) -> Vec<u8> {
    let text = begun["secret"].as_str().unwrap();
    assert!(begun["address"].as_str().unwrap().contains(&format!("?secret={text}&")), "{begun}");
    let bits: Vec<u8> = text
        .bytes()
        .map(|b| if b.is_ascii_uppercase() { b - b'A' } else { b - b'2' + 26 })
        .flat_map(|five| (0..5).rev().map(move |n| five >> n & 1))
        .collect();
    bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

#[tokio::test]
async fn s43_a_code_is_asked_for_after_the_password_and_is_good_once() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    let before = site.password(&lee.login).await;
    assert_eq!((before.0, &before.1["user"]), (200, &json!(lee.login)), "none is asked for yet");
    let (secret, _) = site.enrol(&lee).await;

    let asked = site.password(&lee.login).await;
    assert_eq!((asked.0, &asked.1), (200, &json!({"secondFactor": true, "enrol": false})));
    assert!(asked.2.starts_with("wintehr-half="), "{asked:?}");
    assert!(!site.opens(&asked.2).await);
    // The code of the enrolment is used up, and so is every older one.
    let used = site.factor("second-factor", &asked.2, json!({"code": site.code(&secret)})).await;
    assert_eq!((used.0, used.2.as_str()), (401, ""));
    site.server.clock.advance(TimeDelta::seconds(30));
    for wrong in ["", "000000", "12345", "nonsense"] {
        assert_eq!(site.factor("second-factor", &asked.2, json!({"code": wrong})).await.0, 401, "{wrong}");
    }
    // Wrong codes are counted with wrong passwords: the next try waits, whatever it is.
    let code = site.code(&secret);
    assert_eq!(site.factor("second-factor", &asked.2, json!({"code": code})).await.0, 401);
    site.server.clock.advance(TimeDelta::seconds(30));
    // Two at once with the same code: one of them.
    let second = site.password(&lee.login).await;
    site.server.clock.advance(TimeDelta::seconds(5));
    let code = site.code(&secret);
    let both = futures_util::future::join(
        site.factor("second-factor", &asked.2, json!({"code": code})),
        site.factor("second-factor", &second.2, json!({"code": code})),
    )
    .await;
    let good: Vec<&(u16, Value, String)> = [&both.0, &both.1].into_iter().filter(|a| a.0 == 200).collect();
    assert_eq!(good.len(), 1, "{both:?}");
    assert!(good[0].2.starts_with("wintehr=") && site.opens(&good[0].2).await, "{both:?}");
    // A sign-in that is done is over, as is one that waited too long.
    assert_eq!(site.factor("second-factor", &asked.2, json!({"code": code})).await.0, 401);
    let late = site.password(&lee.login).await;
    site.server.clock.advance(TimeDelta::minutes(5));
    let code = site.code(&secret);
    assert_eq!(site.factor("second-factor", &late.2, json!({"code": code})).await.0, 401);
    let foreign = site.http.post(format!("{}/auth/second-factor", site.server.url)).header("cookie", &late.2);
    assert_eq!(foreign.json(&json!({"code": code})).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn s43_a_recovery_code_is_good_once() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    let (_, codes) = site.enrol(&lee).await;
    assert_eq!(codes.len(), 10);
    let with = async |code: &str| {
        let asked = site.password(&lee.login).await;
        site.factor("second-factor", &asked.2, json!({"code": code})).await.0
    };
    assert_eq!(with(&codes[3]).await, 200);
    assert_eq!(with(&codes[3]).await, 401);
    assert_eq!(with(&codes[4].to_lowercase().replace('-', "")).await, 200);
    let stands = site.http.get(format!("{}/auth/second-factor", site.server.url)).header("cookie", &lee.cookie);
    let stands: Value = stands.send().await.unwrap().json().await.unwrap();
    assert_eq!(stands, json!({"enrolled": true, "required": false, "recoveryCodesLeft": 8}));
    let other = site.person(Role::Physician, None).await;
    site.enrol(&other).await;
    let asked = site.password(&other.login).await;
    assert_eq!(site.factor("second-factor", &asked.2, json!({"code": codes[5]})).await.0, 401, "another's code");
}

#[tokio::test]
async fn an_authenticator_is_changed_and_taken_away_with_the_password() {
    let site = Site::start("[]").await;
    let lee = site.person(Role::Physician, None).await;
    assert_eq!(site.factor("second-factor/enrol", &lee.cookie, json!({"password": "wrong"})).await.0, 403);
    assert_eq!(site.factor("second-factor/enrol", "", json!({"password": PASSWORD})).await.0, 401);
    assert_eq!(site.factor("second-factor/confirm", &lee.cookie, json!({"code": "000000"})).await.0, 409);
    let (old, codes) = site.enrol(&lee).await;
    // One that is begun and not confirmed changes nothing.
    let begun = site.factor("second-factor/enrol", &lee.cookie, json!({"password": PASSWORD})).await;
    let new = secret(&begun.1);
    assert_eq!(site.factor("second-factor/confirm", &lee.cookie, json!({"code": "000000"})).await.0, 422);
    site.server.clock.advance(TimeDelta::seconds(30));
    let asked = site.password(&lee.login).await;
    assert_eq!(site.factor("second-factor", &asked.2, json!({"code": site.code(&old)})).await.0, 200);
    assert_eq!(site.factor("second-factor/confirm", &lee.cookie, json!({"code": site.code(&new)})).await.0, 200);
    site.server.clock.advance(TimeDelta::seconds(30));
    let asked = site.password(&lee.login).await;
    for gone in [site.code(&old), codes[0].clone()] {
        assert_eq!(site.factor("second-factor", &asked.2, json!({"code": gone})).await.0, 401);
    }
    let remove = async |password: &str, code: String| {
        site.factor("second-factor/remove", &lee.cookie, json!({"password": password, "code": code})).await.0
    };
    assert_eq!(remove("wrong", site.code(&new)).await, 403);
    assert_eq!(remove(PASSWORD, "000000".into()).await, 403);
    site.server.clock.advance(TimeDelta::minutes(1));
    assert_eq!(remove(PASSWORD, site.code(&new)).await, 204);
    assert_eq!(site.password(&lee.login).await.1["user"], json!(lee.login));
}

#[tokio::test]
async fn who_has_to_have_one_adds_it_at_the_sign_in() {
    let first = Site::start("[]").await;
    let lee = first.person(Role::Admin, None).await;
    let nurse = first.person(Role::Nurse, None).await;
    let site = Site::at(&first.server.beside_requiring(Arc::new([Role::Admin])).await);
    assert_eq!(site.password(&nurse.login).await.1["user"], json!(nurse.login));
    let asked = site.password(&lee.login).await;
    assert_eq!(asked.1, json!({"secondFactor": true, "enrol": true}));
    assert!(!site.opens(&asked.2).await);
    assert_eq!(site.factor("second-factor", &asked.2, json!({"code": "000000"})).await.0, 409);
    let begun = site.factor("second-factor/enrol", &asked.2, json!({})).await;
    let secret = secret(&begun.1);
    let done = site.factor("second-factor/confirm", &asked.2, json!({"code": site.code(&secret)})).await;
    assert_eq!((done.0, &done.1["user"]), (200, &json!(lee.login)), "{done:?}");
    assert_eq!(done.1["recoveryCodes"].as_array().map(Vec::len), Some(10));
    assert!(site.opens(&done.2).await);
    // It cannot be taken away by its owner, and who knows the password cannot put another in its place.
    site.server.clock.advance(TimeDelta::seconds(30));
    let code = site.code(&secret);
    assert_eq!(site.factor("second-factor/remove", &done.2, json!({"password": PASSWORD, "code": code})).await.0, 403);
    let half = site.password(&lee.login).await;
    assert_eq!(half.1["enrol"], false);
    assert_eq!(site.factor("second-factor/enrol", &half.2, json!({})).await.0, 409);
    assert_eq!(site.factor("second-factor/confirm", &half.2, json!({"code": code})).await.0, 409);

    // An administrator helps who has lost it; only one may.
    let admin = Person { login: lee.login.clone(), cookie: done.2 };
    let (_, codes) = site.enrol(&nurse).await;
    let away = "mutation($login: String!) { userRemoveSecondFactor(login: $login) { user { openSessions } } }";
    let refused = site.answer(&nurse, away, json!({"login": lee.login})).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
    let half = site.password(&nurse.login).await;
    site.ask(&admin, away, json!({"login": nurse.login})).await;
    assert!(!site.opens(&nurse.cookie).await);
    assert_eq!(site.factor("second-factor", &half.2, json!({"code": codes[0]})).await.0, 401);
    assert_eq!(site.password(&nurse.login).await.1["user"], json!(nurse.login));
}
