//! `/oauth2/authorize`: who is asking for what, for whom; the person signs in, chooses a patient, and agrees or not.
//!
//! No state is kept between the page and the decision: the form repeats the request, and all of it is checked again.

use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::launch::{self, Context, PERSON, Permission};
use entity::store::{AppClient, Lookup, NewGrant, PageRequest, SignedIn};
use entity::{Role, Rows, StoreError};
use fhir::ResourceType;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::Value;

use super::page::{self, Candidate, Consent};
use super::visit::{self, Choice};
use super::{Form, Refusal, Response, request_id};
use crate::auth::{hash, new_token, session_cookie, signed_in};
use crate::fhir::{State, encoded};

const ENCOUNTER: &str = "launch/encounter";
/// Patients shown to choose from.
const CANDIDATES: u32 = 20;
/// The parameters of a request, which the form repeats.
pub(super) const REPEATED: [&str; 10] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "aud",
    "nonce",
    "launch",
    "code_challenge",
    "code_challenge_method",
];

/// A request that may be shown to a person.
pub(super) struct Asked {
    pub client: AppClient,
    pub redirect_uri: String,
    state: String,
    challenge: String,
    nonce: Option<String>,
    pub launch: Option<String>,
    /// What can be granted of what was asked.
    pub grantable: Vec<Permission>,
}

/// Why a request is not shown.
enum Problem {
    /// Nobody is known to send the person back to.
    Here(String),
    Back {
        to: String,
        state: Option<String>,
        refusal: Refusal,
    },
}

impl Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Here(text) => page::problem(StatusCode::BAD_REQUEST, &text),
            Self::Back { to, state, refusal } => {
                let mut more = vec![("error", refusal.error), ("error_description", &refusal.text)];
                more.extend(state.as_deref().map(|state| ("state", state)));
                back(&to, &more)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(cause = %error, "an authorization failed");
        Self::Here("The server cannot answer now; try again.".into())
    }
}

