//! `/api/areas`.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Area, Filters};
use crate::cells::api::Named;
use crate::codes::{AreaCode, Level};
use crate::context::Context;
use crate::db::{Cursor, PageLimit};
use crate::error::{Error, Result as Outcome};
use crate::http::etag::IfMatch;
use crate::http::geojson::{Feature, FeatureCollection, FeatureInput, Versioned};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::published::{self, IncidentSum};
use crate::rows::version::{may_write, must_match};
use crate::rows::{Done, given, note, place, within};
use crate::users::{Right, Signed};

/// The routes of areas.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list_areas, create_area)).routes(routes!(find_area, update_area, delete_area)).routes(routes!(summarise_area))
}

/// An area.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AreaProperties {
    /// 2, 4, 6, 9 or 12 digits.
    pub code: String,
    /// Digits of the code.
    pub level: i16,
    /// `province`, `city`, `county`, `township`, `village`.
    pub level_name: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Code of `urban_rural_class`.
    pub urban_rural_class: Option<String>,
    /// The area it lies in; null at the top.
    pub parent: Option<Named>,
    /// Households in it today.
    pub household_count: u64,
    /// Counts edits.
    pub version: i32,
}

/// What a client sends; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaInput {
    /// 2, 4, 6, 9 or 12 digits; for a new area only.
    pub code: Option<String>,
    /// Name in Chinese, 1 to 60 characters.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// Code of `urban_rural_class`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub urban_rural_class: Option<Option<String>>,
}

/// Which areas.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreasQuery {
    /// `province`, `city`, `county`, `township`, `village`.
    level: Option<String>,
    /// Code of an area; it is listed too.
    within: Option<String>,
    /// A part of a name, or the beginning of a code.
    q: Option<String>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

fn level(text: &str) -> Outcome<Level> {
    let known = Level::ALL.into_iter().find(|level| *level != Level::Cell && level.name() == text);
    known.ok_or_else(|| Error::invalid("level", "not_a_level", format!("“{text}” is no level; give province, city, county, township or village")))
}

/// Reads the code of a path: what is no area's code names nothing.
fn area(text: &str) -> Outcome<AreaCode> {
    let code = AreaCode::parse(text).ok().filter(|code| code.level() != Level::Cell);
    code.ok_or_else(|| Error::NotFound { what: "area", id: text.to_owned() })
}

/// Areas, a page at a time, each before those inside it.
#[utoipa::path(get, path = "/api/areas", operation_id = "list_areas", tag = "areas", params(AreasQuery),
    responses((status = 200, body = FeatureCollection<AreaProperties>, content_type = "application/geo+json"), (status = 403, body = Problem)))]
async fn list_areas(
    State(context): State<Context>,
    signed: Signed,
    Query(query): Query<AreasQuery>,
) -> Result<FeatureCollection<AreaProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let filters = Filters {
        range: within(query.within.as_deref())?,
        level: query.level.as_deref().map(level).transpose()?,
        sought: query.q.filter(|q| !q.trim().is_empty()),
        after: Cursor::parse(query.cursor.as_deref())?,
        limit: PageLimit::parse(query.limit)?,
    };
    let ground = context.ground();
    let mut transaction = context.begin(&signed.reader).await?;
    let page = store::list(&mut transaction, filters).await?;
    Ok(FeatureCollection::of_rows(page, |row| row.feature(&ground, &signed.reader))?)
}

/// One area.
#[utoipa::path(get, path = "/api/areas/{code}", operation_id = "find_area", tag = "areas", params(("code" = String, Path)),
    responses((status = 200, body = Feature<AreaProperties>, content_type = "application/geo+json"), (status = 404, body = Problem)))]
async fn find_area(State(context): State<Context>, signed: Signed, Path(code): Path<String>) -> Result<Versioned<AreaProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::find(&mut transaction, area(&code)?).await?;
    Ok(Versioned(row.feature(&context.ground(), &signed.reader)?, row.version))
}

/// What the card of an area says.
#[derive(Debug, Serialize, ToSchema)]
struct AreaSummary {
    /// 2, 4, 6, 9 or 12 digits.
    code: String,
    /// Households in it today, as far as the reader's area reaches.
    household_count: u64,
    /// Addresses.
    address_count: u64,
    /// Facilities of all kinds.
    facility_count: u64,
    /// Incidents, as far as the reader may be told: of townships and villages.
    incidents: IncidentSum,
}

/// What the card of an area says: people, facilities, and of incidents what the reader may be told.
#[utoipa::path(get, path = "/api/areas/{code}/summary", operation_id = "summarise_area", tag = "areas", params(("code" = String, Path)),
    responses((status = 200, body = AreaSummary), (status = 404, body = Problem)))]
