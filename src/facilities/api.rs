//! `/api/facilities`.

use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Facility};
use crate::context::Context;
use crate::http::etag::IfMatch;
use crate::http::geojson::{Feature, FeatureCollection, FeatureInput, Versioned};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::read_model::PointLayer;
use crate::rows::version::{may_write, must_match};
use crate::rows::{Common, Done, Wanted, given, id, note, place, split};
use crate::users::{Right, Signed};

/// The routes of facilities.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list_facilities, create_facility)).routes(routes!(find_facility, update_facility, delete_facility))
}

/// A facility.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FacilityProperties {
    /// Key that stays over versions.
    pub id: String,
    /// Code of `facility_kind`.
    pub kind: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Organisation that runs it.
    pub operator: Option<String>,
    /// Places, beds or seats.
    pub capacity: Option<i32>,
    /// Opening hours in words.
    pub hours: Option<String>,
    /// Whether it can be entered without steps.
    pub barrier_free: Option<bool>,
    /// Public telephone of the office.
    pub phone_public: Option<String>,
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

/// What a client sends; what is left out stays. Texts are emptied with `""`, numbers with null.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FacilityInput {
    /// Code of `facility_kind`.
    pub kind: Option<String>,
    /// Name in Chinese, 1 to 80 characters.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// Organisation that runs it, never a person.
    pub operator: Option<String>,
    /// Places, beds or seats.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>)]
    pub capacity: Option<Option<i32>>,
    /// Opening hours in words.
    pub hours: Option<String>,
    /// Whether it can be entered without steps.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub barrier_free: Option<Option<bool>>,
    /// Public telephone of the office.
    pub phone_public: Option<String>,
}

/// Which facilities.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FacilitiesQuery {
    /// Kinds, with commas between: `F08,F12`.
    kind: Option<String>,
    /// Code of an area or a cell.
    within: Option<String>,
    /// `west,south,east,north` in degrees.
    bbox: Option<String>,
    /// The day whose facilities are wanted; today unless given.
    as_of: Option<NaiveDate>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// Facilities, a page at a time.
#[utoipa::path(get, path = "/api/facilities", operation_id = "list_facilities", tag = "facilities", params(FacilitiesQuery),
    responses((status = 200, body = FeatureCollection<FacilityProperties>, content_type = "application/geo+json"), (status = 403, body = Problem)))]
async fn list_facilities(
    State(context): State<Context>,
    signed: Signed,
    Query(query): Query<FacilitiesQuery>,
) -> Result<FeatureCollection<FacilityProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let kinds = split(query.kind.as_deref());
    let common = Common { within: query.within, bbox: query.bbox, as_of: query.as_of, limit: query.limit, cursor: query.cursor };
    let wanted = Wanted::read(&context, &signed.reader, PointLayer::Facilities, &common, kinds.is_some())?;
    let mut transaction = context.begin(&signed.reader).await?;
    let page = store::list(&mut transaction, wanted, kinds).await?;
    Ok(FeatureCollection::of_rows(page, Facility::feature)?)
}

/// One facility as it is today.
#[utoipa::path(get, path = "/api/facilities/{id}", operation_id = "find_facility", tag = "facilities", params(("id" = String, Path)),
    responses((status = 200, body = Feature<FacilityProperties>, content_type = "application/geo+json"), (status = 404, body = Problem)))]
async fn find_facility(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<Versioned<FacilityProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::find(&mut transaction, id("facility", &key)?, context.clock.today()).await?;
    Ok(Versioned(row.feature()?, row.version))
}

/// Makes a facility from today on.
#[utoipa::path(post, path = "/api/facilities", operation_id = "create_facility", tag = "facilities", request_body = FeatureInput<FacilityInput>,
    responses((status = 201, body = Feature<FacilityProperties>, content_type = "application/geo+json"), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_facility(
    State(context): State<Context>,
    signed: Signed,
    Body(sent): Body<FeatureInput<FacilityInput>>,
) -> Result<impl IntoResponse, Failure> {
    signed.reader.require(Right::WriteFacilities)?;
    let at = place::point(sent.geometry.as_ref())?;
    let today = context.clock.today();
    let mut transaction = context.begin(&signed.reader).await?;
    let mut row = Facility { shape: place::point_bytes(at), ..Facility::default() };
    let fields = row.take(sent.properties.unwrap_or_default());
    row.scope_code = place::scope_at(&context, &mut transaction, &signed.reader, Right::WriteFacilities, at).await?;
    row.check(&mut transaction).await?;
    let key = store::insert(&mut transaction, &row, today).await?;
    let row = store::find(&mut transaction, key, today).await?;
    let target = key.to_string();
    let done = Done { action: "facility.create", target: &target, scope_code: Some(row.scope_code), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    let address = [(header::LOCATION, format!("/api/facilities/{key}"))];
    Ok((StatusCode::CREATED, address, Versioned(row.feature()?, row.version)))
}

/// Changes what is given of a facility, from today on.
#[utoipa::path(patch, path = "/api/facilities/{id}", operation_id = "update_facility", tag = "facilities", params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = FeatureInput<FacilityInput>,
    responses((status = 200, body = Feature<FacilityProperties>, content_type = "application/geo+json"), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_facility(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<FeatureInput<FacilityInput>>,
) -> Result<Versioned<FacilityProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let (key, today) = (id("facility", &key)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::TABLE.hold(&mut transaction, key, today).await?;
    let mut row = store::find(&mut transaction, key, today).await?;
    may_write(&signed.reader, Right::WriteFacilities, row.scope_code)?;
    must_match(expected, row.version, || row.feature())?;
    let mut fields = row.take(sent.properties.unwrap_or_default());
    if let Some(shape) = &sent.geometry {
        let at = place::point(Some(shape))?;
        if at != row.place()? {
            row.scope_code = place::scope_at(&context, &mut transaction, &signed.reader, Right::WriteFacilities, at).await?;
            row.shape = place::point_bytes(at);
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
    let done = Done { action: "facility.update", target: &target, scope_code: Some(row.scope_code), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(Versioned(row.feature()?, row.version))
}

/// Retires a facility: it ends today.
#[utoipa::path(delete, path = "/api/facilities/{id}", operation_id = "delete_facility", tag = "facilities", params(("id" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete_facility(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Failure> {
    signed.reader.require(Right::Map)?;
    let (key, today) = (id("facility", &key)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::TABLE.hold(&mut transaction, key, today).await?;
    let row = store::find(&mut transaction, key, today).await?;
    may_write(&signed.reader, Right::WriteFacilities, row.scope_code)?;
    must_match(expected, row.version, || row.feature())?;
    store::TABLE.retire(&mut transaction, row.held(), today).await?;
    let target = key.to_string();
    let done = Done { action: "facility.delete", target: &target, scope_code: Some(row.scope_code), detail: json!({}), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(StatusCode::NO_CONTENT)
}
