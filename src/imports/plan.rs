//! How a file will be read: columns, order of dates, datum and order of axes, all settled before the first row.
//!
//! A plan is what a person is shown and agrees to. With faults in it no row is read.

use super::columns::{Mapping, Matching, match_columns};
use super::faults::{Collector, FaultCode, RowFault, Severity};
use super::fields::{FieldId, Noun};
use super::rows::{Record, Rows};
use super::survey::Survey;
use super::values::dates::OrderScan;
use super::values::{numbers, said};
use super::wkt;
use crate::geom::crs::{Axes, Converter, Crs};

/// From where a file's datum is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CrsFrom {
    /// It was told.
    Given,
    /// The file says so: a `crs` member, a heading, an SRID.
    File,
    /// GeoJSON that says nothing is WGS 84 by RFC 7946.
    Standard,
    /// No row of the file has coordinates.
    NotNeeded,
}

/// A file ready to be read.
pub struct Plan {
    /// What its rows are.
    pub noun: Noun,
    /// The first look at it.
    pub survey: Survey,
    /// Which column is which.
    pub matching: Matching,
    /// What a person told.
    pub mapping: Mapping,
    /// The datum of its coordinates; `None` where there are none.
    pub crs: Option<Crs>,
    /// From where that is known.
    pub crs_from: CrsFrom,
    /// Whether latitude or northing comes first.
    pub north_first: bool,
    /// What stands against reading it, and warnings.
    pub faults: Vec<RowFault>,
    pub(super) converter: Option<Converter>,
}

impl Plan {
    /// Settles how to read a file.
    ///
    /// * `crs` – what was told with `--crs`, as a person writes it; it goes before what the file says
    ///
    /// Reads the file once more where day and month of a date column cannot be told apart by its first rows.
    pub fn make(survey: Survey, noun: Noun, mapping: Mapping, crs: Option<&str>) -> Self {
        let has_shapes = survey.format.has_shapes();
        let (matching, mut faults) = match_columns(noun, &survey.names(), has_shapes, &mapping);
        faults.extend(survey.facts.notes.iter().cloned());
        let mut plan = Self { noun, survey, matching, mapping, crs: None, crs_from: CrsFrom::NotNeeded, north_first: false, faults, converter: None };
        plan.settle_dates();
        plan.settle_crs(crs, has_shapes);
        plan
    }

    /// Whether rows can be read.
    pub fn is_ready(&self) -> bool {
        self.faults.iter().all(|fault| fault.severity() == Severity::Warning)
    }

    fn settle_dates(&mut self) {
        let is_date = |id: FieldId| self.noun.fields().iter().any(|field| field.id == id && field.is_date);
        let open: Vec<(usize, usize)> = (0..self.matching.fields.len())
            .filter(|&at| self.matching.fields[at].order.is_none() && is_date(self.matching.fields[at].id))
            .filter_map(|at| Some((at, self.matching.fields[at].column?)))
            .collect();
        if open.is_empty() {
            return;
        }
        let mut scans = vec![OrderScan::default(); open.len()];
        for cells in &self.survey.sample {
            for (scan, &(_, column)) in scans.iter_mut().zip(&open) {
                cells.get(column).and_then(|cell| said(cell)).into_iter().for_each(|text| scan.see(text));
            }
        }
        if scans.iter().any(|scan| scan.order().is_err()) {
            self.scan_whole_file(&open, &mut scans);
        }
        for (scan, (at, _)) in scans.iter().zip(open) {
            let field = &mut self.matching.fields[at];
            match scan.order() {
                Ok(order) => field.order = order,
                Err(example) => {
                    let heading = field.heading.clone().unwrap_or_default();
                    self.faults.push(RowFault::new(0, FaultCode::DateOrder).column(heading).arg(example));
                }
            }
        }
    }

