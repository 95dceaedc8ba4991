//! A copy is taken back.
//!
//! No InfluxDB deletes one field of a point. So the points that have a copied value are exported in full, with every field that
//! they have, and the export is read again; only then are they deleted, and written back without the copied value. What is deleted
//! is exactly what was exported: on version 1 of each series from its first copied value to its last, on version 2 (whose deletes
//! know no missing tag) all series between these times. The sink stands still meanwhile; before the first delete, and at the end,
//! every field of the measurement is counted by type.
//!
//! Beside the receipt, for step `n`: `undo-<n>.counts.json`, the counts before; `undo-<n>.lp.gz` and `undo-<n>.json`, the points;
//! `undo-<n>.deleted`, once they are deleted. Whoever goes on after a kill deletes again what was not deleted for sure, and writes
//! everything back from the file.

use std::collections::BTreeMap;
use std::ops::Range;

use hearthline_pipeline::sinks::influxdb::Version;
use hearthline_pipeline::sinks::influxdb::copy::convert::convert;
use hearthline_pipeline::sinks::influxdb::copy::{Move, Outcome};
use hearthline_pipeline::sinks::influxdb::export::{
    Counts, ExportReader, ExportWriter, Manifest, all_columns, counts, manifest, take, verify,
};
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use serde_json::json;

use super::copy::{CopyStep, SchemaCopy};
use super::counts::{Counted, counted, difference};
use super::{Open, number, rows};
use crate::repair::blocking::blocking;
use crate::repair::{Done, RepairError, Scribe};

/// Points that are written back at once.
const CHUNK: usize = 5_000;

type Tags = Vec<(String, String)>;

/// Of each series the times that are deleted; of all series where the tags are none.
type Cuts = BTreeMap<Option<Tags>, Range<i64>>;

/// The values that are to stay, in the order in which they are looked for.
struct Had {
    reader: std::iter::Peekable<ExportReader>,
}

impl Had {
    fn open(repair: &SchemaCopy, scribe: &Scribe, name: &str, of: &Manifest) -> Result<Self, RepairError> {
        let reader = ExportReader::open(&*repair.sink.fs, &scribe.dir, name, of)?;
        Ok(Self { reader: reader.peekable() })
    }

    /// Whether the value of that point was there before. To be asked in the order of times and tags.
    fn has(&mut self, point: &StoredPoint) -> Result<bool, RepairError> {
        loop {
            let order = match self.reader.peek() {
                None => return Ok(false),
                Some(Ok(had)) => (had.time, &had.tags).cmp(&(point.time, &point.tags)),
                Some(Err(_)) => std::cmp::Ordering::Less,
            };
            if order.is_ge() {
                return Ok(order.is_eq());
            }
            if let Some(Err(error)) = self.reader.next() {
                return Err(error.into());
            }
        }
    }
}

impl SchemaCopy {
    pub(super) async fn take_back(&mut self, data: &CopyStep, scribe: &Scribe) -> Result<Done, RepairError> {
        let Some(had) = manifest(&*self.sink.fs, &scribe.dir, &data.had())? else {
            return Ok(Done { says: "nothing was copied yet".into(), ..Done::default() });
        };
        if self.hold.is_none() {
            self.hold = self.sink.hold("waits until the copies of fields are taken back").await?;
        }
        self.taken_back(data, &had, scribe).await
    }

