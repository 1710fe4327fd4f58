//! `/api/search`.

use axum::Json;
use axum::extract::{FromRef, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Found};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::context::{Context, map_reader};
use crate::error::Error;
use crate::http::problem::Failure;
use crate::http::{Problem, Query};
use crate::mvt::WorldBox;
use crate::read_model::{Model, Place, Reader};
use crate::rows::area_of;
use crate::users::{Right, Signed};

/// The route of the search.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(search))
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// A part of a name, or the beginning of a code; 1 to 60 characters.
    q: String,
    /// 1 to 50; 10 unless given.
    limit: Option<u32>,
}

/// What was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// Best first.
    pub items: Vec<SearchItem>,
}

/// A find.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchItem {
    /// `area`, `cell`, `facility`, `address`.
    pub what: String,
    /// Code of the area or cell; of a facility or address, the cell or area it belongs to.
    pub code: String,
    /// Key of a facility or address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Names of the township and village around it, or of the next wider area.
    pub under: Option<String>,
    /// `[lon, lat]` in degrees.
    pub at: [f64; 2],
    /// West, south, east, north of an area or cell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bbox: Option<[f64; 4]>,
}

/// Finds areas, cells, facilities and (with the right to them) addresses by name or code.
#[utoipa::path(get, path = "/api/search", operation_id = "search", tag = "search", params(SearchQuery),
    responses((status = 200, body = SearchAnswer), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn search(State(context): State<Context>, signed: Signed, Query(query): Query<SearchQuery>) -> Result<Json<SearchAnswer>, Failure> {
    signed.reader.require(Right::Map)?;
    let limit = query.limit.unwrap_or(10);
    if !(1..=50).contains(&limit) {
        return Err(Error::invalid("limit", "out_of_range", format!("limit is {limit}; give 1 to 50")).into());
    }
    let length = query.q.trim().chars().count();
    if length > 60 {
        return Err(Error::invalid("q", "too_long", "look for 60 characters at most").into());
    }
    if length == 0 {
        return Ok(Json(SearchAnswer { items: Vec::new() }));
    }
    let mut transaction = context.begin(&signed.reader).await?;
    let found = store::find(&mut transaction, &query.q, context.clock.today(), limit.into()).await?;
    let (ground, reader) = (context.ground(), map_reader(&signed.reader));
    Ok(Json(SearchAnswer { items: found.into_iter().filter_map(|found| item(&ground, &reader, found)).collect() }))
}

/// A find on the map; none where nothing is known of its place.
fn item(ground: &Model, reader: &Reader, found: Found) -> Option<SearchItem> {
    let level = Level::from_i16(found.level);
    let (code, at, bbox) = match (level, found.lon.zip(found.lat)) {
        (_, Some((lon, lat))) => (area_of(found.code)?, [lon, lat], None),
        (Some(Level::Cell), _) => of_place(found.code, Level::Cell, &ground.cells.by_code(found.code)?.place)?,
        (Some(level), _) => match &ground.areas.by_code(found.code, level.to_i16())?.place {
            Some(place) => of_place(found.code, level, place)?,
            None => of_cells(ground, reader, found.code, level)?,
        },
        (None, None) => return None,
    };
    Some(SearchItem {
        under: under(ground, found.code, if found.id.is_some() { 16 } else { found.level }),
        what: found.what,
        code: code.to_string(),
        id: found.id.map(|id| id.to_string()),
        name_zh: found.name_zh,
        name_en: found.name_en,
        at,
        bbox,
    })
}

type OnMap = (AreaCode, [f64; 2], Option<[f64; 4]>);

fn of_place(code: i64, level: Level, place: &Place) -> Option<OnMap> {
    Some((AreaCode::from_parts(code, level)?, degrees(place.label.to_lon_lat()), Some(bounds(&place.extent))))
}

/// An area without a polygon lies where its cells do.
fn of_cells(ground: &Model, reader: &Reader, lo: i64, level: Level) -> Option<OnMap> {
    let range = CodeRange { lo, hi: lo + level.span() };
    let inside = ground.cells.iter().filter(|cell| range.contains(cell.code) && reader.map.contains(cell.code));
    let around = WorldBox::around(inside.flat_map(|cell| [cell.place.extent.min, cell.place.extent.max]))?;
    let [west, south, east, north] = bounds(&around);
    Some((AreaCode::from_parts(lo, level)?, degrees([f64::midpoint(west, east), f64::midpoint(south, north)]), Some([west, south, east, north])))
}

fn degrees(place: [f64; 2]) -> [f64; 2] {
    place.map(|degrees| (degrees * 1e7).round() / 1e7)
}

fn bounds(around: &WorldBox) -> [f64; 4] {
    let ([west, north], [east, south]) = (degrees(around.min.to_lon_lat()), degrees(around.max.to_lon_lat()));
    [west, south, east, north]
}

/// The names of the two next wider areas, the county at most.
fn under(ground: &Model, code: i64, level: i16) -> Option<String> {
    let wider: Vec<String> = ground.areas.above(code).filter(|area| area.level < level).map(|area| area.name_zh.to_string()).collect();
    let names = &wider[wider.len().saturating_sub(2)..];
    (!names.is_empty()).then(|| names.join(" "))
}
