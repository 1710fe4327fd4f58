//! What stands in one cell: codes, numbers, dates, yes and no, as office programs and people write them.
//!
//! Each function takes the text of a cell without the blanks around it and gives the value or what is wrong with it;
//! which field wants which is `nouns`' business.

pub mod codes;
pub mod dates;
pub mod flags;
pub mod numbers;

use std::borrow::Cow;

/// What is wrong with a value, before it is known where it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// What kind.
    pub code: super::faults::FaultCode,
    /// What the sentences speak of; the first is the value itself.
    pub args: Vec<String>,
}

impl Trouble {
    fn of(code: super::faults::FaultCode, value: &str) -> Self {
        Self { code, args: vec![value.to_owned()] }
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers hand over what they have")]
    fn and(mut self, arg: impl ToString) -> Self {
        self.args.push(arg.to_string());
        self
    }
}

/// The text without blanks, ideographic blanks and byte order marks around it; `None` where nothing is said.
///
/// “Nothing” is also how programs and people write it: `NULL`, `\N`, `-`, `—`, `/`, `N/A`.
pub fn said(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}');
    match text {
        "" | "-" | "--" | "—" | "——" | "/" | "\\N" | "NULL" | "null" | "N/A" | "n/a" | "NaN" | "nan" | "#N/A" => None,
        _ => Some(text),
    }
}

/// Full-width letters, digits and signs as ASCII; everything else as it is.
pub fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{3000}' | '−' | '\u{a0}')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
                '\u{3000}' | '\u{a0}' => ' ',
                '−' => '-',
                _ => c,
            })
            .collect(),
    )
}
