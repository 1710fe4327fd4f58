//! Which cells share a border, and how much of it.

use std::collections::BTreeMap;

use geo::{Coord, MultiPolygon};
use rstar::primitives::{GeomWithData, Line};
use rstar::{AABB, RTree};
use rustc_hash::FxHashMap;

use super::frame::metres_per_degree;

/// Two cells with a common border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedBorder {
    /// Position of the first cell in the list.
    pub a: usize,
    /// Position of the second, greater than `a`.
    pub b: usize,
    /// Length of the common border, metres.
    pub length_m: f64,
}

/// An edge and the cell it is of.
#[derive(Clone, Copy)]
struct Edge {
    cell: usize,
    a: Coord,
    b: Coord,
}

/// All pairs of cells that share a border of some length, by ascending positions. Touching in a point is not sharing.
///
/// * `snap_m` – edges that run beside each other within this distance count as one (0.05 is a good start); edges that
///   are equal are found without looking
///
/// O(edges · log).
pub fn shared_borders(cells: &[MultiPolygon], snap_m: f64) -> Vec<SharedBorder> {
    let mut lengths: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let mut add = |a: usize, b: usize, length_m: f64| *lengths.entry((a.min(b), a.max(b))).or_default() += length_m;
    let single = unmatched(cells, &mut add);
    let tree = RTree::bulk_load(single.iter().enumerate().map(|(i, e)| GeomWithData::new(Line::new([e.a.x, e.a.y], [e.b.x, e.b.y]), i)).collect());
    for (i, e) in single.iter().enumerate() {
        let scale = metres_per_degree(e.a.y);
        let [dx, dy] = scale.map(|s| snap_m / s);
        let window = AABB::from_corners([e.a.x.min(e.b.x) - dx, e.a.y.min(e.b.y) - dy], [e.a.x.max(e.b.x) + dx, e.a.y.max(e.b.y) + dy]);
        for f in tree.locate_in_envelope_intersecting(&window).filter(|f| f.data > i) {
            let f = &single[f.data];
            let length_m = if f.cell == e.cell { 0.0 } else { beside(e, f, scale, snap_m) };
            if length_m > snap_m.max(1e-3) {
                add(e.cell, f.cell, length_m);
            }
        }
    }
    lengths.into_iter().map(|((a, b), length_m)| SharedBorder { a, b, length_m }).collect()
}

/// Takes out the edges that two cells have in common to the bit; returns the others.
fn unmatched(cells: &[MultiPolygon], add: &mut impl FnMut(usize, usize, f64)) -> Vec<Edge> {
    let key = |c: Coord| [(c.x + 0.0).to_bits(), (c.y + 0.0).to_bits()];
    let mut open: FxHashMap<[[u64; 2]; 2], Edge> = FxHashMap::default();
    for (cell, shape) in cells.iter().enumerate() {
        let rings = shape.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
        for ends in rings.flat_map(|ring| ring.0.windows(2)).filter(|e| e[0] != e[1]) {
            let (a, b) = (ends[0], ends[1]);
            let both = [key(a).min(key(b)), key(a).max(key(b))];
            match open.get(&both) {
                Some(other) if other.cell != cell => {
                    add(other.cell, cell, length(a, b));
                    open.remove(&both);
                }
                _ => {
                    open.insert(both, Edge { cell, a, b });
                }
            }
        }
    }
    let mut single: Vec<Edge> = open.into_values().collect();
    single.sort_by(|e, f| e.cell.cmp(&f.cell).then(e.a.x.total_cmp(&f.a.x)).then(e.a.y.total_cmp(&f.a.y)).then(e.b.x.total_cmp(&f.b.x)));
    single
}

fn length(a: Coord, b: Coord) -> f64 {
    let [east, north] = metres_per_degree(f64::midpoint(a.y, b.y));
    ((b.x - a.x) * east).hypot((b.y - a.y) * north)
}

