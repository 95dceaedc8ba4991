//! Addresses and ports.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::Url;

use super::{Meaning, shown, text};
use crate::settings::document::Raw;
use crate::settings::mistake::Problem;

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
    const TODO: &str = "write an address like http://192.168.1.10:8123";
    let begins = "does not begin with http://, https://, ws:// or wss://";
    let elsewhere = "the token belongs in HOME_ASSISTANT_TOKEN or token_file";
    bare(raw, (&["http", "https", "ws", "wss"], begins), elsewhere, TODO)
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
    let begins = "does not begin with http:// or https://";
    bare(raw, (&["http", "https"], begins), "these belong in username and password_file", TODO)
}

/// An address of one of these schemes that holds nothing but where somebody listens. `elsewhere`: where a user or password belongs.
fn bare(raw: Raw<'_>, (schemes, begins): (&[&str], &str), elsewhere: &str, todo: &str) -> Meaning<Url> {
    let text = text(raw).map_err(|problem| problem.but(todo))?;
    let url = Url::parse(text).map_err(|_| Problem::new("not an address", todo))?;
    if !schemes.contains(&url.scheme()) {
        return Err(Problem::new(begins, todo));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Problem::new("names no host", todo));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new("holds a user or password", format!("{todo}; {elsewhere}")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Problem::new("holds a ? or #", todo));
    }
    Ok(url)
}

/// Home Assistant's address, as a person types it.
pub(crate) fn url_of(text: &str) -> Result<Url, Problem> {
    url(Raw::Text(text.trim()))
}
