//! The server's key: without a good one nothing starts over an external database, and what has to be read again is kept under it.

use std::sync::Arc;

use api::config::{AuditReads, Cli, DatabaseArgs, PaceArgs, Serve};
use api::graphql::Introspection;
use api::server::{ServeError, run, serve};
use chrono::TimeDelta;
use clap::Parser as _;
use entity::store::{NewToken, SigningKey};
use entity::{IdSource, Request, Role, Store, StoreConfig, StoreError, Unguarded};
use fhir::subscription::Channel;
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement};

use crate::gql::Site;

fn settings(url: &str, secret: Option<&str>) -> Serve {
    Serve {
        care_policy: None,
        ignore_profile_claims: false,
        private_endpoints: false,
        proxy_hops: 0,
        pace: PaceArgs::default(),
        second_factor: Some(Vec::new()),
        audit_reads: AuditReads::Queued,
        listen: "127.0.0.1:0".parse().unwrap(),
        demo: false,
        public_url: None,
        graphql_introspection: Introspection::default(),
        graphql_trusted_documents: None,
        graphql_own_documents: Vec::new(),
        database: DatabaseArgs {
            database_url: Some(url.into()),
            serving_database_url: None,
            secret: secret.map(ToOwned::to_owned),
            data_dir: std::env::temp_dir(),
            postgres_bin: None,
            postgres_user: "postgres".into(),
        },
    }
}

#[tokio::test]
async fn s45_without_a_good_secret_nothing_starts_over_an_external_database() {
    let url = tests::database().await;
    for weak in
        [None, Some(""), Some("changeme"), Some("0000000000000000000000000000000000000000000000000000000000000000")]
    {
        let ended = serve(&settings(&url, weak)).await;
        assert!(matches!(ended, Err(ServeError::Secret(_))), "{weak:?} {ended:?}");
    }
}

async fn bytes(db: &DatabaseConnection, sql: &str) -> Vec<u8> {
    let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "kept").unwrap()
}

#[tokio::test]
async fn secrets_are_encrypted_with_a_key_that_the_database_does_not_have() {
    let site = Site::start("[]").await;
    let store = &site.server.store;
    site.person(Role::Physician, None).await;
    let db = Database::connect(&site.server.database).await.unwrap();
    let account: i64 = {
        let find = Statement::from_string(DatabaseBackend::Postgres, "SELECT max(id) AS id FROM app.account");
        db.query_one_raw(find).await.unwrap().unwrap().try_get("", "id").unwrap()
    };
    let secret = b"a secret of 20 bytes".to_vec();
    let key = || SigningKey { kid: "k".into(), pkcs8: [&[0x30][..], b"a private key of the server"].concat() };
    let now = site.server.clock.now();
    store.begin_second_factor(account, secret.clone()).await.unwrap();
    store.add_signing_key(key(), now).await.unwrap();
    for sql in ["SELECT begun AS kept FROM app.second_factor", "SELECT pkcs8 AS kept FROM app.signing_key"] {
        let kept = bytes(&db, sql).await;
        assert!(!kept.windows(6).any(|w| w == b"secret" || w == b"privat"), "{sql}");
    }
    assert_eq!(store.second_factor(account).await.unwrap().begun, Some(secret.clone()));
    assert_eq!(store.signing_keys().await.unwrap()[0].pkcs8, key().pkcs8);
    assert!(store.confirm_second_factor(account, (&secret, 1), &[vec![1]], "r", now).await.unwrap());
    assert_eq!(store.second_factor(account).await.unwrap().secret, Some(secret.clone()));

    // As an earlier version left it.
    db.execute_unprepared("UPDATE app.second_factor SET secret = 'a secret of 20 bytes'::bytea").await.unwrap();
    db.execute_unprepared("UPDATE app.signing_key SET pkcs8 = '0a private key of the server'::bytea").await.unwrap();
    for _ in 0..2 {
        store.encrypt_secrets().await.unwrap();
        assert_eq!(store.second_factor(account).await.unwrap().secret, Some(secret.clone()));
        assert_eq!(store.signing_keys().await.unwrap()[0].pkcs8, key().pkcs8);
    }
    assert!(!bytes(&db, "SELECT secret AS kept FROM app.second_factor").await.windows(6).any(|w| w == b"secret"));

    // With another key nothing starts, and nothing is lost.
    let config = StoreConfig { url: site.server.database.clone(), connections: 2 };
    let other = Store::open(&config, Arc::new(Unguarded)).await.unwrap();
    assert!(matches!(other.second_factor(account).await, Err(StoreError::NotSupported(_))));
    let other = other.keyed(&[1; 32]);
    assert!(matches!(other.encrypt_secrets().await, Err(StoreError::Internal(_))));
    assert!(matches!(other.signing_keys().await, Err(StoreError::Internal(_))));
    assert_eq!(store.second_factor(account).await.unwrap().secret, Some(secret));
}

