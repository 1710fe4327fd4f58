//! Safe places as rows: groups of addresses for newcomers, and the point at which a case is shown.
//!
//! `privacy::safe_places` decides; this room asks and stores. A place once made never moves: newcomers join the nearest
//! open group of their cell, a cell without groups is grouped once it has enough addresses.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use geo_types::MultiPolygon;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{chunks, define, stage};
use crate::db::{Scoped, wkb_to_geometry};
use crate::error::Result;
use crate::geom::{LonLat, PointLocator, inner_point};
use crate::privacy::safe_places::{self, Address, Home, Part, Place};

/// How addresses are grouped; from `settings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Fewest addresses of a group.
    pub min: usize,
    /// Seed of the grouping.
    pub seed: u64,
}

impl Rule {
    /// Reads the settings; never fewer than eight addresses.
    pub async fn read(scoped: &mut Scoped) -> Result<Self> {
        let (min, seed): (f64, f64) =
            sqlx::query_as("select app.setting_number('safe_place_min_addresses', 8), app.setting_number('safe_place_seed', 20160301)")
                .fetch_one(scoped.conn())
                .await?;
        Ok(Self { min: (min as usize).max(safe_places::MIN_ADDRESSES), seed: seed as u64 })
    }
}

/// An address that has no group yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newcomer {
    /// Its row in the stage.
    pub n: i64,
    /// Its cell.
    pub cell: i64,
    /// Where it is.
    pub at: Place,
}

/// One resident of a cell that is to be grouped.
#[derive(Debug, Clone, Copy)]
struct Resident {
    /// Row of the stage, or minus the key of a stored household.
    key: i64,
    at: Place,
}

/// A group that was made.
struct Made {
    cell: i64,
    place: Place,
    members: Vec<i64>,
}

/// An address with the group it is in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Housed {
    /// Row of the stage, or minus the key of a stored household.
    pub key: i64,
    /// The group.
    pub place: i64,
    /// `founder` or `joined`.
    pub part: &'static str,
}

/// An open group: its row and where it stands.
pub type OpenGroup = (i64, Place);

/// Gives newcomers their groups; returns those of the stage. Addresses of cells with too few get none.
///
/// Stored addresses without a group are grouped along where their cell gets its first groups.
pub async fn house(scoped: &mut Scoped, rule: Rule, newcomers: Vec<Newcomer>) -> Result<Vec<Housed>> {
    let mut by_cell: BTreeMap<i64, Vec<Resident>> = BTreeMap::new();
    for newcomer in newcomers {
        by_cell.entry(newcomer.cell).or_default().push(Resident { key: newcomer.n, at: newcomer.at });
    }
    let cells: Vec<i64> = by_cell.keys().copied().collect();
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    let open = open_groups(scoped, &cells).await?;
    let without: Vec<(i64, i64, f64, f64)> = sqlx::query_as(
        "select id, scope_code, ST_X(geom), ST_Y(geom) from households
          where valid_to is null and safe_place_part = 'none' and scope_code = any($1)
            and not exists (select 1 from import_diff d where d.id = households.id and d.changed)",
    )
    .bind(&cells)
    .fetch_all(scoped.conn())
    .await?;
    for (id, cell, x, y) in without {
        by_cell.entry(cell).or_default().push(Resident { key: -id, at: (x, y) });
    }
    let mut housed: Vec<Housed> = Vec::new();
    let mut to_group = Vec::new();
    for (cell, residents) in by_cell {
        let Some(groups) = open.get(&cell) else {
            to_group.push((cell, residents));
            continue;
        };
        let places: Vec<Place> = groups.iter().map(|group| group.1).collect();
        for resident in residents {
            if let Some(at) = safe_places::nearest(&places, resident.at) {
                housed.push(Housed { key: resident.key, place: groups[at].0, part: "joined" });
            }
        }
    }
    let shapes = shapes(scoped, &to_group.iter().map(|(cell, _)| *cell).collect::<Vec<_>>()).await?;
    let made: Vec<Made> = to_group.par_iter().flat_map_iter(|(cell, residents)| divide(*cell, residents, rule, shapes.get(cell))).collect();
    housed.extend(found(scoped, made).await?);
    let (stored, staged): (Vec<_>, Vec<_>) = housed.into_iter().partition(|housed| housed.key < 0);
    settle_stored(scoped, stored).await?;
    Ok(staged)
}

