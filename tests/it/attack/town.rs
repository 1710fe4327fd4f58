//! What really happened in the busy town: the unknown numbers, and what each published number is the sum of.

use std::collections::{BTreeMap, BTreeSet};

use maplebridge::codes::{AreaCode, Level};
use sqlx::PgConnection;

/// The name of the total over groups without a sensitive kind.
pub(crate) const ORDINARY: &str = "ordinary";

/// Numbers of incidents by place, group of kinds and month: the attacker's unknowns.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    /// Townships, villages and cells.
    pub(crate) areas: Vec<AreaCode>,
    /// Groups, and whether they hold a sensitive kind.
    pub(crate) groups: BTreeMap<String, bool>,
    /// `2026-01`, in order.
    pub(crate) months: Vec<String>,
    /// Where, what, when: the place is a cell, or a village of which no more is known.
    pub(crate) unknowns: Vec<(AreaCode, String, String)>,
    /// The true numbers.
    pub(crate) counts: Vec<u32>,
    /// Households by place: whoever may look at the map is told them.
    pub(crate) households: BTreeMap<AreaCode, u64>,
    /// Places of a level whose borders touch.
    pub(crate) touching: BTreeSet<(AreaCode, AreaCode)>,
}

impl Truth {
    /// Counts everything.
    pub(crate) async fn read(root: &mut PgConnection, months: &[&str]) -> Self {
        let areas: Vec<String> = sqlx::query_scalar(
            "select app.code_text(code_lo, level) from areas where level in (9, 12)
             union all select lpad(code::text, 15, '0') from cells where valid_to is null order by 1",
        )
        .fetch_all(&mut *root)
        .await
        .unwrap();
        let areas: Vec<AreaCode> = areas.iter().map(|code| AreaCode::parse(code).unwrap()).collect();
        let groups: Vec<(String, bool)> =
            sqlx::query_as("select category_group, bool_or(sensitive) from incident_categories group by 1").fetch_all(&mut *root).await.unwrap();
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "select lpad(i.scope_code::text, 15, '0'), c.category_group, to_char(i.occurred_on, 'YYYY-MM'), count(*)
               from incidents i join incident_categories c on c.code = i.category
              where i.state not in ('draft', 'merged') group by 1, 2, 3",
        )
        .fetch_all(&mut *root)
        .await
        .unwrap();
        let groups: BTreeMap<String, bool> = groups.into_iter().collect();
        let months: Vec<String> = months.iter().map(|&month| month.to_owned()).collect();
        let known: BTreeMap<(AreaCode, String, String), u32> =
            rows.into_iter().map(|(place, group, month, count)| ((AreaCode::parse(&place).unwrap(), group, month), count as u32)).collect();
        let places = areas.iter().filter(|area| area.level() >= Level::Village);
        let mut unknowns = Vec::new();
        for &place in places {
            for group in groups.keys() {
                unknowns.extend(months.iter().map(|month| (place, group.clone(), month.clone())));
            }
        }
        let counts = unknowns.iter().map(|unknown| known.get(unknown).copied().unwrap_or(0)).collect();
        let (households, touching) = (households(root, &areas).await, touching(root).await);
        Self { areas, groups, months, unknowns, counts, households, touching }
    }

    /// Takes over the numbers of some months from how it was before.
    pub(crate) fn with_months_of(mut self, before: &Self, months: &[&str]) -> Self {
        for (i, unknown) in self.unknowns.iter().enumerate() {
            if months.contains(&unknown.2.as_str()) {
                self.counts[i] = before.counts[i];
            }
        }
        self
    }

    /// The unknowns that a number is the sum of.
    pub(crate) fn parts(&self, area: AreaCode, group: &str, months: &[&str]) -> Vec<usize> {
        let counts = |own: &str| if group == ORDINARY { !self.groups[own] } else { own == group };
        let is_part = |(place, own, month): &(AreaCode, String, String)| area.holds(*place) && counts(own) && months.contains(&month.as_str());
        (0..self.unknowns.len()).filter(|&i| is_part(&self.unknowns[i])).collect()
    }

    /// The true number.
    pub(crate) fn count(&self, area: AreaCode, group: &str, month: &str) -> u32 {
        self.parts(area, group, &[month]).into_iter().map(|i| self.counts[i]).sum()
    }

    /// Every number of the cube: sensitive groups have none in cells.
    pub(crate) fn entries(&self) -> Vec<(AreaCode, String, String)> {
        let mut entries = Vec::new();
        for &area in &self.areas {
            for group in self.groups.keys().map(String::as_str).chain([ORDINARY]) {
                if area.level() < Level::Cell || !self.is_sensitive(group) {
                    entries.extend(self.months.iter().map(|month| (area, group.to_owned(), month.clone())));
                }
            }
        }
        entries
    }

    /// Whether the group holds a sensitive kind.
    pub(crate) fn is_sensitive(&self, group: &str) -> bool {
        self.groups.get(group).copied().unwrap_or(false)
    }

    /// Cases of which only the village is known: the attacker is taken to know of them.
    pub(crate) fn rests(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.unknowns.iter().enumerate().filter(|(_, unknown)| unknown.0.level() < Level::Cell).map(|(i, _)| (i, self.counts[i]))
    }
}

async fn households(root: &mut PgConnection, areas: &[AreaCode]) -> BTreeMap<AreaCode, u64> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("select lpad(scope_code::text, 15, '0'), sum(household_count) from households where valid_to is null group by 1")
            .fetch_all(root)
            .await
            .unwrap();
    let inside = |area: AreaCode| rows.iter().filter(move |(place, _)| area.holds(AreaCode::parse(place).unwrap()));
    areas.iter().map(|&area| (area, inside(area).map(|(_, count)| *count as u64).sum())).collect()
}

async fn touching(root: &mut PgConnection) -> BTreeSet<(AreaCode, AreaCode)> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "with places as (select app.code_text(code_lo, level) as code, level::integer, geom from areas where level in (9, 12)
                         union all select lpad(code::text, 15, '0'), 15, geom from cells where valid_to is null)
         select a.code, b.code from places a join places b on a.level = b.level and a.code <> b.code and ST_Intersects(a.geom, b.geom)",
    )
    .fetch_all(root)
    .await
    .unwrap();
    rows.into_iter().map(|(a, b)| (AreaCode::parse(&a).unwrap(), AreaCode::parse(&b).unwrap())).collect()
}
