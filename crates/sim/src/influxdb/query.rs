//! The few questions of InfluxQL that are asked here, answered as 1.6.7 answers them.

mod statement;

use serde_json::{Value, json};

use super::State;
use super::database::Database;
use super::http::{Reply, Request};
use statement::{Statement, What};

/// Answers a request to `/query`.
pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    let Some(question) = request.parameter("q") else {
        return Reply::json(400, json!({ "error": "missing required parameter \"q\"" }));
    };
    let database = request.parameter("db").unwrap_or_default();
    let mut results = Vec::new();
    for (id, text) in question.split(';').filter(|part| !part.trim().is_empty()).enumerate() {
        let statement = match Statement::parse(text) {
            Ok(statement) => statement,
            Err(words) => {
                return Reply::json(400, json!({ "error": format!("error parsing query: {words}") }));
            }
        };
        results.push(match state.result(&database, &statement) {
            Ok(series) if series.is_empty() => json!({ "statement_id": id }),
            Ok(series) => json!({ "statement_id": id, "series": series }),
            Err(words) => json!({ "statement_id": id, "error": words }),
        });
    }
    Reply::json(200, json!({ "results": results }))
}

impl State {
    fn result(&mut self, database: &str, statement: &Statement) -> Result<Vec<Value>, String> {
        match &statement.what {
            What::Databases => return Ok(names("databases", self.databases.keys().map(String::as_str))),
            What::Create(name) => {
                let one_type = self.one_type;
                self.databases.entry(name.clone()).or_insert_with(|| Database::new(None, one_type));
                return Ok(Vec::new());
            }
            What::Drop(name) => {
                self.databases.remove(name);
                return Ok(Vec::new());
            }
            _ => {}
        }
        let name = statement.on.as_deref().unwrap_or(database);
        if name.is_empty() {
            return Err("database name required".into());
        }
        let known = self.databases.get_mut(name);
        let database = known.ok_or_else(|| format!("database not found: {name}"))?;
        Ok(database.result(statement))
    }
}

impl Database {
    fn result(&mut self, statement: &Statement) -> Vec<Value> {
        let each = |columns: &[&str], rows: &dyn Fn(&str) -> Vec<Value>| {
            let all = self.measurements().into_iter();
            let wanted = all.filter(|name| statement.from.as_ref().is_none_or(|from| from == name));
            let series = wanted.map(|name| (name, rows(name))).filter(|(_, rows)| !rows.is_empty());
            series.map(|(name, rows)| json!({ "name": name, "columns": columns, "values": rows })).collect()
        };
        match &statement.what {
            What::Measurements => names("measurements", self.measurements().into_iter()),
            What::Fields => each(&["fieldKey", "fieldType"], &|measurement| {
                let fields = self.fields(measurement).into_iter();
                fields.map(|(name, kind)| json!([name, kind.word()])).collect()
            }),
            What::Tags => each(&["tagKey"], &|measurement| {
                self.tags(measurement).into_iter().map(|name| json!([name])).collect()
            }),
            What::Count(field, kind) => each(&["time", "count"], &|measurement| {
                let fields = self.fields(measurement);
                let first = fields.iter().find(|(name, _)| name == field).map(|(_, kind)| *kind);
                let count = kind.or(first).map_or(0, |kind| self.count(measurement, field, kind));
                if count == 0 { Vec::new() } else { vec![json!(["1970-01-01T00:00:00Z", count])] }
            }),
            What::Retention => {
                let seconds = self.retention.map_or(0, |kept| kept.as_secs());
                let kept = match seconds {
                    0 => "0s".to_owned(),
                    seconds => format!("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60),
                };
                vec![json!({
                    "columns": ["name", "duration", "shardGroupDuration", "replicaN", "default"],
                    "values": [["autogen", kept, "168h0m0s", 1, true]],
                })]
            }
            What::DropMeasurement(measurement) => {
                self.drop_measurement(measurement);
                Vec::new()
            }
            What::Databases | What::Create(_) | What::Drop(_) => Vec::new(),
        }
    }
}

fn names<'a>(of: &str, names: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let names: Vec<Value> = names.map(|name| json!([name])).collect();
    if names.is_empty() {
        Vec::new()
    } else {
        vec![json!({ "name": of, "columns": ["name"], "values": names })]
    }
}
