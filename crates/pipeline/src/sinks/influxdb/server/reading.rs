//! What a server says about itself, read.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::http::Answer;
use crate::sinks::influxdb::answer::type_of;
use crate::sinks::influxdb::schema::FieldType;

/// An answer to InfluxQL.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct InfluxQl {
    error: Option<String>,
    results: Vec<Outcome>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Outcome {
    error: Option<String>,
    series: Vec<Series>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Series {
    name: String,
    columns: Vec<String>,
    values: Vec<Vec<Value>>,
}

/// Rows of tables.
pub(super) struct Rows(Vec<Table>);

struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One of them.
pub(super) struct Row<'r>(&'r Table, &'r [String]);

impl InfluxQl {
    /// Why it was refused.
    pub(super) fn error(&self) -> Option<String> {
        self.error.clone().or_else(|| self.results.iter().find_map(|result| result.error.clone()))
    }

    pub(super) fn rows(self) -> Result<Rows, String> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        let series = self.results.into_iter().flat_map(|result| result.series);
        let table = |Series { name, columns, values }| {
            let rows = values.into_iter().map(|row: Vec<Value>| row.iter().map(text).collect());
            Table { name, columns, rows: rows.collect() }
        };
        Ok(Rows(series.map(table).collect()))
    }
}

impl Rows {
    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.0.iter().flat_map(|table| table.rows.iter().map(move |row| Row(table, row)))
    }
}

impl<'r> Row<'r> {
    /// The name of the series that it belongs to.
    pub(super) fn series(&self) -> &'r str {
        &self.0.name
    }

    pub(super) fn get(&self, column: &str) -> Option<&'r str> {
        let at = self.0.columns.iter().position(|name| name == column)?;
        self.1.get(at).map(String::as_str)
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The version as a header or a body has it.
pub(super) fn version_of(answer: &Answer) -> Option<String> {
    #[derive(Deserialize)]
    struct Health {
        version: String,
    }
    if answer.status >= 400 {
        return None;
    }
    if let Some(version) = answer.header("x-influxdb-version") {
        return Some(version.to_owned());
    }
    serde_json::from_slice::<Health>(&answer.body).ok().map(|health| health.version)
}

/// The id of the first organisation.
pub(super) fn first_id(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.pointer("/orgs/0/id")?.as_str()?.to_owned())
}

/// How long the bucket of that name keeps points; none if for ever.
pub(super) fn bucket_of(body: &[u8], name: &str) -> Option<Duration> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let buckets = body.get("buckets")?.as_array()?;
    let bucket = buckets.iter().find(|bucket| bucket.get("name").and_then(Value::as_str) == Some(name))?;
    let seconds = bucket.pointer("/retentionRules/0/everySeconds")?.as_u64()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// The fields among the columns of version 3; tags and time have types of their own.
pub(super) fn columns(body: &[u8]) -> Vec<(String, String, FieldType)> {
    #[derive(Deserialize)]
    struct Column {
        table_name: String,
        column_name: String,
        data_type: String,
    }
    let columns: Vec<Column> = serde_json::from_slice(body).unwrap_or_default();
    let columns = columns.into_iter();
    columns
        .filter_map(|column| Some((column.table_name, column.column_name, type_of(&column.data_type)?)))
        .collect()
}

/// How long the shards of the bucket of that name are.
pub(super) fn shards_of(body: &[u8], name: &str) -> Option<Duration> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let buckets = body.get("buckets")?.as_array()?;
    let bucket = buckets.iter().find(|bucket| bucket.get("name").and_then(Value::as_str) == Some(name))?;
    bucket.pointer("/retentionRules/0/shardGroupDurationSeconds")?.as_u64().map(Duration::from_secs)
}

/// A duration as Go writes it, `168h0m0s`; none for `0s`, which is for ever.
pub(super) fn duration_of(text: &str) -> Option<Duration> {
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(end)?;
        let unit = match after.as_bytes().first()? {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = after.get(1..)?;
    }
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(body: &str) -> Result<Rows, String> {
        serde_json::from_str::<InfluxQl>(body).unwrap().rows()
    }

    #[test]
    fn a_table_of_influxql_is_read_by_the_names_of_its_columns() {
        let body = r#"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["fieldKey","fieldType"],
            "values":[["attr_a","string"],["attr_a","boolean"],["value","float"]]}]}]}"#;
        let rows = rows(body).unwrap();
        let read: Vec<_> = rows.iter().map(|row| (row.get("fieldKey"), row.get("fieldType"))).collect();
        assert_eq!(read[1], (Some("attr_a"), Some("boolean")));
        assert_eq!(rows.iter().next().unwrap().get("other"), None);
    }

    #[test]
    fn what_is_refused_within_an_answer_is_refused() {
        assert!(rows(r#"{"error":"error authorizing query"}"#).is_err());
        assert!(rows(r#"{"results":[{"statement_id":0,"error":"database not found: x"}]}"#).is_err());
        assert_eq!(rows(r#"{"results":[{"statement_id":0}]}"#).unwrap().iter().count(), 0);
    }

    #[test]
    fn what_victoria_metrics_answers_to_everything_has_no_fields() {
        let body = r#"{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["_internal"]]}]}]}"#;
        assert!(
            rows(body)
                .unwrap()
                .iter()
                .all(|row| row.get("fieldKey").is_none() && row.get("duration").is_none())
        );
    }

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, seconds) in [
            ("168h0m0s", Some(604_800)),
            ("1h30m5s", Some(5405)),
            ("0s", None),
            ("", None),
            ("1d", None),
            ("h", None),
        ] {
            assert_eq!(duration_of(text).map(|duration| duration.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn a_bucket_is_found_by_its_whole_name() {
        let body = br#"{"buckets":[{"name":"house2","retentionRules":[{"everySeconds":60}]},{"name":"house","retentionRules":[{"type":"expire","everySeconds":3600}]}]}"#;
        assert_eq!(bucket_of(body, "house"), Some(Duration::from_secs(3600)));
        assert_eq!(bucket_of(br#"{"buckets":[{"name":"house","retentionRules":[]}]}"#, "house"), None);
        assert_eq!(bucket_of(b"nonsense", "house"), None);
    }

    #[test]
    fn the_columns_of_version_3_that_are_fields() {
        let body = br#"[{"table_name":"m","column_name":"entity_id","data_type":"Dictionary(Int32, Utf8)"},
            {"table_name":"m","column_name":"time","data_type":"Timestamp(Nanosecond, None)"},
            {"table_name":"m","column_name":"value","data_type":"Float64"},
            {"table_name":"m","column_name":"n","data_type":"Int64"}]"#;
        let read = columns(body);
        assert_eq!(
            read,
            [("m".into(), "value".into(), FieldType::Float), ("m".into(), "n".into(), FieldType::Integer)]
        );
    }
}
