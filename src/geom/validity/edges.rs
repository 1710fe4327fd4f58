//! Where edges meet: crossings and overlaps are flaws, touches of different rings are kept for `nesting`.

use std::collections::HashSet;

use geo::Coord;

use super::{ENOUGH, Flaw, FlawKind, Ring};
use crate::geom::ring::{between, turn};

/// Two different rings have a point in common and do not cross there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touch {
    pub(super) rings: [usize; 2],
    pub(super) at: Coord,
}

#[derive(Default)]
pub(super) struct Meetings {
    pub(super) flaws: Vec<Flaw>,
    pub(super) touches: Vec<Touch>,
}

/// An edge: ring and number of its first point.
#[derive(Clone, Copy)]
struct Edge {
    ring: usize,
    index: usize,
    a: Coord,
    b: Coord,
}

enum Meeting {
    Crossing(Coord),
    Along(Coord),
    Touch(Coord),
}

/// All places where edges of the rings meet other than as neighbours in their ring.
pub(super) fn meetings(rings: &[Ring]) -> Meetings {
    let mut out = Meetings::default();
    let mut seen = HashSet::new();
    let edges = sorted(rings);
    for (i, e) in edges.iter().enumerate() {
        let reach = e.a.x.max(e.b.x);
        let (lo, hi) = (e.a.y.min(e.b.y), e.a.y.max(e.b.y));
        for f in edges[i + 1..].iter().take_while(|f| f.a.x.min(f.b.x) <= reach) {
            if f.a.y.max(f.b.y) < lo || f.a.y.min(f.b.y) > hi {
                continue;
            }
            if let Some(flaw) = judge(rings, e, f, &mut seen, &mut out.touches) {
                if !out.flaws.contains(&flaw) {
                    out.flaws.push(flaw);
                }
                if out.flaws.len() >= ENOUGH {
                    return out;
                }
            }
        }
    }
    out
}

/// All edges by their least x: whatever meets an edge then begins before its end.
fn sorted(rings: &[Ring]) -> Vec<Edge> {
    let mut edges: Vec<Edge> = rings
        .iter()
        .enumerate()
        .flat_map(|(ring, r)| r.coords.windows(2).enumerate().map(move |(index, c)| Edge { ring, index, a: c[0], b: c[1] }))
        .collect();
    edges.sort_by(|e, f| e.a.x.min(e.b.x).total_cmp(&f.a.x.min(f.b.x)));
    edges
}

/// What a pair of edges means: a flaw, a touch (kept), or nothing.
fn judge(rings: &[Ring], e: &Edge, f: &Edge, seen: &mut HashSet<[u64; 4]>, touches: &mut Vec<Touch>) -> Option<Flaw> {
    let crossing = |at| Some(Flaw::new(FlawKind::SelfIntersection, at));
    if e.ring == f.ring {
        let n = rings[e.ring].coords.len() - 1;
        for (first, second) in [(e, f), (f, e)] {
            if (first.index + 1) % n == second.index {
                // Neighbours share a corner; only folding back onto each other is wrong.
                return if folds_back(first.a, first.b, second.b) { crossing(first.b) } else { None };
            }
        }
    }
    match meet(e, f)? {
        Meeting::Crossing(at) | Meeting::Along(at) => crossing(at),
        Meeting::Touch(at) if e.ring == f.ring => crossing(at),
        Meeting::Touch(at) => {
            let pair = [e.ring.min(f.ring), e.ring.max(f.ring)];
            if !seen.insert([pair[0] as u64, pair[1] as u64, at.x.to_bits(), at.y.to_bits()]) {
                return None;
            }
            touches.push(Touch { rings: pair, at });
            if cross_at(through(rings, e, at), through(rings, f, at), at) { crossing(at) } else { None }
        }
    }
}

fn folds_back(a: Coord, corner: Coord, b: Coord) -> bool {
    turn(a, corner, b) == 0 && (a.x - corner.x) * (b.x - corner.x) + (a.y - corner.y) * (b.y - corner.y) > 0.0
}

fn meet(e: &Edge, f: &Edge) -> Option<Meeting> {
    let (fa, fb) = (turn(e.a, e.b, f.a), turn(e.a, e.b, f.b));
    if fa * fb > 0 {
        return None;
    }
    if fa == 0 && fb == 0 {
        return along(e, f);
    }
    let (ea, eb) = (turn(f.a, f.b, e.a), turn(f.a, f.b, e.b));
    if ea * eb > 0 {
        return None;
    }
    if fa * fb < 0 && ea * eb < 0 {
        return Some(Meeting::Crossing(crossing_point(e, f)));
    }
    let ends = [(fa, f.a, e), (fb, f.b, e), (ea, e.a, f), (eb, e.b, f)];
    ends.into_iter().find(|(t, p, edge)| *t == 0 && between(edge.a, edge.b, *p)).map(|(_, p, _)| Meeting::Touch(p))
}

/// Two edges on one line: they share nothing, an end, or a stretch.
fn along(e: &Edge, f: &Edge) -> Option<Meeting> {
    let shared: Vec<Coord> =
        [(f.a, e), (f.b, e), (e.a, f), (e.b, f)].into_iter().filter(|(p, edge)| between(edge.a, edge.b, *p)).map(|(p, _)| p).collect();
    let first = *shared.first()?;
    Some(if shared.iter().all(|p| *p == first) { Meeting::Touch(first) } else { Meeting::Along(first) })
}

fn crossing_point(e: &Edge, f: &Edge) -> Coord {
    let (dx, dy) = (e.b.x - e.a.x, e.b.y - e.a.y);
    let (gx, gy) = (f.b.x - f.a.x, f.b.y - f.a.y);
    let t = ((f.a.x - e.a.x) * gy - (f.a.y - e.a.y) * gx) / (dx * gy - dy * gx);
    let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.5 };
    Coord { x: t.mul_add(dx, e.a.x), y: t.mul_add(dy, e.a.y) }
}

/// The points before and after `at` on the edge's ring.
fn through(rings: &[Ring], edge: &Edge, at: Coord) -> [Coord; 2] {
    let coords = &rings[edge.ring].coords;
    let n = coords.len() - 1;
    if at == edge.a {
        [coords[(edge.index + n - 1) % n], edge.b]
    } else if at == edge.b {
        [edge.a, coords[(edge.index + 2) % n]]
    } else {
        [edge.a, edge.b]
    }
}

/// Whether two boundaries that meet in `at` change sides there.
fn cross_at(e: [Coord; 2], f: [Coord; 2], at: Coord) -> bool {
    if f.iter().any(|p| e.iter().any(|q| folds_back(*p, at, *q))) {
        return false; // they run along each other, which is told as such
    }
    left_of(e, at, f[0]) != left_of(e, at, f[1])
}

/// Whether `p` is seen from `at` on the left of the way e0 → at → e1.
fn left_of(e: [Coord; 2], at: Coord, p: Coord) -> bool {
    let (before, after) = (turn(e[0], at, p), turn(at, e[1], p));
    if turn(e[0], at, e[1]) > 0 { before > 0 && after > 0 } else { before > 0 || after > 0 }
}
