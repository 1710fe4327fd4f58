//! A first look at a file: its headings with examples, what it says of its datum, and rows to judge by.
//!
//! Nothing is decided here; `plan` does that with what a person told.

use csv::ByteRecord;
use rustc_hash::FxHashMap;

use super::faults::{FaultCode, RowFault, Severity};
use super::json::{Root, Splitter, read_feature, value_text};
use super::layers::{self, Facts};
use super::rows::{FEATURE_ID, Record};
use super::source::{Format, HeadingRow, Known, Source};
use super::table::Table;
use super::text::Encoding;

/// Rows that are looked at.
const SAMPLE_ROWS: usize = 2000;

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Heading {
    /// As it is written.
    pub name: String,
    /// In how many of the rows looked at something stands under it.
    pub filled: usize,
    /// Up to three different values, cut to 40 characters.
    pub examples: Vec<String>,
}

/// What a first look shows.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Survey {
    /// What the file is made of.
    pub format: Format,
    /// How its bytes are text.
    pub encoding: Encoding,
    /// What stands between the cells of a table.
    pub delimiter: Option<char>,
    /// The headings or properties, in the order in which they were met.
    pub headings: Vec<Heading>,
    /// What the file itself says of its datum: the `crs` member of older GeoJSON.
    pub crs: Option<String>,
    /// How many rows were looked at; the whole file where it has no more.
    pub looked_at: usize,
    /// The layer or sheet that is read, of a file that has them.
    pub layer: Option<String>,
    /// All layers or sheets of the file.
    pub layers: Vec<String>,
    /// The rows of the headings of a sheet.
    pub heading_row: Option<HeadingRow>,
    #[serde(skip)]
    pub(super) facts: Facts,
    #[serde(skip)]
    pub(super) pairs: Vec<(f64, f64)>,
    #[serde(skip)]
    pub(super) sample: Vec<Vec<String>>,
    #[serde(skip)]
    pub(super) known: Known,
}

impl Survey {
    /// Looks at a file. What makes it unreadable as a whole is a fault.
    pub fn of(source: Source) -> Result<Self, RowFault> {
        let known = source.know()?;
        let mut survey = Self {
            format: known.format,
            encoding: known.encoding,
            delimiter: None,
            headings: Vec::new(),
            crs: None,
            looked_at: 0,
            layer: None,
            layers: Vec::new(),
            heading_row: None,
            facts: Facts::default(),
            pairs: Vec::new(),
            sample: Vec::new(),
            known,
        };
        if survey.format == Format::Table {
            survey.look_at_table()?;
        } else if !survey.format.is_geojson() {
            survey.look_at_layer()?;
        } else {
            survey.look_at_features()?;
        }
        Ok(survey)
    }

    /// The file's name as the user knows it.
    pub fn name(&self) -> &str {
        self.known.source().name()
    }

    /// The headings' names alone.
    pub fn names(&self) -> Vec<String> {
        self.headings.iter().map(|heading| heading.name.clone()).collect()
    }

    /// The encoding of its texts, as people know it.
    pub fn encoding_name(&self) -> &str {
        self.facts.encoding.as_deref().unwrap_or_else(|| self.encoding.name())
    }

    fn look_at_layer(&mut self) -> Result<(), RowFault> {
        let mut opened = layers::open(&self.known)?;
        self.headings = opened.facts.headings.iter().map(|name| Heading { name: name.clone(), filled: 0, examples: Vec::new() }).collect();
        let mut record = Record::default();
        while self.looked_at < SAMPLE_ROWS {
            match opened.rows.read(&mut record) {
                None => break,
                // A note at the end of the file.
                Some(Err(fault)) if fault.row == 0 && fault.severity() == Severity::Warning => break,
                Some(Err(fault)) if fault.row == 0 => return Err(fault),
                Some(Err(_)) => {}
                Some(Ok(())) => {
                    let cells: Vec<String> = record.cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                    self.headings.iter_mut().zip(&cells).for_each(|(heading, cell)| heading.see(cell));
                    self.sample.push(cells);
                    if let Some(shape) = record.shape.as_ref().filter(|_| self.format.has_shapes()) {
                        self.pairs.extend(geo::CoordsIter::coords_iter(shape).next().map(|at| (at.x, at.y)));
                    }
                }
            }
            self.looked_at += 1;
        }
        let facts = opened.facts;
        self.crs.clone_from(&facts.crs);
        self.layer = Some(facts.layer.clone()).filter(|name| !name.is_empty());
        self.layers.clone_from(&facts.layers);
        self.heading_row = facts.heading_row;
        self.facts = facts;
        Ok(())
    }

