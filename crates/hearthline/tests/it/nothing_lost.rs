//! Whatever happens to the program, to its connection and to its disk: what the house fired is stored, once. A tenth as
//! long here as by `cargo xtask soak`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hearthline_core::{Clock as _, SystemClock, Timestamp};
use hearthline_sim::{Ending, Fault, HomeAssistant, House, Options};
use serde_json::Value;
use tokio::time::sleep;

use crate::hearthline::{Hearthline, Run, Status};
use crate::wait::{alone, is_whole, until};

/// How long a gap may take to be filled once the house is quiet.
const FILLED: Duration = Duration::from_secs(150);

/// The whole length only where it is asked for.
fn whole(short: u32, long: u32) -> u32 {
    if is_whole() { long } else { short }
}

/// A simulated peer in this process, and the program that records it.
struct Rig {
    peer: HomeAssistant,
    hearthline: Hearthline,
}

/// A stored state: its text, and how it is known.
type Stored = BTreeMap<(String, Timestamp), (Option<String>, String)>;

impl Rig {
    async fn new(settings: &str) -> Self {
        let options = Options::default();
        let token = options.token.clone();
        let house = House::empty(1, SystemClock::new().now());
        let peer = HomeAssistant::new(house, Arc::new(SystemClock::new()), options);
        let address = peer.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let hearthline = Hearthline::new(&format!("http://{address}"), &token).with_settings(settings);
        Self { peer, hearthline }
    }

    fn storm(&self, per_second: u32, lasting: Duration) {
        self.peer.cause(Fault::Storm { per_second, lasting, attribute_bytes: 200 });
    }

    /// Waits until the program has heard a word, has filled every gap, has heard another word (so that the store has what
    /// was logged before it), and adds up.
    async fn settled(&self, run: &mut Run) -> Status {
        run.connected().await;
        self.hears(run).await;
        run.within(FILLED, "every gap is closed", |status| status.count("/gaps/open") == 0).await;
        self.hears(run).await;
        run.until("the counters add up", Status::adds_up).await
    }

    async fn hears(&self, run: &mut Run) {
        until("a word is heard", Duration::from_secs(60), async || {
            let word = self.peer.counters().fired.to_string();
            self.peer.set_state("sensor.word", &word, "{}");
            sleep(Duration::from_millis(500)).await;
            (run.latest("sensor.word").await? == word).then_some(())
        })
        .await;
    }

