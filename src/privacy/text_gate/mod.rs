//! The free-text gate: finds identity numbers, mobile numbers and bank cards before a text is stored.
//!
//! It guards against slips, in the ways people write: full-width digits, blanks and dashes between, x in any form.
//! What it knows and what it lets pass:
//! * **Identity number** (GB 11643), 18 digits: a real date of birth 1900–2099 and the right check digit, whatever the
//!   separators. Area codes in a row (`990321 990321001`) are read as codes.
//! * **Old identity number**, 15 digits without a check digit: nothing in the digits tells it from a cell code, so it
//!   is one only where the words just before say so (身份证, 证件号, …) and no word for a cell or code is nearer.
//! * **Mobile number**: 11 digits from 13 to 19, alone, as 3-4-4, 3-8 or 7-4, with or without +86.
//! * **Bank card**: 16–19 digits, a known first part, the Luhn check; alone or in fours or as 6 and the rest. Cards of
//!   15 digits are let pass, for they look like cell codes.
//!
//! Cell and area codes, credit codes (GB 32100) and case numbers raise no alarm. The text itself is never logged: a
//! finding carries the kind and the span only. Refusing, and the words for it, belong to the callers.

mod numbers;
mod runs;

use std::ops::Range;

use runs::{Mark, runs};

use crate::error::{Error, Fault, Result};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 居民身份证号码.
    IdentityNumber,
    /// 手机号码.
    Mobile,
    /// 银行卡号.
    BankCard,
}

/// A number that may not be stored, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes of UTF-8.
    pub bytes: Range<usize>,
    /// Where it stands, in characters (Unicode scalar values).
    pub chars: Range<usize>,
}

/// Finds all numbers that a free text may not hold, in the order of the text; they never overlap.
///
/// O(length).
pub fn inspect(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    // the shortest of them has eleven digits
    if text.len() < 11 {
        return findings;
    }
    for run in runs(text) {
        let mut rest = vec![run];
        let finders: [(Kind, Finder); 4] = [
            (Kind::IdentityNumber, numbers::identity),
            (Kind::IdentityNumber, numbers::old_identity),
            (Kind::BankCard, numbers::bank_card),
            (Kind::Mobile, numbers::mobile),
        ];
        for (kind, find) in finders {
            rest = rest.into_iter().flat_map(|marks| take(text, &marks, kind, find, &mut findings)).collect();
        }
    }
    findings.sort_by_key(|finding| finding.bytes.start);
    findings
}

/// What is wrong with a text: a fault a number, which says where it stands and never repeats it.
pub fn faults(pointer: &str, text: &str) -> impl Iterator<Item = Fault> {
    inspect(text).into_iter().map(move |finding| {
        let what = match finding.kind {
            Kind::IdentityNumber => "an identity number",
            Kind::Mobile => "a mobile number",
            Kind::BankCard => "a bank card number",
        };
        let (from, to) = (finding.chars.start + 1, finding.chars.end);
        Fault::new(pointer, "personal_data", format!("characters {from} to {to} are {what}; take it out"))
    })
}

/// Refuses a text that holds such a number.
pub fn refuse(pointer: &str, text: &str) -> Result<()> {
    let faults: Vec<Fault> = faults(pointer, text).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// The text with every such number blacked out: for values that are only told back, such as those a fault names.
pub fn masked(mut text: String) -> String {
    for finding in inspect(&text).into_iter().rev() {
        text.replace_range(finding.bytes, "▇▇▇");
    }
    text
}

/// Looks for a number that begins at the given mark; returns after which mark it ends.
type Finder = fn(&str, &[Mark], usize) -> Option<usize>;

/// Takes what the finder finds out of the marks; returns what is left, in pieces.
fn take(text: &str, marks: &[Mark], kind: Kind, find: Finder, findings: &mut Vec<Finding>) -> Vec<Vec<Mark>> {
    let (mut pieces, mut from, mut i) = (Vec::new(), 0, 0);
    while i < marks.len() {
        let Some(end) = find(text, marks, i) else {
            i += 1;
            continue;
        };
        let (first, last) = (&marks[i], &marks[end - 1]);
        findings.push(Finding { kind, bytes: first.bytes.start..last.bytes.end, chars: first.char_at..last.char_at + 1 });
        pieces.push(marks[from..i].to_vec());
        (from, i) = (end, end);
    }
    pieces.push(marks[from..].to_vec());
    pieces.retain(|piece| !piece.is_empty());
    for piece in &mut pieces {
        piece[0].begins = true;
    }
    pieces
}

#[cfg(test)]
mod tests;
