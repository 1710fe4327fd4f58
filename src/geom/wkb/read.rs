//! From bytes to `geo_types`.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use super::{COLLECTION, HAS_M, HAS_SRID, HAS_Z, LINE_STRING, MULTI_LINE_STRING, MULTI_POINT, MULTI_POLYGON, POINT, POLYGON};

/// Collections in collections deeper than this are refused.
const DEEPEST: usize = 16;

/// Why bytes are no geometry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WkbError {
    /// The bytes end before the geometry does, or a count promises more than is there.
    #[error("the geometry is cut off at byte {at}")]
    CutOff {
        /// How many bytes were read.
        at: usize,
    },
    /// The first byte of a geometry is neither 0 nor 1.
    #[error("byte {at} is no byte order")]
    ByteOrder {
        /// Position of the byte.
        at: usize,
    },
    /// A curve, surface or something else that is not of the seven simple kinds.
    #[error("geometry type {0} is not one of point, line, polygon, their multiples, and collections")]
    Kind(u32),
    /// A part of another kind than its whole: a line among points.
    #[error("a part of type {part} does not belong in a geometry of type {whole}")]
    Part {
        /// Type of the whole.
        whole: u32,
        /// Type of the part.
        part: u32,
    },
    /// A ring whose last point is not its first.
    #[error("a ring is not closed")]
    RingNotClosed,
    /// Collections nested deeper than anybody does in earnest.
    #[error("collections are nested too deep")]
    TooDeep,
    /// More bytes than the geometry needs.
    #[error("{0} bytes follow the geometry")]
    Rest(usize),
}

