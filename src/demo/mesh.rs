//! The street blocks: a Voronoi mesh, fine in towns and coarse in the hills, whose edges are drawn once.
//!
//! Cells, villages and townships are unions of blocks, so that their borders fit to the bit without any clipping.
//! Every corner of a Voronoi mesh has three edges; so a union never touches itself in a point. A corner is rounded
//! once, and the bends of an edge are kept inside the two triangles that it spans with the sites beside it, so that
//! no two borders can cross. `rings` joins edges to outlines; `divide` says which block belongs to whom.

use geo::TriangulateDelaunayUnconstrained;
use geo_types::{Coord, LineString};
use rustc_hash::FxHashMap;

use super::dice::{Dice, noise};
use super::land::{E7, Land, P, distance, to_e7};

/// About how many households a block holds, at most.
const BLOCK_HOUSEHOLDS: f64 = 34.0;
/// No block is wider than this.
const BLOCK_WIDTH_M: f64 = 1_050.0;
/// Corners closer than this are pulled apart.
const SHORTEST_M: f64 = 3.0;

/// An edge between two blocks, drawn from corner `a` to corner `b` with `left` on its left.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) left: u32,
    pub(super) right: u32,
    pub(super) a: u32,
    pub(super) b: u32,
    /// The bends between the corners.
    pub(super) bends: Vec<E7>,
    /// Whether it runs in the river.
    pub(super) river: bool,
}

/// The mesh.
#[derive(Debug)]
pub(super) struct Mesh {
    /// The middle of each block.
    pub(super) sites: Vec<P>,
    /// Whether it lies in the world (the rest only closes the mesh).
    pub(super) inside: Vec<bool>,
    /// Households per km² at the site, towns only.
    pub(super) urban: Vec<f64>,
    /// Area of each block.
    pub(super) area_m2: Vec<f64>,
    /// The corners.
    pub(super) corners: Vec<P>,
    pub(super) edges: Vec<Edge>,
    /// Edges of block `i`: `links[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    links: Vec<u32>,
}

impl Mesh {
    /// Lays the mesh over the land.
    pub(super) fn new(land: &Land) -> Self {
        let (sites, sides) = sites(land);
        let triangles = triangles(&sites);
        let mut corners: Vec<P> = triangles.iter().map(|t| circumcentre(t.map(|i| sites[i as usize]))).collect();
        let edges = edges(&triangles, &sides);
        for edge in &edges {
            pull_apart(&sites, &mut corners, edge);
        }
        let urban: Vec<f64> = sites.iter().map(|&s| land.urban_density(s)).collect();
        let mut area_m2 = vec![0.0; sites.len()];
        let mut counts = vec![0_u32; sites.len() + 1];
        for edge in &edges {
            let (l, r) = (edge.left as usize, edge.right as usize);
            counts[l + 1] += 1;
            counts[r + 1] += 1;
            let (a, b) = (corners[edge.a as usize], corners[edge.b as usize]);
            area_m2[l] += triangle_area(sites[l], a, b);
            area_m2[r] += triangle_area(sites[r], b, a);
        }
        for i in 1..counts.len() {
            counts[i] += counts[i - 1];
        }
        let starts = counts.clone();
        let mut links = vec![0_u32; edges.len() * 2];
        for (e, edge) in edges.iter().enumerate() {
            for side in [edge.left, edge.right] {
                let at = &mut counts[side as usize];
                links[*at as usize] = e as u32;
                *at += 1;
            }
        }
        let mut mesh = Self { sites, inside: Vec::new(), urban, area_m2, corners, edges, starts, links };
        mesh.inside = mesh.fill(land);
        for e in 0..mesh.edges.len() {
            let edge = &mesh.edges[e];
            let (l, r) = (edge.left as usize, edge.right as usize);
            if mesh.inside[l] || mesh.inside[r] {
                let town = mesh.in_town(l) && mesh.in_town(r);
                let (a, b) = (mesh.corners[edge.a as usize], mesh.corners[edge.b as usize]);
                mesh.edges[e].bends = bends(land.seed, a, b, [mesh.sites[l], mesh.sites[r]], town, edge.river);
            }
        }
        mesh
    }

