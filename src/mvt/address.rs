//! Tile addresses and the boxes they cover. Positions are `World` (`world.rs`); bytes are `layer.rs`.

use super::world::{World, WorldBox};

/// Units along one side of a tile.
pub const EXTENT: i32 = 4096;

/// The highest zoom that can be asked for.
pub const MAX_ZOOM: u8 = 22;

/// One square of the slippy map: zoom `z` (0–22), column `x` from the west, row `y` from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    z: u8,
    x: u32,
    y: u32,
}

/// Why three numbers name no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// A part is not a whole number.
    #[error("{part} of a tile address must be a whole number, not {text:?}")]
    NotANumber {
        /// `z`, `x` or `y`.
        part: &'static str,
        /// What stood there.
        text: String,
    },
    /// The zoom is above 22.
    #[error("zoom {z} is beyond {MAX_ZOOM}")]
    Zoom {
        /// The zoom asked for.
        z: u32,
    },
    /// Column or row lies outside the world at this zoom.
    #[error("{part} = {value} is outside zoom {z}, which has {} columns and rows", 1_u32 << z)]
    Outside {
        /// `x` or `y`.
        part: &'static str,
        /// The number asked for.
        value: u32,
        /// The zoom.
        z: u8,
    },
}

impl TileId {
    /// The tile of these numbers, or which of them is wrong.
    pub fn new(z: u8, x: u32, y: u32) -> Result<Self, TileError> {
        if z > MAX_ZOOM {
            return Err(TileError::Zoom { z: u32::from(z) });
        }
        for (part, value) in [("x", x), ("y", y)] {
            if value >= 1 << z {
                return Err(TileError::Outside { part, value, z });
            }
        }
        Ok(Self { z, x, y })
    }

    /// Reads the three parts of an address as they stand in a path; a `.mvt` or `.pbf` behind `y` is allowed.
    ///
    /// ```
    /// use maplebridge::mvt::TileId;
    /// assert_eq!(TileId::parse("3", "6", "2.mvt"), TileId::new(3, 6, 2));
    /// ```
    pub fn parse(z: &str, x: &str, y: &str) -> Result<Self, TileError> {
        let number = |part: &'static str, text: &str| match text.parse::<u32>() {
            Ok(n) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(n),
            _ => Err(TileError::NotANumber { part, text: text.chars().take(20).collect() }),
        };
        let y = y.strip_suffix(".mvt").or_else(|| y.strip_suffix(".pbf")).unwrap_or(y);
        let z = number("z", z)?;
        let (x, y) = (number("x", x)?, number("y", y)?);
        Self::new(u8::try_from(z).map_err(|_| TileError::Zoom { z })?, x, y)
    }

    /// The tile at zoom `z` (at most 22) that holds a position.
    pub fn holding(z: u8, at: World) -> Self {
        let z = z.min(MAX_ZOOM);
        let shift = 32 - u32::from(z);
        Self { z, x: (u64::from(at.x) >> shift) as u32, y: (u64::from(at.y) >> shift) as u32 }
    }

    /// The zoom, 0–22.
    pub const fn z(self) -> u8 {
        self.z
    }

    /// The column, counted from 180° W.
    pub const fn x(self) -> u32 {
        self.x
    }

    /// The row, counted from the north.
    pub const fn y(self) -> u32 {
        self.y
    }

    /// The tile one zoom out that holds this one; none above zoom 0.
    pub const fn parent(self) -> Option<Self> {
        if self.z == 0 { None } else { Some(Self { z: self.z - 1, x: self.x >> 1, y: self.y >> 1 }) }
    }

    /// The positions that belong to this tile, both ends included.
    pub fn world_box(self) -> WorldBox {
        self.buffered(0)
    }

    /// The positions within `buffer` tile units around this tile as well, cut at the edge of the world.
    pub fn buffered(self, buffer: i32) -> WorldBox {
        let side = 1_i64 << (32 - u32::from(self.z));
        let margin = (i64::from(buffer) * side + i64::from(EXTENT) - 1) / i64::from(EXTENT);
        let clamp = |v: i64| v.clamp(0, i64::from(u32::MAX)) as u32;
        let (west, north) = (i64::from(self.x) * side, i64::from(self.y) * side);
        WorldBox {
            min: World { x: clamp(west - margin), y: clamp(north - margin) },
            max: World { x: clamp(west + side - 1 + margin), y: clamp(north + side - 1 + margin) },
        }
    }

    /// Stretches of the Z curve, both ends included and in order, that cover the tile and `buffer` tile units around it: the
    /// tile, and around it squares of a `2^-finer` of its side (`finer` at most 10), which may reach beyond the buffer.
    pub fn z_runs(self, buffer: i32, finer: u8, into: &mut Vec<(u64, u64)>) {
        let first = |level: u32, x: u32, y: u32| World { x: x << (32 - level), y: y << (32 - level) }.z_order();
        let own = self.world_box();
        into.clear();
        into.push((own.min.z_order(), own.max.z_order()));
        let level = u32::from(self.z) + u32::from(finer);
        let side = 1_u32 << finer;
        let margin = ((buffer as u32) << finer).div_ceil(EXTENT as u32);
        let most = ((1_u64 << level) - 1) as u32;
        let span = |at: u32| (at * side).saturating_sub(margin)..=(at * side + side - 1).saturating_add(margin).min(most);
        let length = 1_u64 << (2 * (32 - level));
        for y in span(self.y) {
            let beside = y / side == self.y;
            for x in span(self.x).filter(|x| !beside || x / side != self.x) {
                let key = first(level, x, y);
                into.push((key, key + (length - 1)));
            }
        }
        into.sort_unstable();
        into.dedup_by(|next, before| {
            let follows = before.1 + 1 == next.0;
            if follows {
                before.1 = next.1;
            }
            follows
        });
    }

    /// West, south, east, north in degrees.
    pub fn lon_lat_bounds(self) -> [f64; 4] {
        let tiles = f64::from(1_u32 << self.z);
        let lat = |row: f64| super::world::latitude_of(row / tiles);
        let lon = |column: f64| column / tiles * 360.0 - 180.0;
        [lon(f64::from(self.x)), lat(f64::from(self.y) + 1.0), lon(f64::from(self.x) + 1.0), lat(f64::from(self.y))]
    }

    /// Where a position lies in this tile, in tile units: 0 to 4095 inside, below or above in the buffer.
    ///
    /// A tile unit is `2^(20 − z)` world units and the position is rounded down, by a shift, so that a position has
    /// coordinates in [0, 4096) in exactly one tile of a zoom, the one that holds it. From zoom 21 on a world unit is
    /// several tile units and stands at the first of them.
    pub fn place(self, at: World) -> [i32; 2] {
        let [x, y] = on_grid(self.z, at);
        let origin = self.grid_origin();
        let narrow = |v: i64| v.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        [narrow(x - origin[0]), narrow(y - origin[1])]
    }

    /// The north-west corner on the whole-world grid of this zoom.
    pub(super) fn grid_origin(self) -> [i64; 2] {
        [i64::from(self.x) * i64::from(EXTENT), i64::from(self.y) * i64::from(EXTENT)]
    }
}

