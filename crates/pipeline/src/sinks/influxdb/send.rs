//! Rows on their way: encoded, sent, sent again in another way, until each has its fate.
//!
//! [`Sending`] is stepped by its caller: [`Sending::body`] is what to send next, [`Sending::answered`] takes what the answer
//! means. At a type conflict the other type is learned and everything is encoded again; a refusal is narrowed down to one
//! line, which is set aside with the server's words. What was sent and not answered is sent again: the same points twice
//! are the same points once.

mod narrow;

use std::ops::Range;
use std::time::Duration;

use hearthline_core::{Row, Timestamp};

use self::narrow::refuses_all;
use super::answer::Meaning;
use super::point::{Encoded, Encoder};

/// Lines that were refused alone, for a reason that may be another than the line, before any was taken: then it is the
/// request that is refused.
const SUSPECTS: usize = 20;

/// Rows on their way.
pub struct Sending {
    rows: Vec<Row>,
    body: Vec<u8>,
    /// Where the line of each row begins in the body, and the end of the last.
    starts: Vec<usize>,
    /// Rows that have no answer, the next ones last.
    todo: Vec<Range<usize>>,
    /// Something was taken.
    taken: bool,
    suspects: Vec<Refused>,
    done: Done,
    /// What is too many lines at once, as far as the server said it.
    too_many: Option<usize>,
}

/// What became of rows. Counts are of events.
#[derive(Debug, Default, PartialEq)]
pub struct Done {
    /// The server has them.
    pub delivered: u64,
    /// The server keeps nothing as old, or there is nothing to write of them.
    pub filtered: u64,
    /// They were refused, cannot be written, or were not understood in the first place.
    pub quarantined: u64,
    /// Of the quarantined ones, those that were refused for the type of a field.
    pub for_type: u64,
    /// Those that were refused or cannot be written, of events and of the weather.
    pub refused: Vec<Refused>,
}

/// A row that was set aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// It.
    pub row: Row,
    /// As it was sent; empty where it could not be written.
    pub line: String,
    /// The server's words, or ours.
    pub words: String,
}

/// Nothing more is to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It may pass.
    Later {
        /// How long the server wants to be left alone.
        after: Option<Duration>,
        /// Why.
        words: String,
    },
    /// A person has to act.
    Parked(String),
}

impl Stop {
    /// Why.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Later { words, .. } | Self::Parked(words) => words,
        }
    }
}

impl Sending {
    /// Encodes rows, to be sent `most` at once.
    pub fn new(rows: Vec<Row>, most: usize, encoder: &mut Encoder) -> Self {
        let mut todo: Vec<_> = (0..rows.len()).step_by(most.max(1)).collect::<Vec<_>>();
        todo.push(rows.len());
        let chunks = todo.windows(2).filter_map(|ends| Some(*ends.first()?..*ends.last()?));
        let todo = chunks.rev().collect();
        let mut sending = Self {
            rows,
            body: Vec::new(),
            starts: Vec::new(),
            todo,
            taken: false,
            suspects: Vec::new(),
            done: Done::default(),
            too_many: None,
        };
        sending.encode(encoder);
        sending
    }

    /// Encodes everything (again), as the encoder does now.
    pub fn encode(&mut self, encoder: &mut Encoder) {
        encoder.discard();
        self.body.clear();
        self.starts.clear();
        for row in &self.rows {
            self.starts.push(self.body.len());
            encoder.encode(row, &mut self.body);
        }
        self.starts.push(self.body.len());
    }

    /// What to send next; none when every row has its fate.
    pub fn body(&mut self, encoder: &mut Encoder) -> Option<&[u8]> {
        while let Some(range) = self.todo.last().cloned() {
            if !self.bytes(&range).is_empty() {
                return self.todo.last().map(|range| self.bytes(range));
            }
            self.todo.pop();
            self.lineless(range, encoder);
        }
        None
    }

