//! RFC 9457 problems: the one place where what went wrong becomes a status.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;

use crate::error::{Error, Fault};

/// Header that carries the id of the request, for logs and for people who ask for help.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The kinds of problem, as the last part of `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 404
    NotFound,
    /// 400: the address or a parameter cannot be read
    BadRequest,
    /// 422: the body can be read but does not hold together
    Invalid,
    /// 409
    Conflict,
    /// 412
    Stale,
    /// 428: an edit without If-Match
    MatchRequired,
    /// 403
    Forbidden,
    /// 401
    Unauthenticated,
    /// 413
    TooLarge,
    /// 503, or 429 for one caller
    Busy,
    /// 405
    MethodNotAllowed,
    /// 406
    NotAcceptable,
    /// 415
    UnsupportedMediaType,
    /// 507: the database's disk is full
    StorageFull,
    /// 500
    Internal,
}

impl Kind {
    /// Every kind, for OpenAPI, tests and the page's translations.
    pub const ALL: [Self; 15] = [
        Self::NotFound,
        Self::BadRequest,
        Self::Invalid,
        Self::Conflict,
        Self::Stale,
        Self::MatchRequired,
        Self::Forbidden,
        Self::Unauthenticated,
        Self::TooLarge,
        Self::Busy,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::UnsupportedMediaType,
        Self::StorageFull,
        Self::Internal,
    ];

    /// The `type` of the problem.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::NotFound => "/problems/not-found",
            Self::BadRequest => "/problems/bad-request",
            Self::Invalid => "/problems/invalid",
            Self::Conflict => "/problems/conflict",
            Self::Stale => "/problems/stale",
            Self::MatchRequired => "/problems/match-required",
            Self::Forbidden => "/problems/forbidden",
            Self::Unauthenticated => "/problems/unauthenticated",
            Self::TooLarge => "/problems/too-large",
            Self::Busy => "/problems/busy",
            Self::MethodNotAllowed => "/problems/method-not-allowed",
            Self::NotAcceptable => "/problems/not-acceptable",
            Self::UnsupportedMediaType => "/problems/unsupported-media-type",
            Self::StorageFull => "/problems/storage-full",
            Self::Internal => "/problems/internal",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::NotFound => "There is no such thing, or it is not yours to see",
            Self::BadRequest => "The request cannot be read",
            Self::Invalid => "The request does not hold together",
            Self::Conflict => "The request contradicts what is stored",
            Self::Stale => "The row was changed meanwhile",
            Self::MatchRequired => "Say which version you change",
            Self::Forbidden => "Your roles do not allow this",
            Self::Unauthenticated => "Sign in first",
            Self::TooLarge => "This is more than can be taken at once",
            Self::Busy => "Not now; try again soon",
            Self::MethodNotAllowed => "The address does not know this method",
            Self::NotAcceptable => "The answer cannot be given in the form asked for",
            Self::UnsupportedMediaType => "The body is of a type that cannot be read",
            Self::StorageFull => "The disk of the database is full",
            Self::Internal => "Something failed on the server",
        }
    }
}

/// The body of every answer that is an error.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub struct Problem {
    /// Kind of the problem, an address under `/problems/`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What happened here, and what to do.
    pub detail: String,
    /// The path that was asked.
    pub instance: String,
    /// Id of the request, also in the log.
    pub request_id: String,
    /// Each place that does not hold together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// With `/problems/stale`: the row as it is stored now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<serde_json::Value>,
    /// With `/problems/conflict`: the rule that would be broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// With `/problems/busy`: seconds to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// A failed request on its way out: a kind, a status and the words.
#[derive(Debug, Clone)]
pub struct Failure {
    kind: Kind,
    status: StatusCode,
    error: Arc<Error>,
}

impl Failure {
    /// A failure whose kind does not follow from the error alone.
    pub fn new(kind: Kind, status: StatusCode, error: Error) -> Self {
        Self { kind, status, error: Arc::new(error) }
    }

