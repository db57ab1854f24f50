//! What is asked through the server, and the SQL that fetches the same rows.
//!
//! The statements are written by hand against the tables, with the index words as literals, and without what the server adds for the
//! actor: they are the least the database has to do.

use std::fmt::Write as _;
use std::time::Duration;

use fhir::ResourceType::{self, Condition, Encounter, Observation, Patient};
use fhir::search::key::Keys;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, QueryResult, Statement};

/// The key the benchmark's database was migrated with.
const KEYS: [u8; 16] = [9; 16];
const LOINC: &str = "http://loinc.org";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// Body weight, and five laboratory tests.
const WEIGHT: &str = "29463-7";
const LABS: [&str; 5] = ["2160-0", "2345-7", "718-7", "2823-3", "4548-4"];

/// The searches that many clients ask at once.
const MIXED: [&str; 7] = ["03", "04", "05", "07", "08", "09a", "18a"];

pub struct Shape {
    pub name: &'static str,
    pub samples: Vec<Sample>,
    /// Many for throughput; one, so that the median is the time of one request.
    pub clients: usize,
    pub time: Duration,
    pub bar: &'static str,
}

#[derive(Clone)]
pub struct Sample {
    pub request: Request,
    pub sql: String,
}

#[derive(Clone)]
pub enum Request {
    Get(String),
    Graphql(String),
}

impl Request {
    pub fn bytes(&self, host: &str, token: &str) -> Vec<u8> {
        let head = format!("HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n");
        match self {
            Self::Get(path) => format!("GET /fhir/R4/{} {head}\r\n", escaped(path)).into_bytes(),
            Self::Graphql(query) => {
                let body = serde_json::json!({ "query": query }).to_string();
                let length = body.len();
                format!("POST /graphql {head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
                    .into_bytes()
            }
        }
    }
}

/// What a URL may hold as it is stays; the rest is percent-encoded.
fn escaped(path: &str) -> String {
    let mut url = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(char::from(byte)),
            _ if b"-._~:/?=&$,".contains(&byte) => url.push(char::from(byte)),
            _ => write!(url, "%{byte:02X}").expect("a string"),
        }
    }
    url
}

fn get(path: String, sql: String) -> Sample {
    Sample { request: Request::Get(path), sql }
}

/// The bodies of a patient's rows of a type, newest first by its date.
fn of_patient(table: &str, pat: i64, condition: &str, limit: u32) -> String {
    format!(
        "(SELECT raw FROM fhir.\"{table}_ix\" WHERE pat = {pat} AND NOT deleted{condition} ORDER BY ts_lo DESC, rid DESC LIMIT {limit})"
    )
}

/// The bodies of the newest rows of a code, of one patient or of all.
fn of_code(pat: Option<i64>, key: i64, order: &str, limit: u32) -> String {
    let pat = pat.map_or(String::new(), |p| format!("pat = {p} AND "));
    format!(
        "(SELECT h.raw FROM (SELECT rid, ts FROM fhir.ix_ord WHERE {pat}key = {key} ORDER BY {order} LIMIT {limit}) k \
         JOIN fhir.observation_ix h USING (rid) WHERE NOT h.deleted)"
    )
}

fn array(values: &[i64]) -> String {
    let values: Vec<String> = values.iter().map(i64::to_string).collect();
    format!("ARRAY[{}]::bigint[]", values.join(","))
}

/// The same with the row of the audit that every read leaves, in one transaction. Nobody waits for its commit, as nobody does in the server.
fn audited(sample: Sample, row: &Row) -> Sample {
    let Sample { request, sql } = sample;
    let Row { id, rkey } = row;
    let what = format!(
        r#"{{"door": "/fhir/R4", "path": "/Patient/{id}", "items": [{{"what": "Patient/{id}", "patients": [0]}}], "roles": ["system"], "method": "GET", "status": 200}}"#
    );
    let insert = format!(
        "INSERT INTO fhir.audit_event (recorded, request_id, principal, account, action, subtype, outcome, patients, what, hash) \
         VALUES (clock_timestamp(), '01a222a1-b269-7e1f-8c76-525198079b47', 'bench', 1, 'R', 'read', 0, ARRAY[{rkey}::bigint], '{what}', \
         '\\x{}')",
        "a7".repeat(32)
    );
    Sample { request, sql: format!("BEGIN; {sql}; {insert}; COMMIT") }
}

