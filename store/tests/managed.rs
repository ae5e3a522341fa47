//! The private PostgreSQL survives kills on either side.

#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use store::Store;
use store::postgres::ManagedPostgres;

/// A directory that the server's account can reach.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

fn postmaster(state: &Path) -> String {
    let data: PathBuf = state.join("postgres/data/postmaster.pid");
    std::fs::read_to_string(data).unwrap().lines().next().unwrap().to_owned()
}

async fn answers(url: &str) -> Store {
    for _ in 0..300 {
        match Store::connect(url, 2).await {
            Ok(store) => return store,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("{url} does not answer");
}

#[tokio::test]
async fn it_goes_on_without_us_comes_back_when_killed_and_stops_when_told() {
    let directory = directory();
    let state = directory.path().join("state");
    let first = ManagedPostgres::start(&state).await.unwrap();
    assert!(!first.was_running());
    Store::migrate(&first.url(), None).await.unwrap();
    let process = postmaster(&state);
    // What a SIGKILL of this process leaves: nobody watches, and the server runs.
    drop(first);

    let second = ManagedPostgres::start(&state).await.unwrap();
    assert!(second.was_running());
    assert_eq!(postmaster(&state), process);
    assert_eq!(answers(&second.service_url()).await.status().await.unwrap().pending, Vec::<String>::new());
    for _ in 0..2 {
        let killed = postmaster(&state);
        assert!(Command::new("kill").args(["-9", &killed]).status().unwrap().success());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(answers(&second.service_url()).await.status().await.unwrap().pending, Vec::<String>::new());
        assert_ne!(postmaster(&state), killed);
    }
    let url = second.url();
    second.stop().await.unwrap();
    assert!(!state.join("postgres/data/postmaster.pid").exists());
    assert!(Store::connect(&url, 1).await.is_err());

    let third = ManagedPostgres::start(&state).await.unwrap();
    assert!(!third.was_running());
    let client = tokio_postgres::connect(&third.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(client.1);
    for (setting, value) in
        [("fsync", "on"), ("synchronous_commit", "on"), ("data_checksums", "on"), ("TimeZone", "UTC"), ("listen_addresses", "")]
    {
        let shown: String = client.0.query_one(&format!("SHOW {setting}"), &[]).await.unwrap().get(0);
        assert_eq!(shown, value, "{setting}");
    }
    third.stop().await.unwrap();
}

#[tokio::test]
async fn a_deep_state_directory_works_and_one_behind_a_closed_door_is_named() {
    let directory = directory();
    let deep = directory.path().join("d".repeat(100));
    let server = ManagedPostgres::start(&deep).await.unwrap();
    answers(&server.url()).await;
    server.stop().await.unwrap();

    let closed = directory.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let begun = ManagedPostgres::start(&closed.join("state")).await;
    let we_are_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    match begun {
        Ok(server) => server.stop().await.unwrap(),
        Err(error) => assert!(we_are_root && error.to_string().contains(&format!("chmod o+x {}", closed.display())), "{error}"),
    }
}
