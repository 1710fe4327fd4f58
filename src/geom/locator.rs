//! Which polygon holds a point: an R-tree of boxes, and in each polygon its edges by slabs of latitude.

use geo::{Coord, MultiPolygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::LonLat;
use super::ring::{Ray, Side, ray};

type Boxed = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// How many edges a slab holds on average.
const EDGES_A_SLAB: usize = 6;

/// Answers which of many polygons hold a point. Built once, asked often, from many threads.
///
/// A boundary belongs to all polygons that have it; of several the lowest key answers, so that a point on a shared
/// border is always of the same cell.
pub struct PointLocator<K> {
    tree: RTree<Boxed>,
    polygons: Vec<(K, Slabs)>,
}

impl<K: Ord + Copy> PointLocator<K> {
    /// Indexes polygons in degrees by their keys. Empty shapes hold nothing. O(edges · log).
    pub fn new<'a>(polygons: impl IntoIterator<Item = (K, &'a MultiPolygon)>) -> Self {
        let mut polygons: Vec<(K, Slabs)> = polygons.into_iter().filter_map(|(key, shape)| Some((key, Slabs::new(shape)?))).collect();
        polygons.sort_by_key(|(key, _)| *key);
        let boxed = |(i, (_, slabs)): (usize, &(K, Slabs))| GeomWithData::new(Rectangle::from_corners(slabs.lo, slabs.hi), i as u32);
        let tree = RTree::bulk_load(polygons.iter().enumerate().map(boxed).collect());
        Self { tree, polygons }
    }

    /// The polygon that holds the place, boundaries included; the lowest key where several do.
    pub fn locate(&self, place: LonLat) -> Option<K> {
        let p = Coord::from(place);
        let mut found: Option<u32> = None;
        for boxed in self.tree.locate_all_at_point(&[p.x, p.y]) {
            // Keys are in ascending order, so the lowest index is the lowest key.
            if found.is_none_or(|best| boxed.data < best) && self.polygons[boxed.data as usize].1.side(p) != Side::Outside {
                found = Some(boxed.data);
            }
        }
        found.map(|i| self.polygons[i as usize].0)
    }

    /// All polygons that hold the place, boundaries included, by ascending key.
    pub fn locate_all(&self, place: LonLat) -> Vec<K> {
        let p = Coord::from(place);
        let boxes = self.tree.locate_all_at_point(&[p.x, p.y]).map(|boxed| boxed.data);
        let mut found: Vec<u32> = boxes.filter(|i| self.polygons[*i as usize].1.side(p) != Side::Outside).collect();
        found.sort_unstable();
        found.into_iter().map(|i| self.polygons[i as usize].0).collect()
    }

    /// Keys of the polygons whose bounding box meets the given one (west, south, east, north), by ascending key.
    pub fn boxes_meeting(&self, [west, south, east, north]: [f64; 4]) -> Vec<K> {
        let window = AABB::from_corners([west, south], [east, north]);
        let mut found: Vec<u32> = self.tree.locate_in_envelope_intersecting(&window).map(|boxed| boxed.data).collect();
        found.sort_unstable();
        found.into_iter().map(|i| self.polygons[i as usize].0).collect()
    }

    /// How many polygons are indexed.
    pub fn len(&self) -> usize {
        self.polygons.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.polygons.is_empty()
    }
}

/// One polygon: all corners, and for each slab of latitude the edges that reach into it.
struct Slabs {
    lo: [f64; 2],
    hi: [f64; 2],
    per_degree: f64,
    /// First entry of each slab in `edges`, and the end.
    starts: Vec<u32>,
    /// Edge i runs from corner i to corner i + 1.
    edges: Vec<u32>,
    corners: Vec<Coord>,
}

impl Slabs {
    fn new(shape: &MultiPolygon) -> Option<Self> {
        let mut corners = Vec::new();
        let mut edges = Vec::new();
        for ring in shape.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors())) {
            let first = corners.len() as u32;
            corners.extend_from_slice(&ring.0);
            edges.extend(first..(first + ring.0.len() as u32).max(first + 1) - 1);
        }
        if edges.is_empty() || !corners.iter().all(|c: &Coord| c.x.is_finite() && c.y.is_finite()) {
            return None;
        }
        let mut lo = [f64::INFINITY; 2];
        let mut hi = [f64::NEG_INFINITY; 2];
        for c in &corners {
            lo = [lo[0].min(c.x), lo[1].min(c.y)];
            hi = [hi[0].max(c.x), hi[1].max(c.y)];
        }
        let slabs = (edges.len() / EDGES_A_SLAB).clamp(1, 4096);
        let height = hi[1] - lo[1];
        let per_degree = if height > 0.0 { slabs as f64 / height } else { 0.0 };
        let mut this = Self { lo, hi, per_degree, starts: vec![0; slabs + 1], edges: Vec::new(), corners };
        let reach = |i: u32| {
            let (a, b) = (this.corners[i as usize].y, this.corners[i as usize + 1].y);
            this.slab(a.min(b))..=this.slab(a.max(b))
        };
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); slabs];
        for i in edges {
            for slab in reach(i) {
                rows[slab].push(i);
            }
        }
        for (slab, row) in rows.into_iter().enumerate() {
            this.edges.extend(row);
            this.starts[slab + 1] = this.edges.len() as u32;
        }
        Some(this)
    }

    fn slab(&self, y: f64) -> usize {
        (((y - self.lo[1]) * self.per_degree) as usize).min(self.starts.len() - 2)
    }

    fn side(&self, p: Coord) -> Side {
        let slab = self.slab(p.y);
        let mut inside = false;
        for i in &self.edges[self.starts[slab] as usize..self.starts[slab + 1] as usize] {
            match ray(self.corners[*i as usize], self.corners[*i as usize + 1], p) {
                Ray::Misses => {}
                Ray::Crosses => inside = !inside,
                Ray::Through => return Side::Boundary,
            }
        }
        if inside { Side::Inside } else { Side::Outside }
    }
}

