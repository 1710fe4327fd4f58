//! Heat over an invented city in memory: the same density at every zoom, no seam, sums, filters, rates, sizes, published bins.

use std::sync::Arc;

use maplebridge::codes::{CodeRange, Scope};
use maplebridge::mvt::{TileId, World};
use maplebridge::read_model::{Household, Incident, Lists, Model, Points, Reader, Row};
use maplebridge::tiles::{Filter, MOST_BYTES, encode, parse};

use crate::feed_support::Dice;
use crate::heat_support::{Drawn, Heat, incident, own, place_in, tile, tiles_over};

/// Some 20 × 20 km.
const CITY: [f64; 4] = [120.1, 29.3, 120.3, 29.48];
const FIRST_DAY: i32 = 739_000;

fn share(dice: &mut Dice) -> f64 {
    f64::from(dice.roll(1 << 30)) / f64::from(1 << 30)
}

fn cases() -> Reader {
    Reader { map: Scope::everything(), cases: Scope::everything(), ..Reader::default() }
}

type Query<'a> = &'a [(&'a str, &'a str)];
type Passes<'a> = &'a dyn Fn(&Incident) -> bool;

fn filter(model: &Model, reader: &Reader, query: Query<'_>) -> Filter {
    Filter::parse(query.iter().copied(), &model.lists, reader).unwrap()
}

/// 6,000 incidents at 900 safe places, two in three in five quarters; scopes are of two townships, west and east.
fn city() -> Model {
    let lists = Lists::default();
    for code in ["01", "02", "03"] {
        lists.category.number(code);
        lists.source.number(code);
        lists.state.number(code);
    }
    let mut dice = Dice(41);
    let [west, south, east, north] = CITY;
    let around = |dice: &mut Dice, at: (f64, f64), spread: f64| {
        let mut step = || (share(dice) + share(dice) + share(dice) - 1.5) * spread;
        (at.0 + step(), at.1 + step())
    };
    let quarters: Vec<(f64, f64)> =
        (0..5).map(|_| (west + 0.03 + share(&mut dice) * (east - west - 0.06), south + 0.03 + share(&mut dice) * (north - south - 0.06))).collect();
    let places: Vec<(f64, f64)> = (0..900)
        .map(|n| match n % 3 {
            0 => (west + share(&mut dice) * (east - west), south + share(&mut dice) * (north - south)),
            _ => around(&mut dice, quarters[n % 5], 0.02),
        })
        .collect();
    let rows = (0..6_000).map(|id| {
        let place = places[dice.roll(900) as usize];
        let attributes = Incident {
            unit_id: i64::from(dice.roll(4)),
            occurred_day: FIRST_DAY + dice.roll(365) as i32,
            category: dice.roll(3) as u16,
            source: dice.roll(3) as u16,
            state: dice.roll(3) as u16,
            risk_level: 0,
        };
        let scope = if place.0 < 120.2 { 990_321_001_001_001 } else { 990_321_002_001_001 };
        incident(id, place.0, place.1, scope, attributes)
    });
    let mut model = Model::empty(chrono::NaiveDate::default(), Arc::new(lists));
    model.incidents = Points::new(rows.collect());
    model
}

/// Positions drawn once and for all, more of them where incidents are.
fn fixed_points(model: &Model) -> Vec<World> {
    let mut dice = Dice(7);
    let [west, south, east, north] = CITY;
    let rows: Vec<World> = model.incidents.rows().map(|row| row.at).collect();
    let anywhere = |dice: &mut Dice| World::from_lon_lat(west + share(dice) * (east - west), south + share(dice) * (north - south));
    let near_one = |dice: &mut Dice| {
        let [lon, lat] = rows[dice.roll(rows.len() as u32) as usize].to_lon_lat();
        World::from_lon_lat(lon + 0.01 * (share(dice) - 0.5), lat + 0.01 * (share(dice) - 0.5))
    };
    (0..1_000).map(|n| if n % 2 == 0 { anywhere(&mut dice) } else { near_one(&mut dice) }).collect()
}

