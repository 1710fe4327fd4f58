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

/// Reads a whole number with what people write behind it: `320户`, `约300户`, `1.2万`, `1.2万户`.
///
/// * `units` – words of measure that may follow; another unit would be another quantity and is refused
///
/// 万 is ten thousand, 千 a thousand, 百 a hundred; digits are moved, not multiplied, so that nothing is rounded.
pub fn count_of(text: &str, most: u32, units: &[&str]) -> Result<u32, Trouble> {
    let narrowed = narrow(text);
    let bare = narrowed.trim().trim_start_matches('约').trim();
    let bare = units.iter().filter_map(|unit| bare.strip_suffix(unit)).min_by_key(|rest| rest.len()).unwrap_or(bare).trim_end();
    let scaled = [('万', 4), ('千', 3), ('百', 2)].into_iter().find_map(|(word, places)| Some((bare.strip_suffix(word)?.trim_end(), places)));
    let read = match scaled {
        Some((figure, places)) => moved(figure, places).ok_or_else(|| Trouble::of(FaultCode::Number, text)),
        None if bare.len() == text.len() => return count(text, most),
        None => Ok(bare.to_owned()),
    };
    count(&read?, most)
        .map_err(|trouble| Trouble { args: std::iter::once(text.to_owned()).chain(trouble.args.into_iter().skip(1)).collect(), ..trouble })
}

/// The decimal point moved so many places to the right.
fn moved(figure: &str, places: usize) -> Option<String> {
    let figure = ungrouped(figure).unwrap_or_else(|| figure.to_owned());
    let (whole, fraction) = figure.split_once('.').unwrap_or((&figure, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > 20 {
        return None;
    }
    let filled = format!("{fraction:0<places$}");
    let (moved, rest) = filled.split_at(places);
    Some(if rest.is_empty() { format!("{whole}{moved}") } else { format!("{whole}{moved}.{rest}") })
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
    fn a_figure_with_its_unit_is_the_figure_and_another_unit_is_refused() {
        for (text, expected) in
            [("320户", 320), ("约300户", 300), ("1.2万", 12_000), ("1.15 万户", 11_500), ("３百", 300), ("1,200户", 1200), ("7", 7)]
        {
            assert_eq!(count_of(text, 100_000, &["户"]), Ok(expected), "{text}");
        }
        for (text, code) in
            [("320人", FaultCode::Number), ("万", FaultCode::Number), ("1.23456万", FaultCode::NotWhole), ("20万", FaultCode::OutOfRange)]
        {
            assert_eq!(count_of(text, 100_000, &["户"]).map_err(|trouble| (trouble.code, trouble.args[0].clone())), Err((code, text.to_owned())));
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
