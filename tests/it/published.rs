//! Published numbers over HTTP: made once, frozen, told by audience, with what is withheld said.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use maplebridge::context::{Clock, Context};
use maplebridge::published;
use maplebridge::users::{GrantArea, Role};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::app::{Account, Answer, Site, app};
use crate::support::database::{Database, database};

pub(crate) const COUNTY: &str = "990321";

/// The busy town with an account a role over the whole county.
pub(crate) async fn busy() -> Option<(Database, Site)> {
    let database = database().await?;
    let mut owner = database.owner().await;
    owner.execute(include_str!("fixtures/town.sql")).await.unwrap();
    database.root().await.execute(include_str!("fixtures/busy.sql")).await.unwrap();
    let site = app(&database, COUNTY).await;
    Some((database, site))
}

/// Publishes as the administrator of the system and waits for the end; the job as it ended.
pub(crate) async fn publish(site: &Site, month: Option<&str>) -> Value {
    let bearer = site.bearer(Role::System);
    let asked = json!({ "month": month });
    let answer = site.ask(Method::POST, "/api/publications", &[("authorization", &bearer)], Some(&asked)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let path = format!("/api/jobs/{}", answer.json()["job"].as_str().unwrap());
    for _ in 0..600 {
        let job = site.get(Role::System, &path).await.json();
        if job["state"] != "running" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the publication does not end");
}

/// Asks as an account.
pub(crate) async fn get(site: &Site, account: &Account, path: &str) -> Answer {
    site.ask(Method::GET, path, &[("authorization", &format!("Bearer {}", account.token))], None).await
}

pub(crate) fn grant(area: &str) -> GrantArea {
    GrantArea::parse(area).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Every entry a role is told, page by page.
async fn entries(site: &Site, role: Role) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site.get(role, &format!("/api/published?limit=1000{cursor}")).await.json();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["page"]["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn what_is_published_is_frozen_whatever_is_registered_later() {
    let Some((database, site)) = busy().await else { return };
    let job = publish(&site, Some("2026-01")).await;
    assert_eq!((&job["state"], &job["report"]["townships"], &job["report"]["months"]), (&json!("done"), &json!(2), &json!(2)), "{job}");
    let before = entries(&site, Role::Official).await;
    assert!(before.iter().any(|entry| entry["count"].is_number()) && before.iter().any(|entry| entry["count"].is_null()));
    assert!(before.iter().filter_map(|entry| Some((entry["count"].as_i64()?, entry["threshold"].as_i64()?))).all(|(count, k)| count >= k));
    let mut root = database.root().await;
    root.execute("insert into incidents (category, source, occurred_on, discovered_on, scope_code) select '02', 'screening', '2026-01-20', '2026-02-20', 990321001001001 from generate_series(1, 30)").await.unwrap();
    let again = publish(&site, None).await;
    assert_eq!(again["report"]["months"], 4, "December and February of two townships; January is not made again: {again}");
    let after = entries(&site, Role::Official).await;
    assert_eq!(after.iter().filter(|entry| entry["month"] == "2026-01").cloned().collect::<Vec<_>>(), before);
    let nothing = publish(&site, None).await;
    assert_eq!(nothing["report"]["months"], 0);
    for statement in [
        "update published_table set incident_count = incident_count + 1 where incident_count is not null",
        "delete from published_table",
        "truncate published_table",
        "delete from publications",
        "insert into published_table (scope_code, area_lo, level, month_on, category_group, audience, outcome, incident_count, threshold, published_at)
         values (990321001001001, 990321001001001, 15, '2026-01-01', 'late', 'k5', 'shown', 9, 5, now())",
    ] {
        let refusal = root.execute(statement).await.unwrap_err().to_string();
        assert!(refusal.contains("published"), "{statement}: {refusal}");
    }
}

#[tokio::test]
async fn a_month_is_not_published_before_its_end_nor_by_whoever_may_not() {
    let Some((_database, site)) = busy().await else { return };
    for (role, month, status) in [
        (Role::System, "2026-03", StatusCode::CONFLICT),
        (Role::System, "2026-3", StatusCode::UNPROCESSABLE_ENTITY),
        (Role::Centre, "2026-01", StatusCode::FORBIDDEN),
        (Role::Official, "2026-01", StatusCode::FORBIDDEN),
    ] {
        let bearer = site.bearer(role);
        let answer = site.ask(Method::POST, "/api/publications", &[("authorization", &bearer)], Some(&json!({ "month": month }))).await;
        assert_eq!(answer.status, status, "{role:?} {month}: {}", answer.text());
    }
    for role in [Role::System, Role::Security, Role::Auditor] {
        for path in ["/api/published", "/api/incident-counts"] {
            assert_eq!(site.get(role, path).await.status, StatusCode::FORBIDDEN, "{role:?} {path}");
        }
    }
}

#[tokio::test]
async fn days_are_widened_to_months_and_other_filters_are_refused_to_whoever_reads_no_cases() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    let answer = site.get(Role::Official, "/api/incident-counts?level=township&from=2026-01-10&to=2026-02-03").await.json();
    assert_eq!(answer["period"], json!({"from": "2026-01-01", "to": "2026-02-28"}));
    assert_eq!((&answer["snapped"], &answer["source"]), (&json!(true), &json!("published")));
    let months = ["2026-01", "2026-02"].map(|month| format!("/api/incident-counts?level=township&from={month}-01&to={month}-01"));
    let mut sum = 0;
    for month in &months {
        sum += site.get(Role::Official, month).await.json()["items"][0]["count"].as_u64().unwrap_or(0);
    }
    assert_eq!(answer["items"][0]["count"], sum, "a longer range is the sum of published months");
    for filter in ["category=02", "source=police", "state=registered"] {
        let refused = site.get(Role::Planner, &format!("/api/incident-counts?{filter}")).await;
        assert_eq!((refused.status, &refused.json()["faults"][0]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("not_published")), "{filter}");
    }
    assert_eq!(site.get(Role::Official, "/api/incident-counts?group=nothing").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.get(Role::Official, "/api/incident-counts?bbox=1,2,3,4").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_grain_is_the_finest_at_which_half_of_the_places_are_shown_and_is_said() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    let chosen = site.get(Role::Official, "/api/incident-counts").await.json();
    let grain = &chosen["grain"];
    let (places, shown) = (grain["places"].as_u64().unwrap(), grain["shown"].as_u64().unwrap());
    assert!(grain["chosen"] == true && 2 * shown >= places && grain["withheld"] == places - shown, "{grain}");
    for finer in ["cell", "village", "township"].into_iter().take_while(|level| grain["level"] != *level) {
        let at = &site.get(Role::Official, &format!("/api/incident-counts?level={finer}")).await.json()["grain"];
        assert!(2 * at["shown"].as_u64().unwrap() < at["places"].as_u64().unwrap(), "{finer}: {at}");
    }
    for item in chosen["items"].as_array().unwrap() {
        assert_eq!(item["count"].is_null(), item["rate"].is_null(), "{item}");
        assert!(!item["count"].is_null() || item["reason"] == "too_few", "{item}");
    }
    let sensitive = site.get(Role::Official, "/api/incident-counts?group=family&level=cell").await.json();
    assert_eq!(sensitive["grain"]["level"], "village", "sensitive kinds are told one level coarser");
}

#[tokio::test]
async fn who_may_open_each_case_is_told_true_numbers_with_free_filters() {
    let Some((database, site)) = busy().await else { return };
    publish(&site, None).await;
    let mut root = database.root().await;
    let path = "/api/incident-counts?within=990321001001&level=cell&from=2026-01-03&to=2026-01-09&category=02,03&source=screening";
    let answer = site.get(Role::Centre, path).await.json();
    assert_eq!((&answer["source"], &answer["items"][0]["audience"]), (&json!("cases"), &json!("cases")));
    for item in answer["items"].as_array().unwrap() {
        let count: i64 = sqlx::query_scalar(
            "select count(*) from incidents where scope_code = $1::bigint and occurred_on between '2026-01-03' and '2026-01-09'
                and category in ('02', '03') and source = 'screening' and state not in ('draft', 'merged')",
        )
        .bind(item["code"].as_str().unwrap().parse::<i64>().unwrap())
        .fetch_one(&mut root)
        .await
        .unwrap();
        assert_eq!(item["count"], count, "{item}");
    }
    let looked: i64 = sqlx::query_scalar("select count(*) from audit_entries where action = 'incident.count'").fetch_one(&mut root).await.unwrap();
    assert_eq!(looked, 1, "the look is in the audit trail");
    let card = site.get(Role::Centre, "/api/cells/990321001001001/summary").await.json();
    assert_eq!((&card["incidents"]["source"], &card["incidents"]["shown"]), (&json!("cases"), &json!(true)));
    let card = site.get(Role::Official, "/api/areas/990321001/summary").await.json();
    assert_eq!((&card["incidents"]["source"], &card["incidents"]["group"]), (&json!("published"), &json!("ordinary")));
}

#[tokio::test]
async fn an_area_is_not_told_where_a_part_of_it_is_told_more_freely() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    let both = site.account("both", &[(Role::Supervisor, grant("990321001001")), (Role::Official, grant(COUNTY))]).await;
    let townships = get(&site, &both, "/api/incident-counts?level=township").await.json();
    assert_eq!((&townships["items"][0]["count"], &townships["items"][0]["reason"]), (&Value::Null, &json!("partly_own")));
    assert!(townships["items"][1]["count"].is_number(), "{townships}");
    let own = get(&site, &both, "/api/incident-counts?within=990321001001&level=village").await.json();
    assert_eq!(own["source"], "cases");
    let listed = get(&site, &both, "/api/published?level=township&within=990321001&limit=1000").await.json();
    assert!(listed["items"].as_array().unwrap().iter().all(|entry| entry["count"].is_null()), "{listed}");
}

#[tokio::test]
async fn beside_the_cases_of_ones_own_unit_no_number_is_told() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, None).await;
    let unit = site.account("the-unit", &[(Role::Unit, grant("990321001"))]).await;
    let village = |month: &str| format!("/api/incident-counts?level=village&from={month}-01&to={month}-01");
    let february = get(&site, &unit, &village("2026-02")).await.json();
    let december = get(&site, &unit, &village("2025-12")).await.json();
    assert_eq!(february["items"][0]["reason"], "own_cases", "{february}");
    assert_eq!(december["items"][0]["audience"], "k3");
    assert!(december["items"][0]["count"].is_number() && february["items"][1]["count"].is_number(), "{december} {february}");
    let tile = get(&site, &unit, "/tiles/published/10/853/425").await;
    assert!(matches!(tile.status, StatusCode::OK | StatusCode::NO_CONTENT));
}

