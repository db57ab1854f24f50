//! A walk of the specification: each rule of `walk/*.txt` is asked of a server that holds `walk/seed.json`. What failed is told as
//! the file, the line and the rule.
//!
//! A rule is a line at the margin. The lines indented below it are its requests and what must hold of each answer:
//!
//! ```text
//! as SCOPE | as nobody       who asks from here on; at first a program that may do all
//! GET path                   below /fhir/R4, or a whole URL
//! + Name: value              a header
//! | text                     a line of the body
//! 200                        the status
//! Name = x, Name ~ x         a header is that, or has that in it; `Name absent`
//! .a[0].b = x, ~ x           an element of the answer; `present`, `absent`, `count n`; `[x]` is the one named, coded or related so
//! ids a b, included a b      the matches and what is included, in order
//! text ~ x, text !~ x        the whole body has it or not; `text empty`
//! keep name .a.b             `{name}` is that from here on; `keep name Header`
//! wait n                     the clock goes on by n seconds
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::TimeDelta;
use fhir::Json;
use reqwest::Method;
use serde_json::Value;
use tests::Server;

use crate::search::{ids, store_all};

struct Rule<'t> {
    line: usize,
    words: &'t str,
    steps: Vec<(usize, &'t str)>,
}

fn rules(text: &str) -> Vec<Rule<'_>> {
    let mut rules: Vec<Rule<'_>> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
        } else if line.starts_with(' ') {
            rules.last_mut().expect("a rule before its steps").steps.push((n + 1, line.trim()));
        } else {
            rules.push(Rule { line: n + 1, words: line, steps: Vec::new() });
        }
    }
    rules
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
    json: Value,
}

#[derive(Default)]
struct Asked {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

struct Walk {
    server: Server,
    http: reqwest::Client,
    everything: String,
    tokens: BTreeMap<String, String>,
    token: Option<String>,
    kept: BTreeMap<String, String>,
}

impl Walk {
    async fn start() -> Self {
        let server = Server::start().await;
        let seed = Json::parse(include_str!("walk/seed.json")).unwrap();
        store_all(&server.store, seed.items()).await;
        let everything = server.token("system/*.cruds").await;
        let token = Some(everything.clone());
        let kept = BTreeMap::from([
            ("base".to_owned(), format!("{}/fhir/R4", server.url)),
            ("server".to_owned(), server.url.clone()),
            ("long".to_owned(), "a".repeat(20_000)),
        ]);
        Self { server, http: reqwest::Client::new(), everything, tokens: BTreeMap::new(), token, kept }
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.kept {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    async fn be(&mut self, who: &str) {
        self.token = match who {
            "nobody" => None,
            scope => {
                if !self.tokens.contains_key(scope) {
                    let token = self.server.token(scope).await;
                    self.tokens.insert(scope.to_owned(), token);
                }
                self.tokens.get(scope).cloned()
            }
        };
    }

    async fn ask(&self, asked: Asked) -> Answer {
        let url = if asked.path.starts_with("http") {
            asked.path.clone()
        } else {
            format!("{}/{}", self.kept["base"], asked.path.trim_start_matches('/'))
        };
        let mut request = self.http.request(asked.method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let typed = asked.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if asked.body.is_some() && !typed {
            let form = asked.path.contains("_search");
            let media = if form { "application/x-www-form-urlencoded" } else { "application/fhir+json" };
            request = request.header("content-type", media);
        }
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        let response = request.body(asked.body.unwrap_or_default()).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Answer { status, headers, text, json }
    }

    /// What does not hold, with its line.
    async fn follow(&mut self, rule: &Rule<'_>) -> Option<(usize, String)> {
        self.token = Some(self.everything.clone());
        let mut pending: Option<Asked> = None;
        let mut answer: Option<Answer> = None;
        for (line, step) in &rule.steps {
            let step = self.filled(step);
            let (word, rest) = step.split_once(' ').unwrap_or((&step, ""));
            let rest = rest.trim();
            match word {
                "as" => self.be(rest).await,
                "wait" => self.server.clock.advance(TimeDelta::seconds(rest.parse().unwrap())),
                "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" => {
                    let method = Method::from_bytes(word.as_bytes()).unwrap();
                    pending = Some(Asked { method, path: rest.to_owned(), ..Asked::default() });
                }
                "+" => {
                    let (name, value) = rest.split_once(':').expect("Name: value");
                    let asked = pending.as_mut().expect("a request before its headers");
                    asked.headers.push((name.to_owned(), value.trim().to_owned()));
                }
                "|" => {
                    let asked = pending.as_mut().expect("a request before its body");
                    let body = asked.body.get_or_insert_default();
                    if !body.is_empty() {
                        body.push('\n');
                    }
                    body.push_str(rest);
                }
                check => {
                    if let Some(asked) = pending.take() {
                        answer = Some(self.ask(asked).await);
                    }
                    let answer = answer.as_ref().expect("a request before what holds of its answer");
                    if check == "keep" {
                        let (name, place) = rest.split_once(' ').expect("a name and a place");
                        match found(answer, place) {
                            Some(value) => drop(self.kept.insert(name.to_owned(), value)),
                            None => return Some((*line, format!("there is no {place} in {}", told(answer)))),
                        }
                    } else if let Err(why) = holds(answer, check, rest) {
                        return Some((*line, why));
                    }
                }
            }
        }
        assert!(pending.is_none(), "{}: nothing is said of the last answer", rule.words);
        None
    }
}

fn told(answer: &Answer) -> String {
    let text: String = answer.text.chars().take(600).collect();
    format!("{} {text}", answer.status)
}

/// The text of a header, or of the element at a place.
fn found(answer: &Answer, place: &str) -> Option<String> {
    if !place.starts_with('.') {
        return answer.headers.get(place).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
    }
    element(&answer.json, place).map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned))
}

fn element<'v>(document: &'v Value, place: &str) -> Option<&'v Value> {
    let (mut at, mut rest) = (document, place);
    while !rest.is_empty() {
        if let Some(indexed) = rest.strip_prefix('[') {
            let (index, more) = indexed.split_once(']').expect("a closed bracket");
            rest = more;
            at = match index.parse::<usize>() {
                Ok(n) => at.get(n)?,
                Err(_) => at.as_array()?.iter().find(|item| {
                    let names = ["relation", "name", "code", "url", "type"];
                    names.iter().any(|name| item.get(name).is_some_and(|v| v == index))
                })?,
            };
        } else {
            let named = rest.strip_prefix('.').expect("a dot before a name");
            let end = named.find(['.', '[']).unwrap_or(named.len());
            rest = &named[end..];
            if end > 0 {
                at = at.get(&named[..end])?;
            }
        }
    }
    Some(at)
}

