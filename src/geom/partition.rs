//! Whether cells lie beside each other without overlaps and gaps, and inside their area.
//!
//! A common inside counts only where it is over an area and over a mean width: borders drawn twice differ by slivers
//! that no one can see. Shapes are rounded by [`round7`](super::round7) before they come here; then most neighbours
//! share their border to the bit.

mod chain;

use geo::bool_ops::FillRule;
use geo::{BooleanOps, BoundingRect, Geometry, MultiPolygon, Polygon, Rect};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::frame::metres_per_degree;
use super::{LonLat, Metres, Plane, inner_point, repair, round7};

/// What is too small to matter: a patch must exceed both to be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Area in m².
    pub area_m2: f64,
    /// Mean width (2 · area / perimeter) in metres.
    pub width_m: f64,
}

impl Default for Tolerance {
    /// 1 m² and 5 cm.
    fn default() -> Self {
        Self { area_m2: 1.0, width_m: 0.05 }
    }
}

/// Two cells with a common inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// Position of the first cell in the list.
    pub a: usize,
    /// Position of the second, greater than `a`.
    pub b: usize,
    /// Area of the common patches that exceed the tolerance, m².
    pub area_m2: f64,
    /// Mean width of the largest of them, metres.
    pub mean_width_m: f64,
    /// A place inside the largest.
    pub at: LonLat,
}

/// A place that no cell covers.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// Area in m².
    pub area_m2: f64,
    /// Mean width in metres.
    pub mean_width_m: f64,
    /// A place inside.
    pub at: LonLat,
    /// The gap itself, in degrees.
    pub polygon: Polygon,
}

/// What of a child lies outside its parent.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlying {
    /// Area of the outlying patches that exceed the tolerance, m².
    pub area_m2: f64,
    /// Mean width of the largest of them, metres.
    pub mean_width_m: f64,
    /// A place inside the largest.
    pub at: LonLat,
}

/// All pairs of cells whose insides overlap, by position in the list.
///
/// Each patch of an overlap is judged by itself, so that a long sliver does not hide a lump. Cells must be valid.
/// Pairs come from an R-tree and are cut in parallel; the order is that of the list.
pub fn overlaps(cells: &[MultiPolygon], tolerance: Tolerance) -> Vec<Overlap> {
    let boxes: Vec<Option<Rect>> = cells.iter().map(BoundingRect::bounding_rect).collect();
    let entry = |(i, rect): (usize, &Option<Rect>)| rect.map(|r| GeomWithData::new(Rectangle::from_aabb(aabb(&r)), i));
    let tree = RTree::bulk_load(boxes.iter().enumerate().filter_map(entry).collect());
    let of_one = |a: usize| -> Vec<Overlap> {
        let Some(own) = boxes[a] else { return Vec::new() };
        let mut others: Vec<usize> = tree.locate_in_envelope_intersecting(&aabb(&own)).map(|e| e.data).filter(|b| *b > a).collect();
        others.sort_unstable();
        let pair = |b: usize| {
            if boxes[b].is_none_or(|other| common_m2(&own, &other) <= tolerance.area_m2) || chain::only_borders(&cells[a], &cells[b]) {
                return None;
            }
            let (area_m2, mean_width_m, at) = judged(&cells[a].intersection(&cells[b]), tolerance)?;
            Some(Overlap { a, b, area_m2, mean_width_m, at })
        };
        others.into_iter().filter_map(pair).collect()
    };
    (0..cells.len()).into_par_iter().flat_map_iter(of_one).collect()
}

/// The overlaps of one cell with a list of others (for a single edit): `a` is always 0, `b` the position in `others`.
pub fn overlaps_with(cell: &MultiPolygon, others: &[MultiPolygon], tolerance: Tolerance) -> Vec<Overlap> {
    let pair = |(b, other): (usize, &MultiPolygon)| {
        let (area_m2, mean_width_m, at) = judged(&cell.intersection(other), tolerance)?;
        Some(Overlap { a: 0, b, area_m2, mean_width_m, at })
    };
    others.iter().enumerate().filter_map(pair).collect()
}

