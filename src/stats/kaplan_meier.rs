//! How long it takes until half are done, where some are not done yet.

use super::StatsError;
use super::error::{all_counts, same_length};

/// Half width of a 95 % interval in standard errors.
const Z_95: f64 = 1.959_963_984_540_054;

/// Median of a time with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Median {
    /// The first time by which half or more are done, in the unit of the times; none where fewer than half ever are.
    pub at: Option<f64>,
    /// Lower end of its 95 % interval; none where it lies beyond the last time.
    pub low: Option<f64>,
    /// Upper end of its 95 % interval; none where it lies beyond the last time.
    pub high: Option<f64>,
    /// How many were done.
    pub ended: usize,
    /// How many were not done when they were last seen.
    pub waiting: usize,
}

/// The median time until something is done, counting in those that still wait (Kaplan–Meier).
///
/// S(t) = Π (1 − dᵢ / nᵢ) over times tᵢ ≤ t;  the median is the first t with S(t) ≤ ½   — Kaplan & Meier 1958
/// The interval holds every t whose log(−log S), by Greenwood's variance, is within 1.96 standard errors of that of ½
/// — Brookmeyer & Crowley 1982.
///
/// * `times` – one per case, until it was done or last seen, 0 or more, any unit
/// * `done` – whether it was done then; false: still waiting (censored)
///
/// A case that waits leaves the others only after those done at the same time. No case: nothing is known, all `None`.
/// O(n log n).
pub fn median_time(times: &[f64], done: &[bool]) -> Result<Median, StatsError> {
    all_counts("time", times)?;
    same_length("done", done.len(), times.len())?;
    let mut rows: Vec<(f64, bool)> = times.iter().copied().zip(done.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ended = rows.iter().filter(|row| row.1).count();
    let mut found = Median { at: None, low: None, high: None, ended, waiting: rows.len() - ended };
    let (mut left, mut share, mut greenwood) = (rows.len() as f64, 1.0_f64, 0.0_f64);
    for tied in rows.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let deaths = tied.iter().filter(|row| row.1).count() as f64;
        if deaths > 0.0 {
            share *= 1.0 - deaths / left;
            greenwood += if left > deaths { deaths / (left * (left - deaths)) } else { f64::INFINITY };
            let (low, high) = band(share, greenwood);
            let time = tied[0].0;
            found.at = found.at.or_else(|| (share <= 0.5).then_some(time));
            found.low = found.low.or_else(|| (low <= 0.5).then_some(time));
            found.high = found.high.or_else(|| (high <= 0.5).then_some(time));
        }
        left -= tied.len() as f64;
    }
    Ok(found)
}

/// The interval of a share that is left, on the scale log(−log S), which keeps it between 0 and 1.
fn band(share: f64, greenwood: f64) -> (f64, f64) {
    if share <= 0.0 {
        return (0.0, 0.0);
    }
    let log = share.ln();
    let reach = (Z_95 * greenwood.sqrt() / log.abs()).exp();
    (share.powf(reach), share.powf(1.0 / reach))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_anybody_waiting_it_is_the_plain_median() {
        let found = median_time(&[5.0, 1.0, 3.0, 9.0, 7.0], &[true; 5]).unwrap();
        assert_eq!((found.at, found.ended, found.waiting), (Some(5.0), 5, 0));
    }

    #[test]
    fn who_waits_counts_as_not_done_yet() {
        // Times 6, 6, 6, 6+, 7, 9+, 10, 10+, 11+, 13, 16, 17+, 19+, 20+, 22, 23, 25+, 32+, 32+, 34+, 35+: the treated of
        // Freireich et al. 1963, whose median is 23 in every textbook.
        let times = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35].map(f64::from);
        let waits = [3, 5, 7, 8, 11, 12, 13, 16, 17, 18, 19, 20];
        let done: Vec<bool> = (0..times.len()).map(|n| !waits.contains(&n)).collect();
        let found = median_time(&times, &done).unwrap();
        assert_eq!((found.at, found.ended, found.waiting), (Some(23.0), 9, 12));
        assert_eq!((found.low, found.high), (Some(13.0), None), "R's survfit with conf.type = \"log-log\" says 13 to NA");
    }

    #[test]
    fn where_fewer_than_half_are_done_there_is_no_median() {
        let found = median_time(&[1.0, 2.0, 9.0, 9.0, 9.0], &[true, true, false, false, false]).unwrap();
        assert_eq!((found.at, found.high), (None, None));
        assert_eq!(median_time(&[], &[]).unwrap(), Median { at: None, low: None, high: None, ended: 0, waiting: 0 });
        assert!(median_time(&[-1.0], &[true]).is_err() && median_time(&[1.0], &[]).is_err());
    }

    proptest! {
        #[test]
        fn the_order_of_cases_does_not_matter_and_the_interval_holds_the_median(rows in prop::collection::vec((0..40_u8, any::<bool>()), 0..60)) {
            let of = |rows: &[(u8, bool)]| {
                let (times, done): (Vec<f64>, Vec<bool>) = rows.iter().map(|row| (f64::from(row.0), row.1)).unzip();
                median_time(&times, &done).unwrap()
            };
            let (there, turned) = (of(&rows), of(&rows.iter().rev().copied().collect::<Vec<_>>()));
            prop_assert_eq!(there, turned);
            prop_assert!(there.at.is_none_or(|at| there.low.is_some_and(|low| low <= at) && there.high.is_none_or(|high| at <= high)));
        }
    }
}
