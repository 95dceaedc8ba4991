//! A house that is busier than any: a tenth as long here as by `cargo xtask soak`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock};
use hearthline_sim::{Fault, HomeAssistant, House, Options};

use crate::hearthline::{Hearthline, Status};
use crate::wait::{alone, is_whole, until};

const PER_SECOND: u32 = 2000;
/// Far above what is used, far below what would be if anything waited in memory.
const MOST_MEMORY_KIB: u64 = 200 << 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_events_a_second_are_kept_up_with() {
    let _alone = alone().await;
    let lasting = Duration::from_secs(if is_whole() { 60 } else { 6 });
    let options = Options::default();
    let token = options.token.clone();
    let house = House::empty(1, SystemClock::new().now());
    let peer = HomeAssistant::new(house, Arc::new(SystemClock::new()), options);
    let address = peer.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let hearthline = Hearthline::new(&format!("http://{address}"), &token);
    let mut run = hearthline.start();
    run.connected().await;
    let (idle, before) = (run.memory_kib("VmHWM"), run.processor_time());

    let began = Instant::now();
    peer.cause(Fault::Storm { per_second: PER_SECOND, lasting, attribute_bytes: 400 });
    let expected = u64::from(PER_SECOND) * lasting.as_secs() * 9 / 10;
    until("the storm is over", lasting * 3 + Duration::from_secs(20), async || {
        (began.elapsed() > lasting && peer.counters().fired > expected).then_some(())
    })
    .await;
    peer.set_state("sensor.end", "here", "{}");
    run.has("sensor.end", "here").await;
    let took = began.elapsed();

    let status = run.until("the counters add up", Status::adds_up).await;
    let counters = peer.counters();
    assert_eq!((counters.cut_off, counters.connections_ever), (0, 1));
    assert_eq!(status.count("/gaps/open"), 0, "{}", status.at("/gaps"));
    assert_eq!(status.count("/events/logged"), counters.fired, "each event once");
    let (peak, processor) = (run.memory_kib("VmHWM"), run.processor_time() - before);
    assert!(peak < MOST_MEMORY_KIB, "{peak} KiB at the peak, {idle} KiB before");
    println!(
        "{} events in {:.1} s: processor {:.1} s ({:.1} us an event), memory {} MiB at the peak, {} MiB before",
        counters.fired,
        took.as_secs_f64(),
        processor.as_secs_f64(),
        processor.as_secs_f64() * 1e6 / counters.fired as f64,
        peak >> 10,
        idle >> 10,
    );
    assert_eq!(run.stop().await.code(), Some(0));
}
