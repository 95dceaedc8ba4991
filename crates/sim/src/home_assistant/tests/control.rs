use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

use super::{Client, quiet, state_of};
use crate::home_assistant::control::Save;
use crate::{HomeAssistant, Options};

struct Control(BufReader<DuplexStream>);

impl Control {
    fn of(server: &HomeAssistant) -> Self {
        let (here, there) = tokio::io::duplex(1 << 16);
        let server = server.clone();
        let save: Save = Arc::new(|| Err("there is no ledger file".into()));
        tokio::spawn(async move { server.take_orders(there, &save).await });
        Self(BufReader::new(here))
    }

    async fn order(&mut self, order: &str) -> (Vec<String>, String) {
        self.0.get_mut().write_all(format!("{order}\n").as_bytes()).await.unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).await.unwrap() > 0, "it ended within an answer");
            let line = line.trim_end().to_owned();
            if line == "ok" || line.starts_with("error: ") {
                return (lines, line);
            }
            lines.push(line);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn faults_are_caused_and_ended_and_everything_can_be_asked() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    let mut control = Control::of(&server);
    let (lines, end) = control.order(r#"set sensor.a 1.5 {"unit": "°C"}"#).await;
    assert_eq!((lines, &*end), (vec![server.ledger()[0].time_fired.to_string()], "ok"));
    assert_eq!(state_of(&client.next().await.unwrap()), ("sensor.a", "1.5"));

    assert_eq!(control.order("cause drop ending=close").await.1, "ok");
    assert_eq!(client.next().await, None);
    assert_eq!(control.order("cause away").await.1, "ok");
    assert!(Client::upgrade(&server, 4096).await.is_none());
    assert_eq!(control.order("end away").await.1, "ok");
    Client::authenticated(&server).await;
    control.order("cause ban").await;
    assert_eq!(control.order("heal").await.1, "ok");
    Client::authenticated(&server).await;

    let counters: Value = serde_json::from_str(&control.order("counters").await.0[0]).unwrap();
    assert_eq!((&counters["fired"], &counters["connections_ever"]), (&1.into(), &3.into()));
    assert_eq!(control.order("ledger").await.0.join("\n") + "\n", server.ledger_lines());
    assert_eq!(control.order("faults").await.0.len(), crate::Fault::kinds().len());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_order_is_told_and_the_next_one_is_taken() {
    let server = quiet(Options::default());
    let mut control = Control::of(&server);
    for (order, error) in [
        ("cuase drop", "no order is called \"cuase\"; is \"cause\" meant?"),
        ("cause drip", "is \"drop\" meant?"),
        ("end drop", "this fault happens once"),
        ("set sensor.a", "write it as set ENTITY STATE"),
        ("set sensor.a 1 [1]", "no JSON object"),
        ("set sensor.a 1 {", "not JSON"),
        ("save", "there is no ledger file"),
    ] {
        let (lines, end) = control.order(order).await;
        assert!(lines.is_empty() && end.contains(error), "{order}: {end}");
    }
    assert_eq!(control.order("set sensor.a 1").await.1, "ok");
}
