//! One file's conversion: which axis comes first, then pair by pair to WGS 84.

use proj4rs::Proj;

use super::{Crs, CrsError, Zone, gauss_kruger, shifts};
use crate::geom::LonLat;

/// Which number of a pair is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axes {
    /// Longitude or easting first, as GeoJSON, CSV and shapefiles have it.
    #[default]
    EastNorth,
    /// Latitude or northing first, as the EPSG list and survey offices have it.
    NorthEast,
}

/// How far from its central meridian a Gauss–Krüger zone is believed, metres: beyond a 6° zone at the equator with room.
const ZONE_HALF_M: f64 = 450_000.0;

/// Takes pairs of one system to WGS 84. Made once per file.
pub struct Converter {
    crs: Crs,
    axes: Axes,
    way: Way,
}

enum Way {
    Degrees,
    Gcj02,
    Bd09,
    Bd09Mercator,
    Gcj02Mercator,
    Projected { from: Box<Proj>, to: Box<Proj>, zone: Option<Zone> },
}

impl Converter {
    /// A converter for pairs with east first.
    pub fn new(crs: Crs) -> Result<Self, CrsError> {
        let way = match crs {
            Crs::Wgs84 | Crs::Cgcs2000 => Way::Degrees,
            Crs::Gcj02 => Way::Gcj02,
            Crs::Bd09 => Way::Bd09,
            Crs::Bd09Mercator => Way::Bd09Mercator,
            Crs::Gcj02Mercator => Way::Gcj02Mercator,
            Crs::Epsg(code) => projected(code)?,
        };
        Ok(Self { crs, axes: Axes::EastNorth, way })
    }

    /// The system that is read.
    pub const fn crs(&self) -> Crs {
        self.crs
    }

    /// The order of axes in force.
    pub const fn axes(&self) -> Axes {
        self.axes
    }

    /// The same converter with the order of axes said.
    #[must_use]
    pub fn with_axes(mut self, axes: Axes) -> Self {
        self.axes = axes;
        self
    }

    /// Looks at a file's pairs and settles the order of axes: east first unless none of them makes a place that way and
    /// all do with north first. Returns the order; the caller tells people when it is [`Axes::NorthEast`].
    ///
    /// Pairs that make no place either way do not decide: they become errors of their rows. Some hundred pairs spread over the file are enough.
    pub fn settle(&mut self, pairs: &[(f64, f64)]) -> Axes {
        let straight = pairs.iter().filter(|(x, y)| self.east_north(*x, *y).is_ok()).count();
        let swapped = pairs.iter().filter(|(x, y)| self.east_north(*y, *x).is_ok()).count();
        // Lists of degrees can pass both ways (30, 30): then, and in doubt, east is first.
        self.axes = if straight == 0 && swapped > 0 { Axes::NorthEast } else { Axes::EastNorth };
        self.axes
    }

    /// One pair, in the settled order of axes, to WGS 84 degrees; not yet rounded.
    pub fn to_wgs84(&self, x: f64, y: f64) -> Result<LonLat, CrsError> {
        let (east, north) = match self.axes {
            Axes::EastNorth => (x, y),
            Axes::NorthEast => (y, x),
        };
        self.east_north(east, north)
    }

    /// All coordinates of a geometry to WGS 84 degrees; the first pair that is no place is the error.
    pub fn geometry_to_wgs84<G>(&self, shape: &G) -> Result<G, CrsError>
    where
        G: geo::MapCoords<f64, f64, Output = G>,
    {
        shape.try_map_coords(|c| self.to_wgs84(c.x, c.y).map(Into::into))
    }

    fn east_north(&self, east: f64, north: f64) -> Result<LonLat, CrsError> {
        let place = match &self.way {
            Way::Degrees => self.degrees(east, north)?,
            Way::Gcj02 => shifts::gcj02_to_wgs84(self.degrees(east, north)?),
            Way::Bd09 => shifts::bd09_to_wgs84(self.degrees(east, north)?),
            Way::Bd09Mercator => shifts::bd09_to_wgs84(shifts::baidu_mercator_to_degrees(east, north)),
            Way::Gcj02Mercator => shifts::gcj02_to_wgs84(shifts::baidu_mercator_to_degrees(east, north)),
            Way::Projected { from, to, zone } => self.projected(from, to, *zone, east, north)?,
        };
        if place.is_on_globe() { Ok(place) } else { Err(self.out_of_range(east, north, "the result is not on the globe".to_owned())) }
    }

    fn degrees(&self, east: f64, north: f64) -> Result<LonLat, CrsError> {
        let place = LonLat::new(east, north);
        if place.is_on_globe() {
            return Ok(place);
        }
        let hint = if LonLat::new(north, east).is_on_globe() {
            "latitude seems to come first"
        } else if east.abs() > 1_000.0 && north.abs() > 1_000.0 {
            "these look like metres or feet, not degrees; name the projected system with --crs"
        } else {
            "longitudes are within ±180 and latitudes within ±90"
        };
        Err(self.out_of_range(east, north, hint.to_owned()))
    }

