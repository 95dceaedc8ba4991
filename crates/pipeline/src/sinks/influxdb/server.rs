//! The server: which one it is, what it has, and how it is written to.
//!
//! | | 1 | 2 | 3 |
//! | --- | --- | --- | --- |
//! | written to at | `/write?db=` | `/api/v2/write?org=&bucket=` | `/api/v3/write_lp?db=` |
//! | says who it is at | `/ping`, `/query` | `/ping`, `/health` | `/ping` |
//! | its fields | `SHOW FIELD KEYS` at `/query` | the same | `information_schema` at `/api/v3/query_sql` |
//! | what it keeps | `SHOW RETENTION POLICIES` | `/api/v2/buckets` | it does not say |
//! | made if missing | `CREATE DATABASE` | `/api/v2/buckets` | by the first write |
//!
//! A database that had rows of ours and is gone is not made (3 makes it by itself): the sink is parked, and a person decides.
//!
//! That a user or token may write is known without a write: of an empty one, rights and database are looked at first. Whatever
//! may not be read (fields, retention) is not known, and learned from refusals.

mod reading;

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;

use self::reading::{InfluxQl, Rows, bucket_of, duration_of, first_id, version_of};
use super::answer::{Meaning, meaning, type_of};
use super::schema::FieldType;
use super::send::Stop;
use crate::http::{Answer, HttpError, Peer, Question};
use crate::sources::home_assistant::tls::TrustError;
use crate::sources::home_assistant::{Address, Token, Trust, dial};

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
    pub password: Option<Token>,
    /// In place of user and password.
    pub token: Option<Token>,
    /// Whose certificates are taken.
    pub trust: Trust,
}

/// The server.
pub struct Server {
    config: ServerConfig,
    peer: Peer,
    /// Before every path; without a slash at its end.
    base: String,
}

