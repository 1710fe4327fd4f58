use super::*;
use crate::codes::CodeRange;
use crate::mvt::{TileId, bin_of};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Hash)]
struct Count(u32);

impl Attributes for Count {
    const WEIGHS: bool = true;

    fn weight(&self) -> u32 {
        self.0
    }
}

fn row(id: i64, x: u32, y: u32) -> Row<Count> {
    Row { at: World { x, y }, id, scope: 990_321_001_001_001 + id % 3, attributes: Count(id as u32 % 5) }
}

/// A sequence of numbers that looks random and never changes.
fn dice(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as u32) % below
    }
}

#[test]
fn edits_leave_the_rows_of_a_fresh_layer_in_blocks_that_hold() {
    let mut roll = dice(7);
    let mut truth: BTreeMap<i64, Row<Count>> = (0..5_000).map(|id| (id, row(id, roll(1 << 20) << 8, roll(1 << 20) << 8))).collect();
    let mut points = Points::new(truth.values().cloned().collect());
    for step in 0..60_i64 {
        let mut moved = Vec::new();
        let edits = if step % 20 == 19 { 2_500 } else { 40 };
        for n in 0..edits {
            let id = if n % 4 == 0 { 10_000 + step * 5_000 + n } else { i64::from(roll(5_000)) };
            if moved.iter().any(|m: &Moved<Count>| m.old.as_ref().or(m.new.as_ref()).is_some_and(|r| r.id == id)) {
                continue;
            }
            let old = truth.get(&id).cloned();
            let new = (roll(3) > 0).then(|| row(id, roll(1 << 20) << 8, roll(1 << 20) << 8));
            match &new {
                Some(new) => truth.insert(id, new.clone()),
                None => truth.remove(&id),
            };
            moved.push(Moved { old, new });
        }
        points = points.edit(&moved);
        let fresh = Points::new(truth.values().cloned().collect());
        assert!(points.rows().eq(fresh.rows()), "step {step}");
        assert_eq!(points.len(), truth.len());
        assert!(points.blocks().iter().all(|b| (1..=BLOCK_ROWS).contains(&b.len())));
    }
    let all: Vec<_> = points.rows().map(|r| Moved { old: Some(r), new: None }).collect();
    assert!(points.edit(&all).is_empty());
}

#[test]
fn a_row_is_found_where_it_lies() {
    let points = Points::new((0..3_000).map(|id| row(id, 5, (id as u32 % 7) << 20)).collect());
    assert_eq!(points.find(World { x: 5, y: 3 << 20 }, 3), Some(row(3, 5, 3 << 20)));
    assert_eq!(points.find(World { x: 5, y: 3 << 20 }, 4), None);
    assert_eq!(Points::<Count>::default().find(World { x: 0, y: 0 }, 1), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_box_and_a_tile_hand_out_what_lies_inside(seed in any::<u64>(), z in 0_u8..20, n in 0_i64..3_000) {
        let mut roll = dice(seed);
        let rows: Vec<_> = (0..n).map(|id| row(id, roll(u32::MAX), roll(1 << 20))).collect();
        let points = Points::new(rows.clone());
        let tile = TileId::holding(z, World { x: roll(u32::MAX), y: roll(1 << 20) });
        let area = tile.buffered(64);
        let mut found = 0;
        points.each_in(&area, z + 4, |b, i| { assert!(area.holds(b.at(i))); found += 1; });
        prop_assert_eq!(found, rows.iter().filter(|r| area.holds(r.at)).count());
        let mut around = Vec::new();
        points.each_around(tile, 64, |b, rows| around.extend(rows.map(|i| b.row(i))));
        prop_assert!(around.windows(2).all(|pair| pair[0].key() < pair[1].key()));
        prop_assert_eq!(around.iter().filter(|r| area.holds(r.at)).count(), found);
        let (mut inside, mut weight, mut bins) = (0, 0, Vec::new());
        points.each_under(tile, |b, rows| {
            b.each_bin(rows, z, |rows| {
                let mut all = rows.clone().map(|i| bin_of(z, b.at(i)));
                let bin = all.next().expect("no stretch is empty");
                assert!(bin.0 == tile && all.all(|other| other == bin));
                if bins.last() != Some(&bin.1) {
                    bins.push(bin.1);
                }
                inside += rows.len();
                weight += u64::from(b.weight(rows));
            });
        });
        let once: std::collections::BTreeSet<u16> = bins.iter().copied().collect();
        prop_assert_eq!(once.len(), bins.len());
        let own: Vec<_> = rows.iter().filter(|r| tile.world_box().holds(r.at)).collect();
        prop_assert_eq!(inside, own.len());
        prop_assert_eq!(weight, own.iter().map(|r| u64::from(r.attributes.weight())).sum::<u64>());
    }
}

#[test]
fn a_block_lets_through_the_rows_of_a_scope() {
    let points = Points::new((0..900).map(|id| row(id, id as u32, 7)).collect());
    let lo = 990_321_001_001_001;
    for (range, n) in [((lo, lo + 3), 900), ((lo + 1, lo + 3), 600), ((lo + 1, lo + 2), 300), ((lo + 3, lo + 9), 0), ((lo - 5, lo), 0)] {
        let scope: Scope = std::iter::once(CodeRange { lo: range.0, hi: range.1 }).collect();
        for block in points.blocks() {
            let within = block.within(&scope);
            assert_eq!(matches!(within, Within::All), n == 900);
            assert_eq!(within == Within::None, n == 0);
            assert!((0..block.len()).all(|i| block.keeps(&within, i) == scope.contains(block.scope(i))));
        }
        let kept = points.blocks().iter().map(|b| (0..b.len()).filter(|&i| b.keeps(&b.within(&scope), i)).count()).sum::<usize>();
        assert_eq!(kept, n);
    }
}
