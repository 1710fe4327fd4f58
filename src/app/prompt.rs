//! Tiles in front of the routes: whoever is known, asks for what is kept or quickly made, and whose look stands in the audit
//! trail already, is answered without a detour. Everything else goes on to the routes, which answer the same at more length.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{HeaderMap, HeaderValue, Method, Request, Uri};
use axum::response::Response;
use futures::future::{Either, Ready, ready};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::Instant;
use tower::Service;

use super::App;
use super::page::put_hardening;
use crate::context::map_reader;
use crate::http::problem::{REQUEST_ID, RequestId};
use crate::read_model::Layer;
use crate::tiles::{self, LayerSet, Viewer};
use crate::users::{Reader, Right};

/// What is answered at once, for a reader the sign-in knows; nothing: the routes answer.
pub type Answer = fn(&Prompter, &Arc<Reader>, &Uri, &HeaderMap) -> Option<Response>;

/// What a prompt answer is made of.
#[derive(Debug)]
pub struct Prompter {
    app: App,
    viewers: Mutex<FxHashMap<(usize, LayerSet), Known>>,
}

/// A reader before some layers. The reader is kept, so that no other has its address meanwhile.
#[derive(Debug)]
struct Known {
    _reader: Arc<Reader>,
    viewer: Viewer,
}

/// Readers kept, each before some layers. They are read anew every minute, so that many are of no use any more.
const MOST_VIEWERS: usize = 20_000;

/// The routes with prompt answers in front of them.
#[derive(Debug, Clone)]
pub struct Prompt<S> {
    prompter: Arc<Prompter>,
    answer: Answer,
    routes: S,
}

impl<S> Prompt<S> {
    /// Puts prompt tiles in front of routes.
    pub fn tiles(app: App, routes: S) -> Self {
        Self::new(app, tile, routes)
    }

    /// Puts prompt answers in front of routes.
    pub fn new(app: App, answer: Answer, routes: S) -> Self {
        Self { prompter: Arc::new(Prompter { app, viewers: Mutex::default() }), answer, routes }
    }

    fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        if *method != Method::GET || !uri.path().starts_with("/tiles/") {
            return None;
        }
        let began = Instant::now();
        let Prompter { app, .. } = &*self.prompter;
        let reader = app.door.sign_in.known_reader(headers)?;
        // what breaks here breaks behind the routes again, where it becomes a problem that is told
        let tried = catch_unwind(AssertUnwindSafe(|| (self.answer)(&self.prompter, &reader, uri, headers)));
        let mut response = tried.ok().flatten()?;
        put_hardening(response.headers_mut(), app.base_maps.policy());
        if let Ok(id) = HeaderValue::try_from(RequestId::new().0) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        app.figures.add_prompt("/tiles/{layers}/{z}/{x}/{y}", response.status(), began.elapsed());
        Some(response)
    }
}

impl<S, B> Service<Request<B>> for Prompt<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.routes.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.answer(request.method(), request.uri(), request.headers()) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.routes.call(request)),
        }
    }
}

/// A tile, where nothing has to be waited for.
fn tile(prompter: &Prompter, reader: &Arc<Reader>, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let app = &prompter.app;
    let mut parts = uri.path().strip_prefix("/tiles/")?.split('/');
    let (names, z, x, y) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || names.contains('%') {
        return None;
    }
    let layers = LayerSet::parse(names).ok()?;
    let query = uri.query().unwrap_or_default();
    let now = app.context.clock.now();
    let stands = match query {
        "" => app.looks.stand(now, reader.user_id, layers.entries().map(|entry| entry.name)),
        query => app.looks.stand(now, reader.user_id, tiles::looked_at(names, query).ok()?.iter().map(String::as_str)),
    };
    if !stands {
        return None;
    }
    let viewer = prompter.viewer(reader, layers)?;
    let asked = app.tiles.ask(&viewer, [z, x, y], query, headers).ok()?;
    app.tiles.at_once(&asked, headers)?.ok()
}

impl Prompter {
    /// A reader before some layers, where the rights of the reader tell without a look at the database.
    fn viewer(&self, reader: &Arc<Reader>, layers: LayerSet) -> Option<Viewer> {
        let key = (Arc::as_ptr(reader) as usize, layers);
        if let Some(known) = self.viewers.lock().get(&key) {
            return Some(known.viewer.clone());
        }
        let asks_more = !reader.units().is_empty() && [Layer::Published, Layer::Heat, Layer::HeatWithheld].iter().any(|layer| layers.has(*layer));
        if reader.must_change_password || reader.require(Right::Map).is_err() || asks_more {
            return None;
        }
        let viewer = self.app.tiles.viewer(&map_reader(reader), layers);
        let mut viewers = self.viewers.lock();
        if viewers.len() >= MOST_VIEWERS {
            viewers.clear();
        }
        viewers.insert(key, Known { _reader: Arc::clone(reader), viewer: viewer.clone() });
        Some(viewer)
    }
}
