//! The role table as the design has it, asked of the server cell by cell: role x type x interaction.
//!
//! It is written down here a second time, from the design and not from `entity::role`. Cells whose condition nothing enforces yet are empty,
//! as ARCHITECTURE.md says.

use entity::Role;
use fhir::ResourceType;
use fhir::search::registry;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tests::Server;

use crate::gql::Site;

const AT_ONCE: usize = 8;

/// The groups by their types. Every other type is `clin` when it is in the Patient compartment, else `know`.
const GROUPS: [(&str, &str); 14] = [
    ("demo", "Patient RelatedPerson Coverage Account Claim ClaimResponse ExplanationOfBenefit"),
    ("sched", "Appointment Schedule Slot"),
    ("enc", "Encounter EpisodeOfCare CareTeam"),
    ("clin", "FamilyMemberHistory Goal Flag List"),
    ("order", "MedicationRequest ServiceRequest NutritionOrder DeviceRequest"),
    ("pharm", "MedicationDispense"),
    ("mar", "MedicationAdministration"),
    ("res", "Observation DiagnosticReport Specimen ImagingStudy Media"),
    ("doc", "DocumentReference Composition Binary QuestionnaireResponse"),
    ("work", "Task Communication CommunicationRequest"),
    ("dir", "Practitioner PractitionerRole Organization Location HealthcareService Device Medication Substance"),
    ("priv", "Consent"),
    ("aud", "AuditEvent Provenance"),
    ("conf", "Subscription"),
];
/// May be about persons although nothing in them says about whom.
const UNATTRIBUTED: &str = "BiologicallyDerivedProduct Bundle DeviceMetric EnrollmentResponse Linkage MessageHeader OperationOutcome \
    PaymentNotice PaymentReconciliation VerificationResult";

/// A line for each role: the letters of each group, and of single types that differ from theirs.
const TABLE: [(Role, &str); 7] = [
    (
        Role::Physician,
        "demo=rus sched=crus enc=crus clin=crus order=crus pharm=rs mar=crus res=crus doc=crus work=crus dir=rs know=rs priv=crs \
         Provenance=rs unattributed=rs",
    ),
    (
        Role::Nurse,
        "demo=rus sched=crus enc=crus clin=crus order=rs pharm=rs mar=crus res=crus doc=crus work=crus dir=rs know=rs priv=rs \
         Provenance=rs unattributed=rs",
    ),
    (
        Role::Pharmacist,
        "demo=rs sched=rs enc=rs clin=rs AllergyIntolerance=crus MedicationStatement=crus order=rs pharm=crus mar=rs res=rs doc=rs \
         work=crus dir=rs Medication=crus know=rs priv=rs Provenance=rs unattributed=rs",
    ),
    (Role::Registrar, "demo=crus sched=crus work=crus dir=rs know=rs priv=crus"),
    (Role::Analyst, "demo=rs sched=rs enc=rs clin=rs order=rs pharm=rs mar=rs res=rs dir=rs know=rs"),
    (Role::Admin, "dir=crus know=crus AuditEvent=rs conf=crud"),
    (
        Role::Patient,
        "demo=rs Schedule=rs Appointment=rs enc=rs clin=rs order=rs pharm=rs mar=rs res=rs DocumentReference=rs Composition=rs \
         QuestionnaireResponse=rs Task=rs Communication=rs CommunicationRequest=rs dir=rs know=rs priv=rs AuditEvent=rs",
    ),
];

fn group(ty: ResourceType) -> &'static str {
    let named = |types: &str| types.split_whitespace().any(|name| name == ty.name());
    match GROUPS.iter().find(|(_, types)| named(types)) {
        Some((group, _)) => group,
        None if named(UNATTRIBUTED) => "unattributed",
        None if registry::in_patient_compartment(ty) => "clin",
        None => "know",
    }
}

