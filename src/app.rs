//! The whole: what every handler is given, and (on one screen) every route.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::context::Context;
use crate::tiles::TileService;

/// What every handler is given.
#[derive(Debug, Clone)]
pub struct App {
    /// Transactions, read model, clock.
    pub context: Context,
    /// Tiles.
    pub tiles: Arc<TileService>,
}

impl FromRef<App> for Context {
    fn from_ref(app: &App) -> Self {
        app.context.clone()
    }
}
