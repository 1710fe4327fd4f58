//! An import of a million addresses, from the file to the read model that shows them, beside the bare COPY of the finished
//! rows. `bench/import.sh` prepares the databases and the file, and runs it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use futures::TryStreamExt as _;
use maplebridge::codes::AreaCode;
use maplebridge::context::Clock;
use maplebridge::imports::columns::Mapping;
use maplebridge::imports::commit::{Ending, Request};
use maplebridge::imports::faults::Lang;
use maplebridge::imports::fields::Noun;
use maplebridge::imports::reading::Options;
use maplebridge::imports::source::{Limits, Source};
use maplebridge::imports::work::Worker;
use maplebridge::jobs::Progress;
use maplebridge::users::Reader;
use sqlx::{Connection as _, PgConnection};

/// What a finished row is made of, but for its two numbers, which the table gives.
const COLUMNS: &str = "valid_from, valid_to, scope_code, geom, household_count, population_band, dwelling_kind, address, safe_place_id, \
                       safe_place_part, origin, origin_key, job_id, version";

/// The most memory the process ever had, MB.
fn peak_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// The figures as lines of text.
///
/// * `url` – a superuser's URL of a database with areas and cells
/// * `beside` – the same of its twin, for the COPY
/// * `file` – a CSV with the columns `n,lon,lat,household_count,population_band,dwelling_kind`
pub(crate) async fn run(url: &str, beside: &str, file: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut out = String::new();
    let model = super::start_model(url).await?;
    let db = crate::connect(url, 4).await?;
    let clock = Clock { zone: chrono_tz::Asia::Shanghai, fixed: chrono::DateTime::from_timestamp(1_772_337_600, 0) };
    let worker = Worker { db, reader: Arc::new(Reader::command_line(clock.today())), clock };
    let request = Request {
        noun: Noun::Households,
        source: "bench".into(),
        crs: Some("EPSG:4490".into()),
        mapping: Mapping::default(),
        // Addresses at the outer border may lie in no cell: corners are joined by straight lines.
        options: Options { key: vec!["n".into()], under: AreaCode::parse("990321").ok(), ..Options::default() },
        make_under: None,
        replace: false,
        skip_faulty: false,
        dry_run: false,
        lang: Lang::En,
    };
    let before = peak_mb();
    let began = Instant::now();
    let source = Source::path(file, Limits::default())?;
    let job = worker.begin(&source, &request).await?;
    let outcome = Box::pin(worker.run(&job, source, request, Arc::new(Progress::default()))).await?;
    if outcome.ending != Ending::Committed {
        return Err(format!("the import did not end well: {:?}", outcome.report.tallies).into());
    }
    let committed = began.elapsed();
    while (model.model().households.len() as u64) < outcome.merged.inserted {
        model.wait_fresh_within(std::time::Duration::from_secs(60)).await?;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let shown = began.elapsed();
    writeln!(out, "import of {} addresses: committed after {committed:.2?}, shown after {shown:.2?}", outcome.merged.inserted)?;
    writeln!(out, "most memory of the process, read model in it: {} MB ({before} MB before)", peak_mb())?;

    let path = std::env::temp_dir().join("maplebridge-bench-rows");
    let mut from = PgConnection::connect(url).await?;
    let mut rows = from.copy_out_raw(&format!("copy (select {COLUMNS} from households order by substr(origin_key, 3)::bigint) to stdout")).await?;
    let mut to = std::io::BufWriter::new(std::fs::File::create(&path)?);
    while let Some(piece) = rows.try_next().await? {
        to.write_all(&piece)?;
    }
    to.flush()?;
    drop(rows);
    let mut into = PgConnection::connect(beside).await?;
    let mut finished = std::fs::File::open(&path)?;
    let began = Instant::now();
    let mut copy = into.copy_in_raw(&format!("copy households ({COLUMNS}) from stdin")).await?;
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = finished.read(&mut piece)?;
        if read == 0 {
            break;
        }
        copy.send(&piece[..read]).await?;
    }
    let copied = copy.finish().await?;
    let bare = began.elapsed();
    std::fs::remove_file(&path)?;
    writeln!(out, "bare COPY of {copied} finished rows in file order: {bare:.2?}")?;
    writeln!(out, "ratio: {:.2} (committed {:.2})", shown.as_secs_f64() / bare.as_secs_f64(), committed.as_secs_f64() / bare.as_secs_f64())?;
    Ok(out)
}
