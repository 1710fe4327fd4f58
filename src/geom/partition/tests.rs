//! Small drawings, real sets, and the law that a partition has neither overlap nor gap.

use geo::{Area, LineString, polygon};
use proptest::prelude::*;

use super::*;
use crate::geom::shared_data::{cells, read};
use crate::geom::{area_m2, round7, validate};

fn rect(west: f64, south: f64, east: f64, north: f64) -> MultiPolygon {
    MultiPolygon::new(vec![Rect::new((west, south), (east, north)).to_polygon()])
}

/// A grid of n × n cells of 0.01° with corners moved about, each border shared to the bit; `bends` corners between.
fn grid(n: usize, seed: u64, bends: usize) -> Vec<MultiPolygon> {
    let dice = |i: usize, j: usize, k: u64| {
        let mut h = seed
            ^ (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ^ (j as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
            ^ k.wrapping_mul(0x1656_67B1_9E37_79F9);
        h ^= h >> 31;
        h = h.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        h ^= h >> 29;
        (h % 1000) as f64 / 1000.0 - 0.5
    };
    let corner = |i: usize, j: usize| (120.0 + 0.01 * (i as f64 + 0.4 * dice(i, j, 1)), 30.0 + 0.01 * (j as f64 + 0.4 * dice(i, j, 2)));
    let side = |a: (usize, usize), b: (usize, usize)| -> Vec<(f64, f64)> {
        let (lo, hi) = (a.min(b), a.max(b));
        let (p, q) = (corner(lo.0, lo.1), corner(hi.0, hi.1));
        let mut points: Vec<(f64, f64)> = (0..=bends)
            .map(|k| {
                let t = k as f64 / (bends + 1) as f64;
                let bend = if k == 0 { 0.0 } else { 0.0004 * dice(lo.0 * 31 + hi.0, lo.1 * 31 + hi.1, 3 + k as u64) };
                (p.0 + t * (q.0 - p.0) + bend, p.1 + t * (q.1 - p.1) + bend)
            })
            .collect();
        if a > b {
            points.push(q);
            points.reverse();
            points.pop();
        }
        points
    };
    let cell = |i: usize, j: usize| {
        let around = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)];
        let ring: Vec<(f64, f64)> = around.windows(2).flat_map(|e| side(e[0], e[1])).collect();
        round7(&MultiPolygon::new(vec![Polygon::new(LineString::from(ring), vec![])]))
    };
    (0..n * n).map(|k| cell(k % n, k / n)).collect()
}

#[test]
fn a_common_patch_is_told_with_its_size_and_place() {
    let cells = [rect(120.0, 30.0, 120.01, 30.01), rect(120.009, 30.0, 120.02, 30.01), rect(120.02, 30.0, 120.03, 30.01)];
    let found = overlaps(&cells, Tolerance::default());
    assert_eq!(found.len(), 1);
    let Overlap { a, b, area_m2, mean_width_m, at } = found[0];
    assert_eq!((a, b), (0, 1));
    let patch = super::super::area_m2(&rect(120.009, 30.0, 120.01, 30.01));
    assert!((area_m2 / patch - 1.0).abs() < 1e-5, "{area_m2} {patch}");
    assert!((mean_width_m - 88.7).abs() < 1.0, "{mean_width_m}");
    assert!(at.lon > 120.009 && at.lon < 120.01, "{at:?}");
}

#[test]
fn a_cell_cut_back_to_its_neighbour_leaves_neither_overlap_nor_gap() {
    let (west, east) = (rect(120.0, 30.0, 120.01, 30.01), rect(120.009, 30.002, 120.02, 30.008));
    let cut = cut_back(&east, &west, Tolerance::default()).unwrap();
    assert_eq!(overlaps(&[west.clone(), cut.clone()], Tolerance::default()), []);
    assert!((area_m2(&cut) / area_m2(&rect(120.01, 30.002, 120.02, 30.008)) - 1.0).abs() < 1e-9);
    assert_eq!(cut_back(&rect(120.001, 30.001, 120.002, 30.002), &west, Tolerance::default()), None, "nothing is left of it");
}

