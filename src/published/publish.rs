//! Making the tables of townships and months, and storing them once.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Month;
use super::store::{self, Publication, Rows};
use crate::codes::{AreaCode, CodeRange, Level};
use crate::context::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::jobs::Progress;
use crate::privacy::Audience;
use crate::privacy::suppression::{self, Entry, Kind, ORDINARY, Outcome};
use crate::users::{Reader, Right};

/// Which months are to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// One month; else every month that has ended, from the first case of a township on.
    pub month: Option<Month>,
    /// Not earlier than this month, where none is named.
    pub since: Option<Month>,
    /// Townships in this range.
    pub within: CodeRange,
    /// Only townships of which a month was published before: the first publication is somebody's decision.
    pub continued: bool,
}

impl Wanted {
    /// Every month of every township.
    pub const fn everything() -> Self {
        Self { month: None, since: None, within: CodeRange { lo: 0, hi: i64::MAX }, continued: false }
    }
}

/// What was published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// Townships of which a month was published.
    pub townships: usize,
    /// Pairs of township and month.
    pub months: usize,
    /// Entries shown, over all audiences.
    pub shown: usize,
    /// Entries below their threshold.
    pub primary: usize,
    /// Entries withheld beside those.
    pub complementary: usize,
}

/// A township with the months that are due.
pub(super) type Due = BTreeMap<AreaCode, BTreeSet<Month>>;

/// Publishes what is wanted and was not published before. Each township is a transaction, and each counts its cases in
/// one statement, so that the numbers of a township agree; one that another process publishes meanwhile is left to it.
///
/// A month that has not ended is `Conflict`.
pub(super) async fn publish(db: &Db, reader: &Reader, clock: Clock, wanted: Wanted, job_id: &str, progress: &Progress) -> Result<Done> {
    let today = clock.today();
    if let Some(month) = wanted.month.filter(|month| !month.has_ended(today)) {
        let message = format!("{month} has not ended; numbers are published once, after the end of their month");
        return Err(Error::Conflict { rule: "month_not_ended".into(), message });
    }
    progress.step("reading");
    let due = due(db, reader, Month::of(today).before(), wanted).await?;
    progress.step("writing");
    let mut done = Done::default();
    for (number, (township, months)) in due.into_iter().enumerate() {
        if progress.is_cancelled() {
            break;
        }
        publish_township(db, reader, clock, (township, &months), job_id, &mut done).await?;
        progress.row(number as u64 + 1);
    }
    Ok(done)
}

/// What is wanted and not yet published, up to the last month that has ended.
pub(super) async fn due(db: &Db, reader: &Reader, last: Month, wanted: Wanted) -> Result<Due> {
    let mut transaction = db.scoped(&reader.scopes()).await?;
    let mut published: Due = Due::new();
    for (township, month) in store::published_months(&mut transaction, wanted.within).await? {
        published.entry(township).or_default().insert(month);
    }
    let mut due = Due::new();
    for (township, first) in store::first_months(&mut transaction).await? {
        let before = published.get(&township);
        let inside = wanted.within.lo <= township.lo() && township.range().hi <= wanted.within.hi;
        let may = reader.scope(Right::Publish).covers(township.range());
        if !inside || !may || (wanted.continued && before.is_none()) {
            continue;
        }
        let first = wanted.month.unwrap_or(first.max(wanted.since.unwrap_or(first)));
        let months = std::iter::successors(Some(first), |month| Some(month.next())).take_while(|month| *month <= wanted.month.unwrap_or(last));
        let missing: BTreeSet<Month> = months.filter(|month| before.is_none_or(|before| !before.contains(month))).collect();
        if !missing.is_empty() {
            due.insert(township, missing);
        }
    }
    Ok(due)
}

/// Incidents of a month by place and number of the group.
type Incidents = BTreeMap<(AreaCode, usize), u32>;

async fn publish_township(
    db: &Db,
    reader: &Reader,
    clock: Clock,
    (township, months): (AreaCode, &BTreeSet<Month>),
    job_id: &str,
    done: &mut Done,
) -> Result<()> {
    let (Some(&first), Some(&last)) = (months.first(), months.last()) else { return Ok(()) };
    let mut transaction = db.scoped(&reader.scopes()).await?;
    transaction.without_time_limit().await?;
    let groups = store::groups(&mut transaction).await?;
    let villages = store::villages(&mut transaction, township).await?;
    let cells = store::cells(&mut transaction, township).await?;
    let mut incidents: BTreeMap<Month, Incidents> = months.iter().map(|&month| (month, Incidents::new())).collect();
    for (month, place, group, count) in store::counts(&mut transaction, township, first, last).await? {
        let number = groups.iter().position(|(name, _)| *name == group);
        if let (Some(of_month), Some(number)) = (incidents.get_mut(&month), number) {
            *of_month.entry((place, number)).or_default() += count;
        }
    }
    let names: Vec<String> = groups.iter().map(|(name, _)| name.clone()).collect();
    let tables = tokio::task::spawn_blocking(move || {
        let table = |(month, incidents): (Month, Incidents)| {
            let in_force = |from, to: Option<_>| from <= month.last_day() && to.is_none_or(|to| to > month.first_day());
            let of_month = cells.iter().filter(|(_, from, to)| in_force(*from, *to)).map(|(code, ..)| *code);
            let places: Vec<AreaCode> = villages.iter().copied().chain(of_month).collect();
            let counted = suppression::Month { township, places: &places, groups: &groups, incidents: &incidents };
            (month, counted.tables())
        };
        incidents.into_iter().collect::<Vec<_>>().into_par_iter().map(table).collect::<Vec<_>>()
    })
    .await
    .map_err(Error::internal("make the published tables"))?;
    let mut rows = Rows::default();
    let (at, mut any) = (clock.now(), false);
    for (month, told) in tables {
        let of = |outcome: Outcome| told.iter().flat_map(|(_, entries)| entries).filter(|entry| entry.outcome == outcome).count();
        let (shown, primary, complementary) = (of(Outcome::Shown), of(Outcome::Primary), of(Outcome::Complementary));
        let publication = Publication { township, month, at, job_id, shown, withheld: primary + complementary };
        if !store::begin(&mut transaction, &publication).await? {
            continue;
        }
        any = true;
        done.months += 1;
        done.shown += shown;
        done.primary += primary;
        done.complementary += complementary;
        for (audience, entries) in &told {
            entries.iter().filter(|entry| is_stored(entry)).for_each(|entry| rows.add(month, *audience, entry, &names));
        }
    }
    store::insert(&mut transaction, &rows, at).await?;
    done.townships += usize::from(any);
    transaction.commit().await?;
    Ok(())
}

/// Entries of cells below their threshold are nine in ten of all; without a row they are as withheld as with one.
fn is_stored(entry: &Entry) -> bool {
    entry.area.level() != Level::Cell || entry.outcome != Outcome::Primary
}

impl Rows {
    fn add(&mut self, month: Month, audience: Audience, entry: &Entry, groups: &[String]) {
        self.areas.push(entry.area.lo());
        self.levels.push(entry.area.level().to_i16());
        self.months.push(month.first_day());
        self.groups.push(match entry.kind {
            Kind::Ordinary => ORDINARY.to_owned(),
            Kind::Group(number) => groups.get(number).cloned().unwrap_or_default(),
        });
        self.audiences.push(audience.name());
        self.outcomes.push(entry.outcome.name());
        self.counts.push((entry.outcome == Outcome::Shown).then_some(entry.count as i32));
        self.thresholds.push(entry.threshold as i32);
    }
}
