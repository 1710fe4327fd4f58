//! `/api/households`.

use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Household};
use crate::context::Context;
use crate::http::etag::IfMatch;
use crate::http::geojson::{Feature, FeatureCollection, FeatureInput, Versioned};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::incidents::safe_places;
use crate::read_model::PointLayer;
use crate::rows::version::{may_write, must_match};
use crate::rows::{Common, Done, Wanted, id, note, place};
use crate::users::{Right, Signed};

/// The routes of addresses.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list_households, create_household)).routes(routes!(find_household, update_household, delete_household))
}

/// An address with the number of households at it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HouseholdProperties {
    /// Key that stays over versions.
    pub id: String,
    /// Households at the address.
    pub household_count: i32,
    /// Band of the number of people, never the number.
    pub population_band: String,
    /// Code of `dwelling_kind`.
    pub dwelling_kind: String,
    /// Door plate or building.
    pub address: Option<String>,
    /// Its cell; null outside every cell.
    pub cell_code: Option<String>,
    /// Its cell, else the smallest area that holds it.
    pub area_code: Option<String>,
    /// First civil day of the version.
    pub valid_from: NaiveDate,
    /// First civil day after the version.
    pub valid_to: Option<NaiveDate>,
    /// Counts edits.
    pub version: i32,
}

/// What a client sends; what is left out stays. A text is emptied with `""`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdInput {
    /// Households at the address, 0 to 20,000; 1 for a new address unless given.
    pub household_count: Option<i32>,
    /// Code of `population_band`.
    pub population_band: Option<String>,
    /// Code of `dwelling_kind`.
    pub dwelling_kind: Option<String>,
    /// Door plate or building, never a person's name.
    pub address: Option<String>,
}

/// Which addresses.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HouseholdsQuery {
    /// Code of an area or a cell.
    within: Option<String>,
    /// `west,south,east,north` in degrees.
    bbox: Option<String>,
    /// The day whose addresses are wanted; today unless given.
    as_of: Option<NaiveDate>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// Addresses, a page at a time.
#[utoipa::path(get, path = "/api/households", operation_id = "list_households", tag = "households", params(HouseholdsQuery),
    responses((status = 200, body = FeatureCollection<HouseholdProperties>, content_type = "application/geo+json"), (status = 403, body = Problem)))]
async fn list_households(
    State(context): State<Context>,
    signed: Signed,
    Query(query): Query<HouseholdsQuery>,
) -> Result<FeatureCollection<HouseholdProperties>, Failure> {
    signed.reader.require(Right::Households)?;
    let common = Common { within: query.within, bbox: query.bbox, as_of: query.as_of, limit: query.limit, cursor: query.cursor };
    let wanted = Wanted::read(&context, &signed.reader, PointLayer::Households, &common, false)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let page = store::list(&mut transaction, wanted).await?;
    Ok(FeatureCollection::of_rows(page, Household::feature)?)
}

/// One address as it is today.
#[utoipa::path(get, path = "/api/households/{id}", operation_id = "find_household", tag = "households", params(("id" = String, Path)),
    responses((status = 200, body = Feature<HouseholdProperties>, content_type = "application/geo+json"), (status = 404, body = Problem)))]
async fn find_household(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<Versioned<HouseholdProperties>, Failure> {
    signed.reader.require(Right::Households)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::find(&mut transaction, id("household", &key)?, context.clock.today()).await?;
    Ok(Versioned(row.feature()?, row.version))
}

/// Makes an address from today on.
#[utoipa::path(post, path = "/api/households", operation_id = "create_household", tag = "households", request_body = FeatureInput<HouseholdInput>,
    responses((status = 201, body = Feature<HouseholdProperties>, content_type = "application/geo+json"), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_household(
    State(context): State<Context>,
    signed: Signed,
    Body(sent): Body<FeatureInput<HouseholdInput>>,
) -> Result<impl IntoResponse, Failure> {
    signed.reader.require(Right::WriteHouseholds)?;
    let at = place::point(sent.geometry.as_ref())?;
    let today = context.clock.today();
    let mut transaction = context.begin(&signed.reader).await?;
    let mut row = Household { shape: place::point_bytes(at), ..Household::new() };
    let fields = row.take(sent.properties.unwrap_or_default());
    row.scope_code = place::scope_at(&context, &mut transaction, &signed.reader, Right::WriteHouseholds, at).await?;
    row.check(&mut transaction).await?;
    row.safe_place_id = safe_places::join(&mut transaction, row.scope_code, at).await?;
    let key = store::insert(&mut transaction, &row, today).await?;
    let row = store::find(&mut transaction, key, today).await?;
    let target = key.to_string();
    let done = Done { action: "household.create", target: &target, scope_code: Some(row.scope_code), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    let address = [(header::LOCATION, format!("/api/households/{key}"))];
    Ok((StatusCode::CREATED, address, Versioned(row.feature()?, row.version)))
}

/// Changes what is given of an address, from today on.
#[utoipa::path(patch, path = "/api/households/{id}", operation_id = "update_household", tag = "households", params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = FeatureInput<HouseholdInput>,
    responses((status = 200, body = Feature<HouseholdProperties>, content_type = "application/geo+json"), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_household(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<FeatureInput<HouseholdInput>>,
) -> Result<Versioned<HouseholdProperties>, Failure> {
    signed.reader.require(Right::Households)?;
    let (key, today) = (id("household", &key)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::TABLE.hold(&mut transaction, key, today).await?;
    let mut row = store::find(&mut transaction, key, today).await?;
    may_write(&signed.reader, Right::WriteHouseholds, row.scope_code)?;
    must_match(expected, row.version, || row.feature())?;
    let mut fields = row.take(sent.properties.unwrap_or_default());
    if let Some(shape) = &sent.geometry {
        let at = place::point(Some(shape))?;
        if at != row.place()? {
            let from = row.scope_code;
            row.scope_code = place::scope_at(&context, &mut transaction, &signed.reader, Right::WriteHouseholds, at).await?;
            row.shape = place::point_bytes(at);
            // One that was in a group stays out of others for good; the database sees to it that it leaves.
            if row.scope_code != from && row.safe_place_id.is_none() {
                row.safe_place_id = safe_places::join(&mut transaction, row.scope_code, at).await?;
            }
            fields.push("geometry");
        }
    }
    if fields.is_empty() {
        return Ok(Versioned(row.feature()?, row.version));
    }
    row.check(&mut transaction).await?;
    store::update(&mut transaction, &row, today).await?;
    let row = store::find(&mut transaction, key, today).await?;
    let target = key.to_string();
    let done = Done { action: "household.update", target: &target, scope_code: Some(row.scope_code), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(Versioned(row.feature()?, row.version))
}

/// Retires an address: it ends today.
#[utoipa::path(delete, path = "/api/households/{id}", operation_id = "delete_household", tag = "households", params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete_household(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Failure> {
    signed.reader.require(Right::Households)?;
    let (key, today) = (id("household", &key)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::TABLE.hold(&mut transaction, key, today).await?;
    let row = store::find(&mut transaction, key, today).await?;
    may_write(&signed.reader, Right::WriteHouseholds, row.scope_code)?;
    must_match(expected, row.version, || row.feature())?;
    store::TABLE.retire(&mut transaction, row.held(), today).await?;
    let target = key.to_string();
    let done = Done { action: "household.delete", target: &target, scope_code: Some(row.scope_code), detail: json!({}), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(StatusCode::NO_CONTENT)
}
