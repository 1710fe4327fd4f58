//! The follower: load everything, then step from snapshot to snapshot until the connection is lost, then begin again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashSet;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::oneshot;

use super::look::{Look, look, visible_from};
use super::position::{Rule, Seen};
use crate::read_model::apply::{Batch, Writer};
use crate::read_model::load::{self, Rows, Table};
use crate::read_model::{Model, Shared};

const POLL: Duration = Duration::from_millis(100);
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// A step that names more rows of a table reads the table whole.
const MOST_IDS: usize = 200_000;
/// A server that says nothing for so long is taken to be away.
const SILENCE: Duration = Duration::from_secs(30);
const READ_ONLY: &str = "begin isolation level repeatable read read only";

/// Why the follower begins again.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("the database is away: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database does not answer")]
    Silent,
    #[error("{0}")]
    Reload(&'static str),
}

/// A table being read whole on a second connection while the feed goes on.
struct Reload {
    rows: oneshot::Receiver<Result<Rows, sqlx::Error>>,
    /// Keys that changed meanwhile; they are read again once the table is there.
    queued: FxHashSet<i64>,
}

struct Follower<'a> {
    shared: &'a Arc<Shared>,
    conn: PgConnection,
    rule: Rule,
    recovering: bool,
    seen: Seen,
    writer: Writer,
    reloads: BTreeMap<Table, Reload>,
}

