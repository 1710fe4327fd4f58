//! `maplebridge export`: a layer or list to a file.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{Place, say};
use crate::codes::{AreaCode, CodeRange};
use crate::config::Storage;
use crate::context::Clock;
use crate::db::{Db, Scoped};
use crate::error::{Error, Result};
use crate::exports::run::{Asked, Wanted, allowed, export, note};
use crate::exports::what::What;
use crate::exports::{Format, Headings};
use crate::users::api::{account_scopes, reader_named};
use crate::users::{Reader, Right};

/// Write a layer or list to a file.
///
/// Areas, cells, households and facilities as they stand today, in the form that `import` reads again. Cases only as a
/// list (csv, xlsx) of an account that may read them, never with a place: no file of incident points leaves the system.
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
    /// Only what lies in this area or cell
    #[arg(long, value_name = "CODE")]
    pub within: Option<String>,
    /// Cut to the rights of this account; otherwise everything is written
    #[arg(long = "as", value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Say the count as JSON
    #[arg(long)]
    pub json: bool,
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
        None if matches!(what.noun, What::Incidents | What::Published) => {
            return Err(Error::Usage(format!("{} are written as an account sees them: say which with --as ACCOUNT", what.noun.name())));
        }
        None => Reader::command_line(today),
        Some(account) => reader_named(&mut db.scoped(&account_scopes()).await?, account, today).await?,
    };
    let range = what.within.as_deref().map(AreaCode::parse).transpose().map_err(|error| Error::Usage(format!("--within: {error}")))?;
    let filters = Wanted { day: today, range: range.map(AreaCode::range), ..Wanted::default() };
    let asked = Asked { what: what.noun, format, headings: what.headings, filters };
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
