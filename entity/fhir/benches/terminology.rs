//! A code system of 100,000 concepts, ten below each: reading it, and what is asked of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use fhir::Json;
use fhir::terminology::{CodeSystem, Library, ValueSet, Wanted};

const CONCEPTS: usize = 100_000;

fn main() {
    let mut text = String::from(r#"{"resourceType":"CodeSystem","url":"urn:big","content":"complete","concept":["#);
    for n in 0..CONCEPTS {
        let comma = if n == 0 { "" } else { "," };
        let parent = if n == 0 {
            String::new()
        } else {
            format!(r#","property":[{{"code":"parent","valueCode":"c{}"}}]"#, (n - 1) / 10)
        };
        let _ = write!(text, r#"{comma}{{"code":"c{n}","display":"Concept number {n} of many"{parent}}}"#);
    }
    text.push_str("]}");
    let read = || CodeSystem::read(&Json::parse(&text).expect("JSON")).expect("a code system");
    let library = Library { systems: HashMap::from([("urn:big".to_owned(), Arc::new(read()))]), ..Library::default() };
    let set = |filter: &str| {
        let text = format!(r#"{{"compose":{{"include":[{{"system":"urn:big"{filter}}}]}}}}"#);
        ValueSet::read(&Json::parse(&text).expect("JSON")).expect("a value set")
    };
    let (all, below) = (set(""), set(r#","filter":[{"property":"concept","op":"is-a","value":"c5"}]"#));
    let system = library.code_system("urn:big").expect("put in above");
    let number = |code: &str| system.find(code).expect("it is there");

    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("100,000 concepts");
    group.bench_function("read", |b| b.iter(|| black_box(read()).len()));
    group.bench_function("subsumes", |b| b.iter(|| system.subsumption(number("c5"), number("c99999"))));
    group.bench_function("validate-code in is-a", |b| {
        b.iter(|| library.member(&below, Some("urn:big"), "c60000").expect("known").is_some());
    });
    group.bench_function("expand is-a, first 20", |b| {
        let wanted = Wanted { count: Some(20), ..Wanted::default() };
        b.iter(|| library.expand(&below, &wanted).expect("known").total);
    });
    group.bench_function("expand all by filter, first 20", |b| {
        let wanted = Wanted { filter: Some("number 777".into()), count: Some(20), ..Wanted::default() };
        b.iter(|| library.expand(&all, &wanted).expect("known").total);
    });
    group.finish();
    criterion.final_summary();
}
