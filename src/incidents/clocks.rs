//! `/api/incident-clocks`: how early disputes are found, met and resolved (早发现、早介入、早化解), by area.
//!
//! Times of single cases: for who may open each of them, and for nobody else; no published number tells of them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRef, State};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::require_cases;
use super::store::{self, Filters, Lived};
use crate::codes::{AreaCode, Level};
use crate::context::{Clock as Time, Context, map_reader};
use crate::error::{Error, Result as Outcome};
use crate::http::problem::Failure;
use crate::http::{Problem, Query};
use crate::privacy::suppression::ORDINARY;
use crate::published::{Period, Question, level, names};
use crate::rows::{Done, note, split, within};
use crate::stats::kaplan_meier::{Median, median_time};
use crate::users::Signed;

/// Days of a question whose period is not given.
const YEAR_DAYS: u64 = 365;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(time_incidents))
}

/// How early disputes are found, met and resolved.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentClocks {
    /// The days on which the cases happened.
    period: Period,
    /// All of them together.
    whole: Clocks,
    /// By area, in the order of codes; those without a case are left out.
    items: Vec<AreaClocks>,
}

/// The clocks of an area.
#[derive(Debug, Serialize, ToSchema)]
struct AreaClocks {
    /// Code.
    code: String,
    /// Name in Chinese.
    name_zh: String,
    /// Name in English, may be empty.
    name_en: String,
    clocks: Clocks,
}

/// Three clocks over the same cases.
#[derive(Debug, Serialize, ToSchema)]
struct Clocks {
    /// Cases.
    cases: usize,
    /// From the day it happened to the day it was found.
    found: Clock,
    /// From the day it was found to the first step into `in_process`; only of cases whose steps are recorded.
    contacted: Clock,
    /// From the day it was found to the day it was closed.
    resolved: Clock,
}

/// One clock: Kaplan–Meier, so that cases that still wait count in.
#[derive(Debug, Serialize, ToSchema)]
struct Clock {
    /// Median in days; null where fewer than half are done.
    median_days: Option<f64>,
    /// Lower end of its 95 % interval; null where it lies beyond the longest time seen.
    low_days: Option<f64>,
    /// Upper end of its 95 % interval; null where it lies beyond the longest time seen.
    high_days: Option<f64>,
    /// Cases that are done.
    done: usize,
    /// Cases that still wait.
    waiting: usize,
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClocksQuery {
    /// Code of an area or a cell; everything the reader may open unless given.
    within: Option<String>,
    /// `township` unless given, `village` or `cell`: the areas of `items`.
    level: Option<String>,
    /// First day on which it happened; a year before the last unless given.
    from: Option<NaiveDate>,
    /// Last day on which it happened; today unless given.
    to: Option<NaiveDate>,
    /// Categories, with commas between.
    category: Option<String>,
    /// Sources, with commas between.
    source: Option<String>,
}

/// Time incidents.
///
/// Median days from happening to being found, from being found to first contact and to resolution, by area. Cases that
/// still wait are censored, not left out. Only for areas each of whose cases the reader may open.
#[utoipa::path(get, path = "/api/incident-clocks", operation_id = "time_incidents", tag = "incidents", params(ClocksQuery),
    responses((status = 200, body = IncidentClocks), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn time_incidents(State(context): State<Context>, signed: Signed, Query(query): Query<ClocksQuery>) -> Result<Json<IncidentClocks>, Failure> {
    require_cases(&signed.reader)?;
    let range = within(query.within.as_deref())?;
    let reader = map_reader(&signed.reader);
    if query.within.is_some() && !reader.cases.covers(range) {
        return Err(Error::Forbidden("times are told of single cases: ask about an area each of whose cases you may open".into()).into());
    }
    let by = query.level.as_deref().map(level).transpose()?.unwrap_or(Level::Township);
    let today = context.clock.today();
    let to = query.to.unwrap_or(today);
    let from = query.from.unwrap_or_else(|| to.checked_sub_days(chrono::Days::new(YEAR_DAYS - 1)).unwrap_or(to));
    if from > to {
        return Err(Error::invalid("to", "out_of_range", "the last day lies before the first").into());
    }
    let filters = Filters {
        category: split(query.category.as_deref()),
        source: split(query.source.as_deref()),
        from: Some(from),
        to: Some(to),
        ..Filters::default()
    };
    let mut transaction = context.begin(&signed.reader).await?;
    let lived = store::lived(&mut transaction, range, &filters).await?;
    let detail = json!({ "category": query.category, "source": query.source, "from": from, "to": to, "within": query.within, "level": by.name() });
    let scope_code = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).map(AreaCode::lo);
    note(&context, &mut transaction, &signed, Done { action: "incident.count", target: "", scope_code, detail, rows: lived.len() as i64 }).await?;
    transaction.commit().await?;
    let mut of_area: BTreeMap<i64, Vec<&Lived>> = BTreeMap::new();
    for case in &lived {
        of_area.entry(case.scope_code - case.scope_code.rem_euclid(by.span())).or_default().push(case);
    }
    let ground = context.ground();
    let question = Question { model: &ground, reader: &reader, group: ORDINARY, months: (0, 0) };
    let mut items = Vec::new();
    for area in question.places(by, range) {
        let Some(cases) = of_area.get(&area.lo()).filter(|_| reader.cases.covers(area.range())) else { continue };
        let (name_zh, name_en) = names(&ground, area);
        items.push(AreaClocks { code: area.to_string(), name_zh, name_en, clocks: clocks(cases, &context.clock)? });
    }
    let whole = clocks(&lived.iter().collect::<Vec<_>>(), &context.clock)?;
    Ok(Json(IncidentClocks { period: Period { from, to }, whole, items }))
}

fn clocks(cases: &[&Lived], time: &Time) -> Outcome<Clocks> {
    let today = time.today();
    let between = |from: NaiveDate, to: Option<NaiveDate>, seen: NaiveDate| ((to.unwrap_or(seen) - from).num_days().max(0) as f64, to.is_some());
    let clock = |rows: Vec<(f64, bool)>| -> Outcome<Clock> {
        let (times, done): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
        let Median { at, low, high, ended, waiting } = median_time(&times, &done).map_err(Error::internal("find a median"))?;
        Ok(Clock { median_days: at, low_days: low, high_days: high, done: ended, waiting })
    };
    Ok(Clocks {
        cases: cases.len(),
        found: clock(cases.iter().map(|case| between(case.occurred_on, Some(case.discovered_on), today)).collect())?,
        // A case closed without anybody having met the parties was seen until then.
        contacted: clock(
            cases
                .iter()
                .filter(|case| case.has_steps)
                .map(|case| between(case.discovered_on, case.contacted_at.map(|at| time.day_of(at)), case.closed_on.unwrap_or(today)))
                .collect(),
        )?,
        resolved: clock(cases.iter().map(|case| between(case.discovered_on, case.closed_on, today)).collect())?,
    })
}
