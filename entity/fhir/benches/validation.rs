//! Validation of a Synthea resource against base R4. Set `WINTEHR_TEST_DATA` to the data folder; SKIPPED without it.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use fhir::Json;
use fhir::validate::validate;

fn main() {
    let Some(folder) = std::env::var_os("WINTEHR_TEST_DATA") else {
        println!("validation: SKIPPED, WINTEHR_TEST_DATA is not set");
        return;
    };
    let texts: Vec<String> = std::fs::read_dir(Path::new(&folder).join("synthea"))
        .expect("the data folder has synthea/")
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|p| p.extension().is_some_and(|e| e == "json")))
        .map(|path| std::fs::read_to_string(path).expect("a readable file"))
        .collect();
    let bundles: Vec<Json<'_>> = texts.iter().map(|t| Json::parse(t).expect("JSON")).collect();
    let resources: Vec<&Json<'_>> = bundles
        .iter()
        .flat_map(|b| b.get("entry").map_or(&[][..], Json::items))
        .filter_map(|e| e.get("resource"))
        .collect();
    println!("{} resources, {} issues", resources.len(), resources.iter().map(|r| validate(r).len()).sum::<usize>());
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let mut group = criterion.benchmark_group("validation");
    group.throughput(Throughput::Elements(resources.len() as u64));
    group.bench_function("synthea, all resources", |b| {
        b.iter(|| {
            for resource in &resources {
                black_box(validate(resource));
            }
        });
    });
    group.finish();
    criterion.final_summary();
}
