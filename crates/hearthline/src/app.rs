//! The wiring: builds every part, then has the supervisor start every part, in the order log, store, sinks, source; stops in
//! the reverse.
//!
//! Threads: `reader` (the connection and the producer, waits for nothing), `log` (the log's writer), `store` (the
//! delivery into the store), `sink-<name>` (one for each other sink), `weather` (asks outside and may wait), `notify` and `mqtt`
//! (where the settings name them), `supervisor` (looks at all of these each second), and the caller's (API, signals, housekeeping).

mod alerts;
mod cadence;
mod current;
mod guarded;
mod keep;
pub(crate) mod mqtt;
pub(crate) mod notify;
mod observe;
mod open;
pub(crate) mod panics;
mod parts;
mod past;
pub(crate) mod reload;
mod repairs;
pub(crate) mod sinks;
mod snag;
mod supervise;
mod thread;
mod uptime;
mod verify;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hearthline_core::fence::Busy;
use hearthline_core::{Clock, Fs, RealFs, Seq, SystemClock};
use hearthline_log::Log;
use hearthline_pipeline::deliver::{FlushRequest, SinkView};
use hearthline_pipeline::gaps::Cause;
use hearthline_pipeline::ingest::IngestView;
use hearthline_pipeline::inlet::Inlet;
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::silence::{Rules, SilenceView};
use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_pipeline::sources::home_assistant::LinkConfig;
use hearthline_runbook::alerts::{Alerts, Pace};
use hearthline_runbook::backup::Backups;
use hearthline_runbook::doctor::Doctor;
use hearthline_runbook::maintenance::Maintenance;
use hearthline_runbook::notify::Notify as Notifier;
use hearthline_runbook::parts::{API, REGISTRY, STORE};
use hearthline_runbook::repair::Repairs;
use hearthline_runbook::verify::{Kept, Verify};
use hearthline_store::{Protection, Store};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};

use self::alerts::AlertWatch;
use self::cadence::Cadence;
pub(crate) use self::current::Current;
use self::mqtt::Announcer;
pub(crate) use self::observe::Observer;
pub(crate) use self::open::{both_alone, log as open_log, store_alone, store_config};
use self::parts::{Fences, Made, Part, Parts, Shared, Views};
pub(crate) use self::past::{Moment, Past};
use self::reload::{Reloads, Told};
pub(crate) use self::snag::{Snag, Snags};
pub(crate) use self::supervise::Supervised;
use self::supervise::{Ask, Supervisor};
use self::uptime::Uptimes;
use crate::serve::ApiWatch;
use crate::settings::Settings;
use crate::weather;

/// The house that rows are stored under.
pub(crate) const SITE: &str = "home";
/// Flushes that may wait.
const FLUSHES: usize = 16;

/// Every part, started.
pub(crate) struct App {
    /// The clock of all parts.
    pub(crate) clock: Arc<dyn Clock>,
    /// What is recorded.
    pub(crate) store: Arc<Store>,
    /// What holds.
    pub(crate) current: Current,
    /// Changes that.
    pub(crate) reloads: Reloads,
    /// What was just written.
    pub(crate) live: Live,
    /// How everything is.
    pub(crate) observer: Arc<Observer>,
    log: Log,
    /// Puts everything into files.
    pub(crate) flusher: Flusher,
    /// What a person asks of the recorder.
    pub(crate) orders: Orders,
    /// What the sinks know of their servers.
    pub(crate) influxdb: Vec<InfluxView>,
    sinks: Vec<Arc<SinkView>>,
    /// What was received, and what of it is left out.
    pub(crate) ingest: Arc<IngestView>,
    /// Who has fallen silent.
    pub(crate) silence: Arc<SilenceView>,
    cadence: Arc<Cadence>,
    keep: Duration,
    /// Stops parts and starts them anew.
    pub(crate) restarts: Restarts,
    /// How the API is, which is served elsewhere.
    pub(crate) api: ApiWatch,
    place: repairs::Place,
    gave_up: watch::Receiver<Option<String>>,
}

/// What only a demonstration brings along.
#[derive(Default)]
pub(crate) struct Simulated {
    /// What happened before.
    pub(crate) past: Past,
    /// Whether the archive takes nothing.
    pub(crate) archive: Arc<AtomicBool>,
    /// Rung by whoever wants the weather asked for now.
    pub(crate) ask_weather: Arc<Notify>,
    /// What happens to the threads of parts.
    pub(crate) snags: Snags,
    /// How soon something is an alert.
    pub(crate) pace: Pace,
}

/// Puts everything that is logged into files.
#[derive(Clone)]
pub(crate) struct Flusher(Inlet<FlushRequest>);

impl Flusher {
    /// Answers with the last record that is in files.
    pub(crate) async fn flush(self) -> Result<Seq, String> {
        self.0.ask(|reply| reply).await.map(|committed| committed.seq)
    }
}