    async fn taken_back(
        &self,
        data: &CopyStep,
        had: &Manifest,
        scribe: &Scribe,
    ) -> Result<Done, RepairError> {
        let mut open = self.open().await?;
        let name = format!("undo-{}", data.n);
        let (before, exported) = match manifest(&*self.sink.fs, &scribe.dir, &name)? {
            Some(exported) => (self.counts_before(&name, scribe)?, exported),
            None => match self.take_points(&mut open, data, had, &name, scribe).await? {
                Some(taken) => taken,
                None => return Ok(Done { says: "nothing of it is there".into(), ..Done::default() }),
            },
        };
        let (fs, dir, of, file) = (self.sink.fs.clone(), scribe.dir.clone(), exported.clone(), name.clone());
        blocking(move || verify(&*fs, &dir, &file, &of, |_| {})).await?;
        self.delete(&mut open, data, &exported, &name, scribe).await?;
        let stripped = self.write_back(&mut open, data, had, &exported, &name, scribe).await?;
        let table = open.server.table(open.version(), &data.measurement).await?;
        let after = counts(&mut open.server, &table, &data.range()).await?;
        let mut expected = before;
        if let Some(count) = expected.get_mut(&(data.of.to.clone(), data.of.becomes)) {
            *count = count.saturating_sub(stripped);
        }
        expected.retain(|_, count| *count > 0);
        // More is no loss: history that was filled in while a repair that was killed had not gone on yet.
        let fewer: Counts =
            expected.iter().filter(|(of, count)| after.get(*of).unwrap_or(&0) < *count).map(own).collect();
        let found = after.iter().filter(|(of, _)| fewer.contains_key(*of)).map(own).collect();
        if let Some(differs) = difference(&fewer, &found) {
            return Err(RepairError::Differs(format!(
                "after taking back {} of {}, these were to be there and are there: {differs}; {name}.lp.gz beside the receipt has \
                 every point that was deleted",
                rows(stripped),
                data.of.to
            )));
        }
        Ok(Done {
            says: format!(
                "{} of {} taken back, {} points written as they were; {}",
                number(stripped),
                data.of.to,
                number(exported.points),
                if difference(&expected, &after).is_none() {
                    "every field has as many values of each type as before"
                } else {
                    "no field has fewer values of any type than before"
                }
            ),
            data: json!({ "taken_back": stripped, "points": exported.points, "counts": counted(&after) }),
        })
    }

    fn counts_before(&self, name: &str, scribe: &Scribe) -> Result<Counts, RepairError> {
        let path = scribe.dir.join(format!("{name}.counts.json"));
        let bytes = self.sink.fs.read(&path)?;
        let counted: Vec<Counted> = serde_json::from_slice(&bytes)
            .map_err(|error| RepairError::Person(format!("{}: {error}", path.display())))?;
        Ok(super::counts::counts(&counted))
    }

    /// Exports in full what is to be deleted; none where nothing is.
    async fn take_points(
        &self,
        open: &mut Open,
        data: &CopyStep,
        had: &Manifest,
        name: &str,
        scribe: &Scribe,
    ) -> Result<Option<(Counts, Manifest)>, RepairError> {
        let elsewhere = open.server.elsewhere(open.version(), &data.measurement).await?;
        if !elsewhere.is_empty() {
            return Err(RepairError::Person(format!(
                "{} has points in the retention policies {} too, which a delete would hit: move these to a database of their own \
                 first, or leave the copies where they are",
                data.measurement,
                elsewhere.join(", ")
            )));
        }
        let cuts = self.cuts(open, data, had, scribe).await?;
        let ends = cuts.values().cloned().reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
        let Some(ends) = ends else { return Ok(None) };
        let table = open.server.table(open.version(), &data.measurement).await?;
        let before = counts(&mut open.server, &table, &data.range()).await?;
        let text = serde_json::to_vec(&counted(&before)).unwrap_or_default();
        let path = scribe.dir.join(format!("{name}.counts.json"));
        self.sink.fs.write_atomic(&path, &text)?;
        let origin = self.sink.origin(&open.opened.says, &data.measurement, Some(data.to_ns));
        let mut writer = ExportWriter::create(self.sink.fs.clone(), &scribe.dir, name, origin)?;
        let columns = all_columns(&table);
        let progress = |points| scribe.progress(points, None, "rows exported");
        let wanted = |point: &StoredPoint| is_cut(&cuts, point);
        take(&mut open.server, (&table, &columns), ends, wanted, &mut writer, progress).await?;
        // Whatever came in between would be deleted without being in the export.
        let now = counts(&mut open.server, &table, &data.range()).await?;
        if let Some(differs) = difference(&before, &now) {
            return Err(RepairError::Later(format!("somebody writes old points at this moment: {differs}")));
        }
        let exported = writer.finish(self.sink.clock.now())?;
        Ok(Some((before, exported)))
    }

