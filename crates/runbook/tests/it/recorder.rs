//! The recorder, with the parts of the real one, on a disk in memory; only what carries the weather's question is played.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, MemFs, Origin, Secret, Timestamp};
use hearthline_log::{LogConfig, LogWriter, SyncPolicy};
use hearthline_pipeline::deliver::{Delivery, FlushRequest, SinkView};
use hearthline_pipeline::ingest::{Ingest, IngestView};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::metrics::Sample;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sources::home_assistant::{
    Address, Dial, Io, Link, LinkConfig, LinkState, LinkStatus, SWEEP, SessionConfig, in_store,
};
use hearthline_pipeline::weather::ask::{self, Answer};
use hearthline_pipeline::weather::{Choice, Feed, FeedConfig, Fetch, House, Place, Provider, WeatherView};
use hearthline_runbook::criteria::{Targets, evaluate};
use hearthline_runbook::facts::{Connection, Facts};
use hearthline_runbook::status::{Criterion, Gaps, Overall, Part};
use hearthline_sim::{HomeAssistant, Options, TokioClock, Weather};
use hearthline_store::{Store, StoreConfig};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How often the log's owner looks what there is to write.
const WRITE: Duration = Duration::from_secs(1);

pub(crate) struct Recorder {
    pub(crate) store: Arc<Store>,
    pub(crate) ingest: Arc<IngestView>,
    pub(crate) sink: Arc<SinkView>,
    pub(crate) link: watch::Receiver<LinkStatus>,
    pub(crate) weather: Arc<WeatherView>,
    clock: TokioClock,
    flushes: mpsc::Sender<FlushRequest>,
}

impl Recorder {
    /// Records a house from `start` on, with the weather of Open-Meteo as `service` plays it; while `down` says so, nobody
    /// answers there.
    pub(crate) fn start(
        house: hearthline_sim::House,
        start: Timestamp,
        service: &Weather,
        down: impl Fn() -> bool + Clone + Send + Sync + 'static,
    ) -> Self {
        let (real, fs) = (TokioClock::starting_at(start), Arc::new(MemFs::default()));
        let (clock, disk): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(real), fs);
        let peer = HomeAssistant::new(house, Arc::clone(&clock), Options::default());
        let living = peer.clone();
        tokio::spawn(async move { living.run().await });
        let store = Arc::new(Store::open(Arc::clone(&disk), Arc::clone(&clock), in_memory()).unwrap());
        let (mut writer, _) =
            LogWriter::open(Arc::clone(&disk), Arc::clone(&clock), log(), store.committed().next()).unwrap();
        let log = writer.log();
        tokio::spawn(async move {
            loop {
                writer.step().unwrap();
                sleep(WRITE).await;
            }
        });
        let mut ingest = Ingest::open(log.clone(), Arc::clone(&clock), Arc::default()).unwrap();
        ingest.use_weather(House::Ignored);
        let feed = Feed::new(outside(), Arc::clone(&clock), disk, None);
        let sink = StoreSink::new(Arc::clone(&store), Live::default());
        let delivery = Delivery::open(log.clone(), Arc::clone(&clock), sink, "home").unwrap();
        let (link, status) = Link::new(to(&peer), clock, in_store(Arc::clone(&store), delivery.view()));
        let (orders, asked) = Orders::channel();
        let (flushes, requests) = mpsc::channel(1);
        let (view, weather, sink) = (ingest.view(), feed.view(), delivery.view());
        let (knows, place) = (Arc::clone(&view), status.clone());
        let world = move || {
            let place = place.borrow().place;
            (knows.house(), place.and_then(|(latitude, longitude)| Place::near(latitude, longitude)))
        };
        let stop = CancellationToken::new;
        tokio::spawn(link.run(ingest, asked, stop()));
        tokio::spawn(delivery.run(requests, stop()));
        tokio::spawn(ask::run(feed, world, played(service, down), orders, Arc::default(), stop()));
        Self { store, ingest: view, sink, link: status, weather, clock: real, flushes }
    }

    /// A sample of its counters, as the program takes one each second.
    pub(crate) fn sample(&self) -> Sample {
        let (counters, sink) = (self.ingest.look().counters, self.sink.look());
        Sample {
            at: self.clock.monotonic(),
            received: counters.received_total(),
            live: counters.received_of(Origin::Live),
            persisted: counters.filtered + counters.duplicate + counters.logged,
            failed: sink.committed.quarantined.max(counters.undecodable),
            refused: 0,
            states: sink.states,
            with_weather: sink.with_weather,
        }
    }

    /// What is known of it at this moment.
    pub(crate) fn facts(&self) -> Facts {
        let (link, weather) = (self.link.borrow().clone(), self.weather.look());
        let now = self.clock.monotonic();
        let connected = link.state == LinkState::Connected;
        let part = Part {
            reason: weather.reason,
            uptime: Some(1.0),
            ..Part::new("weather", weather.state.as_str())
        };
        Facts {
            uptime: now,
            known_for: now,
            connection: if connected { Connection::Connected } else { Connection::Connecting },
            connection_for: now.saturating_sub(link.entered),
            connection_reason: link.last_error,
            ping_answered: link.ping.is_some(),
            unaccounted: self.ingest.look().counters.difference(),
            log_refuses: None,
            sinks: Vec::new(),
            parts: vec![part],
            gaps: Gaps::default(),
            disk_full: None,
            canary: None,
            changed: None,
        }
    }

    /// The criterion of that name, as the status document has it.
    pub(crate) fn criterion(&self, id: &str, samples: &hearthline_pipeline::metrics::Samples) -> Criterion {
        let all = evaluate(&self.facts(), samples, Overall::Healthy, &Targets::default());
        all.into_iter().find(|criterion| criterion.id == id).expect("it is one of the criteria")
    }

    /// Writes what the store holds into its files.
    pub(crate) async fn flush(&self) {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.flushes.send(reply).await.unwrap();
        answer.await.unwrap().unwrap();
    }
}

