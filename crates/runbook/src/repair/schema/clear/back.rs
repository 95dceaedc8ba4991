//! Writing back: what lies outside the asked time, and everything when it is undone.

use std::collections::BTreeMap;

use hearthline_pipeline::sinks::influxdb::export::{Counts, ExportError, all_columns};
use hearthline_pipeline::sinks::influxdb::restore::{self, RestoreError, Restored, Typing};
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use serde_json::json;

use super::exports::{Export, Exports};
use super::free::TEST;
use super::{Clear, Task};
use crate::repair::{Done, RepairError, Scribe};

/// Where each field goes, beside the exports: once it is there, it stays.
const TYPING: &str = "typing.json";

impl Clear {
    /// Writes back what is not to be taken away.
    pub(super) async fn restore(&mut self, task: &Task, scribe: &Scribe) -> Result<Done, RepairError> {
        let exports = self.exports(scribe, &task.measurement);
        let typing = self.typing(task, scribe, &exports.all()?).await?;
        let restored = self
            .write(
                &exports,
                &typing,
                scribe,
                |time| task.keeps(time),
                |first, last| task.keeps_nothing(first, last),
            )
            .await?;
        self.hold = None;
        Ok(done(&typing, &restored))
    }

    /// Writes back everything.
    pub(super) async fn bring_back(&mut self, task: &Task, scribe: &Scribe) -> Result<Done, RepairError> {
        let exports = self.exports(scribe, &task.measurement);
        let all = exports.all()?;
        let mut spent = false;
        for export in &all {
            spent |= exports.is_spent(export)?;
        }
        if !spent || self.is_untouched(&exports, &all, scribe).await? {
            return Ok(Done {
                says: "nothing was deleted: every row is where it was".into(),
                data: json!({}),
            });
        }
        let typing = self.typing(task, scribe, &all).await?;
        let restored = self.write(&exports, &typing, scribe, |_| true, |_, _| false).await?;
        Ok(done(&typing, &restored))
    }

    /// Whether every value is still where the export has it: the deletion that was about to be asked for was not done.
    async fn is_untouched(
        &mut self,
        exports: &Exports,
        all: &[Export],
        scribe: &Scribe,
    ) -> Result<bool, RepairError> {
        for export in all {
            let (measurement, counts) = (&export.manifest.origin.measurement, export.manifest.counts());
            let typing = Typing::as_it_was(measurement, &counts);
            let points = exports.read(export)?;
            let (server, version, _) = self.server().await?;
            let progress = |points| scribe.progress(points, Some(export.manifest.points), "rows");
            match restore::compare(server, *version, &typing, points, progress).await {
                Ok(_) => {}
                Err(RestoreError::Differs(_)) => return Ok(false),
                Err(error) => return Err(told(error)),
            }
        }
        Ok(true)
    }

    /// Where each field goes: decided once, before the first row is written back.
    async fn typing(&mut self, task: &Task, scribe: &Scribe, all: &[Export]) -> Result<Typing, RepairError> {
        let path = scribe.dir.join(TYPING);
        if let Some(bytes) = self.sink.fs.read_if_exists(&path)? {
            return serde_json::from_slice(&bytes)
                .map_err(|error| RepairError::Differs(format!("{}: {error}", path.display())));
        }
        let mut counts = Counts::new();
        for (of, values) in all.iter().flat_map(|export| export.manifest.counts()) {
            *counts.entry(of).or_default() += values;
        }
        let ours = self.is_ours(&task.measurement);
        let (server, version, _) = self.server().await?;
        let table = server.table(*version, &task.measurement).await?;
        let has = all_columns(&table);
        let typing = Typing::new(&task.measurement, &counts, &has, &task.accepts(), ours);
        self.sink.fs.write_json(&path, &typing)?;
        Ok(typing)
    }

    /// Writes back the `wanted` rows, of an export of which any may be, then looks for each of their values at the server.
    async fn write(
        &mut self,
        exports: &Exports,
        typing: &Typing,
        scribe: &Scribe,
        wanted: impl Fn(i64) -> bool + Send + Copy,
        nothing_of: impl Fn(i64, i64) -> bool + Send,
    ) -> Result<Restored, RepairError> {
        let mut all = Restored::default();
        for export in exports.all()? {
            let ends = export.manifest.first_ns.zip(export.manifest.last_ns);
            if ends.is_none_or(|(first, last)| nothing_of(first, last)) {
                continue;
            }
            let of = Some(export.manifest.points);
            let (server, version, _) = self.server().await?;
            let points = only(exports.read(&export)?, wanted);
            let progress = |points| scribe.progress(points, of, "rows written");
            let written = restore::write(server, *version, typing, points, progress).await.map_err(told)?;
            let points = only(exports.read(&export)?, wanted);
            if written.outside > 0 {
                // They cannot be looked for; the others were taken one by one.
                add(&mut all, &written);
                continue;
            }
            let progress = |points| scribe.progress(points, of, "rows compared");
            let found = restore::compare(server, *version, typing, points, progress).await.map_err(told)?;
            if found.values != written.values {
                return Err(RepairError::Differs(format!(
                    "{:?} values were written back by type, {:?} are there",
                    written.values, found.values
                )));
            }
            add(&mut all, &found);
        }
        Ok(all)
    }
}

/// The points of the wanted times, without those that only proved something.
fn only(
    points: impl Iterator<Item = Result<StoredPoint, ExportError>> + Send,
    wanted: impl Fn(i64) -> bool + Send,
) -> impl Iterator<Item = Result<StoredPoint, ExportError>> + Send {
    points.filter(move |point| {
        point
            .as_ref()
            .map_or(true, |point| wanted(point.time) && point.tags.iter().all(|(name, _)| name != TEST))
    })
}

fn add(all: &mut Restored, more: &Restored) {
    all.points += more.points;
    all.moved += more.moved;
    all.outside += more.outside;
    for (kind, values) in &more.values {
        *all.values.entry(*kind).or_default() += values;
    }
}

fn done(typing: &Typing, restored: &Restored) -> Done {
    if restored.points == 0 {
        return Done { says: "there is nothing to write back".into(), data: json!({}) };
    }
    let by_type: BTreeMap<FieldType, u64> = restored.values.clone();
    let each: Vec<_> = by_type.iter().map(|(kind, values)| format!("{values} {kind}")).collect();
    let mut says = format!(
        "{} rows written back and found, by type: {}; {} values under a typed name",
        restored.points,
        each.join(", "),
        restored.moved
    );
    if restored.outside > 0 {
        says += &format!(
            "; {} rows are older than the server keeps any, and stay in the export",
            restored.outside
        );
    }
    Done { says, data: json!({ "restored": restored, "places": typing.places }) }
}

fn told(error: RestoreError) -> RepairError {
    match error {
        RestoreError::Stop(stop) => stop.into(),
        RestoreError::Export(error) => error.into(),
        RestoreError::Differs(words) => RepairError::Differs(words),
    }
}
