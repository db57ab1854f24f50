//! What clients write over HTTP: single creations by one client and by many, who share commits, and transactions of Synthea bundles.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection};

use crate::load::{self, Run};
use crate::report::Line;

/// Clients that create at once.
const MANY: usize = 64;

/// The lines, each after one warm second.
pub async fn all(db: &DatabaseConnection, host: &str, token: &str, time: Duration) -> Vec<Line> {
    let body = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"effectiveDateTime":"2026-01-01T08:00:00Z","valueQuantity":{"value":72,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}}"#;
    let create = [post(host, token, "/fhir/R4/Observation", body)];
    load::run(host, &create, MANY, Duration::from_secs(1)).await.expect("created");
    let one = load::run(host, &create, 1, time).await.expect("created");
    let many = load::run(host, &create, MANY, time).await.expect("created");
    let mut lines = vec![
        Line::alone("create Observation", 1, &one, ""),
        Line::alone("create Observation", MANY, &many, "10 x one client"),
    ];
    lines.extend(transactions(db, host, token).await);
    lines
}

/// Synthea bundles as transactions, one client after the other and four at once. Resources per second.
async fn transactions(db: &DatabaseConnection, host: &str, token: &str) -> Vec<Line> {
    let folder = std::env::var_os("WINTEHR_TEST_DATA").map(|d| PathBuf::from(d).join("synthea")).filter(|d| d.is_dir());
    let Some(folder) = folder else { return Vec::new() };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "json"));
    files.sort();
    let bundles: Vec<Vec<u8>> = files
        .iter()
        .map(|file| post(host, token, "/fhir/R4", &std::fs::read_to_string(file).expect("a bundle")))
        .collect();
    let mut lines = Vec::new();
    for clients in [1, 4] {
        let before = crate::twin::resources(db).await;
        let took = load::each(host, &bundles, clients).await.expect("stored");
        let resources = crate::twin::resources(db).await - before;
        let ours = Run { per_second: resources as f64 / took.as_secs_f64(), times: Vec::new() };
        let name =
            format!("transactions of {} Synthea bundles, {resources} new resources; resources /s", bundles.len());
        lines.push(Line { ours_ms: None, ..Line::alone(&name, clients, &ours, "3,000/s") });
        db.execute_unprepared("ANALYZE").await.expect("analysed");
    }
    lines
}

pub fn post(host: &str, token: &str, path: &str, body: &str) -> Vec<u8> {
    let head =
        format!("HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/fhir+json");
    format!("POST {path} {head}\r\nPrefer: return=minimal\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
