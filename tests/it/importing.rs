//! What an import promises, on small files: counts, faults by row, what is there already, what is taken back.

use chrono::{DateTime, Utc};
use maplebridge::db::Db;
use std::fmt::Write as _;

use crate::support::database::{Database, database};
use crate::support::importing::{Told, count, import, import_at, told, told_at};

/// A folder of small files: a village, its two cells, addresses, facilities and cases.
struct Files(tempfile::TempDir);

const CELLS: &str = "code,name,wkt\n\
    990321001001001,西,\"POLYGON((120 29,120.02 29,120.02 29.02,120 29.02,120 29))\"\n\
    990321001001002,东,\"POLYGON((120.02 29,120.04 29,120.04 29.02,120.02 29.02,120.02 29))\"\n";

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.put("areas.csv", "code,name\n990321001001,枫桥村\n");
        files.put("cells.csv", CELLS);
        let mut doors = String::from("门牌,经度,纬度,户数\n");
        for door in 0..30 {
            writeln!(doors, "{door}号,{:.4},29.01,{}", 120.0005 + 0.001 * f64::from(door), 1 + door % 3).unwrap();
        }
        files.put("doors.csv", &doors);
        files.put("facilities.csv", "类型,名称,经度,纬度\n幼儿园,甲幼儿园,120.01,29.011\nF08,调解室,120.03,29.011\n");
        files.put("cases.csv", "编号,类别,来源,日期,经度,纬度\nA1,02,网格排查,2026-02-01,120.01,29.01\nA2,邻里,群众来访,2026-02-03,120.03,29.01\n");
        files
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Imports one of the five with the options it needs.
    async fn bring(&self, db: &Db, noun: &str, more: &[&str]) -> Told {
        self.bring_at(db, None, noun, more).await
    }

    async fn bring_at(&self, db: &Db, at: Option<DateTime<Utc>>, noun: &str, more: &[&str]) -> Told {
        let (file, options): (&str, &[&str]) = match noun {
            "areas" => ("areas.csv", &[]),
            "cells" => ("cells.csv", &["--crs", "WGS84"]),
            "households" => ("doors.csv", &["--crs", "EPSG:4490", "--key", "门牌"]),
            "facilities" => ("facilities.csv", &["--crs", "EPSG:4490", "--key", "名称"]),
            _ => ("cases.csv", &["--crs", "EPSG:4490", "--key", "编号"]),
        };
        let file = self.path(file);
        told_at(db, at, &[&[noun, &file], options, more].concat()).await
    }

    async fn bring_all(&self, db: &Db) -> Vec<String> {
        let mut jobs = Vec::new();
        for noun in NOUNS {
            let told = self.bring(db, noun, &[]).await;
            assert_eq!((told.ending(), told.counts()[4]), ("committed", 0), "{noun}: {:?}", told.faults());
            jobs.push(told.job().to_owned());
        }
        jobs
    }
}

const NOUNS: [&str; 5] = ["areas", "cells", "households", "facilities", "incidents"];

async fn ready() -> Option<(Database, Db, Files)> {
    let database = database().await?;
    let db = database.db().await;
    Some((database, db, Files::new()))
}

/// How many rows each noun has that are in force.
async fn stored(database: &Database) -> [i64; 5] {
    let mut counts = [0; 5];
    for (at, question) in [
        "select count(*) from areas",
        "select count(*) from cells where valid_to is null",
        "select count(*) from households where valid_to is null",
        "select count(*) from facilities where valid_to is null",
        "select count(*) from incidents where state <> 'withdrawn'",
    ]
    .into_iter()
    .enumerate()
    {
        counts[at] = count(database, question).await;
    }
    counts
}

