//! `/api/warnings/rules` and `/api/warnings/run`: what is looked for, how well that went, and looking now.

use axum::Json;
use axum::extract::{FromRef, State};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::run::{self, Running};
use super::{Entry, LIST, Owner, store};
use crate::context::Context;
use crate::error::Error;
use crate::http::Problem;
use crate::http::problem::Failure;
use crate::users::{Right, Signed};

/// The routes of rules.
pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list_warning_rules)).routes(routes!(run_warnings))
}

/// What a rule would have done.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct BackTest {
    /// Version of the rule that was tried.
    version: i32,
    /// First civil day.
    from: NaiveDate,
    /// Last civil day.
    to: NaiveDate,
    /// Warnings it would have raised, in the areas whose cases the reader may open.
    would_raise: i64,
}

/// How a rule was judged, in the areas whose cases the reader may open.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Judged {
    /// Warnings acknowledged, escalated or downgraded by hand.
    confirmed: i64,
    /// Warnings marked as false alarms.
    false_alarms: i64,
    /// confirmed ÷ (confirmed + false alarms); null where none was judged.
    precision: Option<f64>,
    /// Warnings that hold now and are no false alarms.
    holding: i64,
}

/// A rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RuleView {
    /// Its name.
    name: &'static str,
    /// Grows with every change that changes what is found.
    version: i32,
    /// What it is called, Chinese.
    title_zh: &'static str,
    /// What it is called, English.
    title_en: &'static str,
    /// What it looks for, Chinese.
    sentence_zh: &'static str,
    /// What it looks for, English.
    sentence_en: &'static str,
    /// `cell`, `cells`, `case`, `facility`.
    subjects: &'static [&'static str],
    /// Names of the numbers it shows.
    numbers: &'static [&'static str],
    /// Role that should act.
    owner: Owner,
    /// Working days in which.
    clock_days: u32,
    /// Whether its numbers speak of cases.
    of_cases: bool,
    /// Whether it compares cells of the whole county.
    of_county: bool,
    /// The last year; null: not tried yet.
    back_test: Option<BackTest>,
    judged: Judged,
}

/// The rules.
#[derive(Debug, Serialize, ToSchema)]
struct Rules {
    items: Vec<RuleView>,
}

/// List the rules of warnings
///
/// Each with its back-test on the last year and how it was judged, counted where the reader may open each case.
#[utoipa::path(get, path = "/api/warnings/rules", operation_id = "list_warning_rules", tag = "warnings",
    responses((status = 200, body = Rules), (status = 403, body = Problem)))]
async fn list_warning_rules(State(context): State<Context>, signed: Signed) -> Result<Json<Rules>, Failure> {
    signed.reader.require(Right::Map)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let judged = store::judged(&mut transaction).await?;
    let tests = store::back_tests(&mut transaction).await?;
    let item = |entry: &&'static Entry| {
        let (confirmed, false_alarms, holding) = judged.iter().find(|row| row.0 == entry.name).map_or((0, 0, 0), |row| (row.1, row.2, row.3));
        let all = confirmed + false_alarms;
        let precision = (all > 0).then(|| confirmed as f64 / all as f64);
        let back_test = tests.iter().find(|row| row.0 == entry.name);
        RuleView {
            name: entry.name,
            version: entry.version,
            title_zh: entry.title[0],
            title_en: entry.title[1],
            sentence_zh: entry.sentence[0],
            sentence_en: entry.sentence[1],
            subjects: entry.subjects,
            numbers: entry.numbers,
            owner: entry.owner,
            clock_days: entry.clock_days,
            of_cases: entry.of_cases,
            of_county: entry.of_county,
            back_test: back_test.map(|(_, version, from, to, would_raise)| BackTest {
                version: *version,
                from: *from,
                to: *to,
                would_raise: *would_raise,
            }),
            judged: Judged { confirmed, false_alarms, precision, holding },
        }
    };
    Ok(Json(Rules { items: LIST.iter().map(item).collect() }))
}

/// What a run did with a rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RuleRun {
    /// Name of the rule.
    rule: String,
    /// Warnings raised.
    raised: i64,
    /// Warnings that no longer hold.
    ended: i64,
    /// Warnings whose level changed.
    changed: i64,
}

/// What a run did, as far as the reader may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RunView {
    /// ULID.
    run_id: String,
    /// Civil day it was run for.
    day: NaiveDate,
    /// Names of the rules that were asked; those that compare cells of a whole county only where all of it may be looked at.
    rules_asked: Vec<&'static str>,
    /// Rules that changed something.
    rules: Vec<RuleRun>,
}

/// Look for warnings now
///
/// In the areas whose cases the reader may open, as the night does; the same data raise nothing twice.
#[utoipa::path(post, path = "/api/warnings/run", operation_id = "run_warnings", tag = "warnings",
    responses((status = 200, body = RunView), (status = 403, body = Problem), (status = 429, body = Problem)))]
async fn run_warnings(State(context): State<Context>, signed: Signed) -> Result<Json<RunView>, Failure> {
    signed.reader.require(Right::Cases)?;
    let Some(running) = Running::begin().await else {
        return Err(Failure::too_many(20, "warnings are being looked for at the moment; ask again soon"));
    };
    let done = match run::run_within(&context, &signed.reader, &signed.request_id, running).await {
        // another process has the turn at one of the counties
        Err(Error::Busy { retry_after_s, message }) => return Err(Failure::too_many(retry_after_s, message)),
        done => done?,
    };
    let mut transaction = context.begin(&signed.reader).await?;
    let rules = store::steps_of_run(&mut transaction, &done.run_id).await?;
    let rules = rules.into_iter().map(|(rule, raised, ended, changed)| RuleRun { rule, raised, ended, changed }).collect();
    Ok(Json(RunView { run_id: done.run_id, day: done.day, rules_asked: done.rules_asked, rules }))
}
