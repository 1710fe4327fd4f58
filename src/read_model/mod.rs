//! What the map reads: every layer as sorted columns in memory, loaded from the database and kept equal to it.
//!
//! [`ReadModel::start`] loads and follows the change feed (`feed`); [`ReadModel::model`] is the newest [`Model`], which
//! never changes; [`ReadModel::stamp`] says which revision last touched a tile. Who may see what is decided by whoever
//! asks, with a [`Reader`]. Tiles are made of it in `tiles`, answers to spatial questions in `ask`.
//!
//! Reading order: `points` (blocks of rows), `shapes` (areas and cells), `model`, `apply`, `stamps`, `feed`.

mod apply;
mod ask;
mod feed;
mod load;
mod model;
mod points;
mod published;
mod rows;
mod sets;
mod shapes;
mod size;
mod stamps;
mod tallies;
mod touched;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, NaiveDate, Utc};
use parking_lot::Mutex;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Notify, oneshot, watch};

use crate::codes::Scope;
use crate::error::{Error, Result};
use crate::mvt::TileId;

pub use ask::{CellFacts, PointLayer};
pub use feed::{Rule, Tickets};
pub use load::{Rows, Table};
pub use model::Model;
pub use points::{Attributes, Block, Moved, Points, Row, Within};
pub use published::{MonthNumber, MonthSum, Published, PublishedRow};
pub use rows::{Area, BaseFeature, Cell, Facility, Household, Incident, Place};
pub use sets::{Facets, Near, RowSet, Sets};
pub use shapes::{AREA_LEVELS, Areas, Basemap, Cells};
pub use stamps::Stamps;
pub use tallies::{Counts, Tallies};
pub use touched::{Seen, Touched};
pub use words::{Lists, Words};

/// Tile units around a tile that its features may come from.
pub const BUFFER: i32 = 64;

/// Metres on the ground within which an incident is felt in the layer `heat`: the reach of the widest kernel, and two bins.
pub const HEAT_REACH_M: f64 = 6_000.0;

/// A layer of tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Layer {
    Areas,
    AreaLabels,
    Cells,
    CellLabels,
    Households,
    Facilities,
    Incidents,
    Heat,
    HeatWithheld,
    Earth,
    Landuse,
    Water,
    Roads,
    Buildings,
    Boundaries,
    Places,
    Published,
}

impl Layer {
    /// How many there are.
    pub const COUNT: usize = 17;

    /// Those of the base map, bottom to top: the same for every reader.
    pub const BASE: [Self; 7] = [Self::Earth, Self::Landuse, Self::Water, Self::Roads, Self::Buildings, Self::Boundaries, Self::Places];
}

/// What one reader may see; every answer is cut to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Reader {
    /// Areas, cells, facilities and counts.
    pub map: Scope,
    /// Single households.
    pub households: Scope,
    /// Cases.
    pub cases: Scope,
    /// Offices whose cases the reader may see anywhere, sorted.
    pub units: Vec<i64>,
    /// Published numbers.
    pub published: Scope,
    /// Areas of whose cases the reader is staff.
    pub staff: Scope,
    /// Places and months of which the reader knows a case from elsewhere, sorted: no published number beside it.
    pub known: Arc<[(i64, MonthNumber)]>,
}

impl Reader {
    /// Whether the reader has any right to cases.
    pub fn reads_cases(&self) -> bool {
        !self.cases.is_empty() || !self.units.is_empty()
    }
}

/// The clock the model was given.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a model is started with.
#[derive(Clone)]
pub struct Options {
    /// Connection as the feed's role.
    pub url: String,
    /// What time it is.
    pub clock: Clock,
    /// Whose midnight turns the day.
    pub time_zone: chrono_tz::Tz,
    /// How changes are told from what was seen; none: as the server is.
    pub rule: Option<Rule>,
}

/// One publication, for those who tell readers of it.
#[derive(Debug, Clone)]
pub struct Revised {
    /// The revision it made.
    pub revision: u64,
    /// Whom it concerns.
    pub touched: Arc<Touched>,
}

const LOG_LENGTH: usize = 1_000;
/// Concerns of all publications kept, some 100 bytes each.
const LOG_CONCERNS: usize = 200_000;
const FRESH_WITHIN: Duration = Duration::from_secs(1);

/// What the feed's thread and everyone else share.
struct Shared {
    connect: PgConnectOptions,
    clock: Clock,
    time_zone: chrono_tz::Tz,
    rule: Option<Rule>,
    lists: Arc<Lists>,
    model: ArcSwap<Model>,
    stamps: Stamps,
    tickets: Tickets,
    revision: watch::Sender<u64>,
    accounts: watch::Sender<u64>,
    log: Mutex<VecDeque<Revised>>,
    data_at: Mutex<DateTime<Utc>>,
    connected: AtomicBool,
    reread: AtomicU64,
    loads: AtomicU64,
    stopped: AtomicBool,
    stop: Notify,
}

impl Shared {
    fn model(&self) -> Arc<Model> {
        self.model.load_full()
    }

    fn today(&self) -> NaiveDate {
        (self.clock)().with_timezone(&self.time_zone).date_naive()
    }

