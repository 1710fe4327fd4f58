//! Dividing blocks among owners so that every part hangs together: nearest centre, and halving by weight.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::land::distance;
use super::mesh::Mesh;

/// Not reached.
pub(super) const FAR: u32 = u32::MAX;

/// Ways over the mesh; distances in decimetres as whole numbers, so that sums are exact and ties are ties.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) mesh: &'a Mesh,
    /// Length of each edge's crossing, from site to site; a river counts four times.
    cost: Vec<u32>,
    /// Which region a block is in; ways stay inside one.
    region: Vec<u32>,
    next_region: u32,
}

/// What a walk from several centres found, by block.
#[derive(Debug)]
pub(super) struct Reach {
    /// Index of the centre it belongs to, `FAR` where none came.
    pub(super) centre: Vec<u32>,
    /// The block before it on the way from the centre; itself at a centre.
    pub(super) before: Vec<u32>,
}

impl<'a> Graph<'a> {
    /// Prepares the costs.
    pub(super) fn new(mesh: &'a Mesh) -> Self {
        let cost = mesh
            .edges
            .iter()
            .map(|e| {
                let metres = distance(mesh.sites[e.left as usize], mesh.sites[e.right as usize]);
                (metres * if e.river { 40.0 } else { 10.0 }) as u32 + 1
            })
            .collect();
        let region = mesh.inside.iter().map(|&inside| if inside { 0 } else { FAR }).collect();
        Self { mesh, cost, region, next_region: 1 }
    }

    /// Gives every block inside to the centre that is nearest, each centre's way divided by its reach.
    pub(super) fn nearest(&mut self, centres: &[(usize, f64)], blocks: Option<&[u32]>) -> Reach {
        let region = blocks.map_or(0, |blocks| self.mark(blocks));
        let n = self.mesh.sites.len();
        let mut dist = vec![FAR; n];
        let mut reach = Reach { centre: vec![FAR; n], before: vec![FAR; n] };
        let mut heap = BinaryHeap::new();
        for (k, &(block, _)) in centres.iter().enumerate() {
            if self.region[block] == region {
                dist[block] = 0;
                reach.centre[block] = k as u32;
                reach.before[block] = block as u32;
                heap.push(Reverse((0_u32, block as u32)));
            }
        }
        while let Some(Reverse((d, block))) = heap.pop() {
            let block = block as usize;
            if d > dist[block] {
                continue;
            }
            let centre = reach.centre[block];
            let by = centres[centre as usize].1;
            for &e in self.mesh.around(block) {
                let other = self.mesh.across(e, block);
                let far = d.saturating_add((f64::from(self.cost[e as usize]) / by) as u32);
                if self.region[other] == region && far < dist[other] {
                    dist[other] = far;
                    reach.centre[other] = centre;
                    reach.before[other] = block as u32;
                    heap.push(Reverse((far, other as u32)));
                }
            }
        }
        reach
    }

    /// Makes the blocks a region of their own.
    fn mark(&mut self, blocks: &[u32]) -> u32 {
        let region = self.next_region;
        self.next_region += 1;
        for &b in blocks {
            self.region[b as usize] = region;
        }
        region
    }

    /// Distances from a block to those of its region, written into `dist` (which is reset for `blocks`).
    fn distances(&self, from: u32, blocks: &[u32], dist: &mut [u32], heap: &mut BinaryHeap<Reverse<(u32, u32)>>) -> u32 {
        for &b in blocks {
            dist[b as usize] = FAR;
        }
        let region = self.region[from as usize];
        dist[from as usize] = 0;
        heap.push(Reverse((0, from)));
        let mut last = from;
        while let Some(Reverse((d, block))) = heap.pop() {
            if d > dist[block as usize] {
                continue;
            }
            last = block;
            for &e in self.mesh.around(block as usize) {
                let other = self.mesh.across(e, block as usize);
                let far = d + self.cost[e as usize];
                if self.region[other] == region && far < dist[other] {
                    dist[other] = far;
                    heap.push(Reverse((far, other as u32)));
                }
            }
        }
        last
    }

    /// Divides groups of blocks that hang together into parts that each hang together, with weights near the targets.
    ///
    /// Halved again and again: of two blocks far apart, `a` and `b`, the blocks with the smallest d(a) − d(b) go to
    /// one side. That set hangs together: the next block on the way to `a` is in it before the block itself. Where
    /// several have the same difference the cut goes beside them all. Returns for each group its parts, as many as it
    /// has targets unless it has too few blocks.
    pub(super) fn divide_all(&mut self, groups: &[(Vec<u32>, Vec<f64>)], weight: &[f64]) -> Vec<Vec<Vec<u32>>> {
        let n = self.mesh.sites.len();
        let mut scratch = Scratch { a: vec![FAR; n], b: vec![FAR; n], heap: BinaryHeap::new() };
        groups
            .iter()
            .map(|(blocks, targets)| {
                let mut parts = Vec::with_capacity(targets.len());
                self.halve(blocks, weight, targets, &mut scratch, &mut parts);
                parts
            })
            .collect()
    }

    fn halve(&mut self, blocks: &[u32], weight: &[f64], targets: &[f64], scratch: &mut Scratch, out: &mut Vec<Vec<u32>>) {
        if targets.len() <= 1 || blocks.len() < 2 {
            out.push(blocks.to_vec());
            return;
        }
        self.mark(blocks);
        let a = self.distances(blocks[0], blocks, &mut scratch.a, &mut scratch.heap);
        let b = self.distances(a, blocks, &mut scratch.a, &mut scratch.heap);
        self.distances(b, blocks, &mut scratch.b, &mut scratch.heap);
        let mut order: Vec<(i64, u32)> = blocks.iter().map(|&k| (i64::from(scratch.a[k as usize]) - i64::from(scratch.b[k as usize]), k)).collect();
        order.sort_unstable();
        let (first, second) = targets.split_at(targets.len() / 2);
        let share = first.iter().sum::<f64>() / targets.iter().sum::<f64>();
        let whole: f64 = blocks.iter().map(|&k| weight[k as usize]).sum();
        let (mut sum, mut best, mut cut) = (0.0, f64::MAX, 1);
        for i in 1..order.len() {
            sum += weight[order[i - 1].1 as usize];
            let off = (sum - whole * share).abs();
            let room = i >= first.len() && order.len() - i >= second.len();
            if order[i].0 != order[i - 1].0 && room && off < best {
                (best, cut) = (off, i);
            }
        }
        let left: Vec<u32> = order[..cut].iter().map(|o| o.1).collect();
        let right: Vec<u32> = order[cut..].iter().map(|o| o.1).collect();
        self.halve(&left, weight, first, scratch, out);
        self.halve(&right, weight, second, scratch, out);
    }
}

/// Room that is used again for every halving.
struct Scratch {
    a: Vec<u32>,
    b: Vec<u32>,
    heap: BinaryHeap<Reverse<(u32, u32)>>,
}
