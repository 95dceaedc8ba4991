//! The server: which one it is, what it has, and how it is written to.
//!
//! | | 1 | 2 | 3 |
//! | --- | --- | --- | --- |
//! | written to at | `/write?db=` | `/api/v2/write?org=&bucket=` | `/api/v3/write_lp?db=` |
//! | says who it is at | `/ping`, `/query` | `/ping`, `/health` | `/ping` |
//! | its fields | `SHOW FIELD KEYS` at `/query` | the same | `information_schema` at `/api/v3/query_sql` |
//! | what it keeps | `SHOW RETENTION POLICIES` | `/api/v2/buckets` | it does not say |
//! | made if missing | `CREATE DATABASE` | `/api/v2/buckets` | by the first write |
//! | its points | InfluxQL at `/query` | the same, for a bucket that is mapped | SQL at `/api/v3/query_sql` |
//!
//! A database that had rows of ours and is gone is not made (3 makes it by itself): the sink is parked, and a person decides.
//!
//! That a user or token may write is known without a write: of an empty one, rights and database are looked at first. Whatever
//! may not be read (fields, retention) is not known, and learned from refusals.

mod clear;
mod fields;
mod numbers;
mod open;
pub mod page;
pub mod points;
mod query;
mod reading;
pub mod table;
pub mod trial;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use hearthline_core::Secret;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;
use url::form_urlencoded::Serializer;

pub use self::fields::Measurements;
pub use self::open::Opened;
pub use self::page::Reader;
pub use self::table::{EVER, Table};
pub use self::trial::{TRIAL, Trial};
use super::answer::{Meaning, meaning};
use super::send::Stop;
use crate::http::{Answer, HttpError, Limits, Peer, Question};
use crate::sources::home_assistant::tls::TrustError;
use crate::sources::home_assistant::{Address, Trust, dial};

/// The generation of a server, by how it is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// 1.x, and what speaks like it.
    V1,
    /// 2.x and its cloud.
    V2,
    /// 3.x.
    V3,
}

/// Where a server is, and who we are there.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `http` or `https`, with the path of a proxy or without.
    pub url: Url,
    /// None: it is asked.
    pub version: Option<Version>,
    /// The database of versions 1 and 3, the bucket of version 2.
    pub database: String,
    /// The organisation of version 2.
    pub org: Option<String>,
    /// With a password.
    pub username: Option<String>,
    /// Of that user.
    pub password: Option<Secret>,
    /// In place of user and password.
    pub token: Option<Secret>,
    /// Whose certificates are taken.
    pub trust: Trust,
}

impl ServerConfig {
    /// A server of whatever version, which lets in whoever comes.
    #[must_use]
    pub fn new(url: Url, database: impl Into<String>) -> Self {
        Self {
            url,
            version: None,
            database: database.into(),
            org: None,
            username: None,
            password: None,
            token: None,
            trust: Trust::default(),
        }
    }
}

/// The server.
pub struct Server {
    config: ServerConfig,
    peer: Peer,
    /// Before every path; without a slash at its end.
    base: String,
}

impl Server {
    /// Connects when it is asked for the first time.
    ///
    /// # Errors
    /// When the address names no host, or the certificates to trust cannot be used.
    pub fn new(config: ServerConfig) -> Result<Self, TrustError> {
        let address = Address::of(&config.url).ok_or(TrustError::NoRoots("url names no host".into()))?;
        let dial = dial::tcp(address.clone(), &config.trust)?;
        let base = config.url.path().trim_end_matches('/').to_owned();
        Ok(Self { peer: Peer::new(address, dial, Limits::default()), base, config })
    }

    /// What is written to, for a person.
    #[must_use]
    pub fn what(&self, version: Version) -> String {
        let kind = if version == Version::V2 { "bucket" } else { "database" };
        format!("{kind} {:?}", self.config.database)
    }