    fn look_at_table(&mut self) -> Result<(), RowFault> {
        let mut table = Table::open(&self.known)?;
        self.delimiter = Some(char::from(table.delimiter));
        self.headings = table.headings.iter().map(|name| Heading { name: name.clone(), filled: 0, examples: Vec::new() }).collect();
        let mut record = ByteRecord::new();
        while self.looked_at < SAMPLE_ROWS {
            match table.read(&mut record) {
                None => break,
                Some(Err(fault)) if fault.row == 0 => return Err(fault),
                Some(Err(_)) => {}
                Some(Ok(_)) => {
                    let cells: Vec<String> = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
                    self.headings.iter_mut().zip(&cells).for_each(|(heading, cell)| heading.see(cell));
                    self.sample.push(cells);
                }
            }
            self.looked_at += 1;
        }
        Ok(())
    }

    /// The first features are read; the rest of a document is only passed over, since its datum may stand at the end.
    fn look_at_features(&mut self) -> Result<(), RowFault> {
        let limits = self.known.source().limits();
        let mut splitter = Splitter::open(&self.known)?;
        let mut places: FxHashMap<String, usize> = FxHashMap::default();
        let (mut piece, mut faults) = (Vec::new(), Vec::new());
        while let Some(read) = splitter.read(&mut piece) {
            let row = match read {
                Ok(row) => row,
                Err(fault) if fault.row == 0 && matches!(fault.code, FaultCode::NotJson | FaultCode::Empty | FaultCode::RootNotObject) => {
                    return Err(fault);
                }
                Err(_) => continue,
            };
            if self.looked_at >= SAMPLE_ROWS {
                if self.format == Format::GeoJsonLines {
                    break;
                }
                continue;
            }
            let looked_at = self.looked_at;
            self.looked_at += 1;
            self.sample.push(Vec::new());
            faults.clear();
            let Some(feature) = read_feature(&piece, row, limits, &mut faults) else { continue };
            let id = feature.id.iter().map(|id| (FEATURE_ID, id.clone()));
            for (name, text) in id.chain(feature.properties.0.iter().map(|(name, value)| (name.as_ref(), value_text(value)))) {
                let at = *places.entry(name.to_owned()).or_insert(self.headings.len());
                if at == self.headings.len() {
                    self.headings.push(Heading { name: name.to_owned(), filled: 0, examples: Vec::new() });
                }
                self.headings[at].see(&text);
                let cells = &mut self.sample[looked_at];
                if cells.len() <= at {
                    cells.resize(at + 1, String::new());
                }
                cells[at] = text.into_owned();
            }
            if self.headings.len() > limits.columns {
                return Err(RowFault::new(0, FaultCode::TooManyColumns).arg(self.headings.len()).arg(limits.columns));
            }
            if let Some(shape) = &feature.geometry {
                self.pairs.extend(geo::CoordsIter::coords_iter(shape).next().map(|at| (at.x, at.y)));
            }
        }
        self.crs = crs_member(&splitter.root);
        Ok(())
    }
}

impl Heading {
    fn see(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        if self.examples.len() < 3 {
            let example: String = text.chars().take(40).collect();
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
    }
}

/// The name in a `crs` member of GeoJSON as it was before RFC 7946; one that names nothing is given back as it stands.
fn crs_member(root: &Root) -> Option<String> {
    let raw = root.get("crs")?;
    let value: serde_json::Value = serde_json::from_slice(raw).ok()?;
    if value.is_null() {
        return None;
    }
    let name = value.pointer("/properties/name").or_else(|| value.pointer("/properties/code"));
    Some(match name {
        Some(serde_json::Value::String(name)) => name.clone(),
        Some(other) => other.to_string(),
        None => value.to_string(),
    })
}
