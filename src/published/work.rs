//! Publishing as a job, and the job that comes by the month.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, Utc};
use serde_json::json;

use super::publish::{Done, Wanted, due, publish};
use super::{Month, store};
use crate::audit::{Entry, record};
use crate::context::{Clock, Context};
use crate::db::Db;
use crate::error::Result;
use crate::jobs::{self, Desk, New, Progress, State};
use crate::users::{Reader, Right};

/// Between two looks at the calendar.
const LOOK: Duration = Duration::from_secs(1_800);

/// Who publishes, where and by which clock.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub db: Db,
    pub reader: Arc<Reader>,
    pub clock: Clock,
}

impl Worker {
    fn desk(&self) -> Desk<'_, impl Fn() -> DateTime<Utc> + Sync> {
        let clock = self.clock;
        Desk { db: &self.db, scopes: self.reader.scopes(), now: move || clock.now() }
    }

    /// Writes the row of a publication that begins; returns its id.
    pub(super) async fn begin(&self, wanted: Wanted) -> Result<String> {
        let desk = self.desk();
        let id = desk.name();
        let params = json!({ "month": wanted.month.map(|month| month.to_string()), "continued": wanted.continued });
        let scope_code = self.reader.scope(Right::Publish).ranges().first().map_or(0, |range| range.lo);
        desk.begin(&New { id: &id, kind: "publish", noun: Some("incidents"), params, user_id: self.reader.user_id, scope_code }).await?;
        Ok(id)
    }

    /// Does the work of a job that has begun, but for calling it done: see [`finish`](Self::finish).
    pub(super) async fn work(&self, id: &str, wanted: Wanted, request_id: &str) -> Result<Done> {
        let (progress, desk) = (Progress::default(), self.desk());
        let work = publish(&self.db, &self.reader, self.clock, wanted, id, &progress);
        let outcome = desk.attend(id, work, &progress).await;
        match &outcome {
            Ok(done) => self.note(id, *done, request_id).await?,
            Err(error) => desk.end(id, State::Failed, None, Some(&error.to_string())).await?,
        }
        if let (Ok(done), true) = (&outcome, progress.is_cancelled()) {
            desk.end(id, State::Cancelled, Some(&json!(done)), None).await?;
        }
        outcome
    }

    /// Calls the job done, unless it was stopped.
    pub(super) async fn finish(&self, id: &str, done: Done) -> Result<()> {
        let mut scoped = self.db.scoped(&self.reader.scopes()).await?;
        let state = jobs::get(&mut scoped, id).await?.state;
        drop(scoped);
        if state == State::Running.name() { self.desk().end(id, State::Done, Some(&json!(done)), None).await } else { Ok(()) }
    }

    async fn note(&self, id: &str, done: Done, request_id: &str) -> Result<()> {
        let mut scoped = self.db.scoped(&self.reader.scopes()).await?;
        let entry = Entry {
            user_id: Some(self.reader.user_id),
            account: &self.reader.account,
            action: "incident.publish",
            target: id,
            area: None,
            detail: json!({ "townships": done.townships, "months": done.months }),
            rows: Some(done.months as i64),
            request_id,
        };
        record(&mut scoped, self.clock.now(), &entry).await?;
        scoped.commit().await?;
        Ok(())
    }
}

/// Publishes from begin to end, on behalf of the command line.
pub async fn run(db: &Db, clock: Clock, wanted: Wanted) -> Result<Done> {
    let worker = Worker { db: db.clone(), reader: Arc::new(Reader::command_line(clock.today())), clock };
    let id = worker.begin(wanted).await?;
    let done = worker.work(&id, wanted, "").await?;
    worker.finish(&id, done).await?;
    Ok(done)
}

/// Publishes the last month, some days after its end, wherever a month was published before; for ever, until dropped.
///
/// It continues what somebody began with the first publication: a system into which the past is still being imported
/// would otherwise freeze months that are half there.
pub async fn every_month(context: Context) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        if let Err(error) = publish_last_month(&context).await {
            tracing::warn!(%error, "the last month could not be published; another attempt follows");
        }
    }
}

/// Publishes the last month where it is due, missing, and continues what was begun; nothing where it is not due.
pub async fn publish_last_month(context: &Context) -> Result<Option<Done>> {
    let clock = context.clock;
    let reader = Reader::command_line(clock.today());
    let mut scoped = context.db.scoped(&reader.scopes()).await?;
    let after = store::publish_after_days(&mut scoped).await?;
    let last = Month::of(clock.today()).before();
    let is_due = last.last_day().checked_add_days(Days::new(after)).is_some_and(|day| clock.today() > day);
    drop(scoped);
    let wanted = Wanted { month: Some(last), continued: true, ..Wanted::everything() };
    if !is_due || due(&context.db, &reader, last, wanted).await?.is_empty() {
        return Ok(None);
    }
    let done = run(&context.db, clock, wanted).await?;
    tracing::info!(month = %last, townships = done.townships, shown = done.shown, withheld = done.primary + done.complementary, "published");
    Ok(Some(done))
}