#[tokio::test]
async fn every_row_is_counted_as_inserted_updated_unchanged_or_rejected() {
    let Some((database, db, files)) = ready().await else { return };
    files.bring_all(&db).await;
    assert_eq!(stored(&database).await, [1, 2, 30, 2, 2]);
    for (noun, rows) in NOUNS.into_iter().zip([1, 2, 30, 2, 2]) {
        assert_eq!(files.bring(&db, noun, &[]).await.counts(), [rows, 0, 0, rows, 0], "{noun}");
    }
    // One row more, one other, one broken, the rest the same.
    let doors = std::fs::read_to_string(files.path("doors.csv")).unwrap().replace("\n5号,120.0055,29.01,3\n", "\n5号,120.0055,29.01,40\n");
    files.put("doors.csv", &format!("{doors}新号,120.011,29.01,2\n坏号,120.012,29.01,两户\n"));
    let refused = files.bring(&db, "households", &[]).await;
    assert_eq!((refused.ending(), refused.counts()), ("faults", [32, 1, 1, 29, 1]));
    assert_eq!(stored(&database).await[2], 30, "one faulty row keeps the others out");
    let dry = files.bring(&db, "households", &["--skip-faulty", "--dry-run"]).await;
    assert_eq!((dry.ending(), dry.counts(), stored(&database).await[2]), ("dry_run", [32, 1, 1, 29, 1], 30));
    let skipped = files.bring(&db, "households", &["--skip-faulty"]).await;
    assert_eq!((skipped.ending(), skipped.counts(), stored(&database).await[2]), ("committed", [32, 1, 1, 29, 1], 31));
    let fault = skipped.faults()[0];
    assert_eq!(fault, (33, "户数", "number", "“两户” is no number"));
    assert_eq!(
        count(&database, "select count(*) from job_faults where row_number = 33 and column_name = '户数' and cure_zh <> ''").await,
        3,
        "of all three jobs"
    );
}

#[tokio::test]
async fn rows_that_a_source_no_longer_has_are_ended_where_that_is_asked() {
    let Some((database, db, files)) = ready().await else { return };
    files.bring_all(&db).await;
    for (noun, file, left) in [
        ("incidents", "cases.csv", [1, 2, 30, 2, 1]),
        ("facilities", "facilities.csv", [1, 2, 30, 1, 1]),
        ("households", "doors.csv", [1, 2, 29, 1, 1]),
        ("cells", "cells.csv", [1, 1, 29, 1, 1]),
    ] {
        let text = std::fs::read_to_string(files.path(file)).unwrap();
        let shorter: Vec<&str> = text.lines().collect();
        files.put(file, &(shorter[..shorter.len() - 1].join("\n") + "\n"));
        let kept = files.bring(&db, noun, &[]).await;
        assert_eq!((kept.counts()[1..3].to_vec(), kept.0["merged"]["retired"].as_u64()), (vec![0, 0], Some(0)), "{noun}");
        let told = files.bring(&db, noun, &["--replace-source"]).await;
        assert_eq!((told.ending(), told.0["merged"]["retired"].as_u64()), ("committed", Some(1)), "{noun}: {:?}", told.faults());
        let again = files.bring(&db, noun, &["--replace-source"]).await;
        assert_eq!(again.0["merged"]["retired"].as_u64(), Some(0), "{noun}");
        if noun == "cells" {
            assert_eq!(count(&database, "select count(*) from cells where retired").await, 1, "the code is never used again");
            let back = told_back(&files, &db).await;
            assert_eq!((back.ending(), back.met("code_retired")), ("faults", 1));
        } else {
            assert_eq!(stored(&database).await, left, "{noun}");
        }
    }
}

async fn told_back(files: &Files, db: &Db) -> Told {
    files.put("cells.csv", CELLS);
    files.bring(db, "cells", &[]).await
}

