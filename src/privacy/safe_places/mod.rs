//! Safe places: the points that stand for at least eight addresses, so that no incident points at a home.
//!
//! The rules this room decides, for its callers to keep:
//! * [`group`] is run once for a cell version; a point never moves afterwards.
//! * An address is in one group in its life. A new one joins the [`nearest`] open group of its cell; one that comes into
//!   another cell than its group is in none any more.
//! * A group is closed by its keeper when fewer than [`MIN_ADDRESSES`] of its founders are left: no new incidents, those
//!   it has stay. So any two moments of a group share at least these, and two groups share none.
//! * A group that comes into another cell as a whole, its point included, goes on there.
//! * An incident is shown at the group of the nearest address, see [`shown_at`], or at the village's point.
//! * A cell that has no group has one fixed point, see [`fixed_kind`].
//!
//! Rows, and finding the cell of an address, belong to the callers. Pure and seeded: the same addresses with the same
//! seed give the same groups, in whatever order they come.

mod grouping;
#[cfg(test)]
mod laws;
mod point;
mod shown;

pub use grouping::{Address, Group, group};
pub use shown::{Home, Part, shown_at};

/// A point, longitude and latitude in WGS 84 degrees.
pub type Place = (f64, f64);

/// The fewest addresses a safe place stands for.
pub const MIN_ADDRESSES: usize = 8;

/// The point for addresses that no group holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixed {
    /// A fixed inner point of the cell.
    Cell,
    /// A fixed inner point of the village.
    Village,
}

/// Which fixed point a cell without groups uses.
///
/// With no address known the cell's own: nobody is pointed at, and a place outside would only mislead. With one to
/// seven known the village's, for the cell's point would stand for too few. `None` where the cell has enough
/// addresses for groups.
pub const fn fixed_kind(address_count: usize) -> Option<Fixed> {
    match address_count {
        0 => Some(Fixed::Cell),
        1..MIN_ADDRESSES => Some(Fixed::Village),
        _ => None,
    }
}

/// The index of the nearest of the (open) safe places of a cell; the first where two are equally near.
///
/// `None` where there are none. O(places).
pub fn nearest(places: &[Place], place: Place) -> Option<usize> {
    let shrink = place.1.to_radians().cos();
    let square = |other: Place| ((other.0 - place.0) * shrink).powi(2) + (other.1 - place.1).powi(2);
    (0..places.len()).min_by(|&a, &b| square(places[a]).total_cmp(&square(places[b])))
}

/// A seed for one cell out of the seed of the whole, so that neighbours are not cut alike.
pub const fn seed_for(seed: u64, cell_code: i64) -> u64 {
    // SplitMix64 (Steele, Lea and Flood 2014), one step.
    let mut mixed = seed ^ (cell_code as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_with_few_addresses_uses_its_village() {
        assert_eq!(fixed_kind(0), Some(Fixed::Cell));
        assert_eq!(fixed_kind(1), Some(Fixed::Village));
        assert_eq!(fixed_kind(7), Some(Fixed::Village));
        assert_eq!(fixed_kind(8), None);
    }

    #[test]
    fn nearest_is_measured_on_the_ground() {
        // At 60° north a degree of longitude is half as long as one of latitude.
        let places = [(10.0, 60.7), (11.0, 60.0)];
        assert_eq!(nearest(&places, (10.0, 60.0)), Some(1));
        assert_eq!(nearest(&[], (10.0, 60.0)), None);
        assert_eq!(nearest(&[(1.0, 0.0), (1.0, 0.0)], (0.0, 0.0)), Some(0));
    }

    #[test]
    fn neighbouring_cells_get_seeds_of_their_own() {
        assert_ne!(seed_for(1, 990_321_001_009_001), seed_for(1, 990_321_001_009_002));
        assert_eq!(seed_for(1, 990_321_001_009_001), seed_for(1, 990_321_001_009_001));
    }
}
