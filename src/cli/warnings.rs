//! `maplebridge warnings`: looking for warnings at the terminal, and listing them as an account sees them.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::{Place, say};
use crate::config::Storage;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::read_model::{Options, ReadModel};
use crate::rows::{split, within};
use crate::users::Right;
use crate::users::api::{account_scopes, reader_named};
use crate::warnings::{self, Filters};

/// Look for warnings, or list them
#[derive(Debug, clap::Args)]
pub(super) struct WarningsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Look for warnings everywhere as the night does; the same data raise nothing twice
    Run(RunArgs),
    /// List warnings as an account may see them
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    #[command(flatten)]
    storage: Storage,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    storage: Storage,
    /// The account whose rights count
    #[arg(long = "as", value_name = "ACCOUNT")]
    account: String,
    /// States, with commas between
    #[arg(long, value_name = "STATE,…", default_value = "open,acknowledged,escalated,downgraded")]
    state: String,
    /// Names of rules, with commas between [default: all]
    #[arg(long, value_name = "RULE,…")]
    rule: Option<String>,
    /// Code of the area
    #[arg(long, value_name = "CODE")]
    within: Option<String>,
    /// Most rows
    #[arg(long, value_name = "ROWS", default_value_t = 1_000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Print a line of JSON for each
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: WarningsArgs) -> Result<ExitCode> {
    match args.command {
        Command::Run(args) => look(args).await,
        Command::List(args) => list(args).await,
    }
}

async fn look(args: RunArgs) -> Result<ExitCode> {
    let place = Place::open(&args.storage).await?;
    let db = place.db(4).await?;
    let clock = place.clock;
    let options = Options { url: place.feed_url.clone(), clock: Arc::new(move || clock.now()), time_zone: clock.zone, rule: None };
    let context = Context { db: db.clone(), model: ReadModel::start(options).await?, clock };
    let done = warnings::run_night(&context, true).await?;
    if args.json {
        say(&json!(done).to_string())?;
    } else {
        say(&format!(
            "{}：{} 个县（区），新发预警 {}，加重 {}，解除 {}，持续 {} · {}: counties {}, {} raised, {} graver, {} ended, {} go on",
            done.day,
            done.counties,
            done.raised,
            done.changed,
            done.ended,
            done.holding,
            done.day,
            done.counties,
            done.raised,
            done.changed,
            done.ended,
            done.holding
        ))?;
    }
    drop(context);
    db.close().await;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}

async fn list(args: ListArgs) -> Result<ExitCode> {
    let filters =
        Filters { state: split(Some(&args.state)), rule: split(args.rule.as_deref()), within: within(args.within.as_deref())?, changed_since: None };
    let place = Place::open(&args.storage).await?;
    let db = place.db(4).await?;
    let clock = place.clock;
    let reader = reader_named(&mut db.scoped(&account_scopes()).await?, &args.account, clock.today()).await?;
    reader.require(Right::Map)?;
    let mut transaction = db.scoped(&reader.scopes()).await?;
    let rows = warnings::list(&mut transaction, &filters, i64::MAX, args.limit).await?;
    let entry = crate::audit::Entry {
        user_id: Some(reader.user_id),
        account: &reader.account,
        action: "warning.list",
        target: "",
        area: None,
        detail: json!({ "by": "command line", "state": args.state, "rule": args.rule, "within": args.within }),
        rows: Some(rows.len() as i64),
        request_id: "",
    };
    crate::audit::record(&mut transaction, clock.now(), &entry).await?;
    transaction.commit().await?;
    for row in rows {
        if args.json {
            say(&serde_json::to_string(&row).map_err(Error::internal("write a warning"))?)?;
        } else {
            say(&format!(
                "{:>7}  {:<4} {:<7} {:<13} {}  {} · {}",
                row.id, row.rule, row.level, row.state, row.raised_on, row.sentence_zh, row.sentence_en
            ))?;
        }
    }
    db.close().await;
    place.leave().await?;
    Ok(ExitCode::SUCCESS)
}
