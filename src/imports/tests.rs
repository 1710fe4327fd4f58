//! Whole files through the whole way: the shared development data loads as its README says.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Mapping;
use super::faults::{Collector, FaultCode, Lang};
use super::fields::Noun;
use super::lists::CodeLists;
use super::nouns::NounRow;
use super::plan::{CrsFrom, Plan};
use super::reading::{Checked, Options, Reading};
use super::report::{Counts, Report, Understood};
use super::shared_data;
use super::source::{Limits, Source};
use super::survey::Survey;
use super::tree::plant;
use crate::codes::AreaCode;

fn plan(source: Source, noun: Noun, map: &str, crs: Option<&str>) -> Result<Plan, FaultCode> {
    let mapping = Mapping::from_json(map.as_bytes()).expect("the map is JSON");
    Survey::of(source).map(|survey| Plan::make(survey, noun, mapping, crs)).map_err(|fault| fault.code)
}

fn take(plan: Plan, options: Options) -> (Vec<Checked>, Collector, u64) {
    assert!(plan.is_ready(), "{:?}", plan.faults);
    let mut reading = Reading::open(plan, options, CodeLists::builtin()).expect("the plan is ready");
    let rows: Vec<Checked> = std::iter::from_fn(|| reading.next_row()).collect();
    let read = reading.read();
    (rows, reading.finish().0, read)
}

fn shared(path: &str) -> Option<Source> {
    shared_data(path).map(|file| Source::path(file, Limits::default()).expect("the file opens"))
}

fn text(name: &str, text: &str) -> Source {
    Source::bytes(name, text.as_bytes(), Limits::default()).expect("memory opens")
}

#[test]
fn every_encoding_of_the_villages_gives_the_same_rows() {
    let names = ["utf8.csv", "utf8_bom.csv", "gbk.csv", "gb18030.csv", "utf16le_bom.csv", "semicolon_gbk.csv", "tab_utf8.txt"];
    let mut first = None;
    for name in names {
        let Some(source) = shared(&format!("messy/encodings/zhuji_villages_{name}")) else { return };
        let (rows, faults, _) = take(plan(source, Noun::Areas, "{}", None).expect("readable"), Options::default());
        assert!(faults.is_clean(), "{name}");
        assert_eq!(rows.len(), 515, "{name}");
        assert_eq!(*first.get_or_insert_with(|| rows.clone()), rows, "{name}");
    }
    let rows = first.into_iter().flatten().filter_map(|checked| match checked.noun {
        NounRow::Area(area) => Some((checked.row, area)),
        _ => None,
    });
    let (grown, faults) = plant(rows.collect(), None, &BTreeMap::new());
    assert_eq!((grown.len(), grown.iter().filter(|row| row.made).count(), faults.len()), (515 + 23, 23, 0));
}

#[test]
fn the_complaints_of_new_york_are_read_and_those_without_a_place_counted() {
    let Some(source) = shared("nyc/nyc_311_2022-05-01.csv") else { return };
    let map = r#"{"constants":{"source":"hotline_12345"},"values":{"category":{"*":"99"},"state":{"*":"registered"}}}"#;
    let unsaid = plan(source.clone(), Noun::Incidents, map, None).expect("readable");
    // Two hours of one night leave the order of day and month open, and a table does not say its datum.
    let codes: BTreeSet<&str> = unsaid.faults.iter().map(|fault| fault.code.name()).collect();
    assert_eq!(codes, BTreeSet::from(["crs_missing", "date_order"]));
    let map = map.replacen('{', r#"{"dates":{"occurred_on":"mdy"},"#, 1);
    let options = Options { key: vec!["Unique Key".to_owned()], zone: chrono_tz::America::New_York, ..Options::default() };
    let (rows, faults, read) = take(plan(source, Noun::Incidents, &map, Some("EPSG:4326")).expect("readable"), options);
    assert_eq!((read, rows.len(), faults.count(FaultCode::NoPlace)), (924, 924, 11));
    let night = chrono::NaiveDate::from_ymd_opt(2022, 5, 1);
    assert!(rows.iter().all(|row| matches!(&row.noun, NounRow::Incident(incident) if Some(incident.occurred_on) == night)));
}

#[test]
fn the_incidents_of_san_francisco_are_all_read() {
    let Some(source) = shared("sf/sf_incidents.csv.gz") else { return };
    let map = r#"{"constants":{"source":"police"},"values":{"category":{"VEHICLE THEFT":"06","*":"99"}}}"#;
    let (rows, faults, read) = take(plan(source, Noun::Incidents, map, Some("WGS84")).expect("readable"), Options::default());
    assert_eq!((read, rows.len(), faults.faults()), (13_472, 13_472, 0));
    let keys: BTreeSet<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys.len(), 13_472);
    let thefts = rows.iter().filter(|row| matches!(&row.noun, NounRow::Incident(incident) if incident.category == "06"));
    assert_eq!(thefts.count(), 3384);
}

