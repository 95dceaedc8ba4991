//! What has to hold of the log alone: a replay gives what was stored, from whichever segment it begins.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use hearthline_core::{Observation, Row, Seq, StateRow, Timestamp};
use hearthline_log::{Log, Read};
use hearthline_pipeline::counters::Counters;
use hearthline_pipeline::ingest::Fold;
use hearthline_pipeline::normalise::Normaliser;
use hearthline_pipeline::record::{Checkpoint, Record};
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::{Encoded, Encoder, NativeLayout};
use hearthline_pipeline::sinks::influxdb::schema::Schema;

use crate::program::SITE;
use crate::scenario::Evidence;

/// Rows behind the beginning of a segment that are compared: several for each entity.
const COMPARED: usize = 500;

/// The rows of a replay from the first segment are the rows of the store. Where segments went, because they were stored,
/// the others' are.
///
/// # Errors
/// The first row that differs.
pub(crate) fn same_rows(log: &Log, evidence: &Evidence) -> anyhow::Result<()> {
    let (mut replayed, mut lines) = (BTreeMap::new(), BTreeMap::new());
    let mut normaliser = Normaliser::new(SITE);
    let mut encoder = encoder();
    each(log, Seq::ZERO, |seq, bytes| {
        let row = normaliser.row(seq, bytes);
        if let Some(line) = row.as_ref().and_then(|row| line(&mut encoder, row)) {
            lines.insert(seq, line);
        }
        if let Some(Row::State(row)) = row {
            let weather = row.weather.as_deref().map(stored_of);
            let stored = StateRow { seq: Seq::ZERO, old_state: None, weather, ..row };
            replayed.entry(identity(&stored)).or_insert(stored);
        }
        Ok(())
    })?;
    let stored: BTreeMap<_, _> = evidence.states.iter().map(|row| (identity(row), row)).collect();
    for (identity, row) in &replayed {
        let there = stored.get(identity).with_context(|| format!("replayed and not stored: {row:?}"))?;
        // A trimmed log may lack the record that came first and was stored.
        let trimmed = log.stats().first_seq > Seq(1);
        ensure!(trimmed || *there == row, "replayed as {row:?}, stored as {there:?}");
    }
    let all = log.stats().first_seq > Seq(1) || replayed.len() == stored.len();
    ensure!(all, "{} rows are stored, {} are replayed", stored.len(), replayed.len());
    if log.stats().first_seq > Seq(1) { Ok(()) } else { same_lines(&lines, &evidence.again) }
}

/// What is sent to another place is the same, whether it is read from the log or from the store, but for what the store had
/// already under the same identity.
fn same_lines(logged: &BTreeMap<Seq, String>, stored: &[Row]) -> anyhow::Result<()> {
    let mut encoder = encoder();
    let mut numbered = 0;
    let all: HashSet<&String> = logged.values().collect();
    for row in stored {
        let Some(again) = line(&mut encoder, row) else { continue };
        if row.seq() == Seq::ZERO {
            ensure!(all.contains(&again), "sent from the store and not from the log: {again}");
            continue;
        }
        let first = logged.get(&row.seq());
        ensure!(first == Some(&again), "from the log {first:?}, from the store {again:?}, of {row:?}");
        numbered += 1;
    }
    ensure!(numbered > 0 || stored.is_empty(), "no row has a number");
    Ok(())
}

fn encoder() -> Encoder {
    let layout = NativeLayout::new("m", Attributes::All);
    Encoder::new(layout.into(), Schema::default())
}

fn line(encoder: &mut Encoder, row: &Row) -> Option<String> {
    let mut line = Vec::new();
    (encoder.encode(row, &mut line) == Encoded::Line).then(|| String::from_utf8(line).unwrap())
}

/// What a row keeps of the weather of its time.
fn stored_of(weather: &Observation) -> Arc<Observation> {
    let Observation { at, temperature, humidity, pressure, wind_speed, ref condition, .. } = *weather;
    let condition = condition.clone();
    let stored =
        Observation { at, temperature, humidity, pressure, wind_speed, condition, ..Observation::default() };
    Arc::new(stored)
}

