//! Sensors that have fallen silent: those that reported regularly and do not any more.
//!
//! A value that does not change is not silence: an equal write is no event, but Home Assistant notes it as
//! `last_reported`. So silence can only be told of an entity that has been *seen* to report what it had said before;
//! of one that speaks only when something changes, nothing follows from its saying nothing.
//!
//! # How it is learnt
//!
//! After each comparison of states Home Assistant is asked which entities have reported since they last changed
//! ([`reported`](crate::sources::home_assistant::reported)): a *look*. An entity's age at a look is how long it had not
//! reported. The greatest age that a look found before the entity reported again is a sample of its cadence: of a sensor
//! that reports each 5 minutes, looks each 15 find any age up to 5; of one that reports twice a day, they find almost all
//! of the 12 hours. Samples are kept as the greatest of each [`Rules::span`]; what is usual is their upper quartile.
//!
//! # How it is judged
//!
//! At a look only, because only a look shows that nothing was reported, and only of what is
//! - proven: [`PROOFS`] looks found a report without a change,
//! - known: samples from [`NEEDED`] spans, watched for [`Rules::watched`], so that a night is in them,
//! - regular: no sample is over [`REGULAR`] times the usual one, and it does not report much sooner either.
//!
//! Such an entity is silent when it has not reported for [`TIMES`] times what is usual and the time between two looks, in
//! which its longest interval may have escaped them; and for [`Rules::least`] in any case. Each time that one that was
//! called silent comes back it is given twice as long, for some days: whoever calls wolf is believed less.
//!
//! Times are Home Assistant's. After a restart of it, or of us, or a jump of its clock, every entity's time starts again
//! at the next look. One that is `unavailable` or gone is not silent: Home Assistant says so itself.

mod learnt;
mod pattern;
mod view;

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use hearthline_core::{EntityId, EntityInfo, Timestamp};

pub use self::learnt::Learnt;
pub use self::pattern::{NEEDED, PROOFS, Pattern, REGULAR, TIMES};
pub use self::view::SilenceView;

/// What may differ between a house and a demonstration, which has only minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Nothing is silent that reported within this.
    pub least: Duration,
    /// How long an entity is watched before it is judged.
    pub watched: Duration,
    /// Of the samples of so long, the greatest is kept.
    pub span: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self { least: minutes(10), watched: minutes(24 * 60), span: minutes(90) }
    }
}

/// An entity that has fallen silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Which.
    pub entity_id: EntityId,
    /// Its last report, in Home Assistant's clock.
    pub since: Timestamp,
    /// How often it reports else.
    pub usual: Duration,
    /// What is known of it; none where it is in no registry.
    pub info: Option<Arc<EntityInfo>>,
}

/// Every entity's cadence.
#[derive(Clone, Debug, Default)]
pub struct Silence {
    rules: Rules,
    known: HashMap<EntityId, Cadence>,
    /// From when on time counts; none until the first look after a restart.
    began: Option<Timestamp>,
    /// The last look.
    looked: Option<Timestamp>,
    /// Between two looks; a longer one is forgotten slowly.
    between: Duration,
}

/// How an entity reports.
#[derive(Clone, Debug)]
struct Cadence {
    /// The last report that is known of.
    last: Timestamp,
    /// The greatest time without one that a look has found since.
    age: Duration,
    /// Home Assistant has it, and it is not `unavailable`.
    present: bool,
    silent: bool,
    /// Of those alone that were seen to report without a change.
    pattern: Option<Box<Pattern>>,
}

