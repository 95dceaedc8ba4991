//! Questions whose answers are tables, and the cells of these with their types.
//!
//! A number is read from the digits that were sent: neither an integer beyond 2^53 nor the last bit of a float is lost. InfluxDB
//! sends JSON, so a text that is no UTF-8 comes with U+FFFD in it; nothing that Home Assistant says is such a text.

use std::collections::HashMap;

use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use memchr::memmem;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use url::form_urlencoded::Serializer;

use super::{Server, Version, words};
use crate::http::{Answer, HttpError};
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::stored::FieldValue;

/// Why a question has no answer.
pub(super) enum NoAnswer {
    /// It would be larger than an answer is read.
    TooLarge,
    /// The server refuses it, in its words.
    Refused(String),
    /// Nobody answers, or not now.
    Stop(Stop),
}

impl From<NoAnswer> for Stop {
    fn from(why: NoAnswer) -> Self {
        match why {
            NoAnswer::TooLarge => {
                Self::Parked("the server answered more than 16 MiB to a question about one time".into())
            }
            NoAnswer::Refused(words) => Self::Parked(words),
            NoAnswer::Stop(stop) => stop,
        }
    }
}

/// An answer, not read yet.
pub(super) struct Reply {
    version: Version,
    body: Answer,
}

/// A row: the cells of the columns that were asked for, none where there is no value.
pub(super) type Cells<'a> = Vec<Option<&'a str>>;

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct InfluxQl<'a> {
    results: Vec<Outcome<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Outcome<'a> {
    error: Option<String>,
    #[serde(borrow)]
    series: Vec<Series<'a>>,
    partial: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Series<'a> {
    #[serde(borrow)]
    values: Vec<Vec<&'a RawValue>>,
    partial: bool,
}

impl Server {
    /// Asks in InfluxQL (versions 1 and 2) or SQL (version 3).
    pub(super) async fn select(&mut self, version: Version, query: &str) -> Result<Reply, NoAnswer> {
        let database = self.config.database.clone();
        let (path, kind, body) = match version {
            Version::V1 | Version::V2 => {
                let pairs = [("db", &*database), ("epoch", "ns"), ("q", query)];
                let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
                ("/query", "application/x-www-form-urlencoded", body)
            }
            Version::V3 => {
                let body = json!({ "db": database, "q": query, "format": "json" }).to_string();
                ("/api/v3/query_sql", "application/json", body)
            }
        };
        let mut question = self.question(Some(version), Method::POST, path, &[]);
        question.headers.push((CONTENT_TYPE, HeaderValue::from_static(kind)));
        question.body = body.into();
        let body = self.peer.ask(&question).await.map_err(|error| match error {
            HttpError::TooLarge { .. } => NoAnswer::TooLarge,
            error => NoAnswer::Stop(Self::stopped(error)),
        })?;
        match (body.status, self.refusal(version, &body)) {
            (200, None) => Ok(Reply { version, body }),
            (500.., Some(words)) => Err(NoAnswer::Stop(Stop::Later { after: None, words })),
            (_, words) => Err(NoAnswer::Refused(words.unwrap_or_else(|| self::words(&body)))),
        }
    }

    /// Why an answer is none.
    fn refusal(&self, version: Version, answer: &Answer) -> Option<String> {
        let within = || {
            let body: InfluxQl<'_> = serde_json::from_slice(&answer.body).ok()?;
            body.results.into_iter().find_map(|result| result.error)
        };
        let said = match answer.status {
            200 if version == Version::V3 => None,
            // A page may have megabytes, and is read anyway. Within a text the quotes are escaped.
            200 if memmem::find(&answer.body, b"\"error\"").is_none() => None,
            200 => within(),
            _ => Some(words(answer)),
        }?;
        // A bucket is a database to InfluxQL where it is mapped to one.
        let is_unmapped = version == Version::V2
            && (said.contains("database not found") || said.to_lowercase().contains("dbrp"));
        Some(if is_unmapped {
            let name = &self.config.database;
            format!(
                "{said}: InfluxDB 2 reads a bucket in InfluxQL where a database is mapped to it; make that mapping with `influx v1 \
                 dbrp create --db {name} --rp autogen --default --bucket-id <the id of {name}>`"
            )
        } else {
            said
        })
    }
}

impl Reply {
    /// How many bytes it has.
    pub(super) fn size(&self) -> usize {
        self.body.body.len()
    }

    /// Its rows, with the cells of these columns in this order; and whether the server left some out, because it has a limit of
    /// its own. The names are what version 3 goes by; the others send the columns as they were asked for.
    pub(super) fn rows(&self, columns: &[&str]) -> Result<(Vec<Cells<'_>>, bool), Stop> {
        let read = match self.version {
            Version::V3 => self.objects(columns),
            Version::V1 | Version::V2 => self.series(columns.len()),
        };
        read.map_err(|why| Stop::Parked(format!("the server's answer cannot be read ({why})")))
    }

    fn series(&self, columns: usize) -> Result<(Vec<Cells<'_>>, bool), serde_json::Error> {
        let body: InfluxQl<'_> = serde_json::from_slice(&self.body.body)?;
        let mut partial = false;
        let mut rows = Vec::new();
        for result in body.results {
            partial |= result.partial;
            for series in result.series {
                partial |= series.partial;
                rows.extend(series.values.into_iter().map(|cells| {
                    let mut cells: Cells<'_> = cells.into_iter().map(cell).collect();
                    cells.resize(columns, None);
                    cells
                }));
            }
        }
        Ok((rows, partial))
    }

    fn objects(&self, columns: &[&str]) -> Result<(Vec<Cells<'_>>, bool), serde_json::Error> {
        let rows: Vec<HashMap<String, &RawValue>> = serde_json::from_slice(&self.body.body)?;
        let cells = rows.iter().map(|row| {
            columns.iter().map(|name| row.get(*name).copied().and_then(cell)).collect::<Cells<'_>>()
        });
        Ok((cells.collect(), false))
    }
}

fn cell(raw: &RawValue) -> Option<&str> {
    Some(raw.get()).filter(|text| *text != "null")
}

/// A value of that type; none where it is none.
pub(super) fn value(cell: &str, kind: FieldType) -> Option<FieldValue> {
    Some(match kind {
        FieldType::Float => FieldValue::Float(cell.parse().ok()?),
        FieldType::Integer => FieldValue::Integer(cell.parse().ok()?),
        FieldType::Unsigned => FieldValue::Unsigned(cell.parse().ok()?),
        FieldType::Text => FieldValue::Text(text(cell)?),
        FieldType::Bool => FieldValue::Bool(cell.parse().ok()?),
    })
}

/// A text in JSON.
pub(super) fn text(cell: &str) -> Option<String> {
    serde_json::from_str(cell).ok()
}

/// A number as a count or a time is; version 3 may say it as a text.
pub(super) fn whole(cell: &str) -> Option<i64> {
    cell.trim_matches('"').parse().ok()
}
