//! Published numbers of incidents by place: what a reader without case rights is told, and all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::words::Lists;
use crate::codes::CodeRange;

/// One entry of the published cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedEntry {
    /// Key of the row.
    pub id: i64,
    /// Month, counted from January of the year 0.
    pub month: i32,
    /// Number of the group in `Lists::category_group`.
    pub group: u16,
    /// k that was in force.
    pub threshold: u16,
    /// Number of incidents; none: withheld.
    pub incident_count: Option<u32>,
}

/// A row of the table: an entry and where it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedRow {
    /// Smallest 15-digit number of the place.
    pub area_lo: i64,
    /// Digits of its code.
    pub level: i16,
    /// The entry.
    pub entry: PublishedEntry,
}

/// All entries by place. Copies share the places that did not change.
#[derive(Debug, Clone, Default)]
pub struct Published {
    places: BTreeMap<(i64, i16), Arc<Vec<PublishedEntry>>>,
    len: usize,
}

impl Published {
    /// All entries of these rows.
    pub fn new(rows: Vec<PublishedRow>) -> Self {
        let mut all = Self::default();
        all.add(rows);
        all
    }

    /// How many entries.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries of a place in one group at one threshold, in the months given, by month.
    pub fn entries(
        &self,
        (area_lo, level): (i64, i16),
        group: u16,
        threshold: u16,
        months: RangeInclusive<i32>,
    ) -> impl Iterator<Item = &PublishedEntry> {
        let all = self.places.get(&(area_lo, level)).map_or(&[][..], |entries| entries.as_slice());
        let from = all.partition_point(|entry| (entry.group, entry.threshold, entry.month) < (group, threshold, *months.start()));
        all[from..].iter().take_while(move |entry| (entry.group, entry.threshold) == (group, threshold) && entry.month <= *months.end())
    }

    /// Every row, by place, group, threshold and month.
    pub fn rows(&self) -> impl Iterator<Item = PublishedRow> {
        self.places.iter().flat_map(|(&(area_lo, level), entries)| entries.iter().map(move |&entry| PublishedRow { area_lo, level, entry }))
    }

    /// Places of a level with any entry inside a range of codes.
    pub fn places_within(&self, range: CodeRange, level: i16) -> impl Iterator<Item = i64> {
        self.places.range((range.lo, i16::MIN)..(range.hi, i16::MIN)).filter(move |((_, own), _)| *own == level).map(|((lo, _), _)| *lo)
    }

    /// Replaces what was kept under these keys, sorted; tells the places of which anything changed. O(entries).
    pub(super) fn edit(&mut self, asked: &[i64], rows: Vec<PublishedRow>) -> BTreeSet<i64> {
        let known: Vec<PublishedRow> = self.rows().filter(|row| asked.binary_search(&row.entry.id).is_ok()).collect();
        if known.len() == rows.len() && known.iter().all(|row| rows.contains(row)) {
            return BTreeSet::new();
        }
        let touched = known.iter().chain(&rows).map(|row| row.area_lo).collect();
        for row in &known {
            if let Some(entries) = self.places.get_mut(&(row.area_lo, row.level)) {
                Arc::make_mut(entries).retain(|entry| entry.id != row.entry.id);
                if entries.is_empty() {
                    self.places.remove(&(row.area_lo, row.level));
                }
                self.len -= 1;
            }
        }
        self.add(rows);
        touched
    }

    fn add(&mut self, rows: Vec<PublishedRow>) {
        let mut touched: BTreeMap<(i64, i16), Vec<PublishedEntry>> = BTreeMap::new();
        self.len += rows.len();
        for row in rows {
            touched.entry((row.area_lo, row.level)).or_default().push(row.entry);
        }
        for (place, mut added) in touched {
            let entries = Arc::make_mut(self.places.entry(place).or_default());
            entries.append(&mut added);
            entries.sort_unstable_by_key(|entry| (entry.group, entry.threshold, entry.month, entry.id));
            entries.shrink_to_fit();
        }
    }

    /// About how many bytes the entries take.
    pub fn bytes(&self) -> usize {
        self.len * size_of::<PublishedEntry>() + self.places.len() * 96
    }
}

/// A row of `tiles/layers/published.sql`.
pub(super) fn published(row: &PgRow, lists: &Lists) -> Result<PublishedRow, sqlx::Error> {
    let count: Option<i32> = row.try_get(6)?;
    Ok(PublishedRow {
        area_lo: row.try_get(1)?,
        level: row.try_get(2)?,
        entry: PublishedEntry {
            id: row.try_get(0)?,
            month: row.try_get(3)?,
            group: lists.category_group.number(row.try_get(4)?),
            threshold: u16::try_from(row.try_get::<i32, _>(5)?).unwrap_or(u16::MAX),
            incident_count: count.and_then(|count| u32::try_from(count).ok()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, area_lo: i64, month: i32, incident_count: Option<u32>) -> PublishedRow {
        PublishedRow { area_lo, level: 15, entry: PublishedEntry { id, month, group: 1, threshold: 3, incident_count } }
    }

    #[test]
    fn entries_are_found_by_place_group_threshold_and_months() {
        let rows = vec![row(4, 7, 24_315, Some(5)), row(2, 7, 24_313, None), row(3, 7, 24_314, Some(3)), row(9, 8, 24_314, Some(9))];
        let mut all = Published::new(rows);
        let counts = |all: &Published| all.entries((7, 15), 1, 3, 24_313..=24_314).map(|e| e.incident_count).collect::<Vec<_>>();
        assert_eq!(counts(&all), [None, Some(3)]);
        assert_eq!(all.entries((7, 15), 1, 5, 0..=99_999).count() + all.entries((7, 12), 1, 3, 0..=99_999).count(), 0);
        assert!(all.edit(&[3], vec![row(3, 7, 24_314, Some(3))]).is_empty(), "a row read again unchanged changes nothing");
        assert_eq!(all.edit(&[2, 3], vec![row(3, 7, 24_314, Some(4))]), BTreeSet::from([7]));
        assert_eq!((counts(&all), all.len()), (vec![Some(4)], 3));
        assert_eq!(all.places_within(CodeRange { lo: 7, hi: 8 }, 15).collect::<Vec<_>>(), [7]);
    }
}
