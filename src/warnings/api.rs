//! `/api/warnings`: list, open, and what people decide.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{HeaderName, HeaderValue, header};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::around::{KindShare, NearestRoom, mix, nearest_room};
use super::facts::Level;
use super::store::{self, Filters, NewStep, Warning};
use super::{Calendar, find, rules_api, webhook_api};
use crate::codes::{AreaCode, CellCode};
use crate::context::Context;
use crate::db::{Cursor, PageLimit};
use crate::error::{Error, Result as Outcome};
use crate::http::etag::{IfMatch, of_version};
use crate::http::geojson::PageInfo;
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::read_model::Model;
use crate::rows::version::must_match;
use crate::rows::{Checks, Done, area_of, id, note, place, split, within};
use crate::users::{Reader, Right, Signed};

/// The routes of warnings, their rules and their webhooks.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_warnings))
        .routes(routes!(find_warning))
        .routes(routes!(acknowledge_warning))
        .routes(routes!(escalate_warning))
        .routes(routes!(downgrade_warning))
        .routes(routes!(mark_false_alarm))
        .merge(rules_api::routes())
        .merge(webhook_api::routes())
}

/// What a warning is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubjectView {
    /// `cell`, `cells`, `case`, `facility`.
    kind: String,
    /// Code of the cell (of the first one of several), or key of the case or facility.
    key: String,
    /// Group of kinds of dispute, `all`, or empty.
    part: String,
    /// Codes of the cells.
    cells: Vec<String>,
    /// Code of the smallest area that holds it.
    area: Option<String>,
    /// Name of that cell or area, Chinese.
    area_zh: String,
    /// Name of that cell or area, English; may be empty.
    area_en: String,
    /// West, south, east, north of the cells in degrees; null: a case is shown by its own row.
    bounds: Option<[f64; 4]>,
}

/// A warning.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WarningView {
    /// Key.
    key: String,
    /// Name of the rule.
    rule: String,
    /// Version of the rule when it was raised.
    rule_version: i32,
    /// What the rule is called, Chinese.
    title_zh: String,
    /// What the rule is called, English.
    title_en: String,
    /// What was found, Chinese.
    sentence_zh: String,
    /// What was found, English.
    sentence_en: String,
    /// How grave.
    #[schema(value_type = Level)]
    level: String,
    subject: SubjectView,
    /// The numbers of the sentence; a unit stands in the key.
    #[schema(value_type = Object)]
    numbers: Value,
    /// `open`, `acknowledged`, `escalated`, `downgraded`, `false_alarm`, `closed`.
    state: String,
    /// Role that should act: `supervisor`, `centre`, `planner`.
    owner: String,
    /// Working day by which it should be acted on.
    due_on: NaiveDate,
    /// Whether that day is over and nobody acted.
    is_overdue: bool,
    /// Civil day for which it was raised.
    raised_on: NaiveDate,
    /// Instant it was raised.
    raised_at: DateTime<Utc>,
    /// Last civil day for which it held.
    held_on: NaiveDate,
    /// First civil day for which it no longer held; null: it holds.
    ended_on: Option<NaiveDate>,
    /// Instant of its last step.
    changed_at: DateTime<Utc>,
    /// Counts edits.
    version: i32,
}

impl WarningView {
    pub(super) fn of(row: Warning, model: &Model, today: NaiveDate) -> Self {
        let titles = find(&row.rule).map_or(["", ""], |rule| rule.title);
        let area = area_of(row.scope_code);
        let (area_zh, area_en) = area.map(|area| named(model, area)).unwrap_or_default();
        let bounds = bounds(model, &row.cells);
        let cells = row.cells.iter().map(|code| format!("{code:015}")).collect();
        Self {
            key: row.id.to_string(),
            rule: row.rule,
            rule_version: row.rule_version,
            title_zh: titles[0].to_owned(),
            title_en: titles[1].to_owned(),
            sentence_zh: row.sentence_zh,
            sentence_en: row.sentence_en,
            level: row.level,
            subject: SubjectView {
                kind: row.subject_kind,
                key: row.subject_key,
                part: row.part,
                cells,
                area: area.map(|area| area.to_string()),
                area_zh,
                area_en,
                bounds,
            },
            numbers: row.numbers,
            is_overdue: row.state == "open" && row.due_on < today,
            state: row.state,
            owner: row.owner,
            due_on: row.due_on,
            raised_on: row.raised_on,
            raised_at: row.raised_at,
            held_on: row.held_on,
            ended_on: row.ended_on,
            changed_at: row.changed_at,
            version: row.version,
        }
    }
}