    /// A parameter or address that cannot be read: 400.
    pub fn bad_request(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, StatusCode::BAD_REQUEST, Error::invalid(pointer, code, message))
    }

    /// One caller asks too often: 429.
    pub fn too_many(retry_after_s: u32, message: impl Into<String>) -> Self {
        Self::new(Kind::Busy, StatusCode::TOO_MANY_REQUESTS, Error::Busy { retry_after_s, message: message.into() })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (kind, status) = match &error {
            Error::NotFound { .. } => (Kind::NotFound, StatusCode::NOT_FOUND),
            Error::Invalid(_) | Error::Usage(_) => (Kind::Invalid, StatusCode::UNPROCESSABLE_ENTITY),
            Error::Conflict { .. } => (Kind::Conflict, StatusCode::CONFLICT),
            Error::Stale { .. } => (Kind::Stale, StatusCode::PRECONDITION_FAILED),
            Error::Forbidden(_) => (Kind::Forbidden, StatusCode::FORBIDDEN),
            Error::Unauthenticated => (Kind::Unauthenticated, StatusCode::UNAUTHORIZED),
            Error::TooLarge { .. } => (Kind::TooLarge, StatusCode::PAYLOAD_TOO_LARGE),
            Error::Busy { .. } => (Kind::Busy, StatusCode::SERVICE_UNAVAILABLE),
            Error::StorageFull => (Kind::StorageFull, StatusCode::INSUFFICIENT_STORAGE),
            Error::Internal { .. } => (Kind::Internal, StatusCode::INTERNAL_SERVER_ERROR),
        };
        Self::new(kind, status, error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Failure::from(self).into_response()
    }
}

/// The id of the running request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// A fresh one.
    pub fn new() -> Self {
        Self(ulid::Ulid::new().to_string())
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

/// Gives each request an id, and writes the problem of each failure: once, here, with its cause in the log.
pub async fn tell_problems(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let instance = request.uri().path().to_owned();
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let Some(failure) = failure_of(&mut response) else { return response };
    if let Error::Internal { context, source } = &*failure.error {
        tracing::error!(request.id = %id.0, http.method = %method, http.path = %instance, cause = %chain(source.as_ref()), "failed to {context}");
    }
    told(&failure, instance, id.0, response.headers())
}

/// What failed, also where axum itself refused: a method it does not know, a body that is too long.
fn failure_of(response: &mut Response) -> Option<Failure> {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return Some(failure);
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(response.headers()) {
        return None;
    }
    let (kind, error) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (Kind::MethodNotAllowed, Error::Usage("the address does not know this method".into())),
        StatusCode::NOT_FOUND => (Kind::NotFound, Error::NotFound { what: "address", id: String::new() }),
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::TooLarge, Error::TooLarge { limit: "the size of a request body".into() }),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (Kind::UnsupportedMediaType, Error::Usage("send application/json".into())),
        status if status.is_client_error() => (Kind::BadRequest, Error::Usage("the request cannot be read".into())),
        _ => (Kind::Internal, Error::internal("answer")(format!("status {status}"))),
    };
    Some(Failure::new(kind, status, error))
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/problem+json")
}

fn told(failure: &Failure, instance: String, request_id: String, headers: &HeaderMap) -> Response {
    let (detail, faults, current, rule, retry_after_s) = match &*failure.error {
        Error::Internal { .. } => ("The cause is in the server's log under the request id.".to_owned(), vec![], None, None, None),
        error @ Error::Invalid(faults) => (error.to_string(), faults.clone(), None, None, None),
        error @ Error::Stale { stored, .. } => (error.to_string(), vec![], Some((**stored).clone()), None, None),
        error @ Error::Conflict { rule, .. } => (error.to_string(), vec![], None, Some(rule.clone()), None),
        error @ Error::Busy { retry_after_s, .. } => (error.to_string(), vec![], None, None, Some(*retry_after_s)),
        error => (error.to_string(), vec![], None, None, None),
    };
    let problem = Problem {
        kind: failure.kind.uri(),
        title: failure.kind.title(),
        status: failure.status.as_u16(),
        detail,
        instance,
        request_id,
        faults,
        current,
        rule,
        retry_after_s,
    };
    let body = serde_json::to_vec(&problem).expect("a problem is plain data");
    let mut response = (failure.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
    for name in [REQUEST_ID, header::ALLOW] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after_s {
        out.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if failure.status == StatusCode::UNAUTHORIZED {
        out.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"maplebridge\""));
    }
    response
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
