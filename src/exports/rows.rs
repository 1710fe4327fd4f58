//! The rows of an export, read one by one in the transaction of the reader, whose scopes the policies hold.

use chrono::NaiveDate;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use geo_types::Geometry;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::Row;
use super::statements::statement;
use super::what::{Kind, Shape, Value, What};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::db::{Scoped, wkb_to_geometry};
use crate::error::Result;
use crate::geom::inner_point;
use crate::published::Telling;

/// Which rows, beside what the reader may see.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// The day; of cells, households and facilities.
    pub day: NaiveDate,
    /// Codes they lie in.
    pub range: Option<CodeRange>,
    /// West, south, east, north in degrees; not of cases.
    pub frame: Option<[f64; 4]>,
    /// A part of a name, or the beginning of a code; of areas and cells.
    pub sought: Option<String>,
    /// Codes: of a facility's kind, of a case's category, of a group of published numbers.
    pub kind: Option<Vec<String>>,
    /// Codes of a case's source.
    pub source: Option<Vec<String>>,
    /// Codes of a case's state.
    pub state: Option<Vec<String>>,
    /// Level of published numbers.
    pub level: Option<Level>,
    /// Group of kinds of published heat.
    pub group: Option<String>,
    /// Metres at which an incident is felt no more; of heat.
    pub bandwidth_m: Option<f64>,
    /// First day on which a case happened, or in whose month numbers were published.
    pub from: Option<NaiveDate>,
    /// Last such day.
    pub to: Option<NaiveDate>,
}

/// How rows are told to the reader at hand.
pub(super) struct Told<C> {
    /// Whether the key of a row's source goes with it.
    pub(super) with_keys: bool,
    /// How many households a range of codes has, as far as the reader may know; for areas and cells.
    pub(super) households_in: C,
    /// What of published numbers is told.
    pub(super) telling: Telling,
}

/// The rows, streamed.
pub(super) fn read<'t>(
    transaction: &'t mut Scoped,
    what: What,
    filters: Filters,
    told: Told<impl Fn(CodeRange) -> Option<u64> + Send + 't>,
) -> BoxStream<'t, Result<Row>> {
    let (pattern, codes) = filters.sought.as_deref().map(crate::rows::sought).unzip();
    let codes = codes.flatten();
    let range = filters.range.unwrap_or(CodeRange { lo: 0, hi: i64::MAX });
    let Some(statement) = statement(what) else { return futures::stream::empty().boxed() };
    let frame = filters.frame;
    let query = sqlx::query(statement)
        .bind(filters.day)
        .bind(range.lo)
        .bind(range.hi)
        .bind(filters.frame.map(|frame| frame.to_vec()))
        .bind(pattern)
        .bind(codes.map(|range| range.lo))
        .bind(codes.map(|range| range.hi))
        .bind(filters.kind)
        .bind(filters.source)
        .bind(filters.state)
        .bind(filters.from)
        .bind(filters.to);
    let query = if what == What::Published {
        let (lows, highs): (Vec<i64>, Vec<i64>) = told.telling.staff().iter().map(|range| (range.lo, range.hi)).unzip();
        query.bind(filters.level.map(Level::to_i16)).bind(lows).bind(highs)
    } else {
        query
    };
    let rows = query.fetch(transaction.conn()).map_err(crate::error::Error::from).map(move |row| row.and_then(|row| take(&row, what, &told)));
    if !what.is_label() {
        return rows.boxed();
    }
    // A border may reach into the box where its name does not stand.
    rows.try_filter(move |row| std::future::ready(is_seen(row, frame))).boxed()
}

fn is_seen(row: &Row, frame: Option<[f64; 4]>) -> bool {
    let (Some([west, south, east, north]), Some(Geometry::Point(at))) = (frame, &row.shape) else { return row.shape.is_some() };
    (west..=east).contains(&at.x()) && (south..=north).contains(&at.y())
}

fn take(row: &PgRow, what: What, told: &Told<impl Fn(CodeRange) -> Option<u64>>) -> Result<Row> {
    let columns = what.columns();
    let width = columns.len();
    let mut values = Vec::with_capacity(width + 1);
    for (at, column) in columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Text(_) => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
            Kind::Int => row.try_get::<Option<i64>, _>(at)?.map(Value::Int),
            Kind::Real => row.try_get::<Option<f64>, _>(at)?.map(Value::Real),
            Kind::Flag => row.try_get::<Option<bool>, _>(at)?.map(Value::Flag),
            Kind::Day => row.try_get::<Option<NaiveDate>, _>(at)?.map(Value::Day),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    if matches!(what, What::Areas | What::Cells)
        && let Some(at) = columns.iter().position(|column| column.name == "household_count")
    {
        let range = CodeRange { lo: row.try_get(width + 2)?, hi: row.try_get(width + 3)? };
        values[at] = (told.households_in)(range).map_or(Value::Null, |count| Value::Int(count as i64));
    }
    if let Some(at) = columns.iter().position(|column| column.name == "area_code")
        && let Value::Text(_) = values[at]
    {
        let scope: i64 = row.try_get(width + 2)?;
        values[at] = crate::rows::area_of(scope).map_or(Value::Null, |code| Value::Text(code.to_string()));
    }
    if what == What::Published
        && let Some(at) = columns.iter().position(|column| column.name == "count")
    {
        let area = Level::from_i16(row.try_get(width + 5)?).zip(Some(row.try_get(width + 2)?));
        let area = area.and_then(|(level, lo): (Level, i64)| AreaCode::from_parts(lo, level));
        if !area.is_some_and(|area| row.try_get(width + 4).is_ok_and(|month| told.telling.tells(area, month))) {
            values[at] = Value::Null;
        }
    }
    if told.with_keys {
        values.push(row.try_get::<Option<String>, _>(width)?.map_or(Value::Null, Value::Text));
    }
    let shape = if what.shape() == Shape::None { None } else { row.try_get::<Option<Vec<u8>>, _>(width + 1)? };
    let shape = shape.as_deref().map(wkb_to_geometry).transpose()?.map(several);
    Ok(Row { values, shape: if what.is_label() { shape.and_then(|border| label(&border)) } else { shape } })
}

/// Where the map writes the name of what has this border.
fn label(border: &Geometry) -> Option<Geometry> {
    let Geometry::MultiPolygon(border) = border else { return None };
    inner_point(border).map(|at| Geometry::Point(at.into()))
}

/// Lines and polygons as collections of them, so that a layer has shapes of one kind.
fn several(shape: Geometry) -> Geometry {
    match shape {
        Geometry::LineString(line) => Geometry::MultiLineString(line.into()),
        Geometry::Polygon(polygon) => Geometry::MultiPolygon(polygon.into()),
        other => other,
    }
}
