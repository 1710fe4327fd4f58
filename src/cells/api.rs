//! `/api/cells`.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Cell};
use super::summary::{CellSummary, summary};
use crate::context::{Context, map_reader};
use crate::error::Error;
use crate::geom::area_m2;
use crate::http::etag::IfMatch;
use crate::http::geojson::{Feature, FeatureCollection, FeatureInput, Versioned};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::rows::version::{may_write, must_match};
use crate::rows::{Common, Done, Wanted, cell, note, place};
use crate::users::{Right, Signed};

/// The routes of cells.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list_cells, create_cell)).routes(routes!(find_cell, update_cell, delete_cell)).routes(routes!(summarise_cell))
}

/// A thing with a code and its names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Named {
    /// Code.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
}

/// A cell.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CellProperties {
    /// 15 digits.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Short name for labels.
    pub short_name: String,
    /// Code of `cell_kind`.
    pub kind: String,
    /// Village (community) it lies in.
    pub village: Named,
    /// Township (street) it lies in.
    pub township: Named,
    /// Square metres on the ellipsoid.
    pub area_m2: f64,
    /// Households today.
    pub household_count: u64,
    /// First civil day of the version.
    pub valid_from: NaiveDate,
    /// First civil day after the version.
    pub valid_to: Option<NaiveDate>,
    /// Counts edits.
    pub version: i32,
}

/// What a client sends; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CellInput {
    /// 15 digits; for a new cell only.
    pub code: Option<String>,
    /// Name in Chinese, 1 to 60 characters.
    pub name_zh: Option<String>,
    /// Name in English.
    pub name_en: Option<String>,
    /// Short name for labels, up to 30 characters.
    pub short_name: Option<String>,
    /// Code of `cell_kind`.
    pub kind: Option<String>,
}

/// Which cells.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CellsQuery {
    /// A part of a name, or the beginning of a code.
    q: Option<String>,
    /// Code of an area.
    within: Option<String>,
    /// `west,south,east,north` in degrees.
    bbox: Option<String>,
    /// The day whose cells are wanted; today unless given.
    as_of: Option<NaiveDate>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// Cells, a page at a time.
#[utoipa::path(get, path = "/api/cells", operation_id = "list_cells", tag = "cells", params(CellsQuery),
    responses((status = 200, body = FeatureCollection<CellProperties>, content_type = "application/geo+json"), (status = 403, body = Problem)))]
async fn list_cells(
    State(context): State<Context>,
    signed: Signed,
    Query(query): Query<CellsQuery>,
) -> Result<FeatureCollection<CellProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let common = Common { within: query.within, bbox: query.bbox, as_of: query.as_of, limit: query.limit, cursor: query.cursor };
    let wanted = Wanted::plain(&context, &common)?;
    let (ground, after) = (context.ground(), wanted.after);
    let wanted = wanted.in_box(&context, &common, |frame| ground.cells_in_bbox(frame, &map_reader(&signed.reader), usize::MAX, Some(after)))?;
    let mut transaction = context.begin(&signed.reader).await?;
    let page = store::list(&mut transaction, wanted, query.q.as_deref().filter(|q| !q.trim().is_empty())).await?;
    Ok(FeatureCollection::of_rows(page, |row| row.feature(&ground))?)
}

/// One cell as it is today.
#[utoipa::path(get, path = "/api/cells/{code}", operation_id = "find_cell", tag = "cells", params(("code" = String, Path)),
    responses((status = 200, body = Feature<CellProperties>, content_type = "application/geo+json"), (status = 404, body = Problem)))]
async fn find_cell(State(context): State<Context>, signed: Signed, Path(code): Path<String>) -> Result<Versioned<CellProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::find(&mut transaction, cell(&code)?, context.clock.today()).await?;
    Ok(Versioned(row.feature(&context.ground())?, row.version))
}

/// What the card of a cell says: people, facilities, neighbours, and of incidents what the reader may be told.
#[utoipa::path(get, path = "/api/cells/{code}/summary", operation_id = "summarise_cell", tag = "cells", params(("code" = String, Path)),
    responses((status = 200, body = CellSummary), (status = 404, body = Problem)))]
async fn summarise_cell(State(context): State<Context>, signed: Signed, Path(code): Path<String>) -> Result<Json<CellSummary>, Failure> {
    signed.reader.require(Right::Map)?;
    Ok(Json(summary(&context, &signed.reader, cell(&code)?).await?))
}

