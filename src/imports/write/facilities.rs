//! Facilities: versions under a key that stays.

use chrono::NaiveDate;
use geo_types::{Geometry, Point};

use super::versioned::Table;
use super::{Lines, Merged, Origin, Rows, stage};
use crate::db::Scoped;
use crate::error::Result;

/// A facility on its way into the database.
#[derive(Debug, Clone)]
pub struct FacilityOut {
    /// Row of the file.
    pub row: u64,
    /// Key within the source.
    pub key: String,
    /// Its cell, else the smallest area that holds it.
    pub scope_code: i64,
    /// First civil day; `None`: the day of the import.
    pub valid_from: Option<NaiveDate>,
    /// `F01` … `F29`, or one that was added.
    pub kind: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Who runs it, may be empty.
    pub operator: String,
    /// Places, beds, seats.
    pub capacity: Option<u32>,
    /// Opening hours in words, may be empty.
    pub hours: String,
    /// Whether it can be entered without steps.
    pub barrier_free: Option<bool>,
    /// Public telephone of the office, may be empty.
    pub phone_public: String,
    /// Where, WGS 84 degrees.
    pub at: Point,
}

impl FacilityOut {
    /// Writes it as a line of the stage.
    pub fn line(self, lines: &mut Lines) {
        lines.plain(self.row);
        lines.text(&self.key);
        lines.plain(self.scope_code);
        lines.maybe(self.valid_from);
        lines.text(&self.kind);
        lines.text(&self.name_zh);
        lines.text(&self.name_en);
        lines.text(&self.operator);
        lines.maybe(self.capacity);
        lines.text(&self.hours);
        lines.maybe(self.barrier_free);
        lines.text(&self.phone_public);
        lines.shape(&Geometry::from(self.at));
    }
}

const STAGE: &str = "n bigint, origin_key text, scope_code bigint, valid_from date, kind text, name_zh text, name_en text, operator text, \
                     capacity integer, hours text, barrier_free boolean, phone_public text, geom geometry(Point,4326)";

const TABLE: Table = Table {
    name: "facilities",
    key: "facility_id",
    columns: &["scope_code", "kind", "name_zh", "name_en", "operator", "capacity", "hours", "barrier_free", "phone_public", "geom"],
};

/// Writes facilities.
pub async fn facilities(scoped: &mut Scoped, origin: &Origin, rows: impl Rows) -> Result<Merged> {
    stage(scoped, "import_facilities", STAGE, rows).await?;
    TABLE.compare(scoped, origin).await?;
    TABLE.merge(scoped, origin, &[], "").await
}
