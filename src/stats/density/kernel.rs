//! Kernel density on a grid.
//!
//! Points are sorted by the grid row they lie in; bands of rows are summed in parallel, each cell by one thread and in
//! the order of the sorted points, so that the bits do not depend on the number of threads. Squared distances and
//! exponentials come apart into a part for the row and one for the column: a point costs one of each per row and column,
//! and each cell one subtraction or product.

use std::f64::consts::PI;

use geo::Coord;
use rayon::prelude::*;

use super::super::StatsError;
use super::super::error::{all_counts, all_finite, positive, same_length};

/// The shape of the hill that each point adds; h is the bandwidth, d the distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// exp(−d²/2h²) / 2πh², at any distance. Exact, and slow for many points.
    Gaussian,
    /// The same cut where it falls below 1/20,000 of its top (beyond 4.5 h).
    GaussianCut,
    /// 3/(πh²) · (1 − d²/h²)² within h. The one to take: it looks the same, ends, and is exact.
    Quartic,
    /// 2/(πh²) · (1 − d²/h²) within h.
    Epanechnikov,
}

/// Bandwidths beyond which [`Kernel::GaussianCut`] is 0.
const CUT: f64 = 4.5;

/// Columns that are summed together: a whole number of registers, known when compiling so that they are used.
const BLOCK: usize = 4;

/// Rows that one task sums, at least.
const BAND: usize = 16;

/// A grid of square cells on a plane; values are those at the cells' centres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// West edge of the first column, metres.
    pub x0: f64,
    /// South edge of the first row, metres.
    pub y0: f64,
    /// Side of a cell, metres.
    pub cell_m: f64,
    /// Number of columns, west to east.
    pub columns: usize,
    /// Number of rows, south to north.
    pub rows: usize,
}

impl Grid {
    /// The centre of a cell.
    pub fn centre(&self, column: usize, row: usize) -> Coord {
        Coord { x: self.x0 + (column as f64 + 0.5) * self.cell_m, y: self.y0 + (row as f64 + 0.5) * self.cell_m }
    }
}

/// The density of weighted points at the centres of a grid (kernel density, an intensity: not divided by their number).
///
/// Σ w K(d) over all points, those outside the grid too; no correction at edges   — Silverman 1986, ch. 4
///
/// * `points` – on a plane, metres
/// * `weights` – one per point; `None`: 1 each
/// * `bandwidth_m` – h, metres
///
/// Returns weight per m², row by row from the south, each row from the west.
/// O(points · cells within reach); exact Gaussian O(points · cells).
pub fn density(points: &[Coord], weights: Option<&[f64]>, bandwidth_m: f64, grid: &Grid, kernel: Kernel) -> Result<Vec<f64>, StatsError> {
    check(points, weights, bandwidth_m, grid)?;
    if grid.columns == 0 || grid.rows == 0 {
        return Ok(Vec::new());
    }
    let reach = match kernel {
        Kernel::Gaussian => f64::INFINITY,
        Kernel::GaussianCut => CUT * bandwidth_m / grid.cell_m,
        Kernel::Quartic | Kernel::Epanechnikov => bandwidth_m / grid.cell_m,
    };
    // Strips as wide as keeps the rows that a hill reaches in the nearest memory; one row, where four points go together.
    let strip = if kernel == Kernel::GaussianCut { 1 } else { 8 };
    let sorted = sort(points, weights, reach, grid, strip);
    // Tall bands for wide kernels: a point's column part is computed once for each band it reaches.
    let band = if reach.is_finite() { (2.0 * reach) as usize } else { BAND }.clamp(BAND, 64);
    let mut values = vec![0.0; grid.columns * grid.rows];
    values.par_chunks_mut(band * grid.columns).enumerate().for_each(|(n, chunk)| {
        let task = Task { grid, bandwidth: bandwidth_m / grid.cell_m, reach, first_row: n * band, strip };
        match kernel {
            Kernel::Gaussian => task.gaussian(&sorted, chunk),
            Kernel::GaussianCut => task.gaussian_cut(&sorted, chunk),
            Kernel::Quartic => task.compact::<true>(&sorted, chunk),
            Kernel::Epanechnikov => task.compact::<false>(&sorted, chunk),
        }
    });
    let h2 = bandwidth_m * bandwidth_m;
    let top = match kernel {
        Kernel::Gaussian | Kernel::GaussianCut => 1.0 / (2.0 * PI * h2),
        Kernel::Quartic => 3.0 / (PI * h2),
        Kernel::Epanechnikov => 2.0 / (PI * h2),
    };
    values.par_iter_mut().for_each(|v| *v *= top);
    Ok(values)
}

