//! Groups of near addresses, by halving: simple, compact, and never under the minimum.

use super::Place;
use super::point::Points;

/// An address to be grouped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Address {
    /// Its key, different for each; settles ties, so that the order of input does not matter.
    pub key: i64,
    /// Where it is.
    pub place: Place,
}

/// A group and the point that stands for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Indices into the addresses given, ascending by key.
    pub members: Vec<usize>,
    /// The safe place, on the 1e-7° grid.
    pub place: Place,
}

/// Groups the addresses of one cell.
///
/// The addresses are halved across their longer side, in a frame turned by the seed, until about one and a half
/// times `min` are left; within the freedom left each cut falls where the gap is widest, so that a hamlet stays together.
///
/// * `addresses` – of one cell; several may share a point (a tower)
/// * `min` – the fewest members, at least 1; groups have `min` to 2·`min` − 1
/// * `seed` – see [`seed_for`](super::seed_for)
/// * `inside` – whether a point lies in the cell; without it every point does
///
/// Every address is in exactly one group. A safe place is near the middle of its members, inside the cell, and within a
/// metre of no address given and no other safe place, as far as the cell has room. Fewer than `min` addresses: no
/// group, see [`fixed_kind`](super::fixed_kind).
/// O(n log² n).
pub fn group(addresses: &[Address], min: usize, seed: u64, inside: Option<&dyn Fn(Place) -> bool>) -> Vec<Group> {
    let min = min.max(1);
    if addresses.len() < min {
        return Vec::new();
    }
    let mut turned = turn(addresses, seed);
    let most = 2 * min - 1;
    let count = ((2 * turned.len()).div_ceil(3 * min)).clamp(turned.len().div_ceil(most), turned.len() / min);
    let mut members = Vec::with_capacity(count);
    halve(&mut turned, count, min, &mut members);
    let mut points = Points::around(addresses.iter().map(|address| address.place));
    let mut groups = Vec::with_capacity(members.len());
    for mut group in members {
        group.sort_unstable_by_key(|&i| addresses[i].key);
        let places: Vec<Place> = group.iter().map(|&i| addresses[i].place).collect();
        groups.push(Group { place: points.choose(&places, inside), members: group });
    }
    groups
}

/// An address in the turned frame; lengths in degrees of latitude.
struct Turned {
    at: [f64; 2],
    key: i64,
    index: usize,
}

fn turn(addresses: &[Address], seed: u64) -> Vec<Turned> {
    // From the least and greatest latitude rather than the mean, whose last bit would depend on the order.
    let south = addresses.iter().map(|a| a.place.1).fold(f64::INFINITY, f64::min);
    let north = addresses.iter().map(|a| a.place.1).fold(f64::NEG_INFINITY, f64::max);
    let west = addresses.iter().map(|a| a.place.0).fold(f64::INFINITY, f64::min);
    let shrink = f64::midpoint(south, north).to_radians().cos();
    let angle = (seed >> 11) as f64 / (1_u64 << 53) as f64 * std::f64::consts::PI;
    let (sin, cos) = angle.sin_cos();
    let turned = |(index, address): (usize, &Address)| {
        let (x, y) = ((address.place.0 - west) * shrink, address.place.1 - south);
        Turned { at: [x * cos - y * sin, x * sin + y * cos], key: address.key, index }
    };
    addresses.iter().enumerate().map(turned).collect()
}

