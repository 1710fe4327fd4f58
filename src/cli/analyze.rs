//! `maplebridge analyze`: a question of `analyses`, asked as an account and answered at the terminal or in a file.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Place, say};
use crate::analyses::{self, Asker, Format, Params};
use crate::config::Storage;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::read_model::{Options, ReadModel};
use crate::users::Right;
use crate::users::api::{account_scopes, reader_named};

/// An answer takes no longer than this.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Ask where disputes cluster, rise or are out of the ordinary
///
/// Answers with the rights of an account: true numbers where it may open each case of the area, else classes from published
/// numbers. The same parameters as POST /api/analyses/NAME; the answer is kept and can be drawn there.
#[derive(Debug, clap::Args)]
pub(super) struct AnalyzeArgs {
    #[command(flatten)]
    storage: Storage,
    /// Which analysis: `hot_spots`, rates, trends, clusters, density, scan, warnings, emerging
    name: String,
    /// The account whose rights count
    #[arg(long = "as", value_name = "ACCOUNT")]
    account: String,
    /// Code of the area
    #[arg(long, value_name = "CODE")]
    within: Option<String>,
    /// A parameter, such as level=village, alpha=0.01 or category=02,03; may be given again
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// File to write; refused where it is there [default: the terminal]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Form of the answer [default: by the name of the file, .csv or GeoJSON; csv at the terminal]
    #[arg(long)]
    format: Option<Format>,
}

/// The parameters as the interface takes them.
fn sent(args: &AnalyzeArgs) -> Result<Map<String, Value>> {
    let mut sent = Map::new();
    if let Some(within) = &args.within {
        sent.insert("within".into(), within.clone().into());
    }
    for pair in &args.set {
        let (name, text) = pair.split_once('=').ok_or_else(|| Error::Usage(format!("“{pair}” is no NAME=VALUE")))?;
        let value = match name {
            "category" | "source" | "state" => text.split(',').map(Value::from).collect(),
            _ => text.parse::<serde_json::Number>().map_or_else(|_| Value::from(text), Value::Number),
        };
        sent.insert(name.into(), value);
    }
    Ok(sent)
}

pub(super) async fn run(args: AnalyzeArgs) -> Result<ExitCode> {
    let entry = analyses::find(&args.name)?;
    let params = Params::read(entry, sent(&args)?)?;
    let by_name = args.out.as_ref().is_none_or(|file| file.extension().is_some_and(|end| end == "csv"));
    let format = args.format.unwrap_or(if by_name { Format::Csv } else { Format::Geojson });
    let place = Place::open(&args.storage).await?;
    let db = place.db(4).await?;
    let clock = place.clock;
    let reader = reader_named(&mut db.scoped(&account_scopes()).await?, &args.account, clock.today()).await?;
    reader.require(Right::Published)?;
    let options = Options { url: place.feed_url.clone(), clock: Arc::new(move || clock.now()), time_zone: clock.zone, rule: None };
    let context = Context { db: db.clone(), model: ReadModel::start(options).await?, clock };
    let asker = Asker { context, reader: Arc::new(reader), request_id: String::new() };
    let begun = analyses::begin(&asker, entry, params).await?;
    let id = begun.id;
    if !analyses::finished(begun, LONGEST).await? {
        return Err(Error::Busy { retry_after_s: 60, message: format!("the answer {id} is still being made") });
    }
    let text = analyses::export(&asker, Some(entry.name), id, format).await?;
    match &args.out {
        Some(path) => {
            let mut file = File::create_new(path)
                .map_err(|error| Error::Usage(format!("{} cannot be written: {error}; choose another name", path.display())))?;
            file.write_all(text.as_bytes()).map_err(Error::internal("write the file"))?;
            say(&analyses::sentences(&asker, id).await?.join("\n"))?;
        }
        None => say(text.trim_end())?,
    }
    drop(asker);
    db.close().await;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Typed {
        #[command(flatten)]
        args: AnalyzeArgs,
    }

    #[test]
    fn words_at_the_terminal_are_the_parameters_of_the_interface() {
        let typed = Typed::parse_from([
            "x",
            "rates",
            "--as",
            "a",
            "--within",
            "990321",
            "--set",
            "alpha=0.01",
            "--set",
            "category=02,03",
            "--set",
            "level=village",
        ]);
        let expected = serde_json::json!({"within": "990321", "alpha": 0.01, "category": ["02", "03"], "level": "village"});
        assert_eq!(Value::Object(sent(&typed.args).unwrap()), expected);
    }
}
