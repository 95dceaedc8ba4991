//! The questions of InfluxQL that are asked here, answered as 1.6.7 answers them.

mod lexer;
pub(super) mod parser;
pub(super) mod select;
mod statement;

use hearthline_core::Timestamp;
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
    let epoch = request.parameter("epoch").is_some();
    for (id, text) in statements(&question).into_iter().enumerate() {
        if let Some(result) = state.points(&database, text, epoch) {
            match result {
                Ok(Answered::Series(series)) if series.is_empty() => {
                    results.push(json!({ "statement_id": id }))
                }
                Ok(Answered::Series(series)) => results.push(json!({ "statement_id": id, "series": series })),
                Ok(Answered::Refused(words)) => results.push(json!({ "statement_id": id, "error": words })),
                Err(words) => {
                    return Reply::json(400, json!({ "error": format!("error parsing query: {words}") }));
                }
            }
            continue;
        }
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

/// The statements of a question; a `;` in quotes or in a regular expression ends none.
fn statements(question: &str) -> Vec<&str> {
    let (mut statements, mut start, mut quote) = (Vec::new(), 0, None);
    let mut chars = question.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'' | '/') => quote = Some(c),
            (None, ';') => {
                statements.push(question.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    statements.push(question.get(start..).unwrap_or_default());
    statements.retain(|statement| !statement.trim().is_empty());
    statements
}

/// What a statement about points says.
enum Answered {
    Series(Vec<Value>),
    Refused(String),
}

impl State {
    /// Selects or deletes points; none for a statement that does neither. The error is of a statement that is not understood.
    fn points(&mut self, database: &str, text: &str, epoch: bool) -> Option<Result<Answered, String>> {
        let mut words = text.split_whitespace();
        let word = words.next()?.to_uppercase();
        let of_series = words.next().is_some_and(|word| word.eq_ignore_ascii_case("SERIES"));
        let known = |state: &mut Self| match state.databases.contains_key(database) {
            true => Ok(()),
            false => Err(Answered::Refused(format!("database not found: {database}"))),
        };
        match word.as_str() {
            "SELECT" => {
                let selection = match parser::selection(text) {
                    Ok(selection) => selection,
                    Err(words) => return Some(Err(words)),
                };
                if let Err(refused) = known(self) {
                    return Some(Ok(refused));
                }
                let answered = self.databases.get(database).map(|of| of.selected(&selection, epoch));
                Some(Ok(match answered {
                    Some(Ok(series)) => Answered::Series(series),
                    Some(Err(words)) => Answered::Refused(words),
                    None => Answered::Series(Vec::new()),
                }))
            }
            "DROP" if !of_series => None,
            "DELETE" | "DROP" => {
                let deletion = match parser::deletion(text) {
                    Ok(deletion) => deletion,
                    Err(words) => return Some(Err(words)),
                };
                if let Err(refused) = known(self) {
                    return Some(Ok(refused));
                }
                Some(Ok(match self.databases.get_mut(database).map(|of| of.delete(&deletion)) {
                    Some(Err(words)) => Answered::Refused(words),
                    _ => Answered::Series(Vec::new()),
                }))
            }
            _ => None,
        }
    }

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
        if statement.what == What::AllShards {
            let all = self.databases.iter_mut();
            let what = |name: &String| Statement { what: What::Shards(name.clone()), on: None, from: None };
            return Ok(all.flat_map(|(name, of)| of.result(&what(name))).collect());
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
    fn selected(&self, selection: &select::Selection, epoch: bool) -> Result<Vec<Value>, String> {
        let names = selection.names(self);
        let columns: Vec<&str> = std::iter::once("time").chain(names.iter().map(String::as_str)).collect();
        let time = |nanos: i64| match epoch {
            true => json!(nanos),
            false => json!(rfc3339(nanos)),
        };
        let series = selection.answer(self)?.into_iter().map(|rows| {
            let values = rows.rows.into_iter().map(|(at, row)| {
                let mut cells = vec![time(at)];
                cells.extend(row);
                Value::Array(cells)
            });
            let values: Vec<_> = values.collect();
            match rows.tags {
                Some(tags) => {
                    json!({ "name": selection.from, "tags": tags, "columns": columns, "values": values })
                }
                None => json!({ "name": selection.from, "columns": columns, "values": values }),
            }
        });
        Ok(series.collect())
    }

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
            What::Shards(database) => {
                let rows = self.weeks().map(|week| {
                    let (start, end) = (rfc3339(week.start), rfc3339(week.end));
                    json!([1, database, "autogen", 1, start, end, end, ""])
                });
                let rows: Vec<_> = rows.collect();
                let columns = [
                    "id",
                    "database",
                    "retention_policy",
                    "shard_group",
                    "start_time",
                    "end_time",
                    "expiry_time",
                    "owners",
                ];
                vec![json!({ "name": database, "columns": columns, "values": rows })]
            }
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
            What::Databases | What::AllShards | What::Create(_) | What::Drop(_) => Vec::new(),
        }
    }
}

/// As Go writes it, without a fraction that is nothing.
fn rfc3339(nanos: i64) -> String {
    let text = Timestamp(nanos.div_euclid(1000)).to_string();
    let (seconds, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((&text, ""));
    let fraction = format!("{fraction}{:03}", nanos.rem_euclid(1000));
    match fraction.trim_end_matches('0') {
        "" => format!("{seconds}Z"),
        fraction => format!("{seconds}.{fraction}Z"),
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
