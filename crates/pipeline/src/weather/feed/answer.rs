//! What follows from an answer.

use std::sync::Arc;
use std::time::Duration;

use hearthline_core::Timestamp;

use super::{BACKOFF, Barrier, Feed, LONGEST, PARKED, Provider, Why};
use crate::record::WeatherRecord;
use crate::weather::ask::Answer;
use crate::weather::provider::Reading;

impl Feed {
    /// The answer to the question; the record that is to be logged, if it is an observation.
    pub fn answered(&mut self, answer: Answer) -> Option<WeatherRecord<'static>> {
        let (provider, place) = self.source?;
        let name = provider.facts().name;
        let (outcome, read) = match answer {
            Answer::Http { status: 200, body, .. } => match provider.read(&body) {
                Ok(reading) => ("ok", Ok(reading)),
                Err(error) => ("garbage", Err((error.to_string(), self.backoff()))),
            },
            Answer::Http { status, retry_after, .. } => {
                let (outcome, words, barrier) = self.refused(provider, status, retry_after.as_deref());
                (outcome, Err((words, barrier)))
            }
            Answer::Late => ("late", Err(("gave no answer in time".into(), self.backoff()))),
            Answer::Unreachable(why) => {
                ("unreachable", Err((format!("cannot be asked: {why}"), self.backoff())))
            }
            Answer::TooLarge => ("garbage", Err(("its answer is far too large".into(), self.backoff()))),
        };
        *self.outcomes.entry((name, outcome)).or_default() += 1;
        match read {
            Ok(reading) => Some(self.observed(provider, place.to_string(), reading)),
            Err((words, barrier)) => {
                self.counts.errors += 1;
                self.barrier = Some(barrier);
                self.fail(format!("{name} {words}"));
                self.save();
                None
            }
        }
    }

    /// Whether the log has taken what [`Feed::answered`] gave.
    pub fn logged(&mut self, taken: Result<(), String>) {
        if let Err(why) = taken {
            self.fail(format!("the observation could not be logged: {why}"));
        }
    }

    fn observed(&mut self, provider: Provider, place: String, reading: Reading) -> WeatherRecord<'static> {
        let now = self.clock.now();
        // Spread by a twentieth, so that the houses of a street do not all ask at once.
        let spread = 0.95 + 0.1 * self.random.f64();
        self.good_until = Some(self.clock.monotonic() + self.interval(provider).mul_f64(spread));
        (self.answered_at, self.failures, self.barrier) = (Some(now), 0, None);
        if self.failed.take().is_some() {
            tracing::info!("{} answers again", provider.facts().name);
        }
        self.said = None;
        self.left_out = reading.left_out;
        if !self.left_out.is_empty() {
            let left_out = self.left_out.join(", ");
            self.last_error =
                Some(format!("{}: left out, unit not known: {left_out}", provider.facts().name));
        }
        let mut observation = reading.observation;
        observation.at = observation.at.min(now);
        self.held = Some(Arc::new(observation.clone()));
        self.save();
        WeatherRecord {
            received: now,
            provider: provider.facts().name.into(),
            source: place.into(),
            observation,
        }
    }

    /// What is said and done about an answer that is none.
    fn refused(
        &mut self,
        provider: Provider,
        status: u16,
        retry_after: Option<&str>,
    ) -> (&'static str, String, Barrier) {
        let now = self.clock.monotonic();
        let asked = retry_after.and_then(|text| wait(text, self.clock.now()));
        let asked = asked.map(|wait| Barrier { until: now + wait.min(LONGEST), why: Why::RetryAfter });
        match status {
            401 | 403 => {
                let what = if provider.facts().needs_key { "the API key" } else { "to answer" };
                let words = format!(
                    "refuses {what} (HTTP {status}); put a right one into api_key_file under [weather] or set \
                     WEATHER_API_KEY. A new key can take an hour to be known there"
                );
                let why = Why::Refused((self.config.key)());
                ("unauthorised", words, Barrier { until: now + PARKED, why })
            }
            429 => {
                let words =
                    "says that it was asked too often (HTTP 429); a longer interval under [weather] helps";
                ("too_many", words.into(), asked.unwrap_or_else(|| self.backoff()))
            }
            500..=599 => {
                let words = format!("has trouble of its own (HTTP {status})");
                ("server_error", words, asked.unwrap_or_else(|| self.backoff()))
            }
            300..=399 => {
                let words = format!(
                    "sends us elsewhere (HTTP {status}), which is not followed; set base_url under [weather]"
                );
                ("rejected", words, self.backoff())
            }
            _ => ("rejected", format!("rejects the question (HTTP {status})"), self.backoff()),
        }
    }

    fn fail(&mut self, words: String) {
        if self.said.as_ref() == Some(&words) {
            tracing::debug!("weather: {words}");
        } else {
            tracing::warn!("weather: {words}");
        }
        self.said = Some(words.clone());
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
