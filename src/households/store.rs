//! Addresses in SQL: one row a version.

use chrono::NaiveDate;
use geo_types::{Geometry, Point};

use crate::codes::CellCode;
use crate::db::{Page, Scoped, point_from_wkb};
use crate::error::{Error, Result};
use crate::http::geojson::Feature;
use crate::rows::version::{Held, Table};
use crate::rows::{Checks, Wanted, area_of, days_in_force, filled};

use super::api::{HouseholdInput, HouseholdProperties};

/// The table of versions.
pub const TABLE: Table = Table {
    name: "households",
    key: "household_id",
    columns: "scope_code, household_count, population_band, dwelling_kind, address, safe_place_id, safe_place_part, geom",
};

const COLUMNS: &str = "id, household_id, valid_from, valid_to, scope_code, household_count, population_band, dwelling_kind, \
                       address, safe_place_id, ST_AsBinary(geom) as shape, version";

/// A version of an address.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
#[expect(missing_docs, reason = "the columns are described in the database")]
pub struct Household {
    pub id: i64,
    pub household_id: i64,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub scope_code: i64,
    pub household_count: i32,
    pub population_band: String,
    pub dwelling_kind: String,
    pub address: String,
    pub safe_place_id: Option<i64>,
    pub shape: Vec<u8>,
    pub version: i32,
}

impl Household {
    /// An address before anything is said of it.
    pub fn new() -> Self {
        Self { household_count: 1, population_band: "p1_4".into(), dwelling_kind: "house".into(), ..Self::default() }
    }

    /// Where it is.
    pub fn place(&self) -> Result<Point> {
        point_from_wkb(&self.shape)
    }

    /// As the API shows it.
    pub fn feature(&self) -> Result<Feature<HouseholdProperties>> {
        let properties = HouseholdProperties {
            id: self.household_id.to_string(),
            household_count: self.household_count,
            population_band: self.population_band.clone(),
            dwelling_kind: self.dwelling_kind.clone(),
            address: filled(&self.address),
            cell_code: CellCode::from_i64(self.scope_code).map(|code| code.to_string()),
            area_code: area_of(self.scope_code).map(|code| code.to_string()),
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            version: self.version,
        };
        Ok(Feature::new(self.household_id.to_string(), Some(&Geometry::Point(self.place()?)), properties))
    }

    /// What an edit begins from.
    pub const fn held(&self) -> Held {
        Held { id: self.id, valid_from: self.valid_from, valid_to: self.valid_to, version: self.version }
    }

    /// Takes over what was sent; the names of what changed.
    pub fn take(&mut self, mut sent: HouseholdInput) -> Vec<&'static str> {
        let row = self;
        let mut changed = Vec::new();
        crate::rows::take!(changed, row, sent: household_count, population_band, dwelling_kind, address);
        changed
    }

    /// Refuses what may not be stored.
    pub async fn check(&self, transaction: &mut Scoped) -> Result<()> {
        let mut checks = Checks::default();
        checks.number("/properties/household_count", self.household_count, 0, 20_000);
        checks.listed(transaction, "/properties/population_band", "population_band", &self.population_band).await?;
        checks.listed(transaction, "/properties/dwelling_kind", "dwelling_kind", &self.dwelling_kind).await?;
        checks.text("/properties/address", &self.address, 120);
        checks.done()
    }
}

/// A page of households in the order of their keys.
pub async fn list(transaction: &mut Scoped, wanted: Wanted) -> Result<Page<Household>> {
    let sql = format!(
        "select {COLUMNS} from households
          where {} and scope_code >= $2 and scope_code < $3 and household_id > $4
            and ($5::bigint[] is null or household_id = any($5))
            and ($6::float8[] is null or ST_Intersects(geom, ST_MakeEnvelope($6[1], $6[2], $6[3], $6[4], 4326)))
          order by household_id limit $7",
        days_in_force()
    );
    let rows = sqlx::query_as(&sql)
        .bind(wanted.day)
        .bind(wanted.range.lo)
        .bind(wanted.range.hi)
        .bind(wanted.after)
        .bind(wanted.ids)
        .bind(wanted.frame)
        .bind(wanted.limit.fetch())
        .fetch_all(transaction.conn())
        .await?;
    Ok(Page::cut(rows, wanted.limit, |row: &Household| row.household_id))
}

/// The version of a day.
pub async fn find(transaction: &mut Scoped, household_id: i64, day: NaiveDate) -> Result<Household> {
    let sql = format!("select {COLUMNS} from households where {} and household_id = $2", days_in_force());
    let row = sqlx::query_as(&sql).bind(day).bind(household_id).fetch_optional(transaction.conn()).await?;
    row.ok_or_else(|| Error::NotFound { what: "household", id: household_id.to_string() })
}

/// Stores a new address from today on; its key.
pub async fn insert(transaction: &mut Scoped, row: &Household, today: NaiveDate) -> Result<i64> {
    let sql = "insert into households (valid_from, scope_code, household_count, population_band, dwelling_kind, address, safe_place_id, safe_place_part, geom)
               values ($1, $2, $3, $4, $5, $6, $7, case when $7::bigint is null then 'none' else 'joined' end, ST_GeomFromWKB($8, 4326)) returning household_id";
    Ok(sqlx::query_scalar(sql)
        .bind(today)
        .bind(row.scope_code)
        .bind(row.household_count)
        .bind(&row.population_band)
        .bind(&row.dwelling_kind)
        .bind(&row.address)
        .bind(row.safe_place_id)
        .bind(&row.shape)
        .fetch_one(transaction.conn())
        .await?)
}

/// Writes a changed row, as a new version where the stored one is older than today.
pub async fn update(transaction: &mut Scoped, row: &Household, today: NaiveDate) -> Result<()> {
    let id = TABLE.begin(transaction, row.held(), today).await?;
    let sql = "update households set scope_code = $2, household_count = $3, population_band = $4, dwelling_kind = $5, address = $6,
                      safe_place_id = $7, safe_place_part = case when safe_place_part = 'none' and $7::bigint is not null then 'joined' else safe_place_part end,
                      geom = ST_GeomFromWKB($8, 4326) where id = $1";
    sqlx::query(sql)
        .bind(id)
        .bind(row.scope_code)
        .bind(row.household_count)
        .bind(&row.population_band)
        .bind(&row.dwelling_kind)
        .bind(&row.address)
        .bind(row.safe_place_id)
        .bind(&row.shape)
        .execute(transaction.conn())
        .await?;
    Ok(())
}