    /// Where copied values are.
    async fn cuts(
        &self,
        open: &mut Open,
        data: &CopyStep,
        had: &Manifest,
        scribe: &Scribe,
    ) -> Result<Cuts, RepairError> {
        let by_series = open.version() == Version::V1;
        let (mut cuts, mut failed) = (Cuts::new(), None);
        let mut had = Had::open(self, scribe, &data.had(), had)?;
        let _: Outcome = self
            .compare(open, data, |_, found| {
                if found.fields.is_empty() || failed.is_some() {
                    return;
                }
                match had.has(found) {
                    Ok(true) => {}
                    Ok(false) => {
                        let end = found.time.saturating_add(if by_series { 1 } else { 2 });
                        let cut = cuts.entry(by_series.then(|| found.tags.clone()));
                        let cut = cut.or_insert(found.time..end);
                        *cut = cut.start.min(found.time)..cut.end.max(end);
                    }
                    Err(error) => failed = Some(error),
                }
            })
            .await?;
        failed.map_or(Ok(cuts), Err)
    }

    async fn delete(
        &self,
        open: &mut Open,
        data: &CopyStep,
        exported: &Manifest,
        name: &str,
        scribe: &Scribe,
    ) -> Result<(), RepairError> {
        let marker = scribe.dir.join(format!("{name}.deleted"));
        if self.sink.fs.read_if_exists(&marker)?.is_some() {
            return Ok(());
        }
        let by_series = open.version() == Version::V1;
        let mut cuts = Cuts::new();
        for point in ExportReader::open(&*self.sink.fs, &scribe.dir, name, exported)? {
            let point = point?;
            let cut = cuts.entry(by_series.then_some(point.tags)).or_insert(point.time..point.time);
            *cut = cut.start.min(point.time)..cut.end.max(point.time);
        }
        let table = open.server.table(open.version(), &data.measurement).await?;
        let all = cuts.len() as u64;
        for (at, (tags, cut)) in cuts.into_iter().enumerate() {
            open.server.delete_points(&table, tags.as_deref(), (cut.start, cut.end)).await?;
            scribe.progress(at as u64 + 1, Some(all), "series deleted");
        }
        Ok(self.sink.fs.write_atomic(&marker, b"")?)
    }

    /// Writes every point of the export without its copied value. Answers with how many had one.
    async fn write_back(
        &self,
        open: &mut Open,
        data: &CopyStep,
        had: &Manifest,
        exported: &Manifest,
        name: &str,
        scribe: &Scribe,
    ) -> Result<u64, RepairError> {
        let mut had = Had::open(self, scribe, &data.had(), had)?;
        let (mut chunk, mut written, mut stripped) = (Vec::with_capacity(CHUNK), 0, 0);
        let mut lines = ExportReader::open(&*self.sink.fs, &scribe.dir, name, exported)?;
        loop {
            let line = lines.next().transpose()?;
            let is_last = line.is_none();
            if let Some(mut point) = line {
                if strip(&point, &data.of) && !had.has(&point)? {
                    stripped += 1;
                    point
                        .fields
                        .retain(|(field, value)| *field != data.of.to || value.kind() != data.of.becomes);
                }
                chunk.push(point);
            }
            if chunk.len() == CHUNK || is_last {
                let version = open.version();
                let wrote = open.server.write_points(version, &data.measurement, &chunk).await?;
                if wrote.outside > 0 {
                    return Err(RepairError::Differs(format!(
                        "{} became older than the server keeps any while they were taken back; {name}.lp.gz beside the receipt \
                         has them",
                        rows(wrote.outside)
                    )));
                }
                written += chunk.len() as u64;
                scribe.progress(written, Some(exported.points), "rows written back");
                chunk.clear();
            }
            if is_last {
                return Ok(stripped);
            }
        }
    }
}

fn own((of, count): (&(String, FieldType), &u64)) -> ((String, FieldType), u64) {
    (of.clone(), *count)
}

/// Whether the point has a value that is the copy of another.
fn strip(point: &StoredPoint, of: &Move) -> bool {
    let copied = |(field, value): &(String, _)| {
        (*field == of.field).then(|| convert(value, of.becomes).ok()).flatten()
    };
    let Some(copy) = point.fields.iter().find_map(copied) else { return false };
    point.fields.iter().any(|(field, value)| *field == of.to && *value == copy)
}

fn is_cut(cuts: &Cuts, point: &StoredPoint) -> bool {
    let cut = cuts.get(&None).or_else(|| cuts.get(&Some(point.tags.clone())));
    cut.is_some_and(|cut| cut.contains(&point.time))
}
