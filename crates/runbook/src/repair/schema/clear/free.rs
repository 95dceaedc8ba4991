//! Deleting, and the proof that the types are free.

use std::collections::BTreeMap;
use std::ops::Range;

use hearthline_pipeline::sinks::influxdb::answer::Meaning;
use hearthline_pipeline::sinks::influxdb::export::Counts;
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::EVER;
use hearthline_pipeline::sinks::influxdb::stored::{FieldValue, StoredPoint};
use hearthline_pipeline::sinks::influxdb::{Server, Version, line};
use serde_json::json;

use super::{Clear, Task};
use crate::repair::{Done, RepairError, Scribe};

/// The tag of points that prove something and are deleted again.
pub(super) const TEST: &str = "hearthline_test";
/// How often it is deleted again because somebody wrote meanwhile.
const ROUNDS: u32 = 3;

/// A value of the type that was refused, where it was refused.
struct Proof {
    field: String,
    accepts: FieldType,
    time: i64,
}

/// What became of the proofs.
#[derive(Default)]
struct Proven {
    taken: Counts,
    /// Older than the server keeps any.
    outside: u64,
    refused: Option<String>,
}

impl Clear {
    /// Deletes the measurement until nothing of it is there. What is there is in an export before.
    pub(super) async fn clear(&mut self, task: &Task, scribe: &Scribe) -> Result<Done, RepairError> {
        self.hold(&task.measurement).await?;
        let exports = self.exports(scribe, &task.measurement);
        let version = self.server().await?.1;
        let command = Server::clearing(version, &task.measurement);
        for _ in 0..ROUNDS {
            if self.counts(&task.measurement).await?.is_empty() {
                let rows: u64 = exports.all()?.iter().map(|export| export.manifest.points).sum();
                let says = format!("{command}: nothing is there any more; {rows} rows are in the export");
                return Ok(Done { says, data: json!({ "command": command, "rows": rows }) });
            }
            let export = self.ready(task, scribe).await?;
            self.reaches_no_further(&task.measurement).await?;
            exports.spend(&export, &command)?;
            let (server, version, _) = self.server().await?;
            server.clear(*version, &task.measurement).await?;
        }
        Err(RepairError::Person(format!(
            "{} has rows again after each {command}: stop the other program that writes to it, then go on",
            task.measurement
        )))
    }

    /// Writes a value of each type that was refused where it was refused, and deletes it again.
    pub(super) async fn test(&mut self, task: &Task, scribe: &Scribe) -> Result<Done, RepairError> {
        self.hold(&task.measurement).await?;
        let proofs = self.proofs(task, scribe).await?;
        for round in 1.. {
            let proven = self.prove(task, &proofs, scribe).await?;
            let has = self.counts(&task.measurement).await?;
            let alone = has == proven.taken;
            let (server, version, _) = self.server().await?;
            let version = *version;
            if alone {
                // Also the types go that the proofs have made: whoever writes first decides, as in a new measurement.
                server.clear(version, &task.measurement).await?;
            } else if version == Version::V3 {
                self.clear(task, scribe).await?; // it deletes no points but with the table
            } else {
                server.clear_tagged(version, &task.measurement, (TEST, "1")).await?;
            }
            let Some(words) = proven.refused else {
                let (shards, outside) = (proven.taken.values().sum::<u64>(), proven.outside);
                let fields: Vec<_> =
                    task.freed.iter().map(|freed| format!("{} as {}", freed.field, freed.accepts)).collect();
                let mut says = format!("{} is taken in {shards} places that refused it", fields.join(", "));
                if outside > 0 {
                    says += &format!("; {outside} places are older than the server keeps anything");
                }
                return Ok(Done { says, data: json!({ "taken": shards, "outside": outside }) });
            };
            if alone || round == ROUNDS {
                return Err(RepairError::Person(format!(
                    "{} did not free the types ({words}): undo this; a copy (without --clear) needs no type to be free",
                    Server::clearing(version, &task.measurement)
                )));
            }
            self.clear(task, scribe).await?; // somebody has written since
        }
        Err(RepairError::Later("the test was not made".into()))
    }

