//! The rows that are stored, and as a table for a person.

use serde_json::Value;

use crate::hearthline::Hearthline;

/// Every state row, in the order of time.
pub(super) async fn exported(hearthline: &Hearthline) -> Vec<Value> {
    let answer = hearthline.command(&["export", "--format", "ndjson"]).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let mut rows: Vec<Value> =
        answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.sort_by_key(|row| row["ts"].to_string());
    rows
}

/// Name, state, unit, room and device of a row.
pub(super) fn shown(row: &Value) -> [String; 5] {
    ["entity_id", "state", "unit", "area", "device"].map(|name| row[name].as_str().unwrap_or("-").to_owned())
}

/// How warm it was outside, as the row knows it.
pub(super) fn outdoors(row: &Value) -> String {
    row["weather_temperature"].as_f64().map_or("-".into(), |degrees| format!("{degrees:.1} °C"))
}

/// One series under all its names: the one key that all of these rows have.
pub(super) fn one_key<'r>(rows: impl Iterator<Item = &'r Value>) -> String {
    let mut keys: Vec<_> = rows.map(|row| row["entity_key"].as_str().unwrap_or_default()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert!(matches!(*keys, [key] if !key.is_empty()), "one series: {keys:?}");
    keys[0].to_owned()
}

pub(super) fn print<'r>(rows: impl Iterator<Item = &'r Value>) {
    println!(
        "{:27} {:34} {:>7} {:4} {:7} {:20} outdoors",
        "entity_id", "entity_key", "state", "unit", "area", "device"
    );
    for row in rows {
        let [entity_id, state, unit, area, device] = shown(row);
        let key = row["entity_key"].as_str().unwrap_or("= entity_id");
        println!("{entity_id:27} {key:34} {state:>7} {unit:4} {area:7} {device:20} {}", outdoors(row));
    }
}
