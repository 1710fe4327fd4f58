//! The shared development data loads as its README says, through the command a person types, into a real database.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::Row as _;

use crate::support::database::{Database, database};
use crate::support::importing::{count, data, import, told};

/// Rows by name: cells of today with how many cases they hold.
async fn cases_by_cell(database: &Database) -> BTreeMap<String, i64> {
    let sql = "select c.name_zh, count(i.id) from cells c left join incidents i on i.scope_code = c.code where c.valid_to is null group by 1";
    let rows = sqlx::query(sql).fetch_all(&mut database.root().await).await.unwrap();
    rows.into_iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Two columns of a published table.
fn published(path: &str, name: &str, number: &str) -> BTreeMap<String, i64> {
    let mut table = csv::Reader::from_path(data(path).unwrap()).unwrap();
    table.deserialize::<BTreeMap<String, String>>().map(Result::unwrap).map(|row| (row[name].clone(), row[number].parse().unwrap())).collect()
}

fn map_file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[tokio::test]
async fn san_francisco_comes_into_an_empty_database_in_two_commands_and_the_cells_have_the_published_cases() {
    let (Some(database), Some(cells), Some(cases)) = (database().await, data("sf/sf_blockgroups.geojson"), data("sf/sf_incidents.csv.gz")) else {
        return;
    };
    let db = database.db().await;
    let words = ["cells", &cells, "--columns", "name=GEO_ID", "--under", "990201001001", "--make-under", "San Francisco"];
    let first = told(&db, &words).await;
    assert_eq!((first.ending(), first.counts()), ("committed", [579, 579, 0, 0, 0]), "{:?}", first.faults());
    assert_eq!(
        (first.met("area_made"), first.met("cells_overlap"), first.met("cells_gap")),
        (1, 0, 0),
        "the holes of its union are slivers that rounding closes"
    );
    assert_eq!(told(&db, &words).await.counts(), [579, 0, 0, 579, 0], "the same file again");
    assert_eq!(count(&database, "select count(*) from areas where name_zh = 'San Francisco'").await, 1);

    let map = map_file(r#"{"constants":{"source":"police"},"values":{"category":{"VEHICLE THEFT":"06","*":"99"}}}"#);
    let map = map.path().to_str().unwrap();
    let words = ["incidents", &cases, "--crs", "WGS84", "--map", map, "--under", "990201001001"];
    let second = told(&db, &words).await;
    assert_eq!((second.counts(), second.met("in_no_cell")), ([13_472, 13_472, 0, 0, 0], 18));
    let listed: Vec<_> = second.faults().into_iter().filter(|fault| fault.2 == "in_no_cell").collect();
    assert!(listed.len() == 18 && listed[0].3.contains("990201001001"), "those in no cell are listed: {listed:?}");
    assert_eq!(told(&db, &words).await.counts(), [13_472, 0, 0, 13_472, 0]);
    assert_eq!(count(&database, "select count(*) from incidents where category = '06'").await, 3384);
    assert_eq!(count(&database, "select count(*) from incidents where scope_code % 1000 = 0").await, 18);
    // Places are blurred to ends of blocks, so some lie on a border itself: there half a centimetre of rounding decides.
    let (ours, theirs) = (cases_by_cell(&database).await, published("sf/sf_counts_per_blockgroup.csv", "GEO_ID", "sjoin_total"));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    let mut moved = 0;
    for (cell, &cases) in ours.iter().filter(|(cell, cases)| theirs[*cell] != **cases) {
        let on_border = format!(
            "select count(*) from incident_places p join cells c on c.name_zh = '{cell}'
              where p.geom && ST_Expand(c.geom, 1e-6) and ST_Distance(ST_Boundary(c.geom)::geography, p.geom::geography) < 0.02"
        );
        assert!(count(&database, &on_border).await >= (cases - theirs[cell]).abs(), "{cell}");
        moved += (cases - theirs[cell]).abs();
    }
    assert!(moved <= 40, "{moved}");
    let months = "select string_agg(n::text, ' ' order by month) from (select date_trunc('month', occurred_on) as month, count(*) n from incidents group by 1) m";
    let months: String = sqlx::query_scalar(months).fetch_one(&mut database.root().await).await.unwrap();
    assert_eq!(months, "2163 2297 2240 2425 2240 2107");
}

#[tokio::test]
async fn a_file_for_an_empty_database_is_answered_with_the_command_that_brings_it_in() {
    let (Some(database), Some(cells), Some(cases)) =
        (database().await, data("sf/sf_blockgroups.geojson"), data("messy/sf_robbery_first100_epsg2227.geojson"))
    else {
        return;
    };
    let db = database.db().await;
    for words in [vec!["cells", &cells, "--columns", "name=GEO_displa"], vec!["incidents", &cases, "--columns", "source:=police,category:=99"]] {
        let refused = import(&db, &words).await;
        assert!(refused.contains("nothing was stored"), "{refused}");
        let next = refused.lines().find_map(|line| line.strip_prefix("to go on: maplebridge import ")).unwrap_or_else(|| panic!("{refused}"));
        assert!(!next.contains('\''), "{next}");
        let taken = import(&db, &next.split(' ').collect::<Vec<_>>()).await;
        assert!(taken.contains("stored (job") && taken.contains(" 0 faulty"), "{next}: {taken}");
    }
    assert_eq!(count(&database, "select count(*) from cells").await, 579);
    assert_eq!(count(&database, "select count(*) from incidents").await, 100);
}

#[tokio::test]
async fn the_two_commands_of_the_readme_bring_san_francisco_into_an_empty_database() {
    let readme = [include_str!("../../README.md"), include_str!("../../README.zh-CN.md")]
        .map(|text| text.lines().filter_map(|line| line.strip_prefix("maplebridge import ")).filter(|line| line.contains("sf_")).collect::<Vec<_>>());
    assert!(readme[0].len() == 2 && readme[0] == readme[1], "{readme:?}");
    let Some(database) = database().await else { return };
    let db = database.db().await;
    for line in &readme[0] {
        let (Some(cells), Some(cases)) = (data("sf/sf_blockgroups.geojson"), data("sf/sf_incidents.csv.gz")) else { return };
        // Every second piece between quotes is one word.
        let pieces = line.split('"').enumerate().flat_map(|(at, piece)| if at % 2 == 1 { vec![piece] } else { piece.split_whitespace().collect() });
        let words: Vec<&str> = pieces
            .map(|word| match word {
                "sf_blockgroups.geojson" => cells.as_str(),
                "sf_incidents.csv.gz" => &cases,
                other => other,
            })
            .collect();
        let said = import(&db, &words).await;
        assert!(said.contains("stored (job"), "{line}: {said}");
    }
    assert_eq!((count(&database, "select count(*) from cells").await, count(&database, "select count(*) from incidents").await), (579, 13_472));
}

#[tokio::test]
async fn a_night_of_new_york_is_read_as_it_was_downloaded_with_its_own_categories() {
    let (Some(database), Some(file)) = (database().await, data("nyc/nyc_311_2022-05-01.csv")) else { return };
    let db = database.db().await;
    let unsaid = told(&db, &["incidents", &file]).await;
    assert_eq!((unsaid.ending(), unsaid.met("crs_missing"), unsaid.met("date_order"), unsaid.met("column_missing")), ("faults", 1, 1, 1));

    let columns = "source:=hotline_12345,occurred_on=Created Date:mdy";
    let mut words = vec!["incidents", &file, "--crs", "WGS84", "--columns", columns, "--key", "Unique Key", "--extend"];
    words.extend(["--under", "990202", "--make-under", "New York"]);
    let strange = told(&db, &words).await;
    assert_eq!((strange.ending(), strange.met("not_in_fixed_list")), ("faults", 4), "four are “Open”, and states are not added to");
    let hint = strange.faults().into_iter().find(|fault| fault.2 == "not_in_fixed_list").unwrap().3.to_owned();
    assert!(hint.contains("“Open”") && hint.contains("reopened"), "{hint}");
    assert_eq!(
        count(&database, "select count(*) from incident_categories where name_zh like 'Noise%'").await,
        0,
        "nothing stays of what was refused"
    );

    let map = map_file(r#"{"values":{"state":{"Open":"registered"}}}"#);
    words.extend(["--map", map.path().to_str().unwrap()]);
    let taken = told(&db, &words).await;
    assert_eq!((taken.counts(), taken.met("no_place"), taken.met("in_no_cell")), ([924, 924, 0, 0, 0], 11, 913));
    assert_eq!(taken.0["report"]["extensions"].as_array().unwrap().len(), 37, "37 types");
    let noise = "select count(*) from incidents i join incident_categories c on c.code = i.category where c.name_zh = 'Noise - Residential'";
    assert_eq!(count(&database, noise).await, 379);
    assert_eq!(count(&database, "select count(*) from incidents where occurred_on <> '2022-05-01'").await, 0);
    let again = told(&db, &words).await;
    assert_eq!((again.counts(), again.0["report"]["extensions"].as_array().unwrap().len()), ([924, 0, 0, 924, 0], 0));
}

#[tokio::test]
async fn chicago_loads_with_its_broken_area_repaired_and_cut_back_to_its_neighbours() {
    let (Some(database), Some(areas), Some(cases)) =
        (database().await, data("chicago/chicago_community_areas_2020.geojson.gz"), data("chicago/chicago_carjackings_2020.geojson.gz"))
    else {
        return;
    };
    let db = database.db().await;
    let words = ["cells", &areas, "--under", "990203001001", "--make-under", "Chicago"];
    let refused = told(&db, &words).await;
    assert_eq!((refused.ending(), refused.counts(), refused.met("invalid_polygon")), ("faults", [77, 76, 0, 0, 1], 1));
    assert_eq!(count(&database, "select count(*) from areas").await, 0, "the village goes with what was refused");
    let repair = [words.as_slice(), &["--repair"]].concat();
    let taken = told(&db, &repair).await;
    assert_eq!((taken.counts(), taken.met("repaired"), taken.met("cut_back")), ([77, 77, 0, 0, 0], 1, 2), "{:?}", taken.faults());
    let cuts: Vec<_> = taken.faults().into_iter().filter(|fault| fault.2 == "cut_back").map(|fault| (fault.0, fault.3.to_owned())).collect();
    assert!(cuts[0].1.contains("4.8 m²") && cuts[1].1.contains("102.0 m²") && cuts.iter().all(|cut| cut.0 == 36), "{cuts:?}");
    assert_eq!(told(&db, &repair).await.counts(), [77, 0, 0, 77, 0], "a repair that begins anew changes nothing");

    let columns = "source:=police,category:=99,case_no=Case _mber";
    let cases = told(&db, &["incidents", &cases, "--columns", columns, "--under", "990203001001"]).await;
    assert_eq!((cases.counts(), cases.met("in_no_cell")), ([1412, 1412, 0, 0, 0], 3));
    assert_eq!(cases_by_cell(&database).await, published("chicago/chicago_counts_per_community_area.csv", "community", "carjackings"));
}

#[tokio::test]
async fn the_tracts_of_chicago_load_with_their_clinics_and_people() {
    let (Some(database), Some(tracts), Some(clinics), Some(people)) =
        (database().await, data("chicago/chicago_tracts_sdoh.geojson.gz"), data("chicago/health_chicago.csv"), data("chicago/tracts2010.csv"))
    else {
        return;
    };
    let db = database.db().await;
    let words = ["cells", &tracts, "--columns", "name=geoid10,code=", "--under", "990203001002", "--make-under", "Chicago tracts"];
    let taken = told(&db, &words).await;
    assert_eq!((taken.counts(), taken.met("cells_overlap"), taken.met("invalid_polygon")), ([791, 791, 0, 0, 0], 0, 0));
    let clinics = told(&db, &["facilities", &clinics, "--crs", "WGS84", "--columns", "kind:=F12", "--under", "990203"]).await;
    assert_eq!(clinics.counts(), [199, 199, 0, 0, 0], "lines that end in a bare CR");
    let people = told(&db, &["households", &people, "--crs", "WGS84", "--key", "geoid10", "--under", "990203"]).await;
    assert_eq!(people.counts(), [801, 801, 0, 0, 0], "numbers padded with blanks");
    let at_home = "select count(*) from households h join cells c on c.code = h.scope_code and h.origin_key = 'k:' || c.name_zh";
    assert!(count(&database, at_home).await > 750, "the point of a tract lies in its tract");
}

#[tokio::test]
async fn the_buildings_of_monaco_become_households_in_the_quarter_where_they_stand() {
    let (Some(database), Some(admin), Some(buildings)) = (database().await, data("monaco/admin.geojson.gz"), data("monaco/buildings.geojson.gz"))
    else {
        return;
    };
    let db = database.db().await;
    // Two have no name, and the country lies over its own quarters.
    let areas = told(&db, &["areas", &admin, "--under", "990301", "--make-under", "Monaco", "--skip-faulty"]).await;
    assert_eq!((areas.ending(), areas.met("missing"), areas.counts()[4]), ("committed", 2, 4), "{:?}", areas.faults());
    let homes = told(&db, &["households", &buildings, "--under", "990301"]).await;
    assert_eq!((homes.counts(), homes.met("inner_point")), ([23_327, 23_327, 0, 0, 0], 23_327));
    let at_home = count(&database, "select count(*) from households h where exists (select 1 from areas a where a.geom is not null and a.code_lo = h.scope_code and ST_Covers(a.geom, h.geom))").await;
    assert_eq!(at_home, 23_327 - count(&database, "select count(*) from households where scope_code = 990301000000000").await);
    assert!(at_home > 10_000, "{at_home}");
}

#[tokio::test]
async fn the_villages_of_yilan_and_keelung_become_a_tree_and_stay_as_they_are() {
    let (Some(database), Some(file)) = (database().await, data("villages/yilan_keelung_villages.geojson")) else { return };
    let db = database.db().await;
    let words = ["areas", &file, "--under", "990101"];
    let refused = told(&db, &words).await;
    assert_eq!((refused.ending(), refused.counts()[4], refused.met("invalid_polygon")), ("faults", 1, 1));
    let repair = [words.as_slice(), &["--repair"]].concat();
    let taken = told(&db, &repair).await;
    assert_eq!((taken.counts(), taken.met("repaired"), taken.met("area_made")), ([385, 385 + 20, 0, 0, 0], 1, 20), "19 towns and their county");
    for _ in 0..3 {
        assert_eq!(told(&db, &repair).await.counts(), [385, 0, 0, 385, 0], "wherever the repaired ring begins");
    }
    let names = "select count(*) from areas where level = 12 and name_zh = '太平村' and name_en <> '' and geom is not null";
    assert!(count(&database, names).await >= 1);
    let neighbours = "select count(*) from areas a join areas b on a.level = 12 and b.level = 12 and a.id < b.id and ST_Intersects(a.geom, b.geom)
                        and ST_Dimension(ST_Intersection(a.geom, b.geom)) >= 1";
    assert_eq!(count(&database, neighbours).await, 1018, "the borders that the topology shares");
}

#[tokio::test]
async fn zhuji_loads_from_the_province_down_and_its_counties_move_to_where_they_are() {
    let Some(database) = database().await else { return };
    let db = database.db().await;
    for (file, rows) in [("zhejiang_cities", 11), ("zhejiang_areas", 90), ("shaoxing_streets", 103), ("shaoxing_villages", 2168)] {
        let Some(file) = data(&format!("zhuji/{file}.csv")) else { return };
        let taken = told(&db, &["areas", &file]).await;
        assert_eq!((taken.counts(), taken.met("area_made")), ([rows, rows, 0, 0, 0], 0), "{file}");
    }
    let villages = data("zhuji/zhuji_villages.csv").unwrap();
    assert_eq!(told(&db, &["areas", &villages]).await.counts(), [515, 0, 0, 515, 0], "they came with Shaoxing");
    assert_eq!(count(&database, "select count(*) from areas where level = 12 and code_lo / 1000000000 = 330681").await, 515);
    assert_eq!(count(&database, "select count(*) from areas where level = 9 and code_lo / 1000000000 = 330681").await, 23);

    let counties = data("zhuji/shaoxing_counties_gcj02.geojson").unwrap();
    let words = ["areas", &counties, "--crs", "GCJ-02"];
    let taken = told(&db, &words).await;
    assert_eq!((taken.counts(), taken.met("cells_overlap")), ([6, 0, 6, 0, 0], 0));
    assert_eq!(told(&db, &words).await.counts(), [6, 0, 0, 6, 0]);
    let away =
        "select round(min(ST_Distance(ST_SetSRID(ST_MakePoint(120.787201, 30.263742), 4326)::geography, ST_Boundary(geom)::geography)))::bigint
                  from areas where code_lo = 330602000000000 and level = 6";
    let away = count(&database, away).await;
    assert!((300..800).contains(&away), "taken as WGS 84 they would lie half a kilometre off: {away}");
}

#[tokio::test]
async fn every_encoding_of_the_villages_stores_the_same_rows() {
    let Some(database) = database().await else { return };
    let db = database.db().await;
    let names = ["utf8.csv", "utf8_bom.csv", "gbk.csv", "gb18030.csv", "utf16le_bom.csv", "semicolon_gbk.csv", "tab_utf8.txt"];
    for (at, name) in names.into_iter().enumerate() {
        let Some(file) = data(&format!("messy/encodings/zhuji_villages_{name}")) else { return };
        let taken = told(&db, &["areas", &file]).await;
        let expected = if at == 0 { [515, 515 + 23, 0, 0, 0] } else { [515, 0, 0, 515, 0] };
        assert_eq!((taken.counts(), taken.met("area_made")), (expected, if at == 0 { 23 } else { 0 }), "{name}");
    }
    assert_eq!(count(&database, "select count(*) from areas where name_zh ~ '[峧浬]'").await, 3);
}

#[tokio::test]
async fn broken_geojson_is_refused_by_name_and_sound_geojson_is_not() {
    let (Some(database), Some(list)) = (database().await, data("messy/geojson_cases.csv")) else { return };
    let db = database.db().await;
    let folder = std::path::Path::new(&list).with_file_name("geojson");
    // What a sound file may be refused for is not its form: a line is no place of a facility.
    let content = [
        "geometry_kind",
        "place_missing",
        "place_zero",
        "inner_point",
        "in_no_area",
        "place_outside",
        "longitude",
        "latitude",
        "winding",
        "position_long",
        "no_cells",
    ];
    let mut tally = BTreeMap::new();
    for case in csv::Reader::from_path(&list).unwrap().records() {
        let case = case.unwrap();
        let file = folder.join(&case[0]);
        let words = ["facilities", file.to_str().unwrap(), "--columns", "kind:=F12,name:=x", "--dry-run"];
        let taken = told(&db, &words).await;
        let form: Vec<String> =
            taken.0["report"]["tallies"].as_array().unwrap().iter().map(|tally| tally["code"].as_str().unwrap().to_owned()).collect();
        let wrong: Vec<&String> = form.iter().filter(|code| !content.contains(&code.as_str())).collect();
        let verdict = match &case[7] {
            "reject: not JSON" => wrong == ["not_json"],
            text if text.starts_with("report") => !wrong.is_empty() && taken.ending() == "faults",
            text if text.starts_with("may be") => wrong.is_empty() && form.iter().any(|code| code == "winding" || code == "position_long"),
            _ => wrong.is_empty(),
        };
        assert!(verdict, "{}: {} but {form:?}", &case[0], &case[7]);
        *tally.entry(case[7].split([' ', ':']).next().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(tally, BTreeMap::from([("accept".to_owned(), 19), ("may".to_owned(), 3), ("reject".to_owned(), 1), ("report".to_owned(), 39)]));
    assert_eq!(count(&database, "select count(*) from facilities").await, 0);
}

#[tokio::test]
async fn polygons_are_judged_as_geos_judges_them_and_repaired_where_asked() {
    let (Some(database), Some(list)) = (database().await, data("messy/validity_cases.csv")) else { return };
    let db = database.db().await;
    // As degrees under 1 the drawings of the suite lie at sea; each case is a row of its own table.
    let (mut valid, mut invalid) = (Vec::new(), Vec::new());
    let mut table = String::from("name,wkt,verdict\n");
    for case in csv::Reader::from_path(&list).unwrap().records() {
        let case = case.unwrap();
        if !case[3].contains("POLYGON") || case[3].contains("EMPTY") || case[3].contains("COLLECTION") {
            continue;
        }
        let names = if &case[4] == "true" { &mut valid } else { &mut invalid };
        names.push(case[0].to_owned());
        writeln!(table, "c{},\"{}\",{}", &case[0], scaled(&case[3]), &case[4]).unwrap();
    }
    let file = map_file(&table);
    let file = file.path().to_str().unwrap();
    let words = ["areas", file, "--crs", "WGS84", "--under", "990101", "--dry-run", "--report"];
    let report = map_file("");
    let judged = told(&db, &[&words, &[report.path().to_str().unwrap()][..]].concat()).await;
    let refused: u64 = judged.met("invalid_polygon") + judged.met("wkt") + judged.met("place_outside");
    assert_eq!(refused, invalid.len() as u64, "valid {valid:?}: {:?}", judged.faults());
    let listed = std::fs::read_to_string(report.path()).unwrap();
    assert!(listed.starts_with('\u{feff}') && listed.contains("invalid_polygon"), "every refusal stands in the report");
    let repaired = told(&db, &[&words[..words.len() - 1], &["--repair"]].concat()).await;
    assert!(repaired.met("repaired") > 20 && repaired.met("invalid_polygon") == 0, "{:?}", repaired.faults());
}

/// The numbers of a WKT a thousand times smaller, so that they are degrees.
fn scaled(wkt: &str) -> String {
    let mut out = String::new();
    let mut number = String::new();
    for c in wkt.chars().chain([' ']) {
        if c.is_ascii_digit() || c == '.' || (c == '-' && number.is_empty()) {
            number.push(c);
            continue;
        }
        if let Ok(value) = number.parse::<f64>() {
            out.push_str(&(value / 1000.0 + 1.0).to_string());
        }
        number.clear();
        out.push(c);
    }
    out
}
