//! The audit trail, for auditors; reading it is itself an entry.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use crate::audit;
use crate::context::Context;
use crate::db::{Cursor, Page, PageLimit};
use crate::error::Result;
use crate::http::Query;
use crate::http::geojson::PageInfo;
use crate::users::{Right, Signed};

/// One entry.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
struct EntryView {
    id: i64,
    at: DateTime<Utc>,
    account: String,
    action: String,
    target: String,
    /// Changed fields or filters.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    row_count: Option<i64>,
    request_id: String,
}

/// A page of entries, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct EntryPage {
    items: Vec<EntryView>,
    page: PageInfo,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only this account.
    account: Option<String>,
    /// Only actions that begin with this: `facility.`
    action: Option<String>,
    /// Rows a page, 1 to 1000.
    limit: Option<u32>,
    /// Where the page begins.
    cursor: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// Read the audit trail
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Filter), responses((status = 200, body = EntryPage), (status = 403, body = crate::http::Problem)))]
async fn list_audit(State(context): State<Context>, signed: Signed, Query(filter): Query<Filter>) -> Result<Json<EntryPage>> {
    signed.reader.require(Right::Audit)?;
    let limit = PageLimit::parse(filter.limit)?;
    let after = Cursor::parse(filter.cursor.as_deref())?;
    let mut transaction = context.begin(&signed.reader).await?;
    let rows: Vec<EntryView> = sqlx::query_as(
        "select id, at, account, action, target, detail, row_count, request_id from audit_entries
          where id > $1 and ($2::text is null or account = $2) and ($3::text is null or starts_with(action, $3))
          order by id limit $4",
    )
    .bind(after.0)
    .bind(&filter.account)
    .bind(&filter.action)
    .bind(limit.fetch())
    .fetch_all(transaction.conn())
    .await?;
    let page = Page::cut(rows, limit, |row| row.id);
    let entry = audit::Entry {
        user_id: Some(signed.reader.user_id),
        account: &signed.reader.account,
        action: "audit.list",
        target: "",
        area: None,
        detail: serde_json::json!({"account": filter.account, "action": filter.action}),
        rows: i64::try_from(page.rows.len()).ok(),
        request_id: &signed.request_id,
    };
    audit::record(&mut transaction, context.clock.now(), &entry).await?;
    transaction.commit().await?;
    Ok(Json(EntryPage { items: page.rows, page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}
