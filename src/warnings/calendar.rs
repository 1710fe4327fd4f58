//! Which days are worked, and how busy a day is: data of an administrator, not of the code.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate};

/// Holidays and the rhythm of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    /// True: a holiday; false: a weekend that is worked.
    days: BTreeMap<NaiveDate, bool>,
    /// Monday to Sunday, then a holiday; 1 is a full working day.
    weights: [f64; 8],
}

impl Default for Calendar {
    /// Weekends at 0.7, holidays at 0.5, and no holiday known.
    fn default() -> Self {
        Self { days: BTreeMap::new(), weights: [1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.7, 0.5] }
    }
}

impl Calendar {
    /// A calendar of days that are not what their weekday says (true: holiday) and of eight weights.
    pub fn new(days: impl IntoIterator<Item = (NaiveDate, bool)>, weights: [f64; 8]) -> Self {
        Self { days: days.into_iter().collect(), weights }
    }

    /// Whether the day is worked.
    pub fn is_worked(&self, day: NaiveDate) -> bool {
        match self.days.get(&day) {
            Some(is_holiday) => !is_holiday,
            None => day.weekday().number_from_monday() < 6,
        }
    }

    /// How much is registered on the day, 1 is a full working day.
    pub fn weight(&self, day: NaiveDate) -> f64 {
        match self.days.get(&day) {
            Some(true) => self.weights[7],
            Some(false) => self.weights[0],
            None => self.weights[day.weekday().num_days_from_monday() as usize],
        }
    }

    /// Sum of the weights of so many days, the last one being `last`.
    pub fn weight_of(&self, last: NaiveDate, days: u64) -> f64 {
        (0..days).filter_map(|back| last.checked_sub_days(Days::new(back))).map(|day| self.weight(day)).sum()
    }

    /// The working day so many working days after a day; with 0 the day itself where it is worked, else the next one.
    pub fn working_day_after(&self, day: NaiveDate, days: u32) -> NaiveDate {
        let mut left = days.max(1);
        let mut at = if days == 0 { day } else { day.succ_opt().unwrap_or(day) };
        // No calendar has ten years without a working day.
        for _ in 0..3_660 {
            left -= u32::from(self.is_worked(at));
            if left == 0 {
                break;
            }
            at = at.succ_opt().unwrap_or(at);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_passes_over_weekends_and_holidays_and_takes_worked_weekends_in() {
        // 2026-02-17 is Spring Festival, a Tuesday; the Saturday before it is worked.
        let calendar = Calendar::new([(day("2026-02-16"), true), (day("2026-02-17"), true), (day("2026-02-14"), false)], [1.0; 8]);
        for (from, days, to) in [
            ("2026-02-13", 0, "2026-02-13"),
            ("2026-02-13", 1, "2026-02-14"),
            ("2026-02-13", 2, "2026-02-18"),
            ("2026-02-15", 0, "2026-02-18"),
            ("2026-02-15", 1, "2026-02-18"),
            ("2026-02-15", 3, "2026-02-20"),
            ("2026-02-18", 3, "2026-02-23"),
        ] {
            assert_eq!(calendar.working_day_after(day(from), days), day(to), "{from} + {days}");
        }
    }

    #[test]
    fn a_week_weighs_what_its_days_do() {
        let calendar = Calendar::new([(day("2026-10-01"), true)], [1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.6, 0.5]);
        // Sunday 4 October back to Monday 28 September: Thursday is a holiday.
        assert!((calendar.weight_of(day("2026-10-04"), 7) - (4.0 + 0.5 + 0.7 + 0.6)).abs() < 1e-12);
    }
}
