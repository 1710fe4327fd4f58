//! Points sorted into a grid of square buckets, for everything that looks within a fixed radius.
//!
//! Counting sort, coordinates kept in the order of the buckets: a row of three buckets is one contiguous run, which
//! beats any tree when the radius is the same for all points.

use geo::Coord;

/// Points by bucket; rows of buckets run west to east, the lowest row first.
pub(super) struct Buckets {
    low: Coord,
    size: f64,
    pub(super) columns: usize,
    pub(super) rows: usize,
    starts: Vec<u32>,
    /// Coordinates in the order of the buckets.
    pub(super) points: Vec<Coord>,
    /// The original position of each.
    pub(super) original: Vec<u32>,
}

impl Buckets {
    /// Sorts points into buckets of at least `reach` a side: neighbours within it lie in the nine buckets around.
    pub(super) fn new(points: &[Coord], reach: f64) -> Self {
        let mut low = Coord { x: f64::INFINITY, y: f64::INFINITY };
        let mut high = Coord { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY };
        for p in points {
            low = Coord { x: low.x.min(p.x), y: low.y.min(p.y) };
            high = Coord { x: high.x.max(p.x), y: high.y.max(p.y) };
        }
        if points.is_empty() {
            (low, high) = (Coord { x: 0.0, y: 0.0 }, Coord { x: 0.0, y: 0.0 });
        }
        // Buckets much more numerous than points would only cost memory; larger ones are as right.
        let widest = (high.x - low.x).max(high.y - low.y);
        let fewest = widest / (8.0 * points.len() as f64).sqrt().max(1.0);
        let size = (reach * (1.0 + 1e-9)).max(fewest).max(f64::MIN_POSITIVE);
        let count = |span: f64| (span / size).floor() as usize + 1;
        let (columns, rows) = (count(high.x - low.x), count(high.y - low.y));
        let mut sorted = Self { low, size, columns, rows, starts: vec![0; columns * rows + 1], points: Vec::new(), original: Vec::new() };
        let buckets: Vec<u32> = points.iter().map(|p| (sorted.row(*p) * columns + sorted.column(*p)) as u32).collect();
        for &b in &buckets {
            sorted.starts[b as usize + 1] += 1;
        }
        for b in 0..columns * rows {
            sorted.starts[b + 1] += sorted.starts[b];
        }
        let mut next = sorted.starts.clone();
        sorted.points = vec![low; points.len()];
        sorted.original = vec![0; points.len()];
        for (i, (p, &b)) in points.iter().zip(&buckets).enumerate() {
            let at = next[b as usize] as usize;
            next[b as usize] += 1;
            sorted.points[at] = *p;
            sorted.original[at] = i as u32;
        }
        sorted
    }

    /// The side of a bucket.
    pub(super) fn size(&self) -> f64 {
        self.size
    }

    /// The sorted positions of one bucket.
    pub(super) fn bucket(&self, column: usize, row: usize) -> std::ops::Range<usize> {
        let at = row * self.columns + column;
        self.starts[at] as usize..self.starts[at + 1] as usize
    }

    fn column(&self, p: Coord) -> usize {
        (((p.x - self.low.x) / self.size) as usize).min(self.columns - 1)
    }

    fn row(&self, p: Coord) -> usize {
        (((p.y - self.low.y) / self.size) as usize).min(self.rows - 1)
    }

    /// The runs of sorted positions, at most three, that hold everything within reach of a point.
    pub(super) fn runs(&self, p: Coord) -> impl Iterator<Item = std::ops::Range<usize>> + use<'_> {
        self.runs_around(self.column(p), self.row(p), 1)
    }

    /// The runs of sorted positions in a bucket and so many on either side of it.
    pub(super) fn runs_around(&self, column: usize, row: usize, ring: usize) -> impl Iterator<Item = std::ops::Range<usize>> + use<'_> {
        self.runs_around_in(column, row.saturating_sub(ring)..=(row + ring).min(self.rows - 1), ring)
    }

    /// The runs of sorted positions in some rows, in a column and so many on either side of it.
    pub(super) fn runs_around_in(
        &self,
        column: usize,
        rows: std::ops::RangeInclusive<usize>,
        ring: usize,
    ) -> impl Iterator<Item = std::ops::Range<usize>> + use<'_> {
        let (west, east) = (column.saturating_sub(ring), (column + ring).min(self.columns - 1));
        rows.map(move |r| {
            let first = self.starts[r * self.columns + west] as usize;
            let last = self.starts[r * self.columns + east + 1] as usize;
            first..last
        })
    }
}

/// Squared distance; compared with a squared radius, as the reference packages do, so that exact ties fall alike.
pub(super) fn distance2(a: Coord, b: Coord) -> f64 {
    let (dx, dy) = (a.x - b.x, a.y - b.y);
    dx * dx + dy * dy
}
