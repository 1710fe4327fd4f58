//! The members of a JSON object in their order, doubles included; values stay raw text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's members; a name may stand twice.
#[derive(Debug, Default)]
pub struct Members<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl<'a> Members<'a> {
    /// The value of that name, the first if it stands twice.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| own == name).map(|&(_, value)| value)
    }

    /// The first name that stands twice.
    pub fn double(&self) -> Option<&str> {
        if self.0.len() > 32 {
            let mut seen = rustc_hash::FxHashSet::default();
            return self.0.iter().map(|(name, _)| name.as_ref()).find(|name| !seen.insert(*name));
        }
        (1..self.0.len()).find(|&at| self.0[..at].iter().any(|(name, _)| *name == self.0[at].0)).map(|at| self.0[at].0.as_ref())
    }
}

/// A JSON value as the text of a cell: strings unescaped, `null` empty, everything else as it is written.
pub fn value_text(value: &RawValue) -> Cow<'_, str> {
    let raw = value.get();
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Name<'_>>(raw).map_or(Cow::Borrowed(raw), |Name(text)| text),
        Some(b'n') => Cow::Borrowed(""),
        _ => Cow::Borrowed(raw),
    }
}
