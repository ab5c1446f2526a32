//! A database that answers and yet does not let a server serve: it is not ready, and says what is missing.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use fruits::{
    Error, Settings, Store,
    settings::{Migrate, PostgresSettings},
};

use crate::support::{Database, new_fruit};

/// A server under a role of its own, which has the rights that it needs.
fn as_role(database: &Database<'_>, role: &str, postgres: PostgresSettings) -> Store {
    database.migrate();
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
         GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}"
    ));
    let url = database.url().replacen("postgres@", &format!("{role}@"), 1);
    let settings = Settings { database_url: url.parse().ok(), postgres, ..Settings::default() };
    Store::open_as(&settings.location(Path::new("")).expect("a location"), Migrate::Off).expect("a catalogue")
}

async fn not_ready(store: &Store) -> String {
    let refused = store.ready().await.expect_err("cannot be ready");
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    format!("{:#}", anyhow::Error::new(refused))
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_named() {
    let database = Database::new();
    let role = format!("ready_{}", database.name());
    let store = as_role(&database, &role, PostgresSettings::default());
    store.ready().await.unwrap();
    for (right, relation) in [
        ("SELECT", "fruits"),
        ("INSERT", "fruits"),
        ("UPDATE", "fruits_ids"),
        ("INSERT", "fruits_retired_ids"),
        ("DELETE", "fruits_idempotency_keys"),
    ] {
        database.execute(&format!("REVOKE {right} ON {relation} FROM {role}"));
        let said = not_ready(&store).await;
        assert!(said.ends_with(&format!("the role lacks {right} on {relation}")), "{said}");
        database.execute(&format!("GRANT {right} ON {relation} TO {role}"));
        store.ready().await.unwrap();
    }
    database.execute(&format!("REVOKE INSERT, DELETE ON fruits FROM {role}"));
    let said = not_ready(&store).await;
    assert!(said.contains("INSERT on fruits") && said.contains("DELETE on fruits"), "{said}");
}

#[tokio::test]
async fn a_server_that_gets_no_connection_for_changes_is_not_ready() {
    let database = Database::new();
    let role = format!("limited_{}", database.name());
    let store = as_role(&database, &role, PostgresSettings::default());
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 1"));
    let said = not_ready(&store).await;
    assert!(said.contains("SQLSTATE 53300"), "{said}");
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 2"));
    ready_soon(&store).await;
    store.add(new_fruit("apple")).await.unwrap();

    // One that was there and is gone does not count.
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 1"));
    database
        .execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let said = not_ready(&store).await;
    assert!(said.contains("SQLSTATE 53300"), "{said}");
    database.execute(&format!("ALTER ROLE {role} CONNECTION LIMIT 2"));
    ready_soon(&store).await;
}

async fn ready_soon(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while let Err(error) = store.ready().await {
        assert!(Instant::now() < deadline, "still not ready: {error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_connections_are_all_in_use_is_ready() {
    let database = Database::new();
    let role = format!("busy_{}", database.name());
    let postgres = PostgresSettings { database_connections_max: 2, ..PostgresSettings::default() };
    let store = Arc::new(as_role(&database, &role, postgres));
    store.ready().await.unwrap();
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE fruits IN SHARE MODE").await.unwrap();
    let adds: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.add(new_fruit("apple")).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    store.ready().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    other.batch_execute("ROLLBACK").await.unwrap();
    for add in adds {
        add.await.unwrap().unwrap();
    }
}
