//! Answers of analyses on the map: tiles and the style that says what they mean.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::tile_routes::{base, private};
use crate::analyses::{self, Asker};
use crate::error::{Error, Result};
use crate::http::problem::Failure;
use crate::http::{Path, Problem};
use crate::mvt::TileId;
use crate::rows::id as read_id;
use crate::tiles::Encoding;
use crate::users::{Right, Signed};

/// Bodies below this are not packed.
const SMALLEST_PACKED: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_analysis_style)).routes(routes!(find_analysis_tile))
}

fn asker(app: &App, signed: &Signed) -> Result<Asker> {
    signed.reader.require(Right::Published)?;
    signed.reader.require(Right::Map)?;
    Ok(Asker { context: app.context.clone(), reader: Arc::clone(&signed.reader), request_id: signed.request_id.clone() })
}

/// A style of a result
///
/// For MapLibre. `metadata` holds the legend: in one sentence, Chinese and English, what the classes mean, the period, the
/// denominator, the number of incidents and the test.
#[utoipa::path(get, path = "/tiles/analysis/{id}", tag = "analyses", params(("id" = String, Path, description = "Key of the answer")),
    responses((status = 200, body = Object), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn find_analysis_style(State(app): State<App>, signed: Signed, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let (asker, id) = (asker(&app, &signed)?, read_id("result", &id)?);
    let drawn = analyses::drawn(&asker, id, false).await?;
    Ok(private(Json(analyses::style(&drawn, &base(&headers, app.door.secure))).into_response()))
}

/// One tile of a result
///
/// Mapbox Vector Tile 2 with the layer `analysis`: `class`, and for places `code` and names; no number is in it. 204 where
/// empty; strong ETag.
#[utoipa::path(get, path = "/tiles/analysis/{id}/{z}/{x}/{y}", tag = "analyses",
    params(("id" = String, Path, description = "Key of the answer"), ("z" = String, Path), ("x" = String, Path), ("y" = String, Path)),
    responses((status = 200, content_type = "application/vnd.mapbox-vector-tile"), (status = 204), (status = 304), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn find_analysis_tile(
    State(app): State<App>,
    signed: Signed,
    Path((id, z, x, y)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (asker, id) = (asker(&app, &signed)?, read_id("result", &id)?);
    let drawn = analyses::drawn(&asker, id, true).await?;
    let tile = TileId::parse(&z, &x, &y).map_err(|fault| Error::NotFound { what: "tile", id: format!("{z}/{x}/{y}: {fault}") })?;
    let looked = format!("analysis {} {id}", drawn.analysis);
    let model = app.context.ground();
    let made = tokio::task::spawn_blocking(move || drawn.tile(&model, tile)).await.map_err(Error::internal("encode a tile"))?;
    let answer = answer(&headers, &made?)?;
    app.looks.note(app.context.clock.now(), signed.reader.user_id, &signed.reader.account, &[looked], &signed.request_id).await?;
    Ok(answer)
}

fn answer(headers: &HeaderMap, bytes: &[u8]) -> Result<Response> {
    let all = |name: header::HeaderName| headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    let encoding = if bytes.len() < SMALLEST_PACKED { Encoding::Identity } else { Encoding::best(&all(header::ACCEPT_ENCODING)) };
    let hash = xxhash_rust::xxh3::xxh3_128(bytes);
    let etag = format!("\"a-{hash:032x}{}\"", encoding.name().map(|name| format!("-{name}")).unwrap_or_default());
    let known = all(header::IF_NONE_MATCH).split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag);
    let response = Response::builder()
        .header(header::ETAG, etag)
        .header(header::CACHE_CONTROL, "private, no-cache")
        .header(header::VARY, "Cookie, Authorization, Accept-Encoding");
    let built = if known {
        response.status(StatusCode::NOT_MODIFIED).body(Body::empty())
    } else if bytes.is_empty() {
        response.status(StatusCode::NO_CONTENT).body(Body::empty())
    } else {
        let body = encoding.pack(bytes).map_err(Error::internal("pack a tile"))?;
        let response = response.header(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile");
        match encoding.name() {
            Some(name) => response.header(header::CONTENT_ENCODING, name).body(Body::from(body)),
            None => response.body(Body::from(body)),
        }
    };
    built.map_err(Error::internal("answer with a tile"))
}
