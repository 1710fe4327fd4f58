//! The one sealer: numbers and chains entries as they become visible.
//!
//! Entries are chained after their commit and not when they are inserted: a chain on insert forks under two writers, or
//! makes every write wait for every other. An advisory lock lets one process seal at a time; any may. Which entries are
//! new is told by their transaction: all below the oldest one that ran at the last look are sealed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::chain::{COLUMNS, Hash, Head, Origin, SEALER_LOCK, Stored, beginning, fingerprint, link, sealing};
use super::kept;
use crate::db::{AuditKey, Db, Scoped};
use crate::error::{Error, Result};

/// Entries sealed in one transaction.
const BATCH: i64 = 5_000;
const HEAD_EVERY: Duration = Duration::from_secs(3_600);

/// What a round of sealing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Entries sealed in this round.
    pub entries: u64,
    /// Entries that wait for a seal.
    pub waiting: u64,
    /// End of the chain, where this round saw it.
    pub head: Option<Head>,
}

/// The sealer of one process.
#[derive(Debug)]
pub struct Sealer {
    db: Db,
    key: Arc<AuditKey>,
    /// Everything of transactions below this one is sealed; none: look at all entries.
    sealed_below: parking_lot::Mutex<Option<u64>>,
    waiting: AtomicU64,
}

impl Sealer {
    /// A sealer over connections that sign; `Usage` where they have no key.
    pub fn new(db: Db) -> Result<Self> {
        let key = db.audit_key().ok_or_else(|| Error::Usage("sealing the audit trail needs its key: give --audit-key-file".into()))?;
        Ok(Self { db, key, sealed_below: parking_lot::Mutex::new(None), waiting: AtomicU64::new(0) })
    }

