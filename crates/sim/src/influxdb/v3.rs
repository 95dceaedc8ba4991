//! InfluxDB 3 Core. Nothing of it is recorded: paths, status and the list of refused lines are as documented. What its
//! own reader says of a line is documented by example only; this one says the same of all.

use serde_json::{Value, json};

use super::database::{Column, Database, Refusal};
use super::http::{Reply, Request};
use super::line::Reading;
use super::point::{FieldKind, FieldValue, Point};
use super::query::parser;
use super::query::select::What;
use super::v1::unit;
use super::{State, query};

const VERSION: &str = "3.4.1";

/// What it answers.
pub(super) fn answer(state: &mut State, request: &Request, now: i64) -> Reply {
    let route = request.route();
    let reply = match route {
        _ if !state.access.lets_in(request) => {
            Reply::json(401, json!({ "error": "the request was not authenticated" }))
        }
        ("GET" | "POST", "/ping") => {
            Reply::json(200, json!({ "version": VERSION, "revision": "0000000000" }))
        }
        ("GET", "/health") => Reply::text(200, "OK"),
        ("POST", "/api/v3/write_lp") => write(state, request, now),
        ("POST", "/api/v3/configure/database") => create(state, request),
        ("DELETE", "/api/v3/configure/table") => delete(state, request),
        ("GET", "/api/v3/configure/database") => {
            let names: Vec<_> = state.databases.keys().map(|name| json!({ "iox::database": name })).collect();
            Reply::json(200, Value::Array(names))
        }
        ("GET" | "POST", "/api/v3/query_sql") => sql(state, request),
        ("GET" | "POST", "/query") => query::answer(state, request),
        _ => Reply::text(404, "not found"),
    };
    reply
        .with("X-Influxdb-Build", "Core")
        .with("X-Influxdb-Version", VERSION)
        .with("cluster-uuid", "01234567-89ab-cdef-0123-456789abcdef")
}

fn write(state: &mut State, request: &Request, now: i64) -> Reply {
    let Some(name) = request.parameter("db").filter(|name| !name.is_empty()) else {
        return Reply::json(400, json!({ "error": "missing query parameters 'db'" }));
    };
    let Ok(body) = request.plain() else {
        return Reply::json(400, json!({ "error": "error decoding gzip stream: invalid gzip header" }));
    };
    // Whoever writes to a database that is not there makes it.
    let database = state.databases.entry(name).or_insert_with(|| Database::new(None, true));
    let reading = Reading { unit: unit(request.parameter("precision").as_deref()), now, unsigned: true };
    let (mut points, mut numbers, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for line in reading.read(&body) {
        match line.point {
            Ok(point) => {
                numbers.push((line.number, shown(&point)));
                points.push(point);
            }
            Err(_) => {
                let text = String::from_utf8_lossy(line.text).into_owned();
                let words = format!("Could not parse entire line. Found trailing content: `{text}`");
                refused.push((line.number, text, words));
            }
        }
    }
    let offered = points.len() + refused.len();
    for point in database.write(points, now) {
        let (number, text) = numbers.get(point.index).cloned().unwrap_or_default();
        refused.push((number, text, words(&point.why)));
    }
    refused.sort_unstable();
    state.counters.stored += (offered - refused.len()) as u64;
    state.counters.refused += refused.len() as u64;
    if refused.is_empty() {
        return Reply::empty(204);
    }
    let told = |(number, text, words)| json!({ "original_line": text, "line_number": number, "error_message": words });
    let data: Vec<_> = refused.into_iter().map(told).collect();
    Reply::json(400, json!({ "error": "partial write of line protocol occurred", "data": data }))
}

/// A line as this server repeats it: without the quotes of texts.
fn shown(point: &Point) -> String {
    let tags: String = point.tags.iter().map(|(name, value)| format!(",{name}={value}")).collect();
    let value = |value: &FieldValue| match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Bool(bool) => bool.to_string(),
        FieldValue::Float(float) => float.to_string(),
        FieldValue::Integer(integer) => format!("{integer}i"),
        FieldValue::Unsigned(integer) => format!("{integer}u"),
    };
    let fields: Vec<_> =
        point.fields.iter().map(|(name, given)| format!("{name}={}", value(given))).collect();
    format!("{}{tags} {} {}", point.measurement, fields.join(","), point.time)
}

