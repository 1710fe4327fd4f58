//! The statistics on stated sizes: by criterion, or, with `STATS_BENCH_DIR` set, once on the inputs that `bench/stats.py`
//! wrote there for the reference packages as well. Then each line printed is a task with its seconds of CPU and wall.

use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::Criterion;
use geo::{Coord, LineString, MultiPolygon, Polygon};
use maplebridge::stats::density::{Grid, Kernel, density};
use maplebridge::stats::space_time_scan::{Model, Options, Search, nearest_zones};
use maplebridge::stats::{self, Shuffles, Weights, early_warning, hot_spots, weights};

type Failed = Box<dyn std::error::Error>;

/// What is measured on: a bent lattice of 5,041 cells, 300,000 points, and a county's 12 weeks in 2,000 cells.
struct Inputs {
    cells: Vec<MultiPolygon>,
    values: Vec<f64>,
    denominators: Vec<f64>,
    points: Vec<Coord>,
    grid: Grid,
    bandwidth_m: f64,
    eps_m: f64,
    min_points: usize,
    counts: Vec<Vec<u32>>,
    baseline: Vec<Vec<f64>>,
    zones: Vec<Vec<usize>>,
    weekly: Vec<Vec<u32>>,
}

/// Little-endian numbers as numpy writes them.
fn floats(dir: &Path, name: &str) -> Result<Vec<f64>, Failed> {
    let bytes = std::fs::read(dir.join(name))?;
    Ok(bytes.chunks_exact(8).map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])).collect())
}

fn pairs(flat: &[f64]) -> Vec<Coord> {
    flat.chunks_exact(2).map(|p| Coord { x: p[0], y: p[1] }).collect()
}

impl Inputs {
    fn read(dir: &Path) -> Result<Self, Failed> {
        let cells = pairs(&floats(dir, "cells.f64")?).chunks_exact(5).map(|ring| one_ring(ring.to_vec())).collect();
        let [counts, baseline] = [floats(dir, "scan_counts.f64")?, floats(dir, "scan_baseline.f64")?];
        let places = pairs(&floats(dir, "scan_places.f64")?);
        let width = places.len();
        Ok(Self {
            cells,
            values: floats(dir, "values.f64")?,
            denominators: floats(dir, "denominators.f64")?,
            points: pairs(&floats(dir, "points.f64")?),
            counts: counts.chunks_exact(width).map(|row| row.iter().map(|&c| c as u32).collect()).collect(),
            baseline: baseline.chunks_exact(width).map(<[f64]>::to_vec).collect(),
            zones: nearest_zones(&places, 30)?,
            ..Self::fixed()
        })
    }

    fn fixed() -> Self {
        Self {
            cells: Vec::new(),
            values: Vec::new(),
            denominators: Vec::new(),
            points: Vec::new(),
            grid: Grid { x0: 0.0, y0: 0.0, cell_m: 40.0, columns: 512, rows: 512 },
            bandwidth_m: 300.0,
            eps_m: 60.0,
            min_points: 10,
            counts: Vec::new(),
            baseline: Vec::new(),
            zones: Vec::new(),
            weekly: (0..400_u32).map(|i| (0..260_u32).map(|t| (i * 7 + t * 13 + i * t) % (1 + i % 4)).collect()).collect(),
        }
    }

    /// The same sizes without the files, by a plain rule.
    fn invented() -> Result<Self, Failed> {
        let part = |n: u32, by: u32, of: u32| f64::from(n.wrapping_mul(by) % of) / f64::from(of);
        let corner = |i: u32, j: u32| {
            let n = i * 72 + j;
            Coord { x: 280.0 * f64::from(i) + 120.0 * part(n, 7919, 1009), y: 280.0 * f64::from(j) + 120.0 * part(n, 104_729, 997) }
        };
        let cell = |n: u32| {
            let (i, j) = (n / 71, n % 71);
            one_ring(vec![corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1), corner(i, j)])
        };
        let points = (0..300_000_u32).map(|n| Coord { x: 20_480.0 * part(n, 7919, 299_993), y: 20_480.0 * part(n, 611_953, 300_007).powi(2) });
        let places: Vec<Coord> = (0..2_000_u32).map(|n| Coord { x: 20_000.0 * part(n, 7919, 1999), y: 20_000.0 * part(n, 104_729, 2003) }).collect();
        Ok(Self {
            cells: (0..5_041).map(cell).collect(),
            values: (0..5_041_u32).map(|n| f64::from(n.wrapping_mul(2_654_435_761) >> 29)).collect(),
            denominators: (0..5_041_u32).map(|n| 50.0 + 400.0 * part(n, 7919, 4999)).collect(),
            points: points.collect(),
            counts: (0..12_u32).map(|t| (0..2_000_u32).map(|i| (i * 13 + t * 5 + i * t) % 3).collect()).collect(),
            baseline: vec![vec![1.0; 2_000]; 12],
            zones: nearest_zones(&places, 30)?,
            ..Self::fixed()
        })
    }

    fn search(&self) -> Search<'_> {
        Search {
            counts: &self.counts,
            baseline: &self.baseline,
            zones: &self.zones,
            max_duration: 12,
            prospective: true,
            model: Model::ExpectationBased,
        }
    }
}

fn one_ring(ring: Vec<Coord>) -> MultiPolygon {
    MultiPolygon::new(vec![Polygon::new(LineString(ring), Vec::new())])
}

