//! Where the headings of a sheet stand: below a title, in one row or in two, of which the upper groups the lower.

use super::super::fields::Noun;
use super::super::lists::plain;
use super::super::source::HeadingRow;

/// A row of a sheet: its number from 1 and its cells.
pub(super) type SheetRow = (u32, Vec<String>);

/// The rows of the headings and how well they fit the noun; `None` where no row has any.
///
/// * `rows` – the first rows that hold anything, in their order
/// * `told` – what a person said
///
/// The row with most headings that are known goes first; without any, the first row of several different texts.
pub(super) fn find(rows: &[SheetRow], noun: Option<Noun>, told: Option<HeadingRow>) -> Option<(HeadingRow, usize)> {
    if let Some(told) = told {
        let at = rows.iter().position(|(row, _)| *row == told.first)?;
        let last =
            told.last.or_else(|| rows.get(at + 1).filter(|(row, next)| *row == told.first + 1 && is_pair(&rows[at].1, next)).map(|(row, _)| *row));
        return Some((HeadingRow { first: told.first, last: Some(last.unwrap_or(told.first)) }, known(&rows[at].1, noun)));
    }
    let scores: Vec<usize> = rows.iter().map(|(_, cells)| if is_all_text(cells) { known(cells, noun) } else { 0 }).collect();
    let best = scores.iter().copied().max().unwrap_or(0);
    let width = rows.iter().map(|(_, cells)| filled(cells)).max().unwrap_or(0);
    let at = if best >= 2 {
        scores.iter().position(|&score| score == best)?
    } else {
        let wide = |cells: &[String]| filled(cells) * 2 > width && filled(cells) >= width.min(2) && is_all_text(cells) && all_differ(cells);
        rows.iter().position(|(_, cells)| wide(cells)).or_else(|| scores.iter().position(|&score| score > 0)).or(if rows.is_empty() {
            None
        } else {
            Some(0)
        })?
    };
    let beside = |a: usize, b: usize| rows[b].0 == rows[a].0 + 1 && is_pair(&rows[a].1, &rows[b].1);
    let (first, last) = if at + 1 < rows.len() && beside(at, at + 1) {
        (at, at + 1)
    } else if at > 0 && beside(at - 1, at) {
        (at - 1, at)
    } else {
        (at, at)
    };
    let score = known(&join(&rows[first].1, if last > first { Some(&rows[last].1) } else { None }), noun);
    Some((HeadingRow { first: rows[first].0, last: Some(rows[last].0) }, score))
}

/// One heading a column. A lower heading stands alone where it is the only one of its name, else behind its group.
pub(super) fn join(upper: &[String], lower: Option<&[String]>) -> Vec<String> {
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(lower) = lower else { return upper.iter().map(|text| tidy(text)).collect() };
    let width = upper.len().max(lower.len());
    let cell = |cells: &[String], at: usize| cells.get(at).map(|text| tidy(text)).unwrap_or_default();
    let alone: Vec<String> = (0..width).map(|at| Some(cell(lower, at)).filter(|text| !text.is_empty()).unwrap_or_else(|| cell(upper, at))).collect();
    let mut group = String::new();
    (0..width)
        .map(|at| {
            let own = cell(upper, at);
            if !own.is_empty() {
                group = own;
            }
            let twice = alone.iter().filter(|other| **other == alone[at]).count() > 1;
            if twice && !cell(lower, at).is_empty() { format!("{group} {}", alone[at]) } else { alone[at].clone() }
        })
        .collect()
}

/// Whether the second row names parts of what the first one groups: beside a group the first is empty and the second is not,
/// and where the first stands alone the second is empty. Where it stands alone nowhere it is taken for a note, unless the
/// second needs it to tell its columns apart.
fn is_pair(upper: &[String], lower: &[String]) -> bool {
    let cell = |cells: &[String], at: usize| cells.get(at).is_some_and(|text| !text.trim().is_empty());
    let width = upper.len().max(lower.len());
    let grouped = (1..width).any(|at| !cell(upper, at) && cell(lower, at));
    let alone = (0..width).any(|at| cell(upper, at) && !cell(lower, at));
    let whole_group = (0..width).filter(|&at| cell(lower, at)).count() >= 2;
    grouped
        && (alone || filled(upper) * 2 <= filled(lower) && !all_differ(lower))
        && whole_group
        && filled(upper) >= 2
        && is_all_text(upper)
        && is_all_text(lower)
}

