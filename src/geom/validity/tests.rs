//! Verdicts of GEOS, by hand and over its own suite.

use geo::Area;
use proptest::prelude::*;

use super::repair::make_valid;
use super::*;
use crate::geom::shared_data::{read, rows, wkt};

fn kinds(text: &str) -> Vec<FlawKind> {
    validate(&wkt(text)).into_iter().map(|flaw| flaw.kind).collect()
}

#[test]
fn a_bowtie_crosses_in_its_middle() {
    let flaws = validate(&wkt("POLYGON ((0 40, 0 0, 40 40, 40 0, 0 40))"));
    assert_eq!(flaws, [Flaw { kind: FlawKind::SelfIntersection, at: LonLat::new(20.0, 20.0) }]);
    assert_eq!(flaws[0].to_string(), "the boundary crosses, touches or runs along itself at 20 20");
}

#[test]
fn each_flaw_has_its_name() {
    use FlawKind::*;
    let square = "(0 0, 9 0, 9 9, 0 9, 0 0)";
    assert_eq!(kinds(&format!("POLYGON ({square})")), []);
    assert_eq!(kinds("POLYGON ((0 0, 1 1, 0 0))"), [TooFewPoints]);
    assert_eq!(kinds("POLYGON ((0 0, 1 NaN, 1 1, 0 0))"), [NotFinite]);
    assert_eq!(kinds("LINESTRING (1 1, 1 1)"), [TooFewPoints]);
    assert_eq!(kinds(&format!("POLYGON ({square}, (20 20, 21 20, 21 21, 20 20))")), [HoleOutside]);
    assert_eq!(kinds(&format!("POLYGON ({square}, (1 1, 8 1, 8 8, 1 1), (4 2, 6 2, 6 3, 4 2))")), [NestedHoles]);
    assert_eq!(kinds(&format!("MULTIPOLYGON (({square}), ((1 1, 2 1, 2 2, 1 1)))")), [NestedShells]);
    assert_eq!(kinds(&format!("POLYGON ({square}, (0 4, 9 4, 5 5, 0 4))")), [DisconnectedInterior]);
}

#[test]
fn a_shell_may_touch_itself_only_through_a_hole() {
    assert_eq!(kinds("POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (0 0, 4 2, 2 4, 0 0))"), []);
    assert_eq!(kinds("POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0, 2 4, 4 2, 0 0))"), [FlawKind::SelfIntersection]);
}

#[test]
fn a_touch_in_the_middle_of_an_edge_is_allowed_and_a_crossing_there_is_not() {
    assert_eq!(kinds("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((4 2, 6 1, 6 3, 4 2)))"), []);
    assert_eq!(kinds("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((3 2, 4 2, 6 1, 6 3, 3 2)))")[0], FlawKind::SelfIntersection);
}

#[test]
fn the_verdict_is_that_of_geos_for_its_whole_suite() {
    let Some(text) = read("data/messy/validity_cases.csv") else { return };
    let rows = rows(&text);
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| validate(&wkt(&row["wkt"])).is_empty() != (row["expected_valid"] == "true"))
        .map(|row| format!("{} {}", row["id"], row["description"]))
        .collect();
    assert_eq!((rows.len(), wrong), (90, vec![]));
}

#[test]
fn a_repair_has_the_area_that_geos_gives_it() {
    let Some(text) = read("data/messy/validity_cases.csv") else { return };
    let mut differs = Vec::new();
    for row in rows(&text).iter().filter(|row| row["wkt"].contains("POLYGON") && row["make_valid_type"] != "error") {
        let parts = match wkt(&row["wkt"]) {
            Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon]),
            Geometry::MultiPolygon(parts) => parts,
            _ => continue,
        };
        let Ok(repaired) = make_valid(&parts) else {
            differs.push(format!("{} failed", row["id"]));
            continue;
        };
        let expected: f64 = row["make_valid_area"].parse().unwrap();
        let area = repaired.unsigned_area();
        // The file gives six decimals.
        if (area - expected).abs() > 6e-7_f64.max(1e-9 * expected) {
            differs.push(format!("{} {area} {expected}", row["id"]));
        }
        assert!(is_valid(&repaired), "{} {:?}", row["id"], validate(&Geometry::MultiPolygon(repaired)));
    }
    // 51: three squares and a collapsed one round an empty middle. GEOS takes the collapsed line for the fourth side and
    // fills the middle; we leave it out.
    assert_eq!(differs, ["51 19200 25600"]);
}

#[test]
fn a_repair_says_what_it_did_to_the_area() {
    // Two triangles of a bowtie 0.01° wide; as drawn their areas cancel.
    let bowtie = wkt("POLYGON ((120 30, 120.01 30.01, 120.01 30, 120 30.01, 120 30))");
    let repaired = repair(&bowtie).unwrap();
    assert_eq!(repaired.geometry.0.len(), 2);
    assert!(validate(&Geometry::MultiPolygon(repaired.geometry.clone())).is_empty());
    assert!(repaired.area_before_m2 < 100.0, "{}", repaired.area_before_m2);
    assert!((repaired.change_m2() - 534_800.0).abs() < 1_000.0, "{}", repaired.change_m2());
    assert_eq!(repair(&wkt("POINT (1 1)")), Err(RepairError::NotPolygons));
    assert_eq!(repair(&wkt("POLYGON ((0 0, 1 NaN, 1 1, 0 0))")), Err(RepairError::NotFinite));
}

#[test]
fn what_is_valid_is_not_touched_by_a_repair() {
    let Some(text) = read("data/villages/yilan_keelung_villages.geojson") else { return };
    let mut invalid = Vec::new();
    for (key, shape) in crate::geom::shared_data::cells(&text, "VILLCODE") {
        let shape = crate::geom::round7(&shape);
        if is_valid(&shape) {
            let repaired = repair(&Geometry::MultiPolygon(shape)).unwrap();
            assert!(repaired.change_m2().abs() < 1e-2, "{key} {}", repaired.change_m2());
        } else {
            let repaired = repair(&Geometry::MultiPolygon(shape)).unwrap();
            assert!(is_valid(&repaired.geometry));
            invalid.push(key);
        }
    }
    assert_eq!(invalid, ["10002110007"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_drawn_can_be_repaired(points in prop::collection::vec((0_i32..40, 0_i32..40), 4..14)) {
        let line = LineString::from(points.iter().map(|(x, y)| (120.0 + f64::from(*x) * 1e-4, 30.0 + f64::from(*y) * 1e-4)).collect::<Vec<_>>());
        let shape = Geometry::Polygon(Polygon::new(line, vec![]));
        match repair(&shape) {
            Ok(repaired) => {
                prop_assert!(is_valid(&repaired.geometry));
                prop_assert_eq!(repair(&shape), Ok(repaired), "twice the same, to the corner where it begins");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_star_around_its_centre_is_valid(radii in prop::collection::vec(1.0..9.0_f64, 3..40)) {
        let n = radii.len() as f64;
        let points = radii.iter().enumerate().map(|(i, r)| {
            let angle = std::f64::consts::TAU * i as f64 / n;
            (r * angle.cos(), r * angle.sin())
        });
        let star = Geometry::Polygon(Polygon::new(Iterator::collect::<LineString>(points), vec![]));
        prop_assert_eq!(validate(&star), vec![]);
    }
}
