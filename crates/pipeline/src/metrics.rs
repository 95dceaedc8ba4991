//! Figures over a window: cumulative counts are sampled, and a window is the difference of two samples.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back the samples reach.
const KEPT: Duration = Duration::from_hours(1);
/// The window of a rate.
pub const MINUTE: Duration = Duration::from_secs(60);
/// Samples are taken about once a second.
const SLACK: Duration = Duration::from_secs(3);

/// Cumulative counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Monotonic.
    pub at: Duration,
    /// Offered to the recorder, from every origin.
    pub received: u64,
    /// Of these, the events of the stream.
    pub live: u64,
    /// Filtered, duplicate or logged.
    pub persisted: u64,
    /// Refused by a sink, quarantined, or not understood.
    pub failed: u64,
    /// Of what sinks refused, what was for the type of a field.
    pub refused: u64,
    /// Live states that the store was given.
    pub states: u64,
    /// Of these, the ones that know the weather of their time.
    pub with_weather: u64,
}

/// Samples of the last hour.
#[derive(Clone, Debug, Default)]
pub struct Samples(VecDeque<Sample>);

/// The difference of two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time between them.
    pub span: Duration,
    /// Offered in that time, from every origin.
    pub received: u64,
    /// Of these, the events of the stream.
    pub live: u64,
    /// Filtered, duplicate or logged in that time.
    pub persisted: u64,
    /// Refused, quarantined or not understood in that time.
    pub failed: u64,
    /// Refused for the type of a field in that time.
    pub refused: u64,
    /// Live states that the store was given in that time.
    pub states: u64,
    /// Of these, the ones that know the weather of their time.
    pub with_weather: u64,
}

impl Window {
    /// Events of the stream in a minute; none before a whole minute is over.
    #[must_use]
    pub fn per_minute(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = self.live as f64 * 60.0 / self.span.as_secs_f64();
        (self.span + SLACK >= MINUTE).then_some(rate)
    }
}

impl Samples {
    /// Adds a sample and forgets those that are too old.
    pub fn push(&mut self, sample: Sample) {
        self.0.push_back(sample);
        while self.0.front().is_some_and(|oldest| sample.at.saturating_sub(oldest.at) > KEPT) {
            self.0.pop_front();
        }
    }

    /// What happened in the last `span`, or since the first sample if that is shorter ago. None without two samples.
    #[must_use]
    pub fn window(&self, span: Duration) -> Option<Window> {
        let last = self.0.back()?;
        let first = self
            .0
            .iter()
            .rev()
            .skip(1)
            .take_while(|sample| last.at.saturating_sub(sample.at) <= span)
            .last()?;
        // A count can be less than before where a log was opened anew and has lost what was not written.
        Some(Window {
            span: last.at - first.at,
            received: last.received.saturating_sub(first.received),
            live: last.live.saturating_sub(first.live),
            persisted: last.persisted.saturating_sub(first.persisted),
            failed: last.failed.saturating_sub(first.failed),
            refused: last.refused.saturating_sub(first.refused),
            states: last.states.saturating_sub(first.states),
            with_weather: last.with_weather.saturating_sub(first.with_weather),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_the_difference_of_two_samples() {
        let mut samples = Samples::default();
        assert_eq!(samples.window(KEPT), None);
        for second in 0..=100 {
            let at = Duration::from_secs(second);
            samples.push(Sample {
                at,
                received: second * 3,
                live: second,
                persisted: second * 2,
                failed: second,
                refused: second / 10,
                states: second,
                with_weather: second / 2,
            });
        }
        let window = Window {
            span: MINUTE,
            received: 180,
            live: 60,
            persisted: 120,
            failed: 60,
            refused: 6,
            states: 60,
            with_weather: 30,
        };
        assert_eq!(samples.window(MINUTE), Some(window));
        assert_eq!(window.per_minute(), Some(60.0));
        assert_eq!(samples.window(KEPT).unwrap().span, Duration::from_secs(100));
    }
}