    /// One for each field and shard in which it had another type.
    async fn proofs(&mut self, task: &Task, scribe: &Scribe) -> Result<Vec<Proof>, RepairError> {
        let exports = self.exports(scribe, &task.measurement);
        let all = exports.all()?;
        let first = all.iter().filter_map(|export| export.manifest.first_ns).min();
        let last = all.iter().filter_map(|export| export.manifest.last_ns).max();
        let Some((first, last)) = first.zip(last) else { return Ok(Vec::new()) };
        let (server, version, _) = self.server().await?;
        let shards = match server.shards_in(*version, &(first..last.saturating_add(1))).await {
            Ok(shards) => shards,
            Err(Stop::Parked(_)) => weeks(first, last),
            Err(stop) => return Err(stop.into()),
        };
        let accepts = task.accepts();
        let mut places: BTreeMap<(&str, i64), i64> = BTreeMap::new();
        for export in &all {
            for point in exports.read(export)? {
                let StoredPoint { time, fields, .. } = point?;
                for (field, value) in &fields {
                    let Some((field, wanted)) = accepts.get_key_value(field) else { continue };
                    if *wanted != value.kind() {
                        places.entry((field, shard_of(&shards, time))).or_insert(time);
                    }
                }
            }
        }
        let proof = |((field, _), time): ((&str, i64), i64)| {
            let accepts = accepts.get(field).copied()?;
            Some(Proof { field: field.to_owned(), accepts, time })
        };
        Ok(places.into_iter().filter_map(proof).collect())
    }

    async fn prove(&mut self, task: &Task, proofs: &[Proof], scribe: &Scribe) -> Result<Proven, RepairError> {
        let (server, version, _) = self.server().await?;
        let mut proven = Proven::default();
        for (at, Proof { field, accepts, time }) in proofs.iter().enumerate() {
            let value = match accepts {
                FieldType::Float => FieldValue::Float(0.0),
                FieldType::Integer => FieldValue::Integer(0),
                FieldType::Unsigned => FieldValue::Unsigned(0),
                FieldType::Text => FieldValue::Text("test".into()),
                FieldType::Bool => FieldValue::Bool(true),
            };
            let (mut body, tags) = (Vec::new(), [(TEST.to_owned(), "1".to_owned())]);
            line::point(&mut body, &task.measurement, &tags, [(field.as_str(), &value)], *time);
            match server.write(*version, &body).await? {
                Meaning::Taken => *proven.taken.entry((field.clone(), *accepts)).or_default() += 1,
                Meaning::Outside(_) => proven.outside += 1,
                Meaning::Later { words, .. } => return Err(RepairError::Later(words)),
                Meaning::Parked(words) => return Err(RepairError::Person(words)),
                Meaning::Conflict(conflicts) => {
                    let theirs = conflicts.first().map_or("something else", |one| one.theirs.as_str());
                    let words = format!("{field} is still {theirs} at {time}, {accepts} is refused");
                    proven.refused.get_or_insert(words);
                }
                other => {
                    proven.refused.get_or_insert(format!("{field} as {accepts} at {time}: {other:?}"));
                }
            }
            scribe.progress(at as u64 + 1, Some(proofs.len() as u64), "test writes");
        }
        Ok(proven)
    }
}

/// Where the server does not say which shards it has: as it makes them where nobody says otherwise.
fn weeks(first: i64, last: i64) -> Vec<Range<i64>> {
    const WEEK: i64 = 7 * 86_400 * 1_000_000_000;
    /// From a Monday to 1970-01-01.
    const MONDAY: i64 = 3 * 86_400 * 1_000_000_000;
    let start = |week: i64| week.saturating_mul(WEEK).saturating_sub(MONDAY);
    let week = |time: i64| time.saturating_add(MONDAY).div_euclid(WEEK);
    (week(first.max(EVER.start))..=week(last)).map(|at| start(at)..start(at + 1)).collect()
}

/// Where the shard of a time begins.
fn shard_of(shards: &[Range<i64>], time: i64) -> i64 {
    let behind = shards.partition_point(|shard| shard.start <= time);
    behind.checked_sub(1).and_then(|at| shards.get(at)).map_or(i64::MIN, |shard| shard.start)
}
