//! Digits of a text, in whatever form, as runs that only blanks and dashes interrupt.

use std::ops::Range;

/// The value that stands for X, the check digit ten.
pub(super) const X: u8 = 10;
/// How many separators may stand between two digits of one number.
const MOST_SEPARATORS: usize = 3;

/// A digit, or an X after digits.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// 0–9, or [`X`].
    pub(super) value: u8,
    /// No digit stands directly before.
    pub(super) begins: bool,
    /// Its bytes in the text.
    pub(super) bytes: Range<usize>,
    /// Its place in the text, in characters.
    pub(super) char_at: usize,
}

/// The value of a digit, ASCII or full-width, or of an X in the forms people type.
fn value(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '０'..='９' => Some((c as u32 - '０' as u32) as u8),
        'x' | 'X' | 'ｘ' | 'Ｘ' | '×' | 'х' | 'Х' | 'ⅹ' | 'Ⅹ' => Some(X),
        _ => None,
    }
}

/// Blanks, dashes and what cannot be seen.
fn separates(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '_' | '·' | '－' | '＿' | '−' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Runs of digits, each with at most a few separators between two; an X ends its run.
pub(super) fn runs(text: &str) -> Vec<Vec<Mark>> {
    let mut runs = Vec::new();
    let mut run: Vec<Mark> = Vec::new();
    let mut separators = 0;
    for (char_at, (at, c)) in text.char_indices().enumerate() {
        match value(c) {
            Some(X) if run.is_empty() => {}
            Some(value) => {
                let begins = run.is_empty() || separators > 0;
                run.push(Mark { value, begins, bytes: at..at + c.len_utf8(), char_at });
                separators = 0;
                if value == X {
                    runs.push(std::mem::take(&mut run));
                }
            }
            None if separates(c) && separators < MOST_SEPARATORS => separators += 1,
            None => {
                runs.push(std::mem::take(&mut run));
                separators = 0;
            }
        }
    }
    runs.push(run);
    runs.retain(|run| !run.is_empty());
    runs
}
