//! A Subscription ends with the right that it was made with: of a program's tokens, of an application, of a person.

use axum::http::Method;
use chrono::TimeDelta;
use entity::store::{AppChange, ClientKind, NewClient, SystemAccount, UserChange};
use entity::{Actor, IdSource, Request, Role};
use reqwest::Response;
use serde_json::{Value, json};
use tests::Server;

use crate::client::{Client, refusal};
use crate::gql::{Person, Site};
use crate::smart::{Program, form};
use crate::subscription::{HERE, Receiver, client_of, condition, hook, is, status, subscribe};

const JSON: Option<&str> = Some("application/fhir+json");

fn by_server(server: &Server) -> Request {
    let now = server.clock.now();
    Request { now, ids: IdSource::new(now, [1; 16]), request_id: "r".into(), idempotency_key: None }
}

/// Somebody who sees what becomes of the Subscription and writes what it tells of.
async fn observer(server: &Server) -> Client {
    let token = server.token_for("observer", "system/*.cruds", TimeDelta::days(30)).await;
    Client { server: server.clone(), token }
}

async fn ended(client: &Client, id: &str, why: &str) {
    let found = is(client, id, "error").await;
    assert!(found["error"].as_str().unwrap().contains(why), "{found}");
}

/// Requests it anew, and waits until it tells again.
async fn again(owner: &Client, id: &str) {
    let mut subscription = status(owner, id).await;
    subscription["status"] = "requested".into();
    owner.json(Method::PUT, &format!("/Subscription/{id}"), &subscription.to_string(), 200).await;
    is(owner, id, "active").await;
}

#[tokio::test]
async fn it_ends_with_the_tokens_of_its_account() {
    let observer = observer(&client_of(&Server::start_in(false).await).await.server).await;
    let server = &observer.server;
    let worker = server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let owner = Client { server: server.clone(), token: server.token_of("owner", "system/*.cruds").await };
    let id = subscribe(&owner, &hook("Condition", &receiver, JSON)).await;
    condition(&observer, "c1", "p1", "told").await;
    receiver.after(2).await;
    // A message waits for its next try when they are revoked.
    receiver.answers(|_| 500);
    condition(&observer, "c2", "p1", "tried once").await;
    receiver.after(3).await;
    receiver.answers(|_| 200);
    server.store.revoke_tokens("owner", server.clock.now()).await.unwrap();
    condition(&observer, "c3", "p1", "not told").await;
    ended(&observer, &id, "no token of the account").await;
    server.clock.advance(TimeDelta::minutes(5));
    condition(&observer, "c4", "p1", "not collected").await;
    // Another token, and it is requested anew: the right is that one's now, and what waited is told.
    let owner = Client { server: server.clone(), token: server.token_of("owner", "system/*.cruds").await };
    again(&owner, &id).await;
    let got = receiver.after(5).await;
    let paths: Vec<&str> = got.iter().map(|g| g.path.as_str()).collect();
    assert_eq!(paths, ["/hook", "/hook/Condition/c1", "/hook/Condition/c2", "/hook", "/hook/Condition/c2"]);
    // Its time passes and nothing happens: it ends all the same.
    server.clock.advance(TimeDelta::hours(1));
    ended(&observer, &id, "no token of the account").await;
    assert_eq!(receiver.got().len(), 5);
    worker.abort();
}

#[tokio::test]
async fn it_tells_what_a_token_that_is_good_permits() {
    let observer = observer(&client_of(&Server::start_in(false).await).await.server).await;
    let server = &observer.server;
    let worker = server.serve_subscriptions(HERE);
    let (first, second) = (Receiver::start().await, Receiver::start().await);
    let owner = Client { server: server.clone(), token: server.token_of("owner", "system/*.cruds").await };
    let conditions = subscribe(&owner, &hook("Condition", &first, JSON)).await;
    let patients = subscribe(&owner, &hook("Patient?", &second, JSON)).await;
    // Its tokens are replaced one after the other, the second for less.
    server.token_for("owner", "system/Patient.rs system/Subscription.cu", TimeDelta::days(1)).await;
    server.clock.advance(TimeDelta::hours(1));
    ended(&observer, &conditions, "may not read and search Condition").await;
    let patient = json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "Uno"}]});
    observer.json(Method::PUT, "/Patient/p1", &patient.to_string(), 200).await;
    assert_eq!(second.after(2).await[1].path, "/hook/Patient/p1");
    // Who may not have Subscriptions has none.
    server.token_for("owner", "system/Patient.rs", TimeDelta::days(9)).await;
    server.clock.advance(TimeDelta::days(1));
    ended(&observer, &patients, "may not have Subscriptions").await;
    assert_eq!((first.got().len(), second.got().len()), (1, 2));
    worker.abort();
}

