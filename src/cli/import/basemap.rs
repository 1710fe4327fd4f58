//! `maplebridge import basemap`: an extract of OpenStreetMap becomes the base map.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use super::{FAULTY, ImportArgs, say, tell};
use crate::error::{Error, Result};
use crate::imports::commit::Ending;
use crate::imports::faults::Lang;
use crate::imports::osm::Request;
use crate::imports::work::Worker;
use crate::jobs::Progress;

/// Imports the files one after the other; the first replaces the base map that is there, the others join it.
pub(super) async fn bring(args: &ImportArgs, worker: &Worker, lang: Lang, out: &mut (impl Write + Send)) -> Result<ExitCode> {
    let foreign = [
        ("--crs", args.crs.is_some()),
        ("--layer", args.layer.is_some()),
        ("--heading-row", args.heading_row.is_some()),
        ("--columns", args.columns.is_some()),
        ("--key", !args.key.is_empty()),
        ("--under", args.under.is_some()),
        ("--map", args.map.is_some()),
        ("--extend", args.extend),
        ("--repair", args.repair),
        ("--replace-source", args.replace_source),
        ("--skip-faulty", args.skip_faulty),
    ];
    if let Some((option, _)) = foreign.iter().find(|(_, given)| *given) {
        return Err(Error::Usage(format!(
            "{option} says nothing about a base map: leave it out. A base map takes --add, --source, --dry-run, --report"
        )));
    }
    for (i, file) in args.files.iter().enumerate() {
        if let Err(error) = std::fs::File::open(file) {
            return Err(Error::Usage(format!("{} cannot be read: {error}", file.display())));
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = args.source.clone().unwrap_or(name);
        let request = Request { file: file.clone(), source, add: args.add || i > 0, dry_run: args.dry_run, lang };
        let (id, outcome) = Box::pin(worker.basemap(request, Arc::new(Progress::default()))).await?;
        if outcome.ending == Ending::Committed {
            worker.finish(&id, &outcome).await?;
        }
        tell(args, &outcome, &id, lang, out)?;
        if !matches!(outcome.ending, Ending::Committed | Ending::DryRun) {
            return Ok(ExitCode::from(FAULTY));
        }
    }
    if !args.json {
        let zh = "数据来自 OpenStreetMap 时，图上须注明“© OpenStreetMap 贡献者”：在 管理 › 设置 的地图注记里填写";
        let en = "where the data is OpenStreetMap's the map must say “© OpenStreetMap contributors”: put it into Admin › Settings, map attribution";
        say(out, lang, zh, en)?;
    }
    Ok(ExitCode::SUCCESS)
}
