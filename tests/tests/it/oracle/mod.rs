//! Search over HTTP against a naive filter in memory, over generated resources and searches.
//!
//! The filter (`naive`, `value`) is written from the text of R4 search and shares no code with the server: it reads the parameters' texts
//! and the resources' JSON itself. `WINTEHR_SEARCHES` says how many searches are compared, `WINTEHR_SEED` where to begin.

mod ask;
mod dice;
mod naive;
mod sample;
mod value;

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::search::{ids, link};
use ask::Ask;
use dice::Dice;
use naive::World;

/// Searches of one hospital; then another is made up.
const PER_WORLD: usize = 1500;
/// Disagreements after which one has seen enough.
const ENOUGH: usize = 25;

#[expect(clippy::disallowed_methods, reason = "its settings are those of a test run, not of the program")]
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A hospital at a server, with the resources as they came back.
async fn hospital(dice: &mut Dice) -> (Client, World) {
    let client = Client::start().await;
    let mut documents = sample::hospital(dice);
    let store = async |documents: &[Value]| {
        let entry = |d: &Value| {
            let url = format!("{}/{}", d["resourceType"].as_str().unwrap(), d["id"].as_str().unwrap());
            json!({"resource": d, "request": {"method": "PUT", "url": url}})
        };
        let entries: Vec<Value> = documents.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string();
        client.json(Method::POST, "", &bundle, 200).await;
        client.server.clock.advance(chrono::TimeDelta::minutes(7));
    };
    store(&documents).await;
    // A part becomes something else, twice, and a part of that goes away.
    for _ in 0..2 {
        let mut changed = Vec::new();
        for document in &mut documents {
            if dice.chance(20) {
                *document = sample::again(dice, document);
                changed.push(document.clone());
            }
        }
        store(&changed).await;
    }
    let token = client.server.token("system/*.cruds").await;
    let client = Client { token, ..client };
    let mut kept = Vec::new();
    for document in documents {
        let path = format!("/{}/{}", document["resourceType"].as_str().unwrap(), document["id"].as_str().unwrap());
        // What others refer to is not deleted; observations are referred to by nobody here.
        if document["resourceType"] == "Observation" && dice.chance(8) {
            assert_eq!(client.send(Method::DELETE, &path, "").await.status(), 204);
        } else {
            kept.push(client.page(&path).await);
        }
    }
    let now = client.server.clock.now().timestamp_micros();
    let base = format!("{}/fhir/R4", client.server.url);
    (client, World { documents: kept, now, base })
}

/// What is wrong with the server's answer; `None` when nothing is.
async fn disagreement(http: &reqwest::Client, client: &Client, world: &World, ask: &Ask) -> Option<String> {
    let fetch = async |url: String| {
        let response = http.get(&url).bearer_auth(&client.token).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        if status == 200 { Ok(serde_json::from_str::<Value>(&text).unwrap()) } else { Err(format!("{status}: {text}")) }
    };
    let expected = naive::search(world, ask);
    let url = format!("{}/{}", world.base, ask.path());
    let page = match fetch(format!("{url}&_count=1000&_total=accurate")).await {
        Ok(page) => page,
        Err(error) => return Some(error),
    };
    let found = ids(&page, "match");
    if let Some(wrong) = naive::compare(world, ask, &expected, &found) {
        return Some(wrong);
    }
    if page["total"] != expected.len() {
        return Some(format!("the total is {} of {}", page["total"], expected.len()));
    }
    let wanted = naive::included(world, ask, &expected);
    let included: Vec<String> = page["entry"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|e| e["search"]["mode"] == "include")
        .map(|e| {
            format!("{}/{}", e["resource"]["resourceType"].as_str().unwrap(), e["resource"]["id"].as_str().unwrap())
        })
        .collect();
    let unique: BTreeSet<String> = included.iter().cloned().collect();
    if unique.len() != included.len() || unique != wanted {
        return Some(format!("included {included:?}, not {wanted:?}"));
    }
    let size = ask.page?;
    // Forward to the end and back, the pages are the one page.
    let (mut next, mut walked, mut last) = (Some(format!("{url}&_count={size}")), Vec::new(), None);
    while let Some(url) = next {
        let page = match fetch(url).await {
            Ok(page) => page,
            Err(error) => return Some(format!("a next page: {error}")),
        };
        walked.extend(ids(&page, "match"));
        next = link(&page, "next").map(ToOwned::to_owned);
        last = Some(page);
        if walked.len() > found.len() {
            return Some(format!("pages of {size} do not end: {walked:?}"));
        }
    }
    if walked != found {
        return Some(format!("pages of {size} are {walked:?}, one page is {found:?}"));
    }
    let (mut page, mut back) = (last?, Vec::new());
    loop {
        back.splice(0..0, ids(&page, "match"));
        if back.len() > found.len() {
            return Some(format!("pages of {size} do not end backward: {back:?}"));
        }
        let Some(previous) = link(&page, "previous") else { break };
        page = match fetch(previous.to_owned()).await {
            Ok(page) => page,
            Err(error) => return Some(format!("a previous page: {error}")),
        };
    }
    (back != found).then(|| format!("pages of {size} are backward {back:?}, one page is {found:?}"))
}

/// The searches of one hospital: how many find something, and what is said of those that are answered wrongly.
async fn compare(dice: &mut Dice, searches: usize) -> (usize, Vec<String>) {
    let http = reqwest::Client::new();
    let (client, world) = hospital(dice).await;
    let asks: Vec<Ask> = (0..searches).map(|_| ask::random(dice, &world)).collect();
    let met = asks.iter().filter(|ask| !naive::search(&world, ask).is_empty()).count();
    let answers = stream::iter(&asks).map(|ask| async {
        let wrong = disagreement(&http, &client, &world, ask).await?;
        Some(format!("{}\n    {wrong}\n{}", ask.readable(), naive::explain(&world, ask, &wrong)))
    });
    (met, answers.buffer_unordered(4).filter_map(async |found| found).collect().await)
}

#[test]
fn searches_find_what_the_specification_says() {
    let (searches, seed) = (number("WINTEHR_SEARCHES", 3000) as usize, number("WINTEHR_SEED", 1));
    let mut dice = Dice::new(seed);
    let (mut compared, mut met, mut wrong) = (0, 0, Vec::new());
    while compared < searches && wrong.len() < ENOUGH {
        // With the runtime of a hospital its server goes, and the server's connections.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
        let asked = PER_WORLD.min(searches - compared);
        let (found, disagreements) = runtime.expect("threads are to be had").block_on(compare(&mut dice, asked));
        compared += asked;
        met += found;
        wrong.extend(disagreements);
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared} searches (seed {seed}):\n{}",
        wrong.len(),
        wrong[..wrong.len().min(ENOUGH)].join("\n")
    );
    // A comparison of empty answers would show nothing.
    assert!(met * 3 > compared, "only {met} of {compared} searches find anything");
    eprintln!("{compared} searches compared, {met} of them find something");
}
