//! Where a job is worked on: its row before, signs of life during, its end after; each in a transaction of its own.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{New, Progress, State, rows};
use crate::db::{Db, Scopes};
use crate::error::{Error, Result};

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(1);

/// Writes what becomes of a job, with the rights of the one who asked for it.
#[derive(Debug)]
pub struct Desk<'a, N> {
    /// The database.
    pub db: &'a Db,
    /// Rights of the one who asked.
    pub scopes: Scopes,
    /// The clock, UTC.
    pub now: N,
}

impl<N: Fn() -> DateTime<Utc> + Sync> Desk<'_, N> {
    /// A name for a job that begins now: a ULID.
    pub fn name(&self) -> String {
        ulid::Ulid::from_datetime((self.now)().into()).to_string()
    }

    /// Writes the row of a job that begins now; calls those failed that nobody works on any more.
    pub async fn begin(&self, job: &New<'_>) -> Result<()> {
        let mut scoped = self.db.scoped(&self.scopes).await?;
        rows::sweep(&mut scoped, (self.now)()).await?;
        rows::begin(&mut scoped, (self.now)(), job).await?;
        scoped.commit().await?;
        Ok(())
    }

    /// Waits for a work and gives a sign of life each second; asks it to stop where somebody asked the job to.
    pub async fn attend<T>(&self, id: &str, work: impl Future<Output = T>, progress: &Progress) -> T {
        tokio::pin!(work);
        let mut ticks = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                outcome = &mut work => return outcome,
                _ = ticks.tick() => self.beat(id, progress).await,
            }
        }
    }

    /// How it ended.
    pub async fn end(&self, id: &str, state: State, report: Option<&Value>, message: Option<&str>) -> Result<()> {
        let mut scoped = self.db.scoped(&self.scopes).await?;
        rows::end(&mut scoped, (self.now)(), id, state, report, message).await?;
        scoped.commit().await?;
        Ok(())
    }

    /// A sign of life that cannot be given is no reason to give up the work.
    async fn beat(&self, id: &str, progress: &Progress) {
        let (step, done) = progress.now();
        let beaten = async {
            let mut scoped = self.db.scoped(&self.scopes).await?;
            let asked = rows::beat(&mut scoped, (self.now)(), id, step, done).await?;
            scoped.commit().await?;
            Ok::<_, Error>(asked)
        };
        match beaten.await {
            Ok(true) => self.stop(progress).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, job = id, "no sign of life could be written"),
        }
    }

    /// Asks the work to stop, and the statement that may be running too: it could be the last and the longest.
    async fn stop(&self, progress: &Progress) {
        progress.cancel();
        let Some(backend) = progress.backend() else { return };
        let stopped = async {
            let mut scoped = self.db.scoped(&self.scopes).await?;
            sqlx::query("select pg_cancel_backend($1)").bind(backend).execute(scoped.conn()).await?;
            scoped.commit().await
        };
        if let Err(error) = stopped.await {
            tracing::warn!(%error, "a statement could not be stopped");
        }
    }
}