fn named(model: &Model, area: AreaCode) -> (String, String) {
    if let Some(cell) = CellCode::from_i64(area.lo()).and_then(|_| model.cells.by_code(area.lo())) {
        return (cell.name_zh.to_string(), cell.name_en.to_string());
    }
    match model.areas.by_code(area.lo(), area.level().to_i16()) {
        Some(area) => (area.name_zh.to_string(), area.name_en.to_string()),
        None => (area.to_string(), String::new()),
    }
}

fn bounds(model: &Model, cells: &[i64]) -> Option<[f64; 4]> {
    let corners = cells.iter().filter_map(|code| model.cells.by_code(*code)).flat_map(|cell| [cell.place.extent.min, cell.place.extent.max]);
    let around = crate::mvt::WorldBox::around(corners)?;
    let ([west, north], [east, south]) = (around.min.to_lon_lat(), around.max.to_lon_lat());
    Some([west, south, east, north])
}

/// A page of warnings.
#[derive(Debug, Serialize, ToSchema)]
struct Warnings {
    /// Newest first.
    items: Vec<WarningView>,
    page: PageInfo,
}

/// A step of a warning.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct StepView {
    /// Instant.
    at: DateTime<Utc>,
    /// Whether somebody took it; else a run.
    by_hand: bool,
    /// `raise`, `level`, `acknowledge`, `escalate`, `downgrade`, `false_alarm`, `end`.
    action: String,
    /// State before; null: it was raised.
    from: Option<String>,
    /// State after.
    to: String,
    /// Level after.
    #[schema(value_type = Level)]
    level: String,
    /// Reason given, may be empty.
    reason: String,
    /// The numbers at that time.
    #[schema(value_type = Object)]
    numbers: Value,
}

/// A warning with what became of it.
#[derive(Debug, Serialize, ToSchema)]
struct WarningDetail {
    #[serde(flatten)]
    warning: WarningView,
    /// The first one first.
    history: Vec<StepView>,
    /// Kinds of the cases of its cells in the 90 days up to the day it was raised, most first; empty where the reader may
    /// not open each of them.
    mix: Vec<KindShare>,
    /// The mediation room that is nearest to its first cell; null: none, or it is about no cell.
    nearest_room: Option<NearestRoom>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Judgement {
    /// Why, without personal data; only to acknowledge needs none.
    #[serde(default)]
    reason: String,
}

/// Which warnings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WarningsQuery {
    /// States, with commas between.
    state: Option<String>,
    /// Names of rules, with commas between.
    rule: Option<String>,
    /// Code of an area or a cell.
    within: Option<String>,
    /// Instant since which at least one step was taken.
    changed_since: Option<DateTime<Utc>>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// List warnings
///
/// Newest first. Warnings whose numbers speak of cases are shown to those who may open each of these cases, and to nobody
/// else. The look is in the audit trail.
#[utoipa::path(get, path = "/api/warnings", operation_id = "list_warnings", tag = "warnings", params(WarningsQuery),
    responses((status = 200, body = Warnings), (status = 403, body = Problem)))]