#[test]
fn a_sliver_along_a_border_is_no_overlap_and_no_gap() {
    // 3 × 1e-7° is 3 cm, along 1.1 km: 32 m², but 3 cm wide.
    let over = [rect(120.0, 30.0, 120.01, 30.01), rect(120.009_999_7, 30.0, 120.02, 30.01)];
    assert_eq!(overlaps(&over, Tolerance::default()), []);
    assert_eq!(overlaps(&over, Tolerance { width_m: 0.01, ..Tolerance::default() }).len(), 1);
    let holed = [
        rect(120.0, 30.0, 120.01, 30.01),
        rect(120.010_000_3, 30.0, 120.02, 30.01),
        rect(120.0, 30.01, 120.02, 30.02),
        rect(120.0, 29.99, 120.02, 30.0),
    ];
    assert_eq!(gaps(&holed, None, Tolerance::default(), None), []);
    assert_eq!(gaps(&holed, None, Tolerance { width_m: 0.01, ..Tolerance::default() }, None).len(), 1);
}

#[test]
fn a_cell_drawn_twice_and_a_cell_inside_another_are_overlaps() {
    let outer = rect(120.0, 30.0, 120.01, 30.01);
    let cells = [outer.clone(), outer, rect(120.002, 30.002, 120.004, 30.004)];
    let pairs: Vec<(usize, usize)> = overlaps(&cells, Tolerance::default()).iter().map(|o| (o.a, o.b)).collect();
    assert_eq!(pairs, [(0, 1), (0, 2), (1, 2)]);
}

