//! Home Assistant's own integration `influxdb` and ours in the layout `ha`, side by side: what both write of one house into one
//! real InfluxDB is the same, point by point. And the golden lines, to which a unit test holds the layout, are what the
//! integration writes; with `HEARTHLINE_GOLDENS=write` they are written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::peer::HomeAssistant;
use crate::hearthline::Hearthline;
use crate::influxdb::peer::InfluxDb;
use crate::wait::until;

/// The databases: what the integration writes to, and what we do.
const THEIRS: &str = "theirs";
const OURS: &str = "ours";
/// The integration collects for a second before it writes.
const WRITTEN: Duration = Duration::from_secs(60);
/// What the integration itself loses: no server takes `nan`, and a line that begins with `#` is a comment.
const LOST: [(&str, &str, &str); 2] = [("not_a_number", "nan", "°C"), ("of_a_comment", "5", "# of them")];

/// What gives access is masked before our log.
const MASKED: [&str; 2] = ["access_token", "access_token_str"];

/// Entities whose states nobody thought of, in the default mode.
const WILD: usize = 400;

/// Measurement, tags and time of a point.
type Key = (String, BTreeMap<String, String>, i64);
type Points = BTreeMap<Key, BTreeMap<String, Value>>;

#[tokio::test]
#[ignore = "needs Home Assistant and InfluxDB: cargo xtask test"]
async fn the_layout_ha_is_what_home_assistants_own_integration_writes() {
    let modes: BTreeMap<String, Map<String, Value>> = read("modes.json");
    let states: Vec<(String, String, Box<RawValue>)> = read("states.json");
    let mut random = fastrand::Rng::with_seed(7);
    for (mode, options) in modes {
        let server = InfluxDb::running().await;
        for database in [THEIRS, OURS] {
            server.query(&format!("CREATE DATABASE {database}")).await;
        }
        let mut house = HomeAssistant::absent();
        house.configure(&configuration(&server, &options));
        house.start().await;
        let hearthline =
            Hearthline::new(&house.url(), house.owner()).with_settings(&settings(&server, &options));
        let mut run = hearthline.start();
        run.connected().await;
        // From here on both have everything.
        word(&house, &server, "begin").await;

        for (entity_id, state, attributes) in &states {
            house.set(entity_id, state, attributes).await;
        }
        live_in(&house).await;
        for n in 0..if options.is_empty() { WILD } else { 0 } {
            let (state, attributes) = wild(&mut random);
            house.set(&format!("sensor.wild_{n}"), &state, &attributes).await;
        }
        for (object_id, state, unit) in LOST {
            house.set(&format!("sensor.{object_id}"), state, &json!({ "unit_of_measurement": unit })).await;
        }
        word(&house, &server, "end").await;

        let (theirs, mut ours) = (points(&server, THEIRS).await, points(&server, OURS).await);
        let [begin, end] = ["begin", "end"].map(|of| at(&theirs, of));
        println!("{mode}: {}", compare(&mode, &theirs, &mut ours, begin..=end));
        LOST.iter().for_each(|(object_id, ..)| _ = at(&ours, object_id));
        golden(&mode, &states, &theirs);
        assert!(run.stop().await.success());
        house.stop().await;
    }
}

