//! Reading the log again, as a fold does at its start.

use hearthline_core::{Row, Seq};
use hearthline_log::{Log, LogError, Read, RecordBatch};

use crate::context::Context;
use crate::deliver::events_through;
use crate::normalise::Normaliser;

/// The record before the oldest that is still there, and how many events the log had through it; none in an empty log.
#[must_use]
pub fn before(log: &Log) -> Option<(Seq, u64)> {
    let first = log.stats().first_seq;
    let before = Seq(first.0.checked_sub(1)?);
    Some((before, events_through(log, before)))
}

/// Hands on every row that the log still has, through `end`. What of it cannot be read is passed over.
///
/// # Errors
/// When the disk does not answer.
pub fn rows(log: &Log, site: &str, end: Seq, mut each: impl FnMut(Row)) -> Result<(), LogError> {
    let Some((before, _)) = before(log) else { return Ok(()) };
    let mut normaliser = Normaliser::with(site, Context::replay(log, before)?);
    let mut reader = log.reader(before);
    while let Some(read) = reader.read()? {
        let Read::Batch(batch) = read else { continue };
        for (seq, _, bytes) in batch.records() {
            if seq > end {
                return Ok(());
            }
            normaliser.row(seq, bytes).into_iter().for_each(&mut each);
        }
    }
    Ok(())
}

/// Hands on each batch from the last checkpoint at or before `end` on, up to the one that holds `end`. What of a batch lies
/// behind `end`, which is given with it, is not to be taken.
///
/// # Errors
/// When the log cannot be read.
pub(crate) fn since_checkpoint(
    log: &Log,
    end: Seq,
    mut each: impl FnMut(&RecordBatch, Seq),
) -> Result<(), LogError> {
    let end = end.min(log.written());
    let start = log.last_checkpoint(end).map_or(Seq::ZERO, |(seq, _)| Seq(seq.0.saturating_sub(1)));
    let mut reader = log.reader(start);
    while let Some(read) = reader.read()? {
        let Read::Batch(batch) = read else { continue };
        each(&batch, end);
        if batch.last() >= end {
            break;
        }
    }
    Ok(())
}
