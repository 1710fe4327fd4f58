//! Finds PostgreSQL's programs: the newest that has PostGIS beside it, or those the operator names.
//!
//! Debian keeps them under `/usr/lib/postgresql/<major>/bin`, off the `PATH`; other systems have them on the `PATH`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};

const SERVER: &[&str] = &["initdb", "pg_ctl", "postgres"];
const CLIENTS: &[&str] = &["pg_dump", "pg_restore", "psql"];

/// Where to look for PostgreSQL.
#[derive(Debug, Clone)]
pub struct Search {
    /// The one directory to look in, as given by `--pg-bin`; nothing else is tried.
    pub pg_bin: Option<PathBuf>,
    /// Directories with one folder per major version, each with a `bin`.
    pub roots: Vec<PathBuf>,
    /// The value of `PATH`.
    pub path: Option<OsString>,
}

impl Search {
    /// Debian's place, then `path` (the value of `PATH`), unless `pg_bin` names the directory.
    pub fn new(pg_bin: Option<PathBuf>, path: Option<OsString>) -> Self {
        Self { pg_bin, roots: vec![PathBuf::from("/usr/lib/postgresql")], path }
    }

    /// The directories that hold all of `programs`, newest version first, each once.
    fn directories(&self, programs: &[&str]) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        if let Some(dir) = &self.pg_bin {
            found.push(dir.clone());
        } else {
            for root in &self.roots {
                let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(root)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
                    .collect();
                versions.sort_by(|a, b| b.cmp(a));
                found.extend(versions.into_iter().map(|(_, dir)| dir));
            }
            // A `PATH` entry is often a link (`/usr/local/bin/initdb`): PostgreSQL finds its other programs beside the real file.
            for dir in self.path.iter().flat_map(std::env::split_paths) {
                if let Some(real) = std::fs::canonicalize(dir.join(programs[0])).ok().as_deref().and_then(Path::parent) {
                    found.push(real.to_path_buf());
                }
            }
        }
        let mut once: Vec<PathBuf> = Vec::new();
        for dir in found {
            if programs.iter().all(|program| dir.join(program).is_file()) && !once.contains(&dir) {
                once.push(dir);
            }
        }
        once
    }
}

/// A directory with PostgreSQL's server programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The directory that holds `initdb`, `pg_ctl` and `postgres`.
    pub dir: PathBuf,
    /// The major version, as in `PG_VERSION`.
    pub major: u32,
}

impl Binaries {
    /// The server programs to use: of `wanted`, the major version that made the data, where they are installed, else the newest.
    /// Only versions with PostGIS count. Nothing found: `Usage` with the command that installs it.
    pub fn locate(search: &Search, wanted: Option<u32>) -> Result<Self> {
        let servers: Vec<Self> =
            search.directories(SERVER).into_iter().filter_map(|dir| major_of(&dir.join("postgres")).map(|major| Self { dir, major })).collect();
        let with_postgis: Vec<&Self> = servers.iter().filter(|it| it.has_postgis()).collect();
        let chosen = with_postgis.iter().find(|it| Some(it.major) == wanted).or_else(|| with_postgis.iter().max_by_key(|it| it.major));
        match (chosen, servers.first()) {
            (Some(&found), _) => Ok(found.clone()),
            (None, Some(bare)) => Err(Error::Usage(format!(
                "PostgreSQL {} in {} has no PostGIS. Install it:\n  sudo apt-get install postgresql-{}-postgis-3\n\
                 or give a PostGIS database with --database-url.",
                bare.major,
                bare.dir.display(),
                bare.major
            ))),
            (None, None) => Err(Error::Usage(match &search.pg_bin {
                Some(dir) => format!(
                    "{} holds no PostgreSQL server (initdb, pg_ctl, postgres). Give --pg-bin the directory that does, such as \
                     /usr/lib/postgresql/15/bin, or leave it out and install PostgreSQL:\n  sudo apt-get install postgresql postgis postgresql-postgis",
                    dir.display()
                ),
                None => "PostgreSQL is not installed. Install it with PostGIS:\n  sudo apt-get install postgresql postgis postgresql-postgis\n\
                         or say where it is with --pg-bin, or give a database with --database-url."
                    .to_owned(),
            })),
        }
    }

