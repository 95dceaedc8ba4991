//! The whole measurement, written anew: each field under the one name and type that the sink gives it, in a measurement of its own,
//! which the sink writes to from then on. The old one stays where it is, whole.
//!
//! Steps: `rewrite` copies what is there; `switch` has the sink write to the new measurement; `tail` copies what came to the old one
//! meanwhile. Each writes what is missing and then looks for every value, with a running checksum. Back: the sink writes to the
//! old measurement again, and the points that only the new one has are copied to it, through the typing.
//!
//! Beside the receipt: `rewritten.counts.json`, how many values of each field and type the old measurement had before it was read.

mod plan;

use std::ops::Range;
use std::time::Duration;

use hearthline_pipeline::sinks::influxdb::copy::{Mode, Moves, Outcome, Transfer};
use hearthline_pipeline::sinks::influxdb::export::take;
use hearthline_pipeline::sinks::influxdb::point::NativeLayout;
use hearthline_pipeline::sinks::influxdb::send::Stop;
use hearthline_pipeline::sinks::influxdb::server::EVER;
use hearthline_pipeline::sinks::influxdb::stored::StoredPoint;
use hearthline_pipeline::sinks::influxdb::switched::{self, Switched};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::copy::now_and_then;
use super::counts::{Counted, counted, counts, difference};
use super::{MendedSink, Open, number, rows};
use crate::repair::{Doing, Done, Plan, Repair, RepairError, Scribe, Step};

/// Of the counts beside the receipt.
const COUNTS: &str = "rewritten.counts.json";
/// How long the sink may take to switch: it may be waiting for its server.
const SWITCHES: Duration = Duration::from_secs(90);
/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(100);

/// The repair.
pub struct SchemaRewrite {
    sink: MendedSink,
    layout: NativeLayout,
}

/// What each step needs to know.
#[derive(Serialize, Deserialize)]
struct RewriteStep {
    from: String,
    to: String,
    /// What came before this time is copied by the first step.
    to_ns: i64,
}

impl RewriteStep {
    const fn range(&self) -> Range<i64> {
        EVER.start..self.to_ns
    }

    const fn there(&self) -> (&str, &str, bool) {
        (self.from.as_str(), self.to.as_str(), false)
    }
}

impl SchemaRewrite {
    /// Of the server of this sink.
    #[must_use]
    pub const fn new(sink: MendedSink, layout: NativeLayout) -> Self {
        Self { sink, layout }
    }

    async fn open(&self) -> Result<Open, RepairError> {
        self.sink.open(&self.layout.measurement).await
    }

    /// Writes what is missing of one measurement in the other, and looks for all of it. Back into the old one goes only what that
    /// one has not in any form.
    async fn transfer(
        &self,
        open: &mut Open,
        (from, to, back): (&str, &str, bool),
        range: Range<i64>,
        told: impl FnMut(u64, &StoredPoint) -> Result<(), Stop>,
    ) -> Result<(Outcome, Outcome), RepairError> {
        let from = open.server.table(open.version(), from).await?;
        let there = open.server.table(open.version(), to).await?;
        let moves = if back { Moves::into_old(&from, &there) } else { Moves::into_new(&from) };
        let way = |to| Transfer { from: &from, to, moves: &moves, whole_points: true, only_new: back };
        let wrote = way(&there).run(&mut open.server, range.clone(), Mode::Write, told).await?;
        // The first row may have made fields there.
        let there = open.server.table(open.version(), to).await?;
        let found = way(&there).run(&mut open.server, range, Mode::Compare, |_, _| Ok(())).await?;
        Ok((wrote, found))
    }

    async fn rewrite(
        &self,
        step: &RewriteStep,
        rows: Option<u64>,
        scribe: &Scribe,
    ) -> Result<Done, RepairError> {
        let mut open = self.open().await?;
        let path = scribe.dir.join(COUNTS);
        let from = open.server.table(open.version(), &step.from).await?;
        let before = take::counts(&mut open.server, &from, &step.range()).await?;
        self.sink.fs.create_dir_all(&scribe.dir)?;
        let text = serde_json::to_vec(&counted(&before)).unwrap_or_default();
        self.sink.fs.write_atomic(&path, &text)?;
        let (wrote, found) =
            self.transfer(&mut open, step.there(), step.range(), now_and_then(scribe, rows, "rows")).await?;
        compared(step, &wrote, &found, true)
    }

    /// What came to the old measurement before the sink was switched and after the first step had read there.
    async fn tail(&self, step: &RewriteStep, scribe: &Scribe) -> Result<Done, RepairError> {
        let mut open = self.open().await?;
        let bytes = self.sink.fs.read(&scribe.dir.join(COUNTS))?;
        let before: Vec<Counted> = serde_json::from_slice(&bytes).unwrap_or_default();
        let from = open.server.table(open.version(), &step.from).await?;
        let now = take::counts(&mut open.server, &from, &step.range()).await?;
        // Old rows can come late: history that is filled in.
        let range = match difference(&counts(&before), &now) {
            None => step.to_ns..EVER.end,
            Some(_) => EVER,
        };
        let (wrote, found) =
            self.transfer(&mut open, step.there(), range, now_and_then(scribe, None, "rows")).await?;
        compared(step, &wrote, &found, false)
    }

