//! Attributes that are everything that JSON can say, under names that mean something to an InfluxDB.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

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

/// A value as it stands in the JSON; none for null, which is no value.
fn value(random: &mut fastrand::Rng) -> Option<String> {
    let value = match random.u8(0..16) {
        0 => json!(random.i64(..)),
        1 => json!(random.f64() * 1e6),
        2 => json!(random.bool()),
        3 => return None,
        4 => json!("NaN"),
        5 => json!("inf"),
        6 => json!("-1"),
        7 => json!("on\nand\r\noff\t"),
        8 => json!("Grüße, 世界 🌡 \u{202e}\"\\"),
        9 => json!(["a", 1, null, { "b": true }]),
        10 => json!({ "a": { "b": [] }, "": 0 }),
        11 => json!(""),
        12 => json!(1e300),
        13 => json!("ends with a backslash \\"),
        // No float holds it, and half a character is none.
        14 => return Some("1e999".into()),
        _ => return Some("\"half a character: \\ud83c\"".into()),
    };
    Some(value.to_string())
}

/// The text of a state.
fn state(random: &mut fastrand::Rng, n: usize) -> String {
    match random.u8(0..12) {
        0 => "NaN".into(),
        1 => "-inf".into(),
        2 => "1e400".into(),
        3 => "Grüße, 世界 🌡 \u{202e}\"\\".into(),
        4 => "two\nlines\\".into(),
        5 => String::new(),
        6 => "x".repeat(255),
        7 => ["unknown", "unavailable", "on", "off"][n % 4].into(),
        _ => n.to_string(),
    }
}

/// What was sent, by what it is.
#[derive(Default)]
struct Sent {
    /// Values of attributes.
    values: u64,
    /// Of these, texts that are too long.
    too_long: u64,
    /// Numbers that no float holds.
    too_large: u64,
    /// Texts with half a character.
    half: u64,
    /// Attributes without a name, of which the value would be written.
    unnamed: u64,
    /// Those called `dynamics`, by the field in which they are to be found.
    dynamics: BTreeMap<&'static str, u64>,
}

impl Sent {
    fn attributes(&mut self, random: &mut fastrand::Rng, n: usize) -> String {
        let mut members = Vec::new();
        for name in NAMES {
            if random.u8(0..3) != 0 {
                continue;
            }
            let Some(value) = value(random) else {
                members.push(format!("{}:null", json!(name)));
                continue;
            };
            self.count(name, &value);
            members.push(format!("{}:{value}", json!(name)));
        }
        if n % 100 == 7 {
            members.push(format!("\"long\":\"{}\"", "x".repeat(LONG)));
            (self.values, self.too_long) = (self.values + 1, self.too_long + 1);
        }
        format!("{{{}}}", members.join(","))
    }

    fn count(&mut self, name: &str, value: &str) {
        self.values += 1;
        let (too_large, half) = (value == "1e999", value.contains("\\ud83c"));
        if name.is_empty() {
            self.unnamed += 1;
        } else {
            self.too_large += u64::from(too_large);
            self.half += u64::from(half);
        }
        let field = match value.as_bytes()[0] {
            _ if name != "dynamics" || too_large || half => return,
            b'"' => "attr_dynamics_str",
            b't' | b'f' => "attr_dynamics_bool",
            b'[' | b'{' => "attr_dynamics_json",
            _ => "attr_dynamics",
        };
        *self.dynamics.entry(field).or_default() += 1;
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
    let mut sent = Sent::default();
    for n in 0..events {
        let (state, attributes) = (state(&mut random, n), sent.attributes(&mut random, n));
        let entity_id = ["sensor.wild", "light.wild", "climate.ünruly"][n % 3];
        // Each has attributes of its own, or Home Assistant would take it for the state before.
        let attributes =
            format!("{{\"n\":{n}{}{}", if attributes == "{}" { "" } else { "," }, &attributes[1..]);
        sent.values += 1;
        rig.house.set_state(entity_id, &state, &attributes).expect("it is another state");
        if n % 100 == 99 {
            // As fast as the program reads, or the simulated server cuts it off as a slow client.
            rig.house.set_state("sensor.so_far", &n.to_string(), "{}");
            until("it keeps up", Duration::from_secs(60), async || {
                (run.latest("sensor.so_far").await? == n.to_string()).then_some(())
            })
            .await;
        }
    }
    let status = rig.delivered(&mut run).await;

    let told = sink(&status, "influxdb");
    assert_eq!(told["quarantined"], 0, "{told}");
    let fired = rig.fired();
    assert!(fired.len() > events);
    assert_same(&server.states(MEASUREMENT).await, &fired);
    for (field, count) in &sent.dynamics {
        let kind = match *field {
            "attr_dynamics" => "float",
            "attr_dynamics_bool" => "boolean",
            _ => "string",
        };
        assert_eq!(server.count(MEASUREMENT, field, kind).await, *count, "{field}");
    }
    let fields = server.fields(MEASUREMENT).await;
    let names: std::collections::BTreeSet<_> = fields.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), fields.len(), "every field has one type: {fields:?}");
    let listed = conflicts(&mut run).await;
    assert_eq!(listed["conflicts"], json!([]), "nothing was there before");

    let left_out = listed["left_out"].as_array().unwrap();
    println!(
        "{events} events, {} rows of {} fired, {} fields; left out:",
        fired.len(),
        fired.len(),
        fields.len()
    );
    for left_out in left_out {
        println!("  {} of {}: {}", left_out["rows"], left_out["field"], left_out["reason"]);
    }
    let of = |reason: &str| -> u64 {
        let of_it = left_out.iter().filter(|left_out| left_out["reason"].as_str().unwrap().contains(reason));
        of_it.map(|left_out| left_out["rows"].as_u64().unwrap()).sum()
    };
    assert_eq!(
        ["65,535 bytes", "too large for a float", "not Unicode", "no name"].map(of),
        [sent.too_long, sent.too_large, sent.half, sent.unnamed]
    );
    let mut written = 0;
    for (field, kind) in fields.iter().filter(|(field, _)| field.starts_with("attr_")) {
        written += server.count(MEASUREMENT, field, kind).await;
    }
    let without: u64 = left_out.iter().map(|left_out| left_out["rows"].as_u64().unwrap()).sum();
    println!("{} values of attributes: {written} written, {without} left out and named", sent.values);
    assert_eq!(written + without, sent.values);
}
