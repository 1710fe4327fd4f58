//! The extractor of whoever is signed in. The middleware of the sign-in puts the reader into the request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Reader;
use crate::error::Error;
use crate::http::problem::{Failure, RequestId};

/// Whoever is signed in; 401 where nobody is.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who asks, and what may be answered.
    pub reader: Arc<Reader>,
    /// Id of the request, for the audit trail.
    pub request_id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let reader = parts.extensions.get::<Arc<Reader>>().cloned().ok_or(Failure::from(Error::Unauthenticated))?;
        if reader.must_change_password && !parts.uri.path().starts_with("/api/session") && parts.uri.path() != "/api/me" {
            return Err(Error::Forbidden("set a password of your own first: PUT /api/session/password".into()).into());
        }
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        Ok(Self { reader, request_id })
    }
}
