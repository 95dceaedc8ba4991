//! `[[notify]]`: where people are told; `[mqtt]`: the broker over which Home Assistant shows how we are.

use std::path::PathBuf;

use axum::http::{HeaderName, HeaderValue};
use hearthline_pipeline::webhook::{Shape, Urgency};

use super::document::{Document, Table};
use super::kinds::{self, NotifyType};
use super::mistake::Problem;
use super::origin::Setting;
use super::read::{Reader, or};
use super::secret::Secret;

const PER_HOUR: usize = 12;
/// Of MQTT without encryption, and with it.
const PORTS: (u16, u16) = (1883, 8883);

/// A place where people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notify {
    /// What it is called.
    pub(crate) name: Setting<String>,
    /// How messages look.
    pub(crate) shape: Shape,
    /// Whoever knows it may write there.
    pub(crate) url: Setting<Secret>,
    /// The file that it was read from.
    pub(crate) url_file: Option<Setting<PathBuf>>,
    /// Who we are there.
    pub(crate) token: Option<Setting<Secret>>,
    /// The file that it was read from.
    pub(crate) token_file: Option<Setting<PathBuf>>,
    /// What is said beside each message.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// What is less urgent is not told there.
    pub(crate) level: Setting<Urgency>,
    /// Messages within an hour, at most.
    pub(crate) per_hour: Setting<usize>,
    /// More certificates to trust, PEM.
    pub(crate) ca_file: Option<Setting<PathBuf>>,
    /// Whether the certificate is checked.
    pub(crate) tls_verify: Setting<bool>,
}

/// The broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mqtt {
    /// Name or address.
    pub(crate) host: Setting<String>,
    /// TCP port.
    pub(crate) port: Setting<u16>,
    /// Whether it is encrypted.
    pub(crate) tls: Setting<bool>,
    /// Who we are there.
    pub(crate) username: Option<Setting<String>>,
    /// Of that user.
    pub(crate) password: Option<Setting<Secret>>,
    /// The file that it was read from.
    pub(crate) password_file: Option<Setting<PathBuf>>,
    /// Where Home Assistant looks for devices.
    pub(crate) prefix: Setting<String>,
    /// What the device is called.
    pub(crate) name: Setting<String>,
    /// More certificates to trust, PEM.
    pub(crate) ca_file: Option<Setting<PathBuf>>,
    /// Whether the certificate is checked.
    pub(crate) tls_verify: Setting<bool>,
}

impl Reader<'_> {
    /// All places; what is wrong is told.
    pub(super) fn notify<'d>(&self, tables: Vec<Table<'d>>, document: &'d Document<'d>) -> Vec<Notify> {
        let mut places: Vec<Notify> = Vec::new();
        for table in tables {
            let at = table.place();
            let Some(place) = self.place(table) else { continue };
            if places.iter().any(|other| *other.name == *place.name) {
                let reason = format!("two places are called {:?}", *place.name);
                let problem = Problem::new(reason, "give each a name = \"..\" of its own");
                document.mistake(at, "notify.name", problem);
            }
            places.push(place);
        }
        places
    }

    fn place(&self, mut table: Table<'_>) -> Option<Notify> {
        let at = table.place();
        let mistake = |key: &str, reason: &str, todo: &str| {
            self.document.mistake(at.clone(), key, Problem::new(reason, todo));
        };
        let kind = table.field("type", None, kinds::notify_type);
        if kind.is_none() && !table.contains("type") {
            mistake("notify.type", "a place without a type", kinds::NOTIFY_TYPES);
        }
        let (url, url_file) = self.secret(&mut table, "url", "url_file", None, kinds::webhook_url);
        if url.is_none() && !table.contains("url") && !table.contains("url_file") {
            mistake("notify.url", "a place without an address", "write url = \"..\", or url_file");
        }
        let (token, token_file) = self.secret(&mut table, "token", "token_file", None, kinds::secret);
        let body = table.field("body", None, kinds::template);
        let headers = table.texts("headers").into_iter().filter_map(|(name, value)| {
            let header = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
            if let (Ok(name), Ok(mut value)) = header {
                value.set_sensitive(true);
                return Some((name, value));
            }
            mistake(
                "notify.headers",
                &format!("{name:?} is no header"),
                "write headers = { X-Name = \"text\" }",
            );
            None
        });
        let headers = headers.collect();
        let name = table.field("name", None, kinds::place_name);
        let level = table.field("level", None, kinds::level);
        let per_hour = table.field("per_hour", None, kinds::count);
        let ca_file = table.field("ca_file", None, kinds::path).map(|path| self.path(path));
        let tls_verify = or(table.field("tls_verify", None, kinds::flag), true);
        // What is there and wrong is told already, and not every command may read a file with a secret.
        let (has_body, has_token) =
            (table.contains("body"), table.contains("token") || table.contains("token_file"));
        let kind = kind.map(|kind| kind.value);
        table.finish();
        let shape = match (kind?, body) {
            (NotifyType::Preset(_), Some(_)) => {
                mistake("notify.body", "of no use with this type", "write type = \"template\", or remove it");
                None
            }
            (NotifyType::Preset(shape), None) => Some(shape),
            (NotifyType::Template, Some(body)) => Some(Shape::Template(body.value)),
            (NotifyType::Template, None) => {
                if !has_body {
                    let todo = "write body = '{\"title\": \"{title}\", \"message\": \"{text}\"}'";
                    mistake("notify.body", "a template without a body", todo);
                }
                None
            }
        };
        if shape == Some(Shape::Gotify) && !has_token {
            mistake("notify.token", "Gotify wants the token of an application", "write token, or token_file");
        }
        let name = name.unwrap_or_else(|| Setting::default(shape.as_ref().map_or("", Shape::as_str).into()));
        Some(Notify {
            name,
            shape: shape?,
            url: url?,
            url_file,
            token,
            token_file,
            headers,
            level: or(level, Urgency::Warning),
            per_hour: or(per_hour, PER_HOUR),
            ca_file,
            tls_verify,
        })
    }

    /// The broker, if one is named.
    pub(super) fn mqtt(&self, mut table: Table<'_>) -> Option<Mqtt> {
        let at = table.place();
        let host = table.field("host", None, kinds::name);
        let tls = or(table.field("tls", None, kinds::flag), false);
        let port = or(table.field("port", None, kinds::port), if *tls { PORTS.1 } else { PORTS.0 });
        let username = table.field("username", None, kinds::name);
        let (password, password_file) =
            self.secret(&mut table, "password", "password_file", None, kinds::secret);
        let prefix = or(table.field("prefix", None, kinds::topic), "homeassistant".into());
        let name = or(table.field("name", None, kinds::device_name), "Hearthline".into());
        let ca_file = table.field("ca_file", None, kinds::path).map(|path| self.path(path));
        let tls_verify = or(table.field("tls_verify", None, kinds::flag), true);
        let mistake = |key: &str, reason: &str, todo: &str| {
            self.document.mistake(at.clone(), key, Problem::new(reason, todo));
        };
        if host.is_none() && !table.contains("host") && at != super::mistake::Place::Missing {
            mistake(
                "mqtt.host",
                "a broker without an address",
                "write host = \"192.168.1.10\", or remove [mqtt]",
            );
        }
        if username.is_none() && password.is_some() {
            mistake("mqtt.password", "a password without a user", "write username = \"..\"");
        }
        table.finish();
        Some(Mqtt {
            host: host?,
            port,
            tls,
            username,
            password,
            password_file,
            prefix,
            name,
            ca_file,
            tls_verify,
        })
    }
}
