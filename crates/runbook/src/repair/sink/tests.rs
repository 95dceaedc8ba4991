use std::path::PathBuf;

use hearthline_core::{Clock, Fs, MemFs, Seq, SystemClock};
use hearthline_log::{LogConfig, LogWriter};
use hearthline_pipeline::deliver::Delivery;
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::ingest::{Hello, Ingest};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sinks::influxdb::{InfluxConfig, InfluxSink, InfluxView, ServerConfig, Start};
use hearthline_pipeline::sources::home_assistant::wire;
use hearthline_sim::{Access, InfluxVersion};
use hearthline_store::{Store, StoreConfig};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::repair::testing::{Case, DATABASE, Made, engine, influxdb, killed_at_every_request, layout};
use crate::repair::{Engine, State};

fn mended(server: &ServerConfig) -> MendedSink {
    MendedSink {
        name: "influxdb".into(),
        dir: PathBuf::from("/data/sinks/influxdb"),
        server: server.clone(),
        view: None,
        fs: Arc::new(MemFs::default()),
        clock: Arc::new(SystemClock::new()),
    }
}

fn engine_for(config: &ServerConfig, recorder: Option<&Recorder>) -> Arc<Engine> {
    engine(&MemFs::default(), "sink", made(config, recorder))
}

fn made(config: &ServerConfig, recorder: Option<&Recorder>) -> Made {
    let delivery = recorder.map(|recorder| Arc::clone(&recorder.view));
    let sink = MendedSink { view: recorder.map(|recorder| recorder.server.clone()), ..mended(config) };
    Arc::new(move |options| Box::new(Sink::new(sink.clone(), delivery.clone(), options).unwrap()))
}

/// A recorder of two events, whose server lost its database behind the first.
pub(in crate::repair) async fn case() -> Case {
    let (server, config) = influxdb(InfluxVersion::V1, Access::Open).await;
    let mut recorder = Recorder::new(&config);
    recorder.hear();
    until("the first event", || server.points(DATABASE, "events").len() == 1).await;
    server.drop_database(DATABASE);
    recorder.hear();
    until("the sink to stand still", || recorder.view.look().state == PartState::Parked).await;
    until("the store to have both", || recorder.stored.look().committed.delivered == 2).await;
    let made = made(&config, Some(&recorder));
    let there = move || {
        let _held = &recorder;
        if server.has(DATABASE) {
            format!("{} points", server.points(DATABASE, "events").len())
        } else {
            "nothing".into()
        }
    };
    Case { disk: MemFs::default(), made, there: Box::new(there) }
}

/// A recorder that delivers to a sink.
struct Recorder {
    ingest: Ingest,
    view: Arc<SinkView>,
    server: InfluxView,
    /// How the store is.
    stored: Arc<SinkView>,
    stop: CancellationToken,
    heard: u64,
}

