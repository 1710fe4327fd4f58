//! Real clients read what we serve: GDAL decodes a tile and finds in it what the model holds.

use std::process::Command;

use maplebridge::users::Role;

use crate::support::app::app;
use crate::support::database::database;
use crate::support::skip::skip;
use crate::support::town::{OWN, town};

/// Feature count of a layer of a tile, as GDAL tells it.
fn gdal_count(tile: &std::path::Path, layer: &str) -> Option<usize> {
    let source = format!("MVT:{}", tile.display());
    let told = Command::new("ogrinfo").args(["-ro", "-so", "-oo", "METADATA_FILE=", &source, layer]).output().ok()?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{text}{}", String::from_utf8_lossy(&told.stderr));
    text.lines().find_map(|line| line.strip_prefix("Feature Count: "))?.trim().parse().ok()
}

#[tokio::test]
async fn gdal_reads_the_layers_of_a_tile() {
    if Command::new("ogrinfo").arg("--version").output().is_err() {
        skip("no ogrinfo (Debian package gdal-bin)");
        return;
    }
    let Some(database) = database().await else { return };
    town(&database).await;
    let site = app(&database, OWN).await;
    // z15 around 120.0075, 29.01: the western cell
    let tile = site.get(Role::Centre, "/tiles/cells,households,facilities/15/27307/13622").await;
    assert_eq!(tile.status, 200, "{}", tile.text());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("13622.mvt");
    std::fs::write(&path, &tile.body).unwrap();
    assert_eq!(gdal_count(&path, "cells"), Some(2), "both cells reach into the tile, the neighbour township does not");
    assert!(gdal_count(&path, "households") >= Some(1));
}
