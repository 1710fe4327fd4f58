//! The page's own files, out of the binary, and the headers that keep a browser from doing anything else.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use super::App;
use crate::error::Error;
use crate::tiles::MVT;

#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Files;

/// What a browser may load on the page where no base map of another server is configured: ours alone.
pub(super) const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; worker-src 'self'; connect-src 'self'; \
                      object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
const NOT_BUILT: &str = "The page is not built. Run ./run, or in web/: npm ci && npm run build.\n";

/// A file of the page; any other address below the root is the page itself, which knows its own routes.
pub(super) async fn page(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let foreign = ["api", "tiles", "styles"].iter().any(|room| path.split('/').next() == Some(room));
    if foreign || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::NotFound { what: "address", id: request.uri().path().to_owned() }.into_response();
    }
    if let Some(file) = Files::get(path) {
        let lasting = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return answer(path, file.data.into_owned(), lasting);
    }
    if path.starts_with("assets/") {
        return Error::NotFound { what: "file", id: path.to_owned() }.into_response();
    }
    index()
}

/// Where the interface is explained: a route of the page, for whoever is signed in.
pub(super) const DOCS: &str = "/api/docs";

/// The page itself, at an address below `/api`.
pub(super) async fn docs() -> Response {
    index()
}

fn index() -> Response {
    match Files::get("index.html") {
        Some(file) => answer("index.html", file.data.into_owned(), "no-cache"),
        None => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response(),
    }
}

fn answer(path: &str, bytes: Vec<u8>, caching: &'static str) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let mime = if mime.type_() == mime_guess::mime::TEXT { format!("{mime}; charset=utf-8") } else { mime.to_string() };
    if let Ok(mime) = HeaderValue::from_str(&mime) {
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// Headers of every answer.
pub(super) async fn harden(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    put_hardening(response.headers_mut(), app.base_maps.policy());
    response
}

/// Puts the headers that keep a browser from doing anything else; `policy` says what the page may load. A tile is no
/// document: it may load nothing and is shown as nothing, and what only documents heed would be a fifth of the bytes of a small one.
pub(super) fn put_hardening(headers: &mut HeaderMap, policy: &HeaderValue) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if headers.get(header::CONTENT_TYPE).is_some_and(|mime| mime == MVT) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        return;
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    for (name, value) in &HARDENING {
        headers.insert(name, value.clone());
    }
}

static HARDENING: [(HeaderName, HeaderValue); 4] = [
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static("camera=(), microphone=()")),
];