/// Cuts into `count` groups of `min` to 2·`min` − 1; the caller sees to it that this is possible.
fn halve(all: &mut [Turned], count: usize, min: usize, out: &mut Vec<Vec<usize>>) {
    if count == 1 {
        out.push(all.iter().map(|t| t.index).collect());
        return;
    }
    let extent = |axis: usize| {
        let ends = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |e, t| (e.0.min(t.at[axis]), e.1.max(t.at[axis])));
        ends.1 - ends.0
    };
    let axis = usize::from(extent(1) > extent(0));
    all.sort_unstable_by(|a, b| a.at[axis].total_cmp(&b.at[axis]).then(a.key.cmp(&b.key)));
    let (left, right, most) = (count / 2, count - count / 2, 2 * min - 1);
    let even = all.len() * left / count;
    let slack = min.div_ceil(2);
    let first = (left * min).max(all.len().saturating_sub(right * most)).max(even.saturating_sub(slack));
    let last = (left * most).min(all.len() - right * min).min(even + slack);
    let gap = |cut: usize| all[cut].at[axis] - all[cut - 1].at[axis];
    let nearer = |cut: usize| std::cmp::Reverse(cut.abs_diff(even));
    let cut = (first..=last).max_by(|&a, &b| gap(a).total_cmp(&gap(b)).then(nearer(a).cmp(&nearer(b)))).unwrap_or(even);
    let (one, other) = all.split_at_mut(cut);
    halve(one, left, min, out);
    halve(other, right, min, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn addresses(places: &[Place]) -> Vec<Address> {
        places.iter().enumerate().map(|(i, &place)| Address { key: i as i64, place }).collect()
    }

    fn near(max: usize) -> impl Strategy<Value = Vec<Address>> {
        // A coarse grid, so that points are shared and lined up.
        prop::collection::vec((0..60_i32, 0..40_i32), 0..max).prop_map(|at| {
            let places: Vec<Place> = at.iter().map(|&(x, y)| (120.2 + f64::from(x) * 1e-4, 29.7 + f64::from(y) * 1e-4)).collect();
            addresses(&places)
        })
    }

    #[test]
    fn two_hamlets_are_two_groups() {
        let row = |lon: f64| (0..9).map(move |i| (lon + f64::from(i) * 1e-4, 29.7));
        let places: Vec<Place> = row(120.0).chain(row(120.01)).collect();
        let mut sizes: Vec<Vec<usize>> = group(&addresses(&places), 8, 7, None).into_iter().map(|g| g.members).collect();
        sizes.sort();
        assert_eq!(sizes, [(0..9).collect::<Vec<_>>(), (9..18).collect()]);
    }

    #[test]
    fn seven_addresses_are_no_group() {
        assert_eq!(group(&addresses(&[(120.0, 29.7); 7]), 8, 1, None), []);
        assert_eq!(group(&addresses(&[(120.0, 29.7); 8]), 8, 1, None).len(), 1);
    }

    #[test]
    fn a_tower_gets_places_of_its_own_beside_it() {
        let groups = group(&addresses(&[(120.0, 29.7); 40]), 8, 1, None);
        let mut places: Vec<String> = groups.iter().map(|g| format!("{:.7} {:.7}", g.place.0, g.place.1)).collect();
        assert!(groups.len() >= 3 && !places.contains(&"120.0000000 29.7000000".to_owned()));
        places.sort();
        places.dedup();
        assert_eq!(places.len(), groups.len());
    }

    #[test]
    fn a_place_stays_inside_its_cell() {
        // Two arms of a horseshoe: the middle lies between them, outside.
        let places: Vec<Place> = (0..10).map(|i| (if i % 2 == 0 { 120.0 } else { 120.01 }, 29.7 + f64::from(i) * 1e-4)).collect();
        let inside = |p: Place| (p.0 - 120.0).abs() < 5e-4 || (p.0 - 120.01).abs() < 5e-4;
        let groups = group(&addresses(&places), 8, 3, Some(&inside));
        assert_eq!(groups.len(), 1);
        assert!(inside(groups[0].place) && !places.contains(&groups[0].place), "{:?}", groups[0].place);
    }

    proptest! {
        #[test]
        fn every_address_is_in_one_group_of_eight_to_fifteen(all in near(300), seed: u64) {
            let groups = group(&all, 8, seed, None);
            prop_assert_eq!(groups.is_empty(), all.len() < 8);
            let mut members: Vec<usize> = groups.iter().flat_map(|g| g.members.iter().copied()).collect();
            members.sort_unstable();
            if !groups.is_empty() {
                prop_assert_eq!(members, (0..all.len()).collect::<Vec<_>>());
            }
            for g in &groups {
                prop_assert!((8..=15).contains(&g.members.len()), "{}", g.members.len());
                prop_assert!(all.iter().all(|a| a.place != g.place));
            }
        }

        #[test]
        fn the_order_of_addresses_does_not_matter(all in near(120), seed: u64) {
            let keys = |from: &[Address]| -> Vec<(Vec<i64>, Place)> {
                group(from, 8, seed, None).iter().map(|g| (g.members.iter().map(|&i| from[i].key).collect(), g.place)).collect()
            };
            let backwards: Vec<Address> = all.iter().rev().copied().collect();
            prop_assert_eq!(keys(&all), keys(&backwards));
        }
    }
}
