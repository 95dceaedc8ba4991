//! Stories of a store on a disk in memory.

mod buckets;
mod context;
mod crash;
mod damage;
mod export;
mod names;
mod quarantine;
mod rate;
mod repair;
mod reread;
mod retention;
mod rows;
mod upkeep;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Batch, EntityId, Fs, ManualClock, MemFs, Origin, Row, Seq, StateRow, Timestamp};

use crate::{StatesQuery, Store, StoreConfig};

/// 2026-11-23, noon.
const NOON: Timestamp = Timestamp(1_795_435_200_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A disk, a clock, and a store that can be opened again and again.
struct House {
    disk: MemFs,
    clock: ManualClock,
    config: StoreConfig,
    store: Store,
    seq: u64,
}

fn config() -> StoreConfig {
    StoreConfig::new("/data/store")
}

impl House {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: StoreConfig) -> Self {
        let (disk, clock) = (MemFs::default(), ManualClock::at(NOON));
        let store = Store::open(Arc::new(disk.clone()), Arc::new(clock.clone()), config.clone()).unwrap();
        Self { disk, clock, config, store, seq: 0 }
    }

    /// As after a killed process, or a power cut if the disk had one.
    fn reopen(&mut self) {
        self.store = self.open().unwrap();
        self.seq = self.store.committed().0;
    }

    fn open(&self) -> Result<Store, crate::StoreError> {
        Store::open(Arc::new(self.disk.clone()), Arc::new(self.clock.clone()), self.config.clone())
    }

    /// Writes rows as the next records of the log.
    fn write(&mut self, rows: Vec<Row>) {
        let first = Seq(self.seq + 1);
        let rows: Vec<Row> = rows.into_iter().map(|row| self.numbered(row)).collect();
        self.store.write(&Batch { first, last: Seq(self.seq), rows }).unwrap();
    }

    fn numbered(&mut self, mut row: Row) -> Row {
        self.seq += 1;
        *row.seq_mut() = Seq(self.seq);
        row
    }

    fn flushed(&mut self, rows: Vec<Row>) {
        self.write(rows);
        self.store.flush().unwrap();
    }

    fn all(&self) -> Vec<StateRow> {
        all(&self.store)
    }

    fn files(&self) -> usize {
        self.store.files().len()
    }
}

fn all(store: &Store) -> Vec<StateRow> {
    states(store, &everything())
}

fn everything() -> StatesQuery {
    StatesQuery { entities: None, renamed: false, from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) }
}

fn of(entity_id: &str) -> StatesQuery {
    StatesQuery { entities: Some(vec![entity_id.into()]), ..everything() }
}

fn states(store: &Store, query: &StatesQuery) -> Vec<StateRow> {
    let mut rows = Vec::new();
    store
        .states(query, |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

/// Entity, seconds after noon, state.
fn brief(rows: &[StateRow]) -> Vec<(&str, i64, Option<&str>)> {
    let seconds = |row: &StateRow| (row.ts.0 - NOON.0) / 1_000_000;
    rows.iter().map(|row| (row.entity_id.as_str(), seconds(row), row.state.as_deref())).collect()
}

/// A state `after` seconds after noon.
fn state(entity_id: &str, after: i64, text: &str) -> StateRow {
    let ts = Timestamp(NOON.0 + after * 1_000_000);
    StateRow {
        value: text.parse().ok(),
        received_delay_ms: Some(3),
        attributes: Some(r#"{"friendly_name":"A"}"#.into()),
        ..StateRow::new(ts, entity_id, text)
    }
}

fn row(entity_id: &str, after: i64, text: &str) -> Row {
    Row::State(state(entity_id, after, text))
}

/// Every file under a folder.
fn tree(fs: &dyn Fs, dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs.read_dir(dir).unwrap() {
        let path = dir.join(&entry.name);
        if entry.is_dir { files.extend(tree(fs, &path)) } else { files.push(path) }
    }
    files
}
