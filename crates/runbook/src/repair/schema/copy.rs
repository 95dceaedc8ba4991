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

use std::ops::Range;
use std::path::Path;

use hearthline_pipeline::sinks::influxdb::Version;
use hearthline_pipeline::sinks::influxdb::copy::{Mode, Move, Moves, Outcome, Transfer};
use hearthline_pipeline::sinks::influxdb::export::{ExportWriter, Origin, manifest, verify};
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::{EVER, Reader, Table};
use hearthline_pipeline::sinks::influxdb::view::Hold;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::counts::{Counted, counted, difference};
use super::{MendedSink, Open, number, rows};
use crate::repair::blocking::blocking;
use crate::repair::{Doing, Done, Plan, Repair, RepairError, Scribe, Step};

/// Of the export of what is affected.
const AFFECTED: &str = "affected";
/// A float holds each integer up to this one.
const EXACT: i64 = 1 << 53;

/// The repair.
pub struct SchemaCopy {
    pub(super) sink: MendedSink,
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
    /// Every field of the measurement, counted when it was planned.
    counts: Vec<Counted>,
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

/// What a move is about.
struct Looked {
    of: Move,
    rows: u64,
    missing: u64,
    inexact: u64,
}

/// Time and bytes of a row, from a page of them.
struct Pace {
    seconds: f64,
    bytes: f64,
}

impl SchemaCopy {
    /// Of the server of this sink. With `numbers`, texts that read as numbers are copied as numbers, too.
    #[must_use]
    pub const fn new(sink: MendedSink, numbers: bool) -> Self {
        Self { sink, numbers, hold: None }
    }

    async fn look(
        &self,
        open: &mut Open,
        table: &Table,
        of: Move,
        range: &Range<i64>,
    ) -> Result<Looked, Stop> {
        let Move { field, kind, to, becomes } = &of;
        let is_number = *kind == FieldType::Text && *becomes == FieldType::Float;
        let server = &mut open.server;
        let there = server.count_both(table, (field, *kind), (to, *becomes), range).await?;
        let rows = match is_number {
            true => server.count_numbers(table, field, range).await?,
            false => server.count(table, field, *kind, range).await?,
        };
        let is_whole = matches!(kind, FieldType::Integer | FieldType::Unsigned);
        if is_whole && server.count_beyond(table, field, *kind, EXACT, range).await? > 0 {
            let moves = [of.clone()];
            let transfer =
                Transfer { from: table, to: table, moves: &moves, whole_points: false, only_new: false };
            let outcome = transfer.run(server, range.clone(), Mode::Compare, |_, _| Ok(())).await?;
            return Ok(Looked { of, rows, missing: outcome.missing, inexact: outcome.inexact });
        }
        Ok(Looked { of, rows, missing: rows.saturating_sub(there), inexact: 0 })
    }

    /// How long a row takes: a page is read, and a row is read thrice and written once.
    async fn pace(&self, open: &mut Open, table: &Table, moves: &[Looked], to_ns: i64) -> Result<Pace, Stop> {
        let fields: Vec<_> = moves.iter().map(|look| (look.of.field.clone(), look.of.kind)).collect();
        let began = self.sink.clock.monotonic();
        let page = Reader::new(table, &fields, EVER.start..to_ns).next(&mut open.server).await?;
        let took = self.sink.clock.monotonic().saturating_sub(began).as_secs_f64();
        let page = page.unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let count = page.len().max(1) as f64;
        let size = |point: &hearthline_pipeline::sinks::influxdb::stored::StoredPoint| {
            let tags: usize = point.tags.iter().map(|(tag, value)| tag.len() + value.len() + 2).sum();
            let fields: usize =
                point.fields.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
            table.measurement.len() + tags + fields / point.fields.len().max(1) + 24
        };
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let bytes = page.iter().map(size).sum::<usize>() as f64 / count;
        Ok(Pace { seconds: took * 4.0 / count, bytes })
    }

