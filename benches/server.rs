//! The program as a process of its own, so that its CPU can be told from its client's: the whole router, and two bare
//! handlers beside it that answer with as many bytes as they are asked for.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Router, ServiceExt};
use maplebridge::app::{App, Door, Prompt, Prompter, behind_the_door, service};
use maplebridge::context::{Clock, Context};
use maplebridge::http::Path;
use maplebridge::read_model::{Options, ReadModel};
use maplebridge::tiles::TileService;
use maplebridge::users::Reader;
use maplebridge::users::signin::SignIn;

use crate::Anyhow;

/// What the bare handlers cut their answers from: bytes that do not repeat.
static FILLING: LazyLock<Bytes> = LazyLock::new(|| (0..2_u64 << 20).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect());

/// Serves until killed, after one line with three addresses: the program, a bare handler behind its door, and a bare one.
pub(crate) async fn serve(url: &str, cache_bytes: usize) -> Anyhow<()> {
    let clock = Clock::of_machine(chrono_tz::Asia::Shanghai);
    let feed = url.replacen("postgres:dev@", "maplebridge_feed:dev@", 1);
    let model = ReadModel::start(Options { url: feed, clock: Arc::new(move || clock.now()), time_zone: clock.zone, rule: None }).await?;
    let db = crate::connect(url, 8).await?;
    let sign_in = Arc::new(SignIn::new(db.clone(), clock)?);
    let context = Context { db, model: Arc::clone(&model), clock };
    let app = App::new(context, Arc::new(TileService::new(model, cache_bytes)), Door { sign_in, secure: false });
    let behind = behind_the_door(app.clone(), Router::new().route("/tiles/{bytes}", get(filling)));
    let guarded = Prompt::new(app.clone(), prompt_filling, behind);
    let bare = Router::new().route("/tiles/{bytes}", get(filling));
    let mut addresses = Vec::new();
    let mut listen = || -> Anyhow<TcpListener> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        addresses.push(listener.local_addr()?.to_string());
        Ok(listener)
    };
    for routes in [service(app), guarded] {
        let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(routes);
        tokio::spawn(axum_server::from_tcp(listen()?).serve(service));
    }
    tokio::spawn(axum_server::from_tcp(listen()?).serve(bare.into_make_service_with_connect_info::<SocketAddr>()));
    writeln!(std::io::stdout(), "{}", addresses.join(" "))?;
    std::future::pending().await
}

/// Behind the same door as tiles, and as early.
fn prompt_filling(_: &Prompter, _: &Arc<Reader>, uri: &Uri, _: &HeaderMap) -> Option<Response> {
    let bytes: usize = uri.path().rsplit('/').next()?.parse().ok()?;
    Some(FILLING.slice(..bytes.min(FILLING.len())).into_response())
}

async fn filling(Path(bytes): Path<usize>) -> Bytes {
    FILLING.slice(..bytes.min(FILLING.len()))
}
