//! The recorder on its data folder, with the parts and the order of the real one: log, store, sink, source.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_core::{Clock, Fs, MemFs, Secret, Seq};
use hearthline_log::{Log, LogConfig, LogError, LogWriter};
use hearthline_pipeline::deliver::{DeliverError, Delivery, FlushRequest, SinkView};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::ingest::{Ingest, IngestView};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::sinks::{Committed, StoreSink};
use hearthline_pipeline::sources::home_assistant::{Address, SessionConfig};
use hearthline_pipeline::sources::home_assistant::{Dial, Io, Link, LinkConfig, LinkStatus, SWEEP, in_store};
use hearthline_pipeline::weather::House;
use hearthline_sim::HomeAssistant;
use hearthline_store::{Protection, Store, StoreConfig};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::plan::Setup;
use crate::rig::{Moods, Moody, Slow, Standstill, Wall};

/// How often old segments and days to be merged are looked for.
const UPKEEP: Duration = Duration::from_secs(30);
/// A stop that takes longer is no stop.
const STOPPED: Duration = Duration::from_secs(60);
pub(crate) const SITE: &str = "home";

/// What the recorder finds where it is started, and keeps from one start to the next.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) fs: MemFs,
    pub(crate) wall: Wall,
    pub(crate) setup: Setup,
    pub(crate) peer: HomeAssistant,
    pub(crate) pipe: usize,
    pub(crate) seed: u64,
    pub(crate) slow_reader: Standstill,
    pub(crate) log_stalls: Standstill,
    pub(crate) moods: Moods,
    /// A person who has mended something says so.
    pub(crate) retry: Arc<Notify>,
}

/// The recorder, running.
pub(crate) struct Program {
    pub(crate) log: Log,
    pub(crate) store: Arc<Store>,
    pub(crate) ingest: Arc<IngestView>,
    pub(crate) sink: Arc<SinkView>,
    pub(crate) link: watch::Receiver<LinkStatus>,
    reader: Part<()>,
    delivery: Part<Result<Committed, DeliverError>>,
    writer: Part<Result<(), LogError>>,
    upkeep: Part<()>,
    _flushes: mpsc::Sender<FlushRequest>,
    pub(crate) orders: Orders,
}

impl Place {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.wall.clone())
    }

    fn disk(&self) -> Arc<dyn Fs> {
        Arc::new(self.fs.clone())
    }

    pub(crate) fn filter(&self) -> Filter {
        let exclude: Vec<_> = self.setup.exclude.iter().map(ToString::to_string).collect();
        Filter::new(&[], &exclude).unwrap()
    }

    pub(crate) fn store(&self) -> anyhow::Result<Store> {
        let config = StoreConfig {
            flush_rows: self.setup.flush_rows,
            flush_interval: self.setup.flush_interval,
            context_ids: true,
            ..StoreConfig::new("/data/store")
        };
        let store = Store::open(self.disk(), self.clock(), config)?;
        // One that is away: the numbers of records are kept for it.
        store.protect(|| Protection { sinks: vec![("away".into(), Seq::ZERO)], gaps: Vec::new() });
        Ok(store)
    }

    /// The log's writer; damage is an error, as nothing here overwrites what is there.
    pub(crate) fn log(&self, store: &Store) -> anyhow::Result<LogWriter> {
        let config = LogConfig {
            sync: self.setup.sync,
            min_free: self.setup.min_free,
            queue_bytes: self.setup.queue_bytes,
            ring_bytes: self.setup.ring_bytes,
            ..LogConfig::new("/data/log")
        };
        let next = store.committed().next();
        let (writer, recovery) = LogWriter::open(self.disk(), self.clock(), config, next)?;
        anyhow::ensure!(recovery.damage.is_empty(), "the log is damaged: {:?}", recovery.damage);
        anyhow::ensure!(store.committed() <= recovery.end, "the store is ahead of the log");
        Ok(writer)
    }

    /// Builds every part, then starts every part.
    pub(crate) fn start(&self) -> anyhow::Result<Program> {
        let (clock, filter) = (self.clock(), Arc::new(self.filter()));
        let store = Arc::new(self.store()?);
        let writer = self.log(&store)?;
        let log = writer.log();
        let mut ingest = Ingest::open(log.clone(), Arc::clone(&clock), filter)?;
        ingest.use_weather(House::First);
        let sink =
            Moody { sink: StoreSink::new(Arc::clone(&store), Live::default()), moods: self.moods.clone() };
        let delivery = Delivery::open(log.clone(), Arc::clone(&clock), sink, SITE).unwrap();
        let (link, status) = Link::new(self.link(), clock, in_store(Arc::clone(&store), delivery.view()));
        let (orders, asked) = Orders::channel();
        let (flushes, requests) = mpsc::channel(1);
        let (view, sink) = (ingest.view(), delivery.view());
        let (every, stalls) = (self.setup.write_every, self.log_stalls.clone());
        let (housed, stored, keep) = (log.clone(), Arc::clone(&store), self.setup.keep);
        Ok(Program {
            writer: Part::spawn(|stop| write(writer, every, stalls, stop)),
            delivery: Part::spawn(|stop| delivery.run(requests, stop)),
            reader: Part::spawn(|stop| link.run(ingest, asked, stop)),
            upkeep: Part::spawn(|_| keep_house(housed, stored, keep)),
            log,
            store,
            ingest: view,
            sink,
            link: status,
            _flushes: flushes,
            orders,
        })
    }

    fn link(&self) -> LinkConfig {
        let (peer, pipe, still) = (self.peer.clone(), self.pipe, self.slow_reader.clone());
        let dial: Dial = Arc::new(move || {
            let (ours, theirs) = tokio::io::duplex(pipe);
            let (peer, still) = (peer.clone(), still.clone());
            tokio::spawn(async move { peer.serve(theirs).await });
            let ours = Slow { stream: ours, still, sleep: None };
            Box::pin(async { Ok(Box::new(ours) as Box<dyn Io>) })
        });
        let address = Address::of(&Url::parse("http://sim:8123").unwrap()).unwrap();
        LinkConfig {
            dial,
            session: SessionConfig { address, ping_interval: Duration::from_secs(10) },
            token: Arc::new(|| Secret::new("simulated-token")),
            events: vec![if self.setup.all_events { "*" } else { "state_changed" }.into()],
            sweep: SWEEP,
            supervised: false,
            seed: self.seed,
            retry: Arc::clone(&self.retry),
            again: Arc::default(),
        }
    }
}

