//! What would be cleared, and what that means.

use std::ops::Range;
use std::time::Duration;

use hearthline_pipeline::sinks::influxdb::export::{self, Counts};
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::server::{EVER, Reader, Table};
use hearthline_pipeline::sinks::influxdb::{Server, Version, line, name};

use super::{Clear, Freed, Task};
use crate::repair::{Plan, RepairError, Step};

/// What reading and writing are guessed from.
#[derive(Default)]
struct Sample {
    rows: u64,
    bytes: u64,
    took: Duration,
}

impl Clear {
    pub(super) async fn planned(&mut self) -> Result<Plan, RepairError> {
        let (measurement, ours) = (self.measurement(), self.is_ours(&self.measurement()));
        let now = self.sink.clock.now().0.saturating_mul(1_000);
        let range = self.options.from.unwrap_or(EVER.start)..self.options.to.unwrap_or(now).min(now);
        let database = self.sink.server.database.clone();
        let (server, version, _) = self.server().await?;
        let version = *version;
        let table = server.table(version, &measurement).await?;
        let counts = export::counts(server, &table, &EVER).await?;
        let freed = freed(server, &table, &counts, ours).await?;
        if freed.is_empty() {
            let finding = match counts.is_empty() {
                true => format!("{database} has nothing of {measurement}"),
                false => format!(
                    "every field of {measurement} has one type, and it is the one that is written to it"
                ),
            };
            return Ok(Plan { repair: "schema".into(), finding, ..Plan::default() });
        }
        if range.is_empty() {
            return Err(RepairError::Person("the time to clear ends before it begins".into()));
        }
        let within = export::counts(server, &table, &range).await?;
        let clock = self.sink.clock.clone();
        let began = clock.monotonic();
        let (server, ..) = self.server().await?;
        let mut sample = sample(server, &table).await?;
        sample.took = clock.monotonic().saturating_sub(began);
        let task = Task {
            measurement,
            from_ns: range.start,
            to_ns: range.end,
            restore: self.options.restore,
            freed,
        };
        Ok(plan(&task, version, &counts, &within, &sample))
    }
}

/// The fields that refuse a type, each with the type that it has to take: ours where it is our name; else the one that is
/// refused now, which is the latest of those that the newest shard does not have.
async fn freed(
    server: &mut Server,
    table: &Table,
    counts: &Counts,
    ours: bool,
) -> Result<Vec<Freed>, RepairError> {
    let mut freed = Vec::new();
    for field in table.fields.keys() {
        let had: Vec<FieldType> =
            FieldType::ALL.into_iter().filter(|kind| counts.contains_key(&(field.clone(), *kind))).collect();
        let says = name::type_of(field).filter(|_| ours);
        let accepts = match (&*had, says) {
            ([] | [_], None) | ([], _) => continue,
            ([only], Some(says)) if *only == says => continue,
            ([_], Some(says)) => says,
            (had, Some(says)) if had.contains(&says) => says,
            (had, _) => refused_now(server, table, field, had).await?,
        };
        freed.push(Freed { field: field.clone(), accepts, had });
    }
    Ok(freed)
}

async fn refused_now(
    server: &mut Server,
    table: &Table,
    field: &str,
    had: &[FieldType],
) -> Result<FieldType, RepairError> {
    let mut last = Vec::new();
    for kind in had {
        let span = server.span(table, &[(field.to_owned(), *kind)]).await?;
        last.push((span.map_or(i64::MIN, |span: Range<i64>| span.end), *kind));
    }
    last.sort_unstable();
    last.pop(); // the newest is taken where it is
    Ok(last.pop().map_or(FieldType::Text, |(_, kind)| kind))
}

/// Reads the first page.
async fn sample(server: &mut Server, table: &Table) -> Result<Sample, RepairError> {
    let columns: Vec<_> = table.columns().map(|(field, kind)| (field.to_owned(), kind)).collect();
    let Some(span) = server.span(table, &columns).await? else { return Ok(Sample::default()) };
    let page = Reader::new(table, &columns, span).next(server).await?.unwrap_or_default();
    let mut lines = Vec::new();
    for point in &page {
        let fields = point.fields.iter().map(|(name, value)| (name.as_str(), value));
        line::point(&mut lines, &table.measurement, &point.tags, fields, point.time);
    }
    Ok(Sample { rows: page.len() as u64, bytes: lines.len() as u64, took: Duration::ZERO })
}

