//! Where a row is: its geometry in the coordinates of the file, taken to WGS 84, rounded, and judged.

use geo::orient::{Direction, Orient};
use geo_types::{Geometry, MultiPolygon, Point};

use super::cells::Cells;
use super::faults::{FaultCode, RowFault};
use super::fields::FieldId;
use super::values::Trouble;
use super::wkt;
use crate::geom::crs::{Converter, Crs, CrsError};
use crate::geom::{Flaw, inner_point, repair, round7, validate};

/// What is known about the coordinates of the file.
pub(super) struct Places {
    /// From the file's coordinates to WGS 84; absent where the file has none.
    pub converter: Option<Converter>,
    /// Whether invalid polygons are repaired.
    pub repair: bool,
}

impl Places {
    /// The row as a point: its own, the only one of a multipoint, or one inside a polygon (which is noted).
    ///
    /// `None` where there is none or it is faulty; the two are told apart by the faults.
    pub(super) fn point(&self, cells: &mut Cells<'_>) -> Option<Point> {
        if let Pair::Settled(point) = self.pair(cells) {
            return point;
        }
        let (id, shape) = self.shape(cells)?;
        let shape = match shape {
            Geometry::Polygon(polygon) => Geometry::MultiPolygon(MultiPolygon::new(vec![polygon])),
            other => other,
        };
        let (point, inner) = match shape {
            Geometry::Point(point) => (point, false),
            Geometry::MultiPoint(points) if points.0.len() == 1 => (points.0[0], false),
            Geometry::MultiPolygon(parts) => {
                let Some(point) = inner_point(&parts) else {
                    cells.fault(id, Trouble { code: FaultCode::Invalid, args: vec!["no inside".to_owned()] });
                    return None;
                };
                (point.into(), true)
            }
            other => {
                cells.fault(id, kind_trouble(&other, "Point"));
                return None;
            }
        };
        if inner {
            cells.fault(id, Trouble { code: FaultCode::InnerPoint, args: Vec::new() });
        }
        not_zero(cells, id, round7(&point))
    }

