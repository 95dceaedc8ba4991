//! From an address as a person writes it to the one that is connected to.

use std::fmt;

use url::Url;

/// Where Home Assistant's WebSocket API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether the stream is encrypted.
    pub tls: bool,
    /// Name or IP address; an IPv6 one without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path of the API, with the slash.
    pub path: String,
}

impl Address {
    /// Takes any of `http`, `https`, `ws`, `wss`, with the API's path, with the path of a proxy, or without one. None
    /// when it names no host or has another scheme.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let tls = match url.scheme() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return None,
        };
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let given = url.path().trim_end_matches('/');
        let path = if given.ends_with("/websocket") {
            given.to_owned()
        } else {
            format!("{}/api/websocket", given.trim_end_matches("/api"))
        };
        Some(Self { tls, host, port: url.port_or_known_default()?, path })
    }

    /// Whether the name is one that only multicast DNS knows.
    #[must_use]
    pub fn is_local_name(&self) -> bool {
        self.host.trim_end_matches('.').to_ascii_lowercase().ends_with(".local")
    }

    /// `host:port`, an IPv6 address in brackets.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_way_to_write_it_leads_to_the_api() {
        for (written, address) in [
            ("http://192.168.1.10:8123", "ws://192.168.1.10:8123/api/websocket"),
            ("http://ha.local", "ws://ha.local:80/api/websocket"),
            ("https://ha.example.org/", "wss://ha.example.org:443/api/websocket"),
            ("wss://ha.example.org:8443/api/websocket", "wss://ha.example.org:8443/api/websocket"),
            ("ws://[fd00::1]:8123/api", "ws://[fd00::1]:8123/api/websocket"),
            ("https://proxy.example.org/house/", "wss://proxy.example.org:443/house/api/websocket"),
            ("ws://supervisor/core/websocket", "ws://supervisor:80/core/websocket"),
        ] {
            assert_eq!(Address::of(&Url::parse(written).unwrap()).unwrap().to_string(), address);
        }
        assert_eq!(Address::of(&Url::parse("mqtt://a").unwrap()), None);
    }
}