struct Backend {
    server: Server,
    program: Program,
}

impl Backend {
    /// An application that acts by itself, and the account that it shares with others.
    async fn start(server: &Server) -> Self {
        let program = Program::new();
        let account = SystemAccount { login: "batch".into(), name: "Batch".into() };
        server.store.create_system_account(account, server.clock.now()).await.unwrap();
        for id in ["reporter", "other"] {
            let new = NewClient {
                id: id.into(),
                name: id.into(),
                kind: ClientKind::Asymmetric(program.jwks()),
                redirect_uris: vec![],
                launch_url: None,
                framed: false,
                scope: "system/*.cruds".into(),
                account: Some("batch".into()),
            };
            server.store.create_client(new, server.clock.now()).await.unwrap();
        }
        Self { server: server.clone(), program }
    }

    /// With a token of its own, which is good for five minutes.
    async fn client(&self, scope: &str) -> Client {
        let now = self.server.clock.now();
        let audience = format!("{}/oauth2/token", self.server.url);
        let jti = format!("{scope}{now}");
        let claims = json!({"iss": "reporter", "sub": "reporter", "aud": audience, "jti": jti,
            "exp": (now + TimeDelta::minutes(4)).timestamp()});
        let assertion = self.program.sign(&json!({"alg": "ES384", "typ": "JWT", "kid": "ec"}), &claims);
        let asked = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let request = reqwest::Client::new().post(audience).header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(form(&asked)).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Client { server: self.server.clone(), token }
    }

    async fn change(&self, id: &str, change: AppChange) {
        let request = by_server(&self.server);
        self.server.store.app_change(&Actor::server(), &request, id, change).await.unwrap();
    }

    async fn rescope(&self, scope: &str) {
        let (name, redirect_uris, launch_url, framed) = (None, None, None, None);
        let scope = Some(scope.to_owned());
        self.change("reporter", AppChange::Details { name, redirect_uris, launch_url, framed, scope }).await;
    }
}

#[tokio::test]
async fn it_ends_with_the_application_that_made_it() {
    let observer = observer(&client_of(&Server::start_in(false).await).await.server).await;
    let server = &observer.server;
    let worker = server.serve_subscriptions(HERE);
    let receiver = Receiver::start().await;
    let backend = Backend::start(server).await;
    let owner = backend.client("system/Condition.rs system/Subscription.cruds").await;
    let id = subscribe(&owner, &hook("Condition", &receiver, JSON)).await;
    // The application may have a new token whenever it asks, so it does not matter that this one's time is over.
    server.clock.advance(TimeDelta::hours(5));
    condition(&observer, "c1", "p1", "told").await;
    receiver.after(2).await;
    // Another one of the same account is none of its.
    backend.change("other", AppChange::Disabled(true)).await;
    server.clock.advance(TimeDelta::seconds(11));
    condition(&observer, "c2", "p1", "told").await;
    receiver.after(3).await;
    backend.rescope("system/Patient.rs system/Subscription.cruds").await;
    condition(&observer, "c3", "p1", "not told").await;
    ended(&observer, &id, "may not read and search Condition").await;
    backend.rescope("system/*.cruds").await;
    let owner = backend.client("system/Condition.rs system/Subscription.cruds").await;
    again(&owner, &id).await;
    condition(&observer, "c4", "p1", "told").await;
    receiver.after(5).await;
    // Closed, although nothing happens that it could tell of, and although its account has a token that was made by hand.
    server.token_for("batch", "system/*.cruds", TimeDelta::days(9)).await;
    backend.change("reporter", AppChange::Disabled(true)).await;
    server.clock.advance(TimeDelta::seconds(11));
    ended(&observer, &id, "the application that made it is closed").await;
    condition(&observer, "c5", "p1", "not told").await;
    backend.change("reporter", AppChange::Disabled(false)).await;
    assert_eq!(status(&observer, &id).await["status"], "error");
    let got = receiver.got();
    let told: Vec<&str> = got.iter().map(|g| g.path.as_str()).filter(|p| *p != "/hook").collect();
    assert_eq!(told, ["/hook/Condition/c1", "/hook/Condition/c2", "/hook/Condition/c4"]);
    worker.abort();
}

