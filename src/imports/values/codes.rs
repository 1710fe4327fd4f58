//! Codes: digits that an office program took for a number come back exact, or are refused.

use std::borrow::Cow;

use super::numbers::ungrouped;
use super::{Trouble, narrow};
use crate::codes::{AreaCode, CodeError, Level};
use crate::imports::faults::FaultCode;

/// The digits of a code.
///
/// Taken: `330681001001`, full-width digits, `330681001001.0`, `330,681,001,001`, `330681 001 001`, `="330681"`,
/// `'330681`, and `3.30681001001E+11` because all twelve digits are in it. `3.30681E+14` has lost nine digits that
/// nobody can bring back, so it is refused even where they were zeros.
pub fn digits(text: &str) -> Result<Cow<'_, str>, Trouble> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Cow::Borrowed(text));
    }
    let narrowed = narrow(text);
    let bare = narrowed.trim().trim_start_matches('=').trim_matches(['"', '\'']).trim();
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if all_digits(bare) {
        return Ok(Cow::Owned(bare.to_owned()));
    }
    if let Some((mantissa, exponent)) = bare.split_once(['e', 'E']) {
        let Ok(exponent) = exponent.parse::<usize>() else { return Err(Trouble::of(FaultCode::CodeDigits, text)) };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if !all_digits(whole) || whole.len() != 1 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Trouble::of(FaultCode::CodeDigits, text));
        }
        if fraction.len() != exponent {
            return Err(Trouble::of(FaultCode::CodeScientific, text));
        }
        return Ok(Cow::Owned(format!("{whole}{fraction}")));
    }
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    if fraction.bytes().all(|b| b == b'0') {
        let spaced: String = whole.split(' ').collect();
        if let Some(digits) = ungrouped(whole).or(Some(spaced)).filter(|digits| all_digits(digits)) {
            return Ok(Cow::Owned(digits));
        }
    }
    Err(Trouble::of(FaultCode::CodeDigits, text))
}

/// An area code of any level, 15-digit cell codes included.
pub fn area(text: &str) -> Result<AreaCode, Trouble> {
    let digits = digits(text)?;
    AreaCode::parse(&digits).map_err(|error| match error {
        CodeError::Length { digits, .. } => Trouble::of(FaultCode::CodeLength, text).and(digits),
        CodeError::NotDigits(_) | CodeError::Zero(_) => Trouble::of(FaultCode::CodeDigits, text),
    })
}

/// A code of exactly that level.
pub fn of_level(text: &str, level: Level) -> Result<AreaCode, Trouble> {
    let code = area(text)?;
    if code.level() == level { Ok(code) } else { Err(Trouble::of(FaultCode::CodeLevel, text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_back_exact_or_not_at_all() {
        for text in [
            "330681001001",
            "３３０６８１００１００１",
            "330681001001.0",
            "330,681,001,001",
            "330681 001 001",
            "=\"330681001001\"",
            "'330681001001",
            "3.30681001001E+11",
            "3.30681001001e11",
        ] {
            assert_eq!(digits(text).as_deref(), Ok("330681001001"), "{text}");
        }
        for (text, code) in [
            ("3.30681E+14", FaultCode::CodeScientific),
            ("3.30681E+11", FaultCode::CodeScientific),
            ("3.30681001001E+12", FaultCode::CodeScientific),
            ("33068100100A", FaultCode::CodeDigits),
            ("330681001001.5", FaultCode::CodeDigits),
            ("-330681", FaultCode::CodeDigits),
            ("E+11", FaultCode::CodeDigits),
        ] {
            assert_eq!(digits(text).map_err(|trouble| trouble.code), Err(code), "{text}");
        }
    }

    #[test]
    fn the_number_of_digits_tells_the_level() {
        assert_eq!(area("330681000000").map(|code| code.to_string()), Ok("330681".to_owned()));
        assert_eq!(area("10017020008").map_err(|trouble| trouble.args), Err(vec!["10017020008".to_owned(), "11".to_owned()]));
        assert!(of_level("330681001001", Level::Cell).is_err());
    }
}
