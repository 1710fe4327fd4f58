//! Laws of the invented county; the small size, so that they run at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use chrono::NaiveDate;
use geo::{Contains, Validation};

use super::{Plan, Size, World, generate};
use crate::codes::{CellCode, Level};

fn until() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

fn plan(size: Size, seed: u64) -> Plan {
    Plan { size, seed, until: until() }
}

fn township() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| generate(&plan(Size::Township, 1)))
}

fn county() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| generate(&plan(Size::County, 1)))
}

type Step = ([u64; 2], [u64; 2]);

/// How often each directed step is walked by the rings of the polygons.
fn steps<'a>(polygons: impl Iterator<Item = &'a geo_types::Polygon<f64>>) -> BTreeMap<Step, u32> {
    let mut out = BTreeMap::new();
    for polygon in polygons {
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            for line in ring.lines() {
                let bits = |c: geo_types::Coord<f64>| [c.x.to_bits(), c.y.to_bits()];
                *out.entry((bits(line.start), bits(line.end))).or_insert(0) += 1;
            }
        }
    }
    out
}

/// Steps without their opposite: the outline of what the polygons cover.
fn outline(steps: &BTreeMap<Step, u32>) -> BTreeSet<Step> {
    steps.keys().filter(|(a, b)| !steps.contains_key(&(*b, *a))).copied().collect()
}

#[test]
fn cells_villages_and_townships_tile_the_county_to_the_bit() {
    let others = [3, 4, 253_411].map(|seed| generate(&plan(Size::Township, seed)));
    for world in [township(), county()].into_iter().chain(&others) {
        let level = |level: Level| world.areas.iter().filter(move |a| a.code.level() == level).map(|a| &a.polygon);
        let cells = steps(world.cells.iter().map(|c| &c.polygon));
        assert!(cells.values().all(|&n| n == 1), "a step is walked twice in one direction");
        for wide in [Level::County, Level::Township, Level::Village] {
            assert_eq!(outline(&cells), outline(&steps(level(wide))), "{wide:?}");
        }
    }
}

#[test]
fn every_outline_is_valid_and_rounded() {
    for (world, seed) in [(township(), 1), (county(), 1), (&generate(&plan(Size::Township, 5)), 5)] {
        let areas = world.areas.iter().map(|a| (a.code.to_string(), &a.polygon));
        let cells = world.cells.iter().map(|c| (c.code.to_string(), &c.polygon));
        for (code, polygon) in areas.chain(cells) {
            assert!(polygon.is_valid(), "{code} of seed {seed}: {:?}", polygon.check_validation());
            assert!(polygon.exterior().coords().all(|c| ((c.x * 1e7).round() / 1e7).to_bits() == c.x.to_bits()), "{code}");
        }
    }
}

#[test]
fn every_address_facility_and_incident_lies_in_its_cell() {
    for world in [township(), county()] {
        let cells: BTreeMap<CellCode, _> = world.cells.iter().map(|c| (c.code, &c.polygon)).collect();
        for h in &world.households {
            assert!(cells[&h.cell].contains(&h.at), "address {}", h.key);
        }
        for f in &world.facilities {
            assert!(cells[&f.cell].contains(&f.at), "facility {}", f.key);
        }
        for i in &world.incidents {
            let home = &world.households[i.household as usize];
            assert_eq!((i.cell, i.at), (home.cell, home.at), "{}", i.case_no);
        }
    }
}

#[test]
fn volumes_are_those_of_the_domain() {
    for (world, size, villages) in [(township(), Size::Township, 15..24), (county(), Size::County, 225..275)] {
        let (households, cells) = size.volumes();
        assert_eq!(world.truth.totals.households, households as u64);
        assert_eq!(world.cells.len(), cells);
        let n = world.areas.iter().filter(|a| a.code.level() == Level::Village).count();
        assert!(villages.contains(&n), "{n} villages");
        let people = households as f64 * 2.62;
        let per_year = world.incidents.len() as f64 / 5.0 / people * 1_000.0;
        assert!((3.0..11.0).contains(&per_year), "{per_year} per 1,000 people");
        let per_village = world.facilities.len() as f64 / n as f64;
        assert!((8.0..14.0).contains(&per_village), "{per_village} facilities per village");
        let per_address = households as f64 / world.households.len() as f64;
        assert!((2.0..4.0).contains(&per_address), "{per_address} households per address");
        let fair = world.cells.iter().filter(|c| (200..=500).contains(&c.household_count)).count();
        assert!(fair * 100 > cells * 85, "{fair} of {cells} cells of fair size");
    }
}

#[test]
fn codes_are_unique_and_nest() {
    let world = county();
    let areas: BTreeSet<_> = world.areas.iter().map(|a| a.code).collect();
    assert_eq!(areas.len(), world.areas.len());
    for area in &world.areas {
        for level in Level::ALL {
            assert!(area.code.ancestor(level).is_none_or(|up| areas.contains(&up)), "{}", area.code);
        }
    }
    let cells: BTreeSet<_> = world.cells.iter().map(|c| c.code).collect();
    assert_eq!(cells.len(), world.cells.len());
    assert!(world.cells.iter().all(|c| areas.contains(&c.code.village())));
    for keys in [
        world.households.iter().map(|h| h.key.as_str()).collect::<BTreeSet<_>>().len() == world.households.len(),
        world.facilities.iter().map(|f| f.key.as_str()).collect::<BTreeSet<_>>().len() == world.facilities.len(),
        world.incidents.iter().map(|i| i.case_no.as_str()).collect::<BTreeSet<_>>().len() == world.incidents.len(),
    ] {
        assert!(keys, "a key is used twice");
    }
    let chating = world.areas.iter().find(|a| a.code.to_string() == "990321001009").unwrap();
    assert_eq!((chating.name_zh.as_str(), chating.name_en.as_str()), ("茶亭社区", "Chating Community"));
}