async fn send(site: &Site, person: &Person, method: Method, path: &str, body: &Value) -> Response {
    let request = site.http.request(method, format!("{}/fhir/R4{path}", site.server.url));
    let request = request.header("cookie", &person.cookie).header("x-wintehr-request", "1");
    let request = request.header("content-type", "application/fhir+json");
    request.body(body.to_string()).send().await.unwrap()
}

#[tokio::test]
async fn it_ends_with_the_role_and_the_account_of_a_person() {
    let observer = observer(&client_of(&Server::start_in(false).await).await.server).await;
    let server = &observer.server;
    let worker = server.serve_subscriptions(HERE);
    let site = Site::at(server);
    let organization = async |id: &str| {
        let body = json!({"resourceType": "Organization", "id": id, "name": id});
        observer.json(Method::PUT, &format!("/Organization/{id}"), &body.to_string(), 201).await;
    };
    // One of them stays the administrator.
    site.person(Role::Admin, None).await;
    for (change, why) in [
        (UserChange::Roles(vec![Role::Physician]), "may not have Subscriptions"),
        (UserChange::Disabled(true), "is closed"),
    ] {
        let receiver = Receiver::start().await;
        let person = site.person(Role::Admin, None).await;
        let wanted = hook("Organization?", &receiver, JSON);
        let made = send(&site, &person, Method::POST, "/Subscription", &wanted).await;
        assert_eq!(made.status(), 201);
        let made: Value = made.json().await.unwrap();
        let id = made["id"].as_str().unwrap();
        is(&observer, id, "active").await;
        // It is the account's, not the session's.
        let request = by_server(server);
        server.store.user_change(&Actor::server(), &request, &person.login, UserChange::LogOut).await.unwrap();
        server.clock.advance(TimeDelta::seconds(11));
        organization(&format!("told-{id}")).await;
        receiver.after(2).await;
        server.store.user_change(&Actor::server(), &request, &person.login, change).await.unwrap();
        organization(&format!("not-{id}")).await;
        ended(&observer, id, why).await;
        assert_eq!(receiver.got().len(), 2);
    }
    // A person who treats has none to begin with.
    let physician = site.person(Role::Physician, None).await;
    let receiver = Receiver::start().await;
    let refused = send(&site, &physician, Method::POST, "/Subscription", &hook("Organization?", &receiver, None)).await;
    assert_eq!(refusal(refused).await.0, 403);
    worker.abort();
}

/// What a person grants to an application, of one patient or of all, is not enough for something that goes on without the person.
#[tokio::test]
async fn an_application_of_a_person_has_none() {
    let mut site = crate::smart::Site::start().await;
    let receiver = Receiver::start().await;
    let body = hook("Organization?", &receiver, None).to_string();
    let admin = Site::at(&site.server).person(Role::Admin, None).await;
    for (cookie, status, why) in [
        (site.cookie.clone(), 403, "create on Subscription is not permitted"),
        (admin.cookie, 422, "an application that acts for a person"),
    ] {
        site.cookie = cookie;
        let granted = site.granted("user/*.cruds", None).await;
        let request = site.http.post(format!("{}/fhir/R4/Subscription", site.server.url));
        let request = request.bearer_auth(granted["access_token"].as_str().unwrap());
        let response = request.header("content-type", "application/fhir+json").body(body.clone()).send().await.unwrap();
        let (code, _, text) = refusal(response).await;
        assert!(code == status && text.contains(why), "{code} {text}");
    }
    assert!(receiver.got().is_empty());
}