/// Places that no cell covers: holes of the cells' union, and where `within` is given all of it that they leave free.
///
/// * `widest_m` – gaps of a greater mean width are left out: a lake, a base, a district that was not asked about
///
/// Edges that two cells share in opposite directions cancel before anything is cut, so that only the outline, the
/// gaps and what is not drawn alike is left to look at. Cells must be valid.
pub fn gaps(cells: &[MultiPolygon], within: Option<&MultiPolygon>, tolerance: Tolerance, widest_m: Option<f64>) -> Vec<Gap> {
    let union = union(cells);
    let free: Vec<Polygon> = match within {
        Some(area) => area.difference(&union).0,
        None => union.iter().flat_map(Polygon::interiors).map(|ring| Polygon::new(ring.clone(), Vec::new())).collect(),
    };
    let mut gaps: Vec<Gap> = free
        .into_iter()
        .filter_map(|polygon| {
            let (area_m2, mean_width_m) = measured(&polygon);
            let is_gap = area_m2 > tolerance.area_m2 && mean_width_m > tolerance.width_m && widest_m.is_none_or(|w| mean_width_m <= w);
            let at = inner_point(&MultiPolygon::new(vec![polygon.clone()])).filter(|_| is_gap)?;
            Some(Gap { area_m2, mean_width_m, at, polygon })
        })
        .collect();
    gaps.sort_by(|a, b| b.area_m2.total_cmp(&a.area_m2));
    gaps
}

/// The union of valid cells. Shared edges cancel first, so a province takes seconds.
pub fn union(cells: &[MultiPolygon]) -> MultiPolygon {
    let outlines = MultiPolygon::new(chain::outlines(cells).into_iter().map(|ring| Polygon::new(ring, Vec::new())).collect());
    // What is left winds once round every place that some cell covers, whichever loops it was walked in.
    outlines.union_with_fill_rule(&MultiPolygon::new(Vec::new()), FillRule::NonZero)
}

/// A cell cut back to the border of a neighbour: what of it the neighbour covers is taken away.
///
/// The result lies on the 1e-7° grid, in [`normal`](super::normal) form; crumbs below the tolerance that the cut broke off
/// go with it. `None` where nothing of the cell is left, or rounding spoils what is. Both must be valid.
pub fn cut_back(cell: &MultiPolygon, neighbour: &MultiPolygon, tolerance: Tolerance) -> Option<MultiPolygon> {
    let mut rest = round7(&cell.difference(neighbour));
    rest.0.retain(|part| {
        let (area_m2, width_m) = measured(part);
        area_m2 > tolerance.area_m2 && width_m > tolerance.width_m
    });
    let rest = repair(&Geometry::MultiPolygon(rest)).ok()?.geometry;
    (!rest.0.is_empty()).then_some(rest)
}

/// What of `child` lies outside `parent`, where it exceeds the tolerance. Both must be valid.
pub fn outlying(child: &MultiPolygon, parent: &MultiPolygon, tolerance: Tolerance) -> Option<Outlying> {
    let (area_m2, mean_width_m, at) = judged(&child.difference(parent), tolerance)?;
    Some(Outlying { area_m2, mean_width_m, at })
}

/// Area of the patches over the tolerance, mean width and inside of the largest.
fn judged(patches: &MultiPolygon, tolerance: Tolerance) -> Option<(f64, f64, LonLat)> {
    let sized = patches.iter().map(|patch| (measured(patch), patch));
    let over: Vec<_> = sized.filter(|((area, width), _)| *area > tolerance.area_m2 && *width > tolerance.width_m).collect();
    let ((_, width_m), largest) = over.iter().max_by(|a, b| a.0.0.total_cmp(&b.0.0))?;
    let at = inner_point(&MultiPolygon::new(vec![(*largest).clone()])).unwrap_or_else(|| first(largest));
    Some((over.iter().map(|((area, _), _)| area).sum(), *width_m, at))
}

fn first(polygon: &Polygon) -> LonLat {
    polygon.exterior().0.first().map_or(LonLat::new(0.0, 0.0), |c| (*c).into())
}

fn measured(patch: &Polygon) -> (f64, f64) {
    let metres: Metres<Polygon> = Plane::around_shape(patch).to_metres(patch);
    (metres.area_m2(), metres.mean_width_m())
}

fn aabb(rect: &Rect) -> AABB<[f64; 2]> {
    AABB::from_corners(rect.min().into(), rect.max().into())
}

/// Area that two boxes share, m².
fn common_m2(a: &Rect, b: &Rect) -> f64 {
    let width = a.max().x.min(b.max().x) - a.min().x.max(b.min().x);
    let height = a.max().y.min(b.max().y) - a.min().y.max(b.min().y);
    let [east, north] = metres_per_degree(a.min().y);
    if width > 0.0 && height > 0.0 { width * east * height * north } else { 0.0 }
}

#[cfg(test)]
mod tests;
