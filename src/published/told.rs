//! What one reader is told of places: by whom `privacy` takes them for, from published numbers alone.

use chrono::{Days, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Month, store};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::context::map_reader;
use crate::db::Scoped;
use crate::error::Result;
use crate::privacy::suppression::ORDINARY;
use crate::privacy::{Audience, Standing, audience, told};
use crate::read_model::{Model, MonthNumber, MonthSum, Reader};
use crate::users;

/// Lower bounds of the classes, in incidents per 1,000 households and year. Fixed: steps that followed the numbers would
/// tell of those withheld, and maps of two months could not be compared.
pub const CLASSES: [f64; 5] = [0.0, 5.0, 10.0, 20.0, 40.0];

/// Levels at which numbers are published, finest first.
const LEVELS: [Level; 3] = [Level::Cell, Level::Village, Level::Township];

/// A question about published numbers, by one reader.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What was published.
    pub model: &'a Model,
    /// Who asks.
    pub reader: &'a Reader,
    /// Group of kinds, or the total over the ordinary ones.
    pub group: &'a str,
    /// First and last month.
    pub months: (MonthNumber, MonthNumber),
}

/// The level at which numbers are told, and how many of its places show one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grain {
    /// The level.
    pub level: Level,
    /// Places of the level that the reader is told of or not told.
    pub places: usize,
    /// Those of which half of the months or more are shown.
    pub shown: usize,
}

impl Question<'_> {
    fn standing(&self) -> Standing {
        Standing { cases: self.reader.cases.clone(), own: self.reader.staff.clone(), public: false }
    }

    /// What the reader is told of a place; nothing where a part of it is told more freely than the whole.
    ///
    /// Who may open each of its cases is told what staff in their own area are told. A month in which the reader knows a
    /// case of the place from elsewhere counts as withheld: beside it the number would tell of the others.
    pub fn place(&self, area: AreaCode) -> Option<(Audience, MonthSum)> {
        let audience = told(&self.standing(), area)?.max(Audience::K3);
        Some((audience, self.model.published.sum(audience, self.group, area, self.months, &self.known(area))))
    }

    /// The sum over the townships of a wider area, as far as each is told.
    fn above(&self, area: AreaCode) -> (Audience, MonthSum) {
        (audience(&self.standing(), area, false), self.total(area.range()))
    }

    /// The sum over the townships in a range of codes, as far as each is told.
    pub(super) fn total(&self, within: CodeRange) -> MonthSum {
        let mut sum = MonthSum::default();
        for (_, part) in self.places(Level::Township, within).into_iter().filter_map(|township| self.place(township)) {
            sum.count += part.count;
            sum.shown += part.shown;
            sum.withheld += part.withheld;
        }
        sum
    }

    /// Why the reader is told no number of a place.
    pub fn silence(&self, area: AreaCode) -> &'static str {
        if told(&self.standing(), area).is_none() {
            return "partly_own";
        }
        let asked = self.months.0..=self.months.1;
        if self.known(area).iter().any(|month| asked.contains(month)) { "own_cases" } else { "too_few" }
    }

    /// Months in which the reader knows a case of the place.
    fn known(&self, area: AreaCode) -> Vec<MonthNumber> {
        let range = area.range();
        let first = self.reader.known.partition_point(|known| known.0 < range.lo);
        self.reader.known[first..].iter().take_while(|known| known.0 < range.hi).map(|known| known.1).collect()
    }

    /// Places of a level inside a range of codes, as they are today, as far as the reader is told published numbers.
    pub fn places(&self, level: Level, within: CodeRange) -> Vec<AreaCode> {
        let wanted = |area: &AreaCode| within.lo <= area.lo() && area.range().hi <= within.hi && self.reader.published.covers(area.range());
        let mut places: Vec<AreaCode> = if level == Level::Cell {
            self.model.cells.iter().filter_map(|cell| AreaCode::from_parts(cell.code, level)).filter(wanted).collect()
        } else {
            let of_level = self.model.areas.iter().filter(|area| area.level == level.to_i16());
            of_level.filter_map(|area| AreaCode::from_parts(area.lo, level)).filter(wanted).collect()
        };
        places.sort_unstable();
        places
    }

    /// A level with the number of its places that show something.
    pub fn grain_at(&self, level: Level, within: CodeRange) -> Grain {
        let places = self.places(level, within);
        let shown = places.iter().filter(|&&area| self.place(area).is_some_and(|(_, sum)| sum.is_shown())).count();
        Grain { level, places: places.len(), shown }
    }

    /// The finest level at which half of the places or more are shown; where none is, the widest that has places.
    pub fn grain(&self, within: CodeRange) -> Grain {
        let grains = LEVELS.map(|level| self.grain_at(level, within));
        let fitting = grains.iter().find(|grain| grain.shown > 0 && 2 * grain.shown >= grain.places);
        let widest = grains.iter().rev().find(|grain| grain.places > 0);
        fitting.or(widest).copied().unwrap_or(grains[2])
    }

    /// Incidents per 1,000 households and year in a place, at least: withheld months are taken for none.
    pub fn rate(&self, area: AreaCode, sum: MonthSum) -> Option<f64> {
        let households = self.model.tallies.within(area.range()).household_count;
        rate_of(sum.count, households, f64::from(sum.shown + sum.withheld) / 12.0)
    }
}

