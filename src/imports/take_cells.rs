//! Cells: all rows at once, for codes are issued west to east, and neighbours are laid beside each other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use geo_types::MultiPolygon;
use rustc_hash::FxHashMap;

use super::beside;
use super::faults::{FaultCode, RowFault};
use super::ground::Ground;
use super::nouns::{CellRow, NounRow};
use super::reading::Reading;
use super::serials::issue_cells;
use super::write::CellOut;
use crate::codes::{AreaCode, CellCode, Level};
use crate::geom::{self, LonLat, Overlap, Tolerance};
use crate::jobs::Progress;

struct Taken {
    row: u64,
    key: String,
    cell: CellRow,
    village: AreaCode,
    code: Option<CellCode>,
}

/// Where the cells come from and go to.
pub(super) struct Taking<'a> {
    /// Stored areas and cells.
    pub(super) ground: &'a Ground,
    /// Name of the source.
    pub(super) source: &'a str,
    /// The area that the cells come under.
    pub(super) under: Option<AreaCode>,
    /// The civil day of the import: first day of cells that name none.
    pub(super) today: NaiveDate,
    /// Whether slivers are cut away.
    pub(super) repair: bool,
    /// What counts as an overlap or a gap.
    pub(super) tolerance: Tolerance,
    /// How far it is, and whether to stop.
    pub(super) progress: &'a Progress,
}

