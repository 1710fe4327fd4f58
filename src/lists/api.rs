//! `/api/codes`, `/api/service-standards`, `/api/settings`.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::header;
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store;
use crate::cells::api::Named;
use crate::context::Context;
use crate::http::etag::{IfMatch, of_version};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem};
use crate::rows::version::must_match;
use crate::rows::{Checks, Done, id, note};
use crate::users::{Right, Signed};

/// The routes of lists.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_codes))
        .routes(routes!(list_service_standards))
        .routes(routes!(update_service_standard))
        .routes(routes!(list_settings))
        .routes(routes!(update_setting))
}

/// A kind of facility.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct FacilityKind {
    /// `F01` and so on.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// `5min`, `10min`, `15min`, `policy`.
    pub tier: String,
}

/// A kind of dispute.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Category {
    /// Two digits.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Group in which numbers are published.
    pub category_group: String,
    /// Shown one level coarser and from ten cases on.
    pub sensitive: bool,
}

/// Every code list, in the order of its menu.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Codes {
    pub facility_kind: Vec<FacilityKind>,
    pub incident_category: Vec<Category>,
    pub incident_source: Vec<Named>,
    pub incident_state: Vec<Named>,
    pub dwelling_kind: Vec<Named>,
    pub population_band: Vec<Named>,
    pub cell_kind: Vec<Named>,
    pub complexity: Vec<Named>,
    pub risk_level: Vec<Named>,
    pub parties_kind: Vec<Named>,
    pub urban_rural_class: Vec<Named>,
}

/// How near a kind of facility should be.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Standard {
    /// Key.
    pub id: i64,
    /// Code of `facility_kind`.
    pub kind: String,
    /// Class it holds for; null: all.
    pub urban_rural_class: Option<String>,
    /// `walk` or `drive`.
    pub mode: String,
    /// Minutes on the way.
    pub minutes: Option<f32>,
    /// Metres on the way.
    pub metres: Option<f32>,
    /// Where the standard stands.
    pub source: String,
    /// First civil day it holds.
    pub valid_from: NaiveDate,
    /// First civil day it no longer holds.
    pub valid_to: Option<NaiveDate>,
    /// Counts edits.
    pub version: i32,
}

/// What may be changed of a standard.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandardInput {
    /// Minutes on the way.
    minutes: Option<f32>,
    /// Metres on the way.
    metres: Option<f32>,
    /// Where the standard stands.
    source: Option<String>,
}

/// Some rows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Items<T> {
    /// The rows.
    pub items: Vec<T>,
}

/// A setting.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Setting {
    /// Name with its unit at the end.
    pub key: String,
    /// The value, in the unit the key names.
    pub value: serde_json::Value,
    /// What it does, Chinese.
    pub note_zh: String,
    /// What it does, English.
    pub note_en: String,
}

/// A new value.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingInput {
    /// Of the same type as before.
    value: serde_json::Value,
}

/// Every code list with its names.
#[utoipa::path(get, path = "/api/codes", operation_id = "list_codes", tag = "lists", responses((status = 200, body = Codes), (status = 401, body = Problem)))]
async fn list_codes(State(context): State<Context>, signed: Signed) -> Result<Json<Codes>, Failure> {
    let mut transaction = context.begin(&signed.reader).await?;
    Ok(Json(store::codes(&mut transaction).await?))
}

/// The standards in force today.
#[utoipa::path(get, path = "/api/service-standards", operation_id = "list_service_standards", tag = "lists",
    responses((status = 200, body = Items<Standard>), (status = 403, body = Problem)))]
async fn list_service_standards(State(context): State<Context>, signed: Signed) -> Result<Json<Items<Standard>>, Failure> {
    signed.reader.require(Right::Map)?;
    let mut transaction = context.begin(&signed.reader).await?;
    Ok(Json(Items { items: store::standards(&mut transaction, context.clock.today()).await? }))
}

/// Changes a standard to local policy.
#[utoipa::path(patch, path = "/api/service-standards/{id}", operation_id = "update_service_standard", tag = "lists",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = StandardInput,
    responses((status = 200, body = Standard), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_service_standard(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(mut sent): Body<StandardInput>,
) -> Result<impl IntoResponse, Failure> {
    signed.reader.require(Right::Settings)?;
    let number = id("service standard", &key)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let mut row = store::standard(&mut transaction, number, true).await?;
    must_match(expected, row.version, || Ok(row.clone()))?;
    let mut checks = Checks::default();
    for (pointer, number) in [("/minutes", sent.minutes), ("/metres", sent.metres)] {
        if number.is_some_and(|number| !(number > 0.0 && number <= 1_000_000.0)) {
            checks.fault(pointer, "out_of_range", "give a number above zero");
        }
    }
    checks.name("/source", sent.source.as_deref().unwrap_or(&row.source), 200);
    checks.done()?;
    let mut fields = Vec::new();
    for (name, number, stored) in [("minutes", sent.minutes, &mut row.minutes), ("metres", sent.metres, &mut row.metres)] {
        if number.is_some() {
            *stored = number;
            fields.push(name);
        }
    }
    crate::rows::take!(fields, row, sent: source);
    store::update_standard(&mut transaction, &row).await?;
    let row = store::standard(&mut transaction, number, false).await?;
    let done = Done { action: "service_standard.update", target: &key, scope_code: None, detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(([(header::ETAG, of_version(row.version))], Json(row)))
}

/// Every setting.
#[utoipa::path(get, path = "/api/settings", operation_id = "list_settings", tag = "lists",
    responses((status = 200, body = Items<Setting>), (status = 403, body = Problem)))]
async fn list_settings(State(context): State<Context>, signed: Signed) -> Result<Json<Items<Setting>>, Failure> {
    signed.reader.require(Right::Settings)?;
    let mut transaction = context.begin(&signed.reader).await?;
    Ok(Json(Items { items: store::settings(&mut transaction).await? }))
}

/// Changes a setting.
#[utoipa::path(put, path = "/api/settings/{key}", operation_id = "update_setting", tag = "lists", params(("key" = String, Path)), request_body = SettingInput,
    responses((status = 200, body = Items<Setting>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn update_setting(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    Body(sent): Body<SettingInput>,
) -> Result<Json<Items<Setting>>, Failure> {
    signed.reader.require(Right::Settings)?;
    let mut transaction = context.begin(&signed.reader).await?;
    if let Some(text) = sent.value.as_str() {
        let mut checks = Checks::default();
        checks.text("/value", text, 2_000);
        checks.done()?;
    }
    store::set(&mut transaction, &key, &sent.value).await?;
    let items = store::settings(&mut transaction).await?;
    note(
        &context,
        &mut transaction,
        &signed,
        Done { action: "setting.update", target: &key, scope_code: None, detail: json!({ "value": sent.value }), rows: 1 },
    )
    .await?;
    context.commit(transaction).await?;
    Ok(Json(Items { items }))
}
