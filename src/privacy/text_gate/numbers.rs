//! How each kind of number is known. Every finder looks at one place of a run and says where the number ends.

use chrono::NaiveDate;

use super::runs::{Mark, X};

/// Weights of the 17 digits before the check digit, 2^(18 − i) mod 11 (GB 11643, after ISO 7064 MOD 11-2).
pub(super) const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Characters a word may stand before a 15-digit number to name it.
const WORDS_BEFORE: usize = 12;

/// 18 digits with a date of birth and the check digit.
pub(super) fn identity(text: &str, marks: &[Mark], at: usize) -> Option<usize> {
    let end = at + 18;
    let window = marks.get(at..end)?;
    let one_token = window[1..].iter().all(|mark| !mark.begins || mark.value == X);
    let aligned = window[0].begins && marks.get(end).is_none_or(|mark| mark.begins);
    let body = &window[..17];
    let holds = (aligned || one_token)
        && body.iter().all(|mark| mark.value != X)
        && body[0].value != 0
        && date(number(&body[6..10]), &body[10..14])
        && check_digit(body) == window[17].value
        && !code_list(window)
        && !foreign_like_credit_code(text, marks, at);
    holds.then_some(end)
}

/// 15 digits with a date of birth, where the words before speak of an identity card.
pub(super) fn old_identity(text: &str, marks: &[Mark], at: usize) -> Option<usize> {
    let end = at + 15;
    let window = marks.get(at..end)?;
    let aligned = window[0].begins && marks.get(end).is_none_or(|mark| mark.begins);
    let holds = aligned
        && window.iter().all(|mark| mark.value != X)
        && date(1900 + number(&window[6..8]), &window[8..12])
        && named_before(&text[..window[0].bytes.start]);
    holds.then_some(end)
}

/// 11 digits from 13 to 19.
pub(super) fn mobile(_: &str, marks: &[Mark], at: usize) -> Option<usize> {
    let tokens = tokens(marks, at)?;
    let is = |at: usize| marks.get(at..at + 11).is_some_and(|w| w[0].value == 1 && w[1].value >= 3 && w.iter().all(|m| m.value != X));
    match tokens[..] {
        // With the country code stuck to it, 86 or 0086.
        [15, ..] if number(&marks[at..at + 4]) == 86 && is(at + 4) => Some(at + 15),
        [11, ..] | [3, 4, 4, ..] | [3, 8, ..] | [7, 4, ..] if is(at) => Some(at + 11),
        [13, ..] | [5, 4, 4, ..] | [5, 8, ..] | [9, 4, ..] if number(&marks[at..at + 2]) == 86 && is(at + 2) => Some(at + 13),
        _ => None,
    }
}

/// 16 to 19 digits that begin like a card and pass the Luhn check.
pub(super) fn bank_card(_: &str, marks: &[Mark], at: usize) -> Option<usize> {
    let tokens = tokens(marks, at)?;
    let length = match tokens[..] {
        [one @ 16..=19, ..] => one,
        [4, 4, 4, 4, rest @ 1..=3, ..] if is_card(&marks[at..at + 16 + rest]) => 16 + rest,
        [4, 4, 4, 4, ..] => 16,
        // A county and a village inside it are codes.
        [6, rest @ 10..=13, ..] if number(&marks[at..at + 4]) != number(&marks[at + 6..at + 10]) => 6 + rest,
        _ => return None,
    };
    is_card(&marks[at..at + length]).then_some(at + length)
}

fn is_card(card: &[Mark]) -> bool {
    let (two, four) = (number(&card[..2]), number(&card[..4]));
    let known = match (two, card.len()) {
        // UnionPay and the older domestic ones; 9558 is older still.
        (60 | 62 | 68 | 69 | 81, _) | (35 | 40..=49 | 51..=55, 16) => true,
        (95, _) => four == 9558,
        (22..=27, 16) => (2221..=2720).contains(&four),
        _ => false,
    };
    known && card.iter().all(|mark| mark.value != X) && luhn(card)
}

/// Luhn's check (ISO/IEC 7812-1): from the right every second digit doubled, cross sums, total divisible by ten.
fn luhn(card: &[Mark]) -> bool {
    let cross = |(i, mark): (usize, &Mark)| match (i % 2, u32::from(mark.value)) {
        (0, digit) => digit,
        (_, digit) => digit / 5 + digit * 2 % 10,
    };
    card.iter().rev().enumerate().map(cross).sum::<u32>() % 10 == 0
}

fn check_digit(body: &[Mark]) -> u8 {
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(mark, weight)| u32::from(mark.value) * weight).sum();
    ((12 - sum % 11) % 11) as u8
}

fn number(digits: &[Mark]) -> u32 {
    digits.iter().fold(0, |number, mark| number * 10 + u32::from(mark.value))
}

fn date(year: u32, month_day: &[Mark]) -> bool {
    (1900..2100).contains(&year) && NaiveDate::from_ymd_opt(year.cast_signed(), number(&month_day[..2]), number(&month_day[2..])).is_some()
}

/// Lengths of the tokens from here on, at most five; `None` where none begins here.
fn tokens(marks: &[Mark], at: usize) -> Option<Vec<usize>> {
    if !marks[at].begins {
        return None;
    }
    let starts = (at..marks.len()).filter(|&i| marks[i].begins).chain([marks.len()]).take(6);
    let starts: Vec<usize> = starts.collect();
    Some(starts.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

/// Several area codes of the same city in a row.
fn code_list(window: &[Mark]) -> bool {
    let mut parts: Vec<&[Mark]> = Vec::new();
    let mut from = 0;
    for i in 1..=window.len() {
        if i == window.len() || window[i].begins {
            parts.push(&window[from..i]);
            from = i;
        }
    }
    parts.len() > 1 && parts.iter().all(|p| matches!(p.len(), 6 | 9 | 12) && number(&p[..4]) == number(&window[..4]))
}

/// A credit code of digits only begins with 91–93; so do cards of foreign residents, which then lose: theirs have the
/// country where the credit code has its county, and seldom pass both checks.
fn foreign_like_credit_code(text: &str, marks: &[Mark], at: usize) -> bool {
    let (first, last) = (&marks[at], &marks[at + 17]);
    let whole = &text[first.bytes.start..last.bytes.end];
    first.value == 9 && (1..=3).contains(&marks[at + 1].value) && credit_code_holds(whole)
}

/// The check of the unified social credit code (GB 32100): Σ cᵢ · 3^(i−1) ≡ 0 mod 31 with the check character at 1.
pub(super) fn credit_code_holds(code: &str) -> bool {
    const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let values: Option<Vec<u32>> = code.chars().map(|c| ALPHABET.find(c.to_ascii_uppercase()).map(|i| i as u32)).collect();
    let Some(values) = values.filter(|values| values.len() == 18) else { return false };
    let (mut sum, mut weight) = (values[17], 1);
    for value in &values[..17] {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    sum % 31 == 0
}

/// Whether the words just before name an identity card, and none for a cell or a code is nearer.
fn named_before(before: &str) -> bool {
    let mut near: Vec<char> = before.chars().rev().take(WORDS_BEFORE).collect();
    near.reverse();
    let near = near.into_iter().collect::<String>().to_lowercase();
    let last = |words: &[&str]| words.iter().filter_map(|word| near.rfind(word)).max();
    let identity = last(&["身份证", "证件号", "证号", "身份号码", "identity", "id no", "id card", "id number"]);
    let code = last(&["网格", "编码", "代码", "编号", "区划", "cell", "grid", "code"]);
    identity.is_some() && identity > code
}
