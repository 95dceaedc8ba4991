//! A log on a disk in memory, stepped by hand.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hearthline_core::{Clock, Fs, ManualClock, MemFs, Seq, Timestamp};
use hearthline_log::{Append, Damage, Log, LogConfig, LogWriter, Read, Recovery, SyncPolicy};

pub(crate) const DIR: &str = "/data/log";
pub(crate) const START: Timestamp = Timestamp(1_800_000_000_000_000);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) struct Rig {
    pub(crate) fs: MemFs,
    pub(crate) clock: ManualClock,
    pub(crate) config: LogConfig,
}

impl Rig {
    pub(crate) fn new(sync: SyncPolicy) -> Self {
        Self::on(MemFs::default(), sync)
    }

    pub(crate) fn on(fs: MemFs, sync: SyncPolicy) -> Self {
        let config = LogConfig { sync, ..LogConfig::new(DIR) };
        Self { fs, clock: ManualClock::at(START), config }
    }

    pub(crate) fn try_open(&self, next: Seq) -> Result<(LogWriter, Recovery), hearthline_log::LogError> {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        LogWriter::open(Arc::new(self.fs.clone()), clock, self.config.clone(), next)
    }

    pub(crate) fn open(&self) -> (LogWriter, Recovery) {
        self.try_open(Seq(1)).unwrap()
    }

    /// A log of three batches in each of two segments: records 1 to 6 and 7 to 12.
    pub(crate) fn two_segments(&self) -> LogWriter {
        let (mut writer, _) = self.open();
        for first in [1, 7] {
            roll(&mut writer, &[&record(first), &record(first + 1)]);
            append(&mut writer, &[&record(first + 2)]);
            append(&mut writer, &[&record(first + 3), &record(first + 4), &record(first + 5)]);
        }
        writer
    }

    /// A log of `n` segments of three records, each record in a batch of its own, written at [`Rig::at`].
    pub(crate) fn by_the_second(&self, n: u64) -> LogWriter {
        let (mut writer, _) = self.open();
        for seq in 1..=3 * n {
            self.clock.advance(SECOND);
            let write = if seq % 3 == 1 { roll } else { append };
            write(&mut writer, &[&record(seq)]);
        }
        writer
    }

    /// When [`Rig::by_the_second`] writes a record.
    pub(crate) fn at(seq: u64) -> Option<Timestamp> {
        Some(START.plus(SECOND * u32::try_from(seq).unwrap()))
    }

    pub(crate) fn dyn_fs(&self) -> &dyn Fs {
        &self.fs
    }

    pub(crate) fn path(first: u64) -> PathBuf {
        Path::new(DIR).join(format!("{first:020}.seg"))
    }

    /// The names and bytes of all segments.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = self.fs.read_dir(Path::new(DIR)).unwrap();
        let paths = entries.into_iter().map(|entry| Path::new(DIR).join(entry.name));
        paths.map(|path| (path.clone(), self.dyn_fs().read(&path).unwrap())).collect()
    }

    /// A rig whose disk holds these files.
    pub(crate) fn holding(files: &[(PathBuf, Vec<u8>)]) -> Self {
        let rig = Self::new(SyncPolicy::Os);
        rig.fs.create_dir_all(Path::new(DIR)).unwrap();
        for (path, bytes) in files {
            rig.fs.create(path).unwrap().append(bytes).unwrap();
        }
        rig
    }
}

/// The text of a record: half of them pack well, half do not.
pub(crate) fn record(n: u64) -> String {
    if n.is_multiple_of(2) { format!("{n}: {}", "light ".repeat(9)) } else { format!("{n}") }
}

pub(crate) fn of(records: &[&str]) -> Append {
    let mut append = Append::new();
    for record in records {
        append.push(record.as_bytes(), true);
    }
    append.set_meta(format!("meta of {}", records.len()).as_bytes());
    append
}

/// Appends and writes.
pub(crate) fn append(writer: &mut LogWriter, records: &[&str]) -> Seq {
    let seq = writer.log().append(of(records)).unwrap();
    writer.step().unwrap();
    seq
}

/// Begins a segment and writes.
pub(crate) fn roll(writer: &mut LogWriter, records: &[&str]) -> Seq {
    let seq = writer.log().roll(of(records)).unwrap();
    writer.step().unwrap();
    seq
}

/// Everything from the beginning: records, and what is damaged.
pub(crate) fn read(log: &Log) -> (Vec<(u64, String)>, Vec<Damage>) {
    let (mut records, mut damage) = (Vec::new(), Vec::new());
    let mut reader = log.reader(Seq::ZERO);
    while let Some(read) = reader.read().unwrap() {
        match read {
            Read::Batch(batch) => records.extend(
                batch.records().map(|(seq, _, bytes)| (seq.0, String::from_utf8(bytes.to_vec()).unwrap())),
            ),
            Read::Damage(found) => damage.push(found),
        }
    }
    (records, damage)
}

/// The records with these numbers, as [`Rig::two_segments`] and [`record`] make them.
pub(crate) fn records(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, String)> {
    numbers.into_iter().map(|n| (n, record(n))).collect()
}

/// Asks a future once.
pub(crate) fn poll<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    pin!(&mut future).poll(&mut Context::from_waker(Waker::noop()))
}
