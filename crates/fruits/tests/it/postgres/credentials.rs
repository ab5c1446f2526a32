//! Who is believed to be the server, and what convinces it.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::HeaderMap, routing::get};
use fruits::{
    Error, Settings,
    settings::{Migrate, PostgresSettings},
    store::{
        Postgres,
        postgres::{Credentials, Identity, Target},
    },
};
use tokio::net::TcpListener;

use crate::support::{Database, Folder, cluster::Cluster, new_fruit, of_the_authority, target};

/// What this role of the database is told when it asks whether it may serve.
async fn ready(target: Target) -> Result<(), String> {
    let store = Postgres::open(target, Migrate::Off).expect("a catalogue");
    store.ready().await.map_err(|error| format!("{:#}", anyhow::Error::new(error)))
}

fn over_tcp(database: &Database<'_>, user: &str, parameters: &str) -> Settings {
    let url = database.cluster().tcp_url(user, database.name(), parameters);
    Settings { database_url: url.parse().ok(), ..Settings::default() }
}

/// A role that may do all, and connects with a password alone.
fn role_with_password(database: &Database<'_>, password: &str) {
    database.execute(&format!(
        "DO $$ BEGIN CREATE ROLE with_password SUPERUSER LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         ALTER ROLE with_password PASSWORD '{password}'"
    ));
}

fn drop_connections(database: &Database<'_>) {
    database.execute(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'fruitpress' AND datname = '{}'",
        database.name()
    ));
}

