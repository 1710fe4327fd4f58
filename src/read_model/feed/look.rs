//! One look at the feed: what is visible now and was not seen yet.

use sqlx::{PgConnection, Row as _};

use super::position::{Rule, Seen, Snapshot};

const LOOK: &str = include_str!("look.sql");

/// One change, as one statement of a transaction made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The transaction.
    pub xid: u64,
    /// Number of the table.
    pub table: i16,
    /// Keys of its rows; none: the whole table.
    pub ids: Option<Vec<i64>>,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The snapshot it was taken in.
    pub snapshot: Snapshot,
    /// Whether the server is a standby.
    pub recovering: bool,
    /// Changes below this transaction are no longer kept.
    pub floor: u64,
    /// What is new.
    pub changes: Vec<Change>,
}

/// Looks at the feed with what was seen so far.
pub(super) async fn look(conn: &mut PgConnection, seen: &Seen, rule: Rule) -> Result<Look, sqlx::Error> {
    let (from, but, also) = seen.question(rule);
    let rows = sqlx::query(LOOK).bind(from).bind(but).bind(also).fetch_all(conn).await?;
    let number = |text: &str| text.parse::<u64>().map_err(|e| sqlx::Error::Decode(Box::new(e)));
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let snapshot = Snapshot::parse(first.try_get(0)?).ok_or_else(|| sqlx::Error::Protocol("a snapshot in an unknown form".into()))?;
    let (recovering, floor) = (first.try_get(1)?, number(first.try_get(2)?)?);
    let mut changes = Vec::new();
    for row in &rows {
        if let Some(xid) = row.try_get::<Option<&str>, _>(3)? {
            changes.push(Change { xid: number(xid)?, table: row.try_get(4)?, ids: row.try_get(5)? });
        }
    }
    Ok(Look { snapshot, recovering, floor, changes })
}

/// The transactions from the snapshot's xmin on whose changes are visible: after a first load they count as applied.
pub(super) async fn visible_from(conn: &mut PgConnection, xmin: u64) -> Result<Vec<u64>, sqlx::Error> {
    let statement = "select distinct xid::text from feed.change where xid >= $1::text::xid8";
    let rows = sqlx::query(statement).bind(xmin.to_string()).fetch_all(conn).await?;
    let number = |text: &str| text.parse::<u64>().map_err(|e| sqlx::Error::Decode(Box::new(e)));
    rows.iter().map(|row| number(row.try_get(0)?)).collect()
}
