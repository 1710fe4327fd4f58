//! Names, zones, shifts and feet; numbers from PROJ 9.5.1, the libraries of the trade, and two cities' open data.

use super::shifts::{bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02};
use super::*;
use crate::geom::shared_data::{read, rows};
use crate::geom::{LonLat, distance_m};

fn to_wgs84(code: u16, x: f64, y: f64) -> Result<LonLat, CrsError> {
    Converter::new(Crs::Epsg(code)).unwrap().to_wgs84(x, y)
}

fn refusal(code: u16, x: f64, y: f64) -> String {
    to_wgs84(code, x, y).unwrap_err().to_string()
}

#[test]
fn a_datum_is_read_however_it_is_written() {
    let known = [
        ("EPSG:4549", Crs::Epsg(4549)),
        ("4549", Crs::Epsg(4549)),
        (" epsg 4549 ", Crs::Epsg(4549)),
        ("urn:ogc:def:crs:EPSG::2227", Crs::Epsg(2227)),
        ("http://www.opengis.net/def/crs/EPSG/0/4490", Crs::Cgcs2000),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Wgs84),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", Crs::Wgs84),
        ("EPSG:4326", Crs::Wgs84),
        ("WGS84", Crs::Wgs84),
        ("WGS 84", Crs::Wgs84),
        ("CGCS2000", Crs::Cgcs2000),
        ("gcj02", Crs::Gcj02),
        ("GCJ-02", Crs::Gcj02),
        ("火星坐标", Crs::Gcj02),
        ("BD-09", Crs::Bd09),
        ("BD09MC", Crs::Bd09Mercator),
        ("百度坐标", Crs::Bd09),
    ];
    for (text, crs) in known {
        assert_eq!(Crs::parse(text), Ok(crs), "{text}");
    }
    for text in ["", "EPSG:", "beijing", "12.5", "EPSG:banana"] {
        assert!(matches!(Crs::parse(text), Err(CrsError::Unknown(_))), "{text} {:?}", Crs::parse(text));
    }
    assert_eq!(Crs::parse("EPSG:999999"), Err(CrsError::NoDefinition(999_999)));
    assert!(Crs::parse("moon").unwrap_err().to_string().contains("accepted are EPSG codes"));
}