    fn publish(&self, model: Model, touched: Touched) {
        let revision = model.revision;
        self.model.store(Arc::new(model));
        let mut log = self.log.lock();
        log.push_back(Revised { revision, touched: Arc::new(touched) });
        let mut concerns: usize = log.iter().map(|revised| revised.touched.len()).sum();
        while log.len() > LOG_LENGTH || (concerns > LOG_CONCERNS && log.len() > 1) {
            concerns -= log.pop_front().map_or(0, |revised| revised.touched.len());
        }
        drop(log);
        self.step_done();
        self.revision.send_replace(revision);
    }

    fn step_done(&self) {
        *self.data_at.lock() = (self.clock)();
    }

    fn account_changed(&self) {
        self.accounts.send_modify(|n| *n += 1);
    }

    fn count_load(&self) {
        self.loads.fetch_add(1, Ordering::Relaxed);
    }

    fn count_reread(&self, rows: usize) {
        self.reread.fetch_add(rows as u64, Ordering::Relaxed);
    }

    fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Ordering::SeqCst);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    async fn stopped_or(&self, pause: Duration) {
        tokio::select! {
            () = self.stop.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The read model of this process. Dropping it ends the feed's thread.
pub struct ReadModel {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for ReadModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadModel").field("revision", &self.model().revision).finish_non_exhaustive()
    }
}

impl ReadModel {
    /// Loads every layer and begins to follow the feed, on a thread of its own.
    ///
    /// Fails where the first load does; later failures are mended by trying again, while the last model stays.
    pub async fn start(options: Options) -> Result<Arc<Self>> {
        let connect: PgConnectOptions = options.url.parse().map_err(|_| Error::Usage("the database URL of the feed cannot be read".into()))?;
        let connect = connect.application_name("maplebridge feed").options([("jit", "off"), ("plan_cache_mode", "force_custom_plan")]);
        let lists = Arc::new(Lists::default());
        let now = (options.clock)();
        let day = now.with_timezone(&options.time_zone).date_naive();
        let shared = Arc::new(Shared {
            connect,
            clock: options.clock,
            time_zone: options.time_zone,
            rule: options.rule,
            model: ArcSwap::from_pointee(Model::empty(day, Arc::clone(&lists))),
            lists,
            stamps: Stamps::default(),
            tickets: Tickets::default(),
            revision: watch::Sender::new(0),
            accounts: watch::Sender::new(0),
            log: Mutex::default(),
            data_at: Mutex::new(now),
            connected: AtomicBool::new(false),
            reread: AtomicU64::new(0),
            loads: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            stop: Notify::new(),
        });
        let (sender, ready) = oneshot::channel();
        let follower = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal("start the feed"))?;
        std::thread::Builder::new()
            .name("feed".into())
            .spawn(move || runtime.block_on(feed::follow(follower, sender)))
            .map_err(Error::internal("start the feed"))?;
        match ready.await {
            Ok(Ok(())) => Ok(Arc::new(Self { shared })),
            Ok(Err(cause)) => Err(Error::internal("load the read model")(cause)),
            Err(cause) => Err(Error::internal("load the read model")(cause)),
        }
    }

    /// The newest model.
    pub fn model(&self) -> Arc<Model> {
        self.shared.model()
    }

    /// The revision that last touched a tile of a layer.
    pub fn stamp(&self, layer: Layer, tile: TileId) -> u64 {
        self.shared.stamps.of(layer, tile)
    }

    /// After a commit: waits until the model shows it, one second at most, then `Busy`.
    pub async fn wait_fresh(&self) -> Result<()> {
        self.wait_fresh_within(FRESH_WITHIN).await
    }

    /// As [`Self::wait_fresh`] with a limit of one's own: a job that wrote whole layers waits longer.
    pub async fn wait_fresh_within(&self, limit: Duration) -> Result<()> {
        self.shared.tickets.wait(limit).await
    }

    /// Hears of every new revision.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.shared.revision.subscribe()
    }

    /// Hears when users or grants changed: what is remembered about them is stale.
    pub fn accounts(&self) -> watch::Receiver<u64> {
        self.shared.accounts.subscribe()
    }

    /// What was published after a revision; none where that is too long ago or of another process.
    pub fn revised_since(&self, revision: u64) -> Option<Vec<Revised>> {
        let log = self.shared.log.lock();
        let first = log.front()?.revision;
        let newest = log.back()?.revision;
        (revision.saturating_add(1) >= first && revision <= newest).then(|| log.iter().filter(|r| r.revision > revision).cloned().collect())
    }

    /// Instant at which the model last equalled the database.
    pub fn data_at(&self) -> DateTime<Utc> {
        *self.shared.data_at.lock()
    }

    /// Whether the feed has a connection.
    pub fn connected(&self) -> bool {
        self.shared.connected.load(Ordering::SeqCst)
    }

    /// How often everything was loaded: once at the start, and again after whatever could not be followed.
    pub fn loads(&self) -> u64 {
        self.shared.loads.load(Ordering::Relaxed)
    }

    /// Rows read again since the start, by key.
    pub fn rows_reread(&self) -> u64 {
        self.shared.reread.load(Ordering::Relaxed)
    }
}

impl Drop for ReadModel {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.stop.notify_waiters();
    }
}
