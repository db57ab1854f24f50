//! Applications that publish their keys at a URL: what is fetched, how often, and from where.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use clap::Parser as _;
use entity::Role;
use entity::outbound::Reach;
use entity::store::{ClientKind, SystemAccount};
use serde_json::{Value, json};
use tests::Server;

use crate::gql;
use crate::smart::{Program, Site};

const SCOPE: &str = "system/Observation.rs";

#[derive(Clone)]
enum Answer {
    Keys { set: String, caching: &'static str },
    Status(StatusCode),
    To(String),
    Never,
}

/// Somebody's server with keys.
#[derive(Clone)]
struct Publisher {
    url: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
}

impl Publisher {
    async fn start(answer: Answer) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let started = Self { url, answer: Arc::new(Mutex::new(answer)), asked: Arc::default() };
        let this = started.clone();
        let router = Router::new().fallback(async move || this.answer().await);
        tokio::spawn(async move { axum::serve(listener, router).await });
        started
    }

    async fn answer(&self) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap().clone();
        match answer {
            Answer::Keys { set, caching } => ([(header::CACHE_CONTROL, caching)], set).into_response(),
            Answer::Status(status) => status.into_response(),
            Answer::To(url) => (StatusCode::FOUND, [(header::LOCATION, url)]).into_response(),
            Answer::Never => std::future::pending().await,
        }
    }

    fn publish(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn keys(program: &Program, caching: &'static str) -> Answer {
    Answer::Keys { set: program.jwks(), caching }
}

/// The keys of a program under other names.
fn renamed(program: &Program) -> String {
    program.jwks().replace("\"kid\":\"", "\"kid\":\"new-")
}

struct Asking {
    site: Site,
    next: AtomicUsize,
}

impl Asking {
    /// An application named "batch" whose keys are at that URL.
    async fn start(server: Server, url: &str) -> Self {
        let site = Site::over(server).await;
        let account = SystemAccount { login: "batch".into(), name: "Batch".into() };
        site.server.store.create_system_account(account, site.server.clock.now()).await.unwrap();
        site.register("batch", ClientKind::AsymmetricAt(url.into()), SCOPE, Some("batch")).await;
        Self { site, next: AtomicUsize::new(0) }
    }

    async fn with(&self, program: &Program, head: Value) -> (u16, Value) {
        let exp = (self.site.server.clock.now() + TimeDelta::minutes(4)).timestamp();
        let jti = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let audience = format!("{}/oauth2/token", self.site.server.url);
        let claims = json!({"iss": "batch", "sub": "batch", "aud": audience, "exp": exp, "jti": jti});
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", SCOPE),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &program.sign(&head, &claims)),
        ];
        let (status, answer) = self.site.post("/oauth2/token", &form).await;
        (status.as_u16(), answer)
    }

    async fn by(&self, program: &Program, kid: &str) -> u16 {
        let (status, answer) = self.with(program, json!({"alg": "ES384", "kid": kid})).await;
        assert_eq!(status == 401, answer["error"] == "invalid_client", "{answer}");
        status
    }

    fn later(&self, by: TimeDelta) {
        self.site.server.clock.advance(by);
    }
}

async fn reaching() -> Server {
    Server::start_in(false).await.beside_reaching(Reach { private: true }).await
}

