//! What breaks off at any moment loses nothing that was said to be stored, and leaves nothing half written.
//!
//! `MAPLEBRIDGE_FAULT_RUNS` runs of each kind of fault; few where it is not set, a hundred for the record.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, IF_MATCH};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::feed_support::Dice;
use crate::support::server::{Server, ready};
use crate::support::skip::skip;

const LATE: Duration = Duration::from_secs(60);

fn runs() -> u32 {
    std::env::var("MAPLEBRIDGE_FAULT_RUNS").ok().map_or(3, |text| text.parse().unwrap())
}

/// The program on the database of a server of the test's own.
struct Program<'a> {
    server: &'a Server,
    home: &'a Path,
}

impl Program<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maplebridge"));
        command.args(words).current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.arg("--database-url").arg(self.server.url("maplebridge_app", "town"));
        command.arg("--feed-url").arg(self.server.url("maplebridge_feed", "town"));
        command.arg("--audit-key-file").arg(self.home.join("audit.key"));
        command
    }

    fn said(&self, words: &[&str]) -> String {
        let output = self.command(words).stderr(Stdio::piped()).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{words:?}: {text}");
        text
    }

    /// Starts `serve`; the address it says.
    fn serve(&self) -> (Child, String) {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0", "--json"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready = lines.by_ref().find(|line| line.starts_with('{')).expect("serve says its address");
        std::thread::spawn(move || lines.for_each(drop));
        let ready: Value = serde_json::from_str(&ready).unwrap();
        (child, ready["address"].as_str().unwrap().to_owned())
    }
}

/// One facility edited over and over, and what of it was said to be stored.
struct Edits {
    address: std::sync::Mutex<String>,
    token: String,
    path: String,
    acknowledged: AtomicI64,
    refused: AtomicI64,
    stop: AtomicBool,
}

impl Edits {
    fn url(&self) -> String {
        format!("{}{}", self.address.lock().unwrap(), self.path)
    }

    /// The facility as the server tells it now: its ETag and its capacity. None while the server is away.
    async fn read(&self, client: &reqwest::Client) -> Option<(String, i64)> {
        let answer = client.get(self.url()).header(AUTHORIZATION, format!("Bearer {}", self.token)).send().await.ok()?;
        let tag = answer.headers().get("etag")?.to_str().ok()?.to_owned();
        let body: Value = answer.json().await.ok()?;
        Some((tag, body["properties"]["capacity"].as_i64()?))
    }

