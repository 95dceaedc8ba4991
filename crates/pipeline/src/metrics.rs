//! Figures over a window: cumulative counts are sampled, and a window is the difference of two samples.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back the samples reach.
const KEPT: Duration = Duration::from_hours(1);

/// Cumulative counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Monotonic.
    pub at: Duration,
    /// Offered to the recorder.
    pub received: u64,
    /// Filtered, duplicate or logged.
    pub persisted: u64,
    /// Refused by a sink, quarantined, or not understood.
    pub failed: u64,
}

/// Samples of the last hour.
#[derive(Clone, Debug, Default)]
pub struct Samples(VecDeque<Sample>);

/// The difference of two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time between them.
    pub span: Duration,
    /// Offered in that time.
    pub received: u64,
    /// Filtered, duplicate or logged in that time.
    pub persisted: u64,
    /// Refused, quarantined or not understood in that time.
    pub failed: u64,
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
        Some(Window {
            span: last.at - first.at,
            received: last.received - first.received,
            persisted: last.persisted - first.persisted,
            failed: last.failed - first.failed,
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
            samples.push(Sample { at, received: second * 3, persisted: second * 2, failed: second });
        }
        let minute = Duration::from_secs(60);
        assert_eq!(
            samples.window(minute),
            Some(Window { span: minute, received: 180, persisted: 120, failed: 60 })
        );
        assert_eq!(samples.window(KEPT).unwrap().span, Duration::from_secs(100));
    }
}
