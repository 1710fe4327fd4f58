//! An import from the file to the commit: one transaction, all or nothing.
//!
//! `prepare` says how a file would be read; `import` reads it on a thread of its own, streams the rows into a stage,
//! merges, and commits only where nothing is wrong (or faulty rows may be skipped). A dry run does all of it, the deferred
//! rules of borders too, and gives it up. The job's row around it is `work`'s.

use std::sync::Arc;

use serde_json::json;
use tokio_stream::wrappers::ReceiverStream;

use super::columns::Mapping;
use super::faults::{Collector, FaultCode, Lang, RowFault};
use super::fields::Noun;
use super::ground::Ground;
use super::lists::{CodeLists, Extension};
use super::plan::Plan;
use super::reading::{Options, Reading};
use super::report::{Counts, Report, Understood};
use super::source::{Choice, Source};
use super::survey::Survey;
use super::write::safe::Rule;
use super::write::{self, Merged, Origin, chunks};
use super::{stored_lists, take_areas, take_cells, take_points};
use crate::audit::{self, Entry};
use crate::context::Clock;
use crate::db::{Db, Scoped, Written};
use crate::error::{Error, Result};
use crate::geom::Tolerance;
use crate::jobs::Progress;
use crate::users::Reader;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the rows are.
    pub noun: Noun,
    /// Name under which the rows stand.
    pub source: String,
    /// The datum, as told.
    pub crs: Option<String>,
    /// The columns, as told.
    pub mapping: Mapping,
    /// How rows are taken.
    pub options: Options,
    /// The name under which the area of `options.under` is made where it is not stored.
    pub make_under: Option<String>,
    /// Whether rows of the source that the file no longer has are ended.
    pub replace: bool,
    /// Whether rows without faults are taken although others have some.
    pub skip_faulty: bool,
    /// Whether everything is given up at the end.
    pub dry_run: bool,
    /// Language of the report.
    pub lang: Lang,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Stored.
    Committed,
    /// Would have been stored.
    DryRun,
    /// Not stored: there are faults.
    Faults,
    /// Not stored: somebody asked to stop.
    Cancelled,
}

/// What an import did.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// What became of the rows, or would have.
    pub merged: Merged,
    /// For people and for `--json`.
    pub report: Report,
    /// The faults themselves, in both languages where they are asked.
    pub faults: Vec<RowFault>,
    /// The commit.
    pub written: Option<Written>,
}

impl Outcome {
    /// The end of an import whose statement was stopped.
    pub(super) fn stopped(lang: Lang) -> Self {
        let report = Report::new(None, Counts::default(), &Collector::default(), &[], lang);
        Self { ending: Ending::Cancelled, merged: Merged::default(), report, faults: Vec::new(), written: None }
    }
}

/// Looks at a file and settles how it will be read. Reads it, so not on a thread of the server.
pub fn prepare(source: Source, request: &Request) -> Result<Plan, RowFault> {
    let choice = Choice { noun: Some(request.noun), ..request.options.choice.clone() };
    Ok(Plan::make(Survey::of(source.choosing(choice))?, request.noun, request.mapping.clone(), request.crs.as_deref()))
}