/// The thin loop around the log's writer.
async fn write(
    mut writer: LogWriter,
    every: Duration,
    stalls: Standstill,
    stop: CancellationToken,
) -> Result<(), LogError> {
    while !stop.is_cancelled() {
        let _ = writer.step(); // the log says itself that it takes nothing
        sleep(every).await;
        stalls.over().await;
    }
    writer.close()
}

async fn keep_house(log: Log, store: Arc<Store>, keep: Option<Duration>) {
    loop {
        sleep(UPKEEP).await;
        if let Some(keep) = keep {
            let _ = log.trim(store.committed(), keep);
        }
        let _ = store.maintain();
    }
}

impl Program {
    /// Stops in order: the source first, the log last.
    ///
    /// # Errors
    /// When a part does not stop, or not well; everything is gone then as after a kill.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let stopped = timeout(STOPPED, self.stop_parts()).await;
        self.kill().await?;
        stopped?
    }

    async fn stop_parts(&mut self) -> anyhow::Result<()> {
        self.reader.stop().await?;
        let delivered = self.delivery.stop().await?;
        self.store.save_latest()?;
        self.writer.stop().await??;
        delivered?;
        Ok(())
    }

    /// Ends as a process that is killed: between two polls, without a word.
    ///
    /// # Errors
    /// When a part had panicked.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.reader.kill().await?;
        self.delivery.kill().await?;
        self.upkeep.kill().await?;
        self.writer.kill().await
    }
}

/// What is a thread in the real program.
struct Part<T> {
    stop: CancellationToken,
    task: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Part<T> {
    fn spawn<F: Future<Output = T> + Send + 'static>(run: impl FnOnce(CancellationToken) -> F) -> Self {
        let stop = CancellationToken::new();
        let task = Some(tokio::spawn(run(stop.clone())));
        Self { stop, task }
    }

    async fn stop(&mut self) -> anyhow::Result<T> {
        self.stop.cancel();
        let ended = self.task.as_mut().context("stopped twice")?.await;
        self.task = None;
        Ok(ended?)
    }

    async fn kill(&mut self) -> anyhow::Result<()> {
        let Some(task) = self.task.take() else { return Ok(()) };
        task.abort();
        match task.await {
            Err(error) if error.is_panic() => Err(error.into()),
            _ => Ok(()),
        }
    }
}
