//! The server's key: without a good one nothing starts over an external database, and what has to be read again is kept under it.

use std::sync::Arc;

use api::config::{AuditReads, DatabaseArgs, PaceArgs, Serve};
use api::graphql::Introspection;
use api::server::{ServeError, serve};
use entity::store::SigningKey;
use entity::{Role, Store, StoreConfig, StoreError, Unguarded};
use sea_orm::{ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement};

use crate::gql::Site;

fn settings(url: &str, secret: Option<&str>) -> Serve {
    Serve {
        care_policy: None,
        ignore_profile_claims: false,
        private_endpoints: false,
        proxy_hops: 0,
        pace: PaceArgs::default(),
        second_factor: Vec::new(),
        audit_reads: AuditReads::Queued,
        listen: "127.0.0.1:0".parse().unwrap(),
        demo: false,
        public_url: None,
        graphql_introspection: Introspection::default(),
        graphql_trusted_documents: None,
        graphql_own_documents: Vec::new(),
        database: DatabaseArgs {
            database_url: Some(url.into()),
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
