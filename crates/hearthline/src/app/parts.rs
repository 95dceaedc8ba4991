//! What each part is made of, so that one can be made anew while the others run.
//!
//! A part goes on where its last thread was, as durably known: a delivery behind its cursor, the producer from what the log
//! has, the weather feed from its file. What others see of it stays the same view.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::fence::{Busy, Turn};
use hearthline_core::{Clock, Fence, FencedFs, Fs, Observation};
use hearthline_log::{Log, LogWriter};
use hearthline_pipeline::deliver::{Delivery, FlushRequest, SinkView};
use hearthline_pipeline::gaps::Cause;
use hearthline_pipeline::ingest::{Ingest, IngestView};
use hearthline_pipeline::inlet::Inlet;
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::silence::{Rules, SilenceView};
use hearthline_pipeline::sinks::influxdb::{InfluxSink, InfluxView};
use hearthline_pipeline::sinks::{Sink, StoreSink};
use hearthline_pipeline::sources::home_assistant::{Link, LinkConfig, LinkStatus, in_store};
use hearthline_pipeline::weather::{Feed, WeatherView, ask};
use hearthline_runbook::notify::Notify as Notifier;
use hearthline_runbook::parts::{LOG, MQTT, NOTIFY, SOURCE, STORE, WEATHER};
use hearthline_store::Store;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::cadence::Cadence;
use super::guarded::Guarded;
use super::mqtt::{self, Announcer};
use super::past::Past;
use super::sinks;
use super::snag::Snags;
use super::thread::Thread;
use super::{Current, SITE, open};
use crate::settings::Settings;
use crate::weather;

/// How long a server may take for the last lines; the rest is sent after the next start.
const LAST_LINES: Duration = Duration::from_secs(3);
/// How long the log may take to write what the producer before this one gave it.
const SETTLED: Duration = Duration::from_secs(20);

/// Which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Log,
    Store,
    /// By its place in the settings.
    Sink(usize),
    Source,
    Weather,
    /// Tells people.
    Notify,
    /// Tells Home Assistant.
    Mqtt,
}

/// What all parts share.
pub(super) struct Shared {
    /// As they were at the start: which parts there are, what they are called, and where everything lies.
    pub(super) settings: Settings,
    /// As they are now.
    pub(super) current: Current,
    pub(super) link: LinkConfig,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fs: Arc<dyn Fs>,
    pub(super) store: Arc<Store>,
    pub(super) log: Log,
    pub(super) live: Live,
    pub(super) orders: Orders,
    pub(super) flushes: Inlet<FlushRequest>,
    pub(super) rules: Rules,
    pub(super) archive: Arc<AtomicBool>,
    pub(super) snags: Snags,
    pub(super) ask_weather: Arc<Notify>,
    pub(super) fences: Fences,
    pub(super) notify: Notifier,
    pub(super) announcer: Announcer,
}

/// Who may change what.
#[derive(Default)]
pub(super) struct Fences {
    store: Fence,
    weather: Fence,
    sinks: Vec<Fence>,
}

impl Fences {
    pub(super) fn new(sinks: usize) -> Self {
        // Not cloned: clones are the same fence.
        Self { sinks: (0..sinks).map(|_| Fence::default()).collect(), ..Self::default() }
    }
}

/// Parts that are made and have no thread yet.
#[derive(Default)]
pub(super) struct Made {
    pub(super) log: Option<LogWriter>,
    pub(super) store: Option<Delivery<Guarded<StoreSink>>>,
    pub(super) sinks: Vec<Option<Delivery<Guarded<InfluxSink>>>>,
    pub(super) source: Option<(Link, Ingest)>,
    pub(super) weather: Option<Feed>,
    pub(super) past: Option<Past>,
}

