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

use hearthline_core::Timestamp;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;

use super::fields::identifier;
use super::query::NoAnswer;
use super::{Server, Table, Version, words};
use crate::sinks::influxdb::answer::Meaning;
use crate::sinks::influxdb::schema::FieldType;
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
                self.order(version, &format!("DROP SERIES FROM {from} WHERE {tag} = {}", literal(value)))
                    .await
            }
            Version::V2 => {
                let both = [predicate("_measurement", measurement), predicate(tag, value)].join(" AND ");
                self.delete(&both).await
            }
            Version::V3 => self.clear(version, measurement).await,
        }
    }

    /// Deletes points from one time to another, both included: of the series that has exactly these tags, or of all. Version 2
    /// deletes of all alone.
    ///
    /// # Errors
    /// When there is no answer (it may have been done), or the server refuses; version 3 deletes no points.
    pub async fn delete_points(
        &mut self,
        table: &Table,
        tags: Option<&[(String, String)]>,
        (first, last): (i64, i64),
    ) -> Result<(), Stop> {
        match table.version {
            Version::V1 => {
                let mut order = format!("DELETE FROM {} WHERE ", table.from());
                for tag in table.tags.iter().filter(|_| tags.is_some()) {
                    let has = tags.into_iter().flatten().find(|(name, _)| name == tag);
                    let value = has.map_or("", |(_, value)| value.as_str());
                    // A tag that a series does not have is empty.
                    order += &format!("{} = {} AND ", identifier(tag), literal(value));
                }
                order += &format!("time >= {first} AND time <= {last}");
                self.order(table.version, &order).await
            }
            Version::V2 if tags.is_none() => {
                let times = (rfc3339(first), rfc3339(last));
                self.delete_between(&predicate("_measurement", &table.measurement), (&times.0, &times.1))
                    .await
            }
            Version::V2 => Err(Stop::Parked("InfluxDB 2 has no way to name a tag that is missing".into())),
            Version::V3 => Err(Stop::Parked("InfluxDB 3 deletes no points".into())),
        }
    }

    /// The retention policies beside the default one that have points of the measurement: a delete of version 1 hits these, too.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn elsewhere(&mut self, version: Version, measurement: &str) -> Result<Vec<String>, Stop> {
        if version != Version::V1 {
            return Ok(Vec::new());
        }
        let query = format!("SHOW RETENTION POLICIES ON {}", identifier(&self.config.database));
        let policies = self.influx_ql(version, &query).await?.map_err(Stop::Parked)?;
        let others = policies.iter().filter(|row| row.get("default") != Some("true"));
        let others: Vec<String> = others.filter_map(|row| Some(row.get("name")?.to_owned())).collect();
        let mut found = Vec::new();
        for policy in others {
            let from = format!("{}.{}", identifier(&policy), identifier(measurement));
            let answer = self.select(version, &format!("SELECT * FROM {from} LIMIT 1")).await?;
            if !answer.rows(&[])?.0.is_empty() {
                found.push(policy);
            }
        }
        Ok(found)
    }

    /// Whether what is written can be read: version 2 reads a bucket in InfluxQL by a mapping, which can be to another bucket. A
    /// point of a measurement of its own is written, looked for, and deleted.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn reads_what_it_writes(&mut self, version: Version) -> Result<bool, Stop> {
        const PROBE: &str = "hearthline_test";
        if version != Version::V2 {
            return Ok(true);
        }
        if let Meaning::Parked(words) = self.write(version, format!("{PROBE} probe=1 1\n").as_bytes()).await?
        {
            return Err(Stop::Parked(words));
        }
        let table = self.table(version, PROBE).await?;
        let found = self.count(&table, "probe", FieldType::Float, &(0..2)).await?;
        self.clear(version, PROBE).await?;
        Ok(found == 1)
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
        self.delete_between(predicate, (FIRST, LAST)).await
    }

    async fn delete_between(&mut self, predicate: &str, (start, stop): (&str, &str)) -> Result<(), Stop> {
        let (org, bucket) = (self.config.org.clone().unwrap_or_default(), self.config.database.clone());
        let query = [("org", &*org), ("bucket", &*bucket)];
        let mut question = self.question(Some(Version::V2), Method::POST, "/api/v2/delete", &query);
        question.headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        question.body = json!({ "start": start, "stop": stop, "predicate": predicate }).to_string().into();
        let answer = self.ask(&question).await?;
        match answer.status {
            200..=299 => Ok(()),
            500.. => Err(Stop::Later { after: None, words: words(&answer) }),
            _ => Err(Stop::Parked(format!("{}: let the token write to the bucket", words(&answer)))),
        }
    }
}

/// A text in InfluxQL.
fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{escaped}'")
}

/// To the nanosecond.
fn rfc3339(nanos: i64) -> String {
    let to_micros = Timestamp(nanos.div_euclid(1000)).to_string();
    format!("{}{:03}Z", to_micros.trim_end_matches('Z'), nanos.rem_euclid(1000))
}

/// As version 2 reads it.
fn predicate(column: &str, value: &str) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    format!("{}={}", quoted(column), quoted(value))
}
