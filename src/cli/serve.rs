//! `maplebridge serve`: opens the place, fills it where asked, serves until told to end.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::accounts::note;
use super::{Place, complain, say};
use crate::app::{App, Door, metrics_router, router};
use crate::audit::Sealer;
use crate::config::{Listening, Storage};
use crate::context::Context;
use crate::db::Db;
use crate::demo::{self, Size};
use crate::error::{Error, Result};
use crate::published;
use crate::read_model::{Options, ReadModel};
use crate::tiles::TileService;
use crate::users::api::{account_scopes, make_account};
use crate::users::signin::SignIn;
use crate::users::{Grant, GrantArea, Role, random_password, store};
use crate::warnings;

/// Serve the page, the interface and the tiles.
///
/// Without --database-url a private PostgreSQL is started in the data directory; other commands with the same
/// --data-dir work beside it. The first start prints one-time passwords of three administrators.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    listening: Listening,
    /// Fill an empty system with an invented place: township, county or city
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    demo: Option<Size>,
    /// Seed of the invention
    #[arg(long, default_value_t = 1, requires = "demo")]
    seed: u64,
    /// Print one line of JSON with the address and the demonstration accounts
    #[arg(long)]
    json: bool,
    /// Bytes of packed tiles to keep in memory
    #[arg(long, default_value_t = 256 << 20, value_name = "BYTES")]
    tile_cache_bytes: usize,
}

pub(super) fn parse_size(text: &str) -> Result<Size, String> {
    match text {
        "township" => Ok(Size::Township),
        "county" => Ok(Size::County),
        "city" => Ok(Size::City),
        _ => Err("the sizes are township, county and city".into()),
    }
}

/// An account to show to whoever looks around.
#[derive(Debug, serde::Serialize)]
struct Shown {
    role: Role,
    account: String,
    password: String,
}

pub(super) async fn run(args: ServeArgs) -> Result<ExitCode> {
    args.listening.check()?;
    let listener = bind(args.listening.listen)?;
    let place = Place::open(&args.storage).await?;
    let db = place.db(24).await?;
    let ended = serve(&args, &place, &db, listener).await;
    db.close().await;
    let left = place.leave().await;
    ended?;
    left?;
    Ok(ExitCode::SUCCESS)
}

/// Takes the port before anything else is begun.
fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Error::Usage(format!(
            "{address} is taken by another program: end it (is another maplebridge running?), or serve elsewhere with --listen {}:{}",
            address.ip(),
            address.port().saturating_add(1)
        )),
        _ => Error::Usage(format!("cannot serve on {address}: {error}")),
    })?;
    listener.set_nonblocking(true).map_err(Error::internal("prepare the port"))?;
    Ok(listener)
}