/// What others see of the parts, whichever thread they have.
#[derive(Clone)]
pub(super) struct Views {
    pub(super) ingest: Arc<IngestView>,
    pub(super) silence: Arc<SilenceView>,
    /// The store's first.
    pub(super) sinks: Vec<Arc<SinkView>>,
    pub(super) influxdb: Vec<InfluxView>,
    pub(super) link: watch::Sender<LinkStatus>,
    pub(super) weather: Arc<WeatherView>,
}

/// Everything that a thread of a part is started from.
pub(super) struct Parts {
    pub(super) shared: Shared,
    pub(super) views: Views,
    pub(super) cadence: Arc<Cadence>,
    pub(super) made: Mutex<Made>,
}

impl Shared {
    pub(super) fn delivery(&self, turn: Turn) -> anyhow::Result<Delivery<Guarded<StoreSink>>> {
        let sink = StoreSink::new(Arc::clone(&self.store), self.live.clone());
        self.deliver(Guarded {
            sink,
            turn: Some(turn),
            stands: Arc::clone(&self.archive),
            snags: self.snags.clone(),
        })
    }

    pub(super) fn sink(
        &self,
        n: usize,
        turn: Turn,
    ) -> anyhow::Result<(Delivery<Guarded<InfluxSink>>, InfluxView)> {
        self.sink_shown_in(n, turn, None)
    }

    fn sink_shown_in(
        &self,
        n: usize,
        turn: Turn,
        view: Option<InfluxView>,
    ) -> anyhow::Result<(Delivery<Guarded<InfluxSink>>, InfluxView)> {
        let settings = self.current.settings();
        let sink = settings.sinks.get(n).context("the settings name no such sink")?;
        let config = sinks::config(sink, &self.settings.data_dir)?;
        let fs: Arc<dyn Fs> = Arc::new(FencedFs::new(Arc::clone(&self.fs), turn));
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let opened = InfluxSink::open(config, self.log.clone(), store, fs, clock);
        let mut sink = opened.with_context(|| format!("the sink {} cannot be opened", *sink.name))?;
        if let Some(view) = view {
            sink = sink.shown_in(view);
        }
        let view = sink.view();
        let (stands, snags) = (Arc::default(), self.snags.clone());
        Ok((self.deliver(Guarded { sink, turn: None, stands, snags })?, view))
    }

    fn deliver<S: Sink>(&self, sink: S) -> anyhow::Result<Delivery<S>> {
        Ok(Delivery::open(self.log.clone(), Arc::clone(&self.clock), sink, SITE)?)
    }

    /// The producer, and nobody else appends from now on.
    pub(super) fn ingest(&self, ended: Cause, why: &str) -> anyhow::Result<Ingest> {
        let log = self.log.producer();
        anyhow::ensure!(log.settle(SETTLED), "the log does not write what it was given: see what it says");
        let ingest = Ingest::open_again(log, Arc::clone(&self.clock), self.current.filter(), ended, why)?;
        let ours = self.settings.mqtt.as_ref().map(|mqtt| mqtt::device(mqtt).entities());
        Ok(ingest.without_life_of(ours.unwrap_or_default()))
    }

    pub(super) fn feed(&self, turn: Turn, newest: Option<Arc<Observation>>) -> Feed {
        let fs: Arc<dyn Fs> = Arc::new(FencedFs::new(Arc::clone(&self.fs), turn));
        weather::feed(&self.current.settings(), Arc::clone(&self.clock), fs, newest)
    }

    pub(super) fn link(&self, delivery: Arc<SinkView>) -> (Link, watch::Receiver<LinkStatus>) {
        let stored = in_store(Arc::clone(&self.store), delivery);
        Link::new(self.link.clone(), Arc::clone(&self.clock), stored)
    }

