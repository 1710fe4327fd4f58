//! Numbers: thousands separators, full-width digits, exponents.

use super::{Trouble, narrow};
use crate::imports::faults::FaultCode;

/// Reads a number: `1234.5`, `1,234.5`, `1 234`, `１２３４`, `1.5E+03`.
///
/// A comma or blank separates thousands only where groups of three follow it; `12,5` is refused rather than guessed.
pub fn number(text: &str) -> Result<f64, Trouble> {
    if let Some(number) = plain(text) {
        return Ok(number);
    }
    let narrow = narrow(text);
    let joined = ungrouped(narrow.trim());
    joined.as_deref().or(Some(narrow.trim())).and_then(plain).ok_or_else(|| Trouble::of(FaultCode::Number, text))
}

/// Reads a whole number from 0 to `most`: `12`, `12.0`, `1,200`, `1.2E3`.
pub fn count(text: &str, most: u32) -> Result<u32, Trouble> {
    let number = number(text)?;
    if number.fract() != 0.0 {
        return Err(Trouble::of(FaultCode::NotWhole, text));
    }
    if !(0.0..=f64::from(most)).contains(&number) {
        return Err(Trouble::of(FaultCode::OutOfRange, text).and(0).and(most));
    }
    Ok(number as u32)
}

/// A finite number in digits, sign, point and exponent; Rust's parser would also take `inf` and `nan`.
fn plain(text: &str) -> Option<f64> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'-' | b'+' | b'.') {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The digits without their thousands separators; `None` where there are none or they stand wrong.
pub(super) fn ungrouped(text: &str) -> Option<String> {
    let separator = text.chars().find(|c| matches!(c, ',' | ' ' | '\''))?;
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let digits = first.trim_start_matches(['-', '+']);
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if digits.len() > 3 || !all_digits(digits) {
        return None;
    }
    let mut joined = first.to_owned();
    for group in groups {
        if group.len() != 3 || !all_digits(group) {
            return None;
        }
        joined.push_str(group);
    }
    if let Some(rest) = rest {
        joined.push('.');
        joined.push_str(rest);
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_office_programs_write_them() {
        for (text, expected) in [
            ("12", 12.0),
            ("-1.5", -1.5),
            ("1,234", 1234.0),
            ("1,234,567.25", 1_234_567.25),
            ("1 234", 1234.0),
            ("１２３．５", 123.5),
            ("1.5E+03", 1500.0),
            ("−3", -3.0),
            (".5", 0.5),
        ] {
            assert_eq!(number(text), Ok(expected), "{text}");
        }
        for text in ["", "12,5", "1,2345", "1,23,456", "inf", "nan", "1e999", "十二", "12户", "1.2.3", ",123"] {
            assert_eq!(number(text).map_err(|trouble| trouble.code), Err(FaultCode::Number), "{text}");
        }
    }

    #[test]
    fn a_count_is_whole_and_within_its_range() {
        assert_eq!(count("300.0", 1000), Ok(300));
        assert_eq!(count("1,200", 100_000), Ok(1200));
        for (text, code) in [("3.5", FaultCode::NotWhole), ("-1", FaultCode::OutOfRange), ("1001", FaultCode::OutOfRange)] {
            assert_eq!(count(text, 1000).map_err(|trouble| trouble.code), Err(code), "{text}");
        }
    }
}
