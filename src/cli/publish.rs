//! Publishing incident numbers by hand.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use crate::context::Clock;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::published::{self, Month, Wanted};

/// Publish incident numbers of months that have ended
///
/// A published month is frozen: cases registered later do not change it, and it cannot be taken back. So import the past
/// first. After the first publication `serve` publishes each month by itself, some days after its end.
#[derive(Debug, Clone, Args)]
pub(super) struct PublishArgs {
    /// One month, such as 2026-10 [default: every month that has ended and was not published]
    #[arg(long, value_name = "MONTH", value_parser = parse_month)]
    month: Option<Month>,
}

fn parse_month(text: &str) -> Result<Month, String> {
    Month::parse("month", text).map_err(|error| error.to_string())
}

/// Publishes, and says how much was shown and withheld.
pub(super) async fn run(args: &PublishArgs, db: &Db, clock: Clock, out: &mut (impl Write + Send)) -> Result<ExitCode> {
    let done = published::run(db, clock, Wanted { month: args.month, ..Wanted::everything() }).await?;
    writeln!(
        out,
        "{} 个乡镇（街道）的 {} 个月已发布：显示 {}，少于阈值不显示 {}，为保护它们一并不显示 {} · published {} months of {} townships: {} numbers shown, {} below \
         their threshold, {} withheld beside them",
        done.townships, done.months, done.shown, done.primary, done.complementary, done.months, done.townships, done.shown, done.primary, done.complementary
    )
    .map_err(Error::internal("print"))?;
    Ok(ExitCode::SUCCESS)
}