    async fn switch(&self, measurement: &str, back: bool) -> Result<(), RepairError> {
        let (fs, dir) = (&*self.sink.fs, &self.sink.dir);
        let instead_of = switched::instead_of(fs, dir, &self.layout.measurement)?;
        let is_settings = back && instead_of == measurement;
        let since = self.sink.clock.now().to_string();
        let switch = Switched { measurement: measurement.to_owned(), instead_of, since };
        switched::write(fs, dir, (!is_settings).then_some(&switch))?;
        let Some(view) = &self.sink.view else { return Ok(()) };
        view.write_to(measurement);
        let began = Instant::now();
        while view.look().measurement.as_deref() != Some(measurement) {
            if began.elapsed() > SWITCHES {
                return Err(RepairError::Later(format!(
                    "sink {} has not come to switch to {measurement} yet: it still waits for its server",
                    self.sink.name
                )));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The points that the new measurement alone has go to the old one.
    async fn copy_back(&self, step: &RewriteStep, scribe: &Scribe) -> Result<Done, RepairError> {
        self.switch(&step.from, true).await?;
        let mut open = self.open().await?;
        let back = (step.to.as_str(), step.from.as_str(), true);
        let told = now_and_then(scribe, None, "rows looked at");
        let (wrote, found) = self.transfer(&mut open, back, EVER, told).await?;
        if found.missing > wrote.outside {
            return Err(RepairError::Differs(format!(
                "{} values that only {} has are not in {}; nothing was deleted. Do it again",
                number(found.missing),
                step.to,
                step.from
            )));
        }
        Ok(Done {
            says: format!(
                "the sink {} writes to {} again; {} values that only {} had are copied to it. {} stays: delete it yourself",
                self.sink.name,
                step.from,
                number(wrote.missing),
                step.to,
                step.to
            ),
            data: json!({ "wrote": wrote, "found": found }),
        })
    }
}

/// Whether everything that was to be there is. Before the sink is switched it still writes to the old measurement: what came after
/// it was read is missing, and copied by the last step; what was read has to be there all the same.
fn compared(
    step: &RewriteStep,
    wrote: &Outcome,
    found: &Outcome,
    is_written: bool,
) -> Result<Done, RepairError> {
    let RewriteStep { from, to, .. } = step;
    let came = if is_written { found.values.saturating_sub(wrote.values) } else { 0 };
    let differs = wrote.outside == 0 && wrote.kept == found.kept && wrote.crc != found.crc;
    if found.missing > wrote.outside + came || differs {
        return Err(RepairError::Differs(format!(
            "of {} values of {from}, {} are in {to}: checksum {:08x} was to be there, {:08x} is; nothing was deleted. Was something \
             written in between? Do it again",
            number(found.values),
            number(found.there),
            wrote.crc,
            found.crc
        )));
    }
    let mut says = format!(
        "{} of {from} with {} values: {} copied to {to}, {} were there; all compared, checksum {:08x} on both sides",
        rows(found.points),
        number(found.values),
        number(wrote.missing - wrote.outside),
        number(wrote.there),
        found.crc
    );
    for (count, words) in [
        (came, "came meanwhile, and are copied once nothing comes any more"),
        (found.kept, "have another value there, which was left"),
        (wrote.unwritable, "points have tags that line protocol cannot carry, and are not there"),
        (wrote.outside, "points are older than the server keeps any"),
    ] {
        if count > 0 {
            says += &format!("; {} {words}", number(count));
        }
    }
    Ok(Done { says, data: json!({ "wrote": wrote, "found": found }) })
}

impl Repair for SchemaRewrite {
    fn plan(&mut self) -> Doing<'_, Plan> {
        Box::pin(self.planned())
    }

    fn apply<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move {
            let data: RewriteStep = step.read()?;
            match step.kind.as_str() {
                "rewrite" => self.rewrite(&data, step.rows, scribe).await,
                "switch" => {
                    self.switch(&data.to, false).await?;
                    let says = format!("the sink {} writes to {}", self.sink.name, data.to);
                    Ok(Done { says, data: Value::Null })
                }
                "tail" => self.tail(&data, scribe).await,
                _ => Err(step.unknown()),
            }
        })
    }

    fn undo<'a>(&'a mut self, step: &'a Step, scribe: &'a Scribe) -> Doing<'a, Done> {
        Box::pin(async move { self.copy_back(&step.read()?, scribe).await })
    }

    fn verify<'a>(&'a mut self, plan: &'a Plan) -> Doing<'a, Done> {
        Box::pin(async move {
            let Some(step) = plan.steps.first() else { return Ok(Done::default()) };
            let step: RewriteStep = step.read()?;
            let mut open = self.open().await?;
            let (version, range) = (open.version(), step.range());
            let from = open.server.table(version, &step.from).await?;
            let to = open.server.table(version, &step.to).await?;
            let moves = Moves::into_new(&from);
            if let Some((field, types)) = to.fields.iter().find(|(_, types)| types.len() > 1) {
                let types: Vec<_> = types.iter().map(ToString::to_string).collect();
                return Err(RepairError::Differs(format!(
                    "{field} of {} is {}",
                    step.to,
                    types.join(" and ")
                )));
            }
            let had = take::counts(&mut open.server, &from, &range).await?;
            let has = take::counts(&mut open.server, &to, &range).await?;
            let fields: Vec<_> = has
                .iter()
                .map(|((field, kind), values)| {
                    let of = moves.iter().filter(|of| of.to == *field);
                    let sources: Vec<_> = of
                        .filter_map(|of| {
                            let values = had.get(&(of.field.clone(), of.kind))?;
                            Some(json!({ "field": of.field, "type": of.kind, "values": values }))
                        })
                        .collect();
                    json!({ "field": field, "type": kind, "values": values, "of": sources })
                })
                .collect();
            Ok(Done {
                says: format!(
                    "{} has {} fields of one type each, with {} values; {} has {}",
                    step.to,
                    has.len(),
                    number(has.values().sum()),
                    step.from,
                    number(had.values().sum())
                ),
                data: json!({ "fields": fields }),
            })
        })
    }
}

#[cfg(test)]
pub(in crate::repair) mod tests;