#[tokio::test]
async fn each_import_is_taken_back_only_when_nothing_is_built_on_it_and_says_what_is() {
    let Some((database, db, files)) = ready().await else { return };
    let jobs = files.bring_all(&db).await;
    let [areas, cells, homes, facilities, cases] = <[String; 5]>::try_from(jobs).unwrap();
    let undo = async |job: &str| import(&db, &["undo", job]).await;
    let said = undo(&areas).await;
    assert!(said.contains(&format!("2 cells lie in its areas; first: maplebridge import undo {cells}")), "{said}");
    assert!(said.contains("30 addresses lie in it") && said.contains("2 facilities lie in it") && said.contains("cases lie in it"), "{said}");
    let said = undo(&cells).await;
    assert!(said.contains(&format!("30 addresses lie in it; first: maplebridge import undo {homes}")) && said.contains(&cases), "{said}");
    let said = undo(&homes).await;
    assert!(said.contains(&format!("cases are shown at the groups of its addresses; first: maplebridge import undo {cases}")), "{said}");
    sqlx::query("insert into units (scope_code, name_zh, facility_id) select scope_code, '调解室', facility_id from facilities limit 1")
        .execute(&mut database.root().await)
        .await
        .unwrap();
    let said = undo(&facilities).await;
    assert!(said.contains("1 offices sit in its facilities"), "{said}");
    sqlx::query("update units set facility_id = null").execute(&mut database.root().await).await.unwrap();
    sqlx::query("update incidents set state = 'accepted' where case_no = 'A1'").execute(&mut database.root().await).await.unwrap();
    let said = undo(&cases).await;
    assert!(said.contains("some of its cases were moved on since"), "{said}");
    assert_eq!(stored(&database).await, [1, 2, 30, 2, 2], "what was refused changed nothing");

    for statement in [
        "alter table incidents disable trigger incidents_version",
        "update incidents set version = 1, state = 'registered'",
        "alter table incidents enable trigger incidents_version",
    ] {
        sqlx::query(statement).execute(&mut database.root().await).await.unwrap();
    }
    for (job, rows, left) in [
        (&cases, 2, [1, 2, 30, 2, 0]),
        (&facilities, 2, [1, 2, 30, 0, 0]),
        (&homes, 30, [1, 2, 0, 0, 0]),
        (&cells, 2, [1, 0, 0, 0, 0]),
        (&areas, 1, [0, 0, 0, 0, 0]),
    ] {
        let said = undo(job).await;
        assert!(said.contains(&format!("undone {job}: {rows} rows")), "{said}");
        assert_eq!(stored(&database).await, left);
        assert!(undo(job).await.contains("was undone by"), "only once");
    }
    assert_eq!(count(&database, "select count(*) from incident_places").await + count(&database, "select count(*) from incident_events").await, 0);
    files.bring_all(&db).await;
    assert_eq!(stored(&database).await, [1, 2, 30, 2, 2], "and all of it comes in again");
}

#[tokio::test]
async fn a_changed_row_is_a_new_version_that_can_be_taken_back_and_one_changed_in_place_cannot() {
    let Some((database, db, files)) = ready().await else { return };
    let yesterday = Some(maplebridge::context::Clock::of_machine(chrono_tz::UTC).now() - chrono::TimeDelta::days(1));
    for noun in ["areas", "cells", "households"] {
        files.bring_at(&db, yesterday, noun, &[]).await;
    }
    let doors = std::fs::read_to_string(files.path("doors.csv")).unwrap();
    files.put("doors.csv", &doors.replace("\n5号,120.0055,29.01,3\n", "\n5号,120.0255,29.01,3\n"));
    let moved = files.bring(&db, "households", &[]).await;
    assert_eq!(moved.counts(), [30, 0, 1, 29, 0]);
    let there = "select count(*) from households where valid_to is null and scope_code = 990321001001002";
    assert_eq!((count(&database, "select count(*) from households").await, count(&database, there).await), (31, 11));
    let said = import(&db, &["undo", moved.job()]).await;
    assert!(said.contains("1 rows"), "{said}");
    assert_eq!((count(&database, "select count(*) from households").await, count(&database, there).await), (30, 10));
    let counted = "select count(*) from safe_places s where kind = 'group' and address_count <> (select count(*) from households h where h.safe_place_id = s.id)";
    assert_eq!(count(&database, counted).await, 0);

    files.bring(&db, "households", &[]).await;
    files.put("doors.csv", &doors.replace("\n5号,120.0055,29.01,3\n", "\n5号,120.0255,29.01,9\n"));
    let overwritten = files.bring(&db, "households", &[]).await;
    assert_eq!(overwritten.counts(), [30, 0, 1, 29, 0]);
    let said = import(&db, &["undo", overwritten.job()]).await;
    assert!(said.contains("changed 1 rows where they stood") && said.contains("Import the former file again"), "{said}");
}

