//! The command line: one command a file.

mod accounts;
mod analyze;
mod audit;
mod demo;
pub mod export;
pub mod import;
mod next;
mod place;
mod publish;
mod serve;
mod simple;
mod warnings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Storage;
use crate::context::Clock;
use crate::db::Db;
use crate::error::{Error, Result};

pub use place::Place;

/// Grid management and map server on PostGIS.
///
/// Without --database-url it runs a private PostgreSQL of its own. Begin with `maplebridge serve --demo county` to look
/// around, or import your own files in this order: areas, cells, households, facilities, incidents.
#[derive(Debug, Parser)]
#[command(name = "maplebridge", version, arg_required_else_help = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the page, the interface and the tiles
    Serve(Box<serve::ServeArgs>),
    /// Bring the database up to this version
    Migrate(simple::MigrateArgs),
    /// Bring a file in: areas, cells, households, facilities or incidents
    Import(Box<WithStorage<import::ImportArgs>>),
    /// Load an invented place, or write it as files
    Demo(WithStorage<demo::DemoArgs>),
    /// Publish incident numbers of months that have ended
    Publish(WithStorage<publish::PublishArgs>),
    /// Ask where disputes cluster, rise or are out of the ordinary
    Analyze(Box<analyze::AnalyzeArgs>),
    /// Look for warnings, or list them
    Warnings(warnings::WarningsArgs),
    /// Write a layer to a file, in the form that `import` reads again
    Export(export::ExportArgs),
    /// Manage accounts
    User(accounts::UserArgs),
    /// Make a token for a program
    Token(accounts::TokenArgs),
    /// Verify the audit trail
    Audit(audit::AuditArgs),
    /// Print the description of the interface (OpenAPI 3.1, JSON)
    Openapi,
    /// Write a backup of the whole database to a file
    Backup(simple::BackupArgs),
    /// Read a backup into an empty database
    Restore(simple::RestoreArgs),
}

/// A command with the place it works on.
#[derive(Debug, clap::Args)]
struct WithStorage<C: clap::Args> {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    command: C,
}

/// Opens the place, does the work, leaves.
async fn with_place(storage: &Storage, work: impl AsyncFnOnce(&Db, Clock) -> Result<ExitCode>) -> Result<ExitCode> {
    let place = Place::open(storage).await?;
    let db = place.db(4).await?;
    let done = work(&db, place.clock).await;
    db.close().await;
    place.leave().await?;
    done
}

/// Standard output, taken for each write, so that it can cross threads.
struct Terminal;

impl std::io::Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::stdout().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().flush()
    }
}

/// Runs one command and says how it ended: 0 done, 1 failed, 2 wrong use, 3 input with faults or a trail that
/// was tampered with.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Migrate(args) => simple::migrate(args).await,
        Command::Import(args) => {
            let typed: Vec<String> = std::env::args().collect();
            let terms = import::Terms { typed: &typed, locale: args.storage.locale() };
            with_place(&args.storage, async |db, clock| import::run(args.command.clone(), db, clock, terms, &mut Terminal).await).await
        }
        Command::Demo(args) => with_place(&args.storage, async |db, clock| demo::run(&args.command, db, clock, &mut Terminal).await).await,
        Command::Publish(args) => with_place(&args.storage, async |db, clock| publish::run(&args.command, db, clock, &mut Terminal).await).await,
        Command::Analyze(args) => analyze::run(*args).await,
        Command::Warnings(args) => warnings::run(args).await,
        Command::Export(args) => export::run(args).await,
        Command::User(args) => accounts::user(args).await,
        Command::Token(args) => accounts::token(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Openapi => simple::openapi(),
        Command::Backup(args) => simple::backup(args).await,
        Command::Restore(args) => simple::restore(args).await,
    };
    outcome.unwrap_or_else(|error| report(&error))
}

/// Tells a person what went wrong and what to do.
fn report(error: &Error) -> ExitCode {
    match error {
        Error::Internal { context, source } => complain(&format!("could not {context}: {source}")),
        Error::Invalid(faults) => {
            for fault in faults {
                complain(&format!("{}: {}", fault.pointer, fault.message));
            }
        }
        other => complain(&other.to_string()),
    }
    match error {
        Error::Usage(_) => ExitCode::from(2),
        Error::Invalid(_) => ExitCode::from(3),
        _ => ExitCode::FAILURE,
    }
}

/// One line to the person at the terminal.
fn say(text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Error::internal("write to the terminal"))
}

fn complain(text: &str) {
    use std::io::Write as _;
    // Nowhere is left to say that nothing can be said.
    let _ = writeln!(std::io::stderr().lock(), "maplebridge: {text}");
}
