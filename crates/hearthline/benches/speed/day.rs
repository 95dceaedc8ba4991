//! A day of a house on a clock that is moved by hand: what it costs the disk.
//!
//! Everything else is real: the files, the syncs, the flushes, the merging of the day once it is over.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use hearthline_core::{Clock, Fs, ManualClock, RealFs};
use hearthline_log::LogWriter;
use hearthline_pipeline::deliver::{Delivery, Step};
use hearthline_pipeline::ingest::{Hello, Ingest};
use hearthline_pipeline::live::Live;
use hearthline_pipeline::sinks::StoreSink;
use hearthline_pipeline::sources::home_assistant::wire::parse_event;
use hearthline_store::Store;
use serde::{Deserialize, Serialize};

use crate::events::{Events, MIDNIGHT};
use crate::{measure, ours};

/// Events per second of a busy house.
const RATE: u32 = 5;
const SECOND: Duration = Duration::from_secs(1);
/// Seconds between two looks for files to be merged.
const UPKEEP: u64 = 30;

/// What a day, or a part of one, costs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Day {
    pub(crate) hours: u64,
    pub(crate) events: u64,
    /// Of the events as they were received.
    pub(crate) raw_bytes: u64,
    /// Of the log's files.
    pub(crate) log_bytes: u64,
    /// Of the store's files at the end.
    pub(crate) store_bytes: u64,
    /// Given to the kernel.
    pub(crate) written_bytes: u64,
    /// Meant for the disk: whole pages, and again at each sync.
    pub(crate) disk_bytes: u64,
}

/// The parts, stepped by hand.
struct House {
    clock: ManualClock,
    writer: LogWriter,
    ingest: Ingest,
    delivery: Delivery<StoreSink>,
    store: Arc<Store>,
}

/// So many hours from midnight on; the store is merged as after a day.
pub(crate) async fn run(hours: u64, dir: &Path) -> Result<Day> {
    let mut house = House::open(dir)?;
    let mut events = Events::new(MIDNIGHT, SECOND / RATE);
    let mut next = events.next();
    let (mut count, mut raw_bytes) = (0, 0);
    let before = measure::written()?;
    for second in 1..=hours * 3600 {
        let now = MIDNIGHT.plus(Duration::from_secs(second));
        while next.0 < now {
            house.ingest.accept(&parse_event(&next.1)?, next.0)?;
            house.ingest.end_frame()?;
            house.writer.step()?;
            (count, raw_bytes) = (count + 1, raw_bytes + next.1.len() as u64);
            next = events.next();
        }
        house.clock.advance(SECOND);
        house.work().await?;
        if second % UPKEEP == 0 {
            house.store.maintain()?;
        }
    }
    house.clock.advance(Duration::from_secs(86_400));
    house.work().await?;
    house.store.maintain()?;
    let after = measure::written()?;
    let delivered = house.store.committed_counts().delivered;
    ensure!(delivered == count, "{delivered} of {count} events in the store");
    Ok(Day {
        hours,
        events: count,
        raw_bytes,
        log_bytes: house.writer.log().stats().bytes,
        store_bytes: size(&dir.join("store"))?,
        written_bytes: after.0 - before.0,
        disk_bytes: after.1 - before.1,
    })
}

impl House {
    fn open(dir: &Path) -> Result<Self> {
        let (clock, fs): (_, Arc<dyn Fs>) = (ManualClock::at(MIDNIGHT), Arc::new(RealFs));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = Arc::new(Store::open(Arc::clone(&fs), Arc::clone(&shared), ours::store_config(dir))?);
        let config = ours::log_config(dir);
        std::fs::create_dir_all(&config.dir)?;
        let (writer, _) = LogWriter::open(fs, Arc::clone(&shared), config, store.committed().next())?;
        let log = writer.log();
        let mut ingest = Ingest::open(log.clone(), Arc::clone(&shared), Arc::default())?;
        ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true })?;
        ingest.running();
        let delivery =
            Delivery::open(log, shared, StoreSink::new(Arc::clone(&store), Live::default()), "home")?;
        Ok(Self { clock, writer, ingest, delivery, store })
    }

    /// Lets log and delivery do what is due at this moment.
    async fn work(&mut self) -> Result<()> {
        let mut worked = true;
        while worked {
            self.writer.step()?;
            let step = self.delivery.step();
            let mut step = std::pin::pin!(step);
            // A commit waits until the log has synced, which only its writer can do.
            worked = loop {
                tokio::select! {
                    biased;
                    step = &mut step => break step? == Step::Worked,
                    () = tokio::task::yield_now() => drop(self.writer.step()?),
                }
            };
        }
        Ok(())
    }
}

fn size(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        sum += if kind.is_dir() { size(&entry.path())? } else { kind.len() };
    }
    Ok(sum)
}
