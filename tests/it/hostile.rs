//! Files made to harm: every one is refused with a word, none panics, none takes memory because it says it needs it.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use maplebridge::codes::{AreaCode, CellCode, Scope};
use maplebridge::imports::faults::FaultCode;
use maplebridge::imports::fields::Noun;
use maplebridge::imports::source::{Limits, Source};
use maplebridge::read_model::Lists;
use maplebridge::tiles::Filter;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::files::{Way, bytes, dbf, refusal, shp_head, shp_points, take, workbook, zipped};

const WGS: Way<'_> = Way { map: "", crs: Some("EPSG:4326"), under: None, layer: None, heading_row: None, repair: false };
/// How long one parser is fed.
const BUDGET: Duration = Duration::from_secs(4);

fn homes() -> Vec<u8> {
    dbf(&[b"hh_count", b"name"], &[vec![b"3".to_vec(), b"a".to_vec()], vec![b"4".to_vec(), b"b".to_vec()]], 0)
}

fn refused(name: &str, content: Vec<u8>) -> Option<FaultCode> {
    refusal(bytes(name, content), Noun::Households, WGS)
}

#[test]
fn a_sound_shapefile_is_read_whatever_lies_beside_it() {
    let points = shp_points(&[(120.1, 29.7), (120.2, 29.8)]);
    let archive = zipped(&[
        ("资料/户.SHP", &points),
        ("资料/户.DBF", &homes()),
        ("资料/Thumbs.db", b"junk"),
        ("__MACOSX/资料/._户.shp", b"junk"),
        ("资料/说明.docx", b"junk"),
    ]);
    let taken = take(bytes("a.zip", archive), Noun::Households, WGS).unwrap();
    assert_eq!((taken.layer.as_deref(), taken.rows.len(), taken.faulty), (Some("户"), 2, 0), "{:?}", taken.faults);
}

#[test]
fn names_in_two_encodings_are_guessed_and_half_a_character_is_left_out() {
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let long = "枫桥镇枫源村第一网格".repeat(2);
    let mut cut = gbk(&long);
    cut.truncate(19);
    let table = |first: Vec<u8>, language: u8| dbf(&[&gbk("名称")], &[vec![first], vec![gbk("峧浬社区")]], language);
    let points = shp_points(&[(120.1, 29.7), (120.2, 29.8)]);
    let with = |entries: &[(&str, &[u8])]| {
        let map = r#"{"constants":{"kind":"F12"}}"#;
        take(bytes("a.zip", zipped(entries)), Noun::Facilities, Way { map, ..WGS }).unwrap()
    };
    let whole = table(cut.clone(), 0);
    let guessed = with(&[("a.shp", &points), ("a.dbf", &whole)]);
    assert_eq!((guessed.count(FaultCode::EncodingGuessed), guessed.headings), (1, vec!["名称".to_owned()]));
    assert!(format!("{:?}", guessed.rows).contains("枫桥镇枫源村第一网\""), "{:?}", guessed.rows);
    let told = with(&[("a.shp", &points), ("a.dbf", &whole), ("a.cpg", b"GBK")]);
    assert_eq!((told.count(FaultCode::EncodingGuessed), told.rows.len()), (0, 2));
    // A .cpg that cannot be true is not believed.
    let lied = with(&[("a.shp", &points), ("a.dbf", &whole), ("a.cpg", b"UTF-8")]);
    assert_eq!((lied.count(FaultCode::EncodingGuessed), lied.encoding.as_str()), (1, "GB18030 (GBK)"));
    let marked = with(&[("a.shp", &points), ("a.dbf", &table(cut, 0x4D))]);
    assert_eq!(marked.count(FaultCode::EncodingGuessed), 0);
}

#[test]
fn names_that_lead_out_of_an_archive_are_refused() {
    let points = shp_points(&[(120.1, 29.7)]);
    for name in ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\windows\\a.shp", "\\\\host\\a", "a\0.shp", "a\n.shp"] {
        let archive = zipped(&[("a.shp", &points), ("a.dbf", &homes()), (name, b"x")]);
        assert_eq!(refused("a.zip", archive), Some(FaultCode::ArchiveName), "{name:?}");
    }
}