/// The letters of a cell; one of the type itself goes before one of its group.
fn cell(role: Role, ty: ResourceType) -> &'static str {
    let (_, line) = TABLE.iter().find(|(of, _)| *of == role).unwrap();
    let letters = |name: &str| line.split_whitespace().find_map(|cell| cell.strip_prefix(name)?.strip_prefix('='));
    // Of those that a patient reads, rows say whose they are.
    let nobodys = role == Role::Patient && !registry::in_patient_compartment(ty);
    let group = group(ty);
    if nobodys && !["dir", "know", "aud"].contains(&group) {
        return "";
    }
    letters(ty.name()).or_else(|| letters(group)).unwrap_or_default()
}

/// An interaction that touches nothing which is there, whoever asks.
fn ask(letter: char, ty: ResourceType) -> (Method, String, String) {
    let empty = json!({"resourceType": ty.name(), "id": "none", "status": 7}).to_string();
    match letter {
        'c' => (Method::POST, format!("/{ty}"), empty),
        'r' => (Method::GET, format!("/{ty}/none"), String::new()),
        // A PUT of what is not there is a create as well.
        'u' => (Method::PATCH, format!("/{ty}/none"), json!([{"op": "test", "path": "/id", "value": "x"}]).to_string()),
        'd' => (Method::DELETE, format!("/{ty}/none"), String::new()),
        _ => (Method::GET, format!("/{ty}?_count=1"), String::new()),
    }
}

fn media(letter: char) -> &'static str {
    if letter == 'u' { "application/json-patch+json" } else { "application/fhir+json" }
}

