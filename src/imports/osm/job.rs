//! The import of a base map: one transaction, the job around it, the same report as other imports.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;

use super::super::commit::{Ending, Outcome, close};
use super::super::faults::{Collector, FaultCode, Lang, RowFault};
use super::super::report::{Counts, Report};
use super::super::work::{Attended, Worker};
use super::super::write::{self, Lines, Merged, Origin};
use super::read::Extract;
use super::shapes;
use crate::audit::Entry;
use crate::error::{Error, Result};
use crate::jobs::{New, Progress};
use crate::privacy::text_gate;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The extract.
    pub file: PathBuf,
    /// Name under which its features stand.
    pub source: String,
    /// Whether the base map that is there stays beside it.
    pub add: bool,
    /// Whether everything is given up at the end.
    pub dry_run: bool,
    /// Language of the report.
    pub lang: Lang,
}

/// What the reading found out.
#[derive(Debug, Default)]
struct Read {
    features: u64,
    incomplete: u64,
}

impl Worker {
    /// Imports a base map as a job; returns its id and what became of it. A committed one is still to be finished.
    pub async fn basemap(&self, request: Request, progress: Arc<Progress>) -> Result<(String, Outcome)> {
        text_gate::refuse("source", &request.source)?;
        let desk = self.desk();
        let id = desk.name();
        let name = request.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let params = json!({ "file": text_gate::masked(name), "source": request.source, "add": request.add, "dry_run": request.dry_run });
        desk.begin(&New { id: &id, kind: "import", noun: Some("basemap"), params, user_id: self.reader.user_id, scope_code: 0 }).await?;
        let about = Attended { id: &id, scope_code: 0, keeps_places: true, lang: request.lang };
        let work = Box::pin(self.bring_basemap(&id, request, Arc::clone(&progress)));
        let outcome = Box::pin(self.attend(about, work, &progress)).await?;
        Ok((id, outcome))
    }

    async fn bring_basemap(&self, id: &str, request: Request, progress: Arc<Progress>) -> Result<Outcome> {
        progress.step("reading");
        let mut scoped = self.db.scoped(&self.reader.scopes()).await?;
        scoped.without_time_limit().await?;
        progress.works_in(sqlx::query_scalar("select pg_backend_pid()").fetch_one(scoped.conn()).await?);
        let origin = Origin { source: request.source.clone(), job_id: id.to_owned(), day: self.clock.today(), replace: !request.add };
        // two megabytes of rows at most are on their way
        let (to, from) = tokio::sync::mpsc::channel(8);
        let (file, telling) = (request.file.clone(), Arc::clone(&progress));
        let thread = tokio::task::spawn_blocking(move || read(&file, &telling, &to));
        let merged = write::basemap(&mut scoped, &origin, ReceiverStream::new(from)).await;
        let mut collector = Collector::default();
        let found = match thread.await {
            Ok(Ok(found)) => found,
            Ok(Err(fault)) => {
                collector.push(fault);
                Read::default()
            }
            // what the reader of the format did not foresee is damage, not a defect of ours
            Err(broken) if broken.is_panic() => {
                collector.push(RowFault::new(0, FaultCode::PbfDamaged).arg("?").arg("it cannot be decoded"));
                Read::default()
            }
            Err(gone) => return Err(Error::internal("read the file")(gone)),
        };
        let merged = merged?;
        if found.incomplete > 0 {
            collector.push(RowFault::new(0, FaultCode::PbfIncomplete).arg(found.incomplete));
        }
        if found.features == 0 && collector.is_clean() && !progress.is_cancelled() {
            collector.push(RowFault::new(0, FaultCode::PbfNothing));
        }
        let ending = match (progress.is_cancelled(), collector.is_clean(), request.dry_run) {
            (true, ..) => Ending::Cancelled,
            (_, false, _) => Ending::Faults,
            (.., true) => Ending::DryRun,
            _ => Ending::Committed,
        };
        let entry = Entry {
            user_id: Some(self.reader.user_id),
            account: &self.reader.account,
            action: "import.commit",
            target: id,
            area: None,
            detail: json!({ "noun": "basemap", "source": request.source, "merged": merged }),
            rows: Some(merged.changes() as i64),
            request_id: "",
        };
        let written = close(scoped, ending, self.clock, &entry).await?;
        let merged = if ending == Ending::Faults { Merged::default() } else { merged };
        let counts = Counts { read: found.features, inserted: merged.inserted, ..Counts::default() };
        let faults = collector.shown().cloned().collect();
        Ok(Outcome { ending, merged, report: Report::new(None, counts, &collector, &[], request.lang), faults, written })
    }
}

/// Reads the file and sends its features as rows of the stage.
fn read(file: &std::path::Path, progress: &Progress, to: &Sender<Vec<u8>>) -> std::result::Result<Read, RowFault> {
    let Some(extract) = Extract::read(file, progress)? else { return Ok(Read::default()) };
    progress.step("writing");
    let mut lines = Lines::default();
    let mut features = 0;
    let incomplete = shapes::all(extract, |feature| {
        features += 1;
        feature.line(&mut lines);
        lines.end();
        progress.row(features);
        // nobody takes the rows any more where the database failed
        let is_taken = lines.full().is_none_or(|chunk| to.blocking_send(chunk).is_ok());
        is_taken && !progress.is_cancelled()
    });
    let _ = to.blocking_send(lines.take());
    Ok(Read { features, incomplete })
}