/// Rows cannot be counted but by their values: at least as many as the field has that has most.
fn rows(counts: &Counts) -> u64 {
    let mut of_field = std::collections::BTreeMap::<&str, u64>::new();
    for ((field, _), values) in counts {
        *of_field.entry(field).or_default() += values;
    }
    of_field.into_values().max().unwrap_or(0)
}

fn plan(task: &Task, version: Version, counts: &Counts, within: &Counts, sample: &Sample) -> Plan {
    let Task { measurement, freed, restore, .. } = task;
    let (all, gone) = (rows(counts), rows(within));
    let back = if *restore { all } else { all.saturating_sub(gone) };
    // A pass over the rows takes as long for each of them as reading the sample did.
    let time = |rows: u64, tenths: u128| {
        let nanos = sample.took.as_nanos() * u128::from(rows) * tenths / 10 / u128::from(sample.rows.max(1));
        Some(u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX).max(1))
    };
    let bytes = |rows: u64| Some(rows.saturating_mul(sample.bytes) / sample.rows.max(1));
    let data = serde_json::to_value(task).unwrap_or_default();
    let command = Server::clearing(version, measurement);
    let fields: Vec<_> = freed.iter().map(|one| one.field.clone()).collect();
    let step = |kind: &str, what: String, touches: String, rows: u64, tenths: u128| Step {
        kind: kind.into(),
        what,
        touches,
        rows: Some(rows),
        bytes: bytes(rows),
        seconds: time(rows, tenths),
        undo: kind == "clear",
        data: data.clone(),
    };
    let mut steps = vec![
        step(
            "export",
            format!("write every row of {measurement} to a file"),
            "a file beside the receipt".into(),
            all,
            10,
        ),
        step(
            "verify",
            "read that file in full, and count it against the server by field and type".into(),
            "nothing".into(),
            all,
            5,
        ),
        step(
            "clear",
            command.clone(),
            format!("every row of {measurement}, and the types of its fields"),
            all,
            1,
        ),
        Step {
            bytes: None,
            ..step(
                "test",
                "write a value of the type that was refused wherever it was refused, and delete it".into(),
                format!("{} of {measurement}", fields.join(", ")),
                0,
                0,
            )
        },
    ];
    let what = match restore {
        true => "write every row back, each value where its type is free",
        false => {
            "write rows outside the asked time back, and what is written meanwhile, each value where its type is free"
        }
    };
    steps.push(step("restore", what.into(), format!("rows of {measurement}"), back, 20));
    Plan {
        repair: "schema".into(),
        finding: finding(task),
        steps,
        confirm: Some(measurement.clone()),
        notes: notes(task, version, counts, &command, gone),
    }
}

fn finding(Task { measurement, freed, .. }: &Task) -> String {
    let each = freed.iter().map(|Freed { field, accepts, had }| {
        let others: Vec<_> = had.iter().filter(|kind| *kind != accepts).map(|kind| kind.as_str()).collect();
        let others = others.join(" and ");
        match had.contains(accepts) {
            true => format!("{field} is {others} in some shards, which refuse {accepts}"),
            false => format!("{field} is {others} and refuses {accepts}"),
        }
    });
    format!("in {measurement}, {}", each.collect::<Vec<_>>().join("; "))
}

fn notes(task: &Task, version: Version, counts: &Counts, command: &str, gone: u64) -> Vec<String> {
    let values: Vec<_> = task
        .freed
        .iter()
        .flat_map(|freed| freed.had.iter().map(move |kind| (&freed.field, *kind)))
        .map(|(field, kind)| {
            let values = counts.get(&(field.clone(), kind)).copied().unwrap_or(0);
            format!("{values} values of {field} as {kind}")
        })
        .collect();
    let frees = match version {
        Version::V1 => "a DELETE of a time, or of everything, frees no type",
        Version::V2 => {
            "a type is free in a shard when nothing of the measurement is left there, and it is not sure before the test"
        }
        Version::V3 => {
            "a table has one type for a column for all times, and rows can only be deleted with it"
        }
    };
    let mut notes = vec![
        values.join(", "),
        format!(
            "the types are freed by {command}: {frees}; so rows outside the asked time are exported and deleted too, and written \
             back under typed names"
        ),
        "the sink stands still meanwhile; its events wait in the log".to_owned(),
        "stop every other program that writes to it: what comes between the last count and the deletion would be lost".to_owned(),
    ];
    notes.push(match task.restore {
        true => "no row is gone in the end".to_owned(),
        false => format!(
            "{gone} rows are gone in the end, and are in the export; undoing this writes them back under typed names"
        ),
    });
    notes
}
