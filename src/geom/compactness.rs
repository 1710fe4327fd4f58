//! How compact a cell is: four measures that planners know.

use std::f64::consts::PI;

use geo::{Area, ConvexHull, Coord, MultiPolygon};

use super::Metres;

/// Measures of shape, all without unit and 1 for a circle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compactness {
    /// 4π · area / perimeter² (Polsby & Popper 1991).
    pub polsby_popper: f64,
    /// Perimeter / perimeter of the circle of equal area, 1 or more (Schwartzberg 1965): 1 / √polsby_popper, as esda has it.
    pub schwartzberg: f64,
    /// Area / area of the smallest circle round it (Reock 1961).
    pub reock: f64,
    /// Area / area of the convex hull.
    pub convex_hull_ratio: f64,
}

/// The compactness of a shape in metres. Holes count in the perimeter and are taken off the area.
///
/// `None` for a shape without area. O(n log n).
pub fn compactness(shape: &Metres<MultiPolygon>) -> Option<Compactness> {
    let area = shape.area_m2();
    let perimeter = shape.perimeter_m();
    if area <= 0.0 || perimeter <= 0.0 || !perimeter.is_finite() {
        return None;
    }
    let hull = shape.0.convex_hull();
    let radius = smallest_circle(&hull.exterior().0)?.1;
    let polsby_popper = 4.0 * PI * area / (perimeter * perimeter);
    Some(Compactness {
        polsby_popper,
        schwartzberg: 1.0 / polsby_popper.sqrt(),
        reock: area / (PI * radius * radius),
        convex_hull_ratio: area / hull.unsigned_area(),
    })
}

/// The smallest circle round points: centre and radius (Welzl 1991, incremental; on a hull there are few points).
fn smallest_circle(points: &[Coord]) -> Option<(Coord, f64)> {
    let mut circle = (*points.first()?, 0.0);
    for (i, p) in points.iter().enumerate() {
        if holds(circle, *p) {
            continue;
        }
        circle = (*p, 0.0);
        for (j, q) in points[..i].iter().enumerate() {
            if holds(circle, *q) {
                continue;
            }
            circle = through_two(*p, *q);
            for r in &points[..j] {
                if !holds(circle, *r) {
                    circle = through_three(*p, *q, *r);
                }
            }
        }
    }
    Some(circle)
}

fn holds((centre, radius): (Coord, f64), p: Coord) -> bool {
    (p.x - centre.x).hypot(p.y - centre.y) <= radius * (1.0 + 1e-12)
}

fn through_two(p: Coord, q: Coord) -> (Coord, f64) {
    let centre = Coord { x: f64::midpoint(p.x, q.x), y: f64::midpoint(p.y, q.y) };
    (centre, (p.x - q.x).hypot(p.y - q.y) / 2.0)
}

fn through_three(p: Coord, q: Coord, r: Coord) -> (Coord, f64) {
    let (bx, by, cx, cy) = (q.x - p.x, q.y - p.y, r.x - p.x, r.y - p.y);
    let d = 2.0 * (bx * cy - by * cx);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    let (x, y) = ((cy * b2 - by * c2) / d, (bx * c2 - cx * b2) / d);
    if x.is_finite() && y.is_finite() {
        return (Coord { x: p.x + x, y: p.y + y }, x.hypot(y));
    }
    // On one line: the two that are farthest apart.
    let pairs = [through_two(p, q), through_two(p, r), through_two(q, r)];
    pairs.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((p, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::shared_data::{cells, read};

    #[test]
    fn a_square_is_as_compact_as_school_says() {
        let square = Metres(MultiPolygon::new(vec![geo::Rect::new((0.0, 0.0), (10.0, 10.0)).to_polygon()]));
        let got = compactness(&square).unwrap();
        assert!((got.polsby_popper - PI / 4.0).abs() < 1e-12);
        assert!((got.schwartzberg - 2.0 / PI.sqrt()).abs() < 1e-12);
        assert!((got.reock - 2.0 / PI).abs() < 1e-12);
        assert!((got.convex_hull_ratio - 1.0).abs() < 1e-12);
        assert_eq!(compactness(&Metres(MultiPolygon::new(vec![]))), None);
    }

    #[test]
    fn the_reference_packages_say_the_same() {
        for name in ["columbus", "georgia", "sids2"] {
            let Some(text) = read(&format!("reference/compactness_{name}.json")) else { return };
            let case: serde_json::Value = serde_json::from_str(&text).unwrap();
            let Some(layer) = read(&format!("reference/{}", case["input"]["geometry_file"].as_str().unwrap())) else { return };
            for (i, (_, shape)) in cells(&layer, "").into_iter().enumerate() {
                let want = |key: &str| case["expected"][key][i].as_f64().unwrap();
                let shape = Metres(shape);
                let got = compactness(&shape).unwrap();
                let near = |got: f64, want: f64, tolerance: f64, key: &str| {
                    assert!((got - want).abs() <= tolerance * want.abs() + 1e-12, "{name} {i} {key} {got} {want}");
                };
                near(shape.area_m2(), want("area"), 1e-9, "area");
                near(shape.perimeter_m(), want("perimeter"), 1e-9, "perimeter");
                near(got.polsby_popper, want("polsby_popper"), 1e-9, "polsby_popper");
                near(got.schwartzberg, want("schwartzberg"), 1e-9, "schwartzberg");
                near(got.reock, want("reock"), 1e-8, "reock");
                near(got.convex_hull_ratio, want("convex_hull_ratio"), 1e-9, "convex_hull_ratio");
            }
        }
    }
}