/// Incidents per 1,000 households and year in two significant digits; none without households or time.
pub fn rate_of(count: u64, households: u64, years: f64) -> Option<f64> {
    (households > 0 && years > 0.0).then(|| two_digits(count as f64 * 1_000.0 / households as f64 / years))
}

/// The class of a rate, from 1.
pub fn class_of(rate: f64) -> u8 {
    CLASSES.iter().filter(|&&from| rate >= from).count() as u8
}

fn two_digits(number: f64) -> f64 {
    if number <= 0.0 {
        return 0.0;
    }
    let step = 10_f64.powi(number.log10().floor() as i32 - 1);
    let rounded = (number / step).round() * step;
    // as many decimals as the step has, so that no remainder of the division shows
    format!("{rounded:.6}").parse().unwrap_or(rounded)
}

/// What the card of a place says of incidents.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentSum {
    /// As whom the reader is told.
    pub audience: Audience,
    /// `cases`: counted now; `published`: the sum of published months.
    pub source: &'static str,
    /// Whether a number is told.
    pub shown: bool,
    /// The number; of published months at least so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Days it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What is counted, where it is not everything: `ordinary`, all but the sensitive kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Published numbers in the sum: one a month, and above townships one a township and month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_shown: Option<u32>,
    /// Published numbers that are withheld here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_withheld: Option<u32>,
    /// Why no number is told: `not_published_yet`; `too_few`; `partly_own`, a part of the place is told more freely than
    /// the whole; `own_cases`, a number beside the cases that one handles oneself would tell of the others; `no_right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// Civil days, both included.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// What the card of a place says: the cases of the last 365 days where the reader may open each of them, else the last
/// twelve published months.
pub async fn of_place(transaction: &mut Scoped, model: &Model, reader: &users::Reader, area: AreaCode, today: NaiveDate) -> Result<IncidentSum> {
    if audience(&reader.standing(), area, true) != Audience::Cases {
        let mut own = map_reader(reader);
        own.known = store::known(transaction, &reader.units()).await?.into();
        return Ok(published_sum(model, &own, area));
    }
    let from = today.checked_sub_days(Days::new(364)).unwrap_or(today);
    let filters = store::Filters { from: Some(from), to: Some(today), ..store::Filters::default() };
    let count = store::count_cases(transaction, area.range(), area.level(), &filters).await?.values().sum();
    let period = Some(Period { from, to: today });
    Ok(IncidentSum { shown: true, count: Some(count), period, source: "cases", ..IncidentSum::silent(Audience::Cases, None) })
}

impl IncidentSum {
    const fn silent(audience: Audience, reason: Option<&'static str>) -> Self {
        Self {
            audience,
            source: "published",
            shown: false,
            count: None,
            period: None,
            group: None,
            entries_shown: None,
            entries_withheld: None,
            reason,
        }
    }
}

/// The last twelve published months of a place.
fn published_sum(model: &Model, reader: &Reader, area: AreaCode) -> IncidentSum {
    let standing = Standing { cases: reader.cases.clone(), own: reader.staff.clone(), public: false };
    let silent = |reason| IncidentSum::silent(audience(&standing, area, false), Some(reason));
    if !reader.published.covers(area.range()) {
        return silent("no_right");
    }
    let Some(last) = model.published.last_month(area.range(), &reader.published) else { return silent("not_published_yet") };
    let months = (last - 11, last);
    let question = Question { model, reader, group: ORDINARY, months };
    let told = if area.level() < Level::Township { Some(question.above(area)) } else { question.place(area) };
    let Some((audience, sum)) = told else { return silent("partly_own") };
    let period =
        Month::from_number(months.0).zip(Month::from_number(months.1)).map(|(from, to)| Period { from: from.first_day(), to: to.last_day() });
    IncidentSum {
        shown: sum.shown > 0,
        count: (sum.shown > 0).then_some(sum.count),
        period,
        group: Some(ORDINARY.into()),
        entries_shown: Some(sum.shown),
        entries_withheld: Some(sum.withheld),
        ..IncidentSum::silent(audience, (sum.shown == 0).then(|| question.silence(area)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_two_digits() {
        for (number, expected) in [(0.0, 0.0), (0.012_345, 0.012), (0.999, 1.0), (7.049, 7.0), (12.51, 13.0), (349.9, 350.0)] {
            assert_eq!(two_digits(number).to_string(), expected.to_string());
        }
        assert_eq!(rate_of(12, 600, 0.5), Some(40.0));
        assert_eq!(rate_of(12, 0, 0.5), None);
    }

    #[test]
    fn classes_are_counted_from_one() {
        assert_eq!([0.0, 4.9, 5.0, 39.0, 40.0, 900.0].map(class_of), [1, 1, 2, 4, 5, 5]);
    }
}
