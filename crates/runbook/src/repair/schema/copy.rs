//! Without a loss: each value goes, in addition, where the sink writes such values from now on.
//!
//! Steps: an export of what is affected, then one copy for each field and type. A copy writes what is missing in the sibling, with
//! the same tags and time and that field alone, and reads everything once more: as many values, with the same running checksum. A
//! sibling that has another value at that place already is never overwritten; it is counted and named.
//!
//! Beside the receipt:
//!
//! - `affected.lp.gz`, `affected.json`: the values of the fields that are copied, as [export] writes them.
//! - `had-<n>.lp.gz`, `had-<n>.json`: what the sibling of step `n` had before the first row was copied. It is what the way back
//!   leaves.
//!
//! [export]: hearthline_pipeline::sinks::influxdb::export

mod plan;

use std::ops::Range;
use std::path::Path;

use hearthline_pipeline::sinks::influxdb::copy::{Mode, Move, Outcome, Transfer};
use hearthline_pipeline::sinks::influxdb::export::{ExportWriter, counts_of, manifest, take, verify};
use hearthline_pipeline::sinks::influxdb::point::NativeLayout;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::EVER;
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use hearthline_pipeline::sinks::influxdb::view::Hold;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::counts::{counted, difference};
use super::{MendedSink, Open, number, rows};
use crate::repair::blocking::blocking;
use crate::repair::{Doing, Done, Plan, Repair, RepairError, Scribe, Step};

/// Of the export of what is affected.
const AFFECTED: &str = "affected";

/// The repair.
pub struct SchemaCopy {
    pub(super) sink: MendedSink,
    pub(super) layout: NativeLayout,
    /// Texts that read as numbers are copied as numbers, too.
    numbers: bool,
    /// Once something is taken back, the sink stands still until all of it is.
    pub(super) hold: Option<Hold>,
}

/// What the first step needs to know.
#[derive(Serialize, Deserialize)]
pub(super) struct ExportStep {
    measurement: String,
    /// Nothing from this time on is touched.
    to_ns: i64,
    columns: Vec<(String, FieldType)>,
}

/// What a copy needs to know.
#[derive(Serialize, Deserialize)]
pub(super) struct CopyStep {
    pub(super) measurement: String,
    pub(super) to_ns: i64,
    #[serde(flatten)]
    pub(super) of: Move,
    /// Its number, from 1.
    pub(super) n: usize,
}

impl CopyStep {
    pub(super) fn range(&self) -> Range<i64> {
        EVER.start..self.to_ns
    }

    /// Of the export of what the sibling had.
    pub(super) fn had(&self) -> String {
        format!("had-{}", self.n)
    }
}

impl SchemaCopy {
    /// Of the server of this sink. With `numbers`, texts that read as numbers are copied as numbers, too.
    #[must_use]
    pub const fn new(sink: MendedSink, layout: NativeLayout, numbers: bool) -> Self {
        Self { sink, layout, numbers, hold: None }
    }

    pub(super) async fn open(&self) -> Result<Open, RepairError> {
        self.sink.open(&self.layout.measurement).await
    }

    async fn export(&self, data: &ExportStep, scribe: &Scribe) -> Result<Done, RepairError> {
        let ExportStep { measurement, to_ns, columns } = data;
        let range = EVER.start..*to_ns;
        let mut open = self.open().await?;
        let table = open.server.table(open.version(), measurement).await?;
        let mut written = manifest(&*self.sink.fs, &scribe.dir, AFFECTED)?;
        if written.is_none() {
            let origin = self.sink.origin(&open.opened.says, measurement, Some(*to_ns));
            let mut writer = ExportWriter::create(self.sink.fs.clone(), &scribe.dir, AFFECTED, origin)?;
            let progress = |points| scribe.progress(points, None, "rows");
            let table = (&table, columns.as_slice());
            take(&mut open.server, table, range.clone(), |_| true, &mut writer, progress).await?;
            written = Some(writer.finish(self.sink.clock.now())?);
        }
        let Some(written) = written else { return Err(RepairError::Later("the export is not there".into())) };
        let (fs, dir, of) = (self.sink.fs.clone(), scribe.dir.clone(), written.clone());
        blocking(move || verify(&*fs, &dir, AFFECTED, &of, |_| {})).await?;
        let counts = counts_of(&mut open.server, &table, columns, &range).await?;
        if let Some(differs) = difference(&counts, &written.counts()) {
            return Err(RepairError::Differs(format!(
                "the server has, and the export holds: {differs}; was something written in between? Plan again"
            )));
        }
        Ok(Done {
            says: format!(
                "{} exported to {}.lp.gz and read again: {} bytes, SHA-256 {}; as many as the server counts",
                rows(written.points),
                AFFECTED,
                number(written.bytes),
                written.sha256
            ),
            data: json!({ "manifest": written, "counts": counted(&counts) }),
        })
    }

