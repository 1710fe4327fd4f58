//! The program itself, started and ended the way people and machines do.

use std::io::{BufRead, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use maplebridge::db::cluster::{Cluster, ClusterConfig, Search};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{ConnectOptions as _, Executor as _};
use tempfile::TempDir;

/// No command here takes so long, on any machine.
const LATE: Duration = Duration::from_secs(90);

/// A data directory that PostgreSQL's account may pass through; whatever still runs on it ends with it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        Self(dir)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn postmaster(&self) -> Option<u32> {
        std::fs::read_to_string(self.data().join("pg/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster().filter(|&pid| alive(pid)) {
            signal(pid, Signal::QUIT);
            let deadline = Instant::now() + Duration::from_secs(10);
            while alive(pid) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).ok();
}

fn program(words: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maplebridge"));
    command.args(words).arg("--data-dir").arg(data).arg("--ephemeral").current_dir("/").stdin(Stdio::null());
    command
}

/// Runs a command to its end; one that does not come to it is ended, and said.
fn run(words: &[&str], data: &Path) -> Output {
    let child = program(words, data).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let (done, ended) = std::sync::mpsc::channel();
    let watch = std::thread::spawn(move || {
        let late = ended.recv_timeout(LATE).is_err();
        if late {
            signal(pid, Signal::KILL);
        }
        late
    });
    let output = child.wait_with_output().unwrap();
    done.send(()).ok();
    assert!(!watch.join().unwrap(), "{words:?} did not end within {LATE:?}: {}", said(&output));
    output
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A running `maplebridge serve`.
struct Serving {
    child: Child,
    address: String,
    before: Vec<String>,
}

impl Serving {
    fn start(data: &Path) -> Self {
        let mut child = program(&["serve", "--listen", "127.0.0.1:0", "--json"], data).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).ok();
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut before = Vec::new();
        let ready = lines.by_ref().find(|line| {
            before.push(line.clone());
            line.starts_with('{')
        });
        let Some(ready) = ready else { panic!("serve ended before it was ready, {:?}: {}", child.wait(), errors.join().unwrap()) };
        std::thread::spawn(move || lines.for_each(drop));
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        Self { child, address: ready["address"].as_str().unwrap().to_owned(), before }
    }

    async fn status(&self, path: &str) -> Option<u16> {
        let asked = reqwest::Client::new().get(format!("{}{path}", self.address)).timeout(Duration::from_secs(5)).send().await;
        asked.ok().map(|answer| answer.status().as_u16())
    }

    async fn until(&self, path: &str, status: u16) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.status(path).await != Some(status) {
            assert!(Instant::now() < deadline, "{path} does not come to {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends the signal and waits for the end.
    fn end(&mut self, by: Signal) -> Option<i32> {
        signal(self.child.id(), by);
        let deadline = Instant::now() + LATE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "serve did not end within {LATE:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn a_first_start_shows_three_passwords_and_a_term_ends_server_and_cluster() {
    let home = Home::new();
    let mut serving = Serving::start(&home.data());
    for role in ["system", "security", "auditor"] {
        assert!(serving.before.iter().any(|line| line.trim_start().starts_with(role)), "{role} in {:?}", serving.before);
    }
    serving.until("/readyz", 200).await;
    assert_eq!(serving.status("/api/me").await, Some(401));
    let postmaster = home.postmaster().unwrap();

    let listed = run(&["user", "list"], &home.data());
    assert!(listed.status.success() && said(&listed).contains("security"), "{}", said(&listed));
    let added = run(&["user", "add", "duty", "--grant", "supervisor:990321001"], &home.data());
    assert!(added.status.success(), "{}", said(&added));
    assert_eq!(home.postmaster(), Some(postmaster), "a second command attaches");
    assert_eq!(serving.status("/readyz").await, Some(200), "and leaves without stopping it");

    assert_eq!(serving.end(Signal::TERM), Some(0));
    assert!(!alive(postmaster), "the last one stops the cluster");
    let again = Serving::start(&home.data());
    assert_eq!(again.before.len(), 1, "passwords are shown once: {:?}", again.before);
}

#[tokio::test]
async fn after_a_kill_the_next_start_takes_the_cluster_over_and_a_killed_cluster_comes_back() {
    let home = Home::new();
    let mut killed = Serving::start(&home.data());
    let postmaster = home.postmaster().unwrap();
    killed.end(Signal::KILL);
    assert!(alive(postmaster));
    let mut next = Serving::start(&home.data());
    next.until("/readyz", 200).await;
    assert_eq!(home.postmaster(), Some(postmaster));

    signal(postmaster, Signal::KILL);
    let deadline = Instant::now() + Duration::from_secs(30);
    while home.postmaster().is_none_or(|pid| pid == postmaster || !alive(pid)) {
        assert!(Instant::now() < deadline, "no other postmaster came");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    next.until("/readyz", 200).await;
    assert_eq!(next.status("/healthz").await, Some(200));
    assert_eq!(next.end(Signal::TERM), Some(0));
    assert!(home.postmaster().is_none_or(|pid| !alive(pid)));
}

#[tokio::test]
async fn a_kill_in_the_middle_of_an_import_leaves_nothing_and_the_same_cluster_takes_the_next_one() {
    let home = Home::new();
    let config = ClusterConfig { data_dir: home.data(), search: Search::new(None, std::env::var_os("PATH")), ephemeral: true };
    let cluster = tokio::task::spawn_blocking(move || Cluster::start_or_attach(&config, &mut rand::rng())).await.unwrap().unwrap();
    let files = tempfile::tempdir().unwrap();
    let (cells, doors) = (files.path().join("cells.csv"), files.path().join("doors.csv"));
    std::fs::write(&cells, "name,wkt\n格,\"POLYGON((120 29,121 29,121 30,120 30,120 29))\"\n").unwrap();
    let rows = (0..30_000).map(|door| format!("{door},{:.6},29.5\n", 120.0 + 0.00003 * f64::from(door)));
    std::fs::write(&doors, std::iter::once("门牌,lon,lat\n".to_owned()).chain(rows).collect::<String>()).unwrap();
    let (cells, doors) = (cells.to_str().unwrap(), doors.to_str().unwrap());
    let begun = run(&["import", "cells", cells, "--crs", "WGS84", "--under", "990321001001", "--make-under", "枫桥村"], &home.data());
    assert!(begun.status.success(), "{}", said(&begun));
    let postmaster = home.postmaster().unwrap();

    // Nothing can be written while this lock is held, so the kill falls between the reading and the commit.
    let mut root = cluster.endpoint().connect_options("maplebridge").connect().await.unwrap();
    let mut holder = cluster.endpoint().connect_options("maplebridge").connect().await.unwrap();
    holder.execute("begin; lock table households in exclusive mode").await.unwrap();
    let words = ["import", "households", doors, "--crs", "WGS84", "--key", "门牌"];
    let mut importing = program(&words, &home.data()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%households%'";
    let deadline = Instant::now() + Duration::from_secs(60);
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut root).await.unwrap() == 0 {
        assert!(Instant::now() < deadline && importing.try_wait().unwrap().is_none(), "the import does not come to its writing");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    importing.kill().unwrap();
    importing.wait().unwrap();
    drop(holder);
    while sqlx::query_scalar::<_, i64>(
        "select count(*) from pg_stat_activity where query like '%households%' and state <> 'idle' and pid <> pg_backend_pid()",
    )
    .fetch_one(&mut root)
    .await
    .unwrap()
        > 0
    {
        assert!(Instant::now() < deadline, "the killed import's backend does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stored = "select (select count(*) from households) + (select count(*) from safe_places)";
    assert_eq!(sqlx::query_scalar::<_, i64>(stored).fetch_one(&mut root).await.unwrap(), 0, "all or nothing");

    let next = run(&words, &home.data());
    assert!(next.status.success() && said(&next).contains("30000 inserted"), "{}", said(&next));
    assert_eq!((home.postmaster(), alive(postmaster)), (Some(postmaster), true));
    drop(root);
    tokio::task::spawn_blocking(move || cluster.stop()).await.unwrap().unwrap();
}

#[test]
fn a_taken_port_is_said_with_the_cure_before_anything_is_made() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen", &address], &home.data());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains(&address) && said(&output).contains("--listen"), "{}", said(&output));
    assert!(!home.data().exists());
}

#[test]
fn wrong_words_are_said_with_the_right_ones() {
    let home = Home::new();
    for (words, cure) in [
        (&["serve", "--demo", "village"][..], "township, county and city"),
        (&["serve", "--listen", "0.0.0.0:0"], "tls"),
        (&["migrate", "--database-url", "postgres://a:b@localhost/c"], "--owner-url"),
    ] {
        let output = run(words, &home.data());
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", said(&output));
        assert!(said(&output).to_lowercase().contains(cure), "{words:?}: {}", said(&output));
    }
    assert!(!home.data().exists());
}

/// A checksum of every row of every table, made on a cluster that this test attaches to.
async fn checksums(data: &Path, fill: Option<&str>) -> Vec<(String, i64, String)> {
    let config = ClusterConfig { data_dir: data.to_path_buf(), search: Search::new(None, std::env::var_os("PATH")), ephemeral: true };
    let cluster = tokio::task::spawn_blocking(move || Cluster::start_or_attach(&config, &mut rand::rng())).await.unwrap().unwrap();
    let mut root = cluster.endpoint().connect_options("maplebridge").connect().await.unwrap();
    if let Some(fill) = fill {
        root.execute(fill).await.unwrap();
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace
            and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by relname",
    )
    .fetch_all(&mut root)
    .await
    .unwrap();
    let mut sums = Vec::new();
    for table in tables {
        let question = format!("select '{table}', count(*), md5(coalesce(string_agg(md5(r::text), '' order by md5(r::text)), '')) from {table} r");
        sums.push(sqlx::query_as(&question).fetch_one(&mut root).await.unwrap());
    }
    drop(root);
    tokio::task::spawn_blocking(move || cluster.stop()).await.unwrap().unwrap();
    sums
}

#[tokio::test]
async fn a_backup_of_a_running_system_restores_elsewhere_to_the_same_rows() {
    let (home, other) = (Home::new(), Home::new());
    let mut serving = Serving::start(&home.data());
    let before = checksums(&home.data(), Some(include_str!("fixtures/neighbours.sql"))).await;
    assert!(before.iter().any(|(table, count, _)| table == "incidents" && *count == 16), "{before:?}");
    let file = home.0.path().join("town.dump");
    let path = file.to_str().unwrap();
    let saved = run(&["backup", path], &home.data());
    assert!(saved.status.success(), "{}", said(&saved));
    assert_eq!(serving.status("/readyz").await, Some(200));
    assert_eq!(serving.end(Signal::TERM), Some(0));

    let restored = run(&["restore", path], &other.data());
    assert!(restored.status.success(), "{}", said(&restored));
    let after = checksums(&other.data(), None).await;
    // the trail goes on by itself: the server seals, the restore is an entry
    let lasting = |all: &[(String, i64, String)]| all.iter().filter(|(table, ..)| !table.starts_with("audit_")).cloned().collect::<Vec<_>>();
    assert_eq!(lasting(&before), lasting(&after));
    let served = Serving::start(&other.data());
    assert_eq!(served.before.len(), 1, "the accounts came along: {:?}", served.before);
    served.until("/readyz", 200).await;
    drop(served);

    let verified = run(&["audit", "verify"], &other.data());
    assert!(verified.status.success() && said(&restored).contains("a key that is not here"), "{} {}", said(&restored), said(&verified));

    let again = run(&["restore", path], &other.data());
    assert!(!again.status.success(), "only into an empty database: {}", said(&again));
}

/// Runs a statement as the superuser of a private cluster that serves.
async fn by_superuser(data: &Path, statement: &str) {
    let config = ClusterConfig { data_dir: data.to_path_buf(), search: Search::new(None, std::env::var_os("PATH")), ephemeral: true };
    let cluster = tokio::task::spawn_blocking(move || Cluster::start_or_attach(&config, &mut rand::rng())).await.unwrap().unwrap();
    let mut root = cluster.endpoint().connect_options("maplebridge").connect().await.unwrap();
    root.execute(statement).await.unwrap();
    drop(root);
    tokio::task::spawn_blocking(move || cluster.stop()).await.unwrap().unwrap();
}

#[tokio::test]
async fn verify_names_what_a_superuser_did_beside_a_running_server_and_ends_with_three() {
    let home = Home::new();
    let mut serving = Serving::start(&home.data());
    for account in ["one", "two", "three"] {
        assert!(run(&["user", "add", account, "--grant", "official:990321"], &home.data()).status.success());
    }
    let verify = |words: &[&str]| run(&[&["audit", "verify", "--json"], words].concat(), &home.data());
    let outcome = |output: &Output| -> serde_json::Value { serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output))) };
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut whole = verify(&[]);
    while outcome(&whole)["good"].as_i64().unwrap() < 6 {
        assert!(Instant::now() < deadline, "the server does not seal: {}", said(&whole));
        tokio::time::sleep(Duration::from_millis(300)).await;
        whole = verify(&[]);
    }
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    let head = outcome(&whole)["head"].as_str().unwrap().to_owned();
    assert_eq!(verify(&["--head", &head]).status.code(), Some(0));
    assert_eq!(verify(&["--head", &"0".repeat(64)]).status.code(), Some(3), "a head that the chain does not hold");
    assert_eq!(verify(&["--head", "x"]).status.code(), Some(2));

    by_superuser(&home.data(), "update audit_entries set target = 'four' where target = 'two'").await;
    let tampered = run(&["audit", "verify"], &home.data());
    assert_eq!(tampered.status.code(), Some(3), "{}", said(&tampered));
    assert!(said(&tampered).contains("edited: 封存 seal 5"), "{}", said(&tampered));
    assert_eq!(outcome(&verify(&[]))["bad"][0]["kind"], "edited");
    assert_eq!(serving.end(Signal::TERM), Some(0));
    let key = std::fs::read_to_string(home.data().join("audit.key")).unwrap();
    assert!(!said(&tampered).contains(key.trim()));
}

#[test]
fn a_database_of_ones_own_wants_a_key_file() {
    let home = Home::new();
    let urls = ["--database-url", "postgres://a:b@localhost:1/c", "--feed-url", "postgres://a:b@localhost:1/c"];
    let refused = run(&[&["audit", "verify"], urls.as_slice()].concat(), &home.data());
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("--audit-key-file"), "{}", said(&refused));
}
