//! An area tree out of rows: villages with the township they name become townships and villages under one area.
//!
//! Codes that already nest under it are kept. Others, of another country's scheme or none, are replaced by codes issued
//! in the order of the old codes or, without any, of the file; `AreaRow::foreign_code` keeps the old one. Townships
//! are issued from 100 (镇), villages from 200 (村), as the scheme of statistics has it.

use std::collections::{BTreeMap, BTreeSet};

use super::faults::{FaultCode, RowFault};
use super::nouns::AreaRow;
use super::serials::free_serials;
use crate::codes::{AreaCode, Level};

/// One row of the tree with the row of the file that it came from; made-up townships have the row of their first village.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeRow {
    /// The row in the file.
    pub row: u64,
    /// Whether the file has no row of its own for it.
    pub made: bool,
    /// The area; its code is always there.
    pub area: AreaRow,
}

/// Makes the tree.
///
/// * `rows` – areas as read, with their row numbers
/// * `under` – where areas without codes of our scheme go: a county to make townships in, a township to make villages in
/// * `used` – codes under it that are or were in use, and by which old code: the same old code gets the same new one
///
/// Returns areas from the widest to the narrowest, each before what lies in it, and what could not be placed.
/// Rows without a township under a county become townships themselves. O(n log n).
pub fn plant(rows: Vec<(u64, AreaRow)>, under: Option<AreaCode>, used: &BTreeMap<AreaCode, Option<String>>) -> (Vec<TreeRow>, Vec<RowFault>) {
    let taken = used.keys().copied().collect();
    let mut planter = Planter { taken, given: BTreeSet::new(), known: BTreeMap::new(), grown: Vec::new(), faults: Vec::new() };
    for (code, foreign) in used {
        if let Some(foreign) = foreign {
            planter.known.insert((code.ancestor(parent_level(code.level())), foreign.clone()), *code);
        }
    }
    let (own, mut foreign): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, area)| area.code.is_some());
    planter.taken.extend(own.iter().filter_map(|(_, area)| area.code));
    for (row, area) in own {
        planter.named_township(row, &area);
        planter.grown.push(TreeRow { row, made: false, area });
    }
    foreign.sort_by(|(a_row, a), (b_row, b)| (&a.foreign_code, a_row).cmp(&(&b.foreign_code, b_row)));
    match under {
        Some(under) => planter.issue(foreign, under),
        None => planter.faults.extend(foreign.iter().map(|(row, _)| RowFault::new(*row, FaultCode::UnderMissing))),
    }
    planter.grown.sort_by_key(|grown| grown.area.code);
    (planter.grown, planter.faults)
}

struct Planter {
    taken: BTreeSet<AreaCode>,
    /// Codes that a row of the file has got already.
    given: BTreeSet<AreaCode>,
    /// The new code of an old one under its parent.
    known: BTreeMap<(Option<AreaCode>, String), AreaCode>,
    grown: Vec<TreeRow>,
    faults: Vec<RowFault>,
}

const fn parent_level(level: Level) -> Level {
    match level {
        Level::Province | Level::City => Level::Province,
        Level::County => Level::City,
        Level::Township => Level::County,
        Level::Village => Level::Township,
        Level::Cell => Level::Village,
    }
}

impl Planter {
    /// A village of our scheme that names its township brings it along where nobody else does.
    fn named_township(&mut self, row: u64, area: &AreaRow) {
        let township = area.code.filter(|code| code.level() == Level::Village).and_then(|code| code.ancestor(Level::Township));
        if let (Some(code), Some(name)) = (township, &area.township_name)
            && self.taken.insert(code)
        {
            let old = area.township_code.clone().filter(|old| *old != code.to_string());
            self.grown.push(TreeRow { row, made: true, area: bare(code, name, old) });
        }
    }

    fn issue(&mut self, rows: Vec<(u64, AreaRow)>, under: AreaCode) {
        let level = under.level();
        if !matches!(level, Level::County | Level::Township) {
            let wanted = "县（county）/ 乡镇（township）";
            self.faults.extend(rows.iter().map(|(row, _)| RowFault::new(*row, FaultCode::UnderLevel).arg(under).arg(wanted)));
            return;
        }
        for (row, mut area) in rows {
            let township = area.township_code.clone().or_else(|| area.township_name.clone());
            let parent = match (level, township) {
                (Level::County, Some(township)) => self.township(row, under, &township, &area),
                _ => Some(under),
            };
            let own = area.foreign_code.clone().unwrap_or_else(|| area.name.clone());
            let Some(code) = parent.and_then(|parent| self.code(parent, &own)) else {
                self.faults.push(RowFault::new(row, FaultCode::SerialsFull).arg(parent.unwrap_or(under)));
                continue;
            };
            if !self.given.insert(code) {
                self.faults.push(RowFault::new(row, FaultCode::DuplicateCode).arg(own).arg(code));
                continue;
            }
            area.code = Some(code);
            self.grown.push(TreeRow { row, made: false, area });
        }
    }

