//! A table with totals as a network: each entry is an arc, each sum a node where what flows in flows out.
//!
//! Areas nest, and kinds add up to one total, so the table of a month is a circulation: from the source to the kinds of
//! the township, down to those of the villages and cells, over into the totals of the cells, and up again to the total of
//! the township, which returns to the source. A shown entry is an arc whose flow is known; a withheld one may carry any
//! whole number from 0 on. How far a withheld entry can be from its value is then a question of greatest flows, whose
//! answers are whole numbers: no bound found here is wider than what the numbers allow (Ford and Fulkerson 1956; for
//! tables Cox 1995). That would not hold with a second layer of totals over kinds, and is why there is one only.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// More than any count.
const ENDLESS: u32 = u32::MAX / 4;

/// An entry of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arc {
    /// The sum it is a part of on one side.
    pub from: usize,
    /// The sum it is a part of on the other side.
    pub to: usize,
    /// Its number.
    pub count: u32,
    /// What is lost where it is withheld.
    pub weight: u64,
}

/// The entries of a table, and which of them are withheld.
#[derive(Debug)]
pub(super) struct Network {
    arcs: Vec<Arc>,
    withheld: Vec<bool>,
    /// At each node: arcs, and whether they leave it.
    around: Vec<Vec<(usize, bool)>>,
    /// What each arc carries while a question is worked on.
    flow: Vec<u32>,
    /// Arcs whose flow is not their number now.
    moved: Vec<usize>,
    /// The step by which a node was reached (arc, forward), and in which search.
    reached: Vec<(usize, bool, u32)>,
    search: u32,
}

impl Network {
    /// A table of which nothing is withheld. Nodes are numbered from 0; `nodes` is how many there are.
    pub(super) fn new(nodes: usize, arcs: Vec<Arc>) -> Self {
        let mut around = vec![Vec::new(); nodes];
        for (i, arc) in arcs.iter().enumerate() {
            around[arc.from].push((i, true));
            around[arc.to].push((i, false));
        }
        let flow = arcs.iter().map(|arc| arc.count).collect();
        Self { withheld: vec![false; arcs.len()], around, flow, moved: Vec::new(), reached: vec![(0, false, 0); nodes], search: 0, arcs }
    }

    pub(super) fn arcs(&self) -> &[Arc] {
        &self.arcs
    }

    pub(super) fn is_withheld(&self, entry: usize) -> bool {
        self.withheld[entry]
    }

    pub(super) fn withhold(&mut self, entry: usize) {
        self.withheld[entry] = true;
    }

    pub(super) fn show(&mut self, entry: usize) {
        self.withheld[entry] = false;
    }

    /// Whether greatest and least possible value of a withheld entry differ by `width` or more.
    pub(super) fn is_hidden(&mut self, entry: usize, width: u32) -> bool {
        let above = self.raise(entry, width);
        if above < width {
            self.restore();
        }
        let hidden = above >= width || above + self.lower(entry, width - above) >= width;
        self.restore();
        hidden
    }

    /// Withholds what it takes, as cheaply as one way allows, for a withheld entry to be hidden by `width`.
    ///
    /// Greedy: what can be moved already is moved, and for the rest the cheapest single way is opened.
    pub(super) fn hide(&mut self, entry: usize, width: u32) {
        let below = self.lower(entry, width);
        self.restore();
        let above = self.raise(entry, width);
        let missing = width.saturating_sub(below + above);
        let way = if missing > 0 { self.cheapest_way(entry, missing) } else { Vec::new() };
        self.restore();
        for arc in way {
            self.withheld[arc] = true;
        }
    }

    /// How much more than its number the entry may be, up to `most`; leaves the flow raised.
    fn raise(&mut self, entry: usize, most: u32) -> u32 {
        self.push(self.arcs[entry].to, self.arcs[entry].from, entry, most)
    }

    /// How much less than its number the entry may be, up to `most`; leaves the flow lowered.
    fn lower(&mut self, entry: usize, most: u32) -> u32 {
        self.push(self.arcs[entry].from, self.arcs[entry].to, entry, most.min(self.arcs[entry].count))
    }

    fn restore(&mut self) {
        for arc in self.moved.drain(..) {
            self.flow[arc] = self.arcs[arc].count;
        }
    }

    /// What an arc can still take in a direction, were it withheld.
    fn room(&self, arc: usize, forward: bool) -> u32 {
        if forward { ENDLESS } else { self.flow[arc] }
    }

