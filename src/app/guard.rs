//! The gate in front of every route: whoever is not signed in reaches health, the sign-in and the page's own files.

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::events::EVENTS;
use super::page::DOCS;
use crate::error::Error;
use crate::http::origin::refuse_foreign_page;
use crate::users::signin::{Purpose, cookie};

/// What only somebody who is signed in may ask for.
const GUARDED: [&str; 4] = ["/api", "/tiles", "/styles", "/openapi.json"];
/// The page marks what it asks by itself, so that asking does not keep a session alive.
const BACKGROUND: &str = "x-maplebridge-background";

/// Finds out who asks and puts the reader into the request; answers 401 where somebody must be signed in and nobody is.
pub(super) async fn sign_in(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let guarded = GUARDED.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if !guarded {
        return next.run(request).await;
    }
    if cookie(request.headers()).is_some()
        && let Err(refusal) = refuse_foreign_page(request.method(), request.headers())
    {
        return refusal.into_response();
    }
    if path == "/api/session" && request.method() == Method::POST {
        return next.run(request).await;
    }
    let is_docs = path == DOCS && request.method() == Method::GET;
    let purpose = match path {
        // a stream begins anew by itself, and tells nothing that tiles do not
        path if path.starts_with("/tiles") || path.starts_with("/styles") || path == EVENTS => Purpose::Tile,
        _ if request.headers().contains_key(BACKGROUND) => Purpose::Background,
        _ => Purpose::Person,
    };
    match app.door.sign_in.reader(request.headers(), purpose).await {
        Ok(Some(reader)) => {
            request.extensions_mut().insert(reader);
            next.run(request).await
        }
        // a browser that wants the page of the interface is shown the sign-in, which leads back
        Ok(None) if is_docs => Redirect::to(&format!("/sign-in?next={DOCS}")).into_response(),
        Ok(None) => Error::Unauthenticated.into_response(),
        Err(error) => error.into_response(),
    }
}

/// The process is alive.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can answer: the feed is connected and the database takes connections.
pub(super) async fn readyz(State(app): State<App>) -> Response {
    if !app.context.model.connected() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the change feed is not connected\n").into_response();
    }
    match app.context.db.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => error.into_response(),
    }
}