impl Silence {
    /// Judges by other rules.
    pub const fn judge_by(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Takes over what an earlier run learnt.
    pub fn remember(&mut self, learnt: Learnt) {
        for (entity_id, pattern) in learnt.patterns {
            self.known.entry(entity_id).or_insert_with(|| Cadence::new(Timestamp(i64::MIN), false)).pattern =
                Some(Box::new(pattern));
        }
    }

    /// What has been learnt of those that have reported lately.
    #[must_use]
    pub fn learnt(&self) -> Learnt {
        let now = self.looked.unwrap_or_default();
        let known = self.known.iter().filter_map(|(id, known)| Some((id, known.pattern.as_deref()?)));
        let known = known.filter(|(_, pattern)| pattern.is_fresh(now));
        let mut patterns: Vec<_> = known.map(|(id, pattern)| (id.clone(), pattern.clone())).collect();
        patterns.sort_by(|a, b| a.0.cmp(&b.0));
        Learnt { patterns }
    }

    /// A comparison shows it, as of that time. Answers with whether that ends a silence.
    pub fn shown(&mut self, entity_id: &str, at: Timestamp) -> bool {
        let known = self.known.get(entity_id).is_some_and(|known| known.present && known.last >= at);
        !known && self.heard(entity_id, at)
    }

    /// The entity has reported. Answers with whether that ends a silence.
    pub fn heard(&mut self, entity_id: &str, at: Timestamp) -> bool {
        match self.known.get_mut(entity_id) {
            Some(known) => known.heard(at, &self.rules),
            None => {
                self.known.insert(entity_id.into(), Cadence::new(at, true));
                false
            }
        }
    }

    /// It is `unavailable`, or Home Assistant does not show it: its time starts again when it is back. Answers with whether
    /// that ends a silence.
    pub fn away(&mut self, entity_id: &str) -> bool {
        let Some(known) = self.known.get_mut(entity_id) else { return false };
        (known.present, known.age) = (false, Duration::ZERO);
        std::mem::take(&mut known.silent)
    }

    /// It is removed: nothing is remembered of it. Answers with whether that ends a silence.
    pub fn removed(&mut self, entity_id: &str) -> bool {
        self.known.remove(entity_id).is_some_and(|known| known.silent)
    }

    /// Home Assistant, or this program, has started again: time starts again at the next look.
    pub const fn restarted(&mut self) {
        (self.began, self.looked) = (None, None);
    }

    /// There was no connection: how long it is from the last look to the next one says nothing.
    pub const fn interrupted(&mut self) {
        self.looked = None;
    }

    /// Looks at all of them: what has reported since it last changed, and Home Assistant's time. Answers with whether
    /// another one is silent, or one no longer is.
    pub fn look<'a>(
        &mut self,
        now: Timestamp,
        reported: impl IntoIterator<Item = (&'a str, Timestamp)>,
    ) -> bool {
        let mut changed = false;
        for (entity_id, at) in reported {
            if let Some(known) =
                self.known.get_mut(entity_id).filter(|known| known.present && at > known.last)
            {
                changed |= known.heard(at, &self.rules);
                known.pattern.get_or_insert_with(|| Box::new(Pattern::since(at))).prove();
            }
        }
        let looked = self.looked.replace(now);
        let Some(began) = self.began else {
            self.began = Some(now);
            return changed | self.start_again();
        };
        let since = looked.map_or(Duration::ZERO, |looked| now.since(looked));
        self.between = since.max(self.between - self.between / 16);
        for known in self.known.values_mut().filter(|known| known.present) {
            known.age = now.since(known.last.max(began));
            let Some(pattern) = &mut known.pattern else { continue };
            pattern.calm_down(now);
            let limit = pattern.limit(now, self.between, &self.rules);
            let silent = limit.is_some_and(|limit| known.age > limit);
            changed |= std::mem::replace(&mut known.silent, silent) != silent;
        }
        changed
    }

    /// Nothing is silent, and no time has passed.
    fn start_again(&mut self) -> bool {
        let mut changed = false;
        for known in self.known.values_mut() {
            known.age = Duration::ZERO;
            changed |= std::mem::take(&mut known.silent);
        }
        changed
    }

    /// Those that are silent, by name. `info` is what is known of an entity.
    pub fn silent(&self, info: impl Fn(&str) -> Option<Arc<EntityInfo>>) -> Vec<Silent> {
        let silent = self.known.iter().filter(|(_, known)| known.silent);
        let mut silent: Vec<_> = silent
            .filter_map(|(entity_id, known)| {
                let usual = known.pattern.as_ref()?.usual()?;
                let info = info(entity_id.as_str());
                Some(Silent { entity_id: entity_id.clone(), since: known.last, usual, info })
            })
            .collect();
        silent.sort_by(|a, b| a.entity_id.cmp(&b.entity_id));
        silent
    }
}

impl Cadence {
    const fn new(last: Timestamp, present: bool) -> Self {
        Self { last, age: Duration::ZERO, present, silent: false, pattern: None }
    }

    fn heard(&mut self, at: Timestamp, rules: &Rules) -> bool {
        let (age, was_silent) = (std::mem::take(&mut self.age), std::mem::take(&mut self.silent));
        if let Some(pattern) = &mut self.pattern {
            if was_silent {
                pattern.doubt(at); // an outage is no cadence
            } else {
                pattern.heard(at.since(self.last), age, at, rules);
            }
        }
        (self.last, self.present) = (at, true);
        was_silent
    }
}

#[cfg(test)]
mod tests;
