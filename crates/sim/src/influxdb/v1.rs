//! InfluxDB 1.x, as recorded from 1.6.7.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::database::{Column, Refusal, Refused};
use super::http::{Reply, Request};
use super::line::Reading;
use super::{Access, State, query};

const VERSION: &str = "1.6.7~rc0";

/// What it answers.
pub(super) fn answer(state: &mut State, request: &Request, now: i64) -> Reply {
    let reply = match request.route() {
        ("GET" | "HEAD", "/ping") => Reply::empty(204),
        ("POST", "/write") => match unauthorised(&state.access, request) {
            Some(refusal) => refusal,
            None => write(state, request, now),
        },
        ("GET" | "POST", "/query") => match unauthorised(&state.access, request) {
            Some(refusal) => refusal,
            None => query::answer(state, request),
        },
        _ => Reply::text(404, "404 page not found\n"),
    };
    reply.with("X-Influxdb-Build", "OSS").with("X-Influxdb-Version", VERSION)
}

fn unauthorised(access: &Access, request: &Request) -> Option<Reply> {
    let Access::Password { user, password } = access else { return None };
    let given = credentials(request);
    let words = match &given {
        Some((given, secret)) if given == user && secret == password => return None,
        Some(_) => "authorization failed",
        None => "unable to parse authentication credentials",
    };
    let reply = Reply::json(401, json!({ "error": words }));
    Some(reply.with("WWW-Authenticate", "Basic realm=\"InfluxDB\""))
}

/// User and password, from the head or the address.
fn credentials(request: &Request) -> Option<(String, String)> {
    if let (Some(user), Some(password)) = (request.parameter("u"), request.parameter("p")) {
        return Some((user, password));
    }
    let given = request.header("authorization")?.strip_prefix("Basic ")?;
    let both = String::from_utf8(STANDARD.decode(given).ok()?).ok()?;
    let (user, password) = both.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn refuse(status: u16, words: &str) -> Reply {
    Reply::json(status, json!({ "error": words })).with("X-Influxdb-Error", words)
}

fn write(state: &mut State, request: &Request, now: i64) -> Reply {
    let Some(name) = request.parameter("db").filter(|name| !name.is_empty()) else {
        return refuse(400, "database is required");
    };
    let Some(database) = state.databases.get_mut(&name) else {
        return refuse(404, &format!("database not found: {name:?}"));
    };
    let Ok(body) = request.plain() else { return refuse(400, "gzip: invalid header") };
    let reading = Reading { unit: unit(request.parameter("precision").as_deref()), now, unsigned: false };
    let (mut points, mut unread) = (Vec::new(), Vec::new());
    for line in reading.read(&body) {
        match line.point {
            Ok(point) => points.push(point),
            Err(why) => {
                unread.push(format!("unable to parse '{}': {why}", String::from_utf8_lossy(line.text)))
            }
        }
    }
    let unread_count = unread.len();
    let unread = unread.join("\n");
    if points.is_empty() && unread_count > 0 {
        state.counters.refused += unread_count as u64;
        return refuse(400, &unread);
    }
    if let Some(retention) = request.parameter("rp").filter(|name| !["", "autogen"].contains(&name.as_str()))
    {
        return refuse(500, &format!("retention policy not found: {retention}"));
    }
    let offered = points.len();
    let refused = database.write(points, now);
    state.counters.stored += (offered - refused.len()) as u64;
    state.counters.refused += (refused.len() + unread_count) as u64;
    match partial(&refused) {
        Some(words) => refuse(400, &words),
        None if unread_count > 0 => refuse(400, &format!("partial write: {unread} dropped=0")),
        None => Reply::empty(204),
    }
}

/// Nanoseconds in a unit; what is no unit is one.
pub(super) fn unit(precision: Option<&str>) -> i64 {
    match precision {
        Some("u" | "us" | "microsecond") => 1_000,
        Some("ms" | "millisecond") => 1_000_000,
        Some("s" | "second") => 1_000_000_000,
        Some("m") => 60_000_000_000,
        Some("h") => 3_600_000_000_000,
        _ => 1,
    }
}

/// How the refusals of a write are told: of one shard alone, whatever the others refused. The real one takes the first
/// that answers, this one the earliest.
pub(super) fn partial(refused: &[Refused]) -> Option<String> {
    let (late, others): (Vec<_>, Vec<_>) =
        refused.iter().partition(|refused| refused.why == Refusal::BeyondRetention);
    let Some(shard) = others.iter().map(|refused| refused.shard).min() else {
        let told = format!("partial write: points beyond retention policy dropped={}", late.len());
        return (!late.is_empty()).then_some(told);
    };
    let of_it: Vec<_> = others.into_iter().filter(|refused| refused.shard == shard).collect();
    let first = of_it.first()?;
    let on = format!("on measurement {:?}", first.measurement);
    let why = match &first.why {
        Refusal::Type { field, given, known } => {
            let (given, known) = (word(*given), word(*known));
            format!(
                "field type conflict: input field {field:?} {on} is type {given}, already exists as type {known}"
            )
        }
        Refusal::TimeField => format!("invalid field name: input field \"time\" {on} is invalid"),
        Refusal::TimeTag => format!("invalid tag key: input tag \"time\" {on} is invalid"),
        Refusal::Spoilt => return Some("field type conflict".to_owned()),
        Refusal::BeyondRetention => return None,
    };
    Some(format!("partial write: {why} dropped={}", of_it.len()))
}

const fn word(column: Column) -> &'static str {
    match column {
        Column::Tag => "tag",
        Column::Field(kind) => kind.word(),
    }
}
