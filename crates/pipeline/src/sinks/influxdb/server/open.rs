//! Finding out who answers, and whether it can be written to.

use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use super::fields::{Measurements, identifier};
use super::reading::{InfluxQl, first_id, version_of};
use super::{Server, Version, words};
use crate::sinks::influxdb::answer::{Meaning, meaning};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;

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
    /// Finds out everything: who it is, whether we may write, what it has of these measurements. A missing database is made if
    /// `make` says so.
    ///
    /// # Errors
    /// When nothing can be written now.
    pub async fn open(&mut self, measurements: &Measurements<'_>, make: bool) -> Result<Opened, Stop> {
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

    /// Whether the database is not there, and so has to be made; version 3 makes it with the first write.
    ///
    /// # Errors
    /// When nothing can be written now for another reason.
    pub async fn is_missing(&mut self) -> Result<Option<Version>, Stop> {
        let (version, ..) = self.who().await?;
        match self.may_write(version).await {
            Ok(()) => Ok(None),
            Err((404, _)) if version != Version::V3 => Ok(Some(version)),
            Err((0, words)) => Err(Stop::Later { after: None, words }),
            Err((_, words)) => Err(Stop::Parked(words)),
        }
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
}
