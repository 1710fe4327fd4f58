//! The `maplebridge` command: reads its arguments and runs one command of `cli`.

use std::process::ExitCode;

use clap::Parser as _;
use maplebridge::cli::{Cli, run};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("MAPLEBRIDGE_LOG").unwrap_or_else(|_| EnvFilter::new("warn,maplebridge=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).json().init();
    Box::pin(run(Cli::parse())).await
}
