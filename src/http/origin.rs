//! Cross-site requests: a cookie alone never writes from another site's page.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site`; older ones in `Origin`. A write that carries a cookie
//! must come from our own page; a write with a token carries no cookie and is not concerned. `SameSite=Strict` on the
//! cookie is the second lock of the same door.

use axum::http::{HeaderMap, Method, header};

use crate::error::{Error, Result};

/// Refuses a state-changing request that another site's page sent along with our cookie.
pub fn refuse_foreign_page(method: &Method, headers: &HeaderMap) -> Result<()> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = text(header::HOST.as_str()).unwrap_or_default();
            origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(host))
        }
        // neither header: not a browser's page
        (None, None) => true,
    };
    if own { Ok(()) } else { Err(Error::Forbidden("the request comes from another site's page".into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &'static str)]) -> Result<()> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        refuse_foreign_page(&Method::POST, &headers)
    }

    #[test]
    fn only_our_own_page_writes_with_a_cookie() {
        assert!(asked(&[("sec-fetch-site", "same-origin")]).is_ok());
        assert!(asked(&[("sec-fetch-site", "cross-site")]).is_err());
        assert!(asked(&[("sec-fetch-site", "same-site")]).is_err());
        assert!(asked(&[("origin", "http://a.example:8080"), ("host", "a.example:8080")]).is_ok());
        assert!(asked(&[("origin", "http://b.example"), ("host", "a.example")]).is_err());
        assert!(asked(&[]).is_ok());
        assert!(refuse_foreign_page(&Method::GET, &HeaderMap::new()).is_ok());
    }
}
