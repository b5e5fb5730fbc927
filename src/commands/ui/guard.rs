//! Who is let in. The page is for the browser of whoever read the address in the terminal: not for other machines, not
//! for pages of other sites that this browser has open (they would send their `Origin`), and not for names that
//! somebody else's DNS points at this machine (they would come with their `Host`).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use subtle::ConstantTimeEq as _;

use crate::commands::Context;
use crate::words::ui as words;

/// Nothing but what the page itself brings, from where it comes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a request must bring.
pub(super) struct Guard {
    token: String,
    /// `host:port`, under each of this machine's names.
    hosts: [String; 2],
}

impl Guard {
    /// A guard with a new token for the address that is listened on.
    pub(super) fn new(address: SocketAddr) -> Self {
        let token = uuid::Uuid::new_v4().simple().to_string();
        let port = address.port();
        Self { token, hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")] }
    }

    /// The address of the page.
    pub(super) fn url(&self) -> String {
        format!("http://{}/{}/", self.hosts[0], self.token)
    }

    fn admits(&self, path: &str, headers: &HeaderMap) -> bool {
        let token = path.strip_prefix('/').and_then(|path| path.split('/').next()).unwrap_or_default();
        let known = bool::from(token.as_bytes().ct_eq(self.token.as_bytes()));
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let ours = |host: &str| self.hosts.iter().any(|known| known == host);
        let origin = |origin: &str| origin.strip_prefix("http://").is_some_and(ours);
        known && text(HOST).is_some_and(ours) && text(ORIGIN).is_none_or(origin)
    }
}

/// Turns away with 403 whatever is not the page's own, and sends each answer with the page's policy.
pub(super) async fn check(
    State((guard, context)): State<(Arc<Guard>, Arc<Context>)>,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = if guard.admits(request.uri().path(), request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, words::FORBIDDEN.get(context.lang())).into_response()
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_itself_is_let_in() {
        let guard = Guard::new("127.0.0.1:8080".parse().unwrap());
        let path = format!("/{}/api/topics", guard.token);
        let admits = |path: &str, headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| {
                (name.parse::<axum::http::HeaderName>().unwrap(), HeaderValue::from_static(value))
            });
            guard.admits(path, &headers.collect())
        };
        let host = ("host", "127.0.0.1:8080");
        assert!(admits(&path, &[host]));
        assert!(admits(&path, &[("host", "localhost:8080"), ("origin", "http://localhost:8080")]));

        assert!(!admits("/", &[host]));
        assert!(!admits(&path[..path.len() / 2], &[host]));
        assert!(!admits(&format!("/x{path}"), &[host]));
        assert!(!admits(&path, &[]));
        assert!(!admits(&path, &[("host", "127.0.0.1:9090")]));
        assert!(!admits(&path, &[("host", "evil.example:8080")]));
        for origin in ["null", "http://evil.example", "https://127.0.0.1:8080", "http://127.0.0.1:9090"] {
            assert!(!admits(&path, &[host, ("origin", origin)]), "{origin}");
        }
    }
}
