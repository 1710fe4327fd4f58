//! Geometries: read in one go where they are sound, and walked value by value to name the place where they are not.

use std::fmt;

use geo_types::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPolygon, Point, Polygon};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::super::faults::{FaultCode, RowFault};
use super::super::source::Limits;
use super::feature::check_bbox;
use super::members::{Members, value_text};

/// The types of geometry, as GeoJSON writes them.
pub(super) const KINDS: [&str; 7] = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];

/// At most so many faults are told of one geometry.
const FAULTS_SHOWN: usize = 20;

/// One position; the height is kept only to see whether a ring closes.
#[derive(Clone, Copy)]
struct Position {
    x: f64,
    y: f64,
    z: Option<f64>,
    long: bool,
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = Position;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a position")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Position, A::Error> {
                let short = || A::Error::custom("short");
                let x = seq.next_element()?.ok_or_else(short)?;
                let y = seq.next_element()?.ok_or_else(short)?;
                let z = seq.next_element()?;
                let mut long = false;
                while seq.next_element::<f64>()?.is_some() {
                    long = true;
                }
                Ok(Position { x, y, z, long })
            }
        }
        deserializer.deserialize_seq(Numbers)
    }
}

struct Walk<'f> {
    row: u64,
    faults: &'f mut Vec<RowFault>,
    first: usize,
    long: usize,
    against: bool,
    corners: usize,
}

/// Reads a geometry from its members. Returns `None` where it is faulty or empty.
pub(super) fn read_shape(members: &Members<'_>, row: u64, limits: Limits, faults: &mut Vec<RowFault>) -> Option<Geometry<f64>> {
    let first = faults.len();
    let mut walk = Walk { row, faults, first, long: 0, against: false, corners: 0 };
    let shape = walk.shape(members, "geometry", false);
    if walk.corners > limits.corners {
        let corners = walk.corners;
        walk.fault(FaultCode::TooManyCorners, "geometry", &[&corners, &limits.corners]);
    }
    let sound = walk.faults.len() == first;
    if walk.long > 0 {
        let long = walk.long;
        walk.fault(FaultCode::PositionLong, "geometry", &[&long]);
    }
    if walk.against {
        walk.fault(FaultCode::Winding, "geometry", &[]);
    }
    shape.filter(|_| sound)
}