    async fn planned(&mut self) -> Result<Plan, RepairError> {
        let measurement = self.sink.layout.measurement.clone();
        let mut open = self.sink.open().await?;
        let mut plan = Plan { repair: "schema".into(), ..Plan::default() };
        if open.opened.reads_lines {
            plan.finding = format!("{} keeps no types: nothing is in conflict there", self.sink.name);
            return Ok(plan);
        }
        let table = open.server.table(open.version(), &measurement).await?;
        let (to_ns, moves) = (self.sink.now(), Moves::within(&table, &self.sink.layout.attributes));
        let range = EVER.start..to_ns;
        let mut looked = Vec::new();
        for of in moves.all.into_iter().chain(moves.numbers.iter().filter(|_| self.numbers).cloned()) {
            looked.push(self.look(&mut open, &table, of, &range).await?);
        }
        if !self.numbers {
            for of in moves.numbers {
                let count = open.server.count_numbers(&table, &of.field, &range).await?;
                if count > 0 {
                    plan.notes.push(format!(
                        "{} of {} read as numbers; with --numbers they are copied to {} as well",
                        rows(count),
                        of.field,
                        of.to
                    ));
                }
            }
        }
        for look in looked.iter().filter(|look| look.inexact > 0) {
            plan.notes.push(format!(
                "{} of {} are integers that no float holds exactly: they are not copied, and stay where they are",
                rows(look.inexact),
                look.of.field
            ));
        }
        if !moves.not_written.is_empty() {
            plan.notes.push(format!(
                "{} fields of attributes that this sink does not write are left as they are: {}",
                moves.not_written.len(),
                moves.not_written.join(", ")
            ));
        }
        let done = looked.iter().filter(|look| look.missing == 0).count();
        looked.retain(|look| look.missing > 0);
        if looked.is_empty() {
            plan.finding = match done {
                0 => format!("every field of {measurement} has the type that its name says"),
                n => format!(
                    "{n} fields of {measurement} have other types than their names say, and are copied already"
                ),
            };
            return Ok(plan);
        }
        plan.finding = format!(
            "{measurement} has {} under names by which they are not written now",
            rows(looked.iter().map(|look| look.missing).sum())
        );
        plan.notes
            .push("the old fields stay where they are: no InfluxDB deletes one field of a point".into());
        if open.version() == Version::V3 {
            plan.notes.push("InfluxDB 3 deletes no points: a copy cannot be taken back there".into());
        }
        let pace = self.pace(&mut open, &table, &looked, to_ns).await?;
        let mut columns: Vec<_> = looked.iter().map(|look| (look.of.field.clone(), look.of.kind)).collect();
        columns.sort_unstable();
        columns.dedup();
        let counts =
            hearthline_pipeline::sinks::influxdb::export::take::counts(&mut open.server, &table, &range);
        let counts = counted(&counts.await?);
        plan.steps.push(export_step(&measurement, columns, counts, to_ns, &pace));
        for (at, look) in looked.into_iter().enumerate() {
            plan.steps.push(copy_step(&measurement, look, at + 1, to_ns, &pace, open.version()));
        }
        Ok(plan)
    }

