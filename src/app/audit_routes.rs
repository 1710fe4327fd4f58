//! The audit trail, for auditors; reading it is itself an entry.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use crate::audit::{self, Asked, Shown, Standing};
use crate::codes::AreaCode;
use crate::context::{Clock, Context};
use crate::db::{Cursor, Page, PageLimit};
use crate::error::{Error, Result};
use crate::http::geojson::PageInfo;
use crate::http::{Problem, Query};
use crate::rows::{Done, note};
use crate::users::{Right, Signed};

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    id: i64,
    /// Instant, UTC; null where the database holds none any more.
    at: Option<DateTime<Utc>>,
    /// Account at that time; empty for the command line and the server itself.
    account: String,
    /// `facility.update`, `incident.list`, `tile.read`, …
    action: String,
    /// Key of what it was done to.
    target: String,
    /// Code of the area it concerned.
    area_code: Option<String>,
    /// Changed fields or filters.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Rows written or shown.
    row_count: Option<i64>,
    /// Id of the request.
    request_id: String,
    /// Place in the chain, from 1; null while it waits.
    seal: Option<i64>,
    /// How it stands in the chain.
    standing: Standing,
}

impl From<Shown> for EntryView {
    fn from(it: Shown) -> Self {
        Self {
            id: it.id,
            at: it.at,
            account: it.account,
            action: it.action,
            target: it.target,
            area_code: it.area.map(|area| area.to_string()),
            detail: it.detail,
            row_count: it.row_count,
            request_id: it.request_id,
            seal: it.seal,
            standing: it.standing,
        }
    }
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
struct EntryPage {
    items: Vec<EntryView>,
    page: PageInfo,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    Oldest,
    Newest,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only this account.
    account: Option<String>,
    /// Only actions that begin with this: `facility.`
    action: Option<String>,
    /// Only what concerns this area or lies in it: a code of 2 to 15 digits.
    within: Option<String>,
    /// First civil day.
    from: Option<NaiveDate>,
    /// Last civil day.
    to: Option<NaiveDate>,
    /// Which end comes first; `oldest` unless given.
    #[param(inline)]
    order: Option<Order>,
    /// Rows a page, 1 to 1000.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before, under the same order.
    cursor: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// Midnight at the beginning of a civil day.
fn midnight(clock: Clock, day: NaiveDate, pointer: &str) -> Result<DateTime<Utc>> {
    let local = day.and_time(NaiveTime::MIN).and_local_timezone(clock.zone).earliest();
    local.map(|at| at.with_timezone(&Utc)).ok_or_else(|| Error::invalid(pointer, "no_such_day", "the day has no beginning in the server's time zone"))
}

/// Read the audit trail
///
/// Each reading is an entry itself. `standing` says whether what an entry says is what was sealed.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Filter),
    responses((status = 200, body = EntryPage), (status = 400, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list_audit(State(context): State<Context>, signed: Signed, Query(filter): Query<Filter>) -> Result<Json<EntryPage>> {
    signed.reader.require(Right::Audit)?;
    let limit = PageLimit::parse(filter.limit)?;
    let within = filter.within.as_deref().map(AreaCode::parse).transpose();
    let within = within.map_err(|error| Error::invalid("within", "not_a_code", error.to_string()))?;
    let next_day = |day: NaiveDate| day.succ_opt().ok_or_else(|| Error::invalid("to", "no_such_day", "the day is the last of the calendar"));
    let asked = Asked {
        account: filter.account.as_deref(),
        action: filter.action.as_deref(),
        within,
        from: filter.from.map(|day| midnight(context.clock, day, "from")).transpose()?,
        before: filter.to.map(|day| next_day(day).and_then(|next| midnight(context.clock, next, "to"))).transpose()?,
        newest_first: filter.order == Some(Order::Newest),
        after: filter.cursor.as_deref().map(|text| Cursor::parse(Some(text))).transpose()?.map(|cursor| cursor.0),
        limit: limit.fetch(),
    };
    let mut transaction = context.begin(&signed.reader).await?;
    let rows = audit::list(&mut transaction, &asked).await?;
    let page = Page::cut(rows, limit, |row| row.id);
    let detail = json!({"account": filter.account, "action": filter.action, "within": filter.within, "from": filter.from, "to": filter.to});
    let scope_code = within.map(AreaCode::lo);
    let done = Done { action: "audit.list", target: "", scope_code, detail, rows: page.rows.len() as i64 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    let items = page.rows.into_iter().map(EntryView::from).collect();
    Ok(Json(EntryPage { items, page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}
