//! Imports point downwards only: a room never uses a room above it.

use std::path::{Path, PathBuf};

/// The rooms from the bottom up; rooms of one floor may use one another only where `BESIDE` says so.
const FLOORS: [&[&str]; 11] = [
    &["error"],
    &["codes", "geom", "mvt", "privacy", "stats"],
    &["db"],
    &["audit", "http", "jobs"],
    &["read_model"],
    &["users", "context"],
    &["rows"],
    &["published"],
    &["areas", "cells", "households", "facilities", "incidents", "lists", "search", "imports", "exports", "demo", "tiles", "analyses", "warnings"],
    &["app", "config"],
    &["cli"],
];

/// Neighbours on one floor that may use one another, and why.
const BESIDE: [(&str, &str, &str); 8] = [
    ("privacy", "codes", "audiences are sets of codes"),
    ("context", "users", "a context begins transactions for a reader"),
    ("users", "context", "the handlers of accounts are given a context"),
    ("areas", "cells", "a code with its names is shown alike"),
    ("lists", "cells", "a code with its names is shown alike"),
    ("households", "incidents", "a new address joins a safe place"),
    ("exports", "analyses", "heat leaves as the bands of the analysis of density"),
    ("demo", "imports", "the invented place is written the way files are"),
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every `crate::room` in a line, also within `use crate::{…}`.
fn rooms_of(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => {
                list.split('}').next().unwrap_or_default().split(',').map(|name| name.split("::").next().unwrap_or_default().trim()).collect()
            }
            None => vec![rest],
        };
        for name in names {
            let room: String = name.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
            if !room.is_empty() {
                rooms.push(room);
            }
        }
    }
    rooms
}

/// The lines of the source in which a room uses another that it may not.
fn upward(src: &Path) -> Vec<String> {
    let mut found = Vec::new();
    files(src, &mut found);
    found.sort();
    let mut wrong = Vec::new();
    for path in found {
        let inside = path.strip_prefix(src).unwrap();
        let room = inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for other in rooms_of(line).into_iter().filter(|other| *other != room) {
                let allowed = match (floor(&room), floor(&other)) {
                    (Some(own), Some(its)) => its < own || BESIDE.iter().any(|(from, to, _)| *from == room && *to == other),
                    _ => false,
                };
                if !allowed {
                    wrong.push(format!("src/{}:{}: {} uses {}: {}", inside.display(), number + 1, room, other, line.trim()));
                }
            }
        }
    }
    wrong
}

#[test]
fn no_room_uses_a_room_above_it() {
    let wrong = upward(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert!(wrong.is_empty(), "imports point downwards only; see FLOORS in this file:\n{}", wrong.join("\n"));
}

#[test]
fn an_import_that_points_upwards_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("geom")).unwrap();
    std::fs::write(
        dir.path().join("geom/mod.rs"),
        "//! crate::cli\nuse crate::error::Error;\nuse crate::{error::Fault, http};\nfn f() { crate::app::openapi(); }\n",
    )
    .unwrap();
    let wrong = upward(dir.path());
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("src/geom/mod.rs:3: geom uses http") && wrong[1].starts_with("src/geom/mod.rs:4: geom uses app"), "{wrong:?}");
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let mut found = Vec::new();
    files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    let long: Vec<_> = found.into_iter().filter(|path| std::fs::read_to_string(path).unwrap().lines().count() > 500).collect();
    assert!(long.is_empty(), "{long:?}");
}