async fn summarise_area(State(context): State<Context>, signed: Signed, Path(code): Path<String>) -> Result<Json<AreaSummary>, Failure> {
    signed.reader.require(Right::Map)?;
    let code = area(&code)?;
    let mut transaction = context.begin(&signed.reader).await?;
    store::find(&mut transaction, code).await?;
    let ground = context.ground();
    let incidents = published::of_place(&mut transaction, &ground, &signed.reader, code, context.clock.today()).await?;
    let counts = ground.tallies.within_scope(code.range(), &signed.reader.scope(Right::Map));
    let (household_count, address_count, facility_count) = (counts.household_count, counts.address_count, counts.facility_count);
    Ok(Json(AreaSummary { code: code.to_string(), household_count, address_count, facility_count, incidents }))
}

/// Makes an area; its polygon may come later.
#[utoipa::path(post, path = "/api/areas", operation_id = "create_area", tag = "areas", request_body = FeatureInput<AreaInput>,
    responses((status = 201, body = Feature<AreaProperties>, content_type = "application/geo+json"), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_area(
    State(context): State<Context>,
    signed: Signed,
    Body(sent): Body<FeatureInput<AreaInput>>,
) -> Result<impl IntoResponse, Failure> {
    signed.reader.require(Right::WriteAreas)?;
    let properties = sent.properties.unwrap_or_default();
    let wrong = |why: String| Error::invalid("/properties/code", "not_a_code", why);
    let code = AreaCode::parse(properties.code.as_deref().unwrap_or_default()).map_err(|error| wrong(error.to_string()))?;
    if code.level() == Level::Cell {
        return Err(wrong("15 digits are a cell's code; make it under /api/cells".into()).into());
    }
    may_write(&signed.reader, Right::WriteAreas, code.lo())?;
    let shape = sent.geometry.as_ref().map(|shape| place::polygons(Some(shape))).transpose()?.map(store::shape_bytes);
    let mut row = Area { code_lo: code.lo(), level: code.level().to_i16(), shape, ..Area::default() };
    let fields = row.take(properties);
    let mut transaction = context.begin(&signed.reader).await?;
    row.check(&mut transaction).await?;
    store::insert(&mut transaction, &row).await?;
    let row = store::find(&mut transaction, code).await?;
    let target = code.to_string();
    let done = Done { action: "area.create", target: &target, scope_code: Some(row.code_lo), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    let address = [(header::LOCATION, format!("/api/areas/{code}"))];
    Ok((StatusCode::CREATED, address, Versioned(row.feature(&context.ground(), &signed.reader)?, row.version)))
}

/// Changes what is given of an area.
#[utoipa::path(patch, path = "/api/areas/{code}", operation_id = "update_area", tag = "areas", params(("code" = String, Path), ("If-Match" = String, Header)),
    request_body = FeatureInput<AreaInput>,
    responses((status = 200, body = Feature<AreaProperties>, content_type = "application/geo+json"), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_area(
    State(context): State<Context>,
    signed: Signed,
    Path(code): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<FeatureInput<AreaInput>>,
) -> Result<Versioned<AreaProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let code = area(&code)?;
    let mut transaction = context.begin(&signed.reader).await?;
    store::hold(&mut transaction, code).await?;
    let mut row = store::find(&mut transaction, code).await?;
    may_write(&signed.reader, Right::WriteAreas, row.code_lo)?;
    must_match(expected, row.version, || row.feature(&context.ground(), &signed.reader))?;
    let properties = sent.properties.unwrap_or_default();
    if properties.code.as_ref().is_some_and(|sent| *sent != row.code_text()) {
        return Err(Error::invalid("/properties/code", "read_only", "an area keeps its code; make a new one and move what is under it").into());
    }
    let mut fields = row.take(properties);
    if let Some(shape) = &sent.geometry {
        let shape = Some(store::shape_bytes(place::polygons(Some(shape))?));
        if shape != row.shape {
            row.shape = shape;
            fields.push("geometry");
        }
    }
    if fields.is_empty() {
        return Ok(Versioned(row.feature(&context.ground(), &signed.reader)?, row.version));
    }
    row.check(&mut transaction).await?;
    store::update(&mut transaction, &row).await?;
    let row = store::find(&mut transaction, code).await?;
    let target = code.to_string();
    let done = Done { action: "area.update", target: &target, scope_code: Some(row.code_lo), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(Versioned(row.feature(&context.ground(), &signed.reader)?, row.version))
}

/// Deletes an area that holds no others.
#[utoipa::path(delete, path = "/api/areas/{code}", operation_id = "delete_area", tag = "areas", params(("code" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn delete_area(
    State(context): State<Context>,
    signed: Signed,
    Path(code): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Failure> {
    signed.reader.require(Right::Map)?;
    let code = area(&code)?;
    let mut transaction = context.begin(&signed.reader).await?;
    store::hold(&mut transaction, code).await?;
    let row = store::find(&mut transaction, code).await?;
    may_write(&signed.reader, Right::WriteAreas, row.code_lo)?;
    must_match(expected, row.version, || row.feature(&context.ground(), &signed.reader))?;
    store::delete(&mut transaction, &row).await?;
    let target = code.to_string();
    let done = Done { action: "area.delete", target: &target, scope_code: Some(row.code_lo), detail: json!({}), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(StatusCode::NO_CONTENT)
}
