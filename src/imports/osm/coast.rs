//! Land and sea of an extract: the box of the extract, cut along the coast lines in it.
//!
//! A coast has land on its left. Where a coast leaves the box the land's border goes on along the box, counter-clockwise,
//! to where the next coast comes in; the sea's border does the same with every coast turned round.

use geo_types::{Coord, Polygon, Rect};

use super::rings::{polygons, ring};

/// Land and sea.
#[derive(Debug, Default)]
pub(super) struct Ground {
    pub(super) land: Vec<Polygon>,
    pub(super) sea: Vec<Polygon>,
}

/// Cuts a box along coasts, each from end to end as far as it is known. Without a coast all is land.
///
/// A coast that ends inside the box, because the source broke off there, is led to the nearest side.
pub(super) fn ground(area: Rect, coasts: &[Vec<Coord>]) -> Ground {
    let (mut islands, mut lagoons, mut runs) = (Vec::new(), Vec::new(), Vec::new());
    for coast in coasts {
        if coast.first() == coast.last() && coast.iter().all(|&c| inside(area, c)) {
            let Some(found) = ring(coast.clone()) else { continue };
            if turns_left(coast) { islands.push(found) } else { lagoons.push(found) }
        } else {
            runs.extend(runs_in(area, coast));
        }
    }
    let turned: Vec<Vec<Coord>> = runs.iter().map(|run| run.iter().rev().copied().collect()).collect();
    let whole = || vec![area.to_polygon()];
    let (land, sea) = match (runs.is_empty(), islands.is_empty(), lagoons.is_empty()) {
        (true, true, _) => (whole(), Vec::new()),
        (true, false, _) => (Vec::new(), whole()),
        (false, ..) => (closed(area, &runs), closed(area, &turned)),
    };
    let parts = |outer: Vec<Polygon>, holes: &[Polygon]| polygons(outer, holes.to_vec()).map_or_else(Vec::new, |all| all.0);
    let mut ground = Ground { land: parts(land, &lagoons), sea: parts(sea, &islands) };
    ground.land.extend(islands);
    ground.sea.extend(lagoons);
    ground
}

fn inside(area: Rect, c: Coord) -> bool {
    let (min, max) = (area.min(), area.max());
    min.x <= c.x && c.x <= max.x && min.y <= c.y && c.y <= max.y
}

fn turns_left(ring: &[Coord]) -> bool {
    ring.windows(2).map(|w| w[0].x * w[1].y - w[1].x * w[0].y).sum::<f64>() > 0.0
}

/// The stretches of a coast inside the box, each from side to side.
fn runs_in(area: Rect, coast: &[Coord]) -> Vec<Vec<Coord>> {
    let mut runs: Vec<Vec<Coord>> = Vec::new();
    let mut run: Vec<Coord> = Vec::new();
    for w in coast.windows(2) {
        let Some((a, b)) = cut(area, w[0], w[1]) else { continue };
        if run.last() != Some(&a) {
            runs.push(std::mem::take(&mut run));
            run.push(a);
        }
        run.push(b);
    }
    runs.push(run);
    // a closed coast that begins inside goes on where it ends
    if coast.first() == coast.last() && runs.len() > 1 && runs.last().and_then(|r| r.last()) == coast.first() {
        let tail = runs.pop().unwrap_or_default();
        if let Some(head) = runs.iter_mut().find(|run| run.first() == coast.first()) {
            *head = tail.into_iter().chain(head.iter().skip(1).copied()).collect();
        }
    }
    runs.retain(|run| run.len() > 1);
    for run in &mut runs {
        let (first, last) = (run[0], run[run.len() - 1]);
        for (c, front) in [(first, true), (last, false)] {
            let side = nearest_side(area, c);
            if side != c {
                run.insert(if front { 0 } else { run.len() }, side);
            }
        }
    }
    runs
}

/// The part of a segment inside the box (Liang and Barsky).
fn cut(area: Rect, a: Coord, b: Coord) -> Option<(Coord, Coord)> {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (p, q) in [(-dx, a.x - area.min().x), (dx, area.max().x - a.x), (-dy, a.y - area.min().y), (dy, area.max().y - a.y)] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            from = from.max(q / p);
        } else {
            to = to.min(q / p);
        }
    }
    // ends that were not cut stay what they were, so that runs are joined by equal ends
    let at = |t: f64, end: Coord, whole: f64| if t.total_cmp(&whole).is_eq() { end } else { Coord { x: a.x + t * dx, y: a.y + t * dy } };
    (from < to).then(|| (at(from, a, 0.0), at(to, b, 1.0)))
}