async fn serve(args: &ServeArgs, place: &Place, db: &Db, listener: TcpListener) -> Result<()> {
    let accounts = prepare(args, place, db).await?;
    let clock = place.clock;
    let model =
        ReadModel::start(Options { url: place.feed_url.clone(), clock: Arc::new(move || clock.now()), time_zone: clock.zone, rule: None }).await?;
    let sign_in = Arc::new(SignIn::new(db.clone(), clock)?);
    let mut app = App::new(
        Context { db: db.clone(), model: Arc::clone(&model), clock },
        Arc::new(TileService::new(Arc::clone(&model), args.tile_cache_bytes)),
        Door { sign_in: Arc::clone(&sign_in), secure: args.listening.secure() },
    );
    let sealer = Arc::new(Sealer::new(db.clone())?);
    app.sealer = Some(Arc::clone(&sealer));
    let ending = CancellationToken::new();
    if let Some(cluster) = &place.cluster {
        tokio::spawn(Arc::clone(cluster).watch(Duration::from_millis(500), ending.clone()));
    }
    let looking = tokio::spawn(Arc::clone(&app.looks).run(ending.clone()));
    let sealing = tokio::spawn(Arc::clone(&sealer).run(ending.clone()));
    tokio::spawn(Arc::clone(&sign_in).sweep(ending.clone()));
    let (context, until) = (app.context.clone(), ending.clone());
    tokio::spawn(async move { until.run_until_cancelled(published::every_month(context)).await });
    let (context, until) = (app.context.clone(), ending.clone());
    tokio::spawn(async move { until.run_until_cancelled(warnings::every_night(context)).await });
    let (context, until) = (app.context.clone(), ending.clone());
    tokio::spawn(async move { until.run_until_cancelled(warnings::ring_for_ever(context)).await });
    tokio::spawn(forget_changed_accounts(sign_in, Arc::clone(&model), ending.clone()));

    if let Some(address) = args.listening.metrics_addr {
        let listener = tokio::net::TcpListener::from_std(bind(address)?).map_err(Error::internal("prepare the port of the metrics"))?;
        let until = ending.clone();
        let served = axum::serve(listener, metrics_router(app.clone())).with_graceful_shutdown(async move { until.cancelled().await });
        tokio::spawn(async move { served.await });
    }
    let address = listener.local_addr().map_err(Error::internal("read the port"))?;
    tell(args, address, &accounts)?;
    let handle = Handle::new();
    tokio::spawn(end_on_signal(handle.clone(), app.events.ending.clone()));
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    match (&args.listening.tls_cert, &args.listening.tls_key) {
        (Some(cert), Some(key)) => {
            // An error means that a provider is there already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = axum_server::tls_rustls::RustlsConfig::from_pem_file(cert, key)
                .await
                .map_err(|error| Error::Usage(format!("the TLS files cannot be read: {error}")))?;
            axum_server::from_tcp_rustls(listener, tls).handle(handle).serve(service).await
        }
        _ => axum_server::from_tcp(listener).handle(handle).serve(service).await,
    }
    .map_err(Error::internal("serve"))?;
    ending.cancel();
    // the last entries are sealed before the database is left
    let _ = tokio::time::timeout(Duration::from_secs(5), async { (looking.await, sealing.await) }).await;
    Ok(())
}

/// Fills an empty system and makes the accounts that the first start makes.
async fn prepare(args: &ServeArgs, place: &Place, db: &Db) -> Result<Vec<Shown>> {
    let mut transaction = db.scoped(&account_scopes()).await?;
    let is_new = store::list(transaction.conn(), 0, 1).await?.is_empty();
    drop(transaction);
    let Some(size) = args.demo else {
        if is_new {
            first_accounts(place, db).await?;
        }
        return Ok(Vec::new());
    };
    if is_new {
        if !args.json {
            say("making an invented place and loading it …")?;
        }
        let (seed, today) = (args.seed, place.clock.today());
        let world = tokio::task::spawn_blocking(move || demo::generate(&demo::Plan { size, seed, until: today }))
            .await
            .map_err(Error::internal("make the demonstration"))?;
        demo::load(&world, db, place.clock.now(), today).await?;
        super::demo::publish_past(db, place.clock).await?;
    }
    demonstration_accounts(place, db, is_new).await
}

/// The three administrators of a system of one's own, each with a one-time password printed once.
async fn first_accounts(place: &Place, db: &Db) -> Result<()> {
    let mut transaction = db.scoped(&account_scopes()).await?;
    let names = [
        (Role::System, "系统管理员", "System administrator"),
        (Role::Security, "安全管理员", "Security administrator"),
        (Role::Auditor, "审计员", "Auditor"),
    ];
    say("This is the first start. Write these one-time passwords down; they are not shown again:")?;
    for (role, name_zh, name_en) in names {
        let grant = Grant { role, area: GrantArea::Everywhere, expires_on: None };
        let (_, password) = make_account(&mut transaction, role.name(), (name_zh, name_en), &[grant], None, None, place.clock.now()).await?;
        note(&mut transaction, place, "user.create", role.name()).await?;
        say(&format!("  {:<10} {password}", role.name()))?;
    }
    transaction.commit().await?;
    Ok(())
}