#[tokio::test]
async fn the_last_month_is_published_by_itself_once_somebody_began() {
    let Some((database, site)) = busy().await else { return };
    let context =
        |when| Context { db: site.db.clone(), model: site.model.clone(), clock: Clock { zone: chrono_tz::Asia::Shanghai, fixed: Some(at(when)) } };
    let months = async |when| published::publish_last_month(&context(when)).await.unwrap().map(|done| done.months);
    assert_eq!(months("2026-03-20T00:00:00Z").await, None, "nobody began");
    publish(&site, Some("2026-01")).await;
    assert_eq!(months("2026-03-05T00:00:00Z").await, None, "five days are not over");
    assert_eq!(months("2026-03-06T00:00:00Z").await, Some(2));
    assert_eq!(months("2026-03-07T00:00:00Z").await, None, "it was published");
    let february = "select count(*) from publications where month_on = '2026-02-01'";
    assert_eq!(sqlx::query_scalar::<_, i64>(february).fetch_one(&mut database.root().await).await.unwrap(), 2);
}

#[tokio::test]
async fn a_series_adds_up_to_the_counts_of_the_same_days() {
    let Some((_database, site)) = busy().await else { return };
    publish(&site, Some("2026-01")).await;
    for role in [Role::Centre, Role::Official] {
        let days = "from=2026-01-01&to=2026-02-28";
        let series = site.get(role, &format!("/api/incident-series?{days}")).await.json();
        let counts = site.get(role, &format!("/api/incident-counts?level=township&{days}")).await.json();
        let sum = |rows: &Value| rows["items"].as_array().unwrap().iter().filter_map(|row| row["count"].as_u64()).sum::<u64>();
        assert_eq!(sum(&series), sum(&counts), "{role:?} {series} {counts}");
        assert!(sum(&series) > 0, "{role:?}");
        assert_eq!(series["items"].as_array().unwrap().len(), 2);
    }
    let weeks = site.get(Role::Centre, "/api/incident-series?step=week&from=2026-02-01&to=2026-02-28&category=02").await.json();
    assert_eq!((&weeks["source"], weeks["items"].as_array().unwrap().len()), (&json!("cases"), 4));
    assert_eq!(site.get(Role::Official, "/api/incident-series?category=02").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.get(Role::System, "/api/incident-series").await.status, StatusCode::FORBIDDEN);
}
