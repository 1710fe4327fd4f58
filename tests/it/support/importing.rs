//! Imports as a person types them, on a database of the test's own, and the shared development data where it is there.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Parser;
use maplebridge::cli::import::{ImportArgs, Terms, run};
use maplebridge::context::Clock;
use maplebridge::db::Db;
use serde_json::Value;

use super::database::Database;
use super::skip::skip;

/// A file of the shared development data; `None`, and said so, where it is absent.
pub(crate) fn data(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let root = std::env::var_os("MAPLEBRIDGE_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if !root.join("data").exists() {
        skip("the shared development data is absent");
        return None;
    }
    let file = root.join("data").join(path);
    assert!(file.exists(), "the shared data has no {path}: a name that is wrong must not pass for absent data");
    Some(file.to_str().unwrap().to_owned())
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: ImportArgs,
}

/// Runs the words of an import at an instant; gives what it printed, errors at the end.
pub(crate) async fn import_at(db: &Db, at: Option<DateTime<Utc>>, words: &[&str]) -> String {
    let typed: Vec<String> = ["maplebridge", "import"].iter().chain(words).map(|&word| word.to_owned()).collect();
    let args = Line::try_parse_from(&typed[1..]).unwrap().args;
    let mut out = Vec::new();
    let clock = Clock { zone: chrono_tz::Asia::Shanghai, fixed: at };
    if let Err(error) = run(args, db, clock, Terms { typed: &typed, locale: "en" }, &mut out).await {
        out.extend(error.to_string().into_bytes());
    }
    String::from_utf8(out).unwrap()
}

/// Runs the words of an import now.
pub(crate) async fn import(db: &Db, words: &[&str]) -> String {
    import_at(db, None, words).await
}

/// What an import did, as `--json` tells it.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Value);

impl Told {
    /// Read, inserted, updated, unchanged, rejected.
    pub(crate) fn counts(&self) -> [u64; 5] {
        ["read", "inserted", "updated", "unchanged", "rejected"].map(|name| self.0["report"]["counts"][name].as_u64().unwrap())
    }

    /// How often a kind of fault or note was met.
    pub(crate) fn met(&self, code: &str) -> u64 {
        let tallies = self.0["report"]["tallies"].as_array().unwrap();
        tallies.iter().find(|tally| tally["code"] == code).map_or(0, |tally| tally["count"].as_u64().unwrap())
    }

    /// How it ended.
    pub(crate) fn ending(&self) -> &str {
        self.0["ending"].as_str().unwrap()
    }

    /// The faults and notes that were kept: row, column, code, reason.
    pub(crate) fn faults(&self) -> Vec<(u64, &str, &str, &str)> {
        let faults = self.0["report"]["faults"].as_array().unwrap();
        faults
            .iter()
            .map(|fault| {
                let text = |name: &str| fault[name].as_str().unwrap_or_default();
                (fault["row"].as_u64().unwrap(), text("column"), text("code"), text("reason"))
            })
            .collect()
    }

    /// The id of the job.
    pub(crate) fn job(&self) -> &str {
        self.0["job"].as_str().unwrap()
    }
}

/// Runs the words of an import with `--json`.
pub(crate) async fn told(db: &Db, words: &[&str]) -> Told {
    told_at(db, None, words).await
}

/// The same at an instant.
pub(crate) async fn told_at(db: &Db, at: Option<DateTime<Utc>>, words: &[&str]) -> Told {
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let text = import_at(db, at, &words).await;
    Told(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}")))
}

/// One number out of the database, asked by a superuser.
pub(crate) async fn count(database: &Database, question: &str) -> i64 {
    sqlx::query_scalar(question).fetch_one(&mut database.root().await).await.unwrap()
}
