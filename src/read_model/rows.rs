//! What the rows of each layer carry, and how a row of its SELECT becomes one.

use std::sync::Arc;

use geo_types::{Geometry, MultiPolygon};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::Layer;
use super::points::{Attributes, Row};
use super::published::PublishedRow;
use super::sets::Facets;
use super::words::Lists;
use crate::codes::{AreaCode, Level};
use crate::geom::{self, LonLat};
use crate::mvt::{World, WorldBox};
use crate::privacy::Audience;

/// An address with the households at it.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
pub struct Household {
    /// Key that stays over versions, in API and tiles.
    pub household_id: i64,
    /// Households at the address.
    pub household_count: u16,
    /// Number of the band in `Lists::population_band`.
    pub population_band: u16,
    /// Number of the kind in `Lists::dwelling_kind`.
    pub dwelling_kind: u16,
}

impl Attributes for Household {
    const WEIGHS: bool = true;

    fn weight(&self) -> u32 {
        u32::from(self.household_count)
    }
}

/// A public facility.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Facility {
    /// Key that stays over versions, in API and tiles.
    pub facility_id: i64,
    /// Number of the kind in `Lists::facility_kind`.
    pub kind: u16,
    /// Name in Chinese.
    pub name_zh: Arc<str>,
    /// Name in English, may be empty.
    pub name_en: Arc<str>,
}

impl Attributes for Facility {}

/// An incident at its safe place.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
pub struct Incident {
    /// Office that handles it; 0: none yet.
    pub unit_id: i64,
    /// Civil day on which it happened, days from 1 January of the year 1 (proleptic), as chrono counts.
    pub occurred_day: i32,
    /// Number in `Lists::category`.
    pub category: u16,
    /// Number in `Lists::source`.
    pub source: u16,
    /// Number in `Lists::state`.
    pub state: u16,
    /// Number in `Lists::risk_level`.
    pub risk_level: u16,
}

impl Attributes for Incident {
    fn unit(&self) -> i64 {
        self.unit_id
    }

    fn facets(&self) -> Option<Facets> {
        Some(Facets { category: self.category, day: self.occurred_day })
    }
}

/// An administrative area.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Key of the row.
    pub id: i64,
    /// Smallest 15-digit number inside.
    pub lo: i64,
    /// Digits of the code: 2, 4, 6, 9, 12.
    pub level: i16,
    /// Name in Chinese.
    pub name_zh: Arc<str>,
    /// Name in English, may be empty.
    pub name_en: Arc<str>,
    /// Its borders, where they are known.
    pub place: Option<Place>,
}

/// A cell in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Key of the version.
    pub id: i64,
    /// 15-digit code.
    pub code: i64,
    /// Name in Chinese.
    pub name_zh: Arc<str>,
    /// Name in English, may be empty.
    pub name_en: Arc<str>,
    /// Short name for labels.
    pub short_name: Arc<str>,
    /// Number in `Lists::cell_kind`.
    pub kind: u16,
    /// Its borders; `area_m2` in it is the stored one.
    pub place: Place,
}

/// Borders and what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// WGS 84 degrees.
    pub shape: Arc<MultiPolygon>,
    /// The box around the shape.
    pub extent: WorldBox,
    /// A point well inside, for labels.
    pub label: World,
    /// Square metres on the ellipsoid.
    pub area_m2: f64,
}

impl Place {
    /// What follows from a shape; none for one without an inside.
    pub fn new(shape: MultiPolygon, area_m2: Option<f64>) -> Option<Self> {
        let inner = geom::inner_point(&shape)?;
        let corners = shape.iter().flat_map(|p| p.exterior().coords()).map(|c| World::from_lon_lat(c.x, c.y));
        let extent = WorldBox::around(corners)?;
        let area_m2 = area_m2.unwrap_or_else(|| geom::area_m2(&shape));
        Some(Self { label: world(inner), extent, area_m2, shape: Arc::new(shape) })
    }
}

/// A feature of the base map.
#[derive(Debug, Clone, PartialEq)]
pub struct BaseFeature {
    /// Key of the row.
    pub id: i64,
    /// Which layer of the base map.
    pub layer: super::Layer,
    /// Number in `Lists::basemap_kind`.
    pub kind: u16,
    /// Name in Chinese.
    pub name_zh: Arc<str>,
    /// Name in English.
    pub name_en: Arc<str>,
    /// Zoom from which it is drawn.
    pub min_zoom: u8,
    /// Finer kind, as its number; of an empty text where there is none.
    pub kind_detail: u16,
    /// Number of a road.
    pub reference: Arc<str>,
    /// −1 in a tunnel, 1 on a bridge.
    pub deck: i8,
    /// WGS 84 degrees.
    pub shape: Arc<Geometry>,
    /// The box around it.
    pub extent: WorldBox,
}

fn world(at: LonLat) -> World {
    let c = geo_types::Coord::from(at);
    World::from_lon_lat(c.x, c.y)
}

type Read<T> = Result<T, sqlx::Error>;

fn place_of(row: &PgRow, x: usize) -> Read<World> {
    Ok(World::from_lon_lat(row.try_get(x)?, row.try_get(x + 1)?))
}

fn shape_of(row: &PgRow, column: usize) -> Read<Option<Geometry>> {
    let Some(bytes) = row.try_get::<Option<&[u8]>, _>(column)? else { return Ok(None) };
    let (shape, _) = geom::wkb::decode(bytes).map_err(|fault| sqlx::Error::Decode(Box::new(fault)))?;
    Ok(Some(shape))
}

fn polygons(shape: Geometry) -> Option<MultiPolygon> {
    match shape {
        Geometry::Polygon(one) => Some(MultiPolygon(vec![one])),
        Geometry::MultiPolygon(many) => Some(many),
        _ => None,
    }
}

