//! Extraction of all search parameters of a Synthea resource. Set `WINTEHR_TEST_DATA` to the data folder; SKIPPED without it.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use fhir::search::extract::{Options, extract};
use fhir::search::key::Keys;
use fhir::{Json, ResourceType};

fn main() {
    let Some(folder) = std::env::var_os("WINTEHR_TEST_DATA") else {
        println!("extraction: SKIPPED, WINTEHR_TEST_DATA is not set");
        return;
    };
    let texts: Vec<String> = std::fs::read_dir(Path::new(&folder).join("synthea"))
        .expect("the data folder has synthea/")
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|p| p.extension().is_some_and(|e| e == "json")))
        .map(|path| std::fs::read_to_string(path).expect("a readable file"))
        .collect();
    let bundles: Vec<Json<'_>> = texts.iter().map(|t| Json::parse(t).expect("JSON")).collect();
    let resources: Vec<(ResourceType, &Json<'_>)> = bundles
        .iter()
        .flat_map(|b| b.get("entry").map_or(&[][..], Json::items))
        .filter_map(|e| e.get("resource"))
        .map(|r| (r.str_at("resourceType").and_then(ResourceType::named).expect("a type"), r))
        .collect();
    let keys = Keys::new([3; 16]);
    let options = Options::default();
    let rows = |f: &dyn Fn(&fhir::search::extract::Extracted) -> usize| {
        resources.iter().map(|(t, r)| f(&extract(r, *t, &keys, &options))).sum::<usize>() as f64
            / resources.len() as f64
    };
    println!(
        "{} resources; rows per resource: terms {:.1}, ord {:.1}, quantities {:.1}, strings {:.1}, dates {:.1}, references {:.1}",
        resources.len(),
        rows(&|e| e.terms.len()),
        rows(&|e| e.ord.len()),
        rows(&|e| e.quantities.len()),
        rows(&|e| e.strings.len()),
        rows(&|e| e.dates.len()),
        rows(&|e| e.references.len())
    );
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("extraction");
    group.throughput(Throughput::Elements(resources.len() as u64));
    group.bench_function("synthea, all resources", |b| {
        b.iter(|| {
            for (ty, resource) in &resources {
                black_box(extract(resource, *ty, &keys, &options));
            }
        });
    });
    group.finish();
    criterion.final_summary();
}
