//! What follows from an answer.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;

use super::{BACKOFF, Barrier, Feed, LONGEST, PARKED, Provider, Why};
use crate::record::WeatherRecord;
use crate::weather::ask::Answer;
use crate::weather::provider::Reading;

/// What kind of answer it was: a word for programs.
type Outcome = &'static str;

const OK: Outcome = "ok";
const UNAUTHORISED: Outcome = "unauthorised";

impl Provider {
    /// What an answer says.
    ///
    /// # Errors
    /// Of what kind it is, and what it is in words that follow the provider's name, with what to do.
    pub fn understand(self, answer: Answer) -> Result<Reading, (Outcome, String)> {
        let (outcome, words) = match answer {
            Answer::Http { status: 200, body, .. } => match self.read(&body) {
                Ok(reading) => return Ok(reading),
                Err(error) => ("garbage", format!("cannot be understood: {error}")),
            },
            Answer::Http { status: status @ (401 | 403), .. } => {
                let what = if self.facts().needs_key { "refuses the API key" } else { "refuses to answer" };
                let words = format!(
                    "{what} (HTTP {status}); set a right key as WEATHER_API_KEY or put it into api_key_file under \
                     [weather]. A new key can take an hour to be known there"
                );
                (UNAUTHORISED, words)
            }
            Answer::Http { status: 429, .. } => {
                let words =
                    "says that it was asked too often (HTTP 429); a longer interval under [weather] helps";
                ("too_many", words.into())
            }
            Answer::Http { status: status @ 500..=599, .. } => {
                ("server_error", format!("has trouble of its own (HTTP {status})"))
            }
            Answer::Http { status: status @ 300..=399, .. } => {
                let words = "which is not followed; set base_url under [weather]";
                ("rejected", format!("sends us elsewhere (HTTP {status}), {words}"))
            }
            Answer::Http { status, .. } => ("rejected", format!("rejects the question (HTTP {status})")),
            Answer::Late => ("late", "gave no answer in time".into()),
            Answer::Unreachable(why) => ("unreachable", format!("cannot be asked: {why}")),
            Answer::TooLarge => ("garbage", "cannot be understood: its answer is far too large".into()),
        };
        Err((outcome, words))
    }
}

impl Feed {
    /// The answer to the question; the record that is to be logged, if it is a new observation.
    pub fn answered(&mut self, answer: Answer) -> Option<WeatherRecord<'static>> {
        let (provider, place) = self.source?;
        let name = provider.facts().name;
        let asked = self.asked_to_wait(&answer);
        let understood = provider.understand(answer);
        let outcome = understood.as_ref().map_or_else(|(outcome, _)| *outcome, |_| OK);
        *self.outcomes.entry((name, outcome)).or_default() += 1;
        match understood {
            Ok(reading) => self.observed(provider, place.to_string(), reading),
            Err((_, words)) => {
                self.counts.errors += 1;
                self.barrier = Some(match asked {
                    _ if outcome == UNAUTHORISED => {
                        let why = Why::Refused((self.config.key)());
                        Barrier { until: self.clock.monotonic() + PARKED, why }
                    }
                    Some(barrier) => barrier,
                    None => self.backoff(),
                });
                self.fail(format!("{} {words}", provider.facts().title));
                self.save();
                None
            }
        }
    }

    /// Whether the log has taken what [`Feed::answered`] gave.
    pub fn logged(&mut self, taken: Result<(), String>) {
        if let Err(why) = taken {
            self.held = None;
            self.fail(format!("the observation could not be logged: {why}"));
        }
    }

    /// The record of an observation; none where the answer is the one before, which the log has.
    fn observed(
        &mut self,
        provider: Provider,
        place: String,
        reading: Reading,
    ) -> Option<WeatherRecord<'static>> {
        let (now, facts) = (self.clock.now(), provider.facts());
        // Spread by a twentieth, so that the houses of a street do not all ask at once.
        let spread = 0.95 + 0.1 * self.random.f64();
        self.good_until = Some(self.clock.monotonic() + self.interval(provider).mul_f64(spread));
        (self.answered_at, self.failures, self.barrier) = (Some(now), 0, None);
        if self.failed.take().is_some() {
            tracing::info!("weather: {} answers again", facts.title);
        }
        self.left_out = reading.left_out;
        if !self.left_out.is_empty() {
            let left_out = self.left_out.join(", ");
            self.last_error =
                Some(format!("{} used a unit that is not known; left out: {left_out}", facts.title));
        }
        let mut observation = reading.observation;
        observation.at = observation.at.min(now);
        let news = self.held.as_deref() != Some(&observation);
        self.held = Some(Arc::new(observation.clone()));
        self.save();
        news.then(|| WeatherRecord {
            received: now,
            provider: facts.name.into(),
            source: place.into(),
            observation,
        })
    }

    /// How long the provider asks us to wait.
    fn asked_to_wait(&self, answer: &Answer) -> Option<Barrier> {
        let Answer::Http { retry_after: Some(text), .. } = answer else { return None };
        let wait = wait(text, self.clock.now())?.min(LONGEST);
        Some(Barrier { until: self.clock.monotonic() + wait, why: Why::RetryAfter })
    }

    /// Says it once.
    fn fail(&mut self, words: String) {
        if self.failed.as_ref() == Some(&words) {
            tracing::debug!("weather: {words}");
        } else {
            tracing::warn!("weather: {words}");
        }
        self.last_error = Some(words.clone());
        self.failed = Some(words);
    }

    fn backoff(&mut self) -> Barrier {
        let [first, longest] = BACKOFF;
        let first = self.source.map_or(first, |(provider, _)| first.min(self.interval(provider)));
        let wait = first.saturating_mul(1 << self.failures.min(16)).min(longest);
        self.failures += 1;
        Barrier { until: self.clock.monotonic() + wait, why: Why::Backoff }
    }
}

/// What `Retry-After` asks for: seconds, or a date.
fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let seconds = text.trim().parse().map(Duration::from_secs).ok();
    seconds.or_else(|| Some(Timestamp::parse_http(text.trim())?.since(now)))
}
