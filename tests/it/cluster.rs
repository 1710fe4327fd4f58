//! The private PostgreSQL through everything that befalls it: other users, crashes, long paths, other versions.
//!
//! Where a second process is needed, this test binary starts itself again: `child` below is a small `serve`.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use maplebridge::db::cluster::backup::{Target, backup, restore};
use maplebridge::db::cluster::{Cluster, ClusterConfig, Search};
use maplebridge::error::{Error, Result};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::skip::skip;

const CHILD_DIR: &str = "MAPLEBRIDGE_TEST_CHILD_DIR";
const NOBODY: u32 = 65534;

/// A directory PostgreSQL's account may pass through.
fn temp() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    dir
}

fn config(data_dir: &Path) -> ClusterConfig {
    ClusterConfig { data_dir: data_dir.to_path_buf(), search: Search::new(None, std::env::var_os("PATH")), ephemeral: true }
}

fn start(data_dir: &Path) -> Result<Cluster> {
    Cluster::start_or_attach(&config(data_dir), &mut rand::rng())
}

fn usage(outcome: Result<Cluster>) -> String {
    match outcome {
        Err(Error::Usage(message)) => message,
        other => panic!("a usage error was expected, not {other:?}"),
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

fn until(what: &str, mut true_yet: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !true_yet() {
        assert!(Instant::now() < deadline, "after a minute still not: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

async fn ask(cluster: &Cluster, database: &str, query: &str) -> String {
    let mut connection = PgConnection::connect_with(&cluster.endpoint().connect_options(database)).await.unwrap();
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

async fn tell(cluster: &Cluster, database: &str, statements: &str) {
    let mut connection = PgConnection::connect_with(&cluster.endpoint().connect_options(database)).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
}

/// A second process on a data directory.
struct Running {
    child: Child,
    postmaster: u32,
    owns: bool,
}

impl Running {
    fn start(program: &Path, data_dir: &Path, uid: Option<u32>) -> Self {
        let mut command = Command::new(program);
        command.args(["cluster::child", "--exact", "--ignored", "--nocapture"]).env(CHILD_DIR, data_dir).current_dir("/").stdout(Stdio::piped());
        if let Some(uid) = uid {
            command.uid(uid).gid(uid);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map(|line| line.unwrap()).find(|line| line.contains("READY ")).expect("the child became ready");
        std::thread::spawn(move || lines.for_each(drop));
        let mut words = ready.split("READY ").nth(1).unwrap().split_whitespace();
        Self { child, postmaster: words.next().unwrap().parse().unwrap(), owns: words.next() == Some("true") }
    }

    fn here(data_dir: &Path) -> Self {
        Self::start(&std::env::current_exe().unwrap(), data_dir, None)
    }

    fn end(&mut self, by: Signal) {
        signal(self.child.id(), by);
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A small `serve`: starts or attaches, watches, and leaves on SIGTERM.
#[tokio::test]
#[ignore = "a helper process: the tests beside it start it"]
async fn child() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    let cluster = Arc::new(start(Path::new(&dir)).unwrap());
    let done = CancellationToken::new();
    let watch = tokio::spawn(Arc::clone(&cluster).watch(Duration::from_millis(100), done.clone()));
    println!("READY {} {}", cluster.postmaster_pid().unwrap(), cluster.owns());
    terminated.recv().await;
    done.cancel();
    watch.await.unwrap();
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_first_start_makes_a_cluster_that_only_its_password_opens() {
    let dir = temp();
    let cluster = start(&dir.path().join("data")).unwrap();
    assert!(cluster.owns());
    assert_eq!(ask(&cluster, "postgres", "show listen_addresses").await, "");
    assert_eq!(ask(&cluster, "postgres", "show server_encoding").await, "UTF8");
    assert_eq!(ask(&cluster, "postgres", "select string_agg(distinct auth_method, ',') from pg_hba_file_rules").await, "scram-sha-256");
    assert_eq!(ask(&cluster, "postgres", "select upper('é')").await, "É");
    let wrong = cluster.endpoint().connect_options("postgres").password("guess");
    assert!(PgConnection::connect_with(&wrong).await.is_err());
    let postmaster = cluster.postmaster_pid().unwrap();
    cluster.stop().unwrap();
    cluster.stop().unwrap();
    assert!(!alive(postmaster));
    let again = start(&dir.path().join("data")).unwrap();
    assert_eq!(again.endpoint().password, cluster.endpoint().password);
    assert_eq!(ask(&again, "postgres", "select 'still there'").await, "still there");
}

#[test]
fn started_by_root_postgresql_runs_as_postgres() {
    if !is_root() {
        return skip("not root: starting the cluster as root");
    }
    let dir = temp();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap(); // as root's home is
    let message = usage(start(&dir.path().join("data")));
    assert!(message.contains("`postgres` may not enter") && message.contains("--data-dir"), "{message}");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    // An empty directory that the operator made for it is opened up as far as it must be.
    std::fs::remove_dir_all(dir.path().join("data")).unwrap();
    std::fs::DirBuilder::new().mode(0o700).create(dir.path().join("data")).unwrap();
    let cluster = start(&dir.path().join("data")).unwrap();
    let process = std::fs::metadata(format!("/proc/{}", cluster.postmaster_pid().unwrap())).unwrap();
    assert_ne!(process.uid(), 0);
    let mode = |path: &str| std::fs::metadata(cluster.data_dir().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("secrets.json"), mode("pg"), mode("run")), (0o600, 0o700, 0o700));
}

#[test]
fn started_by_a_plain_user_postgresql_runs_as_that_user() {
    if !is_root() {
        return skip("not root: starting the cluster as another user (every other test here ran as a plain user)");
    }
    let dir = temp();
    // The build may lie where another user cannot go, such as root's home.
    let program = dir.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let home = dir.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut running = Running::start(&program, &home.join(".local/share/maplebridge/county"), Some(NOBODY));
    assert_eq!(std::fs::metadata(format!("/proc/{}", running.postmaster)).unwrap().uid(), NOBODY);
    let message = usage(start(&home.join(".local/share/maplebridge/county")));
    assert!(message.contains("belongs to user 65534"), "{message}");
    running.end(Signal::TERM);
    assert!(!alive(running.postmaster));
}

#[tokio::test]
async fn killed_without_warning_the_owner_leaves_postgresql_to_the_next() {
    let dir = temp();
    let data = dir.path().join("data");
    let mut owner = Running::here(&data);
    assert!(owner.owns);
    owner.end(Signal::KILL);
    assert!(alive(owner.postmaster));
    let next = start(&data).unwrap();
    assert_eq!((next.postmaster_pid(), next.owns()), (Some(owner.postmaster), true));
    assert_eq!(ask(&next, "postgres", "select 'at work'").await, "at work");
    next.stop().unwrap();
    assert!(!alive(owner.postmaster));
}

#[tokio::test]
async fn a_killed_postgresql_is_started_again_with_what_was_committed() {
    let dir = temp();
    let data = dir.path().join("data");
    let owner = Running::here(&data);
    let guest = start(&data).unwrap();
    tell(&guest, "postgres", "create table kept (word text); insert into kept values ('committed')").await;
    signal(owner.postmaster, Signal::KILL);
    until("another postmaster runs", || guest.postmaster_pid().is_some_and(|pid| pid != owner.postmaster));
    assert_eq!(ask(&guest, "postgres", "select word from kept").await, "committed");
    assert!(!guest.ensure_running().unwrap(), "the owner does it, not the guest");
}

#[test]
fn a_second_command_attaches_and_leaves_without_stopping_it() {
    let dir = temp();
    let data = dir.path().join("data");
    let mut owner = Running::here(&data);
    let mut second = Running::here(&data);
    assert_eq!((second.postmaster, second.owns), (owner.postmaster, false));
    second.end(Signal::TERM);
    assert!(alive(owner.postmaster));
    owner.end(Signal::TERM);
    assert!(!alive(owner.postmaster));
}

#[test]
fn an_owner_that_goes_first_hands_over_and_the_last_one_stops_it() {
    let dir = temp();
    let data = dir.path().join("data");
    let mut owner = Running::here(&data);
    let guest = start(&data).unwrap();
    owner.end(Signal::TERM);
    assert!(alive(owner.postmaster), "a guest is at work");
    assert!(!guest.ensure_running().unwrap());
    assert!(guest.owns());
    signal(owner.postmaster, Signal::KILL);
    until("the postmaster is gone", || !alive(owner.postmaster));
    // a child that was just being forked keeps the socket for a moment
    until("the new owner starts it again", || guest.ensure_running().unwrap());
    let restarted = guest.postmaster_pid().unwrap();
    drop(guest);
    assert!(!alive(restarted));
}

#[test]
fn two_first_starts_at_once_make_one_cluster() {
    let dir = temp();
    let data = dir.path().join("data");
    let clusters: Vec<Cluster> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| start(&data).unwrap())).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(clusters.iter().filter(|it| it.owns()).count(), 1);
    assert!(clusters.iter().all(|it| it.postmaster_pid() == clusters[0].postmaster_pid()));
}

#[test]
fn a_pid_file_left_by_a_crash_does_not_keep_it_from_starting() {
    let dir = temp();
    let data = dir.path().join("data");
    start(&data).unwrap().stop().unwrap();
    // The number now belongs to a stranger: this very process.
    let me = std::process::id();
    let text = format!("{me}\n{}\n1700000000\n5432\n{}\n\n  5432001  3\nready   \n", data.join("pg").display(), data.join("run").display());
    std::fs::write(data.join("pg/postmaster.pid"), text).unwrap();
    let cluster = start(&data).unwrap();
    assert!(cluster.postmaster_pid().is_some_and(|pid| pid != me));
}

#[test]
fn missing_programs_are_named_with_the_cure() {
    let (dir, empty) = (temp(), temp());
    let nowhere = Search { pg_bin: None, roots: vec![], path: Some(empty.path().into()) };
    let message = usage(Cluster::start_or_attach(&ClusterConfig { search: nowhere, ..config(&dir.path().join("data")) }, &mut rand::rng()));
    assert!(message.contains("sudo apt-get install postgresql") && message.contains("--database-url"), "{message}");
    assert!(!dir.path().join("data/pg").exists(), "nothing half made stays");
}

#[test]
fn data_of_another_major_version_is_refused_with_the_way_over() {
    let dir = temp();
    let data = dir.path().join("data");
    start(&data).unwrap().stop().unwrap();
    std::fs::write(data.join("pg/PG_VERSION"), "12\n").unwrap();
    let message = usage(start(&data));
    for part in ["made by PostgreSQL 12", "postgresql-12-postgis-3", "maplebridge backup", "maplebridge restore"] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert_eq!(std::fs::read_to_string(data.join("pg/PG_VERSION")).unwrap(), "12\n", "left as it was");
}

#[tokio::test]
async fn a_data_directory_with_a_long_path_works() {
    let dir = temp();
    let data: PathBuf = dir.path().join("a directory with a long name/治理网格/".repeat(4)).join("it's here");
    let cluster = start(&data).unwrap();
    assert!(cluster.endpoint().socket_dir.as_os_str().len() <= 93);
    assert_eq!(ask(&cluster, "postgres", "select 'reached'").await, "reached");
    let guest = start(&data).unwrap();
    assert_eq!(guest.postmaster_pid(), cluster.postmaster_pid());
    let socket_dir = cluster.endpoint().socket_dir.clone();
    drop((guest, cluster));
    assert!(!socket_dir.exists(), "nothing is left outside the data directory");
}

#[tokio::test]
async fn a_backup_restores_to_equal_checksums_and_only_into_an_empty_database() {
    const CHECKSUM: &str = "select md5(string_agg(place::text, '|' order by id)) || ' ' || (select count(*) from pg_policies) from places";
    let dir = temp();
    let cluster = start(&dir.path().join("data")).unwrap();
    tell(&cluster, "postgres", "create database \"from\"").await;
    tell(&cluster, "postgres", "create database \"to\"").await;
    tell(
        &cluster,
        "from",
        "create extension postgis;
         create table places (id bigint generated always as identity primary key, place geometry(point, 4326) not null, note text);
         alter table places enable row level security, force row level security;
         create policy nobody on places using (false);
         insert into places (place, note) select st_setsrid(st_makepoint(120 + i / 1000.0, 30), 4326), '枫桥' || i from generate_series(1, 500) i",
    )
    .await;
    let search = Search::new(None, std::env::var_os("PATH"));
    let file = dir.path().join("maplebridge.dump");
    let (from, to) = (Target::embedded(cluster.endpoint(), "from"), Target::embedded(cluster.endpoint(), "to"));
    assert!(backup(&from, &search, &file).unwrap() > 1000);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(backup(&from, &search, &file), Err(Error::Usage(_))), "an older backup is not overwritten");
    restore(&to, &search, &file).unwrap();
    assert_eq!(ask(&cluster, "to", CHECKSUM).await, ask(&cluster, "from", CHECKSUM).await);
    assert!(matches!(restore(&to, &search, &file), Err(Error::Usage(message)) if message.contains("not empty")));
}
