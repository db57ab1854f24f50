//! What a search by the patient's properties reads: where few patients have them, the records of those and no others.

use fhir::Json;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement};
use tests::Server;

use crate::search::{Ward, ids, store_all};

const PATIENTS: usize = 120;
const RECORDS_OF_EACH: usize = 40;

/// Patients `p0` to `p119`, each with a family name of their own, ten of them men, and records `o0` to `o4799`, patient by patient.
fn hospital() -> String {
    let patients = (0..PATIENTS).map(|n| {
        let gender = if n % 12 == 0 { "male" } else { "female" };
        format!(r#"{{"resourceType":"Patient","id":"p{n}","gender":"{gender}","name":[{{"family":"N{n:03}"}}]}}"#)
    });
    let records = (0..PATIENTS * RECORDS_OF_EACH).map(|n| {
        let (patient, day) = (n / RECORDS_OF_EACH, n % 28 + 1);
        format!(
            r#"{{"resourceType":"Observation","id":"o{n}","status":"final","code":{{"coding":[{{"system":"s","code":"c"}}]}},"subject":{{"reference":"Patient/p{patient}"}},"effectiveDateTime":"2026-01-{day:02}"}}"#
        )
    });
    format!("[{}]", patients.chain(records).collect::<Vec<_>>().join(","))
}

/// Pages of tables and indexes that statements on records have looked at so far.
async fn pages(db: &DatabaseConnection) -> i64 {
    let sql = "SELECT COALESCE(sum(shared_blks_hit + shared_blks_read), 0)::bigint AS n FROM pg_stat_statements s
               JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND query LIKE '%\"observation_ix\"%'
               AND query LIKE 'SELECT%'";
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "n").unwrap()
}

#[tokio::test]
async fn records_of_few_patients_are_found_without_a_walk_through_all() {
    let server = Server::start().await;
    let text = hospital();
    store_all(&server.store, Json::parse(&text).unwrap().items()).await;
    let token = server.token("system/*.cruds").await;
    let db = Database::connect(&server.database).await.unwrap();
    db.execute_unprepared("CREATE EXTENSION pg_stat_statements; ANALYZE").await.unwrap();
    let ward = Ward { server, token };
    let found = async |asked: &str| {
        let before = pages(&db).await;
        let page = ward.page(&format!("Observation?{asked}")).await;
        (ids(&page, "match"), page["total"].clone(), pages(&db).await - before)
    };
    let records = |patient: usize| patient * RECORDS_OF_EACH..(patient + 1) * RECORDS_OF_EACH;
    let newest = |patient: usize| records(patient).rev().take(5).map(|n| format!("o{n}")).collect::<Vec<_>>();
    for (asked, expected) in [
        ("patient.name=N003", newest(3)),
        ("patient.name=nobody", Vec::new()),
        ("patient=p7,p3", newest(7)),
        ("subject:Patient.name=N003&status=final", newest(3)),
        ("patient.name=N003&code=s|c", newest(3)),
        ("patient.name=nobody&code=s|c", Vec::new()),
        ("patient.name=N003&_sort=-date", ["o139", "o138", "o137", "o136", "o135"].map(str::to_owned).to_vec()),
    ] {
        let (ids, _, read) = found(&format!("{asked}&_count=5&_total=none")).await;
        assert_eq!(ids, expected, "{asked}");
        assert!(read < 120, "{asked}: {read} pages");
    }
    // Where many have them, the newest records are walked through, and all are counted.
    let (ids, total, _) = found("patient.gender=female&_count=5&_total=accurate").await;
    assert_eq!((ids, total), (newest(119), 4400.into()));
    let (ids, total, _) = found("patient.gender=male&_count=5&_total=accurate").await;
    assert_eq!((ids, total), (newest(108), 400.into()));
}