#[test]
fn a_zip_that_bursts_and_one_that_lies_about_it_are_refused() {
    let zeros = vec![0_u8; 200 << 20];
    let mut shp = shp_head();
    shp.extend(&zeros);
    let archive = zipped(&[("a.shp", &shp), ("a.dbf", &homes())]);
    assert!(archive.len() < 1 << 20);
    assert_eq!(refused("a.zip", archive.clone()), Some(FaultCode::FileTooLarge));
    // The same with the sizes in the list and in the heads of the entries made small.
    let mut lying = archive;
    let size = (shp.len() as u32).to_le_bytes();
    for at in 0..lying.len() - 4 {
        if lying[at..at + 4] == size {
            lying[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
        }
    }
    // The row of zeros is no shape, and its length is nothing: what is read ends at the limit or before.
    let outcome = refused("a.zip", lying);
    assert!(outcome.is_some(), "{outcome:?}");
    let many: Vec<(String, &[u8])> = (0..10_001).map(|n| (format!("{n}.txt"), &b""[..])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    assert_eq!(refused("a.zip", zipped(&many)), Some(FaultCode::TooManyEntries));
}

#[test]
fn a_gzip_that_bursts_and_json_without_end_are_refused() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..70 {
        packer.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    assert_eq!(refused("a.csv.gz", packer.finish().unwrap()), Some(FaultCode::FileTooLarge));
    let nested = format!(r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"a":{}"#, "[".repeat(5_000_000));
    assert_eq!(refused("a.geojson", nested.into_bytes()), Some(FaultCode::TooDeep));
    let collections = r#"{"type":"GeometryCollection","geometries":["#.repeat(100);
    let nested = format!(r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":null,"geometry":{collections}"#);
    assert_eq!(refused("a.geojson", nested.into_bytes()), Some(FaultCode::TooDeep));
}

#[test]
fn counts_that_are_not_there_are_refused() {
    let points = shp_points(&[(120.1, 29.7), (120.2, 29.8)]);
    let mut table = homes();
    table[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(refused("a.zip", zipped(&[("a.shp", &points), ("a.dbf", &table)])), Some(FaultCode::Declared));
    // A polygon that says it has two thousand million parts, and one of two thousand million corners.
    for at in [36, 40] {
        let mut shp = shp_head();
        shp.extend(1_i32.to_be_bytes());
        shp.extend(30_i32.to_be_bytes());
        let mut content = vec![0_u8; 60];
        content[0] = 5;
        content[36..40].copy_from_slice(&1_i32.to_le_bytes());
        content[at..at + 4].copy_from_slice(&i32::MAX.to_le_bytes());
        shp.extend(content);
        let table = dbf(&[b"name"], &[vec![b"a".to_vec()]], 0);
        let taken = take(bytes("a.zip", zipped(&[("a.shp", &shp), ("a.dbf", &table)])), Noun::Households, WGS).unwrap();
        assert_eq!((taken.rows.len(), taken.count(FaultCode::BrokenRecord)), (0, 1), "{:?}", taken.faults);
    }
    let mut shp = shp_head();
    shp.extend(1_i32.to_be_bytes());
    shp.extend(i32::MAX.to_be_bytes());
    assert_eq!(refused("a.zip", zipped(&[("a.shp", &shp), ("a.dbf", &homes())])), Some(FaultCode::RowTooLarge));
    // A head of FlatGeobuf, a feature and a count of features of four thousand million bytes.
    let magic = [b'f', b'g', b'b', 3, b'f', b'g', b'b', 0];
    let long = [&magic[..], &u32::MAX.to_le_bytes()].concat();
    assert_eq!(refused("a.fgb", long), Some(FaultCode::RowTooLarge));
}

#[test]
fn a_workbook_that_announces_a_million_million_texts_is_refused() {
    let sound = workbook(|book| {
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "经度").unwrap();
        sheet.write_string(0, 1, "纬度").unwrap();
    });
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(sound)).unwrap();
    let entries: Vec<(String, Vec<u8>)> = (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).unwrap();
            let mut content = Vec::new();
            std::io::copy(&mut entry, &mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect();
    let with = |change: &dyn Fn(&str, String) -> String| {
        let changed: Vec<(String, Vec<u8>)> = entries
            .iter()
            .map(|(name, content)| (name.clone(), change(name, String::from_utf8(content.clone()).unwrap_or_default()).into_bytes()))
            .collect();
        zipped(&changed.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect::<Vec<_>>())
    };
    let texts = with(&|name, text| {
        if name.ends_with("sharedStrings.xml") { text.replace("uniqueCount=\"2\"", "uniqueCount=\"1000000000000\"") } else { text }
    });
    assert_eq!(refused("a.xlsx", texts), Some(FaultCode::Declared));
    // Two cells at the far corners of a sheet make no table of seventeen thousand million.
    let far = with(&|name, text| {
        if name.ends_with("sheet1.xml") {
            text.replace("</sheetData>", r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>"#)
        } else {
            text
        }
    });
    assert_eq!(refused("a.xlsx", far), Some(FaultCode::TooManyColumns));
    // A text of a third of the memory, and one shared by so many cells that a row of them is one.
    let long = with(&|name, text| if name.ends_with("sharedStrings.xml") { text.replace("经度", &"x".repeat(20 << 20)) } else { text });
    assert_eq!(refused("a.xlsx", long), Some(FaultCode::RowTooLarge));
    let wide = with(&|name, text| match name {
        name if name.ends_with("sharedStrings.xml") => text.replace("经度", &"x".repeat(1 << 20)),
        name if name.ends_with("sheet1.xml") => {
            let cells: String = (0..500).map(|_| r#"<c t="s"><v>0</v></c>"#).collect();
            text.replace("</sheetData>", &format!(r#"<row r="2">{cells}</row></sheetData>"#))
        }
        _ => text,
    });
    assert_eq!(refused("a.xlsx", wide), Some(FaultCode::RowTooLarge));
}

#[test]
fn office_files_of_another_age_and_halves_of_shapefiles_are_named() {
    assert_eq!(refused("a.xls", vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]), Some(FaultCode::OldOffice));
    assert_eq!(refused("a.shp", shp_head()), Some(FaultCode::BareShapefile));
    assert_eq!(refused("a.zip", zipped(&[("a.shp", &shp_head()), ("b.txt", b"")])), Some(FaultCode::NoLayer));
    assert_eq!(refused("a.zip", zipped(&[("a.txt", b"")])), Some(FaultCode::NoLayer));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"SQLite format 3\0 and more").unwrap();
    assert_eq!(refused("a.gpkg.gz", packer.finish().unwrap()), Some(FaultCode::PackedTwice));
    assert_eq!(refused("a.gpkg", b"SQLite format 3\0 and more".to_vec()), Some(FaultCode::Unreadable));
}

/// A GeoPackage of one layer, with the statements given run on it afterwards.
fn package(statements: &str) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    connection
        .execute_batch(
            "create table gpkg_spatial_ref_sys (srs_name text, srs_id integer primary key, organization text, organization_coordsys_id integer, definition text);
             insert into gpkg_spatial_ref_sys values ('w', 4326, 'EPSG', 4326, 'x');
             create table gpkg_contents (table_name text, data_type text, srs_id integer);
             create table gpkg_geometry_columns (table_name text, column_name text, srs_id integer);
             create table homes (fid integer primary key, geom blob, hh_count integer);
             insert into gpkg_contents values ('homes', 'features', 4326);
             insert into gpkg_geometry_columns values ('homes', 'geom', 4326);
             insert into homes values (1, x'475000010000000001010000006666666666065E403333333333B33D40', 3);",
        )
        .unwrap();
    connection.execute_batch(statements).unwrap();
    drop(connection);
    std::fs::read(file.path()).unwrap()
}

#[test]
fn a_geopackage_is_read_by_layers_and_its_views_are_not_run() {
    let taken = take(bytes("a.gpkg", package("")), Noun::Households, Way::default()).unwrap();
    assert_eq!((taken.rows.len(), taken.crs.as_deref()), (1, Some("WGS 84 (EPSG:4326)")), "{:?}", taken.faults);
    let two = package(
        "create table more (fid integer primary key, geom blob); insert into gpkg_contents values ('more', 'features', 0); insert into gpkg_geometry_columns values ('more', 'geom', 0);",
    );
    assert_eq!(refusal(bytes("a.gpkg", two.clone()), Noun::Households, Way::default()), Some(FaultCode::LayerChoose));
    let endless = "create view v as with recursive n(x) as (select 1 union all select x + 1 from n) select x as fid, null as geom from n;
                   update gpkg_contents set table_name = 'v'; update gpkg_geometry_columns set table_name = 'v';";
    assert_eq!(refusal(bytes("a.gpkg", package(endless)), Noun::Households, Way::default()), Some(FaultCode::NoLayer));
    // Endless statements in the place of the lists that every reader of the format begins with; a column that is computed is not read.
    let endless = "drop table gpkg_contents;
                   create view gpkg_contents as with recursive n(x) as (select 1 union all select x + 1 from n) select 'x' || x as table_name, 'features' as data_type, 1 as srs_id from n;";
    assert_eq!(refusal(bytes("a.gpkg", package(endless)), Noun::Households, Way::default()), Some(FaultCode::Unreadable));
    let long = "drop table homes; create table homes (fid integer primary key, geom blob, hh_count text as (printf('%.*c', 500000000, 'x')));
                insert into homes (fid) values (1);";
    assert_eq!(take(bytes("a.gpkg", package(long)), Noun::Households, Way::default()).unwrap().headings, ["fid"]);
    let broken = package("insert into homes values (2, x'47500001000000000106000000FFFFFFFF', 3), (3, x'00', 1)");
    let taken = take(bytes("a.gpkg", broken), Noun::Households, Way::default()).unwrap();
    assert!(taken.count(FaultCode::BrokenRecord) >= 2, "{:?}", taken.faults);
    let undefined = package("update gpkg_geometry_columns set srs_id = 0");
    assert_eq!(refusal(bytes("a.gpkg", undefined), Noun::Households, Way::default()), Some(FaultCode::CrsMissing));
}

/// Feeds a parser until the time is up, at most so many times; says how often.
fn feed<S: Strategy>(strategy: &S, parser: impl Fn(S::Value)) -> u32
where
    S::Value: std::fmt::Debug,
{
    let started = Instant::now();
    let mut runner = TestRunner::new(Config { cases: 1, failure_persistence: None, ..Config::default() });
    let mut fed = 0;
    while started.elapsed() < BUDGET && fed < 20_000 {
        runner
            .run(strategy, |value| {
                parser(value);
                Ok(())
            })
            .unwrap();
        fed += 1;
    }
    fed
}

/// A sound file with some bytes changed, some cut out or put in, or its end cut off.
fn spoilt(sound: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = sound.len();
    let edits = prop::collection::vec((0..length, any::<u8>(), 0..3_u8), 1..8);
    (edits, 0..length * 4).prop_map(move |(edits, end)| {
        let mut bytes = sound.clone();
        for (at, value, what) in edits {
            let at = at.min(bytes.len().saturating_sub(1));
            match what {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                _ if bytes.len() > 1 => {
                    bytes.remove(at);
                }
                _ => {}
            }
        }
        bytes.truncate(end.max(1));
        bytes
    })
}

/// Small limits, so that a parser that trusts a number is seen to stumble.
fn small(name: &str, content: Vec<u8>) -> Source {
    Source::bytes(name, content, Limits { file_bytes: 8 << 20, row_bytes: 1 << 20, corners: 10_000, entries: 100, ..Limits::default() }).unwrap()
}

#[test]
fn no_spoilt_file_of_any_format_makes_an_import_panic() {
    let points = shp_points(&[(120.1, 29.7), (120.2, 29.8)]);
    let parts = [("a.shp", &points[..]), ("a.dbf", &homes()[..]), ("a.cpg", &b"GBK"[..])];
    // Stored, so that the bytes of the parts themselves are spoilt and not only those of the packing.
    let mut stored = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        stored.start_file(name, zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)).unwrap();
        stored.write_all(content).unwrap();
    }
    let book = workbook(|book| {
        let sheet = book.add_worksheet();
        for (column, heading) in (0..).zip(["经度", "纬度", "户数"]) {
            sheet.write_string(0, column, heading).unwrap();
            sheet.write_number(1, column, 29.5).unwrap();
        }
    });
    let geojson = br#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"hh_count":3},"geometry":{"type":"Point","coordinates":[120.1,29.7]}}]}"#;
    let sound: [(&str, Vec<u8>); 6] = [
        ("a.zip", stored.finish().unwrap().into_inner()),
        ("a.zip", zipped(&parts)),
        ("a.gpkg", package("")),
        ("a.xlsx", book),
        ("a.geojson", geojson.to_vec()),
        ("a.csv", "经度,纬度,户数\n120.1,29.7,3\n".as_bytes().to_vec()),
    ];
    for (name, content) in sound {
        let fed = feed(&spoilt(content), |content| {
            let _ = take(small(name, content), Noun::Households, WGS);
        });
        assert!(fed > 0, "{name}");
    }
}

#[test]
fn no_text_makes_codes_tile_addresses_or_filters_panic() {
    let fed = feed(&"\\PC{0,24}|[0-9]{0,20}", |text: String| {
        let _ = (AreaCode::parse(&text), CellCode::parse(&text));
        let _ = maplebridge::imports::source::HeadingRow::parse(&text);
        let _ = maplebridge::geom::crs::Crs::parse(&text);
        let _ = maplebridge::rows::bbox(Some(&text));
        let _ = (maplebridge::rows::within(Some(&text)), maplebridge::rows::sought(&text), maplebridge::rows::split(Some(&text)));
        let _ = maplebridge::db::Cursor::parse(Some(&text));
    });
    assert!(fed > 0);
    let fed = feed(&("[0-9a-z.+-]{0,6}", "[0-9a-z.+-]{0,12}", "[0-9a-z.+-]{0,12}"), |(z, x, y): (String, String, String)| {
        let _ = maplebridge::mvt::TileId::parse(&z, &x, &y);
    });
    assert!(fed > 0);
    let (lists, everywhere) = (Lists::default(), Scope::everything());
    let word = "category|source|state|from|to|kind|within|[a-z_]{0,8}";
    let fed = feed(&prop::collection::vec((word, "\\PC{0,16}|[0-9-]{0,10}"), 0..6), |pairs: Vec<(String, String)>| {
        let reader = maplebridge::read_model::Reader {
            map: everywhere.clone(),
            households: everywhere.clone(),
            cases: everywhere.clone(),
            units: Vec::new(),
            published: everywhere.clone(),
            staff: everywhere.clone(),
            known: Arc::from([]),
        };
        let _ = Filter::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())), &lists, &reader);
    });
    assert!(fed > 0);
}
