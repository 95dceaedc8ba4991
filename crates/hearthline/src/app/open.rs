//! Opening log and store on a data folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use hearthline_core::{Clock, Fs, RealFs, Seq, SystemClock};
use hearthline_log::{Damage, Log, LogConfig, LogWriter, Recovery};
use hearthline_pipeline::ingest::Fold;
use hearthline_store::{Protection, Store, StoreConfig};

use crate::settings::Settings;

/// Between the connection and the log; when it is full, the connection is closed.
const QUEUE_BYTES: usize = 16 << 20;
/// Kept on the disk for when it is full; less beside a small log.
const RESERVE_BYTES: u64 = 16 << 20;
/// Batches that a sink at the head takes from memory.
const RING_BYTES: usize = 8 << 20;

/// The store of a data folder on which nothing runs, to be changed. It knows what retention must not drop from the log.
///
/// # Errors
/// When store or log cannot be opened.
pub(crate) fn store_alone(settings: &Settings) -> anyhow::Result<Arc<Store>> {
    Ok(both_alone(settings)?.0)
}

/// The same, with its log.
///
/// # Errors
/// When store or log cannot be opened.
pub(crate) fn both_alone(settings: &Settings) -> anyhow::Result<(Arc<Store>, Log)> {
    let (clock, fs): (Arc<dyn Clock>, Arc<dyn Fs>) = (Arc::new(SystemClock::new()), Arc::new(RealFs));
    let store = self::store(settings, &fs, &clock)?;
    let log = self::log(settings, &fs, &clock, store.committed())?.log();
    let gaps: Vec<_> = Fold::replay(&log, Seq(u64::MAX))?.gaps.open_intervals().collect();
    store.protect(move || Protection { sinks: Vec::new(), gaps: gaps.clone() });
    Ok((store, log))
}

/// The store of a data folder, whether it is written to or not.
pub(crate) fn store_config(settings: &Settings) -> StoreConfig {
    StoreConfig {
        dir: settings.data_dir.value.join("store"),
        flush_rows: settings.store.flush_rows.value,
        flush_interval: settings.store.flush_interval.value,
        retention: settings.store.retention.value,
        context_ids: settings.store.context_ids.value,
    }
}

pub(super) fn store(
    settings: &Settings,
    fs: &Arc<dyn Fs>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<Store>> {
    let config = store_config(settings);
    let dir = config.dir.clone();
    let store = Store::open(Arc::clone(fs), Arc::clone(clock), config);
    Ok(Arc::new(store.with_context(|| format!("cannot open the store in {}", dir.display()))?))
}

/// The log of a data folder, for its one writer. Numbers go on behind `stored`.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn log(
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
pub(super) fn say_recovery(dir: &Path, recovery: &Recovery, missing: Option<Damage>, stored: Seq) {
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
