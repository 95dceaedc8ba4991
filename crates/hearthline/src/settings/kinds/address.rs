//! Addresses and ports.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::Url;

use super::{Meaning, shown, text};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;

const URL: &str = "write an address like http://192.168.1.10:8123";

/// An address and port to listen on.
pub(in crate::settings) fn listen(raw: Raw<'_>) -> Meaning<SocketAddr> {
    const TODO: &str = "write address and port, as in 127.0.0.1:8099";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    let of_name = |port: &str| Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port.parse().ok()?));
    let parsed = text.parse().ok().or_else(|| text.strip_prefix("localhost:").and_then(of_name));
    parsed.ok_or_else(|| Problem::new(format!("{} is no address with a port", shown(text)), TODO))
}

/// Home Assistant's address. What is written is not repeated: a token may have got into the wrong place.
pub(in crate::settings) fn url(raw: Raw<'_>) -> Meaning<Url> {
    let text = text(raw).map_err(|problem| problem.but(URL))?;
    let Ok(url) = Url::parse(text) else {
        return Err(Problem::new("not an address", URL));
    };
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return Err(Problem::new("does not begin with http://, https://, ws:// or wss://", URL));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Problem::new("names no host", URL));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let todo = format!("{URL}; the token belongs in HOME_ASSISTANT_TOKEN or token_file");
        return Err(Problem::new("holds a user or password", todo));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new("holds a ? or #", URL));
    }
    Ok(url)
}

/// A TCP port.
pub(in crate::settings) fn port(raw: Raw<'_>) -> Meaning<u16> {
    const TODO: &str = "write a number from 1 to 65535, without quotes";
    match raw {
        Raw::Integer(number) => u16::try_from(number)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Problem::new(format!("{number} is no port"), TODO)),
        _ => Err(Problem::new("not a whole number", TODO)),
    }
}

/// An address that is asked over HTTP. What is written is not repeated.
pub(in crate::settings) fn http_url(raw: Raw<'_>) -> Meaning<Url> {
    const TODO: &str = "write an address like http://192.168.1.20:8086";
    let text = text(raw).map_err(|problem| problem.but(TODO))?;
    let Ok(url) = Url::parse(text) else { return Err(Problem::new("not an address", TODO)) };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Problem::new("does not begin with http:// or https://", TODO));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Problem::new("names no host", TODO));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let todo = format!("{TODO}; these belong in username and password_file");
        return Err(Problem::new("holds a user or password", todo));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new("holds a ? or #", TODO));
    }
    Ok(url)
}

/// Home Assistant's address, as a person types it.
pub(crate) fn url_of(text: &str) -> Result<Url, Problem> {
    url(Raw::Text(text.trim()))
}
