//! The command to type next where an import was refused because something must come before it.

use std::path::Path;

use super::import::ImportArgs;
use crate::codes::{AreaCode, Level};
use crate::db::Scoped;
use crate::error::Result;
use crate::imports::commit::{Ending, Outcome};
use crate::imports::faults::FaultCode;
use crate::imports::fields::Noun;

/// Codes for places of elsewhere: the counties that are offered to a file that belongs to nothing stored.
const ELSEWHERE: std::ops::RangeInclusive<i64> = 990_101..=999_999;

/// What was typed, with the options that were missing; `None` where no option helps.
///
/// * `typed` – the words of the command line, the program's name first
pub(super) async fn next(
    noun: Noun,
    file: &Path,
    args: &ImportArgs,
    typed: &[String],
    outcome: &Outcome,
    scoped: &mut Scoped,
) -> Result<Option<String>> {
    if outcome.ending != Ending::Faults {
        return Ok(None);
    }
    let met = |codes: &[FaultCode]| outcome.report.tallies.iter().any(|tally| codes.contains(&tally.code));
    let under = args.under.as_deref().and_then(|code| AreaCode::parse(code).ok());
    let without_code = met(&[FaultCode::UnderMissing, FaultCode::CodeLength, FaultCode::CodeDigits]);
    let added = match (noun, under) {
        (Noun::Areas, None) if without_code => Some((county(scoped).await?, true)),
        (Noun::Cells, None) if without_code => Some((format!("{}001001", county(scoped).await?), true)),
        (Noun::Cells, Some(under)) if met(&[FaultCode::NoVillage, FaultCode::InNoVillage]) => village_in(under).map(|village| (village, true)),
        (Noun::Households | Noun::Facilities | Noun::Incidents, None) if met(&[FaultCode::InNoArea]) => Some(match widest(scoped).await? {
            Some(area) => (area.to_string(), false),
            None => (county(scoped).await?, true),
        }),
        _ => None,
    };
    let Some((code, make)) = added else { return Ok(None) };
    let mut words = without_under(typed);
    words.extend(["--under".to_owned(), code]);
    if make && args.make_under.is_none() {
        words.extend(["--make-under".to_owned(), stem(file)]);
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Ok(Some(words.join(" ")))
}

/// The first village of an area, by its code; a village is its own.
fn village_in(under: AreaCode) -> Option<String> {
    Some(match under.level() {
        Level::County => format!("{under}001001"),
        Level::Township => format!("{under}001"),
        Level::Village => under.to_string(),
        _ => return None,
    })
}

/// The first county of elsewhere in which nothing is stored.
async fn county(scoped: &mut Scoped) -> Result<String> {
    let used: Vec<i64> = sqlx::query_scalar("select code_lo / 1000000000 from areas where level >= 6 union select code / 1000000000 from cells")
        .fetch_all(scoped.conn())
        .await?;
    let free = ELSEWHERE.into_iter().find(|county| !used.contains(county));
    Ok(free.unwrap_or(*ELSEWHERE.start()).to_string())
}

/// The widest area that is stored; of several the first.
async fn widest(scoped: &mut Scoped) -> Result<Option<AreaCode>> {
    let row: Option<(i64, i16)> =
        sqlx::query_as("select code_lo, level from areas order by level, code_lo limit 1").fetch_optional(scoped.conn()).await?;
    Ok(row.and_then(|(lo, level)| AreaCode::from_parts(lo, Level::from_i16(level)?)))
}

/// The words without `--under CODE` or `--under=CODE`.
fn without_under(typed: &[String]) -> Vec<String> {
    let mut words = Vec::with_capacity(typed.len() + 4);
    let mut skip = false;
    for word in typed {
        if std::mem::take(&mut skip) {
            continue;
        }
        skip = word == "--under";
        if !skip && !word.starts_with("--under=") {
            words.push(word.clone());
        }
    }
    words
}

/// A name for an area out of the name of a file.
fn stem(file: &Path) -> String {
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    name.split('.').next().unwrap_or_default().to_owned()
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_break_it() {
        let words = ["import", "my file.geojson", "--columns", "name=N'AME", "", "乡镇.csv"].map(quoted);
        assert_eq!(words, ["import", "'my file.geojson'", "--columns", r"'name=N'\''AME'", "''", "乡镇.csv"]);
    }

    #[test]
    fn the_old_area_makes_way_for_the_new_one() {
        let typed = ["maplebridge", "import", "cells", "--under", "990101", "a.geojson", "--under=990102"].map(str::to_owned);
        assert_eq!(without_under(&typed), ["maplebridge", "import", "cells", "a.geojson"]);
        assert_eq!(stem(Path::new("x/sf_blockgroups.geojson.gz")), "sf_blockgroups");
    }
}