/// A row to ask for.
struct Row {
    id: String,
    rkey: i64,
}

/// Rows of a type in the order of their hash, which is no order of theirs.
async fn rows(db: &DatabaseConnection, resource_type: ResourceType, n: u32) -> Vec<Row> {
    let table = resource_type.table();
    let sql = format!("SELECT id, rkey FROM fhir.\"{table}_ix\" WHERE NOT deleted ORDER BY rkey LIMIT {n}");
    all_of(db, &sql)
        .await
        .iter()
        .map(|r| Row { id: text(r, "id"), rkey: r.try_get("", "rkey").expect("a number") })
        .collect()
}

async fn all_of(db: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.expect("asked")
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get("", column).expect("a text")
}

/// Codes of problems from the commonest to the rarest: system and code.
async fn problems(db: &DatabaseConnection) -> Vec<(String, String)> {
    let sql = "SELECT resource #>> '{code,coding,0,system}' AS s, resource #>> '{code,coding,0,code}' AS c FROM fhir.condition \
               WHERE resource #>> '{code,coding,0,code}' IS NOT NULL GROUP BY 1, 2 ORDER BY count(*) DESC, 2";
    all_of(db, sql).await.iter().map(|r| (text(r, "s"), text(r, "c"))).collect()
}

/// The id of a patient.
pub async fn a_patient(db: &DatabaseConnection) -> String {
    rows(db, Patient, 1).await.remove(0).id
}