    /// Lines that are being sent.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.todo.last().map_or(0, ExactSizeIterator::len)
    }

    /// What is too many lines at once.
    #[must_use]
    pub const fn too_many(&self) -> Option<usize> {
        self.too_many
    }

    /// Takes the answer to what was last sent. At [`Meaning::Columns`] the schema has to know what the server has.
    ///
    /// # Errors
    /// When nothing more is to be sent now; what was answered before stays answered.
    pub fn answered(&mut self, meaning: Meaning, encoder: &mut Encoder, now: Timestamp) -> Result<(), Stop> {
        let Some(range) = self.todo.last().cloned() else { return Ok(()) };
        match meaning {
            Meaning::Taken => {
                self.todo.pop();
                self.taken = true;
                self.settle(range, encoder, |done, _| done.delivered += 1);
            }
            Meaning::Conflict(conflicts) => self.conflict(&conflicts, range, encoder, now),
            Meaning::Columns(most) => {
                encoder.limit_fields(0); // none but those that are there
                let before = self.bytes(&range).len();
                self.encode(encoder);
                if self.bytes(&range).len() >= before {
                    let words = format!("the server takes no more than {most} columns in a measurement");
                    self.refused(range, None, true, words);
                }
            }
            Meaning::Refused { at, line, words } => {
                let at = at.and_then(|at| self.row_at(&at, &range));
                self.refused(range, at, line, words);
                return self.suspicion();
            }
            Meaning::Outside(dropped) => self.outside(range, dropped, encoder),
            Meaning::TooLarge if range.len() > 1 => {
                self.too_many = Some(range.len());
                self.halve(range);
            }
            Meaning::TooLarge => {
                let words = "larger than the server takes, alone".to_owned();
                self.refused(range, None, true, words);
            }
            Meaning::Later { after, words } => return Err(Stop::Later { after, words }),
            Meaning::Parked(words) => return Err(Stop::Parked(words)),
        }
        Ok(())
    }

    /// What became of them, when there is nothing more to send.
    ///
    /// # Errors
    /// When the server refused everything, for a reason that need not be the lines: nothing is set aside then, and all is to be
    /// sent again.
    pub fn done(mut self, encoder: &mut Encoder) -> Result<Done, (Vec<Row>, Stop)> {
        if let (false, Some(first)) = (self.taken, self.suspects.first()) {
            let stop = refuses_all(&first.words);
            encoder.discard();
            return Err((self.rows, stop));
        }
        encoder.keep();
        std::mem::take(&mut self.suspects).into_iter().for_each(|refused| self.set_aside(refused));
        Ok(self.done)
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        let at = |row: usize| self.starts.get(row).copied().unwrap_or(self.body.len());
        self.body.get(at(range.start)..at(range.end)).unwrap_or_default()
    }

    /// Rows get their fate, those without a line their own.
    fn settle(&mut self, range: Range<usize>, encoder: &mut Encoder, fate: impl Fn(&mut Done, &Row)) {
        for index in range {
            if self.bytes(&(index..index + 1)).is_empty() {
                self.lineless(index..index + 1, encoder);
            } else if let Some(row) = self.rows.get(index).filter(|row| row.is_event()) {
                fate(&mut self.done, row);
            }
        }
    }

    /// Rows of which nothing can be sent.
    fn lineless(&mut self, range: Range<usize>, encoder: &mut Encoder) {
        for row in self.rows.get(range).unwrap_or_default() {
            let event = u64::from(row.is_event());
            match encoder.encode(row, &mut Vec::new()) {
                _ if matches!(row, Row::Quarantined(_)) => self.done.quarantined += event,
                Encoded::Line | Encoded::None => self.done.filtered += event,
                Encoded::CannotBeWritten(reason) => {
                    self.done.quarantined += event;
                    let (row, words) = (row.clone(), format!("cannot be written: {reason}"));
                    self.done.refused.push(Refused { row, line: String::new(), words });
                }
            }
        }
    }
}

pub(super) fn time_of(row: &Row) -> Timestamp {
    match row {
        Row::State(row) => row.ts,
        Row::Event(row) => row.ts,
        Row::Weather(row) => row.observation.at,
        Row::Quarantined(row) => row.ts,
        Row::Settled(row) => row.ts,
        Row::Entity(row) => row.ts,
    }
}

#[cfg(test)]
mod tests;
