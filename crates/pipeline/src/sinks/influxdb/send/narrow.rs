//! Refusals are narrowed down, and a type that is learned changes what is sent.

use std::ops::Range;

use hearthline_core::{Row, Timestamp};
use memchr::memmem;

use super::{Refused, SUSPECTS, Sending, Stop, time_of};
use crate::sinks::influxdb::answer::{At, TypeConflict};
use crate::sinks::influxdb::point::Encoder;

impl Sending {
    pub(super) fn conflict(
        &mut self,
        conflicts: &[TypeConflict],
        range: Range<usize>,
        encoder: &mut Encoder,
        now: Timestamp,
    ) {
        let learned = conflicts.iter().filter(|conflict| {
            let TypeConflict { measurement, line, field, ours, theirs } = conflict;
            let measurement = measurement.clone().unwrap_or_else(|| {
                let row = line.and_then(|line| self.row_at(&At::Line(line), &range)).unwrap_or(range.start);
                measurement_of(self.bytes(&(row..row + 1)))
            });
            encoder.change_schema(|schema| schema.learn(&measurement, field, *ours, *theirs, now))
        });
        if learned.count() > 0 {
            return self.encode(encoder);
        }
        let Some(first) = conflicts.first() else { return };
        let words =
            format!("{} is {} at the server, and was sent as {}", first.field, first.theirs, first.ours);
        let at = first.line.and_then(|line| self.row_at(&At::Line(line), &range));
        if range.len() == 1 {
            let row = self.rows.get(range.start);
            self.done.for_type += u64::from(row.is_some_and(Row::is_event));
        }
        self.refused(range, at, true, words);
    }

    pub(super) fn refused(&mut self, range: Range<usize>, at: Option<usize>, line: bool, words: String) {
        if range.len() > 1 {
            match at.filter(|at| range.contains(at)) {
                Some(at) => self.isolate(range, at),
                None => self.halve(range),
            }
            return;
        }
        self.todo.pop();
        let text = String::from_utf8_lossy(self.bytes(&range)).trim_end().to_owned();
        let row = self.rows.get(range).and_then(<[Row]>::first).cloned();
        let Some(row) = row else { return };
        let refused = Refused { row, line: text, words };
        if line { self.set_aside(refused) } else { self.suspects.push(refused) }
    }

    pub(super) fn set_aside(&mut self, refused: Refused) {
        self.done.quarantined += u64::from(refused.row.is_event());
        self.done.refused.push(refused);
    }

    /// Whether it looks as if the server refused whatever it was sent.
    pub(super) fn suspicion(&mut self) -> Result<(), Stop> {
        match self.suspects.first() {
            Some(first) if !self.taken && self.suspects.len() >= SUSPECTS => Err(refuses_all(&first.words)),
            _ => Ok(()),
        }
    }

    /// The oldest rows are older than the server keeps any.
    pub(super) fn outside(&mut self, range: Range<usize>, dropped: Option<usize>, encoder: &mut Encoder) {
        let Some(dropped) = dropped.or_else(|| (range.len() == 1).then_some(1)) else {
            return self.halve(range);
        };
        self.todo.pop();
        self.taken = true;
        let with_line = |index: &usize| !self.bytes(&(*index..index + 1)).is_empty();
        let mut oldest: Vec<usize> = range.clone().filter(with_line).collect();
        oldest.sort_by_key(|index| self.rows.get(*index).map(time_of));
        oldest.truncate(dropped);
        for index in range {
            if oldest.contains(&index) {
                self.settle(index..index + 1, encoder, |done, _| done.filtered += 1);
            } else {
                self.settle(index..index + 1, encoder, |done, _| done.delivered += 1);
            }
        }
    }

    pub(super) fn halve(&mut self, range: Range<usize>) {
        let middle = range.start + range.len() / 2;
        self.todo.pop();
        self.todo.extend([middle..range.end, range.start..middle]);
    }

    fn isolate(&mut self, range: Range<usize>, at: usize) {
        self.todo.pop();
        let parts = [at + 1..range.end, at..at + 1, range.start..at];
        self.todo.extend(parts.into_iter().filter(|part| !part.is_empty()));
    }

    /// The row of a line that the server named, among those that were sent.
    pub(super) fn row_at(&self, at: &At, range: &Range<usize>) -> Option<usize> {
        let offset = match at {
            At::Text(text) => memmem::find(self.bytes(range), text.as_bytes())?,
            At::Line(0) => 0,
            At::Line(number) => memchr::memchr_iter(b'\n', self.bytes(range)).nth(number - 1)? + 1,
        };
        let offset = self.starts.get(range.start)? + offset;
        let row = self.starts.partition_point(|start| *start <= offset).checked_sub(1)?;
        range.contains(&row).then_some(row)
    }
}

pub(super) fn refuses_all(words: &str) -> Stop {
    Stop::Parked(format!(
        "the server refuses whatever it is sent ({words}): see what its log says, and what stands before it"
    ))
}

/// The measurement of a line.
fn measurement_of(line: &[u8]) -> String {
    let mut name = Vec::new();
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => name.extend(bytes.next()),
            b',' | b' ' => break,
            byte => name.push(byte),
        }
    }
    String::from_utf8_lossy(&name).into_owned()
}
