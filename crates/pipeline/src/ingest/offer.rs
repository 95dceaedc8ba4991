//! What becomes of one live event.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use hearthline_core::{EntityId, Origin, Timestamp};
use serde::Deserialize;

use super::{Ingest, IngestError, Stream};
use crate::gaps::{Cause, Gap};
use crate::mask::mask;
use crate::record::{EventRecord, Held, Record, StateRecord, without_old_state};
use crate::sources::home_assistant::wire::{Event, EventData, State};

/// How an event relates to the state that is held.
enum Relation {
    /// It is the held one.
    Duplicate,
    /// Another state with the very time of the held one.
    Tie(u8),
    /// It follows.
    Next,
    /// It is older than the held one, which a snapshot brought.
    Late,
}

impl Ingest {
    pub(super) fn accept_state(&mut self, event: &Event<'_>, received: Timestamp) -> Result<(), IngestError> {
        let EventData::StateChanged { entity_id, old_state, new_state } = &event.data else { return Ok(()) };
        if !self.keeps(entity_id, new_state.as_ref().or(old_state.as_ref())) {
            self.fold.counters.filtered += 1;
            self.see_left_out(entity_id, new_state.as_ref());
            self.view.left_out().heard(entity_id, received, || self.rule_of(entity_id));
            return Ok(());
        }
        let new = match new_state {
            Some(state) => held(state, Origin::Live),
            None => Held { ts: event.time_fired, tie: 0, origin: Origin::Live, state: None, content: 0 },
        };
        let before = self.fold.held.get(entity_id.as_ref());
        let restored = self.is_restored(old_state.as_ref(), new_state.as_ref(), before);
        let relation = relation(before, &new, old_state.as_ref());
        if matches!(relation, Relation::Duplicate) {
            self.fold.counters.duplicate += 1;
            return Ok(());
        }
        match old_state {
            Some(old) => self.check_chain(entity_id, old, received)?,
            // It is new, or Home Assistant has started again: what it had before that was perhaps not heard.
            None if new_state.is_some() => self.fold.note_moved(entity_id, None),
            None => {}
        }
        let raw = match old_state {
            Some(old) => without_old_state(event.raw, old.raw),
            None => Cow::Borrowed(event.raw),
        };
        let raw = if event.has_secret { Cow::Owned(mask(&raw).into_owned()) } else { raw };
        let tie = if let Relation::Tie(tie) = relation { tie } else { 0 };
        let (late, new_ts) = (matches!(relation, Relation::Late), new.ts);
        if let Some(state) = new_state.as_ref().filter(|_| !late) {
            self.describe(state, false, received)?;
        }
        self.fired(event.time_fired);
        self.push(&Record::State(StateRecord {
            origin: Origin::Live,
            received,
            ts: new.ts,
            tie,
            removed: new_state.is_none(),
            restored,
            late,
            old_state: old_state.as_ref().map(|old| Cow::Borrowed(old.state.as_ref())),
            entity_id: Cow::Borrowed(entity_id),
            raw,
        }))?;
        if !late {
            self.hold(EntityId::from(entity_id.as_ref()), Held { tie, ..new });
            self.hear(entity_id, new_state.as_ref(), new_ts);
        }
        self.weather_behind(entity_id, new_state.as_ref(), late, received)?;
        self.fences.heard(entity_id, new_ts);
        Ok(())
    }

    /// An event's `old_state` is the state before it. Where that is not the one we hold, Home Assistant fired an event
    /// that never reached us: its state is logged first, and unless a gap covers the time already, one opens for this
    /// entity alone.
    fn check_chain(
        &mut self,
        entity_id: &str,
        old: &State<'_>,
        received: Timestamp,
    ) -> Result<(), IngestError> {
        let before = self.fold.held.get(entity_id).map(|held| held.ts);
        if before.is_some_and(|held| held >= old.last_updated) {
            return Ok(());
        }
        let missed = before.filter(|_| self.is_followed(entity_id));
        self.missed(entity_id, missed, old.last_updated, Cause::ChainBroken);
        self.fold.counters.offer(Origin::Chain);
        self.log_state(old, Origin::Chain, received)
    }

    /// Whether every event of the entity since the held one would have been logged: one that was not is missed.
    pub(super) fn is_followed(&self, entity_id: &str) -> bool {
        self.stream == Stream::Complete && !self.returned.contains(entity_id)
    }

    /// A state is about to be logged whose event was not heard: in a gap of its own between it and the one that is held
    /// (`since`), or in the one that is open.
    pub(super) fn missed(&mut self, entity_id: &str, since: Option<Timestamp>, at: Timestamp, cause: Cause) {
        let gap = match since {
            Some(since) => Some(self.fold.gaps.open_between(entity_id.into(), since, at, cause).id),
            None => self.fold.gaps.newest_open().map(|gap| gap.id),
        };
        self.extend_gap(at);
        self.fold.note_moved(entity_id, Some(at));
        if let Some(gap) = gap {
            self.recovered(gap, 1);
        }
    }

