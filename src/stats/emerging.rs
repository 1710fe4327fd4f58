//! How a hot or cold spot has come to be: new, lasting, growing, fading (emerging hot spot analysis).

use super::error::share;
use super::{StatsError, mann_kendall};

/// Gi* of one cell in one slice of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// The score; `None` where it is not defined.
    pub z: Option<f64>,
    /// Whether the score counts as a find, by whatever test was taken.
    pub significant: bool,
}

/// Hot or cold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// High values gather.
    Hot,
    /// Low values gather.
    Cold,
}

/// How it came to be. The words are those of ArcGIS, the order that in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Significant in the last slice and never before.
    New,
    /// Significant in an unbroken run of at least two slices to the last, never before it, and in fewer than 90 % of all.
    Consecutive,
    /// In 90 % of slices and the last, and growing stronger.
    Intensifying,
    /// In 90 % of slices and the last, and growing weaker.
    Diminishing,
    /// In 90 % of slices and the last, without trend.
    Persistent,
    /// In the last, before it on and off, and once on the other side.
    Oscillating,
    /// In the last, before it on and off, never on the other side.
    Sporadic,
    /// In 90 % of slices, and not in the last.
    Historical,
}

/// The share of slices from which on a spot is lasting.
const LASTING: f64 = 0.9;

/// The class of one cell from its scores over time; `None` for no pattern.
///
/// * `slices` – in the order of time, equally long
/// * `alpha` – p below which the scores' trend (Mann–Kendall) counts, 0.05
///
/// Growing means away from 0: a hot spot intensifies when its scores rise, a cold one when they fall. Slices without a
/// score are not significant and are left out of the trend. O(slices²).
pub fn emerging(slices: &[Slice], alpha: f64) -> Result<Option<(Side, Pattern)>, StatsError> {
    share("alpha", alpha)?;
    let is = |side: Side, slice: &Slice| slice.significant && slice.z.is_some_and(|z| if side == Side::Hot { z > 0.0 } else { z < 0.0 });
    let Some((last, before)) = slices.split_last() else { return Ok(None) };
    for (side, other) in [(Side::Hot, Side::Cold), (Side::Cold, Side::Hot)] {
        let count = slices.iter().filter(|s| is(side, s)).count();
        let lasting = count as f64 >= LASTING * slices.len() as f64;
        if !is(side, last) {
            if lasting {
                return Ok(Some((side, Pattern::Historical)));
            }
            continue;
        }
        let run = slices.iter().rev().take_while(|s| is(side, s)).count();
        let pattern = if !before.iter().any(|s| is(side, s)) {
            Pattern::New
        } else if run == count && !lasting {
            Pattern::Consecutive
        } else if lasting {
            lasting_pattern(slices, side, alpha)?
        } else if before.iter().any(|s| is(other, s)) {
            Pattern::Oscillating
        } else {
            Pattern::Sporadic
        };
        return Ok(Some((side, pattern)));
    }
    Ok(None)
}

fn lasting_pattern(slices: &[Slice], side: Side, alpha: f64) -> Result<Pattern, StatsError> {
    let scores: Vec<f64> = slices.iter().filter_map(|s| s.z).map(|z| if side == Side::Hot { z } else { -z }).collect();
    let trend = mann_kendall(&scores)?;
    Ok(match trend.s.signum() {
        _ if trend.p_two_sided >= alpha => Pattern::Persistent,
        1 => Pattern::Intensifying,
        _ => Pattern::Diminishing,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(scores: &[f64]) -> Option<(Side, Pattern)> {
        let slices: Vec<Slice> = scores.iter().map(|&z| Slice { z: Some(z), significant: z.abs() > 1.96 }).collect();
        emerging(&slices, 0.05).unwrap()
    }

    /// Scores and the class they make.
    type Case<'a> = (&'a [f64], Option<(Side, Pattern)>);

    #[test]
    fn each_pattern_has_its_series() {
        use Pattern::{Consecutive, Diminishing, Historical, Intensifying, New, Oscillating, Persistent, Sporadic};
        use Side::Hot;
        let rising: Vec<f64> = (0..10).map(|i| 2.0 + f64::from(i) / 5.0).collect();
        let falling: Vec<f64> = rising.iter().rev().copied().collect();
        let mut ended = falling.clone();
        ended.push(0.5);
        let cases: [Case; 9] = [
            (&[0.0, 1.0, 0.0, 3.0], Some((Hot, New))),
            (&[0.0, 1.0, 3.0, 3.0], Some((Hot, Consecutive))),
            (&rising, Some((Hot, Intensifying))),
            (&falling, Some((Hot, Diminishing))),
            (&[3.0, 3.1, 2.9, 3.0, 3.05], Some((Hot, Persistent))),
            (&[3.0, 0.0, -3.0, 3.0], Some((Hot, Oscillating))),
            (&[3.0, 0.0, 0.0, 3.0], Some((Hot, Sporadic))),
            (&ended, Some((Hot, Historical))),
            (&[3.0, 0.0, 0.0, 0.0], None),
        ];
        for (scores, wanted) in cases {
            assert_eq!(class(scores), wanted, "{scores:?}");
        }
    }

    #[test]
    fn a_cold_spot_that_warms_is_diminishing_cold() {
        let warming: Vec<f64> = (0..10).map(|i| -4.0 + f64::from(i) / 5.0).collect();
        assert_eq!(class(&warming), Some((Side::Cold, Pattern::Diminishing)));
        let cooling: Vec<f64> = warming.iter().rev().copied().collect();
        assert_eq!(class(&cooling), Some((Side::Cold, Pattern::Intensifying)));
    }

    #[test]
    fn slices_without_a_score_say_nothing() {
        let none = Slice { z: None, significant: true };
        assert_eq!(emerging(&[none; 4], 0.05), Ok(None));
        assert_eq!(emerging(&[], 0.05), Ok(None));
        assert!(emerging(&[], 0.0).is_err());
    }

    proptest! {
        #[test]
        fn turned_upside_down_hot_is_cold(scores in prop::collection::vec(-4.0..4.0_f64, 0..15)) {
            let down: Vec<f64> = scores.iter().map(|z| -z).collect();
            let turned = class(&down).map(|(side, pattern)| (if side == Side::Hot { Side::Cold } else { Side::Hot }, pattern));
            prop_assert_eq!(class(&scores), turned);
        }
    }
}
