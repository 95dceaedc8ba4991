//! Who may ask.
//!
//! A caller who shows the token may ask everything, as a program does in a header and a browser by the session that it got
//! for the token ([`session`]). Home Assistant's ingress says who is signed in there, and only to an app that it runs. Without
//! any of this, only a caller on this very machine may ask: its address is loopback, nothing says that a proxy passed the
//! request on, it names this machine as the host (a page on the internet whose name was made to resolve to 127.0.0.1 names
//! its own), and, if a page sent it, that page came from here. What changes rows or drops them needs more than that from there
//! too.

pub(crate) mod session;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use hearthline_core::Clock;
use subtle::ConstantTimeEq as _;

use crate::ApiError;
use session::Sessions;

/// The address from which Home Assistant's supervisor passes on what a person asks through ingress.
const INGRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 30, 32, 2));

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
    pub(crate) fn is(&self, shown: &str) -> bool {
        !self.0.is_empty() && bool::from(self.0.ct_eq(shown.as_bytes()))
    }
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiToken")
    }
}

/// Knows who may ask.
#[derive(Clone)]
pub struct Access {
    token: ApiToken,
    sessions: Sessions,
    has_ingress: bool,
}

impl Access {
    /// `has_ingress`: the program runs as an app of Home Assistant, whose ingress is believed.
    #[must_use]
    pub fn new(token: ApiToken, clock: Arc<dyn Clock>, has_ingress: bool) -> Self {
        Self { sessions: Sessions::new(&token.0, clock), token, has_ingress }
    }

    /// A session for who shows the token.
    pub(crate) fn open(&self, shown: &str) -> Result<session::Cookie, ApiError> {
        if self.token.is(shown.trim()) {
            return Ok(self.sessions.open());
        }
        Err(unauthorized("the token is not the one of this program"))
    }

    /// The session of who has one, made new, so that a page that is looked at stays open.
    pub(crate) fn renew(&self, caller: &Caller) -> Option<session::Cookie> {
        (*caller == Caller::Session).then(|| self.sessions.open())
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Whoever shows the token.
    Token,
    /// A browser whose person showed it.
    Session,
    /// A person who is signed in to Home Assistant, by name where it says one.
    Ingress(Option<String>),
    /// Somebody on this machine.
    Machine,
}

impl Caller {
    /// Whether it may change rows and drop them.
    pub(crate) fn may_change(&self) -> bool {
        *self != Self::Machine
    }
}

/// Lets the request through, with its [`Caller`], or answers it.
pub(crate) async fn guard(
    State(access): State<Access>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let caller = decide(&access, peer, request.method(), request.uri(), request.headers())?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The same for requests that change what is recorded, behind [`guard`]: to be on this machine is not enough.
pub(crate) async fn guard_writing(request: Request, next: Next) -> Result<Response, ApiError> {
    match request.extensions().get::<Caller>() {
        Some(caller) if caller.may_change() => Ok(next.run(request).await),
        _ => Err(unauthorized(
            "it is done only for who shows the token, on this machine too; the request shows none",
        )),
    }
}

fn decide(
    access: &Access,
    peer: Option<IpAddr>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Caller, ApiError> {
    match bearer(headers) {
        Some(shown) if access.token.is(shown) => return Ok(Caller::Token),
        Some(_) => return Err(unauthorized("the token is not the one of this program")),
        None => {}
    }
    let peer = peer.map(|peer| peer.to_canonical());
    if access.has_ingress && peer == Some(INGRESS) {
        let name = headers.get("x-remote-user-display-name").and_then(|name| name.to_str().ok());
        return Ok(Caller::Ingress(name.map(str::to_owned)));
    }
    if access.sessions.has(headers) {
        // A browser sends a session along with what another page makes it ask.
        let is_reading = method == Method::GET || method == Method::HEAD;
        return match headers.get(header::ORIGIN).map(|origin| origin.to_str()) {
            None if is_reading => Ok(Caller::Session),
            Some(Ok(origin)) if is_from_here(origin, uri, headers) => Ok(Caller::Session),
            _ => Err(forbidden("the request was sent by a page from elsewhere (Origin header)")),
        };
    }
    if !peer.is_some_and(|peer| peer.is_loopback()) {
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
        None => Ok(Caller::Machine),
        Some(origin) if origin.to_str().is_ok_and(|origin| is_same(origin, &host)) => Ok(Caller::Machine),
        Some(_) => Err(forbidden("the request was sent by a page from elsewhere (Origin header)")),
    }
}

/// Whether a page of this program sent it. What a proxy says that it was asked for counts too: a page cannot say that of
/// itself.
fn is_from_here(origin: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let outside = headers.get("x-forwarded-host").and_then(|host| host.to_str().ok()?.parse().ok());
    [host(uri, headers), outside].iter().flatten().any(|host| is_same(origin, host))
}

fn unauthorized(why: &str) -> ApiError {
    let todo = "send the header `Authorization: Bearer <token>` with the token that `hearthline token show` prints, \
                or sign in on the page";
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