    /// The path of one program.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn has_postgis(&self) -> bool {
        let mut shares =
            vec![PathBuf::from(format!("/usr/share/postgresql/{}", self.major)), self.dir.join("../share"), self.dir.join("../share/postgresql")];
        // Asked, not guessed, where the tool is there: distributions move the directory about.
        if let Ok(output) = Command::new(self.dir.join("pg_config")).arg("--sharedir").output()
            && output.status.success()
        {
            shares = vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())];
        }
        shares.iter().any(|share| share.join("extension/postgis.control").is_file())
    }
}

/// The directory of the newest client programs (`pg_dump`, `pg_restore`, `psql`).
pub fn locate_clients(search: &Search) -> Result<PathBuf> {
    search.directories(CLIENTS).into_iter().next().ok_or_else(|| {
        Error::Usage(
            "pg_dump, pg_restore and psql are not installed. Install them:\n  sudo apt-get install postgresql-client\nor say where they are with --pg-bin."
                .to_owned(),
        )
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15.
fn major_of(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("nothing of the kind"), None);
    }

    #[test]
    fn missing_programs_are_said_with_the_command_that_installs_them() {
        let empty = tempfile::tempdir().unwrap();
        let nowhere = Search { pg_bin: None, roots: vec![empty.path().into()], path: Some(empty.path().into()) };
        let Err(Error::Usage(message)) = Binaries::locate(&nowhere, None) else { panic!("found PostgreSQL in an empty directory") };
        assert!(message.contains("apt-get install postgresql"), "{message}");
        let named = Search::new(Some(empty.path().into()), None);
        let Err(Error::Usage(message)) = Binaries::locate(&named, None) else { panic!("found PostgreSQL in an empty directory") };
        assert!(message.contains("--pg-bin") && message.contains(&empty.path().display().to_string()), "{message}");
        let Err(Error::Usage(message)) = locate_clients(&nowhere) else { panic!("found clients in an empty directory") };
        assert!(message.contains("postgresql-client"), "{message}");
    }

    #[test]
    fn a_server_without_postgis_is_refused_and_the_wanted_version_preferred() {
        let root = tempfile::tempdir().unwrap();
        for (major, postgis) in [(13, true), (14, true), (16, false)] {
            pretend_server(root.path(), major, postgis);
        }
        let search = Search { pg_bin: None, roots: vec![root.path().into()], path: None };
        assert_eq!(Binaries::locate(&search, None).unwrap().major, 14);
        assert_eq!(Binaries::locate(&search, Some(13)).unwrap().major, 13);
        assert_eq!(Binaries::locate(&search, Some(12)).unwrap().major, 14);
        let bare = Search::new(Some(root.path().join("16/bin")), None);
        let Err(Error::Usage(message)) = Binaries::locate(&bare, None) else { panic!("took a server without PostGIS") };
        assert!(message.contains("postgresql-16-postgis-3"), "{message}");
    }

    fn pretend_server(root: &Path, major: u32, postgis: bool) {
        use std::os::unix::fs::PermissionsExt;
        let bin = root.join(major.to_string()).join("bin");
        let share = root.join(major.to_string()).join("share");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir_all(share.join("extension")).unwrap();
        let script = |name: &str, line: &str| {
            std::fs::write(bin.join(name), format!("#!/bin/sh\n{line}\n")).unwrap();
            std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        script("initdb", "");
        script("pg_ctl", "");
        script("postgres", &format!("echo 'postgres (PostgreSQL) {major}.1'"));
        script("pg_config", &format!("echo '{}'", share.display()));
        if postgis {
            std::fs::write(share.join("extension/postgis.control"), "").unwrap();
        }
    }
}
