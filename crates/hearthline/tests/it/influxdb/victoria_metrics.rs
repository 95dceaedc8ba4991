//! Whatever else speaks the protocol.

use super::Rig;
use super::peer::VictoriaMetrics;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs VictoriaMetrics: cargo xtask test"]
async fn victoria_metrics_takes_points_by_both_ways() {
    let server = VictoriaMetrics::running().await;
    let url = server.url();
    let sinks = format!(
        "[[sinks]]\ntype = \"influxdb\"\nname = \"found-out\"\nurl = \"{url}\"\nmeasurement = \"one\"\n\
         [[sinks]]\ntype = \"influxdb\"\nname = \"second\"\nurl = \"{url}\"\nmeasurement = \"two\"\n\
         version = 2\norg = \"any\"\nbucket = \"house\"\ntoken = \"any\"\n"
    );
    let rig = Rig::new(&sinks).await;
    let mut run = rig.hearthline.start();
    run.connected().await;
    for n in 0..200 {
        rig.house.set_state("sensor.number", &n.to_string(), r#"{"unit_of_measurement":"W"}"#);
        // It keeps milliseconds: two states within one are one to it.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    rig.delivered(&mut run).await;
    let expected: Vec<f64> = (0..200).map(f64::from).collect();
    for metric in ["one_value", "two_value"] {
        assert_eq!(server.values(metric, "sensor.number").await, expected, "{metric}");
    }
}