    /// Counts the capacity up, one edit at a time, whatever happens between.
    async fn go_on(&self) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap();
        while !self.stop.load(Ordering::SeqCst) {
            let Some((tag, capacity)) = self.read(&client).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let body = json!({ "properties": { "capacity": capacity + 1 } });
            let asked = client.patch(self.url()).header(AUTHORIZATION, format!("Bearer {}", self.token)).header(IF_MATCH, tag).json(&body);
            if let Ok(answer) = asked.send().await
                && answer.status().is_success()
            {
                self.acknowledged.store(capacity + 1, Ordering::SeqCst);
            } else {
                self.refused.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// Waits for a true answer of the database.
async fn until(server: &Server, what: &str, question: &str) {
    let deadline = Instant::now() + LATE;
    loop {
        let answer: bool = sqlx::query_scalar(question).fetch_one(&mut server.connect("postgres").await).await.unwrap();
        if answer {
            return;
        }
        assert!(Instant::now() < deadline, "after a minute still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What befalls a running system.
#[derive(Clone, Copy)]
enum Fault {
    Program,
    Database,
    Feed,
    Disk,
}

/// Edits a facility without a pause while faults come, and holds what is stored against what was acknowledged.
async fn torture(server: &Server, faults: &[Fault]) {
    server.build().await;
    let home = tempfile::tempdir().unwrap();
    let program = Program { server, home: home.path() };
    program.said(&["user", "add", "hand", "--grant=centre:990321", "--grant=planner:990321"]);
    server.connect("postgres").await.execute("update users set must_change_password = false; update facilities set capacity = 0").await.unwrap();
    let token = program.said(&["token", "hand"]);
    let token = token.split_whitespace().find(|word| word.len() > 30).unwrap().to_owned();
    let key: i64 = sqlx::query_scalar("select min(facility_id) from facilities").fetch_one(&mut server.connect("postgres").await).await.unwrap();
    let (mut child, address) = program.serve();
    let edits = Arc::new(Edits {
        address: std::sync::Mutex::new(address),
        token,
        path: format!("/api/facilities/{key}"),
        acknowledged: AtomicI64::new(0),
        refused: AtomicI64::new(0),
        stop: AtomicBool::new(false),
    });
    let hand = tokio::spawn({
        let edits = Arc::clone(&edits);
        async move { edits.go_on().await }
    });
    let follower = server.model().await;
    let mut dice = Dice(20_261_124);
    for (run, fault) in faults.iter().enumerate() {
        let before = edits.acknowledged.load(Ordering::SeqCst);
        let deadline = Instant::now() + LATE;
        while edits.acknowledged.load(Ordering::SeqCst) < before + 2 {
            assert!(Instant::now() < deadline, "run {run}: edits do not go on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_micros(u64::from(dice.roll(40_000)))).await;
        match fault {
            Fault::Program => {
                child.kill().unwrap();
                child.wait().unwrap();
                let (next, address) = program.serve();
                child = next;
                *edits.address.lock().unwrap() = address;
            }
            Fault::Database => {
                server.crash();
                server.start();
            }
            Fault::Feed => {
                let statement = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'maplebridge feed'";
                server.connect("postgres").await.execute(statement).await.unwrap();
            }
            Fault::Disk => {
                let ballast = server.dir.join("ballast");
                fill(&ballast, u64::from(dice.roll(96)) * 1024);
                let deadline = Instant::now() + Duration::from_secs(2);
                let refused = edits.refused.load(Ordering::SeqCst);
                while edits.refused.load(Ordering::SeqCst) < refused + 2 && Instant::now() < deadline {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                std::fs::remove_file(&ballast).unwrap();
                server.start_again().await;
            }
        }
        let acknowledged = edits.acknowledged.load(Ordering::SeqCst);
        let question = format!(
            "select count(*) = 1 and bool_and(f.capacity >= {acknowledged}
                    and f.capacity = (select count(*) from audit_entries where action = 'facility.update'))
               from facilities f where facility_id = {key} and valid_to is null"
        );
        until(server, "what was acknowledged is stored, and each edit has its entry", &question).await;
    }
    edits.stop.store(true, Ordering::SeqCst);
    hand.await.unwrap();
    follower.wait_fresh_within(LATE).await.unwrap();
    assert_eq!(follower.model().digest(), server.model().await.model().digest(), "the read model equals the database");
    let (_, told) = edits.read(&reqwest::Client::new()).await.unwrap();
    assert!(told >= edits.acknowledged.load(Ordering::SeqCst));
    child.kill().unwrap();
    child.wait().unwrap();
    program.said(&["audit", "verify"]);
}

/// Fills the disk but for some bytes.
fn fill(ballast: &Path, but: u64) {
    let mut file = std::fs::File::create(ballast).unwrap();
    let block = vec![0_u8; 64 * 1024];
    while file.write_all(&block).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(but)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_survive_kills_of_the_program_of_the_database_and_of_the_feed() {
    let Some((bin, dirs)) = ready().await else { return };
    let server = Server::primary(&bin, dirs[0].path());
    torture(&server, &[Fault::Program, Fault::Database, Fault::Feed].repeat(runs() as usize)).await;
}

/// A small disk of its own; unmounted when dropped.
struct SmallDisk<'a>(&'a Path);

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0).status().ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_survive_a_full_disk() {
    let Some((bin, dirs)) = ready().await else { return };
    let directory = dirs[0].path();
    let mounted = rustix::process::geteuid().is_root()
        && Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=160m,mode=777", "tmpfs"])
            .arg(directory)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !mounted {
        skip("a small disk cannot be mounted here");
        return;
    }
    let _disk = SmallDisk(directory);
    let server = Server::primary(&bin, directory);
    torture(&server, &[Fault::Disk].repeat(runs() as usize)).await;
    let log = std::fs::read_to_string(directory.join("log")).unwrap();
    let refused = log.matches("No space left on device").count() + log.matches("Check free disk space").count();
    println!("{refused} writes met a full disk");
    assert!(refused > 0, "the disk was never full: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_killed_at_any_moment_leaves_all_of_it_or_nothing() {
    let Some((bin, dirs)) = ready().await else { return };
    let server = Server::primary(&bin, dirs[0].path());
    server.build().await;
    let home = tempfile::tempdir().unwrap();
    let program = Program { server: &server, home: home.path() };
    let follower = server.model().await;
    let file = home.path().join("doors.csv");
    let rows = (0..4_000).map(|door| format!("D{door},{:.6},29.005\n", 120.001 + 0.000_004 * f64::from(door)));
    std::fs::write(&file, std::iter::once("门牌,lon,lat\n".to_owned()).chain(rows).collect::<String>()).unwrap();
    let words = ["import", "households", file.to_str().unwrap(), "--crs", "WGS84", "--key", "门牌"];
    let stored = "select count(*) from households where origin_key is not null";
    let clear = "delete from households where origin_key is not null";
    let mut root = server.connect("postgres").await;
    let count: i64 = sqlx::query_scalar(stored).fetch_one(&mut root).await.unwrap();
    let whole = {
        let began = Instant::now();
        program.said(&words);
        began.elapsed()
    };
    assert_eq!(sqlx::query_scalar::<_, i64>(stored).fetch_one(&mut root).await.unwrap(), count + 4_000);
    let mut dice = Dice(412);
    let (mut none, mut all) = (0, 0);
    for run in 0..runs() {
        root.execute(clear).await.unwrap();
        let mut child = program.command(&words).spawn().unwrap();
        tokio::time::sleep(whole.mul_f64(f64::from(dice.roll(1_200)) / 1_000.0)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        until(&server, "its backend is gone", "select count(*) = 0 from pg_stat_activity where usename = 'maplebridge_app'").await;
        match sqlx::query_scalar::<_, i64>(stored).fetch_one(&mut root).await.unwrap() {
            0 => none += 1,
            4_000 => all += 1,
            other => panic!("run {run}: {other} of 4000 rows are there"),
        }
    }
    assert_eq!(none + all, runs());
    println!("{none} imports left nothing, {all} everything");
    follower.wait_fresh_within(LATE).await.unwrap();
    assert_eq!(follower.model().digest(), server.model().await.model().digest(), "the read model equals the database");
}