fn in_memory() -> StoreConfig {
    StoreConfig::new("/data/store")
}

fn log() -> LogConfig {
    LogConfig {
        sync: SyncPolicy::Interval(Duration::from_secs(1)),
        queue_bytes: 16 << 20,
        ring_bytes: 8 << 20,
        ..LogConfig::new("/data/log")
    }
}

/// As the program has it unless told otherwise.
fn outside() -> FeedConfig {
    FeedConfig {
        choice: Choice::Outside(Provider::OpenMeteo),
        outside: true,
        base_url: None,
        key: Arc::new(|| None),
        interval: None,
        calls_per_minute: None,
        calls_per_day: None,
        file: "/data/weather.json".into(),
        seed: 1,
    }
}

fn to(peer: &HomeAssistant) -> LinkConfig {
    let peer = peer.clone();
    let dial: Dial = Arc::new(move || {
        let (ours, theirs) = tokio::io::duplex(256 << 10);
        let peer = peer.clone();
        tokio::spawn(async move { peer.serve(theirs).await });
        Box::pin(async { Ok(Box::new(ours) as Box<dyn Io>) })
    });
    let address = Address::of(&Url::parse("http://sim:8123").unwrap()).unwrap();
    LinkConfig {
        dial,
        session: SessionConfig { address, ping_interval: Duration::from_secs(10) },
        token: Arc::new(|| Secret::new("simulated-token")),
        events: vec!["state_changed".into()],
        sweep: SWEEP,
        supervised: false,
        seed: 1,
        retry: Arc::new(Notify::new()),
        again: Arc::default(),
    }
}

/// The question as it was made, answered without a network.
fn played(service: &Weather, down: impl Fn() -> bool + Clone + Send + Sync + 'static) -> Fetch {
    let service = service.clone();
    Arc::new(move |url| {
        let (service, down) = (service.clone(), down.clone());
        Box::pin(async move {
            if down() {
                return Answer::Unreachable("nobody is there (simulated)".into());
            }
            let reply = service.answer(&format!("{}?{}", url.path(), url.query().unwrap_or_default()));
            let status = reply.status.split(' ').next().and_then(|code| code.parse().ok()).unwrap();
            let retry_after = reply.retry_after.map(|seconds| seconds.to_string());
            Answer::Http { status, retry_after, body: reply.body.into_bytes() }
        })
    })
}

/// Each so often, for so long.
pub(crate) async fn each(every: Duration, lasting: Duration, mut look: impl FnMut(Duration)) {
    let mut ticks = interval(every);
    ticks.tick().await;
    let mut passed = Duration::ZERO;
    while passed < lasting {
        ticks.tick().await;
        passed += every;
        look(passed);
    }
}