    /// Which blocks lie in the world: those that the middle reaches inside the outline, and what they enclose.
    fn fill(&self, land: &Land) -> Vec<bool> {
        let outness: Vec<f64> = self.sites.iter().map(|&s| land.outness(s)).collect();
        let near: Vec<bool> = outness.iter().map(|&o| o < 1.0).collect();
        let middle = (0..outness.len()).min_by(|&a, &b| outness[a].total_cmp(&outness[b])).unwrap_or(0);
        let world = self.flood(&[middle], &near);
        let rest: Vec<bool> = world.iter().map(|w| !w).collect();
        // Blocks at the rim of the mesh need not touch each other, so the flood starts at all of them.
        let rim: Vec<usize> = (0..outness.len()).filter(|&i| outness[i] > 1.12).collect();
        let outside = self.flood(&rim, &rest);
        outside.iter().map(|o| !o).collect()
    }

    /// The blocks of a kind that hang together with the first ones.
    pub(super) fn flood(&self, first: &[usize], kind: &[bool]) -> Vec<bool> {
        let mut found = vec![false; kind.len()];
        let mut open = first.to_vec();
        for &block in first {
            found[block] = true;
        }
        while let Some(block) = open.pop() {
            for &e in self.around(block) {
                let other = self.across(e, block);
                if kind[other] && !found[other] {
                    found[other] = true;
                    open.push(other);
                }
            }
        }
        found
    }

    /// The edges around a block.
    pub(super) fn around(&self, block: usize) -> &[u32] {
        &self.links[self.starts[block] as usize..self.starts[block + 1] as usize]
    }

    /// The block on the other side of an edge.
    pub(super) fn across(&self, edge: u32, block: usize) -> usize {
        let edge = &self.edges[edge as usize];
        (if edge.left as usize == block { edge.right } else { edge.left }) as usize
    }

    /// Whether the block lies in a town, where edges are streets.
    pub(super) fn in_town(&self, block: usize) -> bool {
        self.urban[block] > STREETS_FROM
    }

    /// The whole line of an edge, corner to corner.
    pub(super) fn line(&self, edge: &Edge) -> Vec<E7> {
        let mut line = Vec::with_capacity(edge.bends.len() + 2);
        line.push(to_e7(self.corners[edge.a as usize]));
        line.extend_from_slice(&edge.bends);
        line.push(to_e7(self.corners[edge.b as usize]));
        line
    }
}

/// Households per km² from which block edges are streets.
const STREETS_FROM: f64 = 500.0;

/// Where the blocks are, and which river bank they are on (river and bank, 0 for none).
fn sites(land: &Land) -> (Vec<P>, Vec<i32>) {
    let mut banks: Vec<P> = Vec::new();
    let mut sides: Vec<i32> = Vec::new();
    for (r, spine) in land.rivers.iter().enumerate() {
        let spine = resampled(spine, 20.0);
        let mut walked = 0.0;
        let mut next = 0.0;
        for pair in spine.windows(2) {
            walked += distance(pair[0], pair[1]);
            if walked < next || land.outness(pair[0]) > 1.35 {
                continue;
            }
            let step = spacing(land, pair[0]) * 0.86;
            let length = distance(pair[0], pair[1]).max(1e-6);
            let at = pair[0];
            let normal = [-(pair[1][1] - pair[0][1]) / length, (pair[1][0] - pair[0][0]) / length];
            let pair = [1.0, -1.0].map(|side| {
                let offset = side * step * 0.5;
                [at[0] + normal[0] * offset, at[1] + normal[1] * offset]
            });
            next = walked + step;
            // Where the river comes back to itself, or bends too sharply, one bank would lie on the other.
            if banks.iter().any(|&q| pair.iter().any(|&p| distance(p, q) < step * 0.5)) {
                continue;
            }
            banks.extend(pair);
            sides.extend([r as i32 + 1, -(r as i32 + 1)]);
        }
    }
    let mut out = banks.clone();
    let mut dice = Dice::new(land.seed, "sites");
    let [x, y] = [land.half[0] * 1.16 + 2_600.0, land.half[1] * 1.16 + 2_600.0];
    split(land, &mut dice, [-x, -y, x, y], &mut |p| {
        let near = spacing(land, p) * 0.8;
        let close = |q: &P| (q[0] - p[0]).abs() < near && (q[1] - p[1]).abs() < near && distance(*q, p) < near;
        if !banks.iter().any(close) {
            out.push(p);
        }
    });
    sides.resize(out.len(), 0);
    (out, sides)
}

