//! The stream of changes over real HTTP: who is told, of what, and when it ends.

use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use futures::StreamExt as _;
use maplebridge::users::{Grant, GrantArea, Role};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::app::{Account, Site, app};
use crate::support::database::{Database, database};
use crate::support::town::{FOREIGN, OWN, OWN_KEY, town};

/// Long enough that what was to come has come.
const SOON: Duration = Duration::from_millis(900);

struct Served {
    database: Database,
    site: Site,
    address: String,
}

async fn served() -> Option<Served> {
    let database = database().await?;
    town(&database).await;
    let site = app(&database, OWN).await;
    let address = site.serve().await;
    Some(Served { database, site, address })
}

/// One event: its name (empty where there is none), id and data.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Event {
    fn read(block: &str) -> Self {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        Self { name: field("event:"), id: field("id:"), data: serde_json::from_str(&field("data:")).unwrap_or_default() }
    }

    /// Names of the layers that changed.
    fn layers(&self) -> Vec<&str> {
        self.data["layers"].as_array().unwrap().iter().map(|layer| layer["layer"].as_str().unwrap()).collect()
    }
}

/// An open stream.
struct Open {
    bytes: std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<axum::body::Bytes>> + Send>>,
    text: String,
    last_id: String,
}

impl Served {
    async fn stream(&self, account: &Account, since: Option<&str>) -> Open {
        let mut request = reqwest::Client::new().get(format!("{}/api/events", self.address)).bearer_auth(&account.token);
        if let Some(id) = since {
            request = request.header("last-event-id", id);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(answer.headers().get("content-encoding").is_none());
        let mut open = Open { bytes: Box::pin(answer.bytes_stream()), text: String::new(), last_id: String::new() };
        if since.is_none() {
            assert_eq!(open.next().await.unwrap().name, "heartbeat", "first comes an id to go on from");
        }
        open
    }

    async fn of(&self, role: Role) -> Open {
        self.stream(&self.site.accounts[&role], None).await
    }

    /// An account with a role in an area.
    async fn account(&self, name: &str, role: Role, area: &str) -> Account {
        self.site.account(name, &[(role, GrantArea::parse(area).unwrap())]).await
    }

    async fn patch(&self, path: &str, body: &Value) {
        let version = self.site.get(Role::Centre, path).await.headers[header::ETAG].to_str().unwrap().to_owned();
        let headers = [("authorization", &*self.site.bearer(Role::Centre)), ("if-match", &version)];
        let answer = self.site.ask(Method::PATCH, path, &headers, Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    async fn name_facility(&self, name: &str) {
        self.patch(&format!("/api/facilities/{OWN_KEY}"), &json!({"properties": {"name_zh": name}})).await;
    }

    /// Changes rows by SQL, in the way of another process, and waits until the model shows it.
    async fn by_sql(&self, statement: &str) {
        self.database.root().await.execute(statement).await.unwrap();
        self.site.model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    }
}

impl Open {
    /// The next event; none at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (Event::read(block), rest.to_owned());
                self.text = rest;
                if !event.id.is_empty() {
                    self.last_id.clone_from(&event.id);
                }
                return Some(event);
            }
            let bytes = tokio::time::timeout(Duration::from_secs(10), self.bytes.next()).await.expect("nothing came in ten seconds")?.ok()?;
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// Whether nothing comes for a while.
    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(SOON, self.next()).await.is_err()
    }

    /// Whether the stream ends, after a `reload` or without.
    async fn ends(&mut self) -> bool {
        match self.next().await {
            None => true,
            Some(event) => event.name == "reload" && self.next().await.is_none(),
        }
    }
}

#[tokio::test]
async fn an_edit_is_told_to_whoever_may_see_it_and_to_nobody_else() {
    let Some(served) = served().await else { return };
    let neighbour = served.account("at-neighbour", Role::Centre, FOREIGN).await;
    let county = served.account("at-county", Role::Official, "990321").await;
    let mut own = served.of(Role::Planner).await;
    let mut above = served.stream(&county, None).await;
    let mut foreign = served.stream(&neighbour, None).await;
    served.name_facility("新名").await;
    for stream in [&mut own, &mut above] {
        let event = stream.next().await.unwrap();
        assert_eq!((event.name.as_str(), event.layers()), ("change", vec!["facilities"]));
        let layer = &event.data["layers"][0];
        assert_eq!(layer["codes"], json!(["990321001001001"]));
        let frame: Vec<f64> = layer["boxes"][0].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        assert!(frame[0] < 120.005 && 120.005 < frame[2] && frame[1] < 29.01 && 29.01 < frame[3], "{frame:?}");
        assert!((0.0003..0.0004).contains(&(frame[2] - frame[0])), "about where it is, not where exactly: {frame:?}");
    }
    assert!(foreign.is_silent().await);
}

#[tokio::test]
async fn counts_that_change_are_told_with_the_areas_that_show_them() {
    let Some(served) = served().await else { return };
    let neighbour = served.account("at-neighbour", Role::Centre, FOREIGN).await;
    let (mut own, mut foreign) = (served.of(Role::Centre).await, served.stream(&neighbour, None).await);
    served.by_sql("update households set household_count = household_count + 5 where id = 5100001").await;
    let event = own.next().await.unwrap();
    assert_eq!(event.layers(), ["areas", "area_labels", "cells", "cell_labels", "households", "heat"]);
    assert!(foreign.is_silent().await, "the county's own row shows each reader only the own counts");
    served.by_sql("update areas set name_zh = '改名县' where level = 6").await;
    for stream in [&mut own, &mut foreign] {
        assert_eq!(stream.next().await.unwrap().layers(), ["areas", "area_labels", "cells"], "an area above is shown to both");
    }
}

#[tokio::test]
async fn of_incidents_only_those_hear_who_may_open_them() {
    let Some(served) = served().await else { return };
    let neighbour = served.account("at-neighbour", Role::Centre, FOREIGN).await;
    let unit_of_the_cases = served.of(Role::Unit).await;
    let others = [Role::Planner, Role::Official, Role::System];
    let mut deaf = Vec::new();
    for role in others {
        deaf.push((role, served.of(role).await));
    }
    let (mut centre, mut foreign, mut unit) = (served.of(Role::Centre).await, served.stream(&neighbour, None).await, unit_of_the_cases);
    served.by_sql("update incidents set risk_level = 'red' where id = 5100002").await;
    assert_eq!(centre.next().await.unwrap().layers(), ["incidents", "heat"]);
    assert_eq!(unit.next().await.unwrap().layers(), ["incidents", "heat"], "sent to its unit");
    served.by_sql("update incidents set risk_level = 'red' where id = 5100001").await;
    assert_eq!(centre.next().await.unwrap().layers(), ["incidents", "heat"]);
    assert!(unit.is_silent().await, "a case of no unit");
    served.by_sql("update incidents set unit_id = null where id = 5100002").await;
    assert_eq!(unit.next().await.unwrap().layers(), ["incidents", "heat"], "a case taken away is told once more");
    // a table read whole is compared row by row
    served.by_sql("update incidents set risk_level = 'orange' where id = 5100003; insert into feed.change (layer, ids) values (5, null)").await;
    assert_eq!(centre.next().await.unwrap().data["layers"][0]["codes"], json!(["990321001001001"]));
    for (role, stream) in &mut deaf {
        assert!(stream.is_silent().await, "{role:?}");
    }
    assert!(foreign.is_silent().await);
}

#[tokio::test]
async fn after_a_break_the_stream_goes_on_from_the_last_event_seen() {
    let Some(served) = served().await else { return };
    let planner = served.site.accounts[&Role::Planner].clone();
    let mut first = served.stream(&planner, None).await;
    served.name_facility("一").await;
    assert_eq!(first.next().await.unwrap().name, "change");
    let seen = first.last_id.clone();
    drop(first);
    served.name_facility("二").await;
    served.by_sql("update households set household_count = 9 where id = 5100001").await;
    let mut again = served.stream(&planner, Some(&seen)).await;
    assert_eq!(again.next().await.unwrap().name, "heartbeat");
    let event = again.next().await.unwrap();
    assert_eq!(event.layers(), ["areas", "area_labels", "cells", "cell_labels", "households", "facilities"], "both changes, at once");
    assert!(again.is_silent().await);
    let mut current = served.stream(&planner, Some(&again.last_id)).await;
    assert_eq!(current.next().await.unwrap().name, "heartbeat");
    assert!(current.is_silent().await, "nothing was missed");
}

#[tokio::test]
async fn who_was_away_too_long_or_comes_from_another_process_is_told_to_ask_for_everything() {
    let Some(served) = served().await else { return };
    let planner = served.site.accounts[&Role::Planner].clone();
    let first = served.stream(&planner, None).await;
    for id in ["1", "of another process", &"A".repeat(32)] {
        let mut again = served.stream(&planner, Some(id)).await;
        assert_eq!(again.next().await.unwrap().name, "reload", "{id}");
        served.name_facility(id).await;
        assert_eq!(again.next().await.unwrap().name, "change", "and goes on from there");
    }
    // more publications than are kept
    let mut root = served.database.root().await;
    for n in 0..1_100 {
        root.execute(format!("update facilities set name_zh = 'n{n}' where id = {OWN_KEY}").as_str()).await.unwrap();
        served.site.model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    }
    let mut late = served.stream(&planner, Some(&first.last_id)).await;
    assert_eq!(late.next().await.unwrap().name, "reload");
    let by_query = format!("{}/api/events?since=1", served.address);
    let answer = reqwest::Client::new().get(by_query).bearer_auth(&planner.token).send().await.unwrap();
    let frame = answer.bytes_stream().next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&frame).contains("event: reload"), "{frame:?}");
}

