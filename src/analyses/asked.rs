//! A question settled: as whom the reader is told, the area, the days, the level; nothing is left to defaults.

use chrono::{Days, NaiveDate};

use super::ground::Slices;
use super::params::{Denominator, Params, PlaceLevel};
use super::{Entry, store};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::context::{Context, map_reader};
use crate::error::{Error, Fault, Result};
use crate::privacy::suppression::ORDINARY;
use crate::privacy::{Audience, audience};
use crate::published::{self, Month, Question};
use crate::read_model::Reader;
use crate::users;

/// Days of a question about cases whose period is not given.
const YEAR_DAYS: u64 = 365;
/// Days of a question about what is usual whose period is not given: 260 weeks.
const FIVE_YEARS_DAYS: u64 = 1_820;
/// Days of a question about months whose period is not given.
const TWO_YEARS_DAYS: u64 = 731;

/// A question with nothing left open.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub entry: &'static Entry,
    /// Settled: `within`, `level`, `from` and `to` are there.
    pub params: Params,
    pub within: AreaCode,
    pub level: PlaceLevel,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// As whom the reader is told of the whole area; `Cases`, or else from published numbers.
    pub audience: Audience,
    pub reader: Reader,
    /// Categories of the group asked for; none: no group.
    pub of_group: Option<Vec<String>>,
}

impl Asked {
    /// Whether true numbers may be told.
    pub(super) fn of_cases(&self) -> bool {
        self.audience == Audience::Cases
    }

    /// Whom the answer may be given to: `cases`, or everybody who is told the same of published numbers.
    pub(super) fn told_as(&self) -> String {
        told_as(self.audience, &self.reader)
    }
}

/// See [`Asked::told_as`].
pub(super) fn told_as(audience: Audience, reader: &Reader) -> String {
    if audience == Audience::Cases {
        return audience.name().to_owned();
    }
    let rights = format!("{:?} {:?} {:?} {:?}", reader.published, reader.cases, reader.staff, reader.known);
    format!("published {:032x}", xxhash_rust::xxh3::xxh3_128(rights.as_bytes()))
}

/// The reader as published numbers are told to.
pub(super) async fn told_reader(context: &Context, reader: &users::Reader) -> Result<Reader> {
    let mut told = map_reader(reader);
    if !told.units.is_empty() {
        let mut transaction = context.begin(reader).await?;
        told.known = published::known(&mut transaction, &reader.units()).await?.into();
    }
    Ok(told)
}

/// Settles a question.
pub(super) async fn settle(context: &Context, reader: &users::Reader, entry: &'static Entry, params: Params) -> Result<Asked> {
    let told = told_reader(context, reader).await?;
    let within = area(&params, &told)?;
    let range = within.range();
    if !told.published.covers(range) {
        return Err(Error::invalid("/within", "no_right", "none of your roles reaches over the whole of this area; name one of your own"));
    }
    let audience = audience(&reader.standing(), within, true);
    if entry.cases_only && audience != Audience::Cases {
        let message = format!("{} reads single cases: it needs the right to open each case of the area", entry.name);
        return Err(Error::Forbidden(message));
    }
    if params.level.is_some_and(PlaceLevel::is_hex) && audience != Audience::Cases {
        let message = "hexagons are counted from single cases: they need the right to open each case of the area; ask for level=village";
        return Err(Error::Forbidden(message.to_owned()));
    }
    let groups = published::groups(&mut context.begin(reader).await?).await?;
    let mut asked =
        Asked { entry, within, level: PlaceLevel::Cell, from: NaiveDate::MIN, to: NaiveDate::MIN, audience, reader: told, of_group: None, params };
    let is_sensitive = match &asked.params.group {
        Some(group) if group != ORDINARY => {
            let known = groups.iter().find(|(name, _)| name == group);
            let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
            known.ok_or_else(|| Error::invalid("/group", "not_in_list", format!("there are the groups {ORDINARY}, {}", names.join(", "))))?.1
        }
        _ => false,
    };
    if asked.of_cases() {
        asked.settle_cases(context, reader).await?;
    } else {
        asked.settle_published(context, is_sensitive)?;
    }
    asked.params.within = Some(within.to_string());
    asked.params.level = Some(asked.level);
    (asked.params.from, asked.params.to) = (Some(asked.from), Some(asked.to));
    Ok(asked)
}

