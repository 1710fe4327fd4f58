//! The two frames: degrees on the ellipsoid, and metres on a plane laid on it.
//!
//! [`LonLat`] is a place and has no area; [`Plane`] carries shapes over into [`Metres`], which have. What is measured
//! on the ellipsoid without a plane stands in `measure`.

use geo::{Area, Coord, Euclidean, Length, LineString, MapCoords, MultiPolygon, Polygon};

/// Semi-major axis of WGS 84 in metres (the GRS 80 of CGCS2000 has the same).
const A_M: f64 = 6_378_137.0;
/// Flattening of WGS 84.
const F: f64 = 1.0 / 298.257_223_563;
/// First eccentricity squared.
const E2: f64 = F * (2.0 - F);

/// A place in WGS 84, in degrees.
///
/// Degrees have no area; take them to a [`Plane`] first:
/// ```compile_fail
/// maplebridge::geom::LonLat::new(120.0, 30.0).area_m2();
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LonLat {
    /// Longitude, east positive.
    pub lon: f64,
    /// Latitude, north positive.
    pub lat: f64,
}

impl LonLat {
    /// A place from longitude and latitude in degrees.
    pub const fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }

    /// Whether the place is on the globe: finite, within ±180 and ±90.
    pub fn is_on_globe(self) -> bool {
        self.lon.is_finite() && self.lat.is_finite() && self.lon.abs() <= 180.0 && self.lat.abs() <= 90.0
    }

    /// The place as the array GeoJSON writes.
    pub const fn to_array(self) -> [f64; 2] {
        [self.lon, self.lat]
    }
}

impl From<Coord> for LonLat {
    fn from(c: Coord) -> Self {
        Self::new(c.x, c.y)
    }
}

impl From<LonLat> for Coord {
    fn from(p: LonLat) -> Self {
        Self { x: p.lon, y: p.lat }
    }
}

impl From<geo::Point> for LonLat {
    fn from(p: geo::Point) -> Self {
        Self::new(p.x(), p.y())
    }
}

impl From<LonLat> for geo::Point {
    fn from(p: LonLat) -> Self {
        Self::new(p.lon, p.lat)
    }
}

/// A plane in metres, laid on the ellipsoid around a centre (Lambert azimuthal equal-area, Snyder 1987, p. 187).
///
/// Areas are those of the ellipsoid at any distance. Lengths are off by the square of the distance over the earth's
/// diameter: 4 parts in a million at 25 km, 1 in 16,000 at 100 km. x points east, y north, at the centre.
#[derive(Debug, Clone, Copy)]
pub struct Plane {
    lon0: f64,
    sin_beta1: f64,
    cos_beta1: f64,
    /// Radius of the sphere of equal area, metres.
    rq_m: f64,
    /// Keeps the scale true in every direction at the centre.
    d: f64,
    qp: f64,
}

impl Plane {
    /// The plane around a place. Latitudes beyond ±89.9° are taken as ±89.9°; nobody lives there.
    pub fn around(centre: LonLat) -> Self {
        let phi = centre.lat.clamp(-89.9, 89.9).to_radians();
        let qp = authalic(1.0);
        let sin_beta1 = (authalic(phi.sin()) / qp).clamp(-1.0, 1.0);
        let cos_beta1 = (1.0 - sin_beta1 * sin_beta1).sqrt();
        let rq_m = A_M * (qp / 2.0).sqrt();
        let m1 = phi.cos() / (1.0 - E2 * phi.sin().powi(2)).sqrt();
        Self { lon0: centre.lon.to_radians(), sin_beta1, cos_beta1, rq_m, d: A_M * m1 / (rq_m * cos_beta1), qp }
    }

