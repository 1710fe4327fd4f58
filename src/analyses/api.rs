//! `/api/analyses`: what can be asked, asking it, and the answers that are kept.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Legend;
use super::asked::told_reader;
use super::export::{self, Format, told};
use super::params::{self, Params};
use super::store::{self, Kept};
use super::work::{Asker, begin, finished};
use super::{LIST, find};
use crate::context::Context;
use crate::db::{Cursor, Page, PageLimit};
use crate::error::{Error, Result};
use crate::http::geojson::PageInfo;
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::privacy::Audience;
use crate::rows::id as read_id;
use crate::users::{Right, Signed};

/// How long an answer is waited for before it becomes a job.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Most answers of a page: of each is asked whether it is stale.
const MOST_ANSWERS: usize = 50;

/// The routes of analyses.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_analyses))
        .routes(routes!(run_analysis))
        .routes(routes!(list_results))
        .routes(routes!(find_result, cancel_result))
        .routes(routes!(export_result))
}

/// What can be asked.
#[derive(Debug, Serialize, ToSchema)]
struct AnalysisView {
    /// Its name.
    name: &'static str,
    /// Version of its formula.
    version: i32,
    /// What it answers, Chinese.
    title_zh: &'static str,
    /// What it answers, English.
    title_en: &'static str,
    /// Whether it needs the right to open each of the cases.
    cases_only: bool,
    /// JSON schema of its parameters.
    #[schema(value_type = Object)]
    parameters: Value,
}

/// All analyses.
#[derive(Debug, Serialize, ToSchema)]
struct Analyses {
    items: Vec<AnalysisView>,
}

/// An answer, without its rows.
#[derive(Debug, Serialize, ToSchema)]
struct ResultView {
    /// Key of the answer.
    id: i64,
    /// Which analysis.
    analysis: String,
    /// Version of its formula.
    version: i32,
    /// Parameters with nothing left open.
    #[schema(value_type = Object)]
    params: Value,
    /// `cases`: true numbers; `published`: from published numbers alone, as classes and rates in two digits.
    source: &'static str,
    /// `running`, `done`, `failed`, `cancelled`.
    state: String,
    /// `computing`, `writing`, `done`.
    step: String,
    /// Instant it was asked, UTC.
    made_at: DateTime<Utc>,
    /// Instant it ended, UTC.
    ended_at: Option<DateTime<Utc>>,
    /// Hash over every input.
    data_revision: String,
    /// Whether data or formula moved since; null while it is not done.
    stale: Option<bool>,
    /// Rows of the answer.
    row_count: i32,
    /// What it means.
    legend: Option<Legend>,
    /// Why it failed.
    message: Option<String>,
}

/// A page of answers.
#[derive(Debug, Serialize, ToSchema)]
struct Results {
    /// Newest first.
    items: Vec<ResultView>,
    page: PageInfo,
}

/// An answer with a page of its rows.
#[derive(Debug, Serialize, ToSchema)]
struct ResultRows {
    result: ResultView,
    /// Rows with `class`, and `code` and names where a row is a place.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Map<String, Value>>,
    page: PageInfo,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Rows a page, 1 to 1,000; of answers 50 at most.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// `geojson` unless given, or `csv`.
    #[param(inline)]
    format: Option<Format>,
}

fn asker(context: &Context, signed: &Signed) -> Result<Asker> {
    signed.reader.require(Right::Published)?;
    Ok(Asker { context: context.clone(), reader: Arc::clone(&signed.reader), request_id: signed.request_id.clone() })
}

async fn view(asker: &Asker, kept: Kept) -> ResultView {
    let stale = if kept.state == "done" { Some(asker.is_stale(&kept).await) } else { None };
    told_of(kept, stale)
}

