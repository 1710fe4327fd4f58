//! A question as a job: its row before, signs of life during, the answer after; stopped where somebody asks for it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinHandle;

use super::answer::Outcome;
use super::asked::{Asked, settle, told_as, told_reader};
use super::ground::Ground;
use super::params::Params;
use super::store::{self, Kept, WithoutPlace};
use super::{Entry, find, revisions};
use crate::audit::{Entry as AuditEntry, record};
use crate::codes::AreaCode;
use crate::context::Context;
use crate::db::Scoped;
use crate::error::{Error, Result};
use crate::jobs::Progress;
use crate::privacy::audience;
use crate::read_model::{self, Model};
use crate::users::Reader;

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(1);
/// Questions that are answered at the same time: each takes every core it gets.
static AT_ONCE: Semaphore = Semaphore::const_new(3);

/// Who asks, and with what.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Transactions, read model, clock.
    pub context: Context,
    /// Who asks.
    pub reader: Arc<Reader>,
    /// Id of the request, for the audit trail.
    pub request_id: String,
}

/// An answer that is there or being made.
#[derive(Debug)]
pub struct Begun {
    /// Key of the answer.
    pub id: i64,
    /// Hash over its inputs, gathered when it was asked for.
    pub(super) revision: String,
    task: Option<JoinHandle<Result<()>>>,
}

/// Begins to answer; a kept answer to the same question about the same data is taken instead.
pub async fn begin(asker: &Asker, entry: &'static Entry, params: Params) -> Result<Begun> {
    let permit = AT_ONCE.try_acquire().map_err(|_| Error::Busy { retry_after_s: 5, message: "other analyses are at work; ask again soon".into() })?;
    let asked = settle(&asker.context, &asker.reader, entry, params).await?;
    let (asked, ground, revision) = inputs(&asker.context, &asker.reader, asked).await?.gather().await?;
    let (told_as, kept_params) = (asked.told_as(), asked.params.kept(entry)?);
    let new = store::New {
        analysis: entry.name,
        version: entry.version,
        params: &kept_params,
        of_cases: ground.of_cases,
        told_as: &told_as,
        data_revision: &revision,
        within: asked.within,
        asked_by: asker.reader.user_id,
    };
    let now = asker.context.clock.now();
    let mut transaction = asker.context.begin(&asker.reader).await?;
    store::sweep(&mut transaction, now).await?;
    let same = store::same(&mut transaction, &new).await?;
    let id = match same {
        Some(id) => id,
        None => store::insert(&mut transaction, now, &new).await?,
    };
    asker.note(&mut transaction, "analysis.run", id, Some(asked.within), json!({ "analysis": entry.name, "params": kept_params }), 0).await?;
    transaction.commit().await?;
    let task = same.is_none().then(|| {
        let asker = asker.clone();
        tokio::spawn(async move {
            let outcome = work(&asker, id, asked, ground, permit).await;
            if let Err(error) = &outcome {
                tracing::warn!(%error, analysis = id, "an analysis failed");
                asker.give_up(id, error).await;
            }
            outcome
        })
    });
    Ok(Begun { id, revision, task })
}

