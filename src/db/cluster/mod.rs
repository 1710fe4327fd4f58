//! The private PostgreSQL that serves when no database URL is given: made, started, shared between commands, watched and stopped here.
//!
//! One data directory is one cluster. The first process on it owns it and starts PostgreSQL; others attach; who is the last to leave stops it
//! (`lock`). After a `kill -9` of the owner PostgreSQL runs on, and the next process attaches to the same one. The network never sees it:
//! a socket in a directory nobody else may enter, and a password even there.
//!
//! What this leaves to others: database roles, extensions and tables (`migrate`), the pool (`db`), and when to call [`Cluster::watch`] (`app`).
//! The calls here wait for processes: from async code use `spawn_blocking`. Next: `place` for the files, `start` for the start itself.

mod account;
pub mod backup;
mod binaries;
mod lock;
mod place;
mod postmaster;
mod secrets;
mod settings;
mod start;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::CryptoRng;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

pub use binaries::{Binaries, Search, locate_clients};
pub use lock::OwnerRecord;
pub use place::default_data_dir;
pub use secrets::Secrets;

use crate::error::{Error, Result};
use account::Account;
use lock::Hold;
use place::Place;
use postmaster::State;

/// The superuser of the private cluster; only `migrate`, `backup` and `restore` sign in as it.
pub const SUPERUSER: &str = "postgres";
/// How long a second command waits for the first to have made and started the cluster.
const ATTACH_WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a private cluster is made of.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Where everything lies; made when it is not there. See [`default_data_dir`].
    pub data_dir: PathBuf,
    /// Where PostgreSQL's programs are looked for.
    pub search: Search,
    /// For tests: faster, and a crash of the machine may lose everything.
    pub ephemeral: bool,
}

/// How to sign in to a running cluster.
#[derive(Clone)]
pub struct Endpoint {
    /// The directory of the socket.
    pub socket_dir: PathBuf,
    /// The number in the socket's name.
    pub port: u16,
    /// The superuser's name.
    pub superuser: String,
    /// The superuser's password: not for logs.
    pub password: String,
}

impl Endpoint {
    /// The superuser's way into a database; another role by `.username(…).password(…)`.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        // `new_without_pgpass`: the operator's ~/.pgpass is about other servers.
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(self.port)
            .username(&self.superuser)
            .password(&self.password)
            .database(database)
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("socket_dir", &self.socket_dir).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A running private cluster, as one process holds it. Dropping it leaves it as [`Cluster::stop`] does.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    account: Account,
    search: Search,
    ephemeral: bool,
    endpoint: Endpoint,
    /// Nothing once this process has left.
    hold: Mutex<Option<Hold>>,
}

impl Cluster {
    /// Makes the cluster where there is none, starts it where it does not run, attaches where it does.
    ///
    /// * `rng` – makes the superuser's password, once
    ///
    /// `Usage`, each with its cure: programs missing, data of another major version, a directory of another user or closed to PostgreSQL's account.
    /// Takes some 2 s the first time, 0.2 s for a start, no time to attach.
    pub fn start_or_attach(config: &ClusterConfig, rng: &mut impl CryptoRng) -> Result<Self> {
        let account = Account::current()?;
        let mut place = Place::make(&config.data_dir, &account)?;
        let mut hold = Hold::join(&place.root)?;
        let password = Secrets::at(place.root.join("secrets.json")).get_or_create("postgres_superuser", rng)?;
        let deadline = Instant::now() + ATTACH_WITHIN;
        loop {
            if hold.try_own(&place.socket_dir)? {
                start::bring_up(&mut place, &account, &config.search, config.ephemeral, &password)?;
                break;
            }
            if let State::Ready(running) = postmaster::state(&place.pg) {
                account.check_private(&running.socket_dir)?;
                place.socket_dir = running.socket_dir;
                break;
            }
            if Instant::now() > deadline {
                let owner = hold.owner().map_or_else(|| "another process".to_owned(), |it| format!("process {}", it.pid));
                return Err(Error::Usage(format!(
                    "{owner} holds the data directory {}, and its PostgreSQL does not answer. Look at {}; end that process, or choose another --data-dir.",
                    place.root.display(),
                    place.pg.join("log").display()
                )));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let endpoint = Endpoint { socket_dir: place.socket_dir.clone(), port: place::PORT, superuser: SUPERUSER.to_owned(), password };
        Ok(Self { place, account, search: config.search.clone(), ephemeral: config.ephemeral, endpoint, hold: Mutex::new(Some(hold)) })
    }

    /// How to sign in.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The data directory, absolute and without links.
    pub fn data_dir(&self) -> &Path {
        &self.place.root
    }

    /// The passwords and keys of this data directory.
    pub fn secrets(&self) -> Secrets {
        Secrets::at(self.place.root.join("secrets.json"))
    }

    /// Whether this process starts, restarts and stops PostgreSQL.
    pub fn owns(&self) -> bool {
        self.hold.lock().as_ref().is_some_and(Hold::owns)
    }

    /// The process number of PostgreSQL, while it takes connections.
    pub fn postmaster_pid(&self) -> Option<u32> {
        match postmaster::state(&self.place.pg) {
            State::Ready(file) => Some(file.pid),
            State::Busy(_) | State::Down => None,
        }
    }

    /// Starts PostgreSQL again when it died, and takes the ownership over when the owner is gone. True when it was started.
    pub fn ensure_running(&self) -> Result<bool> {
        let mut guard = self.hold.lock();
        let Some(hold) = guard.as_mut() else { return Ok(false) };
        if !hold.try_own(&self.place.socket_dir)? || postmaster::state(&self.place.pg) != State::Down {
            return Ok(false);
        }
        start::bring_up(&mut self.place.clone(), &self.account, &self.search, self.ephemeral, &self.endpoint.password)?;
        Ok(true)
    }

    /// Looks after the cluster until the token is cancelled: [`Cluster::ensure_running`] in every interval, failures logged and tried again.
    pub async fn watch(self: Arc<Self>, every: Duration, until: CancellationToken) {
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            let cluster = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || cluster.ensure_running()).await {
                Ok(Ok(true)) => tracing::warn!("PostgreSQL had died and was started again"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::error!(%error, "PostgreSQL died and does not start; trying again"),
                Err(error) => tracing::error!(%error, "the watch over PostgreSQL broke off; trying again"),
            }
        }
    }

    /// Leaves the cluster: the last process to use it stops PostgreSQL (open transactions are rolled back), any other just goes.
    /// Close the pools first. A second call does nothing.
    pub fn stop(&self) -> Result<()> {
        match self.hold.lock().take() {
            Some(hold) => hold.leave(|| start::stop(&self.place, &self.account, &self.search)),
            None => Ok(()),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "could not leave the cluster properly");
        }
    }
}