fn check(points: &[Coord], weights: Option<&[f64]>, bandwidth_m: f64, grid: &Grid) -> Result<(), StatsError> {
    positive("the bandwidth", bandwidth_m)?;
    positive("the side of a grid cell", grid.cell_m)?;
    all_finite("corner of the grid", &[grid.x0, grid.y0])?;
    if let Some(weights) = weights {
        same_length("weights", weights.len(), points.len())?;
        all_counts("a weight", weights)?;
    }
    points.iter().position(|p| !(p.x.is_finite() && p.y.is_finite())).map_or(Ok(()), |at| Err(StatsError::NotFinite { what: "point", at }))
}

/// A point in units of grid cells: the centre of column c is at x = c.
#[derive(Debug, Clone, Copy)]
struct Spot {
    x: f64,
    y: f64,
    weight: f64,
}

/// Points within reach of the grid by strips of so many rows, within a strip by column; equal ones as they came.
///
/// Counting sort; what lies outside the grid goes to its edge.
fn sort(points: &[Coord], weights: Option<&[f64]>, reach: f64, grid: &Grid, strip: usize) -> Vec<Spot> {
    let inside = |at: f64, cells: usize| at >= -reach && at <= cells as f64 - 1.0 + reach;
    let per_cell = 1.0 / grid.cell_m;
    let spot = |(i, p): (usize, &Coord)| Spot {
        x: (p.x - grid.x0) * per_cell - 0.5,
        y: (p.y - grid.y0) * per_cell - 0.5,
        weight: weights.map_or(1.0, |w| w[i]),
    };
    let spots: Vec<Spot> = points.iter().enumerate().map(spot).filter(|s| inside(s.x, grid.columns) && inside(s.y, grid.rows)).collect();
    let place = |s: &Spot| line(s.y, grid.rows) / strip * (grid.columns + 1) + line(s.x, grid.columns);
    let mut next = vec![0_u32; (grid.rows / strip + 1) * (grid.columns + 1) + 1];
    for s in &spots {
        next[place(s) + 1] += 1;
    }
    for n in 1..next.len() {
        next[n] += next[n - 1];
    }
    let mut sorted = vec![Spot { x: 0.0, y: 0.0, weight: 0.0 }; spots.len()];
    for s in &spots {
        let at = &mut next[place(s)];
        sorted[*at as usize] = *s;
        *at += 1;
    }
    sorted
}

/// The line that a coordinate lies above, counted from 1; 0 and `lines` are for what lies outside.
fn line(at: f64, lines: usize) -> usize {
    ((at + 1.0).max(0.0) as usize).min(lines)
}

/// The sum over one band of rows.
struct Task<'a> {
    grid: &'a Grid,
    /// In cells.
    bandwidth: f64,
    /// In cells.
    reach: f64,
    first_row: usize,
    /// Rows of a strip of the sorted points.
    strip: usize,
}

