//! The compose file, as Debian's docker-compose reads it, and what it says done without an engine: the same entry point, variables,
//! order and health check, as processes. InfluxDB 1.6.7 stands in for 2.7. That the root is read-only, that no right is left, and
//! the limits of memory are the engine's to enforce: they are read here and not seen at work.

use std::path::Path;
use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::House;
use serde_json::{Value, json};

use super::{ended, folder, instruction, packaging, words, yaml};
use crate::influxdb::peer::InfluxDb;
use crate::influxdb::{MEASUREMENT, Rig};
use crate::process::peer;
use crate::wait::until;

/// What a person fills in.
const FILLED_IN: [(&str, &str); 3] = [
    ("HOME_ASSISTANT_TOKEN", "a.long.lived-token"),
    ("INFLUXDB_PASSWORD", "two words"),
    ("INFLUXDB_TOKEN", "of my own"),
];

/// What docker-compose makes of the file, with `example.env` filled in by these.
fn config(filled_in: &[(&str, &str)]) -> Result<Value, String> {
    let mut env = packaging("docker/example.env");
    for (name, value) in filled_in {
        let empty = format!("\n{name}=\n");
        assert!(env.contains(&empty), "{name} is to be filled in");
        env = env.replace(&empty, &format!("\n{name}={value}\n"));
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), env).unwrap();
    let mut compose = peer("deploy/bin/docker-compose");
    compose
        .arg("-f")
        .arg(folder().join("docker/compose.yaml"))
        .arg("--env-file")
        .arg(file.path())
        .arg("config");
    match ended(compose.env("PYTHONWARNINGS", "ignore")) {
        (true, said) => Ok(yaml(&said)),
        (false, said) => Err(said),
    }
}

#[test]
#[ignore = "needs docker-compose: cargo xtask test"]
fn docker_compose_takes_the_file_and_says_what_is_not_filled_in() {
    for (name, _) in FILLED_IN {
        let others: Vec<_> = FILLED_IN.into_iter().filter(|(other, _)| *other != name).collect();
        let without = config(&others);
        if name == "HOME_ASSISTANT_TOKEN" {
            assert_eq!(
                without.unwrap()["services"]["hearthline"]["environment"][name],
                "",
                "the page asks for it"
            );
            continue;
        }
        let refused = without.unwrap_err();
        assert!(refused.contains("into .env") && refused.contains(name), "{name}: {refused}");
    }
    let config = config(&FILLED_IN).unwrap();
    let (recorder, database) = (&config["services"]["hearthline"], &config["services"]["influxdb"]);
    for (what, is) in [
        ("user", json!("10001")),
        ("read_only", json!(true)),
        ("cap_drop", json!(["ALL"])),
        ("security_opt", json!(["no-new-privileges:true"])),
        ("restart", json!("unless-stopped")),
        ("pids_limit", json!(128)),
    ] {
        assert_eq!(recorder[what], is, "{what}");
    }
    for service in [recorder, database] {
        assert!(!service["mem_limit"].is_null(), "a limit of memory: {service}");
    }
    // Health is told of both: of the recorder by its image.
    assert_eq!(database["healthcheck"]["test"][0], "CMD");
    assert!(packaging("docker/Dockerfile").contains("\nHEALTHCHECK "));
    // The database is for the recorder alone; the image's user is who the data folder is of.
    assert!(database["ports"].is_null(), "{database}");
    assert!(packaging("docker/Dockerfile").contains("useradd --system --uid 10001 "));
    let written = recorder["volumes"].as_array().unwrap();
    assert_eq!(written.len(), 1, "one place to write to: {written:?}");
    assert!(packaging("docker/Dockerfile").contains("HEARTHLINE_DATA_DIR=/data "));
    assert!(serde_json::to_string(&written[0]).unwrap().contains("/data"), "{written:?}");
    let volumes = config["volumes"].as_object().unwrap();
    assert!(volumes.len() == 3 && volumes.values().all(|volume| volume["name"].is_string()), "{volumes:?}");
}

