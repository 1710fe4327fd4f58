//! Corners that lie on an edge of another shape become corners there too.

use super::{Placed, Ring, Shape, TAKEN_UP, World, WorldBox};

/// How far a corner may lie beside an edge and still count as on it, in world units: rounding to 1e-7° and to world units
/// moves it by 1.5 at most.
const ROUNDING: f64 = 2.0;
/// The radius of the globe in world units.
const RADIUS: f64 = 4_294_967_296.0 / std::f64::consts::TAU;

/// A shape with its rings opened and wound, not yet noded; none when no ring has three corners.
pub(super) fn place(shape: &Shape) -> Option<Placed> {
    let mut rings = Vec::new();
    for part in &shape.polygons {
        for (i, ring) in part.iter().enumerate() {
            let ring = wound(ring, if i == 0 { 1 } else { -1 });
            match ring {
                Some(ring) => rings.push(ring),
                None if i == 0 => break,
                None => {}
            }
        }
    }
    let extent = WorldBox::around(rings.iter().flat_map(|r| r.corners.iter().copied()))?;
    let margin = rings.iter().flat_map(Ring::edges).map(|(a, b)| tolerance(a, b)).fold(0.0, f64::max).ceil() as u32;
    let reach = WorldBox {
        min: World { x: extent.min.x.saturating_sub(margin), y: extent.min.y.saturating_sub(margin) },
        max: World { x: extent.max.x.saturating_add(margin), y: extent.max.y.saturating_add(margin) },
    };
    Some(Placed { extent, reach, rings })
}

impl super::Coverage {
    /// The rings with all corners of `around` that lie on their edges; rings that stay as they are keep their marks.
    pub(super) fn renode(placed: &Placed, around: &[&Placed]) -> Vec<Ring> {
        let mut corners: Vec<World> = around.iter().flat_map(|p| &p.rings).flat_map(Ring::own_corners).filter(|&c| placed.reach.holds(c)).collect();
        corners.sort_unstable();
        corners.dedup();
        placed.rings.iter().map(|ring| renode_ring(ring, &corners)).collect()
    }
}

impl Ring {
    /// The corners it came with.
    fn own_corners(&self) -> impl Iterator<Item = World> {
        self.corners.iter().zip(&self.marks).filter(|(_, mark)| **mark & TAKEN_UP == 0).map(|(c, _)| *c)
    }

    /// Each edge from corner to corner, the last back to the first.
    pub(super) fn edges(&self) -> impl Iterator<Item = (World, World)> {
        let next = self.corners.iter().cycle().skip(1);
        self.corners.iter().copied().zip(next.copied())
    }
}

fn renode_ring(ring: &Ring, corners: &[World]) -> Ring {
    let own: Vec<World> = ring.own_corners().collect();
    let mut noded = Ring::default();
    let mut on_edge = Vec::new();
    for (i, &a) in own.iter().enumerate() {
        let b = own[(i + 1) % own.len()];
        noded.corners.push(a);
        noded.marks.push(0);
        on_edge.clear();
        lying_on(a.min(b), a.max(b), corners, &mut on_edge);
        on_edge.sort_unstable();
        if a > b {
            on_edge.reverse();
        }
        noded.corners.extend(on_edge.iter().map(|&(_, corner)| corner));
        noded.marks.resize(noded.corners.len(), TAKEN_UP);
    }
    let same_marks = || ring.marks.iter().zip(&noded.marks).all(|(old, new)| old & TAKEN_UP == new & TAKEN_UP);
    if noded.corners == ring.corners && same_marks() { ring.clone() } else { noded }
}

/// The corners between `a` and `b` (`a` < `b`) with how far along they lie.
fn lying_on(a: World, b: World, corners: &[World], into: &mut Vec<(i128, World)>) {
    let tolerance = tolerance(a, b);
    let margin = tolerance.ceil() as u32;
    let (dx, dy) = delta(a, b);
    let length = (dx as f64).hypot(dy as f64);
    let (north, south) = (a.y.min(b.y).saturating_sub(margin), a.y.max(b.y).saturating_add(margin));
    let first = corners.partition_point(|c| c.x < a.x.saturating_sub(margin));
    let east = b.x.saturating_add(margin);
    for &c in corners[first..].iter().take_while(|c| c.x <= east) {
        if c.y < north || c.y > south || c == a || c == b {
            continue;
        }
        let (cx, cy) = delta(a, c);
        let along = cx * dx + cy * dy;
        if along > 0 && along < dx * dx + dy * dy && ((cx * dy - cy * dx) as f64).abs() <= tolerance * length {
            into.push((along, c));
        }
    }
}