/// Imports a file. `job_id` is written beside every row.
pub async fn import(
    db: &Db,
    reader: &Reader,
    clock: Clock,
    source: Source,
    request: Request,
    job_id: &str,
    progress: Arc<Progress>,
) -> Result<Outcome> {
    progress.step("reading");
    let mut scoped = db.scoped(&reader.scopes()).await?;
    scoped.without_time_limit().await?;
    progress.works_in(sqlx::query_scalar("select pg_backend_pid()").fetch_one(scoped.conn()).await?);
    let mut lists = stored_lists::read(&mut scoped).await?;
    let (plan, understood) = planned(source.clone(), &request).await?;
    let plan = match plan {
        Ok(plan) => plan,
        Err(faults) => return refused(scoped, understood, &request, faults).await,
    };
    if request.options.extend {
        lists = survey_lists(source, &request, lists).await?;
        stored_lists::extend(&mut scoped, lists.extensions()).await?;
    }
    let extensions: Vec<Extension> = lists.extensions().to_vec();
    let origin = Origin { source: request.source.clone(), job_id: job_id.to_owned(), day: clock.today(), replace: request.replace };
    let made = made_under(&mut scoped, &origin, &request).await?;
    let ground = Arc::new(Ground::load(&mut scoped).await?);
    let mut reading = match Reading::open(plan, request.options.clone(), lists) {
        Ok(reading) => reading,
        Err(faults) => return refused(scoped, understood, &request, faults).await,
    };
    if let Some(note) = made {
        reading.faults_mut().push(note);
    }
    let (merged, reading) = match request.noun {
        Noun::Areas => areas(&mut scoped, &origin, &request, ground, reading, &progress).await?,
        Noun::Cells => cells(&mut scoped, &origin, &request, ground, reading, &progress).await?,
        _ => points(&mut scoped, &origin, &request, clock, ground, reading, &progress).await?,
    };
    let read = reading.read();
    let (collector, _) = reading.finish();
    let counts = Counts { read, inserted: merged.inserted, updated: merged.updated, unchanged: merged.unchanged, rejected: collector.faulty_rows() };
    let ending = if progress.is_cancelled() {
        Ending::Cancelled
    } else if collector.of_file() > 0 || (!collector.is_clean() && !request.skip_faulty) {
        Ending::Faults
    } else if request.dry_run {
        Ending::DryRun
    } else {
        Ending::Committed
    };
    let entry = Entry {
        user_id: Some(reader.user_id),
        account: &reader.account,
        action: "import.commit",
        target: job_id,
        area: request.options.under,
        detail: json!({ "noun": request.noun, "source": request.source, "merged": merged }),
        rows: Some(merged.changes() as i64),
        request_id: "",
    };
    let written = close(scoped, ending, clock, &entry).await?;
    Ok(outcome(ending, merged, understood, counts, &collector, &extensions, &request, written))
}

#[expect(clippy::too_many_arguments, reason = "it puts together what there is")]
fn outcome(
    ending: Ending,
    merged: Merged,
    understood: Option<Understood>,
    counts: Counts,
    collector: &Collector,
    extensions: &[Extension],
    request: &Request,
    written: Option<Written>,
) -> Outcome {
    let faults = collector.shown().cloned().collect();
    Outcome { ending, merged, report: Report::new(understood, counts, collector, extensions, request.lang), faults, written }
}

/// Makes the area of `--under` where it is wanted and missing, so that a file of cells has something to lie in.
///
/// A file of areas makes its root itself.
async fn made_under(scoped: &mut Scoped, origin: &Origin, request: &Request) -> Result<Option<RowFault>> {
    let (Some(under), Some(name)) = (request.options.under, &request.make_under) else { return Ok(None) };
    let sql = "select exists (select 1 from areas where code_lo = $1 and level = $2)";
    let stored: bool = sqlx::query_scalar(sql).bind(under.lo()).bind(under.level().to_i16()).fetch_one(scoped.conn()).await?;
    if stored || request.noun == Noun::Areas {
        return Ok(None);
    }
    let origin = Origin { replace: false, ..origin.clone() };
    write::areas(scoped, &origin, chunks([take_areas::lone(under, Some(name))], |lines, area| area.line(lines))).await?;
    Ok(Some(RowFault::new(0, FaultCode::AreaMade).arg(under).arg(name)))
}

/// The file could not be read at all, or not in the way it was asked.
async fn refused(scoped: Scoped, understood: Option<Understood>, request: &Request, faults: Vec<RowFault>) -> Result<Outcome> {
    scoped.rollback().await?;
    let mut collector = Collector::default();
    for fault in faults {
        collector.push(fault);
    }
    Ok(outcome(Ending::Faults, Merged::default(), understood, Counts::default(), &collector, &[], request, None))
}

type Planned = (std::result::Result<Plan, Vec<RowFault>>, Option<Understood>);

async fn planned(source: Source, request: &Request) -> Result<Planned> {
    let asked = request.clone();
    let plan = on_a_thread(move || prepare(source, &asked)).await?;
    Ok(match plan {
        Ok(plan) => {
            let understood = Some(Understood::of(&plan));
            if plan.is_ready() { (Ok(plan), understood) } else { (Err(plan.faults), understood) }
        }
        Err(fault) => (Err(vec![fault]), None),
    })
}

/// Reads the file once for what `--extend` will add, since lists must hold a code before a row may have it.
async fn survey_lists(source: Source, request: &Request, lists: CodeLists) -> Result<CodeLists> {
    let asked = request.clone();
    on_a_thread(move || {
        let kept = lists.clone();
        let Ok(plan) = prepare(source, &asked) else { return kept };
        let Ok(mut reading) = Reading::open(plan, asked.options, lists) else { return kept };
        while reading.next_row().is_some() {}
        reading.finish().1
    })
    .await
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal("read the file"))
}

