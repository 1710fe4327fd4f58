//! `/api/incident-series`: incidents over time, for everybody as `privacy` lets them be told.

use axum::Json;
use axum::extract::{FromRef, State};
use chrono::{Days, NaiveDate};
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
use crate::privacy::suppression::ORDINARY;
use crate::read_model::{MonthSum, Reader};
use crate::rows::{Done, note, split, within};
use crate::users::{Right, Signed};

/// Days of a series whose beginning is not given.
const YEAR_DAYS: u64 = 365;
/// The longest series.
const MOST_STEPS: usize = 600;

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(follow_incidents))
}

/// Incidents over time.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentSeries {
    /// `cases`: counted now, each of which the reader may open; `published`: published months.
    source: &'static str,
    /// Group of kinds counted; null: every kind.
    group: Option<String>,
    /// The days of the whole series.
    period: Period,
    /// How long a step is; published numbers have months.
    step: Step,
    /// One after another, without gaps.
    items: Vec<StepCount>,
}

/// How long a step is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Seven days; the last step ends on the last day.
    Week,
    /// Twenty-eight days; the last step ends on the last day.
    FourWeeks,
    /// Calendar months.
    #[default]
    Month,
}

/// Incidents of one step.
#[derive(Debug, Serialize, ToSchema)]
struct StepCount {
    /// First day.
    from: NaiveDate,
    /// Last day.
    to: NaiveDate,
    /// The number; of published ones at least so many. Null: none is told.
    count: Option<u64>,
    /// Published entries that are withheld.
    withheld: u32,
}

/// What is counted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SeriesQuery {
    /// Code of an area or a cell; everything the reader may be told of unless given.
    within: Option<String>,
    /// How long a step is; `month` unless given.
    #[param(inline)]
    step: Option<Step>,
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

/// Count incidents over time.
///
/// Who may open each of the cases counted gets true numbers with free filters, by weeks or months. Everybody else gets
/// published months.
#[utoipa::path(get, path = "/api/incident-series", operation_id = "follow_incidents", tag = "published", params(SeriesQuery),
    responses((status = 200, body = IncidentSeries), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn follow_incidents(State(context): State<Context>, signed: Signed, Query(query): Query<SeriesQuery>) -> Result<Json<IncidentSeries>, Failure> {
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
async fn cases(context: &Context, signed: &Signed, query: &SeriesQuery, range: CodeRange) -> Outcome<IncidentSeries> {
    let to = query.to.unwrap_or_else(|| context.clock.today());
    let from = query.from.unwrap_or_else(|| to.checked_sub_days(Days::new(YEAR_DAYS - 1)).unwrap_or(to));
    let step = query.step.unwrap_or_default();
    let steps = steps(from, to, step)?;
    let filters = Filters {
        category: split(query.category.as_deref()),
        source: split(query.source.as_deref()),
        state: split(query.state.as_deref()),
        from: steps.first().map(|first| first.0),
        to: Some(to),
        ..Filters::default()
    };
    let mut transaction = context.begin(&signed.reader).await?;
    let days = store::count_days(&mut transaction, range, &filters).await?;
    let detail = json!({
        "category": query.category, "source": query.source, "state": query.state, "from": filters.from, "to": to, "within": query.within, "step": step,
    });
    let scope_code = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).map(AreaCode::lo);
    note(context, &mut transaction, signed, Done { action: "incident.count", target: "", scope_code, detail, rows: steps.len() as i64 }).await?;
    transaction.commit().await?;
    let period = Period { from: steps.first().map_or(from, |first| first.0), to };
    let items = steps.into_iter().map(|(from, to)| {
        let inside = days.iter().filter(|(day, _)| (from..=to).contains(day));
        StepCount { from, to, count: Some(inside.map(|(_, count)| count).sum()), withheld: 0 }
    });
    Ok(IncidentSeries { source: "cases", group: None, period, step, items: items.collect() })
}

/// The first and last day of each step, the last step ending on `to`.
fn steps(from: NaiveDate, to: NaiveDate, step: Step) -> Outcome<Vec<(NaiveDate, NaiveDate)>> {
    let mut found = Vec::new();
    if step == Step::Month {
        let mut month = Month::of(from);
        while month.first_day() <= to && found.len() <= MOST_STEPS {
            found.push((month.first_day().max(from), month.last_day().min(to)));
            month = month.next();
        }
    } else {
        let days = Days::new(if step == Step::Week { 6 } else { 27 });
        let mut last = Some(to);
        while let Some(end) = last.filter(|&end| end >= from && found.len() <= MOST_STEPS) {
            let Some(begin) = end.checked_sub_days(days) else { break };
            found.push((begin, end));
            last = begin.pred_opt();
        }
        found.reverse();
    }
    if found.len() > MOST_STEPS {
        return Err(Error::invalid("from", "out_of_range", format!("the series has over {MOST_STEPS} steps; begin later or take longer steps")));
    }
    Ok(found)
}

/// Published months.
async fn published(context: &Context, signed: &Signed, mut reader: Reader, query: &SeriesQuery, range: CodeRange) -> Outcome<IncidentSeries> {
    refuse_filters([("category", &query.category), ("source", &query.source), ("state", &query.state)])?;
    let mut transaction = context.begin(&signed.reader).await?;
    reader.known = store::known(&mut transaction, &signed.reader.units()).await?.into();
    drop(transaction);
    let ground = context.ground();
    let last = query.to.map(Month::of).or_else(|| ground.published.last_month(range, &reader.published).and_then(Month::from_number));
    let last = last.unwrap_or_else(|| Month::of(context.clock.today()).before());
    let first = query.from.map_or_else(|| Month::from_number(last.number() - 11).unwrap_or(last), Month::of);
    let area = query.within.as_deref().and_then(|text| AreaCode::parse(text).ok()).filter(|area| area.level() >= Level::Township);
    let mut items = Vec::new();
    for (from, to) in steps(first.first_day(), last.last_day(), Step::Month)? {
        let month = Month::of(from).number();
        let question = Question { model: &ground, reader: &reader, group: ORDINARY, months: (month, month) };
        let sum = match area {
            Some(area) if reader.published.covers(area.range()) => question.place(area).map(|(_, sum)| sum),
            Some(_) => None,
            None => Some(question.total(range)),
        };
        let sum: MonthSum = sum.unwrap_or_default();
        items.push(StepCount { from, to, count: (sum.shown > 0).then_some(sum.count), withheld: sum.withheld });
    }
    let period = Period { from: first.first_day(), to: last.last_day() };
    Ok(IncidentSeries { source: "published", group: Some(ORDINARY.into()), period, step: Step::Month, items })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: &str, to: &str, step: Step) -> Vec<String> {
        let day = |text: &str| text.parse().unwrap();
        steps(day(from), day(to), step).unwrap().into_iter().map(|(from, to)| format!("{from} {to}")).collect()
    }

    #[test]
    fn months_are_cut_to_the_days_asked_for_and_weeks_end_on_the_last() {
        assert_eq!(days("2026-01-20", "2026-02-03", Step::Month), ["2026-01-20 2026-01-31", "2026-02-01 2026-02-03"]);
        assert_eq!(days("2026-02-01", "2026-02-10", Step::Week), ["2026-01-28 2026-02-03", "2026-02-04 2026-02-10"]);
        assert_eq!(days("2026-02-10", "2026-02-10", Step::FourWeeks), ["2026-01-14 2026-02-10"]);
        assert!(steps("1900-01-01".parse().unwrap(), "2026-01-01".parse().unwrap(), Step::Week).is_err());
    }
}
