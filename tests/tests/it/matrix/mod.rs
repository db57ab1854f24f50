//! What an actor may not see is as if it were not there: every question at every door is asked at two hospitals, one with the rows that
//! the actor may not see and one that never had them, and both answers are the same, byte for byte.
//!
//! That is the definition of authorisation here, and covers reading as well as guessing (`_has`, chains, order, totals). Which rows those
//! are is decided from the role table (`world`); the questions are made from the registry of types and parameters (`doors`).

mod doors;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use entity::Role;
use fhir::ResourceType;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tests::Server;

use crate::gql::Site;
use doors::Ask;
use world::{Doc, Of, Who};

/// Questions that are under way at once.
const AT_ONCE: usize = 6;
/// Differences after which one has seen enough.
const ENOUGH: usize = 40;

/// What the programs with a narrow scope have.
const SCOPE: [ResourceType; 4] =
    [ResourceType::Patient, ResourceType::Encounter, ResourceType::Organization, ResourceType::List];

/// Someone at a server.
struct Asker {
    server: Server,
    http: reqwest::Client,
    header: (&'static str, String),
}

impl Asker {
    async fn at(server: &Server, who: &Who) -> Self {
        let caring;
        let server = if let Who::Treating(role) = who {
            world::treat(server, *role).await;
            caring = server.beside_caring().await;
            &caring
        } else {
            if matches!(who, Who::Denied(_)) {
                world::deny(server).await;
            }
            server
        };
        let header = match who {
            Who::Person(role) => {
                let patient = Of::Own.id(ResourceType::Patient);
                let fhir_user = (*role == Role::Patient).then(|| format!("Patient/{patient}"));
                let person = Site::at(server).person(*role, fhir_user.as_deref()).await;
                ("cookie", person.cookie)
            }
            Who::Treating(role) | Who::Denied(role) => ("cookie", Site::at(server).person(*role, None).await.cookie),
            Who::Program(types) => {
                let scope: Vec<String> = types.iter().map(|t| format!("system/{t}.rs")).collect();
                ("authorization", format!("Bearer {}", server.token(&scope.join(" ")).await))
            }
            Who::Everything => ("authorization", format!("Bearer {}", server.token("system/*.cruds").await)),
        };
        Self { server: server.clone(), http: reqwest::Client::new(), header }
    }

    /// Status, headers and body, without what every answer has of its own.
    async fn answer(&self, ask: &Ask) -> String {
        let url = format!("{}{}", self.server.url, ask.path);
        let request = self.http.request(ask.method.clone(), url).header(self.header.0, &self.header.1);
        let request = if self.header.0 == "cookie" { request.header("x-wintehr-request", "1") } else { request };
        let request = if ask.content_type.is_empty() {
            request
        } else {
            request.header("content-type", ask.content_type).body(ask.body.clone())
        };
        let response = request.send().await.unwrap();
        let mut text = format!("{}\n", response.status());
        let mut headers: Vec<String> = response
            .headers()
            .iter()
            .filter(|(name, _)| {
                !["date", "x-request-id", "content-length", "content-location"].contains(&name.as_str())
            })
            .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or_default()))
            .collect();
        headers.sort_unstable();
        text.extend(headers);
        let body = response.text().await.unwrap();
        // Fields of one GraphQL answer come in the order in which they were ready.
        let sorted = (ask.path == "/graphql").then(|| serde_json::from_str(&body).ok().map(sorted)).flatten();
        text.push_str(&sorted.map_or(body, |value| value.to_string()));
        without_minted(&without_tokens(&text.replace(&self.server.url, "http://here")))
    }
}

/// With the members of every object by name.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().map(|(n, v)| (n, sorted(v))).collect();
            members.into_iter().collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// Page tokens and searches that came as forms are sealed, and name places by numbers of their own database.
fn without_tokens(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["_page=", "_sealed="] {
        let mut parts = text.split(name);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            out.push_str(name);
            out.push_str("TOKEN");
            out.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        }
        text = out;
    }
    text
}

/// A document is given an identifier of its own each time it is made.
fn without_minted(text: &str) -> String {
    const BEGIN: &str = r#"{"resourceType":"Bundle","identifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:"#;
    let Some((before, rest)) = text.split_once(BEGIN) else { return text.to_owned() };
    format!("{before}{BEGIN}{}", rest.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '-'))
}

/// Hospitals by what is in them: the whole one, and one for each actor's sight.
struct Hospitals {
    documents: Vec<Doc>,
    built: BTreeMap<BTreeSet<(ResourceType, Of)>, Server>,
}

