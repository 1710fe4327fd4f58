//! `/api/incident-counts`: incidents by place, for everybody as `privacy` lets them be told.

use axum::Json;
use axum::extract::{FromRef, State};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Month;
use super::store::{self, Filters};
use super::told::{self, Period, Question, class_of, rate_of};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::context::{Context, map_reader};
use crate::db::{Cursor, Page, PageLimit};
use crate::error::{Error, Fault, Result as Outcome};
use crate::http::geojson::PageInfo;
use crate::http::problem::Failure;
use crate::http::{Problem, Query};
use crate::privacy::Audience;
use crate::privacy::suppression::ORDINARY;
use crate::read_model::{Model, Reader};
use crate::rows::{Done, note, split, within};
use crate::users::{Right, Signed};

/// Days of a count of cases whose period is not given.
const YEAR_DAYS: u64 = 365;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(count_incidents))
}

/// Incidents by place.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IncidentCounts {
    /// `cases`: counted now, each of which the reader may open; `published`: sums of published months.
    source: &'static str,
    /// Group of kinds counted; `ordinary`: all without a sensitive kind; null: every kind.
    group: Option<String>,
    /// The days counted; published numbers have whole months.
    period: Period,
    /// Whether the days asked for were widened to whole months.
    snapped: bool,
    /// At which level, and how many of its places show a number.
    grain: GrainView,
    /// Lower bounds of the classes, in incidents per 1,000 households and year.
    #[schema(value_type = Vec<f64>)]
    classes: [f64; 5],
    /// In the order of codes.
    items: Vec<PlaceCount>,
    page: PageInfo,
}

/// The level of the places.
#[derive(Debug, Serialize, ToSchema)]
struct GrainView {
    /// The level.
    level: Level,
    /// Whether it was chosen here: the finest at which half of the places or more are shown.
    chosen: bool,
    /// Places of the level.
    places: usize,
    /// Those that show a number for half of the months or more.
    shown: usize,
    /// The others: too few to say.
    withheld: usize,
}

/// Incidents of one place.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceCount {
    /// Code.
    code: String,
    /// Name in Chinese.
    name_zh: String,
    /// Name in English, may be empty.
    name_en: String,
    /// As whom the reader is told; null where nothing may be told.
    audience: Option<Audience>,
    /// The number; of published months at least so many. Null: withheld.
    count: Option<u64>,
    /// Why there is no number: `too_few`; `partly_own`, a part of the place is told more freely than the whole; `own_cases`, a
    /// number beside the cases that one handles oneself would tell of the others.
    reason: Option<&'static str>,
    /// Published months in the number; null where cases were counted.
    months_shown: Option<u32>,
    /// Published months that are withheld here; null where cases were counted.
    months_withheld: Option<u32>,
    /// Incidents per 1,000 households and year, two significant digits; of published months at least so many.
    rate: Option<f64>,
    /// Class of the rate, from 1; null: too few to say.
    class: Option<u8>,
}

/// What is counted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CountsQuery {
    /// Code of an area; everything the reader may be told of unless given.
    within: Option<String>,
    /// `township`, `village` or `cell`; the finest at which half of the places are shown unless given.
    level: Option<String>,
    /// Group of kinds. Published numbers: `ordinary` unless given.
    group: Option<String>,
    /// First day; for published numbers its month.
    from: Option<NaiveDate>,
    /// Last day; for published numbers its month.
    to: Option<NaiveDate>,
    /// Categories, with commas between; with case rights only.
    category: Option<String>,
    /// Sources, with commas between; with case rights only.
    source: Option<String>,
    /// States, with commas between; with case rights only.
    state: Option<String>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// Reads a level at which numbers are told.
pub fn level(text: &str) -> Outcome<Level> {
    let known = [Level::Township, Level::Village, Level::Cell].into_iter().find(|level| level.name() == text);
    known.ok_or_else(|| Error::invalid("level", "not_a_level", format!("“{text}” is no level of numbers; give township, village or cell")))
}

