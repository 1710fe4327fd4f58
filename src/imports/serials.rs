//! Serial numbers for cells and codes for areas that come without: pure, from what is there and what is used already.
//!
//! Cells of a village are numbered from west to east and, where they start alike, from north to south. A number that
//! was ever used is not used again.

use std::collections::BTreeSet;

use crate::codes::{AreaCode, CellCode, Level};
use crate::geom::LonLat;

/// Issues codes to the cells of one village.
///
/// * `places` – one inner point per cell, in the order of the file
/// * `used` – all codes that the village ever had
///
/// Returns the codes in the order of `places`, `None` where the village's 999 numbers are used up.
/// Numbers go up from the highest used one; gaps are filled only when the top is reached. O(n log n).
pub fn issue_cells(village: AreaCode, places: &[LonLat], used: &BTreeSet<CellCode>) -> Option<Vec<CellCode>> {
    if village.level() != Level::Village {
        return None;
    }
    let serials: BTreeSet<i64> = used.iter().filter(|code| code.village() == village).map(|code| code.to_i64() - village.lo()).collect();
    let free = free_serials(&serials, 1, 999, places.len())?;
    let mut codes = vec![None; places.len()];
    for (at, serial) in west_to_east(places).into_iter().zip(free) {
        codes[at] = CellCode::from_i64(village.lo() + serial);
    }
    codes.into_iter().collect()
}

/// The order of places from west to east, then from north to south, to the 0.0001° that an eye sees.
pub fn west_to_east(places: &[LonLat]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    let step = |degrees: f64| (degrees * 1e4).round() as i64;
    order.sort_by_key(|&at| (step(places[at].lon), -step(places[at].lat), at));
    order
}

/// `want` free numbers between `least` and `most`: above the highest used one first, then in the gaps.
pub(super) fn free_serials(used: &BTreeSet<i64>, least: i64, most: i64, want: usize) -> Option<Vec<i64>> {
    let top = used.range(..=most).next_back().copied().unwrap_or(least - 1).max(least - 1);
    let above = top + 1..=most;
    let gaps = (least..=top.min(most)).filter(|serial| !used.contains(serial));
    let free: Vec<i64> = above.chain(gaps).take(want).collect();
    (free.len() == want).then_some(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn village() -> AreaCode {
        AreaCode::parse("330681001001").expect("a village")
    }

    #[test]
    fn cells_are_numbered_from_west_to_east_and_north_to_south() {
        let places = [(120.3, 29.0), (120.1, 29.0), (120.2, 29.0), (120.2, 29.5)].map(|(lon, lat)| LonLat::new(lon, lat));
        let codes = issue_cells(village(), &places, &BTreeSet::new()).expect("room enough");
        let serials: Vec<i64> = codes.iter().map(|code| code.to_i64() % 1000).collect();
        assert_eq!(serials, [4, 1, 3, 2]);
    }

    #[test]
    fn a_number_once_used_is_not_used_again() {
        let used: BTreeSet<CellCode> =
            ["330681001001002", "330681001001998", "330681001002001"].into_iter().map(|code| CellCode::parse(code).expect("a cell")).collect();
        let places = vec![LonLat::new(120.0, 29.0); 3];
        let codes = issue_cells(village(), &places, &used).expect("room enough");
        let serials: Vec<i64> = codes.iter().map(|code| code.to_i64() % 1000).collect();
        assert_eq!(serials, [999, 1, 3]);
        assert_eq!(issue_cells(village(), &vec![LonLat::new(0.0, 0.0); 998], &used), None);
    }
}
