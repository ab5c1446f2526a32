//! Migrations: who makes them, how many at once, and what works on which version of the schema.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use fruits::{
    Error, Settings, Store,
    domain::{Change, FruitId, IdempotencyKey, NewFruit, Once, Precondition},
    settings::{Location, Migrate, PostgresSettings},
    store::Migrated,
};
use futures_util::future::try_join_all;

use crate::support::{Database, ask, cluster, get, new_fruit, served};

const LATEST: u32 = 3;

fn open(database: &Database<'_>, migrate: Migrate) -> Store {
    Store::open_as(&Location::Postgres(Box::new(database.target())), migrate).expect("a catalogue")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_replicas_start_together() {
    let database = Database::new();
    let stores: Vec<_> = (0..10).map(|_| open(&database, Migrate::Auto)).collect();
    try_join_all(stores.iter().map(Store::ready)).await.unwrap();
    let added = try_join_all(stores.iter().map(|store| store.add(new_fruit("apple")))).await.unwrap();
    let mut ids: Vec<i64> = added.iter().map(|fruit| fruit.id.get()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=10).collect::<Vec<_>>());
    let ledger = database.rows("SELECT version || ' ' || name FROM fruits_migrations ORDER BY version");
    assert_eq!(ledger, ["1 fruits", "2 retired_ids", "3 idempotency"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_that_run_together_are_made_once() {
    let database = Database::new();
    let location = Location::Postgres(Box::new(database.target()));
    let migrations = try_join_all((0..10).map(|_| Store::migrate(&location))).await.unwrap();
    let made = migrations.iter().filter(|migrated| migrated.from == 0).count();
    assert_eq!(made, 1, "{migrations:?}");
    assert!(migrations.iter().all(|migrated| migrated.to == LATEST));
}

#[tokio::test]
async fn a_schema_that_is_behind_is_not_served_until_somebody_migrates() {
    let database = Database::new();
    let service = served(open(&database, Migrate::Off));
    let reason = format!("{:#}", (service.ready)().await.expect_err("there is no schema"));
    assert!(reason.contains("version 0") && reason.contains("fruitpress migrate"), "{reason}");
    let refused = ask(&service.router, get("/fruits")).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "service-unavailable"));
    let location = Location::Postgres(Box::new(database.target()));
    let migrated = Store::migrate(&location).await.unwrap();
    assert_eq!(migrated, Migrated { from: 0, to: LATEST });
    let deadline = Instant::now() + Duration::from_secs(3);
    while let Err(error) = (service.ready)().await {
        assert!(Instant::now() < deadline, "{error:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A schema that falls back under a running server, as a restored backup may.
    database.execute("DELETE FROM fruits_migrations WHERE version = 3");
    let reason = format!("{:#}", (service.ready)().await.expect_err("it is behind"));
    assert!(reason.contains("version 2"), "{reason}");
}

#[tokio::test]
async fn a_newer_schema_is_served_and_a_foreign_one_is_not() {
    let database = Database::new();
    database.migrate();
    database.execute(
        "INSERT INTO fruits_migrations (version, name, checksum) VALUES (4, 'of the next release', 1);
         ALTER TABLE fruits ADD COLUMN weight integer",
    );
    let store = open(&database, Migrate::Off);
    store.ready().await.unwrap();
    store.add(new_fruit("apple")).await.unwrap();
    assert_eq!(
        Store::migrate(&Location::Postgres(Box::new(database.target()))).await.unwrap(),
        Migrated { from: 4, to: 4 }
    );

    database.execute("UPDATE fruits_migrations SET checksum = 1 WHERE version = 2");
    let refused = open(&database, Migrate::Auto).ready().await.unwrap_err();
    assert!(format!("{:#}", anyhow::Error::new(refused)).contains("made by another build"));
}

/// A migration that fails leaves nothing behind.
#[tokio::test]
async fn a_migration_happens_as_a_whole() {
    let database = Database::new();
    database.execute("CREATE TABLE fruits_idempotency_keys (somebody text)");
    let location = Location::Postgres(Box::new(database.target()));
    let said = format!("{:#}", Store::migrate(&location).await.unwrap_err());
    assert!(said.contains("migration 3 (idempotency) failed") && said.contains("already exists"), "{said}");
    assert_eq!(database.rows("SELECT to_regclass('fruits') IS NULL"), ["t"]);
    database.execute("DROP TABLE fruits_idempotency_keys");
    assert_eq!(Store::migrate(&location).await.unwrap(), Migrated { from: 0, to: LATEST });
}

/// The statements with which the first release serves. They are never edited: a later migration must leave them
/// working.
const FIRST_RELEASE: &str = "
    INSERT INTO fruits (fruit, color, fruit_folded, color_folded)
        SELECT fruit, color, fruit_folded, color_folded
        FROM unnest('{a,b}'::text[], '{x,y}'::text[], '{a,b}'::text[], '{x,y}'::text[])
            WITH ORDINALITY AS added (fruit, color, fruit_folded, color_folded, place)
        ORDER BY place RETURNING id;
    INSERT INTO fruits (id, fruit, color, fruit_folded, color_folded)
        SELECT id, fruit, color, fruit_folded, color_folded
        FROM unnest('{7}'::bigint[], '{a}'::text[], '{x}'::text[], '{a}'::text[], '{x}'::text[])
            WITH ORDINALITY AS added (id, fruit, color, fruit_folded, color_folded, place)
        WHERE NOT EXISTS (SELECT FROM fruits_retired_ids AS retired WHERE retired.id = added.id)
        ORDER BY id, place ON CONFLICT (id) DO NOTHING RETURNING id;
    SELECT CASE WHEN steps <= 0 THEN 0
            WHEN steps <= 1000 THEN (SELECT max(nextval('fruits_ids')) FROM generate_series(1, steps))
            ELSE setval('fruits_ids', 7) END
        FROM (SELECT 7 - CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS steps FROM fruits_ids) AS way;
    SELECT greatest((SELECT max(id) FROM fruits), (SELECT max(id) FROM fruits_retired_ids), 0);
    SELECT id, fruit, color, revision FROM fruits WHERE id = 1 FOR UPDATE;
    UPDATE fruits SET fruit = 'c', color = 'z', revision = 2, fruit_folded = 'c', color_folded = 'z' WHERE id = 1;
    DELETE FROM fruits WHERE id = 2 RETURNING id, fruit, color, revision;
    SELECT pg_try_advisory_xact_lock(1);
    SELECT request, answer FROM fruits_idempotency_keys WHERE key = 'k' AND kept_at > now() - interval '24 hours';
    WITH old AS (
        SELECT key FROM fruits_idempotency_keys WHERE kept_at <= now() - interval '24 hours' AND key <> 'k'
        ORDER BY kept_at LIMIT 100 FOR UPDATE SKIP LOCKED
    ), forgotten AS (DELETE FROM fruits_idempotency_keys WHERE key IN (SELECT key FROM old))
    INSERT INTO fruits_idempotency_keys (key, request, answer) VALUES ('k', '', '[]')
        ON CONFLICT (key) DO UPDATE SET request = excluded.request, answer = excluded.answer, kept_at = now();
    SELECT id, fruit, color, revision FROM fruits WHERE id > 0 ORDER BY id ASC LIMIT 10;
    SELECT id, fruit, color, revision FROM fruits WHERE fruit_folded = 'a' AND id > 0 ORDER BY id ASC LIMIT 10;
    SELECT id, fruit, color, revision FROM fruits WHERE (color_folded, id) > ('a', 0)
        ORDER BY color_folded ASC, id ASC LIMIT 10;
    SELECT current_setting('transaction_read_only') = 'on', (SELECT count(*) FROM fruits_migrations);
    SELECT version, name, checksum FROM fruits_migrations ORDER BY version;
";

#[tokio::test]
async fn the_first_release_still_works_on_the_newest_schema() {
    let database = Database::new();
    database.migrate();
    database.execute(FIRST_RELEASE);
    let store = database.open();
    let texts = async |id| {
        let fruit = store.get(FruitId::new(id).unwrap()).await.unwrap();
        fruit.map(|fruit| (fruit.fruit.as_str().to_owned(), fruit.revision.get()))
    };
    assert_eq!(texts(1).await, Some(("c".to_owned(), 2)));
    assert_eq!(texts(2).await, None);
    assert_eq!(texts(7).await, Some(("a".to_owned(), 1)));
    assert_eq!(store.add(new_fruit("apple")).await.unwrap().id.get(), 8);
    let chosen = NewFruit { id: FruitId::new(2).ok(), ..new_fruit("again") };
    assert!(matches!(store.add(chosen).await, Err(Error::IdTaken(_))));
}

/// The settings of a role other than the superuser, in a schema other than `public`.
fn as_role(database: &Database<'_>, role: &str) -> Settings {
    let url = format!("{}&options=-csearch_path%3Dshop", database.url()).replacen(
        "postgres@",
        &format!("{role}@"),
        1,
    );
    Settings { database_url: url.parse().ok(), ..Settings::default() }
}

/// What `check` says, a line each.
async fn check(settings: &Settings) -> Vec<String> {
    let findings = fruits::check(settings, Path::new("")).await;
    let line = |finding: chassis::Finding| match finding.outcome {
        Ok(said) => format!("ok {}: {said}", finding.dependency),
        Err(error) => format!("FAIL {}: {error:#}", finding.dependency),
    };
    findings.into_iter().map(line).collect()
}

#[tokio::test]
async fn a_role_with_no_more_rights_than_it_needs_serves_from_a_schema_of_its_own() {
    let database = Database::new();
    let (owner, server) = (format!("owner_{}", database.name()), format!("server_{}", database.name()));
    database.execute(&format!(
        "CREATE ROLE {owner} LOGIN; CREATE ROLE {server} LOGIN; CREATE SCHEMA shop AUTHORIZATION {owner};
         GRANT USAGE ON SCHEMA shop TO {server}"
    ));
    let migrated = fruits::migrate(&as_role(&database, &owner), Path::new("")).await.unwrap();
    assert_eq!(migrated, Migrated { from: 0, to: LATEST });
    assert_eq!(database.rows("SELECT to_regclass('public.fruits') IS NULL"), ["t"]);

    let settings = as_role(&database, &server);
    let lines = check(&settings).await;
    assert!(lines.last().unwrap().starts_with("FAIL"), "{lines:?}");
    database.execute(&format!("GRANT SELECT ON shop.fruits_migrations TO {server}"));
    let lines = check(&settings).await;
    assert!(
        lines[2].contains("FAIL") && lines[2].contains("lacks SELECT on fruits, INSERT on fruits, "),
        "{lines:?}"
    );
    database.execute(&format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO {server};
         GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA shop TO {server}"
    ));
    let lines = check(&settings).await;
    let shown = format!("ok catalogue postgres:///{}?host=", database.name());
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with(&shown)), "{lines:?}");

    let location = settings.location(Path::new("")).unwrap();
    let store = Store::open_as(&location, Migrate::Off).unwrap();
    store.ready().await.unwrap();
    let added = store.add(new_fruit("apple")).await.unwrap();
    let chosen = NewFruit { id: FruitId::new(2000).ok(), ..new_fruit("pear") };
    store.add(chosen).await.unwrap();
    store.change(Change::Delete { id: added.id, precondition: Precondition::default() }).await.unwrap();
    let again = NewFruit { id: Some(added.id), ..new_fruit("again") };
    assert!(matches!(store.add(again).await, Err(Error::IdTaken(_))));
    assert_eq!(store.add(new_fruit("fig")).await.unwrap().id.get(), 2001);
    let once = Once { key: IdempotencyKey::parse("key").unwrap(), request: [0; 32] };
    store.change(Change::AddOnce(once, vec![new_fruit("once")])).await.unwrap();
}

