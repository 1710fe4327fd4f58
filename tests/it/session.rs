//! Signing in, staying signed in, and ceasing to be.

use axum::http::{Method, StatusCode, header};
use chrono::TimeDelta;
use maplebridge::users::api::{account_scopes, make_account};
use maplebridge::users::{Grant, GrantArea, Role};
use serde_json::json;

use crate::support::app::{Answer, Site, app, noon};
use crate::support::database::{Database, database};
use crate::support::town::{OWN, town};

const PASSWORD: &str = "枫桥 bridge 2026";

async fn ready() -> Option<(Database, Site)> {
    let database = database().await?;
    town(&database).await;
    let site = app(&database, OWN).await;
    Some((database, site))
}

/// An account that signs in with a password; without one of its own it gets a one-time password, which is returned.
async fn person(site: &Site, account: &str, password: Option<&str>) -> String {
    let mut transaction = site.db.scoped(&account_scopes()).await.unwrap();
    let grant = Grant { role: Role::Supervisor, area: GrantArea::parse(OWN).unwrap(), expires_on: None };
    let (_, password) = make_account(&mut transaction, account, ("值班", "Duty"), &[grant], password, None, noon()).await.unwrap();
    transaction.commit().await.unwrap();
    password
}

async fn sign_in(site: &Site, account: &str, password: &str) -> Answer {
    site.ask(Method::POST, "/api/session", &[], Some(&json!({"account": account, "password": password}))).await
}

