//! What a server says of what it has: fields with their types, and how long it keeps points.

use std::time::Duration;

use hyper::Method;

use super::reading::{self, InfluxQl, Rows, bucket_of, duration_of, shards_of};
use super::{Server, Version, words};
use crate::sinks::influxdb::answer::type_of;
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;

/// Of what the fields are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measurements<'m> {
    /// Of these measurements.
    These(Vec<&'m str>),
    /// Of all that the database has.
    All,
}

impl Server {
    /// How old points may be.
    pub(super) async fn retention(&mut self, version: Version) -> Result<Option<Duration>, Stop> {
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

    /// The name of the default retention policy, and how long its shards are, where that is said.
    pub(super) async fn shard_length(
        &mut self,
        version: Version,
    ) -> Result<(String, Option<Duration>), Stop> {
        let name = self.config.database.clone();
        if version == Version::V2 {
            let org = self.config.org.clone().unwrap_or_default();
            let answer = self.get("/api/v2/buckets", &[("org", &org), ("name", &name)]).await?;
            return Ok((String::new(), shards_of(&answer.body, &name)));
        }
        let query = format!("SHOW RETENTION POLICIES ON {}", identifier(&name));
        let rows = self.influx_ql(version, &query).await?.map_err(Stop::Parked)?;
        let row = rows.iter().find(|row| row.get("default") == Some("true"));
        Ok(row.map_or_else(Default::default, |row| {
            let text = |column| row.get(column).unwrap_or_default();
            (text("name").to_owned(), duration_of(text("shardGroupDuration")))
        }))
    }

    /// The fields of these measurements; the inner error is why they are not known.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn fields(
        &mut self,
        version: Version,
        measurements: &Measurements<'_>,
    ) -> Result<Result<Vec<(String, String, FieldType)>, String>, Stop> {
        if version == Version::V3 {
            return self.columns(measurements).await;
        }
        let queries = match measurements {
            Measurements::All => vec!["SHOW FIELD KEYS".to_owned()],
            Measurements::These(names) => {
                names.iter().map(|name| format!("SHOW FIELD KEYS FROM {}", identifier(name))).collect()
            }
        };
        let mut fields = Vec::new();
        for query in queries {
            match self.influx_ql(version, &query).await? {
                Err(why) => return Ok(Err(why)),
                Ok(rows) => fields.extend(rows.iter().filter_map(|row| {
                    let name = row.get("fieldKey")?.to_owned();
                    Some((row.series().to_owned(), name, type_of(row.get("fieldType")?)?))
                })),
            }
        }
        Ok(Ok(fields))
    }

    async fn columns(
        &mut self,
        measurements: &Measurements<'_>,
    ) -> Result<Result<Vec<(String, String, FieldType)>, String>, Stop> {
        let of = match measurements {
            Measurements::All => "table_schema = 'iox'".to_owned(),
            Measurements::These(names) => {
                let names: Vec<_> =
                    names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
                format!("table_name IN ({})", names.join(", "))
            }
        };
        let query =
            format!("SELECT table_name, column_name, data_type FROM information_schema.columns WHERE {of}");
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
    pub(super) async fn influx_ql(
        &mut self,
        version: Version,
        query: &str,
    ) -> Result<Result<Rows, String>, Stop> {
        let database = self.config.database.clone();
        let query = [("db", &*database), ("q", query)];
        let question = self.question(Some(version), Method::GET, "/query", &query);
        let answer = self.ask(&question).await?;
        match (answer.status, serde_json::from_slice::<InfluxQl>(&answer.body)) {
            (200, Ok(body)) => Ok(body.rows()),
            _ => Ok(Err(words(&answer))),
        }
    }
}

/// In InfluxQL.
pub(super) fn identifier(name: &str) -> String {
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