impl Hospitals {
    async fn of(&mut self, has: impl Fn(&Doc) -> bool) -> Server {
        let documents: Vec<&Doc> = self.documents.iter().filter(|d| has(d)).collect();
        let key: BTreeSet<_> = documents.iter().map(|d| (d.ty, d.of)).collect();
        if let Some(server) = self.built.get(&key) {
            return server.clone();
        }
        let server = Server::start_in(false).await;
        world::store(&server, &documents).await;
        self.built.insert(key, server.clone());
        server
    }
}

/// Asks everything about those types as each of the actors.
/// `part` of the questions by one parameter is asked: one of so many.
async fn compare(only: &BTreeSet<ResourceType>, askers: &[Who], part: usize) {
    let types: Vec<ResourceType> = world::types().filter(|t| only.contains(t)).collect();
    let mut asks = doors::of_system();
    for ty in &types {
        asks.extend(Of::ALL.into_iter().flat_map(|of| doors::of_document(*ty, of)));
        asks.extend(doors::of_type(*ty));
        asks.extend(doors::of_parameters(*ty, only).into_iter().skip(*ty as usize % part).step_by(part));
    }
    let mut hospitals = Hospitals { documents: world::documents(only), built: BTreeMap::new() };
    let whole = hospitals.of(|_| true).await;
    // Where nothing were shown to anybody, nothing would be compared.
    let everybody = Asker::at(&whole, &Who::Everything).await;
    for doc in &hospitals.documents {
        let answer = everybody.answer(&doors::all_of(doc.ty)).await;
        assert_eq!(answer.contains(&doc.of.id(doc.ty)), Who::Everything.sees(doc), "{} {:?}: {answer}", doc.ty, doc.of);
    }
    let (mut wrong, mut asked, mut good) = (Vec::new(), 0, 0);
    for who in askers {
        let visible = hospitals.of(|doc| who.sees(doc)).await;
        // A question about the audit waits for all that was asked before, of those before this one too: longer than an operation may take
        // where the program is built without optimization.
        whole.store.flush_audit().await.expect("the journal is unrolled");
        let (all, some) = (Asker::at(&whole, who).await, Asker::at(&visible, who).await);
        let hidden: Vec<&Doc> = hospitals.documents.iter().filter(|d| !who.sees(d)).collect();
        let changes: Vec<Ask> = hidden.iter().flat_map(|d| doors::of_change(d.ty, d.of)).collect();
        let marks: Vec<String> = hidden.iter().map(|d| d.of.mark(d.ty)).collect();
        let answers = stream::iter(asks.iter().chain(&changes))
            .map(async |ask| {
                let (with, without) = futures_util::future::join(all.answer(ask), some.answer(ask)).await;
                (ask, with, without)
            })
            .buffer_unordered(AT_ONCE);
        let mut answers = std::pin::pin!(answers);
        while let Some((ask, with, without)) = answers.next().await {
            asked += 1;
            good += usize::from(with.starts_with("200"));
            let leaked: Vec<&String> =
                marks.iter().filter(|m| with.contains(*m) && !ask.readable().contains(*m)).collect();
            if with != without || !leaked.is_empty() || with.starts_with("500") {
                wrong.push(format!("{who:?}: {}\n{leaked:?}\n{}", ask.readable(), difference(&with, &without)));
            }
        }
    }
    eprintln!("{asked} questions, {good} of them answered with 200");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(ENOUGH)].join("\n\n"));
    assert!(good * 4 > asked, "only {good} of {asked} questions are answered");
}

/// Where two texts part.
fn difference(a: &str, b: &str) -> String {
    let at = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let from = (0..=at.saturating_sub(120)).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
        text[from..].chars().take(400).collect::<String>()
    };
    format!("  with:    {}\n  without: {}", around(a), around(b))
}

/// A set that has every kind of reference, several patients to a record, and types that say of nobody whose they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn s23_s24_what_may_not_be_seen_is_as_if_it_were_not_there() {
    use ResourceType as T;
    let only = BTreeSet::from([
        T::Patient,
        T::Observation,
        T::Encounter,
        T::Appointment,
        T::List,
        T::Provenance,
        T::Organization,
        T::Binary,
    ]);
    let askers = [Who::Person(Role::Patient), Who::Person(Role::Analyst), Who::Program(&SCOPE)];
    compare(&only, &askers, 2).await;
}

