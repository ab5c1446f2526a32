//! A server of PostgreSQL for the tests, with its files in a folder of its own. It ends with this process, however
//! that ends.

use std::{
    io::{BufRead as _, BufReader, Lines},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Runs as a user that initdb accepts, and prints the folder once it is ready. The server is started again whenever it
/// has ended, unless a file says otherwise.
const SUPERVISE: &str = r#"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'kill -QUIT $(head -n 1 "$folder/data/postmaster.pid") 2>/dev/null || true; wait || true; exit 0' TERM INT HUP
initdb --pgdata "$folder/data" --username postgres --encoding UTF8 --locale C.UTF-8 --auth trust --no-sync > "$folder/initdb" 2>&1 || { cat "$folder/initdb" >&2; exit 1; }
printf '%s' "$CERTIFICATE" > "$folder/data/server.crt"
(umask 077; printf '%s' "$KEY" > "$folder/data/server.key")
{ printf 'hostssl all over_tls all trust\nhost all over_tls all reject\nhost all with_password all scram-sha-256\n'; cat "$folder/data/pg_hba.conf"; } > "$folder/hba"
mv "$folder/hba" "$folder/data/pg_hba.conf"
echo "$folder"
while :; do
    postgres -D "$folder/data" -k "$folder" -c listen_addresses=127.0.0.1 -p "$PORT" -c ssl=on -c log_min_messages=fatal "$@" >> "$folder/log" 2>&1 &
    wait $! || true
    sleep 0.1
    while [ -e "$folder/stay-down" ]; do sleep 0.05; done
done
"#;

/// A port that nothing listens on, and that nobody is given by chance, not even while the server is down: those that the
/// system gives are from 32,768 on.
fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    loop {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (std::process::id().wrapping_mul(101).wrapping_add(asked)) % 20_000;
        let port = port.try_into().expect("it is below 30,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A running server.
pub(crate) struct Cluster {
    supervisor: Child,
    folder: PathBuf,
    port: u16,
    _output: Lines<BufReader<ChildStdout>>,
}

/// The one that tests share which do nothing to it but use a database.
pub(crate) static SHARED: LazyLock<Cluster> =
    LazyLock::new(|| Cluster::start(&["-c", "fsync=off", "-c", "max_connections=300"]));

impl Cluster {
    /// Starts one, with these options of `postgres`.
    pub(crate) fn start(options: &'static [&'static str]) -> Self {
        let (sender, receiver) = mpsc::channel();
        // The supervisor is told when the thread ends that started it, so that thread must not end before the process.
        thread::spawn(move || {
            let _ = sender.send(Self::spawn(options));
            loop {
                thread::park();
            }
        });
        let cluster = receiver.recv().expect("a server of PostgreSQL");
        cluster.wait_until_it_answers();
        cluster
    }

    fn spawn(options: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if rustix::process::geteuid().is_root() {
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
        }
        let (certificate, key) = super::certificate::of_the_server();
        let mut supervisor = command
            .args(["sh", "-c", SUPERVISE, "sh"])
            .args(options)
            .current_dir("/")
            .env("PATH", format!("{}:/usr/bin:/bin", programs().display()))
            .env("PORT", port.to_string())
            .env("CERTIFICATE", certificate)
            .env("KEY", key)
            .stdout(Stdio::piped())
            .spawn()
            .expect("setpriv, from util-linux");
        let mut output = BufReader::new(supervisor.stdout.take().expect("its output")).lines();
        let folder = output.next().expect("initdb succeeds").expect("a readable line").into();
        Self { supervisor, folder, port, _output: output }
    }

    /// The URL of a database, through the socket.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@:{}/{database}?host={}", self.port, self.folder.display())
    }

    /// The URL of a database for this user, through the socket, with further parameters (`&name=value`).
    pub(crate) fn url_of(&self, user: &str, database: &str, parameters: &str) -> String {
        format!("postgres://{user}@:{}/{database}?host={}{parameters}", self.port, self.folder.display())
    }

    /// How the superuser connects.
    pub(crate) fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.folder).port(self.port).user("postgres");
        config
    }

    /// The URL of a database for this `USER:PASSWORD`, through TCP, with these parameters.
    pub(crate) fn tcp_url(&self, user: &str, database: &str, parameters: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}?{parameters}", self.port)
    }

    /// The server's first process.
    fn server(&self) -> Option<u32> {
        let pid = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        pid.lines().next()?.parse().ok()
    }

    /// Sends a signal to the server and all its processes, as a host that is cut off or stopped would.
    pub(crate) fn signal_all(&self, signal: &str) {
        let server = self.server().expect("a running server");
        let children =
            Command::new("pgrep").args(["-P", &server.to_string()]).output().expect("pgrep, from procps");
        let children = String::from_utf8(children.stdout).expect("numbers");
        for process in std::iter::once(server.to_string()).chain(children.lines().map(ToOwned::to_owned)) {
            // One that has ended meanwhile needs none.
            let _ = Command::new("kill").args(["-s", signal, &process]).stderr(Stdio::null()).status();
        }
    }

    /// What the server has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("a log")
    }

    /// Ends the server and keeps it down.
    pub(crate) fn stop(&self, signal: &str) {
        std::fs::write(self.folder.join("stay-down"), "").expect("a file beside the data");
        self.signal_all(signal);
        wait_until(|| !self.answers());
    }

    /// Ends the server at once; it comes back by itself.
    pub(crate) fn crash(&self) {
        self.signal_all("KILL");
    }

    /// Starts it again.
    pub(crate) fn resume(&self) {
        std::fs::remove_file(self.folder.join("stay-down")).expect("a server that was stopped");
        self.wait_until_it_answers();
    }

    pub(crate) fn wait_until_it_answers(&self) {
        wait_until(|| self.answers());
    }

    fn answers(&self) -> bool {
        Command::new(programs().join("pg_isready"))
            .args(["--quiet", "--host"])
            .arg(&self.folder)
            .args(["--port", &self.port.to_string(), "--timeout", "1"])
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.supervisor.id().to_string()).status();
        let _ = self.supervisor.wait();
    }
}

/// One of the programs that come with the server.
pub(crate) fn program(name: &str) -> PathBuf {
    programs().join(name)
}

/// Where Debian keeps the programs of the newest release, off the path; elsewhere they are on it.
fn programs() -> &'static Path {
    static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
        let releases = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = releases.map(|release| release.path()).max_by_key(number);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_the_path = std::env::split_paths(&path).collect::<Vec<_>>();
        let folders = newest.map(|folder| folder.join("bin")).into_iter().chain(on_the_path);
        let found = folders.into_iter().find(|folder| folder.join("initdb").exists());
        found.expect("PostgreSQL is missing: run `cargo xtask test`, which installs it")
    });
    &PROGRAMS
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "the server of PostgreSQL does not do as it is told");
        thread::sleep(Duration::from_millis(20));
    }
}