/// Count incidents by place.
///
/// Who may open each of the cases counted gets true numbers with free filters. Everybody else gets sums of published
/// months: days are widened to months, other filters are refused, and what is withheld is said.
#[utoipa::path(get, path = "/api/incident-counts", operation_id = "count_incidents", tag = "published", params(CountsQuery),
    responses((status = 200, body = IncidentCounts), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn count_incidents(State(context): State<Context>, signed: Signed, Query(query): Query<CountsQuery>) -> Result<Json<IncidentCounts>, Failure> {
    signed.reader.require(Right::Published)?;
    let range = within(query.within.as_deref())?;
    let wanted = query.level.as_deref().map(level).transpose()?;
    let reader = map_reader(&signed.reader);
    if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
        return Err(Error::invalid("to", "out_of_range", "the last day lies before the first").into());
    }
    let own = |range: CodeRange| reader.cases.covers(range);
    let counts_cases = if query.within.is_some() { own(range) } else { reader.published.ranges().iter().all(|range| own(*range)) };
    let answer = if counts_cases {
        cases(&context, &signed, &reader, &query, (range, wanted)).await?
    } else {
        published(&context, &signed, reader, &query, (range, wanted)).await?
    };
    Ok(Json(answer))
}

/// True numbers: the whole range lies in the reader's own area.
async fn cases(
    context: &Context,
    signed: &Signed,
    reader: &Reader,
    query: &CountsQuery,
    asked: (CodeRange, Option<Level>),
) -> Outcome<IncidentCounts> {
    let (range, wanted) = asked;
    let level = wanted.unwrap_or(Level::Cell);
    let to = query.to.unwrap_or_else(|| context.clock.today());
    let from = query.from.unwrap_or_else(|| to.checked_sub_days(chrono::Days::new(YEAR_DAYS - 1)).unwrap_or(to));
    let filters = Filters {
        category: split(query.category.as_deref()),
        group: query.group.clone(),
        source: split(query.source.as_deref()),
        state: split(query.state.as_deref()),
        from: Some(from),
        to: Some(to),
    };
    let mut transaction = context.begin(&signed.reader).await?;
    let counts = store::count_cases(&mut transaction, range, level, &filters).await?;
    let detail = json!({
        "category": query.category, "group": query.group, "source": query.source, "state": query.state, "from": from, "to": to, "within": query.within,
    });
    let scope_code = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).map(AreaCode::lo);
    note(context, &mut transaction, signed, Done { action: "incident.count", target: "", scope_code, detail, rows: counts.len() as i64 }).await?;
    transaction.commit().await?;
    let ground = context.ground();
    let places = Question { model: &ground, reader, group: ORDINARY, months: (0, 0) }.places(level, range);
    let years = (to - from).num_days().max(0).unsigned_abs() + 1;
    let years = years as f64 / YEAR_DAYS as f64;
    let grain = GrainView { level, chosen: wanted.is_none(), places: places.len(), shown: places.len(), withheld: 0 };
    let (items, page) = page(query, places, |area| {
        let count = counts.get(&area.lo()).copied().unwrap_or(0);
        let rate = rate_of(count, ground.tallies.within(area.range()).household_count, years);
        let (name_zh, name_en) = names(&ground, area);
        PlaceCount {
            code: area.to_string(),
            name_zh,
            name_en,
            audience: Some(Audience::Cases),
            count: Some(count),
            reason: None,
            months_shown: None,
            months_withheld: None,
            rate,
            class: rate.map(class_of),
        }
    })?;
    let period = Period { from, to };
    Ok(IncidentCounts { source: "cases", group: query.group.clone(), period, snapped: false, grain, classes: told::CLASSES, items, page })
}

