//! Which rows a tile shows, from the query of its address. Pure: a name or value that is not known is a fault.

use chrono::{Datelike as _, NaiveDate};

use crate::error::{Error, Fault, Result};
use crate::read_model::{Facility, Incident, Lists, Reader, Words};

/// Filters by name; an empty list lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    kinds: Vec<u16>,
    categories: Vec<u16>,
    sources: Vec<u16>,
    states: Vec<u16>,
    from_day: Option<i32>,
    to_day: Option<i32>,
}

const NAMES: &str = "kind, category, source, state, from, to";

impl Filter {
    /// Reads pairs such as `("kind", "F01,F02")`; a name may come more than once.
    ///
    /// `Invalid` names what is allowed; `Forbidden` where a filter of incidents comes from a reader without case rights.
    pub fn parse<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, lists: &Lists, reader: &Reader) -> Result<Self> {
        let mut filter = Self::default();
        let mut faults = Vec::new();
        for (name, value) in pairs {
            if matches!(name, "category" | "source" | "state" | "from" | "to") && !reader.reads_cases() {
                return Err(Error::Forbidden(format!("the filter {name} needs the right to cases")));
            }
            match name {
                "kind" => codes(name, value, &lists.facility_kind, &mut filter.kinds, &mut faults),
                "category" => codes(name, value, &lists.category, &mut filter.categories, &mut faults),
                "source" => codes(name, value, &lists.source, &mut filter.sources, &mut faults),
                "state" => codes(name, value, &lists.state, &mut filter.states, &mut faults),
                "from" => filter.from_day = day(name, value, &mut faults),
                "to" => filter.to_day = day(name, value, &mut faults),
                _ => faults.push(Fault::new(name, "unknown_filter", format!("there is no filter {name}; there are {NAMES}"))),
            }
        }
        for list in [&mut filter.kinds, &mut filter.categories, &mut filter.sources, &mut filter.states] {
            list.sort_unstable();
            list.dedup();
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

    /// Whether every facility passes.
    pub const fn all_facilities(&self) -> bool {
        self.kinds.is_empty()
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
        let reader = Reader { cases: Scope::everything(), ..reader };
        assert!(Filter::parse([("from", "2026-02-30")], &lists, &reader).is_err());
        assert!(Filter::parse([("to", "2026-02-28")], &lists, &reader).is_ok());
    }
}