fn told_of(kept: Kept, stale: Option<bool>) -> ResultView {
    ResultView {
        id: kept.id,
        analysis: kept.analysis,
        version: kept.version,
        params: kept.params,
        source: if kept.of_cases { "cases" } else { "published" },
        state: kept.state,
        step: kept.step,
        made_at: kept.made_at,
        ended_at: kept.ended_at,
        data_revision: kept.data_revision,
        stale,
        row_count: kept.row_count,
        legend: kept.legend.map(|legend| legend.0),
        message: kept.message,
    }
}

/// List analyses
///
/// Each with the JSON schema of its parameters.
#[utoipa::path(get, path = "/api/analyses", tag = "analyses", responses((status = 200, body = Analyses), (status = 403, body = Problem)))]
async fn list_analyses(signed: Signed) -> Result<Json<Analyses>, Failure> {
    signed.reader.require(Right::Published)?;
    let item = |entry: &&'static super::Entry| AnalysisView {
        name: entry.name,
        version: entry.version,
        title_zh: entry.title[0],
        title_en: entry.title[1],
        cases_only: entry.cases_only,
        parameters: params::schema(entry),
    };
    Ok(Json(Analyses { items: LIST.iter().map(item).collect() }))
}

/// Ask a question
///
/// The answer where it takes less than three seconds, else 202: ask for the result until it is done. The same question about
/// the same data is answered from what is kept. Who may open each case of the area gets true numbers with free filters;
/// everybody else classes made of published numbers alone.
#[utoipa::path(post, path = "/api/analyses/{name}", tag = "analyses", params(("name" = String, Path, description = "Name of the analysis")),
    request_body = Params,
    responses((status = 200, body = ResultView), (status = 202, body = ResultView), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
async fn run_analysis(
    State(context): State<Context>,
    signed: Signed,
    Path(name): Path<String>,
    Body(sent): Body<Map<String, Value>>,
) -> Result<(StatusCode, Json<ResultView>), Failure> {
    let (asker, entry) = (asker(&context, &signed)?, find(&name)?);
    let begun = begin(&asker, entry, Params::read(entry, sent)?).await?;
    let (id, revision) = (begun.id, begun.revision.clone());
    finished(begun, ANSWER_WITHIN).await?;
    let mut transaction = context.begin(&signed.reader).await?;
    let kept = asker.kept(&mut transaction, Some(entry.name), id).await?;
    drop(transaction);
    let status = if kept.state == "running" { StatusCode::ACCEPTED } else { StatusCode::OK };
    // Its inputs were gathered for this very question.
    let stale = (kept.state == "done").then(|| kept.data_revision != revision);
    Ok((status, Json(told_of(kept, stale))))
}

/// List results
///
/// Kept answers of an analysis that this reader may be given, newest first.
#[utoipa::path(get, path = "/api/analyses/{name}/results", tag = "analyses", params(("name" = String, Path, description = "Name of the analysis"), PageQuery),
    responses((status = 200, body = Results), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn list_results(
    State(context): State<Context>,
    signed: Signed,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Results>, Failure> {
    let (asker, entry) = (asker(&context, &signed)?, find(&name)?);
    let most = PageLimit::parse(query.limit)?.rows().min(MOST_ANSWERS);
    let before = query.cursor.as_deref().map(|text| Cursor::parse(Some(text))).transpose()?.map_or(i64::MAX, |cursor| cursor.0);
    let reader = told_reader(&context, &signed.reader).await?;
    let mut transaction = context.begin(&signed.reader).await?;
    store::sweep(&mut transaction, context.clock.now()).await?;
    let told_as = super::asked::told_as(Audience::K10, &reader);
    let mut kept = store::list(&mut transaction, entry.name, &told_as, before, most as i64 + 1).await?;
    asker.note(&mut transaction, "analysis.list", 0, None, json!({ "analysis": entry.name }), kept.len() as i64).await?;
    transaction.commit().await?;
    let next = (kept.len() > most).then(|| kept[most - 1].id);
    kept.truncate(most);
    kept.retain(|kept| asker.may_read(kept, &reader));
    let mut items = Vec::with_capacity(kept.len());
    for kept in kept {
        items.push(view(&asker, kept).await);
    }
    Ok(Json(Results { items, page: PageInfo { next: next.map(|id| Cursor(id).to_text()) } }))
}

/// Find a result
///
/// The answer with a page of its rows.
#[utoipa::path(get, path = "/api/analyses/{name}/results/{id}", tag = "analyses",
    params(("name" = String, Path, description = "Name of the analysis"), ("id" = String, Path, description = "Key of the answer"), PageQuery),
    responses((status = 200, body = ResultRows), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn find_result(
    State(context): State<Context>,
    signed: Signed,
    Path((name, id)): Path<(String, String)>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ResultRows>, Failure> {
    let (asker, entry, id) = (asker(&context, &signed)?, find(&name)?, read_id("result", &id)?);
    let (limit, after) = (PageLimit::parse(query.limit)?, Cursor::parse(query.cursor.as_deref())?.0);
    let mut transaction = context.begin(&signed.reader).await?;
    let kept = asker.kept(&mut transaction, Some(entry.name), id).await?;
    let rows = store::rows(&mut transaction, id, after, limit.fetch()).await?;
    let area = kept.area().ok_or_else(|| store::missing(id))?;
    asker.note(&mut transaction, "analysis.read", id, Some(area), json!({ "analysis": entry.name }), rows.len() as i64).await?;
    transaction.commit().await?;
    let page = Page::cut(rows, limit, |row| i64::from(row.position));
    let model = context.ground();
    let items = page.rows.iter().map(|row| told(&model, row)).collect();
    Ok(Json(ResultRows { result: view(&asker, kept).await, items, page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}

/// Cancel or drop a result
///
/// A running answer is asked to stop; a kept one is taken away. Only by the account that asked.
#[utoipa::path(delete, path = "/api/analyses/{name}/results/{id}", tag = "analyses",
    params(("name" = String, Path, description = "Name of the analysis"), ("id" = String, Path, description = "Key of the answer")),
    responses((status = 202, description = "It is asked to stop"), (status = 204, description = "It is gone"), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn cancel_result(State(context): State<Context>, signed: Signed, Path((name, id)): Path<(String, String)>) -> Result<StatusCode, Failure> {
    let (asker, entry, id) = (asker(&context, &signed)?, find(&name)?, read_id("result", &id)?);
    let mut transaction = context.begin(&signed.reader).await?;
    let kept = asker.kept(&mut transaction, Some(entry.name), id).await?;
    if kept.asked_by != Some(signed.reader.user_id) {
        return Err(Error::Forbidden("only the account that asked takes an answer away".into()).into());
    }
    let area = kept.area().ok_or_else(|| store::missing(id))?;
    let stopped = store::cancel(&mut transaction, id).await?;
    if !stopped {
        store::delete(&mut transaction, id).await?;
    }
    asker.note(&mut transaction, "analysis.drop", id, Some(area), json!({ "analysis": entry.name, "was": kept.state }), 1).await?;
    transaction.commit().await?;
    Ok(if stopped { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT })
}

/// Export a result
///
/// The whole answer as GeoJSON with borders, or as CSV. Points of incidents are in neither.
#[utoipa::path(get, path = "/api/analyses/{name}/results/{id}/export", tag = "analyses",
    params(("name" = String, Path, description = "Name of the analysis"), ("id" = String, Path, description = "Key of the answer"), ExportQuery),
    responses((status = 200, content((Object = "application/geo+json"), (String = "text/csv"))), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn export_result(
    State(context): State<Context>,
    signed: Signed,
    Path((name, id)): Path<(String, String)>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Failure> {
    let (asker, entry, id) = (asker(&context, &signed)?, find(&name)?, read_id("result", &id)?);
    let format = query.format.unwrap_or_default();
    let text = export::write(&asker, Some(entry.name), id, format).await?;
    let (kind, ending) = match format {
        Format::Geojson => ("application/geo+json", "geojson"),
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let disposition = format!("attachment; filename=\"{}-{id}.{ending}\"", entry.name);
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text).into_response())
}
