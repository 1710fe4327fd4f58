//! What the rooms of the nouns are given: scoped transactions, the read model for questions of place, and the clock.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::db::{Db, Scoped, Written};
use crate::error::Result;
use crate::read_model::{Model, ReadModel};
use crate::users::{Reader, Right};

/// The clock the program was given: instants in UTC, civil days in the configured time zone.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Zone of the civil days.
    pub zone: chrono_tz::Tz,
    /// A fixed instant for tests; `None`: the machine's.
    pub fixed: Option<DateTime<Utc>>,
}

impl Clock {
    /// The machine's clock in the zone.
    pub const fn of_machine(zone: chrono_tz::Tz) -> Self {
        Self { zone, fixed: None }
    }

    /// Now, UTC.
    pub fn now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(|| DateTime::<Utc>::from(std::time::SystemTime::now()))
    }

    /// Today in the zone.
    pub fn today(&self) -> NaiveDate {
        self.day_of(self.now())
    }

    /// The civil day of an instant in the zone.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

/// What every handler of a noun is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// Scoped transactions.
    pub db: Db,
    /// Answers questions of place; shows writes soon after their commit.
    pub model: Arc<ReadModel>,
    /// The clock.
    pub clock: Clock,
}

impl Context {
    /// A transaction that sees and writes what the reader may.
    pub async fn begin(&self, reader: &Reader) -> Result<Scoped> {
        self.db.scoped(&reader.scopes()).await
    }

    /// The newest read model.
    pub fn ground(&self) -> Arc<Model> {
        self.model.model()
    }

    /// Commits, and returns when the read model of this process shows it.
    pub async fn commit(&self, transaction: Scoped) -> Result<Written> {
        let written = transaction.commit().await?;
        if written.xid.is_some() {
            self.model.wait_fresh().await?;
        }
        Ok(written)
    }
}

/// The reader as the read model and the tiles know it.
pub fn map_reader(reader: &Reader) -> crate::read_model::Reader {
    crate::read_model::Reader {
        map: reader.scope(Right::Map),
        households: reader.scope(Right::Households),
        cases: reader.scope(Right::Cases),
        units: reader.units(),
        published: reader.scope(Right::Published),
        staff: reader.staff_areas(),
        known: Arc::default(),
    }
}
