//! Every file of the shared development data, with what is to come of it.

use std::path::Path;
use std::process::Command;

use maplebridge::imports::faults::FaultCode;
use maplebridge::imports::fields::Noun;
use maplebridge::imports::nouns::NounRow;
use maplebridge::imports::source::{Limits, Source};

use crate::support::files::{Way, bytes, refusal, take, zipped};
use crate::support::importing::data;
use crate::support::skip::skip;

/// A file of the shared data; skipped aloud where that is absent.
fn shared(path: &str) -> Option<Source> {
    data(path).map(|file| Source::path(Path::new(&file), Limits::default()).unwrap())
}

const CASES: &str = r#"{"constants":{"source":"police","category":"99"},"columns":{"occurred_on":"Date"}}"#;
const SHOPS: &str = r#"{"constants":{"kind":"F12"},"columns":{"name":"Chain"}}"#;

/// File, noun, way, rows read, rows without fault.
type Case = (&'static str, Noun, Way<'static>, u64, usize);

const fn way(map: &'static str, crs: Option<&'static str>, layer: Option<&'static str>) -> Way<'static> {
    Way { map, crs, layer, under: Some("990101"), heading_row: None, repair: false }
}

fn check(cases: &[Case]) {
    for &(path, noun, way, read, sound) in cases {
        let Some(source) = shared(path) else { continue };
        let taken = take(source, noun, way).unwrap_or_else(|faults| panic!("{path} {way:?}: {faults:?}"));
        let first = taken.faults.iter().find(|fault| fault.code != FaultCode::GeometryKind);
        assert_eq!((taken.read, taken.rows.len()), (read, sound), "{path} {:?}: {first:?}", way.layer);
        assert_eq!(taken.faulty, read - sound as u64, "{path} {:?}", way.layer);
    }
}

#[test]
fn san_francisco_loads_layer_by_layer() {
    check(&[
        ("sf/SFCrime_July_Dec2012.zip", Noun::Incidents, way(CASES, None, Some("sf_cartheft")), 3384, 3384),
        ("sf/SFCrime_July_Dec2012.zip", Noun::Incidents, way(CASES, None, Some("sf_drugs")), 3897, 3897),
        ("sf/SFCrime_July_Dec2012.zip", Noun::Incidents, way(CASES, None, Some("sf_robbery")), 2761, 2761),
        ("sf/SFCrime_July_Dec2012.zip", Noun::Incidents, way(CASES, None, Some("sf_vandalism")), 3430, 3430),
        ("sf/SFCrime_July_Dec2012.zip", Noun::Areas, way(r#"{"columns":{"name":"GEO_displa"}}"#, None, Some("SFCrime_blocks")), 579, 579),
        ("sf/sf_incidents.csv.gz", Noun::Incidents, way(CASES, Some("EPSG:4326"), None), 13_472, 13_472),
        ("sf/sf_blockgroups.geojson", Noun::Areas, way(r#"{"columns":{"name":"GEO_displa"}}"#, None, None), 579, 579),
    ]);
}

#[test]
fn the_layers_of_an_archive_are_listed_where_none_is_chosen() {
    let Some(source) = shared("sf/SFCrime_July_Dec2012.zip") else { return };
    let faults = take(source.clone(), Noun::Incidents, way(CASES, None, None)).unwrap_err();
    assert_eq!(faults[0].code, FaultCode::LayerChoose);
    assert_eq!(faults[0].args, ["sf_cartheft, sf_drugs, sf_robbery, sf_vandalism, SFCrime_blocks"]);
    assert_eq!(refusal(source, Noun::Incidents, way(CASES, None, Some("sf_arson"))), Some(FaultCode::LayerUnknown));
}

#[test]
fn new_york_loads_with_its_eleven_complaints_without_a_place() {
    let complaints = r#"{"constants":{"source":"screening","category":"99"},"columns":{"occurred_on":"Created Date","summary":"","state":""},"dates":{"occurred_on":"mdy"}}"#;
    let Some(source) = shared("nyc/nyc_311_2022-05-01.csv") else { return };
    let taken = take(source, Noun::Incidents, way(complaints, Some("EPSG:4326"), None)).unwrap();
    assert_eq!((taken.rows.len(), taken.faulty, taken.count(FaultCode::NoPlace)), (924, 0, 11));
    check(&[("nyc/nycnhood_acs.zip", Noun::Areas, way("", None, None), 195, 195)]);
}

#[test]
fn chicago_loads_and_its_one_invalid_area_is_named() {
    check(&[
        ("chicago/chicago_tracts_sdoh.geojson.gz", Noun::Areas, way(r#"{"columns":{"name":"geoid10"}}"#, None, None), 791, 791),
        ("chicago/chicago_community_areas_2020.geojson.gz", Noun::Areas, way("", None, None), 77, 76),
        ("chicago/chicago_carjackings_2020.geojson.gz", Noun::Incidents, way(CASES, None, None), 1412, 1412),
        ("chicago/grocery.zip", Noun::Facilities, way(SHOPS, Some("EPSG:3435"), Some("chicago_sup")), 148, 148),
        ("chicago/grocery.zip", Noun::Areas, way(r#"{"constants":{"name":"Chicago"}}"#, None, Some("ChicagoBoundary")), 1, 1),
        (
            "chicago/liquor.zip",
            Noun::Facilities,
            way(r#"{"constants":{"kind":"F12"},"columns":{"name":"placeid"}}"#, Some("EPSG:3435"), Some("liq_Chicago")),
            571,
            571,
        ),
        ("chicago/tracts2010.csv", Noun::Households, way("", Some("4326"), None), 801, 801),
        ("chicago/health_chicago.csv", Noun::Facilities, way(r#"{"values":{"kind":{"*":"F12"}}}"#, Some("4326"), None), 199, 199),
    ]);
    let Some(source) = shared("chicago/grocery.zip") else { return };
    let taken = take(source, Noun::Facilities, way(SHOPS, Some("EPSG:3435"), Some("chicago_sup"))).unwrap();
    let unpaired: Vec<_> = taken.faults.iter().filter(|fault| fault.code == FaultCode::Unpaired).map(|fault| fault.args.clone()).collect();
    assert_eq!(unpaired, [["149", "148"]]);
    let Some(source) = shared("chicago/chicago_community_areas_2020.geojson.gz") else { return };
    let taken = take(source, Noun::Areas, Way { repair: true, ..way("", None, None) }).unwrap();
    assert_eq!((taken.rows.len(), taken.count(FaultCode::Repaired)), (77, 1));
}

#[test]
fn monaco_villages_and_zhuji_load() {
    let poi = r#"{"constants":{"kind":"F12","name":"poi"},"values":{"barrier_free":{"limited":"no"}},"columns":{"valid_from":""}}"#;
    check(&[
        ("monaco/buildings.geojson.gz", Noun::Households, way("", None, None), 23_327, 23_327),
        // 22 of them are lines, which are no place of a facility
        ("monaco/pois.geojson.gz", Noun::Facilities, way(poi, None, None), 1332, 1310),
        ("villages/yilan_keelung_villages.geojson", Noun::Areas, way("", None, None), 385, 384),
        ("zhuji/zhuji_villages.csv", Noun::Areas, Way { under: None, ..way("", None, None) }, 515, 515),
        ("zhuji/shaoxing_villages.csv", Noun::Areas, Way { under: None, ..way("", None, None) }, 2168, 2168),
        ("zhuji/shaoxing_streets.csv", Noun::Areas, Way { under: None, ..way("", None, None) }, 103, 103),
        ("zhuji/zhejiang_areas.csv", Noun::Areas, Way { under: None, ..way("", None, None) }, 90, 90),
        ("zhuji/zhejiang_cities.csv", Noun::Areas, Way { under: None, ..way("", None, None) }, 11, 11),
        (
            "zhuji/shaoxing_counties_gcj02.geojson",
            Noun::Areas,
            Way { under: None, ..way(r#"{"columns":{"name":"district"}}"#, Some("GCJ-02"), None) },
            6,
            6,
        ),
    ]);
}

#[test]
fn what_is_no_table_and_no_layer_is_refused_with_a_word() {
    let Some(source) = shared("monaco/monaco.osm.pbf") else { return };
    let refused = refusal(source, Noun::Areas, way("", None, None));
    assert!(matches!(refused, Some(FaultCode::Format | FaultCode::Encoding)), "{refused:?}");
}

#[test]
fn the_counties_of_shaoxing_load_from_every_kind_of_shapefile() {
    let names = |path: &str, crs: Option<&str>| {
        let taken = take(shared(path)?, Noun::Areas, Way { crs, ..Way::default() }).unwrap_or_else(|faults| panic!("{path}: {faults:?}"));
        assert_eq!((taken.read, taken.rows.len(), taken.encoding.as_str()), (6, 6, "GB18030 (GBK)"), "{path}: {:?}", taken.faults);
        Some((taken.headings.clone(), taken.count(FaultCode::EncodingGuessed), taken.rows.into_iter().map(|row| row.noun).collect::<Vec<_>>()))
    };
    let Some(whole) = names("messy/shapefile/shaoxing_gbk_with_cpg.zip", None) else { return };
    assert_eq!(whole.1, 0);
    assert!(format!("{whole:?}").contains("诸暨市"), "{whole:?}");
    let guessed = names("messy/shapefile/shaoxing_gbk_no_cpg.zip", None).unwrap();
    assert_eq!((&guessed.0, &guessed.2), (&whole.0, &whole.2));
    let without_index = names("messy/shapefile/shaoxing_gbk_no_shx.zip", None).unwrap();
    assert_eq!(without_index.2, whole.2);
    let path = "messy/shapefile/shaoxing_gbk_no_prj.zip";
    assert_eq!(refusal(shared(path).unwrap(), Noun::Areas, Way::default()), Some(FaultCode::CrsMissing));
    assert_eq!(names(path, Some("EPSG:4490")).unwrap().2.len(), 6);
}

#[test]
fn all_encodings_projected_coordinates_and_published_cases_come_out_as_their_tables_expect() {
    for name in ["utf8.csv", "utf8_bom.csv", "gbk.csv", "gb18030.csv", "utf16le_bom.csv", "semicolon_gbk.csv", "tab_utf8.txt"] {
        let Some(source) = shared(&format!("messy/encodings/zhuji_villages_{name}")) else { return };
        let taken = take(source, Noun::Areas, Way::default()).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!((taken.rows.len(), taken.faulty), (515, 0), "{name}");
    }
    check(&[("messy/sf_robbery_first100_epsg2227.geojson", Noun::Incidents, way(CASES, None, None), 100, 100)]);
    let Some(list) = shared("messy/geojson_cases.csv") else { return };
    let mut tally = [0; 3];
    for case in csv::Reader::from_reader(list.open().unwrap()).records() {
        let case = case.unwrap();
        let Some(source) = shared(&format!("messy/geojson/{}", &case[0])) else { return };
        let names = r#"{"constants":{"name":"x"}}"#;
        let outcome = take(source, Noun::Areas, way(names, None, None));
        let codes: Vec<FaultCode> = match &outcome {
            Ok(taken) => taken.faults.iter().map(|fault| fault.code).collect(),
            Err(faults) => faults.iter().map(|fault| fault.code).collect(),
        };
        // Of the areas wanted here a point is another fault than those of the cases.
        let of_the_file =
            codes.iter().any(|code| !matches!(code, FaultCode::GeometryKind | FaultCode::Invalid | FaultCode::Winding | FaultCode::PositionLong));
        match &case[7] {
            "reject: not JSON" => {
                assert_eq!(codes.first(), Some(&FaultCode::NotJson), "{}", &case[0]);
                tally[0] += 1;
            }
            expected if expected.starts_with("report") => {
                assert!(of_the_file, "{}: {codes:?}", &case[0]);
                tally[1] += 1;
            }
            _ => tally[2] += 1,
        }
    }
    assert_eq!(tally, [1, 39, 22]);
}

#[test]
fn the_cities_of_china_are_the_same_in_every_datum() {
    let Some(list) = shared("coords/china_cities_crs.csv") else { return };
    let heads = list.clone().open().map(|file| csv::Reader::from_reader(file).headers().unwrap().clone()).unwrap();
    let mut seen = 0;
    for (x, crs) in [("WGS84_x", "EPSG:4326"), ("GCJ02_x", "GCJ-02"), ("BD09_x", "BD-09")] {
        if !heads.iter().any(|head| head == x) {
            continue;
        }
        let map = format!(r#"{{"columns":{{"lon":"{x}","lat":"{}","wkt":""}}}}"#, x.replace("_x", "_y"));
        let taken = take(list.clone(), Noun::Households, Way { map: &map, crs: Some(crs), ..Way::default() })
            .unwrap_or_else(|faults| panic!("{crs}: {faults:?}"));
        assert_eq!((taken.rows.len(), taken.faulty), (664, 0), "{crs}");
        seen += 1;
    }
    assert_eq!(seen, 3, "{heads:?}");
}

#[test]
fn what_gdal_writes_is_read_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let table = "名称,代码,类型,启用日期,容量,经度,纬度\n枫桥镇调解室,01,F08,2024-05-01,12,120.1,29.7\n峧浬社区诊所,02,F02,,,120.25,29.75\n";
    std::fs::write(at("a.csv"), table).unwrap();
    for (name, ending, options) in [
        ("GPKG", "gpkg", vec![]),
        ("FlatGeobuf", "fgb", vec![]),
        ("FlatGeobuf", "plain.fgb", vec!["-lco", "SPATIAL_INDEX=NO"]),
        ("XLSX", "xlsx", vec![]),
        ("GeoJSON", "geojson", vec![]),
        ("ESRI Shapefile", "shp", vec!["-lco", "ENCODING=GBK"]),
        ("ESRI Shapefile", "utf8.shp", vec!["-lco", "ENCODING=UTF-8"]),
    ] {
        let (from, to) = (at("a.csv"), at(&format!("a.{ending}")));
        let mut command = Command::new("ogr2ogr");
        command.args(["-f", name, &to, &from, "-oo", "X_POSSIBLE_NAMES=经度", "-oo", "Y_POSSIBLE_NAMES=纬度", "-oo", "KEEP_GEOM_COLUMNS=NO"]);
        command.args(["-oo", "AUTODETECT_TYPE=YES", "-a_srs", "EPSG:4326"]).args(options);
        if name == "XLSX" {
            // Its sheets have no shapes: the columns of the coordinates stay.
            command = Command::new("ogr2ogr");
            command.args(["-f", name, &to, &from, "-oo", "AUTODETECT_TYPE=YES"]);
        }
        let Ok(said) = command.output() else {
            skip("GDAL (ogr2ogr) is not installed");
            return;
        };
        assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
        let file = match ending.strip_suffix("shp") {
            None => std::fs::read(&to).unwrap(),
            Some(stem) => {
                let parts = ["shp", "shx", "dbf", "prj", "cpg"]
                    .map(|part| (format!("层/a.{stem}{part}"), std::fs::read(at(&format!("a.{stem}{part}"))).unwrap()));
                zipped(&parts.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect::<Vec<_>>())
            }
        };
        let crs = (name == "XLSX").then_some("EPSG:4326");
        let source = bytes(if ending.ends_with("shp") { "a.zip" } else { ending }, file);
        let taken = take(source, Noun::Facilities, Way { crs, ..Way::default() }).unwrap_or_else(|faults| panic!("{name} {ending}: {faults:?}"));
        let rows = taken.rows.iter().map(|row| match &row.noun {
            NounRow::Facility(own) => {
                (own.name.clone(), own.kind.clone(), own.valid_from.map(|day| day.to_string()), own.capacity, own.point.x(), own.point.y())
            }
            other => panic!("{other:?}"),
        });
        let mut rows: Vec<_> = rows.collect();
        // along the Hilbert curve, where there is an index
        rows.sort_by(|a, b| a.4.total_cmp(&b.4));
        // A name of a field has ten bytes, and four characters of Chinese take twelve: “启用日” says nothing.
        let is_cut = ending == "utf8.shp";
        let expected = [
            ("枫桥镇调解室".to_owned(), "F08".to_owned(), Some("2024-05-01".to_owned()).filter(|_| !is_cut), Some(12), 120.1, 29.7),
            ("峧浬社区诊所".to_owned(), "F02".to_owned(), None, None, 120.25, 29.75),
        ];
        assert_eq!(rows, expected, "{name} {ending}: {:?}", taken.faults);
    }
}
