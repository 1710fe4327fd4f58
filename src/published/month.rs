//! Calendar months, written `2026-10`.

use std::fmt;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use crate::error::{Error, Result};
use crate::read_model::MonthNumber;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Reads `2026-10`.
    pub fn parse(pointer: &str, text: &str) -> Result<Self> {
        let digits = text.len() == 7 && text.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() });
        let day = digits.then(|| NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()).flatten();
        day.map(Self).ok_or_else(|| Error::invalid(pointer, "not_a_month", format!("“{text}” is no month; write it like 2026-10")))
    }

    /// From its number, as the read model counts.
    pub fn from_number(number: MonthNumber) -> Option<Self> {
        NaiveDate::from_ymd_opt(number.div_euclid(12), number.rem_euclid(12) as u32 + 1, 1).map(Self)
    }

    /// Its number, as the read model counts.
    pub fn number(self) -> MonthNumber {
        self.0.year() * 12 + self.0.month0() as i32
    }

    /// Its first day.
    pub const fn first_day(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    pub fn last_day(self) -> NaiveDate {
        self.next().0.checked_sub_days(Days::new(1)).unwrap_or(self.0)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The month before.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Whether it has ended on the day.
    pub fn has_ended(self, today: NaiveDate) -> bool {
        self < Self::of(today)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_as_it_prints_and_knows_its_days() {
        let month = Month::parse("month", "2024-02").unwrap();
        assert_eq!((month.to_string(), month.last_day().to_string()), ("2024-02".to_owned(), "2024-02-29".to_owned()));
        assert_eq!(Month::from_number(month.number()), Some(month));
        assert_eq!((month.next().to_string(), month.before().to_string()), ("2024-03".to_owned(), "2024-01".to_owned()));
        assert!(month.has_ended(month.next().first_day()) && !month.has_ended(month.last_day()));
        for wrong in ["2024-13", "2024-2", "202402", "2024-02-01", "+024-02", ""] {
            assert!(Month::parse("month", wrong).is_err(), "{wrong}");
        }
    }
}
