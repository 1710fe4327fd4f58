//! A database in one file and back, by `pg_dump` and `pg_restore`: for the private cluster and for any `--database-url` alike.
//!
//! In the file: every table, index, policy, grant and sequence, in PostgreSQL's compressed custom format.
//! Not in it: what [`NOT_IN_A_BACKUP`] lists. The roles must be there before a restore (`migrate` makes them).

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use super::Endpoint;
use super::account::run;
use super::binaries::{Search, locate_clients};
use crate::error::{Error, Result};

/// What a backup leaves out, for the message after one.
pub const NOT_IN_A_BACKUP: &str = "the passwords of the database roles (a restore makes new ones) and the key of the audit trail: keep a copy of \
    audit.key elsewhere, for whoever holds both the key and the database could rewrite the trail";

/// A database and the role that signs in to it; the role must see every row (a superuser, or one with BYPASSRLS).
#[derive(Clone)]
pub struct Target {
    /// A `postgres://` URL without a password: it stands in the list of processes for everyone to see.
    url: String,
    password: Option<String>,
}

impl Target {
    /// From a URL such as `--database-url`; its password is taken out and handed over where only the same user can read it.
    pub fn from_url(url: &str) -> Result<Self> {
        let bad = || Error::Usage("a database URL looks like postgres://user:password@host:5432/database".to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(bad());
        }
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let Some((userinfo, _)) = rest[..authority_end].rsplit_once('@') else {
            return Ok(Self { url: url.to_owned(), password: None });
        };
        let Some((user, password)) = userinfo.split_once(':') else {
            return Ok(Self { url: url.to_owned(), password: None });
        };
        let password = percent_decode(password).ok_or_else(bad)?;
        Ok(Self { url: format!("{scheme}://{user}{}", &rest[userinfo.len()..]), password: Some(password) })
    }

    /// A database of the private cluster, as its superuser.
    pub fn embedded(endpoint: &Endpoint, database: &str) -> Self {
        let host = percent_encode(endpoint.socket_dir.as_os_str().as_encoded_bytes());
        let (user, database) = (percent_encode(endpoint.superuser.as_bytes()), percent_encode(database.as_bytes()));
        Self { url: format!("postgres://{user}@/{database}?host={host}&port={}", endpoint.port), password: Some(endpoint.password.clone()) }
    }

    fn command(&self, dir: &Path, program: &str) -> Command {
        let mut command = Command::new(dir.join(program));
        command.env("LC_ALL", "C").arg("--no-password").arg("--dbname").arg(&self.url);
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGSERVICE"] {
            command.env_remove(name);
        }
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password);
        }
        command
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Writes the whole database to a new file that only its owner may read; the file appears when it is whole. Returns its size in bytes.
///
/// One snapshot: writers go on meanwhile. `Usage` when the file is there already or `pg_dump` refuses.
pub fn backup(target: &Target, search: &Search, to: &Path) -> Result<u64> {
    if to.exists() {
        return Err(Error::Usage(format!("{} is there already; name a new file.", to.display())));
    }
    let dir = locate_clients(search)?;
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(part)
        .map_err(|e| Error::Usage(format!("cannot write {}: {e}", part.display())))?;
    let mut command = target.command(&dir, "pg_dump");
    command.args(["--format=custom", "--file"]).arg(part);
    let dumped = run(command, "back up the database");
    if dumped.is_err() {
        std::fs::remove_file(part).ok();
    }
    dumped?;
    let doing = "keep the backup";
    let size = std::fs::File::open(part).and_then(|file| file.sync_all().and_then(|()| file.metadata())).map_err(Error::internal(doing))?.len();
    std::fs::rename(part, to).map_err(Error::internal(doing))?;
    Ok(size)
}

/// Fills an empty database from a backup: all of it or nothing.
///
/// * `target` – signs in as a superuser, or as the owner where every extension is installed
///
/// `Usage` when the database holds tables already, the file is no backup, or a role is missing.
pub fn restore(target: &Target, search: &Search, from: &Path) -> Result<()> {
    if !from.is_file() {
        return Err(Error::Usage(format!("there is no file {}.", from.display())));
    }
    let dir = locate_clients(search)?;
    let found = table_count(target, &dir)?;
    if found > 0 {
        return Err(Error::Usage(format!(
            "the database is not empty: it has {found} tables. Restore into a new one, or start with another --data-dir."
        )));
    }
    let mut command = target.command(&dir, "pg_restore");
    command.args(["--single-transaction", "--exit-on-error"]).arg(from);
    run(command, "restore the database").map(drop)
}

/// Tables that no extension brought.
fn table_count(target: &Target, dir: &Path) -> Result<u64> {
    const QUERY: &str = "select count(*)
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p')
          and n.nspname not in ('pg_catalog', 'information_schema')
          and n.nspname !~ '^pg_(toast|temp)'
          and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')";
    let mut command = target.command(dir, "psql");
    command.args(["-X", "-q", "-A", "-t", "-c", QUERY]);
    let output = run(command, "look into the database")?;
    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(Error::internal("count the tables"))
}

fn percent_encode(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a string takes every text");
        }
        text
    })
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(rest.get(..2)?).ok()?, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_leaves_the_url() {
        let target = Target::from_url("postgres://app:p%40ss:w@db.example:5433/maple?sslmode=require").unwrap();
        assert_eq!(target.url, "postgres://app@db.example:5433/maple?sslmode=require");
        assert_eq!(target.password.as_deref(), Some("p@ss:w"));
        assert!(!format!("{target:?}").contains("p@ss"));
        let peer = Target::from_url("postgres:///maple?host=/run/postgresql").unwrap();
        assert_eq!((peer.url.as_str(), peer.password), ("postgres:///maple?host=/run/postgresql", None));
        assert!(matches!(Target::from_url("mysql://x"), Err(Error::Usage(_))));
    }

    #[test]
    fn a_path_with_chinese_letters_survives_the_url() {
        let path = "/数据/run dir";
        assert_eq!(percent_decode(&percent_encode(path.as_bytes())).as_deref(), Some(path));
        assert_eq!(percent_decode("%4"), None);
    }
}