/// One account a role; their passwords are kept with the data directory's secrets, so that every start can show them.
async fn demonstration_accounts(place: &Place, db: &Db, is_new: bool) -> Result<Vec<Shown>> {
    let secrets = place.cluster.as_ref().map(|cluster| cluster.secrets());
    let mut transaction = db.scoped(&account_scopes().with_everything("map")).await?;
    let (township, county) = demonstration_areas(&mut transaction).await?;
    let unit_id: Option<i64> = sqlx::query_scalar("select id from units order by id limit 1").fetch_optional(transaction.conn()).await?;
    let mut shown = Vec::new();
    for role in Role::ALL {
        let account = format!("demo-{}", role.name());
        let known = secrets.as_ref().map(|secrets| secrets.get(&account)).transpose()?.flatten();
        if is_new {
            let password = match known {
                Some(known) => known,
                None => random_password()?,
            };
            let area = match role {
                Role::Supervisor | Role::Unit => township,
                Role::Centre | Role::Planner | Role::Official => county,
                Role::System | Role::Security | Role::Auditor => GrantArea::Everywhere,
            };
            let unit_id = unit_id.filter(|_| role == Role::Unit);
            let grant = Grant { role, area, expires_on: None };
            make_account(&mut transaction, &account, demonstration_name(role), &[grant], Some(&password), unit_id, place.clock.now()).await?;
            note(&mut transaction, place, "user.create", &account).await?;
            if let Some(secrets) = &secrets {
                secrets.set(&account, &password)?;
            }
            shown.push(Shown { role, account, password });
        } else if let Some(password) = known {
            shown.push(Shown { role, account, password });
        }
    }
    transaction.commit().await?;
    Ok(shown)
}

/// The first township and the first county.
async fn demonstration_areas(transaction: &mut crate::db::Scoped) -> Result<(GrantArea, GrantArea)> {
    let first = "select code_lo, level from areas where level = $1 order by code_lo limit 1";
    let mut found = [GrantArea::Everywhere; 2];
    for (place, level) in found.iter_mut().zip([9_i16, 6]) {
        let row: Option<(i64, i16)> = sqlx::query_as(first).bind(level).fetch_optional(transaction.conn()).await?;
        if let Some(area) = row.and_then(|(lo, level)| GrantArea::from_parts(lo, level)) {
            *place = area;
        }
    }
    Ok((found[0], found[1]))
}

const fn demonstration_name(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Supervisor => ("网格管理员", "Grid supervisor"),
        Role::Unit => ("人民调解室", "Mediation room"),
        Role::Centre => ("县综治中心 · 值班", "County centre, duty"),
        Role::Planner => ("规划人员", "Planner"),
        Role::Official => ("县领导", "County official"),
        Role::System => ("系统管理员", "System administrator"),
        Role::Security => ("安全管理员", "Security administrator"),
        Role::Auditor => ("审计员", "Auditor"),
    }
}

fn tell(args: &ServeArgs, address: SocketAddr, accounts: &[Shown]) -> Result<()> {
    let scheme = if args.listening.tls_cert.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    if args.json {
        return say(&serde_json::json!({"address": url, "accounts": accounts}).to_string());
    }
    say(&format!("\nmaplebridge serves on {url}"))?;
    if !accounts.is_empty() {
        say("Demonstration accounts:")?;
    }
    for shown in accounts {
        say(&format!("  {:<11} {:<16} {}", shown.role.name(), shown.account, shown.password))?;
    }
    Ok(())
}

async fn forget_changed_accounts(sign_in: Arc<SignIn>, model: Arc<ReadModel>, until: CancellationToken) {
    let mut changes = model.accounts();
    loop {
        tokio::select! {
            () = until.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
        sign_in.forget();
    }
}

/// SIGTERM and Ctrl-C end the server; requests that run have ten seconds.
async fn end_on_signal(handle: Handle, streams: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        complain("signals cannot be listened to; end the process by force");
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    streams.cancel();
    handle.graceful_shutdown(Some(Duration::from_secs(10)));
}