async fn list_warnings(State(context): State<Context>, signed: Signed, Query(query): Query<WarningsQuery>) -> Result<Json<Warnings>, Failure> {
    signed.reader.require(Right::Map)?;
    let limit = PageLimit::parse(query.limit)?;
    let before = query.cursor.as_deref().map(|text| Cursor::parse(Some(text))).transpose()?.map_or(i64::MAX, |cursor| cursor.0);
    let detail = json!({ "state": query.state, "rule": query.rule, "within": query.within, "changed_since": query.changed_since });
    let filters = Filters {
        state: split(query.state.as_deref()),
        rule: split(query.rule.as_deref()),
        within: within(query.within.as_deref())?,
        changed_since: query.changed_since,
    };
    let scope_code = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).map(AreaCode::lo);
    let mut transaction = context.begin(&signed.reader).await?;
    let mut rows = store::list(&mut transaction, &filters, before, limit.fetch()).await?;
    let next = (rows.len() > limit.rows()).then(|| rows[limit.rows() - 1].id);
    rows.truncate(limit.rows());
    let done = Done { action: "warning.list", target: "", scope_code, detail, rows: rows.len() as i64 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    let (model, today) = (context.ground(), context.clock.today());
    let items = rows.into_iter().map(|row| WarningView::of(row, &model, today)).collect();
    Ok(Json(Warnings { items, page: PageInfo { next: next.map(|id| Cursor(id).to_text()) } }))
}

type Told = ([(HeaderName, HeaderValue); 1], Json<WarningDetail>);

async fn told(context: &Context, reader: &Reader, transaction: &mut crate::db::Scoped, key: i64) -> Outcome<Told> {
    let row = store::get(transaction, key).await?;
    let steps = store::steps(transaction, key).await?;
    let etag = of_version(row.version);
    let history = steps
        .into_iter()
        .map(|step| StepView {
            at: step.at,
            by_hand: step.by_hand,
            action: step.action,
            from: step.from_state,
            to: step.to_state,
            level: step.level,
            reason: step.reason,
            numbers: step.numbers,
        })
        .collect();
    let model = context.ground();
    let mix = mix(transaction, reader, &row).await?;
    let nearest_room = nearest_room(transaction, reader, &model, &row).await?;
    let warning = WarningView::of(row, &model, context.clock.today());
    Ok(([(header::ETAG, etag)], Json(WarningDetail { warning, history, mix, nearest_room })))
}

