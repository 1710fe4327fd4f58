//! Positions on the Web Mercator square as two whole numbers of 32 bits, and their order along the Z curve.
//!
//! The world is 2^32 units a side (9.3 mm at the equator), so that tile and place in the tile at any zoom are shifts.

/// A position: `x` from 180° W eastwards, `y` from 85.05° N southwards, in 2^-32 of the side of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct World {
    /// Eastwards.
    pub x: u32,
    /// Southwards.
    pub y: u32,
}

/// A box of positions, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldBox {
    /// The north-west corner.
    pub min: World,
    /// The south-east corner.
    pub max: World,
}

const SIDE: f64 = 4_294_967_296.0;
/// Metres around the equator of the sphere that Web Mercator takes the Earth for.
const EQUATOR_M: f64 = std::f64::consts::TAU * 6_378_137.0;

impl World {
    /// The unit that holds a position in degrees (WGS 84). Latitudes beyond ±85.0511° and longitudes beyond ±180° are
    /// taken to the edge of the square; so is what is not a number.
    ///
    /// ```
    /// use maplebridge::mvt::World;
    /// assert_eq!(World::from_lon_lat(0.0, 0.0), World { x: 1 << 31, y: 1 << 31 });
    /// ```
    pub fn from_lon_lat(lon: f64, lat: f64) -> Self {
        let sin = lat.to_radians().sin();
        let row = 0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * std::f64::consts::PI);
        // `as` takes what lies outside to the nearest whole number of 32 bits
        Self { x: ((lon + 180.0) / 360.0 * SIDE).floor() as u32, y: (row * SIDE).floor() as u32 }
    }

    /// Longitude and latitude in degrees of the middle of the unit.
    pub fn to_lon_lat(self) -> [f64; 2] {
        let lon = (f64::from(self.x) + 0.5) / SIDE * 360.0 - 180.0;
        [lon, latitude_of((f64::from(self.y) + 0.5) / SIDE)]
    }

    /// Metres on the ground that a unit is long at this latitude: 9.33 mm at the equator, half of it at 60°. On the sphere of
    /// the map, within 0.5 % of the ellipsoid.
    pub fn unit_m(self) -> f64 {
        EQUATOR_M / SIDE * latitude_of((f64::from(self.y) + 0.5) / SIDE).to_radians().cos()
    }

    /// Place on the Z curve: the bits of `y` and `x` interleaved, `y` first. Tiles of every zoom are whole stretches.
    pub const fn z_order(self) -> u64 {
        spread(self.y) << 1 | spread(self.x)
    }

    /// The position at this place on the Z curve.
    pub const fn from_z_order(key: u64) -> Self {
        Self { x: gather(key), y: gather(key >> 1) }
    }
}

impl WorldBox {
    /// The whole world.
    pub const ALL: Self = Self { min: World { x: 0, y: 0 }, max: World { x: u32::MAX, y: u32::MAX } };

    /// Whether a position lies in the box.
    pub const fn holds(&self, at: World) -> bool {
        self.min.x <= at.x && at.x <= self.max.x && self.min.y <= at.y && at.y <= self.max.y
    }

    /// Whether two boxes share a position.
    pub const fn meets(&self, other: &Self) -> bool {
        self.min.x <= other.max.x && other.min.x <= self.max.x && self.min.y <= other.max.y && other.min.y <= self.max.y
    }

    /// The zoom of squares some 8 to 16 of which lie along the wider side of the box: for scans by [`WorldBox::z_ranges`].
    pub const fn scan_zoom(&self) -> u8 {
        let (w, h) = (self.max.x - self.min.x, self.max.y - self.min.y);
        let wider = if w > h { w } else { h } | 1;
        let zoom = wider.leading_zeros() as u8 + 4;
        if zoom > 32 { 32 } else { zoom }
    }

    /// The box with everything within `reach_m` metres on the ground around it, cut at the edge of the world.
    #[must_use]
    pub fn grown_m(&self, reach_m: f64) -> Self {
        // units are shortest, and most of them needed, at the corner nearest a pole; the way there may lead still nearer
        let shortest = |corner: World, towards: fn(u32, u32) -> u32| {
            let reach = (reach_m / corner.unit_m()).ceil() as u32;
            World { x: corner.x, y: towards(corner.y, reach) }.unit_m()
        };
        let units = (reach_m / shortest(self.min, u32::saturating_sub).min(shortest(self.max, u32::saturating_add))).ceil() as u32;
        Self {
            min: World { x: self.min.x.saturating_sub(units), y: self.min.y.saturating_sub(units) },
            max: World { x: self.max.x.saturating_add(units), y: self.max.y.saturating_add(units) },
        }
    }

    /// The smallest box around all positions; none of none.
    pub fn around(positions: impl IntoIterator<Item = World>) -> Option<Self> {
        positions.into_iter().fold(None, |grown: Option<Self>, at| {
            let old = grown.unwrap_or(Self { min: at, max: at });
            Some(Self {
                min: World { x: old.min.x.min(at.x), y: old.min.y.min(at.y) },
                max: World { x: old.max.x.max(at.x), y: old.max.y.max(at.y) },
            })
        })
    }

    /// Stretches of the Z curve, both ends included and in order, that cover the box with squares of zoom `finest` and
    /// wider: for scans of rows sorted by [`World::z_order`]. They may hold positions outside the box (filter by
    /// [`WorldBox::holds`]) and miss none inside. `finest` = tile zoom + 4 is a good trade for a buffered tile.
    pub fn z_ranges(&self, finest: u8, into: &mut Vec<(u64, u64)>) {
        into.clear();
        self.cover(0, 0, finest.min(32), into);
    }