#[tokio::test]
async fn keys_are_fetched_when_they_are_needed_and_kept_as_long_as_they_say() {
    let program = Program::new();
    let publisher = Publisher::start(keys(&program, "max-age=600")).await;
    let asking = Asking::start(reaching().await, &publisher.url).await;
    assert_eq!(publisher.asked(), 0, "nothing is fetched by registering it");
    let (status, answer) = asking.with(&program, json!({"alg": "ES384", "kid": "ec"})).await;
    assert_eq!((status, &answer["scope"]), (200, &json!(SCOPE)), "{answer}");
    assert_eq!(asking.site.get(&answer["access_token"], "/fhir/R4/Observation/o1").await, 200);
    assert_eq!(asking.with(&program, json!({"alg": "RS384", "kid": "rsa"})).await.0, 200);
    assert_eq!(publisher.asked(), 1);

    // A key that is not in it: fetched anew, but not at once, and once.
    let next = Program::new();
    publisher.publish(Answer::Keys { set: renamed(&next), caching: "max-age=600" });
    assert_eq!((asking.by(&next, "new-ec").await, publisher.asked()), (401, 1));
    asking.later(TimeDelta::seconds(31));
    assert_eq!((asking.by(&next, "new-ec").await, publisher.asked()), (200, 2));
    assert_eq!((asking.by(&program, "ec").await, publisher.asked()), (401, 2), "what is withdrawn is good no more");
    for kid in ["x", "y", "../z"] {
        assert_eq!((asking.by(&next, kid).await, publisher.asked()), (401, 2));
    }
    asking.later(TimeDelta::seconds(31));
    for kid in ["x", "y"] {
        assert_eq!((asking.by(&next, kid).await, publisher.asked()), (401, 3));
    }
    assert_eq!((asking.by(&program, "new-ec").await, publisher.asked()), (401, 3), "another's signature");

    // As long as its answer said, from when it was fetched.
    asking.later(TimeDelta::seconds(599));
    assert_eq!((asking.by(&next, "new-ec").await, publisher.asked()), (200, 3));
    asking.later(TimeDelta::seconds(1));
    publisher.publish(Answer::Keys { set: renamed(&next), caching: "no-store" });
    assert_eq!((asking.by(&next, "new-ec").await, publisher.asked()), (200, 4));
    assert_eq!((asking.by(&next, "new-ec").await, publisher.asked()), (200, 5), "what may not be kept is not");

    let jku = |url: &str| json!({"alg": "ES384", "kid": "new-ec", "jku": url});
    assert_eq!(asking.with(&next, jku(&publisher.url)).await.0, 200);
    let another = Publisher::start(keys(&next, "max-age=600")).await;
    assert_eq!((asking.with(&next, jku(&another.url)).await.0, another.asked()), (401, 0));
}