/// Stops parts and starts them anew. Clones are the same.
#[derive(Clone)]
pub(crate) struct Restarts {
    ask: std::sync::mpsc::Sender<Ask>,
    api: ApiWatch,
}

impl Restarts {
    /// One part by its name, or all in order: the source first and started last. No event is lost by it: what comes while the
    /// source has no connection is a gap that history fills, and the connection is kept where the part is another. Answered
    /// with what a person should know.
    pub(crate) async fn restart(&self, part: Option<&str>) -> Result<String, String> {
        match part {
            Some(API) => {
                self.api.restart();
                return Ok(String::new());
            }
            Some(REGISTRY) => return Err("registry is a part of home_assistant: start that anew".into()),
            _ => {}
        }
        let part = part.map(str::to_owned);
        self.ask(|reply| Ask::Restart(part, reply)).await
    }

    async fn ask(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<String, String>>) -> Ask,
    ) -> Result<String, String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "the program is ending".to_owned();
        self.ask.send(ask(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl App {
    /// Builds every part on the data folder, then starts every part. A demonstration has a past, which is
    /// taken in before the connection is made. `ended` is how the last run did, if it did not say so itself; `reading` is where
    /// the settings come from, to be read again.
    ///
    /// # Errors
    /// When a part cannot be built: nothing runs then.
    pub(crate) fn start(
        settings: &Settings,
        link: LinkConfig,
        simulated: Option<Simulated>,
        ended: Cause,
        reading: reload::Reading,
    ) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let fs: Arc<dyn Fs> = Arc::new(RealFs);
        let is_simulated = simulated.is_some();
        let rules = simulated.as_ref().map_or_else(Rules::default, |simulated| simulated.past.rules);
        let Simulated { past, archive, ask_weather, snags, pace } = simulated.unwrap_or_default();

        let store = open::store(settings, &fs, &clock)?;
        let writer = open::log(settings, &fs, &clock, store.committed())?;
        let (flushes, _) = Inlet::new(FLUSHES);
        let alerts = AlertWatch::open(settings, (&fs, &clock), pace, is_simulated)?;
        let shared = Shared {
            settings: settings.clone(),
            notify: alerts.notify.clone(),
            announcer: Announcer::default(),
            link,
            clock: Arc::clone(&clock),
            fs,
            current: Current::new(settings)?,
            store: Arc::clone(&store),
            log: writer.log(),
            live: Live::default(),
            orders: Orders::channel().0,
            flushes,
            rules,
            archive,
            snags,
            ask_weather,
            fences: Fences::new(settings.sinks.len()),
        };
        let past = is_simulated.then_some(past);
        let parts = Arc::new(build(shared, past, Made { log: Some(writer), ..Made::default() }, ended)?);
        let Parts { shared, views, cadence, .. } = &*parts;
        store.protect(needed(Arc::clone(&views.ingest), views.sinks.clone()));

        let (supervised, (gave_up, gives_up)) = (Supervised::default(), watch::channel(None));
        let api = ApiWatch::new(supervised.clone());
        let file = settings.data_dir.join("uptime");
        let uptime = Uptimes::open(Arc::clone(&shared.fs), file, Arc::clone(&clock));
        let targets = settings.criteria.targets(&settings.verify);
        let kept = Arc::new(Kept::open(Arc::clone(&shared.fs), &settings.data_dir));
        let seen = seen(shared, views, &supervised, &kept);
        let (restarts, asked) = std::sync::mpsc::channel();
        let restarts = Restarts { ask: restarts, api: api.clone() };
        let observer = Observer::new(seen, Arc::clone(&clock), is_simulated, targets, uptime, alerts);
        let observer = Arc::new(observer);
        let told = Told {
            current: shared.current.clone(),
            orders: shared.orders.clone(),
            restarts: restarts.clone(),
            observer: Arc::clone(&observer),
            clock: Arc::clone(&clock),
            fs: Arc::clone(&shared.fs),
        };
        let reloads = Reloads::new(reading, told);
        let place = repairs::Place::open(shared, views, Arc::clone(&observer), restarts.clone(), kept)?;
        let app = Self {
            observer,
            clock,
            store,
            current: shared.current.clone(),
            reloads,
            live: shared.live.clone(),
            log: shared.log.clone(),
            flusher: Flusher(shared.flushes.clone()),
            orders: shared.orders.clone(),
            influxdb: views.influxdb.clone(),
            sinks: views.sinks.clone(),
            ingest: Arc::clone(&views.ingest),
            silence: Arc::clone(&views.silence),
            cadence: Arc::clone(cadence),
            keep: settings.log.keep.value,
            restarts,
            api,
            place,
            gave_up: gives_up,
        };
        let supervisor = Supervisor::new(Arc::clone(&parts), supervised, gave_up);
        std::thread::Builder::new()
            .name("supervisor".into())
            .spawn(move || supervise::run(supervisor, &asked))?;
        Ok(app)
    }

    /// What mends what.
    pub(crate) fn repairs(&self) -> Repairs {
        self.place.repairs.clone()
    }

    /// All of it, in order.
    pub(crate) fn runbook(&self) -> Repairs {
        self.place.runbook.clone()
    }

    /// Whether an event gets through.
    pub(crate) fn verify(&self) -> Verify {
        self.place.verify.clone()
    }

    /// What is copied elsewhere.
    pub(crate) fn backups(&self) -> Backups {
        self.place.backups.clone()
    }

    /// What of it a person should know.
    pub(crate) fn alerts(&self) -> Alerts {
        self.observer.alerts().clone()
    }

    /// Who is told of it.
    pub(crate) fn notify(&self) -> Notifier {
        self.observer.notify().clone()
    }

    /// Whether a person works on the house.
    pub(crate) fn maintenance(&self) -> Maintenance {
        self.observer.maintenance().clone()
    }

    /// Says what is wrong.
    pub(crate) fn doctor(&self) -> Doctor {
        self.place.doctor.clone()
    }

    /// Ready when nothing within the process helps any more, with the sentence.
    pub(crate) async fn gave_up(&self) -> String {
        let mut gave_up = self.gave_up.clone();
        match gave_up.wait_for(Option::is_some).await {
            Ok(sentence) => sentence.clone().unwrap_or_default(),
            Err(_) => {
                "the supervisor of the parts has ended, which it never should: please report this".into()
            }
        }
    }

    /// Stops in order: the source first, the log last. Everything received is in files then.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let place = self.place;
        tokio::task::spawn_blocking(|| place.stop()).await?;
        let stopped = self.restarts.ask(Ask::Stop).await.map(drop).map_err(anyhow::Error::msg);
        self.observer.keep_uptime(true);
        self.observer.alerts().keep();
        self.observer.notify().keep();
        stopped
    }
}

