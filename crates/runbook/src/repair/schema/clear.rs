//! `repair schema --clear`: what a person does by hand in despair, without its loss.
//!
//! The sink stands still; the measurement is exported in full and the export verified; it is deleted with its types; a value of each
//! type that was refused is written to each shard that refused it. Rows outside the asked time are written back through the naming,
//! the others when it is undone.
//!
//! What was deleted is in an export that was verified before, whenever this is killed and whoever writes meanwhile: exports are
//! numbered, one is spent once a deletion has begun with it, and what the server has then is exported anew before it is deleted
//! again. So every value is at the server, in an export, or in both, and writing back the same twice is writing it once.

mod back;
mod exports;
mod free;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use hearthline_core::Timestamp;
use hearthline_pipeline::sinks::influxdb::point::{NativeLayout, WEATHER};
use hearthline_pipeline::sinks::influxdb::schema::FieldType;
use hearthline_pipeline::sinks::influxdb::server::EVER;
use hearthline_pipeline::sinks::influxdb::{Hold, Server, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::exports::Exports;
use super::{MendedSink, Open, STANDS};
use crate::repair::{Doing, Done, Options, Plan, Repair, RepairError, Scribe, Step};

/// What is cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClearOptions {
    /// None: what states are written to.
    pub measurement: Option<String>,
    /// From this time on, in nanoseconds since 1970; none: from the first.
    pub from: Option<i64>,
    /// Before this time, in nanoseconds since 1970; none: up to the plan.
    pub to: Option<i64>,
    /// The rows are written back under typed names at once.
    pub restore: bool,
}

/// The repair.
pub struct Clear {
    sink: MendedSink,
    layout: NativeLayout,
    options: ClearOptions,
    server: Option<(Server, Version, String)>,
    hold: Option<Hold>,
}

/// What each step needs to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Task {
    measurement: String,
    /// Rows of this time are taken away; the others are written back.
    from_ns: i64,
    to_ns: i64,
    restore: bool,
    freed: Vec<Freed>,
}

/// A field and the type that it has to take in the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Freed {
    field: String,
    accepts: FieldType,
    /// What the server had.
    had: Vec<FieldType>,
}

impl ClearOptions {
    /// As a person gives them.
    ///
    /// # Errors
    /// In words: a time that is none.
    pub fn read(options: &Options) -> Result<Self, String> {
        let nanos = |at: Timestamp| at.0.saturating_mul(1_000);
        let (from, to) = options.period()?;
        Ok(Self {
            measurement: options.measurement.clone(),
            from: from.map(nanos),
            to: to.map(nanos),
            restore: options.restore.unwrap_or(false),
        })
    }
}

impl Task {
    /// Whether a point of that time is written back when nothing is undone.
    fn keeps(&self, time: i64) -> bool {
        self.restore || !(self.from_ns..self.to_ns).contains(&time)
    }

    /// Whether none of these times is written back.
    const fn keeps_nothing(&self, first: i64, last: i64) -> bool {
        !self.restore && self.from_ns <= first && last < self.to_ns
    }

    fn accepts(&self) -> BTreeMap<String, FieldType> {
        self.freed.iter().map(|freed| (freed.field.clone(), freed.accepts)).collect()
    }
}

impl Clear {
    /// Of one sink.
    #[must_use]
    pub const fn new(sink: MendedSink, layout: NativeLayout, options: ClearOptions) -> Self {
        Self { sink, layout, options, server: None, hold: None }
    }

    fn measurement(&self) -> String {
        self.options.measurement.clone().unwrap_or_else(|| self.layout.measurement.clone())
    }

    /// Whether a field's name says its type there.
    fn is_ours(&self, measurement: &str) -> bool {
        measurement == self.layout.measurement || measurement == WEATHER
    }

    /// The server, its generation, and what it calls itself.
    async fn server(&mut self) -> Result<&mut (Server, Version, String), RepairError> {
        if self.server.is_none() {
            let Open { server, opened } = self.sink.open(&self.measurement()).await?;
            if opened.reads_lines {
                return Err(RepairError::Person(
                    "this server speaks like an InfluxDB and has no types of fields: there is nothing to clear"
                        .into(),
                ));
            }
            self.server = Some((server, opened.version, opened.says));
        }
        self.server.as_mut().ok_or_else(|| RepairError::Later("the server is not known yet".into()))
    }

