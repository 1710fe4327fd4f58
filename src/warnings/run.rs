//! Looking for warnings as a work: county by county, each in one transaction, by the night or on demand.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, Timelike as _};
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::gather::{Wanted, gather};
use super::reconcile::{Change, reconcile};
use super::store::{self, NewStep};
use super::{Entry, Facts, Found, LIST};
use crate::audit::{self, record};
use crate::codes::{AreaCode, Level, Scope};
use crate::context::Context;
use crate::db::{Scoped, Scopes};
use crate::error::{Error, Result};
use crate::users::{Reader, Right};

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(300);
/// Hour of the local clock from which on a day's night is worked off.
const HOUR: u32 = 2;
/// How long a look on demand waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// One look at a time in a process: it takes every core it gets.
static AT_ONCE: Semaphore = Semaphore::const_new(1);

/// The turn to look for warnings.
#[derive(Debug)]
pub struct Running {
    _permit: SemaphorePermit<'static>,
}

impl Running {
    /// Takes the turn; none where somebody keeps it for long.
    pub(super) async fn begin() -> Option<Self> {
        let permit = tokio::time::timeout(PATIENCE, AT_ONCE.acquire()).await.ok()?.ok()?;
        Some(Self { _permit: permit })
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// ULID.
    pub run_id: String,
    /// Civil day.
    pub day: NaiveDate,
    /// Names of the rules that were asked everywhere.
    pub rules_asked: Vec<&'static str>,
    /// Counties looked at.
    pub counties: usize,
    /// Warnings raised.
    pub raised: usize,
    /// Warnings that no longer hold.
    pub ended: usize,
    /// Warnings that got graver.
    pub changed: usize,
    /// Warnings that go on.
    pub holding: usize,
}

/// Who looks.
struct Looker<'a> {
    user_id: i64,
    account: &'a str,
    request_id: &'a str,
    scope: Scope,
    /// Whether this is the night's work, done once a day and with the back-test.
    by_night: bool,
    /// Whether a county whose night is done is looked at again.
    again: bool,
}

/// Looks where the reader may open each case, now.
pub async fn run_within(context: &Context, reader: &Reader, request_id: &str, running: Running) -> Result<Done> {
    let scope = reader.scope(Right::Cases);
    let looker = Looker { user_id: reader.user_id, account: &reader.account, request_id, scope, by_night: false, again: true };
    let done = run(context, &looker).await;
    drop(running);
    done
}

/// Looks everywhere as the night does; a county whose night is done is passed over, unless `again`.
pub async fn run_night(context: &Context, again: bool) -> Result<Done> {
    let _permit = AT_ONCE.acquire().await.map_err(Error::internal("take a turn"))?;
    let looker = Looker { user_id: 0, account: "", request_id: "", scope: Scope::everything(), by_night: true, again };
    run(context, &looker).await
}

/// Every night, for ever, until dropped. A process that was not there at the hour makes up for it when it comes.
pub async fn every_night(context: Context) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        let local = context.clock.now().with_timezone(&context.clock.zone);
        if local.hour() < HOUR {
            continue;
        }
        match run_night(&context, false).await {
            Ok(done) if done.counties > 0 => {
                tracing::info!(day = %done.day, counties = done.counties, raised = done.raised, ended = done.ended, "looked for warnings");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "warnings could not be looked for; another attempt follows"),
        }
    }
}

async fn run(context: &Context, looker: &Looker<'_>) -> Result<Done> {
    let run_id = ulid::Ulid::from_datetime(context.clock.now().into()).to_string();
    let counties: BTreeSet<AreaCode> = {
        let model = context.ground();
        let county = |code: i64| AreaCode::from_parts(code - code % Level::County.span(), Level::County);
        model.cells.iter().filter(|cell| looker.scope.contains(cell.code)).filter_map(|cell| county(cell.code)).collect()
    };
    let day = context.clock.today();
    let everywhere = counties.iter().all(|county| looker.scope.covers(county.range()));
    let rules_asked = LIST.iter().filter(|rule| everywhere || !rule.of_county).map(|rule| rule.name).collect();
    let mut done = Done { run_id, day, rules_asked, counties: 0, raised: 0, ended: 0, changed: 0, holding: 0 };
    for county in counties {
        run_county(context, looker, county, &mut done).await?;
    }
    Ok(done)
}

/// What the work may touch: cases of its scope to read, warnings of its scope to write.
fn scopes(scope: &Scope) -> Scopes {
    Scopes::default().with("warn", scope).with("cases", scope).with("map", scope)
}

