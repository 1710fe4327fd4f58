//! The whole: what every handler is given, and (on one screen) every route.

mod analysis_tiles;
mod audit_routes;
mod base_maps;
mod description;
mod events;
mod figures;
mod guard;
mod metrics;
mod page;
mod prompt;
mod system_routes;
mod tile_routes;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::audit::{Looks, Sealer};
use crate::context::Context;
use crate::http::problem::tell_problems;
use crate::tiles::TileService;
use crate::users::session_routes;
use crate::users::signin::SignIn;
use crate::warnings::Hearing;

pub use crate::users::Door;
pub use base_maps::BaseMaps;
pub use events::Streams;
pub use figures::Figures;
pub use metrics::metrics_router;
pub use prompt::{Answer, Prompt, Prompter};

/// The longest body of a request that is no upload.
const LONGEST_BODY: usize = 4 * 1024 * 1024;

/// What every handler is given.
#[derive(Debug, Clone)]
pub struct App {
    /// Transactions, read model, clock.
    pub context: Context,
    /// Tiles.
    pub tiles: Arc<TileService>,
    /// The sign-in.
    pub door: Door,
    /// Who looked at which tiles.
    pub looks: Arc<Looks>,
    /// The streams that are open.
    pub events: Arc<Streams>,
    /// Steps of warnings as they happen.
    pub hearing: Arc<Hearing>,
    /// How many requests were answered, how and how fast.
    pub figures: Arc<Figures>,
    /// The sealer of the audit trail, where this process has one.
    pub sealer: Option<Arc<Sealer>>,
    /// Base maps of other servers.
    pub base_maps: BaseMaps,
}

impl App {
    /// Everything a server needs beside its rooms is made here.
    pub fn new(context: Context, tiles: Arc<TileService>, door: Door) -> Self {
        let looks = Arc::new(Looks::new(context.db.clone()));
        Self {
            context,
            tiles,
            door,
            looks,
            events: Arc::default(),
            hearing: Arc::default(),
            figures: Arc::default(),
            sealer: None,
            base_maps: BaseMaps::default(),
        }
    }
}

impl FromRef<App> for Context {
    fn from_ref(app: &App) -> Self {
        app.context.clone()
    }
}

impl FromRef<App> for Door {
    fn from_ref(app: &App) -> Self {
        app.door.clone()
    }
}

impl FromRef<App> for Arc<TileService> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.tiles)
    }
}

impl FromRef<App> for Arc<SignIn> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.door.sign_in)
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "maplebridge",
        description = "Grid cells, households, facilities and incidents, and the maps made of them.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(crate::http::Problem))
)]
struct Description;

/// The routes under `/api`, each with its description.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(session_routes())
        .merge(crate::users::api::routes())
        .merge(crate::areas::api::routes())
        .merge(crate::cells::api::routes())
        .merge(crate::households::api::routes())
        .merge(crate::facilities::api::routes())
        .merge(crate::incidents::api::routes())
        .merge(crate::published::routes())
        .merge(crate::analyses::api::routes())
        .merge(crate::warnings::api::routes())
        .merge(crate::lists::api::routes())
        .merge(crate::search::api::routes())
        .merge(crate::imports::api::routes())
        .merge(crate::exports::api::routes())
        .merge(audit_routes::routes())
        .merge(system_routes::routes())
        .merge(base_maps::routes())
        .merge(events::routes())
}

/// The description of the interface, OpenAPI 3.1.
pub fn openapi() -> utoipa::openapi::OpenApi {
    description::complete(api().merge(tile_routes::routes()).merge(analysis_tiles::routes()).into_openapi())
}

/// Every route.
pub fn router(app: App) -> Router {
    let (api, _) = api().split_for_parts();
    let (tiles, _) = tile_routes::routes().merge(analysis_tiles::routes()).split_for_parts();
    let described = get(|| async { axum::Json(openapi()) });
    let routes = api
        .route("/openapi.json", described)
        .route(page::DOCS, get(page::docs))
        .layer(CompressionLayer::new())
        .merge(tiles)
        .route("/healthz", get(guard::healthz))
        .route("/readyz", get(guard::readyz))
        .fallback(page::page);
    behind_the_door(app, routes)
}

/// What a server serves: every route, and in front of them what can be answered at once.
pub fn service(app: App) -> Prompt<Router> {
    Prompt::tiles(app.clone(), router(app))
}

/// Puts routes behind what every request passes: who asks, what a panic or a problem becomes, the headers of every answer.
pub fn behind_the_door(app: App, routes: Router<App>) -> Router {
    routes
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), guard::sign_in))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(tell_problems))
        .layer(middleware::from_fn_with_state(app.clone(), page::harden))
        .layer(middleware::from_fn_with_state(app.clone(), figures::measure))
        .with_state(app)
}