/// Sums of published months.
async fn published(
    context: &Context,
    signed: &Signed,
    mut reader: Reader,
    query: &CountsQuery,
    asked: (CodeRange, Option<Level>),
) -> Outcome<IncidentCounts> {
    let (range, wanted) = asked;
    refuse_filters([("category", &query.category), ("source", &query.source), ("state", &query.state)])?;
    let mut transaction = context.begin(&signed.reader).await?;
    reader.known = store::known(&mut transaction, &signed.reader.units()).await?.into();
    let groups = store::groups(&mut transaction).await?;
    drop(transaction);
    let group = query.group.as_deref().unwrap_or(ORDINARY);
    let is_sensitive = groups.iter().find(|(name, _)| name == group).map(|(_, sensitive)| *sensitive);
    if group != ORDINARY && is_sensitive.is_none() {
        let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Error::invalid("group", "not_in_list", format!("“{group}” is no group of kinds; there are {ORDINARY}, {}", names.join(", "))));
    }
    let ground = context.ground();
    let last = query.to.map(Month::of).or_else(|| ground.published.last_month(range, &reader.published).and_then(Month::from_number));
    let last = last.unwrap_or_else(|| Month::of(context.clock.today()).before());
    let first = query.from.map_or_else(|| Month::from_number(last.number() - 11).unwrap_or(last), Month::of);
    let question = Question { model: &ground, reader: &reader, group, months: (first.number(), last.number()) };
    // sensitive kinds are told one level coarser, whatever was asked for
    let coarsest = |level: Level| if is_sensitive == Some(true) { Audience::K10.level_for(level) } else { level };
    let grain = wanted.map_or_else(|| question.grain(range), |level| question.grain_at(coarsest(level), range));
    let places = question.places(grain.level, range);
    let (items, page) = page(query, places, |area| {
        let told = question.place(area);
        let sum = told.map(|(_, sum)| sum);
        let shown = sum.filter(|sum| sum.shown > 0);
        let rate = shown.and_then(|sum| question.rate(area, sum));
        let (name_zh, name_en) = names(&ground, area);
        PlaceCount {
            code: area.to_string(),
            name_zh,
            name_en,
            audience: told.map(|(audience, _)| audience),
            count: shown.map(|sum| sum.count),
            reason: shown.is_none().then(|| question.silence(area)),
            months_shown: sum.map(|sum| sum.shown),
            months_withheld: sum.map(|sum| sum.withheld),
            rate,
            class: rate.filter(|_| sum.is_some_and(|sum| sum.is_shown())).map(class_of),
        }
    })?;
    let period = Period { from: first.first_day(), to: last.last_day() };
    let snapped = query.from.is_some_and(|from| from != period.from) || query.to.is_some_and(|to| to != period.to);
    let withheld = grain.places - grain.shown;
    let grain = GrainView { level: grain.level, chosen: wanted != Some(grain.level), places: grain.places, shown: grain.shown, withheld };
    Ok(IncidentCounts { source: "published", group: Some(group.to_owned()), period, snapped, grain, classes: told::CLASSES, items, page })
}

/// What the published cube has no dimension for.
pub(super) fn refuse_filters(given: [(&'static str, &Option<String>); 3]) -> Outcome<()> {
    let refused = given.into_iter().filter(|(_, value)| value.is_some()).map(|(name, _)| {
        let message = format!(
            "you may not open every case counted here, so the numbers are published ones, by month and group of kinds: leave {name} out, and give group, from and to"
        );
        Fault::new(name, "not_published", message)
    });
    let faults: Vec<Fault> = refused.collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn page(query: &CountsQuery, places: Vec<AreaCode>, row: impl FnMut(AreaCode) -> PlaceCount) -> Outcome<(Vec<PlaceCount>, PageInfo)> {
    let (limit, after) = (PageLimit::parse(query.limit)?, Cursor::parse(query.cursor.as_deref())?.0);
    let rows: Vec<AreaCode> = places.into_iter().filter(|area| area.lo() > after).take(limit.rows() + 1).collect();
    let page = Page::cut(rows, limit, |area| area.lo());
    Ok((page.rows.into_iter().map(row).collect(), PageInfo { next: page.next.map(Cursor::to_text) }))
}

/// Names of an area or a cell in Chinese and English; empty where it is not known.
pub fn names(ground: &Model, area: AreaCode) -> (String, String) {
    if area.level() == Level::Cell {
        return ground.cells.by_code(area.lo()).map(|cell| (cell.name_zh.to_string(), cell.name_en.to_string())).unwrap_or_default();
    }
    let stored = ground.areas.by_code(area.lo(), area.level().to_i16());
    stored.map(|area| (area.name_zh.to_string(), area.name_en.to_string())).unwrap_or_default()
}
