//! The wiring: builds every part, then starts every part, in the order log, store, sinks, source; stops in the reverse.
//!
//! Threads: `reader` (the connection and the producer, waits for nothing), `log` (the log's writer), `store` (the
//! delivery into the store), `sink-<name>` (one for each other sink), `weather` (asks outside and may wait), and the caller's
//! (API, signals, housekeeping).

mod archive;
mod cadence;
mod observe;
mod past;
pub(crate) mod sinks;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::{Clock, Fs, RealFs, Seq, SystemClock};
use hearthline_log::{Damage, Log, LogConfig, LogThread, LogWriter, Recovery};
use hearthline_pipeline::deliver::{Delivery, FlushRequest, SinkView};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::gaps::Cause;
use hearthline_pipeline::health::{Board, PartState};
use hearthline_pipeline::ingest::{Fold, Ingest, IngestView};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::{Order, Orders};
use hearthline_pipeline::silence::{Rules, SilenceView};
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sinks::influxdb::InfluxView;
use hearthline_pipeline::sources::home_assistant::{Link, LinkConfig, in_store};
use hearthline_pipeline::weather::ask;
use hearthline_store::{Protection, Store, StoreConfig};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use self::archive::Archive;
use self::cadence::Cadence;
pub(crate) use self::observe::Observer;
pub(crate) use self::past::{Moment, Past};
use crate::settings::Settings;
use crate::weather;

/// The house that rows are stored under.
pub(crate) const SITE: &str = "home";
/// The sink that retention is about.
const STORE: &str = "store";
/// Between the connection and the log; when it is full, the connection is closed.
const QUEUE_BYTES: usize = 16 << 20;
/// Kept on the disk for when it is full; less beside a small log.
const RESERVE_BYTES: u64 = 16 << 20;
/// Batches that a sink at the head takes from memory.
const RING_BYTES: usize = 8 << 20;
/// How far our clock may be from Home Assistant's, and an event's time from that of its batch.
const CLOCKS: Duration = Duration::from_secs(5);
/// How often old segments, old days and days to be merged are looked for.
const UPKEEP: Duration = Duration::from_secs(30);

/// Every part, started.
pub(crate) struct App {
    /// The clock of all parts.
    pub(crate) clock: Arc<dyn Clock>,
    /// What is recorded.
    pub(crate) store: Arc<Store>,
    /// Which entities are.
    pub(crate) filter: Arc<Filter>,
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
    /// Who has fallen silent.
    pub(crate) silence: Arc<SilenceView>,
    cadence: Arc<Cadence>,
    keep: Duration,
    threads: Threads,
}

/// Puts everything that is logged into files.
#[derive(Clone)]
pub(crate) struct Flusher(mpsc::Sender<FlushRequest>);

impl Flusher {
    /// Answers with the last record that is in files.
    pub(crate) async fn flush(self) -> Result<Seq, String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "the store's delivery has ended".to_owned();
        self.0.send(reply).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.map(|committed| committed.seq)
    }
}

/// A thread by its name, with what stops it.
type Thread = (String, CancellationToken, JoinHandle<()>);

/// The threads, with what stops each.
struct Threads {
    log: LogThread,
    sinks: Vec<Thread>,
    store: (CancellationToken, JoinHandle<()>),
    reader: (CancellationToken, JoinHandle<()>),
    weather: (CancellationToken, JoinHandle<()>),
}

impl App {
    /// Builds every part on the data folder, then starts every part. A demonstration has a past, which is
    /// taken in before the connection is made. `ended` is how the last run did, if it did not say so itself;
    /// while `stands`, the archive takes nothing; whoever rings `ask_weather` wants the weather asked for now.
    ///
    /// # Errors
    /// When a part cannot be built: nothing runs then.
    pub(crate) fn start(
        settings: &Settings,
        link: LinkConfig,
        past: Option<Past>,
        ended: Cause,
        stands: Arc<AtomicBool>,
        ask_weather: Arc<Notify>,
    ) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let fs: Arc<dyn Fs> = Arc::new(RealFs);
        let board = Board::new(Arc::clone(&clock));
        let filter = Arc::new(Filter::new(&settings.filter.include.value, &settings.filter.exclude.value)?);