const OLD: &str = "00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978";
const NEW: &str = "ff112233445566778899aabbccddee000123456789abcdef0f1e2d3c4b5a6978";

/// The command as it is typed.
async fn typed(line: &[&str]) -> Result<bool, ServeError> {
    let Cli { command } = Cli::try_parse_from([&["wintehr"], line].concat()).unwrap();
    run(&command).await
}

async fn under(url: &str, key: &str) -> Store {
    let config = StoreConfig { url: tests::serving(url), connections: 2 };
    let key: [u8; 32] = std::array::from_fn(|i| u8::from_str_radix(&key[2 * i..2 * i + 2], 16).unwrap());
    Store::open(&config, Arc::new(Unguarded)).await.unwrap().keyed(&key)
}

/// Authenticators, signing keys and header values, also those that an earlier version left readable.
#[tokio::test]
async fn the_servers_key_is_replaced_by_a_command_whole_or_not_at_all() {
    let url = tests::database().await;
    let now = api::clock::Clock::Machine.now();
    let store = under(&url, OLD).await;
    typed(&["account", "hook", "--database-url", &url]).await.unwrap();
    let db = Database::connect(&url).await.unwrap();
    db.execute_unprepared(
        "INSERT INTO app.subscription (id, version_id, account, type, criteria, channel, endpoint, header_names, header_values, state, next_at, scope)
         SELECT 's', 1, id, 'Patient', 'Patient?', 'rest-hook', 'https://hook.example/', ARRAY['Authorization', 'X-Other'],
             ARRAY['Bearer s3cret', 'another s3cret'], 'active', now(), 'system/*.crs' FROM app.account WHERE login = 'hook'",
    )
    .await
    .unwrap();
    let account: i64 = {
        let find = Statement::from_string(DatabaseBackend::Postgres, "SELECT max(id) AS id FROM app.account");
        db.query_one_raw(find).await.unwrap().unwrap().try_get("", "id").unwrap()
    };
    let secret = b"a secret of 20 bytes".to_vec();
    let pkcs8 = [&[0x30][..], b"a private key of the server"].concat();
    store.begin_second_factor(account, secret.clone()).await.unwrap();
    store.add_signing_key(SigningKey { kid: "k".into(), pkcs8: pkcs8.clone() }, now).await.unwrap();
    store.encrypt_secrets().await.unwrap();
    let token = NewToken { hash: vec![1; 32], scope: "system/*.crs".into(), expires_at: now + TimeDelta::hours(1) };
    store.create_token("hook", token, now).await.unwrap();
    // The first one made is told, then a new one.
    let program = store.subscription_actor(&store.active_subscription("s").await.unwrap().unwrap(), false, now).await;
    let program = program.unwrap().unwrap();
    assert_eq!(store.signing_secrets("s", || [8; 32], now).await.unwrap(), [[8u8; 32]]);
    let request = Request { now, ids: IdSource::new(now, [1; 16]), request_id: "r".into(), idempotency_key: None };
    for told in [[8u8; 32], [9; 32]] {
        assert_eq!(store.subscription_secret(&program, &request, "s", &[9; 32]).await.unwrap().secret, told);
    }
    let all = async |store: &Store| -> Result<(), StoreError> {
        assert_eq!(store.second_factor(account).await?.begun, Some(secret.clone()));
        assert_eq!(store.signing_keys().await?[0].pkcs8, pkcs8);
        let hook = store.active_subscription("s").await?.unwrap();
        let Channel::RestHook { headers, .. } = hook.channel else { panic!("{:?}", hook.channel) };
        assert!(headers.iter().map(|h| h.value.as_str()).eq(["Bearer s3cret", "another s3cret"]));
        assert_eq!(store.signing_secrets("s", || [6; 32], now).await?, [[9u8; 32], [8; 32]]);
        Ok(())
    };
    all(&store).await.unwrap();
    let kept = async || {
        let sql = "SELECT string_agg(x, ' ') AS kept FROM (SELECT f::text FROM app.second_factor AS f UNION ALL SELECT k::text FROM app.signing_key AS k
            UNION ALL SELECT (header_values, header_sealed, secret, secret_before)::text FROM app.subscription) AS t (x)";
        let row = db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
        row.try_get::<String>("", "kept").unwrap()
    };
    let before = kept().await;
    assert!(!before.contains("s3cret") && !before.contains("733363726574"), "{before}");

    let rotate = async |old: &str, new: &str| {
        typed(&["secret", "rotate", "--database-url", &url, "--secret", old, "--new-secret", new]).await
    };
    // Refused, and nothing is changed: a weak key, a key that is not the one before, and while a server runs.
    assert!(matches!(rotate(OLD, "changeme").await, Err(ServeError::Secret(_))));
    let other = NEW.replace("ff11", "aa11");
    assert!(matches!(rotate(&other, NEW).await, Err(ServeError::Store(StoreError::Internal(_)))));
    assert!(store.lease_subscriptions("a server", TimeDelta::hours(1), now).await.unwrap());
    assert!(matches!(rotate(OLD, NEW).await, Err(ServeError::Store(StoreError::Conflict(_)))));
    store.end_lease_of_subscriptions("a server").await.unwrap();
    assert_eq!(kept().await, before);
    all(&store).await.unwrap();

    // Once, and once more as if it had been broken off.
    for _ in 0..2 {
        assert!(rotate(OLD, NEW).await.unwrap());
        assert!(matches!(store.encrypt_secrets().await, Err(StoreError::Internal(_))));
        let new = under(&url, NEW).await;
        new.encrypt_secrets().await.unwrap();
        all(&new).await.unwrap();
    }
    let sql = "SELECT subtype, principal FROM fhir.audit_event WHERE subtype = 'key-replace'";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|r| r.try_get::<String>("", "principal").unwrap() == "command line"));
}

