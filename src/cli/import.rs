//! `maplebridge import`: files into the database, shown first, stored whole or not at all.

mod basemap;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::next::next;
use crate::codes::AreaCode;
use crate::context::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::imports::columns::{How, Mapping};
use crate::imports::commit::{Ending, Outcome, Request, prepare};
use crate::imports::faults::{Lang, RowFault, Severity};
use crate::imports::fields::Noun;
use crate::imports::plan::Plan;
use crate::imports::reading::Options;
use crate::imports::report::{Report, Told};
use crate::imports::source::{Choice, HeadingRow, Limits, Source};
use crate::imports::undo::undo;
use crate::imports::work::Worker;
use crate::jobs::Progress;
use crate::users::Reader;

/// Ends with this code where the input has faults.
const FAULTY: u8 = 3;
/// Faults of one kind that are printed of one file; all that are kept go to --report.
const SHOWN: usize = 3;
/// Headings without a meaning that are named.
const UNMATCHED: usize = 20;

/// What to import.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
Files are GeoJSON, newline-delimited GeoJSON or tables (CSV with any delimiter and Chinese encoding), packed with gzip or not,
XLSX, Shapefiles packed as .zip, GeoPackage and FlatGeobuf. Of several layers --layer names one; of several sheets the one
that fits is guessed and shown, --sheet and --heading-row say otherwise.
Load them in this order, since each finds its place in what is there: areas, cells, households, facilities, incidents.

  maplebridge import areas villages.geojson --under 330681
  maplebridge import cells cells.geojson --under 330681
  maplebridge import households doors.csv --key 门牌号 --crs EPSG:4490
  maplebridge import facilities pois.csv --columns 'kind:=F12,name=NAME' --crs GCJ-02
  maplebridge import households 台账.xlsx --sheet 枫桥镇 --heading-row 3-4 --crs CGCS2000
  maplebridge import incidents cases.csv --dry-run
  maplebridge import basemap zhejiang.osm.pbf          roads, water, buildings, names from OpenStreetMap, in place of those before
  maplebridge import undo 01JD…                        takes an import back

Columns are found by their headings, Chinese or English, and shown before anything is written. A file is one transaction:
all of it is stored or nothing. The same file again changes nothing; rows are told apart by --key, else by what they say.
Exit code 0: stored; 3: the file has faults and nothing was stored.")]
#[expect(clippy::struct_excessive_bools, reason = "one switch an option, as the person types them")]
pub struct ImportArgs {
    /// What the rows are: areas, cells, households, facilities, incidents or basemap; or undo
    pub noun: String,
    /// The files; after undo the id of the job
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Datum of the coordinates, where the file does not say it: EPSG:4326, EPSG:4490, GCJ-02, BD-09, EPSG:4549, …
    #[arg(long)]
    pub crs: Option<String>,
    /// The layer or sheet, of a file that has several
    #[arg(long, visible_alias = "sheet", value_name = "NAME")]
    pub layer: Option<String>,
    /// Row of the headings of a sheet, or both of two: 3, 3-4
    #[arg(long, value_name = "ROW", value_parser = |text: &str| HeadingRow::parse(text).ok_or("a row from 1, or two as 3-4"))]
    pub heading_row: Option<HeadingRow>,
    /// Which column is which: field=HEADING,field=HEADING:mdy,field:=VALUE
    #[arg(long, value_name = "LIST")]
    pub columns: Option<String>,
    /// Headings whose values together tell rows apart: the second import of a row changes the first
    #[arg(long, value_name = "HEADINGS", value_delimiter = ',')]
    pub key: Vec<String>,
    /// Area for rows that lie in nothing stored, and under which codes are issued
    #[arg(long, value_name = "CODE")]
    pub under: Option<String>,
    /// Make the area of --under where it is not stored, under this name: cells can then come into an empty database
    #[arg(long, value_name = "NAME", requires = "under")]
    pub make_under: Option<String>,
    /// File (JSON) that says columns, constants and the meaning of values
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Add values that a code list does not have to it
    #[arg(long)]
    pub extend: bool,
    /// Repair invalid polygons and say what changed
    #[arg(long)]
    pub repair: bool,
    /// End the rows of this source that the file no longer has
    #[arg(long)]
    pub replace_source: bool,
    /// Keep the base map that is there and lay this one beside it
    #[arg(long)]
    pub add: bool,
    /// Store the rows without faults and leave out the others
    #[arg(long)]
    pub skip_faulty: bool,
    /// Do everything but the storing
    #[arg(long)]
    pub dry_run: bool,
    /// Write all kept faults to this file (CSV)
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Print the report as JSON, one document a file
    #[arg(long)]
    pub json: bool,
    /// Name of the source; without it the name of the file
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// Language of what is printed: zh or en; without it that of LANG
    #[arg(long, value_name = "LANG")]
    pub lang: Option<String>,
}