/// Waits for the answer, so long and no longer; whether it is there.
pub async fn finished(begun: Begun, most: Duration) -> Result<bool> {
    let Some(task) = begun.task else { return Ok(true) };
    match tokio::time::timeout(most, task).await {
        Ok(joined) => joined.map_err(Error::internal("answer a question"))?.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// What the inputs of an answer are gathered from.
struct Inputs {
    asked: Asked,
    unplaced: Vec<WithoutPlace>,
    model: Arc<Model>,
}

async fn inputs(context: &Context, reader: &Reader, asked: Asked) -> Result<Inputs> {
    let unplaced = if asked.of_cases() {
        store::cases_without_place(&mut context.begin(reader).await?, asked.within.range(), asked.from, asked.to).await?
    } else {
        Vec::new()
    };
    Ok(Inputs { asked, unplaced, model: context.ground() })
}

impl Inputs {
    /// The inputs, and a hash over them.
    async fn gather(self) -> Result<(Asked, Ground, String)> {
        let gathered = tokio::task::spawn_blocking(move || {
            let ground = Ground::gather(&self.model, &self.asked, &self.unplaced)?;
            let revision = ground.revision();
            revisions::keep(&self.model, &self.asked, &self.unplaced, &revision);
            Ok((self.asked, ground, revision))
        });
        gathered.await.map_err(Error::internal("gather the inputs"))?
    }

    /// The hash, gathered anew only where nobody asked the same of the same model lately.
    async fn revision(self) -> Result<(Asked, String)> {
        if let Some(revision) = revisions::known(&self.model, &self.asked, &self.unplaced) {
            return Ok((self.asked, revision));
        }
        self.gather().await.map(|(asked, _, revision)| (asked, revision))
    }
}

async fn work(asker: &Asker, id: i64, asked: Asked, ground: Ground, permit: SemaphorePermit<'static>) -> Result<()> {
    let progress = Arc::new(Progress::default());
    progress.step("computing");
    let compute = tokio::task::spawn_blocking(move || {
        // Held until the work is over, also where nobody waits for it any more.
        let _permit = permit;
        (asked.entry.compute)(&ground, &asked.params)
    });
    tokio::pin!(compute);
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + BEAT, BEAT);
    let outcome: Outcome = loop {
        tokio::select! {
            done = &mut compute => break done.map_err(Error::internal("compute"))??,
            _ = ticks.tick() => {
                if asker.beat(id, &progress).await? {
                    return asker.end(id, "cancelled", None).await;
                }
            }
        }
    };
    progress.step("writing");
    let mut transaction = asker.context.begin(&asker.reader).await?;
    let kept = store::get(&mut transaction, None, id).await?;
    let done = store::finish(&mut transaction, asker.context.clock.now(), &kept, &outcome.rows, &outcome.legend).await?;
    transaction.commit().await?;
    if done { Ok(()) } else { asker.end(id, "cancelled", None).await }
}

impl Asker {
    async fn beat(&self, id: i64, progress: &Progress) -> Result<bool> {
        let mut transaction = self.context.begin(&self.reader).await?;
        let asked = store::beat(&mut transaction, self.context.clock.now(), id, progress.now().0).await?;
        transaction.commit().await?;
        Ok(asked)
    }

    async fn end(&self, id: i64, state: &str, message: Option<&str>) -> Result<()> {
        let mut transaction = self.context.begin(&self.reader).await?;
        store::end(&mut transaction, self.context.clock.now(), id, state, message).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A question that does not hold together leaves nothing; another failure is kept with its reason.
    async fn give_up(&self, id: i64, error: &Error) {
        let ended = async {
            if matches!(error, Error::Invalid(_)) {
                let mut transaction = self.context.begin(&self.reader).await?;
                store::delete(&mut transaction, id).await?;
                transaction.commit().await?;
                return Ok(());
            }
            let message =
                if matches!(error, Error::Internal { .. }) { "a failure of the machine; it is in the log".to_owned() } else { error.to_string() };
            self.end(id, "failed", Some(&message)).await
        };
        if let Err(error) = ended.await {
            tracing::warn!(%error, analysis = id, "and its end could not be written");
        }
    }

    /// The kept answer, where it may be given to this reader: `privacy` is asked again, and published numbers are given to
    /// who is told the same today.
    pub(super) async fn kept(&self, transaction: &mut Scoped, analysis: Option<&str>, id: i64) -> Result<Kept> {
        let told = told_reader(&self.context, &self.reader).await?;
        let kept = store::get(transaction, analysis, id).await?;
        if self.may_read(&kept, &told) { Ok(kept) } else { Err(store::missing(id)) }
    }

    /// Whether an answer may be given to this reader.
    pub(super) fn may_read(&self, kept: &Kept, told: &read_model::Reader) -> bool {
        let Some(area) = kept.area() else { return false };
        told.published.covers(area.range()) && told_as(audience(&self.reader.standing(), area, true), told) == kept.told_as
    }

    /// Whether the data, the formula or the reader's view of them moved since.
    pub(super) async fn is_stale(&self, kept: &Kept) -> bool {
        let now = async {
            let entry = find(&kept.analysis)?;
            let params: Params = serde_json::from_value(kept.params.clone()).map_err(Error::internal("read kept parameters"))?;
            let asked = settle(&self.context, &self.reader, entry, params).await?;
            let (asked, revision) = inputs(&self.context, &self.reader, asked).await?.revision().await?;
            Ok::<bool, Error>(entry.version == kept.version && revision == kept.data_revision && asked.told_as() == kept.told_as)
        };
        !now.await.unwrap_or(false)
    }

    /// The entry of the audit trail.
    pub(super) async fn note(&self, transaction: &mut Scoped, action: &str, id: i64, area: Option<AreaCode>, detail: Value, rows: i64) -> Result<()> {
        let target = if id > 0 { id.to_string() } else { String::new() };
        let entry = AuditEntry {
            user_id: Some(self.reader.user_id),
            account: &self.reader.account,
            action,
            target: &target,
            area,
            detail,
            rows: Some(rows),
            request_id: &self.request_id,
        };
        record(transaction, self.context.clock.now(), &entry).await
    }
}
