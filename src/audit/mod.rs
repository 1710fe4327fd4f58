//! The audit trail: what was done and what was looked at.
//!
//! An entry is a plain insert: with the write, in its transaction; for reads before the answer leaves. Nobody's role
//! can change or delete one. Each is signed by the process that records it ([`record`]); one [`Sealer`] numbers and chains
//! what became visible; [`verify()`] recomputes all of it and names the first entry that was tampered with. The key lies
//! outside the database ([`AuditKey`]), and beside it the head of the chain.
//!
//! Reading order: `content` (what an entry says, its signature), `chain`, `sealer`, `kept`, `verify`.

mod chain;
mod content;
mod kept;
mod looks;
mod restored;
mod sealer;
mod trail;
mod verify;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::codes::AreaCode;
use crate::db::{AuditKey, Db, Scoped};
use crate::error::{Error, Result};

pub use chain::Head;
pub use looks::Looks;
pub use restored::{Restored, restored};
pub use sealer::{Sealed, Sealer};
pub use trail::{Asked, Shown, Standing, list};
pub use verify::{Bad, Kind, Verdict, verify};

/// One thing that was done.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Who; `None` for the command line and the server itself.
    pub user_id: Option<i64>,
    /// Account at that time.
    pub account: &'a str,
    /// `facility.update`, `incident.list`, `import.commit`, …
    pub action: &'a str,
    /// Key of what it was done to.
    pub target: &'a str,
    /// Area it concerned.
    pub area: Option<AreaCode>,
    /// Changed fields or filters; never free text of a case.
    pub detail: Value,
    /// Rows written or shown.
    pub rows: Option<i64>,
    /// Id of the request.
    pub request_id: &'a str,
}

/// The connections, signing with the key; refused where the trail is sealed with another.
pub async fn with_key(db: Db, key: AuditKey, now: DateTime<Utc>) -> Result<Db> {
    let mut transaction = db.scoped(&chain::sealing()).await?;
    let mut there = chain_of(&mut transaction).await?;
    if there.is_none() {
        begin_chain(&mut transaction, &key, now).await?;
        there = chain_of(&mut transaction).await?;
    }
    transaction.commit().await?;
    if there.is_none_or(|(fingerprint, adopted_upto)| fingerprint != chain::fingerprint(&key, adopted_upto)) {
        return Err(Error::Usage(format!(
            "{} is not the key that this database's audit trail is sealed with: put the right one there (it lies with the first machine that \
             served this database, and with its copies), or say where it is with --audit-key-file",
            key.path().display()
        )));
    }
    Ok(db.signing(key))
}

/// Draws the line between what was recorded before there was a key and what must be signed. Where entries are sealed
/// already the line was drawn before, and somebody took it away: then nothing more is taken for old.
async fn begin_chain(transaction: &mut Scoped, key: &AuditKey, now: DateTime<Utc>) -> Result<()> {
    let last: i64 = sqlx::query_scalar!(
        "select case when exists (select 1 from audit_seals) then 0 else coalesce((select max(id) from audit_entries), 0) end as \"last!\""
    )
    .fetch_one(transaction.conn())
    .await?;
    let fingerprint = chain::fingerprint(key, last);
    sqlx::query!(
        "insert into audit_chain (fingerprint, adopted_upto, begun_at) values ($1, $2, $3) on conflict do nothing",
        fingerprint.as_slice(),
        last,
        now
    )
    .execute(transaction.conn())
    .await?;
    Ok(())
}

/// The fingerprint of the chain's key and the last entry from before the chain.
async fn chain_of(transaction: &mut Scoped) -> Result<Option<(Vec<u8>, i64)>> {
    Ok(sqlx::query_as("select fingerprint, adopted_upto from audit_chain").fetch_optional(transaction.conn()).await?)
}

/// Writes the entry in the given transaction, signed where the process has the key.
pub async fn record(transaction: &mut Scoped, at: DateTime<Utc>, entry: &Entry<'_>) -> Result<()> {
    let signed = signed(transaction, at, entry);
    sqlx::query(INSERT)
        .bind(signed.at)
        .bind(entry.user_id.filter(|&id| id > 0))
        .bind(entry.account)
        .bind(entry.action)
        .bind(entry.target)
        .bind(entry.area.map(AreaCode::lo))
        .bind(entry.area.map(|area| area.level().to_i16()))
        .bind(signed.detail)
        .bind(entry.rows)
        .bind(entry.request_id)
        .bind(signed.signature)
        .execute(transaction.conn())
        .await?;
    Ok(())
}

const INSERT: &str = "insert into audit_entries (at, user_id, account, action, target, area_lo, area_level, detail, row_count, request_id, signature)
                      values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11)";

/// The parts of an entry that are made when it is recorded.
struct Made {
    /// To the microsecond, as PostgreSQL keeps it.
    at: DateTime<Utc>,
    /// JSON text.
    detail: String,
    signature: Option<Vec<u8>>,
}

fn signed(transaction: &Scoped, at: DateTime<Utc>, entry: &Entry<'_>) -> Made {
    let at_us = at.timestamp_micros();
    let detail = content::storable(entry.detail.clone()).to_string();
    let content = content::Content {
        at_us: Some(at_us),
        user_id: entry.user_id.filter(|&id| id > 0),
        account: entry.account,
        action: entry.action,
        target: entry.target,
        area_lo: entry.area.map(AreaCode::lo),
        area_level: entry.area.map(|area| area.level().to_i16()),
        detail: &detail,
        row_count: entry.rows,
        request_id: entry.request_id,
    };
    // the nonce keeps two like entries apart; that nobody guesses it does not matter
    let signature = transaction.audit_key().map(|key| content.sign(&key, ulid::Ulid::new().to_bytes()));
    Made { at: DateTime::from_timestamp_micros(at_us).unwrap_or(at), detail, signature }
}

/// The signature of an entry that a function of the database inserts in our stead.
pub fn signature(transaction: &Scoped, at: DateTime<Utc>, entry: &Entry<'_>) -> Option<Vec<u8>> {
    signed(transaction, at, entry).signature
}