    /// The plane around the middle of a shape's bounding box; around 0, 0 where the shape is empty.
    pub fn around_shape<'a, G>(shape: &'a G) -> Self
    where
        G: geo::CoordsIter<Scalar = f64> + 'a,
    {
        let mut lo = [f64::INFINITY; 2];
        let mut hi = [f64::NEG_INFINITY; 2];
        for c in shape.coords_iter() {
            lo = [lo[0].min(c.x), lo[1].min(c.y)];
            hi = [hi[0].max(c.x), hi[1].max(c.y)];
        }
        let centre = if lo[0] <= hi[0] { LonLat::new(f64::midpoint(lo[0], hi[0]), f64::midpoint(lo[1], hi[1])) } else { LonLat::new(0.0, 0.0) };
        Self::around(centre)
    }

    /// Degrees to metres, for one coordinate.
    pub fn xy(&self, place: LonLat) -> Coord {
        let sin_beta = (authalic(place.lat.to_radians().sin()) / self.qp).clamp(-1.0, 1.0);
        let cos_beta = (1.0 - sin_beta * sin_beta).sqrt();
        let (sin_l, cos_l) = (place.lon.to_radians() - self.lon0).sin_cos();
        let b = self.rq_m * (2.0 / (1.0 + self.sin_beta1 * sin_beta + self.cos_beta1 * cos_beta * cos_l)).sqrt();
        Coord { x: b * self.d * cos_beta * sin_l, y: b / self.d * (self.cos_beta1 * sin_beta - self.sin_beta1 * cos_beta * cos_l) }
    }

    /// Metres back to degrees, for one coordinate; the inverse of [`Self::xy`] to better than 1e-9°.
    pub fn lonlat(&self, at: Coord) -> LonLat {
        let (x, y) = (at.x / self.d, at.y * self.d);
        let rho = x.hypot(y);
        if rho < 1e-9 {
            let lat = latitude(self.qp * self.sin_beta1);
            return LonLat::new(self.lon0.to_degrees(), lat.to_degrees());
        }
        let (sin_c, cos_c) = (2.0 * (rho / (2.0 * self.rq_m)).clamp(-1.0, 1.0).asin()).sin_cos();
        let q = self.qp * (cos_c * self.sin_beta1 + y * sin_c * self.cos_beta1 / rho);
        let lon = self.lon0 + (x * sin_c).atan2(rho * self.cos_beta1 * cos_c - y * self.sin_beta1 * sin_c);
        LonLat::new(lon.to_degrees(), latitude(q).to_degrees())
    }

    /// A shape in degrees taken to this plane.
    pub fn to_metres<G>(&self, shape: &G) -> Metres<G>
    where
        G: MapCoords<f64, f64, Output = G>,
    {
        Metres(shape.map_coords(|c| self.xy(c.into())))
    }

    /// A shape of this plane taken back to degrees (not yet rounded: see [`round7`](super::round7)).
    pub fn to_degrees<G>(&self, shape: &Metres<G>) -> G
    where
        G: MapCoords<f64, f64, Output = G>,
    {
        shape.0.map_coords(|c| self.lonlat(c).into())
    }
}

/// A shape in metres on some [`Plane`].
#[derive(Debug, Clone, PartialEq)]
pub struct Metres<G>(pub G);

impl<G: Area<f64>> Metres<G> {
    /// Area in m², of either winding.
    pub fn area_m2(&self) -> f64 {
        self.0.unsigned_area()
    }
}

impl Metres<LineString> {
    /// Length in metres.
    pub fn length_m(&self) -> f64 {
        Euclidean.length(&self.0)
    }
}

impl Metres<Polygon> {
    /// Length of all rings in metres, holes included.
    pub fn perimeter_m(&self) -> f64 {
        Euclidean.length(self.0.exterior()) + self.0.interiors().iter().map(|ring| Euclidean.length(ring)).sum::<f64>()
    }

    /// Mean width in metres: 2 · area / perimeter, which is the width of a long sliver; 0 for a shape without perimeter.
    pub fn mean_width_m(&self) -> f64 {
        width(self.area_m2(), self.perimeter_m())
    }
}

