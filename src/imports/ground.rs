//! The ground that rows fall on: stored areas and cells, loaded once an import, asked once a row.
//!
//! A place is asked here and not in SQL: a sub-select a row under row level security is fifty times slower.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::TryStreamExt as _;
use geo_types::{MultiPolygon, Point};
use rustc_hash::FxHashMap;

use crate::codes::{AreaCode, CellCode, Level};
use crate::db::{Scoped, wkb_to_geometry};
use crate::error::Result;
use crate::geom::{LonLat, PointLocator};

/// One stored version of a cell.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its code.
    pub code: i64,
    /// First civil day.
    pub valid_from: NaiveDate,
    /// First civil day after it; `None`: open.
    pub valid_to: Option<NaiveDate>,
    /// Whether the code is never used again.
    pub retired: bool,
    /// Its source and key there.
    pub origin: (String, String),
    /// Its polygon.
    pub shape: MultiPolygon,
}

/// One stored area.
#[derive(Debug, Clone)]
pub struct Land {
    /// Its code.
    pub code: AreaCode,
    /// Its name.
    pub name: String,
    /// Its source and key there.
    pub origin: (String, String),
}

/// Stored areas and cells with their places.
pub struct Ground {
    /// All areas the reader sees, by code.
    pub areas: BTreeMap<AreaCode, Land>,
    /// All versions of all cells the reader sees, by code and first day.
    pub versions: Vec<Version>,
    cells: PointLocator<u32>,
    /// Of a version: whether it is the first of its code, which stands for all days before it too.
    firsts: Vec<bool>,
    lands: PointLocator<AreaKey>,
}

/// Narrow areas first: the lowest key answers a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AreaKey {
    width: i64,
    code: AreaCode,
}

/// Where a row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    /// In a cell.
    Cell(i64),
    /// In no cell; the smallest area that holds it.
    Area(AreaCode),
    /// In nothing that is stored.
    Nowhere,
}

impl Ground {
    /// Loads what the transaction may see.
    pub async fn load(scoped: &mut Scoped) -> Result<Self> {
        let (areas, outlines) = load_areas(scoped).await?;
        let versions = load_versions(scoped).await?;
        let mut firsts = Vec::with_capacity(versions.len());
        let mut met = BTreeSet::new();
        for version in &versions {
            firsts.push(met.insert(version.code));
        }
        let cells = PointLocator::new((0..).zip(&versions).map(|(at, version)| (at, &version.shape)));
        let lands = PointLocator::new(outlines.iter().map(|(code, shape)| (AreaKey { width: code.level().span(), code: *code }, shape)));
        Ok(Self { areas, versions, cells, firsts, lands })
    }

    /// Where a place belonged on a day.
    pub fn place(&self, at: Point, day: NaiveDate) -> Belongs {
        let place = LonLat::from(at);
        let in_force = |at: &u32| {
            let version = &self.versions[*at as usize];
            (self.firsts[*at as usize] || version.valid_from <= day) && version.valid_to.is_none_or(|end| day < end)
        };
        if let Some(at) = self.cells.locate_all(place).into_iter().find(in_force) {
            return Belongs::Cell(self.versions[at as usize].code);
        }
        self.lands.locate(place).map_or(Belongs::Nowhere, |key| Belongs::Area(key.code))
    }

    /// The village with a polygon that holds the place.
    pub fn village(&self, at: LonLat) -> Option<AreaCode> {
        self.lands.locate(at).map(|key| key.code).filter(|code| code.level() == Level::Village)
    }

    /// Every cell code that a village ever had.
    pub fn used(&self, village: AreaCode) -> BTreeSet<CellCode> {
        let range = village.range();
        let first = self.versions.partition_point(|version| version.code < range.lo);
        let inside = self.versions[first..].iter().take_while(|version| version.code < range.hi);
        inside.filter_map(|version| CellCode::from_i64(version.code)).collect()
    }

    /// The open cells, by the key that a source gave them.
    pub fn by_key(&self, source: &str) -> FxHashMap<&str, i64> {
        let own = self.versions.iter().filter(|version| version.valid_to.is_none() && version.origin.0 == source);
        own.map(|version| (version.origin.1.as_str(), version.code)).collect()
    }

    /// Whether the code is retired.
    pub fn is_retired(&self, code: i64) -> bool {
        let first = self.versions.partition_point(|version| version.code < code);
        self.versions[first..].iter().take_while(|version| version.code == code).any(|version| version.retired)
    }
}

async fn load_areas(scoped: &mut Scoped) -> Result<(BTreeMap<AreaCode, Land>, Vec<(AreaCode, MultiPolygon)>)> {
    type Row = (i64, i16, String, String, Option<String>, Option<Vec<u8>>);
    let mut rows = sqlx::query_as::<_, Row>("select code_lo, level, name_zh, origin, origin_key, ST_AsBinary(geom) from areas").fetch(scoped.conn());
    let (mut areas, mut outlines) = (BTreeMap::new(), Vec::new());
    while let Some((lo, level, name, origin, key, shape)) = rows.try_next().await? {
        let Some(code) = Level::from_i16(level).and_then(|level| AreaCode::from_parts(lo, level)) else { continue };
        if let Some(Ok(shape)) = shape.as_deref().map(wkb_to_geometry).transpose()?.map(MultiPolygon::try_from) {
            outlines.push((code, shape));
        }
        areas.insert(code, Land { code, name, origin: (origin, key.unwrap_or_default()) });
    }
    Ok((areas, outlines))
}

async fn load_versions(scoped: &mut Scoped) -> Result<Vec<Version>> {
    type Row = (i64, NaiveDate, Option<NaiveDate>, bool, String, Option<String>, Vec<u8>);
    let mut rows = sqlx::query_as::<_, Row>(
        "select code, valid_from, valid_to, retired, origin, origin_key, ST_AsBinary(geom) from cells order by code, valid_from",
    )
    .fetch(scoped.conn());
    let mut versions = Vec::new();
    while let Some((code, valid_from, valid_to, retired, origin, key, shape)) = rows.try_next().await? {
        if let Ok(shape) = MultiPolygon::try_from(wkb_to_geometry(&shape)?) {
            versions.push(Version { code, valid_from, valid_to, retired, origin: (origin, key.unwrap_or_default()), shape });
        }
    }
    Ok(versions)
}
