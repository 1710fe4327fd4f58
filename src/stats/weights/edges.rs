//! Edges of two cells that come near each other: what all questions about pairs of cells begin with.

use geo::{BoundingRect, Coord, MultiPolygon, Rect};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::contiguity::rings;

/// An edge, its lower x first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) a: Coord,
    pub(super) b: Coord,
}

impl Edge {
    pub(super) fn low_y(&self) -> f64 {
        self.a.y.min(self.b.y)
    }

    pub(super) fn high_y(&self) -> f64 {
        self.a.y.max(self.b.y)
    }
}

/// Pairs of cells whose boxes come within a distance, by ascending positions.
pub(super) fn candidates(cells: &[MultiPolygon], within: f64) -> Vec<(usize, usize)> {
    let boxes: Vec<Option<Rect>> = cells.iter().map(BoundingRect::bounding_rect).collect();
    let grown = |r: &Rect| AABB::from_corners([r.min().x - within, r.min().y - within], [r.max().x + within, r.max().y + within]);
    let entries = boxes
        .iter()
        .enumerate()
        .filter_map(|(i, r)| r.map(|r| GeomWithData::new(Rectangle::from_corners([r.min().x, r.min().y], [r.max().x, r.max().y]), i)));
    let tree = RTree::bulk_load(entries.collect());
    let mut pairs = Vec::new();
    for (i, rect) in boxes.iter().enumerate().filter_map(|(i, r)| r.as_ref().map(|r| (i, r))) {
        let first = pairs.len();
        pairs.extend(tree.locate_in_envelope_intersecting(&grown(rect)).filter(|other| other.data > i).map(|other| (i, other.data)));
        pairs[first..].sort_unstable();
    }
    pairs
}

/// The edges of two cells that lie in the common window of their boxes, ascending by their lower x.
pub(super) fn near_edges(one: &MultiPolygon, other: &MultiPolygon, within: f64) -> Option<[Vec<Edge>; 2]> {
    let (a, b) = (one.bounding_rect()?, other.bounding_rect()?);
    let low = Coord { x: a.min().x.max(b.min().x) - within, y: a.min().y.max(b.min().y) - within };
    let high = Coord { x: a.max().x.min(b.max().x) + within, y: a.max().y.min(b.max().y) + within };
    let pick = |cell: &MultiPolygon| {
        let mut edges: Vec<Edge> = cell
            .iter()
            .flat_map(rings)
            .flat_map(|ring| ring.0.windows(2))
            .filter(|ends| ends[0] != ends[1])
            .map(|ends| if ends[0].x <= ends[1].x { Edge { a: ends[0], b: ends[1] } } else { Edge { a: ends[1], b: ends[0] } })
            .filter(|e| e.a.x <= high.x && e.b.x >= low.x && e.low_y() <= high.y && e.high_y() >= low.y)
            .collect();
        edges.sort_by(|e, f| e.a.x.total_cmp(&f.a.x).then(e.a.y.total_cmp(&f.a.y)));
        edges
    };
    Some([pick(one), pick(other)])
}

/// Calls for every edge of the first list and of the second whose boxes come within a distance, until told to stop.
pub(super) fn for_near_pairs(edges: &[Vec<Edge>; 2], within: f64, mut see: impl FnMut(&Edge, &Edge) -> std::ops::ControlFlow<()>) {
    let [first, second] = edges;
    let longest = second.iter().map(|e| e.b.x - e.a.x).fold(0.0, f64::max);
    for e in first {
        // Edges that begin further west than the longest is wide have ended before this one begins.
        let from = second.partition_point(|f| f.a.x < e.a.x - within - longest);
        for f in second[from..].iter().take_while(|f| f.a.x <= e.b.x + within) {
            let near = f.b.x >= e.a.x - within && f.low_y() <= e.high_y() + within && f.high_y() >= e.low_y() - within;
            if near && see(e, f).is_break() {
                return;
            }
        }
    }
}
