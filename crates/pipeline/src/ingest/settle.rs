//! Records that were set aside, offered again or given up.

use hearthline_core::{Origin, QuarantineRow, Settlement, Timestamp};

use super::{Ingest, IngestError};
use crate::quarantine::{Outcome, Settled, Understood, understand};
use crate::record::{Record, SettledRecord};
use crate::sources::home_assistant::wire::{Event, EventData};

impl Ingest {
    /// Reads the bytes of a record again and takes what they say, or gives the record up. What is understood goes the way
    /// of a live event, with the time at which it arrived, but is no sign of life of the stream: it ends no gap, and a
    /// state older than the held one does not take its place. Until the log has taken the settlement, the record waits
    /// and may be settled again; a state that is there by then collapses.
    ///
    /// # Errors
    /// When the log does not take it; nothing has changed then.
    pub fn settle(&mut self, row: &QuarantineRow, how: Settlement) -> Result<Settled, IngestError> {
        let settled = |outcome, reason| Settled { seq: row.seq, outcome, reason };
        let said = match how {
            Settlement::Dropped => Vec::new(),
            Settlement::Retried => match understand(&row.raw) {
                Ok(said) => said,
                Err(reason) => return Ok(settled(Outcome::Kept, Some(reason))),
            },
        };
        let (counters, refused) = (self.fold.counters, self.refused);
        let taken = self.take_settled(row, how, &said);
        if taken.is_err() && self.fold.counters.unlogged > counters.unlogged {
            // Not an event of the stream: its bytes are still set aside, and no gap is needed for them.
            (self.fold.counters, self.refused) = (counters, refused);
            self.view.publish(&self.fold, false);
        }
        taken?;
        let now = self.fold.counters;
        Ok(settled(
            match how {
                Settlement::Dropped => Outcome::Dropped,
                Settlement::Retried if now.logged > counters.logged => Outcome::Recorded,
                Settlement::Retried if now.duplicate > counters.duplicate => Outcome::Duplicate,
                Settlement::Retried => Outcome::Filtered,
            },
            None,
        ))
    }

    fn take_settled(
        &mut self,
        row: &QuarantineRow,
        how: Settlement,
        said: &[Understood<'_>],
    ) -> Result<(), IngestError> {
        let last_fired = self.fold.last_fired;
        for said in said {
            match said {
                Understood::Event(event) => self.accept_again(event, row.ts)?,
                // Without an event it can only have come from a snapshot.
                Understood::State(state) => self.offer_bare(state, Origin::Snapshot, row.ts)?,
            }
        }
        self.fold.last_fired = last_fired;
        let (seq, received, at) = (row.seq, row.ts, self.clock.now());
        self.push(&Record::Settled(SettledRecord { seq, received, how, at, last_fired }))?;
        self.end_frame()
    }

    fn accept_again(&mut self, event: &Event<'_>, received: Timestamp) -> Result<(), IngestError> {
        self.fold.counters.offer(Origin::Live);
        match &event.data {
            EventData::StateChanged { .. } => self.accept_state(event, received),
            EventData::Other(data) => self.accept_other(event, data, received),
        }
    }
}