#[tokio::test]
async fn the_area_made_for_cells_goes_with_them() {
    let Some((database, db, files)) = ready().await else { return };
    let told = files.bring(&db, "cells", &["--under", "990321001001", "--make-under", "枫桥村"]).await;
    assert_eq!(stored(&database).await, [1, 2, 0, 0, 0]);
    import(&db, &["undo", told.job()]).await;
    assert_eq!(stored(&database).await, [0; 5]);
}

#[tokio::test]
async fn a_wrong_order_is_told_with_the_command_that_comes_first() {
    let Some((database, db, files)) = ready().await else { return };
    for noun in ["cells", "households", "facilities", "incidents"] {
        let told = files.bring(&db, noun, &[]).await;
        assert_eq!(told.ending(), "faults", "{noun}");
        let code = if noun == "cells" { "no_village" } else { "in_no_area" };
        assert!(told.met(code) > 0, "{noun}: {:?}", told.faults());
        let cure = told.0["report"]["faults"][0]["cure"].as_str().unwrap();
        assert!(cure.contains("maplebridge import areas FILE"), "{noun}: {cure}");
    }
    assert_eq!(stored(&database).await, [0; 5]);
    files.bring(&db, "areas", &[]).await;
    let early = files.bring(&db, "households", &["--under", "990321001001", "--dry-run"]).await;
    assert_eq!(early.met("no_cells"), 1, "no cells are stored yet");
    let cure = early.0["report"]["faults"].as_array().unwrap().iter().find(|fault| fault["code"] == "no_cells").unwrap()["cure"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(cure.contains("maplebridge import cells FILE"), "{cure}");
}

#[tokio::test]
async fn rows_in_no_cell_are_kept_counted_and_listed_with_their_place() {
    let Some((database, db, files)) = ready().await else { return };
    files.bring(&db, "areas", &[]).await;
    files.bring(&db, "cells", &[]).await;
    let doors = std::fs::read_to_string(files.path("doors.csv")).unwrap();
    files.put("doors.csv", &format!("{doors}外1,120.5,29.5,1\n外2,120.6,29.5,1\n"));
    let told = files.bring(&db, "households", &["--under", "990321"]).await;
    assert_eq!((told.counts(), told.met("in_no_cell")), ([32, 32, 0, 0, 0], 2));
    let listed: Vec<(u64, f64)> = told.0["report"]["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["row"].as_u64().unwrap(), fault["at"][0].as_f64().unwrap()))
        .collect();
    assert_eq!(listed, [(32, 120.5), (33, 120.6)]);
    assert_eq!(count(&database, "select count(*) from households where scope_code = 990321000000000 and safe_place_id is null").await, 2);
    assert_eq!(count(&database, "select count(*) from job_faults where code = 'in_no_cell'").await, 2);
    // A cell that is drawn round them later takes them in.
    files.put("cells.csv", &format!("{CELLS}990321001001003,外,\"POLYGON((120.4 29.4,120.7 29.4,120.7 29.6,120.4 29.6,120.4 29.4))\"\n"));
    assert_eq!(files.bring(&db, "cells", &[]).await.counts(), [3, 1, 0, 2, 0]);
    assert_eq!(count(&database, "select count(*) from households where scope_code = 990321001001003").await, 2);
}

#[tokio::test]
async fn a_case_belongs_to_the_cell_that_was_in_force_on_its_day() {
    let Some((database, db, files)) = ready().await else { return };
    let (january, march): (DateTime<Utc>, DateTime<Utc>) = ("2026-01-01T04:00:00Z".parse().unwrap(), "2026-03-01T04:00:00Z".parse().unwrap());
    files.bring_at(&db, Some(january), "areas", &[]).await;
    files.bring_at(&db, Some(january), "cells", &[]).await;
    files.put("cells.csv", &CELLS.replace("120.02", "120.01"));
    assert_eq!(files.bring_at(&db, Some(march), "cells", &[]).await.counts(), [2, 0, 2, 0, 0]);
    files.put(
        "cases.csv",
        "编号,类别,来源,日期,经度,纬度\n\
         早,02,网格排查,2025-12-31,120.015,29.01\n前,02,网格排查,2026-02-28,120.015,29.01\n后,02,网格排查,2026-03-01,120.015,29.01\n",
    );
    let told = files.bring_at(&db, Some(march), "incidents", &[]).await;
    assert_eq!((told.counts(), told.met("in_no_cell")), ([3, 3, 0, 0, 0], 0));
    let cells: Vec<(String, i64)> =
        sqlx::query_as("select case_no, scope_code % 1000 from incidents order by occurred_on").fetch_all(&mut database.root().await).await.unwrap();
    assert_eq!(cells, [("早".to_owned(), 1), ("前".to_owned(), 1), ("后".to_owned(), 2)], "before the first version its cell stands too");
}

#[tokio::test]
async fn numbers_as_office_programs_write_them_come_back_exact_or_are_refused() {
    let Some((database, db, files)) = ready().await else { return };
    // 3.30681E+11 has lost its last digits for all that can be known; 330681001001.0 and 3.30681001001E+11 have not.
    let file = files.put(
        "codes.csv",
        "代码\t名称\r\n330681001001.0\t甲\r\n3.30681001002E+11\t乙\r\n3.30681E+11\t丙\r\n=\"330681001004\"\t丁\r\n'330681001005\t戊\r\n 330681001006 \t己\r\n",
    );
    let told = told(&db, &["areas", &file, "--skip-faulty"]).await;
    assert_eq!((told.counts()[0], told.counts()[4], told.met("code_scientific")), (6, 1, 1), "{:?}", told.faults());
    assert!(told.faults().iter().any(|fault| fault.0 == 4 && fault.1 == "代码"), "{:?}", told.faults());
    let codes: Vec<String> = sqlx::query_scalar("select (code_lo / 1000)::text || name_zh from areas where level = 12 order by 1")
        .fetch_all(&mut database.root().await)
        .await
        .unwrap();
    assert_eq!(codes, ["330681001001甲", "330681001002乙", "330681001004丁", "330681001005戊", "330681001006己"]);

    let cells = files.put("cells15.csv", &CELLS.replace("990321001001001", "9.90321E+14"));
    let told = told_at(&db, None, &["cells", &cells, "--crs", "WGS84"]).await;
    assert_eq!((told.ending(), told.met("code_scientific")), ("faults", 1), "{:?}", told.faults());
}

#[tokio::test]
async fn day_and_zone_of_a_row_are_those_of_the_clock_given() {
    let Some((database, db, files)) = ready().await else { return };
    let late: DateTime<Utc> = "2026-02-28T17:00:00Z".parse().unwrap();
    files.bring_at(&db, Some(late), "areas", &[]).await;
    let said = import_at(&db, Some(late), &["cells", &files.path("cells.csv"), "--crs", "WGS84"]).await;
    assert!(said.contains("2 inserted"), "{said}");
    assert_eq!(count(&database, "select count(*) from cells where valid_from = '2026-03-01'").await, 2, "it is the next day in Shanghai");
}
