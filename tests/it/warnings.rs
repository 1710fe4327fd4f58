//! Warnings over HTTP: looked for, told to whoever may open the cases, decided on, ended, rung.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use hmac::{Hmac, Mac as _};
use maplebridge::context::{Clock, Context};
use maplebridge::users::{GrantArea, Role};
use maplebridge::warnings::{deliver_due, run_night};
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::Executor as _;

use crate::support::app::{Account, Answer, Site, app, noon};
use crate::support::database::{Database, database};
use crate::support::town::{FOREIGN, OWN, town};

async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    let mut root = database.root().await;
    root.execute("delete from warnings").await.unwrap();
    root.execute("delete from webhooks").await.unwrap();
    let site = app(&database, OWN).await;
    Some((database, site))
}

fn context(site: &Site, at: &str) -> Context {
    let clock = Clock { zone: chrono_tz::Asia::Shanghai, fixed: Some(at.parse().unwrap()) };
    Context { db: site.db.clone(), model: Arc::clone(&site.model), clock }
}

async fn by(site: &Site, account: &Account, method: Method, path: &str, etag: Option<&str>, body: Option<&Value>) -> Answer {
    let bearer = format!("Bearer {}", account.token);
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(etag.map(|etag| ("if-match", etag)));
    site.ask(method, path, &headers, body).await
}

