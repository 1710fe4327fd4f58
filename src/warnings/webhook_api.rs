//! `/api/webhooks`: who is rung when warnings of an area change; for administrators.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rand::TryRngCore as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Context;
use crate::db::{Cursor, Page, PageLimit, Scoped};
use crate::error::{Error, Result as Outcome};
use crate::http::etag::{IfMatch, of_version};
use crate::http::geojson::PageInfo;
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::rows::version::must_match;
use crate::rows::{Checks, Done, id, note};
use crate::users::{GrantArea, Right, Signed};

/// The routes of webhooks.
pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(update_webhook, delete_webhook))
        .routes(routes!(list_webhook_deliveries))
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Row {
    id: i64,
    scope_code: i64,
    area_level: i16,
    url: String,
    active: bool,
    made_at: DateTime<Utc>,
    version: i32,
    waiting: i64,
    given_up: i64,
}

/// A webhook; its secret is never shown again.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct WebhookView {
    /// Key.
    id: String,
    /// Code of the area, or `all`.
    area: String,
    /// Where to.
    url: String,
    /// Whether anything is sent.
    active: bool,
    /// Instant it was made.
    made_at: DateTime<Utc>,
    /// Rings that have not arrived yet.
    waiting: i64,
    /// Rings that were given up.
    given_up: i64,
    /// Counts edits, for `If-Match: "v1"`.
    version: i32,
}

impl WebhookView {
    fn of(row: Row) -> Self {
        let area = GrantArea::from_parts(row.scope_code, row.area_level).map_or_else(String::new, GrantArea::text);
        Self {
            id: row.id.to_string(),
            area,
            url: row.url,
            active: row.active,
            made_at: row.made_at,
            waiting: row.waiting,
            given_up: row.given_up,
            version: row.version,
        }
    }
}

/// The webhooks of the reader's areas.
#[derive(Debug, Serialize, ToSchema)]
struct Webhooks {
    items: Vec<WebhookView>,
}

/// A webhook to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    /// Code of the area whose warnings ring, or `all`.
    area: String,
    /// Where to: `https://…` or `http://…`, without a name or password in it.
    url: String,
}

/// A webhook with its secret, shown once.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookMade {
    #[serde(flatten)]
    webhook: WebhookView,
    /// `whsec_` and the key in base64.
    secret: String,
}

/// What may be changed of a webhook; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookChange {
    /// Where to.
    url: Option<String>,
    /// Whether anything is sent.
    active: Option<bool>,
}

/// A ring.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
struct DeliveryView {
    /// Key, in the header `webhook-id` of the delivery.
    id: i64,
    /// Instant of the change.
    made_at: DateTime<Utc>,
    /// `waiting`, `delivered`, `given_up`.
    state: String,
    /// How often it was tried.
    attempts: i32,
    /// Not before this instant; null: over.
    next_at: Option<DateTime<Utc>>,
    /// Status of the last answer; null: there was none.
    last_status: Option<i32>,
    /// Why the last try failed; may be empty.
    last_error: String,
}