impl Taking<'_> {
    /// Reads all cells, gives codes to those that have none, and looks for overlaps and gaps.
    ///
    /// A cell that the source brought before keeps its code. Cells with faults are left out.
    pub(super) fn run(&self, reading: &mut Reading) -> Vec<CellOut> {
        let known = self.ground.by_key(self.source);
        let mut taken = Vec::new();
        while let Some(checked) = reading.next_row() {
            self.progress.row(reading.read());
            if self.progress.is_cancelled() {
                return Vec::new();
            }
            let NounRow::Cell(cell) = checked.noun else { continue };
            let code = cell.code.or_else(|| known.get(checked.key.as_str()).copied().and_then(CellCode::from_i64));
            match self.village(checked.row, &cell, code) {
                Ok(village) => taken.push(Taken { row: checked.row, key: checked.key, cell, village, code }),
                Err(fault) => reading.faults_mut().push(fault),
            }
        }
        self.progress.step("checking");
        self.issue(&mut taken, reading);
        let mut out_of = BTreeSet::new();
        self.lay(&mut taken, reading, &mut out_of);
        taken.into_iter().enumerate().filter(|(at, _)| !out_of.contains(at)).filter_map(|(_, taken)| self.out(taken)).collect()
    }

    fn village(&self, row: u64, cell: &CellRow, code: Option<CellCode>) -> Result<AreaCode, RowFault> {
        if let Some(code) = code
            && self.ground.is_retired(code.to_i64())
        {
            return Err(RowFault::new(row, FaultCode::Retired).arg(code));
        }
        let under = self.under.filter(|under| under.level() == Level::Village);
        let named = code.map(CellCode::village).or(cell.village).or(under);
        let Some(inner) = geom::inner_point(&cell.shape) else { return Err(RowFault::new(row, FaultCode::InNoVillage)) };
        let village =
            named.or_else(|| self.ground.village(inner)).ok_or_else(|| RowFault::new(row, FaultCode::InNoVillage).at(inner.lon, inner.lat))?;
        if !self.ground.areas.contains_key(&village) {
            return Err(RowFault::new(row, FaultCode::NoVillage).arg(village));
        }
        Ok(village)
    }

    fn issue(&self, taken: &mut Vec<Taken>, reading: &mut Reading) {
        let mut without: BTreeMap<AreaCode, Vec<usize>> = BTreeMap::new();
        for (at, cell) in taken.iter().enumerate().filter(|(_, cell)| cell.code.is_none()) {
            without.entry(cell.village).or_default().push(at);
        }
        for (village, cells) in without {
            let mut used = self.ground.used(village);
            used.extend(taken.iter().filter_map(|cell| cell.code).filter(|code| code.village() == village));
            let places: Vec<LonLat> = cells.iter().map(|&at| geom::inner_point(&taken[at].cell.shape).unwrap_or(LonLat::new(0.0, 0.0))).collect();
            match issue_cells(village, &places, &used) {
                Some(codes) => cells.iter().zip(codes).for_each(|(&at, code)| taken[at].code = Some(code)),
                None => reading.faults_mut().push(RowFault::new(taken[cells[0]].row, FaultCode::SerialsFull).arg(village)),
            }
        }
        taken.retain(|cell| cell.code.is_some());
    }

    /// Overlaps among the cells and with stored cells that stay; the later of two gives way where it is a sliver, or is
    /// left out. Gaps are told.
    fn lay(&self, taken: &mut [Taken], reading: &mut Reading, out_of: &mut BTreeSet<usize>) {
        let coming: FxHashMap<i64, usize> = taken.iter().enumerate().filter_map(|(at, cell)| Some((cell.code?.to_i64(), at))).collect();
        let counties: BTreeSet<Option<AreaCode>> = taken.iter().map(|cell| cell.village.ancestor(Level::County)).collect();
        let near = |code: i64| CellCode::from_i64(code).is_some_and(|code| counties.contains(&Some(code.county())));
        let stored: Vec<(i64, &MultiPolygon)> = self
            .ground
            .versions
            .iter()
            .filter(|version| version.valid_to.is_none() && near(version.code) && !coming.contains_key(&version.code))
            .map(|version| (version.code, &version.shape))
            .collect();
        let mut shapes: Vec<MultiPolygon> = stored.iter().map(|(_, shape)| (*shape).clone()).collect();
        shapes.extend(taken.iter().map(|cell| cell.cell.shape.clone()));
        let laid = beside::lay(&mut shapes, stored.len(), self.repair, self.tolerance);
        let told = |overlap: &Overlap, code| {
            let other = match overlap.a.checked_sub(stored.len()) {
                Some(at) => taken[at].code.map(CellCode::to_i64),
                None => Some(stored[overlap.a].0),
            };
            let other = other.map(|code| format!("{code:015}")).unwrap_or_default();
            let fault = RowFault::new(taken[overlap.b - stored.len()].row, code).arg(other).arg(format!("{:.1}", overlap.area_m2));
            fault.at(overlap.at.lon, overlap.at.lat)
        };
        let mut faults: Vec<RowFault> = laid.cuts.iter().map(|cut| told(cut, FaultCode::CutBack)).collect();
        faults.extend(laid.overlaps.iter().map(|overlap| told(overlap, FaultCode::Overlap)));
        faults.sort_by_key(|fault| fault.row);
        for fault in faults {
            reading.faults_mut().push(fault);
        }
        out_of.extend(laid.overlaps.iter().map(|overlap| overlap.b - stored.len()));
        for gap in geom::gaps(&shapes, None, self.tolerance, None) {
            reading.faults_mut().push(RowFault::new(0, FaultCode::Gap).arg(format!("{:.1}", gap.area_m2)).at(gap.at.lon, gap.at.lat));
        }
        let first = stored.len();
        for cut in laid.cuts {
            taken[cut.b - first].cell.shape.clone_from(&shapes[cut.b]);
        }
    }

    fn out(&self, taken: Taken) -> Option<CellOut> {
        let code = taken.code?;
        let village = self.ground.areas.get(&taken.village).map_or("", |land| land.name.as_str());
        let name = taken.cell.name.unwrap_or_else(|| format!("{village}第{}网格", code.to_i64() % 1000));
        Some(CellOut {
            code,
            valid_from: taken.cell.valid_from.unwrap_or(self.today),
            name_zh: name.chars().take(60).collect(),
            name_en: String::new(),
            short_name: String::new(),
            kind: taken.cell.kind,
            shape: taken.cell.shape,
            key: taken.key,
        })
    }
}
