//! What a rewrite would do, how much that is, and how long it takes.

use hearthline_pipeline::sinks::influxdb::copy::{Move, Moves};
use hearthline_pipeline::sinks::influxdb::export::{Counts, take};
use hearthline_pipeline::sinks::influxdb::server::{EVER, Reader, Table};

use super::super::Open;
use super::{RewriteStep, SchemaRewrite};
use crate::repair::{Plan, RepairError, Step};

impl SchemaRewrite {
    pub(super) async fn planned(&mut self) -> Result<Plan, RepairError> {
        let from = self.layout.measurement.clone();
        let mut open = self.open().await?;
        let mut plan = Plan { repair: "schema".into(), ..Plan::default() };
        if open.opened.reads_lines {
            plan.finding = format!("{} keeps no types: nothing is in conflict there", self.sink.name);
            return Ok(plan);
        }
        let table = open.server.table(open.version(), &from).await?;
        let moves = Moves::into_new(&table);
        let other: Vec<_> =
            moves.iter().filter(|of| (&of.field, of.kind) != (&of.to, of.becomes)).map(told).collect();
        if other.is_empty() {
            plan.finding = format!("every field of {from} has the one type that its name says");
            return Ok(plan);
        }
        let to_ns = self.sink.now();
        let counts = take::counts(&mut open.server, &table, &(EVER.start..to_ns)).await?;
        let to = self.free_name(&mut open, &from).await?;
        let (points, seconds, bytes) = self.estimate(&mut open, &table, &counts, to_ns).await?;
        plan.finding = format!(
            "{from} has {} fields and types under other names than they are written by now",
            other.len()
        );
        plan.notes.push(format!("{from} stays as it is; delete it yourself once {to} has proved itself"));
        plan.notes.push(format!("boards and queries that name {from} have to name {to}"));
        plan.notes.push(format!("in {to}: {}", other.join(", ")));
        let step = |kind: &str, what: String, touches: String, rows: Option<u64>, undo| Step {
            kind: kind.into(),
            what,
            touches,
            rows,
            bytes: rows.and(Some(bytes)),
            seconds: rows.and(Some(seconds)),
            undo,
            data: serde_json::to_value(RewriteStep { from: from.clone(), to: to.clone(), to_ns })
                .unwrap_or_default(),
        };
        plan.steps = vec![
            step(
                "rewrite",
                format!("copy every point of {from} to {to}, each field under one name and type"),
                format!("the new measurement {to}"),
                Some(points),
                false,
            ),
            step(
                "switch",
                format!("have the sink {} write to {to}", self.sink.name),
                "measurement.json in the sink's folder, which wins over the settings".into(),
                None,
                true,
            ),
            step(
                "tail",
                format!("copy what came to {from} meanwhile"),
                format!("the new measurement {to}"),
                None,
                false,
            ),
        ];
        Ok(plan)
    }

    /// The first name of which the server has nothing.
    async fn free_name(&self, open: &mut Open, from: &str) -> Result<String, RepairError> {
        let (plain, first) = match from.rsplit_once('_') {
            Some((plain, n)) if n.parse::<u32>().is_ok_and(|n| n > 1) => (plain, n.parse().unwrap_or(1) + 1),
            _ => (from, 2_u32),
        };
        for n in first..first.saturating_add(1_000) {
            let name = format!("{plain}_{n}");
            if open.server.table(open.version(), &name).await?.fields.is_empty() {
                return Ok(name);
            }
        }
        Err(RepairError::Person(format!("{plain}_{first} and the names after it are all taken")))
    }

    /// Points, seconds and bytes, from a page of them.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is an estimate")]
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    async fn estimate(
        &self,
        open: &mut Open,
        table: &Table,
        counts: &Counts,
        to_ns: i64,
    ) -> Result<(u64, u64, u64), RepairError> {
        let columns: Vec<_> = table.columns().map(|(field, kind)| (field.to_owned(), kind)).collect();
        let began = self.sink.clock.monotonic();
        let page = Reader::new(table, &columns, EVER.start..to_ns).next(&mut open.server).await?;
        let took = self.sink.clock.monotonic().saturating_sub(began).as_secs_f64();
        let page = page.unwrap_or_default();
        let fields: usize = page.iter().map(|point| point.fields.len()).sum();
        let all = counts.values().sum::<u64>() as f64;
        let points = all * page.len() as f64 / fields.max(1) as f64;
        let size: usize = page
            .iter()
            .map(|point| {
                let tags: usize = point.tags.iter().map(|(tag, value)| tag.len() + value.len() + 2).sum();
                let fields =
                    point.fields.iter().map(|(name, value)| name.len() + value.to_string().len() + 2);
                table.measurement.len() + tags + fields.sum::<usize>() + 21
            })
            .sum();
        let each = points / page.len().max(1) as f64;
        // Each is read thrice, here and there, and written once.
        Ok((points.round() as u64, (took * 5.0 * each).ceil() as u64, (size as f64 * each).ceil() as u64))
    }
}

fn told(of: &Move) -> String {
    format!("{} ({}) is {} ({})", of.field, of.kind, of.to, of.becomes)
}