#[test]
fn a_prj_file_names_its_system() {
    let cgcs = r#"PROJCS["CGCS2000_3_Degree_GK_CM_120E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",120.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]"#;
    assert_eq!(Crs::parse(cgcs), Ok(Crs::Epsg(4549)));
    assert_eq!(Crs::parse(&cgcs.replace("500000.0", "40500000.0")), Ok(Crs::Epsg(4528)));
    let wgs = r#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
    assert_eq!(Crs::parse(wgs), Ok(Crs::Wgs84));
    let utm = r#"PROJCS["WGS_1984_UTM_Zone_51N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]]],PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",123.0],PARAMETER["Scale_Factor",0.9996],UNIT["Meter",1.0]]"#;
    assert_eq!(Crs::parse(utm), Ok(Crs::Epsg(32651)));
    let own = r#"PROJCS["x",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],AUTHORITY["EPSG","3857"]]"#;
    assert_eq!(Crs::parse(own), Ok(Crs::Epsg(3857)));
    assert!(Crs::parse(r#"PROJCS["Local",GEOGCS["Local"],PROJECTION["Lambert"]]"#).is_err());
}

#[test]
fn both_forms_of_a_cgcs2000_zone_give_one_place() {
    // PROJ 9.5.1, EPSG:4490 → EPSG:4549: 120.236 29.713 is 522,836.6 east of the false origin's 500,000 and 3,288,402 north.
    let bare = to_wgs84(4549, 522_836.6, 3_288_402.0).unwrap();
    let numbered = to_wgs84(4528, 40_522_836.6, 3_288_402.0).unwrap();
    assert!(distance_m(bare, numbered) < 1e-6);
    assert!((bare.lon - 120.236).abs() < 1e-3 && (bare.lat - 29.713).abs() < 2e-3, "{bare:?}");
    let six = to_wgs84(4509, 500_000.0, 3_288_402.0).unwrap();
    assert!((six.lon - 117.0).abs() < 1e-9);
    assert!(distance_m(six, to_wgs84(4498, 20_500_000.0, 3_288_402.0).unwrap()) < 1e-6);
    assert_eq!(Crs::Epsg(4528).to_string(), "CGCS2000 / 3-degree Gauss-Kruger zone 40 (EPSG:4528)");
    assert_eq!(Crs::Epsg(4549).to_string(), "CGCS2000 / 3-degree Gauss-Kruger CM 120E (EPSG:4549)");
}

#[test]
fn every_zone_code_agrees_with_its_definition() {
    for code in 4491..=4554 {
        let zone = gauss_kruger(code).unwrap();
        let definition = crs_definitions::from_code(code).unwrap().proj4;
        assert!(definition.contains(&format!("+lon_0={} ", zone.meridian_deg)), "{code} {definition}");
        assert!(definition.contains(&format!("+x_0={} ", zone.false_easting_m())), "{code} {definition}");
        assert_eq!(zone.code(zone.number.is_some()), code);
    }
}

#[test]
fn a_wrong_form_is_told_the_right_code() {
    assert!(refusal(4549, 40_522_836.6, 3_288_402.0).contains("EPSG:4528"));
    assert!(refusal(4528, 522_836.6, 3_288_402.0).contains("EPSG:4549"));
    assert!(refusal(4528, 39_522_836.6, 3_288_402.0).contains("zone number 39, not 40"));
    assert!(refusal(4549, 3_288_402.0, 522_836.6).contains("northing seems to come first"));
    assert!(refusal(4549, f64::NAN, 1.0).contains("not a number"));
    let degrees = Converter::new(Crs::Wgs84).unwrap();
    assert!(degrees.to_wgs84(30.0, 120.0).unwrap_err().to_string().contains("latitude seems to come first"));
    assert!(degrees.to_wgs84(522_836.6, 3_288_402.0).unwrap_err().to_string().contains("--crs"));
}

#[test]
fn northing_first_is_seen_and_put_right() {
    let mut zone = Converter::new(Crs::Epsg(4549)).unwrap();
    assert_eq!(zone.settle(&[(3_288_402.0, 522_836.6), (3_288_500.0, 522_900.0)]), Axes::NorthEast);
    let place = zone.to_wgs84(3_288_402.0, 522_836.6).unwrap();
    assert!((place.lon - 120.236).abs() < 1e-3);
    let mut degrees = Converter::new(Crs::Gcj02).unwrap();
    assert_eq!(degrees.settle(&[(29.7, 120.2)]), Axes::NorthEast);
    assert_eq!(degrees.settle(&[(120.2, 29.7), (29.7, 120.2)]), Axes::EastNorth, "one place in order is enough");
}

#[test]
fn old_national_datums_and_unknown_ones_are_refused() {
    for code in [4214, 2436, 4610, 2343, 4267] {
        assert!(matches!(Converter::new(Crs::Epsg(code)), Err(CrsError::NoShift(c)) if c == u32::from(code)), "{code}");
    }
}

#[test]
fn web_mercator_is_a_sphere() {
    // EPSG guidance note 7-2: x = a·λ, y = a·ln tan(45° + φ/2), a = 6,378,137.
    let place = to_wgs84(3857, 13_358_338.895_192_83, 3_503_549.843_504_376).unwrap();
    assert!((place.lon - 120.0).abs() < 1e-9 && (place.lat - 30.0).abs() < 1e-9, "{place:?}");
}

#[test]
fn the_published_pairs_hold_within_their_tolerances() {
    let Some(text) = read("data/coords/pairs.csv") else { return };
    let rows = rows(&text);
    for row in &rows {
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        let place = LonLat::new(number("in_lon"), number("in_lat"));
        let got = match row["op"].as_str() {
            "wgs2gcj" => wgs84_to_gcj02(place),
            "gcj2wgs" => gcj02_to_wgs84(place),
            "gcj2bd" => gcj02_to_bd09(place),
            _ => bd09_to_gcj02(place),
        };
        let off = (got.lon - number("out_lon")).abs().max((got.lat - number("out_lat")).abs());
        let one_step = row["note"].contains("one-step") || (row["op"] == "bd2gcj" && number("tolerance_deg") < 1e-6);
        if one_step {
            // The published inverse is one step of the formula; ours is the true inverse, some centimetres from it.
            assert!(distance_m(got, LonLat::new(number("out_lon"), number("out_lat"))) < 0.1, "{row:?} {got:?}");
        } else {
            assert!(off <= number("tolerance_deg"), "{row:?} {got:?}");
        }
    }
    assert_eq!(rows.len(), 15);
}

#[test]
fn places_in_china_agree_in_every_column_to_a_metre() {
    let Some(text) = read("data/coords/china_cities_crs.csv") else { return };
    let rows = rows(&text);
    assert_eq!(rows.len(), 664);
    let mercator = Converter::new(Crs::Epsg(3857)).unwrap();
    let bd_mercator = Converter::new(Crs::Bd09Mercator).unwrap();
    let gcj_mercator = Converter::new(Crs::Gcj02Mercator).unwrap();
    for row in &rows {
        let pair = |name: &str| LonLat::new(row[&format!("{name}_x")].parse().unwrap(), row[&format!("{name}_y")].parse().unwrap());
        let (wgs, gcj, bd) = (pair("WGS84"), pair("GCJ02"), pair("BD09"));
        let close = [
            ("wgs→gcj", wgs84_to_gcj02(wgs), gcj),
            ("gcj→wgs", gcj02_to_wgs84(gcj), wgs),
            ("gcj→bd", gcj02_to_bd09(gcj), bd),
            ("bd→gcj", bd09_to_gcj02(bd), gcj),
            ("wgs→bd", wgs84_to_bd09(wgs), bd),
            ("3857", mercator.to_wgs84(pair("EPSG3857").lon, pair("EPSG3857").lat).unwrap(), wgs),
            ("gcj mc", gcj_mercator.to_wgs84(pair("GCJ02MC").lon, pair("GCJ02MC").lat).unwrap(), wgs),
            ("bd mc", bd_mercator.to_wgs84(pair("BD09MC").lon, pair("BD09MC").lat).unwrap(), wgs),
        ];
        for (name, got, want) in close {
            assert!(distance_m(got, want) < 1.0, "{name} {} {got:?} {want:?} {}", row["name"], distance_m(got, want));
        }
    }
}

#[test]
fn the_reference_points_come_back_to_a_millimetre() {
    let Some(text) = read("reference/crs_china.json") else { return };
    let case: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = case["expected"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 24);
    for row in rows {
        let number = |name: &str| row[name].as_f64().unwrap();
        let pair = |name: &str| LonLat::new(row[name][0].as_f64().unwrap(), row[name][1].as_f64().unwrap());
        let place = LonLat::new(number("lon"), number("lat"));
        for (code, x, y) in [("epsg_3deg_cm", "east", "north"), ("epsg_6deg_cm", "east6", "north6")] {
            let code = number(code) as u16;
            let got = to_wgs84(code, number(x), number(y)).unwrap();
            assert!(distance_m(got, place) < 1e-3, "{code} {got:?} {place:?}");
            let numbered = gauss_kruger(code).unwrap().code(true);
            let zone = gauss_kruger(numbered).unwrap();
            let got = to_wgs84(numbered, number(x) - 500_000.0 + zone.false_easting_m(), number(y)).unwrap();
            assert!(distance_m(got, place) < 1e-3, "{numbered} {got:?} {place:?}");
        }
        let (gcj, bd) = (wgs84_to_gcj02(place), wgs84_to_bd09(place));
        assert!((gcj.lon - pair("gcj02").lon).abs() < 1e-9 && (gcj.lat - pair("gcj02").lat).abs() < 1e-9);
        assert!((bd.lon - pair("bd09").lon).abs() < 1e-9 && (bd.lat - pair("bd09").lat).abs() < 1e-9);
        assert!(distance_m(gcj02_to_wgs84(gcj), place) < 1e-3);
    }
}

#[test]
fn ten_thousand_places_in_china_come_back_under_a_millimetre() {
    let mut state = 20_261_124_u64;
    let mut dice = || {
        // xorshift64*, Vigna 2016
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut worst = 0.0_f64;
    for _ in 0..10_000 {
        let place = LonLat::new(74.0 + 60.0 * dice(), 18.0 + 35.0 * dice());
        worst = worst.max(distance_m(gcj02_to_wgs84(wgs84_to_gcj02(place)), place));
        worst = worst.max(distance_m(shifts::bd09_to_wgs84(wgs84_to_bd09(place)), place));
    }
    let meridian = LonLat::new(105.0, 35.0);
    worst = worst.max(distance_m(gcj02_to_wgs84(wgs84_to_gcj02(meridian)), meridian));
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn outside_the_box_gcj02_is_wgs84() {
    for place in [LonLat::new(-104.9903, 39.7392), LonLat::new(153.0251, -27.4698), LonLat::new(72.0, 40.0)] {
        assert_eq!(wgs84_to_gcj02(place), place);
        assert_eq!(gcj02_to_wgs84(place), place);
    }
}

#[test]
fn feet_of_new_york_agree_with_the_citys_own_degrees() {
    // One row of NYC Open Data 311, 2022-05-01: whole feet, so half a foot and a bit.
    let place = to_wgs84(2263, 1_005_536.0, 241_916.0).unwrap();
    assert!(distance_m(place, LonLat::new(-73.923_082_310_331_65, 40.830_653_319_875_39)) < 0.02, "{place:?}");
    let Some(text) = read("data/nyc/nyc_311_2022-05-01.csv") else { return };
    let mut n = 0;
    for row in rows(&text) {
        let number = |name: &str| row[name].parse::<f64>().ok();
        let (Some(x), Some(y)) = (number("X Coordinate (State Plane)"), number("Y Coordinate (State Plane)")) else { continue };
        let place = LonLat::new(number("Longitude").unwrap(), number("Latitude").unwrap());
        let off = distance_m(to_wgs84(2263, x, y).unwrap(), place);
        assert!(off < 0.02, "{off}");
        n += 1;
    }
    assert_eq!(n, 913);
}

#[test]
fn feet_of_san_francisco_agree_with_the_degrees_beside_them() {
    use std::io::Read as _;
    let base = std::env::var("MAPLEBRIDGE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    if read("data/sf/sf_blockgroups.geojson").is_none() {
        return;
    }
    let file = std::fs::read(format!("{base}/data/sf/sf_incidents.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file.as_slice()).read_to_string(&mut text).unwrap();
    let feet = Converter::new(Crs::Epsg(2227)).unwrap();
    let mut worst = 0.0_f64;
    for row in rows(&text) {
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        let place = LonLat::new(number("lon"), number("lat"));
        worst = worst.max(distance_m(feet.to_wgs84(number("geom_x_2227"), number("geom_y_2227")).unwrap(), place));
    }
    assert!(worst < 0.02, "{worst}");
}
