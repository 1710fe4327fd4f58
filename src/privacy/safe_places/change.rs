//! What becomes of groups when boundaries change.
//!
//! An incident keeps the safe place of its registration, so old groups stay in sight beside new ones. Were a new group
//! to share one to seven addresses with an old one, the two together would point at those few. Hence: an address that
//! was ever in a group goes into a new group only where at least `min` founders of the same old group go with it, and
//! nothing is ever mixed out of two old groups. (Founders, for later comers were in none of the still older groups.) What is cut off in smaller parts is merged into the village's point.

use std::collections::BTreeMap;

use super::{Address, Place, group, nearest, seed_for};

/// What an address was before the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lived {
    /// In a group, by index into the old places, and a founder of it or of the one it lives on from.
    In(usize),
    /// In a group, by index into the old places, that it joined later.
    Joined(usize),
    /// In no group now, but in one earlier (a closed one, or cut off by an earlier change).
    Left,
    /// Never in a group: new, or from a cell with a fixed point.
    Never,
}

/// An address, and the cell that holds it after the change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resident {
    /// Key and place.
    pub address: Address,
    /// Code of the new cell.
    pub cell_code: i64,
    /// What it was before.
    pub lived: Lived,
}

/// A group after the change.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// The new cell it lies in.
    pub cell_code: i64,
    /// The old group it lives on from, by index; `None` for a fresh one.
    pub from: Option<usize>,
    /// Indices into the residents, ascending by key.
    pub members: Vec<usize>,
    /// Its point: the old one where the group stayed whole and the point lies in the new cell.
    pub place: Place,
}