/// The names of the tasks, each with what is done.
type Task = (&'static str, fn(&Inputs, &Weights) -> Result<(), Failed>);

const TASKS: [Task; 13] = [
    ("gi_star", |on, near| {
        black_box(stats::gi_star(&on.values, near)?);
        Ok(())
    }),
    ("gi_star_999", |on, near| {
        black_box(stats::getis_ord::gi_star_permuted(&on.values, near, &Shuffles::of(near, 999, 7)?)?);
        Ok(())
    }),
    ("local_moran_999", |on, near| {
        black_box(stats::local_moran(&on.values, near, Some(&Shuffles::of(near, 999, 7)?))?);
        Ok(())
    }),
    ("queen", |on, _| {
        black_box(weights::queen(&on.cells));
        Ok(())
    }),
    ("queen_snapped", |on, _| {
        black_box(weights::queen_snapped(&on.cells, 0.05)?);
        Ok(())
    }),
    ("hot_spots", |on, near| {
        black_box(hot_spots::hot_spots(&on.values, &on.denominators, near, &hot_spots::Options::default())?);
        Ok(())
    }),
    ("kde_quartic", |on, _| {
        black_box(density(&on.points, None, on.bandwidth_m, &on.grid, Kernel::Quartic)?);
        Ok(())
    }),
    ("kde_epanechnikov", |on, _| {
        black_box(density(&on.points, None, on.bandwidth_m, &on.grid, Kernel::Epanechnikov)?);
        Ok(())
    }),
    ("kde_gaussian_cut", |on, _| {
        black_box(density(&on.points, None, on.bandwidth_m, &on.grid, Kernel::GaussianCut)?);
        Ok(())
    }),
    ("dbscan", |on, _| {
        black_box(stats::dbscan(&on.points, on.eps_m, on.min_points)?);
        Ok(())
    }),
    ("scan_999", |on, _| {
        black_box(stats::space_time_scan(&on.search(), &Options::default())?);
        Ok(())
    }),
    ("early_warning", |on, _| {
        let expected = early_warning::expect(&on.weekly)?;
        let lines = early_warning::Thresholds::usual(0.25).ok_or("no such table")?;
        black_box(early_warning::watch(&on.weekly, &expected, &lines)?);
        Ok(())
    }),
    ("alarm_lines_400", |_, _| {
        black_box(early_warning::Thresholds::simulate(14.0, 0.25, 400, 1)?);
        Ok(())
    }),
];

/// Nanoseconds of CPU of all threads of this process, those of rayon too.
fn cpu_ns() -> Result<u64, Failed> {
    let mut all = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        all += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(all)
}

/// One line a task: name, seconds of CPU, seconds of wall; medians of as many rounds as fit in two seconds, at least three.
fn beside_peers(dir: &Path) -> Result<(), Failed> {
    let on = Inputs::read(dir)?;
    let near = weights::queen(&on.cells);
    let mut out = std::io::stdout().lock();
    for (name, task) in TASKS {
        task(&on, &near)?;
        let (mut cpu, mut wall, began) = (Vec::new(), Vec::new(), Instant::now());
        // The clock of the threads ticks in milliseconds: short tasks are done many times between two looks at it.
        let each = Instant::now();
        task(&on, &near)?;
        let times = (0.05 / each.elapsed().as_secs_f64()).clamp(1.0, 1_000.0) as u32;
        while wall.len() < 3 || (began.elapsed() < Duration::from_secs(3) && wall.len() < 100) {
            let (before, started) = (cpu_ns()?, Instant::now());
            for _ in 0..times {
                task(&on, &near)?;
            }
            wall.push(started.elapsed().as_secs_f64() / f64::from(times));
            cpu.push((cpu_ns()? - before) as f64 / 1e9 / f64::from(times));
        }
        cpu.sort_by(f64::total_cmp);
        wall.sort_by(f64::total_cmp);
        writeln!(out, "{name} {:.9} {:.9}", cpu[cpu.len() / 2], wall[wall.len() / 2])?;
        out.flush()?;
    }
    // What the other side checks: labels, links, the grid's sum, the scan's maximum.
    let labels = stats::dbscan(&on.points, on.eps_m, on.min_points)?.labels;
    let bytes: Vec<u8> = labels.iter().flat_map(|l| l.map_or(-1, i64::from).to_le_bytes()).collect();
    std::fs::write(dir.join("our_labels.i64"), bytes)?;
    for (name, kernel) in [("our_epanechnikov.f64", Kernel::Epanechnikov), ("our_gaussian.f64", Kernel::GaussianCut)] {
        let grid = density(&on.points, None, on.bandwidth_m, &on.grid, kernel)?;
        std::fs::write(dir.join(name), grid.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    let found = stats::space_time_scan(&on.search(), &Options { simulations: 0, ..Options::default() })?;
    writeln!(out, "check_links {} 0\ncheck_scan_llr {} 0\ncheck_zones {} 0", near.links(), found.max_llr(), on.zones.len())?;
    Ok(())
}

fn by_criterion() -> Result<(), Failed> {
    let on = Inputs::invented()?;
    let near = weights::queen(&on.cells);
    let mut criterion = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).configure_from_args();
    for (name, task) in TASKS {
        criterion.bench_function(&format!("stats/{name}"), |bench| bench.iter(|| task(&on, &near).map_err(|e| e.to_string())));
    }
    criterion.final_summary();
    Ok(())
}

fn main() -> Result<(), Failed> {
    std::env::var_os("STATS_BENCH_DIR").map_or_else(by_criterion, |dir| beside_peers(&PathBuf::from(dir)))
}