        let store = open_store(settings, &fs, &clock)?;
        let writer = open_log(settings, &fs, &clock, store.committed())?;
        let log = writer.log();
        let mut ingest = Ingest::open_after(log.clone(), Arc::clone(&clock), Arc::clone(&filter), ended)?;
        ingest.use_weather(weather::house(settings));
        let feed = weather::feed(settings, Arc::clone(&clock), Arc::clone(&fs), &ingest);
        let path = settings.data_dir.value.join("cadence");
        let cadence = Cadence::new(Arc::clone(&fs), path, ingest.silence(), clock.monotonic());
        let rules = past.as_ref().map_or_else(Rules::default, |past| past.rules);
        ingest.judge_silence_by(rules, cadence.read());
        let (silence, cadence) = (ingest.silence(), Arc::new(cadence));
        let live = Live::default();
        let delivery = Delivery::open(
            log.clone(),
            Arc::clone(&clock),
            Archive { sink: StoreSink::new(Arc::clone(&store), live.clone()), stands },
            SITE,
        )?;
        let stored = in_store(Arc::clone(&store), delivery.view());
        let (link, connection) = Link::new(link, Arc::clone(&clock), stored);
        let others = sinks::build(settings, &log, &store, &fs, &clock)?;
        let influxdb: Vec<_> = others.iter().map(|built| built.server.clone()).collect();
        let mut sinks = vec![delivery.view()];
        sinks.extend(others.iter().map(|built| Arc::clone(&built.sink)));
        store.protect(needed(ingest.view(), sinks.clone()));
        let world = weather::world(ingest.view(), connection.clone());
        let views = observe::Views {
            ingest: ingest.view(),
            silence: Arc::clone(&silence),
            sinks: sinks.clone(),
            influxdb: influxdb.clone(),
            connection,
            weather: feed.view(),
            log: log.clone(),
        };
        let observer = Arc::new(Observer::new(views, board.clone(), Arc::clone(&clock), past.is_some()));

        board.set("log", PartState::Healthy, None);
        let (flushes, requests) = mpsc::channel(16);
        let (orders, incoming) = Orders::channel();
        let threads = Threads {
            log: writer.spawn()?,
            sinks: others.into_iter().map(sinks::Built::start).collect::<Result<_, _>>()?,
            store: spawn("store", move |stop| fill_store(delivery, requests, stop))?,
            weather: spawn("weather", {
                let (orders, now) = (orders.clone(), ask_weather);
                move |stop| ask::run(feed, world, ask::http(ask::WITHIN), orders, now, stop)
            })?,
            reader: spawn("reader", {
                let (log, clock) = (log.clone(), Arc::clone(&clock));
                move |stop| async move {
                    let mut ingest = ingest;
                    take_in(past, &mut ingest, &log, &*clock).await;
                    link.run(ingest, incoming, stop).await;
                }
            })?,
        };
        let keep = settings.log.keep.value;
        let flusher = Flusher(flushes);
        Ok(Self {
            clock,
            store,
            filter,
            live,
            observer,
            log,
            flusher,
            orders,
            influxdb,
            sinks,
            silence,
            cadence,
            keep,
            threads,
        })
    }

    /// Looks after the parts until told to stop: samples the counters, lets old segments and days go, merges
    /// files.
    pub(crate) async fn keep_house(&self, stop: CancellationToken) {
        let mut second = tokio::time::interval(observe::EVERY);
        let mut upkeep = tokio::time::interval(UPKEEP);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = second.tick() => self.observer.observe(),
                _ = upkeep.tick() => self.upkeep().await,
            }
        }
    }

    /// Waits for the disk elsewhere, so that answers go on.
    async fn upkeep(&self) {
        self.trim();
        self.name_damage().await;
        let store = Arc::clone(&self.store);
        let (cadence, now) = (Arc::clone(&self.cadence), self.clock.monotonic());
        let maintained = tokio::task::spawn_blocking(move || {
            cadence.refresh(now);
            store.maintain()
        })
        .await;
        match maintained.map_err(anyhow::Error::from).and_then(|done| Ok(done?)) {
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "files of the store could not be dropped or merged"),
        }
    }

    /// What cannot be read of the log, and did not reach the store before, is a gap that history may fill.
    async fn name_damage(&self) {
        for damage in self.log.damage() {
            let Some((first, last)) = damage.lost.filter(|(_, last)| *last > self.store.committed()) else {
                continue;
            };
            let from = damage.from.unwrap_or_default().minus(CLOCKS);
            let to = damage.to.unwrap_or_else(|| self.clock.now()).plus(CLOCKS);
            let what = format!("records {first} to {last} in {}: {}", damage.file, damage.reason);
            match self.orders.give(|reply| Order::Damaged(from, to, what, reply)).await {
                Ok(true) => tracing::warn!(%damage, "what was lost is asked of home assistant's history"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, %damage, "a gap could not be named yet"),
            }
        }
    }

    /// A segment goes when every sink has it and it is old enough; when space is short, once the store has it in files: a sink
    /// that does not have it is given it from there.
    fn trim(&self) {
        let stored = self.store.committed();
        let everywhere = self.sinks.iter().map(|sink| sink.look().committed.seq).fold(stored, Seq::min);
        let trimmed = self.log.trim(everywhere, self.keep).and_then(|all_have| {
            // Never old enough, so only what has to go.
            Ok(all_have + self.log.trim(stored, Duration::MAX)?)
        });
        match trimmed {
            Ok(0) => {}
            Ok(segments) => {
                tracing::info!(segments, "old segments of the log were removed; the store has them")
            }
            Err(error) => tracing::warn!(%error, "old segments of the log could not be removed"),
        }
    }

    /// Stops in order: the source first, the log last. Everything received is in files then.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let Self { threads, store, cadence, .. } = self;
        for (name, (stop, thread)) in [("weather", threads.weather), ("reader", threads.reader)] {
            stop.cancel();
            join(name, thread).await?;
        }
        // All at once: none waits for another's server.
        threads.sinks.iter().for_each(|(_, stop, _)| stop.cancel());
        for (name, _, thread) in threads.sinks {
            join(&name, thread).await?;
        }
        let (stop, delivery) = threads.store;
        stop.cancel();
        join(STORE, delivery).await?;
        tokio::task::spawn_blocking(move || {
            cadence.write();
            store.save_latest()?;
            threads.log.stop()?;
            anyhow::Ok(())
        })
        .await?
    }
}

