//! A database that is away, hangs, or does not take writes: requests are told at once or in bounded time, nothing that
//! was acknowledged is lost, and it recovers by itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::Router;
use fruits::{
    Error, Store,
    domain::{Change, FruitId, Precondition},
    settings::PostgresSettings,
};
use http::{StatusCode, header};

use crate::support::{Answer, Database, ask, cluster::Cluster, get, new_fruit, post, served};

const APPLE: &str = r#"{"fruit":"apple","color":"red"}"#;

/// A server that is quick to give up.
fn impatient(database: &Database<'_>) -> Store {
    let settings = database.settings(PostgresSettings {
        database_connect_timeout_ms: 500,
        database_statement_timeout_ms: 500,
        database_queue_ms: 500,
        ..PostgresSettings::default()
    });
    let location = settings.location(std::path::Path::new("")).expect("a location");
    Store::open(&location).expect("a catalogue")
}

fn assert_unavailable(answer: &Answer) {
    let said = (answer.status, answer.problem());
    assert_eq!(said, (StatusCode::SERVICE_UNAVAILABLE, "service-unavailable".to_owned()), "{answer:?}");
    assert_eq!(answer.header(header::RETRY_AFTER), Some("1"));
}

async fn ready_within(service: &chassis::Service, limit: Duration) {
    let deadline = Instant::now() + limit;
    while let Err(error) = (service.ready)().await {
        assert!(Instant::now() < deadline, "still not ready: {error:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Clients that add and read all the while.
struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<Outcome>>,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    acknowledged: BTreeMap<i64, String>,
    refused: u32,
    /// How long an answer took at most.
    longest: Duration,
}

impl Load {
    fn start(router: &Router) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients =
            (0..8).map(|client| tokio::spawn(load(router.clone(), client, Arc::clone(&stop)))).collect();
        Self { stop, clients }
    }

    async fn stop(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Outcome::default();
        for client in self.clients {
            let Outcome { acknowledged, refused, longest } = client.await.expect("no panic");
            all.acknowledged.extend(acknowledged);
            all.refused += refused;
            all.longest = all.longest.max(longest);
        }
        all
    }
}

async fn load(router: Router, client: u32, stop: Arc<AtomicBool>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let name = format!("{client}-{round}");
        let begun = Instant::now();
        let answer = match client % 4 {
            3 => ask(&router, get("/fruits?limit=3")).await,
            2 => ask(&router, get("/fruits/1")).await,
            _ => ask(&router, post(format!(r#"{{"fruit":"{name}","color":"red"}}"#))).await,
        };
        outcome.longest = outcome.longest.max(begun.elapsed());
        match answer.status {
            StatusCode::CREATED => {
                outcome.acknowledged.insert(answer.json()["id"].as_i64().unwrap(), name);
            }
            StatusCode::OK => {}
            _ => {
                assert_unavailable(&answer);
                outcome.refused += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    outcome
}

/// While the database is treated so, requests are refused in bounded time; afterwards all is as it was.
async fn check(lose: impl Fn(&Cluster), undo: impl Fn(&Cluster)) {
    let cluster = Cluster::start(&[]);
    let database = Database::on(&cluster);
    let service = served(impatient(&database));
    ready_within(&service, Duration::from_secs(5)).await;
    assert_eq!(ask(&service.router, post(APPLE)).await.status, StatusCode::CREATED);
    let load = Load::start(&service.router);
    tokio::time::sleep(Duration::from_millis(300)).await;
    lose(&cluster);
    let begun = Instant::now();
    (service.ready)().await.expect_err("cannot be ready");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_unavailable(&ask(&service.router, get("/fruits/1")).await);
    assert_unavailable(&ask(&service.router, get("/fruits")).await);
    assert_unavailable(&ask(&service.router, post(APPLE)).await);
    undo(&cluster);
    ready_within(&service, Duration::from_secs(10)).await;
    assert_eq!(ask(&service.router, post(APPLE)).await.status, StatusCode::CREATED);
    let Outcome { acknowledged, refused, longest } = load.stop().await;
    assert!(refused > 0 && acknowledged.len() > 10, "{refused} refused, {} made", acknowledged.len());
    assert!(longest < Duration::from_secs(5), "an answer took {longest:?}");
    for (id, name) in acknowledged {
        let kept = ask(&service.router, get(&format!("/fruits/{id}"))).await;
        assert_eq!(kept.status, StatusCode::OK, "the acknowledged fruit {id} is gone");
        assert_eq!(kept.json()["fruit"], name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_shut_down() {
    check(|cluster| cluster.stop("INT"), Cluster::resume).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed() {
    check(|cluster| cluster.stop("KILL"), Cluster::resume).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs() {
    check(|cluster| cluster.signal_all("STOP"), |cluster| cluster.signal_all("CONT")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_writes_any_more() {
    let cluster = Cluster::start(&[]);
    let database = Database::on(&cluster);
    let service = served(impatient(&database));
    ready_within(&service, Duration::from_secs(5)).await;
    assert_eq!(ask(&service.router, post(APPLE)).await.status, StatusCode::CREATED);
    // As a server that was made a standby while others are connected to it.
    let system = Database::existing(&cluster, "postgres");
    system.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    system.execute("SELECT pg_reload_conf()");
    let deadline = Instant::now() + Duration::from_secs(5);
    while (service.ready)().await.is_ok() {
        assert!(Instant::now() < deadline, "it is still ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_unavailable(&ask(&service.router, post(APPLE)).await);
    assert_unavailable(&ask(&service.router, post(APPLE)).await);
    system.execute("ALTER SYSTEM RESET default_transaction_read_only");
    system.execute("SELECT pg_reload_conf()");
    ready_within(&service, Duration::from_secs(5)).await;
    assert_eq!(ask(&service.router, post(APPLE)).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_starts_before_its_database() {
    let cluster = Cluster::start(&[]);
    let database = Database::on(&cluster);
    cluster.stop("INT");
    let service = served(impatient(&database));
    let reason = format!("{:#}", (service.ready)().await.expect_err("cannot be ready"));
    let down = ["No such file", "refused", "shutting down"];
    assert!(down.iter().any(|words| reason.contains(words)), "{reason}");
    assert_unavailable(&ask(&service.router, get("/fruits/1")).await);
    assert_unavailable(&ask(&service.router, post(APPLE)).await);
    cluster.resume();
    ready_within(&service, Duration::from_secs(5)).await;
    assert_eq!(ask(&service.router, post(APPLE)).await.json()["id"], 1);
}

/// One read finds out that nobody answers; those that come meanwhile need not wait for what it finds.
#[tokio::test]
async fn a_host_that_never_speaks_is_waited_for_by_one_read_at_a_time() {
    let host = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://me@{}/catalogue?sslmode=disable", host.local_addr().unwrap());
    let postgres = PostgresSettings { database_connect_timeout_ms: 2000, ..PostgresSettings::default() };
    let settings =
        fruits::Settings { database_url: url.parse().ok(), postgres, ..fruits::Settings::default() };
    let store = Arc::new(Store::open(&settings.location(std::path::Path::new("")).unwrap()).unwrap());
    store.get(FruitId::MIN).await.expect_err("nobody answers");
    // Then an attempt may be made again.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let attempt = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.get(FruitId::MIN).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    for _ in 0..3 {
        let refused = store.get(FruitId::MIN).await.expect_err("nobody answers");
        assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    }
    assert!(!attempt.is_finished() && begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    attempt.await.unwrap().expect_err("nobody answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adds_behind_one_that_is_stuck_do_not_get_stuck_in_turn() {
    let database = Database::new();
    database.migrate();
    let settings = database.settings(PostgresSettings {
        database_statement_timeout_ms: 1500,
        database_queue_ms: 300,
        ..PostgresSettings::default()
    });
    let store = Arc::new(Store::open(&settings.location(std::path::Path::new("")).unwrap()).unwrap());
    // Each lane has its connection and its statement.
    let (one, other) = tokio::join!(store.add(new_fruit("a")), store.add(new_fruit("b")));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE fruits IN SHARE MODE").await.unwrap();
    let begun = Instant::now();
    let mut adds = Vec::new();
    for _ in 0..10 {
        let store = Arc::clone(&store);
        adds.push(tokio::spawn(async move { store.add(new_fruit("late")).await }));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for add in adds {
        let refused = add.await.unwrap().expect_err("the table is locked");
        assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    }
    assert!(begun.elapsed() < Duration::from_millis(2500), "{:?}", begun.elapsed());
    other.batch_execute("ROLLBACK").await.unwrap();
    store.add(new_fruit("c")).await.unwrap();
    assert_eq!(database.rows("SELECT fruit FROM fruits WHERE fruit = 'late'"), [""; 0]);
}

#[tokio::test]
async fn an_add_whose_commit_was_not_answered_says_so() {
    let database = Database::new();
    let store = database.open();
    store.ready().await.unwrap();
    // The server ends the session in the middle of the statement that commits by itself.
    database.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON fruits DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION dawdle()",
    );
    let cut = || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        database.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'fruitpress' AND datname = '{}' AND state = 'active'",
            database.name()
        ));
    };
    let (outcome, ()) = tokio::join!(store.add(new_fruit("apple")), cut());
    assert!(matches!(outcome, Err(Error::Unknown(_))), "{outcome:?}");
    let several = Change::Add(vec![fruits::domain::NewFruit { id: FruitId::new(9).ok(), ..new_fruit("a") }]);
    let (outcome, ()) = tokio::join!(store.change(several), cut());
    assert!(matches!(outcome, Err(Error::Unknown(_))), "{outcome:?}");
    let problem = chassis::Problem::from(outcome.unwrap_err());
    assert!(problem.detail().contains("may or may not have been done"), "{}", problem.detail());
    store.ready().await.unwrap();
}

#[tokio::test]
async fn connections_that_were_lost_meanwhile_are_replaced() {
    let database = Database::new();
    let store = database.open();
    store.add(new_fruit("apple")).await.unwrap();
    for _ in 0..3 {
        database.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'fruitpress' AND datname = '{}'",
            database.name()
        ));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(store.get(FruitId::MIN).await.unwrap().is_some());
        store.add(new_fruit("apple")).await.unwrap();
        store.change(Change::Add(vec![new_fruit("a"), new_fruit("b")])).await.unwrap();
    }
}

#[tokio::test]
async fn a_schema_that_changes_under_prepared_statements_is_no_outage() {
    let database = Database::new();
    let store = database.open();
    let added = store.add(new_fruit("apple")).await.unwrap();
    let everything = fruits::domain::Selection::default();
    let ten = std::num::NonZeroUsize::new(10).unwrap();
    for change in ["ALTER TABLE fruits ALTER color TYPE varchar", "ALTER TABLE fruits ALTER color TYPE text"]
    {
        assert!(store.page(&everything, None, ten).await.is_ok());
        database.execute(change);
        assert_eq!(store.get(added.id).await.unwrap(), Some(added.clone()));
        assert_eq!(store.page(&everything, None, ten).await.unwrap().fruits[0], added);
        store
            .change(Change::Delete {
                id: store.add(new_fruit("fig")).await.unwrap().id,
                precondition: Precondition::default(),
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_full_is_an_outage_that_passes() {
    let cluster = Cluster::start(&["-c", "max_connections=5", "-c", "superuser_reserved_connections=0"]);
    let database = Database::on(&cluster);
    database.migrate();
    let mut others = Vec::new();
    while let Ok(other) = database.try_connect().await {
        others.push(other);
        assert!(others.len() < 10);
    }
    let store = impatient(&database);
    let refused = store.get(FruitId::MIN).await.unwrap_err();
    assert!(format!("{:#}", anyhow::Error::new(refused)).contains("SQLSTATE 53300"));
    drop(others);
    let deadline = Instant::now() + Duration::from_secs(5);
    while store.get(FruitId::MIN).await.is_err() {
        assert!(Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
