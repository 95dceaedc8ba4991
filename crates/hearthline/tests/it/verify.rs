//! A state is set in Home Assistant, followed to the log, the store and every sink, and read back from each.

use std::time::Duration;

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Fault, FieldValue, House, InfluxDb, InfluxFault, InfluxVersion};
use serde_json::{Value, json};

use crate::hearthline::{Hearthline, Run, Status};
use crate::home_assistant::peer::HomeAssistant as RealHouse;
use crate::influxdb::peer::InfluxDb as RealInfluxDb;
use crate::influxdb::simulated::{settings, simulated};
use crate::influxdb::{MEASUREMENT, Rig};
use crate::wait::until;

const CANARY: &str = "sensor.hearthline_canary";
const SOON: Duration = Duration::from_secs(30);

/// Verifies, and answers with the document.
async fn verify(hearthline: &Hearthline, arguments: &[&str]) -> (i32, Value) {
    let answer = hearthline.command(&[&["verify", "--json"], arguments].concat()).await;
    (answer.code, answer.json())
}

/// How a leg ended: outcome, how many passed it of how many, and what is said.
fn leg<'d>(document: &'d Value, part: &str, step: &str) -> (&'d str, u64, u64, &'d str) {
    let passages = document["passages"].as_array().unwrap();
    let found = passages.iter().find(|passage| passage["part"] == part && passage["step"] == step);
    let found = found.unwrap_or_else(|| panic!("no leg {part} {step}: {document:#}"));
    let text = |key: &str| found[key].as_str().unwrap();
    (text("outcome"), found["passed"].as_u64().unwrap(), found["of"].as_u64().unwrap(), text("says"))
}

fn criterion(status: &Status) -> Option<Value> {
    let criteria = status.at("/criteria").as_array().unwrap();
    criteria.iter().find(|criterion| criterion["id"] == "canary").cloned()
}

/// The canary's points: state, and each field that is called `attr_dynamics…`.
fn points(server: &InfluxDb) -> Vec<(String, Vec<(String, FieldValue)>)> {
    let points = server.points("house", MEASUREMENT).into_iter();
    let of_canary = points.filter(|point| point.tags["entity_id"] == CANARY);
    of_canary
        .map(|point| {
            let Some(FieldValue::Text(state)) = point.fields.get("state") else {
                panic!("no state: {point:?}")
            };
            let attributes = point.fields.iter().filter(|(field, _)| field.starts_with("attr_dynamics"));
            (state.clone(), attributes.map(|(field, value)| (field.clone(), value.clone())).collect())
        })
        .collect()
}

async fn connected(rig: &Rig) -> Run {
    let mut run = rig.hearthline.start();
    run.connected().await;
    run
}