#[test]
fn at_a_thousand_fixed_points_the_density_is_in_the_same_class_at_every_zoom_from_9_to_16() {
    let (model, drawn) = (city(), Drawn::of_style());
    let points = fixed_points(&model);
    let mut classes: Vec<Vec<usize>> = vec![Vec::new(); points.len()];
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); points.len()];
    for z in 9..=16 {
        let mut known: std::collections::BTreeMap<TileId, Heat> = std::collections::BTreeMap::new();
        for (i, &at) in points.iter().enumerate() {
            let holding = TileId::holding(z, at);
            let heat = known.entry(holding).or_insert_with(|| tile(&model, holding, &Filter::default(), &cases()));
            let value = drawn.value(heat, z, place_in(holding, at));
            values[i].push(value);
            classes[i].push(drawn.class(value));
        }
    }
    let same = classes.iter().filter(|of| of.iter().all(|class| class == &of[0])).count();
    let used: std::collections::BTreeSet<usize> = classes.iter().flatten().copied().collect();
    assert_eq!(used, (0..=5).collect(), "the points fall into every class");
    assert!(same >= 990, "{same} of 1000 points are in the same class at all zooms");
    for of in &values {
        let most = of.iter().copied().fold(0.0, f64::max);
        assert!(of.iter().all(|v| most - v <= 2e-4 * most.max(1.0 / drawn.full)), "{of:?}");
    }
    // and it is the density that an exact sum over the rows has, within what a quarter of a bandwidth blurs
    let exact = |at: World| -> f64 {
        let km = at.unit_m() / 1_000.0;
        let one = |row: Row<Incident>| {
            let (dx, dy) = ((f64::from(row.at.x) - f64::from(at.x)) * km, (f64::from(row.at.y) - f64::from(at.y)) * km);
            9.0 / (std::f64::consts::TAU * 0.64) * (-4.5 * (dx * dx + dy * dy) / 0.64).exp()
        };
        model.incidents.rows().map(one).sum()
    };
    let near = points.iter().zip(&values).filter(|&(&at, of)| (of[0] * drawn.full - exact(at)).abs() <= 0.1 * exact(at).max(1.0)).count();
    assert!(near >= 990, "{near} of 1000 points are within a tenth of the exact density");
}

#[test]
fn on_the_edge_of_two_tiles_both_give_the_same_density() {
    let (model, drawn) = (city(), Drawn::of_style());
    let all = fixed_points(&model);
    for z in 9..=16 {
        let mut compared = 0;
        for &at in &all {
            let one = TileId::holding(z, at);
            for (dx, dy) in [(1_u32, 0_u32), (0, 1)] {
                let other = TileId::new(z, one.x() + dx, one.y() + dy).unwrap();
                // the point itself, carried to the common edge
                let [x, y] = place_in(one, at);
                let edge = if dx == 1 { [4096.0, y] } else { [x, 4096.0] };
                let across = [edge[0] - f64::from(dx) * 4096.0, edge[1] - f64::from(dy) * 4096.0];
                let (a, b) = (tile(&model, one, &Filter::default(), &cases()), tile(&model, other, &Filter::default(), &cases()));
                let (from_one, from_other) = (drawn.value(&a, z, edge), drawn.value(&b, z, across));
                assert!((from_one - from_other).abs() <= 2e-4 * from_one.max(1.0 / drawn.full), "{one} and {other}: {from_one}, {from_other}");
                compared += usize::from(from_one > 0.0);
            }
            if compared > 60 {
                break;
            }
        }
        assert!(compared > 20, "zoom {z}: {compared} edges with heat");
    }
}

