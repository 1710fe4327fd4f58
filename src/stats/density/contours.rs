//! Bands of a density as polygons, between levels, by marching squares.
//!
//! The grid is framed by a row of lower values on every side, so that every line closes; a saddle is decided by the mean
//! of its four corners. Rings are joined by the edges of the grid they cross, not by coordinates, so that none breaks.

use geo::{Contains, Coord, LineString, MultiPolygon, Polygon};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::StatsError;
use super::super::error::{all_finite, same_length};
use super::Grid;

/// The ground between two levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// The level that values reach here.
    pub from: f64,
    /// The level that they stay below; `None` for the highest band.
    pub to: Option<f64>,
    /// Where that is, in the coordinates of the grid, metres; outer rings anticlockwise.
    pub shape: MultiPolygon,
}

/// The bands of a grid of values between ascending levels, one for each level; what lies below the first is no band.
///
/// * `values` – as [`density`](super::density) returns them
/// * `levels` – ascending, in the unit of the values; the first above 0 for a density
///
/// Values run straight between the centres of cells and fall to below every level half a cell outside the grid: give the
/// grid a margin of a bandwidth. Levels that do not ascend: `OutOfRange`. O(cells · levels).
pub fn contour_bands(values: &[f64], grid: &Grid, levels: &[f64]) -> Result<Vec<Band>, StatsError> {
    same_length("values", values.len(), grid.columns * grid.rows)?;
    all_finite("value", values)?;
    all_finite("level", levels)?;
    if let Some(pair) = levels.windows(2).find(|pair| pair[0] >= pair[1]) {
        return Err(StatsError::OutOfRange { what: "a level", value: pair[1], must: "above the one before" });
    }
    let lines: Vec<Vec<Vec<Coord>>> = levels.par_iter().map(|level| Tracer { values, grid, level: *level, levels }.rings()).collect();
    let bands = levels.iter().enumerate().map(|(n, &from)| {
        let inner = lines.get(n + 1).map_or(&[][..], Vec::as_slice);
        // The border of the higher ground, walked the other way, bounds this band from within.
        let turned = inner.iter().map(|ring| ring.iter().rev().copied().collect());
        let shape = nest(lines[n].iter().cloned().chain(turned));
        Band { from, to: levels.get(n + 1).copied(), shape }
    });
    Ok(bands.collect())
}

/// A point on the edge of the framed grid between a corner and its eastern (false) or northern (true) neighbour.
type Crossing = (usize, usize, bool);

struct Tracer<'a> {
    values: &'a [f64],
    grid: &'a Grid,
    level: f64,
    levels: &'a [f64],
}

impl Tracer<'_> {
    /// The value at a corner of the framed grid; the frame lies below the lowest level.
    fn at(&self, column: usize, row: usize) -> f64 {
        if (1..=self.grid.columns).contains(&column) && (1..=self.grid.rows).contains(&row) {
            return self.values[(row - 1) * self.grid.columns + column - 1];
        }
        let lowest = self.levels[0];
        // Outside a density there is none; values of other kinds fall away by the span of the levels.
        if lowest > 0.0 { 0.0 } else { lowest - (self.levels[self.levels.len() - 1] - lowest).max(1.0) }
    }

    fn is_high(&self, column: usize, row: usize) -> bool {
        self.at(column, row) >= self.level
    }

    fn place(&self, (column, row, north): Crossing) -> Coord {
        let (other_column, other_row) = if north { (column, row + 1) } else { (column + 1, row) };
        let (a, b) = (self.at(column, row), self.at(other_column, other_row));
        // A line through a corner is moved off it by a millionth of a cell: rings then never touch themselves.
        let part = ((self.level - a) / (b - a)).clamp(1e-6, 1.0 - 1e-6);
        // A frame cell is half as wide: the line stays within the grid.
        let ease = |i: usize, count: usize| (i as f64 - 0.5).clamp(0.0, count as f64);
        let (x, y) = (ease(column, self.grid.columns), ease(row, self.grid.rows));
        let (ox, oy) = (ease(other_column, self.grid.columns), ease(other_row, self.grid.rows));
        Coord { x: self.grid.x0 + (x + part * (ox - x)) * self.grid.cell_m, y: self.grid.y0 + (y + part * (oy - y)) * self.grid.cell_m }
    }

    /// Closed rings with the higher ground on their left, not repeating the first corner.
    fn rings(&self) -> Vec<Vec<Coord>> {
        let mut next: FxHashMap<Crossing, Crossing> = FxHashMap::default();
        let mut order = Vec::new();
        for row in 0..=self.grid.rows {
            for column in 0..=self.grid.columns {
                for (from, to) in self.steps(column, row).into_iter().flatten() {
                    next.insert(from, to);
                    order.push(from);
                }
            }
        }
        let mut rings = Vec::new();
        for start in order {
            let mut ring = Vec::new();
            let mut at = start;
            while let Some(to) = next.remove(&at) {
                ring.push(self.place(at));
                at = to;
            }
            if ring.len() >= 3 {
                rings.push(ring);
            }
        }
        rings
    }

    /// The one or two pieces of line in a square, from crossing to crossing, higher ground on the left.
    fn steps(&self, column: usize, row: usize) -> [Option<(Crossing, Crossing)>; 2] {
        let (south, north) = ((column, row, false), (column, row + 1, false));
        let (west, east) = ((column, row, true), (column + 1, row, true));
        let high = [self.is_high(column, row), self.is_high(column + 1, row), self.is_high(column + 1, row + 1), self.is_high(column, row + 1)];
        let middle = || {
            let sum = self.at(column, row) + self.at(column + 1, row) + self.at(column + 1, row + 1) + self.at(column, row + 1);
            sum / 4.0 >= self.level
        };
        // Corners south-west, south-east, north-east, north-west.
        let one = |from, to| [Some((from, to)), None];
        let two = |a, b| [Some(a), Some(b)];
        match high {
            [false, false, false, false] | [true, true, true, true] => [None, None],
            [true, false, false, false] => one(south, west),
            [false, true, false, false] => one(east, south),
            [false, false, true, false] => one(north, east),
            [false, false, false, true] => one(west, north),
            [true, true, false, false] => one(east, west),
            [false, true, true, false] => one(north, south),
            [false, false, true, true] => one(west, east),
            [true, false, false, true] => one(south, north),
            [false, true, true, true] => one(west, south),
            [true, false, true, true] => one(south, east),
            [true, true, false, true] => one(east, north),
            [true, true, true, false] => one(north, west),
            [true, false, true, false] if middle() => two((south, east), (north, west)),
            [true, false, true, false] => two((south, west), (north, east)),
            [false, true, false, true] if middle() => two((east, north), (west, south)),
            [false, true, false, true] => two((east, south), (west, north)),
        }
    }
}

