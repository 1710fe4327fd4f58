//! After a restore: the chain of the backup goes on where its key is there, and where it is not a new one begins.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;

use super::chain::fingerprint;
use super::kept;
use crate::db::AuditKey;
use crate::error::Result;

/// What became of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the head of a newer chain was put; never thrown away.
    pub head_aside: Option<PathBuf>,
    /// Seals of the backup that another key made; they are kept in `audit_seals_before`, and a new chain begins over all entries.
    pub sealed_by_another_key: u64,
}

/// Settles the chain of a backup that was just read in. Only whoever owns the tables may.
pub async fn restored(owner: &PgConnectOptions, key: &AuditKey, now: DateTime<Utc>) -> Result<Restored> {
    let head_aside = kept::put_aside(&kept::file(key), now)?;
    let mut connection = owner.connect().await?;
    let mut transaction = connection.begin().await?;
    let there: Option<(Vec<u8>, i64)> = sqlx::query_as("select fingerprint, adopted_upto from audit_chain").fetch_optional(&mut *transaction).await?;
    let mut moved = 0;
    if let Some((foreign, _)) = there.filter(|(there, adopted_upto)| *there != fingerprint(key, *adopted_upto)) {
        let keep =
            "insert into audit_seals_before (fingerprint, seq, entry_id, hash, origin) select $1, seq, entry_id, hash, origin from audit_seals";
        moved = sqlx::query(keep).bind(foreign).execute(&mut *transaction).await?.rows_affected();
        for statement in ["delete from audit_seals", "delete from audit_chain"] {
            sqlx::query(statement).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(Restored { head_aside, sealed_by_another_key: moved })
}
