//! Areas: all rows at once, for codes are issued to those that come without.

use std::collections::{BTreeMap, BTreeSet};

use geo_types::MultiPolygon;

use super::beside;
use super::faults::{Collector, FaultCode, RowFault};
use super::ground::Ground;
use super::nouns::NounRow;
use super::reading::Reading;
use super::tree::{TreeRow, plant};
use super::write::AreaOut;
use crate::codes::{AreaCode, Level};
use crate::geom::{Overlap, Tolerance};
use crate::jobs::Progress;

/// What areas are taken for.
pub(super) struct Taking<'a> {
    /// Stored areas and cells.
    pub(super) ground: &'a Ground,
    /// Name of the source.
    pub(super) source: &'a str,
    /// The area under which codes are issued.
    pub(super) under: Option<AreaCode>,
    /// The name of that area where it is to be made.
    pub(super) named: Option<&'a str>,
    /// Whether slivers are cut away.
    pub(super) repair: bool,
    /// What counts as an overlap.
    pub(super) tolerance: Tolerance,
    /// How far it is, and whether to stop.
    pub(super) progress: &'a Progress,
}

impl Taking<'_> {
    /// Reads all areas and puts them into the tree. Codes that the source got before are the same again.
    ///
    /// The key of an area with a code of our scheme is that code; else its old code or name, behind its parent's. Areas
    /// that no row of the file stands for are told as made along.
    pub(super) fn run(&self, reading: &mut Reading) -> Vec<AreaOut> {
        let mut rows = Vec::new();
        let mut own = BTreeSet::new();
        while let Some(checked) = reading.next_row() {
            self.progress.row(reading.read());
            if self.progress.is_cancelled() {
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
            key.split_once('/').filter(|_| origin == self.source).map(|(_, old)| old.to_owned())
        };
        let used: BTreeMap<AreaCode, Option<String>> = self.ground.areas.values().map(|land| (land.code, old(land))).collect();
        let (grown, faults) = plant(rows, self.under, &used);
        for fault in faults {
            reading.faults_mut().push(fault);
        }
        let grown = beside_each_other(grown, self.repair, self.tolerance, reading.faults_mut());
        let mut out: Vec<AreaOut> = Vec::with_capacity(grown.len() + 1);
        out.extend(self.root(&grown));
        let made = grown.iter().filter(|row| row.made).filter_map(|row| Some((row.area.code?, row.area.name.clone())));
        let made: Vec<(AreaCode, String)> = out.iter().map(|root| (root.code, root.name_zh.clone())).chain(made).collect();
        for (code, name) in made.into_iter().filter(|(code, _)| !self.ground.areas.contains_key(code)) {
            reading.faults_mut().push(RowFault::new(0, FaultCode::AreaMade).arg(code).arg(name));
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

    /// The root of what comes, where nobody brought it; without a name told it is called by its code.
    fn root(&self, grown: &[TreeRow]) -> Option<AreaOut> {
        let under = self.under.filter(|under| !self.ground.areas.contains_key(under) && !grown.iter().any(|row| row.area.code == Some(*under)))?;
        Some(lone(under, self.named))
    }
}

/// An area that stands for itself, without a polygon.
pub(super) fn lone(code: AreaCode, name: Option<&str>) -> AreaOut {
    let key = code.to_string();
    let name_zh = name.map_or_else(|| key.clone(), |name| cut(name.to_owned(), 60));
    AreaOut { code, name_zh, name_en: String::new(), urban_rural_class: None, shape: None, key }
}

/// Areas of one level that overlap are told; the later of two gives way where it is a sliver, or is left out.
fn beside_each_other(mut grown: Vec<TreeRow>, repair: bool, tolerance: Tolerance, faults: &mut Collector) -> Vec<TreeRow> {
    let mut left_out = BTreeSet::new();
    for level in Level::ALL {
        let of_level = |at: &usize| grown[*at].area.code.is_some_and(|code| code.level() == level) && grown[*at].area.shape.is_some();
        let shaped: Vec<usize> = (0..grown.len()).filter(of_level).collect();
        let mut shapes: Vec<MultiPolygon> = shaped.iter().filter_map(|&at| grown[at].area.shape.clone()).collect();
        let laid = beside::lay(&mut shapes, 0, repair, tolerance);
        let told = |overlap: &Overlap, code| {
            let (other, later) = (&grown[shaped[overlap.a]], &grown[shaped[overlap.b]]);
            let fault = RowFault::new(later.row, code).arg(&other.area.name).arg(format!("{:.1}", overlap.area_m2));
            fault.at(overlap.at.lon, overlap.at.lat)
        };
        laid.cuts.iter().for_each(|cut| faults.push(told(cut, FaultCode::CutBack)));
        for overlap in &laid.overlaps {
            left_out.insert(grown[shaped[overlap.b]].row);
            faults.push(told(overlap, FaultCode::Overlap));
        }
        for cut in laid.cuts {
            grown[shaped[cut.b]].area.shape = Some(shapes[cut.b].clone());
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