/// What the demonstration's own entities do, whose attributes have types of Python that JSON does not have.
async fn live_in(house: &HomeAssistant) {
    let light = |more: Value| {
        let mut data = json!({ "entity_id": "light.bed_light" });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    for (service, data) in [
        ("light/turn_on", light(json!({ "rgb_color": [255, 10, 20] }))),
        ("light/turn_on", light(json!({ "hs_color": [300.123, 70.5] }))),
        ("light/turn_on", light(json!({ "color_temp": 200, "brightness": 17 }))),
        ("light/turn_off", light(json!({}))),
        ("light/turn_on", json!({ "entity_id": "light.office_rgbw_lights", "rgbw_color": [1, 2, 3, 4] })),
        (
            "light/turn_on",
            json!({ "entity_id": "light.living_room_rgbww_lights", "rgbww_color": [1, 2, 3, 4, 5] }),
        ),
        ("climate/set_temperature", json!({ "entity_id": "climate.heatpump", "temperature": 19.5 })),
        ("climate/set_hvac_mode", json!({ "entity_id": "climate.hvac", "hvac_mode": "heat" })),
        ("media_player/media_pause", json!({ "entity_id": "media_player.living_room" })),
        ("media_player/media_next_track", json!({ "entity_id": "media_player.walkman" })),
        ("fan/turn_on", json!({ "entity_id": "fan.living_room_fan", "percentage": 33 })),
        ("number/set_value", json!({ "entity_id": "number.temperature_setting", "value": 23 })),
        ("lock/unlock", json!({ "entity_id": "lock.front_door" })),
        ("vacuum/start", json!({ "entity_id": "vacuum.demo_vacuum_0_ground_floor" })),
        ("script/turn_on", json!({ "entity_id": "script.hello" })),
        ("automation/trigger", json!({ "entity_id": "automation.hello" })),
    ] {
        house.call(service, data).await;
    }
}

/// What a state and its attributes can be, and what Python may take for a number. In any order, which has a meaning.
fn wild(random: &mut fastrand::Rng) -> (String, Box<RawValue>) {
    let mut names = ["a", "a_str", "a_", "b", "state", "value", "unit", "b_str_"];
    random.shuffle(&mut names);
    let members = names.iter().take(random.usize(..=names.len()));
    let members: Vec<_> = members.map(|name| format!("\"{name}\":{}", wild_value(random, 2))).collect();
    (wild_text(random), RawValue::from_string(format!("{{{}}}", members.join(","))).unwrap())
}

fn wild_text(random: &mut fastrand::Rng) -> String {
    const PIECES: [&str; 24] = [
        "0", "1", "12", "9", ".", "_", "-", "+", "e", "E", " ", "inf", "nan", "x", ",", "'", "\"", "\\",
        "\n", "\u{661}", "\u{ff12}", "²", "\u{a0}", "\u{200b}",
    ];
    let pieces = if random.bool() { PIECES.get(..10).unwrap() } else { &PIECES };
    (0..random.usize(1..7)).map(|_| *random.choice(pieces).unwrap()).collect()
}

fn wild_value(random: &mut fastrand::Rng, deep: u8) -> Value {
    match random.u8(0..if deep > 0 { 10 } else { 8 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i32(..).into(),
        3 => (random.f64() * 10_f64.powi(random.i32(-9..20))).into(),
        8 => (0..random.usize(0..3)).map(|_| wild_value(random, deep - 1)).collect(),
        9 => json!({ wild_text(random): wild_value(random, deep - 1) }),
        _ => wild_text(random).into(),
    }
}

/// The integration, its demonstration, and something that is triggered.
fn configuration(server: &InfluxDb, options: &Map<String, Value>) -> String {
    let port = server.url().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let mut integration = json!({ "host": "127.0.0.1", "port": port, "database": THEIRS });
    integration.as_object_mut().unwrap().extend(options.clone());
    let script = json!({ "hello": { "sequence": [] } });
    let automation = json!([{ "alias": "Hello", "trigger": [], "action": [] }]);
    format!("demo:\ninfluxdb: {integration}\nscript: {script}\nautomation: {automation}\n")
}

fn settings(server: &InfluxDb, options: &Map<String, Value>) -> String {
    let mut toml = format!(
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"{OURS}\"\nlayout = \"ha\"\n",
        server.url()
    );
    for (key, value) in options {
        let value = match value.as_object() {
            Some(table) => {
                let entries: Vec<_> = table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }
            None => value.to_string(),
        };
        _ = writeln!(toml, "{key} = {value}");
    }
    toml
}

/// Sets a word and waits until both have written it: what was said before is there then.
async fn word(house: &HomeAssistant, server: &InfluxDb, word: &str) {
    house.set(&format!("sensor.{word}"), "1", &json!({ "unit_of_measurement": "words" })).await;
    until(&format!("both have written {word}"), WRITTEN, async || {
        for database in [THEIRS, OURS] {
            let found = format!("SELECT value FROM {database}..:all WHERE entity_id = '{word}'");
            let found = server.query(&found.replace(":all", "/.*/")).await;
            found.first()?;
        }
        Some(())
    })
    .await;
}

/// All that a database has. Each measurement is asked for alone: a question of several shows one type of each field. A field of one
/// has one type, and no other than those that either of us writes.
async fn points(server: &InfluxDb, database: &str) -> Points {
    let mut types = BTreeMap::new();
    for (series, row) in server.query(&format!("SHOW FIELD KEYS ON {database}")).await {
        let measurement = series["name"].as_str().unwrap().to_owned();
        let of = (measurement, row[0].as_str().unwrap().to_owned());
        assert!(row[1] == "float" || row[1] == "string", "{database}: {of:?} is {}", row[1]);
        assert_eq!(types.insert(of.clone(), row[1].clone()), None, "{database}: {of:?} has two types");
    }
    let mut points = Points::new();
    for measurement in types.into_keys().map(|(measurement, _)| measurement).collect::<BTreeSet<_>>() {
        let asked = format!("SELECT * FROM {database}..\"{measurement}\" GROUP BY *");
        for (series, row) in server.query(&asked).await {
            let tags = series["tags"].as_object().unwrap().iter();
            let tags = tags.map(|(tag, value)| (tag.clone(), value.as_str().unwrap().to_owned()));
            let tags = tags.filter(|(_, value)| !value.is_empty()).collect();
            let columns = series["columns"].as_array().unwrap().iter();
            let columns = columns.map(|name| name.as_str().unwrap().to_owned());
            let fields = columns.zip(row.iter().cloned()).skip(1).filter(|(_, value)| !value.is_null());
            points.insert((measurement.clone(), tags, row[0].as_i64().unwrap()), fields.collect());
        }
    }
    points
}

fn at(points: &Points, object_id: &str) -> i64 {
    let mut keys = points.keys().filter(|(_, tags, _)| tags["entity_id"] == object_id);
    let (_, _, time) = keys.next().unwrap_or_else(|| panic!("{object_id} is not there"));
    *time
}

/// Every point of the time in which both listened is at both, and each that both have is the same.
fn compare(mode: &str, theirs: &Points, ours: &mut Points, both: std::ops::RangeInclusive<i64>) -> String {
    let mut differences = Vec::new();
    let (mut fields, mut early, mut masked) = (0, 0, 0);
    for (key, has) in theirs {
        let mut has = has.clone();
        if let Some(own) = ours.get_mut(key).filter(|own| own.contains_key(MASKED[1])) {
            assert_eq!(own[MASKED[1]], "***");
            MASKED.iter().for_each(|field| _ = (has.remove(*field), own.remove(*field)));
            masked += 1;
        }
        match ours.get(key) {
            Some(same) if *same == has => {
                fields += has.len();
                early += usize::from(!both.contains(&key.2));
            }
            Some(other) => {
                let differs = |name: &&String| has.get(*name) != other.get(*name);
                let names: BTreeSet<_> = has.keys().chain(other.keys()).filter(differs).collect();
                let of =
                    names.iter().map(|name| format!("{name}: {:?} / {:?}", has.get(*name), other.get(*name)));
                differences.push(format!("{key:?}: {}", of.collect::<Vec<_>>().join("; ")));
            }
            None if both.contains(&key.2) => differences.push(format!("{key:?} is not at ours: {has:?}")),
            None => {}
        }
    }
    let here = |(key, _): &(&Key, &_)| both.contains(&key.2) && !theirs.contains_key(*key);
    let (lost, more): (Vec<_>, Vec<_>) = ours.iter().filter(here).partition(|(key, has)| could_not(key, has));
    differences.extend(more.iter().map(|(key, has)| format!("{key:?} is only at ours: {has:?}")));
    let compared = theirs.keys().filter(|key| ours.contains_key(*key)).count();
    assert!(
        differences.is_empty(),
        "{mode}: {} of {compared} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(compared - early > 40, "{mode}: {compared} points, {early} of them early");
    format!(
        "{compared} points with {fields} fields are the same ({early} of them from before both listened, {masked} but for a token \
         that we mask), 0 differ; {} that it could not write",
        lost.len()
    )
}

/// Whether the integration could not have written a point.
fn could_not((measurement, ..): &Key, fields: &BTreeMap<String, Value>) -> bool {
    let state = fields.get("state").and_then(Value::as_str).unwrap_or_default();
    let number = state.trim().parse().unwrap_or(0.0);
    !f64::is_finite(number) || measurement.starts_with("%23")
}

/// What the integration wrote of the given states is what the golden lines say, the first at the first second, and so on.
fn golden(mode: &str, states: &[(String, String, Box<RawValue>)], theirs: &Points) {
    let mut lines = String::new();
    for (n, (entity_id, ..)) in states.iter().enumerate() {
        let (domain, object_id) = entity_id.split_once('.').unwrap();
        let of_it = |(key, _): &(&Key, _)| key.1["domain"] == domain && key.1["entity_id"] == object_id;
        for ((measurement, tags, _), fields) in theirs.iter().filter(of_it) {
            _ = writeln!(lines, "{} {}000000000", line(measurement, tags, fields), n + 1);
        }
    }
    let path = folder().join(format!("{mode}.lp"));
    if std::env::var("HEARTHLINE_GOLDENS").is_ok_and(|order| order == "write") {
        std::fs::write(&path, &lines).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), lines, "{}", path.display());
}

/// In line protocol, without its time.
fn line(measurement: &str, tags: &BTreeMap<String, String>, fields: &BTreeMap<String, Value>) -> String {
    let escaped = |text: &str, special: &[char]| {
        text.chars().fold(String::new(), |mut out, c| {
            out.extend(special.contains(&c).then_some('\\'));
            out.push(c);
            out
        })
    };
    let key = |name: &str| escaped(name, &[',', ' ', '=']);
    let tags: String = tags.iter().map(|(tag, value)| format!(",{}={}", key(tag), key(value))).collect();
    let fields = fields.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{}=\"{}\"", key(name), escaped(text, &['"', '\\'])),
        number => format!("{}={number}", key(name)),
    });
    format!("{}{tags} {}", escaped(measurement, &[',', ' ']), fields.collect::<Vec<_>>().join(","))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipeline/src/sinks/influxdb/point/ha/golden")
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap()
}