/// The same of people whom a patient denies the chart: as if she and all that is about her had never been there.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn s23_s24_who_denies_it_is_as_if_they_were_not_there() {
    use ResourceType as T;
    let only = BTreeSet::from([
        T::Patient,
        T::Observation,
        T::Encounter,
        T::Appointment,
        T::Provenance,
        T::Consent,
        T::Organization,
        T::Task,
    ]);
    compare(&only, &[Who::Denied(Role::Physician)], 2).await;
}

/// The same of people who see only whom they treat, at every door.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn s23_s24_who_is_not_treated_is_as_if_they_were_not_there() {
    use ResourceType as T;
    let only = BTreeSet::from([
        T::Patient,
        T::Observation,
        T::Encounter,
        T::Appointment,
        T::Provenance,
        T::Task,
        T::Organization,
        T::Bundle,
    ]);
    compare(&only, &[Who::Treating(Role::Physician)], 2).await;
}

/// Every type that analysts read about patients, at the FHIR door: nothing of what says who it is about.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn s27_what_an_analyst_reads_is_masked_of_every_type() {
    let masked = |ty: &ResourceType| {
        entity::role::permits(&[Role::Analyst], entity::role::Interaction::Read, *ty) == Some(true)
            && entity::role::is_masked(&[Role::Analyst], *ty)
    };
    let only: BTreeSet<ResourceType> = world::types().filter(masked).collect();
    assert!(only.len() > 30, "{only:?}");
    let documents = world::documents(&only);
    let server = Server::start_in(false).await;
    world::store(&server, &documents.iter().collect::<Vec<_>>()).await;
    let analyst = Asker::at(&server, &Who::Person(Role::Analyst)).await;
    for ty in only {
        let id = Of::Own.id(ty);
        for path in
            [format!("/fhir/R4/{ty}/{id}"), format!("/fhir/R4/{ty}?_id={id}"), format!("/fhir/R4/{ty}/{id}/_history")]
        {
            let ask = Ask { method: reqwest::Method::GET, path, content_type: "", body: String::new() };
            let answer = analyst.answer(&ask).await;
            assert!(answer.starts_with("200") && answer.contains("SUBSETTED"), "{ty}: {answer}");
            for part in ["urn:mark", "\"div\"", "\"name\":\"mark", "\"identifier\"", "\"extension\""] {
                assert!(!answer.contains(part), "{ty} shows {part}: {answer}");
            }
        }
    }
}

/// All types, for those whose rows are narrowed.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "takes long; make soak runs it"]
async fn a_patient_learns_nothing_of_another_by_any_type() {
    compare(&world::types().collect(), &[Who::Person(Role::Patient)], 5).await;
}

/// All types, for those who see only whom they treat.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "takes long; make soak runs it"]
async fn staff_learn_nothing_of_whom_they_do_not_treat_by_any_type() {
    compare(&world::types().collect(), &[Who::Treating(Role::Physician)], 5).await;
}

/// All types, for those to whom a chart is denied.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "takes long; make soak runs it"]
async fn staff_learn_nothing_of_who_denies_it_by_any_type() {
    compare(&world::types().collect(), &[Who::Denied(Role::Physician)], 5).await;
}

/// All types, for those whose types are narrowed.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "takes long; make soak runs it"]
async fn no_role_learns_anything_of_types_that_are_not_its_own() {
    let staff = |role: &Role| !matches!(role, Role::Patient | Role::System);
    let mut askers: Vec<Who> = Role::ALL.into_iter().filter(staff).map(Who::Person).collect();
    askers.push(Who::Program(&SCOPE));
    compare(&world::types().collect(), &askers, 25).await;
}

/// Whom a record is about is said here as the store has it.
#[tokio::test]
async fn the_hospitals_are_what_they_are_said_to_be() {
    let all = world::documents(&world::types().collect());
    assert_eq!(all.len(), world::types().count() * 3);
    let server = Server::start_in(false).await;
    world::store(&server, &all.iter().collect::<Vec<_>>()).await;
    let token = server.token("system/*.cruds").await;
    let wrong = stream::iter(all.iter().filter(|d| d.of == Of::Stranger))
        .map(async |doc| {
            let patient = Of::Stranger.id(ResourceType::Patient);
            let about = fhir::search::registry::patient_parameters(doc.ty).first()?;
            let url = format!("{}/fhir/R4/{}?{about}=Patient/{patient}&_summary=count", server.url, doc.ty);
            let answer = reqwest::Client::new().get(url).bearer_auth(&token).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            let own_row = doc.ty == ResourceType::Patient;
            (answer["total"] != json!(1) && !own_row).then(|| format!("{}: {answer}", doc.ty))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |found| found)
        .collect::<Vec<_>>()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