#[tokio::test]
async fn a_server_is_believed_for_its_certificate_and_its_name() {
    let database = Database::new();
    database.migrate();
    database.execute(
        "DO $$ BEGIN CREATE ROLE over_tls SUPERUSER LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    );
    let folder = Folder::new();
    let authority = folder.path().join("ca.pem");
    let other = folder.path().join("other.pem");
    let empty = folder.path().join("empty.pem");
    fs::write(&authority, of_the_authority()).unwrap();
    fs::write(&other, rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap().cert.pem())
        .unwrap();
    fs::write(&empty, "").unwrap();
    let asked = async |parameters: &str| ready(target(&over_tcp(&database, "over_tls", parameters))).await;
    asked(&format!("sslrootcert={}", authority.display())).await.unwrap();
    for (parameters, words) in [
        (format!("sslrootcert={}", other.display()), "invalid peer certificate"),
        (String::new(), "invalid peer certificate"),
        ("sslmode=require".to_owned(), "invalid peer certificate"),
        ("sslmode=disable".to_owned(), "no encryption"),
        (format!("sslrootcert={}", empty.display()), "no certificate"),
        ("sslrootcert=/nowhere/ca.pem".to_owned(), "cannot read the certificates in /nowhere/ca.pem"),
    ] {
        let said = asked(&parameters).await.unwrap_err();
        assert!(said.contains(words), "{parameters}: {said}");
    }
    // The same server under a name that is not its certificate's.
    let settings = over_tcp(&database, "over_tls", &format!("sslrootcert={}", authority.display()));
    let mut misnamed = target(&settings);
    misnamed.host = fruits::store::postgres::Host::Name("localhost".to_owned());
    let said = ready(misnamed).await.unwrap_err();
    assert!(said.contains("not valid for name"), "{said}");
    // An authority that is replaced is believed without a restart.
    fs::write(&other, of_the_authority()).unwrap();
    asked(&format!("sslrootcert={}", other.display())).await.unwrap();
}

#[tokio::test]
async fn passwords_convince_and_are_never_shown() {
    let cluster = Cluster::start(&[]);
    let database = Database::on(&cluster);
    database.migrate();
    role_with_password(&database, "open/sesame");
    ready(target(&over_tcp(&database, "with_password:open%2Fsesame", "sslmode=disable"))).await.unwrap();
    for user in ["with_password:wrong%2Fsesame", "with_password"] {
        let said = ready(target(&over_tcp(&database, user, "sslmode=disable"))).await.unwrap_err();
        assert!(said.contains("password") && !said.contains("sesame"), "{said}");
    }
    for settings in [
        over_tcp(&database, "with_password:open%2Fsesame", "sslmode=disable"),
        over_tcp(&database, "with_password:open%2Fsesame", "sslmode=never"),
    ] {
        let findings = fruits::check(&settings, Path::new("")).await;
        let shown = format!("{settings:?} {:?} {findings:?}", settings.faults());
        assert!(!shown.contains("sesame"), "{shown}");
    }
}

#[tokio::test]
async fn a_password_that_is_replaced_works_without_a_restart() {
    let cluster = Cluster::start(&[]);
    let database = Database::on(&cluster);
    database.migrate();
    let folder = Folder::new();
    let file = folder.path().join("password");
    let postgres = PostgresSettings {
        database_password_file: Some(file.clone()),
        database_connect_timeout_ms: 2000,
        ..PostgresSettings::default()
    };
    let settings = Settings { postgres, ..over_tcp(&database, "with_password", "sslmode=disable") };
    let store = Postgres::open(target(&settings), Migrate::Off).unwrap();
    let said = format!("{:#}", anyhow::Error::new(store.ready().await.unwrap_err()));
    assert!(said.contains("DATABASE_PASSWORD_FILE"), "{said}");
    for password in ["one", "two", "three"] {
        role_with_password(&database, password);
        drop_connections(&database);
        fs::write(&file, format!("{password}\n")).unwrap();
        // Behind the pause that the last failure made.
        tokio::time::sleep(Duration::from_millis(300)).await;
        store.ready().await.unwrap();
        store.add(new_fruit(password)).await.unwrap();
    }
}

/// Hands out a new token each time it is asked, as Azure's endpoint of identities does, and makes it the password.
async fn identity_endpoint(
    database: Arc<Database<'static>>,
    lifetime_seconds: u64,
) -> (String, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let answer = async move |State(count): State<Arc<AtomicU32>>, headers: HeaderMap| {
        assert_eq!(headers["x-identity-header"], "of the platform");
        let token = format!("token-{}", count.fetch_add(1, Ordering::Relaxed) + 1);
        role_with_password(&database, &token);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        format!(
            r#"{{"access_token":"{token}","expires_on":"{}","token_type":"Bearer"}}"#,
            now + lifetime_seconds
        )
    };
    let router = Router::new().route("/token", get(answer)).with_state(Arc::clone(&count));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_fetched_anew_where_the_last_one_ends() {
    let cluster = Cluster::start(&[]);
    let database = Arc::new(Database::on(Box::leak(Box::new(cluster))));
    database.migrate();
    // Three times there are two connections to make. Of 301 seconds the last 300 do not count: how often a token is
    // fetched then depends on how fast this machine is.
    for (lifetime_seconds, fetched) in [(0, 6..=6), (301, 2..=6), (3600, 2..=2)] {
        let (url, count) = identity_endpoint(Arc::clone(&database), lifetime_seconds).await;
        let identity = Identity::of(|name| match name {
            "IDENTITY_ENDPOINT" => Some(url.clone()),
            "IDENTITY_HEADER" => Some("of the platform".to_owned()),
            _ => None,
        });
        let mut target = target(&over_tcp(&database, "with_password", "sslmode=disable"));
        target.credentials = Credentials::Azure(identity.unwrap());
        let store = Postgres::open(target, Migrate::Off).unwrap();
        store.ready().await.unwrap();
        drop_connections(&database);
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.ready().await.unwrap();
        // One that is not taken any more is not offered again, however long it was said to live.
        role_with_password(&database, "another");
        drop_connections(&database);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let mut outcome = store.ready().await;
        if outcome.is_err() {
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
            tokio::time::sleep(Duration::from_millis(300)).await;
            outcome = store.ready().await;
        }
        outcome.unwrap();
        let count = count.load(Ordering::Relaxed);
        assert!(fetched.contains(&count), "{count} tokens of {lifetime_seconds} s");
    }
}
