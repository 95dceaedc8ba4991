//! InfluxDB 2.x. Nothing of it is recorded: status, codes and words are as documented, and as people quote them from
//! 2.7 (422 for a point that is refused, its neighbours stored; 400 for a line that cannot be read, nothing stored).

use hearthline_core::Timestamp;
use serde_json::{Value, json};

use super::database::Database;
use super::http::{Reply, Request};
use super::line::Reading;
use super::query::parser;
use super::v1::{partial, unit};
use super::{State, query};

const VERSION: &str = "v2.7.10";
const ORGANISATION: &str = "0000000000000001";

/// What it answers.
pub(super) fn answer(state: &mut State, request: &Request, now: i64) -> Reply {
    let reply = match request.route() {
        ("GET" | "HEAD", "/ping") => Reply::empty(204),
        ("GET", "/health") => Reply::json(
            200,
            json!({ "name": "influxdb", "message": "ready for queries and writes", "status": "pass",
                "checks": [], "version": VERSION, "commit": "0000000000" }),
        ),
        _ if !state.access.lets_in(request) => told(401, "unauthorized", "unauthorized access"),
        ("POST", "/api/v2/write") => write(state, request, now),
        ("GET", "/api/v2/orgs") => organisations(state, request),
        ("GET", "/api/v2/buckets") => buckets(state, request),
        ("POST", "/api/v2/buckets") => create(state, request),
        ("POST", "/api/v2/delete") => delete(state, request),
        // A bucket is a database of that name to the old language.
        ("GET" | "POST", "/query") => query::answer(state, request),
        _ => told(404, "not found", "path not found"),
    };
    reply.with("X-Influxdb-Build", "OSS").with("X-Influxdb-Version", VERSION)
}

fn told(status: u16, code: &str, message: &str) -> Reply {
    let reply = Reply::json(status, json!({ "code": code, "message": message }));
    reply.with("X-Platform-Error-Code", code)
}

fn write(state: &mut State, request: &Request, now: i64) -> Reply {
    let organisation = request.parameter("org").unwrap_or_default();
    if !is_ours(state, &organisation) {
        return told(404, "not found", &format!("organization name {organisation:?} not found"));
    }
    let name = request.parameter("bucket").unwrap_or_default();
    let Some(bucket) = state.databases.get_mut(&name) else {
        return told(404, "not found", &format!("bucket {name:?} not found"));
    };
    let precision = request.parameter("precision");
    if precision.as_deref().is_some_and(|precision| !["ns", "us", "ms", "s"].contains(&precision)) {
        return told(400, "invalid", "invalid precision; valid precision units are ns, us, ms, and s");
    }
    let Ok(body) = request.plain() else {
        return told(400, "invalid", "gzipped HTTP body contains an invalid header");
    };
    if body.is_empty() {
        return told(400, "invalid", "writing requires points");
    }
    let reading = Reading { unit: unit(precision.as_deref()), now, unsigned: true };
    let mut points = Vec::new();
    for line in reading.read(&body) {
        match line.point {
            Ok(point) => points.push(point),
            Err(why) => {
                state.counters.refused += 1;
                let text = String::from_utf8_lossy(line.text);
                return told(400, "invalid", &format!("unable to parse '{text}': {why}"));
            }
        }
    }
    let offered = points.len();
    let refused = bucket.write(points, now);
    state.counters.stored += (offered - refused.len()) as u64;
    state.counters.refused += refused.len() as u64;
    match partial(&refused) {
        Some(words) => {
            told(422, "unprocessable entity", &format!("failure writing points to database: {words}"))
        }
        None => Reply::empty(204),
    }
}

/// Deletes what has all of `"name"="value" AND …` from one time to another, both included. A type is free where nothing of its
/// measurement is left in the shard.
fn delete(state: &mut State, request: &Request) -> Reply {
    let organisation = request.parameter("org").unwrap_or_default();
    if !is_ours(state, &organisation) {
        return told(404, "not found", &format!("organization name {organisation:?} not found"));
    }
    let name = request.parameter("bucket").unwrap_or_default();
    let Some(bucket) = state.databases.get_mut(&name) else {
        return told(404, "not found", &format!("bucket {name:?} not found"));
    };
    let (Some(start), Some(stop)) =
        (nanos(&request.word("start").unwrap_or_default()), nanos(&request.word("stop").unwrap_or_default()))
    else {
        return told(400, "invalid", "invalid RFC3339Nano for field start or stop");
    };
    let predicate = request.word("predicate").unwrap_or_default();
    let Some(pairs) = parser::pairs(&predicate) else {
        return told(400, "invalid", &format!("bad logical expression, at position 1: {predicate}"));
    };
    bucket.delete_pairs(&pairs, start..stop.saturating_add(1));
    Reply::empty(204)
}

/// From RFC 3339 to the nanosecond.
fn nanos(text: &str) -> Option<i64> {
    let text = text.trim_end_matches('Z');
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let micros = Timestamp::parse(&format!("{seconds}Z")).ok()?.0;
    let fraction: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(micros.saturating_mul(1000).saturating_add(fraction))
}

fn is_ours(state: &State, organisation: &str) -> bool {
    [state.organisation.as_str(), ORGANISATION].contains(&organisation)
}

fn organisations(state: &State, request: &Request) -> Reply {
    let name = request.parameter("org");
    match name.filter(|name| *name != state.organisation) {
        Some(other) => told(404, "not found", &format!("organization name {other:?} not found")),
        None => Reply::json(200, json!({ "orgs": [{ "id": ORGANISATION, "name": state.organisation }] })),
    }
}

fn bucket(name: &str, bucket: &Database) -> Value {
    let kept = bucket.retention.map_or(0, |kept| kept.as_secs());
    json!({
        "id": format!("{:016x}", name.bytes().fold(7_u64, |id, byte| id.wrapping_mul(31) + u64::from(byte))),
        "orgID": ORGANISATION, "type": "user", "name": name,
        "retentionRules": [{ "type": "expire", "everySeconds": kept, "shardGroupDurationSeconds": 604_800 }],
    })
}

fn buckets(state: &State, request: &Request) -> Reply {
    let name = request.parameter("name");
    let wanted = |known: &&String| name.as_ref().is_none_or(|name| name == *known);
    let found: Vec<_> = state.databases.iter().filter(|(known, _)| wanted(known)).collect();
    match name {
        Some(name) if found.is_empty() => told(404, "not found", &format!("bucket {name:?} not found")),
        _ => {
            let found: Vec<_> = found.into_iter().map(|(name, database)| bucket(name, database)).collect();
            Reply::json(200, json!({ "buckets": found }))
        }
    }
}

fn create(state: &mut State, request: &Request) -> Reply {
    let Some(name) = request.word("name") else {
        return told(422, "unprocessable entity", "bucket name is empty");
    };
    if request.word("orgID").as_deref() != Some(ORGANISATION) {
        return told(404, "not found", "organization not found");
    }
    if state.databases.contains_key(&name) {
        return told(422, "conflict", &format!("bucket with name {name} already exists"));
    }
    let made = Database::new(None, false);
    let told = bucket(&name, &made);
    state.databases.insert(name, made);
    Reply::json(201, told)
}