async fn run(site: &Site, role: Role) -> Value {
    let answer = by(site, &site.accounts[&role], Method::POST, "/api/warnings/run", None, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn listed(site: &Site, role: Role, query: &str) -> Vec<Value> {
    let answer = site.get(role, &format!("/api/warnings?limit=1000{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

/// A case of a group in the own township, found on 20 February, and one in the foreign one.
async fn group_cases(database: &Database, site: &Site) {
    let sql =
        "insert into incidents (category, source, state, occurred_on, discovered_on, due_on, parties_count, complexity, scope_code, safe_place_id)
               select '10', 'screening', 'in_process', '2026-02-20', '2026-02-20', '2026-12-31', 14, 'hard', s.scope_code, s.id
                 from safe_places s where s.scope_code in (990321001001001, 990321002001001)";
    database.root().await.execute(sql).await.unwrap();
    site.model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
}

async fn the_group_warning(database: &Database, site: &Site) -> Value {
    group_cases(database, site).await;
    run(site, Role::Centre).await;
    let found = listed(site, Role::Centre, "&rule=W4").await;
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

fn path(warning: &Value) -> String {
    format!("/api/warnings/{}", warning["key"].as_str().unwrap())
}

#[tokio::test]
async fn looking_raises_what_is_there_once_and_ends_what_is_over() {
    let Some((database, site)) = ready().await else { return };
    let warning = the_group_warning(&database, &site).await;
    assert_eq!((&warning["state"], &warning["level"], &warning["owner"]), (&json!("open"), &json!("orange"), &json!("centre")), "{warning}");
    assert_eq!((&warning["numbers"]["parties"], &warning["raised_on"], &warning["due_on"]), (&json!(14), &json!("2026-03-01"), &json!("2026-03-02")));
    let again = run(&site, Role::Centre).await;
    assert_eq!(again["rules"], json!([]), "the same data raise nothing twice: {again}");
    database.root().await.execute("update incidents set state = 'closed', closed_on = '2026-03-01' where parties_count = 14").await.unwrap();
    let ended = run(&site, Role::Centre).await;
    assert_eq!(ended["rules"], json!([{"rule": "W4", "raised": 0, "ended": 1, "changed": 0}]), "{ended}");
    let told = site.get(Role::Centre, &path(&warning)).await.json();
    assert_eq!((&told["state"], &told["ended_on"]), (&json!("closed"), &json!("2026-03-01")));
    let actions: Vec<_> = told["history"].as_array().unwrap().iter().map(|step| (step["action"].clone(), step["by_hand"].clone())).collect();
    assert_eq!(actions, [(json!("raise"), json!(false)), (json!("end"), json!(false))]);
    let audited: Vec<(String, i64)> =
        sqlx::query_as("select action, count(*) from audit_entries where action like 'warning.%' group by 1 order by 1")
            .fetch_all(&mut database.root().await)
            .await
            .unwrap();
    assert_eq!(audited, [("warning.list".into(), 1), ("warning.open".into(), 1), ("warning.run".into(), 3)]);
}

#[tokio::test]
async fn an_opened_warning_tells_the_kinds_around_it_and_the_nearest_room_to_those_who_may_open_the_cases() {
    let Some((database, site)) = ready().await else { return };
    let warning = the_group_warning(&database, &site).await;
    let told = site.get(Role::Centre, &path(&warning)).await.json();
    let kinds: Vec<_> =
        told["mix"].as_array().unwrap().iter().filter(|kind| kind["category"] == "10").map(|kind| kind["cases"].as_i64().unwrap()).collect();
    let sql = "select count(*) from incidents where scope_code = $1 and category = '10' and discovered_on between '2025-12-02' and '2026-03-01'";
    let cell: i64 = told["subject"]["area"].as_str().unwrap().parse().unwrap();
    let there: i64 = sqlx::query_scalar(sql).bind(cell).fetch_one(&mut database.root().await).await.unwrap();
    assert_eq!(kinds, [there], "{told}");
    assert_eq!(told["nearest_room"], Value::Null, "the town has no mediation room: {told}");
    let sql = "insert into facilities (facility_id, kind, name_zh, name_en, geom, scope_code, valid_from)
               select 990001, 'F08', '调解室', 'Room', ST_Translate(ST_PointOnSurface(geom), 0, 0.001), code, '2026-01-01' from cells where code = $1 and valid_to is null";
    sqlx::query(sql).bind(cell).execute(&mut database.root().await).await.unwrap();
    site.model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    let told = site.get(Role::Centre, &path(&warning)).await.json();
    let room = &told["nearest_room"];
    assert_eq!((&room["name_zh"], &room["standard_m"]), (&json!("调解室"), &json!(300)), "{room}");
    assert!((0..2_000).contains(&room["distance_m"].as_i64().unwrap()), "{room}");
    database.root().await.execute("update warnings set of_cases = false where rule = 'W4'").await.unwrap();
    let told = site.get(Role::Official, &path(&warning)).await.json();
    assert_eq!(
        (&told["mix"], &told["nearest_room"]["name_zh"]),
        (&json!([]), &json!("调解室")),
        "kinds of cases are for those who may open them: {told}"
    );
}

#[tokio::test]
async fn who_may_not_open_the_cases_is_told_of_none_and_other_areas_are_left_alone() {
    let Some((database, site)) = ready().await else { return };
    let warning = the_group_warning(&database, &site).await;
    let foreign: i64 =
        sqlx::query_scalar("select count(*) from warnings where scope_code >= 990321002000000").fetch_one(&mut database.root().await).await.unwrap();
    assert_eq!(foreign, 0, "a centre of one township looks for none in the other");
    for role in [Role::Planner, Role::Official, Role::System, Role::Unit] {
        assert!(listed(&site, role, "").await.iter().all(|row| row["rule"] == "W7"), "{role:?}");
        assert_eq!(site.get(role, &path(&warning)).await.status, StatusCode::NOT_FOUND, "{role:?}");
        let asked = by(&site, &site.accounts[&role], Method::POST, "/api/warnings/run", None, None).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN, "{role:?}");
        let rules = site.get(role, "/api/warnings/rules").await.json();
        let told = rules["items"].as_array().unwrap().iter().filter(|rule| rule["of_cases"] == true && rule["judged"]["holding"] != 0).count();
        assert_eq!(told, 0, "{role:?} {rules}");
    }
    let done = run_night(&context(&site, "2026-03-01T04:00:00Z"), false).await.unwrap();
    assert_eq!((done.counties, done.raised >= 1), (1, true), "{done:?}");
    assert_eq!(listed(&site, Role::Centre, "&rule=W4").await.len(), 1);
    let neighbour = site.account("at-neighbour", &[(Role::Centre, GrantArea::parse(FOREIGN).unwrap())]).await;
    let theirs = by(&site, &neighbour, Method::GET, "/api/warnings?rule=W4", None, None).await.json();
    assert_eq!(theirs["items"].as_array().unwrap().len(), 1);
    assert_ne!(theirs["items"][0]["key"], warning["key"]);
    // the same night again is passed over, the next one is not
    assert_eq!(run_night(&context(&site, "2026-03-01T14:00:00Z"), false).await.unwrap().counties, 0);
    assert_eq!(run_night(&context(&site, "2026-03-01T18:30:00Z"), false).await.unwrap().counties, 1);
}

#[tokio::test]
async fn a_decision_needs_the_version_a_reason_and_the_right_and_is_counted() {
    let Some((database, site)) = ready().await else { return };
    let warning = the_group_warning(&database, &site).await;
    let (path, centre) = (path(&warning), &site.accounts[&Role::Centre]);
    let decide = |what: &str, etag: Option<&'static str>, reason: &str| {
        let (path, body) = (format!("{path}/{what}"), json!({ "reason": reason }));
        let site = &site;
        async move { by(site, centre, Method::POST, &path, etag, Some(&body)).await }
    };
    assert_eq!(decide("acknowledge", None, "").await.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(decide("acknowledge", Some("\"v9\""), "").await.status, StatusCode::PRECONDITION_FAILED);
    let done = decide("acknowledge", Some("\"v1\""), "").await;
    assert_eq!((done.status, done.headers[header::ETAG].to_str().unwrap()), (StatusCode::OK, "\"v2\""), "{}", done.text());
    assert_eq!(done.json()["state"], "acknowledged");
    assert_eq!(decide("escalate", Some("\"v2\""), " ").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(decide("escalate", Some("\"v2\""), "打 13800138000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let up = decide("escalate", Some("\"v2\""), "人数还在增加").await.json();
    assert_eq!(
        (&up["state"], &up["level"], &up["owner"], &up["due_on"]),
        (&json!("escalated"), &json!("red"), &json!("centre"), &json!("2026-03-02"))
    );
    let down = decide("downgrade", Some("\"v3\""), "已安抚").await.json();
    assert_eq!((&down["state"], &down["level"]), (&json!("downgraded"), &json!("orange")));
    let judged = |rules: Value| rules["items"].as_array().unwrap().iter().find(|rule| rule["name"] == "W4").unwrap()["judged"].clone();
    let rules = site.get(Role::Centre, "/api/warnings/rules").await.json();
    assert_eq!(judged(rules), json!({"confirmed": 1, "false_alarms": 0, "precision": 1.0, "holding": 1}));
    let wrong = decide("false-alarm", Some("\"v4\""), "登记错了人数").await.json();
    assert_eq!(wrong["state"], "false_alarm");
    let history: Vec<_> = wrong["history"].as_array().unwrap().iter().map(|step| step["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(history, ["raise", "acknowledge", "escalate", "downgrade", "false_alarm"]);
    let rules = site.get(Role::Centre, "/api/warnings/rules").await.json();
    assert_eq!(judged(rules), json!({"confirmed": 0, "false_alarms": 1, "precision": 0.0, "holding": 0}));
    // while what raised it goes on it is neither raised again nor ended
    assert_eq!(run(&site, Role::Centre).await["rules"], json!([]));
    database.root().await.execute("update incidents set state = 'closed', closed_on = '2026-03-01' where parties_count = 14").await.unwrap();
    run(&site, Role::Centre).await;
    let over = site.get(Role::Centre, &path).await.json();
    assert_eq!((&over["state"], &over["ended_on"]), (&json!("false_alarm"), &json!("2026-03-01")));
    for (role, status) in [(Role::Planner, 404), (Role::Official, 403), (Role::Auditor, 403)] {
        let answer = by(&site, &site.accounts[&role], Method::POST, &format!("{path}/acknowledge"), Some("\"v1\""), Some(&json!({}))).await;
        assert_eq!(answer.status.as_u16(), status, "{role:?} {}", answer.text());
    }
}

#[tokio::test]
async fn a_graver_find_lifts_the_level_once_with_a_step() {
    let Some((database, site)) = ready().await else { return };
    let warning = the_group_warning(&database, &site).await;
    database.root().await.execute("update incidents set parties_count = 40 where parties_count = 14").await.unwrap();
    let done = run(&site, Role::Centre).await;
    assert_eq!(done["rules"], json!([{"rule": "W4", "raised": 0, "ended": 0, "changed": 1}]), "{done}");
    assert_eq!(run(&site, Role::Centre).await["rules"], json!([]));
    let told = site.get(Role::Centre, &path(&warning)).await.json();
    assert_eq!((&told["level"], &told["numbers"]["parties"]), (&json!("red"), &json!(40)), "{told}");
}

#[tokio::test]
async fn a_clock_that_begins_before_spring_festival_ends_after_it() {
    let Some((database, site)) = ready().await else { return };
    let sql = "insert into incidents (category, source, state, occurred_on, discovered_on, due_on, parties_count, scope_code, safe_place_id)
               values ('10', 'screening', 'in_process', '2026-02-10', '2026-02-10', '2026-12-31', 12, 990321001001001, null)";
    database.root().await.execute(sql).await.unwrap();
    // Friday; the eve is Monday 16 February, and the holidays end with the 23rd
    run_night(&context(&site, "2026-02-13T04:00:00Z"), false).await.unwrap();
    let warning = &listed(&site, Role::Centre, "&rule=W4").await[0];
    assert_eq!((&warning["raised_on"], &warning["due_on"]), (&json!("2026-02-13"), &json!("2026-02-24")));
    assert_eq!(warning["is_overdue"], json!(true), "by 1 March nobody acted");
    let days: Vec<(String, i64)> =
        sqlx::query_as("select name_en, count(*) from holidays where day between '2026-01-01' and '2026-12-31' group by 1 order by 1")
            .fetch_all(&mut database.root().await)
            .await
            .unwrap();
    let days: Vec<(&str, i64)> = days.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    let expected =
        [("Dragon Boat Festival", 1), ("Labour Day", 2), ("Mid-Autumn Festival", 1), ("National Day", 3), ("New Year", 1), ("Qingming", 1)];
    assert_eq!(days[..6], expected);
    assert_eq!(days[6], ("Spring Festival", 8));
}

#[tokio::test]
async fn pages_of_warnings_neither_skip_nor_repeat() {
    let Some((database, site)) = ready().await else { return };
    let sql = "insert into incidents (category, source, state, occurred_on, discovered_on, due_on, parties_count, scope_code, safe_place_id)
               select '10', 'screening', 'in_process', '2026-02-20', '2026-02-20', '2026-12-31', 10 + n, 990321001001001, null from generate_series(1, 7) n";
    database.root().await.execute(sql).await.unwrap();
    run(&site, Role::Centre).await;
    let all: Vec<String> = listed(&site, Role::Centre, "").await.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site.get(Role::Centre, &format!("/api/warnings?limit=3{cursor}")).await.json();
        paged.extend(page["items"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()));
        match page["page"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(all.len() >= 7 && paged == all, "{all:?} {paged:?}");
    assert_eq!(listed(&site, Role::Centre, &format!("&within={FOREIGN}")).await.len(), 0);
    assert_eq!(listed(&site, Role::Centre, "&state=closed").await.len(), 0);
    assert_eq!(listed(&site, Role::Centre, "&changed_since=2026-03-01T05:00:00Z").await.len(), 0);
    assert_eq!(listed(&site, Role::Centre, "&changed_since=2026-03-01T04:00:00Z").await.len(), all.len());
}

/// The next `warning` event of a stream; none where nothing comes for a while.
async fn heard(stream: &mut (impl futures::Stream<Item = reqwest::Result<Bytes>> + Unpin)) -> Option<Value> {
    let mut text = String::new();
    while let Ok(Some(Ok(bytes))) = tokio::time::timeout(Duration::from_secs(2), stream.next()).await {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
        let found = text.split("\n\n").find(|block| block.lines().any(|line| line == "event: warning"));
        if let Some(data) = found.and_then(|block| block.lines().find_map(|line| line.strip_prefix("data: "))) {
            return Some(serde_json::from_str(data).unwrap());
        }
    }
    None
}

#[tokio::test]
async fn an_event_of_a_warning_arrives_at_other_sessions_of_those_who_may_see_it() {
    let Some((database, site)) = ready().await else { return };
    let warning = the_group_warning(&database, &site).await;
    let address = site.serve().await;
    let neighbour = site.account("at-neighbour", &[(Role::Centre, GrantArea::parse(FOREIGN).unwrap())]).await;
    let mut streams = Vec::new();
    for account in [&site.accounts[&Role::Supervisor], &site.accounts[&Role::Official], &neighbour] {
        let answer = reqwest::Client::new().get(format!("{address}/api/events")).bearer_auth(&account.token).send().await.unwrap();
        let mut stream = Box::pin(answer.bytes_stream());
        stream.next().await.unwrap().unwrap();
        streams.push(stream);
    }
    // the listening begins with the first stream
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (path, centre) = (path(&warning), &site.accounts[&Role::Centre]);
    let done = by(&site, centre, Method::POST, &format!("{path}/acknowledge"), Some("\"v1\""), Some(&json!({}))).await;
    assert_eq!(done.status, StatusCode::OK);
    let told = heard(&mut streams[0]).await.expect("the supervisor is told");
    let expected =
        json!({"key": warning["key"], "rule": "W4", "action": "acknowledge", "state": "acknowledged", "level": "orange", "area": "990321001001001"});
    assert_eq!(told["items"], json!([expected]));
    assert_eq!(heard(&mut streams[1]).await, None, "an official may not open the case");
    assert_eq!(heard(&mut streams[2]).await, None, "nor may another township");
}

/// What came to a server of the test, which answers the first one with 500.
#[derive(Debug, Clone, Default)]
struct Came(Arc<Mutex<Vec<(HeaderMap, String)>>>);

async fn receive(State(came): State<Came>, headers: HeaderMap, body: String) -> StatusCode {
    let mut all = came.0.lock();
    all.push((headers, body));
    if all.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
}

#[tokio::test]
async fn a_webhook_is_rung_again_until_it_answers_signed_and_names_no_warning() {
    let Some((database, site)) = ready().await else { return };
    let came = Came::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(receive)).with_state(came.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let system = &site.accounts[&Role::System];
    let made = by(&site, system, Method::POST, "/api/webhooks", None, Some(&json!({"area": OWN, "url": url}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let (id, secret) = (made.json()["id"].as_str().unwrap().to_owned(), made.json()["secret"].as_str().unwrap().to_owned());
    let shown = site.get(Role::System, "/api/webhooks").await;
    assert!(!shown.text().contains("whsec") && shown.json()["items"][0]["url"] == url, "{}", shown.text());

    let red = "insert into incidents (category, source, state, occurred_on, discovered_on, due_on, risk_level, scope_code, safe_place_id)
               values ('10', 'screening', 'in_process', '2026-02-20', '2026-02-20', '2026-12-31', 'red', 990321001001001, null)";
    database.root().await.execute(red).await.unwrap();
    the_group_warning(&database, &site).await;
    let rings = format!("/api/webhooks/{id}/deliveries");
    let raised: i64 = sqlx::query_scalar("select count(*) from warning_steps").fetch_one(&mut database.root().await).await.unwrap();
    let waiting = site.get(Role::System, &rings).await.json()["items"].as_array().unwrap().len();
    assert!(raised > 1 && waiting == 1, "{raised} steps of one run are {waiting} rings");
    assert_eq!(deliver_due(&context(&site, "2026-03-01T04:00:01Z")).await.unwrap(), 0, "answered 500");
    let tried = site.get(Role::System, &rings).await.json()["items"][0].clone();
    assert_eq!((&tried["state"], &tried["attempts"], &tried["last_status"]), (&json!("waiting"), &json!(1), &json!(500)), "{tried}");
    assert_eq!(deliver_due(&context(&site, "2026-03-01T04:00:02Z")).await.unwrap(), 0, "not before its pause is over");
    assert_eq!(came.0.lock().len(), 1);
    assert!(deliver_due(&context(&site, "2026-03-01T04:00:10Z")).await.unwrap() >= 1);
    let tried = site.get(Role::System, &rings).await.json();
    assert!(tried["items"].as_array().unwrap().iter().all(|ring| ring["state"] == "delivered"), "{tried}");
    let all = came.0.lock().clone();
    let (headers, body) = all.last().unwrap();
    let text = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(headers["webhook-id"], all[0].0["webhook-id"], "the same ring again");
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap()).unwrap();
    mac.update(format!("{}.{}.{body}", text("webhook-id"), text("webhook-timestamp")).as_bytes());
    assert_eq!(text("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    let since = body.split("changed_since=").nth(1).unwrap().trim_end_matches("\"}}");
    assert_eq!(listed(&site, Role::Centre, &format!("&rule=W4&changed_since={since}")).await.len(), 1, "{body}");
    assert!(!body.contains("W4") && !body.contains(OWN), "{body}");
}

#[tokio::test]
async fn a_ring_is_kept_over_a_restart_follows_no_redirect_and_is_given_up_at_last() {
    let Some((database, site)) = ready().await else { return };
    let came = Came::default();
    came.0.lock().push((HeaderMap::new(), String::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/moved", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/moved", post(|| async { axum::response::Redirect::temporary("/hook") }))
        .route("/hook", post(receive))
        .with_state(came.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let system = &site.accounts[&Role::System];
    let made = by(&site, system, Method::POST, "/api/webhooks", None, Some(&json!({"area": OWN, "url": url}))).await.json();
    the_group_warning(&database, &site).await;
    // taken by a process that then ends without a word: due again after a minute
    let taken = "update webhook_deliveries set attempts = 1, next_at = '2026-03-01T04:01:01Z'";
    database.root().await.execute(taken).await.unwrap();
    let path = format!("/api/webhooks/{}/deliveries", made["id"].as_str().unwrap());
    let mut at: chrono::DateTime<chrono::Utc> = noon();
    for _ in 0..12 {
        at += chrono::TimeDelta::days(2);
        assert_eq!(deliver_due(&context(&site, &at.to_rfc3339())).await.unwrap(), 0);
    }
    let ring = site.get(Role::System, &path).await.json()["items"][0].clone();
    assert_eq!((&ring["state"], &ring["last_status"], &ring["attempts"]), (&json!("given_up"), &json!(307), &json!(10)), "{ring}");
    assert_eq!(came.0.lock().len(), 1, "the redirect was not followed");
}

#[tokio::test]
async fn webhooks_are_for_administrators_of_their_area_and_take_addresses_only() {
    let Some((_database, site)) = ready().await else { return };
    let (system, url) = (&site.accounts[&Role::System], "https://127.0.0.1:9/hook");
    for (body, status) in [
        (json!({"area": OWN, "url": "ftp://127.0.0.1/x"}), 422),
        (json!({"area": OWN, "url": "no address"}), 422),
        (json!({"area": OWN, "url": "http://a:b@127.0.0.1/"}), 422),
        (json!({"area": "x", "url": url}), 422),
        (json!({"area": FOREIGN, "url": url}), 403),
        (json!({"area": "all", "url": url}), 403),
        (json!({"area": OWN, "url": url}), 201),
    ] {
        let answer = by(&site, system, Method::POST, "/api/webhooks", None, Some(&body)).await;
        assert_eq!(answer.status.as_u16(), status, "{body} {}", answer.text());
    }
    let all = site.get(Role::System, "/api/webhooks").await.json();
    let path = format!("/api/webhooks/{}", all["items"][0]["id"].as_str().unwrap());
    let stale = by(&site, system, Method::PATCH, &path, Some("\"v7\""), Some(&json!({"active": false}))).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let off = by(&site, system, Method::PATCH, &path, Some("\"v1\""), Some(&json!({"active": false}))).await;
    assert_eq!((off.status, &off.json()["active"]), (StatusCode::OK, &json!(false)), "{}", off.text());
    assert_eq!(by(&site, &site.accounts[&Role::Centre], Method::GET, "/api/webhooks", None, None).await.status, StatusCode::FORBIDDEN);
    assert_eq!(by(&site, system, Method::DELETE, &path, None, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get(Role::System, "/api/webhooks").await.json()["items"], json!([]));
}