    fn scan_whole_file(&self, open: &[(usize, usize)], scans: &mut [OrderScan]) {
        let mut ignored = Collector::new(0);
        let Ok(mut rows) = Rows::open(&self.survey.known, &self.survey.names()) else { return };
        let mut record = Record::default();
        while let Some(sound) = rows.read(&mut record, &mut ignored) {
            if sound {
                for (scan, &(_, column)) in scans.iter_mut().zip(open) {
                    if let Some(text) = said(record.cell(column)) {
                        scan.see(text);
                    }
                }
            }
            if scans.iter().all(|scan| scan.order().is_ok()) {
                return;
            }
        }
    }

    fn settle_crs(&mut self, given: Option<&str>, has_shapes: bool) {
        let has_place =
            has_shapes || [FieldId::Longitude, FieldId::Wkt].iter().any(|&id| self.matching.of(id).is_some_and(|own| own.column.is_some()));
        if !has_place {
            return;
        }
        let pairs = self.pairs();
        let of_file = self.survey.crs.clone().or_else(|| self.matching.datum.map(str::to_owned)).or_else(|| self.srid());
        let (said, from) = match (given, &of_file) {
            (Some(given), _) => (given.to_owned(), CrsFrom::Given),
            (None, Some(own)) => (own.clone(), CrsFrom::File),
            (None, None) if self.survey.format.is_geojson() => ("EPSG:4326".to_owned(), CrsFrom::Standard),
            (None, None) if pairs.is_empty() && has_shapes => return,
            (None, None) => {
                self.faults.push(RowFault::new(0, FaultCode::CrsMissing));
                return;
            }
        };
        let crs = Crs::parse(&said);
        if let (Ok(crs), Some(own), CrsFrom::Given) = (&crs, &of_file, from)
            && Crs::parse(own).as_ref() != Ok(crs)
        {
            self.faults.push(RowFault::new(0, FaultCode::CrsDiffers).arg(own).arg(crs));
        }
        match crs.and_then(|crs| Ok((crs, Converter::new(crs)?))) {
            Ok((crs, mut converter)) => {
                // GeoJSON has longitude first by its own rule; only tables are judged by what stands in them.
                if !has_shapes || from == CrsFrom::Given && self.survey.format.is_geojson() {
                    self.north_first = converter.settle(&pairs) == Axes::NorthEast;
                }
                self.crs = Some(crs);
                self.crs_from = from;
                self.converter = Some(converter);
            }
            Err(error) => self.faults.push(RowFault::new(0, FaultCode::CrsUnknown).arg(said).arg(error)),
        }
    }

    /// Pairs of the rows looked at, in the order in which they will be converted.
    fn pairs(&self) -> Vec<(f64, f64)> {
        if !self.survey.pairs.is_empty() {
            return self.survey.pairs.clone();
        }
        let column = |id| self.matching.of(id).and_then(|own| own.column);
        let cell = |cells: &Vec<String>, at: usize| cells.get(at).and_then(|text| said(text)).map(str::to_owned);
        match (column(FieldId::Longitude), column(FieldId::Latitude), column(FieldId::Wkt)) {
            (Some(x), Some(y), _) => {
                let pair = |cells: &Vec<String>| Some((numbers::number(&cell(cells, x)?).ok()?, numbers::number(&cell(cells, y)?).ok()?));
                self.survey.sample.iter().filter_map(pair).collect()
            }
            (_, _, Some(at)) => {
                let first = |cells: &Vec<String>| {
                    let shape = wkt::parse(&cell(cells, at)?).ok()?.0?;
                    geo::CoordsIter::coords_iter(&shape).next().map(|corner| (corner.x, corner.y))
                };
                self.survey.sample.iter().filter_map(first).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The SRID that the first WKT names.
    fn srid(&self) -> Option<String> {
        let column = self.matching.of(FieldId::Wkt)?.column?;
        let texts = self.survey.sample.iter().filter_map(|cells| said(cells.get(column)?));
        texts.take(50).find_map(|text| wkt::parse(text).ok()?.1).map(|srid| format!("EPSG:{srid}"))
    }
}