#[test]
fn the_points_of_the_tiles_of_a_zoom_add_up_to_the_incidents_that_pass_each_filter() {
    let model = city();
    let reader = cases();
    let day = |n: i32| chrono::NaiveDate::from_num_days_from_ce_opt(FIRST_DAY + n).unwrap().to_string();
    let (from, to) = (day(100), day(189));
    let filters: [(Query<'_>, Passes<'_>); 6] = [
        (&[], &|_| true),
        (&[("category", "02")], &|i| i.category == 1),
        (&[("source", "01,03")], &|i| i.source != 1),
        (&[("state", "03"), ("category", "01,02")], &|i| i.state == 2 && i.category < 2),
        (&[("from", from.as_str()), ("to", to.as_str())], &|i| (100..=189).contains(&(i.occurred_day - FIRST_DAY))),
        (&[("from", from.as_str()), ("category", "01"), ("bandwidth_m", "300")], &|i| i.occurred_day >= FIRST_DAY + 100 && i.category == 0),
    ];
    for (query, passes) in filters {
        let wanted = model.incidents.rows().filter(|row| passes(&row.attributes)).count() as u64;
        assert!(wanted > 500);
        for z in [0, 5, 9, 11, 14, 16, 19] {
            let filter = filter(&model, &reader, query);
            let mut counts = 0;
            for id in tiles_over(CITY_AND_AROUND, z.min(14)) {
                let heats = if z <= 14 { vec![tile(&model, id, &filter, &reader)] } else { below(id, z, &model, &filter, &reader) };
                for point in heats.iter().flat_map(own) {
                    assert!((point.weight - point.count.unwrap() as f64).abs() < 1e-12, "per km² the weight is the count");
                    counts += point.count.unwrap();
                }
            }
            assert_eq!(counts, wanted, "{query:?} at zoom {z}");
        }
    }
}

const CITY_AND_AROUND: [f64; 4] = [120.05, 29.25, 120.35, 29.53];

/// The tiles of a deeper zoom that hold points of a tile: there are too many to ask all.
fn below(id: TileId, z: u8, model: &Model, filter: &Filter, reader: &Reader) -> Vec<Heat> {
    let unit = 1_u32 << (20 - id.z());
    let corner = id.world_box().min;
    let at = |at: [f64; 2]| World { x: corner.x + at[0] as u32 * unit, y: corner.y + at[1] as u32 * unit };
    let tiles: std::collections::BTreeSet<TileId> = own(&tile(model, id, filter, reader)).map(|point| TileId::holding(z, at(point.at))).collect();
    tiles.into_iter().map(|id| tile(model, id, filter, reader)).collect()
}

#[test]
fn readers_get_their_own_cases_and_those_without_the_right_none() {
    let model = city();
    let count = |reader: &Reader| -> u64 {
        tiles_over(CITY_AND_AROUND, 10)
            .into_iter()
            .map(|t| own(&tile(&model, t, &Filter::default(), reader)).filter_map(|p| p.count).sum::<u64>())
            .sum()
    };
    let west = || -> Scope { [CodeRange { lo: 990_321_001_000_000, hi: 990_321_002_000_000 }].into_iter().collect() };
    let wanted = |keep: &dyn Fn(&Row<Incident>) -> bool| model.incidents.rows().filter(|row| keep(row)).count() as u64;
    assert_eq!(count(&cases()), 6_000);
    assert_eq!(count(&Reader { cases: west(), ..Reader::default() }), wanted(&|row| row.scope < 990_321_002_000_000));
    let unit = Reader { cases: west(), units: vec![3], ..Reader::default() };
    assert_eq!(count(&unit), wanted(&|row| row.scope < 990_321_002_000_000 || row.attributes.unit_id == 3));
    let official = Reader { map: Scope::everything(), households: Scope::everything(), published: Scope::everything(), ..Reader::default() };
    for reader in [Reader::default(), official] {
        for t in tiles_over(CITY_AND_AROUND, 12) {
            let layers = parse("heat,heat_withheld").unwrap();
            assert!(encode(&model, &layers, t, &Filter::default(), &reader).is_empty(), "nothing is published and no case is told");
        }
    }
}

