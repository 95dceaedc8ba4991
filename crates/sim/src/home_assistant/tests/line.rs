//! What goes wrong with the line and with frames.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{Client, quiet, state_of};
use crate::{Fault, HomeAssistant, Options};

const SECOND: Duration = Duration::from_secs(1);

/// A connection as bytes.
fn raw(server: &HomeAssistant) -> DuplexStream {
    let (here, there) = tokio::io::duplex(1 << 16);
    let server = server.clone();
    tokio::spawn(async move { server.serve(there).await });
    here
}

/// Without the time in the head, which goes on.
fn undated(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let date = bytes.windows(6).position(|six| six == b"Date: ").map(|at| at + 6);
    let time = "Mon, 23 Nov 2026 11:49:44 GMT".len();
    bytes.iter_mut().skip(date.unwrap_or(usize::MAX)).take(time).for_each(|byte| *byte = b'x');
    bytes
}

const UPGRADE: &str = "GET /api/websocket HTTP/1.1\r\nHost: house\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_connection_breaks_at_any_byte_of_the_handshake_or_of_a_frame() {
    let server = quiet(Options::default());
    let whole = {
        let mut line = raw(&server);
        line.write_all(UPGRADE.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let _ = timeout(SECOND, line.read_to_end(&mut bytes)).await;
        assert!(bytes.ends_with(br#""ha_version":"2026.11.0"}"#), "handshake and the first frame");
        bytes
    };
    for after in 0..whole.len() {
        server.cause(Fault::CutEach { bytes: after as u64 });
        let mut line = raw(&server);
        line.write_all(UPGRADE.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        timeout(SECOND, line.read_to_end(&mut bytes)).await.expect("it ends").unwrap();
        assert_eq!(undated(&bytes), undated(&whole)[..after], "and not a byte more");
    }
    server.heal();
    Client::authenticated(&server).await;
}

#[tokio::test(start_paused = true)]
async fn a_cut_comes_once_so_many_bytes_further_on_in_the_middle_of_an_event() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.set_state("sensor.a", "1", "{}");
    client.next().await.unwrap();
    let before = server.counters().bytes_sent;
    server.cause(Fault::CutAfter { bytes: 700 });
    server.set_state("sensor.a", "2", "{}");
    server.set_state("sensor.a", "3", "{}");
    assert_eq!(client.next().await, None, "half an event is none");
    assert_eq!(server.counters().bytes_sent - before, 700);
    let mut again = Client::subscribed(&server).await;
    for n in 4..40 {
        server.set_state("sensor.a", &n.to_string(), "{}");
        assert_eq!(state_of(&again.next().await.unwrap()).1, n.to_string(), "the cut is over");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_line_is_as_slow_as_it_says_and_a_storm_over_it_ends_in_a_cut_off() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    server.cause(Fault::Throttle { bytes_per_second: 10_000 });
    server.set_state("sensor.a", "1", &format!(r#"{{"x":"{}"}}"#, "x".repeat(100_000)));
    let start = Instant::now();
    client.next().await.unwrap();
    let took = start.elapsed();
    assert!((9 * SECOND..12 * SECOND).contains(&took), "100 kB at 10 kB/s took {took:?}");
    server.cause(Fault::Storm { per_second: 500, lasting: 20 * SECOND, attribute_bytes: 200 });
    while client.next().await.is_some() {}
    assert_eq!(server.counters().cut_off, 1);
    server.end(&Fault::Throttle { bytes_per_second: 10_000 });
    Client::subscribed(&server).await;
}

#[tokio::test(start_paused = true)]
async fn bursts_come_as_arrays_to_who_asked_and_single_frames_never_do() {
    let server = quiet(Options::default());
    let mut client = Client::subscribed(&server).await;
    client.call(json!({"type": "supported_features", "features": {"coalesce_messages": 1}})).await;
    let write =
        |from| (from..from + 5).for_each(|n: u32| drop(server.set_state("sensor.a", &n.to_string(), "{}")));
    server.cause(Fault::Bursts(3 * SECOND));
    let start = Instant::now();
    write(0);
    client.next().await.unwrap();
    assert_eq!((start.elapsed(), &*client.arrays), (3 * SECOND, &[5][..]));
    client.pending.clear();

    server.cause(Fault::SingleFrames);
    write(5);
    for n in 5..10 {
        let Some(Message::Text(text)) = client.frame().await else { panic!("no event") };
        assert!(text.starts_with('{') && text.contains(&format!(r#""state":"{n}""#)), "{text}");
    }
    server.heal();
    write(10);
    for _ in 10..15 {
        client.next().await.unwrap();
    }
    assert_eq!(client.arrays, [5, 5], "arrays again");
}
