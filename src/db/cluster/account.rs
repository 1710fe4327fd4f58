//! Who runs PostgreSQL: the user who starts maplebridge, or the package's `postgres` user when that is root, since PostgreSQL refuses root.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::error::{Error, Result};

/// The account that owns the cluster's files and processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    gid: u32,
    /// Whether commands must change to it first.
    switch: bool,
}

impl Account {
    /// The present user; as root, `postgres`.
    pub(super) fn current() -> Result<Self> {
        let uid = rustix::process::geteuid();
        if !uid.is_root() {
            return Ok(Self { uid: uid.as_raw(), gid: rustix::process::getegid().as_raw(), switch: false });
        }
        // getent asks every source of accounts, not only /etc/passwd.
        let output = Command::new("getent").args(["passwd", "postgres"]).output().map_err(Error::internal("look up the account postgres"))?;
        let (uid, gid) = parse_passwd(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| {
            Error::Usage(
                "PostgreSQL will not run as root, and there is no account `postgres` to run it as. Install the package that makes it:\n  \
                 apt-get install postgresql postgis postgresql-postgis\nor start maplebridge as another user."
                    .to_owned(),
            )
        })?;
        Ok(Self { uid, gid, switch: true })
    }

    /// A command that runs as this account, in a directory it may enter, without the caller's PostgreSQL settings.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("HOME", "/").env("TZ", "UTC");
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a path to this account.
    pub(super) fn own(&self, path: &Path) -> Result<()> {
        if self.switch {
            std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid)).map_err(Error::internal("give a path to the account postgres"))?;
        }
        Ok(())
    }

    /// Makes a directory that only this account (and root) may enter; one that is there must be just that.
    ///
    /// It is made beside its place and put there once it is the account's: another start that looks meanwhile finds nothing
    /// or all of it.
    pub(super) fn private_dir(&self, path: &Path) -> Result<()> {
        let refused =
            |e: std::io::Error| Error::Usage(format!("cannot make the directory {}: {e}. Choose another place with --data-dir.", path.display()));
        if std::fs::symlink_metadata(path).is_ok() {
            return self.check_private(path);
        }
        let beside = path.parent().unwrap_or(Path::new("/"));
        let made = tempfile::Builder::new().prefix(".maplebridge-").permissions(std::fs::Permissions::from_mode(0o700)).tempdir_in(beside);
        let made = made.map_err(refused)?;
        self.own(made.path())?;
        let here = rustix::fs::CWD;
        match rustix::fs::renameat_with(here, made.path(), here, path, rustix::fs::RenameFlags::NOREPLACE) {
            Ok(()) => {
                // nothing is left there to remove
                let _ = made.keep();
                Ok(())
            }
            Err(rustix::io::Errno::EXIST) => self.check_private(path),
            Err(e) => Err(refused(e.into())),
        }
    }

    /// Refuses a directory that another user owns, may enter, or has put a link in the place of.
    pub(super) fn check_private(&self, path: &Path) -> Result<()> {
        let meta = std::fs::symlink_metadata(path).map_err(Error::internal("look at a directory of the cluster"))?;
        if meta.is_dir() && meta.uid() == self.uid && meta.permissions().mode() & 0o777 == 0o700 {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{} should be a directory of user {} that nobody else may enter (mode 0700), and is not. Remove it, or start maplebridge as the user \
             that made it.",
            path.display(),
            self.uid
        )))
    }

    /// Refuses a directory this account cannot enter, naming the closed one above it.
    pub(super) fn check_reach(&self, dir: &Path) -> Result<()> {
        if !self.switch {
            return Ok(());
        }
        let status = self
            .command(Path::new("/bin/sh"))
            .args(["-c", "cd -- \"$0\""])
            .arg(dir)
            .stderr(std::process::Stdio::null())
            .status()
            .map_err(Error::internal("try a directory as the account postgres"))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "the data directory {} lies in {}, which the account `postgres` may not enter. Choose another place with --data-dir; /var/lib/maplebridge \
             is usual.",
            dir.display(),
            self.first_closed(dir).unwrap_or(dir.to_path_buf()).display()
        )))
    }

    fn first_closed(&self, dir: &Path) -> Option<PathBuf> {
        let mut above: Vec<&Path> = dir.ancestors().collect();
        above.reverse();
        above
            .into_iter()
            .find(|path| {
                std::fs::metadata(path).is_ok_and(|meta| {
                    let bit = if meta.uid() == self.uid {
                        0o100
                    } else if meta.gid() == self.gid {
                        0o010
                    } else {
                        0o001
                    };
                    meta.permissions().mode() & bit == 0
                })
            })
            .map(Path::to_path_buf)
    }
}

/// Runs a command to its end; a failure becomes `Usage` with what it said.
pub(super) fn run(mut command: Command, doing: &'static str) -> Result<Output> {
    let output = command.output().map_err(Error::internal(doing))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()).join("\n");
    Err(Error::Usage(format!("could not {doing}:\n{}", said.trim())))
}

/// `postgres:x:101:104:…` → (101, 104).
fn parse_passwd(line: &str) -> Option<(u32, u32)> {
    let mut fields = line.trim().split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_group_are_read_from_a_passwd_line() {
        assert_eq!(parse_passwd("postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n"), Some((101, 104)));
        assert_eq!(parse_passwd(""), None);
    }

    #[test]
    fn a_directory_others_may_enter_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let own = Account { uid: rustix::process::geteuid().as_raw(), gid: 0, switch: false };
        own.private_dir(&dir.path().join("run")).unwrap();
        own.private_dir(&dir.path().join("run")).unwrap();
        std::fs::set_permissions(dir.path().join("run"), std::fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(own.private_dir(&dir.path().join("run")), Err(Error::Usage(_))));
        std::os::unix::fs::symlink("/tmp", dir.path().join("link")).unwrap();
        assert!(matches!(own.private_dir(&dir.path().join("link")), Err(Error::Usage(_))));
    }
}
