//! The newest lines in memory.

use std::collections::VecDeque;

use super::line::{Line, Wanted};

/// Bytes of lines that are kept in memory.
const BYTES: usize = 1 << 20;
/// Lines that are, however short.
const LINES: usize = 8192;

/// The newest lines, and how far the files have them.
#[derive(Default)]
pub(super) struct Ring {
    lines: VecDeque<Line>,
    bytes: usize,
    /// The number of the newest.
    last: u64,
    /// The files have everything up to this; none where no files are kept.
    written: Option<u64>,
    dropped: u64,
}

impl Ring {
    /// Answers with its number.
    pub(super) fn push(&mut self, line: Line) -> u64 {
        self.last += 1;
        self.bytes += weight(&line);
        self.lines.push_back(Line { seq: self.last, ..line });
        while self.bytes > BYTES || self.lines.len() > LINES {
            let Some(gone) = self.lines.pop_front() else { break };
            self.bytes -= weight(&gone);
            if let Some(written) = &mut self.written
                && gone.seq > *written
            {
                *written = gone.seq;
                self.dropped += 1;
            }
        }
        self.last
    }

    /// Files are kept from now on, and have lines up to `last`: numbers go on behind it.
    pub(super) fn go_on_behind(&mut self, last: u64) {
        self.lines.iter_mut().for_each(|line| line.seq += last);
        self.last += last;
        self.written = Some(last);
    }

    /// What the files do not have yet: the oldest of it.
    pub(super) fn unwritten(&self, most: usize) -> Vec<Line> {
        let Some(written) = self.written else { return Vec::new() };
        let from = self.lines.partition_point(|line| line.seq <= written);
        self.lines.iter().skip(from).take(most).cloned().collect()
    }

    /// Whether there is something of the kind.
    pub(super) fn has_unwritten(&self) -> bool {
        self.written.is_some_and(|written| self.last > written)
    }

    /// The files have everything up to this.
    pub(super) fn wrote(&mut self, up_to: u64) {
        self.written = self.written.map(|written| written.max(up_to));
    }

    /// The number of the oldest that is here.
    pub(super) fn first(&self) -> u64 {
        self.lines.front().map_or(self.last + 1, |line| line.seq)
    }

    /// The number of the newest.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Those that no file has and that are not here any more.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The newest of those that are wanted, the oldest first.
    pub(super) fn newest(&self, wanted: &Wanted) -> Vec<Line> {
        let has = wanted.sieve(self.last);
        let mut lines: Vec<Line> =
            self.lines.iter().rev().filter(|line| has(line)).take(wanted.tail).cloned().collect();
        lines.reverse();
        lines
    }
}

/// About what it takes.
fn weight(line: &Line) -> usize {
    let fields: usize = line.fields.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
    line.message.len() + line.part.len() + fields + 128
}