    /// Until states are compared, an event may be missed also behind the first that was heard: the gap ends later then.
    fn extend_gap(&mut self, at: Timestamp) {
        let ends_before = |gap: &&Gap| gap.to.is_some_and(|to| to < at);
        if self.stream != Stream::Complete
            && let Some(id) = self.fold.gaps.newest_open().filter(ends_before).map(|gap| gap.id)
        {
            let gap = self.fold.gaps.update(id, |gap| gap.to = Some(at));
            self.note_gap(gap);
        }
    }

    /// Logs a state that came without an event of its own.
    pub(super) fn log_state(
        &mut self,
        state: &State<'_>,
        origin: Origin,
        at: Timestamp,
    ) -> Result<(), IngestError> {
        let entity_id = state.entity_id.as_ref();
        self.describe(state, false, at)?;
        self.push(&Record::State(StateRecord {
            origin,
            received: at,
            ts: state.last_updated,
            tie: 0,
            removed: false,
            restored: says_restored(state),
            late: false,
            old_state: self
                .fold
                .held
                .get(entity_id)
                .and_then(|held| held.state.as_deref())
                .map(|s| s.to_owned().into()),
            entity_id: entity_id.into(),
            raw: mask(state.raw),
        }))?;
        self.hold(entity_id.into(), held(state, origin));
        // Whatever happened before the newest state that was seen lies before a gap that opens now.
        let before = self.fold.last_fired;
        self.fold.last_fired = before.max(Some(state.last_updated));
        self.frame.last_fired.get_or_insert(before);
        self.weather_behind(entity_id, Some(state), false, at)
    }

    /// While Home Assistant starts, it puts back old states as new entities; that is no new reading.
    fn is_restored(&self, old: Option<&State<'_>>, new: Option<&State<'_>>, before: Option<&Held>) -> bool {
        let Some(new) = new else { return false };
        let same_text = before.is_some_and(|held| held.state.as_deref() == Some(new.state.as_ref()));
        says_restored(new) || (!self.running && old.is_none() && same_text)
    }

    pub(super) fn accept_other(
        &mut self,
        event: &Event<'_>,
        data: &str,
        at: Timestamp,
    ) -> Result<(), IngestError> {
        if self.names_only_excluded(data) {
            self.fold.counters.filtered += 1;
            return Ok(());
        }
        self.fired(event.time_fired);
        self.push(&Record::Event(EventRecord { received: at, raw: mask(event.raw) }))
    }

    /// Whether the event is about entities, and about none that is recorded.
    fn names_only_excluded(&self, data: &str) -> bool {
        #[derive(Deserialize)]
        struct Named {
            #[serde(default)]
            entity_id: Option<OneOrMany>,
            #[serde(default)]
            service_data: Option<Box<Named>>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
            Other(serde::de::IgnoredAny),
        }
        let Ok(mut named) = serde_json::from_str::<Named>(data) else { return false };
        let inner = named.service_data.take().and_then(|inner| inner.entity_id);
        match named.entity_id.or(inner) {
            Some(OneOrMany::One(id)) => !self.keeps_known(&id),
            Some(OneOrMany::Many(ids)) => !ids.is_empty() && ids.iter().all(|id| !self.keeps_known(id)),
            Some(OneOrMany::Other(_)) | None => false,
        }
    }
}

/// What is held of a state once it is logged.
pub(super) fn held(state: &State<'_>, origin: Origin) -> Held {
    Held {
        ts: state.last_updated,
        tie: 0,
        origin,
        state: Some(state.state.as_ref().into()),
        content: content(&state.state, state.attributes),
    }
}

/// A number that differs when text or attributes do.
pub(super) fn content(state: &str, attributes: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (state, attributes).hash(&mut hasher);
    hasher.finish()
}

fn relation(before: Option<&Held>, new: &Held, old: Option<&State<'_>>) -> Relation {
    let Some(before) = before else { return Relation::Next };
    let follows = old.is_some_and(|old| old.last_updated == before.ts);
    if new.ts == before.ts {
        let differs =
            before.origin == Origin::Live && (&before.state, before.content) != (&new.state, new.content);
        return if differs { Relation::Tie(before.tie.saturating_add(1)) } else { Relation::Duplicate };
    }
    // Home Assistant's clock may be set back: then the successor is the earlier one.
    if new.ts < before.ts && !follows { Relation::Late } else { Relation::Next }
}

pub(super) fn says_restored(state: &State<'_>) -> bool {
    #[derive(Deserialize)]
    struct Restored {
        restored: bool,
    }
    state.attributes.contains("\"restored\"")
        && serde_json::from_str::<Restored>(state.attributes).is_ok_and(|attributes| attributes.restored)
}