    fn projected(&self, from: &Proj, to: &Proj, zone: Option<Zone>, east: f64, north: f64) -> Result<LonLat, CrsError> {
        let fail = |hint: &str| self.out_of_range(east, north, hint.to_owned());
        if !(east.is_finite() && north.is_finite()) {
            return Err(fail("not a number"));
        }
        if let Some(zone) = zone {
            zone_holds(zone, east, north).map_err(|hint| self.out_of_range(east, north, hint))?;
        }
        if from.is_latlong() {
            let at = self.degrees(east, north)?;
            return shift(from, to, at.lon.to_radians(), at.lat.to_radians()).ok_or_else(|| fail("it cannot be converted"));
        }
        let place = shift(from, to, east, north).ok_or_else(|| fail("it lies outside the projection"))?;
        if !place.is_on_globe() {
            return Err(fail("it lies outside the projection"));
        }
        // There and back: a place far outside its projection comes back elsewhere.
        let mut back = (place.lon.to_radians(), place.lat.to_radians(), 0.0);
        let returned = proj4rs::transform::transform(to, from, &mut back).is_ok() && (back.0 - east).hypot(back.1 - north) < 0.1;
        if returned { Ok(place) } else { Err(fail("it lies outside the projection")) }
    }

    fn out_of_range(&self, east: f64, north: f64, hint: String) -> CrsError {
        let (x, y) = if self.axes == Axes::EastNorth { (east, north) } else { (north, east) };
        CrsError::OutOfRange { crs: self.crs, x, y, hint }
    }
}

fn shift(from: &Proj, to: &Proj, x: f64, y: f64) -> Option<LonLat> {
    let mut point = (x, y, 0.0);
    proj4rs::transform::transform(from, to, &mut point).ok()?;
    Some(LonLat::new(point.0.to_degrees(), point.1.to_degrees()))
}

/// Whether a pair can lie in a zone; else what it looks like.
fn zone_holds(zone: Zone, east: f64, north: f64) -> Result<(), String> {
    let central = zone.false_easting_m();
    if (east - central).abs() <= ZONE_HALF_M && (0.0..=6_200_000.0).contains(&north) {
        return Ok(());
    }
    let bare = zone.number.is_some();
    let code = zone.code(!bare);
    if bare && (east - 500_000.0).abs() <= ZONE_HALF_M {
        return Err(format!("the easting carries no zone number; EPSG:{code} is the form without"));
    }
    if !bare && (1e7..1e8).contains(&east) {
        let number = (east / 1e6).floor() as u8;
        let width = if number < 24 { 6 } else { 3 };
        let own = Zone { width_deg: width, meridian_deg: meridian(number, width), number: Some(number) };
        return Err(format!("the easting begins with zone number {number}; EPSG:{} is that zone's form with number", own.code(true)));
    }
    if bare && (1e7..1e8).contains(&east) {
        return Err(format!("the easting begins with zone number {}, not {}", (east / 1e6).floor(), central.div_euclid(1e6)));
    }
    if (north - central).abs() <= ZONE_HALF_M && (0.0..=6_200_000.0).contains(&east) {
        return Err("the northing seems to come first".to_owned());
    }
    Err(format!("eastings lie within 450 km of {central:.0} and northings within 0 and 6,200,000 m"))
}

/// The central meridian of a zone number.
fn meridian(number: u8, width_deg: u8) -> u8 {
    let degrees = if width_deg == 6 { i32::from(number) * 6 - 3 } else { i32::from(number) * 3 };
    degrees.clamp(75, 135) as u8
}

fn projected(code: u16) -> Result<Way, CrsError> {
    let none = || CrsError::NoDefinition(u32::from(code));
    let definition = crs_definitions::from_code(code).ok_or_else(none)?.proj4;
    if is_beijing_1954(code) || !has_known_shift(definition) {
        return Err(CrsError::NoShift(u32::from(code)));
    }
    // Files give east and north whatever the list says of axes; only west- and south-running systems stay refused.
    if definition.contains("+axis=") {
        return Err(none());
    }
    let from = Proj::from_proj_string(definition).map_err(|_| none())?;
    let to = Proj::from_proj_string("+proj=longlat +datum=WGS84 +no_defs").map_err(|_| none())?;
    Ok(Way::Projected { from: Box::new(from), to: Box::new(to), zone: gauss_kruger(code) })
}

/// The list gives Beijing 1954 a shift that was made for the Ordos basin; elsewhere it is off by tens of metres.
fn is_beijing_1954(code: u16) -> bool {
    matches!(code, 4214 | 2401..=2442 | 21_413..=21_423 | 21_453..=21_463)
}

/// WGS 84, NAD 83 and everything on GRS 80 are within a metre or two of WGS 84; others must say their shift.
fn has_known_shift(definition: &str) -> bool {
    let known = ["+datum=WGS84", "+datum=NAD83", "+ellps=GRS80", "+ellps=WGS84", "+towgs84=", "+nadgrids=@null"];
    known.iter().any(|part| definition.contains(part)) && (!definition.contains("+nadgrids=") || definition.contains("+nadgrids=@null"))
}