/// How much of `f` runs along `e` within `snap_m`.
fn beside(e: &Edge, f: &Edge, scale: [f64; 2], snap_m: f64) -> f64 {
    let metres = |c: Coord| [(c.x - e.a.x) * scale[0], (c.y - e.a.y) * scale[1]];
    let end = metres(e.b);
    let length_m = end[0].hypot(end[1]);
    let unit = [end[0] / length_m, end[1] / length_m];
    // (along e, off e) of the ends of f
    let on = |c: Coord| {
        let [x, y] = metres(c);
        [x * unit[0] + y * unit[1], y * unit[0] - x * unit[1]]
    };
    let (mut p, mut q) = (on(f.a), on(f.b));
    if p[0] > q[0] {
        std::mem::swap(&mut p, &mut q);
    }
    let (from, to) = (p[0].max(0.0), q[0].min(length_m));
    if to <= from {
        return 0.0;
    }
    let off = |along: f64| p[1] + (q[1] - p[1]) * (along - p[0]) / (q[0] - p[0]);
    if off(from).abs() <= snap_m && off(to).abs() <= snap_m { to - from } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::shared_data::{cells, read, rows};
    use crate::geom::{LonLat, distance_m, round7};

    fn rect(west: f64, south: f64, east: f64, north: f64) -> MultiPolygon {
        MultiPolygon::new(vec![geo::Rect::new((west, south), (east, north)).to_polygon()])
    }

    #[test]
    fn a_side_in_common_is_a_border_and_a_corner_is_none() {
        let cells = [rect(120.0, 30.0, 120.01, 30.01), rect(120.01, 30.0, 120.02, 30.01), rect(120.01, 30.01, 120.02, 30.02)];
        let borders = shared_borders(&cells, 0.05);
        let side = distance_m(LonLat::new(120.01, 30.0), LonLat::new(120.01, 30.01));
        let top = distance_m(LonLat::new(120.01, 30.01), LonLat::new(120.02, 30.01));
        assert_eq!(borders.iter().map(|s| (s.a, s.b)).collect::<Vec<_>>(), [(0, 1), (1, 2)]);
        assert!((borders[0].length_m - side).abs() < 1e-3 && (borders[1].length_m - top).abs() < 1e-3, "{borders:?}");
    }

    #[test]
    fn a_border_drawn_with_other_corners_is_a_border() {
        let cells = [rect(120.0, 30.0, 120.01, 30.01), rect(120.010_000_1, 30.005, 120.02, 30.015)];
        let borders = shared_borders(&cells, 0.05);
        let half = distance_m(LonLat::new(120.01, 30.005), LonLat::new(120.01, 30.01));
        assert!(borders.len() == 1 && (borders[0].length_m - half).abs() < 0.01, "{borders:?}");
        assert!(shared_borders(&cells, 0.001).is_empty());
    }

    #[test]
    fn villages_have_the_neighbours_of_their_topology() {
        let Some(text) = read("data/villages/yilan_keelung_villages.geojson") else { return };
        let Some(expected) = read("data/villages/yilan_keelung_neighbours.csv") else { return };
        let (keys, shapes): (Vec<String>, Vec<MultiPolygon>) = cells(&text, "VILLCODE").into_iter().map(|(k, s)| (k, round7(&s))).unzip();
        let found: std::collections::BTreeSet<[String; 2]> = shared_borders(&shapes, 0.05)
            .into_iter()
            .map(|s| [keys[s.a].clone().min(keys[s.b].clone()), keys[s.a].clone().max(keys[s.b].clone())])
            .collect();
        let header = expected.lines().next().unwrap();
        let names: Vec<&str> = header.trim_start_matches('\u{feff}').split(',').collect();
        let wanted: std::collections::BTreeSet<[String; 2]> = rows(&expected)
            .iter()
            .map(|row| [row[names[0]].clone(), row[names[1]].clone()])
            .map(|[a, b]| [a.clone().min(b.clone()), a.max(b)])
            .collect();
        assert_eq!((wanted.len(), &found), (1018, &wanted));
    }

    #[test]
    fn block_groups_that_share_a_border_are_among_those_that_touch() {
        let Some(text) = read("data/sf/sf_blockgroups.geojson") else { return };
        let Some(queen) = read("data/sf/sf_queen_neighbours.csv") else { return };
        let (keys, shapes): (Vec<String>, Vec<MultiPolygon>) = cells(&text, "GEO_ID").into_iter().map(|(k, s)| (k, round7(&s))).unzip();
        let touching: std::collections::HashSet<(String, String)> =
            rows(&queen).iter().map(|row| (row["GEO_ID"].clone(), row["neighbour"].clone())).collect();
        let found = shared_borders(&shapes, 0.05);
        // GEOS counts 1,532 on the unrounded layer, where five pairs overlap by under 1 cm²; here the shortest is 14.8 m long.
        assert_eq!(found.len(), 1536);
        let strange: Vec<&SharedBorder> = found
            .iter()
            .filter(|s| !touching.contains(&(keys[s.a].clone(), keys[s.b].clone())) && !touching.contains(&(keys[s.b].clone(), keys[s.a].clone())))
            .collect();
        assert_eq!(strange, Vec::<&SharedBorder>::new());
    }
}