/// What the observer looks at.
fn seen(shared: &Shared, views: &Views, supervised: &Supervised, kept: &Arc<Kept>) -> observe::Views {
    let settings = &shared.settings;
    observe::Views {
        ingest: Arc::clone(&views.ingest),
        silence: Arc::clone(&views.silence),
        sinks: views.sinks.clone(),
        influxdb: views.influxdb.clone(),
        connection: views.link.subscribe(),
        weather: Arc::clone(&views.weather),
        log: shared.log.clone(),
        supervised: supervised.clone(),
        off: settings.off.clone(),
        announcer: settings.mqtt.as_ref().map(|_| shared.announcer.clone()),
        canary: observe::CanaryView {
            kept: Arc::clone(kept),
            every: settings.verify.every.as_deref().copied(),
        },
    }
}

/// Makes everything that is given a thread later.
fn build(shared: Shared, past: Option<Past>, mut made: Made, ended: Cause) -> anyhow::Result<Parts> {
    let again = |_: Busy| anyhow::anyhow!("a part that was just made is in the middle of a change");
    let mut ingest = shared.ingest(ended, "the last run did not end in order")?;
    ingest.use_weather(weather::house(&shared.settings));
    let path = shared.settings.data_dir.value.join("cadence");
    let cadence = Cadence::new(Arc::clone(&shared.fs), path, ingest.silence(), shared.clock.monotonic());
    ingest.judge_silence_by(shared.rules, cadence.read());
    let newest = ingest.context().weather.newest().cloned();
    let feed = shared.feed(shared.turn(Part::Weather).map_err(again)?, newest);
    let delivery = shared.delivery(shared.turn(Part::Store).map_err(again)?)?;
    let (link, _) = shared.link(delivery.view());
    let mut views = Views {
        ingest: ingest.view(),
        silence: ingest.silence(),
        sinks: vec![delivery.view()],
        influxdb: Vec::new(),
        link: link.status(),
        weather: feed.view(),
    };
    for n in 0..shared.settings.sinks.len() {
        let (delivery, server) = shared.sink(n, shared.turn(Part::Sink(n)).map_err(again)?)?;
        views.sinks.push(delivery.view());
        views.influxdb.push(server);
        made.sinks.push(Some(delivery));
    }
    (made.store, made.source, made.weather, made.past) =
        (Some(delivery), Some((link, ingest)), Some(feed), past);
    Ok(Parts { shared, views, cadence: Arc::new(cadence), made: Mutex::new(made) })
}

/// What retention must not drop: what another sink has not had, and days with gaps that are not closed.
fn needed(
    ingest: Arc<IngestView>,
    sinks: Vec<Arc<SinkView>>,
) -> impl Fn() -> Protection + Send + Sync + 'static {
    move || {
        let sinks = sinks.iter().map(|sink| sink.look()).filter(|sink| sink.name != STORE);
        Protection {
            sinks: sinks.map(|sink| (sink.name, sink.complete)).collect(),
            gaps: ingest.look().open_gaps,
        }
    }
}

#[cfg(test)]
mod tests;
