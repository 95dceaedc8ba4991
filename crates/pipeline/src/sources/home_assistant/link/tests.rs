//! The whole way from a simulated Home Assistant to the log, on one runtime with paused time, a disk in memory and streams
//! in memory.

use hearthline_core::{MemFs, Origin, QuarantineRow, Row, Secret, Seq, Settlement, StateRow, Timestamp};
use hearthline_log::{Log, LogConfig, LogWriter, Read};
use hearthline_sim::{Ending, Fault, Garbage, HomeAssistant, House, Options, TokioClock};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use url::Url;

use super::*;
use crate::filter::Filter;
use crate::gaps::Cause;
use crate::ingest::IngestView;
use crate::normalise::Normaliser;
use crate::orders::{Order, Orders};
use crate::quarantine::{Outcome, Settle};
use crate::record::Record;
use crate::silence::{Learnt, Rules, SilenceView};
use crate::sources::home_assistant::Address;

mod fills;
mod filters;
mod registries;
mod silence;
mod weather;

const START: Timestamp = Timestamp(1_800_000_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// A house, its Home Assistant, and a recorder.
struct Lab {
    peer: HomeAssistant,
    log: Log,
    ingest: Arc<IngestView>,
    silence: Arc<SilenceView>,
    status: watch::Receiver<LinkStatus>,
    token: Arc<Mutex<Secret>>,
    orders: Orders,
    again: Arc<Notify>,
    stop: CancellationToken,
    link: JoinHandle<()>,
}

/// The state rows of the log.
fn rows(lab: &Lab) -> Vec<StateRow> {
    let (mut rows, mut normaliser, mut reader) =
        (Vec::new(), Normaliser::new("home"), lab.log.reader(Seq::ZERO));
    while let Some(Read::Batch(batch)) = reader.read().unwrap() {
        rows.extend(batch.records().filter_map(|(seq, _, bytes)| normaliser.row(seq, bytes)));
    }
    rows.into_iter().filter_map(|row| if let Row::State(row) = row { Some(row) } else { None }).collect()
}

impl Lab {
    fn new(options: Options) -> Self {
        Self::of(House::empty(1, START), options, &["state_changed"])
    }

    fn of(house: House, options: Options, events: &[&str]) -> Self {
        Self::built(house, options, events, SWEEP, &[], |_| {})
    }

    fn excluding(house: House, exclude: &[&str]) -> Self {
        Self::built(house, Options::default(), &["state_changed"], SWEEP, exclude, |_| {})
    }

    fn with_weather(house: House, weather: crate::weather::House) -> Self {
        Self::built(house, Options::default(), &["state_changed"], SWEEP, &[], |ingest| {
            ingest.use_weather(weather)
        })
    }

    fn watched(house: House, options: Options, events: &[&str], (sweep, rules): (Duration, Rules)) -> Self {
        Self::built(house, options, events, sweep, &[], |ingest| {
            ingest.judge_silence_by(rules, Learnt::default())
        })
    }

    fn built(
        house: House,
        options: Options,
        events: &[&str],
        sweep: Duration,
        exclude: &[&str],
        prepare: impl FnOnce(&mut Ingest),
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting_at(START));
        let peer = HomeAssistant::new(house, Arc::clone(&clock), options);
        let config = LogConfig { queue_bytes: 16 << 20, ring_bytes: 1 << 20, ..LogConfig::new("/data/log") };
        let (mut writer, _) =
            LogWriter::open(Arc::new(MemFs::default()), Arc::clone(&clock), config, Seq(1)).unwrap();
        let log = writer.log();
        tokio::spawn(async move {
            loop {
                writer.step().unwrap();
                sleep(Duration::from_millis(20)).await;
            }
        });
        let exclude: Vec<_> = exclude.iter().map(ToString::to_string).collect();
        let filter = Arc::new(Filter::new(&[], &exclude).unwrap());
        let mut ingest = Ingest::open(log.clone(), Arc::clone(&clock), filter).unwrap();
        prepare(&mut ingest);
        let silence = ingest.silence();
        let token = Arc::new(Mutex::new(Secret::new("simulated-token")));
        let (view, given, served) = (ingest.view(), Arc::clone(&token), peer.clone());
        let again: Arc<Notify> = Arc::default();
        let config = LinkConfig {
            dial: Arc::new(move || {
                let (ours, theirs) = tokio::io::duplex(256 << 10);
                let peer = served.clone();
                tokio::spawn(async move { peer.serve(theirs).await });
                Box::pin(async { Ok(Box::new(ours) as Box<dyn super::super::Io>) })
            }),
            session: SessionConfig {
                address: Address::of(&Url::parse("http://sim:8123").unwrap()).unwrap(),
                ping_interval: 10 * SECOND,
            },
            token: Arc::new(move || given.lock().clone()),
            events: events.iter().map(ToString::to_string).collect(),
            sweep,
            supervised: false,
            seed: 3,
            retry: Arc::default(),
            again: Arc::clone(&again),
        };
        let (link, status) = Link::new(config, clock, in_log(log.clone()));
        let (orders, incoming) = Orders::channel();
        let stop = CancellationToken::new();
        let link = tokio::spawn(link.run(ingest, incoming, stop.clone()));
        Self { peer, log, ingest: view, silence, status, token, orders, again, stop, link }
    }

    fn state(&self) -> LinkState {
        self.status.borrow().state
    }

    fn attempts(&self) -> u64 {
        self.status.borrow().attempts
    }

    /// Exactly one of each, and events arrive on it.
    async fn assert_one_connection(&self) {
        let counters = self.peer.counters();
        // To states and to each registry, or to all events.
        assert!(counters.connections == 1 && [1, 6].contains(&counters.subscriptions), "{counters:?}");
        assert_eq!(self.state(), LinkState::Connected);
        self.peer.set_state("sensor.proof", &counters.fired.to_string(), "{}");
        sleep(SECOND).await;
        let proof = self.logged().into_iter().rfind(|(entity, ..)| entity == "sensor.proof").unwrap();
        assert_eq!(proof.2.as_deref(), Some(counters.fired.to_string().as_str()));
    }

    /// Every state in the log: entity, time, text, origin.
    fn logged(&self) -> Vec<Logged> {
        logged(&self.log)
    }

    async fn stopped(self) {
        self.stop.cancel();
        self.link.await.unwrap();
    }
}