    /// Takes the right to change what belongs to the part away from whoever had it.
    ///
    /// # Errors
    /// While that one is in the middle of a change.
    pub(super) fn turn(&self, part: Part) -> Result<Turn, Busy> {
        match part {
            Part::Store => self.fences.store.next(),
            Part::Weather => self.fences.weather.next(),
            Part::Sink(n) => self.fences.sinks.get(n).map_or_else(|| Fence::default().next(), Fence::next),
            // The log tells producers apart itself, and its writer is never replaced while it is there.
            // What tells changes nothing but what its handle guards.
            Part::Source | Part::Log | Part::Notify | Part::Mqtt => Fence::default().next(),
        }
    }
}

impl Parts {
    /// All, in the order in which they are started.
    pub(super) fn all(&self) -> Vec<Part> {
        let sinks = (0..self.shared.settings.sinks.len()).map(Part::Sink);
        let told = [
            (!self.shared.settings.notify.is_empty()).then_some(Part::Notify),
            self.shared.settings.mqtt.as_ref().map(|_| Part::Mqtt),
        ];
        let behind = [Part::Source, Part::Weather].into_iter().chain(told.into_iter().flatten());
        [Part::Log, Part::Store].into_iter().chain(sinks).chain(behind).collect()
    }

    /// As it is called in the status document and in commands.
    pub(super) fn name(&self, part: Part) -> &str {
        match part {
            Part::Log => LOG,
            Part::Store => STORE,
            Part::Sink(n) => self.shared.settings.sinks.get(n).map_or("sink", |sink| &sink.name.value),
            Part::Source => SOURCE,
            Part::Weather => WEATHER,
            Part::Notify => NOTIFY,
            Part::Mqtt => MQTT,
        }
    }

    /// Gives a part a thread: the one that is made, else one that goes on where the last was. `why` is what became of that.
    pub(super) fn start(&self, part: Part, why: &str) -> anyhow::Result<Thread> {
        match part {
            Part::Log => self.start_log(),
            Part::Store => self.start_store(),
            Part::Sink(n) => self.start_sink(n),
            Part::Source => self.start_source(why),
            Part::Weather => self.start_weather(),
            Part::Notify => self.start_notify(),
            Part::Mqtt => self.start_mqtt(),
        }
    }

    fn spawn<F: Future<Output = ()>>(
        &self,
        thread: &str,
        part: Part,
        work: impl FnOnce(CancellationToken, hearthline_core::Pulse) -> F + Send + 'static,
    ) -> anyhow::Result<Thread> {
        Thread::spawn(thread, &self.shared.clock, (self.name(part), &self.shared.snags), work)
    }

    fn start_log(&self) -> anyhow::Result<Thread> {
        let made = self.made.lock().log.take();
        let writer = match made {
            Some(writer) => writer,
            None => {
                let (writer, recovery) = LogWriter::reopen(&self.shared.log)?;
                let stored = self.shared.store.committed();
                let missing = self.shared.log.missing_behind(stored);
                open::say_recovery(&self.shared.settings.data_dir.join("log"), &recovery, missing, stored);
                writer
            }
        };
        Thread::of_log(writer, &self.shared.clock, &self.shared.snags)
    }

    fn start_store(&self) -> anyhow::Result<Thread> {
        let made = self.made.lock().store.take();
        let delivery = match made {
            Some(delivery) => delivery,
            None => {
                let delivery = self.shared.delivery(self.shared.turn(Part::Store)?)?;
                let view = self.views.sinks.first().context("the store has no view")?;
                delivery.shown_in(Arc::clone(view))
            }
        };
        let requests = self.shared.flushes.renew();
        self.spawn(STORE, Part::Store, move |stop, pulse| fill_store(delivery.watched(pulse), requests, stop))
    }

    fn start_sink(&self, n: usize) -> anyhow::Result<Thread> {
        let part = Part::Sink(n);
        let made = self.made.lock().sinks.get_mut(n).and_then(Option::take);
        let delivery = match made {
            Some(delivery) => delivery,
            None => {
                let view = self.views.influxdb.get(n).cloned();
                let (delivery, _) = self.shared.sink_shown_in(n, self.shared.turn(part)?, view)?;
                let view = self.views.sinks.get(n + 1).context("the sink has no view")?;
                delivery.shown_in(Arc::clone(view))
            }
        };
        let name = self.name(part).to_owned();
        self.spawn(&format!("sink-{name}"), part, move |stop, pulse| {
            fill_sink(name, delivery.watched(pulse), stop)
        })
    }

