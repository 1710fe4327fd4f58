//! Households: versions under a key that stays, each in a group of at least eight addresses.

use chrono::NaiveDate;
use futures::TryStreamExt as _;
use geo_types::{Geometry, Point};

use super::safe::{self, Housed, Newcomer, Rule};
use super::versioned::Table;
use super::{Lines, Merged, Origin, Rows, chunks, stage};
use crate::db::Scoped;
use crate::error::Result;

/// An address on its way into the database.
#[derive(Debug, Clone)]
pub struct HouseholdOut {
    /// Row of the file.
    pub row: u64,
    /// Key within the source.
    pub key: String,
    /// Its cell, else the smallest area that holds it.
    pub scope_code: i64,
    /// First civil day; `None`: the day of the import.
    pub valid_from: Option<NaiveDate>,
    /// Households at the address.
    pub household_count: u32,
    /// `p1_4` … `p200_plus`.
    pub population_band: String,
    /// `apartment`, `house`, `mixed`, `dormitory`.
    pub dwelling_kind: String,
    /// Where, WGS 84 degrees.
    pub at: Point,
}

impl HouseholdOut {
    /// Writes it as a line of the stage.
    pub fn line(self, lines: &mut Lines) {
        lines.plain(self.row);
        lines.text(&self.key);
        lines.plain(self.scope_code);
        lines.maybe(self.valid_from);
        lines.plain(self.household_count);
        lines.text(&self.population_band);
        lines.text(&self.dwelling_kind);
        lines.shape(&Geometry::from(self.at));
    }
}

const STAGE: &str = "n bigint, origin_key text, scope_code bigint, valid_from date, household_count integer, population_band text, \
                     dwelling_kind text, geom geometry(Point,4326)";

const TABLE: Table =
    Table { name: "households", key: "household_id", columns: &["scope_code", "household_count", "population_band", "dwelling_kind", "geom"] };

/// Writes households and gives each new one in a cell its safe place.
///
/// An address keeps the group of its life; one that moves to another cell is in none any more.
pub async fn households(scoped: &mut Scoped, origin: &Origin, rule: Rule, rows: impl Rows) -> Result<Merged> {
    stage(scoped, "import_households", STAGE, rows).await?;
    TABLE.compare(scoped, origin).await?;
    let newcomers: Vec<Newcomer> = sqlx::query_as::<_, (i64, i64, f64, f64)>(
        "select s.n, s.scope_code, ST_X(s.geom), ST_Y(s.geom)
           from import_diff d join import_households s using (n)
          where s.scope_code % 1000 <> 0
            and (d.id is null or (d.changed and exists (select 1 from households h where h.id = d.id and h.safe_place_part = 'none')))",
    )
    .fetch(scoped.conn())
    .map_ok(|(n, cell, x, y)| Newcomer { n, cell, at: (x, y) })
    .try_collect()
    .await?;
    let housed = safe::house(scoped, rule, newcomers).await?;
    let pairs = chunks(housed, |lines, housed: Housed| {
        lines.plain(housed.key);
        lines.plain(housed.place);
        lines.text(housed.part);
    });
    stage(scoped, "import_housed", "n bigint, safe_place_id bigint, part text", pairs).await?;
    let join = "left join import_housed x using (n) left join households was on was.id = d.id
                left join safe_places g on g.id = was.safe_place_id";
    let place = "case when was.safe_place_part <> 'none' then was.safe_place_id else x.safe_place_id end";
    let part = "case when was.safe_place_part in ('founder', 'joined') and s.scope_code % 1000 <> 0 and s.scope_code <> g.cell_code then 'left'
                     when was.safe_place_part <> 'none' then was.safe_place_part else coalesce(x.part, 'none') end";
    TABLE.merge(scoped, origin, &[("safe_place_id", place), ("safe_place_part", part)], join).await
}
