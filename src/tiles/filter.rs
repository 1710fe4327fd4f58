//! Which rows a tile shows, from the query of its address. Pure: a name or value that is not known is a fault.

use chrono::{Datelike as _, NaiveDate};

use super::kernel::{Bandwidth, Per};
use crate::error::{Error, Fault, Result};
use crate::privacy::suppression::ORDINARY;
use crate::published::Month;
use crate::read_model::{Facility, Incident, Lists, MonthNumber, Near, Reader, RowSet, Sets, Words};

/// Filters by name; an empty list lets everything through. With them go the two choices of the layer `heat`, so that one
/// value is all that a tile depends on beside rows and reader.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// How far the heat of an incident reaches.
    pub bandwidth: Bandwidth,
    /// What heat is measured by.
    pub per: Per,
    kinds: Vec<u16>,
    categories: Vec<u16>,
    sources: Vec<u16>,
    states: Vec<u16>,
    from_day: Option<i32>,
    to_day: Option<i32>,
    group: Option<String>,
    from_month: Option<MonthNumber>,
    to_month: Option<MonthNumber>,
}

const NAMES: &str = "kind, category, source, state, from, to, group, month_from, month_to, bandwidth_m, per";
/// Months that a map of published numbers is of, unless told.
const MONTHS: MonthNumber = 12;

