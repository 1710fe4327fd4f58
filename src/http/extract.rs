//! Extractors that speak our language: a body, query or path that cannot be read is a problem with the place named.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::problem::{Failure, Kind};
use crate::error::Error;

/// A JSON body. Unreadable JSON is 400; JSON of the wrong shape is 422 with a pointer to the place.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Failure::new(
                Kind::UnsupportedMediaType,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Error::Usage("send the body as application/json or application/geo+json".into()),
            ));
        }
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|_| {
            Failure::new(Kind::TooLarge, StatusCode::PAYLOAD_TOO_LARGE, Error::TooLarge { limit: "the size of a request body".into() })
        })?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let pointer = pointer(error.path());
            let inner = error.into_inner();
            if inner.is_data() {
                Failure::from(Error::invalid(pointer, "wrong_shape", sentence(&inner)))
            } else {
                Failure::bad_request("", "not_json", format!("the body is not JSON: {inner}"))
            }
        })?;
        reader.end().map_err(|error| Failure::bad_request("", "not_json", format!("there is more after the JSON body: {error}")))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|mime| mime.eq_ignore_ascii_case("application/json") || mime.trim().to_ascii_lowercase().ends_with("+json"))
}

/// `/changes/4/geometry`.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// The query of the address. Unknown or unreadable parameters are 400.
#[derive(Debug)]
pub struct Query<T>(pub T);

#[expect(clippy::disallowed_types, reason = "wrapped here, and nowhere else")]
impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|refusal| Failure::bad_request("query", "unreadable_parameter", refusal.body_text()))
    }
}

/// The variable parts of the path. What cannot be read is 404: there is nothing of that name.
#[derive(Debug)]
pub struct Path<T>(pub T);

#[expect(clippy::disallowed_types, reason = "wrapped here, and nowhere else")]
impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Failure::from(Error::NotFound { what: "address", id: parts.uri.path().to_owned() }))
    }
}
