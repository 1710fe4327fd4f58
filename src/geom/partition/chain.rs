//! Cells as sums of directed edges: what two neighbours share cancels.

use geo::{Coord, LineString, MultiPolygon};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::geom::ring::{Side, side_of, winding};

type Bits = [u64; 2];

fn bits(c: Coord) -> Bits {
    // 0.0 and -0.0 are one place.
    [(c.x + 0.0).to_bits(), (c.y + 0.0).to_bits()]
}

fn coord(b: Bits) -> Coord {
    Coord { x: f64::from_bits(b[0]), y: f64::from_bits(b[1]) }
}

/// All edges of a shape with its inside on the left.
fn edges(shape: &MultiPolygon) -> impl Iterator<Item = (Bits, Bits)> + '_ {
    shape.iter().flat_map(|part| {
        let rings = std::iter::once((part.exterior(), true)).chain(part.interiors().iter().map(|hole| (hole, false)));
        rings.flat_map(|(ring, is_shell)| {
            let forward = (winding(&ring.0) > 0.0) == is_shell;
            let edges = ring.0.windows(2).map(|e| (bits(e[0]), bits(e[1]))).filter(|(a, b)| a != b);
            edges.map(move |(a, b)| if forward { (a, b) } else { (b, a) })
        })
    })
}

/// The closed loops that are left when edges used in both directions cancel; insides on the left.
pub(super) fn outlines(cells: &[MultiPolygon]) -> Vec<LineString> {
    let mut count: FxHashMap<(Bits, Bits), u32> = FxHashMap::default();
    for (a, b) in cells.iter().flat_map(edges) {
        match count.get_mut(&(b, a)) {
            Some(n) if *n > 0 => *n -= 1,
            _ => *count.entry((a, b)).or_default() += 1,
        }
    }
    let mut left: Vec<(Bits, Bits)> = count.into_iter().flat_map(|(edge, n)| std::iter::repeat_n(edge, n as usize)).collect();
    left.sort_unstable();
    loops(left)
}

/// Walks edges into closed loops. As many edges leave a corner as arrive, so a walk ends only where it began.
fn loops(edges: Vec<(Bits, Bits)>) -> Vec<LineString> {
    let mut next: FxHashMap<Bits, Vec<Bits>> = FxHashMap::default();
    for (a, b) in edges.iter().rev() {
        next.entry(*a).or_default().push(*b);
    }
    let mut out = Vec::new();
    for (start, _) in edges {
        while let Some(mut at) = next.get_mut(&start).and_then(Vec::pop) {
            let mut line = vec![coord(start), coord(at)];
            while at != start {
                let Some(onward) = next.get_mut(&at).and_then(Vec::pop) else { break };
                at = onward;
                line.push(coord(at));
            }
            out.push(LineString(line));
        }
    }
    out
}

/// Whether two valid cells are certain to have no common inside, by a look at their edges.
///
/// So they are when each is one part, they share an edge in opposite directions, their other edges meet only in corners
/// of shared ones, and none of those lies in the other cell: then no boundary enters the other's inside.
pub(super) fn only_borders(a: &MultiPolygon, b: &MultiPolygon) -> bool {
    if a.0.len() != 1 || b.0.len() != 1 {
        return false;
    }
    let of_b: FxHashSet<(Bits, Bits)> = edges(b).collect();
    let (twins, own): (Vec<_>, Vec<_>) = edges(a).partition(|(from, to)| of_b.contains(&(*to, *from)));
    if twins.is_empty() {
        return false;
    }
    let shared: FxHashSet<(Bits, Bits)> = twins.iter().map(|(from, to)| (*to, *from)).collect();
    let corners: FxHashSet<Bits> = twins.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let theirs: Vec<(Bits, Bits)> = of_b.into_iter().filter(|edge| !shared.contains(edge)).collect();
    let own: Vec<Segment> = own.iter().map(|edge| Segment::new(edge, &corners)).collect();
    let theirs: Vec<Segment> = theirs.iter().map(|edge| Segment::new(edge, &corners)).collect();
    apart(&own, &theirs) && stays_out(&own, b) && stays_out(&theirs, a)
}

/// An edge that is not shared, and which of its ends are corners of shared ones.
struct Segment {
    ends: [Coord; 2],
    on_shared: [bool; 2],
}

impl Segment {
    fn new(edge: &(Bits, Bits), corners: &FxHashSet<Bits>) -> Self {
        Self { ends: [coord(edge.0), coord(edge.1)], on_shared: [corners.contains(&edge.0), corners.contains(&edge.1)] }
    }
}

/// No two edges of the lists have meeting boxes, other than those that have a corner of shared edges in common.
fn apart(own: &[Segment], theirs: &[Segment]) -> bool {
    let least = |s: &Segment| s.ends[0].x.min(s.ends[1].x);
    let mut theirs: Vec<&Segment> = theirs.iter().collect();
    theirs.sort_by(|s, t| least(s).total_cmp(&least(t)));
    own.iter().all(|e| {
        let (right, low, high) = (e.ends[0].x.max(e.ends[1].x), e.ends[0].y.min(e.ends[1].y), e.ends[0].y.max(e.ends[1].y));
        let before = theirs.iter().take_while(|f| least(f) <= right);
        let mut near = before
            .filter(|f| f.ends[0].x.max(f.ends[1].x) >= least(e) && f.ends[0].y.max(f.ends[1].y) >= low && f.ends[0].y.min(f.ends[1].y) <= high);
        near.all(|f| (0..2).any(|i| (0..2).any(|j| e.on_shared[i] && e.ends[i] == f.ends[j])))
    })
}

/// No edge that leaves a corner of shared ones goes into the other cell, or along its boundary.
fn stays_out(segments: &[Segment], other: &MultiPolygon) -> bool {
    segments.iter().filter(|s| s.on_shared.contains(&true)).all(|s| {
        let middle = Coord { x: f64::midpoint(s.ends[0].x, s.ends[1].x), y: f64::midpoint(s.ends[0].y, s.ends[1].y) };
        let part = &other.0[0];
        match side_of(&part.exterior().0, middle) {
            Side::Outside => true,
            Side::Boundary => false,
            Side::Inside => part.interiors().iter().any(|hole| side_of(&hole.0, middle) == Side::Inside),
        }
    })
}