/// A page of rings.
#[derive(Debug, Serialize, ToSchema)]
struct Deliveries {
    /// Newest first.
    items: Vec<DeliveryView>,
    page: PageInfo,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

const COLUMNS: &str = "w.id, w.scope_code, w.area_level, w.url, w.active, w.made_at, w.version,
                       (select count(*) from webhook_deliveries d where d.webhook_id = w.id and d.state = 'waiting') as waiting,
                       (select count(*) from webhook_deliveries d where d.webhook_id = w.id and d.state = 'given_up') as given_up";

async fn begin(context: &Context, signed: &Signed) -> Outcome<Scoped> {
    signed.reader.require(Right::Settings)?;
    context.begin(&signed.reader).await
}

async fn get(transaction: &mut Scoped, id: i64) -> Outcome<Row> {
    let found = sqlx::query_as(&format!("select {COLUMNS} from webhooks w where w.id = $1")).bind(id).fetch_optional(transaction.conn()).await?;
    found.ok_or_else(|| Error::NotFound { what: "webhook", id: id.to_string() })
}

/// An address that a ring can be sent to. Whoever sets it decides; nothing is guessed and no redirect is followed.
fn check_url(checks: &mut Checks, text: &str) {
    checks.text("/url", text, 400);
    let Ok(url) = reqwest::Url::parse(text) else {
        return checks.fault("/url", "not_an_address", "give an address such as https://example.org/hook");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        checks.fault("/url", "not_an_address", "only http and https are sent to");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        checks.fault("/url", "not_an_address", "leave name, password and # out; the signature says who sends");
    }
}

/// List webhooks
#[utoipa::path(get, path = "/api/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, body = Webhooks), (status = 403, body = Problem)))]
async fn list_webhooks(State(context): State<Context>, signed: Signed) -> Result<Json<Webhooks>, Failure> {
    let mut transaction = begin(&context, &signed).await?;
    let rows: Vec<Row> = sqlx::query_as(&format!("select {COLUMNS} from webhooks w order by w.id limit 1000"))
        .fetch_all(transaction.conn())
        .await
        .map_err(Error::from)?;
    Ok(Json(Webhooks { items: rows.into_iter().map(WebhookView::of).collect() }))
}

/// Make a webhook
///
/// Rung after each change of warnings in the area: `POST` with `webhook-id`, `webhook-timestamp` and `webhook-signature`
/// (`v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`). The body says since when to list changes and names no
/// warning: whoever lists them needs an account that may open the cases. Answers the secret; it is shown once.
#[utoipa::path(post, path = "/api/webhooks", operation_id = "create_webhook", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = WebhookMade), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_webhook(
    State(context): State<Context>,
    signed: Signed,
    Body(new): Body<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookMade>), Failure> {
    let mut transaction = begin(&context, &signed).await?;
    let mut checks = Checks::default();
    check_url(&mut checks, &new.url);
    let area = GrantArea::parse(&new.area).ok();
    if area.is_none() {
        checks.fault("/area", "not_a_code", "give the code of an area of 2 to 15 digits, or all");
    }
    checks.done()?;
    let area = area.filter(|area| signed.reader.scope(Right::Settings).covers(area.range()));
    let area = area.ok_or_else(|| Error::Forbidden("the area reaches beyond the one whose settings are yours".into()))?;
    let mut secret = [0_u8; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut secret).map_err(Error::internal("draw a secret"))?;
    let (lo, level) = area.parts();
    let sql = "insert into webhooks (scope_code, area_level, url, secret, made_at) values ($1, $2, $3, $4, $5) returning id";
    let key: i64 = sqlx::query_scalar(sql)
        .bind(lo)
        .bind(level)
        .bind(&new.url)
        .bind(secret.as_slice())
        .bind(context.clock.now())
        .fetch_one(transaction.conn())
        .await
        .map_err(Error::from)?;
    let row = get(&mut transaction, key).await?;
    let target = key.to_string();
    let done = Done { action: "webhook.create", target: &target, scope_code: Some(lo), detail: json!({ "area": new.area }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    let secret = format!("whsec_{}", STANDARD.encode(secret));
    Ok((StatusCode::CREATED, Json(WebhookMade { webhook: WebhookView::of(row), secret })))
}

/// Change a webhook
#[utoipa::path(patch, path = "/api/webhooks/{id}", operation_id = "update_webhook", tag = "webhooks",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = WebhookChange,
    responses((status = 200, body = WebhookView), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_webhook(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<WebhookChange>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<WebhookView>), Failure> {
    let mut transaction = begin(&context, &signed).await?;
    let number = id("webhook", &key)?;
    let row = get(&mut transaction, number).await?;
    must_match(expected, row.version, || Ok(WebhookView::of(row.clone())))?;
    if let Some(url) = &sent.url {
        let mut checks = Checks::default();
        check_url(&mut checks, url);
        checks.done()?;
    }
    let sql = "update webhooks set url = coalesce($2, url), active = coalesce($3, active) where id = $1";
    sqlx::query(sql).bind(number).bind(&sent.url).bind(sent.active).execute(transaction.conn()).await.map_err(Error::from)?;
    let row = get(&mut transaction, number).await?;
    let detail = json!({ "url": sent.url.is_some(), "active": sent.active });
    note(&context, &mut transaction, &signed, Done { action: "webhook.update", target: &key, scope_code: Some(row.scope_code), detail, rows: 1 })
        .await?;
    transaction.commit().await?;
    Ok(([(header::ETAG, of_version(row.version))], Json(WebhookView::of(row))))
}

/// Take a webhook away
///
/// With the rings that have not arrived.
#[utoipa::path(delete, path = "/api/webhooks/{id}", operation_id = "delete_webhook", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn delete_webhook(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<StatusCode, Failure> {
    let mut transaction = begin(&context, &signed).await?;
    let number = id("webhook", &key)?;
    let row = get(&mut transaction, number).await?;
    sqlx::query("delete from webhooks where id = $1").bind(number).execute(transaction.conn()).await.map_err(Error::from)?;
    let done = Done { action: "webhook.delete", target: &key, scope_code: Some(row.scope_code), detail: json!({}), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the rings of a webhook
#[utoipa::path(get, path = "/api/webhooks/{id}/deliveries", operation_id = "list_webhook_deliveries", tag = "webhooks",
    params(("id" = String, Path), PageQuery), responses((status = 200, body = Deliveries), (status = 404, body = Problem)))]
async fn list_webhook_deliveries(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Deliveries>, Failure> {
    let mut transaction = begin(&context, &signed).await?;
    let row = get(&mut transaction, id("webhook", &key)?).await?;
    let limit = PageLimit::parse(query.limit)?;
    let before = query.cursor.as_deref().map(|text| Cursor::parse(Some(text))).transpose()?.map_or(i64::MAX, |cursor| cursor.0);
    let sql = "select id, made_at, state, attempts, next_at, last_status, last_error from webhook_deliveries where webhook_id = $1 and id < $2 order by id desc limit $3";
    let rows: Vec<DeliveryView> =
        sqlx::query_as(sql).bind(row.id).bind(before).bind(limit.fetch()).fetch_all(transaction.conn()).await.map_err(Error::from)?;
    let page = Page::cut(rows, limit, |row| row.id);
    Ok(Json(Deliveries { items: page.rows, page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}
