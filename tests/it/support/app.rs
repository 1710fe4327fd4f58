//! The program as a router, with an account and a token for every role.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::MockConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt as _;
use maplebridge::app::{App, Door, Prompt, router};
use maplebridge::audit;
use maplebridge::context::{Clock, Context};
use maplebridge::db::{AuditKey, Db};
use maplebridge::read_model::{Options, ReadModel};
use maplebridge::tiles::TileService;
use maplebridge::users::api::account_scopes;
use maplebridge::users::signin::SignIn;
use maplebridge::users::{Grant, GrantArea, Role, new_secret, store};
use tower::ServiceExt as _;

use super::database::Database;
use super::town::OWN_KEY;

/// The key that every test's site signs its audit entries with.
pub(crate) const AUDIT_KEY: [u8; 32] = [7; 32];

/// 1 March 2026, noon in Shanghai.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-03-01T04:00:00Z".parse().unwrap()
}

/// An account made for a test.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) token: String,
}

/// The program over a test's database.
pub(crate) struct Site {
    pub(crate) db: Db,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) accounts: BTreeMap<Role, Account>,
    programs: Programs,
}

/// One program, asked in three places.
struct Programs {
    routes: Router,
    /// As a server serves it: what can be answered at once in front of the routes.
    served: Prompt<Router>,
    /// What is answered at once, and no route behind it.
    alone: Prompt<Router>,
}

/// What the program answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The program at noon, with an account a role: security and auditor everywhere, the others in the given area.
pub(crate) async fn app(database: &Database, area: &str) -> Site {
    let db = audit::with_key(database.db().await, AuditKey::of_bytes(AUDIT_KEY), noon()).await.unwrap();
    let clock = clock(noon());
    let url = database.url("maplebridge_feed");
    let options = Options { url, clock: Arc::new(move || clock.now()), time_zone: clock.zone, rule: None };
    let model = ReadModel::start(options).await.unwrap();
    let mut site = Site { programs: build(&db, &model, noon()), db, model, accounts: BTreeMap::new() };
    for role in Role::ALL {
        let area = if role.is_everywhere() { GrantArea::Everywhere } else { GrantArea::parse(area).unwrap() };
        let account = site.account(&format!("at-{}", role.name()), &[(role, area)]).await;
        site.accounts.insert(role, account);
    }
    site
}

fn clock(at: DateTime<Utc>) -> Clock {
    Clock { zone: chrono_tz::Asia::Shanghai, fixed: Some(at) }
}

fn build(db: &Db, model: &Arc<ReadModel>, at: DateTime<Utc>) -> Programs {
    let clock = clock(at);
    let sign_in = Arc::new(SignIn::new(db.clone(), clock).unwrap());
    let (door, mut changes) = (Arc::clone(&sign_in), model.accounts());
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            door.forget();
        }
    });
    let context = Context { db: db.clone(), model: Arc::clone(model), clock };
    let tiles = Arc::new(TileService::new(Arc::clone(model), 1 << 20));
    let app = App::new(context, tiles, Door { sign_in, secure: false });
    let routes = router(app.clone()).layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4_000))));
    Programs { routes: routes.clone(), served: Prompt::tiles(app.clone(), routes), alone: Prompt::tiles(app, Router::new()) }
}

impl Site {
    /// The same program at another instant; what it remembered is forgotten.
    pub(crate) fn at(&self, at: DateTime<Utc>) -> Self {
        let (db, model) = (self.db.clone(), Arc::clone(&self.model));
        Self { programs: build(&db, &model, at), db, model, accounts: self.accounts.clone() }
    }

    /// An account with grants and a token, and no password.
    pub(crate) async fn account(&self, name: &str, grants: &[(Role, GrantArea)]) -> Account {
        let mut transaction = self.db.scoped(&account_scopes()).await.unwrap();
        let unit_id = grants.iter().any(|(role, _)| *role == Role::Unit).then_some(OWN_KEY);
        let new = store::NewAccount { account: name, name_zh: "", name_en: "", password_hash: "none", must_change_password: false, unit_id };
        let id = store::create(transaction.conn(), &new, noon()).await.unwrap();
        for &(role, area) in grants {
            store::grant(transaction.conn(), id, &Grant { role, area, expires_on: None }, None, noon()).await.unwrap();
        }
        let (token, hash) = new_secret().unwrap();
        store::create_token(transaction.conn(), &hash, id, "test", None, noon()).await.unwrap();
        transaction.commit().await.unwrap();
        self.model.wait_fresh_within(std::time::Duration::from_secs(10)).await.unwrap();
        Account { id, token }
    }

    /// Serves over a socket of its own, until the test ends; the address.
    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.programs.routes.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// Sends a request as it is. Of a stream the first frame is the answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let again = request.uri().path().starts_with("/tiles/").then(|| {
            let mut again = Request::builder().method(request.method()).uri(request.uri()).body(Body::empty()).unwrap();
            again.headers_mut().clone_from(request.headers());
            again
        });
        let response = self.programs.routes.clone().oneshot(request).await.unwrap();
        let (parts, mut body) = response.into_parts();
        if parts.headers.get(header::CONTENT_TYPE).is_some_and(|mime| mime == "text/event-stream") {
            let frame = body.frame().await.unwrap().unwrap();
            return Answer { status: parts.status, headers: parts.headers, body: frame.into_data().unwrap() };
        }
        let answer = Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() };
        if let Some(again) = again {
            self.is_answered_alike(&answer, again).await;
        }
        answer
    }

    /// Whether a tile is answered in front of the routes.
    pub(crate) async fn is_prompt(&self, role: Role, path: &str) -> bool {
        let request = Request::builder().uri(path).header("authorization", self.bearer(role)).body(Body::empty()).unwrap();
        self.programs.alone.clone().oneshot(request).await.unwrap().status().is_success()
    }

    /// A tile that is answered in front of the routes is the one that they answer.
    async fn is_answered_alike(&self, answer: &Answer, again: Request<Body>) {
        let path = again.uri().to_string();
        let (parts, body) = self.programs.served.clone().oneshot(again).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(parts.status, answer.status, "{path}");
        let told = |headers: &HeaderMap| {
            let mut told: Vec<(String, String)> = headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
            told.retain(|(name, _)| !matches!(name.as_str(), "x-request-id" | "content-length"));
            told.sort_unstable();
            told
        };
        assert_eq!(told(&parts.headers), told(&answer.headers), "{path}");
        assert!(!parts.status.is_success() || body == answer.body, "{path}");
    }

    /// Sends a request with headers and, where given, a JSON body.
    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&serde_json::Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "maplebridge.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// The header that says who asks.
    pub(crate) fn bearer(&self, role: Role) -> String {
        format!("Bearer {}", self.accounts[&role].token)
    }

    /// Asks as the account of a role.
    pub(crate) async fn get(&self, role: Role, path: &str) -> Answer {
        self.ask(Method::GET, path, &[("authorization", &self.bearer(role))], None).await
    }
}