/// Every line, in the order of the report.
///
/// Those of single numbers are the shapes that an index has to bear: by id, by patient, by code, by name, by range, by what is missing,
/// through a reference either way, deep in a list, counted, and in groups.
pub async fn all(db: &DatabaseConnection, host: &str, token: &str, time: Duration) -> Vec<Shape> {
    let keys = Keys::new(KEYS);
    let patients = rows(db, Patient, 100).await;
    let observations = rows(db, Observation, 100).await;
    let problems = problems(db).await;
    let (common, rare) = (&problems[0], &problems[problems.len() - 1]);
    let short = Duration::from_secs(2).min(time);
    let code = |code: &str| keys.ord(Observation, "code", Some(LOINC), code);
    let per_patient = |of: &dyn Fn(&Row) -> Sample| patients.iter().map(of).collect::<Vec<_>>();
    let many = |name, samples, bar| Shape { name, samples, clients: 16, time, bar };
    let one = |name, samples| Shape { name, samples, clients: 1, time: short, bar: "50 %" };
    let vital = keys.term_system_code("category", CATEGORY, "vital-signs");
    let mut all = vec![
        many("read Patient; its row alone", per_patient(&|p| read(Patient, p)), ""),
        many("read Patient; its row, and the audit's", per_patient(&|p| audited(read(Patient, p), p)), "40 %"),
        many("read Observation; its row alone", observations.iter().map(|o| read(Observation, o)).collect(), ""),
        many(
            "read Observation; its row, and the audit's",
            observations.iter().map(|o| audited(read(Observation, o), o)).collect(),
            "40 %",
        ),
        many(
            "GraphQL chart: patient, problems, medications, allergies, 10 of 5 labs, weight trend, encounters",
            per_patient(&|p| chart(&keys, p)),
            "40 %",
        ),
        many("GraphQL: one patient, names and birth date", per_patient(&one_patient), "3,000/s"),
        many(
            "search Observation?patient&code&_sort=-date&_count=10",
            per_patient(&|p| {
                let path =
                    format!("Observation?patient={}&code={LOINC}|{WEIGHT}&_sort=-date&_count=10&_total=none", p.id);
                get(path, of_code(Some(p.rkey), code(WEIGHT), "ts DESC, rid DESC", 10))
            }),
            "40 %",
        ),
        one("01 read Observation by id", observations.iter().map(|o| read(Observation, o)).collect()),
        one(
            "03 Condition?patient",
            per_patient(&|p| {
                let sql = format!(
                    "SELECT raw FROM fhir.condition_ix WHERE pat = {} AND NOT deleted ORDER BY rid DESC LIMIT 1000",
                    p.rkey
                );
                get(format!("Condition?patient={}&_count=1000", p.id), sql)
            }),
        ),
        one(
            "04 Observation?patient&code, newest 10",
            per_patient(&|p| {
                let path =
                    format!("Observation?patient={}&code={LOINC}|{WEIGHT}&_sort=-date&_count=10&_total=none", p.id);
                get(path, of_code(Some(p.rkey), code(WEIGHT), "ts DESC, rid DESC", 10))
            }),
        ),
        one(
            "05 Observation?patient&category&date=ge, newest 50",
            per_patient(&|p| {
                let since = micros("2025-01-01T00:00:00Z");
                // What began before and lasted until then is found too.
                let condition = format!(" AND {vital} = ANY(terms) AND ts_hi > {since}");
                let path = format!(
                    "Observation?patient={}&category={CATEGORY}|vital-signs&date=ge2025-01-01&_sort=-date&_count=50&_total=none",
                    p.id
                );
                get(path, of_patient("observation", p.rkey, &condition, 50))
            }),
        ),
        one("06 Observation?code-value-quantity=…$gt", vec![code_and_quantity(&keys)]),
        one("06b the same, _total=accurate", vec![code_and_quantity_counted(&keys)]),
        one("07 Patient?name&birthdate&gender", names(db, &keys).await),
        one("08 Patient?identifier=s|v", identifiers(db, &keys).await),
        one("09a Condition?code (commonest), newest 20", vec![condition_code(&keys, common)]),
        one("09b Condition?code (rarest), newest 20", vec![condition_code(&keys, rare)]),
        one("09c the commonest, with _include=Condition:subject", vec![condition_code_with_subjects(&keys, common)]),
        one("10 Patient?_has:Condition:patient:code, 50", vec![has_condition(&keys, common)]),
        one("11 Observation?patient.name, 50", patient_names(db, &keys).await),
        one("12 Encounter?date=ge&date=le&status _sort=date, 50", vec![encounters(&keys)]),
        one("13 Observation?_sort=-date, 50 behind 50,000", vec![deep(db, host, token).await]),
        one("14a Observation?code, _total=accurate, no rows", vec![total(&keys, "code", LOINC, WEIGHT)]),
        one(
            "14b Observation?category=vital-signs, _total=accurate, no rows",
            vec![total(&keys, "category", CATEGORY, "vital-signs")],
        ),
        one("15 Patient/$everything", everything(db, &patients).await),
        one("17 GraphQL: women who were seen, by month of five years", vec![seen_by_month(&keys)]),
        one(
            "18a Observation?patient&category:not=vital-signs, newest 50",
            per_patient(&|p| {
                let condition = format!(" AND NOT ({vital} = ANY(terms))");
                let path = format!(
                    "Observation?patient={}&category:not={CATEGORY}|vital-signs&_sort=-date&_count=50&_total=none",
                    p.id
                );
                get(path, of_patient("observation", p.rkey, &condition, 50))
            }),
        ),
        one("18b Encounter?reason-code:missing=true, newest 50", vec![without_reason(&keys)]),
        one("19 Patient?_lastUpdated=ge, 500", vec![last_updated()]),
        one("16 GraphQL: 50 patients, last 3 of a code", vec![last_three(db, code(WEIGHT)).await]),
    ];
    // pgbench takes 128 statements.
    let of_kind = |shape: &Shape| MIXED.contains(&shape.name.split(' ').next().unwrap_or_default());
    let mixed = all.iter().filter(|s| of_kind(s)).flat_map(|s| s.samples.iter().take(16).cloned()).collect();
    let name = "searches 03, 04, 05, 07, 08, 09a, 18a mixed";
    all.push(Shape { name, samples: mixed, clients: 64, time, bar: "p99 50 ms" });
    all
}

fn micros(instant: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(instant).expect("an instant").timestamp_micros()
}