/// The line with a point every so many metres.
fn resampled(line: &[P], every_m: f64) -> Vec<P> {
    let mut out = Vec::new();
    for pair in line.windows(2) {
        let n = (distance(pair[0], pair[1]) / every_m).ceil().max(1.0);
        out.extend((0..n as usize).map(|k| {
            let t = k as f64 / n;
            [pair[0][0] + (pair[1][0] - pair[0][0]) * t, pair[0][1] + (pair[1][1] - pair[0][1]) * t]
        }));
    }
    out.extend(line.last());
    out
}

/// About how far apart blocks are at a place.
fn spacing(land: &Land, p: P) -> f64 {
    (BLOCK_HOUSEHOLDS * 0.72 / land.density(p) * 1e6).sqrt().clamp(50.0, BLOCK_WIDTH_M * 0.8)
}

/// Halves a box until it holds no more than a block, and puts one site into each.
fn split(land: &Land, dice: &mut Dice, [x0, y0, x1, y1]: [f64; 4], put: &mut impl FnMut(P)) {
    let (w, h) = (x1 - x0, y1 - y0);
    let wide = w.max(h);
    let mut limit = BLOCK_WIDTH_M;
    let middle = [f64::midpoint(x0, x1), f64::midpoint(y0, y1)];
    if land.outness(middle) > 1.25 {
        limit *= 2.0;
    }
    let households = || {
        let mut sum = 0.0;
        for [u, v] in [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]] {
            sum += land.density([x0 + w * u, y0 + h * v]);
        }
        sum / 4.0 * w * h / 1e6
    };
    if wide > limit || (land.outness(middle) < 1.25 && wide > 45.0 && households() > BLOCK_HOUSEHOLDS) {
        if w > h {
            split(land, dice, [x0, y0, middle[0], y1], put);
            split(land, dice, [middle[0], y0, x1, y1], put);
        } else {
            split(land, dice, [x0, y0, x1, middle[1]], put);
            split(land, dice, [x0, middle[1], x1, y1], put);
        }
        return;
    }
    let town = land.urban_density(middle) > STREETS_FROM;
    let jitter = if town { 0.13 } else { 0.33 };
    let p = [middle[0] + w * jitter * dice.between(-1.0, 1.0), middle[1] + h * jitter * dice.between(-1.0, 1.0)];
    // A slow drift bends the rows, so that no street runs due north for long.
    let drift = |salt: u64| 900.0 * (noise(land.seed ^ salt, p, 3_700.0) - 0.5) + 170.0 * (noise(land.seed ^ salt ^ 9, p, 800.0) - 0.5);
    put([p[0] + drift(21), p[1] + drift(22)]);
}

/// Delaunay triangles of the sites, counter-clockwise.
fn triangles(sites: &[P]) -> Vec<[u32; 3]> {
    let line: LineString<f64> = sites.iter().map(|p| Coord { x: p[0], y: p[1] }).collect();
    let index: FxHashMap<[u64; 2], u32> = sites.iter().enumerate().map(|(i, p)| (p.map(f64::to_bits), i as u32)).collect();
    let faces = line.unconstrained_triangulation().expect("sites are finite");
    faces
        .into_iter()
        .map(|face| {
            let [a, b, c] = face.to_array().map(|p| index[&[p.x.to_bits(), p.y.to_bits()]]);
            let [p, q, r] = [a, b, c].map(|i| sites[i as usize]);
            let left = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]) > 0.0;
            if left { [a, b, c] } else { [a, c, b] }
        })
        .collect()
}

