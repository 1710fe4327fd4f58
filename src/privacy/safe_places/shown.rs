//! At which group of its cell a case is shown.

use super::{MIN_ADDRESSES, Place};

/// The part an address has in the one group of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Never in a group.
    Never,
    /// One of those it was made of.
    Founder,
    /// It came later.
    Joined,
    /// It was in one, and is in none any more.
    Left,
}

impl Part {
    /// Reads the stored word; what is not known was never in a group.
    pub fn from_name(name: &str) -> Self {
        match name {
            "founder" => Self::Founder,
            "joined" => Self::Joined,
            "left" => Self::Left,
            _ => Self::Never,
        }
    }
}

/// An address of the cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Home {
    /// Where it is.
    pub place: Place,
    /// The open group of the cell that it is in.
    pub group: Option<i64>,
    /// Its part in the group of its life.
    pub part: Part,
}

/// The group at which a case at a place is shown: that of the nearest address, so that a group stands for its own
/// members and for no others. `None`: the village's point.
///
/// An address that is in no open group of the cell is not shown at its neighbours': one that was in another group before
/// would be all that the two share, and one that never was in any may found another later. So the keeper lets those that
/// never were in a group join first. Nor is a group shown of which fewer than [`MIN_ADDRESSES`] founders are in this cell.
/// Of several addresses at one point one in a group counts. O(homes).
pub fn shown_at(homes: &[Home], place: Place) -> Option<i64> {
    let shrink = place.1.to_radians().cos();
    let square = |other: Place| ((other.0 - place.0) * shrink).powi(2) + (other.1 - place.1).powi(2);
    let farther = |a: &&Home, b: &&Home| square(a.place).total_cmp(&square(b.place)).then(a.group.is_none().cmp(&b.group.is_none()));
    let group = homes.iter().min_by(farther)?.group?;
    let founders = homes.iter().filter(|home| home.group == Some(group) && home.part == Part::Founder).count();
    (founders >= MIN_ADDRESSES).then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: Option<i64>, part: Part, from: i32, count: i32) -> Vec<Home> {
        (from..from + count).map(|x| Home { place: (120.0 + f64::from(x) * 1e-4, 29.0), group, part }).collect()
    }

    fn at(x: f64) -> Place {
        (120.0 + x * 1e-4, 29.0)
    }

    #[test]
    fn a_case_is_shown_at_the_group_of_the_nearest_address() {
        let homes = [row(Some(1), Part::Founder, 0, 8), row(Some(2), Part::Founder, 8, 8), row(Some(2), Part::Joined, 16, 1)].concat();
        assert_eq!([0.0, 7.4, 7.6, 16.0, 99.0].map(|x| shown_at(&homes, at(x))), [Some(1), Some(1), Some(2), Some(2), Some(2)]);
        assert_eq!(shown_at(&[], at(0.0)), None);
    }

    #[test]
    fn an_address_out_of_its_group_is_shown_at_the_village() {
        let homes = [row(Some(1), Part::Founder, 0, 8), row(None, Part::Left, 20, 1), row(None, Part::Founder, 30, 1), row(None, Part::Never, 40, 1)]
            .concat();
        assert_eq!([0.0, 20.0, 30.0, 40.0].map(|x| shown_at(&homes, at(x))), [Some(1), None, None, None]);
        let tower = [row(None, Part::Left, 3, 1), homes].concat();
        assert_eq!(shown_at(&tower, at(3.0)), Some(1), "at one point one in a group counts");
    }

    #[test]
    fn a_group_with_too_few_founders_here_is_not_shown() {
        let homes = [row(Some(1), Part::Founder, 0, 7), row(Some(1), Part::Joined, 7, 9)].concat();
        assert_eq!(shown_at(&homes, at(3.0)), None);
    }
}