#[test]
fn the_mix_of_categories_and_sources_is_that_of_a_rural_county() {
    let world = county();
    let share =
        |of: &dyn Fn(&super::Incident) -> bool| world.incidents.iter().filter(|i| of(i)).count() as f64 / world.incidents.len() as f64 * 100.0;
    for (category, expected) in [("02", 28.1), ("07", 23.7), ("01", 10.9), ("06", 7.5), ("08", 5.3), ("03", 3.8)] {
        let seen = share(&|i| i.category == category);
        assert!((seen - expected).abs() < 1.2, "{category}: {seen} %, {expected} % expected");
    }
    let seen = share(&|i| i.source == "screening");
    assert!((seen - 52.4).abs() < 1.5, "{seen} % by screening");
}

#[test]
fn wages_are_fought_over_before_the_spring_festival_and_neighbours_quarrel_in_summer() {
    use chrono::Datelike;
    let count = |category: &str, months: &[u32]| {
        county().incidents.iter().filter(|i| i.category == category && months.contains(&i.registered_on.month())).count()
    };
    assert!(count("10", &[12, 1]) > 2 * count("10", &[5, 6]));
    assert!(count("02", &[6, 7, 8]) as f64 > 1.4 * count("02", &[12, 1, 2]) as f64);
}

#[test]
fn the_days_and_the_state_of_an_incident_fit_each_other() {
    for i in &county().incidents {
        assert!(i.occurred_on <= i.discovered_on && i.discovered_on <= i.registered_on && i.registered_on <= until(), "{}", i.case_no);
        let closed = matches!(i.state, "closed" | "followed_up" | "archived");
        assert_eq!(closed, i.closed_on.is_some(), "{} {}", i.case_no, i.state);
        assert!(i.closed_on.is_none_or(|d| i.registered_on <= d && d <= until()), "{}", i.case_no);
        assert!(
            closed || i.state == "reopened" || matches!(i.state, "not_accepted" | "merged") || (until() - i.registered_on).num_days() < 370,
            "{}",
            i.case_no
        );
    }
    assert!(county().incidents.iter().filter(|i| i.state == "in_process").count() > 20);
}

#[test]
fn the_same_seed_gives_the_same_place_and_another_seed_another() {
    let again = generate(&plan(Size::Township, 1));
    assert_eq!(&again, township());
    let other = generate(&plan(Size::Township, 2));
    assert_ne!(other.cells[0].polygon, again.cells[0].polygon);
}

#[test]
fn what_is_planted_is_there() {
    let world = county();
    let truth = &world.truth;
    assert_eq!((truth.clusters.len(), truth.rising.len()), (5, 1));
    for cluster in &truth.clusters {
        let seen = world
            .incidents
            .iter()
            .filter(|i| cluster.cells.contains(&i.cell) && i.category == cluster.category && (cluster.from..=cluster.to).contains(&i.registered_on))
            .count();
        assert!(seen >= cluster.added_count as usize && cluster.relative_risk > 4.0, "{cluster:?} {seen}");
    }
    for silent in &truth.silent {
        assert!(!world.incidents.iter().any(|i| i.cell == silent.cell && i.registered_on >= silent.since));
    }
    assert!(!truth.silent.is_empty() && truth.over_size.len() >= 8 && truth.under_size.len() >= 5, "{truth:?}");
    for gap in &truth.service_gaps {
        assert!(!world.facilities.iter().any(|f| f.kind == gap.kind && gap.area.holds(f.cell.area())), "{gap:?}");
    }
    assert!(truth.service_gaps.iter().any(|g| g.area.level() == Level::Township));
    let text = serde_json::to_string(truth).unwrap();
    assert_eq!(&serde_json::from_str::<super::Truth>(&text).unwrap(), truth);
}

#[test]
fn no_text_holds_a_number_that_could_be_a_persons() {
    let long_digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() >= 8);
    assert!(!township().incidents.iter().any(|i| long_digits(i.summary) || long_digits(&i.case_no)));
}

#[test]
fn the_files_hold_every_row_and_no_field_breaks_a_line() {
    let world = township();
    let text = |name: &str| {
        let file = super::FILES.iter().find(|f| f.name == name).unwrap();
        let mut out = Vec::new();
        (file.write)(world, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let rows = [("households.csv", world.households.len()), ("facilities.csv", world.facilities.len()), ("incidents.csv", world.incidents.len())];
    for (name, count) in rows {
        let text = text(name);
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let records: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(records.len(), count, "{name}");
        assert!(!text.contains('"'), "{name}");
    }
    let read: geojson::FeatureCollection = text("cells.geojson").parse().unwrap();
    let first = geo_types::Polygon::<f64>::try_from(read.features[0].geometry.clone().unwrap()).unwrap();
    assert_eq!((read.features.len(), &first), (world.cells.len(), &world.cells[0].polygon));
    assert_eq!(serde_json::from_str::<super::Truth>(&text("truth.json")).unwrap(), world.truth);
}