    fn start_source(&self, why: &str) -> anyhow::Result<Thread> {
        let (made, past) = {
            let mut made = self.made.lock();
            (made.source.take(), made.past.take())
        };
        let (link, mut ingest) = match made {
            Some(made) => made,
            None => {
                let views = &self.views;
                let ingest = self.shared.ingest(Cause::NotRunning, why)?;
                let mut ingest = ingest.shown_in(Arc::clone(&views.ingest), Arc::clone(&views.silence));
                ingest.use_weather(weather::house(&self.shared.settings));
                ingest.judge_silence_by(self.shared.rules, self.cadence.learnt());
                let view = views.sinks.first().context("the store has no view")?;
                let (link, _) = self.shared.link(Arc::clone(view));
                (link.shown_in(views.link.clone()), ingest)
            }
        };
        let incoming = self.shared.orders.renew();
        let (log, clock) = (self.shared.log.clone(), Arc::clone(&self.shared.clock));
        self.spawn("reader", Part::Source, move |stop, _| async move {
            if let Some(past) = past
                && let Err(error) = past.take_in(&mut ingest, &log, &*clock).await
            {
                tracing::error!(%error, "the simulated past could not be taken in");
            }
            link.run(ingest, incoming, stop).await;
        })
    }

    fn start_weather(&self) -> anyhow::Result<Thread> {
        let made = self.made.lock().weather.take();
        let feed = match made {
            Some(feed) => feed,
            None => {
                let view = Arc::clone(&self.views.weather);
                let newest = view.look().observation;
                self.shared.feed(self.shared.turn(Part::Weather)?, newest).shown_in(view)
            }
        };
        let world = weather::world(Arc::clone(&self.views.ingest), self.views.link.subscribe());
        let (orders, now) = (self.shared.orders.clone(), Arc::clone(&self.shared.ask_weather));
        self.spawn(WEATHER, Part::Weather, move |stop, _| {
            ask::run(feed, world, ask::http(ask::WITHIN), orders, now, stop)
        })
    }
}

impl Parts {
    fn start_notify(&self) -> anyhow::Result<Thread> {
        let notify = self.shared.notify.clone();
        self.spawn(NOTIFY, Part::Notify, |stop, _| async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = notify.tell() => {}
            }
        })
    }

    fn start_mqtt(&self) -> anyhow::Result<Thread> {
        let settings = self.shared.settings.mqtt.as_ref().context("the settings name no broker")?;
        let (broker, device) = (mqtt::broker(settings)?, mqtt::device(settings));
        let (announcer, clock) = (self.shared.announcer.clone(), Arc::clone(&self.shared.clock));
        self.spawn(MQTT, Part::Mqtt, |stop, _| announcer.run(broker, device, clock, stop))
    }
}

async fn fill_store(
    delivery: Delivery<Guarded<StoreSink>>,
    requests: mpsc::Receiver<FlushRequest>,
    stop: CancellationToken,
) {
    if let Err(error) = delivery.run(requests, stop).await {
        tracing::warn!(%error, "the store did not get everything; the rest is safe in the log");
    }
}

async fn fill_sink(name: String, delivery: Delivery<Guarded<InfluxSink>>, stop: CancellationToken) {
    let (_, nobody_asks) = mpsc::channel(1);
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_LINES).await;
    };
    tokio::select! {
        ended = delivery.run(nobody_asks, stop.clone()) => {
            if let Err(error) = ended {
                tracing::warn!(%error, "{name} did not get everything; the rest is safe in the log");
            }
        }
        () = late => tracing::warn!("{name} did not take the last lines in time; they are safe in the log"),
    }
}
