//! Who is heard of, for those who would miss them.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;

use super::Ingest;
use crate::silence::{Learnt, Rules, SilenceView};
use crate::sources::home_assistant::reported::Reported;
use crate::sources::home_assistant::wire::State;

/// As Home Assistant says that an entity is there and its device is not.
const UNAVAILABLE: &str = "unavailable";
/// By how much Home Assistant's clock may run otherwise than ours between two looks before it counts as a jump.
const JUMP: Duration = Duration::from_secs(60);

impl Ingest {
    /// Judges silence by other rules, and with what an earlier run learnt.
    pub fn judge_silence_by(&mut self, rules: Rules, learnt: Learnt) {
        self.silence.judge_by(rules);
        self.silence.remember(learnt);
    }

    /// Who is silent, at any time, from any thread.
    #[must_use]
    pub fn silence(&self) -> Arc<SilenceView> {
        Arc::clone(&self.silent)
    }

    /// Home Assistant has said what has reported since it last changed. Comes after a comparison of states.
    pub fn reported(&mut self, reported: &Reported<'_>) {
        let now = (reported.now, self.clock.monotonic());
        if let Some((then, before)) = self.looked.replace(now) {
            let (theirs, ours) = (reported.now.since(then), now.1.saturating_sub(before));
            if theirs.abs_diff(ours) > JUMP || reported.now < then {
                self.silence.restarted();
            }
        }
        self.look(reported);
    }

    /// The same as of a time in the past, of a house that is made up.
    pub fn import_reported(&mut self, reported: &Reported<'_>) {
        self.look(reported);
    }

    fn look(&mut self, reported: &Reported<'_>) {
        if self.silence.look(reported.now, reported.entities.iter().copied()) {
            self.show_silent();
        }
        self.silent.learn(self.silence.learnt());
    }

    /// An event was taken: the state that the entity has now, if it is not removed.
    pub(super) fn hear(&mut self, entity_id: &str, state: Option<&State<'_>>, at: Timestamp) {
        let over = match state {
            None => self.silence.removed(entity_id),
            Some(state) if state.state == UNAVAILABLE => self.silence.away(entity_id),
            Some(_) => self.silence.heard(entity_id, at),
        };
        if over {
            self.show_silent();
        }
    }

    /// A state came without an event.
    pub(super) fn show(&mut self, state: &State<'_>) {
        let over = match state.state.as_ref() {
            UNAVAILABLE => self.silence.away(&state.entity_id),
            _ => self.silence.shown(&state.entity_id, state.last_updated),
        };
        if over {
            self.show_silent();
        }
    }

    /// Those that are absent from a complete comparison are not silent.
    pub(super) fn away(&mut self) {
        let over = self.absent.iter().fold(false, |over, absent| over | self.silence.away(absent.as_str()));
        if over {
            self.show_silent();
        }
    }

    pub(super) fn show_silent(&self) {
        let entities = &self.fold.context.entities;
        self.silent.show(self.silence.silent(|entity_id| entities.current(entity_id).cloned()));
    }
}