fn read(resource_type: ResourceType, Row { id, rkey }: &Row) -> Sample {
    let (table, name) = (resource_type.table(), resource_type.name());
    let sql = format!(
        "SELECT version_id, last_updated, raw FROM fhir.\"{table}_ix\" WHERE rkey = {rkey} AND id = '{id}' AND NOT deleted"
    );
    get(format!("{name}/{id}"), sql)
}

fn one_patient(p: &Row) -> Sample {
    let query = format!("{{ patient(id: \"Patient/{}\") {{ id name {{ display }} birthDate gender }} }}", p.id);
    Sample { request: Request::Graphql(query), sql: read(Patient, p).sql }
}

fn chart(keys: &Keys, p: &Row) -> Sample {
    let labs: Vec<String> = LABS.iter().map(|c| format!("\"{LOINC}|{c}\"")).collect();
    let query = format!(
        "{{ patient(id: \"Patient/{}\") {{ id name {{ display }} birthDate gender
           conditions(first: 20, filter: {{ clinicalStatus: [ACTIVE, RECURRENCE, RELAPSE] }}) {{ nodes {{ id code {{ text }} onsetAt }} }}
           medicationRequests(first: 30, filter: {{ status: [ACTIVE, ON_HOLD] }}) {{ nodes {{ id medication {{ text }} dosageText }} }}
           allergies(first: 20) {{ status nodes {{ id substance {{ text }} }} }}
           labs(codes: [{}], first: 10) {{ nodes {{ id code {{ text }} effectiveAt value {{ ... on Quantity {{ value unit }} }} }} }}
           trend(code: \"{LOINC}|{WEIGHT}\") {{ unit points {{ at value }} }}
           encounters(first: 8) {{ nodes {{ id class {{ code }} period {{ start end }} }} }} }} }}",
        p.id,
        labs.join(", ")
    );
    let any = |param: &str, codes: &[&str]| {
        let words: Vec<i64> = codes.iter().map(|c| keys.term_code(param, c)).collect();
        format!(" AND terms && {}", array(&words))
    };
    let labs: Vec<i64> = LABS.iter().map(|c| keys.term_system_code("code", LOINC, c)).collect();
    let sql = [
        format!("(SELECT raw FROM fhir.patient_ix WHERE rkey = {} AND id = '{}' AND NOT deleted)", p.rkey, p.id),
        of_patient("condition", p.rkey, &any("clinical-status", &["active", "recurrence", "relapse"]), 20),
        of_patient("medication_request", p.rkey, &any("status", &["active", "on-hold"]), 30),
        of_patient("allergy_intolerance", p.rkey, "", 20),
        of_patient("observation", p.rkey, &format!(" AND terms && {}", array(&labs)), 10),
        of_code(Some(p.rkey), keys.ord(Observation, "code", Some(LOINC), WEIGHT), "ts DESC, rid DESC", 1000),
        of_patient("encounter", p.rkey, "", 8),
    ];
    Sample { request: Request::Graphql(query), sql: sql.join(" UNION ALL ") }
}

/// Body weight above 100 kg, written in grams in the index: the address, and the matches as `m`.
fn heavy(keys: &Keys) -> (String, String) {
    let code = keys.term_system_code("code", LOINC, WEIGHT);
    let quantity = keys.quantity(Observation, "value-quantity", "http://unitsofmeasure.org", "g");
    let key = keys.composite(Observation, "code-value-quantity", code, quantity);
    let matches = format!(
        "WITH m AS MATERIALIZED (SELECT DISTINCT rid FROM fhir.ix_qty WHERE key IN ({key}, {}) AND v > 100000)",
        keys.high_end(key)
    );
    let path =
        format!("Observation?code-value-quantity={LOINC}|{WEIGHT}$gt100|http://unitsofmeasure.org|kg&_count=50&_total");
    (path, matches)
}

fn code_and_quantity(keys: &Keys) -> Sample {
    let (path, matches) = heavy(keys);
    let sql = format!(
        "{matches} SELECT h.raw FROM fhir.observation_ix h WHERE h.rid IN (SELECT rid FROM m) AND NOT h.deleted \
         ORDER BY h.rid DESC LIMIT 50"
    );
    get(format!("{path}=none"), sql)
}

