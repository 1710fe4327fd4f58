//! From which zoom on each corner is drawn.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Placed, Ring, TAKEN_UP, World};

/// A corner is drawn from the zoom on at which its effective area (Visvalingam & Whyatt 1993) is 16 square tile units, a
/// quarter of a CSS pixel where a tile is 512 pixels wide. In doubled world units: 2 · 16 · (2^(20 − z))² = 2^(45 − 2z).
const TWICE_AREA_AT_ZOOM_0_LOG2: u32 = 45;

impl super::Coverage {
    /// The rings with the zoom of each corner, from the edges of all shapes around.
    pub(super) fn reweigh(placed: &Placed, around: &[&Placed]) -> Vec<Ring> {
        let nodes = nodes(placed, around);
        let weigh = |ring: &Ring| {
            let mut ring = ring.clone();
            let zooms = zooms(&ring.corners, &nodes);
            for (mark, zoom) in ring.marks.iter_mut().zip(zooms) {
                *mark = *mark & TAKEN_UP | zoom;
            }
            ring
        };
        placed.rings.iter().map(weigh).collect()
    }
}

/// The corners in reach of a shape where other than two edges meet, sorted. Who uses an edge does not matter: where two
/// edges meet, whoever comes by one leaves by the other.
fn nodes(placed: &Placed, around: &[&Placed]) -> Vec<World> {
    let mut ends: Vec<(World, World)> = Vec::new();
    for (a, b) in around.iter().flat_map(|p| &p.rings).flat_map(Ring::edges) {
        ends.extend([(a, b), (b, a)].into_iter().filter(|(end, _)| placed.reach.holds(*end)));
    }
    ends.sort_unstable();
    ends.dedup();
    ends.chunk_by(|a, b| a.0 == b.0).filter(|edges| edges.len() != 2).map(|edges| edges[0].0).collect()
}

/// The zoom of each corner of a ring: 0 at nodes. A ring without nodes is cut at its first and last corner in the order
/// of positions, which all who share it agree on.
fn zooms(ring: &[World], nodes: &[World]) -> Vec<u8> {
    let n = ring.len();
    let mut cuts: Vec<usize> = (0..n).filter(|&i| nodes.binary_search(&ring[i]).is_ok()).collect();
    if cuts.is_empty() {
        let first = (0..n).min_by_key(|&i| ring[i]).unwrap_or(0);
        let last = (0..n).max_by_key(|&i| ring[i]).unwrap_or(0);
        cuts = vec![first.min(last), first.max(last)];
    }
    let mut zooms = vec![0; n];
    for (k, &from) in cuts.iter().enumerate() {
        let to = cuts[(k + 1) % cuts.len()];
        let steps = if to > from { to - from } else { to + n - from };
        let mut arc: Vec<World> = (from..=from + steps).map(|i| ring[i % n]).collect();
        let turned = arc.iter().rev().lt(arc.iter());
        if turned {
            arc.reverse();
        }
        for (i, zoom) in thin(&arc, nodes).into_iter().enumerate().take(steps).skip(1) {
            zooms[(from + if turned { steps - i } else { i }) % n] = zoom;
        }
    }
    zooms
}

/// The zoom of each corner of an arc: the corner of the smallest triangle goes first, none gets a smaller area than one
/// that went before. A corner whose triangle holds a node stays for good, so that no node changes sides.
fn thin(arc: &[World], nodes: &[World]) -> Vec<u8> {
    let n = arc.len();
    let mut zooms = vec![0; n];
    let (mut before, mut after): (Vec<usize>, Vec<usize>) = ((0..n).map(|i| i.saturating_sub(1)).collect(), (1..=n).collect());
    let mut area = vec![u64::MAX; n];
    let mut heap = BinaryHeap::with_capacity(n);
    for i in 1..n.saturating_sub(1) {
        area[i] = twice_area(arc[i - 1], arc[i], arc[i + 1]);
        heap.push(Reverse((area[i], i)));
    }
    let mut least = 0;
    while let Some(Reverse((size, i))) = heap.pop() {
        if size != area[i] {
            continue;
        }
        area[i] = u64::MAX;
        let (b, a) = (before[i], after[i]);
        if holds_node(arc[b], arc[i], arc[a], nodes) {
            continue;
        }
        least = size.max(least);
        zooms[i] = zoom_of(least);
        (after[b], before[a]) = (a, b);
        for j in [b, a] {
            if j > 0 && j < n - 1 && area[j] != u64::MAX {
                area[j] = twice_area(arc[before[j]], arc[j], arc[after[j]]);
                heap.push(Reverse((area[j], j)));
            }
        }
    }
    zooms
}

