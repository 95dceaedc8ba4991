//! Reading the log from any place to its head.

use hearthline_core::{Seq, Timestamp};

use crate::batch::RecordBatch;
use crate::damage::{Damage, MISSING};
use crate::error::LogError;
use crate::log::Log;
use crate::segment::{START, SegmentFile, file_name};
use crate::state::{Span, seek};
use crate::walk::{Found, Walk};

const TRIMMED: &str = "it was trimmed before it was read";

/// One step of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Records that were written together.
    Batch(RecordBatch),
    /// Records that cannot be read; the next step goes on behind them.
    Damage(Damage),
}

/// Follows the log: from memory at its head, from the files behind it; the output is the same.
pub struct LogReader {
    log: Log,
    after: Seq,
    place: Option<Place>,
}

/// A place in the files.
pub(crate) struct Place {
    span: Span,
    walk: Walk,
}

impl LogReader {
    pub(crate) const fn new(log: Log, after: Seq) -> Self {
        Self { log, after, place: None }
    }

    /// The next batch, or what is lost before it; none at the head of the log.
    ///
    /// The first batch may begin with records at or before the number the reader was made with.
    ///
    /// # Errors
    /// When the disk does not answer; the next call tries again at the same place.
    pub fn read(&mut self) -> Result<Option<Read>, LogError> {
        loop {
            let (span, next) = {
                let state = self.log.shared.state.lock();
                if self.after >= state.written {
                    return Ok(None);
                }
                if let Some(batch) = state.ring.behind(self.after) {
                    self.place = None;
                    self.after = batch.last();
                    return Ok(Some(Read::Batch(batch.clone())));
                }
                match state.spans(self.place.as_ref().map(|place| place.span), self.after) {
                    Some(spans) => spans,
                    None => return Ok(None),
                }
            };
            let after = self.after;
            let found = self.place_in(span)?.next(after, next.and_then(|next| next.began))?;
            let found = match (found, next) {
                (Some(found), _) => found,
                (None, None) => return Ok(None),
                (None, Some(next)) => match self.enter(next)? {
                    Some(damage) => Read::Damage(damage),
                    None => continue,
                },
            };
            return Ok(Some(self.go_behind(found)));
        }
    }

    /// Goes on behind what was found. Damage becomes known as a whole, and is told from the first record that is wanted.
    fn go_behind(&mut self, found: Read) -> Read {
        let damage = match found {
            Read::Batch(batch) => {
                self.after = batch.last();
                return Read::Batch(batch);
            }
            Read::Damage(damage) => damage,
        };
        let mut state = self.log.shared.state.lock();
        if damage.reason != TRIMMED && state.segments.first().is_some_and(|s| !damage.is_before(s.span.first))
        {
            damage.clone().note(&mut state.damage);
        }
        let lost = damage.lost.map(|(first, last)| (first.max(self.after.next()), last));
        self.after = lost.map_or(self.after, |(_, last)| last.max(self.after));
        Read::Damage(Damage { lost, ..damage })
    }

    /// The place in this segment: the one it stands at, or the last known one before what it wants.
    fn place_in(&mut self, span: Span) -> Result<&mut Place, LogError> {
        let place = match self.place.take() {
            Some(place) if place.span.id == span.id => Place { span, ..place },
            _ => {
                let mut file = self.open(span)?;
                let state = self.log.shared.state.lock();
                let held = state.segments.iter().find(|s| s.span.id == span.id).map_or(&[][..], |s| &s.index);
                let mut start = seek(held, span.first, self.after.next());
                let footed = held.is_empty() && span.size > span.end;
                drop(state);
                if let Some((footer, _)) = if footed { file.footer(span.size)? } else { None } {
                    start = seek(&footer.index, span.first, self.after.next());
                }
                Place { span, walk: Walk::new(file, (span.first, span.began), start) }
            }
        };
        Ok(self.place.insert(place))
    }

    /// Goes to the front of the next segment; tells what is missing before it.
    fn enter(&mut self, next: Span) -> Result<Option<Damage>, LogError> {
        let front = Place::front(next, self.open(next)?);
        let left = self.place.replace(front);
        let missing = next.previous.filter(|previous| previous.last > self.after);
        Ok(missing.map(|previous| {
            let trimmed = previous.last <= self.log.shared.state.lock().trimmed;
            let first = left.as_ref().map_or(self.after, |place| place.span.last).next();
            Damage {
                file: file_name(previous.first),
                bytes: 0..0,
                lost: Some((first, previous.last)),
                from: left.and_then(|place| place.walk.written),
                to: next.began,
                reason: if trimmed { TRIMMED } else { MISSING },
            }
        }))
    }

    fn open(&self, span: Span) -> Result<SegmentFile, LogError> {
        SegmentFile::open(&*self.log.shared.fs, &self.log.shared.path(span.first))
    }
}

impl Place {
    /// The front of a segment.
    pub(crate) const fn front(span: Span, file: SegmentFile) -> Self {
        Self { span, walk: Walk::new(file, (span.first, span.began), (span.first, START)) }
    }

    /// The next thing of this segment behind `after`; none at its end. The segment behind it began at `next_began`.
    pub(crate) fn next(
        &mut self,
        after: Seq,
        next_began: Option<Timestamp>,
    ) -> Result<Option<Read>, LogError> {
        loop {
            let damage = match self.walk.next(self.span.end, self.span.last)? {
                None if self.walk.expected > self.span.last => return Ok(None),
                None => self.walk.lost(self.span.last, next_began),
                Some(Found::Lost(damage)) => damage,
                Some(Found::Batch(_, header)) if header.last() <= after => continue,
                Some(Found::Batch(at, header)) => match self.walk.file.decode(at, &header)? {
                    Some(batch) => return Ok(Some(Read::Batch(batch))),
                    None => {
                        self.walk.pass_over(at);
                        self.walk.expected = header.first;
                        continue;
                    }
                },
            };
            if damage.lost.is_some_and(|(_, last)| last > after) {
                return Ok(Some(Read::Damage(damage)));
            }
        }
    }
}
