//! Asks for the lists of the registries, and keeps events back until they are in.
//!
//! Lists are asked for in rounds, all five at once and entities last, right behind the subscription, and again when an
//! event says that something has changed. Home Assistant sends answers and events in one order: what it sent before the
//! answer is contained in it.
//!
//! *Kept back* are whole frames, or their rest, in the order in which they came: at the start of a connection, so that the
//! first row of an entity has its key and nothing is recorded that the settings leave out; and when an entity was made. Answers
//! in them that are needed here are taken at once. If the lists are late, or too much is kept back, what the log says has
//! to do.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::wire::registry::{EntityUpdate, Registry};
use crate::registries::Registries;

/// How long the next answer may take. Answers come in the order of the questions: while those before come, the lists do too.
const LATE: Duration = Duration::from_secs(30);
/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(1);
/// After a round with a list that was refused or did not come, while events are kept back.
const SOON: Duration = Duration::from_secs(10);
/// The same while they are not.
const AGAIN: Duration = Duration::from_secs(60);
/// What is kept back at most, in bytes.
const MOST: usize = 16 << 20;

/// The lists of one connection.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) registries: Registries,
    round: Option<Round>,
    /// Something has changed, at this time where an event said so.
    due: Option<Option<Timestamp>>,
    not_before: Option<Instant>,
    kept: VecDeque<Kept>,
    bytes: usize,
    /// Whether events are kept back.
    pub(super) holds: bool,
    /// Ids of answers in what is kept back that were taken.
    taken: HashSet<u64>,
    /// Renamings met so far in the frame that is about to be kept back.
    met: Vec<Renaming>,
}

/// From and to.
type Renaming = (Arc<str>, Arc<str>);

struct Round {
    /// When it was asked, or a question before or in it was answered last.
    heard: Instant,
    waits_for: usize,
    refused: bool,
    at: Option<Timestamp>,
}

/// A frame, from one of its messages on.
pub(super) struct Kept {
    pub(super) received: Timestamp,
    pub(super) frame: Utf8Bytes,
    pub(super) from: usize,
    renamings: Vec<Renaming>,
}

impl Kept {
    pub(super) const fn new(received: Timestamp, frame: Utf8Bytes, from: usize) -> Self {
        Self { received, frame, from, renamings: Vec::new() }
    }
}

impl Lists {
    /// Something has changed: all is to be asked for.
    pub(super) fn changed(&mut self, at: Option<Timestamp>) {
        self.due = match self.due {
            Some(earlier) => Some(earlier.or(at)),
            None => Some(at),
        };
    }

    /// Whether a round is to be asked now; it has begun then.
    pub(super) fn begins(&mut self) -> bool {
        let now = Instant::now();
        if self.round.is_some() || self.not_before.is_some_and(|at| now < at) {
            return false;
        }
        let Some(at) = self.due.take() else { return false };
        self.registries.forget_entities();
        self.round = Some(Round { heard: now, waits_for: Registry::ALL.len(), refused: false, at });
        true
    }

    /// Each list is asked for once more: the round, or another one, ends with these answers.
    pub(super) fn wait_for_another(&mut self) {
        let now = Instant::now();
        let round = self.round.get_or_insert(Round { heard: now, waits_for: 0, refused: false, at: None });
        round.waits_for += Registry::ALL.len();
    }

    /// An answer has come or was refused. At the end of the round, the time of the event that was the reason for it.
    pub(super) fn answered(&mut self, refused: bool) -> Option<Option<Timestamp>> {
        let round = self.round.as_mut()?;
        round.refused |= refused;
        round.waits_for = round.waits_for.saturating_sub(1);
        let at = round.at;
        (round.waits_for == 0).then(|| {
            self.ends();
            at
        })
    }

    /// A question that was asked before the lists, or for one of them, was answered.
    pub(super) fn heard(&mut self) {
        if let Some(round) = &mut self.round {
            round.heard = Instant::now();
        }
    }

    /// The answers have not come in time. Those that come later are taken all the same.
    pub(super) fn is_late(&mut self) -> bool {
        let late = self.round.as_mut().filter(|round| round.heard.elapsed() > LATE);
        let is_late = late.map(|round| round.refused = true).is_some();
        if is_late {
            self.ends();
        }
        is_late
    }

    fn ends(&mut self) {
        let again = self.round.take().is_some_and(|round| round.refused);
        let pause = if !again {
            PAUSE
        } else if self.holds {
            SOON
        } else {
            AGAIN
        };
        self.not_before = Some(Instant::now() + pause);
        if again {
            self.changed(None);
        }
    }

    /// From now on events are kept back.
    pub(super) const fn hold(&mut self) {
        self.holds = true;
    }

    /// Keeps a frame back, behind the others or, if it was begun, before them. Whether there is room for it.
    pub(super) fn keep(&mut self, mut kept: Kept) -> bool {
        kept.renamings = std::mem::take(&mut self.met);
        self.bytes += kept.frame.len();
        if kept.from == 0 {
            self.kept.push_back(kept)
        } else {
            self.kept.push_front(kept)
        }
        self.bytes <= MOST
    }

    /// Whether the answer with this id was taken ahead of its frame.
    pub(super) fn has_taken(&self, id: u64) -> bool {
        self.taken.contains(&id)
    }

    /// The answer with this id was taken ahead of its frame.
    pub(super) fn takes(&mut self, id: u64) {
        self.taken.insert(id);
    }

    /// An event was met ahead of its frame.
    pub(super) fn met(&mut self, update: EntityUpdate) {
        if let (Some(from), Some(to)) = (update.old_entity_id.0, update.entity_id.0) {
            self.met.push((from, to));
        }
    }

    /// The list of entities is in: names in it are to be as they were before what is kept back, which it contains.
    pub(super) fn name_as_before(&mut self) {
        let renamings: Vec<_> = self.kept.iter().flat_map(|kept| &kept.renamings).chain(&self.met).collect();
        self.registries.undo(&renamings);
    }

    /// The next frame to go on with, if none is kept back any longer.
    pub(super) fn let_go(&mut self) -> Option<Kept> {
        if self.holds {
            return None;
        }
        let kept = self.kept.pop_front();
        match &kept {
            Some(kept) => self.bytes -= kept.frame.len(),
            None => self.taken.clear(),
        }
        kept
    }
}
