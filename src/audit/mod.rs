//! The audit trail: what was done and what was looked at.
//!
//! An entry is a plain insert: with the write, in its transaction; for reads before the answer leaves. Nobody's role
//! can change or delete one. Chaining and verifying the entries is the sealer's work, over the same table.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::codes::AreaCode;
use crate::db::Scoped;
use crate::error::Result;

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

/// Writes the entry in the given transaction.
pub async fn record(transaction: &mut Scoped, at: DateTime<Utc>, entry: &Entry<'_>) -> Result<()> {
    sqlx::query(
        "insert into audit_entries (at, user_id, account, action, target, area_lo, area_level, detail, row_count, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(at)
    .bind(entry.user_id.filter(|&id| id > 0))
    .bind(entry.account)
    .bind(entry.action)
    .bind(entry.target)
    .bind(entry.area.map(AreaCode::lo))
    .bind(entry.area.map(|area| area.level().to_i16()))
    .bind(&entry.detail)
    .bind(entry.rows)
    .bind(entry.request_id)
    .execute(transaction.conn())
    .await?;
    Ok(())
}