/// Rings to polygons: anticlockwise ones are outer, the others are holes of the smallest outer one around them.
fn nest(rings: impl Iterator<Item = Vec<Coord>>) -> MultiPolygon {
    let (mut outer, holes): (Vec<_>, Vec<_>) = rings.map(|ring| (twice_area(&ring), ring)).partition(|(area, _)| *area > 0.0);
    // The smallest first, so that the first that holds a hole is its own.
    outer.sort_by(|a, b| a.0.total_cmp(&b.0));
    let shells: Vec<Polygon> = outer.into_iter().map(|(_, ring)| Polygon::new(LineString(ring), Vec::new())).collect();
    let mut inside: Vec<Vec<LineString>> = vec![Vec::new(); shells.len()];
    for (area, hole) in holes {
        let holds = |shell: &Polygon| {
            let larger = twice_area(&shell.exterior().0) > -area;
            larger && hole.iter().take(1).all(|corner| shell.contains(corner))
        };
        if let Some(at) = shells.iter().position(holds) {
            inside[at].push(LineString(hole));
        }
    }
    MultiPolygon::new(shells.into_iter().zip(inside).map(|(shell, holes)| Polygon::new(shell.into_inner().0, holes)).collect())
}

/// Twice the signed area; anticlockwise is positive. Taken about the first corner, so that large coordinates do not matter.
fn twice_area(ring: &[Coord]) -> f64 {
    let first = ring[0];
    let cross = |a: &Coord, b: &Coord| (a.x - first.x) * (b.y - first.y) - (b.x - first.x) * (a.y - first.y);
    ring.windows(2).map(|pair| cross(&pair[0], &pair[1])).sum()
}

#[cfg(test)]
mod tests {
    use geo::{Area, Validation};
    use proptest::prelude::*;

    use super::*;

    fn grid(columns: usize, rows: usize) -> Grid {
        Grid { x0: 1000.0, y0: 2000.0, cell_m: 10.0, columns, rows }
    }

    #[test]
    fn a_hill_is_drawn_as_a_lozenge_with_a_lozenge_in_it() {
        let mut values = vec![0.0; 25];
        values[12] = 4.0;
        let bands = contour_bands(&values, &grid(5, 5), &[1.0, 2.0]).unwrap();
        // Level 1 is crossed 7.5 m from the centre on the four sides, level 2 at 5 m: lozenges of 2·7.5² and 2·5².
        assert_eq!((bands[0].shape.0.len(), bands[0].shape.0[0].interiors().len(), bands[1].shape.0[0].interiors().len()), (1, 1, 0));
        assert!((bands[1].shape.unsigned_area() - 50.0).abs() < 1e-9);
        assert!((bands[0].shape.unsigned_area() - (112.5 - 50.0)).abs() < 1e-9);
        assert!(bands[0].shape.0[0].exterior().0.contains(&Coord { x: 1025.0, y: 2017.5 }), "{:?}", bands[0].shape);
    }

    #[test]
    fn what_is_high_to_the_edge_is_closed_along_it() {
        let bands = contour_bands(&[5.0; 12], &grid(4, 3), &[1.0]).unwrap();
        let area = bands[0].shape.unsigned_area();
        assert!(bands.len() == 1 && area > 0.6 * 1200.0 && area <= 1200.0, "{area}");
    }

    #[test]
    fn levels_ascend() {
        assert!(contour_bands(&[1.0], &grid(1, 1), &[2.0, 1.0]).is_err());
        assert_eq!(contour_bands(&[1.0], &grid(1, 1), &[]).unwrap(), []);
        assert!(contour_bands(&[1.0], &grid(1, 1), &[5.0]).unwrap()[0].shape.0.is_empty());
    }

    proptest! {
        #[test]
        fn bands_are_valid_and_part_the_ground(values in prop::collection::vec(0..6_u8, 42)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let grid = grid(7, 6);
            let all = contour_bands(&values, &grid, &[1.0, 2.5, 4.0]).unwrap();
            let one = contour_bands(&values, &grid, &[1.0]).unwrap();
            for band in &all {
                prop_assert!(band.shape.is_valid(), "{:?}", band.shape.validation_errors());
            }
            let parts: f64 = all.iter().map(|band| band.shape.unsigned_area()).sum();
            prop_assert!((parts - one[0].shape.unsigned_area()).abs() < 1e-6);
            for (n, value) in values.iter().enumerate() {
                let at = grid.centre(n % 7, n / 7);
                let inside = all.iter().position(|band| band.shape.contains(&at));
                let wanted = if *value < 1.0 { None } else if *value < 2.5 { Some(0) } else if *value < 4.0 { Some(1) } else { Some(2) };
                prop_assert_eq!(inside, wanted);
            }
        }
    }
}