    /// The row as polygons, valid, with shells against the clock and every corner on the 1e-7° grid.
    pub(super) fn polygons(&self, cells: &mut Cells<'_>) -> Option<MultiPolygon> {
        let (id, shape) = self.shape(cells)?;
        let parts = match shape {
            Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon]),
            Geometry::MultiPolygon(parts) => parts,
            other => {
                cells.fault(id, kind_trouble(&other, "MultiPolygon"));
                return None;
            }
        };
        let parts = round7(&parts).orient(Direction::Default);
        let shape = Geometry::MultiPolygon(parts);
        let flaws = validate(&shape);
        let Some(flaw) = flaws.first() else {
            return match shape {
                Geometry::MultiPolygon(parts) => Some(parts),
                _ => None,
            };
        };
        let why = flaw.to_string();
        if !self.repair {
            flawed(cells, id, flaw, FaultCode::Invalid, vec![why]);
            return None;
        }
        match repair(&shape) {
            Ok(repaired) if !repaired.geometry.0.is_empty() => {
                let areas = [repaired.area_before_m2, repaired.area_after_m2].map(|area| format!("{area:.1}"));
                let [before, after] = areas;
                flawed(cells, id, flaw, FaultCode::Repaired, vec![why, before, after]);
                Some(repaired.geometry)
            }
            Ok(_) => {
                flawed(cells, id, flaw, FaultCode::NotRepaired, vec![why]);
                None
            }
            Err(error) => {
                flawed(cells, id, flaw, FaultCode::NotRepaired, vec![error.to_string()]);
                None
            }
        }
    }

    /// Longitude and latitude of their own columns.
    fn pair(&self, cells: &mut Cells<'_>) -> Pair {
        if !cells.binding.has_column(FieldId::Longitude) || !cells.binding.has_column(FieldId::Latitude) {
            return Pair::Elsewhere;
        }
        let before = cells.faults.len();
        let pair = (cells.number(FieldId::Longitude), cells.number(FieldId::Latitude));
        let (x, y) = match pair {
            (Some(x), Some(y)) => (x, y),
            _ if cells.faults.len() > before => return Pair::Settled(None),
            (None, None) if cells.binding.has_column(FieldId::Wkt) => return Pair::Elsewhere,
            (None, None) => return Pair::Settled(None),
            (x, _) => {
                let empty = if x.is_none() { FieldId::Longitude } else { FieldId::Latitude };
                cells.fault(empty, Trouble { code: FaultCode::PlaceHalf, args: Vec::new() });
                return Pair::Settled(None);
            }
        };
        let Some(converter) = &self.converter else { return Pair::Settled(None) };
        match converter.to_wgs84(x, y) {
            Ok(place) => Pair::Settled(not_zero(cells, FieldId::Longitude, round7(&place.into()))),
            Err(error) => {
                let is_degrees = !matches!(converter.crs(), Crs::Epsg(_));
                let trouble = |code, value: f64| Trouble { code, args: vec![value.to_string()] };
                if is_degrees && x.abs() > 180.0 {
                    cells.fault(FieldId::Longitude, trouble(FaultCode::Longitude, x));
                } else if is_degrees && y.abs() > 90.0 {
                    cells.fault(FieldId::Latitude, trouble(FaultCode::Latitude, y));
                } else {
                    cells.fault(FieldId::Longitude, outside(&error, converter.crs()));
                }
                Pair::Settled(None)
            }
        }
    }

    /// The geometry of the feature or of the WKT column, in WGS 84, and where it stood.
    fn shape(&self, cells: &mut Cells<'_>) -> Option<(FieldId, Geometry<f64>)> {
        let shape = if let Some(shape) = &cells.record.shape {
            shape.clone()
        } else {
            let trouble = |why| Trouble { code: FaultCode::Wkt, args: vec![why] };
            cells.value(FieldId::Wkt, |text| wkt::parse(text).map_err(trouble))?.0?
        };
        let converter = self.converter.as_ref()?;
        match converter.geometry_to_wgs84(&shape) {
            Ok(shape) => Some((FieldId::Wkt, shape)),
            Err(error) => {
                cells.fault(FieldId::Wkt, outside(&error, converter.crs()));
                None
            }
        }
    }
}

/// What the columns of coordinates said.
enum Pair {
    /// A point, or none that holds.
    Settled(Option<Point>),
    /// Nothing: the place stands elsewhere, if anywhere.
    Elsewhere,
}

/// Zero, zero is what programs write for nothing.
fn not_zero(cells: &mut Cells<'_>, id: FieldId, point: Point) -> Option<Point> {
    if point.x().abs() < 1e-6 && point.y().abs() < 1e-6 {
        cells.fault(id, Trouble { code: FaultCode::PlaceZero, args: Vec::new() });
        return None;
    }
    Some(point)
}

fn flawed(cells: &mut Cells<'_>, id: FieldId, flaw: &Flaw, code: FaultCode, args: Vec<String>) {
    cells.fault(id, Trouble { code, args });
    let at = flaw.at;
    if let Some(fault) = cells.faults.last_mut().filter(|_| at.is_on_globe()) {
        *fault = std::mem::replace(fault, RowFault::new(0, code)).at(at.lon, at.lat);
    }
}

fn outside(error: &CrsError, crs: Crs) -> Trouble {
    let what = match error {
        CrsError::OutOfRange { x, y, hint, .. } => format!("{x} {y}（{hint}）"),
        other => other.to_string(),
    };
    Trouble { code: FaultCode::PlaceOutside, args: vec![what, crs.to_string()] }
}

fn kind_trouble(shape: &Geometry<f64>, wanted: &str) -> Trouble {
    let name = match shape {
        Geometry::Point(_) => "Point",
        Geometry::MultiPoint(_) => "MultiPoint",
        Geometry::LineString(_) | Geometry::Line(_) => "LineString",
        Geometry::MultiLineString(_) => "MultiLineString",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "Polygon",
        Geometry::MultiPolygon(_) => "MultiPolygon",
        Geometry::GeometryCollection(_) => "GeometryCollection",
    };
    Trouble { code: FaultCode::GeometryKind, args: vec![name.to_owned(), wanted.to_owned()] }
}
