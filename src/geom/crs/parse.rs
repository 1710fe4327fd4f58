//! Reading the name of a coordinate system, as people type it and as files hold it.

use super::{Crs, CrsError};

impl Crs {
    /// Reads a name, however it is written: `EPSG:4549`, `4549`, `urn:ogc:def:crs:EPSG::4549`,
    /// `http://www.opengis.net/def/crs/EPSG/0/4549`, `urn:ogc:def:crs:OGC:1.3:CRS84`, `WGS84`, `CGCS2000`, `GCJ-02`,
    /// `BD-09`, 火星坐标, 百度坐标, or the WKT of a `.prj` file that names its EPSG code or is a CGCS2000, WGS 84 or UTM system.
    pub fn parse(text: &str) -> Result<Self, CrsError> {
        let text = text.trim().trim_start_matches('\u{feff}');
        if text.contains('[') {
            return wkt(text);
        }
        let plain: String = text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        match plain.as_str() {
            "wgs84" | "crs84" | "ogccrs84" | "lonlat" => return Ok(Self::Wgs84),
            "cgcs2000" | "国家2000" | "国家大地2000" | "2000国家大地坐标系" | "大地2000" => return Ok(Self::Cgcs2000),
            "gcj02" | "gcj" | "gcj2" | "火星坐标" | "火星坐标系" | "国测局" | "高德" | "腾讯" => return Ok(Self::Gcj02),
            "bd09" | "bd09ll" | "bd9" | "baidu" | "百度坐标" | "百度坐标系" | "百度" => return Ok(Self::Bd09),
            "bd09mc" | "bd09meter" | "百度墨卡托" => return Ok(Self::Bd09Mercator),
            "gcj02mc" => return Ok(Self::Gcj02Mercator),
            _ => {}
        }
        if plain.ends_with("crs84") && plain.contains("ogc") {
            return Ok(Self::Wgs84);
        }
        let digits = plain.strip_prefix("epsg").filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        let last = text.rsplit([':', '/']).next().unwrap_or_default().trim();
        let code = match digits {
            Some(digits) => digits,
            None if plain.bytes().all(|b| b.is_ascii_digit()) || plain.contains("epsg") => last,
            None => return Err(CrsError::Unknown(shortened(text))),
        };
        code.parse().map_err(|_| CrsError::Unknown(shortened(text))).and_then(Self::from_epsg)
    }

    /// The system with that EPSG code.
    pub fn from_epsg(code: u32) -> Result<Self, CrsError> {
        match code {
            4326 => Ok(Self::Wgs84),
            4490 => Ok(Self::Cgcs2000),
            900_913 => Ok(Self::Epsg(3857)),
            _ => {
                let short = u16::try_from(code).map_err(|_| CrsError::NoDefinition(code))?;
                if crs_definitions::from_code(short).is_some() { Ok(Self::Epsg(short)) } else { Err(CrsError::NoDefinition(code)) }
            }
        }
    }