#[cfg(test)]
mod tests {
    use geo::Polygon;
    use proptest::prelude::*;

    use super::*;
    use crate::geom::ring::side_of;
    use crate::geom::shared_data::{cells, read, rows};

    fn square(x: f64, y: f64) -> MultiPolygon {
        MultiPolygon::new(vec![geo::Rect::new((x, y), (x + 1.0, y + 1.0)).to_polygon()])
    }

    #[test]
    fn a_point_on_a_shared_border_is_of_the_lower_key() {
        let (left, right) = (square(0.0, 0.0), square(1.0, 0.0));
        let there = PointLocator::new([(7, &left), (3, &right)]);
        assert_eq!(there.locate(LonLat::new(0.5, 0.5)), Some(7));
        assert_eq!(there.locate(LonLat::new(1.5, 0.5)), Some(3));
        assert_eq!(there.locate(LonLat::new(1.0, 0.5)), Some(3));
        assert_eq!(there.locate_all(LonLat::new(1.0, 0.5)), [3, 7]);
        assert_eq!(there.locate(LonLat::new(2.5, 0.5)), None);
        assert_eq!(there.boxes_meeting([0.2, 0.2, 0.8, 0.8]), [7]);
    }

    #[test]
    fn a_hole_is_outside() {
        let holed = MultiPolygon::new(vec![Polygon::new(
            square(0.0, 0.0).0[0].exterior().clone(),
            vec![geo::Rect::new((0.4, 0.4), (0.6, 0.6)).to_polygon().exterior().clone()],
        )]);
        let there = PointLocator::new([(1, &holed)]);
        assert_eq!(there.locate(LonLat::new(0.5, 0.5)), None);
        assert_eq!(there.locate(LonLat::new(0.4, 0.5)), Some(1));
        assert_eq!(there.locate(LonLat::new(0.1, 0.5)), Some(1));
    }

    #[test]
    fn the_incidents_of_san_francisco_fall_into_the_published_block_groups() {
        let (Some(text), Some(counts)) = (read("data/sf/sf_blockgroups.geojson"), read("data/sf/sf_counts_per_blockgroup.csv")) else { return };
        let cells = cells(&text, "GEO_ID");
        let base = std::env::var("MAPLEBRIDGE_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
        let file = std::fs::read(format!("{base}/data/sf/sf_incidents.csv.gz")).unwrap();
        let mut incidents = String::new();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file.as_slice()), &mut incidents).unwrap();
        let there = PointLocator::new(cells.iter().map(|(key, shape)| (key.as_str(), shape)));
        let mut found = std::collections::HashMap::<&str, u32>::new();
        let mut nowhere = 0;
        for row in rows(&incidents) {
            match there.locate(LonLat::new(row["lon"].parse().unwrap(), row["lat"].parse().unwrap())) {
                Some(key) => *found.entry(key).or_default() += 1,
                None => nowhere += 1,
            }
        }
        let counts = rows(&counts);
        let wrong = counts.iter().filter(|row| found.get(row["GEO_ID"].as_str()).copied().unwrap_or(0).to_string() != row["sjoin_total"]).count();
        assert_eq!((counts.len(), wrong, nowhere), (579, 0, 18));
    }

    proptest! {
        #[test]
        fn slabs_answer_as_the_whole_ring_does(
            radii in prop::collection::vec(1_i32..9, 3..60), points in prop::collection::vec((-9_i32..10, -9_i32..10), 20),
        ) {
            let n = radii.len() as f64;
            let star = Polygon::new(Iterator::collect::<geo::LineString>(radii.iter().enumerate().map(|(i, r)| {
                let angle = std::f64::consts::TAU * i as f64 / n;
                ((f64::from(*r) * angle.cos()).round(), (f64::from(*r) * angle.sin()).round())
            })), vec![]);
            let shape = MultiPolygon::new(vec![star]);
            let there = PointLocator::new([((), &shape)]);
            for (x, y) in points {
                let at = LonLat::new(f64::from(x), f64::from(y));
                let whole = side_of(&shape.0[0].exterior().0, at.into()) != Side::Outside;
                prop_assert_eq!(there.locate(at).is_some(), whole, "{:?}", at);
            }
        }
    }
}
