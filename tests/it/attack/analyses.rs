//! What analyses, warnings and clocks tell whoever may not open every case of an area, as facts.
//!
//! A rate in two digits and a class of rates are intervals of the numbers they were made of; a hot place says that there is
//! more around it than the map lets expect. And every class must be the one that anybody computes from the told numbers
//! alone, so that it cannot say more than they do.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use maplebridge::codes::{AreaCode, Level};
use maplebridge::published::{CLASSES, class_of};
use maplebridge::stats::hot_spots::{Class, Options, hot_spots};
use maplebridge::stats::rates::funnel_limits;
use maplebridge::stats::{Weights, emerging, emerging::Slice};
use serde_json::{Value, json};

use super::gather::{Spy, area};
use super::lp::Fact;
use super::town::ORDINARY;
use crate::published::get;

/// Keys that a row may have.
const KNOWN: [&str; 7] = ["code", "name_zh", "name_en", "class", "rate_per_1000_households_year", "rate_class", "reason"];
/// Analyses of single cases.
const OF_CASES: [&str; 4] = ["clusters", "density", "scan", "warnings"];

/// One question and what the asker knew before.
struct Question<'a> {
    name: &'a str,
    group: &'a str,
    months: &'a [String],
    by_area: bool,
}

/// A place of an answer.
struct Told {
    place: AreaCode,
    row: Value,
    /// Months that were published.
    published: Vec<String>,
    /// Those of which the number is told, with it.
    shown: Vec<(String, u32)>,
    /// What incidents are set against; 0 where not every month is told.
    against: f64,
}

impl Told {
    fn is_whole(&self) -> bool {
        !self.shown.is_empty() && self.shown.len() == self.published.len()
    }

    fn count(&self) -> f64 {
        f64::from(self.shown.iter().map(|(_, count)| count).sum::<u32>())
    }

    fn months(&self) -> Vec<String> {
        self.shown.iter().map(|(month, _)| month.clone()).collect()
    }

    fn numbers(&self) -> Vec<(AreaCode, String)> {
        self.shown.iter().map(|(month, _)| (self.place, month.clone())).collect()
    }
}

