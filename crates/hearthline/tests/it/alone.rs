//! What is put on a data folder while no program runs on it.

use std::path::Path;
use std::sync::Arc;

use hearthline_core::{Batch, Clock, Fs, RealFs, Row, Seq, StateRow, SystemClock, Timestamp};
use hearthline_log::{LogConfig, LogWriter, SyncPolicy};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::ingest::Ingest;
use hearthline_store::{Store, StoreConfig};

/// A log that begins with that number, and what the producer puts into it at a time.
pub(crate) fn log(data: &Path, begins: Seq, put: impl FnOnce(&mut Ingest, Timestamp)) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let config = LogConfig { sync: SyncPolicy::Always, ..LogConfig::new(data.join("log")) };
    let (mut writer, _) = LogWriter::open(Arc::new(RealFs), Arc::clone(&clock), config, begins).unwrap();
    let mut ingest = Ingest::open(writer.log(), Arc::clone(&clock), Arc::new(Filter::default())).unwrap();
    put(&mut ingest, clock.now());
    writer.step().unwrap();
    writer.close().unwrap();
}

/// A store with a state of one entity at each of these times, in files.
pub(crate) fn store(
    fs: Arc<dyn Fs>,
    data: &Path,
    entity: &str,
    times: impl Iterator<Item = Timestamp>,
) -> Store {
    let config = StoreConfig::new(data.join("store"));
    let store = Store::open(fs, Arc::new(SystemClock::new()), config).unwrap();
    let rows: Vec<_> = (1..).zip(times).map(|(seq, ts)| Row::State(state(seq, ts, entity))).collect();
    store.write(&Batch { first: Seq(1), last: Seq(rows.len() as u64), rows }).unwrap();
    store.flush().unwrap();
    store
}

fn state(seq: u32, ts: Timestamp, entity: &str) -> StateRow {
    StateRow { seq: Seq(seq.into()), ..StateRow::new(ts, entity, &seq.to_string()) }
}
