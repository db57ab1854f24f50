//! The life of the embedded cluster (reliability: nothing is lost by a killed server, one process per directory).

use api::postgres::{Cluster, ClusterError, Durability};
use entity::cluster::ClusterConnection;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use tests::{cluster_settings, database, scratch_dir};

#[tokio::test]
async fn a_directory_in_use_is_refused_by_name() {
    let settings = cluster_settings(scratch_dir("in-use"), Durability::ThrowAway);
    let first = Cluster::own(&settings).await.expect("starts");
    let second = Cluster::own(&settings).await.expect_err("the directory is taken");
    let message = second.to_string();
    assert!(matches!(second, ClusterError::InUse { .. }), "{message}");
    assert!(message.contains("in-use") && message.contains(&std::process::id().to_string()), "{message}");
    first.stop().expect("stops");
}

#[tokio::test]
async fn a_command_joins_the_running_cluster_and_leaves_it_running() {
    let settings = cluster_settings(scratch_dir("join"), Durability::ThrowAway);
    let server = Cluster::own(&settings).await.expect("starts");
    let command = Cluster::join(&settings).await.expect("joins");
    assert!(command.adopted());
    command.stop().expect("does nothing");
    server.connection().await.expect("still answers");
    server.stop().expect("stops");
}

#[tokio::test]
async fn a_server_left_running_is_adopted_with_its_databases() {
    let settings = cluster_settings(scratch_dir("adopt"), Durability::ThrowAway);
    let first = Cluster::own(&settings).await.expect("starts");
    assert!(!first.adopted());
    let connection = first.connection().await.expect("answers");
    assert!(connection.ensure_database("kept").await.expect("made"));
    connection.close().await.expect("closed");
    // What kill -9 of the owner leaves behind: the lock is free, the postmaster runs.
    drop(first);
    let second = Cluster::own(&settings).await.expect("adopts");
    assert!(second.adopted());
    let connection = second.connection().await.expect("answers");
    assert!(!connection.ensure_database("kept").await.expect("found"));
    connection.close().await.expect("closed");
    second.stop().expect("stops");
    let third = Cluster::own(&settings).await.expect("starts again after the stop");
    assert!(!third.adopted());
    third.stop().expect("stops");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_still_works() {
    let settings = cluster_settings(scratch_dir(&"long".repeat(30)), Durability::ThrowAway);
    let cluster = Cluster::own(&settings).await.expect("starts");
    cluster.connection().await.expect("answers");
    cluster.stop().expect("stops");
}

/// A turn lasts as long as what it brings: no limit on locks or on idle transactions ends it, and the next one waits for it.
#[tokio::test]
async fn migrations_wait_for_their_turn_and_keep_it_as_long_as_it_takes() {
    let connection = tests::cluster().await.connection().await.expect("answers");
    connection.ensure_database("turns").await.expect("made");
    let url = tests::cluster().await.url("turns");
    let db = sea_orm::Database::connect(&url).await.unwrap();
    for limit in ["lock_timeout = '10ms'", "idle_in_transaction_session_timeout = '20ms'"] {
        db.execute_unprepared(&format!("ALTER DATABASE turns SET {limit}")).await.unwrap();
    }
    // Another one has the turn until somebody has been seen waiting for longer than a lock may take.
    let other = db.begin().await.unwrap();
    let take = "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(7406322711)";
    other.execute_unprepared(take).await.unwrap();
    let waiting = tokio::spawn(async move { entity::migrate(&url, migration::migrate, [7; 16]).await });
    // Asked outside the transaction: within one, what was seen of a lock's owner first stays.
    let seen = "SELECT 1 AS seen FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                AND database = (SELECT oid FROM pg_database WHERE datname = 'turns') AND clock_timestamp() - waitstart > interval '50 ms'";
    let seen = sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Postgres, seen);
    while db.query_one_raw(seen.clone()).await.unwrap().is_none() {
        assert!(!waiting.is_finished(), "it did not wait: {:?}", waiting.await);
    }
    other.commit().await.unwrap();
    waiting.await.unwrap().expect("migrated");
    db.close().await.unwrap();
    connection.drop_database("turns").await.expect("dropped");
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (a, b) = (database().await, database().await);
    assert_ne!(a, b);
    for url in [a, b] {
        ClusterConnection::connect(&url).await.expect("answers");
    }
}