impl Walk<'_> {
    fn fault(&mut self, code: FaultCode, place: &str, args: &[&dyn ToString]) {
        if self.faults.len() - self.first < FAULTS_SHOWN {
            let fault = RowFault::new(self.row, code).column(place);
            self.faults.push(args.iter().fold(fault, |fault, arg| fault.arg(arg.to_string())));
        }
    }

    fn shape(&mut self, members: &Members<'_>, place: &str, inside: bool) -> Option<Geometry<f64>> {
        if let Some(name) = members.double() {
            self.fault(FaultCode::DuplicateMember, place, &[&name]);
        }
        if let Some(bbox) = members.get("bbox") {
            check_bbox(bbox.get().as_bytes(), self.row, self.faults);
        }
        let Some(kind) = members.get("type") else {
            self.fault(FaultCode::TypeMissing, place, &[&place]);
            return None;
        };
        if !kind.get().starts_with('"') {
            self.fault(FaultCode::TypeNotString, place, &[&place]);
            return None;
        }
        let kind = value_text(kind);
        let Some(&kind) = KINDS.iter().find(|own| **own == kind) else {
            let nearest = KINDS.iter().find(|own| own.eq_ignore_ascii_case(&kind)).map_or_else(|| KINDS.join(", "), ToString::to_string);
            self.fault(FaultCode::TypeUnknown, place, &[&kind, &nearest]);
            return None;
        };
        for name in ["geometry", "properties", "features"] {
            if members.get(name).is_some() {
                self.fault(FaultCode::ForbiddenMember, place, &[&kind, &name]);
            }
        }
        if kind == "GeometryCollection" {
            return self.collection(members, place, inside);
        }
        let Some(coordinates) = members.get("coordinates").filter(|raw| raw.get().starts_with('[')) else {
            self.fault(FaultCode::CoordinatesMissing, place, &[&kind]);
            return None;
        };
        self.coordinates(kind, coordinates)
    }

    fn collection(&mut self, members: &Members<'_>, place: &str, inside: bool) -> Option<Geometry<f64>> {
        if inside {
            self.fault(FaultCode::CollectionNested, place, &[]);
            return None;
        }
        let parts = members.get("geometries").and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()).ok());
        let Some(parts) = parts else {
            self.fault(FaultCode::CollectionMembers, place, &[]);
            return None;
        };
        if parts.len() == 1 {
            self.fault(FaultCode::CollectionSingle, place, &[]);
        }
        let mut shapes = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            match serde_json::from_str::<Members<'_>>(part.get()) {
                Ok(part) => shapes.extend(self.shape(&part, &format!("{place}/geometries/{at}"), true)),
                Err(_) => self.fault(FaultCode::CollectionMembers, place, &[]),
            }
        }
        Some(Geometry::GeometryCollection(GeometryCollection::from(shapes)))
    }

    fn coordinates(&mut self, kind: &str, raw: &RawValue) -> Option<Geometry<f64>> {
        let text = raw.get();
        let read = match kind {
            "Point" => serde_json::from_str::<Position>(text).ok().map(|at| Geometry::Point(Point(self.take(at)))),
            "MultiPoint" => serde_json::from_str::<Vec<Position>>(text)
                .ok()
                .map(|all| Geometry::MultiPoint(all.into_iter().map(|at| Point(self.take(at))).collect())),
            "LineString" => serde_json::from_str(text).ok().and_then(|line| self.line(line)).map(Geometry::LineString),
            "MultiLineString" => serde_json::from_str::<Vec<Vec<Position>>>(text).ok().and_then(|lines| {
                let lines: Option<Vec<_>> = lines.into_iter().map(|line| self.line(line)).collect();
                lines.map(|lines| Geometry::MultiLineString(MultiLineString::new(lines)))
            }),
            "Polygon" => serde_json::from_str(text).ok().and_then(|rings| self.polygon(rings)).map(Geometry::Polygon),
            _ => serde_json::from_str::<Vec<Vec<Vec<Position>>>>(text).ok().and_then(|parts| {
                let parts: Option<Vec<_>> = parts.into_iter().map(|rings| self.polygon(rings)).collect();
                parts.map(|parts| Geometry::MultiPolygon(MultiPolygon::new(parts)))
            }),
        };
        if read.is_none() {
            let (depth, rings) = match kind {
                "Point" => (0, false),
                "MultiPoint" => (1, false),
                "LineString" => (1, true),
                "MultiLineString" | "Polygon" => (2, true),
                _ => (3, true),
            };
            match serde_json::from_str::<Value>(text) {
                Ok(value) => self.explain(&value, depth, rings.then_some(kind.ends_with("Polygon")), "coordinates"),
                Err(_) => self.fault(FaultCode::CoordinatesMissing, "geometry", &[&kind]),
            }
        }
        read.filter(|shape| !is_empty(shape))
    }

    fn take(&mut self, position: Position) -> Coord<f64> {
        self.corners += 1;
        self.long += usize::from(position.long);
        Coord { x: position.x, y: position.y }
    }

    fn line(&mut self, positions: Vec<Position>) -> Option<LineString<f64>> {
        if positions.len() == 1 {
            return None;
        }
        Some(LineString::new(positions.into_iter().map(|at| self.take(at)).collect()))
    }

    fn polygon(&mut self, rings: Vec<Vec<Position>>) -> Option<Polygon<f64>> {
        let mut lines = Vec::with_capacity(rings.len());
        for (at, ring) in rings.into_iter().enumerate() {
            let (first, last) = (ring.first()?, ring.last()?);
            if ring.len() < 4 || !closes(first, last) {
                return None;
            }
            let line: Vec<Coord<f64>> = ring.into_iter().map(|at| self.take(at)).collect();
            let area = twice_area(&line);
            self.against |= if at == 0 { area < 0.0 } else { area > 0.0 };
            lines.push(LineString::new(line));
        }
        let mut lines = lines.into_iter();
        let shell = lines.next().unwrap_or_else(|| LineString::new(Vec::new()));
        Some(Polygon::new(shell, lines.collect()))
    }

    /// Names every place where an array of that depth does not hold together; `rings` is `None` for points.
    fn explain(&mut self, value: &Value, depth: usize, rings: Option<bool>, place: &str) {
        let Some(items) = value.as_array() else {
            self.fault(FaultCode::PositionNotArray, "geometry", &[&place]);
            return;
        };
        if depth == 0 {
            if items.iter().any(|item| !item.is_number()) {
                self.fault(FaultCode::PositionNumber, "geometry", &[&place]);
            } else if items.len() < 2 {
                self.fault(FaultCode::PositionShort, "geometry", &[&place]);
            }
            return;
        }
        let before = self.faults.len();
        for (at, item) in items.iter().enumerate() {
            self.explain(item, depth - 1, rings, &format!("{place}/{at}"));
        }
        if depth > 1 || self.faults.len() > before {
            return;
        }
        match rings {
            Some(true) if items.len() < 4 => self.fault(FaultCode::RingShort, "geometry", &[&place]),
            Some(true) if items.first() != items.last() => self.fault(FaultCode::RingOpen, "geometry", &[&place]),
            Some(false) if items.len() == 1 => self.fault(FaultCode::LineShort, "geometry", &[&place]),
            _ => {}
        }
    }
}

#[expect(clippy::float_cmp, reason = "a ring closes when its ends are the same numbers")]
fn closes(first: &Position, last: &Position) -> bool {
    first.x == last.x && first.y == last.y && first.z == last.z
}

/// Twice the signed area, positive where the ring runs against the clock; only its sign matters.
fn twice_area(ring: &[Coord<f64>]) -> f64 {
    let Some(&origin) = ring.first() else { return 0.0 };
    let (mut sum, mut before) = (0.0, origin);
    for &at in ring {
        sum += (before.x - origin.x) * (at.y - origin.y) - (at.x - origin.x) * (before.y - origin.y);
        before = at;
    }
    sum
}

fn is_empty(shape: &Geometry<f64>) -> bool {
    match shape {
        Geometry::LineString(line) => line.0.is_empty(),
        Geometry::Polygon(polygon) => polygon.exterior().0.is_empty(),
        Geometry::MultiPoint(points) => points.0.is_empty(),
        Geometry::MultiLineString(lines) => lines.0.iter().all(|line| line.0.is_empty()),
        Geometry::MultiPolygon(parts) => parts.0.iter().all(|part| part.exterior().0.is_empty()),
        _ => false,
    }
}