/// Open a warning
///
/// With its numbers and its history. The look is in the audit trail.
#[utoipa::path(get, path = "/api/warnings/{key}", operation_id = "find_warning", tag = "warnings", params(("key" = String, Path)),
    responses((status = 200, body = WarningDetail), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn find_warning(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<Told, Failure> {
    signed.reader.require(Right::Map)?;
    let number = id("warning", &key)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::get(&mut transaction, number).await?;
    let told = told(&context, &signed.reader, &mut transaction, number).await?;
    let done = Done { action: "warning.open", target: &key, scope_code: Some(row.scope_code), detail: json!({ "rule": row.rule }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    Ok(told)
}

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Acknowledge,
    Escalate,
    Downgrade,
    FalseAlarm,
}

impl Decision {
    /// The word in history and audit trail, and the state after.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Acknowledge => ("acknowledge", "acknowledged"),
            Self::Escalate => ("escalate", "escalated"),
            Self::Downgrade => ("downgrade", "downgraded"),
            Self::FalseAlarm => ("false_alarm", "false_alarm"),
        }
    }
}

/// Refuses who may act on no warning anywhere.
fn require_acting(reader: &Reader) -> Outcome<()> {
    if reader.has(Right::WriteCells) && reader.has(Right::Map) { Ok(()) } else { reader.require(Right::WriteIncidents) }
}

/// Refuses who sees a warning and may not act on it.
fn may_act(reader: &Reader, row: &Warning) -> Outcome<()> {
    let may = reader.may(Right::WriteIncidents, row.scope_code) || (!row.of_cases && reader.may(Right::WriteCells, row.scope_code));
    if may { Ok(()) } else { Err(place::foreign()) }
}

async fn decide(context: &Context, signed: &Signed, key: &str, expected: i32, sent: &Judgement, decision: Decision) -> Result<Told, Failure> {
    require_acting(&signed.reader)?;
    let number = id("warning", key)?;
    let (today, now) = (context.clock.today(), context.clock.now());
    let mut transaction = context.begin(&signed.reader).await?;
    store::hold(&mut transaction, number).await?;
    let row = store::get(&mut transaction, number).await?;
    may_act(&signed.reader, &row)?;
    must_match(expected, row.version, || Ok(WarningView::of(row.clone(), &context.ground(), today)))?;
    let mut checks = Checks::default();
    checks.text("/reason", &sent.reason, 400);
    if decision != Decision::Acknowledge && sent.reason.trim().is_empty() {
        checks.fault("/reason", "missing", "say why");
    }
    checks.done()?;
    if row.ended_on.is_some() && decision != Decision::FalseAlarm {
        let message = "the warning no longer holds; only whether it was a false alarm can still be said".into();
        return Err(Error::Conflict { rule: "warning_ended".into(), message }.into());
    }
    let (action, to_state) = decision.words();
    let level = Level::from_name(&row.level).unwrap_or(Level::Blue);
    // raised a level, with the clock begun anew and the centre as owner; lowered a level likewise with its owner kept
    let (level, due_on, owner) = match decision {
        Decision::Escalate => (level.up(), Some(next_due(&mut transaction, today, 1).await?), Some("centre")),
        Decision::Downgrade => (level.down(), Some(next_due(&mut transaction, today, find(&row.rule)?.clock_days).await?), None),
        Decision::Acknowledge | Decision::FalseAlarm => (level, None, None),
    };
    let step = NewStep {
        at: now,
        run_id: None,
        actor_id: Some(signed.reader.user_id),
        action,
        to_state,
        level: level.name(),
        reason: &sent.reason,
        ended_on: None,
        due_on,
        owner,
    };
    store::take(&mut transaction, &row, &step).await?;
    let told = told(context, &signed.reader, &mut transaction, number).await?;
    let audited = format!("warning.{action}");
    let detail = json!({ "rule": row.rule, "from": row.state, "to": to_state });
    let done = Done { action: &audited, target: key, scope_code: Some(row.scope_code), detail, rows: 1 };
    note(context, &mut transaction, signed, done).await?;
    transaction.commit().await?;
    Ok(told)
}

async fn next_due(transaction: &mut crate::db::Scoped, today: NaiveDate, days: u32) -> Outcome<NaiveDate> {
    Ok(Calendar::read(transaction).await?.working_day_after(today, days))
}

/// Acknowledge a warning
///
/// It is real and somebody acts.
#[utoipa::path(post, path = "/api/warnings/{key}/acknowledge", operation_id = "acknowledge_warning", tag = "warnings",
    params(("key" = String, Path), ("If-Match" = String, Header)), request_body = Judgement,
    responses((status = 200, body = WarningDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn acknowledge_warning(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<Judgement>,
) -> Result<Told, Failure> {
    decide(&context, &signed, &key, expected, &sent, Decision::Acknowledge).await
}

/// Escalate a warning
///
/// A level up, to the centre, within one working day.
#[utoipa::path(post, path = "/api/warnings/{key}/escalate", operation_id = "escalate_warning", tag = "warnings",
    params(("key" = String, Path), ("If-Match" = String, Header)), request_body = Judgement,
    responses((status = 200, body = WarningDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn escalate_warning(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<Judgement>,
) -> Result<Told, Failure> {
    decide(&context, &signed, &key, expected, &sent, Decision::Escalate).await
}

/// Downgrade a warning
///
/// A level down, with the clock of its rule begun anew.
#[utoipa::path(post, path = "/api/warnings/{key}/downgrade", operation_id = "downgrade_warning", tag = "warnings",
    params(("key" = String, Path), ("If-Match" = String, Header)), request_body = Judgement,
    responses((status = 200, body = WarningDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn downgrade_warning(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<Judgement>,
) -> Result<Told, Failure> {
    decide(&context, &signed, &key, expected, &sent, Decision::Downgrade).await
}

/// Mark a warning as a false alarm
///
/// Counted in the precision of its rule. While what raised it goes on it is not raised again.
#[utoipa::path(post, path = "/api/warnings/{key}/false-alarm", operation_id = "mark_false_alarm", tag = "warnings",
    params(("key" = String, Path), ("If-Match" = String, Header)), request_body = Judgement,
    responses((status = 200, body = WarningDetail), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn mark_false_alarm(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<Judgement>,
) -> Result<Told, Failure> {
    decide(&context, &signed, &key, expected, &sent, Decision::FalseAlarm).await
}
