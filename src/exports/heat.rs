//! Heat as a file: bands of density for who may open cases, classes of published numbers by place for everybody else.
//!
//! A bin of the map that holds one incident is nearly its place, so bins leave in no file. Bands are those of the analysis
//! `density`, over safe places, cut as the screen is; a place of published numbers has a class where every month of it is
//! told, and is called withheld otherwise.

use chrono::{Days, Months, NaiveDate};
use geo::BooleanOps as _;
use geo_types::{Geometry, MultiPolygon, Rect, coord};

use super::Row;
use super::rows::Filters;
use super::statements::{MONTHS, PLACES, POINTS};
use super::what::Value;
use crate::analyses::{density_bands, density_class};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::db::{Scoped, wkb_to_geometry};
use crate::error::{Error, Result};
use crate::mvt::World;
use crate::privacy::Audience;
use crate::privacy::suppression::ORDINARY;
use crate::published::{Month, Telling, groups};
use crate::users::{Reader, Right};

/// Metres at which an incident is felt no more, unless given; the default of the map.
const BANDWIDTH_M: f64 = 800.0;
/// Days of heat whose beginning is not given.
const YEAR_DAYS: u64 = 365;
/// Metres of a degree of latitude, at least.
const DEGREE_M: f64 = 110_000.0;

/// The rows, by what the reader may: filters that do not fit are refused with a word.
pub(super) async fn rows(transaction: &mut Scoped, reader: &Reader, filters: &Filters, telling: &Telling) -> Result<Vec<Row>> {
    if reader.has(Right::Cases) { bands(transaction, filters).await } else { places(transaction, filters, telling).await }
}

async fn bands(transaction: &mut Scoped, filters: &Filters) -> Result<Vec<Row>> {
    if filters.group.is_some() {
        let message = "you may open cases here, so heat is made of them: leave group out, and give category · 您可查看案件，请用 category 筛选";
        return Err(Error::invalid("group", "not_a_filter", message));
    }
    let to = filters.to.unwrap_or(filters.day);
    let from = filters.from.unwrap_or_else(|| to.checked_sub_days(Days::new(YEAR_DAYS - 1)).unwrap_or(to));
    if from > to {
        return Err(Error::invalid("to", "out_of_range", "the last day lies before the first"));
    }
    let bandwidth_m = filters.bandwidth_m.unwrap_or(BANDWIDTH_M);
    let range = filters.range.unwrap_or(CodeRange { lo: 0, hi: i64::MAX });
    let points: Vec<(f64, f64)> = sqlx::query_as(POINTS)
        .bind(range.lo)
        .bind(range.hi)
        .bind(filters.frame.map(|frame| grown(frame, bandwidth_m).to_vec()))
        .bind(&filters.kind)
        .bind(&filters.source)
        .bind(&filters.state)
        .bind(from)
        .bind(to)
        .fetch_all(transaction.conn())
        .await?;
    let frame = filters.frame;
    let made = tokio::task::spawn_blocking(move || {
        let points: Vec<World> = points.into_iter().map(|(lon, lat)| World::from_lon_lat(lon, lat)).collect();
        let years = ((to - from).num_days() + 1) as f64 / YEAR_DAYS as f64;
        let mut bands = density_bands(&points, bandwidth_m, years)?;
        for band in &mut bands {
            band.shape = cut(&band.shape, frame);
        }
        Ok::<_, Error>(bands)
    });
    let bands = made.await.map_err(Error::internal("draw the bands of heat"))??;
    let row = |band: crate::analyses::DensityBand| Row {
        values: vec![
            band.class.parse().map_or(Value::Null, Value::Int),
            Value::Real(band.from),
            band.to.map_or(Value::Null, Value::Real),
            Value::Flag(false),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Text("cases".into()),
            Value::Null,
            Value::Day(from),
            Value::Day(to),
            Value::Real(bandwidth_m),
        ],
        shape: Some(Geometry::MultiPolygon(band.shape)),
    };
    Ok(bands.into_iter().filter(|band| !band.shape.0.is_empty()).map(row).collect())
}

/// The box with a bandwidth around it: what is felt in it.
fn grown([west, south, east, north]: [f64; 4], by_m: f64) -> [f64; 4] {
    let lat = by_m / DEGREE_M;
    let lon = lat / south.abs().max(north.abs()).min(89.0).to_radians().cos();
    [west - lon, south - lat, east + lon, north + lat]
}

fn cut(shape: &MultiPolygon, frame: Option<[f64; 4]>) -> MultiPolygon {
    let Some([west, south, east, north]) = frame else { return shape.clone() };
    let frame = Rect::new(coord! { x: west, y: south }, coord! { x: east, y: north }).to_polygon();
    shape.intersection(&MultiPolygon::new(vec![frame]))
}

