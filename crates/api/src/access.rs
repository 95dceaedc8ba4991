//! Who may ask.
//!
//! A caller who shows the token may ask everything. Without it, only a caller on this very machine may: its address is
//! loopback, nothing says that a proxy passed the request on, it names this machine as the host (a page on the internet
//! whose name was made to resolve to 127.0.0.1 names its own), and, if a page sent it, that page came from here. What
//! changes rows or drops them needs the token from there too.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq as _;

use crate::ApiError;

/// The token that a caller from elsewhere has to show. It cannot be printed.
#[derive(Clone)]
pub struct ApiToken(Arc<[u8]>);

impl ApiToken {
    /// Wraps the text.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.as_bytes().into())
    }

    /// Takes the same time for every text of one length.
    fn is(&self, shown: &str) -> bool {
        !self.0.is_empty() && bool::from(self.0.ct_eq(shown.as_bytes()))
    }
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiToken")
    }
}

/// Lets the request through or answers it.
pub(crate) async fn guard(
    State(token): State<ApiToken>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    decide(&token, peer, request.uri(), request.headers())?;
    Ok(next.run(request).await)
}

/// The same for requests that change what is recorded: only the token lets them through.
pub(crate) async fn guard_writing(
    State(token): State<ApiToken>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match bearer(request.headers()) {
        Some(shown) if token.is(shown) => Ok(next.run(request).await),
        _ => Err(unauthorized("the request would change what is recorded and shows no token")),
    }
}

fn decide(token: &ApiToken, peer: Option<IpAddr>, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    match bearer(headers) {
        Some(shown) if token.is(shown) => return Ok(()),
        Some(_) => return Err(unauthorized("the token is not the one of this program")),
        None => {}
    }
    let is_loopback = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
    if !is_loopback {
        return Err(unauthorized("the request comes from another machine and shows no token"));
    }
    if let Some(name) = headers.keys().find(|name| is_of_proxy(name.as_str())) {
        return Err(unauthorized(&format!(
            "the request was passed on by a proxy ({name}) and shows no token"
        )));
    }
    let host = host(uri, headers).ok_or_else(|| forbidden("the Host header is missing or cannot be read"))?;
    if !names_this_machine(&host) {
        return Err(forbidden("the Host header does not name this machine"));
    }
    match headers.get(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.to_str().is_ok_and(|origin| is_same(origin, &host)) => Ok(()),
        Some(_) => Err(forbidden("the request was sent by a page from elsewhere (Origin header)")),
    }
}

fn unauthorized(why: &str) -> ApiError {
    let todo =
        "send the header `Authorization: Bearer <token>` with the token that `hearthline token show` prints";
    ApiError::new(StatusCode::UNAUTHORIZED, "not allowed", why, todo)
}

fn forbidden(why: &str) -> ApiError {
    let todo = "ask by 127.0.0.1 or localhost, or send the token that `hearthline token show` prints";
    ApiError::new(StatusCode::FORBIDDEN, "not allowed", why, todo)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_of_proxy(name: &str) -> bool {
    name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip" | "via")
}

fn host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let header = || headers.get(header::HOST)?.to_str().ok()?.parse().ok();
    uri.authority().cloned().or_else(header)
}

fn names_this_machine(host: &Authority) -> bool {
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn is_same(origin: &str, host: &Authority) -> bool {
    origin.parse::<Uri>().is_ok_and(|origin| origin.authority() == Some(host))
}

#[cfg(test)]
mod tests;
