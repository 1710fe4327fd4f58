//! What an import did, to be shown, printed as JSON, or written as a table for `--report`.

use std::io;

use super::columns::Matching;
use super::faults::{Collector, FaultCode, Lang, RowFault, Severity};
use super::fields::Noun;
use super::lists::Extension;
use super::plan::{CrsFrom, Plan};
use super::source::{Format, HeadingRow};

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Rows in the file.
    pub read: u64,
    /// Rows that were not there.
    pub inserted: u64,
    /// Rows that were there and say something else now.
    pub updated: u64,
    /// Rows that were there and say the same.
    pub unchanged: u64,
    /// Rows with a fault.
    pub rejected: u64,
}

/// A fault with its sentences.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Told {
    /// The row; 0 is the file.
    pub row: u64,
    /// The heading or member.
    pub column: Option<String>,
    /// What kind.
    pub code: FaultCode,
    /// Whether it keeps the row out.
    pub severity: Severity,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub cure: String,
    /// Where, `[lon, lat]` in degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<[f64; 2]>,
}

impl Told {
    /// The fault in a language.
    pub fn of(fault: &RowFault, lang: Lang) -> Self {
        Self {
            row: fault.row,
            column: fault.column.clone(),
            code: fault.code,
            severity: fault.severity(),
            reason: fault.reason(lang),
            cure: fault.cure(lang),
            at: fault.at,
        }
    }
}

/// How often one kind of fault was met.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Tally {
    /// What kind.
    pub code: FaultCode,
    /// Whether it keeps rows out.
    pub severity: Severity,
    /// How often; exact.
    pub count: u64,
}

/// How the file was understood, as shown before anything is written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Understood {
    /// What its rows are.
    pub noun: Noun,
    /// The file's name.
    pub file: String,
    /// What it is made of.
    pub format: Format,
    /// The encoding of its text.
    pub encoding: String,
    /// The layer or sheet that is read, of a file that has them.
    pub layer: Option<String>,
    /// All layers or sheets of the file.
    pub layers: Vec<String>,
    /// The rows of the headings of a sheet.
    pub heading_row: Option<HeadingRow>,
    /// What stands between the cells of a table.
    pub delimiter: Option<char>,
    /// The datum of its coordinates.
    pub crs: Option<String>,
    /// From where that is known.
    pub crs_from: CrsFrom,
    /// Whether latitude or northing comes first.
    pub north_first: bool,
    /// Which column is which.
    pub columns: Matching,
}

impl Understood {
    /// As the plan has it.
    pub fn of(plan: &Plan) -> Self {
        Self {
            noun: plan.noun,
            file: plan.survey.known.source().name().to_owned(),
            format: plan.survey.format,
            encoding: plan.survey.encoding_name().to_owned(),
            layer: plan.survey.layer.clone(),
            layers: plan.survey.layers.clone(),
            heading_row: plan.survey.heading_row,
            delimiter: plan.survey.delimiter,
            crs: plan.crs.map(|crs| crs.to_string()),
            crs_from: plan.crs_from,
            north_first: plan.north_first,
            columns: plan.matching.clone(),
        }
    }
}

/// The whole report.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// How the file was understood; `None` where it could not be read at all.
    pub understood: Option<Understood>,
    /// What became of the rows.
    pub counts: Counts,
    /// Every kind of fault with its count.
    pub tallies: Vec<Tally>,
    /// The faults that were kept to show; `tallies` has the full counts.
    pub faults: Vec<Told>,
    /// What was added to code lists.
    pub extensions: Vec<Extension>,
    #[serde(skip)]
    lang: Lang,
}

impl Report {
    /// Puts a report together.
    pub fn new(understood: Option<Understood>, counts: Counts, collector: &Collector, extensions: &[Extension], lang: Lang) -> Self {
        let tallies = collector.counts().map(|(code, count)| Tally { code, severity: code.severity(), count }).collect();
        let faults = collector.shown().map(|fault| Told::of(fault, lang)).collect();
        Self { understood, counts, tallies, faults, extensions: extensions.to_vec(), lang }
    }

    /// Writes the faults as a table with headings, UTF-8 with a byte order mark so that office programs read it.
    pub fn write_csv(&self, mut to: impl io::Write) -> io::Result<()> {
        to.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::Writer::from_writer(to);
        let headings = match self.lang {
            Lang::Zh => ["行", "列", "代码", "轻重", "问题", "办法", "经度", "纬度"],
            Lang::En => ["row", "column", "code", "severity", "reason", "cure", "lon", "lat"],
        };
        writer.write_record(headings)?;
        for fault in &self.faults {
            let place = |at: usize| fault.at.map_or_else(String::new, |place| place[at].to_string());
            let severity = match (fault.severity, self.lang) {
                (Severity::Fault, Lang::Zh) => "错误",
                (Severity::Warning, Lang::Zh) => "提示",
                (Severity::Fault, Lang::En) => "fault",
                (Severity::Warning, Lang::En) => "warning",
            };
            let column = fault.column.as_deref().map_or_else(String::new, inert);
            let row = if fault.row == 0 { String::new() } else { fault.row.to_string() };
            let cells = [&row, &column, fault.code.name(), severity, &inert(&fault.reason), &inert(&fault.cure), &place(0), &place(1)];
            writer.write_record(cells)?;
        }
        writer.flush()
    }
}

/// A text that an office program will not take for a formula.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() }
}
