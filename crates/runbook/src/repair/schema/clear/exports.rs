//! The exports of a repair, in the folder of its receipt.
//!
//! `<measurement>-<n>.lp.gz` and `.json` are the `n`th export; `<measurement>-<n>.spent` says that what it holds may be deleted
//! from then on, and is there before the deletion is asked for.

use std::path::PathBuf;
use std::sync::Arc;

use hearthline_core::Fs;
use hearthline_pipeline::sinks::influxdb::export::{self, Counts, ExportReader, ExportWriter, Manifest};
use hearthline_pipeline::sinks::influxdb::server::EVER;

use super::{Clear, Task};
use crate::repair::{RepairError, Scribe};

/// How often an export is made anew because somebody wrote meanwhile.
const ROUNDS: u32 = 5;

/// The exports of one measurement.
pub(super) struct Exports {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    stem: String,
}

/// One that is whole.
pub(super) struct Export {
    pub(super) number: u32,
    pub(super) manifest: Manifest,
    name: String,
}

impl Export {
    pub(super) fn file(&self) -> &str {
        &self.manifest.file
    }
}

impl Exports {
    pub(super) fn new(fs: Arc<dyn Fs>, dir: PathBuf, measurement: &str) -> Self {
        let stem: String =
            measurement.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(64).collect();
        Self { fs, dir, stem }
    }

    pub(super) fn name(&self, number: u32) -> String {
        format!("{}-{number}", self.stem)
    }

    /// All that are whole, in order.
    pub(super) fn all(&self) -> Result<Vec<Export>, RepairError> {
        let mut all = Vec::new();
        for number in 1.. {
            let name = self.name(number);
            match export::manifest(&*self.fs, &self.dir, &name)? {
                Some(manifest) => all.push(Export { number, manifest, name }),
                None => break,
            }
        }
        Ok(all)
    }

    pub(super) fn last(&self) -> Result<Option<Export>, RepairError> {
        Ok(self.all()?.pop())
    }

    fn spent_path(&self, number: u32) -> PathBuf {
        self.dir.join(format!("{}.spent", self.name(number)))
    }

    pub(super) fn is_spent(&self, export: &Export) -> Result<bool, RepairError> {
        Ok(self.fs.read_if_exists(&self.spent_path(export.number))?.is_some())
    }

    /// Says that a deletion begins. `command` is what is deleted with.
    pub(super) fn spend(&self, export: &Export, command: &str) -> Result<(), RepairError> {
        Ok(self.fs.write_atomic(&self.spent_path(export.number), command.as_bytes())?)
    }

    /// The points of one.
    pub(super) fn read(&self, export: &Export) -> Result<ExportReader, RepairError> {
        Ok(ExportReader::open(&*self.fs, &self.dir, &export.name, &export.manifest)?)
    }

    pub(super) fn verify(&self, export: &Export, scribe: &Scribe) -> Result<(), RepairError> {
        let of = Some(export.manifest.lines);
        let told_of = |lines: u64| {
            if lines.is_multiple_of(10_000) {
                scribe.progress(lines, of, "rows");
            }
        };
        Ok(export::verify(&*self.fs, &self.dir, &export.name, &export.manifest, told_of)?)
    }
}

impl Clear {
    /// Writes the `number`th export: the whole measurement, as that is what is deleted.
    pub(super) async fn take(
        &mut self,
        task: &Task,
        scribe: &Scribe,
        number: u32,
    ) -> Result<Export, RepairError> {
        let exports = self.exports(scribe, &task.measurement);
        let name = exports.name(number);
        let sink = self.sink.clone();
        let (server, version, says) = self.server().await?;
        let table = server.table(*version, &task.measurement).await?;
        let origin = sink.origin(says, &task.measurement, None);
        let mut writer = ExportWriter::create(sink.fs, &scribe.dir, &name, origin)?;
        let progress = |points| scribe.progress(points, None, "rows");
        let columns = export::all_columns(&table);
        export::take(server, (&table, &columns), EVER, |_| true, &mut writer, progress).await?;
        let manifest = writer.finish(sink.clock.now())?;
        Ok(Export { number, manifest, name })
    }

    /// An export that was read back from the disk, holds what the server has at this moment, and was not deleted with yet.
    pub(super) async fn ready(&mut self, task: &Task, scribe: &Scribe) -> Result<Export, RepairError> {
        let exports = self.exports(scribe, &task.measurement);
        for _ in 0..ROUNDS {
            let export = match exports.last()? {
                Some(last) if !exports.is_spent(&last)? => last,
                Some(last) => self.take(task, scribe, last.number + 1).await?,
                None => self.take(task, scribe, 1).await?,
            };
            exports.verify(&export, scribe)?;
            let has = self.counts(&task.measurement).await?;
            if has == export.manifest.counts() {
                return Ok(export);
            }
            // Nothing was deleted with it yet, so it may be replaced.
            self.take(task, scribe, export.number).await?;
        }
        Err(RepairError::Person(format!(
            "{} is written to by another program while it is exported: stop that program, then go on",
            task.measurement
        )))
    }

    /// What the server counts at this moment.
    pub(super) async fn counts(&mut self, measurement: &str) -> Result<Counts, RepairError> {
        let (server, version, _) = self.server().await?;
        let table = server.table(*version, measurement).await?;
        Ok(export::counts(server, &table, &EVER).await?)
    }
}
