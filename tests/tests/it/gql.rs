//! People of every role at the GraphQL door of a server of their own.

use entity::store::{Act, PersonAccount, Plan, Write};
use entity::{Actor, IdSource, Request, Role};
use fhir::{Json, ResourceType};
use serde_json::{Value, json};
use tests::Server;

/// A server with documents in it.
pub struct Site {
    pub server: Server,
    pub http: reqwest::Client,
}

/// Someone who is signed in.
pub struct Person {
    /// Log-in name; the password is [`PASSWORD`].
    pub login: String,
    pub cookie: String,
}

pub const PASSWORD: &str = "a password of twelve";

impl Site {
    /// `documents` is a JSON array of resources with ids.
    pub async fn start(documents: &str) -> Self {
        let site = Self { server: Server::start_in(false).await, http: reqwest::Client::new() };
        site.store(documents).await;
        site
    }

    /// At a server that is there.
    pub fn at(server: &Server) -> Self {
        Self { server: server.clone(), http: reqwest::Client::new() }
    }

    /// Stores more, as an import would.
    pub async fn store(&self, documents: &str) {
        let documents = Json::parse(documents).unwrap();
        let write = |d: &Json<'_>| Write {
            resource_type: ResourceType::named(d.str_at("resourceType").unwrap()).unwrap(),
            id: d.str_at("id").unwrap().to_owned(),
            act: Act::Update { body: d.to_text(), expected: None, may_create: true },
        };
        let now = self.server.clock.now();
        let request = Request { now, ids: IdSource::new(now, [1; 16]), request_id: "r".into(), idempotency_key: None };
        let plan = Plan::of(documents.items().iter().map(write).collect());
        if !plan.writes.is_empty() {
            self.server.store.commit(&Actor::server(), &request, &plan).await.unwrap();
        }
    }

    /// A new account of that role, signed in. A practitioner of the role's name unless `fhir_user` says otherwise.
    pub async fn person(&self, role: Role, fhir_user: Option<&str>) -> Person {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let login = format!("{}{}", role.name(), NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let own = format!("Practitioner/{}", role.name());
        let new = PersonAccount {
            login: login.clone(),
            name: format!("The {}", role.name()),
            password_hash: api::auth::password::hash(PASSWORD.into()).await,
            roles: vec![role],
            fhir_user: Some(fhir_user.map_or(own, ToOwned::to_owned)),
            demo: false,
        };
        self.server.store.create_person_account(new, self.server.clock.now()).await.unwrap();
        let request = self.http.post(format!("{}/auth/login", self.server.url)).header("x-wintehr-request", "1");
        let response = request.json(&json!({"user": login, "password": PASSWORD})).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Person { login, cookie }
    }

    /// The whole answer.
    pub async fn answer(&self, person: &Person, query: &str, variables: Value) -> Value {
        let request = self.http.post(format!("{}/graphql", self.server.url));
        let request = request.header("cookie", &person.cookie).header("x-wintehr-request", "1");
        let response = request.json(&json!({"query": query, "variables": variables})).send().await.unwrap();
        response.json().await.unwrap()
    }

    /// The data of an answer without errors.
    pub async fn ask(&self, person: &Person, query: &str, variables: Value) -> Value {
        let answer = self.answer(person, query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }
}
