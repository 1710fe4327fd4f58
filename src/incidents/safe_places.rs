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
use crate::privacy::safe_places::{Address, Fixed, Home, MIN_ADDRESSES, Part, fixed_kind, group, nearest, seed_for, shown_at};

/// A safe place that takes new cases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafePlace {
    /// Key of the row.
    pub id: i64,
    /// Where.
    pub at: Point,
    /// Whether it is that of a group of addresses.
    pub is_group: bool,
}

/// The nearest of some safe places.
pub fn nearest_of(places: &[SafePlace], at: Point) -> Option<SafePlace> {
    let spots: Vec<(f64, f64)> = places.iter().map(|place| (place.at.x(), place.at.y())).collect();
    nearest(&spots, (at.x(), at.y())).map(|i| places[i])
}

/// The safe places of a cell that take new cases, made where it has none.
///
/// The groups of the cell, which addresses that never were in one join now; where there are none and eight addresses were
/// never in one, these are grouped now. Else the fixed point of the cell, or of its village where one to seven addresses are known. Empty for a cell not in force.
/// Needs the rights to see the cell and its addresses, and to write cases or addresses there.
pub async fn ensure_for_cell(transaction: &mut Scoped, cell_code: i64, today: NaiveDate) -> Result<Vec<SafePlace>> {
    sqlx::query("select pg_advisory_xact_lock(7202, hashint8($1))").bind(cell_code).execute(transaction.conn()).await?;
    let groups = open_places(transaction, cell_code, "group").await?;
    let (fresh, known) = addresses(transaction, cell_code, today).await?;
    if !groups.is_empty() {
        join_all(transaction, &groups, &fresh).await?;
        return Ok(groups);
    }
    let Some(cell) = cell_of(transaction, cell_code, today).await? else { return Ok(Vec::new()) };
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

/// Where a new case at a place is shown: in its cell as [`shown_at`] says, or at the village's point where no cell holds it;
/// none outside every village.
pub async fn for_place(transaction: &mut Scoped, scope_code: i64, at: Point, today: NaiveDate) -> Result<Option<SafePlace>> {
    if scope_code % 1000 == 0 {
        return if scope_code % 1_000_000 == 0 { Ok(None) } else { village_place(transaction, scope_code, 0).await };
    }
    let places = ensure_for_cell(transaction, scope_code, today).await?;
    let homes = homes(transaction, scope_code, today).await?;
    if places.iter().all(|place| !place.is_group) {
        // the fixed point of the cell, or the village's
        return Ok(nearest_of(&places, at));
    }
    match shown_at(&homes, (at.x(), at.y())).and_then(|group| places.iter().find(|place| place.id == group)) {
        Some(place) => Ok(Some(*place)),
        None => village_place(transaction, scope_code - scope_code % 1000, homes.len()).await,
    }
}

/// Addresses of the cell, with the open group of the cell that each is in.
async fn homes(transaction: &mut Scoped, cell_code: i64, today: NaiveDate) -> Result<Vec<Home>> {
    let sql = "select ST_X(h.geom), ST_Y(h.geom), h.safe_place_part, s.id
                 from households h
                 left join safe_places s on s.id = h.safe_place_id and s.kind = 'group' and s.open and s.cell_code = $2 and h.safe_place_part in ('founder', 'joined')
                where h.scope_code = $2 and h.valid_from <= $1 and (h.valid_to is null or h.valid_to > $1) order by h.household_id";
    let rows: Vec<(f64, f64, String, Option<i64>)> = sqlx::query_as(sql).bind(today).bind(cell_code).fetch_all(transaction.conn()).await?;
    let home = |(lon, lat, part, group): (f64, f64, String, Option<i64>)| Home { place: (lon, lat), group, part: Part::from_name(&part) };
    Ok(rows.into_iter().map(home).collect())
}

/// The one safe place of a village, made where it has none; none where nothing is known of its shape.
pub async fn village_place(transaction: &mut Scoped, village_lo: i64, known: usize) -> Result<Option<SafePlace>> {
    let shape: Option<Vec<u8>> =
        sqlx::query_scalar!("select ST_AsBinary(geom) as \"wkb!\" from areas where code_lo = $1 and level = 12 and geom is not null", village_lo)
            .fetch_optional(transaction.conn())
            .await?;
    let inner = shape.as_deref().map(polygons).transpose()?.and_then(|shape| inner_point(&shape));
    let inner = inner.map(|at| to_wkb(&Geometry::Point(Point::new(at.lon, at.lat))));
    // Two statements: within one the point of a place just made would not be seen.
    let id: Option<i64> = sqlx::query_scalar!("select app.village_place($1, ST_GeomFromWKB($2, 4326), $3)", village_lo, inner, known as i32)
        .fetch_one(transaction.conn())
        .await?;
    let Some(id) = id else { return Ok(None) };
    let shape: Option<Vec<u8>> = sqlx::query_scalar!("select ST_AsBinary(app.safe_place_point($1))", id).fetch_one(transaction.conn()).await?;
    shape.map(|shape| Ok(SafePlace { id, at: point_from_wkb(&shape)?, is_group: false })).transpose()
}

/// A new address joins the nearest open group of its cell; none where the cell has no groups yet.
pub async fn join(transaction: &mut Scoped, scope_code: i64, at: Point) -> Result<Option<i64>> {
    let places = open_places(transaction, scope_code, "group").await?;
    Ok(nearest_of(&places, at).map(|place| place.id))
}

/// Addresses that never were in a group join the nearest of their cell: such as came when it had none.
async fn join_all(transaction: &mut Scoped, groups: &[SafePlace], fresh: &[Address]) -> Result<()> {
    let joined = fresh.iter().filter_map(|home| Some((home.key, nearest_of(groups, Point::new(home.place.0, home.place.1))?.id)));
    let (homes, ids): (Vec<i64>, Vec<i64>) = joined.unzip();
    if homes.is_empty() {
        return Ok(());
    }
    let sql = "update households h set safe_place_id = j.id, safe_place_part = 'joined' from unnest($1::bigint[], $2::bigint[]) as j (home, id)
                where h.household_id = j.home and h.valid_to is null and h.safe_place_part = 'none'";
    sqlx::query(sql).bind(homes).bind(ids).execute(transaction.conn()).await?;
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
    rows.into_iter().map(|(id, shape)| Ok(SafePlace { id, at: point_from_wkb(&shape)?, is_group: kind == "group" })).collect()
}

/// Addresses of the cell that were in no group yet, and how many it has in all.
async fn addresses(transaction: &mut Scoped, cell_code: i64, today: NaiveDate) -> Result<(Vec<Address>, usize)> {
    let sql = "select household_id, ST_X(geom), ST_Y(geom), safe_place_part = 'none' from households
                where scope_code = $2 and valid_from <= $1 and (valid_to is null or valid_to > $1) order by household_id";
    let rows: Vec<(i64, f64, f64, bool)> = sqlx::query_as(sql).bind(today).bind(cell_code).fetch_all(transaction.conn()).await?;
    let known = rows.len();
    let fresh = rows.into_iter().filter(|row| row.3).map(|(key, lon, lat, _)| Address { key, place: (lon, lat) }).collect();
    Ok((fresh, known))
}

async fn make_groups(transaction: &mut Scoped, cell: &CellNow, fresh: &[Address]) -> Result<Vec<SafePlace>> {
    let seed: f64 = sqlx::query_scalar!("select app.setting_number('safe_place_seed', 20160301) as \"seed!\"").fetch_one(transaction.conn()).await?;
    let inside = |(lon, lat): (f64, f64)| cell.shape.contains(&Point::new(lon, lat));
    let groups = group(fresh, MIN_ADDRESSES, seed_for(seed as u64, cell.code), Some(&inside));
    let mut places = Vec::with_capacity(groups.len());
    for made in groups {
        let at = Point::new(made.place.0, made.place.1);
        let id = insert(transaction, cell, "group", at, made.members.len()).await?;
        let members: Vec<i64> = made.members.iter().map(|&i| fresh[i].key).collect();
        sqlx::query!("update households set safe_place_id = $1, safe_place_part = 'founder' where household_id = any($2) and scope_code = $3 and valid_to is null", id, &members, cell.code)
            .execute(transaction.conn())
            .await?;
        places.push(SafePlace { id, at, is_group: true });
    }
    Ok(places)
}

async fn make_fixed(transaction: &mut Scoped, cell: &CellNow, known: usize) -> Result<Vec<SafePlace>> {
    let at = inner_point(&cell.shape).ok_or_else(|| Error::internal("find a point inside a cell")("the cell has no inside"))?;
    let at = Point::new(at.lon, at.lat);
    Ok(vec![SafePlace { id: insert(transaction, cell, "cell", at, known).await?, at, is_group: false }])
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