impl Task<'_> {
    /// The spots within reach of the band's rows.
    fn spots<'s>(&self, sorted: &'s [Spot], rows: usize) -> &'s [Spot] {
        let (south, north) = (self.first_row as f64 - self.reach, (self.first_row + rows - 1) as f64 + self.reach);
        let strip = |y: f64| line(y, self.grid.rows) / self.strip;
        let from = sorted.partition_point(|s| strip(s.y) < strip(south));
        let to = sorted.partition_point(|s| strip(s.y) <= strip(north));
        &sorted[from..to]
    }

    /// Columns or rows from `first` within reach, of `count`.
    fn window(&self, at: f64, first: usize, count: usize) -> std::ops::Range<usize> {
        let low = (at - self.reach).ceil() - first as f64;
        let high = (at + self.reach).floor() - first as f64 + 1.0;
        let from = low.clamp(0.0, count as f64) as usize;
        from..(high.clamp(0.0, count as f64) as usize).max(from)
    }

    /// Kernels that end at h. Rows get a margin as wide as a hill, and a hill is taken in whole blocks: no column is asked
    /// whether it is within reach, since beyond it the hill is 0.
    fn compact<const SQUARED: bool>(&self, sorted: &[Spot], out: &mut [f64]) {
        let columns = self.grid.columns;
        let rows = out.len() / columns;
        let blocks = ((2.0 * self.reach) as usize + 1).div_ceil(BLOCK);
        let margin = (blocks + 1) * BLOCK;
        let stride = columns + 2 * margin;
        let mut wide = vec![0.0; rows * stride];
        let mut across = vec![[0.0; BLOCK]; blocks];
        for s in self.spots(sorted, rows) {
            // (1 − d²/h²)² w = (√w − √w d²/h²)²
            let height = if SQUARED { s.weight.sqrt() } else { s.weight };
            let per_h2 = height / (self.bandwidth * self.bandwidth);
            // The first column within reach, counted from the margin so that it is not below 0.
            let from = s.x - self.reach + margin as f64;
            let begin = from as usize + usize::from((from as usize as f64) < from);
            let mut dx = begin as f64 - margin as f64 - s.x;
            for shares in &mut across {
                for (n, share) in shares.iter_mut().enumerate() {
                    let dx = dx + n as f64;
                    *share = dx * dx * per_h2;
                }
                dx += BLOCK as f64;
            }
            let along = self.window(s.y, self.first_row, rows);
            let mut dy = (self.first_row + along.start) as f64 - s.y;
            for row in wide[along.start * stride..].chunks_exact_mut(stride).take(along.len()) {
                let left = height - dy * dy * per_h2;
                dy += 1.0;
                let (sums, _) = row[begin..begin + blocks * BLOCK].as_chunks_mut::<BLOCK>();
                for (sums, shares) in sums.iter_mut().zip(&across) {
                    for (sum, share) in sums.iter_mut().zip(shares) {
                        // Not `max`, whose word on what is no number takes twice as long.
                        let hill = if left > *share { left - share } else { 0.0 };
                        *sum += if SQUARED { hill * hill } else { hill };
                    }
                }
            }
        }
        for (row, wide) in out.chunks_exact_mut(columns).zip(wide.chunks_exact(stride)) {
            row.copy_from_slice(&wide[margin..margin + columns]);
        }
    }

    fn gaussian(&self, sorted: &[Spot], out: &mut [f64]) {
        let columns = self.grid.columns;
        let rows = out.len() / columns;
        let per_2h2 = 0.5 / (self.bandwidth * self.bandwidth);
        let mut across = vec![0.0; columns];
        for s in sorted {
            for (c, share) in across.iter_mut().enumerate() {
                *share = (-(c as f64 - s.x).powi(2) * per_2h2).exp();
            }
            for r in 0..rows {
                let along = s.weight * (-((self.first_row + r) as f64 - s.y).powi(2) * per_2h2).exp();
                for (sum, share) in out[r * columns..][..columns].iter_mut().zip(&across) {
                    *sum += along * share;
                }
            }
        }
    }

    /// Four spots at a time, in a window that holds all four: the sums are read and written once for all of them.
    fn gaussian_cut(&self, sorted: &[Spot], out: &mut [f64]) {
        let columns = self.grid.columns;
        let rows = out.len() / columns;
        let slope = Slope::new(self.bandwidth);
        let mut across = [(); 4].map(|()| vec![0.0; columns]);
        let mut along = [[0.0; 4]; 64];
        for group in self.spots(sorted, rows).chunks(4) {
            let windows = |first: usize, count: usize, at: fn(&Spot) -> f64| {
                let each = group.iter().map(|s| self.window(at(s), first, count)).filter(|w| !w.is_empty());
                each.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0)
            };
            let (east, north) = (windows(0, columns, |s| s.x), windows(self.first_row, rows, |s| s.y));
            if east.is_empty() || north.is_empty() {
                continue;
            }
            let mut fill = [0.0; 64];
            for (n, share) in across.iter_mut().enumerate() {
                let share = &mut share[..east.len()];
                let fill = &mut fill[..north.len()];
                if let Some(s) = group.get(n) {
                    slope.fill(s.x - east.start as f64, 1.0, share);
                    slope.fill(s.y - (self.first_row + north.start) as f64, s.weight, fill);
                } else {
                    share.fill(0.0);
                    fill.fill(0.0);
                }
                for (all, one) in along.iter_mut().zip(fill.iter()) {
                    all[n] = *one;
                }
            }
            let [a, b, c, d] = &across;
            let width = east.len();
            let (a, b, c, d) = (&a[..width], &b[..width], &c[..width], &d[..width]);
            for (r, by) in north.zip(&along) {
                let row = &mut out[r * columns..][east.clone()][..width];
                for i in 0..width {
                    row[i] += (by[0] * a[i] + by[1] * b[i]) + (by[2] * c[i] + by[3] * d[i]);
                }
            }
        }
    }
}

