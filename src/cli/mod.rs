//! The command line: one command a file.

mod accounts;
mod export;
mod place;
mod serve;
mod simple;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Write a layer to a file, in the form that `import` reads again
    Export(export::ExportArgs),
    /// Manage accounts
    User(accounts::UserArgs),
    /// Make a token for a program
    Token(accounts::TokenArgs),
    /// Print the description of the interface (OpenAPI 3.1, JSON)
    Openapi,
    /// Write a backup of the whole database to a file
    Backup(simple::BackupArgs),
    /// Read a backup into an empty database
    Restore(simple::RestoreArgs),
}

/// Runs one command and says how it ended: 0 done, 1 failed, 2 wrong use, 3 input with faults.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Migrate(args) => simple::migrate(args).await,
        Command::Export(args) => export::run(args).await,
        Command::User(args) => accounts::user(args).await,
        Command::Token(args) => accounts::token(args).await,
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
