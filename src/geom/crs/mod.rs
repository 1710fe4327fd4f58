//! Datums and projections: from what files hold to WGS 84 degrees.
//!
//! A [`Crs`] is read from what people and files write ([`Crs::parse`]); a [`Converter`] is made once per file, looks at
//! the file's coordinates to see which axis comes first ([`Converter::settle`]), and then takes pairs one by one. The
//! shifts of Chinese web maps are in [`shifts`]; projections are proj4rs with the EPSG definitions compiled in.
//!
//! What is refused: codes without a definition, datums whose shift to WGS 84 is not known to some metres, and places
//! outside the zone or the globe. Guessing a datum is nobody's job.

mod convert;
mod parse;
pub mod shifts;

use std::fmt;

pub use convert::{Axes, Converter};

/// A coordinate reference system that files come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crs {
    /// Longitude and latitude in WGS 84 (EPSG:4326, OGC CRS84): taken as they are.
    Wgs84,
    /// Longitude and latitude in CGCS2000 (EPSG:4490): the same as WGS 84 to well under a metre, taken as they are.
    Cgcs2000,
    /// 火星坐标: what Amap, Tencent and most Chinese maps publish.
    Gcj02,
    /// 百度坐标: GCJ-02 shifted once more.
    Bd09,
    /// 百度墨卡托 (BD09MC): the metres of Baidu's map.
    Bd09Mercator,
    /// GCJ-02 in the metres of Baidu's map (GCJ02MC).
    Gcj02Mercator,
    /// Any other code of the EPSG list.
    Epsg(u16),
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wgs84 => f.write_str("WGS 84 (EPSG:4326)"),
            Self::Cgcs2000 => f.write_str("CGCS2000 (EPSG:4490)"),
            Self::Gcj02 => f.write_str("GCJ-02"),
            Self::Bd09 => f.write_str("BD-09"),
            Self::Bd09Mercator => f.write_str("BD-09 Mercator (BD09MC)"),
            Self::Gcj02Mercator => f.write_str("GCJ-02 Mercator (GCJ02MC)"),
            Self::Epsg(code) => match gauss_kruger(*code) {
                Some(zone) => write!(f, "CGCS2000 / {zone} (EPSG:{code})"),
                None => write!(f, "EPSG:{code}"),
            },
        }
    }
}

/// Why coordinates cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CrsError {
    /// Not a name of a datum.
    #[error(
        "“{0}” is no coordinate system that is known here; accepted are EPSG codes (EPSG:4549, 4549), \
         urn:ogc:def:crs:… names, WGS84, CGCS2000, GCJ-02, BD-09, BD09MC, GCJ02MC"
    )]
    Unknown(String),
    /// A code without a definition, or a kind of projection that is not computed here.
    #[error("EPSG:{0} is not a system that can be converted here; convert the file to EPSG:4326 or EPSG:4490 first")]
    NoDefinition(u32),
    /// An old national datum whose shift is not published.
    #[error(
        "EPSG:{0} has a datum whose shift to WGS 84 is not published (tens of metres); convert the file to CGCS2000 \
         with the parameters of your survey office first"
    )]
    NoShift(u32),
    /// A pair outside what the system can hold.
    #[error("{x} {y} is no place in {crs}: {hint}")]
    OutOfRange {
        /// The system that the file is said to be in.
        crs: Crs,
        /// First number as written.
        x: f64,
        /// Second number as written.
        y: f64,
        /// What it may be instead.
        hint: String,
    },
}

/// A CGCS2000 Gauss–Krüger zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    /// 3 or 6 degrees.
    width_deg: u8,
    /// Central meridian in degrees.
    meridian_deg: u8,
    /// The zone number where eastings carry it as their first two of eight digits.
    number: Option<u8>,
}

impl Zone {
    /// The easting of the central meridian, metres.
    fn false_easting_m(self) -> f64 {
        self.number.map_or(0.0, |n| f64::from(n) * 1e6) + 500_000.0
    }

    /// The code of the form with (or without) zone numbers in the eastings.
    fn code(self, numbered: bool) -> u16 {
        let (first, zone_form) = if self.width_deg == 6 { (75, 4491) } else { (75, 4513) };
        let step = u16::from((self.meridian_deg - first) / self.width_deg);
        let cm_form = if self.width_deg == 6 { 4502 } else { 4534 };
        step + if numbered { zone_form } else { cm_form }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{}-degree Gauss-Kruger zone {number}", self.width_deg),
            None => write!(f, "{}-degree Gauss-Kruger CM {}E", self.width_deg, self.meridian_deg),
        }
    }
}

/// The CGCS2000 zone of an EPSG code: 6° with zone numbers 4491–4501 and without 4502–4512, 3° 4513–4533 and 4534–4554.
pub(crate) fn gauss_kruger(code: u16) -> Option<Zone> {
    let (width_deg, first_zone, step, numbered) = match code {
        4491..=4501 => (6, 13, code - 4491, true),
        4502..=4512 => (6, 13, code - 4502, false),
        4513..=4533 => (3, 25, code - 4513, true),
        4534..=4554 => (3, 25, code - 4534, false),
        _ => return None,
    };
    let step = step as u8;
    Some(Zone { width_deg, meridian_deg: 75 + step * width_deg, number: numbered.then_some(first_zone + step) })
}

#[cfg(test)]
mod tests;