fn words(why: &Refusal) -> String {
    let column = |column: Column| match column {
        Column::Tag => "iox::column_type::tag".to_owned(),
        Column::Field(kind) => format!("iox::column_type::field::{}", word(kind)),
    };
    match why {
        Refusal::Type { field, given, known } => format!(
            "invalid column type for column '{field}', expected {}, got {}",
            column(*known),
            column(*given)
        ),
        Refusal::TimeField | Refusal::TimeTag | Refusal::Spoilt => {
            "invalid column type for column 'time', expected iox::column_type::timestamp".to_owned()
        }
        Refusal::BeyondRetention => "line is outside of the retention period".to_owned(),
    }
}

const fn word(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Unsigned => "uinteger",
        kind => kind.word(),
    }
}

/// A table, and its columns with it.
fn delete(state: &mut State, request: &Request) -> Reply {
    let given = |name: &str| request.parameter(name).unwrap_or_default();
    let (name, table) = (given("db"), given("table"));
    let known = state.databases.get_mut(&name).filter(|database| database.measurements().contains(&&*table));
    let Some(database) = known else {
        return Reply::json(
            404,
            json!({ "error": format!("the requested resource was not found: {table}") }),
        );
    };
    database.drop_measurement(&table);
    Reply::empty(200)
}

fn create(state: &mut State, request: &Request) -> Reply {
    let Some(name) = request.word("db") else {
        return Reply::json(400, json!({ "error": "invalid database name" }));
    };
    if state.databases.contains_key(&name) {
        let words = format!("attempted to create a resource that already exists: {name}");
        return Reply::json(409, json!({ "error": words }));
    }
    state.databases.insert(name, Database::new(None, true));
    Reply::json(200, json!({}))
}

/// A selection of points: objects, without the columns that are null.
fn selected(database: &Database, question: &str) -> Reply {
    let selection = match parser::selection(question) {
        Ok(selection) => selection,
        Err(words) => return Reply::json(400, json!({ "error": format!("SQL parser error: {words}") })),
    };
    if !database.measurements().contains(&selection.from.as_str()) {
        let words = format!("Error during planning: table 'public.iox.{}' not found", selection.from);
        return Reply::json(400, json!({ "error": words }));
    }
    let names = selection.names(database);
    let counts = matches!(selection.columns.as_slice(), [(What::Count(_), _)]);
    let mut objects = Vec::new();
    for (time, row) in selection.answer(database).unwrap_or_default().into_iter().flat_map(|rows| rows.rows) {
        let cells = names.iter().cloned().zip(row).filter(|(_, value)| !value.is_null());
        let mut object: serde_json::Map<String, Value> = cells.collect();
        if !counts {
            object.insert("time".into(), json!(time));
        }
        objects.push(Value::Object(object));
    }
    if counts && objects.is_empty() {
        objects.extend(names.first().map(|name| json!({ name: 0 })));
    }
    Reply::json(200, Value::Array(objects))
}

/// Questions in SQL: the columns of the tables, from `information_schema.columns`, and selections of points.
fn sql(state: &State, request: &Request) -> Reply {
    let given = |name: &str| request.parameter(name).or_else(|| request.word(name)).unwrap_or_default();
    let (name, question) = (given("db"), given("q"));
    let Some(database) = state.databases.get(&name) else {
        return Reply::json(404, json!({ "error": format!("database not found: {name}") }));
    };
    if !question.to_lowercase().contains("information_schema.columns") {
        return selected(database, &question);
    }
    // Who asks with a number for a name wants the tags.
    let named = question.contains(" AS \"0\"");
    if named {
        let table = question.split('\'').nth(1).unwrap_or_default();
        let tags: Vec<_> = database.tags(table).into_iter().map(|tag| json!({ "0": tag })).collect();
        return Reply::json(200, Value::Array(tags));
    }
    let mut rows = Vec::new();
    for table in database.measurements() {
        let of_all = question.contains("table_schema = 'iox'") || !question.contains('\'');
        if !of_all && !question.contains(&format!("'{table}'")) {
            continue;
        }
        let mut put = |column: &str, kind: &str| {
            rows.push(json!({ "table_name": table, "column_name": column, "data_type": kind }));
        };
        for (column, kind) in database.fields(table) {
            put(
                column,
                match kind {
                    FieldKind::Text => "Utf8",
                    FieldKind::Bool => "Boolean",
                    FieldKind::Float => "Float64",
                    FieldKind::Integer => "Int64",
                    FieldKind::Unsigned => "UInt64",
                },
            );
        }
        for tag in database.tags(table) {
            put(tag, "Dictionary(Int32, Utf8)");
        }
        put("time", "Timestamp(Nanosecond, None)");
    }
    Reply::json(200, Value::Array(rows))
}
