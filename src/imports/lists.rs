//! Code lists as data: a value is a code or a Chinese or English name; outside the list the nearest match is named.

use rustc_hash::FxHashMap;

use super::faults::FaultCode;
use super::values::{Trouble, narrow};

/// Which list a field's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// 矛盾纠纷类别, `01` … `99`.
    Category,
    /// 来源.
    IncidentSource,
    /// 状态.
    IncidentState,
    /// 复杂程度.
    Complexity,
    /// 风险等级.
    RiskLevel,
    /// 当事方.
    PartiesKind,
    /// 网格类型.
    CellKind,
    /// 设施类型.
    FacilityKind,
    /// 人口段.
    PopulationBand,
    /// 住宅类型.
    DwellingKind,
    /// 城乡分类.
    UrbanRuralClass,
}

impl ListKind {
    /// All lists.
    pub const ALL: [Self; 11] = [
        Self::Category,
        Self::IncidentSource,
        Self::IncidentState,
        Self::Complexity,
        Self::RiskLevel,
        Self::PartiesKind,
        Self::CellKind,
        Self::FacilityKind,
        Self::PopulationBand,
        Self::DwellingKind,
        Self::UrbanRuralClass,
    ];

    /// The name of the list for people, Chinese and English.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Category => ("矛盾纠纷类别", "category"),
            Self::IncidentSource => ("来源", "source"),
            Self::IncidentState => ("状态", "state"),
            Self::Complexity => ("复杂程度", "complexity"),
            Self::RiskLevel => ("风险等级", "risk level"),
            Self::PartiesKind => ("当事方", "parties"),
            Self::CellKind => ("网格类型", "cell kind"),
            Self::FacilityKind => ("设施类型", "facility kind"),
            Self::PopulationBand => ("人口段", "population band"),
            Self::DwellingKind => ("住宅类型", "dwelling kind"),
            Self::UrbanRuralClass => ("城乡分类", "urban–rural class"),
        }
    }

    /// Whether `--extend` may add to it: the code hangs on states, warning levels and bands, so these stay as they are.
    pub const fn may_grow(self) -> bool {
        matches!(self, Self::Category | Self::IncidentSource | Self::FacilityKind | Self::DwellingKind)
    }
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// What is stored.
    pub code: String,
    /// The Chinese name.
    pub zh: String,
    /// The English name.
    pub en: String,
}

/// An entry that an import wants added.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Extension {
    /// The list.
    pub kind: ListKind,
    /// The new entry; both names are the value as it stood in the file.
    pub entry: Entry,
    /// The row where it was met first.
    pub row: u64,
}

#[derive(Debug, Clone, Default)]
struct List {
    entries: Vec<Entry>,
    by_word: FxHashMap<String, usize>,
}

/// All lists, handed in by who has the database; [`CodeLists::builtin`] is the defaults of the trade.
#[derive(Debug, Clone, Default)]
pub struct CodeLists {
    lists: FxHashMap<ListKind, List>,
    extensions: Vec<Extension>,
}

impl CodeLists {
    /// Puts an entry into a list.
    pub fn add(&mut self, kind: ListKind, code: &str, zh: &str, en: &str) {
        let list = self.lists.entry(kind).or_default();
        let at = list.entries.len();
        list.entries.push(Entry { code: code.to_owned(), zh: zh.to_owned(), en: en.to_owned() });
        let words = [code, zh, en].into_iter().chain(zh.split(['、', '/', '（', '）'])).chain(en.split('/'));
        for word in words {
            let word = plain(word);
            if !word.is_empty() {
                list.by_word.entry(word).or_insert(at);
            }
        }
    }

    /// The codes the house is built with; administrators may have changed the stored ones.
    pub fn builtin() -> Self {
        let mut lists = Self::default();
        for &(kind, entries) in super::builtin::LISTS {
            for &(code, zh, en) in entries {
                lists.add(kind, code, zh, en);
            }
        }
        lists
    }

    /// The entries of a list in their order.
    pub fn entries(&self, kind: ListKind) -> &[Entry] {
        self.lists.get(&kind).map_or(&[], |list| &list.entries)
    }

    /// What was added while reading.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The place of a value in its list.
    pub fn find(&self, kind: ListKind, value: &str) -> Option<usize> {
        let list = self.lists.get(&kind)?;
        if let Some(&at) = list.by_word.get(value) {
            return Some(at);
        }
        let word = plain(value);
        list.by_word.get(&word).copied().or_else(|| {
            // `1` for `01`, as office programs leave it.
            let padded = format!("{word:0>2}");
            (word.len() == 1 && word.as_bytes()[0].is_ascii_digit()).then(|| list.by_word.get(&padded).copied()).flatten()
        })
    }