fn code_and_quantity_counted(keys: &Keys) -> Sample {
    let (path, matches) = heavy(keys);
    let sql = format!(
        "{matches} SELECT h.raw, (SELECT count(*) FROM m) FROM fhir.observation_ix h WHERE h.rid IN (SELECT rid FROM m) \
         AND NOT h.deleted ORDER BY h.rid DESC LIMIT 50"
    );
    get(format!("{path}=accurate"), sql)
}

async fn names(db: &DatabaseConnection, keys: &Keys) -> Vec<Sample> {
    let sql = "SELECT DISTINCT resource #>> '{name,0,family}' AS n FROM fhir.patient ORDER BY 1 LIMIT 20";
    let found = all_of(db, sql).await;
    let (key, since) = (keys.string(Patient, "name"), micros("1950-01-01T00:00:00Z"));
    let female = keys.term_code("gender", "female");
    found
        .iter()
        .map(|row| {
            let name = text(row, "n");
            let sql = format!(
                "WITH m AS MATERIALIZED (SELECT DISTINCT rid FROM fhir.ix_str WHERE key = {key} AND n ^@ '{}') \
                 SELECT h.raw FROM fhir.patient_ix h WHERE h.rid IN (SELECT rid FROM m) AND NOT h.deleted AND {female} = ANY(h.terms) \
                 AND h.ts_hi > {since} AND h.ts_lo >= {since} ORDER BY h.rid DESC LIMIT 20",
                fhir::search::fold::fold(&name).replace('\'', "''")
            );
            get(format!("Patient?name={name}&birthdate=ge1950&gender=female&_total=none"), sql)
        })
        .collect()
}

async fn identifiers(db: &DatabaseConnection, keys: &Keys) -> Vec<Sample> {
    let sql = "SELECT resource #>> '{identifier,0,system}' AS s, resource #>> '{identifier,0,value}' AS v FROM fhir.patient ORDER BY rid LIMIT 50";
    let found = all_of(db, sql).await;
    found
        .iter()
        .map(|row| {
            let (system, value) = (text(row, "s"), text(row, "v"));
            let term = keys.term_system_code("identifier", &system, &value.to_lowercase());
            let sql = format!(
                "WITH m AS MATERIALIZED (SELECT rid FROM fhir.patient_ix WHERE terms @> {}) \
                 SELECT h.raw FROM fhir.patient_ix h WHERE h.rid IN (SELECT rid FROM m) AND NOT h.deleted ORDER BY rid DESC LIMIT 20",
                array(&[term])
            );
            get(format!("Patient?identifier={system}|{value}&_total=none"), sql)
        })
        .collect()
}

fn condition_code(keys: &Keys, (system, code): &(String, String)) -> Sample {
    let key = keys.ord(Condition, "code", Some(system), code);
    let sql = format!(
        "SELECT h.raw FROM (SELECT rid, ts FROM fhir.ix_ord WHERE key = {key} ORDER BY rid DESC LIMIT 20) k \
         JOIN fhir.condition_ix h USING (rid) WHERE NOT h.deleted ORDER BY rid DESC"
    );
    get(format!("Condition?code={system}|{code}&_count=20&_total=none"), sql)
}

fn condition_code_with_subjects(keys: &Keys, (system, code): &(String, String)) -> Sample {
    let key = keys.ord(Condition, "code", Some(system), code);
    let sql = format!(
        "WITH c AS MATERIALIZED (SELECT h.raw, h.pat FROM (SELECT rid FROM fhir.ix_ord WHERE key = {key} ORDER BY rid DESC LIMIT 20) k \
         JOIN fhir.condition_ix h USING (rid) WHERE NOT h.deleted) \
         SELECT raw FROM c UNION ALL SELECT p.raw FROM fhir.patient_ix p WHERE p.rkey IN (SELECT pat FROM c) AND NOT p.deleted"
    );
    get(format!("Condition?code={system}|{code}&_count=20&_total=none&_include=Condition:subject"), sql)
}

fn has_condition(keys: &Keys, (system, code): &(String, String)) -> Sample {
    let key = keys.ord(Condition, "code", Some(system), code);
    let sql = format!(
        "SELECT h.raw FROM fhir.patient_ix h WHERE h.rkey IN (SELECT pat FROM fhir.ix_ord WHERE key = {key}) AND NOT h.deleted \
         ORDER BY h.rid DESC LIMIT 50"
    );
    get(format!("Patient?_has:Condition:patient:code={system}|{code}&_count=50&_total=none"), sql)
}