impl Spy<'_> {
    /// Asks an analysis and waits; nothing where it is refused or made of cases.
    async fn answer(&mut self, name: &str, params: &Value) -> Option<Value> {
        let bearer = format!("Bearer {}", self.account.token);
        let path = format!("/api/analyses/{name}");
        loop {
            let answer = self.site.ask(Method::POST, &path, &[("authorization", &bearer)], Some(params)).await;
            // others of the same process are at work
            if answer.status == StatusCode::SERVICE_UNAVAILABLE || answer.status == StatusCode::TOO_MANY_REQUESTS {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            let (refused, id) = (answer.status.is_client_error(), (!answer.status.is_client_error()).then(|| answer.json()["id"].clone()));
            if refused {
                self.note(&format!("{path} {params}"), &answer);
                return None;
            }
            let mut page: Value = get(self.site, self.account, &format!("{path}/results/{}?limit=1000", id?)).await.json();
            if page["result"]["state"] == "running" {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            assert_eq!(page["result"]["state"], "done", "{params}: {page}");
            if page["result"]["source"] == "published" {
                // when it was asked is the asker's own doing; the oldest answers are dropped, so keys differ too
                let id = page["result"].as_object_mut().unwrap().remove("id").unwrap();
                for own in ["made_at", "ended_at"] {
                    page["result"].as_object_mut().unwrap().remove(own);
                }
                self.remember(&format!("{path} {params}"), page.to_string().into_bytes());
                page["id"] = id;
                return Some(page);
            }
            return None;
        }
    }

    /// Every analysis over each area of a grant, by several levels, kinds and periods.
    pub(super) async fn analyses(&mut self, reach: &[AreaCode]) {
        let groups: Vec<String> = self.truth.groups.keys().cloned().chain([ORDINARY.to_owned()]).collect();
        let all = self.truth.months.clone();
        let mut ranges: Vec<&[String]> = all.iter().map(std::slice::from_ref).collect();
        ranges.extend([&all[..2], &all[..]]);
        for &within in reach {
            for group in &groups {
                let names: &[&str] = if group == ORDINARY { &["rates", "hot_spots", "trends", "emerging"] } else { &["rates"] };
                for &name in names {
                    for level in ["cell", "village", "township"] {
                        for range in &ranges {
                            if group != ORDINARY && (range.len() > 1 || level == "township") {
                                continue;
                            }
                            for by_area in [false, true] {
                                // some questions are also asked against square kilometres
                                if by_area && (group != ORDINARY || range.len() < 2 || !["rates", "hot_spots"].contains(&name)) {
                                    continue;
                                }
                                let mut params = json!({"within": within, "level": level, "group": group,
                                    "from": format!("{}-07", range[0]), "to": format!("{}-11", range[range.len() - 1])});
                                if by_area {
                                    params["denominator"] = "area_km2".into();
                                }
                                let Some(page) = self.answer(name, &params).await else { continue };
                                // the months that were published of those asked for
                                let end = |name: &str| page["result"]["params"][name].as_str().unwrap()[..7].to_owned();
                                let (first, last) = (end("from"), end("to"));
                                let months: Vec<String> = range.iter().filter(|month| **month >= first && **month <= last).cloned().collect();
                                let question = Question { name, group, months: &months, by_area };
                                self.learn_answer(&question, &params, &page);
                                if range.len() == all.len() {
                                    self.drawn_and_exported(name, &page).await;
                                }
                            }
                        }
                    }
                }
            }
            if !self.own.iter().any(|own| own.holds(within)) {
                for name in OF_CASES {
                    assert!(self.answer(name, &json!({"within": within})).await.is_none(), "{name} is told of {within}");
                }
                for filter in [
                    json!({"category": ["02"]}),
                    json!({"source": ["police"]}),
                    json!({"state": ["registered"]}),
                    json!({"denominator": "incidents"}),
                ] {
                    let mut params = filter;
                    params["within"] = json!(within);
                    assert!(self.answer("rates", &params).await.is_none(), "{params} is not refused");
                }
            }
        }
    }

    fn told(&self, question: &Question<'_>, row: &Value) -> Told {
        let place = area(&row["code"]);
        let township = place.ancestor(Level::Township).unwrap_or(place);
        let of = |month: &&String| self.learnt.published.contains(&(township, (*month).clone()));
        let published: Vec<String> = question.months.iter().filter(of).cloned().collect();
        let number = |month: &String| self.learnt.shown.get(&(place, question.group.to_owned(), month.clone())).map(|count| (month.clone(), *count));
        let shown = published.iter().filter_map(number).collect();
        let mut told = Told { place, row: row.clone(), published, shown, against: 0.0 };
        if told.is_whole() {
            told.against = self.truth.households[&place] as f64;
        }
        told
    }

    /// What an answer says of the numbers.
    fn learn_answer(&mut self, question: &Question<'_>, params: &Value, page: &Value) {
        let rows: Vec<Told> = page["items"].as_array().unwrap().iter().map(|row| self.told(question, row)).collect();
        for told in &rows {
            let row = &told.row;
            assert!(row.as_object().unwrap().keys().all(|key| KNOWN.contains(&key.as_str())), "{params}: what does this tell: {row}");
            assert_eq!(row["reason"].is_null(), told.is_whole(), "{params}: {row} differs from the table");
            assert_eq!(row["reason"] == "months_withheld", !told.is_whole() && !told.shown.is_empty(), "{params}: {row} differs from the table");
            assert!(row["class"] == "too_few" || told.is_whole(), "{params}: {row} is judged, but not told whole");
            self.learn_rate(question, told);
        }
        self.learn_sentence(question, params, page, &rows);
        self.learnt.judged += usize::from(rows.iter().any(|told| told.row["class"] != "too_few"));
        // square kilometres are in no list that an attacker could take them from to the last digit: what is said of rates by
        // households is what is said by any other denominator
        if question.by_area || rows.is_empty() {
            return;
        }
        let classes: Vec<&str> = rows.iter().map(|told| told.row["class"].as_str().unwrap()).collect();
        let computed = match question.name {
            "rates" => self.learn_funnel(question, &rows),
            "hot_spots" => self.learn_hot_spots(question, &rows),
            "emerging" => self.emerging(question, &rows),
            // fewer months than a trend is looked for in
            _ => vec!["too_few".to_owned(); rows.len()],
        };
        assert_eq!(classes, computed, "{params}: a class is not the one that told numbers give");
    }

    /// Learns that the numbers of some places and months are together between two bounds. Those that the table tells are put
    /// in: what is left is of others, and would be a leak.
    fn learn_sum(&mut self, group: &str, numbers: impl IntoIterator<Item = (AreaCode, String)>, least: f64, most: f64) {
        let (mut known, mut parts) = (0.0, Vec::new());
        for (place, month) in numbers {
            match self.learnt.shown.get(&(place, group.to_owned(), month.clone())) {
                Some(count) => known += f64::from(*count),
                None => parts.extend(self.truth.parts(place, group, &[&month])),
            }
        }
        if parts.is_empty() {
            assert!((least - 1e-6..=most + 1e-6).contains(&known), "the table tells {known}, an answer between {least} and {most}");
        } else {
            self.learnt.facts.push(Fact::between(parts, least - known - 1e-6, most - known + 1e-6));
        }
        self.learnt.intervals += 1;
    }

    /// A rate is an interval of the number it was made of, and its class another.
    fn learn_rate(&mut self, question: &Question<'_>, told: &Told) {
        let rate = &told.row["rate_per_1000_households_year"];
        let Some(rate) = rate.as_f64() else {
            assert!(told.row["rate_class"].is_null(), "{}", told.row);
            return;
        };
        // of the months that are told, or of all where none is: that would be a leak
        let months = if told.shown.is_empty() { question.months.to_vec() } else { told.months() };
        let numbers = || months.iter().map(|month| (told.place, month.clone()));
        let one = self.truth.households[&told.place] as f64 * told.published.len() as f64 / 12.0 / 1_000.0;
        let step = if rate > 0.0 { 10_f64.powi(rate.log10().floor() as i32 - 1) } else { 0.0 };
        // just above a power of ten the step below it is finer; the wider interval is taken
        self.learn_sum(question.group, numbers(), (rate - step / 2.0) * one, (rate + step / 2.0) * one);
        if let Some(class) = told.row["rate_class"].as_u64() {
            assert_eq!(class, u64::from(class_of(rate)), "{}", told.row);
            let (from, to) = (CLASSES[class as usize - 1], CLASSES.get(class as usize).copied().unwrap_or(f64::INFINITY));
            // a class is of the rounded rate
            self.learn_sum(question.group, numbers(), from * 0.94 * one, to * 1.06 * one);
        }
    }

    /// The sentence says how many incidents the answer is of and how many places are not judged; so do the classes.
    fn learn_sentence(&mut self, question: &Question<'_>, params: &Value, page: &Value, rows: &[Told]) {
        let legend = &page["result"]["legend"];
        let sentence = legend["sentence_en"].as_str().unwrap();
        let number = |before: &str, after: &str| -> Option<u32> {
            let end = sentence.find(after)?;
            let begin = sentence[..end].rfind(before)? + before.len();
            sentence[begin..end].trim().parse().ok()
        };
        let said = number("at least ", " published incidents").expect(sentence);
        let sum: u32 = rows.iter().flat_map(|told| &told.shown).map(|(_, count)| count).sum();
        assert_eq!(said, sum, "{params}: {sentence}");
        let numbers: Vec<_> = rows.iter().flat_map(Told::numbers).collect();
        self.learn_sum(question.group, numbers, f64::from(said), f64::from(said));
        let withheld = number(" ", " with a month that is withheld").expect(sentence);
        assert_eq!(withheld as usize, rows.iter().filter(|told| !told.is_whole()).count(), "{params}: {sentence}");
        for class in legend["classes"].as_array().unwrap() {
            assert_eq!(class["count"], rows.iter().filter(|told| told.row["class"] == class["class"]).count(), "{params}: {class}");
        }
    }

    /// Above, within and below the funnel are intervals.
    fn learn_funnel(&mut self, question: &Question<'_>, rows: &[Told]) -> Vec<String> {
        let against: Vec<f64> = rows.iter().map(|told| told.against).collect();
        let judged: f64 = rows.iter().filter(|told| told.against > 0.0).map(Told::count).sum();
        let mean = judged / against.iter().sum::<f64>();
        if mean.is_nan() || mean <= 0.0 {
            return vec!["too_few".to_owned(); rows.len()];
        }
        let limits = funnel_limits(mean, &against, 0.05).unwrap();
        let mut classes = Vec::new();
        for (told, limits) in rows.iter().zip(limits) {
            let Some(limits) = limits else {
                classes.push("too_few".to_owned());
                continue;
            };
            let (low, high) = (limits.low * told.against, limits.high * told.against);
            let (least, most) = match told.row["class"].as_str() {
                Some("above") => (high, f64::INFINITY),
                Some("below") => (0.0, low),
                Some("within") => (low, high),
                _ => (0.0, f64::INFINITY),
            };
            self.learn_sum(question.group, told.numbers(), least, most);
            let count = told.count();
            classes.push(
                if count > high {
                    "above"
                } else if count < low {
                    "below"
                } else {
                    "within"
                }
                .to_owned(),
            );
        }
        classes
    }

    fn around(&self, rows: &[Told]) -> Vec<Vec<usize>> {
        let touches = |a: &Told, b: &Told| self.truth.touching.contains(&(a.place, b.place));
        rows.iter().map(|own| (0..rows.len()).filter(|&i| touches(own, &rows[i])).collect()).collect()
    }

    /// A hot place has more around it than the whole map lets expect, a cold one less.
    fn learn_hot_spots(&mut self, question: &Question<'_>, rows: &[Told]) -> Vec<String> {
        let around = self.around(rows);
        let counts: Vec<f64> = rows.iter().map(|told| if told.is_whole() { told.count() } else { 0.0 }).collect();
        let against: Vec<f64> = rows.iter().map(|told| told.against).collect();
        let mean = counts.iter().sum::<f64>() / against.iter().sum::<f64>();
        for (n, told) in rows.iter().enumerate() {
            let near: Vec<usize> = around[n].iter().copied().chain([n]).filter(|&i| against[i] > 0.0).collect();
            let expected = mean * near.iter().map(|&i| against[i]).sum::<f64>();
            let numbers: Vec<_> = near.iter().flat_map(|&i| rows[i].numbers()).collect();
            match told.row["class"].as_str() {
                Some("hot") => self.learn_sum(question.group, numbers, expected, f64::INFINITY),
                Some("cold") => self.learn_sum(question.group, numbers, 0.0, expected),
                _ => {}
            }
        }
        let found = hot_spots(&counts, &against, &Weights::from_lists(&around).unwrap(), &Options::default()).unwrap();
        found.iter().map(|found| word(found.class).to_owned()).collect()
    }

    /// Month by month the same, in the order of months.
    fn emerging(&self, question: &Question<'_>, rows: &[Told]) -> Vec<String> {
        let weights = Weights::from_lists(&self.around(rows)).unwrap();
        let against: Vec<f64> = rows.iter().map(|told| told.against).collect();
        let of_month = |month: &String| {
            let number = |told: &Told| told.shown.iter().find(|(of, _)| of == month && told.is_whole()).map_or(0.0, |(_, count)| f64::from(*count));
            hot_spots(&rows.iter().map(number).collect::<Vec<_>>(), &against, &weights, &Options::default()).unwrap()
        };
        let months: Vec<_> = question.months.iter().map(of_month).collect();
        let class = |n: usize| {
            if months.iter().all(|month| month[n].class == Class::TooFew) {
                return "too_few".to_owned();
            }
            let slice = |month: &Vec<maplebridge::stats::hot_spots::HotSpot>| Slice {
                z: month[n].z,
                significant: matches!(month[n].class, Class::Hot | Class::Cold),
            };
            let found = emerging(&months.iter().map(slice).collect::<Vec<_>>(), 0.05).unwrap();
            found.map_or_else(|| "no_pattern".to_owned(), |(side, pattern)| format!("{pattern:?}_{side:?}").to_lowercase())
        };
        (0..rows.len()).map(class).collect()
    }

    /// The same answer as tile and as files: no more than its rows.
    async fn drawn_and_exported(&mut self, name: &str, page: &Value) {
        let (id, asked) = (&page["id"], page["result"]["params"].to_string());
        let result = format!("/api/analyses/{name}/results/{id}");
        let file = get(self.site, self.account, &format!("{result}/export")).await.json();
        let features: Vec<&Value> = file["features"].as_array().unwrap().iter().map(|feature| &feature["properties"]).collect();
        assert_eq!(features, page["items"].as_array().unwrap().iter().collect::<Vec<_>>());
        let table = get(self.site, self.account, &format!("{result}/export?format=csv")).await;
        assert_eq!(table.status, StatusCode::OK, "{}", table.text());
        self.remember(&format!("table of {name} {asked}"), table.body.to_vec());
        let drawn = get(self.site, self.account, &format!("/tiles/analysis/{id}/11/1706/851")).await;
        self.remember(&format!("tile of {name} {asked}"), drawn.body.to_vec());
        if drawn.status == StatusCode::OK {
            let tile = mvt_reader::Reader::new(drawn.body.to_vec()).unwrap();
            for layer in tile.get_layer_metadata().unwrap() {
                for feature in tile.get_features(layer.layer_index).unwrap() {
                    let properties = feature.properties.unwrap();
                    assert!(properties.keys().all(|key| ["code", "name", "name_en", "class"].contains(&key.as_str())), "{properties:?}");
                }
            }
        }
    }

    /// Warnings and clocks are told of single cases: to who may open each of them, and to nobody else.
    pub(super) async fn warnings_and_clocks(&mut self) {
        if let Some(page) = self.json("/api/warnings?limit=1000").await {
            for warning in page["items"].as_array().unwrap() {
                let cells = warning["subject"]["cells"].as_array().unwrap();
                let is_own = cells.iter().all(|cell| self.own.iter().any(|own| own.holds(area(cell))));
                assert!(warning["rule"] == "W7" || is_own, "a warning of cases is told: {warning}");
            }
        }
        self.json("/api/warnings/rules").await;
        for level in ["cell", "village", "township"] {
            let Some(clocks) = self.json(&format!("/api/incident-clocks?level={level}")).await else { continue };
            for item in clocks["items"].as_array().unwrap() {
                assert!(self.own.iter().any(|own| own.holds(area(&item["code"]))), "clocks of {item}");
            }
        }
        for place in self.truth.areas.clone() {
            let told = self.json(&format!("/api/incident-clocks?within={place}")).await;
            assert!(told.is_none() || self.own.iter().any(|own| own.holds(place)), "clocks of {place} are told: {told:?}");
        }
    }
}

const fn word(class: Class) -> &'static str {
    match class {
        Class::Hot => "hot",
        Class::Cold => "cold",
        Class::NotSignificant => "not_significant",
        Class::TooFew => "too_few",
    }
}