    /// Pushes up to `most` from one node to another through withheld arcs other than `entry`; how much went through.
    fn push(&mut self, from: usize, to: usize, entry: usize, most: u32) -> u32 {
        if from == to {
            // An entry that is part of no sum: nothing else bounds it.
            return most;
        }
        let mut pushed = 0;
        while pushed < most && self.shortest_way(from, to, entry) {
            let way = self.way_back(from, to);
            let room = way.iter().map(|&(arc, forward)| self.room(arc, forward)).min().unwrap_or(0);
            let amount = room.min(most - pushed);
            for (arc, forward) in way {
                self.moved.push(arc);
                if forward {
                    self.flow[arc] += amount;
                } else {
                    self.flow[arc] -= amount;
                }
            }
            pushed += amount;
        }
        pushed
    }

    fn shortest_way(&mut self, from: usize, to: usize, entry: usize) -> bool {
        self.search += 1;
        let mut next = VecDeque::from([from]);
        while let Some(node) = next.pop_front() {
            for &(arc, forward) in &self.around[node] {
                let other = if forward { self.arcs[arc].to } else { self.arcs[arc].from };
                let open = arc != entry && self.withheld[arc] && self.room(arc, forward) > 0;
                if open && other != from && self.reached[other].2 != self.search {
                    self.reached[other] = (arc, forward, self.search);
                    if other == to {
                        return true;
                    }
                    next.push_back(other);
                }
            }
        }
        false
    }

    fn way_back(&self, from: usize, to: usize) -> Vec<(usize, bool)> {
        let mut way = Vec::new();
        let mut node = to;
        while node != from {
            let (arc, forward, search) = self.reached[node];
            if search != self.search {
                break;
            }
            way.push((arc, forward));
            node = if forward { self.arcs[arc].from } else { self.arcs[arc].to };
        }
        way
    }

    /// The shown arcs of the way around the entry that can take `amount` and loses least by being withheld.
    ///
    /// There is always one: through all the totals above, each of which may be more.
    fn cheapest_way(&mut self, entry: usize, amount: u32) -> Vec<usize> {
        let (from, to) = (self.arcs[entry].to, self.arcs[entry].from);
        self.search += 1;
        let mut cost: Vec<Option<(u64, u32)>> = vec![None; self.around.len()];
        cost[from] = Some((0, 0));
        let mut next = BinaryHeap::from([Reverse(((0_u64, 0_u32), from))]);
        while let Some(Reverse((so_far, node))) = next.pop() {
            if node == to {
                break;
            }
            if cost[node].is_some_and(|known| known < so_far) {
                continue;
            }
            for &(arc, forward) in &self.around[node] {
                if arc == entry || self.room(arc, forward) < amount {
                    continue;
                }
                let other = if forward { self.arcs[arc].to } else { self.arcs[arc].from };
                let lost = if self.withheld[arc] { 0 } else { self.arcs[arc].weight };
                let there = (so_far.0 + lost, so_far.1 + 1);
                if cost[other].is_none_or(|known| there < known) {
                    cost[other] = Some(there);
                    self.reached[other] = (arc, forward, self.search);
                    next.push(Reverse((there, other)));
                }
            }
        }
        self.way_back(from, to).into_iter().map(|(arc, _)| arc).filter(|&arc| !self.withheld[arc]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A total of 20 over three parts: 12, 5, 3.
    fn parts() -> Network {
        let arc = |from, to, count| Arc { from, to, count, weight: u64::from(count) };
        Network::new(2, vec![arc(0, 1, 20), arc(1, 0, 12), arc(1, 0, 5), arc(1, 0, 3)])
    }

    #[test]
    fn a_single_withheld_part_is_the_rest_of_its_total() {
        let mut network = parts();
        network.withhold(3);
        assert!(!network.is_hidden(3, 1));
        network.hide(3, 4);
        let withheld: Vec<bool> = (0..4).map(|i| network.is_withheld(i)).collect();
        assert_eq!(withheld, [false, false, true, true], "the smaller of the shown parts is withheld beside it");
        assert!(network.is_hidden(3, 8) && !network.is_hidden(3, 9), "the two have 8 between them");
    }

    #[test]
    fn parts_of_a_withheld_total_are_bounded_by_nothing() {
        let mut network = parts();
        network.withhold(0);
        network.withhold(3);
        assert!(network.is_hidden(3, 1_000));
    }

    #[test]
    fn asking_changes_nothing() {
        let mut network = parts();
        network.withhold(2);
        network.withhold(3);
        for _ in 0..3 {
            assert!(network.is_hidden(3, 8) && !network.is_hidden(3, 9));
        }
    }
}