type Logged = (String, Timestamp, Option<String>, Origin);

fn logged(log: &Log) -> Vec<Logged> {
    let mut found = Vec::new();
    let mut reader = log.reader(Seq::ZERO);
    while let Some(read) = reader.read().unwrap() {
        let Read::Batch(batch) = read else { panic!("damage") };
        for (_, _, bytes) in batch.records() {
            let Record::State(record) = Record::decode(bytes).unwrap() else { continue };
            let text = match record.origin {
                _ if record.removed => None,
                Origin::Live => {
                    let event = wire::parse_event(&record.raw).unwrap();
                    let wire::EventData::StateChanged { new_state, .. } = event.data else {
                        panic!("no state")
                    };
                    Some(new_state.unwrap().state.into_owned())
                }
                _ => Some(wire::parse_state(&record.raw).unwrap().state.into_owned()),
            };
            found.push((record.entity_id.into_owned(), record.ts, text, record.origin));
        }
    }
    found
}

/// What is recorded already, as the log says.
fn in_log(log: Log) -> Stored {
    Arc::new(move |entities, (from, to), through| {
        let log = log.clone();
        Box::pin(async move {
            log.wait_written(through).await;
            let wanted = |(entity, ts, ..): &Logged| {
                from <= *ts && *ts < to && entities.iter().any(|wanted| wanted.as_str() == entity)
            };
            let found = logged(&log).into_iter().filter(wanted);
            Ok(found.map(|(entity, ts, ..)| (entity.as_str().into(), ts)).collect())
        })
    })
}