/// What each segment says at its beginning is what the segments before it say together, and the rows of a replay that
/// begins with it are the same.
///
/// # Errors
/// What differs.
pub(crate) fn same_from_each_segment(log: &Log) -> anyhow::Result<()> {
    let (mut fold, mut rows, mut starts) = (None::<Fold>, Vec::new(), Vec::new());
    let mut normaliser = Normaliser::new(SITE);
    each(log, Seq::ZERO, |seq, bytes| {
        rows.extend(normaliser.row(seq, bytes));
        let record = Record::decode(bytes)?;
        if let Record::Checkpoint(checkpoint) = &record {
            if let Some(fold) = &fold {
                same_state(fold, checkpoint).with_context(|| format!("at the segment of {seq}"))?;
            }
            starts.push(seq);
        }
        fold.get_or_insert_default().apply(record);
        Ok(())
    })?;
    for start in starts {
        same_rows_from(log, start, rows.iter().skip_while(|row| row.seq() < start))?;
    }
    Ok(())
}

fn same_rows_from<'a>(log: &Log, start: Seq, rows: impl Iterator<Item = &'a Row>) -> anyhow::Result<()> {
    let (mut reader, mut rows) = (log.reader(Seq(start.0 - 1)), rows.take(COMPARED));
    let mut normaliser = Normaliser::new(SITE);
    while let Some(Read::Batch(batch)) = reader.read()? {
        for (seq, _, bytes) in batch.records().filter(|(seq, ..)| *seq >= start) {
            let Some(row) = normaliser.row(seq, bytes) else { continue };
            let Some(first) = rows.next() else { return Ok(()) };
            ensure!(*first == row, "from {start} on {row:?}, from the first on {first:?}");
        }
    }
    let rest = rows.next();
    ensure!(rest.is_none(), "from {start} on nothing more, from the first on {rest:?}");
    Ok(())
}

fn same_state(fold: &Fold, checkpoint: &Checkpoint) -> anyhow::Result<()> {
    let mut held: Vec<_> = fold.held.iter().collect();
    held.sort_unstable_by_key(|(id, _)| *id);
    let said: Vec<_> = checkpoint.entities.iter().map(|entity| (&entity.entity_id, &entity.held)).collect();
    ensure!(held.len() == said.len(), "{} entities before it, {} in it", held.len(), said.len());
    for (before, said) in held.into_iter().zip(said) {
        ensure!(before == said, "{before:?} before it, {said:?} in it");
    }
    let fired = (fold.last_fired, checkpoint.last_fired);
    ensure!(fired.0 == fired.1, "last fired {:?} before it, {:?} in it", fired.0, fired.1);
    for gap in fold.gaps.all() {
        let there = checkpoint.gaps.iter().find(|said| said.id == gap.id);
        ensure!(there.is_some_and(|said| said.from == gap.from), "{gap:?} before it, {there:?} in it");
    }
    Ok(())
}

/// Each record from behind `after` on.
fn each(log: &Log, after: Seq, mut of: impl FnMut(Seq, &[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (mut reader, mut events) = (log.reader(after), None);
    while let Some(read) = reader.read()? {
        let Read::Batch(batch) = read else { anyhow::bail!("damage: {read:?}") };
        ensure!(Counters::from_meta(batch.meta()).is_some(), "the batch of {} counts nothing", batch.first());
        let events = events.get_or_insert(batch.events_before());
        ensure!(*events == batch.events_before(), "{events} events before {}: {batch:?}", batch.first());
        for (seq, is_event, bytes) in batch.records() {
            *events += u64::from(is_event);
            of(seq, bytes)?;
        }
    }
    let (counted, all) = (events.unwrap_or_default(), log.stats().events_total);
    ensure!(counted == all, "{counted} events up to the end of the log, which counts {all}");
    Ok(())
}

fn identity(row: &StateRow) -> (String, Timestamp, u8) {
    (row.entity_id.to_string(), row.ts, row.tie)
}