/// What is made, given and closed on the command line is in the audit as what the pages do is, and no secret is.
#[tokio::test]
async fn the_command_line_leaves_its_trace() {
    let url = tests::database().await;
    let database = ["--database-url", &url, "--secret", OLD];
    let typed = async |line: &[&str]| typed(&[line, &database].concat()).await;
    for line in [
        &["account", "hook"][..],
        &["token", "create", "--user", "hook", "--scope", "system/Patient.rs"],
        &["token", "revoke", "--user", "hook"],
        &[
            "app",
            "create",
            "growth",
            "--redirect-uri",
            "https://app.example/",
            "--scope",
            "patient/*.rs",
            "--client-secret",
        ],
        &["app", "disable", "growth"],
        &["app", "enable", "growth"],
        &["app", "rotate-key"],
        &["app", "list"],
    ] {
        assert!(typed(line).await.unwrap(), "{line:?}");
    }
    assert!(typed(&["app", "disable", "nothing"]).await.is_err());
    assert!(typed(&["account", "hook"]).await.is_err());
    assert!(typed(&["token", "create", "--user", "nobody", "--scope", "system/*.rs"]).await.is_err());
    let db = Database::connect(&url).await.unwrap();
    let sql = "SELECT principal, what->>'name' AS name, a::text AS whole FROM fhir.audit_event AS a ORDER BY id";
    let rows = db.query_all_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap();
    let text = |row: &sea_orm::QueryResult, name: &str| row.try_get::<String>("", name).unwrap();
    assert!(rows.iter().all(|r| text(r, "principal") == "command line"));
    let mut names: Vec<String> = rows.iter().map(|r| text(r, "name")).collect();
    let key = names.pop().unwrap();
    assert!(key.starts_with("signing-key "), "{key}");
    assert_eq!(
        names,
        [
            "program-create hook",
            "token-create hook system/Patient.rs",
            "tokens-revoke hook",
            "app-register growth",
            "app-disable growth",
            "app-enable growth",
        ]
    );
}