/// How the command came to be typed.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The words of the command line, the program's name first: what to type next is told in them.
    pub typed: &'a [String],
    /// The value of LANG, for the language of what is printed.
    pub locale: &'a str,
}

/// Imports the files one after the other, or undoes a job.
pub async fn run(args: ImportArgs, db: &Db, clock: Clock, terms: Terms<'_>, out: &mut (impl Write + Send)) -> Result<ExitCode> {
    // boxed: the steps of an import add up to a large future
    Box::pin(bring_in(args, db, clock, terms, out)).await
}

async fn bring_in(args: ImportArgs, db: &Db, clock: Clock, terms: Terms<'_>, out: &mut (impl Write + Send)) -> Result<ExitCode> {
    let reader = Arc::new(Reader::command_line(clock.today()));
    let lang = language(args.lang.as_deref().unwrap_or(terms.locale));
    if args.noun == "undo" {
        for id in &args.files {
            let id = id.to_string_lossy();
            let (by, rows, _) = undo(db, &reader, clock, &id).await?;
            say(out, lang, &format!("已撤销 {id}：{rows} 行（作业 {by}）"), &format!("undone {id}: {rows} rows (job {by})"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let worker = Worker { db: db.clone(), reader, clock };
    if args.noun == "basemap" {
        return basemap::bring(&args, &worker, lang, out).await;
    }
    if args.add {
        return Err(Error::Usage("--add goes with basemap only".into()));
    }
    let noun = Noun::parse(&args.noun).ok_or_else(|| {
        Error::Usage(format!("“{}” cannot be imported; it is areas, cells, households, facilities, incidents, basemap, or undo", args.noun))
    })?;
    let mut faulty = false;
    for file in &args.files {
        let outcome = Box::pin(one(&args, noun, file, &worker, lang, out)).await?;
        if matches!(outcome.ending, Ending::Committed | Ending::DryRun) {
            continue;
        }
        faulty = true;
        let mut scoped = db.scoped(&worker.reader.scopes()).await?;
        if let Some(next) = next(noun, file, &args, terms.typed, &outcome, &mut scoped).await?
            && !args.json
        {
            say(out, lang, &format!("可以这样继续：{next}"), &format!("to go on: {next}"))?;
        }
    }
    Ok(if faulty { ExitCode::from(FAULTY) } else { ExitCode::SUCCESS })
}

fn language(text: &str) -> Lang {
    if text.to_ascii_lowercase().starts_with("zh") { Lang::Zh } else { Lang::En }
}

/// One file.
async fn one(args: &ImportArgs, noun: Noun, file: &Path, worker: &Worker, lang: Lang, out: &mut (impl Write + Send)) -> Result<Outcome> {
    let unreadable = |error: std::io::Error| Error::Usage(format!("{} cannot be read: {error}", file.display()));
    let source = Source::path(file, Limits::default()).map_err(unreadable)?;
    let request = request(args, noun, source.name(), worker.clock, lang)?;
    if !args.json {
        let (asked, shown) = (request.clone(), source.clone());
        let plan = tokio::task::spawn_blocking(move || prepare(shown, &asked)).await.map_err(Error::internal("read the file"))?;
        // What keeps the whole file out is told with the outcome.
        if let Ok(plan) = plan {
            show_plan(out, &plan, lang)?;
        }
    }
    let id = worker.begin(&source, &request).await?;
    let outcome = Box::pin(worker.run(&id, source, request, Arc::new(Progress::default()))).await?;
    if outcome.ending == Ending::Committed {
        worker.finish(&id, &outcome).await?;
    }
    tell(args, &outcome, &id, lang, out)?;
    Ok(outcome)
}

/// Says what became of a file, to a person or as JSON, and writes the faults where they are wanted.
fn tell(args: &ImportArgs, outcome: &Outcome, id: &str, lang: Lang, out: &mut impl Write) -> Result<()> {
    if let Some(path) = &args.report {
        let file = fs::File::create(path).map_err(|error| Error::Usage(format!("{} cannot be written: {error}", path.display())))?;
        outcome.report.write_csv(std::io::BufWriter::new(file)).map_err(Error::internal("write the report"))?;
    }
    if args.json {
        let told = serde_json::json!({ "job": id, "ending": outcome.ending, "merged": outcome.merged, "report": outcome.report });
        line(out, &told.to_string())
    } else {
        show_outcome(out, outcome, id, lang)
    }
}

fn request(args: &ImportArgs, noun: Noun, file: &str, clock: Clock, lang: Lang) -> Result<Request> {
    let fault = |fault: RowFault| Error::Usage(format!("{}; {}", fault.reason(lang), fault.cure(lang)));
    let mut mapping = match &args.map {
        Some(path) => {
            let bytes = fs::read(path).map_err(|error| Error::Usage(format!("{} cannot be read: {error}", path.display())))?;
            Mapping::from_json(&bytes).map_err(fault)?
        }
        None => Mapping::default(),
    };
    if let Some(columns) = &args.columns {
        mapping.add_columns(columns);
    }
    let under = args.under.as_deref().map(AreaCode::parse).transpose().map_err(|error| Error::Usage(format!("--under: {error}")))?;
    Ok(Request {
        noun,
        source: args.source.clone().unwrap_or_else(|| file.to_owned()),
        crs: args.crs.clone(),
        mapping,
        options: Options {
            key: args.key.clone(),
            under,
            extend: args.extend,
            repair: args.repair,
            zone: clock.zone,
            choice: Choice { layer: args.layer.clone(), heading_row: args.heading_row, noun: Some(noun) },
            ..Options::default()
        },
        make_under: args.make_under.clone(),
        replace: args.replace_source,
        skip_faulty: args.skip_faulty,
        dry_run: args.dry_run,
        lang,
    })
}

fn line(out: &mut impl Write, text: &str) -> Result<()> {
    writeln!(out, "{text}").map_err(Error::internal("print"))
}

fn say(out: &mut impl Write, lang: Lang, zh: &str, en: &str) -> Result<()> {
    line(out, if lang == Lang::Zh { zh } else { en })
}

/// How the file is understood, before anything is written.
fn show_plan(out: &mut impl Write, plan: &Plan, lang: Lang) -> Result<()> {
    let survey = &plan.survey;
    let crs = plan.crs.map_or_else(|| "–".to_owned(), |crs| crs.to_string());
    let name = survey.name();
    say(
        out,
        lang,
        &format!("{name}：{}，编码 {}，坐标系 {crs}", survey.format.name(), survey.encoding_name()),
        &format!("{name}: {}, encoding {}, datum {crs}", survey.format.name(), survey.encoding_name()),
    )?;
    if let Some(layer) = &survey.layer {
        let others: Vec<&str> = survey.layers.iter().filter(|other| *other != layer).take(12).map(String::as_str).collect();
        let of = |word: &str| if others.is_empty() { String::new() } else { format!("{word}{}", others.join(", ")) };
        let zh = survey
            .heading_row
            .map_or_else(|| format!("  图层 {layer}{}", of("；另有 ")), |row| format!("  工作表 {layer}，表头在第 {row} 行{}", of("；另有 ")));
        let en = survey
            .heading_row
            .map_or_else(|| format!("  layer {layer}{}", of("; also ")), |row| format!("  sheet {layer}, headings in row {row}{}", of("; also ")));
        say(out, lang, &zh, &en)?;
    }
    for field in &plan.matching.fields {
        let name = if lang == Lang::Zh { field.zh } else { field.field };
        let from = match (&field.heading, &field.constant) {
            (Some(heading), _) => format!("“{heading}”{}", if field.how == How::Near { " ?" } else { "" }),
            (None, Some(value)) => format!("= {value}"),
            (None, None) => continue,
        };
        line(out, &format!("  {name} ← {from}"))?;
    }
    if !plan.matching.unmatched.is_empty() {
        let mut rest = plan.matching.unmatched.iter().take(UNMATCHED).cloned().collect::<Vec<_>>().join(", ");
        if let Some(more) = plan.matching.unmatched.len().checked_sub(UNMATCHED).filter(|more| *more > 0) {
            let more = if lang == Lang::Zh { format!(" 等，另有 {more} 列") } else { format!(" and {more} more") };
            rest.push_str(&more);
        }
        say(out, lang, &format!("  不导入的列：{rest}"), &format!("  not imported: {rest}"))?;
    }
    Ok(())
}

fn show_outcome(out: &mut impl Write, outcome: &Outcome, id: &str, lang: Lang) -> Result<()> {
    let Report { counts, tallies, faults, .. } = &outcome.report;
    show_faults(out, faults, lang)?;
    for tally in tallies {
        let kept = faults.iter().filter(|fault| fault.code == tally.code).count().min(SHOWN) as u64;
        if tally.count > kept {
            line(out, &format!("  {} × {}", tally.count, tally.code.name()))?;
        }
    }
    let merged = outcome.merged;
    say(
        out,
        lang,
        &format!(
            "读 {} 行：新增 {}，更新 {}，不变 {}，结束 {}，有错 {}",
            counts.read, merged.inserted, merged.updated, merged.unchanged, merged.retired, counts.rejected
        ),
        &format!(
            "{} rows read: {} inserted, {} updated, {} unchanged, {} ended, {} faulty",
            counts.read, merged.inserted, merged.updated, merged.unchanged, merged.retired, counts.rejected
        ),
    )?;
    let (zh, en) = match outcome.ending {
        Ending::Committed if merged.changes() == 0 => {
            ("库中已是这样，没有改动".to_owned(), "all of it was there already; nothing changed".to_owned())
        }
        Ending::Committed if merged.overwritten + merged.retired > 0 => (
            format!("已写入（作业 {id}）；改动或结束了原有的行，不能撤销；要改回去，请再导入原来的文件"),
            format!("stored (job {id}); it changed or ended stored rows and cannot be taken back; import the former file again instead"),
        ),
        Ending::Committed => (
            format!("已写入（作业 {id}）；撤销：maplebridge import undo {id}"),
            format!("stored (job {id}); to take it back: maplebridge import undo {id}"),
        ),
        Ending::DryRun => ("试运行：什么都没有写入".to_owned(), "dry run: nothing was stored".to_owned()),
        Ending::Cancelled => ("已取消：什么都没有写入".to_owned(), "cancelled: nothing was stored".to_owned()),
        Ending::Faults => (
            "有错误：什么都没有写入。改正后再导入，或加 --skip-faulty 跳过有错的行".to_owned(),
            "faults: nothing was stored. Correct them, or leave out the faulty rows with --skip-faulty".to_owned(),
        ),
    };
    say(out, lang, &zh, &en)
}

fn show_faults(out: &mut impl Write, faults: &[Told], lang: Lang) -> Result<()> {
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    for fault in faults {
        let times = met.entry(fault.code.name()).or_default();
        *times += 1;
        if *times > SHOWN {
            continue;
        }
        let place = fault.at.map_or_else(String::new, |[lon, lat]| format!(" @ {lon:.6}, {lat:.6}"));
        let column = fault.column.as_deref().map_or_else(String::new, |column| format!(" [{column}]"));
        let sign = if fault.severity == Severity::Fault { "✗" } else { "·" };
        let row = match (fault.row, lang) {
            (0, Lang::Zh) => "整个文件".to_owned(),
            (0, Lang::En) => "the file".to_owned(),
            (row, Lang::Zh) => format!("第 {row} 行"),
            (row, Lang::En) => format!("row {row}"),
        };
        line(out, &format!("  {sign} {row}{column}{place}: {} → {}", fault.reason, fault.cure))?;
    }
    Ok(())
}