/// Makes a cell from today on.
#[utoipa::path(post, path = "/api/cells", operation_id = "create_cell", tag = "cells", request_body = FeatureInput<CellInput>,
    responses((status = 201, body = Feature<CellProperties>, content_type = "application/geo+json"), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_cell(
    State(context): State<Context>,
    signed: Signed,
    Body(sent): Body<FeatureInput<CellInput>>,
) -> Result<impl IntoResponse, Failure> {
    signed.reader.require(Right::WriteCells)?;
    let today = context.clock.today();
    let sent_properties = sent.properties.unwrap_or_default();
    let code = crate::codes::CellCode::parse(sent_properties.code.as_deref().unwrap_or_default())
        .map_err(|error| Error::invalid("/properties/code", "not_a_code", error.to_string()))?;
    may_write(&signed.reader, Right::WriteCells, code.to_i64())?;
    let shape = place::polygons(sent.geometry.as_ref())?;
    let mut row =
        Cell { code: code.to_i64(), kind: "general".into(), shape: store::shape_bytes(&shape), area_m2: area_m2(&shape), ..Cell::default() };
    let fields = row.take(sent_properties);
    let mut transaction = context.begin(&signed.reader).await?;
    row.check(&mut transaction).await?;
    store::insert(&mut transaction, &row, today).await?;
    let moved = store::settle(&mut transaction, row.code, &[&row.shape], today).await?;
    let row = store::find(&mut transaction, code, today).await?;
    let target = code.to_string();
    let done = Done {
        action: "cell.create",
        target: &target,
        scope_code: Some(row.code),
        detail: json!({ "fields": fields, "moved_rows": moved }),
        rows: 1,
    };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    let address = [(header::LOCATION, format!("/api/cells/{code}"))];
    Ok((StatusCode::CREATED, address, Versioned(row.feature(&context.ground())?, row.version)))
}

/// Changes what is given of a cell, from today on. A new shape takes addresses and facilities along.
#[utoipa::path(patch, path = "/api/cells/{code}", operation_id = "update_cell", tag = "cells", params(("code" = String, Path), ("If-Match" = String, Header)),
    request_body = FeatureInput<CellInput>,
    responses((status = 200, body = Feature<CellProperties>, content_type = "application/geo+json"), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_cell(
    State(context): State<Context>,
    signed: Signed,
    Path(code): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<FeatureInput<CellInput>>,
) -> Result<Versioned<CellProperties>, Failure> {
    signed.reader.require(Right::Map)?;
    let (code, today) = (cell(&code)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::TABLE.hold(&mut transaction, code.to_i64(), today).await?;
    let mut row = store::find(&mut transaction, code, today).await?;
    may_write(&signed.reader, Right::WriteCells, row.code)?;
    must_match(expected, row.version, || row.feature(&context.ground()))?;
    let properties = sent.properties.unwrap_or_default();
    if properties.code.as_ref().is_some_and(|sent| *sent != row.code_text()) {
        return Err(Error::invalid("/properties/code", "read_only", "a cell keeps its code; retire it and make a new one").into());
    }
    let before = row.shape.clone();
    let mut fields = row.take(properties);
    if let Some(shape) = &sent.geometry {
        let shape = place::polygons(Some(shape))?;
        let bytes = store::shape_bytes(&shape);
        if bytes != before {
            (row.shape, row.area_m2) = (bytes, area_m2(&shape));
            fields.push("geometry");
        }
    }
    if fields.is_empty() {
        return Ok(Versioned(row.feature(&context.ground())?, row.version));
    }
    row.check(&mut transaction).await?;
    store::update(&mut transaction, &row, today).await?;
    let moved = if row.shape == before { 0 } else { store::settle(&mut transaction, row.code, &[&before, &row.shape], today).await? };
    let row = store::find(&mut transaction, code, today).await?;
    let target = code.to_string();
    let done = Done {
        action: "cell.update",
        target: &target,
        scope_code: Some(row.code),
        detail: json!({ "fields": fields, "moved_rows": moved }),
        rows: 1,
    };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(Versioned(row.feature(&context.ground())?, row.version))
}

/// Retires a cell: it ends today and its code is never used again.
#[utoipa::path(delete, path = "/api/cells/{code}", operation_id = "delete_cell", tag = "cells", params(("code" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete_cell(
    State(context): State<Context>,
    signed: Signed,
    Path(code): Path<String>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Failure> {
    signed.reader.require(Right::Map)?;
    let (code, today) = (cell(&code)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::TABLE.hold(&mut transaction, code.to_i64(), today).await?;
    let row = store::find(&mut transaction, code, today).await?;
    may_write(&signed.reader, Right::WriteCells, row.code)?;
    must_match(expected, row.version, || row.feature(&context.ground()))?;
    store::retire(&mut transaction, &row, today).await?;
    let moved = store::settle(&mut transaction, row.code, &[&row.shape], today).await?;
    let target = code.to_string();
    let done = Done { action: "cell.delete", target: &target, scope_code: Some(row.code), detail: json!({ "moved_rows": moved }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(StatusCode::NO_CONTENT)
}
