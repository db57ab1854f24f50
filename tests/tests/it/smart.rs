//! SMART App Launch: codes, tokens, scopes and signatures, as applications and their attackers use them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use entity::store::{AppChange, ClientKind, NewClient, PersonAccount, SystemAccount};
use entity::{Actor, IdSource, Request, Role};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tests::Server;

const CALLBACK: &str = "https://app.example/callback";
const SCOPE: &str = "launch launch/patient openid fhirUser offline_access online_access patient/*.cruds user/*.cruds";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";
/// The S256 challenge of [`VERIFIER`].
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Percent-encoded pairs.
pub fn form<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let encoded = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect::<String>()
    };
    let pairs = pairs.iter().map(|(n, v)| format!("{}={}", encoded(n.as_ref()), encoded(v.as_ref())));
    pairs.collect::<Vec<_>>().join("&")
}

pub struct Site {
    pub server: Server,
    pub http: Client,
    pub cookie: String,
}

impl Site {
    /// A server with two patients, a physician who is signed in, and a public application.
    pub async fn start() -> Self {
        Self::over(Server::start_in(false).await).await
    }

    /// As [`Site::start`], at that server.
    pub async fn over(server: Server) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut site = Self { server, http, cookie: String::new() };
        site.person("lee", Role::Physician, "Practitioner/lee").await;
        site.register("app", ClientKind::Public, SCOPE, None).await;
        site.cookie = site.sign_in("lee").await;
        let token = site.server.token("system/*.cruds").await;
        for (path, body) in [
            ("Patient/p1", json!({"resourceType": "Patient", "id": "p1", "name": [{"family": "One"}]})),
            ("Patient/p2", json!({"resourceType": "Patient", "id": "p2", "name": [{"family": "Two <b>"}]})),
            ("Observation/o1", observation("o1", "p1")),
            ("Observation/o2", observation("o2", "p2")),
        ] {
            let put = site.http.put(format!("{}/fhir/R4/{path}", site.server.url)).bearer_auth(&token);
            let put = put.header("content-type", "application/fhir+json").body(body.to_string());
            assert_eq!(put.send().await.unwrap().status(), 201);
        }
        site
    }

    async fn person(&self, login: &str, role: Role, fhir_user: &str) {
        let new = PersonAccount {
            login: login.into(),
            name: format!("The {login}"),
            password_hash: api::auth::password::hash(format!("password of {login}")).await,
            roles: vec![role],
            fhir_user: Some(fhir_user.into()),
            demo: false,
        };
        self.server.store.create_person_account(new, self.server.clock.now()).await.unwrap();
    }

    pub async fn register(&self, id: &str, kind: ClientKind, scope: &str, account: Option<&str>) {
        let new = NewClient {
            id: id.into(),
            name: format!("The {id}"),
            kind,
            redirect_uris: if account.is_some() { vec![] } else { vec![CALLBACK.into()] },
            launch_url: Some("https://app.example/launch".into()),
            framed: id.starts_with("framed"),
            scope: scope.into(),
            account: account.map(Into::into),
        };
        self.server.store.create_client(new, self.server.clock.now()).await.unwrap();
    }

    /// Closes an application, as the command line does.
    async fn close(&self, id: &str) {
        let now = self.server.clock.now();
        let ids = IdSource::new(now, [1; 16]);
        let request = Request { now, ids, request_id: format!("close {id}"), idempotency_key: None };
        let store = &self.server.store;
        store.app_change(&Actor::server(), &request, id, AppChange::Disabled(true)).await.unwrap();
    }

    async fn sign_in(&self, user: &str) -> String {
        let body = json!({"user": user, "password": format!("password of {user}")});
        let request = self.http.post(format!("{}/auth/login", self.server.url)).header("x-wintehr-request", "1");
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    /// What is answered to an `appLaunch` with that header.
    async fn launch(&self, (name, value): (&'static str, String), input: &Value) -> Value {
        let query = "mutation($input: AppLaunchInput!) { appLaunch(input: $input) { url opensIn } }";
        let post = self.http.post(format!("{}/graphql", self.server.url)).header(name, value);
        let post = if name == "cookie" { post.header("x-wintehr-request", "1") } else { post };
        post.json(&json!({"query": query, "variables": {"input": input}})).send().await.unwrap().json().await.unwrap()
    }

    /// The parameters of a good request.
    fn request(&self, scope: &str) -> Vec<(&'static str, String)> {
        vec![
            ("response_type", "code".into()),
            ("client_id", "app".into()),
            ("redirect_uri", CALLBACK.into()),
            ("scope", scope.into()),
            ("state", "the state".into()),
            ("aud", format!("{}/fhir/R4", self.server.url)),
            ("nonce", "n-1".into()),
            ("code_challenge", challenge(VERIFIER)),
            ("code_challenge_method", "S256".into()),
        ]
    }

    async fn page(&self, request: &[(&'static str, String)]) -> Response {
        let url = format!("{}/oauth2/authorize", self.server.url);
        self.http.get(format!("{url}?{}", form(request))).header("cookie", &self.cookie).send().await.unwrap()
    }

    /// As a person who leaves all but `without` ticked.
    async fn allow(
        &self,
        mut request: Vec<(&'static str, String)>,
        patient: Option<&str>,
        without: &[&str],
    ) -> Response {
        let scopes = request.iter().find(|(n, _)| *n == "scope").unwrap().1.clone();
        for scope in scopes.split(' ').filter(|s| !without.contains(s)) {
            request.push(("grant", scope.into()));
        }
        request.extend(patient.map(|p| ("patient", p.to_owned())));
        request.push(("decision", "allow".into()));
        self.decide(&request, Some(&self.server.url)).await
    }

    async fn decide(&self, pairs: &[(&'static str, String)], origin: Option<&str>) -> Response {
        let mut post = self.http.post(format!("{}/oauth2/authorize/decision", self.server.url));
        if let Some(origin) = origin {
            post = post.header("origin", origin);
        }
        post.header("cookie", &self.cookie).header("content-type", FORM).body(form(pairs)).send().await.unwrap()
    }

    async fn code(&self, scope: &str, patient: Option<&str>) -> String {
        let response = self.allow(self.request(scope), patient, &[]).await;
        sent_back(&response, "code").expect("a code")
    }

    pub async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> (StatusCode, Value) {
        let response = self
            .http
            .post(format!("{}{path}", self.server.url))
            .header("content-type", FORM)
            .body(form(pairs))
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap_or_default())
    }

    async fn exchange(&self, code: &str, verifier: &str, redirect_uri: &str) -> (StatusCode, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect_uri),
        ];
        self.post("/oauth2/token", &form).await
    }

    /// The token response to a new grant.
    pub async fn granted(&self, scope: &str, patient: Option<&str>) -> Value {
        let code = self.code(scope, patient).await;
        let (status, answer) = self.exchange(&code, VERIFIER, CALLBACK).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn refresh(&self, token: &str) -> (StatusCode, Value) {
        let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
        self.post("/oauth2/token", &form).await
    }

    pub async fn get(&self, token: &Value, path: &str) -> u16 {
        let get = self.http.get(format!("{}{path}", self.server.url)).bearer_auth(token.as_str().unwrap());
        get.send().await.unwrap().status().as_u16()
    }

    pub async fn ids(&self, token: &Value, path: &str) -> Vec<String> {
        let get = self.http.get(format!("{}/fhir/R4{path}", self.server.url)).bearer_auth(token.as_str().unwrap());
        let bundle: Value = get.send().await.unwrap().json().await.unwrap();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        entries.iter().map(|e| e["resource"]["id"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn observation(id: &str, patient: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Weight"},
        "subject": {"reference": format!("Patient/{patient}")}
    })
}

/// A parameter of the address that the person is sent to.
fn sent_back(response: &Response, name: &str) -> Option<String> {
    let location = response.headers().get("location")?.to_str().unwrap();
    let (to, query) = location.split_once('?')?;
    assert_eq!(to, CALLBACK);
    let mut pairs = query.split('&').filter_map(|p| p.split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
}

/// What is claimed, and the test that shows it.
const CAPABILITIES: [(&str, &str); 19] = [
    ("authorize-post", "a_request_may_be_posted"),
    ("client-confidential-asymmetric", "s31_s34_a_program_shows_who_it_is_by_a_signature"),
    ("client-confidential-symmetric", "an_application_with_a_secret_shows_it"),
    ("client-public", "an_application_reads_the_chosen_patient_and_nobody_else"),
    ("context-banner", "an_application_within_the_chart_is_shown_in_a_frame_of_its_own"),
    ("context-ehr-encounter", "an_encounter_is_carried_from_the_launch_to_the_token_and_its_introspection"),
    ("context-ehr-patient", "a_launch_from_a_chart_carries_its_patient_once"),
    ("context-standalone-encounter", "an_encounter_is_chosen_in_a_launch_that_no_chart_began"),
    ("context-standalone-patient", "an_application_reads_the_chosen_patient_and_nobody_else"),
    ("context-style", "an_application_of_a_chart_is_told_how_the_chart_looks"),
    ("launch-ehr", "a_launch_from_a_chart_carries_its_patient_once"),
    ("launch-standalone", "an_application_reads_the_chosen_patient_and_nobody_else"),
    ("permission-offline", "s33_refresh_tokens_rotate_and_reuse_ends_the_family"),
    ("permission-online", "s35_access_ends_by_revocation_by_closing_the_application_and_with_the_session"),
    ("permission-patient", "an_application_reads_the_chosen_patient_and_nobody_else"),
    ("permission-user", "a_scope_never_widens_and_unticked_ones_are_not_granted"),
    ("permission-v1", "scopes_are_read_and_answered_in_the_form_asked"),
    ("permission-v2", "a_scope_never_widens_and_unticked_ones_are_not_granted"),
    ("sso-openid-connect", "an_id_token_outlives_the_change_of_the_signing_key"),
];

/// A capability is claimed when its test is there, and no other is.
#[test]
fn each_capability_that_is_claimed_has_a_test() {
    let tests = [include_str!("smart.rs"), include_str!("../../../entity/src/launch.rs")];
    for (capability, test) in CAPABILITIES {
        assert!(tests.iter().any(|text| text.contains(&format!("fn {test}()"))), "{capability}: {test}");
    }
}

#[tokio::test]
async fn discovery_names_what_there_is() {
    let site = Site::start().await;
    let get = async |path: &str| {
        let response = site.http.get(format!("{}{path}", site.server.url)).header("accept", "text/html").send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().contains("json"));
        response.json::<Value>().await.unwrap()
    };
    let found = get("/fhir/R4/.well-known/smart-configuration").await;
    assert_eq!(found["issuer"], site.server.url.as_str());
    assert_eq!(found["token_endpoint"], format!("{}/oauth2/token", site.server.url));
    assert_eq!(found["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(found["id_token_signing_alg_values_supported"], json!(["RS256"]));
    assert_eq!(found["token_endpoint_auth_signing_alg_values_supported"], json!(["RS384", "ES384", "RS256"]));
    let mut capabilities: Vec<&str> =
        found["capabilities"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
    capabilities.sort_unstable();
    assert_eq!(capabilities, CAPABILITIES.map(|(name, _)| name));
    assert_eq!(get("/.well-known/openid-configuration").await, found);
    let metadata = site.http.get(format!("{}/fhir/R4/metadata", site.server.url)).send().await.unwrap();
    let metadata: Value = metadata.json().await.unwrap();
    let security = &metadata["rest"][0]["security"];
    assert_eq!(security["service"][0]["coding"][0]["code"], "SMART-on-FHIR");
    assert_eq!(security["extension"][0]["extension"][1]["valueUri"], found["token_endpoint"]);
}

#[tokio::test]
async fn an_application_reads_the_chosen_patient_and_nobody_else() {
    let site = Site::start().await;
    let scope = "openid fhirUser launch/patient patient/*.rs";
    let mut request = site.request(scope);
    request.push(("find", "two".into()));
    let page = site.page(&request).await;
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' https://app.example;") && policy.contains("frame-ancestors 'none'"));
    let page = page.text().await.unwrap();
    assert!(page.contains("Two &lt;b&gt;") && !page.contains("One") && !page.contains("<b>"), "{page}");

    let code = site.code(scope, Some("p1")).await;
    let (status, answer) = site.exchange(&code, VERIFIER, CALLBACK).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["patient"], &answer["scope"]), (&json!("p1"), &json!(scope)));
    assert_eq!(answer["refresh_token"], Value::Null);
    let token = &answer["access_token"];
    assert_eq!(site.get(token, "/fhir/R4/Patient/p1").await, 200);
    assert_eq!(site.get(token, "/fhir/R4/Patient/p2").await, 404);
    assert_eq!(site.get(token, "/fhir/R4/Observation/o2").await, 404);
    assert_eq!(site.ids(token, "/Observation").await, ["o1"]);
    assert_eq!(site.ids(token, "/Observation?patient=p2").await, [""; 0]);
    assert_eq!(site.ids(token, "/Patient?_has:Observation:patient:_id=o2").await, [""; 0]);
    // Types whose rows say not whose they are, writing, and the other doors.
    for path in ["/fhir/R4/Binary", "/fhir/R4/Bundle", "/fhir/R4/Subscription"] {
        assert_eq!(site.get(token, path).await, 403, "{path}");
    }
    let put = site.http.put(format!("{}/fhir/R4/Observation/o1", site.server.url)).bearer_auth(token.as_str().unwrap());
    let put = put.header("content-type", "application/fhir+json").body(observation("o1", "p1").to_string());
    assert_eq!(put.send().await.unwrap().status(), 403);
    let query = site.http.post(format!("{}/graphql", site.server.url)).bearer_auth(token.as_str().unwrap());
    assert_eq!(query.json(&json!({"query": "{ __typename }"})).send().await.unwrap().status(), 401);

    // The id_token verifies by the published key.
    let id_token = answer["id_token"].as_str().unwrap();
    let (signed, signature) = id_token.rsplit_once('.').unwrap();
    let part = |text: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap() };
    let (head, claims) = signed.split_once('.').unwrap();
    let keys = site.http.get(format!("{}/oauth2/jwks", site.server.url)).send().await.unwrap();
    let keys: Value = keys.json().await.unwrap();
    let key = keys["keys"].as_array().unwrap().iter().find(|k| k["kid"] == part(head)["kid"]).unwrap().clone();
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    assert_eq!((&part(head)["alg"], &key["alg"]), (&json!("RS256"), &json!("RS256")));
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public = ring::signature::RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
    public.verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
    let claims = part(claims);
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("app"), &json!("n-1")));
    assert_eq!(claims["fhirUser"], format!("{}/fhir/R4/Practitioner/lee", site.server.url));
}

#[tokio::test]
async fn a_scope_never_widens_and_unticked_ones_are_not_granted() {
    let site = Site::start().await;
    let response = site.allow(site.request("openid user/*.cruds user/*.rs"), None, &["user/*.cruds"]).await;
    let code = sent_back(&response, "code").unwrap();
    let (_, answer) = site.exchange(&code, VERIFIER, CALLBACK).await;
    assert_eq!(answer["scope"], "openid user/*.rs");
    let delete = async |token: &Value| {
        let url = format!("{}/fhir/R4/Observation/o1", site.server.url);
        site.http.delete(url).bearer_auth(token.as_str().unwrap()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(site.ids(&answer["access_token"], "/Observation?_sort=_id").await, ["o1", "o2"]);
    assert_eq!(delete(&answer["access_token"]).await, 403);
    // A physician deletes nothing, whatever was granted.
    let answer = site.granted("user/*.cruds", None).await;
    assert_eq!(answer["scope"], "user/*.cruds");
    assert_eq!(delete(&answer["access_token"]).await, 403);
    // What was ticked but not asked is not granted.
    let mut form = site.request("user/Patient.r");
    form.extend([("grant", "user/*.cruds".into()), ("grant", "user/Patient.r".into()), ("decision", "allow".into())]);
    let response = site.decide(&form, Some(&site.server.url)).await;
    let (_, answer) = site.exchange(&sent_back(&response, "code").unwrap(), VERIFIER, CALLBACK).await;
    assert_eq!(answer["scope"], "user/Patient.r");
    assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Observation/o1").await, 403);
}

#[tokio::test]
async fn a_patient_reads_the_own_record_only() {
    let mut site = Site::start().await;
    site.person("pat", Role::Patient, "Patient/p1").await;
    site.cookie = site.sign_in("pat").await;
    // The choice of another patient in the form is not listened to.
    let answer = site.granted("launch/patient patient/*.rs", Some("p2")).await;
    assert_eq!(answer["patient"], "p1");
    let answer = site.granted("user/*.cruds", None).await;
    assert_eq!(site.ids(&answer["access_token"], "/Observation").await, ["o1"]);
}

/// An application of a proxy sees what the proxy sees, and at the next request no more when the Consent is withdrawn.
#[tokio::test]
async fn an_application_of_a_proxy_ends_with_the_consent() {
    let mut site = Site::start().await;
    let writer = site.server.token("system/*.cruds").await;
    let put = async |site: &Site, body: Value| {
        let path = format!("{}/{}", body["resourceType"].as_str().unwrap(), body["id"].as_str().unwrap());
        let put = site.http.put(format!("{}/fhir/R4/{path}", site.server.url)).bearer_auth(&writer);
        let answer = put.header("content-type", "application/fhir+json").body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    };
    let consent = |status: &str| {
        json!({
            "resourceType": "Consent", "id": "c", "status": status, "patient": {"reference": "Patient/p1"},
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
            "category": [{"text": "proxy"}], "policyRule": {"text": "opt in"},
            "provision": {"type": "permit", "actor": [
                {"role": {"text": "guardian"}, "reference": {"reference": "RelatedPerson/may"}}]},
        })
    };
    let related = json!({"resourceType": "RelatedPerson", "id": "may", "patient": {"reference": "Patient/p1"}});
    put(&site, related).await;
    site.person("may", Role::Patient, "RelatedPerson/may").await;
    site.cookie = site.sign_in("may").await;
    let scope = "launch/patient patient/*.rs";
    let page = site.page(&site.request(scope)).await.text().await.unwrap();
    assert!(page.contains("not connected with a record"), "{page}");
    put(&site, consent("active")).await;
    let by_patient = site.granted(scope, Some("p2")).await;
    assert_eq!(by_patient["patient"], "p1");
    let by_user = site.granted("user/*.rs", None).await;
    for answer in [&by_patient, &by_user] {
        assert_eq!(site.ids(&answer["access_token"], "/Observation").await, ["o1"]);
    }
    put(&site, consent("inactive")).await;
    for answer in [&by_patient, &by_user] {
        assert_eq!(site.ids(&answer["access_token"], "/Observation").await, [""; 0]);
        assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Patient/p1").await, 404);
    }
}

#[tokio::test]
async fn requests_that_are_not_right_are_refused() {
    let site = Site::start().await;
    let with = |name: &'static str, value: &str| {
        let mut request = site.request("user/*.rs");
        request.retain(|(n, _)| *n != name);
        if !value.is_empty() {
            request.push((name, value.to_owned()));
        }
        request
    };
    // Nobody is sent to an address that is not registered.
    for (name, value) in [
        ("redirect_uri", "https://app.example/callback/"),
        ("redirect_uri", "https://app.example/callback?x=1"),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", ""),
        ("client_id", "another"),
        ("client_id", ""),
    ] {
        let response = site.page(&with(name, value)).await;
        assert_eq!(response.status(), 400, "{name}={value}");
        assert!(response.headers().get("location").is_none());
    }
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("aud", "https://evil.example/fhir/R4", "invalid_request"),
        ("aud", "", "invalid_request"),
        ("state", "", "invalid_request"),
        ("scope", "user/*.sr", "invalid_scope"),
        ("scope", "user/Observation.rs?category=laboratory", "invalid_scope"),
        ("scope", "system/*.rs", "invalid_scope"),
        ("scope", "launch user/*.rs", "invalid_request"),
    ] {
        let response = site.page(&with(name, value)).await;
        assert_eq!(sent_back(&response, "error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(sent_back(&response, "state").is_some(), name != "state");
    }
    let mut twice = site.request("user/*.rs");
    twice.push(("scope", "user/*.cruds".into()));
    assert_eq!(sent_back(&site.page(&twice).await, "error").as_deref(), Some("invalid_request"));

    // A decision comes from our page, and may be no.
    let mut form = site.request("user/*.rs");
    form.push(("grant", "user/*.rs".into()));
    form.push(("decision", "allow".into()));
    for origin in [None, Some("null"), Some("https://evil.example")] {
        assert_eq!(site.decide(&form, origin).await.status(), 403);
    }
    form.pop();
    let denied = site.decide(&form, Some(&site.server.url)).await;
    assert_eq!(sent_back(&denied, "error").as_deref(), Some("access_denied"));

    // Without a session there is a sign-in and nothing of the application's wishes.
    let anonymous = Site { cookie: "wintehr=none".into(), ..site };
    let page = anonymous.page(&anonymous.request("user/*.rs")).await.text().await.unwrap();
    assert!(page.contains("Sign in") && !page.contains("decision"), "{page}");
}

#[tokio::test]
async fn s32_a_code_is_good_once_for_a_minute_and_for_its_own_request() {
    let site = Site::start().await;
    let refused = async |code: &str, verifier: &str, uri: &str| {
        let (status, answer) = site.exchange(code, verifier, uri).await;
        assert_eq!((status.as_u16(), &answer["error"]), (400, &json!("invalid_grant")));
    };
    let code = site.code("user/*.rs", None).await;
    refused(&code, "another-verifier-of-at-least-forty-three-characters", CALLBACK).await;
    refused(&code, VERIFIER, CALLBACK).await;
    let code = site.code("user/*.rs", None).await;
    refused(&code, VERIFIER, "https://app.example/other").await;
    let code = site.code("user/*.rs", None).await;
    site.server.clock.advance(TimeDelta::seconds(60));
    refused(&code, VERIFIER, CALLBACK).await;
    // The second coming of a code ends what came of the first.
    let code = site.code("user/*.rs", None).await;
    let (_, answer) = site.exchange(&code, VERIFIER, CALLBACK).await;
    assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Patient/p1").await, 200);
    refused(&code, VERIFIER, CALLBACK).await;
    assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Patient/p1").await, 401);
    // Another application's code is nobody's, and stays good.
    site.register("other", ClientKind::Public, SCOPE, None).await;
    let code = site.code("user/*.rs", None).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "other"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
    ];
    assert_eq!(site.post("/oauth2/token", &form).await.1["error"], "invalid_grant");
    assert_eq!(site.exchange(&code, VERIFIER, CALLBACK).await.0, 200);
}

#[tokio::test]
async fn s33_refresh_tokens_rotate_and_reuse_ends_the_family() {
    let mut site = Site::start().await;
    let first = site.granted("offline_access user/*.rs", None).await;
    let used = first["refresh_token"].as_str().unwrap();
    let (status, wide) = site
        .post(
            "/oauth2/token",
            &[
                ("grant_type", "refresh_token"),
                ("client_id", "app"),
                ("refresh_token", used),
                ("scope", "user/*.cruds"),
            ],
        )
        .await;
    assert_eq!((status.as_u16(), &wide["error"]), (400, &json!("invalid_scope")));
    site.server.clock.advance(TimeDelta::minutes(61));
    assert_eq!(site.get(&first["access_token"], "/fhir/R4/Patient/p1").await, 401);
    let (status, second) = site.refresh(used).await;
    assert_eq!(status, 200, "{second}");
    assert_eq!(site.get(&second["access_token"], "/fhir/R4/Patient/p1").await, 200);
    assert_eq!(site.refresh(used).await.1["error"], "invalid_grant");
    assert_eq!(site.get(&second["access_token"], "/fhir/R4/Patient/p1").await, 401);
    assert_eq!(site.refresh(second["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_grant");

    // Used or not, ninety days after the agreement one is asked again.
    site.cookie = site.sign_in("lee").await;
    let mut kept = site.granted("offline_access user/*.rs", None).await;
    for days in [60, 29] {
        site.server.clock.advance(TimeDelta::days(days));
        let (status, next) = site.refresh(kept["refresh_token"].as_str().unwrap()).await;
        assert_eq!(status, 200, "{next}");
        kept = next;
    }
    site.server.clock.advance(TimeDelta::days(1));
    assert_eq!(site.refresh(kept["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn s35_access_ends_by_revocation_by_closing_the_application_and_with_the_session() {
    let site = Site::start().await;
    let open = async |answer: &Value| site.get(&answer["access_token"], "/fhir/R4/Patient/p1").await == 200;
    let introspected = async |answer: &Value| {
        let token = answer["access_token"].as_str().unwrap();
        site.post("/oauth2/introspect", &[("client_id", "app"), ("token", token)]).await.1
    };
    let answer = site.granted("launch/patient patient/*.rs", Some("p1")).await;
    let told = introspected(&answer).await;
    assert_eq!((&told["active"], &told["patient"]), (&json!(true), &json!("p1")));
    assert!(open(&answer).await);
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(site.post("/oauth2/revoke", &[("client_id", "app"), ("token", token)]).await.0, 200);
    assert!(!open(&answer).await);
    assert_eq!(introspected(&answer).await, json!({"active": false}));

    let offline = site.granted("offline_access user/*.rs", None).await;
    let online = site.granted("online_access user/*.rs", None).await;
    let (_, online) = site.refresh(online["refresh_token"].as_str().unwrap()).await;
    assert!(open(&online).await, "{online}");
    let logout = site.http.post(format!("{}/auth/logout", site.server.url)).header("cookie", &site.cookie);
    assert_eq!(logout.header("x-wintehr-request", "1").send().await.unwrap().status(), 204);
    site.server.clock.advance(TimeDelta::seconds(1));
    assert!(!open(&online).await && open(&offline).await);
    assert_eq!(site.refresh(online["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_grant");

    site.close("app").await;
    assert!(!open(&offline).await);
    assert_eq!(site.refresh(offline["refresh_token"].as_str().unwrap()).await.1["error"], "invalid_client");
    assert_eq!(site.page(&site.request("user/*.rs")).await.status(), 400);
}

#[tokio::test]
async fn a_launch_from_a_chart_carries_its_patient_once() {
    let mut site = Site::start().await;
    let token = site.server.token("system/*.cruds").await;
    for wrong in [
        json!({"appId": "app", "patientId": "Patient/nobody"}),
        json!({"appId": "app", "patientId": "Observation/o1"}),
        json!({"appId": "another", "patientId": "Patient/p2"}),
        json!({"appId": "app", "patientId": "Patient/p2", "encounterId": "Encounter/nothing"}),
        json!({"appId": "app", "patientId": "Patient/p2", "encounterId": "Patient/p2"}),
    ] {
        let answer = site.launch(("cookie", site.cookie.clone()), &wrong).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{wrong}: {answer}");
    }
    let input = json!({"appId": "app", "patientId": "Patient/p2"});
    let answer = site.launch(("authorization", format!("Bearer {token}")), &input).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{answer}");
    let answer = site.launch(("cookie", site.cookie.clone()), &input).await["data"]["appLaunch"].clone();
    assert_eq!(answer["opensIn"], "TAB");
    let url = answer["url"].as_str().unwrap();
    let (to, launch) = url.split_once("&launch=").unwrap();
    assert!(to.starts_with("https://app.example/launch?iss=http"), "{to}");
    let request = |site: &Site| {
        let mut request = site.request("launch patient/*.rs");
        request.push(("launch", launch.to_owned()));
        request
    };
    assert!(site.page(&request(&site)).await.text().await.unwrap().contains("Two"));
    // Another person's launch is unknown.
    site.person("kim", Role::Physician, "Practitioner/kim").await;
    let lee = std::mem::take(&mut site.cookie);
    site.cookie = site.sign_in("kim").await;
    assert_eq!(sent_back(&site.page(&request(&site)).await, "error").as_deref(), Some("invalid_request"));
    site.cookie = lee;
    let response = site.allow(request(&site), Some("p1"), &[]).await;
    let (_, answer) = site.exchange(&sent_back(&response, "code").unwrap(), VERIFIER, CALLBACK).await;
    assert_eq!((&answer["patient"], &answer["need_patient_banner"]), (&json!("p2"), &json!(true)));
    let again = site.allow(request(&site), None, &[]).await;
    assert_eq!(sent_back(&again, "error").as_deref(), Some("invalid_request"));
}

/// The page with the frame names that application's origin only, and only what is shown within a chart may be in a frame.
/// What a launch says of patient and encounter is in the token response, and what a token is good for in its introspection.
#[tokio::test]
async fn an_encounter_is_carried_from_the_launch_to_the_token_and_its_introspection() {
    let site = Site::start().await;
    let writer = site.server.token("system/*.cruds").await;
    for (id, patient) in [("e1", "p1"), ("e2", "p2")] {
        let body = json!({
            "resourceType": "Encounter", "id": id, "status": "in-progress", "subject": {"reference": format!("Patient/{patient}")},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        });
        let put = site.http.put(format!("{}/fhir/R4/Encounter/{id}", site.server.url)).bearer_auth(&writer);
        let put = put.header("content-type", "application/fhir+json").body(body.to_string());
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let launch = async |encounter: &str| {
        let input = json!({"appId": "app", "patientId": "Patient/p2", "encounterId": encounter});
        site.launch(("cookie", site.cookie.clone()), &input).await
    };
    // An encounter of another patient is none of this chart.
    let refused = launch("Encounter/e1").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
    let launched = launch("Encounter/e2").await;
    let url = launched["data"]["appLaunch"]["url"].as_str().unwrap();
    let scope = "openid launch offline_access patient/*.rs";
    let mut request = site.request(scope);
    request.push(("launch", url.split_once("&launch=").unwrap().1.to_owned()));
    let code = sent_back(&site.allow(request, None, &[]).await, "code").unwrap();
    let (status, answer) = site.exchange(&code, VERIFIER, CALLBACK).await;
    assert_eq!(
        (status.as_u16(), &answer["patient"], &answer["encounter"]),
        (200, &json!("p2"), &json!("e2")),
        "{answer}"
    );

    let introspect = async |token: &Value, client: &str| {
        let form = [("client_id", client), ("token", token.as_str().unwrap())];
        let (status, answer) = site.post("/oauth2/introspect", &form).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let expires_in = answer["expires_in"].as_i64().unwrap();
    let token = &answer["access_token"];
    let good = json!({
        "active": true, "client_id": "app", "scope": scope, "username": "lee", "iss": site.server.url,
        "exp": site.server.clock.now().timestamp() + expires_in, "patient": "p2", "encounter": "e2",
        "fhirUser": format!("{}/fhir/R4/Practitioner/lee", site.server.url),
    });
    assert_eq!(introspect(token, "app").await, good);
    // What it was granted for stays with it when it is renewed.
    let (_, renewed) = site.refresh(answer["refresh_token"].as_str().unwrap()).await;
    assert_eq!((&renewed["patient"], &renewed["encounter"]), (&json!("p2"), &json!("e2")), "{renewed}");
    assert_eq!(introspect(&renewed["access_token"], "app").await, good);
    // Nothing is told of another application's token, an ended one, or one that never was.
    let nothing = json!({"active": false});
    site.register("another", ClientKind::Public, SCOPE, None).await;
    assert_eq!(introspect(token, "another").await, nothing);
    assert_eq!(introspect(&json!("no token"), "app").await, nothing);
    site.server.clock.advance(TimeDelta::seconds(expires_in));
    assert_eq!(introspect(token, "app").await, nothing);
}

/// An application that begins by itself asks for an encounter: the person chooses one of the patient's, or none.
#[tokio::test]
async fn an_encounter_is_chosen_in_a_launch_that_no_chart_began() {
    let mut site = Site::start().await;
    let writer = site.server.token("system/*.cruds").await;
    for (id, patient, day) in [("e1", "p1", "2026-01-05"), ("e2", "p2", "2026-02-05"), ("e3", "p2", "2026-03-05")] {
        let body = json!({
            "resourceType": "Encounter", "id": id, "status": "finished", "subject": {"reference": format!("Patient/{patient}")},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "type": [{"text": format!("Visit <{id}>")}], "period": {"start": day, "end": day},
        });
        let put = site.http.put(format!("{}/fhir/R4/Encounter/{id}", site.server.url)).bearer_auth(&writer);
        let put = put.header("content-type", "application/fhir+json").body(body.to_string());
        assert_eq!(put.send().await.unwrap().status(), 201);
    }
    let scope = "openid launch/patient launch/encounter offline_access patient/*.rs";
    site.register("visits", ClientKind::Public, scope, None).await;
    let request = |more: &[(&'static str, &str)]| {
        let mut request = site.request(scope);
        request.iter_mut().find(|(name, _)| *name == "client_id").unwrap().1 = "visits".into();
        request.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        request
    };
    let page = async |response: Response| {
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    };
    // The patient first, then the patient's visits, the newest first, and what was unticked stays so.
    let first = page(site.page(&request(&[("find", "two")])).await).await;
    assert!(first.contains("Two &lt;b&gt;") && !first.contains("name=\"encounter\""), "{first}");
    let second = page(site.allow(request(&[]), Some("p2"), &["offline_access"]).await).await;
    let at = |text: &str| second.find(text).unwrap_or_else(|| panic!("{text} in {second}"));
    assert!(at("value=\"e3\"") < at("value=\"e2\"") && at("value=\"e2\"") < at("value=\"none\""));
    assert!(second.contains("2026-03-05, Visit &lt;e3&gt;, AMB, finished"), "{second}");
    assert!(!second.contains("value=\"e1\"") && second.contains("name=\"patient\" value=\"p2\""));
    assert!(second.contains("value=\"offline_access\"> ") && second.contains("value=\"openid\" checked> "));
    let exchange = async |code: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "visits"),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", CALLBACK),
        ];
        site.post("/oauth2/token", &form).await.1
    };
    let chosen = site.allow(request(&[("encounter", "e2")]), Some("p2"), &[]).await;
    let answer = exchange(&sent_back(&chosen, "code").unwrap()).await;
    assert_eq!((&answer["patient"], &answer["encounter"]), (&json!("p2"), &json!("e2")), "{answer}");
    assert_eq!(answer["scope"], scope);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", "visits"),
        ("refresh_token", answer["refresh_token"].as_str().unwrap()),
    ];
    let (_, renewed) = site.post("/oauth2/token", &refresh).await;
    assert_eq!(renewed["encounter"], "e2", "{renewed}");
    // None: it is told that it has none, and the rest stands.
    let without = site.allow(request(&[("encounter", "none")]), Some("p2"), &[]).await;
    let answer = exchange(&sent_back(&without, "code").unwrap()).await;
    assert_eq!((&answer["patient"], &answer["encounter"]), (&json!("p2"), &Value::Null), "{answer}");
    assert_eq!(answer["scope"], scope.replace(" launch/encounter", ""));
    // Another patient's, or none that is there.
    for encounter in ["e1", "e9", "../e2"] {
        let refused = site.allow(request(&[("encounter", encounter)]), Some("p2"), &[]).await;
        assert_eq!((refused.status().as_u16(), sent_back(&refused, "code")), (400, None), "{encounter}");
    }
    let nobody = page(site.allow(request(&[("encounter", "e2")]), None, &[]).await).await;
    assert!(nobody.contains("Choose a patient."), "{nobody}");
    // Unticked, it is not asked for; a patient chooses among the own.
    let unticked = site.allow(request(&[]), Some("p2"), &["launch/encounter"]).await;
    let answer = exchange(&sent_back(&unticked, "code").unwrap()).await;
    assert_eq!((&answer["patient"], &answer["encounter"]), (&json!("p2"), &Value::Null), "{answer}");
    site.person("pat", Role::Patient, "Patient/p1").await;
    let cookie = site.sign_in("pat").await;
    let request: Vec<_> = request(&[]);
    site.cookie = cookie;
    let own = page(site.allow(request, Some("p2"), &[]).await).await;
    assert!(own.contains("value=\"e1\"") && !own.contains("value=\"e2\""), "{own}");
}

/// A new signing key signs from then on; what the one before it signed still verifies by what is published.
#[tokio::test]
async fn an_id_token_outlives_the_change_of_the_signing_key() {
    let site = Site::start().await;
    let kid = |id_token: &Value| -> Value {
        let head = id_token.as_str().unwrap().split_once('.').unwrap().0;
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap()["kid"].clone()
    };
    let keys = async || {
        let keys = site.http.get(format!("{}/oauth2/jwks", site.server.url)).send().await.unwrap();
        keys.json::<Value>().await.unwrap()["keys"].as_array().unwrap().clone()
    };
    let verifies = |id_token: &Value, keys: &[Value]| {
        let (signed, signature) = id_token.as_str().unwrap().rsplit_once('.').unwrap();
        let Some(key) = keys.iter().find(|k| k["kid"] == kid(id_token)) else { return false };
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let public = ring::signature::RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public.verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok()
    };
    let rotate = async || {
        site.server.clock.advance(TimeDelta::seconds(1));
        site.server.store.add_signing_key(api::smart::new_signing_key(), site.server.clock.now()).await.unwrap();
    };
    let before = site.granted("openid user/*.rs", None).await["id_token"].clone();
    rotate().await;
    let after = site.granted("openid user/*.rs", None).await["id_token"].clone();
    assert_ne!(kid(&before), kid(&after));
    let published = keys().await;
    assert_eq!(published.len(), 2, "{published:?}");
    assert!(verifies(&before, &published) && verifies(&after, &published));
    // The one before the last is gone with the next.
    rotate().await;
    let published = keys().await;
    assert_eq!(published.len(), 2, "{published:?}");
    assert!(!verifies(&before, &published) && verifies(&after, &published));
}

#[tokio::test]
async fn an_application_within_the_chart_is_shown_in_a_frame_of_its_own() {
    let site = Site::start().await;
    site.register("framed", ClientKind::Public, "launch patient/*.rs", None).await;
    let input = json!({"appId": "framed", "patientId": "Patient/p2"});
    let answer = site.launch(("cookie", site.cookie.clone()), &input).await["data"]["appLaunch"].clone();
    assert_eq!(answer["opensIn"], "CHART");
    let path = answer["url"].as_str().unwrap();
    let get = async |path: &str| {
        let request = site.http.get(format!("{}{path}", site.server.url)).header("cookie", &site.cookie);
        let response = request.send().await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        (response.status().as_u16(), policy, response.text().await.unwrap())
    };
    let (status, policy, text) = get(path).await;
    assert_eq!(status, 200, "{text}");
    assert!(
        policy.contains("frame-src 'self' https://app.example;") && policy.contains("frame-ancestors 'self'"),
        "{policy}"
    );
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let launch = path.split_once("launch=").unwrap().1;
    assert!(
        text.contains("src=\"https://app.example/launch?iss=http") && text.contains(&format!("&amp;launch={launch}\"")),
        "{text}"
    );
    assert!(text.contains("sandbox=\"allow-scripts allow-forms allow-same-origin allow-popups\""));
    assert_eq!(get("/smart/frame/app?launch=x").await.0, 400);
    assert_eq!(get("/smart/frame/nobody?launch=x").await.0, 400);
    assert_eq!(get("/smart/frame/framed").await.0, 400);
    assert_eq!(get("/smart/frame/framed?launch=%22%3E").await.0, 400);
    let bare = site.http.get(format!("{}{path}", site.server.url)).send().await.unwrap();
    assert_eq!(bare.status(), 401);

    // Asked within the frame: by a page of another site the browser sends no cookie, so the question is asked again from a page of ours.
    let mut request = site.request("launch patient/*.rs");
    request[1].1 = "framed".into();
    request.push(("launch", launch.to_owned()));
    let url = format!("{}/oauth2/authorize?{}", site.server.url, form(&request));
    let framed = site.http.get(&url).header("sec-fetch-dest", "iframe");
    let first = framed.try_clone().unwrap().header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert!(first.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'self'"));
    assert!(first.text().await.unwrap().contains("http-equiv=\"refresh\""));
    let second = framed.try_clone().unwrap().header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert!(second.text().await.unwrap().contains("Sign in to go on"));
    let page = site.page(&request).await;
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'self'"));
    assert!(page.text().await.unwrap().contains("Two"));
    let response = site.allow(request, None, &[]).await;
    let code = sent_back(&response, "code").unwrap();
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
        ("client_id", "framed"),
    ];
    let answer = site.post("/oauth2/token", &exchange).await.1;
    assert_eq!((&answer["patient"], &answer["need_patient_banner"]), (&json!("p2"), &json!(false)), "{answer}");
}

/// SMART's `authorize-post`: the same request as a form is answered as the one by address.
/// The properties are those of SMART App Launch 2.2, "Styling"; the values those of the pages.
#[tokio::test]
async fn an_application_of_a_chart_is_told_how_the_chart_looks() {
    let site = Site::start().await;
    let alone = site.granted("launch/patient patient/*.rs", Some("p1")).await;
    assert_eq!(alone["smart_style_url"], Value::Null);
    let input = json!({"appId": "app", "patientId": "Patient/p2"});
    let answer = site.launch(("cookie", site.cookie.clone()), &input).await;
    let url = answer["data"]["appLaunch"]["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let mut request = site.request("launch patient/*.rs");
    request.push(("launch", url.split_once("&launch=").unwrap().1.to_owned()));
    let code = sent_back(&site.allow(request, None, &[]).await, "code").unwrap();
    let (_, told) = site.exchange(&code, VERIFIER, CALLBACK).await;
    let url = told["smart_style_url"].as_str().unwrap_or_else(|| panic!("{told}"));
    // An application's page fetches it from its own origin, and without a token.
    let response = site.http.get(url).header("origin", "https://app.example").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
    assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let style: Value = response.json().await.unwrap();
    let (tokens, theme) = (
        include_str!("../../../frontend/src/app/theme/tokens.ts"),
        include_str!("../../../frontend/src/app/theme/theme.ts"),
    );
    let light = tokens.split("const light = {").nth(1).unwrap().split('}').next().unwrap();
    let says = |name: &str| {
        let value = light.split(&format!(" {name}: '")).nth(1).unwrap_or_else(|| panic!("{name}"));
        json!(value.split('\'').next().unwrap())
    };
    for (property, token) in [
        ("color_background", "ground"),
        ("color_error", "critical"),
        ("color_highlight", "acc"),
        ("color_success", "ok"),
        ("color_text", "ink"),
    ] {
        assert_eq!(style[property], says(token), "{property}");
    }
    let px = |name: &str| style[name].as_str().unwrap().strip_suffix("px").unwrap().to_owned();
    assert!(theme.contains(&format!("shape: {{ borderRadius: {} }}", px("dim_border_radius"))));
    assert!(theme.contains(&format!("spacing: {},", px("dim_spacing_size"))));
    assert!(theme.contains(&format!("body1: {{ fontSize: rem({})", px("dim_font_size"))));
    for family in ["font_family_body", "font_family_heading"] {
        assert!(theme.contains(&style[family].as_str().unwrap().replace('\'', "\"")), "{family}");
    }
    // Another look would have another address.
    let other = format!("{}/smart/style/0000000000000000", site.server.url);
    assert_eq!(site.http.get(other).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_request_may_be_posted() {
    let site = Site::start().await;
    let mut request = site.request("user/*.rs");
    request.push(("decision", "allow".into()));
    let post = site.http.post(format!("{}/oauth2/authorize", site.server.url)).header("content-type", FORM);
    let response = post.body(form(&request)).send().await.unwrap();
    assert_eq!(response.status(), 303);
    let to = response.headers()["location"].to_str().unwrap();
    assert!(to.starts_with("/oauth2/authorize?response_type=code&client_id=app&") && !to.contains("decision"), "{to}");
    let page = site.http.get(format!("{}{to}", site.server.url)).header("cookie", &site.cookie).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("asks for access"));
}

#[tokio::test]
async fn an_application_with_a_secret_shows_it() {
    let site = Site::start().await;
    let (secret, hash) = api::auth::new_token();
    site.register("secretive", ClientKind::Symmetric(hash), SCOPE, None).await;
    let mut request = site.request("user/*.rs");
    request[1].1 = "secretive".into();
    let response = site.allow(request, None, &[]).await;
    let code = sent_back(&response, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
    ];
    let ask = async |secret: &str| {
        let post = site.http.post(format!("{}/oauth2/token", site.server.url)).basic_auth("secretive", Some(secret));
        post.header("content-type", FORM).body(self::form(&form)).send().await.unwrap()
    };
    let wrong = ask("wrong").await;
    assert_eq!(wrong.status(), 401);
    assert!(wrong.headers().contains_key("www-authenticate"));
    let mut bare = form.to_vec();
    bare.push(("client_id", "secretive"));
    assert_eq!(site.post("/oauth2/token", &bare).await.1["error"], "invalid_client");
    let right = ask(&secret).await;
    assert_eq!(right.status(), 200);
    assert_eq!(right.headers()["cache-control"], "no-store");
}

/// A program with keys of its own.
pub struct Program {
    es384: EcdsaKeyPair,
    rs384: ring::rsa::KeyPair,
}

const RSA: &str = include_str!("smart_rsa.b64");

impl Program {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let es384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
        let es384 = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, es384.as_ref(), &random).unwrap();
        let rsa = base64::engine::general_purpose::STANDARD.decode(RSA.trim()).unwrap();
        Self { es384, rs384: ring::rsa::KeyPair::from_pkcs8(&rsa).unwrap() }
    }

    pub fn jwks(&self) -> String {
        let (x, y) = self.es384.public_key().as_ref()[1..].split_at(48);
        let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(self.rs384.public());
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"keys": [
            {"kty": "EC", "crv": "P-384", "kid": "ec", "alg": "ES384", "x": text(x), "y": text(y)},
            {"kty": "RSA", "kid": "rsa", "alg": "RS384", "n": text(&public.n), "e": text(&public.e)},
            {"kty": "RSA", "kid": "rsa256", "n": text(&public.n), "e": text(&public.e)},
        ]})
        .to_string()
    }

    pub fn sign(&self, head: &Value, claims: &Value) -> String {
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(head), text(claims));
        let random = SystemRandom::new();
        let signature = if head["kid"].as_str().is_some_and(|kid| kid.starts_with("rsa")) {
            let mut out = vec![0; self.rs384.public().modulus_len()];
            let by: &dyn ring::signature::RsaEncoding = match head["alg"].as_str() {
                Some("RS256") => &ring::signature::RSA_PKCS1_SHA256,
                _ => &ring::signature::RSA_PKCS1_SHA384,
            };
            self.rs384.sign(by, &random, signed.as_bytes(), &mut out).unwrap();
            out
        } else {
            self.es384.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec()
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[tokio::test]
async fn s31_s34_a_program_shows_who_it_is_by_a_signature() {
    let site = Site::start().await;
    let program = Program::new();
    let now = site.server.clock.now();
    let account = SystemAccount { login: "batch".into(), name: "Batch".into() };
    site.server.store.create_system_account(account, now).await.unwrap();
    let kind = ClientKind::Asymmetric(program.jwks());
    site.register("batch", kind, "system/Observation.rs", Some("batch")).await;
    let audience = format!("{}/oauth2/token", site.server.url);
    let claims = |jti: &str| {
        let exp = (now + TimeDelta::minutes(4)).timestamp();
        json!({"iss": "batch", "sub": "batch", "aud": audience, "exp": exp, "jti": jti})
    };
    let ask = async |assertion: &str, scope: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        site.post("/oauth2/token", &form).await
    };
    let ec = json!({"alg": "ES384", "typ": "JWT", "kid": "ec"});
    let rsa = json!({"alg": "RS384", "typ": "JWT", "kid": "rsa"});
    let rs256 = json!({"alg": "RS256", "typ": "JWT", "kid": "rsa256"});
    for head in [&ec, &rsa, &rs256] {
        let (status, answer) = ask(&program.sign(head, &claims(&head["kid"].to_string())), "system/*.rs").await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!((&answer["scope"], &answer["expires_in"]), (&json!("system/Observation.rs"), &json!(300)));
        assert_eq!(answer["refresh_token"], Value::Null);
        assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Observation/o1").await, 200);
        assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Patient/p1").await, 403);
    }
    let replayed = program.sign(&ec, &claims("once"));
    assert_eq!(ask(&replayed, "system/Observation.r").await.0, 200);
    assert_eq!(ask(&replayed, "system/Observation.r").await.1["error"], "invalid_client");
    assert_eq!(ask(&program.sign(&ec, &claims("a")), "user/*.rs").await.1["error"], "invalid_scope");
    assert_eq!(ask(&program.sign(&ec, &claims("b")), "system/Patient.rs").await.1["error"], "invalid_scope");

    let another = Program::new();
    let mut forged: Vec<(String, String)> = vec![
        ("another key".into(), another.sign(&ec, &claims("c"))),
        ("another alg of the key".into(), program.sign(&json!({"alg": "RS384", "kid": "ec"}), &claims("d"))),
        ("a key for RS384".into(), program.sign(&json!({"alg": "RS256", "kid": "rsa"}), &claims("d2"))),
        ("another hash".into(), {
            let whole = program.sign(&rs256, &claims("d3"));
            let (signed, signature) = whole.rsplit_once('.').unwrap();
            let claims = signed.split_once('.').unwrap().1;
            let head = URL_SAFE_NO_PAD.encode(json!({"alg": "RS384", "kid": "rsa256"}).to_string());
            format!("{head}.{claims}.{signature}")
        }),
        ("no kid".into(), program.sign(&json!({"alg": "ES384"}), &claims("e"))),
        ("unknown kid".into(), program.sign(&json!({"alg": "ES384", "kid": "../ec"}), &claims("f"))),
        (
            "foreign jku".into(),
            program.sign(&json!({"alg": "ES384", "kid": "ec", "jku": "https://evil.example"}), &claims("g")),
        ),
        ("typ".into(), program.sign(&json!({"alg": "ES384", "kid": "ec", "typ": "at+jwt"}), &claims("h"))),
    ];
    for alg in ["none", "HS256", "ES256", "RS256", "es384"] {
        let whole = program.sign(&json!({"alg": alg, "kid": "ec"}), &claims(alg));
        forged.push((format!("alg {alg}"), whole.clone()));
        forged.push((format!("alg {alg} unsigned"), format!("{}.", whole.rsplit_once('.').unwrap().0)));
    }
    // The public keys as a secret: who does not look at alg would take it.
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", text(&json!({"alg": "HS256", "kid": "rsa"})), text(&claims("hmac")));
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, program.jwks().as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, signed.as_bytes()));
    forged.push(("HS256 with the public keys".into(), format!("{signed}.{tag}")));
    for (name, value) in [
        ("iss", json!("app")),
        ("sub", json!("app")),
        ("aud", json!("https://evil.example/token")),
        ("aud", json!(site.server.url)),
        ("exp", json!(now.timestamp())),
        ("exp", json!((now + TimeDelta::minutes(6)).timestamp())),
        ("nbf", json!((now + TimeDelta::minutes(1)).timestamp())),
        ("jti", json!("")),
        ("jti", Value::Null),
    ] {
        let mut claims = claims(&format!("{name} {value}"));
        claims[name] = value.clone();
        forged.push((format!("{name} {value}"), program.sign(&ec, &claims)));
    }
    for (what, assertion) in forged {
        let (status, answer) = ask(&assertion, "system/Observation.rs").await;
        assert_eq!((status.as_u16(), &answer["error"]), (401, &json!("invalid_client")), "{what}");
    }
    let (_, answer) = ask(&program.sign(&ec, &claims("last")), "system/Observation.rs").await;
    assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Observation/o1").await, 200);
    site.close("batch").await;
    assert_eq!(site.get(&answer["access_token"], "/fhir/R4/Observation/o1").await, 401);
    assert_eq!(ask(&program.sign(&ec, &claims("closed")), "system/Observation.rs").await.0, 401);
}

#[tokio::test]
async fn s38_only_registered_origins_read_answers_across_origins() {
    let site = Site::start().await;
    let ask = async |method: &str, path: &str, origin: &str| {
        let request = site.http.request(method.parse().unwrap(), format!("{}{path}", site.server.url));
        let request = request.header("origin", origin).header("access-control-request-method", "GET");
        let response = request.send().await.unwrap();
        let allowed = response.headers().get("access-control-allow-origin").map(|v| v.to_str().unwrap().to_owned());
        assert!(response.headers().get("access-control-allow-credentials").is_none());
        (response.status().as_u16(), allowed)
    };
    let good = Some("https://app.example".to_owned());
    assert_eq!(ask("OPTIONS", "/fhir/R4/Patient/p1", "https://app.example").await, (204, good.clone()));
    assert_eq!(ask("GET", "/fhir/R4/.well-known/smart-configuration", "https://app.example").await, (200, good));
    for origin in ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"] {
        assert_eq!(ask("OPTIONS", "/fhir/R4/Patient/p1", origin).await, (403, None), "{origin}");
        assert_eq!(ask("GET", "/fhir/R4/metadata", origin).await, (200, None), "{origin}");
    }
    assert_eq!(ask("GET", "/auth/config", "https://app.example").await.1, None);
    assert_eq!(ask("GET", "/oauth2/authorize", "https://app.example").await.1, None);
}

/// One more predicate in every statement: what is of another category is not there.
#[tokio::test]
async fn a_scope_of_a_category_reaches_that_category_only() {
    let site = Site::start().await;
    let system = "http://terminology.hl7.org/CodeSystem/observation-category";
    let token = site.server.token("system/*.cruds").await;
    for (id, code) in [("lab", "laboratory"), ("vital", "vital-signs")] {
        let mut body = observation(id, "p1");
        body["category"] = json!([{"coding": [{"system": system, "code": code}]}]);
        for status in [201, 200] {
            let put = site.http.put(format!("{}/fhir/R4/Observation/{id}", site.server.url)).bearer_auth(&token);
            let put = put.header("content-type", "application/fhir+json").body(body.to_string());
            assert_eq!(put.send().await.unwrap().status(), status);
            body["language"] = json!("en");
        }
    }
    let scope = format!("launch/patient patient/Patient.rs patient/Observation.rs?category={system}|laboratory");
    let answer = site.granted(&scope, Some("p1")).await;
    assert_eq!(answer["scope"], json!(scope), "{answer}");
    let token = &answer["access_token"];
    assert_eq!(site.ids(token, "/Observation").await, ["lab"]);
    assert_eq!(site.ids(token, "/Observation?_id=vital,o1").await, [""; 0]);
    assert_eq!(site.ids(token, "/Observation?category=vital-signs").await, [""; 0]);
    assert_eq!(site.ids(token, "/Observation?category:not=laboratory").await, [""; 0]);
    assert_eq!(site.ids(token, "/Patient?_has:Observation:patient:_id=vital").await, [""; 0]);
    assert_eq!(site.ids(token, "/Patient?_has:Observation:patient:_id=lab").await, ["p1"]);
    for (path, status) in [
        ("/fhir/R4/Observation/lab", 200),
        ("/fhir/R4/Observation/lab/_history/1", 200),
        ("/fhir/R4/Observation/vital", 404),
        ("/fhir/R4/Observation/vital/_history", 404),
        ("/fhir/R4/Observation/vital/_history/1", 404),
        ("/fhir/R4/Observation/o1", 404),
        ("/fhir/R4/Condition", 403),
    ] {
        assert_eq!(site.get(token, path).await, status, "{path}");
    }
    let count = async |path: &str| {
        let get = site.http.get(format!("{}/fhir/R4{path}", site.server.url)).bearer_auth(token.as_str().unwrap());
        let body: Value = get.send().await.unwrap().json().await.unwrap();
        body["total"].as_u64()
    };
    assert_eq!(count("/Observation?_summary=count").await, Some(1));
    assert_eq!(count("/Observation?code=x&_summary=count").await, Some(0));
    // A history has no total; of the versions only those of the category are in it.
    let get = site.http.get(format!("{}/fhir/R4/Observation/_history", site.server.url));
    let history: Value = get.bearer_auth(token.as_str().unwrap()).send().await.unwrap().json().await.unwrap();
    let of = |e: &Value| e["resource"]["id"].as_str().unwrap().to_owned();
    let versions: Vec<String> = history["entry"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(versions, ["lab", "lab"], "{history}");
    // Beside a scope without a category it narrows nothing.
    let wide = site.granted(&format!("{scope} patient/Observation.rs"), Some("p1")).await;
    assert_eq!(site.ids(&wide["access_token"], "/Observation?_sort=_id").await, ["lab", "o1", "vital"]);
}
