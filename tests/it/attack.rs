//! Attacks on published numbers: whatever one account can fetch, before and after things happened, put into linear
//! programs against every number below its threshold. The same attacker gets through four weaker ways of publishing.

mod analyses;
mod gather;
mod lp;
mod town;
mod weakened;

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use maplebridge::codes::{AreaCode, Scope};
use maplebridge::privacy::{Audience, Standing, audience};
use maplebridge::users::Role;
use serde_json::json;
use sqlx::{Executor as _, PgConnection};

use crate::published::{COUNTY, busy, grant, publish};
use crate::support::app::{Account, Site};
use gather::{Learnt, gather, own_cases};
use lp::Attacker;
use town::Truth;
use weakened::{Tally, free_ranges, primary_alone, rates_of_all, rests, scores};

const MONTHS: [&str; 3] = ["2025-12", "2026-01", "2026-02"];
const VILLAGE: &str = "990321001001";

/// An account that attacks: its name and grants.
type Cast = (&'static str, &'static [(Role, &'static str)]);

/// Accounts whose unit handles no case: staff that is told from three up and may open none.
const WITHOUT_CASES: [&str; 2] = ["staff", "staff-of-township"];

/// Accounts without any right to a case that put together what they know.
const TOGETHER: [(&str, &str); 5] = [
    ("official", "staff"),
    ("official", "staff-of-township"),
    ("planner", "staff"),
    ("village-official", "staff-of-township"),
    ("staff", "staff-of-township"),
];

/// One of each role that is told published numbers, in one place and over many, and mixtures of case rights with others.
const CAST: [Cast; 11] = [
    ("official", &[(Role::Official, COUNTY)]),
    ("planner", &[(Role::Planner, "990321001")]),
    ("village-official", &[(Role::Official, VILLAGE)]),
    ("unit", &[(Role::Unit, "990321001")]),
    ("unit-of-county", &[(Role::Unit, COUNTY)]),
    ("unit-and-official", &[(Role::Unit, VILLAGE), (Role::Official, COUNTY)]),
    ("supervisor-and-official", &[(Role::Supervisor, VILLAGE), (Role::Official, COUNTY)]),
    ("cell-and-unit", &[(Role::Supervisor, "990321001002001"), (Role::Unit, "990321001")]),
    ("staff", &[(Role::Unit, VILLAGE)]),
    ("staff-of-township", &[(Role::Unit, "990321001")]),
    ("centre-and-planner", &[(Role::Centre, "990321002"), (Role::Planner, COUNTY)]),
];

fn area(code: &str) -> AreaCode {
    AreaCode::parse(code).unwrap()
}

fn areas_of(cast: &Cast, holds: impl Fn(Role) -> bool) -> Vec<AreaCode> {
    cast.1.iter().filter(|(role, _)| holds(*role)).map(|(_, code)| area(code)).collect()
}

fn scope(areas: &[AreaCode]) -> Scope {
    areas.iter().map(|area| area.range()).collect()
}

/// Areas of which the account may open every case.
fn opened(cast: &Cast) -> Vec<AreaCode> {
    areas_of(cast, |role| matches!(role, Role::Supervisor | Role::Centre))
}

/// What `privacy` takes the account for.
fn standing(cast: &Cast) -> Standing {
    let own = areas_of(cast, |role| matches!(role, Role::Supervisor | Role::Centre | Role::Unit));
    Standing { cases: scope(&opened(cast)), own: scope(&own), public: false }
}

/// A line for the log: how much was attacked, and what broke.
#[expect(clippy::print_stderr, reason = "the counts of the attack are wanted in the log")]
fn say(line: &str) {
    eprintln!("attack: {line}");
}

/// Attacks every number below its threshold that the account may ask for and does not know by right.
fn attack(cast: &Cast, truth: &Truth, learnt: &[Learnt]) -> Tally {
    let (standing, reach) = (standing(cast), scope(&areas_of(cast, |_| true)));
    let facts = learnt.iter().flat_map(|learnt| learnt.facts.iter().cloned()).chain(own_cases(truth, &opened(cast))).chain(rests(truth)).collect();
    let attacker = Attacker::new(truth.unknowns.len(), facts);
    let mut tally = Tally::default();
    for (place, group, month) in truth.entries() {
        let told = audience(&standing, place, truth.is_sensitive(&group));
        let Some(threshold) = told.threshold().filter(|_| reach.covers(place.range())) else { continue };
        if truth.count(place, &group, &month) < threshold {
            tally.attacked += 1;
            let parts = truth.parts(place, &group, &[&month]);
            if attacker.narrows(&parts, threshold - 1) {
                let bounds = attacker.bounds(&parts);
                tally.broken += 1;
                say(&format!("{}: {place} {group} {month} is {bounds:?}", cast.0));
            }
        }
    }
    tally
}

/// Attacks every number that both accounts, were they one, are not told and that is below the smaller of their thresholds.
fn attack_together(pair: [&Cast; 2], truth: &Truth, learnt: [&[Learnt]; 2]) -> Tally {
    let facts = learnt.into_iter().flatten().flat_map(|learnt| learnt.facts.iter().cloned()).chain(rests(truth)).collect();
    let attacker = Attacker::new(truth.unknowns.len(), facts);
    let standings = pair.map(standing);
    let reach: Vec<AreaCode> = pair.iter().flat_map(|cast| areas_of(cast, |_| true)).collect();
    let mut tally = Tally::default();
    for (place, group, month) in truth.entries() {
        let sensitive = truth.is_sensitive(&group);
        // the smaller of the two, wherever the one that has it may ask: what it tells reaches over sums into places beside
        let smaller = if sensitive { Audience::K10 } else { smallest(&standings, &pair) };
        let Some(threshold) = smaller.threshold().filter(|_| scope(&reach).covers(place.range())) else { continue };
        if truth.count(place, &group, &month) < threshold {
            tally.attacked += 1;
            let parts = truth.parts(place, &group, &[&month]);
            if attacker.narrows(&parts, threshold - 1) {
                let bounds = attacker.bounds(&parts);
                tally.broken += 1;
                say(&format!("{} with {}: {place} {group} {month} is {bounds:?}", pair[0].0, pair[1].0));
            }
        }
    }
    tally
}

/// The freest audience that any of the accounts is anywhere.
fn smallest(standings: &[Standing], casts: &[&Cast]) -> Audience {
    let anywhere = |(standing, cast): (&Standing, &&Cast)| areas_of(cast, |_| true).into_iter().map(|area| audience(standing, area, false)).min();
    standings.iter().zip(casts).filter_map(anywhere).min().unwrap()
}

async fn accounts(site: &Site, root: &mut PgConnection) -> Vec<Account> {
    let mut accounts = Vec::new();
    for (name, grants) in CAST {
        let grants: Vec<_> = grants.iter().map(|(role, code)| (*role, grant(code))).collect();
        accounts.push(site.account(name, &grants).await);
    }
    sqlx::query("update users set unit_id = null where account = any($1)").bind(WITHOUT_CASES).execute(root).await.unwrap();
    site.model.wait_fresh_within(std::time::Duration::from_secs(10)).await.unwrap();
    accounts
}

/// Cases registered late for published months, and cases of a month that is not over or not published.
async fn register_late(root: &mut PgConnection) {
    root.execute(
        "insert into incidents (category, source, occurred_on, discovered_on, scope_code, safe_place_id)
         select lpad((1 + n % 18)::text, 2, '0'), 'screening', d, '2026-03-01', s.scope_code, s.id
           from safe_places s, generate_series(1, 5) n, unnest(array[date '2025-12-09', date '2026-01-08', date '2026-02-07']) d order by s.id, n, d",
    )
    .await
    .unwrap();
}

/// The planner takes a strip from a cell; its addresses follow.
async fn move_a_border(site: &Site) {
    let bearer = site.bearer(Role::Planner);
    let shape = json!({"type": "Polygon", "coordinates": [[[120.0, 29.0], [120.006, 29.0], [120.006, 29.01], [120.0, 29.01], [120.0, 29.0]]]});
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"v1\"")];
    let body = json!({"type": "Feature", "geometry": shape});
    let answer = site.ask(Method::PATCH, "/api/cells/990321001001001", &headers, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn nobody_narrows_a_small_number_with_all_that_can_be_fetched() {
    let Some((database, site)) = busy().await else { return };
    let mut root = database.root().await;
    let accounts = accounts(&site, &mut root).await;
    publish(&site, Some("2025-12")).await;
    publish(&site, Some("2026-01")).await;
    let early = Truth::read(&mut root, &MONTHS).await;
    let mut learnt: Vec<Vec<Learnt>> = Vec::new();
    for (cast, account) in CAST.iter().zip(&accounts) {
        learnt.push(vec![gather(&site, account, &early, &opened(cast), &areas_of(cast, |_| true)).await]);
    }
    // a second date of publication, with cases registered late and a border moved between
    register_late(&mut root).await;
    move_a_border(&site).await;
    publish(&site, Some("2026-02")).await;
    let truth = Truth::read(&mut root, &MONTHS).await.with_months_of(&early, &MONTHS[..2]);
    for ((cast, account), learnt) in CAST.iter().zip(&accounts).zip(&mut learnt) {
        learnt.push(gather(&site, account, &truth, &opened(cast), &areas_of(cast, |_| true)).await);
    }
    let mut all = Tally::default();
    for (cast, learnt) in CAST.iter().zip(&learnt) {
        let tally = attack(cast, &truth, learnt);
        let requests: usize = learnt.iter().map(|learnt| learnt.requests).sum();
        let heats: usize = learnt.iter().map(|learnt| learnt.heats).sum();
        let told_only = cast.1.iter().all(|(role, _)| matches!(role, Role::Official | Role::Planner));
        assert!(heats > 4 || !told_only, "{}: {heats} tiles of heat are too few to say", cast.0);
        let judged: usize = learnt.iter().map(|learnt| learnt.judged).sum();
        let intervals: usize = learnt.iter().map(|learnt| learnt.intervals).sum();
        assert!(judged > 4 || !told_only, "{}: {judged} answers of analyses that judge some place are too few to say", cast.0);
        let line = format!(
            "{requests} requests, {judged} analyses with {intervals} intervals, {} numbers attacked, {} broken",
            tally.attacked, tally.broken
        );
        say(&format!("{:<24} {line}", cast.0));
        assert!(tally.attacked > 20, "{}: too few to say", cast.0);
        all = Tally { attacked: all.attacked + tally.attacked, broken: all.broken + tally.broken };
    }
    let named = |name: &str| CAST.iter().position(|cast| cast.0 == name).unwrap();
    for (one, other) in TOGETHER {
        let (a, b) = (named(one), named(other));
        let tally = attack_together([&CAST[a], &CAST[b]], &truth, [&learnt[a], &learnt[b]]);
        say(&format!("{one} with {other}: {} numbers attacked, {} broken", tally.attacked, tally.broken));
        assert!(tally.attacked > 20, "{one} with {other}: too few to say");
        all = Tally { attacked: all.attacked + tally.attacked, broken: all.broken + tally.broken };
    }
    say(&format!("{} numbers attacked, {} broken", all.attacked, all.broken));
    assert_eq!(all.broken, 0);
}

#[tokio::test]
async fn the_same_attacker_breaks_weaker_ways_of_publishing() {
    let Some((database, site)) = busy().await else { return };
    let mut root = database.root().await;
    publish(&site, None).await;
    let truth = Truth::read(&mut root, &MONTHS).await;
    let links: Vec<(String, String)> = sqlx::query_as(
        "select lpad(a.code::text, 15, '0'), lpad(b.code::text, 15, '0') from cells a join cells b on ST_Intersects(a.geom, b.geom)
          where a.valid_to is null and b.valid_to is null",
    )
    .fetch_all(&mut root)
    .await
    .unwrap();
    let mut neighbours: BTreeMap<AreaCode, Vec<AreaCode>> = BTreeMap::new();
    for (cell, other) in links {
        neighbours.entry(area(&cell)).or_default().push(area(&other));
    }
    let (k3, k5) = (Audience::K3.threshold().unwrap(), Audience::K5.threshold().unwrap());
    for (name, tally) in [
        ("primary suppression alone", primary_alone(&truth, k5)),
        ("primary suppression alone, k 3", primary_alone(&truth, k3)),
        ("free date ranges", free_ranges(&mut root, &truth, k5).await),
        ("rates of all cells", rates_of_all(&mut root, &truth, k5).await),
        ("published z-scores", scores(&mut root, &truth, &neighbours, k5).await),
    ] {
        say(&format!("{name}: {} numbers attacked, {} broken", tally.attacked, tally.broken));
        assert!(tally.broken > 0, "the attacker is too weak against {name}");
    }
}

#[tokio::test]
async fn a_hidden_change_changes_nothing_that_can_be_fetched() {
    let Some((database, site)) = busy().await else { return };
    let mut root = database.root().await;
    publish(&site, None).await;
    let truth = Truth::read(&mut root, &MONTHS).await;
    let accounts = accounts(&site, &mut root).await;
    // one of each that may open no case, or only those of its unit
    let blind: Vec<(&Cast, &Account)> = CAST.iter().zip(&accounts).filter(|(cast, _)| ["official", "unit"].contains(&cast.0)).collect();
    let mut before = Vec::new();
    for (cast, account) in &blind {
        before.push(gather(&site, account, &truth, &[], &areas_of(cast, |_| true)).await);
    }
    register_late(&mut root).await;
    site.model.wait_fresh_within(std::time::Duration::from_secs(10)).await.unwrap();
    for ((cast, account), before) in blind.into_iter().zip(before) {
        let after = gather(&site, account, &truth, &[], &areas_of(cast, |_| true)).await;
        assert!(before.seen.len() > 250 && before.seen.keys().eq(after.seen.keys()));
        for (path, (status, body)) in &before.seen {
            let now = &after.seen[path];
            assert!(body == &now.1 && status == &now.0, "{}: {path} changed from {status} to {}", cast.0, now.0);
        }
    }
}