impl Recorder {
    fn new(server: &ServerConfig) -> Self {
        let fs: Arc<dyn Fs> = Arc::new(MemFs::default());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let config = LogConfig { ring_bytes: 1 << 20, ..LogConfig::new("/data/log") };
        let (mut writer, _) = LogWriter::open(Arc::clone(&fs), Arc::clone(&clock), config, Seq(1)).unwrap();
        let log = writer.log();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            while !stopped.is_cancelled() {
                writer.step().unwrap();
                sleep(Duration::from_millis(5)).await;
            }
        });
        let filter = || Filter::new(&[], &[]).unwrap();
        let mut ingest = Ingest::open(log.clone(), Arc::clone(&clock), Arc::new(filter())).unwrap();
        ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true }).unwrap();
        let config = InfluxConfig {
            name: "influxdb".into(),
            dir: PathBuf::from("/data/sinks/influxdb"),
            server: server.clone(),
            layout: layout(),
            filter: filter(),
            batch_size: 100,
            batch_interval: Duration::from_millis(20),
            start: Start::Log,
        };
        let kept = StoreConfig {
            flush_rows: 1,
            flush_interval: Duration::from_millis(20),
            ..StoreConfig::new("/data/store")
        };
        let store = Arc::new(Store::open(Arc::clone(&fs), Arc::clone(&clock), kept).unwrap());
        let archive = StoreSink::new(Arc::clone(&store), Live::default());
        let archive = Delivery::open(log.clone(), Arc::clone(&clock), archive, "home").unwrap();
        let stored = archive.view();
        tokio::spawn(archive.run(mpsc::channel(1).1, stop.clone()));
        let sink = InfluxSink::open(config, log.clone(), store, fs, Arc::clone(&clock)).unwrap();
        let server = sink.view();
        let delivery = Delivery::open(log, clock, sink, "home").unwrap();
        let view = delivery.view();
        let (_, nobody_asks) = mpsc::channel(1);
        tokio::spawn(delivery.run(nobody_asks, stop.clone()));
        Self { ingest, view, server, stored, stop, heard: 0 }
    }

    fn hear(&mut self) {
        self.heard += 1;
        let at = format!("2026-11-26T00:41:{:02}.000000+00:00", self.heard);
        let state = |text: u64| {
            format!(
                r#"{{"entity_id":"sensor.a","state":"{text}","attributes":{{}},"last_changed":"{at}","last_updated":"{at}"}}"#
            )
        };
        let event = format!(
            r#"{{"event_type":"state_changed","data":{{"entity_id":"sensor.a","old_state":null,"new_state":{}}},"origin":"LOCAL","time_fired":"{at}","context":{{"id":"x","parent_id":null,"user_id":null}}}}"#,
            state(self.heard)
        );
        self.ingest.accept(&wire::parse_event(&event).unwrap(), SystemClock::new().now()).unwrap();
        self.ingest.end_frame().unwrap();
    }
}

/// Waits for something that comes by itself.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while !holds() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what} did not come about");
}

#[tokio::test]
async fn a_database_that_was_dropped_is_made_again_and_the_sink_goes_on_at_once() {
    for version in [InfluxVersion::V1, InfluxVersion::V2] {
        let (server, config) = influxdb(version, Access::Open).await;
        let mut recorder = Recorder::new(&config);
        let engine = engine_for(&config, Some(&recorder));
        recorder.hear();
        until("the first event", || server.points(DATABASE, "events").len() == 1).await;
        assert_eq!(engine.plan("sink", &Value::Null).await.unwrap().steps, []);

        assert!(server.drop_database(DATABASE));
        recorder.hear();
        until("the sink to stand still", || recorder.view.look().state == PartState::Parked).await;
        until("the store to have both", || recorder.stored.look().committed.delivered == 2).await;
        let plan = engine.plan("sink", &Value::Null).await.unwrap();
        assert!(plan.finding.ends_with("\"house\" is not there"), "{}", plan.finding);
        let kinds: Vec<_> = plan.steps.iter().map(|step| &*step.kind).collect();
        assert_eq!(kinds, ["create", "look", "refill"]);
        assert!(!server.has(DATABASE), "a plan makes nothing");

        let receipt = engine.begin("sink", &Value::Null, None).await.unwrap().run().await.unwrap();
        assert_eq!(receipt.state, State::Done, "{receipt:?}");
        let seconds = receipt.steps[1].done.as_ref().unwrap().data["seconds"].as_f64().unwrap();
        assert!(seconds < 25.0, "its own next attempt would have been after 30 s: {seconds}");
        assert_eq!(server.points(DATABASE, "events").len(), 2, "what was dropped is there again");
        let says = &receipt.steps[2].done.as_ref().unwrap().says;
        assert_eq!(says, "2 events of the store were sent");
        assert_eq!(engine.plan("sink", &Value::Null).await.unwrap().steps, []);
        recorder.stop.cancel();
    }
}

