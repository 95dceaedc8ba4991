//! Rows that come from the store, one portion at a time: the log's come first.

use std::sync::Arc;

use hearthline_core::{Row, Seq, Timestamp};
use hearthline_store::{Again, Bookmark, Portion, Reread, Store};

use super::InfluxSink;
use crate::sinks::influxdb::refill::{Loss, Refill, RefillViewOf, Why};
use crate::sinks::influxdb::send::{Done, Sending};
use crate::sinks::{Idle, SinkError};

/// The one that is being worked at.
pub(super) struct Working {
    reread: Reread,
    /// When it was begun, or gone on with, and how far it was then.
    since: std::time::Duration,
    from: u64,
}

impl InfluxSink {
    /// Reads and sends a portion, if something is to be read from the store and all of it is in files.
    pub(super) async fn refill(&mut self) -> Result<Idle, SinkError> {
        let Some(refill) = self.taken.refills.first() else { return Ok(Idle::Rested) };
        if matches!(refill.of, Again::Records { through, .. } if self.store.committed() < through) {
            return Ok(Idle::Rested);
        }
        let sent = self.send_portion().await;
        self.heard(&sent);
        sent.map(|()| Idle::Worked)
    }

    async fn send_portion(&mut self) -> Result<(), SinkError> {
        let version = self.opened().await?;
        let Portion { mut rows, next } = self.portion()?;
        let events = |rows: &[Row]| rows.iter().filter(|row| row.is_event()).count() as u64;
        let all = events(&rows);
        let store = Arc::clone(&self.store);
        rows.retain(|row| self.wants_as(row, |row| store.known_of(&row.entity_key, row.ts)));
        let mut filtered = all - events(&rows);
        filtered += self.young_enough(&mut rows);
        let mut sending = Sending::new(rows, self.most, &mut self.encoder);
        if let Err(stop) = self.send(&mut sending, version).await {
            self.encoder.discard(); // it is read and encoded anew
            return Err(self.failed(stop));
        }
        let done = sending.done(&mut self.encoder).map_err(|(_, stop)| self.failed(stop))?;
        self.write_down(&done);
        self.settled(&Done { filtered: done.filtered + filtered, ..done }, next);
        Ok(())
    }

    fn portion(&mut self) -> Result<Portion, SinkError> {
        let Some(refill) = self.taken.refills.first_mut() else { return Ok(Portion::default()) };
        let now = self.clock.monotonic();
        let working = self.working.get_or_insert_with(|| Working {
            reread: Reread::new(Arc::clone(&self.store), refill.of),
            since: now,
            from: refill.done,
        });
        let portion = working.reread.portion(&refill.at, self.config.batch_size)?;
        refill.damaged |= working.reread.is_damaged();
        Ok(portion)
    }

    /// A portion has its fate.
    fn settled(&mut self, done: &Done, next: Option<Bookmark>) {
        let Some(refill) = self.taken.refills.first_mut() else { return };
        refill.settle(done, &mut self.taken.committed);
        match next {
            Some(next) => refill.at = next,
            None => self.end_refill(),
        }
        self.unsaved.get_or_insert(self.clock.monotonic());
    }

    fn end_refill(&mut self) {
        self.working = None;
        if self.taken.refills.is_empty() {
            return;
        }
        let refill = self.taken.refills.remove(0);
        let (sink, events, why) = (&self.config.name, refill.done, refill.why.as_str());
        tracing::info!(sink, events, why, "what was to be read from the store has been sent");
        if let (Why::Asked, Again::Period { from, to }) = (refill.why, refill.of) {
            self.view.has_refilled(from, to, refill.done);
        }
        if refill.why == Why::New {
            // What the store does not have was never this sink's.
            self.taken.before += refill.outstanding();
        }
        let dropped = self.store.expired().saturating_sub(refill.expired);
        let unreadable = self.is_damaged_in_log(&refill.of);
        if let Some(loss) = refill.end(dropped, unreadable, &mut self.taken.committed) {
            let Loss { events, ref words, .. } = loss;
            tracing::error!(
                sink = self.config.name,
                events,
                reason = words,
                "events are neither in the log nor in the store: this sink will never have them"
            );
            self.taken.loss = Some(loss);
        }
    }

    fn is_damaged_in_log(&self, of: &Again) -> bool {
        let Again::Records { after, through } = *of else { return false };
        let damage = self.log.damage();
        damage.iter().filter_map(|damage| damage.lost).any(|(first, last)| last > after && first <= through)
    }

    /// Takes up what a person asked for, and puts it on disk.
    pub(super) fn obey_refills(&mut self) {
        for (from, to) in self.view.take_asked() {
            let of = Again::Period { from, to };
            if self.taken.refills.iter().any(|refill| refill.of == of) {
                continue;
            }
            let events = match Reread::events_in_period(&self.store, from, to) {
                Ok(events) => events,
                Err(error) => {
                    tracing::error!(sink = self.config.name, %error, "the store cannot be read");
                    self.view.refill(from, to);
                    return;
                }
            };
            tracing::info!(sink = self.config.name, %from, %to, events, "the store's rows are sent again");
            let refill = asked(from, to, events, self.clock.now());
            self.saved.refills.push(refill.clone());
            self.taken.refills.push(refill);
            if let Err(error) = self.state.save_cursor(&self.saved) {
                tracing::warn!(sink = self.config.name, %error, "what was asked for is not on disk yet");
            }
            self.unsaved.get_or_insert(self.clock.monotonic());
            self.tell();
        }
    }

    pub(super) fn refill_seen(&self) -> Option<RefillViewOf> {
        let refill = self.taken.refills.first()?;
        let Refill { why, done, events: of, from, to, since, .. } = *refill;
        let left = self.working.as_ref().and_then(|working| {
            let (worked, took) = (done - working.from, self.clock.monotonic().saturating_sub(working.since));
            let rows = u32::try_from(worked).ok().filter(|rows| *rows > 0)?;
            Some((took / rows).saturating_mul(u32::try_from(of.saturating_sub(done)).unwrap_or(u32::MAX)))
        });
        let waiting = self.taken.refills.len() - 1;
        Some(RefillViewOf { why, done, of, from, to, since, left, waiting })
    }
}

fn asked(from: Timestamp, to: Timestamp, events: u64, now: Timestamp) -> Refill {
    Refill {
        why: Why::Asked,
        of: Again::Period { from, to },
        events,
        done: 0,
        from: Some(from),
        to: Some(to),
        since: now,
        at: Bookmark::default(),
        damaged: false,
        expired: 0,
    }
}

/// Everything that there is, for a sink that is new.
pub(super) fn all_of(store: &Store, events: u64, now: Timestamp) -> Refill {
    let stats = store.stats();
    let of = Again::Records { after: Seq::ZERO, through: store.committed() };
    Refill { why: Why::New, of, from: stats.first, to: stats.last, ..asked(now, now, events, now) }
}
