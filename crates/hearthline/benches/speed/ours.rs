//! The product's own way of an event, put together as the program does it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Result, ensure};
use hearthline_core::{Clock, Fs, RealFs, Secret, SystemClock};
use hearthline_log::{Log, LogConfig, LogWriter, SyncPolicy};
use hearthline_pipeline::deliver::Delivery;
use hearthline_pipeline::ingest::{Ingest, IngestView};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::orders::Orders;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sources::home_assistant::dial;
use hearthline_pipeline::sources::home_assistant::{
    Address, Link, LinkConfig, LinkStatus, SWEEP, SessionConfig, Trust, in_store,
};
use hearthline_store::{Store, StoreConfig};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::measure::{Figures, Watch};

/// As in the program.
pub(crate) const QUEUE_BYTES: usize = 16 << 20;
const RING_BYTES: usize = 8 << 20;
const FLUSH_ROWS: usize = 50_000;
/// How exactly the end is seen.
const LOOK: Duration = Duration::from_millis(1);

pub(crate) fn log_config(dir: &Path) -> LogConfig {
    LogConfig {
        sync: SyncPolicy::Interval(Duration::from_secs(1)),
        max_bytes: 64 << 30,
        queue_bytes: QUEUE_BYTES,
        ring_bytes: RING_BYTES,
        ..LogConfig::new(dir.join("log"))
    }
}

pub(crate) fn store_config(dir: &Path) -> StoreConfig {
    StoreConfig { flush_rows: FLUSH_ROWS, ..StoreConfig::new(dir.join("store")) }
}

/// How far events go, and when the log is synced.
pub(crate) struct Chain {
    with_store: bool,
    sync: SyncPolicy,
}

impl Chain {
    /// By its name in the report.
    pub(crate) fn named(name: &str) -> Self {
        let sync = match name {
            "to the log, sync always" => SyncPolicy::Always,
            "to the log, sync os" => SyncPolicy::Os,
            _ => SyncPolicy::Interval(Duration::from_secs(1)),
        };
        Self { with_store: name == "to the store", sync }
    }
}

/// Takes in so many events.
pub(crate) async fn run(address: SocketAddr, events: u64, dir: &Path, chain: &Chain) -> Result<Figures> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let fs: Arc<dyn Fs> = Arc::new(RealFs);
    let config = LogConfig { sync: chain.sync, ..log_config(dir) };
    std::fs::create_dir_all(&config.dir)?;
    let store = Arc::new(Store::open(Arc::clone(&fs), Arc::clone(&clock), store_config(dir))?);
    let (writer, _) = LogWriter::open(fs, Arc::clone(&clock), config, store.committed().next())?;
    let log = writer.log();
    let ingest = Ingest::open(log.clone(), Arc::clone(&clock), Arc::default())?;
    let delivery = Delivery::open(
        log.clone(),
        Arc::clone(&clock),
        StoreSink::new(Arc::clone(&store), Live::default()),
        "home",
    )?;
    let view = ingest.view();
    let (link, mut status) = Link::new(link_config(address)?, clock, in_store(store, delivery.view()));
    let (_orders, incoming) = Orders::channel();
    let (flush, requests) = mpsc::channel(1);

    let watch = Watch::start();
    let writer = writer.spawn()?;
    let reader = spawn(move |stop| async move {
        link.run(ingest, incoming, stop).await;
        Ok(())
    })?;
    let sink = chain.with_store.then(|| {
        spawn(move |stop| async move {
            delivery.run(requests, stop).await?;
            Ok(())
        })
    });
    let sink = sink.transpose()?;
    arrived(&log, &view, &mut status, events).await?;
    log.sync_through(log.written()).await?;
    if sink.is_some() {
        let (reply, answer) = oneshot::channel();
        flush.send(reply).await?;
        let committed = answer.await?.map_err(anyhow::Error::msg)?;
        ensure!(committed.delivered == events, "{} of {events} events in the store", committed.delivered);
    }
    let figures = watch.stop(events)?;
    for thread in std::iter::once(reader).chain(sink) {
        thread.end()?;
    }
    writer.stop()?;
    Ok(figures)
}

/// Returns when the log has all events.
async fn arrived(
    log: &Log,
    view: &IngestView,
    status: &mut watch::Receiver<LinkStatus>,
    events: u64,
) -> Result<()> {
    while log.stats().events_total < events {
        tokio::time::sleep(LOOK).await;
        let error = status.borrow_and_update().last_error.clone();
        ensure!(error.is_none(), "the connection was closed: {}", error.unwrap_or_default());
    }
    let counters = view.look().counters;
    ensure!(counters.logged == events && counters.difference() == 0, "not every event was new: {counters:?}");
    Ok(())
}

fn link_config(address: SocketAddr) -> Result<LinkConfig> {
    let address = Address {
        tls: false,
        host: address.ip().to_string(),
        port: address.port(),
        path: "/api/websocket".into(),
    };
    Ok(LinkConfig {
        dial: dial::tcp(address.clone(), &Trust { extra_pem: None, anyone: false })?,
        session: SessionConfig { address, ping_interval: Duration::from_secs(10) },
        token: Arc::new(|| Secret::new("t")),
        events: vec!["state_changed".into()],
        sweep: SWEEP,
        supervised: false,
        seed: 1,
        retry: Arc::new(Notify::new()),
        again: Arc::new(Notify::new()),
    })
}

/// A thread of the program with a runtime of its own.
struct Part {
    stop: CancellationToken,
    thread: JoinHandle<Result<()>>,
}

fn spawn<F: Future<Output = Result<()>>>(
    work: impl FnOnce(CancellationToken) -> F + Send + 'static,
) -> Result<Part> {
    let stop = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let given = stop.clone();
    Ok(Part { stop, thread: std::thread::spawn(move || runtime.block_on(work(given))) })
}

impl Part {
    fn end(self) -> Result<()> {
        self.stop.cancel();
        self.thread.join().map_err(|_| anyhow::anyhow!("a thread ended in a panic"))?
    }
}
