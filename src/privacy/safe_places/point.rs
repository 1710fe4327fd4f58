//! Where a group's point is put: near the middle, inside the cell, at nobody's door.

use rustc_hash::FxHashSet;

use super::Place;

/// Side of the squares of which one holds at most one address or safe place, in degrees: about a metre.
const SQUARE_DEG: f64 = 1e-5;
/// Radii of the rings that are tried around a point, in degrees of latitude: about 4 m to 70 m.
const RINGS_DEG: [f64; 5] = [4e-5, 8e-5, 16e-5, 32e-5, 64e-5];

/// The points that are taken.
pub(super) struct Points(FxHashSet<(i64, i64)>);

impl Points {
    /// Starts with the addresses of the cell.
    pub(super) fn around(addresses: impl Iterator<Item = Place>) -> Self {
        Self(addresses.map(square).collect())
    }

    /// Chooses a point for a group (not empty) and takes it.
    ///
    /// The centroid; else points around it, ring by ring; else the same around the member nearest to the centroid.
    /// Where all that is inside is taken, the first inside; where nothing is inside, that member's own point.
    pub(super) fn choose(&mut self, members: &[Place], inside: Option<&dyn Fn(Place) -> bool>) -> Place {
        let middle = centroid(members);
        let home = medoid(members, middle);
        let mut fallback = None;
        for place in rings(middle).chain(rings(home)) {
            if inside.is_some_and(|inside| !inside(place)) {
                continue;
            }
            if self.0.insert(square(place)) {
                return place;
            }
            fallback.get_or_insert(place);
        }
        fallback.unwrap_or(home)
    }
}

fn square(place: Place) -> (i64, i64) {
    ((place.0 / SQUARE_DEG).round() as i64, (place.1 / SQUARE_DEG).round() as i64)
}

fn round7(place: Place) -> Place {
    ((place.0 * 1e7).round() / 1e7, (place.1 * 1e7).round() / 1e7)
}

fn centroid(members: &[Place]) -> Place {
    let sum = members.iter().fold((0.0, 0.0), |sum, place| (sum.0 + place.0, sum.1 + place.1));
    (sum.0 / members.len() as f64, sum.1 / members.len() as f64)
}

fn medoid(members: &[Place], middle: Place) -> Place {
    super::nearest(members, middle).map_or(middle, |i| members[i])
}

/// The point itself, then eight points on each ring, on the 1e-7° grid.
fn rings(centre: Place) -> impl Iterator<Item = Place> {
    let stretch = centre.1.to_radians().cos().max(0.01);
    let around = move |(ring, step): (f64, u32)| {
        let (sin, cos) = (f64::from(step) * std::f64::consts::FRAC_PI_4).sin_cos();
        round7((centre.0 + ring * cos / stretch, centre.1 + ring * sin))
    };
    let steps = RINGS_DEG.into_iter().flat_map(|ring| (0..8).map(move |step| (ring, step)));
    std::iter::once(round7(centre)).chain(steps.map(around))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centroid_is_taken_where_it_is_free() {
        let members = [(120.0, 29.0), (120.0, 30.0), (121.0, 29.0), (121.0, 30.0)];
        assert_eq!(Points::around(members.into_iter()).choose(&members, None), (120.5, 29.5));
    }

    #[test]
    fn a_centroid_at_a_door_moves_some_metres() {
        let members = [(120.0, 29.0), (120.5, 29.5), (121.0, 30.0)];
        let place = Points::around(members.into_iter()).choose(&members, None);
        assert_eq!(place, (120.500_046, 29.5));
    }

    #[test]
    fn where_nothing_is_inside_a_member_stands() {
        let members = [(120.0, 29.0), (120.4, 29.5), (121.0, 30.0)];
        assert_eq!(Points::around(members.into_iter()).choose(&members, Some(&|_| false)), (120.4, 29.5));
    }
}