    /// Has the sink stand still, if it runs here.
    async fn hold(&mut self, measurement: &str) -> Result<(), RepairError> {
        let Some(view) = &self.sink.view else { return Ok(()) };
        let words = format!("waits for the repair: {measurement} is being cleared");
        let hold = self.hold.get_or_insert_with(|| view.hold(&words));
        match hold.stands(STANDS).await {
            true => Ok(()),
            false => Err(RepairError::Later(format!(
                "sink {} has something on its way that is not answered yet",
                self.sink.name
            ))),
        }
    }

    fn exports(&self, scribe: &Scribe, measurement: &str) -> Exports {
        Exports::new(Arc::clone(&self.sink.fs), scribe.dir.clone(), measurement)
    }

    async fn step(&mut self, step: &Step, scribe: &Scribe) -> Result<Done, RepairError> {
        let task: Task = step.read()?;
        match &*step.kind {
            "export" => self.export(&task, scribe).await,
            "verify" => self.verified(&task, scribe).await,
            "clear" => self.clear(&task, scribe).await,
            "test" => self.test(&task, scribe).await,
            "restore" => self.restore(&task, scribe).await,
            other => Err(RepairError::Person(format!("no step of this release is called {other:?}"))),
        }
    }

    /// What is deleted has to be what is exported, and nothing beside it.
    async fn reaches_no_further(&mut self, measurement: &str) -> Result<(), RepairError> {
        let database = self.sink.server.database.clone();
        let (server, version, _) = self.server().await?;
        let elsewhere = server.elsewhere(*version, measurement).await?;
        if !elsewhere.is_empty() {
            return Err(RepairError::Person(format!(
                "{measurement} has rows in other retention policies of {database} ({}), which would be deleted with it and are not \
                 exported: copy them to another measurement, delete them there, and plan this again",
                elsewhere.join(", ")
            )));
        }
        if !server.reads_what_it_writes(*version).await? {
            return Err(RepairError::Person(format!(
                "what is written to the bucket {database} is not found in the database {database}: it is mapped to another bucket; \
                 correct the mapping (`influx v1 dbrp list`)"
            )));
        }
        Ok(())
    }

    async fn export(&mut self, task: &Task, scribe: &Scribe) -> Result<Done, RepairError> {
        self.hold(&task.measurement).await?;
        self.reaches_no_further(&task.measurement).await?;
        let exports = self.exports(scribe, &task.measurement);
        let done = match exports.last()? {
            Some(last) => last,
            None => self.take(task, scribe, 1).await?,
        };
        let says =
            format!("{} rows in {} ({} bytes)", done.manifest.points, done.file(), done.manifest.bytes);
        Ok(Done { says, data: json!({ "manifest": done.manifest }) })
    }

    /// Reads the last export from the disk, and counts it against the server; if somebody has written since, exports again.
    async fn verified(&mut self, task: &Task, scribe: &Scribe) -> Result<Done, RepairError> {
        self.hold(&task.measurement).await?;
        let export = self.ready(task, scribe).await?;
        let values: u64 = export.manifest.values.iter().map(|of| of.values).sum();
        let says = format!(
            "{} rows read back from {}: {values} values by field and type, as the server counts them; SHA-256 {}",
            export.manifest.points,
            export.file(),
            export.manifest.sha256
        );
        Ok(Done { says, data: json!({ "values": export.manifest.values, "export": export.number }) })
    }
}

impl Repair for Clear {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(self.planned())
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(self.step(step, scribe))
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            let task: Task = step.read()?;
            self.hold = None;
            self.bring_back(&task, scribe).await
        })
    }

    fn verify<'a>(&'a mut self, plan: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async move {
            self.hold = None;
            let Some(step) = plan.steps.first() else {
                return Ok(Done { says: "there was nothing to clear".into(), data: Value::Null });
            };
            self.is_free(&step.read()?).await
        })
    }
}

impl Clear {
    /// No field that was to be freed has another type than it has to take.
    async fn is_free(&mut self, task: &Task) -> Result<Done, RepairError> {
        let (server, version, _) = self.server().await?;
        let table = server.table(*version, &task.measurement).await?;
        for Freed { field, accepts, .. } in &task.freed {
            let other = table.fields.get(field).and_then(|has| has.iter().find(|has| *has != accepts));
            if let Some(has) = other
                && server.count(&table, field, *has, &EVER).await? > 0
            {
                return Err(RepairError::Differs(format!(
                    "{field} of {} is {has} again: another program writes it as that",
                    task.measurement
                )));
            }
        }
        let fields: Vec<_> =
            task.freed.iter().map(|freed| format!("{} as {}", freed.field, freed.accepts)).collect();
        let says = format!("{} takes {}", task.measurement, fields.join(", "));
        Ok(Done { says, data: json!({ "freed": task.freed }) })
    }
}

#[cfg(test)]
pub(in crate::repair) mod tests;