/// A place with the months of which a number is published, and the numbers.
type Stored = (i64, i16, String, Option<String>, Option<f64>, Vec<u8>, Vec<NaiveDate>, Vec<i32>);

async fn places(transaction: &mut Scoped, filters: &Filters, telling: &Telling) -> Result<Vec<Row>> {
    let given = [("category", &filters.kind), ("source", &filters.source), ("state", &filters.state)];
    let wrong = given.into_iter().find(|(_, list)| list.is_some()).map(|(name, _)| name).or(filters.bandwidth_m.map(|_| "bandwidth_m"));
    if let Some(name) = wrong {
        let message = format!(
            "you may not open cases, so heat is made of published numbers, by month and group of kinds: leave {name} out, and give group, from and to · 您不能查看案件，热力按已公布数字导出：请去掉 {name}，改用 group、from、to"
        );
        return Err(Error::invalid(name, "not_published", message));
    }
    let group = filters.group.as_deref().unwrap_or(ORDINARY);
    let known = groups(transaction).await?;
    let sensitive = known.iter().find(|(name, _)| name == group).map(|(_, sensitive)| *sensitive);
    if group != ORDINARY && sensitive.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Error::invalid("group", "not_in_list", format!("there are the groups {ORDINARY}, {}", names.join(", "))));
    }
    let level = if sensitive == Some(true) { Audience::K10.level_for(Level::Cell) } else { Level::Cell };
    let range = filters.range.unwrap_or(CodeRange { lo: 0, hi: i64::MAX });
    let (from, to) = period(transaction, filters, range).await?;
    let (lows, highs): (Vec<i64>, Vec<i64>) = telling.staff().iter().map(|range| (range.lo, range.hi)).unzip();
    let stored: Vec<Stored> = sqlx::query_as(PLACES)
        .bind(filters.day)
        .bind(range.lo)
        .bind(range.hi)
        .bind(filters.frame.map(|frame| frame.to_vec()))
        .bind(level.to_i16())
        .bind(group)
        .bind(from.first_day())
        .bind(to.first_day())
        .bind(lows)
        .bind(highs)
        .fetch_all(transaction.conn())
        .await?;
    stored.into_iter().map(|place| row(place, level, group, (from, to), telling)).collect()
}

/// The months asked for, cut to those that were published.
async fn period(transaction: &mut Scoped, filters: &Filters, range: CodeRange) -> Result<(Month, Month)> {
    let told: (Option<NaiveDate>, Option<NaiveDate>) = sqlx::query_as(MONTHS).bind(range.lo).bind(range.hi).fetch_one(transaction.conn()).await?;
    let to = filters.to.or(told.1).unwrap_or(filters.day);
    let from = filters.from.unwrap_or_else(|| to.checked_sub_months(Months::new(11)).unwrap_or(to));
    let (from, to) = (Month::of(from), Month::of(to));
    if from > to {
        return Err(Error::invalid("to", "out_of_range", "the last day lies before the first"));
    }
    Ok(match told.0.map(Month::of).zip(told.1.map(Month::of)) {
        Some((first, last)) if from <= last && first <= to => (from.max(first), to.min(last)),
        _ => (from, to),
    })
}

fn row(place: Stored, level: Level, group: &str, (from, to): (Month, Month), telling: &Telling) -> Result<Row> {
    let (lo, _, name_zh, name_en, area_m2, border, months, counts) = place;
    let area = AreaCode::from_parts(lo, level);
    let asked = (to.number() - from.number() + 1).unsigned_abs() as usize;
    let is_told = area.is_some_and(|area| months.iter().all(|&month| telling.tells(area, month)));
    let class = area_m2.filter(|&m2| m2 > 0.0 && is_told && months.len() == asked).map(|m2| {
        let count: i32 = counts.iter().sum();
        density_class(f64::from(count) / (m2 / 1e6) / (asked as f64 / 12.0))
    });
    let values = vec![
        class.map_or(Value::Null, |(class, ..)| Value::Int(class as i64)),
        class.map_or(Value::Null, |(_, from, _)| Value::Real(from)),
        class.and_then(|(.., to)| to).map_or(Value::Null, Value::Real),
        Value::Flag(class.is_none()),
        area.map_or(Value::Null, |area| Value::Text(area.to_string())),
        Value::Text(name_zh),
        name_en.map_or(Value::Null, Value::Text),
        Value::Int(i64::from(level.to_i16())),
        Value::Text("published".into()),
        Value::Text(group.to_owned()),
        Value::Day(from.first_day()),
        Value::Day(to.last_day()),
        Value::Null,
    ];
    let shape = match wkb_to_geometry(&border)? {
        Geometry::Polygon(one) => Geometry::MultiPolygon(one.into()),
        other => other,
    };
    Ok(Row { values, shape: Some(shape) })
}
