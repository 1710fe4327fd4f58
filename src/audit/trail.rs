//! The trail as auditors read it: a page of entries, each with its seal and whether both still fit.

use chrono::{DateTime, Utc};
use sqlx::{FromRow as _, Row as _};

use super::chain::{COLUMNS, Hash, Stored, beginning, link};
use crate::codes::AreaCode;
use crate::db::{AuditKey, Scoped};
use crate::error::Result;

/// Which entries.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Only this account.
    pub account: Option<&'a str>,
    /// Only actions that begin so.
    pub action: Option<&'a str>,
    /// Only entries that concern this area or what lies in it.
    pub within: Option<AreaCode>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub before: Option<DateTime<Utc>>,
    /// Newest first.
    pub newest_first: bool,
    /// Key of the last entry of the page before.
    pub after: Option<i64>,
    /// Rows to fetch.
    pub limit: i64,
}

/// How an entry stands in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Sealed, and what it says is what was sealed.
    Sealed,
    /// Waits for its seal.
    Waiting,
    /// Does not fit its seal or its signature: run `maplebridge audit verify`.
    Broken,
    /// Sealed or not; this process has no key to tell whether it fits.
    Unknown,
}

/// An entry on a page.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Key.
    pub id: i64,
    /// Instant; none where the database holds no instant any more.
    pub at: Option<DateTime<Utc>>,
    /// Account at that time; empty for the command line and the server itself.
    pub account: String,
    /// What was done.
    pub action: String,
    /// Key of what it was done to.
    pub target: String,
    /// Area it concerned.
    pub area: Option<AreaCode>,
    /// Changed fields or filters.
    pub detail: serde_json::Value,
    /// Rows written or shown.
    pub row_count: Option<i64>,
    /// Id of the request.
    pub request_id: String,
    /// Number of its seal.
    pub seal: Option<i64>,
    /// How it stands in the chain.
    pub standing: Standing,
}

/// Reads a page. The transaction needs the right to the trail.
pub async fn list(transaction: &mut Scoped, asked: &Asked<'_>) -> Result<Vec<Shown>> {
    let (order, beyond) = if asked.newest_first { ("desc", "<") } else { ("asc", ">") };
    let columns = COLUMNS;
    let sql = format!(
        "with page as (
           select e.* from audit_entries e
            where ($1::bigint is null or e.id {beyond} $1)
              and ($2::text is null or e.account = $2) and ($3::text is null or starts_with(e.action, $3))
              and ($4::bigint is null or (e.area_lo >= $4 and e.area_lo + (10::numeric ^ (15 - e.area_level))::bigint <= $5))
              and ($6::timestamptz is null or e.at >= $6) and ($7::timestamptz is null or e.at < $7)
            order by e.id {order} limit $8)
         select {columns}, s.seq, s.hash, s.origin, b.hash as before
           from page e left join audit_seals s on s.entry_id = e.id left join audit_seals b on b.seq = s.seq - 1
          order by e.id {order}"
    );
    let range = asked.within.map(AreaCode::range);
    let rows = sqlx::query(&sql)
        .bind(asked.after)
        .bind(asked.account)
        .bind(asked.action)
        .bind(range.map(|range| range.lo))
        .bind(range.map(|range| range.hi))
        .bind(asked.from)
        .bind(asked.before)
        .bind(asked.limit)
        .fetch_all(transaction.conn())
        .await?;
    let key = transaction.audit_key();
    Ok(rows.iter().map(|row| shown(row, key.as_deref())).collect::<Result<_, sqlx::Error>>()?)
}

fn shown(row: &sqlx::postgres::PgRow, key: Option<&AuditKey>) -> Result<Shown, sqlx::Error> {
    let entry = Stored::from_row(row)?;
    let seal: Option<i64> = row.try_get("seq")?;
    let standing = match (key, seal) {
        (None, _) => Standing::Unknown,
        (Some(key), None) if entry.is_signed(key) => Standing::Waiting,
        (Some(_), None) => Standing::Broken,
        (Some(key), Some(seq)) => {
            let before = match seq {
                1 => Some(beginning(key)),
                _ => row.try_get::<Option<Vec<u8>>, _>("before")?.and_then(|hash| Hash::try_from(hash).ok()),
            };
            let origin: String = row.try_get("origin")?;
            let due = before.map(|before| link(key, seq, &before, entry.id, &origin, &entry.content().bytes()));
            let ours = origin == "adopted" || entry.is_signed(key);
            let fits = due.is_some_and(|due| row.try_get::<&[u8], _>("hash").is_ok_and(|hash| hash == due));
            if ours && fits { Standing::Sealed } else { Standing::Broken }
        }
    };
    let area = entry.area_lo.zip(entry.area_level).and_then(|(lo, level)| AreaCode::from_parts(lo, crate::codes::Level::from_i16(level)?));
    Ok(Shown {
        id: entry.id,
        at: entry.at_us.and_then(DateTime::from_timestamp_micros),
        detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        account: entry.account,
        action: entry.action,
        target: entry.target,
        area,
        row_count: entry.row_count,
        request_id: entry.request_id,
        seal,
        standing,
    })
}