    /// Writes down what the sibling has, before the first row is copied.
    async fn remember(&self, open: &mut Open, data: &CopyStep, dir: &Path) -> Result<(), RepairError> {
        if manifest(&*self.sink.fs, dir, &data.had())?.is_some() {
            return Ok(());
        }
        let origin = self.sink.origin(&open.opened.says, &data.measurement, Some(data.to_ns));
        let mut writer = ExportWriter::create(self.sink.fs.clone(), dir, &data.had(), origin)?;
        let table = open.server.table(open.version(), &data.measurement).await?;
        let Move { field, kind, to, becomes } = &data.of;
        let there = open.server.count_both(&table, (field, *kind), (to, *becomes), &data.range()).await?;
        if there > 0 {
            let mut failed = None;
            self.compare(open, data, |_, found| {
                if failed.is_none() && !found.fields.is_empty() {
                    failed = writer.push(found).err();
                }
            })
            .await?;
            if let Some(error) = failed {
                return Err(error.into());
            }
        }
        writer.finish(self.sink.clock.now())?;
        Ok(())
    }

    /// Looks at every row of a copy. `each` hears how many were looked at, and what of each is where it goes.
    pub(super) async fn compare(
        &self,
        open: &mut Open,
        data: &CopyStep,
        mut each: impl FnMut(u64, &StoredPoint),
    ) -> Result<Outcome, RepairError> {
        let table = open.server.table(open.version(), &data.measurement).await?;
        let moves = [data.of.clone()];
        let transfer =
            Transfer { from: &table, to: &table, moves: &moves, whole_points: false, only_new: false };
        let outcome = transfer.run(&mut open.server, data.range(), Mode::Compare, |points, found| {
            each(points, found);
            Ok(())
        });
        Ok(outcome.await?)
    }

    async fn copy(
        &self,
        data: &CopyStep,
        expected: Option<u64>,
        scribe: &Scribe,
    ) -> Result<Done, RepairError> {
        let mut open = self.open().await?;
        self.remember(&mut open, data, &scribe.dir).await?;
        let table = open.server.table(open.version(), &data.measurement).await?;
        let moves = [data.of.clone()];
        let transfer =
            Transfer { from: &table, to: &table, moves: &moves, whole_points: false, only_new: false };
        let told = now_and_then(scribe, expected, "rows");
        let wrote = transfer.run(&mut open.server, data.range(), Mode::Write, told).await?;
        let found = self.compare(&mut open, data, |_, _| {}).await?;
        let Move { field, kind, to, becomes } = &data.of;
        let same = found.missing == wrote.outside && found.values == wrote.values && found.kept == wrote.kept;
        if !same || (wrote.outside == 0 && found.crc != wrote.crc) {
            return Err(RepairError::Differs(format!(
                "of {} of {field} ({kind}), {} are in {to} ({becomes}): checksum {:08x} was to be there, {:08x} is; nothing was \
                 deleted. Was something written in between? Do it again",
                rows(wrote.values),
                number(found.there),
                wrote.crc,
                found.crc
            )));
        }
        let mut says = format!(
            "{} of {field} ({kind}) copied to {to} ({becomes}), {} were there: {} compared, checksum {:08x} on both sides",
            rows(wrote.missing - wrote.outside),
            number(wrote.there),
            number(found.there),
            found.crc
        );
        for (count, words) in [
            (wrote.kept, "have another value there already, which was left"),
            (wrote.inexact, "are integers that no float holds exactly"),
            (wrote.no_numbers, "are no numbers"),
            (wrote.unwritable, "have tags that line protocol cannot carry"),
            (wrote.outside, "are older than the server keeps any"),
        ] {
            if count > 0 {
                says += &format!("; {} {words}", number(count));
            }
        }
        Ok(Done { says, data: json!({ "wrote": wrote, "found": found }) })
    }
}

/// Says each thousandth row.
pub(super) fn now_and_then(
    scribe: &Scribe,
    of: Option<u64>,
    unit: &str,
) -> impl FnMut(u64, &StoredPoint) -> Result<(), Stop> {
    move |points, _| {
        if points.is_multiple_of(1_000) {
            scribe.progress(points, of, unit);
        }
        Ok(())
    }
}

impl Repair for SchemaCopy {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(self.planned())
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            match step.kind.as_str() {
                "export" => self.export(&step.read()?, scribe).await,
                "copy" => self.copy(&step.read()?, step.rows, scribe).await,
                _ => Err(step.unknown()),
            }
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move { self.take_back(&step.read()?, scribe).await })
    }

    fn verify<'a>(&'a mut self, plan: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async move {
            let mut open = self.open().await?;
            let (mut words, mut fields) = (Vec::new(), Vec::new());
            for step in plan.steps.iter().filter(|step| step.kind == "copy") {
                let step: CopyStep = step.read()?;
                let Move { field, kind, to, becomes } = &step.of;
                let table = open.server.table(open.version(), &step.measurement).await?;
                let range = step.range();
                let rows = open.server.count(&table, field, *kind, &range).await?;
                let there = open.server.count_both(&table, (field, *kind), (to, *becomes), &range).await?;
                if there < rows {
                    let outcome = self.compare(&mut open, &step, |_, _| {}).await?;
                    if outcome.missing > 0 {
                        return Err(RepairError::Differs(format!(
                            "{} of {field} ({kind}) are not in {to}",
                            number(outcome.missing)
                        )));
                    }
                }
                words.push(format!("{field} ({kind}) {}, of these in {to} {}", number(rows), number(there)));
                fields.push(json!({ "field": field, "type": kind, "rows": rows, "to": to, "there": there }));
            }
            Ok(Done { says: words.join("; "), data: json!({ "fields": fields }) })
        })
    }
}

#[cfg(test)]
pub(in crate::repair) mod tests;
