//! Rows that come from the log.

use std::borrow::Cow;
use std::sync::Arc;

use hearthline_core::{Batch, EntityInfo, ErrorKind, Row, Seq, StateRow};
use hearthline_store::{Again, Bookmark};

use super::InfluxSink;
use crate::deliver::last_gone;
use crate::filter::Subject;
use crate::record::{EntityRecord, Record};
use crate::sinks::SinkError;
use crate::sinks::influxdb::refill::{Refill, Why};
use crate::sinks::influxdb::send::time_of;

impl InfluxSink {
    /// Takes a batch.
    pub(super) fn take(&mut self, batch: &Batch) -> Result<(), SinkError> {
        if batch.first > self.taken.committed.seq.next() {
            self.look_for_missed()?;
        }
        let through = self.taken.committed.seq;
        let now = self.clock.monotonic();
        for row in batch.rows.iter().filter(|row| row.seq() > through) {
            self.taken.committed.events += u64::from(row.is_event());
            self.learn_place(row);
            if self.wants(row) {
                self.rows.push(row.clone());
                self.rows_since.get_or_insert(now);
            } else {
                self.taken.committed.filtered += u64::from(row.is_event());
            }
        }
        let mut states =
            batch.rows.iter().filter_map(|row| if let Row::State(row) = row { Some(row) } else { None });
        if let Some(first) = states.next() {
            for refill in self.taken.refills.iter_mut().filter(|refill| refill.why == Why::Missed) {
                refill.to.get_or_insert(first.ts);
            }
            self.taken.newest = Some(states.next_back().unwrap_or(first).ts);
        }
        // A batch that had to wait may have left the log meanwhile, and is read from the store then.
        self.taken.committed.seq = through.max(batch.last);
        self.unsaved.get_or_insert(now);
        Ok(())
    }

    /// Events that left the log before they were taken are read from the store.
    pub(super) fn look_for_missed(&mut self) -> Result<(), SinkError> {
        let after = self.taken.committed.seq;
        let (through, events) = last_gone(&self.log, after).map_err(|error| SinkError {
            kind: ErrorKind::Transient,
            message: error.to_string(),
            retry_after: None,
        })?;
        let waiting: u64 = self.taken.refills.iter().map(Refill::outstanding).sum();
        let missed = events.saturating_sub(self.taken.before + self.taken.committed.events + waiting);
        if through > after && missed > 0 {
            tracing::warn!(
                sink = self.config.name,
                events = missed,
                "the log could not wait for this sink any longer: these events are read from the store and sent"
            );
            self.taken.refills.push(Refill {
                why: Why::Missed,
                of: Again::Records { after, through },
                events: missed,
                done: 0,
                from: self.taken.newest,
                to: None,
                since: self.clock.now(),
                at: Bookmark::default(),
                damaged: false,
                expired: self.taken.expired,
            });
        }
        self.taken.committed.seq = through;
        self.tell();
        Ok(())
    }

    fn learn_place(&mut self, row: &Row) {
        if let (Some(context), Row::Entity(row)) = (&mut self.context, row) {
            context.apply(&Record::Entity(EntityRecord {
                at: row.ts,
                received: row.ts,
                info: Cow::Borrowed(&*row.info),
                removed: row.removed,
                changes: row.changes.to_vec(),
            }));
        }
    }

    fn wants(&self, row: &Row) -> bool {
        let info = |row: &StateRow| {
            let known = self.context.as_ref()?.entities.version(&row.entity_key, row.ts)?;
            Some(Arc::clone(&known.info))
        };
        self.wants_as(row, info)
    }

    /// Whether a row is sent, its entity being what `info` says.
    pub(super) fn wants_as(&self, row: &Row, info: impl Fn(&StateRow) -> Option<Arc<EntityInfo>>) -> bool {
        match row {
            Row::State(row) => {
                let known = if self.config.filter.looks_further() { info(row) } else { None };
                self.config.filter.keeps(Subject {
                    entity_id: row.entity_id.as_str(),
                    info: known.as_deref(),
                    device_class: row.device_class.as_deref(),
                })
            }
            Row::Event(_) | Row::Quarantined(_) => true,
            Row::Weather(_) => self.config.layout.has_weather(),
            Row::Settled(_) | Row::Entity(_) => false,
        }
    }

    pub(super) fn is_taken(&self, batch: &Batch) -> bool {
        batch.last <= self.taken.committed.seq
    }

    /// Leaves out what the server would not keep, and says how many events that were.
    pub(super) fn young_enough(&self, rows: &mut Vec<Row>) -> u64 {
        let Some(retention) = self.opened.as_ref().and_then(|opened| opened.retention) else { return 0 };
        let oldest = self.clock.now().minus(retention.saturating_sub(super::MARGIN));
        let mut old = 0;
        rows.retain(|row| {
            let is_old = time_of(row) < oldest;
            old += u64::from(is_old && row.is_event());
            !is_old
        });
        old
    }

    /// The last record before all that is not there yet.
    pub(super) fn complete_through(&self) -> Seq {
        let refills = self.saved.refills.iter().filter_map(Refill::after);
        refills.fold(self.saved.committed.seq, Seq::min)
    }
}
