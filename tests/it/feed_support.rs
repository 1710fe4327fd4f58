//! A migrated database with a small town, and models that follow it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use maplebridge::read_model::{Options, ReadModel, Rule};
use sqlx::{Connection, Executor, PgConnection};

pub(crate) const COUNTY: i64 = 990_321_000_000_000;

/// Where tests find a server: `MAPLEBRIDGE_TEST_URL`, a superuser's URL of any database; the feed's and owner's roles have
/// the password `dev`.
pub(crate) struct Town {
    pub(crate) name: String,
    admin: String,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Town {
    pub(crate) async fn new() -> Option<Self> {
        let Ok(admin) = std::env::var("MAPLEBRIDGE_TEST_URL") else {
            crate::support::skip::skip("MAPLEBRIDGE_TEST_URL is not set");
            return None;
        };
        let name = format!("it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut conn = PgConnection::connect(&admin).await.unwrap();
        conn.execute(format!("create database {name} owner maplebridge_owner").as_str()).await.unwrap();
        let town = Self { name, admin };
        let mut su = PgConnection::connect(&town.url("postgres")).await.unwrap();
        su.execute("alter schema public owner to maplebridge_owner").await.unwrap();
        let mut owner = town.owner().await;
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for file in files {
            owner.execute(format!("begin; {}; commit;", std::fs::read_to_string(file).unwrap()).as_str()).await.unwrap();
        }
        Some(town)
    }

    /// A superuser beside the database.
    pub(crate) async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.admin).await.unwrap()
    }

    pub(crate) fn url(&self, role: &str) -> String {
        let (_, rest) = self.admin.split_once('@').unwrap();
        let host = rest.split('/').next().unwrap();
        format!("postgres://{role}:dev@{host}/{}", self.name)
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        PgConnection::connect(&self.url("maplebridge_owner")).await.unwrap()
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

    pub(crate) async fn drop(self) {
        let mut conn = PgConnection::connect(&self.admin).await.unwrap();
        conn.execute(format!("drop database {} with (force)", self.name).as_str()).await.unwrap();
    }
}

/// 1 March 2026, noon in Shanghai.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-03-01T04:00:00Z".parse().unwrap()
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
