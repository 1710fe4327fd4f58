//! Tiles, TileJSON and styles, bound to whoever is signed in.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use crate::context::map_reader;
use crate::error::{Error, Result};
use crate::http::Path;
use crate::http::problem::Failure;
use crate::published;
use crate::tiles::{self, TileService};
use crate::users::{Right, Signed};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_tilejson)).routes(routes!(find_tile)).routes(routes!(find_style))
}

/// Where this server is, as the client sees it.
pub(super) fn base(headers: &HeaderMap, secure: bool) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
    format!("{}://{host}", if secure { "https" } else { "http" })
}

/// A filter that cannot be read is a bad address: 400.
fn as_bad_request(error: Error) -> Failure {
    match error {
        Error::Invalid(_) => Failure::new(crate::http::problem::Kind::BadRequest, axum::http::StatusCode::BAD_REQUEST, error),
        other => other.into(),
    }
}

/// Describe layers
///
/// TileJSON 3.0 of one layer or several with commas: fields with units, zooms, bounds of what the reader may see.
#[utoipa::path(get, path = "/tiles/{layers}", tag = "tiles", params(("layers" = String, Path)), responses((status = 200, body = Object)))]
async fn find_tilejson(
    State(service): State<Arc<TileService>>,
    State(app): State<App>,
    signed: Signed,
    Path(layers): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    signed.reader.require(Right::Map)?;
    let model = service.model().model();
    let base = base(&headers, app.door.secure);
    let described =
        tiles::tilejson(&model, &map_reader(&signed.reader), &layers, query.as_deref().unwrap_or_default(), &base).map_err(as_bad_request)?;
    Ok(private(Json(described).into_response()))
}

/// One vector tile
///
/// Mapbox Vector Tile 2, cut to the reader. The look is in the audit trail, once a layer, filter and ten minutes. 204 where empty;
/// strong ETag; filters `kind`, `category`, `source`, `state`, `from`, `to`, for published numbers `group`; for heat `bandwidth_m` and `per`.
#[utoipa::path(get, path = "/tiles/{layers}/{z}/{x}/{y}", tag = "tiles",
    params(("layers" = String, Path), ("z" = String, Path), ("x" = String, Path), ("y" = String, Path)),
    responses((status = 200, content_type = "application/vnd.mapbox-vector-tile"), (status = 204), (status = 304), (status = 400, body = crate::http::Problem)))]
async fn find_tile(
    State(service): State<Arc<TileService>>,
    State(app): State<App>,
    signed: Signed,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    signed.reader.require(Right::Map)?;
    let mut reader = map_reader(&signed.reader);
    if !reader.units.is_empty() && layers.split(',').any(|name| matches!(name.trim(), "published" | "heat" | "heat_withheld")) {
        let mut transaction = app.context.begin(&signed.reader).await?;
        reader.known = published::known(&mut transaction, &reader.units).await?.into();
    }
    let query = query.as_deref().unwrap_or_default();
    let answer = tiles::tile(&service, &reader, &layers, [&z, &x, &y], query, &headers).await.map_err(as_bad_request)?;
    let Signed { reader, request_id } = &signed;
    app.looks.note(app.context.clock.now(), reader.user_id, &reader.account, &tiles::looked_at(&layers, query)?, request_id).await?;
    Ok(answer)
}

/// A style for MapLibre
///
/// `light.json` or `dark.json`, without glyphs and sprites; sources point back here. The layer `heat` is there and off;
/// parameters and filters of its tiles may follow, and `heat_full`, the density at the end of its ramp.
#[utoipa::path(get, path = "/styles/{name}", tag = "tiles", params(("name" = String, Path)), responses((status = 200, body = Object)))]
async fn find_style(
    State(service): State<Arc<TileService>>,
    State(app): State<App>,
    signed: Signed,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    signed.reader.require(Right::Map)?;
    let (model, reader) = (service.model().model(), map_reader(&signed.reader));
    let read = |query: &str| tiles::Filter::of_query(query, &model.lists, &reader);
    let look = tiles::HeatLook::parse(query.as_deref().unwrap_or_default(), read).map_err(as_bad_request)?;
    let style = tiles::style(name.trim_end_matches(".json"), &base(&headers, app.door.secure), &look)?;
    Ok(private(Json(style).into_response()))
}

pub(super) fn private(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
