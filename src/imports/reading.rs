//! The whole way of a row: read, checked, keyed. Pulled one at a time, so that whoever writes sets the pace.

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use super::cells::{Binding, Cells};
use super::faults::{Collector, FaultCode, RowFault, Severity};
use super::fields::{FieldId, Noun};
use super::keys::{self, Occurrences};
use super::lists::CodeLists;
use super::nouns::{Check, NounRow};
use super::place::Places;
use super::plan::Plan;
use super::rows::{Record, Rows};
use crate::codes::AreaCode;
use crate::privacy::text_gate;

/// How rows are to be taken.
#[derive(Debug, Clone)]
pub struct Options {
    /// Headings whose values together are the key of a row; empty: hash and occurrence number.
    pub key: Vec<String>,
    /// The area that rows without codes of their own come under.
    pub under: Option<AreaCode>,
    /// Whether values outside a code list are added to it.
    pub extend: bool,
    /// Whether invalid polygons are repaired.
    pub repair: bool,
    /// The zone of civil dates.
    pub zone: Tz,
    /// Faults kept to show.
    pub faults_shown: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { key: Vec::new(), under: None, extend: false, repair: false, zone: chrono_tz::Asia::Shanghai, faults_shown: 1000 }
    }
}

/// A checked row with its number and key.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// As a person counts it.
    pub row: u64,
    /// The import key, to be stored beside the source's name.
    pub key: String,
    /// What it says.
    pub noun: NounRow,
}

/// A file being taken in.
pub struct Reading {
    noun: Noun,
    rows: Rows,
    record: Record,
    binding: Binding,
    places: Places,
    options: Options,
    lists: CodeLists,
    collector: Collector,
    row_faults: Vec<RowFault>,
    key_columns: Vec<usize>,
    occurrences: Occurrences,
    keys_met: FxHashMap<u64, u64>,
    codes_met: FxHashMap<i64, u64>,
    read: u64,
    accepted: u64,
}

impl Reading {
    /// Opens the file that the plan is for. A plan with faults, or a key that is no heading, is refused with those faults.
    pub fn open(mut plan: Plan, options: Options, lists: CodeLists) -> Result<Self, Vec<RowFault>> {
        let headings = plan.survey.names();
        let mut faults: Vec<RowFault> = plan.faults.iter().filter(|fault| fault.severity() == Severity::Fault).cloned().collect();
        let mut key_columns = Vec::new();
        for key in &options.key {
            match headings.iter().position(|heading| heading == key) {
                Some(at) => key_columns.push(at),
                None => faults.push(RowFault::new(0, FaultCode::ColumnUnknown).column(key).arg(key).arg(headings.join(", "))),
            }
        }
        let rows = if faults.is_empty() { Rows::open(&plan.survey.known, &headings).map_err(|fault| vec![fault])? } else { return Err(faults) };
        let mut collector = Collector::new(options.faults_shown);
        plan.faults.drain(..).for_each(|warning| collector.push(warning));
        Ok(Self {
            noun: plan.noun,
            rows,
            record: Record::default(),
            binding: Binding::of(&plan),
            places: Places { converter: plan.converter, repair: options.repair },
            options,
            lists,
            collector,
            row_faults: Vec::new(),
            key_columns,
            occurrences: Occurrences::default(),
            keys_met: FxHashMap::default(),
            codes_met: FxHashMap::default(),
            read: 0,
            accepted: 0,
        })
    }

    /// The next row without a fault; rows with faults are counted on the way. `None` at the end.
    pub fn next_row(&mut self) -> Option<Checked> {
        loop {
            let sound = self.rows.read(&mut self.record, &mut self.collector)?;
            self.read += 1;
            if !sound {
                continue;
            }
            let noun = self.check();
            let key = if self.is_faulty() { String::new() } else { self.key() };
            self.refuse_personal(noun.as_ref(), &key);
            if let Some(noun) = &noun {
                self.check_code(noun);
            }
            let faulty = self.is_faulty();
            self.row_faults.drain(..).for_each(|fault| self.collector.push(fault));
            if let (Some(noun), false) = (noun, faulty) {
                self.accepted += 1;
                return Some(Checked { row: self.record.row, key, noun });
            }
        }
    }

