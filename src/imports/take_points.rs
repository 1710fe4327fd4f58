//! Households, facilities and incidents: each row finds its cell by its place and becomes a line for COPY.
//!
//! Runs on a thread of its own, a row at a time, handing chunks to whoever writes; a full channel makes it wait.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use geo_types::Point;
use tokio::sync::mpsc::Sender;

use super::faults::{FaultCode, RowFault};
use super::ground::{Belongs, Ground};
use super::nouns::{FacilityRow, HouseholdRow, IncidentRow, NounRow};
use super::reading::{Checked, Reading};
use super::write::{FacilityOut, HouseholdOut, IncidentOut, Lines};
use crate::codes::{AreaCode, CellCode};
use crate::jobs::Progress;

/// What the rows are put on.
pub(super) struct Taking {
    /// Stored areas and cells.
    pub(super) ground: Arc<Ground>,
    /// Where rows go that lie in nothing stored.
    pub(super) under: Option<AreaCode>,
    /// The civil day of the import.
    pub(super) today: NaiveDate,
    /// The zone of civil days.
    pub(super) zone: Tz,
    /// How far it is, and whether to stop.
    pub(super) progress: Arc<Progress>,
}

impl Taking {
    /// Reads to the end, or until nobody listens any more; gives the reading back with all faults in it.
    pub(super) fn run(&self, mut reading: Reading, to: &Sender<Vec<u8>>) -> Reading {
        let mut lines = Lines::default();
        while let Some(row) = reading.next_row() {
            self.progress.row(reading.read());
            if self.progress.is_cancelled() {
                break;
            }
            match self.line(row, &mut lines) {
                Ok(note) => note.into_iter().for_each(|note| reading.faults_mut().push(note)),
                Err(fault) => {
                    reading.faults_mut().push(fault);
                    continue;
                }
            }
            lines.end();
            if let Some(chunk) = lines.full()
                && to.blocking_send(chunk).is_err()
            {
                return reading;
            }
        }
        let rest = lines.take();
        if !rest.is_empty() {
            // Nobody listening means that the writer has failed and says so itself.
            let _ = to.blocking_send(rest);
        }
        reading
    }

    /// Writes the row; returns a note that goes with it, or why it cannot be taken. Nothing is written of such a row.
    fn line(&self, checked: Checked, lines: &mut Lines) -> Result<Option<RowFault>, RowFault> {
        let Checked { row, key, noun } = checked;
        match noun {
            NounRow::Household(home) => self.household(row, key, home, lines),
            NounRow::Facility(facility) => self.facility(row, key, facility, lines),
            NounRow::Incident(case) => self.incident(row, key, case, lines),
            NounRow::Area(_) | NounRow::Cell(_) => Ok(None),
        }
    }

    fn household(&self, row: u64, key: String, home: HouseholdRow, lines: &mut Lines) -> Result<Option<RowFault>, RowFault> {
        let (scope_code, note) = self.scope(row, home.point, self.today)?;
        let dwelling = if home.household_count > 1 { "apartment" } else { "house" };
        let out = HouseholdOut {
            row,
            key,
            scope_code,
            valid_from: home.valid_from,
            household_count: home.household_count,
            population_band: home.population_band.unwrap_or_else(|| band(home.household_count).to_owned()),
            dwelling_kind: home.dwelling_kind.unwrap_or_else(|| dwelling.to_owned()),
            at: home.point,
        };
        out.line(lines);
        Ok(note)
    }

    fn facility(&self, row: u64, key: String, facility: FacilityRow, lines: &mut Lines) -> Result<Option<RowFault>, RowFault> {
        let (scope_code, note) = self.scope(row, facility.point, self.today)?;
        let out = FacilityOut {
            row,
            key,
            scope_code,
            valid_from: facility.valid_from,
            kind: facility.kind,
            name_zh: cut(facility.name, 80),
            name_en: String::new(),
            operator: cut(facility.operator.unwrap_or_default(), 120),
            capacity: facility.capacity,
            hours: cut(facility.hours.unwrap_or_default(), 120),
            barrier_free: facility.barrier_free,
            phone_public: cut(facility.phone_public.unwrap_or_default(), 40),
            at: facility.point,
        };
        out.line(lines);
        Ok(note)
    }

    fn incident(&self, row: u64, key: String, case: IncidentRow, lines: &mut Lines) -> Result<Option<RowFault>, RowFault> {
        let discovered_on = case.discovered_at.map_or(case.occurred_on, |at| at.with_timezone(&self.zone).date_naive());
        if discovered_on < case.occurred_on {
            return Err(RowFault::new(row, FaultCode::DaysReversed).arg(case.occurred_on).arg(discovered_on));
        }
        let (scope_code, note) = match case.point {
            Some(point) => self.scope(row, point, case.occurred_on)?,
            None => (self.scope_without_place(row, case.cell)?, None),
        };
        let out = IncidentOut {
            row,
            key,
            scope_code,
            case_no: case.case_no.map(|number| cut(number, 60)),
            category: case.category,
            source: case.source,
            state: case.state,
            occurred_on: case.occurred_on,
            discovered_on,
            due_on: None,
            closed_on: None,
            parties_count: case.parties_count.unwrap_or(2).max(1),
            parties_kind: case.parties_kind.unwrap_or_else(|| "person".to_owned()),
            complexity: case.complexity.unwrap_or_else(|| "ordinary".to_owned()),
            risk_level: case.risk_level.unwrap_or_else(|| "blue".to_owned()),
            summary: cut(case.summary.unwrap_or_default(), 400),
            unit_id: None,
            at: case.point,
            registered_at: case.discovered_at,
        };
        out.line(lines);
        Ok(note)
    }

    /// Where a row belongs on a day; with it the note that it lies in no cell.
    fn scope(&self, row: u64, at: Point, day: NaiveDate) -> Result<(i64, Option<RowFault>), RowFault> {
        let area = match self.ground.place(at, day) {
            Belongs::Cell(code) => return Ok((code, None)),
            Belongs::Area(area) => Some(area),
            Belongs::Nowhere => self.under,
        };
        let Some(area) = area else { return Err(RowFault::new(row, FaultCode::InNoArea).at(at.x(), at.y())) };
        Ok((area.lo(), Some(RowFault::new(row, FaultCode::InNoCell).arg(area).at(at.x(), at.y()))))
    }

    /// Without a place the cell that the file names decides, where it is stored.
    fn scope_without_place(&self, row: u64, cell: Option<CellCode>) -> Result<i64, RowFault> {
        let stored = cell.filter(|cell| self.ground.used(cell.village()).contains(cell)).map(CellCode::to_i64);
        stored.or(self.under.map(AreaCode::lo)).ok_or_else(|| RowFault::new(row, FaultCode::InNoArea))
    }
}

/// Band of the people of so many households, 2.6 people each.
const fn band(households: u32) -> &'static str {
    match households {
        0..=1 => "p1_4",
        2..=3 => "p5_9",
        4..=18 => "p10_49",
        19..=76 => "p50_199",
        _ => "p200_plus",
    }
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("枫桥经验".into(), 2), "枫桥");
        assert_eq!(cut("枫桥".into(), 2), "枫桥");
    }
}
