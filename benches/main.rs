//! Our own functions on stated sizes, each beside what it is to be measured by. `bench/README.md` says how to run them.
//!
//! Words on the command line choose: `tiles`, `ours` (with `--class=NAME`), `cached`, `heat`, `disputes`, `read_model`, `edits`, `import`;
//! none: `read_model`. Without a database nothing runs.

mod client;
mod disputes;
mod edits;
mod heat;
mod http;
mod import;
#[expect(dead_code, reason = "measured by the bench against peers")]
mod mvt;
mod read_model;
mod server;
mod sql;
mod tiles;

use std::io::Write as _;
use std::sync::Arc;

use maplebridge::audit;
use maplebridge::db::{AuditKey, Db};
use maplebridge::read_model::{Options, ReadModel};

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

/// Loads and follows the database as the feed's role would, on a fixed day.
async fn start_model(url: &str) -> Anyhow<Arc<ReadModel>> {
    let url = url.replacen("postgres:dev@", "maplebridge_feed:dev@", 1);
    let clock = Arc::new(|| chrono::DateTime::from_timestamp(1_772_337_600, 0).unwrap_or_default());
    Ok(ReadModel::start(Options { url, clock, time_zone: chrono_tz::Asia::Shanghai, rule: None }).await?)
}

/// Connections of the application, which sign what they record with a key of this database beside the machine's temporary files.
async fn connect(url: &str, connections: u32) -> Anyhow<Db> {
    let file = format!("maplebridge-bench-{}.key", url.rsplit('/').next().unwrap_or_default());
    let key = AuditKey::at(&std::env::temp_dir().join(file), &mut rand::rng())?;
    let db = Db::connect(url.replacen("postgres:dev@", "maplebridge_app:dev@", 1).parse()?, connections).await?;
    Ok(audit::with_key(db, key, std::time::SystemTime::now().into()).await?)
}

/// Nanoseconds of CPU that a task of this machine has had: `self`, `thread-self` or a number.
fn cpu_ns(task: &str) -> Anyhow<u64> {
    let text = std::fs::read_to_string(format!("/proc/{task}/schedstat"))?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}

fn main() -> Anyhow<()> {
    let Ok(url) = std::env::var("MAPLEBRIDGE_BENCH_URL") else { return Ok(()) };
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let asked = |word: &str| words.iter().any(|w| w == word);
    let runtime = tokio::runtime::Runtime::new()?;
    if asked("server") {
        let cache_bytes = words.last().ok_or("server BYTES")?.parse()?;
        return runtime.block_on(server::serve(&url, cache_bytes));
    }
    let mut out = String::new();
    if words.is_empty() || asked("read_model") {
        out += &runtime.block_on(read_model::run())?;
    }
    if asked("tiles") {
        out += &runtime.block_on(tiles::run(&url))?;
    }
    if asked("ours") {
        out += &runtime.block_on(tiles::ours(&url))?;
    }
    if asked("cached") {
        out += &runtime.block_on(http::cached(&url))?;
    }
    if asked("heat") {
        out += &runtime.block_on(heat::run(&url))?;
    }
    if asked("disputes") {
        out += &runtime.block_on(disputes::run(&url))?;
    }
    if asked("edits") {
        out += &runtime.block_on(edits::run(&url))?;
    }
    if asked("import") {
        let given = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set; see bench/import.sh"));
        let (beside, file) = (given("MAPLEBRIDGE_BENCH_COPY_URL")?, given("MAPLEBRIDGE_BENCH_FILE")?);
        out += &runtime.block_on(import::run(&url, &beside, &file))?;
    }
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(())
}
