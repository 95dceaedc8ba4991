//! Deleting a measurement with the types of its fields.
//!
//! | version | command | what is known of it |
//! | --- | --- | --- |
//! | 1 | `DROP MEASUREMENT` | frees every type in every shard (measured on 1.6.7; there `DELETE`, also of everything, and `DROP SERIES` free none, and leave types that `SHOW FIELD KEYS` no longer shows). The user has to be an administrator |
//! | 2 | `/api/v2/delete` with `_measurement` | frees the types of each shard in which nothing of the measurement is left (influxdata/influxdb#10517) |
//! | 3 | `DELETE /api/v3/configure/table` | the table and its columns are gone; data can only be deleted by the table |
//!
//! None of them deletes one field. Whether a type is free is known when a value of it is taken.

use std::ops::Range;

use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use super::fields::identifier;
use super::query::NoAnswer;
use super::{Server, Version, words};
use crate::sinks::influxdb::send::Stop;

/// All that version 2 can have, from the first nanosecond to behind the last.
const FIRST: &str = "1677-09-21T00:12:43.145224194Z";
const LAST: &str = "2262-04-11T23:47:16.854775806Z";

impl Server {
    /// The command that deletes a measurement with its types, for a person.
    #[must_use]
    pub fn clearing(version: Version, measurement: &str) -> String {
        match version {
            Version::V1 => format!("DROP MEASUREMENT {}", identifier(measurement)),
            Version::V2 => {
                format!("POST /api/v2/delete with the predicate {}", predicate("_measurement", measurement))
            }
            Version::V3 => format!("DELETE /api/v3/configure/table?table={measurement}"),
        }
    }

    /// Deletes a measurement and whatever the server knows of it. One that is not there is deleted.
    ///
    /// # Errors
    /// When there is no answer (it may have been done), or the server refuses.
    pub async fn clear(&mut self, version: Version, measurement: &str) -> Result<(), Stop> {
        match version {
            Version::V1 => self.order(version, &Self::clearing(version, measurement)).await,
            Version::V2 => self.delete(&predicate("_measurement", measurement)).await,
            Version::V3 => {
                let database = self.config.database.clone();
                let query = [("db", &*database), ("table", measurement)];
                let question =
                    self.question(Some(version), Method::DELETE, "/api/v3/configure/table", &query);
                let answer = self.ask(&question).await?;
                match answer.status {
                    200..=299 | 404 => Ok(()),
                    500.. => Err(Stop::Later { after: None, words: words(&answer) }),
                    _ => Err(Stop::Parked(format!("{}: let the token delete tables", words(&answer)))),
                }
            }
        }
    }

    /// Deletes the points of a measurement that have that tag. Version 3 deletes no points: there the whole measurement goes.
    ///
    /// # Errors
    /// As [`Server::clear`].
    pub async fn clear_tagged(
        &mut self,
        version: Version,
        measurement: &str,
        (tag, value): (&str, &str),
    ) -> Result<(), Stop> {
        match version {
            Version::V1 => {
                let (from, tag) = (identifier(measurement), identifier(tag));
                let value = value.replace('\\', "\\\\").replace('\'', "\\'");
                self.order(version, &format!("DROP SERIES FROM {from} WHERE {tag} = '{value}'")).await
            }
            Version::V2 => {
                let both = [predicate("_measurement", measurement), predicate(tag, value)].join(" AND ");
                self.delete(&both).await
            }
            Version::V3 => self.clear(version, measurement).await,
        }
    }

    /// The shards that a range touches, in order; one for all times where a type is for all times.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn shards_in(&mut self, version: Version, range: &Range<i64>) -> Result<Vec<Range<i64>>, Stop> {
        match version {
            Version::V3 => Ok(vec![range.clone()]),
            Version::V1 | Version::V2 => self.shards(version, range).await,
        }
    }

    /// An order in InfluxQL.
    async fn order(&mut self, version: Version, order: &str) -> Result<(), Stop> {
        match self.select(version, order).await {
            Ok(_) => Ok(()),
            Err(NoAnswer::Refused(words)) if words.contains("measurement not found") => Ok(()),
            Err(NoAnswer::Refused(words)) if words.contains("authorized") => Err(Stop::Parked(format!(
                "{words}: grant that user ALL PRIVILEGES, or give this order as an administrator: {order}"
            ))),
            Err(why) => Err(why.into()),
        }
    }

    async fn delete(&mut self, predicate: &str) -> Result<(), Stop> {
        let (org, bucket) = (self.config.org.clone().unwrap_or_default(), self.config.database.clone());
        let query = [("org", &*org), ("bucket", &*bucket)];
        let mut question = self.question(Some(Version::V2), Method::POST, "/api/v2/delete", &query);
        question.headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        question.body = json!({ "start": FIRST, "stop": LAST, "predicate": predicate }).to_string().into();
        let answer = self.ask(&question).await?;
        match answer.status {
            200..=299 => Ok(()),
            500.. => Err(Stop::Later { after: None, words: words(&answer) }),
            _ => Err(Stop::Parked(format!("{}: let the token write to the bucket", words(&answer)))),
        }
    }
}

/// As version 2 reads it.
fn predicate(column: &str, value: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    format!("{}={}", quoted(column), quoted(value))
}
