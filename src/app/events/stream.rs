//! One reader's stream: waits for publications, tells what the reader may see, asks again who the reader is.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::Event;
use futures::Stream;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::told::Change;
use super::{App, Slot};
use crate::context::map_reader;
use crate::users::Reader;
use crate::users::signin::Purpose;
use crate::warnings::{Heard, News};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes closer together than this are told at once.
const TOGETHER: Duration = Duration::from_millis(200);
/// How long a browser waits before it begins anew.
const RETRY: Duration = Duration::from_secs(3);

/// The stream of a reader.
///
/// * `credentials` – the headers by which the reader is known
/// * `seen` – id of the last event seen; none: from now on
pub(super) fn follow(
    app: App,
    reader: Arc<Reader>,
    credentials: HeaderMap,
    seen: Option<&str>,
    slot: Slot,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + use<> {
    let model = &app.context.model;
    let (revisions, accounts) = (model.revisions(), app.door.sign_in.changes());
    let newest = *revisions.borrow();
    let news = app.hearing.listen(&app.context.db);
    let resumed = seen.map(|id| app.events.ids.revision(id).filter(|&revision| model.revised_since(revision).is_some()));
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower {
        next: match resumed {
            Some(None) => Next::Reload,
            Some(Some(_)) | None => Next::Hello,
        },
        told: resumed.flatten().unwrap_or(newest),
        not_before: Instant::now(),
        app,
        reader,
        credentials,
        revisions,
        accounts,
        news,
        heartbeat,
        _slot: slot,
    };
    futures::stream::unfold(follower, |mut follower| async move {
        let event = follower.next_event().await?;
        Some((Ok(event), follower))
    })
}

/// What is sent before anything is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first heartbeat, with an id to go on from.
    Hello,
    /// That the last event seen is too old.
    Reload,
    /// Nothing: wait.
    Wait,
    /// The end.
    End,
}

struct Follower {
    app: App,
    reader: Arc<Reader>,
    credentials: HeaderMap,
    next: Next,
    /// The revision up to which everything was told.
    told: u64,
    not_before: Instant,
    revisions: watch::Receiver<u64>,
    accounts: watch::Receiver<u64>,
    news: broadcast::Receiver<News>,
    heartbeat: Interval,
    _slot: Slot,
}

/// Who the reader is when asked again.
enum Standing {
    Same,
    Changed,
    Nobody,
}

impl Follower {
    async fn next_event(&mut self) -> Option<Event> {
        let (sign_in, ending) = (Arc::clone(&self.app.door.sign_in), self.app.events.ending.clone());
        // a right may have been lost between the request's sign-in and here
        if matches!(self.next, Next::Hello | Next::Reload) && !matches!(self.standing(&sign_in).await, Standing::Same) {
            return None;
        }
        match std::mem::replace(&mut self.next, Next::Wait) {
            Next::Hello => return Some(self.heartbeat_event().retry(RETRY)),
            Next::Reload => {
                self.told = *self.revisions.borrow();
                return Some(self.event().retry(RETRY).event("reload").data("{}"));
            }
            Next::End => return None,
            Next::Wait => {}
        }
        loop {
            let due = *self.revisions.borrow() > self.told;
            tokio::select! {
                biased;
                () = ending.cancelled() => return None,
                changed = self.accounts.changed() => {
                    changed.ok()?;
                    match self.standing(&sign_in).await {
                        Standing::Same => {}
                        Standing::Changed => return Some(self.last_reload()),
                        Standing::Nobody => return None,
                    }
                }
                () = tokio::time::sleep_until(self.not_before), if due => {
                    if let Some(event) = self.tell() {
                        self.not_before = Instant::now() + TOGETHER;
                        return Some(event);
                    }
                }
                changed = self.revisions.changed(), if !due => changed.ok()?,
                heard = self.news.recv() => match heard {
                    Ok(Some(heard)) => {
                        if let Some(event) = self.tell_warnings(&heard) {
                            return Some(event);
                        }
                    }
                    // something was missed
                    Ok(None) | Err(RecvError::Lagged(_)) => return Some(self.event().event("reload").data("{}")),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.heartbeat.tick() => match self.standing(&sign_in).await {
                    Standing::Same => return Some(self.heartbeat_event()),
                    Standing::Changed => return Some(self.last_reload()),
                    Standing::Nobody => return None,
                }
            }
        }
    }

    /// What was published since, cut to the reader; none where the reader may see none of it.
    fn tell(&mut self) -> Option<Event> {
        let newest = *self.revisions.borrow_and_update();
        let Some(revised) = self.app.context.model.revised_since(self.told) else {
            self.told = newest;
            return Some(self.event().event("reload").data("{}"));
        };
        self.told = revised.last().map_or(self.told.max(newest), |revised| revised.revision);
        let change = Change::seen_by(&map_reader(&self.reader), &revised)?;
        self.event().event("change").json_data(&change).ok()
    }

    /// Steps of warnings, cut to the reader; none where the reader may see none of them.
    fn tell_warnings(&self, heard: &[Heard]) -> Option<Event> {
        let own: Vec<&Heard> = heard.iter().filter(|heard| heard.is_for(&self.reader)).collect();
        if own.is_empty() {
            return None;
        }
        self.event().event("warning").json_data(json!({ "items": own })).ok()
    }

    /// An event with the id of what was told so far.
    fn event(&self) -> Event {
        Event::default().id(self.app.events.ids.of(self.told))
    }

    /// An event and no comment, so that a page can notice when it stays away, and has an id to go on from.
    fn heartbeat_event(&self) -> Event {
        self.event().event("heartbeat").data("{}")
    }

    /// With other rights everything is asked for again, on another stream.
    fn last_reload(&mut self) -> Event {
        self.next = Next::End;
        self.event().event("reload").data("{}")
    }

    async fn standing(&self, sign_in: &crate::users::signin::SignIn) -> Standing {
        match sign_in.reader(&self.credentials, Purpose::Tile).await {
            Ok(Some(now)) if now.must_change_password => Standing::Nobody,
            Ok(Some(now)) if now.same_rights(&self.reader) => Standing::Same,
            Ok(Some(_)) => Standing::Changed,
            Ok(None) | Err(_) => Standing::Nobody,
        }
    }
}