#[tokio::test]
async fn ids_do_not_tell_how_much_happened_elsewhere() {
    let Some(served) = served().await else { return };
    let mut own = served.of(Role::Planner).await;
    let mut ids = vec![own.last_id.clone()];
    for n in 0..3 {
        served.by_sql("update facilities set name_zh = name_zh || '·' where id = 6200001").await;
        served.name_facility(&format!("第{n}")).await;
        ids.push(own.next().await.unwrap().id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.len() == 32 && id.parse::<u64>().is_err()), "{ids:?}");
}

#[tokio::test]
async fn a_stream_ends_at_once_when_its_token_account_or_right_is_taken_away_here_or_elsewhere() {
    let Some(served) = served().await else { return };
    let security = served.site.bearer(Role::Security);
    let ask = async |method: Method, path: String, body: Option<Value>| {
        let answer = served.site.ask(method, &path, &[("authorization", &security)], body.as_ref()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        answer
    };
    // here: the account is disabled
    let one = served.account("at-one", Role::Planner, OWN).await;
    let mut stream = served.stream(&one, None).await;
    let disabled = ask(Method::PATCH, format!("/api/users/{}", one.id), Some(json!({"disabled": true}))).await;
    assert_eq!(disabled.status, StatusCode::NO_CONTENT);
    assert!(stream.ends().await);
    // elsewhere: the grant goes, and the feed tells
    let two = served.account("at-two", Role::Planner, OWN).await;
    let mut stream = served.stream(&two, None).await;
    served.by_sql(&format!("delete from grants where user_id = {}", two.id)).await;
    assert!(stream.ends().await);
    // elsewhere: the token goes
    let three = served.account("at-three", Role::Planner, OWN).await;
    let mut stream = served.stream(&three, None).await;
    served.by_sql(&format!("delete from api_tokens where user_id = {}", three.id)).await;
    assert!(stream.ends().await);
    // another area: the page asks for everything again, on another stream
    let four = served.account("at-four", Role::Planner, OWN).await;
    let mut stream = served.stream(&four, None).await;
    let mut transaction = served.site.db.scoped(&maplebridge::users::api::account_scopes()).await.unwrap();
    let grant = Grant { role: Role::Planner, area: GrantArea::parse("990321").unwrap(), expires_on: None };
    maplebridge::users::store::grant(transaction.conn(), four.id, &grant, None, crate::support::app::noon()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(stream.next().await.unwrap().name, "reload");
    assert!(stream.next().await.is_none());
    // who is not concerned stays
    let mut stays = served.of(Role::Centre).await;
    served.by_sql(&format!("update users set disabled = true where id = {}", four.id)).await;
    assert!(stays.is_silent().await);
}

#[tokio::test]
async fn signing_out_ends_the_stream_of_the_session() {
    let Some(served) = served().await else { return };
    let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let mut root = served.database.root().await;
    let hash = maplebridge::users::hash_password("correct horse battery 9").unwrap();
    sqlx::query("update users set password_hash = $1 where account = 'at-planner'").bind(hash).execute(&mut root).await.unwrap();
    let session = format!("{}/api/session", served.address);
    let body = json!({"account": "at-planner", "password": "correct horse battery 9"});
    let signed = browser.post(&session).json(&body).send().await.unwrap();
    assert!(signed.status().is_success(), "{}", signed.text().await.unwrap());
    let answer = browser.get(format!("{}/api/events", served.address)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut open = Open { bytes: Box::pin(answer.bytes_stream()), text: String::new(), last_id: String::new() };
    assert_eq!(open.next().await.unwrap().name, "heartbeat");
    assert!(browser.delete(&session).header("origin", &served.address).send().await.unwrap().status().is_success());
    assert!(open.next().await.is_none());
}

#[tokio::test]
async fn streams_hold_no_connection_of_the_database_and_an_account_has_eight_at_most() {
    let Some(served) = served().await else { return };
    let mut open = Vec::new();
    for role in [Role::Planner, Role::Centre] {
        for _ in 0..8 {
            open.push(served.of(role).await);
        }
    }
    // the pool has eight connections; all of them are free
    let scopes = maplebridge::db::Scopes::default();
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(tokio::time::timeout(Duration::from_secs(2), served.site.db.scoped(&scopes)).await.unwrap().unwrap());
    }
    drop(held);
    let ninth = served.site.get(Role::Planner, "/api/events").await;
    assert_eq!(ninth.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(ninth.headers.contains_key(header::RETRY_AFTER) && ninth.text().contains("close other tabs"), "{}", ninth.text());
    assert_eq!(served.site.get(Role::Official, "/api/events").await.status, StatusCode::OK);
    drop(open);
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while served.site.get(Role::Planner, "/api/events").await.status != StatusCode::OK {
        assert!(std::time::Instant::now() < deadline, "a closed stream gives its place back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn who_has_no_map_has_no_stream() {
    let Some(served) = served().await else { return };
    for role in [Role::Security, Role::Auditor] {
        assert_eq!(served.site.get(role, "/api/events").await.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    assert_eq!(served.site.ask(Method::GET, "/api/events", &[], None).await.status, StatusCode::UNAUTHORIZED);
}
