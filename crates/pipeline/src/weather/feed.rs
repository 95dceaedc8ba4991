//! When a provider is asked, and how the part is.
//!
//! [`Feed`] is stepped by a caller about once a second and never waits. Once a minute it *looks*: what is held is still good
//! (a cache hit), or there is a reason not to ask (parked, `Retry-After`, backoff, the budget), or a question goes out. What
//! has to survive a restart (the budget of the day, when the last answer came, until when nothing may be asked) is in
//! `weather.json`, written before each call, so that a program that is restarted over and over asks no more than one that
//! runs.

mod answer;
mod state;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hearthline_core::{Clock, Fs, Observation, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::home_assistant::HouseView;
use super::provider::{Choice, KeySource, Place, Provider};
use super::quota::Quota;
use super::view::{WeatherView, WeatherViewOf};
use crate::context::ABSENT;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(60);
/// The first wait after a failure, which doubles, and the longest.
const BACKOFF: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(30 * 60)];
/// A key that was refused is tried again after this time, or when there is another.
const PARKED: Duration = Duration::from_secs(3600);
/// A longer `Retry-After` is not believed.
const LONGEST: Duration = Duration::from_secs(86_400);

/// What a feed needs to know.
pub struct FeedConfig {
    /// Where the weather comes from.
    pub choice: Choice,
    /// Whether `auto` may ask outside.
    pub outside: bool,
    /// Where the provider is, if not where it usually is.
    pub base_url: Option<Url>,
    /// The key of this moment.
    pub key: KeySource,
    /// Between two calls; none is how long the provider says that an answer stays good.
    pub interval: Option<Duration>,
    /// Calls in a minute; none is the provider's.
    pub calls_per_minute: Option<u32>,
    /// Calls in a UTC day; none is the provider's.
    pub calls_per_day: Option<u32>,
    /// Holds what survives a restart.
    pub file: PathBuf,
    /// For the spread of calls.
    pub seed: u64,
}

/// The feed.
pub struct Feed {
    config: FeedConfig,
    clock: Arc<dyn Clock>,
    fs: Arc<dyn Fs>,
    view: Arc<WeatherView>,
    random: fastrand::Rng,
    started: Duration,
    next_look: Duration,
    quota: Option<Quota>,
    /// What is asked for; another one begins without what was held.
    source: Option<(Provider, Place)>,
    held: Option<Arc<Observation>>,
    answered_at: Option<Timestamp>,
    good_until: Option<Duration>,
    barrier: Option<Barrier>,
    failures: u32,
    /// Why the last call brought nothing; none after one that did.
    failed: Option<String>,
    /// Figures that the last answer had in units that are not known.
    left_out: Vec<String>,
    spent: Option<&'static str>,
    outcomes: BTreeMap<(&'static str, &'static str), u64>,
    counts: Counts,
    last_error: Option<String>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    calls: u64,
    cache_hits: u64,
    errors: u64,
    limited: u64,
}

/// Until when nothing is asked.
#[derive(Clone)]
struct Barrier {
    until: Duration,
    why: Why,
}

#[derive(Clone)]
enum Why {
    /// Something failed.
    Backoff,
    /// The provider said how long.
    RetryAfter,
    /// It refused this key.
    Refused(Option<Secret>),
}

/// A question that is to be carried over the network. The address may hold the key, so there is no `Debug`.
pub struct Question {
    /// The address.
    pub url: Url,
}

/// Where the weather comes from just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Off,
    /// Nothing is known of the house yet.
    Undecided,
    House,
    Outside(Provider),
}

/// What survives a restart of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// Who was asked last.
    pub provider: String,
    /// For which place.
    pub place: String,
    /// When the last answer came.
    pub answered_at: Option<Timestamp>,
    /// Until when nobody may be asked.
    pub not_before: Option<Timestamp>,
    /// The number of the UTC day whose calls are counted.
    pub day: i64,
    /// How many they are.
    pub used: u32,
}