/// A row of `tiles/layers/households.sql`.
pub(super) fn household(row: &PgRow, lists: &Lists) -> Read<Row<Household>> {
    let attributes = Household {
        household_id: row.try_get(1)?,
        household_count: u16::try_from(row.try_get::<i32, _>(5)?).unwrap_or(u16::MAX),
        population_band: lists.population_band.number(row.try_get(6)?),
        dwelling_kind: lists.dwelling_kind.number(row.try_get(7)?),
    };
    Ok(Row { id: row.try_get(0)?, scope: row.try_get(2)?, at: place_of(row, 3)?, attributes })
}

/// A row of `tiles/layers/facilities.sql`.
pub(super) fn facility(row: &PgRow, lists: &Lists) -> Read<Row<Facility>> {
    let attributes = Facility {
        facility_id: row.try_get(1)?,
        kind: lists.facility_kind.number(row.try_get(5)?),
        name_zh: row.try_get::<&str, _>(6)?.into(),
        name_en: row.try_get::<&str, _>(7)?.into(),
    };
    Ok(Row { id: row.try_get(0)?, scope: row.try_get(2)?, at: place_of(row, 3)?, attributes })
}

/// A row of `tiles/layers/incidents.sql`.
pub(super) fn incident(row: &PgRow, lists: &Lists) -> Read<Row<Incident>> {
    let attributes = Incident {
        category: lists.category.number(row.try_get(4)?),
        source: lists.source.number(row.try_get(5)?),
        state: lists.state.number(row.try_get(6)?),
        risk_level: lists.risk_level.number(row.try_get(7)?),
        occurred_day: chrono::Datelike::num_days_from_ce(&row.try_get::<chrono::NaiveDate, _>(8)?),
        unit_id: row.try_get::<Option<i64>, _>(9)?.unwrap_or(0),
    };
    Ok(Row { id: row.try_get(0)?, scope: row.try_get(1)?, at: place_of(row, 2)?, attributes })
}

/// A row of `tiles/layers/areas.sql`.
pub(super) fn area(row: &PgRow, _: &Lists) -> Read<Area> {
    Ok(Area {
        id: row.try_get(0)?,
        lo: row.try_get(1)?,
        level: row.try_get(2)?,
        name_zh: row.try_get::<&str, _>(3)?.into(),
        name_en: row.try_get::<&str, _>(4)?.into(),
        place: shape_of(row, 5)?.and_then(polygons).and_then(|shape| Place::new(shape, None)),
    })
}

/// A row of `tiles/layers/cells.sql`; none where its shape has no inside.
pub(super) fn cell(row: &PgRow, lists: &Lists) -> Read<Option<Cell>> {
    let Some(place) = shape_of(row, 7)?.and_then(polygons).and_then(|s| row.try_get(6).ok().and_then(|m2| Place::new(s, Some(m2)))) else {
        return Ok(None);
    };
    Ok(Some(Cell {
        id: row.try_get(0)?,
        code: row.try_get(1)?,
        name_zh: row.try_get::<&str, _>(2)?.into(),
        name_en: row.try_get::<&str, _>(3)?.into(),
        short_name: row.try_get::<&str, _>(4)?.into(),
        kind: lists.cell_kind.number(row.try_get(5)?),
        place,
    }))
}

/// A row of `tiles/layers/basemap.sql`; none where it has no place.
pub(super) fn base_feature(row: &PgRow, lists: &Lists) -> Read<Option<BaseFeature>> {
    use geo::CoordsIter as _;
    let Some(shape) = shape_of(row, 6)? else { return Ok(None) };
    let Some(extent) = WorldBox::around(shape.coords_iter().map(|c| World::from_lon_lat(c.x, c.y))) else { return Ok(None) };
    let layer = match row.try_get(1)? {
        "earth" => Layer::Earth,
        "landuse" => Layer::Landuse,
        "water" => Layer::Water,
        "roads" => Layer::Roads,
        "buildings" => Layer::Buildings,
        "boundaries" => Layer::Boundaries,
        "places" => Layer::Places,
        _ => return Ok(None),
    };
    Ok(Some(BaseFeature {
        id: row.try_get(0)?,
        layer,
        kind: lists.basemap_kind.number(row.try_get(2)?),
        name_zh: row.try_get::<&str, _>(3)?.into(),
        name_en: row.try_get::<&str, _>(4)?.into(),
        min_zoom: u8::try_from(row.try_get::<i16, _>(5)?).unwrap_or(0),
        kind_detail: lists.basemap_kind.number(row.try_get(7)?),
        reference: row.try_get::<&str, _>(8)?.into(),
        deck: i8::try_from(row.try_get::<i16, _>(9)?).unwrap_or(0),
        shape: Arc::new(shape),
        extent,
    }))
}

/// A row of `tiles/layers/published.sql`; none where its area or audience is of another program.
pub(super) fn published(row: &PgRow) -> Read<Option<PublishedRow>> {
    use chrono::Datelike as _;
    let area = Level::from_i16(row.try_get(1)?).and_then(|level| row.try_get(0).ok().and_then(|lo| AreaCode::from_parts(lo, level)));
    let (Some(area), Some(audience)) = (area, Audience::from_name(row.try_get(4)?)) else { return Ok(None) };
    let day: chrono::NaiveDate = row.try_get(2)?;
    let count: Option<i32> = row.try_get(5)?;
    let group = row.try_get::<&str, _>(3)?.into();
    Ok(Some(PublishedRow { area, month: day.year() * 12 + day.month0() as i32, group, audience, count: count.and_then(|n| u32::try_from(n).ok()) }))
}