#[test]
fn a_rate_is_incidents_over_the_households_around_them() {
    let mut model = city();
    let reader = cases();
    // an address of two households each 0.0005 degrees: some 742 households per km² everywhere
    let mut rows = Vec::new();
    for x in 0..560 {
        for y in 0..520 {
            let at = World::from_lon_lat(120.06 + f64::from(x) * 0.0005, 29.26 + f64::from(y) * 0.0005);
            let attributes = Household { household_id: 1, household_count: 2, population_band: 0, dwelling_kind: 0 };
            rows.push(Row { at, id: i64::from(x * 1_000 + y), scope: 990_321_001_001_001, attributes });
        }
    }
    model.households = Points::new(rows);
    let per_km2 = 2.0 / (0.055_66 * 0.055_66 * 29.39_f64.to_radians().cos());
    let rate = filter(&model, &reader, &[("per", "households")]);
    let mut weights: std::collections::BTreeMap<u64, Vec<f64>> = std::collections::BTreeMap::new();
    for z in [9, 12, 14] {
        for t in tiles_over(CITY, z) {
            for point in &tile(&model, t, &rate, &reader).points {
                let count = point.count.unwrap();
                let wanted = count as f64 * 1_000.0 / per_km2;
                assert!((point.weight / wanted - 1.0).abs() < 0.05, "{count}: {} instead of {wanted}", point.weight);
                weights.entry(count).or_default().push(point.weight);
            }
        }
    }
    assert!(weights.len() > 5);
    // where nobody lives a rate would be chance: few households count as thirty under the kernel
    model.households = Points::default();
    let t = TileId::holding(12, model.incidents.rows().next().unwrap().at);
    for point in &tile(&model, t, &rate, &reader).points {
        let fewest = 30.0 * 9.0 / (std::f64::consts::TAU * 0.64);
        assert!((point.weight / (point.count.unwrap() as f64 * 1_000.0 / fewest) - 1.0).abs() < 0.005);
    }
}

#[test]
fn bins_are_a_quarter_of_the_bandwidth_at_most_and_no_tile_is_too_large() {
    let mut dice = Dice(3);
    // 60,000 places with a case or more over 120 × 120 km: more than the safe places of a city
    let attributes = |n: u32| Incident { unit_id: 0, occurred_day: FIRST_DAY + (n % 1_000) as i32, category: 0, source: 0, state: 0, risk_level: 0 };
    let rows = (0..200_000_u32).map(|n| {
        let place = Dice(u64::from(n % 60_000) * 77 + 5).roll(1 << 30);
        let (x, y) = (f64::from(place % 32_768) / 32_768.0, f64::from(dice.clone().roll(1) + place / 32_768) / 32_768.0);
        incident(i64::from(n), 119.5 + 1.2 * x, 29.0 + 1.05 * y, 990_321_001_001_001, attributes(n))
    });
    let mut model = Model::empty(chrono::NaiveDate::default(), Arc::new(Lists::default()));
    model.incidents = Points::new(rows.collect());
    dice.roll(2);
    let reader = cases();
    let layers = parse("heat").unwrap();
    for per in ["km2", "households"] {
        let filter = filter(&model, &reader, &[("per", per)]);
        for z in 0..=16 {
            let t = TileId::holding(z, World::from_lon_lat(120.1, 29.5));
            let bytes = encode(&model, &layers, t, &filter, &reader);
            assert!(bytes.len() <= MOST_BYTES, "{t} has {} bytes", bytes.len());
            let heat = crate::heat_support::decode(bytes);
            let xs: std::collections::BTreeSet<i64> = heat.points.iter().map(|p| p.at[0] as i64).collect();
            let narrowest = xs.iter().zip(xs.iter().skip(1)).map(|(a, b)| b - a).min().unwrap();
            let unit_m = World::from_lon_lat(120.1, 29.5).unit_m() * 2_f64.powi(20 - i32::from(z));
            // a tile unit of zoom 6 is as wide as a bin: farther out bins stand on the unit they round to
            assert!(narrowest as f64 * unit_m <= 200.0 || z < 7, "{t}: bins of {} m", narrowest as f64 * unit_m);
            assert!(z > 8 || heat.points.len() > 30_000, "{t}: {} bins", heat.points.len());
        }
    }
}
