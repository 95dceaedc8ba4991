//! Attributes that are everything that JSON can say, under names that mean something to an InfluxDB.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::peer::InfluxDb;
use super::{MEASUREMENT, Rig, assert_same, conflicts, sink};
use crate::wait::{is_whole, until};

const NAMES: [&str; 16] = [
    "dynamics",
    "brightness",
    "time",
    "_field",
    "_measurement",
    "",
    "naïve Ünicode 世界",
    "with space",
    "comma,equals=quote\"",
    "back\\slash\\",
    "line\nbreak",
    "size_num",
    "size_str",
    "size_",
    "size",
    "state",
];
/// Longer than a text may be.
const LONG: usize = 70_000;

fn value(random: &mut fastrand::Rng) -> Value {
    match random.u8(0..14) {
        0 => json!(random.i64(..)),
        1 => json!(random.f64() * 1e6),
        2 => json!(random.bool()),
        3 => Value::Null,
        4 => json!("NaN"),
        5 => json!("inf"),
        6 => json!("-1"),
        7 => json!("on\nand\r\noff\t"),
        8 => json!("Grüße, 世界 🌡 \u{202e}\"\\"),
        9 => json!(["a", 1, null, { "b": true }]),
        10 => json!({ "a": { "b": [] }, "": 0 }),
        11 => json!(""),
        12 => json!(1e300),
        _ => json!("ends with a backslash \\"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn attributes_that_change_their_type_at_random_cost_no_row() {
    let server = InfluxDb::running().await;
    let rig = Rig::new(&format!(
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\nattributes = \"all\"\n",
        server.url()
    ))
    .await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    let (mut random, events) = (fastrand::Rng::with_seed(5), if is_whole() { 50_000 } else { 5_000 });
    let (mut too_long, mut dynamics) = (0_u64, BTreeMap::<&str, u64>::new());
    for n in 0..events {
        let mut attributes = Map::new();
        for name in NAMES {
            if random.u8(0..3) == 0 {
                attributes.insert(name.into(), value(&mut random));
            }
        }
        if n % 100 == 7 {
            attributes.insert("long".into(), "x".repeat(LONG).into());
            too_long += 1;
        }
        let field = match attributes.get("dynamics") {
            Some(Value::Number(_)) => Some("attr_dynamics"),
            Some(Value::Bool(_)) => Some("attr_dynamics_bool"),
            Some(Value::String(_)) => Some("attr_dynamics_str"),
            Some(Value::Array(_) | Value::Object(_)) => Some("attr_dynamics_json"),
            Some(Value::Null) | None => None,
        };
        *dynamics.entry(field.unwrap_or_default()).or_default() += 1;
        let entity_id = ["sensor.wild", "light.wild", "climate.ünruly"][n % 3];
        rig.house.set_state(entity_id, &n.to_string(), &Value::Object(attributes).to_string());
        if n % 100 == 99 {
            // As fast as the program reads, or the simulated server cuts it off as a slow client.
            until("it keeps up", Duration::from_secs(20), async || {
                (run.latest(entity_id).await? == n.to_string()).then_some(())
            })
            .await;
        }
    }
    let status = rig.delivered(&mut run).await;

    let told = sink(&status, "influxdb");
    assert_eq!(told["quarantined"], 0, "{told}");
    assert_same(&server.states(MEASUREMENT).await, &rig.fired());
    for (field, kind) in [
        ("attr_dynamics", "float"),
        ("attr_dynamics_bool", "boolean"),
        ("attr_dynamics_str", "string"),
        ("attr_dynamics_json", "string"),
    ] {
        assert_eq!(server.count(MEASUREMENT, field, kind).await, dynamics[field], "{field}");
    }
    let fields = server.fields(MEASUREMENT).await;
    let names: std::collections::BTreeSet<_> = fields.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), fields.len(), "every field has one type: {fields:?}");
    let listed = conflicts(&mut run).await;
    assert_eq!(listed["conflicts"], json!([]), "nothing was there before");
    let left_out = listed["left_out"].as_array().unwrap();
    let long = left_out.iter().find(|left_out| left_out["field"].as_str().unwrap().contains("long"));
    assert_eq!(long.map(|long| &long["rows"]), Some(&json!(too_long)), "{listed}");
    println!("{events} events, {events} rows, {} fields; left out:", fields.len());
    for left_out in left_out {
        println!("  {} of {}: {}", left_out["rows"], left_out["field"], left_out["reason"]);
    }
}
