//! Yes and no.

use super::{Trouble, narrow};
use crate::imports::faults::FaultCode;

/// Reads 是/否, 有/无, yes/no, true/false, 1/0 and their like.
pub fn flag(text: &str) -> Result<bool, Trouble> {
    match narrow(text).trim().to_lowercase().as_str() {
        "是" | "有" | "对" | "真" | "√" | "✓" | "yes" | "y" | "true" | "t" | "1" | "1.0" => Ok(true),
        "否" | "无" | "不" | "假" | "没有" | "×" | "✗" | "no" | "n" | "false" | "f" | "0" | "0.0" => Ok(false),
        _ => Err(Trouble::of(FaultCode::Flag, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_read_in_both_languages() {
        for text in ["是", "Yes", "TRUE", "１", "√", "有"] {
            assert_eq!(flag(text), Ok(true), "{text}");
        }
        for text in ["否", "no", "F", "0", "无"] {
            assert_eq!(flag(text), Ok(false), "{text}");
        }
        assert!(flag("maybe").is_err() && flag("2").is_err());
    }
}