    /// The EPSG code, where there is one.
    pub const fn epsg(self) -> Option<u32> {
        match self {
            Self::Wgs84 => Some(4326),
            Self::Cgcs2000 => Some(4490),
            Self::Epsg(code) => Some(code as u32),
            Self::Gcj02 | Self::Bd09 | Self::Bd09Mercator | Self::Gcj02Mercator => None,
        }
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A `.prj`: by its own EPSG code at the end, else by what it says of datum, meridian and false easting.
fn wkt(text: &str) -> Result<Crs, CrsError> {
    let unknown = || CrsError::Unknown(shortened(text));
    if let Some(code) = own_code(text) {
        return Crs::from_epsg(code);
    }
    let name: String = text.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '[').collect();
    let is_cgcs = ["2000", "cgcs", "chinageodetic"].iter().any(|word| name.contains(word)) && name.contains("china");
    let is_cgcs = is_cgcs || name.contains("cgcs2000");
    let is_wgs = name.contains("wgs1984") || name.contains("wgs84");
    if !(name.starts_with("projcs") || name.starts_with("projcrs")) {
        return match (is_cgcs, is_wgs) {
            (true, _) => Ok(Crs::Cgcs2000),
            (_, true) => Ok(Crs::Wgs84),
            _ if name.contains("northamerican1983") || name.contains("[nad83") => Crs::from_epsg(4269),
            _ => Err(unknown()),
        };
    }
    let meridian = parameter(text, "central_meridian");
    let easting = parameter(text, "false_easting");
    let projection = text.to_lowercase();
    let is_tmerc = projection.contains("transverse_mercator") || projection.contains("gauss_kruger");
    match (meridian, easting) {
        (Some(m), Some(e)) if is_cgcs && is_tmerc => zone(m, e).ok_or_else(unknown).and_then(Crs::from_epsg),
        (Some(m), Some(e)) if is_wgs && is_tmerc && near(e, 500_000.0) && near((m + 183.0) % 6.0, 0.0) => {
            let north = parameter(text, "false_northing").is_none_or(|n| near(n, 0.0));
            Crs::from_epsg((if north { 32_600 } else { 32_700 }) + ((m + 183.0) / 6.0).round() as u32)
        }
        _ if projection.contains("mercator_auxiliary_sphere") || projection.contains("pseudo-mercator") => Crs::from_epsg(3857),
        (Some(m), Some(e)) => us_feet(&projection, m, e).ok_or_else(unknown).and_then(Crs::from_epsg),
        _ => Err(unknown()),
    }
}

/// The CGCS2000 zone with that central meridian and false easting, as EPSG code. 3° zones first: they hold all meridians.
fn zone(meridian_deg: f64, false_easting_m: f64) -> Option<u32> {
    let mut codes = (4534..=4554_u16).chain(4513..=4533).chain(4491..=4501);
    let fits = |zone: super::Zone| near(f64::from(zone.meridian_deg), meridian_deg) && near(zone.false_easting_m(), false_easting_m);
    codes.find(|code| super::gauss_kruger(*code).is_some_and(fits)).map(u32::from)
}

/// State planes of NAD 83 in US feet that shapefiles carry without a code: only those that are met in practice.
fn us_feet(projection: &str, meridian_deg: f64, false_easting: f64) -> Option<u32> {
    let is_nad83 = projection.contains("north_american_1983") || projection.contains("nad83") || projection.contains("nad_1983");
    let feet = projection.contains("foot_us") || projection.contains("us survey foot") || projection.contains("us-ft");
    let known = [(-120.5, 6_561_666.666, 2227), (-74.0, 984_250.0, 2263), (-88.333_333, 984_250.0, 3435)];
    let known = known.into_iter().find(|(m, e, _)| (m - meridian_deg).abs() < 1e-5 && (e - false_easting).abs() < 0.01);
    known.filter(|_| is_nad83 && feet).map(|(_, _, code)| code)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

/// The number of `PARAMETER["name", number]`.
fn parameter(text: &str, name: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let at = lower.find(&format!("\"{name}\""))?;
    let rest = lower[at..].split_once(',')?.1;
    rest[..rest.find([']', ','])?].trim().parse().ok()
}

/// The last `AUTHORITY["EPSG","n"]` or `ID["EPSG",n]`, if it stands at the outermost bracket.
fn own_code(text: &str) -> Option<u32> {
    let upper = text.to_uppercase();
    let at = upper.rfind("AUTHORITY[\"EPSG\"").or_else(|| upper.rfind("ID[\"EPSG\""))?;
    let depth = upper[..at].matches('[').count().checked_sub(upper[..at].matches(']').count())?;
    let rest = upper[at..].split_once(',')?.1;
    let digits: String = rest.chars().filter(|c| *c != '"').skip_while(|c| c.is_whitespace()).take_while(char::is_ascii_digit).collect();
    if depth == 1 { digits.parse().ok() } else { None }
}