fn types() -> impl Iterator<Item = ResourceType> {
    ResourceType::all().iter().copied().filter(|ty| ty.name() != "Parameters")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn s27_every_cell_of_the_role_table_is_what_the_server_does() {
    let server = Server::start_in(false).await;
    let site = Site::at(&server);
    let http = reqwest::Client::new();
    let mut asked = 0;
    let mut wrong = Vec::new();
    for (role, _) in TABLE {
        let who = match role {
            Role::Patient => site.person(role, Some("Patient/own")).await,
            role => site.person(role, None).await,
        };
        let cells = types().flat_map(|ty| "cruds".chars().map(move |letter| (ty, letter)));
        let answers = stream::iter(cells)
            .map(async |(ty, letter)| {
                let (method, path, body) = ask(letter, ty);
                let request =
                    http.request(method, format!("{}/fhir/R4{path}", server.url)).header("cookie", &who.cookie);
                let request = request.header("x-wintehr-request", "1").header("content-type", media(letter));
                (ty, letter, request.body(body).send().await.unwrap().status().as_u16())
            })
            .buffer_unordered(AT_ONCE);
        let mut answers = std::pin::pin!(answers);
        while let Some((ty, letter, status)) = answers.next().await {
            asked += 1;
            let may = cell(role, ty).contains(letter);
            // A record of what was done is changed by nobody, which is said before anybody is asked.
            let never = ["AuditEvent", "Provenance"].contains(&ty.name()) && "cud".contains(letter);
            let refused = status == 403 || (never && status == 405);
            if refused == may || status >= 500 || status == 401 {
                wrong.push(format!("{} {letter} {ty}: {status}, the table says \"{}\"", role.name(), cell(role, ty)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} cells:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(asked, 7 * types().count() * 5);
}

/// Programs have what their scope says, by type and interaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn s27_a_program_has_its_scope_and_no_more() {
    let server = Server::start_in(false).await;
    let token = server.token("system/Observation.rs system/Patient.c system/Organization.rud").await;
    let http = reqwest::Client::new();
    let held = |ty: ResourceType| match ty.name() {
        "Observation" => "rs",
        "Patient" => "c",
        // A patch answers what is there, so it needs to be read.
        "Organization" => "rud",
        _ => "",
    };
    let cells = types().flat_map(|ty| "cruds".chars().map(move |letter| (ty, letter)));
    let wrong = stream::iter(cells)
        .map(async |(ty, letter)| {
            let (method, path, body) = ask(letter, ty);
            let request = http.request(method, format!("{}/fhir/R4{path}", server.url)).bearer_auth(&token);
            let request = request.header("content-type", media(letter)).body(body);
            let status = request.send().await.unwrap().status().as_u16();
            let never = ["AuditEvent", "Provenance"].contains(&ty.name()) && "cud".contains(letter);
            let refused = status == 403 || (never && status == 405);
            (refused == held(ty).contains(letter)).then(|| format!("{letter} {ty}: {status}"))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |wrong| wrong)
        .collect::<Vec<_>>()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const ROLE_TABLE: &str = "{ roleTable { resourceType rights { role interactions of } } }";

fn letters(interactions: &Value) -> String {
    let names = ["CREATE", "READ", "UPDATE", "DELETE", "SEARCH"].into_iter().zip("cruds".chars());
    let has = |name: &str| interactions.as_array().unwrap().iter().any(|i| i == name);
    names.filter(|(name, _)| has(name)).map(|(_, letter)| letter).collect()
}

/// What administrators read is the table of the design, so it is what the server does.
#[tokio::test]
async fn s27_administrators_read_the_table_that_the_server_keeps() {
    let site = Site::start("[]").await;
    let admin = site.person(Role::Admin, None).await;
    let read = site.ask(&admin, ROLE_TABLE, json!({})).await;
    let lines = read["roleTable"].as_array().unwrap();
    let of = |ty: ResourceType| lines.iter().find(|line| line["resourceType"] == ty.name());
    for ty in types() {
        for (role, _) in TABLE {
            let right = of(ty).map(|line| {
                let name = json!(role.name().to_uppercase());
                line["rights"].as_array().unwrap().iter().find(|right| right["role"] == name).unwrap().clone()
            });
            let told = right.as_ref().map(|right| letters(&right["interactions"])).unwrap_or_default();
            let expected: String = "cruds".chars().filter(|l| cell(role, ty).contains(*l)).collect();
            assert_eq!(told, expected, "{} {ty}", role.name());
            let Some(right) = right.filter(|_| !told.is_empty()) else { continue };
            let open = ["dir", "know"].contains(&group(ty));
            let expected = match role {
                Role::Analyst if !open => "MASKED",
                Role::Patient if registry::in_patient_compartment(ty) => "OWN",
                _ => "ALL",
            };
            assert_eq!(right["of"], expected, "{} {ty}", role.name());
        }
    }
    assert!(of(ResourceType::named("Parameters").unwrap()).is_none());

    for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Admin | Role::System)) {
        let person = site.person(role, None).await;
        let refused = site.answer(&person, ROLE_TABLE, json!({})).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
        assert_eq!(refused["data"], Value::Null);
    }
    let token = site.server.token("system/*.cruds").await;
    let by_token = site.http.post(format!("{}/graphql", site.server.url)).bearer_auth(&token);
    let refused: Value = by_token.json(&json!({"query": ROLE_TABLE})).send().await.unwrap().json().await.unwrap();
    assert_eq!(refused["errors"][0]["extensions"]["code"], "NOT_PERMITTED", "{refused}");
}

/// Where staff see only whom they treat, the table says so.
#[tokio::test]
async fn the_table_says_whom_staff_see() {
    let server = Server::start_in(false).await.beside_caring().await;
    let site = Site::at(&server);
    let admin = site.person(Role::Admin, None).await;
    let read = site.ask(&admin, ROLE_TABLE, json!({})).await;
    let right = |ty: &str, role: &str| {
        let line = read["roleTable"].as_array().unwrap().iter().find(|line| line["resourceType"] == ty);
        let rights = line.unwrap()["rights"].as_array().unwrap();
        let right = rights.iter().find(|right| right["role"] == role).unwrap();
        (letters(&right["interactions"]), right["of"].as_str().unwrap().to_owned())
    };
    assert_eq!(right("Observation", "NURSE"), ("crus".into(), "TREATED".into()));
    assert_eq!(right("Patient", "PHYSICIAN"), ("rus".into(), "TREATED".into()));
    assert_eq!(right("Organization", "PHYSICIAN"), ("rs".into(), "ALL".into()));
    assert_eq!(right("Patient", "REGISTRAR"), ("crus".into(), "ALL".into()));
    let all = read["roleTable"].as_array().unwrap();
    assert!(all.iter().all(|line| line["resourceType"] != "Bundle"), "what is nobody's is for nobody there");
}