#[tokio::test]
async fn a_sink_that_stands_still_for_nothing_looks_again_at_once() {
    let (server, config) = influxdb(InfluxVersion::V1, Access::Open).await;
    let mut recorder = Recorder::new(&config);
    recorder.hear();
    until("the first event", || server.points(DATABASE, "events").len() == 1).await;
    server.drop_database(DATABASE);
    recorder.hear();
    until("the sink to stand still", || recorder.view.look().state == PartState::Parked).await;
    server.create(DATABASE, None); // by a person
    let engine = engine_for(&config, Some(&recorder));
    let plan = engine.plan("sink", &Value::Null).await.unwrap();
    assert!(
        plan.finding.starts_with("influxdb stands still though it can be written to"),
        "{}",
        plan.finding
    );
    assert_eq!(plan.steps.len(), 1);
    let receipt = engine.begin("sink", &Value::Null, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    recorder.stop.cancel();
}

#[tokio::test]
async fn a_period_is_sent_once_more_when_a_person_asks_for_it() {
    let (server, config) = influxdb(InfluxVersion::V1, Access::Open).await;
    let mut recorder = Recorder::new(&config);
    (0..3).for_each(|_| recorder.hear());
    until("the events", || server.points(DATABASE, "events").len() == 3).await;
    until("the store to have them", || recorder.stored.look().committed.delivered == 3).await;
    server.drop_database(DATABASE);
    server.create(DATABASE, None);
    let engine = engine_for(&config, Some(&recorder));
    let from = json!({ "from": "2026-11-26T00:41:02Z" });
    let plan = engine.plan("sink", &from).await.unwrap();
    assert!(plan.steps[0].what.contains("from 2026-11-26T00:41:02"), "{}", plan.steps[0].what);
    let receipt = engine.begin("sink", &from, None).await.unwrap().run().await.unwrap();
    assert_eq!(receipt.state, State::Done, "{receipt:?}");
    assert_eq!(server.points(DATABASE, "events").len(), 2, "the first is before that");

    let options = |options: Value| serde_json::from_value::<Options>(options).unwrap();
    let refused = |sink: MendedSink, of: Value| Sink::new(sink, None, &options(of)).err().unwrap();
    let running = MendedSink { view: Some(recorder.server.clone()), ..mended(&config) };
    let words = refused(running.clone(), json!({ "from": "then" })).to_string();
    assert!(words.starts_with("from: not a time"), "{words}");
    let words = refused(running, json!({ "from": "2026-11-26T00:00:00Z", "to": "2026-11-25T00:00:00Z" }));
    assert!(words.to_string().ends_with("is no period"), "{words}");
    assert!(matches!(refused(mended(&config), from), Refused::NeedsProgram(_)));
    recorder.stop.cancel();
}

#[tokio::test]
async fn killed_at_any_time_the_database_is_there_in_the_end() {
    let (server, config) = influxdb(InfluxVersion::V2, Access::Open).await;
    let build = || {
        server.drop_database(DATABASE);
        let sink = mended(&config);
        let made: Made = Arc::new(move |options| Box::new(Sink::new(sink.clone(), None, options).unwrap()));
        (server.clone(), MemFs::default(), made)
    };
    let kills = killed_at_every_request("sink", Value::Null, &server, build, |server, receipt| {
        assert!(server.has(DATABASE));
        assert_eq!(receipt.verified.as_ref().unwrap().says, "influxdb can be written to");
    });
    assert!(kills.await > 1);
}

#[tokio::test]
async fn a_server_that_is_away_is_not_known_and_a_wrong_one_is_told() {
    let (_, config) = influxdb(InfluxVersion::V2, Access::Open).await;
    let away = ServerConfig { url: "http://127.0.0.1:9".parse().unwrap(), ..config.clone() };
    let words = engine_for(&away, None).plan("sink", &Value::Null).await.err().unwrap().to_string();
    assert!(words.contains("127.0.0.1:9"), "{words}");
    let found = engine_for(&away, None).findings().await;
    let found = found.into_iter().find(|finding| finding.repair == "sink").unwrap();
    assert_eq!(found.options, json!({ "sink": "influxdb" }));
    assert!(found.unknown.unwrap().contains("127.0.0.1:9"));
}