async fn fill_store(
    delivery: Delivery<Archive>,
    requests: mpsc::Receiver<FlushRequest>,
    stop: CancellationToken,
) {
    if let Err(error) = delivery.run(requests, stop).await {
        tracing::error!(%error, "the store did not get everything; the rest is safe in the log");
    }
}

/// The past of a demonstration.
async fn take_in(past: Option<Past>, ingest: &mut Ingest, log: &Log, clock: &dyn Clock) {
    let Some(past) = past else { return };
    if let Err(error) = past.take_in(ingest, log, clock).await {
        tracing::error!(%error, "the simulated past could not be taken in");
    }
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

/// The store of a data folder on which nothing runs, to be changed. It knows what retention must not drop from the log.
///
/// # Errors
/// When store or log cannot be opened.
pub(crate) fn open_store_alone(settings: &Settings) -> anyhow::Result<Arc<Store>> {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    let store = open_store(settings, &fs, &clock)?;
    let log = open_log(settings, &fs, &clock, store.committed())?;
    let gaps: Vec<_> = Fold::replay(&log.log(), Seq(u64::MAX))?.gaps.open_intervals().collect();
    store.protect(move || Protection { sinks: Vec::new(), gaps: gaps.clone() });
    Ok(store)
}

fn open_store(settings: &Settings, fs: &Arc<dyn Fs>, clock: &Arc<dyn Clock>) -> anyhow::Result<Arc<Store>> {
    let config = StoreConfig {
        dir: settings.data_dir.value.join("store"),
        flush_rows: settings.store.flush_rows.value,
        flush_interval: settings.store.flush_interval.value,
        retention: settings.store.retention.value,
        context_ids: settings.store.context_ids.value,
    };
    let dir = config.dir.clone();
    let store = Store::open(Arc::clone(fs), Arc::clone(clock), config);
    Ok(Arc::new(store.with_context(|| format!("cannot open the store in {}", dir.display()))?))
}

fn open_log(
    settings: &Settings,
    fs: &Arc<dyn Fs>,
    clock: &Arc<dyn Clock>,
    stored: Seq,
) -> anyhow::Result<LogWriter> {
    let config = LogConfig {
        dir: settings.data_dir.value.join("log"),
        sync: settings.log.sync.value,
        max_bytes: settings.log.max_bytes.value,
        min_free: settings.log.min_free.value,
        reserve_bytes: RESERVE_BYTES.min(settings.log.max_bytes.value / 16),
        queue_bytes: QUEUE_BYTES,
        ring_bytes: RING_BYTES,
    };
    let dir = config.dir.clone();
    let (writer, recovery) = LogWriter::open(Arc::clone(fs), Arc::clone(clock), config, stored.next())
        .with_context(|| format!("cannot open the log in {}", dir.display()))?;
    let missing = writer.log().missing_behind(stored);
    say_recovery(&dir, &recovery, missing, stored);
    Ok(writer)
}

/// What was found wrong in the log, and what it means for the data.
fn say_recovery(dir: &Path, recovery: &Recovery, missing: Option<Damage>, stored: Seq) {
    let Recovery { torn_bytes, damage, end } = recovery;
    if *torn_bytes > 0 {
        tracing::info!(
            bytes = torn_bytes,
            "the log ended in the middle of a write, as it does when the power goes; that end was cut, the rest is read"
        );
    }
    for damage in damage.iter().cloned().chain(missing) {
        tracing::error!(
            dir = %dir.display(), %damage,
            "a part of the log cannot be read, what follows it can; see what `dmesg` and `smartctl` tell of the disk"
        );
    }
    if stored > *end {
        tracing::error!(
            %stored, %end, dir = %dir.display(),
            "the log ends before what the store has of it: the store keeps that; was the log's folder emptied or put \
             back from a backup?"
        );
    }
}

/// Starts a thread of that name that runs one future until told to stop.
fn spawn<F: Future<Output = ()>>(
    name: &str,
    work: impl FnOnce(CancellationToken) -> F + Send + 'static,
) -> anyhow::Result<(CancellationToken, JoinHandle<()>)> {
    let stop = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let given = stop.clone();
    let thread =
        std::thread::Builder::new().name(name.into()).spawn(move || runtime.block_on(work(given)))?;
    Ok((stop, thread))
}

async fn join(name: &str, thread: JoinHandle<()>) -> anyhow::Result<()> {
    let joined = tokio::task::spawn_blocking(move || thread.join()).await?;
    joined.map_err(|_| anyhow::anyhow!("the thread {name} ended in a panic"))
}
