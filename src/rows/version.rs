//! Versions of rows: an edit of today's version changes it, an edit of an older one begins a new one.

use chrono::NaiveDate;
use serde::Serialize;

use crate::db::Scoped;
use crate::error::{Error, Result};
use crate::users::{Reader, Right};

/// A table whose rows are versions.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The column of the key that stays.
    pub key: &'static str,
    /// Columns that a new version takes over, besides days, origin and version.
    pub columns: &'static str,
}

/// The version in force that an edit begins from.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Key of the version.
    pub id: i64,
    /// First day.
    pub valid_from: NaiveDate,
    /// First day after, where an end is set.
    pub valid_to: Option<NaiveDate>,
    /// Number of the version.
    pub version: i32,
}

impl Table {
    /// Holds the row for this transaction; what is read of it afterwards stays true.
    pub async fn hold(&self, transaction: &mut Scoped, key: i64, today: NaiveDate) -> Result<()> {
        let sql = format!("select 1 from {} where {} = $2 and {} for update", self.name, self.key, super::days_in_force());
        sqlx::query(&sql).bind(today).bind(key).execute(transaction.conn()).await?;
        Ok(())
    }

    /// The key of the version to write into: the one held if it began today, else a new one that begins today.
    ///
    /// A new one takes over everything, the number of its version too, which the write itself will count up.
    pub async fn begin(&self, transaction: &mut Scoped, held: Held, today: NaiveDate) -> Result<i64> {
        if held.valid_from == today {
            return Ok(held.id);
        }
        let Self { name, key, columns } = self;
        self.end(transaction, held, today).await?;
        let sql = format!(
            "insert into {name} ({key}, {columns}, origin, origin_key, valid_from, valid_to, version)
             select {key}, {columns}, origin, origin_key, $2, $3, $4 from {name} where id = $1 returning id"
        );
        let new = sqlx::query_scalar(&sql).bind(held.id).bind(today).bind(held.valid_to).bind(held.version);
        Ok(new.fetch_one(transaction.conn()).await?)
    }

    async fn end(&self, transaction: &mut Scoped, held: Held, today: NaiveDate) -> Result<()> {
        let sql = format!("update {} set valid_to = $2 where id = $1", self.name);
        sqlx::query(&sql).bind(held.id).bind(today).execute(transaction.conn()).await?;
        Ok(())
    }

    /// Retires: the row ends today; one that began today goes.
    pub async fn retire(&self, transaction: &mut Scoped, held: Held, today: NaiveDate) -> Result<()> {
        if held.valid_from < today {
            return self.end(transaction, held, today).await;
        }
        let sql = format!("delete from {} where id = $1", self.name);
        sqlx::query(&sql).bind(held.id).execute(transaction.conn()).await?;
        Ok(())
    }
}

/// Refuses an edit of what the reader sees but may not write: nothing new is told by that.
pub fn may_write(reader: &Reader, right: Right, scope_code: i64) -> Result<()> {
    if reader.may(right, scope_code) { Ok(()) } else { Err(super::place::foreign()) }
}

/// Refuses an edit that is based on another version than the stored one.
pub fn must_match<T: Serialize>(expected: i32, current: i32, stored: impl FnOnce() -> Result<T>) -> Result<()> {
    if expected == current {
        return Ok(());
    }
    let stored = serde_json::to_value(stored()?).map_err(Error::internal("show the stored row"))?;
    Err(Error::Stale { expected: expected.into(), current: current.into(), stored: Box::new(stored) })
}
