//! Looks at tiles: one entry a user, layer with filter, and ten minutes.
//!
//! An entry is written before the first tile of its ten minutes is answered. Tiles stay readable for a quarter of an
//! hour with the database away; their entries wait in memory for it, and past that time no tile is answered.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use tokio_util::sync::CancellationToken;

use super::{Entry, signed};
use crate::db::{Db, Scopes};
use crate::error::{Error, Result};

/// Seconds of one window.
const WINDOW_S: i64 = 600;
/// How long tiles are answered while nothing can be written.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// Entries that wait in memory, at most.
const MOST_PENDING: usize = 50_000;
const RETRY: Duration = Duration::from_secs(5);

/// Who looked at what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    at: DateTime<Utc>,
    user_id: i64,
    account: String,
    target: String,
    request_id: String,
}

#[derive(Debug, Default)]
struct Known {
    window: i64,
    /// Written, or waiting in `pending`.
    noted: FxHashSet<u128>,
    pending: Vec<Look>,
    failing_since: Option<DateTime<Utc>>,
}

fn window(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(WINDOW_S)
}

/// A user and what was looked at, in 128 bits: two that fall together are not to be expected.
fn name_of(user_id: i64, target: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128_with_seed(target.as_bytes(), user_id as u64)
}

/// The looks of this process.
#[derive(Debug)]
pub struct Looks {
    db: Db,
    known: Mutex<Known>,
    /// Held while entries are written, so that a second tile of a key waits for its entry instead of overtaking it.
    writing: tokio::sync::Mutex<()>,
}

impl Looks {
    /// No look yet.
    pub fn new(db: Db) -> Self {
        Self { db, known: Mutex::default(), writing: tokio::sync::Mutex::default() }
    }

    /// Writes down that a user looks at layers with their filter (`incidents?category=01`), unless that stands already.
    ///
    /// `Busy` where looks could not be written for a quarter of an hour.
    pub async fn note(&self, at: DateTime<Utc>, user_id: i64, account: &str, targets: &[String], request_id: &str) -> Result<()> {
        if self.missing(at, user_id, targets).is_empty() {
            return self.refuse_unwritten(at);
        }
        let _turn = self.writing.lock().await;
        let missing = self.missing(at, user_id, targets);
        let looks: Vec<Look> =
            missing.into_iter().map(|target| Look { at, user_id, account: account.to_owned(), target, request_id: request_id.to_owned() }).collect();
        if !looks.is_empty() {
            let outcome = self.write(&looks).await;
            let mut known = self.known.lock();
            known.noted.extend(looks.iter().map(|look| name_of(look.user_id, &look.target)));
            if let Err(error) = outcome {
                if known.failing_since.is_none() {
                    tracing::error!(%error, "looks at tiles cannot be written down; they wait in memory");
                }
                known.failing_since.get_or_insert(at);
                known.pending.extend(looks);
            }
        }
        self.refuse_unwritten(at)
    }

    /// Whether all of these looks stand already and tiles may be answered: then there is nothing to wait for.
    pub fn stand<'a>(&self, at: DateTime<Utc>, user_id: i64, targets: impl IntoIterator<Item = &'a str>) -> bool {
        let known = self.known.lock();
        known.window == window(at)
            && known.failing_since.is_none()
            && targets.into_iter().all(|target| known.noted.contains(&name_of(user_id, target)))
    }

    fn missing(&self, at: DateTime<Utc>, user_id: i64, targets: &[String]) -> Vec<String> {
        let mut known = self.known.lock();
        if known.window != window(at) {
            known.window = window(at);
            known.noted.clear();
        }
        targets.iter().filter(|target| !known.noted.contains(&name_of(user_id, target))).cloned().collect()
    }

    fn refuse_unwritten(&self, at: DateTime<Utc>) -> Result<()> {
        let known = self.known.lock();
        if known.failing_since.is_some_and(|since| at - since > PATIENCE) || known.pending.len() > MOST_PENDING {
            let message = "who looks at the map cannot be written down any more, so that it is not shown; see to the database and its disk";
            return Err(Error::Busy { retry_after_s: 30, message: message.into() });
        }
        Ok(())
    }

    async fn write(&self, looks: &[Look]) -> Result<()> {
        let mut transaction = self.db.scoped(&Scopes::default()).await?;
        for look in looks {
            let entry = Entry {
                user_id: Some(look.user_id),
                account: &look.account,
                action: "tile.read",
                target: &look.target,
                area: None,
                detail: serde_json::json!({}),
                rows: None,
                request_id: &look.request_id,
            };
            let made = signed(&transaction, look.at, &entry);
            // Another process may have written it: the index audit_tiles_once tells. It is not named, for naming it would
            // need the right to read entries.
            sqlx::query!(
                "insert into audit_entries (at, user_id, account, action, target, detail, request_id, signature)
                 values ($1, $2, $3, 'tile.read', $4, $5::text::jsonb, $6, $7) on conflict do nothing",
                made.at,
                look.user_id,
                &look.account,
                &look.target,
                made.detail,
                &look.request_id,
                made.signature
            )
            .execute(transaction.conn())
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Writes what waits in memory.
    pub async fn flush(&self) -> Result<()> {
        let _turn = self.writing.lock().await;
        let pending = self.known.lock().pending.clone();
        if pending.is_empty() {
            return Ok(());
        }
        self.write(&pending).await?;
        let mut known = self.known.lock();
        known.pending.drain(..pending.len());
        known.failing_since = None;
        Ok(())
    }

    /// Tries again to write what waits, until cancelled.
    pub async fn run(self: Arc<Self>, until: CancellationToken) {
        loop {
            tokio::select! {
                () = until.cancelled() => break,
                () = tokio::time::sleep(RETRY) => {}
            }
            if let Err(error) = self.flush().await {
                tracing::debug!(%error, "looks at tiles still wait in memory");
            }
        }
        if let Err(error) = self.flush().await {
            tracing::error!(%error, entries = self.known.lock().pending.len(), "looks at tiles are lost");
        }
    }
}