#[tokio::test(start_paused = true)]
async fn every_event_of_a_living_house_is_logged_once() {
    let lab = Lab::of(House::new(7, START), Options::default(), &["state_changed"]);
    let peer = lab.peer.clone();
    let living = tokio::spawn(async move { peer.run().await });
    sleep(600 * SECOND).await;
    living.abort();
    sleep(SECOND).await;
    let logged = lab.logged();
    let fired = lab.peer.ledger();
    let live: Vec<_> = logged.iter().filter(|(.., origin)| *origin == Origin::Live).collect();
    let identity = |fired: &hearthline_sim::Fired| {
        fired.new_state.as_ref().map_or(fired.time_fired, |new| new.last_updated)
    };
    let since = fired.iter().filter(|fired| fired.time_fired > START.plus(SECOND));
    let mut count = 0;
    for fired in since {
        let (entity, ts, state, _) = live
            .iter()
            .find(|(entity, ts, ..)| *entity == fired.entity_id.as_str() && *ts == identity(fired))
            .unwrap_or_else(|| panic!("{fired:?} is not in the log"));
        assert_eq!(state.as_deref(), fired.new_state.as_ref().map(|state| &*state.state), "{entity} {ts}");
        count += 1;
    }
    assert!(count > 100, "{count}");
    let mut identities: Vec<_> = logged.iter().map(|(entity, ts, ..)| (entity, ts)).collect();
    identities.sort();
    let all = identities.len();
    identities.dedup();
    assert_eq!(identities.len(), all, "no state is there twice");
    assert!(lab.ingest.look().recent_gaps.is_empty());
    let counters = lab.peer.counters();
    assert!(counters.user_agent.unwrap().starts_with("hearthline/"));
    assert!(counters.pings > 50, "one each ten seconds");
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_closes_after_letting_us_in_is_not_hammered_and_ends_with_one_connection() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    lab.peer.cause(Fault::CloseAfterAuth);
    lab.peer.cause(Fault::Drop(Ending::Close));
    sleep(600 * SECOND).await;
    let attempts = lab.attempts();
    assert!((10..60).contains(&attempts), "{attempts} attempts in ten minutes");
    lab.peer.heal();
    sleep(61 * SECOND).await;
    lab.assert_one_connection().await;
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_made_again_at_once_when_a_person_asks_for_it() {
    let lab = Lab::new(Options::default());
    // Asked for before there is one: the first connection is what was wanted.
    lab.again.notify_one();
    sleep(3 * SECOND).await;
    assert_eq!((lab.state(), lab.attempts()), (LinkState::Connected, 1));
    let asked = async |attempts| {
        lab.again.notify_one();
        let began = Instant::now();
        while lab.attempts() < attempts || lab.state() != LinkState::Connected {
            sleep(SECOND / 10).await;
            assert!(began.elapsed() < 5 * SECOND, "{:?}", lab.status.borrow());
        }
        lab.assert_one_connection().await;
    };
    asked(2).await;
    assert_eq!(lab.ingest.look().recent_gaps.len(), 1, "what happened in between is a gap");

    // A line that seems to live and is dead.
    lab.peer.cause(Fault::HalfOpen);
    lab.peer.set_state("sensor.a", "1", "{}");
    sleep(SECOND).await;
    assert_eq!(lab.state(), LinkState::Connected);
    lab.peer.heal();
    asked(3).await;
    sleep(200 * SECOND).await;
    assert!(lab.logged().iter().any(|(entity, ..)| entity == "sensor.a"), "the gap was filled");
    let gaps = lab.ingest.look().recent_gaps;
    assert!(gaps.iter().all(|gap| gap.detail.contains("a person asked")), "{gaps:?}");

    // While the next attempt is not due yet.
    lab.peer.cause(Fault::CloseAfterAuth);
    lab.peer.cause(Fault::Drop(Ending::Close));
    sleep(200 * SECOND).await;
    lab.peer.heal();
    while lab.state() != LinkState::Waiting {
        sleep(SECOND / 10).await;
    }
    asked(lab.attempts() + 1).await;
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_line_is_noticed_within_25_seconds_and_its_gap_is_named() {
    let lab = Lab::new(Options::default());
    lab.peer.set_state("sensor.a", "1", "{}");
    sleep(3 * SECOND).await;
    lab.peer.set_state("sensor.a", "2", "{}");
    sleep(SECOND).await;
    lab.peer.cause(Fault::HalfOpen);
    sleep(25 * SECOND).await;
    assert_eq!(lab.state(), LinkState::Waiting);
    lab.peer.heal();
    sleep(61 * SECOND).await;
    lab.assert_one_connection().await;
    let gap = lab.ingest.look().recent_gaps.remove(0);
    assert_eq!(gap.cause, Cause::Disconnected);
    assert!(gap.detail.contains("nothing was heard"), "{}", gap.detail);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_tried_once_until_another_is_put_in_place() {
    let lab = Lab::new(Options { token: "another".into(), ..Options::default() });
    sleep(3600 * SECOND).await;
    assert_eq!((lab.state(), lab.attempts(), lab.peer.counters().auth_failures), (LinkState::Parked, 1, 1));
    let words = lab.status.borrow().last_error.clone().unwrap();
    assert!(words.contains("token") && !words.contains("simulated-token"), "{words}");
    *lab.token.lock() = Secret::new("another");
    sleep(NEW_TOKEN + SECOND).await;
    assert_eq!(lab.attempts(), 2);
    lab.assert_one_connection().await;
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_revoked_token_parks_and_a_ban_is_told_apart() {
    let lab = Lab::new(Options { login_attempts_threshold: Some(1), ..Options::default() });
    sleep(SECOND).await;
    lab.peer.cause(Fault::RevokeToken);
    sleep(90 * SECOND).await;
    assert_eq!((lab.state(), lab.attempts()), (LinkState::Parked, 2));
    *lab.token.lock() = Secret::new("yet another");
    sleep(NEW_TOKEN + SECOND).await;
    let words = lab.status.borrow().last_error.clone().unwrap();
    assert!(words.contains("ip_bans.yaml"), "{words}");
    assert_eq!((lab.state(), lab.attempts()), (LinkState::Parked, 3));
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_home_assistant_is_survived_with_one_connection() {
    let lab = Lab::new(Options::default());
    for n in 0..30 {
        lab.peer.set_state(&format!("sensor.s{n}"), "1", "{}");
    }
    sleep(3 * SECOND).await;
    lab.peer.cause(Fault::Restart { down: 20 * SECOND, starting: 30 * SECOND, killed: false });
    sleep(5 * SECOND).await;
    assert_eq!(lab.state(), LinkState::Waiting);
    sleep(180 * SECOND).await;
    lab.assert_one_connection().await;
    let gaps = lab.ingest.look().recent_gaps;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].to.is_some());
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn garbage_is_set_aside_and_delays_nobody() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    let garbage = [Garbage::NotJson, Garbage::NoEntityId, Garbage::BadTime, Garbage::Binary];
    for (n, garbage) in garbage.into_iter().enumerate() {
        lab.peer.cause(Fault::Garbage(garbage));
        sleep(SECOND).await; // or it may come in one frame with its neighbours, which cannot be told apart then
        lab.peer.set_state("sensor.a", &n.to_string(), "{}");
        sleep(SECOND).await;
    }
    assert_eq!(lab.logged().len(), garbage.len());
    let counters = lab.ingest.look().counters;
    assert_eq!((counters.undecodable, counters.difference()), (garbage.len() as u64, 0));
    lab.assert_one_connection().await;
    assert_eq!(lab.attempts(), 1);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn keys_in_any_order_and_unknown_ones_are_read() {
    let lab = Lab::new(Options::default());
    lab.peer.cause(Fault::OddKeyOrder);
    lab.peer.cause(Fault::UnknownKeys);
    sleep(SECOND).await;
    lab.assert_one_connection().await;
    assert_eq!(lab.ingest.look().counters.undecodable, 0);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn events_that_home_assistant_drops_in_silence_are_found() {
    let lab = Lab::new(Options::default());
    lab.peer.set_state("sensor.a", "1", "{}");
    sleep(3 * SECOND).await;
    lab.peer.cause(Fault::Swallow("sensor.a".into()));
    for text in ["2", "3", "4"] {
        lab.peer.set_state("sensor.a", text, "{}");
        sleep(SECOND).await;
    }
    let of_a: Vec<_> = lab.logged().into_iter().map(|(_, _, text, origin)| (text.unwrap(), origin)).collect();
    assert_eq!(of_a[1..], [("3".to_owned(), Origin::Chain), ("4".to_owned(), Origin::Live)]);
    assert_eq!(lab.ingest.look().recent_gaps[0].cause, Cause::ChainBroken);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn an_entity_that_stays_quiet_after_a_dropped_event_is_found_by_the_next_comparison() {
    let lab = Lab::new(Options::default());
    lab.peer.set_state("sensor.a", "1", "{}");
    sleep(3 * SECOND).await;
    lab.peer.cause(Fault::Swallow("sensor.a".into()));
    lab.peer.set_state("sensor.a", "2", "{}");
    lab.peer.set_state("sensor.a", "3", "{}");
    sleep(16 * 60 * SECOND).await;
    let last = lab.logged().pop().unwrap();
    assert_eq!((last.2.as_deref(), last.3), (Some("3"), Origin::Snapshot));
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_no_administrators_records_states_where_all_events_were_asked_for() {
    let options = Options { admin: false, ..Options::default() };
    let lab = Lab::of(House::empty(1, START), options, &["*"]);
    sleep(SECOND).await;
    lab.assert_one_connection().await;
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn all_events_are_had_with_one_subscription() {
    let lab = Lab::of(House::empty(1, START), Options::default(), &["*"]);
    sleep(SECOND).await;
    lab.peer.fire("automation_triggered", r#"{"name":"Night"}"#);
    lab.assert_one_connection().await;
    assert_eq!(lab.ingest.look().counters.logged, 2);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_40_megabytes_is_no_silence() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    lab.peer.cause(Fault::LargeAttribute { bytes: 20 << 20 });
    sleep(5 * SECOND).await;
    lab.assert_one_connection().await;
    assert_eq!(lab.attempts(), 1);
    lab.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_names_the_gap_that_begins() {
    let lab = Lab::new(Options::default());
    sleep(SECOND).await;
    lab.assert_one_connection().await;
    let view = Arc::clone(&lab.ingest);
    lab.stopped().await;
    assert_eq!(view.look().recent_gaps[0].cause, Cause::Stopped);
}

#[tokio::test(start_paused = true)]
async fn orders_are_carried_out_at_once_connected_connecting_and_parked() {
    let lab = Lab::new(Options::default());
    let set_aside = |text: &str| QuarantineRow {
        seq: Seq(1),
        ts: START,
        site: "home".into(),
        reason: "".into(),
        raw: format!(r#"{{"event_type":"{text}","data":{{}},"time_fired":"{START}"}}"#).into_bytes().into(),
    };
    let retry = async |text: &str| {
        let settle = Settle { how: Settlement::Retried, rows: vec![set_aside(text)] };
        let began = Instant::now();
        let settled = lab.orders.give(|reply| Order::Quarantine(settle, reply)).await.unwrap();
        assert!(began.elapsed() < SECOND, "{text}: {:?}", began.elapsed());
        settled[0].outcome
    };
    assert_eq!(retry("connecting").await, Outcome::Recorded);
    sleep(SECOND).await;
    assert_eq!(lab.state(), LinkState::Connected);
    assert_eq!(retry("connected").await, Outcome::Recorded);
    *lab.token.lock() = Secret::new("wrong");
    lab.peer.cause(Fault::Drop(Ending::Eof));
    sleep(120 * SECOND).await;
    assert_eq!(lab.state(), LinkState::Parked);
    assert_eq!(retry("parked").await, Outcome::Recorded);
    assert_eq!(lab.ingest.look().counters.logged, 3);

    let orders = lab.orders.clone();
    lab.stopped().await;
    let settle = Settle { how: Settlement::Dropped, rows: Vec::new() };
    let refused = orders.give(|reply| Order::Quarantine(settle, reply)).await.unwrap_err();
    assert!(refused.contains("stopping"), "{refused}");
}