/// To the application, with more parameters.
fn back(to: &str, more: &[(&str, &str)]) -> Response {
    let mut url = to.to_owned();
    for (i, (name, value)) in more.iter().enumerate() {
        url.push(if i == 0 && !to.contains('?') { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&encoded(value));
    }
    let location = HeaderValue::from_str(&url);
    let Ok(location) = location else { return page::problem(StatusCode::BAD_REQUEST, "The redirect cannot be made.") };
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

async fn read(state: &State, form: &Form) -> Result<Asked, Problem> {
    let here = |refusal: Refusal| Problem::Here(format!("The application's request is not valid: {}.", refusal.text));
    let id = form.need("client_id").map_err(here)?;
    let redirect_uri = form.need("redirect_uri").map_err(here)?.to_owned();
    let client = state.store.client(id).await?.filter(|c| !c.disabled);
    let client = client.ok_or_else(|| Problem::Here("The application is not registered, or it is disabled.".into()))?;
    if !client.redirect_uris.contains(&redirect_uri) {
        return Err(Problem::Here("The redirect_uri is not one that the application is registered with.".into()));
    }
    let given = form.one("state").ok().flatten().map(ToOwned::to_owned);
    let asked = checked(state, form, client, &redirect_uri);
    asked.map_err(|refusal| Problem::Back { to: redirect_uri, state: given, refusal })
}

fn checked(state: &State, form: &Form, client: AppClient, redirect_uri: &str) -> Result<Asked, Refusal> {
    if form.need("response_type")? != "code" {
        return Err(Refusal::new("unsupported_response_type", "response_type is code"));
    }
    let given = form.need("state")?;
    if form.need("code_challenge_method")? != "S256" {
        return Err(Refusal::bad("code_challenge_method is S256"));
    }
    let challenge = form.need("code_challenge")?;
    if !URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == 32) {
        return Err(Refusal::bad("code_challenge is the SHA-256 of the verifier in base64url"));
    }
    let aud = form.need("aud")?.trim_end_matches('/');
    if aud.strip_prefix(&*state.public_url).is_none_or(|base| base != "/fhir/R4" && base != "/fhir") {
        return Err(Refusal::bad("aud is the URL of this FHIR server"));
    }
    let scope =
        |e: entity::scope::BadScope| Refusal::new("invalid_scope", format!("the scope \"{}\" is not supported", e.0));
    let asked = launch::parse(form.need("scope")?).map_err(scope)?;
    let registered = launch::parse(&client.scope).map_err(scope)?;
    let grantable = launch::grantable(&asked, &registered, &PERSON);
    if grantable.is_empty() {
        return Err(Refusal::new("invalid_scope", "the application is registered for none of these scopes"));
    }
    let launch = form.one("launch")?.map(ToOwned::to_owned);
    if launch.is_some() != launch::says(&grantable, "launch") {
        return Err(Refusal::bad("the scope launch and the parameter launch go together"));
    }
    Ok(Asked {
        client,
        redirect_uri: redirect_uri.to_owned(),
        state: given.to_owned(),
        challenge: challenge.to_owned(),
        nonce: form.one("nonce")?.map(ToOwned::to_owned),
        launch,
        grantable,
    })
}

/// Whose records the application will see, as far as the request says.
enum Subject {
    Nobody,
    Chosen(String, Option<String>),
    ToChoose,
}

async fn subject(state: &State, asked: &Asked, found: &SignedIn, take: bool) -> Result<Subject, Problem> {
    let account = found.actor.account.unwrap_or_default();
    if let Some(given) = &asked.launch {
        let now = state.clock.now();
        let launched = state.store.launched(&hash(given), &asked.client.id, account, take, now).await?;
        return match launched {
            Some((patient, encounter)) => Ok(Subject::Chosen(patient, encounter)),
            None => Err(Problem::Back {
                to: asked.redirect_uri.clone(),
                state: Some(asked.state.clone()),
                refusal: Refusal::bad("launch is unknown, used or expired, or another person's"),
            }),
        };
    }
    if !is_about_somebody(&asked.grantable) {
        return Ok(Subject::Nobody);
    }
    if found.actor.roles == [Role::Patient] {
        let own = match &found.actor.rows {
            Rows::Patients(own) => own.first(),
            Rows::All => None,
        };
        return match own {
            Some(own) => Ok(Subject::Chosen(own.clone(), None)),
            None => Err(Problem::Here("Your account is not connected with a record.".into())),
        };
    }
    Ok(Subject::ToChoose)
}

/// Whether a patient has to be known.
fn is_about_somebody(scopes: &[Permission]) -> bool {
    let says = |word| launch::says(scopes, word);
    launch::has(scopes, Context::Patient) || says("launch/patient") || says(ENCOUNTER)
}

pub(super) async fn ask(Extract(state): Extract<State>, headers: HeaderMap, uri: Uri) -> Response {
    asked_by(&state, &headers, Form::read(uri.query().unwrap_or_default())).await
}

/// The same as a form: SMART's `authorize-post`. It changes nothing, whoever sends it, so it is answered as a question by address: a browser
/// sends no cookie with what another site posts.
pub(super) async fn ask_by_form(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    match Form::of_body(&headers, body).await {
        Ok(form) => {
            let pairs = form.0.iter().filter(|(name, _)| REPEATED.contains(&name.as_str()));
            let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            let to = format!("/oauth2/authorize?{}", query.join("&"));
            match HeaderValue::from_str(&to) {
                Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
                Err(_) => page::problem(StatusCode::BAD_REQUEST, "The request cannot be read."),
            }
        }
        Err(refusal) => asked_by(&state, &headers, Err(refusal)).await,
    }
}

async fn asked_by(state: &State, headers: &HeaderMap, form: Result<Form, Refusal>) -> Response {
    let answer = async {
        let form = form.map_err(|refusal| Problem::Here(format!("The request cannot be read: {}.", refusal.text)))?;
        let asked = read(state, &form).await?;
        let framed = asked.client.framed && asked.launch.is_some();
        if let Some(found) = signed_in(state, headers).await? {
            return consent(state, &form, &asked, &found, None).await;
        }
        let says = |name: &str, value: &str| headers.get(name).is_some_and(|v| v.as_bytes() == value.as_bytes());
        if framed && says("sec-fetch-dest", "iframe") && says("sec-fetch-site", "cross-site") {
            let pairs: Vec<String> = form.0.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            return Ok(page::again(&format!("/oauth2/authorize?{}", pairs.join("&"))));
        }
        Ok(page::sign_in(&asked.client.name, framed))
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

async fn consent(
    state: &State,
    form: &Form,
    asked: &Asked,
    found: &SignedIn,
    complaint: Option<&str>,
) -> Result<Response, Problem> {
    let find = form.one("find").ok().flatten();
    let (patient, candidates) = match subject(state, asked, found, false).await? {
        Subject::Nobody => (None, None),
        Subject::Chosen(patient, _) => {
            let Lookup::Found(stored) = state.store.read(&found.actor, ResourceType::Patient, &patient).await? else {
                return Err(Problem::Here("The patient of the launch was not found.".into()));
            };
            (Some(candidate(patient, &stored.body)), None)
        }
        Subject::ToChoose => (None, Some(candidates(state, found, find).await?)),
    };
    let person = &found.name;
    let consent = Consent { asked, form, person, patient, candidates, find, complaint, visits: None, ticked: None };
    Ok(page::consent(&consent))
}

async fn candidates(state: &State, found: &SignedIn, find: Option<&str>) -> Result<Vec<Candidate>, Problem> {
    let Some(find) = find else { return Ok(Vec::new()) };
    let pairs = [("name".to_owned(), find.replace(['\\', ',', '|', '$'], " "))];
    let parsed = parse(ResourceType::Patient, &pairs, Handling::Strict, state.clock.now(), &Options::default());
    let Ok(parsed) = parsed else { return Ok(Vec::new()) };
    let request = PageRequest { limit: CANDIDATES, ..PageRequest::default() };
    match state.store.search(&found.actor, &parsed.query, &request).await {
        Ok(page) => Ok(page.matches.into_iter().map(|m| candidate(m.id, &m.body)).collect()),
        Err(StoreError::Forbidden { .. }) => Err(Problem::Here("Your role may not look for patients.".into())),
        Err(error) => Err(error.into()),
    }
}

fn candidate(id: String, body: &str) -> Candidate {
    let patient: Value = serde_json::from_str(body).unwrap_or_default();
    let name = &patient["name"][0];
    let given = name["given"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let parts: Vec<&str> = given.chain(name["family"].as_str()).collect();
    let name = name["text"].as_str().map_or_else(|| parts.join(" "), ToOwned::to_owned);
    Candidate { id, name, birth_date: patient["birthDate"].as_str().unwrap_or("unknown").to_owned() }
}

pub(super) async fn decide(Extract(state): Extract<State>, headers: HeaderMap, body: Body) -> Response {
    // The form comes from our own page; a browser always names the origin of a POST.
    if headers.get(header::ORIGIN).is_none_or(|o| o.as_bytes() != state.public_url.as_bytes()) {
        return page::problem(StatusCode::FORBIDDEN, "The decision did not come from this application.");
    }
    let answer = async {
        let form = Form::of_body(&headers, body)
            .await
            .map_err(|refusal| Problem::Here(format!("The form cannot be read: {}.", refusal.text)))?;
        let asked = read(&state, &form).await?;
        let cookie = session_cookie(&headers, &state.public_url);
        let (Some(found), Some(cookie)) = (signed_in(&state, &headers).await?, cookie) else {
            return Ok(page::sign_in(&asked.client.name, asked.client.framed && asked.launch.is_some()));
        };
        decided(&state, &form, &asked, &found, cookie).await
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

async fn decided(
    state: &State,
    form: &Form,
    asked: &Asked,
    found: &SignedIn,
    cookie: &str,
) -> Result<Response, Problem> {
    let refused = |error, text: &str| Problem::Back {
        to: asked.redirect_uri.clone(),
        state: Some(asked.state.clone()),
        refusal: Refusal::new(error, text),
    };
    if form.one("decision").ok().flatten() != Some("allow") {
        return Err(refused("access_denied", "the person did not agree"));
    }
    let ticked = form.all("grant");
    let mut chosen = None;
    let mut granted: Vec<Permission> =
        asked.grantable.iter().filter(|p| ticked.contains(&p.to_string().as_str())).cloned().collect();
    if granted.is_empty() {
        return Err(refused("access_denied", "the person agreed to nothing"));
    }
    let wants_patient = is_about_somebody(&granted);
    // Before the launch of a chart is taken, which is good once; it names the encounter itself.
    if asked.launch.is_none() && launch::says(&granted, ENCOUNTER) {
        let patient = match subject(state, asked, found, false).await? {
            Subject::Chosen(patient, _) => Some(patient),
            Subject::ToChoose => form.one("patient").ok().flatten().map(ToOwned::to_owned),
            Subject::Nobody => None,
        };
        // Without one, a patient is chosen first.
        if let Some(patient) = patient {
            let Lookup::Found(stored) = state.store.read(&found.actor, ResourceType::Patient, &patient).await? else {
                return Err(Problem::Here("The patient was not found.".into()));
            };
            match visit::choice(state, found, form, &patient).await? {
                Choice::Made(id) => chosen = Some(id),
                // It is told what it gets.
                Choice::Without => granted.retain(|p| p.to_string() != ENCOUNTER),
                Choice::NotFound => return Err(Problem::Here("The visit was not found.".into())),
                Choice::Of(visits) => {
                    let consent = Consent {
                        asked,
                        form,
                        person: &found.name,
                        patient: Some(candidate(patient, &stored.body)),
                        candidates: None,
                        find: None,
                        complaint: Some("Choose a visit."),
                        visits: Some(visits),
                        ticked: Some(&ticked),
                    };
                    return Ok(page::consent(&consent));
                }
            }
        }
        if granted.is_empty() {
            return Err(refused("access_denied", "there is no visit to tell of"));
        }
    }
    let (patient, encounter) = match subject(state, asked, found, true).await? {
        Subject::Chosen(patient, encounter) => (Some(patient), encounter),
        Subject::ToChoose if wants_patient => match form.one("patient").ok().flatten() {
            Some(patient) => (Some(patient.to_owned()), None),
            None => return consent(state, form, asked, found, Some("Choose a patient.")).await,
        },
        Subject::Nobody | Subject::ToChoose => (None, None),
    };
    if let Some(patient) = &patient {
        let seen = state.store.read(&found.actor, ResourceType::Patient, patient).await;
        if !matches!(seen, Ok(Lookup::Found(_))) {
            return Err(Problem::Here("The patient was not found.".into()));
        }
    }
    let now = state.clock.now();
    let (code, code_hash) = new_token();
    let grant = NewGrant {
        client: asked.client.id.clone(),
        account: found.actor.account.unwrap_or_default(),
        session: (!launch::says(&granted, "offline_access")).then(|| hash(cookie)),
        scope: launch::text(&granted),
        patient,
        encounter: encounter.or(chosen),
        nonce: asked.nonce.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        code_hash,
    };
    state.store.grant(grant, &request_id(now), now).await?;
    Ok(back(&asked.redirect_uri, &[("code", &code), ("state", &asked.state)]))
}