/// An entity that says something else five times a second, until it is aborted.
fn alive(
    rig: &Rig,
    entity_id: &'static str,
    nth: fn(u32) -> String,
    attributes: &'static str,
) -> tokio::task::JoinHandle<()> {
    let house = rig.house.clone();
    tokio::spawn(async move {
        for n in 0.. {
            house.set_state(entity_id, &nth(n), attributes);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
}

async fn gets_through(version: InfluxVersion) {
    let (server, address) = simulated(version).await;
    let rig = Rig::new(&settings("influxdb", version, address)).await;
    let mut run = connected(&rig).await;
    let before = run.status().await;
    assert_eq!(criterion(&before), None, "nobody has verified, and nobody wants it");

    let (code, document) = verify(&rig.hearthline, &["--events", "2"]).await;
    assert_eq!(
        (code, &document["outcome"], &document["through"]),
        (0, &json!("passed"), &json!(true)),
        "{document:#}"
    );
    for (part, step) in [
        ("home_assistant", "set"),
        ("home_assistant", "heard"),
        ("log", "logged"),
        ("log", "synced"),
        ("store", "stored"),
        ("store", "files"),
        ("influxdb", "delivered"),
        ("influxdb", "read_back"),
    ] {
        let (outcome, passed, of, says) = leg(&document, part, step);
        assert_eq!((outcome, passed, of), ("passed", 6, 6), "{part} {step}: {says}");
    }
    let kinds: Vec<_> =
        document["changes"].as_array().unwrap().iter().map(|change| &change["kind"]).collect();
    assert_eq!(kinds, ["text", "boolean", "removal", "text", "boolean", "removal"]);

    let points = points(&server);
    assert_eq!(points.len(), 6, "{points:?}");
    for round in points.chunks(3) {
        let [text, flag, removal] = round else { panic!("{round:?}") };
        assert!(
            matches!(&*text.1, [(field, FieldValue::Text(_))] if field == "attr_dynamics_str"),
            "{text:?}"
        );
        assert_eq!(flag.1, [("attr_dynamics_bool".to_owned(), FieldValue::Bool(true))]);
        assert_eq!((removal.0.as_str(), removal.1.len()), ("removed", 0));
    }
    assert!(rig.house.state(CANARY).is_none(), "it is gone from the house");
    let status = run.until("the counters hold", |status| status.adds_up()).await;
    let known = criterion(&status).unwrap();
    assert_eq!((&known["met"], &known["unit"]), (&json!(true), &json!("s")), "{known}");
    assert!(known["value"].as_f64().unwrap() < 600.0, "{known}");

    assert_eq!(run.stop().await.code(), Some(0));
    let mut run = connected(&rig).await;
    let (code, last) = verify(&rig.hearthline, &["--last"]).await;
    assert_eq!((code, &last["id"]), (0, &document["id"]), "it is kept over a restart");
    assert_eq!(criterion(&run.status().await).unwrap()["met"], true);
    assert_eq!(run.stop().await.code(), Some(0));
    assert_eq!(rig.hearthline.command(&["verify"]).await.code, 4, "nobody is there to ask");
}

#[tokio::test]
async fn a_canary_comes_back_from_every_place_with_the_types_that_it_was_set_with() {
    gets_through(InfluxVersion::V1).await;
}

#[tokio::test]
async fn a_canary_comes_back_from_influxdb_2_and_3_as_well() {
    gets_through(InfluxVersion::V2).await;
    gets_through(InfluxVersion::V3).await;
}

#[tokio::test]
async fn a_sink_that_takes_nothing_is_named_and_everything_else_is_passed() {
    let (server, address) = simulated(InfluxVersion::V1).await;
    let rig = Rig::new(&settings("influxdb", InfluxVersion::V1, address)).await;
    let mut run = connected(&rig).await;
    server.cause(InfluxFault::Down);
    let (code, document) = verify(&rig.hearthline, &[]).await;
    assert_eq!(
        (code, &document["outcome"], &document["through"]),
        (3, &json!("degraded"), &json!(false)),
        "{document:#}"
    );
    let (outcome, passed, of, says) = leg(&document, "influxdb", "delivered");
    assert_eq!((outcome, passed, of), ("degraded", 0, 3));
    assert!(says.starts_with("influxdb takes nothing now, and the event waits in the log:"), "{says}");
    assert_eq!(leg(&document, "store", "files").0, "passed");
    assert!(document["says"].as_str().unwrap().starts_with("3 of 3 changes"), "{}", document["says"]);
    assert_eq!(criterion(&run.status().await).unwrap()["met"], false);

    server.heal();
    let (code, document) = verify(&rig.hearthline, &[]).await;
    assert_eq!((code, &document["outcome"]), (0, &json!("passed")), "{document:#}");
    assert_eq!(points(&server).len(), 6, "what had to wait is there too");
}

#[tokio::test]
async fn without_the_right_the_next_state_that_comes_is_followed_and_home_assistant_sees_no_wrong_login() {
    let (_server, address) = simulated(InfluxVersion::V1).await;
    let rig = Rig::new(&settings("influxdb", InfluxVersion::V1, address)).await;
    rig.house.cause(Fault::NoAdmin);
    let _run = connected(&rig).await;
    let alive = alive(&rig, "sensor.natural", |n| n.to_string(), "{}");
    let (code, document) = verify(&rig.hearthline, &[]).await;
    alive.abort();
    assert_eq!(
        (code, &document["outcome"], &document["through"]),
        (3, &json!("degraded"), &json!(true)),
        "{document:#}"
    );
    assert_eq!(document["instead"], "the token is not an administrator's");
    assert!(document["todo"].as_str().unwrap().contains("administrator"), "{}", document["todo"]);
    let change = &document["changes"][0];
    assert_eq!((&change["kind"], &change["entity_id"]), (&json!("natural"), &json!("sensor.natural")));
    assert_eq!(leg(&document, "influxdb", "read_back").0, "passed");
    assert_eq!(rig.house.counters().auth_failures, 0);
}

#[tokio::test]
async fn a_filter_that_leaves_the_canary_out_is_said_and_not_gone_around() {
    let (server, address) = simulated(InfluxVersion::V1).await;
    let sink = settings("influxdb", InfluxVersion::V1, address);
    let rig = Rig::new(&format!("{sink}exclude = [\"{CANARY}\"]\n")).await;
    let mut run = connected(&rig).await;
    let (code, document) = verify(&rig.hearthline, &[]).await;
    let (outcome, _, _, says) = leg(&document, "influxdb", "delivered");
    assert_eq!((code, outcome), (3, "degraded"), "{document:#}");
    assert!(says.contains("the filter of influxdb leaves sensor.hearthline_canary out"), "{says}");
    assert_eq!((points(&server).len(), leg(&document, "store", "stored").0), (0, "passed"));
    assert_eq!(run.stop().await.code(), Some(0));

    let rig = Rig::new("[filter]\ninclude = [\"light\"]\n").await;
    let _run = connected(&rig).await;
    let alive = alive(&rig, "light.a", |n| if n % 2 == 0 { "on".into() } else { "off".into() }, "{}");
    let (code, document) = verify(&rig.hearthline, &[]).await;
    alive.abort();
    assert_eq!(code, 3, "{document:#}");
    assert_eq!(
        document["instead"],
        "your filter leaves sensor.hearthline_canary out (include does not have it)"
    );
    assert_eq!(document["todo"], "add \"sensor.hearthline_canary\" to include under [filter]");
    assert!(rig.house.ledger().iter().all(|fired| fired.entity_id.as_str() != CANARY), "it was not set");
}

#[tokio::test]
async fn a_state_that_a_sink_leaves_out_by_its_class_is_not_missed_there() {
    let (_server, address) = simulated(InfluxVersion::V1).await;
    let sink = settings("influxdb", InfluxVersion::V1, address);
    let rig = Rig::new(&format!("{sink}exclude = [\"device_class:battery\"]\n")).await;
    rig.house.cause(Fault::NoAdmin);
    let _run = connected(&rig).await;
    let alive = alive(&rig, "sensor.natural", |n| n.to_string(), r#"{"device_class":"battery"}"#);
    let (code, document) = verify(&rig.hearthline, &[]).await;
    alive.abort();
    let (outcome, _, _, says) = leg(&document, "influxdb", "delivered");
    assert_eq!((code, outcome), (3, "degraded"), "{document:#}");
    assert!(says.contains("the filter of influxdb leaves sensor.natural out"), "{says}");
}

#[tokio::test]
async fn a_canary_that_is_left_behind_by_a_kill_is_removed_at_the_next_start() {
    let rig = Rig::new("").await;
    let mut run = connected(&rig).await;
    // Its first event never comes, so that it stays for as long as that is waited for.
    rig.house.cause(Fault::Swallow(CANARY.into()));
    let verifying = rig.hearthline.spawn(&["verify"]);
    until("the canary is set", SOON, async || rig.house.state(CANARY).map(drop)).await;
    run.kill().await;
    drop(verifying);
    assert!(rig.house.state(CANARY).is_some());

    let _run = connected(&rig).await;
    until("the canary is gone", SOON, async || rig.house.state(CANARY).is_none().then_some(())).await;
    until("so is its note", SOON, async || {
        (!rig.hearthline.data().join("verify/canary").exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_home_assistant_that_is_away_is_unreachable_and_the_legs_behind_it_are_not_blamed() {
    let rig = Rig::of(House::empty(1, SystemClock::new().now()), "[verify]\nevery = \"6h\"\n").await;
    let mut run = connected(&rig).await;
    let wanted = criterion(&run.status().await).unwrap();
    assert_eq!(
        (&wanted["met"], &wanted["target"], &wanted["note"]),
        (&json!(null), &json!(43_200.0), &json!("none was verified yet"))
    );
    rig.house.cause(Fault::Refuse);
    let (code, document) = verify(&rig.hearthline, &[]).await;
    assert_eq!((code, &document["outcome"]), (4, &json!("unreachable")), "{document:#}");
    assert_eq!(document["passages"].as_array().unwrap().len(), 1, "{document:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Home Assistant and InfluxDB: cargo xtask test"]
async fn a_canary_goes_from_a_real_home_assistant_into_a_real_influxdb_and_its_type_flips_in_one_series() {
    let (house, server) = (RealHouse::running().await, RealInfluxDb::running().await);
    let sink = format!("[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\n", server.url());
    let hearthline = Hearthline::new(&house.url(), house.owner()).with_settings(&sink);
    let mut run = hearthline.start();
    run.connected().await;
    let (code, document) = verify(&hearthline, &["--events", "5"]).await;
    for passage in document["passages"].as_array().unwrap() {
        let Value::Object(passage) = passage else { panic!("{passage}") };
        println!(
            "{} {}: {} of {}, median {} ms, slowest {} ms ({})",
            passage["part"],
            passage["label"],
            passage["passed"],
            passage["of"],
            passage["median_ms"],
            passage["slowest_ms"],
            passage["says"]
        );
    }
    assert_eq!((code, &document["outcome"]), (0, &json!("passed")), "{document:#}");
    for (field, kind, count) in [
        ("state", "string", 15),
        ("value", "float", 10),
        ("attr_dynamics_str", "string", 5),
        ("attr_dynamics_bool", "boolean", 5),
    ] {
        let question = format!(
            "SELECT COUNT(\"{field}\"::{kind}) FROM \"{MEASUREMENT}\" WHERE \"entity_id\" = '{CANARY}' GROUP BY *"
        );
        let rows = server.query(&question).await;
        assert_eq!(rows.len(), 1, "one series: {rows:?}");
        assert_eq!(rows[0].1[1], count, "{field}::{kind}");
    }
    let states = house.command(json!({"type": "get_states"})).await;
    let left = states.as_array().map(|states| states.iter().any(|state| state["entity_id"] == CANARY));
    assert_eq!(left, Some(false), "it is gone from the house: {states}");
    run.until("the counters hold", |status| status.adds_up()).await;

    // Without the right nothing is tried that would count as a wrong login.
    let reader = Hearthline::new(&house.url(), house.reader()).with_settings("");
    let mut run = reader.start();
    run.connected().await;
    let verifying = tokio::spawn(async move { verify(&reader, &[]).await });
    let followed = async {
        for n in 0.. {
            house.set("sensor.natural", &n.to_string(), &json!({})).await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let (code, document) = tokio::select! {
        done = verifying => done.unwrap(),
        () = followed => panic!("it goes on for ever"),
    };
    assert_eq!((code, &document["changes"][0]["entity_id"]), (3, &json!("sensor.natural")), "{document:#}");
    assert!(!house.log().contains("invalid authentication"), "{}", house.log());
}
