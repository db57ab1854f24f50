//! The life of the embedded cluster (reliability: nothing is lost by a killed server, one process per directory).

use api::postgres::{Cluster, ClusterError, Durability};
use entity::cluster::ClusterConnection;
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

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (a, b) = (database().await, database().await);
    assert_ne!(a, b);
    for url in [a, b] {
        ClusterConnection::connect(&url).await.expect("answers");
    }
}