#[test]
fn a_chord_between_shared_corners_is_seen() {
    // The right cell has a notch; the left cell shares its two sides beside the notch, but cuts across its corner into the right cell.
    let right = polygon![(x: 120.01, y: 30.0), (x: 120.03, y: 30.0), (x: 120.03, y: 30.03), (x: 120.01, y: 30.03), (x: 120.01, y: 30.02), (x: 120.005, y: 30.015), (x: 120.01, y: 30.01)];
    let left = polygon![(x: 120.0, y: 30.0), (x: 120.01, y: 30.0), (x: 120.01, y: 30.01), (x: 120.01, y: 30.02), (x: 120.01, y: 30.03), (x: 120.0, y: 30.03)];
    let found = overlaps(&[MultiPolygon::new(vec![left]), MultiPolygon::new(vec![right])], Tolerance::default());
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_missing_cell_is_a_gap_unless_it_is_wider_than_asked() {
    let mut cells = grid(5, 7, 2);
    let middle = cells.remove(12);
    let found = gaps(&cells, None, Tolerance::default(), None);
    assert_eq!(found.len(), 1);
    assert!((found[0].area_m2 / area_m2(&middle) - 1.0).abs() < 1e-5);
    assert!(!geo::Contains::contains(&cells[11], &geo::Point::from(found[0].at)));
    assert!(geo::Contains::contains(&middle, &geo::Point::from(found[0].at)));
    assert_eq!(gaps(&cells, None, Tolerance::default(), Some(100.0)), []);
}

#[test]
fn a_gap_at_the_edge_is_seen_when_the_area_is_given() {
    let mut cells = grid(3, 3, 1);
    let area = union(&cells);
    let corner = cells.remove(0);
    assert_eq!(gaps(&cells, None, Tolerance::default(), None), []);
    let found = gaps(&cells, Some(&area), Tolerance::default(), None);
    assert!(found.len() == 1 && (found[0].area_m2 / area_m2(&corner) - 1.0).abs() < 1e-5);
}

#[test]
fn what_lies_outside_the_parent_is_measured() {
    let parent = rect(120.0, 30.0, 120.02, 30.02);
    assert_eq!(outlying(&rect(120.0, 30.0, 120.01, 30.01), &parent, Tolerance::default()), None);
    assert_eq!(outlying(&rect(119.999_999_8, 30.0, 120.01, 30.01), &parent, Tolerance::default()), None);
    let out = outlying(&rect(119.999, 30.0, 120.01, 30.01), &parent, Tolerance::default()).unwrap();
    assert!((out.area_m2 / area_m2(&rect(119.999, 30.0, 120.0, 30.01)) - 1.0).abs() < 1e-5);
    assert!(out.at.lon < 120.0);
}

#[test]
fn the_county_polygons_and_block_groups_have_the_published_overlaps_and_gaps() {
    let Some(text) = read("data/zhuji/shaoxing_counties_gcj02.geojson") else { return };
    let counties: Vec<MultiPolygon> = cells(&text, "name").iter().map(|(_, s)| round7(s)).collect();
    assert_eq!((counties.len(), overlaps(&counties, Tolerance::default()).len()), (6, 0));
    assert_eq!(gaps(&counties, None, Tolerance::default(), None), []);
    let total: f64 = counties.iter().map(area_m2).sum();
    assert!((total / 8_284.372e6 - 1.0).abs() < 2e-3, "{total}");
    assert!((area_m2(&union(&counties)) / total - 1.0).abs() < 1e-6);
    let Some(text) = read("data/sf/sf_blockgroups.geojson") else { return };
    let groups: Vec<MultiPolygon> = cells(&text, "GEO_ID").iter().map(|(_, s)| round7(s)).collect();
    assert_eq!(overlaps(&groups, Tolerance::default()), []);
    let Some(text) = read("data/villages/yilan_keelung_villages.geojson") else { return };
    let villages: Vec<MultiPolygon> = cells(&text, "VILLCODE").iter().map(|(_, s)| round7(s)).collect();
    assert_eq!(overlaps(&villages, Tolerance::default()), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_partition_has_no_overlap_and_no_gap_and_its_areas_add_up(seed in any::<u64>(), bends in 0_usize..4) {
        let cells = grid(5, seed, bends);
        for cell in &cells {
            prop_assume!(validate(&geo::Geometry::MultiPolygon(cell.clone())).is_empty());
        }
        prop_assert_eq!(overlaps(&cells, Tolerance::default()), vec![]);
        prop_assert_eq!(gaps(&cells, None, Tolerance::default(), None), vec![]);
        let whole = union(&cells);
        prop_assert_eq!(whole.0.len(), 1);
        let sum: f64 = cells.iter().map(Area::unsigned_area).sum();
        prop_assert!((whole.unsigned_area() / sum - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_quick_look_never_hides_an_overlap(seed in any::<u64>(), bends in 0_usize..3, shift in 0_usize..9) {
        let mut cells = grid(3, seed, bends);
        for cell in &cells {
            prop_assume!(validate(&geo::Geometry::MultiPolygon(cell.clone())).is_empty());
        }
        // Move one corner of one cell inwards or outwards, so that it leaves its neighbours or enters them.
        let shell = cells[shift].0[0].exterior().clone();
        let mut moved = shell.0.clone();
        let k = seed as usize % (moved.len() - 1);
        moved[k].x += 0.001;
        let last = moved.len() - 1;
        if k == 0 { moved[last] = moved[0]; }
        let shape = MultiPolygon::new(vec![Polygon::new(LineString(moved), vec![])]);
        prop_assume!(validate(&geo::Geometry::MultiPolygon(shape.clone())).is_empty());
        cells[shift] = shape;
        let mut exact = Vec::new();
        for a in 0..9 {
            for b in a + 1..9 {
                if judged(&cells[a].intersection(&cells[b]), Tolerance::default()).is_some() { exact.push((a, b)); }
            }
        }
        let quick: Vec<(usize, usize)> = overlaps(&cells, Tolerance::default()).iter().map(|o| (o.a, o.b)).collect();
        prop_assert_eq!(quick, exact);
    }
}