/// [`ROUNDING`], and the rise of the Mercator line between two places over the straight line between them: neighbours
/// that share a line of degrees but cut it in different places do not share a straight line here.
fn tolerance(a: World, b: World) -> f64 {
    let (dx, dy) = delta(a, b);
    let (dx, dy) = (dx as f64, dy as f64);
    let middle = f64::midpoint(f64::from(a.y), f64::from(b.y)) / 4_294_967_296.0;
    let sin_lat = (std::f64::consts::PI * (1.0 - 2.0 * middle)).tanh().abs();
    let length = dx.hypot(dy).max(1.0);
    ROUNDING + dy * dy * sin_lat / (8.0 * RADIUS) * dx.abs() / length
}

fn delta(a: World, b: World) -> (i128, i128) {
    (i128::from(b.x) - i128::from(a.x), i128::from(b.y) - i128::from(a.y))
}

fn wound(ring: &[World], sign: i128) -> Option<Ring> {
    let mut corners = ring.to_vec();
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    if corners.len() < 3 {
        return None;
    }
    let ring = Ring { marks: vec![0; corners.len()], corners };
    let origin = ring.corners[0];
    let twice_area: i128 = ring
        .edges()
        .map(|(a, b)| {
            let ((ax, ay), (bx, by)) = (delta(origin, a), delta(origin, b));
            ax * by - bx * ay
        })
        .sum();
    let mut corners = ring.corners;
    if twice_area.signum() == -sign {
        corners.reverse();
    }
    corners.shrink_to_fit();
    Some(Ring { corners, marks: ring.marks })
}

#[cfg(test)]
mod tests {
    use super::super::Coverage;
    use super::*;

    fn shape(id: i64, ring: &[(u32, u32)]) -> Shape {
        Shape { id, polygons: vec![vec![ring.iter().map(|&(x, y)| World { x, y }).collect()]] }
    }

    #[test]
    fn a_corner_on_a_neighbours_edge_is_taken_up_and_given_back() {
        let tall = shape(1, &[(0, 0), (1000, 0), (1000, 2000), (0, 2000)]);
        let upper = shape(2, &[(1000, 0), (2000, 0), (2000, 1000), (1001, 1000)]);
        let mut both = Coverage::new([tall.clone(), upper]);
        let ring = &both.shapes[&1].rings[0];
        assert_eq!(ring.corners[2], World { x: 1001, y: 1000 });
        assert_eq!(ring.marks.iter().filter(|m| **m & TAKEN_UP != 0).count(), 1);
        both.update(&[2], []);
        assert!(both == Coverage::new([tall]));
    }

    #[test]
    fn rings_are_opened_and_wound_and_flat_shapes_not_kept() {
        let placed = place(&shape(1, &[(0, 0), (0, 9), (9, 9), (9, 9), (0, 0)])).expect("three corners");
        assert_eq!(placed.rings[0].corners, [(9, 9), (0, 9), (0, 0)].map(|(x, y)| World { x, y }));
        assert!(place(&shape(1, &[(0, 0), (5, 5), (0, 0)])).is_none());
    }

    #[test]
    fn a_long_slanting_line_of_degrees_takes_up_the_corners_cut_into_it() {
        let at = |lon: f64, lat: f64| World::from_lon_lat(lon, lat);
        let left = Shape { id: 1, polygons: vec![vec![vec![at(120.0, 30.0), at(120.1, 30.1), at(120.0, 30.1)]]] };
        let right = Shape { id: 2, polygons: vec![vec![vec![at(120.0, 30.0), at(120.1, 30.0), at(120.05, 30.05)]]] };
        let both = Coverage::new([left, right]);
        assert!(both.shapes[&1].rings[0].corners.contains(&at(120.05, 30.05)));
    }
}
