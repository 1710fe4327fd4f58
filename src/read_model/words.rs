//! Codes and kinds as small numbers. Numbers are this process's own; what leaves it is the text again.

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

/// Texts that repeat, each with a number from 0 on. Grows, never forgets.
#[derive(Debug, Default)]
pub struct Words(RwLock<Inner>);

#[derive(Debug, Default)]
struct Inner {
    texts: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, u16>,
}

impl Words {
    /// The number of a text, new or known. Past 65,535 texts all others share the last number.
    pub fn number(&self, text: &str) -> u16 {
        if let Some(&number) = self.0.read().numbers.get(text) {
            return number;
        }
        let mut inner = self.0.write();
        if let Some(&number) = inner.numbers.get(text) {
            return number;
        }
        let number = u16::try_from(inner.texts.len()).unwrap_or(u16::MAX);
        if number < u16::MAX {
            let text: Arc<str> = text.into();
            inner.texts.push(Arc::clone(&text));
            inner.numbers.insert(text, number);
        }
        number
    }

    /// The number of a known text.
    pub fn find(&self, text: &str) -> Option<u16> {
        self.0.read().numbers.get(text).copied()
    }

    /// The text of a number; empty for one that was never given out.
    pub fn text(&self, number: u16) -> Arc<str> {
        self.0.read().texts.get(usize::from(number)).cloned().unwrap_or_else(|| "".into())
    }

    /// How many numbers were given out.
    pub fn len(&self) -> usize {
        self.0.read().texts.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All texts in order of the alphabet.
    pub fn all(&self) -> Vec<Arc<str>> {
        let mut all = self.0.read().texts.clone();
        all.sort_unstable();
        all
    }
}

/// One `Words` for each code list that rows of the model speak of.
#[derive(Debug, Default)]
pub struct Lists {
    /// Kinds of facility.
    pub facility_kind: Words,
    /// Categories of incident.
    pub category: Words,
    /// Groups of categories in which numbers are published.
    pub category_group: Words,
    /// How incidents were found.
    pub source: Words,
    /// Where incidents stand.
    pub state: Words,
    /// Warning levels.
    pub risk_level: Words,
    /// Bands of population.
    pub population_band: Words,
    /// Kinds of dwelling.
    pub dwelling_kind: Words,
    /// Kinds of cell.
    pub cell_kind: Words,
    /// Kinds of base map feature.
    pub basemap_kind: Words,
    sensitive_groups: RwLock<Vec<u16>>,
}

impl Lists {
    /// Whether a group of categories holds a sensitive one: told from ten cases on and one level coarser.
    pub fn is_sensitive(&self, group: u16) -> bool {
        self.sensitive_groups.read().contains(&group)
    }

    /// Says that a group holds a sensitive category.
    pub fn mark_sensitive(&self, group: u16) {
        if !self.is_sensitive(group) {
            self.sensitive_groups.write().push(group);
        }
    }

    /// The list of this name in the table `code_values`, where the model keeps one.
    pub fn named(&self, list: &str) -> Option<&Words> {
        Some(match list {
            "incident_source" => &self.source,
            "incident_state" => &self.state,
            "risk_level" => &self.risk_level,
            "population_band" => &self.population_band,
            "dwelling_kind" => &self.dwelling_kind,
            "cell_kind" => &self.cell_kind,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let words = Words::default();
        assert_eq!([words.number("b"), words.number("a"), words.number("b")], [0, 1, 0]);
        assert_eq!((words.find("a"), words.find("c")), (Some(1), None));
        assert_eq!(words.all(), ["a".into(), "b".into()]);
        assert_eq!((&*words.text(0), &*words.text(9)), ("b", ""));
    }
}