impl Metres<MultiPolygon> {
    /// Length of all rings of all parts in metres.
    pub fn perimeter_m(&self) -> f64 {
        self.0.iter().map(|part| Metres(part.clone()).perimeter_m()).sum()
    }
}

/// Mean width from area and perimeter.
pub(super) fn width(area_m2: f64, perimeter_m: f64) -> f64 {
    if perimeter_m > 0.0 { 2.0 * area_m2 / perimeter_m } else { 0.0 }
}

/// Metres per degree of longitude and of latitude at a latitude: for edges of a few kilometres, to a part in a million.
pub(super) fn metres_per_degree(lat: f64) -> [f64; 2] {
    let phi = lat.to_radians();
    let w = 1.0 - E2 * phi.sin().powi(2);
    [(A_M * phi.cos() / w.sqrt()).to_radians(), (A_M * (1.0 - E2) / (w * w.sqrt())).to_radians()]
}

/// q of Snyder (3-12), from the sine of the latitude: twice the area per radian between equator and latitude, over a².
fn authalic(sin_phi: f64) -> f64 {
    let e = E2.sqrt();
    (1.0 - E2) * (sin_phi / (1.0 - E2 * sin_phi * sin_phi) + (e * sin_phi).atanh() / e)
}

/// The latitude in radians whose q is given, by Newton's method (Snyder 3-16); four rounds reach the last bit.
fn latitude(q: f64) -> f64 {
    let mut phi = (q / 2.0).clamp(-1.0, 1.0).asin();
    for _ in 0..5 {
        let sin = phi.sin();
        let cos = phi.cos();
        if cos < 1e-9 {
            break;
        }
        let w = 1.0 - E2 * sin * sin;
        phi += w * w / (2.0 * cos * (1.0 - E2)) * (q - authalic(sin));
    }
    phi
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_second_of_latitude_is_thirty_metres_and_a_bit() {
        // WGS 84: a degree of latitude around 30° N is 110,852.4 m (Snyder's meridian arc), of longitude 96,486.3 m.
        let plane = Plane::around(LonLat::new(120.0, 30.0));
        let north = plane.xy(LonLat::new(120.0, 30.01)).y - plane.xy(LonLat::new(120.0, 29.99)).y;
        let east = plane.xy(LonLat::new(120.01, 30.0)).x - plane.xy(LonLat::new(119.99, 30.0)).x;
        assert!((north / 0.02 - 110_852.4).abs() < 0.5, "{north}");
        assert!((east / 0.02 - 96_486.3).abs() < 0.5, "{east}");
    }

    proptest! {
        #[test]
        fn going_to_the_plane_and_back_changes_nothing(
            lon0 in -179.0..179.0_f64, lat0 in -80.0..80.0_f64, dx in -1.0..1.0_f64, dy in -1.0..1.0_f64,
        ) {
            let plane = Plane::around(LonLat::new(lon0, lat0));
            let place = LonLat::new(lon0 + dx, lat0 + dy);
            let back = plane.lonlat(plane.xy(place));
            prop_assert!((back.lon - place.lon).abs() < 1e-9, "{back:?} {place:?}");
            prop_assert!((back.lat - place.lat).abs() < 1e-9, "{back:?} {place:?}");
        }

        #[test]
        fn the_plane_keeps_the_area_of_the_ellipsoid(lon0 in 74.0..134.0_f64, lat0 in 4.0..53.0_f64, off in -0.3..0.3_f64) {
            let square = geo::Rect::new((lon0 + off, lat0 + off), (lon0 + off + 0.002, lat0 + off + 0.002)).to_polygon();
            let plane = Plane::around(LonLat::new(lon0, lat0)).to_metres(&square).area_m2();
            let ellipsoid = super::super::area_m2(&MultiPolygon::new(vec![square]));
            prop_assert!((plane / ellipsoid - 1.0).abs() < 1e-6, "{plane} {ellipsoid}");
        }
    }
}