#[tokio::test]
async fn check_changes_nothing_and_says_what_is_missing() {
    let database = Database::new();
    let settings = database.settings(PostgresSettings::default());
    let lines = check(&settings).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("ok") && lines[0].contains("it is PostgreSQL"), "{lines:?}");
    assert!(lines[1].starts_with("FAIL") && lines[1].contains("run `fruitpress migrate`"), "{lines:?}");
    let auto = Settings { migrate: Some(Migrate::Auto), ..settings };
    let lines = check(&auto).await;
    assert!(lines[1].starts_with("ok") && lines[1].contains("will migrate it"), "{lines:?}");
    assert_eq!(database.rows("SELECT count(*) FROM pg_class WHERE relname LIKE 'fruits%'"), ["0"]);

    let nowhere = cluster::SHARED.url("nowhere");
    let lines = check(&Settings { database_url: nowhere.parse().ok(), ..Settings::default() }).await;
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("FAIL") && lines[0].contains("SQLSTATE 3D000"), "{lines:?}");
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let database = Database::new();
    let latin = format!("latin_{}", database.name());
    database.execute(&format!("CREATE DATABASE {latin} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"));
    let url = cluster::SHARED.url(&latin);
    let settings = Settings { database_url: url.parse().ok(), ..Settings::default() };
    let said = format!("{:#}", fruits::migrate(&settings, Path::new("")).await.unwrap_err());
    assert!(said.contains("its encoding is LATIN1"), "{said}");
}