fn encounters(keys: &Keys) -> Sample {
    let (from, to) = (micros("2025-03-01T00:00:00Z"), micros("2025-06-01T00:00:00Z"));
    let finished = keys.term_code("status", "finished");
    let sql = format!(
        "SELECT raw FROM fhir.{}_ix WHERE NOT deleted AND ts_hi > {from} AND ts_lo < {to} AND {finished} = ANY(terms) \
         ORDER BY ts_lo, rid LIMIT 50",
        Encounter.table()
    );
    get("Encounter?date=ge2025-03-01&date=lt2025-06-01&status=finished&_sort=date&_count=50&_total=none".into(), sql)
}

async fn patient_names(db: &DatabaseConnection, keys: &Keys) -> Vec<Sample> {
    let sql = "SELECT DISTINCT resource #>> '{name,0,family}' AS n FROM fhir.patient ORDER BY 1 LIMIT 20";
    let key = keys.string(Patient, "name");
    let of = |row: &QueryResult| {
        let name = text(row, "n");
        let sql = format!(
            "WITH m AS MATERIALIZED (SELECT p.rkey FROM fhir.patient_ix p WHERE NOT p.deleted AND p.rid IN \
             (SELECT rid FROM fhir.ix_str WHERE key = {key} AND n ^@ '{}')) \
             SELECT h.raw FROM fhir.observation_ix h WHERE h.pat IN (SELECT rkey FROM m) AND NOT h.deleted ORDER BY h.rid DESC LIMIT 50",
            fhir::search::fold::fold(&name).replace('\'', "''")
        );
        get(format!("Observation?patient.name={name}&_count=50&_total=none"), sql)
    };
    all_of(db, sql).await.iter().map(of).collect()
}

/// The page behind 50,000 others, by the cursor that who walks there is given.
async fn deep(db: &DatabaseConnection, host: &str, token: &str) -> Sample {
    let client = reqwest::Client::new();
    let mut url = format!("http://{host}/fhir/R4/Observation?_sort=-date&_count=1000&_total=none");
    for _ in 0..50 {
        let answer = client.get(&url).bearer_auth(token).send().await.expect("answers");
        let page: serde_json::Value = serde_json::from_str(&answer.text().await.expect("a text")).expect("a bundle");
        let links = page["link"].as_array().expect("links");
        let next = links.iter().find(|link| link["relation"] == "next").expect("50,000 observations and more");
        let (_, query) = next["url"].as_str().and_then(|url| url.split_once('?')).expect("an address");
        url = format!("http://{host}/fhir/R4/Observation?{query}");
    }
    let path = url.split_once("/fhir/R4/").expect("an address of ours").1.replace("_count=1000", "_count=50");
    let sql = "SELECT ts_lo, rid FROM fhir.observation_ix WHERE NOT deleted ORDER BY ts_lo DESC, rid DESC OFFSET 49999 LIMIT 1";
    let last = all_of(db, sql).await.remove(0);
    let (ts, rid): (i64, i64) = (last.try_get("", "ts_lo").expect("a time"), last.try_get("", "rid").expect("a row"));
    get(
        path,
        format!(
            "SELECT raw FROM fhir.observation_ix WHERE NOT deleted AND (ts_lo, rid) < ({ts}, {rid}) ORDER BY ts_lo DESC, rid DESC LIMIT 50"
        ),
    )
}

fn total(keys: &Keys, param: &str, system: &str, code: &str) -> Sample {
    let key = keys.ord(Observation, param, Some(system), code);
    let sql = format!("SELECT count(*) FROM fhir.ix_ord WHERE key = {key}");
    get(format!("Observation?{param}={system}|{code}&_total=accurate&_count=0"), sql)
}