/// The lowest zoom at which twice an area is enough; 23, never, for one that is never.
fn zoom_of(twice_area: u64) -> u8 {
    match twice_area.checked_ilog2() {
        None => 23,
        Some(log2) => TWICE_AREA_AT_ZOOM_0_LOG2.saturating_sub(log2).div_ceil(2) as u8,
    }
}

fn cross(a: World, b: World, c: World) -> i128 {
    let d = |p: u32, q: u32| i128::from(q) - i128::from(p);
    d(a.x, b.x) * d(a.y, c.y) - d(a.y, b.y) * d(a.x, c.x)
}

fn twice_area(a: World, b: World, c: World) -> u64 {
    // below u64::MAX, which means "not in the running"
    u64::try_from(cross(a, b, c).unsigned_abs()).unwrap_or(u64::MAX).min(u64::MAX - 1)
}

/// Whether a node other than its corners lies in or on the triangle.
fn holds_node(a: World, b: World, c: World, nodes: &[World]) -> bool {
    let (west, east) = (a.x.min(b.x).min(c.x), a.x.max(b.x).max(c.x));
    let first = nodes.partition_point(|p| p.x < west);
    nodes[first..].iter().take_while(|p| p.x <= east).any(|&p| {
        let sides = [cross(a, b, p), cross(b, c, p), cross(c, a, p)];
        let inside = sides.iter().all(|s| *s >= 0) || sides.iter().all(|s| *s <= 0);
        let north_south = p.y >= a.y.min(b.y).min(c.y) && p.y <= a.y.max(b.y).max(c.y);
        inside && north_south && p != a && p != b && p != c
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(places: &[(u32, u32)]) -> Vec<World> {
        places.iter().map(|&(x, y)| World { x, y }).collect()
    }

    #[test]
    fn a_corner_shows_from_the_zoom_where_it_is_a_quarter_of_a_pixel() {
        // at zoom 20 a tile unit is a world unit: 16 square units are twice 16 = 32 doubled
        assert_eq!([31, 32, 33, 127, 128].map(zoom_of), [21, 20, 20, 20, 19]);
        assert_eq!([0, 1, 1 << 45, u64::MAX].map(zoom_of), [23, 23, 0, 0]);
    }

    #[test]
    fn the_flattest_corner_goes_first_and_nodes_keep_their_side() {
        let arc = line(&[(0, 0), (100, 10), (200, 0), (300, 1000), (400, 0)]);
        let free = thin(&arc, &[]);
        assert!(free[1] > free[2] && free[2] >= free[3]);
        assert_eq!(thin(&arc, &[World { x: 100, y: 5 }])[1], 0);
    }

    #[test]
    fn a_ring_has_the_same_zooms_from_any_start_and_in_both_directions() {
        let ring = line(&[(50, 0), (90, 20), (100, 70), (60, 110), (20, 100), (0, 40), (20, 15)]);
        let nodes = [World { x: 20, y: 100 }];
        for nodes in [&nodes[..], &[]] {
            let expected: Vec<_> = ring.iter().copied().zip(zooms(&ring, nodes)).collect();
            let mut turned = ring.clone();
            turned.reverse();
            turned.rotate_left(3);
            let mut got: Vec<_> = turned.iter().copied().zip(zooms(&turned, nodes)).collect();
            got.rotate_right(3);
            got.reverse();
            assert_eq!(got, expected);
        }
    }
}