impl Saved {
    /// As it is in the file; none where there is no file, or not one that can be read.
    ///
    /// # Errors
    /// As the disk says.
    pub fn read(fs: &dyn Fs, file: &Path) -> io::Result<Option<Self>> {
        let bytes = fs.read_if_exists(file)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

impl Feed {
    /// `newest` is the newest observation of the log.
    #[must_use]
    pub fn new(
        config: FeedConfig,
        clock: Arc<dyn Clock>,
        fs: Arc<dyn Fs>,
        newest: Option<Arc<Observation>>,
    ) -> Self {
        let view = Arc::new(WeatherView::new(config.choice.as_str()));
        let held = newest.filter(|newest| clock.now().since(newest.at) < ABSENT);
        let (random, started) = (fastrand::Rng::with_seed(config.seed), clock.monotonic());
        Self {
            config,
            clock,
            fs,
            view,
            random,
            started,
            next_look: started,
            quota: None,
            source: None,
            held,
            answered_at: None,
            good_until: None,
            barrier: None,
            failures: 0,
            failed: None,
            left_out: Vec::new(),
            spent: None,
            outcomes: BTreeMap::new(),
            counts: Counts::default(),
            last_error: None,
        }
    }

    /// What others may see of it.
    #[must_use]
    pub fn view(&self) -> Arc<WeatherView> {
        Arc::clone(&self.view)
    }

    /// The same, shown where a feed before this one was.
    #[must_use]
    pub fn shown_in(mut self, view: Arc<WeatherView>) -> Self {
        self.view = view;
        self
    }

    /// Time has passed; a question if one is due. The caller hands its answer to [`Feed::answered`] before the next step.
    pub fn step(&mut self, house: &HouseView, place: Option<Place>) -> Option<Question> {
        let question = self.look(house, place);
        self.publish(house, place);
        question
    }

    /// A person wants the next call now.
    pub fn ask_now(&mut self) {
        (self.next_look, self.barrier, self.good_until) = (Duration::ZERO, None, None);
    }

    fn look(&mut self, house: &HouseView, place: Option<Place>) -> Option<Question> {
        let (Source::Outside(provider), Some(place)) = (self.used(house), place) else { return None };
        if self.source != Some((provider, place)) {
            self.begin(provider, place);
        }
        let now = self.clock.monotonic();
        let key = (self.config.key)();
        if let Some(Barrier { why: Why::Refused(refused), .. }) = &self.barrier
            && *refused != key
        {
            (self.barrier, self.next_look) = (None, now);
        }
        if now < self.next_look {
            return None;
        }
        self.next_look = now + LOOK.min(self.interval(provider) / 3);
        if let Some(until) = self.good_until.filter(|until| now < *until) {
            self.counts.cache_hits += 1;
            self.next_look = self.next_look.min(until);
            return None;
        }
        if provider.facts().needs_key && key.is_none() {
            return None;
        }
        if let Some(barrier) = self.barrier.as_ref().filter(|barrier| now < barrier.until) {
            self.counts.limited += u64::from(matches!(barrier.why, Why::RetryAfter));
            self.next_look = self.next_look.min(barrier.until);
            return None;
        }
        let day = self.clock.now().day();
        if let Err(spent) = self.quota.as_mut()?.take(now, day) {
            self.counts.limited += 1;
            self.spent = Some(spent.in_words());
            return None;
        }
        (self.spent, self.barrier) = (None, None);
        self.counts.calls += 1;
        self.save();
        let base = self.base(provider)?;
        Some(Question { url: provider.request(place, &base, key.as_ref()) })
    }

    /// Another provider or place: what is remembered of it counts, and nothing else.
    fn begin(&mut self, provider: Provider, place: Place) {
        let facts = provider.facts();
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let saved = self.saved();
        let same = self.source.is_none() && saved.provider == facts.name && saved.place == place.to_string();
        let quota = Quota::new(
            self.config.calls_per_minute.unwrap_or(facts.calls_per_minute),
            self.config.calls_per_day.unwrap_or(facts.calls_per_day),
        );
        let used = if saved.provider == facts.name { saved.used } else { 0 };
        self.quota = Some(quota.with_used(saved.day, used));
        self.source = Some((provider, place));
        (self.good_until, self.answered_at, self.barrier, self.failures) = (None, None, None, 0);
        if !same {
            self.held = None;
            return;
        }
        let age = saved.answered_at.filter(|at| *at <= now).map(|at| now.since(at));
        if self.held.is_some() {
            let rest = age.map(|age| self.interval(provider).saturating_sub(age));
            (self.answered_at, self.good_until) = (saved.answered_at, rest.map(|rest| monotonic + rest));
        }
        let wait = saved.not_before.map(|at| at.since(now).min(LONGEST)).filter(|wait| !wait.is_zero());
        self.barrier = wait.map(|wait| Barrier { until: monotonic + wait, why: Why::RetryAfter });
    }

    fn used(&self, house: &HouseView) -> Source {
        match self.config.choice {
            Choice::Off => Source::Off,
            Choice::HomeAssistant => Source::House,
            Choice::Outside(provider) => Source::Outside(provider),
            Choice::Auto if house.entity.is_some() => Source::House,
            Choice::Auto if !house.known => Source::Undecided,
            Choice::Auto if self.config.outside => Source::Outside(Provider::OpenMeteo),
            Choice::Auto => Source::Off,
        }
    }

    fn interval(&self, provider: Provider) -> Duration {
        self.config.interval.unwrap_or(provider.facts().good_for)
    }

    fn base(&self, provider: Provider) -> Option<Url> {
        self.config.base_url.clone().or_else(|| provider.facts().base_url.parse().ok())
    }

    fn saved(&self) -> Saved {
        let read = Saved::read(&*self.fs, &self.config.file).unwrap_or_else(|error| {
            tracing::warn!(%error, file = %self.config.file.display(), "the weather's budget cannot be read; counting anew");
            None
        });
        read.unwrap_or_default()
    }

    fn save(&self) {
        let Some(((provider, place), quota)) = self.source.zip(self.quota.as_ref()) else { return };
        let (day, used) = quota.used();
        let wait = self.barrier.as_ref().filter(|barrier| matches!(barrier.why, Why::RetryAfter));
        let wait = wait.map(|barrier| barrier.until.saturating_sub(self.clock.monotonic()));
        let saved = Saved {
            provider: provider.facts().name.into(),
            place: place.to_string(),
            answered_at: self.answered_at,
            not_before: wait.map(|wait| self.clock.now().plus(wait)),
            day,
            used,
        };
        let written = serde_json::to_vec(&saved)
            .map_err(std::io::Error::from)
            .and_then(|bytes| self.fs.write_atomic(&self.config.file, &bytes));
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.config.file.display(), "the weather's budget could not be saved");
        }
    }
}

#[cfg(test)]
mod tests;
