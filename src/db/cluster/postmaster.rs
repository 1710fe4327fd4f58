//! Whether PostgreSQL runs on a data directory: `postmaster.pid` is believed only when its process, its start and its socket bear it out.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// `USER_HZ`: what `/proc/<pid>/stat` counts in, on every Linux that PostgreSQL's packages are built for.
const TICKS_PER_S: i64 = 100;
/// PostgreSQL notes its start a moment after its process began; a loaded machine may take seconds.
const START_TOLERANCE_S: i64 = 15;

/// What `postmaster.pid` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    data_dir: PathBuf,
    started_at_s: i64,
    pub(super) socket_dir: PathBuf,
    status: String,
}

/// What is true of a data directory at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Takes connections.
    Ready(PidFile),
    /// The process is there and does not take connections yet, or no longer.
    Busy(PidFile),
    /// Nothing runs; a `postmaster.pid` that lies there is left from a crash.
    Down,
}

/// Looks at a data directory of PostgreSQL.
pub(super) fn state(pg: &Path) -> State {
    let Some(file) = std::fs::read_to_string(pg.join("postmaster.pid")).ok().as_deref().and_then(parse) else {
        return State::Down;
    };
    // A socket in a directory nobody else may enter answers for its postmaster, whatever the clocks say.
    let answers = UnixStream::connect(file.socket_dir.join(format!(".s.PGSQL.{}", super::place::PORT))).is_ok();
    match (answers, answers || is_that_process(&file, pg)) {
        (true, _) if file.status == "ready" => State::Ready(file),
        (_, true) => State::Busy(file),
        (_, false) => State::Down,
    }
}

/// Removes what a crash left, so that a stranger with the same process number does not keep PostgreSQL from starting.
/// Only to be called when `state` says `Down`.
pub(super) fn clear_leftovers(pg: &Path, socket: &Path) {
    let mut lock = socket.as_os_str().to_owned();
    lock.push(".lock");
    for path in [&pg.join("postmaster.pid"), Path::new(&lock), socket] {
        // What is not there need not be removed; what cannot be removed PostgreSQL itself will name.
        std::fs::remove_file(path).ok();
    }
}

fn is_that_process(file: &PidFile, pg: &Path) -> bool {
    let Some(stat) = Stat::of(file.pid) else { return false };
    if stat.name != "postgres" || stat.dead {
        return false;
    }
    let began_then = stat.started_at_s().is_some_and(|at| (at - file.started_at_s).abs() <= START_TOLERANCE_S);
    let names_the_directory = std::fs::read(format!("/proc/{}/cmdline", file.pid))
        .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == pg.as_os_str().as_encoded_bytes()));
    file.data_dir == pg && (began_then || names_the_directory)
}

/// When a process began, seconds since 1970.
pub(super) fn process_started_at(pid: u32) -> Option<i64> {
    Stat::of(pid)?.started_at_s()
}

/// The lines: process, data directory, start, port, socket directory, address, shared memory, status.
fn parse(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    Some(PidFile {
        pid: lines.first()?.parse().ok().filter(|pid| *pid > 0)?,
        data_dir: PathBuf::from(lines.get(1)?),
        started_at_s: lines.get(2)?.parse().ok()?,
        socket_dir: PathBuf::from(lines.get(4)?),
        status: (*lines.get(7).unwrap_or(&"")).to_owned(),
    })
}

struct Stat {
    name: String,
    dead: bool,
    ticks: i64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// `123 (a name) S 1 …`; the name may hold blanks and brackets, the 22nd field is the start in ticks since boot.
    fn parse(line: &str) -> Option<Self> {
        let (head, tail) = line.rsplit_once(')')?;
        let fields: Vec<&str> = tail.split_whitespace().collect();
        Some(Self { name: head.split_once('(')?.1.to_owned(), dead: matches!(*fields.first()?, "Z" | "X"), ticks: fields.get(19)?.parse().ok()? })
    }

    fn started_at_s(&self) -> Option<i64> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let boot: i64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(boot + self.ticks / TICKS_PER_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid_file(pid: u32, dir: &Path, started_at_s: i64) -> String {
        format!("{pid}\n{}\n{started_at_s}\n5432\n{}/run\n\n  1234  5\nready   \n", dir.display(), dir.display())
    }

    #[test]
    fn a_pid_file_is_read_line_by_line() {
        let file = parse(&pid_file(77, Path::new("/x"), 1_700_000_000)).unwrap();
        assert_eq!((file.pid, file.started_at_s, file.status.as_str()), (77, 1_700_000_000, "ready"));
        assert_eq!(file.socket_dir, Path::new("/x/run"));
        assert_eq!(parse("12\n"), None, "half written");
    }

    #[test]
    fn a_process_name_may_hold_brackets_and_blanks() {
        let stat = Stat::parse("7 (a) b) c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 10").unwrap();
        assert_eq!((stat.name.as_str(), stat.ticks, stat.dead), ("a) b) c", 4711, false));
    }

    #[test]
    fn a_pid_that_now_belongs_to_a_stranger_is_stale() {
        let dir = tempfile::tempdir().unwrap();
        let me = std::process::id();
        let began = process_started_at(me).unwrap();
        std::fs::write(dir.path().join("postmaster.pid"), pid_file(me, dir.path(), began)).unwrap();
        assert_eq!(state(dir.path()), State::Down);
        clear_leftovers(dir.path(), &dir.path().join("run/.s.PGSQL.5432"));
        assert!(!dir.path().join("postmaster.pid").exists());
    }
}