/// The place on the sides of the box nearest to a place in it.
fn nearest_side(area: Rect, c: Coord) -> Coord {
    let (min, max) = (area.min(), area.max());
    let sides = [
        (c.x - min.x, Coord { x: min.x, ..c }),
        (max.x - c.x, Coord { x: max.x, ..c }),
        (c.y - min.y, Coord { y: min.y, ..c }),
        (max.y - c.y, Coord { y: max.y, ..c }),
    ];
    sides.into_iter().min_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).map_or(c, |side| side.1)
}

/// How far along the sides a place on them lies, counter-clockwise from the south-west corner; a side is 1 long.
fn along(area: Rect, c: Coord) -> f64 {
    let (min, max) = (area.min(), area.max());
    let (x, y) = ((c.x - min.x) / (max.x - min.x), (c.y - min.y) / (max.y - min.y));
    let sides = [(y.abs(), x), ((1.0 - x).abs(), 1.0 + y), ((1.0 - y).abs(), 3.0 - x), (x.abs(), 4.0 - y)];
    sides.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |side| side.1.rem_euclid(4.0))
}

/// Closes runs along the sides of the box, counter-clockwise, each with the next run's beginning that comes on the way.
fn closed(area: Rect, runs: &[Vec<Coord>]) -> Vec<Polygon> {
    let (min, max) = (area.min(), area.max());
    let corners = [min, Coord { x: max.x, y: min.y }, max, Coord { x: min.x, y: max.y }];
    let way = |from: f64, to: f64| (to - from).rem_euclid(4.0);
    let begins: Vec<f64> = runs.iter().map(|run| along(area, run[0])).collect();
    let mut used = vec![false; runs.len()];
    let mut out = Vec::new();
    for first in 0..runs.len() {
        let mut places: Vec<Coord> = Vec::new();
        let mut at = first;
        while !std::mem::replace(&mut used[at], true) {
            places.extend(&runs[at]);
            let end = along(area, runs[at][runs[at].len() - 1]);
            let Some(next) = (0..runs.len()).filter(|&i| i == first || !used[i]).min_by(|&i, &j| way(end, begins[i]).total_cmp(&way(end, begins[j])))
            else {
                break;
            };
            let reach = way(end, begins[next]);
            let mut passed: Vec<(f64, Coord)> =
                (0..4_u8).map(|k| (way(end, f64::from(k)), corners[usize::from(k)])).filter(|c| c.0 < reach).collect();
            passed.sort_by(|a, b| a.0.total_cmp(&b.0));
            places.extend(passed.into_iter().map(|c| c.1));
            at = next;
        }
        if let Some(&start) = places.first() {
            places.push(start);
            out.extend(ring(places));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c(x: f64, y: f64) -> Coord {
        Coord { x, y }
    }

    fn areas(ground: &Ground) -> (f64, f64) {
        let sum = |all: &[Polygon]| (all.iter().map(geo::Area::unsigned_area).sum::<f64>() * 1e6).round() / 1e6;
        (sum(&ground.land), sum(&ground.sea))
    }

    #[test]
    fn land_lies_to_the_left_of_a_coast_and_the_parts_make_the_box() {
        let area = Rect::new(c(0.0, 0.0), c(10.0, 10.0));
        // eastwards through the box at y = 4: land to the north
        assert_eq!(areas(&ground(area, &[vec![c(-5.0, 4.0), c(15.0, 4.0)]])), (60.0, 40.0));
        // westwards: land to the south
        assert_eq!(areas(&ground(area, &[vec![c(15.0, 4.0), c(-5.0, 4.0)]])), (40.0, 60.0));
        // two coasts, a channel between them
        assert_eq!(areas(&ground(area, &[vec![c(15.0, 4.0), c(-5.0, 4.0)], vec![c(-1.0, 6.0), c(11.0, 6.0)]])), (80.0, 20.0));
        // an island, and none at all
        let island = vec![c(1.0, 1.0), c(2.0, 1.0), c(2.0, 2.0), c(1.0, 2.0), c(1.0, 1.0)];
        assert_eq!(areas(&ground(area, std::slice::from_ref(&island))), (1.0, 99.0));
        assert_eq!(areas(&ground(area, &[])), (100.0, 0.0));
        // an island in the sea of a coast, and a coast that breaks off inside
        assert_eq!(areas(&ground(area, &[vec![c(-5.0, 4.0), c(15.0, 4.0)], island])), (61.0, 39.0));
        assert_eq!(areas(&ground(area, &[vec![c(-5.0, 4.0), c(9.0, 4.0)]])), (60.0, 40.0));
    }
}