impl Filter {
    /// Reads pairs such as `("kind", "F01,F02")`; a name may come more than once.
    ///
    /// `Invalid` names what is allowed; `Forbidden` where a filter of incidents comes from a reader without case rights.
    /// A reader of published numbers alone may name days; they stand for their months, since nothing finer is published.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, lists: &Lists, reader: &Reader) -> Result<Self> {
        let mut filter = Self::default();
        let mut faults = Vec::new();
        for (name, value) in pairs {
            let days = matches!(name, "from" | "to");
            let told = days && !reader.published.is_empty();
            if (days || matches!(name, "category" | "source" | "state")) && !reader.reads_cases() && !told {
                return Err(Error::Forbidden(format!("the filter {name} needs the right to cases")));
            }
            if name == "group" && reader.published.is_empty() {
                return Err(Error::Forbidden("the filter group needs the right to published numbers".into()));
            }
            match name {
                "kind" => codes(name, value, &lists.facility_kind, &mut filter.kinds, &mut faults),
                "category" => codes(name, value, &lists.category, &mut filter.categories, &mut faults),
                "source" => codes(name, value, &lists.source, &mut filter.sources, &mut faults),
                "state" => codes(name, value, &lists.state, &mut filter.states, &mut faults),
                "from" => filter.from_day = day(name, value, &mut faults),
                "to" => filter.to_day = day(name, value, &mut faults),
                "group" => {
                    let mut groups = Vec::new();
                    codes(name, value, &lists.category_group, &mut groups, &mut faults);
                    match groups.as_slice() {
                        [] => {}
                        [one] => filter.group = Some(lists.category_group.text(*one).to_string()),
                        _ => faults.push(Fault::new(name, "unknown_value", "group takes one group: published numbers of several do not add up")),
                    }
                }
                "month_from" => filter.from_month = month(name, value, &mut faults),
                "month_to" => filter.to_month = month(name, value, &mut faults),
                "bandwidth_m" => match Bandwidth::parse(value) {
                    Some(bandwidth) => filter.bandwidth = bandwidth,
                    None => faults.push(Fault::new(name, "unknown_value", Bandwidth::allowed())),
                },
                "per" => match Per::parse(value) {
                    Some(per) => filter.per = per,
                    None => faults.push(Fault::new(name, "unknown_value", format!("per has no value {value:?}; it has km2, households"))),
                },
                _ => faults.push(Fault::new(name, "unknown_filter", format!("there is no filter {name}; there are {NAMES}"))),
            }
        }
        for list in [&mut filter.kinds, &mut filter.categories, &mut filter.sources, &mut filter.states] {
            list.sort_unstable();
            list.dedup();
        }
        if !reader.reads_cases() {
            filter.snap_to_months();
        }
        if faults.is_empty() { Ok(filter) } else { Err(Error::Invalid(faults)) }
    }

    /// Whether a facility passes.
    pub fn facility(&self, row: &Facility) -> bool {
        within(&self.kinds, row.kind)
    }

    /// Whether an incident passes; both days are included.
    pub fn incident(&self, row: &Incident) -> bool {
        within(&self.categories, row.category)
            && within(&self.sources, row.source)
            && within(&self.states, row.state)
            && self.from_day.is_none_or(|day| day <= row.occurred_day)
            && self.to_day.is_none_or(|day| row.occurred_day <= day)
    }

    /// Whether every incident passes.
    pub const fn all_incidents(&self) -> bool {
        self.categories.is_empty() && self.sources.is_empty() && self.states.is_empty() && self.from_day.is_none() && self.to_day.is_none()
    }

    /// The same test as sets of bits, for a scan of many rows; none where a code list is too long for that.
    pub fn quick(&self, lists: &Lists) -> Option<QuickFilter> {
        let few = [&lists.category, &lists.source, &lists.state].iter().all(|words| words.len() <= 64);
        let bits = |list: &[u16]| if list.is_empty() { u64::MAX } else { list.iter().fold(0, |bits, code| bits | 1 << code) };
        let (from, to) = (self.from_day.unwrap_or(i32::MIN), self.to_day.unwrap_or(i32::MAX));
        // no day is in an empty span, nor is any category in an empty set
        let categories = if from > to { 0 } else { bits(&self.categories) };
        few.then(|| QuickFilter { categories, sources: bits(&self.sources), states: bits(&self.states), from, span: to.wrapping_sub(from) as u32 })
    }

    /// The months asked for, counted from January of the year 0, both included.
    pub fn months(&self) -> (MonthNumber, MonthNumber) {
        let month = |day: Option<i32>| day.and_then(NaiveDate::from_num_days_from_ce_opt).map(|day| day.year() * 12 + day.month0() as i32);
        (self.from_month.or_else(|| month(self.from_day)).unwrap_or(0), self.to_month.or_else(|| month(self.to_day)).unwrap_or(MonthNumber::MAX))
    }

    /// Whether a group of published numbers was asked for.
    pub const fn names_group(&self) -> bool {
        self.group.is_some()
    }

    /// The group of published numbers asked for: all ordinary kinds together unless told.
    pub fn group(&self) -> &str {
        self.group.as_deref().unwrap_or(ORDINARY)
    }

    /// Months that a map of published numbers is of; `last` is the last month published at all.
    pub fn published(&self, last: Option<MonthNumber>) -> (&str, (MonthNumber, MonthNumber)) {
        let (from, to) = self.months();
        let to = if to == MonthNumber::MAX { last.unwrap_or(0) } else { to };
        let from = if from == 0 { to - MONTHS + 1 } else { from };
        (self.group(), (from.min(to), to))
    }

    /// Days become the first of their month: what is published is told by months, and equal months share a tile.
    fn snap_to_months(&mut self) {
        for day in [&mut self.from_day, &mut self.to_day] {
            let first = day.and_then(NaiveDate::from_num_days_from_ce_opt).and_then(|day| day.with_day(1));
            *day = first.map(|day| day.num_days_from_ce());
        }
    }

    /// Whether every facility passes.
    pub const fn all_facilities(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// A filter of incidents by bits.
#[derive(Debug, Clone, Copy)]
pub struct QuickFilter {
    categories: u64,
    sources: u64,
    states: u64,
    from: i32,
    span: u32,
}

impl QuickFilter {
    /// Whether an incident passes: one or two nanoseconds, and no branch but the last.
    #[inline]
    pub const fn incident(&self, row: &Incident) -> bool {
        let bits = self.categories >> (row.category & 63) & self.sources >> (row.source & 63) & self.states >> (row.state & 63) & 1;
        (bits == 1) & (row.occurred_day.wrapping_sub(self.from) as u32 <= self.span)
    }

    /// Rows of a block among which all are that pass, and those that do for sure; none where the filter names neither
    /// category nor day.
    pub fn near(&self, sets: &Sets) -> Option<Near> {
        let all = self.categories == u64::MAX && self.span == u32::MAX;
        let near = (!all).then(|| sets.near(self.categories, self.from..=self.from.wrapping_add_unsigned(self.span)))?;
        let more = self.sources != u64::MAX || self.states != u64::MAX;
        Some(if more { Near { sure: RowSet::NONE, ..near } } else { near })
    }
}

fn within(list: &[u16], code: u16) -> bool {
    list.is_empty() || list.binary_search(&code).is_ok()
}

fn codes(name: &str, value: &str, words: &Words, into: &mut Vec<u16>, faults: &mut Vec<Fault>) {
    for code in value.split(',').map(str::trim).filter(|code| !code.is_empty()) {
        match words.find(code) {
            Some(number) => into.push(number),
            None => faults.push(Fault::new(name, "unknown_value", format!("{name} has no value {code:?}; it has {}", words.all().join(", ")))),
        }
    }
}

fn day(name: &str, value: &str, faults: &mut Vec<Fault>) -> Option<i32> {
    let day = value.parse::<NaiveDate>().ok().map(|day| day.num_days_from_ce());
    if day.is_none() {
        faults.push(Fault::new(name, "unknown_value", format!("{name} takes a day such as 2026-03-01")));
    }
    day
}

fn month(name: &str, value: &str, faults: &mut Vec<Fault>) -> Option<MonthNumber> {
    let month = Month::parse(name, value).ok().map(Month::number);
    if month.is_none() {
        faults.push(Fault::new(name, "unknown_value", format!("{name} takes a month such as 2026-03")));
    }
    month
}

impl Filter {
    /// Reads a query string as it stands in an address; see [`Self::parse`].
    pub fn of_query(query: &str, lists: &Lists, reader: &Reader) -> Result<Self> {
        let pairs = pairs(query);
        Self::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())), lists, reader)
    }
}