/// What counts as an overlap; from `settings`.
async fn tolerance(scoped: &mut Scoped) -> Result<Tolerance> {
    let (area_m2, width_m): (f64, f64) =
        sqlx::query_as("select app.setting_number('overlap_min_area_m2', 1), app.setting_number('overlap_min_width_m', 0.05)")
            .fetch_one(scoped.conn())
            .await?;
    Ok(Tolerance { area_m2, width_m })
}

async fn areas(
    scoped: &mut Scoped,
    origin: &Origin,
    request: &Request,
    ground: Arc<Ground>,
    mut reading: Reading,
    progress: &Arc<Progress>,
) -> Result<(Merged, Reading)> {
    let tolerance = tolerance(scoped).await?;
    let (asked, telling) = (request.clone(), Arc::clone(progress));
    let (rows, reading) = on_a_thread(move || {
        let Options { under, repair, .. } = asked.options;
        let (source, named) = (&asked.source, asked.make_under.as_deref());
        let taking = take_areas::Taking { ground: &ground, source, under, named, repair, tolerance, progress: &telling };
        (taking.run(&mut reading), reading)
    })
    .await?;
    progress.step("writing");
    let merged = write::areas(scoped, origin, chunks(rows, |lines, area| area.line(lines))).await?;
    Ok((merged, reading))
}

async fn cells(
    scoped: &mut Scoped,
    origin: &Origin,
    request: &Request,
    ground: Arc<Ground>,
    mut reading: Reading,
    progress: &Arc<Progress>,
) -> Result<(Merged, Reading)> {
    let tolerance = tolerance(scoped).await?;
    let (asked, telling, today) = (request.clone(), Arc::clone(progress), origin.day);
    let (rows, reading) = on_a_thread(move || {
        let Options { under, repair, .. } = asked.options;
        let taking = take_cells::Taking { ground: &ground, source: &asked.source, under, today, repair, tolerance, progress: &telling };
        (taking.run(&mut reading), reading)
    })
    .await?;
    progress.step("writing");
    let merged = write::cells(scoped, origin, chunks(rows, |lines, cell| cell.line(lines))).await?;
    Ok((merged, reading))
}

async fn points(
    scoped: &mut Scoped,
    origin: &Origin,
    request: &Request,
    clock: Clock,
    ground: Arc<Ground>,
    mut reading: Reading,
    progress: &Arc<Progress>,
) -> Result<(Merged, Reading)> {
    if ground.versions.is_empty() {
        reading.faults_mut().push(RowFault::new(0, FaultCode::NoCells));
    }
    let rule = Rule::read(scoped).await?;
    // Two megabytes of rows at most are on their way.
    let (to, from) = tokio::sync::mpsc::channel(8);
    let taking = take_points::Taking { ground, under: request.options.under, today: origin.day, zone: clock.zone, progress: Arc::clone(progress) };
    let thread = tokio::task::spawn_blocking(move || taking.run(reading, &to));
    let rows = ReceiverStream::new(from);
    let merged = match request.noun {
        Noun::Households => write::households(scoped, origin, rule, rows).await,
        Noun::Facilities => write::facilities(scoped, origin, rows).await,
        _ => write::incidents(scoped, origin, clock.now(), rows).await,
    };
    // A thread that broke off must not pass for the end of the file.
    let reading = thread.await.map_err(Error::internal("read the file"))?;
    Ok((merged?, reading))
}

/// Commits with an entry in the audit trail, or tries the deferred rules and gives everything up.
pub(super) async fn close(mut scoped: Scoped, ending: Ending, clock: Clock, entry: &Entry<'_>) -> Result<Option<Written>> {
    match ending {
        Ending::Faults | Ending::Cancelled => {
            scoped.rollback().await?;
            Ok(None)
        }
        Ending::DryRun => {
            sqlx::query("set constraints all immediate").execute(scoped.conn()).await?;
            scoped.rollback().await?;
            Ok(None)
        }
        Ending::Committed => {
            audit::record(&mut scoped, clock.now(), entry).await?;
            Ok(Some(scoped.commit().await?))
        }
    }
}
