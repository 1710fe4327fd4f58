//! Everything one account can fetch about incident numbers, as facts.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use maplebridge::codes::{AreaCode, Level};
use mvt_reader::Reader as Tile;
use mvt_reader::feature::Value as TileValue;
use serde_json::Value;

use super::lp::Fact;
use super::town::{ORDINARY, Truth};
use crate::heat_support::decode;
use crate::published::get;
use crate::support::app::{Account, Answer, Site};

/// Tiles that hold the whole town, coarse and fine.
const TILES: [&str; 2] = ["8/213/106", "11/1706/851"];

/// What was learnt, and by how many requests.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    pub(crate) facts: Vec<Fact>,
    pub(crate) requests: usize,
    /// Tiles of heat of published numbers that draw something.
    pub(crate) heats: usize,
    /// Bodies and ETags by address, to see what a hidden change changes.
    pub(crate) seen: BTreeMap<String, (String, Vec<u8>)>,
    /// Numbers that are told, by place, group and month.
    pub(super) shown: BTreeMap<(AreaCode, String, String), u32>,
    /// Townships and months that were published.
    pub(super) published: BTreeSet<(AreaCode, String)>,
    /// Answers of analyses in which some place was judged.
    pub(crate) judged: usize,
    /// What analyses said of numbers: rates, classes, sums.
    pub(crate) intervals: usize,
}

pub(super) struct Spy<'a> {
    pub(super) site: &'a Site,
    pub(super) account: &'a Account,
    pub(super) truth: &'a Truth,
    /// Areas of which every case is known as it was when it was published.
    pub(super) own: &'a [AreaCode],
    pub(super) learnt: Learnt,
}

/// Fetches everything; `own` are areas of which the account may open every case, `reach` those of its grants.
pub(crate) async fn gather(site: &Site, account: &Account, truth: &Truth, own: &[AreaCode], reach: &[AreaCode]) -> Learnt {
    let mut spy = Spy { site, account, truth, own, learnt: Learnt::default() };
    spy.cases().await;
    spy.table().await;
    spy.sums().await;
    spy.mixes().await;
    spy.series().await;
    spy.cards().await;
    spy.tiles().await;
    spy.heat().await;
    spy.other_layers().await;
    spy.analyses(reach).await;
    spy.warnings_and_clocks().await;
    spy.learnt
}

pub(super) fn area(value: &Value) -> AreaCode {
    AreaCode::parse(value.as_str().unwrap()).unwrap()
}

