//! Who may start and stop the cluster, settled between processes by `flock`, which the kernel releases however a process ends.
//!
//! * `users.lock`: every process that uses the cluster holds it shared.
//! * `owner.lock`: the one that starts, restarts and stops PostgreSQL holds it exclusively; the file names it.
//!
//! An owner that leaves while others use the cluster only gives up its office; one of them takes it over, and the last to leave stops it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::postmaster::process_started_at;
use crate::error::{Error, Result};

/// What `owner.lock` says, for people and for messages; the lock itself decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRecord {
    /// The owner's process.
    pub pid: u32,
    /// When that process began, seconds since 1970.
    pub started_at_s: i64,
    /// The directory of the socket.
    pub socket_dir: PathBuf,
}

/// This process's part in the cluster.
#[derive(Debug)]
pub(super) struct Hold {
    users: File,
    owner: File,
    owns: bool,
}

impl Hold {
    /// Joins the users of the cluster; waits while the last owner is stopping it.
    pub(super) fn join(root: &Path) -> Result<Self> {
        let open = |name: &str| {
            let path = root.join(name);
            OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path).map_err(|e| {
                Error::Usage(format!("cannot open {}: {e}. Start maplebridge as the user that made the data directory.", path.display()))
            })
        };
        let (users, owner) = (open("users.lock")?, open("owner.lock")?);
        users.lock_shared().map_err(Error::internal("join the users of the cluster"))?;
        Ok(Self { users, owner, owns: false })
    }

    /// Whether this process is the owner.
    pub(super) fn owns(&self) -> bool {
        self.owns
    }

    /// Becomes the owner where nobody is; true when this process is it now.
    pub(super) fn try_own(&mut self, socket_dir: &Path) -> Result<bool> {
        if !self.owns && tried(self.owner.try_lock())? {
            self.owns = true;
            let pid = std::process::id();
            let record = OwnerRecord { pid, started_at_s: process_started_at(pid).unwrap_or(0), socket_dir: socket_dir.to_path_buf() };
            let text = serde_json::to_vec(&record).map_err(Error::internal("name the owner of the cluster"))?;
            self.owner
                .set_len(0)
                .and_then(|()| self.owner.rewind())
                .and_then(|()| self.owner.write_all(&text))
                .map_err(Error::internal("name the owner of the cluster"))?;
        }
        Ok(self.owns)
    }

    /// The owner as the file names it.
    pub(super) fn owner(&mut self) -> Option<OwnerRecord> {
        let mut text = String::new();
        self.owner.rewind().ok()?;
        self.owner.read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Leaves. `stop` runs when nobody else uses the cluster, and newcomers wait until it has ended.
    ///
    /// Why the loop: a guest that leaves while the owner finds it still there would leave nobody to stop the cluster.
    /// The owner therefore looks again after giving up its office.
    ///
    /// Why an empty `owner.lock` stops nothing: several may let go of `users.lock` before the first of them has stopped the
    /// cluster; those who come to the office after it find that nobody started it since.
    ///
    /// Why both locks are let go of by hand: a child that another thread has just forked shares the files until it runs its
    /// own program, and as long as it does a drop lets go of nothing.
    pub(super) fn leave(mut self, stop: impl FnOnce() -> Result<()>) -> Result<()> {
        let doing = "leave the cluster";
        self.users.unlock().map_err(Error::internal(doing))?;
        loop {
            if !self.owns && !tried(self.owner.try_lock())? {
                return Ok(());
            }
            self.owns = true;
            if tried(self.users.try_lock())? {
                let stopped = self.stop_once(stop);
                self.users.unlock().and_then(|()| self.owner.unlock()).map_err(Error::internal(doing))?;
                return stopped;
            }
            self.owner.unlock().map_err(Error::internal(doing))?;
            self.owns = false;
            if !tried(self.users.try_lock())? {
                return Ok(());
            }
            self.users.unlock().map_err(Error::internal(doing))?;
        }
    }

    /// Stops what the record speaks of and clears the record; one that could not be stopped keeps it, for the next to try.
    fn stop_once(&mut self, stop: impl FnOnce() -> Result<()>) -> Result<()> {
        let recorded = self.owner.metadata().map_err(Error::internal("read the owner of the cluster"))?.len() > 0;
        if !recorded {
            return Ok(());
        }
        stop()?;
        self.owner.set_len(0).map_err(Error::internal("clear the owner of the cluster"))
    }
}

fn tried(outcome: std::result::Result<(), TryLockError>) -> Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => Err(Error::Internal { context: "lock the cluster", source: e.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_owns_and_the_last_to_leave_stops() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Hold::join(dir.path()).unwrap();
        let mut second = Hold::join(dir.path()).unwrap();
        assert!(first.try_own(dir.path()).unwrap());
        assert!(!second.try_own(dir.path()).unwrap());
        assert_eq!(second.owner().unwrap().pid, std::process::id());
        let mut stopped = 0;
        first
            .leave(|| {
                stopped += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(stopped, 0, "a guest still uses it");
        assert!(second.try_own(dir.path()).unwrap());
        second
            .leave(|| {
                stopped += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(stopped, 1);
    }

    #[test]
    fn a_guest_that_leaves_alone_stops_what_a_dead_owner_left() {
        let dir = tempfile::tempdir().unwrap();
        let mut owner = Hold::join(dir.path()).unwrap();
        assert!(owner.try_own(dir.path()).unwrap());
        let guest = Hold::join(dir.path()).unwrap();
        // as a kill -9 does: the kernel lets go of both locks. By hand, since a child that another test has just forked may
        // still share the files, and then a drop lets go of nothing.
        owner.users.unlock().unwrap();
        owner.owner.unlock().unwrap();
        drop(owner);
        let mut stopped = false;
        guest
            .leave(|| {
                stopped = true;
                Ok(())
            })
            .unwrap();
        assert!(stopped);
    }

    #[test]
    fn however_they_leave_together_exactly_one_stops_it() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..200 {
            let stops = std::sync::atomic::AtomicUsize::new(0);
            let holds: Vec<Hold> = (0..4)
                .map(|_| {
                    let mut hold = Hold::join(dir.path()).unwrap();
                    hold.try_own(dir.path()).unwrap();
                    hold
                })
                .collect();
            std::thread::scope(|scope| {
                for hold in holds {
                    let stops = &stops;
                    scope.spawn(move || {
                        hold.leave(|| {
                            stops.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            Ok(())
                        })
                        .unwrap();
                    });
                }
            });
            assert_eq!(stops.into_inner(), 1);
        }
    }
}
