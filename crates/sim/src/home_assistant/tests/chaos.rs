//! Everything at once, from a seed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{Client, start_time};
use crate::{Chaos, Fault, HomeAssistant, Scenario, TokioClock};

const SECOND: Duration = Duration::from_secs(1);

/// Every kind but those that are only large.
fn faults() -> Vec<Fault> {
    let usual = |usage: String| {
        let line =
            usage.replace(['[', ']'], "").replace("to=…", "to=sun.renamed").replace("from=…", "from=sun.sun");
        let line = line.replace("command=…", "command=get_states").replace('…', "light.hue_lamp");
        Fault::parse(&line).unwrap()
    };
    let kinds = Fault::kinds().iter().filter(|kind| !kind.name.starts_with("large"));
    kinds.map(|kind| usual(kind.usage())).collect()
}

/// Comes again for ever, and keeps every frame.
async fn listen(server: HomeAssistant, frames: &mut Vec<Message>) {
    loop {
        sleep(SECOND).await;
        let Ok(Some(mut client)) = timeout(10 * SECOND, Client::upgrade(&server, 4096)).await else {
            continue;
        };
        let words = [
            json!({"type": "auth", "access_token": "simulated-token"}),
            json!({"id": 1, "type": "supported_features", "features": {"coalesce_messages": 1}}),
            json!({"id": 2, "type": "subscribe_events"}),
            json!({"id": 3, "type": "get_states"}),
        ];
        for word in words {
            let said =
                timeout(SECOND, futures_util::SinkExt::send(&mut client.socket, word.to_string().into()));
            if !matches!(said.await, Ok(Ok(()))) {
                break;
            }
        }
        while let Ok(Some(frame)) = timeout(10 * SECOND, client.frame()).await {
            frames.push(frame);
        }
    }
}

/// Three minutes of a house in which something goes wrong every three seconds.
fn live(seed: u64) -> (Vec<Message>, String, crate::Counters) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let chaos = Chaos { every: 3 * SECOND, faults: faults(), lasting: 2 * SECOND };
        let scenario = Scenario { seed: Some(seed), rate: 5.0, chaos: Some(chaos), ..Scenario::default() };
        let server = scenario.server(Arc::new(TokioClock::starting_at(start_time())));
        let (living, playing) = (server.clone(), server.clone());
        tokio::spawn(async move { living.run().await });
        tokio::spawn(playing.play(scenario));
        let mut frames = Vec::new();
        let end = Instant::now() + 180 * SECOND;
        let _ = tokio::time::timeout_at(end, listen(server.clone(), &mut frames)).await;
        (frames, server.ledger_lines(), server.counters())
    })
}

#[test]
fn a_seed_makes_the_same_chaos_to_the_byte_and_another_seed_another() {
    let (first, again, other) = (live(1), live(1), live(2));
    assert!(first.0.len() > 200 && first.2.connections_ever > 10, "{} frames, {:?}", first.0.len(), first.2);
    assert!(first == again, "{:?} and {:?}", first.2, again.2);
    assert!(first.0 != other.0 && first.1 != other.1);
}
