//! Steps of warnings as they happen, on any process: heard from the database at commit, told to whoever asks here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use sqlx::postgres::PgNotification;
use tokio::sync::broadcast;
use utoipa::ToSchema;

use crate::db::{Db, Scopes};
use crate::error::Result;
use crate::rows::area_of;
use crate::users::{Reader, Right};

/// The channel of the database that steps are told on; see the trigger of `warning_steps`.
const CHANNEL: &str = "maplebridge_warnings";
/// Steps that a slow stream may be behind.
const BEHIND: usize = 512;

/// A step, as it is told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Heard {
    /// Key of the warning.
    pub key: String,
    /// Name of its rule.
    pub rule: String,
    /// What was done: `raise`, `level`, `acknowledge`, `escalate`, `downgrade`, `false_alarm`, `end`.
    pub action: String,
    /// Its state now.
    pub state: String,
    /// Its level now.
    pub level: String,
    /// Code of the cell or area it lies in.
    pub area: Option<String>,
    #[serde(skip)]
    scope_code: i64,
    #[serde(skip)]
    of_cases: bool,
}

impl Heard {
    /// Whether the reader may see the warning, as the policies of its table say it.
    pub fn is_for(&self, reader: &Reader) -> bool {
        reader.may(Right::Cases, self.scope_code) || (!self.of_cases && reader.may(Right::Map, self.scope_code))
    }
}

/// What came: steps together, or none where something was missed.
pub type News = Option<Arc<[Heard]>>;

/// Listens, once somebody wants to know.
#[derive(Debug)]
pub struct Hearing {
    news: broadcast::Sender<News>,
    begun: AtomicBool,
}

impl Default for Hearing {
    fn default() -> Self {
        Self { news: broadcast::channel(BEHIND).0, begun: AtomicBool::new(false) }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct StepRow {
    id: i64,
    rule: String,
    action: String,
    state: String,
    level: String,
    scope_code: i64,
    of_cases: bool,
}

impl Hearing {
    /// What comes from now on. The first who asks begins the listening, which goes on as long as the process.
    pub fn listen(self: &Arc<Self>, db: &Db) -> broadcast::Receiver<News> {
        let news = self.news.subscribe();
        if !self.begun.swap(true, Ordering::SeqCst) {
            let (hearing, db) = (Arc::downgrade(self), db.clone());
            tokio::spawn(async move {
                while let Some(hearing) = hearing.upgrade() {
                    if let Err(error) = hear(&hearing.news, &db).await {
                        tracing::warn!(%error, "steps of warnings are not heard; listening begins anew");
                    }
                    // what was said meanwhile is not known
                    let _ = hearing.news.send(None);
                    drop(hearing);
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
            });
        }
        news
    }
}

/// Keys of the steps that were said.
fn ids(said: &PgNotification) -> Vec<i64> {
    said.payload().split(',').filter_map(|id| id.parse().ok()).collect()
}

async fn hear(news: &broadcast::Sender<News>, db: &Db) -> Result<()> {
    let mut listener = db.listen(CHANNEL).await?;
    loop {
        let Some(said) = listener.try_recv().await? else { return Ok(()) };
        let mut ids = ids(&said);
        // a run takes many steps in one transaction: what has come with the first is told with it
        while let Some(more) = listener.next_buffered() {
            ids.extend(self::ids(&more));
        }
        let mut transaction = db.scoped(&Scopes::default().with_everything("warn")).await?;
        let sql = "select w.id, w.rule, s.action, w.state, w.level, w.scope_code, w.of_cases
                     from warning_steps s join warnings w on w.id = s.warning_id where s.id = any($1) order by s.id";
        let rows: Vec<StepRow> = sqlx::query_as(sql).bind(ids).fetch_all(transaction.conn()).await?;
        let heard = rows.into_iter().map(|row| Heard {
            key: row.id.to_string(),
            rule: row.rule,
            action: row.action,
            state: row.state,
            level: row.level,
            area: area_of(row.scope_code).map(|area| area.to_string()),
            scope_code: row.scope_code,
            of_cases: row.of_cases,
        });
        let _ = news.send(Some(heard.collect()));
    }
}
