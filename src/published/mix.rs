//! `/api/incident-mix`: of which kinds the incidents of a place are, and through which channel they became known, for
//! everybody as `privacy` lets them be told.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRef, State};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Month;
use super::counts::refuse_filters;
use super::store::{self, Filters};
use super::told::{Period, Question};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::context::{Context, map_reader};
use crate::error::{Error, Result as Outcome};
use crate::http::problem::Failure;
use crate::http::{Problem, Query};
use crate::privacy::Audience;
use crate::read_model::{MonthSum, Reader};
use crate::rows::{Done, note, split, within};
use crate::users::{Right, Signed};

/// Days of a mix whose beginning is not given.
const YEAR_DAYS: u64 = 365;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(mix_incidents))
}

/// Incidents by kind and channel.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentMix {
    /// `cases`: counted now, each of which the reader may open; `published`: published months.
    source: &'static str,
    /// The days counted; published numbers have whole months.
    period: Period,
    /// By category, most first; of published numbers by group of kinds.
    kinds: Vec<MixCount>,
    /// By source, most first; null without case rights: the published numbers have none.
    channels: Option<Vec<MixCount>>,
}

/// Incidents of one kind or channel.
#[derive(Debug, Serialize, ToSchema)]
struct MixCount {
    /// Code of the category, the group of kinds or the source.
    code: String,
    /// The number; of published ones at least so many. Null: none is told.
    count: Option<u64>,
    /// Published entries that are withheld.
    withheld: u32,
}

/// What is counted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MixQuery {
    /// Code of an area or a cell; everything the reader may be told of unless given.
    within: Option<String>,
    /// First day; a year before the last unless given.
    from: Option<NaiveDate>,
    /// Last day.
    to: Option<NaiveDate>,
    /// Categories, with commas between; with case rights only.
    category: Option<String>,
    /// Sources, with commas between; with case rights only.
    source: Option<String>,
    /// States, with commas between; with case rights only.
    state: Option<String>,
}

/// Count incidents by kind and channel.
///
/// Who may open each of the cases counted gets true numbers by category and by source. Everybody else gets published
/// months by group of kinds: a sensitive group one level coarser, and only where it was published.
#[utoipa::path(get, path = "/api/incident-mix", operation_id = "mix_incidents", tag = "published", params(MixQuery),
    responses((status = 200, body = IncidentMix), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn mix_incidents(State(context): State<Context>, signed: Signed, Query(query): Query<MixQuery>) -> Result<Json<IncidentMix>, Failure> {
    signed.reader.require(Right::Published)?;
    let range = within(query.within.as_deref())?;
    if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
        return Err(Error::invalid("to", "out_of_range", "the last day lies before the first").into());
    }
    let reader = map_reader(&signed.reader);
    let counts_cases =
        if query.within.is_some() { reader.cases.covers(range) } else { reader.published.ranges().iter().all(|range| reader.cases.covers(*range)) };
    let answer =
        if counts_cases { cases(&context, &signed, &query, range).await? } else { published(&context, &signed, reader, &query, range).await? };
    Ok(Json(answer))
}

/// True numbers: the whole range lies in the reader's own area.
async fn cases(context: &Context, signed: &Signed, query: &MixQuery, range: CodeRange) -> Outcome<IncidentMix> {
    let to = query.to.unwrap_or_else(|| context.clock.today());
    let from = query.from.unwrap_or_else(|| to.checked_sub_days(chrono::Days::new(YEAR_DAYS - 1)).unwrap_or(to));
    let filters = Filters {
        category: split(query.category.as_deref()),
        source: split(query.source.as_deref()),
        state: split(query.state.as_deref()),
        from: Some(from),
        to: Some(to),
        ..Filters::default()
    };
    let mut transaction = context.begin(&signed.reader).await?;
    let counts = store::count_kinds(&mut transaction, range, &filters).await?;
    let detail = json!({
        "category": query.category, "source": query.source, "state": query.state, "from": from, "to": to, "within": query.within, "by": "mix",
    });
    let scope_code = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).map(AreaCode::lo);
    note(context, &mut transaction, signed, Done { action: "incident.count", target: "", scope_code, detail, rows: counts.len() as i64 }).await?;
    transaction.commit().await?;
    let summed = |code: fn(&(String, String, u64)) -> &String| {
        let mut sums: BTreeMap<&String, u64> = BTreeMap::new();
        for row in &counts {
            *sums.entry(code(row)).or_default() += row.2;
        }
        most_first(sums.into_iter().map(|(code, count)| MixCount { code: code.clone(), count: Some(count), withheld: 0 }).collect())
    };
    Ok(IncidentMix { source: "cases", period: Period { from, to }, kinds: summed(|row| &row.0), channels: Some(summed(|row| &row.1)) })
}

/// Published months, group by group.
async fn published(context: &Context, signed: &Signed, mut reader: Reader, query: &MixQuery, range: CodeRange) -> Outcome<IncidentMix> {
    refuse_filters([("category", &query.category), ("source", &query.source), ("state", &query.state)])?;
    let mut transaction = context.begin(&signed.reader).await?;
    reader.known = store::known(&mut transaction, &signed.reader.units()).await?.into();
    let groups = store::groups(&mut transaction).await?;
    drop(transaction);
    let ground = context.ground();
    let last = query.to.map(Month::of).or_else(|| ground.published.last_month(range, &reader.published).and_then(Month::from_number));
    let last = last.unwrap_or_else(|| Month::of(context.clock.today()).before());
    let first = query.from.map_or_else(|| Month::from_number(last.number() - 11).unwrap_or(last), Month::of);
    let area = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).filter(|area| area.level() >= Level::Township);
    let told = |(group, is_sensitive): (String, bool)| {
        let question = Question { model: &ground, reader: &reader, group: &group, months: (first.number(), last.number()) };
        let sum: MonthSum = match area {
            Some(area) if is_sensitive && Audience::K10.level_for(area.level()) != area.level() => MonthSum::default(),
            Some(area) if reader.published.covers(area.range()) => question.place(area).map(|(_, sum)| sum).unwrap_or_default(),
            Some(_) => MonthSum::default(),
            None => question.total(range),
        };
        MixCount { count: (sum.shown > 0).then_some(sum.count), withheld: sum.withheld, code: group }
    };
    let kinds = most_first(groups.into_iter().map(told).collect());
    Ok(IncidentMix { source: "published", period: Period { from: first.first_day(), to: last.last_day() }, kinds, channels: None })
}

fn most_first(mut counts: Vec<MixCount>) -> Vec<MixCount> {
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
    counts
}
