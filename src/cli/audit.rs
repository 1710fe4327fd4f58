//! `maplebridge audit verify`: recomputes the audit trail and names what was tampered with.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Place, complain, say};
use crate::audit::{self, Head, Kind, Verdict};
use crate::config::Storage;
use crate::db::Db;
use crate::error::{Error, Result};

/// Verify the audit trail.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    storage: Storage,
    #[command(subcommand)]
    what: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Recompute every seal and signature; ends with 3 and names the first bad entry where one does not fit
    ///
    /// The end of the chain is compared with the head kept beside the key and, where given, with one that was written
    /// down elsewhere: the server prints it to its log every hour.
    Verify {
        /// A head of the chain that was written down: N:HEX, or HEX alone
        #[arg(long, value_name = "HEAD", value_parser = parse_head)]
        head: Option<Head>,
        /// Say the outcome as JSON
        #[arg(long)]
        json: bool,
    },
}

/// More findings than this are counted.
const MOST_SAID: usize = 10;

fn parse_head(text: &str) -> Result<Head, String> {
    Head::parse(text).map_err(|error| error.to_string())
}

pub(super) async fn run(args: AuditArgs) -> Result<ExitCode> {
    let place = Place::open(&args.storage).await?;
    let db = place.db(2).await?;
    let AuditCommand::Verify { head, json } = args.what;
    let verdict = audit::verify(&db, head).await;
    if let Ok(verdict) = &verdict
        && let Err(error) = note(&db, &place, verdict).await
    {
        complain(&format!("that the trail was verified could not be written down: {error}"));
    }
    db.close().await;
    place.leave().await?;
    let verdict = verdict?;
    tell(&verdict, json)?;
    Ok(if verdict.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

async fn note(db: &Db, place: &Place, verdict: &Verdict) -> Result<()> {
    let mut transaction = db.scoped(&crate::db::Scopes::default()).await?;
    let entry = audit::Entry {
        user_id: None,
        account: "",
        action: "audit.verify",
        target: "",
        area: None,
        detail: serde_json::json!({"by": "command line", "good": verdict.good, "bad": verdict.bad.first()}),
        rows: Some(verdict.good),
        request_id: "",
    };
    audit::record(&mut transaction, place.clock.now(), &entry).await?;
    transaction.commit().await?;
    Ok(())
}

fn tell(verdict: &Verdict, json: bool) -> Result<()> {
    if json {
        return say(&serde_json::to_string(verdict).map_err(Error::internal("write the outcome"))?);
    }
    for bad in verdict.bad.iter().take(MOST_SAID) {
        let seal = bad.seq.map_or("没有封存 without a seal".to_owned(), |seq| format!("封存 seal {seq}"));
        let entry = bad.entry_id.map_or(String::new(), |id| format!(", 条目 entry {id}"));
        say(&format!("{}: {seal}{entry}: {}", words(bad.kind), bad.why))?;
    }
    if verdict.bad.len() > MOST_SAID {
        say(&format!("… 另有 {} 条 more; --json names up to a hundred", verdict.bad.len() - MOST_SAID))?;
    }
    if verdict.bad.is_empty() {
        say("审计记录完整 the audit trail is whole")?;
    }
    say(&format!("{} 条完好 good, {} 条待封存 waiting for a seal", verdict.good, verdict.waiting))?;
    if let Some(head) = &verdict.head {
        say(&format!("head {head}"))?;
    }
    Ok(())
}

const fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Edited => "被改 edited",
        Kind::Deleted => "被删 deleted",
        Kind::Inserted => "被加 inserted",
        Kind::Swapped => "被调换 swapped",
        Kind::TailCut => "末尾被截 tail cut",
        Kind::Recomputed => "被重算 recomputed",
    }
}