/// `name=secret` of the answer's cookie.
fn cookie(answer: &Answer) -> String {
    answer.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn me(site: &Site, cookie: &str) -> StatusCode {
    site.ask(Method::GET, "/api/me", &[("cookie", cookie)], None).await.status
}

#[tokio::test]
async fn signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let Some((_database, site)) = ready().await else { return };
    person(&site, "duty", Some(PASSWORD)).await;
    let answer = sign_in(&site, "duty", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"), "{set}");
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.json()["user"]["account"], "duty");
    let cookie = cookie(&answer);
    assert_eq!(me(&site, &cookie).await, StatusCode::OK);
    let out = site.ask(Method::DELETE, "/api/session", &[("cookie", &cookie)], None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(me(&site, &cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour() {
    let Some((_database, site)) = ready().await else { return };
    person(&site, "duty", Some(PASSWORD)).await;
    for _ in 0..5 {
        assert_eq!(sign_in(&site, "duty", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let locked = sign_in(&site, "duty", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS, "{}", locked.text());
    let wait: i64 = locked.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    let later = site.at(noon() + TimeDelta::minutes(16));
    assert_eq!(sign_in(&later, "duty", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_answered_like_a_wrong_password() {
    let Some((_database, site)) = ready().await else { return };
    person(&site, "duty", Some(PASSWORD)).await;
    let plain = |answer: Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        (answer.status, body)
    };
    assert_eq!(plain(sign_in(&site, "nobody", "wrong").await), plain(sign_in(&site, "duty", "wrong").await));
}

#[tokio::test]
async fn a_session_ends_after_a_quarter_of_an_hour_unused_and_after_eight_hours_at_all() {
    let Some((_database, site)) = ready().await else { return };
    person(&site, "duty", Some(PASSWORD)).await;
    let unused = cookie(&sign_in(&site, "duty", PASSWORD).await);
    assert_eq!(me(&site.at(noon() + TimeDelta::minutes(14)), &unused).await, StatusCode::OK);
    let unused = cookie(&sign_in(&site, "duty", PASSWORD).await);
    assert_eq!(me(&site.at(noon() + TimeDelta::minutes(16)), &unused).await, StatusCode::UNAUTHORIZED);

    let used = cookie(&sign_in(&site, "duty", PASSWORD).await);
    for minutes in (10..480).step_by(10) {
        assert_eq!(me(&site.at(noon() + TimeDelta::minutes(minutes)), &used).await, StatusCode::OK, "after {minutes} minutes");
    }
    assert_eq!(me(&site.at(noon() + TimeDelta::minutes(481)), &used).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_the_page_asks_by_itself_does_not_keep_a_session_alive() {
    let Some((_database, site)) = ready().await else { return };
    person(&site, "duty", Some(PASSWORD)).await;
    let cookie = cookie(&sign_in(&site, "duty", PASSWORD).await);
    let then = site.at(noon() + TimeDelta::minutes(10));
    let headers = [("cookie", cookie.as_str()), ("x-maplebridge-background", "1")];
    assert_eq!(then.ask(Method::GET, "/api/me", &headers, None).await.status, StatusCode::OK);
    assert_eq!(then.ask(Method::GET, "/tiles/areas", &headers[..1], None).await.status, StatusCode::OK);
    assert_eq!(me(&site.at(noon() + TimeDelta::minutes(16)), &cookie).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_sites_page_writes_nothing_with_our_cookie() {
    let Some((_database, site)) = ready().await else { return };
    person(&site, "duty", Some(PASSWORD)).await;
    let cookie = cookie(&sign_in(&site, "duty", PASSWORD).await);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "http://elsewhere.test")] {
        let answer = site.ask(Method::POST, "/api/tokens", &[("cookie", &cookie), (name, value)], Some(&json!({"name": "x"}))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let own = site.ask(Method::POST, "/api/tokens", &[("cookie", &cookie), ("sec-fetch-site", "same-origin")], Some(&json!({"name": "x"}))).await;
    assert_eq!(own.status, StatusCode::CREATED, "{}", own.text());
}

#[tokio::test]
async fn a_one_time_password_opens_nothing_but_setting_an_own_one() {
    let Some((_database, site)) = ready().await else { return };
    let once = person(&site, "fresh", None).await;
    let answer = sign_in(&site, "fresh", &once).await;
    assert_eq!(answer.json()["user"]["must_change_password"], true);
    let first = cookie(&answer);
    for path in ["/api/users", "/api/tokens", "/tiles/cells", "/styles/light.json"] {
        assert_eq!(site.ask(Method::GET, path, &[("cookie", &first)], None).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let change = |current: &str, new: &str| json!({"current": current, "new": new});
    let weak = site.ask(Method::PUT, "/api/session/password", &[("cookie", &first)], Some(&change(&once, "short"))).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = site.ask(Method::PUT, "/api/session/password", &[("cookie", &first)], Some(&change("guess", PASSWORD))).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let set = site.ask(Method::PUT, "/api/session/password", &[("cookie", &first)], Some(&change(&once, PASSWORD))).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text());
    let own = cookie(&set);
    assert_eq!(me(&site, &first).await, StatusCode::UNAUTHORIZED, "older sessions end");
    assert_eq!(site.ask(Method::GET, "/tiles/cells", &[("cookie", &own)], None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_grant_that_is_taken_away_ends_at_once() {
    let Some((_database, site)) = ready().await else { return };
    let security = site.bearer(Role::Security);
    let security = [("authorization", security.as_str())];
    assert_eq!(site.get(Role::Planner, "/tiles/cells").await.status, StatusCode::OK);
    let listed = site.ask(Method::GET, "/api/users?limit=1000", &security, None).await.json();
    let planner = listed["items"].as_array().unwrap().iter().find(|item| item["account"] == "at-planner").unwrap().clone();
    let path = format!("/api/users/{}/grants/{}", planner["id"], planner["grants"][0]["id"]);
    let gone = site.ask(Method::DELETE, &path, &security, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    tokio::task::yield_now().await;
    assert_eq!(site.get(Role::Planner, "/tiles/cells").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_disabled_account_is_nobody_at_once() {
    let Some((_database, site)) = ready().await else { return };
    assert_eq!(site.get(Role::Centre, "/api/me").await.status, StatusCode::OK);
    let path = format!("/api/users/{}", site.accounts[&Role::Centre].id);
    let answer = site.ask(Method::PATCH, &path, &[("authorization", &site.bearer(Role::Security))], Some(&json!({"disabled": true}))).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    tokio::task::yield_now().await;
    assert_eq!(site.get(Role::Centre, "/api/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_works_until_its_day_or_until_it_is_taken_away() {
    let Some((_database, site)) = ready().await else { return };
    let bearer = site.bearer(Role::Supervisor);
    let made =
        site.ask(Method::POST, "/api/tokens", &[("authorization", &bearer)], Some(&json!({"name": "每晚导出", "expires_on": "2026-03-03"}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    let token = format!("Bearer {}", made["token"].as_str().unwrap());
    let token = [("authorization", token.as_str())];
    assert_eq!(site.ask(Method::GET, "/api/me", &token, None).await.status, StatusCode::OK);
    let on = |days| site.at(noon() + TimeDelta::days(days));
    assert_eq!(on(1).ask(Method::GET, "/api/me", &token, None).await.status, StatusCode::OK);
    assert_eq!(on(2).ask(Method::GET, "/api/me", &token, None).await.status, StatusCode::UNAUTHORIZED);
    let path = format!("/api/tokens/{}", made["id"]);
    assert_eq!(site.ask(Method::DELETE, &path, &[("authorization", &bearer)], None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.ask(Method::GET, "/api/me", &token, None).await.status, StatusCode::UNAUTHORIZED, "a token taken away ends at once");
}

#[tokio::test]
async fn the_security_administrator_gives_nothing_to_the_own_account_and_never_audits() {
    let Some((_database, site)) = ready().await else { return };
    let security = site.accounts[&Role::Security].id;
    let auditor = site.accounts[&Role::Auditor].id;
    let bearer = site.bearer(Role::Security);
    for (user, role, rule) in [
        (security, "system", "grants_not_to_oneself"),
        (security, "auditor", "grants_not_to_oneself"),
        (auditor, "security", "grants_separate_duties"),
    ] {
        let path = format!("/api/users/{user}/grants");
        let answer = site.ask(Method::POST, &path, &[("authorization", &bearer)], Some(&json!({"role": role, "area": "all"}))).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{role}: {}", answer.text());
        assert_eq!(answer.json()["rule"], rule);
    }
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Security) {
        assert_eq!(site.get(role, "/api/users").await.status, StatusCode::FORBIDDEN, "{role:?}");
    }
}
