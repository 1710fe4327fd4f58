//! Making, starting and stopping PostgreSQL. Only the owner of the cluster comes here (`lock`).

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::account::{Account, run};
use super::binaries::{Binaries, Search};
use super::place::Place;
use super::postmaster::{self, State};
use super::{LOOK_EVERY, SUPERUSER, settings};
use crate::error::{Error, Result};

/// After a crash PostgreSQL first replays its log.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// After a `kill -9` of the postmaster its children need a moment to notice; until then a new one is refused.
const ORPHANS_GONE_WITHIN: Duration = Duration::from_secs(30);

/// Has PostgreSQL run on the place when it returns, and the place name the socket it runs with.
pub(super) fn bring_up(place: &mut Place, account: &Account, search: &Search, ephemeral: bool, password: &str) -> Result<()> {
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        match postmaster::state(&place.pg) {
            State::Ready(running) => {
                account.check_private(&running.socket_dir)?;
                place.socket_dir = running.socket_dir;
                return Ok(());
            }
            State::Busy(running) if Instant::now() > deadline => {
                return Err(Error::Usage(format!(
                    "PostgreSQL (process {}) on {} does not take connections. Look at {}; then end it with `kill {}`.",
                    running.pid,
                    place.pg.display(),
                    place.pg.join("log").display(),
                    running.pid
                )));
            }
            State::Busy(_) => std::thread::sleep(LOOK_EVERY),
            State::Down => {
                let binaries = binaries_for(place, search)?;
                if place.stored_major().is_none() {
                    make(place, account, &binaries, ephemeral, password)?;
                }
                start(place, account, &binaries, ephemeral)?;
            }
        }
    }
}

/// Stops PostgreSQL where it runs: sessions are ended, open transactions rolled back.
pub(super) fn stop(place: &Place, account: &Account, search: &Search) -> Result<()> {
    if postmaster::state(&place.pg) == State::Down {
        return Ok(());
    }
    let mut command = account.command(&binaries_for(place, search)?.program("pg_ctl"));
    command.args(["stop", "-s", "-w", "-t", "60", "-m", "fast", "-D"]).arg(&place.pg);
    run(command, "stop PostgreSQL")?;
    if !place.socket_dir.starts_with(&place.root) {
        // Nothing but the socket was in it; a start makes it again.
        std::fs::remove_dir(&place.socket_dir).ok();
    }
    Ok(())
}

/// The programs for the data that is there, or for data to be made.
fn binaries_for(place: &Place, search: &Search) -> Result<Binaries> {
    let stored = place.stored_major();
    let binaries = Binaries::locate(search, stored)?;
    match stored {
        Some(made_by) if made_by != binaries.major => Err(Error::Usage(other_version(&place.root, made_by, binaries.major))),
        _ => Ok(binaries),
    }
}

fn other_version(root: &Path, made_by: u32, here: u32) -> String {
    let root = root.display();
    format!(
        "the data in {root} was made by PostgreSQL {made_by}; here is PostgreSQL {here}, which cannot read it. Install the old one beside it:\n  \
         sudo apt-get install postgresql-{made_by} postgresql-{made_by}-postgis-3\n\
         and maplebridge uses it. To move to PostgreSQL {here}, with both installed:\n  \
         maplebridge backup --data-dir {root} --pg-bin /usr/lib/postgresql/{made_by}/bin maplebridge.dump\n  \
         mv {root} {root}.{made_by}\n  \
         maplebridge restore --data-dir {root} --pg-bin /usr/lib/postgresql/{here}/bin maplebridge.dump"
    )
}

/// Makes the data beside its place and moves it there when it is whole, so that a broken-off start leaves nothing half made.
fn make(place: &Place, account: &Account, binaries: &Binaries, ephemeral: bool, password: &str) -> Result<()> {
    let doing = "make the database cluster";
    let (new, pw) = (place.root.join("pg.new"), place.root.join("initdb.pw"));
    if new.exists() {
        std::fs::remove_dir_all(&new).map_err(Error::internal(doing))?;
    }
    std::fs::remove_file(&pw).ok();
    account.private_dir(&new)?;
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&pw).map_err(Error::internal(doing))?;
    file.write_all(password.as_bytes()).map_err(Error::internal(doing))?;
    account.own(&pw)?;
    let mut command = account.command(&binaries.program("initdb"));
    command
        .args(["--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8", "--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C"])
        .args(["--auth=scram-sha-256", "--data-checksums", "--text-search-config=simple", "--username", SUPERUSER])
        .arg("--pwfile")
        .arg(&pw)
        .arg("-D")
        .arg(&new);
    if ephemeral {
        command.arg("--no-sync");
    }
    let made = run(command, doing);
    std::fs::remove_file(&pw).ok();
    made?;
    // Written by PostgreSQL's account: root follows no link that account could lay.
    write_as(account, &new.join("pg_hba.conf"), ">", settings::HBA)?;
    write_as(
        account,
        &new.join("postgresql.conf"),
        ">>",
        "\n# maplebridge's settings; yours below this line override them\ninclude '../postgresql.conf'\n",
    )?;
    std::fs::rename(&new, &place.pg).map_err(Error::internal(doing))
}

fn write_as(account: &Account, path: &Path, how: &str, text: &str) -> Result<()> {
    let doing = "write PostgreSQL's settings";
    let mut command = account.command(Path::new("/bin/sh"));
    command.args(["-c", &format!("cat {how} \"$0\"")]).arg(path).stdin(Stdio::piped());
    let mut child = command.spawn().map_err(Error::internal(doing))?;
    child.stdin.take().expect("the input was asked for above").write_all(text.as_bytes()).map_err(Error::internal(doing))?;
    let status = child.wait().map_err(Error::internal(doing))?;
    if status.success() { Ok(()) } else { Err(Error::Usage(format!("could not write {}: is the disk full?", path.display()))) }
}

fn start(place: &Place, account: &Account, binaries: &Binaries, ephemeral: bool) -> Result<()> {
    account.private_dir(&place.socket_dir)?;
    std::fs::write(place.root.join("postgresql.conf"), settings::conf(&place.socket_dir, ephemeral))
        .map_err(Error::internal("write PostgreSQL's settings"))?;
    let log = place.pg.join("startup.log");
    let deadline = Instant::now() + ORPHANS_GONE_WITHIN;
    loop {
        postmaster::clear_leftovers(&place.pg, &place.socket());
        let before = std::fs::metadata(&log).map_or(0, |meta| meta.len());
        let mut command = account.command(&binaries.program("pg_ctl"));
        command.args(["start", "-s", "-w", "-t", &READY_WITHIN.as_secs().to_string(), "-D"]).arg(&place.pg).arg("-l").arg(&log);
        let Err(failed) = run(command, "start PostgreSQL") else { return Ok(()) };
        let said = std::fs::read(&log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said[usize::try_from(before).map_or(0, |at| at.min(said.len()))..]).into_owned();
        if !(said.contains("shared memory block") && Instant::now() < deadline) {
            return Err(Error::Usage(format!("{failed}\n{}", said.trim())));
        }
        std::thread::sleep(LOOK_EVERY * 4);
    }
}