    async fn stored(&self) -> Stored {
        let exported = self.hearthline.command(&["export", "--format", "ndjson"]).await;
        assert_eq!(exported.code, 0, "{}", exported.stderr);
        let mut stored = Stored::new();
        for line in exported.stdout.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let ts = Timestamp::parse(row["ts"].as_str().unwrap()).unwrap();
            let key = (row["entity_id"].as_str().unwrap().to_owned(), ts);
            let value =
                (row["state"].as_str().map(str::to_owned), row["origin"].as_str().unwrap().to_owned());
            let again = stored.insert(key, value);
            assert_eq!(again, None, "is there twice: {line}");
        }
        stored
    }

    /// Every event that was fired since is stored, and nothing else is. How many are known from history.
    async fn assert_complete(&self, since: Timestamp) -> usize {
        let mut stored = self.stored().await;
        stored.retain(|(_, ts), _| *ts >= since);
        let (mut from_history, mut count) = (0, 0);
        for fired in self.peer.ledger().into_iter().filter(|fired| fired.time_fired >= since) {
            let key = (fired.entity_id.to_string(), fired.time_fired);
            let state = fired.new_state.map(|state| state.state.to_string());
            let (text, origin) =
                stored.remove(&key).unwrap_or_else(|| panic!("{key:?} {state:?} is not stored"));
            assert_eq!(text, state, "{key:?}");
            from_history += usize::from(origin == "history");
            count += 1;
        }
        assert!(stored.is_empty(), "never fired: {:?}", stored.first_key_value());
        println!("{count} events fired, {count} stored, {from_history} of them from history");
        from_history
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_has_every_event_once() {
    let _alone = alone().await;
    let rig = Rig::new("").await;
    let kills = whole(20, 200);
    let mut run = rig.hearthline.start();
    run.connected().await;
    let since = SystemClock::new().now();
    let began = Instant::now();
    rig.storm(500, Duration::from_secs(u64::from(kills) * 3));
    let mut random = fastrand::Rng::with_seed(11);
    for kill in 0..kills {
        sleep(Duration::from_millis(random.u64(50..2500))).await;
        run.kill().await;
        // What one event alone was missed of is known from the next; of more, history is asked.
        sleep(Duration::from_millis(u64::from(kill % 2) * 500)).await;
        run = rig.hearthline.start();
    }
    let lasting = Duration::from_secs(u64::from(kills) * 3 + 1);
    sleep(lasting.saturating_sub(began.elapsed())).await;
    let status = rig.settled(&mut run).await;
    println!("{kills} kills, gaps: {}", status.at("/kept"));
    assert_eq!(status.count("/gaps/lost") + status.count("/gaps/partly"), 0, "{}", status.at("/gaps"));
    assert!(rig.assert_complete(since).await > 0);
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_every_three_seconds_it_has_every_event_once() {
    let _alone = alone().await;
    let rig = Rig::new("").await;
    let cuts = whole(10, 100);
    let mut run = rig.hearthline.start();
    run.connected().await;
    let since = SystemClock::new().now();
    rig.storm(200, Duration::from_secs(u64::from(cuts) * 3));
    for cut in 0..cuts {
        sleep(Duration::from_secs(3)).await;
        rig.peer.cause(Fault::Drop(if cut % 2 == 0 { Ending::Eof } else { Ending::Close }));
    }
    let status = rig.settled(&mut run).await;
    println!("{cuts} cuts, gaps: {}", status.at("/kept"));
    assert_eq!(status.count("/gaps/lost") + status.count("/gaps/partly"), 0, "{}", status.at("/gaps"));
    assert!(rig.assert_complete(since).await > 0);
    assert_eq!(run.stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_takes_nothing_costs_no_event_no_connection_and_no_memory() {
    let _alone = alone().await;
    let rig = Rig::new("[store]\nflush_interval = \"2s\"\n").await;
    let seconds = u64::from(whole(60, 600));
    let mut run = rig.hearthline.start();
    run.connected().await;
    rig.peer.set_state("sensor.first", "here", "{}");
    run.has("sensor.first", "here").await;
    run.until("it is in files", |status| status.count("/sinks/0/pending") == 0).await;
    let idle = run.memory_kib("VmHWM");
    let since = SystemClock::new().now();

    // The folder of the rows is a file now: nothing can be written into it.
    let (states, aside) = (rig.hearthline.data().join("store/states"), rig.hearthline.data().join("aside"));
    std::fs::rename(&states, &aside).unwrap();
    std::fs::write(&states, "in the way").unwrap();
    let before = rig.peer.counters().fired;
    rig.storm(1000, Duration::from_secs(seconds));
    sleep(Duration::from_secs(seconds)).await;
    let fired = rig.peer.counters().fired - before;
    let status = run.status().await;
    assert_eq!(status.at("/overall"), "degraded", "it says so");
    assert!(status.at("/verdict").as_str().unwrap().contains("safe on disk"), "{}", status.at("/verdict"));
    assert!(status.count("/sinks/0/pending") > fired / 10 * 8, "{fired} fired: {}", status.at("/sinks"));
    let peak = run.memory_kib("VmHWM");
    std::fs::remove_file(&states).unwrap();
    std::fs::rename(&aside, &states).unwrap();

    let healed = Instant::now();
    run.within(Duration::from_secs(120), "it has caught up", |status| {
        status.count("/sinks/0/pending") == 0 && status.at("/sinks/0/state") == "healthy"
    })
    .await;
    let caught_up = healed.elapsed();
    let counters = rig.peer.counters();
    assert_eq!((counters.cut_off, counters.connections_ever), (0, 1), "the reader was never kicked");
    rig.settled(&mut run).await;
    rig.assert_complete(since).await;
    println!(
        "{seconds} s without an archive: memory {} MiB before, {} MiB at the peak; caught up within {:.0} s",
        idle >> 10,
        peak >> 10,
        caught_up.as_secs_f64()
    );
    assert!(peak < idle + (64 << 10), "{peak} KiB at the peak, {idle} KiB before");
    assert_eq!(run.stop().await.code(), Some(0));
}
