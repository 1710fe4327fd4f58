//! Safe places in SQL: made at the first need, never moved, closed when they stand for too few.
//!
//! The rules are `privacy::safe_places`'; here they meet rows. A cell is dealt with under a lock of its own, so that
//! two first cases do not group its addresses twice.

use chrono::NaiveDate;
use geo::Contains;
use geo_types::{Geometry, MultiPolygon, Point};

use crate::db::{Scoped, point_from_wkb, to_wkb, wkb_to_geometry};
use crate::error::{Error, Result};
use crate::geom::inner_point;
use crate::privacy::safe_places::{Address, Fixed, MIN_ADDRESSES, fixed_kind, group, nearest, seed_for};

/// A safe place that takes new cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafePlace {
    /// Key of the row.
    pub id: i64,
    /// Where.
    pub at: Point,
}

/// The nearest of some safe places.
pub fn nearest_of(places: &[SafePlace], at: Point) -> Option<SafePlace> {
    let spots: Vec<(f64, f64)> = places.iter().map(|place| (place.at.x(), place.at.y())).collect();
    nearest(&spots, (at.x(), at.y())).map(|i| places[i])
}

/// The safe places of a cell that take new cases, made where it has none.
///
/// The groups of the cell; where there are none and eight addresses were never in one, these are grouped now. Else the
/// fixed point of the cell, or of its village where one to seven addresses are known. Empty for a cell not in force.
/// Needs the rights to see the cell and its addresses, and to write cases or addresses there.
pub async fn ensure_for_cell(transaction: &mut Scoped, cell_code: i64, today: NaiveDate) -> Result<Vec<SafePlace>> {
    sqlx::query("select pg_advisory_xact_lock(7202, hashint8($1))").bind(cell_code).execute(transaction.conn()).await?;
    let groups = open_places(transaction, cell_code, "group").await?;
    if !groups.is_empty() {
        return Ok(groups);
    }
    let Some(cell) = cell_of(transaction, cell_code, today).await? else { return Ok(Vec::new()) };
    let (fresh, known) = addresses(transaction, cell_code, today).await?;
    if fresh.len() >= MIN_ADDRESSES {
        return make_groups(transaction, &cell, &fresh).await;
    }
    // Eight addresses that were in other groups before stay out of new ones: the village stands for them.
    match fixed_kind(known).unwrap_or(Fixed::Village) {
        Fixed::Cell => {
            let own = open_places(transaction, cell_code, "cell").await?;
            if own.is_empty() { make_fixed(transaction, &cell, known).await } else { Ok(own) }
        }
        Fixed::Village => Ok(village_place(transaction, cell_code - cell_code % 1000, known).await?.into_iter().collect()),
    }
}

/// Where a new case at a place is shown: the nearest safe place of its cell, or the village's where no cell holds it;
/// none outside every village.
pub async fn for_place(transaction: &mut Scoped, scope_code: i64, at: Point, today: NaiveDate) -> Result<Option<SafePlace>> {
    if scope_code % 1000 != 0 {
        return Ok(nearest_of(&ensure_for_cell(transaction, scope_code, today).await?, at));
    }
    if scope_code % 1_000_000 != 0 { village_place(transaction, scope_code, 0).await } else { Ok(None) }
}

/// The one safe place of a village, made where it has none; none where nothing is known of its shape.
pub async fn village_place(transaction: &mut Scoped, village_lo: i64, known: usize) -> Result<Option<SafePlace>> {
    let shape: Option<Vec<u8>> = sqlx::query_scalar("select ST_AsBinary(geom) from areas where code_lo = $1 and level = 12 and geom is not null")
        .bind(village_lo)
        .fetch_optional(transaction.conn())
        .await?;
    let inner = shape.as_deref().map(polygons).transpose()?.and_then(|shape| inner_point(&shape));
    let inner = inner.map(|at| to_wkb(&Geometry::Point(Point::new(at.lon, at.lat))));
    let row: Option<(Option<i64>, Option<Vec<u8>>)> = sqlx::query_as(
        "select p.id, ST_AsBinary(app.safe_place_point(p.id)) from (select app.village_place($1, ST_GeomFromWKB($2, 4326), $3) as id) p",
    )
    .bind(village_lo)
    .bind(inner)
    .bind(known as i32)
    .fetch_optional(transaction.conn())
    .await?;
    match row {
        Some((Some(id), Some(shape))) => Ok(Some(SafePlace { id, at: point_from_wkb(&shape)? })),
        _ => Ok(None),
    }
}

/// A new address joins the nearest open group of its cell; none where the cell has no groups yet.
pub async fn join(transaction: &mut Scoped, scope_code: i64, at: Point) -> Result<Option<i64>> {
    let places = open_places(transaction, scope_code, "group").await?;
    let Some(place) = nearest_of(&places, at) else { return Ok(None) };
    let counted = "update safe_places set address_count = address_count + 1 where id = $1";
    sqlx::query(counted).bind(place.id).execute(transaction.conn()).await?;
    Ok(Some(place.id))
}