/// The pairs of a query string, percent-decoded; `+` is a space.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let text = |part: &str| {
        let bytes = part.as_bytes();
        let mut out = Vec::with_capacity(bytes.len());
        let mut i = 0;
        while i < bytes.len() {
            let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
            match (bytes[i], hex) {
                (b'%', Some(byte)) => {
                    out.push(byte);
                    i += 2;
                }
                (b'+', _) => out.push(b' '),
                (byte, _) => out.push(byte),
            }
            i += 1;
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let split = |pair: &str| pair.split_once('=').map_or((text(pair), String::new()), |(name, value)| (text(name), text(value)));
    query.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Scope;

    #[test]
    fn a_filter_is_read_or_refused_by_name() {
        let lists = Lists::default();
        let numbers = ["F01", "F02", "F03"].map(|code| lists.facility_kind.number(code));
        let reader = Reader::default();
        let read = |query: &str| {
            let pairs = pairs(query);
            Filter::parse(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())), &lists, &reader)
        };
        assert_eq!(read("kind=F03%2CF01&kind=F01").map(|f| f.kinds).ok(), Some(vec![numbers[0], numbers[2]]));
        let said = |query: &str| read(query).map_err(|e| e.to_string()).err().unwrap_or_default();
        assert_eq!(said("colour=red"), format!("colour: there is no filter colour; there are {NAMES}"));
        assert_eq!(said("kind=F9"), "kind: kind has no value \"F9\"; it has F01, F02, F03");
        assert_eq!(said("from=2026-01-01"), "the filter from needs the right to cases");
        assert_eq!(said("group=labour"), "the filter group needs the right to published numbers");
        assert_eq!(said("bandwidth_m=100"), format!("bandwidth_m: {}", Bandwidth::allowed()));
        assert_eq!(said("per=head"), "per: per has no value \"head\"; it has km2, households");
        let told = Reader { published: Scope::everything(), ..reader.clone() };
        lists.category_group.number("labour");
        let snapped = Filter::parse([("from", "2026-02-17"), ("to", "2026-03-09"), ("group", "labour")], &lists, &told).unwrap();
        assert_eq!(snapped.months(), (24_313, 24_314));
        assert_eq!(Filter::parse([("from", "2026-02-01"), ("to", "2026-03-31"), ("group", "labour")], &lists, &told).unwrap(), snapped);
        assert!(Filter::parse([("state", "closed")], &lists, &told).is_err(), "no other filter goes with published numbers");
        let reader = Reader { cases: Scope::everything(), ..reader };
        assert!(Filter::parse([("from", "2026-02-30")], &lists, &reader).is_err());
        assert!(Filter::parse([("to", "2026-02-28")], &lists, &reader).is_ok());
    }

    #[test]
    fn the_quick_test_is_the_slow_one() {
        let lists = Lists::default();
        for code in ["01", "02", "03"] {
            lists.category.number(code);
            lists.source.number(code);
            lists.state.number(code);
        }
        let reader = Reader { cases: Scope::everything(), ..Reader::default() };
        let row = |n: u16, day| Incident { unit_id: 0, occurred_day: day, category: n % 3, source: n / 3 % 3, state: n / 9 % 3, risk_level: 0 };
        for query in [
            "",
            "category=02",
            "source=01,03&state=02",
            "from=2026-01-02",
            "to=2026-01-02&category=01",
            "from=2026-01-03&to=2026-01-01",
            "from=2026-01-01&to=2026-01-03",
        ] {
            let filter = Filter::of_query(query, &lists, &reader).unwrap();
            let quick = filter.quick(&lists).expect("the lists are short");
            let first = NaiveDate::from_ymd_opt(2025, 12, 31).map(|day| day.num_days_from_ce()).expect("a day");
            for row in (0..27).flat_map(|n| (first..first + 5).map(move |day| row(n, day))) {
                assert_eq!(quick.incident(&row), filter.incident(&row), "{query} {row:?}");
            }
        }
        (0..70).for_each(|n| _ = lists.state.number(&format!("s{n}")));
        assert!(Filter::default().quick(&lists).is_none());
    }
}
