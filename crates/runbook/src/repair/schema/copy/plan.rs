//! What would be copied, how much that is, and how long it takes.

use std::ops::Range;

use hearthline_pipeline::sinks::influxdb::Version;
use hearthline_pipeline::sinks::influxdb::copy::{Mode, Move, Moves, Transfer};
use hearthline_pipeline::sinks::influxdb::export::counts_of;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::{EVER, Reader, Table};
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use serde::Serialize;
use serde_json::Value;

use super::super::{Open, number, rows};
use super::{AFFECTED, CopyStep, ExportStep, SchemaCopy};
use crate::repair::{Plan, RepairError, Step};

/// A float holds each integer up to this one.
const EXACT: i64 = 1 << 53;

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
        let size = |point: &StoredPoint| {
            let tags: usize = point.tags.iter().map(|(tag, value)| tag.len() + value.len() + 2).sum();
            let fields: usize =
                point.fields.iter().map(|(name, value)| name.len() + value.to_string().len()).sum();
            table.measurement.len() + tags + fields / point.fields.len().max(1) + 24
        };
        #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
        let bytes = page.iter().map(size).sum::<usize>() as f64 / count;
        Ok(Pace { seconds: took * 4.0 / count, bytes })
    }

    pub(super) async fn planned(&mut self) -> Result<Plan, RepairError> {
        let measurement = self.layout.measurement.clone();
        let mut open = self.open().await?;
        let mut plan = Plan { repair: "schema".into(), ..Plan::default() };
        if open.opened.reads_lines {
            plan.finding = format!("{} keeps no types: nothing is in conflict there", self.sink.name);
            return Ok(plan);
        }
        let table = open.server.table(open.version(), &measurement).await?;
        let (to_ns, moves) = (self.sink.now(), Moves::within(&table, &self.layout.attributes));
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
        let counts = counts_of(&mut open.server, &table, &columns, &range).await?;
        plan.steps.push(export_step(&measurement, columns, counts.values().sum(), to_ns, &pace));
        for (at, look) in looked.into_iter().enumerate() {
            plan.steps.push(copy_step(&measurement, look, at + 1, to_ns, &pace, open.version()));
        }
        Ok(plan)
    }
}

fn export_step(
    measurement: &str,
    columns: Vec<(String, FieldType)>,
    count: u64,
    to_ns: i64,
    pace: &Pace,
) -> Step {
    let fields: Vec<_> = columns.iter().map(|(field, kind)| format!("{field} ({kind})")).collect();
    Step {
        kind: "export".into(),
        what: format!("export {} and read the export again", fields.join(", ")),
        touches: format!("nothing at the server; {AFFECTED}.lp.gz and {AFFECTED}.json beside the receipt"),
        rows: Some(count),
        bytes: Some(estimate(count, pace.bytes)),
        seconds: Some(estimate(count, pace.seconds)),
        undo: false,
        data: data(&ExportStep { measurement: measurement.to_owned(), to_ns, columns }),
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