    fn township(&mut self, row: u64, county: AreaCode, old: &str, village: &AreaRow) -> Option<AreaCode> {
        let fresh = !self.known.contains_key(&(Some(county), old.to_owned()));
        let code = self.code(county, old)?;
        if fresh {
            let name = village.township_name.as_deref().unwrap_or(old);
            self.grown.push(TreeRow { row, made: true, area: bare(code, name, Some(old.to_owned())) });
        }
        Some(code)
    }

    /// The code that stands for an old one under a parent, issued where it is met first.
    fn code(&mut self, parent: AreaCode, old: &str) -> Option<AreaCode> {
        let key = (Some(parent), old.to_owned());
        if let Some(&code) = self.known.get(&key) {
            return Some(code);
        }
        let (level, first) = if parent.level() == Level::County { (Level::Township, 100) } else { (Level::Village, 200) };
        let range = parent.range();
        let inside = self.taken.range(parent..).take_while(|code| range.contains(code.lo())).filter(|code| code.level() == level);
        let serials = inside.map(|code| (code.lo() - parent.lo()) / level.span());
        let serial = *free_serials(&serials.collect(), first, 999, 1)?.first()?;
        let code = AreaCode::from_parts(parent.lo() + serial * level.span(), level)?;
        self.taken.insert(code);
        self.known.insert(key, code);
        Some(code)
    }
}

fn bare(code: AreaCode, name: &str, foreign_code: Option<String>) -> AreaRow {
    AreaRow {
        code: Some(code),
        foreign_code,
        name: name.to_owned(),
        name_en: None,
        urban_rural_class: None,
        township_code: None,
        township_name: None,
        valid_from: None,
        shape: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: Option<&str>, foreign: Option<&str>, name: &str, township: Option<(&str, &str)>) -> AreaRow {
        AreaRow {
            code: code.map(|code| AreaCode::parse(code).expect("a code")),
            foreign_code: foreign.map(str::to_owned),
            township_code: township.map(|(code, _)| code.to_owned()),
            township_name: township.map(|(_, name)| name.to_owned()),
            ..bare(AreaCode::parse("99").expect("a code"), name, None)
        }
    }

    fn planted(rows: Vec<AreaRow>, under: &str, used: &BTreeMap<AreaCode, Option<String>>) -> Vec<(String, String)> {
        let rows = rows.into_iter().enumerate().map(|(at, area)| (at as u64 + 1, area)).collect();
        let (grown, faults) = plant(rows, AreaCode::parse(under).ok(), used);
        assert_eq!(faults, []);
        grown.into_iter().map(|grown| (grown.area.code.expect("issued").to_string(), grown.area.name)).collect()
    }

    #[test]
    fn villages_of_another_scheme_get_townships_and_codes() {
        let rows = vec![
            row(None, Some("10002110007"), "太平村", Some(("10002110", "大同鄉"))),
            row(None, Some("10002010002"), "乙里", Some(("10002010", "宜蘭市"))),
            row(None, Some("10002010001"), "甲里", Some(("10002010", "宜蘭市"))),
        ];
        let expected =
            [("990101100", "宜蘭市"), ("990101100200", "甲里"), ("990101100201", "乙里"), ("990101101", "大同鄉"), ("990101101200", "太平村")];
        let expected = expected.map(|(code, name)| (code.to_owned(), name.to_owned()));
        assert_eq!(planted(rows.clone(), "990101", &BTreeMap::new()), expected);
        // Imported again, every old code keeps the new one it got.
        let old = |code: &str, foreign: &str| (AreaCode::parse(code).expect("a code"), Some(foreign.to_owned()));
        let used = BTreeMap::from([old("990101150", "10002010"), old("990101150300", "10002010002")]);
        let again = planted(rows, "990101", &used);
        assert_eq!(again[0], ("990101150300".to_owned(), "乙里".to_owned()));
    }

    #[test]
    fn codes_of_our_scheme_stay_and_bring_their_township() {
        let rows = vec![row(Some("330681001001"), None, "江东社区", Some(("330681001", "暨阳街道")))];
        let expected = [("330681001".to_owned(), "暨阳街道".to_owned()), ("330681001001".to_owned(), "江东社区".to_owned())];
        assert_eq!(planted(rows, "", &BTreeMap::new()), expected);
    }

    #[test]
    fn areas_without_a_township_are_townships_under_a_county_and_villages_under_a_township() {
        let rows = vec![row(None, None, "DOUGLAS", None)];
        assert_eq!(planted(rows.clone(), "990101", &BTreeMap::new())[0].0, "990101100");
        assert_eq!(planted(rows, "990101100", &BTreeMap::new())[0].0, "990101100200");
    }
}
