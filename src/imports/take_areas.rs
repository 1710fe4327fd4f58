//! Areas: all rows at once, for codes are issued to those that come without.

use std::collections::{BTreeMap, BTreeSet};

use geo_types::MultiPolygon;

use super::faults::{Collector, FaultCode, RowFault};
use super::ground::Ground;
use super::nouns::NounRow;
use super::reading::Reading;
use super::tree::{TreeRow, plant};
use super::write::AreaOut;
use crate::codes::{AreaCode, Level};
use crate::geom::{self, Tolerance};
use crate::jobs::Progress;

/// Reads all areas and puts them into the tree. Codes that the source got before are the same again.
///
/// The key of an area with a code of our scheme is that code; else its old code or name, behind its parent's.
pub(super) fn take(
    reading: &mut Reading,
    ground: &Ground,
    source: &str,
    under: Option<AreaCode>,
    tolerance: Tolerance,
    progress: &Progress,
) -> Vec<AreaOut> {
    let mut rows = Vec::new();
    let mut own = BTreeSet::new();
    while let Some(checked) = reading.next_row() {
        progress.row(reading.read());
        if progress.is_cancelled() {
            return Vec::new();
        }
        if let NounRow::Area(area) = checked.noun {
            // A village of our scheme brings its township along, which has a code of our scheme too.
            own.extend(area.code.into_iter().flat_map(|code| [Some(code), code.ancestor(Level::Township)]).flatten());
            rows.push((checked.row, area));
        }
    }
    let old = |land: &super::ground::Land| {
        let (origin, key) = &land.origin;
        key.split_once('/').filter(|_| origin == source).map(|(_, old)| old.to_owned())
    };
    let used: BTreeMap<AreaCode, Option<String>> = ground.areas.values().map(|land| (land.code, old(land))).collect();
    let (grown, faults) = plant(rows, under, &used);
    push(reading.faults_mut(), faults);
    let grown = beside_each_other(grown, tolerance, reading.faults_mut());
    let mut out: Vec<AreaOut> = Vec::with_capacity(grown.len() + 1);
    if let Some(under) = under.filter(|under| !ground.areas.contains_key(under) && !grown.iter().any(|row| row.area.code == Some(*under))) {
        // The root of what comes; a person gives it its name later.
        let key = under.to_string();
        out.push(AreaOut { code: under, name_zh: key.clone(), name_en: String::new(), urban_rural_class: None, shape: None, key });
    }
    out.extend(grown.into_iter().filter_map(|TreeRow { area, .. }| {
        let code = area.code?;
        let old = area.foreign_code.clone().or_else(|| (!own.contains(&code)).then(|| area.name.clone()));
        let key = old.map_or_else(|| code.to_string(), |old| format!("{}/{old}", parent(code)));
        Some(AreaOut {
            code,
            name_zh: cut(area.name, 60),
            name_en: cut(area.name_en.unwrap_or_default(), 120),
            urban_rural_class: area.urban_rural_class,
            shape: area.shape,
            key,
        })
    }));
    out
}

/// Areas of one level that overlap are told; the later of two is left out.
fn beside_each_other(grown: Vec<TreeRow>, tolerance: Tolerance, faults: &mut Collector) -> Vec<TreeRow> {
    let mut left_out = BTreeSet::new();
    for level in Level::ALL {
        let of_level = |row: &&TreeRow| row.area.code.is_some_and(|code| code.level() == level);
        let shaped: Vec<(&TreeRow, MultiPolygon)> = grown.iter().filter(of_level).filter_map(|row| Some((row, row.area.shape.clone()?))).collect();
        let shapes: Vec<MultiPolygon> = shaped.iter().map(|(_, shape)| shape.clone()).collect();
        for overlap in geom::overlaps(&shapes, tolerance) {
            let (other, later) = (shaped[overlap.a].0, shaped[overlap.b].0);
            left_out.insert(later.row);
            let fault = RowFault::new(later.row, FaultCode::Overlap).arg(&other.area.name).arg(format!("{:.1}", overlap.area_m2));
            faults.push(fault.at(overlap.at.lon, overlap.at.lat));
        }
    }
    grown.into_iter().filter(|row| row.made || !left_out.contains(&row.row)).collect()
}

/// The area in whose numbers a code was issued.
fn parent(code: AreaCode) -> AreaCode {
    let wider = if code.level() == Level::Village { Level::Township } else { Level::County };
    code.ancestor(wider).unwrap_or(code)
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

fn push(collector: &mut Collector, faults: Vec<super::faults::RowFault>) {
    for fault in faults {
        collector.push(fault);
    }
}
