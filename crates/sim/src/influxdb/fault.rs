//! What an InfluxDB does badly. Words and headers are as recorded from 1.6.7 where that does so, else as documented for
//! 2.x; a proxy's page is as proxies write it.

use std::time::Duration;

use serde_json::json;

use super::http::{Reply, Request};

/// What goes wrong until it is healed, or for some writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfluxFault {
    /// The port is closed and so are the connections.
    Down,
    /// Each answer takes so long.
    Slow(Duration),
    /// It takes what is written and never answers.
    Silent,
    /// It takes what is written, and the connection breaks in the middle of the answer.
    CutAnswer,
    /// It breaks while the request is read.
    CutRequest,
    /// Writes: 500, the cache is full.
    CacheFull,
    /// Writes: 500 for a reason that it keeps to itself.
    Internal,
    /// A proxy before it answers: 502, a page.
    BadGateway,
    /// Writes: 503, with how many seconds to wait, if it says so.
    Unavailable(Option<u64>),
    /// Writes: 429, likewise.
    TooMany(Option<u64>),
    /// Writes: 413 for a body of more bytes, as they come.
    TooLarge(usize),
    /// 401 to everything but the question who it is.
    Unauthorised,
    /// Writes: 403.
    Forbidden,
    /// Writes: 404, the database or bucket is gone, and whoever asks may not make it.
    NotFound,
    /// Writes: 400, no more series fit, and nothing is stored.
    MaxSeries,
    /// Writes: lines in which this stands cannot be read; 400 names them, and the others are stored.
    Malformed(&'static str),
    /// Writes: points in which this stands are not stored; 400 says how many, but not which, and the others are.
    InvalidField(&'static str),
}

impl InfluxFault {
    /// The answer in place of the right one, if this fault is one.
    pub(super) fn reply(self, request: &Request, is_write: bool) -> Option<Reply> {
        let refuse = |status, words: &str| Some(Reply::json(status, json!({ "error": words })));
        let later = |status, words: &str, wait: Option<u64>| {
            let reply = refuse(status, words)?;
            Some(match wait {
                Some(seconds) => reply.with("Retry-After", seconds.to_string()),
                None => reply,
            })
        };
        match self {
            Self::BadGateway => {
                Some(Reply::text(502, "<html><head><title>502 Bad Gateway</title></head></html>"))
            }
            Self::Unauthorised if matches!(request.route().1, "/ping" | "/health") => None,
            Self::Unauthorised => Some(
                Reply::json(
                    401,
                    json!({ "code": "unauthorized", "message": "unauthorized access",
                    "error": "authorization failed" }),
                )
                .with("WWW-Authenticate", "Basic realm=\"InfluxDB\""),
            ),
            Self::NotFound if makes(request) => refuse(403, "not authorized to make a database or bucket"),
            _ if !is_write => None,
            Self::CacheFull => refuse(500, "engine: cache-max-memory-size exceeded: (2720000/1048576)"),
            Self::Internal => refuse(500, "timeout"),
            Self::Unavailable(wait) => later(503, "unavailable", wait),
            Self::TooMany(wait) => later(429, "too many requests", wait),
            Self::TooLarge(most) if request.body.len() > most => refuse(413, "Request Entity Too Large"),
            Self::Forbidden => refuse(403, "\"hearthline\" user is not authorized to write to database"),
            Self::NotFound => refuse(404, "database not found: \"gone\""),
            Self::MaxSeries => {
                refuse(400, "partial write: max-series-per-database limit exceeded: (1000000) dropped=1")
            }
            Self::Down
            | Self::Slow(_)
            | Self::Silent
            | Self::CutAnswer
            | Self::CutRequest
            | Self::TooLarge(_)
            | Self::Malformed(_)
            | Self::InvalidField(_) => None,
        }
    }

    /// What stands in the lines of which it takes none.
    pub(super) const fn unwanted(self) -> Option<&'static str> {
        match self {
            Self::Malformed(word) | Self::InvalidField(word) => Some(word),
            _ => None,
        }
    }

    /// What is said of lines that were not taken while their neighbours were.
    pub(super) fn partial(self, lines: &[String], others: bool) -> Reply {
        let words = match self {
            Self::Malformed(_) => {
                let each = lines.iter().map(|line| format!("unable to parse '{line}': bad timestamp"));
                let each = each.collect::<Vec<_>>().join("\n");
                if others { format!("partial write: {each} dropped=0") } else { each }
            }
            _ => format!(
                "partial write: invalid field name: input field \"time\" on measurement \"m\" is invalid dropped={}",
                lines.len()
            ),
        };
        Reply::json(400, json!({ "error": words })).with("X-Influxdb-Error", words)
    }
}

/// Whether a database or bucket is to be made.
fn makes(request: &Request) -> bool {
    match request.route() {
        ("POST", "/api/v2/buckets" | "/api/v3/configure/database") => true,
        ("GET" | "POST", "/query") => {
            request.parameter("q").is_some_and(|question| question.to_uppercase().contains("CREATE DATABASE"))
        }
        _ => false,
    }
}