/// Services in the order in which they are started, each with what it waits for.
fn order(config: &Value) -> Vec<(String, Value)> {
    let services = config["services"].as_object().unwrap();
    let mut left: Vec<_> = services.keys().collect();
    let mut order: Vec<(String, Value)> = Vec::new();
    while !left.is_empty() {
        let began = |needed: &str| order.iter().any(|(name, _)| name == needed);
        let ready = |name: &&&String| {
            services[**name]["depends_on"]
                .as_object()
                .is_none_or(|needs| needs.keys().all(|needed| began(needed)))
        };
        let next = *left.iter().find(ready).expect("nothing waits for itself");
        left.retain(|name| *name != next);
        order.push((next.clone(), services[next]["depends_on"].clone()));
    }
    order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs docker-compose and InfluxDB: cargo xtask test"]
async fn in_the_order_of_the_file_it_records_at_once_and_the_database_gets_all_of_it_when_it_is_up() {
    let config = config(&FILLED_IN).unwrap();
    let order = order(&config);
    let [(first, _), (second, waits)] = &order[..] else { panic!("two services: {order:?}") };
    assert_eq!((&**first, &**second), ("influxdb", "hearthline"));
    // Begun, not well: a recorder that waited for a database would record nothing.
    assert_eq!(waits["influxdb"]["condition"], "service_started");

    let mut database = InfluxDb::running().await;
    database.query("DROP DATABASE house").await;
    let mut rig = Rig::of(House::empty(1, SystemClock::new().now()), "").await;
    for (name, value) in config["services"]["hearthline"]["environment"].as_object().unwrap() {
        let name: &'static str = name.clone().leak();
        // What is of this machine: where the house is, and where the name `influxdb` leads.
        let value = match name {
            "HOME_ASSISTANT_URL" | "HOME_ASSISTANT_TOKEN" => continue,
            "INFLUXDB_URL" => {
                assert_eq!(value, "http://influxdb:8086");
                database.url()
            }
            _ => value.as_str().unwrap().to_owned(),
        };
        rig.hearthline = rig.hearthline.with_variable(name, &value);
    }
    let checked = rig.hearthline.command(&["check"]).await;
    assert!(
        checked.code == 0 && checked.stdout.contains("is not there yet; `hearthline run` makes it"),
        "{checked:?}"
    );

    database.stop().await; // begun, and not up yet
    let image = packaging("docker/Dockerfile");
    let (command, check) = (instruction(&image, "CMD"), instruction(&image, "HEALTHCHECK"));
    let mut run = rig.hearthline.start_with(&words(&command));
    let well = async || {
        let asked = rig.hearthline.command(&words(&check[1..])).await;
        (asked.code == 0).then_some(asked.stdout)
    };
    until("the health check passes without the database", Duration::from_secs(60), well).await;
    run.connected().await;
    rig.house.set_state("sensor.early", "1", "{}").unwrap();
    run.has("sensor.early", "1").await;

    database.start().await;
    rig.delivered(&mut run).await;
    let bucket =
        config["services"]["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_BUCKET"].as_str().unwrap();
    let question = format!("SELECT \"state\" FROM \"{MEASUREMENT}\" WHERE \"entity_id\" = 'sensor.early'");
    assert_eq!(database.asked_of(bucket, &question).await.len(), 1);
    until("the health check passes with it", Duration::from_secs(60), well).await;
    assert_eq!(run.stop().await.code(), Some(0), "within the time that it is given");
}

#[test]
fn what_is_copied_into_the_image_is_there() {
    let image = packaging("docker/Dockerfile");
    let left_out = packaging("docker/Dockerfile.dockerignore");
    assert!(image.contains("\nCOPY . .\n") && left_out.lines().all(|line| !line.starts_with("docs")));
    let root = folder().join("..");
    for needed in ["Cargo.lock", "dashboard/package-lock.json", "docs/operations/doctor.md"] {
        assert!(Path::new(&root).join(needed).is_file(), "{needed}");
    }
}