    async fn export(&self, data: &ExportStep, scribe: &Scribe) -> Result<Done, RepairError> {
        let ExportStep { measurement, to_ns, columns, .. } = data;
        let range = EVER.start..*to_ns;
        let mut open = self.sink.open().await?;
        let table = open.server.table(open.version(), measurement).await?;
        let mut written = manifest(&*self.sink.fs, &scribe.dir, AFFECTED)?;
        if written.is_none() {
            let origin = self.origin(&open, measurement, *to_ns);
            let mut writer = ExportWriter::create(self.sink.fs.clone(), &scribe.dir, AFFECTED, origin)?;
            let mut reader = Reader::new(&table, columns, range.clone());
            while let Some(page) = reader.next(&mut open.server).await? {
                for point in &page {
                    writer.push(point)?;
                }
                scribe.progress(writer.points(), None, "rows");
            }
            written = Some(writer.finish(self.sink.clock.now())?);
        }
        let Some(written) = written else { return Err(RepairError::Later("the export is not there".into())) };
        let (fs, dir, of) = (self.sink.fs.clone(), scribe.dir.clone(), written.clone());
        blocking(move || verify(&*fs, &dir, AFFECTED, &of, |_| {})).await?;
        let mut counts = hearthline_pipeline::sinks::influxdb::export::Counts::new();
        for (field, kind) in columns {
            let values = open.server.count(&table, field, *kind, &range).await?;
            if values > 0 {
                counts.insert((field.clone(), *kind), values);
            }
        }
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

    pub(super) fn origin(&self, open: &Open, measurement: &str, to_ns: i64) -> Origin {
        Origin {
            server: self.sink.server.url.to_string(),
            version: open.opened.says.clone(),
            database: self.sink.server.database.clone(),
            measurement: measurement.to_owned(),
            from_ns: None,
            to_ns: Some(to_ns),
        }
    }

    /// Writes down what the sibling has, before the first row is copied.
    async fn remember(&self, open: &mut Open, data: &CopyStep, dir: &Path) -> Result<(), RepairError> {
        if manifest(&*self.sink.fs, dir, &data.had())?.is_some() {
            return Ok(());
        }
        let origin = self.origin(open, &data.measurement, data.to_ns);
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
        mut each: impl FnMut(u64, &hearthline_pipeline::sinks::influxdb::stored::StoredPoint),
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
        let mut open = self.sink.open().await?;
        self.remember(&mut open, data, &scribe.dir).await?;
        let table = open.server.table(open.version(), &data.measurement).await?;
        let moves = [data.of.clone()];
        let transfer =
            Transfer { from: &table, to: &table, moves: &moves, whole_points: false, only_new: false };
        let told = |points: u64, _: &_| {
            if points.is_multiple_of(1_000) {
                scribe.progress(points, expected, "rows");
            }
            Ok(())
        };
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

fn export_step(
    measurement: &str,
    columns: Vec<(String, FieldType)>,
    counts: Vec<Counted>,
    to_ns: i64,
    pace: &Pace,
) -> Step {
    let affected = |of: &&Counted| columns.iter().any(|(field, kind)| *field == of.field && *kind == of.kind);
    let count: u64 = counts.iter().filter(affected).map(|of| of.values).sum();
    let fields: Vec<_> = columns.iter().map(|(field, kind)| format!("{field} ({kind})")).collect();
    Step {
        kind: "export".into(),
        what: format!("export {} and read the export again", fields.join(", ")),
        touches: format!("nothing at the server; {AFFECTED}.lp.gz and {AFFECTED}.json beside the receipt"),
        rows: Some(count),
        bytes: Some(estimate(count, pace.bytes)),
        seconds: Some(estimate(count, pace.seconds)),
        undo: false,
        data: data(&ExportStep { measurement: measurement.to_owned(), to_ns, columns, counts }),
    }
}

fn copy_step(measurement: &str, look: Looked, n: usize, to_ns: i64, pace: &Pace, version: Version) -> Step {
    let Looked { of, rows: all, missing, .. } = look;
    let Move { field, kind, to, becomes } = &of;
    Step {
        kind: "copy".into(),
        what: format!(
            "copy {field} ({kind}) to {to} ({becomes}): {} of {} are not there",
            number(missing),
            rows(all)
        ),
        touches: format!("field {to} of {measurement}; {field} stays as it is"),
        rows: Some(missing),
        bytes: Some(estimate(missing, pace.bytes)),
        seconds: Some(estimate(all, pace.seconds)),
        undo: version != Version::V3,
        data: data(&CopyStep { measurement: measurement.to_owned(), to_ns, of, n }),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is an estimate")]
#[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
fn estimate(count: u64, each: f64) -> u64 {
    (count as f64 * each).ceil() as u64
}

fn data(data: &impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_default()
}

pub(super) fn read<T: serde::de::DeserializeOwned>(step: &Step) -> Result<T, RepairError> {
    serde_json::from_value(step.data.clone()).map_err(|error| {
        RepairError::Person(format!("step {} of this receipt cannot be read ({error})", step.kind))
    })
}

impl Repair for SchemaCopy {
    fn name(&self) -> &'static str {
        "schema"
    }

    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(self.planned())
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            match step.kind.as_str() {
                "export" => self.export(&read(step)?, scribe).await,
                "copy" => self.copy(&read(step)?, step.rows, scribe).await,
                other => Err(RepairError::Person(format!("there is no step {other:?} in this release"))),
            }
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move { self.take_back(&read(step)?, scribe).await })
    }

    fn verify<'a>(&'a mut self, plan: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async move {
            let mut open = self.sink.open().await?;
            let (mut words, mut fields) = (Vec::new(), Vec::new());
            for step in plan.steps.iter().filter(|step| step.kind == "copy") {
                let step: CopyStep = read(step)?;
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
mod tests;