impl Spy<'_> {
    /// Asks; nothing where it is refused.
    pub(super) async fn ask(&mut self, path: &str) -> Option<Vec<u8>> {
        let answer = get(self.site, self.account, path).await;
        self.note(path, &answer)
    }

    /// Remembers an answer; nothing where it is a refusal.
    pub(super) fn note(&mut self, path: &str, answer: &Answer) -> Option<Vec<u8>> {
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.text());
        self.learnt.requests += 1;
        let etag = answer.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        let told = (answer.status == StatusCode::OK).then(|| answer.body.to_vec());
        self.learnt.seen.insert(path.to_owned(), (format!("{} {etag}", answer.status), told.clone().unwrap_or_default()));
        told
    }

    /// Remembers what was told under a name that stays.
    pub(super) fn remember(&mut self, name: &str, body: Vec<u8>) {
        self.learnt.requests += 1;
        self.learnt.seen.insert(name.to_owned(), (String::new(), body));
    }

    pub(super) async fn json(&mut self, path: &str) -> Option<Value> {
        self.ask(path).await.map(|body| serde_json::from_slice(&body).unwrap())
    }

    /// Cases one may open: true numbers of the own area, and at least the own cases elsewhere.
    async fn cases(&mut self) {
        let mut own: BTreeMap<usize, u32> = BTreeMap::new();
        let mut cursor = String::new();
        while let Some(page) = self.json(&format!("/api/incidents?limit=1000{cursor}")).await {
            for case in page["features"].as_array().unwrap() {
                let case = &case["properties"];
                if case["state"] == "draft" || case["state"] == "merged" {
                    continue;
                }
                let group = group_of(case["category"].as_str().unwrap());
                let month = &case["occurred_on"].as_str().unwrap()[..7];
                let place = case.get("cell_code").filter(|code| !code.is_null()).unwrap_or(&case["area_code"]);
                if self.own.iter().any(|own| own.holds(area(place))) {
                    continue;
                }
                for unknown in self.truth.parts(area(place), group, &[month]) {
                    if self.truth.unknowns[unknown].0 == area(place) {
                        *own.entry(unknown).or_default() += 1;
                    }
                }
            }
            let Some(next) = page["page"]["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        // cases are on the map too
        for tile in TILES {
            self.ask(&format!("/tiles/incidents/{tile}")).await;
        }
        self.learnt.facts.extend(own.into_iter().map(|(unknown, count)| Fact::between([unknown], f64::from(count), f64::INFINITY)));
    }

    /// The published entries themselves.
    async fn table(&mut self) {
        let mut cursor = String::new();
        while let Some(page) = self.json(&format!("/api/published?limit=1000{cursor}")).await {
            for entry in page["items"].as_array().unwrap() {
                let (group, month) = (entry["group"].as_str().unwrap(), entry["month"].as_str().unwrap());
                if let Some(count) = entry["count"].as_u64() {
                    assert!(count >= entry["threshold"].as_u64().unwrap(), "{entry}");
                    self.learn((area(&entry["code"]), group.to_owned(), month.to_owned()), count as u32);
                }
            }
            let Some(next) = page["page"]["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let Some(page) = self.json("/api/publications?limit=1000").await else { return };
        for one in page["items"].as_array().unwrap() {
            self.learnt.published.insert((area(&one["township"]), one["month"].as_str().unwrap().to_owned()));
        }
    }

    fn learn(&mut self, entry: (AreaCode, String, String), count: u32) {
        let parts = self.truth.parts(entry.0, &entry.1, &[&entry.2]);
        self.learnt.facts.push(Fact::equals(parts, f64::from(count)));
        self.learnt.shown.insert(entry, count);
    }

    /// Sums over every range of months, group and level, and what they say of single days.
    async fn sums(&mut self) {
        let groups: Vec<String> = self.truth.groups.keys().cloned().chain([ORDINARY.to_owned()]).collect();
        let months = self.truth.months.clone();
        for group in &groups {
            let chosen = if group == ORDINARY { Some("") } else { None };
            for level in ["&level=cell", "&level=village", "&level=township"].into_iter().chain(chosen) {
                for (first, from) in months.iter().enumerate() {
                    for last in first..months.len() {
                        let path = format!("/api/incident-counts?limit=1000&group={group}&from={from}-15&to={}-15{level}", months[last]);
                        let Some(answer) = self.json(&path).await else { continue };
                        if answer["source"] == "cases" {
                            continue;
                        }
                        for item in answer["items"].as_array().unwrap() {
                            self.sum(item, group, &months[first..=last]);
                        }
                    }
                }
            }
        }
        for refused in ["category=02", "source=police", "state=registered"] {
            let answer = self.json(&format!("/api/incident-counts?{refused}")).await;
            assert!(answer.is_none_or(|answer| answer["source"] == "cases"), "{refused} is not refused");
        }
    }

    /// A sum tells of the months that are shown, how many they are, and their sum, all of which the table tells too; more
    /// would be a leak that no fact stands for.
    fn sum(&mut self, item: &Value, group: &str, months: &[String]) {
        let place = area(&item["code"]);
        let shown: Vec<u32> = months.iter().filter_map(|month| self.learnt.shown.get(&(place, group.to_owned(), month.clone()))).copied().collect();
        let told = item["months_shown"].as_u64().unwrap_or(0);
        assert_eq!(told, shown.len() as u64, "{group} {months:?} {item}: the sum and the table tell of different months");
        match item["count"].as_u64() {
            Some(count) => assert_eq!(count, u64::from(shown.iter().sum::<u32>()), "{group} {months:?} {item}: the sum and the table differ"),
            None => assert!(shown.is_empty() && item["rate"].is_null() && item["class"].is_null(), "{item}"),
        }
    }

    /// Kinds of a place, month by month: of one place what the table tells, and at least as many where places are added up.
    async fn mixes(&mut self) {
        for place in self.truth.areas.clone() {
            for month in self.truth.months.clone() {
                let path = format!("/api/incident-mix?within={place}&from={month}-02&to={month}-03");
                let Some(mix) = self.json(&path).await else { continue };
                if mix["source"] == "cases" {
                    continue;
                }
                assert!(mix["channels"].is_null(), "{path}: published numbers have no channel");
                for kind in mix["kinds"].as_array().unwrap() {
                    let group = kind["code"].as_str().unwrap();
                    if place.level() >= Level::Township {
                        let shown = self.learnt.shown.get(&(place, group.to_owned(), month.clone())).map(|count| u64::from(*count));
                        assert_eq!(kind["count"].as_u64(), shown, "{path}: {kind} is not what the table tells");
                    } else if let Some(count) = kind["count"].as_u64() {
                        let parts = self.truth.parts(place, group, &[&month]);
                        self.learnt.facts.push(Fact::between(parts, count as f64, f64::INFINITY));
                    }
                }
            }
        }
    }

    /// Months one after another: of one place what the table tells.
    async fn series(&mut self) {
        for place in self.truth.areas.clone() {
            let Some(series) = self.json(&format!("/api/incident-series?within={place}")).await else { continue };
            if series["source"] == "cases" {
                continue;
            }
            for step in series["items"].as_array().unwrap() {
                let month = step["from"].as_str().unwrap()[..7].to_owned();
                let shown = self.learnt.shown.get(&(place, ORDINARY.to_owned(), month)).map(|count| u64::from(*count));
                assert_eq!(step["count"].as_u64(), shown, "{place}: {step} is not what the table tells");
            }
        }
    }

    /// Cards of cells and areas.
    async fn cards(&mut self) {
        for place in self.truth.areas.clone() {
            let noun = if place.level() == Level::Cell { "cells" } else { "areas" };
            let Some(card) = self.json(&format!("/api/{noun}/{place}/summary")).await else { continue };
            let incidents = &card["incidents"];
            if incidents["source"] == "cases" {
                continue;
            }
            let shown = self.learnt.shown.iter().filter(|((of, group, _), _)| *of == place && group == ORDINARY);
            let shown: Vec<u32> = shown.map(|(_, count)| *count).collect();
            let sum = (!shown.is_empty()).then(|| u64::from(shown.iter().sum::<u32>()));
            assert_eq!(incidents["count"].as_u64(), sum, "{place}: the card and the table differ: {incidents}");
        }
    }

    /// Classes on the map: each says between which numbers a rate lies.
    async fn tiles(&mut self) {
        let groups: Vec<String> = self.truth.groups.keys().cloned().chain([ORDINARY.to_owned()]).collect();
        let mut seen = BTreeSet::new();
        for group in groups {
            for month in self.truth.months.clone() {
                for tile in TILES {
                    let path = format!("/tiles/published/{tile}?group={group}&month_from={month}&month_to={month}");
                    let Some(body) = self.ask(&path).await else { continue };
                    for (place, class) in classes(&body) {
                        let is_shown = self.learnt.shown.contains_key(&(place, group.clone(), month.clone()));
                        assert_eq!(class.is_some(), is_shown, "{path}: {place} has class {class:?}");
                        seen.extend(class.map(|_| place.level()));
                    }
                }
            }
        }
        for refused in ["from=2026-01-02", "category=02"] {
            self.ask(&format!("/tiles/published/{}?{refused}", TILES[0])).await;
        }
    }
}

impl Spy<'_> {
    /// Heat: what it sums up to is what the table tells of the finest places it is drawn by, to the last case.
    async fn heat(&mut self) {
        let groups: Vec<String> = self.truth.groups.keys().cloned().chain([ORDINARY.to_owned()]).collect();
        for group in groups {
            let level = if group != ORDINARY && self.truth.is_sensitive(&group) { Level::Township } else { Level::Cell };
            for month in self.truth.months.clone() {
                let path = format!("/tiles/heat,heat_withheld/{}?group={group}&month_from={month}&month_to={month}", TILES[1]);
                let Some(body) = self.ask(&path).await else { continue };
                let heat = decode(body);
                // one who may open cases is told cases
                if heat.points.iter().any(|point| point.count.is_some()) {
                    continue;
                }
                self.learnt.heats += usize::from(!heat.points.is_empty());
                let drawn: f64 = heat.points.iter().map(|point| point.weight).sum();
                let told = self.learnt.shown.iter().filter(|((place, of, at), _)| place.level() == level && *of == group && *at == month);
                let told: Vec<u32> = told.map(|(_, count)| *count).collect();
                let sum: u32 = told.iter().sum();
                assert!((drawn - f64::from(sum)).abs() < 0.01 * f64::from(sum.max(1)), "{path}: {drawn} is drawn, {told:?} are told");
            }
        }
        for refused in ["from=2026-01-02", "category=02", "source=police", "state=registered"] {
            self.ask(&format!("/tiles/heat/{}?{refused}", TILES[1])).await;
        }
    }

    /// Everything else that is drawn, described or coloured, to be compared before and after a hidden change.
    async fn other_layers(&mut self) {
        for tile in TILES {
            self.ask(&format!("/tiles/areas,cells,cell_labels,facilities/{tile}")).await;
        }
        for path in ["/tiles/heat", "/tiles/published", "/tiles/cells", "/styles/light.json", "/styles/dark.json", "/api/settings", "/api/codes"] {
            self.ask(path).await;
        }
    }
}

/// Places of a tile of published numbers with their classes.
fn classes(body: &[u8]) -> Vec<(AreaCode, Option<u64>)> {
    let tile = Tile::new(body.to_vec()).unwrap();
    let mut found = Vec::new();
    for layer in tile.get_layer_metadata().unwrap() {
        for feature in tile.get_features(layer.layer_index).unwrap() {
            let properties = feature.properties.unwrap();
            let Some(TileValue::String(code)) = properties.get("code") else { panic!("no code in {properties:?}") };
            let class = properties.get("class").map(|class| match class {
                TileValue::UInt(class) => *class,
                other => panic!("a class is {other:?}"),
            });
            let known = ["code", "level", "name", "name_en", "class"];
            assert!(properties.keys().all(|key| known.contains(&key.as_str())), "what does this tell: {properties:?}");
            found.push((AreaCode::parse(code).unwrap(), class));
        }
    }
    found
}

/// The group of a category, as the list of kinds has it.
fn group_of(category: &str) -> &'static str {
    match category {
        "01" => "family",
        "02" => "neighbours",
        "03" => "housing",
        "04" | "05" | "11" | "15" | "16" | "17" => "business",
        "06" | "13" => "damages",
        "07" | "08" => "land",
        "10" => "labour",
        "12" => "medical",
        "14" => "property",
        _ => "other",
    }
}

/// Facts of whoever may open every case of some areas: nothing is unknown there.
pub(crate) fn own_cases(truth: &Truth, own: &[AreaCode]) -> Vec<Fact> {
    let is_own = |place: AreaCode| own.iter().any(|area| area.holds(place));
    let known = (0..truth.unknowns.len()).filter(|&i| is_own(truth.unknowns[i].0));
    known.map(|i| Fact::equals([i], f64::from(truth.counts[i]))).collect()
}
