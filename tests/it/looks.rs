//! Who looked at what: every look that is to be written down is, before it is answered; auditors read it and nobody else;
//! and where it cannot be written the look or the write does not happen.

use axum::http::{Method, StatusCode, header};
use chrono::TimeDelta;
use maplebridge::audit::{Sealer, with_key};
use maplebridge::db::AuditKey;
use maplebridge::users::Role;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::app::{AUDIT_KEY, Answer, Site, app, noon};
use crate::support::database::{Database, database};
use crate::support::skip::skip;
use crate::support::town::{FOREIGN, OWN, OWN_KEY, town};

async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    // the seals of the fixture are made up, and a site's own chain begins here
    database.root().await.execute("delete from audit_seals; delete from audit_entries").await.unwrap();
    let site = app(&database, OWN).await;
    Some((database, site))
}

async fn trail(site: &Site, query: &str) -> Vec<Value> {
    let answer = site.get(Role::Auditor, &format!("/api/audit?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

/// (account, action, target, rows) of the entries whose actions begin so.
async fn noted(site: &Site, action: &str) -> Vec<(String, String, String, Value)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = trail(site, &format!("action={action}")).await;
    rows.iter().map(|it| (text(&it["account"]), text(&it["action"]), text(&it["target"]), it["row_count"].clone())).collect()
}

fn row(account: &str, action: &str, target: &str, rows: impl Into<Value>) -> (String, String, String, Value) {
    (account.into(), action.into(), target.into(), rows.into())
}

#[tokio::test]
async fn opening_a_case_a_list_of_cases_and_the_trail_itself_are_written_down() {
    let Some((_database, site)) = ready().await else { return };
    let list = site.get(Role::Centre, "/api/incidents?category=02,03&from=2026-01-01").await;
    let id = list.json()["features"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(site.get(Role::Supervisor, &format!("/api/incidents/{id}")).await.status, StatusCode::OK);
    assert_eq!(site.get(Role::Planner, &format!("/api/incidents/{id}")).await.status, StatusCode::FORBIDDEN);
    let seen = noted(&site, "incident.").await;
    assert_eq!(seen, [row("at-centre", "incident.list", "", 4), row("at-supervisor", "incident.open", &id, 1)]);
    let detail = trail(&site, "action=incident.list").await[0]["detail"].clone();
    assert_eq!((&detail["category"], &detail["from"]), (&json!("02,03"), &json!("2026-01-01")));
    assert_eq!(noted(&site, "audit.").await.len(), 2, "the two readings before this one");
}

#[tokio::test]
async fn a_tile_is_answered_before_the_routes_once_its_reader_is_known_and_the_look_is_written() {
    let Some((_database, site)) = ready().await else { return };
    let [cells, kind] = ["/tiles/cells/15/27306/13593", "/tiles/facilities/15/27306/13593?kind=F01"];
    assert!(!site.is_prompt(Role::Planner, cells).await, "nobody knows the reader yet");
    assert!(site.get(Role::Planner, cells).await.status.is_success());
    assert!(site.is_prompt(Role::Planner, cells).await);
    assert!(site.is_prompt(Role::Planner, "/tiles/cells/15/27306/13594.mvt").await, "the look is at the layer");
    assert!(!site.is_prompt(Role::Planner, "/tiles/cells,areas/15/27306/13593").await, "nobody wrote that areas were looked at");
    assert!(!site.is_prompt(Role::Planner, kind).await);
    site.get(Role::Planner, kind).await;
    assert!(site.is_prompt(Role::Planner, kind).await);
    assert!(!site.is_prompt(Role::Planner, "/tiles/facilities/15/27306/13593?kind=F02").await, "another filter is another look");
    assert!(
        !site.is_prompt(Role::Planner, "/tiles/cells/15/27306/1359x").await && !site.is_prompt(Role::Planner, "/tiles/cell/15/27306/13593").await
    );
    let header = |answer: &Answer, name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let tile = site.get(Role::Planner, "/tiles/cells/10/853/425").await;
    assert_eq!(tile.status, StatusCode::OK);
    assert_eq!(header(&tile, "content-security-policy").as_deref(), Some("default-src 'none'"));
    let list = site.get(Role::Planner, "/api/cells").await;
    assert!(header(&list, "content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")));
    assert_eq!([&tile, &list].map(|answer| header(answer, "x-content-type-options")), [Some("nosniff".into()), Some("nosniff".into())]);
    let later = site.at(noon() + TimeDelta::minutes(10));
    assert!(!later.is_prompt(Role::Planner, cells).await);
}

#[tokio::test]
async fn tiles_are_written_down_once_a_user_layer_filter_and_ten_minutes_in_every_process() {
    let Some((_database, site)) = ready().await else { return };
    let tile = "15/27306/13593";
    for path in [
        format!("/tiles/cells,incidents/{tile}"),
        format!("/tiles/incidents/{tile}"),
        format!("/tiles/incidents/{tile}?state=closed&category=02"),
        format!("/tiles/incidents/{tile}?category=02&state=closed"),
        format!("/tiles/incidents/{tile}?category=98"),
    ] {
        site.get(Role::Centre, &path).await;
        site.at(noon()).get(Role::Centre, &path).await;
    }
    site.get(Role::Supervisor, &format!("/tiles/incidents/{tile}")).await;
    let keys = ["cells", "incidents", "incidents?category=02&state=closed"];
    let mut expected: Vec<_> = keys.iter().map(|key| row("at-centre", "tile.read", key, Value::Null)).collect();
    expected.push(row("at-supervisor", "tile.read", "incidents", Value::Null));
    let mut seen = noted(&site, "tile.").await;
    seen.sort_by_key(|row| (row.0.clone(), row.2.clone()));
    assert_eq!(seen, expected, "a filter that is refused shows nothing");

    site.at(noon() + TimeDelta::minutes(9)).get(Role::Centre, &format!("/tiles/cells/{tile}")).await;
    assert_eq!(noted(&site, "tile.").await.len(), 4);
    site.at(noon() + TimeDelta::minutes(10)).get(Role::Centre, &format!("/tiles/cells/{tile}")).await;
    assert_eq!(noted(&site, "tile.").await.len(), 5, "the next ten minutes");
}

#[tokio::test]
async fn many_tiles_at_once_are_one_entry_that_stands_before_any_of_them_is_answered() {
    let Some((database, site)) = ready().await else { return };
    let mut root = database.root().await;
    let asked = (0..24).map(|x| {
        let path = format!("/tiles/households/15/{}/13593", 27_300 + x);
        let site = &site;
        async move { site.get(Role::Centre, &path).await.status }
    });
    let answered = futures::future::join_all(asked).await;
    assert!(answered.iter().all(|status| matches!(*status, StatusCode::OK | StatusCode::NO_CONTENT)), "{answered:?}");
    let written: i64 = sqlx::query_scalar("select count(*) from audit_entries where action = 'tile.read'").fetch_one(&mut root).await.unwrap();
    assert_eq!(written, 1);
}

#[tokio::test]
async fn the_trail_is_read_by_account_action_area_and_day_a_page_at_a_time_from_either_end() {
    let Some((database, site)) = ready().await else { return };
    let path = format!("/api/facilities/{OWN_KEY}");
    for (role, hours) in [(Role::Centre, "08:00"), (Role::Supervisor, "09:00"), (Role::Centre, "10:00")] {
        edit(&site, role, &path, hours).await;
    }
    let later = site.at(noon() + TimeDelta::days(1));
    edit(&later, Role::Centre, &path, "11:00").await;
    let count = |query: String| async move { trail(&site, &query).await.len() };
    let cell = "990321001001001";
    assert_eq!(count("action=facility.".into()).await, 4);
    let Some((_other, site)) = Some((&database, &later)) else { return };
    let count = |query: String| async move { trail(site, &query).await.len() };
    assert_eq!(count("action=facility.&account=at-supervisor".into()).await, 1);
    assert_eq!(count("action=facility.&from=2026-03-02".into()).await, 1);
    assert_eq!(count("action=facility.&to=2026-03-01".into()).await, 3);
    for (area, n) in [(cell, 4), (OWN, 4), ("990321", 4), ("990321001001002", 0), (FOREIGN, 0)] {
        assert_eq!(count(format!("action=facility.&within={area}")).await, n, "{area}");
    }
    for (order, oldest_first) in [("oldest", true), ("newest", false)] {
        let mut ids = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = site.get(Role::Auditor, &format!("/api/audit?action=facility.&order={order}&limit=3{cursor}")).await.json();
            ids.extend(answer["items"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()));
            let Some(next) = answer["page"]["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!((ids.len(), ids.is_sorted()), (4, oldest_first), "{order}: {ids:?}");
    }
    assert_eq!(site.get(Role::Auditor, "/api/audit?within=9").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.get(Role::Auditor, "/api/audit?from=yesterday").await.status, StatusCode::BAD_REQUEST);
}

async fn edit(site: &Site, role: Role, path: &str, hours: &str) -> Answer {
    let version = site.get(role, path).await.headers[header::ETAG].to_str().unwrap().to_owned();
    let headers = [("authorization", &*site.bearer(role)), ("if-match", &version)];
    site.ask(Method::PATCH, path, &headers, Some(&json!({"properties": {"hours": hours}}))).await
}

#[tokio::test]
async fn a_page_of_the_trail_shows_the_seal_of_each_entry_and_which_one_does_not_fit() {
    let Some((database, site)) = ready().await else { return };
    let path = format!("/api/facilities/{OWN_KEY}");
    for hours in ["08:00", "09:00", "10:00"] {
        assert_eq!(edit(&site, Role::Centre, &path, hours).await.status, StatusCode::OK);
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("audit.key");
    std::fs::write(&file, hex::encode(AUDIT_KEY)).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let key = AuditKey::at(&file, &mut rand::rng()).unwrap();
    let sealer = Sealer::new(with_key(database.db().await, key, noon()).await.unwrap()).unwrap();
    sealer.round().await.unwrap();
    edit(&site, Role::Centre, &path, "11:00").await;
    let shown =
        |items: Vec<Value>| items.iter().map(|it| (it["seal"].as_i64().is_some(), it["standing"].as_str().unwrap().to_owned())).collect::<Vec<_>>();
    let sealed = (true, "sealed".to_owned());
    let expected = [sealed.clone(), sealed.clone(), sealed.clone(), (false, "waiting".into())];
    assert_eq!(shown(trail(&site, "action=facility.").await), expected);

    let mut root = database.root().await;
    root.execute(
        "update audit_entries set account = 'at-system' where id = (select min(id) + 1 from audit_entries where action = 'facility.update')",
    )
    .await
    .unwrap();
    root.execute("insert into audit_entries (at, account, action) values ('2026-03-01 04:00:00Z', 'at-centre', 'facility.update')").await.unwrap();
    let expected = [sealed.clone(), (true, "broken".into()), sealed, (false, "waiting".into()), (false, "broken".into())];
    assert_eq!(shown(trail(&site, "action=facility.").await), expected);
}

#[tokio::test]
async fn nobody_but_the_auditor_reads_the_trail_and_nobody_at_all_changes_it() {
    let Some((database, site)) = ready().await else { return };
    for role in Role::ALL {
        let expected = if role == Role::Auditor { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(site.get(role, "/api/audit").await.status, expected, "{role:?}");
    }
    // and by SQL, with every right that the role's transactions have
    let day = noon().date_naive();
    for role in Role::ALL {
        let grant = maplebridge::users::Grant { role, area: maplebridge::users::GrantArea::Everywhere, expires_on: None };
        let reader = maplebridge::users::Reader::new(1, String::new(), vec![grant], day);
        let mut transaction = site.db.scoped(&reader.scopes()).await.unwrap();
        let seen: i64 = sqlx::query_scalar("select count(*) from audit_entries").fetch_one(transaction.conn()).await.unwrap();
        assert_eq!(seen > 0, role == Role::Auditor, "{role:?}");
        let chain: i64 = sqlx::query_scalar("select count(*) from audit_chain").fetch_one(transaction.conn()).await.unwrap();
        assert_eq!(chain, 0, "{role:?}");
        drop(transaction);
        for statement in [
            "update audit_entries set account = ''",
            "delete from audit_entries",
            "truncate audit_entries",
            "update audit_seals set hash = sha256('x')",
            "delete from audit_seals",
            "insert into audit_seals (seq, entry_id, hash) values (1, 1, sha256('x'))",
            "delete from audit_chain",
            "update audit_chain set fingerprint = sha256('x')",
            "alter table audit_entries disable row level security",
        ] {
            let mut transaction = site.db.scoped(&reader.scopes()).await.unwrap();
            let refused = sqlx::query(statement).execute(transaction.conn()).await.unwrap_err();
            assert_eq!(refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("42501"), "{role:?} {statement}");
        }
    }
    drop(database);
}

/// A file system of two megabytes, as the disk of the audit trail; `None`, and said so, where none can be mounted.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
        let at = dir.path().join("disk");
        std::fs::create_dir(&at).unwrap();
        let ran =
            |program: &str, words: &[&str]| std::process::Command::new(program).args(words).arg(&at).output().is_ok_and(|it| it.status.success());
        if !ran("mount", &["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"]) {
            skip("no tmpfs can be mounted here: the test of a full disk");
            return None;
        }
        let disk = Self(dir);
        if !ran("chown", &["postgres"]) {
            skip("there is no system user postgres: the test of a full disk");
            return None;
        }
        Some(disk)
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("disk")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg("--lazy").arg(self.path()).status().ok();
    }
}

#[tokio::test]
async fn a_full_disk_stops_writes_and_looks_at_cases_before_an_entry_is_lost() {
    let Some((database, site)) = ready().await else { return };
    let Some(disk) = SmallDisk::mount() else { return };
    let mut root = database.root().await;
    let space = format!("{}_audit", database.name);
    root.execute(format!("create tablespace {space} location '{}'", disk.path().display()).as_str()).await.unwrap();
    root.execute(format!("alter table audit_entries set tablespace {space}").as_str()).await.unwrap();
    // what takes the room is not the trail itself, as on a disk that others fill too
    let fill = "insert into ballast select string_agg(md5(random()::text), '') from generate_series(1, 200) n, generate_series(1, 20) m group by m";
    root.execute(format!("create table ballast (text text) tablespace {space}; alter table ballast alter text set storage external").as_str())
        .await
        .unwrap();
    while root.execute(fill).await.is_ok() {}

    let path = format!("/api/facilities/{OWN_KEY}");
    let read = site.get(Role::Centre, &path).await;
    let mut answer = edit(&site, Role::Centre, &path, "第 0 次").await;
    let mut written = 0;
    while answer.status == StatusCode::OK {
        written += 1;
        assert!(written < 2_000, "the disk does not fill");
        answer = edit(&site, Role::Centre, &path, &format!("第 {written} 次")).await;
    }
    assert_eq!(answer.status, StatusCode::INSUFFICIENT_STORAGE, "{}", answer.text());
    assert_eq!(answer.json()["type"], "/problems/storage-full");
    assert!(answer.json()["detail"].as_str().unwrap().contains("make room"), "{}", answer.text());
    let stored = site.get(Role::Centre, &path).await.json()["properties"]["hours"].clone();
    let expected = if written == 0 { read.json()["properties"]["hours"].clone() } else { json!(format!("第 {} 次", written - 1)) };
    assert_eq!(stored, expected, "what has no entry was not written");
    let entries: i64 = sqlx::query_scalar("select count(*) from audit_entries where action = 'facility.update'").fetch_one(&mut root).await.unwrap();
    assert_eq!(entries, written, "one entry a write");
    for look in ["/api/incidents", &format!("/api/incidents/{OWN_KEY}")] {
        let mut looked = site.get(Role::Centre, look).await;
        let mut shown = 0;
        while looked.status == StatusCode::OK {
            shown += 1;
            assert!(shown < 2_000, "the disk does not fill");
            looked = site.get(Role::Centre, look).await;
        }
        assert_eq!(looked.status, StatusCode::INSUFFICIENT_STORAGE, "{look}: {}", looked.text());
        let action = if look.ends_with("incidents") { "incident.list" } else { "incident.open" };
        let entries: i64 =
            sqlx::query_scalar("select count(*) from audit_entries where action = $1").bind(action).fetch_one(&mut root).await.unwrap();
        assert_eq!(entries, shown, "one entry a look");
    }
    let tile = "/tiles/cells/15/27306/13593";
    assert!(site.get(Role::Centre, tile).await.status.is_success(), "a look at tiles waits in memory");

    root.execute("drop table ballast").await.unwrap();
    assert_eq!(edit(&site, Role::Centre, &path, "有地方了").await.status, StatusCode::OK, "with room again writes go on");
    root.execute("alter table audit_entries set tablespace pg_default").await.unwrap();
    root.execute(format!("drop tablespace {space}").as_str()).await.unwrap();
}

#[tokio::test]
async fn looks_at_tiles_that_cannot_be_written_wait_in_memory_and_after_a_quarter_of_an_hour_no_tile_is_shown() {
    let Some((database, site)) = ready().await else { return };
    let looks = maplebridge::audit::Looks::new(site.db.clone());
    let look = |minutes, target: &str| {
        let (looks, target) = (&looks, vec![target.to_owned()]);
        async move { looks.note(noon() + TimeDelta::minutes(minutes), 7, "at-centre", &target, "01J").await.map_err(|error| error.to_string()) }
    };
    let mut root = database.root().await;
    root.execute("revoke insert on audit_entries from maplebridge_app").await.unwrap();
    assert_eq!(look(0, "cells").await, Ok(()));
    assert_eq!(look(14, "cells").await, Ok(()));
    let refused = look(16, "cells").await.unwrap_err();
    assert!(refused.contains("cannot be written down") && refused.contains("disk"), "{refused}");
    root.execute("grant insert on audit_entries to maplebridge_app").await.unwrap();
    looks.flush().await.unwrap();
    assert_eq!(look(17, "cells").await, Ok(()));
    let written: Vec<(String, String)> =
        sqlx::query_as("select to_char(at at time zone 'UTC', 'HH24:MI'), target from audit_entries where action = 'tile.read' order by at")
            .fetch_all(&mut root)
            .await
            .unwrap();
    assert_eq!(written, [("04:00".to_owned(), "cells".to_owned()), ("04:14".to_owned(), "cells".to_owned())]);
}

/// Beginnings of routes whose every answer is a look that is written down; not the list of what can be asked, which tells
/// nothing of what happened.
const WRITTEN_DOWN: [&str; 6] = ["/api/incidents", "/api/audit", "/api/exports", "/api/export", "/api/analyses", "/api/analysis"];

#[tokio::test]
async fn no_route_of_cases_exports_analyses_or_the_trail_answers_without_an_entry() {
    let Some((database, site)) = ready().await else { return };
    let mut root = database.root().await;
    let described = serde_json::to_value(maplebridge::app::openapi()).unwrap();
    let mut answered = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        if path == "/api/analyses" || methods.get("get").is_none() || !WRITTEN_DOWN.iter().any(|beginning| path.starts_with(beginning)) {
            continue;
        }
        // the third case of the own cell is in process, so that its place can be opened
        let id = if path.starts_with("/api/analyses") { OWN_KEY } else { OWN_KEY + 2 };
        let filled = path.replace("{id}", &id.to_string()).replace("{name}", "rates");
        for role in Role::ALL {
            let count = "select count(*) from audit_entries";
            let before: i64 = sqlx::query_scalar(count).fetch_one(&mut root).await.unwrap();
            let answer = site.get(role, &filled).await;
            let after: i64 = sqlx::query_scalar(count).fetch_one(&mut root).await.unwrap();
            assert_eq!(after - before, i64::from(answer.status == StatusCode::OK), "{role:?} {filled}: {}", answer.status);
            if answer.status == StatusCode::OK {
                answered.push(path.clone());
            }
        }
    }
    let analyses = ["/api/analyses/{name}/results", "/api/analyses/{name}/results/{id}", "/api/analyses/{name}/results/{id}/export"];
    for path in ["/api/incidents", "/api/incidents/{id}", "/api/incidents/{id}/place", "/api/audit"].into_iter().chain(analyses) {
        assert!(answered.iter().any(|it| it == path), "{path} answered to no role, so that nothing was tested");
    }
}