    /// Whether somebody is there.
    ///
    /// # Errors
    /// When nobody is, or it can take nothing now.
    pub async fn ping(&mut self) -> Result<(), Stop> {
        let answer = self.get("/ping", &[]).await?;
        match answer.status {
            500.. => Err(Stop::Later { after: None, words: words(&answer) }),
            _ => Ok(()),
        }
    }

    /// Writes lines.
    ///
    /// # Errors
    /// When there is no answer; they may have been taken then.
    pub async fn write(&mut self, version: Version, lines: &[u8]) -> Result<Meaning, Stop> {
        let mut packed = GzEncoder::new(Vec::with_capacity(lines.len() / 4), Compression::fast());
        let packed = packed.write_all(lines).and_then(|()| packed.finish());
        let packed = packed.map_err(|error| Stop::Parked(format!("lines cannot be compressed ({error})")))?;
        let encoding = (CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let answer = self.post_lines(version, packed.into(), Some(encoding)).await?;
        Ok(meaning(&answer, &self.what(version)))
    }

    async fn post_lines(
        &mut self,
        version: Version,
        body: Bytes,
        encoding: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Answer, Stop> {
        let database = self.config.database.clone();
        let org = self.config.org.clone().unwrap_or_default();
        let (path, query) = match version {
            Version::V1 => ("/write", vec![("db", &*database), ("precision", "ns")]),
            Version::V2 => {
                ("/api/v2/write", vec![("org", &*org), ("bucket", &*database), ("precision", "ns")])
            }
            Version::V3 => (
                "/api/v3/write_lp",
                vec![("db", &*database), ("precision", "nanosecond"), ("accept_partial", "true")],
            ),
        };
        let mut question = self.question(Some(version), Method::POST, path, &query);
        question.headers.push((CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")));
        question.headers.extend(encoding);
        question.body = body;
        self.ask(&question).await
    }

    async fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Stop> {
        let question = self.question(self.config.version, Method::GET, path, query);
        self.ask(&question).await
    }

    fn question(
        &self,
        version: Option<Version>,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Question {
        let base = &self.base;
        let target = if query.is_empty() {
            format!("{base}{path}")
        } else {
            let query = Serializer::new(String::new()).extend_pairs(query).finish();
            format!("{base}{path}?{query}")
        };
        let mut headers = vec![(ACCEPT, HeaderValue::from_static("application/json"))];
        headers.extend(self.authorization(version));
        Question { method, target, headers, body: Bytes::new() }
    }

    /// Who we are. Version 3 calls a token `Bearer`; before the version is known, `Token` is said, which 3 understands too.
    fn authorization(&self, version: Option<Version>) -> Option<(HeaderName, HeaderValue)> {
        let ServerConfig { username, password, token, .. } = &self.config;
        let text = match (token, username) {
            (Some(token), _) if version == Some(Version::V3) => format!("Bearer {}", token.expose()),
            (Some(token), _) => format!("Token {}", token.expose()),
            (None, Some(user)) => {
                let password = password.as_ref().map_or("", Secret::expose);
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            (None, None) => return None,
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some((AUTHORIZATION, value))
    }

    async fn ask(&mut self, question: &Question) -> Result<Answer, Stop> {
        self.peer.ask(question).await.map_err(Self::stopped)
    }

    fn stopped(error: HttpError) -> Stop {
        match error {
            HttpError::Question(_) => Stop::Parked(format!("{error}: correct url")),
            HttpError::Tls { .. } => Stop::Later {
                after: None,
                words: format!("{error}; name its authority with ca_file, or set tls_verify = false"),
            },
            error => Stop::Later { after: None, words: error.to_string() },
        }
    }
}

/// The words of an answer that is no answer to a write.
fn words(answer: &Answer) -> String {
    match meaning(&Answer { status: answer.status.max(400), ..answer.clone() }, "it") {
        Meaning::Refused { words, .. } | Meaning::Later { words, .. } | Meaning::Parked(words) => words,
        _ => format!("HTTP {}", answer.status),
    }
}
