//! How densely incidents lie, as bands between fixed levels; for who may open each of them.

use geo_types::{Coord, MultiPolygon};
use serde_json::Map;

use super::answer::{ClassWords, Legend, Outcome, Row, counted, short};
use super::ground::{Ground, Place, Slices};
use super::neighbours::{lonlat, plane, refused};
use super::params::Params;
use super::{Entry, words};
use crate::error::Result;
use crate::geom::{Metres, round7};
use crate::mvt::World;
use crate::stats::density::{Band, Grid, Kernel, contour_bands, density};

pub(super) static ENTRY: Entry = Entry {
    name: "density",
    version: 1,
    title: ["密度：每平方公里每年的纠纷", "Density: incidents per km² and year"],
    cases_only: true,
    takes: &["bandwidth_m"],
    slices: Slices::None,
    compute,
};

/// Incidents per km² and year at which bands begin: fixed, so that two maps can be compared.
const LEVELS: [f64; 5] = [5.0, 10.0, 25.0, 50.0, 100.0];
const CLASSES: [ClassWords; 5] = [
    ("1", "5–10", "5–10", "#ffffb2"),
    ("2", "10–25", "10–25", "#fecc5c"),
    ("3", "25–50", "25–50", "#fd8d3c"),
    ("4", "50–100", "50–100", "#f03b20"),
    ("5", "100 及以上", "100 or more", "#bd0026"),
];
/// Most columns and rows of the grid.
const MOST: f64 = 512.0;

/// A band of density.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityBand {
    /// From 1, as in the legend.
    pub class: &'static str,
    /// Incidents per km² and year that are reached here.
    pub from: f64,
    /// Those that are not reached; none for the highest.
    pub to: Option<f64>,
    /// Where that is, degrees, WGS 84.
    pub shape: MultiPolygon,
}

/// The bands of how densely incidents lie; those that are nowhere reached are left out.
///
/// * `points` – safe places, one an incident
/// * `bandwidth_m` – metres on the ground at which an incident is felt no more
/// * `years` – over which they happened
pub fn density_bands(points: &[World], bandwidth_m: f64, years: f64) -> Result<Vec<DensityBand>> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let plane = plane(points.iter().copied());
    let points: Vec<Coord> = points.iter().map(|&at| plane.xy(lonlat(at))).collect();
    let grid = grid(&points, bandwidth_m);
    let mut values = density(&points, None, bandwidth_m, &grid, Kernel::Quartic).map_err(refused)?;
    for value in &mut values {
        *value *= 1e6 / years;
    }
    let bands = contour_bands(&values, &grid, &LEVELS).map_err(refused)?.into_iter().zip(CLASSES).filter(|(band, _)| !band.shape.0.is_empty());
    let told = |(band, class): (Band, ClassWords)| DensityBand {
        class: class.0,
        from: band.from,
        to: band.to,
        shape: round7(&plane.to_degrees(&Metres(band.shape))),
    };
    Ok(bands.map(told).collect())
}

/// The class of a density per km² and year with its bounds: from 1, and 0 below the lowest band.
pub fn density_class(per_km2_year: f64) -> (usize, f64, Option<f64>) {
    let class = LEVELS.iter().filter(|&&from| per_km2_year >= from).count();
    (class, class.checked_sub(1).map_or(0.0, |below| LEVELS[below]), LEVELS.get(class).copied())
}

fn compute(ground: &Ground, params: &Params) -> Result<Outcome> {
    if ground.level.is_hex() {
        return Ok(by_hexagon(ground));
    }
    let row = |band: DensityBand| {
        let mut properties = Map::new();
        properties.insert("from_per_km2_year".into(), band.from.into());
        properties.insert("to_per_km2_year".into(), band.to.into());
        Row { area: None, class: band.class, properties, shape: Some(band.shape) }
    };
    let rows: Vec<Row> = density_bands(&ground.points, params.bandwidth_m, ground.years())?.into_iter().map(row).collect();
    let classes = counted(&CLASSES, &rows);
    let (told, bandwidth) = (words::counted(ground), params.bandwidth_m);
    let sentence_zh = format!(
        "颜色表示每平方公里每年的纠纷件数（四次核，带宽 {bandwidth} 米，按安全点计算；不按户数折算，人多处自然多，不作显著性判断）：{}。",
        told.zh
    );
    let sentence_en = format!(
        "Colours are incidents per km² and year (quartic kernel, bandwidth {bandwidth} m, over safe places; not set against households, so it shows where people live too, and tests nothing): {}.",
        told.en
    );
    Ok(Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } })
}

/// Counts by hexagon over its true area; those below the first level are not drawn, as in bands.
fn by_hexagon(ground: &Ground) -> Outcome {
    let row = |place: &Place| {
        let density = place.count as f64 / place.area_km2 / ground.years();
        let class = CLASSES[LEVELS.partition_point(|level| *level <= density).checked_sub(1)?].0;
        let mut properties = Map::new();
        properties.insert("count".into(), place.count.into());
        properties.insert("area_km2".into(), short(place.area_km2));
        properties.insert("per_km2_year".into(), short(density));
        Some(place.row(class, properties))
    };
    let rows: Vec<Row> = ground.places.iter().filter_map(row).collect();
    let classes = counted(&CLASSES, &rows);
    let (level, told) = (words::level(ground.level), words::counted(ground));
    let sentence_zh = format!(
        "颜色表示每个{}按其真实面积每平方公里每年的纠纷件数（按安全点计算，低于 {} 的不显示；不按户数折算，人多处自然多，不作显著性判断）：{}。",
        level.zh, LEVELS[0], told.zh
    );
    let sentence_en = format!(
        "Colours are incidents per km² and year of each {} by its true area (over safe places, below {} not shown; not set against households, so it shows where people live too, and tests nothing): {}.",
        level.en, LEVELS[0], told.en
    );
    Outcome { rows, legend: Legend { sentence_zh, sentence_en, classes } }
}

/// A grid over the points with a margin of a bandwidth, a quarter of it fine where that is few enough cells.
fn grid(points: &[Coord], bandwidth_m: f64) -> Grid {
    let bounds = points.iter().fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |all, at| {
        [all[0].min(at.x), all[1].min(at.y), all[2].max(at.x), all[3].max(at.y)]
    });
    let margin = 1.5 * bandwidth_m;
    let (width, height) = (bounds[2] - bounds[0] + 2.0 * margin, bounds[3] - bounds[1] + 2.0 * margin);
    let cell_m = (bandwidth_m / 4.0).max(width.max(height) / MOST);
    Grid {
        x0: bounds[0] - margin,
        y0: bounds[1] - margin,
        cell_m,
        columns: (width / cell_m).ceil() as usize,
        rows: (height / cell_m).ceil() as usize,
    }
}