/// The open groups of the cells.
pub async fn open_groups(scoped: &mut Scoped, cells: &[i64]) -> Result<FxHashMap<i64, Vec<OpenGroup>>> {
    let mut rows = sqlx::query_as::<_, (i64, i64, f64, f64)>(
        "select cell_code, id, ST_X(geom), ST_Y(geom) from safe_places
          where kind = 'group' and open and scope_code = any($1) order by id",
    )
    .bind(cells)
    .fetch(scoped.conn());
    let mut groups: FxHashMap<i64, Vec<OpenGroup>> = FxHashMap::default();
    while let Some((cell, id, x, y)) = rows.try_next().await? {
        groups.entry(cell).or_default().push((id, (x, y)));
    }
    Ok(groups)
}

async fn shapes(scoped: &mut Scoped, cells: &[i64]) -> Result<FxHashMap<i64, MultiPolygon>> {
    let mut rows = sqlx::query_as::<_, (i64, Vec<u8>)>("select code, ST_AsBinary(geom) from cells where valid_to is null and code = any($1)")
        .bind(cells)
        .fetch(scoped.conn());
    let mut shapes = FxHashMap::default();
    while let Some((code, bytes)) = rows.try_next().await? {
        if let Ok(shape) = MultiPolygon::try_from(wkb_to_geometry(&bytes)?) {
            shapes.insert(code, shape);
        }
    }
    Ok(shapes)
}

fn divide(cell: i64, residents: &[Resident], rule: Rule, shape: Option<&MultiPolygon>) -> Vec<Made> {
    let addresses: Vec<Address> = residents.iter().map(|resident| Address { key: resident.key, place: resident.at }).collect();
    let locator = shape.map(|shape| PointLocator::new([((), shape)]));
    let inside = |place: Place| locator.as_ref().is_none_or(|locator| locator.locate(LonLat::new(place.0, place.1)).is_some());
    let groups = safe_places::group(&addresses, rule.min, safe_places::seed_for(rule.seed, cell), Some(&inside));
    let made = |group: safe_places::Group| Made { cell, place: group.place, members: group.members.iter().map(|&at| residents[at].key).collect() };
    groups.into_iter().map(made).collect()
}

/// Stores groups; returns their founders.
async fn found(scoped: &mut Scoped, made: Vec<Made>) -> Result<Vec<Housed>> {
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, Place, usize)> = made.iter().map(|group| (group.cell, group.place, group.members.len())).collect();
    let rows = chunks(rows.into_iter().enumerate(), |lines, (n, (cell, place, count))| {
        lines.plain(n);
        lines.plain(cell);
        lines.plain(place.0);
        lines.plain(place.1);
        lines.plain(count);
    });
    stage(scoped, "import_groups", "n bigint, cell bigint, x double precision, y double precision, members integer", rows).await?;
    let stored: Vec<(i64, i64, f64, f64)> = sqlx::query_as(
        "insert into safe_places (cell_code, cell_valid_from, village_lo, kind, geom, address_count, scope_code)
         select g.cell, (select max(c.valid_from) from cells c where c.code = g.cell), g.cell - g.cell % 1000, 'group',
                ST_SetSRID(ST_MakePoint(g.x, g.y), 4326), g.members, g.cell
           from import_groups g order by g.n
         returning id, cell_code, ST_X(geom), ST_Y(geom)",
    )
    .fetch_all(scoped.conn())
    .await?;
    // Found again by cell and place, not by the order of the answer, which nothing promises.
    let mut ids: FxHashMap<(i64, u64, u64), Vec<i64>> = FxHashMap::default();
    for (id, cell, x, y) in stored {
        ids.entry((cell, x.to_bits(), y.to_bits())).or_default().push(id);
    }
    let mut housed = Vec::new();
    for group in made {
        let key = (group.cell, group.place.0.to_bits(), group.place.1.to_bits());
        if let Some(id) = ids.get_mut(&key).and_then(Vec::pop) {
            housed.extend(group.members.into_iter().map(|key| Housed { key, place: id, part: "founder" }));
        }
    }
    Ok(housed)
}

