//! An import as a job.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::commit::{Ending, Outcome, Request, import};
use super::faults::{Lang, RowFault, Severity};
use super::fields::Noun;
use super::source::Source;
use crate::context::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::jobs::{self, Desk, FaultRow, New, Progress, State};
use crate::privacy::text_gate;
use crate::users::{Reader, Right};

/// Who works, where and by which clock.
#[derive(Debug, Clone)]
pub struct Worker {
    /// The database.
    pub db: Db,
    /// On whose behalf.
    pub reader: Arc<Reader>,
    /// The clock.
    pub clock: Clock,
}

/// What is said of a work while it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attended<'a> {
    /// Its job.
    pub(super) id: &'a str,
    /// The area it works under.
    pub(super) scope_code: i64,
    /// Whether faults keep their places.
    pub(super) keeps_places: bool,
    /// Language of the report.
    pub(super) lang: Lang,
}

/// The area that a job works under: where the reader imports at all, else everywhere.
pub fn scope_of(reader: &Reader, request: &Request) -> i64 {
    let first = reader.scope(Right::Imports).ranges().first().map_or(0, |range| range.lo);
    request.options.under.map_or(first, crate::codes::AreaCode::lo)
}

impl Worker {
    pub(super) fn desk(&self) -> Desk<'_, impl Fn() -> DateTime<Utc> + Sync> {
        let clock = self.clock;
        Desk { db: &self.db, scopes: self.reader.scopes(), now: move || clock.now() }
    }

    /// Writes the row of an import that begins; returns its id.
    pub async fn begin(&self, source: &Source, request: &Request) -> Result<String> {
        text_gate::refuse("source", &request.source)?;
        let desk = self.desk();
        let id = desk.name();
        let params = json!({
            "file": text_gate::masked(source.name().to_owned()), "source": request.source, "crs": request.crs,
            "layer": request.options.choice.layer.clone().map(text_gate::masked), "heading_row": request.options.choice.heading_row,
            "mapping": request.mapping, "key": request.options.key,
            "under": request.options.under, "make_under": request.make_under, "extend": request.options.extend, "repair": request.options.repair,
            "replace_source": request.replace, "skip_faulty": request.skip_faulty, "dry_run": request.dry_run,
        });
        let job = New {
            id: &id,
            kind: "import",
            noun: Some(request.noun.name()),
            params,
            user_id: self.reader.user_id,
            scope_code: scope_of(&self.reader, request),
        };
        desk.begin(&job).await?;
        Ok(id)
    }

    /// Does the work of a job that has begun, and writes how it ended, but for `done`: see [`finish`](Self::finish).
    ///
    /// Faults are kept with the job. `progress` may be looked at, and told to stop, from elsewhere.
    pub async fn run(&self, id: &str, source: Source, request: Request, progress: Arc<Progress>) -> Result<Outcome> {
        let scope_code = scope_of(&self.reader, &request);
        // the true place of a case is sealed, so a fault of an incident keeps none
        let about = Attended { id, scope_code, keeps_places: request.noun != Noun::Incidents, lang: request.lang };
        let work = import(&self.db, &self.reader, self.clock, source, request, id, Arc::clone(&progress));
        Box::pin(self.attend(about, work, &progress)).await
    }

    /// Gives signs of life while a work is done, and writes how it ended, but for `done`.
    pub(super) async fn attend(&self, about: Attended<'_>, work: impl Future<Output = Result<Outcome>>, progress: &Progress) -> Result<Outcome> {
        let Attended { id, scope_code, keeps_places, lang } = about;
        let desk = self.desk();
        let outcome = desk.attend(id, work, progress).await;
        // A statement that was stopped on demand has failed only in name.
        let outcome = match outcome {
            Err(Error::Busy { .. }) if progress.is_cancelled() => Ok(Outcome::stopped(lang)),
            other => other,
        };
        match &outcome {
            Ok(done) => self.keep(id, scope_code, keeps_places, done).await?,
            Err(error) => desk.end(id, State::Failed, None, Some(&error.to_string())).await?,
        }
        if let Ok(done) = &outcome {
            match done.ending {
                Ending::Committed => {}
                Ending::DryRun => self.finish(id, done).await?,
                Ending::Cancelled => desk.end(id, State::Cancelled, Some(&told(done)), None).await?,
                Ending::Faults => {
                    let message = "文件有错误，没有写入；改正后再导入，或跳过有错的行 · the file has faults and nothing was stored; \
                                   correct them, or leave out the faulty rows";
                    desk.end(id, State::Failed, Some(&told(done)), Some(message)).await?;
                }
            }
        }
        outcome
    }

    /// Calls the job done; after a commit only when the map shows it.
    pub async fn finish(&self, id: &str, outcome: &Outcome) -> Result<()> {
        self.desk().end(id, State::Done, Some(&told(outcome)), None).await
    }

    /// Calls the job failed.
    pub async fn fail(&self, id: &str, error: &Error) -> Result<()> {
        self.desk().end(id, State::Failed, None, Some(&error.to_string())).await
    }

    async fn keep(&self, id: &str, scope_code: i64, keeps_places: bool, outcome: &Outcome) -> Result<()> {
        let rows: Vec<FaultRow> = outcome.faults.iter().map(|fault| kept(fault, keeps_places)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let mut scoped = self.db.scoped(&self.reader.scopes()).await?;
        jobs::keep_faults(&mut scoped, id, scope_code, &rows).await?;
        scoped.commit().await?;
        Ok(())
    }
}

/// A fault as it is kept, with its place where that may be kept.
fn kept(fault: &RowFault, keeps_places: bool) -> FaultRow {
    let at = fault.at.filter(|_| keeps_places);
    FaultRow {
        id: 0,
        row_number: fault.row as i64,
        column_name: fault.column.clone().unwrap_or_default(),
        code: fault.code.name().to_owned(),
        reason_zh: fault.reason(Lang::Zh),
        reason_en: fault.reason(Lang::En),
        cure_zh: fault.cure(Lang::Zh),
        cure_en: fault.cure(Lang::En),
        lon: at.map(|at| at[0]),
        lat: at.map(|at| at[1]),
    }
}

/// The report as it is kept: counts and columns; the faults stand in `job_faults`.
fn told(outcome: &Outcome) -> Value {
    let faults: u64 = outcome.report.tallies.iter().filter(|tally| tally.severity == Severity::Fault).map(|tally| tally.count).sum();
    let mut told = json!({
        "ending": outcome.ending, "counts": outcome.report.counts, "merged": outcome.merged, "faults": faults, "tallies": outcome.report.tallies,
        "understood": outcome.report.understood, "extensions": outcome.report.extensions,
    });
    mask(&mut told);
    told
}

/// Values of rows stand in a report as examples; numbers of persons among them do not.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = text_gate::masked(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => members.values_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
