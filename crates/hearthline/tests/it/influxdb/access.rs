//! Who may not write is told what to do, and nothing is lost until it is done.

use super::peer::InfluxDb;
use super::{MEASUREMENT, Rig, assert_same, sink};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs InfluxDB: cargo xtask test"]
async fn a_wrong_password_parks_the_sink_and_the_right_one_delivers_what_waited() {
    let server = InfluxDb::guarded().await;
    let sink_as = |name: &str, user: &str, password: &str| {
        format!(
            "[[sinks]]\ntype = \"influxdb\"\nname = \"{name}\"\nurl = \"{}\"\ndatabase = \"house\"\n\
             measurement = \"{name}\"\nusername = \"{user}\"\npassword = \"{password}\"\n",
            server.url()
        )
    };
    let both = sink_as("wrong", "writer", "guessed") + &sink_as("reads", "reader", "right");
    let mut rig = Rig::new(&both).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    for n in 0..100 {
        rig.house.set_state("sensor.guarded", &n.to_string(), "{}");
    }
    run.has("sensor.guarded", "99").await;
    for (name, word) in [("wrong", "password"), ("reads", "write")] {
        let status = run.until("it is parked", |status| sink(status, name)["state"] == "parked").await;
        let reason = sink(&status, name)["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(word), "{name}: {}", sink(&status, name));
        assert!(!reason.contains("guessed"), "no secret is told");
        assert!(sink(&status, name)["pending"].as_u64() >= Some(100), "{}", sink(&status, name));
    }
    assert_eq!(run.stop().await.code(), Some(0));

    let right = sink_as("wrong", "writer", "right") + &sink_as("reads", "writer", "right");
    rig.hearthline = rig.hearthline.with_settings(&right);
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.delivered(&mut run).await;
    for name in ["wrong", "reads"] {
        assert_same(&server.states(name).await, &rig.fired());
    }
    assert!(server.states(MEASUREMENT).await.is_empty());
}