/// The area asked for, or the only one in which the reader has rights.
fn area(params: &Params, reader: &Reader) -> Result<AreaCode> {
    if let Some(text) = &params.within {
        return AreaCode::parse(text).map_err(|error| Error::invalid("/within", "not_a_code", error.to_string()));
    }
    let only = |range: &CodeRange| {
        Level::ALL.into_iter().find(|level| level.span() == range.hi - range.lo).and_then(|level| AreaCode::from_parts(range.lo, level))
    };
    match reader.published.ranges() {
        [one] => only(one),
        _ => None,
    }
    .ok_or_else(|| Error::invalid("/within", "missing", "say in which area: a code of 2 to 15 digits"))
}

impl Asked {
    async fn settle_cases(&mut self, context: &Context, reader: &users::Reader) -> Result<()> {
        let today = context.clock.today();
        self.level = self.params.level.unwrap_or(PlaceLevel::Cell);
        self.to = self.params.to.unwrap_or(today);
        let by_month = self.entry.slices == Slices::Months;
        let days = match self.entry.slices {
            Slices::Months => TWO_YEARS_DAYS,
            Slices::LongWeeks => FIVE_YEARS_DAYS,
            Slices::None | Slices::Weeks => YEAR_DAYS,
        };
        self.from = self.params.from.unwrap_or_else(|| self.to.checked_sub_days(Days::new(days - 1)).unwrap_or(self.to));
        if by_month {
            // Whole months only: half of one looks like a fall.
            let last = Month::of(self.to);
            let last = if last.last_day() == self.to { last } else { last.before() };
            let first = Month::of(self.from);
            let first = if first.first_day() == self.from { first } else { first.next() };
            if first > last {
                return Err(Error::invalid("/from", "out_of_range", "no whole month lies between the first and the last day"));
            }
            (self.from, self.to) = (first.first_day(), last.last_day());
        }
        if (self.to - self.from).num_days() > 3_660 {
            return Err(Error::invalid("/from", "out_of_range", "a question is about ten years at most"));
        }
        if let Some(group) = &self.params.group {
            self.of_group = Some(store::categories(&mut context.begin(reader).await?, group).await?);
        }
        Ok(())
    }

    fn settle_published(&mut self, context: &Context, is_sensitive: bool) -> Result<()> {
        let refuse = |name: &str| {
            let message = format!(
                "you may not open every case of this area, so the numbers are published ones, by month and group of kinds: leave {name} out, and give group, from and to"
            );
            Fault::new(format!("/{name}"), "not_published", message)
        };
        let params = &self.params;
        let given = [("category", &params.category), ("source", &params.source), ("state", &params.state)];
        let mut faults: Vec<Fault> = given.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| refuse(name)).collect();
        if params.denominator == Denominator::Incidents {
            faults.push(refuse("denominator"));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let ground = context.ground();
        let (range, scope) = (self.within.range(), &self.reader.published);
        let (first_told, last_told) = (ground.published.first_month(range, scope), ground.published.last_month(range, scope));
        let (first_told, last_told) = (first_told.and_then(Month::from_number), last_told.and_then(Month::from_number));
        let last = params.to.map(Month::of).or(last_told).unwrap_or_else(|| Month::of(context.clock.today()).before());
        let months = if self.entry.slices == Slices::Months { 23 } else { 11 };
        let first = params.from.map_or_else(|| Month::from_number(last.number() - months).unwrap_or(last), Month::of);
        // Months before the first and after the last that were published are not months without incidents.
        let (first, last) = match first_told.zip(last_told) {
            Some((first_told, last_told)) if first <= last_told && first_told <= last => (first.max(first_told), last.min(last_told)),
            _ => (first, last),
        };
        (self.from, self.to) = (first.first_day(), last.last_day());
        let question = Question {
            model: &ground,
            reader: &self.reader,
            group: params.group.as_deref().unwrap_or(ORDINARY),
            months: (first.number(), last.number()),
        };
        let level = params.level.and_then(PlaceLevel::area).unwrap_or_else(|| question.grain(self.within.range()).level);
        // A sensitive kind is told one level coarser, whatever was asked for.
        self.level = PlaceLevel::of(if is_sensitive { Audience::K10.level_for(level) } else { level });
        Ok(())
    }
}