/// Follows until the model is dropped. `ready` hears of the first load, or why it failed.
pub(in crate::read_model) async fn follow(shared: Arc<Shared>, ready: oneshot::Sender<Result<(), sqlx::Error>>) {
    let mut ready = Some(ready);
    let mut pause = Duration::from_millis(100);
    while !shared.is_stopped() {
        let ended = match begin(&shared).await {
            Ok(mut follower) => {
                shared.set_connected(true);
                pause = Duration::from_millis(100);
                if let Some(ready) = ready.take() {
                    let _ = ready.send(Ok(()));
                }
                follower.run().await
            }
            Err(lost) => Err(lost),
        };
        let Err(lost) = ended else { return };
        if let (Lost::Database(_), Some(_)) = (&lost, &ready) {
            if let (Lost::Database(cause), Some(ready)) = (lost, ready.take()) {
                let _ = ready.send(Err(cause));
            }
            return;
        }
        if matches!(lost, Lost::Database(_) | Lost::Silent) {
            shared.set_connected(false);
            shared.stopped_or(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        tracing::warn!(cause = %lost, "the feed begins again");
    }
}

/// Connects and loads every layer in one snapshot.
async fn begin(shared: &Arc<Shared>) -> Result<Follower<'_>, Lost> {
    let started = Instant::now();
    let mut conn = PgConnection::connect_with(&shared.connect).await?;
    let recovering: bool = sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(&mut conn).await?;
    if !recovering {
        sqlx::query("select feed.settle()").execute(&mut conn).await?;
    }
    let rule = shared.rule.unwrap_or(if recovering { Rule::Standby } else { Rule::Primary });
    let upto = shared.tickets.issued();
    let day = shared.today();
    let mut tx = conn.begin_with(READ_ONLY).await?;
    // Nothing seen and everything asked for: only the snapshot, the floor and the mode are of use.
    let mut seen = Seen::default();
    seen.snapshot.xmax = u64::MAX;
    seen.snapshot.xmin = u64::MAX;
    let found = look(&mut tx, &seen, Rule::Primary).await?;
    let applied = visible_from(&mut tx, found.snapshot.xmin).await?;
    load::code_lists(&mut tx, &shared.lists).await?;
    let mut batch = Batch::default();
    for table in Table::ALL {
        batch.whole.push(load::read(&mut tx, table, None, day, &shared.lists).await?);
    }
    tx.commit().await?;
    let mut seen = Seen::default();
    seen.advance(found.snapshot, applied);
    let mut writer = Writer::default();
    let before = Model { revision: shared.model().revision, ..Model::empty(day, Arc::clone(&shared.lists)) };
    let (model, touched) = writer.apply(&before, &shared.model(), batch, &shared.stamps);
    tracing::info!(revision = model.revision, elapsed_ms = started.elapsed().as_millis() as u64, "the read model is loaded");
    shared.publish(model, touched);
    shared.count_load();
    shared.account_changed();
    shared.tickets.release(upto);
    Ok(Follower { shared, conn, rule, recovering, seen, writer, reloads: BTreeMap::new() })
}

impl Follower<'_> {
    async fn run(&mut self) -> Result<(), Lost> {
        let mut pruned = Instant::now();
        let mut pause = POLL;
        loop {
            if !self.shared.tickets.waiting() {
                self.shared.tickets.asked_or(pause).await;
            }
            if self.shared.is_stopped() {
                return Ok(());
            }
            let started = Instant::now();
            tokio::time::timeout(SILENCE, self.step()).await.map_err(|_| Lost::Silent)??;
            pause = if self.recovering { POLL.max(started.elapsed() * 20) } else { POLL };
            if !self.reloads.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if !self.recovering && pruned.elapsed() >= PRUNE_EVERY {
                sqlx::query("select feed.prune(interval '1 hour')").execute(&mut self.conn).await?;
                pruned = Instant::now();
            }
        }
    }

    async fn step(&mut self) -> Result<(), Lost> {
        let upto = self.shared.tickets.issued();
        let model = self.shared.model();
        let today = self.shared.today();
        if today < model.day {
            return Err(Lost::Reload("the day went backwards"));
        }
        let taken = self.taken()?;
        if taken.is_empty() && today == model.day {
            let found = look(&mut self.conn, &self.seen, self.rule).await?;
            self.check(&found)?;
            if found.changes.is_empty() {
                self.seen.advance(found.snapshot, []);
                self.shared.step_done();
                self.release(upto);
                return Ok(());
            }
        }
        let mut tx = self.conn.begin_with(READ_ONLY).await?;
        let found = look(&mut tx, &self.seen, self.rule).await?;
        let mut ids: BTreeMap<Table, FxHashSet<i64>> = BTreeMap::new();
        let mut batch = Batch::default();
        let mut whole: Vec<Table> = Vec::new();
        for (table, rows, queued) in taken {
            batch.whole.push(rows);
            ids.insert(table, queued);
        }
        for change in &found.changes {
            let Some(table) = Table::from_number(change.table) else { continue };
            match (&change.ids, self.reloads.get_mut(&table)) {
                (None, _) => whole.push(table),
                (Some(changed), Some(reload)) => reload.queued.extend(changed),
                (Some(changed), None) => ids.entry(table).or_default().extend(changed),
            }
        }
        if today != model.day {
            for (table, id) in load::turning(&mut tx, model.day, today).await? {
                match self.reloads.get_mut(&table) {
                    Some(_) => whole.push(table),
                    None => {
                        ids.entry(table).or_default().insert(id);
                    }
                }
            }
        }
        whole.extend(ids.iter().filter(|(_, ids)| ids.len() > MOST_IDS).map(|(table, _)| *table));
        for (table, ids) in ids.into_iter().filter(|(table, ids)| !whole.contains(table) && !ids.is_empty()) {
            let mut asked: Vec<i64> = ids.into_iter().collect();
            asked.sort_unstable();
            let rows = load::read(&mut tx, table, Some(&asked), today, &self.shared.lists).await?;
            self.shared.count_reread(asked.len());
            batch.parts.push((table, asked, rows));
        }
        tx.commit().await?;
        self.check(&found)?;
        let accounts = found.changes.iter().any(|change| change.table == 10);
        self.seen.advance(found.snapshot, found.changes.iter().map(|change| change.xid));
        for table in whole {
            self.reload(table);
        }
        if today != model.day || !batch.whole.is_empty() || !batch.parts.is_empty() {
            let before = Model { day: today, ..(*model).clone() };
            let (next, touched) = self.writer.apply(&before, &model, batch, &self.shared.stamps);
            self.shared.publish(next, touched);
        }
        if accounts {
            self.shared.account_changed();
        }
        self.shared.step_done();
        self.release(upto);
        Ok(())
    }

    /// What cannot be followed is loaded anew: another server, a server that lost commits, changes already pruned.
    fn check(&self, found: &Look) -> Result<(), Lost> {
        if found.recovering != self.recovering {
            return Err(Lost::Reload("the server was promoted or became a standby"));
        }
        if found.snapshot.xmax < self.seen.snapshot.xmax {
            return Err(Lost::Reload("the server's transactions went back"));
        }
        if self.seen.snapshot.xmin < found.floor {
            return Err(Lost::Reload("changes were pruned that were not read"));
        }
        Ok(())
    }

    /// Tickets wait while a table is being read whole: what was committed to it is not shown yet.
    fn release(&self, upto: u64) {
        if self.reloads.is_empty() {
            self.shared.tickets.release(upto);
        }
    }

    fn reload(&mut self, table: Table) {
        let (sender, rows) = oneshot::channel();
        let shared = Arc::clone(self.shared);
        let day = shared.today();
        tokio::spawn(async move {
            let read = async {
                let mut conn = PgConnection::connect_with(&shared.connect).await?;
                let rows = load::read(&mut conn, table, None, day, &shared.lists).await?;
                conn.close().await?;
                Ok(rows)
            };
            let _ = sender.send(read.await);
        });
        self.reloads.insert(table, Reload { rows, queued: FxHashSet::default() });
    }

    /// Tables that are there now, with the keys to read again.
    fn taken(&mut self) -> Result<Vec<(Table, Rows, FxHashSet<i64>)>, Lost> {
        let mut taken = Vec::new();
        for table in Table::ALL {
            let Some(reload) = self.reloads.get_mut(&table) else { continue };
            match reload.rows.try_recv() {
                Ok(rows) => {
                    let queued = std::mem::take(&mut reload.queued);
                    self.reloads.remove(&table);
                    taken.push((table, rows?, queued));
                }
                Err(oneshot::error::TryRecvError::Empty) => {}
                Err(oneshot::error::TryRecvError::Closed) => return Err(Lost::Reload("a layer could not be read")),
            }
        }
        Ok(taken)
    }
}
