//! Ways joined where they share their ends, and rings put together to polygons.

use geo::{Area as _, Contains as _};
use geo_types::{Coord, LineString, MultiPolygon, Point, Polygon};
use rustc_hash::FxHashMap;

/// Joins ways, given as keys of nodes, to chains as long as can be; a chain that closes has its first key last again.
///
/// * `directed` – whether a way may only go on where another begins, as coasts do; else ways are turned where that helps
pub(super) fn chains(ways: &[&[i64]], directed: bool) -> Vec<Vec<i64>> {
    let mut by_end: FxHashMap<i64, Vec<usize>> = FxHashMap::default();
    for (i, way) in ways.iter().enumerate() {
        if let (Some(&first), Some(&last)) = (way.first(), way.last()) {
            by_end.entry(first).or_default().push(i);
            by_end.entry(last).or_default().push(i);
        }
    }
    let mut used = vec![false; ways.len()];
    let mut out = Vec::new();
    // open chains begin where nothing leads to; what is left then is closed
    let leads_to = |key: i64, own: usize| by_end[&key].iter().any(|&i| i != own && (!directed || ways[i].last() == Some(&key)));
    let begins = |i: usize| ways[i].first().is_some_and(|&key| ways[i].len() > 1 && !leads_to(key, i));
    let order: Vec<usize> = (0..ways.len()).filter(|&i| begins(i)).chain(0..ways.len()).collect();
    for first in order {
        if ways[first].len() < 2 || std::mem::replace(&mut used[first], true) {
            continue;
        }
        let mut chain = ways[first].to_vec();
        while chain.first() != chain.last() {
            let Some(&end) = chain.last() else { break };
            let next = by_end.get(&end).and_then(|all| {
                all.iter()
                    .copied()
                    .find(|&i| !used[i] && ways[i].len() > 1 && (ways[i].first() == Some(&end) || (!directed && ways[i].last() == Some(&end))))
            });
            let Some(next) = next else { break };
            used[next] = true;
            if ways[next].first() == Some(&end) {
                chain.extend(&ways[next][1..]);
            } else {
                chain.extend(ways[next].iter().rev().skip(1));
            }
        }
        out.push(chain);
    }
    out
}

/// A ring that has an inside; none where it has not.
pub(super) fn ring(places: Vec<Coord>) -> Option<Polygon> {
    if places.len() < 4 || places.first() != places.last() {
        return None;
    }
    let polygon = Polygon::new(LineString(places), Vec::new());
    (polygon.unsigned_area() > 0.0).then_some(polygon)
}

/// Polygons of outer and inner rings: each inner ring becomes a hole of the smallest outer ring around it.
pub(super) fn polygons(outer: Vec<Polygon>, inner: Vec<Polygon>) -> Option<MultiPolygon> {
    let mut all: Vec<(f64, Polygon, Vec<LineString>)> = outer.into_iter().map(|ring| (ring.unsigned_area(), ring, Vec::new())).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    for hole in inner {
        let Some(at) = hole.exterior().0.first().map(|&c| Point(c)) else { continue };
        let size = hole.unsigned_area();
        // a hole may touch its ring: then its first corner lies in no ring, and the smallest that is larger has it
        let holder =
            all.iter().position(|(area, ring, _)| *area > size && ring.contains(&at)).or_else(|| all.iter().position(|(area, ..)| *area > size));
        if let Some(holder) = holder {
            all[holder].2.push(hole.exterior().clone());
        }
    }
    if all.is_empty() {
        return None;
    }
    Some(MultiPolygon(all.into_iter().map(|(_, ring, holes)| Polygon::new(ring.exterior().clone(), holes)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_join_at_shared_ends_turned_where_they_may_be() {
        let ways: [&[i64]; 4] = [&[3, 4, 1], &[3, 2, 1], &[7, 8], &[9, 8]];
        let mut found = chains(&ways, false);
        found.sort();
        assert_eq!(found, [vec![3, 4, 1, 2, 3], vec![7, 8, 9]]);
        let mut directed = chains(&[&[2, 3], &[1, 2], &[5, 3]], true);
        directed.sort();
        assert_eq!(directed, [vec![1, 2, 3], vec![5, 3]]);
    }

    fn square(x: f64, y: f64, side: f64) -> Polygon {
        let at = |dx: f64, dy: f64| Coord { x: x + dx * side, y: y + dy * side };
        ring(vec![at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0), at(0.0, 0.0)]).expect("a square")
    }

    #[test]
    fn a_hole_goes_to_the_smallest_ring_around_it() {
        let found = polygons(vec![square(0.0, 0.0, 10.0), square(20.0, 0.0, 5.0)], vec![square(21.0, 1.0, 1.0), square(1.0, 1.0, 1.0)]).expect("two");
        let holes: Vec<(f64, usize)> = found.0.iter().map(|p| (p.exterior().0[0].x, p.interiors().len())).collect();
        assert_eq!(holes, [(20.0, 1), (0.0, 1)]);
        assert!((found.unsigned_area() - 123.0).abs() < 1e-9);
        assert!(ring(vec![Coord { x: 0.0, y: 0.0 }, Coord { x: 1.0, y: 0.0 }, Coord { x: 0.0, y: 0.0 }]).is_none());
    }
}
