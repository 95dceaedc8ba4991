//! Reading the log again, as a fold does at its start.

use hearthline_core::Seq;
use hearthline_log::{Log, LogError, Read, RecordBatch};

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