    /// The code of a value, or a fault that names the nearest entry.
    pub fn code(&self, kind: ListKind, value: &str) -> Result<&str, Trouble> {
        match self.find(kind, value) {
            Some(at) => Ok(&self.entries(kind)[at].code),
            None => Err(Trouble { code: FaultCode::NotInList, args: vec![value.to_owned(), kind.names().0.to_owned(), self.nearest(kind, value)] }),
        }
    }

    /// Adds the value to the list and returns its new code.
    pub fn extend(&mut self, kind: ListKind, value: &str, row: u64) -> String {
        let code = self.free_code(kind, value);
        self.add(kind, &code, value, value);
        let entry = Entry { code: code.clone(), zh: value.to_owned(), en: value.to_owned() };
        self.extensions.push(Extension { kind, entry, row });
        code
    }

    fn free_code(&self, kind: ListKind, value: &str) -> String {
        let is_free = |code: &str| !self.entries(kind).iter().any(|entry| entry.code == code);
        if kind == ListKind::Category {
            // Categories have two digits; the house's own end at 18. When all are given away the rest is “other”.
            return (20..99).map(|number| number.to_string()).find(|code| is_free(code)).unwrap_or_else(|| "99".to_owned());
        }
        let code: String = plain(value).chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).take(40).collect();
        if code.is_empty() || !is_free(&code) { format!("x{}", self.entries(kind).len() + 1) } else { code }
    }

    fn nearest(&self, kind: ListKind, value: &str) -> String {
        let word = plain(value);
        let score = |entry: &Entry| {
            [&entry.code, &entry.zh, &entry.en]
                .into_iter()
                .map(|own| strsim::normalized_damerau_levenshtein(&plain(own), &word))
                .chain((!word.is_empty() && (entry.zh.contains(&word) || plain(&entry.en).contains(&word))).then_some(0.9))
                .fold(0.0, f64::max)
        };
        let best = self.entries(kind).iter().max_by(|a, b| score(a).total_cmp(&score(b)).then_with(|| b.code.cmp(&a.code)));
        best.map_or_else(String::new, |entry| format!("{} {}", entry.code, entry.zh))
    }
}

/// A word without case, blanks and signs, full-width letters narrowed.
pub(super) fn plain(text: &str) -> String {
    narrow(text).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_code_or_a_name_in_either_language() {
        let lists = CodeLists::builtin();
        for value in ["02", "2", "邻里", "Neighbours", " neighbours "] {
            assert_eq!(lists.code(ListKind::Category, value), Ok("02"), "{value}");
        }
        for value in ["F12", "f12", "村卫生室", "社区卫生服务站", "health post"] {
            assert_eq!(lists.code(ListKind::FacilityKind, value), Ok("F12"), "{value}");
        }
        assert_eq!(lists.code(ListKind::PopulationBand, "10-49"), Ok("p10_49"));
        assert_eq!(lists.code(ListKind::IncidentSource, "12345"), Ok("hotline_12345"));
    }

    #[test]
    fn a_value_outside_the_list_names_the_nearest() {
        let lists = CodeLists::builtin();
        let nearest = |kind, value| lists.code(kind, value).map_err(|trouble| trouble.args[2].clone());
        assert_eq!(nearest(ListKind::Category, "邻里纠纷"), Err("02 邻里".to_owned()));
        assert_eq!(nearest(ListKind::Category, "neighbor"), Err("02 邻里".to_owned()));
        assert_eq!(nearest(ListKind::FacilityKind, "小学校"), Err("F10 小学".to_owned()));
    }

    #[test]
    fn an_extension_is_found_from_then_on_and_told_once() {
        let mut lists = CodeLists::builtin();
        let code = lists.extend(ListKind::FacilityKind, "水井 Well", 7);
        assert_eq!(lists.code(ListKind::FacilityKind, "水井well"), Ok(code.as_str()));
        assert_eq!(lists.extensions().len(), 1);
    }

    #[test]
    fn every_list_has_entries() {
        let lists = CodeLists::builtin();
        for kind in ListKind::ALL {
            assert!(lists.entries(kind).len() >= 2, "{kind:?}");
        }
        assert_eq!(lists.entries(ListKind::Category).len(), 19);
        assert_eq!(lists.entries(ListKind::FacilityKind).len(), 29);
        assert_eq!(lists.entries(ListKind::IncidentState).len(), 18);
    }
}