#[tokio::test]
async fn keys_that_cannot_be_had_open_nothing_and_are_not_asked_for_at_once() {
    let program = Program::new();
    let elsewhere = Publisher::start(keys(&program, "max-age=600")).await;
    let publisher = Publisher::start(Answer::Status(StatusCode::INTERNAL_SERVER_ERROR)).await;
    let asking = Asking::start(reaching().await, &publisher.url).await;
    let set = |set: String| Answer::Keys { set, caching: "max-age=600" };
    let long = program.jwks().replace("\"keys\"", &format!("\"x\":\"{}\",\"keys\"", "x".repeat(64 << 10)));
    let mut asked = 0;
    for bad in [
        Answer::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Answer::Status(StatusCode::NO_CONTENT),
        Answer::To(elsewhere.url.clone()),
        set("{".into()),
        set("{\"keys\":[]}".into()),
        set(program.jwks().replace("\"kty\":\"EC\"", "\"kty\":\"EC\",\"d\":\"secret\"")),
        set(long),
        Answer::Never,
    ] {
        publisher.publish(bad);
        for _ in 0..2 {
            assert_eq!(asking.by(&program, "ec").await, 401);
        }
        asked += 1;
        assert_eq!(publisher.asked(), asked);
        asking.later(TimeDelta::seconds(31));
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect is not followed");
    publisher.publish(keys(&program, "max-age=60"));
    assert_eq!(asking.by(&program, "ec").await, 200);
    // Keys that are still good outlive a moment in which the publisher is away; those that are not do not.
    asking.later(TimeDelta::seconds(31));
    publisher.publish(Answer::Status(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(asking.by(&program, "unknown").await, 401);
    assert_eq!(asking.by(&program, "ec").await, 200);
    asking.later(TimeDelta::seconds(31));
    assert_eq!(asking.by(&program, "ec").await, 401);
}

#[tokio::test]
async fn s46_keys_in_a_private_network_are_not_fetched() {
    let program = Program::new();
    let publisher = Publisher::start(keys(&program, "max-age=600")).await;
    let asking = Asking::start(Server::start_in(false).await, &publisher.url).await;
    assert_eq!((asking.by(&program, "ec").await, publisher.asked()), (401, 0));
    let port = publisher.url.rsplit(':').next().unwrap();
    for (id, url) in [("tls", format!("https://127.0.0.1:{port}")), ("name", "https://localhost:8443/keys".into())] {
        let account = SystemAccount { login: id.into(), name: id.into() };
        asking.site.server.store.create_system_account(account, asking.site.server.clock.now()).await.unwrap();
        asking.site.register(id, ClientKind::AsymmetricAt(url), SCOPE, Some(id)).await;
        let exp = (asking.site.server.clock.now() + TimeDelta::minutes(4)).timestamp();
        let audience = format!("{}/oauth2/token", asking.site.server.url);
        let claims = json!({"iss": id, "sub": id, "aud": audience, "exp": exp, "jti": "1"});
        let assertion = program.sign(&json!({"alg": "ES384", "kid": "ec"}), &claims);
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", SCOPE),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        let (status, answer) = asking.site.post("/oauth2/token", &form).await;
        assert_eq!((status.as_u16(), &answer["error"]), (401, &json!("invalid_client")), "{id}");
    }
    assert_eq!(publisher.asked(), 0);
}

const REGISTER: &str =
    "mutation($input: AppRegisterInput!) { appRegister(input: $input) { app { id kind jwksUri actsByItself } } }";

/// By the page's mutation and by the command line.
#[tokio::test]
async fn an_application_is_registered_with_the_url_of_its_keys() {
    let strict = Server::start_in(false).await;
    let site = gql::Site::at(&strict);
    let admin = site.person(Role::Admin, None).await;
    let input = |id: &str, more: Value| {
        let mut input = json!({"id": id, "name": id, "redirectUris": ["https://app.example/cb"], "scope": "openid"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "input": input })
    };
    let program = Program::new();
    for (more, place) in [
        (json!({"kind": "SIGNATURE", "jwksUri": "http://app.example/keys"}), "jwksUri"),
        (json!({"kind": "SIGNATURE", "jwksUri": "https://10.0.0.1/keys"}), "jwksUri"),
        (json!({"kind": "SIGNATURE", "jwksUri": "https://user@app.example/keys"}), "jwksUri"),
        (json!({"kind": "SIGNATURE", "jwksUri": "keys"}), "jwksUri"),
        (json!({"kind": "SIGNATURE", "jwksUri": "https://app.example/keys", "jwks": program.jwks()}), "jwks"),
        (json!({"kind": "SIGNATURE"}), "jwks"),
        (json!({"kind": "SECRET", "jwksUri": "https://app.example/keys"}), "jwks"),
        (json!({"kind": "PUBLIC", "jwksUri": "https://app.example/keys"}), "jwks"),
    ] {
        let refused = site.answer(&admin, REGISTER, input("a", more.clone())).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{more}: {refused}");
        assert!(refused.to_string().contains(&format!("input.{place}\"")), "{more}: {refused}");
    }
    let good = json!({"kind": "SIGNATURE", "jwksUri": "https://app.example/keys"});
    let made = site.ask(&admin, REGISTER, input("a", good.clone())).await;
    let expected =
        json!({"id": "a", "kind": "SIGNATURE", "jwksUri": "https://app.example/keys", "actsByItself": false});
    assert_eq!(made["appRegister"]["app"], expected);
    let listed = site.ask(&admin, "{ apps { id jwksUri } }", json!({})).await;
    assert_eq!(listed["apps"], json!([{"id": "a", "jwksUri": "https://app.example/keys"}]));

    let line = |more: &[&str]| {
        let fixed = ["wintehr", "app", "create", "b", "--scope", "openid", "--redirect-uri", "https://b.example/cb"];
        let database = ["--database-url", &strict.database];
        api::config::Cli::try_parse_from(fixed.iter().chain(more).chain(&database))
    };
    assert!(line(&["--jwks-uri", "https://b.example/keys", "--client-secret"]).is_err());
    assert!(line(&["--jwks-uri", "https://b.example/keys", "--jwks", "file"]).is_err());
    assert!(line(&["--account", "x"]).is_err());
    for (url, good) in [("ftp://b.example/keys", false), ("https://b.example/keys", true)] {
        let cli = line(&["--jwks-uri", url]).unwrap();
        let api::config::Command::App(app) = cli.command else { panic!("{url}") };
        assert_eq!(api::smart::command::run(&app).await.is_ok(), good, "{url}");
    }
    let kept = strict.store.client("b").await.unwrap().unwrap();
    assert_eq!(kept.kind, ClientKind::AsymmetricAt("https://b.example/keys".into()));
    // A secret of the application is not the server's, which is an option of the same command.
    let key: String = (0..32).map(|n| format!("{n:02x}")).collect();
    let cli = line(&["--client-secret", "--secret", &key]).unwrap();
    let api::config::Command::App(api::config::App::Create(mut new)) = cli.command else { panic!() };
    new.id = "c".into();
    assert!(api::smart::command::run(&api::config::App::Create(new)).await.is_ok());
    let kept = strict.store.client("c").await.unwrap().unwrap();
    assert!(matches!(kept.kind, ClientKind::Symmetric(_)));
}