    fn cover(&self, first: u64, depth: u8, finest: u8, into: &mut Vec<(u64, u64)>) {
        let rest = 32 - u32::from(depth);
        let last = if rest == 32 { u64::MAX } else { first + ((1_u64 << (2 * rest)) - 1) };
        let square = Self { min: World::from_z_order(first), max: World::from_z_order(last) };
        if !self.meets(&square) {
            return;
        }
        if depth >= finest || (self.holds(square.min) && self.holds(square.max)) {
            match into.last_mut() {
                Some(before) if before.1 + 1 == first => before.1 = last,
                _ => into.push((first, last)),
            }
            return;
        }
        let quarter = 1_u64 << (2 * (rest - 1));
        for i in 0..4 {
            self.cover(first + i * quarter, depth + 1, finest, into);
        }
    }
}

/// Latitude in degrees at a share of the way from the north edge to the south edge.
pub(super) fn latitude_of(row: f64) -> f64 {
    (std::f64::consts::PI * (1.0 - 2.0 * row)).sinh().atan().to_degrees()
}

const fn spread(v: u32) -> u64 {
    let mut v = v as u64;
    v = (v | v << 16) & 0x0000_ffff_0000_ffff;
    v = (v | v << 8) & 0x00ff_00ff_00ff_00ff;
    v = (v | v << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | v << 2) & 0x3333_3333_3333_3333;
    (v | v << 1) & 0x5555_5555_5555_5555
}

const fn gather(key: u64) -> u32 {
    let mut v = key & 0x5555_5555_5555_5555;
    v = (v | v >> 1) & 0x3333_3333_3333_3333;
    v = (v | v >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | v >> 4) & 0x00ff_00ff_00ff_00ff;
    v = (v | v >> 8) & 0x0000_ffff_0000_ffff;
    (v | v >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::super::TileId;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn edges_and_poles_stay_on_the_square() {
        assert_eq!(World::from_lon_lat(-180.0, 90.0), World { x: 0, y: 0 });
        assert_eq!(World::from_lon_lat(180.0, -90.0), World { x: u32::MAX, y: u32::MAX });
        assert_eq!(World::from_lon_lat(90.0, 66.513_260_443_111_86).x, 3 << 30);
        let quarter = World::from_lon_lat(0.0, 66.513_260_443_111_86).y;
        assert!(quarter.abs_diff(1 << 30) <= 1);
    }

    #[test]
    fn a_unit_is_half_as_long_at_60_degrees_and_a_box_grows_by_metres_of_its_own_latitude() {
        let [equator, north] = [0.0, 60.0].map(|lat| World::from_lon_lat(120.0, lat));
        assert!((equator.unit_m() - 0.009_330_69).abs() < 1e-7);
        assert!((north.unit_m() / equator.unit_m() - 0.5).abs() < 1e-6);
        let grown = WorldBox { min: north, max: north }.grown_m(1_000.0);
        let reach_m = f64::from(north.x - grown.min.x) * north.unit_m();
        assert!((1_000.0..1_001.0).contains(&reach_m), "{reach_m}");
        assert!(f64::from(grown.max.y - north.y) * grown.min.unit_m() >= 1_000.0);
        assert_eq!(WorldBox::ALL.grown_m(1.0), WorldBox::ALL);
    }

    #[test]
    fn the_z_curve_goes_east_south_west_and_nests() {
        let key = |x, y| World { x, y }.z_order();
        assert_eq!([key(0, 0), key(1, 0), key(0, 1), key(1, 1), key(2, 0)], [0, 1, 2, 3, 4]);
        assert_eq!(key(u32::MAX, u32::MAX), u64::MAX);
    }

    #[test]
    fn a_tile_is_one_stretch_of_the_z_curve() {
        let tile = TileId::new(12, 3233, 1683).expect("inside zoom 12");
        let mut ranges = Vec::new();
        tile.world_box().z_ranges(16, &mut ranges);
        let first = World { x: 3233 << 20, y: 1683 << 20 }.z_order();
        assert_eq!(ranges, [(first, first + (1 << 40) - 1)]);
    }

    proptest! {
        #[test]
        fn degrees_come_back_within_half_a_unit(lon in -179.9..179.9_f64, lat in -85.0..85.0_f64) {
            let [lon2, lat2] = World::from_lon_lat(lon, lat).to_lon_lat();
            prop_assert!((lon - lon2).abs() < 4.3e-8 && (lat - lat2).abs() < 4.3e-8);
        }

        #[test]
        fn ranges_miss_nothing_inside(x in any::<u32>(), y in any::<u32>(), w in 0_u32..1 << 20, h in 0_u32..1 << 20,
                                      fx in 0.0..1.0_f64, fy in 0.0..1.0_f64) {
            let area = WorldBox { min: World { x, y }, max: World { x: x.saturating_add(w), y: y.saturating_add(h) } };
            let mut ranges = Vec::new();
            area.z_ranges(16, &mut ranges);
            let pick = |lo: u32, hi: u32, f: f64| lo + (f64::from(hi - lo) * f) as u32;
            let inside = World { x: pick(area.min.x, area.max.x, fx), y: pick(area.min.y, area.max.y, fy) };
            prop_assert_eq!(World::from_z_order(inside.z_order()), inside);
            prop_assert!(ranges.iter().any(|r| (r.0..=r.1).contains(&inside.z_order())));
            prop_assert!(ranges.windows(2).all(|r| r[0].1 + 1 < r[1].0));
        }
    }
}