/// The dual edges of the triangles.
fn edges(triangles: &[[u32; 3]], sides: &[i32]) -> Vec<Edge> {
    // (lower site, higher site, whether the triangle runs from lower to higher, triangle)
    let mut halves: Vec<(u32, u32, bool, u32)> = Vec::with_capacity(triangles.len() * 3);
    for (t, tri) in triangles.iter().enumerate() {
        for k in 0..3 {
            let (i, j) = (tri[k], tri[(k + 1) % 3]);
            halves.push((i.min(j), i.max(j), i < j, t as u32));
        }
    }
    halves.sort_unstable();
    let mut edges = Vec::with_capacity(halves.len() / 2);
    for pair in halves.windows(2) {
        let ((i, j, _, right), (i2, j2, _, left)) = (pair[0], pair[1]);
        if i == i2 && j == j2 {
            let (a, b) = (sides[i as usize], sides[j as usize]);
            edges.push(Edge { left: i, right: j, a: right, b: left, bends: Vec::new(), river: a != 0 && a == -b });
        }
    }
    edges
}

/// Keeps the two corners of an edge at least `SHORTEST_M` apart, in the edge's own direction.
fn pull_apart(sites: &[P], corners: &mut [P], edge: &Edge) {
    let (l, r) = (sites[edge.left as usize], sites[edge.right as usize]);
    let (a, b) = (corners[edge.a as usize], corners[edge.b as usize]);
    // A quarter turn to the left of the way from the left site to the right one.
    let length = distance(l, r);
    let along = [-(r[1] - l[1]) / length, (r[0] - l[0]) / length];
    let now = (b[0] - a[0]) * along[0] + (b[1] - a[1]) * along[1];
    if now < SHORTEST_M {
        let half = (SHORTEST_M - now) / 2.0;
        corners[edge.a as usize] = [a[0] - along[0] * half, a[1] - along[1] * half];
        corners[edge.b as usize] = [b[0] + along[0] * half, b[1] + along[1] * half];
    }
}

/// The bends of an edge, each inside the triangle of the edge and the site on its side.
fn bends(seed: u64, a: P, b: P, sites: [P; 2], town: bool, river: bool) -> Vec<E7> {
    let length = distance(a, b);
    let (share, every) = if river {
        (0.34, 55.0)
    } else if town {
        (0.03, 160.0)
    } else {
        (0.30, 95.0)
    };
    let count = ((length / every) as usize).min(9);
    if count == 0 {
        return Vec::new();
    }
    let along = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    let normal = [-along[1], along[0]];
    // Apexes of the two triangles in the frame of the edge: along it, and away from it.
    let apex = sites.map(|s| {
        let d = [s[0] - a[0], s[1] - a[1]];
        [d[0] * along[0] + d[1] * along[1], (d[0] * normal[0] + d[1] * normal[1]).abs()]
    });
    let mut dice = Dice::new(seed ^ a[0].to_bits() ^ b[1].to_bits().rotate_left(17), "bends");
    let (p, q) = (dice.unit() * std::f64::consts::TAU, dice.unit() * std::f64::consts::TAU);
    let lean = dice.between(-0.6, 0.6);
    (1..=count)
        .map(|k| {
            let t = k as f64 / (count + 1) as f64;
            let wave = (lean + 0.6 * (t * 5.0 + p).sin() + 0.3 * (t * 11.0 + q).sin()).clamp(-1.0, 1.0);
            let at = t * length;
            let room = height_inside(apex[usize::from(wave < 0.0)], length, at);
            let off = wave * share * room;
            to_e7([a[0] + along[0] * at + normal[0] * off, a[1] + along[1] * at + normal[1] * off])
        })
        .collect()
}

/// How high the triangle over `[0, length]` with this apex is above `at`.
fn height_inside(apex: P, length: f64, at: f64) -> f64 {
    let [s, h] = apex;
    let from_start = if s > 0.0 { h * at / s } else { f64::MAX };
    let from_end = if s < length { h * (length - at) / (length - s) } else { f64::MAX };
    from_start.min(from_end).max(0.0)
}

fn triangle_area(a: P, b: P, c: P) -> f64 {
    0.5 * ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs()
}

fn circumcentre([a, b, c]: [P; 3]) -> P {
    let (bx, by, cx, cy) = (b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]);
    let d = 2.0 * (bx * cy - by * cx);
    let (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
    [a[0] + (cy * b2 - by * c2) / d, a[1] + (bx * c2 - cx * b2) / d]
}