async fn run_county(context: &Context, looker: &Looker<'_>, county: AreaCode, done: &mut Done) -> Result<()> {
    let mut transaction = context.db.scoped(&scopes(&looker.scope)).await?;
    transaction.without_time_limit().await?;
    let has_turn = store::take_turn(&mut transaction, county.lo()).await?;
    if !has_turn || (!looker.again && store::night_is_done(&mut transaction, county.lo(), done.day).await?) {
        // at once: a transaction that is merely dropped keeps the turn until its connection is used again
        transaction.rollback().await?;
        let message = "another process looks for warnings at the moment".into();
        return if looker.again { Err(Error::Busy { retry_after_s: 20, message }) } else { Ok(()) };
    }
    let wanted = Wanted { county, scope: looker.scope.clone(), day: done.day };
    let model = context.ground();
    let facts = gather(&mut transaction, &model, &wanted).await?;
    let calendar = std::sync::Arc::clone(&facts.calendar);
    let by_night = looker.by_night;
    let looked = tokio::task::spawn_blocking(move || look(&facts, by_night)).await.map_err(Error::internal("look for warnings"))??;
    let asked: Vec<&str> = looked.asked.iter().map(|rule| rule.name).collect();
    let stored = store::holding(&mut transaction, county.range(), &asked).await?;
    let now = context.clock.now();
    let changes = reconcile(stored, looked.found, (done.day, now), &calendar);
    let before = (done.raised, done.ended, done.changed);
    for change in &changes {
        write(&mut transaction, change, done, now).await?;
    }
    for (rule, counts) in &looked.back_tests {
        store::keep_back_test(&mut transaction, rule, county.range(), looked.year, counts).await?;
    }
    if looker.by_night {
        store::night_done(&mut transaction, county.lo(), done.day, &done.run_id, now).await?;
    }
    let (raised, ended, changed) = (done.raised - before.0, done.ended - before.1, done.changed - before.2);
    let entry = audit::Entry {
        user_id: Some(looker.user_id),
        account: looker.account,
        action: "warning.run",
        target: &done.run_id,
        area: Some(county),
        detail: json!({ "day": done.day, "rules": asked, "by_night": looker.by_night }),
        rows: Some((raised + ended + changed) as i64),
        request_id: looker.request_id,
    };
    record(&mut transaction, now, &entry).await?;
    transaction.commit().await?;
    done.counties += 1;
    Ok(())
}

/// What all rules found in a county.
struct Looked {
    asked: Vec<&'static Entry>,
    found: Vec<(&'static Entry, Found)>,
    year: (NaiveDate, NaiveDate),
    back_tests: Vec<(&'static Entry, Vec<(i64, i32)>)>,
}

fn look(facts: &Facts, with_back_test: bool) -> Result<Looked> {
    let asked: Vec<&'static Entry> = LIST.into_iter().filter(|rule| facts.whole || !rule.of_county).collect();
    let mut looked = Looked { asked, found: Vec::new(), year: (facts.year_ago(), facts.day), back_tests: Vec::new() };
    for rule in &looked.asked {
        looked.found.extend(rule.find(facts)?.into_iter().map(|found| (*rule, found)));
        if with_back_test {
            let counts = rule.back_test(facts)?;
            looked.back_tests.push((*rule, counts.into_iter().map(|(place, would)| (place, i32::try_from(would).unwrap_or(i32::MAX))).collect()));
        }
    }
    Ok(looked)
}

async fn write(transaction: &mut Scoped, change: &Change, done: &mut Done, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    let step = |row: &store::Warning| NewStep {
        at: now,
        run_id: None,
        actor_id: None,
        action: "level",
        to_state: "",
        level: "",
        reason: "",
        ended_on: None,
        due_on: Some(row.due_on),
        owner: None,
    };
    match change {
        Change::Raise(new) => {
            store::raise(transaction, new, &done.run_id).await?;
            done.raised += 1;
        }
        Change::Holds(row, level) => {
            store::still_holds(transaction, row).await?;
            done.holding += 1;
            if let Some(level) = level {
                let graver = NewStep { run_id: Some(&done.run_id), to_state: &row.state, level: level.name(), ..step(row) };
                store::take(transaction, row, &graver).await?;
                done.changed += 1;
            }
        }
        Change::End(row) => {
            let to_state = if row.state == "false_alarm" { "false_alarm" } else { "closed" };
            let ended = NewStep { run_id: Some(&done.run_id), action: "end", to_state, level: &row.level, ended_on: Some(done.day), ..step(row) };
            store::take(transaction, row, &ended).await?;
            done.ended += 1;
        }
    }
    Ok(())
}
