//! fruits, and a server of PostgreSQL that asks for the password.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::Environment;
use crate::{
    smoke::{is_well, smoke},
    support::{Server, folder, free_port, get, post},
};

#[test]
fn fruits_keeps_its_catalogue_in_the_database() {
    let data = folder();
    let database = Database::start(&Environment::of("database"));
    let mut fruits = Environment::of("fruits");
    fruits.lead("DATABASE_URL", "@database/", &format!("@127.0.0.1:{}/", database.port));
    let variables = fruits.with(&[]);

    let server = Server::start(data.path(), &["fruits"], &variables);
    is_well(&smoke(&["--service", "fruits", "--write", &server.url], ""));
    let added = post(&format!("{}/fruits", server.url), r#"{"fruit":"apple","color":"red"}"#).unwrap();
    assert_eq!(added.status, 201);
    drop(server);
    let files = std::fs::read_dir(data.path()).unwrap().count();
    assert_eq!(files, 0, "nothing is kept beside the database: the container has no volume");

    let next = Server::start(data.path(), &["fruits"], &variables);
    assert_eq!(get(&format!("{}{}", next.url, added.header("location"))).unwrap().json(), added.json());
}

/// As the image of PostgreSQL sets one up: a user, its password, a database of its own, reached by TCP.
struct Database {
    shell: Child,
    port: u16,
}

/// Runs as a user that initdb accepts, until its standard input ends: with this process at the latest.
const SERVE: &str = r#"
set -eu
folder=$(mktemp -d)
trap 'kill -QUIT "${server:-}" 2>/dev/null || true; wait || true; rm -rf "$folder"' EXIT
printf '%s' "$POSTGRES_PASSWORD" > "$folder/password"
initdb --pgdata "$folder/data" --username "$POSTGRES_USER" --pwfile "$folder/password" --auth scram-sha-256 --no-sync > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
postgres -D "$folder/data" -k "$folder" -c listen_addresses=127.0.0.1 -p "$PORT" -c fsync=off >> "$folder/log" 2>&1 < /dev/null &
server=$!
export PGPASSWORD="$POSTGRES_PASSWORD" PGHOST=127.0.0.1 PGPORT="$PORT" PGUSER="$POSTGRES_USER"
tries=0
until psql --quiet --dbname postgres --command 'SELECT 1' > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { cat "$folder/log" >&2; exit 1; }
    sleep 0.1
done
createdb "$POSTGRES_DB"
echo ready
cat > /dev/null
"#;

impl Database {
    fn start(environment: &Environment) -> Self {
        let port = free_port();
        let mut command = Command::new("setpriv");
        if rustix::process::geteuid().is_root() {
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        } else {
            // Something has to stand before the program.
            command.arg("--no-new-privs");
        }
        let mut shell = command
            .args(["sh", "-c", SERVE])
            .current_dir("/")
            .env("PATH", format!("{}:/usr/bin:/bin", programs().display()))
            .env("PORT", port.to_string())
            .envs(environment.with(&[]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("setpriv, from util-linux");
        let mut said = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n", "the server of PostgreSQL did not start");
        Self { shell, port }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline && self.shell.try_wait().is_ok_and(|ended| ended.is_none()) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where Debian keeps the programs of the newest release, off the path; elsewhere they are on it.
fn programs() -> PathBuf {
    let releases = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = releases.map(|release| release.path()).max_by_key(number);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_the_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let mut folders = newest.map(|folder| folder.join("bin")).into_iter().chain(on_the_path);
    let found = folders.find(|folder| folder.join("initdb").exists());
    found.expect("PostgreSQL is missing: run `cargo xtask test`, which installs it")
}
