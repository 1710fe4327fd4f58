//! What can be wrong with a row, and the collector that counts all of it and keeps some of it.
//!
//! A fault names its row, its column, what is wrong and the cure; the sentences stand in `words`. A note (severity
//! `Warning`) is counted and shown in the same way but keeps no row out.

use std::collections::BTreeMap;

use crate::privacy::text_gate;

pub use super::words::FaultCode;

/// The language of sentences for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

/// Whether a row is kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row is not taken.
    Fault,
    /// The row is taken; a person should know.
    Warning,
}

/// One place in a file where it does not hold together.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFault {
    /// The row as a spreadsheet numbers it (the headings are row 1), or the number of the GeoJSON feature from 1;
    /// 0 is the file as a whole.
    pub row: u64,
    /// The heading or GeoJSON member as it is written in the file.
    pub column: Option<String>,
    /// What kind of fault.
    pub code: FaultCode,
    /// What the sentences speak of: values, limits, nearest matches.
    pub args: Vec<String>,
    /// Where on the map, `[lon, lat]` in degrees (WGS 84), where there is a place.
    pub at: Option<[f64; 2]>,
}

impl RowFault {
    /// A fault of a row; `row` 0 is the file.
    pub fn new(row: u64, code: FaultCode) -> Self {
        Self { row, column: None, code, args: Vec::new(), at: None }
    }

    /// The same fault in the column of that heading.
    #[must_use]
    pub fn column(mut self, heading: impl Into<String>) -> Self {
        self.column = Some(heading.into());
        self
    }

    /// The same fault with one more thing the sentences speak of; cut to 120 characters.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over what they have")]
    pub fn arg(mut self, arg: impl ToString) -> Self {
        // a value that stands in the wrong column may be anything
        let mut text = text_gate::masked(arg.to_string());
        if let Some((cut, _)) = text.char_indices().nth(120) {
            text.truncate(cut);
            text.push('…');
        }
        self.args.push(text);
        self
    }

    /// The same fault at a place.
    #[must_use]
    pub fn at(mut self, lon: f64, lat: f64) -> Self {
        self.at = Some([lon, lat]);
        self
    }

    /// Whether it keeps the row out.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is wrong, as a sentence.
    pub fn reason(&self, lang: Lang) -> String {
        said(self.code.reason(lang), &self.args)
    }

    /// What to do about it, as a sentence.
    pub fn cure(&self, lang: Lang) -> String {
        said(self.code.cure(lang), &self.args)
    }
}

/// Puts the arguments where the sentence says `{0}`, `{1}`, …
fn said(sentence: &str, args: &[String]) -> String {
    let mut text = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let close = rest[open..].find('}').map_or(rest.len(), |at| open + at);
        let number = rest.get(open + 1..close).and_then(|digits| digits.parse::<usize>().ok());
        text.push_str(number.and_then(|n| args.get(n)).map_or("", String::as_str));
        rest = rest.get(close + 1..).unwrap_or("");
    }
    text.push_str(rest);
    text
}

/// Counts every fault and keeps the first of them.
///
/// Kept are the first `cap` faults and, apart from them, of each kind of warning the first `cap / 20`, so that a
/// thousand remarks on winding do not hide the one repaired polygon; every count is exact.
#[derive(Debug, Clone)]
pub struct Collector {
    cap: usize,
    kept: Vec<RowFault>,
    warnings: Vec<RowFault>,
    counts: BTreeMap<&'static str, (FaultCode, u64)>,
    faults: u64,
    faulty_rows: u64,
    last_row: Option<u64>,
    of_file: u64,
}

impl Default for Collector {
    fn default() -> Self {
        Self::new(1000)
    }
}

impl Collector {
    /// A collector that keeps at most `cap` faults to show.
    pub fn new(cap: usize) -> Self {
        Self { cap, kept: Vec::new(), warnings: Vec::new(), counts: BTreeMap::new(), faults: 0, faulty_rows: 0, last_row: None, of_file: 0 }
    }

    /// Takes one in. Faults of one row must come one after another for `faulty_rows` to be exact.
    pub fn push(&mut self, fault: RowFault) {
        let count = &mut self.counts.entry(fault.code.name()).or_insert((fault.code, 0)).1;
        *count += 1;
        match fault.severity() {
            Severity::Fault => {
                self.faults += 1;
                if fault.row == 0 {
                    self.of_file += 1;
                } else if self.last_row != Some(fault.row) {
                    self.faulty_rows += 1;
                    self.last_row = Some(fault.row);
                }
                if self.kept.len() < self.cap {
                    self.kept.push(fault);
                }
            }
            Severity::Warning => {
                if *count <= self.cap.div_ceil(20) as u64 {
                    self.warnings.push(fault);
                }
            }
        }
    }

    /// Whether nothing keeps a row, or the file, out.
    pub fn is_clean(&self) -> bool {
        self.faults == 0
    }

    /// How many faults there are, warnings aside.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// How many rows have one fault or more.
    pub fn faulty_rows(&self) -> u64 {
        self.faulty_rows
    }

    /// How many faults are the file's own and not a row's.
    pub fn of_file(&self) -> u64 {
        self.of_file
    }

    /// How often each kind was met, by its name.
    pub fn counts(&self) -> impl Iterator<Item = (FaultCode, u64)> + '_ {
        self.counts.values().copied()
    }

    /// How often one kind was met.
    pub fn count(&self, code: FaultCode) -> u64 {
        self.counts.get(code.name()).map_or(0, |&(_, n)| n)
    }

    /// The faults that are kept to show, then the warnings.
    pub fn shown(&self) -> impl Iterator<Item = &RowFault> {
        self.kept.iter().chain(&self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_counted_and_only_the_first_are_kept() {
        let mut collector = Collector::new(10);
        for row in 1..=100 {
            collector.push(RowFault::new(row, FaultCode::Missing).column("名称"));
            collector.push(RowFault::new(row, FaultCode::Number).column("户数").arg("十二"));
            collector.push(RowFault::new(row, FaultCode::Winding));
        }
        assert_eq!((collector.faults(), collector.faulty_rows(), collector.count(FaultCode::Number)), (200, 100, 100));
        assert_eq!(collector.shown().count(), 11);
        assert!(!collector.is_clean());
    }

    #[test]
    fn a_sentence_takes_its_arguments_in_and_survives_their_absence() {
        let args = ["a".to_owned(), "b".to_owned()];
        assert_eq!(said("{1} before {0}, {7} {", &args), "b before a,  ");
        for code in FaultCode::ALL {
            for lang in [Lang::Zh, Lang::En] {
                assert!(!code.reason(lang).is_empty() && !code.cure(lang).is_empty(), "{code:?}");
            }
        }
    }
}
