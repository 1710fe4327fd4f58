//! Figures for Prometheus, on an address of their own: labels name layers and routes, never areas, categories or people.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;

/// The routes of `--metrics-addr`; nobody signs in there, so it belongs on loopback or a network of the operators'.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text(&app)).into_response()
}

fn text(app: &App) -> String {
    let model = &app.context.model;
    let lag_s = (app.context.clock.now() - model.data_at()).as_seconds_f64().max(0.0);
    let mut out = String::new();
    let mut gauge = |name: &str, help: &str, lines: &[(String, f64)]| {
        let _ = writeln!(out, "# HELP maplebridge_{name} {help}\n# TYPE maplebridge_{name} gauge");
        for (labels, value) in lines {
            let _ = writeln!(out, "maplebridge_{name}{labels} {value}");
        }
    };
    let bytes: Vec<(String, f64)> = model.bytes().into_iter().map(|(layer, bytes)| (format!("{{layer=\"{layer}\"}}"), bytes as f64)).collect();
    gauge("read_model_bytes", "Bytes the read model holds, by layer", &bytes);
    let one = |value: f64| [(String::new(), value)];
    gauge("read_model_revision", "Publications of the read model since the start", &one(model.model().revision as f64));
    gauge("feed_connected", "1 while the change feed is connected", &one(f64::from(u8::from(model.connected()))));
    gauge("feed_age_seconds", "Seconds since the read model was last known to equal the database", &one(lag_s));
    gauge("feed_loads", "How often the read model was loaded whole", &one(model.loads() as f64));
    gauge("feed_rows_read", "Rows the change feed has read again", &one(model.rows_reread() as f64));
    gauge("tile_cache_bytes", "Bytes of packed tiles that are kept", &one(app.tiles.cached_bytes() as f64));
    gauge("sse_connections", "Streams of events that are open", &one(app.events.count() as f64));
    if let Some(sealer) = &app.sealer {
        gauge("audit_unsealed", "Entries of the audit trail that waited for a seal at the last look", &one(sealer.waiting() as f64));
    }
    out.push_str(&app.figures.text());
    out
}