#[test]
fn projected_features_with_an_old_crs_member_land_where_their_table_says() {
    let Some(source) = shared("messy/sf_robbery_first100_epsg2227.geojson") else { return };
    let map = r#"{"constants":{"source":"police","category":"99"}}"#;
    let plan = plan(source, Noun::Incidents, map, None).expect("readable");
    assert_eq!(plan.crs_from, CrsFrom::File);
    let (rows, _, _) = take(plan, Options::default());
    assert_eq!(rows.len(), 100);
    let NounRow::Incident(first) = &rows[0].noun else { panic!("an incident") };
    let place = first.point.expect("a place");
    assert!((place.x() + 122.453_457_575).abs() < 1e-6 && (place.y() - 37.713_212_153_5).abs() < 1e-6, "{place:?}");
}

#[test]
fn polygons_of_cells_are_read_and_the_invalid_ones_named_or_repaired() {
    for (path, read, invalid) in [
        ("sf/sf_blockgroups.geojson", 579, 0),
        ("chicago/chicago_tracts_sdoh.geojson.gz", 791, 0),
        ("chicago/chicago_community_areas_2020.geojson.gz", 77, 1),
        ("villages/yilan_keelung_villages.geojson", 385, 1),
    ] {
        let Some(source) = shared(path) else { return };
        let under = AreaCode::parse("990101100200").ok();
        for repair in [false, true] {
            let plan = plan(source.clone(), Noun::Cells, r#"{"columns":{"kind":"","code":""}}"#, None).expect("readable");
            let (rows, faults, all) = take(plan, Options { under, repair, ..Options::default() });
            let code = if repair { FaultCode::Repaired } else { FaultCode::Invalid };
            assert_eq!((all, faults.count(code)), (read, invalid), "{path} repair {repair}: {:?}", faults.shown().next());
            assert_eq!(rows.len() as u64, if repair { read } else { read - invalid }, "{path}");
            if invalid > 0 {
                assert!(faults.shown().any(|fault| fault.code == code && fault.at.is_some()), "{path}");
            }
        }
    }
}

#[test]
fn villages_of_another_scheme_become_a_tree() {
    let Some(source) = shared("villages/yilan_keelung_villages.geojson") else { return };
    let under = AreaCode::parse("990101").ok();
    let plan = plan(source, Noun::Areas, "{}", None).expect("readable");
    assert_eq!(plan.crs_from, CrsFrom::Standard);
    let (rows, _, _) = take(plan, Options { under, repair: true, ..Options::default() });
    let rows = rows.into_iter().filter_map(|checked| match checked.noun {
        NounRow::Area(area) => Some((checked.row, area)),
        _ => None,
    });
    let (grown, faults) = plant(rows.collect(), under, &BTreeMap::new());
    assert_eq!((grown.len(), faults.len()), (385 + 19, 0), "{faults:?}");
    let names: Vec<&str> = grown.iter().filter(|row| row.made).map(|row| row.area.name.as_str()).collect();
    assert!(names.contains(&"七堵區") && names.len() == 19);
}

#[test]
fn buildings_become_households_at_a_point_inside() {
    let Some(source) = shared("monaco/buildings.geojson.gz") else { return };
    let plan = plan(source, Noun::Households, "{}", None).expect("readable");
    let (rows, faults, read) = take(plan, Options::default());
    assert_eq!((read, rows.len(), faults.count(FaultCode::InnerPoint)), (23_327, 23_327, 23_327), "{:?}", faults.shown().next());
}

#[test]
fn counties_in_gcj02_move_half_a_kilometre() {
    let Some(source) = shared("zhuji/shaoxing_counties_gcj02.geojson") else { return };
    let first = |crs| {
        let map = r#"{"columns":{"name":"district"}}"#;
        let plan = plan(source.clone(), Noun::Areas, map, crs).expect("readable");
        let (rows, _, _) = take(plan, Options::default());
        assert_eq!(rows.len(), 6);
        match &rows[0].noun {
            NounRow::Area(area) => crate::geom::inner_point(area.shape.as_ref().expect("a polygon")).expect("an inside"),
            _ => panic!("an area"),
        }
    };
    let moved = crate::geom::distance_m(first(None), first(Some("GCJ-02")));
    assert!((300.0..800.0).contains(&moved), "{moved}");
}

#[test]
fn clinics_in_bare_cr_lines_and_padded_numbers_are_read() {
    let Some(source) = shared("chicago/health_chicago.csv") else { return };
    let map = r#"{"values":{"kind":{"*":"F12"}}}"#;
    let (rows, faults, _) = take(plan(source, Noun::Facilities, map, Some("4326")).expect("readable"), Options::default());
    assert_eq!((rows.len(), faults.faults()), (199, 0), "{:?}", faults.shown().next());
    let Some(source) = shared("chicago/tracts2010.csv") else { return };
    let (rows, faults, _) = take(plan(source, Noun::Households, "{}", Some("4326")).expect("readable"), Options::default());
    assert_eq!((rows.len(), faults.faults()), (801, 0), "{:?}", faults.shown().next());
}

#[test]
fn the_carjackings_of_chicago_tell_their_dates_by_their_column() {
    let Some(source) = shared("chicago/chicago_carjackings_2020.geojson.gz") else { return };
    let map = r#"{"constants":{"source":"police","category":"99"}}"#;
    let (rows, faults, _) = take(plan(source, Noun::Incidents, map, None).expect("readable"), Options::default());
    assert_eq!((rows.len(), faults.faults()), (1412, 0), "{:?}", faults.shown().next());
}

#[test]
fn bad_rows_are_told_by_number_column_reason_and_cure() {
    let file = "经度,纬度,户数,住宅类型\n120.1,30.1,12,公寓\n230,30.1,3,\n120.1,,三,公预\n120.2,30.2\n0,0,1,\n120.1,95,1,\n";
    let plan = plan(text("户.csv", file), Noun::Households, "{}", Some("CGCS2000")).expect("readable");
    let understood = Understood::of(&plan);
    let (rows, faults, read) = take(plan, Options::default());
    assert_eq!((read, rows.len(), faults.faulty_rows()), (6, 1, 5));
    let counts = Counts { read, rejected: 5, ..Counts::default() };
    let report = Report::new(Some(understood.clone()), counts, &faults, &[], Lang::En);
    let told: Vec<String> =
        report.faults.iter().map(|fault| format!("{} {} {}", fault.row, fault.column.as_deref().unwrap_or("-"), fault.reason)).collect();
    assert_eq!(
        told,
        [
            "3 经度 the longitude 230 is beyond −180 to 180",
            "4 纬度 only one of longitude and latitude is given",
            "4 户数 “三” is no number",
            "4 住宅类型 “公预” is not in the list “住宅类型”; the nearest is apartment 公寓/楼房/住宅楼",
            "5 - the row has 2 cells, the headings are 4",
            "6 经度 the place is 0, 0",
            "7 纬度 the latitude 95 is beyond −90 to 90",
        ]
    );
    let mut table = Vec::new();
    Report::new(Some(understood), counts, &faults, &[], Lang::Zh).write_csv(&mut table).expect("memory takes it");
    assert!(String::from_utf8_lossy(&table).contains("4,户数,number,错误,“三”不是数字,改成数字,,"));
    assert!(serde_json::to_string(&report).is_ok());
}

#[test]
fn codes_that_an_office_program_spoilt_are_refused_and_doubles_named() {
    let file = "代码,名称\n330681001001,甲\n3.30681E+11,乙\n330681001001,丙\n10002110007,丁\n";
    let (rows, faults, _) = take(plan(text("a.csv", file), Noun::Areas, "{}", None).expect("readable"), Options::default());
    assert_eq!(rows.len(), 1);
    let codes: Vec<(u64, FaultCode)> = faults.shown().map(|fault| (fault.row, fault.code)).collect();
    assert_eq!(codes, [(3, FaultCode::CodeScientific), (4, FaultCode::DuplicateCode), (5, FaultCode::CodeLength)]);
}

#[test]
fn the_same_file_gives_the_same_keys_and_named_keys_may_not_repeat() {
    let file = "lon,lat,id\n120,30,a\n120,30,a\n120,30,b\n";
    let read = |key: &[&str]| {
        let options = Options { key: key.iter().map(|&key| key.to_owned()).collect(), ..Options::default() };
        let (rows, faults, _) = take(plan(text("a.csv", file), Noun::Households, "{}", Some("4326")).expect("readable"), options);
        (rows.into_iter().map(|row| row.key).collect::<Vec<_>>(), faults.count(FaultCode::DuplicateKey))
    };
    let (keys, _) = read(&[]);
    assert_eq!((keys.clone(), 0), read(&[]));
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(read(&["id"]), (vec!["k:a".to_owned(), "k:b".to_owned()], 1));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn no_file_makes_an_import_panic(bytes in proptest::collection::vec(0_u8..=255, 0..300), rows in "([0-9.,;\"\\t\\r\\n年月日Ee+-]{0,80})") {
        for noun in Noun::ALL {
            let head = noun.fields().iter().map(|field| field.name).collect::<Vec<_>>().join(",");
            for bytes in [bytes.clone(), [head.as_bytes(), b"\n", rows.as_bytes()].concat(), [head.as_bytes(), b"\n", &bytes].concat()] {
                let source = Source::bytes("a.csv", bytes, Limits::default()).expect("memory opens");
                if let Ok(plan) = plan(source, noun, "{}", Some("4326"))
                    && let Ok(mut reading) = Reading::open(plan, Options::default(), CodeLists::builtin())
                {
                    while reading.next_row().is_some() {}
                }
            }
        }
    }
}

/// One million households as `--release` reads them; run by name, since it takes a while.
#[test]
#[ignore = "a measurement"]
fn a_million_households_are_read_in_seconds() {
    use std::fmt::Write;
    let mut file = String::from("经度,纬度,户数,人口段,住宅类型\n");
    for n in 0..1_000_000_u32 {
        let (x, y) = (120.0 + f64::from(n % 1000) / 1000.0, 29.0 + f64::from(n / 1000) / 1000.0);
        writeln!(file, "{x:.7},{y:.7},{},p10_49,公寓", n % 30).expect("memory takes it");
    }
    let started = std::time::Instant::now();
    let plan = plan(text("a.csv", &file), Noun::Households, "{}", Some("4490")).expect("readable");
    let mut reading = Reading::open(plan, Options::default(), CodeLists::builtin()).expect("ready");
    let mut rows = 0;
    while reading.next_row().is_some() {
        rows += 1;
    }
    eprintln!("{rows} rows of {} MB in {:?}", file.len() / 1_000_000, started.elapsed());
    assert_eq!(rows, 1_000_000);
}
