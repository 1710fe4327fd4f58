//! `/api/events`: what changed on the map, as it happens, cut to the reader.
//!
//! `stream` is one reader's stream; `told` cuts a change to the reader and to JSON; `ids` makes the ids of events.

mod ids;
mod stream;
mod told;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::Sse;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use crate::error::Result as Outcome;
use crate::http::problem::Failure;
use crate::http::{Problem, Query};
use crate::users::{Right, Signed};
use ids::Ids;
use told::Change;

/// Where the streams are.
pub(super) const EVENTS: &str = "/api/events";
/// Streams of one account: tabs and windows of one person, and a program or two.
const MOST_PER_USER: usize = 8;
/// Streams of all accounts.
const MOST: usize = 5_000;
const RESUMED_FROM: HeaderName = HeaderName::from_static("last-event-id");

/// The streams of this process.
#[derive(Debug, Default)]
pub struct Streams {
    ids: Ids,
    open: Mutex<FxHashMap<i64, usize>>,
    /// Cancelled when the server ends: streams do not end by themselves.
    pub ending: CancellationToken,
}

impl Streams {
    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.lock().values().sum()
    }

    /// A place for one more stream of an account, given back when it is dropped.
    fn enter(self: &Arc<Self>, user_id: i64) -> Result<Slot, Failure> {
        let mut open = self.open.lock();
        let all: usize = open.values().sum();
        let own = open.entry(user_id).or_default();
        if *own >= MOST_PER_USER {
            return Err(Failure::too_many(30, format!("{MOST_PER_USER} streams of this account are open; close other tabs or programs")));
        }
        if all >= MOST {
            return Err(Failure::too_many(60, "this server has as many streams open as it takes; ask for tiles now and then instead"));
        }
        *own += 1;
        Ok(Slot { streams: Arc::clone(self), user_id })
    }
}

/// A place among the open streams.
#[derive(Debug)]
struct Slot {
    streams: Arc<Streams>,
    user_id: i64,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock();
        if let Some(own) = open.get_mut(&self.user_id) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.user_id);
            }
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Since {
    /// Id of the last event seen, for clients that cannot send `Last-Event-ID`.
    since: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(follow_events))
}

/// Follow what changes on the map
///
/// A `text/event-stream`. `change` says which layers changed, in which cells or areas and where, as far as the reader may
/// see it: ask again for the tiles of those layers that meet one of the boxes, with a tile's buffer of 64/4096 around it.
/// `warning`: `items` with `key`, `rule`, `action`, `state`, `level` and `area` of warnings that were raised, changed or ended and
/// that the reader may see; those of before a stream began are in the list alone. `reload`: ask for everything again; sent where the last event seen is too old or of another process, and before the
/// stream ends because rights changed. `heartbeat`: first of all, and then every 15 s. Each event carries an `id`, which stands
/// for a revision and says nothing else; send the last one as `Last-Event-ID` to go on from there. The stream ends when the reader signs
/// out or loses a right. Changes that the reader may not see send nothing.
#[utoipa::path(get, path = "/api/events", tag = "events", params(Since, ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event seen")),
    responses((status = 200, body = Change, content_type = "text/event-stream"), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 429, body = Problem)))]
async fn follow_events(State(app): State<App>, signed: Signed, Query(query): Query<Since>, headers: HeaderMap) -> Result<Response, Failure> {
    allowed(&signed)?;
    let slot = app.events.enter(signed.reader.user_id)?;
    let seen = headers.get(RESUMED_FROM).and_then(|value| value.to_str().ok()).map(str::to_owned).or(query.since);
    let stream = stream::follow(app, signed.reader, credentials(&headers), seen.as_deref(), slot);
    let mut response = Sse::new(stream).into_response();
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    // nginx holds answers back unless told
    out.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn allowed(signed: &Signed) -> Outcome<()> {
    signed.reader.require(Right::Map)
}

/// The headers by which the reader is known, to ask again later.
fn credentials(headers: &HeaderMap) -> HeaderMap {
    let mut own = HeaderMap::new();
    for name in [header::AUTHORIZATION, header::COOKIE] {
        for value in headers.get_all(&name) {
            own.append(name.clone(), value.clone());
        }
    }
    own
}
