//! Checks of what a client sends: lengths, personal data, code lists. Every fault is told at once.

use serde::{Deserialize, Deserializer};

use crate::db::Scoped;
use crate::error::{Error, Fault, Result};
use crate::privacy::text_gate;

/// Gathers faults.
#[derive(Debug, Default)]
pub struct Checks {
    faults: Vec<Fault>,
}

impl Checks {
    /// Adds a fault.
    pub fn fault(&mut self, pointer: &str, code: &str, message: impl Into<String>) {
        self.faults.push(Fault::new(pointer, code, message));
    }

    /// A text in words: no longer than `most` characters, without numbers that name a person.
    pub fn text(&mut self, pointer: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if length > most {
            self.fault(pointer, "too_long", format!("the text has {length} characters; {most} are allowed"));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            self.fault(pointer, "control_character", "the text holds control characters; type it anew");
        }
        self.faults.extend(text_gate::faults(pointer, text));
    }

    /// As [`Self::text`], and not empty.
    pub fn name(&mut self, pointer: &str, text: &str, most: usize) {
        if text.trim().is_empty() {
            self.fault(pointer, "missing", "give a name");
        }
        self.text(pointer, text, most);
    }

    /// A number between two bounds, both allowed.
    pub fn number(&mut self, pointer: &str, number: i32, least: i32, most: i32) {
        if !(least..=most).contains(&number) {
            self.fault(pointer, "out_of_range", format!("{number} is not between {least} and {most}"));
        }
    }

    /// A code of a list: of `code_values`, or `facility_kind`, `incident_category`.
    pub async fn listed(&mut self, transaction: &mut Scoped, pointer: &str, list: &str, code: &str) -> Result<()> {
        let known: Vec<(String, String)> = sqlx::query_as(
            "select code, name_zh from code_values where list = $1
             union all select code, name_zh from facility_kinds where $1 = 'facility_kind'
             union all select code, name_zh from incident_categories where $1 = 'incident_category'",
        )
        .bind(list)
        .fetch_all(transaction.conn())
        .await?;
        if !known.iter().any(|(known, _)| known == code) {
            let hint = nearest(&known, code).map(|(code, name)| format!("; the nearest is {code} {name}")).unwrap_or_default();
            self.fault(pointer, "not_in_list", format!("“{code}” is not in the list {list}{hint}"));
        }
        Ok(())
    }

    /// The faults, where there are any.
    pub fn done(self) -> Result<()> {
        if self.faults.is_empty() { Ok(()) } else { Err(Error::Invalid(self.faults)) }
    }
}

/// The entry whose code or name is most like the text.
fn nearest<'a>(known: &'a [(String, String)], text: &str) -> Option<&'a (String, String)> {
    let wanted = text.to_lowercase();
    let like = |(code, name): &(String, String)| {
        strsim::normalized_damerau_levenshtein(&code.to_lowercase(), &wanted).max(strsim::normalized_damerau_levenshtein(name, &wanted))
    };
    // of equals the first
    known.iter().rev().max_by(|a, b| like(a).total_cmp(&like(b)))
}

/// Tells a field that is null from one that is left out; for `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_code_is_named() {
        let known: Vec<(String, String)> = [("apartment", "楼房"), ("house", "独院")].map(|(c, n)| (c.to_owned(), n.to_owned())).into();
        assert_eq!(nearest(&known, "Appartement").unwrap().0, "apartment");
        assert_eq!(nearest(&known, "独院").unwrap().0, "house");
        let kinds: Vec<(String, String)> = ["F08", "F18", "F29"].map(|code| (code.to_owned(), String::new())).into();
        assert_eq!(nearest(&kinds, "F8").unwrap().0, "F08");
        assert!(nearest(&[], "x").is_none());
    }

    #[test]
    fn a_mobile_number_is_refused_with_its_span_and_not_repeated() {
        let mut checks = Checks::default();
        checks.text("/properties/summary", "打电话 13800138000 找他", 400);
        let Err(Error::Invalid(faults)) = checks.done() else { panic!("no fault") };
        assert_eq!((faults[0].code.as_str(), faults.len()), ("personal_data", 1));
        assert!(faults[0].message.starts_with("characters 5 to 15") && !faults[0].message.contains("138"), "{}", faults[0].message);
    }
}