/// exp(−x²/2h²) at whole steps, by two products a step: outwards from the top, so that errors stay small.
struct Slope {
    per_h2: f64,
    /// exp(−1/h²), by which the ratio of neighbours falls from step to step.
    bend: f64,
}

impl Slope {
    fn new(bandwidth: f64) -> Self {
        let per_h2 = 1.0 / (bandwidth * bandwidth);
        Self { per_h2, bend: (-per_h2).exp() }
    }

    /// Fills in `top · exp(−(i − centre)²/2h²)`.
    fn fill(&self, centre: f64, top: f64, out: &mut [f64]) {
        if out.is_empty() {
            return;
        }
        let middle = centre.round().clamp(0.0, (out.len() - 1) as f64);
        let off = middle - centre;
        let peak = top * (-0.5 * off * off * self.per_h2).exp();
        let middle = middle as usize;
        let (mut value, mut ratio) = (peak, (-(off + 0.5) * self.per_h2).exp());
        for place in &mut out[middle..] {
            *place = value;
            value *= ratio;
            ratio *= self.bend;
        }
        (value, ratio) = (peak, ((off - 0.5) * self.per_h2).exp());
        for place in out[..middle].iter_mut().rev() {
            value *= ratio;
            ratio *= self.bend;
            *place = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GRID: Grid = Grid { x0: -50.0, y0: 100.0, cell_m: 10.0, columns: 40, rows: 70 };

    fn plainly(points: &[Coord], weights: &[f64], h: f64, kernel: Kernel) -> Vec<f64> {
        let hill = |d2: f64| match kernel {
            Kernel::Gaussian | Kernel::GaussianCut => (-d2 / (2.0 * h * h)).exp() / (2.0 * PI * h * h),
            Kernel::Quartic => 3.0 / (PI * h * h) * (1.0 - d2 / (h * h)).max(0.0).powi(2),
            Kernel::Epanechnikov => 2.0 / (PI * h * h) * (1.0 - d2 / (h * h)).max(0.0),
        };
        let at = |n: usize| {
            let c = GRID.centre(n % GRID.columns, n / GRID.columns);
            points.iter().zip(weights).map(|(p, w)| w * hill((p.x - c.x).powi(2) + (p.y - c.y).powi(2))).sum()
        };
        (0..GRID.columns * GRID.rows).map(at).collect()
    }

    #[test]
    fn one_point_makes_a_hill_of_its_weight() {
        // A cell holds weight · density · area: the hills add up to the weight.
        let at = [Coord { x: 133.0, y: 451.0 }];
        for (kernel, error) in [(Kernel::Quartic, 1e-3), (Kernel::Epanechnikov, 1e-2), (Kernel::Gaussian, 1e-3), (Kernel::GaussianCut, 1e-3)] {
            let h = if matches!(kernel, Kernel::Gaussian | Kernel::GaussianCut) { 30.0 } else { 90.0 };
            let got = density(&at, Some(&[5.0]), h, &GRID, kernel).unwrap();
            assert!((got.iter().sum::<f64>() * 100.0 - 5.0).abs() < 5.0 * error, "{kernel:?}");
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let points: Vec<Coord> =
            (0..500).map(|i| Coord { x: f64::from(i * 7919 % 997) * 0.5 - 80.0, y: f64::from(i * 104_729 % 1009) * 0.9 + 50.0 }).collect();
        for kernel in [Kernel::Gaussian, Kernel::GaussianCut, Kernel::Quartic, Kernel::Epanechnikov] {
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| density(&points, None, 40.0, &GRID, kernel).unwrap())
            };
            assert_eq!(run(1), run(4), "{kernel:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let at = [Coord { x: 0.0, y: f64::NAN }];
        assert_eq!(density(&at, None, 1.0, &GRID, Kernel::Quartic), Err(StatsError::NotFinite { what: "point", at: 0 }));
        assert!(density(&[], None, 0.0, &GRID, Kernel::Quartic).is_err());
        assert_eq!(density(&[], None, 9.0, &GRID, Kernel::Quartic).unwrap(), vec![0.0; 2800]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn it_is_the_plain_sum(
            points in prop::collection::vec((-200.0..500.0_f64, -50.0..950.0_f64, 0.0..4.0_f64), 0..12), h in 5.0..150.0_f64,
        ) {
            let weights: Vec<f64> = points.iter().map(|p| p.2).collect();
            let points: Vec<Coord> = points.iter().map(|p| Coord { x: p.0, y: p.1 }).collect();
            for kernel in [Kernel::Gaussian, Kernel::GaussianCut, Kernel::Quartic, Kernel::Epanechnikov] {
                let got = density(&points, Some(&weights), h, &GRID, kernel).unwrap();
                let want = plainly(&points, &weights, h, kernel);
                let peak = weights.iter().sum::<f64>() / (h * h);
                let (rel, abs) = if kernel == Kernel::GaussianCut { (1e-9, 4.1e-5 * peak) } else { (1e-9, 1e-12 * peak) };
                for (got, want) in got.iter().zip(&want) {
                    prop_assert!((got - want).abs() <= rel * want + abs, "{kernel:?} {got} {want}");
                }
            }
        }

        #[test]
        fn the_order_of_the_points_changes_no_more_than_the_last_bits(
            points in prop::collection::vec((-20.0..300.0_f64, 100.0..700.0_f64), 2..30), turn in 1..30_usize,
        ) {
            let points: Vec<Coord> = points.iter().map(|p| Coord { x: p.0, y: p.1 }).collect();
            let mut turned = points.clone();
            turned.rotate_left(turn % points.len());
            let (a, b) = (density(&points, None, 60.0, &GRID, Kernel::Quartic).unwrap(), density(&turned, None, 60.0, &GRID, Kernel::Quartic).unwrap());
            for (a, b) in a.iter().zip(&b) {
                prop_assert!((a - b).abs() <= 1e-12 * a.abs());
            }
        }
    }
}