fn holds(answer: &Answer, check: &str, rest: &str) -> Result<(), String> {
    let wrong = |why: String| Err(format!("{why}; the answer: {}", told(answer)));
    if let Ok(status) = check.parse::<u16>() {
        return if answer.status == status { Ok(()) } else { wrong(format!("{status} was to be answered")) };
    }
    let (how, expected) = rest.split_once(' ').unwrap_or((rest, ""));
    let expected = expected.trim();
    match (check, how) {
        ("ids" | "included", _) => {
            let mode = if check == "ids" { "match" } else { "include" };
            let found = ids(&answer.json, mode).join(" ");
            if answer.status == 200 && found == rest { Ok(()) } else { wrong(format!("\"{rest}\", not \"{found}\"")) }
        }
        ("text", "empty") if answer.text.is_empty() => Ok(()),
        ("text", "~") if answer.text.contains(expected) => Ok(()),
        ("text", "!~") if !answer.text.contains(expected) => Ok(()),
        ("text", "empty" | "~" | "!~") => wrong(format!("text {rest}")),
        (place, "count") => {
            let length = element(&answer.json, place).and_then(Value::as_array).map_or(0, Vec::len);
            if length.to_string() == expected { Ok(()) } else { wrong(format!("{place} has {length}, not {expected}")) }
        }
        (place, how) => {
            let value = found(answer, place);
            let fine = match (how, &value) {
                ("absent", None) | ("present", Some(_)) => true,
                ("=", Some(value)) => value == expected,
                ("~", Some(value)) => value.contains(expected),
                ("!~", Some(value)) => !value.contains(expected),
                ("absent" | "present" | "=" | "~" | "!~", _) => false,
                _ => panic!("{check} {rest} is no check"),
            };
            if fine { Ok(()) } else { wrong(format!("{place} {rest}, not {value:?}")) }
        }
    }
}

async fn walk(file: &str, text: &str, least: usize) {
    let mut walk = Walk::start().await;
    let rules = rules(text);
    let mut failed = String::new();
    for rule in &rules {
        if let Some((line, why)) = walk.follow(rule).await {
            let _ = writeln!(failed, "\nwalk/{file}:{line}, of \"{}\" ({}): {why}", rule.words, rule.line);
        }
    }
    eprintln!("{file}: {} rules", rules.len());
    assert!(failed.is_empty(), "{failed}");
    assert!(rules.len() >= least, "rules went missing: {}", rules.len());
}

#[tokio::test]
async fn the_rules_of_http_hold() {
    walk("http.txt", include_str!("walk/http.txt"), 150).await;
}

#[tokio::test]
async fn the_rules_of_bundles_hold() {
    walk("bundle.txt", include_str!("walk/bundle.txt"), 40).await;
}

#[tokio::test]
async fn the_rules_of_search_hold() {
    walk("search.txt", include_str!("walk/search.txt"), 300).await;
}

#[tokio::test]
async fn the_rules_of_operations_hold() {
    walk("operations.txt", include_str!("walk/operations.txt"), 60).await;
}
