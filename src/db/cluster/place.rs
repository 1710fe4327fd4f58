//! Where the cluster's files lie: the state directory, PostgreSQL's own inside it, and a socket whose path is short enough.
//!
//! ```text
//! <data dir>/            the user who starts maplebridge
//!   secrets.json         0600, see `secrets`
//!   owner.lock users.lock   see `lock`
//!   pg/                  PostgreSQL's data, 0700, its account
//!   run/                 the socket, 0700, its account; elsewhere when the path is too long
//! ```

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::account::Account;
use crate::error::{Error, Result};

/// The port is only a part of the socket's name: nothing listens on the network.
pub(super) const PORT: u16 = 5432;
/// `sun_path` holds 108 bytes and a closing zero.
const SOCKET_PATH_MAX: usize = 107;

/// The data directory when none is given: for root the system's state directory, else the user's data directory.
///
/// * `xdg_data_home`, `home` – the values of `XDG_DATA_HOME` and `HOME`
///
/// `Usage` when the user has neither.
pub fn default_data_dir(name: &str, xdg_data_home: Option<&Path>, home: Option<&Path>) -> Result<PathBuf> {
    let user_dir = || xdg_data_home.filter(|it| it.is_absolute()).map(Path::to_path_buf).or_else(|| home.map(|it| it.join(".local/share")));
    let base = if rustix::process::geteuid().is_root() { Some(PathBuf::from("/var/lib")) } else { user_dir() };
    base.map(|it| it.join("maplebridge").join(name))
        .ok_or_else(|| Error::Usage("neither HOME nor XDG_DATA_HOME is set: say where the data goes with --data-dir.".to_owned()))
}

/// The directories of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) root: PathBuf,
    pub(super) pg: PathBuf,
    pub(super) socket_dir: PathBuf,
}

impl Place {
    /// Makes the state directory and the socket's directory where they are not there yet.
    pub(super) fn make(data_dir: &Path, account: &Account) -> Result<Self> {
        let refused = |e: std::io::Error| {
            Error::Usage(format!("cannot make the data directory {}: {e}. Choose another place with --data-dir.", data_dir.display()))
        };
        let absolute = std::path::absolute(data_dir).map_err(refused)?;
        std::fs::create_dir_all(&absolute).map_err(refused)?;
        let empty = std::fs::read_dir(&absolute).map_err(refused)?.next().is_none();
        let root = std::fs::canonicalize(&absolute).map_err(refused)?;
        let me = rustix::process::geteuid().as_raw();
        let owner = std::fs::metadata(&root).map_err(refused)?.uid();
        if owner != me {
            return Err(Error::Usage(format!(
                "the data directory {} belongs to user {owner}, and you are user {me}. Start maplebridge as that user, or choose another place with \
                 --data-dir.",
                root.display()
            )));
        }
        if empty {
            // Others may pass through to the directories of PostgreSQL's account, and read nothing here.
            std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o711)).map_err(refused)?;
        }
        account.check_reach(&root)?;
        let place = Self { pg: root.join("pg"), socket_dir: socket_dir(&root, account)?, root };
        account.private_dir(&place.socket_dir)?;
        Ok(place)
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> PathBuf {
        socket_in(&self.socket_dir)
    }

    /// The major version that made the data; nothing when there is none yet.
    pub(super) fn stored_major(&self) -> Option<u32> {
        std::fs::read_to_string(self.pg.join("PG_VERSION")).ok()?.trim().parse().ok()
    }
}

fn socket_in(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

fn fits(dir: &Path) -> bool {
    socket_in(dir).as_os_str().as_bytes().len() <= SOCKET_PATH_MAX
}

/// `run` in the state directory, or a short name made of the long one where sockets of this user usually are.
fn socket_dir(root: &Path, account: &Account) -> Result<PathBuf> {
    let inside = root.join("run");
    if fits(&inside) {
        return Ok(inside);
    }
    let name = format!("maplebridge-{}-{:016x}", account.uid, xxh3_64(root.as_os_str().as_bytes()));
    let me = rustix::process::geteuid();
    let runtime = if me.is_root() { PathBuf::from("/run") } else { PathBuf::from(format!("/run/user/{}", me.as_raw())) };
    let usable = std::fs::symlink_metadata(&runtime).is_ok_and(|meta| meta.is_dir() && meta.uid() == me.as_raw());
    let dir = if usable { runtime.join(name) } else { PathBuf::from("/tmp").join(name) };
    if !fits(&dir) {
        return Err(Error::Usage(format!("the path of the socket {} is too long; choose a shorter --data-dir.", dir.display())));
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_directory_gets_a_short_socket() {
        let account = Account::current().unwrap();
        let short = socket_dir(Path::new("/var/lib/maplebridge/county"), &account).unwrap();
        assert_eq!(short, Path::new("/var/lib/maplebridge/county/run"));
        let long = PathBuf::from(format!("/var/lib/{}", "数据/".repeat(40)));
        let dir = socket_dir(&long, &account).unwrap();
        assert!(fits(&dir), "{}", dir.display());
        assert_ne!(dir, socket_dir(&long.join("other"), &account).unwrap());
    }

    #[test]
    fn the_path_may_have_107_bytes_and_no_more() {
        let bytes = |n: usize| PathBuf::from(format!("/{}", "x".repeat(n - 1)));
        assert!(fits(&bytes(93)));
        assert!(!fits(&bytes(94)));
    }

    #[test]
    fn the_default_is_never_below_the_working_directory() {
        let dir = default_data_dir("county", None, Some(Path::new("/home/li"))).unwrap();
        let expected = if rustix::process::geteuid().is_root() { "/var/lib/maplebridge/county" } else { "/home/li/.local/share/maplebridge/county" };
        assert_eq!(dir, Path::new(expected));
    }
}
