//! A browser's session: a cookie that says until when, and a code that only who knows the token can make of that.
//!
//! Nothing is kept of it here, so a restart ends none; another token ends them all.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName};
use hearthline_core::{Clock, Timestamp};
use ring::hmac;

const NAME: &str = "hearthline_session";
/// After so long without a look at the page the token is asked for again.
const LENGTH: Duration = Duration::from_hours(24 * 30);

/// What a response sets.
pub(crate) type Cookie = (HeaderName, String);

/// Opens and knows sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    key: hmac::Key,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    pub(crate) fn new(token: &[u8], clock: Arc<dyn Clock>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, token), clock }
    }

    pub(crate) fn open(&self) -> Cookie {
        let ends = self.clock.now().plus(LENGTH).0 / 1_000_000;
        let code: String =
            hmac::sign(&self.key, &said(ends)).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        set(&format!("{ends}.{code}"), LENGTH)
    }

    /// Whether the request carries one that has not ended.
    pub(crate) fn has(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let mut cookies = cookies.flat_map(|header| header.split(';')).map(str::trim);
        cookies.any(|cookie| {
            cookie.split_once('=').is_some_and(|(name, value)| name == NAME && self.holds(value))
        })
    }

    fn holds(&self, value: &str) -> bool {
        let read = || {
            let (ends, code) = value.split_once('.')?;
            Some((ends.parse::<i64>().ok()?, bytes(code)?))
        };
        read().is_some_and(|(ends, code)| {
            hmac::verify(&self.key, &said(ends), &code).is_ok()
                && self.clock.now() < Timestamp(ends.saturating_mul(1_000_000))
        })
    }
}

/// What a person who leaves is given in its place.
pub(crate) fn ended() -> Cookie {
    set("", Duration::ZERO)
}

/// Not `Secure`: a house is often asked without TLS, and the page says nothing that the cookie protects to anybody else.
fn set(value: &str, length: Duration) -> Cookie {
    let length = length.as_secs();
    (SET_COOKIE, format!("{NAME}={value}; Path=/; Max-Age={length}; HttpOnly; SameSite=Strict"))
}

fn said(ends: i64) -> Vec<u8> {
    format!("hearthline session until {ends}").into_bytes()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests;