/// What the server said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// How it is written to.
    pub version: Version,
    /// As it calls itself; empty if it does not.
    pub says: String,
    /// It speaks like an InfluxDB 1 and is none (VictoriaMetrics): it takes a line break inside a text for the end of the line.
    pub reads_lines: bool,
    /// How old points may be; none if for ever, or not known.
    pub retention: Option<Duration>,
    /// Measurement, field and type; a field with several types stands there several times.
    pub fields: Vec<(String, String, FieldType)>,
    /// Why the fields are not known, if they are not.
    pub fields_unknown: Option<String>,
    /// The database was not there and has been made.
    pub made: bool,
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
        Ok(Self { peer: Peer::new(address, dial), base, config })
    }

    /// What is written to, for a person.
    #[must_use]
    pub fn what(&self, version: Version) -> String {
        let kind = if version == Version::V2 { "bucket" } else { "database" };
        format!("{kind} {:?}", self.config.database)
    }

    /// Finds out everything: who it is, whether we may write, what it has of these measurements. A missing database is made if
    /// `make` says so.
    ///
    /// # Errors
    /// When nothing can be written now.
    pub async fn open(&mut self, measurements: &[&str], make: bool) -> Result<Opened, Stop> {
        let (version, says, reads_lines) = self.who().await?;
        if version == Version::V2 && self.config.org.is_none() {
            return Err(Stop::Parked(
                "this is InfluxDB 2, which wants to know the organisation: set org".into(),
            ));
        }
        let mut made = false;
        match self.may_write(version).await {
            Err((404, words)) if make && version != Version::V3 => {
                self.make(version).await.map_err(|why| why.unwrap_or(Stop::Parked(words)))?;
                made = true;
                self.may_write(version).await.map_err(|(_, words)| Stop::Parked(words))?;
            }
            Err((0, words)) => return Err(Stop::Later { after: None, words }),
            Err((_, words)) => return Err(Stop::Parked(words)),
            Ok(()) => {}
        }
        let retention = self.retention(version).await?;
        let (fields, fields_unknown) = match self.fields(version, measurements).await? {
            Ok(fields) => (fields, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        Ok(Opened { version, says, reads_lines, retention, fields, fields_unknown, made })
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

    /// Which server this is, what it calls itself, and whether it only speaks like one.
    async fn who(&mut self) -> Result<(Version, String, bool), Stop> {
        let answer = self.get("/ping", &[]).await?;
        if answer.status >= 500 {
            return Err(Stop::Later { after: None, words: words(&answer) });
        }
        let mut says = version_of(&answer).unwrap_or_default();
        if says.is_empty() {
            let health = self.get("/health", &[]).await?;
            says = version_of(&health).unwrap_or_default();
        }
        if says.is_empty() {
            // VictoriaMetrics says which InfluxDB it speaks like where InfluxDB is spoken alone.
            let query = self.get("/query", &[("q", "SHOW DATABASES")]).await?;
            says = version_of(&query).unwrap_or_default();
        }
        let found = match says.trim_start_matches('v').split('.').next() {
            Some("0" | "1") => Some(Version::V1),
            Some("2") => Some(Version::V2),
            Some("3") => Some(Version::V3),
            _ => None,
        };
        // Every InfluxDB says of which build it is.
        let reads_lines = found == Some(Version::V1) && answer.header("x-influxdb-build").is_none();
        match (self.config.version.or(found), answer.status) {
            (Some(version), _) => Ok((version, says, reads_lines)),
            (None, 401 | 403) => Err(Stop::Parked(format!(
                "{}: the server does not say who it is without a right token; set token, or user and password, and version",
                words(&answer)
            ))),
            (None, status) => Err(Stop::Parked(format!(
                "the server does not say which InfluxDB it is (HTTP {status} at /ping): set version to 1, 2 or 3, and see \
                 that url is right"
            ))),
        }
    }

    /// An empty write: rights and database come first. The error has the status, 0 for what may pass.
    async fn may_write(&mut self, version: Version) -> Result<(), (u16, String)> {
        let answer = self.post_lines(version, Bytes::new(), None).await.map_err(|stop| match stop {
            Stop::Later { words, .. } => (0, words),
            Stop::Parked(words) => (400, words),
        })?;
        match (answer.status, meaning(&answer, &self.what(version))) {
            (status, Meaning::Parked(words)) => Err((status, words)),
            (_, Meaning::Later { words, .. }) => Err((0, words)),
            _ => Ok(()),
        }
    }

    /// Makes the database. The error is none where it is not permitted, or where it cannot be known.
    async fn make(&mut self, version: Version) -> Result<(), Option<Stop>> {
        let name = self.config.database.clone();
        let answer = match version {
            Version::V1 | Version::V3 => {
                let query = format!("CREATE DATABASE {}", identifier(&name));
                self.question(Some(version), Method::POST, "/query", &[("q", &query)])
            }
            Version::V2 => {
                let org = self.config.org.clone().unwrap_or_default();
                let orgs = self.get("/api/v2/orgs", &[("org", &org)]).await.map_err(Some)?;
                let id = first_id(&orgs.body).ok_or(None)?;
                let mut question = self.question(Some(version), Method::POST, "/api/v2/buckets", &[]);
                question.headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
                question.body = json!({ "orgID": id, "name": name, "retentionRules": [] }).to_string().into();
                question
            }
        };
        let answer = self.ask(&answer).await.map_err(Some)?;
        let refused = serde_json::from_slice::<InfluxQl>(&answer.body).ok().and_then(|body| body.error());
        match (answer.status, refused) {
            (200..=299, None) => Ok(()),
            (_, Some(why)) => Err(Some(Stop::Parked(format!(
                "{} is not there and may not be made ({why}): make it, or let the user make it",
                self.what(version)
            )))),
            _ => Err(Some(Stop::Parked(format!(
                "{} is not there and may not be made ({}): make it in InfluxDB, or let the token make it",
                self.what(version),
                words(&answer)
            )))),
        }
    }

    /// How old points may be.
    async fn retention(&mut self, version: Version) -> Result<Option<Duration>, Stop> {
        let name = self.config.database.clone();
        match version {
            Version::V1 => {
                let query = format!("SHOW RETENTION POLICIES ON {}", identifier(&name));
                let answer = self.influx_ql(version, &query).await?;
                Ok(answer.ok().and_then(|rows| {
                    let row = rows.iter().find(|row| row.get("default") == Some("true"))?;
                    duration_of(row.get("duration")?)
                }))
            }
            Version::V2 => {
                let org = self.config.org.clone().unwrap_or_default();
                let answer = self.get("/api/v2/buckets", &[("org", &org), ("name", &name)]).await?;
                Ok(bucket_of(&answer.body, &name))
            }
            Version::V3 => Ok(None),
        }
    }

    /// The fields of these measurements; the inner error is why they are not known.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn fields(
        &mut self,
        version: Version,
        measurements: &[&str],
    ) -> Result<Result<Vec<(String, String, FieldType)>, String>, Stop> {
        if version == Version::V3 {
            return self.columns(measurements).await;
        }
        let mut fields = Vec::new();
        for measurement in measurements {
            let query = format!("SHOW FIELD KEYS FROM {}", identifier(measurement));
            match self.influx_ql(version, &query).await? {
                Err(why) => return Ok(Err(why)),
                Ok(rows) => fields.extend(rows.iter().filter_map(|row| {
                    let name = row.get("fieldKey")?.to_owned();
                    Some(((*measurement).to_owned(), name, type_of(row.get("fieldType")?)?))
                })),
            }
        }
        Ok(Ok(fields))
    }

    async fn columns(
        &mut self,
        measurements: &[&str],
    ) -> Result<Result<Vec<(String, String, FieldType)>, String>, Stop> {
        let names: Vec<_> =
            measurements.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
        let query = format!(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_name IN ({})",
            names.join(", ")
        );
        let database = self.config.database.clone();
        let query = [("db", &*database), ("format", "json"), ("q", &query)];
        let question = self.question(Some(Version::V3), Method::GET, "/api/v3/query_sql", &query);
        let answer = self.ask(&question).await?;
        match answer.status {
            200 => Ok(Ok(reading::columns(&answer.body))),
            404 => Ok(Ok(Vec::new())), // the first write makes it
            _ => Ok(Err(words(&answer))),
        }
    }

    /// Asks in InfluxQL; the inner error is a refusal in words.
    async fn influx_ql(&mut self, version: Version, query: &str) -> Result<Result<Rows, String>, Stop> {
        let database = self.config.database.clone();
        let query = [("db", &*database), ("q", query)];
        let question = self.question(Some(version), Method::GET, "/query", &query);
        let answer = self.ask(&question).await?;
        match (answer.status, serde_json::from_slice::<InfluxQl>(&answer.body)) {
            (200, Ok(body)) => Ok(body.rows()),
            _ => Ok(Err(words(&answer))),
        }
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
                let password = password.as_ref().map_or("", Token::expose);
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            (None, None) => return None,
        };
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some((AUTHORIZATION, value))
    }

    async fn ask(&mut self, question: &Question) -> Result<Answer, Stop> {
        self.peer.ask(question).await.map_err(|error| match error {
            HttpError::Question(_) => Stop::Parked(format!("{error}: correct url")),
            error => Stop::Later { after: None, words: error.to_string() },
        })
    }
}

/// In InfluxQL.
fn identifier(name: &str) -> String {
    let mut quoted = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The words of an answer that is no answer to a write.
fn words(answer: &Answer) -> String {
    match meaning(&Answer { status: answer.status.max(400), ..answer.clone() }, "it") {
        Meaning::Refused { words, .. } | Meaning::Later { words, .. } | Meaning::Parked(words) => words,
        _ => format!("HTTP {}", answer.status),
    }
}
