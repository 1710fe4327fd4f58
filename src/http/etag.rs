//! Versions of single rows as ETags, and the If-Match that an edit must bring.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};

use super::problem::{Failure, Kind};
use crate::error::Error;

/// The ETag of a version of a row: `"v3"`.
pub fn of_version(version: i32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"v{version}\"")).expect("digits and quotes are header text")
}

/// The version that an edit is based on, from `If-Match: "v3"`; missing is 428.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i32);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Failure::new(
                Kind::MatchRequired,
                StatusCode::PRECONDITION_REQUIRED,
                Error::Usage("read the row first and send its ETag as If-Match, so that nobody's edit is lost".into()),
            ));
        };
        read(value).map(Self).ok_or_else(|| Failure::bad_request("If-Match", "not_a_version", "If-Match holds one ETag of this row, such as \"v3\""))
    }
}

fn read(value: &HeaderValue) -> Option<i32> {
    value.to_str().ok()?.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_survives_its_etag() {
        assert_eq!(read(&of_version(7)), Some(7));
        assert_eq!(read(&HeaderValue::from_static("*")), None);
        assert_eq!(read(&HeaderValue::from_static("W/\"v7\"")), None);
    }
}
