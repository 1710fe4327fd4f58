//! `maplebridge export`: a layer or list to a file.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;

use super::{Place, say};
use crate::codes::CodeRange;
use crate::config::Storage;
use crate::context::Clock;
use crate::db::{Db, Scoped};
use crate::error::{Error, Result};
use crate::exports::api::ExportQuery;
use crate::exports::run::{Asked, allowed, export, note};
use crate::exports::what::What;
use crate::exports::{Format, Headings};
use crate::users::api::{account_scopes, reader_named};
use crate::users::{Reader, Right};

/// Write a layer or list to a file.
///
/// Areas, cells, households and facilities as they stand today, in the form that `import` reads again. Cases only as a
/// list (csv, xlsx) of an account that may read them, never with a place: no file of incident points leaves the system.
/// `heat` is how densely they lie, as bands, or as classes of published numbers for an account that may open no case.
/// Filters are those of the screens; one that the thing does not have is refused.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    what: ExportWhat,
}

/// What to export.
#[derive(Debug, Clone, clap::Args)]
pub struct ExportWhat {
    /// What to write
    pub noun: What,
    /// The file to write; refused where it is there
    pub file: PathBuf,
    /// Form of the file [default: by its name]
    #[arg(long)]
    pub format: Option<Format>,
    /// Language of the headings [default: zh in workbooks, en elsewhere]
    #[arg(long)]
    pub headings: Option<Headings>,
    /// Only what lies in this area or cell; not of the base map
    #[arg(long, value_name = "CODE")]
    pub within: Option<String>,
    /// Only what meets west,south,east,north in degrees; not of incidents
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    pub bbox: Option<String>,
    /// The day whose rows are wanted; of cells, `cell_labels`, households and facilities [default: today]
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<NaiveDate>,
    /// A part of a name or the beginning of a code; of areas, cells and their labels
    #[arg(long, value_name = "TEXT")]
    pub q: Option<String>,
    /// Kinds of facilities, with commas between
    #[arg(long, value_name = "CODES")]
    pub kind: Option<String>,
    /// Categories of incidents, and of heat made of them, with commas between
    #[arg(long, value_name = "CODES")]
    pub category: Option<String>,
    /// Sources of incidents, and of heat made of them, with commas between
    #[arg(long, value_name = "CODES")]
    pub source: Option<String>,
    /// States of incidents, and of heat made of them, with commas between
    #[arg(long, value_name = "CODES")]
    pub state: Option<String>,
    /// Group of kinds of published numbers, and of heat made of them
    #[arg(long)]
    pub group: Option<String>,
    /// Level of published numbers: township, village or cell
    #[arg(long)]
    pub level: Option<String>,
    /// First day of incidents and heat; of published numbers its month
    #[arg(long, value_name = "DAY")]
    pub from: Option<NaiveDate>,
    /// Last day of incidents and heat; of published numbers its month
    #[arg(long, value_name = "DAY")]
    pub to: Option<NaiveDate>,
    /// Metres at which an incident is felt no more, 200 to 5000; of heat for who may open cases [default: 800]
    #[arg(long, value_name = "METRES")]
    pub bandwidth_m: Option<f64>,
    /// Cut to the rights of this account; otherwise everything is written
    #[arg(long = "as", value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Say the count as JSON
    #[arg(long)]
    pub json: bool,
}

impl ExportWhat {
    /// The question as the page asks it: the filters and their refusals are the same.
    fn query(&self, format: Format) -> ExportQuery {
        let this = self.clone();
        ExportQuery {
            format,
            headings: this.headings,
            within: this.within,
            bbox: this.bbox,
            as_of: this.as_of,
            q: this.q,
            kind: this.kind,
            category: this.category,
            source: this.source,
            state: this.state,
            group: this.group,
            level: this.level,
            from: this.from,
            to: this.to,
            bandwidth_m: this.bandwidth_m,
        }
    }
}

pub(super) async fn run(args: ExportArgs) -> Result<ExitCode> {
    let place = Place::open(&args.storage).await?;
    let db = place.db(2).await?;
    let count = write(&args.what, &db, place.clock).await;
    db.close().await;
    place.leave().await?;
    let (what, count) = (&args.what, count?);
    let told = if what.json {
        serde_json::json!({"noun": what.noun.name(), "rows": count}).to_string()
    } else {
        format!("wrote {count} {} to {}", what.noun.name(), what.file.display())
    };
    say(&told)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the file; returns how many rows it has. A file that was begun and failed is taken away.
pub async fn write(what: &ExportWhat, db: &Db, clock: Clock) -> Result<i64> {
    let today = clock.today();
    let by_name = what.file.file_name().and_then(|name| Format::of_name(&name.to_string_lossy()));
    let format = what.format.or(by_name).ok_or_else(|| {
        Error::Usage(format!(
            "the form of {} is not known; say --format or end it in .geojson, .csv, .xlsx, .zip, .gpkg or .fgb",
            what.file.display()
        ))
    })?;
    let reader = match &what.account {
        None if matches!(what.noun, What::Incidents | What::Heat | What::Published) => {
            return Err(Error::Usage(format!("{} are written as an account sees them: say which with --as ACCOUNT", what.noun.name())));
        }
        None => Reader::command_line(today),
        Some(account) => reader_named(&mut db.scoped(&account_scopes()).await?, account, today).await?,
    };
    let asked = what.query(format).read(what.noun, today)?;
    allowed(&reader, &asked)?;
    File::create_new(&what.file).map_err(|error| Error::Usage(format!("{} cannot be written: {error}; choose another name", what.file.display())))?;
    let written = into_file(what, db, clock, &reader, asked).await;
    if written.is_err() {
        // What was begun is of no use to anybody; that it may not go is not worth another error.
        let _ = std::fs::remove_file(&what.file);
    }
    written
}

async fn into_file(what: &ExportWhat, db: &Db, clock: Clock, reader: &Reader, asked: Asked) -> Result<i64> {
    let mut transaction = db.scoped(&reader.scopes()).await?;
    transaction.without_time_limit().await?;
    let tallies = tallies(&mut transaction, reader, &asked).await?;
    let households_in = move |range: CodeRange| {
        let tallies = tallies.as_ref()?;
        let from = tallies.partition_point(|(code, _)| *code < range.lo);
        Some(tallies[from..].iter().take_while(|(code, _)| *code < range.hi).map(|(_, count)| *count as u64).sum())
    };
    let count = export(&mut transaction, reader, asked.clone(), &what.file, households_in).await?;
    note(&mut transaction, clock.now(), reader, &asked, count, &serde_json::json!("command line"), "").await?;
    transaction.commit().await?;
    Ok(count)
}

/// Households by cell, in the order of the codes; `None` where the account sees no households.
async fn tallies(transaction: &mut Scoped, reader: &Reader, asked: &Asked) -> Result<Option<Vec<(i64, i64)>>> {
    if !reader.has(Right::Households) || !matches!(asked.what, What::Areas | What::Cells) {
        return Ok(None);
    }
    let sql = "select scope_code, sum(household_count)::bigint from households
                where valid_from <= $1 and (valid_to is null or valid_to > $1) group by scope_code order by scope_code";
    Ok(Some(sqlx::query_as(sql).bind(asked.filters.day).fetch_all(transaction.conn()).await?))
}