async fn settle_stored(scoped: &mut Scoped, stored: Vec<Housed>) -> Result<()> {
    if stored.is_empty() {
        return Ok(());
    }
    let rows = chunks(stored, |lines, housed: Housed| {
        lines.plain(-housed.key);
        lines.plain(housed.place);
        lines.text(housed.part);
    });
    stage(scoped, "import_settled", "id bigint, place bigint, part text", rows).await?;
    define(scoped, "update households h set safe_place_id = s.place, safe_place_part = s.part from import_settled s where h.id = s.id").await
}

/// Addresses of cells that have open groups, with the one each is in. Those that never were in one join the nearest now.
async fn homes(scoped: &mut Scoped, groups: &FxHashMap<i64, Vec<OpenGroup>>) -> Result<FxHashMap<i64, Vec<Home>>> {
    let cells: Vec<i64> = groups.keys().copied().collect();
    let mut rows = sqlx::query_as::<_, (i64, i64, f64, f64, String, Option<i64>)>(
        "select h.id, h.scope_code, ST_X(h.geom), ST_Y(h.geom), h.safe_place_part, s.id
           from households h
           left join safe_places s on s.id = h.safe_place_id and s.kind = 'group' and s.open and s.cell_code = h.scope_code
                                  and h.safe_place_part in ('founder', 'joined')
          where h.valid_to is null and h.scope_code = any($1) order by h.id",
    )
    .bind(&cells)
    .fetch(scoped.conn());
    let mut homes: FxHashMap<i64, Vec<Home>> = FxHashMap::default();
    let mut joining = Vec::new();
    while let Some((id, cell, x, y, part, group)) = rows.try_next().await? {
        let mut home = Home { place: (x, y), group, part: Part::from_name(&part) };
        if let (Part::Never, Some(open)) = (home.part, groups.get(&cell)) {
            let places: Vec<Place> = open.iter().map(|group| group.1).collect();
            if let Some(at) = safe_places::nearest(&places, home.place) {
                (home.group, home.part) = (Some(open[at].0), Part::Joined);
                joining.push(Housed { key: -id, place: open[at].0, part: "joined" });
            }
        }
        homes.entry(cell).or_default().push(home);
    }
    drop(rows);
    settle_stored(scoped, joining).await?;
    Ok(homes)
}