/// The patient and what is of that patient, by the types that the data has; to a thousand resources. The server brings what those refer to
/// besides.
async fn everything(db: &DatabaseConnection, patients: &[Row]) -> Vec<Sample> {
    let mut types = Vec::new();
    for ty in ResourceType::all().iter().filter(|ty| ![Patient, ResourceType::AuditEvent].contains(ty)) {
        let sql = format!("SELECT FROM fhir.\"{}_ix\" WHERE pat IS NOT NULL AND NOT deleted LIMIT 1", ty.table());
        if !all_of(db, &sql).await.is_empty() {
            types.push(*ty);
        }
    }
    let of = |p: &Row| {
        let rest = types.iter().map(|ty| {
            format!(" UNION ALL SELECT raw FROM fhir.\"{}_ix\" WHERE pat = {} AND NOT deleted", ty.table(), p.rkey)
        });
        let sql = format!(
            "SELECT * FROM (SELECT raw FROM fhir.patient_ix WHERE rkey = {} AND NOT deleted{}) AS t LIMIT 1000",
            p.rkey,
            rest.collect::<String>()
        );
        get(format!("Patient/{}/$everything?_count=1000", p.id), sql)
    };
    patients.iter().take(20).map(of).collect()
}

fn seen_by_month(keys: &Keys) -> Sample {
    let query =
        "{ cohort(definition: { all: [{ gender: FEMALE }] }) { seenByMonth(months: 60) { month people { value } } } }";
    let female = keys.term_code("gender", "female");
    // This month and the 59 before it.
    let since =
        "(extract(epoch FROM date_trunc('month', now() AT TIME ZONE 'UTC') - interval '59 months') * 1000000)::bigint";
    let sql = format!(
        "SELECT date_trunc('month', 'epoch'::timestamp + e.ts_lo * interval '1 microsecond') AS month, count(DISTINCT e.pat) \
         FROM fhir.encounter_ix e JOIN fhir.patient_ix p ON p.rkey = e.pat \
         WHERE NOT e.deleted AND e.ts_lo >= {since} AND NOT p.deleted AND {female} = ANY(p.terms) GROUP BY 1 ORDER BY 1"
    );
    Sample { request: Request::Graphql(query.into()), sql }
}

fn without_reason(keys: &Keys) -> Sample {
    let sql = format!(
        "SELECT raw FROM fhir.encounter_ix WHERE NOT deleted AND NOT ({} = ANY(terms)) ORDER BY ts_lo DESC, rid DESC LIMIT 50",
        keys.term_present("reason-code")
    );
    get("Encounter?reason-code:missing=true&_sort=-date&_count=50&_total=none".into(), sql)
}

fn last_updated() -> Sample {
    let sql = "SELECT raw FROM fhir.patient_ix WHERE NOT deleted AND last_updated >= '2020-01-01T00:00:00Z' ORDER BY rid DESC LIMIT 500";
    get("Patient?_lastUpdated=ge2020-01-01&_count=500&_total=none".into(), sql.into())
}

async fn last_three(db: &DatabaseConnection, key: i64) -> Sample {
    let newest = all_of(db, "SELECT rkey, id FROM fhir.patient_ix WHERE NOT deleted ORDER BY rid DESC LIMIT 50").await;
    let pats: Vec<i64> = newest.iter().map(|r| r.try_get("", "rkey").expect("a number")).collect();
    let ids: Vec<String> = newest.iter().map(|r| format!("\"Patient/{}\"", text(r, "id"))).collect();
    let query = format!(
        "{{ nodes(ids: [{}]) {{ ... on Patient {{ id observations(first: 3, filter: {{ codes: [\"{LOINC}|{WEIGHT}\"] }}) {{ nodes {{ id effectiveAt }} }} }} }} }}",
        ids.join(", ")
    );
    let sql = format!(
        "SELECT p.raw, k.raw FROM unnest({}) AS q (pat) JOIN fhir.patient_ix p ON p.rkey = q.pat, LATERAL (SELECT h.raw FROM \
         (SELECT rid, ts FROM fhir.ix_ord WHERE pat = q.pat AND key = {key} ORDER BY ts DESC, rid DESC LIMIT 3) o \
         JOIN fhir.observation_ix h USING (rid) WHERE NOT h.deleted) AS k",
        array(&pats)
    );
    Sample { request: Request::Graphql(query), sql }
}
