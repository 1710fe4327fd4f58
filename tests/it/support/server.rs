//! Servers of a test's own, to be crashed, cut off and promoted, beside the one that all tests share.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use maplebridge::db::{Roles, make_database, migrate};
use maplebridge::read_model::{Options, ReadModel};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use super::app::noon;
use super::skip::skip;

const NOBODY: u32 = 65534;

/// A server of its own in a directory, reached by the socket in it.
pub(crate) struct Server {
    bin: PathBuf,
    pub(crate) dir: PathBuf,
}

impl Server {
    /// One of PostgreSQL's programs, as an account that it accepts.
    fn program(bin: &Path, name: &str, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(bin.join(name));
        command.args(arguments).current_dir("/").env("LC_ALL", "C").stdin(std::process::Stdio::null());
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }

    fn run(bin: &Path, name: &str, arguments: &[&str]) {
        let output = Self::program(bin, name, arguments);
        assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn data(&self) -> String {
        self.dir.join("data").to_str().unwrap().to_owned()
    }

    pub(crate) fn socket(&self) -> String {
        self.dir.to_str().unwrap().to_owned()
    }

    /// An empty primary.
    pub(crate) fn primary(bin: &Path, dir: &Path) -> Self {
        let server = Self { bin: bin.to_owned(), dir: dir.to_owned() };
        Self::run(bin, "initdb", &["-D", &server.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        server.configure(
            "fsync = off\nwal_level = replica\nmax_wal_senders = 4\nhot_standby_feedback = on\nmax_connections = 60\nshared_buffers = 32MB\n",
        );
        server.start();
        server
    }

    /// A standby of a running primary, fed as it writes.
    pub(crate) fn standby_of(primary: &Self, dir: &Path) -> Self {
        let server = Self { bin: primary.bin.clone(), dir: dir.to_owned() };
        let arguments = ["-D", &server.data(), "-R", "-X", "stream", "-c", "fast", "-h", &primary.socket(), "-U", "postgres"];
        Self::run(&server.bin, "pg_basebackup", &arguments);
        server.configure("");
        server.start();
        server
    }

    /// Adds lines to its settings; the socket lies in its own directory.
    fn configure(&self, lines: &str) {
        let file = self.dir.join("data/postgresql.conf");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str(&format!("listen_addresses = ''\nunix_socket_directories = '{}'\n{lines}", self.socket()));
        std::fs::write(file, text).unwrap();
    }

    pub(crate) fn start(&self) {
        let log = self.dir.join("log");
        let output = Self::program(&self.bin, "pg_ctl", &["-s", "-w", "-t", "60", "-D", &self.data(), "-l", log.to_str().unwrap(), "start"]);
        assert!(output.status.success(), "{}", std::fs::read_to_string(log).unwrap());
    }

    /// Starts it where it ended by itself, and waits until it has recovered.
    pub(crate) async fn start_again(&self) {
        if !Self::program(&self.bin, "pg_ctl", &["-D", &self.data(), "status"]).status.success() {
            self.start();
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        while PgConnection::connect(&self.url("postgres", "town")).await.is_err() {
            assert!(Instant::now() < deadline, "the server does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it as a power cut does.
    pub(crate) fn crash(&self) {
        Self::run(&self.bin, "pg_ctl", &["-s", "-w", "-D", &self.data(), "-m", "immediate", "stop"]);
    }

    pub(crate) fn promote(&self) {
        Self::run(&self.bin, "pg_ctl", &["-s", "-w", "-D", &self.data(), "promote"]);
    }

    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{database}?host={}", self.socket())
    }

    pub(crate) async fn connect(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.url(role, "town")).await.unwrap()
    }

    pub(crate) async fn model(&self) -> Arc<ReadModel> {
        let options = Options { url: self.url("maplebridge_feed", "town"), clock: Arc::new(noon), time_zone: chrono_tz::Asia::Shanghai, rule: None };
        ReadModel::start(options).await.unwrap()
    }

    /// The migrated database with a small town.
    pub(crate) async fn build(&self) {
        let administrator: PgConnectOptions = self.url("postgres", "postgres").parse().unwrap();
        Roles { owner: None, app: None, feed: None }.make(&administrator).await.unwrap();
        for role in ["owner", "app", "feed"] {
            let statement = format!("alter role maplebridge_{role} login");
            PgConnection::connect(&self.url("postgres", "postgres")).await.unwrap().execute(statement.as_str()).await.unwrap();
        }
        make_database(&administrator, "town").await.unwrap();
        migrate(&self.url("maplebridge_owner", "town").parse().unwrap()).await.unwrap();
        self.connect("maplebridge_owner").await.execute(include_str!("../fixtures/town.sql")).await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        Self::program(&self.bin, "pg_ctl", &["-s", "-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

/// The programs of the server that is there for tests, and directories for servers of our own.
pub(crate) async fn ready() -> Option<(PathBuf, Vec<TempDir>)> {
    let Ok(url) = std::env::var("MAPLEBRIDGE_TEST_DB") else {
        skip("MAPLEBRIDGE_TEST_DB is not set: tests that need PostgreSQL");
        return None;
    };
    let mut conn = PgConnection::connect(&url).await.unwrap();
    let bin: String = sqlx::query_scalar("select setting from pg_config() where name = 'BINDIR'").fetch_one(&mut conn).await.unwrap();
    let directory = |_| {
        // short, for the address of a socket has room for about a hundred bytes
        let dir = tempfile::Builder::new().prefix("mb").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        dir
    };
    Some((PathBuf::from(bin), (0..2).map(directory).collect()))
}