/// Reads one geometry and its SRID, where the bytes name one. All bytes must be used. Z and M are dropped.
///
/// An empty point comes as an empty `MultiPoint`, since `geo_types` has none.
pub fn decode(bytes: &[u8]) -> Result<(Geometry, Option<i32>), WkbError> {
    let mut reader = Reader { bytes, at: 0 };
    let (shape, srid) = reader.geometry(0)?;
    match reader.left() {
        0 => Ok((shape, srid)),
        rest => Err(WkbError::Rest(rest)),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What the head of a geometry says.
#[derive(Clone, Copy)]
struct Head {
    little: bool,
    kind: u32,
    /// Ordinates of a coordinate: 2, 3 or 4.
    width: usize,
    srid: Option<i32>,
}

impl Reader<'_> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let taken = self.bytes.get(self.at..self.at + N).and_then(|slice| slice.try_into().ok());
        let taken = taken.ok_or(WkbError::CutOff { at: self.at })?;
        self.at += N;
        Ok(taken)
    }

    fn u32(&mut self, little: bool) -> Result<u32, WkbError> {
        self.take().map(|b| if little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
    }

    fn f64(&mut self, little: bool) -> Result<f64, WkbError> {
        self.take().map(|b| if little { f64::from_le_bytes(b) } else { f64::from_be_bytes(b) })
    }

    fn head(&mut self) -> Result<Head, WkbError> {
        let at = self.at;
        let little = match self.take::<1>()?[0] {
            0 => false,
            1 => true,
            _ => return Err(WkbError::ByteOrder { at }),
        };
        let word = self.u32(little)?;
        let number = word & !(HAS_Z | HAS_M | HAS_SRID);
        // ISO adds 1000 for Z, 2000 for M, 3000 for both; EWKB sets bits.
        let (iso, kind) = (number / 1000, number % 1000);
        let (iso_z, iso_m) = match iso {
            0 => (false, false),
            1 => (true, false),
            2 => (false, true),
            3 => (true, true),
            _ => return Err(WkbError::Kind(number)),
        };
        if !(POINT..=COLLECTION).contains(&kind) {
            return Err(WkbError::Kind(number));
        }
        let width = 2 + usize::from(iso_z || word & HAS_Z != 0) + usize::from(iso_m || word & HAS_M != 0);
        let srid = if word & HAS_SRID == 0 { None } else { Some(self.u32(little)? as i32) };
        Ok(Head { little, kind, width, srid })
    }

    /// A count of things that take at least `least` bytes each.
    fn count(&mut self, little: bool, least: usize) -> Result<usize, WkbError> {
        let n = self.u32(little)? as usize;
        if n.checked_mul(least).is_none_or(|bytes| bytes > self.left()) { Err(WkbError::CutOff { at: self.at }) } else { Ok(n) }
    }

    fn geometry(&mut self, depth: usize) -> Result<(Geometry, Option<i32>), WkbError> {
        if depth > DEEPEST {
            return Err(WkbError::TooDeep);
        }
        let head = self.head()?;
        let shape = match head.kind {
            POINT => self.point(head)?.map_or_else(|| Geometry::MultiPoint(MultiPoint(Vec::new())), Geometry::Point),
            LINE_STRING => Geometry::LineString(self.line(head)?),
            POLYGON => Geometry::Polygon(self.polygon(head)?),
            MULTI_POINT => {
                let points = self.parts(head, POINT, Self::point)?;
                Geometry::MultiPoint(MultiPoint(points.into_iter().flatten().collect()))
            }
            MULTI_LINE_STRING => Geometry::MultiLineString(MultiLineString(self.parts(head, LINE_STRING, Self::line)?)),
            MULTI_POLYGON => Geometry::MultiPolygon(MultiPolygon(self.parts(head, POLYGON, Self::polygon)?)),
            _ => {
                let n = self.count(head.little, 5)?;
                let shapes: Result<Vec<Geometry>, WkbError> = (0..n).map(|_| self.geometry(depth + 1).map(|(shape, _)| shape)).collect();
                Geometry::GeometryCollection(GeometryCollection(shapes?))
            }
        };
        Ok((shape, head.srid))
    }

    fn parts<T>(&mut self, whole: Head, kind: u32, mut read: impl FnMut(&mut Self, Head) -> Result<T, WkbError>) -> Result<Vec<T>, WkbError> {
        let n = self.count(whole.little, 9)?;
        (0..n)
            .map(|_| {
                let head = self.head()?;
                if head.kind == kind { read(self, head) } else { Err(WkbError::Part { whole: whole.kind, part: head.kind }) }
            })
            .collect()
    }

    fn coord(&mut self, head: Head) -> Result<Coord, WkbError> {
        let (x, y) = (self.f64(head.little)?, self.f64(head.little)?);
        for _ in 2..head.width {
            self.take::<8>()?;
        }
        Ok(Coord { x, y })
    }

    /// `None` for an empty point, which is written as two NaN.
    fn point(&mut self, head: Head) -> Result<Option<Point>, WkbError> {
        let c = self.coord(head)?;
        Ok((!(c.x.is_nan() && c.y.is_nan())).then_some(Point(c)))
    }

    fn line(&mut self, head: Head) -> Result<LineString, WkbError> {
        let n = self.count(head.little, head.width * 8)?;
        (0..n).map(|_| self.coord(head)).collect::<Result<Vec<Coord>, WkbError>>().map(LineString)
    }

    fn polygon(&mut self, head: Head) -> Result<Polygon, WkbError> {
        let n = self.count(head.little, 4)?;
        let mut rings = Vec::with_capacity(n.min(1024));
        for _ in 0..n {
            let ring = self.line(head)?;
            // total_cmp takes NaN for equal to itself, so that a ring of NaN counts as closed and validity names it.
            let same = |a: &Coord, b: &Coord| (a.x + 0.0).total_cmp(&(b.x + 0.0)).is_eq() && (a.y + 0.0).total_cmp(&(b.y + 0.0)).is_eq();
            if !ring.0.first().zip(ring.0.last()).is_none_or(|(a, b)| same(a, b)) {
                return Err(WkbError::RingNotClosed);
            }
            rings.push(ring);
        }
        let mut rings = rings.into_iter();
        let shell = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Ok(Polygon::new(shell, rings.collect()))
    }
}
