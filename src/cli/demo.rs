//! The demonstration: an invented place, loaded or written as files.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Months;
use clap::{Args, ValueEnum};

use crate::context::Clock;
use crate::db::Db;
use crate::demo::{self, FILES, Plan, Size, World};
use crate::error::{Error, Result};
use crate::published::{self, Done, Month, Wanted};

/// How large the invented place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DemoSize {
    /// 43 cells, 12,800 households
    Township,
    /// 580 cells, 174,000 households
    County,
    /// 4,900 cells, 1,480,000 households
    City,
}

impl From<DemoSize> for Size {
    fn from(size: DemoSize) -> Self {
        match size {
            DemoSize::Township => Self::Township,
            DemoSize::County => Self::County,
            DemoSize::City => Self::City,
        }
    }
}

/// Load an invented county to try everything on, or write it as files
#[derive(Debug, Clone, Args)]
pub(super) struct DemoArgs {
    /// How large a place to invent
    #[arg(long, value_enum, default_value = "county")]
    pub size: DemoSize,
    /// Which place of that size
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write the files of the imports into this folder instead of loading the database
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
}

impl DemoArgs {
    /// Invents the place, its incidents ending today.
    fn world(&self, clock: Clock) -> World {
        demo::generate(&Plan { size: self.size.into(), seed: self.seed, until: clock.today() })
    }
}

/// Loads the invented place, or writes it as files.
pub(super) async fn run(args: &DemoArgs, db: &Db, clock: Clock, out: &mut (impl Write + Send)) -> Result<ExitCode> {
    match &args.files {
        Some(folder) => write_files(args, folder, clock, out),
        None => load(args, db, clock, out).await,
    }
}

/// Loads the invented place. Loading it again changes nothing.
pub(super) async fn load(args: &DemoArgs, db: &Db, clock: Clock, out: &mut (impl Write + Send)) -> Result<ExitCode> {
    let own = args.clone();
    let world = tokio::task::spawn_blocking(move || own.world(clock)).await.map_err(Error::internal("invent a place"))?;
    let (counts, _) = demo::load(&world, db, clock.now(), clock.today()).await?;
    publish_past(db, clock).await?;
    writeln!(
        out,
        "{} 区域 areas, {} 网格 cells, {} 地址 addresses, {} 设施 facilities, {} 单位 offices, {} 矛盾纠纷 incidents, {} 底图要素 map features",
        counts.areas, counts.cells, counts.households, counts.facilities, counts.units, counts.incidents, counts.basemap
    )
    .map_err(Error::internal("print"))?;
    Ok(ExitCode::SUCCESS)
}

/// Months that are published of an invented place: a year, and the year before to compare.
const PUBLISHED_MONTHS: u32 = 24;

/// Publishes the last two years of an invented place, so that officials and planners find numbers.
pub(super) async fn publish_past(db: &Db, clock: Clock) -> Result<Done> {
    let since = clock.today().checked_sub_months(Months::new(PUBLISHED_MONTHS)).map(Month::of);
    published::run(db, clock, Wanted { since, ..Wanted::everything() }).await
}

/// Writes the invented place as the files that the imports read, and prints the commands that load them.
pub(super) fn write_files(args: &DemoArgs, folder: &Path, clock: Clock, out: &mut impl Write) -> Result<ExitCode> {
    let unwritable = |error: std::io::Error| Error::Usage(format!("{} cannot be written: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(unwritable)?;
    let world = args.world(clock);
    for file in FILES {
        let path = folder.join(file.name);
        let mut to = BufWriter::new(fs::File::create(&path).map_err(unwritable)?);
        (file.write)(&world, &mut to).and_then(|()| to.flush()).map_err(unwritable)?;
        if let Some(noun) = file.noun {
            writeln!(out, "maplebridge import {noun} {} --crs EPSG:4326", path.display()).map_err(Error::internal("print"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