/// Says for each new row of `import_incidents` where it is shown: `import_shown` (n, safe_place_id).
///
/// In a cell with groups as `privacy::safe_places::shown_at` says, or at the village's point; in a cell without groups at its
/// own fixed point, or the village's where it has a few addresses; in a village at its fixed point; wider, or without a
/// place, nowhere.
pub(super) async fn show(scoped: &mut Scoped) -> Result<()> {
    let cases: Vec<(i64, i64, f64, f64)> = sqlx::query_as(
        "select s.n, s.scope_code, ST_X(s.geom), ST_Y(s.geom) from import_diff d join import_incidents s using (n)
          where d.id is null and s.geom is not null",
    )
    .fetch_all(scoped.conn())
    .await?;
    let mut cells: Vec<i64> = cases.iter().map(|case| case.1).filter(|scope| scope % 1000 != 0).collect();
    cells.sort_unstable();
    cells.dedup();
    let groups = open_groups(scoped, &cells).await?;
    let bare: Vec<i64> = cells.iter().copied().filter(|cell| !groups.contains_key(cell)).collect();
    let few: Vec<i64> = sqlx::query_scalar("select distinct scope_code from households where valid_to is null and scope_code = any($1)")
        .bind(&bare)
        .fetch_all(scoped.conn())
        .await?;
    let mut fixed: BTreeMap<i64, i64> = BTreeMap::new();
    let spot = |scope: i64| if few.contains(&scope) { scope - scope % 1000 } else { scope };
    let mut wanted: Vec<i64> = bare.iter().map(|&cell| spot(cell)).collect();
    let is_village = |scope: i64| scope % 1000 == 0 && scope % 1_000_000 != 0;
    wanted.extend(cases.iter().map(|case| case.1).filter(|&scope| is_village(scope)));
    wanted.sort_unstable();
    wanted.dedup();
    for scope in wanted {
        if let Some(id) = fixed_place(scoped, scope).await? {
            fixed.insert(scope, id);
        }
    }
    let homes = homes(scoped, &groups).await?;
    let mut shown: Vec<(i64, i64)> = Vec::with_capacity(cases.len());
    for (n, scope, x, y) in cases {
        let place = match groups.get(&scope) {
            Some(_) => match homes.get(&scope).and_then(|homes| safe_places::shown_at(homes, (x, y))) {
                Some(group) => Some(group),
                None => village_point(scoped, &mut fixed, scope - scope % 1000).await?,
            },
            None => fixed.get(&spot(scope)).copied(),
        };
        shown.extend(place.map(|place| (n, place)));
    }
    let rows = chunks(shown, |lines, (n, place): (i64, i64)| {
        lines.plain(n);
        lines.plain(place);
    });
    stage(scoped, "import_shown", "n bigint, safe_place_id bigint", rows).await?;
    Ok(())
}

/// The village's point, looked up once.
async fn village_point(scoped: &mut Scoped, fixed: &mut BTreeMap<i64, i64>, village: i64) -> Result<Option<i64>> {
    if let Some(&id) = fixed.get(&village) {
        return Ok(Some(id));
    }
    let found = fixed_place(scoped, village).await?;
    fixed.extend(found.map(|id| (village, id)));
    Ok(found)
}

/// The fixed point of a cell or a village, made where there is none yet. `None` where no shape is known.
pub async fn fixed_place(scoped: &mut Scoped, scope: i64) -> Result<Option<i64>> {
    let kind = if scope % 1000 == 0 { "village" } else { "cell" };
    let stored: Option<i64> = sqlx::query_scalar("select id from safe_places where scope_code = $1 and kind = $2 and open order by id limit 1")
        .bind(scope)
        .bind(kind)
        .fetch_optional(scoped.conn())
        .await?;
    if stored.is_some() {
        return Ok(stored);
    }
    // A village that has no polygon is shown in the widest of its cells.
    let shape: Option<Vec<u8>> = if kind == "cell" {
        sqlx::query_scalar("select ST_AsBinary(geom) from cells where code = $1 order by valid_from desc limit 1")
    } else {
        sqlx::query_scalar(
            "select coalesce((select ST_AsBinary(geom) from areas where code_lo = $1 and level = 12),
                             (select ST_AsBinary(geom) from cells where code > $1 and code < $1 + 1000 and valid_to is null order by area_m2 desc limit 1))",
        )
    }
    .bind(scope)
    .fetch_optional(scoped.conn())
    .await?
    .flatten();
    let Some(bytes) = shape else { return Ok(None) };
    let Some(place) = MultiPolygon::try_from(wkb_to_geometry(&bytes)?).ok().and_then(|shape| inner_point(&shape)) else { return Ok(None) };
    let id: i64 = sqlx::query_scalar(
        "insert into safe_places (cell_code, cell_valid_from, village_lo, kind, geom, address_count, scope_code)
         values (case when $2 = 'cell' then $1 end, case when $2 = 'cell' then (select max(valid_from) from cells where code = $1) end,
                 $1 - $1 % 1000, $2, ST_SetSRID(ST_MakePoint($3, $4), 4326), 0, $1)
         returning id",
    )
    .bind(scope)
    .bind(kind)
    .bind(place.lon)
    .bind(place.lat)
    .fetch_one(scoped.conn())
    .await?;
    Ok(Some(id))
}
