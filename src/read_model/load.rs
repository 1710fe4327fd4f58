//! Reading layers: one SELECT each (`tiles/layers/*.sql`), the same for the whole layer and for the rows a change names.

use chrono::NaiveDate;
use futures::TryStreamExt as _;
use sqlx::PgConnection;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::points::Row;
use super::published::PublishedRow;
use super::rows::{self, Area, BaseFeature, Cell, Facility, Household, Incident};
use super::words::Lists;

const AREAS: &str = include_str!("../../tiles/layers/areas.sql");
const CELLS: &str = include_str!("../../tiles/layers/cells.sql");
const HOUSEHOLDS: &str = include_str!("../../tiles/layers/households.sql");
const FACILITIES: &str = include_str!("../../tiles/layers/facilities.sql");
const INCIDENTS: &str = include_str!("../../tiles/layers/incidents.sql");
const BASEMAP: &str = include_str!("../../tiles/layers/basemap.sql");
const PUBLISHED: &str = include_str!("../../tiles/layers/published.sql");
const TURNING: &str = include_str!("../../tiles/layers/turning.sql");

/// A table that the feed speaks of, by its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `areas`
    Areas = 1,
    /// `cells`
    Cells = 2,
    /// `households`
    Households = 3,
    /// `facilities`
    Facilities = 4,
    /// `incidents`
    Incidents = 5,
    /// `basemap_features`
    Basemap = 6,
    /// `published_table`
    Published = 7,
}

impl Table {
    /// All tables of the model.
    pub const ALL: [Self; 7] = [Self::Areas, Self::Cells, Self::Households, Self::Facilities, Self::Incidents, Self::Basemap, Self::Published];

    /// The table of this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|table| *table as i16 == number)
    }
}

/// Rows of one table.
#[derive(Debug)]
pub enum Rows {
    /// Of `areas`.
    Areas(Vec<Area>),
    /// Of `cells`.
    Cells(Vec<Cell>),
    /// Of `households`.
    Households(Vec<Row<Household>>),
    /// Of `facilities`.
    Facilities(Vec<Row<Facility>>),
    /// Of `incidents`.
    Incidents(Vec<Row<Incident>>),
    /// Of `basemap_features`.
    Basemap(Vec<BaseFeature>),
    /// Of `published_table`.
    Published(Vec<PublishedRow>),
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Areas(rows) => rows.len(),
            Self::Cells(rows) => rows.len(),
            Self::Households(rows) => rows.len(),
            Self::Facilities(rows) => rows.len(),
            Self::Incidents(rows) => rows.len(),
            Self::Basemap(rows) => rows.len(),
            Self::Published(rows) => rows.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a table as it is on `day`: the rows of these keys, or all.
pub(super) async fn read(conn: &mut PgConnection, table: Table, ids: Option<&[i64]>, day: NaiveDate, lists: &Lists) -> Result<Rows, sqlx::Error> {
    Ok(match table {
        Table::Areas => Rows::Areas(collect(conn, AREAS, ids, day, |row| rows::area(row, lists).map(Some)).await?),
        Table::Cells => Rows::Cells(collect(conn, CELLS, ids, day, |row| rows::cell(row, lists)).await?),
        Table::Households => Rows::Households(collect(conn, HOUSEHOLDS, ids, day, |row| rows::household(row, lists).map(Some)).await?),
        Table::Facilities => Rows::Facilities(collect(conn, FACILITIES, ids, day, |row| rows::facility(row, lists).map(Some)).await?),
        Table::Incidents => Rows::Incidents(collect(conn, INCIDENTS, ids, day, |row| rows::incident(row, lists).map(Some)).await?),
        Table::Basemap => Rows::Basemap(collect(conn, BASEMAP, ids, day, |row| rows::base_feature(row, lists)).await?),
        Table::Published => Rows::Published(collect(conn, PUBLISHED, ids, day, rows::published).await?),
    })
}

async fn collect<T>(
    conn: &mut PgConnection,
    statement: &'static str,
    ids: Option<&[i64]>,
    day: NaiveDate,
    each: impl Fn(&PgRow) -> Result<Option<T>, sqlx::Error>,
) -> Result<Vec<T>, sqlx::Error> {
    let mut found = Vec::new();
    let mut stream = sqlx::query(statement).bind(ids).bind(day).fetch(conn);
    while let Some(row) = stream.try_next().await? {
        found.extend(each(&row)?);
    }
    Ok(found)
}

/// Keys of the versions that begin or end after `from`, up to and with `to`.
pub(super) async fn turning(conn: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Result<Vec<(Table, i64)>, sqlx::Error> {
    let rows = sqlx::query(TURNING).bind(from).bind(to).fetch_all(conn).await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(table) = Table::from_number(row.try_get(0)?) {
            keys.push((table, row.try_get(1)?));
        }
    }
    Ok(keys)
}

/// Fills the code lists, so that a filter knows a code before the first row bears it.
pub(super) async fn code_lists(conn: &mut PgConnection, lists: &Lists) -> Result<(), sqlx::Error> {
    for row in sqlx::query("select list, code from code_values order by list, position").fetch_all(&mut *conn).await? {
        if let Some(words) = lists.named(row.try_get(0)?) {
            words.number(row.try_get(1)?);
        }
    }
    for row in sqlx::query("select code, category_group, sensitive from incident_categories order by code").fetch_all(&mut *conn).await? {
        lists.category.number(row.try_get(0)?);
        let group = lists.category_group.number(row.try_get(1)?);
        if row.try_get(2)? {
            lists.mark_sensitive(group);
        }
    }
    for row in sqlx::query("select code from facility_kinds order by code").fetch_all(conn).await? {
        lists.facility_kind.number(row.try_get(0)?);
    }
    Ok(())
}