    /// The free-text gate, for every text of a row and for keys made of columns.
    fn refuse_personal(&mut self, noun: Option<&NounRow>, key: &str) {
        let named = (!self.key_columns.is_empty()).then_some(key);
        // eleven digits alone are a number of a list as often as a telephone; in a key they are taken for the first
        let is_number = |text: &str, found: &text_gate::Finding| {
            found.kind == text_gate::Kind::Mobile && text.trim_start_matches("k:").bytes().all(|byte| byte.is_ascii_digit())
        };
        let texts = noun.into_iter().flat_map(NounRow::texts).map(|text| (text, false)).chain(named.map(|key| (key, true)));
        for (text, is_key) in texts {
            if let Some(found) = text_gate::inspect(text).iter().find(|found| !is_key || !is_number(text, found)) {
                let what = match found.kind {
                    text_gate::Kind::IdentityNumber => "居民身份证号 identity number",
                    text_gate::Kind::Mobile => "手机号 mobile number",
                    text_gate::Kind::BankCard => "银行卡号 bank card",
                };
                self.row_faults.push(RowFault::new(self.record.row, FaultCode::Personal).arg(what));
                return;
            }
        }
    }

    fn is_faulty(&self) -> bool {
        self.row_faults.iter().any(|fault| fault.severity() == Severity::Fault)
    }

    fn check(&mut self) -> Option<NounRow> {
        let mut cells = Cells { record: &self.record, binding: &self.binding, faults: &mut self.row_faults };
        let mut check =
            Check { lists: &mut self.lists, extend: self.options.extend, zone: self.options.zone, places: &self.places, under: self.options.under };
        check.row(self.noun, &mut cells)
    }

    fn key(&mut self) -> String {
        if self.key_columns.is_empty() {
            return self.occurrences.key(self.record.hash);
        }
        let key = keys::named(self.key_columns.iter().map(|&column| self.record.cell(column)));
        let row = self.record.row;
        let first = *self.keys_met.entry(keys::seed(&key)).or_insert(row);
        if first != row {
            let headings = self.options.key.join(",");
            self.row_faults.push(RowFault::new(row, FaultCode::DuplicateKey).column(headings).arg(&key[2..]).arg(first));
        }
        key
    }

    /// Areas and cells have codes that may stand only once.
    fn check_code(&mut self, noun: &NounRow) {
        let code = match noun {
            NounRow::Area(area) => area.code.map(|code| (code.lo() + i64::from(code.level().to_i16()), code.to_string())),
            NounRow::Cell(cell) => cell.code.map(|code| (code.to_i64(), code.to_string())),
            _ => None,
        };
        let Some((number, text)) = code else { return };
        let row = self.record.row;
        let first = *self.codes_met.entry(number).or_insert(row);
        if first != row {
            let mut cells = Cells { record: &self.record, binding: &self.binding, faults: &mut self.row_faults };
            cells.fault(FieldId::Code, super::values::Trouble { code: FaultCode::DuplicateCode, args: vec![text, first.to_string()] });
        }
    }

    /// What was wrong so far.
    pub fn faults(&self) -> &Collector {
        &self.collector
    }

    /// To add what only the writer can see: overlaps, gaps, rows in no cell.
    pub fn faults_mut(&mut self) -> &mut Collector {
        &mut self.collector
    }

    /// The code lists, with what was added on the way.
    pub fn lists(&self) -> &CodeLists {
        &self.lists
    }

    /// Rows read so far, faulty ones among them.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Rows that were given out.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Ends the reading and gives back what it gathered.
    pub fn finish(self) -> (Collector, CodeLists) {
        (self.collector, self.lists)
    }
}