/// An address leaves its group, which takes no new cases once it stands for too few.
pub async fn leave(transaction: &mut Scoped, safe_place_id: Option<i64>) -> Result<()> {
    let Some(id) = safe_place_id else { return Ok(()) };
    let counted = "update safe_places set address_count = greatest(address_count - 1, 0), open = open and address_count - 1 >= $2 where id = $1";
    sqlx::query(counted).bind(id).bind(MIN_ADDRESSES as i32).execute(transaction.conn()).await?;
    Ok(())
}

struct CellNow {
    code: i64,
    valid_from: NaiveDate,
    shape: MultiPolygon,
}

async fn cell_of(transaction: &mut Scoped, cell_code: i64, today: NaiveDate) -> Result<Option<CellNow>> {
    let sql = "select valid_from, ST_AsBinary(geom) from cells where code = $2 and valid_from <= $1 and (valid_to is null or valid_to > $1)";
    let row: Option<(NaiveDate, Vec<u8>)> = sqlx::query_as(sql).bind(today).bind(cell_code).fetch_optional(transaction.conn()).await?;
    row.map(|(valid_from, shape)| Ok(CellNow { code: cell_code, valid_from, shape: polygons(&shape)? })).transpose()
}

async fn open_places(transaction: &mut Scoped, cell_code: i64, kind: &str) -> Result<Vec<SafePlace>> {
    let sql = "select id, ST_AsBinary(geom) from safe_places where scope_code = $1 and cell_code = $1 and kind = $2 and open order by id";
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(sql).bind(cell_code).bind(kind).fetch_all(transaction.conn()).await?;
    rows.into_iter().map(|(id, shape)| Ok(SafePlace { id, at: point_from_wkb(&shape)? })).collect()
}

/// Addresses of the cell that were in no group yet, and how many it has in all.
async fn addresses(transaction: &mut Scoped, cell_code: i64, today: NaiveDate) -> Result<(Vec<Address>, usize)> {
    let sql = "select household_id, ST_X(geom), ST_Y(geom), safe_place_id is null from households
                where scope_code = $2 and valid_from <= $1 and (valid_to is null or valid_to > $1) order by household_id";
    let rows: Vec<(i64, f64, f64, bool)> = sqlx::query_as(sql).bind(today).bind(cell_code).fetch_all(transaction.conn()).await?;
    let known = rows.len();
    let fresh = rows.into_iter().filter(|row| row.3).map(|(key, lon, lat, _)| Address { key, place: (lon, lat) }).collect();
    Ok((fresh, known))
}

async fn make_groups(transaction: &mut Scoped, cell: &CellNow, fresh: &[Address]) -> Result<Vec<SafePlace>> {
    let seed: f64 = sqlx::query_scalar("select app.setting_number('safe_place_seed', 20160301)").fetch_one(transaction.conn()).await?;
    let inside = |(lon, lat): (f64, f64)| cell.shape.contains(&Point::new(lon, lat));
    let groups = group(fresh, MIN_ADDRESSES, seed_for(seed as u64, cell.code), Some(&inside));
    let mut places = Vec::with_capacity(groups.len());
    for made in groups {
        let at = Point::new(made.place.0, made.place.1);
        let id = insert(transaction, cell, "group", at, made.members.len()).await?;
        let members: Vec<i64> = made.members.iter().map(|&i| fresh[i].key).collect();
        sqlx::query("update households set safe_place_id = $1 where household_id = any($2) and scope_code = $3 and valid_to is null")
            .bind(id)
            .bind(members)
            .bind(cell.code)
            .execute(transaction.conn())
            .await?;
        places.push(SafePlace { id, at });
    }
    Ok(places)
}

async fn make_fixed(transaction: &mut Scoped, cell: &CellNow, known: usize) -> Result<Vec<SafePlace>> {
    let at = inner_point(&cell.shape).ok_or_else(|| Error::internal("find a point inside a cell")("the cell has no inside"))?;
    let at = Point::new(at.lon, at.lat);
    Ok(vec![SafePlace { id: insert(transaction, cell, "cell", at, known).await?, at }])
}

async fn insert(transaction: &mut Scoped, cell: &CellNow, kind: &str, at: Point, count: usize) -> Result<i64> {
    let sql = "insert into safe_places (cell_code, cell_valid_from, village_lo, kind, geom, address_count, scope_code)
               values ($1, $2, $3, $4, ST_GeomFromWKB($5, 4326), $6, $1) returning id";
    Ok(sqlx::query_scalar(sql)
        .bind(cell.code)
        .bind(cell.valid_from)
        .bind(cell.code - cell.code % 1000)
        .bind(kind)
        .bind(to_wkb(&Geometry::Point(at)))
        .bind(count as i32)
        .fetch_one(transaction.conn())
        .await?)
}

fn polygons(shape: &[u8]) -> Result<MultiPolygon> {
    match wkb_to_geometry(shape)? {
        Geometry::MultiPolygon(shape) => Ok(shape),
        Geometry::Polygon(shape) => Ok(MultiPolygon(vec![shape])),
        _ => Err(Error::internal("read a stored shape")("another geometry is stored")),
    }
}