fn filled(cells: &[String]) -> usize {
    cells.iter().filter(|text| !text.trim().is_empty()).count()
}

fn is_all_text(cells: &[String]) -> bool {
    // A year above a column of numbers is a heading; a row of numbers is none.
    let numbers = cells.iter().filter(|text| text.trim().parse::<f64>().is_ok()).count();
    numbers * 3 <= filled(cells) && (numbers == 0 || filled(cells) > 3)
}

fn all_differ(cells: &[String]) -> bool {
    let mut met: Vec<&str> = cells.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let all = met.len();
    met.sort_unstable();
    met.dedup();
    met.len() == all
}

/// How many cells are headings that some field of the noun is known by; without a noun, of any.
fn known(cells: &[String], noun: Option<Noun>) -> usize {
    let nouns = Noun::ALL.into_iter().filter(|own| noun.is_none_or(|noun| noun == *own));
    let count = |noun: Noun| {
        let words: Vec<String> =
            noun.fields().iter().flat_map(|field| [field.name, field.zh].into_iter().chain(field.headings.iter().copied())).map(plain).collect();
        cells.iter().map(|text| plain(text)).filter(|key| !key.is_empty() && words.contains(key)).count()
    };
    nouns.map(count).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<SheetRow> {
        (1..).zip(text.lines().map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())).collect()
    }

    fn found(text: &str) -> (u32, Option<u32>, Vec<String>) {
        let rows = rows(text);
        let (at, _) = find(&rows, Some(Noun::Households), None).expect("headings");
        let row = |number: u32| rows.iter().find(|(own, _)| *own == number).map(|(_, cells)| cells.as_slice());
        let lower = at.last.filter(|&last| last > at.first).and_then(row);
        (at.first, at.last, join(row(at.first).expect("a row"), lower))
    }

    #[test]
    fn a_title_and_a_note_above_are_passed_over() {
        let (first, last, headings) = found("枫桥镇网格基本情况一览表\n填报单位：综治中心|||2026年\n序号|经度|纬度|户数\n1|120.1|29.7|35\n");
        assert_eq!((first, last), (3, Some(3)));
        assert_eq!(headings, ["序号", "经度", "纬度", "户数"]);
    }

    #[test]
    fn two_rows_of_headings_become_one() {
        let (first, last, headings) = found("一览表\n序号|坐标||户数||备注\n|经度|纬度|总户数|出租户|\n1|120.1|29.7|35|2|无\n");
        assert_eq!((first, last), (2, Some(3)));
        assert_eq!(headings, ["序号", "经度", "纬度", "总户数", "出租户", "备注"]);
        let (_, _, headings) = found("序号|常住||流动|\n|户数|人数|户数|人数\n1|3|4|5|6\n");
        assert_eq!(headings, ["序号", "常住 户数", "常住 人数", "流动 户数", "流动 人数"]);
    }

    #[test]
    fn rows_of_text_below_one_row_of_headings_are_no_headings() {
        let (first, last, _) = found("名称|类型|地址\n甲|楼房|一号\n乙|独院|\n");
        assert_eq!((first, last), (1, Some(1)));
    }

    #[test]
    fn what_is_told_is_done() {
        let rows = rows("a|b\nc|d\n1|2\n");
        let told = |text: &str| find(&rows, None, HeadingRow::parse(text)).map(|(at, _)| (at.first, at.last));
        assert_eq!((told("2"), told("1-2"), told("9")), (Some((2, Some(2))), Some((1, Some(2))), None));
        assert_eq!((HeadingRow::parse("0"), HeadingRow::parse("2-4"), HeadingRow::parse("x")), (None, None, None));
    }
}