    /// Entries that waited for a seal at the last look.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Seals until cancelled; logs the head hourly. Failures are logged and tried again in the next round.
    pub async fn run(self: Arc<Self>, until: CancellationToken) {
        let mut said: Option<Instant> = None;
        let mut complaint = String::new();
        loop {
            match self.round().await {
                Ok(done) => {
                    complaint.clear();
                    if let Some(head) = done.head
                        && said.is_none_or(|at| at.elapsed() >= HEAD_EVERY)
                    {
                        tracing::info!(audit.head = %head, audit.waiting = done.waiting, "head of the audit trail");
                        said = Some(Instant::now());
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if text != complaint || said.is_none_or(|at| at.elapsed() >= HEAD_EVERY) {
                        tracing::error!(%error, "the audit trail is not sealed");
                        said = Some(Instant::now());
                        complaint = text;
                    }
                }
            }
            let pause = self.interval().await;
            tokio::select! {
                () = until.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(error) = self.round().await {
            tracing::warn!(%error, "the last entries of the audit trail are sealed at the next start");
        }
    }

    /// The setting `audit_seal_interval_s`, 1 to 60 seconds whatever is written there.
    async fn interval(&self) -> Duration {
        let read = async {
            let mut transaction = self.db.scoped(&sealing()).await?;
            let seconds: f64 =
                sqlx::query_scalar!("select app.setting_number('audit_seal_interval_s', 2) as \"seconds!\"").fetch_one(transaction.conn()).await?;
            Ok::<_, Error>(seconds)
        };
        let seconds = read.await.ok().filter(|seconds| seconds.is_finite()).unwrap_or(2.0);
        Duration::from_secs_f64(seconds.clamp(1.0, 60.0))
    }

    /// Seals everything that is visible now.
    ///
    /// `Conflict` where the chain's end is not the one kept beside the key: then nothing more is sealed on it.
    pub async fn round(&self) -> Result<Sealed> {
        let mut done = Sealed { entries: 0, waiting: 0, head: None };
        loop {
            let step = self.step().await;
            if step.is_err() {
                *self.sealed_below.lock() = None;
            }
            let step = step?;
            done = Sealed { entries: done.entries + step.entries, ..step };
            if step.entries < BATCH as u64 {
                self.waiting.store(done.waiting, Ordering::Relaxed);
                return Ok(done);
            }
        }
    }

    async fn step(&self) -> Result<Sealed> {
        let mut transaction = self.db.scoped(&sealing()).await?;
        let ours: bool = sqlx::query_scalar!("select pg_try_advisory_xact_lock($1) as \"ours!\"", SEALER_LOCK).fetch_one(transaction.conn()).await?;
        let (entries, horizon) = self.unsealed(&mut transaction).await?;
        self.waiting.store(entries.len() as u64, Ordering::Relaxed);
        if !ours {
            return Ok(Sealed { entries: 0, waiting: entries.len() as u64, head: None });
        }
        let last: Option<(i64, Vec<u8>)> =
            sqlx::query_as("select seq, hash from audit_seals order by seq desc limit 1").fetch_optional(transaction.conn()).await?;
        let (mut seq, mut hash) = match last {
            Some((seq, hash)) => (seq, Hash::try_from(hash).map_err(|_| cut("the last seal has a wrong length"))?),
            None => (0, beginning(&self.key)),
        };
        let file = kept::file(&self.key);
        refuse_cut_tail(&mut transaction, kept::read(&file)?, seq).await?;
        // asked each time: whoever moves the line would have inserted entries taken for old ones
        let adopted_upto = match super::chain_of(&mut transaction).await? {
            Some((there, adopted_upto)) if there == fingerprint(&self.key, adopted_upto) => adopted_upto,
            _ => return Err(cut("the row of audit_chain was changed, or is another key's")),
        };
        let (mut numbers, mut ids, mut hashes, mut origins) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for entry in &entries {
            let origin = match entry.is_signed(&self.key) {
                true => Origin::Signed,
                false if entry.id <= adopted_upto => Origin::Adopted,
                false => Origin::Unsigned,
            };
            if origin == Origin::Unsigned {
                tracing::error!(
                    audit.entry = entry.id,
                    "an entry of the audit trail was put in by somebody without the key; `audit verify` names it"
                );
            }
            seq += 1;
            hash = link(&self.key, seq, &hash, entry.id, origin.name(), &entry.content().bytes());
            numbers.push(seq);
            ids.push(entry.id);
            hashes.push(hash.to_vec());
            origins.push(origin.name());
        }
        if !entries.is_empty() {
            sqlx::query!(
                "insert into audit_seals (seq, entry_id, hash, origin) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[])",
                &numbers,
                &ids,
                &hashes,
                &origins as &[&str]
            )
            .execute(transaction.conn())
            .await?;
        }
        transaction.commit().await?;
        let head = (seq > 0).then_some(Head { seq: Some(seq), hash });
        if let Some(head) = head.filter(|_| !entries.is_empty()) {
            // after the commit: a kept head that is older than the chain proves less, a newer one would accuse wrongly
            kept::write(&file, &head)?;
        }
        if (entries.len() as i64) < BATCH {
            *self.sealed_below.lock() = Some(horizon);
        }
        Ok(Sealed { entries: entries.len() as u64, waiting: 0, head })
    }

    /// Entries without a seal by key, [`BATCH`] at most, and the oldest transaction that ran when they were read.
    async fn unsealed(&self, transaction: &mut Scoped) -> Result<(Vec<Stored>, u64)> {
        let below = *self.sealed_below.lock();
        let sql = format!(
            "select {COLUMNS} from audit_entries e
              where ($1::text is null or e.xid >= $1::text::xid8) and not exists (select 1 from audit_seals s where s.entry_id = e.id)
              order by e.id limit $2"
        );
        // the horizon is read first: what commits between the two is then looked at once more, never missed
        let horizon: String =
            sqlx::query_scalar!("select pg_snapshot_xmin(pg_current_snapshot())::text as \"horizon!\"").fetch_one(transaction.conn()).await?;
        let entries = sqlx::query_as(&sql).bind(below.map(|below| below.to_string())).bind(BATCH).fetch_all(transaction.conn()).await?;
        Ok((entries, horizon.parse().map_err(Error::internal("read a snapshot"))?))
    }
}

fn cut(why: &str) -> Error {
    Error::Conflict {
        rule: "audit_cut".into(),
        message: format!("{why}; nothing more is sealed until it is explained: run `maplebridge audit verify`"),
    }
}

/// Refuses to go on where the chain does not hold what was kept beside the key.
async fn refuse_cut_tail(transaction: &mut Scoped, kept: Option<Head>, last: i64) -> Result<()> {
    let Some((kept, seq)) = kept.and_then(|head| head.seq.map(|seq| (head, seq))) else { return Ok(()) };
    let there: Option<Vec<u8>> = sqlx::query_scalar!("select hash from audit_seals where seq = $1", seq).fetch_optional(transaction.conn()).await?;
    match there {
        Some(hash) if hash == kept.hash => Ok(()),
        Some(_) => Err(cut(&format!("seal {seq} of the audit trail is not the one kept beside the key"))),
        None => Err(cut(&format!("the audit trail ends at {last}, the head kept beside the key says {seq}"))),
    }
}