impl std::fmt::Display for TileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

/// A position on the grid of zoom `z` that spans the whole world in `4096 · 2^z` units a side.
pub(super) fn on_grid(z: u8, at: World) -> [i64; 2] {
    let (x, y) = (i64::from(at.x), i64::from(at.y));
    if z <= 20 { [x >> (20 - z), y >> (20 - z)] } else { [x << (z - 20), y << (z - 20)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_outside_the_world_is_refused_by_name() {
        assert_eq!(TileId::parse("2", "4", "0"), Err(TileError::Outside { part: "x", value: 4, z: 2 }));
        assert_eq!(TileId::parse("23", "0", "0"), Err(TileError::Zoom { z: 23 }));
        assert_eq!(TileId::parse("999", "0", "0"), Err(TileError::Zoom { z: 999 }));
        for bad in ["", "-1", "+1", "1.5", "一", "4294967296"] {
            assert_eq!(TileId::parse("9", "1", bad), Err(TileError::NotANumber { part: "y", text: bad.into() }));
        }
        assert_eq!(TileId::parse("22", "4194303", "4194303.pbf").map(|t| t.to_string()), Ok("22/4194303/4194303".into()));
    }

    #[test]
    fn a_position_belongs_to_the_one_tile_where_its_place_is_inside() {
        let edge = World { x: 1 << 31, y: (1 << 31) - 1 };
        let tile = TileId::holding(1, edge);
        assert_eq!((tile.x(), tile.y()), (1, 0));
        assert_eq!(tile.place(edge), [0, 4095]);
        assert_eq!(TileId::new(1, 0, 0).map(|t| t.place(edge)), Ok([4096, 4095]));
        assert_eq!(TileId::holding(22, World { x: 3, y: 1024 }).place(World { x: 3, y: 1024 }), [12, 0]);
        assert_eq!(TileId::holding(22, World { x: 3, y: 1024 }).y(), 1);
    }

    #[test]
    fn a_buffer_of_64_is_a_64th_of_the_side() {
        let tile = TileId::new(4, 3, 5).expect("inside zoom 4");
        let side = 1_u32 << 28;
        let grown = tile.buffered(64);
        assert_eq!(grown.min, World { x: 3 * side - side / 64, y: 5 * side - side / 64 });
        assert_eq!(grown.max, World { x: 4 * side - 1 + side / 64, y: 6 * side - 1 + side / 64 });
        assert_eq!(TileId::holding(0, grown.min).buffered(64), WorldBox::ALL);
    }

    #[test]
    fn tile_0_0_0_spans_the_square_of_web_mercator() {
        let [west, south, east, north] = TileId::holding(0, World { x: 0, y: 0 }).lon_lat_bounds();
        assert!((west + 180.0).abs() < 1e-12 && (east - 180.0).abs() < 1e-12);
        assert!((north - 85.051_128_779_806_59).abs() < 1e-9 && (south + north).abs() < 1e-9);
    }
}
