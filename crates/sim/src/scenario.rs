//! A house, its Home Assistant and what goes wrong with it, from one seed.
//!
//! A scenario is a TOML file; `docs/formats/scenario.md` says what can be in it. The same scenario with the same seed
//! makes the same events and the same faults at the same times; in a paused runtime, to the byte.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use hearthline_core::{Clock, Timestamp};
use tokio::time::{Instant, sleep_until};

use crate::words;
use crate::{Fault, HomeAssistant, House, Options};

mod read;

pub use read::{Mistake, Mistakes};

/// A house, its Home Assistant and what goes wrong with it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What everything that is left to chance follows from.
    pub seed: Option<u64>,
    /// How many entities; absent for a usual house of about ninety.
    pub entities: Option<usize>,
    /// How lively it is: 1 is about one event a minute for every second entity.
    pub rate: f64,
    /// How long the house has lived before.
    pub past: Duration,
    /// How its server is set up.
    pub options: Options,
    /// What goes wrong, and when.
    pub faults: Vec<Timed>,
    /// What else goes wrong, at times that the seed knows.
    pub chaos: Option<Chaos>,
}

/// A fault at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// After the start.
    pub at: Duration,
    /// What goes wrong.
    pub fault: Fault,
    /// How long one that lasts does; absent for as long as the server does.
    pub lasting: Option<Duration>,
}

/// Faults that are left to chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Chaos {
    /// From one to the next, on average: half of it at least, one and a half of it at most.
    pub every: Duration,
    /// Which; each as likely as the others.
    pub faults: Vec<Fault>,
    /// How long those that last do.
    pub lasting: Duration,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: None,
            entities: None,
            rate: 1.0,
            past: Duration::ZERO,
            options: Options::default(),
            faults: Vec::new(),
            chaos: None,
        }
    }
}

impl Timed {
    /// Reads `NAME[,KEY=VALUE…]@TIME` or, for one that lasts, `NAME[,KEY=VALUE…]@FROM..TO`.
    ///
    /// # Errors
    /// What is wrong with it and what to write, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (fault, time) =
            text.rsplit_once('@').ok_or("write it as NAME@TIME, as in drop@30s or away@30s..50s")?;
        let fault = Fault::parse(fault)?;
        let Some((from, to)) = time.split_once("..") else {
            return Ok(Self { at: words::duration(time)?, fault, lasting: None });
        };
        let (at, to) = (words::duration(from)?, words::duration(to)?);
        let lasting = to.checked_sub(at).ok_or_else(|| format!("{time} ends before it begins"))?;
        Self { at, fault, lasting: Some(lasting) }.checked()
    }

    fn checked(self) -> Result<Self, String> {
        if self.lasting.is_some() && !self.fault.is_lasting() {
            return Err("this fault happens once and has no end".into());
        }
        Ok(self)
    }
}

impl Scenario {
    /// Its server, with a house that has lived as long as it should have by the clock's now.
    #[must_use]
    pub fn server(&self, clock: Arc<dyn Clock>) -> HomeAssistant {
        let house = self.house(clock.now().minus(self.past));
        HomeAssistant::new(house, clock, self.options.clone())
    }

    /// Its house, new at that time.
    #[must_use]
    pub fn house(&self, now: Timestamp) -> House {
        let seed = self.seed.unwrap_or_default();
        match self.entities {
            Some(entities) => House::of_size(seed, now, entities),
            None => House::new(seed, now),
        }
        .with_rate(self.rate)
    }
}

enum Step {
    Cause(Fault),
    End(Fault),
    Chance,
}

impl HomeAssistant {
    /// Makes go wrong what the scenario says, when it says so. Returns when nothing more will; with chaos, never.
    pub async fn play(self, scenario: Scenario) {
        let start = Instant::now();
        let mut steps = BTreeMap::new();
        let mut number = 0;
        let mut add = |steps: &mut BTreeMap<_, _>, at: Duration, step| {
            number += 1;
            steps.insert((at, number), step);
        };
        for Timed { at, fault, lasting } in scenario.faults {
            if let Some(lasting) = lasting {
                add(&mut steps, at + lasting, Step::End(fault.clone()));
            }
            add(&mut steps, at, Step::Cause(fault));
        }
        // Not the house's own numbers again.
        let mut rng = Rng::with_seed(!scenario.seed.unwrap_or_default());
        let mut wait = |chaos: &Chaos| chaos.every.mul_f64(0.5 + rng.f64());
        let mut choice = Rng::with_seed(scenario.seed.unwrap_or_default().rotate_left(32));
        if let Some(chaos) = &scenario.chaos {
            add(&mut steps, wait(chaos), Step::Chance);
        }
        while let Some(((at, _), step)) = steps.pop_first() {
            sleep_until(start + at).await;
            match (step, &scenario.chaos) {
                (Step::Cause(fault), _) => self.cause(fault),
                (Step::End(fault), _) => self.end(&fault),
                (Step::Chance, Some(chaos)) => {
                    if let Some(fault) = choice.choice(&chaos.faults) {
                        self.cause(fault.clone());
                        if fault.is_lasting() {
                            add(&mut steps, at + chaos.lasting, Step::End(fault.clone()));
                        }
                    }
                    add(&mut steps, at + wait(chaos), Step::Chance);
                }
                (Step::Chance, None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
