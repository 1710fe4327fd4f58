//! A migrated database with a small town, and models that follow it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use maplebridge::read_model::{Options, ReadModel, Rule};
use sqlx::{Executor as _, PgConnection};

pub(crate) use crate::support::app::noon;
use crate::support::database::{Database, database};

pub(crate) const COUNTY: i64 = 990_321_000_000_000;

/// A migrated database, to be filled by [`Town::build`].
pub(crate) struct Town {
    database: Database,
}

impl Town {
    pub(crate) async fn new() -> Option<Self> {
        Some(Self { database: database().await? })
    }

    pub(crate) fn name(&self) -> &str {
        &self.database.name
    }

    /// A superuser beside the database.
    pub(crate) async fn admin(&self) -> PgConnection {
        self.database.beside().await
    }

    /// A superuser in the database.
    pub(crate) async fn root(&self) -> PgConnection {
        self.database.root().await
    }

    pub(crate) fn url(&self, role: &str) -> String {
        self.database.url(role)
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        self.database.owner().await
    }

    /// Two townships of two villages of four cells, 20 addresses a cell, a facility and three incidents a cell.
    pub(crate) async fn build(&self) {
        let mut owner = self.owner().await;
        owner.execute(include_str!("fixtures/town.sql")).await.unwrap();
    }

    pub(crate) async fn model_with(&self, rule: Option<Rule>, clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>) -> Arc<ReadModel> {
        let options = Options { url: self.url("maplebridge_feed"), clock, time_zone: chrono_tz::Asia::Shanghai, rule };
        ReadModel::start(options).await.unwrap()
    }

    pub(crate) async fn model(&self) -> Arc<ReadModel> {
        self.model_with(None, Arc::new(noon)).await
    }
}

/// Numbers that look random and are the same in every run.
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % below
    }
}