/// Groups after a change of boundaries, ordered by cell.
///
/// * `old` – points of the groups of the cells that ended
/// * `residents` – all addresses of the new cells
/// * `min` – the fewest members of a group
/// * `seed` – of the whole; each cell's own is made of it
/// * `inside` – whether a point lies in the cell of that code
///
/// Of each old group the part in one new cell becomes one group if it has at least `min` founders. Addresses that were
/// never in a group join the nearest of these, or where the cell has none are grouped afresh.
///
/// Returns the groups, and the residents that are in none: they use the village's point, or the cell's as
/// [`fixed_kind`](super::fixed_kind) says. No new group shares 1 to `min` − 1 addresses with a group of any earlier time,
/// as long as `lived` tells the truth. O(n log² n).
pub fn after_change(old: &[Place], residents: &[Resident], min: usize, seed: u64, inside: &dyn Fn(i64, Place) -> bool) -> (Vec<After>, Vec<usize>) {
    let mut cells: BTreeMap<i64, BTreeMap<Lived, Vec<usize>>> = BTreeMap::new();
    let mut sizes = vec![0_usize; old.len()];
    for (i, resident) in residents.iter().enumerate() {
        cells.entry(resident.cell_code).or_default().entry(resident.lived).or_default().push(i);
        if let Lived::In(from) | Lived::Joined(from) = resident.lived {
            sizes[from] += 1;
        }
    }
    let (mut groups, mut alone) = (Vec::new(), Vec::new());
    for (cell_code, mut parts) in cells {
        let in_cell = |place: Place| inside(cell_code, place);
        let seed = seed_for(seed, cell_code);
        let afresh = |members: &[usize], min: usize| {
            let addresses: Vec<Address> = members.iter().map(|&i| residents[i].address).collect();
            let own = |g: super::Group| (g.members.into_iter().map(|i| members[i]).collect::<Vec<_>>(), g.place);
            group(&addresses, min, seed, Some(&in_cell)).into_iter().map(own).collect::<Vec<_>>()
        };
        let first = groups.len();
        let mut fresh = Vec::new();
        // Later comers go where enough founders go.
        for from in parts.keys().filter_map(|lived| if let Lived::Joined(from) = *lived { Some(from) } else { None }).collect::<Vec<_>>() {
            let joined = parts.remove(&Lived::Joined(from)).unwrap_or_default();
            match parts.get_mut(&Lived::In(from)) {
                Some(founders) if founders.len() >= min => founders.extend(joined),
                _ => alone.extend(joined),
            }
        }
        for (lived, members) in parts {
            match lived {
                Lived::In(from) if members.len() >= min => {
                    // One group of all: a minimum of all of them leaves nothing to cut.
                    for (members, place) in afresh(&members, members.len()) {
                        let stays = members.len() == sizes[from] && in_cell(old[from]);
                        groups.push(After { cell_code, from: Some(from), members, place: if stays { old[from] } else { place } });
                    }
                }
                Lived::In(_) | Lived::Joined(_) | Lived::Left => alone.extend(members),
                Lived::Never => fresh = members,
            }
        }
        let places: Vec<Place> = groups[first..].iter().map(|g: &After| g.place).collect();
        if places.is_empty() {
            let made = afresh(&fresh, min);
            if made.is_empty() {
                alone.extend(fresh);
            }
            groups.extend(made.into_iter().map(|(members, place)| After { cell_code, from: None, members, place }));
            continue;
        }
        for i in fresh {
            if let Some(near) = nearest(&places, residents[i].address.place) {
                groups[first + near].members.push(i);
            }
        }
        for group in &mut groups[first..] {
            group.members.sort_unstable_by_key(|&i| residents[i].address.key);
        }
    }
    alone.sort_unstable();
    (groups, alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resident(key: i64, x: i32, cell_code: i64, lived: Lived) -> Resident {
        Resident { address: Address { key, place: (120.0 + f64::from(x) * 1e-4, 29.7) }, cell_code, lived }
    }

    fn anywhere(_: i64, _: Place) -> bool {
        true
    }

    #[test]
    fn a_group_that_stays_whole_keeps_its_point() {
        let residents: Vec<Resident> = (0..10).map(|i| resident(i64::from(i), i, 5, Lived::In(0))).collect();
        let (groups, alone) = after_change(&[(120.000_3, 29.700_1)], &residents, 8, 1, &anywhere);
        let members = (0..10).collect();
        assert_eq!(groups, [After { cell_code: 5, from: Some(0), members, place: (120.000_3, 29.700_1) }]);
        assert!(alone.is_empty());
    }

    #[test]
    fn the_small_part_of_a_cut_group_goes_to_the_village() {
        let mut residents: Vec<Resident> = (0..12).map(|i| resident(i64::from(i), i, if i < 8 { 5 } else { 6 }, Lived::In(0))).collect();
        residents.extend((20..40).map(|i| resident(i64::from(i), i, 6, Lived::Never)));
        let (groups, alone) = after_change(&[(120.000_3, 29.700_1)], &residents, 8, 1, &anywhere);
        assert_eq!(alone, [8, 9, 10, 11]);
        assert_eq!(groups[0].members, (0..8).collect::<Vec<_>>());
        assert_ne!(groups[0].place, (120.000_3, 29.700_1), "half a group has a point of its own");
        assert!(groups[1..].iter().all(|g| g.cell_code == 6 && g.from.is_none() && g.members.iter().all(|&i| i >= 12)));
        assert_eq!(groups[1..].iter().map(|g| g.members.len()).sum::<usize>(), 20);
    }

    #[test]
    fn merged_cells_keep_both_their_groups_and_newcomers_join_the_nearest() {
        let mut residents: Vec<Resident> = (0..20).map(|i| resident(i64::from(i), i, 5, Lived::In(usize::from(i >= 10)))).collect();
        residents.push(resident(99, 25, 5, Lived::Never));
        let (groups, alone) = after_change(&[(120.000_5, 29.7), (120.001_5, 29.7)], &residents, 8, 1, &anywhere);
        let members: Vec<Vec<usize>> = groups.into_iter().map(|g| g.members).collect();
        assert_eq!(members, [(0..10).collect::<Vec<_>>(), (10..21).collect()]);
        assert!(alone.is_empty());
    }

    proptest! {
        /// Through many changes, with arrivals and departures, every group of every time is compared with every other.
        #[test]
        fn no_two_groups_of_any_time_share_one_to_seven_addresses(
            steps in prop::collection::vec((any::<u64>(), 1..5_i32, 0..60_i64, 0..6_u64), 1..8),
            crowd in 20..120_i64,
        ) {
            let spot = |key: i64| (key * 7919 % 1000) as i32;
            let mut people: Vec<(i64, Lived)> = (0..crowd).map(|key| (key, Lived::Never)).collect();
            let mut places: Vec<Place> = Vec::new();
            let mut seen: Vec<std::collections::BTreeSet<i64>> = Vec::new();
            let mut next = crowd;
            for (seed, cells, come, go) in steps {
                people.retain(|&(key, _)| seed_for(seed, key) % 40 >= go);
                people.extend((next..next + come).map(|key| (key, Lived::Never)));
                next += come;
                let cell = |key: i64| i64::from((spot(key) + (seed % 400) as i32) * cells / 1400);
                let residents: Vec<Resident> = people.iter().map(|&(key, lived)| resident(key, spot(key), cell(key), lived)).collect();
                let (groups, alone) = after_change(&places, &residents, 8, seed, &anywhere);
                prop_assert_eq!(groups.iter().map(|g| g.members.len()).sum::<usize>() + alone.len(), people.len());
                for i in alone {
                    if people[i].1 != Lived::Never {
                        people[i].1 = Lived::Left;
                    }
                }
                for (number, group) in groups.iter().enumerate() {
                    prop_assert!(group.members.len() >= 8);
                    prop_assert!(group.members.iter().all(|&i| residents[i].cell_code == group.cell_code));
                    let keys: std::collections::BTreeSet<i64> = group.members.iter().map(|&i| people[i].0).collect();
                    // An address that left for good is no longer there to be pointed at.
                    let living: std::collections::BTreeSet<i64> = people.iter().map(|p| p.0).collect();
                    for earlier in &seen {
                        let shared = earlier.intersection(&keys).filter(|key| living.contains(key)).count();
                        prop_assert!(shared == 0 || shared >= 8, "{shared} shared");
                    }
                    seen.push(keys);
                    for &i in &group.members {
                        people[i].1 = match people[i].1 {
                            Lived::Never if group.from.is_some() => Lived::Joined(number),
                            Lived::Joined(_) => Lived::Joined(number),
                            _ => Lived::In(number),
                        };
                    }
                }
                places = groups.into_iter().map(|g| g.place).collect();
            }
        }
    }
}
