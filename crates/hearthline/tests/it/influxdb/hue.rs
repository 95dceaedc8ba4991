//! The lamp and the room that brought the old system down, into a database in the state in which it left it.

use hearthline_core::{Clock as _, SystemClock};
use serde_json::json;

use super::peer::InfluxDb;
use super::{MEASUREMENT, Rig, assert_same, conflicts, sink};

const CHANGES: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_lamp_and_a_room_are_delivered_into_a_database_that_has_their_attributes_as_text() {
    let server = InfluxDb::running().await;
    let now = SystemClock::new().now().0 * 1000;
    let old = |n: i64| {
        format!(
            "{MEASUREMENT},entity_id=light.old state=\"on\",attr_dynamics=\"none\",attr_brightness=\"12\" {}",
            now + n
        )
    };
    server.write(&[old(1), old(2)].join("\n")).await.unwrap();
    let rig = Rig::new(&format!(
        "[[sinks]]\ntype = \"influxdb\"\nurl = \"{}\"\ndatabase = \"house\"\n",
        server.url()
    ))
    .await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    for n in 0..CHANGES {
        let brightness = n * 5 + 1;
        let lamp = format!(r#"{{"dynamics":"none","brightness":{brightness}}}"#);
        let room =
            format!(r#"{{"dynamics":{},"brightness":{brightness}.5,"is_hue_group":true}}"#, n % 2 == 0);
        rig.house.set_state("light.hue_lamp", "on", &lamp);
        rig.house.set_state("light.hue_room", "on", &room);
    }
    let status = rig.delivered(&mut run).await;

    let (told, logged) = (sink(&status, "influxdb"), status.count("/events/logged"));
    assert_eq!((&told["delivered"], &told["quarantined"]), (&json!(logged), &json!(0)), "{told}");
    assert_eq!(told["state"], "healthy", "{told}");
    let mut stored = server.states(MEASUREMENT).await;
    stored.retain(|(entity_id, ..)| entity_id != "light.old");
    assert_same(&stored, &rig.fired());
    for (field, kind, count) in [
        ("attr_dynamics", "string", 2),
        ("attr_brightness", "string", 2),
        ("attr_dynamics_str", "string", CHANGES),
        ("attr_dynamics_bool", "boolean", CHANGES),
        ("attr_brightness_num", "float", 2 * CHANGES),
        ("attr_brightness", "float", 0),
        ("state", "string", logged + 2),
    ] {
        assert_eq!(server.count(MEASUREMENT, field, kind).await, count, "{field}::{kind}");
    }
    let listed = conflicts(&mut run).await;
    let brightness = listed["conflicts"].as_array().unwrap().iter().find(|c| c["field"] == "attr_brightness");
    let brightness = brightness.unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(
        (&brightness["goes_to"], &brightness["rows"], &brightness["server"]),
        (&json!("attr_brightness_num"), &json!(2 * CHANGES), &json!(["text"])),
        "{brightness}"
    );
    let status = run.until("all is well", |status| status.at("/overall") == "healthy").await;
    println!("{logged} events logged, {logged} delivered, 0 refused: {}", status.at("/verdict"));
}
